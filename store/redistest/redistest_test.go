package redistest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// A client is one that speaks the protocol and nothing more.
type client struct {
	t     testing.TB
	write func(b []byte) (int, error)
	close func() error
	r     *resp.ReplyReader
}

func dial(t testing.TB, r *Redis) *client {
	t.Helper()
	c, err := r.Dialer()(t.Context(), "tcp", "127.0.0.1:6379")
	require.NoError(t, err)
	return &client{t: t, write: c.Write, close: c.Close, r: resp.NewReplyReader(c)}
}

func (c *client) do(words ...string) command.Reply {
	c.t.Helper()
	_, err := c.write(resp.AppendCommand(nil, words...))
	require.NoError(c.t, err)
	reply, err := c.r.Next()
	require.NoError(c.t, err)
	return reply
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		c := dial(t, r)
		defer c.close()
		c.do("SET", "greeting", "hello", "EX", "60")
		c.do("RPUSH", "list", "a", "b")
		c.do("SADD", "set", "y", "x")
		c.do("ZADD", "zset", "2.5", "b", "1", "a")
		c.do("HSET", "hash", "f", "v")
		c.do("XADD", "stream", "5-1", "k", "v")
		r.Equal(t, Data{
			"greeting": Expires("hello", time.Minute),
			"list":     List{"a", "b"},
			"set":      Set{"x", "y"},
			"zset":     ZSet{"a": 1, "b": 2.5},
			"hash":     Hash{"f": "v"},
			"stream":   Entries{"5-1": {"k": "v"}},
		})
		r.Holds(t, Data{"stream": Stream{{"k": "v"}}, "none": nil})
		require.Equal(t, `greeting string (ttl 1m0s) "hello"
hash hash "f": "v"
list list "a", "b"
set set "x", "y"
stream stream 5-1 "k": "v"
zset zset "a" 1, "b" 2.5
`, r.Dump())
		time.Sleep(30 * time.Second)
		r.Holds(t, Data{"greeting": Expires("hello", 30*time.Second)})
		r.Advance(30 * time.Second)
		r.Holds(t, Data{"greeting": nil, "hash": Expires(Hash{"f": "v"}, store.NoTTL)})
	})
}

// TestAdvanceOfTheMachine is without a bubble: what was to live for d is over after Advance of d,
// and what is left is known as far as it can be.
func TestAdvanceOfTheMachine(t *testing.T) {
	r := Run(t)
	c := dial(t, r)
	defer c.close()
	for range 20 {
		c.do("SET", "a", "1", "PX", "1500")
		c.do("SET", "b", "1", "EX", "60")
		r.Holds(t, Data{"a": Expires(1, 1500*time.Millisecond)})
		r.Advance(1500 * time.Millisecond)
		r.Equal(t, Data{"b": Expires(1, 58500*time.Millisecond)})
	}
	c.do("SET", "b", "1", "EX", "59")
	f := &fakeT{}
	r.Holds(f, Data{"b": Expires(1, 58*time.Second)})
	require.Len(t, f.errors, 1)
}

func TestWaitsEnd(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithTime(time.Unix(1_700_000_000, 0))}} {
		synctest.Test(t, func(t *testing.T) {
			r := Run(t, opts...)
			c := dial(t, r)
			defer c.close()
			done := make(chan struct{})
			began := time.Now()
			go func() {
				defer close(done)
				require.Equal(t, "", c.do("BLPOP", "queue", "100").Str)
			}()
			synctest.Wait()
			r.Advance(100*time.Second - time.Millisecond)
			synctest.Wait()
			select {
			case <-done:
				t.Error("it waits no longer")
			default:
			}
			r.Advance(time.Millisecond)
			<-done
			require.True(t, time.Now().Equal(began), "by the clock of the store alone")
		})
	}
}

func TestForks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t, WithClusterRules())
		put(t, r, "a", "1")
		_, err := r.Store().Expire("a", time.Minute)
		require.NoError(t, err)
		r.Advance(10 * time.Second)
		one, other := r.Fork(t), r.Fork(t)
		put(t, one, "b", "2")
		other.Advance(50 * time.Second)
		c := dial(t, one)
		defer c.close()
		require.Contains(t, c.do("MGET", "a", "b").Str, "CROSSSLOT")
		r.Equal(t, Data{"a": Expires(1, 50*time.Second)})
		one.Equal(t, Data{"a": Expires(1, 50*time.Second), "b": 2})
		other.Equal(t, Data{})
		require.Empty(t, r.Commands())
		require.Equal(t, []string{"MGET a b"}, one.Sent())
	})
}

// An echo is a script engine whose scripts return their sources.
type echo string

func (e echo) Name() string                               { return "ECHO" }
func (e echo) Compile(src string) (command.Script, error) { return echo(src), nil }
func (e echo) Run(*command.ScriptCall) command.Reply {
	return command.Reply{Kind: command.Bulk, Str: string(e)}
}

func (e echo) Load(context.Context, string, func(command.Function) error) error { return nil }

func TestScriptEngine(t *testing.T) {
	r := Run(t, WithCommands(command.WithScriptEngine(echo("")), nil), WithClusterRules())
	for _, r := range []*Redis{r, r.Fork(t)} {
		c := dial(t, r)
		defer c.close()
		require.Equal(t, "hello", c.do("EVAL", "hello", "0").Str)
		require.Contains(t, c.do("EVAL", "hello", "2", "a", "b").Str, "CROSSSLOT")
	}
}
