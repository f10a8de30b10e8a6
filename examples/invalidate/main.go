// Invalidate keeps two caches of a store true by its change feed, while others write it:
//
//	go run ./examples/invalidate
//	go run ./examples/invalidate -products 10000 -writes 1000000
//	go run ./examples/invalidate -buffer 16       # so few that many changes are lost
//
// It shows
//
//   - a shop whose products are hashes that change, expire, get other names and go;
//   - pages, a cache of what is slow to make: a change makes it forget the page, and the
//     next reader makes it anew. A page that was made from what has changed meanwhile is not
//     kept;
//   - prices, a copy of a part of the store, which begins with a snapshot and follows the
//     changes from there (Store.SnapshotAndChanges): nothing is missing between both, and
//     nothing comes twice;
//   - what both do where they were too slow and the feed has a gap, or where everything was
//     flushed: the one forgets all, the other begins anew from a snapshot (Feed.Resync);
//   - how to wait for something without polling (Store.WaitFor).
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/alcovedb/alcove/store"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "invalidate:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	products, writes, buffer int
	seed                     uint64
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("invalidate", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.products, "products", 1000, "how many products the shop has, 1 or more")
	flags.IntVar(&o.writes, "writes", 100_000, "how often one of them changes")
	flags.IntVar(&o.buffer, "buffer", 4096, "how many sets of changes a cache may be behind, 1 or more")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of what changes")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.products < 1:
		return o, fmt.Errorf("a shop needs a product, not %d", o.products)
	case o.writes < 0:
		return o, fmt.Errorf("%d writes are none", o.writes)
	case o.buffer < 1:
		return o, fmt.Errorf("a buffer of %d has no room", o.buffer)
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
	shop := &shop{s: s, options: o}
	if err := shop.open(); err != nil {
		return err
	}
	pages, prices := newPages(s, o.buffer), newPrices(s, o.buffer)
	defer pages.feed.Close()
	defer prices.feed.Close()
	var following sync.WaitGroup
	following.Go(pages.follow)
	following.Go(prices.follow)

	err = shop.trade(pages)
	if err2 := shop.closeDown(); err == nil {
		err = err2
	}
	if err != nil {
		return err
	}
	following.Wait()

	fmt.Fprintf(out, "%d changes of %d products\n", o.writes, o.products)
	fmt.Fprintf(out, "pages:  %s\n", pages)
	fmt.Fprintf(out, "prices: %s\n", prices)
	if err := pages.compare(); err != nil {
		return err
	}
	if err := prices.compare(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "both are what the store holds")
	return err
}
