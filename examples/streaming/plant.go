package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/alcovedb/alcove/store"
)

const (
	alarms  = "alarms"  // the group whose consumers share the readings
	archive = "archive" // the group of one consumer, who gets them all
	keep    = 500       // how many readings stay in the stream
	limit   = 90        // degrees from which on there is an alarm
)

// plant is what is read, and what became of the readings.
type plant struct {
	o        options
	readings store.Stream

	lock    sync.Mutex
	times   map[string]map[store.StreamID]int // handled, by group
	left    map[string]int                    // still to be handled, by group
	raised  int
	held    store.StreamID // by the consumer that died
	savedBy string         // who handled that entry
	done    func()         // when nothing is left
	dead    chan struct{}  // closed when the consumer has died, or never
}

func newPlant(s *store.Store, o options) *plant {
	return &plant{
		o: o, readings: s.Stream("readings"),
		times: map[string]map[store.StreamID]int{alarms: {}, archive: {}},
		left:  map[string]int{alarms: o.entries, archive: o.entries},
		dead:  make(chan struct{}),
	}
}

// work starts everybody and returns when all readings are handled.
func (p *plant) work(ctx context.Context) error {
	for _, group := range []string{alarms, archive} {
		err := p.readings.Group(group).CreateWith(store.AfterID(store.StreamID{}), store.GroupOptions{MkStream: true})
		if err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.done = cancel
	errs := make(chan error, p.o.consumers+2)
	var wg sync.WaitGroup
	wg.Go(func() { errs <- p.produce(ctx) })
	wg.Go(func() { errs <- p.consume(ctx, archive, "archivist", nil) })
	for i := range p.o.consumers {
		name := "watcher " + strconv.Itoa(i+1)
		var dies func(store.Entry) bool
		if i == 0 && p.o.dies > 0 {
			dies = p.dieAt(p.o.dies)
		}
		wg.Go(func() {
			if i > 0 && p.o.dies > 0 { // so that it lives to see that many entries
				select {
				case <-p.dead:
				case <-ctx.Done():
				}
			}
			errs <- p.consume(ctx, alarms, name, dies)
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.left[alarms] > 0 || p.left[archive] > 0 {
		return context.Cause(ctx) // interrupted
	}
	return nil
}

// short leaves the newest readings, and those that a group still needs.
var short = store.MaxLen(keep).Refs(store.OnlyAcked)

// produce adds the readings.
func (p *plant) produce(ctx context.Context) error {
	for i := range p.o.entries {
		if ctx.Err() != nil {
			return nil
		}
		degrees := 20 + i*37%80
		if _, err := p.readings.Add("sensor", "boiler", store.Pair{Key: "degrees", Value: strconv.Itoa(degrees)}); err != nil {
			return err
		}
	}
	return nil
}

// errDead is what becomes of a consumer that dies.
var errDead = errors.New("dead")

// consume is the life of a consumer, until ctx ends or it dies with an entry.
func (p *plant) consume(ctx context.Context, group, name string, dies func(store.Entry) bool) (err error) {
	defer func() {
		if v := recover(); v != nil && v != errDead {
			panic(v)
		}
	}()
	err = p.readings.ConsumeWith(ctx, group, name, store.ConsumeOptions{Idle: p.o.idle}, func(d store.Delivery) error {
		if dies != nil && dies(d.Entry) {
			panic(errDead) // it can't even say that it failed
		}
		return p.handle(group, name, d.Entry)
	})
	if err == ctx.Err() {
		return nil
	}
	return err
}

// dieAt returns what says that it is the n-th entry, the one to die with.
func (p *plant) dieAt(n int) func(store.Entry) bool {
	return func(e store.Entry) bool {
		if n--; n > 0 {
			return false
		}
		p.lock.Lock()
		defer p.lock.Unlock()
		p.held = e.ID
		close(p.dead)
		return true
	}
}

// handle is the work on an entry.
func (p *plant) handle(group, name string, e store.Entry) error {
	text, _ := e.Get("degrees")
	degrees, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	if group == alarms && degrees >= limit {
		p.raised++
	}
	if group == alarms && e.ID == p.held {
		p.savedBy = name
	}
	if group == archive && p.left[group]%100 == 0 {
		if _, err := p.readings.Trim(short); err != nil {
			return err
		}
	}
	if p.times[group][e.ID]++; p.times[group][e.ID] > 1 {
		return nil
	}
	if p.left[group]--; p.left[alarms]+p.left[archive] == 0 {
		p.done()
	}
	return nil
}

// report prints what has happened.
func (p *plant) report(out io.Writer) error {
	for _, group := range []string{alarms, archive} {
		twice := 0
		for _, n := range p.times[group] {
			if n > 1 {
				twice++
			}
		}
		pending, err := p.readings.Group(group).Pending()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %d of %d readings handled, %d more than once; %d pending\n",
			group, len(p.times[group]), p.o.entries, twice, pending.Count)
	}
	fmt.Fprintf(out, "%d alarms, of %d degrees or more\n", p.raised, limit)
	if p.held != (store.StreamID{}) {
		fmt.Fprintf(out, "watcher 1 died with reading %v in its hands; after %v %s took it over\n", p.held, p.o.idle, p.savedBy)
	} else {
		fmt.Fprintln(out, "nobody died")
	}
	if _, err := p.readings.Trim(short); err != nil {
		return err
	}
	n, err := p.readings.Len()
	if err != nil {
		return err
	}
	info, err := p.readings.Info()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d of %d readings are still in the stream\n", n, info.EntriesAdded)
	return err
}
