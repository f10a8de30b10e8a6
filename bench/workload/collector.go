package workload

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// grown is a peer with ten million keys: the writes that brought them, what they take,
// and what the collector does with them.
var grown = collected("collector", "Ten million keys and the collector", 0)

// grownTTL is the same with a TTL on every key.
var grownTTL = collected("collector-ttl", "Ten million keys with a TTL", time.Hour)

func collected(name, title string, ttl time.Duration) *Group {
	fits := peer.Can[peer.Strings]
	if ttl > 0 {
		fits = peer.Can[peer.Volatile]
	}
	return &Group{
		Name: name, Title: title,
		About: "Keys of 16 bytes, values of 32. Writes are timed one by one while the peer grows from nothing. A collection is forced; " +
			"then single reads are timed while another goroutine allocates, so that one collection follows the other.",
		Keys: 10 * million, Value: 32, TTL: ttl, Once: true, Fits: fits,
		Need: func(keys, value int) uint64 { return uint64(keys) * 550 },
		run:  runCollected,
		tables: tables(
			Table{"Single writes while it grows", []Column{
				{"p50", "grow", "p50-ns", 0}, {"p99", "grow", "p99-ns", 0}, {"p99.99", "grow", "p99.99-ns", 0}, {"longest", "grow", "max-ns", 0},
			}},
			Table{"Bytes a key", []Column{{"fresh", "fresh", "B/entry", 0}, {"after three overwrites each", "overwritten", "B/entry", 0}}},
			Table{"A forced collection", []Column{
				{"time", "gc", "gc-ns", 0}, {"processor time", "gc", "gc-cpu-ns", 0}, {"time of the same process before", "gc", "empty-gc-ns", 0},
			}},
			Table{"Single reads while the collector runs", []Column{
				{"p50", "read", "p50-ns", 0}, {"p99", "read", "p99-ns", 0}, {"p99.9", "read", "p99.9-ns", 0}, {"longest", "read", "max-ns", 0},
			}},
		),
	}
}

func runCollected(r *run) {
	empty, _ := forceGC()
	r.open(r.group.TTL)
	defer r.close()
	put := func(p any, key string) { setString(p.(peer.Strings), key) }
	if r.group.TTL > 0 {
		put = func(p any, key string) { setVolatile(p.(peer.Volatile), key) }
	}
	before := r.inUse()
	_, remote := r.instance.(peer.Remote)
	var writes histogram
	filling(r, func(p any) {
		for i := range r.Keys {
			key := keyAt(i)
			start := time.Now()
			put(p, key)
			writes.add(time.Since(start))
		}
	})
	if !remote {
		r.print("grow", 1, r.Keys, writes.values("", "p50", "p99", "p99.99")...)
	}
	r.print("fresh", 1, r.Keys, Value{float64(r.inUse()-before) / float64(r.Keys), "B/entry"})
	if !remote {
		for range r.Passes {
			took, cpu := forceGC()
			r.print("gc", r.cores(), 1, Value{float64(took), "gc-ns"}, Value{float64(cpu), "gc-cpu-ns"}, Value{float64(empty), "empty-gc-ns"})
		}
		for range r.Passes {
			r.readWhileCollecting(10 * r.Time)
		}
	}
	filling(r, func(p any) {
		for i := range 3 * r.Keys {
			put(p, keyAt(scatter(i+r.Keys, r.Keys)))
		}
	})
	r.print("overwritten", 1, r.Keys, Value{float64(r.inUse()-before) / float64(r.Keys), "B/entry"})
}

func (r *run) cores() int { return r.Cores[len(r.Cores)-1] }

// forceGC returns the time and the collector's processor time of a forced collection.
func forceGC() (took, cpu time.Duration) {
	runtime.GC()
	start, used := time.Now(), gcTime()
	runtime.GC()
	return time.Since(start), gcTime() - used
}

// gcTime returns the processor time of the collector so far, its idle workers' apart.
func gcTime() time.Duration {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
}

// garbage is what a program allocates: with a pointer, and small.
type garbage struct {
	next *garbage
	_    [6]int
}

// readWhileCollecting times single reads for d, while the program allocates.
func (r *run) readWhileCollecting(d time.Duration) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(r.cores()))
	var stop atomic.Bool
	var wg sync.WaitGroup
	var allocated *garbage
	wg.Go(func() {
		for i := 0; !stop.Load(); i++ {
			if allocated = (&garbage{next: allocated}); i%1000 == 0 {
				allocated = nil
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, a := r.instance.(peer.Strings), r.keep("some", func() *accesses { return newAccesses(min(r.Keys, million), 0, uniform) })
	var reads histogram
	for began, i := time.Now(), 0; time.Since(began) < d; i++ {
		key := a.key(i)
		start := time.Now()
		value, found := p.Get(key)
		reads.add(time.Since(start))
		r.check(key, value, found)
	}
	stop.Store(true)
	wg.Wait()
	runtime.ReadMemStats(&after)
	values := reads.values("", "p50", "p99", "p99.9")
	r.print("read", r.cores(), reads.n, append(values, Value{float64(after.NumGC - before.NumGC), "collections"})...)
}
