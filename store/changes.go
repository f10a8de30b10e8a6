package store

import (
	"slices"
	"strings"
	"time"

	"github.com/alcovedb/alcove/pubsub"
)

// Reason says why a key has changed.
type Reason uint8

// The reasons of changes. Two are of all keys of a database at once.
const (
	Written Reason = iota // it holds another value, or has another deadline
	Deleted               // a command has removed it
	Expired               // its deadline has come, or that of the last field of a hash
	Evicted               // it had to make room; nothing evicts yet
	Renamed               // its value is under another key now, or in another database
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

// Change says that a key has changed. It has no value: what the key holds when one looks may
// be newer, and then another change follows. Where all keys of a database have changed
// ([Flushed], [Swapped]), whoever keeps something of them forgets all of it, or begins anew
// with [Feed.Resync].
type Change struct {
	Key     string // empty if all keys of the database have
	DB      int
	Kind    Kind      // what the key holds, or held if it is gone
	Op      string    // the Redis command, the last one of a transaction; empty if time did it
	Reason  Reason    // why
	Version uint64    // grows with every change of the key; 0 if it is of all keys
	Commit  uint64    // of the step that the change was part of
	Time    time.Time // of that, to the millisecond
}

// ChangeSet is what one step has changed: a command, with the commands of others that waited
// for it, or a transaction, which changes each key once.
type ChangeSet struct {
	Commit  uint64 // grows with every step
	Time    time.Time
	Changes []Change // in the order in which they were made
	Gap     *Gap     // what was lost before these changes, nil if nothing was
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
// room. A change has to pass all of Prefix, Pattern, Kinds and DB; one of all keys of a database
// ([Flushed], [Swapped]) only DB. The zero ChangeFilter is all, with a buffer of 1024 sets and
// the policy [CloseSlow], with which there are no gaps: the feed ends. Who wants to go on after a
// loss, such as a cache, sets [DropOldest] and at a [Gap] calls [Feed.Resync], whose snapshot has
// the changes of that set, too.
type ChangeFilter struct {
	Prefix  string // only keys that begin with it
	Pattern string // only keys that match the glob pattern, as those of [DB.Keys]; empty is all
	Kinds   []Kind // only keys that hold, or held before, one of these kinds ([KindNone]: that were not there); none is all
	DB      *int   // only those of the database; nil is all

	// Buffer is how many sets wait to be received at most, up to 1<<20; 0 or less is 1024. A set
	// counts as one, however large it is. With a few, a feed that falls behind has gap after gap.
	Buffer int
	// Policy is what becomes of more. With [DropNewest] the newest set is kept aside until the
	// gap before it is known. [Block] is DropNewest, as writers never wait.
	Policy Policy
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

// endWithStore ends the feed if the store was closed while it began.
func (f *Feed) endWithStore() {
	if err := f.s.check(); err != nil {
		f.queue.Close(err)
	}
}

// endFeeds ends the feeds of a closed store, and every WaitFor.
func (s *Store) endFeeds() {
	if s.events == nil {
		return
	}
	s.events.turn.Lock()
	defer s.events.turn.Unlock()
	for _, f := range s.events.feeds {
		f.queue.Close(ErrClosed)
	}
	for _, list := range s.events.watchers {
		wake(list)
	}
}
