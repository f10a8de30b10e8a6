package bench

import (
	"math/bits"
	"runtime"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

// collect returns the time and the processor time of the shortest of several
// forced collections.
func collect() (took, cpu time.Duration) {
	took, cpu = time.Hour, time.Hour
	for range 10 {
		start, used := time.Now(), cpuTime()
		runtime.GC()
		took = min(took, time.Since(start))
		cpu = min(cpu, cpuTime()-used)
	}
	return took, cpu
}

func liveBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory reports what an entry of 16+32 bytes takes, data included, and
// how long a forced collection lasts while the store is live, beside one of the
// program as it was before. The harness holds no key.
func BenchmarkMemory(b *testing.B) {
	set := func(p peer, key, value string) { p.Set(key, value) }
	setTTL := func(p peer, key, value string) { p.(ttlPeer).SetTTL(key, value, time.Hour) }
	all := against("alcove", "sharded", "copying", "syncmap", "xsync", "map")
	timed := against("alcove", "sharded", "copying")
	b.Run("fresh", func(b *testing.B) { benchmarkMemory(b, all, 0, set) })
	b.Run("overwritten", func(b *testing.B) { benchmarkMemory(b, all, 3, set) })
	b.Run("ttl", func(b *testing.B) { benchmarkMemory(b, timed, 0, setTTL) })
	b.Run("ttl-overwritten", func(b *testing.B) { benchmarkMemory(b, timed, 3, setTTL) })
}

func benchmarkMemory(b *testing.B, some []contender, overwrites int, set func(p peer, key, value string)) {
	// Each round goes through the keys in another order.
	strides := []uint64{1, 7_368_787, 15_485_863, 32_452_843}
	each(b, some, func(b *testing.B, c contender) {
		n := keysFromEnv(b, 5*million)
		for range b.N {
			forget()
			empty, emptyCPU := collect()
			before := liveBytes()
			p := c.make()
			var buf [keyLen]byte
			for round := range overwrites + 1 {
				for i := range n {
					key := string(appendKey(buf[:0], int(uint64(i)*strides[round]%uint64(n))))
					set(p, key, key+key)
				}
			}
			took, cpu := collect()
			b.ReportMetric(float64(liveBytes()-before)/float64(n), "B/entry")
			b.ReportMetric(float64(took.Microseconds())/1000, "gc-ms")
			b.ReportMetric(float64(empty.Microseconds())/1000, "gc-empty-ms")
			b.ReportMetric(float64(took)/float64(empty), "gc-ratio")
			b.ReportMetric(float64(cpu.Microseconds())/1000, "gc-cpu-ms")
			b.ReportMetric(float64(emptyCPU.Microseconds())/1000, "gc-empty-cpu-ms")
			read(b, p, keyAt(n/2))
			p.Close()
		}
	})
}

// BenchmarkGrowth reports how long single writes take while one goroutine grows
// a peer. Only the slowest of them tell peers apart.
func BenchmarkGrowth(b *testing.B) {
	each(b, contenders, func(b *testing.B, c contender) {
		n := keysFromEnv(b, 10*million)
		for range b.N {
			forget()
			p := c.make()
			var h histogram
			var buf [keyLen]byte
			for i := range n {
				key := string(appendKey(buf[:0], i))
				value := key + key
				start := time.Now()
				p.Set(key, value)
				h.add(time.Since(start))
			}
			h.report(b, "")
			p.Close()
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		must(store.New().Close())
	}
}

// BenchmarkScan goes through a store with SCAN; the figures are for a key.
func BenchmarkScan(b *testing.B) {
	s := full(contenders[0]).(alcove).s
	for b.Loop() {
		seen, cursor := 0, uint64(0)
		for {
			some, next, err := s.Scan(cursor, store.ScanOptions{Count: 100})
			must(err)
			seen += len(some)
			if cursor = next; cursor == 0 {
				break
			}
		}
		if seen != keys(million) {
			b.Fatalf("SCAN returned %d keys", seen)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys(million)), "ns/key")
}

// histogram counts durations in buckets 1/16 apart, so that it takes no memory
// that a collection would see.
type histogram struct {
	counts  [64 * 16]int
	n       int
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.n++
	h.longest = max(h.longest, d)
}

// bucket returns the number of the bucket of d: the place of its highest bit and
// the four bits after it.
func bucket(d time.Duration) int {
	v := uint64(max(d, 1)) << 4
	exp := bits.Len64(v) - 5
	return exp<<4 | int(v>>exp&15)
}

// quantile returns the upper bound of the bucket that holds the q quantile.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(float64(h.n) * (1 - q))
	for i := len(h.counts) - 1; i >= 0; i-- {
		if left -= h.counts[i]; left < 0 {
			return min(time.Duration((uint64(i&15)+17)<<(i>>4)>>4), h.longest)
		}
	}
	return 0
}

// report reports the quantiles of h in microseconds.
func (h *histogram) report(b *testing.B, prefix string) {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	b.ReportMetric(us(h.quantile(0.50)), prefix+"p50-µs")
	b.ReportMetric(us(h.quantile(0.99)), prefix+"p99-µs")
	b.ReportMetric(us(h.quantile(0.9999)), prefix+"p99.99-µs")
	b.ReportMetric(us(h.longest), prefix+"max-µs")
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := range 10000 {
		h.add(time.Duration(i + 1))
	}
	for q, want := range map[float64]float64{0.5: 5000, 0.99: 9900, 0.9999: 9999} {
		if got := float64(h.quantile(q)); got < want || got > want*1.08 {
			t.Errorf("the quantile %v is %v, not %v", q, got, want)
		}
	}
}
