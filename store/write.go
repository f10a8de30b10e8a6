package store

import (
	"context"
	"math"
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

	chain *batch // instead of own: more shards, to which waiters move what they get
	via   *chain // where that may go, nil if nobody waits to move it

	run   *run       // of the transaction that writes, nil for the store itself
	at    int        // the key's place in it
	claim *txn.Claim // held for the command, which had to wait for its turn
}

// nano returns the time of the command: the clock is read once, under the lock and before
// the command writes anything.
func (w *write) nano() int64 {
	if w.ns == 0 {
		w.ns = w.db.s.clock.nano()
		if w.own && w.run == nil && w.db.s.stale(w.sh) {
			w.freezeAgain()
		}
	}
	return w.ns
}

// freezeAgain makes the command one that came after the last snapshot, at whose time there
// may have been more than at that of the command.
func (w *write) freezeAgain() {
	w.db.s.freeze(w.sh, w.db.s.epoch.Load())
	if w.t != nil {
		_, h := w.db.s.hash(w.key)
		w.t.Seek(&w.ref, h, w.key)
	}
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
	if db.tx() != nil {
		return w.beginTx(db, op, key, true)
	}
	if err := w.inspect(db, op, key); err != nil {
		return err
	}
	for w.blocked() {
		if err := w.waitTurn(); err != nil {
			return err
		}
	}
	return nil
}

// blocked says whether somebody else holds the key, or one that a waiter moves to.
func (w *write) blocked() bool {
	if w.via != nil {
		return w.via.blocked(w.db.s.Store, w.claim, []string{w.key})
	}
	return w.sh.held > 0 && w.db.s.holds.Blocked(w.claim, w.key)
}

// waitTurn is begin where a transaction holds the key.
func (w *write) waitTurn() error {
	db, op, key := w.db, w.op, w.key
	via := w.via
	if via == nil {
		via = new(chain)
	}
	w.end()
	c, err := db.s.takeTurn(context.Background(), via.claim(db.s.Store, []string{key}))
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
	if db.tx() != nil {
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
	if sh.derived != nil && db.s.closed.Load() { // meanwhile: what it has is gone, or committed
		return mistake(op, key, db.s.whyClosed)
	}
	if sh.waiting != nil {
		w.lockChain(db, key)
	}
	if w.chain == nil { // which has one epoch for all its shards
		db.s.freeze(sh, db.s.epoch.Load())
	}
	if sh.log != nil {
		w.together()
	}
	w.join(db, sh, h, op, key)
	return nil
}

// lockChain locks, beside the shard, those where waiters may move what is put at key.
func (w *write) lockChain(db DB, key string) {
	s := db.s.Store
	if w.sh.waiting.moving[key] == nil {
		return
	}
	c := s.widen([]*shard{w.sh}, key)
	if w.via = &c; len(c.shards) > 1 {
		w.own = false
		w.chain = &batch{s: s, by: db.s.by, shards: c.shards, awaited: true, write: true}
		w.ns = s.clock.nano()
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
	if w.own {
		w.unlock()
	} else if w.chain != nil {
		w.chain.end()
		w.chain = nil
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
	if w.sh.waiting != nil {
		w.db.s.serveShard(w.sh)
	}
	told := w.sh.log != nil && w.db.s.sealShard(w.sh, w.db.s.by) // before others see it
	if w.odd {
		w.odd = false
		w.sh.seq.Leave()
	}
	if w.t != nil && w.t.Earliest() != w.sh.scheduled {
		w.sh.reschedule(w.db.s.Store)
	}
	w.sh.mu.Unlock()
	if told {
		w.db.s.deliver()
	}
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

// put stores an entry under the key; one whose deadline has passed expires at once.
func (w *write) put(e structures.Entry) {
	if w.overdue(e.Deadline) {
		w.expire()
		return
	}
	if !w.ref.Found {
		w.event(NotifyNew, "new")
	}
	w.store(&e)
}

// putAnew is put of a value that takes the place of another, which it does not come from.
func (w *write) putAnew(e structures.Entry) {
	w.overwritten(w.kind(), Kind(e.Kind>>encodingBits))
	w.put(e)
}

// overwritten notes that a value has taken the place of another, if there was one.
func (w *write) overwritten(was, is Kind) {
	if was == KindNone {
		return
	}
	w.event(NotifyOverwritten, "overwritten")
	if is != was {
		w.event(NotifyTypeChanged, "type_changed")
	}
}

// store is put without notifications.
func (w *write) store(e *structures.Entry) {
	if w.run != nil {
		w.run.put(w, *e)
		return
	}
	if w.t == nil {
		w.t = w.sh.needTable(w.db.n)
		_, h := w.db.s.hash(w.key)
		w.t.Seek(&w.ref, h, w.key)
	}
	if w.fills(e.Kind) {
		w.signal(Kind(e.Kind >> encodingBits))
	}
	w.signalStream()
	e.Version = w.sh.nextVersion()
	if w.db.s.stamp != nil {
		e.Stamp = w.db.s.stamp(0)
	}
	if w.sh.log == nil {
		w.t.Put(&w.ref, w.key, *e)
		return
	}
	was := w.kind()
	w.t.Put(&w.ref, w.key, *e)
	w.tell(Written, was, e.Version)
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
	switch {
	case w.overdue(deadline):
		w.del()
		return
	case deadline == 0:
		w.event(NotifyGeneric, "persist")
	default:
		w.event(NotifyGeneric, "expire")
	}
	if w.run != nil {
		e := entryOf(&w.ref.Record)
		e.Deadline = deadline
		w.run.put(w, e)
		return
	}
	version := w.sh.nextVersion()
	w.t.Restamp(&w.ref, w.key, version, deadline)
	if w.sh.log != nil {
		w.tell(Written, w.kind(), version)
	}
}

// del removes the key and says whether it was there.
func (w *write) del() bool {
	if !w.ref.Found {
		return false
	}
	w.event(NotifyGeneric, "del")
	w.remove(Deleted)
	return true
}

// expire removes the key because its time has come.
func (w *write) expire() {
	if w.ref.Found {
		w.event(NotifyExpired, "expired")
		w.remove(Expired)
	}
}

// remove removes the key, which is there, without a notification.
func (w *write) remove(r Reason) {
	if w.run != nil {
		w.run.remove(w, r)
		return
	}
	w.signalStream()
	was, version, due := w.kind(), w.sh.nextVersion(), w.deadline()
	w.t.Delete(&w.ref, w.key)
	if w.sh.log != nil {
		w.tell(r, was, version)
		w.sh.log.due(due)
	}
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
	version := w.sh.nextVersion()
	w.t.Mutated(&w.ref, version)
	if w.sh.log != nil {
		w.tell(Written, w.kind(), version)
	}
}

// cloneObject returns a clone of the object at the key.
func (w *write) cloneObject() structures.Object {
	if w.run != nil {
		return w.ref.Record.Object().Clone()
	}
	return w.t.CloneObject(&w.ref)
}
