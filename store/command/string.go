package command

import (
	"errors"
	"math"

	"github.com/alcovedb/alcove/store"
)

func init() { register(stringCommands) }

var stringCommands = []*Command{
	{
		Name: "append", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "2.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts text behind the end of a string.",
		run:     runAppend,
	},
	{
		Name: "decr", Arity: 2, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Takes one from a counter.",
		run:     runDecr,
	},
	{
		Name: "decrby", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Takes a number from a counter.",
		run:     runDecrBy,
	},
	{
		Name: "delex", Arity: -2, Flags: Write | Fast, Since: "8.4.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes a key if its string is, or is not, a certain one.",
		run:     runDelEx,
	},
	{
		Name: "delifeq", Arity: 3, Flags: Write | Fast, Since: "9.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes a key if its string is a certain one, as in Valkey.",
		run:     runDelIfEq,
	},
	{
		Name: "digest", Arity: 2, Flags: ReadOnly | Fast, Since: "8.4.0", Group: "string",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives the digest of a string, to compare with.",
		run:     runDigest,
	},
	{
		Name: "get", Arity: 2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives the string at a key.",
		run:     runGet,
	},
	{
		Name: "getdel", Arity: 2, Flags: Write | Fast, Since: "6.2.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Gives the string at a key and removes the key.",
		run:     runGetDel,
	},
	{
		Name: "getex", Arity: -2, Flags: Write | Fast, Since: "6.2.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Gives the string at a key and changes its deadline.",
		run:     runGetEx,
	},
	{
		Name: "getrange", Arity: 4, Flags: ReadOnly, Since: "2.4.0", Group: "string",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives a part of a string.",
		run:     runGetRange,
	},
	{
		Name: "getset", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Puts a string at a key and gives the one before.",
		run:     runGetSet,
	},
	{
		Name: "incr", Arity: 2, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds one to a counter.",
		run:     runIncr,
	},
	{
		Name: "incrby", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds a number to a counter.",
		run:     runIncrBy,
	},
	{
		Name: "incrbyfloat", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "2.6.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds a number with decimals to one.",
		run:     runIncrByFloat,
	},
	{
		Name: "increx", Arity: -2, Flags: Write | DenyOOM | Fast, Since: "8.8.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds a number to one, within bounds and with a deadline.",
		run:     runIncrEx,
	},
	{
		Name: "lcs", Arity: -3, Flags: ReadOnly, Since: "7.0.0", Group: "string",
		Keys:    []KeySpec{span(1, 1, 1, "RO access")},
		Summary: "Finds the longest common subsequence of two strings.",
		run:     runLCS,
	},
	{
		Name: "mget", Arity: -2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{span(1, -1, 1, "RO access")},
		Tips:    "request_policy:multi_shard",
		Summary: "Gives the strings at several keys.",
		run:     runMGet,
	},
	{
		Name: "mset", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.1", Group: "string",
		Keys:    []KeySpec{span(1, -1, 2, "OW update")},
		Tips:    "request_policy:multi_shard response_policy:all_succeeded",
		Summary: "Puts strings at several keys.",
		run:     runMSet,
	},
	{
		Name: "msetex", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Since: "8.4.0", Group: "string",
		Keys:    []KeySpec{{Flags: "OW update", Index: 1, Numbered: true, First: 1, Step: 2}},
		Tips:    "request_policy:multi_shard response_policy:all_succeeded",
		Summary: "Puts strings at several keys, on a condition and with one deadline.",
		run:     runMSetEX,
	},
	{
		Name: "msetnx", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.1", Group: "string",
		Keys:    []KeySpec{span(1, -1, 2, "OW insert")},
		Tips:    "request_policy:multi_shard response_policy:agg_min",
		Summary: "Puts strings at several keys if none of them is there.",
		run:     runMSetNX,
	},
	{
		Name: "psetex", Arity: 4, Flags: Write | DenyOOM, Since: "2.6.0", Group: "string",
		Keys:    []KeySpec{at(1, "OW update")},
		Summary: "Puts a string at a key, with milliseconds to live.",
		run:     runPSetEX,
	},
	{
		Name: "set", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW access update variable_flags")},
		Summary: "Puts a string at a key, on conditions and with a deadline.",
		run:     runSet,
	},
	{
		Name: "setex", Arity: 4, Flags: Write | DenyOOM, Since: "2.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "OW update")},
		Summary: "Puts a string at a key, with seconds to live.",
		run:     runSetEX,
	},
	{
		Name: "setnx", Arity: 3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "OW insert")},
		Summary: "Puts a string at a key that is not there.",
		run:     runSetNX,
	},
	{
		Name: "setrange", Arity: 4, Flags: Write | DenyOOM, Since: "2.2.0", Group: "string",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Overwrites a part of a string.",
		run:     runSetRange,
	},
	{
		Name: "strlen", Arity: 2, Flags: ReadOnly | Fast, Since: "2.2.0", Group: "string",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Gives the length of a string.",
		run:     runStrLen,
	},
	{
		Name: "substr", Arity: 4, Flags: ReadOnly, Since: "1.0.0", Group: "string",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives a part of a string: the old name of GETRANGE.",
		run:     runGetRange,
	},
}

func runGet(c *call) Reply { return textOr(c.db.String(c.args[1]).Get()) }

func runGetDel(c *call) Reply { return textOr(c.db.String(c.args[1]).GetDel()) }

func runStrLen(c *call) Reply { return countOr(c.db.String(c.args[1]).StrLen()) }

func runAppend(c *call) Reply {
	s, text := c.db.String(c.args[1]), c.args[2]
	if limit := c.s.srv.MaxBulk(); limit < store.MaxStringLen {
		n, err := s.StrLen()
		switch {
		case err != nil:
			return failure(err)
		case n > 0 && int64(n)+int64(len(text)) > limit:
			return errMaxString
		}
	}
	return countOr(s.Append(text))
}

func runGetRange(c *call) Reply {
	start, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	end, bad := c.int(3)
	if bad != nil {
		return *bad
	}
	return textOr(c.db.String(c.args[1]).GetRange(clamp(start), clamp(end)))
}

func runSetRange(c *call) Reply {
	offset, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	text, limit := c.args[3], c.s.srv.MaxBulk()
	if limit < store.MaxStringLen && text != "" && offset > limit-int64(len(text)) {
		return c.afterWritten(c.args[1], store.KindString, errMaxString, &errMaxString)
	}
	return countOr(c.db.String(c.args[1]).SetRange(clamp(offset), text))
}

func runIncr(c *call) Reply { return intOr(c.db.String(c.args[1]).Incr()) }

func runDecr(c *call) Reply { return intOr(c.db.String(c.args[1]).Decr()) }

func runIncrBy(c *call) Reply {
	n, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	return intOr(c.db.String(c.args[1]).IncrBy(n))
}

func runDecrBy(c *call) Reply {
	n, bad := c.int(2)
	switch {
	case bad != nil:
		return *bad
	case n == math.MinInt64:
		return failed("ERR decrement would overflow")
	}
	return intOr(c.db.String(c.args[1]).DecrBy(n))
}

func runIncrByFloat(c *call) Reply { return textOr(c.db.String(c.args[1]).IncrByDecimal(c.args[2])) }

func runDigest(c *call) Reply { return textOr(c.db.String(c.args[1]).Digest()) }

func runMGet(c *call) Reply { return optionalsOr(c.db.MGet(c.rest(1)...)) }

func runMSet(c *call) Reply {
	pairs, bad := c.textPairs(1, len(c.args))
	if bad != nil {
		return *bad
	}
	return okOr(c.db.MSet(pairs...))
}

func runMSetNX(c *call) Reply {
	pairs, bad := c.textPairs(1, len(c.args))
	if bad != nil {
		return *bad
	}
	return yesOr(c.db.MSetNX(pairs...))
}

// textPairs reads the words from i to end as keys with their values.
func (c *call) textPairs(i, end int) ([]store.Pair, *Reply) {
	if (end-i)%2 != 0 {
		r := wrongArity(c.cmd)
		return nil, &r
	}
	return pairsOf(c.args[i:end]), nil
}

func runLCS(c *call) Reply {
	o, bad := c.lcsOptions()
	if bad != nil { // Redis looks at both keys first
		reply := *bad
		for _, key := range c.args[1:3] {
			switch kind, err := c.db.Type(key); {
			case err != nil:
				return failure(err)
			case kind != store.KindNone && kind != store.KindString:
				reply = errLCSKeys
			}
		}
		return reply
	}
	s, other := c.db.String(c.args[1]), c.args[2]
	var r Reply
	var err error
	switch {
	case o.idx:
		r, err = o.matches(s.LCSIdx(other, o.minLen))
	case o.len:
		var n int
		n, err = s.LCSLen(other)
		r = integer(int64(n))
	default:
		var text string
		text, err = s.LCS(other)
		r = bulk(text)
	}
	switch {
	case errors.Is(err, store.ErrWrongType):
		return errLCSKeys
	case errors.Is(err, store.ErrTooLarge):
		return failed("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
	case err != nil:
		return failure(err)
	}
	return r
}

var errLCSKeys = failed("ERR The specified keys must contain string values")

// lcsOptions are those of LCS.
type lcsOptions struct {
	idx, len, withLen bool
	minLen            int
}

func (c *call) lcsOptions() (o lcsOptions, bad *Reply) {
	for i := 3; i < len(c.args); i++ {
		switch {
		case c.is(i, "idx"):
			o.idx = true
		case c.is(i, "len"):
			o.len = true
		case c.is(i, "withmatchlen"):
			o.withLen = true
		case c.is(i, "minmatchlen") && i+1 < len(c.args):
			i++
			n, bad := c.int(i)
			if bad != nil {
				return o, bad
			}
			o.minLen = max(clamp(n), 0)
		default:
			return o, &errSyntax
		}
	}
	if o.idx && o.len {
		r := failed("ERR If you want both the length and indexes, please just use IDX.")
		return o, &r
	}
	return o, nil
}

// matches is the reply of LCS with IDX.
func (o *lcsOptions) matches(list []store.LCSMatch, n int, err error) (Reply, error) {
	matches := array()
	place := func(r store.LCSRange) Reply { return array(integer(int64(r.Start)), integer(int64(r.End))) }
	for _, m := range list {
		match := array(place(m.A), place(m.B))
		if o.withLen {
			match.Elems = append(match.Elems, integer(int64(m.Len)))
		}
		matches.Elems = append(matches.Elems, match)
	}
	return pairs(bulk("matches"), matches, bulk("len"), integer(int64(n))), err
}
