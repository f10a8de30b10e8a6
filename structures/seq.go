package structures

import "sync/atomic"

// Seq tells readers that hold no lock whether what they read was of one moment:
// it is odd while a writer changes more than one word, and moves with every such
// change. A reader loads it before and after; if it was odd or has moved, it
// reads again under the lock. Writers hold the lock. A nil Seq is for structures
// that are only read under a lock.
type Seq struct {
	v     atomic.Uint64
	depth int
}

// Load returns the sequence number.
func (s *Seq) Load() uint64 { return s.v.Load() }

// Enter begins a change of several words. Changes nest.
func (s *Seq) Enter() {
	if s == nil {
		return
	}
	if s.depth++; s.depth == 1 {
		s.v.Add(1)
	}
}

// Leave ends a change of several words.
func (s *Seq) Leave() {
	if s == nil {
		return
	}
	if s.depth--; s.depth == 0 {
		s.v.Add(1)
	}
}
