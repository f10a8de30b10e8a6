package main

import (
	"context"
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

// backoff is how long a job waits after its try has failed: longer each time.
func backoff(try int) time.Duration { return 20 * time.Millisecond << min(try-1, 8) }

// delay has the job tried again after d, as a part of tx. If it is the first one then, the
// scheduler sleeps too long, and is woken.
func (q *queue) delay(tx *store.Tx, id string, d time.Duration) error {
	delayed := tx.ZSet(delayedKey)
	due := time.Now().Add(d).UnixMilli()
	if _, err := delayed.Add(store.Scored{Member: id, Score: float64(due)}); err != nil {
		return err
	}
	rank, err := delayed.Rank(id)
	if err != nil {
		return err
	}
	if rank == 0 {
		if _, err := tx.List(alarmKey).RPush(id); err != nil {
			return err
		}
	}
	return count(tx, "retried", 1)
}

// scheduler moves jobs to the queue when they are due, until ctx ends. It sleeps until the
// next one is due or the alarm wakes it, whichever comes first.
func (q *queue) scheduler(ctx context.Context) error {
	for {
		next, some, err := q.moveDue()
		if err != nil {
			return err
		}
		wait, cancel := ctx, func() {}
		if some {
			wait, cancel = context.WithDeadline(ctx, next)
		}
		_, err = q.s.List(alarmKey).BLPop(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && err != context.DeadlineExceeded:
			return err
		}
	}
}

// moveDue moves the jobs that are due. It returns when the next one is, if there are some.
func (q *queue) moveDue() (next time.Time, some bool, err error) {
	q.scheduled.Add(1)
	err = q.s.Update(func(tx *store.Tx) error {
		delayed := tx.ZSet(delayedKey)
		due := store.ByScore(math.Inf(-1), float64(time.Now().UnixMilli()))
		ids, err := delayed.Range(due)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if _, err := delayed.RemRange(due); err != nil {
				return err
			}
			if _, err := tx.List(queueKey).RPush(ids...); err != nil {
				return err
			}
		}
		first, err := delayed.RangeWithScores(store.ByRank(0, 0))
		if some = len(first) > 0; some {
			next = time.UnixMilli(int64(first[0].Score))
		}
		return err
	})
	return next, some, err
}
