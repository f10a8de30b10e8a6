package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
)

// prefix is what the keys of products begin with.
const prefix = "product:"

// shop is a store of products.
type shop struct {
	s *store.Store
	options
}

func (sh *shop) key(rng *rand.Rand) string { return prefix + strconv.Itoa(rng.IntN(sh.products)) }

func (sh *shop) open() error {
	for i := range sh.products {
		key := prefix + strconv.Itoa(i)
		_, err := sh.s.Hash(key).Set("name", "No. "+strconv.Itoa(i), store.Pair{Key: "price", Value: "100"})
		if err != nil {
			return err
		}
	}
	return nil
}

// closing is the key whose change is the last: until then the caches follow.
const closing = prefix + "closing"

// closeDown waits until all that expires has done so, and then closes the shop. A key whose
// deadline has come is gone for all who look, but its change comes when it is removed, which
// a write of it does: so nothing changes behind the last change.
func (sh *shop) closeDown() error {
	for i := range sh.products {
		key := prefix + strconv.Itoa(i)
		err := sh.s.WaitFor(context.Background(), key, func(db store.DB) bool {
			ttl, err := db.TTL(key)
			return err != nil || ttl == store.NoTTL
		})
		if err == nil {
			_, err = sh.s.Persist(key)
		}
		if err != nil {
			return err
		}
	}
	_, err := sh.s.Hash(closing).Set("name", "the end")
	return err
}

// isLast says whether the last change is in the set.
func isLast(set store.ChangeSet) bool {
	return slices.ContainsFunc(set.Changes, func(c store.Change) bool { return c.Key == closing })
}

// trade changes products, on two goroutines, and on a third has visitors read pages. It
// returns the first error.
func (sh *shop) trade(p *pages) error {
	var work sync.WaitGroup
	errs := make(chan error, 3)
	for part := range uint64(2) {
		work.Go(func() { errs <- sh.change(rand.New(rand.NewPCG(sh.seed, part)), (sh.writes+int(part))/2) })
	}
	work.Go(func() { errs <- sh.visit(p, rand.New(rand.NewPCG(sh.seed, 2))) })
	work.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// change makes n changes: mostly of a price.
func (sh *shop) change(rng *rand.Rand, n int) error {
	for range n {
		if err := sh.changeOne(rng); err != nil {
			return err
		}
	}
	return nil
}

func (sh *shop) changeOne(rng *rand.Rand) (err error) {
	if rng.IntN(5000) == 0 { // closed for a moment, and everything is new
		return sh.s.FlushDB()
	}
	key := sh.key(rng)
	switch rng.IntN(20) {
	case 0:
		_, err = sh.s.Del(key)
	case 1: // its number is another's from now on
		if err = sh.s.Rename(key, sh.key(rng)); err == store.ErrNotFound {
			err = nil
		}
	case 2:
		_, err = sh.s.Expire(key, time.Duration(1+rng.IntN(3))*time.Millisecond)
	case 3: // two at once, or neither
		other := sh.key(rng)
		err = sh.s.Update(func(tx *store.Tx) error {
			if _, err := tx.Hash(key).IncrBy("price", 5); err != nil {
				return err
			}
			_, err := tx.Hash(other).IncrBy("price", -5)
			return err
		})
	default:
		_, err = sh.s.Hash(key).IncrBy("price", int64(rng.IntN(21)-10))
	}
	return err
}

// visit reads pages.
func (sh *shop) visit(p *pages, rng *rand.Rand) error {
	for range sh.writes / 10 {
		if _, err := p.get(sh.key(rng)); err != nil {
			return err
		}
	}
	return nil
}
