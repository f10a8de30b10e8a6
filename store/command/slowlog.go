package command

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// slowlog is the log of slow commands, the latest last.
type slowlog struct {
	lock    sync.Mutex
	entries []slowEntry
	id      int64
}

type slowEntry struct {
	id, usec   int64
	at         time.Time
	args       []string
	addr, name string
}

// add notes a command. Of long ones it keeps the beginning (slowlogCreateEntry in slowlog.c).
func (l *slowlog) add(c *call, took time.Duration, at time.Time, most int64) {
	const mostArgs, mostBytes = 32, 128
	st := c.s.state()
	e := slowEntry{usec: took.Microseconds(), at: at, addr: st.remote, name: st.name}
	args := redacted(c.cmd, c.args)
	for i, word := range args {
		switch {
		case i == mostArgs-1 && len(args) > mostArgs:
			word = fmt.Sprintf("... (%d more arguments)", len(args)-i)
		case len(word) > mostBytes:
			word = fmt.Sprintf("%s... (%d more bytes)", word[:mostBytes], len(word)-mostBytes)
		default:
			word = strings.Clone(word)
		}
		if e.args = append(e.args, word); len(e.args) == mostArgs {
			break
		}
	}
	l.lock.Lock()
	e.id = l.id
	l.id++
	l.entries = append(l.entries, e)
	l.lock.Unlock()
	l.trim(most)
}

// trim forgets the oldest of more than most. One leaves its place free until append has to
// move the others anyway.
func (l *slowlog) trim(most int64) {
	l.lock.Lock()
	defer l.lock.Unlock()
	drop := int64(len(l.entries)) - most
	switch {
	case drop <= 0:
	case drop == 1:
		l.entries[0] = slowEntry{}
		l.entries = l.entries[1:]
	default:
		l.entries = slices.Clone(l.entries[drop:])
	}
}

func runSlowlogLen(c *call) Reply {
	l := &c.s.srv.slowlog
	l.lock.Lock()
	defer l.lock.Unlock()
	return integer(int64(len(l.entries)))
}

func runSlowlogReset(c *call) Reply {
	c.s.srv.slowlog.trim(0)
	return ok
}

func runSlowlogGet(c *call) Reply {
	count := 10
	switch {
	case len(c.args) > 3:
		return c.subSyntax()
	case len(c.args) == 3:
		n, isInt := parseInt(c.args[2])
		if !isInt || n < -1 {
			return failed("ERR count should be greater than or equal to -1")
		}
		count = clamp(n)
	}
	l := &c.s.srv.slowlog
	l.lock.Lock()
	defer l.lock.Unlock()
	if count < 0 || count > len(l.entries) {
		count = len(l.entries)
	}
	r := array()
	for _, e := range slices.Backward(l.entries[len(l.entries)-count:]) {
		r.Elems = append(r.Elems, array(integer(e.id), integer(e.at.Unix()), integer(e.usec), texts(e.args), bulk(e.addr), bulk(e.name)))
	}
	return r
}
