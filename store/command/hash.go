package command

import (
	"errors"
	"math"
	"math/big"

	"github.com/alcovedb/alcove/store"
)

func init() { register(hashCommands) }

var hashCommands = []*Command{
	{
		Name: "hdel", Arity: -3, Flags: Write | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes fields.", run: runHDel,
	},
	{
		Name: "hexists", Arity: 3, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Says whether a field is there.", run: runHExists,
	},
	{
		Name: "hexpire", Arity: -6, Flags: Write | DenyOOM | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadlines of fields, in seconds from now.", run: runHExpire,
	},
	{
		Name: "hexpireat", Arity: -6, Flags: Write | DenyOOM | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadlines of fields at a time in seconds.", run: runHExpireAt,
	},
	{
		Name: "hexpiretime", Arity: -5, Flags: ReadOnly | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the deadlines of fields, in seconds.", run: runHExpireTime,
	},
	{
		Name: "hget", Arity: 3, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the value of a field.", run: runHGet,
	},
	{
		Name: "hgetall", Arity: 2, Flags: ReadOnly, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns all fields with their values.", run: runHGetAll,
	},
	{
		Name: "hgetdel", Arity: -5, Flags: Write | Fast, Since: "8.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes fields and returns their values.", run: runHGetDel,
	},
	{
		Name: "hgetex", Arity: -5, Flags: Write | Fast, Since: "8.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Returns the values of fields and changes their deadlines.", run: runHGetEx,
	},
	{
		Name: "hincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds an integer to that in a field.", run: runHIncrBy,
	},
	{
		Name: "hincrbyfloat", Arity: 4, Flags: Write | DenyOOM | Fast, Since: "2.6.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds a number to that in a field.", run: runHIncrByFloat,
	},
	{
		Name: "hkeys", Arity: 2, Flags: ReadOnly, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns all fields.", run: runHKeys,
	},
	{
		Name: "hlen", Arity: 2, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns the number of fields.", run: runHLen,
	},
	{
		Name: "hmget", Arity: -3, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the values of fields.", run: runHMGet,
	},
	{
		Name: "hmset", Arity: -4, Flags: Write | DenyOOM | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets fields.", run: runHMSet,
	},
	{
		Name: "hpersist", Arity: -5, Flags: Write | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Takes the deadlines of fields away.", run: runHPersist,
	},
	{
		Name: "hpexpire", Arity: -6, Flags: Write | DenyOOM | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadlines of fields, in milliseconds from now.", run: runHPExpire,
	},
	{
		Name: "hpexpireat", Arity: -6, Flags: Write | DenyOOM | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadlines of fields at a time in milliseconds.", run: runHPExpireAt,
	},
	{
		Name: "hpexpiretime", Arity: -5, Flags: ReadOnly | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the deadlines of fields, in milliseconds.", run: runHPExpireTime,
	},
	{
		Name: "hpttl", Arity: -5, Flags: ReadOnly | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns how long fields have to live, in milliseconds.", run: runHPTTL,
	},
	{
		Name: "hrandfield", Arity: -2, Flags: ReadOnly, Since: "6.2.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns fields that chance picks.", run: runHRandField,
	},
	{
		Name: "hscan", Arity: -3, Flags: ReadOnly, Since: "2.8.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Goes through the fields in steps.", run: runHScan,
	},
	{
		Name: "hset", Arity: -4, Flags: Write | DenyOOM | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets fields; without a hash it makes one.", run: runHSet,
	},
	{
		Name: "hsetex", Arity: -6, Flags: Write | DenyOOM | Fast, Since: "8.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets fields with a deadline.", run: runHSetEX,
	},
	{
		Name: "hsetnx", Arity: 4, Flags: Write | DenyOOM | Fast, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Sets a field that is not there.", run: runHSetNX,
	},
	{
		Name: "hstrlen", Arity: 3, Flags: ReadOnly | Fast, Since: "3.2.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns the length of the value of a field.", run: runHStrLen,
	},
	{
		Name: "httl", Arity: -5, Flags: ReadOnly | Fast, Since: "7.4.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns how long fields have to live, in seconds.", run: runHTTL,
	},
	{
		Name: "hvals", Arity: 2, Flags: ReadOnly, Since: "2.0.0", Group: "hash",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns the values of all fields.", run: runHVals,
	},
}

func (c *call) hash() store.Hash { return c.db.Hash(c.args[1]) }

func runHDel(c *call) Reply    { return countOr(c.hash().Del(c.rest(2)...)) }
func runHExists(c *call) Reply { return yesOr(c.hash().Exists(c.args[2])) }
func runHGet(c *call) Reply    { return textOr(c.hash().Get(c.args[2])) }
func runHKeys(c *call) Reply   { return textsOr(c.hash().Keys()) }
func runHVals(c *call) Reply   { return textsOr(c.hash().Vals()) }
func runHLen(c *call) Reply    { return countOr(c.hash().Len()) }
func runHMGet(c *call) Reply   { return optionalsOr(c.hash().MGet(c.rest(2)...)) }
func runHSetNX(c *call) Reply  { return yesOr(c.hash().SetNX(c.args[2], c.args[3])) }
func runHStrLen(c *call) Reply { return countOr(c.hash().StrLen(c.args[2])) }

func runHGetAll(c *call) Reply {
	all, err := c.hash().All()
	if err != nil {
		return failure(err)
	}
	r := pairs()
	for field, value := range all {
		r.Elems = append(r.Elems, bulk(field), bulk(value))
	}
	return r
}

func runHSet(c *call) Reply {
	if len(c.args)%2 == 1 {
		return wrongArity(c.cmd)
	}
	return countOr(c.hash().Set(c.args[2], c.args[3], pairsOf(c.rest(4))...))
}

func runHMSet(c *call) Reply {
	if len(c.args)%2 == 1 {
		return wrongArity(c.cmd)
	}
	return okOr(c.hash().MSet(pairsOf(c.rest(2))...))
}

var (
	errHashInteger = failed("ERR hash value is not an integer")
	errHashFloat   = failed("ERR hash value is not a float")
	errNotFinite   = failed("ERR value is NaN or Infinity")
)

func runHIncrBy(c *call) Reply {
	n, bad := c.int(3)
	if bad != nil {
		return *bad
	}
	r := intOr(c.hash().IncrBy(c.args[2], n))
	if r.Str == errNotInteger.Str {
		return errHashInteger
	}
	return r
}

func runHIncrByFloat(c *call) Reply {
	n, err := store.ParseFloat(c.args[3]) // infinite, too, where only a long double has room for it
	switch {
	case err == store.ErrNotFloat:
		return errNotFloat
	case err == nil && math.IsInf(n, 0):
		return errNotFinite
	}
	r := textOr(c.hash().IncrByDecimal(c.args[2], c.args[3]))
	if (err == nil || longDouble(c.args[3])) && r.Kind == Error && r.Str == errNotFloat.Str {
		return errHashFloat
	}
	return r
}

// longDouble says whether a number that a float64 has no room for is a finite long double.
func longDouble(text string) bool {
	f, _, err := big.ParseFloat(text, 10, 64, big.ToNearestEven)
	const most = 1 << 14 // the exponents of the x87, about
	return err == nil && !f.IsInf() && f.MantExp(nil) <= most && f.MantExp(nil) > -most
}

// runHRandField is hrandfieldCommand in t_hash.c.
func runHRandField(c *call) Reply {
	if len(c.args) == 2 {
		return textOr(c.hash().RandField())
	}
	n, bad := c.signed(2)
	const mostPairs = math.MaxInt / 2
	switch {
	case bad != nil:
		return *bad
	case len(c.args) > 4 || len(c.args) == 4 && !c.is(3, "withvalues"):
		return errSyntax
	case len(c.args) == 4 && (n < -mostPairs || n > mostPairs):
		return errOutOfRange
	}
	list, err := c.hash().RandFieldsWithValues(n)
	if errors.Is(err, store.ErrOutOfRange) { // more than there is room for, if it is there
		return c.afterKey(c.args[1], store.KindHash, array(), &errOutOfRange)
	}
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, p := range list {
		if len(c.args) == 3 {
			r.Elems = append(r.Elems, bulk(p.Key))
		} else if c.resp3() {
			r.Elems = append(r.Elems, array(bulk(p.Key), bulk(p.Value)))
		} else {
			r.Elems = append(r.Elems, bulk(p.Key), bulk(p.Value))
		}
	}
	return r
}

// without returns the call of a scan without a word that 7.0.15 does not know, such as NOVALUES,
// and whether it was there. c stays as it was sent, for MONITOR and the slow log.
func (c *call) without(word string) (rest *call, found bool) {
	kept := c.args[:3:3]
	for i := 3; i < len(c.args); {
		if c.is(i, word) {
			found = true
			i++
			continue
		}
		next := min(i+2, len(c.args))
		kept = append(kept, c.args[i:next]...)
		i = next
	}
	if !found {
		return c, false
	}
	other := *c
	other.args = kept
	return &other, true
}

func runHScan(c *call) Reply {
	c, noValues := c.without("novalues")
	s, r := c.scan(store.KindHash)
	if r != nil {
		return *r
	}
	list, next, err := c.hash().Scan(s.cursor, s.o)
	if err != nil {
		return failure(err)
	}
	elems := array()
	for _, p := range list {
		if !s.lets(p.Key) {
			continue
		}
		if elems.Elems = append(elems.Elems, bulk(p.Key)); !noValues {
			elems.Elems = append(elems.Elems, bulk(p.Value))
		}
	}
	return scanned(next, elems)
}
