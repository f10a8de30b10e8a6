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

// published is what came of a message that was published with a context.
type published struct {
	n   int
	err error
}

// later publishes on another goroutine, and returns once that waits or has done it.
func later(ctx context.Context, h *pubsub.Hub, channel, payload string) <-chan published {
	done := make(chan published, 1)
	go func() {
		n, err := h.PublishContext(ctx, channel, payload)
		done <- published{n, err}
	}()
	synctest.Wait()
	return done
}

// payloads receives what a subscriber has, and lets those in line follow.
func payloads(t *testing.T, s *pubsub.Subscriber) string {
	t.Helper()
	var got []string
	for {
		synctest.Wait()
		if s.Stats().Buffered == 0 {
			return strings.Join(got, " ")
		}
		m, err := s.Receive(t.Context())
		require.NoError(t, err)
		got = append(got, m.Payload)
	}
}

// bothModes runs a test in a bubble, with subscribers that change over to channels and
// such that don't.
func bothModes(t *testing.T, test func(t *testing.T, channel bool)) {
	t.Helper()
	for _, channel := range []bool{false, true} {
		t.Run(map[bool]string{false: "ring", true: "channel"}[channel], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, channel) })
		})
	}
}

func blocking(t *testing.T, h *pubsub.Hub, limit int, channel bool, channels ...string) *pubsub.Subscriber {
	t.Helper()
	s := subscribe(t, h, limit, pubsub.Block, channels...)
	if channel {
		s.C()
	}
	return s
}

func TestBlock(t *testing.T) {
	bothModes(t, func(t *testing.T, channel bool) {
		h := pubsub.NewHub()
		s := blocking(t, h, 1, channel, "x", "y")
		fast := subscribe(t, h, 9, pubsub.CloseSlow, "x")
		require.Equal(t, 2, h.Publish("x", "1"))
		ctx, cancel := context.WithCancel(t.Context())
		second := later(ctx, h, "x", "2")
		third := later(t.Context(), h, "y", "3")
		require.Equal(t, 1, h.Publish("x", "dropped"), "who has no context does not wait")
		fourth := later(t.Context(), h, "x", "4")
		require.Empty(t, third)
		require.Equal(t, pubsub.Stats{Delivered: 1, Dropped: 1, Buffered: 1}, s.Stats())

		cancel()
		require.Equal(t, published{1, context.Canceled}, <-second, "the fast one has it")
		require.Equal(t, "1 3 4", payloads(t, s))
		require.Equal(t, published{1, nil}, <-third)
		require.Equal(t, published{2, nil}, <-fourth)
		require.Equal(t, "1 2 dropped 4", payloads(t, fast))
		require.Equal(t, pubsub.Stats{Delivered: 3, Dropped: 2}, s.Stats())

		n, err := h.PublishContext(ctx, "x", "5")
		require.Equal(t, context.Canceled, err)
		require.Zero(t, n)
		n, err = h.SPublishContext(ctx, "x", "5")
		require.Equal(t, context.Canceled, err)
		require.Zero(t, n)
		require.Empty(t, payloads(t, fast), "a context that has ended sends nothing")
	})
}

// A subscriber of a channel and of patterns that match it has several places in line.
func TestBlockTwice(t *testing.T) {
	bothModes(t, func(t *testing.T, channel bool) {
		h := pubsub.NewHub()
		s := blocking(t, h, 1, channel, "x")
		require.NoError(t, s.Subscribe(match, "*", "x*"))
		one := later(t.Context(), h, "x", "1")
		two := later(t.Context(), h, "x", "2")
		require.Equal(t, "1 1 1 2 2 2", payloads(t, s))
		require.Equal(t, published{3, nil}, <-one)
		require.Equal(t, published{3, nil}, <-two)
	})
}

// Who waits while the subscriber changes over to a channel goes on there.
func TestBlockChangesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := pubsub.NewHub()
		s := blocking(t, h, 2, false, "x")
		var lines []<-chan published
		for i := range 6 {
			lines = append(lines, later(t.Context(), h, "x", strconv.Itoa(i)))
		}
		m, err := s.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, "0", m.Payload)
		require.Equal(t, "1", (<-s.C()).Payload)
		require.Equal(t, "2 3 4 5", payloads(t, s))
		for _, done := range lines {
			require.Equal(t, published{1, nil}, <-done)
		}
	})
}

// The end of a subscriber lets go of who waits for it. What was published before can still
// be received, unless it was closed by its owner.
func TestBlockEnds(t *testing.T) {
	for _, by := range []error{nil, errEnd} {
		bothModes(t, func(t *testing.T, channel bool) {
			h := pubsub.NewHub()
			s := blocking(t, h, 1, channel, "x")
			h.Publish("x", "0")
			one, two := later(t.Context(), h, "x", "1"), later(t.Context(), h, "x", "2")
			s.Close(by)
			require.Equal(t, published{0, nil}, <-one)
			require.Equal(t, published{0, nil}, <-two)
			synctest.Wait()
			var got []string
			for m := range s.C() {
				got = append(got, m.Payload)
			}
			if by == nil {
				require.Empty(t, got)
			} else {
				require.Equal(t, []string{"0"}, got)
			}
		})
	}
}

// A place in line goes to the next, whether its owner takes it or just gives up, and nobody
// without a place gets in between.
func TestBlockHandsOver(t *testing.T) {
	for round := range 400 {
		synctest.Test(t, func(t *testing.T) {
			h := pubsub.NewHub()
			s := blocking(t, h, 1, true, "x")
			ctx, cancel := context.WithCancel(t.Context())
			h.Publish("x", "0")
			one, two, three := later(t.Context(), h, "x", "1"), later(ctx, h, "x", "2"), later(t.Context(), h, "x", "3")
			defer cancel()
			if round%2 == 0 {
				go cancel() // at about the time of its turn
			}
			require.Equal(t, "0", (<-s.C()).Payload)
			require.Equal(t, "1", (<-s.C()).Payload)
			require.Zero(t, h.Publish("x", "no place"))
			cancel()
			require.Equal(t, published{1, nil}, <-one)
			got := payloads(t, s)
			if second := <-two; second.n == 1 {
				require.Equal(t, "2 3", got)
			} else {
				require.Equal(t, published{0, context.Canceled}, second)
				require.Equal(t, "3", got)
			}
			require.Equal(t, published{1, nil}, <-three)
		})
	}
}

// Who gives up at one subscriber gives up its place at the others, and who comes after it there
// has its turn.
func TestBlockGivesUp(t *testing.T) {
	bothModes(t, func(t *testing.T, channel bool) {
		h := pubsub.NewHub()
		first := blocking(t, h, 1, channel, "x")
		others := make([]*pubsub.Subscriber, 20) // it finds its turn there, or that it has given up
		for i := range others {
			others[i] = blocking(t, h, 1, channel, "x", "y")
		}
		require.Equal(t, 1+len(others), h.Publish("x", "1"))
		ctx, cancel := context.WithCancel(t.Context())
		two := later(ctx, h, "x", "2") // waits for the first one, and is next at the others
		three := later(t.Context(), h, "y", "3")
		cancel()
		require.Equal(t, published{0, context.Canceled}, <-two)
		for _, s := range others {
			require.Equal(t, "1 3", payloads(t, s))
		}
		require.Equal(t, published{len(others), nil}, <-three)
		require.Equal(t, "1", payloads(t, first))
	})
}

// held is a context that holds up whoever begins to wait for it a second time.
type held struct {
	context.Context
	calls *int
	gate  chan struct{}
}

func (c held) Done() <-chan struct{} {
	if *c.calls++; *c.calls == 2 {
		<-c.gate
	}
	return nil
}

// Who is at the channel when the owner closes it leaves nothing in it.
func TestBlockClosedWhileSending(t *testing.T) {
	for range 30 { // it sends, or sees the end first
		synctest.Test(t, func(t *testing.T) {
			h := pubsub.NewHub()
			s := blocking(t, h, 1, true, "x")
			h.Publish("x", "1")
			ctx := held{t.Context(), new(int), make(chan struct{})}
			done := later(ctx, h, "x", "2")
			s.Close(nil)
			close(ctx.gate)
			<-done
			require.Zero(t, s.Stats().Buffered)
			_, ok := <-s.C()
			require.False(t, ok)
		})
	}
}

// After Close(nil) and the end of those who were about to send, nothing is left.
func TestBlockClosedMeanwhile(t *testing.T) {
	for range 2000 {
		h := pubsub.NewHub()
		s := blocking(t, h, 1, true, "x")
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { _, _ = h.PublishContext(context.Background(), "x", "") })
		}
		h.Publish("x", "")
		wg.Go(func() { <-s.C() })
		runtime.Gosched()
		s.Close(nil)
		wg.Wait()
		require.Zero(t, s.Stats().Buffered)
		_, ok := <-s.C()
		require.False(t, ok)
	}
}

// Any sequence of publishing, with and without a context, of contexts that end, and of
// receiving does what it does to the model.
func TestBlockModel(t *testing.T) {
	rnd := newRand(t)
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			h := pubsub.NewHub()
			m := modelQueue{limit: 1 + rnd.IntN(3), policy: pubsub.Block}
			s := blocking(t, h, m.limit, rnd.IntN(2) == 0, "x")
			cancels := map[string]context.CancelFunc{}
			done := map[string]<-chan published{}
			var log []string
			for i := range 60 {
				e := strconv.Itoa(i)
				switch n := rnd.IntN(11); {
				case n < 2:
					log = append(log, "publish "+e)
					require.Equal(t, m.offer(e), h.Publish("x", e) == 1, log)
				case n < 5 && !m.closed:
					log = append(log, "wait "+e)
					ctx, cancel := context.WithCancel(t.Context())
					cancels[e], done[e] = cancel, later(ctx, h, "x", e)
					if len(m.buffer) < m.limit && len(m.line) == 0 {
						m.put(e)
					} else {
						m.line = append(m.line, e)
					}
				case n < 9:
					want, ok := m.receive()
					if !ok {
						continue
					}
					log = append(log, "receive")
					got, err := s.Receive(t.Context())
					require.NoError(t, err)
					require.Equal(t, want, got.Payload, log)
				case n == 9 && len(m.line) > 0:
					gone := m.line[rnd.IntN(len(m.line))]
					log = append(log, "cancel "+gone)
					cancels[gone]()
					require.Equal(t, published{0, context.Canceled}, <-done[gone], log)
					m.line = slices.DeleteFunc(m.line, func(e string) bool { return e == gone })
					m.dropped++
				case n == 10 && rnd.IntN(5) == 0:
					log = append(log, "channel")
					s.C()
				case n == 10 && rnd.IntN(5) == 0:
					by := []error{nil, errEnd}[rnd.IntN(2)]
					log = append(log, fmt.Sprint("close ", by))
					s.Close(by)
					m.close(by)
				}
				synctest.Wait()
				require.Equal(t, m.stats(), s.Stats(), log)
				for e, d := range done {
					ended := len(d) == 1 || slices.Contains(log, "cancel "+e)
					require.Equal(t, !slices.Contains(m.line, e), ended, "%s: %q", e, log)
				}
			}
			for _, cancel := range cancels {
				cancel()
			}
		})
	}
}

// Contexts that end at any moment, while others receive: what was counted was received, no
// more and no less, and in order.
func TestBlockCancel(t *testing.T) {
	for _, channel := range []bool{false, true} {
		h := pubsub.NewHub()
		s := blocking(t, h, 1, channel, "x")
		const publishers, each = 3, 300
		taken := make([][]string, publishers)
		var wg sync.WaitGroup
		for p := range publishers {
			wg.Go(func() {
				for i := range each {
					ctx, cancel := context.WithCancel(context.Background())
					if i%3 > 0 {
						go cancel()
					}
					e := fmt.Sprintf("%d:%04d", p, i)
					n, err := h.PublishContext(ctx, "x", e)
					cancel()
					switch {
					case n == 1:
						taken[p] = append(taken[p], e)
					case err == nil:
						t.Error("neither taken nor given up")
					}
				}
			})
		}
		var got []string
		received := make(chan struct{})
		go func() {
			defer close(received)
			for {
				m, err := s.Receive(context.Background())
				if err != nil {
					return
				}
				got = append(got, m.Payload)
			}
		}()
		wg.Wait()
		s.Close(errEnd) // what is left can still be received
		<-received
		for p := range publishers {
			own := slices.DeleteFunc(slices.Clone(got), func(e string) bool { return e[:1] != strconv.Itoa(p) })
			require.Equal(t, taken[p], own)
		}
		require.EqualValues(t, len(got), s.Stats().Delivered)
		require.Zero(t, s.Stats().Buffered)
	}
}

// evil is a context that panics while somebody waits for it.
type evil struct {
	context.Context
	after *int
}

func (c evil) Done() <-chan struct{} {
	if *c.after--; *c.after < 0 {
		panic("evil")
	}
	return nil
}

// A context that panics leaves no place in line behind.
func TestBlockPanics(t *testing.T) {
	bothModes(t, func(t *testing.T, channel bool) {
		calls := 1 // of Done, by who waits
		if channel {
			calls = 2
		}
		for after := range calls {
			h := pubsub.NewHub()
			s := blocking(t, h, 1, channel, "x")
			require.NoError(t, s.Subscribe(match, "*"))
			h.Publish("x", "1")
			require.Panics(t, func() {
				_, _ = h.PublishContext(evil{t.Context(), &after}, "x", "2")
			})
			require.Equal(t, "1", payloads(t, s))
			done := later(t.Context(), h, "x", "3")
			require.Equal(t, "3 3", payloads(t, s))
			require.Equal(t, published{2, nil}, <-done)
		}
	})
}
