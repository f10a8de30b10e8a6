package conformance

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/stretchr/testify/require"
)

// withRedigo runs a scenario with a pool of redigo, which speaks RESP2 only.
func withRedigo(t *testing.T, scenario func(t *testing.T, on side, p *redis.Pool)) {
	t.Helper()
	both(t, func(t *testing.T, on side) {
		p := on.redigo()
		defer func() { require.NoError(t, p.Close()) }()
		scenario(t, on, p)
	})
}

func (on side) redigo(opts ...redis.DialOption) *redis.Pool {
	opts = append(opts, redis.DialContextFunc(on.dial))
	return &redis.Pool{
		MaxIdle: 10,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialContext(ctx, "tcp", "localhost:6379", opts...)
		},
		TestOnBorrow: func(c redis.Conn, _ time.Time) error {
			_, err := c.Do("PING")
			return err
		},
	}
}

func TestRedigoCommands(t *testing.T) {
	withRedigo(t, func(t *testing.T, on side, p *redis.Pool) {
		c := p.Get()
		defer c.Close()
		ok, err := redis.String(c.Do("SET", "k", []byte("v\x00\r\n")))
		require.NoError(t, err)
		require.Equal(t, "OK", ok)
		v, err := redis.Bytes(c.Do("GET", "k"))
		require.NoError(t, err)
		require.Equal(t, "v\x00\r\n", string(v))
		_, err = redis.String(c.Do("GET", "missing"))
		require.Equal(t, redis.ErrNil, err)
		_, err = c.Do("LPUSH", "k", 1)
		require.EqualError(t, err, "WRONGTYPE Operation against a key holding the wrong kind of value")
		_, err = c.Do("HSET", redis.Args{"h"}.AddFlat(map[string]any{"a": 1, "b": 2.5})...)
		require.NoError(t, err)
		h, err := redis.StringMap(c.Do("HGETALL", "h"))
		require.NoError(t, err)
		require.Equal(t, map[string]string{"a": "1", "b": "2.5"}, h)
		var point struct {
			A int     `redis:"a"`
			B float64 `redis:"b"`
			C string  `redis:"c"`
		}
		fields, err := redis.Values(c.Do("HGETALL", "h"))
		require.NoError(t, err)
		require.NoError(t, redis.ScanStruct(fields, &point))
		require.Equal(t, 1, point.A)
		require.InDelta(t, 2.5, point.B, 0)
		require.Empty(t, point.C)
		n, err := redis.Float64(c.Do("HINCRBYFLOAT", "h", "b", 0.25))
		require.NoError(t, err)
		require.InDelta(t, 2.75, n, 0)
		big := strings.Repeat("0123456789abcdef", 1<<19)
		_, err = c.Do("SET", "big", big)
		require.NoError(t, err)
		got, err := redis.String(c.Do("GET", "big"))
		require.NoError(t, err)
		require.True(t, got == big)

		// Several at once.
		for i := range 2000 {
			require.NoError(t, c.Send("RPUSH", "l", i))
		}
		require.NoError(t, c.Send("NOSUCH"))
		require.NoError(t, c.Send("LLEN", "l"))
		require.NoError(t, c.Flush())
		for i := range 2000 {
			n, err := redis.Int(c.Receive())
			require.NoError(t, err)
			require.Equal(t, i+1, n)
		}
		_, err = c.Receive()
		require.EqualError(t, err, "ERR unknown command 'NOSUCH', with args beginning with: ")
		length, err := redis.Int(c.Receive())
		require.NoError(t, err)
		require.Equal(t, 2000, length)

		var seen []string
		for cursor := 0; ; {
			reply, err := redis.Values(c.Do("SCAN", cursor, "COUNT", 1))
			require.NoError(t, err)
			var keys []string
			_, err = redis.Scan(reply, &cursor, &keys)
			require.NoError(t, err)
			if seen = append(seen, keys...); cursor == 0 {
				break
			}
		}
		sort.Strings(seen)
		require.Equal(t, []string{"big", "h", "k", "l"}, seen)

		day := 24 * time.Hour
		if !on.bubble {
			day = 20 * time.Millisecond
		}
		_, err = c.Do("SET", "brief", "v", "PX", day.Milliseconds())
		require.NoError(t, err)
		time.Sleep(day)
		if !on.bubble {
			time.Sleep(10 * time.Millisecond)
		}
		left, err := redis.Int(c.Do("EXISTS", "brief"))
		require.NoError(t, err)
		require.Zero(t, left)
	})
}

func TestRedigoTransactions(t *testing.T) {
	withRedigo(t, func(t *testing.T, _ side, p *redis.Pool) {
		c, other := p.Get(), p.Get()
		defer c.Close()
		defer other.Close()
		increment := func(between func()) (any, error) {
			_, err := c.Do("WATCH", "n")
			require.NoError(t, err)
			n, err := redis.Int(c.Do("GET", "n"))
			require.True(t, err == nil || err == redis.ErrNil, "%v", err)
			between()
			require.NoError(t, c.Send("MULTI"))
			require.NoError(t, c.Send("SET", "n", n+1))
			require.NoError(t, c.Send("LPUSH", "n", 1))
			return c.Do("EXEC")
		}
		v, err := redis.Values(increment(func() {}))
		require.NoError(t, err)
		require.Equal(t, []any{"OK", redis.Error("WRONGTYPE Operation against a key holding the wrong kind of value")}, v)
		_, err = redis.Values(increment(func() {
			_, err := other.Do("INCR", "n")
			require.NoError(t, err)
		}))
		require.Equal(t, redis.ErrNil, err)
		_, err = c.Do("MULTI")
		require.NoError(t, err)
		_, err = c.Do("GET")
		require.EqualError(t, err, "ERR wrong number of arguments for 'get' command")
		_, err = c.Do("EXEC")
		require.EqualError(t, err, "EXECABORT Transaction discarded because of previous errors.")

		// A connection that goes back to the pool in the middle of a transaction is as new.
		d := p.Get()
		_, err = d.Do("WATCH", "n")
		require.NoError(t, err)
		_, err = d.Do("MULTI")
		require.NoError(t, err)
		require.NoError(t, d.Close())
		d = p.Get()
		n, err := redis.Int(d.Do("INCR", "n"))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.NoError(t, d.Close())
	})
}

func TestRedigoPubSub(t *testing.T) {
	withRedigo(t, func(t *testing.T, _ side, p *redis.Pool) {
		ps := redis.PubSubConn{Conn: p.Get()}
		require.NoError(t, ps.Subscribe("one", "two"))
		require.NoError(t, ps.PSubscribe("t*"))
		require.Equal(t, redis.Subscription{Kind: "subscribe", Channel: "one", Count: 1}, ps.Receive())
		require.Equal(t, redis.Subscription{Kind: "subscribe", Channel: "two", Count: 2}, ps.Receive())
		require.Equal(t, redis.Subscription{Kind: "psubscribe", Channel: "t*", Count: 3}, ps.Receive())
		require.NoError(t, ps.Ping("hello"))
		require.Equal(t, redis.Pong{Data: "hello"}, ps.Receive())
		c := p.Get()
		defer c.Close()
		n, err := redis.Int(c.Do("PUBLISH", "two", "m"))
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, redis.Message{Channel: "two", Data: []byte("m")}, ps.Receive())
		require.Equal(t, redis.Message{Channel: "two", Pattern: "t*", Data: []byte("m")}, ps.Receive())
		_, isErr := ps.ReceiveWithTimeout(10 * time.Millisecond).(error)
		require.True(t, isErr)
		require.Error(t, ps.Close()) // it has given the connection up

		// It goes back to the pool without its subscriptions.
		ps = redis.PubSubConn{Conn: p.Get()}
		require.NoError(t, ps.Subscribe("one"))
		require.Equal(t, redis.Subscription{Kind: "subscribe", Channel: "one", Count: 1}, ps.Receive())
		require.NoError(t, ps.Close())
		d := p.Get()
		pong, err := redis.String(d.Do("PING"))
		require.NoError(t, err)
		require.Equal(t, "PONG", pong)
		require.NoError(t, d.Close())
		eventually(t, func() bool { // the server may yet have to see that the first is closed
			n, err := redis.Int(c.Do("PUBLISH", "one", "m"))
			return err == nil && n == 0
		})
	})
}

func TestRedigoBlocking(t *testing.T) {
	withRedigo(t, func(t *testing.T, on side, p *redis.Pool) {
		c := p.Get()
		defer c.Close()
		waits := func(n int) {
			t.Helper()
			eventually(t, func() bool {
				info, err := redis.String(c.Do("INFO", "clients"))
				require.NoError(t, err)
				return strings.Contains(info, fmt.Sprintf("blocked_clients:%d\r", n))
			})
		}
		began := time.Now()
		_, err := redis.Strings(c.Do("BLPOP", "l", 0.02))
		require.Equal(t, redis.ErrNil, err)
		took(t, on, began, 20*time.Millisecond)

		var running sync.WaitGroup
		running.Go(func() {
			d := p.Get()
			defer d.Close()
			v, err := redis.Strings(d.Do("BLPOP", "l", "m", 0))
			require.NoError(t, err)
			require.Equal(t, []string{"m", "1"}, v)
		})
		waits(1)
		_, err = c.Do("RPUSH", "m", 1, 2)
		require.NoError(t, err)
		running.Wait()

		// Who gives up takes nothing along.
		d := p.Get()
		_, err = redis.DoWithTimeout(d, 20*time.Millisecond, "BLPOP", "l", 0)
		require.Error(t, err)
		require.NoError(t, d.Close())
		waits(0)
		d = p.Get()
		ctx, cancel := context.WithCancel(context.Background())
		running.Go(func() {
			waits(1)
			cancel()
		})
		_, err = redis.DoContext(d, ctx, "BRPOP", "l", 0)
		require.ErrorIs(t, err, context.Canceled)
		running.Wait()
		require.NoError(t, d.Close())
		waits(0)
		_, err = c.Do("RPUSH", "l", "kept")
		require.NoError(t, err)
		n, err := redis.Int(c.Do("LLEN", "l"))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestRedigoStreams(t *testing.T) {
	withRedigo(t, func(t *testing.T, on side, p *redis.Pool) {
		c := p.Get()
		defer c.Close()
		_, err := c.Do("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
		require.NoError(t, err)
		for i := range 3 {
			id, err := redis.String(c.Do("XADD", "s", fmt.Sprintf("%d-1", i+1), "f", i))
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d-1", i+1), id)
		}
		v, err := redis.Values(c.Do("XREADGROUP", "GROUP", "g", "a", "COUNT", 2, "BLOCK", 10, "STREAMS", "s", ">"))
		require.NoError(t, err)
		entry := func(id, value string) any {
			return []any{[]byte(id), []any{[]byte("f"), []byte(value)}}
		}
		require.Equal(t, []any{[]any{[]byte("s"), []any{entry("1-1", "0"), entry("2-1", "1")}}}, v)
		n, err := redis.Int(c.Do("XACK", "s", "g", "1-1"))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		v, err = redis.Values(c.Do("XPENDING", "s", "g"))
		require.NoError(t, err)
		require.Equal(t, []any{int64(1), []byte("2-1"), []byte("2-1"), []any{[]any{[]byte("a"), []byte("1")}}}, v)
		_, err = c.Do("XREADGROUP", "GROUP", "g", "a", "COUNT", 2, "BLOCK", 10, "STREAMS", "s", ">")
		require.NoError(t, err)
		v, err = redis.Values(c.Do("XREADGROUP", "GROUP", "g", "a", "BLOCK", 10, "STREAMS", "s", ">"))
		require.Equal(t, redis.ErrNil, err, "%v", v)
	})
}

// TestRedigoDial has what redigo does when it connects.
func TestRedigoDial(t *testing.T) {
	withRedigo(t, func(t *testing.T, on side, p *redis.Pool) {
		c := p.Get()
		defer c.Close()
		_, err := c.Do("ACL", "SETUSER", "someone", "on", ">secret", "~*", "+@all")
		require.NoError(t, err)
		defer func() { _, _ = c.Do("ACL", "DELUSER", "someone") }()
		q := on.redigo(redis.DialDatabase(5), redis.DialUsername("someone"), redis.DialPassword("secret"), redis.DialClientName("namely"),
			redis.DialReadTimeout(time.Minute), redis.DialWriteTimeout(time.Minute))
		defer q.Close()
		d := q.Get()
		info, err := redis.String(d.Do("CLIENT", "INFO"))
		require.NoError(t, err)
		require.Contains(t, info, " name=namely ")
		require.Contains(t, info, " db=5 ")
		require.Contains(t, info, " user=someone ")
		require.NoError(t, d.Close())

		// The pool finds out that a connection was lost.
		n, err := redis.Int(c.Do("CLIENT", "KILL", "USER", "someone"))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		d = q.Get()
		pong, err := redis.String(d.Do("PING"))
		require.NoError(t, err)
		require.Equal(t, "PONG", pong)
		require.NoError(t, d.Close())

		_, err = redis.Dial("tcp", "localhost:6379", redis.DialContextFunc(on.dial), redis.DialUsername("someone"), redis.DialPassword("wrong"))
		require.EqualError(t, err, "WRONGPASS invalid username-password pair or user is disabled.")
	})
}
