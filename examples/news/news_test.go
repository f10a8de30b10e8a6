package main

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// The output is the same in every run.
func TestRun(t *testing.T) {
	for range 3 {
		var out bytes.Buffer
		require.NoError(t, run([]string{"-messages", "2000"}, &out, io.Discard))
		require.Equal(t, `6000 messages were published
the archive has 2000 of politics
the archive has 2000 of sport
the archive has 2000 of weather
the reader of sport has 2000, in order: true
the ticker shows "Good night"
who never read: store: the subscription was too slow: its buffer is full
3900 of the messages had nobody but the archive and the ticker to take them
`, out.String())
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-messages", "0"}, {"-room", "-1"}, {"x"}, {"-what"}} {
		require.Error(t, run(args, io.Discard, io.Discard), "%v", args)
	}
	require.NoError(t, run([]string{"-h"}, io.Discard, io.Discard))
}

// With room enough nobody is too slow, and with room for one message almost everybody.
func TestRoom(t *testing.T) {
	for room, want := range map[int]error{300: nil, 299: store.ErrSlowConsumer, 1: store.ErrSlowConsumer} {
		synctest.Test(t, func(t *testing.T) {
			a, err := open(store.New(), options{messages: 300, room: room})
			require.NoError(t, err)
			require.NoError(t, a.publish(300))
			r, err := a.close()
			require.NoError(t, err)
			require.Equal(t, want, r.slow)
			require.Equal(t, map[string]int{"politics": 300, "sport": 300, "weather": 300, "end": 1}, r.archived)
			require.True(t, r.inOrder)
			require.Equal(t, 300+max(0, 300-room), r.lonely)
		})
	}
}
