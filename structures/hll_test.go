package structures

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// seenHLL is a HyperLogLog as simple as can be.
type seenHLL map[int]uint8

func (m seenHLL) add(element string) {
	i, value := hllPlace(element)
	m[i] = max(m[i], value)
}

func (m seenHLL) requireSame(t testing.TB, h HLL) {
	t.Helper()
	require.True(t, h.Valid())
	var got, want HLLRegisters
	require.True(t, h.MergeInto(&got))
	for i, value := range m {
		want[i] = value
	}
	require.True(t, want == got, "the registers are those of the model")
	n, ok := h.Estimate()
	require.True(t, ok)
	require.Equal(t, want.Estimate(), n)
}

// TestHLLAgainstModel adds elements, one or a few at a time, until long after the value
// has become dense, and merges along the way.
func TestHLLAgainstModel(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		model, h := seenHLL{}, EmptyHLL()
		for step := 0; h.Form() == SparseHLL; step++ {
			var elements []string
			for range 1 + rng.IntN(20) {
				elements = append(elements, strconv.Itoa(rng.IntN(4000)))
			}
			value, dense, changed := h.AddSparse(nil, elements)
			before := len(model)
			for _, element := range elements {
				model.add(element)
			}
			require.True(t, changed || len(model) == before)
			if dense != nil {
				require.Nil(t, value)
				h = HLL{b: dense}
			} else {
				require.LessOrEqual(t, len(value), hllSparseMax)
				h = HLLText(string(value))
			}
			if step%20 == 0 || dense != nil {
				model.requireSame(t, h)
			}
		}
		frozen, was := h.b.Clone(), HLL{b: h.b}
		want := was.b.String()
		for range 300 {
			elements := []string{strconv.Itoa(rng.IntN(100_000)), strconv.Itoa(rng.IntN(100_000))}
			at := h.RaisesDense(elements)
			for _, element := range elements[:at] {
				i, value := hllPlace(element)
				require.LessOrEqual(t, value, model[i])
			}
			if at < len(elements) {
				i, value := hllPlace(elements[at])
				require.Greater(t, value, model[i])
			}
			AddDense(h.b, elements)
			model.add(elements[0])
			model.add(elements[1])
		}
		model.requireSame(t, h)
		model.requireSame(t, HLLText(h.b.String()))
		require.Equal(t, want, frozen.(*Bytes).String(), "a clone stays as it was")
	}
}

// TestHLLMergeInOrder wants a merge of many registers, which goes on from where it was, to
// leave what as many single changes leave, each from the start.
func TestHLLMergeInOrder(t *testing.T) {
	for seed := range uint64(alone(15)) {
		rng := rand.New(rand.NewPCG(seed, 2))
		h := HLLText(string(anySparse(rng)))
		var m HLLRegisters
		for range rng.IntN(300) {
			i := rng.IntN(hllRegisters)
			if rng.IntN(2) == 0 {
				i = rng.IntN(2000) // many neighbours
			}
			m[i] = uint8(rng.IntN(4))
			if rng.IntN(500) == 0 {
				m[i] = 40
			}
		}
		require.True(t, h.MergeInto(&m))
		got, dense := h.MergeSparse(nil, &m)
		s := sparseHLL{v: []byte(h.text)}
		fits := true
		for i, n := range m {
			if n > 0 && fits {
				s.rewind()
				_, fits = s.set(i, n)
			}
		}
		require.Equal(t, fits, dense == nil)
		if fits {
			s.v[hllStale] |= hllStaleBit
			require.Equal(t, s.v, got, "seed %d", seed)
			continue
		}
		var all HLLRegisters
		require.True(t, HLL{b: dense}.MergeInto(&all))
		require.True(t, m == all)
	}
}

// anySparse returns a valid sparse HyperLogLog of any runs.
func anySparse(rng *rand.Rand) []byte {
	v := []byte(EmptyHLL().text[:hllHeader])
	for left := hllRegisters; left > 0; {
		n, value := min(left, 1+rng.IntN(4)), uint8(rng.IntN(3))
		if len(v) > 2900 {
			n, value = left, 0
		}
		if value != 0 {
			v = append(v, hllVal(value, n))
		} else {
			v = hllFill(v, 0, n)
		}
		left -= n
	}
	return v
}

func TestHLLDenseRegisters(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	b := EmptyHLL().Dense()
	var want HLLRegisters
	for range 3 {
		for _, i := range rng.Perm(hllRegisters) {
			want[i] = uint8(rng.IntN(64))
			setDense(b, i, want[i])
		}
		for i := range want {
			if got := (HLL{b: b}).dense(i); got != want[i] {
				t.Fatalf("register %d is %d, not %d", i, got, want[i])
			}
		}
		var got HLLRegisters
		require.True(t, HLL{b: b}.MergeInto(&got))
		require.True(t, want == got)
		require.Equal(t, b.String(), HLLText(b.String()).NewDense(&want).String())
		require.Equal(t, HLLDenseLen, b.Len())
	}
}

// Estimates at the ends: nothing, and registers that no elements leave.
func TestHLLEstimateEnds(t *testing.T) {
	n, ok := EmptyHLL().Estimate()
	require.True(t, ok)
	require.Zero(t, n)
	for value := range 64 {
		var m HLLRegisters
		for i := range m {
			m[i] = uint8(value)
		}
		n := m.Estimate()
		require.Less(t, n, uint64(1)<<63)
		require.Equal(t, value == 0, n == 0)
	}
}

// FuzzHLL reads any bytes as a HyperLogLog, in text and in a buffer, and changes those that
// are valid.
func FuzzHLL(f *testing.F) {
	empty := EmptyHLL().text
	for _, seed := range []string{
		"", "HYLL", empty, empty[:17], empty + "\x00", empty[:16], empty[:16] + "\x3f\x7f\xbf", empty[:16] + "\x7f\xfe\x80",
		empty[:16] + "\x80\x80\x80\x80\x80\x7f\xfa", empty[:4] + "\x00" + empty[5:], empty[:4] + "\x02" + empty[5:],
		EmptyHLL().Dense().String(), strings.Repeat("\x40\x00", hllRegisters),
		empty[:16] + strings.Repeat("\x40\x00", hllRegisters), empty[:16] + strings.Repeat("\xff", hllRegisters/4),
		empty[:16] + strings.Repeat("\x84\x88", hllRegisters/2), empty[:16] + strings.Repeat("\x40\x00", hllRegisters+1),
	} {
		f.Add(seed, "element")
	}
	f.Fuzz(func(t *testing.T, text, element string) {
		b := NewBytes("")
		b.Append(text)
		h, in := HLLText(text), HLL{b: b}
		require.Equal(t, h.Form(), in.Form())
		require.Equal(t, h.Valid(), in.Valid())
		var m, same HLLRegisters
		n, ok := h.Estimate()
		require.Equal(t, h.Valid(), ok)
		require.Equal(t, h.Valid(), h.MergeInto(&m))
		require.Equal(t, h.Valid(), in.MergeInto(&same))
		if !h.Valid() {
			return
		}
		require.True(t, m == same)
		require.Equal(t, n, m.Estimate())
		i, value := hllPlace(element)
		old := m[i]
		m[i] = max(old, value)
		var after HLL
		if h.Form() == DenseHLL {
			require.Equal(t, value <= old, h.RaisesDense([]string{element}) == 1)
			AddDense(b, []string{element})
			after = in
		} else {
			v, dense, changed := h.AddSparse(nil, []string{element})
			require.Equal(t, value > old, changed)
			after = HLL{text: string(v), b: dense}
		}
		require.True(t, after.Valid())
		var got HLLRegisters
		require.True(t, after.MergeInto(&got))
		require.True(t, m == got)
		require.LessOrEqual(t, n, m.Estimate())
	})
}
