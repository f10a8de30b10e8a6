package store

import (
	"context"
	"hash/maphash"
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

	waiting   *waiting // who waits for a key, nil if nobody does
	index     int
	version   atomic.Uint64 // given to the last change; it moves with every removal, too
	held      int           // how many transactions hold keys here
	scheduled int64         // when the expirer looks here next, 0 if never
	skipped   int           // how often the expirer found the shard busy
	scratch   []byte        // for a short value on its way into a record
	log       *log          // nil if nobody listens
	watched   int           // how many WaitFor there are for its keys

	working *[KindStream + 1]aggregate // what open lends, one of each kind
	derived *derived                   // nil in a store that New has made
}

// derived is what only shards of snapshots and of transactions have.
type derived struct {
	source *source     // of a snapshot: where the tables come from when they are asked for
	filled atomic.Bool // and whether they have come
	origin *shard      // of a transaction's copy of the store: where the versions come from
	put    *filled     // and what was put into it
	run    *run        // that the shard stands in for others of
}

// tableConfig sets what all tables have in common; each shard has its own
// sequence number.
func (s *Store) tableConfig(cfg structures.TableConfig) {
	configs := make([]structures.TableConfig, len(s.shards))
	for i := range s.shards {
		configs[i] = *cfg.WithDefaults()
		configs[i].Seq = &s.shards[i].seq
		s.shards[i].cfg = &configs[i]
	}
}

// byIndex is the order in which shards are locked.
func byIndex(a, b *shard) int { return a.index - b.index }

// hash returns the shard of key and the hash by which its tables know it: the bits
// that choose the shard come last in that one.
func (s *Store) hash(key string) (*shard, uint64) {
	h := s.hashOf(key)
	return &s.shards[h&uint64(len(s.shards)-1)], h
}

func (s *Store) hashOf(key string) uint64 {
	return bits.RotateLeft64(maphash.String(s.seed, key), s.shardBits)
}

// hasher returns hashOf for tables that live on in forks: it does not hold the store.
func hasher(seed maphash.Seed, shardBits int) func(key string) uint64 {
	return func(key string) uint64 { return bits.RotateLeft64(maphash.String(seed, key), shardBits) }
}

// table returns the table of database n, nil if it was never written.
func (sh *shard) table(n int) *structures.Table {
	if t := sh.tables[n].Load(); t != nil || sh.derived == nil {
		return t
	}
	return sh.derived.table(sh, n)
}

// table is shard.table of a shard that has none.
func (d *derived) table(sh *shard, n int) *structures.Table {
	if d.source == nil {
		return nil
	}
	return d.source.table(sh, n)
}

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
	v := sh.version.Add(1)
	if sh.derived != nil && sh.derived.origin != nil {
		return sh.derived.origin.version.Add(1) // no other key may have it
	}
	return v
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

// mayExpire says whether something in the shard has a deadline.
func (sh *shard) mayExpire() bool { return sh.scheduled != 0 }

// lockAll locks every shard for a change of the whole store by op and returns what ends
// it. Readers without a lock see all of it or nothing.
func (s *Store) lockAll(op string) (unlock func(), err error) {
	s.lockShards()
	if !s.holds.Any(nil) {
		leave := s.enterAll(nil, nil)
		return func() { s.deliverIf(leave()) }, nil
	}
	s.unlockShards()
	c, err := s.takeTurn(context.Background(), nil)
	if err != nil {
		return nil, mistake(op, "", err)
	}
	s.lockShards()
	leave := s.enterAll(nil, nil)
	return func() {
		told := leave()
		s.release(c)
		s.deliverIf(told)
	}, nil
}

func (s *Store) lockShards() {
	for i := range s.shards {
		s.shards[i].mu.Lock()
	}
}

func (s *Store) unlockShards() {
	for i := range s.shards {
		s.shards[i].mu.Unlock()
	}
}

// enterAll makes what is written in all shards, which are locked, be seen at once. It
// returns what ends that, unlocks, and says whether there is anything for deliver. more is what
// a transaction has noted before, by for whom.
func (s *Store) enterAll(more *log, by any) (leave func() (told bool)) {
	s.freezeAll()
	for i := range s.shards {
		s.shards[i].seq.Enter()
	}
	return func() bool {
		s.serveAll()
		told := s.sealAll(more, by) // before others see it
		for i := range s.shards {
			s.shards[i].seq.Leave()
			s.shards[i].reschedule(s)
		}
		s.unlockShards()
		return told
	}
}

// freezeAll is freeze for all shards.
func (s *Store) freezeAll() {
	epoch := s.epoch.Load()
	for i := range s.shards {
		s.freeze(&s.shards[i], epoch)
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

// expireSlice is how many keys and fields are removed, and expireLooks how many heap
// entries looked at, before others get the shard: well under 100 µs of work.
const (
	expireSlice = 32
	expireLooks = 128
	expireSkips = 2 // how often in a row the expirer skips a busy shard
)

// turn is what may still be done before others get the shard.
type turn struct{ keys, looks int }

func newTurn() turn { return turn{keys: expireSlice, looks: expireLooks} }

// spent says whether it is the others' turn.
func (sl *turn) spent() bool { return sl.keys == 0 || sl.looks == 0 }

// expireShard removes some of what is overdue in a shard and returns when it
// wants to go on. It skips a shard that is busy, but not for ever.
func (s *Store) expireShard(index int) (next int64, ok bool) {
	sh := &s.shards[index]
	if _, manual := s.clock.(*ManualClock); manual {
		sh.mu.Lock() // Advance promises that all is done when it returns
	} else if !sh.mu.TryLock() {
		if sh.skipped++; sh.skipped <= expireSkips {
			return 0, false
		}
		sh.mu.Lock()
	}
	sh.skipped = 0
	defer s.unlockTold(sh)
	now := s.now() // before the epoch: see batch.enter
	s.freeze(sh, s.epoch.Load())
	sl := newTurn()
	for n := range sh.tables {
		if t := sh.table(n); t != nil {
			s.DB(n).expireTable(sh, t, now, &sl)
		}
	}
	// The scheduler has forgotten the source for this run.
	sh.scheduled = 0
	sh.reschedule(s)
	s.serveShard(sh)
	return 0, true
}

// unlockTold unlocks a shard and tells what has been done in it.
func (s *Store) unlockTold(sh *shard) {
	told := s.sealShard(sh, nil)
	sh.mu.Unlock()
	if told {
		s.deliver()
	}
}

// expireTable removes overdue keys and fields of a table until the slice is spent.
func (db DB) expireTable(sh *shard, t *structures.Table, now int64, sl *turn) {
	for !sl.spent() {
		rec, found := t.Overdue(now, &sl.looks)
		if !found {
			return
		}
		sl.keys = max(0, sl.keys-max(1, db.purgeRecord(sh, t, &rec, now, sl.keys)))
	}
}

// purgeRecord removes what is overdue at now of a record, about budget keys or fields at most,
// and returns how many.
func (db DB) purgeRecord(sh *shard, t *structures.Table, rec *structures.Record, now int64, budget int) int {
	key := rec.Key()
	w := write{db: db, sh: sh, t: t, key: key, ns: now * int64(time.Millisecond)}
	t.Seek(&w.ref, sh.cfg.Hash(key), key)
	return w.purge(budget)
}

// purgeShard removes everything that is overdue in a shard of the database, a slice
// at a time.
func (db DB) purgeShard(sh *shard, now int64) {
	for more := true; more; {
		more = db.purgeSlice(sh, now)
	}
}

// purgeSlice removes some of what is overdue and says whether there may be more.
func (db DB) purgeSlice(sh *shard, now int64) (more bool) {
	sh.mu.Lock()
	defer db.s.unlockTold(sh)
	db.s.freeze(sh, db.s.epoch.Load())
	t := sh.table(db.n)
	if t == nil {
		return false
	}
	sl := newTurn()
	db.expireTable(sh, t, now, &sl)
	sh.reschedule(db.s.Store)
	db.s.serveShard(sh)
	return sl.spent()
}

// countWatched counts who waits for changes of a key.
func (s *Store) countWatched(key string, by int) {
	sh, _ := s.hash(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.watched += by
	sh.hear(s.listening())
}
