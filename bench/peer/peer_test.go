package peer

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/bench/redisserver"
)

const (
	many      = 1000
	valueSize = 64
)

func keyOf(i int) string { return fmt.Sprintf("key:%012d", i) }

// valueOf returns a value of key, another for each version.
func valueOf(key string, version int) string {
	return strings.Repeat(strconv.Itoa(version), valueSize-len(key)) + key
}

// open makes a peer until the end of the test.
func open(t *testing.T, p *Peer, ttl time.Duration) Instance {
	t.Helper()
	c := Config{Keys: 2 * many, Value: valueSize, TTL: ttl}
	if p.Server {
		s, err := redisserver.Start("")
		if errors.Is(err, redisserver.ErrNotInstalled) && os.Getenv("ALCOVE_REDIS") != "required" {
			t.Skip(err)
		}
		require.NoError(t, err)
		t.Cleanup(s.Stop)
		c.Socket = s.Socket()
	}
	instance := p.New(c)
	t.Cleanup(instance.Close)
	return instance
}

func settle(p any) {
	if p, ok := p.(Settling); ok {
		p.Settle()
	}
}

// workers runs work in as many goroutines as the peer bears, two at most, and returns
// how many.
func workers(p *Peer, work func(worker int)) int {
	if p.Serial {
		work(0)
		return 1
	}
	var group sync.WaitGroup
	for worker := range 2 {
		group.Go(func() { work(worker) })
	}
	group.Wait()
	return 2
}

// TestAbilities says who implements what: a method with a typo would quietly take a peer
// out of the workloads.
func TestAbilities(t *testing.T) {
	everything := "Strings Volatile Counters Hashes Queues Lists Sets Algebra Scores Ranks Streams Logs"
	want := map[string]string{
		"alcove":        everything + " Groups Expiring",
		"map":           "Strings Counters Hashes Sets Algebra Scores",
		"mutex-slice":   "Streams Logs",
		"slice":         "Queues Lists",
		"channel":       "Queues",
		"sharded":       "Strings Volatile Counters Hashes Sets Algebra Scores",
		"sharded-copy":  "Strings Volatile Counters Hashes Sets Algebra Scores",
		"syncmap":       "Strings Counters",
		"xsync":         "Strings Counters Hashes Sets Scores",
		"otter":         "Strings Volatile Counters Expiring",
		"ristretto":     "Strings Volatile Expiring Settling",
		"bigcache":      "Strings Volatile",
		"freecache":     "Strings Volatile Counters",
		"go-cache":      "Strings Volatile Expiring",
		"ttlcache":      "Strings Volatile Expiring",
		"buntdb":        "Strings Volatile Counters Expiring",
		"miniredis":     "Strings Volatile Counters Hashes Queues Sets Scores Streams",
		"btree":         "Scores Ranks",
		"deque":         "Queues Lists",
		"mutex-deque":   "Queues",
		"redis":         everything + " Groups Expiring Remote",
		"redis-pipe100": everything + " Expiring Remote Pipelined",
	}
	got := make(map[string]string)
	for _, p := range All() {
		var can []string
		for _, ability := range []struct {
			name string
			has  bool
		}{
			{"Strings", Can[Strings](p)},
			{"Volatile", Can[Volatile](p)},
			{"Counters", Can[Counters](p)},
			{"Hashes", Can[Hashes](p)},
			{"Queues", Can[Queues](p)},
			{"Lists", Can[Lists](p)},
			{"Sets", Can[Sets](p)},
			{"Algebra", Can[Algebra](p)},
			{"Scores", Can[Scores](p)},
			{"Ranks", Can[Ranks](p)},
			{"Streams", Can[Streams](p)},
			{"Logs", Can[Logs](p)},
			{"Groups", Can[Groups](p)},
			{"Expiring", Can[Expiring](p)},
			{"Settling", Can[Settling](p)},
			{"Remote", Can[Remote](p)},
			{"Pipelined", Can[Pipelined](p)},
		} {
			if ability.has {
				can = append(can, ability.name)
			}
		}
		got[p.Name] = strings.Join(can, " ")
		require.Same(t, p, Named(p.Name))
	}
	require.Equal(t, want, got)
	require.Nil(t, Named("none"))
}

// TestPeers holds each interface of each peer against a model.
func TestPeers(t *testing.T) {
	t.Parallel()
	for _, p := range All() {
		if Can[Pipelined](p) {
			continue // has no answers; see TestPipelined
		}
		try(t, p, "Strings", 0, testStrings)
		try(t, p, "Volatile", time.Hour, testVolatile)
		try(t, p, "Counters", 0, testCounters)
		try(t, p, "Hashes", 0, testHashes)
		try(t, p, "Queues", 0, testQueues)
		try(t, p, "Lists", 0, testLists)
		try(t, p, "Sets", 0, testSets)
		try(t, p, "Algebra", 0, testAlgebra)
		try(t, p, "Scores", 0, testScores)
		try(t, p, "Ranks", 0, testRanks)
		try(t, p, "Streams", 0, testStreams)
		try(t, p, "Logs", 0, testLogs)
		try(t, p, "Groups", 0, testGroups)
		try(t, p, "Remote", 0, testRemote)
	}
}

func try[I any](t *testing.T, p *Peer, name string, ttl time.Duration, test func(*testing.T, *Peer, I)) {
	if Can[I](p) {
		t.Run(p.Name+"/"+name, func(t *testing.T) {
			t.Parallel()
			test(t, p, open(t, p, ttl).(I))
		})
	}
}

func testStrings(t *testing.T, p *Peer, s Strings) {
	_, found := s.Get("absent")
	require.False(t, found)
	for version := range 2 {
		workers(p, func(worker int) {
			for i := worker * many; i < (worker+1)*many; i++ {
				s.Set(keyOf(i), valueOf(keyOf(i), version))
			}
		})
		settle(s)
		workers(p, func(worker int) {
			hits := 0
			for i := worker * many; i < (worker+1)*many; i++ {
				value, found := s.Get(keyOf(i))
				if found {
					hits++
					assert.Equal(t, valueOf(keyOf(i), version), value)
				}
			}
			if p.Lossy {
				assert.Greater(t, hits, many*9/10)
			} else {
				assert.Equal(t, many, hits)
			}
		})
	}
	for range 2 { // made and overwritten
		s.Set("empty", "")
		settle(s)
		value, found := s.Get("empty")
		require.True(t, found)
		require.Empty(t, value)
	}
	_, found = s.Get("absent")
	require.False(t, found)
}

func testVolatile(t *testing.T, p *Peer, v Volatile) {
	workers(p, func(worker int) {
		for i := worker * many; i < (worker+1)*many; i++ {
			v.SetTTL(keyOf(i), valueOf(keyOf(i), 1), time.Hour)
		}
	})
	settle(v)
	hits := 0
	for i := range many {
		value, found := v.Get(keyOf(i))
		if found {
			hits++
			require.Equal(t, valueOf(keyOf(i), 1), value)
		}
	}
	if p.Lossy {
		require.Greater(t, hits, many*9/10)
	} else {
		require.Equal(t, many, hits)
	}
	if slices.Contains([]string{"bigcache", "miniredis"}, p.Name) {
		return // one TTL for all; no time that passes
	}
	v.SetTTL("short", "v", 100*time.Millisecond)
	settle(v)
	require.Eventually(t, func() bool { return second(v.Get("short")) == false }, 5*time.Second, 10*time.Millisecond)
	v.SetTTL("short", "v", time.Hour) // what is overdue can be made again
	settle(v)
	value, found := v.Get("short")
	require.True(t, found)
	require.Equal(t, "v", value)
}

// TestExpiring waits for all peers at once, as some take seconds.
func TestExpiring(t *testing.T) {
	t.Parallel()
	waiting := make(map[string]Expiring)
	for _, p := range All() {
		if !Can[Expiring](p) || Can[Pipelined](p) {
			continue
		}
		t.Run(p.Name, func(*testing.T) {
			e := open(t, p, time.Hour).(Expiring) // until the end of them all
			e.SetTTL("long", "v", time.Hour)
			for i := range 100 {
				e.SetTTL(keyOf(i), "v", 400*time.Millisecond)
			}
			settle(e)
			require.Equal(t, 101, e.Left())
			waiting[p.Name] = e
		})
	}
	require.NotEmpty(t, waiting)
	for deadline := time.Now().Add(15 * time.Second); len(waiting) > 0; time.Sleep(10 * time.Millisecond) {
		for name, e := range waiting {
			if e.Left() > 1 {
				require.True(t, time.Now().Before(deadline), "%s has still %d", name, e.Left())
				continue
			}
			require.True(t, second(e.Get("long")), name)
			for i := range 100 {
				require.False(t, second(e.Get(keyOf(i))), name)
			}
			t.Log(name, "is through")
			delete(waiting, name)
		}
	}
}

func testCounters(t *testing.T, p *Peer, c Counters) {
	require.False(t, second(c.Get("n")))
	n := workers(p, func(int) {
		last := int64(0)
		for range many {
			next := c.Incr("n")
			assert.Greater(t, next, last)
			last = next
		}
	})
	value, found := c.Get("n")
	require.True(t, found)
	require.Equal(t, strconv.Itoa(n*many), value)
	c.Set("n", "41")
	require.Equal(t, int64(42), c.Incr("n"))
}

func testHashes(t *testing.T, p *Peer, h Hashes) {
	require.False(t, second(h.HGet("absent", keyOf(0))))
	for version := range 2 {
		workers(p, func(worker int) {
			for i := range many { // ten hashes, half of a field's hashes each
				h.HSet("h"+strconv.Itoa(i%10), keyOf(worker*many+i/10), valueOf(keyOf(i), version))
			}
		})
		workers(p, func(worker int) {
			for i := range many {
				value, found := h.HGet("h"+strconv.Itoa(i%10), keyOf(worker*many+i/10))
				assert.True(t, found)
				assert.Equal(t, valueOf(keyOf(i), version), value)
			}
		})
	}
	require.False(t, second(h.HGet("h0", "absent")))
}

func testQueues(t *testing.T, p *Peer, q Queues) {
	require.False(t, second(q.LPop("q")))
	n := workers(p, func(worker int) {
		for i := range many {
			q.RPush("q", fmt.Sprint(worker, " ", i))
		}
	})
	next := make([]int, n)
	for range n * many {
		value, found := q.LPop("q")
		require.True(t, found)
		var worker, i int
		_, err := fmt.Sscan(value, &worker, &i)
		require.NoError(t, err)
		require.Equal(t, next[worker], i)
		next[worker]++
	}
	require.False(t, second(q.LPop("q")))
	workers(p, func(int) {
		for range many {
			q.RPush("q", "v")
			value, found := q.LPop("q")
			assert.True(t, found)
			assert.Equal(t, "v", value)
		}
	})
	if p.Name == "channel" {
		return // knows no keys
	}
	q.RPush("a", "x")
	q.RPush("b", "y")
	value, _ := q.LPop("b")
	require.Equal(t, "y", value)
}

func testLists(t *testing.T, _ *Peer, l Lists) {
	require.False(t, second(l.LIndex("l", 0)))
	require.Zero(t, l.LRange("l", 0, 9))
	for i := range many {
		l.RPush("l", keyOf(i))
	}
	require.Equal(t, 10, l.LRange("l", 10, 19))
	require.Equal(t, 5, l.LRange("l", many-5, many+4))
	require.Zero(t, l.LRange("l", many, many+4))
	for i := range many {
		value, found := l.LIndex("l", i)
		require.True(t, found)
		require.Equal(t, keyOf(i), value)
	}
	require.False(t, second(l.LIndex("l", many)))
	l.LInsert("l", keyOf(many/2), "new")
	for place, want := range map[int]string{
		many/2 - 1: keyOf(many/2 - 1), many / 2: "new", many/2 + 1: keyOf(many / 2), many: keyOf(many - 1),
	} {
		value, _ := l.LIndex("l", place)
		require.Equal(t, want, value)
	}
	value, _ := l.LPop("l")
	require.Equal(t, keyOf(0), value)
}

func testSets(t *testing.T, p *Peer, s Sets) {
	require.False(t, s.SIsMember("absent", keyOf(0)))
	for range 2 {
		workers(p, func(int) {
			for i := range many {
				s.SAdd("s"+strconv.Itoa(i%2), keyOf(i))
			}
		})
	}
	for i := range many {
		require.True(t, s.SIsMember("s"+strconv.Itoa(i%2), keyOf(i)))
		require.False(t, s.SIsMember("s"+strconv.Itoa(1-i%2), keyOf(i)))
	}
}

func testAlgebra(t *testing.T, p *Peer, a Algebra) {
	for i := range many {
		a.SAdd("low", keyOf(i))
		a.SAdd("high", keyOf(i+many*3/4))
	}
	workers(p, func(worker int) {
		pair := []string{"low", "high", "low"}[worker:] // the other way round: locks
		for i := range 100 {
			assert.Equal(t, many/4, a.SInter(pair[0], pair[1]))
			a.SAdd(pair[1], "other"+strconv.Itoa(worker*100+i))
		}
	})
	if p.Serial {
		require.Equal(t, many, a.SInter("low", "low"))
	} else {
		require.Equal(t, many+100, a.SInter("low", "low"))
	}
	require.Zero(t, a.SInter("low", "absent"))
	require.Zero(t, a.SInter("absent", "low"))
}

func testScores(t *testing.T, p *Peer, s Scores) {
	require.False(t, second(s.ZScore("z", keyOf(0))))
	for version := range 2 {
		workers(p, func(worker int) {
			for i := worker * many; i < (worker+1)*many; i++ {
				s.ZAdd("z", keyOf(i), float64(i+version)+0.5)
			}
		})
		workers(p, func(worker int) {
			for i := worker * many; i < (worker+1)*many; i++ {
				score, found := s.ZScore("z", keyOf(i))
				assert.True(t, found)
				assert.InDelta(t, float64(i+version)+0.5, score, 0)
			}
		})
	}
	require.False(t, second(s.ZScore("z", "absent")))
}

func testRanks(t *testing.T, _ *Peer, r Ranks) {
	require.False(t, second(r.ZRank("z", keyOf(0))))
	require.Zero(t, r.ZRange("z", 0, 10))
	for i := range many {
		r.ZAdd("z", keyOf(i), float64(many-i))
	}
	for i := range many { // pairs of equal scores, in the order of their members
		r.ZAdd("z", keyOf(i), float64(i/2))
	}
	for i := range many {
		rank, found := r.ZRank("z", keyOf(i))
		require.True(t, found)
		require.Equal(t, i, rank)
	}
	require.False(t, second(r.ZRank("z", "absent")))
	require.Equal(t, 100, r.ZRange("z", 10, 100))
	require.Equal(t, 4, r.ZRange("z", many/2-2, 100))
	require.Equal(t, 2, r.ZRange("z", many/2-1.5, 100))
	require.Zero(t, r.ZRange("z", many, 100))
}

// testStreams counts what came, where it can be read.
func testStreams(t *testing.T, p *Peer, s Streams) {
	n := workers(p, func(int) {
		for i := range many {
			s.XAdd("x"+strconv.Itoa(i%2), 0, "1234", "19.8")
		}
	})
	for _, key := range []string{"x0", "x1"} {
		count := 0
		switch s := s.(type) {
		case Logs:
			count = s.XRange(key, 0, 2*many)
		case miniRedis:
			entries, err := s.m.Stream(key)
			require.NoError(t, err)
			require.Equal(t, []string{"sensor", "1234", "temp", "19.8"}, entries[0].Values)
			count = len(entries)
		}
		require.Equal(t, n*many/2, count)
	}
	s.XAdd("ordered", 5, "1234", "19.8")
	if _, ok := s.(*mutexSlices); !ok { // which believes its caller
		require.Panics(t, func() { s.XAdd("ordered", 5, "1234", "19.8") })
	}
}

func testLogs(t *testing.T, _ *Peer, l Logs) {
	require.Zero(t, l.XRange("x", 0, 10))
	for i := range many {
		l.XAdd("x", i+1, strconv.Itoa(i), "19.8")
	}
	l.XAdd("x", 0, "last", "19.8")
	require.Equal(t, 100, l.XRange("x", 1, 100))
	require.Equal(t, 100, l.XRange("x", 500, 100))
	require.Equal(t, 11, l.XRange("x", many-9, 100))
	require.Equal(t, many+1, l.XRange("x", 0, 2*many))
	require.Zero(t, l.XRange("x", 1<<50, 100))
}

func testGroups(t *testing.T, p *Peer, g Groups) {
	for i := range many {
		g.XAdd("x", i+1, "1234", "19.8")
	}
	for i, group := range []string{"a", "b"} {
		g.XGroupCreate("x", group)
		require.Panics(t, func() { g.XGroupCreate("x", group) })
		var got atomic.Int64
		workers(p, func(int) {
			for g.XReadGroup("x", group) {
				got.Add(1)
			}
		})
		require.EqualValues(t, many+i, got.Load())
		g.XAdd("x", 0, "1234", "19.8")
		require.True(t, g.XReadGroup("x", group))
		require.False(t, g.XReadGroup("x", group))
	}
}

func testRemote(t *testing.T, p *Peer, r Remote) {
	empty := r.Memory()
	require.Positive(t, empty)
	workers(p, func(worker int) {
		filler := r.(Filled).Filler()
		for i := worker * many; i < (worker+1)*many; i++ {
			filler.(Strings).Set(keyOf(i), valueOf(keyOf(i), 1))
		}
		filler.Flush()
	})
	require.Greater(t, r.Memory(), empty+2*many*valueSize)
	require.Positive(t, r.CPU())
	require.Equal(t, 2*many, r.(Expiring).Left())
}

// TestPipelined has no answers to compare, but asks another client what is there.
func TestPipelined(t *testing.T) {
	t.Parallel()
	p := Named("redis-pipe100")
	instance := open(t, p, 0).(*session)
	plain := direct{instance.redisServer}
	workers(p, func(worker int) {
		w := instance.Worker().(*session)
		own := strconv.Itoa(worker)
		for i := range many {
			key := keyOf(worker*many + i)
			w.Set(key, valueOf(key, 1))
			value, found := w.Get(key)
			assert.True(t, found)
			assert.Equal(t, Later, value)
			w.SetTTL(key, valueOf(key, 2), time.Hour)
			assert.EqualValues(t, 1, w.Incr("n"))
			w.HSet("h"+own, key, valueOf(key, 1))
			assert.True(t, second(w.HGet("h"+own, key)))
			w.RPush("q"+own, "v")
			assert.True(t, second(w.LPop("q"+own)))
			w.RPush("l"+own, key)
			assert.True(t, second(w.LIndex("l"+own, i)))
			assert.Equal(t, 1, w.LRange("l"+own, i, i))
			w.LInsert("l"+own, key, "new")
			assert.True(t, second(w.LPop("l"+own)))
			w.SAdd("s"+own, key)
			assert.True(t, w.SIsMember("s"+own, key))
			assert.Equal(t, 1, w.SInter("s"+own, "s"+own))
			w.ZAdd("z"+own, key, float64(i))
			assert.True(t, second(w.ZScore("z"+own, key)))
			assert.True(t, second(w.ZRank("z"+own, key)))
			assert.Equal(t, 1, w.ZRange("z"+own, float64(i), 1))
			w.XAdd("x"+own, i+1, key, "19.8")
			assert.Equal(t, 1, w.XRange("x"+own, i+1, 1))
		}
		w.Flush()
	})
	for i := range 2 * many {
		value, _ := plain.Get(keyOf(i))
		require.Equal(t, valueOf(keyOf(i), 2), value)
	}
	n, _ := plain.Get("n")
	require.Equal(t, strconv.Itoa(2*many), n)
	require.Equal(t, 2*many+1+2*5, instance.Left()) // no queue is left
	instance.Flush()                                // nothing
}

// TestPipelinedWrongAnswers are noticed, at the latest by Flush.
func TestPipelinedWrongAnswers(t *testing.T) {
	instance := open(t, Named("redis-pipe100"), 0).(*session)
	for name, ask := range map[string]func(*session){
		"miss":          func(s *session) { s.Get(keyOf(0)) },
		"short value":   func(s *session) { s.Set(keyOf(1), keyOf(1)); s.Get(keyOf(1)) },
		"other's value": func(s *session) { s.Set(keyOf(2), valueOf(keyOf(1), 0)); s.Get(keyOf(2)) },
		"error":         func(s *session) { s.SAdd("set", "a"); s.Incr("set") },
		"no member":     func(s *session) { s.SIsMember("set", "b") },
		"short list":    func(s *session) { s.RPush("list", "a"); s.LRange("list", 0, 1) },
		"no place":      func(s *session) { s.LInsert("list", "b", "c") },
		"no rank":       func(s *session) { s.ZRank("absent", "a") },
		"no scores":     func(s *session) { s.ZRange("absent", 0, 1) },
		"same ID":       func(s *session) { s.XAdd("stream", 1, "a", "b"); s.XAdd("stream", 1, "a", "b") },
		"no entries":    func(s *session) { s.XRange("absent", 0, 1) },
		"no set":        func(s *session) { s.SInter("absent", "absent") },
		"amid others": func(s *session) {
			s.Get(keyOf(3))
			for range 99 {
				s.SAdd("set", "a")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Panics(t, func() {
				w := instance.Worker().(*session)
				ask(w)
				w.Flush()
			})
		})
	}
}

// TestClose wants the goroutines of all peers ended soon after Close: it would else be
// in the figures of those that come next.
func TestClose(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Hour} {
		var instances []Instance
		before := runtime.NumGoroutine()
		for _, p := range All() {
			if !p.Server {
				instances = append(instances, p.New(Config{Keys: many, Value: valueSize, TTL: ttl}))
			}
		}
		for _, instance := range instances {
			if s, ok := instance.(Strings); ok {
				s.Set("k", "v")
			}
			instance.Close()
		}
		ended := func() bool {
			runtime.GC() // go-cache's janitor ends by a finalizer
			return runtime.NumGoroutine() <= before
		}
		for deadline := time.Now().Add(5 * time.Second); !ended(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
			}
		}
	}
}

func TestAdaptersAreShort(t *testing.T) {
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if file.Name() == "peer.go" || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(text), "\n"), 60, file.Name())
	}
	modules, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	for _, p := range All() {
		require.FileExists(t, strings.ReplaceAll(p.Name, "-", "_")+".go")
		require.NotEmpty(t, p.About, p.Name)
		require.NotContains(t, p.About, "\n", p.Name)
		require.NotContains(t, p.About, "|", p.Name) // it stands in a table
		require.Contains(t, string(modules), p.Module+" ", p.Name)
	}
}
