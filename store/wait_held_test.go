package store

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Waiters beside transactions and what they hold.

// pop waits for the first of keys in a goroutine and returns where what it got will be.
func pop(t *testing.T, s *Store, keys ...string) (got func() string) {
	t.Helper()
	result := make(chan string, 1)
	go func() {
		key, value, err := s.BLPop(t.Context(), keys...)
		if err != nil {
			value = err.Error()
		}
		result <- key + "=" + value
	}()
	synctest.Wait()
	return func() string {
		synctest.Wait()
		select {
		case v := <-result:
			return v
		default:
			return ""
		}
	}
}

func TestPushInTransaction(t *testing.T) {
	for _, whole := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t)
			got := pop(t, s, "list")
			failed := errors.New("failed")
			push := func(tx *Tx) error {
				if whole {
					_, err := tx.DBSize()
					require.NoError(t, err)
				}
				n, err := tx.List("list").RPush("job")
				require.NoError(t, err)
				require.Equal(t, 1, n)
				require.Empty(t, got(), "not before the commit")
				return nil
			}
			require.Equal(t, failed, s.Update(func(tx *Tx) error {
				require.NoError(t, push(tx))
				return failed
			}))
			require.Empty(t, got(), "rolled back")
			require.NoError(t, s.Update(push))
			require.Equal(t, "list=job", got())
			n, err := s.Exists("list")
			require.NoError(t, err)
			require.Zero(t, n)
		})
	}
}

// TestOrderInTransaction asks which of two keys a waiter gets that a transaction fills, as
// Redis has it: the first that was filled, whatever became of it in between.
func TestOrderInTransaction(t *testing.T) {
	push := func(t *testing.T, tx *Tx, key string) {
		_, err := tx.List(key).RPush("v" + key)
		require.NoError(t, err)
	}
	del := func(t *testing.T, tx *Tx, key string) {
		_, err := tx.Del(key)
		require.NoError(t, err)
	}
	all := func(t *testing.T, tx *Tx) {
		_, err := tx.Keys("*")
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, tx *Tx)
		want string
	}{
		"b first":       {func(t *testing.T, tx *Tx) { push(t, tx, "b"); push(t, tx, "a") }, "b=vb"},
		"a read before": {func(t *testing.T, tx *Tx) { del(t, tx, "a"); push(t, tx, "b"); push(t, tx, "a") }, "b=vb"},
		"a was a string": {func(t *testing.T, tx *Tx) {
			_ = tx.String("a").Set("x")
			push(t, tx, "b")
			del(t, tx, "a")
			push(t, tx, "a")
		}, "b=vb"},
		"a again":           {func(t *testing.T, tx *Tx) { push(t, tx, "a"); del(t, tx, "a"); push(t, tx, "b"); push(t, tx, "a") }, "a=va"},
		"a is gone":         {func(t *testing.T, tx *Tx) { push(t, tx, "a"); push(t, tx, "b"); del(t, tx, "a") }, "b=vb"},
		"b, after all keys": {func(t *testing.T, tx *Tx) { all(t, tx); push(t, tx, "b"); push(t, tx, "a") }, "b=vb"},
		"b, before them":    {func(t *testing.T, tx *Tx) { push(t, tx, "b"); all(t, tx); push(t, tx, "a") }, "b=vb"},
		"flushed between":   {func(t *testing.T, tx *Tx) { push(t, tx, "b"); _ = tx.FlushAll(); push(t, tx, "a"); push(t, tx, "b") }, "b=vb"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newTest(t)
			got := pop(t, s, "a", "b")
			require.NoError(t, s.Update(func(tx *Tx) error { c.do(t, tx); return nil }))
			require.Equal(t, c.want, got(), name)
			s.Close()
		})
	}
}

// TestBlockInTransaction wants an answer at once.
func TestBlockInTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		require.NoError(t, s.Update(func(tx *Tx) error {
			_, err := tx.List("list").BLPop(t.Context())
			require.Equal(t, ErrNotFound, err)
			_, err = tx.List("list").BLMove(t.Context(), "other", Left, Right)
			require.Equal(t, ErrNotFound, err)
			_, err = tx.ZSet("zset").BPopMin(t.Context())
			require.Equal(t, ErrNotFound, err)
			_, err = tx.List("list").RPush("v")
			require.NoError(t, err)
			v, err := tx.List("list").BLMove(t.Context(), "other", Left, Right)
			require.NoError(t, err)
			require.Equal(t, "v", v)
			return nil
		}))
		require.NoError(t, s.View(func(tx *Tx) error {
			_, err := tx.List("other").BLPop(t.Context())
			require.ErrorIs(t, err, ErrReadOnly)
			return nil
		}))
	})
}

// TestMoveToHeldKey has a push serve a BLMOVE to a key that a transaction holds: it waits, and
// the element is not lost. A push to a key whose chain is free does not wait.
func TestMoveToHeldKey(t *testing.T) {
	for _, shards := range []int{1, 256} {
		for _, movers := range []int{1, 2 * manyMoves} {
			synctest.Test(t, func(t *testing.T) {
				s := newTest(t, WithShards(shards))
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				for i := range movers {
					wg.Go(func() {
						_, err := s.List("src").BLMove(ctx, "dst"+strconv.Itoa(i), Left, Right)
						require.True(t, err == nil || err == context.Canceled, err)
					})
					synctest.Wait()
				}
				waiting := pop(t, s, "plain")
				start := time.Now()
				wg.Go(func() {
					require.NoError(t, s.Serial(t.Context(), []Key{{Name: "dst0"}}, func(tx *Tx) error {
						time.Sleep(time.Second)
						_, err := tx.List("dst0").RPush("mine")
						return err
					}))
				})
				synctest.Wait()
				_, err := s.List("plain").RPush("v")
				require.NoError(t, err)
				require.Equal(t, "plain=v", waiting())
				require.NoError(t, s.MSet(Pair{"unrelated", "v"}, Pair{"other", "v"}))
				require.Zero(t, time.Since(start))
				_, err = s.List("src").RPush("moved")
				require.NoError(t, err)
				require.Equal(t, time.Second, time.Since(start), "it has waited")
				all, err := s.List("dst0").Range(0, -1)
				require.NoError(t, err)
				require.Equal(t, []string{"mine", "moved"}, all)
				cancel()
				wg.Wait()
				require.True(t, s.holds.Idle())
			})
		}
	}
}

// TestSerialWithWaiters runs serial transactions that push where others wait, while unrelated
// keys are held: each runs once.
func TestSerialWithWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		popped := pop(t, s, "plain")
		var wg sync.WaitGroup
		wg.Go(func() {
			v, err := s.List("src").BLMove(t.Context(), "dst", Left, Right)
			require.NoError(t, err)
			require.Equal(t, "v", v)
		})
		synctest.Wait()
		wg.Go(func() {
			require.NoError(t, s.Serial(t.Context(), []Key{{Name: "unrelated"}}, func(*Tx) error { time.Sleep(time.Hour); return nil }))
		})
		wg.Go(func() {
			require.NoError(t, s.Serial(t.Context(), []Key{{Name: "dst"}}, func(*Tx) error { time.Sleep(time.Second); return nil }))
		})
		synctest.Wait()
		start, runs := time.Now(), 0
		require.NoError(t, s.Serial(t.Context(), []Key{{Name: "src"}, {Name: "plain"}}, func(tx *Tx) error {
			runs++
			_, err := tx.List("src").RPush("v")
			require.NoError(t, err)
			_, err = tx.List("plain").RPush("w")
			return err
		}))
		require.Equal(t, 1, runs)
		require.Equal(t, "plain=w", popped())
		require.Equal(t, time.Second, time.Since(start), "it has waited for where its element goes")
		wg.Wait()
	})
}

// TestBlockMeetsHeldKey has commands that wait meet a key that a transaction holds: their
// context and Close end that, too.
func TestBlockMeetsHeldKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		_, err := s.List("k").RPush("a", "b")
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = s.Serial(t.Context(), []Key{{Name: "k"}}, func(*Tx) error { time.Sleep(time.Hour); return nil })
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = s.List("k").BLPop(ctx)
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, time.Second, time.Since(start))
		_, _, err = s.BLPop(ctx, "none", "k")
		require.Equal(t, context.DeadlineExceeded, err)
		wg.Go(func() {
			_, err := s.List("k").BLPop(t.Context())
			require.Equal(t, ErrClosed, err)
		})
		synctest.Wait()
		require.NoError(t, s.Close())
		wg.Wait()
		require.Equal(t, 1, s.Stats().Keys, "nothing was taken")
	})
}
