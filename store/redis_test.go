package store

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store/internal/redisserver"
)

// Differential tests ask a real redis-server, one for the whole test binary, on
// a unix socket. They are skipped where there is none on PATH, unless
// ALCOVE_REDIS=required turns that into a failure.

// A reply is what Redis answered: a string (simple or bulk), int64, nil, []any
// of replies, or redisError.
type reply any

// A redisError is the text of an error reply, with its code.
type redisError string

// redisDatabases bounds how many connections one run of the tests may open.
const redisDatabases = 4096

var (
	// redisSocket starts the server at the first call and returns its address.
	redisSocket = sync.OnceValues(startRedis)

	stopRedis   = func() {} // set by startRedis
	redisNextDB atomic.Int64
)

// killRedis ends the server, if one was started, and waits for its end.
func killRedis() { stopRedis() }

func startRedis() (socket string, err error) {
	socket, stop, err := redisserver.Start("--databases", strconv.Itoa(redisDatabases))
	if err != nil {
		return "", err
	}
	stopRedis = stop
	for range 2000 { // 10 s at most; it usually takes a few ms
		if pingRedis(socket) {
			return socket, nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(socket), "log"))
	return "", fmt.Errorf("redis-server does not answer; its log:\n%s", text)
}

func pingRedis(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	c := &redisConn{conn: conn, r: bufio.NewReader(conn)}
	defer conn.Close()
	answer, err := c.roundTrip("PING")
	return err == nil && answer == "PONG"
}

// A redisConn is a connection to the server with a database of its own, empty
// at first, so that tests can't meet (those that say FLUSHALL excepted).
type redisConn struct {
	conn net.Conn
	r    *bufio.Reader
}

// dialRedis connects to the server until the end of the test, or skips it.
func dialRedis(t testing.TB) *redisConn {
	t.Helper()
	socket, err := redisSocket()
	redisserver.Require(t, err)
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &redisConn{conn: conn, r: bufio.NewReader(conn)}
	db := redisNextDB.Add(1) - 1
	if got := c.do(t, "SELECT", strconv.FormatInt(db, 10)); got != "OK" {
		t.Fatalf("SELECT %d: %v", db, got)
	}
	return c
}

// do sends one command and returns its reply.
func (c *redisConn) do(t testing.TB, args ...string) reply {
	t.Helper()
	answer, err := c.roundTrip(args...)
	if err != nil {
		t.Fatalf("%.200q: %v", args, err)
	}
	return answer
}

func (c *redisConn) roundTrip(args ...string) (reply, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if err := c.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.conn, b.String()); err != nil {
		return nil, err
	}
	return c.read()
}

// read reads one RESP2 reply.
func (c *redisConn) read() (reply, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if len(line) < 3 {
		return nil, fmt.Errorf("short reply line %q", line)
	}
	body := line[1 : len(line)-2]
	switch line[0] {
	case '+':
		return body, nil
	case '-':
		return redisError(body), nil
	}
	n, err := strconv.ParseInt(body, 10, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reply line %q: %w", line, err)
	case line[0] == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case line[0] == '$':
		bulk := make([]byte, n+2)
		_, err := io.ReadFull(c.r, bulk)
		return string(bulk[:n]), err
	case line[0] == '*':
		return c.readArray(int(n))
	default:
		return nil, fmt.Errorf("unknown reply line %q", line)
	}
}

func (c *redisConn) readArray(n int) (reply, error) {
	list := make([]any, n)
	for i := range list {
		item, err := c.read()
		if err != nil {
			return nil, err
		}
		list[i] = item
	}
	return list, nil
}

// seededRand returns a source of random numbers whose seed is logged, which
// shows if the test fails; ALCOVE_SEED repeats that run.
func seededRand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("ALCOVE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("ALCOVE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestRedisReplies(t *testing.T) {
	c := dialRedis(t)
	other := dialRedis(t)
	for _, test := range []struct {
		args []string
		want reply
	}{
		{[]string{"SET", "k", "a\r\nb"}, "OK"},
		{[]string{"GET", "k"}, "a\r\nb"},
		{[]string{"GET", "none"}, nil},
		{[]string{"DBSIZE"}, int64(1)},
		{[]string{"LPUSH", "k", "x"}, redisError("WRONGTYPE Operation against a key holding the wrong kind of value")},
		{[]string{"MGET", "k", "none"}, []any{"a\r\nb", nil}},
		{[]string{"KEYS", "none"}, []any{}},
		{[]string{"EVAL", "return {1, {'x'}, {}}", "0"}, []any{int64(1), []any{"x"}, []any{}}},
	} {
		if got := c.do(t, test.args...); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q = %#v, want %#v", test.args, got, test.want)
		}
	}
	if n := other.do(t, "DBSIZE"); n != int64(0) {
		t.Errorf("a second connection sees %v keys", n)
	}
}
