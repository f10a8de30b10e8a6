package command

import (
	"errors"
	"time"

	"github.com/alcovedb/alcove/store"
)

// infoFailure is failure of the subcommands of XINFO.
func (c *call) infoFailure(err error) Reply {
	if errors.Is(err, store.ErrNoGroup) {
		return noConsumerGroup(c.args[2], c.args[3])
	}
	return failure(err)
}

func runXInfoConsumers(c *call) Reply {
	list, err := c.db.Stream(c.args[2]).Group(c.args[3]).InfoConsumers()
	if err != nil {
		return c.infoFailure(err)
	}
	r := array()
	for _, i := range list {
		r.Elems = append(r.Elems, pairs(
			bulk("name"), bulk(i.Name),
			bulk("pending"), integer(int64(i.Pending)),
			bulk("idle"), integer(i.Idle.Milliseconds()),
		))
	}
	return r
}

// known is a number, or null where nobody knows it.
func known(n int64, is bool) Reply {
	if !is {
		return null
	}
	return integer(n)
}

func runXInfoGroups(c *call) Reply {
	list, err := c.db.Stream(c.args[2]).InfoGroups()
	if err != nil {
		return c.infoFailure(err)
	}
	r := array()
	for _, g := range list {
		r.Elems = append(r.Elems, pairs(
			bulk("name"), bulk(g.Name),
			bulk("consumers"), integer(int64(g.Consumers)),
			bulk("pending"), integer(int64(g.Pending)),
			bulk("last-delivered-id"), idReply(g.LastDelivered),
			bulk("entries-read"), known(g.EntriesRead, g.EntriesRead != store.Unknown),
			bulk("lag"), known(g.Lag, g.LagKnown),
		))
	}
	return r
}

// runXInfoStream is xinfoReplyWithStreamInfo in t_stream.c.
func runXInfoStream(c *call) Reply {
	stream := c.db.Stream(c.args[2])
	count, bad := c.fullCount()
	switch {
	case bad != nil:
		return c.afterKey(c.args[2], store.KindStream, errNoKey, bad)
	case len(c.args) > 3:
		full, err := stream.InfoFull(count)
		if err != nil {
			return c.infoFailure(err)
		}
		return fullReply(full)
	}
	info, err := stream.Info()
	if err != nil {
		return c.infoFailure(err)
	}
	r := streamInfo(info)
	r.Elems = append(r.Elems, bulk("groups"), integer(int64(info.Groups)))
	first, last := null, null
	if info.Len > 0 {
		first, last = entryReply(info.First), entryReply(info.Last)
	}
	r.Elems = append(r.Elems, bulk("first-entry"), first, bulk("last-entry"), last)
	return r
}

// fullCount reads FULL and its COUNT.
func (c *call) fullCount() (count int, bad *Reply) {
	wrong := c.subSyntax()
	switch options := c.rest(3); {
	case len(options) == 0:
		return 0, nil
	case len(options) != 1 && len(options) != 3, !c.is(3, "full"):
		return 0, &wrong
	case len(options) == 1:
		return -1, nil
	case !c.is(4, "count"):
		return 0, &wrong
	}
	return c.index(5)
}

// streamInfo is what XINFO STREAM says in both forms.
func streamInfo(info store.StreamInfo) Reply {
	return pairs(
		bulk("length"), integer(int64(info.Len)),
		bulk("radix-tree-keys"), integer(int64(info.RadixTreeKeys)),
		bulk("radix-tree-nodes"), integer(int64(info.RadixTreeNodes)),
		bulk("last-generated-id"), idReply(info.LastID),
		bulk("max-deleted-entry-id"), idReply(info.MaxDeletedID),
		bulk("entries-added"), integer(info.EntriesAdded),
		bulk("recorded-first-entry-id"), idReply(info.FirstID),
	)
}

func fullReply(full store.StreamInfoFull) Reply {
	groups := array()
	for _, g := range full.GroupList {
		pending := array()
		for _, p := range g.PEL {
			pending.Elems = append(pending.Elems,
				array(idReply(p.ID), bulk(p.Consumer), integer(p.Delivered.UnixMilli()), integer(p.Deliveries)))
		}
		consumers := array()
		for _, i := range g.ConsumerList {
			consumers.Elems = append(consumers.Elems, consumerReply(i))
		}
		groups.Elems = append(groups.Elems, pairs(
			bulk("name"), bulk(g.Name),
			bulk("last-delivered-id"), idReply(g.LastDelivered),
			bulk("entries-read"), known(g.EntriesRead, g.EntriesRead != store.Unknown),
			bulk("lag"), known(g.Lag, g.LagKnown),
			bulk("pel-count"), integer(int64(g.Pending)),
			bulk("pending"), pending,
			bulk("consumers"), consumers,
		))
	}
	r := streamInfo(full.StreamInfo)
	r.Elems = append(r.Elems, bulk("entries"), entryReplies(full.Entries), bulk("groups"), groups)
	return r
}

func consumerReply(i store.ConsumerInfoFull) Reply {
	pending := array()
	for _, p := range i.PEL {
		pending.Elems = append(pending.Elems, array(idReply(p.ID), timeReply(p.Delivered), integer(p.Deliveries)))
	}
	return pairs(
		bulk("name"), bulk(i.Name),
		bulk("seen-time"), timeReply(i.Seen),
		bulk("pel-count"), integer(int64(i.Pending)),
		bulk("pending"), pending,
	)
}

func timeReply(t time.Time) Reply { return integer(t.UnixMilli()) }

func runXInfoHelp(c *call) Reply {
	return c.help(`CONSUMERS <key> <groupname>
    Show consumers of <groupname>.
GROUPS <key>
    Show the stream consumer groups.
STREAM <key> [FULL [COUNT <count>]
    Show information about the stream.
`)
}
