package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// event is one operation of a history: when it was called and when it had returned, by
// one counter for all goroutines, and what it said.
type event struct {
	name           string
	call, returned int64
	// apply says whether the operation could have said what it did in a state, and
	// returns the state after it.
	apply func(st state) (state, bool)
}

// state is the two keys of a history; empty is missing.
type state [2]string

// linearizable says whether the steps of a history have an order that agrees with
// theirs in time and with what each of them said. It is the search of Wing and Gong
// (1993) that does not visit a set of steps done twice with the same state, as Lowe's
// (2017).
func linearizable(history []event, start state) bool {
	type visit struct {
		done uint64
		st   state
	}
	seen := map[visit]bool{}
	var search func(done uint64, st state) bool
	search = func(done uint64, st state) bool {
		if done == 1<<len(history)-1 {
			return true
		}
		if seen[visit{done, st}] {
			return false
		}
		seen[visit{done, st}] = true
		first := int64(1) << 62 // who was called after this can't be next
		for i, s := range history {
			if done>>i&1 == 0 {
				first = min(first, s.returned)
			}
		}
		for i, s := range history {
			if done>>i&1 != 0 || s.call > first {
				continue
			}
			if after, ok := s.apply(st); ok && search(done|1<<i, after) {
				return true
			}
		}
		return false
	}
	return search(0, start)
}

func TestLinearizableFinds(t *testing.T) {
	set := func(v string) func(state) (state, bool) {
		return func(st state) (state, bool) { return state{v, st[1]}, true }
	}
	get := func(v string) func(state) (state, bool) {
		return func(st state) (state, bool) { return st, st[0] == v }
	}
	for _, test := range []struct {
		name string
		want bool
		h    []event
	}{
		{"in turn", true, []event{{"", 1, 2, set("a")}, {"", 3, 4, get("a")}}},
		{"stale", false, []event{{"", 1, 2, set("a")}, {"", 3, 4, get("")}}},
		{"at once", true, []event{{"", 1, 4, set("a")}, {"", 2, 3, get("")}}},
		{"back", false, []event{{"", 1, 10, set("a")}, {"", 2, 3, get("a")}, {"", 4, 5, get("")}}},
		{"forth", true, []event{{"", 1, 10, set("a")}, {"", 2, 3, get("")}, {"", 4, 5, get("a")}}},
		{"two writers", false, []event{
			{"", 1, 10, set("a")}, {"", 2, 9, set("b")}, {"", 11, 12, get("a")}, {"", 13, 14, get("b")},
		}},
	} {
		require.Equal(t, test.want, linearizable(test.h, state{}), test.name)
	}
}

// client does random operations on two keys and writes its part of the history.
type client struct {
	r       *rand.Rand
	s       *Store
	keys    [2]string
	tick    *atomic.Int64
	history []event
}

// text is a value as the history has it: missing is empty.
func text(value string, err error) (string, error) {
	if err == ErrNotFound {
		return "", nil
	}
	return value, err
}

// step does one operation on key i, and notes what it did.
func (c *client) step() error {
	op := linearOps[c.r.IntN(len(linearOps))]
	i, value := c.r.IntN(2), strconv.Itoa(c.r.IntN(1000))
	call := c.tick.Add(1)
	said, apply, err := op.do(c, i, value)
	returned := c.tick.Add(1)
	name := fmt.Sprintf("%s %d %s: %v", op.name, i, value, said)
	c.history = append(c.history, event{name, call, returned, apply})
	return err
}

type applied = func(st state) (state, bool)

var linearOps = []struct {
	name string
	do   func(c *client, i int, value string) (said any, apply applied, err error)
}{
	{"GET", linearGet},
	{"GET", linearGet},
	{"GET", linearGet},
	{"SET", func(c *client, i int, value string) (any, applied, error) {
		err := c.s.String(c.keys[i]).Set(value)
		return nil, func(st state) (state, bool) { st[i] = value; return st, true }, err
	}},
	{"DEL", func(c *client, i int, _ string) (any, applied, error) {
		n, err := c.s.Del(c.keys[i])
		return n, func(st state) (state, bool) {
			was := st[i] != ""
			st[i] = ""
			return st, was == (n == 1)
		}, err
	}},
	{"INCR", func(c *client, i int, _ string) (any, applied, error) {
		sum, err := c.s.String(c.keys[i]).Incr()
		return sum, func(st state) (state, bool) {
			n, _ := strconv.Atoi("0" + st[i])
			st[i] = strconv.Itoa(n + 1)
			return st, sum == int64(n+1)
		}, err
	}},
	{"GETDEL", func(c *client, i int, _ string) (any, applied, error) {
		got, err := text(c.s.String(c.keys[i]).GetDel())
		return got, func(st state) (state, bool) {
			ok := st[i] == got
			st[i] = ""
			return st, ok
		}, err
	}},
	{"MSET", func(c *client, _ int, value string) (any, applied, error) {
		err := c.s.MSet(Pair{c.keys[0], value}, Pair{c.keys[1], value})
		return nil, func(state) (state, bool) { return state{value, value}, true }, err
	}},
	{"MGET", func(c *client, _ int, _ string) (any, applied, error) {
		values, err := c.s.MGet(c.keys[:]...)
		got := state{values[0].Value, values[1].Value}
		return got, func(st state) (state, bool) { return st, st == got }, err
	}},
	{"RENAME", func(c *client, i int, _ string) (any, applied, error) {
		err := c.s.Rename(c.keys[i], c.keys[1-i])
		missing := err == ErrNotFound
		if missing {
			err = nil
		}
		return missing, func(st state) (state, bool) {
			if st[i] == "" {
				return st, missing
			}
			st[1-i], st[i] = st[i], ""
			return st, !missing
		}, err
	}},
	{"KEYS", func(c *client, _ int, _ string) (any, applied, error) {
		keys, err := c.s.Keys("*")
		has := [2]bool{slices.Contains(keys, c.keys[0]), slices.Contains(keys, c.keys[1])}
		return has, func(st state) (state, bool) {
			return st, has == [2]bool{st[0] != "", st[1] != ""}
		}, err
	}},
	{"FLUSHDB", func(c *client, _ int, _ string) (any, applied, error) {
		return nil, func(state) (state, bool) { return state{}, true }, c.s.FlushDB()
	}},
}

func linearGet(c *client, i int, _ string) (any, applied, error) {
	got, err := text(c.s.String(c.keys[i]).Get())
	return got, func(st state) (state, bool) { return st, st[i] == got }, err
}

// TestLinearizable checks many short histories of a few goroutines on two keys, in one
// shard and in two, whole.
func TestLinearizable(t *testing.T) {
	const clients, each = 4, 6
	for _, same := range []bool{true, false} {
		t.Run(fmt.Sprintf("same shard %v", same), func(t *testing.T) {
			s := newTest(t, WithShards(4), tiny)
			r := seededRand(t)
			var keys [2]string
			copy(keys[:], keysIn(s, "k", 2, same))
			for round := range rounds(4_000) {
				require.NoError(t, s.FlushDB())
				var tick atomic.Int64
				var ready atomic.Int32
				var wg sync.WaitGroup
				cs := make([]*client, clients)
				for i := range cs {
					c := &client{r: rand.New(rand.NewPCG(r.Uint64(), 0)), s: s, keys: keys, tick: &tick}
					cs[i] = c
					wg.Go(func() {
						ready.Add(1)
						for ready.Load() < 2 { // two begin together, on two cores
							runtime.Gosched()
						}
						for range each {
							if err := c.step(); err != nil {
								t.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				var history []event
				for _, c := range cs {
					history = append(history, c.history...)
				}
				if !linearizable(history, state{}) {
					slices.SortFunc(history, func(a, b event) int { return int(a.call - b.call) })
					for _, h := range history {
						t.Logf("%3d to %3d %s", h.call, h.returned, h.name)
					}
					t.Fatalf("round %d is not linearizable", round)
				}
			}
		})
	}
}
