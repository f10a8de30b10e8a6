package pubsub_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/stretchr/testify/require"
)

const (
	plain = pubsub.ChannelMessage
	match = pubsub.PatternMessage
	shard = pubsub.ShardMessage
)

// buffered receives what a subscriber has now.
func buffered(t testing.TB, s *pubsub.Subscriber) (got []pubsub.Message) {
	t.Helper()
	for s.Stats().Buffered > 0 {
		m, err := s.Receive(context.Background())
		require.NoError(t, err)
		got = append(got, m)
	}
	return got
}

func TestPublish(t *testing.T) {
	h := pubsub.NewHub()
	require.True(t, h.Idle())
	require.Zero(t, h.Publish("news", "nobody"))
	s := h.NewSubscriber(10, pubsub.CloseSlow)
	require.True(t, h.Idle())
	require.NoError(t, s.Subscribe(plain, "news", "news", ""))
	require.NoError(t, s.Subscribe(match, "n*", "*", "", "x*"))
	require.NoError(t, s.Subscribe(shard, "news"))
	require.False(t, h.Idle())

	require.Equal(t, 3, h.Publish("news", "one"), "by the channel and by two patterns")
	require.Equal(t, 2, h.Publish("", "two"), "the empty channel matches the empty pattern only")
	require.Equal(t, 1, h.SPublish("news", "three"), "no pattern matches a sharded channel")
	require.Zero(t, h.SPublish("other", "four"))
	require.Equal(t, []pubsub.Message{
		{Channel: "news", Payload: "one"},
		{Channel: "news", Pattern: "n*", Payload: "one", Kind: match},
		{Channel: "news", Pattern: "*", Payload: "one", Kind: match},
		{Payload: "two"},
		{Payload: "two", Kind: match},
		{Channel: "news", Payload: "three", Kind: shard},
	}, buffered(t, s))

	require.Equal(t, []string{"", "news"}, h.Channels())
	require.Equal(t, []string{"news"}, h.Channels("*"))
	require.Equal(t, []string{"", "news"}, h.Channels("x", "", "news"))
	require.Equal(t, []string{"news"}, h.ShardChannels())
	require.Equal(t, []int{1, 0, 1}, h.NumSub("news", "other", ""))
	require.Equal(t, []int{1, 0}, h.ShardNumSub("news", ""))
	require.Equal(t, 4, h.NumPat())
	require.Equal(t, []string{"", "*", "n*", "x*"}, s.Subscriptions(match))

	require.NoError(t, s.Unsubscribe(plain, "news", "never"))
	require.NoError(t, s.Unsubscribe(match))
	require.Zero(t, h.NumPat())
	require.Zero(t, h.Publish("news", "five"))
	require.Equal(t, []string{""}, s.Subscriptions(plain))
	s.Close(nil)
	require.True(t, h.Idle())
	require.Nil(t, h.Channels())
	require.Nil(t, s.Subscriptions(shard))
	require.Equal(t, pubsub.ErrClosed, s.Subscribe(plain, "news"))
	require.Equal(t, pubsub.ErrClosed, s.Unsubscribe(plain))
}

func TestEmptyHub(t *testing.T) {
	h := pubsub.NewHub()
	require.Nil(t, h.Channels())
	require.Nil(t, h.ShardChannels("*"))
	require.Equal(t, []int{0, 0}, h.NumSub("a", "b"))
	require.Equal(t, []int{}, h.ShardNumSub())
	require.Zero(t, h.NumPat())
	require.Zero(t, h.SPublish("a", ""))
	n, err := h.SPublishContext(t.Context(), "a", "")
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, []string{"message", "pmessage", "smessage", "unknown"},
		[]string{plain.String(), match.String(), shard.String(), pubsub.MessageKind(9).String()})
}

func TestHubClose(t *testing.T) {
	h := pubsub.NewHub()
	a, b := subscribe(t, h, 2, pubsub.CloseSlow, "x"), h.NewSubscriber(2, pubsub.CloseSlow)
	b.Close(nil)
	require.Equal(t, 1, h.Publish("x", "left"))
	h.Close(errEnd)
	h.Close(pubsub.ErrClosed)
	require.True(t, h.Idle())
	require.Zero(t, h.Publish("x", ""))
	m, err := a.Receive(t.Context())
	require.NoError(t, err)
	require.Equal(t, "left", m.Payload)
	_, err = a.Receive(t.Context())
	require.Equal(t, errEnd, err)
	require.NoError(t, b.Err())
	late := h.NewSubscriber(1, pubsub.CloseSlow)
	require.Equal(t, errEnd, late.Err())
	require.Equal(t, errEnd, late.Subscribe(plain, "x"))
	late.Close(nil)
}

// A subscriber that is too slow is out of the hub, from all its channels.
func TestSlowSubscriber(t *testing.T) {
	h := pubsub.NewHub()
	slow, other := subscribe(t, h, 2, pubsub.CloseSlow, "a", "b"), subscribe(t, h, 10, pubsub.CloseSlow, "a")
	require.NoError(t, slow.Subscribe(match, "*"))
	require.Equal(t, 3, h.Publish("a", "1"), "the slow one by the channel and by the pattern")
	require.Equal(t, 1, h.Publish("a", "2"))
	require.Equal(t, pubsub.ErrSlowConsumer, slow.Err())
	require.Equal(t, []int{1, 0}, h.NumSub("a", "b"))
	require.Zero(t, h.NumPat())
	require.Equal(t, 1, h.Publish("a", "3"))
	require.Len(t, buffered(t, slow), 2)
	require.Len(t, buffered(t, other), 3)
	require.Equal(t, pubsub.ErrSlowConsumer, slow.Subscribe(plain, "c"))
}

// Who leaves a channel of many takes as long as who leaves one of few, and the others keep
// their order.
func TestManySubscribers(t *testing.T) {
	h := pubsub.NewHub()
	const n = 1000
	subs := make([]*pubsub.Subscriber, n)
	for i := range subs {
		subs[i] = subscribe(t, h, 8, pubsub.CloseSlow, "x")
		require.NoError(t, subs[i].Subscribe(match, "x"+strconv.Itoa(i)+"*"))
	}
	for i, s := range subs {
		if i%10 != 3 {
			s.Close(nil)
		}
	}
	require.Equal(t, n/10, h.Publish("x", ""))
	require.Equal(t, n/10, h.NumPat())
	require.Equal(t, 3, h.Publish("x333", ""), "x3*, x33* and x333*")
	for i, s := range subs {
		if i%10 == 3 {
			s.Close(nil)
		}
	}
	require.True(t, h.Idle())
}

// All subscribers of a channel, by its name or by a pattern, get its messages in the same
// order, and those of one publisher in the order in which that sent them.
func TestOrder(t *testing.T) {
	const publishers, each = 4, 300
	for _, mode := range []string{"ring", "channel", "blocking"} {
		t.Run(mode, func(t *testing.T) {
			h := pubsub.NewHub()
			limit, policy := 2*publishers*each, pubsub.CloseSlow
			if mode == "blocking" {
				limit, policy = 3, pubsub.Block
			}
			var subs []*pubsub.Subscriber
			for i := range 6 {
				s := h.NewSubscriber(limit, policy)
				if i%2 == 0 {
					require.NoError(t, s.Subscribe(plain, "x", "y"))
				} else {
					require.NoError(t, s.Subscribe(match, "[xy]*"))
				}
				if mode == "channel" || mode == "blocking" && i < 3 {
					s.C()
				}
				subs = append(subs, s)
			}
			got := make([][]string, len(subs))
			var receivers, senders sync.WaitGroup
			for i, s := range subs {
				receivers.Go(func() {
					for range publishers * each {
						m, err := s.Receive(context.Background())
						if err != nil {
							t.Error(err)
							return
						}
						got[i] = append(got[i], m.Channel+m.Payload)
					}
				})
			}
			for p := range publishers {
				senders.Go(func() {
					for i := range each {
						channel := "xy"[i%2 : i%2+1]
						n, err := h.PublishContext(context.Background(), channel, fmt.Sprintf("%d:%04d", p, i))
						if n != len(subs) || err != nil {
							t.Errorf("%d, %v", n, err)
						}
					}
				})
			}
			senders.Wait()
			receivers.Wait()
			of := func(all []string, what string) []string {
				return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.Contains(s, what) })
			}
			for _, all := range got {
				require.Equal(t, of(got[0], "x"), of(all, "x"), "a channel's in one order")
				require.Equal(t, of(got[0], "y"), of(all, "y"), "a channel's in one order")
				for p := range publishers {
					for _, channel := range []string{"x", "y"} {
						own := of(all, fmt.Sprintf("%s%d:", channel, p))
						require.Len(t, own, each/2)
						require.True(t, slices.IsSorted(own), "a publisher's order")
					}
					last := -1
					for _, m := range of(all, strconv.Itoa(p)+":") { // of both channels
						at, err := strconv.Atoi(m[3:])
						require.NoError(t, err)
						require.Greater(t, at, last, "a publisher's order over channels")
						last = at
					}
				}
			}
		})
	}
}

// Subscribers come and go, are too slow and change over, while others publish, by many
// goroutines; then nothing is left. This is for the race detector.
func TestChurn(t *testing.T) {
	h := pubsub.NewHub()
	rounds := 200
	var publishers, churners sync.WaitGroup
	stop := make(chan struct{})
	for p := range 2 {
		publishers.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := "x" + strconv.Itoa(i%3)
				switch {
				case p == 0:
					h.Publish(name, "")
					h.SPublish(name, "")
				default:
					ended, cancel := context.WithCancel(ctx)
					go cancel()
					_, _ = h.PublishContext(ended, name, "")
				}
				h.Channels("x*")
				runtime.Gosched()
			}
		})
	}
	for c := range 4 {
		churners.Go(func() {
			for i := range rounds {
				s := h.NewSubscriber(1+i%3, pubsub.Policy((c+i)%4))
				_ = s.Subscribe(plain, "x0", "x1")
				_ = s.Subscribe(match, "x*", "x"+strconv.Itoa(i%5))
				_ = s.Subscribe(shard, "x2")
				if i%2 == 0 {
					s.C()
				}
				for range i % 4 {
					ctx, cancel := context.WithCancel(context.Background())
					go cancel()
					_, _ = s.Receive(ctx)
				}
				_ = s.Unsubscribe(plain, "x0")
				_ = s.Unsubscribe(match)
				go s.Close(nil)
				s.Close(nil)
			}
		})
	}
	churners.Wait()
	close(stop)
	publishers.Wait()
	require.True(t, h.Idle())
	require.Nil(t, h.Channels())
	require.Nil(t, h.ShardChannels())
	require.Zero(t, h.NumPat())
}

// A thousand subscribers, who all wait, get all of it.
func TestThousand(t *testing.T) {
	h := pubsub.NewHub()
	const n, messages = 1000, 20
	var wg sync.WaitGroup
	for i := range n {
		s := subscribe(t, h, messages, pubsub.CloseSlow, "x")
		wg.Go(func() {
			defer s.Close(nil)
			next := func() pubsub.Message { m, _ := s.Receive(context.Background()); return m }
			if i%2 == 0 {
				c := s.C()
				next = func() pubsub.Message { return <-c }
			}
			for k := range messages {
				if m := next(); m.Payload != strconv.Itoa(k) {
					t.Errorf("got %q, want %d", m.Payload, k)
				}
			}
		})
	}
	for k := range messages {
		require.Equal(t, n, h.Publish("x", strconv.Itoa(k)))
	}
	wg.Wait()
	require.True(t, h.Idle())
}

func TestPublishAllocations(t *testing.T) {
	h := pubsub.NewHub()
	for _, p := range []pubsub.Policy{pubsub.DropOldest, pubsub.DropNewest, pubsub.Block} {
		s := subscribe(t, h, 4, p, "x")
		require.NoError(t, s.Subscribe(match, "*"))
		subscribe(t, h, 4, p, "x").C()
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { h.Publish("x", "") }))
	require.Zero(t, testing.AllocsPerRun(100, func() { h.SPublish("x", "") }))
}

// An idle subscriber, with a channel of its own, takes less than 450 bytes.
func TestIdleMemory(t *testing.T) {
	const n = 20_000
	names := make([]string, n)
	for i := range names {
		names[i] = "channel:" + strconv.Itoa(i)
	}
	before := heap()
	h := pubsub.NewHub()
	for _, name := range names {
		subscribe(t, h, 1024, pubsub.CloseSlow, name)
	}
	require.Less(t, int64(heap()-before)/n, int64(450))

	// Nothing is left of those who have gone but the tables that they were in.
	full := heap()
	for range 3 {
		for range n {
			h.NewSubscriber(1024, pubsub.CloseSlow).Close(nil)
		}
	}
	require.Less(t, int64(heap()-full), int64(64<<10))
	runtime.KeepAlive(h)
}

// Nothing of this is a goroutine's: in a bubble, one would keep the test from its end.
func TestNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pubsub.NewHub()
		for range 10 {
			s := subscribe(t, h, 2, pubsub.Block, "x")
			s.C()
		}
		h.Publish("x", "")
		h.Publish("x", "")
	})
}
