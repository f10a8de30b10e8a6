package command

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMonitorsAtOnce has clients whose commands monitors see at the same time: a sink needs no
// lock, and each client's commands come in its order.
func TestMonitorsAtOnce(t *testing.T) {
	srv, clients := newSessions(t, 4)
	var seen [2][]string
	for i := range seen {
		m := srv.NewSession(func(r Reply) { seen[i] = append(seen[i], r.Str) })
		require.Equal(t, ok, say(m, "MONITOR"))
		require.Equal(t, silent, say(m, "MONITOR"), "it is one already")
	}
	const each = 200
	var wait sync.WaitGroup
	for who, c := range clients {
		wait.Go(func() {
			for i := range each {
				say(c, fmt.Sprint("SET k ", who, ":", i))
			}
		})
	}
	wait.Wait()
	for _, lines := range seen {
		require.Len(t, lines, each*len(clients))
		next := make([]int, len(clients))
		for _, line := range lines {
			var who, i int
			_, err := fmt.Sscanf(line[strings.LastIndexByte(line, ' '):], ` "%d:%d"`, &who, &i)
			require.NoError(t, err, line)
			require.Equal(t, next[who], i, line)
			next[who]++
		}
	}
}

// TestMonitorEnds has monitors end in every way, also while they begin: none is left.
func TestMonitorEnds(t *testing.T) {
	srv, list := newSessions(t, 1)
	for _, end := range []func(*Session){
		func(s *Session) { say(s, "RESET") },
		func(s *Session) { s.Close() },
		func(s *Session) { say(list[0], "CLIENT KILL ID "+itoa(s.ID())) },
	} {
		a, b := srv.NewSession(nil), srv.NewSession(nil)
		say(a, "MONITOR")
		say(b, "MONITOR")
		require.Equal(t, []*Session{a, b}, srv.watchers())
		end(a)
		require.Equal(t, []*Session{b}, srv.watchers())
		end(b)
		require.Nil(t, srv.monitors.Load())
	}
	var wait sync.WaitGroup
	for range 500 {
		s := srv.NewSession(nil)
		wait.Go(func() { s.Close() })
		say(s, "MONITOR")
	}
	wait.Wait()
	require.Nil(t, srv.monitors.Load())
}

// BenchmarkMonitor is what a command costs while one of many clients is a monitor.
func BenchmarkMonitor(b *testing.B) {
	for _, clients := range []int{1, 1000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			srv, list := newSessions(b, 1)
			for range clients {
				srv.NewSession(nil)
			}
			say(srv.NewSession(nil), "MONITOR")
			set := []string{"SET", "other", "v"}
			b.ReportAllocs()
			for b.Loop() {
				list[0].Do(context.Background(), set)
			}
		})
	}
}
