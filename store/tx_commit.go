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
	case len(r.dirty) == 0:
		r.tell()
		return nil // what it has read was true at one moment
	}
	slices.SortFunc(r.marks, func(a, b mark) int { return a.sh.index - b.sh.index })
	for _, at := range r.dirty {
		shard := r.seen.At(at).Shard
		i, _ := slices.BinarySearchFunc(r.marks, shard, func(m mark, shard int) int { return m.sh.index - shard })
		r.marks[i].write = true
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
	if r.awaited() {
		r.unlock()
		return r.commitAwaited()
	}
	told := false
	defer func() {
		r.unlock()
		if told {
			r.s.deliver()
		}
	}()
	if err := r.valid(); err != nil {
		return err
	}
	r.enter()
	r.amend(r.sh.log)
	r.install(r.s, r.ns)
	told = r.seal() // before others see it
	r.leave()
	return nil
}

// seal is Store.seal for what the run has done.
func (r *run) seal() bool {
	var buf [8]*shard
	shards := buf[:0]
	for i := range r.marks {
		if m := &r.marks[i]; m.write && m.sh.log != nil {
			shards = append(shards, m.sh)
		}
	}
	return r.s.seal(shards, r.sh.log, r.by)
}

// deaf says whether the run has noted less than what is asked for now. Only one that is run
// again can mend that.
func (r *run) deaf() bool {
	notify, _ := r.s.listening()
	return notify != 0 && (r.sh.log == nil || notify&^r.sh.log.notify != 0) && !r.serial && r.number < lastRun
}

// tell tells what a run has done that has written nothing.
func (r *run) tell() {
	if r.s.seal(nil, r.sh.log, r.by) {
		r.s.deliver()
	}
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
	if !slices.ContainsFunc(r.marks, func(m mark) bool { return m.write && m.sh.held > 0 }) {
		return false
	}
	return slices.ContainsFunc(r.dirty, func(at int) bool { return r.s.holds.Blocked(r.claim, r.seen.At(at).Name) })
}

// awaited says whether somebody waits in a shard that is to be written.
func (r *run) awaited() bool {
	return slices.ContainsFunc(r.marks, func(m mark) bool { return m.write && m.sh.waiting != nil })
}

// commitAwaited is commit where somebody may wait for what was written, and move it on to
// other shards: all are locked for writing.
func (r *run) commitAwaited() error {
	b := batch{s: r.s, op: r.op, by: r.by}
	defer b.end()
	keys := make([]string, len(r.dirty))
	for i, at := range r.dirty {
		keys[i] = r.seen.At(at).Name
	}
	for _, m := range r.marks {
		b.shards = append(b.shards, m.sh)
	}
	b.awaited, b.claim = true, r.claim
	b.lock(keys)
	blocked := b.blocked(keys)
	b.claim = nil // it stays the run's
	if blocked {
		r.noteMoved(&b.via)
		return ErrConflict
	}
	if err := r.valid(); err != nil {
		return err
	}
	r.readClock()
	b.enter(true)
	r.amend(r.sh.log)
	r.install(r.s, r.ns)
	b.more = r.sh.log
	return nil
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
	if r.deaf() {
		return ErrConflict
	}
	for i := range r.marks {
		if !r.unchanged(&r.marks[i]) {
			return ErrConflict
		}
	}
	if r.overdue() {
		return ErrConflict
	}
	return nil
}

// enter begins to write the shards that are to be written.
func (r *run) enter() {
	r.readClock()
	epoch := r.s.epoch.Load() // after all the locks: a snapshot has all or nothing
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			r.s.freeze(m.sh, epoch)
			m.sh.seq.Enter()
		}
	}
}

func (r *run) leave() {
	for i := range r.marks {
		if m := &r.marks[i]; m.write {
			m.sh.seq.Leave()
		}
	}
}

// readClock reads the clock for install, if that may need it: before the epoch, see
// batch.enter.
func (r *run) readClock() {
	r.ns = 0
	for _, at := range r.dirty {
		if e := r.seen.At(at); e.Value.found && r.dueOf(at) != 0 || r.s.shards[e.Shard].mayExpire() {
			r.ns = r.s.clock.nano()
			return
		}
	}
}

// install stores what was written in the store, or in the run's copy of it, at ns, or 0 for a
// time that the clock tells if need be.
func (r *run) install(s *Store, ns int64) {
	first := lastNote.Add(r.writes+1) - r.writes
	for _, at := range r.filled {
		s.installKey(r.seen.At(at), ns, first)
	}
	for _, at := range r.dirty {
		if e := r.seen.At(at); !e.Value.filled {
			s.installKey(e, ns, first)
		}
	}
}

// installKey stores what a transaction has written under a key, whose shard is locked. The
// notifications have been noted; changes are put in the order of the writes, from first on.
func (s *Store) installKey(e *txn.Entry[seen], ns int64, first uint64) {
	sh := &s.shards[e.Shard]
	w, noted := write{ns: ns}, sh.log.size()
	if sh.log != nil {
		changed := len(sh.log.changed)
		defer func() {
			for i := changed; i < len(sh.log.changed); i++ {
				sh.log.changed[i].at = first + e.Value.order
			}
		}()
	}
	w.join(s.DB(e.DB), sh, e.Hash, e.Value.op, e.Name)
	if e.Version == 0 {
		sh.log.before(noted) // what was overdue was gone for the transaction, too
	} else {
		sh.log.drop(noted) // it was there, and is replaced
	}
	if e.Value.filled { // and maybe emptied again: as in Redis it is looked at in its turn
		w.signal(KindList)
		w.signal(KindZSet)
	}
	switch {
	case e.Value.found && w.overdue(e.Value.rec.Deadline()):
		if !w.found() {
			w.event(NotifyExpired, "expired") // it was told of
		}
		w.expire()
	case e.Value.found:
		rec := entryOf(&e.Value.rec)
		w.store(&rec)
	case w.ref.Found:
		w.remove(e.Value.reason)
	}
	if w.t != nil && w.t.Earliest() != sh.scheduled {
		sh.reschedule(s)
	}
}
