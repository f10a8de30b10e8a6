package store

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// sees returns what each way of looking at a key says of it.
func sees(t testing.TB, db DB, key string) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	lookup := func(name string, err error) {
		if err != nil && err != ErrNotFound {
			require.NoError(t, err, name)
		}
		seen[name] = err == nil
	}
	_, err := db.String(key).Get()
	lookup("Get", err)
	_, err = db.String(key).AppendTo(nil)
	lookup("AppendTo", err)
	_, err = db.TTL(key)
	lookup("TTL", err)
	_, err = db.ExpireTime(key)
	lookup("ExpireTime", err)
	_, err = db.ObjectEncoding(key)
	lookup("ObjectEncoding", err)
	_, err = db.MemoryUsage(key)
	lookup("MemoryUsage", err)
	_, err = db.Fingerprint(key)
	lookup("Fingerprint", err)
	random, err := db.RandomKey()
	lookup("RandomKey", err)
	if err == nil {
		require.Equal(t, key, random)
	}
	count := func(name string, n int, err error) {
		require.NoError(t, err, name)
		seen[name] = n > 0
	}
	n, err := db.Exists(key)
	count("Exists", n, err)
	n, err = db.Touch(key)
	count("Touch", n, err)
	n, err = db.DBSize()
	count("DBSize", n, err)
	n, err = db.String(key).StrLen()
	count("StrLen", n, err)
	text, err := db.String(key).GetRange(0, -1)
	count("GetRange", len(text), err)
	keys, err := db.Keys("*")
	count("Keys", len(keys), err)
	keys, _, err = db.Scan(0, ScanOptions{Count: 1 << 20})
	count("Scan", len(keys), err)
	kind, err := db.Type(key)
	count("Type", int(kind), err)
	values, err := db.MGet(key)
	require.NoError(t, err)
	seen["MGet"] = values[0].Found
	return seen
}

func requireSeen(t testing.TB, db DB, key string, want bool) {
	t.Helper()
	for name, seen := range sees(t, db, key) {
		require.Equal(t, want, seen, "%s at %v", name, db.s.now())
	}
}

// TestExpiryIsExact looks at a key a nanosecond before its deadline and at it. The
// expirer is kept out by a lock, so that it is the readers who notice.
func TestExpiryIsExact(t *testing.T) {
	for _, value := range []string{"small", strings.Repeat("by reference", 200)} {
		for _, big := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, in place %v", len(value), big), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newTest(t, WithShards(1))
					time.Sleep(300 * time.Microsecond) // deadlines are rounded up
					require.NoError(t, s.String("k").SetEX(value, 1500*time.Microsecond))
					if big {
						_, err := s.String("k").Append(value)
						require.NoError(t, err)
					}
					time.Sleep(1700*time.Microsecond - 1)
					requireSeen(t, s.DB(0), "k", true)
					// The expirer wakes at the same instant as this goroutine.
					hold := make(chan struct{})
					sh := &s.shards[0]
					go func() {
						sh.mu.RLock()
						<-hold
						sh.mu.RUnlock()
					}()
					synctest.Wait()
					time.Sleep(time.Nanosecond)
					_, err := s.String("k").Get()
					require.Equal(t, ErrNotFound, err)
					n, err := s.Exists("k")
					require.NoError(t, err)
					require.Zero(t, n)
					require.Equal(t, 1, s.Stats().Keys, "the expirer could not have removed it")
					close(hold)
					synctest.Wait()
					requireSeen(t, s.DB(0), "k", false)
				})
			})
		}
	}
}

// The same without the expirer: its work is done by Advance alone, and the clock is
// moved behind its back. Writers see an overdue key as little as readers.
func TestOverdueIsMissing(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	overdue := func() DB {
		s := newTest(t, WithClock(clock))
		require.NoError(t, s.String("k").SetEX("value", time.Second))
		requireSeen(t, s.DB(0), "k", true)
		clock.set(clock.nano() + int64(time.Second) - 1)
		requireSeen(t, s.DB(0), "k", true)
		clock.set(clock.nano() + 1)
		return s.DB(0)
	}
	requireSeen(t, overdue(), "k", false)
	db := overdue()
	ok, err := db.String("k").SetNX("new")
	require.NoError(t, err)
	require.True(t, ok)
	ttl, err := db.TTL("k")
	require.NoError(t, err)
	require.Equal(t, NoTTL, ttl)
	n, err := overdue().String("k").Append("x")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	ok, err = overdue().Persist("k")
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = overdue().Expire("k", time.Hour)
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = overdue().MSetNX(Pair{"k", "new"}, Pair{"l", "new"})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, ErrNotFound, overdue().Rename("k", "l"))
	n, err = overdue().Del("k")
	require.NoError(t, err)
	require.Zero(t, n)
	sum, err := overdue().String("k").Incr()
	require.NoError(t, err)
	require.EqualValues(t, 1, sum)
}

func TestExpirerRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t, WithShards(4), tiny)
		require.NoError(t, s.String("stays").Set("x"))
		empty := s.Stats()
		const n = 50
		for _, i := range seededRand(t).Perm(n) {
			db := s.DB(i % Databases)
			require.NoError(t, db.String(strconv.Itoa(i)).SetEX("value", time.Duration(i+1)*time.Second))
		}
		for i := range n {
			time.Sleep(time.Second - time.Millisecond)
			require.Equal(t, n-i, s.Stats().Volatile)
			require.EqualValues(t, i, s.Stats().Expired)
			time.Sleep(time.Millisecond)
			synctest.Wait()
			st := s.Stats()
			require.Equal(t, n-i-1, st.Volatile, "nobody but the expirer has looked")
			require.EqualValues(t, i+1, st.Expired)
			require.Equal(t, n-i, st.Keys)
			check(t, s)
		}
		require.Equal(t, empty.Memory, s.Stats().Memory)
	})
}

// What changes a deadline changes when the key goes.
func TestDeadlineMoves(t *testing.T) {
	for name, move := range map[string]struct {
		change func(s *Store) error
		gone   time.Duration // 0: never
	}{
		"nothing":   {func(*Store) error { return nil }, 10 * time.Second},
		"extended":  {func(s *Store) error { _, err := s.Expire("k", time.Minute); return err }, time.Minute},
		"shortened": {func(s *Store) error { _, err := s.Expire("k", time.Second); return err }, time.Second},
		"persisted": {func(s *Store) error { _, err := s.Persist("k"); return err }, 0},
		"overwritten": {
			func(s *Store) error { return s.String("k").Set("v") }, 0,
		},
		"kept": {
			func(s *Store) error {
				_, err := s.String("k").SetWith("v", SetOptions{Expiry: KeepTTL})
				return err
			}, 10 * time.Second,
		},
		"read with another": {
			func(s *Store) error { _, err := s.String("k").GetEx(ExpireIn(time.Hour)); return err }, time.Hour,
		},
		"changed in place": {
			func(s *Store) error { _, err := s.String("k").SetRange(5000, "x"); return err }, 10 * time.Second,
		},
		"counted": {func(s *Store) error {
			if err := s.String("k").SetEX("1", 7*time.Second); err != nil {
				return err
			}
			_, err := s.String("k").Incr()
			return err
		}, 7 * time.Second},
		"renamed twice": {func(s *Store) error {
			if err := s.Rename("k", "l"); err != nil {
				return err
			}
			return s.Rename("l", "k")
		}, 10 * time.Second},
		"swapped": {
			func(s *Store) error {
				if err := s.SwapDB(0, 3); err != nil {
					return err
				}
				_, err := s.DB(3).Move("k", 0)
				return err
			}, 10 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTest(t)
				require.NoError(t, s.String("k").SetEX("v", 10*time.Second))
				require.NoError(t, move.change(s))
				check(t, s)
				if move.gone == 0 {
					time.Sleep(1000 * time.Hour)
					requireSeen(t, s.DB(0), "k", true)
					return
				}
				time.Sleep(move.gone - 1)
				requireSeen(t, s.DB(0), "k", true)
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				require.Zero(t, s.Stats().Keys)
				requireSeen(t, s.DB(0), "k", false)
			})
		})
	}
}

// Very many keys go in the second in which they should.
func TestManyExpireTogether(t *testing.T) {
	n := 1_000_000
	if testing.Short() || raceEnabled {
		n = 100_000
	}
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		start := time.Now()
		for i := range n {
			at := start.Add(time.Minute + time.Duration(i)*time.Second/time.Duration(n))
			if _, err := s.String(strconv.Itoa(i)).SetWith("v", SetOptions{Expiry: ExpireAt(at)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Until(start.Add(time.Minute)))
		synctest.Wait()
		for ms := range 1001 {
			st := s.Stats()
			// Those whose deadline, rounded up, has come.
			want := min(n, ms*(n/1000)+1)
			require.EqualValues(t, want, st.Expired, "after %d ms", ms)
			require.Equal(t, n-want, st.Keys)
			time.Sleep(time.Millisecond)
			synctest.Wait()
		}
		require.Zero(t, s.Stats().Memory)
	})
}

func storeGoroutines() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "expire.(*Scheduler).loop(")
}

// TestGoroutines: a goroutine that is left in a bubble fails its test, too.
func TestGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := storeGoroutines()
		goroutines := func(want int) {
			t.Helper()
			synctest.Wait()
			require.Equal(t, want, storeGoroutines()-before)
		}
		s := New()
		require.NoError(t, s.String("k").Set("v"))
		goroutines(0)
		for range 3 {
			require.NoError(t, s.String("a").SetEX("v", time.Second))
			goroutines(1)
			require.NoError(t, s.String("b").SetEX("v", 2*time.Second))
			goroutines(1)
			time.Sleep(time.Second)
			goroutines(1)
			time.Sleep(time.Second)
			goroutines(0)
			require.NoError(t, s.String("a").SetEX("v", time.Second))
			goroutines(1)
			_, err := s.Persist("a")
			require.NoError(t, err)
			goroutines(0)
			require.NoError(t, s.DB(7).String("a").SetEX("v", time.Second))
			goroutines(1)
			_, err = s.DB(7).Del("a")
			require.NoError(t, err)
			goroutines(0)
			require.NoError(t, s.String("a").SetEX("v", time.Second))
			goroutines(1)
			require.NoError(t, s.FlushAll())
			goroutines(0)
		}
		require.NoError(t, s.String("k").SetEX("v", 1000*time.Hour))
		goroutines(1)
		require.NoError(t, s.Close())
		require.Equal(t, before, storeGoroutines(), "Close has waited")
		require.NoError(t, s.Close())
		check(t, s)
		// One without a deadline needs no Close.
		forgotten := New()
		require.NoError(t, forgotten.String("k").Set("v"))
	})
}

func TestManualClock(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	clock.Advance(0) // no store yet
	a, b := newTest(t, WithClock(clock)), newTest(t, WithClock(clock))
	require.NoError(t, a.String("k").SetEX("v", time.Second))
	require.NoError(t, b.String("k").SetEX("v", 365*24*time.Hour))
	before := storeGoroutines()
	now := clock.Now()
	clock.Advance(-time.Hour)
	clock.Advance(math.MinInt64)
	require.True(t, now.Equal(clock.Now()), "it never goes back")
	clock.Advance(time.Second - 1)
	require.Equal(t, 1, a.Stats().Keys)
	clock.Advance(1)
	require.Zero(t, a.Stats().Keys, "Advance has removed it")
	require.Equal(t, 1, b.Stats().Keys)
	require.Equal(t, before, storeGoroutines())
	require.NoError(t, a.Close())
	clock.Advance(math.MaxInt64)
	require.Zero(t, b.Stats().Keys)
	clock.Advance(math.MaxInt64) // it stands at the end of its time
	require.Equal(t, int64(math.MaxInt64), clock.nano())
	require.NoError(t, b.String("k").Set("v"))
	ok, err := b.Expire("k", math.MaxInt64)
	require.NoError(t, err)
	require.True(t, ok)
	clock.Advance(math.MaxInt64)
	require.Equal(t, 1, b.Stats().Keys, "its deadline is past the end")
}

// While Advance goes over many deadlines, what expires sees the clock at its deadline,
// in the order of all stores.
func TestAdvanceOrder(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	stores := []*Store{newTest(t, WithClock(clock)), newTest(t, WithClock(clock))}
	r := seededRand(t)
	var deadlines []int64
	for i := range 300 {
		d := time.Duration(1+r.IntN(100)) * time.Millisecond
		require.NoError(t, stores[i%2].String(strconv.Itoa(i)).SetEX("v", d))
		deadlines = append(deadlines, clock.nano()/1e6+d.Milliseconds())
	}
	slices.Sort(deadlines)
	end := clock.nano() + int64(time.Second)
	removed := 0
	for { // Advance, step by step
		s, at := clock.earliest()
		if s == nil {
			break
		}
		require.Equal(t, deadlines[removed], at, "the next deadline")
		clock.Advance(time.Duration(at*1e6 - clock.nano()))
		for removed < len(deadlines) && deadlines[removed] <= at {
			removed++
		}
		require.Equal(t, len(deadlines)-removed, stores[0].Stats().Keys+stores[1].Stats().Keys)
	}
	require.Less(t, clock.nano(), end)
}

// stepClock is a clock that goes on at each reading.
type stepClock struct {
	now, step atomic.Int64
}

func (c *stepClock) nano() int64                               { return c.now.Add(c.step.Load()) }
func (c *stepClock) wait(deadline int64, wake <-chan struct{}) { <-wake }
func (c *stepClock) alarm(int64) (<-chan struct{}, func())     { return nil, func() {} }

// A command has one time, also when its keys expire while it is at work.
func TestOneTimeACommand(t *testing.T) {
	c := &stepClock{}
	const n = 20
	var keys []string
	for i := range n {
		keys = append(keys, strconv.Itoa(i))
	}
	for from := range 4 * n {
		c.now.Store(int64(time.Hour))
		c.step.Store(0)
		s := newTest(t, func(o *options) { o.clock = c })
		for _, key := range keys {
			require.NoError(t, s.String(key).SetEX("v", n*time.Millisecond))
		}
		c.now.Add(int64(time.Duration(from) * time.Millisecond / 2))
		c.step.Store(int64(400 * time.Microsecond))
		all := func(n int, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Contains(t, []int{0, len(keys)}, n, "started at %d", from)
		}
		switch from % 5 {
		case 0:
			values, err := s.MGet(keys...)
			found := 0
			for _, v := range values {
				if v.Found {
					found++
				}
			}
			all(found, err)
		case 1:
			all(s.Exists(keys...))
		case 2:
			listed, err := s.Keys("*")
			all(len(listed), err)
		case 3:
			all(s.DBSize())
		default:
			all(s.Del(keys...))
		}
		c.step.Store(0)
	}
}

func TestTimeOverflows(t *testing.T) {
	for name, opts := range map[string][]Option{
		"clock":  nil,
		"manual": {WithClock(NewManualClock(time.Unix(1_700_000_000, 999_999_999)))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { timeOverflows(t, newTest(t, opts...)) })
		})
	}
}

func timeOverflows(t *testing.T, s *Store) {
	const ms = math.MaxInt64 / int64(time.Millisecond)
	last := time.UnixMilli(math.MaxInt64) // in the year 292278994
	for _, test := range []struct {
		name   string
		expire func() (bool, error)
		err    error
		there  bool
		ttl    time.Duration // -2: don't look
	}{
		{"the longest duration", func() (bool, error) { return s.Expire("k", math.MaxInt64) }, nil, true, -2},
		{"the shortest", func() (bool, error) { return s.Expire("k", math.MinInt64) }, nil, false, 0},
		{"zero", func() (bool, error) { return s.Expire("k", 0) }, nil, false, 0},
		{"minus one", func() (bool, error) { return s.Expire("k", -1) }, nil, false, 0},
		{"one", func() (bool, error) { return s.Expire("k", 1) }, nil, true, -2},
		{"the last millisecond", func() (bool, error) { return s.ExpireAt("k", last) }, nil, true, time.Duration(ms) * time.Millisecond},
		{"the year 292278994", func() (bool, error) {
			return s.ExpireAt("k", time.Date(292278994, 1, 1, 0, 0, 0, 0, time.UTC))
		}, nil, true, time.Duration(ms) * time.Millisecond},
		{"past it", func() (bool, error) { return s.ExpireAt("k", last.Add(1)) }, ErrInvalidExpire, true, NoTTL},
		{"far past it", func() (bool, error) { return s.ExpireAt("k", last.AddDate(1, 0, 0)) }, ErrInvalidExpire, true, NoTTL},
		{"the largest time", func() (bool, error) { return s.ExpireAt("k", time.Unix(1<<62, 0)) }, ErrInvalidExpire, true, NoTTL},
		{"the smallest time", func() (bool, error) { return s.ExpireAt("k", time.Unix(-1<<62, 0)) }, ErrInvalidExpire, true, NoTTL},
		{"no time", func() (bool, error) { return s.ExpireAt("k", time.Time{}) }, nil, false, 0},
		{"the epoch", func() (bool, error) { return s.ExpireAt("k", time.Unix(0, 0)) }, nil, false, 0},
		{"now", func() (bool, error) { return s.ExpireAt("k", time.UnixMilli(s.now())) }, nil, false, 0},
	} {
		require.NoError(t, s.String("k").Set("v"))
		ok, err := test.expire()
		require.ErrorIs(t, err, test.err, test.name)
		require.Equal(t, test.err == nil, ok, test.name)
		requireSeen(t, s.DB(0), "k", test.there)
		if test.there && test.ttl != -2 {
			ttl, err := s.TTL("k")
			require.NoError(t, err)
			require.Equal(t, test.ttl, ttl, test.name)
		}
		check(t, s)
	}
	require.NoError(t, s.String("k").Set("v"))
	for _, e := range []Expiry{ExpireIn(0), ExpireIn(-1), ExpireIn(math.MinInt64), ExpireAt(time.Time{}), ExpireAt(last.Add(1))} {
		_, err := s.String("k").SetWith("new", SetOptions{Expiry: e})
		require.ErrorIs(t, err, ErrInvalidExpire)
		_, err = s.String("k").GetEx(e)
		require.ErrorIs(t, err, ErrInvalidExpire)
		value, err := s.String("k").Get()
		require.NoError(t, err)
		require.Equal(t, "v", value, "nothing has changed")
	}
	_, err := s.String("k").SetWith("new", SetOptions{Expiry: ExpireAt(last)})
	require.NoError(t, err)
	at, err := s.ExpireTime("k")
	require.NoError(t, err)
	require.True(t, at.Equal(last))
	r, err := s.String("k").SetWith("new", SetOptions{Expiry: ExpireAt(time.UnixMilli(1)), Get: true})
	require.NoError(t, err)
	require.Equal(t, SetResult{Set: true, Old: Optional{"new", true}}, r)
	requireSeen(t, s.DB(0), "k", false)
}

func TestExpireConditions(t *testing.T) {
	s := newTest(t, WithClock(NewManualClock(time.Unix(1_700_000_000, 0))))
	const old = time.Hour
	for _, test := range []struct {
		cond                           Condition
		without, shorter, same, longer bool
	}{
		{Always, true, true, true, true},
		{IfAbsent, true, false, false, false},
		{IfPresent, false, true, true, true},
		{IfGreater, false, false, false, true},
		{IfLess, true, true, false, false},
		{IfPresentAndGreater, false, false, false, true},
		{IfPresentAndLess, false, true, false, false},
	} {
		try := func(had bool, d time.Duration, want bool) {
			t.Helper()
			require.NoError(t, s.String("k").Set("v"))
			before := NoTTL
			if had {
				before = old
				require.NoError(t, s.String("k").SetEX("v", old))
			}
			ok, err := s.Expire("k", d, test.cond)
			require.NoError(t, err)
			require.Equal(t, want, ok, "condition %d", test.cond)
			ttl, err := s.TTL("k")
			require.NoError(t, err)
			if want {
				before = d
			}
			require.Equal(t, before, ttl)
		}
		try(false, time.Minute, test.without)
		try(true, old-time.Millisecond, test.shorter)
		try(true, old, test.same)
		try(true, old+time.Millisecond, test.longer)
		_, err := s.Del("k")
		require.NoError(t, err)
		ok, err := s.Expire("k", time.Minute, test.cond)
		require.NoError(t, err)
		require.False(t, ok, "a missing key")
	}
	require.NoError(t, s.String("k").Set("v"))
	for _, cond := range [][]Condition{{IfPresentAndLess + 1}, {255}, {IfAbsent, IfLess}, {Always, Always}} {
		_, err := s.Expire("k", -time.Hour, cond...)
		require.ErrorIs(t, err, ErrInvalidOption)
		_, err = s.ExpireAt("k", time.Time{}, cond...)
		require.ErrorIs(t, err, ErrInvalidOption)
	}
	requireSeen(t, s.DB(0), "k", true)
}

// BenchmarkExpireSlice reports how long the expirer holds the lock of a shard in
// which a million keys are overdue: p50, p99 and the longest.
func BenchmarkExpireSlice(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n /= 10
	}
	var held []time.Duration
	for range b.N {
		c := &stepClock{}
		s := New(WithShards(1), func(o *options) { o.clock = c })
		for i := range n {
			key := fmt.Sprintf("key:%d", i)
			require.NoError(b, s.String(key).SetEX(key, time.Second))
		}
		c.now.Add(int64(2 * time.Second))
		for s.Stats().Expired < uint64(n) {
			start := time.Now()
			_, ok := s.expireShard(0)
			held = append(held, time.Since(start))
			require.True(b, ok)
		}
		require.NoError(b, s.Close())
	}
	slices.Sort(held)
	b.ReportMetric(float64(held[len(held)/2]), "p50-held-ns")
	b.ReportMetric(float64(held[len(held)*99/100]), "p99-held-ns")
	b.ReportMetric(float64(held[len(held)-1]), "max-held-ns")
}

func TestManualClockStart(t *testing.T) {
	for _, test := range []struct{ start, want time.Time }{
		{time.Unix(1_700_000_000, 5), time.Unix(1_700_000_000, 5)},
		{time.Time{}, time.Unix(0, 0)},
		{time.Unix(-1, 0), time.Unix(0, 0)},
		{time.Unix(math.MaxInt64/int64(time.Second)+1, 0), time.Unix(0, math.MaxInt64)},
	} {
		clock := NewManualClock(test.start)
		require.True(t, test.want.Equal(clock.Now()), "%v: %v", test.start, clock.Now())
		s := newTest(t, WithClock(clock))
		require.NoError(t, s.String("k").Set("v"))
		clock.Advance(time.Hour)
	}
}
