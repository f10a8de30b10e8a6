package store

import (
	"strconv"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// String is a handle of a string: bytes, an integer or a float in text.
type String struct {
	db  DB
	key string
}

// Key returns the key of the handle.
func (s String) Key() string { return s.key }

// SetOptions are the options of [String.SetWith]. The zero value is a plain SET.
type SetOptions struct {
	If     Condition // not one of those that compare deadlines or scores
	Match  string    // what IfEqual and IfNotEqual compare with, or the digest
	Expiry Expiry    // the default is no deadline
	Get    bool      // look up the old value, too
}

// SetResult is what [String.SetWith] did.
type SetResult struct {
	Set bool     // the condition held
	Old Optional // the value before, if SetOptions.Get asked for it
}

// Optional is a value that may be missing.
type Optional struct {
	Value string
	Found bool
}

// Get returns the value. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1), for a string that was changed in place O(n), n its length.
// Redis: [GET].
//
// [GET]: https://redis.io/docs/latest/commands/get/
func (s String) Get() (string, error) { return s.db.text("GET", s.key) }

// AppendTo appends the value to dst and returns the extended buffer. A missing key
// is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the length of the value. Redis: [GET].
//
// [GET]: https://redis.io/docs/latest/commands/get/
func (s String) AppendTo(dst []byte) ([]byte, error) {
	text, err := s.Get()
	return append(dst, text...), err
}

// Set stores value, whatever the key held before, and takes its deadline away.
//
// It returns [ErrTooLarge] if value is longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [SET].
//
// [SET]: https://redis.io/docs/latest/commands/set/
func (s String) Set(value string) error {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SET", s.key); err != nil {
		return err
	}
	return w.set(value, 0, false)
}

// set stores a string as Redis's SET does. timed says that the deadline is the command's.
func (w *write) set(value string, deadline int64, timed bool) error {
	if len(value) > MaxStringLen {
		return w.fail(ErrTooLarge)
	}
	w.putText(structures.Entry{Kind: recordKind(KindString, encNatural), Text: value, Deadline: deadline}, "set", true, timed)
	return nil
}

// SetBytes is Set with a copy of value.
//
// It returns [ErrTooLarge] if value is longer than [MaxStringLen].
//
// The complexity is O(n), n the length of value. Redis: [SET].
//
// [SET]: https://redis.io/docs/latest/commands/set/
func (s String) SetBytes(value []byte) error {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SET", s.key); err != nil {
		return err
	}
	if len(value) > MaxStringLen {
		return w.fail(ErrTooLarge)
	}
	w.putText(structures.Entry{Kind: recordKind(KindString, encNatural), Bytes: value}, "set", true, false)
	return nil
}

// SetWith stores value with the options of SET: a condition, a deadline, and the
// old value as part of the same step. Where the condition does not hold, nothing
// changes, and that is no error. A deadline in the past deletes the key.
//
// It returns [ErrTooLarge], [ErrInvalidExpire] if a time to live is not positive or a
// time not after the start of 1970, [ErrInvalidOption] for a condition on deadlines or
// scores and for a Match that the condition has no use for, [ErrInvalidDigest] for a
// digest that can't be one, and, only with Get or where values are compared,
// [ErrWrongType] if the key holds another type.
//
// Unlike in Redis, a digest is looked at for a missing key, too.
//
// The complexity is O(1), with a comparison O(n), n the length of the old value.
// Redis: [SET].
//
// [SET]: https://redis.io/docs/latest/commands/set/
func (s String) SetWith(value string, o SetOptions) (SetResult, error) {
	return s.setWith("SET", value, o)
}

func (s String) setWith(op, value string, o SetOptions) (SetResult, error) {
	var w write
	defer w.end()
	var r SetResult
	if err := w.begin(s.db, op, s.key); err != nil {
		return r, err
	}
	c, err := compareWith(o.If, o.Match)
	if err != nil {
		return r, w.fail(err)
	}
	deadline, err := o.Expiry.deadline(&w)
	if err != nil {
		return r, w.fail(err)
	}
	if o.Get || c.compares() {
		if err := w.want(KindString); err != nil {
			return r, err
		}
		switch {
		case o.Get && w.found():
			r.Old = Optional{Value: textOf(&w.ref.Record), Found: true}
		case o.Get:
			w.miss()
		}
	}
	if !c.holds(&w) {
		return r, nil
	}
	if err := w.set(value, deadline, o.Expiry.timed()); err != nil {
		return SetResult{}, err
	}
	r.Set = true
	return r, nil
}

// SetNX stores value if the key is missing, and says whether it did.
//
// It returns [ErrTooLarge] if value is longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [SETNX].
//
// [SETNX]: https://redis.io/docs/latest/commands/setnx/
func (s String) SetNX(value string) (bool, error) {
	r, err := s.setWith("SETNX", value, SetOptions{If: IfAbsent})
	return r.Set, err
}

// SetEX stores value with a deadline d from now. It stands for PSETEX, too.
//
// It returns [ErrInvalidExpire] if d is not positive and [ErrTooLarge] if value is
// longer than [MaxStringLen].
//
// The complexity is O(log n), n the number of keys with a deadline in the shard.
// Redis: [SETEX], [PSETEX].
//
// [SETEX]: https://redis.io/docs/latest/commands/setex/
// [PSETEX]: https://redis.io/docs/latest/commands/psetex/
func (s String) SetEX(value string, d time.Duration) error {
	_, err := s.setWith("SETEX", value, SetOptions{Expiry: ExpireIn(d)})
	return err
}

// GetSet stores value without a deadline and returns the value before. A missing
// key is [ErrNotFound], and value is stored all the same.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [GETSET].
//
// [GETSET]: https://redis.io/docs/latest/commands/getset/
func (s String) GetSet(value string) (string, error) {
	r, err := s.setWith("GETSET", value, SetOptions{Get: true})
	if err == nil && !r.Old.Found {
		err = ErrNotFound
	}
	return r.Old.Value, err
}

// GetDel removes the key and returns its value. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [GETDEL].
//
// [GETDEL]: https://redis.io/docs/latest/commands/getdel/
func (s String) GetDel() (string, error) {
	var w write
	defer w.end()
	text, err := w.beginText(s, "GETDEL")
	if err == nil {
		w.del()
	}
	return text, err
}

// beginText begins a command that needs the string to be there.
func (w *write) beginText(s String, op string) (string, error) {
	if err := w.begin(s.db, op, s.key); err != nil {
		return "", err
	}
	if err := w.want(KindString); err != nil {
		return "", err
	}
	if !w.found() {
		w.miss()
		return "", ErrNotFound
	}
	return textOf(&w.ref.Record), nil
}

// GetEx returns the value and changes the deadline: [ExpireIn], [ExpireAt],
// [Persist]; the zero Expiry and [KeepTTL] leave it. A missing key is [ErrNotFound],
// whatever the Expiry. A deadline in the past deletes the key.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidExpire] if
// a time to live is not positive or a time not after the start of 1970.
//
// The complexity is O(1). Redis: [GETEX].
//
// [GETEX]: https://redis.io/docs/latest/commands/getex/
func (s String) GetEx(e Expiry) (string, error) {
	var w write
	defer w.end()
	text, err := w.beginText(s, "GETEX")
	if err != nil || e.mode == expiryDefault || e.mode == expiryKeep {
		return text, err
	}
	deadline, err := e.deadline(&w)
	if err != nil {
		return "", w.fail(err)
	}
	if deadline != 0 || w.deadline() != 0 {
		w.expireAt(deadline)
	}
	return text, nil
}

// StrLen returns the length of the value in bytes, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [STRLEN].
//
// [STRLEN]: https://redis.io/docs/latest/commands/strlen/
func (s String) StrLen() (int, error) {
	rec, found, locked, err := s.db.load(s.key)
	defer locked.release()
	switch {
	case err != nil || !found:
		return 0, mistake("STRLEN", s.key, err)
	case kindOf(&rec) != KindString:
		return 0, mistake("STRLEN", s.key, ErrWrongType)
	}
	if b, ok := rec.Object().(*structures.Bytes); ok {
		return b.Len(), nil
	}
	return len(rec.Value()), nil
}

// GetRange returns the bytes from start to end, both included; a negative index
// counts from the end. What lies outside of the value is left out, so a missing key
// gives an empty string. It stands for SUBSTR, too.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1), for a string that was changed in place O(n), n the length
// of the result. Redis: [GETRANGE], [SUBSTR].
//
// [GETRANGE]: https://redis.io/docs/latest/commands/getrange/
// [SUBSTR]: https://redis.io/docs/latest/commands/substr/
func (s String) GetRange(start, end int) (string, error) {
	text, large, err := s.shortRange(start, end)
	if !large {
		return text, err
	}
	b, err := s.db.cloneBytes("GETRANGE", s.key)
	if b == nil {
		return s.GetRange(start, end) // it was replaced meanwhile
	}
	from, to, _ := clampRange(start, end, b.Len())
	return b.Slice(from, to), err
}

// shortRange is GetRange unless the result takes long to copy.
func (s String) shortRange(start, end int) (text string, large bool, err error) {
	rec, found, locked, err := s.db.load(s.key)
	defer locked.release()
	switch {
	case err != nil || !found:
		return "", false, mistake("GETRANGE", s.key, err)
	case kindOf(&rec) != KindString:
		return "", false, mistake("GETRANGE", s.key, ErrWrongType)
	}
	b, inPlace := rec.Object().(*structures.Bytes)
	n := len(rec.Value())
	if inPlace {
		n = b.Len()
	}
	from, to, ok := clampRange(start, end, n)
	switch {
	case !ok:
		return "", false, nil
	case !inPlace:
		return rec.Value()[from:to], false, nil
	case takesLong(b, to-from):
		return "", true, nil
	}
	return b.Slice(from, to), false, nil
}

// clampRange turns Redis's inclusive, possibly negative indexes into the half-open
// range of the n elements that they mean. It reports false for an empty one.
func clampRange(start, end, n int) (from, to int, ok bool) {
	if start < 0 && end < 0 && start > end {
		return 0, 0, false // Redis looks at this before it counts from the end
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end || n == 0 {
		return 0, 0, false
	}
	return start, end + 1, true
}

// SetRange overwrites the value from offset on and returns its new length. What
// lies between the end of the value and offset becomes zero bytes; a missing key
// counts as empty. An empty value changes nothing.
//
// It returns [ErrWrongType] if the key holds another type, [ErrOffset] if offset is
// negative and [ErrTooLarge] if the result would be longer than [MaxStringLen].
//
// The complexity is O(n), n the length of value. Redis: [SETRANGE].
//
// [SETRANGE]: https://redis.io/docs/latest/commands/setrange/
func (s String) SetRange(offset int, value string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SETRANGE", s.key); err != nil {
		return 0, err
	}
	if offset < 0 {
		return 0, w.fail(ErrOffset)
	}
	if err := w.want(KindString); err != nil {
		return 0, err
	}
	n := w.len()
	if value == "" {
		return n, nil
	}
	if offset > MaxStringLen-len(value) {
		return 0, w.fail(ErrTooLarge)
	}
	n = w.overwrite(n, offset, value)
	w.event(NotifyString, "setrange")
	return n, nil
}

// len returns the length of the string at the key.
func (w *write) len() int {
	if !w.found() {
		return 0
	}
	if b, ok := w.ref.Record.Object().(*structures.Bytes); ok {
		return b.Len()
	}
	return len(w.ref.Record.Value())
}

// overwrite writes value at offset into the string, which has n bytes, and returns
// its new length.
func (w *write) overwrite(n, offset int, value string) int {
	length := max(n, offset+len(value))
	if length > structures.MaxInline {
		b := w.bytes()
		b.WriteAt(offset, value)
		w.changed()
		return length
	}
	buf := make([]byte, length)
	if w.found() {
		copy(buf, textOf(&w.ref.Record))
	}
	copy(buf[offset:], value)
	w.put(structures.Entry{Kind: recordKind(KindString, encRaw), Bytes: buf, Deadline: w.deadline()})
	return length
}

// Append appends value and returns the new length. A missing key counts as empty.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if the
// result would be longer than [MaxStringLen].
//
// The complexity is O(n), n the length of value. Redis: [APPEND].
//
// [APPEND]: https://redis.io/docs/latest/commands/append/
func (s String) Append(value string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "APPEND", s.key); err != nil {
		return 0, err
	}
	if err := w.want(KindString); err != nil {
		return 0, err
	}
	n := 0
	if !w.found() {
		if n = len(value); n > MaxStringLen {
			return 0, w.fail(ErrTooLarge)
		}
		w.put(structures.Entry{Kind: recordKind(KindString, encNatural), Text: value})
	} else {
		if n = w.len(); n > MaxStringLen-len(value) {
			return 0, w.fail(ErrTooLarge)
		}
		n = w.overwrite(n, n, value)
	}
	w.event(NotifyString, "append")
	return n, nil
}

// Incr adds 1 to the integer and returns the sum. A missing key counts as 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the
// value is not a base-10 int64 and [ErrOverflow] if the sum does not fit.
//
// The complexity is O(1). Redis: [INCR].
//
// [INCR]: https://redis.io/docs/latest/commands/incr/
func (s String) Incr() (int64, error) { return s.add("INCR", 1) }

// Decr subtracts 1 from the integer and returns the difference. A missing key counts
// as 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the
// value is not a base-10 int64 and [ErrOverflow] if the difference does not fit.
//
// The complexity is O(1). Redis: [DECR].
//
// [DECR]: https://redis.io/docs/latest/commands/decr/
func (s String) Decr() (int64, error) { return s.add("DECR", -1) }

// IncrBy adds n to the integer and returns the sum. A missing key counts as 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the
// value is not a base-10 int64 and [ErrOverflow] if the sum does not fit.
//
// The complexity is O(1). Redis: [INCRBY].
//
// [INCRBY]: https://redis.io/docs/latest/commands/incrby/
func (s String) IncrBy(n int64) (int64, error) { return s.add("INCRBY", n) }

// DecrBy subtracts n from the integer and returns the difference. A missing key
// counts as 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the
// value is not a base-10 int64 and [ErrOverflow] if the difference does not fit, or
// n is the smallest int64.
//
// The complexity is O(1). Redis: [DECRBY].
//
// [DECRBY]: https://redis.io/docs/latest/commands/decrby/
func (s String) DecrBy(n int64) (int64, error) {
	if n == -n && n != 0 { // the smallest int64 has no opposite
		err := s.db.check()
		if err == nil {
			err = ErrOverflow
		}
		return 0, mistake("DECRBY", s.key, err)
	}
	return s.add("DECRBY", -n)
}

func (s String) add(op string, n int64) (int64, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, op, s.key); err != nil {
		return 0, err
	}
	old, err := w.integer()
	if err != nil {
		return 0, err
	}
	sum, ok := addInt64(old, n)
	if !ok {
		return 0, w.fail(ErrOverflow)
	}
	w.sh.scratch = strconv.AppendInt(w.sh.scratch[:0], sum, 10)
	w.put(structures.Entry{Kind: recordKind(KindString, encNatural), Bytes: w.sh.scratch, Deadline: w.deadline()})
	w.event(NotifyString, "incrby")
	return sum, nil
}

// integer returns the integer at the key, 0 if it is missing.
func (w *write) integer() (int64, error) {
	if err := w.want(KindString); err != nil || !w.found() {
		return 0, err
	}
	if w.ref.Record.Object() == nil {
		if n, ok := parseInt(w.ref.Record.Value()); ok {
			return n, nil
		}
	}
	return 0, w.fail(ErrNotInteger)
}

// IncrByFloat adds n to the number and returns the sum. A missing key counts as 0.
// The sum is computed and stored as Redis on x86 does it, with 64 bits of mantissa
// and at most 17 digits behind the point: 0.1 and 0.2 give 0.3. One that is beyond
// float64 is stored, as in Redis, and returned as an infinity.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if the value
// is not a number, or n is NaN, and [ErrNaN] if the sum is not finite.
//
// The complexity is O(1). Redis: [INCRBYFLOAT].
//
// [INCRBYFLOAT]: https://redis.io/docs/latest/commands/incrbyfloat/
func (s String) IncrByFloat(n float64) (float64, error) {
	text, err := s.IncrByDecimal(formatFloat(n))
	if err != nil {
		return 0, err
	}
	sum, _ := strconv.ParseFloat(text, 64) // infinity if it is out of range
	return sum, nil
}

// IncrByDecimal is IncrByFloat for numbers in text, as a client of Redis sends and gets
// them: n may have more digits than a float64, and the sum is returned as it is stored.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if the value or n
// is not a number and [ErrNaN] if the sum is not finite.
//
// The complexity is O(1). Redis: [INCRBYFLOAT].
//
// [INCRBYFLOAT]: https://redis.io/docs/latest/commands/incrbyfloat/
func (s String) IncrByDecimal(n string) (string, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "INCRBYFLOAT", s.key); err != nil {
		return "", err
	}
	if err := w.want(KindString); err != nil {
		return "", err
	}
	text, err := incrFloat(w.numeral(), n)
	if err != nil {
		return "", w.fail(err)
	}
	w.put(structures.Entry{Kind: recordKind(KindString, encText), Text: text, Deadline: w.deadline()})
	w.event(NotifyString, "incrbyfloat")
	return text, nil
}

// putText is put, or for a value that does not come from the one before putAnew, of a string
// with the notification of a name; timed says that the deadline is the command's. If that has
// passed, the key is told of as if it had been there.
func (w *write) putText(e structures.Entry, name string, anew, timed bool) {
	late := w.overdue(e.Deadline)
	if w.sh.log == nil && !late { // nobody listens
		w.store(&e)
		return
	}
	switch {
	case late && !w.found():
		w.event(NotifyNew, "new")
	case anew:
		w.overwritten(w.kind(), KindString)
	}
	if !late {
		w.put(e)
	}
	w.event(NotifyString, name)
	if timed {
		w.event(NotifyGeneric, "expire")
	}
	switch {
	case late && w.found():
		w.expire()
	case late:
		w.event(NotifyExpired, "expired")
	}
}
