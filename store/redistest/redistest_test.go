package redistest

import (
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
