package pubsub

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

// A topic is a channel, a sharded channel or a pattern that somebody is subscribed to.
type topic struct {
	name  string
	slots []slot // in the order of subscription; of who has left, a gap
	live  int    // slots that are none
	at    int    // of a pattern, where it is in the list
}

type slot struct {
	sub  *Subscriber
	link *link
}

// A link is what a subscriber knows of its subscription to a topic.
type link struct {
	topic *topic
	at    int // its slot
}

// join subscribes sub.
func (t *topic) join(sub *Subscriber) *link {
	l := &link{topic: t, at: len(t.slots)}
	t.slots = append(t.slots, slot{sub, l})
	t.live++
	return l
}

// leave ends a subscription. Gaps are closed when they are more than half, so that it is
// O(1) by and large, however many others there are.
func (t *topic) leave(l *link) {
	t.slots[l.at] = slot{}
	if t.live--; len(t.slots) <= 2*t.live+manyGaps {
		return
	}
	slots := make([]slot, 0, t.live)
	for _, s := range t.slots {
		if s.sub != nil {
			s.link.at = len(slots)
			slots = append(slots, s)
		}
	}
	t.slots = slots
}

const manyGaps = 8

// shards is how many locks each name space of channels has.
const shards = 64

// A space is a name space of channels.
type space struct {
	seed   maphash.Seed
	shards [shards]shard
}

// A shard holds the channels of a part of the hashes. Its lock is held while a message is
// offered to all, which is what keeps the messages of a channel in one order.
type shard struct {
	mu     sync.Mutex
	topics map[string]*topic
	_      [48]byte // no two locks in a line of the processor's cache
}

// of returns the shard of a channel.
func (sp *space) of(channel string) *shard {
	return &sp.shards[maphash.String(sp.seed, channel)%shards]
}

// join subscribes sub to a channel.
func (sp *space) join(channel string, sub *Subscriber) *link {
	sh := sp.of(channel)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	t := sh.topics[channel]
	if t == nil {
		if sh.topics == nil {
			sh.topics = map[string]*topic{}
		}
		t = &topic{name: strings.Clone(channel)}
		sh.topics[t.name] = t
	}
	return t.join(sub)
}

// leave ends a subscription.
func (sp *space) leave(l *link) {
	sh := sp.of(l.topic.name)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if l.topic.leave(l); l.topic.live == 0 {
		delete(sh.topics, l.topic.name)
	}
}

// names returns the channels that match any of the patterns, all without one.
func (sp *space) names(matching []string) (names []string) {
	for i := range sp.shards {
		sh := &sp.shards[i]
		sh.mu.Lock()
		for name := range sh.topics {
			if matchAny(matching, name) {
				names = append(names, name)
			}
		}
		sh.mu.Unlock()
	}
	return names
}

func matchAny(matching []string, name string) bool {
	for _, p := range matching {
		if Match(p, name) {
			return true
		}
	}
	return len(matching) == 0
}

// count returns how many subscribers a channel has.
func (sp *space) count(channel string) int {
	sh := sp.of(channel)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if t := sh.topics[channel]; t != nil {
		return t.live
	}
	return 0
}

// patterns are the patterns that somebody is subscribed to.
type patterns struct {
	mu     sync.RWMutex // taken after a shard's
	topics map[string]*topic
	list   []pattern    // in the order of their creation; of those that have gone, a gap
	live   atomic.Int64 // how many there are, also for those without the lock
}

type pattern struct {
	prefix  prefix
	literal string // all of what it begins with literally
	topic   *topic // nil: a gap
}

// join subscribes sub to a pattern.
func (ps *patterns) join(name string, sub *Subscriber) *link {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	t := ps.topics[name]
	if t == nil {
		if ps.topics == nil {
			ps.topics = map[string]*topic{}
		}
		t = &topic{name: strings.Clone(name), at: len(ps.list)}
		ps.topics[t.name] = t
		ps.list = append(ps.list, pattern{prefixOf(t.name), literalOf(t.name), t})
		ps.live.Add(1)
	}
	return t.join(sub)
}

// leave ends a subscription.
func (ps *patterns) leave(l *link) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if l.topic.leave(l); l.topic.live > 0 {
		return
	}
	delete(ps.topics, l.topic.name)
	ps.list[l.topic.at] = pattern{}
	if live := int(ps.live.Add(-1)); len(ps.list) > 2*live+manyGaps {
		list := make([]pattern, 0, live)
		for _, p := range ps.list {
			if p.topic != nil {
				p.topic.at = len(list)
				list = append(list, p)
			}
		}
		ps.list = list
	}
}

// A prefix is what a pattern begins with literally, or its first eight bytes: a number, so
// that to look at a pattern in vain takes one comparison and no other memory than the list's.
type prefix struct{ bytes, mask uint64 }

// prefixOf returns the prefix of a pattern.
func prefixOf(pattern string) prefix {
	n := min(len(literalOf(pattern)), 8)
	return prefix{headOf(pattern[:n]), ^uint64(0) >> (64 - 8*n)}
}

// literalOf returns what a pattern begins with literally.
func literalOf(pattern string) string {
	if n := strings.IndexAny(pattern, `*?[\`); n >= 0 {
		return pattern[:n]
	}
	return pattern
}

// headOf returns the first eight bytes of s, zeros where it is shorter.
func headOf(s string) (head uint64) {
	for i := range min(len(s), 8) {
		head |= uint64(s[i]) << (8 * i)
	}
	return head
}

// of says whether a string of this head may begin with the prefix.
func (p prefix) of(head uint64) bool { return head&p.mask == p.bytes }
