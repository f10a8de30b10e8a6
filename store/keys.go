package store

import (
	"iter"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/structures"
)

// Del removes keys and returns how many there were. A key given twice counts once.
//
// The complexity is O(n), n the number of keys. Redis: [DEL].
//
// [DEL]: https://redis.io/docs/latest/commands/del/
func (db DB) Del(keys ...string) (int, error) { return db.remove("DEL", keys) }

// Unlink is Del: memory is given back by the collector in either case.
//
// The complexity is O(n), n the number of keys. Redis: [UNLINK].
//
// [UNLINK]: https://redis.io/docs/latest/commands/unlink/
func (db DB) Unlink(keys ...string) (int, error) { return db.remove("UNLINK", keys) }

func (db DB) remove(op string, keys []string) (int, error) {
	if len(keys) == 1 {
		var w write
		defer w.end()
		if err := w.begin(db, op, keys[0]); err != nil || !w.del() {
			return 0, err
		}
		return 1, nil
	}
	var b batch
	defer b.end()
	if err := b.begin(db, op, keys...); err != nil {
		return 0, err
	}
	n := 0
	for _, key := range keys {
		if w := b.key(db, key); w.del() {
			n++
		}
	}
	return n, nil
}

// Exists returns how many of keys are there. A key given twice counts twice.
//
// The complexity is O(n), n the number of keys. Redis: [EXISTS].
//
// [EXISTS]: https://redis.io/docs/latest/commands/exists/
func (db DB) Exists(keys ...string) (int, error) { return db.count("EXISTS", false, keys) }

// Touch counts as an access to keys, where access is tracked, and returns how many of
// them are there.
//
// The complexity is O(n), n the number of keys. Redis: [TOUCH].
//
// [TOUCH]: https://redis.io/docs/latest/commands/touch/
func (db DB) Touch(keys ...string) (int, error) { return db.count("TOUCH", true, keys) }

func (db DB) count(op string, touch bool, keys []string) (int, error) {
	b := batch{quiet: !touch}
	defer b.end()
	if err := b.beginRead(db, op, keys...); err != nil {
		return 0, err
	}
	n := 0
	for _, key := range keys {
		if _, found := b.find(db, key); found {
			n++
		}
	}
	return n, nil
}

// Type returns the kind of the value at key, [KindNone] for a missing key.
//
// The complexity is O(1). Redis: [TYPE].
//
// [TYPE]: https://redis.io/docs/latest/commands/type/
func (db DB) Type(key string) (Kind, error) {
	kind, err := db.kind(key)
	if err == nil && kind == KindNone {
		db.miss(key)
	}
	return kind, err
}

// kind is DB.Type without telling that the key is missing.
func (db DB) kind(key string) (kind Kind, err error) {
	err = db.peek("TYPE", key, func(r *structures.Record, _ uint32) { kind = kindOf(r) })
	if err == ErrNotFound {
		err = nil
	}
	return kind, err
}

// Rename moves the value at key, with its deadline, to dst and removes what was
// there. Both may be the same. A missing key is [ErrNotFound].
//
// The complexity is O(1). Redis: [RENAME].
//
// [RENAME]: https://redis.io/docs/latest/commands/rename/
func (db DB) Rename(key, dst string) error {
	_, err := db.transfer("RENAME", key, db, dst, transfer{move: true, replace: true, from: "rename_from", to: "rename_to"})
	return err
}

// RenameNX moves the value at key, with its deadline, to dst if nothing is there, and
// says whether it did. A missing key is [ErrNotFound].
//
// The complexity is O(1). Redis: [RENAMENX].
//
// [RENAMENX]: https://redis.io/docs/latest/commands/renamenx/
func (db DB) RenameNX(key, dst string) (bool, error) {
	return db.transfer("RENAMENX", key, db, dst, transfer{move: true, from: "rename_from", to: "rename_to"})
}

// Move moves key, with its deadline, to database n and says whether it did: the key
// must be here and not there.
//
// It returns [ErrSameKey] if n is this database and [ErrInvalidDB] if there is no n.
//
// The complexity is O(1). Redis: [MOVE].
//
// [MOVE]: https://redis.io/docs/latest/commands/move/
func (db DB) Move(key string, n int) (bool, error) {
	to := db
	to.n = n
	ok, err := db.transfer("MOVE", key, to, key, transfer{move: true, from: "move_from", to: "move_to"})
	if err == ErrNotFound {
		err = nil
	}
	return ok, err
}

// CopyOptions are the options of [DB.CopyWith].
type CopyOptions struct {
	DB      *int // the database of the copy; nil is that of the key
	Replace bool // overwrite what is there
}

// Copy copies the value at key, with its deadline, to dst if nothing is there, and
// says whether it did.
//
// It returns [ErrSameKey] if both are the same.
//
// The complexity is O(1). Redis: [COPY].
//
// [COPY]: https://redis.io/docs/latest/commands/copy/
func (db DB) Copy(key, dst string) (bool, error) { return db.CopyWith(key, dst, CopyOptions{}) }

// CopyWith is Copy with the options of COPY: another database, and whether what is
// there is overwritten.
//
// It returns [ErrSameKey] if both are the same and [ErrInvalidDB] if there is no such
// database.
//
// The complexity is O(1). Redis: [COPY].
//
// [COPY]: https://redis.io/docs/latest/commands/copy/
func (db DB) CopyWith(key, dst string, o CopyOptions) (bool, error) {
	to := db
	if o.DB != nil {
		to.n = *o.DB
	}
	ok, err := db.transfer("COPY", key, to, dst, transfer{replace: o.Replace, to: "copy_to"})
	if err == ErrNotFound {
		err = nil
	}
	return ok, err
}

// transfer says how a value goes from one key to another, and what that is called.
type transfer struct {
	move, replace bool
	from, to      string
}

func (db DB) transfer(op, key string, to DB, dst string, how transfer) (bool, error) {
	if err := to.check(); err != nil {
		return false, mistake(op, key, err)
	}
	var b batch
	defer b.end()
	if err := b.begin(db, op, key, dst); err != nil {
		return false, err
	}
	same := db.n == to.n && key == dst
	if same && (op == "MOVE" || op == "COPY") {
		return false, mistake(op, key, ErrSameKey)
	}
	src := b.key(db, key)
	if !src.found() {
		if !how.move {
			src.miss()
		}
		return false, ErrNotFound
	}
	if same {
		return how.replace, nil
	}
	target := b.key(to, dst)
	if err := b.failed(); err != nil {
		return false, err
	}
	if target.found() && !how.replace {
		return false, nil
	}
	rec := src.ref.Record
	e := structures.Entry{Kind: rec.Kind(), Text: rec.Value(), Deadline: rec.Deadline()}
	if rec.Object() != nil {
		e.Object = src.cloneObject()
	}
	if k := kindOf(&rec); k == KindList || k == KindStream {
		target.grows(k) // it may have been one before, and shorter; and this comes before the removal
	}
	if how.move {
		src.remove(Renamed)
	}
	was := target.kind()
	if was != KindNone {
		target.event(NotifyNew, "new") // as in Redis, which removes it first
	}
	target.put(e)
	if how.move {
		src.event(NotifyGeneric, how.from)
	}
	target.event(NotifyGeneric, how.to)
	target.overwritten(was, kindOf(&rec))
	return true, nil
}

// Keys returns the keys that match a glob pattern, as of one moment and in no order.
// In a pattern * is any string, ? any byte, [a-c] and [^a-c] one byte of a set or none
// of it, and a backslash takes the next byte as it is. "*" is all keys, "" the empty one.
//
// The complexity is O(n), n the number of keys in the database. Redis: [KEYS].
//
// [KEYS]: https://redis.io/docs/latest/commands/keys/
func (db DB) Keys(pattern string) ([]string, error) {
	db, err := db.whole("KEYS")
	if err != nil {
		return nil, err
	}
	sn := db.s.instant()
	defer sn.release()
	var keys []string
	sn.all(db.n, func(r *structures.Record) bool {
		if key := r.Key(); matches(pattern, key) {
			keys = append(keys, key)
		}
		return true
	})
	if err := db.check(); err != nil { // meanwhile
		return nil, err
	}
	return keys, nil
}

// All returns an iterator over the keys, in no order: those of the moment when the loop
// begins. Its body may write the store, and flush it. A snapshot that is closed
// has none, or no more.
//
// The complexity is O(shards), and O(n) for the loop, n the number of keys in the database.
// The first writes after it copy what they touch. Redis: [KEYS].
//
// [KEYS]: https://redis.io/docs/latest/commands/keys/
func (db DB) All() (iter.Seq[string], error) {
	db, err := db.whole("KEYS")
	if err != nil {
		return func(func(string) bool) {}, err
	}
	return func(yield func(string) bool) {
		sn := db.s.instant()
		defer sn.release()
		sn.all(db.n, func(r *structures.Record) bool { return yield(r.Key()) })
	}, nil
}

// matches is the glob of KEYS and SCAN, for which "*" is no pattern at all: it takes
// the empty key, too.
func matches(pattern, key string) bool { return pattern == "*" || pubsub.Match(pattern, key) }
