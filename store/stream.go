package store

import (
	"cmp"
	"iter"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// Stream is a handle of a stream: entries in the order of their IDs, each with fields and
// values, and consumer groups that read them. Unlike other values it stays when its last
// entry goes.
type Stream struct {
	db  DB
	key string
}

// Stream returns the handle of the stream at key.
func (db DB) Stream(key string) Stream { return Stream{db, key} }

// Key returns the key of the handle.
func (s Stream) Key() string { return s.key }

// begin begins a write of the stream and returns it, nil if there is none. wrong is what is
// wrong with the arguments.
func (s Stream) begin(w *write, op string, wrong error) (*structures.Stream, error) {
	if err := w.begin(s.db, op, s.key); err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, w.fail(wrong)
	}
	return w.stream()
}

// stream returns the stream at the key for reading, nil if there is none.
func (w *write) stream() (*structures.Stream, error) {
	if err := w.want(KindStream); err != nil || !w.found() {
		return nil, err
	}
	return w.ref.Record.Object().(*structures.Stream), nil
}

// openStream returns the stream at the key, which is there, to be changed. changed must
// follow.
func (w *write) openStream() *structures.Stream { return w.mutate().(*structures.Stream) }

// newStream puts a stream, which is not empty or has groups, where there is none.
func (w *write) newStream(v *structures.Stream) {
	w.put(structures.Entry{Kind: recordKind(KindStream, encSmall), Object: v})
}

// read returns the stream for reading, nil if there is none. The caller releases locked.
// wrong is what is wrong with the arguments.
func (s Stream) read(op string, wrong error) (v *structures.Stream, locked *shard, err error) {
	if wrong != nil {
		return nil, nil, mistake(op, s.key, cmp.Or(s.db.check(), wrong))
	}
	rec, found, locked, err := s.db.loadKind(op, s.key, KindStream)
	if err != nil || !found {
		return nil, locked, err
	}
	return rec.Object().(*structures.Stream), locked, nil
}

// clone returns the stream as of now, which nobody else has, nil if there is none.
func (s Stream) clone(op string) (*structures.Stream, error) {
	_, locked, err := s.read(op, nil)
	locked.release()
	if err != nil || locked == nil {
		return nil, err
	}
	var w write
	defer w.end()
	if err := w.inspect(s.db, op, s.key); err != nil {
		return nil, err
	}
	if err := w.want(KindStream); err != nil || !w.found() {
		return nil, err
	}
	return w.cloneObject().(*structures.Stream), nil
}

// shortRead is how many entries are read while others wait for the shard.
const shortRead = 128

// Add appends an entry with a field, and more of them, and returns its ID: the time in
// milliseconds, or what comes next after the last ID where that is not earlier, so that IDs
// only grow, also when the clock is set back.
//
// It returns [ErrWrongType] if the key holds another type, [ErrTooLarge] if a field or value
// is longer than [MaxStringLen] and [ErrStreamFull] if the stream has had the last ID there
// is.
//
// The complexity is O(n), n the number of fields. Redis: [XADD].
//
// [XADD]: https://redis.io/docs/latest/commands/xadd/
func (s Stream) Add(field, value string, more ...Pair) (StreamID, error) {
	fields := more
	if len(more) == 0 {
		fields = []Pair{{field, value}}
	} else {
		fields = append([]Pair{{field, value}}, more...)
	}
	return s.AddWith(XAddOptions{}, fields...)
}

// AddWith is Add with the options of XADD: an ID, whether a stream is made, and how it is
// shortened afterwards. With NoMkStream a missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type, [ErrTooLarge] if a field or value
// is longer than [MaxStringLen], [ErrStreamIDZero] for the ID 0-0, [ErrStreamIDOrder] for one
// that does not come after the last one, [ErrStreamFull] if there is none after that,
// [ErrOutOfRange] if a number of entries is negative, and [ErrInvalidOption] if there are no
// fields or [StreamTrim.Limit] comes without [StreamTrim.Approx].
//
// The complexity is O(n), n the number of fields and of entries removed. Redis: [XADD].
//
// [XADD]: https://redis.io/docs/latest/commands/xadd/
func (s Stream) AddWith(o XAddOptions, fields ...Pair) (StreamID, error) {
	var w write
	defer w.end()
	wrong := o.Trim.check()
	switch {
	case wrong != nil:
	case len(fields) == 0:
		wrong = ErrInvalidOption
	case tooLarge(fields):
		wrong = ErrTooLarge
	case o.ID.how == exactID && o.ID.id == MinStreamID:
		wrong = ErrStreamIDZero
	}
	v, err := s.begin(&w, "XADD", wrong)
	if err != nil {
		return StreamID{}, err
	}
	if v == nil && o.NoMkStream {
		return StreamID{}, ErrNotFound
	}
	last := StreamID{}
	if v != nil {
		last = StreamID(v.LastID())
	}
	id, err := o.ID.after(last, w.nano()/int64(time.Millisecond))
	if err != nil {
		return StreamID{}, w.fail(err)
	}
	fresh := v == nil
	if fresh {
		v = structures.NewStream()
	} else {
		v = w.openStream()
	}
	var buf [32]string
	v.Add(structures.StreamID(id), appendPairs(buf[:0], fields))
	trimmed := o.Trim.trim(v)
	if fresh {
		w.newStream(v)
	} else {
		w.grows(KindStream)
		w.changed()
	}
	w.event(NotifyStream, "xadd")
	if trimmed > 0 {
		w.event(NotifyStream, "xtrim")
	}
	return id, nil
}

// Len returns the number of entries, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [XLEN].
//
// [XLEN]: https://redis.io/docs/latest/commands/xlen/
func (s Stream) Len() (int, error) {
	v, locked, err := s.read("XLEN", nil)
	defer locked.release()
	if v == nil {
		return 0, err
	}
	return v.Len(), nil
}

// Range returns the entries that r selects, in its order; none for a missing key.
//
// It returns [ErrWrongType] if the key holds another type and [ErrStreamID] if r leaves out
// the ID behind which there is none.
//
// The complexity is O(log n + m), n the number of entries and m of those returned.
// Redis: [XRANGE], [XREVRANGE].
//
// [XRANGE]: https://redis.io/docs/latest/commands/xrange/
// [XREVRANGE]: https://redis.io/docs/latest/commands/xrevrange/
func (s Stream) Range(r IDRange) ([]Entry, error) {
	op := "XRANGE"
	if r.rev {
		op = "XREVRANGE"
	}
	low, high, wrong := r.bounds()
	v, locked, err := s.read(op, wrong)
	if v == nil || min(v.Len(), r.limit()) <= shortRead || !moreThan(v, low, high, shortRead) {
		defer locked.release()
		return entriesOf(v, low, high, r.rev, r.limit()), err
	}
	locked.release()
	v, err = s.clone(op)
	return entriesOf(v, low, high, r.rev, r.limit()), err
}

// All returns the entries from the first to the last, as of now: writes that come later,
// also those of the loop, don't change what it sees. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) here and O(n) for the loop, n the number of entries.
// Redis: [XRANGE].
//
// [XRANGE]: https://redis.io/docs/latest/commands/xrange/
func (s Stream) All() (iter.Seq[Entry], error) {
	v, err := s.clone("XRANGE")
	if v == nil {
		return func(func(Entry) bool) {}, err
	}
	return func(yield func(Entry) bool) {
		v.Range(structures.StreamID{}, structures.MaxStreamID, false, func(e structures.StreamEntry) bool {
			return yield(entryOfStream(e))
		})
	}, nil
}

// appendPairs appends fields and values in turn.
func appendPairs(dst []string, pairs []Pair) []string {
	for i := range pairs {
		dst = append(dst, pairs[i].Key, pairs[i].Value)
	}
	return dst
}

// SetIDOptions are the options of [Stream.SetIDWith]. The zero value is a plain XSETID.
type SetIDOptions struct {
	EntriesAdded *int64   // how many entries the stream has ever had; nil leaves that
	MaxDeletedID StreamID // the greatest ID that was deleted; 0-0 leaves that
}

// SetID makes id the last one that the stream has given. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type and [ErrStreamIDOrder] if there is
// an entry with a greater ID.
//
// The complexity is O(log n), n the number of entries. Redis: [XSETID].
//
// [XSETID]: https://redis.io/docs/latest/commands/xsetid/
func (s Stream) SetID(id StreamID) error { return s.SetIDWith(id, SetIDOptions{}) }

// SetIDWith is SetID with the options of XSETID.
//
// It returns [ErrWrongType] if the key holds another type, [ErrStreamIDOrder] if there is an
// entry with a greater ID or one greater than id is to count as deleted, and [ErrOutOfRange]
// if fewer entries were ever added than there are.
//
// The complexity is O(log n), n the number of entries. Redis: [XSETID].
//
// [XSETID]: https://redis.io/docs/latest/commands/xsetid/
func (s Stream) SetIDWith(id StreamID, o SetIDOptions) error {
	var w write
	defer w.end()
	var wrong error
	switch {
	case o.EntriesAdded != nil && *o.EntriesAdded < 0:
		wrong = ErrOutOfRange
	case id.Less(o.MaxDeletedID):
		wrong = ErrStreamIDOrder
	}
	v, err := s.begin(&w, "XSETID", wrong)
	switch {
	case err != nil:
		return err
	case v == nil:
		return ErrNotFound
	case v.Len() > 0 && id.Less(topID(v)):
		return w.fail(ErrStreamIDOrder)
	case v.Len() > 0 && o.EntriesAdded != nil && int64(v.Len()) > *o.EntriesAdded:
		return w.fail(ErrOutOfRange)
	}
	v = w.openStream()
	v.SetLastID(structures.StreamID(id))
	if o.EntriesAdded != nil {
		v.SetEntriesAdded(uint64(*o.EntriesAdded))
	}
	if o.MaxDeletedID != MinStreamID {
		v.SetMaxDeletedID(structures.StreamID(o.MaxDeletedID))
	}
	w.changed()
	w.event(NotifyStream, "xsetid")
	return nil
}

// topID returns the ID of the last entry there is, 0-0 if there is none.
func topID(v *structures.Stream) StreamID {
	e, _ := v.Last()
	return StreamID(e.ID)
}

// CfgSet sets how much of each producer the stream keeps to know entries that are sent
// twice. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidOption] if nothing is
// to be set and [ErrOutOfRange] for what is out of its range.
//
// Unlike in Redis, nothing depends on it, as entries have no idempotent IDs here: it is kept
// and shown by [Stream.Info].
//
// The complexity is O(1). Redis: [XCFGSET].
//
// [XCFGSET]: https://redis.io/docs/latest/commands/xcfgset/
func (s Stream) CfgSet(c StreamConfig) error {
	var w write
	defer w.end()
	var wrong error
	switch {
	case c == StreamConfig{}:
		wrong = ErrInvalidOption
	case c.IDMPDuration < 0 || c.IDMPDuration > maxIDMPDuration || c.IDMPMaxSize < 0 || c.IDMPMaxSize > maxIDMPSize:
		wrong = ErrOutOfRange
	}
	v, err := s.begin(&w, "XCFGSET", wrong)
	switch {
	case err != nil:
		return err
	case v == nil:
		return ErrNotFound
	}
	v = w.openStream()
	seconds, size := v.Config()
	if c.IDMPDuration != 0 {
		seconds = int((c.IDMPDuration + time.Second - 1) / time.Second)
	}
	if c.IDMPMaxSize != 0 {
		size = c.IDMPMaxSize
	}
	v.SetConfig(seconds, size)
	w.changed()
	return nil
}

// What Redis allows, and has where nothing is set.
const (
	maxIDMPDuration     = 24 * time.Hour
	maxIDMPSize         = 10_000
	defaultIDMPDuration = 100 * time.Second
	defaultIDMPSize     = 100
)

// configOf returns what CfgSet has set, or Redis's defaults.
func configOf(v *structures.Stream) StreamConfig {
	c := StreamConfig{defaultIDMPDuration, defaultIDMPSize}
	seconds, size := v.Config()
	if seconds != 0 {
		c.IDMPDuration = time.Duration(seconds) * time.Second
	}
	if size != 0 {
		c.IDMPMaxSize = size
	}
	return c
}
