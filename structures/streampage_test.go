package structures

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sensorStart = 1700000000000

var sensorPairs = []string{"sensor", "1234", "temp", "19.8"}

func sensorID(i int) StreamID { return StreamID{sensorStart + uint64(i/20), uint64(i % 20)} }

// sensorStream is the stream of the memory target.
func sensorStream(n int) *Stream {
	s := NewStream()
	for i := range n {
		s.Add(sensorID(i), sensorPairs)
	}
	return s
}

func heapInUse() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// redisSensorBytes is what MEMORY USAGE of redis-server 7.0.15 says of a stream like
// sensorStream, for each of a million entries; used_memory grew by 18.5.
const redisSensorBytes = 23.01

func TestStreamMemory(t *testing.T) {
	const n = 50_000
	before := heapInUse()
	s := sensorStream(n)
	held := heapInUse() - before
	require.InDelta(t, held, s.Allocated(), float64(held)/10)
	require.Less(t, float64(held)/n, redisSensorBytes)

	before, size := heapInUse(), s.Allocated()
	g := s.CreateGroup("g", StreamID{}, 0)
	c := g.CreateConsumer("c", 0)
	s.Range(StreamID{}, MaxStreamID, false, func(e StreamEntry) bool {
		g.Put(StreamPending{ID: e.ID, Time: 1, Count: 1, Consumer: c})
		return true
	})
	held = heapInUse() - before
	require.InDelta(t, held, s.Allocated()-size, float64(held)/5)

	for i := range n {
		require.True(t, s.Delete(sensorID(i)))
		require.True(t, g.Ack(sensorID(i)))
	}
	s.DestroyGroup("g")
	require.Equal(t, NewStream().Allocated(), s.Allocated())
	require.Zero(t, s.Size())
}

func TestStreamID(t *testing.T) {
	for _, test := range []struct{ id, next StreamID }{
		{StreamID{}, StreamID{0, 1}},
		{StreamID{5, 7}, StreamID{5, 8}},
		{StreamID{5, math.MaxUint64}, StreamID{6, 0}},
	} {
		next, ok := test.id.Next()
		require.True(t, ok)
		require.Equal(t, test.next, next)
		prev, ok := next.Prev()
		require.True(t, ok)
		require.Equal(t, test.id, prev)
		require.Equal(t, -1, test.id.Compare(next))
		require.Equal(t, 1, next.Compare(test.id))
		require.Zero(t, next.Compare(next))
	}
	_, ok := MaxStreamID.Next()
	require.False(t, ok)
	_, ok = StreamID{}.Prev()
	require.False(t, ok)
}

func TestStreamBigEntries(t *testing.T) {
	s := NewStream()
	many := make([]string, 2*20000)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	entries := [][]string{
		{"f", strings.Repeat("v", 1<<20)},
		{"f", "v"},
		make([]string, 2*70000), // all empty, so that a node with other entries gets it
		{"f", strings.Repeat("w", 5000)},
		many,
		{"f", "v"},
	}
	for i, pairs := range entries {
		s.Add(StreamID{0, uint64(i + 1)}, pairs)
	}
	keep := s.Clone().(*Stream)
	for i, pairs := range entries {
		e, ok := s.Get(StreamID{0, uint64(i + 1)})
		require.True(t, ok)
		require.Equal(t, len(pairs)/2, e.Len())
		require.True(t, fmt.Sprint(pairs) == fmt.Sprint(e.AppendTo(nil)))
		require.True(t, s.Delete(e.ID))
	}
	require.Equal(t, NewStream().Allocated(), s.Allocated())
	require.Equal(t, len(entries), keep.Len())
	require.NoError(t, keep.check())
}

// TestStreamPairsKeep reads an entry, and then writes what could be its memory.
func TestStreamPairsKeep(t *testing.T) {
	s := NewStream()
	var entries []StreamEntry
	for i := range 500 {
		s.Add(StreamID{1, uint64(i)}, []string{"n", strconv.Itoa(i)})
		e, _ := s.Last()
		entries = append(entries, e)
		if i%7 == 0 {
			s.Delete(StreamID{1, uint64(i / 2)})
			s = s.Clone().(*Stream)
		}
	}
	for i, e := range entries {
		require.Equal(t, []string{"n", strconv.Itoa(i)}, e.AppendTo(nil))
	}
}

func TestStreamAddAllocations(t *testing.T) {
	s, i := sensorStream(1000), 1000
	require.Less(t, testing.AllocsPerRun(10_000, func() {
		s.Add(sensorID(i), sensorPairs)
		i++
	}), 0.5)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		e, _ := s.Get(sensorID(i / 2))
		e.All(func(field, value string) bool { return field != value })
	}))
}

func FuzzStreamPage(f *testing.F) {
	f.Add(uint64(5), uint64(7), uint64(1), uint64(0), "f,g", "1,2", "f", "3")
	f.Add(uint64(1), uint64(math.MaxUint64), uint64(math.MaxUint64-1), uint64(130), "", "x", ",,", "")
	f.Add(uint64(1), uint64(1), uint64(0), uint64(2), strings.Repeat(",", 31), strings.Repeat("v", 1<<12), "f", "3")
	f.Fuzz(func(t *testing.T, ms, seq, moreMs, seq2 uint64, fields1, values1, fields2, values2 string) {
		zip := func(fields, values string) (pairs []string) {
			v := strings.Split(values, ",")
			for i, f := range strings.Split(fields, ",") {
				pairs = append(pairs, f, v[i%len(v)])
			}
			return pairs
		}
		entries := []streamModelEntry{
			{StreamID{ms, seq}, zip(fields1, values1)},
			{StreamID{ms + moreMs, seq2}, zip(fields2, values2)},
			{StreamID{ms + moreMs, seq2 + 1}, zip(fields1, values2)},
		}
		p := newStreamPage(1, entries[0].id, entries[0].pairs, nil)
		for i, e := range entries {
			// As Stream.Add does, nothing is added to a full page.
			if i > 0 && (!entries[i-1].id.less(e.id) || p.full(pairsBytes(e.pairs))) {
				entries = entries[:i]
				break
			}
			p.add(e.id, e.pairs)
		}
		p.seal()
		for i, want := range entries {
			got := p.entry(i)
			require.Equal(t, want.id, got.ID)
			require.Equal(t, want.pairs, got.AppendTo(nil))
			at, found := p.find(want.id)
			require.True(t, found)
			require.Equal(t, i, at)
		}
	})
}

func TestListpackNumber(t *testing.T) {
	for _, s := range []string{
		"0", "7", "-1", "9223372036854775807", "-9223372036854775808", "10",
	} {
		v, ok := listpackNumber(s)
		require.True(t, ok, s)
		require.Equal(t, s, strconv.FormatInt(v, 10))
	}
	for _, s := range []string{
		"", "-", "-0", "00", "01", "+1", "1.0", " 1", "1 ", "9223372036854775808", "-9223372036854775809", "x", "1_0", "/", ":",
		"100000000000000000000",
	} {
		_, ok := listpackNumber(s)
		require.False(t, ok, s)
	}
}

func BenchmarkStreamAdd(b *testing.B) {
	b.ReportAllocs()
	s, i := NewStream(), 0
	for b.Loop() {
		s.Add(sensorID(i), sensorPairs)
		i++
	}
	b.ReportMetric(float64(s.Allocated())/float64(s.Len()), "B/entry")
}

// BenchmarkStreamAddAfterClone is what an addition in a transaction costs.
func BenchmarkStreamAddAfterClone(b *testing.B) {
	b.ReportAllocs()
	s, i := sensorStream(1_000_000), 1_000_000
	for b.Loop() {
		s = s.Clone().(*Stream)
		s.Add(sensorID(i), sensorPairs)
		i++
	}
}

func BenchmarkStreamAddTrim(b *testing.B) {
	for _, approx := range []bool{false, true} {
		b.Run(fmt.Sprintf("approx=%v", approx), func(b *testing.B) {
			b.ReportAllocs()
			s, i := sensorStream(10_000), 10_000
			for b.Loop() {
				s.Add(sensorID(i), sensorPairs)
				s.Trim(StreamTrim{MaxLen: 10_000, Approx: approx})
				i++
			}
		})
	}
}

func BenchmarkStreamGet(b *testing.B) {
	b.ReportAllocs()
	const n = 1_000_000
	s, i := sensorStream(n), 0
	for b.Loop() {
		if i = (i + 7919) % n; !s.Has(sensorID(i)) {
			b.Fatal("missing")
		}
	}
}

func BenchmarkStreamRange(b *testing.B) {
	for _, back := range []bool{false, true} {
		b.Run(fmt.Sprintf("back=%v", back), func(b *testing.B) {
			b.ReportAllocs()
			const n = 1_000_000
			s, i, read := sensorStream(n), 0, 0
			for b.Loop() {
				i = (i + 7919) % n
				left := 100
				s.Range(sensorID(i/2), sensorID(i/2+n/2), back, func(e StreamEntry) bool {
					e.All(func(_, value string) bool { read += len(value); return true })
					left--
					return left > 0
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/entry")
		})
	}
}

func BenchmarkStreamDelete(b *testing.B) {
	b.ReportAllocs()
	s, i := sensorStream(b.N+1), 0
	b.ResetTimer()
	for range b.N {
		s.Delete(sensorID(i))
		i++
	}
}

// TestStreamLastIDSetBack adds entries before others that were deleted, which lie in the
// same page still.
func TestStreamLastIDSetBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range alone(300) {
		round := i * (300 / alone(300))
		s := NewStream()
		var kept []*Stream
		var ids []StreamID // sorted
		add := func(id StreamID) {
			s.Add(id, []string{"k", strings.Repeat("v", rng.IntN(1+round*5))})
			ids = append(ids, id)
		}
		list := func(s *Stream, back bool) (got []StreamID) {
			s.Range(StreamID{}, MaxStreamID, back, func(e StreamEntry) bool {
				got = append(got, e.ID)
				return true
			})
			return got
		}
		var old []StreamID
		for range 200 {
			switch rng.IntN(8) {
			case 0, 1:
				if len(ids) > 0 {
					i := len(ids) - 1
					if rng.IntN(4) == 0 {
						i = rng.IntN(len(ids))
					}
					require.True(t, s.Delete(ids[i]))
					ids = slices.Delete(ids, i, i+1)
				}
			case 2:
				top := StreamID{Ms: 1}
				if len(ids) > 0 {
					top = ids[len(ids)-1]
				}
				s.SetLastID(top)
			case 3:
				min := StreamID{Ms: s.LastID().Ms - uint64(rng.IntN(3))}
				if rng.IntN(9) > 0 {
					continue
				}
				s.Trim(StreamTrim{ByID: true, MinID: min})
				ids = slices.DeleteFunc(ids, func(id StreamID) bool { return id.less(min) })
			case 4:
				if rng.IntN(9) == 0 {
					kept, old = append(kept, s.Clone().(*Stream)), slices.Clone(ids)
				}
			default:
				last := s.LastID()
				add(StreamID{last.Ms + uint64(rng.IntN(2)), last.Seq + 1 + uint64(rng.IntN(3))})
			}
			require.NoError(t, s.check())
			require.Equal(t, len(ids), s.Len())
			back := list(s, true)
			slices.Reverse(back)
			if !slices.Equal(ids, list(s, false)) || !slices.Equal(ids, back) {
				t.Fatal(ids, list(s, false), back)
			}
			for i, id := range ids {
				from, _ := id.Next()
				var next StreamID
				s.Range(from, MaxStreamID, false, func(e StreamEntry) bool {
					next = e.ID
					return false
				})
				if want := append(ids[i+1:len(ids):len(ids)], StreamID{})[0]; next != want || !s.Has(id) {
					t.Fatal(ids, id, next)
				}
			}
		}
		if len(kept) > 0 {
			last := kept[len(kept)-1]
			require.NoError(t, last.check())
			require.Equal(t, len(old), len(list(last, false)))
		}
	}
}
