package store

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// meddledClock does something when it is read for the nth time, before it says the time.
type meddledClock struct {
	*ManualClock
	left int
	do   func()
}

func (c *meddledClock) nano() int64 {
	if c.left--; c.left == 0 {
		c.do()
	}
	return c.ManualClock.nano()
}

// TestSnapshotClock takes a snapshot, and lets a deadline pass after it, whenever a command
// reads the clock: what had not expired at the time of the snapshot is in it, whether the
// command is part of it or not.
func TestSnapshotClock(t *testing.T) {
	const ms = time.Millisecond
	start := time.UnixMilli(1e12)
	deadline := start.Add(ms)
	for name, command := range map[string]func(s *Store) error{
		"SET":       func(s *Store) error { return s.String("k").Set("w") },
		"GETEX":     func(s *Store) error { _, err := s.String("k").GetEx(ExpireAt(deadline)); return err },
		"PEXPIREAT": func(s *Store) error { _, err := s.ExpireAt("k", deadline); return err },
		"PEXPIREAT of another": func(s *Store) error {
			_, err := s.ExpireAt("free", deadline)
			return err
		},
		"SET PXAT": func(s *Store) error {
			_, err := s.String("free").SetWith("w", SetOptions{Expiry: ExpireAt(deadline)})
			return err
		},
		"PERSIST":    func(s *Store) error { _, err := s.Persist("k"); return err },
		"SETNX":      func(s *Store) error { _, err := s.String("k").SetNX("w"); return err },
		"MSET":       func(s *Store) error { return s.MSet(Pair{"k", "w"}, Pair{"free", "w"}) },
		"COPY":       func(s *Store) error { _, err := s.Copy("free", "k"); return err },
		"SORT STORE": func(s *Store) error { _, err := s.SortStore("list", "k", SortOptions{}); return err },
		"DBSIZE":     func(s *Store) error { _, err := s.DBSize(); return err },
		"the expirer": func(s *Store) error {
			s.expirer.Cancel(0) // as it has for this run
			s.expireShard(0)
			return nil
		},
		"HSET":          func(s *Store) error { _, err := s.Hash("hash").Set("h", "w"); return err },
		"HSET, large":   func(s *Store) error { _, err := s.Hash("large").Set("h", "w"); return err },
		"HPEXPIREAT":    func(s *Store) error { _, err := s.Hash("hash").ExpireAt(deadline, Always, "g"); return err },
		"HGETEX, large": func(s *Store) error { _, err := s.Hash("large").GetEx(ExpireAt(deadline), "g"); return err },
		"HSETEX, large": func(s *Store) error {
			_, err := s.Hash("large").SetEX(Always, ExpireAt(deadline), Pair{"g", "w"})
			return err
		},
		"HEXPIRE, large": func(s *Store) error { _, err := s.Hash("large").ExpireAt(deadline, Always, "g"); return err },
		"a transaction": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				_, err := tx.ExpireAt("free", deadline)
				return err
			})
		},
		"a transaction that has read nothing": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				_, err := tx.Hash("large").SetEX(Always, ExpireAt(deadline), Pair{"g", "w"})
				if err == nil {
					err = tx.String("other").Set("w")
				}
				return err
			})
		},
		"a transaction on a copy": func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				_, err := tx.ExpireAt("free", deadline)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n < 12; n++ {
				snapshotAtRead(t, n, start, command)
			}
		})
	}
}

// snapshotAtRead takes the snapshot when the command reads the clock for the nth time.
func snapshotAtRead(t *testing.T, n int, start time.Time, command func(s *Store) error) {
	manual := NewManualClock(start)
	s := newTest(t, WithShards(1), WithClock(manual))
	for _, key := range []string{"k", "free"} {
		require.NoError(t, s.String(key).Set("v"))
	}
	_, err := s.List("list").RPush("1", "2")
	require.NoError(t, err)
	for i := range 200 {
		_, err := s.Hash("large").Set(strconv.Itoa(i), "v")
		require.NoError(t, err)
	}
	deadline := start.Add(time.Millisecond)
	for _, key := range []string{"hash", "large"} {
		for _, field := range []string{"f", "g"} {
			_, err := s.Hash(key).Set(field, "v")
			require.NoError(t, err)
		}
		_, err := s.Hash(key).ExpireAt(deadline, Always, "f")
		require.NoError(t, err)
	}
	_, err = s.ExpireAt("k", deadline)
	require.NoError(t, err)
	var sn *Snapshot
	clock := &meddledClock{ManualClock: manual, left: n, do: func() {
		if !s.snapLock.TryLock() {
			return // it is another snapshot that asks
		}
		s.snapLock.Unlock()
		sn = s.Snapshot()
		manual.set(deadline.UnixNano())
	}}
	s.clock, s.options.clock = clock, clock
	if err := command(s); err != ErrNotFound {
		require.NoError(t, err)
	}
	s.clock, s.options.clock = manual, manual
	if sn == nil {
		return
	}
	defer sn.Close()
	require.True(t, sn.Time().Before(deadline))
	// Other commands on what the snapshot may share with the store.
	require.NoError(t, s.String("k").Set("later"))
	_, err = s.Hash("large").Set("g", "later")
	require.NoError(t, err)
	_, err = s.Hash("large").Set("7", "later")
	require.NoError(t, err)
	for _, key := range []string{"k", "free"} {
		kind, err := sn.Type(key)
		require.NoError(t, err, "%s: the clock's reading %d", key, n)
		require.Contains(t, []string{"string", "list"}, fmt.Sprint(kind))
	}
	for _, key := range []string{"hash", "large"} {
		values, err := sn.Hash(key).MGet("f", "g", "7")
		require.NoError(t, err)
		require.True(t, values[0].Found && values[1].Found, "%s: the clock's reading %d: %v", key, n, values)
		require.NotEqual(t, "later", values[1].Value)
		require.NotEqual(t, "later", values[2].Value)
	}
}
