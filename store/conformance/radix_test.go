package conformance

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/mediocregopher/radix/v4"
	"github.com/stretchr/testify/require"
)

// DialContext makes a dialer what radix takes.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

func TestRadix(t *testing.T) {
	for _, proto := range []string{"2", "3"} {
		t.Run("RESP"+proto, func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				ctx := context.Background()
				d := radix.Dialer{NetDialer: on.dial, Protocol: proto}
				pool := radix.PoolConfig{Dialer: d, PingInterval: time.Second}
				c, err := pool.New(ctx, "tcp", "localhost:6379")
				require.NoError(t, err)
				defer func() { require.NoError(t, c.Close()) }()
				useRadix(ctx, t, on, c)
				subscribeRadix(ctx, t, d, c)
			})
		})
	}
}

func useRadix(ctx context.Context, t *testing.T, on side, c radix.Client) {
	var text string
	var n int
	var all map[string]int
	p := radix.NewPipeline()
	p.Append(radix.Cmd(nil, "SET", "k", "v"))
	p.Append(radix.Cmd(&text, "GET", "k"))
	p.Append(radix.FlatCmd(&n, "HSET", "h", map[string]int{"a": 1, "b": 2}))
	p.Append(radix.Cmd(&all, "HGETALL", "h"))
	require.NoError(t, c.Do(ctx, p))
	require.Equal(t, "v", text)
	require.Equal(t, 2, n)
	require.Equal(t, map[string]int{"a": 1, "b": 2}, all)
	require.ErrorContains(t, c.Do(ctx, radix.Cmd(nil, "LPUSH", "k", "x")), "WRONGTYPE Operation against a key holding the wrong kind of value")

	// Those of many goroutines share connections.
	failed := make(chan error)
	for range 8 {
		go func() {
			var err error
			for i := 0; err == nil && i < 50; i++ {
				err = c.Do(ctx, radix.Cmd(nil, "INCR", "n"))
			}
			failed <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-failed)
	}
	require.NoError(t, c.Do(ctx, radix.Cmd(&n, "GET", "n")))
	require.Equal(t, 400, n)

	increment := func(between string) (result []string, ok bool) {
		require.NoError(t, c.Do(ctx, radix.WithConn("n", func(ctx context.Context, conn radix.Conn) error {
			for _, words := range [][]string{{"WATCH", "n"}, {"MULTI"}, {"SET", "n", "1"}} {
				if err := conn.Do(ctx, radix.Cmd(nil, words[0], words[1:]...)); err != nil {
					return err
				}
				if words[0] == "WATCH" && between != "" {
					if err := c.Do(ctx, radix.Cmd(nil, "SET", "n", between)); err != nil {
						return err
					}
				}
			}
			maybe := radix.Maybe{Rcv: &result}
			err := conn.Do(ctx, radix.Cmd(&maybe, "EXEC"))
			ok = !maybe.Null
			return err
		})))
		return result, ok
	}
	result, ok := increment("")
	require.True(t, ok)
	require.Equal(t, []string{"OK"}, result)
	_, ok = increment("5")
	require.False(t, ok)

	for i := range 100 {
		require.NoError(t, c.Do(ctx, radix.Cmd(nil, "SADD", "s", fmt.Sprint(i))))
	}
	scan := radix.ScannerConfig{Command: "SSCAN", Key: "s", Count: 10}.New(c)
	for n = 0; scan.Next(ctx, &text); n++ {
	}
	require.NoError(t, scan.Close())
	require.Equal(t, 100, n)

	began := time.Now()
	maybe := radix.Maybe{Rcv: &all}
	require.NoError(t, c.Do(ctx, radix.Cmd(&maybe, "BLPOP", "missing", "0.02")))
	require.True(t, maybe.Null)
	took(t, on, began, 20*time.Millisecond)
}

func subscribeRadix(ctx context.Context, t *testing.T, d radix.Dialer, c radix.Client) {
	conn, err := d.Dial(ctx, "tcp", "localhost:6379")
	require.NoError(t, err)
	ps := radix.PubSubConfig{}.New(conn)
	require.NoError(t, ps.Subscribe(ctx, "one"))
	require.NoError(t, ps.PSubscribe(ctx, "o*"))
	require.NoError(t, ps.Ping(ctx))
	eventually(t, func() bool { // in RESP3 radix does not wait for the replies to these
		var n int
		require.NoError(t, c.Do(ctx, radix.Cmd(&n, "PUBSUB", "NUMPAT")))
		return n == 1
	})
	require.NoError(t, c.Do(ctx, radix.Cmd(nil, "PUBLISH", "one", "m")))
	for _, want := range []radix.PubSubMessage{
		{Type: "message", Channel: "one", Message: []byte("m")},
		{Type: "pmessage", Pattern: "o*", Channel: "one", Message: []byte("m")},
	} {
		m, err := ps.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, want, m)
	}
	require.NoError(t, ps.Close())
}
