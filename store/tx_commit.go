package store

import (
	"slices"

	"github.com/alcovedb/alcove/txn"
)

// commit stores what the run has written.
func (r *run) commit() error {
	switch {
	case r.private != nil:
		return r.commitWhole()
	case r.dirty == 0:
		return nil // what it has read was true at one moment
	}
	slices.SortFunc(r.marks, func(a, b mark) int { return a.sh.index - b.sh.index })
	for i := range r.seen.Len() {
		if e := r.seen.At(i); e.Value.dirty {
			at, _ := slices.BinarySearchFunc(r.marks, e.Shard, func(m mark, shard int) int { return m.sh.index - shard })
			r.marks[at].write = true
		}
	}
	r.lock()
	if r.blocked() {
		r.unlock()
		if r.claim != nil {
			return ErrConflict // who holds something must not wait for more
		}
		r.noteKeys()
		if err := r.hold(false); err != nil {
			return err
		}
		r.lock()
	}
	defer r.unlock()
	if err := r.valid(); err != nil {
		return err
	}
	r.install()
	return nil
}

// lock locks the shards of all that was read or written, in order.
func (r *run) lock() {
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			m.sh.mu.Lock()
		} else {
			m.sh.mu.RLock()
		}
	}
}

func (r *run) unlock() {
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			m.sh.mu.Unlock()
		} else {
			m.sh.mu.RUnlock()
		}
	}
}

// blocked says whether somebody else holds a key that is to be written.
func (r *run) blocked() bool {
	held := false
	for i := range r.marks {
		held = held || r.marks[i].write && r.marks[i].sh.held > 0
	}
	if !held {
		return false
	}
	for i := range r.seen.Len() {
		if e := r.seen.At(i); e.Value.dirty && r.s.holds.Blocked(r.claim, e.Name) {
			return true
		}
	}
	return false
}

// valid returns an error unless what was read is still there. All its shards are locked.
func (r *run) valid() error {
	if err := r.s.check(); err != nil {
		return err
	}
	if err := r.ctx.Err(); err != nil {
		return err // the claim ends with it
	}
	if r.frozen != 0 {
		return nil // the keys are held
	}
	for i := range r.marks {
		if !r.unchanged(&r.marks[i]) {
			return ErrConflict
		}
	}
	if r.earliest != 0 && r.earliest <= r.s.now() {
		return ErrConflict
	}
	return nil
}

// install stores what was written. Its shards are locked.
func (r *run) install() {
	epoch := r.s.epoch.Load() // after all the locks: a snapshot has all or nothing
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			r.s.freeze(m.sh, epoch)
			m.sh.seq.Enter()
		}
	}
	for i := range r.seen.Len() {
		if e := r.seen.At(i); e.Value.dirty {
			r.s.installKey(&r.s.shards[e.Shard], r.op, e)
		}
	}
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			m.sh.seq.Leave()
		}
	}
}

// installKey stores what a transaction has written under a key, whose shard is locked.
func (s *Store) installKey(sh *shard, op string, e *txn.Entry[seen]) {
	var w write
	w.join(DB{s: s, n: e.DB}, sh, e.Hash, op, e.Name)
	if e.Value.found {
		w.put(entryOf(&e.Value.rec))
	} else {
		w.del()
	}
	if w.t != nil && w.t.Earliest() != sh.scheduled {
		sh.reschedule(s)
	}
}
