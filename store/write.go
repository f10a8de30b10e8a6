package store

import (
	"math"
	"slices"
	"time"

	"github.com/alcovedb/alcove/structures"
	"github.com/alcovedb/alcove/txn"
)

// This is the one write path. A command is begin, a few calls of the write,
// end: only these lock, look at the clock, expire, create and delete keys, take
// versions and count memory.

// write is one key locked for a command. Its zero value is ready for begin.
type write struct {
	db  DB
	sh  *shard
	own bool // end unlocks the shard
	odd bool // and makes its sequence even again
	t   *structures.Table
	op  string
	key string
	ref structures.Ref
	ns  int64 // what the clock said, 0 if nobody has asked

	run   *run       // of the transaction that writes, nil for the store itself
	at    int        // the key's place in it
	claim *txn.Claim // held for the command, which had to wait for its turn
}

// nano returns the time of the command: the clock is read once, under the lock.
func (w *write) nano() int64 {
	if w.ns == 0 {
		w.ns = w.db.s.clock.nano()
	}
	return w.ns
}

// overdue says whether a deadline has come; 0 is none.
func (w *write) overdue(deadline int64) bool {
	return deadline != 0 && deadline <= w.nano()/int64(time.Millisecond)
}

// begin locks key in db for the command op and looks it up. An overdue key is
// removed first. end must follow, whatever begin returns.
func (w *write) begin(db DB, op, key string) error {
	if db.s != nil && db.s.readOnly {
		return mistake(op, key, db.checkWrite())
	}
	if db.tx != nil {
		return w.beginTx(db, op, key, true)
	}
	if err := w.inspect(db, op, key); err != nil {
		return err
	}
	if w.sh.held > 0 && db.s.holds.Blocked(nil, key) {
		return w.waitTurn()
	}
	return nil
}

// waitTurn is begin where a transaction holds the key.
func (w *write) waitTurn() error {
	db, op, key := w.db, w.op, w.key
	w.end()
	sh, h := db.s.hash(key)
	c, err := db.s.takeTurn([]txn.Key{{Shard: sh.index, Hash: h, Name: key}})
	if err != nil {
		return mistake(op, key, err)
	}
	*w = write{db: db, claim: c}
	if err := w.inspect(db, op, key); err != nil {
		w.end()
		return err
	}
	return nil
}

// inspect is begin for a command that leaves the value as it is but has to be alone with
// it, such as a clone.
func (w *write) inspect(db DB, op, key string) error {
	if db.tx != nil {
		return w.beginTx(db, op, key, false)
	}
	if err := db.check(); err != nil {
		return mistake(op, key, err)
	}
	if len(key) > MaxStringLen {
		return mistake(op, key, ErrTooLarge)
	}
	sh, h := db.s.hash(key)
	sh.mu.Lock()
	w.own, w.sh = true, sh
	if db.s.readOnly && db.s.closed.Load() { // meanwhile, and the tables are gone
		return ErrClosed
	}
	db.s.freeze(sh, db.s.epoch.Load())
	w.join(db, sh, h, op, key)
	return nil
}

// join looks key up in a shard that is locked, which is an access to the key.
func (w *write) join(db DB, sh *shard, h uint64, op, key string) {
	w.db, w.sh, w.op, w.key = db, sh, op, key
	if w.t = sh.table(db.n); w.t == nil {
		return
	}
	w.t.Ready()
	w.t.Seek(&w.ref, h, key)
	if w.ref.Found && w.overdue(w.t.Due(&w.ref.Record)) {
		w.purge(math.MaxInt)
	}
	if w.ref.Found && db.s.stamp != nil {
		w.t.Touch(&w.ref, db.s.stamp)
	}
}

// end unlocks.
func (w *write) end() {
	if w.own {
		w.unlock()
	}
	if w.claim != nil {
		w.db.s.release(w.claim)
		w.claim = nil
	}
}

func (w *write) unlock() {
	w.own = false
	if w.run != nil {
		w.run.mu.Unlock()
		return
	}
	if w.odd {
		w.odd = false
		w.sh.seq.Leave()
	}
	if w.t != nil && w.t.Earliest() != w.sh.scheduled {
		w.sh.reschedule(w.db.s)
	}
	w.sh.mu.Unlock()
}

// together makes all that the command changes be seen at once by readers without a
// lock, who may look into a large value.
func (w *write) together() {
	if w.own && !w.odd && w.run == nil {
		w.odd = true
		w.sh.seq.Enter()
	}
}

// found says whether the key is there.
func (w *write) found() bool { return w.ref.Found }

// want returns ErrWrongType if the key holds another kind of value.
func (w *write) want(k Kind) error {
	if w.ref.Found && kindOf(&w.ref.Record) != k {
		return w.fail(ErrWrongType)
	}
	return nil
}

// fail returns err as the command's mistake.
func (w *write) fail(err error) error { return mistake(w.op, w.key, err) }

// put stores an entry under the key; a deadline in the past deletes it.
func (w *write) put(e structures.Entry) {
	if w.overdue(e.Deadline) {
		w.del()
		return
	}
	if w.run != nil {
		w.run.put(w, e)
		return
	}
	if w.t == nil {
		w.t = w.sh.needTable(w.db.n)
		_, h := w.db.s.hash(w.key)
		w.t.Seek(&w.ref, h, w.key)
	}
	e.Version = w.sh.nextVersion()
	if w.db.s.stamp != nil {
		e.Stamp = w.db.s.stamp(0)
	}
	w.t.Put(&w.ref, w.key, e)
}

// deadline returns the key's deadline, 0 if it has none.
func (w *write) deadline() int64 {
	if !w.ref.Found {
		return 0
	}
	return w.ref.Record.Deadline()
}

// expireAt gives the key, which is there, another deadline, or with 0 none. One
// in the past deletes it.
func (w *write) expireAt(deadline int64) {
	if w.overdue(deadline) {
		w.del()
		return
	}
	if w.run != nil {
		e := entryOf(&w.ref.Record)
		e.Deadline = deadline
		w.run.put(w, e)
		return
	}
	w.t.Restamp(&w.ref, w.key, w.sh.nextVersion(), deadline)
}

// del removes the key and says whether it was there.
func (w *write) del() bool {
	switch {
	case !w.ref.Found:
		return false
	case w.run != nil:
		w.run.del(w)
	default:
		w.sh.nextVersion()
		w.t.Delete(&w.ref, w.key)
	}
	return true
}

// bytes returns the string at the key as a buffer that can be changed in
// place. changed must follow.
func (w *write) bytes() *structures.Bytes {
	if !w.found() || w.ref.Record.Object() == nil {
		text := ""
		if w.found() {
			text = w.ref.Record.Value()
		}
		w.put(structures.Entry{
			Kind: recordKind(KindString, encRaw), Deadline: w.deadline(),
			Object: structures.NewBytes(text),
		})
	}
	return w.mutate().(*structures.Bytes)
}

// mutate returns the object at the key, to be changed in place. changed must follow.
func (w *write) mutate() structures.Object {
	if w.run != nil {
		return w.ref.Record.Object() // it is the transaction's own
	}
	w.sh.nextVersion() // before the first change, as some are seen without a lock
	return w.t.Mutate(&w.ref)
}

// changed ends a change of an object in place.
func (w *write) changed() {
	if w.run != nil {
		w.run.changed(w)
		return
	}
	w.t.Mutated(&w.ref, w.sh.nextVersion())
}

// cloneObject returns a clone of the object at the key.
func (w *write) cloneObject() structures.Object {
	if w.run != nil {
		return w.ref.Record.Object().Clone()
	}
	return w.t.CloneObject(&w.ref)
}

// purge removes the key if it is overdue, otherwise those fields of the hash at it that
// are, about budget of them at most. It returns how many keys or fields it has removed.
func (w *write) purge(budget int) int {
	if w.overdue(w.deadline()) {
		w.del()
		if w.run == nil {
			w.db.s.expired.Add(1)
		}
		return 1
	}
	return w.purgeHash(budget)
}

// batch is several keys locked for one command.
type batch struct {
	s       *Store
	op      string
	shards  []*shard
	write   bool  // the locks are exclusive
	quiet   bool  // looking a key up is no access to it
	several bool  // more than one key: the shards' sequences are odd
	ns      int64 // what the clock said, 0 if nobody has asked
	now     int64 // the same in milliseconds, for reading
	buf     [8]*shard

	run   *run       // of the transaction that the command is part of
	claim *txn.Claim // held for the command, which had to wait for its turn
}

// begin locks the shards of all keys, in the order of their numbers. end must
// follow, whatever begin returns.
func (b *batch) begin(db DB, op string, keys ...string) error {
	if db.s != nil && db.s.readOnly {
		return mistake(op, "", db.checkWrite())
	}
	if db.tx != nil {
		return b.beginTx(db, op, keys, true)
	}
	if err := b.collect(db, op, keys); err != nil {
		return err
	}
	b.lock()
	if b.blocked(keys) {
		if err := b.waitTurn(keys); err != nil {
			return err
		}
	}
	epoch := b.s.epoch.Load() // after all the locks: a snapshot has all or nothing
	for _, sh := range b.shards {
		b.s.freeze(sh, epoch)
	}
	b.write, b.several = true, len(keys) > 1
	if b.several { // a reader without a lock must not see one key without the other
		for _, sh := range b.shards {
			sh.seq.Enter()
		}
	}
	return nil
}

func (b *batch) lock() {
	for _, sh := range b.shards {
		sh.mu.Lock()
	}
}

// blocked says whether a transaction holds one of the keys.
func (b *batch) blocked(keys []string) bool {
	for _, sh := range b.shards {
		if sh.held > 0 {
			return slices.ContainsFunc(keys, func(key string) bool { return b.s.holds.Blocked(nil, key) })
		}
	}
	return false
}

// waitTurn locks the shards again when no transaction holds one of the keys.
func (b *batch) waitTurn(keys []string) error {
	shards := b.shards
	for _, sh := range shards {
		sh.mu.Unlock()
	}
	b.shards = nil
	names := make([]txn.Key, len(keys))
	for i, key := range keys {
		sh, h := b.s.hash(key)
		names[i] = txn.Key{Shard: sh.index, Hash: h, Name: key}
	}
	c, err := b.s.takeTurn(names)
	if err != nil {
		return mistake(b.op, "", err)
	}
	b.claim, b.shards = c, shards
	b.lock()
	return nil
}

// beginRead locks the shards of all keys for reading.
func (b *batch) beginRead(db DB, op string, keys ...string) error {
	if db.tx != nil {
		return b.beginTx(db, op, keys, false)
	}
	if err := b.collect(db, op, keys); err != nil {
		return err
	}
	for _, sh := range b.shards {
		sh.mu.RLock()
	}
	return db.check() // a snapshot that was closed meanwhile has no tables any more
}

func (b *batch) collect(db DB, op string, keys []string) error {
	if err := db.check(); err != nil {
		return mistake(op, "", err)
	}
	b.s, b.op = db.s, op
	shards := b.buf[:0]
	for _, key := range keys {
		if len(key) > MaxStringLen {
			return mistake(op, key, ErrTooLarge)
		}
		sh, _ := db.s.hash(key)
		shards = append(shards, sh)
	}
	slices.SortFunc(shards, func(x, y *shard) int { return x.index - y.index })
	b.shards = slices.Compact(shards)
	return nil
}

// key looks up one of the keys, in any database.
func (b *batch) key(db DB, key string) (w write) {
	db = DB{s: b.s, n: db.n}
	if b.run != nil {
		b.run.join(&w, db, b.op, key)
		return w
	}
	sh, h := b.s.hash(key)
	w.ns = b.ns
	w.join(db, sh, h, b.op, key)
	b.ns = w.ns
	return w
}

// find looks one of the keys up for reading.
func (b *batch) find(db DB, key string) (structures.Record, bool) {
	db = DB{s: b.s, n: db.n}
	if b.run != nil {
		w := b.key(db, key)
		return w.ref.Record, w.found()
	}
	sh, h := b.s.hash(key)
	return sh.find(db, h, key, &b.now, !b.quiet)
}

// end unlocks.
func (b *batch) end() {
	if b.run != nil {
		b.run.mu.Unlock()
		b.run = nil
		return
	}
	shards := b.shards
	b.shards = nil
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
	}
	if b.claim != nil {
		b.s.release(b.claim)
		b.claim = nil
	}
}

// failed returns why what the batch says of a key does not count.
func (b *batch) failed() error {
	if b.run == nil || b.run.err == nil {
		return nil
	}
	return mistake(b.op, "", b.run.err)
}
