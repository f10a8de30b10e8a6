package store

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/alcovedb/alcove/pubsub"
)

// Feed delivers the changes of a store in the order of their commits. Make one with
// [Store.Changes] or [Store.SnapshotAndChanges], and close it: as long as it is open every
// write costs what noting it does. Any number of goroutines may use it; each set goes to one
// of them, so who keeps something true by it receives, and calls Resync, on one goroutine. The
// zero Feed has ended, and so has nil.
type Feed struct {
	s      *Store
	filter ChangeFilter
	queue  *pubsub.Queue[ChangeSet]

	// These belong to events.turn.
	after uint64 // the last commit that it does not have
	since int64  // what was overdue then is not in its snapshot; 0 without one
	left  bool   // the store has forgotten it

	once sync.Once
}

// lose is how a queue drops a set.
func lose(lost, next ChangeSet) ChangeSet {
	var g Gap
	if lost.Gap != nil {
		g = *lost.Gap
	}
	g.join(Gap{First: lost.Commit, Last: lost.Commit, Sets: 1})
	if next.Gap != nil {
		g.join(*next.Gap)
	}
	next.Gap = &g
	return next
}

// begin makes the feed one of the store's, or another time, from now on. All shards are
// locked, so that nothing is between two commits.
func (f *Feed) begin() {
	e := f.s.events
	e.turn.Lock()
	defer e.turn.Unlock()
	if f.after = e.last(); f.left || slices.Contains(e.feeds, f) {
		return
	}
	e.feeds = append(e.feeds, f)
	e.countFed()
	f.s.hear()
}

// snapshot begins the feed with a snapshot.
func (f *Feed) snapshot() *Snapshot {
	f.s.lockShards()
	defer f.s.unlockShards()
	f.begin()
	sn := f.s.snapshot()
	f.s.events.turn.Lock()
	defer f.s.events.turn.Unlock()
	f.since = sn.s.now()
	f.queue.Discard(func(ChangeSet) bool { return true })
	return sn
}

// Resync returns the store as of now, and makes the feed begin anew after it: for who has
// received a [Gap], or wants to begin anew for another reason. What was not yet received is
// dropped, and counted so, as it is in the snapshot.
//
// It returns why the feed has ended, if it has.
//
// The complexity is O(shards + n), n the sets that were not received.
func (f *Feed) Resync() (*Snapshot, error) {
	if err := f.over(); err != nil {
		return new(Snapshot), err
	}
	sn := f.snapshot()
	f.endWithStore()
	if err := f.over(); err != nil { // meanwhile
		_ = sn.Close()
		return sn, err
	}
	return sn, nil
}

// over returns why nothing comes any more, nil if something may.
func (f *Feed) over() error {
	if f == nil || f.queue == nil {
		return ErrClosed
	}
	return endOf(f.queue.Over())
}

// hear takes what it wants of a commit.
func (f *Feed) hear(c *commit) {
	if c.number <= f.after || f.left {
		return
	}
	var list []Change
	for i := range c.changed {
		ch := &c.changed[i]
		if !f.filter.wants(ch) || ch.Reason == Expired && ch.due != 0 && ch.due <= f.since {
			continue
		}
		list = append(list, ch.Change)
		last := &list[len(list)-1]
		last.Commit, last.Time = c.number, c.time
	}
	if list == nil {
		return
	}
	set := ChangeSet{Commit: c.number, Time: c.time, Changes: list}
	f.left = !f.queue.Offer(set) && f.queue.Over() != nil
}

// Receive returns the next set of changes, and waits for one. It returns the error of ctx when
// that ends; [ErrClosed] after Close, and after what was left when the store was closed;
// [ErrSlowConsumer] after what was left when the buffer was full; and [ErrInvalidDB] from a feed
// of a database that there is not.
//
// It returns [ErrNoContext] if ctx is nil.
//
// The complexity is O(1).
func (f *Feed) Receive(ctx context.Context) (ChangeSet, error) {
	switch {
	case ctx == nil:
		return ChangeSet{}, mistake("CHANGES", "", ErrNoContext)
	case ctx.Err() != nil:
		return ChangeSet{}, ctx.Err()
	case f == nil || f.queue == nil:
		return ChangeSet{}, ErrClosed
	}
	set, err := f.queue.Receive(ctx)
	return set, endOf(err)
}

// All returns an iterator over the sets of changes, which ends when ctx does, at once if it is
// nil, or when the feed has ended: Err says why, or ctx does. Its body may write the store, and
// receive the changes of that later.
//
// The complexity is O(1) for each set.
func (f *Feed) All(ctx context.Context) iter.Seq[ChangeSet] {
	return func(yield func(ChangeSet) bool) {
		for {
			set, err := f.Receive(ctx)
			if err != nil || !yield(set) {
				return
			}
		}
	}
}

// Handle calls fn with each set of changes, one after the other, on the goroutine of its
// caller, until fn returns an error, which it returns, or Receive would return one, which it
// returns, too; but nil after Close.
//
// It returns [ErrNoClosure] if fn is nil, and [ErrNoContext] if ctx is.
//
// The complexity is O(1) for each set.
func (f *Feed) Handle(ctx context.Context, fn func(ChangeSet) error) error {
	if fn == nil {
		return mistake("CHANGES", "", ErrNoClosure)
	}
	for {
		set, err := f.Receive(ctx)
		if err == nil {
			err = fn(set)
		} else if err == ErrClosed && f.Err() == nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Stats returns how many sets the feed has had; one with a gap before it is one.
//
// The complexity is O(1).
func (f *Feed) Stats() SubscriptionStats {
	if f == nil || f.queue == nil {
		return SubscriptionStats{}
	}
	return SubscriptionStats(f.queue.Stats())
}

// Err returns why the feed has ended, nil if it has not, or Close ended it.
//
// The complexity is O(1).
func (f *Feed) Err() error {
	if f == nil || f.queue == nil {
		return ErrClosed
	}
	return endOf(f.queue.Err())
}

// Close ends the feed, and who receives from it. It is idempotent and returns nil.
//
// The complexity is O(shards).
func (f *Feed) Close() error {
	if f == nil || f.queue == nil {
		return nil
	}
	f.queue.Close(nil)
	f.once.Do(func() {
		if f.s.events != nil {
			f.leave()
		}
	})
	return nil
}

// leave takes the feed out of the store.
func (f *Feed) leave() {
	f.s.lockShards()
	defer f.s.unlockShards()
	e := f.s.events
	e.turn.Lock()
	defer e.turn.Unlock()
	f.left = true
	e.feeds = slices.DeleteFunc(e.feeds, func(o *Feed) bool { return o == f })
	e.countFed()
	f.s.hear()
}
