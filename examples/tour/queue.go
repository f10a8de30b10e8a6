package main

import (
	"io"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// queueSection has three producers give one worker jobs by way of a list.
func queueSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}
	batches := [][]string{
		{"job 1", "job 2", "job 3"},
		{"job 4", "job 5"},
		{"job 6", "job 7", "job 8"},
	}

	g.say("Producers push at the right, each when it is its turn; the worker pops at the left.")
	jobs := s.List("jobs")
	pushed := make(chan struct{}) // something is in the list
	var handled []string
	var workErr error
	var worker sync.WaitGroup
	worker.Go(func() {
		for range pushed {
			var some []string
			if some, workErr = drain(jobs); workErr != nil {
				continue // the producers still want to be heard
			}
			handled = append(handled, some...)
		}
	})

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
			pushed <- struct{}{}
			after <- struct{}{}
		})
	}
	producers.Wait()
	close(pushed)
	worker.Wait()

	for i, batch := range batches {
		g.got(`s.List("jobs").RPush(`+batch[0]+` ... `+batch[len(batch)-1]+`)`, "OK", errs[i])
	}
	g.got(`the worker has handled`, handled, workErr)
	n, err := jobs.Len()
	g.got(`s.List("jobs").Len()`, n, err)
	return g.err
}

// drain pops jobs until there is none left.
func drain(jobs store.List) (some []string, err error) {
	for {
		job, err := jobs.LPop()
		if err == store.ErrNotFound {
			return some, nil
		}
		if err != nil {
			return some, err
		}
		some = append(some, job)
	}
}
