package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// TestMessage has the message of the package's documentation.
func TestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeT{}
		r := Run(t)
		_, err := r.Store().Hash("session:anna").Set("user", "anna")
		require.NoError(t, err)
		_, err = r.Store().Expire("session:anna", time.Hour)
		require.NoError(t, err)
		_, err = r.Store().Set("online").Add("anna")
		require.NoError(t, err)
		r.Equal(f, Data{"online": Set{"anna"}})
		require.Equal(t, []string{`redistest: database 0 is not as expected (- expected, + there):
- session:anna is not there
+ session:anna hash "user": "anna"

There is:
online set "anna"
session:anna hash (ttl 1h0m0s) "user": "anna"
`}, f.errors)
	})
}

// TestDiff shows of what differs as much as one can read.
func TestDiff(t *testing.T) {
	var many, other List
	for i := range 300 {
		many = append(many, fmt.Sprint("value ", i))
	}
	other = append(append(other, many[:200]...), "else")
	for _, test := range []struct {
		is, want any
		diff     string
	}{
		{"a", "b", "- k string \"b\"\n+ k string \"a\"\n"},
		{"1", 1, ""},
		{"1.5", 1.5, ""},
		{"0.1", float32(0.1), ""},
		{"x", []byte("x"), ""},
		{"a", List{"a"}, "- k list \"a\"\n+ k string \"a\"\n"},
		{List{"a", "b"}, []string{"b", "a"}, "- k list \"b\", \"a\"\n+ k list \"a\", \"b\"\n"},
		{Set{"a", "b"}, Set{"b", "a", "b"}, ""},
		{ZSet{"a": 2, "b": 1}, map[string]float64{"a": 2, "b": 1.5}, "- k zset \"b\" 1.5, \"a\" 2\n+ k zset \"b\" 1, \"a\" 2\n"},
		{Hash{"f": "v"}, map[string]string{"f": "v"}, ""},
		{Stream{{"a": "1"}, {"b": "2"}}, Stream{{"a": "1"}, {"b": "3"}}, "- k stream\n-     \"a\": \"1\"\n-     \"b\": \"3\"\n+ k stream\n+     \"a\": \"1\"\n+     \"b\": \"2\"\n"},
		{Entries{"1-1": {"a": "1", "b": "2"}}, Entries{"1-2": {"a": "1", "b": "2"}}, "- k stream 1-2 \"a\": \"1\", \"b\": \"2\"\n+ k stream 1-1 \"a\": \"1\", \"b\": \"2\"\n"},
		{"a", nil, "- k is not there\n+ k string \"a\"\n"},
		{nil, "a", "- k string \"a\"\n+ k is not there\n"},
		{nil, List{}, ""},
		{"a", Expires("a", store.NoTTL), ""},
		{"a", Expires("a", time.Second), "- k string (ttl 1s) \"a\"\n+ k string \"a\"\n"},
		{many, other, "- k list ... 199 more before, \"value 199\", \"else\"\n+ k list\n+     ... 199 more before\n+     \"value 199\"\n"},
	} {
		r := Run(t)
		put(t, r, "k", test.is)
		f := &fakeT{}
		r.Holds(f, Data{"k": test.want})
		if test.diff == "" {
			require.Empty(t, f.errors, test)
			continue
		}
		require.Len(t, f.errors, 1, test)
		require.Contains(t, f.errors[0], "there):\n"+test.diff, test)
	}
}

// put stores a value of Data.
func put(t *testing.T, r *Redis, key string, v any) {
	t.Helper()
	s := r.Store()
	var err error
	switch v := v.(type) {
	case string:
		err = s.String(key).Set(v)
	case List:
		_, err = s.List(key).RPush(v...)
	case Set:
		_, err = s.Set(key).Add(v...)
	case ZSet:
		for m, score := range v {
			_, err = s.ZSet(key).Add(store.Scored{Member: m, Score: score})
		}
	case Hash:
		for f, value := range v {
			_, err = s.Hash(key).Set(f, value)
		}
	case Stream:
		for _, fields := range v {
			_, err = s.Stream(key).AddWith(store.XAddOptions{}, pairsOf(fields)...)
		}
	case Entries:
		for id, fields := range v {
			at, bad := store.ParseStreamID(id)
			require.NoError(t, bad)
			_, err = s.Stream(key).AddWith(store.XAddOptions{ID: store.ExactID(at)}, pairsOf(fields)...)
		}
	}
	require.NoError(t, err)
}

func TestWhole(t *testing.T) {
	f := &fakeT{}
	r := Run(t)
	put(t, r, "a", "1")
	require.NoError(t, r.Store().DB(3).String("other").Set("x"))
	_, err := r.Store().Stream("empty").AddWith(store.XAddOptions{}, store.Pair{Key: "f"})
	require.NoError(t, err)
	_, err = r.Store().Stream("empty").Trim(store.MaxLen(0))
	require.NoError(t, err)
	r.Equal(f, Data{"a": "1", "empty": Stream{}})
	r.Equal(f, Data{"a": "1", "empty": Entries{}})
	require.Empty(t, f.errors, "other databases don't count")
	r.Holds(f, Data{})
	require.Empty(t, f.errors)
	r.Equal(f, Data{"a": "1"})
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "database 3:\nother string \"x\"\n")
}

// TestMany: a failure has no more keys than one can read; Dump has all.
func TestMany(t *testing.T) {
	r := Run(t)
	want := Data{}
	for i := range mostKeys + 7 {
		put(t, r, fmt.Sprint("key", i), "v")
		put(t, r, fmt.Sprint("same", i), "v")
		want[fmt.Sprint("same", i)] = "v"
	}
	f := &fakeT{}
	r.Equal(f, want)
	require.Len(t, f.errors, 1)
	require.Contains(t, f.errors[0], "\n... and 7 more keys differ\n\nThere is:\n")
	require.Equal(t, mostKeys, strings.Count(f.errors[0], "is not there"))
	require.True(t, strings.HasSuffix(f.errors[0], fmt.Sprintf("\n... and %d more keys\n", mostKeys+14)), f.errors[0])
	require.Equal(t, 2*(mostKeys+7), strings.Count(r.Dump(), "\n"))
}

func TestDumpIsReadable(t *testing.T) {
	r := Run(t, WithTime(time.Unix(1_700_000_000, 999_999)))
	require.Equal(t, "(nothing)\n", r.Dump())
	put(t, r, "with space", "a\nb")
	put(t, r, "long", strings.Repeat("é", 1000))
	put(t, r, "hash", Hash{"f": "v"})
	_, err := r.Store().Hash("hash").Expire(time.Second, store.Always, "f")
	require.NoError(t, err)
	put(t, r, "set", Set{"1", "2", "3", "4", "5", "6", "7", "8", "9"})
	got := fmt.Sprint(r)
	require.Equal(t, "hash hash \"f\": \"v\" (ttl 1s)\n"+
		"long string \""+strings.Repeat("é", 199)+"... (2002 bytes)\n"+
		"set set\n    \"1\"\n    \"2\"\n    \"3\"\n    \"4\"\n    \"5\"\n    \"6\"\n    \"7\"\n    \"8\"\n    \"9\"\n"+
		"\"with space\" string \"a\\nb\"\n", got)
	r.Advance(time.Second)
	require.NotContains(t, r.Dump(), "hash", "what lives for a second is over after a second")
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

func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		c, d := dial(t, r), dial(t, r)
		defer c.close()
		defer d.close()
		c.do("HELLO", "3")
		id := c.do("CLIENT", "ID").Int
		c.do("CLIENT", "SETNAME", "worker")
		c.do("SELECT", "2")
		c.do("set", "a key", "")
		d.do("NOSUCH", "x")
		d.do("GET")
		c.do("MULTI")
		c.do("INCR", "n")
		c.do("DISCARD")
		r.Fail(Fault{Command: "get", Error: "ERR no"})
		d.do("GET", "n")
		require.Equal(t, []string{
			"SELECT 2", `SET "a key" ""`, "NOSUCH x", "GET", "MULTI", "INCR n", "DISCARD", "GET n",
		}, r.Sent())
		require.Equal(t, []Command{{Name: "set", Args: []string{"set", "a key", ""}, DB: 2, ClientID: id, Client: "worker"}},
			r.Commands("SET"))
		r.Commands("set")[0].Args[0] = "changed"
		require.Equal(t, []string{`SET "a key" ""`}, r.Sent("set"), "what is returned is the caller's")
		require.Equal(t, []string{"CLIENT ID", "CLIENT SETNAME worker"}, r.Sent("client"))
		require.Equal(t, []string{"CLIENT SETNAME worker"}, r.Sent("client setname"))
		require.Empty(t, r.Sent("client list"))
		r.ResetCommands()
		require.Empty(t, r.Sent())
		for i := range mostCommands + 10 {
			c.do("ECHO", fmt.Sprint(i))
		}
		require.Len(t, r.Sent(), mostCommands)
		require.Equal(t, "ECHO 10", r.Sent()[0])
		big := strings.Repeat("x", mostCommandBytes)
		c.do("ECHO", big)
		require.Len(t, r.Sent(), 1)
		c.do("PING")
		require.Equal(t, []string{"PING"}, r.Sent(), "what is too large goes when the next comes")
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

func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		c := dial(t, r)
		defer c.close()
		down := r.Fail(Fault{Error: "LOADING Redis is loading the dataset in memory", Times: 1})
		require.Contains(t, c.do("PING").Str, "LOADING")
		require.Equal(t, "PONG", c.do("PING").Str)
		require.Equal(t, 1, down.Fired())
		require.Len(t, r.Clients(), 1)
		r.Disconnect()
		_, err := c.r.Next()
		require.Error(t, err)
		require.Empty(t, r.Clients())
		again := dial(t, r)
		defer again.close()
		require.Equal(t, "PONG", again.do("PING").Str)

		_, err = r.Do(t.Context(), "CONFIG", "SET", "requirepass", "secret")
		require.NoError(t, err)
		_, err = r.Do(t.Context(), "PING")
		require.ErrorContains(t, err, "NOAUTH")
		late := dial(t, r)
		defer late.close()
		require.Contains(t, late.do("PING").Str, "NOAUTH")
		require.Equal(t, "OK", late.do("AUTH", "secret").Str)
	})
}

func TestSeeded(t *testing.T) {
	draw := func(n uint64) (list []string) {
		r := Run(t)
		r.Seed(n)
		c := dial(t, r)
		defer c.close()
		for i := range 1000 {
			c.do("SADD", "set", fmt.Sprint("member", i))
		}
		for range 20 {
			list = append(list, c.do("SRANDMEMBER", "set").Str, c.do("SPOP", "set").Str)
		}
		return list
	}
	require.Equal(t, draw(7), draw(7))
	require.NotEqual(t, draw(7), draw(8))
}
