package command

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// latency is the samples of events that took longer than latency-monitor-threshold.
type latency struct {
	lock   sync.Mutex
	events map[string]*latencyEvent
}

type latencyEvent struct {
	samples []latencySample // the oldest first, at most latencySamples, one a second
	longest int64
}

type latencySample struct{ at, ms int64 }

const latencySamples = 160 // LATENCY_TS_LEN in latency.h

func (l *latency) add(event string, at time.Time, took time.Duration) {
	sample := latencySample{at.Unix(), took.Milliseconds()}
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.events == nil {
		l.events = map[string]*latencyEvent{}
	}
	e := l.events[event]
	if e == nil {
		e = &latencyEvent{}
		l.events[event] = e
	}
	e.longest = max(e.longest, sample.ms)
	if n := len(e.samples); n > 0 && e.samples[n-1].at == sample.at {
		e.samples[n-1].ms = max(e.samples[n-1].ms, sample.ms)
		return
	}
	if e.samples = append(e.samples, sample); len(e.samples) > latencySamples {
		e.samples = slices.Delete(e.samples, 0, 1)
	}
}

func runLatencyLatest(c *call) Reply {
	l, r := &c.s.srv.latency, array()
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, name := range slices.Sorted(maps.Keys(l.events)) {
		e := l.events[name]
		last := e.samples[len(e.samples)-1]
		r.Elems = append(r.Elems, array(bulk(name), integer(last.at), integer(last.ms), integer(e.longest)))
	}
	return r
}

func runLatencyHistory(c *call) Reply {
	l, r := &c.s.srv.latency, array()
	l.lock.Lock()
	defer l.lock.Unlock()
	if e := l.events[c.args[2]]; e != nil {
		for _, s := range e.samples {
			r.Elems = append(r.Elems, array(integer(s.at), integer(s.ms)))
		}
	}
	return r
}

func runLatencyReset(c *call) Reply {
	l := &c.s.srv.latency
	l.lock.Lock()
	defer l.lock.Unlock()
	n := len(l.events)
	if len(c.args) == 2 {
		clear(l.events)
		return integer(int64(n))
	}
	for _, name := range c.rest(2) {
		delete(l.events, name)
	}
	return integer(int64(n - len(l.events)))
}

func runLatencyGraph(c *call) Reply {
	l := &c.s.srv.latency
	l.lock.Lock()
	defer l.lock.Unlock()
	e := l.events[c.args[2]]
	if e == nil {
		return failedf("ERR No samples available for event '%s'", c.args[2])
	}
	text := c.args[2] + " - high " + itoa(e.longest) + " ms (all time high " + itoa(e.longest) + " ms)\n"
	for _, s := range e.samples {
		text += itoa(s.ms) + " "
	}
	return verbatim(text + "\n")
}

func runLatencyDoctor(c *call) Reply {
	if c.s.srv.config.latency.Load() == 0 {
		return verbatim("I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. " +
			"You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. " +
			"If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n")
	}
	return verbatim("Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. " +
		"I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n")
}

func runLatencyHistogram(c *call) Reply {
	r := pairs()
	add := func(cmd *Command) {
		if h := c.s.srv.stats.histogram(cmd); h != nil {
			r.Elems = append(r.Elems, bulk(cmd.FullName()), pairs(bulk("calls"), integer(h.calls), bulk("histogram_usec"), pairs(h.buckets...)))
		}
	}
	if len(c.args) == 2 {
		for cmd := range everyCommand() {
			add(cmd)
		}
	}
	for _, name := range c.rest(2) {
		if cmd := aclLookup(name); cmd != nil {
			add(cmd)
			for _, sub := range cmd.Subs {
				add(sub)
			}
		}
	}
	return r
}
