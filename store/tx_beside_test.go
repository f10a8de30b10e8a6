package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Transactions beside commands that are none: what others do while a closure runs.

// incr is INCR as a closure that reads and writes.
func incr(db DB, key string) error {
	text, err := db.String(key).Get()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	return db.String(key).Set(strconv.Itoa(n + 1))
}

// TestNoLostUpdate counts with closures and with INCR at the same time.
func TestNoLostUpdate(t *testing.T) {
	s := newTest(t, WithShards(1))
	require.NoError(t, s.String("k").Set("0"))
	n := rounds(100_000)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range n {
			if _, err := s.String("k").Incr(); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for range n {
			if err := s.Update(func(tx *Tx) error { return incr(tx.DB(0), "k") }); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	text, err := s.String("k").Get()
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(2*n), text)
}

// TestViewBesideWriter has one writer set a before b: nobody reads a newer b with an older a.
func TestViewBesideWriter(t *testing.T) {
	for _, shards := range []int{1, 256} {
		s := newTest(t, WithShards(shards))
		require.NoError(t, s.MSet(Pair{"a", "0"}, Pair{"b", "0"}))
		var done atomic.Bool
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 1; !done.Load(); i++ {
				for _, key := range []string{"a", "b"} {
					if err := s.String(key).Set(strconv.Itoa(i)); err != nil {
						t.Error(err)
					}
				}
			}
		})
		for i := range alone(200_000) {
			a, b := 0, 0
			read := func(tx *Tx) error {
				one, err := tx.String("a").Get()
				if err != nil {
					return err
				}
				two, err := tx.String("b").Get()
				a, _ = strconv.Atoi(one)
				b, _ = strconv.Atoi(two)
				return err
			}
			run := s.View
			if i%2 == 0 {
				run = func(fn func(tx *Tx) error) error { return s.Update(fn) }
			}
			require.NoError(t, run(read))
			require.GreaterOrEqual(t, a, b)
		}
		done.Store(true)
		wg.Wait()
	}
}

// TestTokenIsSomewhere moves one key over five names: a transaction that looks at all of them
// always finds it, though what is absent has no version.
func TestTokenIsSomewhere(t *testing.T) {
	const names = 5
	s := newTest(t)
	require.NoError(t, s.String("0").Set("token"))
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for at := 0; !done.Load(); {
			next := (at + 1 + rand.IntN(names-1)) % names
			if err := s.Rename(strconv.Itoa(at), strconv.Itoa(next)); err != nil {
				t.Error(err)
			}
			at = next
		}
	})
	for i := range rounds(50_000) {
		found := 0
		count := func(tx *Tx) error {
			found = 0
			for name := range names {
				n, err := tx.Exists(strconv.Itoa(name))
				if err != nil {
					return err
				}
				found += n
			}
			return nil
		}
		if i%2 == 0 {
			require.NoError(t, s.View(count))
		} else {
			require.NoError(t, s.Update(count))
		}
		require.Equal(t, 1, found)
	}
	done.Store(true)
	wg.Wait()
}

// TestExpireTogether gives keys one deadline: a transaction sees all of them or none.
func TestExpireTogether(t *testing.T) {
	const keys = 6
	s := newTest(t)
	for i := range rounds(400) {
		at := time.Now().Add(2 * time.Millisecond)
		for k := range keys {
			require.NoError(t, s.String(strconv.Itoa(k)).Set("v"))
			_, err := s.ExpireAt(strconv.Itoa(k), at)
			require.NoError(t, err)
		}
		for there := keys; there > 0; {
			look := func(tx *Tx) error {
				there = 0
				for k := range keys {
					n, err := tx.Exists(strconv.Itoa(k))
					if err != nil {
						return err
					}
					there += n
				}
				return nil
			}
			if i%2 == 0 {
				require.NoError(t, s.View(look))
			} else {
				require.NoError(t, s.Update(look))
			}
			require.Contains(t, []int{0, keys}, there)
		}
	}
}

// TestWritersWait has commands of all kinds wait for a closure that holds what they write, and
// then do their work; Close ends their wait.
func TestWritersWait(t *testing.T) {
	writers := map[string]func(s *Store) error{
		"one key":   func(s *Store) error { return s.String("k").Set("w") },
		"several":   func(s *Store) error { return s.MSet(Pair{"k", "w"}, Pair{"l", "w"}) },
		"FLUSHDB":   func(s *Store) error { return s.FlushDB() },
		"FLUSHALL":  func(s *Store) error { return s.FlushAll() },
		"SWAPDB":    func(s *Store) error { return s.SwapDB(0, 1) },
		"SORT":      func(s *Store) error { _, err := s.SortStore("none", "k", SortOptions{}); return err },
		"a closure": func(s *Store) error { return s.Update(func(tx *Tx) error { return tx.String("k").Set("w") }) },
		"a closure on all keys": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				return tx.String("k").Set("w")
			})
		},
	}
	for name, write := range writers {
		for _, keys := range [][]Key{nil, {{Name: "k"}}} {
			for _, closing := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s := newTest(t)
					require.NoError(t, s.String("k").Set("v"))
					start, end := time.Now(), make(chan error, 1)
					var wg sync.WaitGroup
					wg.Go(func() {
						err := s.Serial(t.Context(), keys, func(tx *Tx) error {
							time.Sleep(time.Second)
							text, err := tx.String("k").Get()
							if !closing {
								require.NoError(t, err)
								require.Equal(t, "v", text)
							}
							return err
						})
						require.True(t, closing || err == nil, name)
					})
					synctest.Wait()
					wg.Go(func() {
						err := write(s)
						require.Equal(t, closing, time.Since(start) == 0, "%s, %v: %v after %v", name, keys, err, time.Since(start))
						end <- err
					})
					synctest.Wait()
					if closing {
						require.NoError(t, s.Close())
						require.Equal(t, ErrClosed, <-end, name)
					} else {
						require.NoError(t, <-end, name)
					}
					wg.Wait()
				})
			}
		}
	}
}

// TestCopyIsNotWritten has an Update that only reads all keys run once, whoever writes.
func TestCopyIsNotWritten(t *testing.T) {
	s := newTest(t)
	runs := 0
	require.NoError(t, s.Update(func(tx *Tx) error {
		runs++
		_, err := tx.DBSize()
		require.NoError(t, s.String(strconv.Itoa(runs)).Set("v"))
		return err
	}))
	require.Equal(t, 1, runs)
}

// TestRolledBackCopy has a closure with a copy of the store roll back: others who were reading
// have no conflict.
func TestRolledBackCopy(t *testing.T) {
	s := newTest(t, WithShards(1))
	require.NoError(t, s.String("k").Set("1"))
	runs := 0
	require.NoError(t, s.Update(func(tx *Tx) error {
		runs++
		if err := incr(tx.DB(0), "k"); err != nil {
			return err
		}
		back := make(chan error)
		go func() {
			back <- s.Update(func(tx *Tx) error {
				_, err := tx.DBSize()
				require.NoError(t, err)
				require.NoError(t, tx.String("k").Set("9"))
				return context.Canceled
			})
		}()
		require.Equal(t, context.Canceled, <-back)
		return nil
	}))
	require.Equal(t, 1, runs)
}

// TestIdleTimeAfterCopy wants accesses to be tracked after a closure that had a copy.
func TestIdleTimeAfterCopy(t *testing.T) {
	clock := NewManualClock(time.Now())
	s := newTest(t, WithTracking(TrackIdleTime), WithClock(clock))
	require.NoError(t, s.String("k").Set("v"))
	require.NoError(t, s.Update(func(tx *Tx) error { return tx.SwapDB(2, 3) }))
	clock.Advance(100 * time.Second)
	_, err := s.String("k").Get()
	require.NoError(t, err)
	idle, err := s.ObjectIdleTime("k")
	require.NoError(t, err)
	require.Zero(t, idle)
}

func TestWatchSwappedTwice(t *testing.T) {
	s := newTest(t)
	require.NoError(t, s.String("k").Set("v"))
	swap := func() { require.NoError(t, s.SwapDB(0, 1)) }
	w := s.Watch("k")
	swap()
	swap()
	require.Equal(t, ErrConflict, s.Update(func(*Tx) error { return nil }, w))
	w = s.Watch("k")
	for range 2 {
		require.NoError(t, s.Update(func(tx *Tx) error { return tx.SwapDB(1, 0) }))
	}
	require.Equal(t, ErrConflict, s.Update(func(*Tx) error { return nil }, w))
}

// TestSerialRunsOnce touches what was not declared: in another database, and due some time.
func TestSerialRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		for _, n := range []int{0, 1} {
			for i := range 200 {
				_, err := s.DB(n).Hash("h").Set(strconv.Itoa(i), "v")
				require.NoError(t, err)
			}
			_, err := s.DB(n).Expire("h", time.Second)
			require.NoError(t, err)
		}
		runs := 0
		require.NoError(t, s.Serial(t.Context(), []Key{{0, "h"}}, func(tx *Tx) error {
			runs++
			_, err := tx.DB(1).Hash("h").Len()
			require.ErrorIs(t, err, ErrUndeclared)
			time.Sleep(time.Minute)
			n, err := tx.Hash("h").Len()
			require.NoError(t, err)
			require.Equal(t, 200, n, "its time stands still")
			return nil
		}))
		require.Equal(t, 1, runs)
	})
}

func TestLongKeyInTransaction(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 512 MB")
	}
	s := newTest(t)
	long := strings.Repeat("x", MaxStringLen+1)
	require.NoError(t, s.Update(func(tx *Tx) error {
		require.ErrorIs(t, tx.String(long).Set("v"), ErrTooLarge)
		require.ErrorIs(t, tx.MSet(Pair{"k", "v"}, Pair{long, "v"}), ErrTooLarge)
		return tx.String("k").Set("v")
	}))
}

// TestTxUsedWhileItEnds has goroutines go on using a transaction while it ends, with and
// without a copy of the store: what was acknowledged after the end is not done.
func TestTxUsedWhileItEnds(t *testing.T) {
	s := newTest(t)
	for i := range rounds(300) {
		var wg sync.WaitGroup
		var done atomic.Int64
		require.NoError(t, s.Update(func(tx *Tx) error {
			for range 2 {
				wg.Go(func() {
					for {
						_, err := tx.String("n").Incr()
						if err != nil {
							require.ErrorIs(t, err, ErrTxDone)
							return
						}
						done.Add(1)
						if _, err := tx.Hash("h").GetAll(); err != nil {
							require.ErrorIs(t, err, ErrTxDone)
							return
						}
					}
				})
			}
			if i%2 == 0 {
				_, err := tx.DBSize()
				return err
			}
			return nil
		}))
		wg.Wait()
		text, err := s.String("n").GetDel()
		if err == ErrNotFound {
			text = "0"
		}
		require.Equal(t, strconv.FormatInt(done.Load(), 10), text)
	}
}

// TestClosuresAreCommands runs random commands one by one, and in closures, and wants the same
// results and contents.
func TestClosuresAreCommands(t *testing.T) {
	clock := NewManualClock(time.Now().Truncate(time.Millisecond))
	for name, opts := range map[string][]Option{"usual": nil, "tiny": {tiny, WithShards(2)}} {
		t.Run(name, func(t *testing.T) {
			bare := newTest(t, append(opts, WithClock(clock))...)
			fillKinds(t, bare.DB(0), 60)
			fillKinds(t, bare.DB(3), 20)
			s := newFork(t, bare)
			var names []string
			eachMethod(nil, s.DB(0), "", func(name string, _ reflect.Value) {
				if !isRandom(name) && !strings.Contains(name, ".B") && !strings.HasSuffix(name, "Block") && name != "DB.Fingerprint" {
					names = append(names, name)
				}
			})
			r := rand.New(rand.NewPCG(5, 6))
			for round := range alone(1500) {
				type call struct{ key, name string }
				calls := make([]call, 1+r.IntN(6))
				for i := range calls {
					calls[i] = call{kindKeys[r.IntN(len(kindKeys))], names[r.IntN(len(names))]}
				}
				n := r.IntN(2) * 3
				do := func(db DB) (all []string) {
					for _, c := range calls {
						got, err := invoke(t, methodOf(db, c.key, c.name), c.name, c.key)
						all = append(all, fmt.Sprint(c, inWords(got), err))
					}
					return all
				}
				want := do(bare.DB(n))
				require.NoError(t, s.Update(func(tx *Tx) error {
					if round%7 == 0 {
						_, err := tx.Keys("*")
						require.NoError(t, err)
					}
					require.Equal(t, want, do(tx.DB(n)))
					return nil
				}))
				require.Equal(t, printOf(t, bare), printOf(t, s), "%v", calls)
				clock.Advance(time.Minute)
			}
		})
	}
}
