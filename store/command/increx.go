package command

import (
	"errors"
	"math"
	"strconv"

	"github.com/alcovedb/alcove/store"
)

// incrWords are the options of INCREX: the places of their numbers, each at most once.
type incrWords struct {
	by, low, high  int
	float          bool
	deadline       deadline
	persist, unset bool // unset: ENX
	saturate       bool
}

func (o *incrWords) read(c *call) *Reply {
	for i := 2; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		number := func(name string, to *int) bool { return *to == 0 && more && c.is(i, name) }
		switch {
		case number("byint", &o.by):
			i++
			o.by = i
		case number("byfloat", &o.by):
			i++
			o.by, o.float = i, true
		case number("lbound", &o.low):
			i++
			o.low = i
		case number("ubound", &o.high):
			i++
			o.high = i
		case c.is(i, "saturate") && !o.saturate:
			o.saturate = true
		case c.is(i, "enx") && !o.unset && !o.persist:
			o.unset = true
		case c.is(i, "persist") && !o.persist && !o.unset && o.deadline.at == 0:
			o.persist = true
		default:
			d, ok := c.deadlineOption(i, deadline{})
			if !ok || o.deadline.at != 0 || o.persist {
				return &errSyntax
			}
			o.deadline = d
			i++
		}
	}
	if o.unset && o.deadline.at == 0 {
		r := failed("ERR ENX flag requires an expiration")
		return &r
	}
	return nil
}

// number reads the word at i, which the option name has, as one of the increment's kind.
func (o *incrWords) number(c *call, i int, name string) (b store.Bound, n int64, x float64, bad *Reply) {
	if i == 0 {
		return b, 1, 1, nil
	}
	var ok bool
	if !o.float {
		if n, ok = parseInt(c.args[i]); !ok {
			r := failedf("ERR %s is not an integer or out of range", name)
			bad = &r
		}
		return store.IntBound(n), n, 0, bad
	}
	if x, ok = parseFloat(c.args[i]); !ok {
		r := failedf("ERR %s is not a valid float", name)
		return b, 0, 0, &r
	}
	if math.IsInf(x, 0) {
		if name == "Increment" {
			name = "BYFLOAT increment"
		}
		r := failedf("ERR %s cannot be Infinity", name)
		return b, 0, 0, &r
	}
	return store.FloatBound(x), 0, x, nil
}

func runIncrEx(c *call) Reply {
	var words incrWords
	if bad := words.read(c); bad != nil {
		return *bad
	}
	_, n, x, bad := words.number(c, words.by, "Increment")
	if bad != nil {
		return *bad
	}
	o := store.IncrExOptions{Saturate: words.saturate}
	if o.LBound, _, _, bad = words.number(c, words.low, "LBOUND"); bad != nil {
		return *bad
	}
	if o.UBound, _, _, bad = words.number(c, words.high, "UBOUND"); bad != nil {
		return *bad
	}
	switch {
	case words.persist:
		o.Expiry = store.Persist
	case words.deadline.at != 0:
		if o.Expiry, bad = c.expiry(words.deadline); bad != nil {
			return *bad
		}
	}
	if words.unset {
		o.ExpireIf = store.IfAbsent
	}
	if words.float {
		value, applied, err := c.db.String(c.args[1]).IncrExByFloat(x, o)
		return c.sumOr(c.decimal(value), c.decimal(applied), err)
	}
	value, applied, err := c.db.String(c.args[1]).IncrEx(n, o)
	return c.sumOr(integer(value), integer(applied), err)
}

// decimal is a number that RESP2 has as a text for people.
func (c *call) decimal(x float64) Reply {
	if c.resp3() {
		return double(x)
	}
	return bulk(strconv.FormatFloat(x, 'f', -1, 64))
}

// sumOr is the reply of INCREX.
func (c *call) sumOr(value, applied Reply, err error) Reply {
	switch {
	case errors.Is(err, store.ErrInvalidOption):
		return failed("ERR LBOUND can't be greater than UBOUND")
	case errors.Is(err, store.ErrOverflow):
		return failed("ERR applied increment would overflow")
	case errors.Is(err, store.ErrNaN):
		return failed("ERR value cannot be Infinity")
	case err != nil:
		return failure(err)
	}
	return array(value, applied)
}
