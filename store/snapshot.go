package store

import (
	"slices"
	"sync/atomic"

	"github.com/alcovedb/alcove/structures"
)

// snapshot is the whole store as of one moment: the moment at which the epoch
// was counted up. A writer that finds its shard in an older epoch freezes its
// tables for the snapshots that are waiting for them before it writes; what
// nobody wrote the snapshot freezes itself when it comes by.
type snapshot struct {
	s     *Store
	epoch uint64
	now   int64
	roots []atomic.Pointer[roots] // by shard
}

type roots [Databases]*structures.Table

// snapshot returns the store as of now. release must follow. It stops nobody.
func (s *Store) snapshot() *snapshot {
	sn := &snapshot{s: s, now: s.now(), roots: make([]atomic.Pointer[roots], len(s.shards))}
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
	return sn
}

func (sn *snapshot) release() {
	sn.s.snapLock.Lock()
	defer sn.s.snapLock.Unlock()
	sn.s.snaps = slices.DeleteFunc(sn.s.snaps, func(o *snapshot) bool { return o == sn })
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
	for n := range r {
		if t := sh.table(n); t != nil {
			r[n] = t.Clone()
		}
	}
	return r
}

// tables returns what a shard held.
func (sn *snapshot) tables(index int) *roots {
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
func (sn *snapshot) find(n int, key string) (rec structures.Record, found bool) {
	sh, h := sn.s.hash(key)
	t := sn.tables(sh.index)[n]
	if t == nil {
		return rec, false
	}
	ref := t.Find(h, key)
	return ref.Record, ref.Found && !gone(&ref.Record, sn.now)
}

// all calls visit with every record of database n that had not expired.
func (sn *snapshot) all(n int, visit func(r *structures.Record) bool) {
	for i := range sn.roots {
		t := sn.tables(i)[n]
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
