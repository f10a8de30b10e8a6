package store

import (
	"context"
	"sync/atomic"

	"github.com/alcovedb/alcove/txn"
)

// A transaction that has met a conflict holds its keys while it runs again: then nobody else
// writes them. A writer that meets a held key unlocks everything, takes its place in the
// queue for it, and begins again when the key is its own.

// lastIdentity is the last number that a store was given.
var lastIdentity atomic.Uint64

// identity returns the number that tells the store from others.
func (s *Store) identity() uint64 {
	if n := s.number.Load(); n != 0 {
		return n
	}
	s.number.CompareAndSwap(0, lastIdentity.Add(1))
	return s.number.Load()
}

// takeTurn waits until no transaction holds the keys, or without keys anything, and then
// holds them. release must follow.
func (s *Store) takeTurn(ctx context.Context, keys []txn.Key) (*txn.Claim, error) {
	if txn.Inside(s.identity()) {
		return nil, ErrNested // it may be waiting for itself
	}
	c := txn.NewClaim(keys, keys == nil)
	return c, s.acquire(ctx, c)
}

// acquire waits for what c claims, until ctx ends or the store is closed.
func (s *Store) acquire(ctx context.Context, c *txn.Claim) error {
	err := s.holds.Acquire(ctx, s.ended, c, s.held, s.freed)
	if err == txn.ErrStopped {
		return ErrClosed
	}
	return err
}

// release ends a claim.
func (s *Store) release(c *txn.Claim) { s.holds.Release(c, s.freed) }

// held makes writers look whether the key, or with nil any, is held.
func (s *Store) held(k *txn.Key) { s.countHeld(k, 1) }

func (s *Store) freed(k *txn.Key) { s.countHeld(k, -1) }

func (s *Store) countHeld(k *txn.Key, by int) {
	shards := s.shards
	if k != nil {
		shards = shards[k.Shard : k.Shard+1]
	}
	for i := range shards {
		shards[i].mu.Lock()
		shards[i].held += by
		shards[i].mu.Unlock()
	}
}

// hold holds the keys of all runs, or the whole store, until release.
func (r *run) hold(whole bool) error {
	for {
		r.release()
		if err := r.acquire(whole); err != nil {
			return err
		}
		if !r.serial || whole {
			return nil
		}
		// What it puts may move on, at commit, to keys that must be held, too. Nobody new waits
		// for a key that is held.
		c := r.s.chainOf(r.claim)
		before := len(r.keys)
		r.noteMoved(&c)
		if whole = c.many; !whole && len(r.keys) == before {
			return nil
		}
	}
}

// acquire holds what the run has seen, and what was declared.
func (r *run) acquire(whole bool) error {
	keys := r.keys
	for _, k := range r.declared {
		keys = append(keys, r.s.keyOf(k.DB, k.Name))
	}
	for _, w := range r.watches {
		for _, k := range w.keys {
			keys = append(keys, r.s.keyOf(k.n, k.key))
		}
	}
	c := txn.NewClaim(keys, whole)
	if err := r.s.acquire(r.ctx, c); err != nil {
		return err
	}
	r.claim = c
	if r.ctx.Done() != nil { // the closure may wait for somebody who waits for the claim
		s := r.s
		r.unwatch = context.AfterFunc(r.ctx, func() { s.release(c) })
	}
	return nil
}

// noteMoved makes the next run hold what waiters move to.
func (r *run) noteMoved(c *chain) {
	for _, key := range c.moved {
		if k := r.s.keyOf(0, key); !r.claim.Covers(k) {
			r.keys = append(r.keys, k)
		}
	}
}

// chainOf returns where what is put under the keys of a claim may go.
func (s *Store) chainOf(c *txn.Claim) chain {
	b := batch{s: s}
	defer b.end()
	var names []string
	for _, k := range c.Keys() { // which are sorted by shard
		if sh := &s.shards[k.Shard]; len(b.shards) == 0 || b.shards[len(b.shards)-1] != sh {
			b.shards = append(b.shards, sh)
		}
		names = append(names, k.Name)
	}
	b.lock(names)
	return b.via
}

// release ends what the run holds.
func (r *run) release() {
	if r.claim == nil {
		return
	}
	if r.unwatch != nil {
		r.unwatch()
		r.unwatch = nil
	}
	r.s.release(r.claim)
	r.claim = nil
}

// keyOf returns the place of a key.
func (s *Store) keyOf(n int, name string) txn.Key {
	sh, h := s.hash(name)
	return txn.Key{Shard: sh.index, Hash: h, DB: n, Name: name}
}
