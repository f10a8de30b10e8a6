package store

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	handleMakers["Bitmap"] = func(db DB, key string) any { return db.Bitmap(key) }
	noCommands["DB.Bitmap"] = "it makes a handle"
	noCommands["Bitmap.Key"] = "it reads the handle"
	maps.Copy(methodRules, map[string]rule{
		"Bitmap.SetBit": create,
		"Bitmap.GetBit": sizeOf,
		"Bitmap.Count":  sizeOf,
		"Bitmap.Pos":    lookup,
		"Bitmap.Field":  create,
		"Bitmap.FieldRO": sizeOf.except("a field of what is missing is 0",
			func(r *rule) { r.zero = false }),
		"Bitmap.Op": sizeOf.except("what is stored overwrites any type", anyType),
	})
	methodArguments["Bitmap.SetBit"] = []any{nil, true}
	methodArguments["Bitmap.Count"] = []any{[]BitRange{}}
	methodArguments["Bitmap.Pos"] = []any{true, []BitRange{}}
	methodArguments["Bitmap.Field"] = []any{[]FieldOp{Unsigned(8).At(3).IncrBy(1)}}
	methodArguments["Bitmap.FieldRO"] = []any{[]BitField{Unsigned(8).At(3)}}
	methodArguments["Bitmap.Op"] = []any{BitOr, []string{"another"}}
}

// bitModel is what bitmaps should be: bits one by one, and numbers of any size.
type bitModel map[string][]bool

func (m bitModel) grow(key string, n int64) {
	for n = (n + 7) &^ 7; int64(len(m[key])) < n; {
		m[key] = append(m[key], false)
	}
}

func (m bitModel) get(key string, i int64) bool { return i < int64(len(m[key])) && m[key][i] }

// text returns a bitmap as a string.
func (m bitModel) text(key string) string {
	b := make([]byte, len(m[key])/8)
	for i, bit := range m[key] {
		if bit {
			b[i/8] |= 0x80 >> (i % 8)
		}
	}
	return string(b)
}

// span is what a range means, in bits; Redis does not turn around what is before the start.
func (m bitModel) span(key string, start, end int64, bits bool) (list []int64) {
	unit := int64(8)
	if bits {
		unit = 1
	}
	n := int64(len(m[key])) / unit
	if start < 0 {
		start += n
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	for i := max(start, 0); i <= min(end, n-1); i++ {
		for j := range unit {
			list = append(list, i*unit+j)
		}
	}
	return list
}

// field does an operation with numbers of any size.
func (m bitModel) field(key string, o FieldOp) (r FieldResult) {
	f := o.field
	one, width := big.NewInt(1), uint(f.typ.width)
	number := new(big.Int)
	for i := range int64(width) {
		number.Lsh(number, 1)
		if m.get(key, f.offset+i) {
			number.Or(number, one)
		}
	}
	modulus, high, low := new(big.Int).Lsh(one, width), new(big.Int), new(big.Int)
	if f.typ.signed {
		high.Lsh(one, width-1)
		low.Neg(high)
		if number.Cmp(high) >= 0 {
			number.Sub(number, modulus)
		}
	} else {
		high.Set(modulus)
	}
	high.Sub(high, one)
	was, sum := number.Int64(), big.NewInt(o.operand)
	above := false
	switch o.action {
	case getField:
		return FieldResult{Value: was}
	case addField:
		sum.Add(sum, number)
	case setField: // see BitField.Set
		room := new(big.Int).Sub(high, sum)
		above = sum.Sign() < 0 && !f.typ.signed || width < 64 && !room.IsInt64()
	}
	above = above || sum.Cmp(high) > 0
	if above || sum.Cmp(low) < 0 {
		switch {
		case o.overflow == OverflowFail:
			return FieldResult{Failed: true}
		case o.overflow == OverflowWrap:
			if sum.Mod(sum, modulus); sum.Cmp(high) > 0 {
				sum.Sub(sum, modulus)
			}
		case above:
			sum = high
		default:
			sum = low
		}
	}
	bits := new(big.Int).Mod(sum, modulus)
	for i := range int64(width) {
		m[key][f.offset+i] = bits.Bit(int(int64(width)-1-i)) == 1
	}
	if o.action == setField {
		return FieldResult{Value: was}
	}
	return FieldResult{Value: sum.Int64()}
}

// bitTester does the same to a store and to the model.
type bitTester struct {
	t *testing.T
	r *rand.Rand
	s *Store
	m bitModel
}

func (x *bitTester) key() string { return strconv.Itoa(x.r.IntN(5)) }

// offset is near the start, near where a string leaves its record, or near pages' borders.
func (x *bitTester) offset() int64 {
	switch x.r.IntN(12) {
	case 0:
		return 1024*8 - 70 + x.r.Int64N(140)
	case 1:
		return 4096*8*(1+x.r.Int64N(3)) - 70 + x.r.Int64N(140)
	}
	return x.r.Int64N(400)
}

func (x *bitTester) number() int64 {
	if x.r.IntN(3) == 0 {
		return oddInts[x.r.IntN(len(oddInts))]
	}
	return int64(x.r.Uint64()) >> x.r.IntN(64)
}

func (x *bitTester) field() (FieldOp, int64) {
	typ := Signed(1 + x.r.IntN(64))
	if x.r.IntN(2) == 0 {
		typ = Unsigned(1 + x.r.IntN(63))
	}
	f := typ.At(x.offset())
	if x.r.IntN(3) == 0 {
		n := x.r.Int64N(20)
		if f = typ.Nth(n); f != typ.At(n*int64(typ.width)) {
			x.t.Fatalf("place %d of %v is %v", n, typ, f)
		}
	}
	how := Overflow(x.r.IntN(3))
	switch x.r.IntN(3) {
	case 0:
		return f.Get().Overflow(how), 0
	case 1:
		return f.Set(x.number()).Overflow(how), f.end()
	}
	return f.IncrBy(x.number()).Overflow(how), f.end()
}

func (x *bitTester) step() {
	key := x.key()
	b := x.s.Bitmap(key)
	switch x.r.IntN(12) {
	case 0, 1, 2:
		i, bit := x.offset(), x.r.IntN(2) == 0
		old, err := b.SetBit(i, bit)
		require.NoError(x.t, err)
		require.Equal(x.t, x.m.get(key, i), old)
		x.m.grow(key, i+1)
		x.m[key][i] = bit
	case 3:
		i := x.offset()
		bit, err := b.GetBit(i)
		require.NoError(x.t, err)
		require.Equal(x.t, x.m.get(key, i), bit)
	case 4, 5:
		x.look(b, key)
	case 6:
		op := BitOp(x.r.IntN(int(BitOne) + 1))
		keys := []string{x.key()}
		if op != BitNot {
			keys = append(keys, x.key(), x.key())
		}
		n, err := b.Op(op, keys...)
		require.NoError(x.t, err)
		result := x.m.combine(op, keys)
		if x.m[key] = result; len(result) == 0 {
			delete(x.m, key)
		}
		require.Equal(x.t, len(result)/8, n)
	case 7:
		text := string(randomBytes(x.r.IntN(50)))
		if x.r.IntN(3) == 0 {
			text = string(randomBytes(900 + x.r.IntN(9000)))
		}
		require.NoError(x.t, x.s.String(key).Set(text))
		x.m[key] = nil
		for i := range int64(len(text)) * 8 {
			x.m[key] = append(x.m[key], text[i/8]<<(i%8)&0x80 != 0)
		}
	default:
		var ops []FieldOp
		end := int64(0)
		for range x.r.IntN(5) {
			o, behind := x.field()
			ops, end = append(ops, o), max(end, behind)
		}
		got, err := b.Field(ops...)
		require.NoError(x.t, err)
		if end > 0 {
			x.m.grow(key, end)
		}
		for i, o := range ops {
			if want := x.m.field(key, o); got[i] != want {
				x.t.Fatalf("%+v has given %v, not %v", o, got[i], want)
			}
		}
	}
}

// look counts and searches.
func (x *bitTester) look(b Bitmap, key string) {
	start, end, bits := x.offset()-200, x.offset()-200, x.r.IntN(2) == 0
	r := ByByte(start, end)
	if bits {
		r = ByBit(start, end)
	}
	within := []BitRange{r}
	switch x.r.IntN(4) {
	case 0:
		if start, end = 0, -1; x.r.IntN(2) == 0 {
			within = nil
		} else {
			within[0] = BitRange{}
		}
	case 1:
		end = -1
		if within[0] = FromByte(start); bits {
			within[0] = FromBit(start)
		}
	}
	open := len(within) == 0 || !within[0].closed
	span := x.m.span(key, start, end, bits)
	if open && len(x.m[key]) == 0 {
		span = nil
	}
	n, first := int64(0), [2]int64{-1, -1}
	for _, i := range span {
		at := 0
		if x.m[key][i] {
			n, at = n+1, 1
		}
		if first[at] < 0 {
			first[at] = i
		}
	}
	got, err := b.Count(within...)
	require.NoError(x.t, err)
	if !open && start < 0 && end < 0 && start > end {
		n = 0
	}
	require.Equal(x.t, n, got, "%+v of %d bits", within, len(x.m[key]))
	if _, found := x.m[key]; !found {
		first[0] = 0
	} else if open && len(span) > 0 && first[0] < 0 {
		first[0] = int64(len(x.m[key]))
	}
	for at, bit := range []bool{false, true} {
		pos, err := b.Pos(bit, within...)
		if first[at] < 0 {
			require.Equal(x.t, ErrNotFound, err)
			continue
		}
		require.NoError(x.t, err)
		require.Equal(x.t, first[at], pos, "%v in %+v of %d bits", bit, within, len(x.m[key]))
	}
}

func (m bitModel) combine(op BitOp, keys []string) (result []bool) {
	size := 0
	for _, key := range keys {
		size = max(size, len(m[key]))
	}
	for i := range int64(size) {
		n, x := 0, m.get(keys[0], i)
		for _, key := range keys {
			if m.get(key, i) {
				n++
			}
		}
		result = append(result, [...]bool{
			BitAnd: n == len(keys), BitOr: n > 0, BitXor: n%2 == 1, BitNot: !x, BitOne: n == 1,
			BitDiff: x && n == 1, BitDiff1: !x && n > 0, BitAndOr: x && n > 1,
		}[op])
	}
	return result
}

func TestBitmapEqualsModel(t *testing.T) {
	for name, opts := range optionSets() {
		t.Run(name, func(t *testing.T) {
			x := &bitTester{t: t, r: seededRand(t), s: newTest(t, opts...), m: bitModel{}}
			for round := range rounds(6) {
				sn := x.s.Snapshot() // so that pages are shared
				before := printOf(t, sn)
				for range 40 {
					x.step()
				}
				for i := range 5 {
					key := strconv.Itoa(i)
					text, err := x.s.String(key).Get()
					if _, found := x.m[key]; !found {
						require.Equal(t, ErrNotFound, err)
						continue
					}
					require.NoError(t, err)
					require.True(t, x.m.text(key) == text, "round %d, key %s", round, key)
				}
				require.Equal(t, before, printOf(t, sn))
				require.NoError(t, sn.Close())
			}
		})
	}
}

// TestBitmapMistakes: nothing has changed after one, and the first one counts.
func TestBitmapMistakes(t *testing.T) {
	s := newTest(t)
	b := s.Bitmap("k")
	_, err := b.SetBit(13, true)
	require.NoError(t, err)
	plant(t, s.DB(0), "h", 0)
	before := printOf(t, s)
	set := Unsigned(8).At(0).Set(255)
	for _, test := range []struct {
		name string
		want error
		call func(b Bitmap) error
	}{
		{"SETBIT before", ErrBitOffset, func(b Bitmap) error { _, err := b.SetBit(-1, true); return err }},
		{"SETBIT behind", ErrBitOffset, func(b Bitmap) error { _, err := b.SetBit(1<<32, true); return err }},
		{"SETBIT far behind", ErrBitOffset, func(b Bitmap) error { _, err := b.SetBit(math.MaxInt64, false); return err }},
		{"GETBIT before", ErrBitOffset, func(b Bitmap) error { _, err := b.GetBit(math.MinInt64); return err }},
		{"GETBIT behind", ErrBitOffset, func(b Bitmap) error { _, err := b.GetBit(1 << 32); return err }},
		{"BITCOUNT of two ranges", ErrInvalidOption, func(b Bitmap) error { _, err := b.Count(FromBit(1), FromBit(2)); return err }},
		{"BITPOS of two ranges", ErrInvalidOption, func(b Bitmap) error { _, err := b.Pos(true, BitRange{}, BitRange{}); return err }},
		{"BITOP of none", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitOr); return err }},
		{"BITOP NOT of none", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitNot); return err }},
		{"BITOP NOT of two", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitNot, "k", "h"); return err }},
		{"BITOP DIFF of one", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitDiff, "h"); return err }},
		{"BITOP DIFF1 of one", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitDiff1, "h"); return err }},
		{"BITOP ANDOR of one", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitAndOr, "h"); return err }},
		{"no BITOP", ErrInvalidOption, func(b Bitmap) error { _, err := b.Op(BitOne+1, "h", "h"); return err }},
		{"BITOP of a hash", ErrWrongType, func(b Bitmap) error { _, err := b.Op(BitOr, "k", "h"); return err }},
		{"a zero FieldOp", ErrBitWidth, func(b Bitmap) error { _, err := b.Field(FieldOp{}); return err }},
		{"u0", ErrBitWidth, func(b Bitmap) error { _, err := b.Field(set, Unsigned(0).At(-1).Get()); return err }},
		{"u64", ErrBitWidth, func(b Bitmap) error { _, err := b.Field(set, Unsigned(64).At(0).Get()); return err }},
		{"i65", ErrBitWidth, func(b Bitmap) error { _, err := b.FieldRO(Signed(65).At(0)); return err }},
		{"i-1", ErrBitWidth, func(b Bitmap) error { _, err := b.FieldRO(Signed(math.MinInt).Nth(3)); return err }},
		{"a field before", ErrBitOffset, func(b Bitmap) error { _, err := b.Field(set, Signed(8).At(-1).Set(1), FieldOp{}); return err }},
		{"a field behind", ErrBitOffset, func(b Bitmap) error { _, err := b.FieldRO(Signed(8).At(1 << 32)); return err }},
		{"a field over the end", ErrBitOffset, func(b Bitmap) error { _, err := b.Field(set, Signed(2).At(1<<32-1).Set(0)); return err }},
		{"place -1", ErrBitOffset, func(b Bitmap) error { _, err := b.Field(set, Signed(8).Nth(-1).Get()); return err }},
		{"place 2^29", ErrBitOffset, func(b Bitmap) error { _, err := b.Field(set, Signed(8).Nth(1<<29).Get()); return err }},
		{"place 2^62", ErrBitOffset, func(b Bitmap) error { _, err := b.Field(set, Signed(64).Nth(1<<62).Get()); return err }},
		{"no Overflow", ErrInvalidOption, func(b Bitmap) error {
			_, err := b.Field(set, Signed(8).At(1).IncrBy(1).Overflow(OverflowFail+1))
			return err
		}},
	} {
		for _, key := range []string{"k", "h", "none"} { // also of a hash: it comes first
			requireOutcome(t, test.want, test.call(s.Bitmap(key)), test.name)
		}
		require.Equal(t, before, printOf(t, s), test.name)
	}
}

// TestBitmapLimits is about bitmaps of 512 MB that are nearly all hole.
func TestBitmapLimits(t *testing.T) {
	s := newTest(t)
	b := s.Bitmap("k")
	used := s.UsedMemory()
	old, err := b.SetBit(1<<32-1, true)
	require.NoError(t, err)
	require.False(t, old)
	n, err := s.String("k").StrLen()
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	require.Less(t, s.UsedMemory()-used, 64<<10)
	count, err := b.Count()
	require.NoError(t, err)
	require.Equal(t, int64(1), count)
	pos, err := b.Pos(true)
	require.NoError(t, err)
	require.Equal(t, int64(1<<32-1), pos)
	pos, err = b.Pos(false, FromBit(-1))
	require.NoError(t, err)
	require.Equal(t, int64(1<<32), pos, "behind the end, where no bit can be")
	_, err = b.SetBit(1<<20, true)
	require.NoError(t, err)
	pos, err = b.Pos(true, FromBit(1))
	require.NoError(t, err)
	require.Equal(t, int64(1<<20), pos, "further than a search under the lock goes")
	_, err = b.SetBit(1<<20, false)
	require.NoError(t, err)

	values, err := b.FieldRO(Unsigned(63).At(1<<32-1), Signed(1).At(1<<32-1), Signed(8).Nth(1<<29-1))
	require.NoError(t, err)
	require.Equal(t, []int64{1 << 62, -1, 1}, values)
	results, err := b.Field(Signed(64).Nth(1<<26-1).IncrBy(-2), Signed(64).Nth(0).Set(-1))
	require.NoError(t, err)
	require.Equal(t, []FieldResult{{Value: -1}, {}}, results)

	n, err = s.Bitmap("d").Op(BitXor, "k", "none")
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	count, err = s.Bitmap("d").Count()
	require.NoError(t, err)
	require.Equal(t, int64(128), count)
	_, err = s.Bitmap("zeros").SetBit(1<<32-1, false)
	require.NoError(t, err)
	n, err = s.Bitmap("d").Op(BitAnd, "k", "zeros")
	require.NoError(t, err)
	require.Equal(t, MaxStringLen, n)
	require.Less(t, s.UsedMemory()-used, 256<<10, "holes stay holes")
	cost := allocated(func() { _, err = s.DB(0).Fingerprint("d") })
	require.NoError(t, err)
	require.Less(t, cost, uint64(1<<20), "also for a fingerprint")
}

// allocated returns how many bytes are allocated while do runs.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBitmapSharesPages: one bit of a large bitmap that a snapshot has, too, or that a
// transaction changes, costs a page and not the whole.
func TestBitmapSharesPages(t *testing.T) {
	const size = 64 << 20
	s := newTest(t)
	require.NoError(t, s.String("k").SetBytes(bytes.Repeat(randomBytes(1<<20), size>>20)))
	b := s.Bitmap("k")
	first, err := b.GetBit(0)
	require.NoError(t, err)
	flip := func(b Bitmap, offset int64) error {
		bit, err := b.GetBit(offset)
		if err == nil {
			_, err = b.SetBit(offset, !bit)
		}
		return err
	}
	for i := range int64(4) {
		sn := s.Snapshot()
		require.Less(t, allocated(func() { require.NoError(t, flip(b, size*2*i)) }), uint64(64<<10))
		require.Less(t, allocated(func() {
			require.NoError(t, s.Update(func(tx *Tx) error { return flip(tx.Bitmap("k"), size*2*i+1) }))
		}), uint64(64<<10))
		was, err := sn.Bitmap("k").GetBit(size * 2 * i)
		require.NoError(t, err)
		is, err := b.GetBit(size * 2 * i)
		require.NoError(t, err)
		require.NotEqual(t, was, is)
		require.NoError(t, sn.Close())
	}
	is, err := b.GetBit(0)
	require.NoError(t, err)
	require.NotEqual(t, first, is)
}

func TestBitmapAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newTest(t)
	require.NoError(t, s.String("text").Set(string(randomBytes(1<<20))))
	require.NoError(t, s.String("short").Set(string(randomBytes(100))))
	_, err := s.Bitmap("large").SetBit(1<<20, true)
	require.NoError(t, err)
	i := int64(0)
	for name, op := range map[string]func(){
		"SETBIT":          func() { i++; _, _ = s.Bitmap("short").SetBit(i%800, i%3 == 0) },
		"SETBIT large":    func() { i++; _, _ = s.Bitmap("large").SetBit(1<<20-i%30000, i%3 == 0) },
		"GETBIT":          func() { _, _ = s.Bitmap("short").GetBit(99) },
		"GETBIT large":    func() { _, _ = s.Bitmap("large").GetBit(1 << 20) },
		"BITCOUNT":        func() { _, _ = s.Bitmap("short").Count(ByBit(1, -2)) },
		"BITCOUNT text":   func() { _, _ = s.Bitmap("text").Count() },
		"BITPOS of a few": func() { _, _ = s.Bitmap("large").Pos(true, ByByte(5, 20)) },
	} {
		runs := 10_000
		if name == "BITCOUNT text" {
			runs = 10
		}
		require.Zero(t, testing.AllocsPerRun(runs, op), name)
	}
}

// TestBitmapUnderWriters: whoever counts a large bitmap in which pairs of bits are set
// together, at both ends, sees both or none.
func TestBitmapUnderWriters(t *testing.T) {
	s := newTest(t)
	const size = 1 << 20
	_, err := s.Bitmap("k").SetBit(size*8-1, false)
	require.NoError(t, err)
	together(t, 2, 2, func(_, _ int) error {
		n, err := s.Bitmap("k").Count()
		if err == nil && n%2 != 0 {
			err = fmt.Errorf("%d bits are set", n)
		}
		return err
	}, func(id, round int) error {
		i := int64(round*2 + id)
		_, err := s.Bitmap("k").Field(Unsigned(1).At(i*31).Set(1), Unsigned(1).At(size*8-1-i*31).Set(1))
		return err
	}, rounds(2000))
}

// A field operation of any kind does what it does to numbers of any size.
func FuzzFieldOp(f *testing.F) {
	f.Add([]byte("abc"), uint8(8), uint8(3), int64(-1), uint8(1))
	f.Add([]byte{}, uint8(64), uint8(0), int64(math.MinInt64), uint8(0))
	f.Add([]byte{0xff, 0xff}, uint8(63), uint8(9), int64(math.MaxInt64), uint8(11))
	f.Fuzz(func(t *testing.T, data []byte, wide, at uint8, number int64, what uint8) {
		s := New()
		defer s.Close()
		m := bitModel{}
		require.NoError(t, s.String("k").SetBytes(data))
		for i := range int64(len(data)) * 8 {
			m["k"] = append(m["k"], data[i/8]<<(i%8)&0x80 != 0)
		}
		typ := Signed(int(wide))
		if what&1 != 0 {
			typ = Unsigned(int(wide))
		}
		place := typ.At(int64(at))
		if what&2 != 0 {
			place = typ.Nth(int64(at))
		}
		o := []FieldOp{place.Get(), place.Set(number), place.IncrBy(number)}[what>>2%3].Overflow(Overflow(what >> 4 % 4))
		got, err := s.Bitmap("k").Field(o, o)
		if !typ.valid() {
			require.ErrorIs(t, err, ErrBitWidth)
			return
		}
		if o.overflow > OverflowFail {
			require.ErrorIs(t, err, ErrInvalidOption)
			return
		}
		require.NoError(t, err)
		if o.action != getField {
			m.grow("k", o.field.end())
		}
		require.Equal(t, []FieldResult{m.field("k", o), m.field("k", o)}, got)
		text, err := s.String("k").Get()
		require.NoError(t, err)
		require.Equal(t, m.text("k"), text)
	})
}

// A bitmap with a deadline keeps it, but for BITOP, which makes it anew.
func TestBitmapDeadline(t *testing.T) {
	s := newTest(t, WithClock(NewManualClock(time.Unix(1, 0))))
	b := s.Bitmap("k")
	require.NoError(t, s.String("k").SetEX("a", time.Hour))
	_, err := b.SetBit(3, true)
	require.NoError(t, err)
	_, err = b.Field(Unsigned(8).At(20000).Set(1))
	require.NoError(t, err)
	ttl, err := s.TTL("k")
	require.NoError(t, err)
	require.Equal(t, time.Hour, ttl)
	_, err = b.Op(BitNot, "k")
	require.NoError(t, err)
	ttl, err = s.TTL("k")
	require.NoError(t, err)
	require.Equal(t, NoTTL, ttl)
}

// A text has the fingerprint of the same bytes in pages and holes.
func TestBitmapFingerprint(t *testing.T) {
	s := newTest(t)
	b := s.Bitmap("k")
	for _, i := range []int64{3, 40_000, 100_000, 300_000} {
		_, err := b.SetBit(i, true)
		require.NoError(t, err)
		text, err := s.String("k").Get()
		require.NoError(t, err)
		pages, err := s.DB(0).Fingerprint("k")
		require.NoError(t, err)
		require.NoError(t, s.String("k").Set(text))
		whole, err := s.DB(0).Fingerprint("k")
		require.NoError(t, err)
		require.Equal(t, whole, pages)
	}
}
