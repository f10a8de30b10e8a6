package store

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

func init() {
	stringCommands = append(stringCommands, []command{
		{"DIGEST", func(c *call) (got, want done) {
			if err := c.lookup(); err != nil {
				return out(c.str.Digest()), out("", err)
			}
			return out(c.str.Digest()), out(fmt.Sprintf("%016x", structures.Digest(c.old.text)), nil)
		}},
		{"DELEX", runDelEx},
		{"MSETEX", runMSetEX},
	}...)
}

// comparison returns a Condition that compares, its other side and whether it holds.
func (c *call) comparison() (cond Condition, match string, holds bool) {
	other := c.text()
	if c.r.IntN(2) == 0 {
		other = c.old.text
	}
	equal := c.found && c.old.text == other
	switch cond = IfEqual + Condition(c.r.IntN(4)); cond {
	case IfEqual:
		return cond, other, equal
	case IfNotEqual:
		return cond, other, !equal
	}
	digest := fmt.Sprintf([]string{"%016x", "%016X"}[c.r.IntN(2)], structures.Digest(other))
	return cond, digest, equal == (cond == IfDigestEqual)
}

func runDelEx(c *call) (got, want done) {
	cond, match, holds := c.comparison()
	if c.r.IntN(4) == 0 {
		cond, match, holds = Always, "", true
	}
	do := func() done { return out(c.str.DelEx(cond, match)) }
	if cond == IfEqual && c.r.IntN(2) == 0 {
		do = func() done { return out(c.str.DelIfEq(match)) }
	}
	if cond != Always && c.wrong() {
		return do(), out(false, ErrWrongType)
	}
	if holds {
		delete(c.m, c.key)
	}
	return do(), out(holds && c.found, nil)
}

func runMSetEX(c *call) (got, want done) {
	e, deadline, bad := c.expiry()
	cond, pairs := Condition(c.r.IntN(4)), c.pairs()
	do := func() done { return out(c.db.MSetEX(cond, e, pairs...)) }
	there := 0
	for _, p := range pairs {
		if _, found := c.m[p.Key]; found {
			there++
		}
	}
	switch {
	case cond > IfPresent:
		return do(), out(false, ErrInvalidOption)
	case bad != nil:
		return do(), out(false, bad)
	case cond == IfAbsent && there > 0, cond == IfPresent && there < len(pairs):
		return do(), out(false, nil)
	}
	for _, p := range pairs {
		if e == KeepTTL {
			deadline = c.m[p.Key].deadline
		}
		c.put(p.Key, p.Value, encNatural, deadline)
	}
	return do(), out(true, nil)
}

// Every comparison, by what is there.
func TestComparisons(t *testing.T) {
	long := strings.Repeat("long", 50_000)
	for _, value := range []string{"", "5", "hello", long} {
		for _, inPlace := range []bool{false, true} {
			s := newTest(t)
			k := s.String("k")
			put := func() {
				require.NoError(t, k.Set(value))
				if inPlace { // as a buffer, if it is long
					_, err := k.Append("")
					require.NoError(t, err)
				}
			}
			put()
			digest, err := k.Digest()
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%016x", structures.Digest(value)), digest)
			for _, c := range []struct {
				cond  Condition
				match string
				holds bool
			}{
				{IfEqual, value, true},
				{IfEqual, value + "x", false},
				{IfEqual, likeness(value), false},
				{IfNotEqual, likeness(value), true},
				{IfNotEqual, value, false},
				{IfNotEqual, "another", true},
				{IfDigestEqual, digest, true},
				{IfDigestEqual, strings.ToUpper(digest), true},
				{IfDigestEqual, "0123456789abcdef", false},
				{IfDigestNotEqual, digest, false},
				{IfDigestNotEqual, "0123456789abcdef", true},
			} {
				where := fmt.Sprintf("%.10q in place %v, condition %d %.10q", value, inPlace, c.cond, c.match)
				put()
				r, err := k.SetWith("new", SetOptions{If: c.cond, Match: c.match, Get: true})
				require.NoError(t, err, where)
				require.Equal(t, SetResult{Set: c.holds, Old: Optional{value, true}}, r, where)
				put()
				done, err := k.DelEx(c.cond, c.match)
				require.NoError(t, err, where)
				require.Equal(t, c.holds, done, where)
				n, err := s.Exists("k")
				require.NoError(t, err, where)
				require.Equal(t, c.holds, n == 0, where)
			}
		}
	}
}

// likeness returns a text that differs from value in its last byte alone.
func likeness(value string) string {
	if value == "" {
		return "?"
	}
	return value[:len(value)-1] + "?"
}

// What can't be a comparison is a mistake, whatever is there, and nothing changes.
func TestComparisonMistakes(t *testing.T) {
	s := newTest(t)
	require.NoError(t, s.String("k").Set("v"))
	before, err := s.Fingerprint()
	require.NoError(t, err)
	for _, key := range []string{"k", "none"} {
		k := s.String(key)
		for _, c := range []struct {
			cond  Condition
			match string
			want  error
		}{
			{Always, "v", ErrInvalidOption},
			{IfAbsent, "v", ErrInvalidOption},
			{IfPresent, "v", ErrInvalidOption},
			{IfGreater, "", ErrInvalidOption},
			{IfPresentAndLess, "", ErrInvalidOption},
			{IfDigestNotEqual + 1, "", ErrInvalidOption},
			{math.MaxUint8, "v", ErrInvalidOption},
			{IfDigestEqual, "", ErrInvalidDigest},
			{IfDigestEqual, "0123456789abcde", ErrInvalidDigest},
			{IfDigestNotEqual, "0123456789abcdef0", ErrInvalidDigest},
			{IfDigestEqual, "0123456789abcdeg", ErrInvalidDigest},
			{IfDigestEqual, "+123456789abcdef", ErrInvalidDigest},
			{IfDigestEqual, "0x23456789abcdef", ErrInvalidDigest},
			{IfDigestNotEqual, "0_23456789abcdef", ErrInvalidDigest},
		} {
			_, err := k.SetWith("new", SetOptions{If: c.cond, Match: c.match})
			require.ErrorIs(t, err, c.want, "SET %d %q", c.cond, c.match)
			done, err := k.DelEx(c.cond, c.match)
			require.ErrorIs(t, err, c.want, "DELEX %d %q", c.cond, c.match)
			require.False(t, done)
		}
		for _, cond := range []Condition{IfAbsent, IfPresent} {
			_, err := k.DelEx(cond, "")
			require.ErrorIs(t, err, ErrInvalidOption)
		}
		for _, cond := range []Condition{IfGreater, IfEqual, IfDigestNotEqual} {
			_, err := s.MSetEX(cond, Expiry{}, Pair{key, "new"})
			require.ErrorIs(t, err, ErrInvalidOption)
			_, err = s.Expire(key, time.Second, cond)
			if cond != IfGreater {
				require.ErrorIs(t, err, ErrInvalidOption)
			}
		}
	}
	after, err := s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// DelEx without a comparison takes any type.
func TestDelEx(t *testing.T) {
	s := newTest(t)
	plant(t, s.DB(0), "key", 0)
	_, err := s.String("key").DelEx(IfNotEqual, "x")
	requireOutcome(t, ErrWrongType, err, "DELEX IFNE")
	done, err := s.String("key").DelEx(Always, "")
	require.NoError(t, err)
	require.True(t, done)
	_, err = s.Type("key")
	require.NoError(t, err)
	done, err = s.String("key").DelEx(Always, "")
	require.NoError(t, err)
	require.False(t, done)
}

// All keys of MSETEX have one deadline, and are gone in one moment.
func TestMSetEXDeadline(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	for _, mode := range []string{"a store", "a transaction"} {
		var pairs []Pair
		for i := range 50 {
			pairs = append(pairs, Pair{fmt.Sprint("k", i), "v"})
		}
		set := func(db DB) {
			done, err := db.MSetEX(IfAbsent, ExpireIn(1500*time.Microsecond), pairs...)
			require.NoError(t, err, mode)
			require.True(t, done, mode)
		}
		if mode == "a store" {
			set(s.DB(0))
		} else {
			require.NoError(t, s.Update(func(tx *Tx) error { set(tx.DB(0)); return nil }))
		}
		for _, p := range pairs {
			at, err := s.ExpireTime(p.Key)
			require.NoError(t, err, mode)
			require.Equal(t, clock.Now().Add(2*time.Millisecond), at, mode)
		}
		clock.Advance(2 * time.Millisecond)
		n, err := s.DBSize()
		require.NoError(t, err)
		require.Zero(t, n, mode)
	}
	done, err := s.MSetEX(Always, ExpireAt(time.Unix(1, 0)), Pair{"a", "1"}, Pair{"a", "2"})
	require.NoError(t, err)
	require.True(t, done)
	n, err := s.DBSize()
	require.NoError(t, err)
	require.Zero(t, n, "a deadline in the past")
}
