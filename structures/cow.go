package structures

import "sync/atomic"

const (
	vectorBits = 5
	vectorPage = 1 << vectorBits
)

// lastOwner numbers the owners of pages. A page, node or spine may be written
// in place by the structure whose number it carries and by nobody else, so a
// structure gives up everything it has by taking a new number.
var lastOwner atomic.Uint64

func newOwner() uint64 { return lastOwner.Add(1) }

type page[T any] struct {
	owner uint64
	e     [vectorPage]T
}

type spine[T any] struct {
	owner uint64
	pages []atomic.Pointer[page[T]]
}

// Vector is an array in two levels whose pages and spine are shared with its
// clones until they are written. The zero Vector is empty and ready to use.
//
// At may be called without any lock while one goroutine writes, if what it
// returns is read atomically: pages are published whole, and a page that a
// reader has found is only ever written through its elements.
type Vector[T any] struct {
	root  atomic.Pointer[spine[T]]
	n     int // elements
	high  int // no page at or above this place in the spine
	pages int // pages allocated, for accounting
}

// Len returns the number of elements.
func (v *Vector[T]) Len() int { return v.n }

// Pages returns the number of pages that the vector holds.
func (v *Vector[T]) Pages() int { return v.pages }

// At returns the element at i for reading, or nil where there is none.
// The complexity is O(1).
func (v *Vector[T]) At(i int) *T {
	s, at := v.root.Load(), uint(i)>>vectorBits
	if s == nil || at >= uint(len(s.pages)) {
		return nil
	}
	p := s.pages[at].Load()
	if p == nil {
		return nil
	}
	return &p.e[i&(vectorPage-1)]
}

// Mut returns the element at i for writing in the name of owner; it makes the
// page, or a copy of a shared one, where that is needed. Elements below Len
// stay as they are. The complexity is O(1) amortised; the first write after a
// clone copies one page and the spine.
func (v *Vector[T]) Mut(i int, owner uint64) *T {
	at := i >> vectorBits
	s := v.ownSpine(at, owner)
	p := s.pages[at].Load()
	if p == nil || p.owner != owner {
		q := &page[T]{owner: owner}
		if p != nil {
			q.e = p.e
		} else {
			v.pages++
		}
		s.pages[at].Store(q)
		p = q
	}
	v.n = max(v.n, i+1)
	v.high = max(v.high, at+1)
	return &p.e[i&(vectorPage-1)]
}

// ownSpine returns a spine that owner may write and that has a place at.
func (v *Vector[T]) ownSpine(at int, owner uint64) *spine[T] {
	s := v.root.Load()
	if s != nil && s.owner == owner && at < len(s.pages) {
		return s
	}
	size := 1
	if s != nil {
		size = len(s.pages)
	}
	for size <= at {
		size += max(1, size/8) // a clone's first write copies all of it
	}
	grown := &spine[T]{owner: owner, pages: make([]atomic.Pointer[page[T]], size)}
	if s != nil {
		for i := range s.pages {
			grown.pages[i].Store(s.pages[i].Load())
		}
	}
	v.root.Store(grown)
	return grown
}

// Truncate drops the elements from n on. It keeps one spare page, so that a
// vector that shrinks and grows around a border does not allocate each time.
// The complexity is O(1) a page dropped; elements of kept pages are not
// cleared.
func (v *Vector[T]) Truncate(n int, owner uint64) {
	if n >= v.n {
		return
	}
	v.n = n
	keep := (n+vectorPage-1)>>vectorBits + 1
	if v.high <= keep {
		return
	}
	s := v.ownSpine(v.high-1, owner)
	for v.high > keep {
		v.high--
		if s.pages[v.high].Load() != nil {
			s.pages[v.high].Store(nil)
			v.pages--
		}
	}
}

// Reset makes the vector empty. The complexity is O(1).
func (v *Vector[T]) Reset() {
	v.root.Store(nil)
	v.n, v.high, v.pages = 0, 0, 0
}

// share makes dst the same vector. Both sides must write in the name of a new
// owner from then on. The complexity is O(1).
func (v *Vector[T]) share(dst *Vector[T]) {
	dst.root.Store(v.root.Load())
	dst.n, dst.high, dst.pages = v.n, v.high, v.pages
}
