package pubsub_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// redisConn is a connection to a real Redis, which these tests ask.
type redisConn struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// startRedis runs a redis-server of its own for one test and returns the path of
// its socket. Without a redis-server it skips the test, or fails it if the
// environment says ALCOVE_REDIS=required.
func startRedis(t testing.TB) string {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("ALCOVE_REDIS") == "required" {
			t.Fatalf("ALCOVE_REDIS=required: %v", err)
		}
		t.Skip("no redis-server on PATH")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "r.sock")
	cmd := exec.Command(bin, "--port", "0", "--unixsocket", socket,
		"--save", "", "--appendonly", "no", "--dir", dir)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // always "signal: killed"
	})
	return socket
}

// dialRedis connects to the socket; a server that has just been started gets ten
// seconds to open it.
func dialRedis(t testing.TB, socket string) *redisConn {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(10 * time.Second)
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &redisConn{t: t, conn: conn, r: bufio.NewReader(conn)}
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

// do sends one command and returns its reply: a string, an int64, nil, or a
// slice of these. An error reply fails the test.
func (c *redisConn) do(args ...string) any {
	c.t.Helper()
	c.send(args...)
	return c.reply()
}

// strings is do for a command that replies with an array of bulk strings.
func (c *redisConn) strings(args ...string) []string {
	c.t.Helper()
	var out []string
	for _, v := range c.do(args...).([]any) {
		out = append(out, v.(string))
	}
	return out
}

func (c *redisConn) send(args ...string) {
	c.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	_, err := io.WriteString(c.conn, b.String())
	require.NoError(c.t, err)
}

func (c *redisConn) reply() any {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	require.NoError(c.t, err)
	kind, rest := line[0], strings.TrimSuffix(line[1:], "\r\n")
	switch kind {
	case '+':
		return rest
	case '-':
		c.t.Fatalf("redis: %s", rest)
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	require.NoError(c.t, err)
	switch {
	case kind == ':':
		return n
	case n < 0:
		return nil
	case kind == '$':
		b := make([]byte, n+2)
		_, err = io.ReadFull(c.r, b)
		require.NoError(c.t, err)
		return string(b[:n])
	}
	require.Equal(c.t, byte('*'), kind, "reply %q", line)
	out := make([]any, n)
	for i := range out {
		out[i] = c.reply()
	}
	return out
}
