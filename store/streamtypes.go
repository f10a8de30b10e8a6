package store

import "time"

// Entry is an entry of a stream: its ID, and fields with values, in the order in which they
// were given. A field may be there several times.
type Entry struct {
	ID     StreamID
	Fields []Pair
}

// Get returns the first value of a field, and false if the entry has none.
func (e Entry) Get(field string) (string, bool) {
	for i := range e.Fields {
		if e.Fields[i].Key == field {
			return e.Fields[i].Value, true
		}
	}
	return "", false
}

// Delivery is an entry that a consumer of a group gets.
type Delivery struct {
	Entry
	Deleted    bool          // the entry was deleted since; there are no fields
	Idle       time.Duration // for how long it had been pending, since it was last delivered
	Deliveries int64         // how often it had been delivered before
}

// Refs says what deleting an entry does with consumer groups to which it is pending.
type Refs uint8

// What there is for Refs.
const (
	KeepRefs  Refs = iota // it stays pending, as an entry that is deleted: KEEPREF
	DelRefs               // it is pending no longer: DELREF
	OnlyAcked             // it is deleted if every group has read and acknowledged it: ACKED
)

// Removal is what became of an entry that was to be deleted, as the numbers that Redis has
// for it.
type Removal int8

// What there is for Removal.
const (
	EntryMissing    Removal = -1 // there is no such entry
	EntryDeleted    Removal = 1
	EntryReferenced Removal = 2 // a group needs it still, or has not come so far, whether it is there or not
)

// StreamTrim says how a stream is shortened, from its oldest entries on: [MaxLen], [MinID],
// and what its methods make of these. The zero value leaves it as it is.
type StreamTrim struct {
	by      trimBy
	maxLen  int
	minID   StreamID
	approx  bool
	limited bool
	limit   int
	refs    Refs
}

type trimBy uint8

const (
	noTrim trimBy = iota
	byMaxLen
	byMinID
)

// MaxLen leaves the newest n entries.
func MaxLen(n int) StreamTrim { return StreamTrim{by: byMaxLen, maxLen: n} }

// MinID leaves the entries whose IDs are not smaller than id.
func MinID(id StreamID) StreamTrim { return StreamTrim{by: byMinID, minID: id} }

// Approx removes only what takes no time: whole pages of entries. Some more may stay.
func (t StreamTrim) Approx() StreamTrim {
	t.approx = true
	return t
}

// Limit is for Approx: no more than n entries are removed, with 0 any number. Without it
// the limit is Redis's, 10,000.
func (t StreamTrim) Limit(n int) StreamTrim {
	t.limited, t.limit = true, n
	return t
}

// Refs says what becomes of entries that are pending.
func (t StreamTrim) Refs(r Refs) StreamTrim {
	t.refs = r
	return t
}

// defaultTrimLimit is how many entries Redis removes at once where ~ is given without
// LIMIT: 100 nodes of stream-node-max-entries.
const defaultTrimLimit = 100 * 100

// check returns what is wrong with how to trim.
func (t *StreamTrim) check() error {
	switch {
	case t.maxLen < 0, t.limit < 0:
		return ErrOutOfRange
	case t.refs > OnlyAcked, t.limited && !t.approx, t.by == noTrim && (t.approx || t.refs != KeepRefs):
		return ErrInvalidOption
	}
	return nil
}

// XAddOptions are the options of [Stream.AddWith]. The zero value is a plain XADD with *.
type XAddOptions struct {
	ID         NewStreamID
	NoMkStream bool // add nothing if there is no stream: NOMKSTREAM
	Trim       StreamTrim
}

// ReadPos is from where a stream is read. The zero value is its start.
type ReadPos struct {
	id  StreamID
	how readPos
}

type readPos uint8

const (
	posAfter readPos = iota
	posEnd
	posLast
	posNew
)

// From where a stream can be read, beside [AfterID].
var (
	// AtEnd is behind the last entry that was added: Redis's $. Who reads from there
	// without waiting gets nothing.
	AtEnd = ReadPos{how: posEnd}
	// AtLast is the last entry there is, alone: Redis's +.
	AtLast = ReadPos{how: posLast}
	// AtNew is behind the last entry that a consumer group has delivered: Redis's >.
	AtNew = ReadPos{how: posNew}
)

// AfterID is behind an ID. To a consumer of a group it is what is pending to it.
func AfterID(id StreamID) ReadPos { return ReadPos{id: id} }

// StreamAt is a stream and from where it is read.
type StreamAt struct {
	Key string
	Pos ReadPos
}

// StreamEntries are entries of the stream at a key.
type StreamEntries struct {
	Key     string
	Entries []Entry
}

// StreamDeliveries are the entries of the stream at a key that a consumer of a group gets.
type StreamDeliveries struct {
	Key        string
	Deliveries []Delivery
}

// GroupReadOptions are the options of reading as a consumer of a group. The zero value
// reads all entries that are new.
type GroupReadOptions struct {
	Count int  // entries of a stream at most; 0 or less is no limit
	NoAck bool // what is new does not become pending: NOACK
	// Claim, if it is not 0, takes first what has been pending to anybody for that long,
	// rounded up to milliseconds, the longest first, or [AnyIdle]: CLAIM.
	Claim time.Duration
}

// AnyIdle is for [GroupReadOptions]: what is pending, for however short a time. It is Redis's
// CLAIM 0.
const AnyIdle time.Duration = 1

// claimMillis returns for how many milliseconds something must have been pending.
func claimMillis(idle time.Duration) int64 {
	if idle == AnyIdle {
		return 0
	}
	return idleMillis(idle)
}

// idleMillis returns a least idle time in milliseconds, rounded up.
func idleMillis(d time.Duration) int64 {
	ms := d.Milliseconds()
	if time.Duration(ms)*time.Millisecond < d {
		ms++
	}
	return ms
}

// wrong returns what is wrong with the options.
func (o *GroupReadOptions) wrong(consumer string) error {
	if o.Claim < 0 {
		return ErrOutOfRange
	}
	return wrongConsumer(consumer)
}

// GroupOptions are the options of making a group or setting its position. The zero value is
// Redis's default.
type GroupOptions struct {
	MkStream    bool   // make an empty stream if there is none: MKSTREAM
	EntriesRead *int64 // how many entries the group has read; nil, or Unknown, if nobody knows
}

// ClaimOptions are the options of [Group.ClaimWith]. The zero value is a plain XCLAIM.
type ClaimOptions struct {
	Idle       time.Duration // since when it counts as delivered, before now
	Time       time.Time     // the same as a time, where it is not zero; later than now is now
	RetryCount *int64        // how often it counts as delivered; nil is once more
	Force      bool          // what is pending to nobody is claimed, too, if it is in the stream
	LastID     StreamID      // the group has delivered the entries up to here
}

// NackMode says what giving an entry back does to the count of its deliveries.
type NackMode uint8

// What there is for NackMode.
const (
	NackSilent NackMode = iota // this delivery does not count: SILENT
	NackFail                   // it counts: FAIL
	NackFatal                  // the count becomes the largest there is: FATAL
)

// NackOptions are the options of [Group.NackWith].
type NackOptions struct {
	Mode       NackMode
	RetryCount *int64 // what the count becomes, whatever the mode; nil is as the mode says
	Force      bool   // what is not pending becomes so, to nobody, if it is in the stream
}

// StreamConfig is what [Stream.CfgSet] sets: what Redis keeps of each producer to know an
// entry that is sent twice. What is 0 stays as it is.
type StreamConfig struct {
	IDMPDuration time.Duration // for how long, in whole seconds, up to a day
	IDMPMaxSize  int           // how many, up to 10,000
}
