package main

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// topics are what there is news of. The channel of sport is news:sport.
var topics = []string{"politics", "sport", "weather"}

const prefix = "news:"

// agency publishes, and has those who read around it.
type agency struct {
	s       *store.Store
	archive *store.Subscription // of all topics: misses nothing
	sport   *store.Subscription // of one
	ticker  *store.Subscription // of all: only the latest matters
	slow    *store.Subscription // of one, and never reads
	readers sync.WaitGroup
	failed  error // of the archive
	result
}

// result is what the readers have in the end.
type result struct {
	archived map[string]int // messages by topic
	sport    int
	inOrder  bool // what the reader of sport got
	shown    string
	slow     error
	lonely   int
}

// open has everybody subscribe and read.
func open(s *store.Store, o options) (*agency, error) {
	a := &agency{s: s, result: result{archived: map[string]int{}, inOrder: true}}
	a.archive = s.SubscribeWith(store.SubscribeOptions{Policy: store.Block})
	if err := a.archive.PSubscribe(prefix + "*"); err != nil {
		return nil, err
	}
	a.ticker = s.SubscribeWith(store.SubscribeOptions{Buffer: 1, Policy: store.DropOldest})
	if err := a.ticker.PSubscribe(prefix + "*"); err != nil {
		return nil, err
	}
	a.sport = s.SubscribeWith(store.SubscribeOptions{Buffer: o.messages}, prefix+"sport")
	a.slow = s.SubscribeWith(store.SubscribeOptions{Buffer: o.room}, prefix+"politics")

	a.readers.Go(func() { a.failed = a.archive.Handle(context.Background(), a.keep) })
	a.readers.Go(func() {
		for m := range a.sport.C() {
			if m.Payload != strconv.Itoa(a.result.sport) {
				a.inOrder = false
			}
			a.result.sport++
		}
	})
	return a, nil
}

// keep is the archive's handler.
func (a *agency) keep(m store.Message) error {
	a.archived[strings.TrimPrefix(m.Channel, prefix)]++
	return nil
}

// publish publishes n messages of each topic, one goroutine a topic. It waits for the
// archive, and for nobody else.
func (a *agency) publish(n int) error {
	var writers sync.WaitGroup
	errs, lonely := make([]error, len(topics)), make([]int, len(topics))
	for t, topic := range topics {
		writers.Go(func() {
			for i := range n {
				got, err := a.s.PublishContext(context.Background(), prefix+topic, strconv.Itoa(i))
				if err != nil {
					errs[t] = err
					return
				}
				if got == 2 { // the ticker always has the latest
					lonely[t]++
				}
			}
		})
	}
	writers.Wait()
	for t := range topics {
		if errs[t] != nil {
			return errs[t]
		}
		a.lonely += lonely[t]
	}
	_, err := a.s.PublishContext(context.Background(), prefix+"end", "Good night")
	return err
}

// close waits until all is read that will be, and returns what the readers have.
func (a *agency) close() (result, error) {
	last, err := a.ticker.Receive(context.Background())
	if err != nil {
		return result{}, err
	}
	a.shown, a.result.slow = last.Payload, a.slow.Err()
	// Close would forget what they have not read yet; that of the store does not.
	if err := a.s.Close(); err != nil {
		return result{}, err
	}
	a.readers.Wait()
	if a.failed != store.ErrClosed {
		return result{}, a.failed
	}
	return a.result, nil
}
