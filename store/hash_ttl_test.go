package store

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

// hashSizes are numbers of fields at which a hash is packed, and large.
var hashSizes = map[string]int{"packed": 1, "large": 200}

// fill gives the hash n fields that stay.
func fill(t testing.TB, h Hash, n int) {
	t.Helper()
	for i := range n {
		_, err := h.Set("stays:"+strconv.Itoa(i), "v")
		require.NoError(t, err)
	}
}

// requireField looks at a field in every way; others says how many more there are.
func requireField(t testing.TB, h Hash, field string, others int, want bool) {
	t.Helper()
	n := others
	if want {
		n++
	}
	_, err := h.Get(field)
	require.Equal(t, want, err == nil, "Get")
	there, err := h.Exists(field)
	require.NoError(t, err)
	require.Equal(t, want, there, "Exists")
	got, err := h.Len()
	require.NoError(t, err)
	require.Equal(t, n, got, "Len")
	keys, err := h.Keys()
	require.NoError(t, err)
	require.Len(t, keys, n, "Keys")
	all, err := h.GetAll()
	require.NoError(t, err)
	require.Len(t, all, n, "GetAll")
	seq, err := h.All()
	require.NoError(t, err)
	require.Len(t, maps.Collect(seq), n, "All")
	values, err := h.MGet(field)
	require.NoError(t, err)
	require.Equal(t, want, values[0].Found, "MGet")
	left, err := h.TTL(field)
	require.NoError(t, err)
	require.Equal(t, want, left[0].Found, "TTL")
	random, err := h.RandFields(1000)
	require.NoError(t, err)
	require.Len(t, random, n, "RandFields")
	keys, err = h.db.Keys(h.key)
	require.NoError(t, err)
	require.Len(t, keys, min(n, 1), "DB.Keys")
	exists, err := h.db.Exists(h.key)
	require.NoError(t, err)
	require.Equal(t, min(n, 1), exists, "DB.Exists")
	size, err := h.db.DBSize()
	require.NoError(t, err)
	require.Equal(t, min(n, 1), size, "DBSize")
}

// A field is there until the last nanosecond before its deadline, and the expirer
// removes it, with its hash if it was the last one.
func TestFieldExpiryIsExact(t *testing.T) {
	for form, others := range hashSizes {
		for _, last := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, last %v", form, last), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newTest(t)
					h := s.Hash("h")
					fill(t, h, others)
					_, err := h.Set("goes", "v")
					require.NoError(t, err)
					time.Sleep(300 * time.Microsecond) // deadlines are rounded up
					done, err := h.Expire(1500*time.Microsecond, Always, "goes", "none")
					require.NoError(t, err)
					require.Equal(t, []FieldStatus{FieldChanged, FieldMissing}, done)
					n := others
					if last {
						for i := range others {
							_, err := h.Del("stays:" + strconv.Itoa(i))
							require.NoError(t, err)
						}
						n = 0
					}
					time.Sleep(1700*time.Microsecond - 1)
					requireField(t, h, "goes", n, true)
					time.Sleep(time.Nanosecond)
					requireField(t, h, "goes", n, false)
					synctest.Wait()
					require.Equal(t, min(n, 1), s.Stats().Keys)
					require.Zero(t, s.Stats().Volatile)
				})
			})
		}
	}
}

// The expirer alone removes fields, at their deadlines, when nobody looks.
func TestExpirerRemovesFields(t *testing.T) {
	for form, others := range hashSizes {
		t.Run(form, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTest(t, WithShards(2))
				empty := s.Stats().Memory
				for i := range 20 {
					h := s.Hash("h" + strconv.Itoa(i))
					fill(t, h, others)
					for n := range others {
						_, err := h.Expire(time.Duration(1+n%7)*time.Second, Always, "stays:"+strconv.Itoa(n))
						require.NoError(t, err)
					}
					_, err := s.Expire(h.Key(), 5500*time.Millisecond)
					require.NoError(t, err)
				}
				require.Equal(t, 20, s.Stats().Volatile)
				before := s.Stats().Memory
				time.Sleep(time.Second)
				synctest.Wait()
				require.Less(t, s.Stats().Memory, before)
				time.Sleep(4 * time.Second)
				synctest.Wait()
				if others > 1 {
					require.Equal(t, 20, s.Stats().Keys)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, Stats{Memory: empty, Used: s.Stats().Used, Expired: s.Stats().Expired}, s.Stats())
			})
		})
	}
}

// Many fields of one hash expire together, a slice at a time.
func TestManyFieldsExpireTogether(t *testing.T) {
	const n = 5000
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	h := s.Hash("h")
	for i := range n {
		ok, err := h.SetEX(Always, ExpireIn(time.Second), Pair{strconv.Itoa(i), "v"})
		require.NoError(t, err)
		require.True(t, ok)
	}
	_, err := h.Set("stays", "v")
	require.NoError(t, err)

	clock.set(clock.nano() + int64(time.Second)) // and the expirer has not come by
	sh, _ := s.hash("h")
	_, ok := s.expireShard(sh.index)
	require.True(t, ok)
	left := 0
	require.NoError(t, s.peek("", "h", func(r *structures.Record, _ uint32) { left = new(structures.Hash).Of(r).Len() }))
	require.Less(t, left, n+1, "a slice removes something")
	require.Greater(t, left, n-2*expireSlice-expireLooks, "and not all")
	got, err := h.Len()
	require.NoError(t, err)
	require.Equal(t, 1, got)

	for i := range n {
		_, err := h.SetEX(Always, ExpireIn(time.Second), Pair{strconv.Itoa(i), "v"})
		require.NoError(t, err)
	}
	clock.Advance(time.Second)
	require.NoError(t, s.peek("", "h", func(r *structures.Record, _ uint32) { left = new(structures.Hash).Of(r).Len() }))
	require.Equal(t, 1, left, "Advance has removed all")
}

// What becomes of the deadlines of fields, as in Redis.
func TestFieldDeadlines(t *testing.T) {
	in := func(n int) FieldTTL { return FieldTTL{TTL: time.Duration(n) * time.Second, Found: true} }
	none, missing := FieldTTL{TTL: NoTTL, Found: true}, FieldTTL{TTL: 0}
	cases := []struct {
		name   string
		change func(h Hash) (any, error)
		result any
		want   []FieldTTL // of a, which had 10 s, and b, which had none
	}{
		{"HSET clears", func(h Hash) (any, error) { return h.Set("a", "2") }, 0, []FieldTTL{none, none}},
		{"HMSET clears", func(h Hash) (any, error) { return nil, h.MSet(Pair{"a", "2"}) }, nil, []FieldTTL{none, none}},
		{"HSETNX leaves", func(h Hash) (any, error) { return h.SetNX("a", "2") }, false, []FieldTTL{in(10), none}},
		{"HINCRBY keeps", func(h Hash) (any, error) { return h.IncrBy("a", 1) }, int64(2), []FieldTTL{in(10), none}},
		{"HINCRBYFLOAT keeps", func(h Hash) (any, error) { return h.IncrByFloat("a", 0.5) }, 1.5, []FieldTTL{in(10), none}},
		{"HDEL", func(h Hash) (any, error) { return h.Del("a", "a", "x") }, 1, []FieldTTL{missing, none}},
		{
			"HPERSIST", func(h Hash) (any, error) { return h.Persist("a", "b", "x") },
			[]FieldStatus{FieldChanged, FieldNoTTL, FieldMissing},
			[]FieldTTL{none, none},
		},
		{
			"HEXPIRE", func(h Hash) (any, error) { return h.Expire(20*time.Second, Always, "a", "b", "x") },
			[]FieldStatus{FieldChanged, FieldChanged, FieldMissing},
			[]FieldTTL{in(20), in(20)},
		},
		{
			"HEXPIRE NX", func(h Hash) (any, error) { return h.Expire(20*time.Second, IfAbsent, "a", "b") },
			[]FieldStatus{FieldUnchanged, FieldChanged},
			[]FieldTTL{in(10), in(20)},
		},
		{
			"HEXPIRE XX", func(h Hash) (any, error) { return h.Expire(20*time.Second, IfPresent, "a", "b") },
			[]FieldStatus{FieldChanged, FieldUnchanged},
			[]FieldTTL{in(20), none},
		},
		{
			"HEXPIRE GT", func(h Hash) (any, error) { return h.Expire(20*time.Second, IfGreater, "a", "b") },
			[]FieldStatus{FieldChanged, FieldUnchanged},
			[]FieldTTL{in(20), none},
		},
		{
			"HEXPIRE GT of less", func(h Hash) (any, error) { return h.Expire(10*time.Second, IfGreater, "a") },
			[]FieldStatus{FieldUnchanged},
			[]FieldTTL{in(10), none},
		},
		{
			"HEXPIRE LT", func(h Hash) (any, error) { return h.Expire(5*time.Second, IfLess, "a", "b") },
			[]FieldStatus{FieldChanged, FieldChanged},
			[]FieldTTL{in(5), in(5)},
		},
		{
			"HEXPIRE LT of more", func(h Hash) (any, error) { return h.Expire(10*time.Second, IfLess, "a") },
			[]FieldStatus{FieldUnchanged},
			[]FieldTTL{in(10), none},
		},
		{
			"HEXPIRE 0", func(h Hash) (any, error) { return h.Expire(0, Always, "a", "x") },
			[]FieldStatus{FieldDeleted, FieldMissing},
			[]FieldTTL{missing, none},
		},
		{
			"HEXPIREAT in the past", func(h Hash) (any, error) { return h.ExpireAt(time.Unix(0, 0), Always, "a") },
			[]FieldStatus{FieldDeleted},
			[]FieldTTL{missing, none},
		},
		{
			"HEXPIREAT in the past GT", func(h Hash) (any, error) { return h.ExpireAt(time.Unix(5, 0), IfGreater, "a") },
			[]FieldStatus{FieldUnchanged},
			[]FieldTTL{in(10), none},
		},
		{
			"HGETEX", func(h Hash) (any, error) { return h.GetEx(ExpireIn(20*time.Second), "a", "b") },
			[]Optional{{"1", true}, {"1", true}},
			[]FieldTTL{in(20), in(20)},
		},
		{
			"HGETEX PERSIST", func(h Hash) (any, error) { return h.GetEx(Persist, "a", "x") },
			[]Optional{{"1", true}, {}},
			[]FieldTTL{none, none},
		},
		{
			"HGETEX alone", func(h Hash) (any, error) { return h.GetEx(Expiry{}, "a") },
			[]Optional{{"1", true}},
			[]FieldTTL{in(10), none},
		},
		{
			"HGETEX EXAT in the past", func(h Hash) (any, error) { return h.GetEx(ExpireAt(time.Unix(1, 0)), "a") },
			[]Optional{{"1", true}},
			[]FieldTTL{missing, none},
		},
		{
			"HGETDEL", func(h Hash) (any, error) { return h.GetDel("a", "a", "x") },
			[]Optional{{"1", true}, {}, {}},
			[]FieldTTL{missing, none},
		},
		{
			"HSETEX", func(h Hash) (any, error) { return h.SetEX(Always, ExpireIn(20*time.Second), Pair{"b", "2"}) },
			true,
			[]FieldTTL{in(10), in(20)},
		},
		{
			"HSETEX clears", func(h Hash) (any, error) { return h.SetEX(Always, Expiry{}, Pair{"a", "2"}) },
			true,
			[]FieldTTL{none, none},
		},
		{
			"HSETEX KEEPTTL", func(h Hash) (any, error) { return h.SetEX(Always, KeepTTL, Pair{"a", "2"}, Pair{"b", "2"}) },
			true,
			[]FieldTTL{in(10), none},
		},
		{
			"HSETEX FNX", func(h Hash) (any, error) { return h.SetEX(IfAbsent, Expiry{}, Pair{"x", "2"}, Pair{"a", "2"}) },
			false,
			[]FieldTTL{in(10), none},
		},
		{
			"HSETEX FXX", func(h Hash) (any, error) { return h.SetEX(IfPresent, Expiry{}, Pair{"a", "2"}, Pair{"x", "2"}) },
			false,
			[]FieldTTL{in(10), none},
		},
		{
			"HSETEX in the past", func(h Hash) (any, error) { return h.SetEX(Always, ExpireAt(time.Unix(1, 0)), Pair{"a", "2"}) },
			true,
			[]FieldTTL{missing, none},
		},
	}
	for form, others := range hashSizes {
		for _, c := range cases {
			t.Run(form+"/"+c.name, func(t *testing.T) {
				clock := NewManualClock(time.Unix(1_700_000_000, 0))
				s := newTest(t, WithClock(clock))
				h := s.Hash("h")
				fill(t, h, others)
				require.NoError(t, h.MSet(Pair{"a", "1"}, Pair{"b", "1"}))
				_, err := h.Expire(10*time.Second, Always, "a")
				require.NoError(t, err)
				got, err := c.change(h)
				require.NoError(t, err)
				require.EqualValues(t, c.result, got)
				left, err := h.TTL("a", "b")
				require.NoError(t, err)
				require.Equal(t, c.want, left)
				if err := s.Rename("h", "other"); err != nil {
					t.Fatal(err)
				}
				left, err = s.Hash("other").TTL("a", "b")
				require.NoError(t, err)
				require.Equal(t, c.want, left, "after RENAME")
			})
		}
	}
}

// Mistakes change nothing.
func TestHashMistakes(t *testing.T) {
	s := newTest(t)
	h := s.Hash("h")
	require.NoError(t, h.MSet(Pair{"f", "text"}, Pair{"n", "9223372036854775807"}, Pair{"inf", "inf"}))
	before, err := s.Fingerprint()
	require.NoError(t, err)
	err2 := func(_ any, err error) error { return err }
	for want, errs := range map[error][]error{
		ErrNotInteger: {err2(h.IncrBy("f", 1)), err2(h.IncrBy("inf", 1))},
		ErrOverflow:   {err2(h.IncrBy("n", 1))},
		ErrNotFloat:   {err2(h.IncrByFloat("f", 1))},
		ErrNaN:        {err2(h.IncrByFloat("inf", 1))},
		ErrInvalidExpire: {
			err2(h.Expire(-1, Always, "f")), err2(h.ExpireAt(time.Unix(-1, 0), Always, "f")),
			err2(h.ExpireAt(time.Unix(1<<60, 0), Always, "f")), err2(h.GetEx(ExpireIn(0), "f")),
			err2(h.SetEX(Always, ExpireIn(-5), Pair{"f", "v"})),
		},
		ErrInvalidOption: {
			err2(h.Expire(1, 99, "f")), err2(h.SetEX(IfGreater, Expiry{}, Pair{"f", "v"})),
			func() error { _, _, err := h.Scan(0, ScanOptions{Count: -1}); return err }(),
			func() error { _, _, err := h.Scan(0, ScanOptions{Type: KindHash}); return err }(),
		},
		ErrInvalidCursor: {func() error { _, _, err := h.ScanNoValues(1<<40, ScanOptions{}); return err }()},
		ErrOutOfRange:    {err2(h.RandFields(math.MinInt)), err2(h.RandFieldsWithValues(-maxRandom - 1))},
	} {
		for i, err := range errs {
			requireOutcome(t, want, err, fmt.Sprintf("%v, %d", want, i))
		}
	}
	after, err := s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// Readers without a lock see counters that never go back, whole and at their fields,
// while hashes grow, are renamed, copied and expire.
func TestHashUnderWriters(t *testing.T) {
	for name, opts := range map[string][]Option{
		"tiny":    {WithShards(2), tiny},
		"default": {WithShards(1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, opts...)
			const writers, fields = 2, 40
			n := rounds(4000)
			h := [writers]Hash{s.Hash("w0"), s.Hash("w1")}
			var last [3][writers][fields]int64
			var total atomic.Int64
			read := func(id, round int) error {
				w, f := round%writers, round/7%fields
				v, err := h[w].Get("f" + strconv.Itoa(f))
				if err != nil {
					if err == ErrNotFound && last[id][w][f] == 0 {
						return nil
					}
					return err
				}
				n, err := strconv.ParseInt(v, 10, 64)
				if err != nil || n < last[id][w][f] {
					return fmt.Errorf("field %d went from %d to %q, %w", f, last[id][w][f], v, err)
				}
				last[id][w][f] = n
				if round%50 == 0 {
					seq, err := h[w].All()
					if err != nil {
						return err
					}
					for field, v := range seq {
						if _, err := strconv.Atoi(v); err != nil {
							return fmt.Errorf("%s is %q", field, v)
						}
					}
				}
				if round%30 == 0 {
					_, err := s.Fingerprint()
					return err
				}
				return nil
			}
			write := func(id, round int) error {
				total.Add(1)
				_, err := h[id].IncrBy("f"+strconv.Itoa(round%fields), 1)
				_, err2 := h[id].SetEX(Always, ExpireIn(time.Duration(round%3)*time.Millisecond+1), Pair{"x" + strconv.Itoa(round%9), "1"})
				var err3, err4 error
				switch round % 40 {
				case 0: // to another shard and back
					_, err3 = s.CopyWith(h[id].key, "copy"+strconv.Itoa(id), CopyOptions{Replace: true})
				case 20:
					err3 = s.Rename("copy"+strconv.Itoa(id), "other"+strconv.Itoa(id))
					_, err4 = s.Hash("other"+strconv.Itoa(id)).IncrBy("f0", 1)
				}
				return errors.Join(err, err2, err3, err4)
			}
			together(t, 3, writers, read, write, n)
			sum := int64(0)
			for w := range writers {
				for f := range fields {
					v, err := h[w].Get("f" + strconv.Itoa(f))
					require.NoError(t, err)
					n, err := strconv.ParseInt(v, 10, 64)
					require.NoError(t, err)
					sum += n
				}
			}
			require.Equal(t, total.Load(), sum)
		})
	}
}

func TestHashAllocations(t *testing.T) {
	s := newTest(t)
	for form, others := range hashSizes {
		h := s.Hash(form)
		fill(t, h, others)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := h.Get("stays:0"); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Get("none"); err != ErrNotFound {
				t.Fatal(err)
			}
			if _, err := h.Exists("stays:0"); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Len(); err != nil {
				t.Fatal(err)
			}
		}), form)
	}
}

// Every field is drawn with the same probability, however many are asked for.
func TestRandFieldsAreUniform(t *testing.T) {
	s := newTest(t)
	for _, n := range []int{6, 100} { // packed, and large
		h := s.Hash(strconv.Itoa(n))
		fill(t, h, n)
		for _, count := range []int{1, 2, n - 1, -3} {
			const draws = 3000
			counts := map[string]int{}
			for range draws {
				fields, err := h.RandFields(count)
				require.NoError(t, err)
				require.Len(t, fields, max(count, -count))
				for _, f := range fields {
					counts[f]++
				}
			}
			want := float64(draws*max(count, -count)) / float64(n)
			require.Len(t, counts, n)
			for f, got := range counts { // six standard deviations
				require.InDelta(t, want, got, 6*math.Sqrt(want)+1, "%s, %d of %d", f, count, n)
			}
		}
	}
}

func TestHashExpireTime(t *testing.T) {
	s := newTest(t)
	h := s.Hash("h")
	_, err := h.Set("with", "v", Pair{"without", "v"})
	require.NoError(t, err)
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	_, err = h.ExpireAt(at, Always, "with")
	require.NoError(t, err)
	times, err := h.ExpireTime("with", "without", "missing")
	require.NoError(t, err)
	require.True(t, at.Equal(times[0].At), "%v, not %v", times[0].At, at)
	require.Equal(t, []FieldDeadline{{At: times[0].At, Found: true}, {Found: true}, {}}, times)
}

// A command on several fields of a large hash is one step for readers without a lock.
func TestHashSetIsAtomic(t *testing.T) {
	s := newTest(t, WithShards(1))
	h := s.Hash("h")
	for i := range 500 {
		_, err := h.Set("f"+strconv.Itoa(i), "0")
		require.NoError(t, err)
	}
	pairs := make([]Pair, 50)
	read := func(id, round int) error {
		later, earlier := "f49", "f0"
		if id == 1 {
			later, earlier = earlier, later
		}
		first, err := h.Get(earlier)
		if err != nil {
			return err
		}
		second, err := h.Get(later)
		if err != nil {
			return err
		}
		a, _ := strconv.Atoi(first)
		b, _ := strconv.Atoi(second)
		if b < a {
			return fmt.Errorf("%s is of HSET %d, and then %s of %d", earlier, a, later, b)
		}
		return nil
	}
	write := func(_, round int) error {
		for i := range pairs {
			pairs[i] = Pair{"f" + strconv.Itoa(i), strconv.Itoa(round)}
		}
		return h.MSet(pairs...)
	}
	together(t, 2, 1, read, write, rounds(20_000))
}
