package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func init() { redis.SetLogger(silent{}) }

// silent is for go-redis, which logs what its callers are told anyway.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// withGoRedis runs a scenario with a client of go-redis, in RESP2 and in RESP3.
func withGoRedis(t *testing.T, scenario func(t *testing.T, on side, c *redis.Client)) {
	t.Helper()
	for _, proto := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", proto), func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				c := redis.NewClient(on.goRedis(proto))
				defer func() { require.NoError(t, c.Close()) }()
				scenario(t, on, c)
			})
		})
	}
}

// goRedis returns options of go-redis. A pool that is not exhausted has no timer: go-redis
// shares these between its clients, so that one made in a bubble would come out of it. The
// address is no name, which go-redis would look up.
func (on side) goRedis(proto int) *redis.Options {
	return &redis.Options{Addr: "127.0.0.1:6379", Dialer: on.dial, Protocol: proto, PoolSize: 100}
}

func TestGoRedisPipeline(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		var set *redis.StatusCmd
		var sum *redis.IntCmd
		var wrong *redis.IntCmd
		var missing *redis.StringCmd
		var all *redis.MapStringStringCmd
		cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			set = p.Set(ctx, "text", "v", 0)
			sum = p.IncrBy(ctx, "n", 5)
			wrong = p.Incr(ctx, "text")
			missing = p.Get(ctx, "missing")
			p.HSet(ctx, "h", "a", 1, "b", 2.5, "c", true)
			all = p.HGetAll(ctx, "h")
			return nil
		})
		require.EqualError(t, err, "ERR value is not an integer or out of range")
		require.Len(t, cmds, 6)
		require.Equal(t, "OK", set.Val())
		require.EqualValues(t, 5, sum.Val())
		require.EqualError(t, wrong.Err(), "ERR value is not an integer or out of range")
		require.Equal(t, redis.Nil, missing.Err())
		require.Equal(t, map[string]string{"a": "1", "b": "2.5", "c": "1"}, all.Val())

		cmds, err = c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range 5000 {
				p.Set(ctx, fmt.Sprint("key", i%1000), i, 0)
			}
			return nil
		})
		require.NoError(t, err)
		require.Len(t, cmds, 5000)
		require.EqualValues(t, 1003, c.DBSize(ctx).Val())
		require.Equal(t, "4007", c.Get(ctx, "key7").Val())
	})
}

func TestGoRedisTransactions(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		increment := func(between func()) error {
			return c.Watch(ctx, func(tx *redis.Tx) error {
				n, err := tx.Get(ctx, "counter").Int()
				if err != nil && err != redis.Nil {
					return err
				}
				between()
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.Set(ctx, "counter", n+1, 0)
					return nil
				})
				return err
			}, "counter")
		}
		require.NoError(t, increment(func() {}))
		require.Equal(t, redis.TxFailedErr, increment(func() { c.Incr(ctx, "counter") }))
		require.Equal(t, "2", c.Get(ctx, "counter").Val())

		var running sync.WaitGroup
		for range 8 {
			running.Go(func() {
				for range 5 {
					for increment(func() {}) != nil {
					}
				}
			})
		}
		running.Wait()
		require.Equal(t, "42", c.Get(ctx, "counter").Val())

		// An error while it runs is that of its command; the others have happened.
		cmds, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "a", "x", 0)
			p.LPush(ctx, "a", 1)
			p.Set(ctx, "b", "y", 0)
			return nil
		})
		require.EqualError(t, err, "WRONGTYPE Operation against a key holding the wrong kind of value")
		require.Equal(t, err, cmds[1].Err())
		require.NoError(t, cmds[2].Err())
		require.Equal(t, "y", c.Get(ctx, "b").Val())

		// One before it runs is that of all, and nothing has.
		_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "a", "never", 0)
			p.Do(ctx, "NOSUCH", "word")
			return nil
		})
		require.ErrorContains(t, err, "EXECABORT Transaction discarded because of previous errors.")
		require.Equal(t, "x", c.Get(ctx, "a").Val())
	})
}

func TestGoRedisPubSub(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		ps := c.Subscribe(ctx, "one", "two")
		for i, name := range []string{"one", "two"} {
			m, err := ps.Receive(ctx)
			require.NoError(t, err)
			require.Equal(t, &redis.Subscription{Kind: "subscribe", Channel: name, Count: i + 1}, m)
		}
		require.NoError(t, ps.PSubscribe(ctx, "t*"))
		m, err := ps.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, &redis.Subscription{Kind: "psubscribe", Channel: "t*", Count: 3}, m)
		require.NoError(t, ps.Ping(ctx, "hello"))
		m, err = ps.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, "Pong<hello>", m.(*redis.Pong).String())

		require.EqualValues(t, 2, c.Publish(ctx, "two", "m1").Val())
		require.EqualValues(t, 0, c.Publish(ctx, "other", "m2").Val())
		got, err := ps.ReceiveMessage(ctx)
		require.NoError(t, err)
		require.Equal(t, &redis.Message{Channel: "two", Payload: "m1"}, got)
		got, err = ps.ReceiveMessage(ctx)
		require.NoError(t, err)
		require.Equal(t, &redis.Message{Channel: "two", Pattern: "t*", Payload: "m1"}, got)
		names := c.PubSubChannels(ctx, "*").Val()
		sort.Strings(names)
		require.Equal(t, []string{"one", "two"}, names)
		require.Equal(t, map[string]int64{"one": 1, "x": 0}, c.PubSubNumSub(ctx, "one", "x").Val())
		require.EqualValues(t, 1, c.PubSubNumPat(ctx).Val())

		_, err = ps.ReceiveTimeout(ctx, 20*time.Millisecond)
		var timeout net.Error
		require.True(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
		require.NoError(t, ps.Unsubscribe(ctx, "one"))
		require.NoError(t, ps.Close())
		eventually(t, func() bool { return len(c.PubSubChannels(ctx, "*").Val()) == 0 })

		// A channel of Go's, which go-redis fills in a goroutine of its own and checks
		// with a PING now and then.
		ps = c.PSubscribe(ctx, "*")
		ch := ps.Channel(redis.WithChannelHealthCheckInterval(10 * time.Millisecond))
		eventually(t, func() bool { return c.Publish(ctx, "any", "first").Val() == 1 })
		require.Equal(t, "first", (<-ch).Payload)
		eventually(t, func() bool { return strings.Contains(c.ClientList(ctx).Val(), "cmd=ping") })
		require.EqualValues(t, 1, c.Publish(ctx, "any", "second").Val())
		require.Equal(t, "second", (<-ch).Payload)
		require.NoError(t, ps.Close())
		_, open := <-ch
		require.False(t, open)

		shard := c.SSubscribe(ctx, "shard")
		_, err = shard.Receive(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, c.SPublish(ctx, "shard", "m").Val())
		got, err = shard.ReceiveMessage(ctx)
		require.NoError(t, err)
		require.Equal(t, "m", got.Payload)
		require.NoError(t, shard.Close())
	})
}

func TestGoRedisBlocking(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		// go-redis takes no timeout below a second for these, and XREAD's is in milliseconds.
		began := time.Now()
		require.Equal(t, redis.Nil, c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "$"}, Block: 30 * time.Millisecond}).Err())
		took(t, on, began, 30*time.Millisecond)
		if on.bubble {
			require.Equal(t, redis.Nil, c.BLPop(ctx, time.Hour, "a", "b").Err())
			took(t, on, began, time.Hour+30*time.Millisecond)
		}

		waits := func(n int) {
			t.Helper()
			eventually(t, func() bool {
				return strings.Contains(c.Info(ctx, "clients").Val(), fmt.Sprintf("blocked_clients:%d\r", n))
			})
		}
		var running sync.WaitGroup
		waits(0)
		running.Go(func() {
			v, err := c.BLPop(ctx, 0, "a", "b").Result()
			require.NoError(t, err)
			require.Equal(t, []string{"b", "1"}, v)
		})
		waits(1)
		require.EqualValues(t, 2, c.RPush(ctx, "b", 1, 2).Val())
		running.Wait()

		running.Go(func() {
			v, err := c.BLMove(ctx, "src", "dst", "left", "right", 10*time.Second).Result()
			require.NoError(t, err)
			require.Equal(t, "x", v)
		})
		running.Go(func() {
			v, err := c.BZPopMin(ctx, 10*time.Second, "z").Result()
			require.NoError(t, err)
			require.Equal(t, &redis.ZWithKey{Key: "z", Z: redis.Z{Member: "m", Score: 1.5}}, v)
		})
		running.Go(func() {
			v, err := c.XRead(ctx, &redis.XReadArgs{Streams: []string{"x", "$"}}).Result()
			require.NoError(t, err)
			require.Equal(t, []redis.XStream{{Stream: "x", Messages: []redis.XMessage{{ID: "1-1", Values: map[string]any{"f": "v"}}}}}, v)
		})
		running.Go(func() {
			key, v, err := c.BLMPop(ctx, 10*time.Second, "right", 5, "p", "q").Result()
			require.NoError(t, err)
			require.Equal(t, "q", key)
			require.Equal(t, []string{"3", "2"}, v)
		})
		waits(4)
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.RPush(ctx, "src", "x")
			p.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: "m"})
			p.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: "1-1", Values: []string{"f", "v"}})
			p.RPush(ctx, "q", 2, 3)
			return nil
		})
		require.NoError(t, err)
		running.Wait()
		require.Equal(t, []string{"x"}, c.LRange(ctx, "dst", 0, -1).Val())

		// Who gives up takes nothing along.
		o := on.goRedis(c.Options().Protocol)
		o.ContextTimeoutEnabled = true
		impatient := redis.NewClient(o)
		soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		require.Error(t, impatient.BLPop(soon, 0, "later").Err())
		waits(0)
		require.EqualValues(t, 1, c.RPush(ctx, "later", "kept").Val())
		require.EqualValues(t, 1, c.LLen(ctx, "later").Val())

		// CLIENT UNBLOCK, and a client that closes while it waits.
		ids := make(chan int64, 1)
		running.Go(func() {
			one := c.Conn()
			defer one.Close()
			ids <- one.ClientID(ctx).Val()
			require.EqualError(t, one.BLPop(ctx, 0, "never").Err(), "UNBLOCKED client unblocked via CLIENT UNBLOCK")
		})
		running.Go(func() { require.Error(t, impatient.BLPop(ctx, 0, "never").Err()) })
		waits(2)
		require.EqualValues(t, 1, c.ClientUnblockWithError(ctx, <-ids).Val())
		waits(1)
		require.NoError(t, impatient.Close())
		waits(0)
		running.Wait()
	})
}

// took wants that something took so long: exactly that in a bubble.
func took(t *testing.T, on side, began time.Time, want time.Duration) {
	t.Helper()
	got := time.Since(began)
	if on.bubble {
		require.Equal(t, want, got)
		return
	}
	require.GreaterOrEqual(t, got, want-time.Millisecond)
}

func TestGoRedisStreams(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		require.NoError(t, c.XGroupCreateMkStream(ctx, "s", "g", "$").Err())
		require.EqualError(t, c.XGroupCreate(ctx, "s", "g", "0").Err(), "BUSYGROUP Consumer Group name already exists")
		for i := range 10 {
			id, err := c.XAdd(ctx, &redis.XAddArgs{Stream: "s", ID: fmt.Sprintf("%d-1", i+1), Values: map[string]any{"n": i}}).Result()
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%d-1", i+1), id)
		}
		read := func(consumer string, n int64) []redis.XMessage {
			t.Helper()
			v, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: consumer, Streams: []string{"s", ">"}, Count: n, Block: -1}).Result()
			require.NoError(t, err)
			require.Len(t, v, 1)
			return v[0].Messages
		}
		require.Len(t, read("a", 4), 4)
		require.Len(t, read("b", 100), 6)
		require.Equal(t, redis.Nil, c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"s", ">"}, Block: 10 * time.Millisecond}).Err())
		require.EqualValues(t, 3, c.XAck(ctx, "s", "g", "1-1", "2-1", "9-1", "77-7").Val())
		require.Equal(t, &redis.XPending{Count: 7, Lower: "3-1", Higher: "10-1", Consumers: map[string]int64{"a": 2, "b": 5}}, c.XPending(ctx, "s", "g").Val())
		pending := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 10, Consumer: "a"}).Val()
		require.Len(t, pending, 2)
		require.Equal(t, "3-1", pending[0].ID)
		require.EqualValues(t, 1, pending[0].RetryCount)

		eventually(t, func() bool { // they are idle
			return len(c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "s", Group: "g", Idle: 2 * time.Millisecond, Start: "-", End: "+", Count: 10}).Val()) == 7
		})
		claimed := c.XClaim(ctx, &redis.XClaimArgs{Stream: "s", Group: "g", Consumer: "b", MinIdle: time.Millisecond, Messages: []string{"3-1"}}).Val()
		require.Equal(t, []redis.XMessage{{ID: "3-1", Values: map[string]any{"n": "2"}, DeliveredCount: 0}}, claimed)
		require.EqualValues(t, 1, c.XDel(ctx, "s", "5-1").Val())
		got, next, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "c", MinIdle: 2 * time.Millisecond, Start: "0", Count: 3}).Result()
		require.NoError(t, err)
		require.NotEmpty(t, got)
		require.NotEqual(t, "", next)

		info := c.XInfoStream(ctx, "s").Val()
		require.EqualValues(t, 9, info.Length)
		require.Equal(t, "10-1", info.LastGeneratedID)
		groups := c.XInfoGroups(ctx, "s").Val()
		require.Len(t, groups, 1)
		require.EqualValues(t, 3, groups[0].Consumers)
		consumers := c.XInfoConsumers(ctx, "s", "g").Val()
		require.Equal(t, "a", consumers[0].Name)
		require.Len(t, c.XInfoStreamFull(ctx, "s", 5).Val().Entries, 5)
		require.EqualValues(t, 4, c.XTrimMaxLen(ctx, "s", 5).Val())
		require.Len(t, c.XRange(ctx, "s", "-", "+").Val(), 5)
		require.Len(t, c.XRevRangeN(ctx, "s", "+", "-", 2).Val(), 2)
		require.EqualValues(t, 1, c.XGroupDestroy(ctx, "s", "g").Val())
		require.ErrorContains(t, c.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "a", Streams: []string{"s", ">"}}).Err(),
			"NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")
	})
}

func TestGoRedisScan(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range 1000 {
				p.Set(ctx, fmt.Sprint("key:", i), i, 0)
				p.HSet(ctx, "h", fmt.Sprint("f", i), i)
				p.SAdd(ctx, "s", fmt.Sprint("m", i))
				p.ZAdd(ctx, "z", redis.Z{Score: float64(i), Member: fmt.Sprint("m", i)})
			}
			return nil
		})
		require.NoError(t, err)
		for _, test := range []struct {
			name string
			scan *redis.ScanCmd
			want int // different elements
		}{
			{"SCAN", c.Scan(ctx, 0, "key:*", 100), 1000},
			{"SCAN TYPE", c.ScanType(ctx, 0, "*", 10, "string"), 1000},
			{"SCAN MATCH", c.Scan(ctx, 0, "key:?", 50), 10},
			{"HSCAN", c.HScan(ctx, "h", 0, "f1*", 10), 111 + 111},
			{"SSCAN", c.SScan(ctx, "s", 0, "", 7), 1000},
			{"ZSCAN", c.ZScan(ctx, "z", 0, "m99*", 7), 11 + 11},
		} {
			seen := map[string]bool{}
			for it := test.scan.Iterator(); it.Next(ctx); {
				seen[it.Val()] = true
			}
			require.NoError(t, test.scan.Err())
			require.Len(t, seen, test.want, test.name)
		}
	})
}

func TestGoRedisValues(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		big := strings.Repeat("\x00\r\n\xff*$", 1<<20)
		require.NoError(t, c.Set(ctx, "big", big, 0).Err())
		require.True(t, c.Get(ctx, "big").Val() == big)
		require.EqualValues(t, len(big), c.StrLen(ctx, "big").Val())
		require.Equal(t, []any{big, nil}, c.MGet(ctx, "big", "missing").Val())
		require.NoError(t, c.Set(ctx, "\x00key\r\n", "", 0).Err())
		require.Equal(t, "", c.Get(ctx, "\x00key\r\n").Val())

		// Expiry is on the clock of the bubble.
		day := 24 * time.Hour
		if !on.bubble {
			day = 30 * time.Millisecond
		}
		require.NoError(t, c.Set(ctx, "brief", "v", day).Err())
		if on.bubble {
			require.Equal(t, day, c.TTL(ctx, "brief").Val())
		}
		time.Sleep(day - 10*time.Millisecond)
		if on.bubble {
			require.Equal(t, 10*time.Millisecond, c.PTTL(ctx, "brief").Val())
		}
		time.Sleep(10 * time.Millisecond)
		if !on.bubble {
			time.Sleep(10 * time.Millisecond)
		}
		require.Equal(t, redis.Nil, c.Get(ctx, "brief").Err())
		require.EqualValues(t, -2, c.TTL(ctx, "brief").Val())
		require.EqualValues(t, -1, c.TTL(ctx, "big").Val())
	})
}

// TestGoRedisConnections has clients with names, databases and passwords, whose
// connections are lost.
func TestGoRedisConnections(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		require.NoError(t, c.ACLSetUser(ctx, "someone", "on", ">secret", "~s:*", "&*", "+@all", "-@dangerous").Err())
		defer c.ACLDelUser(ctx, "someone")
		o := on.goRedis(c.Options().Protocol)
		o.ClientName, o.DB, o.Username, o.Password = "namely", 3, "someone", "secret"
		connected := 0
		o.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
			connected++
			return cn.Ping(ctx).Err()
		}
		o.PoolSize = 1
		d := redis.NewClient(o)
		defer d.Close()
		require.NoError(t, d.Set(ctx, "s:1", "v", 0).Err())
		require.EqualError(t, d.Set(ctx, "x", "v", 0).Err(), "NOPERM this user has no permissions to access one of the keys used as arguments")
		require.EqualError(t, d.FlushAll(ctx).Err(), "NOPERM this user has no permissions to run the 'flushall' command")
		require.Equal(t, "namely", d.ClientGetName(ctx).Val())
		require.Equal(t, "someone", d.ACLWhoAmI(ctx).Val())
		require.Equal(t, redis.Nil, c.Get(ctx, "s:1").Err())
		id := d.ClientID(ctx).Val()
		require.Equal(t, 1, connected)

		// A connection that is lost in the pool is not noticed before it is used; go-redis
		// tries again.
		require.EqualValues(t, 1, c.ClientKillByFilter(ctx, "ID", fmt.Sprint(id)).Val())
		require.Equal(t, "v", d.Get(ctx, "s:1").Val())
		require.Equal(t, 2, connected)

		o = on.goRedis(c.Options().Protocol)
		o.Password = "wrong"
		o.Username = "someone"
		e := redis.NewClient(o)
		defer e.Close()
		require.ErrorContains(t, e.Ping(ctx).Err(), "WRONGPASS")
	})
}

// TestGoRedisCache has the cache of go-redis itself, which reads what others invalidate.
func TestGoRedisCache(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		o := on.goRedis(3)
		o.ClientSideCacheConfig = &redis.ClientSideCacheConfig{}
		c, other := redis.NewClient(o), redis.NewClient(on.goRedis(3))
		defer c.Close()
		defer other.Close()
		require.NoError(t, other.Set(ctx, "k", "0", 0).Err())
		for i := range 20 {
			require.Equal(t, fmt.Sprint(i), c.Get(ctx, "k").Val())
			require.Equal(t, fmt.Sprint(i), c.Get(ctx, "k").Val()) // from the cache
			require.NoError(t, other.Incr(ctx, "k").Err())
			eventually(t, func() bool { return c.Get(ctx, "k").Val() == fmt.Sprint(i+1) })
		}
		require.GreaterOrEqual(t, c.CSCStats().Hits, uint64(20))
	})
}

// TestGoRedisState has the commands that are for one connection.
func TestGoRedisState(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		one := c.Conn()
		defer one.Close()
		require.NoError(t, one.Select(ctx, 5).Err())
		require.NoError(t, one.Set(ctx, "k", "in 5", 0).Err())
		require.Equal(t, redis.Nil, c.Get(ctx, "k").Err())
		require.EqualError(t, one.Select(ctx, 99).Err(), "ERR DB index is out of range")
		require.NoError(t, one.SwapDB(ctx, 0, 5).Err())
		require.Equal(t, "in 5", c.Get(ctx, "k").Val())
		require.Equal(t, redis.Nil, one.Get(ctx, "k").Err())
		require.NoError(t, one.ClientSetName(ctx, "namely").Err())
		require.Equal(t, "namely", one.ClientGetName(ctx).Val())
		require.EqualError(t, one.ClientSetName(ctx, "two words").Err(), "ERR Client names cannot contain spaces, newlines or special characters.")
		require.EqualError(t, one.Auth(ctx, "secret").Err(),
			"ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		require.EqualError(t, one.AuthACL(ctx, "nobody", "secret").Err(), "WRONGPASS invalid username-password pair or user is disabled.")
		hello := one.Hello(ctx, c.Options().Protocol, "", "", "").Val()
		require.EqualValues(t, c.Options().Protocol, hello["proto"])
		require.Equal(t, "master", hello["role"])
		require.EqualError(t, one.Hello(ctx, 9, "", "", "").Err(), "NOPROTO unsupported protocol version")
		require.EqualError(t, one.Do(ctx, "RESET", "now").Err(), "ERR wrong number of arguments for 'reset' command")
		info := one.ClientInfo(ctx).Val()
		require.Equal(t, "namely", info.Name)
		require.Equal(t, 5, info.DB)
		require.Equal(t, c.Options().Protocol, info.Resp)
	})
}
