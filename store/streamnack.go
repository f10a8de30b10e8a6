package store

import (
	"math"

	"github.com/alcovedb/alcove/structures"
)

// What was given back is pending to nobody, with a time of delivery that is before all
// others and grows with the time at which it was given back, so that who claims gets what
// was given back first, and then what was not. To the outside that time is 0, as in Redis.
const returnedBefore = 1 << 60

func returnedAt(now int64) int64 { return now - returnedBefore }

// Nack gives entries back that are pending to a consumer of the group: they are pending to
// nobody then, and whoever claims gets them first, however short a time they were pending.
// It returns how many were pending.
//
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type and [ErrInvalidOption] for a mode that there is not.
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
// It returns [ErrNoGroup] if there is no such stream or group, [ErrWrongType] if the key
// holds another type, [ErrInvalidOption] for a mode that there is not and [ErrOutOfRange] if
// the count of deliveries is negative.
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
		p, pending := w.group.Pending(structures.StreamID(id))
		if !pending {
			if !o.Force || !w.v.Has(structures.StreamID(id)) {
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
		p.Consumer, p.Time = nil, returnedAt(w.now)
		w.group.Put(p)
		n++
	}
	if n > 0 {
		w.grows(KindStream) // to who reads with Claim
		w.changed()
	}
	return n, nil
}
