package structures

import (
	"encoding/binary"
	"math/bits"
)

// A HyperLogLog is a string in the representation of Redis (hyperloglog.c), so that it
// travels to and from one:
//
//	magic        "HYLL"
//	encoding     1 byte: 0 dense, 1 sparse
//	unused       3 bytes
//	cardinality  8 bytes little endian, as it was last estimated; the highest bit says
//	             that it is stale
//
// and behind that header its registers. An element belongs to one by the lower 14 bits of
// its hash, and the register keeps how many zeros, and one more, the other bits of such a
// hash began with, counted from the lowest, at most. Dense are 6 bits for each register,
// those of the first in the lowest bits of the first byte. Sparse are runs of equal ones:
//
//	00xxxxxx           x+1 registers, 1 to 64, that are 0 (ZERO)
//	01xxxxxx yyyyyyyy  xy+1 registers, 1 to 16384, that are 0 (XZERO)
//	1vvvvvxx           x+1 registers, 1 to 4, that are v+1, 1 to 32 (VAL)
//
// Which runs a sequence of changes leaves is Redis's, too: see sparseHLL.
const (
	hllMagic     = "HYLL"
	hllHeader    = 16
	hllEncoding  = 4  // the place of the encoding
	hllCard      = 8  // of the cardinality
	hllStale     = 15 // of the byte with its highest bit
	hllStaleBit  = 0x80
	hllRegisters = 1 << hllBits
	hllBits      = 14
	hllDense     = 0
	hllSparse    = 1

	// HLLDenseLen is the length in bytes of a dense HyperLogLog.
	HLLDenseLen = hllHeader + hllRegisters*6/8

	// hllSparseMax is how long a sparse one may become (hll-sparse-max-bytes in the
	// default configuration).
	hllSparseMax = 3000
	// hllSparseLimit is how long one can be at all: two bytes for each register.
	hllSparseLimit = hllHeader + 2*hllRegisters

	hllRunZero  = 0x00
	hllRunXZero = 0x40
	hllRunVal   = 0x80
	hllRunMask  = 0xc0
	hllZeroMax  = 64 // registers in a ZERO
	hllValMax   = 32 // the largest register in a VAL
	hllValLen   = 4  // and how many it has
)

// HLLForm says how a string holds a HyperLogLog.
type HLLForm uint8

// The forms of a HyperLogLog.
const (
	NoHLL     HLLForm = iota // no header that Redis would take
	SparseHLL                // by the header: the registers may still be corrupt
	DenseHLL
)

// HLL is a string that may be a HyperLogLog, for reading. It is good until that changes.
type HLL struct {
	text string
	b    *Bytes // instead of text
}

// HLLOf returns the string that a record holds.
func HLLOf(r *Record) HLL {
	b, _ := r.Object().(*Bytes)
	return HLL{text: r.Value(), b: b}
}

// HLLText returns a string as what may be a HyperLogLog.
func HLLText(text string) HLL { return HLL{text: text} }

// EmptyHLL returns a HyperLogLog that has seen nothing, as Redis makes it: stale.
func EmptyHLL() HLL {
	return HLLText(hllMagic + "\x01\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x80" + "\x7f\xff")
}

func (h HLL) len() int {
	if h.b != nil {
		return h.b.Len()
	}
	return len(h.text)
}

func (h HLL) at(i int) byte {
	if h.b != nil {
		return h.b.At(i)
	}
	return h.text[i]
}

// Form returns the form that the header tells. The complexity is O(1).
func (h HLL) Form() HLLForm {
	n := h.len()
	if n < hllHeader {
		return NoHLL
	}
	for i := range len(hllMagic) {
		if h.at(i) != hllMagic[i] {
			return NoHLL
		}
	}
	switch encoding := h.at(hllEncoding); {
	case encoding == hllSparse:
		return SparseHLL
	case encoding == hllDense && n == HLLDenseLen:
		return DenseHLL
	}
	return NoHLL
}

// Cached returns the cardinality that the header holds, and false if it is stale.
// The complexity is O(1).
func (h HLL) Cached() (n uint64, ok bool) {
	for i := range 8 {
		n |= uint64(h.at(hllCard+i)) << (8 * i)
	}
	return n, n>>63 == 0
}

// flat returns the bytes of a sparse HyperLogLog as a string, "" if it is too long to be
// one.
func (h HLL) flat() string {
	switch {
	case h.len() > hllSparseLimit:
		return ""
	case h.b != nil:
		return h.b.String()
	}
	return h.text
}

// hllRunLen is how many registers the runs of one byte have, by that byte.
var hllRunLen = func() (n [256]uint8) {
	for c := range n {
		if c&hllRunVal != 0 {
			n[c] = uint8(c&3) + 1
		} else if c&hllRunMask == hllRunZero {
			n[c] = uint8(c) + 1
		}
	}
	return n
}()

// hllRun returns how many registers the run at i has, and their value, and how many bytes
// it takes. The run must be whole.
func hllRun(v []byte, i int) (registers int, value uint8, size int) {
	switch c := v[i]; {
	case c&hllRunVal != 0:
		return int(c&3) + 1, c>>2&31 + 1, 1
	case c&hllRunMask == hllRunXZero:
		return (int(c&^hllRunMask)<<8 | int(v[i+1])) + 1, 0, 2
	default:
		return int(c) + 1, 0, 1
	}
}

// hllRuns calls visit with each run of a sparse HyperLogLog that is not 0, and where it
// begins. It stops, and returns false, where they are not 16384 registers.
func hllRuns(v string, visit func(first, registers int, value uint8)) bool {
	first := 0
	for i := hllHeader; i < len(v); i++ {
		c := v[i]
		n := int(hllRunLen[c])
		if n == 0 {
			if i++; i == len(v) {
				return false
			}
			n = (int(c&^hllRunMask)<<8 | int(v[i])) + 1
		}
		if n > hllRegisters-first {
			return false
		}
		if visit != nil && c&hllRunVal != 0 {
			visit(first, n, c>>2&31+1)
		}
		first += n
	}
	return first == hllRegisters
}

// Valid says whether the registers are what the form says. The complexity is that of
// reading the runs of a sparse one, and O(1) for a dense one.
func (h HLL) Valid() bool {
	switch h.Form() {
	case SparseHLL:
		return hllRuns(h.flat(), nil)
	case DenseHLL:
		return true
	}
	return false
}

// hllPlace returns the register that an element belongs to, and what it sets it to, at
// least.
func hllPlace(element string) (register int, value uint8) {
	h := murmur64A(element)
	rest := h>>hllBits | 1<<(64-hllBits)
	return int(h & (hllRegisters - 1)), uint8(bits.TrailingZeros64(rest) + 1)
}

// murmur64A is MurmurHash2 of Austin Appleby in its 64-bit variant, with Redis's seed.
func murmur64A(s string) uint64 {
	const (
		seed = 0xadc83b19
		m    = 0xc6a4a7935bd1e995
		r    = 47
	)
	h := uint64(seed) ^ uint64(len(s))*m
	for ; len(s) >= 8; s = s[8:] {
		k := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		k *= m
		k ^= k >> r
		k *= m
		h ^= k
		h *= m
	}
	if len(s) > 0 {
		for i := range len(s) {
			h ^= uint64(s[i]) << (8 * i)
		}
		h *= m
	}
	h ^= h >> r
	h *= m
	h ^= h >> r
	return h
}

// RaisesDense returns the first of the elements that would change a register of a dense
// HyperLogLog, len(elements) if none does. The complexity is O(len(elements)).
func (h HLL) RaisesDense(elements []string) int {
	for n, element := range elements {
		if i, value := hllPlace(element); value > h.dense(i) {
			return n
		}
	}
	return len(elements)
}

// dense returns register i of a dense HyperLogLog.
func (h HLL) dense(i int) uint8 {
	at, shift := hllHeader+i*6/8, i*6%8
	v := uint(h.at(at)) >> shift
	if shift > 2 { // it goes on in the next byte
		v |= uint(h.at(at+1)) << (8 - shift)
	}
	return uint8(v & 63)
}

// setDense makes register i of a dense HyperLogLog n.
func setDense(b *Bytes, i int, n uint8) {
	at, shift := hllHeader+i*6/8, i*6%8
	p := &b.own(at)[at%bytesPageLen]
	*p = *p&^(63<<shift) | n<<shift
	if shift > 2 {
		p = &b.own(at + 1)[(at+1)%bytesPageLen]
		*p = *p&^(63>>(8-shift)) | n>>(8-shift)
	}
}

// AddDense adds elements to a dense HyperLogLog, which counts as a change of it: its
// cardinality is stale then. The complexity is O(len(elements)).
func AddDense(b *Bytes, elements []string) {
	h := HLL{b: b}
	for _, element := range elements {
		if i, value := hllPlace(element); value > h.dense(i) {
			setDense(b, i, value)
		}
	}
	b.own(hllStale)[hllStale] |= hllStaleBit
}

// AddSparse appends what a sparse HyperLogLog, which must be valid, becomes with elements
// to buf, and says whether a register has changed. Where it has become dense, it returns
// it as a buffer instead. The complexity is O(len(elements)), each with the runs.
func (h HLL) AddSparse(buf []byte, elements []string) (value []byte, dense *Bytes, changed bool) {
	s := sparseHLL{v: append(buf, h.flat()...)}
	for n, element := range elements {
		i, value := hllPlace(element)
		s.rewind()
		raised, ok := s.set(i, value)
		if !ok {
			dense = s.dense()
			AddDense(dense, elements[n:])
			return nil, dense, true
		}
		changed = changed || raised
	}
	if changed {
		s.v[hllStale] |= hllStaleBit
	}
	return s.v, nil, changed
}

// SetCardinality appends h, which is sparse, with n as its cardinality, which is below 1<<63, to buf.
func (h HLL) SetCardinality(buf []byte, n uint64) []byte {
	at := len(buf)
	buf = append(buf, h.flat()...)
	binary.LittleEndian.PutUint64(buf[at+hllCard:], n)
	return buf
}

// SetCardinality makes n, which is below 1<<63, the cardinality of a HyperLogLog.
func SetCardinality(b *Bytes, n uint64) {
	binary.LittleEndian.PutUint64(b.own(hllCard)[hllCard:], n)
}
