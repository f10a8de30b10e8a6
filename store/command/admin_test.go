package command

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// newSessions returns a server with some sessions.
func newSessions(t testing.TB, n int) (*Server, []*Session) {
	t.Helper()
	s := store.New()
	srv := NewServer(s)
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.NoError(t, s.Close())
	})
	list := make([]*Session, n)
	for i := range list {
		list[i] = srv.NewSession(nil)
	}
	return srv, list
}

func say(s *Session, line string) Reply { return s.Do(context.Background(), strings.Fields(line)) }

// TestInfoOfCommands compares all that COMMAND INFO says of each command with Redis, but the
// notes, which the table does not have.
func TestInfoOfCommands(t *testing.T) {
	c := dialRedis(t, startRedis(t))
	c.do(t, "HELLO", "3")
	for cmd := range everyCommand() {
		if newerRows[cmd.FullName()] || newerArity[cmd.FullName()] || cmd.Subs != nil {
			continue
		}
		want := c.do(t, "COMMAND", "INFO", cmd.FullName()).Elems[0]
		got := asRESP3(cmd.info())
		for i := range want.Elems[8].Elems {
			if spec := &want.Elems[8].Elems[i]; len(spec.Elems) > 0 && spec.Elems[0].Str == "notes" {
				spec.Elems = spec.Elems[2:]
			}
		}
		require.Equal(t, inAnyOrder(want), inAnyOrder(got), cmd.FullName())
	}
}

func TestClientPauseAndUnblock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, list := newSessions(t, 3)
		a, b, c := list[0], list[1], list[2]
		require.Equal(t, ok, say(a, "CLIENT PAUSE 10000 WRITE"))
		began := time.Now()
		require.Equal(t, null, say(b, "GET k"))
		require.Equal(t, ok, say(b, "SET k v"))
		require.Equal(t, 10*time.Second, time.Since(began))

		require.Equal(t, ok, say(a, "CLIENT PAUSE 3600000 WRITE"))
		done := make(chan Reply)
		go func() { done <- say(b, "SET k w") }()
		synctest.Wait()
		require.Equal(t, bulk("v"), say(c, "GET k"))
		require.Equal(t, ok, say(a, "CLIENT UNPAUSE"))
		require.Equal(t, ok, <-done)

		go func() { done <- say(b, "BLPOP l 0") }()
		synctest.Wait()
		require.Equal(t, integer(1), say(a, "CLIENT UNBLOCK "+itoa(b.ID())))
		require.Equal(t, noList, <-done)
		go func() { done <- say(b, "BLPOP l 0") }()
		synctest.Wait()
		require.Equal(t, integer(1), say(a, "CLIENT UNBLOCK "+itoa(b.ID())+" ERROR"))
		require.Equal(t, unblocked, <-done)
		require.Equal(t, integer(0), say(a, "CLIENT UNBLOCK "+itoa(b.ID())))

		go func() { done <- say(b, "BLPOP l 0") }()
		synctest.Wait()
		require.Equal(t, integer(1), say(a, "CLIENT KILL ID "+itoa(b.ID())))
		<-done
		require.True(t, b.Ended())
	})
}

// A pause whose end is beyond all numbers ends at once, as in Redis; one of all time can be ended.
func TestClientPauseTooLong(t *testing.T) {
	for _, mode := range []string{"", " ALL", " WRITE"} {
		synctest.Test(t, func(t *testing.T) {
			_, list := newSessions(t, 3)
			a, b := list[0], list[1]
			began := time.Now()
			require.Equal(t, ok, say(a, "CLIENT PAUSE 9223372036854775807"+mode))
			require.Equal(t, ok, say(b, "SET k v"))
			require.Equal(t, ok, say(a, "CLIENT PAUSE "+itoa(math.MaxInt64-began.UnixMilli()+1)+mode))
			require.Equal(t, ok, say(b, "SET k v"))
			require.Equal(t, ok, say(a, "CLIENT PAUSE 0"+mode))
			require.Equal(t, ok, say(b, "SET k v"))
			require.Zero(t, time.Since(began))

			require.Equal(t, ok, say(a, "CLIENT PAUSE 5000"+mode))
			require.Equal(t, ok, say(list[2], "CLIENT PAUSE 9223372036854775807 WRITE"))
			require.Equal(t, ok, say(b, "SET k v"))
			require.Equal(t, 5*time.Second, time.Since(began))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, list := newSessions(t, 2)
		a, b := list[0], list[1]
		require.Equal(t, ok, say(a, "CLIENT PAUSE "+itoa(math.MaxInt64-time.Now().UnixMilli())+" WRITE"))
		done := make(chan Reply)
		go func() { done <- say(b, "SET k v") }()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("it is not paused")
		default:
		}
		require.Equal(t, ok, say(a, "CLIENT UNPAUSE"))
		require.Equal(t, ok, <-done)
	})
}

func TestClientReply(t *testing.T) {
	_, list := newSessions(t, 1)
	s := list[0]
	require.Equal(t, silent, say(s, "CLIENT REPLY SKIP"))
	require.Equal(t, silent, say(s, "PING"))
	require.Equal(t, simple("PONG"), say(s, "PING"))
	require.Equal(t, silent, say(s, "CLIENT REPLY OFF"))
	require.Equal(t, silent, say(s, "PING"))
	require.Equal(t, silent, say(s, "NOPE"))
	require.Equal(t, ok, say(s, "CLIENT REPLY ON"))
	require.Equal(t, simple("PONG"), say(s, "PING"))
	require.Equal(t, ok, say(s, "QUIT"))
	require.True(t, s.Ended())
	require.Equal(t, silent, say(s, "PING"))
}

func TestMonitor(t *testing.T) {
	srv, list := newSessions(t, 1)
	var lines []string
	m := srv.NewSession(func(r Reply) { lines = append(lines, r.Str) })
	require.Equal(t, ok, say(m, "MONITOR"))
	list[0].SetAddrs("127.0.0.1:5", "127.0.0.1:6")
	list[0].Do(context.Background(), []string{"SET", "k", "a\"\\\n\x00é"})
	say(list[0], "AUTH secret")
	say(list[0], "CONFIG GET hz") // is not shown
	require.Len(t, lines, 2)
	require.Regexp(t, `^\d+\.\d{6} \[0 127\.0\.0\.1:5\] "SET" "k" "a\\"\\\\\\n\\x00\\xc3\\xa9"$`, lines[0])
	require.Regexp(t, `"AUTH" "\(redacted\)"$`, lines[1])
	require.Equal(t, simple("RESET"), say(m, "RESET"))
	say(list[0], "PING")
	require.Len(t, lines, 2)
}

// TestMonitorOfWaits: a command that waits is shown before, and once.
func TestMonitorOfWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, list := newSessions(t, 2)
		names := func(lines *[]string) *Session {
			m := srv.NewSession(func(r Reply) { *lines = append(*lines, strings.Fields(r.Str)[3]) })
			require.Equal(t, ok, say(m, "MONITOR"))
			return m
		}
		var early, late []string
		defer names(&early).Close()
		done := make(chan Reply, 1)
		go func() { done <- say(list[0], "BLPOP k 0") }()
		synctest.Wait()
		defer names(&late).Close()
		say(list[1], "RPUSH k v")
		<-done
		say(list[0], "BLPOP k 0.1")
		require.Equal(t, []string{`"BLPOP"`, `"RPUSH"`, `"BLPOP"`}, early)
		require.Equal(t, []string{`"RPUSH"`, `"BLPOP"`}, late)
	})
}

func TestSlowlog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, list := newSessions(t, 1)
		s := list[0]
		require.Equal(t, ok, say(s, "CONFIG SET latency-monitor-threshold 1000"))
		say(s, "CLIENT SETNAME conn")
		say(s, "DEBUG SLEEP 2")
		say(s, "PING "+strings.Repeat("x", 10))
		r := say(s, "SLOWLOG GET")
		require.Len(t, r.Elems, 1)
		e := r.Elems[0].Elems
		require.Equal(t, integer(2e6), e[2])
		require.Equal(t, texts([]string{"DEBUG", "SLEEP", "2"}), e[3])
		require.Equal(t, bulk("conn"), e[5])
		require.Equal(t, integer(2000), say(s, "LATENCY LATEST").Elems[0].Elems[2])
		require.Contains(t, say(s, "INFO commandstats").Str, "cmdstat_debug:calls=1,usec=2000000")
		require.Contains(t, say(s, "INFO latencystats").Str, "latency_percentiles_usec_debug:p50=2164260.863,p99=")
		say(s, "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3")
		for range 5 {
			say(s, "PING")
		}
		require.Equal(t, integer(3), say(s, "SLOWLOG LEN"))
		say(s, "CONFIG SET slowlog-log-slower-than -1")
		say(s, "SLOWLOG RESET")
		say(s, "PING")
		require.Equal(t, integer(0), say(s, "SLOWLOG LEN"))
	})
}

func TestPercentiles(t *testing.T) {
	var st commandStats
	st.calls, st.times[0], st.times[3], st.times[10] = 100, 50, 49, 1
	for share, i := range map[float64]int{0: 0, 50: 0, 51: 3, 99: 3, 99.9: 10, 100: 10} {
		require.Equal(t, bucketEnd(i), st.percentile(share), "%v%%", share)
	}
}

// TestInfoOfServer looks at what the server says of itself and of its process.
func TestInfoOfServer(t *testing.T) {
	srv, list := newSessions(t, 1)
	text := say(list[0], "INFO").Str
	for _, line := range []string{
		fmt.Sprintf("process_id:%d", os.Getpid()), "run_id:" + srv.runID(), "used_cpu_user:", "redis_version:7.0.15",
	} {
		require.Contains(t, text, "\n"+line)
	}
	require.Len(t, srv.runID(), 40)
}

// As in Redis, a subcommand that there is none of is no rejected call of its command.
func TestStatsOfRejected(t *testing.T) {
	srv, list := newSessions(t, 1)
	for _, line := range []string{"OBJECT foo", "OBJECT", "OBJECT ENCODING", "CLIENT REPLY"} {
		require.Equal(t, Error, say(list[0], line).Kind, line)
	}
	for name, n := range map[string]int64{"object": 1, "object|encoding": 1, "client": 0, "client|reply": 1} {
		require.Equal(t, n, srv.stats.of(aclLookup(name)).rejected, name)
	}
}
