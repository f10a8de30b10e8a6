package store

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/alcovedb/alcove/structures"
)

// A comparison is a Condition on a string, with what the string is compared with.
type comparison struct {
	cond   Condition
	match  string
	digest uint64
}

// compareWith returns the comparison that a condition and its match make.
func compareWith(cond Condition, match string) (c comparison, err error) {
	c = comparison{cond: cond, match: match}
	switch cond {
	case Always, IfAbsent, IfPresent:
		if match != "" {
			err = ErrInvalidOption
		}
	case IfEqual, IfNotEqual:
	case IfDigestEqual, IfDigestNotEqual:
		c.digest, err = strconv.ParseUint(match, 16, 64)
		if err != nil || len(match) != 16 {
			err = ErrInvalidDigest
		}
	default:
		err = ErrInvalidOption
	}
	return c, err
}

// compares says whether c looks at the value.
func (c *comparison) compares() bool { return c.cond >= IfEqual }

// holds says whether the condition holds for the key, which has a string or nothing where
// values are compared.
func (c *comparison) holds(w *write) bool {
	r, found := &w.ref.Record, w.found()
	switch c.cond {
	case IfAbsent:
		return !found
	case IfPresent:
		return found
	case IfEqual:
		return found && equalText(r, c.match)
	case IfNotEqual:
		return !found || !equalText(r, c.match)
	case IfDigestEqual:
		return found && digestOf(r) == c.digest
	case IfDigestNotEqual:
		return !found || digestOf(r) != c.digest
	}
	return true
}

// equalText says whether a string value is text. The shard must be locked if it is an
// object.
func equalText(r *structures.Record, text string) bool {
	if b, ok := r.Object().(*structures.Bytes); ok {
		return b.Equal(text)
	}
	return r.Value() == text
}

// digestOf returns the digest of a string value. The shard must be locked if it is an
// object.
func digestOf(r *structures.Record) uint64 {
	if b, ok := r.Object().(*structures.Bytes); ok {
		return b.Digest()
	}
	return structures.Digest(r.Value())
}

// Digest returns the digest of the value, its XXH3-64 as 16 hexadecimal digits, for
// [IfDigestEqual] and [IfDigestNotEqual]: it is shorter than the value, but two values may
// have the same, and who can choose values can make them so. A missing key is
// [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the length of the value. Redis: [DIGEST].
//
// [DIGEST]: https://redis.io/docs/latest/commands/digest/
func (s String) Digest() (string, error) {
	sum, large, err := s.shortDigest()
	if large {
		b, err := s.db.cloneBytes("DIGEST", s.key)
		if b == nil {
			return s.Digest() // it was replaced meanwhile
		}
		return digestText(b.Digest()), err
	}
	if err != nil {
		return "", err
	}
	return digestText(sum), nil
}

// shortDigest is Digest unless it takes long under the lock.
func (s String) shortDigest() (sum uint64, large bool, err error) {
	rec, found, locked, err := s.db.load(s.key)
	defer locked.release()
	switch {
	case err != nil:
		return 0, false, mistake("DIGEST", s.key, err)
	case !found:
		return 0, false, ErrNotFound
	case kindOf(&rec) != KindString:
		return 0, false, mistake("DIGEST", s.key, ErrWrongType)
	case takesLong(rec.Object(), math.MaxInt):
		return 0, true, nil
	}
	return digestOf(&rec), false, nil
}

func digestText(sum uint64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, sum))
}

// DelEx removes the key if cond holds, which is [Always] or compares with match: [IfEqual]
// and [IfNotEqual] with the value, [IfDigestEqual] and [IfDigestNotEqual] with its digest.
// It says whether it did. With Always, where match is empty, it removes a key of any type.
//
// It returns [ErrWrongType] if cond compares and the key holds another type,
// [ErrInvalidDigest] for a digest that can't be one and [ErrInvalidOption] for another
// condition, or a match that it has no use for.
//
// Unlike in Redis, a digest is looked at for a missing key, too.
//
// The complexity is O(1), with a comparison O(n), n the length of the value.
// Redis: [DELEX].
//
// [DELEX]: https://redis.io/docs/latest/commands/delex/
func (s String) DelEx(cond Condition, match string) (bool, error) {
	return s.delEx("DELEX", cond, match)
}

// DelIfEq removes the key if its value is value, and says whether it did: DELIFEQ of
// Valkey, for a lock that only its owner may release.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the length of the value. Redis: [DELEX].
//
// [DELEX]: https://redis.io/docs/latest/commands/delex/
func (s String) DelIfEq(value string) (bool, error) { return s.delEx("DELIFEQ", IfEqual, value) }

func (s String) delEx(op string, cond Condition, match string) (bool, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, op, s.key); err != nil {
		return false, err
	}
	c, err := compareWith(cond, match)
	switch {
	case err != nil:
		return false, w.fail(err)
	case cond == IfAbsent || cond == IfPresent:
		return false, w.fail(ErrInvalidOption)
	}
	if c.compares() {
		if err := w.want(KindString); err != nil {
			return false, err
		}
	}
	return c.holds(&w) && w.del(), nil
}
