package conformance

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// TestGoRedisBulk sends many large values in one pipeline, and wants that many back in
// another: a client reads nothing before it has written all. -rounds 20 makes it 10,000
// commands, or 10 GiB. Memory is for what waits between the two ends, but not for all.
func TestGoRedisBulk(t *testing.T) {
	const (
		size = 1 << 20
		keys = 8
	)
	n := rounds(500)
	inMemory(t, func(t *testing.T, on side) {
		ctx := context.Background()
		o := on.goRedis(3)
		o.ReadTimeout, o.WriteTimeout = -1, -1 // else they are a few seconds for all of a pipeline
		c := redis.NewClient(o)
		defer c.Close()
		values := make([]string, keys)
		for i := range values {
			values[i] = strings.Repeat(string(rune('a'+i)), size)
		}

		began := time.Now()
		peak := peakOf(t, func() {
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range n {
					p.Set(ctx, fmt.Sprint("key", i%keys), values[(i+i/keys)%keys], 0)
				}
				return nil
			})
			require.NoError(t, err)
		})
		t.Logf("%d SETs: %v, %d MiB of heap at most", n, time.Since(began), peak>>20)
		require.Less(t, peak, uint64(128<<20))
		require.Equal(t, values[((n-1)+(n-1)/keys)%keys], c.Get(ctx, fmt.Sprint("key", (n-1)%keys)).Val())

		began = time.Now()
		buf := make([]byte, size)
		peak = peakOf(t, func() {
			cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range n {
					p.GetToBuffer(ctx, fmt.Sprint("key", i%keys), buf)
				}
				return nil
			})
			require.NoError(t, err)
			for _, cmd := range cmds {
				require.Equal(t, size, cmd.(*redis.ZeroCopyStringCmd).Val())
			}
		})
		t.Logf("%d GETs: %v, %d MiB of heap at most", n, time.Since(began), peak>>20)
		require.Less(t, peak, uint64(128<<20))
		require.True(t, c.Get(ctx, fmt.Sprint("key", (n-1)%keys)).Val() == string(buf))
	})
}

// peakOf returns how much more of the heap is in use at most while f runs.
func peakOf(t *testing.T, f func()) (peak uint64) {
	t.Helper()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		poll := time.NewTicker(time.Millisecond)
		defer poll.Stop()
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-ended:
				return
			case <-poll.C:
			}
		}
	})
	f()
	close(ended)
	watching.Wait()
	return peak - min(before, peak)
}
