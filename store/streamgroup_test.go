package store

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newGroup returns a group that has all of five entries to read, and the clock.
func newGroup(t *testing.T) (Stream, Group, *ManualClock) {
	t.Helper()
	clock := NewManualClock(time.UnixMilli(1_000_000))
	x := newTest(t, WithClock(clock)).Stream("x")
	addIDs(t, x, "1-1", "1-2", "1-3", "1-4", "1-5")
	g := x.Group("g")
	require.NoError(t, g.Create(AfterID(MinStreamID)))
	return x, g, clock
}

func deliveredIDs(list []Delivery) (ids []string) {
	for _, d := range list {
		ids = append(ids, d.ID.String())
	}
	return ids
}

func TestGroupTimes(t *testing.T) {
	_, g, clock := newGroup(t)
	_, err := g.Read("alice", GroupReadOptions{Count: 2})
	require.NoError(t, err)
	clock.Advance(time.Minute)
	_, err = g.Read("bob", GroupReadOptions{Count: 1})
	require.NoError(t, err)
	clock.Advance(time.Second)

	list, err := g.PendingRange(ByID(MinStreamID, MaxStreamID), PendingOptions{})
	require.NoError(t, err)
	require.Equal(t, []PendingEntry{
		{sid("1-1"), "alice", 61 * time.Second, 1}, {sid("1-2"), "alice", 61 * time.Second, 1}, {sid("1-3"), "bob", time.Second, 1},
	}, list)
	list, err = g.PendingRange(ByID(MinStreamID, MaxStreamID), PendingOptions{MinIdle: 61 * time.Second})
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = g.CreateConsumer("carol")
	require.NoError(t, err)
	consumers, err := g.InfoConsumers()
	require.NoError(t, err)
	require.Equal(t, []ConsumerInfo{
		{"alice", 2, 61 * time.Second, 61 * time.Second}, {"bob", 1, time.Second, time.Second}, {"carol", 0, 0, -1},
	}, consumers)
	full, err := g.stream.InfoFull(0)
	require.NoError(t, err)
	require.Equal(t, clock.Now().Add(-time.Second), full.GroupList[0].ConsumerList[1].Active)
	require.Zero(t, full.GroupList[0].ConsumerList[2].Active)

	entries, err := g.Claim("bob", 61*time.Second+time.Millisecond, sid("1-1"))
	require.NoError(t, err)
	require.Empty(t, entries, "not idle enough")
	entries, err = g.Claim("bob", 61*time.Second, sid("1-1"), sid("1-3"), sid("9-9"))
	require.NoError(t, err)
	require.Equal(t, []string{"1-1"}, idTexts(entries))
	again, err := g.Claim("alice", 61*time.Second, sid("1-1"))
	require.NoError(t, err)
	require.Empty(t, again, "it has just been claimed")

	got, err := g.ReadHistory("bob", MinStreamID, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"1-1", "1-3"}, deliveredIDs(got))
	require.Equal(t, []int64{2, 1}, []int64{got[0].Deliveries, got[1].Deliveries})
	require.Equal(t, time.Second, got[1].Idle)
}

// TestGroupClaimsLater is XREADGROUP with CLAIM: the longest idle first, what was given back
// before, and what is new last.
func TestGroupClaimsLater(t *testing.T) {
	x, g, clock := newGroup(t)
	for _, consumer := range []string{"alice", "bob"} {
		_, err := g.Read(consumer, GroupReadOptions{Count: 2})
		require.NoError(t, err)
		clock.Advance(time.Minute)
	}
	entries, err := g.Claim("alice", 0, sid("1-1")) // which is now idle least
	require.NoError(t, err)
	require.Len(t, entries, 1)
	clock.Advance(time.Second)
	for _, id := range []string{"1-4", "1-3"} {
		n, err := g.Nack(NackFail, sid(id))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		clock.Advance(time.Millisecond)
	}
	clock.Advance(time.Second)
	_, err = x.Del(sid("1-4"))
	require.NoError(t, err)

	got, err := g.Read("carol", GroupReadOptions{Claim: 2 * time.Minute})
	require.NoError(t, err)
	require.Equal(t, []string{"1-3", "1-2", "1-5"}, deliveredIDs(got), "given back, idle, new")
	require.Equal(t, []int64{1, 1, 0}, []int64{got[0].Deliveries, got[1].Deliveries, got[2].Deliveries})
	got, err = g.Read("carol", GroupReadOptions{Claim: 2 * time.Second, Count: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"1-1"}, deliveredIDs(got))
	require.Equal(t, 2*time.Second+2*time.Millisecond, got[0].Idle)
	got, err = g.Read("carol", GroupReadOptions{Claim: time.Hour})
	require.NoError(t, err)
	require.Empty(t, got)
	clock.Advance(time.Second)
	got, err = g.Read("carol", GroupReadOptions{Claim: time.Second + time.Nanosecond})
	require.NoError(t, err)
	require.Empty(t, got, "for that long, to the nanosecond")
	got, err = g.Read("carol", GroupReadOptions{Claim: time.Second})
	require.NoError(t, err)
	require.Len(t, got, 4)
	got, err = g.Read("carol", GroupReadOptions{Claim: AnyIdle})
	require.NoError(t, err)
	require.Len(t, got, 4)
}

// TestGroupNegative: times and counts that are negative are mistakes, and change nothing.
func TestGroupNegative(t *testing.T) {
	x, g, _ := newGroup(t)
	_, err := g.Read("alice", GroupReadOptions{})
	require.NoError(t, err)
	before, err := x.db.s.Fingerprint()
	require.NoError(t, err)
	one, less := sid("1-1"), int64(-3)
	for name, do := range map[string]func() error{
		"Claim":          func() error { return second(g.Claim("bob", -time.Hour, one)) },
		"ClaimWith idle": func() error { return second(g.ClaimWith("bob", 0, ClaimOptions{Idle: -time.Hour}, one)) },
		"ClaimWith time": func() error { return second(g.ClaimWith("bob", 0, ClaimOptions{Time: time.Unix(-1, 0)}, one)) },
		"ClaimWith count": func() error {
			return second(g.ClaimWith("bob", 0, ClaimOptions{RetryCount: &less}, one))
		},
		"ClaimJustID":     func() error { return second(g.ClaimJustID("bob", math.MinInt64, ClaimOptions{}, one)) },
		"AutoClaim":       func() error { return second(g.AutoClaim("bob", -1, MinStreamID, 10)) },
		"AutoClaimJustID": func() error { return second(g.AutoClaimJustID("bob", -1, MinStreamID, 10)) },
		"PendingRange": func() error {
			return second(g.PendingRange(ByID(MinStreamID, MaxStreamID), PendingOptions{MinIdle: -1}))
		},
		"Read": func() error { return second(g.Read("bob", GroupReadOptions{Claim: math.MinInt64})) },
		"ReadBlock": func() error {
			return second(g.ReadBlock(t.Context(), "bob", GroupReadOptions{Claim: -1}))
		},
		"XReadGroup": func() error {
			return second(x.db.XReadGroup("g", "bob", GroupReadOptions{Claim: -1}, StreamAt{"x", AtNew}))
		},
	} {
		requireOutcome(t, ErrOutOfRange, do(), name)
	}
	after, err := x.db.s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestGroupNack(t *testing.T) {
	_, g, clock := newGroup(t)
	_, err := g.Read("alice", GroupReadOptions{Count: 2})
	require.NoError(t, err)
	n, err := g.Nack(NackSilent, sid("1-2"), sid("1-1"), sid("1-1"), sid("1-5"))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	sum, err := g.Pending()
	require.NoError(t, err)
	require.Equal(t, PendingSummary{2, sid("1-1"), sid("1-2"), nil}, sum, "pending to nobody")
	list, err := g.PendingRange(ByID(MinStreamID, MaxStreamID), PendingOptions{})
	require.NoError(t, err)
	require.Equal(t, PendingEntry{sid("1-1"), "", Returned, 0}, list[0])
	full, err := g.stream.InfoFull(0)
	require.NoError(t, err)
	require.Equal(t, PendingInfo{sid("1-1"), "", time.UnixMilli(0), 0}, full.GroupList[0].PEL[0])

	clock.Advance(time.Millisecond)
	got, err := g.AutoClaim("bob", time.Hour, MinStreamID, 10)
	require.NoError(t, err)
	require.Equal(t, []string{"1-1", "1-2"}, idTexts(got.Entries), "however short a time they were pending")
	n, err = g.Nack(NackFatal, sid("1-1"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = g.Claim("bob", time.Hour, sid("1-1"))
	require.NoError(t, err)
	list, err = g.PendingRange(ByID(sid("1-1"), sid("1-1")), PendingOptions{})
	require.NoError(t, err)
	require.EqualValues(t, int64(math.MaxInt64), list[0].Deliveries, "there is no more")
}

func TestAutoClaimCursor(t *testing.T) {
	x, g, clock := newGroup(t)
	_, err := g.Read("alice", GroupReadOptions{})
	require.NoError(t, err)
	clock.Advance(time.Minute)
	_, err = x.Del(sid("1-2"))
	require.NoError(t, err)
	got, err := g.AutoClaim("bob", time.Minute, MinStreamID, 2)
	require.NoError(t, err)
	require.Equal(t, []string{"1-1"}, idTexts(got.Entries))
	require.Equal(t, []StreamID{sid("1-2")}, got.Deleted)
	require.Equal(t, sid("1-3"), got.Next)
	ids, err := g.AutoClaimJustID("bob", time.Minute, got.Next, math.MaxInt)
	require.NoError(t, err)
	require.Equal(t, AutoClaimedIDs{IDs: []StreamID{sid("1-3"), sid("1-4"), sid("1-5")}}, ids)
	got, err = g.AutoClaim("carol", time.Minute, MinStreamID, 1)
	require.NoError(t, err)
	require.Zero(t, got, "all have just been claimed")
}

func TestStreamsInTransactions(t *testing.T) {
	_, g, _ := newGroup(t)
	s := g.stream.db.s.Store
	before := printOf(t, s)
	require.Error(t, s.Update(func(tx *Tx) error {
		x := tx.Stream("x")
		if _, err := x.Add("f", "v"); err != nil {
			return err
		}
		got, err := tx.XReadGroup("g", "alice", GroupReadOptions{}, StreamAt{"x", AtNew})
		require.NoError(t, err)
		require.Len(t, got[0].Deliveries, 6)
		_, err = x.Trim(MaxLen(1))
		require.NoError(t, err)
		n, err := x.Len()
		require.NoError(t, err)
		require.Equal(t, 1, n)
		return ErrNotFound
	}))
	require.Equal(t, before, printOf(t, s), "nothing is left of it")
	require.NoError(t, s.View(func(tx *Tx) error {
		_, err := tx.Stream("x").Group("g").Read("alice", GroupReadOptions{})
		require.ErrorIs(t, err, ErrReadOnly)
		_, err = tx.Stream("x").Group("g").Claim("alice", 0, sid("1-1"))
		require.ErrorIs(t, err, ErrReadOnly)
		got, err := tx.XRead(2, StreamAt{Key: "x"})
		require.NoError(t, err)
		require.Len(t, got[0].Entries, 2)
		_, err = tx.Stream("x").Group("g").Pending()
		return err
	}))
}
