package conformance

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

var (
	roundsFlag = flag.Float64("rounds", 1, "multiply the number of histories by `n`")
	seedFlag   = flag.Uint64("seed", 0, "choose the operations from `n`; 0 takes a new one")
	stuckFlag  = flag.Duration("stuck", 20*time.Second, "take what lasts longer for a deadlock")
)

const (
	clients    = 4                // goroutines of a history
	each       = 24               // operations of each
	checkLimit = 30 * time.Second // more, and the histories are too long to be checked
)

// rounds is how many histories a test checks that usually checks n.
func rounds(n int) int {
	if testing.Short() || raceEnabled {
		n /= 4
	}
	return max(1, int(float64(n)**roundsFlag))
}

// seeded returns a source of random numbers that a failure tells how to make again.
func seeded(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("-seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// clock tells the time of a history.
type clock func() int64

// newClock returns a clock for round i: in turn one that counts, which is exact, and one
// that measures, which does not order what the goroutines do and so hides no race.
func newClock(i int) clock {
	if i%2 == 0 {
		var ticks atomic.Int64
		return func() int64 { return ticks.Add(1) }
	}
	start := time.Now()
	return func() int64 { return int64(time.Since(start)) }
}

// together runs f in several goroutines, which begin at once, and returns the history
// that they have noted.
func together(t *testing.T, f func(id int) []porcupine.Operation) []porcupine.Operation {
	t.Helper()
	parts := make([][]porcupine.Operation, clients)
	var ready atomic.Int32
	var running sync.WaitGroup
	for id := range clients {
		running.Go(func() {
			ready.Add(1)
			for ready.Load() < clients {
				runtime.Gosched()
			}
			parts[id] = f(id)
		})
	}
	ended := make(chan struct{})
	go func() {
		running.Wait()
		close(ended)
	}()
	limit := time.NewTimer(*stuckFlag)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
		buf := make([]byte, 1<<16)
		t.Fatalf("deadlock:\n%s", buf[:runtime.Stack(buf, true)])
	}
	return slices.Concat(parts...)
}

// verify fails the test unless the history is one that the model allows.
func verify(t *testing.T, m porcupine.Model, history []porcupine.Operation) {
	t.Helper()
	result := porcupine.CheckOperationsTimeout(m, history, checkLimit)
	if result == porcupine.Ok {
		return
	}
	if result == porcupine.Unknown {
		t.Fatalf("a history of %d operations takes more than %v to check", len(history), checkLimit)
	}
	_, info := porcupine.CheckOperationsVerbose(m, history, checkLimit)
	page := filepath.Join(t.ArtifactDir(), "history.html")
	if err := porcupine.VisualizePath(m, info, page); err != nil {
		t.Error(err)
	}
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	for _, op := range history {
		fmt.Fprintf(&text, "%d: %d to %d %s\n", op.ClientId, op.Call, op.Return, m.DescribeOperation(op.Input, op.Output))
	}
	t.Fatalf("not linearizable:\n%s", text.String())
}

// shape is a store and a machine for histories.
type shape struct {
	shards, procs int
	large         bool // some values are
}

// shapes runs a test in every shape: one shard or a few, goroutines that share cores or
// that the system interrupts anywhere, small values or some large.
func shapes(t *testing.T, f func(t *testing.T, sh shape)) {
	for _, sh := range []shape{{1, 2, false}, {4, 2, true}, {2, 4, false}, {1, 4, true}} {
		t.Run(fmt.Sprintf("%d shards, %d procs, large %v", sh.shards, sh.procs, sh.large), func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(sh.procs))
			f(t, sh)
		})
	}
}

// args are what an operation is called with.
type args struct {
	db, key, dst int
	items        []string // fields, members, elements
	value        string
	n            int
}

func (a args) String() string {
	return fmt.Sprintf("db %d key %d dst %d %.60q %.20q %d", a.db, a.key, a.dst, a.items, a.value, a.n)
}

// name returns the name of key i.
func name(i int) string { return string(rune('a' + i)) }

// later is the result of an operation that is read when the operation has returned.
type later func() (any, error)

// command is an operation on a store and what it means.
type command[S any] struct {
	name string
	run  func(s *store.Store, a args) (any, error)
	// step says whether the operation may say that in a state, and returns the state
	// after it. It leaves the state that it is given as it is.
	step func(st S, a args, said string) (S, bool)
}

// says is the step of an operation that has only one thing to say.
func says[S any](step func(st S, a args) (S, any)) func(S, args, string) (S, bool) {
	return func(st S, a args, said string) (S, bool) {
		after, want := step(st, a)
		if err, ok := want.(error); ok {
			return after, said == render(nil, err)
		}
		return after, said == render(want, nil)
	}
}

// render returns what an operation said.
func render(v any, err error) string {
	var mistake *store.OpError
	if errors.As(err, &mistake) {
		err = mistake.Err
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

// model is what the commands of a type mean.
type model[S any] struct {
	rounds   int // histories in each shape
	start    S
	equal    func(a, b S) bool
	alone    bool // a command has one key, so that each can be checked alone
	draw     func(r *rand.Rand, large bool) args
	commands []command[S]
	newStore func(sh shape) *store.Store // nil is a store with the shape's shards
	bubble   bool                        // some commands wait: a round is in a bubble
}

// call is an operation of a history.
type call[S any] struct {
	cmd *command[S]
	args
}

// check checks random histories of the model's commands.
func (m *model[S]) check(t *testing.T) {
	shapes(t, func(t *testing.T, sh shape) {
		r := seeded(t)
		for i := range rounds(m.rounds) {
			if !m.bubble {
				verify(t, m.porcupine(), m.round(t, r, sh, newClock(i)))
				continue
			}
			var history []porcupine.Operation
			synctest.Test(t, func(t *testing.T) {
				history = m.round(t, r, sh, newClock(0)) // a measuring clock stands still
			})
			verify(t, m.porcupine(), history)
		}
	})
}

func (m *model[S]) round(t *testing.T, r *rand.Rand, sh shape, now clock) []porcupine.Operation {
	s := m.store(sh)
	defer s.Close()
	var calls [clients][]call[S]
	for id := range calls {
		for range each {
			cmd := &m.commands[r.IntN(len(m.commands))]
			calls[id] = append(calls[id], call[S]{cmd, m.draw(r, sh.large)})
		}
	}
	yields := r.Uint64()
	return together(t, func(id int) []porcupine.Operation {
		history := make([]porcupine.Operation, 0, each)
		results := make([]any, each)
		errs := make([]error, each)
		finish := func(i int) { // a later one is read after the next operation
			if read, ok := results[i].(later); ok {
				results[i], errs[i] = read()
			}
		}
		for i, c := range calls[id] {
			if yields>>(uint(id*each+i)%64)&1 != 0 {
				runtime.Gosched()
			}
			op := porcupine.Operation{ClientId: id, Input: c, Call: now()}
			results[i], errs[i] = c.cmd.run(s, c.args)
			op.Return = now()
			history = append(history, op)
			if i > 0 {
				finish(i - 1)
			}
		}
		finish(each - 1)
		for i := range history {
			history[i].Output = render(results[i], errs[i])
		}
		return history
	})
}

func (m *model[S]) store(sh shape) *store.Store {
	if m.newStore != nil {
		return m.newStore(sh)
	}
	return store.New(store.WithShards(sh.shards))
}

func (m *model[S]) porcupine() porcupine.Model {
	p := porcupine.Model{
		Init: func() any { return m.start },
		Step: func(st, input, output any) (bool, any) {
			c := input.(call[S])
			after, ok := c.cmd.step(st.(S), c.args, output.(string))
			return ok, after
		},
		Equal: func(a, b any) bool { return m.equal(a.(S), b.(S)) },
		DescribeOperation: func(input, output any) string {
			c := input.(call[S])
			return fmt.Sprintf("%s %v: %.200s", c.cmd.name, c.args, output)
		},
		DescribeState: func(st any) string { return fmt.Sprintf("%.200v", st) },
	}
	if m.alone {
		p.Partition = func(history []porcupine.Operation) [][]porcupine.Operation {
			by := map[int][]porcupine.Operation{}
			for _, op := range history {
				key := op.Input.(call[S]).key
				by[key] = append(by[key], op)
			}
			var parts [][]porcupine.Operation
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		}
	}
	return p
}

func same[S comparable](a, b S) bool { return a == b }

// text returns a value that no other is like, and that is long at times if large.
func text(r *rand.Rand, large bool) string {
	s := fmt.Sprintf("v%d", r.IntN(1e6))
	if large {
		switch r.IntN(6) {
		case 0: // too long to be packed
			s += strings.Repeat("-", 100)
		case 1: // too long for the log
			s += strings.Repeat("=", 1100)
		}
	}
	return s
}

// few returns some of a few names, or at times 40 if large.
func few(r *rand.Rand, large bool) []string {
	n, from := 1+r.IntN(2), r.IntN(3)
	if large && r.IntN(5) == 0 {
		n = 40
	}
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf("i%d", from+i)
	}
	return items
}

// TestCheckFinds gives the checker histories that it must refuse, and their like that it
// must not.
func TestCheckFinds(t *testing.T) {
	m := stringModel()
	commands := map[string]*command[string]{}
	for i := range m.commands {
		commands[m.commands[i].name] = &m.commands[i]
	}
	op := func(from, to int64, name, value, said string) porcupine.Operation {
		return porcupine.Operation{Call: from, Return: to, Input: call[string]{commands[name], args{value: value}}, Output: said}
	}
	missing := store.ErrNotFound.Error()
	for _, test := range []struct {
		name string
		want bool
		h    []porcupine.Operation
	}{
		{"in turn", true, []porcupine.Operation{op(1, 2, "SET", "a", "<nil>"), op(3, 4, "GET", "", "a")}},
		{"stale", false, []porcupine.Operation{op(1, 2, "SET", "a", "<nil>"), op(3, 4, "GET", "", missing)}},
		{"at once", true, []porcupine.Operation{op(1, 4, "SET", "a", "<nil>"), op(2, 3, "GET", "", missing)}},
		{"back", false, []porcupine.Operation{op(1, 9, "SET", "a", "<nil>"), op(2, 3, "GET", "", "a"), op(4, 5, "GET", "", missing)}},
		{"lost", false, []porcupine.Operation{op(1, 4, "INCR", "", "1"), op(2, 3, "INCR", "", "1")}},
	} {
		require.Equal(t, test.want, porcupine.CheckOperations(m.porcupine(), test.h), test.name)
	}
}
