package bench

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	keyLen   = 16
	valueLen = 32
	million  = 1_000_000
)

// appendKey appends key i. No two keys are the same, and nothing in their order
// helps a table.
func appendKey(dst []byte, i int) []byte {
	const digits = "0123456789abcdef"
	x := uint64(i) + 1 // splitmix64's finalizer, a bijection
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[x>>shift&15])
	}
	return dst
}

func keyAt(i int) string { return string(appendKey(nil, i)) }

// dataset is what the workloads ask for, built in advance and in the order in
// which it is asked for, so that the cost of the harness is a sequential read.
// The keys are not the strings that the peers keep: those of a program seldom
// are.
type dataset struct {
	keys   []string
	values []string // of the keys
}

func uniform(n int) func() int {
	r := rand.New(rand.NewPCG(1, 2))
	return func() int { return r.IntN(n) }
}

func zipf(n int) func() int {
	z := rand.NewZipf(rand.New(rand.NewPCG(3, 4)), 1.01, 1, uint64(n-1))
	return func() int { return int(z.Uint64()) }
}

// newDataset returns n accesses to n keys.
func newDataset(n int, draw func(n int) func() int) *dataset {
	next := draw(n)
	buf := make([]byte, 0, n*keyLen)
	text := make([]byte, 0, n*valueLen)
	for range n {
		buf = appendKey(buf, next())
		text = append(text, buf[len(buf)-keyLen:]...)
		text = append(text, buf[len(buf)-keyLen:]...)
	}
	d := &dataset{keys: make([]string, n), values: make([]string, n)}
	all, texts := string(buf), string(text)
	for i := range n {
		d.keys[i] = all[i*keyLen : (i+1)*keyLen]
		d.values[i] = texts[i*valueLen : (i+1)*valueLen]
	}
	return d
}

// fill stores keys from to to, each string allocated on its own.
func fill(p peer, from, to int) {
	var buf [keyLen]byte
	for i := from; i < to; i++ {
		key := string(appendKey(buf[:0], i))
		p.Set(key, key+key)
	}
}

// kept is what stays from one benchmark to the next, so that neither is built
// again for every length of a run.
var kept struct {
	uniform, zipf *dataset
	peer          peer
	name          string
}

// forget drops all that is kept and collects it.
func forget() {
	if kept.peer != nil {
		kept.peer.Close()
	}
	kept.uniform, kept.zipf, kept.peer, kept.name = nil, nil, nil, ""
	runtime.GC()
	runtime.GC()
}

func uniformData() *dataset {
	if kept.uniform == nil {
		kept.uniform = newDataset(keys(million), uniform)
	}
	return kept.uniform
}

func zipfData() *dataset {
	if kept.zipf == nil {
		kept.zipf = newDataset(keys(million), zipf)
	}
	return kept.zipf
}

// filled returns a peer with all keys of the datasets. What it is for tells
// apart those that a workload changes for good.
func filled(c contender, purpose string, fill func(peer)) peer {
	name := c.name + " " + purpose
	if kept.name != name {
		if kept.peer != nil {
			kept.peer.Close()
		}
		kept.peer, kept.name = nil, ""
		runtime.GC()
		p := c.make()
		fill(p)
		kept.peer, kept.name = p, name
		runtime.GC()
	}
	return kept.peer
}

func full(c contender) peer {
	return filled(c, "strings", func(p peer) { fill(p, 0, keys(million)) })
}

// keys returns how many keys a benchmark takes that wants n.
func keys(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// keysFromEnv is keys for what takes long.
func keysFromEnv(b *testing.B, n int) int {
	text := os.Getenv("ALCOVE_BENCH_KEYS")
	if text == "" {
		return keys(n)
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	if err != nil || n <= 0 {
		b.Fatalf("ALCOVE_BENCH_KEYS is %q", text)
	}
	return n
}

// parallel calls op with the numbers of accesses; each goroutine begins at
// another one. Beside the time it reports the processor time of an operation, the
// collector's included, which says more on a machine that does other things, too,
// and on several cores is what an operation costs one of them.
func parallel(b *testing.B, d *dataset, op func(i int)) {
	b.ReportAllocs()
	b.ResetTimer()
	start := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		i := rand.IntN(len(d.keys))
		for pb.Next() {
			op(i)
			if i++; i == len(d.keys) {
				i = 0
			}
		}
	})
	if took := cpuTime() - start; took > 0 {
		b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
}

func read(b *testing.B, p peer, key string) {
	value, found := p.Get(key)
	if err := verify(key, value, found); err != nil {
		b.Error(err)
	}
}

func BenchmarkGetUniform(b *testing.B) { benchmarkGet(b, uniformData) }
func BenchmarkGetZipf(b *testing.B)    { benchmarkGet(b, zipfData) }

func benchmarkGet(b *testing.B, data func() *dataset) {
	each(b, contenders, func(b *testing.B, c contender) {
		d, p := data(), full(c)
		parallel(b, d, func(i int) { read(b, p, d.keys[i]) })
	})
}

// BenchmarkHotKey reads one key. Where cpu-ns/op is larger on two cores, they are
// in each other's way.
func BenchmarkHotKey(b *testing.B) {
	each(b, contenders, func(b *testing.B, c contender) {
		d, p := uniformData(), full(c)
		hot := d.keys[0]
		parallel(b, d, func(int) { read(b, p, hot) })
	})
}

// BenchmarkSetUniform stores values of the same length under existing keys.
func BenchmarkSetUniform(b *testing.B) { benchmarkMix(b, 0) }

// BenchmarkMix90 is 90 reads and 10 writes of 100 accesses.
func BenchmarkMix90(b *testing.B) { benchmarkMix(b, 90) }

// BenchmarkMix50 is as many reads as writes.
func BenchmarkMix50(b *testing.B) { benchmarkMix(b, 50) }

func benchmarkMix(b *testing.B, reads int) {
	each(b, contenders, func(b *testing.B, c contender) {
		d, p := uniformData(), full(c)
		parallel(b, d, func(i int) {
			if i*61%100 < reads {
				read(b, p, d.keys[i])
			} else {
				p.Set(d.keys[i], d.values[i])
			}
		})
	})
}

func BenchmarkSetWithTTL(b *testing.B) {
	each(b, against("alcove", "sharded", "copying"), func(b *testing.B, c contender) {
		d := uniformData()
		p := filled(c, "ttl", func(p peer) {
			for i := range keys(million) {
				key := keyAt(i)
				p.(ttlPeer).SetTTL(key, key+key, time.Hour)
			}
		}).(ttlPeer)
		parallel(b, d, func(i int) {
			p.SetTTL(d.keys[i], d.values[i], time.Hour+time.Duration(i)*time.Millisecond)
		})
	})
}

func BenchmarkIncr(b *testing.B) {
	each(b, against("alcove", "sharded", "copying", "xsync"), func(b *testing.B, c contender) {
		d := uniformData()
		p := filled(c, "counters", func(p peer) {
			for i := range keys(million) {
				p.(counter).Incr(keyAt(i))
			}
		}).(counter)
		parallel(b, d, func(i int) {
			if p.Incr(d.keys[i]) < 1 {
				b.Error(errWrong)
			}
		})
	})
}

// BenchmarkInsert fills a new peer with a million keys; the figures are for a
// key. The strings are there before.
func BenchmarkInsert(b *testing.B) {
	each(b, contenders, func(b *testing.B, c contender) {
		filled(contender{name: "none", make: func() peer { return builtin{} }}, "", func(peer) {})
		n, cpus := keys(million), runtime.GOMAXPROCS(0)
		d := &dataset{keys: make([]string, n), values: make([]string, n)}
		for i := range n {
			d.keys[i] = keyAt(i)
			d.values[i] = d.keys[i] + d.keys[i]
		}
		var before, after runtime.MemStats
		mallocs := uint64(0)
		for range b.N {
			b.StopTimer()
			p := c.make()
			runtime.GC()
			runtime.ReadMemStats(&before)
			b.StartTimer()
			var wg sync.WaitGroup
			for part := range cpus {
				wg.Go(func() {
					for i := n * part / cpus; i < n*(part+1)/cpus; i++ {
						p.Set(d.keys[i], d.values[i])
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			runtime.ReadMemStats(&after)
			mallocs += after.Mallocs - before.Mallocs
			read(b, p, d.keys[n-1])
			p.Close()
		}
		total := float64(n) * float64(b.N)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/total, "ns/op")
		b.ReportMetric(float64(mallocs)/total, "allocs/op")
	})
}
