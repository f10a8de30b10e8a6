package bench

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

const expiryRate = 100_000 // keys a second

// spread returns the time over which keys expire.
func spread(b *testing.B) time.Duration {
	text := os.Getenv("ALCOVE_BENCH_SPREAD")
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		b.Fatalf("ALCOVE_BENCH_SPREAD is %q", text)
	}
	return d
}

// setUntil stores keys whose deadlines lie evenly between from and to.
func setUntil(b *testing.B, s *store.Store, n int, from, to time.Time) {
	step := to.Sub(from) / time.Duration(n)
	for i := range n {
		key := keyAt(i)
		at := from.Add(step * time.Duration(i))
		_, err := s.String(key).SetWith(key+key, store.SetOptions{Expiry: store.ExpireAt(at)})
		must(err)
	}
	if left := time.Until(from); left < 0 {
		b.Fatalf("storing the keys took %v too long", -left)
	}
}

// BenchmarkExpireLateness reports how much later than its deadline a key is
// removed. Nobody reads it: the expirer alone counts. From outside, only the
// number of keys removed can be seen, once a millisecond, so the n-th removal is
// taken for the n-th deadline's, and figures have a resolution of 1 ms.
// Deadlines are rounded up to 1 ms, too.
func BenchmarkExpireLateness(b *testing.B) {
	long := spread(b)
	n := int(long.Seconds() * expiryRate)
	for range b.N {
		forget()
		s := store.New()
		from := time.Now().Add(500*time.Millisecond + long/5)
		step := long / time.Duration(n)
		setUntil(b, s, n, from, from.Add(long))
		var h histogram
		for seen := 0; seen < n; {
			time.Sleep(time.Millisecond)
			expired := int(s.Stats().Expired)
			now := time.Now()
			for ; seen < expired; seen++ {
				h.add(now.Sub(from.Add(step * time.Duration(seen))))
			}
		}
		h.report(b, "late-")
		must(s.Close())
	}
}

// BenchmarkExpireBusy reports how long a Set takes, from another goroutine, in a
// store where a million keys expire in the same second, and in the second before
// that. The difference is the expirer's, its locks' and its core's.
func BenchmarkExpireBusy(b *testing.B) {
	n := keys(million)
	for range b.N {
		forget()
		s := store.New()
		from := time.Now().Add(time.Duration(n) * 4 * time.Microsecond).Truncate(time.Second).Add(2 * time.Second)
		setUntil(b, s, n, from, from.Add(time.Second))
		time.Sleep(time.Until(from.Add(-time.Second)))

		var before, during histogram
		probe(s, &before, func() bool { return time.Now().Before(from) })
		probe(s, &during, func() bool { return s.Stats().Expired < uint64(n) })
		before.report(b, "before-")
		during.report(b, "busy-")
		b.ReportMetric(float64(time.Since(from).Milliseconds()), "done-ms")
		b.ReportMetric(float64(during.n), "probes")
		must(s.Close())
	}
}

// probe times single writes, one every few microseconds, while more says so.
func probe(s *store.Store, h *histogram, more func() bool) {
	const probes = 1000
	keys := make([]string, probes)
	for i := range keys {
		keys[i] = "probe:" + keyAt(i)
	}
	for more() {
		for range probes {
			key := keys[rand.IntN(probes)]
			start := time.Now()
			must(s.String(key).Set("1"))
			h.add(time.Since(start))
		}
	}
}
