package store

import (
	"context"
	"sync/atomic"
)

// Tx is a transaction: database 0 as the closure given to [Store.Update] or [Store.View]
// sees it, with all methods and handles of a [DB]. DB has the other databases. It may be
// used by several goroutines, until the closure returns; after that every operation
// returns [ErrTxDone].
//
// In a transaction nobody waits: what blocks elsewhere answers at once, with [ErrNotFound]
// where there is nothing. A command on the
// whole keyspace, such as SCAN or FLUSHDB, gives the transaction a copy of the store, in
// O(shards): from then on its time stands still, and any change of the store by others is a
// conflict.
type Tx struct {
	database
	scope    scope
	run      *run
	readOnly bool
	frozen   atomic.Int64 // the time where it stands still, in nanoseconds
}

// DB returns database n, 0 to 15, in the transaction. The complexity is O(1).
func (tx *Tx) DB(n int) DB { return DB{s: tx.database.s, n: n} }

// OnCommit calls fn after the transaction has been committed, on the goroutine of
// [Store.Update] and in the order of the calls of OnCommit. fn may use the store. Of a
// transaction that is rolled back, or run again, it is forgotten; in a View it is called
// when the closure has returned nil. Where fn panics, the others are called all the same, and
// the panic goes on: what was committed stays. A nil fn is none.
//
// It returns [ErrTxDone] after the end. The complexity is O(1).
func (tx *Tx) OnCommit(fn func()) error {
	r, err := tx.enter()
	if err != nil {
		return err
	}
	defer r.mu.Unlock()
	if fn != nil {
		r.commits = append(r.commits, fn)
	}
	return nil
}

// FlushAll is [Store.FlushAll] in the transaction.
//
// The complexity is O(shards). Redis: [FLUSHALL].
//
// [FLUSHALL]: https://redis.io/docs/latest/commands/flushall/
func (tx *Tx) FlushAll() error {
	db, err := tx.database.wholeForWrite("FLUSHALL")
	if err != nil {
		return err
	}
	return db.s.FlushAll()
}

// SwapDB is [Store.SwapDB] in the transaction.
//
// It returns [ErrInvalidDB] if there is no a or b.
//
// The complexity is O(shards). Redis: [SWAPDB].
//
// [SWAPDB]: https://redis.io/docs/latest/commands/swapdb/
func (tx *Tx) SwapDB(a, b int) error {
	db, err := tx.database.wholeForWrite("SWAPDB")
	if err != nil {
		return err
	}
	return db.s.SwapDB(a, b)
}

// Update runs fn as a transaction, over any keys of all databases. Everything that fn reads
// was true at one moment, in every run, and nobody sees a part of what it writes: if it
// returns nil, all of it is stored in one step, which makes Update strictly serializable;
// if it returns an error, which Update then returns, or panics, or ends the goroutine,
// nothing is.
//
// fn runs without a lock. Where another goroutine has written meanwhile what it has read,
// its operations return [ErrConflict] and whatever it returns is forgotten: it runs again,
// while the store holds the keys that it has used, so that others who write them wait; the
// fourth run holds the whole store, and its time stands still. So there are four runs at
// most, and fn must do nothing outside of tx that can't be done again; see [Tx.OnCommit].
// It should not be long, and must not wait for another goroutine that writes the store:
// that one may be waiting for fn. [Store.UpdateContext] gives up.
//
// With watches, Update returns [ErrConflict] without running fn if one of their keys has
// changed. In fn, Update of the same store, or a write of a key that is held, other than
// by tx, returns [ErrNested]; on another goroutine, or within iter.Pull, it waits.
//
// The complexity is O(n*s) beside that of the operations, n the number of keys and s of the
// shards they are in. Redis: [MULTI], [EXEC].
//
// [MULTI]: https://redis.io/docs/latest/commands/multi/
// [EXEC]: https://redis.io/docs/latest/commands/exec/
func (s *Store) Update(fn func(tx *Tx) error, watches ...Watch) error {
	return s.UpdateContext(context.Background(), fn, watches...)
}

// UpdateContext is [Store.Update] until ctx ends: then waiting ends, nothing is held any
// more, the operations of fn return the error of ctx, and so does UpdateContext, with
// nothing written.
//
// The complexity is O(n*s), as that of Update. Redis: [MULTI], [EXEC].
//
// [MULTI]: https://redis.io/docs/latest/commands/multi/
// [EXEC]: https://redis.io/docs/latest/commands/exec/
func (s *Store) UpdateContext(ctx context.Context, fn func(tx *Tx) error, watches ...Watch) error {
	return s.transact(job{op: "MULTI", ctx: ctx, fn: fn, watches: watches})
}

// View runs fn as a transaction that only reads: its writes return [ErrReadOnly]. All that
// it reads is as of one moment. It holds nothing and nobody waits for it; after a conflict
// it runs once more, and then on a snapshot. View returns what fn does.
//
// The complexity is O(n*s) beside that of the operations, n the number of keys and s of the
// shards they are in; that of the run on a snapshot is O(shards). Redis: [MULTI], [EXEC].
//
// [MULTI]: https://redis.io/docs/latest/commands/multi/
// [EXEC]: https://redis.io/docs/latest/commands/exec/
func (s *Store) View(fn func(tx *Tx) error) error {
	return s.transact(job{op: "MULTI", ctx: context.Background(), fn: fn, viewing: true})
}

// Key names a key of a store.
type Key struct {
	DB   int
	Name string
}

// Serial runs fn as a transaction exactly once, for a closure that can't be run again: it
// holds keys from the start, or the whole store if there are none, and the time of the
// transaction stands still, as that of Redis's EXEC does: for fn a key lives on whose deadline
// passes meanwhile, and if fn writes it, it is there again, though others have seen it gone. An operation on another key returns [ErrUndeclared]. Others who
// write the keys wait until fn returns. It is [Store.UpdateContext] otherwise.
//
// The complexity is O(n*s) beside that of the operations, n the number of keys and s of the
// shards they are in; with the whole store it is O(shards). Redis: [EXEC].
//
// [EXEC]: https://redis.io/docs/latest/commands/exec/
func (s *Store) Serial(ctx context.Context, keys []Key, fn func(tx *Tx) error, watches ...Watch) error {
	if len(keys) == 0 {
		keys = nil
	}
	for _, k := range keys {
		if err := s.DB(k.DB).check(); err != nil {
			return mistake("EXEC", k.Name, err)
		}
	}
	return s.transact(job{op: "EXEC", ctx: ctx, fn: fn, serial: true, declared: keys, watches: watches})
}
