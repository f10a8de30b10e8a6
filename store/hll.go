package store

import (
	"math"

	"github.com/alcovedb/alcove/structures"
)

// HLL is a handle of a HyperLogLog: it tells how many different elements it was given,
// with a standard error of 0.81%, and takes 12 KiB at most. It is a string in the
// representation of Redis, byte for byte, and moves between the two by GET and SET.
type HLL struct {
	db  DB
	key string
}

// HLL returns a handle of the HyperLogLog at key, whether there is one or not. It
// allocates nothing.
func (db DB) HLL(key string) HLL { return HLL{db: db, key: key} }

// Key returns the key of the handle.
func (h HLL) Key() string { return h.key }

// Add lets the HyperLogLog see elements, and says whether that has changed it, which is
// whether the estimate may be another. A missing key is made, also without elements: then
// it is a HyperLogLog that has seen nothing.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotHLL] if it holds a
// string that is no HyperLogLog and [ErrCorruptHLL] if its registers are damaged; nothing
// has changed then. Unlike Redis, which finds only damage that is in its way, it looks at
// all of them.
//
// The complexity is O(n), n the number of elements. Redis: [PFADD].
//
// [PFADD]: https://redis.io/docs/latest/commands/pfadd/
func (h HLL) Add(elements ...string) (bool, error) {
	var w write
	defer w.end()
	if err := w.begin(h.db, "PFADD", h.key); err != nil {
		return false, err
	}
	v, err := w.hll()
	if err != nil {
		return false, err
	}
	if w.found() && len(elements) > 0 && !v.Valid() {
		return false, w.fail(ErrCorruptHLL)
	}
	if v.Form() == structures.DenseHLL {
		if elements = elements[v.RaisesDense(elements):]; len(elements) == 0 {
			return false, nil
		}
		structures.AddDense(w.denseHLL(v), elements)
		w.changed()
		w.event(NotifyString, "pfadd")
		return true, nil
	}
	text, dense, changed := v.AddSparse(w.sh.scratch[:0], elements)
	if !changed && w.found() {
		w.keepScratch(text)
		return false, nil
	}
	w.putHLL(text, dense)
	w.event(NotifyString, "pfadd")
	return true, nil
}

// hll returns the HyperLogLog at the key of w, one that has seen nothing if there is none.
func (w *write) hll() (structures.HLL, error) {
	if !w.found() {
		return structures.EmptyHLL(), nil
	}
	v, err := hllOf(&w.ref.Record)
	if err != nil {
		err = w.fail(err)
	}
	return v, err
}

// hllOf returns the HyperLogLog that a record holds, whose registers may be damaged. The
// shard must be locked if it is an object.
func hllOf(r *structures.Record) (structures.HLL, error) {
	if kindOf(r) != KindString {
		return structures.HLL{}, ErrWrongType
	}
	v := structures.HLLOf(r)
	if v.Form() == structures.NoHLL {
		return v, ErrNotHLL
	}
	return v, nil
}

// denseHLL returns v, the dense HyperLogLog at the key of w, to be changed in place.
// changed must follow.
func (w *write) denseHLL(v structures.HLL) *structures.Bytes {
	if w.ref.Record.Object() == nil {
		w.putHLL(nil, v.Dense()) // without a base, which would stay beside its pages
	}
	return w.mutate().(*structures.Bytes)
}

// putHLL stores a HyperLogLog: dense or, without that, text, which lies in the scratch
// buffer of the shard if it fits.
func (w *write) putHLL(text []byte, dense *structures.Bytes) {
	w.keepScratch(text)
	e := structures.Entry{Kind: recordKind(KindString, encRaw), Bytes: text, Deadline: w.deadline()}
	if dense != nil {
		e.Bytes, e.Object = nil, dense
	}
	w.put(e)
}

// keepScratch makes text, unless it is too large, the scratch buffer of the shard.
func (w *write) keepScratch(text []byte) {
	if text != nil && cap(text) <= hllScratch {
		w.sh.scratch = text[:0]
	}
}

// hllScratch is enough for a sparse HyperLogLog as Redis makes them.
const hllScratch = 4 << 10

// Count returns an estimate of how many different elements the HyperLogLog has seen; with
// others, how many it and they have seen together, as of one moment. A missing key has
// seen none.
//
// The estimate of one HyperLogLog is kept in it until it changes. As in Redis, the Count
// that computes it is a write, also to a transaction; in a [Store.View] and on a
// [Snapshot] it is computed each time and nothing is written.
//
// It returns [ErrWrongType] if one of the keys holds another type, [ErrNotHLL] if it holds
// a string that is no HyperLogLog and [ErrCorruptHLL] if its registers are damaged.
//
// The complexity is O(1) where the estimate is kept, otherwise O(n), n the number of keys,
// at 10 to 20 µs each. Redis: [PFCOUNT].
//
// [PFCOUNT]: https://redis.io/docs/latest/commands/pfcount/
func (h HLL) Count(others ...string) (int, error) {
	const op = "PFCOUNT"
	if len(others) > 0 {
		return h.countUnion(op, others)
	}
	n, kept, err := h.look(op)
	if err == nil && !kept {
		n, err = h.estimate(op)
	}
	if err != nil {
		return 0, err
	}
	return int(min(n, math.MaxInt)), nil
}

// look returns the estimate that is kept or, where it can't be kept, computed.
func (h HLL) look(op string) (n uint64, ok bool, err error) {
	rec, found, locked, err := h.db.load(h.key)
	defer locked.release()
	if err != nil || !found {
		return 0, true, mistake(op, h.key, err)
	}
	v, err := hllOf(&rec)
	if err != nil {
		return 0, false, mistake(op, h.key, err)
	}
	if n, ok = v.Cached(); ok || !h.db.readOnly() {
		return n, ok, nil
	}
	if n, ok = v.Estimate(); !ok {
		return 0, false, mistake(op, h.key, ErrCorruptHLL)
	}
	return n, true, nil
}

// estimate computes the estimate, and keeps it.
func (h HLL) estimate(op string) (uint64, error) {
	var w write
	defer w.end()
	if err := w.begin(h.db, op, h.key); err != nil {
		return 0, err
	}
	if !w.found() {
		return 0, nil // meanwhile
	}
	v, err := w.hll()
	if err != nil {
		return 0, err
	}
	if n, ok := v.Cached(); ok {
		return n, nil // meanwhile
	}
	n, ok := v.Estimate()
	if !ok {
		return 0, w.fail(ErrCorruptHLL)
	}
	if v.Form() == structures.DenseHLL {
		structures.SetCardinality(w.denseHLL(v), n)
		w.changed()
		return n, nil
	}
	w.putHLL(v.SetCardinality(w.sh.scratch[:0], n), nil)
	return n, nil
}

// countUnion is Count of this HyperLogLog and others.
func (h HLL) countUnion(op string, others []string) (int, error) {
	var b batch
	defer b.end()
	keys := append([]string{h.key}, others...)
	if err := b.beginRead(h.db, op, keys...); err != nil {
		return 0, err
	}
	var union structures.HLLRegisters
	if _, err := b.mergeHLLs(h.db, keys, &union); err != nil {
		return 0, err
	}
	return int(min(union.Estimate(), math.MaxInt)), nil
}

// mergeHLLs merges the HyperLogLogs at keys of the batch into union, and says whether one
// of them is dense.
func (b *batch) mergeHLLs(db DB, keys []string, union *structures.HLLRegisters) (dense bool, err error) {
	for _, key := range keys {
		rec, found := b.find(db, key)
		if !found {
			continue
		}
		v, err := hllOf(&rec)
		switch {
		case err != nil:
			return false, mistake(b.op, key, err)
		case !v.MergeInto(union):
			return false, mistake(b.op, key, ErrCorruptHLL)
		}
		dense = dense || v.Form() == structures.DenseHLL
	}
	return dense, b.failed()
}

// Merge lets the HyperLogLog see all that those at sources have seen, in one step. A
// missing source has seen nothing; if the key of the handle is missing, it is made.
//
// It returns [ErrWrongType] if one of the keys holds another type, [ErrNotHLL] if it holds
// a string that is no HyperLogLog and [ErrCorruptHLL] if its registers are damaged;
// nothing has changed then.
//
// The complexity is O(n), n the number of sources, at 10 to 20 µs each. Redis: [PFMERGE].
//
// [PFMERGE]: https://redis.io/docs/latest/commands/pfmerge/
func (h HLL) Merge(sources ...string) error {
	var b batch
	defer b.end()
	keys := append([]string{h.key}, sources...)
	if err := b.begin(h.db, "PFMERGE", keys...); err != nil {
		return err
	}
	var union structures.HLLRegisters
	dense, err := b.mergeHLLs(h.db, keys, &union)
	if err != nil {
		return err
	}
	w := b.key(h.db, h.key)
	v, err := w.hll()
	if err != nil {
		return err
	}
	switch {
	case v.Form() == structures.DenseHLL:
		structures.MergeDense(w.denseHLL(v), &union)
		w.changed()
	case dense:
		into := v.NewDense(&union)
		structures.AddDense(into, nil) // stale
		w.putHLL(nil, into)
	default:
		w.putHLL(v.MergeSparse(w.sh.scratch[:0], &union))
	}
	w.event(NotifyString, "pfadd")
	return nil
}
