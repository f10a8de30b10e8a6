// Package expire decides when to look for what is overdue: a heap of sources by
// their earliest deadline and one goroutine that sleeps until the first of them.
// It knows sources, not keys.
//
// The package is for Alcove's own use; it makes no compatibility promise.
package expire

import "sync"

// Config says what a Scheduler works with. Deadlines are in any unit that
// Now and Wait agree on; 0 is none.
type Config struct {
	// Sources is the number of sources, which are numbered from 0.
	Sources int
	// Now returns the time.
	Now func() int64
	// Wait returns at the deadline, or before it when wake receives.
	Wait func(deadline int64, wake <-chan struct{})
	// Run expires some of what is overdue in a source and says when it wants
	// to run again. It reports false if it could not because the source is busy.
	// It may call Schedule, and runs without any lock of the scheduler.
	Run func(source int) (next int64, ok bool)
	// Manual keeps the goroutine from being started; RunDue does its work.
	Manual bool
}

// retry is how much later a busy source is tried again.
const retry = 1

// Scheduler runs each source when its deadline comes. Its goroutine starts
// with the first deadline and ends when there is none left.
type Scheduler struct {
	cfg  Config
	wake chan struct{}

	working sync.Mutex // held while a source runs, taken before lock

	lock    sync.Mutex
	at      []int64 // deadline by source, 0 if it is not in the heap
	place   []int32 // in the heap, by source
	heap    []int32 // sources
	running bool
	closed  bool
	ended   *sync.Cond
}

// New returns a scheduler without deadlines.
func New(cfg Config) *Scheduler {
	s := &Scheduler{
		cfg: cfg, wake: make(chan struct{}, 1),
		at: make([]int64, cfg.Sources), place: make([]int32, cfg.Sources),
	}
	s.ended = sync.NewCond(&s.lock)
	return s
}

// Schedule makes source run at a deadline, or before it if it was due earlier.
// The complexity is O(log n), n the number of sources.
func (s *Scheduler) Schedule(source int, at int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.closed || at == 0 || s.at[source] != 0 && s.at[source] <= at {
		return
	}
	s.set(source, at)
	switch {
	case int(s.heap[0]) != source || s.cfg.Manual:
	case s.running:
		s.nudge()
	default:
		s.running = true
		go s.loop()
	}
}

// Cancel forgets the deadline of source.
// The complexity is O(log n), n the number of sources.
func (s *Scheduler) Cancel(source int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.at[source] == 0 {
		return
	}
	s.set(source, 0)
	if len(s.heap) == 0 && s.running {
		s.nudge()
	}
}

// Earliest returns the first deadline, 0 if there is none.
func (s *Scheduler) Earliest() int64 {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.earliest()
}

// RunDue runs what is due now until nothing is, in the order of the deadlines. What the
// goroutine runs at the time is done when it returns.
func (s *Scheduler) RunDue() {
	s.working.Lock() // a run that has begun counts, too
	defer s.working.Unlock()
	for {
		s.lock.Lock()
		if at := s.earliest(); at == 0 || at > s.cfg.Now() {
			s.lock.Unlock()
			return
		}
		s.runFirst()
	}
}

// Close ends the goroutine and waits for it. It is idempotent.
func (s *Scheduler) Close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.closed = true
	s.nudge()
	for s.running {
		s.ended.Wait()
	}
}

func (s *Scheduler) loop() {
	for {
		s.working.Lock()
		s.lock.Lock()
		at := s.earliest()
		switch {
		case s.closed || at == 0:
			s.running = false
			s.ended.Broadcast()
			s.lock.Unlock()
			s.working.Unlock()
			return
		case at > s.cfg.Now():
			s.lock.Unlock()
			s.working.Unlock()
			s.cfg.Wait(at, s.wake)
		default:
			s.runFirst()
			s.working.Unlock()
		}
	}
}

// runFirst runs the first source and unlocks. The source has no deadline
// meanwhile, so that one that it gets from elsewhere is not lost.
func (s *Scheduler) runFirst() {
	source := int(s.heap[0])
	s.set(source, 0)
	s.lock.Unlock()
	next, ok := s.cfg.Run(source)
	if !ok {
		next = s.cfg.Now() + retry
	}
	s.Schedule(source, next)
}

func (s *Scheduler) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Scheduler) earliest() int64 {
	if len(s.heap) == 0 {
		return 0
	}
	return s.at[s.heap[0]]
}

// set gives source a deadline, or none.
func (s *Scheduler) set(source int, at int64) {
	was := s.at[source]
	if was == 0 {
		s.place[source] = int32(len(s.heap))
		s.heap = append(s.heap, int32(source))
	}
	if at != 0 {
		s.at[source] = at
		s.sift(int(s.place[source]))
		return
	}
	i, end := int(s.place[source]), len(s.heap)-1
	s.swap(i, end)
	s.heap = s.heap[:end]
	s.at[source] = 0
	if i < end {
		s.sift(i)
	}
}

// sift moves the source at i to where it belongs in the binary heap.
func (s *Scheduler) sift(i int) {
	for i > 0 && s.less(i, (i-1)/2) {
		s.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(s.heap); c++ {
			if s.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		s.swap(i, least)
		i = least
	}
}

func (s *Scheduler) less(i, j int) bool { return s.at[s.heap[i]] < s.at[s.heap[j]] }

func (s *Scheduler) swap(i, j int) {
	s.heap[i], s.heap[j] = s.heap[j], s.heap[i]
	s.place[s.heap[i]], s.place[s.heap[j]] = int32(i), int32(j)
}
