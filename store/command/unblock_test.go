package command

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// served are commands that wait, and what serves them.
var served = []struct {
	wait, serve string
	left        string // says what is left where nobody was served
	want        Reply
}{
	{"BLPOP l 0", "RPUSH l x", "LLEN l", integer(1)},
	{"BLPOP none l l 0", "RPUSH l x", "LLEN l", integer(1)},
	{"BLMPOP 0 1 l LEFT COUNT 2", "MULTI;RPUSH l x;RPUSH l y;EXEC", "LLEN l", integer(2)},
	{"BLPOP l 0", "EVAL redis.call('RPUSH',KEYS[1],'x') 1 l", "LLEN l", integer(1)},
	{"BLMOVE l m LEFT LEFT 0", "RPUSH l x", "LLEN l", integer(1)},
	{"BLMOVE l m LEFT LEFT 0", "RPUSH l x", "EXISTS m", integer(0)},
	{"BZPOPMIN z 0", "ZADD z 1 a", "ZCARD z", integer(1)},
	{"BZMPOP 0 2 none z MAX", "MULTI;ZADD z 1 a;EXEC", "ZCARD z", integer(1)},
	{"XREAD BLOCK 0 STREAMS s $", "XADD s * f v", "XLEN s", integer(1)},
	{"XREAD BLOCK 0 STREAMS none s $ $", "MULTI;XADD s * f v;EXEC", "XLEN s", integer(1)},
	{"XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "XADD s * f v", "XPENDING s g - + 1", array()},
	{"XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "MULTI;XADD s * f v;EXEC", "XPENDING s g - + 1", array()},
}

// toServe returns a server with a client that asks and one that waits.
func toServe(t *testing.T, opts ...store.Option) (ask, wait *Session) {
	s := store.New(append(opts, store.WithShards(8))...) // FLUSHALL takes the locks of all
	srv := NewServer(s, WithScriptEngine(tinyLua{}))
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.NoError(t, s.Close())
	})
	return srv.NewSession(nil), srv.NewSession(nil)
}

func sayAll(s *Session, lines string) {
	for line := range strings.SplitSeq(lines, ";") {
		say(s, line)
	}
}

// blocks starts a command of s and returns when it waits.
func blocks(t *testing.T, ask, s *Session, line string) <-chan Reply {
	t.Helper()
	done := make(chan Reply, 1)
	go func() { done <- s.Do(context.Background(), strings.Fields(line)) }()
	for end := time.Now().Add(10 * time.Second); !isBlocked(ask, s); {
		require.True(t, time.Now().Before(end), "%s does not wait", line)
	}
	return done
}

func isBlocked(ask, s *Session) bool {
	return strings.Contains(say(ask, "CLIENT LIST ID "+itoa(s.ID())).Str, "flags=b")
}

// Who was served before the reply to what served it waits no longer, also if its goroutine has
// not woken yet.
func TestServedWaitsNoLonger(t *testing.T) {
	for _, test := range served {
		t.Run(test.wait+" "+test.serve, func(t *testing.T) {
			ask, wait := toServe(t)
			for range 50 {
				sayAll(ask, "FLUSHALL;XGROUP CREATE s g $ MKSTREAM")
				done := blocks(t, ask, wait, test.wait)
				require.Contains(t, say(ask, "INFO clients").Str, "blocked_clients:1\r\n")
				sayAll(ask, test.serve)
				require.False(t, isBlocked(ask, wait))
				require.Contains(t, say(ask, "INFO clients").Str, "blocked_clients:0\r\n")
				require.Equal(t, integer(0), say(ask, "CLIENT UNBLOCK "+itoa(wait.ID())))
				r := <-done
				require.NotContains(t, []Kind{NullArray, Null, Error}, r.Kind)
			}
		})
	}
}

// As does who was served an error.
func TestServedErrorWaitsNoLonger(t *testing.T) {
	for wait, serve := range map[string]string{
		"XREADGROUP GROUP g c BLOCK 0 STREAMS s >": "XGROUP DESTROY s g",
		"BLMOVE l text LEFT LEFT 0":                "SET text x;RPUSH l x",
	} {
		asks, waits := toServe(t)
		for range 50 {
			sayAll(asks, "FLUSHALL;XGROUP CREATE s g $ MKSTREAM")
			done := blocks(t, asks, waits, wait)
			sayAll(asks, serve)
			require.False(t, isBlocked(asks, waits))
			require.Equal(t, integer(0), say(asks, "CLIENT UNBLOCK "+itoa(waits.ID())+" ERROR"))
			r := <-done
			require.Equal(t, Error, r.Kind)
			require.NotEqual(t, unblocked, r)
		}
	}
}

// Of who serves and who unblocks at the same time one wins, and nothing is lost.
func TestUnblockRace(t *testing.T) {
	for _, test := range served {
		t.Run(test.wait+" "+test.serve+" "+test.left, func(t *testing.T) {
			ask, wait := toServe(t)
			serve := ask.srv.NewSession(nil)
			for i := range 300 {
				sayAll(ask, "FLUSHALL;XGROUP CREATE s g $ MKSTREAM")
				done := blocks(t, ask, wait, test.wait)
				var by Reply
				var both sync.WaitGroup
				both.Go(func() { sayAll(serve, test.serve) })
				both.Go(func() {
					for range i % 5 {
						say(ask, "PING")
					}
					by = say(ask, "CLIENT UNBLOCK "+itoa(wait.ID())+" ERROR")
				})
				both.Wait()
				require.False(t, isBlocked(ask, wait))
				if r := <-done; by.Int == 1 {
					require.Equal(t, unblocked, r)
					require.Equal(t, test.want, say(ask, test.left))
				} else {
					require.NotContains(t, []Kind{NullArray, Null, Error}, r.Kind)
				}
			}
		})
	}
}

// The same with the time that a wait ends at, and at which entries may be claimed.
func TestUnblockRaceOfTime(t *testing.T) {
	for _, line := range []string{
		"BLPOP l 1", "XREAD BLOCK 1000 STREAMS s $", "WAIT 1 1000",
		"XREADGROUP GROUP g c BLOCK 0 CLAIM 1000 STREAMS s >",
	} {
		t.Run(line, func(t *testing.T) {
			clock := store.NewManualClock(time.Unix(1000, 0))
			ask, wait := toServe(t, store.WithClock(clock))
			for i := range 300 {
				sayAll(ask, "FLUSHALL;XGROUP CREATE s g $ MKSTREAM;XADD s 1-1 f v;XREADGROUP GROUP g b STREAMS s >")
				done := blocks(t, ask, wait, line)
				var by Reply
				var both sync.WaitGroup
				both.Go(func() { clock.Advance(time.Second) })
				both.Go(func() {
					for range i % 50 {
						say(ask, "PING")
					}
					by = say(ask, "CLIENT UNBLOCK "+itoa(wait.ID())+" ERROR")
				})
				both.Wait()
				r := <-done
				require.Equal(t, by.Int == 1, r.Kind == Error, "%v", r)
				if strings.Contains(line, "CLAIM") {
					pending := say(ask, "XPENDING s g - + 1 c")
					require.Len(t, pending.Elems, 1-int(by.Int))
				}
			}
		})
	}
}

// Who was unblocked takes nothing from who comes behind it, before it has woken, too.
func TestUnblockedTakesNothing(t *testing.T) {
	ask, first := toServe(t)
	second := ask.srv.NewSession(nil)
	for range 100 {
		one := blocks(t, ask, first, "BLPOP l 0")
		two := blocks(t, ask, second, "BLPOP l 0")
		require.Equal(t, integer(1), say(ask, "CLIENT UNBLOCK "+itoa(first.ID())))
		require.Equal(t, integer(0), say(ask, "CLIENT UNBLOCK "+itoa(first.ID())))
		say(ask, "RPUSH l x")
		require.False(t, isBlocked(ask, second))
		require.Equal(t, noList, <-one)
		require.Equal(t, array(bulk("l"), bulk("x")), <-two)
	}
}

// What is queued by MULTI waits for the end of a pause as if it were run.
func TestPauseMulti(t *testing.T) {
	socket := startRedis(t)
	for _, test := range []struct {
		mode, line string
		waits      bool
	}{
		{"ALL", "SET k v", true},
		{"ALL", "GET k", true},
		{"ALL", "DISCARD", true},
		{"WRITE", "SET k v", true},
		{"WRITE", "PUBLISH c m", true},
		{"WRITE", "GET k", false},
		{"WRITE", "DISCARD", false},
	} {
		t.Run(test.mode+" "+test.line, func(t *testing.T) {
			a, b := dialRedis(t, socket), dialRedis(t, socket)
			a.do(t, "MULTI")
			began, pause := time.Now(), "3600000"
			if test.waits {
				pause = "50"
			}
			b.do(t, "CLIENT", "PAUSE", pause, test.mode)
			want := a.do(t, strings.Fields(test.line)...)
			if test.waits {
				require.GreaterOrEqual(t, time.Since(began), 45*time.Millisecond)
			}
			b.do(t, "CLIENT", "UNPAUSE")

			synctest.Test(t, func(t *testing.T) {
				_, list := newSessions(t, 2)
				a, b := list[0], list[1]
				say(a, "MULTI")
				say(b, "CLIENT PAUSE 1000 "+test.mode)
				began := time.Now()
				require.Equal(t, want, say(a, test.line))
				require.Equal(t, test.waits, time.Since(began) == time.Second)
			})
		})
	}
}

// Who has killed a client that waits, or has seen it go, may serve at once: what comes is not
// for that client.
func TestEndedTakesNothing(t *testing.T) {
	for name, end := range map[string]func(ask, wait *Session){
		"CLIENT KILL": func(ask, wait *Session) { say(ask, "CLIENT KILL ID "+itoa(wait.ID())) },
		"Close":       func(_, wait *Session) { _ = wait.Close() },
		"HangUp":      func(_, wait *Session) { wait.HangUp() },
	} {
		for _, row := range served {
			t.Run(name+" "+row.wait, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ask, wait := toServe(t)
					say(ask, "XGROUP CREATE s g $ MKSTREAM")
					done := blocks(t, ask, wait, row.wait)
					end(ask, wait)
					sayAll(ask, row.serve)
					require.Equal(t, row.want, say(ask, row.left))
					<-done
				})
			})
		}
	}
}

// A command whose time is over before it could look takes what there is all the same.
func TestShortWaitsLook(t *testing.T) {
	for line, want := range map[string]Reply{
		"BLPOP k 1": array(bulk("k"), bulk("x")), "BRPOPLPUSH k k 1": bulk("x"), "BLMPOP 1 1 k LEFT": array(bulk("k"), array(bulk("x"))),
	} {
		synctest.Test(t, func(t *testing.T) {
			clock := store.NewManualClock(time.Unix(1, 0))
			ask, wait := toServe(t, store.WithClock(clock))
			say(ask, "RPUSH k x")
			done := make(chan Reply, 1)
			require.NoError(t, ask.srv.store.Serial(t.Context(), []store.Key{{Name: "k"}}, func(*store.Tx) error {
				go func() { done <- wait.Do(context.Background(), strings.Fields(line)) }()
				synctest.Wait() // now it waits for the key
				clock.Advance(2 * time.Second)
				synctest.Wait()
				require.Empty(t, done)
				return nil
			}))
			require.Equal(t, want, <-done, line)
		})
	}
}

// Who is held up by a pause is blocked, until the reply to what ends the pause.
func TestPausedIsBlocked(t *testing.T) {
	ask, wait := toServe(t)
	for range 50 {
		say(ask, "CLIENT PAUSE 100000 WRITE")
		done := blocks(t, ask, wait, "INCR n")
		require.Contains(t, say(ask, "INFO clients").Str, "blocked_clients:1\r\n")
		say(ask, "CLIENT UNPAUSE")
		require.False(t, isBlocked(ask, wait))
		<-done
	}
	require.Equal(t, bulk("50"), say(ask, "GET n"))
}

// Who was killed while it waited is told nothing, not even that nothing came.
func TestKilledIsToldNothing(t *testing.T) {
	for _, row := range served {
		ask, wait := toServe(t)
		say(ask, "XGROUP CREATE s g $ MKSTREAM")
		done := blocks(t, ask, wait, row.wait)
		say(ask, "CLIENT KILL ID "+itoa(wait.ID()))
		require.Equal(t, None, (<-done).Kind, row.wait)
	}
}
