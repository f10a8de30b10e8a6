package store_test

import (
	"fmt"
	"time"

	"github.com/alcovedb/alcove/store"
)

func ExampleStream() {
	s := store.New()
	defer s.Close()
	log := s.Stream("sensor:1")
	for i, temperature := range []string{"20.5", "21.0", "22.5"} {
		id := store.ExactID(store.StreamID{Ms: 1000 * uint64(i+1)})
		if _, err := log.AddWith(store.XAddOptions{ID: id}, store.Pair{Key: "temperature", Value: temperature}); err != nil {
			panic(err)
		}
	}
	entries, err := log.Range(store.ByTime(time.UnixMilli(1500), time.UnixMilli(3000)))
	for _, e := range entries {
		t, _ := e.Get("temperature")
		fmt.Println(e.ID, t)
	}
	fmt.Println(err)
	// Output:
	// 2000-0 21.0
	// 3000-0 22.5
	// <nil>
}

func ExampleGroup() {
	s := store.New()
	defer s.Close()
	orders := s.Stream("orders")
	mailers := orders.Group("mailers")
	err := mailers.CreateWith(store.AtEnd, store.GroupOptions{MkStream: true})
	if err != nil {
		panic(err)
	}
	for i := range 3 {
		id := store.ExactID(store.StreamID{Ms: 1, Seq: uint64(i)})
		if _, err := orders.AddWith(store.XAddOptions{ID: id}, store.Pair{Key: "order", Value: fmt.Sprint(100 + i)}); err != nil {
			panic(err)
		}
	}
	// alice takes two, and is gone before she has done the second.
	got, _ := mailers.Read("alice", store.GroupReadOptions{Count: 2})
	_, _ = mailers.Ack(got[0].ID)

	pending, _ := mailers.Pending()
	fmt.Println("pending:", pending.Count, pending.Consumers)

	// bob claims what nobody has done, and goes on with what is new.
	got, _ = mailers.Read("bob", store.GroupReadOptions{Claim: store.AnyIdle})
	for _, d := range got {
		order, _ := d.Get("order")
		fmt.Println("bob:", d.ID, order, "delivered before:", d.Deliveries)
	}
	// Output:
	// pending: 1 [{alice 1}]
	// bob: 1-1 101 delivered before: 1
	// bob: 1-2 102 delivered before: 0
}

func ExampleStream_All() {
	s := store.New()
	defer s.Close()
	log := s.Stream("log")
	for range 3 {
		if _, err := log.Add("line", "text"); err != nil {
			panic(err)
		}
	}
	n := 0
	entries, err := log.All()
	for range entries {
		n++
	}
	fmt.Println(n, err)
	// Output: 3 <nil>
}
