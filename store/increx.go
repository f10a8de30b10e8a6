package store

import (
	"math"
	"math/big"
	"strconv"

	"github.com/alcovedb/alcove/structures"
)

// Bound is a limit of what [String.IncrEx] and [String.IncrExByFloat] come to. The zero
// Bound is none.
type Bound struct {
	kind boundKind
	n    int64
	x    float64
}

type boundKind uint8

const (
	noBound boundKind = iota
	intBound
	floatBound
)

// IntBound returns the limit n.
func IntBound(n int64) Bound { return Bound{kind: intBound, n: n} }

// FloatBound returns the limit x, for [String.IncrExByFloat].
func FloatBound(x float64) Bound { return Bound{kind: floatBound, x: x} }

// IncrExOptions are the options of [String.IncrEx] and [String.IncrExByFloat]. The zero
// value adds within the limits of the type and leaves the deadline.
type IncrExOptions struct {
	LBound, UBound Bound     // what the sum may be, both included
	Saturate       bool      // take the nearest sum that is allowed, where the sum is not
	Expiry         Expiry    // the default leaves the deadline, as KeepTTL does
	ExpireIf       Condition // Always, or IfAbsent for ENX: only where there is no deadline
}

// deadline returns the deadline that the key of w gets.
func (o *IncrExOptions) deadline(w *write) (int64, error) {
	at, err := o.Expiry.deadline(w)
	sets := o.Expiry.timed()
	switch {
	case err != nil:
		return 0, err
	case o.ExpireIf > IfAbsent || o.ExpireIf == IfAbsent && !sets:
		return 0, ErrInvalidOption
	case o.Expiry.mode == expiryDefault, o.ExpireIf == IfAbsent && w.deadline() != 0:
		return w.deadline(), nil
	}
	return at, nil
}

// ints returns the bounds of integers.
func (o *IncrExOptions) ints() (low, high int64, err error) {
	low, high = math.MinInt64, math.MaxInt64
	for _, b := range []struct {
		Bound
		to *int64
	}{{o.LBound, &low}, {o.UBound, &high}} {
		switch b.kind {
		case intBound:
			*b.to = b.n
		case floatBound:
			return 0, 0, ErrNotInteger
		}
	}
	if low > high {
		return 0, 0, ErrInvalidOption
	}
	return low, high, nil
}

// floats returns the bounds of long doubles.
func (o *IncrExOptions) floats() (low, high *big.Float, err error) {
	high = largestLongDouble()
	low = new(big.Float).Neg(high)
	for _, b := range []struct {
		Bound
		to *big.Float
	}{{o.LBound, low}, {o.UBound, high}} {
		text := ""
		switch b.kind {
		case noBound:
			continue
		case intBound:
			text = strconv.FormatInt(b.n, 10)
		case floatBound:
			text = formatFloat(b.x)
		}
		x, err := finiteLongDouble(text)
		if err != nil {
			return nil, nil, err
		}
		b.to.Set(x)
	}
	if low.Cmp(high) > 0 {
		return nil, nil, ErrInvalidOption
	}
	return low, high, nil
}

// IncrEx adds n to the integer, within bounds and with a deadline, and returns the sum and
// what was added. A missing key counts as 0. Where the sum is out of bounds, or of int64,
// nothing changes, and it returns the value that is there, or 0, and 0; with Saturate it
// takes the bound instead, also if that is a step back. A deadline in the past deletes the
// key.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the value is
// not a base-10 int64 or a bound is a [FloatBound], [ErrOverflow] if what Saturate would
// add does not fit, [ErrInvalidExpire] if a time to live is not positive or a time not
// after the start of 1970 and [ErrInvalidOption] if LBound is greater than UBound, or for
// an ExpireIf that is neither Always nor, with a deadline, IfAbsent.
//
// The complexity is O(1). Redis: [INCREX].
//
// [INCREX]: https://redis.io/docs/latest/commands/increx/
func (s String) IncrEx(n int64, o IncrExOptions) (value, applied int64, err error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "INCREX", s.key); err != nil {
		return 0, 0, err
	}
	low, high, err := o.ints()
	if err != nil {
		return 0, 0, w.fail(err)
	}
	deadline, err := o.deadline(&w)
	if err != nil {
		return 0, 0, w.fail(err)
	}
	old, err := w.integer()
	if err != nil {
		return 0, 0, err
	}
	sum, ok := addInt64(old, n)
	if !ok || sum < low || sum > high {
		if !o.Saturate {
			return old, 0, nil
		}
		if sum < low && ok || n < 0 && !ok {
			sum = low
		} else {
			sum = high
		}
	}
	applied = sum - old
	if applied > 0 != (sum > old) {
		return 0, 0, w.fail(ErrOverflow)
	}
	w.sh.scratch = strconv.AppendInt(w.sh.scratch[:0], sum, 10)
	w.putSum("incrby", structures.Entry{Kind: recordKind(KindString, encNatural), Bytes: w.sh.scratch, Deadline: deadline}, &o)
	return sum, applied, nil
}

// putSum stores what INCREX comes to, which is told as name. A deadline in the past removes
// the key, without more.
func (w *write) putSum(name string, e structures.Entry, o *IncrExOptions) {
	if w.overdue(e.Deadline) {
		w.del()
		return
	}
	was := w.deadline()
	w.put(e)
	w.event(NotifyString, name)
	switch {
	case o.Expiry.timed() && (was == 0 || o.ExpireIf == Always):
		w.event(NotifyGeneric, "expire")
	case was != 0 && e.Deadline == 0:
		w.event(NotifyGeneric, "persist")
	}
}

// IncrExByFloat is IncrEx for numbers, computed as [String.IncrByFloat] does it: what is
// beyond float64 is stored, and returned as an infinity.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if the value, n
// or a bound is not a number, [ErrNaN] if one is infinite, [ErrInvalidExpire] if a time to
// live is not positive or a time not after the start of 1970 and [ErrInvalidOption] if
// LBound is greater than UBound, or for an ExpireIf that is neither Always nor, with a
// deadline, IfAbsent.
//
// The complexity is O(1). Redis: [INCREX].
//
// [INCREX]: https://redis.io/docs/latest/commands/increx/
func (s String) IncrExByFloat(n float64, o IncrExOptions) (value, applied float64, err error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "INCREX", s.key); err != nil {
		return 0, 0, err
	}
	low, high, err := o.floats()
	if err != nil {
		return 0, 0, w.fail(err)
	}
	by, err := finiteLongDouble(formatFloat(n))
	if err != nil {
		return 0, 0, w.fail(err)
	}
	deadline, err := o.deadline(&w)
	if err != nil {
		return 0, 0, w.fail(err)
	}
	old, err := w.longDouble()
	if err != nil {
		return 0, 0, err
	}
	sum := new(big.Float).Add(old, by)
	if sum.Cmp(low) < 0 || sum.Cmp(high) > 0 {
		if !o.Saturate {
			return floatOf(old), 0, nil
		}
		if sum.Cmp(low) < 0 {
			sum = low
		} else {
			sum = high
		}
	}
	// No float64 is large enough to make sum or delta more than a long double can be.
	delta := new(big.Float).Sub(sum, old)
	w.putSum("incrbyfloat", structures.Entry{Kind: recordKind(KindString, encText), Text: formatLongDouble(sum), Deadline: deadline}, &o)
	return floatOf(sum), floatOf(delta), nil
}

// longDouble returns the number at the key, 0 if it is missing.
func (w *write) longDouble() (*big.Float, error) {
	if err := w.want(KindString); err != nil {
		return nil, err
	}
	x, err := finiteLongDouble(w.numeral())
	if err != nil {
		return nil, w.fail(err)
	}
	return x, nil
}

// numeral returns the string at the key, "0" if it is missing, and "", which is no number,
// if it is too long for one: that need not be copied.
func (w *write) numeral() string {
	switch {
	case !w.found():
		return "0"
	case w.len() > maxLongDoubleText:
		return ""
	}
	return textOf(&w.ref.Record)
}

// finiteLongDouble returns the long double that s spells, which is no infinity.
func finiteLongDouble(s string) (*big.Float, error) {
	x, ok := parseLongDouble(s)
	switch {
	case !ok:
		return nil, ErrNotFloat
	case x.IsInf():
		return nil, ErrNaN
	}
	return x, nil
}

// largestLongDouble returns LDBL_MAX, whose 64 bits of mantissa are all 1.
func largestLongDouble() *big.Float {
	x := new(big.Float).SetPrec(longDoublePrec).SetUint64(math.MaxUint64)
	return x.SetMantExp(x, longDoubleMaxExp-longDoublePrec)
}

// floatOf returns x as the float64 that Redis's text of it spells.
func floatOf(x *big.Float) float64 {
	f, _ := strconv.ParseFloat(formatLongDouble(x), 64) // infinity if it is out of range
	return f
}
