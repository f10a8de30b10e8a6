package command

import (
	"strings"

	"github.com/alcovedb/alcove/store"
)

func init() { register(connectionCommands) }

var connectionCommands = []*Command{
	{
		Name: "auth", Arity: -2, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Since: "1.0.0", Group: "connection",
		Summary: "Gives the name and the password of a user.", run: runAuth,
	},
	{
		Name: "client", Arity: -2, Since: "2.4.0", Group: "connection",
		Summary: "Commands about the clients.",
		Subs: []*Command{
			{
				Name: "caching", Arity: 3, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Says whether the keys of the next command are tracked.", run: runClientCaching,
			},
			{
				Name: "getname", Arity: 2, Flags: NoScript | Loading | Stale, Since: "2.6.9",
				Summary: "Returns the name of this client.", run: runClientGetName,
			},
			{
				Name: "getredir", Arity: 2, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Returns the client that gets the invalidations of this one.", run: runClientGetRedir,
			},
			{
				Name: "help", Arity: 2, Flags: Loading | Stale, Since: "5.0.0",
				Summary: "Lists the subcommands.", run: helpOf(clientHelp),
			},
			{
				Name: "id", Arity: 2, Flags: NoScript | Loading | Stale, Since: "5.0.0",
				Summary: "Returns the number of this client.", run: runClientID,
			},
			{
				Name: "info", Arity: 2, Flags: NoScript | Loading | Stale, Since: "6.2.0",
				Tips:    "nondeterministic_output",
				Summary: "Describes this client.", run: runClientInfo,
			},
			{
				Name: "kill", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "2.4.0",
				Summary: "Closes clients.", run: runClientKill,
			},
			{
				Name: "list", Arity: -2, Flags: Admin | NoScript | Loading | Stale, Since: "2.4.0",
				Tips:    "nondeterministic_output",
				Summary: "Describes all clients.", run: runClientList,
			},
			{
				Name: "no-evict", Arity: 3, Flags: Admin | NoScript | Loading | Stale, Since: "7.0.0",
				Summary: "Says whether this client is spared when memory is short.", run: runClientNoEvict,
			},
			{
				Name: "no-touch", Arity: 3, Flags: NoScript | Loading | Stale, Since: "7.2.0",
				Summary: "Says whether what this client reads counts as used.", run: runClientNoTouch,
			},
			{
				Name: "pause", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "2.9.50",
				Summary: "Makes the commands of all clients wait for a time.", run: runClientPause,
			},
			{
				Name: "reply", Arity: 3, Flags: NoScript | Loading | Stale, Since: "3.2.0",
				Summary: "Turns the replies to this client off and on.", run: runClientReply,
			},
			{
				Name: "setinfo", Arity: 4, Flags: NoScript | Loading | Stale, Since: "7.2.0",
				Summary: "Names the library of this client, or its version.", run: runClientSetInfo,
			},
			{
				Name: "setname", Arity: 3, Flags: NoScript | Loading | Stale, Since: "2.6.9",
				Summary: "Names this client.", run: runClientSetName,
			},
			{
				Name: "tracking", Arity: -3, Flags: NoScript | Loading | Stale, Since: "6.0.0",
				Summary: "Turns invalidations of what this client reads on and off.", run: runClientTracking,
			},
			{
				Name: "trackinginfo", Arity: 2, Flags: NoScript | Loading | Stale, Since: "6.2.0",
				Summary: "Describes the tracking of this client.", run: runClientTrackingInfo,
			},
			{
				Name: "unblock", Arity: -3, Flags: Admin | NoScript | Loading | Stale, Since: "5.0.0",
				Summary: "Ends the wait of a client.", run: runClientUnblock,
			},
			{
				Name: "unpause", Arity: 2, Flags: Admin | NoScript | Loading | Stale, Since: "6.2.0",
				Summary: "Ends a pause.", run: runClientUnpause,
			},
		},
	},
	{
		Name: "echo", Arity: 2, Flags: Loading | Stale | Fast, Since: "1.0.0", Group: "connection",
		Summary: "Returns its argument.", run: runEcho,
	},
	{
		Name: "hello", Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Since: "6.0.0", Group: "connection",
		Summary: "Chooses the protocol, and describes the server.", run: runHello,
	},
	{
		Name: "ping", Arity: -1, Flags: Fast, Since: "1.0.0", Group: "connection",
		Tips:    "request_policy:all_shards response_policy:all_succeeded",
		Summary: "Returns PONG, or its argument.", run: runPing,
	},
	{
		Name: "quit", Arity: -1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Since: "1.0.0", Group: "connection",
		Summary: "Closes this client.", run: runQuit,
	},
	{
		Name: "reset", Arity: 1, Flags: NoScript | Loading | Stale | Fast | NoAuth | AllowBusy, Since: "6.2.0", Group: "connection",
		Summary: "Makes this client as it was when it came.", run: runReset,
	},
	{
		Name: "select", Arity: 2, Flags: Loading | Stale | Fast, Since: "1.0.0", Group: "connection",
		Summary: "Chooses the database of this client.", run: runSelect,
	},
}

func runPing(c *call) Reply {
	switch {
	case len(c.args) > 2:
		return wrongArity(c.cmd)
	case !c.resp3() && c.script == nil && c.s.subscribed(): // RESP2 has no pushes: all that comes looks like a message
		text := ""
		if len(c.args) == 2 {
			text = c.args[1]
		}
		return array(bulk("pong"), bulk(text))
	case len(c.args) == 2:
		return bulk(c.args[1])
	}
	return simple("PONG")
}

func runEcho(c *call) Reply { return bulk(c.args[1]) }

func runQuit(c *call) Reply {
	c.s.ended.Store(true)
	return ok
}

func runSelect(c *call) Reply {
	n, bad := c.smallInt(1)
	switch {
	case bad != nil:
		return *bad
	case n != 0 && c.clustered():
		return errClusterSelect
	case n < 0 || n >= store.Databases:
		return errInvalidDB
	}
	c.s.n = n
	return ok
}

func runReset(c *call) Reply {
	s := c.s
	s.multi = nil
	s.unwatch()
	s.stopMonitor()
	s.endSubscriptions()
	s.limitOutput()
	s.untrack()
	s.n, s.proto, s.noTouch = 0, 2, false
	if s.replies != skipThis { // which drops the reply to RESET, too
		s.replies = repliesOn
	}
	s.lock.Lock()
	s.seen.name, s.seen.noEvict = "", false
	s.lock.Unlock()
	s.asDefault()
	return simple("RESET")
}

var errWrongPass = failed("WRONGPASS invalid username-password pair or user is disabled.")

// login makes the client one of a user, if the password is right.
func (c *call) login(name, password string) *Reply {
	u := c.s.srv.user(name)
	if u == nil || !u.rules.Load().accepts(password) {
		c.s.srv.acl.log(c, denied{why: deniedAuth, object: strings.Clone(c.args[0]), user: name})
		return &errWrongPass
	}
	c.s.user.Store(u)
	c.s.authenticated = true
	return nil
}

func runAuth(c *call) Reply {
	name, password := defaultName, c.args[1]
	switch {
	case len(c.args) > 3:
		return errSyntax
	case len(c.args) == 3:
		name, password = c.args[1], c.args[2]
	case c.s.srv.defaultUser().rules.Load().noPass:
		return failed("ERR AUTH <password> called without any password configured for the default user. " +
			"Are you sure your configuration is correct?")
	}
	if bad := c.login(name, password); bad != nil {
		return *bad
	}
	return ok
}

func runHello(c *call) Reply {
	proto := c.s.proto
	if len(c.args) > 1 {
		n, ok := parseInt(c.args[1])
		switch {
		case !ok:
			return failed("ERR Protocol version is not an integer or out of range")
		case n < 2 || n > 3:
			return failed("NOPROTO unsupported protocol version")
		}
		proto = int(n)
	}
	for i := 2; i < len(c.args); i++ {
		more := len(c.args) - 1 - i
		var bad *Reply
		switch {
		case c.is(i, "auth") && more >= 2:
			bad = c.login(c.args[i+1], c.args[i+2])
			i += 2
		case c.is(i, "setname") && more >= 1:
			bad = c.s.setName(c.args[i+1])
			i++
		default:
			return failedf("ERR Syntax error in HELLO option '%s'", c.args[i])
		}
		if bad != nil {
			return *bad
		}
	}
	if c.s.needsAuth() {
		return failed("NOAUTH HELLO must be called with the client already authenticated, otherwise the " +
			"HELLO AUTH <user> <pass> option can be used to authenticate the client and select the " +
			"RESP protocol version at the same time")
	}
	c.s.proto = proto
	return pairs(bulk("server"), bulk("redis"), bulk("version"), bulk(RedisVersion),
		bulk("proto"), integer(int64(proto)), bulk("id"), integer(c.s.id), bulk("mode"), bulk(c.s.srv.mode()),
		bulk("role"), bulk("master"), bulk("modules"), array())
}

// RedisVersion is the version of Redis that clients are told, and that scripts are to be told.
const RedisVersion = "7.0.15"
