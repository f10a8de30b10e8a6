package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

// lastJob tells the worker that no more jobs come.
const lastJob = "no more jobs"

// queueSection has three producers give one worker jobs by way of a list.
func queueSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}
	batches := [][]string{
		{"job 1", "job 2", "job 3"},
		{"job 4", "job 5"},
		{"job 6", "job 7", "job 8"},
	}

	g.say("A worker waits at the left. Producers push at the right, each when it is its turn.")
	jobs := s.List("jobs")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var handled []string
	var workErr error
	var worker sync.WaitGroup
	worker.Go(func() { handled, workErr = handle(ctx, jobs) })

	errs := make([]error, len(batches))
	var producers sync.WaitGroup
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	next := turn
	for i, batch := range batches {
		mine, after := next, make(chan struct{}, 1)
		next = after
		producers.Go(func() {
			<-mine
			_, errs[i] = jobs.RPush(batch...)
			after <- struct{}{}
		})
	}
	producers.Wait()
	_, err := jobs.RPush(lastJob)
	if err != nil {
		stop() // the worker would wait for it
	}
	worker.Wait()

	for i, batch := range batches {
		g.got(`s.List("jobs").RPush(`+batch[0]+` ... `+batch[len(batch)-1]+`)`, "OK", errs[i])
	}
	g.did(fmt.Sprintf(`s.List("jobs").RPush(%q)`, lastJob), err)
	g.got(`the worker has handled`, handled, workErr)
	n, err := jobs.Len()
	g.got(`s.List("jobs").Len()`, n, err)

	g.say("A wait ends with its context, and then has taken nothing.")
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err = jobs.BLPop(soon)
	if err == context.DeadlineExceeded {
		g.got(`s.List("jobs").BLPop(ctx), of 10 ms`, err, nil)
	} else {
		g.did(`s.List("jobs").BLPop(ctx), of 10 ms`, err)
	}
	return g.err
}

// handle takes jobs as they come, until the last one. Between two, it waits in BLPop.
func handle(ctx context.Context, jobs store.List) (handled []string, err error) {
	for {
		job, err := jobs.BLPop(ctx)
		if err != nil || job == lastJob {
			return handled, err
		}
		handled = append(handled, job)
	}
}
