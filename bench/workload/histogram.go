package workload

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets 1/16 apart, so that it takes no memory that a
// collection would see, and no time to speak of.
type histogram struct {
	counts  [64 * 16]int
	n       int
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.n++
	h.longest = max(h.longest, d)
}

// bucket returns the number of the bucket of d: the place of its highest bit and the
// four bits after it.
func bucket(d time.Duration) int {
	v := uint64(max(d, 1)) << 4
	exp := bits.Len64(v) - 5
	return exp<<4 | int(v>>exp&15)
}

// quantile returns the upper bound of the bucket that holds the q quantile.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(float64(h.n) * (1 - q))
	for i := len(h.counts) - 1; i >= 0; i-- {
		if left -= h.counts[i]; left < 0 {
			return min(time.Duration((uint64(i&15)+17)<<(i>>4)>>4), h.longest)
		}
	}
	return 0
}

// values returns the quantiles qs and the longest duration, in nanoseconds; a unit is
// "p99-ns" behind prefix.
func (h *histogram) values(prefix string, qs ...string) []Value {
	quantiles := map[string]float64{"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "p99.99": 0.9999}
	var list []Value
	for _, q := range qs {
		list = append(list, Value{float64(h.quantile(quantiles[q])), prefix + q + "-ns"})
	}
	return append(list, Value{float64(h.longest), prefix + "max-ns"})
}
