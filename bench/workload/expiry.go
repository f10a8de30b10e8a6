package workload

import (
	"fmt"
	"runtime"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// expiry is a million keys that end in ten seconds. The number of keys per second stays
// when there are fewer.
var expiry = &Group{
	Name: "expiry", Title: "Expiry",
	About: "100,000 keys a second reach their deadlines, evenly spread, and nobody reads them. The n-th that goes is taken for the n-th deadline's, " +
		"seen once a millisecond. Meanwhile single writes are timed. Processor time is that of the process, or of the server, without what the second before the first deadline took.",
	Keys: million, Value: 32, TTL: time.Hour, Once: true,
	Fits: func(p *peer.Peer) bool { return peer.Can[peer.Expiring](p) && !peer.Can[peer.Pipelined](p) },
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
	from := time.Now().Add(2*time.Second + long*3/2)
	filling(r, func(p peer.Expiring) {
		for i := range r.Keys {
			key := keyAt(i)
			p.SetTTL(key, valueOf(key, 32), time.Until(from.Add(step*time.Duration(i))))
		}
	})
	runtime.GC()
	before := from.Add(-time.Second)
	if left := time.Until(before); left < 0 {
		panic("bench: storing the keys took longer than the first of them lived")
	}
	if n := p.Left() - probes; n != r.Keys {
		panic(fmt.Sprintf("bench: %d of %d keys are there", n, r.Keys))
	}
	time.Sleep(time.Until(before))

	var late, writes histogram
	used := r.cpu()
	r.poll(p, &histogram{}, from, func(int, time.Time) bool { return true })
	idle := r.cpu() - used
	r.poll(p, &writes, from.Add(long+patience), func(gone int, now time.Time) bool {
		for late.n < gone {
			late.add(now.Sub(from.Add(step * time.Duration(late.n))))
		}
		return late.n < r.Keys
	})
	values := []Value{{float64(100*late.n) / float64(r.Keys), "removed-%"}}
	if late.n == r.Keys {
		cpu := r.cpu() - used - idle - time.Duration(time.Since(from).Seconds()*float64(idle))
		values = append(values, Value{float64(cpu) / float64(r.Keys), "cpu-ns/key"})
		values = append(values, late.values("", "p50", "p99")...)
	}
	r.print("late", 1, late.n, values...)
	r.print("write", 1, writes.n, writes.values("", "p50", "p99")...)
}

// poll tells see once a millisecond how many keys are gone, until it returns false or end
// has come, and times some writes in between.
func (r *run) poll(p peer.Expiring, writes *histogram, end time.Time, see func(gone int, now time.Time) bool) {
	for i := 0; time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		if !see(r.Keys-(p.Left()-probes), time.Now()) {
			return
		}
		for range 10 {
			key := "probe:" + keyAt(i%probes)
			i++
			start := time.Now()
			p.Set(key, "1")
			writes.add(time.Since(start))
		}
	}
}

// cpu returns the processor time of what holds the keys.
func (r *run) cpu() time.Duration {
	if remote, ok := r.instance.(peer.Remote); ok {
		return remote.CPU()
	}
	return CPUTime()
}
