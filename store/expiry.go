package store

import (
	"time"

	"github.com/alcovedb/alcove/structures"
)

// NoTTL is what [DB.TTL] returns for a key without a deadline.
const NoTTL time.Duration = -1

// Condition says when a write takes place. Not every write knows every condition.
type Condition uint8

// The conditions of writes: Redis's NX, XX, GT and LT, the two pairs that mean something
// together, and the four that compare the value of a string. For a deadline, absent means
// that the key has none, and a key without one counts as living for ever.
const (
	Always              Condition = iota
	IfAbsent                      // NX
	IfPresent                     // XX
	IfGreater                     // GT
	IfLess                        // LT
	IfPresentAndGreater           // XX GT
	IfPresentAndLess              // XX LT
	IfEqual                       // IFEQ: a string is there, and it is this one
	IfNotEqual                    // IFNE: it is another one, or missing
	IfDigestEqual                 // IFDEQ: a string is there, and its [String.Digest] is this one
	IfDigestNotEqual              // IFDNE: it is another one, or missing
)

// Expiry says what becomes of a key's deadline. The zero Expiry is the default of
// the operation.
type Expiry struct {
	mode expiryMode
	in   time.Duration
	at   time.Time
}

type expiryMode uint8

const (
	expiryDefault expiryMode = iota
	expiryIn
	expiryAt
	expiryKeep
	expiryPersist
)

// KeepTTL leaves the deadline as it is.
var KeepTTL = Expiry{mode: expiryKeep}

// Persist takes the deadline away.
var Persist = Expiry{mode: expiryPersist}

// ExpireIn sets the deadline d from now: EX and PX.
func ExpireIn(d time.Duration) Expiry { return Expiry{mode: expiryIn, in: d} }

// ExpireAt sets the deadline at t: EXAT and PXAT.
func ExpireAt(t time.Time) Expiry { return Expiry{mode: expiryAt, at: t} }

// timed says whether e sets a deadline.
func (e Expiry) timed() bool { return e.mode == expiryIn || e.mode == expiryAt }

// deadline returns the deadline that e gives the key of w.
func (e Expiry) deadline(w *write) (int64, error) {
	switch e.mode {
	case expiryIn:
		if e.in <= 0 {
			return 0, ErrInvalidExpire
		}
		return deadlineIn(w.nano(), e.in), nil
	case expiryAt:
		at, ok := deadlineAt(e.at)
		if !ok || at <= 0 {
			return 0, ErrInvalidExpire
		}
		return at, nil
	case expiryKeep:
		return w.deadline(), nil
	}
	return 0, nil
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
	return db.expire("EXPIRE", key, cond, func(now int64) (int64, bool) {
		if d <= 0 { // rounded up, it could still be ahead
			return now/int64(time.Millisecond) + int64(d/time.Millisecond), true
		}
		return deadlineIn(now, d), true
	})
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
	return db.expire("EXPIREAT", key, cond, func(int64) (int64, bool) { return deadlineAt(t) })
}

func (db DB) expire(op, key string, cond []Condition, deadline func(now int64) (int64, bool)) (bool, error) {
	var w write
	defer w.end()
	if err := w.begin(db, op, key); err != nil {
		return false, err
	}
	if len(cond) > 1 || len(cond) == 1 && cond[0] > IfPresentAndLess {
		return false, w.fail(ErrInvalidOption)
	}
	at, ok := deadline(w.nano())
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

// TTL returns how long key has to live, in whole milliseconds, rounded down: it is 0 in the
// last one. It is [NoTTL] if the key has no deadline. A missing key is [ErrNotFound]. It stands for PTTL, too.
//
// The complexity is O(1). Redis: [TTL], [PTTL].
//
// [TTL]: https://redis.io/docs/latest/commands/ttl/
// [PTTL]: https://redis.io/docs/latest/commands/pttl/
func (db DB) TTL(key string) (time.Duration, error) {
	at := int64(0)
	err := db.see("TTL", key, func(r *structures.Record) { at = r.Deadline() })
	switch {
	case err != nil:
		return 0, err
	case at == 0:
		return NoTTL, nil
	}
	return max(db.left(at), 0), nil
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
	err := db.see("EXPIRETIME", key, func(r *structures.Record) { at = r.Deadline() })
	if err != nil || at == 0 {
		return time.Time{}, err
	}
	return timeOf(at), nil
}

// purge removes the key if it is overdue, otherwise those fields of the hash at it that
// are, about budget of them at most. It returns how many keys or fields it has removed.
func (w *write) purge(budget int) int {
	defer func(op string) { w.op = op }(w.op)
	w.op = "" // nobody's command did it
	if w.overdue(w.deadline()) {
		w.expire()
		if w.run == nil {
			w.db.s.expired.Add(1)
		}
		return 1
	}
	return w.purgeHash(budget)
}
