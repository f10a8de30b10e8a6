package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/bench/redisserver"
	"github.com/alcovedb/alcove/bench/workload"
	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/resp"
)

// servers are what a client of Redis can be told to speak to. Each starts one, and returns how
// it is dialled; it skips what is not installed.
var servers = []struct {
	name  string
	start func(b *testing.B) func(context.Context, string, string) (net.Conn, error)
}{
	{"alcove", func(b *testing.B) func(context.Context, string, string) (net.Conn, error) {
		s := store.New()
		srv := resp.NewServer(s)
		b.Cleanup(func() {
			require.NoError(b, srv.Close())
			require.NoError(b, s.Close())
		})
		return srv.Dial
	}},
	{"redis", func(b *testing.B) func(context.Context, string, string) (net.Conn, error) {
		server, err := redisserver.Start("")
		if errors.Is(err, redisserver.ErrNotInstalled) {
			b.Skip(err)
		}
		require.NoError(b, err)
		b.Cleanup(server.Stop)
		return to("unix", server.Socket())
	}},
	{"miniredis", func(b *testing.B) func(context.Context, string, string) (net.Conn, error) {
		m, err := miniredis.Run()
		require.NoError(b, err)
		b.Cleanup(m.Close)
		return to("tcp", m.Addr())
	}},
}

func to(network, addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}

// client returns go-redis with its defaults, but for what it sends beside commands, and for
// repeating them.
func client(b *testing.B, dial func(context.Context, string, string) (net.Conn, error)) *redis.Client {
	c := redis.NewClient(&redis.Options{
		Dialer: dial, DisableIdentity: true, MaxRetries: -1, PoolSize: 16,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	b.Cleanup(func() { require.NoError(b, c.Close()) })
	return c
}

const (
	faceKeys  = 10_000
	faceValue = "a value of thirty-two bytes, 32."
)

// faceOps are the commands that are sent, each to the i-th key.
var faceOps = []struct {
	name string
	send func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder
}{
	{"set", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder {
		return c.Set(ctx, key('s', i), faceValue, 0)
	}},
	{"get", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder { return c.Get(ctx, key('s', i)) }},
	{"incr", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder { return c.Incr(ctx, key('n', i)) }},
	{"hset", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder {
		return c.HSet(ctx, key('h', i%100), key('f', i), faceValue)
	}},
	{"zadd", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder {
		return c.ZAdd(ctx, key('z', i%100), redis.Z{Score: float64(i), Member: key('m', i)})
	}},
	{"lpush-rpop", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder {
		if i%2 == 0 {
			return c.LPush(ctx, "l", faceValue)
		}
		return c.RPop(ctx, "l")
	}},
	{"mget10", func(ctx context.Context, c redis.Cmdable, i int) redis.Cmder {
		return c.MGet(ctx, keys('s', i)...)
	}},
}

// faceNames are keys, made before the clock runs.
var faceNames = func() map[byte][]string {
	names := map[byte][]string{}
	for _, kind := range []byte("snhfzm") {
		for i := range faceKeys + 10 {
			names[kind] = append(names[kind], string(kind)+":"+strconv.Itoa(1_000_000+i))
		}
	}
	return names
}()

func key(kind byte, i int) string { return faceNames[kind][i%faceKeys] }

func keys(kind byte, i int) []string { return faceNames[kind][i%faceKeys:][:10] }

// fillFace puts the strings there.
func fillFace(b *testing.B, c *redis.Client) {
	pipe := c.Pipeline()
	for i := range faceKeys {
		pipe.Set(b.Context(), key('s', i), faceValue, 0)
	}
	_, err := pipe.Exec(b.Context())
	require.NoError(b, err)
}

// processors returns what tells how much time of processors was used so far, by the client and
// by the server: on a machine that others use, too, it says more than the clock.
func processors(b *testing.B, server string, c *redis.Client) func() time.Duration {
	if server != "redis" {
		return workload.CPUTime
	}
	return func() time.Duration {
		sum := workload.CPUTime()
		text, err := c.Info(b.Context(), "cpu").Result()
		require.NoError(b, err)
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "used_cpu_sys" || name == "used_cpu_user" {
				s, err := strconv.ParseFloat(value, 64)
				require.NoError(b, err)
				sum += time.Duration(s * float64(time.Second))
			}
		}
		return sum
	}
}

// BenchmarkRoundTrips has one and eight goroutines send a command each and wait for its reply.
func BenchmarkRoundTrips(b *testing.B) {
	eachServer(b, func(b *testing.B, server string, c *redis.Client) {
		for _, op := range faceOps {
			for _, goroutines := range []int{1, 8} {
				b.Run(fmt.Sprintf("op=%s/goroutines=%d", op.name, goroutines), func(b *testing.B) {
					b.ReportAllocs()
					cpu := processors(b, server, c)
					used := cpu()
					b.ResetTimer()
					var next atomic.Int64
					var wait sync.WaitGroup
					for range goroutines {
						wait.Go(func() {
							for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
								if err := op.send(b.Context(), c, int(i)).Err(); err != nil && err != redis.Nil {
									b.Error(err)
									return
								}
							}
						})
					}
					wait.Wait()
					b.ReportMetric(float64(cpu()-used)/float64(b.N), "cpu-ns/op")
				})
			}
		}
	})
}

// BenchmarkPipelines sends many commands, and then reads their replies. The time is that of
// one command.
func BenchmarkPipelines(b *testing.B) {
	eachServer(b, func(b *testing.B, server string, c *redis.Client) {
		for _, op := range faceOps {
			for _, n := range []int{100, 1000} {
				b.Run(fmt.Sprintf("op=%s/commands=%d", op.name, n), func(b *testing.B) {
					b.ReportAllocs()
					cpu := processors(b, server, c)
					used := cpu()
					b.ResetTimer()
					for i := 0; i < b.N; {
						pipe := c.Pipeline()
						for range min(n, b.N-i) {
							op.send(b.Context(), pipe, i)
							i++
						}
						if _, err := pipe.Exec(b.Context()); err != nil && err != redis.Nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(cpu()-used)/float64(b.N), "cpu-ns/op")
				})
			}
		}
	})
}

// BenchmarkWire is BenchmarkPipelines without a client library's own work: bytes that are
// made once are written, and their replies read.
func BenchmarkWire(b *testing.B) {
	for _, server := range servers {
		b.Run("peer="+server.name, func(b *testing.B) {
			dial := server.start(b)
			c := client(b, dial)
			fillFace(b, c)
			for _, op := range wireOps {
				for _, n := range []int{1, 100, 1000} {
					b.Run(fmt.Sprintf("op=%s/commands=%d", op.name, n), func(b *testing.B) {
						conn, err := dial(b.Context(), "", "")
						require.NoError(b, err)
						defer conn.Close()
						require.NoError(b, c.Del(b.Context(), "l").Err())
						benchmarkWire(b, conn, op, n, processors(b, server.name, c))
					})
				}
			}
		})
	}
}

type wireOp struct {
	name  string
	args  func(i int) []string
	reply func(i int) string
}

var wireOps = []wireOp{
	{"ping", func(int) []string { return []string{"PING"} }, func(int) string { return "+PONG\r\n" }},
	{"set", func(i int) []string { return []string{"SET", key('s', i), faceValue} }, func(int) string { return "+OK\r\n" }},
	{"get", func(i int) []string { return []string{"GET", key('s', i)} }, func(int) string { return wireValue }},
	{"lpush-rpop", func(i int) []string {
		if i%2 == 0 {
			return []string{"LPUSH", "l", faceValue}
		}
		return []string{"RPOP", "l"}
	}, func(i int) string {
		if i%2 == 0 {
			return ":1\r\n"
		}
		return wireValue
	}},
	{"mget10", func(i int) []string {
		return append([]string{"MGET"}, keys('s', i%(faceKeys-10))...)
	}, func(int) string { return "*10\r\n" + strings.Repeat(wireValue, 10) }},
}

const wireValue = "$32\r\n" + faceValue + "\r\n"

func benchmarkWire(b *testing.B, conn net.Conn, op wireOp, n int, cpu func() time.Duration) {
	batches := make([]struct{ sent, want []byte }, min(100, faceKeys/n))
	for i := range batches {
		for j := i * n; j < (i+1)*n; j++ {
			batches[i].sent = resp.AppendCommand(batches[i].sent, op.args(j)...)
			batches[i].want = append(batches[i].want, op.reply(j)...)
		}
	}
	got := make([]byte, 0, 1<<20)
	require.NoError(b, conn.SetDeadline(time.Now().Add(time.Hour)))
	b.ReportAllocs()
	used := cpu()
	b.ResetTimer()
	for i := 0; i < b.N; i += n {
		batch := &batches[i/n%len(batches)]
		if _, err := conn.Write(batch.sent); err != nil {
			b.Fatal(err)
		}
		for got = got[:0]; len(got) < len(batch.want); {
			m, err := conn.Read(got[len(got):cap(got)])
			if err != nil {
				b.Fatal(err)
			}
			got = got[:len(got)+m]
		}
		if !bytes.Equal(got, batch.want) {
			b.Fatalf("got %.60q", got)
		}
	}
	b.ReportMetric(float64(cpu()-used)/float64(b.N), "cpu-ns/op")
}

func eachServer(b *testing.B, run func(b *testing.B, server string, c *redis.Client)) {
	for _, server := range servers {
		b.Run("peer="+server.name, func(b *testing.B) {
			c := client(b, server.start(b))
			fillFace(b, c)
			run(b, server.name, c)
		})
	}
}
