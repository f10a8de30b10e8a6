// Tour shows what the store does, section by section: each step, and what came
// back.
//
//	go run ./examples/tour
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// A section shows one part of the store: it works on s and tells w about it.
type section struct {
	title string
	run   func(w io.Writer, s *store.Store) error
}

var sections = []section{
	{"Strings", stringsSection},
	{"Databases", databasesSection},
	{"Transactions", transactionsSection},
	{"Cache-aside with a time to live", cacheSection},
	{"Hashes", hashesSection},
	{"Lists", listsSection},
	{"Sets", setsSection},
	{"Sorted sets", zsetsSection},
	{"Bitmaps", bitmapsSection},
	{"HyperLogLogs", hllSection},
	{"Places", geoSection},
	{"Streams", streamsSection},
	{"Pub/sub, notifications and changes", pubsubSection},
	{"A job queue", queueSection},
	{"Sessions", sessionsSection},
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

// run is main without the process around it.
func run(args []string, out, usage io.Writer) error {
	flags := flag.NewFlagSet("tour", flag.ContinueOnError)
	flags.SetOutput(usage)
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("%q is not a flag, and there is none", flags.Arg(0))
	}
	s := store.New()
	defer s.Close()
	return tour(out, s)
}

// tour runs all sections, one after the other, on one store.
func tour(w io.Writer, s *store.Store) error {
	for i, sec := range sections {
		title := fmt.Sprintf("%d. %s", i+1, sec.title)
		if _, err := fmt.Fprintf(w, "%s\n%s\n", title, strings.Repeat("=", len(title))); err != nil {
			return err
		}
		if err := sec.run(w, s); err != nil {
			return fmt.Errorf("%s: %w", sec.title, err)
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}
