package pubsub_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/stretchr/testify/require"
)

// modelHub is a hub at its plainest: one list of all subscriptions.
type modelHub struct {
	all      []modelSubscription // in the order of their making
	patterns []string            // in the order of their creation
	buffers  [hubSubscribers][]pubsub.Message
	ended    [hubSubscribers]error // pubsub.ErrClosed by Close(nil)
}

type modelSubscription struct {
	sub  int
	kind pubsub.MessageKind
	name string
}

const (
	hubSubscribers = 4
	hubLimit       = 5
)

// hubPolicies are those of the subscribers.
var hubPolicies = [hubSubscribers]pubsub.Policy{pubsub.CloseSlow, pubsub.CloseSlow, pubsub.DropOldest, pubsub.DropNewest}

// hubNames are channels, sharded channels and patterns.
var hubNames = []string{"", "a", "b", "ab", "abcdefghi", "*", "a*", "?", "abcdefgh?", "[^a]", "\\a"}

func (h *modelHub) subscribe(s modelSubscription) error {
	if h.ended[s.sub] != nil {
		return h.ended[s.sub]
	}
	if slices.Contains(h.all, s) {
		return nil
	}
	if s.kind == match && !slices.Contains(h.patterns, s.name) {
		h.patterns = append(h.patterns, s.name)
	}
	h.all = append(h.all, s)
	return nil
}

// unsubscribe removes those subscriptions for which gone is true.
func (h *modelHub) unsubscribe(gone func(modelSubscription) bool) {
	h.all = slices.DeleteFunc(h.all, gone)
	h.patterns = slices.DeleteFunc(h.patterns, func(p string) bool {
		return !slices.ContainsFunc(h.all, func(s modelSubscription) bool { return s.kind == match && s.name == p })
	})
}

func (h *modelHub) publish(channel, payload string, sharded bool) (taken int) {
	all, kind := slices.Clone(h.all), plain
	if sharded {
		kind = shard
	}
	for _, s := range all {
		if s.kind == kind && s.name == channel {
			taken += h.offer(s.sub, pubsub.Message{Channel: channel, Payload: payload, Kind: kind})
		}
	}
	patterns := slices.Clone(h.patterns)
	if sharded {
		patterns = nil
	}
	for _, p := range patterns {
		for _, s := range all {
			if s.kind == match && s.name == p && modelMatch(p, channel) {
				taken += h.offer(s.sub, pubsub.Message{Channel: channel, Pattern: p, Payload: payload, Kind: match})
			}
		}
	}
	return taken
}

func (h *modelHub) offer(sub int, m pubsub.Message) int {
	b := &h.buffers[sub]
	switch {
	case h.ended[sub] != nil:
		return 0
	case len(*b) < hubLimit:
		*b = append(*b, m)
		return 1
	case hubPolicies[sub] == pubsub.DropOldest:
		*b = append((*b)[1:], m)
		return 1
	case hubPolicies[sub] == pubsub.CloseSlow:
		h.end(sub, pubsub.ErrSlowConsumer)
	}
	return 0
}

func (h *modelHub) end(sub int, err error) {
	h.ended[sub] = err
	h.unsubscribe(func(s modelSubscription) bool { return s.sub == sub })
}

// names returns what is subscribed to of a kind, by whoever or by one.
func (h *modelHub) names(kind pubsub.MessageKind, who int) []string {
	names := map[string]bool{}
	for _, s := range h.all {
		if s.kind == kind && (who < 0 || s.sub == who) {
			names[s.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (h *modelHub) count(kind pubsub.MessageKind, name string) (n int) {
	for _, s := range h.all {
		if s.kind == kind && s.name == name {
			n++
		}
	}
	return n
}

// hubPair is a hub beside its model.
type hubPair struct {
	t     testing.TB
	model modelHub
	hub   *pubsub.Hub
	subs  [hubSubscribers]*pubsub.Subscriber
}

func newHubPair(t testing.TB) *hubPair {
	p := &hubPair{t: t, hub: pubsub.NewHub()}
	for i := range p.subs {
		p.subs[i] = p.hub.NewSubscriber(hubLimit, hubPolicies[i])
	}
	return p
}

// step does one operation to both: what, by or to whom, with which name.
func (p *hubPair) step(what, who, which byte) {
	sub, name, kind := int(who)%hubSubscribers, hubNames[int(which)%len(hubNames)], pubsub.MessageKind(int(who/16)%3)
	s := p.subs[sub]
	switch what % 16 {
	case 0, 1, 2, 3, 4:
		require.Equal(p.t, p.model.subscribe(modelSubscription{sub, kind, name}), s.Subscribe(kind, name))
	case 5, 6:
		p.model.unsubscribe(func(m modelSubscription) bool { return m == modelSubscription{sub, kind, name} })
		require.Equal(p.t, p.model.ended[sub], s.Unsubscribe(kind, name))
	case 7:
		p.model.unsubscribe(func(m modelSubscription) bool { return m.sub == sub && m.kind == kind })
		require.Equal(p.t, p.model.ended[sub], s.Unsubscribe(kind))
	case 8, 9, 10, 11:
		payload := fmt.Sprint(what)
		require.Equal(p.t, p.model.publish(name, payload, kind == shard), p.publish(name, payload, kind == shard))
	case 12, 13:
		want := p.model.buffers[sub]
		p.model.buffers[sub] = nil
		require.Equal(p.t, want, buffered(p.t, s))
	case 14:
		s.C()
	case 15:
		if which%4 == 0 { // what it has ended with stays, but the buffer is forgotten
			s.Close(nil)
			p.model.buffers[sub] = nil
			if p.model.ended[sub] == nil {
				p.model.end(sub, pubsub.ErrClosed)
			}
		}
	}
}

func (p *hubPair) publish(name, payload string, sharded bool) int {
	if sharded {
		return p.hub.SPublish(name, payload)
	}
	return p.hub.Publish(name, payload)
}

// compare compares all that can be asked.
func (p *hubPair) compare() {
	t := p.t
	require.Equal(t, p.model.names(plain, -1), p.hub.Channels())
	require.Equal(t, p.model.names(shard, -1), p.hub.ShardChannels())
	require.Equal(t, len(p.model.patterns), p.hub.NumPat())
	require.Equal(t, len(p.model.all) == 0, p.hub.Idle())
	for _, name := range hubNames {
		require.Equal(t, []int{p.model.count(plain, name)}, p.hub.NumSub(name))
		require.Equal(t, []int{p.model.count(shard, name)}, p.hub.ShardNumSub(name))
	}
	for i, s := range p.subs {
		for _, kind := range []pubsub.MessageKind{plain, match, shard} {
			require.Equal(t, p.model.names(kind, i), s.Subscriptions(kind))
		}
		require.Equal(t, len(p.model.buffers[i]), s.Stats().Buffered)
	}
}

func FuzzHub(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 16, 6, 8, 0, 1, 12, 0, 0})
	f.Add([]byte{0, 32, 1, 8, 32, 1, 7, 32, 0, 15, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		p := newHubPair(t)
		for ; len(ops) >= 3; ops = ops[3:] {
			p.step(ops[0], ops[1], ops[2])
		}
		p.compare()
	})
}

// TestHubModel is FuzzHub on random operations, compared after each.
func TestHubModel(t *testing.T) {
	rnd := newRand(t)
	for range 300 {
		p := newHubPair(t)
		for range 60 {
			n := rnd.Uint32()
			p.step(byte(n), byte(n>>8), byte(n>>16))
			p.compare()
		}
	}
}
