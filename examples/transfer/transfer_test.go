package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func newBank(t *testing.T, accounts int) *bank {
	t.Helper()
	s := store.New()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	b := &bank{s: s, accounts: accounts}
	require.NoError(t, b.open())
	require.NoError(t, b.audit())
	return b
}

func (b *bank) pay(from, to, amount int) error {
	return b.s.Update(func(tx *store.Tx) error { return b.transfer(tx, from, to, amount) })
}

func TestTransfer(t *testing.T) {
	b := newBank(t, 2)
	require.NoError(t, b.pay(0, 1, 300))
	require.NoError(t, b.pay(1, 0, 20))
	before, err := b.s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, errPoor, b.pay(0, 1, 721))
	after, err := b.s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after, "a refused transfer leaves nothing")

	require.NoError(t, b.audit())
	has, err := balance(b.s.DB(0), 0)
	require.NoError(t, err)
	require.Equal(t, 720, has)
	totals, err := b.s.Hash(totalsKey(0)).GetAll()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"in": "1020", "out": "300"}, totals)
	ledger, err := b.s.List(ledgerKey(0)).Range(0, -1)
	require.NoError(t, err)
	require.Equal(t, []string{"+1000 opening", "-300 to 1", "+20 from 1"}, ledger)
	require.EqualValues(t, 2, b.made.Load())
	require.EqualValues(t, 320, b.moved.Load())
	require.NoError(t, b.pay(0, 1, 720), "all that there is")
}

// The auditor sees what is wrong: here a transfer is commands that anybody may come between.
func TestAuditFinds(t *testing.T) {
	b := newBank(t, 3)
	must := func(_ any, err error) { require.NoError(t, err) }
	must(b.s.String(balanceKey(0)).DecrBy(40))
	must(b.s.Hash(totalsKey(0)).IncrBy("out", 40))
	require.EqualError(t, b.audit(), "account 0 has 960, but its ledger says 1000")
	must(b.s.List(ledgerKey(0)).RPush("-40 to 1"))
	require.EqualError(t, b.audit(), "the sum of all balances is 2960, not 3000")
	must(b.s.String(balanceKey(1)).IncrBy(40))
	must(b.s.List(ledgerKey(1)).RPush("+40 from 0"))
	require.EqualError(t, b.audit(), "account 1: in 1000 and out 0, but its ledger says 1040 and 0")
	must(b.s.Hash(totalsKey(1)).IncrBy("in", 40))
	require.NoError(t, b.audit())

	must(b.s.String(balanceKey(2)).DecrBy(1001))
	require.EqualError(t, b.audit(), "account 2 has -1")
	must(nil, b.s.String(balanceKey(2)).Set("much"))
	require.ErrorIs(t, b.audit(), strconv.ErrSyntax)
	must(b.s.Del(balanceKey(2)))
	require.Equal(t, store.ErrNotFound, b.audit())
}

// Who audits after every step of a transaction sees nothing of it.
func TestAuditInTheMiddle(t *testing.T) {
	b := newBank(t, 2)
	require.NoError(t, b.s.Update(func(tx *store.Tx) error {
		require.NoError(t, b.withdraw(tx, 0, 1, 40))
		require.NoError(t, b.audit())
		require.NoError(t, b.deposit(tx, 0, 1, 40))
		require.NoError(t, b.audit())
		has, err := balance(b.s.DB(0), 1)
		require.NoError(t, err)
		require.Equal(t, opening, has)
		return nil
	}))
	require.NoError(t, b.audit())
	has, err := balance(b.s.DB(0), 1)
	require.NoError(t, err)
	require.Equal(t, opening+40, has)
}

func TestBusy(t *testing.T) {
	for _, o := range []options{
		{accounts: 2, workers: 8, transfers: 403},
		{accounts: 10, workers: 4, transfers: 400},
		{accounts: 3, workers: 5, transfers: 2},
		{accounts: 3, workers: 1, transfers: 0},
	} {
		b := newBank(t, o.accounts)
		done, err := b.busy(context.Background(), o)
		require.NoError(t, err)
		require.EqualValues(t, o.transfers, b.made.Load()+int64(done.refused))
		require.LessOrEqual(t, done.most, 4)
		require.Positive(t, done.audits)
		require.NoError(t, b.audit())

		entries, out := 0, 0
		for i := range o.accounts {
			n, err := b.s.List(ledgerKey(i)).Len()
			require.NoError(t, err)
			entries += n
			_, paid, err := ledgerTotals(b.s.List(ledgerKey(i)))
			require.NoError(t, err)
			out += paid
		}
		require.EqualValues(t, o.accounts+2*int(b.made.Load()), entries)
		require.EqualValues(t, b.moved.Load(), out)
	}
}

// What is wrong with the books, or with an account, comes out of busy, and so does an
// interruption.
func TestBusyStops(t *testing.T) {
	o := options{accounts: 2, workers: 3, transfers: 1e9}
	b := newBank(t, 2)
	_, err := b.s.List(ledgerKey(1)).RPush("+1 from nowhere")
	require.NoError(t, err)
	_, err = b.busy(context.Background(), o)
	require.ErrorContains(t, err, "account 1 has ")

	b = newBank(t, 2)
	_, err = b.s.Del(totalsKey(0))
	require.NoError(t, err)
	require.NoError(t, b.s.String(totalsKey(0)).Set("not a hash"))
	_, err = b.busy(context.Background(), o)
	require.ErrorIs(t, err, store.ErrWrongType)

	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("interrupted")
	cancel(cause)
	_, err = newBank(t, 2).busy(ctx, o)
	require.Equal(t, cause, err)
}

func TestFailures(t *testing.T) {
	b := newBank(t, 3)
	require.NoError(t, b.pay(0, 2, 5))
	before, err := b.s.Fingerprint()
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, failures(b, &out))
	require.Equal(t, `failures after all 1005 of account 2 were withdrawn, before they are deposited:
  an error: 0 in the transaction, 1005 after it; the store's fingerprint is the same
  a panic:  0 in the transaction, 1005 after it; the store's fingerprint is the same

`, out.String())
	after, err := b.s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.EqualValues(t, 1, b.made.Load())
	require.PanicsWithValue(t, "other", func() { _, _ = b.fail(0, 1, func() error { panic("other") }) })
}

func TestDecision(t *testing.T) {
	b := newBank(t, 2)
	require.NoError(t, b.pay(1, 0, 5))
	var out strings.Builder
	require.NoError(t, decision(b, &out))
	require.Equal(t, "pay all of account 0, if that is what was shown:\n  1005: it has changed\n  1004: paid\n\n", out.String())
	has, err := balance(b.s.DB(0), 0)
	require.NoError(t, err)
	require.Zero(t, has)
	require.NoError(t, b.audit())
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	args := []string{"-accounts", "3", "-workers", "4", "-transfers", "50"}
	require.NoError(t, run(context.Background(), args, &out, io.Discard))
	for _, want := range []string{
		`(?m)^3 accounts with 1000 each, 4 workers$`,
		`(?m)^50 transfers in \S+: \d+ made, \d+ refused$`,
		`(?m)^\d+ audits meanwhile: the sum was always 3000, the ledgers agreed$`,
		`(?m)^  an error: 0 in the transaction`,
		`(?m)^  a panic:  0 in the transaction`,
		`(?m)^  \d+: it has changed\n  \d+: paid$`,
		`at the end: the books agree\n$`,
	} {
		require.Regexp(t, want, out.String())
	}
	require.NotContains(t, out.String(), "(")

	// One worker does the same every time.
	moved := regexp.MustCompile(`(?m)^\d+ were moved; 0 runs after a conflict, 1 for one transfer at most$`)
	var same []string
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(context.Background(), []string{"-workers", "1", "-transfers", "50", "-seed", "7"}, &out, io.Discard))
		require.Regexp(t, moved, out.String())
		same = append(same, moved.FindString(out.String()))
	}
	require.Equal(t, same[0], same[1])
}

func TestMistakes(t *testing.T) {
	ctx := context.Background()
	for want, args := range map[string]string{
		"2 accounts, not 1":        "-accounts 1",
		"0 workers":                "-workers 0",
		"-1 transfers":             "-transfers -1",
		`"more" is not a flag`:     "-workers 2 more",
		"invalid value":            "-accounts x",
		"provided but not defined": "-what",
	} {
		var out bytes.Buffer
		require.ErrorContains(t, run(ctx, strings.Fields(args), &out, io.Discard), want)
		require.Empty(t, out.String())
	}
	var usage bytes.Buffer
	require.NoError(t, run(ctx, []string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-transfers")

	ctx, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, run(ctx, nil, io.Discard, io.Discard), context.Canceled)
}
