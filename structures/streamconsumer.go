package structures

import (
	"slices"
	"strings"
)

// consumer returns the consumer with a number, nil for 0.
func (g *StreamGroup) consumer(num uint32) *StreamConsumer {
	if slot := g.consumers.At(int(num)); slot != nil {
		return slot.c
	}
	return nil
}

// current returns the consumer as the group has it now; c may be from before a clone or
// another change. It is nil if c is nil, or gone.
func (g *StreamGroup) current(c *StreamConsumer) *StreamConsumer {
	if c == nil {
		return nil
	}
	if now := g.consumer(c.num); now != nil && now.name == c.name {
		return now
	}
	return nil
}

// ownConsumer is consumer for writing.
func (g *StreamGroup) ownConsumer(num uint32) *StreamConsumer {
	c := g.consumer(num)
	if c == nil || c.owner == g.owner {
		return c
	}
	d := *c
	d.owner = g.owner
	if c.ids != nil {
		cloning.Lock()
		d.ids = c.ids.Clone()
		cloning.Unlock()
	}
	g.consumers.Mut(int(num), g.owner).c = &d
	return &d
}

func (g *StreamGroup) findConsumer(name string) (i int, found bool) {
	return slices.BinarySearchFunc(g.names, name, func(num uint32, name string) int {
		return strings.Compare(g.consumer(num).name, name)
	})
}

// Consumers returns the number of consumers. The complexity is O(1).
func (g *StreamGroup) Consumers() int { return len(g.names) }

// Consumer returns a consumer, nil if there is none of that name. The complexity is
// O(log n), n the number of consumers.
func (g *StreamGroup) Consumer(name string) *StreamConsumer {
	i, found := g.findConsumer(name)
	if !found {
		return nil
	}
	return g.consumer(g.names[i])
}

// EachConsumer calls visit with the consumers in the order of their names until it
// returns false. visit must not write. The complexity is O(n).
func (g *StreamGroup) EachConsumer(visit func(c *StreamConsumer) bool) {
	for _, num := range g.names {
		if !visit(g.consumer(num)) {
			return
		}
	}
}

// CreateConsumer adds a consumer that was seen at a time and never active. It returns
// nil if there is one of that name. The complexity is O(n), n the number of consumers.
func (g *StreamGroup) CreateConsumer(name string, seen int64) *StreamConsumer {
	i, found := g.findConsumer(name)
	if found {
		return nil
	}
	num := g.free
	if num == 0 {
		num = uint32(max(1, g.consumers.Len()))
	}
	pages := g.consumers.Pages()
	slot := g.consumers.Mut(int(num), g.owner)
	g.count(0, (g.consumers.Pages()-pages)*consumerPageHeld)
	c := &StreamConsumer{owner: g.owner, num: num, name: strings.Clone(name), seen: seen, active: NeverActive}
	g.free, slot.c, slot.next = slot.next, c, 0
	g.names = slices.Insert(g.names, i, num)
	g.count(consumerSize+len(name), consumerHeld+len(name))
	return c
}

// DeleteConsumer removes a consumer with what is pending for it, and returns how many
// entries that were. The complexity is O(n + m log m), n the number of consumers, m that
// of pending entries.
func (g *StreamGroup) DeleteConsumer(name string) (pending int, ok bool) {
	i, found := g.findConsumer(name)
	if !found {
		return 0, false
	}
	num := g.names[i]
	if ids := g.consumer(num).ids; ids != nil {
		pending = ids.Len()
		ids.Ascend(func(id StreamID) bool {
			g.unlist(id)
			return true
		})
	}
	slot := g.consumers.Mut(int(num), g.owner)
	slot.c, slot.next, g.free = nil, g.free, num
	g.names = slices.Delete(g.names, i, i+1)
	g.count(-consumerSize-len(name), -consumerHeld-len(name))
	return pending, true
}

// NeverActive is the time of the last activity of a consumer that never was.
const NeverActive = -1

// Seen sets when a consumer last tried to read or claim.
func (g *StreamGroup) Seen(c *StreamConsumer, at int64) {
	if c = g.current(c); c != nil {
		g.ownConsumer(c.num).seen = at
	}
}

// Active sets when a consumer last got something.
func (g *StreamGroup) Active(c *StreamConsumer, at int64) {
	if c = g.current(c); c != nil {
		g.ownConsumer(c.num).active = at
	}
}

// Name returns the name of the consumer.
func (c *StreamConsumer) Name() string { return c.name }

// Len returns how many entries are pending for the consumer. The complexity is O(1).
func (c *StreamConsumer) Len() int {
	if c.ids == nil {
		return 0
	}
	return c.ids.Len()
}

// SeenTime returns when the consumer last tried to read or claim.
func (c *StreamConsumer) SeenTime() int64 { return c.seen }

// ActiveTime returns when the consumer last got something, or NeverActive.
func (c *StreamConsumer) ActiveTime() int64 { return c.active }
