package structures

import (
	"bytes"
	"encoding/binary"
)

// BitOp is an operation on bitmaps. Each bit of the result is made of those at the same
// offset; what is behind the end of one is 0.
type BitOp uint8

// The operations. X is the first bitmap, Y are the others.
const (
	BitAnd   BitOp = iota
	BitOr          // in one at least
	BitXor         // in an odd number
	BitNot         // not in X, which is the only one
	BitDiff        // in X and in no Y
	BitDiff1       // in a Y and not in X
	BitAndOr       // in X and in a Y
	BitOne         // in exactly one
)

// CombineBits returns what op makes of some bitmaps, as long as the longest of them: bytes
// if they are a page at most, otherwise an object whose pages of zeros are holes.
// There is at least one. The complexity is O(n*k), n the length of the k bitmaps, where
// they are no holes.
func CombineBits(op BitOp, all []Bits) ([]byte, *Bytes) {
	n := 0
	for _, v := range all {
		n = max(n, v.Len())
	}
	c := combination{op: op, all: all}
	if n <= bytesPageLen {
		buf := make([]byte, n)
		c.fill(buf, 0)
		return buf, nil
	}
	b := NewBytes("")
	var fresh *[bytesPageLen]byte
	for from := 0; from < n; from += bytesPageLen {
		if fresh == nil {
			fresh = new([bytesPageLen]byte)
		}
		if buf := fresh[:min(bytesPageLen, n-from)]; c.fill(buf, from) && run(buf, 0) < len(buf) {
			b.adopt(from, fresh)
			fresh = nil
		}
	}
	b.Grow(n)
	return nil, b
}

// combination is an operation on its way.
type combination struct {
	op       BitOp
	all      []Bits
	y, twice [bytesPageLen]byte // of BitOne: one of all, and what is in more than one
}

// fill makes the bytes from some place on in dst, a page at most, which is zeros. It
// returns false if they stay zeros since all that matters is a hole.
func (c *combination) fill(dst []byte, from int) bool {
	x, ys := c.all[:1], c.all[1:]
	switch c.op {
	case BitOr:
		return merge(dst, from, c.all, orBits)
	case BitXor:
		return merge(dst, from, c.all, xorBits)
	case BitNot:
		merge(dst, from, x, orBits)
		mergeBytes(dst, onesPage[:len(dst)], xorBits)
		return true
	case BitOne:
		return c.one(dst, from)
	}
	into, first, second := andBits, x, ys
	switch c.op {
	case BitDiff:
		into = clearBits
	case BitDiff1:
		into, first, second = clearBits, ys, x
	case BitAndOr:
		first, second = ys, x
	}
	if !merge(dst, from, first, orBits) {
		return false
	}
	merge(dst, from, second, into)
	return true
}

// one is fill for BitOne.
func (c *combination) one(dst []byte, from int) bool {
	filled := false
	y, twice := c.y[:len(dst)], c.twice[:len(dst)]
	clear(twice)
	for i := range c.all {
		clear(y)
		if !merge(y, from, c.all[i:i+1], orBits) {
			continue
		}
		filled = true
		for j := 0; j+8 <= len(dst); j += 8 {
			once, fresh := binary.LittleEndian.Uint64(dst[j:]), binary.LittleEndian.Uint64(y[j:])
			again := binary.LittleEndian.Uint64(twice[j:]) | once&fresh
			binary.LittleEndian.PutUint64(twice[j:], again)
			binary.LittleEndian.PutUint64(dst[j:], once|fresh)
		}
		for j := len(dst) &^ 7; j < len(dst); j++ {
			twice[j] |= dst[j] & y[j]
			dst[j] |= y[j]
		}
	}
	mergeBytes(dst, twice, clearBits)
	return filled
}

// onesPage is what NOT makes of a hole.
var onesPage = [bytesPageLen]byte(bytes.Repeat([]byte{0xff}, bytesPageLen))

// How a byte comes into another.
type merging uint8

const (
	orBits merging = iota
	xorBits
	andBits
	clearBits // what is set is cleared there
)

// merge brings the bytes that the bitmaps have from some place on into dst, and says
// whether one of them has any there that is no hole.
func merge(dst []byte, from int, all []Bits, m merging) (filled bool) {
	for _, v := range all {
		rest := dst
		for at := from; len(rest) > 0; {
			text, buf, n := v.piece(at, at+len(rest))
			switch {
			case buf != nil:
				mergeBytes(rest, buf, m)
			case text != "":
				mergeBytes(rest, []byte(text), m) // which makes no copy
			case m == andBits:
				clear(rest[:n])
			}
			filled = filled || buf != nil || text != ""
			rest, at = rest[n:], at+n
		}
	}
	return filled
}

// mergeBytes brings src into the beginning of dst.
func mergeBytes(dst, src []byte, m merging) {
	dst = dst[:len(src)]
	n := len(src) &^ 7
	switch m {
	case orBits:
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(dst[i:])|binary.LittleEndian.Uint64(src[i:]))
		}
	case xorBits:
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(dst[i:])^binary.LittleEndian.Uint64(src[i:]))
		}
	case andBits:
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(dst[i:])&binary.LittleEndian.Uint64(src[i:]))
		}
	case clearBits:
		for i := 0; i < n; i += 8 {
			binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(dst[i:])&^binary.LittleEndian.Uint64(src[i:]))
		}
	}
	for i := n; i < len(src); i++ {
		dst[i] = m.byte(dst[i], src[i])
	}
}

func (m merging) byte(x, y byte) byte {
	switch m {
	case orBits:
		return x | y
	case xorBits:
		return x ^ y
	case andBits:
		return x & y
	}
	return x &^ y
}
