// Cli is a prompt for Redis's commands over a store in its own memory, which is empty at first
// and gone at the end:
//
//	go run ./examples/cli
//	echo PING | go run ./examples/cli
//	go run ./examples/cli -no-raw < commands.txt
//	go run ./examples/cli -3 -n 1                    # RESP3, database 1
//
// It reads lines as redis-cli does, with its quotes, and prints replies as it does: with their
// types on a terminal, without elsewhere (-raw and -no-raw choose). A number before a command
// says how often it is run. HELP names a command's arguments, HELP @group the commands of a
// group; history lists what was typed, !! and !7 run it again; clear, exit, quit.
//
// It shows
//
//   - command.Server and command.Session, a client with its database, its transaction and its
//     subscriptions; command.Do, by which HELP asks, is enough where words share nothing;
//   - command.Reply, and what each of its kinds looks like;
//   - resp.SplitArgs, resp.AppendReply and resp.ReplyReader, the rules of Redis's protocol
//     without a connection;
//   - messages of channels, which come to the session's sink when they come. Redis allows a
//     subscriber of RESP2 hardly any command: to publish from here, begin with -3.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, console.IsTerminal(os.Stdin), console.IsTerminal(os.Stdout))
	if err != nil {
		fmt.Fprintln(os.Stderr, "cli:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	raw, typed, resp3 bool
	db                int
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("cli", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.BoolVar(&o.raw, "raw", false, "print replies without their types, on a terminal, too")
	flags.BoolVar(&o.typed, "no-raw", false, "print replies with their types, elsewhere, too")
	flags.BoolVar(&o.resp3, "3", false, "begin with HELLO 3")
	flags.IntVar(&o.db, "n", 0, "begin in this database, from 0 to "+strconv.Itoa(store.Databases-1))
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag; commands are read from the input", flags.Arg(0))
	case o.raw && o.typed:
		return o, fmt.Errorf("-raw and -no-raw exclude each other")
	case o.db < 0 || o.db >= store.Databases:
		return o, fmt.Errorf("there is no database %d", o.db)
	}
	return o, nil
}

// run is main without the process around it; terminal says of the input, typed of the output
// whether it is one.
func run(args []string, in io.Reader, out, usage io.Writer, terminal, typed bool) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	srv := command.NewServer(s)
	defer srv.Close()

	p := &prompt{docs: s.DB(0), out: out, typed: (typed || o.typed) && !o.raw, terminal: terminal}
	p.session = srv.NewSession(p.push)
	defer p.session.Close()
	ctx := context.Background()
	if o.resp3 {
		p.session.Do(ctx, []string{"HELLO", "3"})
	}
	if o.db > 0 {
		p.session.Do(ctx, []string{"SELECT", strconv.Itoa(o.db)})
		p.db = o.db
	}
	return p.loop(ctx, bufio.NewReader(in))
}
