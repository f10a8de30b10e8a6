package store

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

func init() {
	handleMakers["HLL"] = func(db DB, key string) any { return db.HLL(key) }
	noCommands["DB.HLL"] = "it makes a handle"
	noCommands["HLL.Key"] = "it reads the handle"
	maps.Copy(methodRules, map[string]rule{
		"HLL.Add":   create,
		"HLL.Count": sizeOf,
		"HLL.Merge": create,
	})
	methodArguments["HLL.Count"] = []any{[]string{}} // of one, which may write
}

// fillHLL makes a HyperLogLog of n elements.
func fillHLL(t testing.TB, h HLL, n int) {
	t.Helper()
	_, err := h.Add(hllElements("x", n)...)
	require.NoError(t, err)
}

// hasWritten says whether do writes key.
func hasWritten(t testing.TB, s *Store, key string, do func()) bool {
	t.Helper()
	watch := s.Watch(key)
	do()
	err := s.Update(func(*Tx) error { return nil }, watch)
	if err != ErrConflict {
		require.NoError(t, err)
	}
	return err == ErrConflict
}

// TestHLLWrites is about which commands write.
func TestHLLWrites(t *testing.T) {
	for _, n := range []int{1, 1000, 50_000} {
		s := newTest(t)
		h := s.HLL("k")
		fillHLL(t, h, n)
		first, err := h.Count()
		require.NoError(t, err)
		count := func() {
			n, err := h.Count()
			require.NoError(t, err)
			require.Equal(t, first, n)
		}
		add := func(want bool, elements ...string) func() {
			return func() {
				changed, err := h.Add(elements...)
				require.NoError(t, err)
				require.Equal(t, want, changed)
			}
		}
		require.False(t, hasWritten(t, s, "k", count), "the estimate is kept")
		require.False(t, hasWritten(t, s, "k", add(false)), "no elements")
		require.False(t, hasWritten(t, s, "k", add(false, "x:0", "x:0")), "known elements")
		require.False(t, hasWritten(t, s, "k", func() {
			both, err := h.Count("k", "none")
			require.NoError(t, err)
			require.Equal(t, first, both)
		}), "several keys")
		require.True(t, hasWritten(t, s, "k", func() { require.NoError(t, h.Merge()) }), "PFMERGE writes always")
		require.True(t, hasWritten(t, s, "k", count), "the estimate is computed")
		require.False(t, hasWritten(t, s, "k", count), "and kept")
		fresh := 0
		for { // up to the first that changes something
			changed, err := h.Add("fresh:" + strconv.Itoa(fresh))
			require.NoError(t, err)
			if changed {
				break
			}
			fresh++
		}
		require.True(t, hasWritten(t, s, "k", func() { _, _ = h.Count() }), "computed again after a change")
	}
}

// TestHLLReadOnly: where nothing can be written, Count computes what it can't keep.
func TestHLLReadOnly(t *testing.T) {
	s := newTest(t)
	for _, n := range []int{5, 3000} {
		h := s.HLL("k")
		_, err := s.Del("k")
		require.NoError(t, err)
		fillHLL(t, h, n)
		sn := s.Snapshot()
		before := printOf(t, s)
		want := n
		if n > 5 {
			want, err = s.Fork().HLL("k").Count()
			require.NoError(t, err)
		}
		for range 2 {
			got, err := sn.HLL("k").Count()
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.NoError(t, s.View(func(tx *Tx) error {
				got, err := tx.HLL("k").Count()
				require.NoError(t, err)
				require.Equal(t, want, got)
				_, err = tx.HLL("k").Add("y")
				require.ErrorIs(t, err, ErrReadOnly)
				require.ErrorIs(t, tx.HLL("k").Merge("k"), ErrReadOnly)
				return nil
			}))
		}
		require.Equal(t, before, printOf(t, s), "nothing was kept")
		require.Equal(t, before, printOf(t, sn))
		_, err = s.String("k").Append("\x00")
		require.NoError(t, err)
		require.NoError(t, s.View(func(tx *Tx) error {
			_, err := tx.HLL("k").Count()
			require.ErrorIs(t, err, map[bool]error{false: ErrCorruptHLL, true: ErrNotHLL}[n > 5])
			return nil
		}))
		require.NoError(t, sn.Close())
	}
}

// TestHLLForks: a dense one changes in place, and no snapshot, copy or fork sees it.
func TestHLLForks(t *testing.T) {
	s := newTest(t, tiny)
	h := s.HLL("k")
	fillHLL(t, h, 20_000)
	_, err := h.Count()
	require.NoError(t, err)
	want, err := s.String("k").Get()
	require.NoError(t, err)
	sn, f := s.Snapshot(), newFork(t, s)
	ok, err := s.Copy("k", "copy")
	require.NoError(t, err)
	require.True(t, ok)
	same := func(when string, others ...DB) {
		t.Helper()
		for i, db := range others {
			got, err := db.String([]string{"k", "k", "copy"}[i]).Get()
			require.NoError(t, err)
			require.True(t, got == want, "%s: %d", when, i)
		}
	}
	_, err = h.Add(hllElements("y", 20_000)...)
	require.NoError(t, err)
	same("PFADD", sn.DB(0), f.DB(0), s.DB(0))
	require.NoError(t, s.HLL("z").Merge("k"))
	require.NoError(t, s.HLL("copy").Merge("k"))
	same("PFMERGE", sn.DB(0), f.DB(0))
	_, err = f.HLL("k").Add(hllElements("z", 20_000)...)
	require.NoError(t, err)
	_, err = h.Count()
	require.NoError(t, err)
	same("PFCOUNT", sn.DB(0))
	require.ErrorIs(t, s.Update(func(tx *Tx) error {
		_, err := tx.HLL("k").Add(hllElements("w", 1000)...)
		require.NoError(t, err)
		require.NoError(t, tx.HLL("copy").Merge("k"))
		return ErrNotFound
	}), ErrNotFound)
	k, err := h.Count("z", "copy")
	require.NoError(t, err)
	one, err := h.Count()
	require.NoError(t, err)
	require.Equal(t, one, k, "nothing of what was rolled back")
	require.NoError(t, sn.Close())
}

// TestHLLError wants the error that the registers promise: 1.04/sqrt(16384) = 0.81% as the
// root of the mean square, which is below 1% over these, and four times that at most.
func TestHLLError(t *testing.T) {
	s := newTest(t)
	sets, steps := 8, 20
	if testing.Short() || raceEnabled {
		sets, steps = 1, 2
	}
	square, elements := 0.0, make([]string, 50_000)
	for set := range sets {
		h := s.HLL(strconv.Itoa(set))
		for step := range steps {
			for i := range elements {
				elements[i] = strconv.Itoa(set) + "/" + strconv.Itoa(step*len(elements)+i)
			}
			_, err := h.Add(elements...)
			require.NoError(t, err)
		}
		got, err := h.Count()
		require.NoError(t, err)
		off := float64(got)/float64(steps*len(elements)) - 1
		require.Less(t, math.Abs(off), 4*0.0081)
		square += off * off
		length, err := s.String(h.Key()).StrLen()
		require.NoError(t, err)
		require.Equal(t, structures.HLLDenseLen, length)
	}
	if sets == 8 {
		require.Less(t, math.Sqrt(square/8), 0.01)
	}
}

// TestHLLConcurrent: who adds at once, and counts, and merges, leaves what one would leave.
func TestHLLConcurrent(t *testing.T) {
	s := newTest(t)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 1000 {
				element := "x:" + strconv.Itoa((i*7+g*501)%4000)
				if _, err := s.HLL("k" + strconv.Itoa(i%2)).Add(element); err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					_, err1 := s.HLL("k0").Count()
					_, err2 := s.HLL("k0").Count("k1")
					if err := s.HLL("sum").Merge("k0", "k1"); err != nil || err1 != nil || err2 != nil {
						t.Error(err, err1, err2)
					}
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.HLL("sum").Merge("k0", "k1"))
	for g := range 8 {
		for i := range 1000 {
			_, err := s.HLL("alone").Add("x:" + strconv.Itoa((i*7+g*501)%4000))
			require.NoError(t, err)
		}
	}
	sum, err := s.HLL("sum").Count()
	require.NoError(t, err)
	alone, err := s.HLL("alone").Count()
	require.NoError(t, err)
	require.Equal(t, alone, sum)
}

// TestHLLOfAnything: any bytes are a HyperLogLog or a clear mistake, in each form of a
// string, and what is a mistake changes nothing.
func TestHLLOfAnything(t *testing.T) {
	rng := seededRand(t)
	s := newTest(t, tiny)
	outcomes, total := map[error]int{}, 500
	if testing.Short() || raceEnabled {
		total = 100
	}
	for range total {
		text := damage(rng, randomSparse(rng))
		if rng.IntN(4) == 0 {
			text = damage(rng, damage(rng, randomDense(rng)))
		}
		h, str := s.HLL("k"), s.String("k")
		require.NoError(t, str.Set(text))
		if rng.IntN(2) == 0 { // a buffer, if it is long enough
			_, err := str.SetRange(len(text)/2, text[len(text)/2:])
			require.NoError(t, err)
		}
		require.NoError(t, s.HLL("other").Merge())
		before := printOf(t, s)
		_, err := h.Add(hllElements("x", 40)...)
		outcomes[classOf(err)]++
		if err == nil {
			_, err = h.Count()
			require.NoError(t, err)
			require.NoError(t, s.HLL("other").Merge("k"))
			continue
		}
		require.True(t, classOf(err) == ErrNotHLL || classOf(err) == ErrCorruptHLL, "%v", err)
		require.Equal(t, classOf(err), classOf(s.HLL("other").Merge("k")))
		_, errUnion := s.HLL("other").Count("k")
		require.Equal(t, classOf(err), classOf(errUnion))
		require.Equal(t, before, printOf(t, s), "%q", text)
	}
	require.True(t, outcomes[nil] > 0 && outcomes[ErrNotHLL] > 0 && outcomes[ErrCorruptHLL] > 0, "%v", outcomes)
}

// randomDense returns a dense HyperLogLog of any registers.
func randomDense(rng *rand.Rand) string {
	b := []byte("HYLL" + strings.Repeat("\x00", structures.HLLDenseLen-4))
	for i := 5; i < len(b); i++ {
		b[i] = byte(rng.IntN(256))
	}
	return string(b)
}

// TestHLLAllocations: what is dense changes in place.
func TestHLLAllocations(t *testing.T) {
	s := newTest(t)
	h, elements := s.HLL("k"), hllElements("x", 40_000)
	_, err := h.Add(elements[:20_000]...)
	require.NoError(t, err)
	i := 20_000
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = h.Add(elements[i])
		i++
	}), "Add to a dense one")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = h.Add(elements[i])
		_, _ = h.Count()
		i++
	}), "and Count")
	small := s.HLL("small")
	fillHLL(t, small, 10)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = small.Add("x:1")
		_, _ = small.Count()
	}), "a small one that does not change")
}

func BenchmarkHLLAdd(b *testing.B) {
	for _, n := range []int{100, 1000, 1_000_000} {
		elements := hllElements("x", n)
		b.Run(fmt.Sprintf("known/%d", n), func(b *testing.B) {
			s := New()
			defer s.Close()
			h := s.HLL("k")
			fillHLL(b, h, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, _ = h.Add(elements[i%n])
			}
		})
	}
	for _, n := range []int{100, 1500, 1_000_000} { // from nothing to n elements
		elements := hllElements("x", n)
		b.Run(fmt.Sprintf("fill/%d", n), func(b *testing.B) {
			s := New()
			defer s.Close()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%n == 0 {
					b.StopTimer()
					_, _ = s.Del("k")
					b.StartTimer()
				}
				_, _ = s.HLL("k").Add(elements[i%n])
			}
		})
	}
}

func BenchmarkHLLCount(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		s := New()
		defer s.Close()
		h := s.HLL("k")
		fillHLL(b, h, n)
		b.Run(fmt.Sprintf("kept/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.Count()
			}
		})
		b.Run(fmt.Sprintf("computed/%d", n), func(b *testing.B) {
			_, _ = s.HLL("k").db.Del("stale")
			_ = s.HLL("stale").Merge("k")
			sn := s.Snapshot() // where it is not kept
			defer sn.Close()
			b.ReportAllocs()
			for b.Loop() {
				_, _ = sn.HLL("stale").Count()
			}
		})
		b.Run(fmt.Sprintf("union of 2/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.Count("k")
			}
		})
	}
}

func BenchmarkHLLMerge(b *testing.B) {
	for _, n := range []int{100, 1000, 1_000_000} {
		s := New()
		defer s.Close()
		fillHLL(b, s.HLL("a"), n)
		_, _ = s.HLL("b").Add(hllElements("y", n)...)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Del("sum")
				_ = s.HLL("sum").Merge("a", "b")
			}
		})
	}
}
