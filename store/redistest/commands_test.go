package redistest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t)
		c, d := dial(t, r), dial(t, r)
		defer c.close()
		defer d.close()
		c.do("HELLO", "3")
		id := c.do("CLIENT", "ID").Int
		c.do("CLIENT", "SETNAME", "worker")
		c.do("SELECT", "2")
		c.do("set", "a key", "")
		d.do("NOSUCH", "x")
		d.do("GET")
		c.do("MULTI")
		c.do("INCR", "n")
		c.do("DISCARD")
		r.Fail(Fault{Command: "get", Error: "ERR no"})
		d.do("GET", "n")
		require.Equal(t, []string{
			"SELECT 2", `SET "a key" ""`, "NOSUCH x", "GET", "MULTI", "INCR n", "DISCARD", "GET n",
		}, r.Sent())
		require.Equal(t, []Command{{Name: "set", Args: []string{"set", "a key", ""}, DB: 2, ClientID: id, Client: "worker"}},
			r.Commands("SET"))
		r.Commands("set")[0].Args[0] = "changed"
		require.Equal(t, []string{`SET "a key" ""`}, r.Sent("set"), "what is returned is the caller's")
		require.Equal(t, []string{"CLIENT ID", "CLIENT SETNAME worker"}, r.Sent("client"))
		require.Equal(t, []string{"CLIENT SETNAME worker"}, r.Sent("client setname"))
		require.Empty(t, r.Sent("client list"))
		require.Empty(t, Command{}.String())
		r.ResetCommands()
		require.Empty(t, r.Sent())
		for i := range mostCommands + 10 {
			c.do("ECHO", fmt.Sprint(i))
		}
		require.Len(t, r.Sent(), mostCommands)
		require.Equal(t, "ECHO 10", r.Sent()[0])
		big := strings.Repeat("x", mostCommandBytes)
		c.do("ECHO", big)
		require.Len(t, r.Sent(), 1)
		c.do("PING")
		require.Equal(t, []string{"PING"}, r.Sent(), "what is too large goes when the next comes")
	})
}
