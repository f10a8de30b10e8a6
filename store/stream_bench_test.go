package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkStreamAdd(b *testing.B) {
	b.ReportAllocs()
	s := New()
	defer s.Close()
	x := s.Stream("x")
	for b.Loop() {
		if _, err := x.Add("temperature", "21.5", Pair{"humidity", "40"}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchStream(b *testing.B, n int) Stream {
	b.Helper()
	s := New()
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	x := s.Stream("x")
	for i := range n {
		_, err := x.AddWith(XAddOptions{ID: ExactID(StreamID{uint64(i + 1), 0})}, Pair{"temperature", "21.5"}, Pair{"humidity", "40"})
		require.NoError(b, err)
	}
	return x
}

func BenchmarkStreamRange(b *testing.B) {
	x := benchStream(b, 100_000)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i = (i + 7919) % 99_000 {
		entries, err := x.Range(ByID(StreamID{i, 0}, MaxStreamID).Count(100))
		if err != nil || len(entries) != 100 {
			b.Fatal(len(entries), err)
		}
	}
}

func BenchmarkStreamReadGroup(b *testing.B) {
	const n = 100_000
	x := benchStream(b, n)
	g := x.Group("g")
	require.NoError(b, g.Create(AfterID(MinStreamID)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := g.Read("alice", GroupReadOptions{Count: 10})
		if err != nil {
			b.Fatal(err)
		}
		if len(got) == 0 {
			require.NoError(b, g.SetID(AfterID(MinStreamID)))
		}
		for _, d := range got {
			if _, err := g.Ack(d.ID); err != nil {
				b.Fatal(err)
			}
		}
	}
}
