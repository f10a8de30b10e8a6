package command

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

// A Carrier is the connection of a session's client, as far as the session acts on it: see
// [Session.Carry]. Its methods are called by any goroutine. They must not wait, nor call methods
// of the session other than [Session.HangUp].
type Carrier interface {
	// End closes the connection at once: the session has ended.
	End()
	// Limit sets what may wait for the client to read: at first, and when its class or
	// the configuration changes.
	Limit(limit OutputLimit)
	// Flush sends what was answered: the next command may have to wait.
	Flush()
	// Buffered returns how many bytes wait to be run and to be read by the client.
	Buffered() (in, out int)
}

// OutputLimit is Redis's client-output-buffer-limit for one class of clients: the connection
// of a client that reads too slowly is closed, at once when Hard bytes wait for it, and when
// Soft bytes or more have waited for the time Over. 0 bytes are no limit.
type OutputLimit struct {
	Hard, Soft int64
	Over       time.Duration
}

// carried is what a session knows of its carrier.
type carried struct {
	change sync.Mutex // held while a limit is on its way to it

	lock    sync.Mutex // guards what follows
	carrier Carrier    // may be nil
	gone    bool       // nobody is at the other end
	leave   context.CancelFunc
}

// Carry sets the carrier of the session, which the session acts on from now on. A session has at
// most one.
func (s *Session) Carry(c Carrier) {
	s.carried.lock.Lock()
	s.carried.carrier = c
	s.carried.lock.Unlock()
	s.limitOutput()
	if s.ctx.Err() != nil {
		c.End()
	}
}

// carrier returns what carries the session, nil if nothing does.
func (s *Session) carrier() Carrier {
	s.carried.lock.Lock()
	defer s.carried.lock.Unlock()
	return s.carried.carrier
}

// limitOutput tells the carrier the limit of the session's class.
func (s *Session) limitOutput() {
	if c := s.carrier(); c != nil {
		s.carried.change.Lock()
		defer s.carried.change.Unlock()
		c.Limit(s.srv.config.outputLimit(s.kind()))
	}
}

// beforeWait has what was answered leave before a command waits.
func (s *Session) beforeWait() {
	if c := s.carrier(); c != nil {
		c.Flush()
	}
}

// HangUp says that the client sends nothing more. What it has sent before is run, until a
// command has to wait: with that, or with the one that waits already, the session ends, without
// a reply, as in Redis.
func (s *Session) HangUp() {
	s.carried.lock.Lock()
	s.carried.gone = true
	leave := s.carried.leave
	s.carried.lock.Unlock()
	if leave != nil {
		leave()
	}
}

// hungUp says whether HangUp was called, or the session has ended.
func (s *Session) hungUp() bool {
	s.carried.lock.Lock()
	defer s.carried.lock.Unlock()
	return s.carried.gone || s.Ended()
}

// mayLeave has HangUp call leave from now on, if it is not nil. It reports whether HangUp was
// called before.
func (s *Session) mayLeave(leave context.CancelFunc) (gone bool) {
	s.carried.lock.Lock()
	defer s.carried.lock.Unlock()
	s.carried.leave = leave
	return s.carried.gone
}

// errGone is why a wait ends when nobody waits for its reply any more.
var errGone = errors.New("command: the client has hung up")

// once calls wait, of a client that has hung up, so that it takes what there is and does not
// wait: as in a transaction.
func (c *call) once(wait func(ctx context.Context) error) error {
	db := c.db
	defer func() { c.tx, c.db = nil, db }()
	var err error
	if failed := c.s.srv.store.Serial(c.ctx, nil, func(tx *store.Tx) error {
		c.tx, c.db = tx, tx.DB(c.s.n)
		err = wait(c.ctx)
		return nil
	}); failed != nil {
		return failed
	}
	return err
}

// buffered returns what CLIENT LIST shows of a connection.
func (s *Session) buffered() (in, out int) {
	if c := s.carrier(); c != nil {
		return c.Buffered()
	}
	return 0, 0
}

// Sleep waits for d by the clock of the store, or until the session has ended, which it
// reports.
func (s *Session) Sleep(d time.Duration) (ended bool) {
	s.beforeWait()
	ctx, cancel := s.srv.timeout(s.ctx, d)
	defer cancel()
	<-ctx.Done()
	return s.ctx.Err() != nil
}

// Refuse returns the reply to a command that its carrier does not want to run: r, an error, or
// none while CLIENT REPLY has turned replies off. A transaction that has begun will fail, as
// after any command that can't be queued. Without args, what came was not a command. Like Do,
// Refuse is called by one goroutine at a time.
func (s *Session) Refuse(args []string, r Reply) Reply {
	if len(args) > 0 {
		r = s.refuse(Lookup(args), r)
		s.note()
	}
	if s.muted(s.replies == repliesOff) {
		return silent
	}
	return r
}

// NeedsAuth reports whether the client has to authenticate before anything else.
func (s *Session) NeedsAuth() bool { return s.needsAuth() }

// MaxBulk returns the length of the longest argument that a client may send: proto-max-bulk-len.
func (srv *Server) MaxBulk() int64 {
	if n := srv.config.maxBulk.Load(); n != 0 {
		return n
	}
	return 512 << 20
}

// outputLimit returns the limit of a class of clients.
func (c *config) outputLimit(class string) (l OutputLimit) {
	words := strings.Fields(c.get("client-output-buffer-limit"))
	for i := 0; i+3 < len(words); i += 4 {
		if words[i] == class {
			l.Hard, _ = strconv.ParseInt(words[i+1], 10, 64)
			l.Soft, _ = strconv.ParseInt(words[i+2], 10, 64)
			secs, _ := strconv.ParseInt(words[i+3], 10, 64)
			l.Over = time.Duration(min(secs, math.MaxInt64/int64(time.Second))) * time.Second
		}
	}
	return l
}
