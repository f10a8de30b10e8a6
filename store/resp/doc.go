// Package resp is Redis's protocol, RESP2 and RESP3, and connections in memory to speak it
// over: a Redis for the clients of Redis, in the same process. It opens no socket.
//
// # For a client
//
// [Server.Dial] has the signature of the dialers that clients take, whatever the network and
// the address are:
//
//	s := store.New()
//	srv := resp.NewServer(s)
//	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", Dialer: srv.Dial}) // go-redis
//	...
//	client.Close()
//	srv.Close()
//	s.Close()
//
// redigo and rueidis take it so:
//
//	redis.Dial("tcp", "127.0.0.1:6379", redis.DialContextFunc(srv.Dial)) // redigo
//	rueidis.NewClient(rueidis.ClientOption{
//		InitAddress: []string{"127.0.0.1:6379"},
//		DialCtxFn: func(ctx context.Context, addr string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
//			return srv.Dial(ctx, "tcp", addr)
//		},
//	})
//
// Each connection is a session of package command, which has the commands. They run in the
// order in which they were sent, and replies leave when nothing is left to read, so a
// pipeline costs one. [Server.ServeConn] serves a connection that the caller has made, such
// as those of a listener.
//
// A connection in memory is buffered both ways: a client may write any number of commands
// before it reads a reply. It has deadlines, half-close and addresses like those of
// loopback. An idle one costs a goroutine and some KiB until it is closed; a server without
// connections costs nothing. Close of the server ends all of them and waits for that.
//
// What a client does not read is kept for it up to the limits of client-output-buffer-limit,
// as in Redis: none for replies, for messages of channels 32 MiB, or 8 MiB for a minute. Then
// its connection is closed, and the others go on. What is no protocol gets Redis's answer, and
// its connection closed; nothing is allocated for a length that is only announced.
//
// Clients that cache may: CLIENT TRACKING tells them what has changed, also if the typed API,
// or expiry, has changed it.
//
// # In tests
//
// In a bubble of testing/synctest all of it waits on the bubble's clock: make the store, the
// server and the client inside, and close them before it ends. Then timeouts and times to live
// pass at once. Give go-redis an IP as the address, as above: it looks up a name, that of its
// default address, too, which ends the program in the second bubble that does so, if not in the
// first. [Server.Inject] has errors, delays and closed connections happen to commands that match,
// counted and seeded. Package redistest has all of this in one piece.
//
// # The codec
//
// A [Reader] reads the commands of a client and a [Writer] writes the replies, both to the
// letter as redis-server 7.0.15 does. [AppendCommand] and a [ReplyReader] are the other side.
package resp
