package store

import (
	"context"
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
func (c wallClock) until(deadline int64) time.Duration { return untilDeadline(deadline, c.nano()) }

// untilDeadline returns the time from now, in nanoseconds, until a deadline.
func untilDeadline(deadline, now int64) time.Duration {
	left := time.Duration(math.MaxInt64)
	if ms := deadline - now/int64(time.Millisecond); ms < int64(left/time.Millisecond) {
		left = time.Duration(deadline*int64(time.Millisecond) - now)
	}
	return left
}

// stoppedClock shows one time for ever: a snapshot's.
type stoppedClock int64

func (c stoppedClock) nano() int64 { return int64(c) }

func (c stoppedClock) wait(_ int64, wake <-chan struct{}) { <-wake }

func (c stoppedClock) alarm(int64) (<-chan struct{}, func()) { return nil, func() {} }

// ManualClock is a clock that is moved by hand, for tests that can't use testing/synctest, or
// want to jump. One of [NewManualClock] stands still in between: stores that were made with it
// ([WithClock]) have no goroutine. One of [NewRunningClock] goes on by itself, too. What is
// overdue expires inside Advance. All methods may be called by any number of goroutines.
type ManualClock struct {
	advance sync.Mutex // one Advance at a time
	base    time.Time  // when it began to run; zero: it stands still

	lock   sync.Mutex
	moved  int64 // what it shows, without what has passed since base
	stores []*Store
	alarms map[chan struct{}]*clockAlarm // by what they close
}

// clockAlarm is what a ManualClock has to do at a deadline.
type clockAlarm struct {
	at    int64
	timer *time.Timer // nil if the clock stands still
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
	return &ManualClock{moved: start.UnixNano()}
}

// NewRunningClock returns a clock that shows the time of the machine, in a testing/synctest
// bubble that of the bubble, and goes on as that does. Advance takes it ahead.
func NewRunningClock() *ManualClock {
	now := time.Now()
	return &ManualClock{base: now, moved: now.UnixNano()}
}

// Fork returns a clock of the same kind that shows the same time and is moved by itself.
func (c *ManualClock) Fork() *ManualClock {
	c.lock.Lock()
	defer c.lock.Unlock()
	return &ManualClock{base: c.base, moved: c.moved}
}

// running says whether the clock goes on by itself.
func (c *ManualClock) running() bool { return !c.base.IsZero() }

// elapsed returns what has passed since the clock began to run.
func (c *ManualClock) elapsed() int64 {
	if !c.running() {
		return 0
	}
	return int64(time.Since(c.base))
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return time.Unix(0, c.nano()) }

// Advance moves the clock forward by d and expires, before it returns, every
// key whose deadline it passes, in the order of the deadlines. A negative d
// counts as 0, and at the end of the year 2262 the clock stands still. Of a key that
// is written meanwhile it is not said whether it expires in this Advance or in the
// next. A running clock is moved on to the next whole millisecond, as deadlines are, so that
// what was to live for d is over. The complexity is O(k log n), k the number of keys that expire.
func (c *ManualClock) Advance(d time.Duration) {
	c.advance.Lock()
	defer c.advance.Unlock()
	c.lock.Lock()
	shown := c.shown()
	end := shown + min(int64(max(d, 0)), math.MaxInt64-shown)
	if rest := end % int64(time.Millisecond); c.running() && rest > 0 && end < math.MaxInt64-int64(time.Millisecond) {
		end += int64(time.Millisecond) - rest
	}
	end -= shown - c.moved
	c.lock.Unlock()
	for {
		s, at := c.earliest()
		if s == nil || at > c.showing(end)/int64(time.Millisecond) {
			break
		}
		c.set(min(at*int64(time.Millisecond)-c.elapsed(), end))
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

// set moves the clock, never back.
func (c *ManualClock) set(moved int64) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.moved = max(c.moved, moved)
	for rings := range c.alarms {
		c.look(rings)
	}
}

// look rings an alarm whose time has come, and else sees to it that it is looked at again then.
// The lock is held.
func (c *ManualClock) look(rings chan struct{}) {
	a, now := c.alarms[rings], c.shown()
	switch left := untilDeadline(a.at, now); {
	case a.at <= now/int64(time.Millisecond):
		close(rings)
		delete(c.alarms, rings)
		if a.timer != nil {
			a.timer.Stop()
		}
	case !c.running():
	case a.timer != nil:
		a.timer.Reset(left)
	default:
		a.timer = time.AfterFunc(left, func() {
			c.lock.Lock()
			defer c.lock.Unlock()
			if c.alarms[rings] != nil {
				c.look(rings)
			}
		})
	}
}

func (c *ManualClock) nano() int64 {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.shown()
}

// shown is nano while the lock is held.
func (c *ManualClock) shown() int64 { return c.showing(c.moved) }

// showing is what the clock would show if it had been moved so.
func (c *ManualClock) showing(moved int64) int64 {
	if now := moved + c.elapsed(); now >= moved {
		return now
	}
	return math.MaxInt64 // past the year 2262
}

// wait is not called on a clock that stands still.
func (c *ManualClock) wait(deadline int64, wake <-chan struct{}) {
	rings, stop := c.alarm(deadline)
	defer stop()
	select {
	case <-rings:
	case <-wake:
	}
}

func (c *ManualClock) alarm(deadline int64) (<-chan struct{}, func()) {
	rings := make(chan struct{})
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.alarms == nil {
		c.alarms = map[chan struct{}]*clockAlarm{}
	}
	c.alarms[rings] = &clockAlarm{at: deadline}
	c.look(rings)
	return rings, func() {
		c.lock.Lock()
		defer c.lock.Unlock()
		if a := c.alarms[rings]; a != nil && a.timer != nil {
			a.timer.Stop()
		}
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

// Time returns the time by which deadlines are looked at, to the nanosecond: that of the
// clock, in a [Store.Serial] and on a [Snapshot] the one at which it stands still.
//
// The complexity is O(1). Redis: [TIME].
//
// [TIME]: https://redis.io/docs/latest/commands/time/
func (db DB) Time() (time.Time, error) {
	if err := db.check(); err != nil {
		return time.Time{}, mistake("TIME", "", err)
	}
	if tx := db.tx(); tx != nil {
		if err := tx.check(); err != nil {
			return time.Time{}, mistake("TIME", "", err)
		}
	}
	return time.Unix(0, db.nano()), nil
}

// Timeout returns a context that ends with ctx, or after d by the clock of the store: then its
// error is [context.DeadlineExceeded]. With a [ManualClock] that is when Advance passes it.
// That the store is closed, before or meanwhile, changes nothing; the zero Store has the clock
// of the machine. Call cancel when it is no longer needed.
//
// The complexity is O(1).
func (s *Store) Timeout(ctx context.Context, d time.Duration) (_ context.Context, cancel context.CancelFunc) {
	if _, manual := s.clock.(*ManualClock); !manual {
		return context.WithTimeout(ctx, d)
	}
	rings, stop := s.clock.alarm(deadlineIn(s.clock.nano(), d))
	timed := &timedContext{Context: ctx, done: make(chan struct{})}
	ended := context.AfterFunc(ctx, func() { timed.end(ctx.Err()) })
	left := make(chan struct{})
	go func() {
		select {
		case <-rings:
			timed.end(context.DeadlineExceeded)
		case <-left:
		}
	}()
	return timed, func() {
		timed.end(context.Canceled)
		timed.once.Do(func() { close(left); stop(); ended() })
	}
}

// timedContext is a context that a ManualClock ends.
type timedContext struct {
	context.Context
	done chan struct{}
	once sync.Once

	lock sync.Mutex
	err  error
}

func (c *timedContext) end(err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

// Done returns what is closed when the context ends.
func (c *timedContext) Done() <-chan struct{} { return c.done }

// Err returns why the context has ended.
func (c *timedContext) Err() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.err
}
