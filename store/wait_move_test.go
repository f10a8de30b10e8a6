package store

import (
	"cmp"
	"context"
	"fmt"
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

// BLMOVEM, who may wait at a list that is there: for more elements.

// exactly is wait for BLMoveM of n elements.
func (c *crowd) exactly(ctx context.Context, db DB, key, dst string, n int) {
	c.moveM(ctx, db, key, dst, MoveOptions{Count: n, Exactly: true})
}

func (c *crowd) moveM(ctx context.Context, db DB, key, dst string, o MoveOptions) {
	c.wait(func() (string, error) {
		values, err := db.List(key).BLMoveM(ctx, dst, Left, Right, o)
		return strings.Join(values, " "), err
	})
}

// grow is push to a list that is there.
func grow(t testing.TB, db DB, key string, values ...string) {
	t.Helper()
	_, err := db.List(key).RPush(values...)
	require.NoError(t, err)
}

func TestBlockMoveM(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.moveM(ctx, s.DB(0), "a", "b", MoveOptions{Count: 5}) // as many as there are
		push(t, s.DB(0), "a", "1", "2")
		require.Equal(t, []got{{0, "1 2", nil}}, c.results())
		requireList(t, s.DB(0), "b", "1", "2")
		c.moveM(ctx, s.DB(0), "b", "c", MoveOptions{})
		require.Equal(t, []got{{1, "1", nil}}, c.results())

		c.exactly(ctx, s.DB(0), "a", "d", 3)
		push(t, s.DB(0), "a", "3", "4")
		require.Empty(t, c.results())
		requireList(t, s.DB(0), "a", "3", "4")
		grow(t, s.DB(0), "a", "5", "6")
		require.Equal(t, []got{{2, "3 4 5", nil}}, c.results())
		requireList(t, s.DB(0), "a", "6")
		requireList(t, s.DB(0), "d", "3", "4", "5")
		c.exactly(ctx, s.DB(0), "d", "d", 3) // there are enough
		require.Equal(t, []got{{3, "3 4 5", nil}}, c.results())
	})
}

// Everything that can make a list longer, or a list of what is none.
func TestBlockExactlyIsServed(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, test := range map[string]struct {
		grow func(s *Store) error
		want string
	}{
		"RPush":     {func(s *Store) error { _, err := s.List("a").RPush("3"); return err }, "1 2 3"},
		"LPush":     {func(s *Store) error { _, err := s.List("a").LPush("0"); return err }, "0 1 2"},
		"RPushX":    {func(s *Store) error { _, err := s.List("a").RPushX("3", "4"); return err }, "1 2 3"},
		"LPushX":    {func(s *Store) error { _, err := s.List("a").LPushX("0"); return err }, "0 1 2"},
		"Insert":    {func(s *Store) error { _, err := s.List("a").Insert(Before, "1", "0"); return err }, "0 1 2"},
		"LMove":     {func(s *Store) error { _, err := s.List("feed").LMove("a", Left, Right); return err }, "1 2 7"},
		"RPopLPush": {func(s *Store) error { _, err := s.List("feed").RPopLPush("a"); return err }, "9 1 2"},
		"LMoveM": {func(s *Store) error {
			_, err := s.List("feed").LMoveM("a", Left, Left, MoveOptions{Count: 2})
			return err
		}, "7 8 1"},
		"Sort":   {func(s *Store) error { _, err := s.SortStore("feed", "a", SortOptions{}); return err }, "7 8 9"},
		"Rename": {func(s *Store) error { return s.Rename("feed", "a") }, "7 8 9"},
		"Copy": {func(s *Store) error {
			_, err := s.CopyWith("feed", "a", CopyOptions{Replace: true})
			return err
		}, "7 8 9"},
		"SwapDB": {func(s *Store) error {
			if _, err := s.DB(1).List("a").RPush("4", "5", "6"); err != nil {
				return err
			}
			return s.SwapDB(0, 1)
		}, "4 5 6"},
		"Update": {func(s *Store) error {
			return s.Update(func(tx *Tx) error { _, err := tx.List("a").RPush("3"); return err })
		}, "1 2 3"},
		"Update of two": {func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.List("other").RPush("3"); err != nil {
					return err
				}
				_, err := tx.List("other").LMove("a", Left, Left)
				return err
			})
		}, "3 1 2"},
		"Update of all": {func(s *Store) error {
			return s.Update(func(tx *Tx) error {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
				_, err := tx.List("a").RPush("3")
				return err
			})
		}, "1 2 3"},
		"Serial": {func(s *Store) error {
			return s.Serial(context.Background(), []Key{{Name: "a"}}, func(tx *Tx) error { _, err := tx.List("a").RPush("3"); return err })
		}, "1 2 3"},
	} {
		for _, size := range []string{"small", "large"} {
			t.Run(name+" "+size, func(t *testing.T) {
				bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
					n := 3
					push(t, s.DB(0), "feed", "7", "8", "9")
					if size == "large" { // as objects
						push(t, s.DB(0), "a", "1", "2")
						grow(t, s.DB(0), "a", slices.Repeat([]string{long}, 100)...)
						_, err := s.List("a").Rem(0, long)
						require.NoError(t, err)
					} else {
						push(t, s.DB(0), "a", "1", "2")
					}
					var c crowd
					c.exactly(ctx, s.DB(0), "a", "b", n)
					require.Empty(t, c.results())
					require.NoError(t, test.grow(s))
					require.Equal(t, []got{{0, test.want, nil}}, c.results())
					requireList(t, s.DB(0), "b", strings.Fields(test.want)...)
				})
			})
		}
	}
}

// Who came first is served first, as far as there is enough for them.
func TestBlockExactlyIsFair(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.exactly(ctx, s.DB(0), "a", "b", 3)
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		c.move(ctx, s.DB(0), "a", "c")
		c.blpop(ctx, s.DB(0), "a")
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		push(t, s.DB(0), "a", "1") // the first who is content with one
		require.Equal(t, []got{{2, "1", nil}}, c.results())
		push(t, s.DB(0), "a", "2", "3", "4") // all of it for the first, who has kept its place
		require.Equal(t, []got{{0, "2 3 4", nil}}, c.results())
		push(t, s.DB(0), "a", "5", "6", "7") // two and one, and none is left for the last
		require.Equal(t, []got{{1, "5 6", nil}, {3, "a=7", nil}}, c.results())
		c.move(ctx, s.DB(0), "a", "c")
		push(t, s.DB(0), "a", "8", "9", "10")
		require.Equal(t, []got{{4, "8 9", nil}, {5, "10", nil}}, c.results())
		requireList(t, s.DB(0), "b", "2", "3", "4", "5", "6", "8", "9")
		requireList(t, s.DB(0), "c", "1", "10")

		// Who waits reserves nothing.
		c = crowd{}
		push(t, s.DB(0), "a", "1", "2")
		c.exactly(ctx, s.DB(0), "a", "b", 3)
		c.blpop(ctx, s.DB(0), "a")
		require.Equal(t, []got{{1, "a=1", nil}}, c.results())
		grow(t, s.DB(0), "a", "3")
		require.Empty(t, c.results())
		grow(t, s.DB(0), "a", "4")
		require.Equal(t, []got{{0, "2 3 4", nil}}, c.results())
	})
}

// Many who want more than there is, and a few behind them who do not.
func TestBlockExactlyBehindMany(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		const many = 100
		for range many {
			c.exactly(ctx, s.DB(0), "a", "b", 3)
		}
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		push(t, s.DB(0), "a", "1")
		require.Empty(t, c.results())
		sh, _ := s.hash("a")
		least := func() int { return sh.queue(awaited{key: "a", kind: KindList}).least }
		require.Equal(t, 2, least())
		grow(t, s.DB(0), "a", "2")
		require.Equal(t, []got{{many, "1 2", nil}}, c.results())
		push(t, s.DB(0), "a", "1")
		grow(t, s.DB(0), "a", "2")
		require.Empty(t, c.results())
		require.Equal(t, 3, least(), "nobody has to be asked before there are three")
		for i := range many {
			_, err := s.List("a").RPush("x", "y", "z")
			require.NoError(t, err)
			require.Len(t, c.results(), 1, "of %d", i)
		}
		requireList(t, s.DB(0), "a", "y", "z")
	})
}

func TestBlockMoveMChain(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.blpop(ctx, s.DB(0), "d")
		c.exactly(ctx, s.DB(0), "c", "d", 3)
		c.exactly(ctx, s.DB(0), "b", "c", 2)
		c.moveM(ctx, s.DB(0), "a", "b", MoveOptions{Count: 9})
		push(t, s.DB(0), "a", "1", "2", "3")
		require.Equal(t, []got{{2, "1 2", nil}, {3, "1 2 3", nil}}, c.results())
		requireList(t, s.DB(0), "b", "3")
		requireList(t, s.DB(0), "c", "1", "2")
		c.move(ctx, s.DB(0), "a", "c") // makes c, which is there, long enough
		push(t, s.DB(0), "a", "4")
		require.Equal(t, []got{{0, "d=1", nil}, {1, "1 2 4", nil}, {4, "4", nil}}, c.results())
		requireList(t, s.DB(0), "d", "2", "4")
		noWaiters(t, s)

		// Circles end, as each waiter is served once.
		c = crowd{}
		c.exactly(ctx, s.DB(0), "x", "x", 2)
		c.exactly(ctx, s.DB(0), "x", "y", 2)
		c.exactly(ctx, s.DB(0), "y", "x", 2)
		push(t, s.DB(0), "x", "1", "2")
		require.Equal(t, []got{{0, "1 2", nil}, {1, "1 2", nil}, {2, "1 2", nil}}, c.results())
		requireList(t, s.DB(0), "x", "1", "2")

		// Where two have brought enough for one: the round after theirs.
		c = crowd{}
		c.exactly(ctx, s.DB(0), "q", "r", 2)
		c.move(ctx, s.DB(0), "o", "q")
		c.move(ctx, s.DB(0), "p", "q")
		require.NoError(t, s.Update(func(tx *Tx) error {
			if _, err := tx.List("p").RPush("6"); err != nil {
				return err
			}
			_, err := tx.List("o").RPush("5")
			return err
		}))
		require.Equal(t, []got{{0, "6 5", nil}, {1, "5", nil}, {2, "6", nil}}, c.results())
	})
}

// In a transaction keys become ready in the order in which they come, or grow.
func TestBlockExactlyOrderInTransaction(t *testing.T) {
	for _, whole := range []bool{false, true} {
		bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
			var c crowd
			push(t, s.DB(0), "a", "1")
			push(t, s.DB(0), "b", "3")
			c.exactly(ctx, s.DB(0), "a", "dst", 2)
			c.move(ctx, s.DB(0), "new", "dst")
			c.exactly(ctx, s.DB(0), "b", "dst", 2)
			require.NoError(t, s.Update(func(tx *Tx) error {
				if whole {
					if _, err := tx.DBSize(); err != nil {
						return err
					}
				}
				for _, p := range []Pair{{"b", "4"}, {"new", "5"}, {"a", "2"}} {
					if _, err := tx.List(p.Key).RPush(p.Value); err != nil {
						return err
					}
				}
				return nil
			}))
			require.Equal(t, []got{{0, "1 2", nil}, {1, "5", nil}, {2, "3 4", nil}}, c.results())
			requireList(t, s.DB(0), "dst", "3", "4", "5", "1", "2")
		})
	}
}

// A list that is taken from is not looked at again for that: its turn is when it has grown.
func TestBlockExactlyRounds(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		c.move(ctx, s.DB(0), "a", "c")
		c.move(ctx, s.DB(0), "b", "d")
		c.move(ctx, s.DB(0), "c", "b")
		c.exactly(ctx, s.DB(0), "b", "z", 2)
		c.move(ctx, s.DB(0), "d", "z")
		require.NoError(t, s.Update(func(tx *Tx) error {
			if _, err := tx.List("a").RPush("1"); err != nil {
				return err
			}
			_, err := tx.List("b").RPush("2", "3")
			return err
		}))
		// First a and b, then c and d, and then b again, which c has made long enough.
		require.Equal(t, []got{{0, "1", nil}, {1, "2", nil}, {2, "1", nil}, {3, "3 1", nil}, {4, "2", nil}}, c.results())
		requireList(t, s.DB(0), "z", "2", "3", "1")
	})
}

func TestBlockExactlyCancel(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		var cancels []func()
		for _, n := range []int{3, 2, 4} {
			ctx, cancel := context.WithCancel(ctx)
			cancels = append(cancels, cancel)
			c.exactly(ctx, s.DB(0), "a", "b", n)
		}
		push(t, s.DB(0), "a", "1")
		cancels[1]()
		require.Equal(t, []got{{1, "", context.Canceled}}, c.results())
		grow(t, s.DB(0), "a", "2")
		require.Empty(t, c.results())
		cancels[0]()
		require.Equal(t, []got{{0, "", context.Canceled}}, c.results())
		grow(t, s.DB(0), "a", "3")
		requireList(t, s.DB(0), "a", "1", "2", "3")
		grow(t, s.DB(0), "a", "4")
		require.Equal(t, []got{{2, "1 2 3 4", nil}}, c.results())
		cancels[2]()

		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		push(t, s.DB(0), "a", "5")
		c.exactly(short, s.DB(0), "a", "b", 2)
		time.Sleep(time.Minute) // of the bubble
		require.Equal(t, []got{{3, "", context.DeadlineExceeded}}, c.results())
		grow(t, s.DB(0), "a", "6")
		requireList(t, s.DB(0), "a", "5", "6")
	})
}

// Cancel and push at once: the waiter has both elements, or the list has.
func TestBlockExactlyCancelWhileServed(t *testing.T) {
	s := newTest(t)
	l := s.List("k")
	for range rounds(10_000) {
		push(t, s.DB(0), "k", "x")
		ctx, cancel := context.WithCancel(t.Context())
		queued, done := make(chan struct{}), make(chan error)
		go func() {
			_, err := l.BLMoveM(told{ctx, queued}, "d", Left, Right, MoveOptions{Count: 2, Exactly: true})
			done <- err
		}()
		<-queued
		runtime.Gosched()
		go cancel()
		grow(t, s.DB(0), "k", "y")
		err := <-done
		moved, lenErr := s.List("d").Len()
		left, leftErr := l.Len()
		require.NoError(t, cmp.Or(lenErr, leftErr))
		require.True(t, err == nil && moved == 2 && left == 0 || err == context.Canceled && moved == 0 && left == 2, "BLMoveM: %v, %d moved, %d left", err, moved, left)
		_, err = s.Del("k", "d")
		require.NoError(t, err)
	}
	noWaiters(t, s)
}

func TestBlockExactlyInTransaction(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		push(t, s.DB(0), "a", "1", "2")
		require.NoError(t, s.Update(func(tx *Tx) error {
			values, err := tx.List("a").BLMoveM(ctx, "b", Left, Right, MoveOptions{Count: 3, Exactly: true})
			require.Empty(t, values)
			require.Equal(t, ErrNotFound, err)
			values, err = tx.List("a").BLMoveM(ctx, "b", Left, Right, MoveOptions{Count: 2, Exactly: true})
			require.NoError(t, err)
			require.Equal(t, []string{"1", "2"}, values)
			return nil
		}))
		requireList(t, s.DB(0), "b", "1", "2")
	})
}

func TestBlockExactlyClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		push(t, s.DB(0), "a", "1")
		var c crowd
		c.exactly(t.Context(), s.DB(0), "a", "b", 2)
		require.NoError(t, s.Close())
		require.Equal(t, []got{{0, "", ErrClosed}}, c.results())
		noWaiters(t, s)
	})
}

func TestBlockExactlyWrongType(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		require.NoError(t, s.String("text").Set("x"))
		push(t, s.DB(0), "a", "1")
		c.exactly(ctx, s.DB(0), "a", "text", 2) // which does not matter before there are two
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		require.Empty(t, c.results())
		grow(t, s.DB(0), "a", "2")
		list := c.results()
		require.Len(t, list, 2)
		requireOutcome(t, ErrWrongType, list[0].err, "")
		require.Equal(t, got{1, "1 2", nil}, list[1])

		// It waits on while the key holds another type.
		push(t, s.DB(0), "a", "1")
		c.exactly(ctx, s.DB(0), "a", "b", 2)
		_, err := s.Del("a")
		require.NoError(t, err)
		require.NoError(t, s.String("a").Set("x"))
		_, err = s.Del("a")
		require.NoError(t, err)
		_, err = s.ZSet("a").Add(Scored{"m", 1}, Scored{"n", 2})
		require.NoError(t, err)
		_, err = s.Del("a")
		require.NoError(t, err)
		require.Empty(t, c.results())
		push(t, s.DB(0), "a", "3", "4")
		require.Equal(t, []got{{2, "3 4", nil}}, c.results())
	})
}

// What others see of a list at which somebody waits for two elements: less than two.
func TestBlockExactlyServesAtOnce(t *testing.T) {
	s := newTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 2 {
		key := "k" + strconv.Itoa(i)
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.List(key).BLMoveM(ctx, "k"+strconv.Itoa(i+1), Left, Right, MoveOptions{Count: 2, Exactly: true}); err != nil && err != context.Canceled {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for ctx.Err() == nil {
				if n, err := s.List(key).Len(); err != nil {
					t.Error(err)
				} else if n > 1 && s.allWait([]string{key}) {
					if again, _ := s.List(key).Len(); again > 1 && s.allWait([]string{key}) {
						t.Errorf("%d elements can be seen where somebody waits for two", n)
						return
					}
				}
			}
		})
	}
	for range rounds(5_000) {
		_, err := s.List("k0").RPush("x")
		require.NoError(t, err)
	}
	for s.List("k2"); ; runtime.Gosched() {
		n, err := s.List("k2").Len()
		require.NoError(t, err)
		if n == rounds(5_000)/2*2 {
			break
		}
	}
	cancel()
	wg.Wait()
	noWaiters(t, s)
}

// TestBlockMovesLoseNothing: every element is in one list or another, whatever waits, moves,
// ends or is rolled back meanwhile.
func TestBlockMovesLoseNothing(t *testing.T) {
	for name, opts := range map[string][]Option{"default": nil, "one shard": {WithShards(1), tiny}} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, opts...)
			keys := []string{"a", "b", "c", "d"}
			const elements = 24
			for i := range elements {
				grow(t, s.DB(0), keys[i%len(keys)], strconv.Itoa(i))
			}
			var wg sync.WaitGroup
			for range 6 {
				r := seededRand(t)
				wg.Go(func() {
					for range rounds(2_000) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(200))*time.Microsecond)
						src, dst := s.List(keys[r.IntN(4)]), keys[r.IntN(4)]
						o := MoveOptions{Count: 1 + r.IntN(8), Exactly: r.IntN(2) == 0, OneByOne: r.IntN(2) == 0}
						from, to := Side(r.IntN(2)), Side(r.IntN(2))
						var err error
						switch r.IntN(6) {
						case 0:
							_, err = src.LMoveM(dst, from, to, o)
						case 1:
							_, err = src.BLMove(ctx, dst, from, to)
						case 2:
							err = s.Update(func(tx *Tx) error {
								if _, err := tx.List(src.key).LMoveM(dst, from, to, o); err != nil {
									return err
								}
								if o.OneByOne {
									return context.Canceled // taken back
								}
								return nil
							})
						default:
							_, err = src.BLMoveM(ctx, dst, from, to, o)
						}
						cancel()
						if err != nil && err != context.Canceled && err != context.DeadlineExceeded {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			noWaiters(t, s)
			var all []string
			for _, key := range keys {
				list, err := s.List(key).Range(0, -1)
				require.NoError(t, err)
				all = append(all, list...)
			}
			slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
			require.Len(t, all, elements)
			for i, v := range all {
				require.Equal(t, fmt.Sprint(i), v)
			}
		})
	}
}
