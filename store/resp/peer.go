package resp

import (
	"errors"
	"math"
	"net"
	"strings"
	"sync"

	"github.com/alcovedb/alcove/store/command"
)

// flushSize is how much is answered at most before it leaves, while there are more commands.
const flushSize = bigChunk / 2

// A peer is the server's end of a connection: its session, and what carries it.
type peer struct {
	srv     *Server
	conn    *conn
	foreign net.Conn // what conn is spliced to, if the client is not at its other end
	session *command.Session
	remote  string

	lock sync.Mutex // guards w
	w    *Writer
}

var _ command.Carrier = (*peer)(nil)

func newPeer(srv *Server, c *conn, foreign net.Conn) *peer {
	p := &peer{srv: srv, conn: c, foreign: foreign, w: NewWriter(c), remote: shownAddr(c.remote)}
	if foreign != nil {
		c.aborted = func() { _ = foreign.Close() }
	}
	p.session = srv.commands.NewSession(p.push)
	p.session.SetAddrs(p.remote, shownAddr(c.local))
	c.onHangUp(p.session.HangUp)
	p.session.Carry(p)
	return p
}

// shownAddr is an address as CLIENT LIST shows it.
func shownAddr(a net.Addr) string {
	if a.Network() == "unix" {
		return a.String() + ":0"
	}
	return a.String()
}

// loop runs the commands of the client, one after the other.
func (p *peer) loop() {
	r := NewReader(p.conn)
	waited := false
	r.OnWait = func() error {
		waited = true
		return p.flush()
	}
	defer func() { _ = p.flush() }()
	for !p.session.Ended() {
		r.Unauthenticated, r.MaxBulk = p.session.NeedsAuth(), p.srv.commands.MaxBulk()
		args, err := r.Next()
		if err != nil {
			p.broken(err)
			return
		}
		if isHTTP(args) {
			return
		}
		if p.srv.heard != nil && len(args) > 0 {
			p.srv.heard(p.session, args)
		}
		if p.srv.faults.some.Load() {
			waited = true // maybe for a fault
			if p.doFaulty(args) {
				return
			}
			p.session.Sent()
			continue
		}
		if waited {
			waited = false
			p.reply(p.session.Do(background, args))
		} else {
			p.reply(p.session.DoNext(background, args))
		}
		p.session.Sent()
	}
}

// isHTTP says whether a command is a line of HTTP, of which browsers can be made to send some: they
// are to get no further than that (securityWarningCommand in networking.c).
func isHTTP(args []string) bool {
	is := func(name string) bool { return len(args[0]) == len(name) && strings.EqualFold(args[0], name) }
	return len(args) > 0 && (is("post") || is("host:"))
}

// broken tells the client how it broke the protocol, if err says that it did.
func (p *peer) broken(err error) {
	var breach ProtocolError
	if errors.As(err, &breach) {
		p.reply(p.session.Refuse(nil, command.Reply{Kind: command.Error, Str: "ERR " + breach.Error()}))
	}
}

// leave ends what is left of the connection. The client can still read what it was sent.
func (p *peer) leave() {
	_ = p.conn.Close()
	_ = p.session.Close()
}

func (p *peer) reply(r command.Reply) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.w.Proto = p.session.Protocol()
	p.w.Reply(r)
	if p.w.Buffered() >= flushSize {
		_ = p.w.Flush() // after an error, reading from the connection returns one
	}
}

func (p *peer) flush() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.w.Flush()
}

// push sends what nobody asked for.
func (p *peer) push(r command.Reply) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.w.Reply(r)
	_ = p.w.Flush()
}

// Flush sends what was answered.
func (p *peer) Flush() { _ = p.flush() }

// End closes the connection. What a client in memory has not read it can still read.
func (p *peer) End() {
	_ = p.conn.Close()
	if p.foreign != nil {
		_ = p.foreign.Close()
	}
}

// Limit sets what may wait for the client.
func (p *peer) Limit(l command.OutputLimit) {
	p.conn.setOutputLimit(outputLimit{hard: clampInt(l.Hard), soft: clampInt(l.Soft), over: l.Over})
}

func clampInt(n int64) int { return int(min(n, math.MaxInt)) }

// Buffered returns what waits to be run, and for the client to read.
func (p *peer) Buffered() (in, out int) {
	p.lock.Lock()
	out = p.w.Buffered()
	p.lock.Unlock()
	return p.conn.waiting(), out + p.conn.unread()
}
