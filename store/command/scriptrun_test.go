package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// goScripts is a ScriptEngine whose sources are names of functions of Go.
type goScripts map[string]func(c *ScriptCall) Reply

type goScript func(c *ScriptCall) Reply

func (f goScript) Run(c *ScriptCall) Reply { return f(c) }

func (goScripts) Name() string { return "GO" }

func (e goScripts) Compile(src string) (Script, error) {
	f := e[strings.TrimSpace(src)]
	if f == nil {
		return nil, errors.New("there is no such script")
	}
	return goScript(f), nil
}

// Load registers the scripts that the lines of a library name.
func (e goScripts) Load(_ context.Context, src string, register func(Function) error) error {
	for _, name := range strings.Fields(src) {
		f, err := e.Compile(name)
		if err != nil {
			return err
		}
		if err := register(Function{Name: name, Script: f}); err != nil {
			return err
		}
	}
	return nil
}

// untilEnd runs until its context ends, and returns why it did.
func untilEnd(c *ScriptCall) Reply {
	<-c.Context().Done()
	return c.Call([]string{"GET", "k"})
}

// scriptBubble runs a test in a bubble, with a store, a server of scripts, and sessions.
func scriptBubble(t *testing.T, scripts goScripts, n int, f func(t *testing.T, s *store.Store, srv *Server, list []*Session)) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		srv := NewServer(s, WithScriptEngine(scripts))
		defer s.Close()
		defer srv.Close()
		var list []*Session
		for range n {
			list = append(list, srv.NewSession(nil))
		}
		f(t, s, srv, list)
	})
}

// later runs a command on another goroutine.
func later(s *Session, words ...string) <-chan Reply {
	c := make(chan Reply, 1)
	go func() { c <- tell(s, words...) }()
	synctest.Wait()
	return c
}

func requireWaiting(t *testing.T, c <-chan Reply) {
	t.Helper()
	synctest.Wait()
	require.Empty(t, c)
}

// TestScriptHoldsStore has clients and typed callers wait for a script, and see nothing of it
// before it ends, and then all.
func TestScriptHoldsStore(t *testing.T) {
	goOn := make(chan bool)
	scripts := goScripts{"set": func(c *ScriptCall) Reply {
		c.Call([]string{"SET", "k", "1"})
		c.Call([]string{"SELECT", "3"})
		c.Call([]string{"SET", "other", "1"})
		<-goOn
		return c.Call([]string{"INCR", "other"})
	}}
	scriptBubble(t, scripts, 3, func(t *testing.T, s *store.Store, _ *Server, list []*Session) {
		goOn = make(chan bool)
		ran := later(list[0], "EVAL", "set", "0")
		_, err := s.String("k").Get()
		require.Equal(t, store.ErrNotFound, err)
		read, wrote := later(list[1], "GET", "k"), later(list[2], "INCR", "k")
		var typed int64
		go func() { typed, _ = s.String("k").IncrBy(10) }()
		requireWaiting(t, read)
		requireWaiting(t, wrote)
		require.Zero(t, typed)
		require.Equal(t, errBusyScript, tell(list[0].srv.NewSession(nil), "FUNCTION", "STATS"))

		close(goOn)
		require.Equal(t, integer(2), <-ran)
		require.Contains(t, []Reply{bulk("1"), bulk("2"), bulk("11"), bulk("12")}, <-read)
		<-wrote
		synctest.Wait()
		v, err := s.String("k").Get()
		require.NoError(t, err)
		require.Equal(t, "12", v)
		v, err = s.DB(3).String("other").Get()
		require.NoError(t, err)
		require.Equal(t, "2", v)
		require.Equal(t, null, tell(list[0], "GET", "other"), "SELECT in a script ends with it")
	})
}

func TestScriptBusy(t *testing.T) {
	scripts := goScripts{"wait": untilEnd, "write": func(c *ScriptCall) Reply {
		c.Call([]string{"SET", "w", "v"})
		return untilEnd(c)
	}}
	scriptBubble(t, scripts, 4, func(t *testing.T, s *store.Store, srv *Server, list []*Session) {
		a, b, c, d := list[0], list[1], list[2], list[3]
		require.Equal(t, ok, tell(a, "CONFIG", "SET", "lua-time-limit", "100"))
		require.Equal(t, bulk("lib"), tell(a, "FUNCTION", "LOAD", "#!go name=lib\nwait write"))
		require.Equal(t, ok, tell(b, "MULTI"))
		require.Equal(t, simple("QUEUED"), tell(b, "GET", "k"))

		ran := later(a, "EVAL", "wait", "0")
		began := time.Now()
		waits := later(c, "GET", "k")
		requireWaiting(t, waits)
		require.Equal(t, errBusyScript, <-waits)
		require.Equal(t, 100*time.Millisecond, time.Since(began))
		for _, words := range [][]string{{"PING"}, {"SET", "k", "v"}, {"EVAL", "wait", "0"}, {"FUNCTION", "LIST"}, {"CONFIG", "GET", "hz"}} {
			require.Equal(t, errBusyScript, tell(c, words...), words[0])
		}
		require.Equal(t, 100*time.Millisecond, time.Since(began), "at once")
		require.Equal(t, failed("EXECABORT Transaction discarded because of: "+strings.TrimPrefix(errBusyScript.Str, "ERR ")), tell(b, "EXEC"))
		require.Equal(t, ok, tell(b, "MULTI"))
		require.Equal(t, errBusyScript, tell(b, "GET", "k"))
		require.Equal(t, ok, tell(b, "DISCARD"))
		require.Equal(t, errBusyScript, tell(d, "FUNCTION", "KILL"))
		require.Equal(t, failed("ERR unknown command 'NOPE', with args beginning with: "), tell(c, "NOPE"))
		require.Equal(t, ok, tell(d, "SCRIPT", "KILL"))
		require.Equal(t, failed(ErrScriptKilled.Text), <-ran)
		require.Equal(t, simple("PONG"), tell(c, "PING"))

		ran = later(a, "FCALL", "wait", "1", "k", "x")
		time.Sleep(250 * time.Millisecond)
		require.Equal(t, errBusyFunction, tell(c, "PING"))
		require.Equal(t, errBusyFunction, tell(d, "SCRIPT", "KILL"))
		require.Equal(t, pairs(bulk("name"), bulk("wait"), bulk("command"), texts([]string{"FCALL", "wait", "1", "k", "x"}),
			bulk("duration_ms"), integer(250)), tell(d, "FUNCTION", "STATS").Elems[1])
		require.Equal(t, ok, tell(d, "FUNCTION", "KILL"))
		require.Equal(t, failed(ErrScriptKilled.Text), <-ran)

		require.Equal(t, ok, tell(a, "CONFIG", "SET", "busy-reply-threshold", "0"))
		ran = later(a, "EVAL", "wait", "0")
		waits = later(c, "PING")
		time.Sleep(time.Hour)
		requireWaiting(t, waits)
		require.Equal(t, ok, tell(d, "SCRIPT", "KILL"))
		<-ran
		require.Equal(t, simple("PONG"), <-waits)

		ran = later(a, "EVAL", "write", "0")
		require.Equal(t, errUnkillable, tell(d, "SCRIPT", "KILL"))
		require.Equal(t, errUnkillable, tell(d, "FUNCTION", "KILL"))
		requireWaiting(t, ran)
		waits = later(c, "PING")
		require.NoError(t, c.Close())
		require.Equal(t, replyOf(errSessionClosed), <-waits, "who goes does not wait")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, Error, b.Do(ctx, []string{"PING"}).Kind)
		require.NoError(t, srv.Close())
		require.Equal(t, replyOf(errServerClosed), <-ran)
		_, err := s.String("w").Get()
		require.Equal(t, store.ErrNotFound, err, "nothing stays of a script that was cut off")
	})
}

// TestScriptKilled wants that a script that was killed can't write any more.
func TestScriptKilled(t *testing.T) {
	scripts := goScripts{"go on": func(c *ScriptCall) Reply {
		<-c.Context().Done()
		list := array()
		for _, words := range [][]string{{"GET", "k"}, {"SET", "k", "v"}} {
			list.Elems = append(list.Elems, c.Call(words))
		}
		return list
	}}
	scriptBubble(t, scripts, 2, func(t *testing.T, s *store.Store, _ *Server, list []*Session) {
		ran := later(list[0], "EVAL", "go on", "0")
		require.Equal(t, ok, tell(list[1], "SCRIPT", "KILL"))
		killed := failed(ErrScriptKilled.Text)
		require.Equal(t, array(killed, killed), <-ran)
		require.Equal(t, null, tell(list[0], "GET", "k"))
	})
}

// TestScriptWithoutClient wants that a script goes on when its client has gone, and that the
// context of Do ends it.
func TestScriptWithoutClient(t *testing.T) {
	var goOn chan bool
	scripts := goScripts{"incr": func(c *ScriptCall) Reply {
		c.Call([]string{"INCR", "k"})
		select {
		case <-goOn:
		case <-c.Context().Done():
		}
		return c.Call([]string{"INCR", "k"})
	}}
	scriptBubble(t, scripts, 3, func(t *testing.T, s *store.Store, _ *Server, list []*Session) {
		goOn = make(chan bool)
		ran := later(list[0], "EVAL", "incr", "0")
		require.NoError(t, list[0].Close())
		requireWaiting(t, ran)
		close(goOn)
		<-ran
		require.Equal(t, bulk("2"), tell(list[1], "GET", "k"))

		goOn = make(chan bool)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := list[1].Do(ctx, []string{"EVAL", "incr", "0"})
		require.Equal(t, failed("ERR "+context.DeadlineExceeded.Error()), r)
		require.Equal(t, bulk("2"), tell(list[2], "GET", "k"))
	})
}

func TestScriptPanics(t *testing.T) {
	scripts := goScripts{"panic": func(c *ScriptCall) Reply {
		c.Call([]string{"SET", "k", "v"})
		panic("of a script")
	}}
	scriptBubble(t, scripts, 2, func(t *testing.T, _ *store.Store, _ *Server, list []*Session) {
		require.PanicsWithValue(t, "of a script", func() { tell(list[0], "EVAL", "panic", "0") })
		require.Equal(t, null, tell(list[1], "GET", "k"))
		require.Equal(t, errNotBusy, tell(list[1], "SCRIPT", "KILL"))
		require.Equal(t, ok, tell(list[1], "SET", "k", "v"))
	})
}

// TestScriptEngines has two engines at once.
func TestScriptEngines(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s, WithScriptEngine(tinyLua{}), WithScriptEngine(nil), WithScriptEngine(goScripts{
		"x": func(c *ScriptCall) Reply { return texts(append(c.Keys, c.Args...)) },
	}))
	defer srv.Close()
	c := srv.NewSession(nil)
	require.Equal(t, integer(1), tell(c, "EVAL", "return 1", "0"))
	require.Equal(t, integer(2), tell(c, "EVAL", "#!lua\nreturn 2", "0"))
	require.Equal(t, texts([]string{"k", "a"}), tell(c, "EVAL", "#!go\nx", "1", "k", "a"))
	require.Equal(t, failed("ERR Unexpected engine in script shebang: #!js"), tell(c, "EVAL", "#!js\nx", "0"))
	require.Equal(t, failed("ERR Unknown go shebang option: x=1"), tell(c, "EVAL", "#!go x=1\nx", "0"))
	require.Equal(t, bulk("l"), tell(c, "FUNCTION", "LOAD", "#!Go name=l\nx"))
	require.Equal(t, bulk("a"), tell(c, "FUNCTION", "LOAD", libA))
	require.Equal(t, texts([]string{"k"}), tell(c, "FCALL", "X", "1", "k"))
	require.Equal(t, pairs(
		bulk("LUA"), pairs(bulk("libraries_count"), integer(1), bulk("functions_count"), integer(2)),
		bulk("GO"), pairs(bulk("libraries_count"), integer(1), bulk("functions_count"), integer(1)),
	), tell(c, "FUNCTION", "STATS").Elems[3])
	require.Equal(t, errNotBusy, tell(c, "FUNCTION", "KILL"))
	require.Contains(t, tell(c, "INFO", "memory").Str, "number_of_cached_scripts:3\r\nnumber_of_functions:3\r\nnumber_of_libraries:2\r\n")

	dump := tell(c, "FUNCTION", "DUMP")
	require.Equal(t, failed("ERR Library a already exists"), tell(c, "FUNCTION", "RESTORE", dump.Str))
	list := tell(c, "FUNCTION", "LIST", "WITHCODE")
	require.Equal(t, ok, tell(c, "FUNCTION", "FLUSH"))
	require.Equal(t, ok, tell(c, "FUNCTION", "RESTORE", dump.Str))
	require.Equal(t, list, tell(c, "FUNCTION", "LIST", "WITHCODE"))
}

// TestLoadTimeout has a library that does not come to an end.
func TestLoadTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s, WithScriptEngine(tinyLua{}))
		defer srv.Close()
		c, began := srv.NewSession(nil), time.Now()
		require.Equal(t, failed("ERR Error registering functions: ERR FUNCTION LOAD timeout"),
			tell(c, "FUNCTION", "LOAD", "#!lua name=a\nwhile true do end"))
		require.Equal(t, loadTime, time.Since(began))
	})
}

// TestScriptUsers has users that may not do all that their scripts do. The texts are those of
// Redis 7.0.15.
func TestScriptUsers(t *testing.T) {
	_, _, list := newScripts(t, 1)
	c := list[0]
	require.Equal(t, ok, tell(c, "ACL", "SETUSER", "u", "on", "nopass", "~a*", "&c*", "+@all", "-get"))
	require.Equal(t, ok, tell(c, "AUTH", "u", "x"))
	for script, text := range map[string]string{
		"return redis.pcall('get', 'a')":          "ERR The user executing the script can't run this command or subcommand",
		"return redis.pcall('set', 'x', 'y')":     "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
		"return redis.pcall('publish', 'x', 'y')": "ERR The user executing the script can't publish to the channel mentioned in the command",
		"return redis.pcall('get')":               "ERR Wrong number of args calling Redis command from script",
	} {
		require.Equal(t, failed(text), tell(c, "EVAL", script, "0"))
	}
	require.Equal(t, integer(1), tell(c, "EVAL", "return redis.acl_check_cmd('set', 'ax', '1')", "0"))
	require.Equal(t, null, tell(c, "EVAL", "return redis.acl_check_cmd('get', 'ax')", "0"))
	require.Contains(t, tell(c, "EVAL", "return redis.acl_check_cmd('sex', 'ax')", "0").Str, "ERR Invalid command passed to redis.acl_check_cmd()")
	require.Contains(t, tell(c, "EVAL", "return 1", "1", "x").Str, "NOPERM")
	contexts := map[string]int{}
	for _, e := range tell(c, "ACL", "LOG").Elems {
		contexts[field(e, "context").Str]++
	}
	require.Equal(t, map[string]int{"lua": 3, "toplevel": 1}, contexts)
}

func TestScriptMonitor(t *testing.T) {
	_, srv, list := newScripts(t, 1)
	var lines []string
	m := srv.NewSession(func(r Reply) { _, line, _ := strings.Cut(r.Str, " "); lines = append(lines, line) })
	tell(m, "MONITOR")
	list[0].SetAddrs("127.0.0.1:5", "127.0.0.1:6")
	script := "redis.call('get', 'x'); redis.pcall('nope'); redis.call('select', '3')"
	tell(list[0], "EVAL", script, "0")
	tell(list[0], "FUNCTION", "LOAD", libA)
	tell(list[0], "FCALL", "g", "1", "x")
	require.Equal(t, []string{
		`[0 127.0.0.1:5] "EVAL" ` + quote(script) + ` "0"`, `[0 lua] "get" "x"`, `[3 lua] "select" "3"`,
		`[0 127.0.0.1:5] "FUNCTION" "LOAD" ` + quote(libA), `[0 127.0.0.1:5] "FCALL" "g" "1" "x"`, `[0 lua] "GET" "x"`,
	}, lines)
	require.Contains(t, tell(list[0], "INFO", "commandstats").Str, "cmdstat_get:calls=2,")
}

func TestScriptLog(t *testing.T) {
	var b bytes.Buffer
	l := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	_, _, list := newScripts(t, 1, WithLogger(l))
	script := ""
	for _, level := range []string{"DEBUG", "VERBOSE", "NOTICE", "WARNING"} {
		script += "redis.log(redis.LOG_" + level + ", 'text')\n"
	}
	digest := tell(list[0], "SCRIPT", "LOAD", script).Str
	for level, want := range map[string]int{"debug": 4, "verbose": 3, "notice": 2, "warning": 1} {
		b.Reset()
		require.Equal(t, ok, tell(list[0], "CONFIG", "SET", "loglevel", level))
		require.Equal(t, null, tell(list[0], "EVALSHA", digest, "0"))
		require.Equal(t, want, strings.Count(b.String(), "msg=text script="+digest), b.String())
	}
}

// TestScriptPause has a pause of writes, for which scripts wait that may write.
func TestScriptPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s, WithScriptEngine(tinyLua{}))
		defer srv.Close()
		c := srv.NewSession(nil)
		digest := tell(c, "SCRIPT", "LOAD", "return 1").Str
		reads := tell(c, "SCRIPT", "LOAD", noWrites+"return 1").Str
		tell(c, "FUNCTION", "LOAD", libA)
		for line, waits := range map[string]bool{
			"EVAL return 0": true, "EVAL_RO return 0": false, "EVALSHA " + digest + " 0": true, "EVALSHA_RO " + digest + " 0": false,
			"EVALSHA " + reads + " 0": false, "EVALSHA x 0": true, "FCALL f 0": true, "FCALL g 0": false, "FCALL nope 0": true,
			"FUNCTION FLUSH": true, "PUBLISH c m": true, "PFCOUNT k": true, "GET k": false,
		} {
			tell(c, "CLIENT", "PAUSE", "1000", "WRITE")
			began := time.Now()
			say(c, line)
			require.Equal(t, waits, time.Since(began) > 0, line)
			tell(c, "CLIENT", "UNPAUSE")
			tell(c, "FUNCTION", "LOAD", libA)
		}
		tell(c, "CLIENT", "PAUSE", "1000", "WRITE")
		began := time.Now()
		tell(c, "EVAL", noWrites+"return 1", "0")
		require.Zero(t, time.Since(began))
		tell(c, "EVAL", "#!lua\nreturn 1", "0")
		require.Equal(t, time.Second, time.Since(began))
	})
}

// TestScriptsAtOnce runs scripts, commands, transactions, typed callers and kills at once.
func TestScriptsAtOnce(t *testing.T) {
	incr := func(c *ScriptCall) Reply {
		a, b := c.Call([]string{"INCR", "a"}), c.Call([]string{"INCR", "b"})
		if a.Kind == Error {
			return a
		}
		if a.Int != b.Int {
			return failedf("ERR torn: %d %d", a.Int, b.Int)
		}
		return a
	}
	s := store.New()
	defer s.Close()
	srv := NewServer(s, WithScriptEngine(goScripts{"incr": incr, "read": func(c *ScriptCall) Reply {
		return c.Call([]string{"MGET", "a", "b"})
	}}))
	defer srv.Close()
	setup := srv.NewSession(nil)
	require.Equal(t, bulk("l"), tell(setup, "FUNCTION", "LOAD", "#!go name=l\nincr read"))
	const rounds = 100
	var wg sync.WaitGroup
	var lock sync.Mutex
	done := 0
	for i := range 6 {
		wg.Go(func() {
			c, r := srv.NewSession(nil), rand.New(rand.NewPCG(uint64(i), 0))
			defer c.Close()
			for range rounds {
				var got Reply
				switch r.IntN(6) {
				case 0:
					got = tell(c, "EVAL", "incr", "0")
				case 1:
					got = tell(c, "FCALL", "incr", "0")
				case 2:
					tell(c, "MULTI")
					tell(c, "INCR", "a")
					tell(c, "INCR", "b")
					got = tell(c, "EXEC")
				case 3:
					err := s.Update(func(tx *store.Tx) error {
						_, err := tx.String("a").IncrBy(1)
						if err == nil {
							_, err = tx.String("b").IncrBy(1)
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
				case 4:
					tell(c, "SCRIPT", "KILL")
					continue
				case 5:
					pair := tell(c, "EVAL_RO", "read", "0")
					if pair.Kind == Array && pair.Elems[0].Str != pair.Elems[1].Str {
						t.Errorf("torn: %v", pair)
					}
					continue
				}
				if got.Kind == Error {
					if !strings.HasPrefix(got.Str, ErrScriptKilled.Text) {
						t.Error(got.Str)
					}
					continue
				}
				lock.Lock()
				done++
				lock.Unlock()
			}
		})
	}
	wg.Wait()
	require.Equal(t, texts([]string{fmt.Sprint(done), fmt.Sprint(done)}), tell(setup, "MGET", "a", "b"))
}
