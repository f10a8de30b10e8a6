package store

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestGoneMeanwhile removes in every way what a transaction has read: it runs again.
func TestGoneMeanwhile(t *testing.T) {
	clock := NewManualClock(time.Now())
	for name, remove := range map[string]func(s *Store) error{
		"DEL":      func(s *Store) error { _, err := s.Del("k"); return err },
		"GETDEL":   func(s *Store) error { _, err := s.String("k").GetDel(); return err },
		"RENAME":   func(s *Store) error { return s.Rename("k", "l") },
		"MOVE":     func(s *Store) error { _, err := s.Move("k", 1); return err },
		"FLUSHDB":  func(s *Store) error { return s.FlushDB() },
		"FLUSHALL": func(s *Store) error { return s.FlushAll() },
		"SWAPDB":   func(s *Store) error { return s.SwapDB(0, 1) },
		"EXPIREAT": func(s *Store) error { _, err := s.ExpireAt("k", time.Unix(1, 0)); return err },
		"expiry":   func(s *Store) error { clock.Advance(time.Hour); return nil },
		"SORT": func(s *Store) error {
			_, err := s.SortStore("none", "k", SortOptions{})
			return err
		},
		"Update": func(s *Store) error {
			return s.Update(func(tx *Tx) error { _, err := tx.Del("k"); return err })
		},
		"Update of a copy": func(s *Store) error {
			return s.Update(func(tx *Tx) error { return tx.FlushAll() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, WithClock(clock), WithShards(1))
			require.NoError(t, s.String("k").SetEX("v", time.Minute))
			runs := 0
			require.NoError(t, s.Update(func(tx *Tx) error {
				runs++
				n, err := tx.Exists("k")
				require.NoError(t, err)
				if runs > 1 {
					require.Zero(t, n)
					return tx.String("result").Set("gone")
				}
				require.Equal(t, 1, n)
				removed := make(chan error)
				go func() { removed <- remove(s) }()
				require.NoError(t, <-removed)
				_ = tx.String("result").Set("there")
				return nil
			}))
			text, err := s.String("result").Get()
			require.NoError(t, err)
			require.Equal(t, "gone", text)
			require.Equal(t, 2, runs)
		})
	}
}

// TestDeadlineAtCommit lets a deadline pass when the closure has done its last operation,
// and the expirer is late.
func TestDeadlineAtCommit(t *testing.T) {
	clock := NewManualClock(time.UnixMilli(1e12))
	s := newTest(t, WithClock(clock))
	require.NoError(t, s.String("k").SetEX("v", time.Millisecond))
	runs := 0
	require.NoError(t, s.Update(func(tx *Tx) error {
		runs++
		n, err := tx.Exists("k")
		require.NoError(t, err)
		require.Equal(t, 2-runs, n)
		require.NoError(t, tx.String("result").Set("v"))
		clock.set(time.UnixMilli(1e12 + 1).UnixNano())
		return nil
	}))
	require.Equal(t, 2, runs)
	clock.Advance(0)
}

// TestMarkWaitsForWriter stops a writer that has counted its version and whose write is
// still to be seen: a transaction that reads the key then either waits for it or notices.
func TestMarkWaitsForWriter(t *testing.T) {
	s := newTest(t, WithShards(1))
	require.NoError(t, s.String("n").Set("1"))
	var stopped atomic.Bool
	counted, goOn := make(chan struct{}), make(chan struct{})
	s.stamp = func(old uint32) uint32 { // what a write calls in between
		if old == 0 && stopped.CompareAndSwap(false, true) {
			close(counted)
			<-goOn
		}
		return 1
	}
	wrote, updated := make(chan error), make(chan error)
	go func() { wrote <- s.String("n").Set("10") }()
	<-counted
	read := make(chan struct{}, lastRun)
	go func() {
		updated <- s.Update(func(tx *Tx) error {
			_, err := tx.String("n").Incr()
			read <- struct{}{}
			return err
		})
	}()
	select {
	case <-read:
	case <-time.After(100 * time.Millisecond): // it waits
	}
	close(goOn)
	require.NoError(t, <-wrote)
	require.NoError(t, <-updated)
	s.stamp = nil
	text, err := s.String("n").Get()
	require.NoError(t, err)
	require.Equal(t, "11", text, "the write was lost")
}
