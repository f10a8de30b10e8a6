package store

import (
	"math"
	"sync"
	"time"
)

// This is the only file of the library that reads a clock or waits for one.
//
// Deadlines are whole milliseconds since the Unix epoch, rounded up: a key lives
// as long as now < deadline.

// clock is where the time comes from.
type clock interface {
	// nano returns the nanoseconds since the Unix epoch. It never goes back.
	nano() int64
	// wait returns at a deadline in milliseconds, or when wake receives.
	wait(deadline int64, wake <-chan struct{})
	// alarm returns a channel that is closed at a deadline in milliseconds, and what
	// frees it.
	alarm(deadline int64) (rings <-chan struct{}, stop func())
}

// wallClock follows the monotonic clock from where the wall clock stood when it
// was made, so that a step of the wall clock moves no deadline. In a
// testing/synctest bubble it is the bubble's.
type wallClock struct{ base time.Time }

func newWallClock() clock { return wallClock{base: time.Now()} }

func (c wallClock) nano() int64 { return c.base.UnixNano() + int64(time.Since(c.base)) }

func (c wallClock) wait(deadline int64, wake <-chan struct{}) {
	timer := time.NewTimer(c.until(deadline))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	}
}

func (c wallClock) alarm(deadline int64) (<-chan struct{}, func()) {
	rings := make(chan struct{})
	timer := time.AfterFunc(c.until(deadline), func() { close(rings) })
	return rings, func() { timer.Stop() }
}

// until returns the time that is left until a deadline.
func (c wallClock) until(deadline int64) time.Duration {
	left := time.Duration(math.MaxInt64)
	if ms := deadline - c.nano()/int64(time.Millisecond); ms < int64(left/time.Millisecond) {
		left = time.Duration(deadline*int64(time.Millisecond) - c.nano())
	}
	return left
}

// stoppedClock shows one time for ever: a snapshot's.
type stoppedClock int64

func (c stoppedClock) nano() int64 { return int64(c) }

func (c stoppedClock) wait(_ int64, wake <-chan struct{}) { <-wake }

func (c stoppedClock) alarm(int64) (<-chan struct{}, func()) { return nil, func() {} }

// ManualClock is a clock that stands still until it is moved by hand. Stores
// that were made with it ([WithClock]) have no goroutine: what is overdue
// expires inside Advance. It is for tests that can't use testing/synctest.
type ManualClock struct {
	advance sync.Mutex // one Advance at a time

	lock   sync.Mutex
	now    int64
	stores []*Store
	alarms map[chan struct{}]int64 // by what they close
}

// NewManualClock returns a clock that stands at start, which lies between 1970 and
// 2262; what does not, is brought to the nearer end.
func NewManualClock(start time.Time) *ManualClock {
	switch {
	case start.Before(time.Unix(0, 0)):
		start = time.Unix(0, 0)
	case start.After(time.Unix(0, math.MaxInt64)):
		start = time.Unix(0, math.MaxInt64)
	}
	return &ManualClock{now: start.UnixNano()}
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return time.Unix(0, c.nano()) }

// Advance moves the clock forward by d and expires, before it returns, every
// key whose deadline it passes, in the order of the deadlines. A negative d
// counts as 0, and at the end of the year 2262 the clock stands still. Of a key that
// is written meanwhile it is not said whether it expires in this Advance or in the
// next. The complexity is O(k log n), k the number of keys that expire.
func (c *ManualClock) Advance(d time.Duration) {
	c.advance.Lock()
	defer c.advance.Unlock()
	end := c.nano() + int64(max(d, 0))
	if end < c.nano() { // past the year 2262
		end = math.MaxInt64
	}
	for {
		s, at := c.earliest()
		if s == nil || at > end/int64(time.Millisecond) {
			break
		}
		c.set(max(c.nano(), at*int64(time.Millisecond)))
		s.expirer.RunDue()
	}
	c.set(end)
}

// earliest returns the store that has the first deadline.
func (c *ManualClock) earliest() (first *Store, at int64) {
	c.lock.Lock()
	stores := c.stores
	c.lock.Unlock()
	for _, s := range stores {
		if e := s.expirer.Earliest(); e != 0 && (first == nil || e < at) {
			first, at = s, e
		}
	}
	return first, at
}

func (c *ManualClock) add(s *Store) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.stores = append(c.stores[:len(c.stores):len(c.stores)], s)
}

func (c *ManualClock) remove(s *Store) {
	c.lock.Lock()
	defer c.lock.Unlock()
	var kept []*Store
	for _, other := range c.stores {
		if other != s {
			kept = append(kept, other)
		}
	}
	c.stores = kept
}

func (c *ManualClock) set(now int64) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.now = now
	for rings, at := range c.alarms {
		if at <= now/int64(time.Millisecond) {
			close(rings)
			delete(c.alarms, rings)
		}
	}
}

func (c *ManualClock) nano() int64 {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.now
}

func (c *ManualClock) wait(int64, <-chan struct{}) {}

func (c *ManualClock) alarm(deadline int64) (<-chan struct{}, func()) {
	rings := make(chan struct{})
	c.lock.Lock()
	defer c.lock.Unlock()
	if deadline <= c.now/int64(time.Millisecond) {
		close(rings)
		return rings, func() {}
	}
	if c.alarms == nil {
		c.alarms = map[chan struct{}]int64{}
	}
	c.alarms[rings] = deadline
	return rings, func() {
		c.lock.Lock()
		defer c.lock.Unlock()
		delete(c.alarms, rings)
	}
}

// now returns the milliseconds since the Unix epoch.
func (s *Store) now() int64 { return s.clock.nano() / int64(time.Millisecond) }

// deadlineIn returns the deadline that lies d after now, in nanoseconds.
func deadlineIn(now int64, d time.Duration) int64 {
	ms, ns := now/int64(time.Millisecond), now%int64(time.Millisecond)
	ms += int64(d / time.Millisecond)
	if ns += int64(d % time.Millisecond); ns > 0 {
		ms += (ns + int64(time.Millisecond) - 1) / int64(time.Millisecond)
	}
	return ms
}

// deadlineAt returns the deadline at t, and whether it is a time that
// milliseconds can express.
func deadlineAt(t time.Time) (int64, bool) {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Unix() != t.Unix() { // it has wrapped around
		return 0, false
	}
	if t.Nanosecond()%int(time.Millisecond) == 0 {
		return ms, true
	}
	return ms + 1, ms < math.MaxInt64
}

// timeOf returns a deadline as a time.
func timeOf(deadline int64) time.Time { return time.UnixMilli(deadline) }

// left returns how long it is until a deadline, in whole milliseconds.
func (db DB) left(deadline int64) time.Duration {
	const ms = int64(time.Millisecond)
	now := db.nano()
	d := deadline - now/ms
	if d > math.MaxInt64/ms {
		return time.Duration(math.MaxInt64 / ms * ms)
	}
	return time.Duration((d*ms - now%ms) / ms * ms)
}
