package command

import (
	"slices"

	"github.com/alcovedb/alcove/store"
)

func init() { register(pubsubCommands) }

var pubsubCommands = []*Command{
	{
		Name: "psubscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale, Since: "2.0.0", Group: "pubsub",
		Summary: "Subscribes to the channels that match patterns.", run: runPSubscribe,
	},
	{
		Name: "publish", Arity: 3, Flags: PubSub | Loading | Stale | Fast | MayReplicate, Since: "2.0.0", Group: "pubsub",
		Summary: "Sends a message to a channel.", run: runPublish,
	},
	{
		Name: "pubsub", Arity: -2, Since: "2.8.0", Group: "pubsub",
		Summary: "Shows channels and their subscribers.",
		Subs: []*Command{
			{
				Name: "channels", Arity: -2, Flags: PubSub | Loading | Stale, Since: "2.8.0",
				Summary: "Lists the channels that have subscribers.", run: runPubSubChannels,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "6.2.0",
				categories: "-pubsub",
				Summary:    "Lists the subcommands.", run: runPubSubHelp,
			},
			{
				Name: "numpat", Arity: 2, Flags: PubSub | Loading | Stale, Since: "2.8.0",
				Summary: "Counts the patterns that have subscribers.", run: runPubSubNumPat,
			},
			{
				Name: "numsub", Arity: -2, Flags: PubSub | Loading | Stale, Since: "2.8.0",
				Summary: "Counts the subscribers of channels.", run: runPubSubNumSub,
			},
			{
				Name: "shardchannels", Arity: -2, Flags: PubSub | Loading | Stale, Since: "7.0.0",
				Summary: "Lists the sharded channels that have subscribers.", run: runPubSubShardChannels,
			},
			{
				Name: "shardnumsub", Arity: -2, Flags: PubSub | Loading | Stale, Since: "7.0.0",
				Summary: "Counts the subscribers of sharded channels.", run: runPubSubShardNumSub,
			},
		},
	},
	{
		Name: "punsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale, Since: "2.0.0", Group: "pubsub",
		Summary: "Ends subscriptions to patterns.", run: runPUnsubscribe,
	},
	{
		Name: "spublish", Arity: 3, Flags: PubSub | Loading | Stale | Fast | MayReplicate, Since: "7.0.0", Group: "pubsub",
		Keys:    []KeySpec{at(1, "not_key")},
		Summary: "Sends a message to a sharded channel.", run: runSPublish,
	},
	{
		Name: "ssubscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale, Since: "7.0.0", Group: "pubsub",
		Keys:    []KeySpec{span(1, -1, 1, "not_key")},
		Summary: "Subscribes to sharded channels.", run: runSSubscribe,
	},
	{
		Name: "subscribe", Arity: -2, Flags: PubSub | NoScript | Loading | Stale, Since: "2.0.0", Group: "pubsub",
		Summary: "Subscribes to channels.", run: runSubscribe,
	},
	{
		Name: "sunsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale, Since: "7.0.0", Group: "pubsub",
		Keys:    []KeySpec{span(1, -1, 1, "not_key")},
		Summary: "Ends subscriptions to sharded channels.", run: runSUnsubscribe,
	},
	{
		Name: "unsubscribe", Arity: -1, Flags: PubSub | NoScript | Loading | Stale, Since: "2.0.0", Group: "pubsub",
		Summary: "Ends subscriptions to channels.", run: runUnsubscribe,
	},
}

func runPublish(c *call) Reply {
	switch s := c.s.srv.store; {
	case c.tx != nil:
		return countOr(c.tx.Publish(c.args[1], c.args[2]))
	case s == nil:
		return errNoStore
	default:
		return countOr(s.Publish(c.args[1], c.args[2]))
	}
}

func runSPublish(c *call) Reply {
	switch s := c.s.srv.store; {
	case c.tx != nil:
		return countOr(c.tx.SPublish(c.args[1], c.args[2]))
	case s == nil:
		return errNoStore
	default:
		return countOr(s.SPublish(c.args[1], c.args[2]))
	}
}

// errNoClient is what Do says of commands that mean what is sent to a client later.
var errNoClient = failed("ERR this command is for a client that stays: a session of command.NewServer")

func runSubscribe(c *call) Reply    { return c.subscribe(store.ChannelMessage) }
func runPSubscribe(c *call) Reply   { return c.subscribe(store.PatternMessage) }
func runUnsubscribe(c *call) Reply  { return c.unsubscribe(store.ChannelMessage) }
func runPUnsubscribe(c *call) Reply { return c.unsubscribe(store.PatternMessage) }
func runSUnsubscribe(c *call) Reply { return c.unsubscribe(store.ShardMessage) }

// runSSubscribe wants a reply for each channel where EXEC has one for each command, so that
// Redis forbids it there, unlike the others.
func runSSubscribe(c *call) Reply {
	if c.tx != nil {
		return failed("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
	}
	return c.subscribe(store.ShardMessage)
}

func (c *call) subscribe(kind store.MessageKind) Reply {
	if c.s.fixed != nil {
		return errNoClient
	}
	return c.s.subscribe(kind, c.rest(1), c.tx != nil)
}

func (c *call) unsubscribe(kind store.MessageKind) Reply {
	return c.s.unsubscribe(kind, c.rest(1), c.tx != nil)
}

func runPubSubChannels(c *call) Reply      { return c.channels((*store.Store).PubSubChannels) }
func runPubSubShardChannels(c *call) Reply { return c.channels((*store.Store).PubSubShardChannels) }

func (c *call) channels(list func(s *store.Store, patterns ...string) ([]string, error)) Reply {
	switch {
	case len(c.args) > 3:
		return c.subSyntax()
	case c.s.srv.store == nil:
		return errNoStore
	}
	return textsOr(list(c.s.srv.store, c.rest(2)...))
}

func runPubSubNumSub(c *call) Reply      { return c.numSub((*store.Store).PubSubNumSub) }
func runPubSubShardNumSub(c *call) Reply { return c.numSub((*store.Store).PubSubShardNumSub) }

func (c *call) numSub(count func(s *store.Store, channels ...string) ([]int, error)) Reply {
	if c.s.srv.store == nil {
		return errNoStore
	}
	channels := c.rest(2)
	counts, err := count(c.s.srv.store, channels...)
	if err != nil {
		return failure(err)
	}
	r := array()
	for i, channel := range channels {
		r.Elems = append(r.Elems, bulk(channel), integer(int64(counts[i])))
	}
	return r
}

func runPubSubNumPat(c *call) Reply {
	if c.s.srv.store == nil {
		return errNoStore
	}
	return countOr(c.s.srv.store.PubSubNumPat())
}

func runPubSubHelp(c *call) Reply {
	return c.help(`CHANNELS [<pattern>]
    Return the currently active channels matching a <pattern> (default: '*').
NUMPAT
    Return number of subscriptions to patterns.
NUMSUB [<channel> ...]
    Return the number of subscribers for the specified channels, excluding
    pattern subscriptions(default: no channels).
SHARDCHANNELS [<pattern>]
    Return the currently active shard level channels matching a <pattern> (default: '*').
SHARDNUMSUB [<shardchannel> ...]
    Return the number of subscribers for the specified shard level channel(s)
`)
}

// inSubscription says whether a command may run while a session of RESP2 is subscribed.
func inSubscription(cmd *Command) bool {
	return cmd.parent == nil && slices.Contains([]string{
		"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "ping", "quit", "reset",
	}, cmd.Name)
}
