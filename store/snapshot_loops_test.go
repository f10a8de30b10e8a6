package store

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loops are the iterators, over what fillKinds has made, each with how often it yields.
// They end when the body returns false.
func loops(t *testing.T, s *Store, n int) map[string]struct {
	want int
	run  func(body func() bool)
} {
	t.Helper()
	all := map[string]struct {
		want int
		run  func(body func() bool)
	}{}
	add := func(name string, want int, run func(body func() bool)) {
		all[name] = struct {
			want int
			run  func(body func() bool)
		}{want, run}
	}
	one := func(body func() bool) func(string) bool { return func(string) bool { return body() } }
	add("keys", len(kindKeys), func(body func() bool) {
		seq, err := s.All()
		require.NoError(t, err)
		seq(one(body))
	})
	for i, size := range []int{3, n} {
		at := strconv.Itoa(i + 1)
		add("hash "+at, size, func(body func() bool) {
			seq, err := s.Hash("h" + at).All()
			require.NoError(t, err)
			seq(func(string, string) bool { return body() })
		})
		add("list "+at, size, func(body func() bool) {
			seq, err := s.List("l" + at).All()
			require.NoError(t, err)
			seq(one(body))
		})
		add("set "+at, size, func(body func() bool) {
			seq, err := s.Set("u" + at).All()
			require.NoError(t, err)
			seq(one(body))
		})
		add("zset "+at, size, func(body func() bool) {
			seq, err := s.ZSet("z" + at).All()
			require.NoError(t, err)
			seq(func(string, float64) bool { return body() })
		})
	}
	return all
}

// TestLoopBodies: whatever the body of a loop does, the loop sees all of its moment, and
// when it is over, by break or panic too, nothing of it is left: no lock, no snapshot.
func TestLoopBodies(t *testing.T) {
	n := largeKind()
	for shards, opts := range map[string][]Option{"one shard": {WithShards(1)}, "tiny": {WithShards(2), tiny}, "default": nil} {
		if raceEnabled && shards != "tiny" { // one goroutine is nothing to the race detector
			continue
		}
		s := newTest(t, opts...)
		bodies := map[string]func(round int) bool{
			"break": func(round int) bool { return round < 1 },
			"panic": func(round int) bool {
				if round == 1 {
					panic("the body's")
				}
				return true
			},
			"flush": func(int) bool { require.NoError(t, s.FlushAll()); return true },
			"delete": func(int) bool {
				_, err := s.Del(kindKeys...)
				require.NoError(t, err)
				return true
			},
			"write": func(round int) bool {
				at := strconv.Itoa(round)
				for _, key := range []string{"1", "2"} {
					_, err := s.Hash("h"+key).Set("m"+at, "new")
					require.NoError(t, err)
					_, err = s.Hash("h"+key).Del("m"+strconv.Itoa(round+1), "m1")
					require.NoError(t, err)
					_, err = s.List("l" + key).LPush("new")
					require.NoError(t, err)
					_, err = s.List("l" + key).RPop()
					require.NoError(t, err)
					_, err = s.Set("u" + key).Rem("m" + at)
					require.NoError(t, err)
					_, err = s.ZSet("z"+key).Add(Scored{"m" + at, float64(-round)}, Scored{"new" + at, 0})
					require.NoError(t, err)
				}
				return s.String("new"+at).Set("v") == nil
			},
		}
		for what, body := range bodies {
			for name, loop := range loops(t, s, n) {
				t.Run(shards+" "+what+" "+name, func(t *testing.T) {
					require.NoError(t, s.FlushAll())
					fillKinds(t, s.DB(0), n)
					round := 0
					run := func() {
						loop.run(func() bool {
							round++
							return body(round - 1)
						})
					}
					switch what {
					case "panic":
						require.PanicsWithValue(t, "the body's", run)
						require.Equal(t, 2, round)
					case "break":
						run()
						require.Equal(t, 2, round)
					default:
						run()
						require.Equal(t, loop.want, round)
					}
					check(t, s) // takes all locks, and wants no snapshot
					require.Zero(t, s.Stats().Pinned)
				})
			}
		}
	}
}

// TestLoopsNest: loops within loops, over the same and over other values, each see their
// own moment.
func TestLoopsNest(t *testing.T) {
	const n = 40
	s := newTest(t, WithShards(1), tiny)
	fillKinds(t, s.DB(0), n)
	for outer, a := range loops(t, s, n) {
		outers := 0
		a.run(func() bool {
			outers++
			for inner, b := range loops(t, s, n) {
				inners := 0
				b.run(func() bool {
					inners++
					_, err := s.Set("u2").Rem("m" + strconv.Itoa(inners%n))
					require.NoError(t, err)
					_, err = s.Set("u2").Add("m" + strconv.Itoa(inners%n))
					require.NoError(t, err)
					return true
				})
				require.Equal(t, b.want, inners, "%s in %s", inner, outer)
			}
			return true
		})
		require.Equal(t, a.want, outers, outer)
	}
}

// TestSnapshotFieldTTL: a field that is overdue at the moment of a snapshot is not in it,
// even if nobody has removed it, and one that is not overdue then never is.
func TestSnapshotFieldTTL(t *testing.T) {
	for name, n := range map[string]int{"packed": 3, "large": 300} {
		t.Run(name, func(t *testing.T) {
			clock := NewManualClock(time.Unix(1_700_000_000, 0))
			s := New(WithClock(clock), WithShards(1))
			defer s.Close()
			h := s.Hash("h")
			for i := range n {
				_, err := h.Set("f"+strconv.Itoa(i), "v")
				require.NoError(t, err)
			}
			soon, later := Pair{"soon", "v"}, Pair{"later", "v"}
			_, err := h.SetEX(Always, ExpireIn(time.Second), soon)
			require.NoError(t, err)
			_, err = h.SetEX(Always, ExpireIn(time.Minute), later)
			require.NoError(t, err)
			_, err = s.Hash("gone").SetEX(Always, ExpireIn(time.Second), soon)
			require.NoError(t, err)
			before := s.Snapshot()
			defer before.Close()
			clock.remove(s) // nobody removes what is overdue
			clock.Advance(2 * time.Second)
			require.Equal(t, 2, s.Stats().Keys)
			sn := s.Snapshot()
			defer sn.Close()
			clock.add(s)
			clock.Advance(time.Hour)
			size, err := h.Len()
			require.NoError(t, err)
			require.Equal(t, n, size)

			for _, c := range []struct {
				sn         *Snapshot
				soon, gone bool
			}{{sn, false, true}, {before, true, false}} {
				all, err := c.sn.Hash("h").GetAll()
				require.NoError(t, err)
				_, found := all["soon"]
				require.Equal(t, c.soon, found)
				require.Equal(t, "v", all["later"])
				_, err = c.sn.Hash("h").Get("soon")
				require.Equal(t, c.soon, err == nil)
				value, err := c.sn.Hash("h").Get("later")
				require.NoError(t, err)
				require.Equal(t, "v", value)
				left, err := c.sn.Hash("h").TTL("later")
				require.NoError(t, err)
				if c.soon {
					require.Equal(t, time.Minute, left[0].TTL)
				} else {
					require.Equal(t, 58*time.Second, left[0].TTL)
				}
				keys, err := c.sn.Keys("*")
				require.NoError(t, err)
				require.Equal(t, c.gone, len(keys) == 1)
				want := n + 1
				if c.soon {
					want++
				}
				count, err := c.sn.Hash("h").Len()
				require.NoError(t, err)
				require.Equal(t, want, count)
				f := c.sn.Fork() // whose time goes on
				count, err = f.Hash("h").Len()
				require.NoError(t, err)
				require.Equal(t, n, count)
				require.NoError(t, f.Close())
			}
		})
	}
}
