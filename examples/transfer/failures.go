package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/alcovedb/alcove/store"
)

// errLine is a failure in the middle of a transfer.
var errLine = errors.New("the line went dead")

// failures ends transactions after the money has left one account and before it has come to
// another one, and looks for traces.
func failures(b *bank, out io.Writer) error {
	rich, has, err := b.richest()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "failures after all %d of account %d were withdrawn, before they are deposited:\n", has, rich)
	for _, how := range []struct {
		name string
		end  func() error
	}{
		{"an error", func() error { return errLine }},
		{"a panic", func() error { panic(errLine) }},
	} {
		before, err := b.s.Fingerprint()
		if err != nil {
			return err
		}
		left, err := b.fail(rich, has, how.end)
		if err != errLine {
			return fmt.Errorf("%s: %w", how.name, err)
		}
		after, err := b.s.Fingerprint()
		if err != nil {
			return err
		}
		if before != after {
			return fmt.Errorf("%s has left traces", how.name)
		}
		if has, err = balance(b.s.DB(0), rich); err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-9s %d in the transaction, %d after it; the store's fingerprint is the same\n", how.name+":", left, has)
	}
	_, err = fmt.Fprintln(out)
	return err
}

// fail withdraws an amount in a transaction that end ends. It returns what the account had
// then, and what the transaction returned or panicked with.
func (b *bank) fail(from, amount int, end func() error) (left int, err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case errLine:
			err = errLine
		default:
			panic(v)
		}
	}()
	err = b.s.Update(func(tx *store.Tx) error {
		if err := b.withdraw(tx, from, b.next(from), amount); err != nil {
			return err
		}
		if left, err = balance(tx.DB(0), from); err != nil {
			return err
		}
		return end()
	})
	return left, err
}

// decision pays all that the richest account has: somebody sees the balance, thinks, and says
// yes to just that. A transaction that waited for the answer would hold up others; a Watch
// holds nobody up. While the first answer is awaited, the account pays something else.
func decision(b *bank, out io.Writer) error {
	rich, has, err := b.richest()
	if err != nil {
		return err
	}
	to := b.next(rich)
	fmt.Fprintf(out, "pay all of account %d, if that is what was shown:\n", rich)
	for asked := 1; ; asked++ {
		watch := b.s.Watch(balanceKey(rich)) // first, so that no change is missed
		if has, err = balance(b.s.DB(0), rich); err != nil {
			return err
		}
		if asked == 1 {
			if err := b.s.Update(func(tx *store.Tx) error { return b.transfer(tx, rich, to, 1) }); err != nil {
				return err
			}
		}
		err = b.s.Update(func(tx *store.Tx) error { return b.transfer(tx, rich, to, has) }, watch)
		switch err {
		case store.ErrConflict:
			fmt.Fprintf(out, "  %d: it has changed\n", has)
		case nil:
			_, err = fmt.Fprintf(out, "  %d: paid\n\n", has)
			return err
		default:
			return err
		}
	}
}

// richest returns the account that has the most, the first of several, and how much that is.
func (b *bank) richest() (account, most int, err error) {
	err = b.s.View(func(tx *store.Tx) error {
		account, most = 0, 0 // this may be the second run
		for i := range b.accounts {
			has, err := balance(tx.DB(0), i)
			if err != nil {
				return err
			}
			if has > most {
				account, most = i, has
			}
		}
		return nil
	})
	return account, most, err
}

// next returns another account.
func (b *bank) next(account int) int { return (account + 1) % b.accounts }

// balance returns what an account has. A DB is one of the store, or of a transaction.
func balance(db store.DB, account int) (int, error) {
	text, err := db.String(balanceKey(account)).Get()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}
