package store

import "github.com/alcovedb/alcove/structures"

// An aggregate is a value with elements: a hash, a list, a set or a sorted set. While
// it is small it is packed, a blob in the record of its key; then it is an object,
// which changes in place. Its commands don't see the difference:
//
//	v, err := open(&w, KindHash, structures.NewHash)
//	...                        // look, decide, fail
//	v.Set(field, value)        // change
//	w.save(KindHash, v, large)
//
// and for reading, where nothing is allocated:
//
//	rec, _, locked, err := db.loadKind("HGET", key, KindHash)
//	defer locked.release()
//	...
//	var view structures.Hash
//	v := view.Of(&rec)         // the object, or view as the blob says
type aggregate interface {
	structures.Object
	// Len returns the number of elements. A key without elements does not exist.
	Len() int
	// Unpack makes the value what the blob says; "" is empty.
	Unpack(blob string)
	// Blob returns the value as a blob that is good until the next change, and
	// false if it is too large for one.
	Blob() (blob []byte, packed bool)
}

// open returns the value at the key of w to be changed, or an empty one if there is
// none; fresh makes a value of the kind. It is lent until the next open of the same
// kind in the same shard, and save must come before that; where nothing has changed,
// no save is needed. What is read from a packed value that was changed must be copied
// before it goes to the user.
//
// It returns [ErrWrongType] if the key holds another kind.
func open[T aggregate](w *write, k Kind, fresh func(*structures.TableConfig) T) (v T, err error) {
	if err := w.want(k); err != nil {
		return v, err
	}
	blob := ""
	if w.found() {
		if w.ref.Record.Object() != nil {
			return w.mutate().(T), nil
		}
		blob = w.ref.Record.Value()
	}
	return lend(w, k, fresh, blob), nil
}

// openAnew returns an empty value, whatever the key of w holds. It is lent as open does it,
// and goes to saveOver.
func openAnew[T aggregate](w *write, k Kind, fresh func(*structures.TableConfig) T) T {
	return lend(w, k, fresh, "")
}

// lend returns a value that is what the blob says.
func lend[T aggregate](w *write, k Kind, fresh func(*structures.TableConfig) T, blob string) T {
	if w.sh.working == nil {
		w.sh.working = new([KindStream + 1]aggregate)
	}
	v, ok := w.sh.working[k].(T)
	if !ok {
		v = fresh(w.db.s.values)
		w.sh.working[k] = v
	}
	v.Unpack(blob)
	return v
}

// save stores v, which open has returned for the key and kind, after a change. large
// says that Redis would now use its encoding for large values, which sticks.
func (w *write) save(k Kind, v aggregate, large bool) {
	w.saveAnew(k, v, large || w.found() && w.ref.Record.Kind()&encodingMask == encLarge)
}

// saveAnew is save where Redis makes the value anew, so that nothing sticks.
func (w *write) saveAnew(k Kind, v aggregate, large bool) {
	if v.Len() == 0 {
		w.del()
		return
	}
	e := w.entry(k, v, large)
	if e.Object != nil && w.found() && w.ref.Record.Object() == e.Object && w.ref.Record.Kind() == e.Kind {
		w.changed()
		return
	}
	e.Deadline = w.deadline()
	w.put(e)
}

// saveOver stores v, which openAnew has returned for the key and kind, in place of whatever
// the key holds, also its deadline. Without elements the key is removed. It says whether there
// is a value now.
func (w *write) saveOver(k Kind, v aggregate, large bool) bool {
	if v.Len() == 0 {
		w.del()
		return false
	}
	w.putAnew(w.entry(k, v, large))
	return true
}

// entry returns v as what a key holds.
func (w *write) entry(k Kind, v aggregate, large bool) structures.Entry {
	e := structures.Entry{Kind: aggregateKind(k, large)}
	if blob, packed := v.Blob(); packed {
		e.Bytes = blob
		return e
	}
	e.Object = v
	if w.sh.working != nil && w.sh.working[k] == v {
		w.sh.working[k] = nil // it is the key's now
	}
	return e
}

// aggregateEntry is entry for a value that was not lent. That is not made of this: each copy of
// an Entry shows in what a small command takes.
func aggregateEntry(k Kind, v aggregate, large bool) structures.Entry {
	e := structures.Entry{Kind: aggregateKind(k, large)}
	if blob, packed := v.Blob(); packed {
		e.Bytes = blob
	} else {
		e.Object = v
	}
	return e
}

func aggregateKind(k Kind, large bool) uint8 {
	if large {
		return recordKind(k, encLarge)
	}
	return recordKind(k, encSmall)
}

// loadKind is load for a key that must hold kind k.
func (db DB) loadKind(op, key string, k Kind) (rec structures.Record, found bool, locked *shard, err error) {
	rec, found, locked, err = db.load(key)
	switch {
	case err != nil:
		err = mistake(op, key, err)
	case found && kindOf(&rec) != k:
		err = mistake(op, key, ErrWrongType)
	}
	return rec, found, locked, err
}
