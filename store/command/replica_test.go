package command

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestWait waits for replicas that never come, by the clock of a bubble.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		session, other := srv.NewSession(nil), srv.NewSession(nil)
		took := func(line string, want Reply) time.Duration {
			began := time.Now()
			require.Equal(t, want, session.Do(context.Background(), wordsOf(t, line)), line)
			return time.Since(began)
		}
		require.Zero(t, took("WAIT 0 0", integer(0)))
		require.Zero(t, took("WAIT -1 5000", integer(0)))
		require.Equal(t, 1500*time.Millisecond, took("WAIT 1 1500", integer(0)))
		require.Equal(t, time.Second, took("WAITAOF 0 2 1000", array(integer(0), integer(0))))
		require.Zero(t, took("MULTI", ok))
		require.Zero(t, took("WAIT 1 0", simple("QUEUED")))
		require.Zero(t, took("EXEC", array(integer(0))))

		replies := make(chan Reply, 1)
		go func() { replies <- session.Do(context.Background(), []string{"WAIT", "1", "0"}) }()
		time.Sleep(time.Hour) // of the bubble
		require.Equal(t, ok, other.Do(context.Background(), []string{"SET", "k", "v"}))
		require.Empty(t, replies)
		require.NoError(t, session.Close())
		require.Equal(t, silent, <-replies)
	})
}
