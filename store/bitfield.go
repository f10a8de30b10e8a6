package store

import (
	"cmp"
	"math"

	"github.com/alcovedb/alcove/structures"
)

// BitType is the type of an integer in a bitmap: [Unsigned] or [Signed].
type BitType struct {
	width  int
	signed bool
}

// Unsigned is the type of an integer of 1 to 63 bits without a sign, Redis's u1 to u63.
func Unsigned(width int) BitType { return BitType{width: width} }

// Signed is the type of an integer of 1 to 64 bits in two's complement, Redis's i1 to i64.
func Signed(width int) BitType { return BitType{width: width, signed: true} }

// At returns the integer of the type whose highest bit is at offset.
func (t BitType) At(offset int64) BitField { return BitField{typ: t, offset: offset} }

// Nth returns the integer at place n, from 0, of an array of them that begins at the start
// of the bitmap: Redis's #n.
func (t BitType) Nth(n int64) BitField {
	if n < 0 || n > maxBits { // the product might overflow
		n = -1
	}
	return t.At(n * int64(t.width))
}

// valid says whether there is such a type.
func (t BitType) valid() bool {
	return t.width >= 1 && (t.width <= 63 || t.signed && t.width == 64)
}

// limits returns the least and the greatest integer of the type.
func (t BitType) limits() (low, high int64) {
	if !t.signed {
		return 0, math.MaxInt64 >> (63 - t.width)
	}
	high = math.MaxInt64 >> (64 - t.width)
	return -high - 1, high
}

// number returns what the lowest bits of raw mean.
func (t BitType) number(raw uint64) int64 {
	raw <<= 64 - t.width
	if t.signed {
		return int64(raw) >> (64 - t.width)
	}
	return int64(raw >> (64 - t.width))
}

// BitField is the place of an integer in a bitmap: a [BitType] and an offset.
type BitField struct {
	typ    BitType
	offset int64
}

// check returns what is wrong with the field, as Redis does before it looks at the key.
func (f BitField) check() error {
	switch {
	case !f.typ.valid():
		return ErrBitWidth
	case f.offset < 0 || f.offset >= maxBits:
		return ErrBitOffset
	}
	return nil
}

// end returns the offset behind the field.
func (f BitField) end() int64 { return f.offset + int64(f.typ.width) }

// Get returns the operation that reads the integer.
func (f BitField) Get() FieldOp { return FieldOp{field: f} }

// Set returns the operation that makes the integer value. Its result is the one before.
// With [OverflowSat], a negative value makes an unsigned integer the greatest that there
// is, as Redis does it, and one close to the least int64 makes any of below 64 bits that.
func (f BitField) Set(value int64) FieldOp {
	return FieldOp{field: f, action: setField, operand: value}
}

// IncrBy returns the operation that adds n to the integer. Its result is the sum.
func (f BitField) IncrBy(n int64) FieldOp {
	return FieldOp{field: f, action: addField, operand: n}
}

// FieldOp is an operation of [Bitmap.Field], made by a [BitField].
type FieldOp struct {
	field    BitField
	action   fieldAction
	operand  int64
	overflow Overflow
}

type fieldAction uint8

const (
	getField fieldAction = iota
	setField
	addField
)

// Overflow says what happens to a value that does not fit into its bits.
type Overflow uint8

// The ways to overflow.
const (
	OverflowWrap Overflow = iota // the lowest bits count
	OverflowSat                  // the limit of the type is taken; see [BitField.Set]
	OverflowFail                 // nothing is done
)

// Overflow returns the operation with another way to overflow than [OverflowWrap]. It
// holds for this one alone, not, as in Redis, for those that follow.
func (o FieldOp) Overflow(how Overflow) FieldOp {
	o.overflow = how
	return o
}

// check returns what is wrong with the operation.
func (o FieldOp) check() error {
	if err := o.field.check(); err != nil {
		return err
	}
	switch {
	case o.overflow > OverflowFail:
		return ErrInvalidOption
	case o.action != getField && o.field.end() > maxBits:
		return ErrBitOffset
	}
	return nil
}

// do returns what the operation makes of the bits of its field, and its result.
func (o FieldOp) do(raw uint64) (uint64, FieldResult) {
	was := o.field.typ.number(raw)
	low, high := o.field.typ.limits()
	sum, tooLow, tooHigh := o.operand, false, false
	switch o.action {
	case getField:
		return raw, FieldResult{Value: was}
	case setField:
		// Redis takes a negative number to be above the limit of unsigned integers, and so
		// it does where what is left up to the limit does not fit into its int64.
		tooHigh = sum > high || sum < 0 && !o.field.typ.signed || sum < high-math.MaxInt64 && o.field.typ.width < 64
		tooLow = sum < low && !tooHigh
	case addField:
		var fits bool
		sum, fits = addInt64(was, o.operand) // what does not fit has wrapped around
		tooHigh = o.operand > 0 && (!fits || sum > high)
		tooLow = o.operand < 0 && (!fits || sum < low)
	}
	switch {
	case !tooLow && !tooHigh || o.overflow == OverflowWrap:
	case o.overflow == OverflowFail:
		return raw, FieldResult{Failed: true}
	case tooHigh:
		sum = high
	default:
		sum = low
	}
	fresh := uint64(sum) << (64 - o.field.typ.width) >> (64 - o.field.typ.width)
	if o.action == setField {
		return fresh, FieldResult{Value: was}
	}
	return fresh, FieldResult{Value: o.field.typ.number(fresh)}
}

// FieldResult is what came of a [FieldOp].
type FieldResult struct {
	Value  int64 // of the integer, before Set
	Failed bool  // it would have overflowed, and did nothing as [OverflowFail] wants it
}

// Field does operations on integers in the bitmap, one after the other and in one step, and
// returns a result for each. What is behind the end of the value is 0; it grows so that
// all the fields fit that are written, also where the writing fails. A missing key counts
// as empty.
//
//	s.Bitmap("k").Field(store.Unsigned(8).At(0).Set(200), store.Signed(5).Nth(3).IncrBy(1))
//
// It returns [ErrBitWidth] if a type has no such width, [ErrBitOffset] if an offset is
// negative or above 2^32-1, or a field that is written reaches behind that,
// [ErrInvalidOption] if there is no such [Overflow], and [ErrWrongType] if the key holds
// another type.
//
// Unlike Redis, it does not make a value longer than [MaxStringLen], and each operation has
// an [Overflow] of its own.
//
// The complexity is O(n), n the number of operations, for a value up to 1 KiB also its
// length. Redis: [BITFIELD].
//
// [BITFIELD]: https://redis.io/docs/latest/commands/bitfield/
func (b Bitmap) Field(ops ...FieldOp) ([]FieldResult, error) {
	var w write
	defer w.end()
	if err := w.begin(b.db, "BITFIELD", b.key); err != nil {
		return nil, err
	}
	end := int64(0)
	for _, o := range ops {
		if err := o.check(); err != nil {
			return nil, w.fail(err)
		}
		if o.action != getField {
			end = max(end, o.field.end())
		}
	}
	if end == 0 && !w.found() {
		w.miss() // it only reads
	}
	if err := w.want(KindString); err != nil {
		return nil, err
	}
	v := w.bits()
	n, open := max(v.Len(), int((end+7)>>3)), false
	grows, tell := n > v.Len(), false
	if end > 0 && !w.settled(n) {
		v, open = w.openBits(n), true
	}
	results := make([]FieldResult, len(ops))
	for i, o := range ops {
		raw := v.Field(o.field.offset, o.field.typ.width)
		fresh, r := o.do(raw)
		results[i] = r
		tell = tell || fresh != raw || grows && o.action != getField && !r.Failed
		if fresh == raw {
			continue
		}
		if !open {
			v, open = w.openBits(n), true
		}
		v.SetField(o.field.offset, o.field.typ.width, fresh)
	}
	if open {
		w.saveBits(v)
	}
	if tell {
		w.event(NotifyString, "setbit")
	}
	return results, nil
}

// FieldRO returns integers in the bitmap. What is behind the end of the value, and of a
// missing key, is 0.
//
// It returns [ErrBitWidth] if a type has no such width, [ErrBitOffset] if an offset is
// negative or above 2^32-1, and [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields. Redis: [BITFIELD_RO].
//
// [BITFIELD_RO]: https://redis.io/docs/latest/commands/bitfield_ro/
func (b Bitmap) FieldRO(fields ...BitField) ([]int64, error) {
	for i := range fields {
		if err := fields[i].check(); err != nil {
			return nil, mistake("BITFIELD_RO", b.key, cmp.Or(b.db.check(), err))
		}
	}
	rec, found, locked, err := b.db.load(b.key)
	defer locked.release()
	if err == nil && found && kindOf(&rec) != KindString {
		err = ErrWrongType
	}
	if err != nil {
		return nil, mistake("BITFIELD_RO", b.key, err)
	}
	v := structures.BitsOf(&rec)
	values := make([]int64, len(fields))
	for i, f := range fields {
		values[i] = f.typ.number(v.Field(f.offset, f.typ.width))
	}
	return values, nil
}
