package structures

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectorModel is a vector and the slice that it should equal.
type vectorModel struct {
	v     Vector[int]
	owner uint64
	m     []int
	high  int // the longest it has been since it was reset
}

// unknown is an element that was truncated away and not written since: it may
// be what it was, or zero.
const unknown = -1

func (m *vectorModel) clone() *vectorModel {
	c := &vectorModel{owner: newOwner(), m: append([]int(nil), m.m...), high: m.high}
	m.v.share(&c.v)
	m.owner = newOwner()
	return c
}

func (m *vectorModel) step(r *rand.Rand) {
	switch op := r.IntN(100); {
	case op < 90:
		i := r.IntN(len(m.m) + 1)
		if op < 4 {
			i += r.IntN(200)
		}
		for len(m.m) <= i {
			v := 0
			if len(m.m) < m.high {
				v = unknown
			}
			m.m = append(m.m, v)
		}
		m.high = max(m.high, len(m.m))
		e := r.Int()
		*m.v.Mut(i, m.owner), m.m[i] = e, e
	case op < 99:
		n := r.IntN(len(m.m) + 10)
		m.v.Truncate(n, m.owner)
		m.m = m.m[:min(n, len(m.m))]
	default:
		m.v.Reset()
		m.m, m.high = nil, 0
	}
}

func (m *vectorModel) check(t testing.TB) {
	t.Helper()
	require.Equal(t, len(m.m), m.v.Len())
	for i, want := range m.m {
		got := 0 // what a page that is not there reads as
		if e := m.v.At(i); e != nil {
			got = *e
		}
		if want != unknown && got != want {
			t.Fatalf("element %d is %d, not %d", i, got, want)
		}
	}
	pages := 0
	for i := 0; i < m.high+10*vectorPage; i += vectorPage {
		if m.v.At(i) != nil {
			pages++
		}
	}
	require.Equal(t, pages, m.v.Pages())
	require.LessOrEqual(t, pages, (len(m.m)+vectorPage-1)/vectorPage+1, "more than one page to spare")
}

// Any interleaving of writes to a vector and its clones equals the same on
// copied slices.
func TestVectorEqualsModel(t *testing.T) {
	r := rng(t)
	all := []*vectorModel{{owner: newOwner()}}
	for range 50_000 {
		m := all[r.IntN(len(all))]
		if r.IntN(50) == 0 {
			c := m.clone()
			if len(all) < 6 {
				all = append(all, c)
			} else {
				all[r.IntN(len(all))] = c
			}
		}
		m.step(r)
		if r.IntN(100) == 0 {
			all[r.IntN(len(all))].check(t)
		}
	}
	for _, m := range all {
		m.check(t)
	}
}

func TestVectorWriteIsBounded(t *testing.T) {
	var v, c Vector[int]
	owner := newOwner()
	for i := range 100_000 {
		*v.Mut(i, owner) = i
	}
	require.Zero(t, testing.AllocsPerRun(100, func() { *v.Mut(5000, owner) = 1 }))
	v.share(&c)
	owner = newOwner()
	i := 5000
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() { // a page; the spine is copied before the first run counts
		*v.Mut(i, owner) = 2
		i += vectorPage
	}))
	require.Equal(t, 2, *v.At(5000))
	require.Equal(t, 1, *c.At(5000))
}

// At needs no lock while one goroutine writes, truncates, resets and clones:
// a reader finds in place i nothing, or what was written there, never older than
// what it found before, and nothing that was only written to a clone.
func TestVectorReadersNeedNoLock(t *testing.T) {
	const size = 500
	r := rng(t)
	var v Vector[atomic.Int64]
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		seed := r.Uint64()
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			last := make([]int64, size)
			for !stop.Load() {
				i := r.IntN(size)
				e := v.At(i)
				if e == nil {
					continue
				}
				switch got := e.Load(); {
				case got == 0:
				case got < 0:
					t.Errorf("element %d of a clone is read", i)
					return
				case got%size != int64(i) || got < last[i]:
					t.Errorf("element %d is %d after %d", i, got, last[i])
					return
				default:
					last[i] = got
				}
			}
		})
	}

	owner := newOwner()
	for n := range int64(100_000) {
		i := r.IntN(size)
		v.Mut(i, owner).Store((n+1)*size + int64(i))
		switch r.IntN(300) {
		case 0, 1, 2:
			var c Vector[atomic.Int64]
			v.share(&c)
			owner = newOwner()
			mine := newOwner()
			for range 5 {
				c.Mut(r.IntN(size), mine).Store(-1)
			}
			c.Truncate(r.IntN(size), mine)
		case 3:
			v.Truncate(r.IntN(size), owner)
		case 4:
			v.Reset()
		}
	}
	stop.Store(true)
	wg.Wait()
}

// A clone inherits its original's tail as a chunk that nobody writes; where that
// is still empty, compaction takes it, so that clones of clones don't pile them
// up.
func TestTableEmptyTailsOfClonesAreReclaimed(t *testing.T) {
	r := rng(t)
	tb := NewTable(TableConfig{Hash: seeded, LeafMax: 8, ChunkMax: 512})
	put := func(key, text string) {
		ref := tb.Find(seeded(key), key)
		tb.Put(&ref, key, Entry{Text: text})
	}
	empty := func() (n int) {
		for id := 1; id < tb.chunks.Len(); id++ {
			if ref := tb.chunks.At(id); ref.p.Load() != nil && ref.used == 0 {
				n++
			}
		}
		return n
	}
	long := strings.Repeat("v", MaxInline+1)
	put("long", long)
	keys := 0
	for range max(alone(20), 4) {
		for tb.tail == 0 || tb.tailUsed+10 <= len(tb.tailBuf) {
			put(strconv.Itoa(1_000_000+keys), "")
			keys++
		}
		put("long", long) // opens a tail, and then only swaps the slot
		tb = tb.Clone()
	}
	require.Positive(t, empty())
	for range 100 * keys {
		put(strconv.Itoa(1_000_000+r.IntN(keys)), "v")
	}
	require.Zero(t, empty())
	require.NoError(t, tb.Check())
}
