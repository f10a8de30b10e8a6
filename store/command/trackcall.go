package command

import (
	"strings"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
)

// What tracking does around a command of a session.

// tracked runs the handler of a command, and does what tracking needs before and after.
func (c *call) tracked() Reply {
	s, t := c.s, &c.s.srv.tracker
	if c.tx != nil {
		return c.handle()
	}
	if t.clients.Load() == 0 {
		return c.handle() // which may be the one that begins
	}
	before := t.flushes.Load()
	s.flushed = false
	t.begin(s)
	r := c.handle()
	t.end(s, s.flushed && r.Kind != Error && before == t.flushes.Load())
	return r
}

// begin notes that s runs a command.
func (t *tracker) begin(s *Session) {
	if s.tracking.tracked {
		t.lock.Lock()
		s.tracking.state = trackRuns
		t.lock.Unlock()
	}
}

// end ends what begin began. Where a command has removed all keys, but there were none, it is
// told of as in Redis.
func (t *tracker) end(s *Session, flushed bool) {
	if !s.tracking.tracked && !flushed {
		return
	}
	t.lock.Lock()
	if flushed {
		t.flush()
	}
	for _, key := range s.again {
		if s.reads[key] { // and has not written it since
			t.add(key, s.id)
		}
	}
	s.again = nil
	t.lock.Unlock()
	t.after()
}

// handle calls the handler, when the keys that it reads are noted.
func (c *call) handle() Reply {
	s := c.s
	if !s.tracking.tracked {
		return c.cmd.run(c)
	}
	if c.tx != nil {
		hook.Claim(c.tx, s)
	}
	if c.cmd.Group == "scripting" && c.cmd.parent == nil {
		defer func(c *call) { s.script = c }(s.script)
		s.script = c // whose keys are noted when it reads something, as in Redis
	} else {
		c.remember()
	}
	return c.cmd.run(c)
}

// remember notes the keys that a command is about to read, and returns those of them that
// were not in the table.
func (c *call) remember() (fresh []string) {
	s, from := c.s, c
	reads := c.cmd.Flags&ReadOnly != 0
	switch {
	case !reads && c.cmd.Flags&Write == 0:
		return nil
	case reads && s.script != nil:
		from = s.script
	}
	places, _ := from.cmd.KeyPlaces(from.args)
	t := &s.srv.tracker
	t.lock.Lock()
	defer t.lock.Unlock()
	if !s.on || s.optin && !s.caching || s.optout && s.caching {
		return nil
	}
	for _, i := range places {
		switch key := from.args[i]; {
		case reads:
			key = strings.Clone(key)
			if s.tracking.reads[key] = true; !s.bcast && t.add(key, s.id) {
				fresh = append(fresh, key)
			}
		case s.tracking.reads[key]:
			s.tracking.reads[key] = false
		}
	}
	return fresh
}

// remember notes what the commands are about to read: a transaction reads its keys first.
func (m *multi) remember() (fresh []string) {
	for i := range m.queued {
		if q := &m.queued[i]; q.s.tracking.tracked && q.cmd.Flags&ReadOnly != 0 && q.cmd.Group != "scripting" {
			fresh = append(fresh, q.remember()...)
		}
	}
	return fresh
}

// Sent says that the reply that Do returned has been sent: invalidations and lines of MONITOR
// that must come behind it follow now. Whoever sends replies to a client calls it after each of
// them, on the goroutine that calls Do; otherwise they follow at the next Do.
func (s *Session) Sent() {
	if s.monitors {
		s.monitors = false
		s.startMonitor()
	}
	if !s.tracking.tracked {
		return
	}
	t := &s.srv.tracker
	t.lock.Lock()
	s.tracking.state = trackIdle
	clear(s.tracking.reads)
	held := s.held
	s.held = nil
	for _, m := range held {
		t.post(s, m)
	}
	t.lock.Unlock()
	t.after()
}

// startWait says that the command of s waits from now on: what others do meanwhile is told at
// once.
func (s *Session) startWait() {
	if !s.tracking.tracked {
		return
	}
	s.srv.tracker.lock.Lock()
	defer s.srv.tracker.lock.Unlock()
	s.tracking.state = trackWaits
	clear(s.tracking.reads)
}

// ownDB is a database in which changes are known as those of s.
func (s *Session) ownDB(n int) store.DB {
	db, found := s.dbs[n]
	if !found {
		if s.dbs == nil {
			s.dbs = map[int]store.DB{}
		}
		db = hook.As(s.srv.store, n, s).(store.DB)
		s.dbs[n] = db
	}
	return db
}
