package store

import "time"

// Reason says why a key has changed.
type Reason uint8

// The reasons of changes. Two are of all keys of a database at once.
const (
	Written Reason = iota // it holds another value, or has another deadline
	Deleted               // a command has removed it
	Expired               // its deadline has come
	Evicted               // it had to make room
	Renamed               // its value is under another key now, whose change follows
	Flushed               // FLUSHDB or FLUSHALL has removed all keys of the database
	Swapped               // SWAPDB has put other keys in the place of all keys of the database

	superseded // by a later change of the same transaction
)

// Change says that a key has changed.
type Change struct {
	Key     string
	DB      int
	Kind    Kind   // what the key holds, or held if it is gone
	Op      string // the Redis command, empty if none did it
	Reason  Reason
	Version uint64 // grows with every change of the key
	Commit  uint64
	Time    time.Time
}
