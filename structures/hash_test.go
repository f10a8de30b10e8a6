package structures

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hashField is what a field should have.
type hashField struct {
	value    string
	deadline int64
}

// hashModel is a Hash and the map that it should equal.
type hashModel struct {
	h *Hash
	m map[string]hashField
}

func newHashModel(c TableConfig) *hashModel {
	return &hashModel{h: NewHash(c.WithDefaults()), m: map[string]hashField{}}
}

func (m *hashModel) clone() *hashModel {
	return &hashModel{h: m.h.Clone().(*Hash), m: maps.Clone(m.m)}
}

// repack is what happens to a packed hash between two commands: it lies in a record.
func (m *hashModel) repack() {
	if blob, packed := m.h.Blob(); packed {
		text := string(blob)
		m.h.Unpack(text)
		again, _ := m.h.Blob()
		if string(again) != text {
			panic("a blob does not come back")
		}
		m.h.Unpack(text)
	}
}

func (m *hashModel) set(t testing.TB, field, value string, deadline int64) {
	_, had := m.m[field]
	kept := strings.Clone(value) // it may be a piece of the hash, which a change may overwrite
	require.Equal(t, !had, m.h.Set(field, value, deadline), "Set of %.20q", field)
	m.m[field] = hashField{kept, deadline}
}

func (m *hashModel) del(t testing.TB, field string) {
	_, had := m.m[field]
	require.Equal(t, had, m.h.Delete(field), "Delete of %.20q", field)
	delete(m.m, field)
}

func (m *hashModel) purge(t testing.TB, now int64, budget int) {
	names := map[string]bool{}
	visit := func(field string) { names[strings.Clone(field)] = true }
	if now%2 == 0 {
		visit = nil
	}
	removed, left := m.h.Purge(now, budget, visit), 0
	if visit != nil {
		require.Len(t, names, removed)
	}
	for field, f := range m.m {
		switch _, _, there := m.h.Look(field); {
		case f.deadline == 0 || f.deadline > now:
			require.True(t, there, "field %.20q was purged", field)
		case there:
			left++
		default:
			require.True(t, visit == nil || names[field], "nobody was told of %.20q", field)
			delete(m.m, field)
			removed--
		}
	}
	require.Zero(t, removed, "what it says")
	if budget > len(m.m)+left {
		require.Zero(t, left, "overdue fields are left")
	}
}

func (m *hashModel) check(t testing.TB) {
	t.Helper()
	h := m.h
	require.NoError(t, h.check())
	require.Equal(t, len(m.m), h.Len())
	earliest := int64(0)
	for field, want := range m.m {
		value, deadline, ok := h.Look(field)
		require.True(t, ok, "field %.20q", field)
		require.Equal(t, want, hashField{value, deadline}, "field %.20q", field)
		if d := want.deadline; d != 0 && (earliest == 0 || d < earliest) {
			earliest = d
		}
	}
	got := map[string]hashField{}
	h.All(func(field, value string, deadline int64) bool {
		require.NotContains(t, got, field)
		got[field] = hashField{value, deadline}
		return true
	})
	require.Equal(t, m.m, got)
	_, ok := h.Get("no such field")
	require.False(t, ok)
	require.Equal(t, earliest == 0, h.Earliest() == 0)
	require.LessOrEqual(t, h.Earliest(), earliest)
	for _, now := range []int64{earliest - 1, earliest, 1500, 1999, 2000} {
		live := false
		for _, f := range m.m {
			live = live || f.deadline == 0 || f.deadline > now
		}
		require.Equal(t, live, h.Live(now), "at %d", now)
	}
	blob, packed := h.Blob()
	require.Equal(t, h.table == nil, packed)
	if packed {
		require.Equal(t, len(blob), h.Size())
		require.LessOrEqual(t, 2*h.Len(), h.cfg.PackedItems)
		view := new(Hash)
		view.Unpack(string(blob))
		require.Equal(t, h.Len(), view.Len())
	}
}

var hashFields = []string{"", "f", "\x00\xff", strings.Repeat("f", 64), strings.Repeat("f", 65), strings.Repeat("f", 2000)}

func randomField(r *rand.Rand, n int) string {
	if i := r.IntN(60); i < len(hashFields) && r.IntN(3) == 0 {
		return hashFields[i]
	}
	return "field:" + strconv.Itoa(r.IntN(n))
}

// step does one random change. Fields and values are short for long enough that packed
// hashes live for a while.
func (m *hashModel) step(t testing.TB, r *rand.Rand, fields int, timed bool) {
	field := randomField(r, fields)
	value := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(20))
	switch r.IntN(300) {
	case 0:
		value = strings.Repeat("v", 64+r.IntN(2))
	case 1:
		value = strings.Repeat("v", MaxInline+r.IntN(2))
	}
	deadline := int64(0)
	if timed && r.IntN(3) == 0 {
		deadline = 1000 + r.Int64N(1000)
	}
	switch op := r.IntN(12); {
	case op < 6:
		m.set(t, field, value, deadline)
	case op < 7:
		if old, ok := m.h.Get(field); ok { // what was read is stored under another deadline
			m.set(t, field, old, deadline)
		}
	case op < 10:
		m.del(t, field)
	case op < 11:
		m.purge(t, 900+r.Int64N(600), []int{1, 3, 1 << 30}[r.IntN(3)])
	default:
		m.repack()
	}
}

func hashConfigs() map[string]TableConfig {
	return map[string]TableConfig{
		"full size": {Hash: seeded},
		"tiny":      {Hash: seeded, LeafMax: 8, ChunkMax: 64, PackedItems: 6},
		"few tags":  {Hash: func(s string) uint64 { return seeded(s) & 0xf << 40 }, LeafMax: 8, ChunkMax: 128, PackedItems: 6},
	}
}

func TestHashEqualsModel(t *testing.T) {
	for name, cfg := range hashConfigs() {
		for _, timed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deadlines %v", name, timed), func(t *testing.T) {
				r := rng(t)
				large := 0
				for _, fields := range []int{2, 4, 10, 40, 40, 200} {
					m := newHashModel(cfg)
					for range max(alone(400), 100) {
						m.step(t, r, fields, timed)
						if r.IntN(10) == 0 {
							m.check(t)
						}
					}
					m.check(t)
					if m.h.table != nil {
						large++
					}
					for field := range maps.Clone(m.m) {
						m.del(t, field)
					}
					m.check(t)
				}
				require.NotZero(t, large)
			})
		}
	}
}

// A clone stays what it was, whichever side is written.
func TestHashClone(t *testing.T) {
	for name, cfg := range hashConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			all := []*hashModel{newHashModel(cfg)}
			for range 1500 {
				m := all[r.IntN(len(all))]
				if r.IntN(20) == 0 {
					c := m.clone()
					if len(all) < 6 {
						all = append(all, c)
					} else {
						all[r.IntN(len(all))] = c
					}
				}
				m.step(t, r, 60, true)
				if r.IntN(50) == 0 {
					for _, m := range all {
						m.check(t)
					}
				}
			}
			for _, m := range all {
				m.check(t)
			}
		})
	}
}

// The strings of a large hash, and of a view, never change.
func TestHashStringsNeverChange(t *testing.T) {
	type kept struct{ got, want string }
	for name, cfg := range hashConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			m := newHashModel(cfg)
			var all []kept
			for range 2000 {
				if blob, packed := m.h.Blob(); packed { // what a reader of the record sees
					m.h.Unpack(string(blob))
				}
				field := randomField(r, 100)
				if value, ok := m.h.Get(field); ok {
					all = append(all, kept{value, strings.Clone(value)})
				}
				m.step(t, r, 100, true)
			}
			for i, k := range all {
				require.Equal(t, k.want, k.got, "string %d", i)
			}
		})
	}
}

// A hash stays in its form as long as it fits, and becomes large with the first field
// that does not.
func TestHashForms(t *testing.T) {
	full := func(n int) *hashModel {
		m := newHashModel(TableConfig{Hash: seeded})
		for i := range n {
			m.set(t, strconv.Itoa(i), "v", 0)
		}
		m.check(t)
		return m
	}
	cases := []struct {
		name   string
		m      *hashModel
		change func(m *hashModel)
		packed bool
	}{
		{"empty", full(0), func(*hashModel) {}, true},
		{"as many as there may be", full(packedItems / 2), func(*hashModel) {}, true},
		{"another value in a full one", full(packedItems / 2), func(m *hashModel) { m.set(t, "0", "w", 0) }, true},
		{"a deadline in a full one", full(packedItems / 2), func(m *hashModel) { m.set(t, "0", "w", 5) }, true},
		{"one more", full(packedItems / 2), func(m *hashModel) { m.set(t, "one more", "v", 0) }, false},
		{"a long field", full(1), func(m *hashModel) { m.set(t, strings.Repeat("f", packedItemMax), "v", 0) }, true},
		{"too long a field", full(1), func(m *hashModel) { m.set(t, strings.Repeat("f", packedItemMax+1), "v", 0) }, false},
		{"too long a value", full(1), func(m *hashModel) { m.set(t, "0", strings.Repeat("v", packedItemMax+1), 0) }, false},
		{"too long in all", full(1), func(m *hashModel) {
			for i := range 15 {
				m.set(t, strconv.Itoa(i), strings.Repeat("v", packedItemMax), 0)
			}
			require.Nil(t, m.h.table)
			m.set(t, "more", strings.Repeat("v", packedItemMax), 0)
		}, false},
		{"large, and small again", full(packedItems), func(m *hashModel) {
			for i := range packedItems - 1 {
				m.del(t, strconv.Itoa(i))
			}
		}, false},
		{"the last deadline goes", full(3), func(m *hashModel) {
			plain := m.h.Size()
			m.set(t, "0", "v", 5)
			m.set(t, "1", "v", 4)
			require.Equal(t, int64(4), m.h.Earliest())
			m.purge(t, 4, 1)
			m.set(t, "0", "v", 0)
			m.set(t, "1", "v", 0)
			require.Equal(t, plain, m.h.Size())
		}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.change(c.m)
			c.m.check(t)
			_, packed := c.m.h.Blob()
			require.Equal(t, c.packed, packed)
		})
	}
}

// SCAN's promise in both forms, and from one into the other.
func TestHashScan(t *testing.T) {
	for name, cfg := range hashConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			for _, fields := range []int{0, 1, 3, 20, 300} {
				m := newHashModel(cfg)
				for i := range fields {
					m.set(t, "stays:"+strconv.Itoa(i), "v", 0)
				}
				seen := map[string]int{}
				for cursor, more := uint32(0), true; more; more = cursor != 0 {
					cursor = m.h.Scan(cursor, 1+r.IntN(5), func(field, value string) { seen[field]++ })
					for range 5 { // may make it large
						m.set(t, "goes:"+strconv.Itoa(r.IntN(50)), "v", 0)
						m.del(t, "goes:"+strconv.Itoa(r.IntN(50)))
					}
				}
				for i := range fields {
					require.Equal(t, 1, seen["stays:"+strconv.Itoa(i)], "of %d", fields)
				}
			}
		})
	}
}

// Every field comes with the same probability (chi-square with a fixed seed).
func TestHashRandom(t *testing.T) {
	for name, cfg := range hashConfigs() {
		for _, fields := range []int{1, 3, 20, 500} {
			t.Run(fmt.Sprintf("%s/%d", name, fields), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				m := newHashModel(cfg)
				for i := range fields {
					m.set(t, strconv.Itoa(i), "v"+strconv.Itoa(i), 0)
				}
				expected := alone(200)
				counts := map[string]int{}
				for range expected * fields {
					field, value := m.h.Random(r.Uint64N)
					if value != "v"+field {
						require.Equal(t, "v"+field, value)
					}
					counts[field]++
				}
				chi := 0.0
				for i := range fields {
					d := float64(counts[strconv.Itoa(i)] - expected)
					chi += d * d / float64(expected)
				}
				if name == "few tags" && fields == 500 { // counted off, not drawn
					return
				}
				require.Less(t, chi, float64(fields)+6*float64(fields)/2+20)
			})
		}
	}
}

// TestTableOfHashes is the promise of the deadline heap where values have deadlines of
// their own.
func TestTableOfHashes(t *testing.T) {
	for name, cfg := range hashConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			values := cfg.WithDefaults()
			cfg.Hashes, cfg.Versions = 1<<5, true
			tab, model, now := NewTable(cfg), map[string]*hashModel{}, int64(900)
			var clones []*Table
			for step := range alone(3000) {
				key := modelKey(r, 100)
				ref := tab.Find(tab.cfg.Hash(key), key)
				m := model[key]
				if m == nil {
					m = &hashModel{h: NewHash(values), m: map[string]hashField{}}
					model[key] = m
				}
				deadline := int64(0)
				if ref.Found {
					if deadline = ref.Record.Deadline(); ref.Record.Object() != nil {
						m.h = tab.Mutate(&ref).(*Hash)
					} else {
						m.h = NewHash(values)
						m.h.Unpack(ref.Record.Value())
					}
				}
				if r.IntN(4) == 0 {
					deadline = []int64{0, now + 1 + r.Int64N(500)}[r.IntN(2)]
				}
				for range 1 + r.IntN(3) {
					m.set(t, randomField(r, 8), "v", []int64{0, now + 1 + r.Int64N(500)}[r.IntN(2)])
				}
				putHash(tab, &ref, key, m.h, deadline, uint64(step))
				if r.IntN(30) == 0 {
					tab.Delete(&ref, key)
					delete(model, key)
				}
				if now += r.Int64N(3); r.IntN(5) == 0 {
					expireHashes(t, tab, model, now, uint64(step))
				}
				if r.IntN(100) == 0 {
					require.NoError(t, tab.Check())
					clones = append(clones, tab.Clone())
				}
			}
			expireHashes(t, tab, model, now+1000, 1<<40)
			require.NoError(t, tab.Check())
			require.Equal(t, len(model), tab.Len())
			for _, c := range clones {
				require.NoError(t, c.Check())
			}
		})
	}
}

// putHash does as a command of the store does after a change.
func putHash(tab *Table, ref *Ref, key string, h *Hash, deadline int64, version uint64) {
	blob, packed := h.Blob()
	switch {
	case packed:
		tab.Put(ref, key, Entry{Kind: 5, Version: version, Deadline: deadline, Bytes: blob})
	case ref.Found && ref.Record.Object() == Object(h) && ref.Record.Deadline() == deadline:
		tab.Mutated(ref, version)
	default:
		tab.Put(ref, key, Entry{Kind: 5, Version: version, Deadline: deadline, Object: h})
	}
}

// expireHashes removes all that is overdue, and compares.
func expireHashes(t testing.TB, tab *Table, model map[string]*hashModel, now int64, version uint64) {
	for {
		budget := math.MaxInt
		rec, found := tab.Overdue(now, &budget)
		if !found {
			break
		}
		key := rec.Key()
		ref := tab.Find(tab.cfg.Hash(key), key)
		m := model[key]
		if at := rec.Deadline(); at != 0 && at <= now {
			tab.Delete(&ref, key)
			delete(model, key)
			continue
		}
		if m.h = NewHash(tab.cfg); rec.Object() != nil {
			m.h = tab.Mutate(&ref).(*Hash)
		} else {
			m.h.Unpack(rec.Value())
		}
		m.purge(t, now, 1<<30)
		m.check(t)
		if m.h.Len() == 0 {
			tab.Delete(&ref, key)
			delete(model, key)
			continue
		}
		putHash(tab, &ref, key, m.h, rec.Deadline(), version)
	}
	require.True(t, tab.Earliest() == 0 || tab.Earliest() > now)
	for key, m := range model {
		for field, f := range m.m {
			require.True(t, f.deadline == 0 || f.deadline > now, "field %.20q of %.20q is overdue", field, key)
		}
	}
}

// FuzzHash compares a hash and its clones with maps: the first byte chooses the
// configuration, every three after it are one operation.
func FuzzHash(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x05\x00\x02\x05\x01\x01\x03\x02\x01\x00\x04\x00\x03"))
	f.Add([]byte("\x01\x01\x01\x01\x01\x02\x02\x01\x03\x03\x01\x04\x04\x04\x00\x02\x05\x00\x00\x03\x01\x00"))
	grow := []byte{0}
	for i := range byte(80) {
		grow = append(grow, i%2, i, i)
	}
	f.Add(grow)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		cfg := TableConfig{Hash: fuzzHash, LeafMax: 8, ChunkMax: 64}
		if data[0]&1 != 0 {
			cfg.PackedItems = 6
		}
		all := []*hashModel{newHashModel(cfg)}
		at := 0
		for data = data[1:]; len(data) >= 3; data = data[3:] {
			m, arg := all[at], data[2]
			field := strings.Repeat(string(rune(data[1]&31)), int(data[1]>>5)*10+int(data[1]&1))
			switch data[0] % 8 {
			case 0:
				m.set(t, field, strings.Repeat("v", int(arg&15)), 0)
			case 1:
				m.set(t, field, strings.Repeat("v", int(arg>>2)), int64(arg&7))
			case 2:
				m.del(t, field)
			case 3:
				m.purge(t, int64(arg&7), 1<<30)
			case 4:
				m.repack()
			case 5:
				if len(all) < 4 {
					all = append(all, m.clone())
				}
			case 6:
				at = int(arg) % len(all)
			case 7:
				m.set(t, field, strings.Repeat("w", int(arg)*8), int64(arg&3))
			}
		}
		for _, m := range all {
			m.check(t)
		}
	})
}
