package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
)

// benchHash returns a hash of n fields, and the fields in an order of their own.
func benchHash(b *testing.B, n int) (Hash, []string) {
	h := newTest(b).Hash("hash")
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf("field:%010d", i)
		if _, err := h.Set(fields[i], fields[i]); err != nil {
			b.Fatal(err)
		}
	}
	rand.Shuffle(n, func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return h, fields
}

func BenchmarkHashGet(b *testing.B) {
	for _, n := range []int{10, 1_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h, fields := benchHash(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := h.Get(fields[i%n]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(strconv.Itoa(n)+"/map", func(b *testing.B) { // the bare built-in
			_, fields := benchHash(b, n)
			m := map[string]string{}
			for _, f := range slices.Sorted(slices.Values(fields)) { // as the hash was made
				m[string([]byte(f))] = string([]byte(f))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := m[fields[i%n]]; !ok {
					b.Fatal("missing")
				}
			}
		})
	}
}

func BenchmarkHashSet(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			h, fields := benchHash(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := h.Set(fields[i%n], "another value"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHashIncrBy(b *testing.B) {
	h := newTest(b).Hash("hash")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.IncrBy("n", 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHashIncrByFloat(b *testing.B) {
	h := newTest(b).Hash("hash")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.IncrByFloat("n", 0.5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHashGetAll(b *testing.B) {
	h, _ := benchHash(b, 10)
	b.ReportAllocs()
	for b.Loop() {
		if all, err := h.GetAll(); err != nil || len(all) != 10 {
			b.Fatal(err)
		}
	}
}

// BenchmarkHashMemory reports what a hash of 10 small fields takes, with its data: made
// by one HSET, and by one for each field.
func BenchmarkHashMemory(b *testing.B) {
	const hashes = 100_000
	live := func() int {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	for _, step := range []int{10, 1} {
		b.Run(fmt.Sprintf("%d a command", step), func(b *testing.B) {
			for b.Loop() {
				before := live()
				s := New()
				for i := range hashes {
					h := s.Hash(fmt.Sprintf("hash:%08d", i))
					for f := 0; f < 10; f += step {
						pairs := make([]Pair, step)
						for j := range pairs {
							pairs[j] = Pair{Key: fmt.Sprintf("field%d", f+j), Value: fmt.Sprintf("value%02d", f+j)}
						}
						if err := h.MSet(pairs...); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(live()-before)/hashes, "B/hash")
				runtime.KeepAlive(s)
			}
		})
	}
}
