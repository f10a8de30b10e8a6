package store

import (
	"strings"

	"github.com/alcovedb/alcove/structures"
)

// Watch is keys as they were at one moment; see [DB.Watch]. It holds nothing but their names
// and versions, and can be forgotten. The zero Watch is of no key.
type Watch struct {
	s    *Store
	keys []watched
	err  error
}

// watched is a key with its version, 0 if it was not there.
type watched struct {
	n       int
	key     string
	version uint64
	swaps   uint64 // how often the database had been swapped
}

// Watch remembers how keys are now, for a later [Store.Update], which returns [ErrConflict]
// without doing anything if one of them has changed: was written, deleted, expired, flushed
// or swapped, also if it has the same value again. In a transaction it is of what others
// see. What is wrong with db comes out at Update.
//
// Unlike in Redis, a key that is missing has not changed if it is missing again, whatever
// there was in between.
//
// The complexity is O(n), n the number of keys. Redis: [WATCH].
//
// [WATCH]: https://redis.io/docs/latest/commands/watch/
func (db DB) Watch(keys ...string) Watch {
	if err := db.check(); err != nil {
		return Watch{err: mistake("WATCH", "", err)}
	}
	db = db.s.DB(db.n)
	w := Watch{s: db.s.Store, keys: make([]watched, 0, len(keys))}
	swaps := db.s.swaps[db.n].Load() // first: one that comes now is a change
	for _, key := range keys {
		version := uint64(0)
		err := db.peek("WATCH", key, func(r *structures.Record, _ uint32) { version = r.Version() })
		if err != nil && err != ErrNotFound {
			return Watch{err: err}
		}
		w.keys = append(w.keys, watched{n: db.n, key: strings.Clone(key), version: version, swaps: swaps})
	}
	return w
}

// changed says whether one of the keys is not what it was, as the run sees it.
func (w *Watch) changed(r *run) (bool, error) {
	switch {
	case w.err != nil:
		return false, w.err
	case w.s == nil:
		return false, nil
	case w.s != r.s:
		return false, mistake("WATCH", "", ErrInvalidOption)
	}
	for _, k := range w.keys {
		i, err := r.key(k.n, k.key)
		if err != nil {
			return false, err
		}
		if r.seen.At(i).Version != k.version || k.version != 0 && r.s.swaps[k.n].Load() != k.swaps {
			return true, nil
		}
	}
	return false, nil
}
