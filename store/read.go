package store

import (
	"github.com/alcovedb/alcove/structures"
)

// find looks key up in a shard that is locked for reading. An overdue key is
// not there.
func (sh *shard) find(db DB, h uint64, key string) (structures.Record, bool) {
	t := sh.table(db.n)
	if t == nil {
		return structures.Record{}, false
	}
	ref := t.Find(h, key)
	if !ref.Found || db.s.overdue(&ref.Record) {
		return structures.Record{}, false
	}
	if db.s.stamp != nil {
		t.Touch(&ref, db.s.stamp)
	}
	return ref.Record, true
}

// overdue says whether the deadline of a record has come.
func (s *Store) overdue(r *structures.Record) bool {
	at := r.Deadline()
	return at != 0 && at <= s.now()
}

// load returns the record of key without taking a lock where no writer is in
// the way. It reports locked where the value can only be read under the lock;
// then the shard is locked for reading, and the caller releases it.
func (db DB) load(key string) (rec structures.Record, found bool, locked *shard, err error) {
	if err := db.check(); err != nil {
		return rec, false, nil, err
	}
	sh, h := db.s.hash(key)
	if seq := sh.seq.Load(); seq&1 == 0 {
		t := sh.table(db.n)
		if t == nil {
			if sh.seq.Load() == seq {
				return rec, false, nil, nil
			}
		} else if rec, found, ok := t.Load(seq, h, key, db.s.stamp); ok && (!found || rec.Object() == nil) {
			if found && db.s.overdue(&rec) {
				return structures.Record{}, false, nil, nil
			}
			return rec, found, nil, nil
		}
	}
	sh.mu.RLock()
	rec, found = sh.find(db, h, key)
	if found && rec.Object() != nil {
		return rec, true, sh, nil
	}
	sh.mu.RUnlock()
	return rec, found, nil, nil
}

// release ends what load has locked, if it has.
func (sh *shard) release() {
	if sh != nil {
		sh.mu.RUnlock()
	}
}

// read calls look with the shard's table of the database, locked for reading, if
// there is one.
func (sh *shard) read(db DB, look func(t *structures.Table)) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if t := sh.table(db.n); t != nil {
		look(t)
	}
}

// text returns the string at key.
func (db DB) text(op, key string) (string, error) {
	rec, found, locked, err := db.load(key)
	defer locked.release()
	switch {
	case err != nil:
		return "", mistake(op, key, err)
	case !found:
		return "", ErrNotFound
	case kindOf(&rec) != KindString:
		return "", mistake(op, key, ErrWrongType)
	}
	return textOf(&rec), nil
}

// peek calls look with the record of key, and its access stamp, under the lock
// and without counting as an access.
func (db DB) peek(op, key string, look func(r *structures.Record, stamp uint32)) error {
	if err := db.check(); err != nil {
		return mistake(op, key, err)
	}
	sh, h := db.s.hash(key)
	err := ErrNotFound
	sh.read(db, func(t *structures.Table) {
		if ref := t.Find(h, key); ref.Found && !db.s.overdue(&ref.Record) {
			look(&ref.Record, t.Stamp(&ref))
			err = nil
		}
	})
	return err
}
