// Package txn holds what transactions need beside the values: the set of keys that one
// has seen with their versions, the queues in which transactions and writers wait for
// keys that are held, and whether a goroutine is inside a transaction already. It knows
// keys and versions, not values.
//
// It is for Alcove's own use and makes no promise of compatibility.
package txn
