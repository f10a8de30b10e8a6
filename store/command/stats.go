package command

import (
	"math"
	"math/bits"
	"strings"
	"sync"
	"time"
)

// stats is what a server counts of commands: in parts, so that clients that run commands at
// the same time seldom wait for each other. A client counts in one of them. The server of Do
// has none.
type stats struct {
	parts []statsPart
}

const statsParts = 16

type statsPart struct {
	lock sync.Mutex
	per  []*commandStats  // by the ids of the commands
	by   map[string]int64 // errors by their codes
	_    [64]byte         // the next one is on another cache line
}

type commandStats struct {
	calls, rejected, failed int64
	took                    time.Duration
	times                   [64]int64 // by the bits of their 1024 nanoseconds
}

func (s *stats) part(c *Session) *statsPart { return &s.parts[uint64(c.id)%uint64(len(s.parts))] }

func (p *statsPart) of(cmd *Command) *commandStats {
	if p.per == nil {
		p.per = make([]*commandStats, lastID)
	}
	st := p.per[cmd.id]
	if st == nil {
		st = &commandStats{}
		p.per[cmd.id] = st
	}
	return st
}

// mostCodes is how many codes of errors a part counts one by one. Clients can make new ones, by
// scripts and DEBUG ERROR: those behind the last one count as overflow.
const (
	mostCodes    = 128
	overflowCode = "ERRORSTATS_OVERFLOW" // of later versions of Redis
)

func (p *statsPart) failed(r Reply) {
	if p.by == nil {
		p.by = map[string]int64{}
	}
	code, _, _ := strings.Cut(r.Str, " ")
	if _, known := p.by[code]; !known && len(p.by) >= mostCodes {
		code = overflowCode
	}
	p.by[strings.Clone(code)]++
}

// reject counts a command that is not run. It is nil if there is none.
func (s *stats) reject(c *Session, cmd *Command, r Reply) {
	p := s.part(c)
	p.lock.Lock()
	defer p.lock.Unlock()
	if cmd != nil {
		p.of(cmd).rejected++
	}
	p.failed(r)
}

// count counts a command that has run.
func (s *stats) count(c *call, r *Reply, took time.Duration) {
	p := s.part(c.s)
	p.lock.Lock()
	st := p.of(c.cmd)
	st.calls++
	st.took += took
	st.times[bits.Len64(uint64(max(took-1, 0))>>10)]++
	if r.Kind == Error {
		st.failed++
		p.failed(*r)
	}
	p.lock.Unlock()
}

// logs notes a command that was slow.
func (srv *Server) logs(c *call, took time.Duration, began int64) {
	cfg := &srv.config
	slower := cfg.slower.Load() - 1
	if slower == -1 {
		slower = 10000
	}
	if slower >= 0 && took.Microseconds() >= slower && c.cmd.Flags&(SkipSlowlog|Blocking) == 0 {
		srv.slowlog.add(c, took, time.Unix(0, began), cfg.int("slowlog-max-len"))
	}
	if least := cfg.latency.Load(); least > 0 && took.Milliseconds() >= least && c.cmd.Flags&Blocking == 0 {
		event := "command"
		if c.cmd.Flags&Fast != 0 {
			event = "fast-command"
		}
		srv.latency.add(event, time.Unix(0, began), took)
	}
}

func (s *stats) reset() {
	for i := range s.parts {
		p := &s.parts[i]
		p.lock.Lock()
		p.per, p.by = nil, nil
		p.lock.Unlock()
	}
}

// of returns what was counted of a command.
func (s *stats) of(cmd *Command) (sum commandStats) {
	for i := range s.parts {
		p := &s.parts[i]
		p.lock.Lock()
		if p.per != nil && p.per[cmd.id] != nil {
			sum.add(p.per[cmd.id])
		}
		p.lock.Unlock()
	}
	return sum
}

func (st *commandStats) add(other *commandStats) {
	st.calls += other.calls
	st.rejected += other.rejected
	st.failed += other.failed
	st.took += other.took
	for i, n := range other.times {
		st.times[i] += n
	}
}

// commands returns how many commands have run.
func (s *stats) commands() (n int64) {
	for i := range s.parts {
		p := &s.parts[i]
		p.lock.Lock()
		for _, st := range p.per {
			if st != nil {
				n += st.calls
			}
		}
		p.lock.Unlock()
	}
	return n
}

// codes returns how many errors there were, by their codes.
func (s *stats) codes() map[string]int64 {
	sum := map[string]int64{}
	for i := range s.parts {
		p := &s.parts[i]
		p.lock.Lock()
		for code, n := range p.by {
			sum[code] += n
		}
		p.lock.Unlock()
	}
	return sum
}

// errors returns how many errors there were.
func (s *stats) errors() (n int64) {
	for _, some := range s.codes() {
		n += some
	}
	return n
}

// histogram is the times of the calls of a command, as LATENCY HISTOGRAM shows them.
type histogram struct {
	calls   int64
	buckets []Reply
}

func (s *stats) histogram(cmd *Command) *histogram {
	st := s.of(cmd)
	if st.calls == 0 {
		return nil
	}
	h := &histogram{}
	for i, n := range st.times[:40] {
		if n == 0 {
			continue
		}
		h.calls += n
		h.buckets = append(h.buckets, integer(bucketEnd(i)/1000), integer(h.calls))
	}
	return h
}

// bucketEnd is the greatest nanoseconds that the histogram of Redis can't tell from those of
// the i-th of the times.
func bucketEnd(i int) int64 { return int64(1024)<<i + int64(8)<<i - 1 }

// percentile returns the nanoseconds that a share of the calls, in percent, took at most.
func (st *commandStats) percentile(share float64) int64 {
	want, n := max(int64(math.Ceil(float64(st.calls)*share/100)), 1), int64(0)
	for i := range 40 {
		if n += st.times[i]; n >= want {
			return bucketEnd(i)
		}
	}
	return bucketEnd(40)
}
