package conformance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
)

// withRueidis runs a scenario with a client of rueidis, in RESP3 and in RESP2.
func withRueidis(t *testing.T, scenario func(t *testing.T, on side, c rueidis.Client)) {
	t.Helper()
	for name, resp2 := range map[string]bool{"RESP2": true, "RESP3": false} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				o := on.rueidis()
				o.AlwaysRESP2, o.DisableCache = resp2, resp2 // a cache needs RESP3
				c, err := rueidis.NewClient(o)
				require.NoError(t, err)
				defer c.Close()
				scenario(t, on, c)
			})
		})
	}
}

// rueidis returns options that are the defaults of rueidis but for what connects: it asks
// whether there is a cluster, and keeps what DoCache has read. caching_test.go is about that.
func (on side) rueidis() rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress: []string{"localhost:6379"},
		DialCtxFn: func(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return on.dial(ctx, "tcp", address)
		},
	}
}

func TestRueidisCommands(t *testing.T) {
	withRueidis(t, func(t *testing.T, on side, c rueidis.Client) {
		ctx := context.Background()
		big := strings.Repeat("\x00\r\n\xff", 1<<21)
		require.NoError(t, c.Do(ctx, c.B().Set().Key("big").Value(big).Build()).Error())
		got, err := c.Do(ctx, c.B().Get().Key("big").Build()).ToString()
		require.NoError(t, err)
		require.True(t, got == big)
		require.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Get().Key("missing").Build()).Error()))
		require.EqualError(t, c.Do(ctx, c.B().Lpush().Key("big").Element("x").Build()).Error(),
			"WRONGTYPE Operation against a key holding the wrong kind of value")
		require.NoError(t, c.Do(ctx, c.B().Hset().Key("h").FieldValue().FieldValue("a", "1").FieldValue("b", "2").Build()).Error())
		h, err := c.Do(ctx, c.B().Hgetall().Key("h").Build()).AsStrMap()
		require.NoError(t, err)
		require.Equal(t, map[string]string{"a": "1", "b": "2"}, h)
		require.NoError(t, c.Do(ctx, c.B().Zadd().Key("z").ScoreMember().ScoreMember(1.5, "m").Build()).Error())
		z, err := c.Do(ctx, c.B().Zrange().Key("z").Min("0").Max("-1").Withscores().Build()).AsZScores()
		require.NoError(t, err)
		require.Equal(t, []rueidis.ZScore{{Member: "m", Score: 1.5}}, z)

		var cmds rueidis.Commands
		for i := range 5000 {
			cmds = append(cmds, c.B().Rpush().Key("l").Element(fmt.Sprint(i)).Build())
		}
		for i, r := range c.DoMulti(ctx, cmds...) {
			n, err := r.AsInt64()
			require.NoError(t, err)
			require.EqualValues(t, i+1, n)
		}
		// Those of many goroutines go through one connection.
		var running sync.WaitGroup
		for range 16 {
			running.Go(func() {
				for range 50 {
					require.NoError(t, c.Do(ctx, c.B().Incr().Key("n").Build()).Error())
				}
			})
		}
		running.Wait()
		n, err := c.Do(ctx, c.B().Get().Key("n").Build()).AsInt64()
		require.NoError(t, err)
		require.EqualValues(t, 16*50, n)

		seen := map[string]bool{}
		for cursor := uint64(0); ; {
			page, err := c.Do(ctx, c.B().Scan().Cursor(cursor).Count(2).Build()).AsScanEntry()
			require.NoError(t, err)
			for _, key := range page.Elements {
				seen[key] = true
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
		require.Equal(t, map[string]bool{"big": true, "h": true, "z": true, "l": true, "n": true}, seen)

		minute := time.Minute // not more: rueidis pings every second
		if !on.bubble {
			minute = 20 * time.Millisecond
		}
		require.NoError(t, c.Do(ctx, c.B().Set().Key("brief").Value("v").Px(minute).Build()).Error())
		time.Sleep(minute)
		if !on.bubble {
			time.Sleep(10 * time.Millisecond)
		}
		require.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Get().Key("brief").Build()).Error()))

		// A reply that is read as it comes.
		var text strings.Builder
		stream := c.DoStream(ctx, c.B().Get().Key("big").Build())
		for stream.HasNext() {
			_, err := stream.WriteTo(&text)
			require.NoError(t, err)
		}
		require.True(t, text.String() == big)
	})
}

func TestRueidisTransactions(t *testing.T) {
	withRueidis(t, func(t *testing.T, _ side, c rueidis.Client) {
		ctx := context.Background()
		increment := func(between func()) (r []rueidis.RedisMessage, err error) {
			_ = c.Dedicated(func(d rueidis.DedicatedClient) error {
				require.NoError(t, d.Do(ctx, d.B().Watch().Key("n").Build()).Error())
				n, getErr := d.Do(ctx, d.B().Get().Key("n").Build()).AsInt64()
				require.True(t, getErr == nil || rueidis.IsRedisNil(getErr), "%v", getErr)
				between()
				replies := d.DoMulti(ctx, d.B().Multi().Build(), d.B().Set().Key("n").Value(fmt.Sprint(n+1)).Build(),
					d.B().Lpush().Key("n").Element("x").Build(), d.B().Exec().Build())
				r, err = replies[3].ToArray()
				return err
			})
			return r, err
		}
		r, err := increment(func() {})
		require.NoError(t, err)
		require.Len(t, r, 2)
		require.EqualError(t, r[1].Error(), "WRONGTYPE Operation against a key holding the wrong kind of value")
		_, err = increment(func() {
			require.NoError(t, c.Do(ctx, c.B().Incr().Key("n").Build()).Error())
		})
		require.True(t, rueidis.IsRedisNil(err), "%v", err)
	})
}

func TestRueidisPubSub(t *testing.T) {
	withRueidis(t, func(t *testing.T, _ side, c rueidis.Client) {
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		var lock sync.Mutex
		var got []string
		receive := func(cmd rueidis.Completed) {
			running.Go(func() {
				err := c.Receive(ctx, cmd, func(m rueidis.PubSubMessage) {
					lock.Lock()
					defer lock.Unlock()
					got = append(got, m.Channel+" "+m.Pattern+" "+m.Message)
				})
				require.True(t, err == nil || errors.Is(err, context.Canceled), "%v", err)
			})
		}
		receive(c.B().Subscribe().Channel("one").Build())
		eventually(t, func() bool { return subscribers(c, "one") == 1 })
		receive(c.B().Psubscribe().Pattern("t*").Build())
		eventually(t, func() bool {
			n, err := c.Do(context.Background(), c.B().PubsubNumpat().Build()).AsInt64()
			return err == nil && n == 1
		})
		for _, name := range []string{"one", "two", "other"} {
			require.NoError(t, c.Do(ctx, c.B().Publish().Channel(name).Message("m").Build()).Error())
		}
		eventually(t, func() bool {
			lock.Lock()
			defer lock.Unlock()
			return len(got) == 2
		})
		require.ElementsMatch(t, []string{"one  m", "two t* m"}, got)
		require.NoError(t, c.Do(ctx, c.B().Unsubscribe().Channel("one").Build()).Error())
		eventually(t, func() bool { return subscribers(c, "one") == 0 })
		cancel() // which leaves the other subscription to the connection
		running.Wait()
	})
}

// subscribers returns how many subscribe to a channel.
func subscribers(c rueidis.Client, channel string) int64 {
	m, err := c.Do(context.Background(), c.B().PubsubNumsub().Channel(channel).Build()).AsIntMap()
	if err != nil {
		return -1
	}
	return m[channel]
}

func TestRueidisBlocking(t *testing.T) {
	withRueidis(t, func(t *testing.T, on side, c rueidis.Client) {
		ctx := context.Background()
		waits := func(n int) {
			t.Helper()
			eventually(t, func() bool {
				info, err := c.Do(ctx, c.B().Info().Section("clients").Build()).ToString()
				require.NoError(t, err)
				return strings.Contains(info, fmt.Sprintf("blocked_clients:%d\r", n))
			})
		}
		began := time.Now()
		require.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Blpop().Key("a").Timeout(0.02).Build()).Error()))
		took(t, on, began, 20*time.Millisecond)
		var running sync.WaitGroup
		running.Go(func() {
			v, err := c.Do(ctx, c.B().Blpop().Key("a", "b").Timeout(0).Build()).AsStrSlice()
			require.NoError(t, err)
			require.Equal(t, []string{"b", "1"}, v)
		})
		waits(1)
		require.NoError(t, c.Do(ctx, c.B().Rpush().Key("b").Element("1").Build()).Error())
		running.Wait()

		soon, cancel := context.WithCancel(ctx)
		running.Go(func() {
			err := c.Do(soon, c.B().Brpop().Key("a").Timeout(0).Build()).Error()
			require.True(t, errors.Is(err, context.Canceled), "%v", err)
		})
		waits(1)
		cancel()
		running.Wait()
		waits(0)
		require.NoError(t, c.Do(ctx, c.B().Rpush().Key("a").Element("kept").Build()).Error())
		n, err := c.Do(ctx, c.B().Llen().Key("a").Build()).AsInt64()
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}

func TestRueidisStreams(t *testing.T) {
	withRueidis(t, func(t *testing.T, _ side, c rueidis.Client) {
		ctx := context.Background()
		require.NoError(t, c.Do(ctx, c.B().XgroupCreate().Key("s").Group("g").Id("$").Mkstream().Build()).Error())
		for i := range 3 {
			require.NoError(t, c.Do(ctx, c.B().Xadd().Key("s").Id(fmt.Sprintf("%d-1", i+1)).FieldValue().FieldValue("f", "v").Build()).Error())
		}
		entries, err := c.Do(ctx, c.B().Xreadgroup().Group("g", "a").Count(2).Block(10).Streams().Key("s").Id(">").Build()).AsXRead()
		require.NoError(t, err)
		require.Equal(t, map[string][]rueidis.XRangeEntry{"s": {
			{ID: "1-1", FieldValues: map[string]string{"f": "v"}}, {ID: "2-1", FieldValues: map[string]string{"f": "v"}},
		}}, entries)
		n, err := c.Do(ctx, c.B().Xack().Key("s").Group("g").Id("1-1").Build()).AsInt64()
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		all, err := c.Do(ctx, c.B().Xrange().Key("s").Start("-").End("+").Build()).AsXRange()
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.True(t, rueidis.IsRedisNil(c.Do(ctx, c.B().Xread().Block(10).Streams().Key("s").Id("$").Build()).Error()))
	})
}

// TestRueidisConnections has clients with names and passwords, whose connections are lost.
func TestRueidisConnections(t *testing.T) {
	withRueidis(t, func(t *testing.T, on side, c rueidis.Client) {
		ctx := context.Background()
		require.NoError(t, c.Do(ctx, c.B().AclSetuser().Username("someone").Rule("on", ">secret", "~*", "&*", "+@all").Build()).Error())
		defer c.Do(ctx, c.B().AclDeluser().Username("someone").Build())
		o := on.rueidis()
		o.ForceSingleClient = true // there is a database 7 only where there is no cluster
		o.Username, o.Password, o.ClientName, o.SelectDB = "someone", "secret", "namely", 7
		o.RetryDelay = func(int, rueidis.Completed, error) time.Duration { return time.Millisecond }
		d, err := rueidis.NewClient(o)
		require.NoError(t, err)
		defer d.Close()
		info, err := d.Do(ctx, d.B().Arbitrary("CLIENT", "INFO").Build()).ToString()
		require.NoError(t, err)
		require.Contains(t, info, " name=namely ")
		require.Contains(t, info, " db=7 ")
		n, err := c.Do(ctx, c.B().Arbitrary("CLIENT", "KILL", "USER", "someone").Build()).AsInt64()
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		eventually(t, func() bool {
			return d.Do(ctx, d.B().Get().Key("missing").Build()).Error() == rueidis.Nil
		})
		o.Password = "wrong"
		_, err = rueidis.NewClient(o)
		require.ErrorContains(t, err, "WRONGPASS")
	})
}
