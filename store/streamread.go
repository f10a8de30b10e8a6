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
		if values[i] == nil {
			b.miss(db, at.Key) // once more, as Redis looks at their types first
		}
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

// moreThan says whether there are more than n entries between two IDs.
func moreThan(v *structures.Stream, low, high StreamID, n int) bool {
	v.Range(structures.StreamID(low), structures.StreamID(high), false, func(structures.StreamEntry) bool {
		n--
		return n >= 0
	})
	return n < 0
}

// entriesOf returns up to limit entries of v, which may be nil.
func entriesOf(v *structures.Stream, low, high StreamID, reverse bool, limit int) (entries []Entry) {
	if v == nil || limit <= 0 {
		return nil
	}
	var pairs []Pair // of many entries
	visit := func(field, value string) bool {
		pairs = append(pairs, Pair{field, value})
		return true
	}
	v.Range(structures.StreamID(low), structures.StreamID(high), reverse, func(e structures.StreamEntry) bool {
		if n := e.Len(); cap(pairs)-len(pairs) < n {
			pairs = make([]Pair, 0, max(n, min(n*min(limit-len(entries), v.Len()-len(entries)), pairsAtOnce)))
		}
		from := len(pairs)
		e.All(visit)
		entries = append(entries, Entry{StreamID(e.ID), pairs[from:len(pairs):len(pairs)]})
		return len(entries) < limit
	})
	return entries
}

// pairsAtOnce is how many fields of several entries are allocated together: who keeps one
// of them keeps the others, too.
const pairsAtOnce = 32

func entryOfStream(e structures.StreamEntry) Entry {
	fields := make([]Pair, 0, e.Len())
	e.All(func(field, value string) bool {
		fields = append(fields, Pair{field, value})
		return true
	})
	return Entry{StreamID(e.ID), fields}
}
