package store

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/alcovedb/alcove/store/internal/hook"
	"github.com/alcovedb/alcove/structures"
)

// Read gives a consumer of the group entries that nobody in it has got yet, which are
// pending to it then. With Claim it takes first what has been pending to anybody for too
// long, which stays pending also with NoAck. It does not wait.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrOutOfRange] if Claim is negative.
//
// The complexity is O(m log n), m the number of entries returned and n of the pending ones;
// the first one with Claim takes O(n log n). Redis: [XREADGROUP].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
func (g Group) Read(consumer string, o GroupReadOptions) ([]Delivery, error) {
	return g.readAt(consumer, AtNew, o)
}

// ReadHistory gives a consumer of the group what is pending to it behind an ID once more, up
// to count entries, or all with 0 or less. One that was deleted since comes without fields.
//
// It returns [ErrNoGroup] if there is no such stream or group and [ErrWrongType] if the key
// holds another type.
//
// The complexity is O(m log n), m the number of entries returned and n of the pending ones.
// Redis: [XREADGROUP].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
func (g Group) ReadHistory(consumer string, after StreamID, count int) ([]Delivery, error) {
	return g.readAt(consumer, AfterID(after), GroupReadOptions{Count: count})
}

func (g Group) readAt(consumer string, pos ReadPos, o GroupReadOptions) ([]Delivery, error) {
	var w groupWrite
	defer w.end()
	if err := g.must(&w, "XREADGROUP", o.wrong(consumer)); err != nil {
		return nil, err
	}
	list, _ := w.deliver(consumer, pos, o)
	return list, nil
}

// XReadGroup is [Group.Read] and [Group.ReadHistory] for the same group and consumer of
// several streams, in one step. Streams without new entries are left out.
//
// It returns [ErrNoGroup] if one of the streams or groups is not there, [ErrWrongType] if a
// key holds another type, [ErrOutOfRange] if Claim is negative and [ErrInvalidOption] for
// [AtEnd] and [AtLast], or without streams.
//
// The complexity is O(k + m log n), k the number of streams, m of the entries returned and n
// of the pending ones. Redis: [XREADGROUP].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
func (db DB) XReadGroup(group, consumer string, o GroupReadOptions, streams ...StreamAt) ([]StreamDeliveries, error) {
	var b batch
	defer b.end()
	return b.readGroup(db, group, consumer, o, streams)
}

// readGroup begins the batch and does what XREADGROUP does.
func (b *batch) readGroup(db DB, group, consumer string, o GroupReadOptions, streams []StreamAt) ([]StreamDeliveries, error) {
	const op = "XREADGROUP"
	if err := b.begin(db, op, keysOf(streams)...); err != nil {
		return nil, err
	}
	switch err := o.wrong(consumer); {
	case err != nil:
		return nil, mistake(op, "", err)
	case len(streams) == 0:
		return nil, mistake(op, "", ErrInvalidOption)
	}
	if err := b.haveGroup(db, group, streams); err != nil {
		return nil, err
	}
	asked := hook.WaitOf(b.ctx)
	var got []StreamDeliveries
	for _, at := range streams {
		w, err := b.group(db, at.Key, group)
		if err != nil {
			return nil, err
		}
		if asked != nil && w.has(o) && !asked.End() { // at an alarm, and somebody was quicker
			return nil, context.Canceled
		}
		if list, served := w.deliver(consumer, at.Pos, o); served {
			got = append(got, StreamDeliveries{at.Key, list})
		}
	}
	return got, nil
}

// haveGroup returns what is wrong with one of the locked streams, before anything changes.
func (b *batch) haveGroup(db DB, group string, streams []StreamAt) error {
	for _, at := range streams {
		w := b.source(db, at.Key)
		if b.failed() != nil {
			return b.failed()
		}
		v, err := w.stream()
		switch {
		case err != nil:
			return err
		case v == nil || v.Group(group) == nil:
			return w.fail(ErrNoGroup)
		case at.Pos.how == posEnd || at.Pos.how == posLast:
			return w.fail(ErrInvalidOption)
		}
	}
	return nil
}

// group looks up a group of one of the locked streams, to be changed.
func (b *batch) group(db DB, key, name string) (w groupWrite, err error) {
	w.write = b.key(db, key)
	if b.failed() != nil {
		return w, b.failed()
	}
	if w.v, err = w.stream(); err != nil {
		return w, err
	}
	w.find(name)
	return w, nil
}

// deliver gives a consumer of the group, which is there, what XREADGROUP returns, and says
// whether there is anything: if not, nothing has changed, and it would have to wait.
func (w *groupWrite) deliver(consumer string, pos ReadPos, o GroupReadOptions) (list []Delivery, served bool) {
	if o.Count <= 0 {
		o.Count = math.MaxInt
	}
	if pos.how == posAfter {
		list = w.deliverAgain(w.see(consumer), pos.id, o.Count)
		w.changed()
		return list, true
	}
	var claimed []structures.StreamPending
	if o.Claim > 0 {
		claimed = w.claimable(o.Claim, o.Count)
	}
	fresh := StreamID(w.group.LastID()).Less(topID(w.v))
	if len(claimed) == 0 && !fresh {
		return nil, false
	}
	c := w.see(consumer)
	for _, p := range claimed {
		e, _ := w.v.Get(p.ID)
		list = append(list, Delivery{Entry: entryOfStream(e), Idle: idleSince(p.Time, w.now), Deliveries: p.Count})
		w.group.Put(structures.StreamPending{ID: p.ID, Time: w.now, Count: increment(p.Count), Consumer: c})
	}
	if fresh && len(list) < o.Count {
		list = w.deliverNew(list, c, o.Count-len(list), o.NoAck)
	}
	if len(list) > 0 {
		w.group.Active(c, w.now)
	}
	w.changed()
	return list, true
}

// increment counts one more delivery. What was given back as fatal stays at the end.
func increment(n int64) int64 {
	if n == math.MaxInt64 {
		return n
	}
	return n + 1
}

// deliverNew gives a consumer entries that nobody in the group has got, and appends them.
func (w *groupWrite) deliverNew(list []Delivery, c *structures.StreamConsumer, count int, noAck bool) []Delivery {
	from, more := w.group.LastID().Next()
	if !more {
		return list
	}
	entries := entriesOf(w.v, StreamID(from), MaxStreamID, false, count)
	list = slices.Grow(list, len(entries))
	for _, e := range entries {
		id := structures.StreamID(e.ID)
		list = append(list, Delivery{Entry: e})
		w.v.Deliver(w.group, id)
		if !noAck {
			w.group.Put(structures.StreamPending{ID: id, Time: w.now, Count: 1, Consumer: c})
		}
	}
	return list
}

// deliverAgain gives a consumer what is pending to it behind an ID.
func (w *groupWrite) deliverAgain(c *structures.StreamConsumer, after StreamID, count int) (list []Delivery) {
	from, more := after.next()
	if !more {
		return nil
	}
	var pending []structures.StreamPending // which change
	w.group.RangeConsumer(c, structures.StreamID(from), structures.MaxStreamID, func(p structures.StreamPending) bool {
		pending = append(pending, p)
		return len(pending) < count
	})
	for _, p := range pending {
		d := Delivery{Entry: Entry{ID: StreamID(p.ID)}, Idle: idleSince(p.Time, w.now), Deliveries: p.Count}
		if e, found := w.v.Get(p.ID); found {
			d.Entry = entryOfStream(e)
			p.Time, p.Count = w.now, increment(p.Count)
			w.group.Put(p)
		} else {
			d.Deleted = true
		}
		list = append(list, d)
	}
	return list
}

// claimable returns up to count entries that have been pending for so long, the longest
// first, and those that were given back before all others.
func (w *groupWrite) claimable(idle time.Duration, count int) (list []structures.StreamPending) {
	w.byTime(func(p structures.StreamPending) bool {
		if w.now-p.Time < claimMillis(idle) {
			return false
		}
		list = append(list, p)
		return len(list) < count
	})
	return list
}

// byTime calls visit with what is pending in the group and was not deleted, the longest
// first, until it returns false.
func (w *groupWrite) byTime(visit func(p structures.StreamPending) bool) {
	if w.v.ByTime(w.group, visit) {
		w.changed()
	}
}
