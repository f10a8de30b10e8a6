package store

import (
	"sync"
	"time"

	"github.com/alcovedb/alcove/structures"
	"github.com/alcovedb/alcove/txn"
)

// A transaction reads the store as everybody does, remembers the version of what it has
// read, and keeps what it writes to itself: records in memory of its own, and clones of
// objects. Only commit locks shards, looks whether all versions are still the same, and
// stores what was written. Whenever it reads a key for the first time it looks whether the
// others are as they were, so that all it has read was true at one moment.

// run is one run of a transaction's closure, and what it keeps from one to the next.
type run struct {
	mu sync.Mutex // held by the operations of tx, one after the other
	tx *Tx        // whose run it is; nil when it has ended
	sh shard      // stands in for the shard of every key that the transaction has to itself

	s *Store
	job
	ends     bool // ctx may end
	number   int
	result   error
	finished bool  // fn has returned
	err      error // why nothing works any more in this run

	seen     txn.Set[seen]
	marks    []mark
	earliest int64 // a deadline of what was read, the first; 0 is none
	dirty    []int // the keys that commit stores
	filled   []int // those of them that somebody may have waited for, in Redis's order
	frozen   int64 // the time where it stands still, in nanoseconds
	ns       int64 // what the clock said at commit, 0 if nobody has asked
	commits  []func()
	arena    structures.Arena

	writes  uint64   // how many there were
	private *Store   // where the run goes on after a command on the whole keyspace
	base    []uint64 // the versions of the shards that private was made of

	claim   *txn.Claim
	unwatch func() bool // forgets that the end of ctx ends the claim
	keys    []txn.Key   // of all runs
}

// seen is what a transaction knows of a key.
type seen struct {
	rec   structures.Record
	due   int64 // when it was read there was something to remove of it then; 0 is never
	found bool
	own   bool // the object in rec is the transaction's own, or it has written the key
	dirty bool // commit stores it

	filled bool // it has become something that somebody may wait for

	op     string // that wrote it last
	order  uint64 // of that among all writes
	reason Reason // if it was removed
}

// mark is a shard of the keys that were read, with the version that it had before that.
type mark struct {
	sh      *shard
	version uint64
	strict  bool // not all of them are in seen: the shard must stay as it is
	write   bool // commit changes it
}

// enter locks the run for an operation of tx.
func (tx *Tx) enter() (*run, error) {
	r := tx.run
	if r == nil {
		return nil, ErrClosed
	}
	r.mu.Lock()
	err := ErrTxDone
	if r.tx == tx {
		if err = r.fit(); err == nil {
			return r, nil
		}
	}
	r.mu.Unlock()
	return nil, err
}

// check returns why nothing can be done in the transaction, nil if there is nothing wrong.
func (tx *Tx) check() error {
	r, err := tx.enter()
	if err == nil {
		r.mu.Unlock()
	}
	return err
}

// fit returns why the run can't go on.
func (r *run) fit() error {
	if r.err == nil && r.overdue() {
		r.err = ErrConflict
	}
	if r.err == nil && r.ends {
		r.err = r.ctx.Err()
	}
	return r.err
}

// fail makes err the answer to everything that comes in this run.
func (r *run) fail(err error) error {
	r.err = err
	return err
}

// key returns the place of a key, which is read if this is the first time.
func (r *run) key(n int, name string) (int, error) {
	sh, h := r.s.hash(name)
	if i := r.seen.Find(h, n, name); i >= 0 {
		return i, nil
	}
	if r.declared != nil && r.frozen != 0 {
		return 0, ErrUndeclared // those that were have been read
	}
	r.mark(sh)
	e := r.seen.Add(sh.index, h, n, name)
	if err := r.read(e, sh); err != nil {
		r.seen.Drop()
		return 0, err
	}
	if !r.consistent() {
		return 0, r.fail(ErrConflict)
	}
	return r.seen.Len() - 1, nil
}

// read reads the key of e.
func (r *run) read(e *txn.Entry[seen], sh *shard) error {
	if seq := sh.seq.Load(); seq&1 == 0 && !r.s.closed.Load() { // most are read without a lock
		if t := sh.tables[e.DB].Load(); t != nil {
			rec, found, ok := t.Load(seq, e.Hash, e.Name, r.s.stamp)
			if ok && found && rec.Object() == nil && sh.cfg.Due(&rec) == 0 && !r.s.stale(sh) {
				e.Version, e.Value.rec, e.Value.found = rec.Version(), rec, true
				return nil
			}
		}
	}
	rec, found, locked, err := r.s.DB(e.DB).fresh(e.Name)
	if err == nil && found {
		e.Version, e.Value = rec.Version(), seen{rec: rec, found: true, due: sh.cfg.Due(&rec)}
		r.earliest = earlier(r.earliest, e.Value.due)
	}
	locked.release()
	return err
}

// fresh is lookup without fields that are overdue.
func (db DB) fresh(key string) (rec structures.Record, found bool, locked *shard, err error) {
	for {
		rec, found, locked, err = db.lookup(key, false)
		if err != nil || !found || kindOf(&rec) != KindHash {
			return rec, found, locked, err
		}
		var view structures.Hash
		if at := view.Of(&rec).Earliest(); at == 0 || at > db.s.now() {
			return rec, found, locked, nil
		}
		locked.release()
		var w write
		err = w.inspect(db, "", key)
		w.end()
		if err != nil {
			return rec, false, nil, err
		}
	}
}

// mark notes the version of a shard before something in it is read. A writer counts the
// version up before anybody can see what it writes; the lock is for one that has, and whose
// write is still to be seen.
func (r *run) mark(sh *shard) *mark {
	for i := range r.marks {
		if r.marks[i].sh == sh {
			return &r.marks[i]
		}
	}
	sh.mu.RLock()
	version := sh.version.Load()
	sh.mu.RUnlock()
	r.marks = append(r.marks, mark{sh: sh, version: version})
	return &r.marks[len(r.marks)-1]
}

// consistent says whether everything that was read is still there.
func (r *run) consistent() bool {
	switch {
	case r.frozen != 0:
		return true // the keys are held
	case r.overdue():
		return false
	}
	// What is absent may come and go between the looks at two shards: there was one moment
	// only if nothing has moved since the look before.
	for range maxLooks {
		moved, ok := r.look()
		if !moved || !ok {
			return ok
		}
	}
	return false
}

// maxLooks bounds how often consistent looks for a moment at which nothing moves.
const maxLooks = 8

// look says whether a shard has moved, and whether what was read is still there.
func (r *run) look() (moved, ok bool) {
	for i := range r.marks {
		m := &r.marks[i]
		if m.sh.version.Load() == m.version {
			continue
		}
		if m.strict {
			return true, false
		}
		m.sh.mu.RLock()
		ok := r.unchanged(m)
		m.sh.mu.RUnlock()
		if !ok {
			return true, false
		}
		moved = true
	}
	return moved, true
}

// overdue says whether something that was read is there no longer.
func (r *run) overdue() bool { return r.earliest != 0 && r.earliest <= r.s.now() }

// unchanged says whether the keys of a shard, which is locked, have their versions.
func (r *run) unchanged(m *mark) bool {
	version := m.sh.version.Load()
	if version == m.version {
		return true
	}
	m.version = version
	for i := range r.seen.Len() {
		if e := r.seen.At(i); e.Shard == m.sh.index && r.s.versionOf(m.sh, &e.Key, e.Version == 0) != e.Version {
			return false
		}
	}
	return true
}

// versionOf returns the version of a key in a shard that is locked, 0 if it is not there. An
// overdue key is not there, but only who expects that is told so: of what was read the
// deadlines are looked at elsewhere.
func (s *Store) versionOf(sh *shard, k *txn.Key, absent bool) uint64 {
	t := sh.table(k.DB)
	if t == nil {
		return 0
	}
	ref := t.Find(k.Hash, k.Name)
	if !ref.Found || absent && s.gone(t, &ref.Record) {
		return 0
	}
	return ref.Record.Version()
}

// dueOf returns when there is something to remove of the key at place i, 0 for never.
func (r *run) dueOf(i int) int64 {
	e := r.seen.At(i)
	if !e.Value.own {
		return e.Value.due // others may write the object
	}
	return r.s.shards[e.Shard].cfg.Due(&e.Value.rec)
}

// freeze makes the time stand still at now, in nanoseconds.
func (r *run) freeze(now int64) {
	r.frozen, r.earliest = now, 0
	r.tx.frozen.Store(now)
}

// nano returns the time of an operation in nanoseconds.
func (db DB) nano() int64 {
	if tx := db.tx(); tx != nil {
		if at := tx.frozen.Load(); at != 0 {
			return at
		}
	}
	return db.s.clock.nano()
}

// now is nano in milliseconds.
func (db DB) now() int64 { return db.nano() / int64(time.Millisecond) }
