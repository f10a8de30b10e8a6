package structures

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// setConfigs are the shapes in which the properties must hold.
func setConfigs() map[string]*TableConfig {
	configs := map[string]*TableConfig{}
	for name, c := range tableConfigs() {
		c.Versions, c.Track, c.Seq = false, false, nil
		c.PackedItems = 6
		if name == "full size" {
			c.PackedItems = 0
		}
		configs[name] = c.WithDefaults()
	}
	return configs
}

// setModel is a set and the map that it should equal.
type setModel struct {
	s *Set
	m map[string]bool
}

func newSetModel(cfg *TableConfig) *setModel {
	return &setModel{s: NewSet(cfg), m: map[string]bool{}}
}

func (m *setModel) clone() *setModel {
	return &setModel{s: m.s.Clone().(*Set), m: maps.Clone(m.m)}
}

func (m *setModel) sorted() []string { return append([]string{}, slices.Sorted(maps.Keys(m.m))...) }

func (m *setModel) add(t testing.TB, member string) {
	t.Helper()
	require.Equal(t, !m.m[member], m.s.Add(member), "Add %.40q", member)
	m.m[member] = true
}

func (m *setModel) rem(t testing.TB, member string) {
	t.Helper()
	require.Equal(t, m.m[member], m.s.Rem(member), "Rem %.40q", member)
	delete(m.m, member)
}

// step does one random write on both sides.
func (m *setModel) step(t testing.TB, r *rand.Rand, members int) {
	t.Helper()
	member := setMember(r, members)
	if r.IntN(5) < 3 {
		m.add(t, member)
	} else {
		m.rem(t, member)
	}
	if r.IntN(4) == 0 {
		m.repack()
	}
}

// repack does what a store does between two commands.
func (m *setModel) repack() {
	if blob, packed := m.s.Blob(); packed {
		m.s.Unpack(string(blob))
	}
}

func setMember(r *rand.Rand, members int) string {
	n := r.IntN(members)
	switch {
	case n%97 == 96: // too long for a packed set
		return strings.Repeat("l", packedItemMax+1) + strconv.Itoa(n)
	case n%301 == 300: // too long for a record
		return strings.Repeat("long", 300) + strconv.Itoa(n)
	case n == 1:
		return ""
	case n%7 == 3:
		return strings.Repeat("\x00\xff", 31) + strconv.Itoa(n%100)
	}
	return strconv.Itoa(n)
}

func setMembers(s *Set) []string {
	members := []string{}
	s.All(func(member string) bool {
		members = append(members, member)
		return true
	})
	slices.Sort(members)
	return members
}

func (m *setModel) check(t testing.TB, r *rand.Rand) {
	t.Helper()
	require.NoError(t, m.s.Check())
	require.Equal(t, len(m.m), m.s.Len())
	require.Equal(t, m.sorted(), setMembers(m.s))
	for range 10 {
		member := setMember(r, 400)
		require.Equal(t, m.m[member], m.s.IsMember(member), "IsMember %.40q", member)
	}
	for member := range m.m {
		require.True(t, m.s.IsMember(member))
	}
	member, ok := m.s.Random(r.Uint64N)
	require.Equal(t, len(m.m) > 0, ok)
	require.Equal(t, ok, m.m[member])
	for _, count := range []int{-1, 0, 1, 2, len(m.m) / 3, len(m.m)/3 + 1, len(m.m) - 1, len(m.m), len(m.m) + 1, 1 << 30} {
		sample := m.s.Sample(count, r.Uint64N)
		require.Len(t, sample, max(0, min(count, len(m.m))))
		slices.Sort(sample)
		require.Len(t, slices.Compact(sample), len(sample), "a member is twice in a sample")
		for _, member := range sample {
			require.True(t, m.m[member])
		}
	}
	if m.s.table == nil {
		require.LessOrEqual(t, m.s.Len(), m.s.cfg.PackedItems)
		require.LessOrEqual(t, m.s.Size(), packedMax)
	}
	require.Positive(t, m.s.Allocated())
}

func TestSetEqualsModel(t *testing.T) {
	for name, cfg := range setConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			for _, members := range []int{3, 12, 100, 1000} {
				if name == "one hash" && members == 1000 { // every step is O(n)
					continue
				}
				for range alone(4) {
					m := newSetModel(cfg)
					for i := range min(6*members, 3000) {
						m.step(t, r, members)
						if i%(2*members) == 0 {
							m.check(t, r)
						}
					}
					m.check(t, r)
					for _, member := range m.sorted() {
						m.rem(t, member)
					}
					m.check(t, r)
					require.Zero(t, m.s.Size())
				}
			}
		})
	}
}

// The first step beyond each border of the packed form, and the last one before it.
func TestSetCutover(t *testing.T) {
	cfg := TableConfig{Hash: seeded}.WithDefaults()
	fill := func(n, length int) *setModel {
		m := newSetModel(cfg)
		for i := range n {
			m.add(t, strconv.Itoa(1000+i)+strings.Repeat("x", length-4))
		}
		return m
	}
	r := rng(t)
	for _, test := range []struct {
		name      string
		n, length int
		member    string
		packed    bool
	}{
		{"items, the last", packedItems - 1, 4, "m", true},
		{"items", packedItems, 4, "m", false},
		{"items, one of them again", packedItems, 4, "1000", true},
		{"length, the last", 1, 4, strings.Repeat("m", packedItemMax), true},
		{"length", 1, 4, strings.Repeat("m", packedItemMax+1), false},
		{"bytes, the last", 16, 62, strings.Repeat("m", packedMax-16*63-1), true},
		{"bytes", 16, 62, strings.Repeat("m", packedMax-16*63), false},
	} {
		m := fill(test.n, test.length)
		_, packed := m.s.Blob()
		require.True(t, packed, test.name)
		if m.m[test.member] {
			require.False(t, m.s.Add(test.member))
		} else {
			m.add(t, test.member)
		}
		_, packed = m.s.Blob()
		require.Equal(t, test.packed, packed, test.name)
		m.check(t, r)
	}
}

// Any interleaving of writes to a set and its clones equals the same on deep copies.
func TestSetClonesAreIndependent(t *testing.T) {
	for name, cfg := range setConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			all := []*setModel{newSetModel(cfg)}
			for range 2000 {
				m := all[r.IntN(len(all))]
				if r.IntN(50) == 0 {
					c := m.clone()
					if len(all) < 6 {
						all = append(all, c)
					} else {
						all[r.IntN(len(all))] = c
					}
				}
				m.step(t, r, 60)
			}
			for _, m := range all {
				m.check(t, r)
			}
		})
	}
}

func TestSetStringsNeverChange(t *testing.T) {
	r := rng(t)
	cfg := TableConfig{Hash: seeded, LeafMax: 8, ChunkMax: 256, PackedItems: 12}.WithDefaults()
	type kept struct{ got, want string }
	var all []kept
	for range 20 {
		m := newSetModel(cfg)
		for range 300 {
			m.step(t, r, 40)
			if member, ok := m.s.Random(r.Uint64N); ok {
				all = append(all, kept{member, strings.Clone(member)})
			}
			m.s.All(func(member string) bool {
				all = append(all, kept{member, strings.Clone(member)})
				return r.IntN(3) > 0
			})
		}
	}
	for _, k := range all {
		require.Equal(t, k.want, k.got)
	}
}

// SCAN's guarantee, under writers and across the border of the two forms.
func TestSetScanVisitsStableMembersOnce(t *testing.T) {
	for name, cfg := range setConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			for _, stable := range []int{0, 3, 5, 200} {
				m := newSetModel(cfg)
				for i := range stable {
					m.add(t, "s"+strconv.Itoa(i))
				}
				for range 5 {
					seen := map[string]int{}
					for cursor, more := uint32(0), true; more; more = cursor != 0 {
						cursor = m.s.Scan(cursor, 1+r.IntN(20), func(member string) { seen[member]++ })
						for range 40 {
							m.step(t, r, 300)
						}
					}
					for i := range stable {
						require.Equal(t, 1, seen["s"+strconv.Itoa(i)], "%d stable ones", stable)
					}
				}
			}
		})
	}
}

// chiSquare returns how far counts are from n equal ones.
func chiSquare(counts map[string]int, n int) (chi float64) {
	total := 0
	for _, c := range counts {
		total += c
	}
	want := float64(total) / float64(n)
	for _, c := range counts {
		chi += (float64(c) - want) * (float64(c) - want) / want
	}
	return chi + want*float64(n-len(counts))
}

func TestSetRandomIsUniform(t *testing.T) {
	const n = 50
	draws := alone(10_000)
	for name, cfg := range setConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			s := NewSet(cfg)
			for i := range n {
				s.Add("m" + strconv.Itoa(i))
			}
			counts := map[string]int{}
			for range draws {
				member, _ := s.Random(r.Uint64N)
				counts[member]++
			}
			require.Less(t, chiSquare(counts, n), 95.0, "Random") // 49 degrees of freedom: 1 in 10,000
			for _, count := range []int{1, n / 3, n / 2, n - 1} { // drawn singly, and from a list of all
				clear(counts)
				for range draws / count {
					for _, member := range s.Sample(count, r.Uint64N) {
						counts[member]++
					}
				}
				require.Less(t, chiSquare(counts, n), 95.0, "Sample of %d", count)
			}
		})
	}
}

// The pairs of a sample must be uniform, too.
func TestSetSampleOfPairsIsUniform(t *testing.T) {
	for _, members := range []int{5, 12} { // from a list of all, and drawn singly
		r := rand.New(rand.NewPCG(5, 6))
		s := NewSet(TableConfig{Hash: fuzzHash, PackedItems: 6}.WithDefaults())
		for i := range members {
			s.Add(strconv.Itoa(i))
		}
		counts := map[string]int{}
		for range 20_000 {
			pair := s.Sample(2, r.Uint64N)
			slices.Sort(pair)
			counts[strings.Join(pair, " ")]++
		}
		pairs := members * (members - 1) / 2
		require.Less(t, chiSquare(counts, pairs), float64(pairs)+6*float64(members), "%d members", members)
	}
}

// naive* are the algebra of maps.
func naiveInter(sets []*setModel) []string {
	out := []string{}
	for member := range sets[0].m {
		if !slices.ContainsFunc(sets, func(s *setModel) bool { return !s.m[member] }) {
			out = append(out, member)
		}
	}
	slices.Sort(out)
	return out
}

func naiveUnion(sets []*setModel) []string {
	all := map[string]bool{}
	for _, s := range sets {
		maps.Copy(all, s.m)
	}
	return append([]string{}, slices.Sorted(maps.Keys(all))...)
}

func naiveDiff(sets []*setModel) []string {
	out := []string{}
	for member := range sets[0].m {
		if !slices.ContainsFunc(sets[1:], func(s *setModel) bool { return s.m[member] }) {
			out = append(out, member)
		}
	}
	slices.Sort(out)
	return out
}

func TestSetAlgebraEqualsModel(t *testing.T) {
	algebra := map[string]struct {
		ours  func([]*Set) []string
		naive func([]*setModel) []string
		card  func([]*Set, int) int
	}{
		"inter": {InterSets, naiveInter, InterCard},
		"union": {UnionSets, naiveUnion, UnionCard},
		"diff":  {DiffSets, naiveDiff, DiffCard},
	}
	for name, cfg := range setConfigs() {
		t.Run(name, func(t *testing.T) {
			r := rng(t)
			for range max(alone(60), 10) {
				var models []*setModel
				var sets []*Set
				for range 1 + r.IntN(8) {
					m := newSetModel(cfg)
					for range []int{0, 5, 30, 300}[r.IntN(4)] {
						m.step(t, r, []int{8, 50, 400}[r.IntN(3)])
					}
					if n := len(models); n > 0 && r.IntN(6) == 0 {
						m = models[r.IntN(n)] // the same one again
					}
					models, sets = append(models, m), append(sets, m.s)
				}
				for op, a := range algebra {
					got, want := a.ours(sets), a.naive(models)
					for _, limit := range []int{1, len(want) - 1, len(want), len(want) + 1, math.MaxInt} {
						require.Equal(t, min(len(want), max(limit, 1)), a.card(sets, max(limit, 1)), "%s of %d", op, len(sets))
					}
					slices.Sort(got)
					require.Equal(t, want, append([]string{}, got...), "%s of %d", op, len(sets))
				}
			}
			for op, a := range algebra {
				require.Empty(t, a.ours(nil), op)
				require.Zero(t, a.card(nil, 1), op)
			}
		})
	}
}

// Of sets with leaves of the usual size, some of one depth and some not.
func TestSetAlgebraOfLargeSets(t *testing.T) {
	cfg := TableConfig{Hash: seeded}.WithDefaults()
	var models []*setModel
	var sets []*Set
	for i, n := range []int{3000, 3000, 300, 20_000} {
		m := newSetModel(cfg)
		for j := range alone(n) {
			m.add(t, strconv.Itoa(alone(1000)*i+j))
		}
		models, sets = append(models, m), append(sets, m.s)
	}
	for a := range sets {
		for b := range sets {
			ours, theirs := []*Set{sets[a], sets[b], sets[3]}, []*setModel{models[a], models[b], models[3]}
			for k := 2; k <= 3; k++ {
				got := append([]string{}, InterSets(ours[:k])...)
				slices.Sort(got)
				require.Equal(t, naiveInter(theirs[:k]), got)
				got = append([]string{}, DiffSets(ours[:k])...)
				slices.Sort(got)
				require.Equal(t, naiveDiff(theirs[:k]), got)
				require.Equal(t, len(got), DiffCard(ours[:k], math.MaxInt))
				require.Equal(t, len(naiveUnion(theirs[:k])), UnionCard(ours[:k], math.MaxInt))
			}
		}
	}
}

// Where a limit bounds it, the result is not made.
func TestSetCardsStopAtLimit(t *testing.T) {
	cfg := TableConfig{Hash: seeded}.WithDefaults()
	one, large := NewSet(cfg), NewSet(cfg)
	one.Add("in none")
	for i := range 20_000 {
		large.Add(strconv.Itoa(i))
	}
	parts := make([]*Set, 2*fewSets)
	for i := range parts {
		parts[i] = NewSet(cfg)
		for j := range 2000 {
			parts[i].Add(strconv.Itoa(2000*i + j))
		}
	}
	for name, c := range map[string]struct {
		card func([]*Set, int) int
		sets []*Set
	}{
		"union of few":    {UnionCard, []*Set{large, one}},
		"union of large":  {UnionCard, append([]*Set{large}, parts...)},
		"union of parts":  {UnionCard, parts},
		"diff of few":     {DiffCard, []*Set{large, one}},
		"diff of many":    {DiffCard, append([]*Set{large, one}, parts[1:]...)},
		"inter of few":    {InterCard, []*Set{large, parts[0]}},
		"intersect of it": {InterCard, slices.Repeat([]*Set{large}, 2*fewSets)},
	} {
		for _, limit := range []int{1, 1500, 2100} {
			if limit > 2000 && name != "union of parts" {
				continue
			}
			allocs := testing.AllocsPerRun(1, func() { require.Equal(t, limit, c.card(c.sets, limit), name) })
			require.LessOrEqual(t, allocs, 100.0, "%s up to %d", name, limit)
		}
	}
}

// A limit just above what there is must not make each member that was seen before cost an
// estimate.
func TestUnionCardApproxLimit(t *testing.T) {
	s := NewSet(TableConfig{Hash: seeded}.WithDefaults())
	for i := range 4000 {
		s.Add(strconv.Itoa(i))
	}
	sets := slices.Repeat([]*Set{s}, 20)
	quickest := func(limit int) (best time.Duration) {
		best = math.MaxInt64
		for range 3 {
			start := time.Now()
			UnionCardApprox(sets, limit)
			best = min(best, time.Since(start))
		}
		return best
	}
	n := UnionCardApprox(sets, math.MaxInt)
	require.Equal(t, n, UnionCardApprox(sets, n+1))
	require.Equal(t, n-1, UnionCardApprox(sets, n-1))
	require.Less(t, quickest(n+1), 20*quickest(math.MaxInt))
}

// A view of a record, and of none.
func TestSetOf(t *testing.T) {
	cfg := TableConfig{Hash: seeded}.WithDefaults()
	keys := NewTable(TableConfig{Hash: seeded, Versions: true})
	var view Set
	require.Zero(t, view.Of(&Record{}).Len())
	require.False(t, view.Of(&Record{}).IsMember(""))

	s := NewSet(cfg)
	s.Add("a")
	s.Add("")
	blob, packed := s.Blob()
	require.True(t, packed)
	ref := keys.Find(seeded("k"), "k")
	keys.Put(&ref, "k", Entry{Bytes: blob})
	require.Equal(t, []string{"", "a"}, setMembers(view.Of(&ref.Record)))
	require.Equal(t, 3, view.Size())

	for i := range 1000 {
		s.Add(strconv.Itoa(i))
	}
	_, packed = s.Blob()
	require.False(t, packed)
	keys.Put(&ref, "k", Entry{Object: s})
	require.Same(t, s, view.Of(&ref.Record))
}

// What is done most allocates nothing, beside what grows.
func TestSetAllocations(t *testing.T) {
	cfg := TableConfig{Hash: seeded}.WithDefaults()
	small, big := NewSet(cfg), NewSet(cfg)
	for i := range 1000 {
		if i < 20 {
			small.Add(strconv.Itoa(i))
		}
		big.Add(strconv.Itoa(i))
	}
	for name, s := range map[string]*Set{"packed": small, "big": big} {
		require.Zero(t, testing.AllocsPerRun(100, func() { s.IsMember("19"); s.IsMember("none") }), name)
	}
	blob, _ := small.Blob()
	text := string(blob)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		small.Unpack(text)
		small.Add("new")
		small.Rem("0")
		small.Random(rand.Uint64N) // of one that was changed
		small.Blob()
	})-1, "a write to a packed set") // the copy for Random
}

// A set of a million members of 16 bytes costs at most 72 bytes each.
func TestSetMemory(t *testing.T) {
	s := NewSet(TableConfig{Hash: seeded}.WithDefaults())
	n := max(alone(300_000), 50_000)
	for i := range n {
		s.Add(fmt.Sprintf("member%010d", i))
	}
	require.LessOrEqual(t, s.Allocated()/n, 72)
	require.LessOrEqual(t, s.Size()/n, 40)
}

// A clone is O(1), and so is the first write after it.
func TestSetCloneIsBounded(t *testing.T) {
	s := NewSet(TableConfig{Hash: seeded}.WithDefaults())
	for i := range alone(200_000) {
		s.Add(strconv.Itoa(i))
	}
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { s.Clone() }), 10.0)
	s.table.copied = 0
	s.Add("one more")
	require.Less(t, s.table.copied, 32<<10, "bytes copied by the first write after a clone")
}

// FuzzSet compares a set and its clones with maps: the first byte chooses the
// configuration, every two after it are one operation.
func FuzzSet(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x00\x02\x01\x01\x02\x00\x00\x05\x03\x00\x00\x01\x01\x02"))
	grow := []byte{3}
	for i := range byte(80) {
		grow = append(grow, 0, i)
	}
	for i := range byte(70) {
		grow = append(grow, 1, i)
	}
	f.Add(append(grow, 2, 0, 3, 1, 4, 0, 5, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		c := fuzzConfig(data[0])
		c.Versions, c.Track, c.Seq, c.PackedItems = false, false, nil, 1+int(data[0]>>4)
		all := []*setModel{newSetModel(c.WithDefaults())}
		at := 0
		r := rand.New(rand.NewPCG(uint64(data[0]), 1))
		for data = data[1:min(len(data), 1000)]; len(data) >= 2; data = data[2:] {
			m, arg := all[at], data[1]
			member := strings.Repeat(string(rune('a'+arg%3)), int(arg)) // of every length
			switch data[0] % 6 {
			case 0:
				m.add(t, member)
			case 1:
				m.rem(t, member)
			case 2:
				if len(all) < 4 {
					all = append(all, m.clone())
				}
			case 3:
				at = int(arg) % len(all)
			case 4: // the packed form survives the record
				m.repack()
			case 5:
				if member, ok := m.s.Random(r.Uint64N); ok {
					m.rem(t, member)
				}
			}
		}
		for _, m := range all {
			m.check(t, r)
		}
	})
}

// benchmarkMembers adds 10,000 members of 16 bytes, from the first.
func benchmarkMembers(first int, add func(member string)) {
	for i := range 10_000 {
		add(fmt.Sprintf("member%010d", first+i))
	}
}

// BenchmarkSetInter is the intersection of two sets of 10,000 with so many in
// common, and of two built-in maps. Each has the memory for itself, so that the
// collector's work is its own, too.
func BenchmarkSetInter(b *testing.B) {
	for _, common := range []int{0, 5000, 10_000} {
		b.Run("common="+strconv.Itoa(common)+"/sets", func(b *testing.B) {
			cfg := TableConfig{Hash: seeded}.WithDefaults()
			x, y := NewSet(cfg), NewSet(cfg)
			benchmarkMembers(0, func(member string) { x.Add(member) })
			benchmarkMembers(10_000-common, func(member string) { y.Add(member) })
			b.ReportAllocs()
			for b.Loop() {
				if out := InterSets([]*Set{x, y}); len(out) != common {
					b.Fatal(len(out))
				}
			}
		})
		b.Run("common="+strconv.Itoa(common)+"/maps", func(b *testing.B) {
			x, y := map[string]struct{}{}, map[string]struct{}{}
			benchmarkMembers(0, func(member string) { x[member] = struct{}{} })
			benchmarkMembers(10_000-common, func(member string) { y[member] = struct{}{} })
			b.ReportAllocs()
			for b.Loop() {
				var out []string
				for member := range x {
					if _, both := y[member]; both {
						out = append(out, member)
					}
				}
				if len(out) != common {
					b.Fatal(len(out))
				}
			}
		})
	}
}

func BenchmarkSetRandom(b *testing.B) {
	s := NewSet(TableConfig{Hash: seeded}.WithDefaults())
	benchmarkMembers(0, func(member string) { s.Add(member) })
	b.ReportAllocs()
	for b.Loop() {
		s.Random(rand.Uint64N)
	}
}
