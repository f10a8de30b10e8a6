package store

// texts returns the strings at several keys as of one moment. Other types are a
// mistake if strict, otherwise missing.
func (db DB) texts(op string, strict bool, keys ...string) ([]Optional, error) {
	var b batch
	defer b.end()
	if err := b.beginRead(db, op, keys...); err != nil {
		return nil, err
	}
	values, wrong := make([]Optional, len(keys)), error(nil)
	for i, key := range keys {
		rec, found := b.find(db, key)
		switch {
		case !found:
		case kindOf(&rec) == KindString:
			values[i] = Optional{Value: textOf(&rec), Found: true}
		case strict && wrong == nil:
			wrong = mistake(op, key, ErrWrongType) // after a look at all of them
		}
	}
	if wrong != nil {
		return nil, wrong
	}
	return values, nil
}

// Pair is a key with the value that it gets.
type Pair struct{ Key, Value string }

// MGet returns the values of keys as of one moment, in their order. What is missing
// or holds another type is not found.
//
// The complexity is O(n), n the number of keys. Redis: [MGET].
//
// [MGET]: https://redis.io/docs/latest/commands/mget/
func (db DB) MGet(keys ...string) ([]Optional, error) { return db.texts("MGET", false, keys...) }

// MSet stores all pairs in one step and takes their deadlines away. Of several pairs
// with one key the last counts.
//
// It returns [ErrTooLarge] if a value is longer than [MaxStringLen]; nothing has
// changed then.
//
// The complexity is O(n), n the number of pairs. Redis: [MSET].
//
// [MSET]: https://redis.io/docs/latest/commands/mset/
func (db DB) MSet(pairs ...Pair) error {
	_, err := db.mset("MSET", Always, Expiry{}, pairs)
	return err
}

// MSetNX stores all pairs in one step if none of their keys is there, and says
// whether it did.
//
// It returns [ErrTooLarge] if a value is longer than [MaxStringLen].
//
// The complexity is O(n), n the number of pairs. Redis: [MSETNX].
//
// [MSETNX]: https://redis.io/docs/latest/commands/msetnx/
func (db DB) MSetNX(pairs ...Pair) (bool, error) { return db.mset("MSETNX", IfAbsent, Expiry{}, pairs) }

// MSetEX stores all pairs in one step, with one deadline: [ExpireIn], [ExpireAt], or
// [KeepTTL] for the ones that the keys have; the zero Expiry, or [Persist], is none. It
// says whether it did: [IfAbsent] wants none of the keys to be there, [IfPresent] all. Of
// several pairs with one key the last counts. A deadline in the past deletes the keys.
//
// It returns [ErrTooLarge] if a value is longer than [MaxStringLen], [ErrInvalidExpire] if
// a time to live is not positive or a time not after the start of 1970 and
// [ErrInvalidOption] for another condition; nothing has changed then.
//
// The complexity is O(n), n the number of pairs. Redis: [MSETEX].
//
// [MSETEX]: https://redis.io/docs/latest/commands/msetex/
func (db DB) MSetEX(cond Condition, e Expiry, pairs ...Pair) (bool, error) {
	return db.mset("MSETEX", cond, e, pairs)
}

func (db DB) mset(op string, cond Condition, e Expiry, pairs []Pair) (bool, error) {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		if len(p.Value) > MaxStringLen {
			return false, mistake(op, p.Key, ErrTooLarge)
		}
		keys[i] = p.Key
	}
	b := batch{timed: e != Expiry{}}
	defer b.end()
	if err := b.begin(db, op, keys...); err != nil {
		return false, err
	}
	if cond > IfPresent {
		return false, mistake(op, "", ErrInvalidOption)
	}
	deadline := int64(0)
	for i, key := range keys {
		w := b.key(db, key)
		if i == 0 {
			at, err := e.deadline(&w)
			if err != nil {
				return false, w.fail(err)
			}
			deadline = at
		}
		if cond == IfAbsent && w.found() || cond == IfPresent && !w.found() {
			return false, nil
		}
	}
	for _, p := range pairs {
		w := b.key(db, p.Key)
		if e.mode == expiryKeep {
			deadline = w.deadline()
		}
		if err := w.set(p.Value, deadline, e.timed()); err != nil {
			return false, err
		}
	}
	return true, nil
}
