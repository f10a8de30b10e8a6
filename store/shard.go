package store

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// shard is a part of the keyspace with a lock of its own: the keys of all
// databases whose hashes begin with its number.
type shard struct {
	mu     sync.RWMutex
	seq    structures.Seq
	epoch  atomic.Uint64                               // of the last snapshot that can't see what is written now
	tables [Databases]atomic.Pointer[structures.Table] // made by the first key
	cfg    *structures.TableConfig

	index     int
	version   uint64 // given to the last change
	scheduled int64  // when the expirer looks here next, 0 if never
	scratch   []byte // for a number on its way into a record

	working *[KindStream + 1]aggregate // what open lends, one of each kind
}

// tableConfig sets what all tables have in common; each shard has its own
// sequence number.
func (s *Store) tableConfig(cfg structures.TableConfig) {
	configs := make([]structures.TableConfig, len(s.shards))
	for i := range s.shards {
		configs[i] = cfg
		configs[i].Seq = &s.shards[i].seq
		s.shards[i].cfg = &configs[i]
	}
}

// hash returns the shard of key and the hash by which its tables know it: the bits
// that choose the shard come last in that one.
func (s *Store) hash(key string) (*shard, uint64) {
	h := s.hashOf(key)
	return &s.shards[h&uint64(len(s.shards)-1)], h
}

func (s *Store) hashOf(key string) uint64 {
	return bits.RotateLeft64(maphash.String(s.seed, key), s.shardBits)
}

// table returns the table of database n, nil if it was never written.
func (sh *shard) table(n int) *structures.Table { return sh.tables[n].Load() }

// needTable returns the table of database n.
func (sh *shard) needTable(n int) *structures.Table {
	t := sh.tables[n].Load()
	if t == nil {
		t = structures.NewTable(*sh.cfg)
		sh.tables[n].Store(t)
	}
	return t
}

// nextVersion returns the version of one more change. Versions grow with every
// change in the shard and never come back.
func (sh *shard) nextVersion() uint64 {
	sh.version++
	return sh.version
}

// reschedule tells the expirer when the shard's first deadline is. The shard
// is locked.
func (sh *shard) reschedule(s *Store) {
	first := int64(0)
	for i := range sh.tables {
		if t := sh.table(i); t != nil {
			if at := t.Earliest(); at != 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	switch {
	case first == sh.scheduled:
		return
	case first == 0:
		s.expirer.Cancel(sh.index)
	case sh.scheduled == 0 || first < sh.scheduled:
		s.expirer.Schedule(sh.index, first)
	default:
		return // it comes too early, and sees that
	}
	sh.scheduled = first
}

// lockAll locks every shard for a change of the whole store and returns what
// ends it. Readers without a lock see all of it or nothing.
func (s *Store) lockAll() (unlock func()) {
	for i := range s.shards {
		s.shards[i].mu.Lock()
	}
	epoch := s.epoch.Load()
	for i := range s.shards {
		s.freeze(&s.shards[i], epoch)
		s.shards[i].seq.Enter()
	}
	return func() {
		for i := range s.shards {
			s.shards[i].seq.Leave()
			s.shards[i].reschedule(s)
		}
		for i := range s.shards {
			s.shards[i].mu.Unlock()
		}
	}
}

// rlockAll locks every shard for reading and returns what ends it.
func (s *Store) rlockAll() (unlock func()) {
	for i := range s.shards {
		s.shards[i].mu.RLock()
	}
	return func() {
		for i := range s.shards {
			s.shards[i].mu.RUnlock()
		}
	}
}

// expireSlice is how many keys and fields the expirer removes, and expireLooks how many
// heap entries it looks at, before it lets others have the shard: well under
// 100 µs of work.
const (
	expireSlice = 32
	expireLooks = 128
)

// expireShard removes some of what is overdue in a shard and returns when it
// wants to go on. It skips a shard that is busy.
func (s *Store) expireShard(index int) (next int64, ok bool) {
	sh := &s.shards[index]
	if _, manual := s.clock.(*ManualClock); manual {
		sh.mu.Lock() // Advance promises that all is done when it returns
	} else if !sh.mu.TryLock() {
		return 0, false
	}
	defer sh.mu.Unlock()
	s.freeze(sh, s.epoch.Load())
	now := s.now()
	left := expireSlice
	for n := range sh.tables {
		if t := sh.table(n); t != nil {
			left = s.expireTable(sh, t, now, left)
		}
	}
	// The scheduler has forgotten the source for this run.
	sh.scheduled = 0
	sh.reschedule(s)
	return 0, true
}

// expireTable removes at most left overdue keys and fields of a table and returns how
// many more may be removed.
func (s *Store) expireTable(sh *shard, t *structures.Table, now int64, left int) int {
	for left > 0 {
		rec, found, _ := t.Overdue(now, expireLooks)
		if !found {
			break
		}
		left -= max(1, s.purge(sh, t, &rec, now, left))
	}
	return left
}

// purge removes what is overdue at now of a record, about budget keys or fields at most,
// and returns how many.
func (s *Store) purge(sh *shard, t *structures.Table, rec *structures.Record, now int64, budget int) int {
	key := rec.Key()
	w := write{db: DB{s: s}, sh: sh, t: t, key: key, ns: now * int64(time.Millisecond)}
	t.Seek(&w.ref, sh.cfg.Hash(key), key)
	return w.purge(budget)
}

// purgeShard removes everything that is overdue in a shard of the database.
func (db DB) purgeShard(sh *shard, now int64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	db.s.freeze(sh, db.s.epoch.Load())
	t := sh.table(db.n)
	if t == nil {
		return
	}
	for more := true; more; {
		var found bool
		var rec structures.Record
		if rec, found, more = t.Overdue(now, expireLooks); found {
			db.s.purge(sh, t, &rec, now, math.MaxInt)
		}
	}
	sh.reschedule(db.s)
}
