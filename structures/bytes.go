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
		text, page, n := b.piece(from, to)
		switch {
		case page != nil:
			s.Write(page)
		case text != "":
			s.WriteString(text)
		default:
			s.Write(zeroPage[:n])
		}
		from += n
	}
	return s.String()
}

// Equal says whether the whole is s, without a copy of it. The complexity is O(n) where
// n = b.Len().
func (b *Bytes) Equal(s string) bool {
	if b.n != len(s) {
		return false
	}
	var buf [digestBlock]byte
	for off := 0; off < len(s); off += len(buf) {
		part := buf[:min(len(buf), len(s)-off)]
		b.ReadAt(part, off)
		if string(part) != s[off:off+len(part)] {
			return false
		}
	}
	return true
}

// ReadAt copies the bytes from off on to dst, as many as there are, and returns how many.
// The complexity is O(len(dst)).
func (b *Bytes) ReadAt(dst []byte, off int) int {
	to := min(b.n, off+len(dst))
	from := off
	for off < to {
		text, page, n := b.piece(off, to)
		into := dst[off-from:]
		switch {
		case page != nil:
			copy(into, page)
		case text != "":
			copy(into, text)
		default:
			clear(into[:n])
		}
		off += n
	}
	return max(to-from, 0)
}

// Each calls f with the parts of the whole, in their order: texts and pages, which f must
// not change or keep. The complexity is O(n) where n = b.Len().
func (b *Bytes) Each(f func(text string, page []byte)) {
	for from := 0; from < b.n; {
		text, page, n := b.piece(from, b.n)
		if page == nil && text == "" {
			page = zeroPage[:n]
		}
		f(text, page)
		from += n
	}
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

// Put writes c over the byte at i, as WriteAt does. The complexity is that of WriteAt.
func (b *Bytes) Put(i int, c byte) {
	b.own(i)[i%bytesPageLen] = c
	b.n = max(b.n, i+1)
}

// Grow makes the string n bytes long, if it is shorter, by a hole at its end.
// The complexity is O(1).
func (b *Bytes) Grow(n int) { b.n = max(b.n, n) }

// piece returns the longest part of the bytes in [from, to), to at most Len, that begins
// at from and lies in one place: in the base, in a page, or else in a hole of n zeros.
func (b *Bytes) piece(from, to int) (text string, page []byte, n int) {
	first := from / bytesPageLen * bytesPageLen
	to = min(to, first+bytesPageLen)
	if p := b.page(from); p != nil {
		return "", p[from-first : to-first], to - from
	}
	if from < len(b.base) {
		to = min(to, len(b.base))
		return b.base[from:to], nil, to - from
	}
	return "", nil, to - from
}

// adopt makes p, which is nobody else's from now on, the page that has the byte at i and
// that was never written. Grow must follow; what lies behind Len in p is zero.
func (b *Bytes) adopt(i int, p *[bytesPageLen]byte) {
	slot := b.pages.Mut(i/bytesPageLen, b.owner)
	slot.b, slot.owner = p, b.owner
	b.held++
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
