package command

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// What several clients get of each other is compared with a redis-server: a line of a program is
// a client and its command, and after each line all clients say what has come to them.
var programs = map[string]string{
	"channels": `
		A SUBSCRIBE a b a
		B SUBSCRIBE b
		C PUBLISH a 1
		C PUBLISH b 2
		C PUBLISH c 3
		C PUBLISH "" empty
		C PUBSUB NUMSUB a b c a
		C PUBSUB CHANNELS a
		C PUBSUB CHANNELS x*
		A UNSUBSCRIBE a c
		C PUBLISH a 4
		A UNSUBSCRIBE
		C PUBLISH b 5
		B UNSUBSCRIBE b
		C PUBLISH b 6
		A UNSUBSCRIBE
		A PUBLISH b 7`,
	"patterns": `
		A PSUBSCRIBE a* ?b
		A SUBSCRIBE ab
		C PUBLISH ab 1
		C PUBLISH a 2
		C PUBLISH xb 3
		C PUBSUB NUMPAT
		C PUBSUB CHANNELS
		B PSUBSCRIBE a*
		C PUBSUB NUMPAT
		A PUNSUBSCRIBE a* nothing
		C PUBLISH ab 4
		A PUNSUBSCRIBE
		A PUNSUBSCRIBE
		C PUBLISH ab 5
		A UNSUBSCRIBE
		C PUBSUB NUMPAT`,
	"sharded": `
		A SSUBSCRIBE a
		A SSUBSCRIBE b a
		A SUBSCRIBE a
		C PUBLISH a 1
		C SPUBLISH a 2
		C PUBSUB SHARDNUMSUB a b c
		C PUBSUB SHARDCHANNELS a
		C PUBSUB NUMSUB a
		A SUNSUBSCRIBE b x
		A UNSUBSCRIBE
		A SUNSUBSCRIBE
		A SUNSUBSCRIBE
		C SPUBLISH a 3`,
	"the context of a subscription": `
		A SUBSCRIBE a
		A GETX k
		A HGET k f
		A XADD
		A PUBLISH a 1
		A MULTI
		A XINFO STREAM k
		A XINFO HELP
		A EXEC
		A SSUBSCRIBE s
		A UNSUBSCRIBE
		A HGET k f
		A SUNSUBSCRIBE
		A HGET k f
		A PSUBSCRIBE p
		A HGET k f
		A PUNSUBSCRIBE p
		A HGET k f`,
	"to itself": `
		A SUBSCRIBE a
		A PSUBSCRIBE *
		A PUBLISH a 1
		A SPUBLISH a 1
		B SUBSCRIBE a
		A PUBLISH a 2`,
	"events": `
		C CONFIG SET notify-keyspace-events KEAm
		A PSUBSCRIBE __keyevent*
		C LPOP none 0
		C RPOP none 0
		C LPOP none 1
		C RPUSH l a
		C LPOP l 0
		C GEOADD g 13.361389 38.115556 Palermo
		C GEORADIUS g 13 38 100 km STORE p
		C GEORADIUSBYMEMBER g Palermo 100 km STOREDIST p
		C GEOSEARCHSTORE p g FROMLONLAT 13 38 BYRADIUS 100 km
		C GEORADIUS none 13 38 100 km STORE p
		C GEORADIUSBYMEMBER_RO none a -1 km
		C LINDEX none x
		C LSET none x a
		C XDEL none x
		C XGROUP CREATE none g x
		C XGROUP CREATE none g x MKSTREAM
		C XGROUP SETID none g x
		C XRANGE none - + COUNT 0
		C RESTORE none x p
		C DEBUG DIGEST-VALUE none
		C TYPE none
		C LCS g none FOO
		C CONFIG SET notify-keyspace-events ""`,
	"transactions": `
		A SUBSCRIBE a
		B MULTI
		B PUBLISH a 1
		B HSET h f v
		B PUBLISH a 2
		B EXEC
		B MULTI
		B SUBSCRIBE b
		B PUBLISH x y
		B EXEC
		C PUBLISH b 3
		C MULTI
		C SSUBSCRIBE b
		C UNSUBSCRIBE
		C PUBSUB NUMSUB a b
		C EXEC`,
}

// redisProgram runs a program on a redis-server.
func redisProgram(t *testing.T, socket string, proto int, text string) (lines []string) {
	clients := map[string]*redisClient{}
	for _, client := range []string{"A", "B", "C"} {
		clients[client] = dialRedis(t, socket)
		clients[client].do(t, "HELLO", strconv.Itoa(proto))
	}
	clients["A"].do(t, "FLUSHALL")
	defer func() {
		for _, c := range clients {
			c.conn.Close()
		}
	}()
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.TrimSpace(line)
		client, rest, _ := strings.Cut(line, " ")
		words := wordsOf(t, rest)
		got := map[string][]Reply{}
		first, err := clients[client].exchange(words)
		require.NoError(t, err)
		got[client] = append(got[client], first)
		multi := strings.HasPrefix(first.Str, "QUEUED") || words[0] == "MULTI"
		for _, name := range []string{"A", "B", "C"} {
			if multi && name == client {
				continue // where PING would be queued
			}
			got[name] = append(got[name], untilPong(t, clients[name])...)
		}
		lines = append(lines, line+sayings(got, proto))
	}
	return lines
}

// untilPong returns what comes before the reply to a PING.
func untilPong(t *testing.T, c *redisClient) (list []Reply) {
	const mark = "that is all"
	for r, err := c.exchange([]string{"PING", mark}); ; r, err = c.read() {
		require.NoError(t, err)
		if r.Str == mark || len(r.Elems) == 2 && r.Elems[1].Str == mark {
			return list
		}
		list = append(list, r)
	}
}

// sayings is what clients have got. Patterns have no order in Redis.
func sayings(got map[string][]Reply, proto int) string {
	var list []string
	for _, client := range []string{"A", "B", "C"} {
		from := len(list)
		for _, r := range got[client] {
			if r = asRESP3(r); proto == 2 {
				r = asRESP2(r)
			}
			list = append(list, fmt.Sprintf(" [%s %v]", client, r))
			if !strings.Contains(list[len(list)-1], "pmessage") {
				from = len(list)
			}
			slices.Sort(list[from:])
		}
	}
	return strings.Join(list, "")
}

// ourProgram runs a program by sessions.
func ourProgram(t *testing.T, proto int, text string) (lines []string) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		var lock sync.Mutex // two sinks may be called at once
		got := map[string][]Reply{}
		add := func(client string, r Reply) {
			lock.Lock()
			defer lock.Unlock()
			got[client] = append(got[client], r)
		}
		sessions := map[string]*Session{}
		for _, client := range []string{"A", "B", "C"} {
			sessions[client] = srv.NewSession(func(r Reply) { add(client, r) })
			sessions[client].proto = proto
		}
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			line = strings.TrimSpace(line)
			client, rest, _ := strings.Cut(line, " ")
			if r := sessions[client].Do(context.Background(), wordsOf(t, rest)); r.Kind != None {
				add(client, r)
			}
			synctest.Wait()
			lines = append(lines, line+sayings(got, proto))
			clear(got)
		}
	})
	return lines
}

func TestPrograms(t *testing.T) {
	socket := startRedis(t, "--enable-debug-command", "yes")
	for name, text := range programs {
		for _, proto := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, proto), func(t *testing.T) {
				want, got := redisProgram(t, socket, proto, text), ourProgram(t, proto, text)
				require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"))
			})
		}
	}
}

// A sink gets messages one at a time and in order, with the replies of SUBSCRIBE before the
// first and those of UNSUBSCRIBE behind the last.
func TestSubscriptionOrder(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	ctx := context.Background()
	var lock sync.Mutex
	var got []Reply
	busy := false
	session := srv.NewSession(func(r Reply) {
		lock.Lock()
		defer lock.Unlock()
		if busy {
			t.Error("two at a time")
		}
		busy = true
		got = append(got, r)
		busy = false
	})
	defer session.Close()
	stop := make(chan struct{})
	var publishers sync.WaitGroup
	for range 2 {
		publishers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					_, _ = s.Publish("c", strconv.Itoa(i))
				}
			}
		})
	}
	for range 50 {
		session.Do(ctx, []string{"SUBSCRIBE", "c"})
		session.Do(ctx, []string{"UNSUBSCRIBE", "c"})
	}
	close(stop)
	publishers.Wait()
	require.NoError(t, session.Close())
	lock.Lock()
	defer lock.Unlock()
	subscribed, replies := false, 0
	for _, r := range got {
		switch kind := r.Elems[0].Str; kind {
		case "message":
			require.True(t, subscribed, "a message without a subscription")
		default:
			require.Equal(t, map[bool]string{false: "subscribe", true: "unsubscribe"}[subscribed], kind)
			subscribed = !subscribed
			replies++
		}
	}
	require.Equal(t, 100, replies)
	require.False(t, subscribed)
}

// A session that ends, or a store, leaves nothing behind.
func TestSubscriptionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which no goroutine may be left
		s := store.New()
		srv := NewServer(s)
		ctx := context.Background()
		for _, words := range []string{"SUBSCRIBE a b", "PSUBSCRIBE a*", "SSUBSCRIBE a"} {
			session := srv.NewSession(nil)
			session.Do(ctx, strings.Fields(words))
			require.NoError(t, session.Close())
			session.Do(ctx, strings.Fields(words))
		}
		synctest.Wait()
		channels, err := s.PubSubChannels()
		require.NoError(t, err)
		require.Empty(t, channels)
		session := srv.NewSession(nil)
		session.Do(ctx, []string{"SUBSCRIBE", "a"})
		require.NoError(t, s.Close())
		<-session.Done()
		require.NoError(t, srv.Close())
	})
}

// A message that came before a command is sent before its reply, also if that is an error.
func TestMessagesBeforeErrors(t *testing.T) {
	ask, _ := toServe(t)
	for range 300 {
		var sent atomic.Int32
		s := ask.srv.NewSession(func(Reply) { sent.Add(1) })
		s.proto = 3
		say(s, "SUBSCRIBE a")
		for i, line := range []string{"GET", "MULTI", "PING"} {
			say(ask, "PUBLISH a x")
			say(s, line)
			require.Equal(t, int32(i+2), sent.Load(), line)
		}
		require.NoError(t, s.Close())
	}
}

// A message that came before a SUBSCRIBE is sent before its reply.
func TestMessagesBeforeSubscribe(t *testing.T) {
	ask, _ := toServe(t)
	for range 300 {
		var sent []string
		s := ask.srv.NewSession(func(r Reply) { sent = append(sent, r.Elems[0].Str) })
		say(s, "SUBSCRIBE a")
		say(ask, "PUBLISH a x")
		say(s, "SUBSCRIBE b")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"subscribe", "message", "subscribe"}, sent)
	}
}

// TestCloseWaits: behind Close of the server nothing comes to a sink any more.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		began, ended := make(chan struct{}), false
		session := srv.NewSession(func(r Reply) {
			if r.Elems[0].Str == "message" {
				close(began)
				time.Sleep(time.Second)
				ended = true
			}
		})
		session.Do(t.Context(), []string{"SUBSCRIBE", "news"})
		_, err := s.Publish("news", "hello")
		require.NoError(t, err)
		<-began
		require.NoError(t, srv.Close())
		require.True(t, ended)
	})
}
