package store

import (
	"context"
	"slices"
)

// watcher is one WaitFor.
type watcher struct {
	woken chan struct{} // has a token when the key has changed
}

// WaitFor waits until cond holds: it calls cond with db at once, and again whenever key has
// changed, on the goroutine of its caller. cond may look at other keys as well, but only
// changes of this one make it look again; nor does time, but for the expiry of the key or of
// a field in it. Changes that come quickly one after the other may be looked at together. A
// cond that meets an error, such as another type of value, keeps it and returns true.
//
// It returns the error of ctx when that ends, also before the first look, and [ErrClosed] when
// the store is closed. In a transaction and on a snapshot nobody waits: it calls cond once, and
// returns [ErrNotFound] if it does not hold; but called by the store, it waits in a closure of
// Update, too, for what the closure may hold up. It returns [ErrNoContext] if ctx is nil,
// [ErrNoClosure] if cond is, [ErrTooLarge] if key is longer than [MaxStringLen] and
// [ErrInvalidDB] if there is no such database.
//
// The complexity is O(n) beside that of cond, n the number of changes of the key.
func (db DB) WaitFor(ctx context.Context, key string, cond func(DB) bool) error {
	err := db.check()
	switch {
	case err != nil:
	case ctx == nil:
		err = ErrNoContext
	case cond == nil:
		err = ErrNoClosure
	case len(key) > MaxStringLen:
		err = ErrTooLarge
	}
	if err != nil {
		return mistake("WAITFOR", key, err)
	}
	if db.tx() != nil || db.s.events == nil {
		if !cond(db) {
			return ErrNotFound
		}
		return nil
	}
	w := db.watchKey(key)
	defer db.unwatchKey(key, w)
	if err := db.check(); err != nil { // meanwhile
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if cond(db) {
			return nil
		}
		select {
		case <-w.woken:
		case <-ctx.Done():
		}
		if err := db.check(); err != nil {
			return err
		}
	}
}

// watchKey returns what is woken by changes of a key from now on.
func (db DB) watchKey(key string) *watcher {
	w, e, at := &watcher{woken: make(chan struct{}, 1)}, db.s.events, Key{DB: db.n, Name: key}
	e.turn.Lock()
	if e.watchers == nil {
		e.watchers = map[Key][]*watcher{}
	}
	e.watchers[at] = append(e.watchers[at], w)
	e.turn.Unlock()
	e.watched.Add(1)
	db.s.countWatched(key, 1)
	return w
}

func (db DB) unwatchKey(key string, w *watcher) {
	e, at := db.s.events, Key{DB: db.n, Name: key}
	db.s.countWatched(key, -1)
	e.watched.Add(-1)
	e.turn.Lock()
	defer e.turn.Unlock()
	list := slices.DeleteFunc(e.watchers[at], func(o *watcher) bool { return o == w })
	if e.watchers[at] = list; len(list) == 0 {
		delete(e.watchers, at)
	}
}

// wake wakes who waits for what a commit has changed.
func (e *events) wake(c *commit) {
	if len(e.watchers) == 0 {
		return
	}
	for i := range c.changed {
		ch := &c.changed[i]
		if ch.Reason != Flushed && ch.Reason != Swapped {
			wake(e.watchers[Key{DB: ch.DB, Name: ch.Key}])
			continue
		}
		for at, list := range e.watchers {
			if at.DB == ch.DB {
				wake(list)
			}
		}
	}
}

func wake(list []*watcher) {
	for _, w := range list {
		select {
		case w.woken <- struct{}{}:
		default: // it is about to look
		}
	}
}
