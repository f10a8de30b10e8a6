package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/alcovedb/alcove/store"
)

// producer makes every job whose turn it is, with a pause after each, until ctx ends.
func (q *queue) producer(ctx context.Context, i int) error {
	random := rand.New(rand.NewPCG(q.o.seed, uint64(i)))
	for job := i + 1; job <= q.o.jobs && ctx.Err() == nil; job += q.o.producers {
		if err := q.produce(job); err != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(random.IntN(5)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return nil
}

// produce makes a job. If a worker waits, it has the job when produce returns.
func (q *queue) produce(job int) error {
	id := strconv.Itoa(job)
	return q.s.Update(func(tx *store.Tx) error {
		if _, err := tx.Hash(jobKey(id)).Set("payload", fmt.Sprintf("order %d", job)); err != nil {
			return err
		}
		if _, err := tx.List(queueKey).RPush(id); err != nil {
			return err
		}
		return count(tx, "produced", 1)
	})
}
