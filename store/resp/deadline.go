package resp

import "time"

// This is the only file of the package that knows what time it is. What it waits for are
// the deadlines of connections, which are times of the time package, whatever clock a store
// has: those who set them compute them from time.Now.

// An alarm is for a time that is set anew again and again, and seldom comes. Setting it later
// than before leaves its timer as it is, which rings too early then and is set again: clients
// move a deadline with every command. The lock of what it belongs to guards it.
type alarm struct {
	at     time.Time // zero: never
	passed bool

	timer *time.Timer
	rings time.Time // when timer does; zero: it does not
}

// set moves the alarm. ring is called at that time, or earlier, on a goroutine of its own; it
// is the same each time.
func (a *alarm) set(at time.Time, ring func()) {
	a.at, a.passed = at, false
	a.look(ring)
}

// in sets the alarm d from now.
func (a *alarm) in(d time.Duration, ring func()) { a.set(time.Now().Add(d), ring) }

// rang is called by ring. It reports whether the time has come.
func (a *alarm) rang(ring func()) bool {
	a.rings = time.Time{}
	if !a.passed {
		a.look(ring)
	}
	return a.passed
}

// look sees whether the time has come, and has the timer ring if not.
func (a *alarm) look(ring func()) {
	if a.at.IsZero() {
		return
	}
	left := time.Until(a.at)
	switch {
	case left <= 0:
		a.passed = true
	case a.rings.IsZero() || a.at.Before(a.rings):
		a.rings = a.at
		if a.timer == nil {
			a.timer = time.AfterFunc(left, ring)
		} else {
			a.timer.Reset(left)
		}
	}
}

// due reports whether the time has come, even if the timer is late.
func (a *alarm) due() bool {
	if !a.passed && !a.at.IsZero() {
		a.passed = time.Until(a.at) <= 0
	}
	return a.passed
}

// stop ends the alarm.
func (a *alarm) stop() {
	a.at, a.rings = time.Time{}, time.Time{}
	if a.timer != nil {
		a.timer.Stop()
	}
}
