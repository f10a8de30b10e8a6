// Ratelimit limits how often something may be done, in three ways, and shows what each
// lets through of the same calls. Many goroutines call at once, and the clock is moved by
// hand, so that the numbers are the same every time.
//
//	go run ./examples/ratelimit
//	go run ./examples/ratelimit -limit 3 -callers 50
//
// It shows
//
//   - String.IncrEx, Redis's INCREX: a counter with a bound and a deadline that only the
//     first call sets, which is a fixed window in one command;
//   - a sliding window as a transaction over a sorted set of times;
//   - a token bucket as a counter that saturates at both ends, in a transaction;
//   - store.ManualClock, by which an hour of limits takes no time to test.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/store"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "ratelimit:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct{ limit, callers int }

// parse returns what the arguments say.
func parse(args []string, usage io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("ratelimit", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.IntVar(&o.limit, "limit", 5, "how many calls a second get through")
	flags.IntVar(&o.callers, "callers", 20, "how many goroutines call at once")
	switch err := flags.Parse(args); {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.limit < 1 || o.limit > 1000:
		return o, fmt.Errorf("the limit is from 1 to 1000, not %d", o.limit)
	case o.callers < 1:
		return o, fmt.Errorf("%d callers can't call", o.callers)
	}
	return o, nil
}

// script is when how many call; 0 is all callers.
var script = []struct {
	at    time.Duration
	calls int
}{
	{0, 1},
	{900 * time.Millisecond, 0},
	{1000 * time.Millisecond, 0},
	{1500 * time.Millisecond, 0},
	{2000 * time.Millisecond, 0},
	{time.Hour, 0},
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
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := store.NewManualClock(start)
	s := store.New(store.WithClock(clock))
	defer s.Close()
	limiters := []limiter{
		FixedWindow{DB: s.DB(0), Limit: int64(o.limit), Window: time.Second},
		SlidingWindow{Store: s, Limit: o.limit, Window: time.Second},
		TokenBucket{Store: s, Burst: int64(o.limit), Interval: time.Second / time.Duration(o.limit)},
	}
	fmt.Fprintf(out, "%d calls a second; what gets through:\n\n", o.limit)
	fmt.Fprintf(out, "%8s %6s %6s %8s %7s\n", "after", "calls", "fixed", "sliding", "bucket")
	for _, step := range script {
		clock.Advance(start.Add(step.at).Sub(clock.Now()))
		calls := step.calls
		if calls == 0 {
			calls = o.callers
		}
		fmt.Fprintf(out, "%8v %6d", step.at, calls)
		for i, l := range limiters {
			passed, err := callers(l, clock.Now(), calls)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, " %*d", []int{6, 8, 7}[i], passed)
		}
		fmt.Fprintln(out)
	}
	clock.Advance(time.Hour)
	n, err := s.DBSize()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nan hour later: %d keys\n", n)
	return err
}

// callers has n goroutines call at once, and returns how many get through.
func callers(l limiter, now time.Time, n int) (int64, error) {
	var passed atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			ok, err := l.Allow(now, "alice")
			if ok {
				passed.Add(1)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return passed.Load(), nil
}
