package store

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/alcovedb/alcove/store/internal/hook"
	"github.com/alcovedb/alcove/structures"
)

func init() {
	hook.Seed = func(s any, n uint64) { s.(*Store).chance.Store(newChance(n)) }
}

// chance is what draws for a store that was seeded, so that it draws the same each time. As the
// order of elements in tables is another in each process, it draws from what is sorted: slowly.
type chance struct {
	lock   sync.Mutex // guards what follows
	source *rand.PCG
	rng    *rand.Rand
}

func newChance(n uint64) *chance {
	source := rand.NewPCG(n, 0)
	return &chance{source: source, rng: rand.New(source)}
}

// fork returns one that draws what c would, by itself.
func (c *chance) fork() *chance {
	if c == nil {
		return nil
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	source := *c.source
	return &chance{source: &source, rng: rand.New(&source)}
}

// chance returns what draws in db, nil if the store was not seeded.
func (db DB) chance() *chance {
	if db.s == nil || db.s.Store == nil {
		return nil
	}
	return db.s.Store.chance.Load()
}

// draw returns count places below n, which may come again.
func (c *chance) draw(n, count int) []int {
	c.lock.Lock()
	defer c.lock.Unlock()
	places := make([]int, count)
	for i := range places {
		places[i] = c.rng.IntN(n)
	}
	return places
}

// sample returns count different places below n, or all.
func (c *chance) sample(n, count int) []int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.rng.Perm(n)[:min(count, n)]
}

// drawn returns for a negative count -count elements of a list, which may come again, and else
// count different ones, or all.
func drawn[T any](c *chance, list []T, count int) []T {
	if len(list) == 0 || count == 0 {
		return nil
	}
	var places []int
	if count < 0 {
		places = c.draw(len(list), -count)
	} else {
		places = c.sample(len(list), count)
	}
	result := make([]T, len(places))
	for i, at := range places {
		result[i] = list[at]
	}
	return result
}

// alphabeticPairs returns the fields of a hash with their values, in the order of the fields.
func alphabeticPairs(v *structures.Hash) []Pair {
	pairs := make([]Pair, 0, v.Len())
	v.All(func(field, value string, _ int64) bool {
		pairs = append(pairs, Pair{Key: field, Value: value})
		return true
	})
	slices.SortFunc(pairs, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	return pairs
}

// ranked returns the members of a sorted set, in its order.
func ranked(v *structures.ZSet) []Scored {
	list := make([]Scored, 0, v.Len())
	v.Walk(0, v.Len(), false, func(member string, score float64) bool {
		list = append(list, Scored{member, score})
		return true
	})
	return list
}

// keys returns the keys of the database, in no order. All shards are locked.
func (db DB) keys() (list []string) {
	for i := range db.s.shards {
		if t := db.s.shards[i].table(db.n); t != nil {
			t.All(func(r structures.Record) bool {
				list = append(list, r.Key())
				return true
			})
		}
	}
	return list
}

// alphabetic sorts a list of texts and returns it.
func alphabetic(list []string) []string {
	slices.Sort(list)
	return list
}
