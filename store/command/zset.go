package command

func init() { register(zsetCommands) }

var zsetCommands = []*Command{
	{
		Name: "bzmpop", Arity: -5, Flags: Write | Blocking | MovableKeys, Since: "7.0.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(2, "RW access delete")},
		Summary: "Removes members from the first sorted set that has any, and waits for one.", run: runBZMPop,
	},
	{
		Name: "bzpopmax", Arity: -3, Flags: Write | NoScript | Blocking | Fast, Since: "5.0.0", Group: "sorted-set",
		Keys:    []KeySpec{span(1, -2, 1, "RW access delete")},
		Summary: "Removes the member with the highest score from the first sorted set that has any, and waits for one.", run: runBZPopMax,
	},
	{
		Name: "bzpopmin", Arity: -3, Flags: Write | NoScript | Blocking | Fast, Since: "5.0.0", Group: "sorted-set",
		Keys:    []KeySpec{span(1, -2, 1, "RW access delete")},
		Summary: "Removes the member with the lowest score from the first sorted set that has any, and waits for one.", run: runBZPopMin,
	},
	{
		Name: "zadd", Arity: -4, Flags: Write | DenyOOM | Fast, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Gives members their scores; without a sorted set it makes one.", run: runZAdd,
	},
	{
		Name: "zcard", Arity: 2, Flags: ReadOnly | Fast, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns how many members a sorted set has.", run: runZCard,
	},
	{
		Name: "zcount", Arity: 4, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Counts the members with scores in a range.", run: runZCount,
	},
	{
		Name: "zdiff", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Returns the members of a sorted set that are in none of the others.", run: runZDiff,
	},
	{
		Name: "zdiffstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "OW update"), numbered(2, "RO access")},
		Summary: "Stores the members of a sorted set that are in none of the others.", run: runZDiffStore,
	},
	{
		Name: "zincrby", Arity: 4, Flags: Write | DenyOOM | Fast, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Adds to the score of a member.", run: runZIncrBy,
	},
	{
		Name: "zinter", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Returns the members that are in all sorted sets.", run: runZInter,
	},
	{
		Name: "zintercard", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "7.0.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Counts the members that are in all sorted sets.", run: runZInterCard,
	},
	{
		Name: "zinterstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "OW update"), numbered(2, "RO access")},
		Summary: "Stores the members that are in all sorted sets.", run: runZInterStore,
	},
	{
		Name: "zlexcount", Arity: 4, Flags: ReadOnly | Fast, Since: "2.8.9", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Counts the members in a range of names.", run: runZLexCount,
	},
	{
		Name: "zmpop", Arity: -4, Flags: Write | MovableKeys, Since: "7.0.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(1, "RW access delete")},
		Summary: "Removes members from the first sorted set that has any.", run: runZMPop,
	},
	{
		Name: "zmscore", Arity: -3, Flags: ReadOnly | Fast, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the scores of members.", run: runZMScore,
	},
	{
		Name: "zpopmax", Arity: -2, Flags: Write | Fast, Since: "5.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes the members with the highest scores.", run: runZPopMax,
	},
	{
		Name: "zpopmin", Arity: -2, Flags: Write | Fast, Since: "5.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW access delete")},
		Summary: "Removes the members with the lowest scores.", run: runZPopMin,
	},
	{
		Name: "zrandmember", Arity: -2, Flags: ReadOnly, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns random members.", run: runZRandMember,
	},
	{
		Name: "zrange", Arity: -4, Flags: ReadOnly, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a range of ranks, scores or names.", run: runZRange,
	},
	{
		Name: "zrangebylex", Arity: -4, Flags: ReadOnly, Since: "2.8.9", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a range of names.", run: runZRangeByLex,
	},
	{
		Name: "zrangebyscore", Arity: -4, Flags: ReadOnly, Since: "1.0.5", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members with scores in a range.", run: runZRangeByScore,
	},
	{
		Name: "zrangestore", Arity: -5, Flags: Write | DenyOOM, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "OW update"), at(2, "RO access")},
		Summary: "Stores the members in a range of ranks, scores or names.", run: runZRangeStore,
	},
	{
		Name: "zrank", Arity: -3, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the rank of a member, the lowest score first.", run: runZRank,
	},
	{
		Name: "zrem", Arity: -3, Flags: Write | Fast, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes members.", run: runZRem,
	},
	{
		Name: "zremrangebylex", Arity: 4, Flags: Write, Since: "2.8.9", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes the members in a range of names.", run: runZRemRangeByLex,
	},
	{
		Name: "zremrangebyrank", Arity: 4, Flags: Write, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes the members in a range of ranks.", run: runZRemRangeByRank,
	},
	{
		Name: "zremrangebyscore", Arity: 4, Flags: Write, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes the members with scores in a range.", run: runZRemRangeByScore,
	},
	{
		Name: "zrevrange", Arity: -4, Flags: ReadOnly, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a range of ranks, the highest first.", run: runZRevRange,
	},
	{
		Name: "zrevrangebylex", Arity: -4, Flags: ReadOnly, Since: "2.8.9", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members in a range of names, the last first.", run: runZRevRangeByLex,
	},
	{
		Name: "zrevrangebyscore", Arity: -4, Flags: ReadOnly, Since: "2.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the members with scores in a range, the highest first.", run: runZRevRangeByScore,
	},
	{
		Name: "zrevrank", Arity: -3, Flags: ReadOnly | Fast, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the rank of a member, the highest score first.", run: runZRevRank,
	},
	{
		Name: "zscan", Arity: -3, Flags: ReadOnly, Since: "2.8.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Goes through the members of a sorted set, with their scores, in steps.", run: runZScan,
	},
	{
		Name: "zscore", Arity: 3, Flags: ReadOnly | Fast, Since: "1.2.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns the score of a member.", run: runZScore,
	},
	{
		Name: "zunion", Arity: -3, Flags: ReadOnly | MovableKeys, Since: "6.2.0", Group: "sorted-set",
		Keys:    []KeySpec{numbered(1, "RO access")},
		Summary: "Returns the members that are in any of the sorted sets.", run: runZUnion,
	},
	{
		Name: "zunionstore", Arity: -4, Flags: Write | DenyOOM | MovableKeys, Since: "2.0.0", Group: "sorted-set",
		Keys:    []KeySpec{at(1, "OW update"), numbered(2, "RO access")},
		Summary: "Stores the members that are in any of the sorted sets.", run: runZUnionStore,
	},
}
