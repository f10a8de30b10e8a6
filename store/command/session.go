package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/alcovedb/alcove/store"
)

// Session is one client of a [Server]: its database, its transaction, its subscriptions. Do
// is called by one goroutine at a time, the other methods by any.
type Session struct {
	srv    *Server
	id     int64
	push   Sink
	ctx    context.Context // ends with the session
	cancel context.CancelCauseFunc
	fixed  *store.DB // the database of Do, in the place of n

	// These belong to the goroutine that calls Do.
	n       int // the database
	proto   int // 2 or 3
	multi   *multi
	watches []store.Watch
	watched map[store.Key]struct{} // what watches are of
	running call                   // used again for each command
	next    int64                  // when the next command began, by the server's clock, if it is known
	shown   []Reply                // lines of MONITOR, of its own commands
	slots   slots                  // of the command's keys, if there are rules of a cluster

	monitors bool // it is a monitor from the next Sent on

	subs subscriptions
	client
	tracking
	carried carried
}

// errSessionClosed is why the context of a session has ended.
var errSessionClosed = errors.New("command: the session is closed")

// Close ends the session: what waits in it, its transaction and its subscriptions. It is
// idempotent and returns nil.
func (s *Session) Close() error {
	s.ended.Store(true)
	s.lock.Lock()
	if s.may != nil {
		s.may.end(errSessionClosed)
	}
	s.lock.Unlock()
	s.cancel(errSessionClosed)
	s.stopMonitor()
	s.endSubscriptions()
	if c := s.carrier(); c != nil {
		c.End()
	}
	s.srv.tracker.leave(s)
	s.srv.lock.Lock()
	defer s.srv.lock.Unlock()
	delete(s.srv.sessions, s.id) // who does not see it any more sees nothing of it
	return nil
}

// Done returns a channel that is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.ctx.Done() }

// ID returns the number of the session, which CLIENT ID shows.
func (s *Session) ID() int64 { return s.id }

// DB returns the number of the database that the client has chosen. Like Do, it is called by one
// goroutine at a time.
func (s *Session) DB() int { return s.n }

// Protocol returns the version of the protocol that the client has asked for, 2 or 3.
func (s *Session) Protocol() int { return s.proto }

// db returns database n.
func (s *Session) db(n int) store.DB {
	if s.fixed != nil {
		return *s.fixed
	}
	if s.tracked {
		return s.ownDB(n)
	}
	return s.srv.store.DB(n)
}

// Do runs the command with the words args and returns its reply. A command that waits stops
// waiting when ctx ends. Where there are several replies, as to SUBSCRIBE, they go to the sink,
// and Do returns a Reply of kind [None]; so it does, without running anything, when the session
// has ended. Do does not keep args, but may keep the strings in it.
func (s *Session) Do(ctx context.Context, args []string) Reply {
	s.next = 0
	return s.DoNext(ctx, args)
}

// DoNext is Do for a command that had arrived before the previous one was done, as in a pipeline.
// For statistics and the slow log it begins when that one ended, which saves a look at the clock.
func (s *Session) DoNext(ctx context.Context, args []string) Reply {
	if len(args) == 0 || s.ended.Load() {
		return silent
	}
	s.Sent()
	wasOff := s.replies == repliesOff
	r := s.do(ctx, args)
	s.settle()
	if s.hears.Load() {
		s.flush() // what has come so far, before the reply
	}
	s.endCaching(args)
	if s.fixed == nil {
		s.noteAll()
	}
	if s.muted(wasOff) {
		r = silent
	}
	if len(s.shown) > 0 {
		r = Reply{Kind: Several, Elems: append([]Reply{r}, s.shown...)}
		s.shown = nil
	}
	return r
}

func (s *Session) do(ctx context.Context, args []string) Reply {
	cmd, reject := s.admit(args)
	if reject == nil && s.srv.scripts.running.Load() != nil {
		s.next = 0
		reject = s.awaitScript(ctx, cmd)
	}
	if reject != nil {
		return s.refuse(cmd, *reject)
	}
	paused := s.fixed == nil && s.srv.paused.Load() != nil
	if cmd.waits || paused {
		var cancel func()
		ctx, cancel = mergeContexts(ctx, s.ctx)
		defer cancel()
	} else {
		ctx = s.ctx
	}
	if paused && !s.waitPause(ctx, s.writes(cmd, args)) {
		return silent
	}
	if s.multi != nil && !atOnce(cmd) {
		return s.multi.queue(s, cmd, args)
	}
	if s.srv.tracker.clients.Load() > 0 {
		s.srv.tracker.trim()
	}
	s.running = call{ctx: ctx, s: s, db: s.db(s.n), cmd: cmd, args: args}
	r := s.running.run()
	s.running.args = nil // they may be large
	return r
}

// refuse notes that a command, nil if there is none of that name, is not run for a reason.
func (s *Session) refuse(cmd *Command, why Reply) Reply {
	if s.fixed == nil {
		s.srv.stats.reject(s, cmd, why)
	}
	if s.multi != nil {
		s.multi.failed = true
	}
	if cmd == byName["exec"] {
		return s.abort(why)
	}
	return why
}

// abort ends the transaction of an EXEC that can't be run (execCommandAbort in multi.c).
func (s *Session) abort(why Reply) Reply {
	s.multi = nil
	s.unwatch()
	return failed("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(why.Str, "ERR "))
}

// mergeContexts returns a context that ends with either.
func mergeContexts(ctx, other context.Context) (context.Context, func()) {
	if ctx.Done() == nil {
		return other, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() { stop(); cancel(nil) }
}

// run calls the handler, counts the call, and shows it to those who watch.
func (c *call) run() Reply {
	if c.cmd.run == nil {
		return failedf("ERR '%s' is not supported", c.cmd.FullName())
	}
	if c.s.fixed != nil {
		return c.handle()
	}
	srv := c.s.srv
	began := c.s.next
	if began == 0 || c.script != nil { // which does more than its commands
		began = srv.nano()
	}
	c.s.next = 0
	if c.script == nil {
		c.s.begins(c.cmd, began)
	}
	r := c.tracked()
	c.show(began)
	c.s.next = srv.nano()
	took := time.Duration(max(c.s.next-began, 0))
	srv.stats.count(c, &r, took)
	srv.logs(c, took, began)
	return r
}

// admit returns the command, or why it can't be run, in the order in which Redis looks
// (processCommand in server.c). With a reason the command is nil if there is none of that name,
// or none of its subcommand's.
func (s *Session) admit(args []string) (*Command, *Reply) {
	cmd := Lookup(args)
	reject := func(r Reply) (*Command, *Reply) { return cmd, &r }
	switch {
	case cmd == nil:
		return reject(unknown(args))
	case cmd.Subs != nil && len(args) > 1:
		r := unknownSub(cmd, args[1])
		return nil, &r
	case cmd.Subs != nil && cmd.run == nil || !cmd.takes(len(args)):
		return reject(wrongArity(cmd))
	case s.fixed != nil && cmd.stays():
		return reject(errNoClient)
	case s.fixed != nil:
		s.slots = slots{}
		return cmd, nil
	case cmd.Flags&NoAuth == 0 && s.needsAuth():
		return reject(errNoAuth)
	case s.multi != nil && cmd.Flags&NoMulti != 0:
		return reject(errNotInMulti)
	}
	if u := s.user.Load(); !u.mayAll() {
		if d := u.denies(cmd, args); d.why != allowed {
			d.user = u.name
			s.srv.acl.log(&call{s: s, cmd: cmd, args: args, db: s.db(s.n)}, d)
			return reject(d.reply(cmd))
		}
	}
	if s.crossesSlots(cmd, args) {
		return reject(errCrossSlot)
	}
	if s.proto == 2 && s.subscribed() && !inSubscription(cmd) {
		return reject(failedf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "+
			"are allowed in this context", cmd.FullName()))
	}
	if s.monitor.Load() && cmd.Flags&(Write|ReadOnly|MayReplicate) != 0 {
		return reject(failed("ERR Replica can't interact with the keyspace")) // which Redis takes a monitor for
	}
	return cmd, nil
}

// errUnblocked is why a wait ends with an error by CLIENT UNBLOCK.
var (
	errUnblocked       = errors.New("command: unblocked with an error")
	errUnblockedSilent = errors.New("command: unblocked")
	unblocked          = failed("UNBLOCKED client unblocked via CLIENT UNBLOCK")
)

// upper is strings.ToUpper, for texts that show the name of a command.
func upper(name string) string { return strings.ToUpper(name) }

// Ended reports whether the client has quit or the session was closed: whoever carries its
// replies sends the last one, and closes the connection.
func (s *Session) Ended() bool { return s.ended.Load() || s.ctx.Err() != nil }
