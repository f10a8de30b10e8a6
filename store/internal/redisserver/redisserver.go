// Package redisserver starts redis-servers for tests.
package redisserver

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ErrNone says that there is no redis-server on PATH.
var ErrNone = errors.New("no redis-server on PATH")

// script runs the server, "$@", until its standard input ends, then cleans up. The input is a
// pipe that the test binary holds, so that no server and no directory, "$0", outlives it, not even
// one that panicked or was killed.
const script = `trap '' INT TERM HUP
"$@" >"$0/log" 2>&1 &
cat >/dev/null
kill -9 $!
wait
rm -rf "$0"`

// Start starts a redis-server that listens on a unix socket, soon, and is given more arguments.
// Beside the socket, its directory has its log. The server ends by stop, or with this process.
func Start(args ...string) (socket string, stop func(), err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, ErrNone
	}
	dir, err := os.MkdirTemp("", "alcove") // t.TempDir may be too long for a socket
	if err != nil {
		return "", nil, err
	}
	socket = filepath.Join(dir, "r.sock")
	cmd := exec.Command("sh", append([]string{
		"-c", script, dir, program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no",
	}, args...)...)
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return socket, func() {
		_ = input.Close()
		_ = cmd.Wait()
	}, nil
}

// Require ends the test if err is not nil: it skips it if there is no redis-server, unless the
// environment says ALCOVE_REDIS=required, and fails it otherwise.
func Require(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrNone) && os.Getenv("ALCOVE_REDIS") != "required":
		t.Skipf("%v: nothing to compare with (ALCOVE_REDIS=required makes this a failure)", err)
	default:
		t.Fatal(err)
	}
}
