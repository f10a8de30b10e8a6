package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

// newTest returns a store that is checked and closed at the end of the test.
func newTest(t testing.TB, opts ...Option) *Store {
	t.Helper()
	if raceEnabled { // to which each lock is much work
		opts = append([]Option{WithShards(32)}, opts...)
	}
	s := New(opts...)
	t.Cleanup(func() {
		check(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tiny makes the pages and chunks of the tables as small as they can be, so that a
// few writes split, join and compact.
func tiny(o *options) { o.leafMax, o.chunkMax, o.packedItems = 8, 64, 6 }

// optionSets are the stores in which properties must hold.
func optionSets() map[string][]Option {
	return map[string][]Option{
		"default":       nil,
		"one shard":     {WithShards(1)},
		"tiny":          {WithShards(2), tiny},
		"idle time":     {WithShards(4), WithTracking(TrackIdleTime)},
		"frequency":     {WithTracking(TrackFrequency), tiny},
		"4096 shards":   {WithShards(1 << 20)},
		"one tiny page": {WithShards(1), tiny},
	}
}

// plant puts a value of another type than String where db has key: a small hash.
func plant(t testing.TB, db DB, key string, deadline int64) {
	t.Helper()
	_, err := db.Del(key)
	require.NoError(t, err)
	_, err = db.Hash(key).Set("field", "value")
	require.NoError(t, err)
	if deadline != 0 {
		_, err = db.ExpireAt(key, time.UnixMilli(deadline))
		require.NoError(t, err)
	}
}

// check walks the whole of a store and fails on the first thing that contradicts
// another. The store may be in use; what it compares is of one moment.
func check(t testing.TB, s *Store) {
	t.Helper()
	var w walk
	for { // until nothing was removed between the walk and the counts
		before := s.Stats()
		w = walkStore(t, s)
		if s.Stats() == before {
			require.Equal(t, before, w.stats, "Stats is what is there")
			break
		}
		if t.Failed() {
			return
		}
	}
	if s.closed.Load() {
		return // what it holds stays, and nobody can see it
	}
	if _, manual := s.clock.(*ManualClock); manual {
		require.Equal(t, w.first, s.expirer.Earliest(), "the first deadline of the expirer")
	}
	checkVisible(t, s, &w)
}

// walk is what a walk has found.
type walk struct {
	now   int64
	stats Stats
	first int64 // the first time at which a shard wants to be looked at
	keys  [Databases][]string
	gone  [Databases][]string // overdue and not yet removed
	err   error
}

func (w *walk) failf(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func walkStore(t testing.TB, s *Store) (w walk) {
	t.Helper()
	unlock := s.rlockAll()
	w.now = s.now()
	w.stats.Expired = s.expired.Load()
	for i := range s.shards {
		w.shard(s, &s.shards[i])
	}
	unlock()
	s.snapLock.Lock()
	if n := len(s.snaps); n != 0 || s.frozen.Load() != 0 {
		w.failf("%d snapshots are left, counted %d", n, s.frozen.Load())
	}
	s.snapLock.Unlock()
	require.NoError(t, w.err)
	return w
}

func (w *walk) shard(s *Store, sh *shard) {
	if sh.seq.Load()&1 != 0 {
		w.failf("shard %d: the sequence is odd and nobody writes", sh.index)
	}
	if sh.epoch.Load() > s.epoch.Load() {
		w.failf("shard %d is in epoch %d, the store in %d", sh.index, sh.epoch.Load(), s.epoch.Load())
	}
	w.waiters(sh)
	first := int64(0)
	versions := map[uint64]string{}
	for n := range Databases {
		tab := sh.table(n)
		if tab == nil {
			continue
		}
		if err := tab.Check(); err != nil {
			w.failf("shard %d, database %d: %w", sh.index, n, err)
		}
		if at := tab.Earliest(); at != 0 && (first == 0 || at < first) {
			first = at
		}
		w.stats.Used += tab.Used()
		tab.All(func(r structures.Record) bool {
			w.record(s, sh, n, &r, versions)
			return true
		})
	}
	switch {
	case first == 0 && sh.scheduled != 0:
		w.failf("shard %d is scheduled for %d and has no deadline", sh.index, sh.scheduled)
	case first != 0 && (sh.scheduled == 0 || sh.scheduled > first):
		w.failf("shard %d is scheduled for %d, its first deadline is %d", sh.index, sh.scheduled, first)
	}
	if at := sh.scheduled; at != 0 && (w.first == 0 || at < w.first) {
		w.first = at
	}
}

// queue looks at the nodes of one queue, and returns how many wait to move what they get.
func (w *walk) queue(q *queue) (moves int) {
	for n := q.first; n != nil; n = n.next {
		if n.queue != q || !n.queued || n.next != nil && n.next.prev != n || n.next == nil && q.last != n {
			w.failf("shard %d: a node of the queue of %v is %+v", q.sh.index, q.awaited, n)
		}
		if n.waiter.moves {
			moves++
		}
	}
	return moves
}

// waiters looks at who waits: nobody for what is there.
func (w *walk) waiters(sh *shard) {
	if sh.waiting == nil {
		return
	}
	if len(sh.waiting.queues) == 0 || len(sh.waiting.ready) != 0 {
		w.failf("shard %d: %d queues, %d keys to serve", sh.index, len(sh.waiting.queues), len(sh.waiting.ready))
	}
	moves := 0
	for what, q := range sh.waiting.queues {
		if q.first == nil && len(q.groups) == 0 || q.awaited != what || q.sh != sh {
			w.failf("shard %d: the queue of %v is %+v", sh.index, what, q)
		}
		moves += w.queue(q)
		for name, g := range q.groups {
			if g.first == nil || g.of != q || g.group != name || what.kind != KindStream {
				w.failf("shard %d: the queue of %v for group %q is %+v", sh.index, what, name, g)
			}
			w.queue(g)
		}
		tab := sh.table(what.n)
		if tab == nil {
			continue
		}
		if ref := tab.Find(sh.cfg.Hash(what.key), what.key); ref.Found && kindOf(&ref.Record) == what.kind && !gone(&ref.Record, w.now) {
			w.failf("somebody waits for %v, which is there", what)
		}
	}
	byKey, byTarget := 0, 0
	for _, to := range sh.waiting.moving {
		for _, n := range to {
			byKey += n
		}
	}
	for _, n := range sh.waiting.targets {
		byTarget += n
	}
	if byKey != moves || byTarget != moves {
		w.failf("shard %d: %d wait to move, %d by keys, %d by shards", sh.index, moves, byKey, byTarget)
	}
}

func (w *walk) record(s *Store, sh *shard, n int, r *structures.Record, versions map[uint64]string) {
	key := r.Key()
	if home, _ := s.hash(key); home != sh {
		w.failf("key %q is in shard %d, not in %d", key, sh.index, home.index)
	}
	v := r.Version()
	if v == 0 || v > sh.version.Load() {
		w.failf("key %q has version %d, its shard gave %d", key, v, sh.version.Load())
	}
	if other, ok := versions[v]; ok {
		w.failf("keys %q and %q have the same version", key, other)
	}
	versions[v] = key
	if k := kindOf(r); k == KindNone || k > KindStream {
		w.failf("key %q is of kind %v", key, k)
	}
	if o, ok := r.Object().(interface{ Check() error }); ok {
		if err := o.Check(); err != nil {
			w.failf("the %v at key %q: %w", kindOf(r), key, err)
		}
	}
	w.stats.Keys++
	w.stats.Databases[n].Keys++
	w.stats.Memory += r.Size()
	at := r.Deadline()
	if at < 0 {
		w.failf("key %q has deadline %d", key, at)
	}
	if kindOf(r) == KindHash && w.hash(key, r) || at != 0 {
		w.stats.Volatile++
		w.stats.Databases[n].Volatile++
	}
	if gone(r, w.now) {
		w.gone[n] = append(w.gone[n], key)
		return
	}
	w.keys[n] = append(w.keys[n], key)
}

// hash looks at a hash and says whether it has fields with deadlines. The check of its
// table has compared it with itself.
func (w *walk) hash(key string, r *structures.Record) (timed bool) {
	h := new(structures.Hash).Of(r)
	if h.Len() == 0 {
		w.failf("hash %q has no fields", key)
	}
	if _, packed := r.Object().(*structures.Hash); !packed && h.Len() > hashSmallLen {
		w.failf("hash %q is packed, with %d fields", key, h.Len())
	}
	long := h.Len() > hashSmallLen
	h.All(func(field, value string, deadline int64) bool {
		long = long || max(len(field), len(value)) > hashSmallText
		if deadline < 0 {
			w.failf("field %q of %q has deadline %d", field, key, deadline)
		}
		timed = timed || deadline != 0
		return true
	})
	if long && encodingOf(r) != "hashtable" {
		w.failf("hash %q is large, and a %s", key, encodingOf(r))
	}
	return timed
}

// checkVisible compares the walk with what the methods say, unless time or somebody
// else has changed the store since.
func checkVisible(t testing.TB, s *Store, w *walk) {
	t.Helper()
	sum := 0
	var broken error
	for n := range Databases {
		db := s.DB(n)
		for _, key := range w.gone[n] {
			if _, err := db.MemoryUsage(key); err != ErrNotFound {
				broken = fmt.Errorf("overdue key %q is visible: %w", key, err)
			}
			if _, found, locked, err := db.load(key); found || locked != nil || err != nil {
				broken = fmt.Errorf("overdue key %q is visible without a lock", key)
			}
		}
		for _, key := range w.keys[n] {
			size, err := db.MemoryUsage(key)
			if err != nil {
				broken = fmt.Errorf("key %q: %w", key, err)
			}
			sum += size
			if kind, err := db.Type(key); err != nil || kind == KindNone {
				broken = fmt.Errorf("key %q has type %v, %w", key, kind, err)
			}
		}
	}
	if s.Stats() != w.stats || w.stats.Volatile > 0 && s.now() != w.now {
		return
	}
	require.NoError(t, broken)
	for _, keys := range w.gone {
		if len(keys) > 0 {
			return // they count until they are removed
		}
	}
	require.Equal(t, w.stats.Memory, sum, "the sum of MemoryUsage")
}
