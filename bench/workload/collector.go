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
var grown = collected("collector", "Growing, and the collector", 0)

// grownTTL is the same with a TTL on every key.
var grownTTL = collected("collector-ttl", "Growing, and the collector, with a TTL on every key", time.Hour)

func collected(name, title string, ttl time.Duration) *Group {
	fits := peer.Can[peer.Strings]
	if ttl > 0 {
		fits = peer.Can[peer.Volatile]
	}
	alone := func(p *peer.Peer) bool { return fits(p) && !peer.Can[peer.Pipelined](p) }
	return &Group{
		Name: name, Title: title,
		About: "Keys of 16 bytes, values of 32. Writes are timed one by one while the peer grows from nothing. A collection is forced; " +
			"then single reads are timed while another goroutine allocates and forces a collection ten times a second, or when the last one has ended. " +
			"An empty heap takes the same as the process did before.",
		Keys: 10 * million, Value: 32, TTL: ttl, Once: true, Fits: alone,
		Need: func(keys, value int) uint64 { return uint64(keys) * 800 },
		run:  runCollected,
		tables: tables(
			Table{"Single writes while it grows", []Column{
				{"p50", "grow", "p50-ns", 0}, {"p99", "grow", "p99-ns", 0}, {"p99.99", "grow", "p99.99-ns", 0}, {"longest", "grow", "max-ns", 0},
			}},
			Table{"Bytes a key", []Column{{"fresh", "fresh", "B/entry", 0}, {"after an overwrite each", "overwritten", "B/entry", 0}}},
			Table{"A forced collection", []Column{
				{"time", "gc", "gc-ns", 0}, {"processor time", "gc", "gc-cpu-ns", 0}, {"time of an empty heap", "empty", "empty-gc-ns", 0},
			}},
			Table{"Single reads while the collector runs", []Column{
				{"p50", "read", "p50-ns", 0},
				{"p99", "read", "p99-ns", 0},
				{"p99.9", "read", "p99.9-ns", 0},
				{"longest", "read", "max-ns", 0},
				{"collections a sample", "read", "collections", 0},
			}},
		),
	}
}

func runCollected(r *run) {
	r.some() // the harness's own memory comes first
	empty := time.Hour
	for range 5 {
		took, _ := forceGC()
		empty = min(empty, took)
	}
	before := r.openEmpty(r.group.TTL)
	defer r.close()
	put := func(p any, key, value string) { p.(peer.Strings).Set(key, value) }
	if r.group.TTL > 0 {
		put = func(p any, key, value string) { p.(peer.Volatile).SetTTL(key, value, time.Hour) }
	}
	_, remote := r.instance.(peer.Remote)
	var writes histogram
	filling(r, func(p any) {
		for i := range r.Keys {
			key := keyAt(i)
			value := valueOf(key, 32)
			start := time.Now()
			put(p, key, value)
			writes.add(time.Since(start))
		}
	})
	if !remote {
		r.print("grow", 1, r.Keys, writes.values("", "p50", "p99", "p99.99")...)
	}
	r.print("fresh", 1, r.Keys, Value{float64(r.inUse()-before) / float64(r.Keys), "B/entry"})
	if !remote {
		r.print("empty", r.cores(), 5, Value{float64(empty), "empty-gc-ns"})
		for range r.Passes {
			took, cpu := forceGC()
			r.print("gc", r.cores(), 1, Value{float64(took), "gc-ns"}, Value{float64(cpu), "gc-cpu-ns"})
		}
		for range r.Passes {
			r.readWhileCollecting(10 * r.Time)
		}
	}
	filling(r, func(p any) {
		for i := range r.Keys {
			key := keyAt(scatter(i+r.Keys, r.Keys))
			put(p, key, valueOf(key, 32))
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

// gcTime returns the processor time of the collector so far, that of its idle workers
// included, who do all the work of a forced collection when nothing else runs.
func gcTime() time.Duration {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
}

// some are the reads that are timed.
func (r *run) some() *accesses {
	return r.keep("some", func() *accesses {
		return newAccesses(min(r.Keys, million), 0, func(int) func() int { return uniform(r.Keys) })
	})
}

// collectEvery is how often a collection begins; where it takes longer, one follows the
// other.
const collectEvery = 100 * time.Millisecond

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
		for next := time.Now(); !stop.Load(); {
			allocated = nil
			for range 10_000 {
				allocated = &garbage{next: allocated}
			}
			if time.Now().After(next) {
				next = time.Now().Add(collectEvery)
				runtime.GC()
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, a := r.instance.(peer.Strings), r.some()
	r.misses.Store(0)
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
	values = append(values, Value{float64(after.NumGC - before.NumGC), "collections"})
	r.print("read", r.cores(), reads.n, append(values, r.hits(reads.n)...)...)
}
