package resp

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// A testClient speaks to a server.
type testClient struct {
	net.Conn
	t testing.TB
	r *ReplyReader
}

func newTestClient(t testing.TB, c net.Conn) *testClient {
	t.Cleanup(func() { c.Close() })
	return &testClient{Conn: c, t: t, r: NewReplyReader(c)}
}

func dialTest(t testing.TB, srv *Server) *testClient {
	c, err := srv.Dial(t.Context(), "", "")
	require.NoError(t, err)
	return newTestClient(t, c)
}

// send sends commands: lines with spaces between the words, in which _ is a space.
func (c *testClient) send(lines ...string) {
	c.t.Helper()
	var b []byte
	for _, line := range lines {
		words := strings.Fields(line)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "_", " ")
		}
		b = AppendCommand(b, words...)
	}
	_, err := c.Write(b)
	require.NoError(c.t, err)
}

func (c *testClient) next() command.Reply {
	c.t.Helper()
	r, err := c.r.Next()
	require.NoError(c.t, err)
	return r
}

// do sends a command and returns the reply, as its line or its text.
func (c *testClient) do(line string) string {
	c.t.Helper()
	c.send(line)
	return show(c.next())
}

// show is a reply without its types.
func show(r command.Reply) string {
	switch {
	case r.Elems != nil:
		var list []string
		for _, e := range r.Elems {
			list = append(list, show(e))
		}
		return "[" + strings.Join(list, " ") + "]"
	case r.Kind == command.Null, r.Kind == command.NullArray:
		return "nil"
	case r.Kind == command.Integer:
		return fmt.Sprint(r.Int)
	}
	return r.Str
}

// wantEnd wants the connection to have ended, and returns what came before.
func (c *testClient) wantEnd() (got []string) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		r, err := c.r.Next()
		if err != nil {
			var late net.Error
			if e, ok := err.(net.Error); ok {
				late = e
			}
			require.True(c.t, late == nil || !late.Timeout(), "it goes on")
			return got
		}
		got = append(got, show(r))
	}
}

// dialWays are how a client comes to a server.
var dialWays = map[string]func(t testing.TB, srv *Server) *testClient{
	"memory": dialTest,
	"net.Pipe": func(t testing.TB, srv *Server) *testClient {
		client, server := net.Pipe()
		go srv.ServeConn(server)
		return newTestClient(t, client)
	},
}

// inBubble runs a test of each way in a bubble, in which nothing may be left.
func inBubble(t *testing.T, test func(t *testing.T, srv *Server, dial func() *testClient)) {
	for name, way := range dialWays {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := store.New()
				defer s.Close()
				srv := NewServer(s)
				defer srv.Close()
				test(t, srv, func() *testClient { return way(t, srv) })
			})
		})
	}
}

// overSocket returns a connection to a server over a socket.
func overSocket(t testing.TB, srv *Server) *net.UnixConn {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer l.Close()
	client, err := net.Dial("unix", l.Addr().String())
	require.NoError(t, err)
	server, err := l.Accept()
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { srv.ServeConn(server) })
	t.Cleanup(func() {
		client.Close()
		serving.Wait()
	})
	return client.(*net.UnixConn)
}

// pieces writes what it gets in small pieces.
type pieces struct{ halfCloser }

func (p pieces) Write(b []byte) (int, error) {
	for chunk := range slices.Chunk(b, 3) {
		if n, err := p.halfCloser.Write(chunk); err != nil {
			return n, err
		}
	}
	return len(b), nil
}
