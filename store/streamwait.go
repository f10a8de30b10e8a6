package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// How XREAD and XREADGROUP wait: see wait.go. Every reader of a stream is served by what
// comes after the ID that it knows, as reading takes nothing away. The readers of a consumer
// group have a queue of their own, of which the first gets all it asks for.

// reading is what a command wants of streams that have nothing for it yet.
type reading struct {
	after   []StreamID // by stream, without a group
	grouped bool
	group   string
	name    string           // of the consumer
	o       GroupReadOptions // without a group, the count
}

// readAnswer is what a reading got.
type readAnswer struct {
	entries    []StreamEntries
	deliveries []StreamDeliveries
}

// XReadBlock is [DB.XRead] that waits until one of the streams has entries there. [AtEnd] is
// behind what a stream has at the call. A wait ends with one stream's entries; of a stream that
// is named twice, with those after the first ID.
//
// It returns the error of ctx when that ends, [ErrNotFound] at once in a transaction or on a
// snapshot, where nobody waits, [ErrNoContext] without a context, [ErrWrongType] if a key
// holds another type at the call, and [ErrInvalidOption] for [AtNew] or without streams. A
// key that is missing, or gets another type meanwhile, is waited for.
//
// The complexity is O(k log n + m), k the number of streams, n of their entries and m of
// those returned. Redis: [XREAD].
//
// [XREAD]: https://redis.io/docs/latest/commands/xread/
func (db DB) XReadBlock(ctx context.Context, count int, streams ...StreamAt) ([]StreamEntries, error) {
	const op = "XREAD"
	if err := mayWait(ctx, op); err != nil {
		return nil, err
	}
	got, err := db.XRead(count, streams...)
	switch {
	case err != nil || len(got) > 0:
		return got, err
	case db.tx() != nil || db.s.readOnly:
		return nil, ErrNotFound
	}
	got, wt, err := db.readOrQueue(ctx, op, count, streams)
	if err != nil || wt == nil {
		return got, err
	}
	a := wt.wait(ctx, nil)
	if a.err != nil {
		return nil, a.err
	}
	return a.read.entries, nil
}

// mayWait returns why a command can't wait for a context.
func mayWait(ctx context.Context, op string) error {
	if ctx == nil {
		return mistake(op, "", ErrNoContext)
	}
	return ctx.Err()
}

// readOrQueue returns what XREAD returns, or who waits for it.
func (db DB) readOrQueue(ctx context.Context, op string, count int, streams []StreamAt) ([]StreamEntries, *waiter, error) {
	keys := keysOf(streams)
	b := batch{ctx: ctx}
	defer b.end()
	if err := b.begin(db, op, keys...); err != nil {
		return nil, nil, err
	}
	var got []StreamEntries
	d := demand{op: op, kind: KindStream, read: &reading{after: make([]StreamID, len(streams))}}
	d.read.o.Count = count
	for i, at := range streams {
		w := b.key(db, at.Key)
		v, err := w.stream()
		if err != nil {
			return nil, nil, err
		}
		if entries := readAt(v, at.Pos, count); len(entries) > 0 {
			got = append(got, StreamEntries{at.Key, entries})
		}
		if d.read.after[i] = at.Pos.id; at.Pos.how != posAfter && v != nil {
			d.read.after[i] = StreamID(v.LastID())
		}
	}
	if len(got) > 0 {
		return got, nil, nil
	}
	d.read.once(keys)
	return nil, b.enqueue(db, &d, keys), nil
}

// once makes the first ID of a stream that is named twice the one that is waited for, as Redis
// does.
func (r *reading) once(keys []string) {
	if len(keys) < 2 {
		return
	}
	first := make(map[string]StreamID, len(keys))
	for i, key := range keys {
		id, ok := first[key]
		if !ok {
			id = r.after[i]
			first[key] = id
		}
		r.after[i] = id
	}
}

func keysOf(streams []StreamAt) []string {
	keys := make([]string, len(streams))
	for i, at := range streams {
		keys[i] = at.Key
	}
	return keys
}

// ReadBlock is [Group.Read] that waits until there are entries for the consumer. Who came
// first is served first, by whoever adds the entry or, unlike in Redis, moves the group's
// position back. With Claim it wakes up, too, when what is
// pending has become old enough.
//
// It returns the error of ctx when that ends, [ErrNotFound] at once in a transaction, where
// nobody waits, [ErrNoContext] without a context, [ErrNoGroup] if there is no such stream or
// group, or the group was destroyed meanwhile, [ErrNoStream] if the stream was removed
// meanwhile, [ErrOutOfRange] if Claim is negative, and [ErrWrongType] if the key holds another
// type.
//
// The complexity is O(m log n), m the number of entries returned and n of the pending ones.
// Redis: [XREADGROUP].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
func (g Group) ReadBlock(ctx context.Context, consumer string, o GroupReadOptions) ([]Delivery, error) {
	got, err := g.stream.db.XReadGroupBlock(ctx, g.name, consumer, o, StreamAt{g.stream.key, AtNew})
	if err != nil {
		return nil, err
	}
	return got[0].Deliveries, nil
}

// XReadGroupBlock is [DB.XReadGroup] that waits as [Group.ReadBlock] does. A wait ends with
// one stream's entries.
//
// It returns the error of ctx when that ends, [ErrNotFound] at once in a transaction, where
// nobody waits, [ErrNoContext] without a context, [ErrNoGroup] if one of the streams or groups
// is not there, or a group was destroyed meanwhile, [ErrNoStream] if a stream was removed
// meanwhile, [ErrWrongType] if a key holds another type, [ErrOutOfRange] if Claim is negative,
// and [ErrInvalidOption] for [AtEnd] and [AtLast], or without streams.
//
// The complexity is O(k + m log n), k the number of streams, m of the entries returned and n
// of the pending ones. Redis: [XREADGROUP].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
func (db DB) XReadGroupBlock(ctx context.Context, group, consumer string, o GroupReadOptions, streams ...StreamAt) ([]StreamDeliveries, error) {
	const op = "XREADGROUP"
	if err := mayWait(ctx, op); err != nil {
		return nil, err
	}
	for {
		got, wt, due, err := db.readGroupOrQueue(ctx, group, consumer, o, streams)
		if err != nil || wt == nil {
			return got, err
		}
		var rings <-chan struct{}
		stop := func() {}
		if due != 0 {
			rings, stop = db.s.clock.alarm(due)
		}
		a := wt.wait(ctx, rings)
		stop()
		switch {
		case a.err == nil:
			return a.read.deliveries, nil
		case a.err != errAlarm:
			return nil, a.err
		}
	}
}

// readGroupOrQueue returns what XREADGROUP returns, or who waits for it and when something
// may be claimed, 0 for never.
func (db DB) readGroupOrQueue(ctx context.Context, group, consumer string, o GroupReadOptions, streams []StreamAt) (got []StreamDeliveries, wt *waiter, due int64, err error) {
	b := batch{ctx: ctx}
	defer b.end()
	got, err = b.readGroup(db, group, consumer, o, streams)
	switch {
	case err != nil || len(got) > 0:
		return got, nil, 0, err
	case db.tx() != nil:
		return nil, nil, 0, ErrNotFound // nobody waits in a transaction
	}
	d := demand{op: b.op, kind: KindStream, read: &reading{grouped: true, group: group, name: consumer, o: o}}
	if o.Claim > 0 {
		for _, at := range streams {
			w, err := b.group(db, at.Key, group)
			if err != nil {
				return nil, nil, 0, err
			}
			due = earlier(due, w.claimableAt(o.Claim))
		}
	}
	return nil, b.enqueue(db, &d, keysOf(streams)), due, nil
}

// claimableAt returns when something of the group may be claimed that has been pending for so
// long: what is pending now, or what will be from now on.
func (w *groupWrite) claimableAt(idle time.Duration) int64 {
	at := deadlineIn(w.nano(), idle)
	w.byTime(func(p structures.StreamPending) bool {
		at = min(at, max(deadlineIn(p.Time*int64(time.Millisecond), idle), w.now+1))
		return false
	})
	return at
}

// serveStream serves those who wait for a stream that has changed, or is gone.
func (s *Store) serveStream(q *queue) {
	db := s.DB(q.n)
	b := batch{s: s}
	w := b.key(db, q.key)
	if v, err := w.stream(); err == nil && v != nil {
		for n := q.first; n != nil; {
			next := n.next
			n.serveReader(v)
			n = next
		}
	}
	for _, name := range slices.Sorted(maps.Keys(q.groups)) {
		s.serveGroup(db, q.groups[name])
	}
}

// serveReader serves who waits at the node if the stream has something new for it.
func (n *node) serveReader(v *structures.Stream) {
	wt := n.waiter
	i := 0
	for &wt.nodes[i] != n {
		i++
	}
	after := wt.read.after[i]
	if entries := readAt(v, AfterID(after), wt.read.o.Count); len(entries) > 0 {
		n.serve(answer{read: &readAnswer{entries: []StreamEntries{{n.queue.key, entries}}}})
	}
}

// serveGroup serves those who wait for a group: in their order, as long as there is
// something.
func (s *Store) serveGroup(db DB, q *queue) {
	for n := q.first; n != nil; {
		next, wt := n.next, n.waiter
		b := batch{s: s, op: wt.op}
		if q.idle == 0 && b.upToDate(db, q) {
			return
		}
		w, err := b.group(db, q.key, q.group)
		switch {
		case err != nil || w.v == nil:
			n.serve(answer{err: mistake(wt.op, q.key, ErrNoStream)})
		case w.group == nil:
			n.serve(answer{err: mistake(wt.op, q.key, ErrNoGroup)})
		case w.has(wt.read.o):
			if n.take() {
				list, _ := w.deliver(wt.read.name, AtNew, wt.read.o)
				wt.done <- answer{read: &readAnswer{deliveries: []StreamDeliveries{{q.key, list}}}}
			}
		case q.idle == 0 || !w.has(GroupReadOptions{Claim: q.idle}):
			return
		}
		n = next
	}
}

// upToDate says whether the group of a queue is there and has nothing new.
func (b *batch) upToDate(db DB, q *queue) bool {
	w := b.key(db, q.key)
	v, err := w.stream()
	if err != nil || v == nil {
		return false
	}
	g := v.Group(q.group)
	return g != nil && !StreamID(g.LastID()).Less(topID(v))
}

// has says whether XREADGROUP would find something.
func (w *groupWrite) has(o GroupReadOptions) bool {
	return StreamID(w.group.LastID()).Less(topID(w.v)) || o.Claim > 0 && len(w.claimable(o.Claim, 1)) > 0
}

// take takes who waits at the node out of the queue, and says whether it is still waiting.
func (n *node) take() bool {
	n.remove()
	return n.waiter.claim()
}

// serve ends the wait at the node.
func (n *node) serve(a answer) {
	if n.take() {
		n.waiter.done <- a
	}
}
