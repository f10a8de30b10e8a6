// Package redisserver runs a redis-server for as long as the program lives that wants one.
package redisserver

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	// ErrNotInstalled says that there is no redis-server on PATH.
	ErrNotInstalled = errors.New("no redis-server on PATH")
	// ErrBusy says that another server answers on the socket.
	ErrBusy = errors.New("another server answers there")
)

const (
	startLimit = 10 * time.Second
	stopLimit  = 5 * time.Second
)

// Server is a redis-server with nothing in it that keeps nothing on disk.
type Server struct {
	socket, version string
	dir             string // of its own, "" if there is none
	cmd             *exec.Cmd
	output          bytes.Buffer  // not to be read before ended
	ended           chan struct{} // closed at the end of the process
	stop            sync.Once
}

// Start starts a redis-server that listens on the Unix socket path, on one in a
// directory of its own if path is empty, and on nothing else. A socket that a dead
// server left behind is taken over; any other file is left alone and is an error.
// The server ends with Stop and, on Linux, with the program, however that ends.
func Start(path string) (*Server, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNotInstalled
	}
	s := &Server{socket: path, ended: make(chan struct{})}
	if path == "" {
		// Short, for a socket's path has about 100 bytes at most.
		if s.dir, err = os.MkdirTemp("", "redis"); err == nil && len(s.dir) > 90 {
			os.Remove(s.dir)
			s.dir, err = os.MkdirTemp("/tmp", "redis")
		}
		if err != nil {
			return nil, err
		}
		s.socket = filepath.Join(s.dir, "s")
	} else if err := free(path); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(program, "--port", "0", "--unixsocket", s.socket,
		"--save", "", "--appendonly", "no", "--daemonize", "no")
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = dieWithParent()
	if err := s.run(); err != nil {
		s.Stop()
		return nil, fmt.Errorf("redis-server: %w", err)
	}
	if err := s.await(); err != nil {
		s.Stop()
		return nil, fmt.Errorf("redis-server on %s: %w; it said:\n%s", s.socket, err, s.output.String())
	}
	return s, nil
}

// Socket returns the path of the Unix socket.
func (s *Server) Socket() string { return s.socket }

// Version returns the server's version.
func (s *Server) Version() string { return s.version }

// Stop ends the server, and kills it if it takes more than five seconds.
func (s *Server) Stop() {
	s.stop.Do(func() {
		if s.cmd.Process != nil {
			if s.cmd.Process.Signal(syscall.SIGTERM) != nil {
				_ = s.cmd.Process.Kill() // no such signal here, or it has ended
			}
			select {
			case <-s.ended:
			case <-time.After(stopLimit):
				_ = s.cmd.Process.Kill()
				<-s.ended
			}
		}
		if s.dir != "" {
			_ = os.RemoveAll(s.dir)
		}
	})
}

// run starts the process from a thread that waits for its end: Linux takes the end of
// the thread that started a process for its parent's.
func (s *Server) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
			close(s.ended)
		}
	}()
	return <-started
}

// await waits until the server answers.
func (s *Server) await() error {
	limit := time.After(startLimit)
	for {
		version, pid, err := ask(s.socket)
		switch {
		case err == nil && pid != s.cmd.Process.Pid:
			return fmt.Errorf("%w (process %d)", ErrBusy, pid)
		case err == nil:
			s.version = version
			return nil
		}
		select {
		case <-s.ended:
			return errors.New(s.cmd.ProcessState.String())
		case <-limit:
			return fmt.Errorf("no answer in %v: %w", startLimit, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// free tells whether a server may have the socket path.
func free(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is no socket", path)
	}
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		return fmt.Errorf("%s: %w", path, ErrBusy)
	}
	return nil
}

// ask asks the server on a socket for its version and its process.
func ask(socket string) (version string, pid int, err error) {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return "", 0, err
	}
	if _, err := io.WriteString(conn, "PING\r\nINFO server\r\n"); err != nil {
		return "", 0, err
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	if err != nil {
		return "", 0, err
	}
	if line != "+PONG\r\n" {
		return "", 0, fmt.Errorf("PING answered %q", line)
	}
	for pid == 0 || version == "" {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", 0, err
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "redis_version":
			version = value
		case "process_id":
			pid, err = strconv.Atoi(value)
			if err != nil {
				return "", 0, err
			}
		}
	}
	return version, pid, nil
}
