package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// TestGoRedisScansOfWhatChanges iterates over a database and over big keys while elements come
// and go: what is there all the time is seen, what never was there is not, and an iteration
// ends.
func TestGoRedisScansOfWhatChanges(t *testing.T) {
	const stay = 3000
	scans := map[string]struct {
		scan func(ctx context.Context, c *redis.Client) *redis.ScanCmd
		add  func(ctx context.Context, p redis.Pipeliner, name string)
		drop func(ctx context.Context, p redis.Pipeliner, name string)
		pair bool // every other element is a value or a score
	}{
		"SCAN": {
			func(ctx context.Context, c *redis.Client) *redis.ScanCmd { return c.Scan(ctx, 0, "", 20) },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.Set(ctx, name, "v", 0) },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.Del(ctx, name) }, false,
		},
		"HSCAN": {
			func(ctx context.Context, c *redis.Client) *redis.ScanCmd { return c.HScan(ctx, "k", 0, "", 20) },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.HSet(ctx, "k", name, "v") },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.HDel(ctx, "k", name) }, true,
		},
		"SSCAN": {
			func(ctx context.Context, c *redis.Client) *redis.ScanCmd { return c.SScan(ctx, "k", 0, "", 20) },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.SAdd(ctx, "k", name) },
			func(ctx context.Context, p redis.Pipeliner, name string) { p.SRem(ctx, "k", name) }, false,
		},
		"ZSCAN": {
			func(ctx context.Context, c *redis.Client) *redis.ScanCmd { return c.ZScan(ctx, "k", 0, "", 20) },
			func(ctx context.Context, p redis.Pipeliner, name string) {
				p.ZAdd(ctx, "k", redis.Z{Score: 1, Member: name})
			},
			func(ctx context.Context, p redis.Pipeliner, name string) { p.ZRem(ctx, "k", name) }, true,
		},
	}
	for name, s := range scans {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				ctx := context.Background()
				c := redis.NewClient(on.goRedis(3))
				defer c.Close()
				pipelined := func(f func(ctx context.Context, p redis.Pipeliner, name string), format string, n int) {
					t.Helper()
					_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
						for i := range n {
							f(ctx, p, fmt.Sprintf(format, i))
						}
						return nil
					})
					require.NoError(t, err)
				}
				pipelined(s.add, "stays%d", stay)
				pipelined(s.add, "goes%d", stay)
				pipelined(s.add, "never%d", 10)
				pipelined(s.drop, "never%d", 10)
				seen := map[string]bool{}
				n := 0
				it := s.scan(ctx, c).Iterator()
				for it.Next(ctx) {
					seen[it.Val()] = true
					if s.pair {
						require.True(t, it.Next(ctx))
					}
					switch n++; n {
					case 500: // much fewer
						pipelined(s.drop, "goes%d", stay)
					case 1000: // and many more
						pipelined(s.add, "comes%d", 2*stay)
					}
					require.Less(t, n, 10*stay, "it does not end")
				}
				require.NoError(t, it.Err())
				require.GreaterOrEqual(t, n, stay)
				for i := range stay {
					require.True(t, seen[fmt.Sprint("stays", i)], "stays%d", i)
				}
				for name := range seen {
					require.False(t, strings.HasPrefix(name, "never"), name)
				}
			})
		})
	}
}

// TestGoRedisRetries counts with WATCH from many goroutines. Who is in another's way tries again.
func TestGoRedisRetries(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		add := func(from, to string) (tries int, err error) {
			for err = redis.TxFailedErr; err == redis.TxFailedErr; tries++ {
				err = c.Watch(ctx, func(tx *redis.Tx) error {
					n, err := tx.HGet(ctx, from, "n").Int()
					if err != nil {
						return err
					}
					m, err := tx.HGet(ctx, to, "n").Int()
					if err != nil {
						return err
					}
					_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
						p.HSet(ctx, from, "n", n-1)
						p.HSet(ctx, to, "n", m+1)
						return nil
					})
					return err
				}, from, to)
			}
			return tries, err
		}
		keys := []string{"a", "b", "c"}
		for _, key := range keys {
			require.NoError(t, c.HSet(ctx, key, "n", 100).Err())
		}
		type result struct {
			tries int
			err   error
		}
		results := make(chan result)
		for g := range 6 {
			go func() {
				var r result
				for i := 0; i < 20 && r.err == nil; i++ {
					n, err := add(keys[g%3], keys[(g+1+i%2)%3])
					r = result{r.tries + n, err}
				}
				results <- r
			}()
		}
		tries := 0
		for range 6 {
			r := <-results
			require.NoError(t, r.err)
			tries += r.tries
		}
		require.GreaterOrEqual(t, tries, 6*20)
		sum := 0
		for _, key := range keys {
			n, err := c.HGet(ctx, key, "n").Int()
			require.NoError(t, err)
			sum += n
		}
		require.Equal(t, 300, sum)

		// What was changed meanwhile to the same, was changed; what was only read, was not.
		between := func(f func()) error {
			return c.Watch(ctx, func(tx *redis.Tx) error {
				f()
				_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Ping(ctx).Err() })
				return err
			}, "a", "missing")
		}
		same := c.HGet(ctx, "a", "n").Val()
		require.NoError(t, between(func() { c.HGetAll(ctx, "a") }))
		require.NoError(t, between(func() { c.Del(ctx, "missing") }))
		require.NoError(t, between(func() { c.HSet(ctx, "other", "n", 1) }))
		require.Equal(t, redis.TxFailedErr, between(func() { c.HSet(ctx, "a", "n", same) }))
		require.Equal(t, redis.TxFailedErr, between(func() { c.Set(ctx, "missing", "", 0) }))
		require.Equal(t, redis.TxFailedErr, between(func() { c.FlushAll(ctx) }))
	})
}

// TestGoRedisSubscribesAgain kills the connection of subscriptions: go-redis makes them anew.
func TestGoRedisSubscribesAgain(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		ps := c.Subscribe(ctx, "one", "two")
		require.NoError(t, ps.PSubscribe(ctx, "t*"))
		ch := ps.Channel()
		heard := func(want ...string) {
			t.Helper()
			for _, want := range want {
				select {
				case m := <-ch:
					require.Equal(t, want, m.Channel+" "+m.Pattern+" "+m.Payload)
				case <-time.After(10 * time.Second):
					t.Fatalf("%s has not come", want)
				}
			}
		}
		subscribed := func() bool {
			n := c.PubSubNumSub(ctx, "one", "two").Val()
			return n["one"] == 1 && n["two"] == 1 && c.PubSubNumPat(ctx).Val() == 1
		}
		for i := range 3 {
			eventually(t, subscribed)
			payload := fmt.Sprint(i)
			require.EqualValues(t, 1, c.Publish(ctx, "one", payload).Val())
			require.EqualValues(t, 2, c.Publish(ctx, "two", payload).Val())
			require.EqualValues(t, 1, c.Publish(ctx, "three", payload).Val())
			heard("one  "+payload, "two  "+payload, "two t* "+payload, "three t* "+payload)
			require.EqualValues(t, 1, c.ClientKillByFilter(ctx, "TYPE", "pubsub").Val())
		}
		eventually(t, subscribed)
		require.NoError(t, ps.Close())
		eventually(t, func() bool { return len(c.PubSubChannels(ctx, "*").Val()) == 0 })
	})
}
