package store

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// TestReadsForSomebody: reads in a database of hook.As take the way of all others, until the
// store is closed.
func TestReadsForSomebody(t *testing.T) {
	s := newTest(t)
	db := hook.As(s, 0, "somebody").(DB)
	require.NoError(t, db.String("k").Set("v"))
	_, err := db.Hash("h").Set("f", "v")
	require.NoError(t, err)
	sh, _ := s.hash("k")
	require.True(t, db.s.plain())
	sh.mu.Lock() // a read without a lock does not wait
	v, err := db.String("k").Get()
	sh.mu.Unlock()
	require.NoError(t, err)
	require.Equal(t, "v", v)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for err := error(nil); err == nil; {
			_, err = db.String("k").Get()
		}
	}()
	require.NoError(t, s.Close())
	<-done
	_, err = db.String("k").Get()
	require.ErrorIs(t, err, ErrClosed)
	_, err = db.Hash("h").Get("f")
	require.ErrorIs(t, err, ErrClosed)

	tracked := newTest(t, WithTracking(TrackIdleTime))
	require.False(t, hook.As(tracked, 0, "somebody").(DB).s.plain(), "each read is an access")
}

// TestObserversHoldNoShard: After finds no shard locked, neither of the store nor of the copy
// that a transaction goes on in.
func TestObserversHoldNoShard(t *testing.T) {
	s := newTest(t)
	var private *Store
	after := 0
	free := func(of *Store) {
		for i := range of.shards {
			require.True(t, of.shards[i].mu.TryLock())
			of.shards[i].mu.Unlock()
		}
	}
	stop := hook.Observe(s, hook.Observer{
		Heard: func(any, []hook.Change) {},
		After: func() {
			after++
			free(s)
			if private != nil {
				free(private)
			}
		},
	})
	defer stop()
	require.NoError(t, s.String("k").Set("v"))
	require.NoError(t, s.Update(func(tx *Tx) error {
		_, err := tx.DB(0).DBSize() // which needs a copy
		private = tx.run.private
		return errors.Join(err, tx.DB(0).String("k").Set("w"))
	}))
	require.NotNil(t, private)
	require.NoError(t, s.FlushAll())
	require.GreaterOrEqual(t, after, 3)
}

func BenchmarkGetForSomebody(b *testing.B) {
	s := newTest(b)
	if err := s.String("k").Set("value"); err != nil {
		b.Fatal(err)
	}
	for name, db := range map[string]DB{"nobody": s.DB(0), "somebody": hook.As(s, 0, "somebody").(DB)} {
		b.Run(name, func(b *testing.B) {
			k := db.String("k")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Get(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
