package redistest

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bubble names the bubble of testing/synctest that the goroutine is in, "" if it is in none.
// Package synctest does not tell; the first line of a stack does, such as
// "goroutine 8 [running, synctest bubble 1]:".
func bubble() string {
	var b [256]byte
	line, _, _ := strings.Cut(string(b[:runtime.Stack(b[:], false)]), "\n")
	_, state, _ := strings.Cut(line, "[")
	state, _, _ = strings.Cut(state, "]")
	for _, word := range strings.Split(state, ", ") {
		if id, found := strings.CutPrefix(word, "synctest bubble "); found {
			return id
		}
	}
	return ""
}

// outside says whether t is a test outside all bubbles. Of one inside, Deadline panics: package
// testing says that it must not be called there.
func outside(t testing.TB) (is bool) {
	d, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return false
	}
	defer func() { is = recover() == nil }()
	d.Deadline()
	return true
}

var (
	errOutside = errors.New("redistest: this Redis was made in a synctest bubble and is used outside of it: use it inside " +
		"the bubble, or call redistest.Run outside")
	errInside = errors.New("redistest: this Redis was made outside the synctest bubble that it is used in: call " +
		"redistest.Run, or Fork of one made WithTime, in the function that synctest.Test was given")
)

// inOtherBubble returns an error if the goroutine is in another bubble than r, where no client of r
// can be.
func (r *Redis) inOtherBubble() error {
	switch bubble() {
	case r.bubble:
		return nil
	case "":
		return errOutside
	}
	return errInside
}

// bubblesBegin is before any time outside of bubbles, and after that at which each of them begins,
// the first moment of the year 2000.
var bubblesBegin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// A conn is a connection of a client that is used in the bubble of its Redis alone: if goroutines of
// two bubbles wait for each other, the runtime ends the program, with a message that helps nobody.
type conn struct {
	net.Conn
	r *Redis
}

func (c conn) Read(p []byte) (int, error) {
	if err := c.astray(); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c conn) Write(p []byte) (int, error) {
	if err := c.astray(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// CloseWrite ends what the client writes.
func (c conn) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

// astray is inOtherBubble, for what is called all the time: where the clock does not look like that of
// another bubble, nobody asks.
func (c conn) astray() error {
	inside := time.Now().Unix() < bubblesBegin
	if inside == (c.r.bubble != "") {
		return nil
	}
	return c.r.inOtherBubble()
}

// unreachable is inOtherBubble for uses of the store itself: one whose clock stands still has no
// goroutine, so that it may come from outside of the bubble.
func (r *Redis) unreachable() error {
	if r.bubble == "" && !r.set.start.IsZero() {
		return nil
	}
	return r.inOtherBubble()
}

// mustBeReachable ends the test of r if its store is unreachable.
func (r *Redis) mustBeReachable() {
	r.t.Helper()
	if err := r.unreachable(); err != nil {
		r.t.Fatalf("%v", err)
	}
}
