package workload

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// Benchmark runs the timed operations of g as Go benchmarks named peer=PEER/op=NAME, for
// a look at one peer with -cpu, -benchmem and -cpuprofile. It fills a peer once.
func (g *Group) Benchmark(b *testing.B, socket string) {
	for _, p := range peer.All() {
		if g.Fits(p) && (!p.Server || socket != "") {
			b.Run("peer="+p.Name, func(b *testing.B) { g.benchmarkPeer(b, p, socket) })
		}
	}
}

func (g *Group) benchmarkPeer(b *testing.B, p *peer.Peer, socket string) {
	r := &run{Settings: Settings{Keys: g.Keys, Socket: socket}, group: g, peer: p, lists: map[string]*accesses{}}
	if testing.Short() {
		r.Keys = max(g.Keys/20, min(g.Keys, 1000))
	}
	fill := sync.OnceFunc(func() {
		r.open(g.TTL)
		g.fill(r)
		runtime.GC()
	})
	defer func() {
		if r.instance != nil {
			r.close()
		}
	}()
	for _, op := range g.Ops {
		if !op.Fits(p) {
			continue
		}
		b.Run("op="+op.Name, func(b *testing.B) {
			cores := runtime.GOMAXPROCS(0)
			if cores > 1 && p.Serial {
				b.Skip("for one goroutine only")
			}
			fill()
			b.ReportAllocs()
			b.ResetTimer()
			used := CPUTime()
			r.parallel(b, op)
			b.ReportMetric(float64((CPUTime()-used)/time.Nanosecond)/float64(b.N), "cpu-ns/op")
		})
	}
}

func (r *run) parallel(b *testing.B, op Op) {
	b.RunParallel(func(pb *testing.PB) {
		p := r.worker()
		do := op.start(r, p)
		for i := rand.IntN(1 << 30); pb.Next(); i++ {
			do(i)
		}
		if w, ok := p.(peer.Worker); ok {
			w.Flush()
		}
	})
}
