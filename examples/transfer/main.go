// Transfer moves money between accounts, from many goroutines at once, in transactions. An
// auditor looks over their shoulders: the sum of all balances never changes.
//
//	go run ./examples/transfer
//	go run ./examples/transfer -accounts 2 -workers 16   # more conflicts
//	go run ./examples/transfer -transfers 100000
//
// It shows
//
//   - Store.Update over three types of values: a balance is a String, what has come in and
//     gone out a Hash, the ledger a List;
//   - an error that takes everything back: whoever has not enough does not pay;
//   - Tx.OnCommit for what must not happen twice, such as counting;
//   - Store.View, which sees all accounts as of one moment while they are written;
//   - that an error, or a panic, after the money has left one account leaves no trace;
//   - DB.Watch for a decision that is made outside of a transaction.
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

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that has done to the work
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	accounts, workers, transfers int
	seed                         uint64
}

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("transfer", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.accounts, "accounts", 10, "how many accounts there are, 2 or more")
	flags.IntVar(&o.workers, "workers", 8, "how many goroutines transfer at the same time")
	flags.IntVar(&o.transfers, "transfers", 20000, "how many transfers they try, all together")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random accounts and amounts")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.accounts < 2:
		return o, fmt.Errorf("a transfer needs 2 accounts, not %d", o.accounts)
	case o.workers < 1:
		return o, fmt.Errorf("%d workers can't do anything", o.workers)
	case o.transfers < 0:
		return o, fmt.Errorf("%d transfers can't be tried", o.transfers)
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
	b := &bank{s: s, accounts: o.accounts}
	if err := b.open(); err != nil {
		return err
	}
	if err := b.work(ctx, o, out); err != nil {
		return err
	}
	if err := failures(b, out); err != nil {
		return err
	}
	if err := decision(b, out); err != nil {
		return err
	}
	if err := b.audit(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "at the end: the books agree")
	return err
}

// work has the workers transfer and the auditor look, and prints what they have done.
func (b *bank) work(ctx context.Context, o options, out io.Writer) error {
	start := time.Now()
	done, err := b.busy(ctx, o)
	if err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Fprintf(out, "%d accounts with %d each, %s\n", o.accounts, opening, console.Count(o.workers, "worker"))
	fmt.Fprintf(out, "%s in %v: %d made, %d refused\n", console.Count(o.transfers, "transfer"), took.Round(time.Microsecond), b.made.Load(), done.refused)
	fmt.Fprintf(out, "%d were moved; %s after a conflict, %d for one transfer at most\n", b.moved.Load(), console.Count(done.again, "run"), done.most)
	_, err = fmt.Fprintf(out, "%s meanwhile: the sum was always %d, the ledgers agreed\n\n", console.Count(done.audits, "audit"), b.accounts*opening)
	return err
}
