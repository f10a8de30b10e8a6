package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	for _, name := range []string{
		"List.BLPop", "List.BRPop", "List.BLMove", "List.BLMoveM", "List.BRPopLPush", "ZSet.BPopMin", "ZSet.BPopMax",
		"DB.BLPop", "DB.BRPop", "DB.BLMPop", "DB.BZPopMin", "DB.BZPopMax", "DB.BZMPopMin", "DB.BZMPopMax",
	} {
		methodRules[name] = waits
	}
	methodArguments["List.BLMove"] = []any{nil, "another", Left, Right}
	methodArguments["List.BLMoveM"] = []any{nil, "another", Left, Right, MoveOptions{}}
	methodArguments["List.BRPopLPush"] = []any{nil, "another"}
	methodArguments["DB.BLMPop"] = []any{nil, Left, 1, []string{"key"}}
	for _, name := range []string{"DB.BLPop", "DB.BRPop", "DB.BZPopMin", "DB.BZPopMax"} {
		methodArguments[name] = []any{nil, []string{"key"}}
	}
	methodArguments["DB.BZMPopMin"] = []any{nil, 1, []string{"key"}}
	methodArguments["DB.BZMPopMax"] = []any{nil, 1, []string{"key"}}
}

// impatient is a context that is cancelled as soon as somebody waits for it.
type impatient struct {
	context.Context
	cancel func()
}

func newImpatient() impatient {
	ctx, cancel := context.WithCancel(context.Background())
	return impatient{ctx, cancel}
}

func (c impatient) Done() <-chan struct{} {
	c.cancel()
	return c.Context.Done()
}

// noWaiters wants nothing to be left of those who waited.
func noWaiters(t testing.TB, s *Store) {
	t.Helper()
	unlock := s.rlockAll()
	defer unlock()
	for i := range s.shards {
		require.Nil(t, s.shards[i].waiting, "shard %d", i)
	}
}

// got is what a blocking call returned: its number and its results.
type got struct {
	who  int
	text string
	err  error
}

// crowd is goroutines that wait in a bubble.
type crowd struct {
	n    int
	got  []got
	lock sync.Mutex
}

// wait starts a blocking call, the next in number, and returns when it waits or is done.
func (c *crowd) wait(call func() (string, error)) {
	who := c.n
	c.n++
	go func() {
		text, err := call()
		c.lock.Lock()
		defer c.lock.Unlock()
		c.got = append(c.got, got{who, text, err})
	}()
	synctest.Wait()
}

// blpop is wait for BLPop.
func (c *crowd) blpop(ctx context.Context, db DB, keys ...string) {
	c.wait(func() (string, error) {
		key, value, err := db.BLPop(ctx, keys...)
		return key + "=" + value, err
	})
}

func (c *crowd) move(ctx context.Context, db DB, key, dst string) {
	c.wait(func() (string, error) { return db.List(key).BLMove(ctx, dst, Left, Right) })
}

// results returns what has come since the last call, by number.
func (c *crowd) results() []got {
	synctest.Wait()
	c.lock.Lock()
	defer c.lock.Unlock()
	list := c.got
	c.got = nil
	slices.SortFunc(list, func(a, b got) int { return a.who - b.who })
	return list
}

// bubble runs a test in a bubble for stores of several shapes.
func bubble(t *testing.T, test func(t *testing.T, s *Store, ctx context.Context)) {
	t.Helper()
	for name, opts := range map[string][]Option{
		"default": nil, "one shard": {WithShards(1)}, "tiny": {WithShards(2), tiny},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTest(t, opts...)
				test(t, s, t.Context())
				noWaiters(t, s)
			})
		})
	}
}

func push(t testing.TB, db DB, key string, values ...string) {
	t.Helper()
	n, err := db.List(key).RPush(values...)
	require.NoError(t, err)
	require.Equal(t, len(values), n, "the pusher sees its own values")
}

func requireList(t testing.TB, db DB, key string, want ...string) {
	t.Helper()
	list, err := db.List(key).Range(0, -1)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(list), "list %s", key)
}

func TestBlockIsFair(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		for range 5 {
			c.blpop(ctx, s.DB(0), "k")
		}
		push(t, s.DB(0), "k", "a")
		require.Equal(t, []got{{0, "k=a", nil}}, c.results())
		push(t, s.DB(0), "k", "b", "c", "d") // n elements serve n
		require.Equal(t, []got{{1, "k=b", nil}, {2, "k=c", nil}, {3, "k=d", nil}}, c.results())
		push(t, s.DB(0), "k", "e", "f", "g")
		require.Equal(t, []got{{4, "k=e", nil}}, c.results())
		requireList(t, s.DB(0), "k", "f", "g")
		c.blpop(ctx, s.DB(0), "none", "k")
		require.Equal(t, []got{{5, "k=f", nil}}, c.results())
	})
}

func TestBlockSeveralKeys(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "a", "b", "a")
		c.blpop(ctx, s.DB(0), "b", "a")
		c.blpop(ctx, s.DB(0), "a")
		push(t, s.DB(0), "b", "1")
		require.Equal(t, []got{{0, "b=1", nil}}, c.results())
		push(t, s.DB(0), "a", "2", "3")
		require.Equal(t, []got{{1, "a=2", nil}, {2, "a=3", nil}}, c.results())
		noWaiters(t, s)

		push(t, s.DB(0), "a", "4")
		push(t, s.DB(0), "b", "5")
		c.blpop(ctx, s.DB(0), "none", "b", "a")
		require.Equal(t, []got{{3, "b=5", nil}}, c.results())
		c.blpop(ctx, s.DB(3), "a") // another database
		c.blpop(ctx, s.DB(0), "a")
		require.Equal(t, []got{{5, "a=4", nil}}, c.results())
		push(t, s.DB(3), "a", "6")
		require.Equal(t, []got{{4, "a=6", nil}}, c.results())
	})
}

func TestBlockMethods(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.wait(func() (string, error) { return s.List("l").BLPop(ctx) })
		c.wait(func() (string, error) { return s.List("l").BRPop(ctx) })
		c.wait(func() (string, error) { key, v, err := s.BRPop(ctx, "none", "l"); return key + v, err })
		c.wait(func() (string, error) {
			key, v, err := s.BLMPop(ctx, Right, 2, "none", "l")
			return key + fmt.Sprint(v), err
		})
		c.wait(func() (string, error) { return s.List("l").BRPopLPush(ctx, "m") })
		c.wait(func() (string, error) { return s.List("l").BLMove(ctx, "m", Left, Left) })
		push(t, s.DB(0), "l", "1", "2", "3", "4", "5", "6", "7", "8")
		require.Equal(t, []got{{0, "1", nil}, {1, "8", nil}, {2, "l7", nil}, {3, "l[6 5]", nil}, {4, "4", nil}, {5, "2", nil}}, c.results())
		requireList(t, s.DB(0), "l", "3")
		requireList(t, s.DB(0), "m", "2", "4")

		show := func(key string, m any, err error) (string, error) { return key + fmt.Sprint(m), err }
		c = crowd{}
		c.wait(func() (string, error) { m, err := s.ZSet("z").BPopMin(ctx); return show("", m, err) })
		c.wait(func() (string, error) { m, err := s.ZSet("z").BPopMax(ctx); return show("", m, err) })
		c.wait(func() (string, error) { key, m, err := s.BZPopMin(ctx, "none", "z"); return show(key, m, err) })
		c.wait(func() (string, error) { key, m, err := s.BZPopMax(ctx, "none", "z"); return show(key, m, err) })
		c.wait(func() (string, error) { key, m, err := s.BZMPopMin(ctx, 2, "none", "z"); return show(key, m, err) })
		c.wait(func() (string, error) { key, m, err := s.BZMPopMax(ctx, 3, "none", "z"); return show(key, m, err) })
		n, err := s.ZSet("z").Add(Scored{"a", 1}, Scored{"b", 2}, Scored{"c", 3}, Scored{"d", 4}, Scored{"e", 5}, Scored{"f", 6}, Scored{"g", 7}, Scored{"h", 8})
		require.NoError(t, err)
		require.Equal(t, 8, n)
		require.Equal(t, []got{
			{0, "{a 1}", nil},
			{1, "{h 8}", nil},
			{2, "z{b 2}", nil},
			{3, "z{g 7}", nil},
			{4, "z[{c 3} {d 4}]", nil},
			{5, "z[{f 6} {e 5}]", nil},
		}, c.results())
		n, err = s.Exists("z")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestBlockArguments(t *testing.T) {
	s := newTest(t)
	push(t, s.DB(0), "l", "1")
	ctx := t.Context()
	var none context.Context
	done, cancel := context.WithCancel(ctx)
	cancel()
	for _, test := range []struct {
		want error
		call func() error
	}{
		{ErrNoContext, func() error { _, err := s.List("l").BLPop(none); return err }},
		{ErrNoContext, func() error { _, err := s.ZSet("l").BPopMax(none); return err }},
		{ErrInvalidOption, func() error { _, _, err := s.BLPop(ctx); return err }},
		{ErrInvalidOption, func() error { _, _, err := s.BZMPopMin(ctx, 1); return err }},
		{ErrInvalidOption, func() error { _, _, err := s.BLMPop(ctx, 2, 1, "l"); return err }},
		{ErrInvalidOption, func() error { _, err := s.List("l").BLMove(ctx, "m", 2, Left); return err }},
		{ErrInvalidOption, func() error { _, err := s.List("l").BLMove(ctx, "m", Left, 2); return err }},
		{ErrOutOfRange, func() error { _, _, err := s.BLMPop(ctx, Left, 0, "l"); return err }},
		{ErrOutOfRange, func() error { _, _, err := s.BZMPopMax(ctx, -1, "l"); return err }},
		{context.Canceled, func() error { _, err := s.List("l").BLPop(done); return err }},
		{context.Canceled, func() error { _, err := s.List("l").BLMove(done, "m", Left, Left); return err }},
		{context.Canceled, func() error { _, _, err := s.BZPopMin(done, "none"); return err }},
	} {
		requireOutcome(t, test.want, test.call(), "")
	}
	requireList(t, s.DB(0), "l", "1")
	noWaiters(t, s)
}

func TestBlockTimesOut(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		var c crowd
		c.blpop(ctx, s.DB(0), "a", "b", "c")
		c.move(ctx, s.DB(0), "a", "b")
		c.wait(func() (string, error) { _, err := s.ZSet("a").BPopMin(ctx); return "", err })
		require.Empty(t, c.results())
		time.Sleep(time.Hour) // of the bubble
		require.Equal(t, []got{
			{0, "=", context.DeadlineExceeded}, {1, "", context.DeadlineExceeded}, {2, "", context.DeadlineExceeded},
		}, c.results())
		require.Equal(t, time.Hour, time.Since(start))
		noWaiters(t, s)
		push(t, s.DB(0), "a", "1")
		requireList(t, s.DB(0), "a", "1")
	})
}

// Of those in the middle of a queue, too.
func TestBlockCancel(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		var cancels []func()
		for range 5 {
			ctx, cancel := context.WithCancel(ctx)
			cancels = append(cancels, cancel)
			c.blpop(ctx, s.DB(0), "k", "other")
		}
		for _, i := range []int{2, 0, 4} {
			cancels[i]()
			require.Equal(t, []got{{i, "=", context.Canceled}}, c.results())
		}
		push(t, s.DB(0), "k", "a", "b", "c")
		require.Equal(t, []got{{1, "k=a", nil}, {3, "k=b", nil}}, c.results())
		requireList(t, s.DB(0), "k", "c")
		cancels[1]()
		cancels[3]()
	})
}

// Cancel and push at once: the waiter has the element, or the list has.
func TestBlockCancelWhileServed(t *testing.T) {
	s := newTest(t)
	l := s.List("k")
	for range rounds(20_000) {
		ctx, cancel := context.WithCancel(t.Context())
		queued, done := make(chan struct{}), make(chan error)
		go func() {
			_, err := l.BLPop(told{ctx, queued})
			done <- err
		}()
		<-queued
		runtime.Gosched()
		cancel()
		push(t, s.DB(0), "k", "x")
		err := <-done
		_, left := l.LPop()
		require.True(t, err == nil && left == ErrNotFound || err == context.Canceled && left == nil, "BLPop: %v, LPop: %v", err, left)
	}
	noWaiters(t, s)
}

func TestBlockClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		var c crowd
		c.blpop(t.Context(), s.DB(0), "k", "other")
		c.blpop(t.Context(), s.DB(5), "k")
		c.move(t.Context(), s.DB(0), "k", "l")
		c.wait(func() (string, error) { _, err := s.ZSet("k").BPopMin(t.Context()); return "", err })
		require.NoError(t, s.Close())
		require.Equal(t, []got{{0, "=", ErrClosed}, {1, "=", ErrClosed}, {2, "", ErrClosed}, {3, "", ErrClosed}}, c.results())
		noWaiters(t, s)
		require.NoError(t, s.Close())
	})
}

func TestBlockWrongType(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "k") // waits through all of this
		require.NoError(t, s.String("k").Set("text"))
		c.blpop(ctx, s.DB(0), "none", "k")
		list := c.results()
		require.Len(t, list, 1)
		requireOutcome(t, ErrWrongType, list[0].err, "")
		c.wait(func() (string, error) { _, err := s.ZSet("z").BPopMin(ctx); return "", err })
		push(t, s.DB(0), "z", "not a member")
		_, err := s.Del("k", "z")
		require.NoError(t, err)
		_, err = s.ZSet("k").Add(Scored{"m", 1})
		require.NoError(t, err)
		require.Empty(t, c.results())
		_, err = s.Del("k")
		require.NoError(t, err)
		push(t, s.DB(0), "k", "1")
		_, err = s.ZSet("z").Add(Scored{"m", 1})
		require.NoError(t, err)
		require.Equal(t, []got{{0, "k=1", nil}, {2, "", nil}}, c.results())
	})
}

func TestBlockChain(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "d")
		c.move(ctx, s.DB(0), "c", "d")
		c.move(ctx, s.DB(0), "b", "c")
		c.move(ctx, s.DB(0), "a", "b")
		push(t, s.DB(0), "a", "1", "2")
		require.Equal(t, []got{{0, "d=1", nil}, {1, "1", nil}, {2, "1", nil}, {3, "1", nil}}, c.results())
		requireList(t, s.DB(0), "a", "2")
		noWaiters(t, s)
		_, err := s.Del("a")
		require.NoError(t, err)

		// A chain behind one that does not wait.
		c = crowd{}
		push(t, s.DB(0), "a", "3")
		c.blpop(ctx, s.DB(0), "c")
		c.move(ctx, s.DB(0), "b", "c")
		c.move(ctx, s.DB(0), "a", "b")
		require.Equal(t, []got{{0, "c=3", nil}, {1, "3", nil}, {2, "3", nil}}, c.results())

		// Circles end, as each waiter is served once.
		c = crowd{}
		c.move(ctx, s.DB(0), "a", "a")
		c.move(ctx, s.DB(0), "a", "b")
		c.move(ctx, s.DB(0), "b", "a")
		push(t, s.DB(0), "a", "4", "5")
		require.Equal(t, []got{{0, "4", nil}, {1, "5", nil}, {2, "5", nil}}, c.results())
		requireList(t, s.DB(0), "a", "4", "5")
	})
}

func TestBlockChainToWrongType(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		require.NoError(t, s.String("text").Set("x"))
		var c crowd
		c.move(ctx, s.DB(0), "a", "text")
		c.move(ctx, s.DB(0), "a", "text")
		c.blpop(ctx, s.DB(0), "a")
		push(t, s.DB(0), "a", "1")
		list := c.results()
		require.Len(t, list, 3)
		requireOutcome(t, ErrWrongType, list[0].err, "")
		requireOutcome(t, ErrWrongType, list[1].err, "")
		require.Equal(t, got{2, "a=1", nil}, list[2])
		c.move(ctx, s.DB(0), "a", "text")
		push(t, s.DB(0), "a", "2")
		requireOutcome(t, ErrWrongType, c.results()[0].err, "")
		requireList(t, s.DB(0), "a", "2")
		c.move(ctx, s.DB(0), "a", "text")
		requireOutcome(t, ErrWrongType, c.results()[0].err, "")
		requireList(t, s.DB(0), "a", "2")
	})
}

func TestBlockExpired(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		push(t, s.DB(0), "k", "old")
		_, err := s.Expire("k", time.Second)
		require.NoError(t, err)
		time.Sleep(time.Second)
		c.blpop(ctx, s.DB(0), "k")
		require.Empty(t, c.results())
		push(t, s.DB(0), "k", "new")
		require.Equal(t, []got{{0, "k=new", nil}}, c.results())

		// What comes with a deadline that has passed serves nobody.
		c.blpop(ctx, s.DB(0), "k")
		push(t, s.DB(1), "k", "old")
		_, err = s.DB(1).Expire("k", time.Second)
		require.NoError(t, err)
		require.NoError(t, s.SwapDB(1, 2))
		time.Sleep(time.Second)
		require.NoError(t, s.SwapDB(2, 0))
		require.Empty(t, c.results())
		push(t, s.DB(0), "k", "newer")
		require.Equal(t, []got{{1, "k=newer", nil}}, c.results())
	})
}

// What others see while a chain is served: everything or nothing.
func TestBlockServesAtOnce(t *testing.T) {
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { blockServesAtOnce(t, n) })
	}
}

func blockServesAtOnce(t *testing.T, keyCount int) {
	s := newTest(t)
	keys := keysIn(s, "k", keyCount, false)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			for ctx.Err() == nil {
				var err error
				if i < len(keys)-1 {
					_, err = s.List(key).BLMove(ctx, keys[i+1], Left, Right)
				} else {
					_, err = s.List(key).BLPop(ctx)
				}
				if err != nil && err != context.Canceled {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if n, err := s.List(keys[i%len(keys)]).Len(); n != 0 || err != nil {
				t.Errorf("%d elements can be seen, %v", n, err)
				return
			}
			runtime.Gosched() // the others have a turn, too
		}
	})
	for range rounds(10_000) / keyCount {
		for !s.allWait(keys) {
			runtime.Gosched()
		}
		_, err := s.List(keys[0]).LPush("x")
		require.NoError(t, err)
		for _, key := range keys {
			n, err := s.List(key).Len()
			require.NoError(t, err)
			require.Zero(t, n, "somebody could see it in %s", key)
		}
	}
	cancel()
	wg.Wait()
	noWaiters(t, s)
}

// A snapshot has all of a push and of what it serves, or nothing.
func TestBlockInSnapshots(t *testing.T) {
	s := newTest(t, WithShards(4))
	keys := keysIn(s, "k", 2, false)
	a, b := s.List(keys[0]), s.List(keys[1])
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			moved := make(chan error)
			go func() {
				_, err := a.BLMove(t.Context(), b.Key(), Left, Right)
				moved <- err
			}()
			for !s.allWait(keys[:1]) {
				runtime.Gosched()
			}
			_, err := a.RPush("moves on", "stays")
			err = cmp.Or(err, <-moved)
			if _, delErr := s.Del(keys...); err != nil || delErr != nil {
				t.Error(err, delErr)
			}
		}
	})
	for range rounds(20_000) {
		sn := s.Snapshot()
		inA, err := sn.List(a.Key()).Len()
		require.NoError(t, err)
		inB, err := sn.List(b.Key()).Len()
		require.NoError(t, err)
		require.NoError(t, sn.Close())
		require.Equal(t, inA, inB)
	}
	cancel()
	wg.Wait()
	noWaiters(t, s)
}

// allWait says whether somebody waits at each of keys.
func (s *Store) allWait(keys []string) bool {
	for _, key := range keys {
		sh, _ := s.hash(key)
		sh.mu.RLock()
		q := sh.queue(awaited{key: key, kind: KindList})
		sh.mu.RUnlock()
		if q == nil {
			return false
		}
	}
	return true
}

// TestBlockLosesNothing: producers and consumers over several keys, whose contexts end at
// any time, directly and by way of other lists. Every element is popped once or left.
func TestBlockLosesNothing(t *testing.T) {
	for name, opts := range map[string][]Option{
		"default": nil, "one shard": {WithShards(1), tiny}, "tiny": {WithShards(2), tiny},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, opts...)
			w := workload{s: s, keys: []string{"a", "b", "c", "d"}, seen: map[string]int{}}
			w.run(t, seededRand(t), rounds(5_000))
			noWaiters(t, s)
			for _, key := range w.keys {
				left, err := s.List(key).Range(0, -1)
				require.NoError(t, err)
				for _, v := range left {
					w.seen[v]++
				}
			}
			require.Len(t, w.seen, int(w.pushed.Load()))
			for v, n := range w.seen {
				require.Equal(t, 1, n, "element %s", v)
			}
		})
	}
}

type workload struct {
	s      *Store
	keys   []string
	pushed atomic.Int64
	popped atomic.Int64
	lock   sync.Mutex
	seen   map[string]int
}

func (w *workload) run(t *testing.T, r *rand.Rand, n int) {
	ctx, cancel := context.WithCancel(t.Context())
	var producers, consumers sync.WaitGroup
	for range 3 {
		r := rand.New(rand.NewPCG(r.Uint64(), 0))
		producers.Go(func() {
			for range n {
				if err := w.produce(r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 8 {
		r := rand.New(rand.NewPCG(r.Uint64(), 0))
		consumers.Go(func() {
			for ctx.Err() == nil {
				if err := w.consume(ctx, r); err != nil && err != context.Canceled && err != context.DeadlineExceeded {
					t.Error(err)
				}
			}
		})
	}
	producers.Wait()
	cancel()
	consumers.Wait()
}

func (w *workload) key(r *rand.Rand) string { return w.keys[r.IntN(len(w.keys))] }

func (w *workload) produce(r *rand.Rand) error {
	for w.pushed.Load()-w.popped.Load() > 4 { // so that mostly somebody waits
		runtime.Gosched()
	}
	values := make([]string, 1+r.IntN(3))
	for i := range values {
		values[i] = strconv.FormatInt(w.pushed.Add(1), 10)
	}
	switch key := w.key(r); r.IntN(8) {
	case 0: // by way of another key
		if _, err := w.s.DB(1).List(key).RPush(values...); err != nil {
			return err
		}
		for {
			switch moved, err := w.s.DB(1).Move(key, 0); {
			case moved || err != nil:
				return err
			}
			v, err := w.s.DB(1).List(key).LPop()
			if err == ErrNotFound { // somebody else has moved it
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := w.s.List(key).RPush(v); err != nil {
				return err
			}
		}
	case 1:
		_, err := w.s.List(key).LMove(w.key(r), Left, Right)
		if err != nil && err != ErrNotFound {
			return err
		}
		fallthrough
	default:
		_, err := w.s.List(key).RPush(values...)
		return err
	}
}

func (w *workload) consume(ctx context.Context, r *rand.Rand) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if r.IntN(4) == 0 {
		go cancel()
	} else { // nobody waits for ever at one key while the elements are in others
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(500))*time.Microsecond)
		defer cancel()
	}
	var values []string
	switch r.IntN(4) {
	case 0:
		_, values, err = w.s.BLMPop(ctx, Left, 2, w.key(r), w.key(r), w.key(r))
	case 1:
		_, err = w.s.List(w.key(r)).BLMove(ctx, w.key(r), Left, Right)
	default:
		values = make([]string, 1)
		_, values[0], err = w.s.BLPop(ctx, w.key(r), w.key(r))
	}
	if err != nil {
		return err
	}
	w.popped.Add(int64(len(values)))
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, v := range values {
		w.seen[v]++
	}
	return nil
}

// Many wait: each gets one, those of one key in their order.
func TestBlockMany(t *testing.T) {
	n := rounds(10_000)
	t.Run("one key", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t)
			order := make([]string, n)
			for i := range n {
				queued := make(chan struct{})
				go func() {
					v, err := s.List("k").BLPop(told{t.Context(), queued})
					if err != nil {
						t.Error(err)
					}
					order[i] = v
				}()
				<-queued
			}
			for i := range n {
				push(t, s.DB(0), "k", strconv.Itoa(i))
			}
			synctest.Wait()
			for i, v := range order {
				require.Equal(t, strconv.Itoa(i), v)
			}
			noWaiters(t, s)
		})
	})
	t.Run("many keys", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t)
			values := make([]string, n)
			for i := range n {
				go func() {
					v, err := s.List("k" + strconv.Itoa(i)).BLPop(t.Context())
					if err != nil {
						t.Error(err)
					}
					values[i] = v
				}()
			}
			synctest.Wait()
			for i := range n {
				push(t, s.DB(0), "k"+strconv.Itoa(i), strconv.Itoa(i))
			}
			synctest.Wait()
			for i, v := range values {
				require.Equal(t, strconv.Itoa(i), v)
			}
			noWaiters(t, s)
		})
	})
}

// told is a context that says when somebody waits for it, who then has queued.
type told struct {
	context.Context
	queued chan struct{}
}

func (c told) Done() <-chan struct{} {
	close(c.queued)
	return c.Context.Done()
}

// How long it takes from a push until who it serves has it, beside others who wait.
func BenchmarkBlock(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("BLPop/%d waiters of one key", n), func(b *testing.B) {
			benchmarkBlock(b, n, func(int) string { return "k" }, func(ctx context.Context, l List) (string, error) { return l.BLPop(ctx) })
		})
	}
	b.Run("BLPop/10000 waiters of as many keys", func(b *testing.B) {
		benchmarkBlock(b, 10_000, func(i int) string { return fmt.Sprintf("key%05d", i) },
			func(ctx context.Context, l List) (string, error) { return l.BLPop(ctx) })
	})
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("BLMove/%d waiters of one key", n), func(b *testing.B) {
			benchmarkBlock(b, n, func(int) string { return "k" }, func(ctx context.Context, l List) (string, error) {
				v, err := l.BLMove(ctx, "done", Left, Right)
				if err == nil {
					l.db.Del("done")
				}
				return v, err
			})
		})
	}
}

func benchmarkBlock(b *testing.B, n int, key func(i int) string, call func(ctx context.Context, l List) (string, error)) {
	s := New()
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	served := make(chan string, n)
	for i := range n {
		l := s.List(key(i))
		wg.Go(func() {
			for {
				v, err := call(ctx, l)
				if err != nil {
					return
				}
				served <- v
			}
		})
	}
	for queuedWaiters(s) < n {
		runtime.Gosched()
	}
	i := 0
	for b.Loop() {
		if _, err := s.List(key(i % n)).RPush("x"); err != nil {
			b.Fatal(err)
		}
		<-served
		i++
	}
	cancel()
	wg.Wait()
}

// What a waiter takes beside its goroutine.
func BenchmarkBlockMemory(b *testing.B) {
	const n = 10_000
	for name, key := range map[string]func(i int) string{
		"one key": func(int) string { return "k" }, "a key each": strconv.Itoa,
	} {
		b.Run(name, func(b *testing.B) {
			s := New()
			defer s.Close()
			keys, waiters := make([]string, n), make([]*waiter, n)
			for i := range n {
				keys[i] = key(i)
			}
			before := heapInUse()
			for i := range n {
				_, waiters[i], _ = s.takeOrQueue(context.Background(), &demand{op: "BLPOP", kind: KindList, count: 1}, keys[i:i+1])
			}
			used := heapInUse() - before
			for b.Loop() {
			}
			b.ReportMetric(float64(used)/n, "B/waiter")
			runtime.KeepAlive(waiters)
		})
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
