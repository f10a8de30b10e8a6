package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// databasesSection writes one key in the first and in the last database.
func databasesSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A store has %d databases that know nothing of each other. The store itself is database 0.", store.Databases)
	first, last := s.DB(0), s.DB(15)
	g.did(`s.DB(0).String("color").Set("red")`, first.String("color").Set("red"))
	value, err := last.String("color").Get()
	g.text(`s.DB(15).String("color").Get()`, value, err)
	g.did(`s.DB(15).String("color").Set("blue")`, last.String("color").Set("blue"))
	value, err = last.String("color").Get()
	g.text(`s.DB(15).String("color").Get()`, value, err)
	value, err = first.String("color").Get()
	g.text(`s.DB(0).String("color").Get()`, value, err)
	value, err = s.String("color").Get()
	g.text(`s.String("color").Get()`, value, err)
	n, err := last.DBSize()
	g.got(`s.DB(15).DBSize()`, n, err)
	return g.err
}
