package store

import (
	"cmp"
	"math/rand/v2"
)

// DB is one of the databases of a [Store]. It is a small value: copy it freely.
type DB struct { // with a key it has four words: more would lie in memory, not in registers
	s *scope
	n int
}

// scope is where an operation runs: in a store, or in a transaction on it.
type scope struct {
	*Store
	tx *Tx
	by any // for whom changes are made, nil for nobody that observers know
}

// plain says whether a command may read straight from the tables: not those of a transaction,
// of a store that is closed, or of one that tracks access.
func (s *scope) plain() bool { return s.tx == nil && s.untracked.Load() }

// tx returns the transaction that db is in, nil if it is in none.
func (db DB) tx() *Tx {
	if db.s == nil {
		return nil
	}
	return db.s.tx
}

// database is what a Store embeds: its field can't be named as its method DB.
type database = DB

// Store returns the store that db is a database of, nil in a transaction and on a snapshot.
//
// The complexity is O(1).
func (db DB) Store() *Store {
	if db.s == nil || db.s.tx != nil || db.s.Store == nil || db.s.readOnly {
		return nil
	}
	return db.s.Store
}

// String returns a handle of the string at key, whether there is one or not.
// It allocates nothing.
func (db DB) String(key string) String { return String{db: db, key: key} }

// ZSet returns a handle of the sorted set at key, whether there is one or not.
// It allocates nothing.
func (db DB) ZSet(key string) ZSet { return ZSet{db: db, key: key} }

// Geo returns a handle of the places at key, whether there are any or not.
// It allocates nothing.
func (db DB) Geo(key string) Geo { return Geo{db: db, key: key} }

// check returns why nothing can be done in db, nil if there is nothing wrong.
func (db DB) check() error {
	switch {
	case db.s == nil || len(db.s.shards) == 0:
		return ErrClosed // a Store that New did not make is closed, too
	case db.s.closed.Load():
		return db.s.whyClosed
	case uint(db.n) >= Databases:
		return ErrInvalidDB
	}
	return nil
}

// checkWrite is check for commands that write.
func (db DB) checkWrite() error {
	err := db.check()
	if err == nil && db.s.readOnly {
		err = ErrReadOnly
	}
	return err
}

// readOnly says whether a write in db would be ErrReadOnly, if nothing else is wrong.
func (db DB) readOnly() bool {
	return db.s.readOnly || db.tx() != nil && db.tx().readOnly
}

// RandomKey returns one of the keys, each with the same probability. An empty
// database is [ErrNotFound].
//
// The complexity is O(1) expected, beside O(shards). Redis: [RANDOMKEY].
//
// [RANDOMKEY]: https://redis.io/docs/latest/commands/randomkey/
func (db DB) RandomKey() (string, error) {
	db, err := db.whole("RANDOMKEY")
	if err != nil {
		return "", err
	}
	unlock := db.rlockLive()
	defer unlock()
	total := db.records()
	if err := db.check(); err != nil || total == 0 {
		return "", cmp.Or(err, ErrNotFound)
	}
	if c := db.chance(); c != nil {
		return drawn(c, alphabetic(db.keys()), -1)[0], nil
	}
	at := rand.IntN(total)
	for i := range db.s.shards {
		t := db.s.shards[i].table(db.n)
		if t == nil {
			continue
		}
		if at -= t.Len(); at < 0 {
			rec, _ := t.Random(rand.Uint64N)
			return rec.Key(), nil
		}
	}
	return "", ErrNotFound
}

// DBSize returns the number of keys in the database.
//
// The complexity is O(1), beside O(shards). Redis: [DBSIZE].
//
// [DBSIZE]: https://redis.io/docs/latest/commands/dbsize/
func (db DB) DBSize() (int, error) {
	db, err := db.whole("DBSIZE")
	if err != nil {
		return 0, err
	}
	unlock := db.rlockLive()
	defer unlock()
	n := db.records()
	return n, db.check() // after it, as a snapshot may be closed meanwhile
}

// rlockLive locks every shard for reading at a time when nothing in the database is
// overdue, so that records can be counted, and returns what ends it.
func (db DB) rlockLive() (unlock func()) {
	for {
		db.purge()
		unlock := db.s.rlockAll()
		if first := db.earliest(); first == 0 || first > db.s.now() {
			return unlock
		}
		unlock()
	}
}

// earliest returns a time before which nothing in the database is overdue, 0 if there
// is no deadline. All shards are locked.
func (db DB) earliest() (first int64) {
	for i := range db.s.shards {
		if t := db.s.shards[i].table(db.n); t != nil {
			if at := t.Earliest(); at != 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	return first
}

// records returns the number of records in the database. All shards are locked.
func (db DB) records() (n int) {
	for i := range db.s.shards {
		if t := db.s.shards[i].table(db.n); t != nil {
			n += t.Len()
		}
	}
	return n
}

// FlushDB removes every key of the database. Readers see all of it or nothing.
//
// The complexity is O(shards). Redis: [FLUSHDB].
//
// [FLUSHDB]: https://redis.io/docs/latest/commands/flushdb/
func (db DB) FlushDB() error {
	db, err := db.wholeForWrite("FLUSHDB")
	if err != nil {
		return err
	}
	return db.s.flush("FLUSHDB", db.n, db.n+1)
}

// FlushAll removes every key of every database. Readers see all of it or nothing.
//
// The complexity is O(shards). Redis: [FLUSHALL].
//
// [FLUSHALL]: https://redis.io/docs/latest/commands/flushall/
func (s *Store) FlushAll() error {
	if err := s.check(); err != nil {
		return mistake("FLUSHALL", "", err)
	}
	return s.flush("FLUSHALL", 0, Databases)
}

func (s *Store) flush(op string, from, to int) error {
	unlock, err := s.lockAll(op)
	if err != nil {
		return err
	}
	defer unlock()
	for n := from; n < to; n++ {
		if s.DB(n).records() > 0 {
			s.tellAll(op, Flushed, n)
		}
	}
	for i := range s.shards {
		s.shards[i].nextVersion()
		for n := from; n < to; n++ {
			s.shards[i].tables[n].Store(nil)
		}
	}
	s.signalAll(func(n int) bool { return n >= from && n < to })
	return nil
}

// SwapDB exchanges the contents of databases a and b. Readers see either state whole.
//
// It returns [ErrInvalidDB] if there is no a or b.
//
// The complexity is O(shards). Redis: [SWAPDB].
//
// [SWAPDB]: https://redis.io/docs/latest/commands/swapdb/
func (s *Store) SwapDB(a, b int) error {
	for _, n := range []int{a, b} {
		if err := s.DB(n).checkWrite(); err != nil {
			return mistake("SWAPDB", "", err)
		}
	}
	unlock, err := s.lockAll("SWAPDB")
	if err != nil {
		return err
	}
	defer unlock()
	for i := range s.shards {
		sh := &s.shards[i]
		sh.nextVersion()
		ta, tb := sh.table(a), sh.table(b)
		sh.tables[a].Store(tb)
		sh.tables[b].Store(ta)
	}
	if a != b {
		s.swaps[a].Add(1)
		s.swaps[b].Add(1)
		s.tellAll("SWAPDB", Swapped, a)
		s.tellAll("SWAPDB", Swapped, b)
	}
	s.signalAll(func(n int) bool { return n == a || n == b })
	return nil
}
