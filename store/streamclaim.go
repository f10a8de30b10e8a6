package store

import (
	"math"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// Claim makes entries pending to a consumer which have been pending to anybody in the group
// for at least minIdle, as one more delivery, and returns them. What was deleted from the
// stream is pending no longer.
//
// It returns [ErrNoGroup] if there is no such stream or group and [ErrWrongType] if the key
// holds another type.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XCLAIM].
//
// [XCLAIM]: https://redis.io/docs/latest/commands/xclaim/
func (g Group) Claim(consumer string, minIdle time.Duration, ids ...StreamID) ([]Entry, error) {
	return g.ClaimWith(consumer, minIdle, ClaimOptions{}, ids...)
}

// ClaimWith is Claim with the options of XCLAIM.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrInvalidOption] if both Idle and Time are given.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XCLAIM].
//
// [XCLAIM]: https://redis.io/docs/latest/commands/xclaim/
func (g Group) ClaimWith(consumer string, minIdle time.Duration, o ClaimOptions, ids ...StreamID) ([]Entry, error) {
	var list []Entry
	err := g.claim(consumer, minIdle, o, ids, false, func(id StreamID, fields []structures.StreamField) {
		list = append(list, Entry{id, pairsOfFields(nil, fields)})
	})
	return list, err
}

// ClaimJustID is ClaimWith without the fields, which does not count as a delivery.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrInvalidOption] if both Idle and Time are given.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XCLAIM].
//
// [XCLAIM]: https://redis.io/docs/latest/commands/xclaim/
func (g Group) ClaimJustID(consumer string, minIdle time.Duration, o ClaimOptions, ids ...StreamID) ([]StreamID, error) {
	var list []StreamID
	err := g.claim(consumer, minIdle, o, ids, true, func(id StreamID, _ []structures.StreamField) {
		list = append(list, id)
	})
	return list, err
}

func (g Group) claim(
	consumer string, minIdle time.Duration, o ClaimOptions, ids []StreamID, justID bool,
	give func(id StreamID, fields []structures.StreamField),
) error {
	var w groupWrite
	defer w.end()
	wrong := wrongConsumer(consumer)
	if o.Idle != 0 && !o.Time.IsZero() {
		wrong = ErrInvalidOption
	}
	if err := g.must(&w, "XCLAIM", wrong); err != nil {
		return err
	}
	changed := false
	if StreamID(w.group.Last).Less(o.LastID) {
		w.group.Last, changed = structures.StreamID(o.LastID), true
	}
	at := o.delivered(w.now)
	for _, id := range ids {
		p, pending := w.group.Get(structures.StreamID(id))
		fields, found := w.v.Get(structures.StreamID(id))
		switch {
		case !found && pending:
			w.group.Remove(p.ID)
			changed = true
			continue
		case !found, !pending && !o.Force:
			continue
		case !pending:
			p = structures.StreamPending{ID: structures.StreamID(id), Count: 1}
		case p.Owned && w.now-p.Delivered < minIdle.Milliseconds():
			continue
		}
		w.take(p, consumer, at, justID, o.RetryCount)
		changed = true
		give(id, fields)
	}
	if changed {
		w.changed()
	}
	return nil
}

// delivered returns when what is claimed counts as delivered, in milliseconds: what is later
// than now, or before 1970, is now.
func (o *ClaimOptions) delivered(now int64) int64 {
	at := now
	switch {
	case !o.Time.IsZero():
		at = o.Time.UnixMilli()
	case o.Idle != 0:
		at = now - o.Idle.Milliseconds()
	}
	if at < 0 || at > now {
		return now
	}
	return at
}

// take makes an entry pending to a consumer.
func (w *groupWrite) take(p structures.StreamPending, consumer string, at int64, justID bool, count *int64) {
	w.see(consumer)
	p.Consumer, p.Owned, p.Delivered = consumer, true, at
	switch {
	case count != nil && *count >= 0:
		p.Count = *count
	case !justID:
		p.Count = increment(p.Count)
	}
	w.group.Set(p)
}

// AutoClaimed is what [Group.AutoClaim] returns.
type AutoClaimed struct {
	Next    StreamID // where to go on; 0-0 at the end
	Entries []Entry
	Deleted []StreamID // what was deleted from the stream and is pending no longer
}

// AutoClaimedIDs is what [Group.AutoClaimJustID] returns.
type AutoClaimedIDs struct {
	Next    StreamID // where to go on; 0-0 at the end
	IDs     []StreamID
	Deleted []StreamID // what was deleted from the stream and is pending no longer
}

// AutoClaim claims, as [Group.Claim] does, up to count entries with IDs from start on that
// have been pending for at least minIdle, and says where to go on. It looks at ten times
// count entries at most.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrOutOfRange] if count is not above 0.
//
// The complexity is O(count log n), n the number of pending entries. Redis: [XAUTOCLAIM].
//
// [XAUTOCLAIM]: https://redis.io/docs/latest/commands/xautoclaim/
func (g Group) AutoClaim(consumer string, minIdle time.Duration, start StreamID, count int) (AutoClaimed, error) {
	var got AutoClaimed
	var err error
	got.Next, got.Deleted, err = g.autoClaim(consumer, minIdle, start, count, false,
		func(id StreamID, fields []structures.StreamField) {
			got.Entries = append(got.Entries, Entry{id, pairsOfFields(nil, fields)})
		})
	return got, err
}

// AutoClaimJustID is AutoClaim without the fields, which does not count as a delivery.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrOutOfRange] if count is not above 0.
//
// The complexity is O(count log n), n the number of pending entries. Redis: [XAUTOCLAIM].
//
// [XAUTOCLAIM]: https://redis.io/docs/latest/commands/xautoclaim/
func (g Group) AutoClaimJustID(consumer string, minIdle time.Duration, start StreamID, count int) (AutoClaimedIDs, error) {
	var got AutoClaimedIDs
	var err error
	got.Next, got.Deleted, err = g.autoClaim(consumer, minIdle, start, count, true,
		func(id StreamID, _ []structures.StreamField) { got.IDs = append(got.IDs, id) })
	return got, err
}

// attemptsPerClaim is how many entries XAUTOCLAIM looks at for each that it may return.
const attemptsPerClaim = 10

func (g Group) autoClaim(
	consumer string, minIdle time.Duration, start StreamID, count int, justID bool,
	give func(id StreamID, fields []structures.StreamField),
) (next StreamID, deleted []StreamID, err error) {
	var w groupWrite
	defer w.end()
	wrong := wrongConsumer(consumer)
	if count <= 0 {
		wrong = ErrOutOfRange
	}
	if err := g.must(&w, "XAUTOCLAIM", wrong); err != nil {
		return next, nil, err
	}
	attempts := math.MaxInt
	if count <= math.MaxInt/attemptsPerClaim {
		attempts = count * attemptsPerClaim
	}
	var pending []structures.StreamPending // to be looked at; they change while it does
	left := count
	w.group.Walk(structures.StreamID(start), func(p structures.StreamPending) bool {
		if attempts == 0 || left == 0 {
			next = StreamID(p.ID)
			return false
		}
		attempts--
		_, found := w.v.Get(p.ID)
		if !found || !p.Owned || w.now-p.Delivered >= minIdle.Milliseconds() {
			pending = append(pending, p)
			left--
		}
		return true
	})
	for _, p := range pending {
		id := StreamID(p.ID)
		fields, found := w.v.Get(p.ID)
		if !found {
			w.group.Remove(p.ID)
			deleted = append(deleted, id)
			continue
		}
		w.take(p, consumer, w.now, justID, nil)
		give(id, fields)
	}
	if len(pending) > 0 {
		w.changed()
	}
	return next, deleted, nil
}

// Nack gives entries back that are pending to a consumer of the group: they are pending to
// nobody then, and whoever claims gets them first, however short a time they were pending.
// It returns how many were pending. A missing key or group has none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidOption] for a mode
// that there is not.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XNACK].
//
// [XNACK]: https://redis.io/docs/latest/commands/xnack/
func (g Group) Nack(mode NackMode, ids ...StreamID) (int, error) {
	return g.NackWith(NackOptions{Mode: mode}, ids...)
}

// NackWith is Nack with the options of XNACK.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidOption] for a mode that
// there is not and [ErrOutOfRange] if the count of deliveries is negative.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XNACK].
//
// [XNACK]: https://redis.io/docs/latest/commands/xnack/
func (g Group) NackWith(o NackOptions, ids ...StreamID) (int, error) {
	var w groupWrite
	defer w.end()
	var wrong error
	switch {
	case o.Mode > NackFatal:
		wrong = ErrInvalidOption
	case o.RetryCount != nil && *o.RetryCount < 0:
		wrong = ErrOutOfRange
	}
	if err := g.must(&w, "XNACK", wrong); err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		p, pending := w.group.Get(structures.StreamID(id))
		if !pending {
			if _, found := w.v.Get(structures.StreamID(id)); !found || !o.Force {
				continue
			}
			p = structures.StreamPending{ID: structures.StreamID(id)}
		}
		switch {
		case o.RetryCount != nil:
			p.Count = *o.RetryCount
		case o.Mode == NackFatal:
			p.Count = math.MaxInt64
		case o.Mode == NackSilent && p.Count > 0:
			p.Count--
		}
		p.Consumer, p.Owned, p.Delivered = "", false, 0
		w.group.Set(p)
		n++
	}
	if n > 0 {
		w.changed()
	}
	return n, nil
}
