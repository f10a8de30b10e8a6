// Report measures Alcove beside its peers and writes tables and charts:
//
//	go run ./bench/cmd/report            # everything, about an hour
//	go run ./bench/cmd/report -short     # the same with less of everything, two minutes
//	go run ./bench/cmd/report -only strings,zsets -peers alcove,redis,btree
//
// Each group of workloads becomes a page, a chart and a file of samples, which benchstat
// reads, in -out; a group that is not measured keeps those of the last time. Every peer
// works in a process of its own, one after the other, round by round, so that what the
// machine does meanwhile meets all of them, and a peer that fails or takes all memory
// ends alone. Interrupt it, and what is done is kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/workload"
)

// options are the command's flags.
type options struct {
	short, render, list bool
	only, peers         []string
	cores               []int
	keys, samples       int
	time, timeout       time.Duration
	out, socket         string
	command             string // as it was given
}

// comma is a flag of words between commas.
type comma []string

func (c *comma) String() string { return strings.Join(*c, ",") }
func (c *comma) Set(s string) error {
	*c = (*c)[:0]
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); !slices.Contains(*c, word) {
			*c = append(*c, word)
		}
	}
	return nil
}

func parse(args []string, output io.Writer) (options, error) {
	var o options
	cores := comma{"1", "2"}
	if runtime.NumCPU() == 1 {
		cores = comma{"1"}
	}
	f := flag.NewFlagSet("report", flag.ContinueOnError)
	f.SetOutput(output)
	f.BoolVar(&o.short, "short", false, "less of everything: a look in two minutes, not for quoting")
	f.BoolVar(&o.list, "list", false, "print the groups and the peers, and measure nothing")
	f.BoolVar(&o.render, "render", false, "write the pages anew from the samples in -out, and measure nothing")
	f.Var((*comma)(&o.only), "only", "only these groups of workloads")
	f.Var((*comma)(&o.peers), "peers", "only these peers; alcove is always there, as the others are compared with it")
	f.Var(&cores, "cpu", "numbers of cores")
	f.IntVar(&o.keys, "keys", 0, "how many keys the groups take, instead of their own numbers")
	f.IntVar(&o.samples, "samples", 6, "samples of each figure; 6 are needed for a confidence of 95%")
	f.DurationVar(&o.time, "time", 100*time.Millisecond, "how long an operation is repeated for a sample")
	f.DurationVar(&o.timeout, "timeout", 15*time.Minute, "how long a peer may take for a group")
	f.StringVar(&o.out, "out", defaultOut(), "where the results go")
	f.StringVar(&o.socket, "socket", "", "unix socket for the redis-server (default: in a new directory)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.command = strings.Join(append([]string{"go run ./bench/cmd/report"}, args...), " "); f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.short && !given["time"] {
		o.time = 4 * time.Millisecond
	}
	return o, o.check(cores)
}

// check says what is wrong with the options.
func (o *options) check(cores comma) error {
	for _, text := range cores {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > runtime.NumCPU() {
			return fmt.Errorf("-cpu %s: this machine has cores 1 to %d", text, runtime.NumCPU())
		}
		o.cores = append(o.cores, n)
	}
	for _, name := range o.only {
		if groupNamed(name) == nil {
			return fmt.Errorf("-only %s: there is no such group; -list names them", name)
		}
	}
	for _, name := range o.peers {
		if peer.Named(name) == nil {
			return fmt.Errorf("-peers %s: there is no such peer; -list names them", name)
		}
	}
	switch {
	case o.keys < 0 || o.keys > 0 && o.keys < 1000:
		return errors.New("-keys: at least 1000")
	case o.samples < 1:
		return errors.New("-samples: at least 1")
	case o.time <= 0 || o.timeout <= 0:
		return errors.New("-time and -timeout must be positive")
	}
	return nil
}

func groupNamed(name string) *workload.Group {
	i := slices.IndexFunc(workload.Groups, func(g *workload.Group) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return workload.Groups[i]
}

// defaultOut is bench/results, from the repository's root or from the module.
func defaultOut() string {
	if _, err := os.Stat("bench/go.mod"); err == nil {
		return "bench/results"
	}
	return "results"
}

func main() {
	if cell := os.Getenv(cellEnv); cell != "" {
		runCell(cell)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := report(ctx, os.Args[1:], os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "interrupted; what was done is kept")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// report does what the arguments say.
func report(ctx context.Context, args []string, log io.Writer) error {
	o, err := parse(args, log)
	if err != nil {
		return err
	}
	if o.list {
		list(log)
		return nil
	}
	if err := writable(o.out); err != nil {
		return err
	}
	var measured error
	if !o.render {
		measured = measure(ctx, o, log)
	}
	return errors.Join(measured, render(o.out))
}

// writable makes a directory for the results, and a file in it to see whether that works.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "report*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func list(w io.Writer) {
	fmt.Fprintln(w, "groups of workloads:")
	for _, g := range workload.Groups {
		fmt.Fprintf(w, "  %-14s %s\n", g.Name, g.Title)
	}
	fmt.Fprintln(w, "peers:")
	for _, p := range peer.All() {
		fmt.Fprintf(w, "  %-14s %s\n", p.Name, p.About)
	}
}
