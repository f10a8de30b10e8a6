package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// client is what CLIENT and ACL know of a session.
type client struct {
	user          atomic.Pointer[user]
	authenticated bool // of the goroutine that calls Do, as the next three
	noTouch       bool
	replies       replyMode
	ended         atomic.Bool // it has asked to go, or was killed by itself

	monitor atomic.Bool
	heldUp  atomic.Pointer[pause] // what holds a command up

	doing doing

	lock sync.Mutex // guards what follows, which others read
	seen clientState
	may  *blocked // the command that may wait, nil if there is none
}

// replyMode is what CLIENT REPLY has chosen.
type replyMode uint8

const (
	repliesOn replyMode = iota
	repliesOff
	skipNext
	skipThis
)

// SetAddrs sets the addresses of the client and of the server's end, as CLIENT LIST shows them.
func (s *Session) SetAddrs(remote, local string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.seen.remote, s.seen.local = remote, local
}

// Name returns the name that the client has given itself.
func (s *Session) Name() string { return s.state().name }

// blocked is a command that may wait.
type blocked struct {
	wait hook.Wait
	stop context.CancelCauseFunc
	by   error // why it was unblocked, nil if it was not
}

// block says which command may wait now, nil for none, and returns why the last one was
// unblocked, nil if it was not.
func (s *Session) block(b *blocked) (by error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.may != nil {
		by = s.may.by
	}
	s.may = b
	return by
}

// blocked says whether a command waits, and was not served yet, or a pause holds it up.
func (s *Session) blocked() bool {
	if p := s.heldUp.Load(); p != nil && p.ctx.Err() == nil {
		return true
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.may != nil && s.may.wait.Waits()
}

// end ends the wait: what comes from now on is for others.
func (b *blocked) end(why error) {
	b.wait.Unblock()
	b.stop(why)
}

// unblock ends the wait of a blocked command, and says whether there was one.
func (s *Session) unblock(cause error) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.may == nil || !s.may.wait.Unblock() {
		return false
	}
	s.may.by = cause
	s.may.stop(cause)
	return true
}

// validName says whether a name may be a client's (clientSetName in networking.c).
func validName(name string) bool {
	for i := range len(name) {
		if name[i] < '!' || name[i] > '~' {
			return false
		}
	}
	return true
}

var errClientName = failed("ERR Client names cannot contain spaces, newlines or special characters.")

func (s *Session) setName(name string) *Reply {
	if !validName(name) {
		return &errClientName
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.seen.name = strings.Clone(name)
	return nil
}

// kind is the class of the client in CLIENT LIST TYPE.
func (s *Session) kind() string {
	if s.subscribed() {
		return "pubsub"
	}
	return "normal"
}

// describe is a line of CLIENT LIST, with the fields of Redis 7.2. What only a process with
// sockets has is 0.
func (s *Session) describe(now time.Time) string {
	st := s.state()
	sub, psub, ssub := s.subs.counts()
	tr := s.tracks()
	flags := ""
	for _, f := range []struct {
		on   bool
		flag string
	}{
		{s.monitor.Load(), "O"},
		{sub+psub+ssub > 0, "P"},
		{st.queued >= 0, "x"},
		{s.blocked(), "b"},
		{tr.on, "t"},
		{tr.broken, "R"},
		{tr.bcast, "B"},
		{st.noEvict, "e"},
	} {
		if f.on {
			flags += f.flag
		}
	}
	if flags == "" {
		flags = "N"
	}
	cmd, name := "NULL", "(superuser)"
	if st.cmd != nil {
		cmd = st.cmd.FullName()
	}
	if u := s.user.Load(); u != nil {
		name = u.name
	}
	in, out := s.buffered()
	return fmt.Sprintf("id=%d addr=%s laddr=%s fd=-1 name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d ssub=%d "+
		"multi=%d qbuf=%d qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=%d tot-mem=%d events=r "+
		"cmd=%s user=%s redir=%d resp=%d lib-name=%s lib-ver=%s",
		s.id, st.remote, st.local, st.name, seconds(now.Sub(st.since)), seconds(now.Sub(st.last)), flags, st.n,
		sub, psub, ssub, st.queued, in, out, in+out, cmd, name, tr.redirect, st.proto, st.libName, st.libVer)
}

func seconds(d time.Duration) int64 { return int64(max(d, 0) / time.Second) }

// session returns the session of a number, nil if there is none.
func (srv *Server) session(id int64) *Session {
	srv.lock.Lock()
	defer srv.lock.Unlock()
	return srv.sessions[id]
}

// clients returns the sessions, by their numbers.
func (srv *Server) clients() []*Session {
	srv.lock.Lock()
	defer srv.lock.Unlock()
	list := make([]*Session, 0, len(srv.sessions))
	for _, s := range srv.sessions {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Session) int { return cmp.Compare(a.id, b.id) })
	return list
}

// Clients describes the clients that are connected, in the lines of CLIENT LIST.
func (srv *Server) Clients() (lines []string) {
	now := srv.now()
	for _, s := range srv.clients() {
		if !s.hungUp() {
			lines = append(lines, s.describe(now))
		}
	}
	return lines
}

// Disconnect ends all sessions, as a restart of a redis-server does. New ones can be made.
func (srv *Server) Disconnect() {
	for _, s := range srv.clients() {
		_ = s.Close()
	}
}

// clock is the time by the clock of the store.
func (c *call) clock() time.Time {
	t, _ := c.db.Time()
	return t
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// muted says whether the reply of the command that has just run is dropped, and goes on to
// the next one. wasOff is whether replies were off before it.
func (s *Session) muted(wasOff bool) bool {
	switch s.replies {
	case repliesOff:
		return wasOff
	case skipThis:
		s.replies = repliesOn
		return true
	case skipNext:
		s.replies = skipThis
	}
	return false
}
