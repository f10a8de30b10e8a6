package store

import (
	"math"
	"math/big"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	stringCommands = append(stringCommands, command{"INCREX", runIncrEx})
}

// modelIncrEx is INCREX in integers that have no limit.
func modelIncrEx(old, n int64, o IncrExOptions) (value, applied int64, stored bool, err error) {
	low, high := big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)
	if o.LBound != (Bound{}) {
		low.SetInt64(o.LBound.n)
	}
	if o.UBound != (Bound{}) {
		high.SetInt64(o.UBound.n)
	}
	if low.Cmp(high) > 0 {
		return 0, 0, false, ErrInvalidOption
	}
	sum := new(big.Int).Add(big.NewInt(old), big.NewInt(n))
	within := sum.Cmp(low) >= 0 && sum.Cmp(high) <= 0
	switch {
	case !within && !o.Saturate:
		return old, 0, false, nil
	case sum.Cmp(low) < 0:
		sum = low
	case sum.Cmp(high) > 0:
		sum = high
	}
	delta := new(big.Int).Sub(sum, big.NewInt(old))
	if !delta.IsInt64() {
		return 0, 0, false, ErrOverflow
	}
	return sum.Int64(), delta.Int64(), true, nil
}

func (c *call) bigInt() int64 {
	if c.r.IntN(4) == 0 {
		return []int64{math.MaxInt64, math.MaxInt64 - 5, math.MinInt64, math.MinInt64 + 5, 0}[c.r.IntN(5)]
	}
	return int64(c.r.IntN(300) - 150)
}

func runIncrEx(c *call) (got, want done) {
	e, deadline, bad := c.expiry()
	n := c.bigInt()
	o := IncrExOptions{Saturate: c.r.IntN(2) == 0, Expiry: e, ExpireIf: Condition(c.r.IntN(3))}
	if o.ExpireIf == IfPresent && c.r.IntN(4) > 0 {
		o.ExpireIf = Always
	}
	for _, b := range []*Bound{&o.LBound, &o.UBound} {
		if c.r.IntN(3) == 0 {
			*b = IntBound(c.bigInt())
		}
	}
	type sums struct{ value, applied int64 }
	do := func() done {
		value, applied, err := c.str.IncrEx(n, o)
		return out(sums{value, applied}, err)
	}
	if _, _, _, err := modelIncrEx(0, 0, o); err == ErrInvalidOption {
		return do(), out(sums{}, err)
	}
	sets := e.timed()
	switch {
	case bad != nil:
		return do(), out(sums{}, bad)
	case o.ExpireIf == IfPresent, o.ExpireIf == IfAbsent && !sets:
		return do(), out(sums{}, ErrInvalidOption)
	case c.wrong():
		return do(), out(sums{}, ErrWrongType)
	case c.found && !isCanonical(c.old.text):
		return do(), out(sums{}, ErrNotInteger)
	}
	old, _ := strconv.ParseInt(c.old.text, 10, 64)
	value, applied, stored, err := modelIncrEx(old, n, o)
	if stored {
		if e == (Expiry{}) || o.ExpireIf == IfAbsent && c.old.deadline != 0 {
			deadline = c.old.deadline
		}
		c.put(c.key, strconv.FormatInt(value, 10), encNatural, deadline)
	}
	return do(), out(sums{value, applied}, err)
}

func FuzzIncrEx(f *testing.F) {
	f.Add(int64(9), int64(1), int64(0), int64(10), uint8(7))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MinInt64), int64(math.MinInt64), uint8(7))
	f.Add(int64(-5), int64(math.MinInt64), int64(3), int64(2), uint8(3))
	s := New()
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, old, n, low, high int64, how uint8) {
		o := IncrExOptions{Saturate: how&1 != 0}
		if how&2 != 0 {
			o.LBound = IntBound(low)
		}
		if how&4 != 0 {
			o.UBound = IntBound(high)
		}
		k := s.String("k")
		require.NoError(t, k.Set(strconv.FormatInt(old, 10)))
		value, applied, stored, err := modelIncrEx(old, n, o)
		gotValue, gotApplied, gotErr := k.IncrEx(n, o)
		require.ErrorIs(t, gotErr, err)
		require.Equal(t, []int64{value, applied}, []int64{gotValue, gotApplied})
		if !stored {
			value = old
		}
		text, err := k.Get()
		require.NoError(t, err)
		require.Equal(t, strconv.FormatInt(value, 10), text)
	})
}

func TestIncrExByFloat(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		old            string
		n              float64
		o              IncrExOptions
		value, applied float64
		err            error
	}{
		{old: "0.1", n: 0.2, value: 0.3, applied: 0.2},
		{old: "1e300", n: 1e300, value: 2e300, applied: 1e300},
		{old: "1.5", n: -2.5, value: -1, applied: -2.5},
		{old: "3", n: 1, o: IncrExOptions{UBound: IntBound(3)}, value: 3},
		{old: "3", n: 1, o: IncrExOptions{UBound: IntBound(3), Saturate: true}, value: 3},
		{old: "3", n: 1, o: IncrExOptions{UBound: FloatBound(3.25), Saturate: true}, value: 3.25, applied: 0.25},
		{old: "3", n: 0, o: IncrExOptions{LBound: FloatBound(3.25), Saturate: true}, value: 3.25, applied: 0.25},
		{old: "3", n: -1, o: IncrExOptions{LBound: IntBound(3), UBound: IntBound(3)}, value: 3},
		{old: "9007199254740993", n: 0, o: IncrExOptions{UBound: IntBound(9007199254740992)}, value: 9007199254740992},
		{old: "9007199254740992", n: 0, o: IncrExOptions{LBound: IntBound(9007199254740992)}, value: 9007199254740992},
		{old: "1e4932", n: 1, value: inf, applied: 0},
		{old: "-1e4932", n: 0, o: IncrExOptions{LBound: IntBound(0), Saturate: true}, value: 0, applied: inf},
		{old: "1e4932", n: 0, o: IncrExOptions{UBound: FloatBound(-1e300), Saturate: true}, value: -1e300, applied: -inf},
		{old: "inf", n: 1, err: ErrNaN},
		{old: "nan", n: 1, err: ErrNotFloat},
		{old: "hello", n: 1, err: ErrNotFloat},
		{old: "1", n: inf, err: ErrNaN},
		{old: "1", n: -inf, err: ErrNaN},
		{old: "1", n: math.NaN(), err: ErrNotFloat},
		{old: "1", o: IncrExOptions{UBound: FloatBound(inf)}, err: ErrNaN},
		{old: "1", o: IncrExOptions{LBound: FloatBound(math.NaN())}, err: ErrNotFloat},
		{old: "1", o: IncrExOptions{LBound: FloatBound(0.2), UBound: FloatBound(0.1)}, err: ErrInvalidOption},
		{old: "1", o: IncrExOptions{LBound: IntBound(1), UBound: FloatBound(0.9)}, err: ErrInvalidOption},
		{old: "1", o: IncrExOptions{ExpireIf: IfAbsent}, err: ErrInvalidOption},
		{old: "1", o: IncrExOptions{ExpireIf: IfAbsent, Expiry: KeepTTL}, err: ErrInvalidOption},
		{old: "1", o: IncrExOptions{ExpireIf: IfGreater, Expiry: ExpireIn(1)}, err: ErrInvalidOption},
		{old: "1", o: IncrExOptions{Expiry: ExpireIn(-1)}, err: ErrInvalidExpire},
	} {
		s := newTest(t)
		require.NoError(t, s.String("k").Set(c.old))
		value, applied, err := s.String("k").IncrExByFloat(c.n, c.o)
		require.ErrorIs(t, err, c.err, "%+v", c)
		require.Equal(t, []float64{c.value, c.applied}, []float64{value, applied}, "%+v", c)
		text, err := s.String("k").Get()
		require.NoError(t, err)
		if c.err != nil {
			require.Equal(t, c.old, text)
		}
	}
}

// The largest long double is what Redis reads back, and twice as much is too much.
func TestLargestLongDouble(t *testing.T) {
	text := formatLongDouble(largestLongDouble())
	require.Len(t, text, longDoubleMaxDigits)
	require.Equal(t, "1189731495357231765", text[:19]) // LDBL_MAX, 1.18973149535723176502e+4932
	x, ok := parseLongDouble(text)
	require.True(t, ok)
	require.Zero(t, x.Cmp(largestLongDouble()))
	_, err := incrFloat(text, text)
	require.ErrorIs(t, err, ErrNaN)
	s := newTest(t)
	require.NoError(t, s.String("k").Set(text))
	_, applied, err := s.String("k").IncrExByFloat(math.MaxFloat64, IncrExOptions{})
	require.NoError(t, err)
	require.Zero(t, applied)
	_, applied, err = s.String("k").IncrExByFloat(0, IncrExOptions{UBound: FloatBound(-math.MaxFloat64), Saturate: true})
	require.NoError(t, err)
	require.Equal(t, math.Inf(-1), applied)
}

// A sum in integers beyond float64's is exact, and a bound of one, too.
func TestIncrExBoundKinds(t *testing.T) {
	s := newTest(t)
	k := s.String("k")
	for _, o := range []IncrExOptions{{LBound: FloatBound(1)}, {UBound: FloatBound(1)}} {
		_, _, err := k.IncrEx(1, o)
		requireOutcome(t, ErrNotInteger, err, "INCREX")
	}
	value, applied, err := k.IncrEx(math.MaxInt64, IncrExOptions{UBound: IntBound(math.MaxInt64 - 1), Saturate: true})
	require.NoError(t, err)
	require.Equal(t, []int64{math.MaxInt64 - 1, math.MaxInt64 - 1}, []int64{value, applied})
	n, err := s.Del("k")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// A window of a rate limiter: of many callers as many get through as the bound says, and
// the window ends when it has to, whoever calls in between.
func TestIncrExWindow(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	for window := range 3 {
		var passed, refused int64
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 50 {
					_, n, err := s.String("hits").IncrEx(1, IncrExOptions{
						UBound: IntBound(100), Expiry: ExpireIn(time.Minute), ExpireIf: IfAbsent,
					})
					mu.Lock()
					if err != nil {
						t.Error(err)
					}
					passed, refused = passed+n, refused+1-n
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		require.EqualValues(t, 100, passed, "window %d", window)
		require.EqualValues(t, 300, refused, "window %d", window)
		clock.Advance(time.Minute - time.Millisecond)
		_, n, err := s.String("hits").IncrEx(1, IncrExOptions{UBound: IntBound(100), Expiry: ExpireIn(time.Minute), ExpireIf: IfAbsent})
		require.NoError(t, err)
		require.Zero(t, n)
		clock.Advance(time.Millisecond)
	}
}

func BenchmarkIncrEx(b *testing.B) {
	s := New()
	defer s.Close()
	k := s.String("hits")
	for name, incr := range map[string]func() error{
		"Incr": func() error { _, err := k.Incr(); return err },
		"IncrEx": func() error {
			_, _, err := k.IncrEx(1, IncrExOptions{UBound: IntBound(math.MaxInt64), Expiry: ExpireIn(time.Hour), ExpireIf: IfAbsent})
			return err
		},
		"IncrExByFloat": func() error { _, _, err := k.IncrExByFloat(1, IncrExOptions{}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := incr(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What is too long for a number is not copied to see that.
func TestIncrByFloatOfLongText(t *testing.T) {
	s := newTest(t)
	k := s.String("k")
	_, err := k.SetRange(1<<20, "x")
	require.NoError(t, err)
	for name, add := range map[string]func() error{
		"IncrByFloat":   func() error { _, err := k.IncrByFloat(1); return err },
		"IncrExByFloat": func() error { _, _, err := k.IncrExByFloat(1, IncrExOptions{}); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		require.ErrorIs(t, add(), ErrNotFloat, name)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<19), name)
	}
}

// TestIncrByDecimal has more digits than a float64. The sums are those of Redis 7.0.15:
// INCRBYFLOAT of the texts, one after the other.
func TestIncrByDecimal(t *testing.T) {
	s := newTest(t)
	k := s.String("k")
	for _, c := range []struct{ n, sum string }{
		{"9007199254740993", "9007199254740993"},
		{"0.00000000001", "9007199254740993"}, // too far apart
		{"-9007199254740993", "0"},
		{"0x10", "16"},
		{"1e30", "1000000000000000000024696061952"},
	} {
		sum, err := k.IncrByDecimal(c.n)
		require.NoError(t, err, c.n)
		require.Equal(t, c.sum, sum, c.n)
		text, err := k.Get()
		require.NoError(t, err)
		require.Equal(t, c.sum, text)
	}
	_, err := k.IncrByDecimal("one")
	require.ErrorIs(t, err, ErrNotFloat)
	_, err = k.IncrByDecimal("inf")
	require.ErrorIs(t, err, ErrNaN)
}

// TestHashIncrByDecimal has more digits than a float64. The sums are those of Redis 7.0.15: HINCRBYFLOAT of the texts, one after the other.
func TestHashIncrByDecimal(t *testing.T) {
	s := newTest(t)
	h := s.Hash("h")
	for _, c := range []struct{ n, sum string }{
		{"9007199254740993", "9007199254740993"},
		{"-9007199254740993", "0"},
		{"0x10", "16"},
		{"1e30", "1000000000000000000024696061952"},
	} {
		sum, err := h.IncrByDecimal("f", c.n)
		require.NoError(t, err, c.n)
		require.Equal(t, c.sum, sum, c.n)
		text, err := h.Get("f")
		require.NoError(t, err)
		require.Equal(t, c.sum, text)
	}
	for n, want := range map[string]error{"one": ErrNotFloat, "nan": ErrNotFloat, "inf": ErrNaN} {
		_, err := h.IncrByDecimal("f", n)
		require.ErrorIs(t, err, want, n)
		_, err = s.Hash("new").IncrByDecimal("f", n)
		require.ErrorIs(t, err, want, n)
	}
	n, err := s.Exists("new")
	require.NoError(t, err)
	require.Zero(t, n)
}
