// Gosearch indexes Go source in a store and finds the files that use identifiers. It
// is the store on real input that every Go machine has.
//
//	go run ./examples/gosearch                    # index GOROOT/src, print a summary
//	go run ./examples/gosearch Reader Closer      # and the files that use both
//	go run ./examples/gosearch -dir . Reader      # another folder
//
// It keeps an identifier's files in a Set, how often identifiers are used in a ZSet, a
// Hash for each file and the largest files in a List.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/build"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, console.Progress(os.Stderr))
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that has done to the work
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gosearch:", err)
		os.Exit(1)
	}
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, usage, progress io.Writer) error {
	flags := flag.NewFlagSet("gosearch", flag.ContinueOnError)
	flags.SetOutput(usage)
	dir := flags.String("dir", filepath.Join(build.Default.GOROOT, "src"), "the folder to index")
	show := flags.Int("n", 10, "how many of the found files to print")
	flags.Usage = func() {
		fmt.Fprintln(usage, "gosearch [flags] [identifier ...]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}

	s := store.New()
	defer s.Close()
	ix := &index{s: s}
	if err := ix.build(ctx, *dir, progress); err != nil {
		return err
	}
	if err := ix.summary(out); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return nil
	}
	return query(out, s, flags.Args(), *show)
}
