package main

import (
	"io"

	"github.com/alcovedb/alcove/store"
)

// batchSection does what a Redis client would send as one pipeline.
func batchSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A pipeline saves round trips to a server. In one process there are none to save:")
	g.say("three commands are three calls, each of them atomic.")
	balance := s.String("user:101:balance")
	g.did(`s.String("user:101:balance").Set("200")`, balance.Set("200"))
	sum, err := balance.IncrBy(100)
	g.got(`s.String("user:101:balance").IncrBy(100)`, sum, err)
	value, err := balance.Get()
	g.text(`s.String("user:101:balance").Get()`, value, err)
	return g.err
}
