package structures

// Deliver moves a group forward that was served the entry id, if that is above its
// LastID, and counts what it has read as Redis does.
// The complexity is O(1).
func (s *Stream) Deliver(g *StreamGroup, id StreamID) {
	if !g.last.less(id) {
		return
	}
	if g.read != StreamReadUnknown && !s.tombstones(id) {
		g.read++
	} else if s.added > 0 {
		g.read = s.Distance(id)
	}
	g.last = id
}

// Lag returns how many entries a group has yet to read, false if that can't be told: the
// rules are those of Redis (streamReplyWithCGLag). The complexity is O(1).
func (s *Stream) Lag(g *StreamGroup) (lag int64, ok bool) {
	read := g.read
	switch {
	case s.added == 0:
		return 0, true
	case read == StreamReadUnknown || s.tombstones(g.last):
		read = s.Distance(g.last)
	}
	if read == StreamReadUnknown {
		return 0, false
	}
	return int64(s.added) - read, true
}

// Distance returns the place of an ID among all the entries that ever were, from 1 on, or
// StreamReadUnknown if it can't be told: the rules are those of Redis
// (streamEstimateDistanceFromFirstEverEntry). The complexity is O(1).
func (s *Stream) Distance(id StreamID) int64 {
	switch {
	case s.added == 0:
		return 0
	case s.n == 0 && !s.last.less(id), id == s.last:
		return int64(s.added)
	case s.last.less(id):
		return StreamReadUnknown
	case s.deleted.IsZero() || s.deleted.less(s.first):
		if id.less(s.first) {
			return int64(s.added) - int64(s.n)
		}
		if id == s.first {
			return int64(s.added) - int64(s.n) + 1
		}
	}
	return StreamReadUnknown
}

// tombstones says whether an entry at or behind an ID may have been deleted
// (streamRangeHasTombstones).
func (s *Stream) tombstones(from StreamID) bool {
	return s.n > 0 && !s.deleted.IsZero() && !s.deleted.less(s.first) && !s.deleted.less(from)
}
