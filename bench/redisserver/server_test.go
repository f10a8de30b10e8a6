package redisserver

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start starts a server until the end of the test.
func start(t *testing.T, path string) *Server {
	t.Helper()
	s, err := Start(path)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("ALCOVE_REDIS") != "required" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// place returns a short path, as t.TempDir's may be too long for a socket.
func place(t *testing.T) string {
	dir, err := os.MkdirTemp("", "place")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "s")
}

func TestStartStop(t *testing.T) {
	s := start(t, "")
	require.NotEmpty(t, s.Version())
	version, pid, err := ask(s.Socket())
	require.NoError(t, err)
	require.Equal(t, s.Version(), version)
	require.Equal(t, s.cmd.Process.Pid, pid)
	dir := filepath.Dir(s.Socket())
	require.DirExists(t, dir)
	s.Stop()
	s.Stop()
	require.NoDirExists(t, dir)
	_, _, err = ask(s.Socket())
	require.Error(t, err)
}

func TestNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Start("")
	require.ErrorIs(t, err, ErrNotInstalled)
}

func TestBusy(t *testing.T) {
	path := place(t)
	s := start(t, path)
	require.Equal(t, path, s.Socket())
	_, err := Start(path)
	require.ErrorIs(t, err, ErrBusy)
	require.ErrorContains(t, err, path)
	_, pid, err := ask(path)
	require.NoError(t, err)
	require.Equal(t, s.cmd.Process.Pid, pid)
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	start(t, "").Stop()
	path := place(t)
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	_, err := Start(path)
	require.ErrorContains(t, err, path)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))

	_, err = Start(filepath.Dir(path))
	require.Error(t, err)
	require.DirExists(t, filepath.Dir(path))
}

func TestStaleSocket(t *testing.T) {
	path := place(t)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	listener.SetUnlinkOnClose(false)
	require.NoError(t, listener.Close())
	require.FileExists(t, path)
	require.NotEmpty(t, start(t, path).Version())
}

func TestOutputIsKept(t *testing.T) {
	start(t, "").Stop()
	_, err := Start(filepath.Join(t.TempDir(), "missing", "s"))
	require.ErrorContains(t, err, "exit status 1")
	require.ErrorContains(t, err, "No such file")
}

// TestEndsWithProgram kills a program that has a server. The threads that the program
// used before must not matter.
func TestEndsWithProgram(t *testing.T) {
	if path := os.Getenv("REDISSERVER_TEST_SOCKET"); path != "" {
		_, err := Start(path)
		require.NoError(t, err)
		for range 100 { // threads that end
			go runtime.LockOSThread()
		}
		time.Sleep(100 * time.Millisecond)
		_, _, err = ask(path)
		require.NoError(t, err)
		println("ready")
		time.Sleep(time.Minute)
	}
	if runtime.GOOS != "linux" {
		t.Skip("promised on Linux only")
	}
	start(t, "").Stop()
	path := place(t)
	program := exec.Command(os.Args[0], "-test.run=^TestEndsWithProgram$")
	program.Env = append(os.Environ(), "REDISSERVER_TEST_SOCKET="+path)
	output, err := program.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.True(t, err == nil || errors.Is(err, io.EOF))
	require.Equal(t, "ready", strings.TrimSpace(line))
	_, _, err = ask(path)
	require.NoError(t, err)
	require.NoError(t, program.Process.Kill())
	_ = program.Wait()
	require.Eventually(t, func() bool {
		_, _, err := ask(path)
		return err != nil
	}, 5*time.Second, 10*time.Millisecond)
}
