// News is a news agency and its readers in one process: channels, a pattern, a handler, and
// a reader who is too slow.
//
//	go run ./examples/news
//	go run ./examples/news -messages 100000   # per topic
//	go run ./examples/news -room 10           # of a buffer: readers get lost on the way
//
// It shows
//
//   - Store.Subscribe, and a range over the subscription's channel;
//   - Store.PSubscribe: one subscription to all topics, and Subscription.Handle, which calls a
//     function with each message;
//   - Store.Publish, which waits for nobody and says how many got the message, and
//     Store.PublishContext, which waits for those who want that: the archive misses nothing;
//   - Store.SubscribeWith: whoever only wants to know how things stand drops what is old;
//   - Subscription.Err: a reader who is too slow is told so, and not just left without news;
//   - Subscription.Close, which ends all of that.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/alcovedb/alcove/store"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "news:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct{ messages, room int }

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("news", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.messages, "messages", 1000, "how many messages there are of each topic")
	flags.IntVar(&o.room, "room", 100, "for how many messages the slow reader has room")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.messages < 1 || o.room < 1:
		return o, fmt.Errorf("%d messages and room for %d make no news", o.messages, o.room)
	}
	return o, nil
}

// run is main without the process around it.
func run(args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	a, err := open(s, o)
	if err != nil {
		return err
	}
	if err := a.publish(o.messages); err != nil {
		return err
	}
	r, err := a.close()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d messages were published\n", len(topics)*o.messages)
	for _, topic := range topics {
		fmt.Fprintf(out, "the archive has %d of %s\n", r.archived[topic], topic)
	}
	fmt.Fprintf(out, "the reader of sport has %d, in order: %v\n", r.sport, r.inOrder)
	fmt.Fprintf(out, "the ticker shows %q\n", r.shown)
	if r.slow != nil {
		fmt.Fprintf(out, "who never read: %v\n", r.slow)
	}
	_, err = fmt.Fprintf(out, "%d of the messages had nobody but the archive and the ticker to take them\n", r.lonely)
	return err
}
