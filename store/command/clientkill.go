package command

import (
	"context"
	"math"
	"time"
)

// What clients do to each other: CLIENT KILL, UNBLOCK, PAUSE and UNPAUSE.

// killFilter says which clients CLIENT KILL means.
type killFilter struct {
	id                  int64
	kind, remote, local string
	user                *user
	self                bool
}

func (f *killFilter) matches(c *call, s *Session) bool {
	st := s.state()
	switch {
	case f.id != 0 && s.id != f.id, f.kind != "" && s.kind() != f.kind,
		f.remote != "" && st.remote != f.remote, f.local != "" && st.local != f.local,
		f.user != nil && s.user.Load() != f.user, s == c.s && !f.self:
		return false
	}
	return true
}

func (c *call) killFilter() (f killFilter, bad *Reply) {
	refuse := func(r Reply) (killFilter, *Reply) { return f, &r }
	for i := 2; i < len(c.args); i += 2 {
		if i+1 == len(c.args) {
			return f, &errSyntax
		}
		value := c.args[i+1]
		switch lower(c.args[i]) {
		case "id":
			id, ok := parseInt(value)
			if !ok || id < 1 {
				return refuse(failed("ERR client-id should be greater than 0"))
			}
			f.id = id
		case "type":
			kind, ok := clientTypes[lower(value)]
			if !ok {
				return refuse(unknownType(value))
			}
			f.kind = kind
		case "addr":
			f.remote = value
		case "laddr":
			f.local = value
		case "user":
			if f.user = c.s.srv.user(value); f.user == nil {
				return refuse(failedf("ERR No such user '%s'", value))
			}
		case "skipme":
			switch lower(value) {
			case "yes":
				f.self = false
			case "no":
				f.self = true
			default:
				return f, &errSyntax
			}
		default:
			return f, &errSyntax
		}
	}
	return f, nil
}

func runClientKill(c *call) Reply {
	f := killFilter{remote: c.args[2], self: true}
	old := len(c.args) == 3
	if !old {
		var bad *Reply
		if f, bad = c.killFilter(); bad != nil {
			return *bad
		}
	}
	killed := 0
	for _, s := range c.s.srv.clients() {
		if f.matches(c, s) {
			s.kill(c.s)
			killed++
		}
	}
	switch {
	case !old:
		return integer(int64(killed))
	case killed == 0:
		return failed("ERR No such client")
	}
	return ok
}

// kill closes the session; that of the one who asks stays for its reply.
func (s *Session) kill(by *Session) {
	if s.ended.Store(true); s != by {
		s.Close()
	}
}

func runClientUnblock(c *call) Reply {
	cause := errUnblockedSilent
	if len(c.args) > 4 {
		return c.subSyntax()
	}
	if len(c.args) == 4 {
		switch {
		case c.is(3, "timeout"):
		case c.is(3, "error"):
			cause = errUnblocked
		default:
			return failed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	}
	id, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	s := c.s.srv.session(id)
	return yesOr(s != nil && s.unblock(cause), nil)
}

// pause is a time in which commands wait (CLIENT PAUSE).
type pause struct {
	until time.Time
	all   bool // not only those that write
	ctx   context.Context
	end   context.CancelFunc
}

func runClientPause(c *call) Reply {
	if len(c.args) > 4 {
		return c.subSyntax()
	}
	all := true
	if len(c.args) == 4 {
		switch {
		case c.is(3, "write"):
			all = false
		case !c.is(3, "all"):
			return failed("ERR CLIENT PAUSE mode must be WRITE or ALL")
		}
	}
	ms, isInt := parseInt(c.args[2])
	switch {
	case !isInt:
		return errTimeoutInt
	case ms < 0:
		return errTimeoutBelow0
	case c.s.fixed != nil:
		return ok
	}
	now, srv := c.clock(), c.s.srv
	if ms > math.MaxInt64-now.UnixMilli() {
		ms = 0 // in Redis the end wraps around, and is past
	}
	const century = 100 * 365 * 24 * time.Hour // a longer one ends then: a Duration has not many of them
	d := time.Duration(min(ms, century.Milliseconds())) * time.Millisecond
	srv.lock.Lock()
	defer srv.lock.Unlock()
	if p := srv.paused.Load(); p != nil && p.ctx.Err() == nil { // the longer time, and the stricter kind
		d, all = max(d, p.until.Sub(now)), all || p.all
		defer p.end()
	}
	if d == 0 {
		return ok
	}
	p := &pause{until: now.Add(d), all: all}
	p.ctx, p.end = srv.timeout(context.Background(), d)
	srv.paused.Store(p)
	return ok
}

func runClientUnpause(c *call) Reply {
	c.s.srv.unpause()
	return ok
}

func (srv *Server) unpause() {
	srv.lock.Lock()
	defer srv.lock.Unlock()
	if p := srv.paused.Swap(nil); p != nil {
		p.end()
	}
}

// waitPause waits while there is a pause that a command has to wait for. It reports whether
// somebody still waits for the command, and ends the session if nobody does.
func (s *Session) waitPause(ctx context.Context, writes bool) bool {
	for {
		p := s.srv.paused.Load()
		switch {
		case p == nil || p.ctx.Err() == nil && !p.all && !writes:
			return true
		case p.ctx.Err() != nil: // that who comes next need not look
			s.srv.paused.CompareAndSwap(p, nil)
			return true
		}
		s.next = 0
		s.beforeWait()
		either, leave := context.WithCancelCause(ctx)
		gone := s.mayLeave(func() { leave(errGone) })
		if !gone {
			s.heldUp.Store(p)
			select {
			case <-p.ctx.Done():
			case <-either.Done():
				gone = context.Cause(either) == errGone
			}
			s.heldUp.Store(nil)
		}
		s.mayLeave(nil)
		leave(nil)
		switch {
		case gone:
			s.ended.Store(true)
			return false
		case s.ctx.Err() != nil:
			return false
		case ctx.Err() != nil:
			return true
		}
	}
}
