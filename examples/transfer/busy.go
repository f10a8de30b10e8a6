package main

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// done is what workers and the auditor have done.
type done struct {
	refused, again, most int
	audits               int
}

// busy has workers try transfers at the same time, and an auditor audit until they are
// ready. Who finds something wrong stops all.
func (b *bank) busy(ctx context.Context, o options) (total done, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	each := make([]done, o.workers)
	var workers, auditor sync.WaitGroup
	for i := range each {
		n := o.transfers / o.workers
		if i < o.transfers%o.workers {
			n++
		}
		workers.Go(func() {
			random := rand.New(rand.NewPCG(o.seed, uint64(i)))
			for ; n > 0 && ctx.Err() == nil; n-- {
				if err := b.try(random, &each[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	finished := make(chan struct{})
	auditor.Go(func() {
		for more := true; more && ctx.Err() == nil; {
			select {
			case <-finished:
				more = false // once more, of all that was done
			default:
			}
			if err := b.audit(); err != nil {
				cancel(err)
			}
			total.audits++
		}
	})
	workers.Wait()
	close(finished)
	auditor.Wait()
	for _, d := range each {
		total.refused += d.refused
		total.again += d.again
		total.most = max(total.most, d.most)
	}
	return total, context.Cause(ctx)
}

// try transfers a random amount from one account to another one.
func (b *bank) try(random *rand.Rand, d *done) error {
	from, to := random.IntN(b.accounts), random.IntN(b.accounts-1)
	if to >= from {
		to++
	}
	amount := 1 + random.IntN(opening/2)
	runs := 0 // all of them, also those that don't count
	err := b.s.Update(func(tx *store.Tx) error {
		runs++
		return b.transfer(tx, from, to, amount)
	})
	d.again += runs - 1
	d.most = max(d.most, runs)
	if err == errPoor {
		d.refused++
		return nil
	}
	return err
}
