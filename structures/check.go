package structures

import "fmt"

// Check walks the whole table and returns the first thing that contradicts
// another: index against log, tags against keys, counts and sizes against what
// is there, deadlines against the heap. It is for tests.
func (t *Table) Check() error {
	c := checker{t: t, live: map[uint32]int{}, deadlines: map[uint32]int64{}, used: tableOverhead}
	if root := t.root.Load(); root != nil {
		c.node(root, 0, 0)
	}
	c.log()
	c.heap(&t.deadlines.heap, MaxCursor+1)
	if t.deadlines.filling {
		c.heap(&t.deadlines.next, t.deadlines.cursor)
	}
	c.want("records", t.n, c.n)
	c.want("logical bytes", t.size, c.size)
	c.want("volatile records", t.deadlines.live, c.volatile)
	c.want("shared leaves", t.shared, c.shared)
	c.want("leaves", fmt.Sprint(t.leaves), fmt.Sprint(c.leaves))
	c.used += t.chunks.Pages()*chunkPageBytes + t.slots.Pages()*slotPageBytes + t.deadlines.pages()*duePageBytes
	c.want("used bytes", t.used, c.used)
	return c.err
}

type checker struct {
	t                       *Table
	err                     error
	n, size, used, volatile int
	shared                  int // leaves of another owner
	leaves                  [tagBits + 1]int32
	live                    map[uint32]int // bytes by chunk
	slots                   int
	deadlines               map[uint32]int64 // when the first record with a tag is due
}

func (c *checker) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("structures: "+format, args...)
	}
}

func (c *checker) want(what string, counted, found any) {
	if counted != found {
		c.failf("%s: counted %v, found %v", what, counted, found)
	}
}

// node checks everything below a node that covers the tags with prefix.
func (c *checker) node(n *node, depth uint8, prefix uint64) {
	c.used += n.bytes()
	if n.bits == 0 {
		c.leaf(n, prefix)
		return
	}
	if n.depth != depth {
		c.failf("a directory at depth %d says %d", depth, n.depth)
		return
	}
	for i := 0; i < len(n.kids); {
		kid := n.kids[i].Load()
		span := 1
		at := prefix | uint64(i)<<(64-n.depth-n.bits)
		if kid.bits == 0 {
			if kid.depth <= n.depth || kid.depth > n.depth+n.bits {
				c.failf("a leaf of depth %d below a directory of %d+%d bits", kid.depth, n.depth, n.bits)
				return
			}
			span = 1 << (n.depth + n.bits - kid.depth)
		}
		for j := i; j < i+span; j++ {
			if n.kids[j].Load() != kid || n.pages[j].Load() != kid.page {
				c.failf("entries %d and %d of a directory differ", i, j)
				return
			}
		}
		c.node(kid, n.depth+n.bits, at)
		i += span
	}
}

func (c *checker) leaf(n *node, prefix uint64) {
	c.leaves[n.depth]++
	if n.owner != c.t.owner {
		c.shared++
	}
	used := 0
	for i := range n.words {
		w := n.words[i].Load()
		if w == 0 {
			continue
		}
		used++
		if n.depth > 0 && (w^prefix)>>(64-n.depth) != 0 {
			c.failf("a word %x in the leaf of prefix %x/%d", w, prefix, n.depth)
		}
		for j := n.home(w); j != i; j = (j + 1) % len(n.words) {
			if n.words[j].Load() == 0 {
				c.failf("a hole between word %x and its home", w)
				break
			}
		}
		c.word(w)
	}
	c.want("words in a leaf", n.used, used)
	if used >= len(n.words) {
		c.failf("a leaf of %d words has no room", used)
	}
}

func (c *checker) word(w uint64) {
	t := c.t
	id := uint32(w & addrMask >> offsetBits)
	ref := t.chunks.At(int(id))
	if ref == nil || ref.p.Load() == nil {
		c.failf("a word points into chunk %d, which is gone", id)
		return
	}
	if at := int(w & offsetMask); at >= int(ref.used) {
		c.failf("a word points behind the end of chunk %d", id)
		return
	}
	rec := t.wordRecord(w)
	if tag := t.cfg.Hash(rec.Key()) >> addrBits; tag != w>>addrBits {
		c.failf("key %q has tag %x and word %x", rec.Key(), tag, w)
	}
	if r := t.Find(t.cfg.Hash(rec.Key()), rec.Key()); !r.Found || r.Record.raw != rec.raw {
		c.failf("key %q is not found, or twice there", rec.Key())
	}
	c.n++
	c.size += rec.Size()
	c.live[id] += len(rec.raw)
	if rec.raw[0]&flagSlot != 0 {
		c.slots++
		if rec.slot == nil {
			c.failf("key %q has lost its slot", rec.Key())
			return
		}
		if o := rec.slot.object; o != nil && (o.Size() != rec.slot.size || o.Allocated() != rec.slot.held) {
			c.failf("the object of %q has size %d/%d, counted %d/%d", rec.Key(), o.Size(), o.Allocated(), rec.slot.size, rec.slot.held)
		}
		c.used += rec.slot.allocated()
	}
	c.hash(&rec)
	if s, ok := rec.Object().(*Stream); ok {
		if err := s.check(); err != nil {
			c.failf("the stream of %q: %w", rec.Key(), err)
		}
	}
	if at := t.Due(&rec); at != 0 {
		c.volatile++
		tag := uint32(w >> addrBits)
		if old, ok := c.deadlines[tag]; !ok || at < old {
			c.deadlines[tag] = at
		}
	}
}

// hash checks a value that is a Hash, and that the table knows when it is due.
func (c *checker) hash(rec *Record) {
	h, large := rec.Object().(*Hash)
	if !large && (rec.Object() != nil || c.t.cfg.Hashes>>rec.Kind()&1 == 0) {
		return
	}
	if !large {
		h = NewHash(c.t.cfg)
		h.Unpack(rec.Value())
	}
	if err := h.check(); err != nil {
		c.failf("the hash of %q: %w", rec.Key(), err)
	}
	if at := h.Earliest(); at != 0 && (c.t.Due(rec) == 0 || at < c.t.Due(rec)) {
		c.failf("a field of %q is overdue at %d, the record at %d", rec.Key(), at, c.t.Due(rec))
	}
}

func (c *checker) log() {
	t := c.t
	used, live := 0, 0
	for id := 1; id < t.chunks.Len(); id++ {
		ref := t.chunks.At(id)
		if ref == nil {
			continue
		}
		if ref.p.Load() == nil {
			continue
		}
		if uint32(id) == t.tail {
			used += int(ref.used)
		} else {
			used += len(ref.bytes())
		}
		live += int(ref.live)
		c.used += len(ref.bytes())
		c.want(fmt.Sprintf("live bytes of chunk %d", id), int(ref.live), c.live[uint32(id)])
	}
	c.want("bytes in the log", t.logUsed, used)
	c.want("live bytes in the log", t.logLive, live)
	slots := 0
	for id := 1; id < t.slots.Len(); id++ {
		if t.slotAt(uint32(id)) != nil {
			slots++
		}
	}
	c.want("slots", slots, c.slots)
}

// heap checks that every record with a tag below limit has an entry in h that
// is not later than its deadline, and that h is a heap.
func (c *checker) heap(h *heap, limit uint32) {
	first := map[uint32]int64{}
	for i := range h.v.Len() {
		d := *h.v.At(i)
		if i > 0 && h.v.At((i-1)/heapArity).at > d.at {
			c.failf("entry %d of the deadline heap is earlier than its parent", i)
		}
		if at, ok := first[d.tag]; !ok || d.at < at {
			first[d.tag] = d.at
		}
	}
	for tag, at := range c.deadlines {
		if e, ok := first[tag]; tag < limit && (!ok || e > at) {
			c.failf("a record that is due at %d has no entry as early", at)
		}
	}
}

// check returns the first thing in a hash that contradicts another.
func (h *Hash) check() error {
	if h.table != nil {
		return h.table.Check()
	}
	n, earliest, seen := 0, int64(0), map[string]bool{}
	for w := h.pairs(); w.next(); n++ {
		if w.deadline != 0 && (earliest == 0 || w.deadline < earliest) {
			earliest = w.deadline
		}
		if seen[w.field] {
			return fmt.Errorf("field %q is there twice", w.field)
		}
		seen[w.field] = true
	}
	switch {
	case h.Len() != n:
		return fmt.Errorf("%d fields, counted %d", n, h.Len())
	case h.Earliest() != earliest, isTimed(h.blob) != (earliest != 0):
		return fmt.Errorf("the first deadline is %d, not %d", earliest, h.Earliest())
	case len(h.blob) > packedMax:
		return fmt.Errorf("packed, with %d bytes", len(h.blob))
	}
	return nil
}

// check returns the first thing in a stream that contradicts another.
func (s *Stream) check() error {
	n, size, held := 0, 0, 0
	var inPage, prev StreamID // the last entry of the page, also a deleted one, and the last of all
	begun := false
	var err error
	s.eachPage(func(p *streamPage) bool {
		live := 0
		for i := range int(p.n) {
			id, _ := p.id(i)
			if i > 0 && !inPage.less(id) || begun && !p.isDead(i) && !prev.less(id) {
				err = fmt.Errorf("entry %v behind %v, %v", id, inPage, prev)
			}
			if inPage = id; !p.isDead(i) {
				prev, begun = id, true
				live++
			}
		}
		if live != p.live() {
			err = fmt.Errorf("%d entries in a page, counted %d", live, p.live())
		}
		n, size, held = n+live, size+p.size(), held+p.allocated()
		return true
	})
	for _, g := range s.groups {
		a, b := g.takes()
		size, held = size+a, held+b
		if e := s.checkTimes(g); e != nil {
			err = e
		}
	}
	switch {
	case err != nil:
		return err
	case n != s.n:
		return fmt.Errorf("%d entries, counted %d", n, s.n)
	case size != s.Size() || held+streamOverhead != s.Allocated():
		return fmt.Errorf("size %d/%d, counted %d/%d", size, held+streamOverhead, s.Size(), s.Allocated())
	}
	return nil
}

// checkTimes is check for the index by time of a group.
func (s *Stream) checkTimes(g *StreamGroup) (err error) {
	if g.times == nil {
		return nil
	}
	g.pending.Ascend(func(p streamPending) bool {
		if s.Has(p.id) && !g.times.Has(streamTime{p.time, p.id}) {
			err = fmt.Errorf("pending entry %v is not there by time", p.id)
		}
		return err == nil
	})
	if g.times.Len() > g.Len() {
		err = fmt.Errorf("%d pending entries, %d by time", g.Len(), g.times.Len())
	}
	return err
}
