package store

import (
	"slices"

	"github.com/alcovedb/alcove/txn"
)

// A chain is where what is put under some keys may go on from there: to wherever waiters
// move it, and who waits there. Who puts holds the locks of all that.
type chain struct {
	shards []*shard // with those of the keys themselves, in order
	moved  []string // the keys that waiters move to
	many   bool     // and more, that are too many to be told
}

// manyMoves is to how many keys waiters at one key move before whole shards are looked at.
const manyMoves = 64

// moves is who waits at a key, of any database, to move what it gets.
type moves map[string]int // how many, by where to

// widen is for a writer that has locked shards, in their order, to write keys. It locks what
// is on the chain, too, and may have unlocked everything meanwhile.
func (s *Store) widen(locked []*shard, keys ...string) chain {
	for {
		c := s.reach(locked, keys)
		if len(c.shards) == len(locked) {
			return c
		}
		for _, sh := range locked {
			sh.mu.Unlock()
		}
		for _, sh := range c.shards {
			sh.mu.Lock()
		}
		locked = c.shards
	}
}

// reach returns the chain as far as it can be seen from locked shards.
func (s *Store) reach(locked []*shard, keys []string) chain {
	c := chain{shards: locked}
	var need []bool // by index; nil: just those
	todo := slices.Clip(keys)
	for i := 0; i < len(todo); i++ {
		sh, _ := s.hash(todo[i])
		if _, ok := slices.BinarySearchFunc(locked, sh, byIndex); !ok || sh.waiting == nil || sh.waiting.moving[todo[i]] == nil {
			continue
		}
		if need == nil {
			need = make([]bool, len(s.shards))
		}
		to := sh.waiting.moving[todo[i]]
		if len(to) > manyMoves {
			c.many = true
			follow(sh, locked, need)
			continue
		}
		for dst := range to {
			if !slices.Contains(c.moved, dst) {
				target, _ := s.hash(dst)
				need[target.index] = true
				c.moved, todo = append(c.moved, dst), append(todo, dst)
			}
		}
	}
	if need == nil {
		return c
	}
	for _, sh := range locked {
		need[sh.index] = true
	}
	c.shards = nil
	for i := range need {
		if need[i] {
			c.shards = append(c.shards, &s.shards[i])
		}
	}
	return c
}

// follow notes the shards to which anybody in a shard moves, and on from those that are locked.
func follow(sh *shard, locked []*shard, need []bool) {
	if sh.waiting == nil {
		return
	}
	for target := range sh.waiting.targets {
		if !need[target.index] {
			need[target.index] = true
			if _, ok := slices.BinarySearchFunc(locked, target, byIndex); ok {
				follow(target, locked, need)
			}
		}
	}
}

// blocked says whether another claim than held is on one of keys, or on the chain.
func (c *chain) blocked(s *Store, held *txn.Claim, keys []string) bool {
	if c.many {
		return s.holds.Any(held)
	}
	other := func(key string) bool { return s.holds.Blocked(held, key) }
	return slices.ContainsFunc(keys, other) || slices.ContainsFunc(c.moved, other)
}

// claim returns what must be held to write keys: them and the chain, or with none the whole
// store.
func (c *chain) claim(s *Store, keys []string) []txn.Key {
	if c.many {
		return nil
	}
	var names []txn.Key
	for _, list := range [][]string{keys, c.moved} {
		for _, key := range list {
			names = append(names, s.keyOf(0, key))
		}
	}
	return names
}
