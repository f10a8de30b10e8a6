package main

import (
	"context"
	"strconv"
	"time"

	"github.com/alcovedb/alcove/store"
)

// reaper takes back the jobs of workers whose lease has run out. It sleeps until the first
// lease may have: nobody joins with one that ends before. When ctx ends, it goes on until no
// worker is left.
func (q *queue) reaper(ctx context.Context) error {
	stop := ctx.Done()
	for {
		next, left, err := q.reapAll()
		if err != nil {
			return err
		}
		if left == 0 && ctx.Err() != nil {
			return nil
		}
		select {
		case <-time.After(next):
		case <-stop:
			stop = nil // once is enough
		}
	}
}

// reapAll looks at all workers. It returns when the next lease may run out, and how many
// workers are left.
func (q *queue) reapAll() (next time.Duration, left int, err error) {
	q.reaperLooks.Add(1)
	workers, err := q.s.Set(workersKey).Members()
	if err != nil {
		return 0, 0, err
	}
	next = q.o.lease
	for _, n := range workers {
		lease, err := q.s.TTL(leaseKey(n))
		switch err {
		case nil:
			next = min(next, lease+time.Millisecond) // whole milliseconds, rounded down
			left++
		case store.ErrNotFound:
			if err := q.reap(n); err != nil {
				return 0, 0, err
			}
		default:
			return 0, 0, err
		}
	}
	return next, left, nil
}

// reap takes back what worker n holds and forgets the worker. A lease does not come back.
func (q *queue) reap(n string) error {
	return q.s.Update(func(tx *store.Tx) error {
		for {
			id, err := tx.List(workingKey(n)).RPop()
			if err == store.ErrNotFound {
				break
			}
			if err != nil {
				return err
			}
			if err := q.takeBack(tx, id); err != nil {
				return err
			}
		}
		_, err := tx.Set(workersKey).Rem(n)
		return err
	})
}

// takeBack puts a dead worker's job at the head of the queue, unless that was its last try.
func (q *queue) takeBack(tx *store.Tx, id string) error {
	if err := count(tx, "recovered", 1); err != nil {
		return err
	}
	text, err := tx.Hash(jobKey(id)).Get("tries")
	if err == store.ErrNotFound {
		text, err = "0", nil // the worker died before it began
	}
	if err != nil {
		return err
	}
	tries, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	if tries >= q.o.tries {
		return q.settle(tx, deadKey, id)
	}
	_, err = tx.List(queueKey).LPush(id)
	return err
}
