package store

import (
	"time"

	"github.com/alcovedb/alcove/structures"
)

// A command on the whole keyspace would have to read every key of it. In a transaction it
// gets a copy of the store instead, with what the transaction has written; the transaction
// goes on there, and commit puts those shards of the copy into the store that it has
// changed, if nobody has changed the store since.

// whole returns where a command on all keys of db finds them.
func (db DB) whole(op string) (DB, error) {
	if db.tx() == nil {
		return db, mistake(op, "", db.check())
	}
	r, err := db.tx().begin(db, false)
	if err != nil {
		return db, mistake(op, "", err)
	}
	defer r.mu.Unlock()
	if r.declared != nil {
		return db, mistake(op, "", ErrUndeclared)
	}
	if r.private == nil {
		if err := r.isolate(); err != nil {
			return db, mistake(op, "", err)
		}
	}
	return r.private.DB(db.n), nil
}

// wholeForWrite is whole for a command that writes.
func (db DB) wholeForWrite(op string) (DB, error) {
	if db.tx() != nil && db.tx().readOnly {
		return db, mistake(op, "", ErrReadOnly)
	}
	whole, err := db.whole(op)
	if err == nil && whole.s.readOnly {
		err = mistake(op, "", ErrReadOnly)
	}
	return whole, err
}

// isolate gives the run a copy of the store, at whose moment its time stands still.
func (r *run) isolate() error {
	m := r.s.instant()
	now := m.now * int64(time.Millisecond)
	if r.viewing {
		r.private = r.s.viewOf(m)
	} else {
		r.private = r.s.forkOf(m, stoppedClock(now))
		r.private.whyClosed, r.private.events = ErrTxDone, nil
		r.base = make([]uint64, len(r.s.shards))
		kin, puts := make([]derived, len(r.s.shards)), new(filled)
		for i := range r.base {
			sh := &r.private.shards[i]
			r.base[i] = sh.version.Load()
			kin[i].put = puts
			sh.derived = &kin[i]
			if r.holdsAll() { // the expirer gives versions, too, and no other key may have them
				kin[i].origin = &r.s.shards[i]
			}
		}
		m.release()
	}
	if r.earliest != 0 && r.earliest <= m.now {
		return r.fail(ErrConflict)
	}
	for _, m := range r.marks {
		if m.strict && r.private.versionAt(m.sh.index) != m.version {
			return r.fail(ErrConflict)
		}
	}
	for i := range r.seen.Len() {
		e := r.seen.At(i)
		sh := &r.private.shards[e.Shard]
		sh.mu.RLock()
		version := r.private.versionOf(sh, &e.Key, e.Version == 0)
		sh.mu.RUnlock()
		if version != e.Version {
			return r.fail(ErrConflict)
		}
	}
	if !r.viewing {
		r.private.lockShards()
		r.private.listen(r.s)
		r.install(r.private, now)
		r.private.unlockShards()
	}
	r.freeze(now)
	return nil
}

// versionAt returns the version of a shard of a copy.
func (s *Store) versionAt(index int) uint64 {
	sh := &s.shards[index]
	sh.table(0) // a view's comes with its tables
	return sh.version.Load()
}

// holdsAll says whether the run holds the whole store.
func (r *run) holdsAll() bool { return r.claim != nil && r.claim.Whole() }

// commitWhole puts the copy in the place of what it is a copy of.
func (r *run) commitWhole() error {
	s, f, told := r.s, r.private, false
	defer func() { s.deliverIf(told) }() // when neither the store nor the copy is locked
	_ = f.Close()
	f.lockShards() // who comes after this finds the copy closed
	defer f.unlockShards()
	var more log
	if !r.wrote() {
		r.takeNotes(&more)
		told = s.seal(nil, &more, r.by)
		return nil // what it has read was true at one moment
	}
	s.lockShards()
	if s.holds.Any(r.claim) {
		s.unlockShards()
		return ErrConflict
	}
	leave := s.enterAll(&more, r.by)
	defer func() { told = leave() }()
	if err := r.validWhole(); err != nil {
		return err
	}
	heard := f.shards[0].log != nil && f.shards[0].log.changes
	if r.holdsAll() {
		r.settle()
	}
	r.takeNotes(&more)
	for i := range s.shards {
		if f.shards[i].version.Load() != r.base[i] {
			s.shards[i].replace(&f.shards[i])
		}
	}
	for n := range s.swaps {
		s.swaps[n].Add(f.swaps[n].Load())
	}
	s.signalFilled(f.shards[0].derived.put)
	if !heard { // nobody listened yet when it began
		for n := range Databases {
			s.tellAll(r.op, Swapped, n)
		}
	}
	return nil
}

// takeNotes gives more what a run with a copy of the store has noted.
func (r *run) takeNotes(more *log) {
	for i := range r.private.shards {
		more.take(r.private.shards[i].log)
	}
	more.fold()
	more.take(r.sh.log)
	more.sort()
	r.amend(more)
}

// validWhole is valid for the whole store, which is locked.
func (r *run) validWhole() error {
	if err := r.s.check(); err != nil {
		return err
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.holdsAll() {
		return nil // only the expirer was there
	}
	if r.deaf() {
		return ErrConflict
	}
	now := r.s.now()
	for n := range Databases {
		if first := r.s.DB(n).earliest(); first != 0 && first <= now {
			return ErrConflict
		}
	}
	for i := range r.base {
		if r.s.shards[i].version.Load() != r.base[i] {
			return ErrConflict
		}
	}
	return nil
}

// wrote says whether the copy was written.
func (r *run) wrote() bool {
	for i := range r.base {
		if r.private.shards[i].version.Load() != r.base[i] {
			return true
		}
	}
	return false
}

// replace gives a shard what its copy holds. Both are locked.
func (sh *shard) replace(from *shard) {
	sh.version.Store(max(sh.version.Load(), from.version.Load()) + 1)
	for n := range sh.tables {
		var t *structures.Table
		if f := from.table(n); f != nil {
			t = f.Fork(sh.cfg)
			t.Follow(sh.tables[n].Load())
		}
		sh.tables[n].Store(t)
	}
}
