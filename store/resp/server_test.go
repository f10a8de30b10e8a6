package resp

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

func TestServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := store.New()
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		c, err := srv.Dial(t.Context(), "tcp", "nowhere:1")
		require.NoError(t, err)
		var b []byte
		for range 100 {
			b = AppendCommand(b, "MULTI")
			b = AppendCommand(b, "NOSUCH", "x")
			b = AppendCommand(b, "EXEC")
		}
		_, err = c.Write(b)
		require.NoError(t, err)
		r := NewReplyReader(c)
		for range 100 {
			for _, want := range []string{"OK", "ERR unknown command 'NOSUCH', with args beginning with: 'x' ", "EXECABORT Transaction discarded because of previous errors."} {
				got, err := r.Next()
				require.NoError(t, err)
				require.Equal(t, want, got.Str)
			}
		}
		_, err = c.Write([]byte("*1\r\n$x\r\n"))
		require.NoError(t, err)
		got, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, command.Reply{Kind: command.Error, Str: "ERR Protocol error: invalid bulk length"}, got)
		_, err = r.Next()
		require.Error(t, err)
		require.NoError(t, c.Close())

		other, err := srv.Dial(t.Context(), "", "")
		require.NoError(t, err)
		require.NoError(t, srv.Close())
		_, err = other.Read(make([]byte, 1))
		require.Error(t, err)
		_, err = srv.Dial(context.Background(), "", "")
		require.Equal(t, ErrServerClosed, err)
	})
}
