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

// Trim removes entries from the start of the stream and returns how many: exactly those
// that Redis removes, also with Approx and Limit. MaxDeletedID stays as it is. The
// complexity is O(n log n), n the number of pages removed, and one page; with DropRefs
// and AckedOnly n is the number of entries.
func (s *Stream) Trim(t StreamTrim) (removed int) {
	panic("not yet")
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
