package structures

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"
)

// TestFrozenChunks: what a frozen clone shares is not moved while it is there, unless
// little is left, and is afterwards; and clones that follow each other for ever don't make
// the log grow for ever.
func TestFrozenChunks(t *testing.T) {
	keys := max(alone(20_000), 5_000) // fewer are too few chunks
	var frozen atomic.Int64
	tb := NewTable(TableConfig{Hash: seeded, Frozen: &frozen})
	r := rand.New(rand.NewPCG(1, 2))
	put := func(i int, text string) {
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.Put(&ref, key, Entry{Text: text})
	}
	write := func(n int) {
		for range n {
			put(r.IntN(keys), strings.Repeat("b", 100))
		}
		require.NoError(t, tb.Check())
	}
	var clone *Table
	shared := func() float64 { // of the clone's chunks
		all, both := 0, 0
		for id := 1; id < clone.chunks.Len(); id++ {
			if p := clone.chunks.At(id).p.Load(); p != nil {
				all++
				if ref := tb.chunks.At(id); ref != nil && ref.p.Load() == p {
					both++
				}
			}
		}
		return float64(both) / float64(all)
	}
	garbage := func() float64 { return float64(tb.logUsed-tb.logLive) / float64(tb.logUsed) }
	for i := range keys {
		put(i, strings.Repeat("a", 100))
	}
	frozen.Store(1)
	clone = tb.Clone()
	write(keys)
	require.Greater(t, shared(), 0.9, "1/e of it lives")
	require.Greater(t, garbage(), 0.4)
	frozen.Store(0)
	write(keys / 4)
	require.Less(t, shared(), 0.6, "the clone is gone")
	write(keys)
	require.Less(t, garbage(), 0.45)
	require.NoError(t, clone.Check())

	frozen.Store(1)
	for range 40 { // there is always one
		clone = tb.Clone()
		write(keys / 4)
		require.Less(t, tb.logUsed, tb.logLive*4)
		require.NoError(t, clone.Check())
	}
	for i := range keys - 100 { // nothing new is written that could move what is left
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.Delete(&ref, key)
	}
	require.Less(t, tb.logUsed, max(tb.logLive*4, 2*reliefMin))
}

// TestCloneReleases: a clone of a large value does not keep what it was cloned from, but
// for the pages that they share.
func TestCloneReleases(t *testing.T) {
	make := func() (c *Hash, of weak.Pointer[Table]) {
		h := NewHash((&TableConfig{Hash: seeded}).WithDefaults())
		for i := range 1000 {
			h.Set(strconv.Itoa(i), "v", 0)
		}
		return h.Clone().(*Hash), weak.Make(h.table)
	}
	c, of := make()
	for i := 0; of.Value() != nil; i++ {
		require.Less(t, i, 100)
		runtime.GC()
	}
	value, _, o := c.Load(seeded("7"), "7")
	require.Equal(t, Found, o)
	require.Equal(t, "v", value)
}
