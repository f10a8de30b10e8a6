package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// TestDo has callers with words and no session: what is for the whole store works on its
// databases, and is a clear error in a transaction and on a snapshot.
func TestDo(t *testing.T) {
	s := store.New()
	defer s.Close()
	do := func(db store.DB, line string) Reply {
		r, err := Do(t.Context(), db, strings.Fields(line)...)
		if r.Kind == Error {
			require.EqualError(t, err, r.Str)
		} else {
			require.NoError(t, err, line)
		}
		return r
	}
	db := s.DB(3)
	require.Equal(t, ok, do(db, "SET k v"))
	require.Equal(t, null, do(s.DB(0), "GET k"))
	require.Equal(t, ok, do(s.DB(0), "SET other v"))
	require.Equal(t, failed("WRONGTYPE Operation against a key holding the wrong kind of value"), do(db, "LPUSH k x"))
	require.Equal(t, pairs(bulk("maxmemory"), bulk("0")), do(db, "CONFIG GET maxmemory"))
	require.Contains(t, do(db, "INFO keyspace").Str, "db0:keys=1,expires=0,avg_ttl=0\r\ndb3:keys=1")
	require.Contains(t, do(db, "INFO").Str, "redis_version:7.0.15")

	sub := s.Subscribe("c")
	defer sub.Close()
	require.Equal(t, integer(1), do(db, "PUBLISH c m"))
	require.Equal(t, texts([]string{"c"}), do(db, "PUBSUB CHANNELS"))
	require.Equal(t, array(bulk("c"), integer(1)), do(db, "PUBSUB NUMSUB c"))
	require.Equal(t, integer(0), do(db, "PUBSUB NUMPAT"))
	for _, line := range []string{
		"SUBSCRIBE c", "PSUBSCRIBE c", "SSUBSCRIBE c", "MULTI", "WATCH k", "MONITOR", "SELECT 5", "CLIENT PAUSE 1",
		"CLIENT SETNAME x", "CONFIG SET maxmemory 1", "ACL SETUSER u", "ACL DELUSER u", "AUTH x",
	} {
		require.Equal(t, errNoClient, do(db, line))
	}

	digest := do(db, "DEBUG DIGEST")
	require.Equal(t, digest, do(s.DB(0), "DEBUG DIGEST"))
	whole := []string{"FLUSHALL", "SWAPDB 0 3", "PUBLISH c m", "SPUBLISH c m", "PUBSUB CHANNELS", "PUBSUB NUMSUB c", "PUBSUB NUMPAT"}
	snapshot := s.Snapshot()
	defer snapshot.Close()
	for _, line := range whole {
		require.Equal(t, errNoStore, do(snapshot.DB(3), line), line)
	}
	require.Equal(t, bulk("v"), do(snapshot.DB(3), "GET k"))
	require.NoError(t, s.Update(func(tx *store.Tx) error {
		for _, line := range whole {
			require.Equal(t, errNoStore, do(tx.DB(3), line), line)
		}
		require.Equal(t, ok, do(tx.DB(3), "SET k w"))
		require.Equal(t, null, do(snapshot.DB(3), "GET none"))
		return nil
	}))
	require.Equal(t, bulk("w"), do(db, "GET k"))
	require.Equal(t, ok, do(db, "SWAPDB 0 3"))
	require.Equal(t, bulk("w"), do(s.DB(0), "GET k"))
	require.Equal(t, ok, do(db, "FLUSHALL"))
	require.Equal(t, integer(0), do(s.DB(0), "DBSIZE"))
}

// TestDoWaits has Do wait, by the clock of the store.
func TestDoWaits(t *testing.T) {
	clock := store.NewManualClock(time.UnixMilli(1e12))
	s := store.New(store.WithClock(clock))
	defer s.Close()
	done := make(chan Reply)
	go func() {
		r, _ := Do(context.Background(), s.DB(0), "BLPOP", "l", "100")
		done <- r
	}()
	for r := (Reply{Kind: None}); r.Kind == None; {
		clock.Advance(50 * time.Second)
		select {
		case r = <-done:
			require.Equal(t, noList, r)
		default:
		}
	}
}

// TestDoErrors: what Do says can be told apart.
func TestDoErrors(t *testing.T) {
	s := store.New()
	db := s.DB(0)
	_, err := Do(t.Context(), db)
	require.ErrorIs(t, err, errNothing)
	var never context.Context
	_, err = Do(never, db, "SET", "k", "v")
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	r, err := Do(ctx, db, "BLPOP", "list", "0")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, noList, r)
	_, err = Do(ctx, db, "SET", "k", "w")
	require.ErrorIs(t, err, context.Canceled)
	r, err = Do(t.Context(), db, "GET", "k")
	require.NoError(t, err)
	require.Equal(t, bulk("v"), r)

	_, err = Do(t.Context(), db, "LPUSH", "k", "x")
	require.ErrorIs(t, err, store.ErrWrongType)
	require.NotErrorIs(t, err, store.ErrClosed)
	_, err = Do(t.Context(), db, "INCR", "k")
	require.ErrorIs(t, err, store.ErrNotInteger)
	require.NotErrorIs(t, err, errors.New("value is not an integer or out of range"))
	require.NoError(t, s.View(func(tx *store.Tx) error {
		_, err := Do(t.Context(), tx.DB(0), "SET", "k", "x")
		require.ErrorIs(t, err, store.ErrReadOnly)
		return nil
	}))
	require.NoError(t, s.Close())
	_, err = Do(t.Context(), db, "GET", "k")
	require.ErrorIs(t, err, store.ErrClosed)
}
