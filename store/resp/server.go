package resp

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// Server serves a store to clients of Redis, over connections in memory or those that the caller
// made. It listens nowhere. All methods may be called by any number of goroutines.
type Server struct {
	commands *command.Server
	faults   faults
	heard    func(s *command.Session, args []string) // nil: nobody listens

	lock   sync.Mutex // guards what follows
	port   int        // of the last client
	closed bool
	peers  sync.WaitGroup
}

// Ports of the addresses that connections in memory show.
const (
	serverPort  = 6379
	firstClient = 49152 // the first of those that IANA leaves to clients
	lastClient  = 65535
)

// ErrServerClosed is returned by Dial after Close.
var ErrServerClosed = errors.New("resp: the server is closed")

// NewServer returns a server of s. Close it before s.
func NewServer(s *store.Store, opts ...Option) *Server {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	srv := &Server{commands: command.NewServer(s, o.commands...), port: lastClient, heard: o.heard}
	for _, f := range o.faults {
		srv.Inject(f)
	}
	return srv
}

// Commands returns what runs the commands of the clients: among others, it lists and disconnects
// them.
func (srv *Server) Commands() *command.Server { return srv.commands }

// Dial returns a new connection to the server, whatever the network and the address. Its
// signature is that of the dialers which clients take:
//
//	redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.Dial})
//
// It returns the error of ctx if that has ended, and [ErrServerClosed] after Close. The other
// end is served by one goroutine, and by one more while the client is subscribed to a channel;
// they end when the connection is closed.
//
// The connection is buffered: a client may write any number of commands before it reads the
// replies, which wait for it up to the limit of client-output-buffer-limit. Only behind a
// command that waits, such as BLPOP, its writes wait, too, when they are a mebibyte ahead.
func (srv *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if ctx != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	port, ok := srv.enter()
	if !ok {
		return nil, ErrServerClosed
	}
	client, server := newPipe(loopback(port), loopback(serverPort))
	go func() {
		defer srv.peers.Done()
		p := newPeer(srv, server, nil)
		p.loop()
		p.leave()
	}()
	return client, nil
}

// ServeConn serves a connection that the caller made. It returns, and has closed the connection,
// when the client has closed it, quit or broken the protocol, or when the server is closed. It
// uses two more goroutines: one reads from the connection, at most a mebibyte ahead of the
// command that runs, and one writes to it, so that a client that does not read holds up nobody
// else.
func (srv *Server) ServeConn(c net.Conn) {
	if c == nil {
		return
	}
	if _, ok := srv.enter(); !ok {
		_ = c.Close()
		return
	}
	defer srv.peers.Done()
	srv.splice(c)
}

// enter counts a new connection, and returns a port for it, unless the server is closed.
func (srv *Server) enter() (port int, ok bool) {
	srv.lock.Lock()
	defer srv.lock.Unlock()
	if srv.closed {
		return 0, false
	}
	if srv.port++; srv.port > lastClient {
		srv.port = firstClient
	}
	srv.peers.Add(1)
	return srv.port, true
}

// Close closes all connections, ends what their commands wait for, and waits for their
// goroutines. It is idempotent and returns nil; the store stays open. A command that waits for
// keys that a transaction of the typed API holds goes on waiting for these, and Close with it:
// the closure of such a transaction must not call Close.
func (srv *Server) Close() error {
	srv.lock.Lock()
	srv.closed = true
	srv.lock.Unlock()
	_ = srv.commands.Close()
	srv.peers.Wait()
	return nil
}
