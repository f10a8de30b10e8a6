package store

import (
	"time"

	"github.com/alcovedb/alcove/structures"
)

// PendingSummary is what [Group.Pending] says.
type PendingSummary struct {
	Count     int
	Low, High StreamID          // the first and the last; 0-0 if there are none
	Consumers []PendingConsumer // those to whom something is pending, by name
}

// PendingConsumer is how many entries are pending to a consumer.
type PendingConsumer struct {
	Name  string
	Count int
}

// PendingEntry is an entry that is pending.
type PendingEntry struct {
	ID         StreamID
	Consumer   string        // empty, too, if it was given back and is nobody's
	Idle       time.Duration // since it was last delivered; [Returned] if it was given back
	Deliveries int64         // how often
}

// Returned is the idle time of an entry that was given back: -1 in Redis.
const Returned = -time.Millisecond

// PendingOptions are the options of [Group.PendingRange]. The zero value is all that is
// pending.
type PendingOptions struct {
	MinIdle  time.Duration // only what was last delivered so long ago: IDLE
	Consumer *string       // only what is pending to it; nil is to anybody
}

// Pending returns how many entries the group has delivered that were not acknowledged, and
// to whom.
//
// It returns [ErrNoGroup] if there is no such stream or group and [ErrWrongType] if the key
// holds another type.
//
// The complexity is O(n log n), n the number of consumers. Redis: [XPENDING].
//
// [XPENDING]: https://redis.io/docs/latest/commands/xpending/
func (g Group) Pending() (PendingSummary, error) {
	_, group, locked, err := g.load("XPENDING", nil)
	defer locked.release()
	if err != nil {
		return PendingSummary{}, err
	}
	sum := PendingSummary{Count: group.Len()}
	if sum.Count == 0 {
		return sum, nil
	}
	first, _ := group.FirstPending()
	last, _ := group.LastPending()
	sum.Low, sum.High = StreamID(first.ID), StreamID(last.ID)
	group.EachConsumer(func(c *structures.StreamConsumer) bool {
		if n := c.Len(); n > 0 {
			sum.Consumers = append(sum.Consumers, PendingConsumer{c.Name(), n})
		}
		return true
	})
	return sum, nil
}

// PendingRange returns the entries in a range that were delivered and not acknowledged, in
// the order of their IDs; Rev does not turn it round.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type, [ErrStreamID] if r leaves out the ID behind which there is none and,
// unlike Redis, [ErrOutOfRange] if MinIdle is negative.
//
// The complexity is O(log n + m), n the number of pending entries and m of those that are
// looked at. Redis: [XPENDING].
//
// [XPENDING]: https://redis.io/docs/latest/commands/xpending/
func (g Group) PendingRange(r IDRange, o PendingOptions) ([]PendingEntry, error) {
	low, high, wrong := r.bounds()
	if o.MinIdle < 0 {
		wrong = ErrOutOfRange
	}
	_, group, locked, err := g.load("XPENDING", wrong)
	defer locked.release()
	if err != nil || r.limit() <= 0 {
		return nil, err
	}
	var list []PendingEntry
	now := g.stream.db.s.now()
	visit := func(p structures.StreamPending) bool {
		if now-p.Time >= idleMillis(o.MinIdle) || o.MinIdle == 0 {
			list = append(list, pendingEntry(p, now))
		}
		return len(list) < r.limit()
	}
	from, to := structures.StreamID(low), structures.StreamID(high)
	if o.Consumer == nil {
		group.RangePending(from, to, visit)
	} else if c := group.Consumer(*o.Consumer); c != nil {
		group.RangeConsumer(c, from, to, visit)
	}
	return list, nil
}

func pendingEntry(p structures.StreamPending, now int64) PendingEntry {
	e := PendingEntry{ID: StreamID(p.ID), Idle: Returned, Deliveries: p.Count}
	if p.Consumer != nil {
		e.Consumer, e.Idle = p.Consumer.Name(), idleSince(p.Time, now)
	}
	return e
}
