package command

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync/atomic"
)

type atomicRules = atomic.Pointer[rules]

// rules are what a user may do. They do not change once a user has them.
type rules struct {
	on, noPass bool
	sanitize   string   // what is said of payloads, empty if nothing was
	passwords  []string // SHA-256, in hex
	selectors  []*selector
}

// selector allows commands on keys and channels. A user may do what one of its selectors allows.
type selector struct {
	allCommands, allKeys, allChannels bool
	future                            bool // commands that there are not yet, too
	commands                          commandSet
	firstArgs                         map[int][]string // of commands that are not in the set
	keys                              []keyPattern
	channels                          []string
}

// keyPattern allows to read or to write keys.
type keyPattern struct {
	pattern     string
	read, write bool
}

// commandSet has a bit for each command.
type commandSet []uint64

func (s commandSet) has(cmd *Command) bool {
	return cmd.id/64 < len(s) && s[cmd.id/64]&(1<<(cmd.id%64)) != 0
}

func (s *commandSet) set(cmd *Command, on bool) {
	for len(*s) <= cmd.id/64 {
		*s = append(*s, 0)
	}
	if on {
		(*s)[cmd.id/64] |= 1 << (cmd.id % 64)
	} else {
		(*s)[cmd.id/64] &^= 1 << (cmd.id % 64)
	}
}

// among returns how many commands of another set are in this one, and how many it has.
func (s commandSet) among(other commandSet) (in, all int) {
	for i, w := range other {
		all += bits.OnesCount64(w)
		if i < len(s) {
			in += bits.OnesCount64(w & s[i])
		}
	}
	return in, all
}

// everything is what the default user may do at first.
var everything = &rules{on: true, noPass: true, selectors: []*selector{
	{allCommands: true, allKeys: true, allChannels: true, future: true, commands: commandSet(slices.Repeat([]uint64{math.MaxUint64}, 16))},
}}

func newRules(allChannels bool) *rules {
	return &rules{selectors: []*selector{{allChannels: allChannels}}}
}

func (r *rules) clone() *rules {
	n := *r
	n.passwords = slices.Clone(r.passwords)
	n.selectors = make([]*selector, len(r.selectors))
	for i, s := range r.selectors {
		c := *s
		c.commands, c.keys, c.channels = slices.Clone(s.commands), slices.Clone(s.keys), slices.Clone(s.channels)
		c.firstArgs = maps.Clone(s.firstArgs)
		n.selectors[i] = &c
	}
	return &n
}

func digest(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// accepts says whether a user with this password may come in. How long it takes tells nothing
// of the password.
func (r *rules) accepts(password string) bool {
	hash, known := []byte(digest(password)), 0
	for _, p := range r.passwords {
		known |= subtle.ConstantTimeCompare([]byte(p), hash)
	}
	return r.on && (r.noPass || known == 1)
}

// The texts of errors in rules (ACLSetUserStringError in acl.c).
const (
	aclUnknown    = "Unknown command or category name in ACL"
	aclSyntax     = "Syntax error"
	aclBadHash    = "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
	aclAllKeys    = "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
	aclAllChannel = "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
	aclNoPassword = "The password you are trying to remove from the user does not exist"
	aclFirstArg   = "Allowing first-arg of a subcommand is not supported"
)

// set applies one rule, and returns what is wrong with it (ACLSetUser in acl.c).
func (r *rules) set(word string, allChannels bool) (why string) {
	switch lower(word) {
	case "on":
		r.on = true
	case "off":
		r.on = false
	case "nopass":
		r.noPass, r.passwords = true, nil
	case "resetpass":
		r.noPass, r.passwords = false, nil
	case "skip-sanitize-payload", "sanitize-payload":
		r.sanitize = lower(word)
	case "clearselectors":
		r.selectors = r.selectors[:1]
	case "reset":
		*r = *newRules(allChannels)
		r.sanitize = "sanitize-payload"
	default:
		if word == "" {
			return ""
		}
		switch word[0] {
		case '>', '#', '<', '!':
			return r.setPassword(word)
		case '(':
			return r.add(word, allChannels)
		}
		return r.selectors[0].set(word)
	}
	return ""
}

// setPassword adds a password or removes it, in clear or as a hash.
func (r *rules) setPassword(word string) (why string) {
	hash := word[1:]
	switch word[0] {
	case '>', '<':
		hash = digest(hash)
	default:
		if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			return aclBadHash
		}
	}
	i := slices.Index(r.passwords, hash)
	switch {
	case word[0] == '>' || word[0] == '#':
		r.noPass = false
		if i < 0 {
			r.passwords = append(r.passwords, strings.Clone(hash))
		}
	case i < 0:
		return aclNoPassword
	default:
		r.passwords = slices.Delete(r.passwords, i, i+1)
	}
	return ""
}

// add adds a selector of the rules between parentheses.
func (r *rules) add(word string, allChannels bool) (why string) {
	if !strings.HasSuffix(word, ")") {
		return aclSyntax
	}
	s := &selector{allChannels: allChannels}
	for _, rule := range strings.Fields(word[1 : len(word)-1]) {
		if why := s.set(rule); why != "" {
			return why
		}
	}
	r.selectors = append(r.selectors, s)
	return ""
}

// set applies one rule (ACLSetSelector in acl.c).
func (s *selector) set(word string) (why string) {
	switch lower(word) {
	case "allkeys", "~*":
		s.allKeys, s.keys = true, nil
	case "resetkeys":
		s.allKeys, s.keys = false, nil
	case "allchannels", "&*":
		s.allChannels, s.channels = true, nil
	case "resetchannels":
		s.allChannels, s.channels = false, nil
	case "allcommands", "+@all":
		s.allCommands, s.future, s.commands, s.firstArgs = true, true, slices.Clone(everything.selectors[0].commands), nil
	case "nocommands", "-@all":
		s.allCommands, s.future, s.commands, s.firstArgs = false, false, nil, nil
	default:
		if word == "" {
			return aclSyntax
		}
		switch word[0] {
		case '~', '%':
			return s.addKeys(word)
		case '&':
			return s.addChannel(word[1:])
		case '+', '-':
			if strings.HasPrefix(word[1:], "@") {
				return s.setCategory(word[2:], word[0] == '+')
			}
			return s.setCommand(word[1:], word[0] == '+')
		}
		return aclSyntax
	}
	return ""
}

func (s *selector) addKeys(word string) (why string) {
	if s.allKeys {
		return aclAllKeys
	}
	p := keyPattern{pattern: word[1:], read: true, write: true}
	if word[0] == '%' {
		p.read, p.write = false, false
		flags, pattern, _ := strings.Cut(word[1:], "~")
		for _, f := range lower(flags) {
			switch {
			case f == 'r' && !p.read:
				p.read = true
			case f == 'w' && !p.write:
				p.write = true
			default:
				return aclSyntax
			}
		}
		if flags == "" {
			return aclSyntax
		}
		p.pattern = pattern
	}
	if hasSpaces(p.pattern) {
		return aclSyntax
	}
	for i := range s.keys {
		if k := &s.keys[i]; k.pattern == p.pattern {
			k.read, k.write = k.read || p.read, k.write || p.write
			return ""
		}
	}
	p.pattern = strings.Clone(p.pattern)
	s.keys = append(s.keys, p)
	return ""
}

func (s *selector) addChannel(pattern string) (why string) {
	switch {
	case s.allChannels:
		return aclAllChannel
	case hasSpaces(pattern):
		return aclSyntax
	case !slices.Contains(s.channels, pattern):
		s.channels = append(s.channels, strings.Clone(pattern))
	}
	return ""
}

// aclLookup returns the command of a name, of a subcommand with a bar in it.
func aclLookup(name string) *Command {
	name, sub, found := strings.Cut(lower(name), "|")
	cmd := byName[name]
	if cmd != nil && found {
		return cmd.sub(sub)
	}
	return cmd
}

func (s *selector) setCommand(name string, on bool) (why string) {
	if cmd := aclLookup(name); cmd != nil {
		s.allow(cmd, on)
		return ""
	}
	i := strings.LastIndexByte(name, '|')
	if i < 0 || !on {
		return aclUnknown
	}
	cmd, first := aclLookup(name[:i]), name[i+1:]
	switch {
	case cmd == nil:
		return aclUnknown
	case cmd.parent != nil:
		return aclFirstArg
	case first == "":
		return aclSyntax
	case cmd.Subs != nil:
		return aclUnknown
	}
	if s.firstArgs == nil {
		s.firstArgs = map[int][]string{}
	}
	if !slices.Contains(s.firstArgs[cmd.id], first) {
		s.firstArgs[cmd.id] = append(slices.Clip(s.firstArgs[cmd.id]), strings.Clone(first))
	}
	return ""
}

// allow allows a command with its subcommands, or does not any more.
func (s *selector) allow(cmd *Command, on bool) {
	s.commands.set(cmd, on)
	delete(s.firstArgs, cmd.id)
	s.allCommands = s.allCommands && on
	for _, sub := range cmd.Subs {
		s.allow(sub, on)
	}
}

func (s *selector) setCategory(name string, on bool) (why string) {
	name = lower(name)
	if !slices.Contains(categoryNames, name) {
		return aclUnknown
	}
	for cmd := range everyCommand() {
		if cmd.in(name) {
			s.allow(cmd, on)
		}
	}
	return ""
}
