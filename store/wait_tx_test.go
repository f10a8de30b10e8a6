package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBlockTx: what a transaction pushes serves at commit, in the order of the writes, and
// after a rollback not at all.
func TestBlockTx(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "k")
		failed := errors.New("failed")
		require.Equal(t, failed, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "k", "never")
			require.Empty(t, c.results(), "before the end")
			return failed
		}))
		require.Empty(t, c.results(), "after a rollback")
		requireList(t, s.DB(0), "k")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "k", "1", "2")
			require.Empty(t, c.results(), "before the end")
			return nil
		}))
		require.Equal(t, []got{{0, "k=1", nil}}, c.results())
		requireList(t, s.DB(0), "k", "2")

		// Several pushes: the first one serves who waits for both.
		c = crowd{}
		c.blpop(ctx, s.DB(0), "a", "b")
		c.blpop(ctx, s.DB(0), "a", "b")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "b", "1")
			push(t, tx.DB(0), "a", "2")
			return nil
		}))
		require.Equal(t, []got{{0, "b=1", nil}, {1, "a=2", nil}}, c.results())

		// What is there only in between serves nobody.
		c = crowd{}
		c.blpop(ctx, s.DB(0), "a")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "a", "1")
			_, err := tx.Del("a")
			return err
		}))
		require.Empty(t, c.results())
		require.NoError(t, s.Serial(ctx, []Key{{Name: "a"}}, func(tx *Tx) error {
			push(t, tx.DB(0), "a", "2")
			return nil
		}))
		require.Equal(t, []got{{0, "a=2", nil}}, c.results())
	})
}

func TestBlockTxChain(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
				var c crowd
				c.blpop(ctx, s.DB(0), "c")
				c.move(ctx, s.DB(0), "b", "c")
				c.move(ctx, s.DB(0), "a", "b")
				require.NoError(t, way(s, "a", func(tx *Tx) { push(t, tx.DB(0), "a", "1", "2") }))
				require.Equal(t, []got{{0, "c=1", nil}, {1, "1", nil}, {2, "1", nil}}, c.results())
				requireList(t, s.DB(0), "a", "2")
				requireList(t, s.DB(0), "b")
				requireList(t, s.DB(0), "c")
			})
		})
	}
}

// TestBlockTxCopy: with a command on the whole keyspace in it, too.
func TestBlockTxCopy(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		for _, key := range []string{"a", "b", "b"} {
			c.blpop(ctx, s.DB(0), key)
		}
		c.blpop(ctx, s.DB(1), "a")
		push(t, s.DB(1), "other", "x")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "a", "1")
			n, err := tx.DBSize()
			require.NoError(t, err)
			require.Equal(t, 1, n)
			push(t, tx.DB(0), "b", "2", "3", "4")
			require.Empty(t, c.results())
			return nil
		}))
		require.Equal(t, []got{{0, "a=1", nil}, {1, "b=2", nil}, {2, "b=3", nil}}, c.results())
		requireList(t, s.DB(0), "b", "4")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "a", "5")
			return tx.SwapDB(0, 1)
		}))
		require.Equal(t, []got{{3, "a=5", nil}}, c.results())
		requireList(t, s.DB(0), "other", "x")
		requireList(t, s.DB(1), "b", "4")

		c = crowd{}
		c.blpop(ctx, s.DB(0), "a")
		require.NoError(t, s.Update(func(tx *Tx) error {
			push(t, tx.DB(0), "a", "gone")
			return tx.FlushAll()
		}))
		require.Empty(t, c.results())
		require.NoError(t, s.Update(func(tx *Tx) error {
			require.NoError(t, tx.FlushAll())
			push(t, tx.DB(0), "a", "6")
			return nil
		}))
		require.Equal(t, []got{{0, "a=6", nil}}, c.results())
		n, err := s.DBSize()
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// TestBlockSwap: SWAPDB and MOVE bring what somebody waits for.
func TestBlockSwap(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "a")
		c.blpop(ctx, s.DB(2), "a")
		push(t, s.DB(1), "a", "1", "2")
		require.NoError(t, s.SwapDB(1, 0))
		require.Equal(t, []got{{0, "a=1", nil}}, c.results())
		require.NoError(t, s.Update(func(tx *Tx) error {
			_, err := tx.Move("a", 2)
			return err
		}))
		require.Equal(t, []got{{1, "a=2", nil}}, c.results())
	})
}

// TestBlockServesBatches: RENAME and the like serve chains, too, and readers without a lock
// see nothing of what is on its way.
func TestBlockServesBatches(t *testing.T) {
	s := newTest(t)
	keys := keysIn(s, "k", 4, false)
	for range rounds(3000) {
		moved := make(chan error, 1)
		go func() {
			_, err := s.List(keys[1]).BLMove(t.Context(), keys[2], Left, Right)
			moved <- err
		}()
		for !s.allWait(keys[1:2]) {
			time.Sleep(time.Microsecond)
		}
		sh, _ := s.hash(keys[2])
		push(t, s.DB(0), keys[0], "x")
		sh.mu.Lock() // who moves to it must wait
		renamed := make(chan error, 1)
		go func() { renamed <- s.Rename(keys[0], keys[1]) }()
		select {
		case <-renamed:
			sh.mu.Unlock()
			t.Fatal("it was served without the lock of the list it moves to")
		case <-time.After(10 * time.Microsecond):
		}
		sh.mu.Unlock()
		require.NoError(t, <-renamed)
		require.NoError(t, <-moved)
		requireList(t, s.DB(0), keys[2], "x")
		_, err := s.Del(keys[2])
		require.NoError(t, err)
	}
}

// TestBlockInTx: nobody waits in a transaction.
func TestBlockInTx(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
				require.NoError(t, way(s, "k", func(tx *Tx) {
					_, err := tx.List("k").BLPop(ctx)
					require.Equal(t, ErrNotFound, err)
					_, _, err = tx.BLMPop(ctx, Left, 1, "k", "1")
					require.Equal(t, ErrNotFound, err)
					_, err = tx.List("k").BLMove(ctx, "another", Left, Right)
					require.Equal(t, ErrNotFound, err)
					_, err = tx.ZSet("k").BPopMin(ctx)
					require.Equal(t, ErrNotFound, err)
					push(t, tx.DB(0), "k", "1", "2", "3")
					value, err := tx.List("k").BLPop(ctx)
					require.NoError(t, err)
					require.Equal(t, "1", value)
					value, err = tx.List("k").BLMove(ctx, "another", Left, Right)
					require.NoError(t, err)
					require.Equal(t, "2", value)
				}))
				requireList(t, s.DB(0), "k", "3")
				requireList(t, s.DB(0), "another", "2")
			})
		})
	}
}

// TestBlockMovesToHeld: a waiter moves to a key that a transaction holds: who pushes waits
// until it is free, and nothing is lost.
func TestBlockMovesToHeld(t *testing.T) {
	pushes := map[string]func(s *Store) error{
		"a push": func(s *Store) error { _, err := s.List("a").RPush("1"); return err },
		"a rename": func(s *Store) error {
			if _, err := s.List("x").RPush("1"); err != nil {
				return err
			}
			return s.Rename("x", "a")
		},
		"a transaction": func(s *Store) error {
			return s.Update(func(tx *Tx) error { _, err := tx.List("a").RPush("1"); return err })
		},
		"a swap": func(s *Store) error {
			if _, err := s.DB(1).List("a").RPush("1"); err != nil {
				return err
			}
			return s.SwapDB(0, 1)
		},
		"a copy": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				_, err := tx.List("a").RPush("1")
				return err
			})
		},
	}
	for name, pushed := range pushes {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
				start := time.Now()
				var c crowd
				c.move(ctx, s.DB(0), "a", "b")
				c.wait(func() (string, error) {
					return "", s.Serial(ctx, []Key{{Name: "b"}}, func(tx *Tx) error {
						time.Sleep(time.Minute)
						requireList(t, tx.DB(0), "b")
						push(t, tx.DB(0), "b", "mine")
						return nil
					})
				})
				require.NoError(t, pushed(s))
				require.Equal(t, time.Minute, time.Since(start))
				require.Equal(t, []got{{0, "1", nil}, {1, "", nil}}, c.results())
				if name == "a swap" {
					requireList(t, s.DB(1), "b", "mine")
					requireList(t, s.DB(0), "b", "1")
				} else {
					requireList(t, s.DB(0), "b", "mine", "1")
				}
				require.True(t, s.holds.Idle())
			})
		})
	}
}

// TestBlockOnHeld: who waits for a key that a transaction holds gets what that leaves.
func TestBlockOnHeld(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		for _, keys := range [][]Key{{{Name: "k"}}, nil} {
			var c crowd
			short, cancel := context.WithTimeout(ctx, time.Second)
			c.blpop(ctx, s.DB(0), "k")
			c.blpop(short, s.DB(0), "k")
			c.wait(func() (string, error) {
				return "", s.Serial(ctx, keys, func(tx *Tx) error {
					push(t, tx.DB(0), "k", "1", "2")
					time.Sleep(time.Minute)
					return nil
				})
			})
			c.blpop(ctx, s.DB(0), "k") // its turn comes after the transaction
			time.Sleep(time.Second)
			require.Equal(t, []got{{1, "=", context.DeadlineExceeded}}, c.results())
			time.Sleep(time.Minute)
			require.Equal(t, []got{{0, "k=1", nil}, {2, "", nil}, {3, "k=2", nil}}, c.results())
			requireList(t, s.DB(0), "k")
			require.True(t, s.holds.Idle())
			cancel()
		}
	})
}

// TestHeldFromBatches: commands on several keys, and other transactions, wait for a
// transaction that holds one of their keys.
func TestHeldFromBatches(t *testing.T) {
	for name, write := range map[string]func(s *Store) error{
		"MSET":   func(s *Store) error { return s.MSet(Pair{"held", "w"}, Pair{"free", "w"}) },
		"RENAME": func(s *Store) error { return s.Rename("free", "held") },
		"Update": func(s *Store) error { return s.Update(func(tx *Tx) error { return tx.String("held").Set("w") }) },
		"Update of a copy": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				return tx.String("held").Set("w")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTest(t)
				require.NoError(t, s.MSet(Pair{"held", "v"}, Pair{"free", "w"}))
				start := time.Now()
				var c crowd
				c.wait(func() (string, error) {
					return "", s.Serial(t.Context(), []Key{{Name: "held"}}, func(tx *Tx) error {
						time.Sleep(time.Minute)
						return tx.String("held").Set("mine")
					})
				})
				require.NoError(t, write(s))
				require.Equal(t, time.Minute, time.Since(start))
				text, err := s.String("held").Get()
				require.NoError(t, err)
				require.Equal(t, "w", text, "it came after the transaction")
				require.Equal(t, []got{{0, "", nil}}, c.results())
			})
		})
	}
}
