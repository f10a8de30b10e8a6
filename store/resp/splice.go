package resp

import (
	"net"
	"sync"
)

// A connection that the caller has made is spliced to one in memory, at whose other end the
// server is: all that is said of those holds for it, then.

// Sizes of the buffers between a connection and one in memory.
const (
	smallCopy = 4 << 10
	bigCopy   = 32 << 10
)

// splice serves c until its end.
func (srv *Server) splice(c net.Conn) {
	client, server := newPipe(addrOr(c.RemoteAddr()), addrOr(c.LocalAddr()))
	p := newPeer(srv, server, c)
	var pumps sync.WaitGroup
	pumps.Go(func() {
		pump(client, c)
		_ = client.CloseWrite() // the session ends when it has run what has come
	})
	pumps.Go(func() {
		pump(c, client)
		_ = c.Close()
		_ = client.Close()
	})
	p.loop()
	_ = server.Close()
	pumps.Wait() // the session is there until the client has read its last reply
	p.leave()
}

// pump copies what comes from src to dst until one of them has an end.
func pump(dst, src net.Conn) {
	buf := make([]byte, smallCopy)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			if _, err := dst.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if n == len(buf) && n < bigCopy {
			buf = make([]byte, bigCopy)
		}
	}
}

// addrOr is an address that can be shown.
func addrOr(a net.Addr) net.Addr {
	if a == nil {
		return loopback(0)
	}
	return a
}
