package main

import (
	"strconv"
	"time"

	"github.com/alcovedb/alcove/store"
)

// A limiter says which calls get through. What it keeps of a key in the store goes by itself
// when it would say no more than no key does.
type limiter interface {
	// Allow reports whether a call may go on. now is what the store's clock shows.
	Allow(now time.Time, key string) (bool, error)
}

// FixedWindow lets Limit calls through in a window, which begins with the first of them. At
// the border of two windows it may be twice as many in a short time.
type FixedWindow struct {
	DB     store.DB
	Limit  int64
	Window time.Duration
}

// Allow is one command: the first call sets the deadline, which ends the window, and above
// the bound nothing is added.
func (l FixedWindow) Allow(_ time.Time, key string) (bool, error) {
	_, added, err := l.DB.String("fixed:"+key).IncrEx(1, store.IncrExOptions{
		UBound:   store.IntBound(l.Limit),
		Expiry:   store.ExpireIn(l.Window),
		ExpireIf: store.IfAbsent,
	})
	return added == 1, err
}

// SlidingWindow lets Limit calls through in every window, wherever it begins. It remembers
// the time of each of them.
type SlidingWindow struct {
	Store  *store.Store
	Limit  int
	Window time.Duration
}

// Allow forgets the calls that are older than the window, counts the others, and adds this
// one, all in one step. A call that is refused is not remembered.
func (l SlidingWindow) Allow(now time.Time, key string) (ok bool, err error) {
	key = "sliding:" + key
	at := now.UnixMicro() // which a score expresses exactly
	err = l.Store.Update(func(tx *store.Tx) error {
		ok = false // this may be the second run
		calls := tx.ZSet(key)
		if _, err := calls.RemRange(store.ByScore(0, float64(at-l.Window.Microseconds()))); err != nil {
			return err
		}
		n, err := calls.Card()
		if err != nil || n >= l.Limit {
			return err
		}
		// Calls of one microsecond differ by their number among those of the window.
		member := strconv.FormatInt(at, 10) + "#" + strconv.Itoa(n)
		if _, err := calls.Add(store.Scored{Member: member, Score: float64(at)}); err != nil {
			return err
		}
		_, err = tx.Expire(key, l.Window)
		ok = err == nil
		return err
	})
	return ok, err
}

// TokenBucket lets Burst calls through at once, and from then on one in every Interval. A
// call takes a token out of a bucket that has up to Burst of them, and every Interval one
// comes in.
type TokenBucket struct {
	Store    *store.Store
	Burst    int64
	Interval time.Duration
}

// Allow puts the tokens in that have come since the last call, and takes one, in one step.
// The counter is what the bucket lacks: where there is none, it is full.
func (l TokenBucket) Allow(now time.Time, key string) (ok bool, err error) {
	tick := now.UnixNano() / int64(l.Interval)
	full := time.Duration(l.Burst+1) * l.Interval // by then it is
	err = l.Store.Update(func(tx *store.Tx) error {
		ok = false // this may be the second run
		lacks, last := tx.String("bucket:"+key), tx.String("bucket:"+key+":tick")
		came := l.Burst
		switch text, err := last.Get(); {
		case err == nil:
			before, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return err
			}
			came = max(tick-before, 0)
		case err != store.ErrNotFound:
			return err
		}
		if came > 0 {
			if err := last.SetEX(strconv.FormatInt(tick, 10), full); err != nil {
				return err
			}
		}
		// It never has more than Burst, however long nobody has called ...
		_, _, err := lacks.IncrEx(-came, store.IncrExOptions{LBound: store.IntBound(0), Saturate: true})
		if err != nil {
			return err
		}
		// ... and never less than nothing.
		_, took, err := lacks.IncrEx(1, store.IncrExOptions{UBound: store.IntBound(l.Burst), Expiry: store.ExpireIn(full)})
		ok = took == 1
		return err
	})
	return ok, err
}
