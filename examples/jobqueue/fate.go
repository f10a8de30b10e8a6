package main

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A fate is what happens in a try of a job. It depends on nothing but the seed, the job and
// the number of the try.
type fate struct {
	how  how
	work time.Duration
}

type how uint8

const (
	succeeds how = iota
	fails
	diesBefore // the worker dies before the side effect
	diesAfter  // the worker dies after the side effect
	hangs      // the worker hangs until others have its job, and then goes on
)

// fate returns what happens in a try of a job.
func (o options) fate(job, try int) fate {
	random := rand.New(rand.NewPCG(o.seed, uint64(job)<<16|uint64(try)))
	f := fate{work: time.Duration(1+random.IntN(15)) * time.Millisecond}
	switch {
	case random.IntN(100) < o.dies:
		f.how = diesBefore + how(random.IntN(3))
	case random.IntN(100) < o.fails:
		f.how = fails
	}
	return f
}

// world is where jobs have their side effects: outside of the store.
type world struct {
	mu      sync.Mutex
	effects map[string]int // of a job
}

// effect is the side effect of a job.
func (w *world) effect(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.effects == nil {
		w.effects = map[string]int{}
	}
	w.effects[id]++
}

// of returns how often a job has had its side effect.
func (w *world) of(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.effects[id]
}

// count returns how many side effects there were, and how many of them were repetitions.
func (w *world) count() (total, repeated int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.effects {
		total += n
	}
	return total, total - len(w.effects)
}
