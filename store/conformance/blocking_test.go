package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

// TestBlocking checks lists with blocking commands, whose contexts end, and transactions
// that push. Waiting takes time only in the bubble, and nobody waits for ever there: if a
// push forgets who waits, the context ends when the list is not empty.
func TestBlocking(t *testing.T) { blockingModel().check(t) }

// patience is a context that ends some time after somebody has begun to wait for an element:
// who is told of its end has seen that there was nothing to be had. Who waits for a key that a
// transaction holds has seen nothing yet.
type patience struct {
	context.Context
	begun func()
}

func (c patience) Done() <-chan struct{} {
	if pc, _, _, ok := runtime.Caller(1); !ok || !strings.Contains(runtime.FuncForPC(pc).Name(), "alcove/txn.") {
		c.begun()
	}
	return c.Context.Done()
}

var errForgotten = errors.New("it waited although there was something")

// patiently calls wait with a context that lasts as long as a says. Who is cancelled has
// seen, too, that there was nothing just before: what somebody waits for nobody else sees.
func patiently(a args, something func() bool, wait func(ctx context.Context) (any, error)) (any, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var forgotten atomic.Bool
	end := func() {
		forgotten.Store(something())
		cancel()
	}
	v, err := wait(patience{ctx, sync.OnceFunc(func() {
		if a.n%3 == 0 {
			go end() // perhaps while somebody pushes
			return
		}
		time.AfterFunc(time.Duration(a.n%3)*time.Millisecond, end)
	})})
	if err == context.Canceled && forgotten.Load() {
		err = errForgotten
	}
	return v, err
}

// blockingModel is listModel with commands that wait, and with transactions.
func blockingModel() *model[two] {
	m := listModel()
	m.rounds, m.bubble = 150, true
	canceled := context.Canceled.Error()
	// waited is the step of a command that waits for one of keys and then is like step. Who
	// gives up has seen them empty.
	waited := func(keys func(a args) []int, step func(two, args, string) (two, bool)) func(two, args, string) (two, bool) {
		return func(st two, a args, said string) (two, bool) {
			empty := !slices.ContainsFunc(keys(a), func(key int) bool { return len(st[key]) > 0 })
			if said == canceled || empty {
				return st, said == canceled && empty
			}
			return step(st, a, said)
		}
	}
	// someOf says whether one of keys has an element.
	someOf := func(s *store.Store, keys []int) func() bool {
		return func() bool {
			return slices.ContainsFunc(keys, func(key int) bool {
				n, _ := s.List(name(key)).Len()
				return n > 0
			})
		}
	}
	one := func(a args) []int { return []int{a.key} }
	both := func(a args) []int { return []int{a.key, 1 - a.key} }
	rest := func(n string) func(two, args, string) (two, bool) {
		i := slices.IndexFunc(m.commands, func(c command[two]) bool { return c.name == n })
		return m.commands[i].step
	}
	pushBoth := func(st two, a args) (two, any) {
		st = st.with(a.key, slices.Concat(st[a.key], a.items))
		n := len(st[a.key])
		st = st.with(1-a.key, slices.Concat(st[1-a.key], []string{a.value}))
		return st, []int{n, len(st[1-a.key])}
	}
	// update pushes to both lists.
	update := func(s *store.Store, a args, before func(tx *store.Tx) error, after error) (any, error) {
		var lengths []int
		err := s.Update(func(tx *store.Tx) error {
			if err := before(tx); err != nil {
				return err
			}
			n, err := tx.List(name(a.key)).RPush(a.items...)
			if err != nil {
				return err
			}
			other, err := tx.List(name(1 - a.key)).RPush(a.value)
			lengths = []int{n, other}
			return errors.Join(err, after)
		})
		return lengths, err
	}
	m.commands = append(
		m.commands,
		command[two]{"BLPOP", func(s *store.Store, a args) (any, error) {
			return patiently(a, someOf(s, one(a)), func(ctx context.Context) (any, error) { return s.List(name(a.key)).BLPop(ctx) })
		}, waited(one, rest("LPOP"))},
		command[two]{"BLPOP of both", func(s *store.Store, a args) (any, error) {
			return patiently(a, someOf(s, both(a)), func(ctx context.Context) (any, error) {
				key, value, err := s.BLPop(ctx, name(a.key), name(1-a.key))
				return key + "=" + value, err
			})
		}, waited(both, func(st two, _ args, said string) (two, bool) {
			for key, list := range st { // who waits gets of the one that was pushed to first
				if len(list) > 0 && said == name(key)+"="+list[0] {
					return st.with(key, list[1:]), true
				}
			}
			return st, false
		})},
		command[two]{"BLMOVE LEFT RIGHT", func(s *store.Store, a args) (any, error) {
			return patiently(a, someOf(s, one(a)), func(ctx context.Context) (any, error) {
				return s.List(name(a.key)).BLMove(ctx, name(a.dst), store.Left, store.Right)
			})
		}, waited(one, rest("LMOVE LEFT RIGHT"))},
		command[two]{"Update", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(*store.Tx) error { return nil }, nil)
		}, says(pushBoth)},
		command[two]{"Update of a copy", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(tx *store.Tx) error { _, err := tx.DBSize(); return err }, nil)
		}, says(pushBoth)},
		command[two]{"Update that fails", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(*store.Tx) error { return nil }, errAbort)
		}, func(st two, _ args, said string) (two, bool) { return st, said == errAbort.Error() }},
		command[two]{"Serial", func(s *store.Store, a args) (any, error) {
			var moved string
			err := s.Serial(context.Background(), []store.Key{{Name: name(0)}, {Name: name(1)}}, func(tx *store.Tx) error {
				n, err := tx.List(name(a.key)).RPush(a.value)
				if err != nil {
					return err
				}
				value, err := tx.List(name(a.key)).BLMove(context.Background(), name(1-a.key), store.Left, store.Left)
				moved = fmt.Sprint(n, value)
				return err
			})
			return moved, err
		}, says(func(st two, a args) (two, any) {
			all := slices.Concat(st[a.key], []string{a.value})
			st = st.with(a.key, all[1:])
			return st.with(1-a.key, slices.Concat(all[:1], st[1-a.key])), fmt.Sprint(len(all), all[0])
		})},
	)
	return m
}
