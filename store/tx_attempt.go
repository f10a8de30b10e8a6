package store

import (
	"context"
	"errors"

	"github.com/alcovedb/alcove/txn"
)

// job is what is asked of a transaction.
type job struct {
	op       string
	ctx      context.Context
	fn       func(tx *Tx) error
	watches  []Watch
	viewing  bool
	serial   bool
	declared []Key // of a serial one, nil for the whole store
	by       any   // for whom changes are made, nil for nobody that observers know
}

// lastRun is the number of the run that holds the whole store and can't fail.
const lastRun = 4

// transact runs a job until there is no conflict.
func (s *Store) transact(j job) error {
	if err := s.check(); err != nil {
		return err
	}
	switch {
	case j.ctx == nil:
		return mistake(j.op, "", ErrNoContext)
	case j.fn == nil:
		return mistake(j.op, "", ErrNoClosure)
	}
	// Only where another closure runs, too, may it be one of this goroutine: looking takes time.
	if !j.viewing && s.closures.Add(1) > 1 && txn.Inside(s.identity()) {
		s.closures.Add(-1)
		return mistake(j.op, "", ErrNested)
	}
	r, _ := s.runs.Get().(*run)
	if r == nil {
		r = new(run)
		r.sh.derived = &derived{run: r}
	}
	r.s, r.job, r.ends = s, j, j.ctx.Done() != nil
	switch commits, err := r.try(); err {
	case nil:
		callInOrder(commits)
		return nil
	case errWatched:
		return ErrConflict
	default:
		return err
	}
}

// try runs the job until there is no conflict and returns what is to be called then.
func (r *run) try() (commits []func(), err error) {
	defer r.close()
	for {
		again, err := r.attempt()
		if !again {
			return r.commits, err
		}
	}
}

// callInOrder calls all of fs, also where one of them panics.
func callInOrder(fs []func()) {
	if len(fs) > 0 {
		defer callInOrder(fs[1:])
		fs[0]()
	}
}

// attempt is one run. Where there was a conflict, it is run again.
func (r *run) attempt() (again bool, err error) {
	r.restart()
	if err := r.prepare(); err != nil {
		return err == ErrConflict, err
	}
	r.finished = false
	defer func() {
		if !r.finished && r.retries(r.end()) && recover() != nil {
			again = true // the panic of a run that does not count
		}
	}()
	if r.viewing {
		r.Call()
	} else {
		txn.Call(r.s.identity(), r)
	}
	r.finished = true
	switch err := r.end(); {
	case err != nil:
		return r.retries(err), err
	case r.result != nil:
		return false, r.result
	case r.viewing:
		r.tell()
		return false, nil
	}
	err = r.commit()
	return r.retries(err), err
}

// retries says whether a run of the closure that ends so is followed by another.
func (r *run) retries(err error) bool { return err == ErrConflict && !r.serial }

// Call calls the closure: r is a txn.Callee.
func (r *run) Call() { r.result = r.fn(r.tx) }

// end ends the run and returns why it does not count.
func (r *run) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tx = nil
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	return r.err
}

// restart forgets what a run has read and written, but not which keys these were.
func (r *run) restart() {
	if r.number++; r.number > 1 {
		r.noteKeys()
		r.forget()
	}
}

func (r *run) noteKeys() {
	for i := range r.seen.Len() {
		r.keys = append(r.keys, r.seen.At(i).Key)
	}
}

func (r *run) forget() {
	r.seen.Reset()
	clear(r.marks)
	r.marks = r.marks[:0]
	r.err, r.result, r.commits = nil, nil, nil
	r.earliest, r.dirty, r.frozen = 0, r.dirty[:0], 0
	r.filled = r.filled[:0]
	r.sh.log, r.writes = nil, 0
	if r.private != nil {
		if r.viewing {
			_ = r.private.closeView()
		} else {
			_ = r.private.Close()
		}
		r.private, r.base = nil, nil
	}
}

// close gives everything back.
func (r *run) close() {
	r.release()
	r.forget()
	s := r.s
	if !r.viewing {
		s.closures.Add(-1)
	}
	r.s, r.job, r.keys, r.number = nil, job{}, nil, 0
	s.runs.Put(r)
}

// prepare begins a run: it takes what the run holds, gives it a transaction, and looks at
// the watched keys.
func (r *run) prepare() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	whole := r.number >= lastRun || r.serial && r.declared == nil
	if !r.viewing && (r.number > 1 || r.serial) {
		if err := r.hold(whole); err != nil {
			return err
		}
	}
	tx := &Tx{run: r, readOnly: r.viewing}
	tx.scope.Store, tx.scope.tx = r.s, tx
	tx.database.s = &tx.scope
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tx = tx
	if notify := r.s.Notifications(); notify.sends() {
		r.sh.log = &log{notify: notify}
	}
	err := r.readFirst(whole)
	if err != nil {
		r.tx = nil
	}
	return err
}

// readFirst reads what is read before the closure begins.
func (r *run) readFirst(whole bool) error {
	if r.serial && !whole {
		return r.readDeclared()
	}
	if err := r.compareWatches(); err != nil || !whole && (!r.viewing || r.number <= 2) {
		return err
	}
	return r.isolate()
}

// readDeclared reads the keys of a serial transaction, as of one moment at which its time
// stands still.
func (r *run) readDeclared() error {
	for {
		err := r.readHeld()
		if err != ErrConflict { // with the expirer
			return err
		}
		r.forget()
	}
}

func (r *run) readHeld() error {
	now := r.s.clock.nano()
	for _, k := range r.declared {
		i, err := r.key(k.DB, k.Name)
		if err != nil {
			return err
		}
		if e := r.seen.At(i); e.Value.found && e.Value.rec.Object() != nil && r.dueOf(i) != 0 {
			if err := r.clone(i); err != nil {
				return err
			}
		}
	}
	if r.overdue() {
		return ErrConflict
	}
	if err := r.compareWatches(); err != nil {
		return err
	}
	r.freeze(now)
	return nil
}

// compareWatches returns errWatched if a watched key has changed.
func (r *run) compareWatches() error {
	for _, w := range r.watches {
		changed, err := w.changed(r)
		if err != nil {
			return err
		}
		if changed {
			return errWatched
		}
	}
	return nil
}

// errWatched is ErrConflict for the caller of Update.
var errWatched = errors.New("store: a watched key has changed")
