package conformance

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// TestGoRedisUniversal has the other clients of go-redis: what they ask of a server that is
// alone.
func TestGoRedisUniversal(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		use := func(c redis.UniversalClient) {
			t.Helper()
			defer c.Close()
			require.NoError(t, c.FlushAll(ctx).Err())
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range 100 {
					p.Set(ctx, fmt.Sprint("key", i), i, 0)
				}
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, "42", c.Get(ctx, "key42").Val())
			_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Incr(ctx, "{tag}a")
				p.Incr(ctx, "{tag}b")
				return nil
			})
			require.NoError(t, err)
			require.NoError(t, c.Watch(ctx, func(tx *redis.Tx) error {
				return tx.Incr(ctx, "{tag}a").Err()
			}, "{tag}a"))
			require.Equal(t, "2", c.Get(ctx, "{tag}a").Val())
			ps := c.Subscribe(ctx, "ch")
			_, err = ps.Receive(ctx)
			require.NoError(t, err)
			require.NoError(t, c.Publish(ctx, "ch", "m").Err())
			m, err := ps.ReceiveMessage(ctx)
			require.NoError(t, err)
			require.Equal(t, "m", m.Payload)
			require.NoError(t, ps.Close())
		}

		use(redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"one:6379"}, Dialer: on.dial, PoolSize: 100}))
		use(redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "one:1", "b": "two:2"}, Dialer: on.dial, PoolSize: 100}))

		// A server that is alone says that it is no cluster, but a client that is told of
		// its slots needs nothing else of it.
		alone := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"one:6379"}, Dialer: on.dial, PoolSize: 100})
		require.ErrorContains(t, alone.Get(ctx, "key42").Err(), "ERR This instance has cluster support disabled")
		require.NoError(t, alone.Close())
		slots := func(context.Context) ([]redis.ClusterSlot, error) {
			return []redis.ClusterSlot{
				{Start: 0, End: 8191, Nodes: []redis.ClusterNode{{Addr: "one:1"}}},
				{Start: 8192, End: 16383, Nodes: []redis.ClusterNode{{Addr: "two:2"}}},
			}, nil
		}
		use(redis.NewClusterClient(&redis.ClusterOptions{ClusterSlots: slots, Dialer: on.dial, PoolSize: 100}))

		sentinel := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "m", SentinelAddrs: []string{"one:26379"}, Dialer: on.dial, PoolSize: 100, MaxRetries: -1,
		})
		require.Error(t, sentinel.Get(ctx, "key42").Err())
		require.NoError(t, sentinel.Close())
	})
}
