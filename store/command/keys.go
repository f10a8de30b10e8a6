package command

import (
	"github.com/alcovedb/alcove/store"
)

func init() { register(keyCommands) }

var keyCommands = []*Command{
	{
		Name: "copy", Arity: -3, Flags: Write | DenyOOM, Since: "6.2.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access"), at(2, "OW update")},
		Whole:   true,
		Summary: "Copies a value to another key.",
		run:     runCopy,
	},
	{
		Name: "del", Arity: -2, Flags: Write, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{span(1, -1, 1, "RM delete")},
		Tips:    "request_policy:multi_shard response_policy:agg_sum",
		Summary: "Removes keys.",
		run:     runDel,
	},
	{
		Name: "dump", Arity: 2, Flags: ReadOnly, Since: "2.6.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns a value in the form in which RESTORE takes it.",
		run:     runDump,
	},
	{
		Name: "exists", Arity: -2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{span(1, -1, 1, "RO")},
		Tips:    "request_policy:multi_shard response_policy:agg_sum",
		Summary: "Counts which of the keys are there.",
		run:     runExists,
	},
	{
		Name: "expire", Arity: -3, Flags: Write | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Gives a key seconds to live.",
		run:     runExpire,
	},
	{
		Name: "expireat", Arity: -3, Flags: Write | Fast, Since: "1.2.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadline of a key, in seconds since 1970.",
		run:     runExpireAt,
	},
	{
		Name: "expiretime", Arity: 2, Flags: ReadOnly | Fast, Since: "7.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives the deadline of a key, in seconds since 1970.",
		run:     runExpireTime,
	},
	{
		Name: "keys", Arity: 2, Flags: ReadOnly, Since: "1.0.0", Group: "generic",
		categories: "dangerous", Tips: "request_policy:all_shards nondeterministic_output_order", Whole: true,
		Summary: "Lists the keys that match a pattern.",
		run:     runKeys,
	},
	{
		Name: "migrate", Arity: -6, Flags: Write | MovableKeys, Since: "2.6.0", Group: "generic",
		Keys:       []KeySpec{at(3, "RW access delete"), {Flags: "RW access delete incomplete", Keyword: "KEYS", From: -2, Last: -1, Step: 1, Limit: 0}},
		categories: "dangerous", Tips: "nondeterministic_output",
		Summary: "Moves keys to another server: there is no network to do that here.",
		run:     runMigrate,
		keys:    migrateKeys,
	},
	{
		Name: "move", Arity: 3, Flags: Write | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW access update")},
		Whole:   true,
		Summary: "Moves a key to another database.",
		run:     runMove,
	},
	{
		Name: "object", Arity: -2, Since: "2.2.3", Group: "generic",
		Summary: "Holds the commands that look into a value.",
		Subs: []*Command{
			{
				Name: "encoding", Arity: 3, Flags: ReadOnly, Since: "2.2.3",
				Keys:    []KeySpec{at(2, "RO")},
				Tips:    "nondeterministic_output",
				Summary: "Names the encoding that Redis would have for a value.",
				run:     runObjectEncoding,
			},
			{
				Name: "freq", Arity: 3, Flags: ReadOnly, Since: "4.0.0",
				Keys:    []KeySpec{at(2, "RO")},
				Tips:    "nondeterministic_output",
				Summary: "Tells how often a key is used.",
				run:     runObjectFreq,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "6.2.0",
				Summary: "Describes the subcommands.",
				run:     runObjectHelp,
			},
			{
				Name: "idletime", Arity: 3, Flags: ReadOnly, Since: "2.2.3",
				Keys:    []KeySpec{at(2, "RO")},
				Tips:    "nondeterministic_output",
				Summary: "Tells for how long a key was not used.",
				run:     runObjectIdleTime,
			},
			{
				Name: "refcount", Arity: 3, Flags: ReadOnly, Since: "2.2.3",
				Keys:    []KeySpec{at(2, "RO")},
				Tips:    "nondeterministic_output",
				Summary: "Gives the number of references to a value.",
				run:     runObjectRefCount,
			},
		},
	},
	{
		Name: "persist", Arity: 2, Flags: Write | Fast, Since: "2.2.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Takes the deadline of a key away.",
		run:     runPersist,
	},
	{
		Name: "pexpire", Arity: -3, Flags: Write | Fast, Since: "2.6.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Gives a key milliseconds to live.",
		run:     runPExpire,
	},
	{
		Name: "pexpireat", Arity: -3, Flags: Write | Fast, Since: "2.6.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the deadline of a key, in milliseconds since 1970.",
		run:     runPExpireAt,
	},
	{
		Name: "pexpiretime", Arity: 2, Flags: ReadOnly | Fast, Since: "7.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives the deadline of a key, in milliseconds since 1970.",
		run:     runPExpireTime,
	},
	{
		Name: "pttl", Arity: 2, Flags: ReadOnly | Fast, Since: "2.6.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Gives the milliseconds that a key has to live.",
		run:     runPTTL,
	},
	{
		Name: "randomkey", Arity: 1, Flags: ReadOnly, Since: "1.0.0", Group: "generic",
		Tips: "request_policy:all_shards nondeterministic_output", Whole: true,
		Summary: "Picks a key.",
		run:     runRandomKey,
	},
	{
		Name: "rename", Arity: 3, Flags: Write, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "OW update")},
		Summary: "Gives a value another key.",
		run:     runRename,
	},
	{
		Name: "renamenx", Arity: 3, Flags: Write | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RW access delete"), at(2, "OW insert")},
		Summary: "Gives a value another key if that is free.",
		run:     runRenameNX,
	},
	{
		Name: "restore", Arity: -4, Flags: Write | DenyOOM, Since: "2.6.0", Group: "generic",
		Keys:       []KeySpec{at(1, "OW update")},
		categories: "dangerous",
		Summary:    "Makes a value of what DUMP has returned.",
		run:        runRestore,
	},
	{
		Name: "scan", Arity: -2, Flags: ReadOnly, Since: "2.8.0", Group: "generic",
		Tips: "nondeterministic_output request_policy:special", Whole: true,
		Summary: "Lists the keys, some at a time.",
		run:     runScan,
	},
	{
		Name: "sort", Arity: -2, Flags: Write | DenyOOM | MovableKeys, Since: "1.0.0", Group: "generic",
		Keys:       []KeySpec{at(1, "RO access"), hidden("RO access"), hidden("OW update")},
		categories: "dangerous list set sortedset -keyspace", Whole: true,
		Summary: "Sorts the elements of a list, a set or a sorted set, and may store them.",
		run:     runSort,
		keys:    sortKeys,
	},
	{
		Name: "sort_ro", Arity: -2, Flags: ReadOnly | MovableKeys, Since: "7.0.0", Group: "generic",
		Keys:       []KeySpec{at(1, "RO access"), hidden("RO access")},
		categories: "dangerous list set sortedset -keyspace", Whole: true,
		Summary: "Sorts the elements of a list, a set or a sorted set.",
		run:     runSortRO,
		keys:    func([]string) []int { return []int{1} },
	},
	{
		Name: "touch", Arity: -2, Flags: ReadOnly | Fast, Since: "3.2.1", Group: "generic",
		Keys:    []KeySpec{span(1, -1, 1, "RO")},
		Tips:    "request_policy:multi_shard response_policy:agg_sum",
		Summary: "Counts which of the keys are there, as an access to them.",
		run:     runTouch,
	},
	{
		Name: "ttl", Arity: 2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Gives the seconds that a key has to live.",
		run:     runTTL,
	},
	{
		Name: "type", Arity: 2, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "generic",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Names the type of a value.",
		run:     runType,
	},
	{
		Name: "unlink", Arity: -2, Flags: Write | Fast, Since: "4.0.0", Group: "generic",
		Keys:    []KeySpec{span(1, -1, 1, "RM delete")},
		Tips:    "request_policy:multi_shard response_policy:agg_sum",
		Summary: "Removes keys.",
		run:     runDel,
	},
	{
		Name: "wait", Arity: 3, Flags: NoScript, Since: "3.0.0", Group: "generic",
		categories: "connection -keyspace", Tips: "request_policy:all_shards response_policy:agg_min",
		Summary: "Waits for replicas, of which there are none.",
		run:     runWait,
	},
	{
		Name: "waitaof", Arity: 4, Flags: Blocking, Since: "7.2.0", Group: "generic",
		categories: "connection -keyspace", Tips: "request_policy:all_shards response_policy:agg_min",
		Summary: "Waits for files of replicas, of which there are none.",
		run:     runWaitAOF,
	},
}

func runDel(c *call) Reply { return countOr(c.db.Unlink(c.rest(1)...)) }

func runExists(c *call) Reply { return countOr(c.db.Exists(c.rest(1)...)) }

func runTouch(c *call) Reply { return countOr(c.db.Touch(c.rest(1)...)) }

func runType(c *call) Reply {
	kind, err := c.db.Type(c.args[1])
	if err != nil {
		return failure(err)
	}
	return simple(kind.String())
}

func runRename(c *call) Reply { return okOr(c.db.Rename(c.args[1], c.args[2])) }

func runRenameNX(c *call) Reply { return yesOr(c.db.RenameNX(c.args[1], c.args[2])) }

func runMove(c *call) Reply {
	if c.clustered() {
		return errClusterMove
	}
	n, bad := c.smallInt(2)
	if bad != nil {
		return *bad
	}
	return yesOr(c.db.Move(c.args[1], n))
}

func runCopy(c *call) Reply {
	var o store.CopyOptions
	for i := 3; i < len(c.args); i++ {
		switch {
		case c.is(i, "replace"):
			o.Replace = true
		case c.is(i, "db") && i+1 < len(c.args):
			i++
			n, bad := c.smallInt(i)
			switch {
			case bad != nil:
				return *bad
			case n < 0 || n >= store.Databases:
				return errInvalidDB
			}
			o.DB = &n
		default:
			return errSyntax
		}
	}
	if c.clustered() && o.DB != nil && *o.DB != 0 {
		return errClusterCopy
	}
	return yesOr(c.db.CopyWith(c.args[1], c.args[2], o))
}

func runKeys(c *call) Reply { return textsOr(c.db.Keys(c.args[1])) }

func runRandomKey(c *call) Reply { return textOr(c.db.RandomKey()) }
