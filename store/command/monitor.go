package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func runMonitor(c *call) Reply {
	switch {
	case c.tx != nil:
		return failed("ERR MONITOR isn't allowed for DENY BLOCKING client")
	case c.s.fixed != nil:
	case c.s.monitor.Load():
		return silent
	case c.s.carrier() != nil:
		c.s.monitors = true // when the reply is on its way, which comes first
	default:
		c.s.startMonitor()
	}
	return ok
}

// startMonitor makes s a monitor, unless it has ended: then nobody would take it out again.
func (s *Session) startMonitor() {
	s.srv.lock.Lock()
	defer s.srv.lock.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	s.monitor.Store(true)
	list := append(slices.Clone(s.srv.watchers()), s)
	s.srv.monitors.Store(&list)
}

func (s *Session) stopMonitor() {
	s.srv.lock.Lock()
	defer s.srv.lock.Unlock()
	if !s.monitor.Load() { // nor will it be: who ends has said so before
		return
	}
	s.monitor.Store(false)
	list := slices.DeleteFunc(slices.Clone(s.srv.watchers()), func(m *Session) bool { return m == s })
	if len(list) == 0 {
		s.srv.monitors.Store(nil)
	} else {
		s.srv.monitors.Store(&list)
	}
}

// watchers returns the monitors, in the order in which they became that.
func (srv *Server) watchers() []*Session {
	if list := srv.monitors.Load(); list != nil {
		return *list
	}
	return nil
}

// show tells the monitors of the command, once: when it has been run, or before it waits.
func (c *call) show(now int64) {
	if c.shown || c.s.srv.monitors.Load() == nil || c.cmd.Flags&(SkipMonitor|Admin) != 0 {
		return
	}
	c.shown = true
	c.s.srv.show(c, time.Unix(0, now))
}

// show tells the monitors of a command.
func (srv *Server) show(c *call, now time.Time) {
	var b strings.Builder
	from := "lua"
	if c.script == nil {
		from = c.s.state().remote
	}
	fmt.Fprintf(&b, "%d.%06d [%d %s]", now.Unix(), now.Nanosecond()/1000, c.s.n, from)
	for _, word := range redacted(c.cmd, c.args) {
		b.WriteByte(' ')
		b.WriteString(quote(word))
	}
	line := simple(b.String())
	for _, s := range srv.watchers() {
		if s == c.s { // who asks gets the reply first
			s.shown = append(s.shown, line)
			continue
		}
		s.subs.lock.Lock()
		s.subs.queue = append(s.subs.queue, line)
		s.subs.lock.Unlock()
		s.flush()
	}
}

// redacted returns the words of a command without the passwords among them.
func redacted(cmd *Command, args []string) []string {
	from, to := 0, 0
	switch cmd.FullName() {
	case "auth":
		from, to = 1, len(args)
	case "hello":
		for i, word := range args {
			if same(word, "auth") {
				from, to = i+1, min(i+3, len(args))
				break
			}
		}
	case "acl|setuser":
		from, to = 3, len(args)
	case "config|set":
		from, to = 3, len(args)
	}
	if from >= to {
		return args
	}
	list := append([]string(nil), args...)
	for i := from; i < to; i++ {
		list[i] = "(redacted)"
	}
	return list
}

// quote is a text as Redis shows it in logs (sdscatrepr in sds.c).
func quote(text string) string {
	b := []byte{'"'}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\\' || c == '"':
			b = append(b, '\\', c)
		case strings.IndexByte("\n\r\t\a\b", c) >= 0:
			b = append(b, strconv.Quote(string(c))[1:3]...)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
