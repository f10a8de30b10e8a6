package resp_test

import (
	"context"
	"fmt"
	"net"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/resp"
)

// A test sees what its code does when the second INCR fails, and when the server goes away
// after it has counted, before it can say so.
func ExampleServer_Inject() {
	s := store.New()
	defer s.Close()
	srv := resp.NewServer(s)
	defer srv.Close()

	busy := srv.Inject(resp.Fault{Command: "incr", Error: "LOADING Redis is loading the dataset in memory", Skip: 1, Times: 1})
	lost := srv.Inject(resp.Fault{Command: "incr", Key: "visits:*", Close: true, Late: true, Skip: 2})

	c, _ := srv.Dial(context.Background(), "", "") // mostly a client's dialer does this
	for range 3 {
		fmt.Println(ask(c, "INCR", "visits:1"))
	}
	fmt.Println("busy:", busy.Fired(), "lost:", lost.Fired())
	visits, _ := s.DB(0).String("visits:1").Get()
	fmt.Println("visits:", visits)
	// Output:
	// 1
	// LOADING Redis is loading the dataset in memory
	// EOF
	// busy: 1 lost: 1
	// visits: 2
}

// ask sends a command and returns what comes back.
func ask(c net.Conn, args ...string) any {
	if _, err := c.Write(resp.AppendCommand(nil, args...)); err != nil {
		return err
	}
	r, err := resp.NewReplyReader(c).Next()
	switch {
	case err != nil:
		return err
	case r.Str != "":
		return r.Str
	}
	return r.Int
}
