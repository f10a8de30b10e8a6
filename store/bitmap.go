package store

import (
	"cmp"

	"github.com/alcovedb/alcove/structures"
)

// Bitmap is a handle of a string whose bits are used one by one, or as fields of a few.
// Bit 0 is the highest one of the first byte, and what is behind the end is 0. The
// commands of [String] work on the same value.
type Bitmap struct {
	db  DB
	key string
}

// Bitmap returns a handle of the bitmap at key, whether there is one or not. It
// allocates nothing.
func (db DB) Bitmap(key string) Bitmap { return Bitmap{db: db, key: key} }

// Key returns the key of the handle.
func (b Bitmap) Key() string { return b.key }

// maxBits is how many bits a string can have: offsets are 0 to 2^32-1.
const maxBits int64 = MaxStringLen << 3

// BitRange is a part of a bitmap: [ByByte], [ByBit], [FromByte] or [FromBit]. The zero
// value is all of it.
type BitRange struct {
	start, end   int64
	bits, closed bool
}

// ByByte is the bytes from start to end, both included; a negative index counts from the
// end.
func ByByte(start, end int64) BitRange { return BitRange{start: start, end: end, closed: true} }

// ByBit is the bits from start to end, both included; a negative index counts from the
// end.
func ByBit(start, end int64) BitRange {
	return BitRange{start: start, end: end, closed: true, bits: true}
}

// FromByte is the bytes from start on; a negative index counts from the end.
func FromByte(start int64) BitRange { return BitRange{start: start} }

// FromBit is the bits from start on; a negative index counts from the end.
func FromBit(start int64) BitRange { return BitRange{start: start, bits: true} }

// span returns the bits in [from, to) that r means in a string of n bytes; none if from is
// not below to.
func (r BitRange) span(n int) (from, to int64) {
	size, shift := int64(n), 3
	if r.bits {
		size, shift = size<<3, 0
	}
	start, end := r.start, size-1
	if start < 0 {
		start = max(start+size, 0)
	}
	if r.closed {
		if end = r.end; end < 0 {
			end = max(end+size, 0)
		}
		end = min(end, size-1)
	}
	if start > end {
		return 0, 0
	}
	return start << shift, (end + 1) << shift
}

// GetBit returns the bit at offset. Behind the end of the value, and of a missing key, it
// is false, which is 0.
//
// It returns [ErrBitOffset] if offset is negative or above 2^32-1 and [ErrWrongType] if the
// key holds another type.
//
// The complexity is O(1). Redis: [GETBIT].
//
// [GETBIT]: https://redis.io/docs/latest/commands/getbit/
func (b Bitmap) GetBit(offset int64) (bool, error) {
	if offset < 0 || offset >= maxBits {
		return false, mistake("GETBIT", b.key, cmp.Or(b.db.check(), ErrBitOffset))
	}
	rec, found, locked, err := b.db.load(b.key)
	defer locked.release()
	switch {
	case err != nil:
	case found && kindOf(&rec) != KindString:
		err = ErrWrongType
	default:
		return structures.BitsOf(&rec).Get(offset), nil
	}
	return false, mistake("GETBIT", b.key, err)
}

// SetBit sets the bit at offset, or clears it if bit is false, and returns what it was. A
// value that is too short grows by zeros up to that bit, also where bit is false; a
// missing key counts as empty.
//
// It returns [ErrBitOffset] if offset is negative or above 2^32-1 and [ErrWrongType] if the
// key holds another type.
//
// The complexity is O(1), for a value up to 1 KiB O(n), n its length; a gap costs nothing.
// Redis: [SETBIT].
//
// [SETBIT]: https://redis.io/docs/latest/commands/setbit/
func (b Bitmap) SetBit(offset int64, bit bool) (old bool, err error) {
	var w write
	defer w.end()
	if err := w.begin(b.db, "SETBIT", b.key); err != nil {
		return false, err
	}
	if offset < 0 || offset >= maxBits {
		return false, w.fail(ErrBitOffset)
	}
	if err := w.want(KindString); err != nil {
		return false, err
	}
	v := w.bits()
	n := max(v.Len(), int(offset>>3)+1)
	if old = v.Get(offset); old == bit && w.settled(n) {
		return old, nil
	}
	tell := old != bit || n > v.Len()
	v = w.openBits(n)
	if old != bit {
		v.Set(offset, bit)
	}
	w.saveBits(v)
	if tell {
		w.event(NotifyString, "setbit")
	}
	return old, nil
}

// bits returns the bits of the string at the key for reading.
func (w *write) bits() structures.Bits {
	if !w.found() {
		return structures.Bits{}
	}
	return structures.BitsOf(&w.ref.Record)
}

// settled says whether the string at the key is n bytes long, and encoded as Redis does
// for a command that writes bits, also where it changes none.
func (w *write) settled(n int) bool {
	return w.found() && w.len() == n && encodingOf(&w.ref.Record) == "raw"
}

// openBits returns the bits of the string at the key, which grows to n bytes, to be
// changed. saveBits must follow.
func (w *write) openBits(n int) structures.Bits {
	if n > structures.MaxInline {
		b := w.bytes()
		b.Grow(n)
		return b.Bits()
	}
	buf := w.sh.scratch[:0]
	if w.found() {
		buf = append(buf, w.ref.Record.Value()...)
	}
	buf = append(buf, make([]byte, n-len(buf))...)
	w.sh.scratch = buf
	return structures.BitsIn(buf)
}

// saveBits stores what openBits has returned.
func (w *write) saveBits(v structures.Bits) {
	if buf := v.Buffer(); buf != nil {
		w.put(structures.Entry{Kind: recordKind(KindString, encRaw), Bytes: buf, Deadline: w.deadline()})
		return
	}
	w.changed()
}

// Count returns how many bits are set, in the whole value or in the given range of it.
// What lies outside of the value is left out, so a missing key has none. 512 MB of ones
// are more than an int of 32 bits can tell.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidOption] for more
// than one range.
//
// The complexity is O(n), n the number of bytes in the range that were written.
// Redis: [BITCOUNT].
//
// [BITCOUNT]: https://redis.io/docs/latest/commands/bitcount/
func (b Bitmap) Count(within ...BitRange) (int64, error) {
	v, err := b.view("BITCOUNT", within, true)
	defer v.locked.release()
	if r := v.BitRange; err != nil || r.closed && r.start < 0 && r.end < 0 && r.start > r.end {
		return 0, err // Redis looks at this before it counts from the end
	}
	return v.Count(v.from, v.to), nil
}

// Pos returns the offset of the first bit that is set, or that is not if bit is false, in
// the whole value or in the given range of it. Without a range, or with one that has no
// end, the value is taken to go on with zeros behind its own, so that there is a bit that
// is not set, unless the range or the value is empty. A missing key is zeros, of which
// the first is at 0 in any range.
//
// It returns [ErrNotFound] if there is no such bit, [ErrWrongType] if the key holds another
// type and [ErrInvalidOption] for more than one range.
//
// Unlike Redis, it does not return -1 for what is not there.
//
// The complexity is O(n), n the number of bytes looked at that were written.
// Redis: [BITPOS].
//
// [BITPOS]: https://redis.io/docs/latest/commands/bitpos/
func (b Bitmap) Pos(bit bool, within ...BitRange) (int64, error) {
	v, err := b.view("BITPOS", within, false)
	defer func() { v.locked.release() }()
	if err != nil {
		return 0, err
	}
	near := min(v.to, v.from+copyLocked<<3)
	at := v.Pos(bit, v.from, near)
	if at < 0 && near < v.to {
		if v.locked != nil {
			v.locked.release()
			if v, err = b.view("BITPOS", within, true); err != nil {
				return 0, err
			}
			near = v.from
		}
		at = v.Pos(bit, near, v.to)
	}
	switch {
	case at >= 0:
		return at, nil
	case bit:
		return 0, ErrNotFound
	case !v.found:
		return 0, nil
	case !v.closed && v.from < v.to:
		return v.to, nil
	}
	return 0, ErrNotFound
}

// bitView is a string for a command that reads its bits.
type bitView struct {
	structures.Bits
	BitRange
	from, to int64 // what the range means here
	found    bool
	locked   *shard // nil if nothing is; to be released
}

// view returns the string at the key as bits, under the lock if it is one that changes in
// place. Where all of the range will be read and that takes long, it is a clone.
func (b Bitmap) view(op string, within []BitRange, all bool) (v bitView, err error) {
	rec, found, locked, err := b.db.load(b.key)
	v.locked = locked
	switch {
	case err != nil:
	case len(within) > 1:
		err = ErrInvalidOption
	case found && kindOf(&rec) != KindString:
		err = ErrWrongType
	case len(within) == 1:
		v.BitRange = within[0]
	}
	if err != nil {
		return v, mistake(op, b.key, err)
	}
	v.Bits, v.found = structures.BitsOf(&rec), found
	v.from, v.to = v.span(v.Len())
	if !all || !takesLong(rec.Object(), int((v.to-v.from)>>3)) {
		return v, nil
	}
	locked.release()
	v.locked = nil
	c, err := b.db.cloneBytes(op, b.key)
	switch {
	case err != nil:
		return v, err
	case c == nil:
		return b.view(op, within, all) // it was replaced meanwhile
	}
	v.Bits = c.Bits()
	v.from, v.to = v.span(v.Len())
	return v, nil
}

// BitOp is what [Bitmap.Op] does with some bitmaps, X and, if there are more, the Ys.
type BitOp uint8

// The operations. Those from BitDiff on came with Redis 8.2.
const (
	BitAnd   BitOp = iota // set in all
	BitOr                 // set in one at least
	BitXor                // set in an odd number
	BitNot                // not set in X, the only one
	BitDiff               // set in X and in no Y
	BitDiff1              // set in a Y and not in X
	BitAndOr              // set in X and in a Y
	BitOne                // set in exactly one
)

// takes says whether an operation is one, and of n bitmaps.
func (op BitOp) takes(n int) bool {
	switch op {
	case BitAnd, BitOr, BitXor, BitOne:
		return n > 0
	case BitNot:
		return n == 1
	case BitDiff, BitDiff1, BitAndOr:
		return n > 1
	}
	return false
}

// Op makes this the bitmap that an operation makes of those at keys, in one step, and
// returns its length in bytes, which is that of the longest of them. What the key held
// before, of any type, and its deadline are gone; if the length is 0 there is no key. It
// may be one of keys. A missing key counts as empty, and what is behind the end of a
// shorter one as zeros.
//
// It returns [ErrWrongType] if one of keys holds another type and [ErrInvalidOption] if
// there is no such operation or not one of that many keys: BitNot is of one, BitDiff,
// BitDiff1 and BitAndOr are of two or more.
//
// The complexity is O(n*k), n the length of the k bitmaps where they were written.
// Redis: [BITOP].
//
// [BITOP]: https://redis.io/docs/latest/commands/bitop/
func (b Bitmap) Op(op BitOp, keys ...string) (int, error) {
	var lot batch
	defer lot.end()
	if err := lot.begin(b.db, "BITOP", append([]string{b.key}, keys...)...); err != nil {
		return 0, err
	}
	if !op.takes(len(keys)) {
		return 0, mistake("BITOP", b.key, ErrInvalidOption)
	}
	all, n := make([]structures.Bits, len(keys)), 0
	for i, key := range keys {
		rec, found := lot.find(b.db, key)
		if found && kindOf(&rec) != KindString {
			return 0, mistake("BITOP", key, ErrWrongType)
		}
		all[i] = structures.BitsOf(&rec)
		n = max(n, all[i].Len())
	}
	w := lot.key(b.db, b.key)
	if n == 0 {
		w.del()
		return 0, nil
	}
	e := structures.Entry{Kind: recordKind(KindString, encRaw)}
	if buf, large := structures.CombineBits(structures.BitOp(op), all); large != nil {
		e.Object = large
	} else {
		e.Bytes = buf
	}
	w.putAnew(e)
	w.event(NotifyString, "set")
	return n, nil
}
