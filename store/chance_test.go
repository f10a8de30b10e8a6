package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// TestSeed draws everything there is to draw from stores whose tables are in different orders.
func TestSeed(t *testing.T) {
	for _, size := range []int{1, 10, 2000} {
		draw := func(s *Store) (list []string) {
			note := func(v any, err error) {
				require.NoError(t, err)
				list = append(list, fmt.Sprint(v))
			}
			one := func(v any, err error) { note(v, err) }
			use := func(db DB) {
				key, err := db.RandomKey()
				one(key, err)
				member, err := db.Set("set").RandMember()
				one(member, err)
				field, err := db.Hash("hash").RandField()
				one(field, err)
				scored, err := db.ZSet("zset").RandMember()
				one(scored, err)
				for _, n := range []int{-5, -1, 1, 3, size - 1, size + 1} {
					members, err := db.Set("set").RandMembers(n)
					note(members, err)
					require.Len(t, members, max(-n, min(n, size)))
					fields, err := db.Hash("hash").RandFieldsWithValues(n)
					note(fields, err)
					require.Len(t, fields, max(-n, min(n, size)))
					list, err := db.ZSet("zset").RandMembersWithScores(n)
					note(list, err)
					require.Len(t, list, max(-n, min(n, size)))
				}
			}
			use(s.DB(0))
			require.NoError(t, s.Update(func(tx *Tx) error { use(tx.DB(0)); return nil }))
			f := s.Fork()
			defer f.Close()
			use(f.DB(0))
			sn := s.Snapshot()
			use(sn.DB(0))
			require.NoError(t, sn.Close())
			popped, err := s.Set("set").Pop()
			note(popped, err)
			left, err := s.Set("set").PopN(size / 2)
			note(left, err)
			return list
		}
		seeded := func(n uint64) *Store {
			s := newTest(t)
			for i := range size {
				name := fmt.Sprint(i)
				_, err := s.Set("set").Add("member" + name)
				require.NoError(t, err)
				_, err = s.Hash("hash").Set("field"+name, name)
				require.NoError(t, err)
				_, err = s.ZSet("zset").Add(Scored{Member: name, Score: float64(i)})
				require.NoError(t, err)
				require.NoError(t, s.String("key"+name).Set(name))
			}
			hook.Seed(s, n)
			return s
		}
		first := draw(seeded(1))
		require.Equal(t, first, draw(seeded(1)))
		if size > 1 {
			require.NotEqual(t, first, draw(seeded(2)))
		}
	}
}
