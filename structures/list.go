package structures

import (
	"math/bits"
	"strings"
)

// List is a sequence of strings that is written at both ends. A small one is packed:
// a blob that begins with the number of its items. A big one is a sequence of pages,
// see [listPage]: those in the middle are in a tree, and the one at either end, where
// most is written, is outside of it, so that a push or a pop touches nothing else.
//
// An element longer than [MaxInline] is kept as the string that was given, a shorter
// one is copied.
//
// Positions count from 0 and must be below Len where a method says so.
type List struct {
	cfg  *TableConfig
	line uint64 // the same for all clones
	n    int
	size int // logical bytes of the elements

	// The packed form: the blob that was given and, once it was changed, its
	// successor, whose bytes are used again and again.
	blob    string
	buf     []byte
	changed bool

	big        bool
	head, tail *listPage // nil, or not empty
	tree       listTree  // what lies between them
}

const listOverhead = 256

// NewList returns an empty list.
func NewList(cfg *TableConfig) *List {
	owner := newOwner()
	return &List{cfg: cfg, line: owner, tree: listTree{owner: owner, pageLen: min(listPageLen, cfg.ChunkMax)}}
}

// Of returns the list of a record for reading: the object, or l as the blob says.
func (l *List) Of(rec *Record) *List {
	o, blob := rec.packed()
	if o != nil {
		return o.(*List)
	}
	l.Unpack(blob)
	return l
}

// Len returns the number of elements. The complexity is O(1).
func (l *List) Len() int { return l.n }

// Size returns the logical size in bytes: the elements with their lengths.
// The complexity is O(1).
func (l *List) Size() int { return l.size }

// Allocated returns the bytes that are held, also where a clone shares them.
// The complexity is O(1).
func (l *List) Allocated() int {
	return listOverhead + l.head.allocated() + l.tail.allocated() + l.tree.allocated()
}

// Clone returns an independent copy, a *List. Both share the pages and copy what they
// write first. It counts as a write. The complexity is O(1).
func (l *List) Clone() Object {
	c := *l
	c.blob, c.buf, c.changed = strings.Clone(l.packed()), nil, false
	c.tree.owner, l.tree.owner = newOwner(), newOwner()
	return &c
}

// append adds s to a new page at the back.
func (l *List) append(s string) {
	l.tail = l.nextPage(l.tail, s, false, l.tree.len())
	l.tail.push(s)
}

// newLen returns the length of a new page that must hold need bytes: that of the
// whole list, up to the largest.
func (l *List) newLen(need int) int {
	all := l.size + l.n*listSlotLen + need
	return max(need, min(l.tree.pageLen, 1<<bits.Len(uint(all-1))))
}

// At returns element i, which is below Len. The complexity is O(log n), n the
// length.
func (l *List) At(i int) string {
	if l.big {
		p, j := l.locate(i)
		return p.item(j)
	}
	s, _ := nextItem(l.items()[l.offset(i)-1:])
	return l.keep(s)
}

// locate returns the page that has element i, and its place in there.
func (l *List) locate(i int) (p *listPage, j int) {
	if i < l.head.len() {
		return l.head, i
	}
	i -= l.head.len()
	if n := l.tree.len(); i >= n {
		return l.tail, i - n
	}
	return l.tree.find(i)
}

// Walk calls visit with the elements from position i to the end, or back to the start,
// until it returns false. visit must not write the list. The complexity is O(log n + m),
// m the number of elements visited.
func (l *List) Walk(i int, back bool, visit func(i int, s string) bool) {
	step := 1
	if back {
		step = -1
	}
	if !l.big {
		l.walkPacked(i, step, visit)
		return
	}
	for i >= 0 && i < l.n {
		p, j := l.locate(i)
		for ; j >= 0 && j < p.len(); j += step {
			if !visit(i, p.item(j)) {
				return
			}
			i += step
		}
	}
}

// PushFront adds s before the first element. The complexity is O(1) amortised.
func (l *List) PushFront(s string) {
	if !l.big && l.put(1, 0, s) {
		l.n++
		return
	}
	if p := l.head; p == nil || p.owner != l.tree.owner || !p.down || !p.push(s) {
		l.head = l.nextPage(p, s, true, 0)
		l.head.push(s)
	}
	l.n++
	l.size += itemSize(s)
}

// PushBack adds s behind the last element. The complexity is O(1) amortised.
func (l *List) PushBack(s string) {
	if !l.big && l.put(1+l.size, 0, s) {
		l.n++
		return
	}
	if p := l.tail; p == nil || p.owner != l.tree.owner || p.down || !p.push(s) {
		l.append(s)
	}
	l.n++
	l.size += itemSize(s)
}

// nextPage returns a page with room for s in the place of p, which is nil or can't be
// written. It has the elements of p if they are few, as after pops or in a page that a
// clone shares; else p goes into the tree before element at.
func (l *List) nextPage(p *listPage, s string, down bool, at int) *listPage {
	need := itemNeed(s)
	if p != nil && p.need() <= l.tree.pageLen/2 && len(p.refs) <= listPageRefs/2 {
		fresh := newListPage(l.tree.owner, l.newLen(p.need()+need), down)
		fresh.appendAll(p)
		return fresh
	}
	if p != nil {
		l.tree.splice(at, false, p)
	}
	return newListPage(l.tree.owner, l.newLen(need), down)
}

// PopFront takes the first element off and returns it; there must be one. The
// complexity is O(1) amortised.
func (l *List) PopFront() string { return l.pop(false) }

// PopBack takes the last element off and returns it, as PopFront the first.
func (l *List) PopBack() string { return l.pop(true) }

func (l *List) pop(last bool) string {
	p := l.head
	if last {
		p = l.tail
	}
	if p.len() < 2 || p.owner != l.tree.owner {
		return l.popSlowly(last)
	}
	s := p.pop(last)
	l.n--
	l.size -= itemSize(s)
	return s
}

// popSlowly is pop where there is more to do than to move a bound.
func (l *List) popSlowly(last bool) string {
	i := 0
	if last {
		i = l.n - 1
	}
	s := l.At(i)
	l.drop(1, last)
	return s
}

// DropFront takes the first n elements off; n is at most Len. The complexity is
// O(n), but for whole pages O(log n) each.
func (l *List) DropFront(n int) { l.drop(n, false) }

// DropBack takes the last n elements off, as DropFront the first.
func (l *List) DropBack(n int) { l.drop(n, true) }

func (l *List) drop(n int, last bool) {
	switch {
	case n == 0:
	case n == l.n:
		l.Unpack("")
	case !l.big && last:
		l.cut(l.offset(l.n-n), 1+l.size)
		l.n -= n
	case !l.big:
		l.cut(1, l.offset(n))
		l.n -= n
	default:
		l.n -= n
		for n > 0 {
			n -= l.dropFrom(l.end(last), n, last)
		}
	}
}

// end returns where the page is that has the first or the last element.
func (l *List) end(last bool) **listPage {
	at, other, i := &l.head, &l.tail, 0
	if last {
		at, other, i = other, at, l.tree.len()-1
	}
	if *at == nil {
		if l.tree.root == nil {
			return other
		}
		*at = l.tree.take(i)
	}
	return at
}

// dropFrom takes up to n elements off a page at an end, and returns how many.
func (l *List) dropFrom(at **listPage, n int, last bool) int {
	p := *at
	if p.len() <= n {
		*at = nil
		l.size -= p.size
		return p.len()
	}
	p = p.own(l.tree.owner)
	*at = p
	l.size -= p.size
	for range n {
		p.pop(last)
	}
	l.size += p.size
	return n
}

// Set replaces element i, which is below Len. The complexity is O(log n), n the length,
// and the copy of a page.
func (l *List) Set(i int, s string) {
	if !l.big {
		off := l.offset(i)
		old, _ := nextItem(l.items()[off-1:])
		if l.put(off, itemSize(old), s) {
			return
		}
	}
	i = l.settle(i)
	p, j := l.tree.find(i)
	old := p.item(j)
	l.tree.rewrite(i, p.need()-itemNeed(old)+itemNeed(s), func(b *listBuilder, p *listPage, j int) {
		for k := range p.len() {
			if k == j {
				b.add(s)
			} else {
				b.add(p.item(k))
			}
		}
	})
	l.size += itemSize(s) - itemSize(old)
}

// Insert puts s before element i, or behind the last one if i is Len. The complexity is
// that of Set.
func (l *List) Insert(i int, s string) {
	switch {
	case i == 0:
		l.PushFront(s)
		return
	case i == l.n:
		l.PushBack(s)
		return
	case !l.big && l.put(l.offset(i), 0, s):
		l.n++
		return
	}
	i = l.settle(i)
	p, _ := l.tree.find(i)
	l.tree.rewrite(i, p.need()+itemNeed(s), func(b *listBuilder, p *listPage, j int) {
		for k := range p.len() {
			if k == j {
				b.add(s)
			}
			b.add(p.item(k))
		}
	})
	l.n++
	l.size += itemSize(s)
}

// settle moves the page of element i into the tree, and returns the place there.
func (l *List) settle(i int) int {
	if i < l.head.len() {
		l.tree.splice(0, false, l.head)
		l.head = nil
	}
	i -= l.head.len()
	if n := l.tree.len(); i >= n {
		l.tree.splice(n, false, l.tail)
		l.tail = nil
	}
	return i
}

// Remove removes the elements that equal s and returns how many: with a count above 0
// the first so many, below 0 the last so many, and with 0 all of them. The complexity
// is O(n), n the length, and a search from an end stops with the last that it removes.
func (l *List) Remove(s string, count int) int {
	left, back := uint(count), count < 0
	switch {
	case count == 0:
		left = uint(l.n)
	case back:
		left = -left // also of the smallest int
	}
	most := int(min(left, uint(l.n)))
	if !l.big {
		return l.removePacked(s, most, back)
	}
	removed, i := 0, 0
	if back {
		i = l.n - 1
	}
	for i >= 0 && i < l.n && removed < most {
		p, j := l.locate(i)
		start, n := i-j, p.len()
		here := min(p.count(s), most-removed)
		if here > 0 {
			l.removeFrom(start, s, here, back)
			removed += here
		}
		i = start - 1
		if !back {
			i = start + n - here
		}
	}
	return removed
}

// removeFrom removes the first, or the last, count elements that equal s from the page
// of element i, which has as many.
func (l *List) removeFrom(i int, s string, count int, back bool) {
	i = l.settle(i)
	p, _ := l.tree.find(i)
	skip := 0
	if back {
		skip = p.count(s) - count
	}
	seen := 0
	l.tree.rewrite(i, p.need()-count*itemNeed(s), func(b *listBuilder, p *listPage, _ int) {
		for k := range p.len() {
			item := p.item(k)
			if item == s {
				if seen++; seen > skip && seen <= skip+count {
					continue
				}
			}
			b.add(item)
		}
	})
	l.n -= count
	l.size -= count * itemSize(s)
}
