package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	for _, name := range []string{"Stream.Consume", "Stream.ConsumeWith"} {
		noCommands[name] = "it calls others that are"
	}
}

// handled is what consumers have handled, with the time since the start of the test.
type handled struct {
	lock  sync.Mutex
	start time.Time
	list  []string
}

func newHandled() *handled { return &handled{start: time.Now()} }

func (h *handled) add(who string, d Delivery) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.list = append(h.list, fmt.Sprintf("%v %s %d (%d)", time.Since(h.start), who, d.ID.Ms, d.Deliveries))
}

func (h *handled) take() []string {
	synctest.Wait()
	h.lock.Lock()
	defer h.lock.Unlock()
	list := h.list
	h.list = nil
	return list
}

func pendingOf(t testing.TB, g Group) int {
	t.Helper()
	p, err := g.Pending()
	require.NoError(t, err)
	return p.Count
}

// TestConsume: what was pending to the consumer comes first, then what is new, and what
// another left behind when it is idle for long enough, to the millisecond.
func TestConsume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		g := db.Stream("s").Group("g")
		mkGroup(t, db, "s", "g")
		for ms := range uint64(3) {
			addAt(t, db, "s", ms+1)
		}
		h := newHandled()
		_, err := g.Read("me", GroupReadOptions{Count: 1})
		require.NoError(t, err)
		_, err = g.Read("dead", GroupReadOptions{Count: 1})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- db.Stream("s").Consume(ctx, "g", "me", func(e Entry) error {
				h.add("me", Delivery{Entry: e})
				return nil
			})
		}()
		require.Equal(t, []string{"0s me 1 (0)", "0s me 3 (0)"}, h.take())
		require.Equal(t, 1, pendingOf(t, g))
		time.Sleep(time.Minute - time.Millisecond)
		require.Empty(t, h.take())
		time.Sleep(time.Millisecond)
		require.Equal(t, []string{"1m0s me 2 (0)"}, h.take())
		require.Zero(t, pendingOf(t, g))
		addAt(t, db, "s", 4)
		require.Equal(t, []string{"1m0s me 4 (0)"}, h.take())
		cancel()
		require.Equal(t, context.Canceled, <-ended)
		noWaiters(t, s)
	})
}

// TestConsumeFails: an entry that can't be handled comes again, until somebody gives up on it.
func TestConsumeFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		g := db.Stream("s").Group("g")
		mkGroup(t, db, "s", "g")
		h := newHandled()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- db.Stream("s").ConsumeWith(ctx, "g", "me", ConsumeOptions{Idle: time.Second}, func(d Delivery) error {
				h.add("me", d)
				if d.ID.Ms == 1 && d.Deliveries < 2 {
					return errors.New("not yet")
				}
				return nil
			})
		}()
		addAt(t, db, "s", 1)
		addAt(t, db, "s", 2)
		require.Equal(t, []string{"0s me 1 (0)", "0s me 2 (0)"}, h.take())
		time.Sleep(2500 * time.Millisecond)
		require.Equal(t, []string{"1s me 1 (1)", "2s me 1 (2)"}, h.take())
		require.Zero(t, pendingOf(t, g))

		_, err := g.Read("dead", GroupReadOptions{})
		require.NoError(t, err)
		addAt(t, db, "s", 3)
		synctest.Wait()
		require.Equal(t, []string{"2.5s me 3 (0)"}, h.take())
		_, err = g.Destroy()
		require.NoError(t, err)
		require.ErrorIs(t, <-ended, ErrNoGroup)
		cancel()
	})
}

// TestConsumeEnds: when the context ends while an entry is handled, it is acknowledged, and no
// other is taken; a panic leaves it pending.
func TestConsumeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		g := db.Stream("s").Group("g")
		mkGroup(t, db, "s", "g")
		for ms := range uint64(3) {
			addAt(t, db, "s", ms+1)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		require.Equal(t, context.Canceled, db.Stream("s").Consume(ctx, "g", "me", func(Entry) error {
			n++
			cancel()
			return nil
		}))
		require.Equal(t, 1, n)
		require.Zero(t, pendingOf(t, g))
		require.Equal(t, context.Canceled, db.Stream("s").Consume(ctx, "g", "me", func(Entry) error {
			t.Error("taken")
			return nil
		}))
		require.PanicsWithValue(t, "no", func() {
			_ = db.Stream("s").Consume(t.Context(), "g", "me", func(Entry) error { panic("no") })
		})
		require.Equal(t, 1, pendingOf(t, g))
		var got []uint64
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, db.Stream("s").Consume(ctx, "g", "me", func(e Entry) error {
			got = append(got, e.ID.Ms)
			return nil
		}))
		require.Equal(t, []uint64{2, 3}, got, "what it held comes first")
		noWaiters(t, s)

		// What was deleted meanwhile is no longer pending.
		addAt(t, db, "s", 4)
		_, err := g.Read("me", GroupReadOptions{})
		require.NoError(t, err)
		_, err = db.Stream("s").Del(StreamID{Ms: 4})
		require.NoError(t, err)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, db.Stream("s").Consume(ctx, "g", "me", func(Entry) error {
			t.Error("deleted")
			return nil
		}))
		require.Zero(t, pendingOf(t, g))
	})
}

// TestConsumeFailsOften: what can't be handled does not keep off what is new, however much
// there is of it, or however often it comes.
func TestConsumeFailsOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		g := db.Stream("s").Group("g")
		mkGroup(t, db, "s", "g")
		for ms := range uint64(100) {
			addAt(t, db, "s", ms+1)
		}
		ctx, cancel := context.WithCancel(t.Context())
		good := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = db.Stream("s").ConsumeWith(ctx, "g", "me", ConsumeOptions{Idle: 50 * time.Millisecond}, func(d Delivery) error {
				time.Sleep(time.Millisecond)
				if d.ID.Ms > 100 {
					good++
					return nil
				}
				if d.ID.Ms == 100 {
					_, err := g.Nack(NackFatal, d.ID)
					require.NoError(t, err)
				}
				return errors.New("never")
			})
		})
		time.Sleep(time.Second)
		for ms := range uint64(20) {
			addAt(t, db, "s", ms+101)
		}
		time.Sleep(50 * time.Millisecond)
		cancel()
		wg.Wait()
		require.Equal(t, 20, good)
		require.Equal(t, 100, pendingOf(t, g))
	})
}

func TestConsumeMistakes(t *testing.T) {
	s := newTest(t)
	var none context.Context
	handle := func(Entry) error { return nil }
	require.ErrorIs(t, s.Stream("s").Consume(none, "g", "c", handle), ErrNoContext)
	require.ErrorIs(t, s.Stream("s").Consume(t.Context(), "g", "c", nil), ErrNoClosure)
	require.ErrorIs(t, s.Stream("s").Consume(t.Context(), "g", "c", handle), ErrNoGroup)
	require.NoError(t, s.String("text").Set("x"))
	require.ErrorIs(t, s.Stream("text").Consume(t.Context(), "g", "c", handle), ErrWrongType)
	mkGroup(t, s.DB(0), "s", "g")
	addAt(t, s.DB(0), "s", 1)
	require.NoError(t, s.Update(func(tx *Tx) error {
		n := 0
		require.Equal(t, ErrNotFound, tx.Stream("s").Consume(t.Context(), "g", "c", func(Entry) error { n++; return nil }))
		require.Equal(t, 1, n)
		return nil
	}))
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Stream("s").Consume(t.Context(), "g", "c", handle), ErrClosed)
}

// TestConsumersShare: every entry is handled, also where consumers come and go.
func TestConsumersShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		mkGroup(t, db, "s", "g")
		const entries = 200
		var lock sync.Mutex
		seen := map[uint64]int{}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for life := 0; ctx.Err() == nil; life++ {
					func() {
						defer func() { _ = recover() }()
						n := 0
						_ = db.Stream("s").ConsumeWith(ctx, "g", fmt.Sprint(i, "-", life), ConsumeOptions{Idle: time.Second}, func(d Delivery) error {
							if n++; n == 9 {
								panic("dies")
							}
							lock.Lock()
							defer lock.Unlock()
							seen[d.ID.Ms]++
							return nil
						})
					}()
				}
			})
		}
		for ms := range uint64(entries) {
			addAt(t, db, "s", ms+1)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		cancel()
		wg.Wait()
		require.Len(t, seen, entries)
		for ms, n := range seen {
			require.Equal(t, 1, n, "entry %d", ms)
		}
		require.Zero(t, pendingOf(t, db.Stream("s").Group("g")))
	})
}
