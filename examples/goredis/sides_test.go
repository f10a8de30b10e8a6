package main

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/redistest"
)

// A side is what the service may run on: fakes, in bubbles, and what they stand for.
type side struct {
	name    string
	bubble  bool
	cluster bool                                     // its rules hold
	connect func(t *testing.T) redis.UniversalClient // there is nothing in it yet
}

var sides = []side{
	{"fake", true, false, func(t *testing.T) redis.UniversalClient { return fake(t, false) }},
	{"fake with cluster rules", true, true, func(t *testing.T) redis.UniversalClient {
		return fake(t, false, redistest.WithClusterRules())
	}},
	{"fake cluster", true, true, func(t *testing.T) redis.UniversalClient {
		return fake(t, true, redistest.WithClusterRules())
	}},
	{"redis", false, false, func(t *testing.T) redis.UniversalClient { return server(t, redisServer) }},
	{"cluster", false, true, func(t *testing.T) redis.UniversalClient { return server(t, cluster) }},
}

// run runs a test on a side. In a bubble, its end is a deadlock if a goroutine is left.
func (s side) run(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Helper()
	t.Run(s.name, func(t *testing.T) {
		if s.bubble {
			synctest.Test(t, func(t *testing.T) { test(t, s.connect(t)) })
		} else {
			test(t, s.connect(t))
		}
	})
}

// everywhere runs a test on all sides.
func everywhere(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Helper()
	for _, s := range sides {
		s.run(t, test)
	}
}

// inBubbles runs a test in which time passes: on the sides where that takes none.
func inBubbles(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Helper()
	for _, s := range sides {
		if s.bubble {
			s.run(t, test)
		}
	}
}

// fake returns a client of a fake, or one for clusters. Its pool is so large that nobody waits
// for a connection: that takes a timer which all clients share, in a bubble and outside.
func fake(t *testing.T, forClusters bool, opts ...redistest.Option) redis.UniversalClient {
	t.Helper()
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:         []string{"127.0.0.1:6379"},
		Dialer:        redistest.Run(t, append(opts, redistest.WithLeakCheck())...).Dialer(),
		IsClusterMode: forClusters,
		PoolSize:      100,
	})
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })
	return rdb
}

// server returns a client of a redis-server or a cluster. At the end of the test none of its
// goroutines may be left.
func server(t *testing.T, start func() (string, error)) redis.UniversalClient {
	t.Helper()
	addrs, before := started(t, start), runtime.NumGoroutine()
	rdb := remote(strings.Split(addrs, ","))
	t.Cleanup(func() {
		require.NoError(t, rdb.Close())
		poll := time.NewTicker(time.Millisecond)
		defer poll.Stop()
		for began := time.Now(); runtime.NumGoroutine() > before; <-poll.C {
			if time.Since(began) > 10*time.Second {
				stacks := make([]byte, 1<<20)
				t.Fatalf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
	flush(t, rdb)
	return rdb
}

// flush removes everything.
func flush(t *testing.T, rdb redis.UniversalClient) {
	t.Helper()
	ctx := context.Background()
	if c, ok := rdb.(*redis.ClusterClient); ok {
		require.NoError(t, c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			return node.FlushAll(ctx).Err()
		}))
		return
	}
	require.NoError(t, rdb.FlushAll(ctx).Err())
}
