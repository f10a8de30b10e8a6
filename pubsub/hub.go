package pubsub

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Hub brings messages from publishers to subscribers. Make one with [NewHub]; until
// somebody subscribes it takes hardly any memory. All methods may be called by any number of
// goroutines.
//
// Its locks, each taken before those that follow: a subscriber's; that of a channel's shard;
// that of the patterns; a queue's. The hub's own, mu, is taken alone or under a subscriber's.
type Hub struct {
	subscriptions atomic.Int64
	tables        atomic.Pointer[tables] // made with the first subscriber

	mu     sync.Mutex  // guards what follows
	first  *Subscriber // of a list of all
	closed bool
	why    error
}

type tables struct {
	channels, sharded space
	patterns          patterns
}

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return new(Hub) }

// NewSubscriber returns a subscriber, with no subscription yet, whose queue has the limit and
// the policy: see [NewQueue]. On a closed hub it has ended.
func (h *Hub) NewSubscriber(limit int, policy Policy) *Subscriber {
	s := &Subscriber{hub: h}
	s.queue.init(limit, policy, nil)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.queue.Close(h.why)
		return s
	}
	if h.tables.Load() == nil {
		seed := maphash.MakeSeed()
		t := new(tables)
		t.channels.seed, t.sharded.seed = seed, seed
		h.tables.Store(t)
	}
	if s.next = h.first; s.next != nil {
		s.next.prev = s
	}
	h.first = s
	return s
}

// forget takes a subscriber out of the list.
func (h *Hub) forget(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case s.prev != nil:
		s.prev.next = s.next
	case h.first == s:
		h.first = s.next
	default:
		return // it is not there
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.prev, s.next = nil, nil
}

// Close ends all subscribers, each as [Queue.Close] does, and those that come later. err is
// not nil. The first error counts.
func (h *Hub) Close(err error) {
	h.mu.Lock()
	if !h.closed {
		h.closed, h.why = true, err
	}
	var all []*Subscriber
	for s := h.first; s != nil; s = s.next {
		all = append(all, s)
	}
	h.mu.Unlock()
	for _, s := range all {
		s.Close(err)
	}
}

func (h *Hub) join(kind MessageKind, name string, s *Subscriber) *link {
	t := h.tables.Load()
	h.subscriptions.Add(1)
	switch kind {
	case PatternMessage:
		return t.patterns.join(name, s)
	case ShardMessage:
		return t.sharded.join(name, s)
	}
	return t.channels.join(name, s)
}

func (h *Hub) leave(kind MessageKind, l *link) {
	t := h.tables.Load()
	switch kind {
	case PatternMessage:
		t.patterns.leave(l)
	case ShardMessage:
		t.sharded.leave(l)
	default:
		t.channels.leave(l)
	}
	h.subscriptions.Add(-1)
}

// Idle says whether nobody is subscribed to anything.
func (h *Hub) Idle() bool { return h.subscriptions.Load() == 0 }

// Publish offers a message to the subscribers of a channel, in the order in which they
// subscribed, and then to those of the patterns that match it, in the order of the patterns'
// creation. It returns how often the message was taken: a subscriber may get it by its
// channel and by several patterns. It waits for nobody.
//
// The complexity is O(s + p), s the number of those who get it and p of all patterns.
func (h *Hub) Publish(channel, payload string) int {
	var d delivery
	h.publish(&d, channel, payload)
	return d.taken
}

// PublishContext is Publish that waits for room where the policy is [Block]: at one
// subscriber after the other. When ctx ends it returns its error, and how many have the
// message all the same.
func (h *Hub) PublishContext(ctx context.Context, channel, payload string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d := delivery{waits: true}
	h.publish(&d, channel, payload)
	err := d.wait(ctx)
	return d.taken, err
}

// Receivers returns how often Publish would offer a message of the channel.
func (h *Hub) Receivers(channel string) int {
	d := delivery{asks: true}
	h.publish(&d, channel, "")
	return d.taken
}

func (h *Hub) publish(d *delivery, channel, payload string) {
	if h.Idle() {
		return
	}
	t := h.tables.Load()
	t.publish(d, channel, payload)
	d.removeEnded()
}

// publish offers under the lock of the channel, so that all get its messages in one order.
func (t *tables) publish(d *delivery, channel, payload string) {
	sh := t.channels.of(channel)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m := Message{Channel: channel, Payload: payload}
	if topic := sh.topics[channel]; topic != nil {
		m.Channel = topic.name
		d.offer(topic, &m)
	}
	if t.patterns.live.Load() == 0 {
		return
	}
	t.patterns.mu.RLock()
	defer t.patterns.mu.RUnlock()
	m.Kind = PatternMessage
	head := headOf(channel)
	for i := range t.patterns.list {
		p := &t.patterns.list[i]
		if p.prefix.of(head) && p.topic != nil && strings.HasPrefix(channel, p.literal) && Match(p.topic.name, channel) {
			m.Pattern = p.topic.name
			d.offer(p.topic, &m)
		}
	}
}

// SPublish offers a message to the subscribers of a sharded channel. Patterns do not match it.
func (h *Hub) SPublish(channel, payload string) int {
	var d delivery
	h.spublish(&d, channel, payload)
	return d.taken
}

// SPublishContext is SPublish that waits as [Hub.PublishContext] does.
func (h *Hub) SPublishContext(ctx context.Context, channel, payload string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d := delivery{waits: true}
	h.spublish(&d, channel, payload)
	err := d.wait(ctx)
	return d.taken, err
}

func (h *Hub) spublish(d *delivery, channel, payload string) {
	if h.Idle() {
		return
	}
	t := h.tables.Load()
	sh := t.sharded.of(channel)
	sh.mu.Lock()
	if topic := sh.topics[channel]; topic != nil {
		m := Message{Channel: topic.name, Payload: payload, Kind: ShardMessage}
		d.offer(topic, &m)
	}
	sh.mu.Unlock()
	d.removeEnded()
}

// A delivery is one message on its way.
type delivery struct {
	waits bool // the publisher has a context
	asks  bool // it only wants to know who would get it
	taken int
	lines []line
	ended []*Subscriber // with this message; still in the hub
}

// line is where the publisher waits for room.
type line struct {
	sub    *Subscriber
	ticket *ticket[Message]
}

// offer offers m to the subscribers of a topic.
func (d *delivery) offer(t *topic, m *Message) {
	if d.asks {
		d.taken += t.live
		return
	}
	for i := range t.slots {
		sub := t.slots[i].sub
		switch {
		case sub == nil:
			continue
		case d.waits:
			d.offerOrQueue(sub, m)
			continue
		}
		switch sub.queue.offer(m) {
		case taken:
			d.taken++
		case ended:
			d.ended = append(d.ended, sub)
		}
	}
}

func (d *delivery) offerOrQueue(sub *Subscriber, m *Message) {
	out, ticket := sub.queue.offerOrQueue(m)
	switch {
	case ticket != nil:
		d.lines = append(d.lines, line{sub, ticket})
	case out == taken:
		d.taken++
	case out == ended:
		d.ended = append(d.ended, sub)
	}
}

// removeEnded takes those out of the hub who have ended; no lock is held.
func (d *delivery) removeEnded() {
	for _, sub := range d.ended {
		sub.remove()
	}
}

// wait waits in all lines. It leaves them all, also if ctx panics.
func (d *delivery) wait(ctx context.Context) (err error) {
	at := 0
	defer func() {
		for _, l := range d.lines[at:] {
			l.sub.queue.withdraw(l.ticket)
		}
	}()
	for ; at < len(d.lines); at++ {
		l := d.lines[at]
		in, failed := l.sub.queue.wait(ctx, l.ticket)
		if in {
			d.taken++
		}
		if failed != nil {
			err = failed
		}
	}
	return err
}

// Channels returns the channels that have subscribers and match any of the patterns, all
// without one, sorted.
func (h *Hub) Channels(matching ...string) []string {
	return h.names(func(t *tables) *space { return &t.channels }, matching)
}

// ShardChannels is Channels for sharded channels.
func (h *Hub) ShardChannels(matching ...string) []string {
	return h.names(func(t *tables) *space { return &t.sharded }, matching)
}

func (h *Hub) names(of func(*tables) *space, matching []string) []string {
	t := h.tables.Load()
	if t == nil {
		return nil
	}
	names := of(t).names(matching)
	slices.Sort(names)
	return names
}

// NumSub returns how many subscribers each channel has, without those of patterns.
func (h *Hub) NumSub(channels ...string) []int {
	return h.counts(func(t *tables) *space { return &t.channels }, channels)
}

// ShardNumSub is NumSub for sharded channels.
func (h *Hub) ShardNumSub(channels ...string) []int {
	return h.counts(func(t *tables) *space { return &t.sharded }, channels)
}

func (h *Hub) counts(of func(*tables) *space, channels []string) []int {
	counts := make([]int, len(channels))
	if t := h.tables.Load(); t != nil {
		for i, channel := range channels {
			counts[i] = of(t).count(channel)
		}
	}
	return counts
}

// NumPat returns how many different patterns have subscribers.
func (h *Hub) NumPat() int {
	if t := h.tables.Load(); t != nil {
		return int(t.patterns.live.Load())
	}
	return 0
}
