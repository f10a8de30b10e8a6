package resp

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// CLIENT KILL ends a connection at once, whatever it does.
func TestKill(t *testing.T) {
	for name, busy := range map[string]func(c *testClient){
		"idle":         func(c *testClient) {},
		"blocked":      func(c *testClient) { c.send("BLPOP k 0", "SET k 1") },
		"subscribed":   func(c *testClient) { c.do("SUBSCRIBE a") },
		"monitor":      func(c *testClient) { c.do("MONITOR") },
		"asleep":       func(c *testClient) { c.send("DEBUG SLEEP 1e6", "SET k 1") },
		"waiting":      func(c *testClient) { c.send("WAIT 1 0", "SET k 1") },
		"transaction":  func(c *testClient) { c.do("WATCH k"); c.do("MULTI"); c.do("SET k 1") },
		"half a word":  func(c *testClient) { io.WriteString(c, "*1\r\n$4\r\nPI") },
		"never reads":  func(c *testClient) { c.send(strings.Fields(strings.Repeat("PING ", 100))...) },
		"wants silent": func(c *testClient) { c.send("CLIENT REPLY OFF") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
				c, other := dial(), dial()
				id := c.do("CLIENT ID")
				busy(c)
				synctest.Wait()
				require.Equal(t, "1", other.do("CLIENT KILL ID "+id))
				require.NotContains(t, other.do("CLIENT LIST"), "id="+id+" ")
				synctest.Wait()
				c.wantEnd()
				require.Equal(t, "0", other.do("EXISTS k"))
			})
		})
	}
	t.Run("paused", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
			c, other := dial(), dial()
			id := c.do("CLIENT ID")
			require.Equal(t, "OK", other.do("CLIENT PAUSE 1000000 WRITE"))
			c.send("PING", "SET k 1")
			synctest.Wait()
			require.Equal(t, "PONG", show(c.next()), "what was answered before a wait leaves")
			require.Equal(t, "1", other.do("CLIENT KILL ID "+id))
			require.Empty(t, c.wantEnd())
			require.Equal(t, "OK", other.do("CLIENT UNPAUSE"))
			require.Equal(t, "0", other.do("EXISTS k"))
		})
	})
}

// A client that hangs up takes nothing any more.
func TestHangUp(t *testing.T) {
	for name, line := range map[string]string{
		"BLPOP": "BLPOP k 0", "BLMOVE": "BLMOVE k l LEFT LEFT 0", "BLMPOP": "BLMPOP 0 1 k LEFT", "WAIT": "WAIT 1 0",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
				c, other := dial(), dial()
				c.send("ECHO a", line, "SET after 1")
				synctest.Wait()
				require.Equal(t, "a", show(c.next()))
				require.Contains(t, other.do("CLIENT LIST"), "flags=b ")
				c.Close()
				synctest.Wait()
				require.NotContains(t, other.do("CLIENT LIST"), "flags=b ")
				require.Equal(t, "1", other.do("RPUSH k x"))
				require.Equal(t, "x", other.do("LPOP k"))
				require.Equal(t, "0", other.do("EXISTS after l"))
			})
		})
	}
	t.Run("no goroutine of its own", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
			c := dial()
			c.do("PING")
			synctest.Wait()
			before := goroutines()
			c.send("BLPOP k 0")
			synctest.Wait()
			require.Equal(t, before, goroutines())
		})
	})
}

// What comes behind a command that waits runs after it, in order.
func TestBlockedPipeline(t *testing.T) {
	for end, reply := range map[string]string{
		"RPUSH k x":                "[k x]",
		"CLIENT UNBLOCK %":         "nil",
		"CLIENT UNBLOCK % TIMEOUT": "nil",
		"CLIENT UNBLOCK % ERROR":   "UNBLOCKED client unblocked via CLIENT UNBLOCK",
		"":                         "nil", // the time
	} {
		t.Run(end, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
				c, other := dial(), dial()
				id := c.do("CLIENT ID")
				lines := []string{"SET a 1", "BLPOP k 9.5"}
				for i := range 100 {
					lines = append(lines, fmt.Sprint("INCRBY a ", i))
				}
				began := time.Now()
				c.send(lines...)
				synctest.Wait()
				require.Equal(t, "1", other.do("GET a"))
				if end != "" {
					require.Equal(t, "1", other.do(strings.ReplaceAll(end, "%", id)))
				}
				require.Equal(t, "OK", show(c.next()))
				require.Equal(t, reply, show(c.next()))
				if end == "" {
					require.Equal(t, 9500*time.Millisecond, time.Since(began))
				}
				for i, sum := 0, 1; i < 100; i++ {
					sum += i
					require.Equal(t, fmt.Sprint(sum), show(c.next()))
				}
				require.Equal(t, "0", other.do("CLIENT UNBLOCK "+id), "it waits no longer")
			})
		})
	}
}

func TestPause(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c, other := dial(), dial()
		began := time.Now()
		require.Equal(t, "OK", c.do("CLIENT PAUSE 5000 WRITE"))
		require.Equal(t, "nil", c.do("GET k"))
		require.Equal(t, time.Duration(0), time.Since(began))
		require.Equal(t, "OK", c.do("SET k 1"))
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, "OK", c.do("CLIENT PAUSE 5000"))
		require.Equal(t, "1", other.do("GET k"))
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

// A client that reads nothing holds up nobody, and is closed when too much waits for it.
func TestOutputLimitOfPubSub(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		slow, other, quick := dial(), dial(), dial()
		slow.do("SUBSCRIBE a")
		quick.do("SUBSCRIBE a")
		require.Equal(t, "OK", other.do("CONFIG SET client-output-buffer-limit pubsub_1mb_0_0"))
		message := strings.Repeat("x", 1000)
		for range 900 {
			require.Equal(t, "2", other.do("PUBLISH a "+message))
			quick.next()
		}
		require.Regexp(t, `omem=[89]\d{5} `, other.do("CLIENT LIST"))
		require.Equal(t, 3, strings.Count(other.do("CLIENT LIST"), "id="))
		for range 200 {
			other.do("PUBLISH a " + message)
			quick.next()
		}
		synctest.Wait()
		require.Equal(t, "1", other.do("PUBLISH a end"))
		require.Equal(t, 2, strings.Count(other.do("CLIENT LIST"), "id="))
		require.Equal(t, "[message a end]", show(quick.next()))
		slow.wantEnd()
	})
}

func TestOutputLimitBySize(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c, other := dial(), dial()
		require.Equal(t, "OK", other.do("SET k "+strings.Repeat("x", 10000)))
		c.send(repeated("GET k", 110)...)
		synctest.Wait()
		require.Contains(t, other.do("CLIENT LIST"), "name= age=0 idle=0 flags=N")
		require.Equal(t, "OK", other.do("CONFIG SET client-output-buffer-limit normal_1000000_0_0"), "too much waits already")
		synctest.Wait()
		require.Equal(t, 1, strings.Count(other.do("CLIENT LIST"), "id="))
		c.wantEnd()

		c = dial()
		c.send(repeated("GET k", 99)...)
		synctest.Wait()
		for range 99 {
			require.Len(t, c.next().Str, 10000)
		}
		c.send(repeated("GET k", 110)...)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(other.do("CLIENT LIST"), "id="))
	})
}

// repeated is n times a line.
func repeated(line string, n int) (lines []string) {
	for range n {
		lines = append(lines, line)
	}
	return lines
}

func TestOutputLimitByTime(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c, other := dial(), dial()
		require.Equal(t, "OK", other.do("SET k "+strings.Repeat("x", 10000)))
		require.Equal(t, "OK", other.do("CONFIG SET client-output-buffer-limit normal_0_500000_10"))
		c.send(repeated("GET k", 60)...)
		time.Sleep(9 * time.Second)
		for range 50 {
			c.next()
		}
		c.send(repeated("GET k", 60)...)
		time.Sleep(9 * time.Second)
		require.Equal(t, 2, strings.Count(other.do("CLIENT LIST"), "id="), "it was quick enough")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(other.do("CLIENT LIST"), "id="))
		c.wantEnd()
	})
}

// A class is that of the moment.
func TestOutputLimitOfClass(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c, other := dial(), dial()
		require.Equal(t, "OK", other.do("CONFIG SET client-output-buffer-limit pubsub_10_0_0"))
		require.Equal(t, strings.Repeat("x", 100), c.do("ECHO "+strings.Repeat("x", 100)))
		c.send("SUBSCRIBE " + strings.Join(repeated("a", 1000), " "))
		synctest.Wait()
		require.Less(t, len(c.wantEnd()), 1000)

		require.Equal(t, "OK", other.do("CONFIG SET client-output-buffer-limit pubsub_100_0_0"))
		c = dial()
		require.Equal(t, "[subscribe a 1]", c.do("SUBSCRIBE a"))
		require.Equal(t, "[unsubscribe a 0]", c.do("UNSUBSCRIBE"))
		c.send(repeated("ECHO "+strings.Repeat("x", 100), 1000)...)
		synctest.Wait()
		for range 1000 {
			require.Len(t, c.next().Str, 100)
		}
	})
}

// Close ends everything, and what runs in it can't hold it up.
func TestCloseWhileBusy(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		var all []*testClient
		start := func(lines ...string) {
			c := dial()
			c.send(lines...)
			all = append(all, c)
		}
		start("BLPOP k 0", "PING")
		start("XREAD BLOCK 0 STREAMS s $")
		start("WAIT 1 0")
		start("DEBUG SLEEP 1e8")
		start("SUBSCRIBE a")
		start("MONITOR")
		start("MULTI", "PING")
		start("PING")
		srv.Inject(Fault{Command: "echo", Delay: time.Hour})
		start("ECHO a")
		synctest.Wait()
		start("CLIENT PAUSE 1000000 ALL")
		synctest.Wait()
		start("PING")
		synctest.Wait()
		began := time.Now()
		require.NoError(t, srv.Close())
		require.Equal(t, began, time.Now())
		for _, c := range all {
			c.wantEnd()
		}
		synctest.Wait()
		require.Zero(t, strings.Count(stacks(), "resp.(*peer)"))
	})
}

// Many clients do this and that while the server is closed.
func TestCloseRace(t *testing.T) {
	for range 20 {
		inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
			lines := []string{"BLPOP k 0", "RPUSH k x", "SUBSCRIBE a", "PUBLISH a x", "PING", "CLIENT KILL TYPE pubsub", "QUIT"}
			var clients sync.WaitGroup
			for i := range 14 {
				c := dial()
				clients.Go(func() {
					for n := 0; ; n++ {
						if _, err := c.Write(AppendCommand(nil, strings.Fields(lines[(i+n)%len(lines)])...)); err != nil {
							break
						}
						c.SetReadDeadline(time.Now().Add(time.Millisecond))
						c.r.Next()
					}
				})
			}
			time.Sleep(5 * time.Millisecond)
			require.NoError(t, srv.Close())
			clients.Wait()
		})
	}
}

// TestMonitorReply: the reply to MONITOR comes before what it shows.
func TestMonitorReply(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	busy, stop := dialTest(t, srv), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				busy.do("PING")
			}
		}
	})
	for range 2000 {
		c := dialTest(t, srv)
		require.Equal(t, "OK", c.do("MONITOR"))
		require.NoError(t, c.Close())
	}
	close(stop)
	wait.Wait()
}
