package txn

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Holds is who holds which keys of a store. Whoever holds a key is the only one to write
// it. Claims on keys are taken one key after the other, in one order, so
// that no two wait for each other, and each in its turn: first come, first served. A claim
// on the whole store waits until those that were there before it have gone, and those that
// come after it wait for it. All waiting is on channels. The zero Holds is ready to use.
type Holds struct {
	mu     sync.Mutex
	inside int               // claims on keys that have begun and not ended
	whole  *Claim            // the claim on the whole store, if it is held
	gate   []*waiter         // for either
	keys   map[string]*queue // by name: a hold is on the key in all databases
}

// Claim is the wish to hold keys, or the whole store. It is used once.
type Claim struct {
	keys   []Key // in order
	whole  bool
	begun  bool // it has passed the gate
	held   int  // of keys
	ending bool // Release has been called
}

// NewClaim returns a claim on keys or on the whole store.
func NewClaim(keys []Key, whole bool) *Claim {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, order)
	keys = slices.CompactFunc(keys, func(a, b Key) bool { return order(a, b) == 0 })
	return &Claim{keys: keys, whole: whole}
}

// order is that in which keys are held: by shard, hash and name.
func order(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Hash, b.Hash), strings.Compare(a.Name, b.Name))
}

// Keys returns the keys of the claim, in order; of one on the whole store none.
func (c *Claim) Keys() []Key { return c.keys }

// Whole says whether the claim is on the whole store.
func (c *Claim) Whole() bool { return c.whole }

// Covers says whether the claim is on the key.
func (c *Claim) Covers(k Key) bool {
	if c == nil {
		return false
	}
	if c.whole {
		return true
	}
	_, ok := slices.BinarySearchFunc(c.keys, k, order)
	return ok
}

type queue struct {
	owner   *Claim
	waiting []*waiter
}

type waiter struct {
	c     *Claim
	ready chan struct{} // closed when it is c's turn
}

// ErrStopped is what Acquire returns when it was stopped.
var ErrStopped = errors.New("txn: stopped")

// Acquire waits until c holds all that it claims, or ctx ends, or stop is closed: then it
// returns the error of ctx, or ErrStopped, and c holds nothing. held is called, without a lock, for each key as soon as it is
// held, or once with nil for the whole store; after an error, freed is called for those that
// are given back. Acquire is called once, and Release must follow where it returns nil.
func (h *Holds) Acquire(ctx context.Context, stop <-chan struct{}, c *Claim, held, freed func(k *Key)) error {
	if err := h.pass(ctx, stop, c); err != nil {
		return err
	}
	if c.whole {
		held(nil)
		return nil
	}
	for i := range c.keys {
		if err := h.take(ctx, stop, c, &c.keys[i]); err != nil {
			h.Release(c, freed)
			return err
		}
		held(&c.keys[i])
	}
	return nil
}

// pass waits at the gate.
func (h *Holds) pass(ctx context.Context, stop <-chan struct{}, c *Claim) error {
	h.mu.Lock()
	if len(h.gate) == 0 && h.open(c) {
		h.enter(c)
		h.mu.Unlock()
		return nil
	}
	w := &waiter{c: c, ready: make(chan struct{})}
	h.gate = append(h.gate, w)
	h.mu.Unlock()
	err := w.wait(ctx, stop)
	if err == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.begun {
		h.leave(c)
	} else {
		h.gate = slices.DeleteFunc(h.gate, func(o *waiter) bool { return o == w })
		h.admit() // who waited behind it
	}
	return err
}

// wait returns when it is the waiter's turn, or says why it need not be any more.
func (w *waiter) wait(ctx context.Context, stop <-chan struct{}) error {
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-stop:
		return ErrStopped
	}
}

// open says whether c may begin beside those who have.
func (h *Holds) open(c *Claim) bool { return h.whole == nil && (!c.whole || h.inside == 0) }

func (h *Holds) enter(c *Claim) {
	c.begun = true
	if c.whole {
		h.whole = c
	} else {
		h.inside++
	}
}

func (h *Holds) leave(c *Claim) {
	c.begun = false
	if c.whole {
		h.whole = nil
	} else {
		h.inside--
	}
	h.admit()
}

// admit lets those in whose turn it is.
func (h *Holds) admit() {
	for len(h.gate) > 0 && h.open(h.gate[0].c) {
		h.enter(h.gate[0].c)
		close(h.gate[0].ready)
		h.gate = h.gate[1:]
	}
	if len(h.gate) == 0 {
		h.gate = nil
	}
}

// take waits for one key.
func (h *Holds) take(ctx context.Context, stop <-chan struct{}, c *Claim, k *Key) error {
	h.mu.Lock()
	q := h.keys[k.Name]
	if q == nil {
		if h.keys == nil {
			h.keys = make(map[string]*queue)
		}
		h.keys[k.Name] = &queue{owner: c}
		c.held++
		h.mu.Unlock()
		return nil
	}
	w := &waiter{c: c, ready: make(chan struct{})}
	q.waiting = append(q.waiting, w)
	h.mu.Unlock()
	err := w.wait(ctx, stop)
	if err == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if q.owner == c { // its turn came meanwhile
		c.held--
		h.give(k.Name)
		return err
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(o *waiter) bool { return o == w })
	return err
}

// Release gives back what c holds, each key to who waits first for it; freed is called
// before that, without a lock, as held was. It may be called more than once.
func (h *Holds) Release(c *Claim, freed func(k *Key)) {
	h.mu.Lock()
	begun := c.begun && !c.ending
	c.ending = true
	n := c.held
	h.mu.Unlock()
	if !begun {
		return
	}
	if c.whole {
		freed(nil)
	}
	for i := range c.keys[:n] {
		freed(&c.keys[i])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range c.keys[:n] {
		h.give(k.Name)
	}
	h.leave(c)
}

// give hands a key on, or frees it.
func (h *Holds) give(name string) {
	q := h.keys[name]
	if len(q.waiting) == 0 {
		delete(h.keys, name)
		return
	}
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.owner = w.c
	w.c.held++
	close(w.ready)
}

// Blocked says whether the key is held, or the whole store is, by another claim than c,
// which may be nil. The complexity is O(1).
func (h *Holds) Blocked(c *Claim, key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole != nil {
		return h.whole != c
	}
	q := h.keys[key]
	return q != nil && q.owner != c
}

// Any says whether anything is held, or about to be, by another claim than c, which may be
// nil. The complexity is O(1).
func (h *Holds) Any(c *Claim) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	others := h.inside
	if c != nil && c.begun && !c.whole {
		others--
	}
	return others > 0 || h.whole != nil && h.whole != c
}

// Idle says whether nobody holds anything and nobody waits.
func (h *Holds) Idle() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inside == 0 && h.whole == nil && len(h.gate) == 0 && len(h.keys) == 0
}
