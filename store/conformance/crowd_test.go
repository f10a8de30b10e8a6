package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/resp"
)

// TestCrowd has many clients that do anything, close in the middle of it, or vanish without
// a word. One that stays gets all its replies, and in the end nothing is left of the others.
func TestCrowd(t *testing.T) {
	const crowd = 64
	each := rounds(40)
	run := func(t *testing.T, on side) {
		ctx := context.Background()
		r := seeded(t)
		stays := redis.NewClient(on.goRedis(3))
		defer stays.Close()
		var going sync.WaitGroup
		for i := range crowd {
			mine := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
			if i%4 == 3 {
				going.Go(func() { vanish(t, mine, on, each) })
				continue
			}
			o := on.goRedis(2 + i%2)
			o.PoolSize, o.MaxRetries = 200, -1 // a pool that is never exhausted: see goRedis
			going.Go(func() { crowdClient(t, mine, redis.NewClient(o), each) })
		}
		ended := make(chan struct{})
		go func() {
			going.Wait()
			close(ended)
		}()
		for n := int64(1); ; n++ {
			got, err := stays.Incr(ctx, "mine alone").Result()
			require.NoError(t, err)
			require.Equal(t, n, got)
			select {
			case <-ended:
			default:
				if on.bubble {
					time.Sleep(time.Millisecond)
				}
				continue
			}
			break
		}
		eventually(t, func() bool { return strings.Count(stays.ClientList(ctx).Val(), "\n") == 1 })
		info := stays.Info(ctx, "clients").Val()
		require.Contains(t, info, "blocked_clients:0\r")
		require.Contains(t, info, "connected_clients:1\r")
		require.Empty(t, stays.PubSubChannels(ctx, "*").Val())
		require.Zero(t, stays.PubSubNumPat(ctx).Val())
	}
	t.Run("memory", func(t *testing.T) { inMemory(t, run) })
	t.Run("bubble", func(t *testing.T) { inBubble(t, run) })
	// The server goes first. go-redis dials in vain for a second: in a bubble that is no time.
	t.Run("closed", func(t *testing.T) {
		inBubble(t, func(t *testing.T, on side) {
			r := seeded(t)
			var going sync.WaitGroup
			for i := range crowd {
				mine := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
				o := on.goRedis(2 + i%2)
				o.PoolSize, o.MaxRetries = 200, -1
				going.Go(func() { crowdClient(t, mine, redis.NewClient(o), 1<<30) })
			}
			ends := redis.NewClient(on.goRedis(3))
			for range 200 {
				require.NoError(t, ends.Incr(context.Background(), "mine alone").Err())
			}
			require.NoError(t, on.srv.Close())
			going.Wait()
			require.NoError(t, ends.Close())
		})
	})
}

// mayFail says whether an error is one that a client of the crowd may see: another has
// changed the type of the key, its own client or the server is closed, it was impatient.
func mayFail(err error) bool {
	var server redis.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, redis.Nil), errors.Is(err, redis.ErrClosed), errors.Is(err, redis.TxFailedErr),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, net.ErrClosed), errors.Is(err, resp.ErrServerClosed):
		return true
	case errors.As(err, &server):
		for _, known := range []string{
			"WRONGTYPE", "ERR value is not an integer", "ERR no such key", "UNBLOCKED", "ERR index out of range",
			"ERR hash value is not", "WRONGTYPE Key is not a valid HyperLogLog", "NOGROUP", "ERR The ID specified in XADD",
		} {
			if strings.HasPrefix(err.Error(), known) {
				return true
			}
		}
		return false
	}
	return errors.As(err, &network) || strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "closed")
}

// crowdClient does random things with a client from three goroutines. One of them, at
// times, closes it at once.
func crowdClient(t *testing.T, r *rand.Rand, c *redis.Client, n int) {
	var running sync.WaitGroup
	abrupt := r.IntN(3) == 0
	var failed atomic.Pointer[error]
	for g := range 3 {
		mine := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
		running.Go(func() {
			for i := range n {
				err := crowdStep(mine, c)
				if !mayFail(err) {
					failed.Store(&err)
				}
				if errors.Is(err, resp.ErrServerClosed) || errors.Is(err, redis.ErrClosed) {
					return
				}
				if abrupt && g == 0 && i == 20 {
					_ = c.Close()
				}
			}
		})
	}
	running.Wait()
	_ = c.Close()
	if err := failed.Load(); err != nil {
		t.Errorf("%T: %v", *err, *err)
	}
}

// crowdStep does something with c and returns its error.
func crowdStep(r *rand.Rand, c *redis.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	key := func() string { return fmt.Sprint("key", r.IntN(20)) }
	value := strings.Repeat("v", 1<<r.IntN(12))
	switch r.IntN(18) {
	case 0:
		return c.Set(ctx, key(), value, time.Duration(r.IntN(5))*time.Millisecond).Err()
	case 1:
		return c.Get(ctx, key()).Err()
	case 2:
		return c.RPush(ctx, key(), value, 1).Err()
	case 3:
		return c.LPop(ctx, key()).Err()
	case 4:
		return c.HSet(ctx, key(), value, 1).Err()
	case 5:
		return c.ZAdd(ctx, key(), redis.Z{Score: r.Float64(), Member: value}).Err()
	case 6:
		return c.ZRangeWithScores(ctx, key(), 0, -1).Err()
	case 7:
		return c.Del(ctx, key(), key()).Err()
	case 8:
		return c.Rename(ctx, key(), key()).Err()
	case 9:
		return c.XAdd(ctx, &redis.XAddArgs{Stream: key(), Values: []string{"f", value}}).Err()
	case 10: // it waits, and may give up first
		soon, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(3))*time.Millisecond)
		defer cancel()
		waiting := c.WithTimeout(time.Minute)
		waiting.Options().ContextTimeoutEnabled = true
		return waiting.BLPop(soon, time.Second, "queue", key()).Err()
	case 11:
		return c.LPush(ctx, "queue", value).Err()
	case 12:
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range r.IntN(50) {
				p.Incr(ctx, key())
				p.SAdd(ctx, key(), value)
			}
			return nil
		})
		return err
	case 13:
		k := key()
		return c.Watch(ctx, func(tx *redis.Tx) error {
			tx.Exists(ctx, k)
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, k, value, 0)
				p.RPush(ctx, "queue", value)
				return nil
			})
			return err
		}, k)
	case 14:
		ps := c.Subscribe(ctx, key(), "all")
		defer ps.Close()
		if _, err := ps.Receive(ctx); err != nil {
			return err
		}
		if err := c.Publish(ctx, "all", value).Err(); err != nil {
			return err
		}
		_, err := ps.ReceiveTimeout(ctx, time.Millisecond)
		return err
	case 15:
		return c.Scan(ctx, 0, "*", 100).Err()
	case 16:
		return c.PExpire(ctx, key(), time.Millisecond).Err()
	default:
		return c.Info(ctx, "server").Err()
	}
}

// vanish connects again and again, and closes the connection in the middle of a command, of
// a transaction, of what it waits for or of replies that it does not read.
func vanish(t *testing.T, r *rand.Rand, on side, n int) {
	for range n {
		c, err := on.dial(context.Background(), "", "")
		if err != nil {
			t.Error(err)
			return
		}
		var b []byte
		switch r.IntN(7) {
		case 0:
			b = append(b, "*3\r\n$3\r\nSET\r\n$5\r\nkey1\r\n"...)
		case 1:
			b = resp.AppendCommand(resp.AppendCommand(b, "WATCH", "key1", "queue"), "MULTI")
			b = resp.AppendCommand(b, "SET", "key1", "never")
		case 2:
			b = resp.AppendCommand(b, "BLPOP", "nothing", "0")
		case 3:
			b = resp.AppendCommand(b, "SUBSCRIBE", "all", "key1")
		case 4:
			for range 10 {
				b = resp.AppendCommand(b, "ECHO", strings.Repeat("x", 1<<16))
			}
		case 5:
			b = append(b, "\x00garbage\xff\r\n*1\r\n$99999999999\r\n"...)
		case 6:
			b = resp.AppendCommand(resp.AppendCommand(b, "MONITOR"), "PING")
		}
		_, _ = c.Write(b[:len(b)-r.IntN(2)*r.IntN(len(b))])
		if r.IntN(2) == 0 {
			_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
			_, _ = c.Read(make([]byte, 10))
		}
		_ = c.Close()
	}
}
