package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var randomMethods = []string{
	"RandomKey", "RandField", "RandFields", "RandFieldsWithValues", "RandMember", "RandMembers", "RandMembersWithScores", "Pop", "PopN", "ExpireAt",
}

func isRandom(name string) bool {
	_, short, _ := strings.Cut(name, ".")
	for _, r := range randomMethods {
		if short == r && !strings.HasPrefix(name, "List.") {
			return true
		}
	}
	return false
}

// methodOf returns a method of the handles of key in db.
func methodOf(db DB, key, name string) reflect.Value {
	typ, method, _ := strings.Cut(name, ".")
	return reflect.ValueOf(handleMakers[typ](db, key)).MethodByName(method)
}

// ways are the ways in which a command runs in a transaction.
var ways = map[string]func(s *Store, key string, do func(tx *Tx)) error{
	"update": func(s *Store, _ string, do func(tx *Tx)) error {
		return s.Update(func(tx *Tx) error { do(tx); return nil })
	},
	"after a command on the whole keyspace": func(s *Store, _ string, do func(tx *Tx)) error {
		return s.Update(func(tx *Tx) error {
			_, err := tx.DBSize()
			do(tx)
			return err
		})
	},
	"serial, whole": func(s *Store, _ string, do func(tx *Tx)) error {
		return s.Serial(context.Background(), nil, func(tx *Tx) error { do(tx); return nil })
	},
	"serial": func(s *Store, key string, do func(tx *Tx)) error {
		keys := []Key{{0, key}, {1, key}, {0, "1"}, {1, "1"}, {0, "another"}}
		return s.Serial(context.Background(), keys, func(tx *Tx) error { do(tx); return nil })
	},
}

// TestEveryMethodInTransaction calls every method on every kind of value in a transaction: it
// returns, and leaves, what it does outside of one.
func TestEveryMethodInTransaction(t *testing.T) {
	clock := NewManualClock(time.Now().Truncate(time.Millisecond))
	s := newTest(t, WithClock(clock), WithShards(4))
	fillKinds(t, s.DB(0), largeKind())
	_, err := s.Expire("s1", time.Hour)
	require.NoError(t, err)
	_, err = s.Hash("h1").Expire(time.Hour, Always, "m0")
	require.NoError(t, err)
	before := printOf(t, s)
	for _, key := range keysOfKinds() {
		eachMethod(nil, s.DB(0), key, func(name string, _ reflect.Value) {
			bare := s.Fork()
			defer bare.Close()
			want, wantErr := invoke(t, methodOf(bare.DB(0), key, name), name, key)
			after := printOf(t, bare)
			if isRandom(name) {
				want = nil
			}
			for how, way := range ways {
				f := s.Fork()
				msg := name + " " + key + ": " + how
				undeclared := false
				require.NoError(t, way(f, key, func(tx *Tx) {
					got, err := invoke(t, methodOf(tx.DB(0), key, name), name, key)
					if undeclared = errors.Is(err, ErrUndeclared); undeclared {
						require.Equal(t, "serial", how, msg)
						return
					}
					if wantErr == context.Canceled { // it has waited
						require.Equal(t, ErrNotFound, err, msg)
						return
					}
					requireSame(t, wantErr, err, msg)
					if want != nil {
						require.Equal(t, inWords(want), inWords(got), msg)
					}
				}), msg)
				if !undeclared && !isRandom(name) {
					require.Equal(t, after, printOf(t, f), msg)
				}
				require.True(t, f.holds.Idle(), msg)
				if want, got := f.Stats(), bare.Stats(); !undeclared && !isRandom(name) {
					want.Used, got.Used = 0, 0
					require.Equal(t, want, got, msg)
				}
				require.NoError(t, f.Close())
			}
			f := s.Fork()
			defer f.Close()
			require.NoError(t, f.View(func(tx *Tx) error {
				got, err := invoke(t, methodOf(tx.DB(0), key, name), name, key)
				if after != before || errors.Is(err, ErrReadOnly) {
					require.ErrorIs(t, err, ErrReadOnly, name)
					return nil
				}
				if wantErr == context.Canceled {
					wantErr = ErrNotFound
				}
				requireSame(t, wantErr, err, "view "+name)
				if want != nil {
					require.Equal(t, inWords(want), inWords(got), "view "+name)
				}
				return nil
			}))
			require.Equal(t, before, printOf(t, f), name)
		})
		require.Equal(t, before, printOf(t, s), "what the forks did with %s", key)
	}
}

func requireSame(t testing.TB, want, err error, msg string) {
	t.Helper()
	if want == nil {
		require.NoError(t, err, msg)
		return
	}
	require.Error(t, err, msg)
	require.Equal(t, want.Error(), err.Error(), msg)
}

// inWords returns results in a form that can be compared: elements without an order as a count.
func inWords(results []reflect.Value) []string {
	var list []string
	for _, r := range results {
		switch r.Kind() {
		case reflect.Slice:
			list = append(list, fmt.Sprint(r.Len()))
		case reflect.Func:
			list = append(list, "func")
		default:
			list = append(list, fmt.Sprint(r.Interface()))
		}
	}
	return list
}

// TestRollback runs random closures over all commands that end with an error, a panic or the end
// of their goroutine: nothing of them is left.
func TestRollback(t *testing.T) {
	clock := NewManualClock(time.Now().Truncate(time.Millisecond))
	s := newTest(t, WithClock(clock), WithShards(4))
	fillKinds(t, s.DB(0), 200)
	fillKinds(t, s.DB(3), 20)
	var names []string
	eachMethod(nil, s.DB(0), "", func(name string, _ reflect.Value) { names = append(names, name) })
	before, stats := printOf(t, s), s.Stats()
	w := s.Watch(kindKeys...)
	failed := errors.New("failed")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rounds(1500) {
		closure := func(tx *Tx) error {
			for range 1 + r.IntN(12) {
				key, name := kindKeys[r.IntN(len(kindKeys))], names[r.IntN(len(names))]
				db := tx.DB(r.IntN(2) * 3)
				switch r.IntN(60) {
				case 0:
					require.NoError(t, tx.FlushAll())
				case 1:
					require.NoError(t, tx.SwapDB(0, 3))
				}
				_, _ = invoke(t, methodOf(db, key, name), name, key)
			}
			require.NoError(t, tx.OnCommit(func() { t.Error("committed") }))
			switch i % 3 {
			case 1:
				panic(failed)
			case 2:
				runtime.Goexit()
			}
			return failed
		}
		if i%3 == 2 {
			var wg sync.WaitGroup
			wg.Go(func() { _ = s.Update(closure) })
			wg.Wait()
		} else {
			require.Same(t, failed, caught(func() error { return s.Update(closure) }))
		}
		require.Equal(t, before, printOf(t, s), "round %d", i)
		require.True(t, s.holds.Idle())
	}
	after := s.Stats()
	stats.Used, after.Used = 0, 0 // pages that a clone had are copied
	require.Equal(t, stats, after)
	require.NoError(t, s.Update(func(*Tx) error { return nil }, w), "the versions are the same")
	require.Empty(t, s.snaps)
}

// caught returns what f returns or panics with.
func caught(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = v.(error)
		}
	}()
	return f()
}

func TestUpdateCommits(t *testing.T) {
	s := newTest(t)
	var order []string
	require.NoError(t, s.Update(func(tx *Tx) error {
		require.NoError(t, tx.String("a").Set("200"))
		n, err := tx.String("a").IncrBy(100)
		require.NoError(t, err)
		require.EqualValues(t, 300, n)
		_, err = s.String("a").Get()
		require.Equal(t, ErrNotFound, err, "nobody else sees it")
		require.NoError(t, tx.OnCommit(func() {
			order = append(order, "first")
			require.NoError(t, s.Update(func(tx *Tx) error { return tx.String("b").Set("x") }), "the store can be used")
		}))
		require.NoError(t, tx.OnCommit(func() { order = append(order, "second") }))
		return nil
	}))
	require.Equal(t, []string{"first", "second"}, order)
	text, err := s.String("a").Get()
	require.NoError(t, err)
	require.Equal(t, "300", text)
}

func TestOnCommitPanics(t *testing.T) {
	s := newTest(t)
	failed := errors.New("failed")
	called := false
	err := caught(func() error {
		return s.Update(func(tx *Tx) error {
			require.NoError(t, tx.OnCommit(func() { panic(failed) }))
			require.NoError(t, tx.OnCommit(func() { called = true }))
			return tx.String("a").Set("1")
		})
	})
	require.Same(t, failed, err)
	require.True(t, called, "the others are called")
	n, err := s.Exists("a")
	require.NoError(t, err)
	require.Equal(t, 1, n, "the transaction was committed")
}

func TestTxDone(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 3)
	for _, failure := range []error{nil, errors.New("failed")} {
		var kept *Tx
		require.Equal(t, failure, s.Update(func(tx *Tx) error { kept = tx; return failure }))
		eachMethod(nil, kept.DB(0), "s1", func(name string, method reflect.Value) {
			_, err := invoke(t, method, name, "s1")
			require.ErrorIs(t, err, ErrTxDone, name)
		})
		require.ErrorIs(t, kept.FlushAll(), ErrTxDone)
		require.ErrorIs(t, kept.SwapDB(0, 1), ErrTxDone)
		require.ErrorIs(t, kept.OnCommit(func() {}), ErrTxDone)
	}
	require.ErrorIs(t, new(Tx).FlushAll(), ErrClosed)
	_, err := new(Tx).String("a").Get()
	require.ErrorIs(t, err, ErrClosed)
}

func TestTransactionArguments(t *testing.T) {
	s := newTest(t)
	require.ErrorIs(t, s.Update(nil), ErrNoClosure)
	require.ErrorIs(t, s.View(nil), ErrNoClosure)
	var none context.Context
	require.ErrorIs(t, s.UpdateContext(none, func(*Tx) error { return nil }), ErrNoContext)
	require.ErrorIs(t, s.Serial(context.Background(), []Key{{DB: 16}}, func(*Tx) error { return nil }), ErrInvalidDB)
	other := newTest(t)
	require.ErrorIs(t, s.Update(func(*Tx) error { return nil }, other.Watch("a")), ErrInvalidOption)
	require.ErrorIs(t, s.Update(func(*Tx) error { return nil }, s.DB(99).Watch("a")), ErrInvalidDB)
	require.NoError(t, s.Update(func(*Tx) error { return nil }, Watch{}))
	require.ErrorIs(t, new(Store).Update(func(*Tx) error { return nil }), ErrClosed)
	require.ErrorIs(t, new(Store).View(func(*Tx) error { return nil }), ErrClosed)

	require.ErrorIs(t, s.Update(func(tx *Tx) error {
		require.NoError(t, tx.String("a").Set("1"))
		require.NoError(t, s.Close())
		return nil
	}), ErrClosed, "closed meanwhile")
}

func TestNested(t *testing.T) {
	s, other := newTest(t), newTest(t)
	nothing := func(*Tx) error { return nil }
	check := func() {
		require.ErrorIs(t, s.Update(nothing), ErrNested)
		require.ErrorIs(t, s.Serial(context.Background(), nil, nothing), ErrNested)
		require.NoError(t, s.View(nothing), "a View waits for nobody")
		require.NoError(t, other.Update(func(*Tx) error {
			require.ErrorIs(t, s.Update(nothing), ErrNested)
			require.ErrorIs(t, other.Update(nothing), ErrNested)
			return nil
		}))
	}
	require.NoError(t, s.Update(func(*Tx) error { check(); return nil }))
	require.NoError(t, s.View(func(*Tx) error { return s.Update(nothing) }), "a View holds nothing")

	held := func(tx *Tx) error {
		check()
		require.ErrorIs(t, s.String("a").Set("1"), ErrNested)
		_, err := s.Del("a", "b")
		require.ErrorIs(t, err, ErrNested)
		require.ErrorIs(t, s.FlushAll(), ErrNested)
		require.ErrorIs(t, s.FlushDB(), ErrNested)
		require.ErrorIs(t, s.SwapDB(0, 1), ErrNested)
		_, err = s.SortStore("a", "b", SortOptions{})
		require.ErrorIs(t, err, ErrNested)
		_, err = s.Exists("a")
		require.NoError(t, err, "readers do not wait")
		return nil
	}
	require.NoError(t, s.Serial(context.Background(), []Key{{Name: "a"}}, held))
	require.NoError(t, s.Serial(context.Background(), nil, held))
	require.NoError(t, s.Serial(context.Background(), []Key{{Name: "a"}}, func(*Tx) error { return s.String("b").Set("1") }),
		"a key that is not held")
	n := 0
	require.NoError(t, s.Update(func(tx *Tx) error { // from the second run on the key is held
		if n++; n > 1 {
			return held(tx)
		}
		_, err := tx.String("a").Get()
		require.Equal(t, ErrNotFound, err)
		require.NoError(t, s.String("a").Set("1"))
		_, err = s.Del("a")
		require.NoError(t, err)
		require.NoError(t, s.String("a").Set("2"))
		return tx.String("a").Set("3")
	}))
	require.Equal(t, 2, n)
	require.True(t, s.holds.Idle())
}

// TestRuns makes a transaction conflict in every run: the fourth commits, whichever keys the
// closure chooses.
func TestRuns(t *testing.T) {
	for _, how := range []string{"same key", "another key", "whole keyspace"} {
		t.Run(how, func(t *testing.T) {
			s := newTest(t)
			runs := 0
			require.NoError(t, s.Update(func(tx *Tx) error {
				runs++
				key := "key"
				if how == "another key" {
					key += strconv.Itoa(runs)
				}
				if how == "whole keyspace" {
					_, err := tx.DBSize()
					require.NoError(t, err)
				}
				require.Equal(t, runs == lastRun, s.holds.Blocked(nil, "whatever"), "run %d", runs)
				_, err := tx.String(key).Incr()
				if err != nil {
					return err
				}
				wrote := make(chan error, 1)
				go func() { wrote <- s.String(key).Set("10") }()
				if runs == 1 || runs < lastRun && how != "same key" {
					require.NoError(t, <-wrote)
				}
				_, err = tx.String(key).Incr()
				require.NoError(t, err, "nothing new was read")
				_, err = tx.String("unread").Get()
				if err == ErrConflict {
					_, err = tx.String(key).Incr()
					require.Equal(t, ErrConflict, err, "all that comes after it")
					require.NoError(t, s.View(func(*Tx) error { return nil }))
					if runs%2 == 0 {
						panic("does not count")
					}
					return errors.New("does not count")
				}
				require.NoError(t, tx.OnCommit(func() {}))
				return nil
			}))
			require.Equal(t, map[string]int{"same key": 2, "another key": 4, "whole keyspace": 4}[how], runs)
			require.Eventually(t, s.holds.Idle, time.Minute, time.Millisecond)
		})
	}
}

// TestOpacity has writers keep the sum of some keys constant while closures read them one by
// one: not even a run that will be repeated sees another sum.
func TestOpacity(t *testing.T) {
	const keys = 6
	s := newTest(t, WithShards(4))
	for i := range keys {
		require.NoError(t, s.String(strconv.Itoa(i)).Set("100"))
	}
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	for id := range 2 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(id), 1))
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, b := strconv.Itoa(r.IntN(keys)), strconv.Itoa(r.IntN(keys))
				if err := s.Update(func(tx *Tx) error {
					if _, err := tx.String(a).Decr(); err != nil {
						return err
					}
					_, err := tx.String(b).Incr()
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen, torn atomic.Int64
	look := func(tx *Tx) error {
		sum := 0
		for i := range keys {
			text, err := tx.String(strconv.Itoa(i)).Get()
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				return err
			}
			sum += n
			runtime.Gosched()
		}
		if seen.Add(1); sum != keys*100 {
			torn.Add(1)
		}
		return nil
	}
	for range 2 {
		readers.Go(func() {
			for i := range rounds(3000) {
				var err error
				if i%2 == 0 {
					err = s.View(look)
				} else {
					err = s.Update(look)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writers.Wait()
	require.Zero(t, torn.Load(), "of %d", seen.Load())
}

// TestHotKeys has 16 goroutines on 4 keys, with closures and commands on several keys: all come
// to an end, and nothing is lost.
func TestHotKeys(t *testing.T) {
	const goroutines, keys = 16, 4
	s := newTest(t, WithShards(2))
	var wg sync.WaitGroup
	var most atomic.Int64
	n := rounds(400)
	for id := range goroutines {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(id), 7))
			for range n {
				a, b := strconv.Itoa(r.IntN(keys)), strconv.Itoa(r.IntN(keys))
				runs := int64(0)
				err := s.Update(func(tx *Tx) error {
					runs++
					if _, err := tx.String(a).Incr(); err != nil {
						return err
					}
					runtime.Gosched()
					_, err := tx.String(b).Incr()
					return err
				})
				if err == nil {
					_, err = s.MGet(a, b, "other")
				}
				if err == nil {
					err = s.MSet(Pair{Key: "x" + a}, Pair{Key: "x" + b})
				}
				if err != nil {
					t.Error(err)
				}
				for old := most.Load(); runs > old && !most.CompareAndSwap(old, runs); old = most.Load() {
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for i := range keys {
		text, err := s.String(strconv.Itoa(i)).Get()
		require.NoError(t, err)
		v, err := strconv.Atoi(text)
		require.NoError(t, err)
		sum += v
	}
	require.Equal(t, 2*goroutines*n, sum)
	require.LessOrEqual(t, most.Load(), int64(lastRun))
	require.True(t, s.holds.Idle())
}

// TestWatch changes a watched key in every way that there is.
func TestWatch(t *testing.T) {
	clock := NewManualClock(time.Now())
	must := func(_ any, err error) { require.NoError(t, err) }
	for name, change := range map[string]func(s *Store){
		"written":               func(s *Store) { must(nil, s.String("k").Set("v")) },
		"deleted":               func(s *Store) { must(s.Del("k")) },
		"deleted and made anew": func(s *Store) { must(s.Del("k")); must(nil, s.String("k").Set("v")) },
		"expired":               func(s *Store) { clock.Advance(time.Hour) },
		"another deadline":      func(s *Store) { must(s.Expire("k", 2*time.Hour)) },
		"flushed":               func(s *Store) { must(nil, s.FlushDB()) },
		"all flushed":           func(s *Store) { must(nil, s.FlushAll()) },
		"swapped":               func(s *Store) { must(nil, s.SwapDB(0, 1)) },
		"swapped, the other":    func(s *Store) { must(nil, s.DB(1).String("k").Set("v")); must(nil, s.SwapDB(0, 1)) },
		"renamed":               func(s *Store) { must(nil, s.Rename("k", "l")) },
		"moved":                 func(s *Store) { must(s.Move("k", 1)) },
		"in a transaction": func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error { return tx.String("k").Set("v") }))
		},
		"by a closure on all keys": func(s *Store) {
			must(nil, s.Update(func(tx *Tx) error {
				must(tx.DBSize())
				return tx.String("k").Set("v")
			}))
		},
		"an element": func(s *Store) { must(s.Hash("hash").Set("f", "w")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, WithClock(clock))
			must(nil, s.String("k").SetEX("v", time.Minute*30))
			for i := range 100 {
				must(s.Hash("hash").Set("f"+strconv.Itoa(i), "v"))
			}
			ran := 0
			count := func(*Tx) error { ran++; return nil }
			watch := s.Watch("none", "k", "hash")
			require.NoError(t, s.Update(count, watch))
			must(s.Exists("k", "hash", "none"))
			must(nil, s.String("l").Set("v"))
			require.NoError(t, s.Update(count, watch, s.Watch("l")), "nothing has changed")
			change(s)
			require.Equal(t, ErrConflict, s.Update(count, watch))
			require.Equal(t, ErrConflict, s.Update(count, s.Watch("l"), watch))
			require.Equal(t, ErrConflict, s.Serial(context.Background(), nil, count, watch))
			require.Equal(t, ErrConflict, s.Serial(context.Background(), []Key{{Name: "l"}}, count, watch))
			require.Equal(t, 2, ran)
		})
	}
	s := newTest(t)
	absent := s.Watch("k")
	must(nil, s.String("k").Set("v"))
	require.Equal(t, ErrConflict, s.Update(func(*Tx) error { return nil }, absent))
	must(s.Del("k"))
	require.NoError(t, s.Update(func(*Tx) error { return nil }, absent), "absent again")
	own := s.Watch("k")
	require.NoError(t, s.Update(func(tx *Tx) error { return tx.String("k").Set("v") }, own), "its own write")
}

// TestWatchedMeanwhile changes a watched key while the closure runs.
func TestWatchedMeanwhile(t *testing.T) {
	s := newTest(t)
	w := s.Watch("k")
	ran := 0
	require.Equal(t, ErrConflict, s.Update(func(tx *Tx) error {
		ran++
		require.NoError(t, s.String("k").Set("v"))
		return tx.String("other").Set("v")
	}, w))
	require.Equal(t, 1, ran)
}

// TestClosureSleeps has a closure sleep while it holds keys and while it holds none: the clock,
// the expirer, readers, snapshots and writers of other keys go on.
func TestClosureSleeps(t *testing.T) {
	for _, whole := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t)
			require.NoError(t, s.String("short").SetEX("v", time.Second))
			require.NoError(t, s.String("held").Set("v"))
			keys := []Key{{Name: "held"}}
			if whole {
				keys = nil
			}
			start := time.Now()
			var wg sync.WaitGroup
			wg.Go(func() {
				synctest.Wait() // the closure sleeps
				n, err := s.DBSize()
				require.NoError(t, err)
				require.Equal(t, 2, n)
				sn := s.Snapshot()
				defer sn.Close()
				time.Sleep(2 * time.Second)
				require.EqualValues(t, 1, s.Stats().Expired)
				require.NoError(t, s.String("other").Set("v"))
				require.Equal(t, whole, time.Since(start) >= time.Minute)
				require.NoError(t, s.String("held").Set("w"))
				require.Equal(t, time.Minute, time.Since(start))
			})
			require.NoError(t, s.Serial(t.Context(), keys, func(tx *Tx) error {
				time.Sleep(time.Minute)
				return tx.String("held").Set("mine")
			}))
			wg.Wait()
			text, err := s.String("held").Get()
			require.NoError(t, err)
			require.Equal(t, "w", text, "the writer came after the transaction")
		})
	}
}

// TestDeadlineInClosure lets a key that was read expire before the closure ends.
func TestDeadlineInClosure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		require.NoError(t, s.String("k").SetEX("v", time.Second))
		runs := 0
		require.NoError(t, s.Update(func(tx *Tx) error {
			runs++
			_, err := tx.String("k").Get()
			if runs == 1 {
				require.NoError(t, err)
				time.Sleep(time.Second)
				require.Equal(t, ErrConflict, tx.String("l").Set("v"), "it is no longer there")
				return nil
			}
			require.Equal(t, ErrNotFound, err)
			return tx.String("l").Set("v")
		}))
		require.Equal(t, 2, runs)

		runs = 0
		require.NoError(t, s.Update(func(tx *Tx) error { // a new key expires in every run
			runs++
			key := strconv.Itoa(runs)
			if err := s.String(key).SetEX("v", time.Second); runs == lastRun {
				require.ErrorIs(t, err, ErrNested)
				require.NoError(t, tx.String(key).SetEX("v", time.Second))
			}
			_, err := tx.String(key).Get()
			require.NoError(t, err)
			time.Sleep(time.Minute)
			_, err = tx.String(key).Get()
			require.Equal(t, runs == lastRun, err == nil, "run %d: %v", runs, err)
			return err
		}))
		require.Equal(t, lastRun, runs)

		require.NoError(t, s.Update(func(tx *Tx) error { // its own
			require.NoError(t, tx.String("own").SetEX("v", time.Second))
			time.Sleep(time.Second)
			_, err := tx.String("own").Get()
			require.Equal(t, ErrNotFound, err)
			return nil
		}))
		n, err := s.Exists("own")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// TestUpdateContext ends contexts before, while waiting, and while the closure waits for somebody
// who waits for it.
func TestUpdateContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, context.Canceled, s.UpdateContext(ctx, func(*Tx) error { return errors.New("unreachable") }))

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, context.DeadlineExceeded, s.Serial(ctx, []Key{{Name: "k"}}, func(tx *Tx) error {
			wrote := make(chan error)
			go func() { wrote <- s.String("k").Set("v") }()
			require.NoError(t, <-wrote, "it waits until the context ends")
			require.ErrorIs(t, tx.String("k").Set("mine"), context.DeadlineExceeded)
			return nil
		}))
		text, err := s.String("k").Get()
		require.NoError(t, err)
		require.Equal(t, "v", text)

		var wg sync.WaitGroup
		wg.Go(func() {
			require.NoError(t, s.Serial(t.Context(), []Key{{Name: "k"}}, func(tx *Tx) error { time.Sleep(time.Hour); return nil }))
		})
		synctest.Wait()
		for _, keys := range [][]Key{{{Name: "a"}, {Name: "k"}}, nil} {
			ctx, cancel = context.WithTimeout(t.Context(), time.Second)
			require.Equal(t, context.DeadlineExceeded, s.Serial(ctx, keys, func(*Tx) error { return errors.New("unreachable") }))
			cancel()
			require.NoError(t, s.String("a").Set("v"), "it is not held any more")
		}
		wg.Wait()
		require.True(t, s.holds.Idle())
	})
}

// TestViewOnSnapshot makes a View conflict: it runs once more, on a snapshot.
func TestViewOnSnapshot(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 300)
	runs := 0
	require.NoError(t, s.View(func(tx *Tx) error {
		runs++
		a, err := tx.String("a").Get()
		if runs == 1 {
			require.Equal(t, ErrNotFound, err)
		} else {
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(runs-1), a)
		}
		require.NoError(t, s.MSet(Pair{"a", strconv.Itoa(runs)}, Pair{"b", strconv.Itoa(runs)}))
		b, err := tx.String("b").Get()
		if runs < 3 {
			require.Equal(t, ErrConflict, err)
			return err
		}
		require.Equal(t, "2", b)
		require.ErrorIs(t, tx.String("a").Set("x"), ErrReadOnly)
		_, err = tx.Del("a", "b")
		require.ErrorIs(t, err, ErrReadOnly)
		return nil
	}))
	require.Equal(t, 3, runs)
}

// TestTxGoroutines has several goroutines use one transaction.
func TestTxGoroutines(t *testing.T) {
	s := newTest(t)
	for range rounds(50) {
		require.NoError(t, s.Update(func(tx *Tx) error {
			var wg sync.WaitGroup
			for id := range 4 {
				wg.Go(func() {
					for i := range 20 {
						if _, err := tx.String("n").Incr(); err != nil {
							t.Error(err)
						}
						if _, err := tx.Hash("h").Set(strconv.Itoa(id*100+i), "v"); err != nil {
							t.Error(err)
						}
						if _, err := tx.Hash("h").GetAll(); err != nil {
							t.Error(err)
						}
						if id == 3 && i == 10 {
							if _, err := tx.DBSize(); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			wg.Wait()
			return nil
		}))
	}
	text, err := s.String("n").Get()
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(rounds(50)*80), text)
}

// TestUpdateOfLargeHash counts what an Update of one field of a large hash copies.
func TestUpdateOfLargeHash(t *testing.T) {
	s := newTest(t)
	h := s.Hash("h")
	for i := range alone(200_000) {
		_, err := h.Set(strconv.Itoa(i), "value")
		require.NoError(t, err)
	}
	const updates = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range updates {
		require.NoError(t, s.Update(func(tx *Tx) error {
			_, err := tx.Hash("h").Set(strconv.Itoa(i*37), "another")
			return err
		}))
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/updates, uint64(16<<10), "bytes an update")
}

// TestSortInTransaction looks patterns up key by key: another key is no conflict, and in a
// serial transaction one that was not declared is an error.
func TestSortInTransaction(t *testing.T) {
	s := newTest(t)
	_, err := s.List("list").RPush("1", "2", "3")
	require.NoError(t, err)
	require.NoError(t, s.MSet(Pair{"w1", "3"}, Pair{"w2", "2"}, Pair{"w3", "1"}))
	runs := 0
	require.NoError(t, s.Update(func(tx *Tx) error {
		runs++
		require.NoError(t, tx.String("w3").Set("9"))
		require.NoError(t, s.String("unrelated").Set("v"))
		n, err := tx.SortStore("list", "sorted", SortOptions{By: "w*"})
		require.NoError(t, err)
		require.Equal(t, 3, n)
		_, err = tx.Sort("w1", SortOptions{})
		require.ErrorIs(t, err, ErrWrongType)
		return nil
	}))
	require.Equal(t, 1, runs)
	sorted, err := s.List("sorted").Range(0, -1)
	require.NoError(t, err)
	require.Equal(t, []string{"2", "1", "3"}, sorted)

	for name, keys := range map[string][]Key{"list": {{0, "list"}}, "w": {{0, "list"}, {0, "w1"}, {0, "w2"}}} {
		require.NoError(t, s.Serial(context.Background(), keys, func(tx *Tx) error {
			_, err := tx.Sort("list", SortOptions{By: "w*"})
			require.ErrorIs(t, err, ErrUndeclared, name)
			_, err = tx.SortStore("list", "list", SortOptions{})
			require.NoError(t, err)
			return nil
		}))
	}
}
