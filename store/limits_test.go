package store

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
)

func TestLimits(t *testing.T) {
	t.Run("any bytes", func(t *testing.T) {
		s := newTest(t, tiny)
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		texts := []string{"", "\x00", "\x00\x00", string(all), "\xff", "\r\n", strings.Repeat("\x00", 1024), strings.Repeat("\x00", 1025)}
		for _, key := range texts {
			for _, value := range texts {
				require.NoError(t, s.String(key).Set(value))
				got, err := s.String(key).Get()
				require.NoError(t, err)
				require.Equal(t, value, got)
			}
		}
		n, err := s.DBSize()
		require.NoError(t, err)
		require.Equal(t, len(texts), n)
	})
	t.Run("512 MB", stringLimit)
	t.Run("databases", func(t *testing.T) {
		s := newTest(t)
		for n := range Databases {
			require.NoError(t, s.DB(n).String("k").Set(strconv.Itoa(n)))
		}
		for n := range Databases {
			value, err := s.DB(n).String("k").Get()
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(n), value)
		}
		require.Equal(t, Databases, s.Stats().Keys)
	})
}

// stringLimit is about strings of 512 MB that are nearly all hole.
func stringLimit(t *testing.T) {
	s := newTest(t)
	str := s.String("k")
	unchanged := func() {
		t.Helper()
		n, err := s.Exists("k")
		require.NoError(t, err)
		require.Zero(t, n)
	}
	for _, test := range []struct {
		offset int
		value  string
		err    error
	}{
		{-1, "x", ErrOffset},
		{math.MinInt, "", ErrOffset},
		{MaxStringLen, "x", ErrTooLarge},
		{MaxStringLen - 1, "xy", ErrTooLarge},
		{math.MaxInt, "x", ErrTooLarge},
		{math.MaxInt, "", nil},
		{MaxStringLen, "", nil},
	} {
		n, err := str.SetRange(test.offset, test.value)
		require.Zero(t, n)
		requireOutcome(t, test.err, err, fmt.Sprint(test.offset))
		unchanged()
	}
	n, err := str.SetRange(MaxStringLen-1, "x")
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	n, err = str.StrLen()
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	tail, err := str.GetRange(-2, -1)
	require.NoError(t, err)
	require.Equal(t, "\x00x", tail)
	_, err = str.Append("y")
	requireOutcome(t, ErrTooLarge, err, "APPEND")
	n, err = str.Append("")
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	_, err = str.SetRange(MaxStringLen-1, "yz")
	requireOutcome(t, ErrTooLarge, err, "SETRANGE")
	_, err = str.Incr()
	requireOutcome(t, ErrNotInteger, err, "INCR")
	tail, err = str.GetRange(MaxStringLen-1, math.MaxInt)
	require.NoError(t, err)
	require.Equal(t, "x", tail)
	ok, err := s.Copy("k", "copy")
	require.NoError(t, err)
	require.True(t, ok)
	n, err = s.String("copy").SetRange(0, "head")
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	head, err := str.GetRange(0, 3)
	require.NoError(t, err)
	require.Equal(t, "\x00\x00\x00\x00", head, "the copy is one")
	if bits.UintSize == 32 || testing.Short() || raceEnabled {
		return
	}
	tooLong := strings.Repeat("x", MaxStringLen+1) // the only real half gigabyte
	for name, write := range map[string]func() error{
		"SET":    func() error { return s.String("l").Set(tooLong) },
		"MSET":   func() error { return s.MSet(Pair{"a", "1"}, Pair{"l", tooLong}) },
		"APPEND": func() error { _, err := s.String("l").Append(tooLong); return err },
		"GETSET": func() error { _, err := s.String("k").GetSet(tooLong); return err },
		"key":    func() error { return s.String(tooLong).Set("v") },
		"GET": func() error {
			_, err := s.String(tooLong).Get() // a key that can't be there
			if err == ErrNotFound {
				return ErrTooLarge
			}
			return err
		},
		"DEL": func() error { _, err := s.Del(tooLong, "k"); return err },
	} {
		require.ErrorIs(t, write(), ErrTooLarge, name)
	}
	n, err = s.Exists("a", "l", "k", "copy")
	require.NoError(t, err)
	require.Equal(t, 2, n, "nothing has changed")
}

func TestInvalidCursors(t *testing.T) {
	s := newTest(t, WithShards(4), tiny)
	for i := range 1000 {
		require.NoError(t, s.String(strconv.Itoa(i)).Set("v"))
	}
	for _, cursor := range []uint64{math.MaxUint64, 1 << 63, 4 << scanShift, 1 << 40} {
		keys, next, err := s.Scan(cursor, ScanOptions{})
		requireOutcome(t, ErrInvalidCursor, err, fmt.Sprint(cursor))
		require.Empty(t, keys)
		require.Zero(t, next)
	}
	r := seededRand(t)
	for range 2000 { // any other is some place to go on from
		cursor := r.Uint64N(4 << scanShift)
		_, next, err := s.Scan(cursor, ScanOptions{Count: r.IntN(100)})
		require.NoError(t, err)
		require.True(t, next == 0 || next > cursor)
	}
	for _, o := range []ScanOptions{{Count: -1}, {Count: math.MinInt}, {Type: KindStream + 1}, {Type: 255}} {
		_, _, err := s.Scan(0, o)
		requireOutcome(t, ErrInvalidOption, err, "SCAN")
	}
	keys, next, err := s.Scan(0, ScanOptions{Count: math.MaxInt})
	require.NoError(t, err)
	require.Len(t, keys, 1000)
	require.Zero(t, next)
}

// colliding returns n keys of 16 bytes with one XXH64: for any first half, the round
// that mixes in the second can be run backwards.
func colliding(n int) []string {
	const (
		p1 = 0x9E3779B185EBCA87
		p2 = 0xC2B2AE3D27D4EB4F
		p4 = 0x85EBCA77C2B2AE63
		p5 = 0x27D4EB2F165667C5
	)
	inverse := func(a uint64) uint64 { // of an odd number, by Newton's iteration
		x := a
		for range 5 {
			x *= 2 - a*x
		}
		return x
	}
	mixed := func(h, word uint64) uint64 {
		h ^= bits.RotateLeft64(word*p2, 31) * p1
		return bits.RotateLeft64(h, 27)*p1 + p4
	}
	want := uint64(42) // before the avalanche
	keys := make([]string, n)
	for i := range keys {
		first := uint64(i)
		h := mixed(p5+16, first)
		target := bits.RotateLeft64((want-p4)*inverse(p1), -27)
		second := bits.RotateLeft64((h^target)*inverse(p1), -31) * inverse(p2)
		b := make([]byte, 16)
		for j := range 8 {
			b[j], b[8+j] = byte(first>>(8*j)), byte(second>>(8*j))
		}
		keys[i] = string(b)
	}
	return keys
}

// Keys that someone chose so that they have one unseeded hash are as good as others.
func TestHostileKeys(t *testing.T) {
	keys := colliding(100_000)
	for _, key := range keys {
		if xxhash.Sum64String(key) != xxhash.Sum64String(keys[0]) {
			t.Fatalf("%q and %q have not the same hash", key, keys[0])
		}
	}
	s := newTest(t, WithShards(256))
	start := time.Now()
	for _, key := range keys {
		if err := s.String(key).Set("v"); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range keys {
		if _, err := s.String(key).Get(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("100,000 keys with one XXH64: %v", time.Since(start))
	// They spread over the shards as any others would.
	for i := range s.shards {
		n := s.shards[i].table(0).Len()
		require.InDelta(t, 100_000/256, n, 200, "shard %d", i)
	}
}

func TestNewStoreIsSmall(t *testing.T) {
	const n = 100
	var before, after runtime.MemStats
	stores := make([]*Store, n)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range stores {
		stores[i] = New()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/n, uint64(100<<10), "bytes a store")
	runtime.KeepAlive(stores)
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newTest(t)
	str := s.String("some key")
	require.NoError(t, str.Set("some value"))
	require.NoError(t, s.String("counter").Set("1000"))
	buf := make([]byte, 0, 100)
	for name, op := range map[string]func(){
		"Get":      func() { _, _ = str.Get() },
		"Get miss": func() { _, _ = s.String("none").Get() },
		"AppendTo": func() { buf, _ = str.AppendTo(buf[:0]) },
		"Set":      func() { _ = str.Set("another value") },
		"SetBytes": func() { _ = str.SetBytes(buf) },
		"IncrBy":   func() { _, _ = s.String("counter").IncrBy(7) },
		"StrLen":   func() { _, _ = str.StrLen() },
		"handle":   func() { _ = s.DB(3).String("x") },
	} {
		require.Zero(t, testing.AllocsPerRun(20_000, op), name)
	}
}

// What was read never changes, whatever happens to the key, the table or the store.
func TestStringsNeverChange(t *testing.T) {
	for name, opts := range optionSets() {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, append(opts, WithClock(NewManualClock(time.Unix(1, 0))))...)
			var kept []Pair // what was read, and a copy of it
			keep := func(text string, err error) {
				t.Helper()
				require.NoError(t, err)
				kept = append(kept, Pair{text, strings.Clone(text)})
			}
			const keys = 30
			r := seededRand(t)
			key := func(i int) String { return s.String(fmt.Sprintf("key %d", i)) }
			for round := range alone(100) {
				for i := range keys {
					size := []int{0, 5, 100, 1023, 1024, 1025, 5000}[i%7]
					value := []byte(strings.Repeat(string(rune('a'+round%26)), size))
					if round%2 == 0 {
						require.NoError(t, key(i).SetBytes(value))
					} else {
						require.NoError(t, key(i).Set(string(value)))
					}
					clear(value) // the caller's buffer is his own
					keep(key(i).Get())
					if round%3 == 0 {
						_, err := key(i).Append("tail")
						require.NoError(t, err)
						keep(key(i).Get())
						_, err = key(i).SetRange(r.IntN(10), "HEAD")
						require.NoError(t, err)
						keep(key(i).GetRange(0, -1))
						keep(key(i).GetRange(2, 40))
						_, err = key(i).Append(strings.Repeat("more", 300))
						require.NoError(t, err)
						keep(key(i).Get())
						_, err = key(i).SetRange(0, "HEAD AGAIN")
						require.NoError(t, err)
					}
					random, err := s.RandomKey()
					keep(random, err)
				}
				names, err := s.Keys("*")
				require.NoError(t, err)
				for _, name := range names {
					keep(name, nil)
				}
				values, err := s.MGet(names...)
				require.NoError(t, err)
				for _, v := range values {
					keep(v.Value, nil)
				}
				switch round % 4 {
				case 0:
					require.NoError(t, s.Rename("key 1", "key 2"))
					_, err = s.Del("key 3", "key 4", "key 5")
				case 1:
					keep(key(7).GetDel())
					keep(key(8).GetSet("new"))
					_, err = s.Expire("key 9", time.Second)
				case 2:
					s.clock.(*ManualClock).Advance(time.Hour)
				default:
					err = s.FlushDB()
				}
				require.NoError(t, err)
			}
			require.NoError(t, s.FlushAll())
			require.NoError(t, s.Close())
			runtime.GC()
			for _, k := range kept {
				if k.Key != k.Value {
					t.Fatalf("%.40q has become %.40q", k.Value, k.Key)
				}
			}
		})
	}
}
