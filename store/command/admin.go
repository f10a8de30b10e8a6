package command

func init() { register(adminCommands) }

var adminCommands = []*Command{
	{
		Name: "acl", Arity: -2, Since: "6.0.0", Group: "server",
		Summary: "Commands about users and what they may do.",
		Subs: []*Command{
			{
				Name: "cat", Arity: -2, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Lists the categories, or the commands of one.", run: runACLCat,
			},
			{
				Name: "deluser", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Removes users, and closes their clients.", run: runACLDelUser,
			},
			{
				Name: "dryrun", Arity: -4, Flags: Admin | NoScript | Loading | Stale, Since: "7.0.0",
				Summary: "Says whether a user may run a command.", run: runACLDryRun,
			},
			{
				Name: "genpass", Arity: -2, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Makes a random password.", run: runACLGenPass,
			},
			{
				Name: "getuser", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Describes a user.", run: runACLGetUser,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "6.0.0",
				Summary: "Lists the subcommands.", run: helpOf(aclHelp),
			},
			{
				Name: "list", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Describes all users, each by the rules that make it.", run: runACLList,
			},
			{
				Name: "load", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Would read the users from a file.", run: runACLFile,
			},
			{
				Name: "log", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Lists what users were denied, or forgets it.", run: runACLLog,
			},
			{
				Name: "save", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Would write the users to a file.", run: runACLFile,
			},
			{
				Name: "setuser", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Makes or changes a user.", run: runACLSetUser,
			},
			{
				Name: "users", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Lists the names of the users.", run: runACLUsers,
			},
			{
				Name: "whoami", Arity: 2, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Returns the user of this client.", run: runACLWhoAmI,
			},
		},
	},
	{
		Name: "command", Arity: -1, Flags: Loading | Stale, Since: "2.8.13", Group: "server",
		categories: "connection", Tips: "nondeterministic_output_order",
		Summary: "Describes all commands.", run: runCommand,
		Subs: []*Command{
			{
				Name: "count", Arity: 2, Flags: Loading | Stale, Since: "2.8.13",
				categories: "connection",
				Summary:    "Counts the commands.", run: runCommandCount,
			},
			{
				Name: "docs", Arity: -2, Flags: Loading | Stale, Since: "7.0.0",
				categories: "connection", Tips: "nondeterministic_output_order",
				Summary: "Documents commands.", run: runCommandDocs,
			},
			{
				Name: "getkeys", Arity: -4, Flags: Loading | Stale, Since: "2.8.13",
				categories: "connection",
				Summary:    "Returns the keys among the words of a command.", run: runCommandGetKeys,
			},
			{
				Name: "getkeysandflags", Arity: -4, Flags: Loading | Stale, Since: "7.0.0",
				categories: "connection",
				Summary:    "Returns the keys among the words of a command, and what it does to each.", run: runCommandGetKeysAndFlags,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				categories: "connection",
				Summary:    "Lists the subcommands.", run: helpOf(commandHelp),
			},
			{
				Name: "info", Arity: -2, Flags: Loading | Stale, Since: "2.8.13",
				categories: "connection", Tips: "nondeterministic_output_order",
				Summary: "Describes commands.", run: runCommandInfo,
			},
			{
				Name: "list", Arity: -2, Flags: Loading | Stale, Since: "7.0.0",
				categories: "connection", Tips: "nondeterministic_output_order",
				Summary: "Lists the names of commands.", run: runCommandList,
			},
		},
	},
	{
		Name: "config", Arity: -2, Since: "2.0.0", Group: "server",
		Summary: "Commands about the configuration.",
		Subs: []*Command{
			{
				Name: "get", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "2.0.0",
				Summary: "Returns parameters by patterns of their names.", run: runConfigGet,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: helpOf(configHelp),
			},
			{
				Name: "resetstat", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "2.0.0",
				Summary: "Sets what INFO counts to zero.", run: runConfigResetStat,
			},
			{
				Name: "rewrite", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.0",
				Summary: "Would write the configuration to its file.", run: runConfigRewrite,
			},
			{
				Name: "set", Arity: -4, Flags: Admin | NoScript | Loading | Stale, Since: "2.0.0",
				Tips:    "request_policy:all_nodes response_policy:all_succeeded",
				Summary: "Sets parameters, all or none.", run: runConfigSet,
			},
		},
	},
	{
		Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast, Since: "1.0.0", Group: "server",
		categories: "keyspace", Tips: "request_policy:all_shards response_policy:agg_sum", Whole: true,
		Summary: "Counts the keys of the database.", run: runDBSize,
	},
	{
		Name: "debug", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Since: "1.0.0", Group: "server",
		Whole:   true,
		Summary: "Commands for tests of the server.", run: runDebug,
	},
	{
		Name: "flushall", Arity: -1, Flags: Write, Since: "1.0.0", Group: "server",
		categories: "dangerous keyspace", Tips: "request_policy:all_shards response_policy:all_succeeded", Whole: true,
		Summary: "Removes all keys of all databases.", run: runFlushAll,
	},
	{
		Name: "flushdb", Arity: -1, Flags: Write, Since: "1.0.0", Group: "server",
		categories: "dangerous keyspace", Tips: "request_policy:all_shards response_policy:all_succeeded", Whole: true,
		Summary: "Removes all keys of the database.", run: runFlushDB,
	},
	{
		Name: "info", Arity: -1, Flags: Loading | Stale, Since: "1.0.0", Group: "server",
		categories: "dangerous", Tips: "nondeterministic_output request_policy:all_shards response_policy:special",
		Summary: "Describes the server, by sections.", run: runInfo,
	},
	{
		Name: "lastsave", Arity: 1, Flags: Loading | Stale | Fast, Since: "1.0.0", Group: "server",
		categories: "admin dangerous", Tips: "nondeterministic_output",
		Summary: "Returns when the data was saved last.", run: runLastSave,
	},
	{
		Name: "latency", Arity: -2, Since: "2.8.13", Group: "server",
		Summary: "Commands about events that took long.",
		Subs: []*Command{
			{
				Name: "doctor", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.13",
				Tips:    "nondeterministic_output request_policy:all_nodes response_policy:special",
				Summary: "Explains the events that took long.", run: runLatencyDoctor,
			},
			{
				Name: "graph", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.13",
				Tips:    "nondeterministic_output request_policy:all_nodes response_policy:special",
				Summary: "Draws the latest samples of an event.", run: runLatencyGraph,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "2.8.13",
				Summary: "Lists the subcommands.", run: helpOf(latencyHelp),
			},
			{
				Name: "histogram", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Since: "7.0.0",
				Tips:    "nondeterministic_output request_policy:all_nodes response_policy:special",
				Summary: "Returns how long the calls of commands took, as a cumulative histogram.", run: runLatencyHistogram,
			},
			{
				Name: "history", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.13",
				Tips:    "nondeterministic_output request_policy:all_nodes response_policy:special",
				Summary: "Returns the samples of an event.", run: runLatencyHistory,
			},
			{
				Name: "latest", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.13",
				Tips:    "nondeterministic_output request_policy:all_nodes response_policy:special",
				Summary: "Returns the latest sample of each event.", run: runLatencyLatest,
			},
			{
				Name: "reset", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Since: "2.8.13",
				Tips:    "request_policy:all_nodes response_policy:all_succeeded",
				Summary: "Forgets the samples of events.", run: runLatencyReset,
			},
		},
	},
	{
		Name: "lolwut", Arity: -1, Flags: ReadOnly | Fast, Since: "5.0.0", Group: "server",
		Summary: "Returns the version, below a picture where there is one.", run: runLolwut,
	},
	{
		Name: "memory", Arity: -2, Since: "4.0.0", Group: "server",
		Summary: "Commands about memory.",
		Subs: []*Command{
			{
				Name: "doctor", Arity: 2, Since: "4.0.0",
				Tips:    "nondeterministic_output request_policy:all_shards response_policy:special",
				Summary: "Explains the use of memory.", run: runMemoryDoctor,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "4.0.0",
				Summary: "Lists the subcommands.", run: helpOf(memoryHelp),
			},
			{
				Name: "malloc-stats", Arity: 2, Since: "4.0.0",
				Tips:    "nondeterministic_output request_policy:all_shards response_policy:special",
				Summary: "Returns figures of the allocator.", run: runMemoryMallocStats,
			},
			{
				Name: "purge", Arity: 2, Since: "4.0.0",
				Tips:    "request_policy:all_shards response_policy:all_succeeded",
				Summary: "Gives unused memory back to the system.", run: runMemoryPurge,
			},
			{
				Name: "stats", Arity: 2, Since: "4.0.0",
				Tips:    "nondeterministic_output request_policy:all_shards response_policy:special",
				Summary: "Returns figures of memory.", run: runMemoryStats,
			},
			{
				Name: "usage", Arity: -3, Flags: ReadOnly, Since: "4.0.0",
				Keys:    []KeySpec{at(2, "RO")},
				Summary: "Returns the bytes that a key and its value take.", run: runMemoryUsage,
			},
		},
	},
	{
		Name: "module", Arity: -2, Since: "4.0.0", Group: "server",
		Summary: "Commands about modules, of which there are none.",
		Subs: []*Command{
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: helpOf(moduleHelp),
			},
			{
				Name: "list", Arity: 2, Flags: Admin | NoScript, Since: "4.0.0",
				Tips:    "nondeterministic_output_order",
				Summary: "Lists the modules: none.", run: func(*call) Reply { return array() },
			},
			{
				Name: "load", Arity: -3, Flags: Admin | NoScript | NoAsyncLoading, Since: "4.0.0",
				Summary: "Loads a module: not allowed.", run: runModule,
			},
			{
				Name: "loadex", Arity: -3, Flags: Admin | NoScript | NoAsyncLoading, Since: "7.0.0",
				Summary: "Loads a module: not allowed.", run: runModule,
			},
			{
				Name: "unload", Arity: 3, Flags: Admin | NoScript | NoAsyncLoading, Since: "4.0.0",
				Summary: "Unloads a module: not allowed.", run: runModule,
			},
		},
	},
	{
		Name: "monitor", Arity: 1, Flags: Admin | NoScript | Loading | Stale, Since: "1.0.0", Group: "server",
		Summary: "Shows this client all commands that are run.", run: runMonitor,
	},
	{
		Name: "replicaof", Arity: 3, Flags: Admin | NoScript | Stale | NoAsyncLoading, Since: "5.0.0", Group: "server",
		Summary: "Makes the server a master, which it is; there is no network to be a replica by.", run: runReplicaOf,
	},
	{
		Name: "role", Arity: 1, Flags: NoScript | Loading | Stale | Fast, Since: "2.8.12", Group: "server",
		categories: "admin dangerous",
		Summary:    "Returns the place in replication: a master without replicas.", run: runRole,
	},
	{
		Name: "slaveof", Arity: 3, Flags: Admin | NoScript | Stale | NoAsyncLoading, Since: "1.0.0", Group: "server",
		Summary: "The old name of REPLICAOF.", run: runReplicaOf,
	},
	{
		Name: "slowlog", Arity: -2, Since: "2.2.12", Group: "server",
		Summary: "Commands about the log of slow commands.",
		Subs: []*Command{
			{
				Name: "get", Arity: -2, Flags: Admin | Loading | Stale, Since: "2.2.12",
				Tips:    "request_policy:all_nodes nondeterministic_output",
				Summary: "Returns the latest entries.", run: runSlowlogGet,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "6.2.0",
				Summary: "Lists the subcommands.", run: helpOf(slowlogHelp),
			},
			{
				Name: "len", Arity: 2, Flags: Admin | Loading | Stale, Since: "2.2.12",
				Tips:    "request_policy:all_nodes response_policy:agg_sum nondeterministic_output",
				Summary: "Counts the entries.", run: runSlowlogLen,
			},
			{
				Name: "reset", Arity: 2, Flags: Admin | Loading | Stale, Since: "2.2.12",
				Tips:    "request_policy:all_nodes response_policy:all_succeeded",
				Summary: "Removes all entries.", run: runSlowlogReset,
			},
		},
	},
	{
		Name: "swapdb", Arity: 3, Flags: Write | Fast, Since: "4.0.0", Group: "server",
		categories: "dangerous keyspace", Whole: true,
		Summary: "Swaps the contents of two databases.", run: runSwapDB,
	},
	{
		Name: "time", Arity: 1, Flags: Loading | Stale | Fast, Since: "2.6.0", Group: "server",
		Tips:    "nondeterministic_output",
		Summary: "Returns the time, in seconds and microseconds.", run: runTime,
	},
}
