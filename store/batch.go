package store

import (
	"context"
	"slices"
	"time"

	"github.com/alcovedb/alcove/structures"
	"github.com/alcovedb/alcove/txn"
)

// batch is several keys locked for one command.
type batch struct {
	s       *Store
	op      string
	by      any // for whom, as in scope
	shards  []*shard
	write   bool  // the locks are exclusive
	quiet   bool  // looking a key up is no access to it
	timed   bool  // what is put may get a deadline from now
	awaited bool  // somebody waits for keys of the shards
	via     chain // where what is put may go
	several bool  // more than one key, or awaited: the shards' sequences are odd
	ns      int64 // what the clock said, 0 if nobody has asked
	now     int64 // the same in milliseconds, for reading
	buf     [8]*shard

	run   *run            // of the transaction that the command is part of
	err   error           // of a key that could not be looked up in it
	claim *txn.Claim      // held for the command, which had to wait for its turn
	ctx   context.Context // of a command that waits, nil for others
	more  *log            // what a transaction has noted before

	from   DB       // whose command it is, if it only reads
	missed []string // the keys that were not there, to be told at its end
}

// begin locks the shards of all keys, in the order of their numbers. end must
// follow, whatever begin returns.
func (b *batch) begin(db DB, op string, keys ...string) error {
	if db.s != nil && db.s.readOnly {
		return mistake(op, "", db.checkWrite())
	}
	if db.tx() != nil {
		return b.beginTx(db, op, keys, true)
	}
	if err := b.collect(db, op, keys); err != nil {
		return err
	}
	b.lock(keys)
	for b.blocked(keys) {
		if err := b.waitTurn(keys); err != nil {
			return err
		}
	}
	b.enter(len(keys) > 1 || b.awaited)
	return nil
}

// enter begins to write the shards, which are locked. The clock is read before the epoch:
// at the time of a snapshot that has what is written now, nothing of it is overdue that is
// not at that of the command.
func (b *batch) enter(several bool) {
	if b.timed || slices.ContainsFunc(b.shards, (*shard).mayExpire) {
		b.ns = b.s.clock.nano()
		b.now = b.ns / int64(time.Millisecond)
	}
	epoch := b.s.epoch.Load() // after all the locks: a snapshot has all or nothing
	for _, sh := range b.shards {
		b.s.freeze(sh, epoch)
	}
	several = several || slices.ContainsFunc(b.shards, func(sh *shard) bool { return sh.log != nil })
	b.several = several
	if several { // a reader without a lock must not see one key without the other
		for _, sh := range b.shards {
			sh.seq.Enter()
		}
	}
}

// lock locks the shards, and those where waiters may move what is put at keys.
func (b *batch) lock(keys []string) {
	b.write = true
	for _, sh := range b.shards {
		sh.mu.Lock()
		b.awaited = b.awaited || sh.waiting != nil
	}
	if b.awaited {
		b.via = b.s.widen(b.shards, keys...)
		b.shards = b.via.shards
	}
}

// blocked says whether somebody else holds one of the keys, or one that a waiter moves to.
func (b *batch) blocked(keys []string) bool {
	return slices.ContainsFunc(b.shards, func(sh *shard) bool { return sh.held > 0 }) &&
		b.via.blocked(b.s, b.claim, keys)
}

// waitTurn locks the shards again when no transaction holds one of the keys.
func (b *batch) waitTurn(keys []string) error {
	shards := b.shards
	for _, sh := range shards {
		sh.mu.Unlock()
	}
	b.shards = nil
	b.endClaim()
	ctx := b.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	c, err := b.s.takeTurn(ctx, b.via.claim(b.s, keys))
	switch {
	case err == ErrNested:
		return mistake(b.op, "", err)
	case err != nil:
		return err // of the context, or closed
	}
	b.claim, b.shards = c, shards
	b.lock(keys)
	return b.s.check()
}

// beginRead locks the shards of all keys for reading.
func (b *batch) beginRead(db DB, op string, keys ...string) error {
	if b.from.s == nil {
		b.from = db
	}
	if db.tx() != nil {
		return b.beginTx(db, op, keys, false)
	}
	if err := b.collect(db, op, keys); err != nil {
		return err
	}
	for _, sh := range b.shards {
		sh.mu.RLock()
		sh.table(db.n) // a snapshot's comes now, or never if that was closed meanwhile
	}
	return db.check()
}

func (b *batch) collect(db DB, op string, keys []string) error {
	if err := db.check(); err != nil {
		return mistake(op, "", err)
	}
	b.s, b.op, b.by = db.s.Store, op, db.s.by
	shards := b.buf[:0]
	for _, key := range keys {
		if len(key) > MaxStringLen {
			return mistake(op, key, ErrTooLarge)
		}
		sh, _ := db.s.hash(key)
		shards = append(shards, sh)
	}
	slices.SortFunc(shards, byIndex)
	b.shards = slices.Compact(shards)
	return nil
}

// key looks up one of the keys, in any database.
func (b *batch) key(db DB, key string) (w write) {
	db = b.s.DB(db.n)
	if b.run != nil {
		if err := b.run.join(&w, db, b.op, key); err != nil && b.err == nil {
			b.err = mistake(b.op, key, err)
		}
		return w
	}
	sh, h := b.s.hash(key)
	w.ns = b.ns
	w.join(db, sh, h, b.op, key)
	b.ns = w.ns
	return w
}

// find looks one of the keys up for reading.
func (b *batch) find(db DB, key string) (rec structures.Record, found bool) {
	db = b.s.DB(db.n)
	if b.run != nil {
		w := b.key(db, key)
		rec, found = w.ref.Record, w.found()
	} else {
		sh, h := b.s.hash(key)
		rec, found = sh.find(db, h, key, &b.now, !b.quiet)
	}
	if !found {
		b.miss(db, key)
	}
	return rec, found
}

// end serves who waits for what was put, and unlocks.
func (b *batch) end() {
	if b.run != nil {
		b.run.mu.Unlock()
		b.run = nil
		return
	}
	shards := b.shards
	b.shards = nil
	if b.awaited {
		b.s.serve(shards)
	}
	told := b.write && b.s.seal(shards, b.more, b.by) // before others see it
	for _, sh := range shards {
		if !b.write {
			sh.mu.RUnlock()
			continue
		}
		if b.several {
			sh.seq.Leave()
		}
		sh.reschedule(b.s)
	}
	if b.write {
		for _, sh := range shards {
			sh.mu.Unlock()
		}
		if told {
			b.s.deliver()
		}
	} else {
		for _, key := range b.missed {
			b.from.miss(key)
		}
	}
	b.endClaim()
}

func (b *batch) endClaim() {
	if b.claim != nil {
		b.s.release(b.claim)
		b.claim = nil
	}
}

// failed returns why what the batch says of a key does not count.
func (b *batch) failed() error { return b.err }
