package resp

import (
	"io"
	"net"
	"strings"
	"time"
)

// A conn is one end of a connection in memory. It is buffered in both directions. A client's
// writes wait while much of what it wrote is unread, a server's never: see [outputLimit].
// Its waits are on condition variables, so that the clock of a testing/synctest bubble
// goes on meanwhile. Errors are as on a TCP connection; in the place of EPIPE there is
// io.ErrClosedPipe. All methods may be called by any number of goroutines.
type conn struct {
	in, out       *half
	local, remote net.Addr
	aborted       func() // called by abort, if it is not nil
}

var (
	_ net.Conn      = (*conn)(nil)
	_ builderReader = (*conn)(nil)
	_ refWriter     = (*conn)(nil)
)

// newPipe returns the two ends of a connection between two addresses.
func newPipe(client, server net.Addr) (c, s *conn) {
	requests, replies := newHalf(inputLimit), newHalf(0)
	c = &conn{in: replies, out: requests, local: client, remote: server}
	s = &conn{in: requests, out: replies, local: server, remote: client}
	replies.overflow = func() { s.abort(errOutputLimit) }
	return c, s
}

// loopback returns an address that looks as if it was on this machine. It is an IP, since
// some clients resolve a name.
func loopback(port int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4(), Port: port}
}

// Read reads what there is into p, and waits if there is nothing. It returns io.EOF when
// the other end is closed and all that it wrote has been read.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(target{p: p})
	return n, c.failed("read", err)
}

func (c *conn) readInto(b *strings.Builder, n int) (int, error) {
	n, err := c.in.read(target{text: b, n: n})
	return n, c.failed("read", err)
}

// Write writes p. Those of other goroutines come before it or behind.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	if err == errOutputLimit {
		c.abort(err)
	}
	return n, c.failed("write", err)
}

func (c *conn) writeRefs(b []byte, refs []ref) error {
	err := c.out.writeRefs(b, refs)
	if err == errOutputLimit {
		c.abort(err)
	}
	return c.failed("write", err)
}

// failed puts an error into the form of those of package net.
func (c *conn) failed(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}

// Close ends both directions. The other end can still read what was written before.
func (c *conn) Close() error {
	c.in.deafen(nil)
	c.out.end(true)
	return nil
}

// CloseWrite ends what this end writes; it can still read.
func (c *conn) CloseWrite() error {
	c.out.end(false)
	return nil
}

// abort closes this end for a reason, which its reads return, and drops what the other end
// has not read.
func (c *conn) abort(cause error) {
	c.in.deafen(cause)
	c.out.end(true)
	c.out.mu.Lock()
	c.out.discard()
	c.out.mu.Unlock()
	if c.aborted != nil {
		c.aborted()
	}
}

// LocalAddr returns the address of this end.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the other end.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets when reads and writes end with os.ErrDeadlineExceeded; zero is never.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is SetDeadline for reads.
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.failed("set", c.in.readUntil(t))
}

// SetWriteDeadline is SetDeadline for writes.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.failed("set", c.out.writeUntil(t))
}

// setOutputLimit sets the limit of what waits for the other end to read.
func (c *conn) setOutputLimit(l outputLimit) {
	c.out.mu.Lock()
	c.out.out = l
	if c.out.queue.size < l.soft || l.soft == 0 {
		c.out.overSoft.at = time.Time{}
	}
	over := c.out.overLimit()
	c.out.mu.Unlock()
	if over {
		c.abort(errOutputLimit)
	}
}

// unread returns how many bytes of what this end wrote the other has not read.
func (c *conn) unread() int {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.queue.size
}

// waiting returns how many bytes of what the other end wrote this one has not read.
func (c *conn) waiting() int {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	return c.in.queue.size
}

// onHangUp has f called when the other end writes no more, or this one is closed: nobody waits
// for a reply then. It may be called more than once.
func (c *conn) onHangUp(f func()) {
	c.in.mu.Lock()
	c.in.gone = f
	gone := c.in.ended || c.in.deaf
	c.in.mu.Unlock()
	if gone {
		f()
	}
}
