package command

import (
	"slices"
	"strings"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/store"
)

// denial is why a user may not do something; of several selectors, the greatest counts.
type denial uint8

const (
	allowed denial = iota
	deniedCommand
	deniedKey
	deniedAuth
	deniedChannel
)

// String returns the reason as ACL LOG shows it.
func (d denial) String() string {
	return [...]string{"", "command", "key", "auth", "channel"}[d]
}

// denied is what a user may not do.
type denied struct {
	why          denial
	object, user string
}

// reply is what is said of it before a command runs.
func (d denied) reply(cmd *Command) Reply {
	switch d.why {
	case deniedKey:
		return failed("NOPERM this user has no permissions to access one of the keys used as arguments")
	case deniedChannel:
		return failed("NOPERM this user has no permissions to access one of the channels used as arguments")
	default:
		return failedf("NOPERM this user has no permissions to run the '%s' command", cmd.FullName())
	}
}

// later is what is said of it at EXEC, when the rules have changed since.
func (d denied) later() Reply {
	why := "no permission to execute the command or subcommand"
	switch d.why {
	case deniedKey:
		why = "no permission to touch the specified keys"
	case deniedChannel:
		why = "no permission to access one of the channels used as arguments to the command"
	}
	return failed("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: " + why)
}

// mayAll says whether nothing is forbidden to the user, as to the default user at first.
func (u *user) mayAll() bool {
	s := u.rules.Load().selectors[0]
	return s.allCommands && s.allKeys && s.allChannels
}

// denies says what, if anything, keeps the user from running a command.
func (u *user) denies(cmd *Command, args []string) denied {
	worst, last := denied{why: deniedCommand, object: cmd.FullName()}, 0
	for _, s := range u.rules.Load().selectors {
		why, place := s.denies(cmd, args)
		if why == allowed {
			return denied{}
		}
		if why > worst.why || why == worst.why && place > last {
			if worst.why, last = why, place; why != deniedCommand {
				worst.object = strings.Clone(args[place])
			}
		}
	}
	return worst
}

// denies is that of one selector, with the place of the key or the channel that it does not
// allow (ACLSelectorCheckCmd in acl.c).
func (s *selector) denies(cmd *Command, args []string) (why denial, place int) {
	if !s.allCommands && cmd.Flags&NoAuth == 0 && !s.commands.has(cmd) && !s.allowsFirst(cmd, args) {
		return deniedCommand, 0
	}
	if !s.allKeys {
		for _, use := range cmd.keyUses(args) {
			if !use.channel && !s.allowsKey(args[use.place], use) {
				return deniedKey, use.place
			}
		}
	}
	if !s.allChannels {
		channels, patterns := cmd.channels(args)
		for i, name := range channels {
			if !s.allowsChannel(name, patterns) {
				return deniedChannel, i + 1
			}
		}
	}
	return allowed, 0
}

func (s *selector) allowsFirst(cmd *Command, args []string) bool {
	place := 1
	if cmd.parent != nil {
		place = 2
	}
	return place < len(args) && slices.ContainsFunc(s.firstArgs[cmd.id], func(first string) bool {
		return same(args[place], first)
	})
}

// allowsKey says whether one pattern allows all that is done to a key.
func (s *selector) allowsKey(key string, use keyUse) bool {
	for i := range s.keys {
		k := &s.keys[i]
		if (k.read || !use.reads()) && (k.write || !use.writes()) && pubsub.Match(k.pattern, key) {
			return true
		}
	}
	return false
}

func (s *selector) allowsChannel(name string, isPattern bool) bool {
	for _, pattern := range s.channels {
		if isPattern && pattern == name || !isPattern && pubsub.Match(pattern, name) {
			return true
		}
	}
	return false
}

// losesChannels says whether the rules may allow less channels than the old ones: whether one of
// the old patterns is none of theirs (getUpcomingChannelList in acl.c).
func (r *rules) losesChannels(old *rules) bool {
	for _, s := range r.selectors {
		if s.allChannels {
			return false
		}
	}
	for _, s := range old.selectors {
		if s.allChannels || slices.ContainsFunc(s.channels, func(pattern string) bool { return !r.allowsChannel(pattern, true) }) {
			return true
		}
	}
	return false
}

// allowsChannel says whether one of the selectors, none of which allows all, allows a channel.
func (r *rules) allowsChannel(name string, isPattern bool) bool {
	return slices.ContainsFunc(r.selectors, func(s *selector) bool { return s.allowsChannel(name, isPattern) })
}

// denied says whether the rules do not allow one of the subscriptions.
func (u *subscriptions) denied(r *rules) bool {
	u.lock.Lock()
	defer u.lock.Unlock()
	for kind, names := range u.names {
		isPattern := store.MessageKind(kind) == store.PatternMessage
		for name := range names {
			if !r.allowsChannel(name, isPattern) {
				return true
			}
		}
	}
	return false
}

// readsAllKeys says whether the user may run a command by a selector that has it read every key
// (ACLUserCheckCmdWithUnrestrictedPerms in acl.c).
func (u *user) readsAllKeys(cmd *Command, args []string) bool {
	return slices.ContainsFunc(u.rules.Load().selectors, func(s *selector) bool {
		all := s.allKeys || slices.ContainsFunc(s.keys, func(k keyPattern) bool { return k.read && k.pattern == "*" })
		if !all {
			return false
		}
		why, _ := s.denies(cmd, args)
		return why == allowed
	})
}

// channels returns the channels of a command, from the first argument on; with patterns they
// must be allowed by the very same pattern.
func (cmd *Command) channels(args []string) (names []string, patterns bool) {
	if cmd.parent != nil {
		return nil, false
	}
	switch cmd.Name {
	case "publish", "spublish":
		return args[1:2], false
	case "subscribe", "ssubscribe":
		return args[1:], false
	case "psubscribe":
		return args[1:], true
	}
	return nil, false
}

// keyUse is a key among the words of a command, and what the command does to it.
type keyUse struct {
	place   int
	flags   string
	channel bool // it is no key
}

func (u keyUse) reads() bool { return strings.Contains(u.flags, "access") }

func (u keyUse) writes() bool {
	return strings.Contains(u.flags, "update") || strings.Contains(u.flags, "insert") || strings.Contains(u.flags, "delete")
}

// keyUses returns the keys among the words of a command, none if these are no words for it.
func (cmd *Command) keyUses(args []string) (uses []keyUse) {
	places, ok := cmd.KeyPlaces(args)
	if !ok {
		return nil
	}
	at, other := cmd.keyFlags(args)
	for _, place := range places {
		flags := at[place]
		if flags == "" {
			flags = other
		}
		uses = append(uses, keyUse{place: place, flags: flags, channel: strings.Contains(flags, "not_key")})
	}
	return uses
}

// keyFlags returns the flags of the keys by the places of the words, and those of keys at
// places that the specs do not tell.
func (cmd *Command) keyFlags(args []string) (at []string, other string) {
	at = make([]string, len(args))
	switch cmd.Name {
	case "set": // setGetKeys in db.c
		if slices.ContainsFunc(args[3:], func(word string) bool { return same(word, "get") }) {
			return at, "RW access update"
		}
		return at, "OW update"
	case "bitfield": // bitfieldGetKeys
		for i := 2; i < len(args); i++ {
			switch more := len(args) - i - 1; {
			case same(args[i], "get") && more >= 2:
				i += 2
			case same(args[i], "overflow") && more >= 1:
				i++
			default:
				return at, "RW access update"
			}
		}
		return at, "RO access"
	}
	for i := range cmd.Keys {
		k := &cmd.Keys[i]
		found, ok := k.find(args)
		if !ok && k.Numbered { // then countedKeys has told of keys, without what is done to them
			return make([]string, len(args)), ""
		}
		for _, place := range found {
			if ok && at[place] == "" {
				at[place] = strings.TrimSuffix(k.Flags, " incomplete")
			}
		}
		if k.Index == 0 && k.Keyword == "" {
			other = k.Flags
		}
	}
	return at, strings.TrimSuffix(other, " incomplete")
}
