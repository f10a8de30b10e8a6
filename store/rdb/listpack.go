package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A listpack is a list of strings in one block; what looks like an integer is one.
//
//	4 bytes    the length of the whole
//	2 bytes    the number of elements, listpackMany if that is no matter
//	elements   an encoding, the data, and the length of both for the way back
//	0xff
const (
	listpackHead = 4 + 2
	listpackMany = math.MaxUint16
	listpackEnd  = 0xff
)

// listpack is one that is being made.
type listpack struct {
	b []byte
	n int
}

func (l *listpack) reset() { l.b, l.n = append(l.b[:0], 0, 0, 0, 0, 0, 0), 0 }

// size returns the length of the whole.
func (l *listpack) size() int { return len(l.b) + 1 }

// add appends a string.
func (l *listpack) add(s string) {
	if n, ok := integer(s); ok {
		l.addInt(n)
		return
	}
	at := len(l.b)
	switch n := len(s); {
	case n < 1<<6:
		l.b = append(l.b, 0x80|byte(n))
	case n < 1<<12:
		l.b = append(l.b, 0xe0|byte(n>>8), byte(n))
	default:
		l.b = binary.LittleEndian.AppendUint32(append(l.b, 0xf0), uint32(n))
	}
	l.b = append(l.b, s...)
	l.end(at)
}

// addInt appends an integer.
func (l *listpack) addInt(n int64) {
	at := len(l.b)
	switch {
	case n >= 0 && n < 1<<7:
		l.b = append(l.b, byte(n))
	case n >= -1<<12 && n < 1<<12:
		l.b = append(l.b, 0xc0|byte(n>>8)&0x1f, byte(n))
	case n >= -1<<15 && n < 1<<15:
		l.b = binary.LittleEndian.AppendUint16(append(l.b, 0xf1), uint16(n))
	case n >= -1<<23 && n < 1<<23:
		l.b = append(l.b, 0xf2, byte(n), byte(n>>8), byte(n>>16))
	case n >= -1<<31 && n < 1<<31:
		l.b = binary.LittleEndian.AppendUint32(append(l.b, 0xf3), uint32(n))
	default:
		l.b = binary.LittleEndian.AppendUint64(append(l.b, 0xf4), uint64(n))
	}
	l.end(at)
}

// end ends the element that begins at a place.
func (l *listpack) end(at int) {
	l.b = appendBack(l.b, len(l.b)-at)
	l.n++
}

// appendBack appends the length of an element for the way back: 7 bits a byte, read from the
// last one, where all but the first have the eighth bit.
func appendBack(b []byte, n int) []byte {
	switch {
	case n <= 1<<7-1:
		return append(b, byte(n))
	case n < 1<<14-1:
		return append(b, byte(n>>7), byte(n)|0x80)
	case n < 1<<21-1:
		return append(b, byte(n>>14), byte(n>>7)|0x80, byte(n)|0x80)
	case n < 1<<28-1:
		return append(b, byte(n>>21), byte(n>>14)|0x80, byte(n>>7)|0x80, byte(n)|0x80)
	}
	return append(b, byte(n>>28), byte(n>>21)|0x80, byte(n>>14)|0x80, byte(n>>7)|0x80, byte(n)|0x80)
}

// bytes returns the listpack, which is good until the next change.
func (l *listpack) bytes() []byte {
	binary.LittleEndian.PutUint32(l.b, uint32(l.size()))
	binary.LittleEndian.PutUint16(l.b[4:], uint16(min(l.n, listpackMany)))
	return append(l.b, listpackEnd)
}

// element is an element of a listpack or a ziplist.
type element struct {
	text  []byte
	n     int64
	isInt bool
}

func (e element) String() string {
	if e.isInt {
		return strconv.FormatInt(e.n, 10)
	}
	return string(e.text)
}

// elements are what is left of a listpack or a ziplist, which has been checked. Once something
// is wrong they are zeros.
type elements struct {
	rest []byte
	n    int
	step func(b []byte) (e element, size int) // the first of them, and its length
	bad  bool
}

// next returns the next element.
func (p *elements) next() (e element) {
	if p.n == 0 {
		p.bad = true
		return e
	}
	e, size := p.step(p.rest)
	p.rest, p.n = p.rest[size:], p.n-1
	return e
}

// text returns the next element as a string.
func (p *elements) text() string { return p.next().String() }

// int returns the next element, which is an integer.
func (p *elements) int() int64 {
	e := p.next()
	p.bad = p.bad || !e.isInt
	return e.n
}

// texts returns the next n elements.
func (p *elements) texts(n int64) (list []string) {
	if n < 0 || n > int64(p.n) {
		p.bad, p.n = true, 0
		return nil
	}
	list = make([]string, n)
	for i := range list {
		list[i] = p.text()
	}
	return list
}

// readListpack returns the elements of a listpack, or false if it is none.
func readListpack(b []byte) (p elements, ok bool) {
	if len(b) < listpackHead+1 || binary.LittleEndian.Uint32(b) != uint32(len(b)) || b[len(b)-1] != listpackEnd {
		return p, false
	}
	want := int(binary.LittleEndian.Uint16(b[4:]))
	p = elements{rest: b[listpackHead : len(b)-1], step: listpackStep}
	for rest := p.rest; len(rest) > 0; p.n++ {
		_, size := listpackElement(rest)
		if size == 0 {
			return p, false
		}
		var buf [5]byte
		back := appendBack(buf[:0], size)
		if size += len(back); len(rest) < size || string(rest[size-len(back):size]) != string(back) {
			return p, false
		}
		rest = rest[size:]
	}
	return p, want == listpackMany || want == p.n
}

// listpackStep returns the first element of a listpack that has been checked.
func listpackStep(b []byte) (element, int) {
	var buf [5]byte
	e, size := listpackElement(b)
	return e, size + len(appendBack(buf[:0], size))
}

// listpackElement returns the first element and how many bytes its encoding and data take, 0
// if it is none.
func listpackElement(b []byte) (e element, n int) {
	head, size := b[0], 0
	switch {
	case head < 0x80:
		return element{n: int64(head), isInt: true}, 1
	case head < 0xc0:
		n, size = 1, int(head&0x3f)
	case head < 0xe0:
		if len(b) < 2 {
			return e, 0
		}
		return element{n: int64(int16(uint16(head)<<11|uint16(b[1])<<3) >> 3), isInt: true}, 2
	case head < 0xf0:
		if len(b) < 2 {
			return e, 0
		}
		n, size = 2, int(head&0xf)<<8|int(b[1])
	case head == 0xf0:
		if len(b) < 5 || binary.LittleEndian.Uint32(b[1:]) > uint32(len(b)) {
			return e, 0
		}
		n, size = 5, int(binary.LittleEndian.Uint32(b[1:]))
	case head <= 0xf4:
		width := [...]int{2, 3, 4, 8}[head-0xf1]
		if len(b) <= width {
			return e, 0
		}
		return element{n: littleInt(b[1 : 1+width]), isInt: true}, 1 + width
	default:
		return e, 0
	}
	if len(b)-n < size || size > maxText {
		return e, 0
	}
	return element{text: b[n : n+size]}, n + size
}

// littleInt returns the signed integer that up to 8 bytes are, the lowest first.
func littleInt(b []byte) (n int64) {
	for i, c := range b {
		n |= int64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return n << shift >> shift
}

// integer returns the number that s is in the only form in which Redis prints it.
func integer(s string) (int64, bool) {
	if len(s) == 0 || len(s) > 20 {
		return 0, false
	}
	switch c := s[0]; {
	case c == '-' && len(s) > 1 && s[1] >= '1' && s[1] <= '9', c >= '1' && c <= '9', s == "0":
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	}
	return 0, false
}
