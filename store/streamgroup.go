package store

import (
	"cmp"
	"errors"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// Group is a handle of a consumer group of a stream. Each entry goes to one consumer of the
// group, and stays pending to it until it is acknowledged. A consumer is made when it first
// gets something.
type Group struct {
	stream Stream
	name   string
}

// Group returns the handle of a consumer group.
func (s Stream) Group(name string) Group { return Group{s, name} }

// Key returns the key of the stream.
func (g Group) Key() string { return g.stream.key }

// Name returns the name of the group.
func (g Group) Name() string { return g.name }

// A groupWrite is a write of a group.
type groupWrite struct {
	write
	v     *structures.Stream      // nil if there is none
	group *structures.StreamGroup // nil if there is none
	now   int64                   // in milliseconds
}

// begin begins a write of the group and looks it up. end must follow. wrong is what is wrong
// with the arguments.
func (g Group) begin(w *groupWrite, op string, wrong error) (err error) {
	if w.v, err = g.stream.begin(&w.write, op, wrong); err != nil {
		return err
	}
	w.find(g.name)
	return nil
}

// find looks a group of the stream up, to be changed.
func (w *groupWrite) find(name string) {
	if w.v == nil || w.v.Group(name) == nil {
		return
	}
	w.now = w.nano() / int64(time.Millisecond)
	w.v = w.openStream()
	w.group = w.v.ChangeGroup(name)
}

// must is begin where the group has to be there.
func (g Group) must(w *groupWrite, op string, wrong error) error {
	err := g.begin(w, op, wrong)
	if (err == nil || wrong != nil && errors.Is(err, wrong)) && !w.found() {
		w.miss()
	}
	if err != nil {
		return err
	}
	if w.group == nil {
		return w.fail(ErrNoGroup)
	}
	return nil
}

// see notes that a consumer has been there, and makes it if it is new.
func (w *groupWrite) see(name string) *structures.StreamConsumer {
	c := w.group.Consumer(name)
	if c == nil {
		w.event(NotifyStream, "xgroup-createconsumer")
		return w.group.CreateConsumer(name, w.now)
	}
	w.group.Seen(c, w.now)
	return c
}

// load returns the stream and the group for reading. The caller releases locked.
func (g Group) load(op string, wrong error) (v *structures.Stream, group *structures.StreamGroup, locked *shard, err error) {
	v, locked, err = g.stream.read(op, wrong)
	if err != nil {
		return nil, nil, locked, err
	}
	if v != nil {
		group = v.Group(g.name)
	}
	if group == nil {
		return nil, nil, locked, mistake(op, g.stream.key, ErrNoGroup)
	}
	return v, group, locked, nil
}

// Create makes the group, to get the entries behind a position: [AtEnd], or [AfterID], with
// the zero ID all. A missing key is [ErrNotFound].
//
// It returns [ErrBusyGroup] if there is a group of that name, [ErrWrongType] if the key holds
// another type and [ErrInvalidOption] for another position.
//
// The complexity is O(1). Redis: [XGROUP CREATE].
//
// [XGROUP CREATE]: https://redis.io/docs/latest/commands/xgroup-create/
func (g Group) Create(pos ReadPos) error { return g.CreateWith(pos, GroupOptions{}) }

// CreateWith is Create with the options of XGROUP CREATE: it may make the stream, too, and
// say how many entries before the position there have been.
//
// It returns [ErrBusyGroup] if there is a group of that name, [ErrWrongType] if the key holds
// another type, [ErrOutOfRange] if EntriesRead is below -1, and [ErrInvalidOption] for
// another position.
//
// The complexity is O(1). Redis: [XGROUP CREATE].
//
// [XGROUP CREATE]: https://redis.io/docs/latest/commands/xgroup-create/
func (g Group) CreateWith(pos ReadPos, o GroupOptions) error {
	var w groupWrite
	defer w.end()
	err := g.begin(&w, "XGROUP CREATE", wrongGroup(pos, o, g.name))
	switch {
	case err != nil:
		return err
	case w.v == nil && !o.MkStream:
		return ErrNotFound
	case w.group != nil:
		return w.fail(ErrBusyGroup)
	}
	fresh := w.v == nil
	if fresh {
		w.v = structures.NewStream()
	} else {
		w.v = w.openStream()
	}
	w.v.CreateGroup(g.name, structures.StreamID(groupStart(w.v, pos)), entriesRead(o))
	if fresh {
		w.newStream(w.v)
	} else {
		w.changed()
	}
	w.event(NotifyStream, "xgroup-create")
	return nil
}

func wrongGroup(pos ReadPos, o GroupOptions, name string) error {
	switch {
	case o.EntriesRead != nil && *o.EntriesRead < Unknown:
		return ErrOutOfRange
	case pos.how != posAfter && pos.how != posEnd:
		return ErrInvalidOption
	case len(name) > MaxStringLen:
		return ErrTooLarge
	}
	return nil
}

func entriesRead(o GroupOptions) int64 {
	if o.EntriesRead == nil {
		return Unknown
	}
	return *o.EntriesRead
}

// groupStart returns the ID behind which a group begins.
func groupStart(v *structures.Stream, pos ReadPos) StreamID {
	if pos.how == posEnd {
		return StreamID(v.LastID())
	}
	return pos.id
}

// Destroy removes the group and says whether there was one. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of pending entries. Redis: [XGROUP DESTROY].
//
// [XGROUP DESTROY]: https://redis.io/docs/latest/commands/xgroup-destroy/
func (g Group) Destroy() (bool, error) {
	var w groupWrite
	defer w.end()
	err := g.begin(&w, "XGROUP DESTROY", nil)
	switch {
	case err != nil:
		return false, err
	case w.v == nil:
		return false, ErrNotFound
	case w.group == nil:
		return false, nil
	}
	w.v.DestroyGroup(g.name)
	w.grows(KindStream) // as in Redis, who waits learns it in its turn
	w.changed()
	w.event(NotifyStream, "xgroup-destroy")
	return true, nil
}

// SetID moves the group to a position, from which on it gets entries: [AtEnd], or
// [AfterID]. What is pending stays so. A missing key is [ErrNotFound].
//
// It returns [ErrNoGroup] if there is no such group, [ErrWrongType] if the key holds another
// type and [ErrInvalidOption] for another position.
//
// The complexity is O(1). Redis: [XGROUP SETID].
//
// [XGROUP SETID]: https://redis.io/docs/latest/commands/xgroup-setid/
func (g Group) SetID(pos ReadPos) error { return g.SetIDWith(pos, GroupOptions{}) }

// SetIDWith is SetID with how many entries before the position there have been. It makes no
// stream.
//
// It returns [ErrNoGroup] if there is no such group, [ErrWrongType] if the key holds another
// type, [ErrOutOfRange] if EntriesRead is below -1, and [ErrInvalidOption] for another
// position or MkStream.
//
// The complexity is O(1). Redis: [XGROUP SETID].
//
// [XGROUP SETID]: https://redis.io/docs/latest/commands/xgroup-setid/
func (g Group) SetIDWith(pos ReadPos, o GroupOptions) error {
	var w groupWrite
	defer w.end()
	wrong := wrongGroup(pos, o, g.name)
	if o.MkStream {
		wrong = cmp.Or(wrong, ErrInvalidOption)
	}
	if err := g.mustHaveStream(&w, "XGROUP SETID", wrong); err != nil {
		return err
	}
	w.group.SetLastID(structures.StreamID(groupStart(w.v, pos)), entriesRead(o))
	w.grows(KindStream)
	w.changed()
	w.event(NotifyStream, "xgroup-setid")
	return nil
}

// mustHaveStream is must where a missing key is ErrNotFound.
func (g Group) mustHaveStream(w *groupWrite, op string, wrong error) error {
	err := g.begin(w, op, wrong)
	switch {
	case err != nil:
		return err
	case w.v == nil:
		return ErrNotFound
	case w.group == nil:
		return w.fail(ErrNoGroup)
	}
	return nil
}

// CreateConsumer makes a consumer of the group and says whether it is new. A missing key is
// [ErrNotFound].
//
// It returns [ErrNoGroup] if there is no such group and [ErrWrongType] if the key holds
// another type.
//
// The complexity is O(1). Redis: [XGROUP CREATECONSUMER].
//
// [XGROUP CREATECONSUMER]: https://redis.io/docs/latest/commands/xgroup-createconsumer/
func (g Group) CreateConsumer(consumer string) (bool, error) {
	var w groupWrite
	defer w.end()
	if err := g.mustHaveStream(&w, "XGROUP CREATECONSUMER", wrongConsumer(consumer)); err != nil {
		return false, err
	}
	if w.group.CreateConsumer(consumer, w.now) == nil {
		return false, nil
	}
	w.changed()
	w.event(NotifyStream, "xgroup-createconsumer")
	return true, nil
}

func wrongConsumer(consumer string) error {
	if len(consumer) > MaxStringLen {
		return ErrTooLarge
	}
	return nil
}

// DelConsumer removes a consumer of the group and returns how many entries were pending to
// it, which now are no longer: claim them first. A missing key is [ErrNotFound].
//
// It returns [ErrNoGroup] if there is no such group and [ErrWrongType] if the key holds
// another type.
//
// The complexity is O(m log n), m the number of entries that are pending to it and n to the
// group. Redis: [XGROUP DELCONSUMER].
//
// [XGROUP DELCONSUMER]: https://redis.io/docs/latest/commands/xgroup-delconsumer/
func (g Group) DelConsumer(consumer string) (int, error) {
	var w groupWrite
	defer w.end()
	if err := g.mustHaveStream(&w, "XGROUP DELCONSUMER", nil); err != nil {
		return 0, err
	}
	n, found := w.group.DeleteConsumer(consumer)
	if found {
		w.changed()
		w.event(NotifyStream, "xgroup-delconsumer")
	}
	return n, nil
}

// Ack acknowledges entries, which then are pending to nobody, and returns how many were. A
// missing key or group has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m log n), m the number of IDs given and n of pending entries.
// Redis: [XACK].
//
// [XACK]: https://redis.io/docs/latest/commands/xack/
func (g Group) Ack(ids ...StreamID) (int, error) {
	var w groupWrite
	defer w.end()
	if err := g.begin(&w, "XACK", nil); err != nil || w.group == nil {
		if err == nil && !w.found() {
			w.miss()
		}
		return 0, err
	}
	n := 0
	for _, id := range ids {
		if w.group.Ack(structures.StreamID(id)) {
			n++
		}
	}
	if n > 0 {
		w.changed()
	}
	return n, nil
}

// AckDel acknowledges entries and removes them from the stream as refs says. It returns what
// became of each: one that is not pending to the group is missing. So are all of a missing
// key or group.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidOption] for [Refs]
// that there are not.
//
// The complexity is O(m (log n + g)), m the number of IDs given, n of entries and g of
// groups. Redis: [XACKDEL].
//
// [XACKDEL]: https://redis.io/docs/latest/commands/xackdel/
func (g Group) AckDel(refs Refs, ids ...StreamID) ([]Removal, error) {
	var w groupWrite
	defer w.end()
	if err := g.begin(&w, "XACKDEL", wrongRefs(refs)); err != nil {
		return nil, err
	}
	removed, changed, deleted := make([]Removal, len(ids)), false, false
	for i, id := range ids {
		if removed[i] = EntryMissing; w.group == nil || !w.group.Ack(structures.StreamID(id)) {
			continue
		}
		changed = true
		if refs == OnlyAcked && w.v.Referenced(structures.StreamID(id)) {
			removed[i] = EntryReferenced
			continue
		}
		if refs == DelRefs {
			w.v.DropRefs(structures.StreamID(id))
		}
		deleted = w.v.Delete(structures.StreamID(id)) || deleted
		removed[i] = EntryDeleted
	}
	if changed {
		w.changed()
	}
	if deleted {
		w.event(NotifyStream, "xdel")
	}
	return removed, nil
}
