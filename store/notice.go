package store

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What happens to keys is told to others: as keyspace notifications, to change feeds, and
// to WaitFor. While anybody listens, shards have a log. The write path notes there what it
// does, under the lock; before it unlocks, all that belongs to one step gets a commit number
// and is queued, and after that it is delivered, in the order of these numbers.

// notice is a notification, or a message that a transaction publishes.
type notice struct {
	at      uint64 // its place among all that is noted
	class   Notify // 0: payload goes to a channel
	n       int
	key     string // or the channel
	name    string // or the payload
	subkeys []string
	sharded bool
}

// lastNote is the place of what was noted last. All stores count by it, as a transaction goes
// on in a copy of its store.
var lastNote atomic.Uint64

// heard says whether notifications are noted for the key of w.
func (w *write) heard() bool { return w.sh.log != nil && w.sh.log.notify != 0 }

// event notes a notification of the key: before what removes the key, and after what makes
// it, since these note theirs.
func (w *write) event(class Notify, name string) {
	if w.sh.log != nil {
		w.sh.log.note(class, w.db.n, w.key, name, nil)
	}
}

// eventOfOp is event by the name of the command.
func (w *write) eventOfOp(class Notify) {
	if w.heard() {
		w.event(class, strings.ToLower(w.op))
	}
}

// eventOf is event for fields of a hash. Who has to make a slice for it asks heard first.
func (w *write) eventOf(class Notify, name string, fields []string) {
	if w.sh.log != nil {
		w.sh.log.note(class, w.db.n, w.key, name, fields)
	}
}

func (l *log) note(class Notify, n int, key, name string, subkeys []string) {
	if l.notify&class == 0 {
		return
	}
	e := notice{at: lastNote.Add(1), class: class, n: n, key: strings.Clone(key), name: name}
	if len(subkeys) > 0 && l.notify&notifySubkeys != 0 {
		e.subkeys = make([]string, len(subkeys))
		for i, k := range subkeys {
			e.subkeys[i] = strings.Clone(k)
		}
	}
	l.list = append(l.list, e)
}

// tell notes a change that was made of the key of w, for feeds, if its shard has a log. was is
// what it held before.
func (w *write) tell(r Reason, was Kind, version uint64) {
	l := w.sh.log
	if !l.changes || w.run != nil {
		return
	}
	c := change{at: lastNote.Add(1), was: was, Change: Change{
		DB: w.db.n, Kind: was, Op: w.op, Reason: r, Version: version,
	}}
	if r == Written && w.ref.Found {
		c.Kind = kindOf(&w.ref.Record)
	}
	// A command may take several steps for one change. In a copy of the store other commands
	// come before, and fold does it.
	if i := len(l.changed) - 1; i >= 0 && w.sh.derived == nil {
		if last := &l.changed[i]; last.DB == c.DB && last.Key == w.key && last.Op == c.Op && last.Reason < Flushed {
			c.at, c.Key, c.was = last.at, last.Key, last.was
			*last = c
			return
		}
	}
	c.Key = strings.Clone(w.key)
	l.changed = append(l.changed, c)
}

// events is what a store tells of its keys. A copy or a snapshot of a store tells nothing.
type events struct {
	notify atomic.Uint32 // a Notify

	lock   sync.Mutex // guards commit and queue; taken under shard locks
	commit uint64
	queue  []commit
	spare  []commit

	turn      sync.Mutex // who delivers; taken under no lock, or by a reader under shard locks
	feeds     []*Feed    // these three belong to turn
	watchers  map[Key][]*watcher
	observers []*observer
	fed       atomic.Int32 // how many feeds and observers there are
	watched   atomic.Int32 // and watchers
}

// commit is what one step has done.
type commit struct {
	number  uint64
	time    time.Time
	by      any // for whom, nil for nobody that observers know
	list    []notice
	changed []change
}

// seal queues what is in the logs of shards, which are locked, and in more as one commit, made
// for by, and says whether there is anything for deliver.
func (s *Store) seal(shards []*shard, more *log, by any) bool {
	if s.events == nil {
		return false
	}
	var all log
	for _, sh := range shards {
		if !sh.log.empty() {
			all.take(sh.log)
		}
	}
	if more != nil {
		all.take(more)
	}
	if all.empty() {
		return false
	}
	if len(shards) > 1 || more != nil {
		all.sort()
	}
	s.events.add(commit{by: by, list: all.list, changed: all.changed}, s.now)
	return true
}

// sealShard is seal for one shard.
func (s *Store) sealShard(sh *shard, by any) bool {
	return !sh.log.empty() && s.seal([]*shard{sh}, nil, by)
}

// sealAll is seal for all shards.
func (s *Store) sealAll(more *log, by any) bool {
	if s.events == nil {
		return false
	}
	shards := make([]*shard, 0, len(s.shards))
	for i := range s.shards {
		if sh := &s.shards[i]; !sh.log.empty() {
			shards = append(shards, sh)
		}
	}
	return s.seal(shards, more, by)
}

func (e *events) add(c commit, now func() int64) {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.commit++
	c.number, c.time = e.commit, timeOf(now())
	e.queue = append(e.queue, c)
}

// deliver sends all that was queued until now. Afterwards whatever the caller has sealed has
// been sent, by itself or by another.
func (s *Store) deliver() {
	for _, o := range s.sendQueue() {
		o.After()
	}
}

// deliverIf is deliver if anything was sealed.
func (s *Store) deliverIf(told bool) {
	if told {
		s.deliver()
	}
}

// sendQueue is deliver, but for what observers do afterwards. It returns these.
func (s *Store) sendQueue() []*observer {
	e := s.events
	e.turn.Lock()
	defer e.turn.Unlock()
	e.lock.Lock()
	list := e.queue
	e.queue = e.spare[:0]
	e.lock.Unlock()
	for i := range list {
		s.send(&list[i])
	}
	e.spare = emptied(list)
	return e.observers
}

func (s *Store) send(c *commit) {
	flags := s.Notifications()
	for i := range c.list {
		switch e := &c.list[i]; {
		case e.class == 0 && e.sharded:
			s.hub.SPublish(e.key, e.name)
		case e.class == 0:
			s.hub.Publish(e.key, e.name)
		case e.class&flags != 0:
			s.notify(e, flags)
		}
	}
	if len(c.changed) > 0 {
		for _, f := range s.events.feeds {
			f.hear(c)
		}
		for _, o := range s.events.observers {
			o.hear(c)
		}
		s.events.wake(c)
	}
}

// last returns the number of the last commit.
func (e *events) last() uint64 {
	e.lock.Lock()
	defer e.lock.Unlock()
	return e.commit
}

// notify sends the notifications of an event, as notifyKeyspaceEvent in Redis's notify.c
// does (8.8).
func (s *Store) notify(e *notice, flags Notify) {
	if s.hub.Idle() {
		return
	}
	at := "@" + strconv.Itoa(e.n) + "__:"
	if flags&NotifyKeyspace != 0 {
		s.hub.Publish("__keyspace"+at+e.key, e.name)
	}
	if flags&NotifyKeyevent != 0 {
		s.hub.Publish("__keyevent"+at+e.name, e.key)
	}
	if len(e.subkeys) == 0 || flags&notifySubkeys == 0 {
		return
	}
	subkeys := sized(e.subkeys...)
	if flags&NotifySubkeyspace != 0 {
		s.hub.Publish("__subkeyspace"+at+e.key, e.name+"|"+subkeys)
	}
	if flags&NotifySubkeyevent != 0 {
		s.hub.Publish("__subkeyevent"+at+e.name, sized(e.key)+"|"+subkeys)
	}
	if flags&NotifySubkeyspaceItem != 0 && !strings.Contains(e.key, "\n") {
		for _, k := range e.subkeys {
			s.hub.Publish("__subkeyspaceitem"+at+e.key+"\n"+k, e.name)
		}
	}
	if flags&NotifySubkeyspaceEvent != 0 {
		s.hub.Publish("__subkeyspaceevent"+at+e.name+"|"+e.key, subkeys)
	}
}

// sized returns strings with their lengths before them.
func sized(list ...string) string {
	var b strings.Builder
	for i, k := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(len(k)))
		b.WriteByte(':')
		b.WriteString(k)
	}
	return b.String()
}

// listen makes a transaction's copy of a store note what the store would.
func (s *Store) listen(of *Store) {
	notify, feeds := of.listening()
	feeds = feeds || of.events != nil && of.events.watched.Load() > 0
	for i := range s.shards {
		s.shards[i].hear(notify, feeds)
	}
}

// listening returns which notifications are noted, and whether changes are.
func (s *Store) listening() (Notify, bool) {
	if s.events == nil {
		return 0, false
	}
	notify := s.Notifications()
	if !notify.sends() {
		notify = 0
	}
	return notify, s.events.fed.Load() > 0
}

// hear gives all shards, which are locked, a log if anybody listens, and takes it away if
// nobody does.
func (s *Store) hear() {
	notify, feeds := s.listening()
	for i := range s.shards {
		s.shards[i].hear(notify, feeds)
	}
}

func (sh *shard) hear(notify Notify, changes bool) {
	changes = changes || sh.watched > 0
	switch {
	case notify == 0 && !changes:
		sh.log = nil
	case sh.log == nil:
		sh.log = &log{notify: notify, changes: changes}
	default:
		sh.log.notify, sh.log.changes = notify, changes
	}
}

// tellAll notes that something was done to a whole database. All shards are locked.
func (s *Store) tellAll(op string, r Reason, n int) {
	for i := range s.shards {
		if l := s.shards[i].log; l != nil && l.changes {
			l.changed = append(l.changed, change{at: lastNote.Add(1), Change: Change{DB: n, Op: op, Reason: r}})
			return
		}
	}
}
