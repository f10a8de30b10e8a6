package store

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"
)

// StreamID is the ID of an entry of a stream: the time at which it was added, in
// milliseconds, and its place among those of that millisecond.
type StreamID struct{ Ms, Seq uint64 }

// The IDs before and behind which there is none: - and + in Redis's ranges. No entry has
// the first.
var (
	MinStreamID = StreamID{}
	MaxStreamID = StreamID{math.MaxUint64, math.MaxUint64}
)

// maxIDText is the length of a text from which on Redis takes it for no ID.
const maxIDText = 128

// ParseStreamID reads an ID as Redis writes it, such as 1526919030474-55. Without the
// second number that is 0.
//
// It returns [ErrStreamID] for any other text.
func ParseStreamID(text string) (StreamID, error) {
	id, _, ok := parseStreamID(text, 0)
	if !ok {
		return StreamID{}, mistake("STREAM ID", "", ErrStreamID)
	}
	return id, nil
}

// parseStreamID reads an ID. seq is what it has without a second number, of which whole
// says that it is there.
func parseStreamID(text string, seq uint64) (id StreamID, whole, ok bool) {
	if len(text) >= maxIDText {
		return id, false, false
	}
	ms, rest, whole := strings.Cut(text, "-")
	var err1, err2 error
	id.Ms, err1 = strconv.ParseUint(ms, 10, 64)
	if id.Seq = seq; whole {
		id.Seq, err2 = strconv.ParseUint(rest, 10, 64)
	}
	if err1 != nil || err2 != nil {
		return StreamID{}, whole, false
	}
	return id, whole, true
}

// String returns the ID as Redis writes it.
func (id StreamID) String() string {
	var buf [41]byte
	b := strconv.AppendUint(buf[:0], id.Ms, 10)
	return string(strconv.AppendUint(append(b, '-'), id.Seq, 10))
}

// Compare returns -1, 0 or 1 as id comes before, is or comes after other.
func (id StreamID) Compare(other StreamID) int {
	return cmp.Or(cmp.Compare(id.Ms, other.Ms), cmp.Compare(id.Seq, other.Seq))
}

// Less says whether id comes before other.
func (id StreamID) Less(other StreamID) bool { return id.Compare(other) < 0 }

// Time returns the time in the ID.
func (id StreamID) Time() time.Time { return time.UnixMilli(int64(min(id.Ms, math.MaxInt64))) }

// next returns the ID that comes next, and false if there is none.
func (id StreamID) next() (StreamID, bool) {
	switch {
	case id.Seq < math.MaxUint64:
		return StreamID{id.Ms, id.Seq + 1}, true
	case id.Ms < math.MaxUint64:
		return StreamID{id.Ms + 1, 0}, true
	}
	return id, false
}

// before returns the ID that comes before, and false if there is none.
func (id StreamID) before() (StreamID, bool) {
	switch {
	case id.Seq > 0:
		return StreamID{id.Ms, id.Seq - 1}, true
	case id.Ms > 0:
		return StreamID{id.Ms - 1, math.MaxUint64}, true
	}
	return id, false
}

// NewStreamID says which ID a new entry gets. The zero value is Redis's *: the time, or
// what comes next after the last ID where that is not earlier.
type NewStreamID struct {
	id  StreamID
	how newID
}

type newID uint8

const (
	anyID newID = iota
	anySeq
	exactID
)

// ExactID gives a new entry this ID, which has to come after the last one of the stream.
func ExactID(id StreamID) NewStreamID { return NewStreamID{id, exactID} }

// NextIn gives a new entry the next ID of a millisecond, which has to be that of the last
// ID of the stream or a later one: Redis's ms-*.
func NextIn(ms uint64) NewStreamID { return NewStreamID{StreamID{Ms: ms}, anySeq} }

// ParseNewStreamID reads what XADD takes for an ID: *, 1526919030474-* or a whole ID.
//
// It returns [ErrStreamID] for any other text.
func ParseNewStreamID(text string) (NewStreamID, error) {
	if text == "*" {
		return NewStreamID{}, nil
	}
	if ms, auto := strings.CutSuffix(text, "-*"); auto {
		if id, whole, ok := parseStreamID(ms, 0); ok && !whole {
			return NextIn(id.Ms), nil
		}
		return NewStreamID{}, mistake("XADD", "", ErrStreamID)
	}
	id, _, ok := parseStreamID(text, 0)
	if !ok {
		return NewStreamID{}, mistake("XADD", "", ErrStreamID)
	}
	return ExactID(id), nil
}

// after returns the ID that a new entry gets behind last at a time in milliseconds.
func (n NewStreamID) after(last StreamID, now int64) (StreamID, error) {
	id := n.id
	switch n.how {
	case exactID:
		if id == MinStreamID {
			return id, ErrStreamIDZero
		}
	case anySeq:
		if id.Ms == last.Ms && last.Seq < math.MaxUint64 {
			id.Seq = last.Seq + 1
		}
	case anyID:
		if id.Ms = uint64(max(now, 0)); id.Ms <= last.Ms {
			id, _ = last.next()
		}
	}
	switch {
	case last == MaxStreamID:
		return id, ErrStreamFull
	case !last.Less(id):
		return id, ErrStreamIDOrder
	}
	return id, nil
}

// IDRange selects entries of a stream: [ByID], [ByTime], and what its methods make of
// these. Both bounds belong to the range, and the low one comes first, also with
// [IDRange.Rev]. The zero value selects the ID 0-0, which no entry has.
type IDRange struct {
	min, max         StreamID
	exclMin, exclMax bool
	rev, counted     bool
	count            int
}

// ByID selects the entries from low to high; [MinStreamID] and [MaxStreamID] for no bound.
func ByID(low, high StreamID) IDRange { return IDRange{min: low, max: high} }

// ByTime selects the entries of the milliseconds from low to high: what Redis does with
// IDs of one number.
func ByTime(low, high time.Time) IDRange {
	r := IDRange{min: StreamID{Ms: uint64(max(low.UnixMilli(), 0))}}
	if ms := high.UnixMilli(); ms >= 0 {
		r.max = StreamID{uint64(ms), math.MaxUint64}
	}
	return r
}

// ParseIDRange reads the bounds of XRANGE: an ID, of one number or two, - or +, each with
// a ( before it to leave it out. The low one comes first.
//
// It returns [ErrStreamID] for any other text.
func ParseIDRange(low, high string) (r IDRange, err error) {
	var ok1, ok2 bool
	r.min, r.exclMin, ok1 = parseBound(low, 0)
	r.max, r.exclMax, ok2 = parseBound(high, math.MaxUint64)
	if !ok1 || !ok2 {
		return IDRange{}, mistake("STREAM ID", "", ErrStreamID)
	}
	return r, nil
}

func parseBound(text string, seq uint64) (id StreamID, excluded, ok bool) {
	switch text {
	case "-":
		return MinStreamID, false, true
	case "+":
		return MaxStreamID, false, true
	}
	text, excluded = strings.CutPrefix(text, "(")
	id, _, ok = parseStreamID(text, seq)
	return id, excluded, ok
}

// Rev turns the order round, from the highest.
func (r IDRange) Rev() IDRange {
	r.rev = true
	return r
}

// ExclMin takes the low bound itself out of the range.
func (r IDRange) ExclMin() IDRange {
	r.exclMin = true
	return r
}

// ExclMax takes the high bound itself out of the range.
func (r IDRange) ExclMax() IDRange {
	r.exclMax = true
	return r
}

// Count leaves out all behind the first n entries, in the order of the range. As in Redis,
// there are none where n is not positive.
func (r IDRange) Count(n int) IDRange {
	r.counted, r.count = true, max(n, 0)
	return r
}

// bounds returns the closed bounds of the range. As in Redis, it is a mistake to leave out
// the ID behind which there is none.
func (r *IDRange) bounds() (low, high StreamID, err error) {
	low, high = r.min, r.max
	ok1, ok2 := true, true
	if r.exclMin {
		low, ok1 = low.next()
	}
	if r.exclMax {
		high, ok2 = high.before()
	}
	if !ok1 || !ok2 {
		err = ErrStreamID
	}
	return low, high, err
}

// limit returns how many entries there are at most.
func (r *IDRange) limit() int {
	if r.counted {
		return r.count
	}
	return math.MaxInt
}
