package command

import (
	"time"

	"github.com/alcovedb/alcove/store"
)

// The commands of hashes that Redis has since 7.4. In which order they look at their words is
// that of t_hash.c there.

// latestField is the latest deadline that a field can have in Redis, in milliseconds
// (HFE_MAX_ABS_TIME_MSEC).
const latestField = (1<<48 - 2) >> 2

var (
	errFieldsMissing = failed("ERR Mandatory argument FIELDS is missing or not at the right position")
	errFieldsNumber  = failed("ERR Number of fields must be a positive integer")
	errFieldsAbove0  = failed("ERR Parameter `numFields` should be greater than 0")
	errFieldsMatch   = failed("ERR The `numfields` parameter must match the number of arguments")
	errExpireBelow0  = failed("ERR invalid expire time, must be >= 0")
	errFieldsInvalid = failed("ERR invalid number of fields")
	errExpireMissing = failed("ERR missing expire time")
	errOneCondition  = failed("ERR Only one of FXX or FNX arguments can be specified")
	errOneExpiry     = failed("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
)

// fields reads the words from i on as FIELDS, their number and their names; number is what is
// said of a number that is none.
func (c *call) fields(i int, number *Reply) ([]string, *Reply) {
	if i >= len(c.args) || !c.is(i, "fields") {
		return nil, &errFieldsMissing
	}
	if i+1 == len(c.args) {
		return nil, number
	}
	n, bad := c.atLeast(i+1, 1, number)
	switch {
	case bad != nil:
		return nil, bad
	case n != len(c.args)-i-2:
		return nil, &errFieldsMatch
	}
	return c.args[i+2:], nil
}

// badHash is the reply to wrong words, unless the key holds no hash.
func (c *call) badHash(bad *Reply) Reply {
	if c.cmd.Flags&Write != 0 {
		return c.afterWritten(c.args[1], store.KindHash, *bad, bad)
	}
	return c.afterKey(c.args[1], store.KindHash, *bad, bad)
}

// fieldTime reads the word at i as a deadline, in seconds or milliseconds, from now on or not
// (parseExpireTime).
func (c *call) fieldTime(i int, unit time.Duration, fromNow bool) (at time.Time, bad *Reply) {
	n, bad := c.int(i)
	if bad != nil {
		return at, bad
	}
	base := int64(0)
	if fromNow {
		if base, bad = c.now(); bad != nil {
			return at, bad
		}
	}
	ms := unit.Milliseconds()
	switch {
	case n < 0:
		return at, &errExpireBelow0
	case n > latestField/ms, n*ms > latestField-base:
		return at, c.errExpireTime()
	}
	return time.UnixMilli(n*ms + base), nil
}

func runHExpire(c *call) Reply    { return c.hexpire(time.Second, true) }
func runHPExpire(c *call) Reply   { return c.hexpire(time.Millisecond, true) }
func runHExpireAt(c *call) Reply  { return c.hexpire(time.Second, false) }
func runHPExpireAt(c *call) Reply { return c.hexpire(time.Millisecond, false) }

var fieldConditions = map[string]store.Condition{
	"nx": store.IfAbsent, "xx": store.IfPresent, "gt": store.IfGreater, "lt": store.IfLess,
}

func (c *call) hexpire(unit time.Duration, fromNow bool) Reply {
	at, bad := c.fieldTime(2, unit, fromNow)
	if bad != nil {
		return c.badHash(bad)
	}
	i := 3
	cond, given := fieldConditions[lower(c.args[i])]
	if given {
		i++
	}
	fields, bad := c.fields(i, &errFieldsAbove0)
	if bad != nil {
		return c.badHash(bad)
	}
	return statusesOr(c.hash().ExpireAt(at, cond, fields...))
}

func statusesOr(list []store.FieldStatus, err error) Reply {
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, status := range list {
		r.Elems = append(r.Elems, integer(int64(status)))
	}
	return r
}

func runHPersist(c *call) Reply {
	fields, bad := c.fields(2, &errFieldsNumber)
	if bad != nil {
		return c.badHash(bad)
	}
	return statusesOr(c.hash().Persist(fields...))
}

func runHTTL(c *call) Reply  { return c.httl(time.Second) }
func runHPTTL(c *call) Reply { return c.httl(time.Millisecond) }

func (c *call) httl(unit time.Duration) Reply {
	fields, bad := c.fields(2, &errFieldsNumber)
	if bad != nil {
		return c.badHash(bad)
	}
	list, err := c.hash().TTL(fields...)
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, f := range list {
		n := int64((f.TTL + unit - 1) / unit)
		switch {
		case !f.Found:
			n = int64(store.FieldMissing)
		case f.TTL == store.NoTTL:
			n = int64(store.FieldNoTTL)
		}
		r.Elems = append(r.Elems, integer(n))
	}
	return r
}

func runHExpireTime(c *call) Reply  { return c.hexpireTime(time.Second) }
func runHPExpireTime(c *call) Reply { return c.hexpireTime(time.Millisecond) }

func (c *call) hexpireTime(unit time.Duration) Reply {
	fields, bad := c.fields(2, &errFieldsNumber)
	if bad != nil {
		return c.badHash(bad)
	}
	list, err := c.hash().ExpireTime(fields...)
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, f := range list {
		n := (f.At.UnixMilli() + unit.Milliseconds() - 1) / unit.Milliseconds()
		switch {
		case !f.Found:
			n = int64(store.FieldMissing)
		case f.At.IsZero():
			n = int64(store.FieldNoTTL)
		}
		r.Elems = append(r.Elems, integer(n))
	}
	return r
}

func runHGetDel(c *call) Reply {
	fields, bad := c.fields(2, &errFieldsNumber)
	if bad != nil {
		return c.badHash(bad)
	}
	return optionalsOr(c.hash().GetDel(fields...))
}

// fieldExpiryAt is fieldTime for the words for deadlines, which has to be above 0.
func (c *call) fieldExpiryAt(i int, word string) (e store.Expiry, bad *Reply) {
	d, unit := deadlines[word], time.Millisecond
	if d.seconds {
		unit = time.Second
	}
	at, bad := c.fieldTime(i, unit, !d.absolute)
	if bad == nil && c.args[i] == "0" {
		bad = c.errExpireTime()
	}
	return store.ExpireAt(at), bad
}

func runHGetEx(c *call) Reply {
	i, e := 2, store.Expiry{}
	word := lower(c.args[2])
	if _, given := deadlines[word]; given {
		var bad *Reply
		if e, bad = c.fieldExpiryAt(3, word); bad != nil {
			return c.badHash(bad)
		}
		i = 4
	} else if c.is(2, "persist") {
		i, e = 3, store.Persist
	}
	fields, bad := c.fields(i, &errFieldsNumber)
	if bad != nil {
		return c.badHash(bad)
	}
	return optionalsOr(c.hash().GetEx(e, fields...))
}

// runHSetEX looks at all words before it looks at the key.
func runHSetEX(c *call) Reply {
	cond, e, fields, bad := c.hsetex()
	if bad != nil {
		return *bad
	}
	return yesOr(c.hash().SetEX(cond, e, pairsOf(fields)...))
}

func (c *call) hsetex() (cond store.Condition, e store.Expiry, fields []string, bad *Reply) {
	conditional, timed := false, false
	for i := 2; i < len(c.args); i++ {
		word := lower(c.args[i])
		_, given := deadlines[word]
		switch {
		case word == "fields":
			fields, bad = c.fieldPairs(i)
			return cond, e, fields, bad
		case (given || word == "keepttl") && timed:
			return cond, e, nil, &errOneExpiry
		case given:
			timed = true
			if i++; i == len(c.args) {
				return cond, e, nil, &errExpireMissing
			}
			if e, bad = c.fieldExpiryAt(i, word); bad != nil {
				return cond, e, nil, bad
			}
		case word == "keepttl":
			timed, e = true, store.KeepTTL
		case (word == "fxx" || word == "fnx") && conditional:
			return cond, e, nil, &errOneCondition
		case word == "fxx":
			conditional, cond = true, store.IfPresent
		case word == "fnx":
			conditional, cond = true, store.IfAbsent
		default:
			r := failedf("ERR unknown argument: %s", c.args[i])
			return cond, e, nil, &r
		}
	}
	return cond, e, nil, &errFieldsMissing
}

// fieldPairs reads the words from i on as FIELDS, their number, names and values.
func (c *call) fieldPairs(i int) ([]string, *Reply) {
	arity := wrongArity(c.cmd)
	if i >= len(c.args)-3 {
		return nil, &arity
	}
	n, bad := c.atLeast(i+1, 1, &errFieldsInvalid)
	rest := c.args[i+2:]
	switch {
	case bad != nil:
		return nil, bad
	case len(rest)%2 != 0 || n != len(rest)/2:
		return nil, &arity
	}
	return rest, nil
}
