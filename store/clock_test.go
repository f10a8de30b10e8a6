package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTime(t *testing.T) {
	start := time.Unix(1_700_000_000, 123_456_789)
	clock := NewManualClock(start)
	s := newTest(t, WithClock(clock))
	now := func(db DB) time.Time {
		at, err := db.Time()
		require.NoError(t, err)
		return at
	}
	require.True(t, now(s.DB(3)).Equal(start))
	clock.Advance(time.Second)
	require.True(t, now(s.DB(0)).Equal(start.Add(time.Second)))

	sn := s.Snapshot()
	defer sn.Close()
	taken := now(sn.DB(0))
	require.NoError(t, s.Serial(t.Context(), []Key{{Name: "k"}}, func(tx *Tx) error {
		began := now(tx.DB(0))
		clock.Advance(time.Second)
		require.True(t, now(tx.DB(0)).Equal(began))
		return nil
	}))
	require.True(t, now(sn.DB(0)).Equal(taken))
	require.True(t, now(s.DB(0)).Equal(start.Add(2*time.Second)))

	var gone *Tx
	require.NoError(t, s.Update(func(tx *Tx) error { gone = tx; return nil }))
	_, err := gone.DB(0).Time()
	require.Equal(t, ErrTxDone, err)
	_, err = s.DB(Databases).Time()
	require.ErrorIs(t, err, ErrInvalidDB)
	require.NoError(t, s.Close())
	_, err = s.DB(0).Time()
	require.Equal(t, ErrClosed, err)
}

// TestTimeoutOfClosedStore: what ends it is time, in any state of the store.
func TestTimeoutOfClosedStore(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	require.NoError(t, s.Close())
	ctx, cancel := s.Timeout(t.Context(), time.Second)
	defer cancel()
	clock.Advance(time.Second - 1)
	require.NoError(t, ctx.Err())
	clock.Advance(1)
	<-ctx.Done()
	require.Equal(t, context.DeadlineExceeded, ctx.Err())

	synctest.Test(t, func(t *testing.T) {
		closed := New()
		require.NoError(t, closed.Close())
		for _, s := range []*Store{closed, {}} {
			ctx, cancel := s.Timeout(t.Context(), time.Second)
			defer cancel()
			<-ctx.Done()
			require.Equal(t, context.DeadlineExceeded, ctx.Err())
		}
	})
}
