package structures

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rng returns a source whose seed is printed when the test fails; ALCOVE_SEED
// repeats a run.
func rng(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	if s := os.Getenv("ALCOVE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("ALCOVE_SEED=%d repeats this run", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

var testSeed = maphash.MakeSeed()

func seeded(s string) uint64 { return maphash.String(testSeed, s) }

// tableConfigs are the shapes in which the properties must hold.
func tableConfigs() map[string]TableConfig {
	return map[string]TableConfig{
		"full size":   {Hash: seeded, Versions: true},
		"tiny":        {Hash: seeded, Versions: true, LeafMax: 8, ChunkMax: 64, Seq: new(Seq)},
		"tracked":     {Hash: seeded, Track: true, LeafMax: 16, ChunkMax: 256},
		"one hash":    {Hash: func(string) uint64 { return 42 << 40 }, LeafMax: 8, ChunkMax: 128},
		"few tags":    {Hash: func(s string) uint64 { return seeded(s) & 0xf << 40 }, LeafMax: 8, ChunkMax: 128},
		"long prefix": {Hash: func(s string) uint64 { return seeded(s) >> 20 &^ (1<<36 - 1) }, LeafMax: 8, ChunkMax: 128},
	}
}

// counter is the simplest Object.
type counter struct{ n []byte }

func (c *counter) Size() int      { return len(c.n) }
func (c *counter) Allocated() int { return len(c.n) + 3 }
func (c *counter) Clone() Object  { return &counter{append([]byte(nil), c.n...)} }

type modelEntry struct {
	kind     uint8
	version  uint64
	deadline int64
	text     string // of an object: its bytes
	object   bool
}

// tableModel is a table, the map that it should equal, and every string that
// it ever returned with a copy made at once.
type tableModel struct {
	t       *Table
	m       map[string]modelEntry
	version uint64
}

func (m *tableModel) clone() *tableModel {
	c := &tableModel{t: m.t.Clone(), m: map[string]modelEntry{}, version: m.version}
	for k, e := range m.m {
		c.m[k] = e
	}
	return c
}

func (m *tableModel) find(key string) Ref { return m.t.Find(m.t.cfg.Hash(key), key) }

func modelKey(r *rand.Rand, keys int) string {
	n := r.IntN(keys)
	switch {
	case n%97 == 0:
		return strings.Repeat("long", 300) + strconv.Itoa(n)
	case n == 1:
		return ""
	}
	return "key:" + strconv.Itoa(n)
}

func modelText(r *rand.Rand) string {
	n := r.IntN(40)
	switch r.IntN(50) {
	case 0:
		n = MaxInline + r.IntN(3) - 1
	case 1:
		n = 3000
	}
	return strings.Repeat(string(rune('a'+r.IntN(26))), n)
}

// step does one random operation on both sides.
func (m *tableModel) step(r *rand.Rand, keys int) {
	key := modelKey(r, keys)
	ref := m.find(key)
	m.version++
	deadline := int64(0)
	if r.IntN(3) == 0 {
		deadline = 1000 + r.Int64N(1000)
	}
	old := m.m[key]
	switch op := r.IntN(10); {
	case op < 4:
		e := modelEntry{kind: uint8(r.IntN(MaxKind + 1)), deadline: deadline, text: modelText(r)}
		put := Entry{Kind: e.kind, Version: m.version, Deadline: deadline, Text: e.text}
		if r.IntN(2) == 0 {
			put.Text, put.Bytes = "", []byte(e.text)
		}
		m.t.Put(&ref, key, put)
		m.m[key] = m.stamp(e)
	case op < 5:
		e := modelEntry{kind: 7, deadline: deadline, text: "object", object: true}
		m.t.Put(&ref, key, Entry{Kind: 7, Version: m.version, Deadline: deadline, Object: &counter{[]byte("object")}})
		m.m[key] = m.stamp(e)
	case op < 8:
		m.t.Delete(&ref, key)
		delete(m.m, key)
	case !ref.Found:
	case op < 9:
		m.t.Restamp(&ref, key, m.version, deadline)
		old.deadline = deadline
		m.m[key] = m.stamp(old)
	case old.object:
		c := m.t.Mutate(&ref).(*counter)
		c.n = append(c.n, 'x')
		m.t.Mutated(&ref, m.version)
		old.text += "x"
		m.m[key] = m.stamp(old)
	}
}

func (m *tableModel) stamp(e modelEntry) modelEntry {
	if m.t.cfg.Versions {
		e.version = m.version
	}
	return e
}

func entryOf(rec Record) modelEntry {
	e := modelEntry{kind: rec.Kind(), version: rec.Version(), deadline: rec.Deadline(), text: rec.Value()}
	if o := rec.Object(); o != nil {
		e.object, e.text = true, string(o.(*counter).n)
	}
	return e
}

func (m *tableModel) check(t testing.TB) {
	t.Helper()
	require.NoError(t, m.t.Check())
	require.Equal(t, len(m.m), m.t.Len())
	for key, want := range m.m {
		ref := m.find(key)
		require.True(t, ref.Found, "key %.20q", key)
		require.Equal(t, want, entryOf(ref.Record), "key %.20q", key)
		require.Equal(t, key, ref.Record.Key())
	}
	n := 0
	m.t.All(func(rec Record) bool {
		require.Equal(t, m.m[rec.Key()], entryOf(rec))
		n++
		return true
	})
	require.Equal(t, len(m.m), n)
}

func TestTableEqualsModel(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			m := &tableModel{t: NewTable(cfg), m: map[string]modelEntry{}}
			sizes := []int{10, 300, 2000, 50, 1}
			if name == "one hash" { // every step is O(n)
				sizes = []int{10, 300, 50, 1}
			}
			for _, keys := range sizes {
				for range 6 * keys {
					m.step(r, keys)
					if r.IntN(max(keys, 20)) == 0 {
						m.check(t)
					}
				}
				m.check(t)
			}
		})
	}
}

func TestTableStringsNeverChange(t *testing.T) {
	cfg := TableConfig{Hash: seeded, LeafMax: 8, ChunkMax: 256}
	r := rng(t)
	m := &tableModel{t: NewTable(cfg), m: map[string]modelEntry{}}
	type kept struct{ got, want string }
	var all []kept
	for range 20000 {
		m.step(r, 100)
		if ref := m.find(modelKey(r, 100)); ref.Found {
			v, k := ref.Record.Value(), ref.Record.Key()
			all = append(all, kept{v, strings.Clone(v)}, kept{k, strings.Clone(k)})
		}
	}
	for _, k := range all {
		require.Equal(t, k.want, k.got)
	}
}

// Any interleaving of writes to a table and its clones equals the same on deep
// copies.
func TestTableClonesAreIndependent(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			all := []*tableModel{{t: NewTable(cfg), m: map[string]modelEntry{}}}
			keys, steps := 200, 3000
			if cfg.LeafMax == 0 { // full leaves, and chunks that are worth moving
				keys, steps = 1500, 60_000
			}
			steps = max(alone(steps), 1500)
			for range steps {
				m := all[r.IntN(len(all))]
				if r.IntN(steps/30) == 0 {
					c := m.clone()
					if len(all) < 6 {
						all = append(all, c)
					} else {
						all[r.IntN(len(all))] = c
					}
				}
				m.step(r, keys)
			}
			for _, m := range all {
				m.check(t)
			}
		})
	}
}

func TestTableScanVisitsStableKeysOnce(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			m := &tableModel{t: NewTable(cfg), m: map[string]modelEntry{}}
			put := func(key string) {
				ref := m.find(key)
				m.t.Put(&ref, key, Entry{Text: "v"})
			}
			for i := range 500 {
				put("stable:" + strconv.Itoa(i))
			}
			for round := range max(alone(5), 2) {
				seen := map[string]int{}
				calls := 0
				for cursor, more := uint32(0), true; more; more = cursor != 0 {
					cursor = m.t.Scan(cursor, 1+r.IntN(20), func(rec Record) { seen[rec.Key()]++ })
					for range 40 { // churn grows and shrinks the table meanwhile
						key := "churn:" + strconv.Itoa(r.IntN(2000))
						if ref := m.find(key); (calls/40+round)%2 == 0 {
							m.t.Put(&ref, key, Entry{Text: "v"})
						} else {
							m.t.Delete(&ref, key)
						}
					}
					calls++
				}
				for i := range 500 {
					require.Equal(t, 1, seen["stable:"+strconv.Itoa(i)])
				}
			}
		})
	}
}

func TestTableScanOfAPassiveTableRepeatsNothing(t *testing.T) {
	tb := NewTable(TableConfig{Hash: seeded})
	for i := range 5000 {
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.Put(&ref, key, Entry{})
	}
	for _, count := range []int{1, 7, 10000} {
		seen := map[string]int{}
		for cursor, more := uint32(0), true; more; more = cursor != 0 {
			batch := 0
			cursor = tb.Scan(cursor, count, func(rec Record) { seen[rec.Key()]++; batch++ })
			require.LessOrEqual(t, batch, count+2) // tags rarely agree
		}
		require.Len(t, seen, 5000)
	}
}

func TestTableRandomIsUniform(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			tb := NewTable(cfg)
			for i := range 1000 { // grow and shrink: leaves of several depths
				key := strconv.Itoa(i)
				ref := tb.Find(cfg.Hash(key), key)
				tb.Put(&ref, key, Entry{})
			}
			for i := 100; i < 1000; i++ {
				key := strconv.Itoa(i)
				ref := tb.Find(cfg.Hash(key), key)
				tb.Delete(&ref, key)
			}
			draws := max(alone(10_000), 2_000) // so many find every key
			got := map[string]int{}
			for range draws {
				rec, ok := tb.Random(r.Uint64N)
				if !ok {
					t.Fatal("nothing")
				}
				got[rec.Key()]++
			}
			require.Len(t, got, 100)
			chi := 0.0
			for _, n := range got {
				d := float64(n) - float64(draws)/100
				chi += d * d / (float64(draws) / 100)
			}
			require.Less(t, chi, 160.0) // 99 degrees of freedom: 1 in 10,000
		})
	}
}

func TestTableRandomOfNothing(t *testing.T) {
	_, ok := NewTable(TableConfig{Hash: seeded}).Random(rand.Uint64N)
	require.False(t, ok)
}

func TestTableOverdue(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			m := &tableModel{t: NewTable(cfg), m: map[string]modelEntry{}}
			for range max(alone(5000), 1000) {
				m.step(r, 300)
			}
			for now := int64(999); now <= 2000; now += 100 {
				last := int64(0)
				for {
					budget := 3
					rec, found := m.t.Overdue(now, &budget)
					if found {
						require.LessOrEqual(t, rec.Deadline(), now)
						last = max(last, rec.Deadline())
						key := rec.Key()
						ref := m.find(key)
						m.t.Delete(&ref, key)
						delete(m.m, key)
					} else if budget > 0 {
						break
					}
				}
				for _, e := range m.m {
					require.True(t, e.deadline == 0 || e.deadline > now)
				}
				m.check(t)
				m.step(r, 300)
			}
		})
	}
}

// Deadlines that come and go must not fill the heap: keys are set with a far
// deadline and without one in turn.
func TestTableStaleDeadlinesAreTidied(t *testing.T) {
	tb := NewTable(TableConfig{Hash: seeded})
	for i := range 50_000 {
		key := strconv.Itoa(i % 100)
		ref := tb.Find(seeded(key), key)
		tb.Put(&ref, key, Entry{Deadline: int64(1_000_000 + i)})
		if i%100 != 0 {
			tb.Restamp(&ref, key, 0, 0)
			tb.Restamp(&ref, key, 0, int64(900_000+i))
		}
		require.Less(t, tb.deadlines.heap.v.Len(), 2000)
	}
	require.NoError(t, tb.Check())
}

// Deleting everything gives everything back but what an empty table keeps.
func TestTableMemoryReturns(t *testing.T) {
	for name, cfg := range tableConfigs() {
		t.Run(name, func(t *testing.T) {
			tb := NewTable(cfg)
			n := max(alone(2000), 300)
			if name == "one hash" { // every step is O(n)
				n = 300
			}
			for round := range 3 {
				for i := range n {
					key := fmt.Sprintf("key:%d:%d", round, i)
					ref := tb.Find(cfg.Hash(key), key)
					tb.Put(&ref, key, Entry{Text: strings.Repeat("v", i), Deadline: int64(i)})
				}
				for i := range n {
					key := fmt.Sprintf("key:%d:%d", round, i)
					ref := tb.Find(cfg.Hash(key), key)
					require.True(t, ref.Found)
					tb.Delete(&ref, key)
				}
				require.Zero(t, tb.Len())
				require.Zero(t, tb.Size())
				require.Less(t, tb.Used(), 96<<10)
				require.NoError(t, tb.Check())
			}
		})
	}
}

// A write looks at a bounded number of records and copies a bounded number of
// bytes, however large the table is and also right after a clone.
func TestTableWriteIsBounded(t *testing.T) {
	n := alone(200_000)
	tb := NewTable(TableConfig{Hash: seeded, Versions: true})
	worst := 0
	put := func(i int, text string) {
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.touched = 0
		tb.Put(&ref, key, Entry{Text: text})
		worst = max(worst, tb.touched)
	}
	for i := range n {
		put(i, "a value of some bytes")
	}
	for i := range n {
		put(i*7919%n, "another value of bytes")
	}
	require.LessOrEqual(t, worst, 2*chunkMax/24, "records looked at by one write")
	require.NoError(t, tb.Check())

	tb.Clone()
	tb.copied = 0
	put(1, "v")
	require.Positive(t, tb.copied)
	require.Less(t, tb.copied, 16<<10, "bytes copied by the first write after a clone")
}

// A table that only shrinks gives the memory of its log back.
func TestTableGivesBackWhatItsLogHeld(t *testing.T) {
	r := rng(t)
	tb := NewTable(TableConfig{Hash: seeded})
	n := max(alone(50_000), 10_000)
	for i := range n {
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.Put(&ref, key, Entry{Text: "a value of some length"})
	}
	left := n
	for _, i := range r.Perm(n)[:n-n/50] {
		key := strconv.Itoa(i)
		ref := tb.Find(seeded(key), key)
		tb.Delete(&ref, key)
		left--
		require.LessOrEqual(t, tb.logUsed, max(reliefMin, 2*tb.logLive)+chunkMax, "%d left", left)
	}
	require.NoError(t, tb.Check())
}

// A clone that compacts copies its leaves one by one meanwhile, and must not come to
// write the last ones in the table that it was cloned from.
func TestCompactInClone(t *testing.T) {
	r := rng(t)
	for range 100 {
		table := NewTable(TableConfig{Hash: seeded})
		write := func(table *Table, steps int) {
			for range steps {
				key := strconv.Itoa(r.IntN(1000))
				ref := table.Find(seeded(key), key)
				if r.IntN(3) == 0 {
					table.Delete(&ref, key)
				} else {
					table.Put(&ref, key, Entry{Text: "a value"})
				}
			}
		}
		write(table, 200+r.IntN(800))
		clone := table.Clone()
		write(clone, 50)
		require.NoError(t, clone.Check())
		require.NoError(t, table.Check())
	}
}
