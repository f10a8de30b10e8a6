package store

import (
	"cmp"
	"math"

	"github.com/alcovedb/alcove/structures"
)

// find looks key up in a shard that is locked for reading. An overdue key is not
// there, but fields of a hash may be overdue and there. now is the time of the command
// in milliseconds, 0 if nobody has asked; touch says that it is an access to the key.
func (sh *shard) find(db DB, h uint64, key string, now *int64, touch bool) (structures.Record, bool) {
	t := sh.table(db.n)
	if t == nil {
		return structures.Record{}, false
	}
	ref := t.Find(h, key)
	if !ref.Found {
		return structures.Record{}, false
	}
	if at := t.Due(&ref.Record); at != 0 {
		if *now == 0 {
			*now = db.s.now()
		}
		if at <= *now && gone(&ref.Record, *now) {
			return structures.Record{}, false
		}
	}
	if touch && db.s.stamp != nil {
		t.Touch(&ref, db.s.stamp)
	}
	return ref.Record, true
}

// due says whether the deadline of a record has come, or that of a field in it.
func (s *Store) due(t *structures.Table, r *structures.Record) bool {
	at := t.Due(r)
	return at != 0 && at <= s.now()
}

// gone says whether a record is overdue. The shard must be locked if it is an object.
func (s *Store) gone(t *structures.Table, r *structures.Record) bool {
	at := t.Due(r)
	if at == 0 {
		return false
	}
	now := s.now()
	return at <= now && gone(r, now)
}

// gone says whether a record is overdue at now: it, or all the fields of the hash that
// it is.
func gone(r *structures.Record, now int64) bool {
	if at := r.Deadline(); at != 0 && at <= now {
		return true
	}
	return kindOf(r) == KindHash && !hashLive(r, now)
}

// load returns the record of key without taking a lock where no writer is in
// the way. It takes one, too, for a record that seems overdue, since somebody may
// have extended it meanwhile, and once for a shard that is stale: a writer that began
// before a snapshot is part of it, so all who come after the snapshot must see what it
// writes. It reports locked where the value can only be read under the lock; then the
// shard is locked for reading, and the caller releases it.
func (db DB) load(key string) (rec structures.Record, found bool, locked *shard, err error) {
	return db.lookup(key, true)
}

// lookup is load, which tells what is missing, or not.
func (db DB) lookup(key string, tell bool) (rec structures.Record, found bool, locked *shard, err error) {
	if db.tx() != nil {
		rec, found, locked, err = db.tx().load(db, key)
		if !found && err == nil && tell {
			db.miss(key)
		}
		return rec, found, locked, err
	}
	if err := db.check(); err != nil {
		return rec, false, nil, err
	}
	sh, h := db.s.hash(key)
	if seq := sh.seq.Load(); seq&1 == 0 {
		t := sh.table(db.n)
		if t == nil {
			if sh.seq.Load() == seq && !db.s.stale(sh) {
				return rec, false, nil, db.absent(key, tell)
			}
		} else if rec, found, ok := t.Load(seq, h, key, db.s.stamp); ok && !db.s.stale(sh) &&
			(!found || rec.Object() == nil && !db.s.due(t, &rec)) {
			if !found && tell {
				db.miss(key)
			}
			return rec, found, nil, nil
		}
	}
	if db.s.stale(sh) {
		sh.mu.Lock()
		db.s.freeze(sh, db.s.epoch.Load())
		sh.mu.Unlock()
	}
	sh.mu.RLock()
	now := int64(0)
	rec, found = sh.find(db, h, key, &now, true)
	if found && rec.Object() != nil {
		return rec, true, sh, nil
	}
	sh.mu.RUnlock()
	if !found {
		err = db.absent(key, tell)
	}
	return rec, found, nil, err
}

// absent returns why a key that was not found may be there: a snapshot that was closed
// meanwhile has lost its tables.
func (db DB) absent(key string, tell bool) error {
	err := db.check()
	if err == nil && tell {
		db.miss(key)
	}
	return err
}

// stale says whether there was a snapshot since the shard was last written.
func (s *Store) stale(sh *shard) bool { return sh.epoch.Load() < s.epoch.Load() }

// release ends what load has locked, if it has.
func (sh *shard) release() {
	switch {
	case sh == nil:
	case sh.derived != nil && sh.derived.run != nil:
		sh.derived.run.mu.Unlock()
	default:
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
	if db.s == nil || uint(db.n) >= Databases || !db.s.plain() {
		return db.loadedText(op, key)
	}
	sh, h := db.s.hash(key)
	seq := sh.seq.Load()
	t := sh.table(db.n)
	if t == nil || seq&1 != 0 {
		return db.loadedText(op, key)
	}
	value, kind, deadline, o := t.LoadText(seq, h, key)
	if o == structures.Unclear || db.s.stale(sh) || deadline != 0 && deadline <= db.s.now() {
		return db.loadedText(op, key)
	}
	switch {
	case o == structures.Missing:
		db.miss(key)
		return "", ErrNotFound
	case Kind(kind>>encodingBits) != KindString: // maybe a hash of overdue fields
		return db.loadedText(op, key)
	}
	return value, nil
}

// loadedText is text where LoadText does not know.
func (db DB) loadedText(op, key string) (string, error) {
	if db.tx() != nil {
		if value, o := db.tx().text(db, key); o != structures.Unclear {
			if o == structures.Missing {
				return "", ErrNotFound
			}
			return value, nil
		}
	}
	text, large, err := db.shortText(op, key)
	if large {
		b, err := db.cloneBytes(op, key)
		if b == nil {
			return db.text(op, key) // it was replaced meanwhile
		}
		return b.String(), err
	}
	return text, err
}

// shortText is text unless the string takes long to copy.
func (db DB) shortText(op, key string) (text string, large bool, err error) {
	rec, found, locked, err := db.load(key)
	defer locked.release()
	switch {
	case err != nil:
		return "", false, mistake(op, key, err)
	case !found:
		return "", false, ErrNotFound
	case kindOf(&rec) != KindString:
		return "", false, mistake(op, key, ErrWrongType)
	case takesLong(rec.Object(), math.MaxInt):
		return "", true, nil
	}
	return textOf(&rec), false, nil
}

// copyLocked is up to how many bytes are copied while others wait for the shard.
const copyLocked = 64 << 10

// takesLong says whether n bytes of a string should be copied from a clone.
func takesLong(o structures.Object, n int) bool {
	b, ok := o.(*structures.Bytes)
	return ok && min(b.Len(), n) > copyLocked
}

// cloneBytes returns a clone of the string at key, which is its reader's alone, or nil
// if the string is none that changes in place.
func (db DB) cloneBytes(op, key string) (*structures.Bytes, error) {
	var w write
	defer w.end()
	if err := w.inspect(db, op, key); err != nil {
		return nil, err
	}
	if !w.found() {
		return nil, nil
	}
	if _, ok := w.ref.Record.Object().(*structures.Bytes); !ok {
		return nil, nil
	}
	return w.cloneObject().(*structures.Bytes), nil
}

// see is peek for a command that reads the key.
func (db DB) see(op, key string, look func(r *structures.Record)) error {
	err := db.peek(op, key, func(r *structures.Record, _ uint32) { look(r) })
	if err == ErrNotFound {
		db.miss(key)
	}
	return err
}

// peek calls look with the record of key, and its access stamp, under the lock
// and without counting as an access.
func (db DB) peek(op, key string, look func(r *structures.Record, stamp uint32)) error {
	if db.tx() != nil {
		return db.tx().peek(db, op, key, look)
	}
	if err := db.check(); err != nil {
		return mistake(op, key, err)
	}
	sh, h := db.s.hash(key)
	err := ErrNotFound
	sh.read(db, func(t *structures.Table) {
		if ref := t.Find(h, key); ref.Found && !db.s.gone(t, &ref.Record) {
			look(&ref.Record, t.Stamp(&ref))
			err = nil
		}
	})
	if err != nil {
		return cmp.Or(db.check(), err)
	}
	return nil
}
