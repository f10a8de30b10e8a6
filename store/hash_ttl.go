package store

import (
	"time"

	"github.com/alcovedb/alcove/structures"
)

// Fields of hashes have deadlines, too. Nobody sees a field at or after its deadline,
// and it counts nowhere.

// FieldStatus is what became of a field.
type FieldStatus int8

// What can become of a field, as the numbers that Redis has for it.
const (
	FieldMissing   FieldStatus = -2 // there is no such field
	FieldNoTTL     FieldStatus = -1 // it has no deadline that could be taken away
	FieldUnchanged FieldStatus = 0  // the condition did not hold
	FieldChanged   FieldStatus = 1  // its deadline is another, or gone
	FieldDeleted   FieldStatus = 2  // the new deadline was in the past
)

// FieldTTL is how long a field has to live.
type FieldTTL struct {
	TTL   time.Duration // [NoTTL] if it has no deadline
	Found bool
}

// FieldDeadline is the deadline of a field.
type FieldDeadline struct {
	At    time.Time // the zero time if it has none
	Found bool
}

// Expire sets the deadlines of fields d from now and says what became of each: it must
// be there and cond must hold, which [Always] does. If d is 0 it is deleted. It stands
// for HPEXPIRE, too.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidExpire] if d is
// negative and [ErrInvalidOption] if there is no such condition.
//
// The complexity is O(n log m), n the number of fields given, m that of fields with a
// deadline. Redis: [HEXPIRE], [HPEXPIRE].
//
// [HEXPIRE]: https://redis.io/docs/latest/commands/hexpire/
// [HPEXPIRE]: https://redis.io/docs/latest/commands/hpexpire/
func (h Hash) Expire(d time.Duration, cond Condition, fields ...string) ([]FieldStatus, error) {
	return h.expire("HEXPIRE", cond, fields, func(now int64) (int64, bool) {
		if d <= 0 { // rounded up, it could still be ahead
			return now / int64(time.Millisecond), d == 0
		}
		return deadlineIn(now, d), true
	})
}

// ExpireAt sets the deadlines of fields at t and says what became of each: it must be
// there and cond must hold, which [Always] does. If t is in the past it is deleted. It
// stands for HPEXPIREAT, too.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidExpire] if t is
// before 1970 or milliseconds can't express it and [ErrInvalidOption] if there is no such
// condition.
//
// The complexity is O(n log m), n the number of fields given, m that of fields with a
// deadline. Redis: [HEXPIREAT], [HPEXPIREAT].
//
// [HEXPIREAT]: https://redis.io/docs/latest/commands/hexpireat/
// [HPEXPIREAT]: https://redis.io/docs/latest/commands/hpexpireat/
func (h Hash) ExpireAt(t time.Time, cond Condition, fields ...string) ([]FieldStatus, error) {
	return h.expire("HEXPIREAT", cond, fields, func(int64) (int64, bool) {
		at, ok := deadlineAt(t)
		return at, ok && at >= 0
	})
}

func (h Hash) expire(op string, cond Condition, fields []string, deadline func(now int64) (int64, bool)) ([]FieldStatus, error) {
	var w write
	defer w.end()
	v, err := h.openTimed(&w, op, len(fields))
	if err != nil {
		return nil, err
	}
	at, ok := deadline(w.nano())
	switch {
	case !ok:
		return nil, w.fail(ErrInvalidExpire)
	case cond > IfPresentAndLess:
		return nil, w.fail(ErrInvalidOption)
	}
	return w.eachField(v, "hexpire", fields, func(field string) FieldStatus {
		value, old, _ := v.Look(field)
		if !cond.allows(old, at) {
			return FieldUnchanged
		}
		return w.fieldExpireAt(v, field, value, at)
	}), nil
}

// eachField calls change with the fields that are there, and ends the command, which is
// told as name.
func (w *write) eachField(
	v *structures.Hash, name string, fields []string, change func(field string) FieldStatus,
) []FieldStatus {
	results := make([]FieldStatus, len(fields))
	changed, gone := w.noteFields(), w.noteFields()
	some, deleted := false, false
	for i, field := range fields {
		if _, found := v.Get(field); !found {
			results[i] = FieldMissing
			continue
		}
		results[i] = change(field)
		switch results[i] {
		case FieldDeleted:
			deleted = true
			gone.add(field)
		case FieldChanged:
			some = true
			changed.add(field)
		}
	}
	if deleted {
		w.eventOf(NotifyHash, "hdel", gone.list)
	}
	if some {
		w.eventOf(NotifyHash, name, changed.list)
	}
	if some || deleted {
		w.save(KindHash, v, false)
	}
	return results
}

// fieldExpireAt gives a field, which has the value, another deadline. One in the past
// deletes it.
func (w *write) fieldExpireAt(v *structures.Hash, field, value string, at int64) FieldStatus {
	if at <= w.nano()/int64(time.Millisecond) {
		v.Delete(field)
		return FieldDeleted
	}
	v.Set(field, value, at)
	return FieldChanged
}

// Persist takes the deadlines of fields away and says what became of each.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HPERSIST].
//
// [HPERSIST]: https://redis.io/docs/latest/commands/hpersist/
func (h Hash) Persist(fields ...string) ([]FieldStatus, error) {
	var w write
	defer w.end()
	v, err := h.open(&w, "HPERSIST", len(fields))
	if err != nil {
		return nil, err
	}
	return w.eachField(v, "hpersist", fields, func(field string) FieldStatus {
		value, old, _ := v.Look(field)
		if old == 0 {
			return FieldNoTTL
		}
		v.Set(field, value, 0)
		return FieldChanged
	}), nil
}

// TTL returns how long fields have to live, in whole milliseconds. It stands for HPTTL,
// too.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HTTL], [HPTTL].
//
// [HTTL]: https://redis.io/docs/latest/commands/httl/
// [HPTTL]: https://redis.io/docs/latest/commands/hpttl/
func (h Hash) TTL(fields ...string) ([]FieldTTL, error) {
	results := make([]FieldTTL, len(fields))
	err := h.deadlines("HTTL", fields, func(i int, at int64) {
		results[i] = FieldTTL{TTL: NoTTL, Found: true}
		if at != 0 {
			results[i].TTL = max(h.db.left(at), 0)
		}
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// ExpireTime returns the deadlines of fields. It stands for HPEXPIRETIME, too.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HEXPIRETIME],
// [HPEXPIRETIME].
//
// [HEXPIRETIME]: https://redis.io/docs/latest/commands/hexpiretime/
// [HPEXPIRETIME]: https://redis.io/docs/latest/commands/hpexpiretime/
func (h Hash) ExpireTime(fields ...string) ([]FieldDeadline, error) {
	results := make([]FieldDeadline, len(fields))
	err := h.deadlines("HEXPIRETIME", fields, func(i int, at int64) {
		results[i].Found = true
		if at != 0 {
			results[i].At = timeOf(at)
		}
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// deadlines calls visit with the deadlines of those fields that are there.
func (h Hash) deadlines(op string, fields []string, visit func(i int, at int64)) error {
	var view structures.Hash
	v, locked, err := h.load(op, &view)
	defer locked.release()
	if err != nil {
		return err
	}
	for i, field := range fields {
		if _, at, found := v.Look(field); found {
			visit(i, at)
		}
	}
	return nil
}

// GetDel removes fields and returns their values. What is missing is not found, so of a
// field given twice the second.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HGETDEL].
//
// [HGETDEL]: https://redis.io/docs/latest/commands/hgetdel/
func (h Hash) GetDel(fields ...string) ([]Optional, error) {
	var w write
	defer w.end()
	v, err := h.open(&w, "HGETDEL", len(fields))
	if err != nil {
		return nil, err
	}
	values := lookUp(v, fields)
	changed, gone := false, w.noteFields()
	for i, field := range fields {
		switch {
		case !values[i].Found:
		case v.Delete(field):
			changed = true
			gone.add(field)
		default:
			values[i] = Optional{} // it came before
		}
	}
	if changed {
		w.eventOf(NotifyHash, "hdel", gone.list)
		w.save(KindHash, v, false)
	}
	return values, nil
}

// GetEx returns the values of fields and changes their deadlines: [ExpireIn],
// [ExpireAt], [Persist]; the zero Expiry leaves them. What is missing is not found. A
// deadline in the past deletes the fields.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidExpire] if a
// time to live is not positive.
//
// The complexity is O(n log m), n the number of fields given, m that of fields with a
// deadline. Redis: [HGETEX].
//
// [HGETEX]: https://redis.io/docs/latest/commands/hgetex/
func (h Hash) GetEx(e Expiry, fields ...string) ([]Optional, error) {
	var w write
	defer w.end()
	v, err := h.openTimed(&w, "HGETEX", len(fields))
	if err != nil {
		return nil, err
	}
	at, err := e.deadline(&w)
	if err != nil {
		return nil, w.fail(err)
	}
	values := lookUp(v, fields)
	if e.mode == expiryDefault || e.mode == expiryKeep {
		return values, nil
	}
	name := "hexpire"
	if at == 0 {
		name = "hpersist"
	}
	w.eachField(v, name, fields, func(field string) FieldStatus {
		value, old, _ := v.Look(field)
		switch {
		case at == 0 && old == 0:
			return FieldUnchanged
		case at == 0:
			v.Set(field, value, 0)
			return FieldChanged
		}
		return w.fieldExpireAt(v, field, value, at)
	})
	return values, nil
}

// SetEX stores pairs of fields and values in one step, with a deadline: [ExpireIn],
// [ExpireAt], or [KeepTTL] for the ones that they have; the zero Expiry, or [Persist], is
// none. It says whether it did: [IfAbsent] wants none of the fields to be there,
// [IfPresent] all. A deadline in the past deletes the fields.
//
// It returns [ErrWrongType] if the key holds another type, [ErrTooLarge] if a field or
// value is longer than [MaxStringLen], [ErrInvalidExpire] if a time to live is not
// positive and [ErrInvalidOption] for another condition.
//
// The complexity is O(n log m), n the number of pairs, m that of fields with a deadline.
// Redis: [HSETEX].
//
// [HSETEX]: https://redis.io/docs/latest/commands/hsetex/
func (h Hash) SetEX(cond Condition, e Expiry, pairs ...Pair) (bool, error) {
	return h.setEx("HSETEX", cond, e, pairs)
}

func (h Hash) setEx(op string, cond Condition, e Expiry, pairs []Pair) (bool, error) {
	var w write
	defer w.end()
	v, err := h.openTimed(&w, op, len(pairs))
	if err != nil {
		return false, err
	}
	at, err := e.deadline(&w)
	switch {
	case err != nil:
		return false, w.fail(err)
	case cond > IfPresent:
		return false, w.fail(ErrInvalidOption)
	case tooLarge(pairs):
		return false, w.fail(ErrTooLarge)
	}
	for _, p := range pairs {
		_, found := v.Get(p.Key)
		if cond == IfAbsent && found || cond == IfPresent && !found {
			return false, nil
		}
	}
	if len(pairs) == 0 {
		return true, nil
	}
	late := e.timed() && at <= w.nano()/int64(time.Millisecond)
	large := w.setFieldsEx(v, e, at, pairs)
	if !late {
		w.save(KindHash, v, large)
	} else if !w.found() {
		w.event(NotifyNew, "new") // as if it had been there
	}
	w.eventOfPairs("hset", pairs...)
	switch {
	case late:
		w.eventOfPairs("hdel", pairs...)
		if !w.found() {
			w.event(NotifyGeneric, "del")
		}
		w.save(KindHash, v, large)
	case e.timed():
		w.eventOfPairs("hexpire", pairs...)
	}
	return true, nil
}

// setFieldsEx is setFields with the Expiry e, which means the deadline at.
func (w *write) setFieldsEx(v *structures.Hash, e Expiry, at int64, pairs []Pair) (large bool) {
	if e.timed() {
		if at <= w.nano()/int64(time.Millisecond) {
			for _, p := range pairs {
				v.Delete(p.Key)
			}
			return false
		}
		_, large = setFields(v, pairs, at)
		return large
	}
	for i, p := range pairs {
		at = 0
		if e.mode == expiryKeep {
			_, at, _ = v.Look(p.Key)
		}
		_, l := setFields(v, pairs[i:i+1], at)
		large = large || l
	}
	return large
}
