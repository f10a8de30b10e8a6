package bench

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/resp"
)

// BenchmarkIdleConnection says what connections take that have sent a few commands and do
// nothing now: one in memory with both its ends and its goroutine, the same with a client of
// go-redis, and what go-redis takes for its end, which is the same over any connection.
func BenchmarkIdleConnection(b *testing.B) {
	const conns = 1000
	set := resp.AppendCommand(nil, "SET", "k", "some value")
	bare := func(b *testing.B, dial dialer) (end func()) {
		list, answer := make([]net.Conn, conns), make([]byte, len("+OK\r\n"))
		for i := range list {
			c, err := dial(b.Context(), "", "")
			require.NoError(b, err)
			for range 10 {
				_, err = c.Write(set)
				require.NoError(b, err)
				_, err = io.ReadFull(c, answer)
				require.NoError(b, err)
			}
			list[i] = c
		}
		return func() {
			for _, c := range list {
				_ = c.Close()
			}
		}
	}
	clients := func(b *testing.B, dial dialer) (end func()) {
		list := make([]*redis.Client, conns)
		for i := range list {
			list[i] = redis.NewClient(&redis.Options{Dialer: dial, PoolSize: 1})
			for range 10 {
				require.NoError(b, list[i].Set(b.Context(), "k", "some value", 0).Err())
			}
		}
		return func() {
			for _, c := range list {
				_ = c.Close()
			}
		}
	}
	measure := func(b *testing.B, open func(*testing.B, dialer) func()) float64 {
		s := store.New()
		defer s.Close()
		srv := resp.NewServer(s)
		defer srv.Close()
		before := inUse()
		end := open(b, srv.Dial)
		took := inUse() - before
		end()
		return float64(took) / conns
	}
	b.Run("alcove", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(measure(b, bare), "B/conn")
		}
	})
	b.Run("alcove and go-redis", func(b *testing.B) {
		for b.Loop() {
			own, both := measure(b, bare), measure(b, clients)
			b.ReportMetric(both, "B/conn")
			b.ReportMetric(both-own, "B/go-redis")
		}
	})
}

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// inUse returns the bytes of the heap and of the goroutines' stacks.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
