package command

import (
	"sync/atomic"
	"time"
)

// clientState is what CLIENT LIST shows of a session.
type clientState struct {
	name, libName, libVer string
	remote, local         string
	since, last           time.Time
	cmd                   *Command
	n, proto              int
	queued                int // -1 outside of a transaction
	noEvict               bool
}

func (st *clientState) start(now time.Time) {
	st.since, st.proto, st.queued = now, 2, -1
}

// doing is what a session does, noted at every command: without a lock, and only what is new.
type doing struct {
	cmd  atomic.Pointer[Command]
	last atomic.Int64 // when cmd began, in nanoseconds, 0 before the first one

	n, proto, queued int // what the lock guards has of them; for the goroutine that calls Do
}

// begins notes that a command begins.
func (s *Session) begins(cmd *Command, now int64) {
	if s.doing.cmd.Load() != cmd {
		s.doing.cmd.Store(cmd)
	}
	s.doing.last.Store(now)
}

// note makes what others see of the session what it is.
func (s *Session) note() {
	queued := -1
	if s.multi != nil {
		queued = len(s.multi.queued)
	}
	if d := &s.doing; d.n != s.n || d.proto != s.proto || d.queued != queued {
		d.n, d.proto, d.queued = s.n, s.proto, queued
		s.lock.Lock()
		defer s.lock.Unlock()
		s.seen.n, s.seen.proto, s.seen.queued = s.n, s.proto, queued
	}
}

// noteAll is note. Where the client has changed its protocol, what it was told of keys before
// leaves first, in the one that it had.
func (s *Session) noteAll() {
	if s.proto == s.doing.proto || !s.hears.Load() {
		s.note()
		return
	}
	s.srv.tracker.lock.Lock()
	s.note()
	s.srv.tracker.lock.Unlock()
	s.flush()
}

func (s *Session) state() clientState {
	s.lock.Lock()
	st := s.seen
	s.lock.Unlock()
	st.cmd, st.last = s.doing.cmd.Load(), st.since
	if at := s.doing.last.Load(); at != 0 {
		st.last = time.Unix(0, at)
	}
	return st
}
