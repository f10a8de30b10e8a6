package main

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

var (
	errDied = errors.New("the worker died")
	errLate = errors.New("the worker's lease has run out")
)

// workers keeps a pool of workers until ctx ends and each has finished what it held. A worker
// that dies is replaced by a new one, with a number and a goroutine of its own.
func (q *queue) workers(ctx context.Context, fail func(error)) {
	var pool sync.WaitGroup
	var hire func()
	hire = func() {
		pool.Go(func() {
			switch err := q.worker(ctx); err {
			case errDied, errLate:
				if ctx.Err() == nil {
					hire()
				}
			default:
				fail(err)
			}
		})
	}
	for range q.o.workers {
		hire()
	}
	pool.Wait()
}

// worker is one of the queue's workers. What it holds is in the list of its number.
type worker struct {
	q    *queue
	n    string
	stop context.CancelCauseFunc // ends waiting for jobs
	die  context.CancelFunc      // ends renewing the lease
}

// worker does jobs until ctx ends, which it looks at between two jobs.
func (q *queue) worker(ctx context.Context) error {
	n, err := q.join()
	if err != nil {
		return err
	}
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	living, die := context.WithCancel(context.Background())
	w := &worker{q: q, n: n, stop: stop, die: die}
	var keeper sync.WaitGroup
	keeper.Go(func() { w.keep(living) })
	defer keeper.Wait()
	defer die()
	for {
		id, err := q.s.List(queueKey).BLMove(waiting, workingKey(n), store.Left, store.Right)
		if err == nil {
			err = w.do(id)
		}
		switch {
		case err == nil:
		case err != waiting.Err():
			return err
		case ctx.Err() == nil:
			return context.Cause(waiting) // the lease
		default:
			return w.leave()
		}
	}
}

// join makes a new worker known and gives it a lease.
func (q *queue) join() (n string, err error) {
	err = q.s.Update(func(tx *store.Tx) error {
		last, err := tx.String(lastKey).Incr()
		if err != nil {
			return err
		}
		n = strconv.FormatInt(last, 10)
		if _, err := tx.Set(workersKey).Add(n); err != nil {
			return err
		}
		return tx.String(leaseKey(n)).SetEX("", q.o.lease)
	})
	return n, err
}

// leave is the end of a worker that holds nothing.
func (w *worker) leave() error {
	return w.q.s.Update(func(tx *store.Tx) error {
		if _, err := tx.Set(workersKey).Rem(w.n); err != nil {
			return err
		}
		_, err := tx.Del(leaseKey(w.n))
		return err
	})
}

// keep renews the lease until ctx ends. If it has run out, the worker gets no more jobs.
func (w *worker) keep(ctx context.Context) {
	ticker := time.NewTicker(w.q.o.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		there, err := w.q.s.Expire(leaseKey(w.n), w.q.o.lease)
		if err == nil && !there {
			err = errLate
		}
		if err != nil {
			w.stop(err)
			return
		}
	}
}

// do does the job that the worker has got.
func (w *worker) do(id string) error {
	job, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	try, err := w.begin(id)
	if err != nil {
		return err
	}
	f := w.q.o.fate(job, try)
	time.Sleep(f.work)
	switch f.how {
	case fails:
		return w.failed(id, try)
	case diesBefore:
		w.q.died.Add(1)
		return errDied
	case diesAfter:
		w.q.world.effect(id)
		w.q.died.Add(1)
		return errDied
	case hangs:
		w.q.hung.Add(1)
		w.die()
		time.Sleep(2 * w.q.o.lease)
	}
	w.q.world.effect(id)
	return w.done(id)
}

// begin counts a try of the job. A worker that was taken for dead may have got the job after
// the reaper had looked at its list for the last time: it puts it back and ends.
func (w *worker) begin(id string) (try int, err error) {
	var late bool
	err = w.q.s.Update(func(tx *store.Tx) error {
		lease, err := tx.Exists(leaseKey(w.n))
		if err != nil {
			return err
		}
		if late = lease == 0; late {
			return w.putBack(tx, id)
		}
		n, err := tx.Hash(jobKey(id)).IncrBy("tries", 1)
		try = int(n)
		return err
	})
	if err == nil && late {
		err = errLate
	}
	return try, err
}

// putBack moves the job to the head of the queue, if the worker still holds it.
func (w *worker) putBack(tx *store.Tx, id string) error {
	n, err := tx.List(workingKey(w.n)).Rem(1, id)
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.List(queueKey).LPush(id)
	return err
}

// release takes the job off the worker's list and does what comes next in one step. If the
// worker no longer holds the job, it is not the worker's business any more.
func (w *worker) release(id string, next func(tx *store.Tx) error) error {
	return w.q.s.Update(func(tx *store.Tx) error {
		n, err := tx.List(workingKey(w.n)).Rem(1, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return errLate
		}
		return next(tx)
	})
}

// done finishes the job.
func (w *worker) done(id string) error {
	return w.release(id, func(tx *store.Tx) error { return w.q.settle(tx, doneKey, id) })
}

// failed has the job tried again later, or no more.
func (w *worker) failed(id string, try int) error {
	return w.release(id, func(tx *store.Tx) error {
		if err := count(tx, "failed", 1); err != nil {
			return err
		}
		if try >= w.q.o.tries {
			return w.q.settle(tx, deadKey, id)
		}
		return w.q.delay(tx, id, backoff(try))
	})
}
