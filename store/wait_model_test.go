package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Commands that wait beside a model of them: who is served, in which order and with what,
// while many wait at few keys and move to each other.

// waitModel is lists and who waits at them, as Redis tells it: keys become ready in the
// order in which something came to them, and are served by rounds, each key's waiters in
// the order in which they came.
type waitModel struct {
	lists   map[string][]string
	waiters []*modelWaiter // in the order in which they came
	ready   []string
	got     []got
}

type modelWaiter struct {
	who  int
	keys []string
	dst  string // "": it pops
	from Side
	to   Side
	o    MoveOptions
}

func (m *waitModel) least(w *modelWaiter) int {
	if w.o.Exactly {
		return w.o.Count
	}
	return 1
}

// grown notes that something came to a key.
func (m *waitModel) grown(key string) {
	if !slices.Contains(m.ready, key) {
		m.ready = append(m.ready, key)
	}
}

// take serves w from a key that has enough.
func (m *waitModel) take(w *modelWaiter, key string) {
	if w.dst == "" {
		list := m.lists[key]
		m.got = append(m.got, got{w.who, key + "=" + list[0], nil})
		m.lists[key] = list[1:]
		return
	}
	var moved []string
	m.lists[key], m.lists[w.dst], moved = modelMove(m.lists[key], m.lists[w.dst], key == w.dst, w.from, w.to, w.o)
	m.grown(w.dst)
	m.got = append(m.got, got{w.who, strings.Join(moved, " "), nil})
}

// serve serves by rounds.
func (m *waitModel) serve() {
	for len(m.ready) > 0 {
		round := m.ready
		m.ready = nil
		for _, key := range round {
			for _, w := range slices.Clone(m.waiters) {
				if slices.Contains(w.keys, key) && len(m.lists[key]) >= m.least(w) {
					m.waiters = slices.DeleteFunc(m.waiters, func(x *modelWaiter) bool { return x == w })
					m.take(w, key)
				}
			}
		}
	}
}

// arrive takes what there is for w, or queues it.
func (m *waitModel) arrive(w *modelWaiter) {
	for _, key := range w.keys {
		if len(m.lists[key]) >= m.least(w) {
			m.take(w, key)
			m.serve()
			return
		}
	}
	m.waiters = append(m.waiters, w)
}

// waitSoak does the same in a store and in the model.
type waitSoak struct {
	t       *testing.T
	s       *Store
	r       *rand.Rand
	m       waitModel
	c       crowd
	cancels map[int]func()
	next    int
	log     []string
}

func (x *waitSoak) key() string { return string(rune('a' + x.r.IntN(5))) }

func (x *waitSoak) values() (values []string) {
	for range 1 + x.r.IntN(4) {
		x.next++
		values = append(values, fmt.Sprint(x.next))
	}
	return values
}

// wait starts a command that waits.
func (x *waitSoak) wait() {
	w := &modelWaiter{who: x.c.n, keys: []string{x.key()}}
	ctx, cancel := context.WithCancel(x.t.Context())
	x.cancels[w.who] = cancel
	switch x.r.IntN(4) {
	case 0:
		w.keys = append(w.keys, x.key(), x.key())
		x.logf("%d waits: BLPop %v", w.who, w.keys)
		x.c.blpop(ctx, x.s.DB(0), w.keys...)
	case 1:
		w.dst, w.from, w.to = x.key(), Side(x.r.IntN(2)), Side(x.r.IntN(2))
		x.logf("%d waits: BLMove %+v", w.who, w)
		x.c.wait(func() (string, error) { return x.s.List(w.keys[0]).BLMove(ctx, w.dst, w.from, w.to) })
	default:
		w.dst, w.from, w.to = x.key(), Side(x.r.IntN(2)), Side(x.r.IntN(2))
		w.o = MoveOptions{Count: 1 + x.r.IntN(4), Exactly: x.r.IntN(3) > 0, OneByOne: x.r.IntN(2) == 0}
		x.logf("%d waits: BLMoveM %+v", w.who, w)
		x.c.wait(func() (string, error) {
			values, err := x.s.List(w.keys[0]).BLMoveM(ctx, w.dst, w.from, w.to, w.o)
			return strings.Join(values, " "), err
		})
	}
	x.m.arrive(w)
}

func (x *waitSoak) logf(format string, args ...any) {
	x.log = append(x.log, fmt.Sprintf(format, args...))
}

// write does something that may serve, by db, and says what it is in the model.
func (x *waitSoak) write(db DB) error {
	key, dst := x.key(), x.key()
	from, to := Side(x.r.IntN(2)), Side(x.r.IntN(2))
	list := db.List(key)
	switch x.r.IntN(8) {
	case 0:
		o := MoveOptions{Count: 1 + x.r.IntN(3), Exactly: x.r.IntN(2) == 0, OneByOne: x.r.IntN(2) == 0}
		x.logf("LMoveM %s %s %v %v %+v", key, dst, from, to, o)
		var moved []string
		x.m.lists[key], x.m.lists[dst], moved = modelMove(x.m.lists[key], x.m.lists[dst], key == dst, from, to, o)
		if len(moved) > 0 {
			x.m.grown(dst)
		}
		_, err := list.LMoveM(dst, from, to, o)
		return err
	case 1:
		x.logf("Del %s", key)
		delete(x.m.lists, key)
		_, err := db.Del(key)
		return err
	case 2:
		if len(x.m.lists[key]) == 0 {
			return nil
		}
		pivot := x.m.lists[key][0]
		x.logf("Insert %s after %s", key, pivot)
		x.m.lists[key] = slices.Insert(slices.Clone(x.m.lists[key]), 1, "in")
		x.m.grown(key)
		_, err := list.Insert(After, pivot, "in")
		return err
	case 3:
		x.logf("LPop %s", key)
		if n := len(x.m.lists[key]); n > 0 {
			x.m.lists[key] = x.m.lists[key][1:]
		}
		_, err := list.LPop()
		if err == ErrNotFound {
			err = nil
		}
		return err
	default:
		values := x.values()
		x.logf("RPush %s %v", key, values)
		x.m.lists[key] = slices.Concat(x.m.lists[key], values)
		x.m.grown(key)
		_, err := list.RPush(values...)
		return err
	}
}

func (x *waitSoak) step() {
	t := x.t
	switch n := x.r.IntN(10); {
	case n < 4:
		x.wait()
	case n < 5 && len(x.m.waiters) > 0:
		w := x.m.waiters[x.r.IntN(len(x.m.waiters))]
		x.logf("cancel %d", w.who)
		x.m.waiters = slices.DeleteFunc(x.m.waiters, func(v *modelWaiter) bool { return v == w })
		x.m.got = append(x.m.got, got{w.who, "", context.Canceled})
		x.cancels[w.who]()
	case n < 7:
		x.logf("transaction:")
		whole := x.r.IntN(3) == 0
		require.NoError(t, x.s.Update(func(tx *Tx) error {
			if whole {
				if _, err := tx.DBSize(); err != nil {
					return err
				}
			}
			for range 1 + x.r.IntN(4) {
				if err := x.write(tx.DB(0)); err != nil {
					return err
				}
			}
			return nil
		}))
		if whole { // then all are looked at, those that are not known to have grown in their order
			for key := range 5 {
				x.m.grown(string(rune('a' + key)))
			}
		}
		x.m.serve()
	default:
		require.NoError(t, x.write(x.s.DB(0)))
		x.m.serve()
	}
	x.check()
}

func (x *waitSoak) check() {
	t := x.t
	mine := x.c.results()
	for i := range mine {
		if mine[i].err != nil {
			mine[i].text = ""
		}
	}
	slices.SortFunc(x.m.got, func(a, b got) int { return a.who - b.who })
	require.Equal(t, fmt.Sprint(x.m.got), fmt.Sprint(mine), "%s", strings.Join(x.log, "\n"))
	x.m.got = nil
	for key := range x.m.lists {
		list, err := x.s.List(key).Range(0, -1)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(x.m.lists[key]), fmt.Sprint(list), "list %s\n%s", key, strings.Join(x.log, "\n"))
	}
	require.Equal(t, len(x.m.waiters), queuedWaiters(x.s), "%s", strings.Join(x.log, "\n"))
}

func TestBlockEqualsModel(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithShards(1)}, {WithShards(2), tiny}} {
		r := seededRand(t)
		for range rounds(60) {
			synctest.Test(t, func(t *testing.T) {
				x := &waitSoak{
					t: t, s: newTest(t, opts...), r: r,
					m: waitModel{lists: map[string][]string{}}, cancels: map[int]func(){},
				}
				for range 40 {
					x.step()
				}
				for _, cancel := range x.cancels {
					cancel()
				}
				synctest.Wait()
				noWaiters(t, x.s)
			})
		}
	}
}
