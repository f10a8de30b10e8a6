package redistest

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		c := dial(t, r)
		defer c.close()
		down := r.Fail(Fault{Error: "LOADING Redis is loading the dataset in memory", Times: 1})
		require.Contains(t, c.do("PING").Str, "LOADING")
		require.Equal(t, "PONG", c.do("PING").Str)
		require.Equal(t, 1, down.Fired())
		require.Len(t, r.Clients(), 1)
		r.Disconnect()
		_, err := c.r.Next()
		require.Error(t, err)
		require.Empty(t, r.Clients())
		again := dial(t, r)
		defer again.close()
		require.Equal(t, "PONG", again.do("PING").Str)

		_, err = r.Do(t.Context(), "CONFIG", "SET", "requirepass", "secret")
		require.NoError(t, err)
		_, err = r.Do(t.Context(), "PING")
		require.ErrorContains(t, err, "NOAUTH")
		late := dial(t, r)
		defer late.close()
		require.Contains(t, late.do("PING").Str, "NOAUTH")
		require.Equal(t, "OK", late.do("AUTH", "secret").Str)
	})
}

func TestSeeded(t *testing.T) {
	draw := func(n uint64) (list []string) {
		r := Run(t)
		r.Seed(n)
		c := dial(t, r)
		defer c.close()
		for i := range 1000 {
			c.do("SADD", "set", fmt.Sprint("member", i))
		}
		for range 20 {
			list = append(list, c.do("SRANDMEMBER", "set").Str, c.do("SPOP", "set").Str)
		}
		return list
	}
	require.Equal(t, draw(7), draw(7))
	require.NotEqual(t, draw(7), draw(8))
}
