package structures

import (
	"encoding/binary"
	"math/bits"
)

// Bits is a string seen as bits, as Redis sees it: bit 0 is the highest one of the first
// byte. It is a text, a Bytes or a buffer; the zero Bits has none. Bytes behind the end
// read as zeros. It is for one command: a change of what it shows is a change of the value.
type Bits struct {
	text string
	buf  []byte
	b    *Bytes
}

// BitsOf returns the bits of a string in a record, of the zero Record none.
func BitsOf(r *Record) Bits {
	o, text := r.packed()
	b, _ := o.(*Bytes)
	return Bits{text: text, b: b}
}

// BitsIn returns the bits in a buffer, which can be set.
func BitsIn(buf []byte) Bits { return Bits{buf: buf} }

// Bits returns the bits of b, which can be set.
func (b *Bytes) Bits() Bits { return Bits{b: b} }

// Len returns the length in bytes. The complexity is O(1).
func (v Bits) Len() int {
	switch {
	case v.b != nil:
		return v.b.Len()
	case v.buf != nil:
		return len(v.buf)
	}
	return len(v.text)
}

// Buffer returns what BitsIn got, otherwise nil.
func (v Bits) Buffer() []byte { return v.buf }

// at returns the byte at i.
func (v Bits) at(i int) byte {
	switch {
	case i >= v.Len():
		return 0
	case v.b != nil:
		return v.b.At(i)
	case v.buf != nil:
		return v.buf[i]
	}
	return v.text[i]
}

// Get returns the bit at an offset. The complexity is O(1).
func (v Bits) Get(offset int64) bool {
	return v.at(int(offset>>3))&(0x80>>(offset&7)) != 0
}

// Set sets or clears the bit at an offset within Len. The complexity is O(1).
func (v Bits) Set(offset int64, bit bool) {
	i, mask := int(offset>>3), byte(0x80>>(offset&7))
	c := v.at(i) &^ mask
	if bit {
		c |= mask
	}
	v.put(i, c)
}

// put writes the byte at i.
func (v Bits) put(i int, c byte) {
	if v.b != nil {
		v.b.Put(i, c)
		return
	}
	v.buf[i] = c
}

// Field returns the unsigned integer of width bits, 64 at most, at an offset, its highest
// bit first. The complexity is O(1).
func (v Bits) Field(offset int64, width int) uint64 {
	var n uint64
	for width > 0 {
		free := 8 - int(offset&7) // bits of the byte from offset on
		take := min(free, width)
		c := v.at(int(offset>>3)) >> (free - take) & (1<<take - 1)
		n = n<<take | uint64(c)
		offset, width = offset+int64(take), width-take
	}
	return n
}

// SetField writes the lowest width bits of n at an offset, all of them within Len.
// The complexity is O(1).
func (v Bits) SetField(offset int64, width int, n uint64) {
	for width > 0 {
		i, free := int(offset>>3), 8-int(offset&7)
		take := min(free, width)
		mask := byte(1<<take-1) << (free - take)
		c := byte(n>>(width-take)) << (free - take) & mask
		v.put(i, v.at(i)&^mask|c)
		offset, width = offset+int64(take), width-take
	}
}

// piece returns the longest part of the bytes in [from, to) that begins at from and lies
// in one place: a text, a buffer, or neither for n zeros.
func (v Bits) piece(from, to int) (text string, buf []byte, n int) {
	if from >= v.Len() {
		return "", nil, to - from
	}
	to = min(to, v.Len())
	switch {
	case v.b != nil:
		return v.b.piece(from, to)
	case v.buf != nil:
		return "", v.buf[from:to], to - from
	}
	return v.text[from:to], nil, to - from
}

// Count returns how many bits in [from, to), to within Len, are set.
// The complexity is O(n), n the number of bytes that are no hole.
func (v Bits) Count(from, to int64) int64 {
	if from >= to {
		return 0
	}
	first, last := int(from>>3), int((to-1)>>3)
	before := v.at(first) >> (8 - from&7)
	behind := v.at(last) << ((to-1)&7 + 1)
	n := -int64(bits.OnesCount8(before) + bits.OnesCount8(behind))
	for i, size := first, 0; i <= last; i += size {
		var text string
		var buf []byte
		if text, buf, size = v.piece(i, last+1); buf != nil {
			n += onesCount(buf)
		} else {
			n += onesCount([]byte(text)) // which makes no copy: onesCount only reads
		}
	}
	return n
}

// onesCount returns how many bits of b are set. Four words a round are as fast as the
// counting instruction, where the loop itself counts with one.
func onesCount(b []byte) (n int64) {
	for ; len(b) >= 32; b = b[32:] {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(b)) +
			bits.OnesCount64(binary.LittleEndian.Uint64(b[8:])) +
			bits.OnesCount64(binary.LittleEndian.Uint64(b[16:])) +
			bits.OnesCount64(binary.LittleEndian.Uint64(b[24:])))
	}
	for _, c := range b {
		n += int64(bits.OnesCount8(c))
	}
	return n
}

// Pos returns the offset of the first bit in [from, to), to within Len, that is as bit, or
// -1. The complexity is O(n), n the number of bytes looked at that are no hole.
func (v Bits) Pos(bit bool, from, to int64) int64 {
	if from >= to {
		return -1
	}
	other := byte(0xff) // a byte without such a bit
	if bit {
		other = 0
	}
	i, end := int(from>>3), int((to+7)>>3)
	c := (v.at(i) ^ other) & (0xff >> (from & 7))
	if c == 0 {
		if i = v.skip(i+1, end, other); i >= end {
			return -1
		}
		c = v.at(i) ^ other
	}
	if at := int64(i)<<3 + int64(bits.LeadingZeros8(c)); at < to {
		return at
	}
	return -1
}

// skip returns where the first byte in [i, end) that is not c lies, or end.
func (v Bits) skip(i, end int, c byte) int {
	for i < end {
		text, buf, n := v.piece(i, end)
		same := 0
		switch {
		case buf != nil:
			same = run(buf, c)
		case text != "":
			same = run([]byte(text), c)
		case c == 0:
			same = n
		}
		if i += same; same < n {
			return i
		}
	}
	return end
}

// run returns how many bytes at the beginning of b are c.
func run(b []byte, c byte) int {
	i, word := 0, uint64(c)*0x0101010101010101
	for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == word {
		i += 8
	}
	for i < len(b) && b[i] == c {
		i++
	}
	return i
}
