package store

import (
	"errors"
	"math"
	"time"

	"github.com/alcovedb/alcove/store/rdb"
	"github.com/alcovedb/alcove/structures"
)

// Dump returns the value at key in the form of Redis's DUMP, for [DB.Restore] and for the RESTORE of a
// Redis from 7.0 on. It has neither the key nor its deadline. A missing key is [ErrNotFound].
//
// The payload is what Redis 7.0 would have made of the value, of version 10, but for the order
// of the elements of large sets and hashes, which is any there, too, and for where lists are
// divided that were not only appended to. What came to Redis later is not in it, as 7.0 has no
// place for it: when consumers of a stream were last active, and what [Stream.CfgSet] has set.
// A hash of whose fields one has a deadline becomes what Redis 7.4 has for that, of version 12,
// which an older Redis does not take.
//
// It returns [ErrNotDumpable] for a stream with entries that [Group.Nack] has given back and
// nobody has claimed.
//
// The complexity is O(n), n the bytes of the value. Redis: [DUMP].
//
// [DUMP]: https://redis.io/docs/latest/commands/dump/
func (db DB) Dump(key string) ([]byte, error) {
	const op = "DUMP"
	rec, object, err := db.frozen(op, key)
	if err != nil {
		return nil, err
	}
	v, err := db.neutral(&rec, object)
	if err != nil {
		return nil, mistake(op, key, err)
	}
	return rdb.Encode(v), nil
}

// frozen returns the record of a key, which is there, and the object in it, nil if there is
// none, as of now and for good.
func (db DB) frozen(op, key string) (rec structures.Record, object structures.Object, err error) {
	rec, found, locked, err := db.load(key)
	locked.release()
	switch {
	case err != nil:
		return rec, nil, mistake(op, key, err)
	case !found:
		return rec, nil, ErrNotFound
	case locked == nil: // what is no object never changes
		return rec, nil, nil
	}
	var w write
	defer w.end()
	if err := w.inspect(db, op, key); err != nil {
		return rec, nil, err
	}
	if !w.found() { // meanwhile
		return rec, nil, ErrNotFound
	}
	rec = w.ref.Record
	if rec.Object() != nil {
		object = w.cloneObject()
	}
	return rec, object, nil
}

// neutral returns what a record has, or else object, as a payload has it.
func (db DB) neutral(rec *structures.Record, object structures.Object) (rdb.Value, error) {
	compact := rec.Kind()&encodingMask == encSmall
	switch kindOf(rec) {
	case KindString:
		if b, ok := object.(*structures.Bytes); ok {
			return rdb.String(b.String()), nil
		}
		return rdb.String(rec.Value()), nil
	case KindList:
		return neutralList(valueOf(rec, object, new(structures.List).Of)), nil
	case KindSet:
		return rdb.Set{Members: valueOf(rec, object, new(structures.Set).Of).Members(), Compact: compact}, nil
	case KindHash:
		h := neutralHash(valueOf(rec, object, new(structures.Hash).Of), db.s.now())
		if h.Compact = compact; len(h.Fields) == 0 {
			return nil, ErrNotFound // it expires just now
		}
		return h, nil
	case KindZSet:
		return neutralZSet(valueOf(rec, object, new(structures.ZSet).Of), compact), nil
	}
	return neutralStream(object.(*structures.Stream))
}

// valueOf returns object, or without one the value that a record is.
func valueOf[T structures.Object](rec *structures.Record, object structures.Object, of func(*structures.Record) T) T {
	if object != nil {
		return object.(T)
	}
	return of(rec)
}

func neutralList(v *structures.List) rdb.List {
	list := make(rdb.List, 0, v.Len())
	v.Walk(0, false, func(_ int, s string) bool {
		list = append(list, s)
		return true
	})
	return list
}

func neutralHash(v *structures.Hash, now int64) rdb.Hash {
	h := rdb.Hash{Fields: make([]rdb.Field, 0, v.Len())}
	v.All(func(field, value string, deadline int64) bool {
		if deadline == 0 || deadline > now {
			h.Fields = append(h.Fields, rdb.Field{Name: field, Value: value, Deadline: deadline})
		}
		return true
	})
	return h
}

func neutralZSet(v *structures.ZSet, compact bool) rdb.ZSet {
	z := rdb.ZSet{Members: make([]rdb.Member, 0, v.Len()), Compact: compact}
	v.Walk(0, v.Len(), false, func(member string, score float64) bool {
		z.Members = append(z.Members, rdb.Member{Name: member, Score: score})
		return true
	})
	return z
}

// RestoreOptions are the options of [DB.RestoreWith]. The zero value is a RESTORE with a TTL of
// 0: the key has no deadline, and must not be there.
type RestoreOptions struct {
	Expiry  Expiry // of the key: ExpireIn, or ExpireAt for ABSTTL
	Replace bool   // put it in place of what is there: REPLACE
	// IdleTime is for how long it counts as not used, in whole seconds, IDLETIME, and Freq how
	// often it counts as used, 0 to 255, FREQ. They are for a store that tracks that, and not
	// for a transaction, by which the key counts as used now.
	IdleTime time.Duration
	Freq     *int
}

// check returns what is wrong with the options.
func (o *RestoreOptions) check() error {
	switch {
	case o.IdleTime < 0, o.Freq != nil && (*o.Freq < 0 || *o.Freq > math.MaxUint8):
		return ErrOutOfRange
	case o.IdleTime != 0 && o.Freq != nil, o.Expiry.mode == expiryKeep:
		return ErrInvalidOption
	}
	return nil
}

// Restore puts the value of a payload at key, where there must be nothing: one of [DB.Dump],
// or of the DUMP of any Redis up to 7.4.
//
// It returns [ErrBusyKey] if the key is there, [ErrPayloadVersion] if the payload is of a later
// version or its checksum is wrong, and [ErrBadPayload] if it makes no value.
//
// Unlike Redis, which does that with sanitize-dump-payload, it checks all that is in a payload,
// also that scores are numbers and that the entries of a stream are in order and as many as
// it says.
//
// The complexity is O(n), n the bytes of the value, and for a sorted set O(n log n).
// Redis: [RESTORE].
//
// [RESTORE]: https://redis.io/docs/latest/commands/restore/
func (db DB) Restore(key string, payload []byte) error {
	return db.RestoreWith(key, payload, RestoreOptions{})
}

// RestoreWith is Restore with the options of RESTORE: a deadline, whether what is there is
// replaced, and, where the store tracks access, how the key counts as used. With a deadline in
// the past nothing is stored, and what is to be replaced is removed.
//
// It returns [ErrBusyKey] if the key is there, and not to be replaced, [ErrInvalidExpire] if a
// time to live is not positive, [ErrPayloadVersion] if the payload is of a later version or
// its checksum is wrong, [ErrBadPayload] if it makes no value, [ErrOutOfRange] if IdleTime or
// Freq is out of its range, and [ErrInvalidOption] if both are given or Expiry is [KeepTTL].
//
// The complexity is O(n), n the bytes of the value, and for a sorted set O(n log n).
// Redis: [RESTORE].
//
// [RESTORE]: https://redis.io/docs/latest/commands/restore/
func (db DB) RestoreWith(key string, payload []byte, o RestoreOptions) error {
	if !o.Replace { // a payload that is not wanted is not read
		var w write
		_, err := w.beginRestore(db, key, &o)
		w.end()
		if err != nil {
			return err
		}
	}
	var e structures.Entry
	wrong := db.check()
	if wrong == nil { // otherwise begin says so
		e, wrong = db.restored(payload)
	}
	var w write
	defer w.end()
	at, err := w.beginRestore(db, key, &o)
	switch {
	case err != nil:
		return err
	case wrong != nil:
		return w.fail(wrong)
	}
	if e.Object != nil && w.db.s.values != db.s.values { // the whole store is held, in a copy
		e, _ = w.db.restored(payload)
	}
	e.Deadline = at
	w.restore(e, &o)
	return nil
}

// beginRestore is begin for what is restored, and returns its deadline, or what is wrong beside
// the payload.
func (w *write) beginRestore(db DB, key string, o *RestoreOptions) (deadline int64, err error) {
	if err := w.begin(db, "RESTORE", key); err != nil {
		return 0, err
	}
	switch err := o.check(); {
	case err != nil:
		return 0, w.fail(err)
	case w.found() && !o.Replace:
		return 0, w.fail(ErrBusyKey)
	}
	if deadline, err = o.Expiry.deadline(w); err != nil {
		return 0, w.fail(err)
	}
	return deadline, nil
}

// restore puts what was restored in place of what the key holds.
func (w *write) restore(e structures.Entry, o *RestoreOptions) {
	k, was := Kind(e.Kind>>encodingBits), w.kind()
	if w.overdue(e.Deadline) || w.expired(&e) {
		w.del()
		return
	}
	if k == KindList || k == KindStream {
		w.grows(k)
	}
	if was != KindNone {
		w.event(NotifyNew, "new") // as in Redis, which removes it first
	}
	w.put(e)
	w.used(o)
	w.event(NotifyGeneric, "restore")
	w.overwritten(was, k)
}

// expired says whether all the fields of a hash have.
func (w *write) expired(e *structures.Entry) bool {
	h, ok := e.Object.(*structures.Hash)
	switch {
	case Kind(e.Kind>>encodingBits) != KindHash:
		return false
	case !ok:
		h = structures.NewHash(w.db.s.values)
		h.Unpack(string(e.Bytes))
	}
	return h.Earliest() != 0 && !h.Live(w.nano()/int64(time.Millisecond))
}

// used makes the key count as o says, where the store tracks access.
func (w *write) used(o *RestoreOptions) {
	if w.run != nil || w.db.s.stamp == nil || !w.found() {
		return
	}
	now := w.nano() / int64(time.Millisecond)
	switch tracking := w.db.s.options.tracking; {
	case tracking == TrackIdleTime && o.IdleTime > 0:
		w.t.Touch(&w.ref, func(uint32) uint32 { return uint32(now/1000 - int64(o.IdleTime/time.Second)) })
	case tracking == TrackFrequency && o.Freq != nil:
		w.t.Touch(&w.ref, func(uint32) uint32 { return uint32(now/60000)&0xffff<<8 | uint32(*o.Freq) })
	}
}

// restored returns the value of a payload as what a key holds.
func (db DB) restored(payload []byte) (structures.Entry, error) {
	v, err := rdb.Decode(payload)
	switch {
	case errors.Is(err, rdb.ErrVersion):
		return structures.Entry{}, ErrPayloadVersion
	case err != nil:
		return structures.Entry{}, ErrBadPayload
	}
	return entryOfNeutral(v, db.s.values), nil
}

// entryOfNeutral returns what a payload has as what a key holds. Which encoding Redis would
// choose depends on the form that it had there.
func entryOfNeutral(v rdb.Value, cfg *structures.TableConfig) structures.Entry {
	switch v := v.(type) {
	case rdb.String:
		return structures.Entry{Kind: recordKind(KindString, encNatural), Text: string(v)}
	case rdb.List:
		list := structures.NewList(cfg)
		for _, s := range v {
			list.PushBack(s)
		}
		return aggregateEntry(KindList, list, false)
	case rdb.Set:
		set := structures.NewSet(cfg)
		for _, m := range v.Members {
			set.Add(m)
		}
		return aggregateEntry(KindSet, set, largeSet(len(v.Members), v.Members...))
	case rdb.Hash:
		return entryOfHash(&v, cfg)
	case rdb.ZSet:
		z, longest := structures.NewZSet(cfg), 0
		for _, m := range v.Members {
			z.Set(m.Name, m.Score)
			if !v.Compact {
				longest = max(longest, len(m.Name))
			}
		}
		return aggregateEntry(KindZSet, z, zsetLarge(z.Len(), longest))
	}
	return structures.Entry{Kind: recordKind(KindStream, encSmall), Object: streamOf(v.(*rdb.Stream))}
}

func entryOfHash(v *rdb.Hash, cfg *structures.TableConfig) structures.Entry {
	h, large := structures.NewHash(cfg), len(v.Fields) > hashSmallLen
	for i := range v.Fields {
		f := &v.Fields[i]
		h.Set(f.Name, f.Value, f.Deadline)
		large = large || !v.Compact && max(len(f.Name), len(f.Value)) > hashSmallText
	}
	return aggregateEntry(KindHash, h, large)
}
