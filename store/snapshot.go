package store

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// instant is the whole store as of one moment: that at which the epoch was counted
// up. A writer that finds its shard in an older epoch freezes its
// tables for the snapshots that are waiting for them before it writes; what
// nobody wrote the snapshot freezes itself when it comes by.
type instant struct {
	s     *Store
	epoch uint64
	now   int64
	roots []atomic.Pointer[roots] // by shard
}

// roots is what a shard held.
type roots struct {
	tables  [Databases]*structures.Table
	version uint64
}

// instant returns the store as of now. release must follow. It stops nobody.
func (s *Store) instant() *instant {
	sn := &instant{s: s, now: s.now(), roots: make([]atomic.Pointer[roots], len(s.shards))}
	s.snapLock.Lock()
	defer s.snapLock.Unlock()
	for { // the keys are those of the epoch less the overdue ones, both as of one millisecond
		sn.epoch = s.epoch.Add(1)
		now := s.now()
		if now == sn.now {
			break
		}
		sn.now = now
	}
	s.snaps = append(s.snaps, sn)
	s.frozen.Store(int64(len(s.snaps)))
	return sn
}

func (sn *instant) release() {
	sn.s.snapLock.Lock()
	defer sn.s.snapLock.Unlock()
	sn.s.snaps = slices.DeleteFunc(sn.s.snaps, func(o *instant) bool { return o == sn })
	sn.s.frozen.Store(int64(len(sn.s.snaps)))
}

// freeze gives the snapshots up to epoch what the shard holds, before somebody
// who came after them writes it. The shard is locked.
func (s *Store) freeze(sh *shard, epoch uint64) {
	if sh.epoch.Load() >= epoch {
		return
	}
	sh.epoch.Store(epoch)
	s.snapLock.Lock()
	defer s.snapLock.Unlock()
	var frozen *roots
	for _, sn := range s.snaps {
		if sn.epoch > epoch || sn.roots[sh.index].Load() != nil {
			continue
		}
		if frozen == nil {
			frozen = sh.clone()
		}
		sn.roots[sh.index].Store(frozen)
	}
}

func (sh *shard) clone() *roots {
	r := new(roots)
	for n := range r.tables {
		if t := sh.table(n); t != nil {
			r.tables[n] = t.Clone()
		}
	}
	r.version = sh.version.Load() // a view's comes with its tables
	return r
}

// tables returns what a shard held.
func (sn *instant) tables(index int) *roots {
	if r := sn.roots[index].Load(); r != nil {
		return r
	}
	sh := &sn.s.shards[index]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if r := sn.roots[index].Load(); r != nil {
		return r
	}
	sn.s.freeze(sh, sn.epoch)
	return sn.roots[index].Load()
}

// find looks key up in database n.
func (sn *instant) find(n int, key string) (rec structures.Record, found bool) {
	sh, h := sn.s.hash(key)
	t := sn.tables(sh.index).tables[n]
	if t == nil {
		return rec, false
	}
	ref := t.Find(h, key)
	return ref.Record, ref.Found && !gone(&ref.Record, sn.now)
}

// all calls visit with every record of database n that had not expired.
func (sn *instant) all(n int, visit func(r *structures.Record) bool) {
	for i := range sn.roots {
		t := sn.tables(i).tables[n]
		if t == nil {
			continue
		}
		goOn := true
		t.All(func(r structures.Record) bool {
			if !gone(&r, sn.now) {
				goOn = visit(&r)
			}
			return goOn
		})
		if !goOn {
			return
		}
	}
}

// Fork returns a store with all that s holds now, which then goes its own way: both share
// memory until one of them writes it. A test can prepare one store and give each of its
// parallel subtests a fork. Deadlines stay what they are. Of the options only [WithClock]
// counts, as the others are those of s; without it the clock is that of s, too, so make
// both in the same testing/synctest bubble or give the fork a [ManualClock]. Close the fork
// as any store. Subscriptions and feeds stay with s, and which notifications there are is the
// same. A fork of a closed store is closed.
//
// The complexity is O(shards); the first writes after it copy what they touch.
func (s *Store) Fork(opts ...Option) *Store {
	o := options{clock: s.options.clock}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if s.check() != nil {
		return new(Store)
	}
	m := s.instant()
	defer m.release()
	f := s.forkOf(m, o.clock)
	f.chance.Store(s.chance.Load().fork())
	if n := s.Notifications(); n != 0 {
		_ = f.SetNotifications(n)
	}
	if s.readOnly && s.check() != nil { // a snapshot that was closed meanwhile
		_ = f.Close()
		return new(Store)
	}
	return f
}

// forkOf returns a store that begins with what m is of.
func (s *Store) forkOf(m *instant, c clock) *Store {
	o := s.options
	o.clock, o.notify = c, 0
	f := newStore(o, s.seed)
	f.chance.Store(s.chance.Load())
	for i := range f.shards {
		sh := &f.shards[i]
		sh.mu.Lock()
		sh.adopt(m)
		sh.reschedule(f)
		sh.mu.Unlock()
	}
	return f
}

// adopt gives an empty shard what the shard of its number held at a moment.
func (sh *shard) adopt(m *instant) {
	frozen := m.tables(sh.index)
	sh.version.Store(frozen.version)
	m.s.snapLock.Lock() // other moments may have the same tables, and a clone is a write
	defer m.s.snapLock.Unlock()
	for n, t := range frozen.tables {
		if t != nil {
			sh.tables[n].Store(t.Fork(sh.cfg))
		}
	}
}

// Snapshot is the whole store as of the moment when [Store.Snapshot] was called, for
// reading: with the methods and handles of a database, of which those that write return
// [ErrReadOnly]. Its time stands still, so that what had not expired then never does. It
// is database 0; DB has the others. Any number of goroutines may use it, also when the
// store is closed. Close it, as what it alone holds is memory that the store has given up,
// and as long as it is open writers copy for it; one that is dropped, with the handles and
// iterators that came from it, the collector closes when it notices. The zero Snapshot is
// closed.
type Snapshot struct {
	database
	s      *Store
	commit uint64
}

// Snapshot returns the store as of now. It stops nobody, and is one moment however many
// keys there are; writers copy what they touch first after it. A snapshot of a closed
// store is closed.
//
// The complexity is O(shards).
func (s *Store) Snapshot() *Snapshot {
	if s.check() != nil {
		return new(Snapshot)
	}
	return s.snapshot()
}

// snapshot is Snapshot of a store that is not closed.
func (s *Store) snapshot() *Snapshot {
	commit := uint64(0)
	if s.events != nil {
		commit = s.events.last()
	}
	view := s.viewOf(s.instant())
	return &Snapshot{database: view.DB(0), s: view, commit: commit}
}

// Commit returns the number of the last commit that the snapshot has for sure: what a [Feed]
// delivers with a number up to it is in the snapshot. Of one that came from a feed, or
// with it, nothing of a later commit is. Commits are only counted while anybody listens.
// The complexity is O(1).
func (sn *Snapshot) Commit() uint64 { return sn.commit }

// viewOf returns a store for reading what m is of. Closing it releases m.
func (s *Store) viewOf(m *instant) *Store {
	src := &source{m: m} // reaches nothing of the view
	o := s.options
	o.clock, o.notify = stoppedClock(src.m.now*int64(time.Millisecond)), 0
	view := newStore(o, s.seed)
	view.chance.Store(s.chance.Load())
	view.readOnly, view.stamp, view.events = true, nil, nil
	view.untracked.Store(true)
	view.options.clock = s.options.clock
	kin := make([]derived, len(view.shards))
	for i := range view.shards {
		kin[i].source = src
		view.shards[i].derived = &kin[i]
	}
	runtime.AddCleanup(&view.shards[0], (*source).close, src) // handles outlive a Snapshot
	return view
}

// DB returns database n, 0 to 15, of the snapshot, as [Store.DB] does. The complexity is O(1).
func (sn *Snapshot) DB(n int) DB {
	if sn.s == nil {
		return DB{n: n}
	}
	return sn.s.DB(n)
}

// Time returns the moment of the snapshot, to the millisecond. The complexity is O(1).
// Of the zero Snapshot it is the zero Time.
func (sn *Snapshot) Time() time.Time {
	if sn.s == nil {
		return time.Time{}
	}
	return time.Unix(0, sn.s.clock.nano())
}

// Fork returns a store that holds what the snapshot does, as [Store.Fork]. Its time goes on:
// what has expired since the snapshot is not there. The complexity is O(shards).
func (sn *Snapshot) Fork(opts ...Option) *Store {
	if sn.s == nil {
		return new(Store)
	}
	return sn.s.Fork(opts...)
}

// Fingerprint is [Store.Fingerprint] of the snapshot. The complexity is O(n), n the bytes
// hashed.
func (sn *Snapshot) Fingerprint(keys ...string) (uint64, error) {
	if sn.s == nil {
		return 0, ErrClosed
	}
	return sn.s.Fingerprint(keys...)
}

// Close ends the snapshot: what it alone held is free once nobody reads it, and every later
// operation on it returns [ErrClosed]. It is idempotent and returns nil. The complexity is
// O(shards).
func (sn *Snapshot) Close() error {
	if sn.s == nil {
		return nil
	}
	return sn.s.closeView()
}

// closeView is Close of a store that viewOf has made.
func (s *Store) closeView() error {
	_ = s.Close()
	src := s.shards[0].derived.source
	src.close() // nobody fills a shard any more
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock() // a reader that has begun sees what there was
		for n := range sh.tables {
			sh.tables[n].Store(nil)
		}
		sh.mu.Unlock()
	}
	return nil
}

// source is where the shards of a snapshot have their tables from when they are first
// asked for them: nobody copies what nobody reads.
type source struct {
	mu     sync.Mutex // taken under locks of the snapshot's shards, before those of the store's
	m      *instant
	closed bool
}

// close ends the snapshot's moment.
func (src *source) close() {
	src.mu.Lock()
	defer src.mu.Unlock()
	if !src.closed {
		src.m.release()
		src.m, src.closed = nil, true
	}
}

// table returns a table of a snapshot's shard.
func (src *source) table(sh *shard, n int) *structures.Table {
	if !sh.derived.filled.Load() {
		src.mu.Lock()
		defer src.mu.Unlock()
		if !src.closed && !sh.derived.filled.Load() {
			sh.adopt(src.m)
			sh.derived.filled.Store(true)
		}
	}
	return sh.tables[n].Load()
}
