package structures

// Pins adds up what frozen clones of tables keep alive: what they reach and the tables
// that they were cloned from, which are written meanwhile, no longer do. First comes
// Frozen for every pair of the two, then Live, then Bytes.
//
// What lies in the same page or place in both is shared and never looked into, so the
// time is that of what was written since. Only of a large value that was written all the
// pages are looked at, as the clone of it that lives may be under another key.
type Pins struct {
	held    map[any]int         // bytes of what is frozen
	live    map[any]struct{}    // what lives of that, as far as it is known
	objects map[uint64][]Object // frozen ones that were written or are gone, by line
	texts   bool                // held has some
}

// NewPins returns the sum of nothing.
func NewPins() *Pins {
	return &Pins{held: map[any]int{}, live: map[any]struct{}{}, objects: map[uint64][]Object{}}
}

// reach is a walk through all that something reaches.
type reach struct {
	// visit is called with the address of each piece of memory and its bytes. It returns
	// false where what is behind the piece is known.
	visit  func(id any, bytes int) bool
	object func(o Object)
	texts  bool // there were some
}

// reacher is an Object that shares pages with its clones.
type reacher interface {
	// lineage is the same for all clones.
	lineage() uint64
	reach(r *reach)
}

// CloneOf says whether both come from the same table by Clone.
func (t *Table) CloneOf(other *Table) bool { return t.line == other.line }

// Frozen adds what frozen holds and live, which comes from the same table, does not. live
// is nil where there is none any more. frozen is a clone that is only read, live may not be
// written during the call.
// The complexity is O(n), n the pages written since the clone was made.
func (p *Pins) Frozen(frozen, live *Table) {
	r := &reach{visit: p.hold, object: func(o Object) {
		if r, ok := o.(reacher); ok {
			p.objects[r.lineage()] = append(p.objects[r.lineage()], o)
		} else {
			p.hold(o, o.Allocated())
		}
	}}
	frozen.reach(r, live)
	p.texts = p.texts || r.texts
}

// hold counts a piece of memory once.
func (p *Pins) hold(id any, bytes int) bool {
	if _, known := p.held[id]; known {
		return false
	}
	if _, lives := p.live[id]; lives {
		return false
	}
	p.held[id] = bytes
	return true
}

// Live takes off what live has of what is held, since it came to it from another place.
// frozen is the oldest clone of live, nil where there is none. live may not be written
// during the call.
// The complexity is O(n), n the slots written since, and the pages of large values.
func (p *Pins) Live(live, frozen *Table) {
	if !p.texts && len(p.objects) == 0 {
		return
	}
	if frozen == nil {
		frozen = new(Table)
	}
	mark := &reach{visit: p.lives}
	all := &reach{visit: func(any, int) bool { return true }}
	reachVector(all, &live.slots, &frozen.slots, func(e, old *slotRef) {
		s := e.p.Load()
		if s == nil || old != nil && old.p.Load() == s {
			return
		}
		mark.text(s.key)
		mark.text(s.text)
		if r, ok := s.object.(reacher); ok && len(p.objects[r.lineage()]) > 0 {
			r.reach(mark)
		}
	})
}

// lives marks a piece of memory.
func (p *Pins) lives(id any, _ int) bool {
	if _, known := p.live[id]; known {
		return false
	}
	p.live[id] = struct{}{}
	return true
}

// Bytes returns the sum. The complexity is O(n), n the pieces of memory held.
func (p *Pins) Bytes() (sum int) {
	count := &reach{visit: p.hold}
	for _, list := range p.objects {
		for _, o := range list {
			o.(reacher).reach(count)
		}
	}
	for id, bytes := range p.held {
		if _, lives := p.live[id]; !lives {
			sum += bytes
		}
	}
	return sum
}

// text visits a string.
func (r *reach) text(s string) {
	if s != "" {
		r.texts = true
		r.visit(dataOf(s), len(s))
	}
}

// reach visits what t reaches and than does not at the same place, where than is nil or
// comes from the same table.
func (t *Table) reach(r *reach, than *Table) {
	if !r.visit(t, tableOverhead) {
		return
	}
	if than == nil {
		than = new(Table)
	}
	if n := t.root.Load(); n != nil {
		n.reach(r, than, 0)
	}
	reachVector(r, &t.chunks, &than.chunks, func(e, other *chunkRef) {
		if p := e.p.Load(); p != nil && (other == nil || other.p.Load() != p) {
			r.visit(p, int(e.size.Load()))
		}
	})
	reachVector(r, &t.slots, &than.slots, func(e, other *slotRef) {
		s := e.p.Load()
		if s == nil || other != nil && other.p.Load() == s || !r.visit(s, sizeOf(s)) {
			return
		}
		r.text(s.key)
		r.text(s.text)
		if s.object != nil {
			r.object(s.object)
		}
	})
	reachVector(r, &t.deadlines.heap.v, &than.deadlines.heap.v, func(*due, *due) {})
	reachVector(r, &t.deadlines.next.v, &than.deadlines.next.v, func(*due, *due) {})
}

// reach visits the node of the hashes with prefix, and what is below it, unless than has it.
func (n *node) reach(r *reach, than *Table, prefix uint64) {
	for m := than.root.Load(); m != nil; m = m.kids[m.kid(prefix)].Load() {
		if m == n {
			return
		}
		if m.bits == 0 {
			break
		}
	}
	if !r.visit(n, n.bytes()) {
		return
	}
	for i, last := 0, (*node)(nil); i < len(n.kids); i++ {
		kid := n.kids[i].Load()
		if kid != last { // a leaf may have several entries
			kid.reach(r, than, prefix|uint64(i)<<(64-n.depth-n.bits))
		}
		last = kid
	}
}

// reachVector visits the pages of v that than does not have, and calls each with their
// elements and those that than has in their place.
func reachVector[T any](r *reach, v, than *Vector[T], each func(e, other *T)) {
	s, other := v.root.Load(), than.root.Load()
	if s == nil || s == other || !r.visit(s, 32+8*len(s.pages)) {
		return
	}
	for i := range s.pages {
		p := s.pages[i].Load()
		if p == nil || other != nil && i < len(other.pages) && other.pages[i].Load() == p || !r.visit(p, sizeOf(p)) {
			continue
		}
		for j := range p.e {
			each(&p.e[j], than.At(i<<vectorBits+j))
		}
	}
}

func (h *Hash) lineage() uint64  { return h.table.lineage() }
func (s *Set) lineage() uint64   { return s.table.lineage() }
func (z *ZSet) lineage() uint64  { return z.members.lineage() }
func (l *List) lineage() uint64  { return l.line }
func (b *Bytes) lineage() uint64 { return b.line }

func (t *Table) lineage() uint64 {
	if t == nil {
		return 0
	}
	return t.line
}

func (h *Hash) reach(r *reach) {
	if r.visit(h, sizeOf(h)) && h.table != nil {
		h.table.reach(r, nil)
	}
	r.text(h.blob)
}

func (s *Set) reach(r *reach) {
	if r.visit(s, sizeOf(s)) && s.table != nil {
		s.table.reach(r, nil)
	}
	r.text(s.blob)
}

func (z *ZSet) reach(r *reach) {
	if r.visit(z, sizeOf(z)) && z.members != nil {
		z.members.reach(r, nil)
		z.tree.root.reach(r)
	}
	r.text(z.blob)
}

func (n *rankNode) reach(r *reach) {
	if n == nil || !r.visit(n, n.allocated()-cap(n.text)) {
		return
	}
	if text := n.text[:cap(n.text)]; len(text) > 0 {
		r.visit(&text[0], len(text))
	}
	for _, s := range n.long {
		r.text(s)
	}
	if n.inner != nil {
		for _, kid := range n.inner.kids[:n.n] {
			kid.reach(r)
		}
	}
}

func (l *List) reach(r *reach) {
	if r.visit(l, sizeOf(l)) {
		l.head.reach(r)
		l.tail.reach(r)
		l.tree.root.reach(r)
	}
	r.text(l.blob)
}

func (n *listNode) reach(r *reach) {
	if n == nil || !r.visit(n, listNodeBytes) {
		return
	}
	for _, kid := range n.kids {
		kid.reach(r)
	}
	for _, p := range n.pages {
		p.reach(r)
	}
}

func (p *listPage) reach(r *reach) {
	if p == nil || !r.visit(p, listPageOverhead+16*cap(p.refs)) {
		return
	}
	if len(p.buf) > 0 {
		r.visit(&p.buf[0], len(p.buf))
	}
	for _, s := range p.refs {
		r.text(s)
	}
}

func (b *Bytes) reach(r *reach) {
	if !r.visit(b, sizeOf(b)) {
		return
	}
	r.text(b.base)
	reachVector(r, &b.pages, new(Vector[bytesPage]), func(p, _ *bytesPage) {
		if p.b != nil {
			r.visit(&p.b[0], len(p.b))
		}
	})
}
