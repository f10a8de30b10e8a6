package main

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// visit adds n visits of a link.
func visit(t *testing.T, v visits, code string, n int) {
	t.Helper()
	for range n {
		require.NoError(t, v.add(context.Background(), code))
	}
}

// counted has a counter count what there is.
func counted(t *testing.T, v visits, counter string) int {
	t.Helper()
	n, err := v.count(context.Background(), counter, time.Millisecond)
	require.NoError(t, err)
	return n
}

// requireTop wants the board of the last days to be so.
func requireTop(t *testing.T, v visits, days int, want ...redis.Z) {
	t.Helper()
	top, err := v.top(context.Background(), 10, days)
	require.NoError(t, err)
	require.ElementsMatch(t, want, top)
}

func TestCount(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		v := open(t, rdb).visits
		requireTop(t, v, 1)
		require.Zero(t, counted(t, v, "one"))
		visit(t, v, "a", 2)
		visit(t, v, "b", batch)
		require.Equal(t, batch, counted(t, v, "one"))
		require.Equal(t, 2, counted(t, v, "two"))
		require.Zero(t, counted(t, v, "one"))
		want := []redis.Z{{Member: "a", Score: 2}, {Member: "b", Score: batch}}
		requireTop(t, v, 1, want...)
		requireTop(t, v, 7, want...)
		top, err := v.top(context.Background(), 1, 7)
		require.NoError(t, err)
		require.Equal(t, want[1:], top)
		// What is counted is no longer there.
		require.Zero(t, rdb.XLen(context.Background(), v.queueKey()).Val())
		require.Zero(t, rdb.XPending(context.Background(), v.queueKey(), group).Val().Count)
	})
}

// TestCountAtOnce has more visits come while several count them.
func TestCountAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		const visitors, each, codes = 4, 50, 3
		v := open(t, rdb).visits
		var visiting, counting sync.WaitGroup
		for range visitors {
			visiting.Go(func() {
				for i := range each * codes {
					if err := v.add(context.Background(), strconv.Itoa(i%codes)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		for i := range 3 {
			counting.Go(func() {
				for {
					n, err := v.count(context.Background(), strconv.Itoa(i), time.Millisecond)
					if err != nil {
						t.Error(err)
						return
					}
					select {
					case <-done:
						if n == 0 {
							return
						}
					default:
					}
				}
			})
		}
		visiting.Wait()
		close(done)
		counting.Wait()
		require.Zero(t, counted(t, v, "last"))
		requireTop(t, v, 1, redis.Z{Member: "0", Score: visitors * each},
			redis.Z{Member: "1", Score: visitors * each}, redis.Z{Member: "2", Score: visitors * each})
	})
}

func TestCountWaits(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		v := open(t, rdb).visits
		began := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			n, err := v.count(context.Background(), "one", time.Hour)
			if n != 1 || err != nil || time.Since(began) != time.Minute {
				t.Error(n, err, time.Since(began))
			}
		})
		time.Sleep(time.Minute)
		visit(t, v, "a", 1)
		all.Wait()
		n, err := v.count(context.Background(), "one", time.Hour)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Equal(t, time.Hour+time.Minute, time.Since(began))
	})
}

// What a counter had taken when it died is counted once.
func TestDeadCounter(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		v := open(t, rdb).visits
		visit(t, v, "a", 3)
		taken, err := v.take(context.Background(), "dead", time.Millisecond)
		require.NoError(t, err)
		require.Len(t, taken, 3)
		visit(t, v, "b", 1)
		require.Equal(t, 1, counted(t, v, "one"))
		requireTop(t, v, 1, redis.Z{Member: "b", Score: 1})
		time.Sleep(idle)
		require.Equal(t, 3, counted(t, v, "one"))
		require.Zero(t, counted(t, v, "two"))
		requireTop(t, v, 1, redis.Z{Member: "a", Score: 3}, redis.Z{Member: "b", Score: 1})
	})
}

func TestDays(t *testing.T) {
	inBubbles(t, func(t *testing.T, rdb redis.UniversalClient) {
		const days = 24 * time.Hour
		v := open(t, rdb).visits
		visit(t, v, "monday", 1)
		time.Sleep(days)
		visit(t, v, "monday", 1)
		visit(t, v, "tuesday", 5)
		require.Equal(t, 7, counted(t, v, "one"), "late, but for the day of the visit")
		requireTop(t, v, 1, redis.Z{Member: "monday", Score: 1}, redis.Z{Member: "tuesday", Score: 5})
		requireTop(t, v, 2, redis.Z{Member: "monday", Score: 2}, redis.Z{Member: "tuesday", Score: 5})
		time.Sleep(6 * days)
		requireTop(t, v, 7, redis.Z{Member: "monday", Score: 1}, redis.Z{Member: "tuesday", Score: 5})
		time.Sleep(days)
		requireTop(t, v, 7)
		time.Sleep(days)
		size, err := rdb.Keys(context.Background(), "{visits}:day:*").Result()
		require.NoError(t, err)
		require.Empty(t, size, "a day ends by itself")
	})
}
