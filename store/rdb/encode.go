package rdb

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// nodeBytes is how long the listpack of a node of a list may become, by Redis's default of
// list-max-listpack-size, and nodeGuess what it thinks that an element takes beside its text.
const (
	nodeBytes = 8 << 10
	nodeGuess = 8
)

type encoder struct {
	b       []byte
	version int
	lzf     *lzf // nil until it is needed
	pack    listpack
}

func newEncoder() *encoder { return &encoder{version: version} }

// free gives back what the encoder has borrowed.
func (e *encoder) free() {
	if e.lzf != nil {
		lzfPool.Put(e.lzf)
	}
}

// typ begins a value.
func (e *encoder) typ(t byte) { e.b = append(e.b, t) }

// len appends a number.
func (e *encoder) len(n uint64) { e.b = appendLen(e.b, n) }

// appendLen appends a number: in 6 bits, 14, 32 or 64.
func appendLen(b []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 0x40|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0x81), n)
}

// millis appends a time.
func (e *encoder) millis(at int64) { e.b = binary.LittleEndian.AppendUint64(e.b, uint64(at)) }

// text appends a string: a small integer, compressed if that saves four bytes, or as it is.
func (e *encoder) text(s string) {
	const integerLen, compressLen = 11, 20
	if len(s) <= integerLen {
		if n, ok := integer(s); ok && n == int64(int32(n)) {
			e.integer(n)
			return
		}
	}
	if len(s) > compressLen {
		if e.lzf == nil {
			e.lzf = lzfPool.Get().(*lzf)
		}
		if small := e.lzf.compress(s, len(s)-4); small != nil {
			e.b = append(e.b, 0xc3)
			e.len(uint64(len(small)))
			e.len(uint64(len(s)))
			e.b = append(e.b, small...)
			return
		}
	}
	e.len(uint64(len(s)))
	e.b = append(e.b, s...)
}

// integer appends a string that is an integer of 8, 16 or 32 bits.
func (e *encoder) integer(n int64) {
	switch {
	case n == int64(int8(n)):
		e.b = append(e.b, 0xc0, byte(n))
	case n == int64(int16(n)):
		e.b = binary.LittleEndian.AppendUint16(append(e.b, 0xc1), uint16(n))
	default:
		e.b = binary.LittleEndian.AppendUint32(append(e.b, 0xc2), uint32(n))
	}
}

// blob appends a block.
func (e *encoder) blob(b []byte) { e.text(string(b)) }

func (s String) encode(e *encoder) {
	e.typ(typeString)
	e.text(string(s))
}

// encode divides the list as a quicklist is to which it was appended.
func (l List) encode(e *encoder) {
	const packed = 2 // a node that is a listpack
	e.typ(typeListQuicklist2)
	at, nodes := len(e.b), uint64(0)
	end := func() {
		e.len(packed)
		e.blob(e.pack.bytes())
		e.pack.reset()
		nodes++
	}
	e.pack.reset()
	for _, s := range l {
		if e.pack.n > 0 && e.pack.size()+len(s)+nodeGuess > nodeBytes {
			end()
		}
		e.pack.add(s)
	}
	end()
	e.b = slices.Insert(e.b, at, appendLen(nil, nodes)...)
}

func (s Set) encode(e *encoder) {
	if s.Compact {
		if list, ok := integers(s.Members); ok {
			e.typ(typeSetIntset)
			e.blob(appendIntset(nil, list))
			return
		}
	}
	e.typ(typeSet)
	e.len(uint64(len(s.Members)))
	for _, m := range s.Members {
		e.text(m)
	}
}

// integers returns the members of a set in ascending order if all are integers.
func integers(members []string) (list []int64, ok bool) {
	list = make([]int64, len(members))
	for i, m := range members {
		if list[i], ok = integer(m); !ok {
			return nil, false
		}
	}
	slices.Sort(list)
	return list, ok
}

func (h Hash) encode(e *encoder) {
	first := int64(0) // deadline
	size := 0
	for i := range h.Fields {
		f := &h.Fields[i]
		size += len(f.Name) + len(f.Value)
		if f.Deadline != 0 && (first == 0 || f.Deadline < first) {
			first = f.Deadline
		}
	}
	h.Compact = h.Compact && size < listpackOK/2
	switch {
	case first != 0:
		h.encodeTimed(e, first)
	case h.Compact:
		e.pack.reset()
		for i := range h.Fields {
			e.pack.add(h.Fields[i].Name)
			e.pack.add(h.Fields[i].Value)
		}
		e.typ(typeHashListpack)
		e.blob(e.pack.bytes())
	default:
		e.typ(typeHash)
		e.len(uint64(len(h.Fields)))
		for i := range h.Fields {
			e.text(h.Fields[i].Name)
			e.text(h.Fields[i].Value)
		}
	}
}

// encodeTimed is encode where fields have deadlines, of which first is the earliest. The small
// encoding has them in their order, and behind them the fields without.
func (h Hash) encodeTimed(e *encoder, first int64) {
	e.version = version74
	if !h.Compact {
		e.typ(typeHashTimed)
		e.millis(first)
		e.len(uint64(len(h.Fields)))
		for i := range h.Fields {
			f := &h.Fields[i]
			if f.Deadline == 0 {
				e.len(0)
			} else {
				e.len(uint64(f.Deadline-first) + 1)
			}
			e.text(f.Name)
			e.text(f.Value)
		}
		return
	}
	fields := slices.Clone(h.Fields)
	slices.SortStableFunc(fields, func(a, b Field) int {
		return cmp.Compare(uint64(a.Deadline-1), uint64(b.Deadline-1)) // 0 comes last
	})
	e.pack.reset()
	for i := range fields {
		e.pack.add(fields[i].Name)
		e.pack.add(fields[i].Value)
		e.pack.addInt(fields[i].Deadline)
	}
	e.typ(typeHashPacked)
	e.millis(first)
	e.blob(e.pack.bytes())
}

func (z ZSet) encode(e *encoder) {
	size := 0
	for i := range z.Members {
		size += len(z.Members[i].Name)
	}
	if z.Compact && size < listpackOK/2 {
		e.pack.reset()
		for i := range z.Members {
			e.pack.add(z.Members[i].Name)
			e.pack.add(scoreText(z.Members[i].Score))
		}
		e.typ(typeZSetListpack)
		e.blob(e.pack.bytes())
		return
	}
	e.typ(typeZSet2)
	e.len(uint64(len(z.Members)))
	for i := len(z.Members) - 1; i >= 0; i-- {
		e.text(z.Members[i].Name)
		e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(z.Members[i].Score))
	}
}

// scoreText returns a score as Redis 7.0 has it in a listpack: as an integer where it is one
// of less than 63 bits, otherwise as C's %.17g.
func scoreText(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.Abs(f) <= math.MaxInt64/2 && f == math.Trunc(f):
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 17, 64)
}
