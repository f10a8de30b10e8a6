package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// zsetsSection keeps the scores of three players.
func zsetsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A sorted set orders its members by their scores.")
	board := s.ZSet("leaderboard")
	for _, m := range []store.Scored{{Member: "Alice", Score: 100}, {Member: "Bob", Score: 90}, {Member: "Charlie", Score: 80}} {
		n, err := board.Add(m)
		g.got(`s.ZSet("leaderboard").Add(`+m.Member+`)`, n, err)
	}
	score, err := board.IncrBy(3, "Bob")
	g.got(`s.ZSet("leaderboard").IncrBy(3, "Bob")`, score, err)
	players, err := board.RangeWithScores(store.ByRank(0, -1).Rev())
	g.got(`s.ZSet("leaderboard").RangeWithScores(store.ByRank(0, -1).Rev())`, players, err)
	names, err := board.Range(store.ByScore(90, 100))
	g.got(`s.ZSet("leaderboard").Range(store.ByScore(90, 100))`, names, err)
	rank, err := board.RevRank("Bob")
	g.got(`s.ZSet("leaderboard").RevRank("Bob")`, rank, err)
	score, err = board.Score("Charlie")
	g.got(`s.ZSet("leaderboard").Score("Charlie")`, score, err)
	score, err = board.Score("nobody")
	g.got(`s.ZSet("leaderboard").Score("nobody")`, score, err)

	g.say("Boards are combined: here by on how many of them somebody is.")
	n, err := s.ZSet("yesterday").Add(store.Scored{Member: "Bob", Score: 7}, store.Scored{Member: "Dora", Score: 5})
	g.got(`s.ZSet("yesterday").Add(Bob, Dora)`, n, err)
	days, err := board.UnionWith(store.CombineOptions{Aggregate: store.AggregateCount}, "yesterday")
	g.got(`s.ZSet("leaderboard").UnionWith(count, "yesterday")`, days, err)
	return g.err
}
