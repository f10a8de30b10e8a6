package structures

import (
	"bytes"
	"math"
)

// HLLRegisters are the registers of a HyperLogLog, each in a byte. Those of a union are
// the greater ones of its parts.
type HLLRegisters [hllRegisters]uint8

// hllHistogram says how many registers have each value.
type hllHistogram [64]int

// MergeInto makes each of m the register of h where that is greater. It returns false,
// and may have changed some, if h is not valid. The complexity is O(1): there are 16384.
func (h HLL) MergeInto(m *HLLRegisters) bool {
	switch h.Form() {
	case SparseHLL:
		return hllRuns(h.flat(), func(first, n int, value uint8) {
			if value == 0 {
				return
			}
			for i := first; i < first+n; i++ {
				m[i] = max(m[i], value)
			}
		})
	case DenseHLL:
		if h.b == nil {
			mergeDense(m, h.text)
			return true
		}
		var flat [HLLDenseLen]byte
		h.b.ReadAt(flat[:], 0)
		mergeDense(m, flat[:])
		return true
	}
	return false
}

// mergeDense is MergeInto of a dense HyperLogLog.
func mergeDense[T string | []byte](m *HLLRegisters, v T) {
	v = v[hllHeader:]
	for i, at := 0, 0; i+4 <= len(m) && at+3 <= len(v); i, at = i+4, at+3 {
		four := uint(v[at]) | uint(v[at+1])<<8 | uint(v[at+2])<<16
		to := m[i : i+4 : i+4]
		to[0] = max(to[0], uint8(four&63))
		to[1] = max(to[1], uint8(four>>6&63))
		to[2] = max(to[2], uint8(four>>12&63))
		to[3] = max(to[3], uint8(four>>18))
	}
}

// packDense writes m as the registers of a dense HyperLogLog.
func (m *HLLRegisters) packDense(to []byte) {
	for i, at := 0, 0; i+4 <= len(m) && at+3 <= len(to); i, at = i+4, at+3 {
		four := uint(m[i]) | uint(m[i+1])<<6 | uint(m[i+2])<<12 | uint(m[i+3])<<18
		to[at], to[at+1], to[at+2] = byte(four), byte(four>>8), byte(four>>16)
	}
}

// Estimate returns how many different elements h has seen, and false if it is not valid.
// The complexity is O(1): there are 16384 registers.
func (h HLL) Estimate() (n uint64, ok bool) {
	if h.Form() == SparseHLL {
		var histogram hllHistogram
		ok = hllRuns(h.flat(), func(_, n int, value uint8) { histogram[value] += n })
		return histogram.estimate(), ok
	}
	var m HLLRegisters
	ok = h.MergeInto(&m)
	return m.Estimate(), ok
}

// Estimate returns how many different elements the registers have seen.
// The complexity is O(1).
func (m *HLLRegisters) Estimate() uint64 {
	var four [4]hllHistogram // so that one count does not wait for the one before
	for i := 0; i < len(m); i += 4 {
		four[0][m[i]&63]++
		four[1][m[i+1]&63]++
		four[2][m[i+2]&63]++
		four[3][m[i+3]&63]++
	}
	for value := range four[0] {
		four[0][value] += four[1][value] + four[2][value] + four[3][value]
	}
	return four[0].estimate()
}

// estimate is Otmar Ertl's estimator ("New cardinality estimation algorithms for
// HyperLogLog sketches", arXiv:1702.01284, algorithm 6) as Redis 7.0 has it. A product
// that is added to something is converted first, so that no processor rounds the two at
// once: the result is the same to the bit.
func (h *hllHistogram) estimate() uint64 {
	const (
		m        = float64(hllRegisters)
		q        = 64 - hllBits // the largest register is q+1
		alphaInf = 0.721347520444481703680
	)
	z := m * hllTau((m-float64(h[q+1]))/m)
	for k := q; k >= 1; k-- {
		z += float64(h[k])
		z *= 0.5
	}
	z += float64(m * hllSigma(float64(h[0])/m))
	n := math.Round(alphaInf * m * m / z)
	if n >= math.MaxInt64 { // by registers that no 2^63 elements would leave
		return math.MaxInt64
	}
	return uint64(n)
}

// hllSigma and hllTau are Ertl's.
func hllSigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := -1.0; before != z; {
		x *= x
		before = z
		z += float64(x * y)
		y += y
	}
	return z
}

func hllTau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := -1.0; before != z; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
	}
	return z / 3
}

// NewDense returns a dense HyperLogLog with the registers m. The rest of its header is
// that of h. The complexity is O(1).
func (h HLL) NewDense(m *HLLRegisters) *Bytes {
	var flat [HLLDenseLen]byte
	for i := range hllHeader {
		flat[i] = h.at(i)
	}
	flat[hllEncoding] = hllDense
	m.packDense(flat[hllHeader:])
	b := NewBytes("")
	for off := 0; off < len(flat); off += bytesPageLen {
		copy(b.own(off)[:], flat[off:])
	}
	b.n = len(flat)
	return b
}

// Dense returns a copy of h, which is valid, that is dense and can be changed in place.
// The complexity is O(1).
func (h HLL) Dense() *Bytes {
	var m HLLRegisters
	h.MergeInto(&m)
	return h.NewDense(&m)
}

// dense is Dense of the value as it is now.
func (s *sparseHLL) dense() *Bytes { return HLL{text: string(s.v)}.Dense() }

// MergeDense makes m the registers of a dense HyperLogLog, none of which becomes less, and
// its cardinality stale. A page that stays as it is remains shared with clones.
// The complexity is O(1).
func MergeDense(b *Bytes, m *HLLRegisters) {
	var flat [HLLDenseLen]byte
	b.ReadAt(flat[:hllHeader], 0)
	flat[hllStale] |= hllStaleBit
	m.packDense(flat[hllHeader:])
	for off := 0; off < len(flat); off += bytesPageLen {
		part := flat[off:min(off+bytesPageLen, len(flat))]
		if p := b.page(off); p == nil || !bytes.Equal(p[:len(part)], part) {
			copy(b.own(off)[:], part)
		}
	}
}

// MergeSparse appends what a sparse HyperLogLog, which must be valid, becomes with the
// registers m to buf. Where that has become dense, it returns it as the buffer instead.
// The complexity is O(1).
func (h HLL) MergeSparse(buf []byte, m *HLLRegisters) (value []byte, dense *Bytes) {
	s := sparseHLL{v: append(buf, h.flat()...)}
	s.rewind()
	for i, n := range m {
		if n != 0 && !s.set(i, n) {
			dense = s.dense()
			MergeDense(dense, m)
			return nil, dense
		}
	}
	s.v[hllStale] |= hllStaleBit
	return s.v, nil
}
