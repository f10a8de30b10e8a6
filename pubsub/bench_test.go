package pubsub_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/alcovedb/alcove/pubsub"
)

// batch is how many messages the benchmarks publish before they empty the buffers, which
// does not count.
const batch = 256

// BenchmarkPublish measures a message to n subscribers, in buffers that are rings or
// channels, beside sends of it to n bare channels with as much room.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("Bare/%d", n), func(b *testing.B) {
			chans := make([]chan pubsub.Message, n)
			for i := range chans {
				chans[i] = make(chan pubsub.Message, batch)
			}
			m := pubsub.Message{Channel: "news", Payload: "payload"}
			perMessage(b, func() {
				for _, c := range chans {
					c <- m
				}
			}, func() {
				for _, c := range chans {
					for range batch {
						<-c
					}
				}
			})
		})
		for _, mode := range []string{"Ring", "Channel"} {
			b.Run(fmt.Sprintf("%s/%d", mode, n), func(b *testing.B) {
				h := pubsub.NewHub()
				subs := make([]*pubsub.Subscriber, n)
				for i := range subs {
					subs[i] = subscribe(b, h, batch, pubsub.CloseSlow, "news")
					if mode == "Channel" {
						subs[i].C()
					}
				}
				perMessage(b, func() {
					if h.Publish("news", "payload") != n {
						b.Fatal("not all got it")
					}
				}, func() { drain(b, subs) })
			})
		}
	}
}

// perMessage measures publish in batches, without empty.
func perMessage(b *testing.B, publish, empty func()) {
	for range batch { // the buffers have their size
		publish()
	}
	empty()
	b.ReportAllocs()
	left := 0
	for b.Loop() {
		if publish(); left == batch-1 {
			b.StopTimer()
			empty()
			b.StartTimer()
			left = 0
			continue
		}
		left++
	}
}

func subscribe(tb testing.TB, h *pubsub.Hub, limit int, p pubsub.Policy, channels ...string) *pubsub.Subscriber {
	tb.Helper()
	s := h.NewSubscriber(limit, p)
	if err := s.Subscribe(pubsub.ChannelMessage, channels...); err != nil {
		tb.Fatal(err)
	}
	return s
}

// drain receives batch messages of each.
func drain(tb testing.TB, subs []*pubsub.Subscriber) {
	ctx := context.Background()
	for _, s := range subs {
		for range batch {
			if _, err := s.Receive(ctx); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// BenchmarkPublishChannels measures a message to one of n channels with a subscriber each,
// and says how many bytes such a subscriber takes that is idle.
func BenchmarkPublishChannels(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = "channel:" + strconv.Itoa(i)
			}
			before := heap()
			h := pubsub.NewHub()
			subs := make([]*pubsub.Subscriber, n)
			for i, name := range names {
				subs[i] = subscribe(b, h, 4, pubsub.DropOldest, name)
			}
			idle := float64(heap()-before) / float64(n)
			some := names[:min(n, 1000)] // as many as the processor's caches hold
			for range 4 {
				for _, name := range some {
					h.Publish(name, "payload")
				}
			}
			at := 0
			b.ReportAllocs()
			for b.Loop() {
				h.Publish(some[at%len(some)], "payload")
				at += 7
			}
			b.ReportMetric(idle, "B/idle")
			runtime.KeepAlive(subs)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPublishPatterns measures a message to a channel that one of n patterns matches.
func BenchmarkPublishPatterns(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		for _, shape := range []string{"user:%d:*", "*:%d:mail"} {
			b.Run(fmt.Sprintf("%d/%s", n, shape), func(b *testing.B) {
				h := pubsub.NewHub()
				for i := range n {
					s := h.NewSubscriber(16, pubsub.DropOldest)
					if err := s.Subscribe(pubsub.PatternMessage, fmt.Sprintf(shape, i)); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if h.Publish("user:0:mail", "payload") != 1 {
						b.Fatal("one matches")
					}
				}
			})
		}
	}
}

// BenchmarkPublishIdle measures a message that nobody can get, since nobody subscribes.
func BenchmarkPublishIdle(b *testing.B) {
	h := pubsub.NewHub()
	b.ReportAllocs()
	for b.Loop() {
		h.Publish("news", "payload")
	}
}

// BenchmarkReceive measures a message from one goroutine to another that waits for it, beside
// a bare channel.
func BenchmarkReceive(b *testing.B) {
	run := func(b *testing.B, publish func(), receive func() bool, end func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for receive() {
			}
		}()
		b.ReportAllocs()
		for b.Loop() {
			publish()
		}
		end()
		<-done
	}
	b.Run("Bare", func(b *testing.B) {
		c := make(chan pubsub.Message, 1024)
		run(b, func() { c <- pubsub.Message{Channel: "news", Payload: "payload"} },
			func() bool { _, ok := <-c; return ok }, func() { close(c) })
	})
	for _, mode := range []string{"Ring", "Channel"} {
		b.Run(mode, func(b *testing.B) {
			ctx := context.Background()
			h := pubsub.NewHub()
			s := subscribe(b, h, 1024, pubsub.Block, "news")
			receive := func() bool { _, err := s.Receive(ctx); return err == nil }
			if mode == "Channel" {
				c := s.C()
				receive = func() bool { _, ok := <-c; return ok }
			}
			run(b, func() {
				if _, err := h.PublishContext(ctx, "news", "payload"); err != nil {
					b.Fatal(err)
				}
			}, receive, func() { s.Close(nil) })
		})
	}
}
