// Visitors counts who visits a site, day by day, in two ways at once, and compares each
// answer with the exact one:
//
//	go run ./examples/visitors
//	go run ./examples/visitors -users 1000000 -days 30
//	go run ./examples/visitors -users 500              # of few, HyperLogLogs are exact
//
// It shows
//
//   - a Bitmap a day, with a bit for each user number: exact, and days can be combined, such
//     as who came again (Bitmap.Op with BitAnd) or at all (BitOr);
//   - an HLL a day, for visitors who have a name of any form and no number: an estimate within
//     a percent or so in 12 KiB at most, however many they are. Days are counted together
//     (HLL.Count with others) or merged into a week (HLL.Merge);
//   - what an HLL can't tell well: how many came on both of two days. The sum of both less
//     the union is an estimate, too, but its error is that of the union, and the answer may be
//     small beside it.
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
		fmt.Fprintln(os.Stderr, "visitors:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	users, days int
	seed        uint64
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("visitors", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.users, "users", 200_000, "how many users the site has, 1 or more")
	flags.IntVar(&o.days, "days", 7, "for how many days they are counted, 2 or more")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of who comes when")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.users < 1:
		return o, fmt.Errorf("a site needs a user, not %d", o.users)
	case o.days < 2:
		return o, fmt.Errorf("nobody can come again in %d days", o.days)
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
	site := newSite(s, o)
	if err := site.open(); err != nil {
		return err
	}
	r := &report{w: out, site: site}
	r.daily()
	r.together()
	r.again()
	r.memory()
	return r.err
}
