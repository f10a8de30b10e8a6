package store

import (
	"math/rand/v2"
	"time"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/structures"
)

// NoTTL is what [DB.TTL] returns for a key without a deadline.
const NoTTL time.Duration = -1

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
func (db DB) Exists(keys ...string) (int, error) { return db.count("EXISTS", keys) }

// Touch counts as an access to keys, where access is tracked, and returns how many of
// them are there.
//
// The complexity is O(n), n the number of keys. Redis: [TOUCH].
//
// [TOUCH]: https://redis.io/docs/latest/commands/touch/
func (db DB) Touch(keys ...string) (int, error) { return db.count("TOUCH", keys) }

func (db DB) count(op string, keys []string) (int, error) {
	var b batch
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
	kind := KindNone
	err := db.peek("TYPE", key, func(r *structures.Record, _ uint32) { kind = kindOf(r) })
	if err == ErrNotFound {
		err = nil
	}
	return kind, err
}

// Expire sets the deadline of key d from now and says whether it did: the key must be
// there and cond must hold. Without cond it always does. A d that is not positive
// deletes the key. It stands for PEXPIRE, too.
//
// It returns [ErrInvalidOption] if cond is more than one condition.
//
// The complexity is O(log n), n the number of keys with a deadline in the shard.
// Redis: [EXPIRE], [PEXPIRE].
//
// [EXPIRE]: https://redis.io/docs/latest/commands/expire/
// [PEXPIRE]: https://redis.io/docs/latest/commands/pexpire/
func (db DB) Expire(key string, d time.Duration, cond ...Condition) (bool, error) {
	return db.expire("EXPIRE", key, cond, func() (int64, bool) { return db.s.deadlineIn(d), true })
}

// ExpireAt sets the deadline of key at t and says whether it did: the key must be
// there and cond must hold. Without cond it always does. A t in the past deletes the
// key. It stands for PEXPIREAT, too.
//
// It returns [ErrInvalidExpire] if milliseconds can't express t and
// [ErrInvalidOption] if cond is more than one condition.
//
// The complexity is O(log n), n the number of keys with a deadline in the shard.
// Redis: [EXPIREAT], [PEXPIREAT].
//
// [EXPIREAT]: https://redis.io/docs/latest/commands/expireat/
// [PEXPIREAT]: https://redis.io/docs/latest/commands/pexpireat/
func (db DB) ExpireAt(key string, t time.Time, cond ...Condition) (bool, error) {
	return db.expire("EXPIREAT", key, cond, func() (int64, bool) { return deadlineAt(t) })
}

func (db DB) expire(op, key string, cond []Condition, deadline func() (int64, bool)) (bool, error) {
	var w write
	defer w.end()
	if err := w.begin(db, op, key); err != nil {
		return false, err
	}
	if len(cond) > 1 || len(cond) == 1 && cond[0] > IfPresentAndLess {
		return false, w.fail(ErrInvalidOption)
	}
	at, ok := deadline()
	if !ok {
		return false, w.fail(ErrInvalidExpire)
	}
	if !w.found() || len(cond) == 1 && !cond[0].allows(w.deadline(), at) {
		return false, nil
	}
	if at <= 0 {
		w.del()
	} else {
		w.expireAt(at)
	}
	return true, nil
}

// allows says whether the deadline at may take the place of old, where 0 is none.
func (c Condition) allows(old, at int64) bool {
	switch c {
	case IfAbsent:
		return old == 0
	case IfPresent:
		return old != 0
	case IfGreater, IfPresentAndGreater:
		return old != 0 && at > old
	case IfLess:
		return old == 0 || at < old
	case IfPresentAndLess:
		return old != 0 && at < old
	}
	return true
}

// Persist takes the deadline of key away and says whether there was one.
//
// The complexity is O(1). Redis: [PERSIST].
//
// [PERSIST]: https://redis.io/docs/latest/commands/persist/
func (db DB) Persist(key string) (bool, error) {
	var w write
	defer w.end()
	if err := w.begin(db, "PERSIST", key); err != nil || w.deadline() == 0 {
		return false, err
	}
	w.expireAt(0)
	return true, nil
}

// TTL returns how long key has to live, in whole milliseconds; [NoTTL] if it has no
// deadline. A missing key is [ErrNotFound]. It stands for PTTL, too.
//
// The complexity is O(1). Redis: [TTL], [PTTL].
//
// [TTL]: https://redis.io/docs/latest/commands/ttl/
// [PTTL]: https://redis.io/docs/latest/commands/pttl/
func (db DB) TTL(key string) (time.Duration, error) {
	at := int64(0)
	err := db.peek("TTL", key, func(r *structures.Record, _ uint32) { at = r.Deadline() })
	switch {
	case err != nil:
		return 0, err
	case at == 0:
		return NoTTL, nil
	}
	return max(db.s.left(at), 0), nil
}

// ExpireTime returns the deadline of key, the zero time if it has none. A missing key
// is [ErrNotFound]. It stands for PEXPIRETIME, too.
//
// The complexity is O(1). Redis: [EXPIRETIME], [PEXPIRETIME].
//
// [EXPIRETIME]: https://redis.io/docs/latest/commands/expiretime/
// [PEXPIRETIME]: https://redis.io/docs/latest/commands/pexpiretime/
func (db DB) ExpireTime(key string) (time.Time, error) {
	at := int64(0)
	err := db.peek("EXPIRETIME", key, func(r *structures.Record, _ uint32) { at = r.Deadline() })
	if err != nil || at == 0 {
		return time.Time{}, err
	}
	return timeOf(at), nil
}

// Rename moves the value at key, with its deadline, to dst and removes what was
// there. Both may be the same. A missing key is [ErrNotFound].
//
// The complexity is O(1). Redis: [RENAME].
//
// [RENAME]: https://redis.io/docs/latest/commands/rename/
func (db DB) Rename(key, dst string) error {
	_, err := db.transfer("RENAME", key, db, dst, transfer{move: true, replace: true})
	return err
}

// RenameNX moves the value at key, with its deadline, to dst if nothing is there, and
// says whether it did. A missing key is [ErrNotFound].
//
// The complexity is O(1). Redis: [RENAMENX].
//
// [RENAMENX]: https://redis.io/docs/latest/commands/renamenx/
func (db DB) RenameNX(key, dst string) (bool, error) {
	return db.transfer("RENAMENX", key, db, dst, transfer{move: true})
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
	ok, err := db.transfer("MOVE", key, DB{s: db.s, n: n}, key, transfer{move: true})
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
	ok, err := db.transfer("COPY", key, to, dst, transfer{replace: o.Replace})
	if err == ErrNotFound {
		err = nil
	}
	return ok, err
}

// transfer says how a value goes from one key to another.
type transfer struct{ move, replace bool }

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
		return false, ErrNotFound
	}
	if same {
		return how.replace, nil
	}
	target := b.key(to, dst)
	if target.found() && !how.replace {
		return false, nil
	}
	rec := src.ref.Record
	e := structures.Entry{Kind: rec.Kind(), Text: rec.Value(), Deadline: rec.Deadline()}
	if rec.Object() != nil {
		e.Object = src.t.Mutate(&src.ref).Clone()
	}
	if how.move {
		src.del()
		target = b.key(to, dst) // the deletion may have moved it
	}
	target.put(e)
	return true, nil
}

// Keys returns the keys that match a glob pattern, as of one moment and in no order.
// "*" is all of them.
//
// The complexity is O(n), n the number of keys in the database. Redis: [KEYS].
//
// [KEYS]: https://redis.io/docs/latest/commands/keys/
func (db DB) Keys(pattern string) ([]string, error) {
	if err := db.check(); err != nil {
		return nil, mistake("KEYS", "", err)
	}
	sn := db.s.snapshot()
	defer sn.release()
	var keys []string
	sn.all(db.n, func(r *structures.Record) bool {
		if key := r.Key(); matches(pattern, key) {
			keys = append(keys, key)
		}
		return true
	})
	return keys, nil
}

// matches is the glob of KEYS and SCAN, for which "*" is no pattern at all: it takes
// the empty key, too.
func matches(pattern, key string) bool { return pattern == "*" || pubsub.Match(pattern, key) }

// RandomKey returns one of the keys, each with the same probability. An empty
// database is [ErrNotFound].
//
// The complexity is O(1) expected, beside O(shards). Redis: [RANDOMKEY].
//
// [RANDOMKEY]: https://redis.io/docs/latest/commands/randomkey/
func (db DB) RandomKey() (string, error) {
	if err := db.check(); err != nil {
		return "", mistake("RANDOMKEY", "", err)
	}
	db.purge()
	unlock := db.s.rlockAll()
	defer unlock()
	total := db.records()
	if total == 0 {
		return "", ErrNotFound
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
	if err := db.check(); err != nil {
		return 0, mistake("DBSIZE", "", err)
	}
	db.purge()
	unlock := db.s.rlockAll()
	defer unlock()
	return db.records(), nil
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
	if err := db.check(); err != nil {
		return mistake("FLUSHDB", "", err)
	}
	db.s.flush(db.n, db.n+1)
	return nil
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
	s.flush(0, Databases)
	return nil
}

func (s *Store) flush(from, to int) {
	unlock := s.lockAll()
	defer unlock()
	for i := range s.shards {
		for n := from; n < to; n++ {
			s.shards[i].tables[n].Store(nil)
		}
	}
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
		if err := (DB{s: s, n: n}).check(); err != nil {
			return mistake("SWAPDB", "", err)
		}
	}
	unlock := s.lockAll()
	defer unlock()
	for i := range s.shards {
		sh := &s.shards[i]
		ta, tb := sh.table(a), sh.table(b)
		sh.tables[a].Store(tb)
		sh.tables[b].Store(ta)
	}
	return nil
}

// ObjectEncoding returns the encoding that Redis 7.0 would have chosen for the value
// at key, such as "int", "embstr" or "raw". A missing key is [ErrNotFound].
//
// Unlike in Redis, it says nothing about how the value lies in memory.
//
// The complexity is O(1). Redis: [OBJECT ENCODING].
//
// [OBJECT ENCODING]: https://redis.io/docs/latest/commands/object-encoding/
func (db DB) ObjectEncoding(key string) (string, error) {
	encoding := ""
	err := db.peek("OBJECT ENCODING", key, func(r *structures.Record, _ uint32) { encoding = encodingOf(r) })
	return encoding, err
}

// ObjectIdleTime returns for how long key was not used, in whole seconds. A missing key
// is [ErrNotFound].
//
// It returns [ErrNotTracked] unless the store was made with [TrackIdleTime].
//
// The complexity is O(1). Redis: [OBJECT IDLETIME].
//
// [OBJECT IDLETIME]: https://redis.io/docs/latest/commands/object-idletime/
func (db DB) ObjectIdleTime(key string) (time.Duration, error) {
	const op = "OBJECT IDLETIME"
	var at uint32
	err := db.peek(op, key, func(_ *structures.Record, stamp uint32) { at = stamp })
	switch {
	case err != nil:
		return 0, err
	case db.s.tracking != TrackIdleTime:
		return 0, mistake(op, key, ErrNotTracked)
	}
	return db.s.idle(at), nil
}

// ObjectFreq returns how often key is used: Redis's LFU counter, 0 to 255, which grows
// with the logarithm of the accesses and falls by one each minute. A missing key is
// [ErrNotFound].
//
// It returns [ErrNotTracked] unless the store was made with [TrackFrequency].
//
// The complexity is O(1). Redis: [OBJECT FREQ].
//
// [OBJECT FREQ]: https://redis.io/docs/latest/commands/object-freq/
func (db DB) ObjectFreq(key string) (int, error) {
	const op = "OBJECT FREQ"
	var at uint32
	err := db.peek(op, key, func(_ *structures.Record, stamp uint32) { at = stamp })
	switch {
	case err != nil:
		return 0, err
	case db.s.tracking != TrackFrequency:
		return 0, mistake(op, key, ErrNotTracked)
	}
	return int(frequency(at, db.s.now()/60000)), nil
}
