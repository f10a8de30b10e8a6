package structures

import (
	"bytes"
	"math"
	"slices"
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
			for i := first; i < first+n; i++ {
				m[i] = max(m[i], value)
			}
		})
	case DenseHLL:
		flat := h.flatDense()
		for i, at := 0, hllHeader; i < len(m); i, at = i+4, at+3 {
			four := hllFour(flat[at : at+3])
			to := m[i : i+4 : i+4]
			to[0] = max(to[0], uint8(four&63))
			to[1] = max(to[1], uint8(four>>6&63))
			to[2] = max(to[2], uint8(four>>12&63))
			to[3] = max(to[3], uint8(four>>18))
		}
		return true
	}
	return false
}

// flatDense returns the bytes of a dense HyperLogLog.
func (h HLL) flatDense() (flat [HLLDenseLen]byte) {
	if h.b == nil {
		copy(flat[:], h.text)
	} else {
		h.b.ReadAt(flat[:], 0)
	}
	return flat
}

// hllFour returns four registers that lie in three bytes.
func hllFour(b []byte) uint {
	_ = b[2]
	return uint(b[0]) | uint(b[1])<<8 | uint(b[2])<<16
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
	switch h.Form() {
	case SparseHLL:
		var histogram hllHistogram
		histogram[0] = hllRegisters
		ok = hllRuns(h.flat(), func(_, n int, value uint8) {
			histogram[0] -= n
			histogram[value] += n
		})
		return histogram.estimate(), ok
	case DenseHLL:
		var parts [4]hllHistogram // so that no count waits for the one before
		flat := h.flatDense()
		for at := hllHeader; at < len(flat); at += 3 {
			four := hllFour(flat[at : at+3])
			parts[0][four&63]++
			parts[1][four>>6&63]++
			parts[2][four>>12&63]++
			parts[3][four>>18&63]++
		}
		return sumHistograms(&parts).estimate(), true
	}
	return 0, false
}

// Estimate returns how many different elements the registers have seen.
// The complexity is O(1).
func (m *HLLRegisters) Estimate() uint64 {
	var parts [4]hllHistogram
	for i := 0; i < len(m); i += 4 {
		four := m[i : i+4 : i+4]
		parts[0][four[0]&63]++
		parts[1][four[1]&63]++
		parts[2][four[2]&63]++
		parts[3][four[3]&63]++
	}
	return sumHistograms(&parts).estimate()
}

func sumHistograms(parts *[4]hllHistogram) (sum hllHistogram) {
	for i := range parts {
		for value, n := range parts[i] {
			sum[value] += n
		}
	}
	return sum
}

// estimate is Otmar Ertl's estimator ("New cardinality estimation algorithms for
// HyperLogLog sketches", arXiv:1702.01284, algorithm 6) as Redis 7.0 has it. A product
// that is added to something is converted first, so that no processor rounds the two at
// once: the result is the same to the bit.
func (h hllHistogram) estimate() uint64 {
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

// MergeDense makes m, into which it was merged, the registers of a dense HyperLogLog, and
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

// MergeSparse appends what a sparse HyperLogLog, which must be valid and was merged into m,
// becomes with the registers m to buf. Where that has become dense, it returns it as the buffer instead.
// The complexity is O(1).
func (h HLL) MergeSparse(buf []byte, m *HLLRegisters) (value []byte, dense *Bytes) {
	s := sparseHLL{v: append(slices.Grow(buf, hllSparseMax), h.flat()...)}
	s.rewind()
	for i, n := range m {
		if n == 0 {
			continue
		}
		if _, ok := s.set(i, n); !ok {
			dense = s.dense()
			MergeDense(dense, m)
			return nil, dense
		}
	}
	s.v[hllStale] |= hllStaleBit
	return s.v, nil
}
