package store_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/alcovedb/alcove/store"
)

// A feed has what has changed in the order of the commits, and a transaction as one set.
func ExampleStore_Changes() {
	s := store.New()
	defer s.Close()

	feed := s.Changes(store.ChangeFilter{Prefix: "user:"})
	defer feed.Close()
	s.String("user:1").Set("Alice")
	s.String("visits").Incr() // not asked for
	s.Update(func(tx *store.Tx) error {
		if err := tx.Rename("user:1", "user:2"); err != nil {
			return err
		}
		return tx.String("user:3").Set("Bob")
	})
	for range 2 {
		set, _ := feed.Receive(context.Background())
		for _, c := range set.Changes {
			fmt.Println(set.Commit, c.Op, c.Key, c.Reason)
		}
	}
	// Output:
	// 1 SET user:1 written
	// 3 RENAME user:1 renamed
	// 3 RENAME user:2 written
	// 3 SET user:3 written
}

// A copy of a part of the store begins with a snapshot and follows the changes from there:
// nothing is missing between both. Where it was too slow, it begins anew.
func ExampleStore_SnapshotAndChanges() {
	s := store.New()
	defer s.Close()
	s.String("price:tea").Set("3")

	prices := map[string]string{}
	begin := func(sn *store.Snapshot) {
		defer sn.Close()
		clear(prices)
		keys, _ := sn.All()
		for key := range keys {
			prices[key], _ = sn.String(key).Get()
		}
	}
	sn, feed := s.SnapshotAndChanges(store.ChangeFilter{Buffer: 2, Policy: store.DropOldest})
	begin(sn)
	for i := range 5 { // more than it has room for
		s.String("price:milk").Set(fmt.Sprint(i))
	}
	follow := func() {
		set, _ := feed.Receive(context.Background())
		anew := set.Gap != nil
		for _, c := range set.Changes {
			price, err := s.String(c.Key).Get() // as it is now, maybe newer
			switch {
			case c.Reason == store.Flushed || c.Reason == store.Swapped:
				anew = true // all keys
			case err == store.ErrNotFound:
				delete(prices, c.Key)
			default:
				prices[c.Key] = price
			}
		}
		if anew {
			sn, _ := feed.Resync()
			begin(sn)
		}
		fmt.Println(prices, "gap:", set.Gap != nil)
	}
	follow()
	s.String("price:milk").Set("2")
	follow()
	s.Del("price:tea")
	follow()
	// Output:
	// map[price:milk:4 price:tea:3] gap: true
	// map[price:milk:2 price:tea:3] gap: false
	// map[price:milk:2] gap: false
}

// WaitFor waits until a condition holds, and looks again only when the key has changed.
func ExampleDB_WaitFor() {
	s := store.New()
	defer s.Close()

	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() { s.String("ready").Incr() })
	}
	err := s.WaitFor(context.Background(), "ready", func(db store.DB) bool {
		n, _ := db.String("ready").Get()
		return n == "3"
	})
	workers.Wait()
	fmt.Println("all are ready:", err == nil)
	// Output: all are ready: true
}

// Keyspace notifications are messages on channels that are named after keys and events.
func ExampleStore_SetNotifications() {
	s := store.New(store.WithNotifications(store.NotifyKeyspace | store.NotifyAll))
	defer s.Close()

	sub := s.PSubscribe("__keyspace@0__:user:*")
	defer sub.Close()
	s.String("user:1").Set("Alice")
	s.Del("user:1")
	for range 2 {
		m, _ := sub.Receive(context.Background())
		fmt.Println(m.Channel, m.Payload)
	}
	// Output:
	// __keyspace@0__:user:1 set
	// __keyspace@0__:user:1 del
}
