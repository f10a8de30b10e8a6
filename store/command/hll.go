package command

func init() { register(hllCommands) }

var hllCommands = []*Command{
	{
		Name: "pfadd", Arity: -2, Flags: Write | DenyOOM | Fast, Since: "2.8.9", Group: "hyperloglog",
		Keys:    []KeySpec{at(1, "RW insert")},
		Summary: "Lets a HyperLogLog see elements.",
		run:     runPFAdd,
	},
	{
		Name: "pfcount", Arity: -2, Flags: ReadOnly | MayReplicate, Since: "2.8.9", Group: "hyperloglog",
		Keys:    []KeySpec{span(1, -1, 1, "RW access")},
		Summary: "Estimates how many different elements HyperLogLogs have seen.",
		run:     runPFCount,
	},
	{
		Name: "pfmerge", Arity: -2, Flags: Write | DenyOOM, Since: "2.8.9", Group: "hyperloglog",
		Keys:    []KeySpec{at(1, "RW access insert"), span(2, -1, 1, "RO access")},
		Summary: "Makes one HyperLogLog of several.",
		run:     runPFMerge,
	},
}

func runPFAdd(c *call) Reply { return yesOr(c.db.HLL(c.args[1]).Add(c.rest(2)...)) }

func runPFCount(c *call) Reply { return countOr(c.db.HLL(c.args[1]).Count(c.rest(2)...)) }

func runPFMerge(c *call) Reply { return okOr(c.db.HLL(c.args[1]).Merge(c.rest(2)...)) }
