package structures

import (
	"slices"
	"strings"

	"github.com/google/btree"
)

// StreamReadUnknown is the number of entries read of a group for which it can't be told.
const StreamReadUnknown = -1

// StreamGroup is a consumer group of a stream: how far it has read, its consumers, and
// what was delivered to them and not acknowledged.
//
// Pending entries are values in a B-tree that the collector need not look into; they
// name their consumer by a number. Each consumer has a B-tree of the IDs alone.
//
// What Group and EachGroup give may only be read, what ChangeGroup and CreateGroup give
// may be written until the stream is cloned.
type StreamGroup struct {
	owner     uint64
	name      string
	last      StreamID
	read      int64
	counts    *streamCounts // of the stream
	pending   *btree.BTreeG[streamPending]
	times     *btree.BTreeG[streamTime] // nil until ByTime; without some that were deleted
	consumers Vector[consumerSlot]      // by number, from 1 on
	names     []uint32                  // the numbers, sorted by name
	free      uint32                    // the first free number
}

// StreamConsumer is a consumer of a group. It is only read; the group's methods write.
type StreamConsumer struct {
	owner        uint64
	num          uint32
	name         string
	seen, active int64
	ids          *btree.BTreeG[StreamID]
}

// StreamPending is an entry that was delivered and not acknowledged.
type StreamPending struct {
	ID       StreamID
	Time     int64           // of the last delivery, as the caller counts
	Count    int64           // deliveries
	Consumer *StreamConsumer // nil if it was released
}

type (
	streamPending struct {
		id          StreamID
		time, count int64
		num         uint32 // of the consumer, 0 if there is none
	}
	streamTime struct {
		time int64
		id   StreamID
	}
	// consumerSlot is the place of a number: a consumer, or the next free number.
	consumerSlot struct {
		c    *StreamConsumer
		next uint32
	}
)

// What is held, as measured: a B-tree whose items were added in order is half full.
const (
	groupHeld        = 208
	consumerHeld     = 180
	consumerPageHeld = vectorPage*16 + 8
	pendingHeld      = 124
	timeHeld         = 50

	pendingSize  = 36 + 16 // a pending entry, and its ID in the consumer's list
	consumerSize = 16      // two times
	groupSize    = 24      // an ID and a counter
)

// The trees keep no nodes for later: a stream would take more then when it is empty.
var (
	pendingNodes = btree.NewFreeListG[streamPending](0)
	timeNodes    = btree.NewFreeListG[streamTime](0)
	idNodes      = btree.NewFreeListG[StreamID](0)
	pageNodes    = btree.NewFreeListG[streamRef](0)
)

func newPending() *btree.BTreeG[streamPending] {
	return btree.NewWithFreeListG(streamDegree, func(a, b streamPending) bool { return a.id.less(b.id) }, pendingNodes)
}

func newTimes() *btree.BTreeG[streamTime] {
	return btree.NewWithFreeListG(streamDegree, func(a, b streamTime) bool {
		return a.time < b.time || a.time == b.time && a.id.less(b.id)
	}, timeNodes)
}

func newIDs() *btree.BTreeG[StreamID] {
	return btree.NewWithFreeListG(streamDegree, StreamID.less, idNodes)
}

// findGroup returns the place of a group, or where it would go.
func (s *Stream) findGroup(name string) (i int, found bool) {
	return slices.BinarySearchFunc(s.groups, name, func(g *StreamGroup, name string) int {
		return strings.Compare(g.name, name)
	})
}

// Groups returns the number of consumer groups. The complexity is O(1).
func (s *Stream) Groups() int { return len(s.groups) }

// EachGroup calls visit with the groups in the order of their names until it returns
// false. visit must not write. The complexity is O(n).
func (s *Stream) EachGroup(visit func(g *StreamGroup) bool) {
	for _, g := range s.groups {
		if !visit(g) {
			return
		}
	}
}

// Group returns a group for reading, nil if there is none of that name. The complexity
// is O(log n), n the number of groups.
func (s *Stream) Group(name string) *StreamGroup {
	i, found := s.findGroup(name)
	if !found {
		return nil
	}
	return s.groups[i]
}

// ChangeGroup is Group for writing. The first one after a clone copies the slice of the
// groups and, of this group, four bytes for each consumer.
func (s *Stream) ChangeGroup(name string) *StreamGroup {
	i, found := s.findGroup(name)
	if !found {
		return nil
	}
	return s.ownGroup(i)
}

func (s *Stream) ownGroups() {
	if s.gowner != s.owner {
		s.groups, s.gowner = slices.Clone(s.groups), s.owner
	}
}

func (s *Stream) ownGroup(i int) *StreamGroup {
	g := s.groups[i]
	if g.owner == s.owner {
		return g
	}
	s.ownGroups()
	s.groups[i] = g.clone(s.owner, s.counts)
	return s.groups[i]
}

// clone returns a copy of a group that nobody writes any more. To clone a tree is a
// write to it, and several streams, each under a lock of its own, may do it at once.
func (g *StreamGroup) clone(owner uint64, counts *streamCounts) *StreamGroup {
	c := &StreamGroup{
		owner: owner, name: g.name, last: g.last, read: g.read, counts: counts,
		names: slices.Clone(g.names), free: g.free,
	}
	g.consumers.share(&c.consumers)
	cloning.Lock()
	defer cloning.Unlock()
	c.pending = g.pending.Clone()
	if g.times != nil {
		c.times = g.times.Clone()
	}
	return c
}

// CreateGroup adds a group that has read up to last, and read entries of all that ever
// were, which may be StreamReadUnknown. It returns nil if there is one of that name. The
// complexity is O(n), n the number of groups.
func (s *Stream) CreateGroup(name string, last StreamID, read int64) *StreamGroup {
	i, found := s.findGroup(name)
	if found {
		return nil
	}
	s.ownGroups()
	g := &StreamGroup{owner: s.owner, name: strings.Clone(name), last: last, read: read, counts: s.counts, pending: newPending()}
	s.groups = slices.Insert(s.groups, i, g)
	g.count(groupSize+len(name), groupHeld+len(name))
	return g
}

// DestroyGroup removes a group with all that is pending in it and says whether it was
// there. The complexity is O(n), n the number of consumers and of groups.
func (s *Stream) DestroyGroup(name string) bool {
	i, found := s.findGroup(name)
	if !found {
		return false
	}
	g := s.groups[i]
	size, held := g.takes()
	s.counts.size -= size
	s.counts.held -= held
	s.ownGroups()
	s.groups = slices.Delete(s.groups, i, i+1)
	return true
}

// takes returns what a group takes. The complexity is O(n), n the number of consumers.
func (g *StreamGroup) takes() (size, held int) {
	size = groupSize + len(g.name) + g.Len()*pendingSize
	held = groupHeld + len(g.name) + g.Len()*pendingHeld + g.consumers.Pages()*consumerPageHeld
	if g.times != nil {
		held += g.times.Len() * timeHeld
	}
	for _, num := range g.names {
		n := len(g.consumer(num).name)
		size, held = size+consumerSize+n, held+consumerHeld+n
	}
	return size, held
}

// count adds to what the stream takes.
func (g *StreamGroup) count(size, held int) {
	g.counts.size += size
	g.counts.held += held
}

// Name returns the name of the group.
func (g *StreamGroup) Name() string { return g.name }

// LastID returns the ID up to which the group was served.
func (g *StreamGroup) LastID() StreamID { return g.last }

// EntriesRead returns the place of LastID among all entries that ever were, or
// StreamReadUnknown.
func (g *StreamGroup) EntriesRead() int64 { return g.read }

// SetLastID sets how far the group has read, as CreateGroup does.
func (g *StreamGroup) SetLastID(last StreamID, read int64) { g.last, g.read = last, read }

// Len returns the number of pending entries. The complexity is O(1).
func (g *StreamGroup) Len() int { return g.pending.Len() }

// view returns a pending entry as callers see it.
func (g *StreamGroup) view(p streamPending) StreamPending {
	return StreamPending{ID: p.id, Time: p.time, Count: p.count, Consumer: g.consumer(p.num)}
}

// Pending returns the pending entry with an ID. The complexity is O(log n).
func (g *StreamGroup) Pending(id StreamID) (p StreamPending, ok bool) {
	found, ok := g.pending.Get(streamPending{id: id})
	return g.view(found), ok
}

// FirstPending returns the pending entry with the lowest ID. The complexity is O(log n).
func (g *StreamGroup) FirstPending() (p StreamPending, ok bool) {
	found, ok := g.pending.Min()
	return g.view(found), ok
}

// LastPending returns the pending entry with the highest ID. The complexity is O(log n).
func (g *StreamGroup) LastPending() (p StreamPending, ok bool) {
	found, ok := g.pending.Max()
	return g.view(found), ok
}

// RangePending calls visit with the pending entries from one ID to another, both
// inclusive, until it returns false. visit must not write. The complexity is
// O(log n + m), m the number of entries visited.
func (g *StreamGroup) RangePending(from, to StreamID, visit func(p StreamPending) bool) {
	g.pending.AscendGreaterOrEqual(streamPending{id: from}, func(p streamPending) bool {
		return !to.less(p.id) && visit(g.view(p))
	})
}

// RangeConsumer is RangePending over what is pending for one consumer. The complexity is
// O(log n + m log n), m the number of entries visited.
func (g *StreamGroup) RangeConsumer(c *StreamConsumer, from, to StreamID, visit func(p StreamPending) bool) {
	if c = g.current(c); c == nil || c.ids == nil {
		return
	}
	c.ids.AscendGreaterOrEqual(from, func(id StreamID) bool {
		if to.less(id) {
			return false
		}
		p, _ := g.pending.Get(streamPending{id: id})
		return visit(g.view(p))
	})
}

// ByTime calls visit with the pending entries of a group, of all consumers, those delivered
// longest ago first and among equals by ID, until it returns false, and says whether that
// has changed the group. Those that were deleted from the stream are left out. visit must
// not write. It counts as a write: the first call makes an index, which is kept from then
// on, and what was deleted leaves it when it is met. The complexity is O(m log n), m the
// number of entries visited or found deleted, the first time O(n log n).
func (s *Stream) ByTime(g *StreamGroup, visit func(p StreamPending) bool) (changed bool) {
	if g.times == nil {
		g.times, changed = newTimes(), true
		g.pending.Ascend(func(p streamPending) bool {
			g.times.ReplaceOrInsert(streamTime{p.time, p.id})
			return true
		})
		g.count(0, g.times.Len()*timeHeld)
	}
	var gone []streamTime
	g.times.Ascend(func(t streamTime) bool {
		if !s.Has(t.id) {
			gone = append(gone, t)
			return true
		}
		p, _ := g.pending.Get(streamPending{id: t.id})
		return visit(g.view(p))
	})
	for _, t := range gone {
		g.untime(t)
	}
	return changed || len(gone) > 0
}

// untime takes a pending entry out of the index by time, if it is there.
func (g *StreamGroup) untime(t streamTime) {
	if g.times == nil {
		return
	}
	if _, found := g.times.Delete(t); found {
		g.count(0, -timeHeld)
	}
}

// forgetTimes drops the indexes by time.
func (s *Stream) forgetTimes() {
	for i, g := range s.groups {
		if g.times != nil {
			g = s.ownGroup(i)
			g.count(0, -g.times.Len()*timeHeld)
			g.times = nil
		}
	}
}

// Put makes an entry pending as p says: it is added, or given another consumer, time or
// count. Without a Consumer of the group it is released. The complexity is O(log n).
func (g *StreamGroup) Put(p StreamPending) {
	next := streamPending{id: p.ID, time: p.Time, count: p.Count}
	if c := g.current(p.Consumer); c != nil {
		next.num = c.num
	}
	old, found := g.pending.ReplaceOrInsert(next)
	if !found {
		g.count(pendingSize, pendingHeld)
	}
	if g.times != nil {
		if found && old.time != next.time {
			g.untime(streamTime{old.time, p.ID})
		}
		if _, there := g.times.ReplaceOrInsert(streamTime{next.time, p.ID}); !there {
			g.count(0, timeHeld)
		}
	}
	if found && old.num == next.num {
		return
	}
	g.disown(old.num, p.ID)
	if c := g.ownConsumer(next.num); c != nil {
		if c.ids == nil {
			c.ids = newIDs()
		}
		c.ids.ReplaceOrInsert(p.ID)
	}
}

// Ack removes a pending entry and says whether it was there. The complexity is O(log n).
func (g *StreamGroup) Ack(id StreamID) bool {
	old, found := g.unlist(id)
	if found {
		g.disown(old.num, id)
	}
	return found
}

// unlist removes a pending entry, but not from the list of its consumer.
func (g *StreamGroup) unlist(id StreamID) (old streamPending, found bool) {
	old, found = g.pending.Delete(streamPending{id: id})
	if !found {
		return old, false
	}
	g.count(-pendingSize, -pendingHeld)
	g.untime(streamTime{old.time, id})
	return old, true
}

// disown takes an ID from the list of a consumer, if there is one.
func (g *StreamGroup) disown(num uint32, id StreamID) {
	if c := g.ownConsumer(num); c != nil {
		if c.ids.Delete(id); c.ids.Len() == 0 {
			c.ids = nil
		}
	}
}
