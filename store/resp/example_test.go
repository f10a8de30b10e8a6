package resp_test

import (
	"context"
	"fmt"
	"net"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// A client's dialer is Dial as it is: redis.Options{Dialer: srv.Dial} of go-redis,
// redis.DialContextFunc(srv.Dial) of redigo. Here a client of its own speaks over the
// connection, which is in memory.
func ExampleServer_Dial() {
	s := store.New()
	defer s.Close()
	srv := resp.NewServer(s)
	defer srv.Close()

	c, err := srv.Dial(context.Background(), "tcp", "any:6379")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.RemoteAddr())

	// Two commands leave at once; their replies come in order.
	pipeline := resp.AppendCommand(nil, "SET", "greeting", "Hello, Redis!")
	pipeline = resp.AppendCommand(pipeline, "STRLEN", "greeting")
	if _, err := c.Write(pipeline); err != nil {
		fmt.Println(err)
		return
	}
	replies := resp.NewReplyReader(c)
	first, _ := replies.Next()
	second, _ := replies.Next()
	fmt.Println(first.Str, second.Int)

	// The typed API sees the same store.
	greeting, _ := s.String("greeting").Get()
	fmt.Println(greeting)
	// Output:
	// 127.0.0.1:6379
	// OK 13
	// Hello, Redis!
}

// A connection that the caller has made is served, too: one of TCP from a listener of his,
// or here a pipe.
func ExampleServer_ServeConn() {
	s := store.New()
	defer s.Close()
	srv := resp.NewServer(s)
	defer srv.Close()

	client, served := net.Pipe()
	go srv.ServeConn(served)
	fmt.Fprint(client, "PING\r\n")
	r, err := resp.NewReplyReader(client).Next()
	fmt.Println(r.Str, err)
	client.Close()
	// Output: PONG <nil>
}

// A reply has another form in each version of the protocol.
func ExampleAppendReply() {
	scores := command.Reply{Kind: command.Map, Elems: []command.Reply{
		{Kind: command.Bulk, Str: "anna"}, {Kind: command.Double, Float: 1.5},
	}}
	fmt.Printf("%q\n", resp.AppendReply(nil, 2, scores))
	fmt.Printf("%q\n", resp.AppendReply(nil, 3, scores))
	// Output:
	// "*2\r\n$4\r\nanna\r\n$3\r\n1.5\r\n"
	// "%1\r\n$4\r\nanna\r\n,1.5\r\n"
}

// A line is split as redis-cli splits it.
func ExampleSplitArgs() {
	args, err := resp.SplitArgs(`SET "a key" 'it''s' x\n "\x41\n"`)
	fmt.Printf("%q %v\n", args, err)
	args, err = resp.SplitArgs(`SET key "a \"quoted\" word\n"`)
	fmt.Printf("%q %v\n", args, err)
	// Output:
	// [] resp: unbalanced quotes
	// ["SET" "key" "a \"quoted\" word\n"] <nil>
}
