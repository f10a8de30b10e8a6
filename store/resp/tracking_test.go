package resp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// trackingConn is a connection of a script, on one of the two sides.
type trackingConn struct {
	conn          net.Conn
	r             *bufio.Reader
	id            string
	waits, queues bool // for its reply; commands, for EXEC
	closed        bool
}

// TestTracking compares what all connections of a script get, to the byte and in its order,
// with what redis-server sends.
func TestTracking(t *testing.T) {
	dial := startRedis(t)
	text, err := os.ReadFile("testdata/tracking.txt")
	require.NoError(t, err)
	scripts := strings.Split(string(text), "\n== ")[1:]
	for _, script := range scripts {
		title, lines, _ := strings.Cut(script, "\n")
		words := strings.Fields(title)
		names := len(words)
		for names > 0 && regexp.MustCompile(`^[a-z][23]$`).MatchString(words[names-1]) {
			names--
		}
		t.Run(strings.Join(words[:names], " "), func(t *testing.T) {
			s := store.New()
			defer s.Close()
			srv := NewServer(s)
			defer srv.Close()
			want := newTrackingSide(t, words[names:], func() net.Conn { return dial() })
			want["a"].do(t, "FLUSHALL")
			got := newTrackingSide(t, words[names:], func() net.Conn {
				c, err := srv.Dial(t.Context(), "", "")
				require.NoError(t, err)
				return c
			})
			for line := range strings.Lines(lines) {
				if line = strings.TrimSpace(line); line != "" {
					want, got := want.run(t, line), got.run(t, line)
					if line[1] == '%' {
						want, _, _ = strings.Cut(want, "|")
						got, _, _ = strings.Cut(got, "|")
					}
					if want != got {
						t.Errorf("%s\nRedis: %q\n ours: %q", line, want, got)
					}
				}
			}
		})
	}
}

type trackingSide map[string]*trackingConn

func newTrackingSide(t *testing.T, names []string, dial func() net.Conn) trackingSide {
	side := trackingSide{}
	for _, name := range append(slices.Clone(names), control+"2") {
		conn := dial()
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		c := &trackingConn{conn: conn, r: bufio.NewReader(conn)}
		c.do(t, "HELLO", name[len(name)-1:])
		id, _ := c.do(t, "CLIENT", "ID")
		c.id = strings.Trim(id, ":\r\n")
		side[name[:len(name)-1]] = c
	}
	return side
}

var (
	shownFlags = regexp.MustCompile(`(?s)^.*flags=(\w+?)U? .*redir=(-?\d+).*$`)
	figure     = regexp.MustCompile(`tracking_\w+:\d+`)
)

// run runs a line, and returns what has come to all connections.
func (side trackingSide) run(t *testing.T, line string) string {
	c, command := side[line[:1]], line[2:]
	for name, other := range side {
		command = strings.ReplaceAll(command, "{"+name+"}", other.id)
	}
	words := strings.Fields(command)
	reply, pushes := "", ""
	switch {
	case line[1] == '>':
		c.write(t, words)
		c.waits = true
		side.await(t, c, func(list string) bool { return strings.Contains(shownFlags.ReplaceAllString(list, "$1"), "b") })
	case line[1] == '<':
		reply, pushes = c.read(t)
		c.waits = false
	case command == "x":
		c.closed = true
		_ = c.conn.Close()
		side.await(t, c, func(list string) bool { return !strings.Contains(list, "id=") })
	default:
		reply, pushes = c.do(t, words...)
	}
	switch strings.ToUpper(words0(words)) {
	case "MULTI":
		c.queues = true
	case "EXEC", "DISCARD", "RESET":
		c.queues = false
	case "INFO":
		reply = strings.Join(figure.FindAllString(reply, -1), " ")
	}
	reply = shownFlags.ReplaceAllString(reply, "flags=$1 redir=:$2\r\n")
	reply = strings.Replace(reply, "flags=U ", "flags=N ", 1)
	if line[1] == '<' { // who has waited may be told of the change that ended that behind its reply
		_, behind := c.do(t, "PING")
		reply, pushes = reply+"| with it "+pushes+behind, ""
	}
	out := reply + "| before " + pushes
	for name := 'a'; name <= 'z'; name++ {
		if c := side[string(name)]; c != nil && !c.waits && !c.queues && !c.closed {
			_, pushes := c.do(t, "PING")
			out += fmt.Sprintf("| %c got %s", name, pushes)
		}
	}
	if strings.Contains(out, "redir") || strings.Contains(line, "HELLO") || strings.Contains(line, "GETREDIR") {
		for name, c := range side {
			if name == control {
				continue
			}
			out = strings.ReplaceAll(out, ":"+c.id+"\r\n", ":{"+name+"}\r\n")
		}
	}
	return out
}

// control is the name of a connection that only looks.
const control = ""

// await waits until CLIENT LIST shows a client as is wanted.
func (side trackingSide) await(t *testing.T, c *trackingConn, as func(list string) bool) {
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		list, _ := side[control].do(t, "CLIENT", "LIST", "ID", c.id)
		if as(list) {
			return
		}
		require.True(t, time.Now().Before(late), list)
	}
}

func words0(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func (c *trackingConn) write(t *testing.T, words []string) {
	_, err := c.conn.Write(AppendCommand(nil, words...))
	require.NoError(t, err)
}

// do sends a command and returns its reply with what came before it.
func (c *trackingConn) do(t *testing.T, words ...string) (reply, pushes string) {
	c.write(t, words)
	return c.read(t)
}

func (c *trackingConn) read(t *testing.T) (reply, pushes string) {
	for {
		text := c.raw(t)
		if text[0] != '>' && !strings.HasPrefix(text, "*3\r\n$7\r\nmessage\r\n") {
			return text, pushes
		}
		pushes += text
	}
}

// raw returns the bytes of one reply.
func (c *trackingConn) raw(t *testing.T) string {
	line, err := c.r.ReadString('\n')
	require.NoError(t, err)
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return line
		}
		text := make([]byte, n+2)
		_, err := io.ReadFull(c.r, text)
		require.NoError(t, err)
		return line + string(text)
	case '%':
		n *= 2
	case '*', '>', '~':
	default:
		return line
	}
	for range n {
		line += c.raw(t)
	}
	return line
}
