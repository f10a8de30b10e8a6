package structures

import "sync/atomic"

// slotRef is a slot's place in the table. Only p may be read without the lock.
type slotRef struct {
	p    atomic.Pointer[slot]
	next uint32 // the next free place, while p is nil
}

const (
	slotPageBytes = vectorPage*16 + 8
	slotOverhead  = 80 // the slot and its share of a page
)

func (t *Table) slotAt(id uint32) *slot {
	ref := t.slots.At(int(id))
	if ref == nil {
		return nil
	}
	return ref.p.Load()
}

// newSlot stores s in a free place and returns its number, which is never 0.
func (t *Table) newSlot(s *slot) uint32 {
	id := t.freeSlot
	if id == 0 {
		id = uint32(max(1, t.slots.Len()))
	}
	pages := t.slots.Pages()
	ref := t.slots.Mut(int(id), t.owner)
	t.used += (t.slots.Pages() - pages) * slotPageBytes
	t.freeSlot, ref.next = ref.next, 0
	t.setSlot(ref, s)
	return id
}

// setSlot publishes s in the place of what was there.
func (t *Table) setSlot(ref *slotRef, s *slot) {
	if old := ref.p.Load(); old != nil {
		t.used -= old.allocated()
	}
	t.used += s.allocated()
	ref.p.Store(s)
}

// freeSlotAt gives a place back. Its number may come back, so readers without
// a lock must notice.
func (t *Table) freeSlotAt(id uint32) {
	ref := t.slots.Mut(int(id), t.owner)
	t.used -= ref.p.Load().allocated()
	t.seq.Enter()
	ref.p.Store(nil)
	t.seq.Leave()
	ref.next, t.freeSlot = t.freeSlot, id
}
