package main

import (
	"errors"
	"io"

	"github.com/alcovedb/alcove/store"
)

var errPoor = errors.New("not enough")

// transactionsSection does three commands in one step, and tries to spend more than there is.
func transactionsSection(w io.Writer, s *store.Store) error {
	g := &guide{w: w}

	g.say("Update takes a closure: all that it writes is stored in one step, or nothing of it.")
	g.say("It may run more than once, so it prints nothing itself.")
	var sum int64
	var value string
	err := s.Update(func(tx *store.Tx) error {
		balance := tx.String("user:101:balance")
		err := balance.Set("200")
		if err != nil {
			return err
		}
		if sum, err = balance.IncrBy(100); err != nil {
			return err
		}
		value, err = balance.Get()
		return err
	})
	g.did(`tx.String("user:101:balance").Set("200")`, err)
	g.got(`tx.String("user:101:balance").IncrBy(100)`, sum, err)
	g.text(`tx.String("user:101:balance").Get()`, value, err)
	value, err = s.String("user:101:balance").Get()
	g.text(`s.String("user:101:balance").Get()`, value, err)

	g.say("Whoever returns an error has done nothing.")
	var got int64
	err = s.Update(func(tx *store.Tx) error {
		var err error
		if got, err = tx.String("user:102:balance").IncrBy(500); err != nil {
			return err
		}
		if sum, err = tx.String("user:101:balance").DecrBy(500); err != nil {
			return err
		}
		if sum < 0 {
			return errPoor
		}
		return nil
	})
	outcome := "committed"
	if err == errPoor {
		outcome, err = err.Error(), nil
	}
	g.got(`tx.String("user:102:balance").IncrBy(500)`, got, err)
	g.got(`tx.String("user:101:balance").DecrBy(500)`, sum, err)
	g.got(`s.Update(...)`, outcome, err)
	value, err = s.String("user:101:balance").Get()
	g.text(`s.String("user:101:balance").Get()`, value, err)
	value, err = s.String("user:102:balance").Get()
	g.text(`s.String("user:102:balance").Get()`, value, err)
	return g.err
}
