package store

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// heardBy returns what a subscription has now, "channel payload" each.
func heardBy(t testing.TB, sub *Subscription) (list []string) {
	t.Helper()
	for range sub.Stats().Buffered {
		m, err := sub.Receive(t.Context())
		require.NoError(t, err)
		list = append(list, m.Channel+" "+m.Payload)
	}
	return list
}

func TestPublishInTransaction(t *testing.T) {
	s := New(WithNotifications(NotifyKeyevent | NotifyAll))
	defer s.Close()
	sub := s.PSubscribe("*")
	defer sub.Close()
	require.NoError(t, sub.Subscribe("c"))
	require.NoError(t, sub.SSubscribe("c"))
	publish := func(tx *Tx) error {
		n, err := tx.Publish("c", "1")
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.NoError(t, tx.String("a").Set("x"))
		n, err = tx.SPublish("c", "2")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = tx.SPublish("none", "2")
		require.NoError(t, err)
		require.Zero(t, n)
		require.Empty(t, heardBy(t, sub), "not yet")
		return nil
	}
	want := []string{"c 1", "c 1", "__keyevent@0__:set a", "c 2"}
	require.NoError(t, s.Update(publish))
	require.Equal(t, want, heardBy(t, sub))
	require.NoError(t, s.Serial(t.Context(), []Key{{0, "a"}}, publish))
	require.Equal(t, want, heardBy(t, sub))
	require.NoError(t, s.Serial(t.Context(), nil, publish))
	require.Equal(t, want, heardBy(t, sub))
	require.NoError(t, s.Update(func(tx *Tx) error {
		if _, err := tx.DBSize(); err != nil { // from here on in a copy of the store
			return err
		}
		return publish(tx)
	}))
	require.Equal(t, want, heardBy(t, sub))

	require.NoError(t, s.Update(func(tx *Tx) error { // writes nothing
		_, err := tx.Publish("c", "3")
		return err
	}))
	require.Equal(t, []string{"c 3", "c 3"}, heardBy(t, sub))
	no := errors.New("no")
	require.Equal(t, no, s.Update(func(tx *Tx) error {
		require.NoError(t, publish(tx))
		return no
	}))
	runs := 0
	require.NoError(t, s.Update(func(tx *Tx) error {
		if _, err := tx.String("a").Get(); err != nil {
			return err
		}
		if _, err := tx.Publish("c", "4"); err != nil {
			return err
		}
		if runs++; runs == 1 {
			require.NoError(t, s.String("a").Set("other"))
		}
		return tx.String("b").Set("x")
	}))
	require.Equal(t, 2, runs)
	require.Equal(t, []string{"__keyevent@0__:set a", "c 4", "c 4", "__keyevent@0__:set b"}, heardBy(t, sub),
		"of the run that counts")

	var after *Tx
	require.NoError(t, s.View(func(tx *Tx) error {
		_, err := tx.Publish("c", "5")
		require.ErrorIs(t, err, ErrReadOnly)
		after = tx
		return nil
	}))
	_, err := after.SPublish("c", "5")
	require.ErrorIs(t, err, ErrTxDone)
	_, err = new(Tx).Publish("c", "5")
	require.ErrorIs(t, err, ErrClosed)
	require.Empty(t, heardBy(t, sub))
}
