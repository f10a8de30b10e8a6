package conformance

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	lang "github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// The tests of clients run real ones against a store in memory. What they want of it holds
// for a redis-server, too: most are scenarios that run against both.

// redisScript runs the server, "$@", until its standard input ends, then cleans up. The
// input is a pipe held by the test binary, so that no server and no directory, "$0",
// outlives it, not even one that was killed.
const redisScript = `trap '' INT TERM HUP
"$@" >"$0/log" 2>&1 &
cat >/dev/null
kill -9 $!
wait
rm -rf "$0"`

var (
	errNoRedis = errors.New("no redis-server on PATH")

	// redisSocket starts the server at the first call and returns its address.
	redisSocket = sync.OnceValues(func() (socket string, err error) {
		socket, redisInput, err = startRedis()
		return socket, err
	})

	redisInput *os.File
)

// startRedis starts a server and returns its address. It ends when input is closed.
func startRedis() (socket string, input *os.File, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, errNoRedis
	}
	dir, err := os.MkdirTemp("", "alcove") // t.TempDir may be too long for a socket
	if err != nil {
		return "", nil, err
	}
	socket = filepath.Join(dir, "r.sock")
	cmd := exec.Command("sh", "-c", redisScript, dir, program, "--port", "0", "--unixsocket", socket,
		"--dir", dir, "--save", "", "--hz", "500", "--enable-debug-command", "yes")
	reads, input, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer reads.Close()
	cmd.Stdin = reads
	if err := cmd.Start(); err != nil {
		return "", nil, errors.Join(err, input.Close(), os.RemoveAll(dir))
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); time.Since(began) < 10*time.Second; <-poll.C {
		if c, err := net.Dial("unix", socket); err == nil {
			return socket, input, c.Close()
		}
	}
	return "", nil, errors.Join(errors.New("redis-server does not answer"), input.Close())
}

// redisAddress returns the address of a redis-server, for all tests. Without one on PATH it skips
// the test, or fails it if the environment says ALCOVE_REDIS=required.
func redisAddress(t testing.TB) string {
	t.Helper()
	socket, err := redisSocket()
	mustHaveRedis(t, err)
	return socket
}

// mustHaveRedis skips or fails the test if there is no server.
func mustHaveRedis(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errNoRedis) && os.Getenv("ALCOVE_REDIS") != "required" {
		t.Skipf("%v: nothing to compare with (ALCOVE_REDIS=required makes this a failure)", err)
	}
	require.NoError(t, err)
}

// dialer connects to a server, whatever the network and the address. It is what clients take.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// A side is a server of a scenario, with nothing in it.
type side struct {
	dial dialer
	srv  *resp.Server // nil if it is a redis-server
	// bubble says that time passes only while everybody waits.
	bubble bool
}

// both runs a scenario with a store in memory, in a bubble and outside, and with a
// redis-server. It must close what it opens.
func both(t *testing.T, scenario func(t *testing.T, on side)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { inMemory(t, scenario) })
	t.Run("bubble", func(t *testing.T) { inBubble(t, scenario) })
	t.Run("redis", func(t *testing.T) { onRedis(t, scenario) })
}

// inMemory runs a scenario with a store in memory. Nothing may be left of either end.
func inMemory(t *testing.T, scenario func(t *testing.T, on side)) {
	t.Helper()
	inMemoryBut(t, "", scenario)
}

// inMemoryBut is inMemory for a scenario that leaves goroutines in functions of that name.
func inMemoryBut(t *testing.T, left string, scenario func(t *testing.T, on side)) {
	t.Helper()
	before := runtime.NumGoroutine()
	serveMemory(t, false, scenario)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); runtime.NumGoroutine() > before; <-poll.C {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if left != "" && goroutinesBut(string(stacks), left) <= before {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("goroutines are left:\n%s", stacks)
		}
	}
}

// goroutinesBut counts goroutines but for those in functions of that name.
func goroutinesBut(stacks, name string) (n int) {
	for stack := range strings.SplitSeq(stacks, "\n\n") {
		if !strings.Contains(stack, name) {
			n++
		}
	}
	return n
}

// inBubble is inMemory in a bubble. Its end is a deadlock if a goroutine is left.
func inBubble(t *testing.T, scenario func(t *testing.T, on side)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { serveMemory(t, true, scenario) })
}

func serveMemory(t *testing.T, bubble bool, scenario func(t *testing.T, on side)) {
	t.Helper()
	var opts []store.Option
	if raceEnabled { // to which every lock is much work, and FLUSHALL takes all
		opts = append(opts, store.WithShards(8))
	}
	s := store.New(opts...)
	defer s.Close()
	srv := resp.NewServer(s, resp.WithCommands(lang.WithScriptEngine(scriptsOfClients)))
	defer srv.Close()
	scenario(t, side{dial: srv.Dial, srv: srv, bubble: bubble})
}

// onRedis runs a scenario with a redis-server.
func onRedis(t *testing.T, scenario func(t *testing.T, on side)) {
	t.Helper()
	socket := redisAddress(t)
	on := side{dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	require.True(t, strings.HasPrefix(on.raw(t, "FLUSHALL"), "+OK"))
	scenario(t, on)
}

// raw sends a command over a connection of its own and returns the first line of the reply.
func (on side) raw(t *testing.T, words ...string) string {
	t.Helper()
	c, err := on.dial(context.Background(), "", "")
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = c.Write(resp.AppendCommand(nil, words...))
	require.NoError(t, err)
	var line []byte
	for b := make([]byte, 1); len(line) == 0 || line[len(line)-1] != '\n'; line = append(line, b[0]) {
		_, err := c.Read(b)
		require.NoError(t, err)
	}
	return string(line[:len(line)-2])
}

// eventually waits until what others do has come to pass.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); !holds(); <-poll.C {
		if time.Since(began) > 10*time.Second {
			t.Fatal("it did not come to pass")
		}
	}
}
