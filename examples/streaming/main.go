// Streaming is a stream of readings that two consumer groups read, each all of it, and a
// consumer that dies with an entry in its hands.
//
//	go run ./examples/streaming
//	go run ./examples/streaming -entries 100000 -consumers 8
//	go run ./examples/streaming -dies 0                      # nobody dies
//	go run ./examples/streaming -idle 2s                     # it is noticed later
//
// It shows
//
//   - Stream.Add: a producer that appends entries;
//   - consumer groups: the one that raises alarms shares the entries among its consumers, the
//     one that archives gets all of them, too, at its own pace;
//   - Stream.ConsumeWith: a consumer waits for an entry, handles it, and acknowledges it when
//     that went well;
//   - a consumer that dies after it got an entry: that stays pending to it, until another one
//     of the group claims it because it has been idle for too long;
//   - Stream.Trim: the stream is kept short, but for what a group has not acknowledged yet;
//   - Group.Pending and Stream.Info: what is not yet acknowledged, and what is still there.
//
// An entry is handled at least once: a consumer that dies between the work and the
// acknowledgement leaves an entry that is handled again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/alcovedb/alcove/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that has done to the work
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "streaming:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	entries, consumers, dies int
	idle                     time.Duration
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("streaming", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.entries, "entries", 1000, "how many readings there are")
	flags.IntVar(&o.consumers, "consumers", 3, "how many consumers raise alarms, 2 or more if one dies")
	flags.IntVar(&o.dies, "dies", 10, "at which of its entries the first consumer dies; 0 for never")
	flags.DurationVar(&o.idle, "idle", 200*time.Millisecond, "after what time an entry is taken from whoever holds it")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.entries < 1:
		return o, fmt.Errorf("%d readings are none", o.entries)
	case o.dies < 0:
		return o, fmt.Errorf("%d is not the number of an entry", o.dies)
	case o.consumers < 1 || o.dies > 0 && o.consumers < 2:
		return o, fmt.Errorf("%d consumers are too few: somebody has to be left", o.consumers)
	case o.idle <= 0:
		return o, fmt.Errorf("no entry can be handled in %v", o.idle)
	}
	return o, nil
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	p := newPlant(s, o)
	if err := p.work(ctx); err != nil {
		return err
	}
	return p.report(out)
}
