package store

import (
	"math"

	"github.com/alcovedb/alcove/structures"
)

// beginTx is begin, or without writes inspect, in a transaction.
func (w *write) beginTx(db DB, op, key string, writes bool) error {
	r, err := db.tx().begin(db, writes)
	if err != nil {
		return mistake(op, key, err)
	}
	if private := r.private; private != nil {
		r.mu.Unlock()
		return w.inspect(private.DB(db.n), op, key)
	}
	w.sh, w.run, w.own = &r.sh, r, true
	if len(key) > MaxStringLen {
		return mistake(op, key, ErrTooLarge)
	}
	if err := r.join(w, db, op, key); err != nil {
		return mistake(op, key, err)
	}
	return nil
}

// begin locks the run for an operation on db.
func (tx *Tx) begin(db DB, writes bool) (*run, error) {
	if err := db.check(); err != nil {
		return nil, err
	}
	r, err := tx.enter()
	if err == nil && writes && tx.readOnly {
		r.mu.Unlock()
		return nil, ErrReadOnly
	}
	return r, err
}

// beginTx is begin, or without writes beginRead, in a transaction.
func (b *batch) beginTx(db DB, op string, keys []string, writes bool) error {
	r, err := db.tx().begin(db, writes)
	if err != nil {
		return mistake(op, "", err)
	}
	if private := r.private; private != nil {
		r.mu.Unlock()
		if writes {
			return b.begin(private.DB(db.n), op, keys...)
		}
		return b.beginRead(private.DB(db.n), op, keys...)
	}
	b.s, b.op, b.run = db.s.Store, op, r
	for _, key := range keys {
		if len(key) > MaxStringLen {
			return mistake(op, key, ErrTooLarge)
		}
		var w write
		if err := r.join(&w, db, op, key); err != nil {
			return mistake(op, key, err)
		}
	}
	return nil
}

// join looks a key up for a command that has the run locked.
func (r *run) join(w *write, db DB, op, key string) error {
	w.db, w.op, w.key, w.sh, w.run = db, op, key, &r.sh, r
	i, err := r.key(db.n, key)
	if err == nil && !r.seen.At(i).Value.own && r.seen.At(i).Value.rec.Object() != nil {
		err = r.clone(i)
	}
	if err != nil {
		return err
	}
	r.joinAt(w, db, op, i)
	return nil
}

// joinAt makes w the key at place i, without what is overdue in it.
func (r *run) joinAt(w *write, db DB, op string, i int) {
	e := r.seen.At(i)
	w.db, w.op, w.key, w.sh, w.run, w.at, w.ns = db, op, e.Name, &r.sh, r, i, r.frozen
	w.ref.Record, w.ref.Found = e.Value.rec, e.Value.found
	if e.Value.own && w.found() && w.overdue(r.dueOf(i)) {
		w.purge(math.MaxInt)
	}
}

// clone makes the object at place i the transaction's own.
func (r *run) clone(i int) error {
	e := r.seen.At(i)
	var w write
	defer w.end()
	if err := w.inspect(r.s.DB(e.DB), "", e.Name); err != nil {
		return err
	}
	if !w.found() || w.ref.Record.Version() != e.Version {
		return r.fail(ErrConflict)
	}
	entry := entryOf(&w.ref.Record)
	entry.Object = w.cloneObject()
	e.Value.rec, e.Value.own = r.arena.Record(w.sh.cfg, e.Name, entry), true
	return nil
}

// entryOf returns what a record holds, to be stored again.
func entryOf(rec *structures.Record) structures.Entry {
	return structures.Entry{Kind: rec.Kind(), Deadline: rec.Deadline(), Text: rec.Value(), Object: rec.Object()}
}

// put keeps an entry for the key of w.
func (r *run) put(w *write, e structures.Entry) {
	if w.fills(e.Kind) {
		r.fill(w.at)
	}
	w.signalStream()
	at := r.seen.At(w.at)
	w.ref.Record, w.ref.Found = r.arena.Record(r.s.shards[at.Shard].cfg, at.Name, e), true
	r.store(w)
}

// fill notes that the key at place i has become something that somebody may wait for.
func (r *run) fill(i int) {
	if v := &r.seen.At(i).Value; !v.filled {
		v.filled = true
		r.filled = append(r.filled, i)
	}
}

// remove removes the key of w.
func (r *run) remove(w *write, reason Reason) {
	w.signalStream()
	w.ref.Record, w.ref.Found = structures.Record{}, false
	r.store(w)
	r.seen.At(w.at).Value.reason = reason
}

// changed ends a change of the object of w.
func (r *run) changed(w *write) {
	w.ref.Record.Mutated()
	r.store(w)
}

func (r *run) store(w *write) {
	r.writes++
	v := &r.seen.At(w.at).Value
	if !v.dirty {
		r.dirty = append(r.dirty, w.at)
	}
	*v = seen{rec: w.ref.Record, found: w.ref.Found, own: true, dirty: true, filled: v.filled, op: w.op, order: r.writes}
}
