package command

import "github.com/alcovedb/alcove/store"

func init() { register(setCommands) }

var setCommands = []*Command{
	{
		Name: "sadd", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Adds members; without a set it makes one.", run: runSAdd,
	},
	{
		Name: "scard", Arity: 2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns how many members a set has.", run: runSCard,
	},
	{
		Name: "sdiff", Arity: -2, Flags: ReadOnly, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{span(1, -1, 1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns the members of a set that are in none of the others.", run: runSDiff,
	},
	{
		Name: "sdiffcard", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "8.10.0", Group: "set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Counts the members of a set that are in none of the others.", run: runSDiffCard,
	},
	{
		Name: "sdiffstore", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "OW update"), span(2, -1, 1, "RO access")},
		Summary: "Stores the members of a set that are in none of the others.", run: runSDiffStore,
	},
	{
		Name: "sinter", Arity: -2, Flags: ReadOnly, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{span(1, -1, 1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns the members that are in all sets.", run: runSInter,
	},
	{
		Name: "sintercard", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "7.0.0", Group: "set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Counts the members that are in all sets.", run: runSInterCard,
	},
	{
		Name: "sinterstore", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RW update"), span(2, -1, 1, "RO access")},
		Summary: "Stores the members that are in all sets.", run: runSInterStore,
	},
	{
		Name: "sismember", Arity: 3, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Says whether a set has a member.", run: runSIsMember,
	},
	{
		Name: "smembers", Arity: 2, Flags: ReadOnly, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns all members of a set.", run: runSMembers,
	},
	{
		Name: "smismember", Arity: -3, Flags: ReadOnly | Fast, Since: "6.2.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Says of members whether a set has them.", run: runSMIsMember,
	},
	{
		Name: "smove", Arity: 4, Flags: Write | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "RW insert")},
		Summary: "Moves a member from a set to another.", run: runSMove,
	},
	{
		Name: "spop", Arity: -2, Flags: Write | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Tips:    "nondeterministic_output",
		Summary: "Removes random members and returns them.", run: runSPop,
	},
	{
		Name: "srandmember", Arity: -2, Flags: ReadOnly, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns random members.", run: runSRandMember,
	},
	{
		Name: "srem", Arity: -3, Flags: Write | Fast, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes members.", run: runSRem,
	},
	{
		Name: "sscan", Arity: -3, Flags: ReadOnly, Since: "2.8.0", Group: "set",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Goes through the members of a set in steps.", run: runSScan,
	},
	{
		Name: "sunion", Arity: -2, Flags: ReadOnly, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{span(1, -1, 1, "RO access")},
		Tips:    "nondeterministic_output_order",
		Summary: "Returns the members that are in any of the sets.", run: runSUnion,
	},
	{
		Name: "sunioncard", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "8.10.0", Group: "set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Counts the members that are in any of the sets.", run: runSUnionCard,
	},
	{
		Name: "sunionstore", Arity: -3, Flags: Write | DenyOOM, Since: "1.0.0", Group: "set",
		Keys:    []KeySpec{at(1, "OW update"), span(2, -1, 1, "RO access")},
		Summary: "Stores the members that are in any of the sets.", run: runSUnionStore,
	},
}

func runSAdd(c *call) Reply   { return countOr(c.db.Set(c.args[1]).Add(c.rest(2)...)) }
func runSRem(c *call) Reply   { return countOr(c.db.Set(c.args[1]).Rem(c.rest(2)...)) }
func runSCard(c *call) Reply  { return countOr(c.db.Set(c.args[1]).Card()) }
func runSMove(c *call) Reply  { return yesOr(c.db.Set(c.args[1]).Move(c.args[2], c.args[3])) }
func runSInter(c *call) Reply { return textSetOr(c.db.Set(c.args[1]).Inter(c.rest(2)...)) }
func runSUnion(c *call) Reply { return textSetOr(c.db.Set(c.args[1]).Union(c.rest(2)...)) }
func runSDiff(c *call) Reply  { return textSetOr(c.db.Set(c.args[1]).Diff(c.rest(2)...)) }

func runSInterStore(c *call) Reply { return countOr(c.db.Set(c.args[1]).InterStore(c.rest(2)...)) }
func runSUnionStore(c *call) Reply { return countOr(c.db.Set(c.args[1]).UnionStore(c.rest(2)...)) }
func runSDiffStore(c *call) Reply  { return countOr(c.db.Set(c.args[1]).DiffStore(c.rest(2)...)) }

func runSMembers(c *call) Reply  { return textSetOr(c.db.Set(c.args[1]).Members()) }
func runSIsMember(c *call) Reply { return yesOr(c.db.Set(c.args[1]).IsMember(c.args[2])) }

func runSMIsMember(c *call) Reply {
	list, err := c.db.Set(c.args[1]).MIsMember(c.rest(2)...)
	if err != nil {
		return failure(err)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, is := range list {
		r.Elems[i] = yesOr(is, nil)
	}
	return r
}

func runSPop(c *call) Reply {
	set := c.db.Set(c.args[1])
	switch len(c.args) {
	case 2:
		return textOr(set.Pop())
	case 3:
	default:
		return errSyntax
	}
	n, bad := c.atLeast(2, 0, &errNotPositive)
	if bad != nil {
		return *bad
	}
	return textSetOr(set.PopN(n))
}

func runSRandMember(c *call) Reply {
	set := c.db.Set(c.args[1])
	switch len(c.args) {
	case 2:
		return textOr(set.RandMember())
	case 3:
	default:
		return errSyntax
	}
	n, bad := c.signed(2)
	if bad != nil {
		return *bad
	}
	return textsOr(set.RandMembers(n))
}

func runSScan(c *call) Reply {
	s, r := c.scan(store.KindSet)
	if r != nil {
		return *r
	}
	list, next, err := c.db.Set(c.args[1]).Scan(s.cursor, s.o)
	if err != nil {
		return failure(err)
	}
	elems := array()
	for _, member := range list {
		if s.lets(member) {
			elems.Elems = append(elems.Elems, bulk(member))
		}
	}
	return scanned(next, elems)
}

// counted reads the words of SINTERCARD up to its options, which begin at the place next.
func (c *call) counted() (set store.Set, others []string, next int, bad *Reply) {
	n, bad := c.atLeast(1, 1, &errNumKeys)
	switch {
	case bad != nil:
		return set, nil, 0, bad
	case n > len(c.args)-2:
		return set, nil, 0, &errManyKeys
	}
	return c.db.Set(c.args[2]), c.args[3 : 2+n], 2 + n, nil
}

func runSInterCard(c *call) Reply { return c.card(store.Set.InterCard) }
func runSDiffCard(c *call) Reply  { return c.card(store.Set.DiffCard) }

func (c *call) card(count func(set store.Set, limit int, others ...string) (int, error)) Reply {
	set, others, next, bad := c.counted()
	if bad != nil {
		return *bad
	}
	limit, bad := c.limit(next)
	if bad != nil {
		return *bad
	}
	return countOr(count(set, limit, others...))
}

func runSUnionCard(c *call) Reply {
	set, others, next, bad := c.counted()
	if bad != nil {
		return *bad
	}
	limit, count := 0, store.Set.UnionCard
	for i := next; i < len(c.args); i++ {
		switch {
		case c.is(i, "approx"):
			count = store.Set.UnionCardApprox
			continue
		case i+1 == len(c.args) || !c.is(i, "limit"):
			return errSyntax
		}
		i++
		if limit, bad = c.atLeast(i, 0, &errLimitBelow0); bad != nil {
			return *bad
		}
	}
	return countOr(count(set, limit, others...))
}
