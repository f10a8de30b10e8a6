package txn

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func key(name string) Key { return Key{Shard: int(name[0]) % 3, Hash: uint64(name[0]), Name: name} }

func keys(names ...string) (list []Key) {
	for _, n := range names {
		list = append(list, key(n))
	}
	return list
}

func ignore(*Key) {}

// acquire begins to acquire a claim in a goroutine of its own, and appends name to order when
// it has.
func acquire(t *testing.T, h *Holds, order *[]string, name string, c *Claim) {
	t.Helper()
	go func() {
		if err := h.Acquire(t.Context(), nil, c, ignore, ignore); err != nil {
			t.Error(err)
		}
		*order = append(*order, name) // one after the other, as each waits for the one before
	}()
	synctest.Wait()
}

func TestHoldsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Holds
		var order []string
		var claims []*Claim
		for _, name := range []string{"first", "second", "third"} {
			c := NewClaim(keys("b", "a", "b"), false)
			require.Len(t, c.Keys(), 2)
			claims = append(claims, c)
			acquire(t, &h, &order, name, c)
		}
		other := NewClaim(keys("c"), false)
		acquire(t, &h, &order, "other", other)
		require.Equal(t, []string{"first", "other"}, order)
		require.True(t, h.Blocked(nil, "a"))
		require.True(t, h.Blocked(claims[1], "a"))
		require.False(t, h.Blocked(claims[0], "a"))
		require.False(t, h.Blocked(nil, "d"))
		require.True(t, claims[0].Covers(key("a")))
		require.False(t, claims[0].Covers(key("c")))
		for _, c := range claims {
			h.Release(c, ignore)
			h.Release(c, ignore)
			synctest.Wait()
		}
		require.Equal(t, []string{"first", "other", "second", "third"}, order)
		require.False(t, h.Idle())
		h.Release(other, ignore)
		require.True(t, h.Idle())
	})
}

func TestHoldsOfTheWholeStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Holds
		var order []string
		a, whole, b, again := NewClaim(keys("a"), false), NewClaim(nil, true), NewClaim(keys("b"), false), NewClaim(nil, true)
		acquire(t, &h, &order, "a", a)
		acquire(t, &h, &order, "whole", whole)
		acquire(t, &h, &order, "b", b) // free, but it came later
		acquire(t, &h, &order, "again", again)
		require.Equal(t, []string{"a"}, order)
		require.True(t, h.Any(nil))
		require.False(t, h.Any(a))
		h.Release(a, ignore)
		synctest.Wait()
		require.Equal(t, []string{"a", "whole"}, order)
		require.True(t, h.Blocked(nil, "anything"))
		require.False(t, h.Blocked(whole, "anything"))
		require.True(t, whole.Covers(key("x")))
		h.Release(whole, ignore)
		synctest.Wait()
		require.Equal(t, []string{"a", "whole", "b"}, order)
		h.Release(b, ignore)
		synctest.Wait()
		require.Equal(t, []string{"a", "whole", "b", "again"}, order)
		h.Release(again, ignore)
		require.True(t, h.Idle())
	})
}

// TestHoldsGiveUp ends contexts at the gate, at the first key and at the second.
func TestHoldsGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h Holds
		var order []string
		counts := map[string]int{}
		var mu sync.Mutex
		count := func(by int) func(k *Key) {
			return func(k *Key) {
				mu.Lock()
				defer mu.Unlock()
				if k != nil {
					counts[k.Name] += by
				}
			}
		}
		b := NewClaim(keys("b"), false)
		acquire(t, &h, &order, "b", b)
		for _, c := range []*Claim{NewClaim(keys("b"), false), NewClaim(keys("a", "b", "c"), false), NewClaim(nil, true)} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			require.Equal(t, context.DeadlineExceeded, h.Acquire(ctx, nil, c, count(1), count(-1)))
			cancel()
		}
		for name, n := range counts {
			require.Zero(t, n, name)
		}
		acquire(t, &h, &order, "a", NewClaim(keys("a"), false)) // nothing is left at the gate
		require.Equal(t, []string{"b", "a"}, order)
		require.False(t, h.Blocked(nil, "c"))
	})
}

// TestHoldsExclude has many goroutines claim, give up and release at random: no key ever has
// two owners, and all come to an end.
func TestHoldsExclude(t *testing.T) {
	var h Holds
	var owners [6]atomic.Int32
	var all atomic.Int32
	var wg sync.WaitGroup
	for id := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(id), 3))
			for range 400 {
				whole := r.IntN(10) == 0
				var list []Key
				for range 1 + r.IntN(3) {
					list = append(list, key(strconv.Itoa(r.IntN(len(owners)))))
				}
				c := NewClaim(list, whole)
				ctx, cancel := context.WithCancel(context.Background())
				if r.IntN(4) == 0 {
					go cancel()
				}
				err := h.Acquire(ctx, nil, c, ignore, ignore)
				if err == nil && whole {
					if all.Add(1) != 1 {
						t.Error("two hold the whole store")
					}
					for i := range owners {
						if owners[i].Load() != 0 {
							t.Error("a key is held beside the whole store")
						}
					}
					all.Add(-1)
				}
				for _, k := range c.Keys() {
					if i, _ := strconv.Atoi(k.Name); err == nil && !whole {
						if owners[i].Add(1) != 1 || all.Load() != 0 {
							t.Error("a key has two owners")
						}
					}
				}
				for _, k := range c.Keys() {
					if i, _ := strconv.Atoi(k.Name); err == nil && !whole {
						owners[i].Add(-1)
					}
				}
				if err == nil {
					h.Release(c, ignore)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	require.True(t, h.Idle())
}

func TestSet(t *testing.T) {
	var s Set[int]
	for range 3 {
		for i := range 200 {
			name := strconv.Itoa(i / 2)
			require.Equal(t, -1, s.Find(uint64(i%7), i%2, name))
			e := s.Add(i%5, uint64(i%7), i%2, name)
			e.Version, e.Value = uint64(i), i
			require.Equal(t, i+1, s.Len())
			for j := range i + 1 {
				require.Equal(t, j, s.Find(uint64(j%7), j%2, strconv.Itoa(j/2)))
				require.Equal(t, Entry[int]{Key{j % 5, uint64(j % 7), j % 2, strconv.Itoa(j / 2)}, uint64(j), j}, *s.At(j))
			}
			require.Equal(t, -1, s.Find(99, 0, "0"))
			s.Add(0, 99, 0, "dropped")
			s.Drop()
			require.Equal(t, -1, s.Find(99, 0, "dropped"))
		}
		s.Reset()
		require.Zero(t, s.Len())
	}
}
