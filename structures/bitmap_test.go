package structures

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bitLengths are around the borders of words, of what lies in a record, and of pages.
var bitLengths = []int{
	0, 1, 2, 7, 8, 9, 31, 32, 33, 41, MaxInline - 1, MaxInline, MaxInline + 1,
	bytesPageLen - 1, bytesPageLen, bytesPageLen + 1, 3*bytesPageLen + 5,
}

// bitData makes n bytes: random ones, zeros, ones, or mostly either.
func bitData(r *rand.Rand, n int) []byte {
	kind := r.IntN(5)
	b := []byte(randomText(r, n))
	for i := range b {
		switch {
		case kind == 1, kind == 3 && i%900 != 7:
			b[i] = 0
		case kind == 2, kind == 4 && i%900 != 7:
			b[i] = 0xff
		}
	}
	return b
}

// bitForms are the same bytes in every form.
func bitForms(r *rand.Rand, data []byte) map[string]Bits {
	pages := NewBytes("")
	for i := 0; i < len(data); i += bytesPageLen {
		page := string(data[i:min(i+bytesPageLen, len(data))])
		if strings.Trim(page, "\x00") != "" { // the others are holes
			pages.WriteAt(i, page)
		}
	}
	pages.Grow(len(data))
	mixed := NewBytes(string(data[:len(data)-len(data)/3]))
	for i := range data {
		if mixed.Len() <= i || r.IntN(2000) == 0 {
			mixed.Put(i, data[i])
		}
	}
	return map[string]Bits{
		"text":   {text: string(data)},
		"buffer": BitsIn(data[:len(data):len(data)]),
		"base":   NewBytes(string(data)).Bits(),
		"pages":  pages.Bits(),
		"mixed":  mixed.Bits(),
		"clone":  mixed.Clone().(*Bytes).Bits(),
	}
}

func bitsOf(data []byte) (list []bool) {
	for _, c := range data {
		for i := range 8 {
			list = append(list, c>>(7-i)&1 == 1)
		}
	}
	return list
}

func bytesOf(v Bits) (b []byte) {
	for i := range v.Len() {
		b = append(b, v.at(i))
	}
	return b
}

// A part of a bitmap, empty now and then.
func bitPart(r *rand.Rand, n int) (from, to int64) {
	from, to = r.Int64N(int64(n)+1), r.Int64N(int64(n)+1)
	if r.IntN(3) == 0 {
		from, to = from&^7, to&^7
	}
	if from > to && r.IntN(10) > 0 {
		from, to = to, from
	}
	return from, to
}

func TestBitsEqualModel(t *testing.T) {
	r := rng(t)
	for _, n := range bitLengths {
		for range 3 {
			data := bitData(r, n)
			model := bitsOf(data)
			for name, v := range bitForms(r, data) {
				require.Equal(t, n, v.Len(), name)
				for range 50 {
					from, to := bitPart(r, len(model))
					checkBits(t, name, v, model, from, to)
				}
				checkBits(t, name, v, model, 0, int64(len(model)))
			}
		}
	}
}

func checkBits(t *testing.T, name string, v Bits, model []bool, from, to int64) {
	t.Helper()
	count, first := int64(0), [2]int64{-1, -1}
	for i := from; i < to; i++ {
		at := 0
		if model[i] {
			count, at = count+1, 1
		}
		if first[at] < 0 {
			first[at] = i
		}
	}
	if got := v.Count(from, to); got != count {
		t.Fatalf("%s: %d bits in [%d, %d), not %d", name, got, from, to, count)
	}
	for at, bit := range []bool{false, true} {
		if got := v.Pos(bit, from, to); got != first[at] {
			t.Fatalf("%s: the first %v in [%d, %d) is %d, not %d", name, bit, from, to, got, first[at])
		}
	}
	if i := from; i < int64(len(model)) && v.Get(i) != model[i] {
		t.Fatalf("%s: bit %d is not %v", name, i, model[i])
	}
	want := uint64(0)
	width := int(to-from)%64 + 1
	if width < 1 {
		width = 64
	}
	for i := from; i < from+int64(width); i++ {
		want <<= 1
		if i < int64(len(model)) && model[i] {
			want |= 1
		}
	}
	if got := v.Field(from, width); got != want {
		t.Fatalf("%s: the field of %d bits at %d is %x, not %x", name, width, from, got, want)
	}
}

func TestBitsAreSet(t *testing.T) {
	r := rng(t)
	for _, n := range bitLengths[1:] {
		data := bitData(r, n)
		forms := bitForms(r, data)
		delete(forms, "text") // which never changes
		for name, v := range forms {
			model := bitsOf(bytesOf(v))
			for range 200 {
				i, bit := r.Int64N(int64(len(model))), r.IntN(2) == 0
				v.Set(i, bit)
				model[i] = bit
				width := min(1+r.IntN(64), len(model))
				from, number := r.Int64N(int64(len(model)-width)+1), r.Uint64()
				v.SetField(from, width, number)
				for j := range width {
					model[from+int64(j)] = number>>(width-1-j)&1 == 1
				}
				if got := v.Field(from, width); got != number&(1<<width-1) {
					t.Fatalf("%s: the field of %d bits at %d is %x, not %x", name, width, from, got, number)
				}
			}
			require.True(t, slices.Equal(model, bitsOf(bytesOf(v))), name)
		}
	}
}

func TestCombineBits(t *testing.T) {
	r := rng(t)
	for round := range max(alone(60), 10) {
		var all []Bits
		var models [][]bool
		size := 0
		for range 1 + r.IntN(4) {
			n := bitLengths[r.IntN(len(bitLengths))]
			data := bitData(r, n)
			for _, v := range bitForms(r, data) { // any of them
				all = append(all, v)
				break
			}
			models, size = append(models, bitsOf(data)), max(size, n)
		}
		for op := BitAnd; op <= BitOne; op++ {
			use := len(all)
			if op == BitNot {
				use, size = 1, all[0].Len()
			}
			buf, large := CombineBits(op, all[:use])
			if op == BitNot {
				require.Equal(t, size, max(len(buf), lenOf(large)))
				for _, v := range all {
					size = max(size, v.Len())
				}
			}
			v := BitsIn(buf)
			if large != nil {
				require.Greater(t, large.Len(), bytesPageLen)
				v = large.Bits()
			}
			want := combineNaively(op, models[:use])
			require.True(t, slices.Equal(want, bitsOf(bytesOf(v))), "round %d, operation %d of %d", round, op, use)
			if large != nil {
				requireSparse(t, large)
			}
		}
	}
}

func lenOf(b *Bytes) int {
	if b == nil {
		return 0
	}
	return b.Len()
}

// requireSparse wants pages of zeros to be holes, and the accounts to be right.
func requireSparse(t *testing.T, b *Bytes) {
	t.Helper()
	held := 0
	for i := 0; i < b.Len(); i += bytesPageLen {
		if p := b.page(i); p != nil {
			held++
			require.NotEqual(t, zeroPage, *p, "the page at %d is a hole", i)
		}
	}
	require.Equal(t, held*bytesPageLen, b.Allocated())
}

func combineNaively(op BitOp, models [][]bool) (result []bool) {
	size := 0
	for _, m := range models {
		size = max(size, len(m))
	}
	for i := range size {
		n, x := 0, false
		for j, m := range models {
			if i < len(m) && m[i] {
				n++
				x = x || j == 0
			}
		}
		others := n
		if x {
			others--
		}
		bit := false
		switch op {
		case BitAnd:
			bit = n == len(models)
		case BitOr:
			bit = n > 0
		case BitXor:
			bit = n%2 == 1
		case BitNot:
			bit = !x
		case BitDiff:
			bit = x && others == 0
		case BitDiff1:
			bit = !x && others > 0
		case BitAndOr:
			bit = x && others > 0
		case BitOne:
			bit = n == 1
		}
		result = append(result, bit)
	}
	return result
}

// Nothing is copied to be counted or searched, in whatever form.
func TestBitsAllocations(t *testing.T) {
	data := []byte(strings.Repeat("\x00", 1<<20))
	for name, v := range bitForms(rng(t), data) {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if v.Count(3, 8<<20-3) != 0 || v.Pos(true, 3, 8<<20-3) != -1 {
				t.Fatal("a bit in what has none")
			}
		}), name)
	}
	text := Bits{text: string(data)}
	buf := make([]byte, bytesPageLen)
	require.Zero(t, testing.AllocsPerRun(10, func() { merge(buf, 0, []Bits{text, text}, andBits) }))
}

// A bitmap of 64 MB that is nearly all hole costs what was written, in all that is done
// with it, and a clone of it one page a write.
func TestBitsSparse(t *testing.T) {
	size := alone(64) << 20
	b := NewBytes("")
	b.Grow(size)
	require.Zero(t, b.Allocated())
	v := b.Bits()
	last := int64(size)*8 - 1
	v.Set(last, true)
	v.Set(12345, true)
	require.Equal(t, 2*bytesPageLen, b.Allocated())
	require.Equal(t, int64(2), v.Count(0, last+1))
	require.Equal(t, int64(12345), v.Pos(true, 0, last+1))
	require.Equal(t, last, v.Pos(true, 12346, last+1))
	require.Equal(t, int64(-1), v.Pos(true, 12346, last))

	c := b.Clone().(*Bytes)
	c.Bits().Set(12346, true)
	require.Equal(t, int64(3), c.Bits().Count(0, last+1))
	require.Equal(t, int64(2), v.Count(0, last+1))
	require.Same(t, b.page(size-1), c.page(size-1))
	require.NotSame(t, b.page(12345/8), c.page(12345/8))

	for op, pages := range map[BitOp]int{BitAnd: 2, BitOr: 2, BitXor: 1, BitOne: 1, BitDiff: 0, BitDiff1: 1, BitAndOr: 2} {
		_, large := CombineBits(op, []Bits{v, c.Bits()})
		require.Equal(t, size, large.Len())
		require.Equal(t, pages*bytesPageLen, large.Allocated(), "operation %d", op)
	}
}

func FuzzBitField(f *testing.F) {
	f.Add([]byte("some bits"), uint16(3), uint8(13), uint64(1<<63|5))
	f.Add([]byte{}, uint16(0), uint8(63), uint64(1))
	f.Add([]byte{0xff}, uint16(7), uint8(0), uint64(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, wide uint8, number uint64) {
		offset, width := int64(at), int(wide%64)+1
		b := NewBytes(string(data))
		b.Grow(int(offset+int64(width)+7) / 8)
		model := bitsOf(bytesOf(b.Bits()))
		b.Bits().SetField(offset, width, number)
		for j := range width {
			model[int(offset)+j] = number>>(width-1-j)&1 == 1
		}
		require.Equal(t, model, bitsOf(bytesOf(b.Bits())))
		require.Equal(t, number<<(64-width)>>(64-width), b.Bits().Field(offset, width))
		checkBits(t, "fuzz", b.Bits(), model, offset, int64(len(model)))
	})
}
