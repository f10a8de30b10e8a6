package store_test

import (
	"fmt"
	"math"

	"github.com/alcovedb/alcove/store"
)

// A leaderboard.
func ExampleZSet() {
	s := store.New()
	defer s.Close()

	board := s.ZSet("board")
	board.Add(store.Scored{Member: "Alice", Score: 100}, store.Scored{Member: "Bob", Score: 90}, store.Scored{Member: "Charlie", Score: 80})
	score, _ := board.IncrBy(3, "Bob")
	rank, _ := board.RevRank("Bob")
	fmt.Println(score, rank)

	top, _ := board.RangeWithScores(store.ByRank(0, 1).Rev())
	fmt.Println(top)
	// Output:
	// 93 1
	// [{Alice 100} {Bob 93}]
}

// Every way to select members is a ZRange.
func ExampleZSet_Range() {
	s := store.New()
	defer s.Close()

	jobs := s.ZSet("jobs")
	jobs.Add(store.Scored{Member: "a", Score: 1}, store.Scored{Member: "b", Score: 2}, store.Scored{Member: "c", Score: 3})
	due, _ := jobs.Range(store.ByScore(math.Inf(-1), 2))
	late, _ := jobs.Range(store.ByScore(1, math.Inf(1)).ExclMin().Rev().Limit(0, 1))
	n, _ := jobs.RemRange(store.ByRank(0, 1))
	fmt.Println(due, late, n)

	s.ZSet("words").Add(store.Scored{Member: "ant"}, store.Scored{Member: "bee"}, store.Scored{Member: "cat"})
	words, _ := s.ZSet("words").Range(store.ByLex("b", store.LexMax))
	fmt.Println(words)
	// Output:
	// [a b] [c] 2
	// [bee cat]
}

// Sums of scores, the second sorted set counting twice.
func ExampleZSet_UnionWith() {
	s := store.New()
	defer s.Close()

	s.ZSet("monday").Add(store.Scored{Member: "x", Score: 1}, store.Scored{Member: "y", Score: 2})
	s.ZSet("tuesday").Add(store.Scored{Member: "y", Score: 10})
	sums, _ := s.ZSet("monday").UnionWith(store.CombineOptions{Weights: []float64{1, 2}}, "tuesday")
	fmt.Println(sums)
	// Output: [{x 1} {y 22}]
}

// On how many days somebody has played, whatever the points.
func ExampleZSet_UnionStoreWith() {
	s := store.New()
	defer s.Close()

	s.ZSet("monday").Add(store.Scored{Member: "x", Score: 10}, store.Scored{Member: "y", Score: 20})
	s.ZSet("tuesday").Add(store.Scored{Member: "y", Score: 30})
	s.ZSet("days").UnionStoreWith(store.CombineOptions{Aggregate: store.AggregateCount}, "monday", "tuesday")
	days, _ := s.ZSet("days").RangeWithScores(store.ByRank(0, -1))
	fmt.Println(days)
	// Output: [{x 1} {y 2}]
}
