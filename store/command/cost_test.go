package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestDoPlain runs the scripts by Do, and by Do without its short way: the replies are the same.
func TestDoPlain(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	require.NoError(t, err)
	plain := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		clock := store.NewManualClock(time.Unix(1_700_000_000, 0))
		short, long := store.New(store.WithClock(clock)), store.New(store.WithClock(clock))
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			how := line[0]
			words := wordsOf(t, strings.TrimLeft(line, "~?!"))
			cmd := Lookup(words)
			if !cmd.plain() {
				continue
			}
			plain++
			want := doAny(t.Context(), long.DB(0), words)
			got, err := Do(t.Context(), short.DB(0), words...)
			require.Equal(t, got.Kind == Error, err != nil)
			if how != '?' && how != '!' { // not random
				require.Equal(t, inAnyOrder(want), inAnyOrder(got), "%s:%d: %s", file, i+1, line)
			}
		}
		require.NoError(t, short.Close())
		require.NoError(t, long.Close())
	}
	require.Greater(t, plain, 500)
}

// TestDoRefuses wants Do to say what is wrong with words, and to remember nothing.
func TestDoRefuses(t *testing.T) {
	s := store.New()
	defer s.Close()
	for _, c := range []struct{ line, want string }{
		{"get", "ERR wrong number of arguments for 'get' command"},
		{"get a b", "ERR wrong number of arguments for 'get' command"},
		{"object encoding", "ERR wrong number of arguments for 'object|encoding' command"},
		{"nothing a", "ERR unknown command 'nothing', with args beginning with: 'a' "},
		{"exec", "ERR EXEC without MULTI"},
	} {
		_, err := Do(t.Context(), s.DB(0), strings.Fields(c.line)...)
		require.EqualError(t, err, c.want)
	}
	for _, line := range []string{"multi", "select 3", "hello 3", "watch k", "config set requirepass secret", "acl setuser default off"} {
		_, err := Do(t.Context(), s.DB(0), strings.Fields(line)...)
		require.Equal(t, line == "hello 3", err == nil, line)
		r, err := Do(t.Context(), s.DB(0), "hset", "h", "f", "v")
		require.NoError(t, err)
		require.Equal(t, Integer, r.Kind)
		r, err = Do(t.Context(), s.DB(0), "hgetall", "h")
		require.NoError(t, err)
		require.Equal(t, pairs(bulk("f"), bulk("v")), r)
	}
}

// TestDoAtOnce has several callers run words on several databases.
func TestDoAtOnce(t *testing.T) {
	s := store.New()
	defer s.Close()
	var wait sync.WaitGroup
	for n := range 8 {
		wait.Go(func() {
			for i := range 200 {
				key, value := fmt.Sprint("key", i%10), fmt.Sprint(n, " ", i)
				if _, err := Do(t.Context(), s.DB(n), "SET", key, value); err != nil {
					t.Error(err)
				}
				if r, err := Do(t.Context(), s.DB(n), "get", key); err != nil || r.Str != value {
					t.Error(r, err)
				}
			}
		})
	}
	wait.Wait()
}

// TestAllocations wants commands to cost no allocation but for what is in them.
func TestAllocations(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	require.NoError(t, s.String("string").Set("value"))
	for _, line := range []string{
		"ping", "GET string", "get missing", "zscore missing member", "SET string other", "INCR counter",
		"INCRBY counter 12345", "EXPIRE string 12345", "EXPIRE missing -1", "LRANGE missing -100 100",
	} {
		args := strings.Fields(line)
		require.Zero(t, testing.AllocsPerRun(100, func() { session.Do(ctx, args) }), line)
		require.Zero(t, testing.AllocsPerRun(100, func() { session.DoNext(ctx, args) }), line)
	}
}

// TestDoNext counts the time of commands, of which the clock is asked once or twice.
func TestDoNext(t *testing.T) {
	clock := store.NewManualClock(time.Unix(1_700_000_000, 0))
	s := store.New(store.WithClock(clock))
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	c := srv.NewSession(nil)
	usec := func() int64 { return srv.stats.of(named("ping")).took.Microseconds() }
	ping := []string{"PING"}
	c.DoNext(t.Context(), ping) // the first has none before it
	require.Zero(t, usec())
	clock.Advance(time.Second)
	c.Do(t.Context(), ping)
	require.Zero(t, usec())
	clock.Advance(time.Millisecond)
	c.DoNext(t.Context(), ping)
	require.EqualValues(t, 1000, usec())
	c.DoNext(t.Context(), []string{"nothing"})
	clock.Advance(time.Millisecond)
	c.Do(t.Context(), ping)
	require.EqualValues(t, 1000, usec())
	require.EqualValues(t, 4, srv.stats.of(named("ping")).calls)
	require.Equal(t, time.Unix(0, srv.nano()), c.state().last)
}

// TestNamed finds every command, in any case, and no other.
func TestNamed(t *testing.T) {
	for name, cmd := range byName {
		require.Same(t, cmd, named(name))
		require.Same(t, cmd, named(strings.ToUpper(name)))
		require.Nil(t, named(name+"!"))
		require.Nil(t, named(name[1:]+"\x00"))
	}
	for _, name := range []string{"", "\x00", "g\u0130t", "\u212aeys", strings.Repeat("get", 1000), "@et", "GE\x14"} {
		require.Nil(t, named(name), "%q", name)
	}
	for _, words := range []string{"CLIENT \u017fETNAME x", "CONFIG \u017fET maxmemory 1", "SCRIPT \u212aILL"} {
		require.Nil(t, Lookup(strings.Fields(words)).parent, words)
	}
	most := 0
	for name := range byName {
		steps := 1
		for at := nameHash(name); nameTable[at].Name != name; at = (at + 1) % uint32(len(nameTable)) {
			steps++
		}
		most = max(most, steps)
	}
	require.LessOrEqual(t, most, 8)
}

// TestKeyUses: what keys cost a user whose keys are checked grows as their number does.
func TestKeyUses(t *testing.T) {
	del := named("del")
	bytes := func(n int) uint64 {
		args := append([]string{"DEL"}, slices.Repeat([]string{"k"}, n)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		uses := del.keyUses(args)
		runtime.ReadMemStats(&after)
		require.Len(t, uses, n)
		return after.TotalAlloc - before.TotalAlloc
	}
	few := bytes(1000)
	require.Less(t, bytes(10_000), 30*few)
}

// addCommand adds a command for a test.
func addCommand(t testing.TB, cmd *Command) {
	at := nameHash(cmd.Name)
	for nameTable[at] != nil {
		at = (at + 1) % uint32(len(nameTable))
	}
	nameTable[at] = cmd
	t.Cleanup(func() { nameTable[at] = nil })
}

// TestStatsParts has clients count at the same time; nothing is lost.
func TestStatsParts(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	var wait sync.WaitGroup
	for range 40 {
		wait.Go(func() {
			c := srv.NewSession(nil)
			defer c.Close()
			for range 50 {
				c.Do(t.Context(), []string{"get", "a"})
				c.Do(t.Context(), []string{"get"})
				c.Do(t.Context(), []string{"lpush", "list", "a"})
				c.Do(t.Context(), []string{"incr", "list"})
				c.Do(t.Context(), []string{"nothing"})
			}
		})
	}
	wait.Wait()
	get, incr := srv.stats.of(named("get")), srv.stats.of(named("incr"))
	require.EqualValues(t, 2000, get.calls)
	require.EqualValues(t, 2000, get.rejected)
	require.EqualValues(t, 2000, incr.calls)
	require.EqualValues(t, 2000, incr.failed)
	require.EqualValues(t, 6000, srv.stats.commands())
	require.EqualValues(t, 6000, srv.stats.errors())
	require.Equal(t, map[string]int64{"ERR": 4000, "WRONGTYPE": 2000}, srv.stats.codes())
	srv.stats.reset()
	require.Zero(t, srv.stats.commands())
	require.Zero(t, srv.stats.of(named("get")))
}
