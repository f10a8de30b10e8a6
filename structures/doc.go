// Package structures holds the data structures behind a store: the [Table]
// that keeps its records in an append-only log, the copy-on-write [Vector]
// that everything else is made of, and the values of the store's types.
//
// It knows no store: no keys that mean anything, no clock, no errors. What
// happened is reported as a value.
//
// What is written never changes. A change writes a new record, page or node and
// moves one word, so that a string read from here stays valid for ever, and
// Clone is O(1) everywhere: both sides share everything and copy what they
// write first.
//
// Unless a method says otherwise, a structure may be read by many goroutines or
// written by one, and the caller holds the lock that makes it so. Clone counts
// as a write.
//
// The package is for Alcove's own use; it makes no compatibility promise.
package structures
