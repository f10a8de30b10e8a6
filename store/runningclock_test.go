package store

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRunningClock has time pass by itself and by Advance.
func TestRunningClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := NewRunningClock()
		s := New(WithClock(clock))
		defer s.Close()
		began := time.Now()
		require.True(t, clock.Now().Equal(began))
		for _, key := range []string{"a", "b", "c", "d"} {
			require.NoError(t, s.String(key).Set("v"))
		}
		_, err := s.Expire("a", time.Second)
		require.NoError(t, err)
		_, err = s.Expire("b", 10*time.Second)
		require.NoError(t, err)
		_, err = s.Expire("c", 20*time.Second)
		require.NoError(t, err)
		keys := func() int {
			n := 0
			for _, k := range s.Stats().Databases {
				n += k.Keys // without a look at what is overdue
			}
			return n
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 3, keys(), "the expirer has its goroutine")
		clock.Advance(9 * time.Second)
		require.Equal(t, 2, keys(), "all is done when Advance returns")
		require.True(t, clock.Now().Equal(began.Add(10*time.Second)))
		require.True(t, time.Now().Equal(began.Add(time.Second)))

		// What was to come comes earlier by as much as the clock was moved, also for who waits
		// already.
		clock.Advance(5 * time.Second)
		time.Sleep(5*time.Second - 1)
		synctest.Wait()
		require.Equal(t, 2, keys())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 1, keys())
		ctx, cancel := s.Timeout(t.Context(), time.Minute)
		defer cancel()
		clock.Advance(59 * time.Second)
		synctest.Wait()
		require.NoError(t, ctx.Err())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, context.DeadlineExceeded, ctx.Err())

		fork := clock.Fork()
		clock.Advance(time.Hour)
		require.Equal(t, time.Hour, clock.Now().Sub(fork.Now()))
		time.Sleep(time.Second)
		require.Equal(t, time.Hour, clock.Now().Sub(fork.Now()), "both run")
		clock.Advance(-time.Hour)
		require.Equal(t, time.Hour, clock.Now().Sub(fork.Now()))
	})
}

// TestRunningClockOrder: what expires within one Advance does so in the order of the deadlines.
func TestRunningClockOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := NewRunningClock()
		s := New(WithClock(clock), WithShards(8), WithNotifications(NotifyKeyevent|NotifyExpired))
		defer s.Close()
		sub := s.Subscribe("__keyevent@0__:expired")
		defer sub.Close()
		want := []string{"k3", "k1", "k4", "k2", "k0"}
		for i, key := range want {
			require.NoError(t, s.String(key).Set("v"))
			_, err := s.Expire(key, time.Duration(i+1)*time.Second)
			require.NoError(t, err)
		}
		clock.Advance(time.Minute)
		var got []string
		for range want {
			m, err := sub.Receive(t.Context())
			require.NoError(t, err)
			got = append(got, m.Payload)
		}
		require.Equal(t, want, got)
	})
}

// TestRunningClockEnds: at the end of time it stands still.
func TestRunningClockEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := NewRunningClock()
		time.Sleep(time.Second)
		for range 3 {
			clock.Advance(math.MaxInt64)
			require.Equal(t, int64(math.MaxInt64), clock.nano())
			time.Sleep(time.Hour)
			require.Equal(t, int64(math.MaxInt64), clock.nano())
		}
	})
}

// TestRunningClockOfTheMachine is without a bubble: the clock moves, and Advance does not wait.
func TestRunningClockOfTheMachine(t *testing.T) {
	clock := NewRunningClock()
	s := newTest(t, WithClock(clock))
	require.NoError(t, s.String("k").Set("v"))
	_, err := s.Expire("k", 24*time.Hour)
	require.NoError(t, err)
	began := clock.Now()
	clock.Advance(24 * time.Hour)
	require.GreaterOrEqual(t, clock.Now().Sub(began), 24*time.Hour)
	require.Zero(t, s.Stats().Keys)
	for now := clock.Now(); !clock.Now().After(now); {
	}
	ctx, cancel := s.Timeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	require.NoError(t, s.String("k").Set("v"))
	_, err = s.Expire("k", time.Hour) // its goroutine ends with the store
	require.NoError(t, err)
}
