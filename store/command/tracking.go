package command

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
)

// Client-side caching (tracking.c): clients keep what they have read, and are told when it
// changes. This is what holds:
//
//   - A key is in the table before the command that reads it looks at it, so that a change
//     that the reply does not have finds it there.
//   - What a client is told of the keys of the command that it runs, and of its own changes,
//     comes behind the reply: it never keeps what was told to be old before it came. All else
//     comes at once.
//   - A change is in the queue of every client that has to know before the command that makes
//     it returns, also where the typed API made it; in expiry, when the key is removed. What a
//     client's commands answer later comes behind it.
//
// As long as nobody tracks, the store notes nothing, and nothing costs anything.

// tracker is the tracking of all clients of a server.
type tracker struct {
	clients atomic.Int64 // who track
	limit   atomic.Int64 // tracking-table-max-keys
	size    atomic.Int64 // of keys
	flushes atomic.Int64 // how often clients were told that all keys are gone

	toggle sync.Mutex // taken before all other locks, by who begins or ends to track
	stop   func()     // guarded by toggle: ends hearing of changes

	lock     sync.Mutex // guards what follows, and the tracking of sessions
	sessions map[int64]*Session
	keys     map[string]readers // who are told when a key changes, once
	items    int                // entries in keys
	prefixes []prefix           // sorted
	dirty    []*Session
}

// readers are the numbers of sessions: mostly one.
type readers struct {
	one  int64
	more map[int64]struct{}
}

// tracking is that of one session.
type tracking struct {
	hears atomic.Bool // invalidations may come, or have

	// These belong to the goroutine that calls Do.
	tracked bool             // it has asked for it
	script  *call            // the script that runs
	flushed bool             // the command has removed all keys of a database
	dbs     map[int]store.DB // where its changes are known as its own

	// These are guarded by the lock of the tracker.
	on, bcast, optin, optout, noloop, caching, broken bool

	redirect *Session // nil: to itself
	prefixes []string // sorted
	state    trackState
	reads    map[string]bool // what the command reads; true: since it last wrote the key
	again    []string        // of these, those that it has changed itself
	held     []invalidation  // for after the reply
}

type trackState uint8

const (
	trackIdle  trackState = iota
	trackRuns             // a command, up to the moment when its reply is sent
	trackWaits            // a command that blocks
)

// invalidation is a message: of keys, or of all.
type invalidation struct {
	keys []string
	all  bool
}

const invalidateChannel = "__redis__:invalidate"

// track begins to track for s, or changes how.
func (t *tracker) track(s *Session, want *tracking, prefixes []string) {
	if s.srv.store == nil {
		return
	}
	s.hears.Store(true) // before the look whether it ends, so that leave sees it
	t.toggle.Lock()
	defer t.toggle.Unlock()
	if t.stop == nil {
		t.stop = hook.Observe(s.srv.store, hook.Observer{Heard: t.heard, After: t.after})
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	tr := &s.tracking
	if s.ctx.Err() == nil && !tr.on { // a session that ends has left, or will
		if tr.on = true; t.sessions == nil {
			t.sessions = map[int64]*Session{}
			t.keys = map[string]readers{}
		}
		t.sessions[s.id] = s
		t.clients.Add(1)
		tr.state, tr.reads = trackRuns, map[string]bool{} // CLIENT TRACKING itself
	}
	if !tr.on {
		t.idle()
		return
	}
	s.tracked = true
	tr.bcast, tr.optin, tr.optout, tr.noloop = want.bcast, want.optin, want.optout, want.noloop
	tr.redirect, tr.broken = want.redirect, false
	if tr.redirect != nil {
		tr.redirect.hears.Store(true)
	}
	for _, p := range prefixes {
		if at, found := slices.BinarySearch(tr.prefixes, p); !found {
			p = strings.Clone(p)
			tr.prefixes = slices.Insert(tr.prefixes, at, p)
			if at, found = t.prefix(p); !found {
				t.prefixes = slices.Insert(t.prefixes, at, prefix{text: p, sessions: map[*Session]struct{}{}})
			}
			t.prefixes[at].sessions[s] = struct{}{}
		}
	}
}

// leave ends the tracking of s.
func (t *tracker) leave(s *Session) {
	if !s.hears.Load() {
		return
	}
	t.toggle.Lock()
	defer t.toggle.Unlock()
	t.lock.Lock()
	defer t.lock.Unlock()
	tr := &s.tracking
	if !tr.on {
		return
	}
	if len(tr.prefixes) > 0 {
		t.prefixes = slices.DeleteFunc(t.prefixes, func(p prefix) bool {
			delete(p.sessions, s)
			return len(p.sessions) == 0
		})
	}
	tr.on, tr.bcast, tr.optin, tr.optout, tr.noloop, tr.caching, tr.broken = false, false, false, false, false, false, false
	tr.prefixes, tr.redirect, tr.reads, tr.again, tr.held, tr.state = nil, nil, nil, nil, nil, trackIdle
	delete(t.sessions, s.id)
	t.clients.Add(-1)
	t.idle()
}

// idle ends hearing of changes if nobody tracks. Both locks are held.
func (t *tracker) idle() {
	if len(t.sessions) > 0 || t.stop == nil {
		return
	}
	stop := t.stop
	t.stop, t.sessions, t.keys, t.prefixes, t.items = nil, nil, nil, nil, 0
	t.size.Store(0)
	t.lock.Unlock() // before the locks of the store
	stop()
	t.lock.Lock()
}

// add puts a session into the table, and says whether it was not there.
func (t *tracker) add(key string, id int64) (fresh bool) {
	r, found := t.keys[key]
	switch _, also := r.more[id]; {
	case !found:
		t.size.Add(1)
		r.one = id
	case r.one == id || also:
		return false
	case r.more == nil:
		r.more = map[int64]struct{}{id: {}}
	default:
		r.more[id] = struct{}{}
	}
	t.items++
	t.keys[key] = r
	return true
}

// forget takes s out of the table, at keys that it has not read after all.
func (t *tracker) forget(s *Session, keys []string) {
	if len(keys) == 0 {
		return
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, key := range keys {
		r, found := t.keys[key]
		_, also := r.more[s.id]
		switch {
		case !found || r.one != s.id && !also:
			continue
		case also:
			delete(r.more, s.id)
		case len(r.more) == 0:
			delete(t.keys, key)
			t.size.Add(-1)
		default:
			for r.one = range r.more {
				break
			}
			delete(r.more, r.one)
			t.keys[key] = r
		}
		t.items--
	}
}

// take removes a key from the table, and calls tell for who are there.
func (t *tracker) take(key string, tell func(*Session)) {
	r, found := t.keys[key]
	if !found {
		return
	}
	delete(t.keys, key)
	t.size.Add(-1)
	t.items -= 1 + len(r.more)
	t.tell(r.one, tell)
	for id := range r.more {
		t.tell(id, tell)
	}
}

func (t *tracker) tell(id int64, tell func(*Session)) {
	if s := t.sessions[id]; s != nil && !s.tracking.bcast {
		tell(s)
	}
}

// heard takes the changes of a step.
func (t *tracker) heard(by any, list []hook.Change) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.sessions) == 0 {
		return
	}
	flushed := false
	for _, c := range list {
		if c.All {
			if !flushed { // once is enough for several databases
				t.flush()
			}
			flushed = true
			continue
		}
		t.take(c.Key, func(s *Session) {
			if s == by && s.noloop {
				s.tracking.changed(c.Key)
				return
			}
			t.send(s, by, invalidation{keys: []string{c.Key}})
		})
	}
	if len(t.prefixes) > 0 {
		t.broadcast(by, list)
	}
}

// flush tells all that all keys are gone.
func (t *tracker) flush() {
	t.flushes.Add(1)
	clear(t.keys)
	t.size.Store(0)
	t.items = 0
	for _, s := range t.sessions {
		t.send(s, nil, invalidation{all: true})
	}
}

// send sends an invalidation to s, or keeps it until the reply to the command that s runs is
// sent.
func (t *tracker) send(s *Session, by any, m invalidation) {
	tr := &s.tracking
	own := by == any(s) && tr.state != trackIdle
	hold := own || m.all && tr.state == trackRuns
	for _, key := range m.keys {
		_, read := tr.reads[key]
		hold = hold || read
		if own {
			tr.changed(key)
		}
	}
	if hold {
		tr.held = append(tr.held, m)
		return
	}
	t.post(s, m)
}

// changed notes that the client's own command has changed a key, which it may have read since.
func (tr *tracking) changed(key string) {
	if tr.state != trackIdle && tr.reads[key] && !tr.bcast {
		tr.again = append(tr.again, key)
	}
}

// post puts an invalidation into the queue of who gets those of s (sendTrackingMessage).
func (t *tracker) post(s *Session, m invalidation) {
	to := s
	if tr := &s.tracking; tr.redirect != nil {
		if to = tr.redirect; to.ctx.Err() != nil {
			tr.broken = true
			if s.state().proto == 3 {
				t.enqueue(s, push(bulk("tracking-redir-broken"), integer(to.id)))
			}
			return
		}
	}
	what := null
	if !m.all {
		what = texts(m.keys)
	}
	switch {
	case to.state().proto == 3:
		t.enqueue(to, push(bulk("invalidate"), what))
	case s.tracking.redirect != nil && to.subscribed():
		t.enqueue(to, push(bulk("message"), bulk(invalidateChannel), what))
	}
}

func (t *tracker) enqueue(s *Session, r Reply) {
	if s.state().proto == 3 {
		r.Proto = 3 // also if it leaves when the client has chosen another
	}
	s.subs.lock.Lock()
	s.subs.queue = append(s.subs.queue, r)
	s.subs.lock.Unlock()
	t.dirty = append(t.dirty, s)
}

// after brings what heard has queued to the sinks.
func (t *tracker) after() {
	t.lock.Lock()
	list := t.dirty
	t.dirty = nil
	t.lock.Unlock()
	for _, s := range list {
		s.flush()
	}
}

// trim makes the table as small as its limit says, before a command runs.
func (t *tracker) trim() {
	most := t.limit.Load()
	if most == 0 || t.size.Load() <= most {
		return
	}
	t.lock.Lock()
	for key := range t.keys { // at random
		if int64(len(t.keys)) <= most {
			break
		}
		t.take(key, func(s *Session) { t.send(s, nil, invalidation{keys: []string{key}}) })
	}
	t.lock.Unlock()
	t.after()
}

// sizes returns what INFO shows of the table.
func (t *tracker) sizes() (keys, items, prefixes int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	return len(t.keys), t.items, len(t.prefixes)
}

// trackedKeys is the limit of the table that a server begins with.
const trackedKeys = 1000000
