package command

import (
	"math"

	"github.com/alcovedb/alcove/store"
)

func init() { register(listCommands) }

var listCommands = []*Command{
	{
		Name: "blmove", Arity: 6, Flags: Write | DenyOOM | NoScript | Blocking, Since: "6.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves an element from one end of a list to one of another, and waits for one.", run: runBLMove,
	},
	{
		Name: "blmovem", Arity: -6, Flags: Write | DenyOOM | Blocking, Since: "8.10.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves elements from one end of a list to one of another, and waits for them.", run: runBLMoveM,
	},
	{
		Name: "blmpop", Arity: -5, Flags: Write | Blocking | MovableKeys, Since: "7.0.0", Group: "list",
		Keys:    []KeySpec{numbered(2, "RW access delete")},
		Summary: "Removes elements from the first list that has any, and waits for one.", run: runBLMPop,
	},
	{
		Name: "blpop", Arity: -3, Flags: Write | NoScript | Blocking, Since: "2.0.0", Group: "list",
		Keys:    []KeySpec{span(1, -2, 1, "RW access delete")},
		Summary: "Removes the first element of the first list that has any, and waits for one.", run: runBLPop,
	},
	{
		Name: "brpop", Arity: -3, Flags: Write | NoScript | Blocking, Since: "2.0.0", Group: "list",
		Keys:    []KeySpec{span(1, -2, 1, "RW access delete")},
		Summary: "Removes the last element of the first list that has any, and waits for one.", run: runBRPop,
	},
	{
		Name: "brpoplpush", Arity: 4, Flags: Write | DenyOOM | NoScript | Blocking, Since: "2.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves the last element of a list to the start of another, and waits for one.", run: runBRPopLPush,
	},
	{
		Name: "lindex", Arity: 3, Flags: ReadOnly, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the element at an index.", run: runLIndex,
	},
	{
		Name: "linsert", Arity: 5, Flags: Write | DenyOOM, Since: "2.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts an element before or after another.", run: runLInsert,
	},
	{
		Name: "llen", Arity: 2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns the length of a list.", run: runLLen,
	},
	{
		Name: "lmove", Arity: 5, Flags: Write | DenyOOM, Since: "6.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves an element from one end of a list to one of another.", run: runLMove,
	},
	{
		Name: "lmovem", Arity: -5, Flags: Write | DenyOOM, Since: "8.10.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves elements from one end of a list to one of another.", run: runLMoveM,
	},
	{
		Name: "lmpop", Arity: -4, Flags: Write | MovableKeys, Since: "7.0.0", Group: "list",
		Keys:    []KeySpec{numbered(1, "RW access delete")},
		Summary: "Removes elements from the first list that has any.", run: runLMPop,
	},
	{
		Name: "lpop", Arity: -2, Flags: Write | Fast, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes the first elements of a list.", run: runLPop,
	},
	{
		Name: "lpos", Arity: -3, Flags: ReadOnly, Since: "6.0.6", Group: "list",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns where an element is in a list.", run: runLPos,
	},
	{
		Name: "lpush", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts elements before the first one; without a list it makes one.", run: runLPush,
	},
	{
		Name: "lpushx", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "2.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts elements before the first one of a list that is there.", run: runLPushX,
	},
	{
		Name: "lrange", Arity: 4, Flags: ReadOnly, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the elements from one index to another.", run: runLRange,
	},
	{
		Name: "lrem", Arity: 4, Flags: Write, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes elements that are equal to one.", run: runLRem,
	},
	{
		Name: "lset", Arity: 4, Flags: Write | DenyOOM, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Replaces the element at an index.", run: runLSet,
	},
	{
		Name: "ltrim", Arity: 4, Flags: Write, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes all but the elements from one index to another.", run: runLTrim,
	},
	{
		Name: "rpop", Arity: -2, Flags: Write | Fast, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes the last elements of a list.", run: runRPop,
	},
	{
		Name: "rpoplpush", Arity: 3, Flags: Write | DenyOOM, Since: "1.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves the last element of a list to the start of another.", run: runRPopLPush,
	},
	{
		Name: "rpush", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts elements behind the last one; without a list it makes one.", run: runRPush,
	},
	{
		Name: "rpushx", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "2.2.0", Group: "list",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Puts elements behind the last one of a list that is there.", run: runRPushX,
	},
}

func runLLen(c *call) Reply { return countOr(c.db.List(c.args[1]).Len()) }

func runLPush(c *call) Reply  { return countOr(c.db.List(c.args[1]).LPush(c.rest(2)...)) }
func runRPush(c *call) Reply  { return countOr(c.db.List(c.args[1]).RPush(c.rest(2)...)) }
func runLPushX(c *call) Reply { return countOr(c.db.List(c.args[1]).LPushX(c.rest(2)...)) }
func runRPushX(c *call) Reply { return countOr(c.db.List(c.args[1]).RPushX(c.rest(2)...)) }

func runLIndex(c *call) Reply {
	i, bad := c.index(2)
	if bad != nil {
		return c.afterKey(c.args[1], store.KindList, null, bad)
	}
	return textOr(c.db.List(c.args[1]).Index(i))
}

func runLSet(c *call) Reply {
	i, bad := c.index(2)
	if bad != nil {
		return c.afterWritten(c.args[1], store.KindList, errNoKey, bad)
	}
	return okOr(c.db.List(c.args[1]).Set(i, c.args[3]))
}

// indexes reads the words at i and behind it as the ends of a range.
func (c *call) indexes(i int) (start, stop int, bad *Reply) {
	if start, bad = c.index(i); bad == nil {
		stop, bad = c.index(i + 1)
	}
	return start, stop, bad
}

func runLRange(c *call) Reply {
	start, stop, bad := c.indexes(2)
	if bad != nil {
		return *bad
	}
	return textsOr(c.db.List(c.args[1]).Range(start, stop))
}

func runLTrim(c *call) Reply {
	start, stop, bad := c.indexes(2)
	if bad != nil {
		return *bad
	}
	return okOr(c.db.List(c.args[1]).Trim(start, stop))
}

func runLRem(c *call) Reply {
	n, bad := c.index(2)
	if bad != nil {
		return *bad
	}
	return countOr(c.db.List(c.args[1]).Rem(n, c.args[3]))
}

func runLInsert(c *call) Reply {
	place := store.Before
	switch {
	case c.is(2, "after"):
		place = store.After
	case !c.is(2, "before"):
		return errSyntax
	}
	n, err := c.db.List(c.args[1]).Insert(place, c.args[3], c.args[4])
	if err == store.ErrNotFound { // that before which, or after which
		return integer(-1)
	}
	return countOr(n, err)
}

var (
	errRankZero    = failed("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list")
	errCountBelow0 = failed("ERR COUNT can't be negative")
	errMaxLen      = failed("ERR MAXLEN can't be negative")
)

func runLPos(c *call) Reply {
	o, many := store.PosOptions{Rank: 1, Count: 1}, false
	for i := 3; i < len(c.args); i += 2 {
		var bad *Reply
		switch {
		case i+1 == len(c.args):
			return errSyntax
		case c.is(i, "rank"):
			if o.Rank, bad = c.index(i + 1); bad == nil && o.Rank == 0 {
				bad = &errRankZero
			}
		case c.is(i, "count"):
			many = true
			o.Count, bad = c.atLeast(i+1, 0, &errCountBelow0)
		case c.is(i, "maxlen"):
			o.MaxLen, bad = c.atLeast(i+1, 0, &errMaxLen)
		default:
			return errSyntax
		}
		if bad != nil {
			return *bad
		}
	}
	if o.Rank == math.MinInt { // which in Redis overflows, and the count with it
		o.Rank = -1
		if many {
			o.Count = 0
		}
	}
	found, err := c.db.List(c.args[1]).PosWith(c.args[2], o)
	switch {
	case err != nil:
		return failure(err)
	case many:
		return integers(found)
	case len(found) == 0:
		return null
	}
	return integer(int64(found[0]))
}

// integers is an array of them.
func integers(list []int) Reply {
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, n := range list {
		r.Elems[i] = integer(int64(n))
	}
	return r
}
