package store

import (
	"math"
	"slices"
	"time"

	"github.com/alcovedb/alcove/structures"
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

	chain *batch // instead of own: more shards, to which waiters move what they get
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
	return w.inspect(db, op, key)
}

// inspect is begin for a command that leaves the value as it is but has to be alone with
// it, such as a clone.
func (w *write) inspect(db DB, op, key string) error {
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
	if sh.waiting != nil {
		w.lockChain(db.s, key)
	}
	if w.chain == nil { // which has one epoch for all its shards
		db.s.freeze(sh, db.s.epoch.Load())
	}
	w.join(db, sh, h, op, key)
	return nil
}

// lockChain locks, beside the shard, those where waiters may move what is put at key.
func (w *write) lockChain(s *Store, key string) {
	if w.sh.waiting.moving[key] == 0 {
		return
	}
	if shards := s.widen([]*shard{w.sh}, key); len(shards) > 1 {
		w.own = false
		w.chain = &batch{s: s, shards: shards, awaited: true}
		w.chain.enter(true)
	}
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

// end serves who waits for what was put, and unlocks.
func (w *write) end() {
	if !w.own {
		if w.chain != nil {
			w.chain.end()
		}
		return
	}
	w.own = false
	if w.sh.waiting != nil {
		w.serve()
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
	if w.own && !w.odd {
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
	if w.t == nil {
		w.t = w.sh.needTable(w.db.n)
		_, h := w.db.s.hash(w.key)
		w.t.Seek(&w.ref, h, w.key)
	}
	if w.sh.waiting != nil {
		w.signal(Kind(e.Kind >> encodingBits))
	}
	if h, ok := e.Object.(*structures.Hash); ok {
		h.SetSeq(&w.sh.seq)
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
	w.t.Restamp(&w.ref, w.key, w.sh.nextVersion(), deadline)
}

// del removes the key and says whether it was there.
func (w *write) del() bool {
	if !w.ref.Found {
		return false
	}
	w.t.Delete(&w.ref, w.key)
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
	return w.t.Mutate(&w.ref).(*structures.Bytes)
}

// changed ends a change of an object in place.
func (w *write) changed() { w.t.Mutated(&w.ref, w.sh.nextVersion()) }

// purge removes the key if it is overdue, otherwise those fields of the hash at it that
// are, about budget of them at most. It returns how many keys or fields it has removed.
func (w *write) purge(budget int) int {
	if w.overdue(w.deadline()) {
		w.del()
		w.db.s.expired.Add(1)
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
	awaited bool  // somebody waits for keys of the shards
	several bool  // more than one key, or awaited: the shards' sequences are odd
	ns      int64 // what the clock said, 0 if nobody has asked
	now     int64 // the same in milliseconds, for reading
	buf     [8]*shard
}

// begin locks the shards of all keys, in the order of their numbers. end must
// follow, whatever begin returns.
func (b *batch) begin(db DB, op string, keys ...string) error {
	if db.s != nil && db.s.readOnly {
		return mistake(op, "", db.checkWrite())
	}
	if err := b.collect(db, op, keys); err != nil {
		return err
	}
	for _, sh := range b.shards {
		sh.mu.Lock()
		b.awaited = b.awaited || sh.waiting != nil
	}
	if b.awaited {
		b.shards = b.s.widen(b.shards, keys...)
	}
	b.enter(len(keys) > 1 || b.awaited)
	return nil
}

// enter begins to write the shards, which are locked.
func (b *batch) enter(several bool) {
	epoch := b.s.epoch.Load() // after all the locks: a snapshot has all or nothing
	for _, sh := range b.shards {
		b.s.freeze(sh, epoch)
	}
	b.write, b.several = true, several
	if several { // a reader without a lock must not see one key without the other
		for _, sh := range b.shards {
			sh.seq.Enter()
		}
	}
}

// beginRead locks the shards of all keys for reading.
func (b *batch) beginRead(db DB, op string, keys ...string) error {
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
	slices.SortFunc(shards, byIndex)
	b.shards = slices.Compact(shards)
	return nil
}

// key looks up one of the keys, in any database.
func (b *batch) key(db DB, key string) (w write) {
	sh, h := b.s.hash(key)
	w.ns = b.ns
	w.join(db, sh, h, b.op, key)
	b.ns = w.ns
	return w
}

// find looks one of the keys up for reading.
func (b *batch) find(db DB, key string) (structures.Record, bool) {
	sh, h := b.s.hash(key)
	return sh.find(db, h, key, &b.now, !b.quiet)
}

// end serves who waits for what was put, and unlocks.
func (b *batch) end() {
	shards := b.shards
	b.shards = nil
	if b.awaited {
		b.s.serve(shards)
	}
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
}
