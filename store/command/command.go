package command

import (
	"slices"
	"strconv"
	"strings"
)

// Command describes a command, or a subcommand of one: it is a row of the table of commands.
type Command struct {
	Name    string // in lower case; of a subcommand without that of its command
	Arity   int    // how many words, with the name; negative: so many at least
	Flags   Flags
	Keys    []KeySpec
	Tips    string // for clients that talk to several servers
	Since   string // the first version of Redis that has it
	Group   string
	Summary string
	Subs    []*Command
	Whole   bool // it may touch any key, or keys of several databases

	run        func(c *call) Reply
	categories string                                // of ACLs, beside those that follow from the flags and the group
	keys       func(args []string) []int             // the places of the keys, where Keys does not tell them
	orKeys     func(args []string) []int             // the same, where Keys do not fit the words
	more       func(args []string) []int             // the places of keys that it touches and Redis does not tell of
	writes     func(srv *Server, args []string) bool // whether it may write, where Flags do not tell
	parent     *Command
	id         int  // of the bit in commandSet
	waits      bool // it may wait for something but a lock, or run long
}

// FullName returns the name of the command, of a subcommand with that of its command before it,
// such as "client|list".
func (cmd *Command) FullName() string {
	if cmd.parent == nil {
		return cmd.Name
	}
	return cmd.parent.Name + "|" + cmd.Name
}

// Flags say what a command does, and where it may be called.
type Flags uint32

// The flags of Redis's COMMAND INFO, in its order.
const (
	Write Flags = 1 << iota
	ReadOnly
	DenyOOM
	Module
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate
	NoMandatoryKeys
	NoAsyncLoading
	NoMulti
	AllowBusy
	MovableKeys
)

var flagNames = [...]string{
	"write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript", "blocking",
	"loading", "stale", "skip_monitor", "skip_slowlog", "asking", "fast", "no_auth",
	"may_replicate", "no_mandatory_keys", "no_async_loading", "no_multi", "allow_busy", "movablekeys",
}

// Names returns the names of the flags, as COMMAND INFO shows them: without MayReplicate.
func (f Flags) Names() (names []string) {
	for i, name := range flagNames {
		if f&(1<<i) != 0 && 1<<i != MayReplicate {
			names = append(names, name)
		}
	}
	return names
}

// KeySpec says where a command has some of its keys, and what it does to them: it is a key
// specification of COMMAND INFO.
type KeySpec struct {
	Flags string // as COMMAND INFO shows them, such as "RO access"

	// Where the keys begin: at the word Index, or behind the first word that is Keyword, from
	// the word From on, or, if that is negative, backwards from that far before the end.
	// Without an Index and a Keyword only the command itself can tell.
	Index   int
	Keyword string
	From    int

	// Which words are keys from there on: every Step-th up to Last, which counts from the
	// first one, or from the end if it is negative, where Limit divides the words that are
	// left. Or, with Numbered, as many as the word NumAt says, from First on, both counted
	// from where the keys begin.
	Last, Step, Limit int
	Numbered          bool
	NumAt, First      int
}

// at is a spec of one key at a place.
func at(i int, flags string) KeySpec { return KeySpec{Flags: flags, Index: i, Step: 1} }

// span is a spec of the keys from a place up to another, every step-th.
func span(i, last, step int, flags string) KeySpec {
	return KeySpec{Flags: flags, Index: i, Last: last, Step: step}
}

// numbered is a spec of keys after their number.
func numbered(i int, flags string) KeySpec {
	return KeySpec{Flags: flags, Index: i, Numbered: true, First: 1, Step: 1}
}

// hidden is a spec of keys of which only a look at all words tells.
func hidden(flags string) KeySpec { return KeySpec{Flags: flags} }

// find returns the places of the keys in the words of a command.
func (k *KeySpec) find(args []string) (places []int, ok bool) {
	first := k.Index
	if k.Keyword != "" {
		if first = k.search(args); first == 0 {
			return nil, true
		}
	}
	if first == 0 {
		return nil, false
	}
	last, step := first+k.Last, k.Step
	switch {
	case k.Numbered:
		if first+k.NumAt >= len(args) {
			return nil, false
		}
		number, ok := parseInt(args[first+k.NumAt])
		n := int32(number) // as it is in getKeysUsingKeySpecs in db.c
		if !ok || number < 0 || int(n) > len(args) {
			return nil, false
		}
		first += k.First
		last = first + (int(n)-1)*step
	case k.Last < 0 && k.Limit > 1:
		last = first + (len(args)-first)/k.Limit + k.Last
	case k.Last < 0:
		last = len(args) + k.Last
	}
	if last < first || last >= len(args) {
		return nil, false
	}
	for i := first; i <= last; i += step {
		places = append(places, i)
	}
	return places, true
}

// search returns the place after the keyword, 0 if it is not there.
func (k *KeySpec) search(args []string) int {
	if k.From < 0 {
		for i := len(args) + k.From; i > 0; i-- {
			if same(args[i], k.Keyword) {
				return i + 1
			}
		}
		return 0
	}
	for i := k.From; i < len(args); i++ {
		if same(args[i], k.Keyword) {
			return i + 1
		}
	}
	return 0
}

// KeyPlaces returns the indexes of the keys in args, the words of a command with its name, and
// false if args can't be a call of cmd.
func (cmd *Command) KeyPlaces(args []string) (places []int, ok bool) {
	if !cmd.takes(len(args)) {
		return nil, false
	}
	if cmd.keys != nil {
		return cmd.keys(args), true
	}
	for i := range cmd.Keys {
		list, ok := cmd.Keys[i].find(args)
		switch {
		case !ok && cmd.orKeys != nil:
			return cmd.orKeys(args), true
		case !ok && cmd.Keys[i].Numbered:
			return cmd.countedKeys(&cmd.Keys[i], args)
		case !ok:
			return nil, false
		}
		places = append(places, list...)
	}
	return places, true
}

// countedKeys are the keys where their number is none as it should be: Redis asks again, reads
// it by atoi, and has the keys that are stored to behind the others (genericGetKeys in db.c).
func (cmd *Command) countedKeys(k *KeySpec, args []string) (places []int, ok bool) {
	first := k.Index + k.First
	if k.Index+k.NumAt >= len(args) || first > len(args) {
		return nil, false
	}
	n := int(leadingInt(args[k.Index+k.NumAt]))
	if n < 1 || n > (len(args)-first)/k.Step {
		return nil, false
	}
	for i := range n {
		places = append(places, first+i*k.Step)
	}
	if other := &cmd.Keys[0]; other != k {
		places = append(places, other.Index)
	}
	return places, true
}

// leadingInt reads the number that a text begins with, 0 if there is none, as C's atoi does on
// Linux: what is too large for 64 bits is the largest of these, of which 32 count.
func leadingInt(text string) int32 {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	sign := len(text) > 0 && (text[0] == '-' || text[0] == '+')
	end := 0
	if sign {
		end = 1
	}
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64)
	return int32(n)
}

// takes says whether n words are enough, and not too many.
func (cmd *Command) takes(n int) bool { return n == cmd.Arity || cmd.Arity < 0 && n >= -cmd.Arity }

// tables are the commands by families, each of which stands in a file of its own.
var tables = [][]*Command{}

// byName are the commands by their names.
var byName = map[string]*Command{}

// lastID counts the commands that are registered.
var lastID int

func register(rows []*Command) {
	tables = append(tables, rows)
	for _, cmd := range rows {
		byName[cmd.Name] = cmd
		at := nameHash(cmd.Name)
		for nameTable[at] != nil {
			at = (at + 1) % uint32(len(nameTable))
		}
		nameTable[at] = cmd
		cmd.id = lastID
		lastID++
		cmd.waits = cmd.mayWait()
		for _, sub := range cmd.Subs {
			sub.parent = cmd
			sub.id = lastID
			lastID++
			sub.Group = cmd.Group
			sub.waits = sub.mayWait()
		}
	}
}

// mayWait says whether a command is not one of those that do their work and are done.
func (cmd *Command) mayWait() bool {
	return cmd.Flags&Blocking != 0 || cmd.Flags&(ReadOnly|Write|Fast) == 0 || cmd.Group == "scripting"
}

// Commands returns all commands, sorted by name. They are the rows of the table that every server
// uses: they must not be changed.
func Commands() []*Command {
	var list []*Command
	for _, rows := range tables {
		list = append(list, rows...)
	}
	slices.SortFunc(list, func(a, b *Command) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Lookup returns the command that args, its words, call, or nil if there is none: a subcommand if
// the second word names one, else the command itself. It must not be changed.
func Lookup(args []string) *Command {
	if len(args) == 0 {
		return nil
	}
	cmd := named(args[0])
	if cmd == nil || cmd.Subs == nil || len(args) < 2 {
		return cmd
	}
	if sub := cmd.sub(args[1]); sub != nil {
		return sub
	}
	return cmd
}

// named returns the command of a name, whatever its case.
func named(name string) *Command {
	for at := nameHash(name); ; at = (at + 1) % uint32(len(nameTable)) {
		if cmd := nameTable[at]; cmd == nil || isNamed(name, cmd.Name) {
			return cmd
		}
	}
}

// nameTable has the commands of byName at the hashes of their names, or behind: every command
// that a client sends is looked up.
var nameTable [1024]*Command

func nameHash(name string) (h uint32) {
	for i := range len(name) {
		h = h*31 + uint32(name[i]|0x20)
	}
	return h * 2654435769 >> 22 // Fibonacci hashing: Knuth, The Art of Computer Programming, 6.4
}

// isNamed says whether a word is a name, which is in lower case.
func isNamed(word, name string) bool {
	if len(word) != len(name) {
		return false
	}
	for i := range len(word) {
		if small(word[i]) != name[i] {
			return false
		}
	}
	return true
}

func (cmd *Command) sub(name string) *Command {
	for _, sub := range cmd.Subs {
		if isNamed(name, sub.Name) {
			return sub
		}
	}
	return nil
}

// lower is strings.ToLower for the names of commands, which are ASCII.
func lower(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			b := []byte(name)
			for i, c := range b {
				b[i] = small(c)
			}
			return string(b)
		}
	}
	return name
}
