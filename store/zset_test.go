package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func init() {
	handleMakers["ZSet"] = func(db DB, key string) any { return db.ZSet(key) }
	over := func(reason string) rule { return create.except(reason, anyType) }
	for name, r := range map[string]rule{
		"Add": create, "AddWith": create, "IncrBy": create, "AddIncr": create,
		"Score": lookup, "Rank": lookup, "RankWithScore": lookup, "RevRank": lookup, "RevRankWithScore": lookup,
		"PopMin": lookup, "PopMax": lookup, "RandMember": lookup,
		"Card": sizeOf, "Count": sizeOf, "Range": sizeOf, "RangeWithScores": sizeOf, "Rem": sizeOf, "RemRange": sizeOf,
		"PopMinN": sizeOf, "PopMaxN": sizeOf, "RandMembers": sizeOf, "RandMembersWithScores": sizeOf, "Scan": sizeOf, "ScanNoScores": sizeOf,
		"Union": sizeOf, "UnionWith": sizeOf, "Inter": sizeOf, "InterWith": sizeOf, "InterCard": sizeOf,
		"Diff": sizeOf, "DiffWithScores": sizeOf,
		"MScore": sizeOf.except("it says found or not", func(r *rule) { r.zero = false }),
		"All":    sizeOf.except("it returns an iterator", func(r *rule) { r.zero = false }),

		"RangeStore": over("ZRANGESTORE overwrites any type"),
		"UnionStore": over("ZUNIONSTORE overwrites any type"), "UnionStoreWith": over("ZUNIONSTORE overwrites any type"),
		"InterStore": over("ZINTERSTORE overwrites any type"), "InterStoreWith": over("ZINTERSTORE overwrites any type"),
		"DiffStore": over("ZDIFFSTORE overwrites any type"),
	} {
		methodRules["ZSet."+name] = r
	}
	methodRules["DB.ZMPopMin"], methodRules["DB.ZMPopMax"] = sizeOf, sizeOf

	some, other, add := []Scored{{"a", 1}, {"b", 2}}, []string{"another"}, CombineOptions{}
	for name, args := range map[string][]any{
		"ZSet.Add": {some}, "ZSet.AddWith": {ZAddOptions{}, some}, "ZSet.AddIncr": {1.5, "a", Always},
		"ZSet.Count": {ByScore(0, 1)}, "ZSet.Range": {ByRank(0, -1)}, "ZSet.RangeWithScores": {ByLex("a", LexMax).Rev()},
		"ZSet.RemRange": {ByRank(0, 5)}, "ZSet.RangeStore": {"another", ByScore(1, 2)},
		"ZSet.Union": {other}, "ZSet.UnionWith": {add, other}, "ZSet.UnionStore": {other}, "ZSet.UnionStoreWith": {add, other},
		"ZSet.Inter": {other}, "ZSet.InterWith": {add, other}, "ZSet.InterStore": {other}, "ZSet.InterStoreWith": {add, other},
		"ZSet.InterCard": {0, other}, "ZSet.Diff": {other}, "ZSet.DiffWithScores": {other}, "ZSet.DiffStore": {other},
		"ZSet.Scan": {uint64(0), ScanOptions{}}, "ZSet.ScanNoScores": {uint64(0), ScanOptions{}}, "DB.ZMPopMin": {1, []string{"key"}}, "DB.ZMPopMax": {1, []string{"key"}},
	} {
		methodArguments[name] = args
	}
}

// scoredOf makes members of "a 1 b 2".
func scoredOf(text string) (list []Scored) {
	fields := strings.Fields(text)
	for i := 0; i < len(fields); i += 2 {
		list = append(list, Scored{fields[i], scoreArg(fields[i+1])})
	}
	return list
}

func (z ZSet) text(t testing.TB) string {
	t.Helper()
	list, err := z.RangeWithScores(ByRank(0, -1))
	require.NoError(t, err)
	var fields []string
	for _, m := range list {
		fields = append(fields, m.Member, scoreText(m.Score))
	}
	return strings.Join(fields, " ")
}

// ZADD by its conditions, over both forms.
func TestZSetConditions(t *testing.T) {
	for _, c := range []struct {
		cond           Condition
		want           string
		added, changed int
	}{
		{Always, "b 1 d 1 c 3 a 9", 1, 3},
		{IfAbsent, "a 1 d 1 b 2 c 3", 1, 1},
		{IfPresent, "b 1 c 3 a 9", 0, 2},
		{IfGreater, "d 1 b 2 c 3 a 9", 1, 2},
		{IfLess, "a 1 b 1 d 1 c 3", 1, 2},
		{IfPresentAndGreater, "b 2 c 3 a 9", 0, 1},
		{IfPresentAndLess, "a 1 b 1 c 3", 0, 1},
	} {
		for name, opts := range optionSets() {
			z := newTest(t, opts...).ZSet("z")
			for _, changed := range []bool{false, true} {
				_, err := z.Add(scoredOf("a 1 b 2 c 3")...)
				require.NoError(t, err)
				_, err = z.Rem("d")
				require.NoError(t, err)
				n, err := z.AddWith(ZAddOptions{If: c.cond, Changed: changed}, scoredOf("a 9 b 1 c 3 d 1")...)
				require.NoError(t, err)
				want := c.added
				if changed {
					want = c.changed
				}
				require.Equal(t, want, n, "%s: condition %d", name, c.cond)
				require.Equal(t, c.want, z.text(t), "%s: condition %d", name, c.cond)
			}
		}
	}
}

// Arguments that mean nothing change nothing.
func TestZSetMistakes(t *testing.T) {
	s := newTest(t)
	z := s.ZSet("z")
	_, err := z.Add(scoredOf("a 1 b 2")...)
	require.NoError(t, err)
	before, err := s.Fingerprint()
	require.NoError(t, err)
	nan := math.NaN()
	first := func(_ any, err error) error { return err }
	for i, c := range []struct{ want, got error }{
		{ErrNotFloat, first(z.Add(Scored{"c", 1}, Scored{"a", nan}))},
		{ErrInvalidOption, first(z.AddWith(ZAddOptions{If: IfPresentAndLess + 1}, Scored{"c", 1}))},
		{ErrNotFloat, first(z.IncrBy(nan, "a"))},
		{ErrNotFloat, first(z.Range(ByScore(nan, 1)))},
		{ErrNotFloat, first(z.RemRange(ByScore(1, nan)))},
		{ErrInvalidOption, first(z.Range(ByRank(0, 1).Limit(0, 1)))},
		{ErrInvalidOption, first(z.Range(ByRank(0, 1).ExclMin()))},
		{ErrInvalidOption, first(z.RemRange(ByScore(0, 1).Limit(0, 1)))},
		{ErrInvalidOption, first(z.Count(ByLex("a", "b").Limit(0, 1)))},
		{ErrOutOfRange, first(z.PopMinN(-1))},
		{ErrOutOfRange, first(z.PopMaxN(math.MinInt))},
		{ErrInvalidOption, first(z.UnionWith(CombineOptions{Weights: []float64{1}}, "b"))},
		{ErrInvalidOption, first(z.UnionWith(CombineOptions{Aggregate: AggregateCount + 1}, "b"))},
		{ErrNotFloat, first(z.InterWith(CombineOptions{Weights: []float64{1, nan}}, "b"))},
		{ErrInvalidOption, first(z.UnionStore())},
		{ErrInvalidOption, first(z.DiffStore())},
		{ErrOutOfRange, first(z.InterCard(math.MinInt))},
		{ErrOutOfRange, first(z.RandMembers(math.MinInt))},
		{ErrOutOfRange, first(z.RandMembersWithScores(-math.MaxInt))},
	} {
		requireOutcome(t, c.want, c.got, strconv.Itoa(i))
	}
	_, _, err = s.ZMPopMin(0, "z")
	requireOutcome(t, ErrOutOfRange, err, "ZMPOP")
	_, _, err = s.ZMPopMax(1)
	requireOutcome(t, ErrInvalidOption, err, "ZMPOP")
	_, _, err = z.Scan(math.MaxUint64, ScanOptions{})
	requireOutcome(t, ErrInvalidCursor, err, "ZSCAN")
	_, _, err = z.Scan(0, ScanOptions{Type: KindString})
	requireOutcome(t, ErrInvalidOption, err, "ZSCAN")
	after, err := s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A value is the same in both forms, and a copy is another value.
func TestZSetForms(t *testing.T) {
	r := seededRand(t)
	for range 20 {
		packed, big := newTest(t), newTest(t, tiny)
		for range 30 {
			m := Scored{strconv.Itoa(r.IntN(60)), float64(r.IntN(50)) / 4}
			for _, s := range []*Store{packed, big} {
				_, err := s.ZSet("z").Add(m)
				require.NoError(t, err)
			}
		}
		one, err := packed.Fingerprint()
		require.NoError(t, err)
		other, err := big.Fingerprint()
		require.NoError(t, err)
		require.Equal(t, one, other)
		for _, s := range []*Store{packed, big} {
			z, c := s.ZSet("z"), s.ZSet("copy")
			ok, err := s.Copy("z", "copy")
			require.True(t, ok)
			require.NoError(t, err)
			was := z.text(t)
			_, err = c.PopMaxN(3)
			require.NoError(t, err)
			_, err = c.IncrBy(1.5, "new")
			require.NoError(t, err)
			require.Equal(t, was, z.text(t))
			was = c.text(t)
			_, err = z.RemRange(ByRank(0, 4))
			require.NoError(t, err)
			require.Equal(t, was, c.text(t))
		}
	}
}

// The loop sees one moment and its body may write, also the sorted set itself.
func TestZSetAll(t *testing.T) {
	for name, opts := range optionSets() {
		z := newTest(t, opts...).ZSet("z")
		for i := range 30 {
			_, err := z.Add(Scored{strconv.Itoa(i), float64(i)})
			require.NoError(t, err)
		}
		for range 2 {
			all, err := z.All()
			require.NoError(t, err)
			want := 0
			for member, score := range all {
				require.Equal(t, Scored{strconv.Itoa(want), float64(want)}, Scored{member, score}, name)
				want++
				_, err := z.IncrBy(100, member)
				require.NoError(t, err)
				_, err = z.IncrBy(-100, member)
				require.NoError(t, err)
				_, err = z.Add(Scored{"more" + member, -1})
				require.NoError(t, err)
			}
			require.Equal(t, 30, want, name)
			for range all {
				break
			}
			_, err = z.RemRange(ByScore(-1, -1))
			require.NoError(t, err)
		}
	}
}

// Members that stay are found exactly once, whatever comes and goes.
func TestZSetScanUnderWriters(t *testing.T) {
	s := newTest(t, tiny)
	z := s.ZSet("z")
	const stay = 500
	for i := range stay {
		_, err := z.Add(Scored{"stay" + strconv.Itoa(i), float64(i)})
		require.NoError(t, err)
	}
	r := seededRand(t)
	for range alone(20) {
		seen := map[string]int{}
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			some, next, err := z.Scan(cursor, ScanOptions{Count: 1 + r.IntN(20)})
			require.NoError(t, err)
			for _, m := range some {
				seen[m.Member]++
			}
			cursor = next
			for range 30 {
				_, err := z.Add(Scored{"go" + strconv.Itoa(r.IntN(1000)), r.Float64()}, Scored{"stay" + strconv.Itoa(r.IntN(stay)), r.Float64()})
				require.NoError(t, err)
				_, err = z.Rem("go" + strconv.Itoa(r.IntN(1000)))
				require.NoError(t, err)
			}
		}
		for i := range stay {
			require.Equal(t, 1, seen["stay"+strconv.Itoa(i)])
		}
	}
}

// Readers of ranges, iterators, fingerprints and copies beside writers that move score
// from one member to another: the sum stays.
func TestZSetStress(t *testing.T) {
	for _, members := range []int{10, 1000} {
		s := newTest(t)
		z := s.ZSet("z")
		for i := range members {
			_, err := z.Add(Scored{strconv.Itoa(i), 100})
			require.NoError(t, err)
		}
		var wg sync.WaitGroup
		run := func(n int, f func(r *rand.Rand) error) {
			r := seededRand(t)
			wg.Go(func() {
				for range n {
					if err := f(r); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		steps := 1000
		if testing.Short() || raceEnabled {
			steps = 200
		}
		for range 3 {
			run(steps, func(r *rand.Rand) error {
				d := float64(r.IntN(20))
				if _, err := z.IncrBy(d, strconv.Itoa(r.IntN(members))); err != nil {
					return err
				}
				_, err := z.IncrBy(-d, strconv.Itoa(r.IntN(members)))
				return err
			})
		}
		run(steps/4, func(*rand.Rand) error {
			list, err := z.RangeWithScores(ByScore(math.Inf(-1), math.Inf(1)))
			if err == nil && (len(list) != members || !slices.IsSortedFunc(list, compareScored)) {
				return fmt.Errorf("%d of %d members, or out of order", len(list), members)
			}
			return err
		})
		run(steps/4, func(*rand.Rand) error {
			all, err := z.All()
			n := 0
			for range all {
				n++
			}
			if n != members {
				return fmt.Errorf("an iterator saw %d of %d", n, members)
			}
			return err
		})
		run(steps/4, func(*rand.Rand) error {
			_, err := s.Fingerprint()
			return err
		})
		run(steps/4, func(*rand.Rand) error {
			n, err := s.ZSet("union").UnionStore("z", "z")
			if n != members {
				return fmt.Errorf("a union of %d of %d", n, members)
			}
			return err
		})
		wg.Wait()
		sum := 0.0
		all, err := z.All()
		require.NoError(t, err)
		for _, score := range all {
			sum += score
		}
		require.Equal(t, 100*float64(members), sum)
	}
}

func TestZSetAllocs(t *testing.T) {
	for _, n := range []int{20, 5000} {
		z := newTest(t).ZSet("z")
		for i := range n {
			_, err := z.Add(Scored{strconv.Itoa(i), float64(i)})
			require.NoError(t, err)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if score, err := z.Score("7"); score != 7 || err != nil {
				t.Error(score, err)
			}
			if rank, err := z.Rank("7"); rank != 7 || err != nil {
				t.Error(rank, err)
			}
			if n, err := z.Count(ByScore(5, 10)); n != 6 || err != nil {
				t.Error(n, err)
			}
		}), "%d members", n)
	}
}

// Random members are there, different where they should be, and each is as likely.
func TestZSetRandMembers(t *testing.T) {
	for _, n := range []int{10, 200} {
		z := newTest(t).ZSet("z")
		for i := range n {
			_, err := z.Add(Scored{strconv.Itoa(i), float64(i)})
			require.NoError(t, err)
		}
		for _, count := range []int{1, 2, n / 4, n / 2, n - 1, n, n + 1, math.MaxInt} {
			list, err := z.RandMembersWithScores(count)
			require.NoError(t, err)
			require.Len(t, list, min(count, n))
			slices.SortFunc(list, compareScored)
			require.Len(t, slices.Compact(list), min(count, n))
		}
		list, err := z.RandMembers(-3 * n)
		require.NoError(t, err)
		require.Len(t, list, 3*n)
		counts := map[string]int{}
		const rounds = 4000
		for range rounds {
			list, err := z.RandMembers(n / 2)
			require.NoError(t, err)
			for _, member := range list {
				counts[member]++
			}
		}
		for i := range n { // binomial: half of the rounds, give or take six deviations
			require.InDelta(t, rounds/2, counts[strconv.Itoa(i)], 6*math.Sqrt(rounds)/2)
		}
	}
}

// Memory comes back, and what was read stays.
func TestZSetMemory(t *testing.T) {
	s := newTest(t)
	z := s.ZSet("z")
	for i := range 5000 {
		_, err := z.Add(Scored{strings.Repeat("m", i%400) + strconv.Itoa(i), float64(i % 7)})
		require.NoError(t, err)
	}
	require.Greater(t, s.Stats().Memory, 5000*200)
	first, err := z.Range(ByRank(0, 99))
	require.NoError(t, err)
	copies := slices.Clone(first)
	for i := range copies {
		copies[i] = strings.Clone(copies[i])
	}
	n, err := z.RemRange(ByScore(math.Inf(-1), math.Inf(1)))
	require.NoError(t, err)
	require.Equal(t, 5000, n)
	require.Zero(t, s.Stats().Memory)
	require.Equal(t, copies, first)
}

func benchmarkZSet(b *testing.B, run func(b *testing.B, z ZSet, n int)) {
	for _, n := range []int{10, 10_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			z := New().ZSet("z")
			r := rand.New(rand.NewPCG(1, 1))
			for i := range n {
				if _, err := z.Add(Scored{strconv.Itoa(i), float64(r.IntN(1e9)) / 64}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			run(b, z, n)
		})
	}
}

// someMembers are 65,536 members of a sorted set of n.
func someMembers(n int) []string {
	members := make([]string, 1<<16)
	for i := range members {
		members[i] = strconv.Itoa(rand.IntN(n))
	}
	return members
}

func BenchmarkZSetScore(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		members := someMembers(n)
		for i := 0; b.Loop(); i++ {
			_, _ = z.Score(members[i&(1<<16-1)])
		}
	})
}

func BenchmarkZSetRank(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		members := someMembers(n)
		for i := 0; b.Loop(); i++ {
			_, _ = z.Rank(members[i&(1<<16-1)])
		}
	})
}

func BenchmarkZSetIncrBy(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		members := someMembers(n)
		for i := 0; b.Loop(); i++ {
			_, _ = z.IncrBy(float64(i&255-128), members[i&(1<<16-1)])
		}
	})
}

func BenchmarkZSetAddRem(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		for i := 0; b.Loop(); i++ {
			_, _ = z.Add(Scored{"new", float64(i & (1<<20 - 1))})
			_, _ = z.Rem("new")
		}
	})
}

func BenchmarkZSetRange100(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		for b.Loop() {
			_, _ = z.Range(ByScore(rand.Float64()*1e9/64, math.Inf(1)).Limit(0, 100))
		}
	})
}

func BenchmarkZSetPopMin(b *testing.B) {
	benchmarkZSet(b, func(b *testing.B, z ZSet, n int) {
		for b.Loop() {
			m, _ := z.PopMin()
			_, _ = z.Add(Scored{m.Member, m.Score + 1e6})
		}
	})
}

func BenchmarkZSetInter(b *testing.B) {
	s := New()
	for i := range 10_000 {
		for name, step := range map[string]int{"a": 2, "b": 3} {
			if _, err := s.ZSet(name).Add(Scored{strconv.Itoa(i * step), float64(i)}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.ZSet("a").Inter("b")
	}
}
