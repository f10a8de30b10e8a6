package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// streamsSection shares the entries of a stream between two workers, of whom one dies.
func streamsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A stream is a log. The consumers of a group share its entries, and acknowledge them.")
	orders := s.Stream("orders")
	group := orders.Group("mailers")
	err := group.CreateWith(store.AtEnd, store.GroupOptions{MkStream: true})
	g.did(`s.Stream("orders").Group("mailers").CreateWith(store.AtEnd, store.GroupOptions{MkStream: true})`, err)
	for i, item := range []string{"tea", "milk", "sugar"} {
		id := store.ExactID(store.StreamID{Ms: uint64(i + 1)})
		got, err := orders.AddWith(store.XAddOptions{ID: id}, store.Pair{Key: "item", Value: item})
		g.got(`s.Stream("orders").AddWith(..., store.Pair{"item", "`+item+`"})`, got, err)
	}
	got, err := group.Read("Alice", store.GroupReadOptions{Count: 2})
	g.got(`group.Read("Alice", store.GroupReadOptions{Count: 2})`, items(got), err)
	n, err := group.Ack(store.StreamID{Ms: 1})
	g.got(`group.Ack(1-0)`, n, err)

	g.say("Alice dies. Bob claims what is pending to her, and goes on with what is new.")
	got, err = group.Read("Bob", store.GroupReadOptions{Claim: store.AnyIdle})
	g.got(`group.Read("Bob", store.GroupReadOptions{Claim: store.AnyIdle})`, items(got), err)
	pending, err := group.Pending()
	g.got(`group.Pending()`, pending.Consumers, err)
	entries, err := orders.Range(store.ByID(store.MinStreamID, store.MaxStreamID).Rev().Count(1))
	g.got(`s.Stream("orders").Range(all.Rev().Count(1))`, entries, err)
	return g.err
}

// items returns what was ordered.
func items(list []store.Delivery) (names []string) {
	for _, d := range list {
		item, _ := d.Get("item")
		names = append(names, item)
	}
	return names
}
