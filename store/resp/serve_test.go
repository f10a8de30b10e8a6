package resp

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// A connection in memory has one goroutine, with a subscription two, and none when it is
// closed.
func TestServeGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		before := goroutines()
		const n = 20
		var clients []*testClient
		for range n {
			c := dialTest(t, srv)
			require.Equal(t, "PONG", c.do("PING"))
			c.do("MULTI")
			c.do("SET k 1")
			c.do("EXEC")
			clients = append(clients, c)
		}
		want := func(each int) {
			t.Helper()
			synctest.Wait()
			require.Equal(t, before+each*n, goroutines())
		}
		want(1)
		for _, c := range clients {
			c.do("SUBSCRIBE a b c")
		}
		want(2)
		for _, c := range clients {
			c.next()
			c.next()
			c.do("UNSUBSCRIBE a b c")
		}
		want(1)
		for _, c := range clients {
			c.next()
			c.next()
			c.send("BLPOP nothing 0")
		}
		want(1)
		for _, c := range clients {
			c.Close()
		}
		want(0)
		require.NoError(t, srv.Close())
	})
}

// maxIdle is what an idle connection may take.
const maxIdle = 20 << 10

func TestServeIdle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has memory of its own")
	}
	n := 500
	require.Less(t, idleBytes(t, n, 1), float64(maxIdle))
}

// idleBytes returns the bytes that a connection takes, after some commands on each.
func idleBytes(t testing.TB, n, commands int) float64 {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	list := make([]net.Conn, n)
	answer := make([]byte, 4096)
	request := bytes.Repeat(AppendCommand(nil, "SET", "k", "some value"), commands)
	measure := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := measure()
	for i := range list {
		c, err := srv.Dial(context.Background(), "", "")
		require.NoError(t, err)
		list[i] = c
		c.Write(request)
		_, err = io.ReadFull(c, answer[:commands*len("+OK\r\n")])
		require.NoError(t, err)
	}
	took := measure() - before
	for _, c := range list {
		c.Close()
	}
	return float64(took) / float64(n)
}

// BenchmarkIdle says what an idle connection takes, both ends and the goroutine's stack.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(idleBytes(b, 2000, 20), "B/conn")
	}
}

// A long pipeline of large values: what comes is held once, and what goes is not copied.
func TestServeLargePipeline(t *testing.T) {
	const size, n = 1 << 20, 10000
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	c := dialTest(t, srv)
	value := strings.Repeat("v", size)
	c.send("SET k " + value)
	c.next()
	heap := func() int {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	runtime.GC()
	before := heap()
	c.send(repeated("GET k", n)...) // nothing is read meanwhile
	other := dialTest(t, srv)
	for i := int64(0); i < int64(n)*int64(size); {
		_, omem, _ := strings.Cut(other.do("CLIENT LIST"), " omem=")
		i = 0
		for _, digit := range omem[:strings.IndexByte(omem, ' ')] {
			i = 10*i + int64(digit-'0')
		}
		time.Sleep(time.Millisecond)
	}
	require.Less(t, heap()-before, 64<<20, "10 GiB are on their way")
	read := make([]byte, size+len("$1048576\r\n\r\n"))
	want := "$1048576\r\n" + value + "\r\n"
	for range 100 {
		_, err := io.ReadFull(c, read)
		require.NoError(t, err)
		require.True(t, want == string(read))
	}
	c.Close()

	c = dialTest(t, srv)
	rounds := 500
	if raceEnabled {
		rounds = 50
	}
	set := AppendCommand(nil, "SET", "k", value)
	for range rounds { // no reply is read
		_, err := c.Write(set)
		require.NoError(t, err)
	}
	for range rounds {
		require.Equal(t, "OK", c.next().Str)
	}
}

// Whatever one client sends, the others go on.
func TestServeBadInput(t *testing.T) {
	bad := map[string]string{
		"claims":          "*2147483647\r\n$536870912\r\nabc",
		"claims, nothing": strings.Repeat("*2147483647\r\n$536870912\r\n", 1),
		"nested":          strings.Repeat("*1\r\n", 100000),
		"nested wide":     strings.Repeat("*1000000\r\n$1\r\n", 1000),
		"long line":       strings.Repeat("a", 1<<20),
		"many lines":      strings.Repeat("\r\n", 1<<20),
		"NULs":            strings.Repeat("\x00", 1<<20),
		"bytes":           strings.Repeat("\xff\xfe\r\n", 10000),
		"in MULTI":        "MULTI\r\nSET a 1\r\n*3\r\n$3\r\nSET",
		"nothing read":    strings.Repeat("PING\r\nCOMMAND\r\n", 10),
		"half":            "*1\r\n$4\r\nPIN",
		"empty":           "",
	}
	for name, text := range bad {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
				c, other := dial(), dial()
				c.SetWriteDeadline(time.Now().Add(time.Second))
				io.WriteString(c, text) // the server may close before the end
				synctest.Wait()
				var after runtime.MemStats
				require.Equal(t, "PONG", other.do("PING"))
				runtime.ReadMemStats(&after)
				require.Less(t, after.HeapInuse, uint64(512<<20))
				require.Equal(t, "0", other.do("EXISTS a"))
				c.Close()
				synctest.Wait()
				require.Equal(t, 1, strings.Count(other.do("CLIENT LIST"), "id="))
			})
		})
	}
}

// FuzzServe sends bytes to a server, in two pieces, and closes.
func FuzzServe(f *testing.F) {
	_, list := testSessions(f)
	for _, test := range list {
		f.Add([]byte(test.request), uint16(len(test.request)/2), true)
	}
	for _, request := range requestCases() {
		if len(request) < 4096 {
			f.Add([]byte(request), uint16(3), false)
		}
	}
	f.Fuzz(func(t *testing.T, request []byte, cut uint16, half bool) {
		for _, word := range []string{"sleep", "populate", "pause", "eval", "fcall", "psync", "shutdown", "genpass"} {
			if bytes.Contains(bytes.ToLower(request), []byte(word)) {
				return // takes its time, or other fuzz targets are for it
			}
		}
		hangs := time.AfterFunc(time.Minute, func() { panic("it hangs: " + strconv.Quote(string(request))) })
		defer hangs.Stop()
		synctest.Test(t, func(t *testing.T) {
			s := store.New()
			defer s.Close()
			srv := NewServer(s)
			defer srv.Close()
			c, err := srv.Dial(t.Context(), "", "")
			require.NoError(t, err)
			defer c.Close()
			other := dialTest(t, srv)
			var reading sync.WaitGroup
			reading.Go(func() {
				r := NewReplyReader(c)
				for {
					reply, err := r.Next()
					if err != nil {
						require.NotErrorIs(t, err, ErrReply)
						return
					}
					_ = reply
				}
			})
			at := int(cut) % (len(request) + 1)
			c.Write(request[:at])
			synctest.Wait()
			c.Write(request[at:])
			synctest.Wait()
			if half {
				c.(*conn).CloseWrite()
			} else {
				c.Close()
			}
			synctest.Wait()
			reading.Wait()
			other.Write(AppendCommand(nil, "PING"))
			synctest.Wait()
			other.Close()
		})
	})
}
