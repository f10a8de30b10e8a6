package structures

import (
	"math"

	"github.com/google/btree"
)

// StreamID is the ID of a stream's entry: a time in milliseconds and a number within it.
type StreamID struct{ Ms, Seq uint64 }

// MaxStreamID is the last ID there can be; the first one is the zero StreamID, which no
// entry has.
var MaxStreamID = StreamID{math.MaxUint64, math.MaxUint64}

// Compare returns -1 if id comes before other, 1 if behind it, and 0 if they are equal.
func (id StreamID) Compare(other StreamID) int {
	switch {
	case id == other:
		return 0
	case id.less(other):
		return -1
	}
	return 1
}

func (id StreamID) less(other StreamID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// IsZero says whether id is 0-0.
func (id StreamID) IsZero() bool { return id == StreamID{} }

// Next returns the ID right after id, false if id is the last one.
func (id StreamID) Next() (StreamID, bool) {
	switch {
	case id == MaxStreamID:
		return id, false
	case id.Seq == math.MaxUint64:
		return StreamID{Ms: id.Ms + 1}, true
	}
	return StreamID{id.Ms, id.Seq + 1}, true
}

// Prev returns the ID right before id, false if id is 0-0.
func (id StreamID) Prev() (StreamID, bool) {
	switch {
	case id.IsZero():
		return id, false
	case id.Seq == 0:
		return StreamID{id.Ms - 1, math.MaxUint64}, true
	}
	return StreamID{id.Ms, id.Seq - 1}, true
}

// Stream is a log of entries, each with an ID and pairs of fields and values, and the
// consumer groups that read it. The entries lie in pages, see [streamPage]: the last
// one, which is appended to, and a B-tree of those before it.
//
// A page has the entries that a node of a Redis stream would have, since what a trim
// that need not be exact removes is whole nodes, and XINFO counts them.
type Stream struct {
	owner   uint64
	n       int
	added   uint64
	last    StreamID
	first   StreamID // of the first entry, zero if there is none
	deleted StreamID // the highest ID that was deleted
	counts  *streamCounts
	config  [2]int // what SetConfig has set

	tail   *streamPage // nil only if there are no pages
	tree   *btree.BTreeG[streamRef]
	groups []*StreamGroup // sorted by name
	gowner uint64         // who may write groups
}

// streamCounts is what a stream and its groups take, apart from the stream so that a
// group does not keep it.
type streamCounts struct{ size, held int }

// streamRef is the place of a page in the tree.
type streamRef struct {
	base StreamID
	page *streamPage
}

const (
	streamDegree   = 32
	streamOverhead = 160
)

// NewStream returns an empty stream.
func NewStream() *Stream {
	owner := newOwner()
	return &Stream{owner: owner, gowner: owner, counts: new(streamCounts)}
}

// Len returns the number of entries. The complexity is O(1).
func (s *Stream) Len() int { return s.n }

// Size returns the logical size in bytes: the encoded entries, the fields that they
// share, and what is pending. The complexity is O(1).
func (s *Stream) Size() int { return s.counts.size }

// Allocated returns the bytes that are held, also where a clone shares them.
// The complexity is O(1).
func (s *Stream) Allocated() int { return streamOverhead + s.counts.held }

// Clone returns an independent copy, a *Stream. Both share the pages and the groups and
// copy what they write first; a *StreamGroup or *StreamConsumer that was got for writing
// may not be written any more. It counts as a write. The complexity is O(1).
func (s *Stream) Clone() Object {
	c := *s
	c.counts = new(streamCounts)
	*c.counts = *s.counts
	if s.tree != nil {
		c.tree = s.tree.Clone()
	}
	c.owner, s.owner = newOwner(), newOwner()
	return &c
}

// LastID returns the highest ID that was given to an entry, or set by SetLastID.
func (s *Stream) LastID() StreamID { return s.last }

// SetLastID sets what LastID returns; the entries must not be above id. The complexity is
// O(1), and O(n), n the number of groups, if id is below LastID.
func (s *Stream) SetLastID(id StreamID) {
	if id.less(s.last) {
		s.forgetTimes() // what was deleted may be added once more
	}
	s.last = id
}

// FirstID returns the ID of the first entry, zero if there is none.
func (s *Stream) FirstID() StreamID { return s.first }

// MaxDeletedID returns the highest ID that Delete has removed, or that was set.
func (s *Stream) MaxDeletedID() StreamID { return s.deleted }

// SetMaxDeletedID sets what MaxDeletedID returns.
func (s *Stream) SetMaxDeletedID(id StreamID) { s.deleted = id }

// EntriesAdded returns how many entries were ever added, or what was set plus those since.
func (s *Stream) EntriesAdded() uint64 { return s.added }

// SetEntriesAdded sets what EntriesAdded returns.
func (s *Stream) SetEntriesAdded(n uint64) { s.added = n }

// Config returns what SetConfig has set, 0 where nothing was.
func (s *Stream) Config() (seconds, size int) { return s.config[0], s.config[1] }

// SetConfig keeps two numbers with the stream, which mean nothing to it.
func (s *Stream) SetConfig(seconds, size int) { s.config = [2]int{seconds, size} }

// Add appends an entry with fields and values in turn, so that there is an even number
// of pairs' strings; they are copied. id must be above LastID. The complexity is O(1)
// amortised, and O(n) in the bytes of the entry.
func (s *Stream) Add(id StreamID, pairs []string) {
	for s.tail != nil && !s.tail.base.less(id) {
		s.dropPage(s.tail) // all of it was deleted, and LastID set back
	}
	if s.tail != nil && !s.tail.lastID().less(id) {
		s.tail = s.ownPage(s.tail)
		s.tail.cutTo(id)
	}
	if s.tail == nil || s.tail.full(pairsBytes(pairs)) {
		s.addPage(id, pairs)
	}
	s.tail = s.ownPage(s.tail)
	s.counts.held -= s.tail.allocated()
	s.counts.size += s.tail.add(id, pairs)
	s.counts.held += s.tail.allocated()
	if s.n == 0 {
		s.first = id
	}
	s.n++
	s.added++
	s.last = id
}

// addPage makes a new tail for an entry.
func (s *Stream) addPage(id StreamID, pairs []string) {
	fresh := newStreamPage(s.owner, id, pairs, s.tail)
	if old := s.tail; old != nil {
		if old.owner == s.owner {
			s.counts.held -= old.allocated()
			old.seal()
			s.counts.held += old.allocated()
		}
		if s.tree == nil {
			s.tree = btree.NewWithFreeListG(streamDegree, func(a, b streamRef) bool { return a.base.less(b.base) }, pageNodes)
		}
		s.tree.ReplaceOrInsert(streamRef{old.base, old})
	}
	s.tail = fresh
	s.counts.size += fresh.used
	s.counts.held += fresh.allocated()
}

// ownPage returns the page, or a copy that may be written.
func (s *Stream) ownPage(p *streamPage) *streamPage {
	if p.owner == s.owner {
		return p
	}
	c := p.clone(s.owner)
	s.counts.held += c.allocated() - p.allocated()
	return c
}

// First returns the first entry. The complexity is O(log n).
func (s *Stream) First() (e StreamEntry, ok bool) { return s.edge(false) }

// Last returns the last entry. The complexity is O(log n).
func (s *Stream) Last() (e StreamEntry, ok bool) { return s.edge(true) }

func (s *Stream) edge(last bool) (e StreamEntry, ok bool) {
	s.Range(StreamID{}, MaxStreamID, last, func(found StreamEntry) bool {
		e, ok = found, true
		return false
	})
	return e, ok
}

// Get returns the entry with an ID. The complexity is O(log n).
func (s *Stream) Get(id StreamID) (e StreamEntry, ok bool) {
	p := s.pageOf(id)
	if p == nil {
		return e, false
	}
	i, found := p.find(id)
	if !found || p.isDead(i) {
		return e, false
	}
	return p.entry(i), true
}

// Has says whether there is an entry with an ID. The complexity is O(log n).
func (s *Stream) Has(id StreamID) bool {
	_, ok := s.Get(id)
	return ok
}

// pageOf returns the page that would have id, nil if that is before all.
func (s *Stream) pageOf(id StreamID) (p *streamPage) {
	if s.tail == nil {
		return nil
	}
	if !id.less(s.tail.base) {
		return s.tail
	}
	if s.tree != nil {
		s.tree.DescendLessOrEqual(streamRef{base: id}, func(r streamRef) bool {
			p = r.page
			return false
		})
	}
	return p
}

// Range calls visit with the entries from one ID to another, both inclusive, until it
// returns false; back is from the last one on. visit must not write. The complexity is
// O(log n + m), m the number of entries visited.
func (s *Stream) Range(from, to StreamID, back bool, visit func(e StreamEntry) bool) {
	if s.tail == nil || to.less(from) {
		return
	}
	if back {
		s.descend(from, to, visit)
		return
	}
	if s.tree != nil && from.less(s.tail.base) {
		start := streamRef{base: from}
		if p := s.pageOf(from); p != nil {
			start.base = p.base
		}
		more := true
		s.tree.AscendGreaterOrEqual(start, func(r streamRef) bool {
			more = r.page.ascend(from, to, visit)
			return more
		})
		if !more {
			return
		}
	}
	s.tail.ascend(from, to, visit)
}

func (s *Stream) descend(from, to StreamID, visit func(e StreamEntry) bool) {
	if !s.tail.descend(from, to, visit) || s.tree == nil || !from.less(s.tail.base) {
		return
	}
	s.tree.DescendLessOrEqual(streamRef{base: to}, func(r streamRef) bool {
		return r.page.descend(from, to, visit) && from.less(r.base)
	})
}

// Delete removes the entry with an ID and says whether it was there. What is pending
// stays. The complexity is O(log n).
func (s *Stream) Delete(id StreamID) bool {
	p := s.pageOf(id)
	if p == nil {
		return false
	}
	i, found := p.find(id)
	if !found || p.isDead(i) {
		return false
	}
	if p.live() == 1 {
		s.dropPage(p)
	} else {
		s.kill(p, i)
	}
	if s.deleted.less(id) {
		s.deleted = id
	}
	if id == s.first {
		s.findFirst()
	}
	return true
}

// kill takes entry i of a page away; the page may become empty. It returns the page as
// it is now.
func (s *Stream) kill(p *streamPage, i int) *streamPage {
	if q := s.ownPage(p); q != p {
		s.replace(q)
		p = q
	}
	s.counts.size -= p.kill(i)
	s.n--
	return p
}

// replace puts p in the place of the page with the same base.
func (s *Stream) replace(p *streamPage) {
	if s.tail.base == p.base {
		s.tail = p
	} else {
		s.tree.ReplaceOrInsert(streamRef{p.base, p})
	}
}

// dropPage removes a page with all of its entries.
func (s *Stream) dropPage(p *streamPage) {
	s.n -= p.live()
	s.counts.size -= p.size()
	s.counts.held -= p.allocated()
	if p.base != s.tail.base {
		s.tree.Delete(streamRef{base: p.base})
	} else {
		s.tail = nil
		if s.tree != nil {
			if r, ok := s.tree.DeleteMax(); ok {
				s.tail = r.page
			}
		}
	}
	if s.tree != nil && s.tree.Len() == 0 {
		s.tree = nil
	}
}

// findFirst sets the ID of the first entry.
func (s *Stream) findFirst() {
	e, _ := s.First()
	s.first = e.ID
}
