package structures

import "slices"

// A listPage is a run of the elements of a big list: a block of bytes without
// pointers, to which elements are only ever appended. Each lies as an item of a
// blob, behind its length; a slot of two bytes says where. So an element is found
// without a walk, a string taken from a page never changes, and taking an element
// off either end moves a bound.
//
// A page that grows upwards has its items from the start of the block on and the
// slots from its end down; it takes elements behind its last. One that grows
// downwards is its mirror image, and takes them before its first. An element too
// large for a page is kept by reference, and its slot says which.
type listPage struct {
	owner    uint64 // who may change this struct
	buf      []byte
	refs     []string // the elements kept by reference, in the order of their slots
	size     int      // logical bytes of the elements
	refSize  int      // of these, those of refs
	refBytes int      // the bytes of refs
	lo, hi   int32    // the slots of the elements
	wrote    int32    // bytes that items have taken
	down     bool     // grows downwards
	sealed   bool     // somebody else has buf, too
}

const (
	listPageLen  = 4 << 10 // bytes of a page
	listPageRefs = 64      // elements by reference in a page
	listSlotLen  = 2
	listRefFlag  = 1 << 15 // of a slot: the rest is the place in refs

	listPageOverhead = 112 // the struct and its share of the tree
)

// itemSize is the length of an item in a blob, its logical size.
func itemSize(s string) int {
	if len(s) < 0x80 {
		return 1 + len(s)
	}
	return uvarintLen(len(s)) + len(s)
}

// itemNeed is what an element takes in a page.
func itemNeed(s string) int {
	if len(s) > MaxInline {
		return listSlotLen
	}
	return listSlotLen + itemSize(s)
}

// newListPage returns an empty page of n bytes.
func newListPage(owner uint64, n int, down bool) *listPage {
	return &listPage{owner: owner, buf: make([]byte, n), down: down}
}

func (p *listPage) len() int {
	if p == nil {
		return 0
	}
	return int(p.hi - p.lo)
}

// need is what the elements would take in a page of their own.
func (p *listPage) need() int { return p.size - p.refSize + p.len()*listSlotLen }

// allocated is what the page takes in memory.
func (p *listPage) allocated() int {
	if p == nil {
		return 0
	}
	return listPageOverhead + len(p.buf) + cap(p.refs)*16 + p.refBytes
}

// slot returns the two bytes of slot k.
func (p *listPage) slot(k int32) *[listSlotLen]byte {
	at := int(k) * listSlotLen
	if !p.down {
		at = len(p.buf) - at - listSlotLen
	}
	return (*[listSlotLen]byte)(p.buf[at:])
}

// item returns element i.
func (p *listPage) item(i int) string {
	k := p.lo + int32(i)
	if p.down {
		k = p.hi - 1 - int32(i)
	}
	return p.at(k)
}

// at returns the element of slot k.
func (p *listPage) at(k int32) string {
	s := p.slot(k)
	at := int(s[0]) | int(s[1])<<8
	if at&listRefFlag != 0 {
		return p.refs[at&^listRefFlag]
	}
	n := int(p.buf[at])
	if at++; n >= 0x80 { // two bytes do for MaxInline
		n = n&0x7f | int(p.buf[at])<<7
		at++
	}
	return piece(p.buf[at : at+n])
}

// count returns how many elements equal s.
func (p *listPage) count(s string) (n int) {
	for k := p.lo; k < p.hi; k++ {
		if p.at(k) == s {
			n++
		}
	}
	return n
}

// push adds an element at the end at which the page grows, if there is room and
// nobody else has the page.
func (p *listPage) push(s string) bool {
	free := len(p.buf) - int(p.wrote) - (int(p.hi)+1)*listSlotLen
	if p.sealed || free < 0 {
		return false
	}
	size, at := itemSize(s), int(p.wrote)
	if len(s) > MaxInline {
		if len(p.refs) == listPageRefs {
			return false
		}
		at = len(p.refs) | listRefFlag
		p.refs = append(p.refs, s)
		p.refSize += size
		p.refBytes += len(s)
	} else {
		if size > free {
			return false
		}
		p.wrote += int32(size)
		if p.down {
			at = len(p.buf) - int(p.wrote)
		}
		if len(s) < 0x80 { // appendItem, but inlined
			item := p.buf[at : at+size]
			item[0] = byte(len(s))
			copy(item[1:], s)
		} else {
			appendItem(p.buf[at:at], s)
		}
	}
	slot := p.slot(p.hi)
	slot[0], slot[1] = byte(at), byte(at>>8)
	p.hi++
	p.size += size
	return true
}

// pop takes the first element or the last one off and returns it.
func (p *listPage) pop(last bool) string {
	k := p.lo
	if last != p.down {
		k = p.hi - 1
	}
	s := p.at(k)
	p.size -= itemSize(s)
	if len(s) > MaxInline {
		p.forget(k, s)
	}
	if k == p.lo {
		p.lo++
	} else {
		p.hi--
	}
	return s
}

// forget lets go of the element of slot k, at an end, which is kept by reference.
func (p *listPage) forget(k int32, s string) {
	p.refSize -= itemSize(s)
	p.refBytes -= len(s)
	slot := p.slot(k)
	at := (int(slot[0]) | int(slot[1])<<8) &^ listRefFlag
	p.refs[at] = ""
	if k == p.hi-1 {
		p.refs = p.refs[:at]
	}
}

// own returns the page for owner to change: itself, or a copy that shares its bytes
// and does not grow.
func (p *listPage) own(owner uint64) *listPage {
	if p.owner == owner {
		return p
	}
	c := *p
	c.owner, c.sealed = owner, true
	c.refs = slices.Clone(p.refs)
	return &c
}

// appendAll pushes the elements of q, for which there is room.
func (p *listPage) appendAll(q *listPage) {
	for i, n := 0, q.len(); i < n; i++ {
		if p.down {
			p.push(q.item(n - 1 - i))
		} else {
			p.push(q.item(i))
		}
	}
}

// listBuilder makes the pages that take the place of others.
type listBuilder struct {
	owner uint64
	limit int // bytes of a page
	left  int // bytes that are still to come
	pages []*listPage
	first [4]*listPage
}

// begin announces elements that need so many bytes in pages of at most pageLen.
// Where they don't fit into one, they are spread evenly.
func (b *listBuilder) begin(owner uint64, need, pageLen int) {
	b.owner, b.left, b.limit, b.pages = owner, need, need, b.first[:0]
	if need > pageLen {
		share := need / ((need + pageLen - 1) / pageLen)
		b.limit = min(pageLen, share+share/4+packedItemMax)
	}
}

// add appends an element.
func (b *listBuilder) add(s string) {
	need := itemNeed(s)
	if n := len(b.pages); n == 0 || !b.pages[n-1].push(s) {
		p := newListPage(b.owner, max(need, min(b.left, b.limit)), false)
		p.push(s)
		b.pages = append(b.pages, p)
	}
	b.left -= need
}
