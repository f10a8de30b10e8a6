package store

import (
	"cmp"
	"math"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// Claim makes entries pending to a consumer which have been pending to anybody in the group
// for at least minIdle, as one more delivery, and returns them. What was deleted from the
// stream is pending no longer.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and, unlike Redis, [ErrOutOfRange] if minIdle is negative.
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
// holds another type, [ErrInvalidOption] if both Idle and Time are given and, unlike Redis,
// [ErrOutOfRange] if minIdle or a number of the options is negative, or Time before 1970.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XCLAIM].
//
// [XCLAIM]: https://redis.io/docs/latest/commands/xclaim/
func (g Group) ClaimWith(consumer string, minIdle time.Duration, o ClaimOptions, ids ...StreamID) ([]Entry, error) {
	var list []Entry
	err := g.claim(consumer, minIdle, o, ids, false, func(e structures.StreamEntry) {
		list = append(list, entryOfStream(e))
	})
	return list, err
}

// ClaimJustID is ClaimWith without the fields, which does not count as a delivery.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type, [ErrInvalidOption] if both Idle and Time are given and, unlike Redis,
// [ErrOutOfRange] if minIdle or a number of the options is negative, or Time before 1970.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XCLAIM].
//
// [XCLAIM]: https://redis.io/docs/latest/commands/xclaim/
func (g Group) ClaimJustID(consumer string, minIdle time.Duration, o ClaimOptions, ids ...StreamID) ([]StreamID, error) {
	var list []StreamID
	err := g.claim(consumer, minIdle, o, ids, true, func(e structures.StreamEntry) {
		list = append(list, StreamID(e.ID))
	})
	return list, err
}

func (g Group) claim(
	consumer string, minIdle time.Duration, o ClaimOptions, ids []StreamID, justID bool,
	give func(e structures.StreamEntry),
) error {
	var w groupWrite
	defer w.end()
	if err := g.must(&w, "XCLAIM", cmp.Or(wrongConsumer(consumer), o.wrong(minIdle))); err != nil {
		return err
	}
	changed := false
	if StreamID(w.group.LastID()).Less(o.LastID) {
		w.group.SetLastID(structures.StreamID(o.LastID), w.group.EntriesRead())
		changed = true
	}
	at := o.delivered(w.now)
	for _, id := range ids {
		p, pending := w.group.Pending(structures.StreamID(id))
		e, found := w.v.Get(structures.StreamID(id))
		switch {
		case !found && pending:
			w.group.Ack(p.ID)
			changed = true
			continue
		case !found, !pending && !o.Force:
			continue
		case !pending:
			p = structures.StreamPending{ID: structures.StreamID(id), Count: 1}
		case p.Consumer != nil && w.now-p.Time < idleMillis(minIdle):
			continue
		}
		w.take(p, consumer, at, justID, o.RetryCount)
		changed = true
		give(e)
	}
	if changed {
		w.grows(KindStream) // what was made pending for longer, to who reads with Claim
		w.changed()
	}
	return nil
}

// wrong returns what is wrong with the options.
func (o *ClaimOptions) wrong(minIdle time.Duration) error {
	switch {
	case minIdle < 0, o.Idle < 0, o.RetryCount != nil && *o.RetryCount < 0, !o.Time.IsZero() && o.Time.Before(time.Unix(0, 0)):
		return ErrOutOfRange
	case o.Idle != 0 && !o.Time.IsZero():
		return ErrInvalidOption
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
	p.Consumer, p.Time = w.see(consumer), at
	w.group.Active(p.Consumer, w.now)
	switch {
	case count != nil:
		p.Count = *count
	case !justID:
		p.Count = increment(p.Count)
	}
	w.group.Put(p)
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
// holds another type and [ErrOutOfRange] if count is not above 0 or minIdle is negative.
//
// The complexity is O(count log n), n the number of pending entries. Redis: [XAUTOCLAIM].
//
// [XAUTOCLAIM]: https://redis.io/docs/latest/commands/xautoclaim/
func (g Group) AutoClaim(consumer string, minIdle time.Duration, start StreamID, count int) (AutoClaimed, error) {
	var got AutoClaimed
	var err error
	got.Next, got.Deleted, err = g.autoClaim(consumer, minIdle, start, count, false,
		func(e structures.StreamEntry) {
			got.Entries = append(got.Entries, entryOfStream(e))
		})
	return got, err
}

// AutoClaimJustID is AutoClaim without the fields, which does not count as a delivery.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrOutOfRange] if count is not above 0 or minIdle is negative.
//
// The complexity is O(count log n), n the number of pending entries. Redis: [XAUTOCLAIM].
//
// [XAUTOCLAIM]: https://redis.io/docs/latest/commands/xautoclaim/
func (g Group) AutoClaimJustID(consumer string, minIdle time.Duration, start StreamID, count int) (AutoClaimedIDs, error) {
	var got AutoClaimedIDs
	var err error
	got.Next, got.Deleted, err = g.autoClaim(consumer, minIdle, start, count, true,
		func(e structures.StreamEntry) { got.IDs = append(got.IDs, StreamID(e.ID)) })
	return got, err
}

// attemptsPerClaim is how many entries XAUTOCLAIM looks at for each that it may return.
const attemptsPerClaim = 10

func (g Group) autoClaim(
	consumer string, minIdle time.Duration, start StreamID, count int, justID bool,
	give func(e structures.StreamEntry),
) (next StreamID, deleted []StreamID, err error) {
	var w groupWrite
	defer w.end()
	wrong := wrongConsumer(consumer)
	if count <= 0 || minIdle < 0 {
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
	w.group.RangePending(structures.StreamID(start), structures.MaxStreamID, func(p structures.StreamPending) bool {
		if attempts == 0 || left == 0 {
			next = StreamID(p.ID)
			return false
		}
		attempts--
		if !w.v.Has(p.ID) || p.Consumer == nil || w.now-p.Time >= idleMillis(minIdle) {
			pending = append(pending, p)
			left--
		}
		return true
	})
	for _, p := range pending {
		e, found := w.v.Get(p.ID)
		if !found {
			w.group.Ack(p.ID)
			deleted = append(deleted, StreamID(p.ID))
			continue
		}
		w.take(p, consumer, w.now, justID, nil)
		give(e)
	}
	if len(pending) > 0 {
		w.changed()
	}
	return next, deleted, nil
}
