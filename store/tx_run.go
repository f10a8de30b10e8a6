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
	number   int
	result   error
	finished bool  // fn has returned
	err      error // why nothing works any more in this run

	seen     txn.Set[seen]
	marks    []mark
	earliest int64 // a deadline of what was read, the first; 0 is none
	dirty    []int // the keys that commit stores, in the order in which they were written
	frozen   int64 // the time where it stands still, in nanoseconds
	ns       int64 // what the clock said at commit, 0 if nobody has asked
	commits  []func()
	arena    structures.Arena

	private *Store   // where the run goes on after a command on the whole keyspace
	base    []uint64 // the versions of the shards that private was made of

	claim   *txn.Claim
	unwatch func() bool // forgets that the end of ctx ends the claim
	keys    []txn.Key   // of all runs
}

// seen is what a transaction knows of a key.
type seen struct {
	rec   structures.Record
	found bool
	own   bool // the object in rec is the transaction's own, or it has written the key
	dirty bool // commit stores it
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

// fit returns why the run can't go on.
func (r *run) fit() error {
	if r.err == nil && r.earliest != 0 && r.earliest <= r.s.now() {
		r.err = ErrConflict // what was read is no longer there
	}
	if r.err == nil && r.ctx.Done() != nil {
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
	if r.declared != nil && !r.claim.Covers(txn.Key{Shard: sh.index, Hash: h, DB: n, Name: name}) {
		return 0, ErrUndeclared
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
	rec, found, locked, err := DB{s: r.s, n: e.DB}.fresh(e.Name)
	if err == nil && found {
		e.Version, e.Value.rec, e.Value.found = rec.Version(), rec, true
		if r.frozen == 0 {
			r.earliest = earlier(r.earliest, sh.cfg.Due(&rec))
		}
	}
	locked.release()
	return err
}

// fresh is load without fields that are overdue.
func (db DB) fresh(key string) (rec structures.Record, found bool, locked *shard, err error) {
	for {
		rec, found, locked, err = db.load(key)
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
	if r.frozen != 0 {
		return true // the keys are held
	}
	for i := range r.marks {
		m := &r.marks[i]
		if m.sh.version.Load() == m.version {
			continue
		}
		if m.strict {
			return false
		}
		m.sh.mu.RLock()
		ok := r.unchanged(m)
		m.sh.mu.RUnlock()
		if !ok {
			return false
		}
	}
	return true
}

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

// load is DB.load in a transaction.
func (tx *Tx) load(db DB, key string) (rec structures.Record, found bool, locked *shard, err error) {
	if err := db.check(); err != nil {
		return rec, false, nil, err
	}
	r, err := tx.enter()
	if err != nil {
		return rec, false, nil, err
	}
	if r.private != nil {
		r.mu.Unlock()
		return DB{s: r.private, n: db.n}.load(key)
	}
	i, err := r.key(db.n, key)
	if err != nil {
		r.mu.Unlock()
		return rec, false, nil, err
	}
	e := r.seen.At(i)
	if e.Value.own {
		var w write
		r.joinAt(&w, db, "", i)
	}
	v, version := e.Value, e.Version
	object := v.found && v.rec.Object() != nil
	if object && v.own {
		return v.rec, true, &r.sh, nil // the caller unlocks
	}
	r.mu.Unlock()
	if !object {
		return v.rec, v.found, nil, nil
	}
	rec, found, locked, err = DB{s: db.s, n: db.n}.load(key)
	if err == nil && found && rec.Version() == version {
		return rec, true, locked, nil
	}
	locked.release()
	return rec, false, nil, tx.doom(err)
}

// small returns the record of a key that is there and not an object, nor due some time. It
// reports false for all else, errors included: load knows.
func (tx *Tx) small(db DB, key string) (rec structures.Record, ok bool) {
	r := tx.run
	if r == nil {
		return rec, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.direct(tx, db) {
		return rec, false
	}
	i, err := r.key(db.n, key)
	if err != nil {
		return rec, false
	}
	v := &r.seen.At(i).Value
	if !v.found || v.rec.Object() != nil || r.dueOf(i) != 0 {
		return rec, false
	}
	return v.rec, true
}

// direct says whether tx reads db from the store, and nothing is wrong.
func (r *run) direct(tx *Tx, db DB) bool {
	return r.tx == tx && r.private == nil && r.fit() == nil && uint(db.n) < Databases
}

// glance returns a string, or the field of a packed hash, for a run that keeps account of
// shards instead of keys: the first of a View. Where it is unclear, small knows, or load.
func (tx *Tx) glance(db DB, k Kind, key, field string) (value string, o structures.Outcome) {
	r := tx.run
	if r == nil || !tx.readOnly {
		return "", structures.Unclear
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.direct(tx, db) || r.number > 1 || !r.s.plain.Load() {
		return "", structures.Unclear
	}
	sh, h := r.s.hash(key)
	r.mark(sh).strict = true
	t, seq := sh.tables[db.n].Load(), sh.seq.Load()
	if t == nil || seq&1 != 0 {
		return "", structures.Unclear
	}
	value, kind, deadline, o := t.LoadText(seq, h, key)
	switch {
	case o == structures.Unclear || r.s.stale(sh) || o == structures.Found && Kind(kind>>encodingBits) != k:
		return "", structures.Unclear
	case o == structures.Found && k == KindHash:
		at := int64(0)
		value, at, o = structures.LoadField(value, field)
		deadline = earlier(deadline, at)
	}
	if deadline != 0 {
		if deadline <= r.s.now() {
			return "", structures.Unclear
		}
		r.earliest = earlier(r.earliest, deadline)
	}
	if !r.consistent() {
		r.err = ErrConflict
		return "", structures.Unclear
	}
	return value, o
}

// doom makes the run one that is tried again, unless err says that there is no use.
func (tx *Tx) doom(err error) error {
	if err != nil {
		return err
	}
	r, err := tx.enter()
	if err != nil {
		return err
	}
	defer r.mu.Unlock()
	return r.fail(ErrConflict)
}

// peek is DB.peek in a transaction.
func (tx *Tx) peek(db DB, op, key string, look func(r *structures.Record, stamp uint32)) error {
	stamp := uint32(0)
	if db.check() == nil {
		_ = DB{s: db.s, n: db.n}.peek(op, key, func(_ *structures.Record, at uint32) { stamp = at })
	}
	rec, found, locked, err := tx.load(db, key)
	defer locked.release()
	switch {
	case err != nil:
		return mistake(op, key, err)
	case !found:
		return ErrNotFound
	}
	look(&rec, stamp)
	return nil
}

// dueOf returns when there is something to remove of the key at place i, 0 for never.
func (r *run) dueOf(i int) int64 {
	e := r.seen.At(i)
	return r.s.shards[e.Shard].cfg.Due(&e.Value.rec)
}

// freeze makes the time stand still at now, in nanoseconds.
func (r *run) freeze(now int64) {
	r.frozen, r.earliest = now, 0
	r.tx.frozen.Store(now)
}

// now returns the time of an operation in milliseconds.
func (db DB) now() int64 {
	if db.tx != nil {
		if at := db.tx.frozen.Load(); at != 0 {
			return at / int64(time.Millisecond)
		}
	}
	return db.s.now()
}
