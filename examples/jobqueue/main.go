// Jobqueue is a reliable queue of jobs: producers and workers in pools of goroutines, and no
// job lost where a worker dies.
//
//	go run ./examples/jobqueue
//	go run ./examples/jobqueue -dies 0 -fails 0            # nothing goes wrong
//	go run ./examples/jobqueue -dies 30 -workers 20        # much does
//	go run ./examples/jobqueue -jobs 100000                # and interrupt it
//
// It shows
//
//   - List.BLMove: a worker waits for a job and gets it into a list of its own in the same
//     step, so that at every moment each job is in exactly one place;
//   - Store.Update for each further step of a job, over values of several types: a job is
//     taken off its worker's list, marked, counted and put elsewhere, or nothing happens;
//   - Tx.OnCommit for what must happen once, such as noticing the last job;
//   - a ZSet by due times for the jobs that failed and are tried again later, and a scheduler
//     that sleeps in List.BLPop until the first is due or an earlier one comes;
//   - leases: String keys with a time to live, which a live worker renews. A reaper sleeps
//     until the first lease may run out, and takes back what a dead worker held;
//   - a graceful stop, on an interrupt or when all is done: producers stop first, workers
//     finish what they hold, and the reaper waits for the leases of those that died.
//
// A job is finished exactly once as far as the store goes: finishing takes it off the list of
// the worker that holds it, and whoever no longer holds it can't. What the job does outside of
// the store happens at least once, not exactly once: a worker that dies after its side effect
// and before it has said so leaves a job that the next worker does again, and so does one that
// hung until its lease had run out. A job whose side effect must not be repeated has to notice
// that by itself, for instance by its id.
//
// Each start of a job is a try, whether it fails or its worker dies, and after the last one
// the job goes to the list of the dead ones, for somebody to look at: a job that kills its
// workers would do so for ever.
//
// Everything lives in the memory of the process and ends with it: this is for workers that
// die alone.
package main

import (
	"context"
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
	context.AfterFunc(ctx, stop) // a second interrupt ends the process
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr, console.Progress(os.Stderr))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobqueue:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	producers, workers, jobs int
	tries                    int
	fails, dies              int // of 100 tries
	lease                    time.Duration
	seed                     uint64
}

// minLease is the shortest lease: a shorter one would often run out under live workers.
const minLease = 10 * time.Millisecond

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("jobqueue", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.producers, "producers", 3, "how many goroutines make jobs")
	flags.IntVar(&o.workers, "workers", 5, "how many goroutines do them; a new one comes for each that dies")
	flags.IntVar(&o.jobs, "jobs", 300, "how many jobs there are, all together")
	flags.IntVar(&o.tries, "tries", 4, "how often a job is started before it is given up")
	flags.IntVar(&o.fails, "fails", 10, "in how many of 100 tries the job fails")
	flags.IntVar(&o.dies, "dies", 5, "in how many of 100 tries the worker dies, or hangs")
	flags.DurationVar(&o.lease, "lease", 300*time.Millisecond, "how long a worker that does not renew its lease counts as living")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of what happens to the jobs")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	return o, o.check()
}

// check returns what is wrong with o.
func (o options) check() error {
	switch {
	case o.producers < 1:
		return fmt.Errorf("%d producers can't do anything", o.producers)
	case o.workers < 1:
		return fmt.Errorf("%d workers can't do anything", o.workers)
	case o.jobs < 0:
		return fmt.Errorf("%d jobs can't be done", o.jobs)
	case o.tries < 1:
		return fmt.Errorf("a job needs a try, not %d", o.tries)
	case o.fails < 0 || o.fails > 100:
		return fmt.Errorf("jobs can't fail in %d of 100 tries", o.fails)
	case o.dies < 0 || o.dies > 100:
		return fmt.Errorf("workers can't die in %d of 100 tries", o.dies)
	case o.lease < minLease:
		return fmt.Errorf("a lease of %v is shorter than %v", o.lease, minLease)
	}
	return nil
}

// run is main without the process around it.
func run(ctx context.Context, args []string, out, usage, progress io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return err
	}
	s := store.New()
	defer s.Close()
	q := newQueue(s, o)
	start := time.Now()
	if err := q.runAndReport(ctx, progress); err != nil {
		return err
	}
	took := time.Since(start)
	t, err := q.audit()
	if err != nil {
		return err
	}
	interrupted := ctx.Err() != nil
	if interrupted {
		fmt.Fprintln(out, "interrupted")
	}
	fmt.Fprintf(out, "%s and %s at a time, for %v\n", console.Count(o.producers, "producer"), console.Count(o.workers, "worker"), took.Round(time.Millisecond))
	return q.summary(out, t, interrupted)
}
