package resp

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alcovedb/alcove/store/command"
	"github.com/stretchr/testify/require"
)

// testPipe is the two ends of a connection, closed at the end of the test.
func testPipe(t testing.TB) (client, server *conn) {
	client, server = newPipe(loopback(50000), loopback(6379))
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, server
}

// bothWays runs a test once with the client first, and once with the server, in a bubble:
// a wait that the bubble does not know to be one would end the test.
func bothWays(t *testing.T, test func(t *testing.T, a, b *conn)) {
	for _, name := range []string{"client", "server"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := testPipe(t)
				if name == "server" {
					a, b = b, a
				}
				test(t, a, b)
			})
		})
	}
}

// wantTimeout wants the error of a passed deadline.
func wantTimeout(t *testing.T, err error) {
	t.Helper()
	var asNet net.Error
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.ErrorAs(t, err, &asNet)
	require.True(t, asNet.Timeout())
}

// What follows is what golang.org/x/net/nettest asks of a net.Conn.

func TestConnBasicIO(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		want := make([]byte, 3<<20)
		rand.NewChaCha8([32]byte{1}).Read(want)
		go func() {
			io.Copy(a, bytes.NewReader(want))
			a.CloseWrite()
		}()
		go func() {
			io.Copy(b, b) // what came, back
			b.Close()
		}()
		got, err := io.ReadAll(a)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	})
}

func TestConnPingPong(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		var all sync.WaitGroup
		pong := func(c *conn) {
			buf := make([]byte, 8)
			for {
				if _, err := io.ReadFull(c, buf); err != nil {
					require.Equal(t, io.EOF, err)
					break
				}
				if buf[0]++; buf[0] > 200 {
					break
				}
				_, err := c.Write(buf)
				require.NoError(t, err)
			}
			c.Close()
		}
		all.Go(func() { pong(b) })
		_, err := a.Write(make([]byte, 8))
		require.NoError(t, err)
		all.Go(func() { pong(a) })
		all.Wait()
	})
}

// TestConnRacy reads and writes by many goroutines at once, deadlines and all.
func TestConnRacy(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		var all, other sync.WaitGroup
		other.Go(func() { io.Copy(io.Discard, b) })
		other.Go(func() {
			for _, err := b.Write(make([]byte, 999)); err == nil; _, err = b.Write(make([]byte, 999)) {
				time.Sleep(time.Millisecond)
			}
		})
		for range 10 {
			all.Go(func() {
				buf := make([]byte, 1024)
				for range 10 {
					a.SetReadDeadline(time.Now().Add(time.Millisecond))
					a.Read(buf)
				}
			})
			all.Go(func() {
				for range 10 {
					a.SetWriteDeadline(time.Now().Add(time.Millisecond))
					a.Write(make([]byte, 1024))
				}
			})
			all.Go(func() {
				a.LocalAddr()
				a.RemoteAddr()
				a.SetDeadline(time.Now().Add(10 * time.Millisecond))
				a.waiting()
				a.unread()
			})
		}
		all.Wait()
		b.Close()
		other.Wait()
	})
}

func TestConnReadDeadline(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		buf := make([]byte, 8)
		for _, d := range []time.Duration{-time.Hour, 0, 1, time.Millisecond, time.Hour, 1, time.Minute} {
			start := time.Now()
			require.NoError(t, a.SetReadDeadline(start.Add(d)))
			_, err := a.Read(buf)
			wantTimeout(t, err)
			require.Equal(t, max(d, 0), time.Since(start), "at its time, to the nanosecond")
			_, err = a.Read(buf)
			wantTimeout(t, err)
		}
		b.Write([]byte("ab"))
		_, err := a.Read(buf)
		wantTimeout(t, err) // though there is something to read
		require.NoError(t, a.SetReadDeadline(time.Time{}))
		n, err := a.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "ab", string(buf[:n]))

		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Second)))
		b.Write([]byte("ab"))
		time.Sleep(time.Second)
		_, err = a.Read(buf)
		wantTimeout(t, err) // even if the timer is late
	})
}

// TestConnDeadlineMoved moves a deadline while a read waits for it.
func TestConnDeadlineMoved(t *testing.T) {
	for _, c := range []struct {
		name             string
		first, then, end time.Duration
	}{
		{"later", time.Second, 5 * time.Second, 5 * time.Second},
		{"earlier", 5 * time.Second, 2 * time.Second, 2 * time.Second},
		{"from none", 0, 3 * time.Second, 3 * time.Second},
		{"to the past", 5 * time.Second, -time.Second, time.Second / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, a, _ *conn) {
				start := time.Now()
				if c.first != 0 {
					a.SetReadDeadline(start.Add(c.first))
				}
				go func() {
					time.Sleep(time.Second / 2)
					a.SetReadDeadline(start.Add(c.then))
				}()
				_, err := a.Read(make([]byte, 1))
				wantTimeout(t, err)
				require.Equal(t, c.end, time.Since(start))
			})
		})
	}
	t.Run("to none", func(t *testing.T) {
		bothWays(t, func(t *testing.T, a, b *conn) {
			a.SetReadDeadline(time.Now().Add(time.Second))
			go func() {
				time.Sleep(time.Second / 2)
				a.SetReadDeadline(time.Time{})
				time.Sleep(time.Hour)
				b.Write([]byte("x"))
			}()
			_, err := a.Read(make([]byte, 1))
			require.NoError(t, err)
		})
	})
}

func TestConnWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := testPipe(t)
		start := time.Now()
		client.SetWriteDeadline(start.Add(time.Second))
		n, err := client.Write(make([]byte, inputLimit+1))
		wantTimeout(t, err)
		require.Equal(t, inputLimit, n)
		require.Equal(t, time.Second, time.Since(start))
		_, err = client.Write(nil)
		wantTimeout(t, err)

		// A server's writes need no room, but keep to the deadline.
		server.SetWriteDeadline(time.Now().Add(time.Second))
		_, err = server.Write(make([]byte, 10*inputLimit))
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = server.Write([]byte("x"))
		wantTimeout(t, err)
		require.Equal(t, 10*inputLimit, server.unread())
	})
}

func TestConnClose(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		buf := make([]byte, 8)
		a.Write([]byte("left"))
		b.Write([]byte("dropped"))
		require.NoError(t, a.Close())
		require.NoError(t, a.Close())
		_, err := a.Read(buf)
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = a.Write(buf)
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, a.SetDeadline(time.Now()), net.ErrClosed)

		_, err = b.Write(buf)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		n, err := b.Read(buf)
		require.NoError(t, err)
		require.Equal(t, "left", string(buf[:n]))
		_, err = b.Read(buf)
		require.Equal(t, io.EOF, err)
		require.NoError(t, b.SetDeadline(time.Now()))
		_, err = b.Read(buf)
		wantTimeout(t, err)
	})
}

// TestConnCloseWakes closes an end while reads and a write of either wait.
func TestConnCloseWakes(t *testing.T) {
	for _, closes := range []string{"its own", "the other"} {
		t.Run(closes, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := testPipe(t)
				var all sync.WaitGroup
				for range 3 {
					all.Go(func() {
						_, err := client.Read(make([]byte, 1))
						if closes == "its own" {
							require.ErrorIs(t, err, net.ErrClosed)
						} else {
							require.Equal(t, io.EOF, err)
						}
					})
					all.Go(func() {
						_, err := client.Write(make([]byte, 2*inputLimit))
						if closes == "its own" {
							require.ErrorIs(t, err, net.ErrClosed)
						} else {
							require.ErrorIs(t, err, io.ErrClosedPipe)
						}
					})
				}
				synctest.Wait()
				if closes == "its own" {
					client.Close()
				} else {
					server.Close()
				}
				all.Wait()
			})
		})
	}
}

func TestConnCloseWrite(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		a.Write([]byte("question"))
		require.NoError(t, a.CloseWrite())
		_, err := a.Write([]byte("more"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "question", string(got))
		b.Write([]byte("answer"))
		b.Close()
		got, err = io.ReadAll(a)
		require.NoError(t, err)
		require.Equal(t, "answer", string(got))
	})
}

func TestConnHungUp(t *testing.T) {
	is := func(c *conn) (yes bool) {
		c.onHangUp(func() {
			c.unread() // without a lock
			yes = true
		})
		return yes
	}
	for name, end := range map[string]func(a, b *conn){
		"close":             func(_, b *conn) { b.Close() },
		"half-close":        func(_, b *conn) { b.CloseWrite() },
		"its own":           func(a, _ *conn) { a.Close() },
		"half-close, close": func(_, b *conn) { b.CloseWrite(); b.Close() },
		"abort":             func(a, _ *conn) { a.abort(io.ErrNoProgress) },
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, a, b *conn) {
				require.False(t, is(a))
				told := false
				a.onHangUp(func() { a.waiting(); told = true })
				end(a, b)
				require.True(t, told)
				require.True(t, is(a))
			})
			bothWays(t, func(t *testing.T, a, b *conn) {
				end(a, b)
				require.True(t, is(a), "asked later")
			})
		})
	}
}

func TestConnAbort(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		why := errors.New("why")
		a.Write([]byte("dropped"))
		go func() {
			time.Sleep(time.Second)
			a.abort(why)
			a.abort(io.EOF)
		}()
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, why)
		_, err = a.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = b.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		_, err = b.Write([]byte("x"))
		require.ErrorIs(t, err, io.ErrClosedPipe)
		require.ErrorIs(t, a.SetReadDeadline(time.Now()), net.ErrClosed)
	})
}

// TestConnWritesWhole has goroutines write more than there is room for; no write comes
// within another.
func TestConnWritesWhole(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		const size = inputLimit/2 + 4321
		for i := range 5 {
			go a.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
		}
		synctest.Wait()
		got := make([]byte, 5*size)
		_, err := io.ReadFull(b, got)
		require.NoError(t, err)
		require.Len(t, slices.Compact(got), 5)
	})
}

// TestConnModel writes and reads pieces of random sizes, by all ways there are, beside a
// plain buffer.
func TestConnModel(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 0))
		client, server := testPipe(t)
		size := func() int { return []int{rng.IntN(10), rng.IntN(1000), rng.IntN(3 * bigChunk)}[rng.IntN(3)] }
		var model []byte
		read := func() {
			n := size()
			var got []byte
			var err error
			if rng.IntN(2) == 0 {
				got = make([]byte, n)
				n, err = client.Read(got)
				got = got[:n]
			} else {
				var b strings.Builder
				n, err = client.readInto(&b, n)
				got = []byte(b.String())
			}
			require.NoError(t, err)
			require.Len(t, got, n)
			require.True(t, bytes.HasPrefix(model, got), "seed %d", seed)
			model = model[n:]
		}
		for range 300 {
			text := []byte(randomText(rng, size()))
			switch rng.IntN(4) {
			case 0:
				server.Write(text)
				model = append(model, text...)
			case 1:
				at := rng.IntN(len(text) + 1)
				middle := strings.Repeat("m", size())
				server.writeRefs(slices.Clone(text), []ref{{at: at, text: middle}})
				model = append(append(append(model, text[:at]...), middle...), text[at:]...)
			default:
				if len(model) > 0 {
					read()
				}
			}
			require.Equal(t, len(model), server.unread())
		}
		for len(model) > 0 {
			read()
		}
		require.Zero(t, client.waiting())
		require.LessOrEqual(t, cap(client.in.queue.pieces), keptPieces)
	}
}

// TestConnHandsOver has a reader that waits already: nothing is left in the connection.
func TestConnHandsOver(t *testing.T) {
	bothWays(t, func(t *testing.T, a, b *conn) {
		for range 3 {
			go func() {
				synctest.Wait()
				a.Write([]byte("12"))
				a.Write([]byte("34"))
				a.Write([]byte("56"))
			}()
			got := make([]byte, 6)
			_, err := io.ReadFull(b, got)
			require.NoError(t, err)
			require.Equal(t, "123456", string(got))
		}
		require.Nil(t, b.in.queue.spare)
	})
}

func TestConnOutputLimit(t *testing.T) {
	fill := func(t *testing.T, limit outputLimit, n int) (client, server *conn) {
		client, server = testPipe(t)
		server.setOutputLimit(limit)
		_, err := server.Write(make([]byte, n))
		require.NoError(t, err)
		return client, server
	}
	cut := func(t *testing.T, client, server *conn) {
		t.Helper()
		_, err := server.Read(make([]byte, 1))
		require.ErrorIs(t, err, errOutputLimit)
		_, err = client.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.Zero(t, server.unread())
	}
	pubsub := outputLimit{hard: 320, soft: 80, over: time.Minute}
	run := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
	}
	run("none", func(t *testing.T) { fill(t, outputLimit{}, 64<<20) })
	run("hard", func(t *testing.T) {
		client, server := fill(t, pubsub, 319)
		_, err := server.Write([]byte("x"))
		require.ErrorIs(t, err, errOutputLimit)
		cut(t, client, server)
	})
	run("hard by reference", func(t *testing.T) {
		client, server := fill(t, pubsub, 1)
		require.ErrorIs(t, server.writeRefs([]byte("ab"), []ref{{1, strings.Repeat("x", 320)}}), errOutputLimit)
		cut(t, client, server)
	})
	run("set later", func(t *testing.T) {
		client, server := fill(t, outputLimit{}, 1000)
		server.setOutputLimit(pubsub)
		cut(t, client, server)
	})
	run("soft", func(t *testing.T) {
		client, server := fill(t, pubsub, 80)
		start := time.Now()
		_, err := server.Read(make([]byte, 1))
		require.ErrorIs(t, err, errOutputLimit)
		require.Equal(t, time.Minute, time.Since(start))
		cut(t, client, server)
	})
	run("below soft", func(t *testing.T) {
		_, server := fill(t, pubsub, 79)
		time.Sleep(time.Hour)
		require.Equal(t, 79, server.unread())
	})
	run("soft with a pause", func(t *testing.T) {
		client, server := fill(t, pubsub, 80)
		start := time.Now()
		time.Sleep(59 * time.Second)
		client.Read(make([]byte, 1))
		time.Sleep(500 * time.Millisecond)
		server.Write([]byte("x"))
		_, err := server.Read(make([]byte, 1))
		require.ErrorIs(t, err, errOutputLimit)
		require.Equal(t, 59500*time.Millisecond+time.Minute, time.Since(start))
	})
	run("soft lifted", func(t *testing.T) {
		_, server := fill(t, pubsub, 80)
		server.setOutputLimit(outputLimit{})
		time.Sleep(time.Hour)
		require.Equal(t, 80, server.unread())
	})
}

// TestConnPipeline writes commands of 1 MiB before it reads, as go-redis does, with
// nobody but the server to make room.
func TestConnPipeline(t *testing.T) {
	const n = 200 // 10,000 take 14 s, and no more memory
	client, server := testPipe(t)
	value := strings.Repeat("v", 1<<20)
	go serve(server, value)
	command := AppendCommand(nil, "SET", "k", value)
	for range n {
		_, err := client.Write(command)
		require.NoError(t, err)
	}
	client.CloseWrite()
	got, err := io.Copy(io.Discard, client)
	require.NoError(t, err)
	require.EqualValues(t, n*(len("$1048576\r\n\r\n")+len(value)), got)
}

// TestConnIdle measures what a connection costs while it is idle, its session's goroutine
// included.
func TestConnIdle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory, too")
	}
	const n = 300
	memory := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := memory()
	clients := make([]*conn, n)
	for i := range clients {
		client, server := testPipe(t)
		clients[i] = client
		go serve(server, "")
		buf := make([]byte, 64)
		client.SetDeadline(time.Now().Add(time.Hour))
		for range 3 {
			client.Write(AppendCommand(nil, "SET", "key", "value"))
			client.Read(buf)
		}
		client.Write(bytes.Repeat(AppendCommand(nil, "SET", "key", "value"), 2000)) // a burst
		for got := 0; got < 2000*5; {
			k, _ := client.Read(buf)
			got += k
		}
	}
	each := (int64(memory()) - int64(before)) / n
	t.Logf("%d bytes a connection", each)
	require.Less(t, each, int64(20<<10))
	runtime.KeepAlive(clients)
}

// serve answers each command with a status, or with value, until the end.
func serve(server *conn, value string) {
	r, w := NewReader(server), NewWriter(server)
	r.OnWait = w.Flush
	for {
		if _, err := r.Next(); err != nil {
			w.Flush()
			server.Close()
			return
		}
		w.Reply(testReply(value))
	}
}

// testReply is OK, or the value if there is one.
func testReply(value string) command.Reply {
	if value == "" {
		return command.Reply{Kind: command.Simple, Str: "OK"}
	}
	return command.Reply{Kind: command.Bulk, Str: value}
}
