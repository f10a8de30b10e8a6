package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// filter asks for the products in database 0.
func filter(buffer int) store.ChangeFilter {
	return store.ChangeFilter{Prefix: prefix, DB: new(int), Buffer: buffer, Policy: store.DropOldest}
}

// isLost says whether what a set has changed can't be told key by key.
func isLost(set store.ChangeSet) bool {
	return set.Gap != nil || slices.ContainsFunc(set.Changes, func(c store.Change) bool {
		return c.Reason == store.Flushed || c.Reason == store.Swapped
	})
}

// pages are what products look like, for those that somebody has asked for.
type pages struct {
	s    *store.Store
	feed *store.Feed

	mu      sync.Mutex
	made    map[string]string
	making  map[string]int // by key, those that are being made; 0: of something old
	hits    int
	misses  int
	forgets int
	resets  int // because of gaps and flushes
	err     error
}

func newPages(s *store.Store, buffer int) *pages {
	return &pages{s: s, feed: s.Changes(filter(buffer)), made: map[string]string{}, making: map[string]int{}}
}

// get returns the page of a product.
func (p *pages) get(key string) (string, error) {
	p.mu.Lock()
	if page, ok := p.made[key]; ok {
		p.hits++
		p.mu.Unlock()
		return page, nil
	}
	p.misses++
	ticket := p.misses
	p.making[key] = ticket // before the product is read
	p.mu.Unlock()

	page, err := render(p.s.DB(0), key)

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.making[key] == ticket { // nothing has changed meanwhile
		delete(p.making, key)
		if err == nil {
			p.made[key] = page
		}
	}
	return page, err
}

// render makes the page of a product.
func render(db store.DB, key string) (string, error) {
	fields, err := db.Hash(key).GetAll()
	if err != nil {
		return "", err
	}
	lines := make([]string, 0, len(fields))
	for name, value := range fields {
		lines = append(lines, "<p>"+name+": "+value+"</p>")
	}
	slices.Sort(lines)
	return "<h1>" + key + "</h1>" + strings.Join(lines, ""), nil
}

// follow forgets what has changed, until the shop is closed.
func (p *pages) follow() {
	for set := range p.feed.All(context.Background()) {
		p.mu.Lock()
		if isLost(set) { // it may have been anything
			p.resets++
			clear(p.made)
			clear(p.making)
		}
		for _, c := range set.Changes {
			p.forgets++
			delete(p.made, c.Key)
			delete(p.making, c.Key)
		}
		p.mu.Unlock()
		if isLast(set) {
			return
		}
	}
	p.err = p.feed.Err() // it has ended too early: from here on nothing is certain
}

func (p *pages) String() string {
	return fmt.Sprintf("%d hits, %d misses, %d forgotten, %d times all", p.hits, p.misses, p.forgets, p.resets)
}

// compare returns an error if a page is not what the store holds.
func (p *pages) compare() error {
	if p.err != nil {
		return p.err
	}
	for key, page := range p.made {
		want, err := render(p.s.DB(0), key)
		if err != nil {
			return err
		}
		if page != want {
			return fmt.Errorf("the page of %s is %q and not %q", key, page, want)
		}
	}
	return nil
}

// prices is a copy of what all products cost.
type prices struct {
	s       *store.Store
	feed    *store.Feed
	of      map[string]string
	changes int
	resets  int // because of gaps and flushes
	err     error
}

func newPrices(s *store.Store, buffer int) *prices {
	sn, feed := s.SnapshotAndChanges(filter(buffer))
	defer sn.Close()
	p := &prices{s: s, feed: feed}
	p.begin(sn)
	return p
}

// begin copies all prices.
func (p *prices) begin(sn *store.Snapshot) {
	p.of = map[string]string{}
	keys, err := sn.All()
	if err != nil {
		p.err = err
		return
	}
	for key := range keys {
		p.copy(sn.DB(0), key)
	}
}

// copy copies one price.
func (p *prices) copy(db store.DB, key string) {
	switch price, err := db.Hash(key).Get("price"); err {
	case nil:
		p.of[key] = strings.Clone(price)
	case store.ErrNotFound:
		delete(p.of, key)
	default:
		p.err = err
	}
}

// follow follows the changes, until the shop is closed. A change says which key it is of: what
// is there now may be newer, and then another change follows.
func (p *prices) follow() {
	err := p.feed.Handle(context.Background(), func(set store.ChangeSet) error {
		if isLost(set) {
			return p.resync()
		}
		p.changes += len(set.Changes)
		for _, c := range set.Changes {
			p.copy(p.s.DB(0), c.Key)
		}
		if p.err == nil && isLast(set) {
			return errClosing
		}
		return p.err
	})
	if err != errClosing {
		p.err = err
	}
}

// errClosing ends Handle.
var errClosing = errors.New("the shop is closed")

// resync begins anew.
func (p *prices) resync() error {
	p.resets++
	sn, err := p.feed.Resync()
	if err != nil {
		return err
	}
	defer sn.Close()
	p.begin(sn)
	if n, err := sn.Exists(closing); n > 0 || err != nil {
		return cmp.Or(err, errClosing) // its change came before the snapshot
	}
	return p.err
}

func (p *prices) String() string {
	return fmt.Sprintf("%d changes, begun anew %d times", p.changes, p.resets)
}

// compare returns an error if a price is not what the store holds.
func (p *prices) compare() error {
	if p.err != nil {
		return p.err
	}
	want := prices{s: p.s}
	sn := p.s.Snapshot()
	defer sn.Close()
	if want.begin(sn); want.err != nil {
		return want.err
	}
	if !maps.Equal(p.of, want.of) {
		return fmt.Errorf("%d prices are not the %d that the store holds", len(p.of), len(want.of))
	}
	return nil
}
