package main

import (
	"math"

	"github.com/alcovedb/alcove/store"
)

// board is players in the order of their points.
type board struct {
	s   *store.Store
	key string
}

// line is a player on a board. Who has as many points has the same place, and the place
// behind several of them counts them all: 1, 2, 2, 4.
type line struct {
	place  int
	player string
	points float64
}

// page returns a page of the board, the first one is 1. Behind the end there is nothing.
func (b board) page(n, size int) (lines []line, err error) {
	err = b.s.View(func(tx *store.Tx) error {
		lines, err = linesOf(tx.ZSet(b.key), (n-1)*size, size)
		return err
	})
	return lines, err
}

// around returns the line of a player and those of up to k neighbours on either side. A
// player without points is [store.ErrNotFound].
func (b board) around(player string, k int) (lines []line, err error) {
	// A View: between the rank and the range nobody overtakes.
	err = b.s.View(func(tx *store.Tx) error {
		zset := tx.ZSet(b.key)
		rank, err := zset.RevRank(player)
		if err != nil {
			return err
		}
		first := max(rank-k, 0)
		lines, err = linesOf(zset, first, rank+k+1-first)
		return err
	})
	return lines, err
}

// linesOf returns n lines, the first of which is at a rank.
func linesOf(zset store.ZSet, rank, n int) ([]line, error) {
	players, err := zset.RangeWithScores(store.ByRank(rank, rank+n-1).Rev())
	if err != nil || len(players) == 0 {
		return nil, err
	}
	// Whoever is before the first line may have as many points.
	better, err := zset.Count(store.ByScore(players[0].Score, math.Inf(1)).ExclMin())
	if err != nil {
		return nil, err
	}
	lines := make([]line, len(players))
	for i, p := range players {
		lines[i] = line{place: rank + i + 1, player: p.Member, points: p.Score}
		switch {
		case i == 0:
			lines[i].place = better + 1
		case p.Score == lines[i-1].points:
			lines[i].place = lines[i-1].place
		}
	}
	return lines, nil
}
