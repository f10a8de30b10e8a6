package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// received returns what a feed has now.
func received(t testing.TB, f *Feed) (sets []ChangeSet) {
	t.Helper()
	for f.pending() {
		set, err := f.Receive(t.Context())
		require.NoError(t, err)
		sets = append(sets, set)
	}
	return sets
}

// pending says whether Receive would return something at once.
func (f *Feed) pending() bool {
	return f.queue.Stats().Buffered > 0
}

// brief returns sets in a form to be read: each change as its operation, key, database, kind
// and reason; several of one commit in braces.
func brief(sets []ChangeSet) (list []string) {
	for _, set := range sets {
		if set.Gap != nil {
			list = append(list, fmt.Sprintf("gap of %d", set.Gap.Sets))
		}
		var all []string
		for _, c := range set.Changes {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s/%d %v %v", c.Op, c.Key, c.DB, c.Kind, c.Reason)))
		}
		if text := strings.Join(all, ", "); len(all) == 1 {
			list = append(list, text)
		} else {
			list = append(list, "{"+text+"}")
		}
	}
	return list
}

func TestChanges(t *testing.T) {
	must := func(_ any, err error) { require.NoError(t, err) }
	for _, test := range []struct {
		name string
		do   func(s *Store)
		want []string
	}{
		{"a string", func(s *Store) { must(nil, s.String("a").Set("x")) }, []string{"SET a/0 string written"}},
		{"nothing", func(s *Store) { must(s.Del("none")) }, nil},
		{"a condition that does not hold", func(s *Store) { must(s.String("list").SetNX("x")) }, nil},
		{"another type", func(s *Store) { _, err := s.String("list").Incr(); require.Error(t, err) }, nil},
		{"another database", func(s *Store) { must(s.DB(3).Set("a").Add("x")) }, []string{"SADD a/3 set written"}},
		{"what empties", func(s *Store) { must(s.List("list").LPopN(3)) }, []string{"LPOP list/0 list deleted"}},
		{"a deadline", func(s *Store) { must(s.Expire("list", time.Hour)) }, []string{"EXPIRE list/0 list written"}},
		{"one in the past", func(s *Store) { must(s.Expire("list", -time.Hour)) }, []string{"EXPIRE list/0 list deleted"}},
		{
			"several keys", func(s *Store) { must(nil, s.MSet(Pair{"a", "1"}, Pair{"b", "2"})) },
			[]string{"{MSET a/0 string written, MSET b/0 string written}"},
		},
		{"one key twice", func(s *Store) { must(nil, s.MSet(Pair{"a", "1"}, Pair{"a", "2"})) }, []string{"MSET a/0 string written"}},
		{
			"rename", func(s *Store) { must(nil, s.Rename("list", "a")) },
			[]string{"{RENAME list/0 list renamed, RENAME a/0 list written}"},
		},
		{"move", func(s *Store) { must(s.Move("list", 2)) }, []string{"{MOVE list/0 list renamed, MOVE list/2 list written}"}},
		{"store", func(s *Store) { must(s.Set("list").UnionStore("set")) }, []string{"SUNIONSTORE list/0 set written"}},
		{"store of nothing", func(s *Store) { must(s.Set("list").UnionStore("none")) }, []string{"SUNIONSTORE list/0 list deleted"}},
		{
			"two lists", func(s *Store) { must(s.List("list").LMove("other", Left, Right)) },
			[]string{"{LMOVE list/0 list written, LMOVE other/0 list written}"},
		},
		{"flush", func(s *Store) { must(nil, s.DB(1).FlushDB()); must(nil, s.FlushDB()) }, []string{"FLUSHDB /0 none flushed"}},
		{"swap", func(s *Store) { must(nil, s.SwapDB(0, 5)) }, []string{"{SWAPDB /0 none swapped, SWAPDB /5 none swapped}"}},
		{"a transaction", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(nil, tx.String("a").Set("1"))
				must(tx.String("a").Incr())
				must(tx.Del("list"))
				return tx.Rename("set", "b")
			}))
		}, []string{"{INCR a/0 string written, DEL list/0 list deleted, RENAME set/0 set renamed, RENAME b/0 set written}"}},
		{"a transaction on the whole keyspace", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(nil, tx.String("a").Set("1"))
				must(tx.DBSize())
				must(tx.String("a").Incr())
				must(tx.Del("list"))
				return nil
			}))
		}, []string{"{INCR a/0 string written, DEL list/0 list deleted}"}},
		{"one that flushes", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(nil, tx.FlushAll())
				return tx.String("a").Set("1")
			}))
		}, []string{"{FLUSHALL /0 none flushed, SET a/0 string written}"}},
		{"one that flushes what it has written", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(nil, tx.DB(1).String("k").Set("1"))
				must(nil, tx.String("k").Set("1"))
				must(nil, tx.String("gone").Set("1"))
				must(nil, tx.FlushDB())
				must(nil, tx.DB(1).String("k").Set("2"))
				return tx.String("k").Set("2")
			}))
		}, []string{"{SET k/0 string written, SET gone/0 string written, FLUSHDB /0 none flushed, SET k/1 string written, SET k/0 string written}"}},
		{"one that makes what it removes, on the whole keyspace", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(tx.DBSize())
				must(nil, tx.String("k").Set("1"))
				must(tx.Del("k"))
				return tx.String("l").Set("2")
			}))
		}, []string{"SET l/0 string written"}},
		{"one that renames a list", func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(nil, tx.String("first").Set("1"))
				return tx.Rename("list", "last")
			}))
		}, []string{"{SET first/0 string written, RENAME list/0 list renamed, RENAME last/0 list written}"}},
		{"who waits", func(s *Store) {
			done := make(chan error)
			go func() { _, _, err := s.BLPop(t.Context(), "queue"); done <- err }()
			for !s.waits("queue") {
				runtime.Gosched()
			}
			must(s.List("queue").RPush("1"))
			must(nil, <-done)
		}, []string{"{RPUSH queue/0 list written, BLPOP queue/0 list deleted}"}},
		{"one that is rolled back", func(s *Store) {
			require.Error(t, s.Update(func(tx *Tx) error {
				must(nil, tx.String("a").Set("1"))
				return ErrNotFound
			}))
		}, nil},
		{"a serial one", func(s *Store) {
			must(nil, s.Serial(t.Context(), []Key{{0, "a"}}, func(tx *Tx) error { return tx.String("a").Set("1") }))
		}, []string{"SET a/0 string written"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New()
			defer s.Close()
			must(s.List("list").RPush("1", "2", "3"))
			must(s.Set("set").Add("1", "2", "3"))
			f := s.Changes(ChangeFilter{})
			defer f.Close()
			test.do(s)
			require.Equal(t, test.want, brief(received(t, f)))
			must(nil, s.String("list").Set("x"))
			require.Len(t, received(t, f), 1, "and goes on")
			check(t, s)
		})
	}
}

// TestChangesByTime has keys and fields expire.
func TestChangesByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		defer s.Close()
		f := s.Changes(ChangeFilter{})
		defer f.Close()
		require.NoError(t, s.String("a").SetEX("x", time.Second))
		_, err := s.Hash("h").Set("f", "1", Pair{"g", "2"})
		require.NoError(t, err)
		_, err = s.Hash("h").Expire(2*time.Second, Always, "f")
		require.NoError(t, err)
		_, err = s.Hash("h").Expire(3*time.Second, Always, "g")
		require.NoError(t, err)
		received(t, f)
		for _, want := range []string{"a/0 string expired", "h/0 hash written", "h/0 hash expired"} {
			began := time.Now()
			set, err := f.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{want}, brief([]ChangeSet{set}))
			require.Equal(t, time.Now().UnixMilli(), set.Time.UnixMilli())
			require.Equal(t, time.Second, time.Since(began).Truncate(10*time.Millisecond))
		}
	})
}

func TestChangeFilter(t *testing.T) {
	one := 1
	for _, test := range []struct {
		filter ChangeFilter
		want   []string
	}{
		{ChangeFilter{Prefix: "a"}, []string{"SET a1/0 string written", "SET a1/1 string written", "SADD a2/0 set written", "SET a2/0 string written", "FLUSHDB /1 none flushed"}},
		{ChangeFilter{Pattern: "?2"}, []string{"SADD a2/0 set written", "SET a2/0 string written", "FLUSHDB /1 none flushed"}},
		{ChangeFilter{Prefix: "a", Pattern: "*1"}, []string{"SET a1/0 string written", "SET a1/1 string written", "FLUSHDB /1 none flushed"}},
		{ChangeFilter{Kinds: []Kind{KindSet, KindList}}, []string{"SADD a2/0 set written", "SET a2/0 string written", "FLUSHDB /1 none flushed"}},
		{ChangeFilter{DB: &one}, []string{"SET a1/1 string written", "FLUSHDB /1 none flushed"}},
		{ChangeFilter{DB: new(int), Prefix: "b"}, []string{"SET b1/0 string written"}},
	} {
		s := New()
		f := s.Changes(test.filter)
		require.NoError(t, s.String("a1").Set("x"))
		require.NoError(t, s.DB(1).String("a1").Set("x"))
		require.NoError(t, s.String("b1").Set("x"))
		_, err := s.Set("a2").Add("x")
		require.NoError(t, err)
		require.NoError(t, s.String("a2").Set("x"), "its kind was one of them")
		require.NoError(t, s.DB(1).FlushDB())
		require.Equal(t, test.want, brief(received(t, f)), "%+v", test.filter)
		require.NoError(t, f.Close())
		require.NoError(t, s.Close())
	}
}

// TestChangeFilterKeepsNothing changes what a filter points to.
func TestChangeFilterKeepsNothing(t *testing.T) {
	s := New()
	defer s.Close()
	one, kinds := 1, []Kind{KindString}
	f := s.Changes(ChangeFilter{DB: &one, Kinds: kinds})
	defer f.Close()
	one, kinds[0] = 0, KindList
	require.NoError(t, s.String("a").Set("x"))
	require.NoError(t, s.DB(1).String("a").Set("x"))
	_, err := s.DB(1).List("l").RPush("x")
	require.NoError(t, err)
	require.Equal(t, []string{"SET a/1 string written"}, brief(received(t, f)))
}

// TestKindsOfFoldedChanges wants a change by the kind before it also where it is the last of
// several: of a command, or of a transaction, in a copy of the store or not.
func TestKindsOfFoldedChanges(t *testing.T) {
	twice := func(tx *Tx) error {
		if err := tx.String("l").Set("1"); err != nil {
			return err
		}
		return tx.String("l").Set("2")
	}
	for name, do := range map[string]func(s *Store) error{
		"command":     func(s *Store) error { return s.MSet(Pair{"l", "1"}, Pair{"l", "2"}) },
		"transaction": func(s *Store) error { return s.Update(twice) },
		"copy": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				return twice(tx)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := New()
			defer s.Close()
			_, err := s.List("l").RPush("x")
			require.NoError(t, err)
			lists, sets := s.Changes(ChangeFilter{Kinds: []Kind{KindList}}), s.Changes(ChangeFilter{Kinds: []Kind{KindSet}})
			defer lists.Close()
			defer sets.Close()
			require.NoError(t, do(s))
			got := received(t, lists)
			require.Len(t, got, 1)
			require.Len(t, got[0].Changes, 1)
			require.Equal(t, KindString, got[0].Changes[0].Kind)
			require.Empty(t, received(t, sets))
		})
	}
}

// TestChangesTellAll runs random commands of all kinds: what has changed is told, by the set
// of that command and no other.
func TestChangesTellAll(t *testing.T) {
	rng := seededRand(t)
	w := &twin{t: t, rng: rng, ran: map[string]int{}, s: New(WithShards(4))}
	defer w.close()
	rounds := 6000
	if raceEnabled || testing.Short() {
		rounds = 1000
	}
	var bag []*differ
	for i := range differs {
		if d := &differs[i]; d.gen != nil {
			for range d.weight {
				bag = append(bag, d)
			}
		}
	}
	f := w.s.Changes(ChangeFilter{})
	defer f.Close()
	before := stateOfAll(t, w.s)
	for range rounds {
		d := bag[rng.IntN(len(bag))]
		args := d.gen(w)
		inTx := rng.IntN(4) == 0
		if inTx {
			require.NoError(t, w.s.Update(func(tx *Tx) error {
				if rng.IntN(4) == 0 {
					_, _ = tx.DBSize() // from here on in a copy of the store
				}
				_, _ = d.call(w, tx.DB(w.cur), args)
				return nil
			}))
		} else {
			_, _ = d.call(w, w.db(), args)
		}
		sets := received(t, f)
		after := stateOfAll(t, w.s)
		told := map[Key]bool{}
		for _, set := range sets {
			seen := map[Key]bool{}
			for _, c := range set.Changes {
				if c.Reason == Flushed || c.Reason == Swapped {
					for _, state := range []map[Key]string{before, after} {
						for k := range state {
							told[k] = told[k] || k.DB == c.DB
						}
					}
					continue
				}
				k := Key{c.DB, c.Key}
				told[k] = true
				require.False(t, inTx && seen[k], "%s %q: %s twice", d.name, args, c.Key)
				seen[k] = true
			}
		}
		for _, state := range []map[Key]string{before, after} {
			for k := range state {
				require.True(t, before[k] == after[k] || told[k], "%s %q: %v was %s and is %s: %v",
					d.name, args, k, before[k], after[k], brief(sets))
			}
		}
		before = after
	}
}

// stateOfAll returns what the keys of all databases hold.
func stateOfAll(t testing.TB, s *Store) map[Key]string {
	state := map[Key]string{}
	sn := s.Snapshot()
	defer sn.Close()
	for n := range Databases {
		keys, err := sn.DB(n).All()
		require.NoError(t, err)
		for key := range keys {
			sum, err := sn.DB(n).Fingerprint(key)
			require.NoError(t, err)
			at, err := sn.DB(n).ExpireTime(key)
			require.NoError(t, err)
			state[Key{n, strings.Clone(key)}] = fmt.Sprintf("%x until %d", sum, at.UnixMilli())
		}
	}
	return state
}

// TestSnapshotAndChanges counts on from a snapshot, and after gaps from others: nothing is
// missing between them, and nothing comes twice.
func TestSnapshotAndChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		filter ChangeFilter
	}{
		{"room for all", ChangeFilter{Buffer: 1 << 20}},
		{"oldest", ChangeFilter{Buffer: 3, Policy: DropOldest}},
		{"newest", ChangeFilter{Buffer: 3, Policy: DropNewest}},
		{"block", ChangeFilter{Buffer: 1, Policy: Block}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(WithShards(8))
			defer s.Close()
			const keys = 20
			writes := 3000
			if raceEnabled {
				writes = 600
			}
			test.filter.Prefix = "n"
			var writers sync.WaitGroup
			defer writers.Wait()
			for id := range uint64(4) {
				writers.Go(func() { countUp(t, s, rand.New(rand.NewPCG(id, 1)), keys, writes) })
			}
			sn, f := s.SnapshotAndChanges(test.filter)
			defer f.Close()
			counts := countsOf(t, sn, keys)
			gaps := 0
			go func() {
				writers.Wait()
				_ = s.String("nEnd").Set("x")
			}()
			last := uint64(0)
			for ended := false; !ended; {
				set, err := f.Receive(t.Context())
				require.NoError(t, err)
				require.Greater(t, set.Commit, last, "in the order of commits")
				last = set.Commit
				if set.Gap != nil {
					gaps++
					require.LessOrEqual(t, set.Gap.First, set.Gap.Last)
					require.Less(t, set.Gap.Last, set.Commit)
					sn, err := f.Resync()
					require.NoError(t, err)
					require.GreaterOrEqual(t, sn.Commit(), last)
					last = sn.Commit()
					n, err := sn.Exists("nEnd")
					require.NoError(t, err)
					ended = n == 1
					counts = countsOf(t, sn, keys)
					continue
				}
				for _, c := range set.Changes {
					counts[c.Key]++
					ended = ended || c.Key == "nEnd"
				}
			}
			delete(counts, "nEnd")
			require.Equal(t, countsOf(t, s.Snapshot(), keys), counts)
			if test.filter.Buffer > 3 {
				require.Zero(t, gaps)
			}
		})
	}
}

// countUp adds 1 to random counters, in every way there is.
func countUp(t *testing.T, s *Store, rng *rand.Rand, keys, writes int) {
	for range writes {
		a, b := fmt.Sprint("n", rng.IntN(keys)), fmt.Sprint("n", rng.IntN(keys))
		switch rng.IntN(4) {
		case 0, 1:
			_, err := s.String(a).Incr()
			noError(t, err)
		default:
			whole := rng.IntN(50) == 0
			noError(t, s.Update(func(tx *Tx) error {
				if whole {
					if _, err := tx.DBSize(); err != nil {
						return err
					}
				}
				if _, err := tx.String(a).Incr(); err != nil || a == b {
					return err
				}
				_, err := tx.String(b).Incr()
				return err
			}))
		}
	}
}

func noError(t *testing.T, err error) {
	if err != nil {
		t.Error(err)
	}
}

func countsOf(t *testing.T, sn *Snapshot, keys int) map[string]int {
	defer sn.Close()
	counts := map[string]int{}
	for i := range keys {
		key := fmt.Sprint("n", i)
		text, err := sn.String(key).Get()
		if err == ErrNotFound {
			continue
		}
		require.NoError(t, err)
		counts[key], err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return counts
}

func TestChangePolicies(t *testing.T) {
	fill := func(f ChangeFilter) (*Store, *Feed) {
		s := New()
		feed := s.Changes(f)
		for i := range 5 {
			require.NoError(t, s.String(fmt.Sprint(i)).Set("x"))
		}
		return s, feed
	}
	t.Run("oldest", func(t *testing.T) {
		s, f := fill(ChangeFilter{Buffer: 2, Policy: DropOldest})
		defer s.Close()
		defer f.Close()
		require.Equal(t, SubscriptionStats{Delivered: 2, Dropped: 3, Buffered: 2}, f.Stats())
		set, err := f.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, &Gap{First: 1, Last: 3, Sets: 3}, set.Gap)
		require.Equal(t, []string{"SET 3/0 string written"}, brief([]ChangeSet{{Changes: set.Changes}}))
		require.Equal(t, []string{"SET 4/0 string written"}, brief(received(t, f)))
	})
	t.Run("newest", func(t *testing.T) {
		s, f := fill(ChangeFilter{Buffer: 2, Policy: DropNewest})
		defer s.Close()
		defer f.Close()
		require.Equal(t, []string{"SET 0/0 string written", "SET 1/0 string written", "gap of 2", "SET 4/0 string written"}, brief(received(t, f)))
		require.NoError(t, s.String("a").Set("x"))
		require.Equal(t, []string{"SET a/0 string written"}, brief(received(t, f)))
	})
	t.Run("close", func(t *testing.T) {
		s, f := fill(ChangeFilter{Buffer: 2})
		defer s.Close()
		require.Equal(t, ErrSlowConsumer, f.Err())
		require.Len(t, received(t, f), 2)
		_, err := f.Receive(t.Context())
		require.Equal(t, ErrSlowConsumer, err)
		sn, err := f.Resync()
		require.Equal(t, ErrSlowConsumer, err)
		_, err = sn.DBSize()
		require.Equal(t, ErrClosed, err)
		require.NoError(t, f.Close())
		require.NoError(t, f.Close())
		requireSilent(t, s)
	})
}

// TestReceiversLoseNothing has many receive from a feed that falls behind: every set is either
// received or in a gap.
func TestReceiversLoseNothing(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNewest} {
		s := New()
		f := s.Changes(ChangeFilter{Buffer: 2, Policy: policy})
		const workers = 8
		n := rounds(500)
		var got [workers]int
		var receivers, writers sync.WaitGroup
		for i := range workers {
			receivers.Go(func() {
				for set := range f.All(t.Context()) {
					if got[i]++; set.Gap != nil {
						got[i] += set.Gap.Sets
					}
				}
			})
			writers.Go(func() {
				for range n {
					noError(t, s.String(strconv.Itoa(i)).Set("x"))
				}
			})
		}
		writers.Wait()
		require.NoError(t, s.Close()) // what is left is received
		receivers.Wait()
		all := 0
		for _, n := range got {
			all += n
		}
		require.Equal(t, workers*n, all)
	}
}

// TestFeedBesideDelivery has feeds begin, or begin anew, where a step is in the store already
// and not yet delivered: they don't have it. Nor do they have what they had not yet received.
func TestFeedBesideDelivery(t *testing.T) {
	s := New()
	defer s.Close()
	queue := func(key string) {
		s.events.add(commit{changed: []change{{Change: Change{Key: key, Op: "SET", Kind: KindString}}}}, s.now)
	}
	all := s.Changes(ChangeFilter{})
	defer all.Close()
	again := s.Changes(ChangeFilter{})
	defer again.Close()
	queue("a")
	queue("b")
	changes := s.Changes(ChangeFilter{})
	defer changes.Close()
	sn, with := s.SnapshotAndChanges(ChangeFilter{})
	defer with.Close()
	require.EqualValues(t, 2, sn.Commit())
	require.NoError(t, sn.Close())
	s.deliver()
	queue("c")
	sn, err := again.Resync()
	require.NoError(t, err)
	require.EqualValues(t, 3, sn.Commit())
	require.NoError(t, sn.Close())
	require.Zero(t, again.Stats().Buffered, "it is in the snapshot")
	s.deliver()
	queue("d")
	s.deliver()
	a, b, c, d := "SET a/0 string written", "SET b/0 string written", "SET c/0 string written", "SET d/0 string written"
	require.Equal(t, []string{a, b, c, d}, brief(received(t, all)))
	require.Equal(t, []string{c, d}, brief(received(t, changes)))
	require.Equal(t, []string{c, d}, brief(received(t, with)))
	require.Equal(t, []string{d}, brief(received(t, again)))
}

// requireSilent wants that nothing is noted any more.
func requireSilent(t *testing.T, s *Store) {
	t.Helper()
	for i := range s.shards {
		require.Nil(t, s.shards[i].log)
		require.Zero(t, s.shards[i].watched)
	}
	require.Empty(t, s.events.feeds)
	require.Empty(t, s.events.watchers)
	require.Empty(t, s.events.queue)
}

func TestFeedEnds(t *testing.T) {
	receive := func(f *Feed) error {
		_, err := f.Receive(context.Background())
		return err
	}
	t.Run("closed store", func(t *testing.T) {
		s := New()
		require.NoError(t, s.Close())
		require.Equal(t, ErrClosed, receive(s.Changes(ChangeFilter{})))
		sn, f := s.SnapshotAndChanges(ChangeFilter{})
		require.Equal(t, ErrClosed, receive(f))
		_, err := sn.DBSize()
		require.Equal(t, ErrClosed, err)
		require.NoError(t, f.Close())
	})
	t.Run("zero", func(t *testing.T) {
		f := new(Feed)
		require.Equal(t, ErrClosed, receive(f))
		require.Equal(t, ErrClosed, f.Err())
		require.Zero(t, f.Stats())
		_, err := f.Resync()
		require.Equal(t, ErrClosed, err)
		require.NoError(t, f.Close())
	})
	t.Run("bad database", func(t *testing.T) {
		s, n := New(), 16
		defer s.Close()
		require.ErrorIs(t, receive(s.Changes(ChangeFilter{DB: &n})), ErrInvalidDB)
	})
	t.Run("arguments", func(t *testing.T) {
		s := New()
		defer s.Close()
		f := s.Changes(ChangeFilter{})
		defer f.Close()
		var none context.Context
		_, err := f.Receive(none)
		require.ErrorIs(t, err, ErrNoContext)
		require.ErrorIs(t, f.Handle(t.Context(), nil), ErrNoClosure)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, s.String("a").Set("x"))
		_, err = f.Receive(ctx)
		require.Equal(t, context.Canceled, err)
		require.Len(t, received(t, f), 1, "it has taken nothing")
	})
	for name, end := range map[string]func(s *Store, f *Feed) error{
		"feed":  func(s *Store, f *Feed) error { return f.Close() },
		"store": func(s *Store, f *Feed) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New()
				defer s.Close()
				f := s.Changes(ChangeFilter{})
				defer f.Close()
				errs := make(chan error, 3)
				go func() { errs <- receive(f) }()
				go func() { errs <- f.Handle(t.Context(), func(ChangeSet) error { return nil }) }()
				go func() {
					for range f.All(t.Context()) {
					}
					errs <- f.Err()
				}()
				synctest.Wait()
				require.NoError(t, end(s, f))
				if name == "feed" {
					requireSilent(t, s)
				}
				got := []error{<-errs, <-errs, <-errs}
				want := 1
				if name == "store" {
					want = 3
				}
				require.Equal(t, want, len(slices.DeleteFunc(got, func(err error) bool { return err != ErrClosed })))
			})
		})
	}
}

// TestFeedBesideClose has feeds begin while the store closes: they end.
func TestFeedBesideClose(t *testing.T) {
	for name, begin := range map[string]func(s *Store) *Feed{
		"changes": func(s *Store) *Feed { return s.Changes(ChangeFilter{}) },
		"snapshot": func(s *Store) *Feed {
			sn, f := s.SnapshotAndChanges(ChangeFilter{})
			_ = sn.Close()
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := New()
			s.lockShards() // there the feed waits that has found the store open
			began := make(chan *Feed)
			go func() { began <- begin(s) }()
			untilIn("(*Store).lockShards(")
			require.NoError(t, s.Close())
			s.unlockShards()
			f := <-began
			defer f.Close()
			require.Equal(t, ErrClosed, f.Err())
		})
	}
}

// untilIn waits until some goroutine is in a function.
func untilIn(name string) {
	for stack := make([]byte, 1<<20); !bytes.Contains(stack[:runtime.Stack(stack, true)], []byte(name)); {
		runtime.Gosched()
	}
}

// TestFeedHandler has handlers fail, panic, and write the store.
func TestFeedHandler(t *testing.T) {
	s := New()
	defer s.Close()
	f := s.Changes(ChangeFilter{})
	defer f.Close()
	require.NoError(t, s.String("a").Set("1"))
	require.Panics(t, func() { _ = f.Handle(t.Context(), func(ChangeSet) error { panic("no") }) })
	require.NoError(t, s.String("a").Set("2"))
	errStop := fmt.Errorf("stop")
	require.Equal(t, errStop, f.Handle(t.Context(), func(set ChangeSet) error {
		if set.Changes[0].Key == "b" {
			return errStop
		}
		return s.String("b").Set("3")
	}))
	check(t, s)
}

// TestFeedBeginsDuringTransaction has a feed begin where a transaction has its copy of the
// store already, which nobody listened to.
func TestFeedBeginsDuringTransaction(t *testing.T) {
	s := New()
	defer s.Close()
	var f *Feed
	require.NoError(t, s.Update(func(tx *Tx) error {
		if _, err := tx.DBSize(); err != nil {
			return err
		}
		if f == nil {
			f = s.Changes(ChangeFilter{})
		}
		return tx.DB(2).String("a").Set("x")
	}))
	defer f.Close()
	var dbs []int
	for _, set := range received(t, f) {
		for _, c := range set.Changes {
			require.Equal(t, Swapped, c.Reason)
			dbs = append(dbs, c.DB)
		}
	}
	require.Contains(t, dbs, 2)
}

// TestChangesBeforeACopy has a closure write before it gets a copy of the store, and after.
func TestChangesBeforeACopy(t *testing.T) {
	s := newTest(t)
	f := s.Changes(ChangeFilter{})
	require.NoError(t, s.Update(func(tx *Tx) error {
		if err := tx.String("a").Set("1"); err != nil {
			return err
		}
		if _, err := tx.DBSize(); err != nil {
			return err
		}
		return tx.String("b").Set("1")
	}))
	set, err := f.Receive(t.Context())
	require.NoError(t, err)
	require.Len(t, set.Changes, 2)
	require.Equal(t, []string{"a", "b"}, []string{set.Changes[0].Key, set.Changes[1].Key})
	require.NoError(t, f.Close())
}

func TestWaitFor(t *testing.T) {
	isSet := func(db DB) bool { n, _ := db.Exists("a"); return n == 1 }
	isGone := func(db DB) bool { return !isSet(db) }
	for _, test := range []struct {
		name string
		cond func(DB) bool
		do   func(s *Store) error
	}{
		{"set", isSet, func(s *Store) error { return s.String("a").Set("x") }},
		{"push", isSet, func(s *Store) error { _, err := s.List("a").LPush("x"); return err }},
		{"in a transaction", isSet, func(s *Store) error {
			return s.Update(func(tx *Tx) error { return tx.String("a").Set("x") })
		}},
		{"in one on the whole keyspace", isSet, func(s *Store) error {
			return s.Update(func(tx *Tx) error { _, _ = tx.DBSize(); return tx.String("a").Set("x") })
		}},
		{"rename", isSet, func(s *Store) error { return s.Rename("b", "a") }},
		{"swap", isSet, func(s *Store) error {
			if err := s.DB(1).String("a").Set("x"); err != nil {
				return err
			}
			return s.SwapDB(0, 1)
		}},
		{"del", isGone, func(s *Store) error { _, err := s.Del("a"); return err }},
		{"flush", isGone, func(s *Store) error { return s.FlushAll() }},
		{"expire", isGone, func(s *Store) error { _, err := s.Expire("a", time.Second); return err }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New()
				defer s.Close()
				require.NoError(t, s.String("b").Set("x"))
				if test.cond(s.DB(0)) { // it waits until the key is gone
					require.NoError(t, s.String("a").Set("x"))
				}
				require.False(t, test.cond(s.DB(0)))
				done := make(chan error)
				for range 3 {
					go func() { done <- s.WaitFor(t.Context(), "a", test.cond) }()
				}
				synctest.Wait()
				require.NoError(t, s.String("b").Set("y"))
				require.NoError(t, s.DB(1).String("a").Set("y"))
				synctest.Wait()
				select {
				case <-done:
					t.Fatal("too early")
				default:
				}
				require.NoError(t, test.do(s))
				for range 3 {
					require.NoError(t, <-done)
				}
				requireSilent(t, s)
			})
		})
	}
}

func TestWaitForEnds(t *testing.T) {
	never := func(DB) bool { return false }
	synctest.Test(t, func(t *testing.T) {
		s := New()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, s.WaitFor(ctx, "a", never))
		require.Equal(t, context.DeadlineExceeded, s.WaitFor(ctx, "a", never))
		requireSilent(t, s)
		require.Panics(t, func() { _ = s.WaitFor(t.Context(), "a", func(DB) bool { panic("no") }) })
		requireSilent(t, s)
		var none context.Context
		require.ErrorIs(t, s.WaitFor(none, "a", never), ErrNoContext)
		require.ErrorIs(t, s.WaitFor(t.Context(), "a", nil), ErrNoClosure)
		require.ErrorIs(t, s.DB(16).WaitFor(t.Context(), "a", never), ErrInvalidDB)
		require.NoError(t, s.Update(func(tx *Tx) error {
			require.Equal(t, ErrNotFound, tx.WaitFor(t.Context(), "a", never))
			return tx.WaitFor(t.Context(), "a", func(db DB) bool {
				_, err := db.String("a").Get()
				return err == ErrNotFound
			})
		}))
		require.Equal(t, ErrNotFound, s.Snapshot().WaitFor(t.Context(), "a", never))
		go func() {
			synctest.Wait()
			_ = s.Close()
		}()
		require.Equal(t, ErrClosed, s.WaitFor(t.Context(), "a", never))
		require.Equal(t, ErrClosed, s.WaitFor(t.Context(), "a", never))
	})
}

// waits says whether anybody waits for a list.
func (s *Store) waits(key string) bool {
	sh, _ := s.hash(key)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.queue(awaited{key: key, kind: KindList}) != nil
}

// TestCommitNumberBeforeEffect stops steps where they get their commit numbers: nobody must see
// yet what they have done, not even without a lock, or what is done then could come before it.
func TestCommitNumberBeforeEffect(t *testing.T) {
	in := func(whole bool) func(s *Store) error {
		return func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if whole {
					if _, err := tx.DBSize(); err != nil {
						return err
					}
				}
				return tx.String("a").Set("2")
			})
		}
	}
	for name, step := range map[string]func(s *Store) error{
		"command":     func(s *Store) error { return s.String("a").Set("2") },
		"push":        func(s *Store) error { _, err := s.List("a").RPush("x"); return err },
		"batch":       func(s *Store) error { return s.MSet(Pair{"a", "2"}, Pair{"b", "2"}) },
		"transaction": in(false),
		"copy":        in(true),
		"flush":       func(s *Store) error { return s.FlushDB() },
		"swap":        func(s *Store) error { return s.SwapDB(0, 1) },
	} {
		for _, waited := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, waited), func(t *testing.T) {
				s := New(WithShards(map[bool]int{false: 4, true: 1}[waited]))
				defer s.Close()
				if name != "push" {
					require.NoError(t, s.String("a").Set("1"))
				}
				sh, _ := s.hash("a")
				waiters := make(chan error, 1)
				ctx, cancel := context.WithCancel(t.Context())
				if waited {
					go func() { _, _, err := s.BLPop(ctx, "queue"); waiters <- err }()
					for !s.waits("queue") {
						runtime.Gosched()
					}
				}
				f := s.Changes(ChangeFilter{})
				defer f.Close()
				s.events.lock.Lock()
				done := make(chan error)
				go func() { done <- step(s) }()
				untilIn("(*events).add(")
				odd := sh.seq.Load()&1 == 1
				s.events.lock.Unlock()
				require.NoError(t, <-done)
				require.True(t, odd)
				require.NotEmpty(t, received(t, f))
				if cancel(); waited {
					<-waiters
				}
			})
		}
	}
}

// TestChangesAreInTheOrderOfTheirEffects reads without a lock what another has written, and
// writes then: that must come later in the feed.
func TestChangesAreInTheOrderOfTheirEffects(t *testing.T) {
	s := New()
	defer s.Close()
	f := s.Changes(ChangeFilter{Buffer: 1 << 20})
	defer f.Close()
	n := 20000
	if raceEnabled {
		n = 2000
	}
	var work sync.WaitGroup
	work.Go(func() {
		for i := 1; i <= n; i++ {
			text := strconv.Itoa(i)
			var err error
			switch i % 3 {
			case 0:
				err = s.String("cause").Set(text)
			case 1:
				err = s.MSet(Pair{"other", text}, Pair{"cause", text})
			default:
				err = s.Update(func(tx *Tx) error { return tx.String("cause").Set(text) })
			}
			noError(t, err)
		}
	})
	work.Go(func() {
		for last := ""; last != strconv.Itoa(n); {
			text, err := s.String("cause").Get()
			if err == nil && text != last {
				last = text
				noError(t, s.String("effect:"+text).Set(""))
			}
		}
	})
	work.Wait()
	causes := 0
	for _, set := range received(t, f) {
		for _, c := range set.Changes {
			if c.Key == "cause" {
				causes++
			} else if text, ok := strings.CutPrefix(c.Key, "effect:"); ok {
				at, err := strconv.Atoi(text)
				require.NoError(t, err)
				require.LessOrEqual(t, at, causes)
			}
		}
	}
}

// TestSnapshotHasNoOverdueKeys begins feeds while keys are about to expire: what the snapshot
// does not have any more is not told, and what it has is.
func TestSnapshotHasNoOverdueKeys(t *testing.T) {
	c := NewManualClock(time.Unix(1000, 0))
	s := New(WithClock(c))
	defer s.Close()
	require.NoError(t, s.String("k").SetEX("x", time.Second))
	_, err := s.Hash("h").Set("f", "x")
	require.NoError(t, err)
	_, err = s.Hash("h").Expire(time.Second, Always, "f")
	require.NoError(t, err)
	require.NoError(t, s.String("later").SetEX("x", 2*time.Second))
	c.set(c.nano() + int64(time.Second)) // without the expirer
	sn, f := s.SnapshotAndChanges(ChangeFilter{})
	defer sn.Close()
	defer f.Close()
	n, err := sn.DBSize()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	c.Advance(time.Second)
	require.Equal(t, []string{"later/0 string expired"}, brief(received(t, f)))
}
