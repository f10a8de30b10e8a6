package main

import (
	"io"
	"time"

	"github.com/alcovedb/alcove/store"
)

// sessionsSection creates a session, reads it and deletes it.
func sessionsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A session is a hash with a time to live.")
	session := s.Hash("session:f00d")
	n, err := session.Set("user", "Alice", store.Pair{Key: "role", Value: "admin"})
	g.got(`s.Hash("session:f00d").Set("user", "Alice", {"role", "admin"})`, n, err)
	ok, err := s.Expire("session:f00d", 30*time.Minute)
	g.got(`s.Expire("session:f00d", 30*time.Minute)`, ok, err)
	all, err := session.GetAll()
	g.got(`s.Hash("session:f00d").GetAll()`, all, err)
	left, err := s.TTL("session:f00d")
	g.got(`s.TTL("session:f00d")`, left.Round(time.Second), err)

	g.say("Whoever logs out has none.")
	n, err = s.Del("session:f00d")
	g.got(`s.Del("session:f00d")`, n, err)
	user, err := session.Get("user")
	g.text(`s.Hash("session:f00d").Get("user")`, user, err)
	return g.err
}
