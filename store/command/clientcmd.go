package command

import "strings"

// The subcommands of CLIENT that ask, and those that set something of the client.

// clientTypes are the classes that clients are asked for by; there are no replicas here.
var clientTypes = map[string]string{
	"normal": "normal", "slave": "replica", "replica": "replica", "pubsub": "pubsub", "master": "master",
}

func unknownType(name string) Reply { return failedf("ERR Unknown client type '%s'", name) }

func runClientList(c *call) Reply {
	keep := func(*Session) bool { return true }
	switch {
	case len(c.args) == 4 && c.is(2, "type"):
		kind, ok := clientTypes[lower(c.args[3])]
		if !ok {
			return unknownType(c.args[3])
		}
		keep = func(s *Session) bool { return s.kind() == kind }
	case len(c.args) > 3 && c.is(2, "id"):
		ids := map[int64]bool{}
		for _, text := range c.rest(3) {
			id, ok := parseInt(text)
			if !ok {
				return failed("ERR Invalid client ID")
			}
			ids[id] = true
		}
		keep = func(s *Session) bool { return ids[s.id] }
	case len(c.args) != 2:
		return errSyntax
	}
	var b strings.Builder
	now := c.clock()
	for _, s := range c.s.srv.clients() {
		if keep(s) {
			b.WriteString(s.describe(now) + "\n")
		}
	}
	return verbatim(b.String())
}

func runClientInfo(c *call) Reply { return verbatim(c.s.describe(c.clock()) + "\n") }
func runClientID(c *call) Reply   { return integer(c.s.id) }

func runClientGetName(c *call) Reply {
	if name := c.s.Name(); name != "" {
		return bulk(name)
	}
	return null
}

func runClientSetName(c *call) Reply {
	if bad := c.s.setName(c.args[2]); bad != nil {
		return *bad
	}
	return ok
}

func runClientSetInfo(c *call) Reply {
	name := lower(c.args[2])
	if name != "lib-name" && name != "lib-ver" {
		return failedf("ERR Unrecognized option '%s'", c.args[2])
	}
	if !validName(c.args[3]) {
		return failedf("ERR %s cannot contain spaces, newlines or special characters.", name)
	}
	c.s.lock.Lock()
	defer c.s.lock.Unlock()
	if name == "lib-name" {
		c.s.seen.libName = strings.Clone(c.args[3])
	} else {
		c.s.seen.libVer = strings.Clone(c.args[3])
	}
	return ok
}

// onOff reads the word at 2 as ON or OFF.
func (c *call) onOff() (on bool, r Reply) {
	if on = c.is(2, "on"); on || c.is(2, "off") {
		return on, ok
	}
	return false, errSyntax
}

func runClientNoEvict(c *call) Reply {
	on, r := c.onOff()
	if r.Kind != Error {
		c.s.lock.Lock()
		c.s.seen.noEvict = on
		c.s.lock.Unlock()
	}
	return r
}

func runClientNoTouch(c *call) Reply {
	on, r := c.onOff()
	if r.Kind != Error {
		c.s.noTouch = on
	}
	return r
}

func runClientReply(c *call) Reply {
	switch {
	case c.is(2, "on"):
		c.s.replies = repliesOn
		return ok
	case c.is(2, "off"):
		c.s.replies = repliesOff
	case c.is(2, "skip"):
		if c.s.replies != repliesOff {
			c.s.replies = skipNext
		}
	default:
		return errSyntax
	}
	return silent
}
