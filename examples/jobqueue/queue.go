package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

// The keys. A job is a Hash (payload, tries, state), and its id is in exactly one of
// queue, delayed, done, dead and the workers' lists.
const (
	queueKey   = "queue"   // List: who waits for a worker, the next one at the left
	delayedKey = "delayed" // ZSet: who failed, by the millisecond when it is tried again
	doneKey    = "done"    // List
	deadKey    = "dead"    // List: who used up its tries

	workersKey = "workers"     // Set: the numbers of the workers that have not left
	lastKey    = "worker:last" // String: the last worker's number
	alarmKey   = "alarm"       // List: what wakes the scheduler before its time
	countsKey  = "counts"      // Hash: produced, done, dead, failed, retried, recovered
)

func jobKey(id string) string    { return "job:" + id }
func workingKey(n string) string { return "working:" + n } // List: what worker n holds
func leaseKey(n string) string   { return "lease:" + n }   // String: worker n lives

// queue is a queue of jobs in a store, and what the program knows beside.
type queue struct {
	s *store.Store
	o options

	all     chan struct{} // closed when all jobs of o are done or dead
	settled atomic.Int64  // how many are
	world   world

	died, hung             atomic.Int64 // workers
	scheduled, reaperLooks atomic.Int64 // how often the scheduler and the reaper woke
}

func newQueue(s *store.Store, o options) *queue {
	q := &queue{s: s, o: o, all: make(chan struct{})}
	if o.jobs == 0 {
		close(q.all)
	}
	return q
}

// run has everybody work until all jobs are done or dead, or ctx ends, which is no error.
// Then producers stop first, then the workers, each after the job that it holds, then the
// scheduler, and the reaper when no worker is left of which it has to take something back.
func (q *queue) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first sync.Once
	var failure error
	fail := func(err error) {
		if err != nil {
			first.Do(func() { failure = err })
			cancel() // all stop
		}
	}
	var producers, workers, scheduler, reaper sync.WaitGroup
	working, stopWorkers := context.WithCancel(context.Background())
	scheduling, stopScheduler := context.WithCancel(context.Background())
	reaping, stopReaper := context.WithCancel(context.Background())
	reaper.Go(func() { fail(q.reaper(reaping)) })
	scheduler.Go(func() { fail(q.scheduler(scheduling)) })
	workers.Go(func() { q.workers(working, fail) })
	for i := range q.o.producers {
		producers.Go(func() { fail(q.producer(ctx, i)) })
	}

	producers.Wait()
	select {
	case <-q.all:
	case <-ctx.Done():
	}
	stopWorkers()
	workers.Wait()
	stopScheduler()
	scheduler.Wait()
	stopReaper()
	reaper.Wait()
	return failure
}

// runAndReport is run, and prints meanwhile how many jobs are done or dead.
func (q *queue) runAndReport(ctx context.Context, progress io.Writer) error {
	done := make(chan struct{})
	var report sync.WaitGroup
	report.Go(func() {
		console.Report(progress, done, func() string { return fmt.Sprintf("%d of %d jobs", q.settled.Load(), q.o.jobs) })
	})
	err := q.run(ctx)
	close(done)
	report.Wait()
	return err
}

// count adds to a count as a part of tx.
func count(tx *store.Tx, what string, n int) error {
	_, err := tx.Hash(countsKey).IncrBy(what, int64(n))
	return err
}

// settle ends a job as a part of tx: its id goes to the list at key, done or dead.
func (q *queue) settle(tx *store.Tx, key, id string) error {
	if _, err := tx.List(key).RPush(id); err != nil {
		return err
	}
	if _, err := tx.Hash(jobKey(id)).Set("state", key); err != nil {
		return err
	}
	if err := count(tx, key, 1); err != nil {
		return err
	}
	return tx.OnCommit(func() {
		if q.settled.Add(1) == int64(q.o.jobs) {
			close(q.all)
		}
	})
}
