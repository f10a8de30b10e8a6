package command

func init() { register(clusterCommands) }

var clusterCommands = []*Command{
	{
		Name: "asking", Arity: 1, Flags: Fast, Since: "3.0.0", Group: "cluster",
		categories: "connection",
		Summary:    "Lets the next command use a slot that is moving.", run: inCluster(runClusterOK),
	},
	{
		Name: "cluster", Arity: -2, Since: "3.0.0", Group: "cluster",
		Summary: "Commands about a cluster.",
		Subs: []*Command{
			{
				Name: "addslots", Arity: -3, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Gives slots to this node.", run: inCluster(runFixed),
			},
			{
				Name: "addslotsrange", Arity: -4, Flags: Admin | Stale | NoAsyncLoading, Since: "7.0.0",
				Summary: "Gives ranges of slots to this node.", run: inCluster(runFixed),
			},
			{
				Name: "bumpepoch", Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Raises the epoch of the configuration.", run: inCluster(runFixed),
			},
			{
				Name: "count-failure-reports", Arity: 3, Flags: Admin | Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Counts the reports that a node has failed.", run: inCluster(runFailureReports),
			},
			{
				Name: "countkeysinslot", Arity: 3, Flags: Stale, Since: "3.0.0",
				Summary: "Counts the keys of a slot.", run: inCluster(runCountKeysInSlot),
			},
			{
				Name: "delslots", Arity: -3, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Takes slots from this node.", run: inCluster(runFixed),
			},
			{
				Name: "delslotsrange", Arity: -4, Flags: Admin | Stale | NoAsyncLoading, Since: "7.0.0",
				Summary: "Takes ranges of slots from this node.", run: inCluster(runFixed),
			},
			{
				Name: "failover", Arity: -2, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Makes a replica the master.", run: inCluster(runFixed),
			},
			{
				Name: "flushslots", Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Takes all slots from this node.", run: inCluster(runFixed),
			},
			{
				Name: "forget", Arity: 3, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Removes a node.", run: inCluster(runFixed),
			},
			{
				Name: "getkeysinslot", Arity: 4, Flags: Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Returns keys of a slot.", run: inCluster(runGetKeysInSlot),
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: inCluster(helpOf(clusterHelp)),
			},
			{
				Name: "info", Arity: 2, Flags: Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Describes the state of the cluster.", run: inCluster(runClusterInfo),
			},
			{
				Name: "keyslot", Arity: 3, Flags: Stale, Since: "3.0.0",
				Summary: "Returns the slot of a key.", run: inCluster(runKeySlot),
			},
			{
				Name: "links", Arity: 2, Flags: Stale, Since: "7.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Lists the links to other nodes.", run: inCluster(runClusterLinks),
			},
			{
				Name: "meet", Arity: -4, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Joins a node.", run: inCluster(runFixed),
			},
			{
				Name: "myid", Arity: 2, Flags: Stale, Since: "3.0.0",
				Summary: "Returns the id of this node.", run: inCluster(runClusterMyID),
			},
			{
				Name: "nodes", Arity: 2, Flags: Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Describes the nodes.", run: inCluster(runClusterNodes),
			},
			{
				Name: "replicas", Arity: 3, Flags: Admin | Stale, Since: "5.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Lists the replicas of a master.", run: inCluster(runClusterReplicas),
			},
			{
				Name: "replicate", Arity: 3, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Makes this node a replica.", run: inCluster(runFixed),
			},
			{
				Name: "reset", Arity: -2, Flags: Admin | NoScript | Stale, Since: "3.0.0",
				Summary: "Makes this node as it was when it came.", run: inCluster(runFixed),
			},
			{
				Name: "saveconfig", Arity: 2, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Writes the configuration of the node.", run: inCluster(runClusterOK),
			},
			{
				Name: "set-config-epoch", Arity: 3, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Sets the epoch of a new node.", run: inCluster(runFixed),
			},
			{
				Name: "setslot", Arity: -4, Flags: Admin | Stale | NoAsyncLoading, Since: "3.0.0",
				Summary: "Says whose a slot is.", run: inCluster(runFixed),
			},
			{
				Name: "shards", Arity: 2, Flags: Stale, Since: "7.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Maps the shards to slots and nodes.", run: inCluster(runClusterShards),
			},
			{
				Name: "slaves", Arity: 3, Flags: Admin | Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Lists the replicas of a master.", run: inCluster(runClusterReplicas),
			},
			{
				Name: "slots", Arity: 2, Flags: Stale, Since: "3.0.0",
				Tips:    "nondeterministic_output",
				Summary: "Maps the slots to nodes.", run: inCluster(runClusterSlots),
			},
		},
	},
	{
		Name: "readonly", Arity: 1, Flags: Loading | Stale | Fast, Since: "3.0.0", Group: "cluster",
		categories: "connection",
		Summary:    "Lets this client read from replicas.", run: inCluster(runClusterOK),
	},
	{
		Name: "readwrite", Arity: 1, Flags: Loading | Stale | Fast, Since: "3.0.0", Group: "cluster",
		categories: "connection",
		Summary:    "Ends what READONLY allows.", run: inCluster(runClusterOK),
	},
}
