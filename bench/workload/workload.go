// Package workload holds what the peers are measured with. A group of workloads runs
// for one peer in a process of its own and prints its figures in the format of Go
// benchmarks; a figure's name is BenchmarkGroup/op=NAME/peer=PEER-CORES.
package workload

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// Group is a number of workloads for which a peer is filled once.
type Group struct {
	Name  string // lower case, as in -only
	Title string
	About string // what is done, for the report
	// Ops are the operations that are timed, in the order of the report, for groups of
	// which there is nothing else to say.
	Ops []Op
	// Keys is how many keys the group takes, Value the size of a value.
	Keys, Value int
	TTL         time.Duration
	// Need returns how many bytes the hungriest peer takes, the harness included.
	Need func(keys, value int) uint64
	// Once says that the peer is filled and measured in one process only, which then
	// takes all samples, as filling takes long.
	Once bool
	// Fits says which peers can take part.
	Fits func(*peer.Peer) bool

	tables func(*Group) []Table // nil for those of timed operations
	fill   func(*run)
	run    func(*run)
}

// Table is a part of a group's report: figures across, peers down.
type Table struct {
	Title   string
	Columns []Column
}

// Column is one figure of every peer.
type Column struct {
	Title, Op, Unit string
	Cores           int // 0 if it was taken with all, or does not depend on them
}

// Has says whether p can have a figure in the column: it may be for one core, or lack the
// operation.
func (g *Group) Has(p *peer.Peer, c Column) bool {
	if p.Serial && c.Cores > 1 {
		return false
	}
	name, _, _ := strings.Cut(c.Op, "/")
	for _, op := range g.Ops {
		if op.Name == name {
			return op.Fits(p)
		}
	}
	return g.Fits(p)
}

func tables(list ...Table) func(*Group) []Table { return func(*Group) []Table { return list } }

// Tables returns the tables of a run on so many cores. Those of timed operations are the
// same for all groups.
func (g *Group) Tables(cores []int) []Table {
	if g.tables != nil {
		return g.tables(g)
	}
	across := func(title, unit string, cores int) Table {
		t := Table{Title: title}
		for _, op := range g.Ops {
			t.Columns = append(t.Columns, Column{op.About, op.Name, unit, cores})
		}
		return t
	}
	var list []Table
	for _, n := range cores {
		title := "On one core"
		if n > 1 {
			title = fmt.Sprintf("On %d cores", n)
		}
		list = append(list, across(title, "ns/op", n))
	}
	return append(list, across("Allocations an operation", "allocs/op", cores[0]))
}

// Op is one timed operation.
type Op struct {
	Name  string
	About string
	Fits  func(*peer.Peer) bool
	start func(r *run, p any) func(i int)
}

// op returns an operation of peers with the methods of I. What start returns is done by
// one goroutine again and again, i counts from a random number on.
func op[I any](name, about string, start func(r *run, p I) func(i int)) Op {
	return Op{Name: name, About: about, Fits: peer.Can[I], start: func(r *run, p any) func(int) {
		return start(r, p.(I))
	}}
}

// Settings say how much is done.
type Settings struct {
	Keys   int           // of which the group takes its own number by default
	Cores  []int         // for the operations of which it is asked
	Time   time.Duration // an operation is repeated for so long
	Passes int           // samples of each figure
	Socket string        // of the redis-server
}

// Value is one figure. Units are those of Go benchmarks, or end in -ns or -%.
type Value struct {
	V    float64
	Unit string
}

// run is a group at work on one peer.
type run struct {
	Settings
	group *Group
	peer  *peer.Peer
	out   io.Writer

	instance peer.Instance
	mu       sync.Mutex // for the lists
	lists    map[string]*accesses
	now      int // how many there are, while they become more
	misses   atomic.Int64
	calls    atomic.Int64 // for operations that must not repeat what they did
}

// Run measures p and writes the figures to out. A peer that fails panics.
func (g *Group) Run(p *peer.Peer, s Settings, out io.Writer) {
	r := &run{Settings: s, group: g, peer: p, out: out, lists: map[string]*accesses{}}
	if g.run != nil {
		g.run(r)
		return
	}
	r.open(g.TTL)
	defer r.close()
	g.fill(r)
	for range r.Passes {
		for _, op := range g.Ops {
			for _, cores := range r.Cores {
				if op.Fits(p) && (cores == 1 || !p.Serial) {
					r.time(op, cores)
				}
			}
		}
	}
}

// open makes the peer, with one TTL for all if it has no other.
func (r *run) open(ttl time.Duration) {
	r.instance = r.peer.New(peer.Config{Keys: r.Keys, Value: r.group.Value, TTL: ttl, Socket: r.Socket})
}

func (r *run) close() {
	r.instance.Close()
	r.instance = nil
}

// keep returns the accesses of that name, made once.
func (r *run) keep(name string, create func() *accesses) *accesses {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lists[name] == nil {
		r.lists[name] = create()
	}
	return r.lists[name]
}

func (r *run) uniform() *accesses {
	return r.keep("uniform", func() *accesses { return newAccesses(r.Keys, r.group.Value, uniform) })
}

// writes are other accesses than those of reads, in another order: a peer that keeps what
// it is given would otherwise be read in the order in which it lies in memory.
func (r *run) writes() *accesses {
	return r.keep("writes", func() *accesses { return newAccesses(r.Keys, r.group.Value, other) })
}

func (r *run) zipf() *accesses {
	return r.keep("zipf", func() *accesses { return newAccesses(r.Keys, 0, zipf) })
}

// filling calls fill with what fills the peer fastest, and waits until all is there.
func filling[I any](r *run, fill func(p I)) {
	var p any = r.instance
	if filled, ok := p.(peer.Filled); ok {
		p = filled.Filler()
	}
	fill(p.(I))
	if w, ok := p.(peer.Worker); ok {
		w.Flush()
	}
}

// check ends the run if value is not the one of key. Only a lossy peer may miss.
func (r *run) check(key, value string, found bool) {
	switch {
	case !found && r.peer.Lossy:
		r.misses.Add(1)
	case !found:
		panic(fmt.Sprintf("bench: %s has lost the key %q", r.peer.Name, key))
	case !valid(key, value, r.group.Value) && value != peer.Later:
		panic(fmt.Sprintf("bench: %s returned a wrong value of %d bytes for the key %q", r.peer.Name, len(value), key))
	}
}

// time repeats op on all cores for the time that the settings say, and prints what one
// operation took.
func (r *run) time(op Op, cores int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	r.repeat(op, cores, r.Time/8) // so that caches and branch predictors know it
	runtime.GC()                  // none follows within the time of a sample
	r.misses.Store(0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, took, cpu := r.repeat(op, cores, r.Time)
	runtime.ReadMemStats(&after)
	each := func(total float64) float64 { return total / float64(n) }
	values := []Value{
		{each(float64(took)), "ns/op"},
		{each(float64(cpu)), "cpu-ns/op"},
		{float64(int(each(float64(after.TotalAlloc - before.TotalAlloc)))), "B/op"},
		{float64(int(each(float64(after.Mallocs - before.Mallocs)))), "allocs/op"},
	}
	r.print(op.Name, cores, n, append(values, r.hits(n)...)...)
}

// hits returns how many of n reads have found something, for peers that may forget.
func (r *run) hits(n int) []Value {
	if !r.peer.Lossy {
		return nil
	}
	return []Value{{100 - 100*float64(r.misses.Load())/float64(n), "hit-%"}}
}

// worker returns what one goroutine works with.
func (r *run) worker() any {
	if p, ok := r.instance.(peer.Pipelined); ok {
		return p.Worker()
	}
	return r.instance
}

// repeat runs op on as many goroutines as there are cores for d at least, and returns
// how often it ran, the time and the processor time. The processor time is what an
// operation costs one core, whatever else the machine does.
func (r *run) repeat(op Op, cores int, d time.Duration) (n int, took, cpu time.Duration) {
	var total atomic.Int64
	var wg sync.WaitGroup
	workers, ops := make([]any, cores), make([]func(int), cores)
	for i := range cores {
		workers[i] = r.worker()
		ops[i] = op.start(r, workers[i])
	}
	start, used := time.Now(), CPUTime()
	for i := range cores {
		p, do := workers[i], ops[i]
		wg.Go(func() {
			first := rand.IntN(1 << 30)
			i := first
			for batch := 1; i == first || time.Since(start) < d; {
				began := time.Now()
				for range batch {
					do(i)
					i++
				}
				if time.Since(began) < 20*time.Microsecond {
					batch *= 2
				}
			}
			if w, ok := p.(peer.Worker); ok {
				w.Flush()
			}
			total.Add(int64(i - first))
		})
	}
	wg.Wait()
	return int(total.Load()), time.Since(start), CPUTime() - used
}

// print writes one line of a Go benchmark.
func (r *run) print(op string, cores, n int, values ...Value) {
	var line strings.Builder
	name := strings.ToUpper(r.group.Name[:1]) + r.group.Name[1:]
	fmt.Fprintf(&line, "Benchmark%s/op=%s/peer=%s-%d\t%d", name, op, r.peer.Name, cores, n)
	for _, v := range values {
		line.WriteString("\t" + strconv.FormatFloat(v.V, 'g', 6, 64) + " " + v.Unit)
	}
	fmt.Fprintln(r.out, line.String())
}

// count ends the run if an answer is wrong.
func (r *run) count(right bool) {
	if !right {
		panic("bench: " + r.peer.Name + " gave a wrong answer")
	}
}

// once returns g as a group that is filled once, as that takes long.
func once(g *Group) *Group {
	g.Once = true
	return g
}

// Groups are all groups, in the order of the report.
var Groups = []*Group{
	stringsOf("strings", 32, "Strings, values of 32 bytes", getUniform, getZipf, getHot, set, mix90, mix50),
	stringsOf("strings256", 256, "Strings, values of 256 bytes", getUniform, set, mix90),
	once(stringsOf("strings4k", 4096, "Strings, values of 4 KiB", getUniform, set, mix90)),
	volatile, counters, hashes, lists, sets, zsets, streams, jobs,
	memory, growth, grown, grownTTL, expiry,
}
