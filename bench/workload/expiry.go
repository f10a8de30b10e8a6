package workload

import (
	"runtime"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// expiry is a million keys that end in ten seconds. The number of keys per second stays
// when there are fewer.
var expiry = &Group{
	Name: "expiry", Title: "Expiry",
	About: "100,000 keys a second reach their deadlines, evenly spread, and nobody reads them. The n-th that goes is taken for the n-th deadline's, " +
		"seen once a millisecond. Meanwhile single writes are timed. CPU is that of the process, or of the server, for each key removed.",
	Keys: million, Value: 32, TTL: time.Hour, Once: true,
	Fits: peer.Can[peer.Expiring],
	Need: func(keys, value int) uint64 { return uint64(keys) * 500 },
	run:  runExpiry,
	tables: tables(
		Table{"How late a key goes", []Column{
			{"p50", "late", "p50-ns", 0},
			{"p99", "late", "p99-ns", 0},
			{"latest", "late", "max-ns", 0},
			{"processor time a key", "late", "cpu-ns/key", 0},
			{"gone 15 s after the last deadline", "late", "removed-%", 0},
		}},
		Table{"Single writes meanwhile", []Column{
			{"p50", "write", "p50-ns", 0}, {"p99", "write", "p99-ns", 0}, {"longest", "write", "max-ns", 0},
		}},
	),
}

const (
	expiryRate = 100_000 // keys a second
	probes     = 1000    // keys that are written meanwhile
	patience   = 15 * time.Second
)

func runExpiry(r *run) {
	r.open(r.group.TTL)
	defer r.close()
	p := r.instance.(peer.Expiring)
	for i := range probes {
		p.Set("probe:"+keyAt(i), "1")
	}
	long := time.Duration(r.Keys) * time.Second / expiryRate
	step := long / time.Duration(r.Keys)
	from := time.Now().Add(time.Second + long/2)
	filling(r, func(p peer.Expiring) {
		for i := range r.Keys {
			key := keyAt(i)
			p.SetTTL(key, valueOf(key, 32), time.Until(from.Add(step*time.Duration(i))))
		}
	})
	if left := time.Until(from); left < 0 {
		panic("bench: storing the keys took longer than they live")
	}
	runtime.GC()
	time.Sleep(time.Until(from))

	var late, writes histogram
	used, last := r.cpu(), 0
	for seen, end := 0, from.Add(long+patience); seen < r.Keys && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		gone := r.Keys - (p.Left() - probes)
		for now := time.Now(); seen < gone; seen++ {
			late.add(now.Sub(from.Add(step * time.Duration(seen))))
		}
		for range 10 {
			key := "probe:" + keyAt(last%probes)
			last++
			start := time.Now()
			p.Set(key, "1")
			writes.add(time.Since(start))
		}
	}
	cpu := r.cpu() - used
	values := []Value{{float64(100*late.n) / float64(r.Keys), "removed-%"}}
	if late.n == r.Keys {
		values = append(values, Value{float64(cpu) / float64(r.Keys), "cpu-ns/key"})
		values = append(values, late.values("", "p50", "p99")...)
	}
	r.print("late", 1, late.n, values...)
	r.print("write", 1, writes.n, writes.values("", "p50", "p99")...)
}

// cpu returns the processor time of what holds the keys.
func (r *run) cpu() time.Duration {
	if remote, ok := r.instance.(peer.Remote); ok {
		return remote.CPU()
	}
	return cpuTime()
}
