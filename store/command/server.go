package command

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/store"
)

// Server is what the clients of a store share: in Redis, the process of the redis-server. It has
// no network, and no goroutine as long as no client needs one. All methods may be called by any
// number of goroutines.
type Server struct {
	store *store.Store

	lastID   atomic.Int64
	monitors atomic.Pointer[[]*Session] // nil: none; written under lock, never changed
	since    time.Time                  // when it began
	named    sync.Once                  // guards run
	run      string                     // see runID
	engines  []ScriptEngine
	logger   *slog.Logger // of scripts, nil if there is none
	acl      acl
	config   config
	stats    stats
	slowlog  slowlog
	latency  latency
	scripts  scripts
	paused   atomic.Pointer[pause] // set under lock
	tracker  tracker
	cluster  bool // its rules hold

	lock     sync.Mutex // guards what follows
	sessions map[int64]*Session
	closed   bool

	listeners sync.WaitGroup // of sessions that subscribe; it grows under lock, until closed
}

// Option sets something of a new server.
type Option func(*Server)

// NewServer returns a server of s. Close it before s.
func NewServer(s *store.Store, opts ...Option) *Server {
	srv := &Server{store: s, sessions: map[int64]*Session{}}
	srv.stats.parts = make([]statsPart, statsParts)
	srv.since = srv.now()
	srv.acl.init()
	srv.tracker.limit.Store(trackedKeys)
	for _, opt := range opts {
		if opt != nil {
			opt(srv)
		}
	}
	return srv
}

// Store returns the store that the server serves.
func (srv *Server) Store() *store.Store { return srv.store }

// now is the time by the clock of the store.
func (srv *Server) now() time.Time {
	if srv.store == nil { // that of Do in a transaction
		return time.Time{}
	}
	t, _ := srv.store.DB(0).Time()
	return t
}

// nano is now in nanoseconds.
func (srv *Server) nano() int64 { return srv.now().UnixNano() }

// Close ends all sessions, and waits until none of their goroutines is left that brings messages
// to a sink: so a sink must not call it. It is idempotent and returns nil; the store stays open.
func (srv *Server) Close() error {
	srv.lock.Lock()
	srv.closed = true
	srv.lock.Unlock()
	if r := srv.scripts.running.Load(); r != nil {
		r.stop(errServerClosed)
	}
	srv.unpause()
	for _, s := range srv.clients() {
		s.Close()
	}
	srv.listeners.Wait()
	return nil
}

// listener notes that a goroutine begins that Close waits for, which calls done at its end.
func (srv *Server) listener() (done func()) {
	srv.lock.Lock()
	defer srv.lock.Unlock()
	if srv.closed { // it ends at once
		return func() {}
	}
	srv.listeners.Add(1)
	return srv.listeners.Done
}

// Sink is where a session sends what its client gets without asking, such as messages of
// channels, in order. It is called by one goroutine at a time, but not always by the same one: by
// that of the client whose command is the cause, of a typed caller who writes, or by the one that
// removes expired keys. So it must not wait, nor run commands of a session.
type Sink func(Reply)

// NewSession returns a new session, which the caller closes. What the client gets without asking
// goes to push, or is dropped if push is nil. A session of a closed server has ended from the
// start.
func (srv *Server) NewSession(push Sink) *Session {
	if push == nil {
		push = func(Reply) {}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &Session{srv: srv, id: srv.lastID.Add(1), proto: 2, push: push, ctx: ctx, cancel: cancel}
	s.asDefault()
	s.seen.start(srv.now())
	srv.lock.Lock()
	defer srv.lock.Unlock()
	if srv.closed {
		s.ended.Store(true)
		cancel(errSessionClosed)
	} else {
		srv.sessions[s.id] = s
	}
	return s
}

// Do runs one command on db, which may be that of a transaction or of a snapshot, and returns
// its reply. An error reply is an [*ReplyError], too. When ctx has ended, nothing runs, and a
// command that waits, such as BLPOP, waits no longer: the error is that of ctx.
//
// There is no client and no server behind it. What would change them, such as MULTI, SELECT,
// SUBSCRIBE and CONFIG SET, is an error: that is for a [Session]. So is, in a transaction and
// on a snapshot, what is for the whole store, such as FLUSHALL and PUBLISH. There are no script
// engine and no configuration but the default.
func Do(ctx context.Context, db store.DB, args ...string) (Reply, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	cmd := Lookup(args)
	var r Reply
	switch {
	case len(args) == 0:
		return r, errNothing
	case ctx.Err() != nil:
		return r, ctx.Err()
	case cmd.plain():
		r = doPlain(db, cmd, args)
	default:
		r = doAny(ctx, db, args)
	}
	switch r.Kind {
	case Error:
		return r, &ReplyError{Text: r.Str}
	case Null, NullArray:
		if cmd.Flags&Blocking != 0 {
			return r, ctx.Err()
		}
	}
	return r, nil
}

var errNothing = errors.New("command: no words")

// stays says whether a command changes its client or the server, neither of which Do has for
// longer than the command.
func (cmd *Command) stays() bool {
	switch cmd.FullName() {
	case "multi", "watch", "monitor", "select", "auth", "config|set", "config|resetstat", "acl|setuser", "acl|deluser":
		return true
	}
	return cmd.parent != nil && cmd.parent.Name == "client" && cmd.Flags&ReadOnly == 0 && !slices.Contains(
		[]string{"getname", "getredir", "help", "id", "info", "list", "trackinginfo"}, cmd.Name)
}

func doAny(ctx context.Context, db store.DB, args []string) Reply {
	s := newCaller(db.Store()).NewSession(nil)
	defer s.Close()
	s.fixed = &db
	return s.Do(ctx, args)
}

// newCaller returns the server of a caller of Do.
func newCaller(s *store.Store) *Server {
	srv := &Server{store: s, sessions: map[int64]*Session{}}
	srv.acl.init()
	return srv
}

// plain says whether a command, which may be nil, means nothing but keys of its database: it
// changes neither its client nor the server, and does not wait.
func (cmd *Command) plain() bool {
	return cmd != nil && cmd.Flags&(ReadOnly|Write) != 0 && !cmd.waits && !cmd.Whole && cmd.Flags&(Admin|PubSub) == 0
}

// plainCall is a plain command with the client that it is of, which it leaves as it is.
type plainCall struct {
	call
	client Session
	db     store.DB
}

var (
	plainServer = sync.OnceValue(func() *Server { return newCaller(nil) })
	plainCalls  = sync.Pool{New: func() any {
		p := &plainCall{client: Session{srv: plainServer(), proto: 2, ctx: context.Background(), push: func(Reply) {}}}
		p.client.asDefault()
		p.client.fixed = &p.db
		return p
	}}
)

// doPlain is Do for a plain command.
func doPlain(db store.DB, cmd *Command, args []string) Reply {
	if !cmd.takes(len(args)) {
		return wrongArity(cmd)
	}
	p := plainCalls.Get().(*plainCall)
	p.db = db
	p.call = call{ctx: p.client.ctx, s: &p.client, db: db, cmd: cmd, args: args}
	r := p.call.run()
	p.db, p.call = store.DB{}, call{}
	plainCalls.Put(p)
	return r
}

// database returns database n, and whether there are others: without its store, Do has one.
func (c *call) database(n int) (db store.DB, more bool) {
	switch {
	case c.tx != nil:
		return c.tx.DB(n), true
	case c.s.srv.store != nil:
		return c.s.srv.store.DB(n), true
	}
	return c.db, false
}

// ReplyError is an error reply as a Go error.
type ReplyError struct {
	Text string // the whole line, with its code
}

// Error returns the text.
func (e *ReplyError) Error() string { return e.Text }

// Is reports whether target is an error of package store that has this reply, so that
// errors.Is(err, store.ErrWrongType) works for the errors of [Do].
func (e *ReplyError) Is(target error) bool {
	if !strings.HasPrefix(target.Error(), "store: ") {
		return false
	}
	text := failure(target).Str
	return e.Text == text || strings.HasPrefix(e.Text, text+" (") // with a command and a key
}
