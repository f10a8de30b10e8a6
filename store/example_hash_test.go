package store_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/alcovedb/alcove/store"
)

func ExampleHash() {
	s := store.New()
	defer s.Close()

	alice := s.Hash("user:1")
	alice.Set("name", "Alice", store.Pair{Key: "age", Value: "30"})
	age, _ := alice.IncrBy("age", 1)
	name, _ := alice.Get("name")
	_, err := alice.Get("email")
	n, _ := alice.Len()
	fmt.Println(name, age, n, err)

	all, _ := alice.GetAll()
	for _, field := range slices.Sorted(maps.Keys(all)) {
		fmt.Println(field, all[field])
	}
	// Output:
	// Alice 31 2 store: not found
	// age 31
	// name Alice
}

// The loop sees the hash as it was when All was called, and may change it.
func ExampleHash_All() {
	s := store.New()
	defer s.Close()

	stock := s.Hash("stock")
	stock.MSet(store.Pair{Key: "apples", Value: "3"}, store.Pair{Key: "pears", Value: "0"})
	all, err := stock.All()
	if err != nil {
		fmt.Println(err)
		return
	}
	for fruit, n := range all {
		if n == "0" {
			stock.Del(fruit)
		}
	}
	left, _ := stock.Keys()
	fmt.Println(left)
	// Output: [apples]
}

// Fields have deadlines of their own.
func ExampleHash_Expire() {
	clock := store.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := store.New(store.WithClock(clock))
	defer s.Close()

	session := s.Hash("session")
	session.Set("user", "Alice", store.Pair{Key: "token", Value: "f00d"})
	done, _ := session.Expire(time.Minute, store.Always, "token", "nothing")
	fmt.Println(done[0] == store.FieldChanged, done[1] == store.FieldMissing)

	left, _ := session.TTL("user", "token")
	fmt.Println(left[0].TTL == store.NoTTL, left[1].TTL)

	clock.Advance(time.Minute)
	fields, _ := session.Keys()
	fmt.Println(fields)
	// Output:
	// true true
	// true 1m0s
	// [user]
}
