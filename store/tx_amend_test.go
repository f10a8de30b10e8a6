package store

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOvertakenByTime has a key expire while a transaction holds it whose time stands still:
// what it tells follows from what was told meanwhile.
func TestOvertakenByTime(t *testing.T) {
	for _, test := range []struct {
		name   string
		do     func(tx *Tx) error
		events []string
		feed   []string
	}{
		{
			"set", func(tx *Tx) error { return tx.String("k").Set("x") },
			[]string{"k expired", "k new", "k set"},
			[]string{"k/0 string expired", "SET k/0 string written"},
		},
		{
			"del", func(tx *Tx) error { _, err := tx.Del("k"); return err },
			[]string{"k expired"},
			[]string{"k/0 string expired"},
		},
		{"del and set", func(tx *Tx) error {
			if _, err := tx.Del("k"); err != nil {
				return err
			}
			return tx.String("k").Set("x")
		}, []string{"k expired", "k new", "k set"}, []string{"k/0 string expired", "SET k/0 string written"}},
		{
			"append", func(tx *Tx) error { _, err := tx.String("k").Append("x"); return err },
			[]string{"k expired", "k new", "k append", "k expired"},
			nil,
		},
		{
			"persist", func(tx *Tx) error { _, err := tx.Persist("k"); return err },
			[]string{"k expired", "k new", "k persist"},
			[]string{"k/0 string expired", "PERSIST k/0 string written"},
		},
		{"nothing", func(tx *Tx) error { return nil }, []string{"k expired"}, []string{"k/0 string expired"}},
		{
			"another key", func(tx *Tx) error { return tx.String("l").Set("x") },
			[]string{"k expired", "l new", "l set"},
			[]string{"k/0 string expired", "SET l/0 string written"},
		},
	} {
		for name, keys := range map[string][]Key{"keys": {{0, "k"}, {0, "l"}}, "whole": nil} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := New(WithShards(2))
					defer s.Close()
					require.NoError(t, s.String("k").SetEX("v", time.Second))
					heard := recordEvents(t, s, "KAn")
					f := s.Changes(ChangeFilter{})
					defer f.Close()
					require.NoError(t, s.Serial(t.Context(), keys, func(tx *Tx) error {
						time.Sleep(2 * time.Second)
						_, err := s.String("k").Get()
						require.Equal(t, ErrNotFound, err)
						return test.do(tx)
					}))
					time.Sleep(time.Second)
					var want []string
					for _, e := range test.events {
						want = append(want, "__keyspace@0__:"+e)
					}
					require.Equal(t, want, heard.take())
					sets := received(t, f)
					if test.feed != nil {
						require.Equal(t, test.feed, brief(sets))
					}
					last := map[string]uint64{}
					for _, set := range sets {
						for _, c := range set.Changes {
							require.Greater(t, c.Version, last[c.Key])
							last[c.Key] = c.Version
						}
					}
					check(t, s)
				})
			})
		}
	}
}

// TestSwappedIsNotNew swaps databases in a transaction: what has come from the other one was
// there before.
func TestSwappedIsNotNew(t *testing.T) {
	swap := func(tx *Tx) error {
		if err := tx.SwapDB(0, 1); err != nil {
			return err
		}
		_, err := tx.ZSet("k").Add(Scored{Member: "b", Score: 2})
		return err
	}
	for name, run := range map[string]func(s *Store) error{
		"update": func(s *Store) error { return s.Update(swap) },
		"serial": func(s *Store) error { return s.Serial(t.Context(), nil, swap) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t)
			_, err := s.DB(1).ZSet("k").Add(Scored{Member: "a", Score: 1})
			require.NoError(t, err)
			heard := recordEvents(t, s, "KAn")
			require.NoError(t, run(s))
			require.Equal(t, []string{"__keyspace@0__:k zadd"}, heard.take())
		})
	}
}
