package store

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alcovedb/alcove/pubsub"
)

// Reason says why a key has changed.
type Reason uint8

// The reasons of changes. Two are of all keys of a database at once.
const (
	Written Reason = iota // it holds another value, or has another deadline
	Deleted               // a command has removed it
	Expired               // its deadline has come
	Evicted               // it had to make room; nothing evicts yet
	Renamed               // its value is under another key now, whose change follows
	Flushed               // FLUSHDB or FLUSHALL has removed all keys of the database
	Swapped               // SWAPDB has put other keys in the place of all keys of the database

	superseded // by a later change of the same transaction
)

var reasons = [...]string{"written", "deleted", "expired", "evicted", "renamed", "flushed", "swapped"}

// String returns the reason in a word.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return "unknown"
}

// Change says that a key has changed.
type Change struct {
	Key     string // empty if all keys of the database have
	DB      int
	Kind    Kind      // what the key holds, or held if it is gone
	Op      string    // the Redis command, the last one of a transaction; empty if time did it
	Reason  Reason    // why
	Version uint64    // of the key: grows with every change of it
	Commit  uint64    // of the step that the change was part of
	Time    time.Time // of that, to the millisecond
}

// ChangeSet is what one step has changed: a command, with the commands of others that waited
// for it, or a transaction, which changes each key once. Or it is a gap.
type ChangeSet struct {
	Commit  uint64 // grows with every step
	Time    time.Time
	Changes []Change // in the order in which they were made
	Gap     *Gap     // nil, or that changes were lost here: there are none in this set
}

// Gap is a range of commits of which a feed has lost changes, because nobody received
// them in time.
type Gap struct {
	First, Last uint64 // commits
	Sets        int    // how many were lost
}

// join adds what was lost later.
func (g *Gap) join(later Gap) {
	if later.Sets == 0 {
		return
	}
	if g.Sets == 0 {
		g.First = later.First
	}
	g.Last = later.Last
	g.Sets += later.Sets
}

// ChangeFilter says which changes a feed has, and what becomes of those for which it has no
// room. The zero ChangeFilter is all, with a buffer of 1024 sets and the policy [CloseSlow].
type ChangeFilter struct {
	Prefix  string // only keys that begin with it
	Pattern string // only keys that match the glob pattern, as those of [DB.Keys]; empty is all
	Kinds   []Kind // only keys that hold, or held before, one of these kinds; none is all
	DB      *int   // only those of the database; nil is all

	Buffer int    // how many sets wait to be received at most; 0 is 1024
	Policy Policy // what becomes of more; [Block] is [DropNewest], as writers never wait
}

// changeBuffer is how many sets a feed keeps by default.
const changeBuffer = 1024

// wants says whether a feed has a change.
func (f *ChangeFilter) wants(c *change) bool {
	if f.DB != nil && *f.DB != c.DB {
		return false
	}
	if c.Reason == Flushed || c.Reason == Swapped {
		return true
	}
	return strings.HasPrefix(c.Key, f.Prefix) &&
		(f.Pattern == "" || matches(f.Pattern, c.Key)) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, c.Kind) || slices.Contains(f.Kinds, c.was))
}

// Feed delivers the changes of a store in the order of their commits. Make one with
// [Store.Changes] or [Store.SnapshotAndChanges], and close it: as long as it is open every
// write costs what noting it does. Any number of goroutines may use it; each set goes to one
// of them. The zero Feed has ended.
type Feed struct {
	s      *Store
	filter ChangeFilter
	queue  *pubsub.Queue[fed]

	// These belong to events.turn.
	after uint64 // the last commit that it does not have
	left  bool   // the store has forgotten it

	lock sync.Mutex
	next *ChangeSet // comes after the gap that was received
	once sync.Once
}

// fed is what a feed's queue holds: a set, and what was lost before it.
type fed struct {
	gap Gap
	set ChangeSet
}

// lose is how a queue drops a set.
func lose(lost, next fed) fed {
	lost.gap.join(Gap{First: lost.set.Commit, Last: lost.set.Commit, Sets: 1})
	lost.gap.join(next.gap)
	next.gap = lost.gap
	return next
}

// Changes returns a feed of all changes from now on that filter wants. Writers never wait for
// it: of changes that nobody receives in time, it has a [Gap], or it ends with
// [ErrSlowConsumer], as its policy says. A feed of a closed store has ended with [ErrClosed],
// one of a database that there is not with [ErrInvalidDB].
//
// The complexity is O(shards), and for each change then O(1) beside that of its pattern.
func (s *Store) Changes(filter ChangeFilter) *Feed {
	f := s.newFeed(filter)
	if f.queue.Err() == nil {
		s.lockShards()
		f.begin()
		s.unlockShards()
	}
	f.endWithStore()
	return f
}

// SnapshotAndChanges returns the store as of now and a feed of what changes after that, with
// nothing missing between them and nothing twice. Both have to be closed.
//
// The complexity is O(shards).
func (s *Store) SnapshotAndChanges(filter ChangeFilter) (*Snapshot, *Feed) {
	f := s.newFeed(filter)
	if err := f.queue.Err(); err != nil {
		return new(Snapshot), f
	}
	sn := f.snapshot()
	f.endWithStore()
	return sn, f
}

func (s *Store) newFeed(filter ChangeFilter) *Feed {
	filter.Kinds = slices.Clone(filter.Kinds)
	if filter.DB != nil {
		n := *filter.DB
		filter.DB = &n
	}
	if filter.Buffer <= 0 {
		filter.Buffer = changeBuffer
	}
	f := &Feed{s: s, filter: filter, queue: pubsub.NewQueue(filter.Buffer, filter.Policy, lose)}
	err := s.check()
	if err == nil && filter.DB != nil {
		err = mistake("CHANGES", "", s.DB(*filter.DB).check())
	}
	if err != nil {
		f.queue.Close(err)
	}
	return f
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
	e.fed.Store(int32(len(e.feeds)))
	f.s.hear()
}

// snapshot begins the feed with a snapshot.
func (f *Feed) snapshot() *Snapshot {
	f.s.lockShards()
	defer f.s.unlockShards()
	f.begin()
	sn := f.s.snapshot()
	f.lock.Lock()
	defer f.lock.Unlock()
	f.next = nil
	f.queue.Discard(func(fed) bool { return true })
	return sn
}

// endWithStore ends the feed if the store was closed while it began.
func (f *Feed) endWithStore() {
	if err := f.s.check(); err != nil {
		f.queue.Close(err)
	}
}

// Resync returns the store as of now, and makes the feed begin anew after it: for who has
// received a [Gap]. What was not yet received is dropped, as it is in the snapshot.
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
	if f.queue == nil {
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
		if ch := &c.changed[i]; f.filter.wants(ch) {
			change := ch.Change
			change.Commit, change.Time = c.number, c.time
			list = append(list, change)
		}
	}
	if list == nil {
		return
	}
	set := ChangeSet{Commit: c.number, Time: c.time, Changes: list}
	f.left = !f.queue.Offer(fed{set: set}) && f.queue.Over() != nil
}

// Receive returns the next set of changes, and waits for one. It returns the error of ctx when
// that ends; [ErrClosed] after Close, and after what was left when the store was closed; and
// [ErrSlowConsumer] after what was left when the buffer was full.
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
	case f.queue == nil:
		return ChangeSet{}, ErrClosed
	}
	f.lock.Lock()
	next := f.next
	f.next = nil
	f.lock.Unlock()
	if next != nil {
		return *next, nil
	}
	m, err := f.queue.Receive(ctx)
	if err != nil {
		return ChangeSet{}, endOf(err)
	}
	if m.gap.Sets == 0 {
		return m.set, nil
	}
	f.lock.Lock()
	f.next = &m.set
	f.lock.Unlock()
	return ChangeSet{Commit: m.gap.Last, Time: m.set.Time, Gap: &m.gap}, nil
}

// All returns an iterator over the sets of changes, which ends when ctx does or the feed has
// ended: then Err says why. Its body may write the store, and receive the changes of that
// later.
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

// Stats returns how many sets the feed has had.
//
// The complexity is O(1).
func (f *Feed) Stats() SubscriptionStats {
	if f.queue == nil {
		return SubscriptionStats{}
	}
	return SubscriptionStats(f.queue.Stats())
}

// Err returns why the feed has ended, nil if it has not, or Close ended it.
//
// The complexity is O(1).
func (f *Feed) Err() error {
	if f.queue == nil {
		return ErrClosed
	}
	return endOf(f.queue.Err())
}

// Close ends the feed, and who receives from it. It is idempotent and returns nil.
//
// The complexity is O(shards).
func (f *Feed) Close() error {
	if f.queue == nil {
		return nil
	}
	f.queue.Close(nil)
	f.once.Do(func() {
		f.lock.Lock()
		f.next = nil
		f.lock.Unlock()
		if f.s.events != nil {
			f.leave()
		}
	})
	return nil
}

// endFeeds ends the feeds of a closed store.
func (s *Store) endFeeds() {
	if s.events == nil {
		return
	}
	s.events.turn.Lock()
	defer s.events.turn.Unlock()
	for _, f := range s.events.feeds {
		f.queue.Close(ErrClosed)
	}
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
	e.fed.Store(int32(len(e.feeds)))
	f.s.hear()
}
