package main

import (
	"io"
	"slices"
	"time"

	"github.com/alcovedb/alcove/store"
)

// stringsSection sets, reads and deletes strings, and lets one expire.
func stringsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("A handle names a key. Keys and values are strings of any bytes.")
	greeting, number := s.String("greeting"), s.String("number")
	g.did(`s.String("greeting").Set("Hello, Redis!")`, greeting.Set("Hello, Redis!"))
	g.did(`s.String("number").Set("100")`, number.Set("100"))
	value, err := greeting.Get()
	g.text(`s.String("greeting").Get()`, value, err)
	value, err = number.Get()
	g.text(`s.String("number").Get()`, value, err)
	value, err = s.String("nobody").Get()
	g.text(`s.String("nobody").Get()`, value, err)

	g.say("Keys are found by a pattern, and deleted by name.")
	keys, err := s.Keys("*")
	slices.Sort(keys)
	g.got(`s.Keys("*")`, keys, err)
	n, err := s.Del("greeting")
	g.got(`s.Del("greeting")`, n, err)
	n, err = s.Del("greeting")
	g.got(`s.Del("greeting")`, n, err)
	n, err = s.Exists("greeting", "number")
	g.got(`s.Exists("greeting", "number")`, n, err)

	g.say("A value is replaced, or a key deleted, only if it is what one thinks it is.")
	owner := s.String("owner")
	g.did(`s.String("owner").Set("alice")`, owner.Set("alice"))
	freed, err := owner.DelEx(store.IfEqual, "bob")
	g.got(`s.String("owner").DelEx(store.IfEqual, "bob")`, freed, err)
	freed, err = owner.DelEx(store.IfEqual, "alice")
	g.got(`s.String("owner").DelEx(store.IfEqual, "alice")`, freed, err)

	g.say("A key with a time to live is gone at its deadline, to the millisecond.")
	const ttl = 100 * time.Millisecond
	token := s.String("token")
	g.did(`s.String("token").SetEX("f00d", 100*time.Millisecond)`, token.SetEX("f00d", ttl))
	left, err := s.TTL("token")
	g.got(`s.TTL("token")`, left, err)
	value, err = token.Get()
	g.text(`s.String("token").Get()`, value, err)
	time.Sleep(ttl + time.Millisecond)
	g.say("... %v later:", ttl+time.Millisecond)
	value, err = token.Get()
	g.text(`s.String("token").Get()`, value, err)
	return g.err
}
