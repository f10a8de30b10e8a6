package command

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/store"
)

// scripts are those of a server, its libraries, and what runs of them.
type scripts struct {
	libraries atomic.Pointer[libraries]
	running   atomic.Pointer[scriptRun] // while it holds the store

	lock sync.Mutex // guards what follows
	by   map[string]*script
}

// scriptRun is what the other clients of a server see of the script that runs.
type scriptRun struct {
	function bool
	name     string
	args     []string // of the command
	began    time.Time
	done     chan struct{}
	kill     context.CancelCauseFunc // ends it
	stop     context.CancelCauseFunc // ends it, and nothing of what it has written stays

	lock          sync.Mutex // guards what follows
	dirty, killed bool
}

var (
	errNotBusy      = failed("NOTBUSY No scripts in execution right now.")
	errBusyScript   = failed("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
	errBusyFunction = failed("BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.")
	errUnkillable   = failed("UNKILLABLE Sorry the script already executed write commands against the dataset. You can either " +
		"wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.")
	errWriteFlag    = failed("ERR Can not execute a script with write flag using *_ro command.")
	errServerClosed = errors.New("command: the server is closed")
)

// busy is what others are told while the script runs for too long.
func (r *scriptRun) busy() Reply {
	if r.function {
		return errBusyFunction
	}
	return errBusyScript
}

// refuses returns why the command may not run what has the flags, nil if it may
// (scriptPrepareForRun in script.c).
func (c *call) refuses(flags ScriptFlags) *Reply {
	switch {
	case flags&NoCluster != 0 && c.clustered():
		return &errNoCluster
	case c.cmd.Flags&ReadOnly != 0 && flags&NoWrites == 0:
		return &errWriteFlag
	}
	return nil
}

// kill ends the script that runs, or the function (scriptKill in script.c).
func (s *scripts) kill(function bool) Reply {
	r := s.running.Load()
	if r == nil {
		return errNotBusy
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	switch {
	case r.dirty:
		return errUnkillable
	case r.function != function:
		return r.busy()
	}
	r.killed = true
	r.kill(ErrScriptKilled)
	return ok
}

// begins notes that the script runs a command, and says whether it still may. From then on it
// can't be killed if the command writes.
func (r *scriptRun) begins(cmd *Command) bool {
	if cmd.Flags&Write == 0 {
		return true
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.dirty = r.dirty || !r.killed
	return !r.killed
}

// scriptContext returns the context that a script runs in. It does not end with the session:
// a script that has begun goes on without its client.
func (c *call) scriptContext() (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(c.ctx))
	parent := c.ctx
	stop := context.AfterFunc(parent, func() {
		if cause := context.Cause(parent); cause != errSessionClosed {
			cancel(cause)
		}
	})
	return ctx, func(cause error) {
		stop()
		cancel(cause)
	}
}

// runScript runs a script in a transaction that may touch every key, and holds the store
// meanwhile.
func (c *call) runScript(s Script, sc *ScriptCall) (r Reply) {
	ctx, stop := c.scriptContext()
	defer stop(nil)
	sc.ctx, sc.c, sc.proto = ctx, c, 2
	sc.run = &scriptRun{function: sc.Function, name: sc.Name, args: c.args, done: make(chan struct{}), stop: stop}
	defer sc.run.ends(&c.s.srv.scripts) // when what it wrote is seen
	run := func(tx *store.Tx) error {
		sc.tx = tx
		r = sc.runs(s)
		return nil
	}
	if c.tx != nil {
		_ = run(c.tx)
		return r
	}
	if err := c.s.srv.store.Serial(ctx, nil, run); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return replyOf(err)
	}
	return r
}

// runs runs the script, while the store is held.
func (s *ScriptCall) runs(script Script) Reply {
	srv, run, n := s.c.s.srv, s.run, s.c.s.n
	s.ctx, run.kill = context.WithCancelCause(s.ctx)
	defer run.kill(nil)
	run.began = srv.now()
	srv.lock.Lock()
	if srv.closed {
		run.stop(errServerClosed)
	}
	srv.scripts.running.Store(run)
	srv.lock.Unlock()
	defer func() { s.c.s.n = n }() // SELECT in a script ends with it
	return script.Run(s)
}

// ends lets those go on who wait for the script. The next one may have begun already.
func (r *scriptRun) ends(s *scripts) {
	s.running.CompareAndSwap(r, nil)
	close(r.done)
}

// awaitScript waits until no script of another client runs, and returns what to reply if the
// command may not wait any longer.
func (s *Session) awaitScript(ctx context.Context, cmd *Command) *Reply {
	for cmd.Flags&AllowBusy == 0 {
		r := s.srv.scripts.running.Load()
		if r == nil {
			break
		}
		if bad := s.await(ctx, r); bad != nil {
			return bad
		}
	}
	return nil
}

// await waits for a script, until it has run for too long.
func (s *Session) await(ctx context.Context, r *scriptRun) *Reply {
	limited := ctx
	if ms := s.srv.config.int("busy-reply-threshold"); ms > 0 {
		left := time.Duration(min(ms, longest))*time.Millisecond - s.srv.now().Sub(r.began)
		var cancel context.CancelFunc
		limited, cancel = s.srv.timeout(ctx, max(left, 0))
		defer cancel()
	}
	select {
	case <-r.done:
		return nil
	case <-limited.Done():
	case <-s.ctx.Done():
	}
	bad := r.busy()
	switch {
	case ctx.Err() != nil:
		bad = replyOf(context.Cause(ctx))
	case s.ctx.Err() != nil:
		bad = replyOf(context.Cause(s.ctx))
	}
	return &bad
}

// do runs a command of the script (scriptCall in script.c).
func (s *ScriptCall) do(args []string) Reply {
	c := s.c
	cmd, bad := scriptCommand(args)
	switch {
	case bad != nil:
		return *bad
	case cmd.Flags&NoScript != 0:
		return failed("ERR This Redis command is not allowed from script")
	}
	q := call{ctx: s.ctx, s: c.s, tx: s.tx, db: s.tx.DB(c.s.n), cmd: cmd, args: args, script: s}
	if d := c.s.user.Load().denies(cmd, args); d.why != allowed {
		d.user = c.s.user.Load().name
		c.s.srv.acl.log(&q, d)
		return d.inScript()
	}
	if s.ReadOnly && cmd.Flags&(Write|MayReplicate) != 0 {
		return failed("ERR Write commands are not allowed from read-only scripts.")
	}
	if bad := s.leavesSlot(cmd, args); bad != nil {
		return *bad
	}
	switch {
	case s.ctx.Err() != nil:
		return replyOf(context.Cause(s.ctx))
	case !s.run.begins(cmd):
		return replyOf(ErrScriptKilled)
	}
	return q.run()
}

// scriptCommand returns the command of the words that a script gives, or why it is none.
func scriptCommand(args []string) (*Command, *Reply) {
	cmd := Lookup(args)
	switch {
	case len(args) == 0:
		return nil, &errNoWords
	case cmd == nil || cmd.Subs != nil && len(args) > 1:
		return nil, &errUnknownInScript
	case cmd.Subs != nil && cmd.run == nil || !cmd.takes(len(args)):
		return nil, &errArityInScript
	}
	return cmd, nil
}

var (
	errNoWords         = failed("ERR Please specify at least one argument for this redis lib call")
	errUnknownInScript = failed("ERR Unknown Redis command called from script")
	errArityInScript   = failed("ERR Wrong number of args calling Redis command from script")
)

// inScript is what is said of it to a script.
func (d denied) inScript() Reply {
	switch d.why {
	case deniedKey:
		return failed("ERR The user executing the script can't access at least one of the keys mentioned in the command arguments")
	case deniedChannel:
		return failed("ERR The user executing the script can't publish to the channel mentioned in the command")
	}
	return failed("ERR The user executing the script can't run this command or subcommand")
}

// writes says whether a command may write, of EXEC whether one of its own may.
func (s *Session) writes(cmd *Command, args []string) bool {
	return cmd.Flags&(Write|MayReplicate) != 0 || cmd.writes != nil && cmd.writes(s.srv, args) ||
		cmd.Name == "exec" && s.multi.writes()
}

// showFirst shows the command to those who watch before what it runs.
func (c *call) showFirst() {
	if srv := c.s.srv; c.s.fixed == nil && srv.monitors.Load() != nil {
		srv.show(c, srv.now())
	}
}
