package store

import "strings"

// That a key was looked up for reading and is not there is told, too. A read asks for it only
// where it has found nothing.

const missed = "keymiss"

// tellsMisses says whether anybody asks for keys that are missing.
func (s *Store) tellsMisses() bool {
	return s.events != nil && Notify(s.events.notify.Load())&NotifyMiss != 0
}

// miss tells that keys were read that are not there. The caller has no lock. What was only
// overdue is removed before, and told of before, too.
func (db DB) miss(keys ...string) {
	if len(keys) == 0 || !db.s.tellsMisses() {
		return
	}
	if tx := db.tx(); tx != nil {
		tx.miss(db.n, keys)
		return
	}
	for _, key := range keys {
		db.missOne(key)
	}
}

func (db DB) missOne(key string) {
	var w write
	defer w.end()
	if err := w.inspect(db, "", key); err == nil {
		w.miss()
	}
}

// miss is DB.miss in a transaction.
func (tx *Tx) miss(n int, keys []string) {
	r := tx.run
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		if r.tx == tx {
			r.sh.miss(n, key)
		}
	}
}

// miss is DB.miss for who has locked the shard for writing.
func (sh *shard) miss(n int, key string) {
	if sh.log != nil {
		sh.log.note(NotifyMiss, n, key, missed, nil)
	}
}

// miss notes that a key which the command reads is not there. The key is locked for writing.
func (w *write) miss() { w.event(NotifyMiss, missed) }

// source is key for one that is read to be stored elsewhere.
func (b *batch) source(db DB, key string) write {
	w := b.key(db, key)
	if !w.found() {
		w.miss()
	}
	return w
}

// miss notes that one of the keys was read and is not there.
func (b *batch) miss(db DB, key string) {
	switch {
	case b.run != nil:
		b.run.sh.miss(db.n, key)
	case b.write:
		sh, _ := b.s.hash(key)
		sh.miss(db.n, key)
	case b.from.s.tellsMisses():
		b.missed = append(b.missed, strings.Clone(key)) // till nothing is locked
	}
}
