package command_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// Words in the place of types: for a command line, a configuration, a test's script.
func ExampleDo() {
	s := store.New()
	defer s.Close()
	ctx := context.Background()

	r, err := command.Do(ctx, s.DB(0), "SET", "visits", "41")
	fmt.Println(r.Str, err)
	r, _ = command.Do(ctx, s.DB(0), "INCR", "visits")
	fmt.Println(r.Int)
	_, err = command.Do(ctx, s.DB(0), "LPUSH", "visits", "x")
	var wrong *command.ReplyError
	fmt.Println(errors.As(err, &wrong), err)
	// Output:
	// OK <nil>
	// 42
	// true WRONGTYPE Operation against a key holding the wrong kind of value
}

// In a transaction, commands and typed methods go together.
func ExampleDo_transaction() {
	s := store.New()
	defer s.Close()
	ctx := context.Background()

	err := s.Update(func(tx *store.Tx) error {
		if _, err := tx.String("from").DecrBy(30); err != nil {
			return err
		}
		_, err := command.Do(ctx, tx.DB(0), "INCRBY", "to", "thirty")
		return err
	})
	n, _ := s.Exists("from", "to")
	fmt.Println(err)
	fmt.Println(n, "keys")
	// Output:
	// ERR value is not an integer or out of range
	// 0 keys
}

// A session keeps what a client has: here a transaction of Redis's kind.
func ExampleSession() {
	s := store.New()
	defer s.Close()
	srv := command.NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	defer session.Close()

	for _, line := range []string{"MULTI", "SET color blue", "APPEND color ish", "EXEC"} {
		r := session.Do(context.Background(), strings.Fields(line))
		switch r.Kind {
		case command.Array:
			for _, e := range r.Elems {
				fmt.Println("-", e.Str, e.Int)
			}
		default:
			fmt.Println(r.Str)
		}
	}
	// Output:
	// OK
	// QUEUED
	// QUEUED
	// - OK 0
	// -  7
}

// What comes out of turn, such as the messages of a channel, comes to the sink.
func ExampleServer_NewSession() {
	s := store.New()
	defer s.Close()
	srv := command.NewServer(s)
	defer srv.Close()
	got := make(chan command.Reply, 10)
	reader := srv.NewSession(func(r command.Reply) { got <- r })
	defer reader.Close()

	reader.Do(context.Background(), []string{"SUBSCRIBE", "news"})
	fmt.Println((<-got).Elems[0].Str)
	receivers, _ := s.Publish("news", "hello") // by the typed API
	message := <-got
	fmt.Println(receivers, message.Elems[0].Str, message.Elems[2].Str)
	// Output:
	// subscribe
	// 1 message hello
}

// The table says where the keys are in a command's words.
func ExampleCommand_KeyPlaces() {
	words := strings.Fields("ZUNIONSTORE sum 2 monday tuesday WEIGHTS 1 2")
	places, ok := command.Lookup(words).KeyPlaces(words)
	fmt.Println(ok)
	for _, i := range places {
		fmt.Println(words[i])
	}
	// Output:
	// true
	// sum
	// monday
	// tuesday
}
