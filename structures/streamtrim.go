package structures

// StreamRefs says what becomes of what is pending when an entry is removed: Redis 8.2's
// KEEPREF, DELREF and ACKED.
type StreamRefs uint8

// What becomes of pending entries.
const (
	KeepRefs  StreamRefs = iota // they stay
	DropRefs                    // they go, too
	AckedOnly                   // only entries go to which nothing refers
)

// StreamTrim says what to trim: entries below MinID if ByID is set, else all but the
// last MaxLen.
type StreamTrim struct {
	ByID   bool
	MaxLen int
	MinID  StreamID
	Approx bool // only whole pages
	Limit  int  // at most so many entries if it is above 0
	Refs   StreamRefs
}

// Trim removes entries from the start of the stream and returns how many: those that
// Redis removes (streamTrim), also with Approx and Limit. With AckedOnly it goes on
// behind a page that has to stay. MaxDeletedID stays as it is. The complexity is
// O(n log n), n the number of pages removed, and one page; with DropRefs and AckedOnly n
// is the number of entries.
func (s *Stream) Trim(t StreamTrim) (removed int) {
	if removed = s.trim(t); removed > 0 {
		s.findFirst()
	}
	return removed
}

func (s *Stream) trim(t StreamTrim) (removed int) {
	var from StreamID
	for t.ByID || s.n > t.MaxLen {
		p := s.pageFrom(from)
		if p == nil {
			break
		}
		entries := p.live()
		if t.Limit > 0 && removed+entries > t.Limit {
			break
		}
		whole := s.n-entries >= t.MaxLen
		if t.ByID {
			whole = p.lastID().less(t.MinID)
		}
		switch {
		case whole && t.Refs == KeepRefs:
			s.dropPage(p)
			removed += entries
			continue
		case !whole && t.Approx:
			return removed
		case !t.Approx || t.Refs == DropRefs || !s.refersTo(p):
			some := s.trimPage(p, t, whole)
			removed += some
			whole = whole || some == entries // only a deleted one was not below MinID
		}
		if !whole {
			break
		}
		from, _ = p.base.Next()
	}
	return removed
}

// pageFrom returns the first page that begins with an ID or behind it, nil if there is
// none.
func (s *Stream) pageFrom(id StreamID) (p *streamPage) {
	if s.tail == nil || s.tail.base.less(id) {
		return nil
	}
	p = s.tail
	if s.tree != nil {
		s.tree.AscendGreaterOrEqual(streamRef{base: id}, func(r streamRef) bool {
			p = r.page
			return false
		})
	}
	return p
}

// refersTo says whether something refers to an entry of a page.
func (s *Stream) refersTo(p *streamPage) bool {
	for i := range int(p.n) {
		if id, _ := p.id(i); !p.isDead(i) && s.Referenced(id) {
			return true
		}
	}
	return false
}

// trimPage removes entries from the start of a page and returns how many. The page stays
// even without entries, as the node in Redis, unless whole says that it may go.
func (s *Stream) trimPage(p *streamPage, t StreamTrim, whole bool) (removed int) {
	for i, n := 0, int(p.n); i < n && (t.ByID || s.n > t.MaxLen); i++ {
		if p.isDead(i) {
			continue
		}
		id, _ := p.id(i)
		if t.ByID && !id.less(t.MinID) {
			break
		}
		if t.Refs == AckedOnly && s.Referenced(id) {
			continue
		}
		if t.Refs == DropRefs {
			s.DropRefs(id)
		}
		p = s.kill(p, i)
		removed++
	}
	if whole && p.live() == 0 {
		s.dropPage(p)
	}
	return removed
}

// Referenced says whether an ID is pending in a group or was not yet delivered to one.
// The complexity is O(n log m), n the number of groups, m that of what is pending.
func (s *Stream) Referenced(id StreamID) bool {
	for _, g := range s.groups {
		if g.last.less(id) || g.pending.Has(streamPending{id: id}) {
			return true
		}
	}
	return false
}

// DropRefs removes what is pending for an ID in every group and says whether there was
// something. The complexity is that of Referenced.
func (s *Stream) DropRefs(id StreamID) (dropped bool) {
	for i, g := range s.groups {
		if g.pending.Has(streamPending{id: id}) {
			dropped = s.ownGroup(i).Ack(id)
		}
	}
	return dropped
}
