package resp

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func TestFaultMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		c, other := dialTest(t, srv), dialTest(t, srv)
		require.Equal(t, "OK", c.do("CLIENT SETNAME me"))
		for _, test := range []struct {
			fault    Fault
			hit, not []string // commands; those of other are behind a >
		}{
			{Fault{}, []string{"PING", "> PING", "NOSUCH", "GET"}, nil},
			{Fault{Command: "get"}, []string{"GET a", "get b", "> GeT c", "GET"}, []string{"GETEX a", "PING", "MGET get"}},
			{Fault{Command: "CLIENT|ID"}, []string{"CLIENT ID", "client id"}, []string{"CLIENT LIST", "CLIENT"}},
			{Fault{Command: "client"}, []string{"CLIENT ID", "CLIENT NOSUCH", "CLIENT"}, []string{"PING"}},
			{Fault{Command: "nosuch"}, []string{"NoSuch a"}, []string{"PING"}},
			{Fault{Key: "user:*"}, []string{"GET user:1", "MGET a b user:2", "SET user:3 a"}, []string{"GET a", "SET a user:1", "PING", "ECHO user:1"}},
			{Fault{Key: "user:*", Command: "set"}, []string{"SET user:3 a"}, []string{"GET user:1"}},
			{Fault{Key: "k"}, []string{"ZUNION 2 a k", "XREAD COUNT 1 STREAMS a k 0 0", "EVAL x 1 k"}, []string{"ZUNION 2 a b WEIGHTS 1 k", "EVAL k 0 k"}},
			{Fault{Client: "me"}, []string{"PING"}, []string{"> PING"}},
			{Fault{Client: c.do("CLIENT ID")}, []string{"PING"}, []string{"> PING"}},
			{Fault{Client: c.LocalAddr().String()}, []string{"PING"}, []string{"> PING"}},
		} {
			f := test.fault
			f.Error = "OOPS"
			i := srv.Inject(f)
			for _, line := range test.hit {
				who := c
				if strings.HasPrefix(line, "> ") {
					who = other
				}
				require.Equal(t, "OOPS", who.do(strings.TrimPrefix(line, "> ")), "%+v: %s", f, line)
			}
			for _, line := range test.not {
				who := c
				if strings.HasPrefix(line, "> ") {
					who = other
				}
				require.NotEqual(t, "OOPS", who.do(strings.TrimPrefix(line, "> ")), "%+v: %s", f, line)
			}
			require.Equal(t, len(test.hit), i.Fired())
			require.Equal(t, len(test.hit), i.Met())
			require.Equal(t, f, i.Fault())
			require.Equal(t, []*Injection{i}, srv.Injections())
			i.Remove()
			i.Remove()
			require.Empty(t, srv.Injections())
			require.Equal(t, "PONG", c.do("PING"))
		}
	})
}

func TestFaultTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s, WithFaults(Fault{Command: "ping", Error: "OOPS", Skip: 2, Times: 3}))
		defer srv.Close()
		c, got := dialTest(t, srv), ""
		for range 8 {
			got += c.do("PING") + " "
		}
		require.Equal(t, "PONG PONG OOPS OOPS OOPS PONG PONG PONG ", got)
		require.Equal(t, 3, srv.Injections()[0].Fired())
		require.Equal(t, 8, srv.Injections()[0].Met())
	})
}

// The same seed hits the same commands, about as many as it should.
func TestFaultChance(t *testing.T) {
	hits := func(chance float64, seed uint64, skip int) (got string, fired int) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		i := srv.Inject(Fault{Error: "x", Chance: chance, Seed: seed, Skip: skip})
		c := dialTest(t, srv)
		c.send(repeated("ECHO .", 1000)...)
		for range 1000 {
			got += c.next().Str
		}
		require.Equal(t, i.Fired(), strings.Count(got, "x"))
		return got, i.Fired()
	}
	first, n := hits(0.25, 1, 0)
	require.InDelta(t, 250, n, 60)
	again, _ := hits(0.25, 1, 0)
	require.Equal(t, first, again)
	other, _ := hits(0.25, 2, 0)
	require.NotEqual(t, first, other)
	later, _ := hits(0.25, 1, 5)
	require.Equal(t, first[:995], later[5:], "who is spared draws no lot")
	_, n = hits(1, 1, 0)
	require.Equal(t, 1000, n)
}

func TestFaultEffects(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c, other := dial(), dial()
		for _, late := range []bool{false, true} {
			ran := fmt.Sprint(map[bool]int{true: 1}[late])
			other.do("DEL k")

			i := srv.Inject(Fault{Command: "incr", Error: "LOADING of what was", Late: late})
			require.Equal(t, "LOADING of what was", c.do("INCR k"))
			i.Remove()
			require.Equal(t, ran, other.number("k"), "error, late: %v", late)

			i = srv.Inject(Fault{Command: "incr", Close: true, Late: late})
			other.do("DEL k")
			c.send("PING", "INCR k", "INCR k")
			require.Equal(t, []string{"PONG"}, c.wantEnd())
			i.Remove()
			require.Equal(t, ran, other.number("k"), "closed, late: %v", late)
			require.Equal(t, 1, i.Fired())

			c = dial()
			other.do("DEL k")
			i = srv.Inject(Fault{Command: "incr", Delay: time.Minute, Late: late})
			began := time.Now()
			c.send("PING", "INCR k", "PING")
			require.Equal(t, "PONG", show(c.next()))
			require.Equal(t, began, time.Now(), "what came before does not wait")
			synctest.Wait()
			require.Equal(t, ran, other.number("k"), "delayed, late: %v", late)
			require.Equal(t, "1", show(c.next()))
			require.Equal(t, time.Minute, time.Since(began))
			require.Equal(t, "PONG", show(c.next()))
			i.Remove()
		}
	})
}

// number is GET, 0 without a key.
func (c *testClient) number(key string) string {
	c.t.Helper()
	if n := c.do("GET " + key); n != "nil" {
		return n
	}
	return "0"
}

func TestFaultsTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c := dial()
		srv.Inject(Fault{Delay: time.Second})
		srv.Inject(Fault{Delay: time.Second, Error: "ONE"})
		srv.Inject(Fault{Error: "TWO"})
		srv.Inject(Fault{Delay: time.Second, Late: true})
		began := time.Now()
		require.Equal(t, "ONE", c.do("PING"))
		require.Equal(t, 2*time.Second, time.Since(began))
	})
}

// Where a client wants no reply, it gets no error.
func TestFaultsWithoutReplies(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		for _, late := range []bool{false, true} {
			i := srv.Inject(Fault{Command: "ping", Error: "OOPS", Late: late})
			c := dial()
			c.send("CLIENT REPLY OFF", "PING", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "PING", "PING")
			require.Equal(t, "OK", show(c.next()))
			require.Equal(t, "OOPS", show(c.next()))
			require.Equal(t, 3, i.Fired())
			i.Remove()
		}
	})
}

func TestFaultsInTransactions(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *Server, dial func() *testClient) {
		c := dial()
		for _, late := range []bool{false, true} {
			i := srv.Inject(Fault{Command: "set", Error: "OOM not now", Late: late})
			c.send("MULTI", "SET k 1", "EXEC", "EXISTS k")
			require.Equal(t, "OK", show(c.next()))
			require.Equal(t, "OOM not now", show(c.next()))
			require.Equal(t, "EXECABORT Transaction discarded because of previous errors.", show(c.next()))
			require.Equal(t, "0", show(c.next()))
			i.Remove()
		}

		i := srv.Inject(Fault{Command: "exec", Error: "ERR no"})
		c.send("MULTI", "SET k 1", "EXEC", "EXISTS k", "EXEC")
		for _, want := range []string{"OK", "QUEUED", "EXECABORT Transaction discarded because of: no", "0", "EXECABORT Transaction discarded because of: no"} {
			require.Equal(t, want, show(c.next()))
		}
		i.Remove()

		srv.Inject(Fault{Command: "exec", Close: true, Late: true})
		c.send("MULTI", "SET k 1", "EXEC")
		require.Equal(t, []string{"OK", "QUEUED"}, c.wantEnd())
		require.Equal(t, "1", dial().do("EXISTS k"))
	})
}

// A delay lasts by the store's clock, and ends when the connection is closed from this side.
func TestFaultDelayEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := store.NewManualClock(time.Unix(1e9, 0))
		s := store.New(store.WithClock(clock))
		defer s.Close()
		srv := NewServer(s, WithFaults(Fault{Command: "incr", Delay: time.Hour}))
		defer srv.Close()
		c, gone, killed, other := dialTest(t, srv), dialTest(t, srv), dialTest(t, srv), dialTest(t, srv)
		id := killed.do("CLIENT ID")
		c.send("INCR k")
		gone.send("INCR k")
		killed.send("INCR k")
		gone.Close()
		synctest.Wait()
		require.Equal(t, "1", other.do("CLIENT KILL ID "+id))
		killed.wantEnd()
		clock.Advance(time.Hour - time.Nanosecond)
		synctest.Wait()
		require.Equal(t, "nil", other.do("GET k"))
		clock.Advance(time.Nanosecond)
		c.next()
		synctest.Wait()
		require.Equal(t, "2", other.do("GET k"), "a client that has gone does not stop a slow server")
		c.send("INCR k")
		synctest.Wait()
		require.NoError(t, srv.Close())
	})
}

// A fault may be injected and removed while commands run.
func TestFaultRace(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	const clients, each = 4, 300
	failed := make(chan int, clients)
	for range clients {
		c := dialTest(t, srv)
		go func() {
			n := 0
			for range each {
				if c.do("INCR k") == "x" {
					n++
				}
			}
			failed <- n
		}()
	}
	var all []*Injection
	hit, fired := 0, 0
	for left := clients; left > 0; {
		select {
		case n := <-failed:
			hit += n
			left--
		default:
			i := srv.Inject(Fault{Command: "incr", Error: "x", Chance: 0.5})
			srv.Injections()
			i.Fired()
			runtime.Gosched()
			i.Remove()
			all = append(all, i)
		}
	}
	for _, i := range all {
		fired += i.Fired()
	}
	require.Equal(t, fired, hit)
	n, err := s.String("k").IncrBy(0)
	require.NoError(t, err)
	require.EqualValues(t, clients*each-hit, n, "what has failed has not run")
}
