package main

import (
	"io"
	"slices"

	"github.com/alcovedb/alcove/store"
)

// setsSection keeps which pages have which tag, and combines the tags.
func setsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A set has each member once, in no order; they are sorted here.")
	golang, database, cache := s.Set("tag:go"), s.Set("tag:database"), s.Set("tag:cache")
	n, err := golang.Add("page:1", "page:2", "page:3", "page:1")
	g.got(`s.Set("tag:go").Add("page:1", "page:2", "page:3", "page:1")`, n, err)
	n, err = database.Add("page:2", "page:3", "page:4")
	g.got(`s.Set("tag:database").Add("page:2", "page:3", "page:4")`, n, err)
	n, err = cache.Add("page:3", "page:5")
	g.got(`s.Set("tag:cache").Add("page:3", "page:5")`, n, err)
	g.members(`s.Set("tag:go").Members()`, golang.Members)

	g.say("Sets are combined by their keys.")
	g.members(`s.Set("tag:go").Inter("tag:database")`, func() ([]string, error) { return golang.Inter("tag:database") })
	g.members(`s.Set("tag:go").Inter("tag:database", "tag:cache")`, func() ([]string, error) {
		return golang.Inter("tag:database", "tag:cache")
	})
	g.members(`s.Set("tag:go").Union("tag:cache")`, func() ([]string, error) { return golang.Union("tag:cache") })
	g.members(`s.Set("tag:go").Diff("tag:database")`, func() ([]string, error) { return golang.Diff("tag:database") })
	n, err = golang.UnionCard(0, "tag:database", "tag:cache")
	g.got(`s.Set("tag:go").UnionCard(0, "tag:database", "tag:cache")`, n, err)
	return g.err
}

// members prints a call and the members that it returned, sorted.
func (g *guide) members(call string, get func() ([]string, error)) {
	members, err := get()
	slices.Sort(members)
	g.got(call, members, err)
}
