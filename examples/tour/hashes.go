package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// hashesSection keeps two users, each a hash with a name and an age.
func hashesSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A hash has fields. HSET returns how many of them are new.")
	alice, bob := s.Hash("user:1"), s.Hash("user:2")
	n, err := alice.Set("name", "Alice", store.Pair{Key: "age", Value: "30"})
	g.got(`s.Hash("user:1").Set("name", "Alice", {"age", "30"})`, n, err)
	n, err = bob.Set("name", "Bob", store.Pair{Key: "age", Value: "25"})
	g.got(`s.Hash("user:2").Set("name", "Bob", {"age", "25"})`, n, err)
	name, err := alice.Get("name")
	g.text(`s.Hash("user:1").Get("name")`, name, err)
	all, err := bob.GetAll()
	g.got(`s.Hash("user:2").GetAll()`, all, err)

	g.say("A field counts, and goes, by itself.")
	age, err := bob.IncrBy("age", 1)
	g.got(`s.Hash("user:2").IncrBy("age", 1)`, age, err)
	n, err = alice.Del("age")
	g.got(`s.Hash("user:1").Del("age")`, n, err)
	age2, err := alice.Get("age")
	g.text(`s.Hash("user:1").Get("age")`, age2, err)
	return g.err
}
