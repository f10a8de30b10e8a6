package resp

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/store/command"
)

// background never ends: a session's commands end with the session.
var background = context.Background()

// A Fault says what is to go wrong on purpose, for tests of what a client does then: an error, a
// delay, a closed connection, or several of these. It meets the commands that all of
// Command, Key and Client match; the zero Fault meets every command and does nothing but count.
// In a transaction, commands are met when they are queued, and EXEC as a command of its own.
type Fault struct {
	// Command is the name of a command, such as "get", or of a subcommand, such as "client
	// list" or "client|list"; "client" matches all subcommands of CLIENT. Empty matches any
	// command. The name of a command that the server does not know may be given, too.
	Command string

	// Key is a pattern as in KEYS, which one of the command's keys has to match; a command
	// without keys does not match. Empty matches any command.
	Key string

	// Client is the name, the number or the address of a client, as CLIENT LIST shows them.
	// Empty matches any client.
	Client string

	// Error is an error reply in place of the command's reply, such as "LOADING Redis is
	// loading the dataset in memory". A transaction that the command is queued in fails.
	Error string

	// Delay is how long the client waits first, by the clock of the store. It ends early when
	// the server closes the connection, but not when the client does: a slow server, too, runs
	// what it was sent, even if nobody waits for the reply any longer.
	Delay time.Duration

	// Close closes the connection without a reply. Replies to earlier commands are sent.
	Close bool

	// Late makes this happen after the command has run and before its reply is sent, instead
	// of before it runs. So with Error or Close, too, the command has done its work.
	Late bool

	// Skip is how many matching commands are spared at first, and Times is how many are hit at
	// most, any number if it is 0 or less.
	Skip, Times int

	// Chance is the probability with which a matching command is hit; 0, and 1 and more, mean
	// always. It is drawn from Seed: of the same commands in the same order, the same are hit.
	Chance float64
	Seed   uint64
}

// An Injection is a [Fault] that a server was given. All methods may be called by any number of goroutines.
type Injection struct {
	fault Fault
	all   *faults

	lock  sync.Mutex // guards what follows
	rng   *rand.Rand
	met   int // commands that match
	fired int
}

// Fault returns what was injected.
func (i *Injection) Fault() Fault { return i.fault }

// Met returns how many commands the fault has matched, hit or not.
func (i *Injection) Met() int {
	i.lock.Lock()
	defer i.lock.Unlock()
	return i.met
}

// Fired returns how many commands the fault has hit.
func (i *Injection) Fired() int {
	i.lock.Lock()
	defer i.lock.Unlock()
	return i.fired
}

// Remove ends the fault. A delay that has begun goes on. Remove is idempotent.
func (i *Injection) Remove() { i.all.remove(i) }

// Inject makes f happen to the commands that it matches, from now on. Whether it did,
// [Injection.Fired] tells: a test that relies on a fault should check that. Where several faults
// hit one command, they happen in the order in which they were injected: delays add up, and after
// the first error, or the first closing, no other happens.
func (srv *Server) Inject(f Fault) *Injection {
	i := &Injection{fault: f, all: &srv.faults, rng: rand.New(rand.NewPCG(f.Seed, 0))}
	srv.faults.add(i)
	return i
}

// Injections returns the faults that the server has, in the order in which they were injected.
func (srv *Server) Injections() []*Injection { return srv.faults.get() }

// faults are those of a server.
type faults struct {
	some atomic.Bool

	lock sync.Mutex // guards list
	list []*Injection
}

func (f *faults) add(i *Injection) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.list = append(f.list, i)
	f.some.Store(true)
}

func (f *faults) remove(i *Injection) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.list = slices.DeleteFunc(f.list, func(other *Injection) bool { return other == i })
	f.some.Store(len(f.list) > 0)
}

func (f *faults) get() []*Injection {
	f.lock.Lock()
	defer f.lock.Unlock()
	return slices.Clone(f.list)
}

// hits reports whether the fault hits a command, and counts.
func (i *Injection) hits(p *peer, cmd *command.Command, args []string) bool {
	if !i.fault.matches(p, cmd, args) {
		return false
	}
	i.lock.Lock()
	defer i.lock.Unlock()
	i.met++
	switch f := &i.fault; {
	case i.met <= f.Skip, f.Times > 0 && i.fired >= f.Times:
		return false
	case f.Chance > 0 && i.rng.Float64() >= f.Chance:
		return false
	}
	i.fired++
	return true
}

func (f *Fault) matches(p *peer, cmd *command.Command, args []string) bool {
	return f.isCommand(cmd, args) && f.isClient(p) && f.isKey(cmd, args)
}

func (f *Fault) isCommand(cmd *command.Command, args []string) bool {
	if f.Command == "" {
		return true
	}
	name := args[0]
	if cmd != nil {
		name = cmd.FullName()
	}
	parent, _, _ := strings.Cut(name, "|")
	want := strings.ReplaceAll(f.Command, " ", "|")
	return strings.EqualFold(want, name) || strings.EqualFold(want, parent)
}

func (f *Fault) isClient(p *peer) bool {
	switch f.Client {
	case "", p.session.Name(), p.remote, strconv.FormatInt(p.session.ID(), 10):
		return true
	}
	return false
}

func (f *Fault) isKey(cmd *command.Command, args []string) bool {
	if f.Key == "" {
		return true
	}
	if cmd == nil {
		return false
	}
	places, _ := cmd.KeyPlaces(args)
	return slices.ContainsFunc(places, func(at int) bool { return pubsub.Match(f.Key, args[at]) })
}

// doFaulty runs a command that faults may hit. It reports whether the connection ends.
func (p *peer) doFaulty(args []string) (ends bool) {
	cmd := command.Lookup(args)
	var early, late []*Fault
	for _, i := range p.srv.faults.get() {
		switch {
		case !i.hits(p, cmd, args):
		case i.fault.Late:
			late = append(late, &i.fault)
		default:
			early = append(early, &i.fault)
		}
	}
	failed, ends := p.suffer(early)
	if ends {
		return true
	}
	if failed != "" {
		p.reply(p.session.Refuse(args, command.Reply{Kind: command.Error, Str: failed}))
		return false
	}
	r := p.session.Do(background, args)
	failed, ends = p.suffer(late)
	if ends {
		return true
	}
	if failed != "" && r.Kind != command.None {
		queued := r.Kind == command.Simple && r.Str == "QUEUED"
		r = command.Reply{Kind: command.Error, Str: failed}
		if queued { // an error there means that the transaction fails
			r = p.session.Refuse(args, r)
		}
	}
	p.reply(r)
	return false
}

// suffer has faults happen, and returns the error to reply, or that the connection ends.
func (p *peer) suffer(list []*Fault) (failed string, ends bool) {
	for _, f := range list {
		if f.Delay > 0 && p.session.Sleep(f.Delay) || f.Close {
			return "", true
		}
		if f.Error != "" {
			return f.Error, false
		}
	}
	return "", false
}
