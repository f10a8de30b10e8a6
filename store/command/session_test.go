package command

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestDoAfterClose wants a session that has ended to run nothing, and to leave nothing behind.
func TestDoAfterClose(t *testing.T) {
	srv, list := newSessions(t, 2)
	s, other := list[0], list[1]
	require.NoError(t, s.Close())
	lines := []string{"SET k v", "MONITOR", "SUBSCRIBE c", "CLIENT TRACKING ON", "WATCH k", "MULTI", "PING"}
	for _, line := range lines {
		require.Equal(t, silent, say(s, line), line)
	}
	require.True(t, s.Ended())
	require.Nil(t, srv.monitors.Load())
	require.Zero(t, srv.tracker.clients.Load())
	require.Equal(t, array(bulk("c"), integer(0)), say(other, "PUBSUB NUMSUB c"))
	require.NoError(t, srv.Close())
	late := srv.NewSession(nil)
	for _, line := range lines {
		require.Equal(t, silent, say(late, line), line)
		require.Equal(t, silent, say(other, line), line)
	}
	require.True(t, late.Ended())
	require.Zero(t, srv.Store().Stats().Keys)
}

// TestWatchAgain watches a key that is watched already: what it was at first counts, and a
// client that watches for ever keeps nothing of it.
func TestWatchAgain(t *testing.T) {
	_, list := newSessions(t, 2)
	s, other := list[0], list[1]
	for range 1000 {
		require.Equal(t, ok, say(s, "WATCH k k"))
		require.Equal(t, ok, say(s, "WATCH l k l"))
	}
	require.Len(t, s.watches, 2)
	require.Len(t, s.watched, 2)
	say(s, "SELECT 1")
	require.Equal(t, ok, say(s, "WATCH k"))
	require.Len(t, s.watches, 3, "another key")
	say(other, "SELECT 1")
	say(other, "SET k v")
	require.Equal(t, ok, say(s, "WATCH k"))
	say(s, "MULTI")
	require.Equal(t, noList, say(s, "EXEC"))
	require.Empty(t, s.watched)
	say(s, "WATCH k")
	say(s, "UNWATCH")
	say(other, "SET k w")
	say(s, "WATCH k")
	say(s, "MULTI")
	require.Equal(t, Array, say(s, "EXEC").Kind)
}

// TestPauseLeavesNothing lets the time of a pause go by: what comes later costs what it did.
func TestPauseLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, list := newSessions(t, 1)
		for _, how := range []string{"ALL", "WRITE"} {
			require.Equal(t, ok, say(list[0], "CLIENT PAUSE 100 "+how))
			before := time.Now()
			require.Equal(t, ok, say(list[0], "SET k v"))
			require.Equal(t, 100*time.Millisecond, time.Since(before))
			require.Nil(t, srv.paused.Load(), how)
			say(list[0], "CLIENT PAUSE 100 "+how)
			time.Sleep(time.Second)
			say(list[0], "GET k")
			require.Nil(t, srv.paused.Load(), how)
		}
	})
}

// TestSlowlogOrder fills the log many times over: the latest come first, and the log is no
// larger than it has to be.
func TestSlowlogOrder(t *testing.T) {
	srv, list := newSessions(t, 1)
	s, l := list[0], &srv.slowlog
	say(s, "CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 20")
	numbers := func(line string) (ids []int64) {
		for _, e := range say(s, line).Elems {
			ids = append(ids, e.Elems[0].Int)
		}
		return ids
	}
	for range 1000 {
		say(s, "PING")
	}
	require.Equal(t, []int64{1000, 999, 998}, numbers("SLOWLOG GET 3"))
	ids := numbers("SLOWLOG GET -1")
	require.Len(t, ids, 20)
	for i, id := range ids {
		require.Equal(t, 1001-int64(i), id)
	}
	require.Len(t, numbers("SLOWLOG GET 100"), 20)
	require.Less(t, cap(l.entries), 100)
	say(s, "CONFIG SET slowlog-max-len 5")
	require.Len(t, l.entries, 5)
	require.Equal(t, l.id-1, l.entries[4].id)
	say(s, "CONFIG SET slowlog-log-slower-than -1")
	require.Equal(t, ok, say(s, "SLOWLOG RESET"))
	require.Empty(t, numbers("SLOWLOG GET -1"))
}

// TestSlowlogWords: the log has the words as they were sent, also those that a handler takes out.
func TestSlowlogWords(t *testing.T) {
	_, list := newSessions(t, 1)
	say(list[0], "CONFIG SET slowlog-log-slower-than 0")
	for _, line := range []string{"HSCAN h 0 NOVALUES", "ZSCAN z 0 NOSCORES MATCH x NOSCORES"} {
		require.Equal(t, array(bulk("0"), array()), say(list[0], line))
		require.Equal(t, texts(strings.Fields(line)), say(list[0], "SLOWLOG GET 1").Elems[0].Elems[3])
		say(list[0], "PING")
	}
}

// TestErrorCodes: a client that makes up codes of errors takes no more memory for each.
func TestErrorCodes(t *testing.T) {
	srv, list := newSessions(t, 1)
	for i := range 1000 {
		require.Equal(t, failed(fmt.Sprint("CODE", i)), say(list[0], fmt.Sprint("DEBUG ERROR CODE", i)))
	}
	codes := srv.stats.codes()
	require.Len(t, codes, mostCodes+1)
	require.EqualValues(t, 1, codes["CODE0"])
	require.EqualValues(t, 1000-mostCodes, codes[overflowCode])
	require.EqualValues(t, 1000, srv.stats.errors())
}

// TestConfigAtOnce has clients set parameters at the same time: what CONFIG GET shows at the
// end is what holds.
func TestConfigAtOnce(t *testing.T) {
	srv, list := newSessions(t, 4)
	for range 500 {
		var wait sync.WaitGroup
		for i, s := range list {
			wait.Go(func() {
				say(s, fmt.Sprintf("CONFIG SET slowlog-log-slower-than %d proto-max-bulk-len %d", 1000+i, (1+i)<<20))
			})
		}
		wait.Wait()
		require.Equal(t, srv.config.int("slowlog-log-slower-than"), srv.config.slower.Load()-1)
		require.Equal(t, srv.config.int("proto-max-bulk-len"), srv.MaxBulk())
	}
}

// TestNamesAreCopies wants what a session keeps of words to be no piece of them: whoever reads
// commands may cut these from one large text.
func TestNamesAreCopies(t *testing.T) {
	_, list := newSessions(t, 1)
	s := list[0]
	text := "CLIENT SETNAME SETINFO lib-name lib-ver WATCH some " + strings.Repeat("x", 1000)
	w := strings.Fields(text)
	for _, args := range [][]string{{w[0], w[1], w[6]}, {w[0], w[2], w[3], w[6]}, {w[0], w[2], w[4], w[6]}, {w[5], w[6]}} {
		require.Equal(t, ok, s.Do(t.Context(), args))
	}
	from := uintptr(unsafe.Pointer(unsafe.StringData(text)))
	kept := []string{s.Name(), s.state().libName, s.state().libVer}
	for key := range s.watched {
		kept = append(kept, key.Name)
	}
	require.Len(t, kept, 4)
	for _, name := range kept {
		require.Equal(t, "some", name)
		at := uintptr(unsafe.Pointer(unsafe.StringData(name)))
		require.False(t, at >= from && at < from+uintptr(len(text)))
	}
	runtime.KeepAlive(text)
}

// An EXEC that waits for keys when the session is closed runs nothing and says nothing.
func TestExecEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		session := srv.NewSession(nil)
		say(session, "MULTI")
		say(session, "SET k v")
		done := make(chan Reply, 1)
		require.NoError(t, s.Serial(t.Context(), []store.Key{{Name: "k"}}, func(*store.Tx) error {
			go func() { done <- session.Do(context.Background(), []string{"EXEC"}) }()
			synctest.Wait()
			require.Empty(t, done)
			require.NoError(t, session.Close())
			require.Equal(t, silent, <-done)
			return nil
		}))
		_, err := s.String("k").Get()
		require.Equal(t, store.ErrNotFound, err)
	})
}
