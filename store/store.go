package store

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/expire"
	"github.com/alcovedb/alcove/pubsub"
	"github.com/alcovedb/alcove/structures"
	"github.com/alcovedb/alcove/txn"
)

// Databases is the number of databases in a store, numbered from 0, as in
// Redis by default.
const Databases = 16

// MaxStringLen is the length in bytes that no string exceeds: 512 MB, Redis's
// proto-max-bulk-len.
const MaxStringLen = 512 << 20

// Store is a set of databases in the memory of this process. It is database 0,
// too: every method of [DB] works on a Store. Make one with [New]; the zero Store is
// closed. All methods may be called by any number of goroutines.
type Store struct {
	database
	scope scope

	clock     clock
	seed      maphash.Seed
	values    *structures.TableConfig // of the values that are tables themselves
	shardBits int
	shards    []shard
	untracked atomic.Bool // not closed, and no access is tracked
	expirer   *expire.Scheduler
	expired   atomic.Uint64
	closed    atomic.Bool
	readOnly  bool                    // a snapshot's
	whyClosed error                   // what operations return then
	stamp     func(old uint32) uint32 // nil: access is not tracked
	options   options                 // for forks
	chance    atomic.Pointer[chance]  // nil: what is random is that

	ended   chan struct{} // Close closes it
	signals atomic.Uint64 // given to waiters' keys

	hub *pubsub.Hub // of channels; a fork has its own

	epoch    atomic.Uint64
	snapLock sync.Mutex // guards snaps; taken under shard locks
	snaps    []*instant
	frozen   *atomic.Int64 // how many snaps there are

	number   atomic.Uint64            // tells this store from others; 0 before its first transaction
	closures atomic.Int64             // of Update that run now
	swaps    [Databases]atomic.Uint64 // how often each was swapped
	holds    txn.Holds
	runs     sync.Pool // of *run

	events *events // nil in a snapshot and in a transaction's copy of the store
}

// New returns an empty store. Close it when it is no longer needed, which
// matters where it holds keys with a deadline: their expiry is a goroutine's work.
func New(opts ...Option) *Store {
	o := options{shardBits: defaultShardBits}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.clock == nil {
		o.clock = newWallClock()
	}
	return newStore(o, maphash.MakeSeed())
}

// newStore returns an empty store that hashes keys with seed.
func newStore(o options, seed maphash.Seed) *Store {
	s := &Store{
		clock: o.clock, seed: seed, shardBits: o.shardBits, frozen: new(atomic.Int64),
		shards: make([]shard, 1<<o.shardBits), options: o, ended: make(chan struct{}), whyClosed: ErrClosed,
		hub: pubsub.NewHub(),
	}
	s.scope.Store = s
	s.database = s.DB(0)
	s.events = new(events)
	s.events.notify.Store(uint32(o.notify))
	s.stamp = s.newStamp(o.tracking)
	s.untracked.Store(s.stamp == nil)
	cfg := structures.TableConfig{
		Hash:     hasher(seed, o.shardBits),
		Versions: true, Track: o.tracking != NoTracking, Hashes: hashKinds,
		LeafMax: o.leafMax, ChunkMax: o.chunkMax, Frozen: s.frozen,
	}
	for i := range s.shards {
		s.shards[i].index = i
	}
	s.tableConfig(cfg)
	s.hear()
	s.values = structures.TableConfig{
		Hash: cfg.Hash, LeafMax: o.leafMax, ChunkMax: o.chunkMax, Frozen: s.frozen, PackedItems: o.packedItems,
	}.WithDefaults()
	manual, _ := o.clock.(*ManualClock)
	_, stopped := o.clock.(stoppedClock)
	s.expirer = expire.New(expire.Config{
		Sources: len(s.shards), Now: s.now, Wait: o.clock.wait, Run: s.expireShard, Manual: manual != nil && !manual.running() || stopped,
	})
	if manual != nil {
		manual.add(s)
	}
	return s
}

// Close ends the goroutine of the store and makes every later operation, those that wait
// and all subscriptions return [ErrClosed]. What was read stays valid, Stats still counts what is there, and the
// memory is free once the program has forgotten the store. It is idempotent and
// returns nil; the error is there so that a Store is an io.Closer.
func (s *Store) Close() error {
	if len(s.shards) == 0 {
		return nil
	}
	if !s.closed.Swap(true) {
		close(s.ended)
	}
	s.untracked.Store(false)
	if c, ok := s.clock.(*ManualClock); ok {
		c.remove(s)
	}
	s.expirer.Close()
	s.hub.Close(ErrClosed)
	s.endFeeds()
	return nil
}

// DB returns database n, 0 to 15. Operations on a database of another number
// return [ErrInvalidDB]. It allocates nothing.
func (s *Store) DB(n int) DB {
	if s.scope.Store == nil {
		return DB{n: n}
	}
	return DB{s: &s.scope, n: n}
}
