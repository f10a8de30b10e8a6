package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var errStop = errors.New("stop")

// receive receives one message, which is there.
func receive(t testing.TB, sub *Subscription) Message {
	t.Helper()
	require.NotZero(t, sub.Stats().Buffered)
	m, err := sub.Receive(context.Background())
	require.NoError(t, err)
	return m
}

func TestPubSub(t *testing.T) {
	s := newTest(t)
	sub := s.Subscribe("news", "sport")
	defer sub.Close()
	patterns := s.PSubscribe("n*", "[ns]*")
	defer patterns.Close()
	sharded := s.SSubscribe("news")
	defer sharded.Close()
	publish := func(want int, publish func(channel, payload string) (int, error), channel, payload string) {
		t.Helper()
		n, err := publish(channel, payload)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	publish(3, s.Publish, "news", "one")
	publish(2, s.Publish, "sport", "two")
	publish(0, s.Publish, "weather", "three")
	publish(1, s.SPublish, "news", "four")
	require.Equal(t, Message{Channel: "news", Payload: "one"}, receive(t, sub))
	require.Equal(t, Message{Channel: "sport", Payload: "two"}, receive(t, sub))
	require.Equal(t, Message{Channel: "news", Pattern: "n*", Payload: "one", Kind: PatternMessage}, receive(t, patterns))
	require.Equal(t, Message{Channel: "news", Pattern: "[ns]*", Payload: "one", Kind: PatternMessage}, receive(t, patterns))
	require.Equal(t, Message{Channel: "sport", Pattern: "[ns]*", Payload: "two", Kind: PatternMessage}, receive(t, patterns))
	require.Equal(t, Message{Channel: "news", Payload: "four", Kind: ShardMessage}, receive(t, sharded))

	require.NoError(t, sub.Unsubscribe("news"))
	require.NoError(t, sub.Subscribe("weather"))
	require.NoError(t, sub.PSubscribe("w*"))
	require.NoError(t, sub.SSubscribe("a", "b"))
	require.NoError(t, sub.SUnsubscribe("b"))
	require.NoError(t, patterns.PUnsubscribe())
	require.Equal(t, []string{"sport", "weather"}, sub.Channels())
	require.Equal(t, []string{"w*"}, sub.Patterns())
	require.Equal(t, []string{"a"}, sub.ShardChannels())
	require.Empty(t, patterns.Patterns())

	channels, err := s.PubSubChannels()
	require.NoError(t, err)
	require.Equal(t, []string{"sport", "weather"}, channels)
	channels, err = s.PubSubShardChannels("n*")
	require.NoError(t, err)
	require.Equal(t, []string{"news"}, channels)
	counts, err := s.PubSubNumSub("news", "sport")
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, counts)
	counts, err = s.PubSubShardNumSub("news", "sport")
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, counts)
	n, err := s.PubSubNumPat()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, SubscriptionStats{Delivered: 2}, sub.Stats())
}

// A subscription that its owner closes has not failed: Handle and Err say nil.
func TestSubscriptionClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		sub := s.Subscribe("x")
		ranged, handled, received := make(chan int), make(chan error), make(chan error)
		go func() {
			n := 0
			for range sub.C() {
				n++
			}
			ranged <- n
		}()
		go func() { handled <- sub.Handle(t.Context(), func(Message) error { return nil }) }()
		go func() { _, err := sub.Receive(t.Context()); received <- err }()
		synctest.Wait()
		require.NoError(t, sub.Close())
		require.NoError(t, sub.Close())
		require.Zero(t, <-ranged)
		require.NoError(t, <-handled)
		require.Equal(t, ErrClosed, <-received)
		require.NoError(t, sub.Err())
		require.Equal(t, ErrClosed, sub.Subscribe("y"))
		require.Equal(t, ErrClosed, sub.Unsubscribe())
		n, err := s.Publish("x", "")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// Close of the store ends all subscriptions; what they have can still be received.
func TestStoreCloseEndsSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		full, waiting, blocked := s.Subscribe("x"), s.Subscribe(), s.SubscribeWith(SubscribeOptions{Buffer: 1, Policy: Block}, "y")
		_, err := s.Publish("x", "left")
		require.NoError(t, err)
		_, err = s.Publish("y", "left")
		require.NoError(t, err)
		handled, published := make(chan error), make(chan error)
		go func() { handled <- waiting.Handle(t.Context(), func(Message) error { return nil }) }()
		go func() { _, err := s.PublishContext(t.Context(), "y", ""); published <- err }()
		synctest.Wait()
		require.NoError(t, s.Close())
		require.Equal(t, ErrClosed, <-handled)
		require.NoError(t, <-published)
		require.Equal(t, "left", receive(t, full).Payload)
		_, err = full.Receive(t.Context())
		require.Equal(t, ErrClosed, err)
		require.Equal(t, ErrClosed, full.Err())
		require.Equal(t, "left", (<-blocked.C()).Payload)
		require.Empty(t, blocked.C())

		late := s.PSubscribe("*")
		require.Equal(t, ErrClosed, late.Err())
		require.Empty(t, late.C())
		require.Equal(t, ErrClosed, late.PSubscribe("x"))
		require.NoError(t, late.Close())
	})
}

func TestSlowConsumer(t *testing.T) {
	s := newTest(t)
	sub := s.Subscribe("x")
	for range DefaultBuffer {
		n, err := s.Publish("x", "")
		require.NoError(t, err)
		require.Equal(t, 1, n)
	}
	require.NoError(t, sub.Err())
	n, err := s.Publish("x", "one too many")
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, ErrSlowConsumer, sub.Err())
	require.Equal(t, SubscriptionStats{Delivered: DefaultBuffer, Dropped: 1, Buffered: DefaultBuffer}, sub.Stats())
	handled := 0
	require.Equal(t, ErrSlowConsumer, sub.Handle(t.Context(), func(Message) error { handled++; return nil }))
	require.Equal(t, DefaultBuffer, handled)
	require.Equal(t, ErrSlowConsumer, sub.Subscribe("y"))
	require.NoError(t, sub.Close())
	require.Equal(t, ErrSlowConsumer, sub.Err())
}

func TestSubscribeOptions(t *testing.T) {
	s := newTest(t)
	for buffer, want := range map[int]int{math.MinInt: DefaultBuffer, 0: DefaultBuffer, 1: 1, 7: 7, math.MaxInt: 1 << 20} {
		sub := s.SubscribeWith(SubscribeOptions{Buffer: buffer, Policy: DropNewest}, "x")
		require.Equal(t, want, cap(sub.C()))
		require.NoError(t, sub.Close())
	}
	for policy, want := range map[Policy]string{DropOldest: "23", DropNewest: "01", Block: "01", CloseSlow: "01"} {
		sub := s.SubscribeWith(SubscribeOptions{Buffer: 2, Policy: policy}, "x")
		for i := range 4 {
			_, err := s.Publish("x", strconv.Itoa(i))
			require.NoError(t, err)
		}
		require.Equal(t, want, receive(t, sub).Payload+receive(t, sub).Payload)
		require.NoError(t, sub.Close())
	}
}

func TestPublishContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		sub := s.SubscribeWith(SubscribeOptions{Buffer: 1, Policy: Block}, "x")
		require.NoError(t, sub.SSubscribe("x"))
		n, err := s.PublishContext(t.Context(), "x", "1")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for _, publish := range []func(context.Context, string, string) (int, error){s.PublishContext, s.SPublishContext} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			n, err = publish(ctx, "x", "never")
			require.Equal(t, context.DeadlineExceeded, err)
			require.Zero(t, n)
		}
		go func() { time.Sleep(time.Minute); _, _ = sub.Receive(t.Context()) }()
		n, err = s.SPublishContext(t.Context(), "x", "2")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, Message{Channel: "x", Payload: "2", Kind: ShardMessage}, receive(t, sub))

		for _, publish := range []func(context.Context, string, string) (int, error){s.PublishContext, s.SPublishContext} {
			_, err = publish(nil, "x", "")
			requireOutcome(t, ErrNoContext, err, "no context")
		}
	})
}

func TestHandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		sub := s.Subscribe("x")
		defer sub.Close()
		publish := func(payloads ...string) {
			for _, p := range payloads {
				_, err := s.Publish("x", p)
				require.NoError(t, err)
			}
		}
		publish("1", "2", "3")
		var got []string
		handle := func(m Message) error {
			got = append(got, m.Payload)
			if m.Payload == "2" {
				return errStop
			}
			return nil
		}
		require.Equal(t, errStop, sub.Handle(t.Context(), handle))
		require.Equal(t, []string{"1", "2"}, got)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, sub.Handle(ctx, handle))
		require.Equal(t, []string{"1", "2", "3"}, got)

		requireOutcome(t, ErrNoClosure, sub.Handle(t.Context(), nil), "no function")
		var none context.Context
		requireOutcome(t, ErrNoContext, sub.Handle(none, handle), "no context")
		_, err := sub.Receive(none)
		requireOutcome(t, ErrNoContext, err, "no context")

		// What the function does is its own business: publish, subscribe, close.
		publish("go")
		require.NoError(t, sub.Handle(t.Context(), func(m Message) error {
			if m.Payload == "stop" {
				return sub.Close()
			}
			publish("stop")
			return sub.Subscribe("y")
		}))
	})
}

// A function that panics harms nobody else, and not even its own subscription.
func TestHandlePanics(t *testing.T) {
	s := newTest(t)
	bad, good := s.Subscribe("x"), s.Subscribe("x")
	defer bad.Close()
	defer good.Close()
	for range 2 {
		_, err := s.Publish("x", "")
		require.NoError(t, err)
	}
	require.PanicsWithValue(t, "bad", func() {
		_ = bad.Handle(t.Context(), func(Message) error { panic("bad") })
	})
	require.Equal(t, 1, bad.Stats().Buffered)
	require.Equal(t, 2, good.Stats().Buffered)
	n, err := s.Publish("x", "")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, errStop, bad.Handle(t.Context(), func(Message) error { return errStop }))
}

func TestNoSubscription(t *testing.T) {
	var zero Store
	for _, sub := range []*Subscription{nil, new(Subscription), zero.Subscribe("x"), zero.SubscribeWith(SubscribeOptions{}), zero.SSubscribe(), zero.PSubscribe()} {
		_, err := sub.Receive(t.Context())
		require.Equal(t, ErrClosed, err)
		require.Equal(t, ErrClosed, sub.Handle(t.Context(), func(Message) error { return nil }))
		for range sub.C() {
			t.Error("a message")
		}
		for _, change := range []func(...string) error{
			sub.Subscribe, sub.PSubscribe, sub.SSubscribe, sub.Unsubscribe, sub.PUnsubscribe, sub.SUnsubscribe,
		} {
			require.Equal(t, ErrClosed, change("x"))
		}
		require.Empty(t, sub.Channels())
		require.Empty(t, sub.Patterns())
		require.Empty(t, sub.ShardChannels())
		require.Zero(t, sub.Stats())
		require.Equal(t, ErrClosed, sub.Err())
		require.NoError(t, sub.Close())
	}
}

func TestPubSubLimits(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it takes 512 MB")
	}
	s := newTest(t)
	long := strings.Repeat("x", MaxStringLen+1)
	fits := long[1:]
	sub := s.Subscribe()
	defer sub.Close()
	_, err := s.Publish(fits, fits)
	require.NoError(t, err)
	for _, publish := range []func(channel, payload string) (int, error){s.Publish, s.SPublish} {
		_, err := publish(long, "")
		requireOutcome(t, ErrTooLarge, err, "the channel")
		_, err = publish("x", long)
		requireOutcome(t, ErrTooLarge, err, "the payload")
	}
	for _, change := range []func(...string) error{sub.Subscribe, sub.PSubscribe, sub.SSubscribe} {
		requireOutcome(t, ErrTooLarge, change("a", long), "a name")
	}
	require.Empty(t, sub.Channels(), "none was added")
	requireOutcome(t, ErrTooLarge, s.PSubscribe(long).Err(), "a pattern")
}

// What many publish comes in one order to all who are subscribed, by channel or by pattern,
// and in that of each publisher.
func TestPubSubOrder(t *testing.T) {
	const publishers, each = 3, 200
	s := newTest(t)
	subs := []*Subscription{s.Subscribe("x"), s.PSubscribe("?"), s.Subscribe("y", "x"), s.PSubscribe("[x]")}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				if n, err := s.Publish("x", fmt.Sprintf("%d:%04d", p, i)); n != len(subs) || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
		})
	}
	wg.Wait()
	var first []string
	for _, sub := range subs {
		defer sub.Close()
		var all []string
		for range publishers * each {
			all = append(all, receive(t, sub).Payload)
		}
		if first == nil {
			first = all
		}
		require.Equal(t, first, all)
		for p := range publishers {
			own := slices.DeleteFunc(slices.Clone(all), func(e string) bool { return e[:1] != strconv.Itoa(p) })
			require.Len(t, own, each)
			require.True(t, slices.IsSorted(own))
		}
	}
}

// A message allocates nothing, and an idle subscription is small.
func TestPubSubMemory(t *testing.T) {
	s := newTest(t)
	for range 3 {
		defer s.SubscribeWith(SubscribeOptions{Buffer: 2, Policy: DropOldest}, "x").Close()
		defer s.PSubscribe("y*").Close()
	}
	for range 3 {
		_, _ = s.Publish("x", "")
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.Publish("x", "") }))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.SPublish("x", "") }))

	const n = 20_000
	names := make([]string, n)
	for i := range names {
		names[i] = "channel:" + strconv.Itoa(i)
	}
	before := heapNow()
	for _, name := range names {
		s.Subscribe(name) // the store keeps it
	}
	require.Less(t, int64(heapNow()-before)/n, int64(450))
}

// A fork has channels of its own.
func TestForkPubSub(t *testing.T) {
	s := newTest(t)
	sub := s.Subscribe("x")
	defer sub.Close()
	f := s.Fork()
	defer f.Close()
	n, err := f.Publish("x", "")
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, f.Close())
	require.NoError(t, sub.Err())
}

// The store keeps the names of channels, not the memory that they are pieces of.
func TestSubscriptionNames(t *testing.T) {
	s := newTest(t)
	long := strings.Repeat("x", 8<<20)
	sub := s.Subscribe(long[:5])
	defer sub.Close()
	require.NoError(t, sub.PSubscribe(long[:7]))
	with := heapNow()
	runtime.KeepAlive(long)
	require.Less(t, heapNow(), with-4<<20)
	require.Equal(t, []string{"xxxxx"}, sub.Channels())
}

func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Many publish and receive, in every way, while subscriptions come and go and at last the
// store is closed: everybody ends, and nobody but by that.
func TestPubSubUnderLoad(t *testing.T) {
	s := New()
	var wg sync.WaitGroup
	ctx := context.Background()
	for i := range 3 {
		wg.Go(func() {
			for k := 0; ; k++ {
				channel := "x" + strconv.Itoa(k%3)
				_, err := s.Publish(channel, "")
				if err == nil {
					_, err = s.PublishContext(ctx, channel, "")
				}
				if err != nil {
					if err != ErrClosed {
						t.Error(err)
					}
					return
				}
			}
		})
		wg.Go(func() {
			for k := 0; ; k++ {
				sub := s.SubscribeWith(SubscribeOptions{Buffer: 1 + k%4, Policy: Policy(k % 4)}, "x0", "x1")
				_ = sub.PSubscribe("x*")
				n := 0
				err := sub.Handle(ctx, func(Message) error {
					if n++; n == 10+i {
						return sub.Close()
					}
					return nil
				})
				if err == ErrClosed {
					return
				}
				if err != nil && err != ErrSlowConsumer {
					t.Error(err)
				}
				_ = sub.Close()
			}
		})
	}
	ranged := s.SubscribeWith(SubscribeOptions{Buffer: 2, Policy: Block}, "x2")
	n := 0
	for range ranged.C() {
		if n++; n == 500 {
			require.NoError(t, s.Close())
		}
	}
	wg.Wait()
	require.Equal(t, ErrClosed, ranged.Err())
	require.GreaterOrEqual(t, n, 500)
}

// BenchmarkPublish is pubsub's of the same name, through the store.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := New()
			defer s.Close()
			for range n {
				defer s.SubscribeWith(SubscribeOptions{Buffer: 4, Policy: DropOldest}, "news").Close()
			}
			for range 4 {
				_, _ = s.Publish("news", "payload")
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Publish("news", "payload"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
