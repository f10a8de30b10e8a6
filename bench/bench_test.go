package bench

import (
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/bench/redisserver"
	"github.com/alcovedb/alcove/bench/workload"
	"github.com/alcovedb/alcove/store"
)

func BenchmarkStrings(b *testing.B)    { group(b, "strings") }
func BenchmarkStrings256(b *testing.B) { group(b, "strings256") }
func BenchmarkStrings4k(b *testing.B)  { group(b, "strings4k") }
func BenchmarkTTL(b *testing.B)        { group(b, "ttl") }
func BenchmarkCounters(b *testing.B)   { group(b, "counters") }
func BenchmarkHashes(b *testing.B)     { group(b, "hashes") }
func BenchmarkLists(b *testing.B)      { group(b, "lists") }
func BenchmarkSets(b *testing.B)       { group(b, "sets") }
func BenchmarkZSets(b *testing.B)      { group(b, "zsets") }
func BenchmarkStreams(b *testing.B)    { group(b, "streams") }
func BenchmarkJobs(b *testing.B)       { group(b, "jobs") }

// group runs a group of workloads, with Redis where there is one.
func group(b *testing.B, name string) {
	socket := ""
	server, err := redisserver.Start("")
	if !errors.Is(err, redisserver.ErrNotInstalled) {
		require.NoError(b, err)
		defer server.Stop()
		socket = server.Socket()
	}
	for _, g := range workload.Groups {
		if g.Name == name {
			g.Benchmark(b, socket)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, store.New().Close())
	}
}

// BenchmarkScan goes through a store with SCAN; the figures are for a key.
func BenchmarkScan(b *testing.B) {
	const n = 100_000
	s := store.New()
	defer s.Close()
	for i := range n {
		require.NoError(b, s.String(strconv.Itoa(i)).Set("1"))
	}
	for b.Loop() {
		seen, cursor := 0, uint64(0)
		for {
			some, next, err := s.Scan(cursor, store.ScanOptions{Count: 100})
			require.NoError(b, err)
			seen += len(some)
			if cursor = next; cursor == 0 {
				break
			}
		}
		require.Equal(b, n, seen)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/key")
}
