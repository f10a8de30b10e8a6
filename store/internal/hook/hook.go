// Package hook is what package store does for package command beside its API. Package store
// sets the functions; its own types are any here, as it imports this package.
package hook

// Change is a change of a key, or of all keys of a database.
type Change struct {
	Key string
	All bool
}

// Observer hears of the changes of a store.
type Observer struct {
	// Heard has the changes of a step, in their order, one step at a time in the order of
	// commits. Who has made them, or another writer, calls it when they can be seen and before
	// the command returns. by is whom they were made for, nil if that is nobody. It must not
	// wait, nor use the store, nor keep list.
	Heard func(by any, list []Change)
	// After is called after Heard and before the command returns, when neither shards nor the
	// turn to call Heard are locked; but a Store.Serial still holds its keys, and Advance of a
	// ManualClock has its lock. So it may take its time, but not use the store.
	After func()
}

var (
	// Observe makes o hear of the changes of a *store.Store until stop is called.
	Observe func(s any, o Observer) (stop func())
	// As returns the database n of a *store.Store, a store.DB, for which by makes the changes.
	As func(s any, n int, by any) (db any)
	// Radius returns a store.GeoQuery as one of GEORADIUS, which has an event of its own where
	// it stores.
	Radius func(q any) any
	// Seed makes a *store.Store draw the same each time from now on, where it draws: SPOP,
	// RANDOMKEY and their like.
	Seed func(s any, n uint64)
	// Kind returns the store.Kind of the value at key of a store.DB, as its Type does, without
	// telling that a key is missing.
	Kind func(db any, key string) (kind any, err error)
	// Claim says that by makes the changes of a *store.Tx.
	Claim func(tx, by any)
)
