package command

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// told are the keys of the invalidations that have come to a sink, "*" for all.
type told struct {
	lock sync.Mutex
	keys []string
}

func (l *told) sink(r Reply) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if what := r.Elems[len(r.Elems)-1]; what.Kind == Null {
		l.keys = append(l.keys, "*")
	} else {
		l.keys = append(l.keys, listOf(what)...)
	}
}

func (l *told) take() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	list := strings.Join(l.keys, " ")
	l.keys = nil
	return list
}

// newTracker returns a session that tracks, and what it is told.
func newTracker(t testing.TB, srv *Server, how string) (*Session, *told) {
	l := new(told)
	s := srv.NewSession(l.sink)
	require.NotEqual(t, Error, say(s, "HELLO 3").Kind)
	require.Equal(t, ok, say(s, "CLIENT TRACKING ON "+how))
	s.Sent()
	return s, l
}

// TestTrackingOfAWriteMeanwhile has a command read a key, which others write before it is done:
// the client is told after the reply, in every mode, and in a transaction.
func TestTrackingOfAWriteMeanwhile(t *testing.T) {
	srv, list := newSessions(t, 1)
	other := list[0]
	addCommand(t, &Command{
		Name: "slowget", Arity: 2, Flags: ReadOnly, Keys: []KeySpec{at(1, "RO access")},
		run: func(c *call) Reply {
			r := textOr(c.db.String(c.args[1]).Get())
			if c.tx == nil {
				say(other, "SET "+c.args[1]+" new")
				say(other, "SET elsewhere new")
			}
			return r
		},
	})
	for _, how := range []string{"", "BCAST", "OPTOUT", "NOLOOP"} {
		say(other, "SET k old")
		s, l := newTracker(t, srv, how)
		say(s, "GET elsewhere")
		s.Sent()
		require.Equal(t, bulk("old"), say(s, "slowget k"))
		require.Equal(t, "elsewhere", l.take(), "%s: that is not what it reads", how)
		s.Sent()
		require.Equal(t, "k", l.take(), how)
		require.NoError(t, s.Close())
	}
	s, l := newTracker(t, srv, "OPTIN")
	require.Equal(t, bulk("new"), say(s, "slowget k"))
	s.Sent()
	require.Empty(t, l.take())
	// Without Sent it comes with the next command.
	say(s, "CLIENT CACHING YES")
	say(s, "slowget k")
	require.Empty(t, l.take())
	say(s, "PING")
	require.Equal(t, "k", l.take())
}

// With NOLOOP a client that reads what it has just written, in one step, hears of the next change;
// one that writes what it has just read does not.
func TestTrackingOfOwnChanges(t *testing.T) {
	srv, list := newSessions(t, 1)
	other := list[0]
	for lines, want := range map[string]string{
		"MULTI;SET k 1;GET k;EXEC":       "k",
		"MULTI;GET k;SET k 1;EXEC":       "",
		"MULTI;GET k;SET k 1;GET k;EXEC": "k",
		"SET k 1;GET k":                  "k",
		"GET k;SET k 1":                  "",
	} {
		for _, how := range []string{"NOLOOP", "OPTOUT NOLOOP"} {
			say(other, "DEL k")
			s, l := newTracker(t, srv, how)
			sayAll(s, lines)
			s.Sent()
			require.Empty(t, l.take(), lines)
			say(other, "SET k 2")
			s.Sent()
			require.Equal(t, want, l.take(), "%s: %s", how, lines)
			require.NoError(t, s.Close())
		}
	}
}

// TestTrackingOfTheTypedAPI has changes that no client has asked for.
func TestTrackingOfTheTypedAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := newSessions(t, 0)
		st := srv.Store()
		s, l := newTracker(t, srv, "")
		b, broad := newTracker(t, srv, "BCAST PREFIX k PREFIX l")
		defer b.Close()
		get := func(keys string) {
			say(s, "MGET "+keys)
			s.Sent()
		}
		get("k k2")
		require.NoError(t, st.String("k").Set("v"))
		require.Equal(t, "k", l.take())
		require.Equal(t, "k", broad.take())
		require.NoError(t, st.DB(3).String("k2").Set("v"))
		require.Equal(t, "k2", l.take())
		require.Equal(t, "k2", broad.take())

		get("k k2")
		require.NoError(t, st.Update(func(tx *store.Tx) error {
			if err := tx.String("k2").Set("v"); err != nil {
				return err
			}
			if err := tx.String("l").Set("v"); err != nil {
				return err
			}
			return tx.String("k").Set("v")
		}))
		require.Equal(t, "k2 k", l.take())
		require.Equal(t, "k k2 l", broad.take())

		get("e")
		_, err := st.String("e").SetWith("v", store.SetOptions{Expiry: store.ExpireIn(time.Second)})
		require.NoError(t, err)
		require.Equal(t, "e", l.take())
		get("e")
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, "e", l.take())

		get("k")
		require.NoError(t, st.FlushDB())
		require.Equal(t, "*", l.take())
		require.Equal(t, "*", broad.take())
		require.NoError(t, st.String("k").Set("v"))
		require.Empty(t, l.take(), "it has forgotten all")
		get("k")
		require.NoError(t, st.SwapDB(0, 1))
		require.Equal(t, "*", l.take())
	})
}

func TestTrackingLimit(t *testing.T) {
	srv, list := newSessions(t, 1)
	s, l := newTracker(t, srv, "")
	say(list[0], "CONFIG SET tracking-table-max-keys 2")
	say(s, "MGET a b c d a")
	s.Sent()
	require.Empty(t, l.take())
	say(list[0], "PING")
	require.Len(t, strings.Fields(l.take()), 2)
	keys, items, _ := srv.tracker.sizes()
	require.Equal(t, []int{2, 2}, []int{keys, items})
	say(list[0], "CONFIG SET tracking-table-max-keys 0")
	say(s, "MGET a b c d")
	say(list[0], "PING")
	require.Empty(t, l.take())
}

// TestTrackingOfScripts: it is the keys that a script has declared that are tracked, if it
// reads anything.
func TestTrackingOfScripts(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s, WithScriptEngine(tinyLua{}))
	defer srv.Close()
	c, l := newTracker(t, srv, "")
	c.Do(t.Context(), []string{"EVAL", "redis.call('GET', 'k')", "1", "declared"})
	c.Do(t.Context(), []string{"EVAL", "redis.call('PING')", "1", "other"})
	c.Sent()
	for _, key := range []string{"k", "other", "declared"} {
		require.NoError(t, s.String(key).Set("v"))
	}
	require.Equal(t, "declared", l.take())
	c.Do(t.Context(), []string{"EVAL", "redis.call('SET', 'w', 'v')", "1", "declared"})
	c.Sent()
	require.Empty(t, l.take())
}

// TestTrackingEnds: what sessions leave behind.
func TestTrackingEnds(t *testing.T) {
	srv, list := newSessions(t, 1)
	noted := func() bool {
		srv.tracker.lock.Lock()
		defer srv.tracker.lock.Unlock()
		return srv.tracker.stop != nil || srv.tracker.keys != nil || srv.tracker.clients.Load() != 0
	}
	for range 3 {
		for _, end := range []func(*Session){
			func(s *Session) { _ = s.Close() },
			func(s *Session) { say(s, "RESET") },
			func(s *Session) { say(s, "CLIENT TRACKING OFF") },
			func(s *Session) { say(list[0], "CLIENT KILL ID "+itoa(s.ID())) },
		} {
			s, l := newTracker(t, srv, "")
			b, _ := newTracker(t, srv, "BCAST PREFIX k")
			require.True(t, noted())
			say(s, "MGET k k2")
			s.Sent()
			end(s)
			say(list[0], "MSET k v k2 v")
			require.Empty(t, l.take())
			require.NoError(t, b.Close())
			require.False(t, noted())
			say(list[0], "MSET k v k2 v")
			require.NoError(t, s.Close())
			say(s, "CLIENT TRACKING ON") // has no effect now
			require.False(t, noted())
		}
	}
}

// TestTrackingTable compares the table with a simple one.
func TestTrackingTable(t *testing.T) {
	srv, _ := newSessions(t, 0)
	tr := &srv.tracker
	var list []*Session
	for range 4 {
		s, _ := newTracker(t, srv, "")
		list = append(list, s)
	}
	type entry struct {
		key string
		id  int64
	}
	want := map[entry]bool{}
	for i := range 3000 {
		s, key := list[i*7%len(list)], fmt.Sprint(i*i%5)
		at := entry{key, s.id}
		switch i * 13 % 11 {
		case 0, 1:
			tr.forget(s, []string{key, "none"})
			delete(want, at)
		case 2:
			var got []int64
			tr.lock.Lock()
			tr.take(key, func(s *Session) { got = append(got, s.id) })
			tr.lock.Unlock()
			var all []int64
			for _, s := range list {
				if want[entry{key, s.id}] {
					all = append(all, s.id)
				}
				delete(want, entry{key, s.id})
			}
			slices.Sort(got)
			require.Equal(t, all, got)
		default:
			tr.lock.Lock()
			require.Equal(t, !want[at], tr.add(key, s.id))
			tr.lock.Unlock()
			want[at] = true
		}
		keys := map[string]bool{}
		for e := range want {
			keys[e.key] = true
		}
		n, items, _ := tr.sizes()
		require.Equal(t, []int{len(keys), len(want), len(keys)}, []int{n, items, int(tr.size.Load())})
	}
}

// TestTrackingStress has clients that begin and end to track, and change how, while others
// write; the race detector looks on.
func TestTrackingStress(t *testing.T) {
	srv, _ := newSessions(t, 0)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for round := range 20 {
				l := new(told)
				s := srv.NewSession(l.sink)
				other := srv.NewSession(l.sink)
				say(s, fmt.Sprint("HELLO ", 2+round%2))
				say(other, "HELLO 3")
				how := []string{"", "BCAST", "BCAST PREFIX a PREFIX b NOLOOP", "OPTIN", "REDIRECT " + itoa(other.ID())}[(i+round)%5]
				for _, line := range []string{
					"CLIENT TRACKING ON " + how, "GET a1", "SET a1 v", "CLIENT CACHING YES", "MGET a1 b1 c1", "MULTI",
					"GET b1", "SET b1 v", "EXEC", "CLIENT LIST", "CLIENT TRACKINGINFO", "INFO clients", "INFO stats", "DEL c1 a1",
				} {
					say(s, line)
					if round%3 > 0 {
						s.Sent()
					}
				}
				if round%4 == 0 {
					say(s, "FLUSHALL")
				}
				if round%2 == 0 {
					_ = other.Close()
					say(s, "CLIENT TRACKING OFF")
				}
				_ = s.Close()
				_ = other.Close()
				runtime.Gosched()
			}
		})
	}
	all.Wait()
	require.Zero(t, srv.tracker.clients.Load())
	require.Nil(t, srv.tracker.stop)
}

// TestTrackingPrefixes has clients come and go with prefixes that others have, too.
func TestTrackingPrefixes(t *testing.T) {
	srv, list := newSessions(t, 1)
	texts := func() (names []string) {
		for _, p := range srv.tracker.prefixes {
			names = append(names, p.text)
		}
		return names
	}
	a, toldA := newTracker(t, srv, "BCAST PREFIX m PREFIX c PREFIX zz")
	b, toldB := newTracker(t, srv, "BCAST PREFIX ca PREFIX zz PREFIX b")
	all, toldAll := newTracker(t, srv, "BCAST")
	require.Equal(t, []string{"", "b", "c", "ca", "m", "zz"}, texts())
	say(list[0], "MSET cat 1 zzz 1 bee 1 other 1")
	require.Equal(t, "cat zzz", toldA.take())
	require.Equal(t, "bee cat zzz", toldB.take())
	require.Equal(t, "bee cat other zzz", toldAll.take())
	require.Equal(t, ok, say(a, "CLIENT TRACKING OFF"))
	require.Equal(t, []string{"", "b", "ca", "zz"}, texts())
	say(list[0], "MSET cat 2 zzz 2 bee 2")
	require.Empty(t, toldA.take())
	require.Equal(t, "bee cat zzz", toldB.take())
	require.NoError(t, b.Close())
	require.Equal(t, []string{""}, texts())
	require.NoError(t, all.Close())
	require.Empty(t, texts())
}
