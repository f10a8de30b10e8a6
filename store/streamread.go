package store

import (
	"math"

	"github.com/alcovedb/alcove/structures"
)

// XRead returns entries of several streams, as of one moment, up to count of each, or all
// with 0 or less. Streams without entries there are left out. It does not wait.
//
// It returns [ErrWrongType] if a key holds another type and [ErrInvalidOption] for
// [AtNew] or without streams.
//
// The complexity is O(k log n + m), k the number of streams, n of their entries and m of
// those returned. Redis: [XREAD].
//
// [XREAD]: https://redis.io/docs/latest/commands/xread/
func (db DB) XRead(count int, streams ...StreamAt) ([]StreamEntries, error) {
	const op = "XREAD"
	var b batch
	defer b.end()
	if err := b.beginRead(db, op, keysOf(streams)...); err != nil {
		return nil, err
	}
	if len(streams) == 0 {
		return nil, mistake(op, "", ErrInvalidOption)
	}
	values := make([]*structures.Stream, len(streams))
	for i, at := range streams {
		rec, found := b.find(db, at.Key)
		switch {
		case b.failed() != nil:
			return nil, b.failed()
		case found && kindOf(&rec) != KindStream:
			return nil, mistake(op, at.Key, ErrWrongType)
		case at.Pos.how == posNew:
			return nil, mistake(op, at.Key, ErrInvalidOption)
		case found:
			values[i] = rec.Object().(*structures.Stream)
		}
	}
	var got []StreamEntries
	for i, at := range streams {
		if entries := readAt(values[i], at.Pos, count); len(entries) > 0 {
			got = append(got, StreamEntries{at.Key, entries})
		}
	}
	return got, nil
}

// readAt returns what XREAD returns of a stream, which may be nil: nothing if it has to
// wait.
func readAt(v *structures.Stream, pos ReadPos, count int) []Entry {
	if count <= 0 {
		count = math.MaxInt
	}
	switch pos.how {
	case posEnd:
		return nil
	case posLast:
		return entriesOf(v, MinStreamID, MaxStreamID, true, 1)
	}
	low, more := pos.id.next()
	if !more {
		return nil
	}
	return entriesOf(v, low, MaxStreamID, false, count)
}
