package structures

import "strings"

// Bytes is a large string that changes in place: an immutable base and, over it,
// the pages that were written. A page is made by the first write to it, so a
// small change to a large string costs a page, and one far behind the end leaves
// a hole that takes nothing and reads as zeros.
//
// Offsets are 0 or more; where a method says so, they must not lie behind the
// end. Anything else is the caller's bug.
type Bytes struct {
	line  uint64 // the same for all clones
	owner uint64
	n     int
	base  string
	pages Vector[bytesPage]
	held  int // pages that have bytes
}

const bytesPageLen = 4 << 10

// bytesPage covers bytesPageLen bytes. Without bytes of its own it is what the
// base has there, and zeros behind the base. The bytes lie apart from the owner
// so that they fill an allocation class of the runtime.
type bytesPage struct {
	owner uint64
	b     *[bytesPageLen]byte
}

// zeroPage is what a hole is read from.
var zeroPage [bytesPageLen]byte

// NewBytes returns the string s for writing in place. It keeps s and copies
// nothing. The complexity is O(1).
func NewBytes(s string) *Bytes {
	b := &Bytes{owner: newOwner(), n: len(s), base: s}
	b.line = b.owner
	return b
}

// Len returns the length in bytes, holes included. The complexity is O(1).
func (b *Bytes) Len() int { return b.n }

// Size returns the logical size in bytes, which is Len. The complexity is O(1).
func (b *Bytes) Size() int { return b.n }

// Allocated returns the bytes that are held: the base and the pages written,
// also where a clone shares them. The complexity is O(1).
func (b *Bytes) Allocated() int { return len(b.base) + b.held*bytesPageLen }

// Clone returns an independent copy, a *Bytes. Both share the base for ever and
// the pages until they write them. It counts as a write.
// The complexity is O(1).
func (b *Bytes) Clone() Object {
	c := &Bytes{line: b.line, owner: newOwner(), n: b.n, base: b.base, held: b.held}
	b.pages.share(&c.pages)
	b.owner = newOwner() // the pages are nobody's now
	return c
}

// String returns a copy of the whole. It allocates once.
// The complexity is O(n) where n = b.Len().
func (b *Bytes) String() string { return b.Slice(0, b.n) }

// Slice returns a copy of the bytes in [from, to), where to is at most Len. It
// allocates once. The complexity is O(to-from).
func (b *Bytes) Slice(from, to int) string {
	var s strings.Builder
	s.Grow(to - from)
	for from < to {
		first := from / bytesPageLen * bytesPageLen
		end := min(to, first+bytesPageLen)
		if p := b.page(from); p != nil {
			s.Write(p[from-first : end-first])
			from = end
			continue
		}
		if known := min(end, len(b.base)); from < known {
			s.WriteString(b.base[from:known])
			from = known
		}
		s.Write(zeroPage[:end-from])
		from = end
	}
	return s.String()
}

// At returns the byte at i, which is below Len. The complexity is O(1).
func (b *Bytes) At(i int) byte {
	if p := b.page(i); p != nil {
		return p[i%bytesPageLen]
	}
	if i < len(b.base) {
		return b.base[i]
	}
	return 0
}

// ReadAt copies the bytes from off on to dst, as many as there are, and returns how many.
// The complexity is O(len(dst)).
func (b *Bytes) ReadAt(dst []byte, off int) int {
	n := 0
	for n < len(dst) && off < b.n {
		first := off / bytesPageLen * bytesPageLen
		part := dst[n:min(len(dst), n+min(first+bytesPageLen, b.n)-off)]
		if p := b.page(off); p != nil {
			copy(part, p[off-first:])
		} else {
			clear(part[copy(part, b.base[min(off, len(b.base)):]):])
		}
		n, off = n+len(part), off+len(part)
	}
	return n
}

// Append writes s behind the end. The complexity is that of WriteAt.
func (b *Bytes) Append(s string) { b.WriteAt(b.n, s) }

// WriteAt writes s over what is at off. The string grows where it is too short,
// and a gap between its end and off is filled with zeros; an empty s changes
// nothing. The complexity is O(len(s)) and the copy of the pages that s touches,
// each once after a clone; the first write after a clone also copies 8 bytes for
// every 128 KiB of the whole.
func (b *Bytes) WriteAt(off int, s string) {
	for len(s) > 0 {
		n := copy(b.own(off)[off%bytesPageLen:], s)
		off, s = off+n, s[n:]
		b.n = max(b.n, off)
	}
}

// page returns the page that has the byte at i for reading, nil if it was never
// written.
func (b *Bytes) page(i int) *[bytesPageLen]byte {
	p := b.pages.At(i / bytesPageLen)
	if p == nil {
		return nil
	}
	return p.b
}

// own returns the page that has the byte at i for writing. What lies behind Len
// in it is zero, since nothing ever becomes shorter.
func (b *Bytes) own(i int) *[bytesPageLen]byte {
	at := i / bytesPageLen
	p := b.pages.Mut(at, b.owner)
	if p.b != nil && p.owner == b.owner {
		return p.b
	}
	fresh := new([bytesPageLen]byte)
	if p.b != nil {
		*fresh = *p.b
	} else {
		b.held++
		if first := at * bytesPageLen; first < len(b.base) {
			copy(fresh[:], b.base[first:])
		}
	}
	p.b, p.owner = fresh, b.owner
	return fresh
}
