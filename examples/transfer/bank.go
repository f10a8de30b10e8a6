package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/alcovedb/alcove/store"
)

// opening is what each account begins with.
const opening = 1000

// The keys of account i.
func balanceKey(i int) string { return fmt.Sprintf("account:%d:balance", i) } // String
func totalsKey(i int) string  { return fmt.Sprintf("account:%d:totals", i) }  // Hash: in, out
func ledgerKey(i int) string  { return fmt.Sprintf("account:%d:ledger", i) }  // List: "+70 from 3"

// errPoor says that an account has less than is to be paid.
var errPoor = errors.New("not enough money")

// bank is accounts in a store.
type bank struct {
	s        *store.Store
	accounts int

	made, moved atomic.Int64 // transfers that were committed, and their amounts
}

// open opens the accounts, all or none of them.
func (b *bank) open() error {
	return b.s.Update(func(tx *store.Tx) error {
		for i := range b.accounts {
			if err := tx.String(balanceKey(i)).Set(strconv.Itoa(opening)); err != nil {
				return err
			}
			if _, err := tx.Hash(totalsKey(i)).Set("in", strconv.Itoa(opening), store.Pair{Key: "out", Value: "0"}); err != nil {
				return err
			}
			if _, err := tx.List(ledgerKey(i)).RPush(fmt.Sprintf("+%d opening", opening)); err != nil {
				return err
			}
		}
		return nil
	})
}

// transfer moves an amount as a part of tx, whose end decides whether it has happened.
func (b *bank) transfer(tx *store.Tx, from, to, amount int) error {
	if err := b.withdraw(tx, from, to, amount); err != nil {
		return err
	}
	if err := b.deposit(tx, from, to, amount); err != nil {
		return err
	}
	return tx.OnCommit(func() {
		b.made.Add(1)
		b.moved.Add(int64(amount))
	})
}

// withdraw takes an amount from an account. It may find too late that there is not enough:
// the error ends the transaction, and then it was not taken.
func (b *bank) withdraw(tx *store.Tx, from, to, amount int) error {
	left, err := tx.String(balanceKey(from)).DecrBy(int64(amount))
	if err != nil {
		return err
	}
	if left < 0 {
		return errPoor
	}
	if _, err := tx.Hash(totalsKey(from)).IncrBy("out", int64(amount)); err != nil {
		return err
	}
	_, err = tx.List(ledgerKey(from)).RPush(fmt.Sprintf("-%d to %d", amount, to))
	return err
}

// deposit adds an amount to an account.
func (b *bank) deposit(tx *store.Tx, from, to, amount int) error {
	if _, err := tx.String(balanceKey(to)).IncrBy(int64(amount)); err != nil {
		return err
	}
	if _, err := tx.Hash(totalsKey(to)).IncrBy("in", int64(amount)); err != nil {
		return err
	}
	_, err := tx.List(ledgerKey(to)).RPush(fmt.Sprintf("+%d from %d", amount, from))
	return err
}

// audit returns an error unless, as of one moment, no money has come or gone and each
// account's balance is what its totals and its ledger say.
func (b *bank) audit() error {
	return b.s.View(func(tx *store.Tx) error {
		sum := 0
		for i := range b.accounts {
			has, err := b.auditAccount(tx, i)
			if err != nil {
				return err
			}
			sum += has
		}
		if want := b.accounts * opening; sum != want {
			return fmt.Errorf("the sum of all balances is %d, not %d", sum, want)
		}
		return nil
	})
}

// auditAccount returns the balance of an account, and an error if its books disagree.
func (b *bank) auditAccount(tx *store.Tx, i int) (has int, err error) {
	has, err = balance(tx.DB(0), i)
	if err != nil {
		return 0, err
	}
	totals, err := tx.Hash(totalsKey(i)).MGet("in", "out")
	if err != nil {
		return 0, err
	}
	in, out, err := ledgerTotals(tx.List(ledgerKey(i)))
	if err != nil {
		return 0, err
	}
	switch {
	case has < 0:
		return 0, fmt.Errorf("account %d has %d", i, has)
	case has != in-out:
		return 0, fmt.Errorf("account %d has %d, but its ledger says %d", i, has, in-out)
	case totals[0].Value != strconv.Itoa(in) || totals[1].Value != strconv.Itoa(out):
		return 0, fmt.Errorf("account %d: in %s and out %s, but its ledger says %d and %d",
			i, totals[0].Value, totals[1].Value, in, out)
	}
	return has, nil
}

// ledgerTotals adds up a ledger.
func ledgerTotals(ledger store.List) (in, out int, err error) {
	entries, err := ledger.Range(0, -1)
	if err != nil {
		return 0, 0, err
	}
	for _, entry := range entries {
		text, _, _ := strings.Cut(entry, " ")
		amount, err := strconv.Atoi(text)
		if err != nil {
			return 0, 0, err
		}
		if amount > 0 {
			in += amount
		} else {
			out -= amount
		}
	}
	return in, out, nil
}
