package store

import "github.com/alcovedb/alcove/structures"

// load is DB.load in a transaction.
func (tx *Tx) load(db DB, key string) (rec structures.Record, found bool, locked *shard, err error) {
	if err := db.check(); err != nil {
		return rec, false, nil, err
	}
	r, err := tx.enter()
	if err != nil {
		return rec, false, nil, err
	}
	if private := r.private; private != nil {
		r.mu.Unlock()
		return private.DB(db.n).lookup(key, false)
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
	rec, found, locked, err = db.s.DB(db.n).lookup(key, false)
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

// text returns a string where there is a short way to it.
func (tx *Tx) text(db DB, key string) (value string, o structures.Outcome) {
	if value, o = tx.glance(db, KindString, key, ""); o != structures.Unclear {
		return value, o
	}
	if rec, ok := tx.small(db, key); ok && kindOf(&rec) == KindString {
		return rec.Value(), structures.Found
	}
	return "", structures.Unclear
}

// field returns the field of a hash where there is a short way to it.
func (tx *Tx) field(db DB, key, field string) (value string, o structures.Outcome) {
	if value, o = tx.glance(db, KindHash, key, field); o != structures.Unclear {
		return value, o
	}
	if rec, ok := tx.small(db, key); ok && kindOf(&rec) == KindHash {
		value, _, o = structures.LoadField(rec.Value(), field)
	}
	return value, o
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
	if !r.direct(tx, db) || r.number > 1 || !r.s.scope.plain() {
		return "", structures.Unclear
	}
	sh, h := r.s.hash(key)
	r.mark(sh).strict = true
	t, seq := sh.tables[db.n].Load(), sh.seq.Load()
	if t == nil || seq&1 != 0 {
		return "", structures.Unclear
	}
	value, kind, deadline, o := t.LoadText(seq, h, key)
	if o == structures.Missing {
		r.sh.miss(db.n, key)
	}
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
		err := db.s.DB(db.n).peek(op, key, func(_ *structures.Record, at uint32) { stamp = at })
		if err == ErrNotFound && db.s.stamp != nil { // made by the transaction
			stamp = db.s.stamp(0)
		}
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
