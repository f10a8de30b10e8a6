// Package resp lets clients of Redis, such as go-redis, use a store in the same process: it
// has Redis's protocol, RESP2 and RESP3, and connections in memory to speak it over. It opens
// no socket.
//
// # Clients
//
// [Server.Dial] is a dialer as clients take it. It ignores the network and the address:
//
//	s := store.New()
//	srv := resp.NewServer(s)
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.Dial}) // go-redis
//	...
//	client.Close()
//	srv.Close()
//	s.Close()
//
// redigo and rueidis:
//
//	redis.Dial("tcp", "127.0.0.1:6379", redis.DialContextFunc(srv.Dial)) // redigo
//	rueidis.NewClient(rueidis.ClientOption{
//		InitAddress: []string{"127.0.0.1:6379"},
//		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
//			return srv.Dial(ctx, "tcp", addr)
//		},
//	})
//
// Each connection is a session of package command, which implements the commands. They run in
// the order in which they were sent. Replies are sent when no more input is waiting, so that a
// pipeline is answered at once. [Server.ServeConn] serves a connection that the caller made, for
// instance one that a listener accepted.
//
// A connection in memory is buffered in both directions: a client may write any number of
// commands before it reads a reply. It has deadlines, half-close and loopback addresses. An idle
// one costs a goroutine and a few KiB until it is closed; a server without connections costs
// nothing. [Server.Close] closes all connections and waits until their goroutines have ended.
//
// What a client does not read is kept for it, up to client-output-buffer-limit as in Redis: by
// default replies have no limit, messages of channels 32 MiB, or 8 MiB for a minute. Over the
// limit the connection is closed; other clients are not affected. A client that breaks the
// protocol gets Redis's error, and its connection is closed. A length that a client announces
// allocates nothing before the bytes have come.
//
// Client-side caching works: CLIENT TRACKING tells clients what has changed, also when the typed
// API or expiry has changed it.
//
// # In tests
//
// In a bubble of testing/synctest everything here waits on the bubble's clock, so that timeouts
// and times to live pass at once. Make the store, the server and the client inside the bubble,
// and close them before it ends. Give go-redis an IP as the address, as above: it looks up host
// names, that of its default address, too, and a lookup in a bubble may end the program.
// [Server.Inject] makes commands fail, wait or lose their connection. Package redistest
// puts all of this together.
//
// # The codec
//
// A [Reader] reads commands and a [Writer] writes replies, both exactly as redis-server 7.0.15
// does. [AppendCommand] and [ReplyReader] are the client's side.
package resp
