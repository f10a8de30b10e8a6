package redistest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/command"
)

func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		reply, err := r.Do(ctx, "BLPOP", "queue", "0.5")
		require.NoError(t, err, "its own time was over")
		require.Equal(t, command.NullArray, reply.Kind)
		reply, err = r.Do(ctx, "BLPOP", "queue", "0")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, command.NullArray, reply.Kind)
		_, err = r.Do(ctx, "SET", "a", "1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		r.Equal(t, Data{})

		_, err = r.Do(t.Context())
		require.ErrorIs(t, err, errNoWords)
		_, err = r.Do(t.Context(), "GET")
		var bad *command.ReplyError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "ERR wrong number of arguments for 'get' command", bad.Text)
		require.Empty(t, r.Commands())
	})
}
