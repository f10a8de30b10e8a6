package redistest

import (
	"slices"
	"strings"
	"sync"

	"github.com/alcovedb/alcove/store/command"
)

// Command is a command that a client has sent.
type Command struct {
	Name     string   // in lower case, such as "get", of a subcommand such as "client|list"
	Args     []string // all words, as they were sent, that with the name first
	DB       int      // the database that the client had chosen
	ClientID int64    // tells the connections from one another
	Client   string   // the name that the client has given itself, if it has
}

// String returns the words of the command: the name in upper case, and quoted where they would
// not look like one word.
func (c Command) String() string {
	words := make([]string, len(c.Args))
	for i, w := range c.Args {
		if i == 0 {
			w = strings.ToUpper(w)
		}
		words[i] = quoteKey(w)
	}
	return strings.Join(words, " ")
}

// What is kept of the commands: the last ones, as long as they are not more than that.
const (
	mostCommands     = 10_000
	mostCommandBytes = 16 << 20
)

// commandLog is what clients have sent.
type commandLog struct {
	lock  sync.Mutex // guards what follows
	list  []Command
	bytes int
}

// add is told of each command.
func (l *commandLog) add(s *command.Session, args []string) {
	c := Command{Name: strings.ToLower(args[0]), Args: slices.Clone(args), DB: s.DB(), ClientID: s.ID(), Client: s.Name()}
	if cmd := command.Lookup(args); cmd != nil {
		c.Name = cmd.FullName()
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	l.list = append(l.list, c)
	l.bytes += c.size()
	for len(l.list) > mostCommands || l.bytes > mostCommandBytes && len(l.list) > 1 {
		l.bytes -= l.list[0].size()
		l.list[0] = Command{}
		l.list = l.list[1:]
	}
}

func (c *Command) size() (n int) {
	for _, w := range c.Args {
		n += len(w)
	}
	return n
}

// Commands returns what clients have sent since [Run] or [Redis.ResetCommands], in the order in
// which it came, including commands that were queued in transactions, refused, or hit by a fault.
// At most 10,000 commands and 16 MiB of them are kept: then the oldest are dropped.
//
// Without names it leaves out what clients send on their own when they connect: HELLO, AUTH,
// CLIENT, COMMAND, CLUSTER, READONLY. With names, of commands or, such as "client list", of
// subcommands, it returns these commands alone, whichever they are.
func (r *Redis) Commands(names ...string) []Command {
	r.sent.lock.Lock()
	defer r.sent.lock.Unlock()
	var list []Command
	for _, c := range r.sent.list {
		if c.among(names) {
			c.Args = slices.Clone(c.Args)
			list = append(list, c)
		}
	}
	return list
}

// Sent is Commands as lines, such as "SET greeting hello".
func (r *Redis) Sent(names ...string) []string {
	list := r.Commands(names...)
	lines := make([]string, len(list))
	for i, c := range list {
		lines[i] = c.String()
	}
	return lines
}

// ResetCommands forgets the commands that came so far.
func (r *Redis) ResetCommands() {
	r.sent.lock.Lock()
	defer r.sent.lock.Unlock()
	r.sent.list, r.sent.bytes = nil, 0
}

// greetings are what clients send when they connect.
var greetings = []string{"hello", "auth", "client", "command", "cluster", "readonly"}

func (c *Command) among(names []string) bool {
	parent, _, _ := strings.Cut(c.Name, "|")
	if len(names) == 0 {
		return !slices.Contains(greetings, parent)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		name = strings.ReplaceAll(strings.ToLower(name), " ", "|")
		return name == c.Name || name == parent
	})
}
