package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// The keys.
const (
	weekKey   = "board:week"   // ZSet: the points of all days
	activeKey = "board:active" // ZSet: on how many days somebody has played
	bannedKey = "banned"       // Set
)

const days = 7

func dayKey(day int) string { return fmt.Sprintf("board:day:%d", day) } // ZSet

// dayKeys returns the keys of all days.
func dayKeys() (keys []string) {
	for day := range days {
		keys = append(keys, dayKey(day))
	}
	return keys
}

// errBanned says that a player gets no points.
var errBanned = errors.New("the player is banned")

// cheater is a player who wins more than there is to win.
const cheater = "Mallory"

var names = []string{
	"Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana", "Ivo", "Jo",
	"Kim", "Lea", "Max", "Nia", "Otto", "Pia", "Quinn", "Rosa", "Sam", "Tess",
}

// nameOf returns the name of player i.
func nameOf(i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s %d", names[i%len(names)], i/len(names)+1)
}

// game is the boards in a store.
type game struct {
	s *store.Store
}

func (g *game) board(key string) board { return board{s: g.s, key: key} }

// score gives a player points for a game of a day, unless it is banned.
func (g *game) score(day int, player string, points float64) error {
	return g.s.Update(func(tx *store.Tx) error {
		banned, err := tx.Set(bannedKey).IsMember(player)
		if err != nil {
			return err
		}
		if banned {
			return errBanned
		}
		_, err = tx.ZSet(dayKey(day)).IncrBy(points, player)
		return err
	})
}

// addUp makes the boards of the week anew, both in one step.
func (g *game) addUp() error { return g.s.Update(addUp) }

func addUp(tx *store.Tx) error {
	if _, err := tx.ZSet(weekKey).UnionStore(dayKeys()...); err != nil {
		return err
	}
	count := store.CombineOptions{Aggregate: store.AggregateCount}
	_, err := tx.ZSet(activeKey).UnionStoreWith(count, dayKeys()...)
	return err
}

// ban takes a player off all boards, and lets it win nothing more: who reads a board sees
// the player on all of them, or on none.
func (g *game) ban(player string) error {
	return g.s.Update(func(tx *store.Tx) error {
		if _, err := tx.Set(bannedKey).Add(player); err != nil {
			return err
		}
		for _, key := range dayKeys() {
			if _, err := tx.ZSet(key).Rem(player); err != nil {
				return err
			}
		}
		return addUp(tx)
	})
}

// play has everybody play the games of a day, which are the same for the same seed: who
// wins which does not depend on the goroutines.
func (g *game) play(ctx context.Context, day int, o options) error {
	r := rand.New(rand.NewPCG(o.seed, uint64(day)))
	today := r.Perm(o.players)[:1+o.players*2/3] // the others have a day off
	slices.Sort(today)
	type win struct {
		player string
		points float64
	}
	wins := make([]win, o.games)
	for i := range wins {
		wins[i] = win{nameOf(today[r.IntN(len(today))]), float64(50 * (1 + r.IntN(3)))}
	}
	if day == 4 {
		wins = append(wins, win{cheater, 1e6})
	}

	errs := make([]error, o.workers)
	var wg sync.WaitGroup
	for w := range o.workers {
		wg.Go(func() {
			for i := w; i < len(wins) && errs[w] == nil; i += o.workers {
				if err := g.score(day, wins[i].player, wins[i].points); err != errBanned {
					errs[w] = err
				}
				if ctx.Err() != nil {
					errs[w] = context.Cause(ctx)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
