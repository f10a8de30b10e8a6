package command

import (
	"errors"
	"time"

	"github.com/alcovedb/alcove/store"
)

func init() { register(streamCommands) }

var streamCommands = []*Command{
	{
		Name: "xack", Arity: -4, Flags: Write | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Acknowledges entries for a group.", run: runXAck,
	},
	{
		Name: "xackdel", Arity: -6, Flags: Write | Fast, Since: "8.2.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update delete")},
		Summary: "Acknowledges entries and removes them.", run: runXAckDel,
	},
	{
		Name: "xadd", Arity: -5, Flags: Write | DenyOOM | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Tips:    "nondeterministic_output",
		Summary: "Appends an entry; without a stream it makes one.", run: runXAdd,
	},
	{
		Name: "xautoclaim", Arity: -6, Flags: Write | Fast, Since: "6.2.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW delete")},
		Tips:    "nondeterministic_output",
		Summary: "Claims what has been pending for long, in steps.", run: runXAutoClaim,
	},
	{
		Name: "xcfgset", Arity: -2, Flags: Write | Fast, Since: "8.6.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets what a stream keeps of its producers.", run: runXCfgSet,
	},
	{
		Name: "xclaim", Arity: -6, Flags: Write | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Tips:    "nondeterministic_output",
		Summary: "Makes what is pending to others pending to a consumer.", run: runXClaim,
	},
	{
		Name: "xdel", Arity: -3, Flags: Write | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes entries.", run: runXDel,
	},
	{
		Name: "xdelex", Arity: -5, Flags: Write | Fast, Since: "8.2.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW delete")},
		Summary: "Removes entries, and what refers to them.", run: runXDelEx,
	},
	{
		Name: "xgroup", Arity: -2, Since: "5.0.0", Group: "stream",
		Summary: "Manages the groups of a stream.",
		Subs: []*Command{
			{
				Name: "create", Arity: -5, Flags: Write | DenyOOM, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RW insert")},
				Summary: "Makes a group.", run: runXGroupCreate,
			},
			{
				Name: "createconsumer", Arity: 5, Flags: Write | DenyOOM, Since: "6.2.0",
				Keys:    []KeySpec{at(2, "RW insert")},
				Summary: "Makes a consumer of a group.", run: runXGroupCreateConsumer,
			},
			{
				Name: "delconsumer", Arity: 5, Flags: Write, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RW delete")},
				Summary: "Removes a consumer of a group.", run: runXGroupDelConsumer,
			},
			{
				Name: "destroy", Arity: 4, Flags: Write, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RW delete")},
				Summary: "Removes a group.", run: runXGroupDestroy,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: runXGroupHelp,
			},
			{
				Name: "setid", Arity: -5, Flags: Write, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RW update")},
				Summary: "Moves a group to another place.", run: runXGroupSetID,
			},
		},
	},
	{
		Name: "xinfo", Arity: -2, Since: "5.0.0", Group: "stream",
		Summary: "Shows streams, groups and consumers.",
		Subs: []*Command{
			{
				Name: "consumers", Arity: 4, Flags: ReadOnly, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RO access")},
				Tips:    "nondeterministic_output",
				Summary: "Shows the consumers of a group.", run: runXInfoConsumers,
			},
			{
				Name: "groups", Arity: 3, Flags: ReadOnly, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RO access")},
				Summary: "Shows the groups of a stream.", run: runXInfoGroups,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: runXInfoHelp,
			},
			{
				Name: "stream", Arity: -3, Flags: ReadOnly, Since: "5.0.0",
				Keys:    []KeySpec{at(2, "RO access")},
				Summary: "Shows a stream.", run: runXInfoStream,
			},
		},
	},
	{
		Name: "xlen", Arity: 2, Flags: ReadOnly | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RO")},
		Summary: "Returns the number of entries.", run: runXLen,
	},
	{
		Name: "xnack", Arity: -7, Flags: Write | Fast, Since: "8.8.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Gives entries back that are pending.", run: runXNack,
	},
	{
		Name: "xpending", Arity: -3, Flags: ReadOnly, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RO access")},
		Tips:    "nondeterministic_output",
		Summary: "Returns what is pending in a group.", run: runXPending,
	},
	{
		Name: "xrange", Arity: -4, Flags: ReadOnly, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns entries in a range of IDs.", run: runXRange,
	},
	{
		Name: "xread", Arity: -4, Flags: ReadOnly | Blocking | MovableKeys, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{{Flags: "RO access", Keyword: "STREAMS", From: 1, Last: -1, Step: 1, Limit: 2}},
		Summary: "Returns the entries behind IDs, and may wait for them.", run: runXRead,
	},
	{
		Name: "xreadgroup", Arity: -7, Flags: Write | Blocking | MovableKeys, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{{Flags: "RO access", Keyword: "STREAMS", From: 4, Last: -1, Step: 1, Limit: 2}},
		Summary: "Gives entries to a consumer of a group, and may wait for them.", run: runXReadGroup,
	},
	{
		Name: "xrevrange", Arity: -4, Flags: ReadOnly, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Returns entries in a range of IDs, from its end on.", run: runXRevRange,
	},
	{
		Name: "xsetid", Arity: -3, Flags: Write | DenyOOM | Fast, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW update")},
		Summary: "Sets the last ID.", run: runXSetID,
	},
	{
		Name: "xtrim", Arity: -4, Flags: Write, Since: "5.0.0", Group: "stream",
		Keys:    []KeySpec{at(1, "RW delete")},
		Tips:    "nondeterministic_output",
		Summary: "Removes the oldest entries.", run: runXTrim,
	},
}

func (c *call) stream() store.Stream { return c.db.Stream(c.args[1]) }

func runXLen(c *call) Reply { return countOr(c.stream().Len()) }

func runXAdd(c *call) Reply {
	o, bad := c.addTrim(true)
	fields := c.rest(o.next)
	switch {
	case bad != nil:
		return *bad
	case o.next == 0 || len(fields) < 2 || len(fields)%2 != 0:
		return wrongArity(c.cmd)
	case o.zero:
		return failure(store.ErrStreamIDZero)
	}
	id, err := c.stream().AddWith(store.XAddOptions{ID: o.id, NoMkStream: o.noMkStream, Trim: o.trim}, pairsOf(fields)...)
	switch {
	case err == store.ErrNotFound:
		return null
	case err != nil:
		return failure(err)
	}
	return idReply(id)
}

func runXTrim(c *call) Reply {
	o, bad := c.addTrim(false)
	if bad != nil {
		return *bad
	}
	return countOr(c.stream().Trim(o.trim))
}

func runXDel(c *call) Reply {
	ids, bad := c.ids(2, len(c.args))
	if bad != nil {
		return c.afterWritten(c.args[1], store.KindStream, integer(0), bad)
	}
	return countOr(c.stream().Del(ids...))
}

func runXRange(c *call) Reply { return c.xrange(2, 3, false) }

func runXRevRange(c *call) Reply { return c.xrange(3, 2, true) }

func (c *call) xrange(low, high int, reverse bool) Reply {
	r, bad := c.interval(low, high)
	if bad != nil {
		return *bad
	}
	none := false
	for i := 4; i < len(c.args); i += 2 {
		if i+1 == len(c.args) || !c.is(i, "count") {
			return errSyntax
		}
		n, bad := c.int(i + 1)
		if bad != nil {
			return *bad
		}
		none = n <= 0
		r = r.Count(clamp(n))
	}
	if none {
		return c.afterKey(c.args[1], store.KindStream, array(), &noList)
	}
	if reverse {
		r = r.Rev()
	}
	list, err := c.stream().Range(r)
	if err != nil {
		return failure(err)
	}
	return entryReplies(list)
}

var (
	errAddedBelow0   = failed("ERR entries_added must be positive")
	errMaxDeleted    = failed("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
	errSetIDOrder    = failed("ERR The ID specified in XSETID is smaller than the target stream top item")
	errAddedTooSmall = failed("ERR The entries_added specified in XSETID is smaller than the target stream length")
)

func runXSetID(c *call) Reply {
	id, bad := c.id(2)
	var o store.SetIDOptions
	for i := 3; i < len(c.args) && bad == nil; i += 2 {
		switch {
		case i+1 == len(c.args):
			bad = &errSyntax
		case c.is(i, "entriesadded"):
			var n int64
			if n, bad = c.int(i + 1); bad == nil && n < 0 {
				bad = &errAddedBelow0
			}
			o.EntriesAdded = &n
		case c.is(i, "maxdeletedid"):
			if o.MaxDeletedID, bad = c.id(i + 1); bad == nil && id.Less(o.MaxDeletedID) {
				bad = &errMaxDeleted
			}
		default:
			bad = &errSyntax
		}
	}
	if bad != nil {
		return *bad
	}
	err := c.stream().SetIDWith(id, o)
	switch {
	case errors.Is(err, store.ErrStreamIDOrder):
		return errSetIDOrder
	case errors.Is(err, store.ErrOutOfRange):
		return errAddedTooSmall
	}
	return okOr(err)
}

var (
	errNumIDs       = failed("ERR Number of IDs must be a positive integer")
	errNumIDsMatch  = failed("ERR The `numids` parameter must match the number of arguments")
	errIDsMissing   = failed("ERR IDS option is required")
	errIDMPDuration = failed("ERR invalid duration: it must be from 1 to 86400 seconds")
	errIDMPMaxSize  = failed("ERR invalid maxsize: it must be from 1 to 10000")
)

// refsAndIDs reads the words from i on as those of XDELEX: what becomes of who refers to the
// entries, and their IDs (streamParseAckDelArgsOrReply in Redis 8.2).
func (c *call) refsAndIDs(i int) (refs store.Refs, ids []store.StreamID, bad *Reply) {
	given, from, to := false, 0, 0
	for i < len(c.args) {
		kind, isRefs := refWords[lower(c.args[i])]
		switch {
		case isRefs && !given:
			given, refs = true, kind
			i++
		case c.is(i, "ids") && i+1 < len(c.args):
			if from, to, bad = c.idPlaces(i + 1); bad != nil {
				return refs, nil, bad
			}
			i = to
		default:
			return refs, nil, &errSyntax
		}
	}
	if from == 0 {
		return refs, nil, &errIDsMissing
	}
	ids, bad = c.ids(from, to)
	return refs, ids, bad
}

// idPlaces reads the word at i as a number of IDs, and returns the place of the first and that
// behind the last.
func (c *call) idPlaces(i int) (from, to int, bad *Reply) {
	n, bad := c.atLeast(i, 1, &errNumIDs)
	switch {
	case bad != nil:
		return 0, 0, bad
	case n > len(c.args)-i-1:
		return 0, 0, &errNumIDsMatch
	}
	return i + 1, i + 1 + n, nil
}

func removalsOr(list []store.Removal, err error) Reply {
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, n := range list {
		r.Elems = append(r.Elems, integer(int64(n)))
	}
	return r
}

func runXDelEx(c *call) Reply {
	refs, ids, bad := c.refsAndIDs(2)
	if bad != nil {
		return *bad
	}
	return removalsOr(c.stream().DelEx(refs, ids...))
}

func runXCfgSet(c *call) Reply {
	var cfg store.StreamConfig
	for i := 2; i < len(c.args); i += 2 {
		if i+1 == len(c.args) {
			return errSyntax
		}
		n, bad := c.int(i + 1)
		switch {
		case c.is(i, "idmp-duration"):
			const most = 86400
			if bad != nil || n < 1 || n > most {
				return errIDMPDuration
			}
			cfg.IDMPDuration = time.Duration(n) * time.Second
		case c.is(i, "idmp-maxsize"):
			const most = 10_000
			if bad != nil || n < 1 || n > most {
				return errIDMPMaxSize
			}
			cfg.IDMPMaxSize = int(n)
		default:
			return errSyntax
		}
	}
	return okOr(c.stream().CfgSet(cfg))
}
