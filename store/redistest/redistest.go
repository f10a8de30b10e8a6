package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// Redis is a Redis in memory that belongs to one test. Make one with [Run]. All methods may be
// called by any number of goroutines.
type Redis struct {
	t      testing.TB
	bubble string // see bubble
	since  time.Time
	clock  *store.ManualClock
	store  *store.Store
	server *resp.Server
	set    options
	sent   commandLog

	advanced atomic.Int64 // by Advance, in all
	ended    atomic.Bool
}

// Option sets something of a new Redis.
type Option func(*options)

type options struct {
	start    time.Time // zero: the clock runs
	commands []command.Option
	leaks    bool // are errors
}

// WithTime makes the clock stand still at start; only [Redis.Advance] moves it, neither the time
// of the machine nor that of a bubble. So what a test sees is the same in every run. start is cut
// to whole milliseconds.
func WithTime(start time.Time) Option { return func(o *options) { o.start = start } }

// WithClusterRules makes the Redis reply as a Redis cluster of one node, which has all slots:
// what a cluster refuses is refused, such as commands whose keys are in several slots
// (CROSSSLOT), and clients for clusters work. See [command.WithClusterRules].
func WithClusterRules() Option { return WithCommands(command.WithClusterRules()) }

// WithCommands sets options of package command, such as [command.WithScriptEngine], without which
// there are no scripts.
func WithCommands(opts ...command.Option) Option {
	return func(o *options) { o.commands = append(o.commands, opts...) }
}

// WithLeakCheck makes it an error of the test if a client is still connected when the test ends.
// Otherwise that is only logged.
func WithLeakCheck() Option { return func(o *options) { o.leaks = true } }

// Run returns an empty Redis, which ends with the test t: a t.Cleanup disconnects the clients
// that are left and says so, in the log of the test or, with [WithLeakCheck], as an error. What a
// test closes by defer, or in a t.Cleanup registered after Run, is closed before that.
//
// In a bubble of testing/synctest, call Run inside, with the t of the bubble's function.
func Run(t testing.TB, opts ...Option) *Redis {
	t.Helper()
	if bubble() != "" && outside(t) {
		t.Fatalf("redistest: Run in a synctest bubble needs the t of the function that synctest.Test was given, " +
			"not that of the test around it, which ends when the bubble is gone")
	}
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	clock := store.NewRunningClock()
	if !o.start.IsZero() {
		clock = store.NewManualClock(o.start.Truncate(time.Millisecond)) // what lives for d is over after d
	}
	return run(t, o, clock, store.New(store.WithClock(clock)))
}

// run returns a Redis of s, which belongs to it from then on.
func run(t testing.TB, o options, clock *store.ManualClock, s *store.Store) *Redis {
	t.Helper()
	r := &Redis{t: t, bubble: bubble(), since: clock.Now(), clock: clock, store: s, set: o}
	r.server = resp.NewServer(s, resp.WithCommands(o.commands...), resp.WithObserver(r.sent.add))
	t.Cleanup(r.end)
	return r
}

// usable fails the test of r if that has ended.
func (r *Redis) usable() {
	r.t.Helper()
	if !r.ended.Load() {
		return
	}
	defer func() {
		if recover() != nil { // a T that has ended says no more than that it has
			panic(r.over())
		}
	}()
	r.t.Errorf("%v", r.over())
}

// over is the error of one who uses r after its end.
func (r *Redis) over() error {
	return fmt.Errorf("redistest: the test that this Redis belongs to, %s, has ended: end what uses it, and wait for the "+
		"end, before the test returns or in a t.Cleanup that is registered after redistest.Run", r.t.Name())
}

const (
	// lastWait is longer than clients take to end, by a bubble's clock.
	lastWait = 10 * time.Second

	// leaving is how long clients have to close connections that they close in the background.
	leaving = 200 * time.Millisecond
)

// connected returns who is connected, after a while if anybody is.
func (r *Redis) connected() []string {
	ctx, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	for {
		left := r.server.Commands().Clients()
		if len(left) == 0 || ctx.Err() != nil {
			return left
		}
		moment, cancel := context.WithTimeout(ctx, time.Millisecond)
		<-moment.Done()
		cancel()
	}
}

// end closes everything.
func (r *Redis) end() {
	r.t.Helper()
	left := r.connected()
	r.ended.Store(true)
	if len(left) > 0 {
		report := r.t.Logf
		if r.set.leaks {
			report = r.t.Errorf
		}
		report("redistest: clients are still connected at the end of the test: close them before it returns, or in a "+
			"t.Cleanup that is registered after redistest.Run; in a synctest bubble their goroutines may be a deadlock\n%s",
			summary(left))
	}
	_ = r.server.Close()
	_ = r.store.Close()
	if r.bubble != "" {
		// Time stands still in a bubble that is about to end, and who sleeps there is a
		// deadlock. Clients do for a while: closed ones, and those that give up after some
		// attempts. Here they have the time.
		ctx, cancel := context.WithTimeout(context.Background(), lastWait)
		defer cancel()
		<-ctx.Done()
	}
}

// summary is some of what CLIENT LIST says of clients.
func summary(clients []string) string {
	var b strings.Builder
	for _, line := range clients {
		for word := range strings.FieldsSeq(line) {
			switch name, _, _ := strings.Cut(word, "="); name {
			case "id", "name", "db", "sub", "psub", "ssub", "cmd":
				b.WriteString("    " + word)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Dialer makes connections: it is what clients take to dial.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// DialContext calls d, for clients that take a value with this method.
func (d Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return d(ctx, network, addr)
}

// Dialer returns the function that connects clients to r, whatever network and address they ask
// for: the package's documentation shows how clients take it. After the end of the test, and in
// another bubble of testing/synctest than that of r, it returns an error that says so. So do the
// connections of a client that was made outside of all bubbles, and is used inside of one, or the
// other way round.
func (r *Redis) Dialer() Dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if r.ended.Load() {
			return nil, r.over()
		}
		if err := r.inOtherBubble(); err != nil {
			return nil, err
		}
		c, err := r.server.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return conn{c, r}, nil
	}
}

// Store returns the store behind r, for the typed API: to prepare what a test needs, and to look
// at the result. It is closed when the test ends. A call in another bubble of testing/synctest
// than that of r, where time is another, fails the test, unless r was made outside of all
// bubbles, [WithTime].
func (r *Redis) Store() *store.Store {
	r.t.Helper()
	r.mustBeReachable()
	return r.store
}

// Advance moves the time forward by d. When it returns, what is overdue has expired, and waits
// that are over, such as a BLPOP whose timeout has passed, have ended: the reply is on its way. A
// clock that runs is moved on to the next whole millisecond.
func (r *Redis) Advance(d time.Duration) {
	r.t.Helper()
	r.usable()
	r.mustBeReachable()
	r.advanced.Add(int64(max(d, 0)))
	r.clock.Advance(d)
}

// Fork returns another Redis, for t, that holds what r holds now, at the same time and with the
// same options. Afterwards neither sees what the other one does. So a test can prepare one Redis
// and give each of its subtests, also parallel ones, a fork. Clients, faults and configuration
// stay with r.
func (r *Redis) Fork(t testing.TB) *Redis {
	t.Helper()
	switch {
	case r.ended.Load():
		t.Fatalf("%v", r.over())
	case r.set.start.IsZero() && r.bubble != bubble():
		t.Fatalf("redistest: the clock of this Redis can't go into or out of a synctest bubble: make it WithTime, whose " +
			"clock stands still, to Fork it there")
	case bubble() != "" && outside(t):
		t.Fatalf("redistest: Fork in a synctest bubble needs the t of the function that synctest.Test was given")
	}
	clock := r.clock.Fork()
	f := run(t, r.set, clock, r.store.Fork(store.WithClock(clock)))
	f.since = r.since
	f.advanced.Store(r.advanced.Load())
	return f
}
