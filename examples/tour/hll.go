package main

import (
	"io"
	"strconv"

	"github.com/alcovedb/alcove/store"
)

// hllSection counts different visitors without keeping them.
func hllSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A HyperLogLog tells how many different elements it has seen, and keeps none of them.")
	monday, tuesday := s.HLL("visitors:monday"), s.HLL("visitors:tuesday")
	changed, err := monday.Add("Alice", "Bob", "Carol")
	g.got(`s.HLL("visitors:monday").Add("Alice", "Bob", "Carol")`, changed, err)
	changed, err = monday.Add("Bob")
	g.got(`s.HLL("visitors:monday").Add("Bob")`, changed, err)
	n, err := monday.Count()
	g.got(`s.HLL("visitors:monday").Count()`, n, err)

	g.say("Several are counted together, or merged: who was there twice counts once.")
	changed, err = tuesday.Add("Bob", "Dave")
	g.got(`s.HLL("visitors:tuesday").Add("Bob", "Dave")`, changed, err)
	n, err = monday.Count("visitors:tuesday")
	g.got(`s.HLL("visitors:monday").Count("visitors:tuesday")`, n, err)
	g.did(`s.HLL("visitors:both").Merge("visitors:monday", ...)`, s.HLL("visitors:both").Merge("visitors:monday", "visitors:tuesday"))
	n, err = s.HLL("visitors:both").Count()
	g.got(`s.HLL("visitors:both").Count()`, n, err)

	g.say("Of many the count is an estimate, within a percent or so, and takes 12 KiB.")
	many := make([]string, 100_000)
	for i := range many {
		many[i] = "visitor " + strconv.Itoa(i)
	}
	changed, err = s.HLL("visitors:year").Add(many...)
	g.got(`s.HLL("visitors:year").Add(100,000 visitors)`, changed, err)
	n, err = s.HLL("visitors:year").Count()
	g.got(`s.HLL("visitors:year").Count()`, n, err)
	n, err = s.String("visitors:year").StrLen()
	g.got(`s.String("visitors:year").StrLen()`, n, err)
	return g.err
}
