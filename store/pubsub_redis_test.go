package store

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pubSubPair is subscribers and a publisher, in a real Redis and here. What one publisher's
// message brings is compared at once, with its order; only the patterns that match it, which Redis
// takes from a hash table, come in any.
type pubSubPair struct {
	t     *testing.T
	s     *Store
	conns []*redisConn
	subs  []*Subscription
	redis *redisConn // the publisher
	log   []string
}

var (
	pubSubNames    = []string{"", "news", "news:go", "sport", "a\x00b", "*", "\xff"}
	pubSubPatterns = []string{"*", "", "news*", "new?", "[ns]*", "\\*", "*:go", "nothing"}
)

func newPubSubPair(t *testing.T, subscribers int) *pubSubPair {
	p := &pubSubPair{t: t, s: newTest(t), redis: dialRedis(t)}
	for range subscribers {
		p.conns = append(p.conns, dialRedis(t))
		sub := p.s.Subscribe()
		t.Cleanup(func() { _ = sub.Close() })
		p.subs = append(p.subs, sub)
	}
	p.wantAlone()
	return p
}

// wantAlone waits for the subscribers of other tests, whose connections are closed, to go.
func (p *pubSubPair) wantAlone() {
	for range 100_000 {
		if p.redis.do(p.t, "PUBSUB", "NUMPAT") == int64(0) && len(p.redis.do(p.t, "PUBSUB", "CHANNELS").([]any)) == 0 &&
			len(p.redis.do(p.t, "PUBSUB", "SHARDCHANNELS").([]any)) == 0 {
			return
		}
	}
	p.t.Fatal("somebody else is subscribed")
}

// change subscribes or unsubscribes, and compares what each then has.
func (p *pubSubPair) change(who int, command string, names ...string) {
	t, sub := p.t, p.subs[who]
	before := len(sub.Channels()) + len(sub.Patterns())
	var call func(...string) error
	answers := max(len(names), 1)
	all := func(have []string) {
		if len(names) == 0 {
			answers = max(len(have), 1)
		}
	}
	switch command {
	case "SUBSCRIBE":
		call = sub.Subscribe
	case "PSUBSCRIBE":
		call = sub.PSubscribe
	case "SSUBSCRIBE":
		call = sub.SSubscribe
	case "UNSUBSCRIBE":
		call = sub.Unsubscribe
		all(sub.Channels())
	case "PUNSUBSCRIBE":
		call = sub.PUnsubscribe
		all(sub.Patterns())
	case "SUNSUBSCRIBE":
		call = sub.SUnsubscribe
		all(sub.ShardChannels())
	}
	require.NoError(t, call(names...))
	answer, err := p.conns[who].roundTrip(append([]string{command}, names...)...)
	for range answers - 1 {
		require.NoError(t, err)
		answer, err = p.conns[who].read()
	}
	require.NoError(t, err)
	have := len(sub.Channels()) + len(sub.Patterns())
	if command[0] == 'S' && command[1] != 'U' || strings.HasPrefix(command, "SUN") {
		require.Equal(t, before, have)
		have = len(sub.ShardChannels())
	}
	require.Equal(t, int64(have), answer.([]any)[2], p.log)
}

// publish publishes, and compares who gets it.
func (p *pubSubPair) publish(command, channel, payload string) {
	t := p.t
	call := p.s.Publish
	if command == "SPUBLISH" {
		call = p.s.SPublish
	}
	n, err := call(channel, payload)
	require.NoError(t, err)
	require.Equal(t, p.redis.do(t, command, channel, payload), int64(n), p.log)
	for i, sub := range p.subs {
		got := []string{}
		for sub.Stats().Buffered > 0 {
			got = append(got, messageText(receive(t, sub)))
		}
		sortPatterns(got)
		require.Equal(t, p.messages(i), got, p.log)
	}
}

// messages returns what a connection has got, before it answers a PING.
func (p *pubSubPair) messages(who int) []string {
	list := []string{}
	answer, err := p.conns[who].roundTrip("PING")
	for {
		require.NoError(p.t, err)
		parts, ok := answer.([]any)
		if !ok || parts[0] == "pong" {
			sortPatterns(list)
			return list
		}
		list = append(list, fmt.Sprintf("%q", parts))
		answer, err = p.conns[who].read()
	}
}

// messageText is a message as Redis sends it.
func messageText(m Message) string {
	if m.Kind == PatternMessage {
		return fmt.Sprintf("%q", []any{m.Kind.String(), m.Pattern, m.Channel, m.Payload})
	}
	return fmt.Sprintf("%q", []any{m.Kind.String(), m.Channel, m.Payload})
}

func sortPatterns(list []string) {
	slices.SortStableFunc(list, func(a, b string) int {
		x, y := strings.HasPrefix(a, `["pmessage"`), strings.HasPrefix(b, `["pmessage"`)
		switch {
		case x && y:
			return cmp.Compare(a, b)
		case x:
			return 1
		case y:
			return -1
		}
		return 0
	})
}

// ask compares what PUBSUB says.
func (p *pubSubPair) ask(rnd *rand.Rand) {
	t := p.t
	pattern := pubSubPatterns[rnd.IntN(len(pubSubPatterns))]
	for _, sharded := range []string{"", "SHARD"} {
		channels, numSub := p.s.PubSubChannels, p.s.PubSubNumSub
		if sharded != "" {
			channels, numSub = p.s.PubSubShardChannels, p.s.PubSubShardNumSub
		}
		all, err := channels()
		require.NoError(t, err)
		require.Equal(t, sorted(p.redis.do(t, "PUBSUB", sharded+"CHANNELS")), listOf(all), p.log)
		some, err := channels(pattern)
		require.NoError(t, err)
		require.Equal(t, sorted(p.redis.do(t, "PUBSUB", sharded+"CHANNELS", pattern)), listOf(some), p.log)
		counts, err := numSub(pubSubNames...)
		require.NoError(t, err)
		want := []any{}
		for i, name := range pubSubNames {
			want = append(want, name, int64(counts[i]))
		}
		require.Equal(t, want, p.redis.do(t, append([]string{"PUBSUB", sharded + "NUMSUB"}, pubSubNames...)...), p.log)
	}
	n, err := p.s.PubSubNumPat()
	require.NoError(t, err)
	require.Equal(t, p.redis.do(t, "PUBSUB", "NUMPAT"), int64(n), p.log)
}

func TestRedisPubSub(t *testing.T) {
	rnd := seededRand(t)
	p := newPubSubPair(t, 4)
	pickSome := func(from []string, least int) (some []string) {
		for range least + rnd.IntN(3) {
			some = append(some, from[rnd.IntN(len(from))])
		}
		return some
	}
	delivered := 0
	for i := range 1500 {
		who := rnd.IntN(len(p.subs))
		name := pubSubNames[rnd.IntN(len(pubSubNames))]
		change := func(command string, names []string) {
			p.log = append(p.log, fmt.Sprintf("%d: %s %q", who, command, names))
			p.change(who, command, names...)
		}
		switch rnd.IntN(16) {
		case 0, 1:
			change("SUBSCRIBE", pickSome(pubSubNames, 1))
		case 2, 3:
			change("PSUBSCRIBE", pickSome(pubSubPatterns, 1))
		case 4:
			change("SSUBSCRIBE", pickSome(pubSubNames, 1))
		case 5:
			change("UNSUBSCRIBE", pickSome(pubSubNames, 0))
		case 6:
			change("PUNSUBSCRIBE", pickSome(pubSubPatterns, 0))
		case 7:
			change("SUNSUBSCRIBE", pickSome(pubSubNames, 0))
		case 8, 9, 10, 11, 12:
			p.log = append(p.log, fmt.Sprintf("PUBLISH %q", name))
			p.publish("PUBLISH", name, fmt.Sprint(i))
		case 13:
			p.log = append(p.log, fmt.Sprintf("SPUBLISH %q", name))
			p.publish("SPUBLISH", name, fmt.Sprint(i))
		default:
			p.ask(rnd)
		}
		if len(p.log) > 50 {
			p.log = p.log[len(p.log)-50:]
		}
	}
	for who, sub := range p.subs {
		for _, command := range []string{"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"} {
			p.change(who, command)
		}
		delivered += int(sub.Stats().Delivered)
	}
	require.Greater(t, delivered, 100)
	p.wantAlone()
}

// Redis closes a client whose buffer is full, and so forgets its subscriptions.
func TestRedisSlowConsumer(t *testing.T) {
	p := newPubSubPair(t, 1)
	limits := p.redis.do(t, "CONFIG", "GET", "client-output-buffer-limit").([]any)[1].(string)
	defer p.redis.do(t, "CONFIG", "SET", "client-output-buffer-limit", limits)
	p.redis.do(t, "CONFIG", "SET", "client-output-buffer-limit", "pubsub 65536 0 0")
	p.change(0, "SUBSCRIBE", "x")
	sub := p.s.SubscribeWith(SubscribeOptions{Buffer: 20}, "x")
	payload := strings.Repeat("x", 1<<16)
	for i := 0; p.redis.do(t, "PUBSUB", "NUMSUB", "x").([]any)[1] != int64(0); i++ {
		require.Less(t, i, 1000, "nobody reads that connection")
		p.redis.do(t, "PUBLISH", "x", payload)
		_, err := p.s.Publish("x", payload)
		require.NoError(t, err)
	}
	for sub.Err() == nil { // its buffer is another one
		_, err := p.s.Publish("x", payload)
		require.NoError(t, err)
	}
	require.Equal(t, ErrSlowConsumer, sub.Err())
	counts, err := p.s.PubSubNumSub("x")
	require.NoError(t, err)
	require.Equal(t, []int{1}, counts, "the other one")
}
