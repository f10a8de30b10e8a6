package pubsub_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/stretchr/testify/require"
)

var errEnd = errors.New("the end")

// rest receives what a queue has, up to its end where it has one.
func rest[T any](t *testing.T, q *pubsub.Queue[T]) (got []T, err error) {
	t.Helper()
	for q.Stats().Buffered > 0 || q.Err() != nil {
		m, err := q.Receive(context.Background())
		if err != nil {
			return got, err
		}
		got = append(got, m)
	}
	return got, nil
}

func TestPolicies(t *testing.T) {
	for _, tc := range []struct {
		policy pubsub.Policy
		took   []bool
		rest   []int
		stats  pubsub.Stats
		err    error
		after  bool
	}{
		{pubsub.CloseSlow, []bool{true, true, true, false, false}, []int{0, 1, 2}, pubsub.Stats{Delivered: 3, Dropped: 1, Buffered: 3}, pubsub.ErrSlowConsumer, false},
		{pubsub.DropOldest, []bool{true, true, true, true, true}, []int{2, 3, 4}, pubsub.Stats{Delivered: 3, Dropped: 2, Buffered: 3}, nil, true},
		{pubsub.DropNewest, []bool{true, true, true, false, false}, []int{0, 1, 2}, pubsub.Stats{Delivered: 3, Dropped: 2, Buffered: 3}, nil, true},
		{pubsub.Block, []bool{true, true, true, false, false}, []int{0, 1, 2}, pubsub.Stats{Delivered: 3, Dropped: 2, Buffered: 3}, nil, true},
		{pubsub.Policy(77), []bool{true, true, true, false, false}, []int{0, 1, 2}, pubsub.Stats{Delivered: 3, Dropped: 1, Buffered: 3}, pubsub.ErrSlowConsumer, false},
	} {
		for _, channel := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/%v", tc.policy, channel), func(t *testing.T) {
				q := pubsub.NewQueue[int](3, tc.policy, nil)
				if channel {
					q.C()
				}
				for i, took := range tc.took {
					require.Equal(t, took, q.Offer(i), "element %d", i)
				}
				require.Equal(t, tc.stats, q.Stats())
				require.Equal(t, tc.err, q.Err())
				got, err := rest(t, q)
				require.Equal(t, tc.rest, got)
				require.Equal(t, tc.err, err)
				require.Equal(t, tc.after, q.Offer(9), "with room again")
			})
		}
	}
}

// The limit is what is asked for, within bounds, and the ring grows up to exactly that.
func TestLimit(t *testing.T) {
	for limit, want := range map[int]int{math.MinInt: 1, -1: 1, 0: 1, 1: 1, 5: 5, 7: 7, 64: 64, 1000: 1000} {
		q := pubsub.NewQueue[int](limit, pubsub.DropNewest, nil)
		n := 0
		for q.Offer(n) {
			n++
		}
		require.Equal(t, want, n)
		require.Equal(t, want, cap(q.C()))
	}
	require.Equal(t, pubsub.MaxLimit, cap(pubsub.NewQueue[struct{}](math.MaxInt, pubsub.Block, nil).C()))
}

// C takes what is in the ring along, and a range over it ends with the queue.
func TestChangeOver(t *testing.T) {
	q := pubsub.NewQueue[int](10, pubsub.CloseSlow, nil)
	for i := range 7 {
		q.Offer(i)
	}
	for i := range 3 { // the ring begins in its middle
		m, err := q.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, i, m)
	}
	for i := 7; i < 11; i++ {
		q.Offer(i)
	}
	c := q.C()
	require.Equal(t, c, q.C())
	q.Offer(11)
	q.Close(errEnd)
	var got []int
	for m := range c {
		got = append(got, m)
	}
	require.Equal(t, []int{3, 4, 5, 6, 7, 8, 9, 10, 11}, got)
	_, err := q.Receive(t.Context())
	require.Equal(t, errEnd, err)

	q = pubsub.NewQueue[int](10, pubsub.CloseSlow, nil)
	q.Offer(1)
	q.Close(errEnd)
	require.Equal(t, 1, <-q.C(), "the first call after the end")
	_, ok := <-q.C()
	require.False(t, ok)
}

func TestClose(t *testing.T) {
	for _, channel := range []bool{false, true} {
		open := func() *pubsub.Queue[int] {
			q := pubsub.NewQueue[int](2, pubsub.CloseSlow, nil)
			if channel {
				q.C()
			}
			q.Offer(1)
			q.Offer(2)
			return q
		}
		q := open()
		q.Close(nil)
		q.Close(errEnd)
		require.NoError(t, q.Err(), "the first counts")
		require.False(t, q.Offer(3))
		require.Equal(t, pubsub.Stats{Delivered: 2}, q.Stats(), "all is forgotten")
		_, err := q.Receive(t.Context())
		require.Equal(t, pubsub.ErrClosed, err)

		q = open()
		q.Close(errEnd)
		q.Close(errors.New("another"))
		m, err := q.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, m)
		q.Close(nil)
		require.Equal(t, errEnd, q.Err())
		_, err = q.Receive(t.Context())
		require.Equal(t, errEnd, err, "what was left is forgotten now")

		q = open()
		q.Offer(3)
		require.Equal(t, pubsub.ErrSlowConsumer, q.Err())
		q.Close(errEnd)
		got, err := rest(t, q)
		require.Equal(t, []int{1, 2}, got)
		require.Equal(t, pubsub.ErrSlowConsumer, err)
	}
}

// Several who wait all get something, also if the queue changes over or ends meanwhile.
func TestWaiters(t *testing.T) {
	for _, what := range []string{"offers", "changes over", "ends", "is closed"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 5
				q := pubsub.NewQueue[int](n, pubsub.CloseSlow, nil)
				got := make(chan string, n)
				for range n {
					go func() {
						m, err := q.Receive(t.Context())
						got <- fmt.Sprint(m, err)
					}()
				}
				synctest.Wait()
				var want []string
				for i := range n {
					want = append(want, fmt.Sprint(i, nil))
				}
				switch what {
				case "changes over":
					q.C()
					synctest.Wait()
				case "ends":
					q.Close(errEnd)
					want = slices.Repeat([]string{fmt.Sprint(0, errEnd)}, n)
				case "is closed":
					q.Close(nil)
					want = slices.Repeat([]string{fmt.Sprint(0, pubsub.ErrClosed)}, n)
				}
				for i := range n {
					q.Offer(i)
				}
				synctest.Wait()
				require.Len(t, got, n)
				close(got)
				var all []string
				for s := range got {
					all = append(all, s)
				}
				slices.Sort(all)
				require.Equal(t, want, all)
			})
		})
	}
}

func TestReceiveContext(t *testing.T) {
	for _, channel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q := pubsub.NewQueue[int](4, pubsub.CloseSlow, nil)
			if channel {
				q.C()
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error)
			go func() { _, err := q.Receive(ctx); done <- err }()
			synctest.Wait()
			cancel(errEnd)
			require.Equal(t, context.Canceled, <-done)
			q.Offer(1)
			_, err := q.Receive(ctx)
			require.Equal(t, context.Canceled, err, "a context that has ended takes nothing")
			m, err := q.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, m)
		})
	}
}

// What is dropped is folded into what follows.
func TestMerge(t *testing.T) {
	fold := func(lost, next string) string { return lost + "+" + next }
	for _, tc := range []struct {
		policy pubsub.Policy
		limit  int
		steps  string // a letter is offered, a dot receives
		want   string
		stats  pubsub.Stats
	}{
		{pubsub.DropOldest, 3, "abcde...", "a+b+c d e", pubsub.Stats{Delivered: 3, Dropped: 2}},
		{pubsub.DropOldest, 1, "abc.", "a+b+c", pubsub.Stats{Delivered: 1, Dropped: 2}},
		{pubsub.DropOldest, 2, "ab.cd..", "a b+c d", pubsub.Stats{Delivered: 3, Dropped: 1}},
		{pubsub.DropNewest, 2, "abcd...", "a b c+d", pubsub.Stats{Delivered: 3, Dropped: 1}},
		{pubsub.DropNewest, 2, "abc...", "a b c", pubsub.Stats{Delivered: 3}},
		{pubsub.DropNewest, 2, "abcd.e..", "a b c+d+e", pubsub.Stats{Delivered: 3, Dropped: 2}},
		{pubsub.DropNewest, 2, "abcd.efg...", "a b c+d+e f+g", pubsub.Stats{Delivered: 4, Dropped: 3}},
		{pubsub.Block, 1, "abc..", "a b+c", pubsub.Stats{Delivered: 2, Dropped: 1}},
		{pubsub.CloseSlow, 1, "abc.", "a", pubsub.Stats{Delivered: 1, Dropped: 1}},
	} {
		q := pubsub.NewQueue(tc.limit, tc.policy, fold)
		require.Nil(t, q.C(), "no channel")
		var got []string
		for _, step := range tc.steps {
			if step != '.' {
				q.Offer(string(step))
				continue
			}
			m, err := q.Receive(t.Context())
			require.NoError(t, err)
			got = append(got, m)
		}
		require.Equal(t, tc.want, strings.Join(got, " "), "%+v", tc)
		require.Equal(t, tc.stats, q.Stats(), "%+v", tc)
	}
}

func TestDiscard(t *testing.T) {
	q := pubsub.NewQueue(4, pubsub.DropNewest, func(lost, next int) int { return 10*lost + next })
	for i := range 5 {
		q.Offer(i)
	}
	q.Discard(func(m int) bool { return m%2 == 0 }) // 4 is aside
	got, err := rest(t, q)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, got)
	require.Equal(t, pubsub.Stats{Delivered: 2}, q.Stats())
	require.True(t, q.Offer(6))
}

// modelQueue is the queue at its plainest: slices. line are those who wait for room.
type modelQueue struct {
	limit         int
	policy        pubsub.Policy
	merge         bool
	buffer        []string
	tail          string
	line          []string
	closed        bool
	err           error
	dropped, gone int
	offered       int
}

func (q *modelQueue) offer(m string) bool {
	switch {
	case q.closed:
		return false
	case len(q.buffer) < q.limit && len(q.line) == 0:
		q.put(m)
		return true
	case q.policy == pubsub.DropOldest:
		lost := q.buffer[0]
		q.dropped++
		q.buffer = append(q.buffer[1:], m)
		q.offered++
		if q.merge {
			q.buffer[0] = lost + "+" + q.buffer[0]
		}
		return true
	case q.policy == pubsub.CloseSlow:
		q.dropped++
		q.close(pubsub.ErrSlowConsumer)
		return false
	case !q.merge:
		q.dropped++
		return false
	}
	if q.tail != "" {
		q.dropped++
		m = q.tail + "+" + m
	}
	q.offered++
	q.tail = m
	return false
}

func (q *modelQueue) put(m string) {
	if q.tail != "" {
		m, q.tail = q.tail+"+"+m, ""
		q.dropped++
	}
	q.offered++
	q.buffer = append(q.buffer, m)
}

func (q *modelQueue) receive() (m string, ok bool) {
	switch {
	case len(q.buffer) > 0:
		m, q.buffer = q.buffer[0], q.buffer[1:]
		if len(q.line) > 0 {
			q.put(q.line[0])
			q.line = q.line[1:]
		}
		return m, true
	case q.tail != "":
		m, q.tail = q.tail, ""
		return m, true
	}
	return "", false
}

func (q *modelQueue) close(err error) {
	if !q.closed {
		q.closed, q.err = true, err
		q.dropped += len(q.line)
		q.line = nil
	}
	if err == nil {
		q.buffer, q.tail = nil, ""
	}
}

func (q *modelQueue) discardThose(match func(string) bool) {
	all := len(q.buffer)
	q.buffer = slices.DeleteFunc(q.buffer, match)
	q.gone += all - len(q.buffer)
	if q.tail != "" && match(q.tail) {
		q.tail = ""
		q.gone++
	}
}

func (q *modelQueue) stats() pubsub.Stats {
	s := pubsub.Stats{Dropped: uint64(q.dropped), Buffered: len(q.buffer)}
	pushedOut := 0
	if q.policy == pubsub.DropOldest || q.merge && q.policy != pubsub.CloseSlow {
		pushedOut = q.dropped
	}
	s.Delivered = uint64(q.offered - pushedOut - q.gone)
	if q.tail != "" {
		s.Buffered++
	}
	return s
}

// Any sequence of operations does to a queue what it does to the model.
func TestQueueModel(t *testing.T) {
	rnd := newRand(t)
	for range 3000 {
		m := modelQueue{limit: 1 + rnd.IntN(70)/(1+rnd.IntN(30)), policy: pubsub.Policy(rnd.IntN(4)), merge: rnd.IntN(2) == 0}
		var fold func(lost, next string) string
		if m.merge {
			fold = func(lost, next string) string { return lost + "+" + next }
		}
		q := pubsub.NewQueue(m.limit, m.policy, fold)
		receives := 1 + rnd.IntN(9)
		channel := false
		var log []string
		for i := range 1 + rnd.IntN(200) {
			switch n := rnd.IntN(20 + receives); {
			case n < 10:
				e := strconv.Itoa(i)
				log = append(log, "offer "+e)
				require.Equal(t, m.offer(e), q.Offer(e), "%+v %q", m, log)
			case n < 10+receives:
				want, ok := m.receive()
				if !ok && !m.closed {
					continue // it would wait
				}
				log = append(log, "receive")
				got, err := q.Receive(t.Context())
				require.Equal(t, want, got, "%+v %q", m, log)
				switch {
				case ok:
					require.NoError(t, err)
				case m.err == nil:
					require.Equal(t, pubsub.ErrClosed, err)
				default:
					require.Equal(t, m.err, err)
				}
			case n == 20 && rnd.IntN(4) == 0:
				log = append(log, "channel")
				q.C()
				channel = !m.merge
			case n == 21 && rnd.IntN(8) == 0:
				log = append(log, "end")
				q.Close(errEnd)
				m.close(errEnd)
			case n == 22 && rnd.IntN(8) == 0:
				log = append(log, "close")
				q.Close(nil)
				m.close(nil)
			case n == 23 && !channel:
				log = append(log, "discard")
				match := func(s string) bool { return strings.HasSuffix(s, "3") }
				q.Discard(match)
				m.discardThose(match)
			}
			require.Equal(t, m.stats(), q.Stats(), "%+v %q", m, log)
			require.Equal(t, m.err, q.Err())
		}
	}
}

// A ring that was large is given back once it has been small for a while, and an exchange of
// elements does not allocate.
func TestQueueMemory(t *testing.T) {
	q := pubsub.NewQueue[pubsub.Message](100_000, pubsub.CloseSlow, nil)
	burst := func(n int) {
		for range n {
			q.Offer(pubsub.Message{})
		}
		for range n {
			if _, err := q.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := heap()
	burst(100_000)
	require.Greater(t, heap()-before, uint64(2<<20))
	burst(10)
	burst(10)
	require.Less(t, int64(heap()-before), int64(64<<10))
	burst(20)
	require.Zero(t, testing.AllocsPerRun(100, func() { burst(20) }))
	q.C()
	require.Zero(t, testing.AllocsPerRun(100, func() { burst(20) }))
	runtime.KeepAlive(q)
}

// What was received, pushed out or forgotten is not kept.
func TestQueueKeepsNothing(t *testing.T) {
	before := heap()
	q := pubsub.NewQueue[[]byte](4, pubsub.DropOldest, nil)
	for range 9 {
		q.Offer(make([]byte, 4<<20))
	}
	for range 4 {
		if _, err := q.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	require.Less(t, int64(heap()-before), int64(1<<20))
	for range 3 {
		q.Offer(make([]byte, 4<<20))
	}
	q.Close(nil)
	require.Less(t, int64(heap()-before), int64(1<<20))
	runtime.KeepAlive(q)
}

// gated is a context that holds up whoever is about to wait for it.
type gated struct {
	context.Context
	gate chan struct{}
}

func (c gated) Done() <-chan struct{} {
	<-c.gate
	return nil
}

// Elements that come just as some begin to wait are enough for all of those.
func TestWaitersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3
		q := pubsub.NewQueue[int](n, pubsub.CloseSlow, nil)
		ctx := gated{t.Context(), make(chan struct{})}
		got := make(chan int, n)
		for range n {
			go func() {
				m, err := q.Receive(ctx)
				if err == nil {
					got <- m
				}
			}()
		}
		synctest.Wait()
		for i := range n {
			q.Offer(i)
		}
		close(ctx.gate)
		synctest.Wait()
		require.Len(t, got, n)
	})
}
