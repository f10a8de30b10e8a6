package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	for _, name := range []string{"DB.XReadBlock", "DB.XReadGroupBlock", "Group.ReadBlock"} {
		methodRules[name] = waits
	}
	methodArguments["DB.XReadBlock"] = []any{nil, 10, []StreamAt{{"key", AtEnd}}}
	groupMissing := func(r *rule) { r.missing, r.reason = ErrNoGroup, "a group must be there" }
	for _, name := range []string{"DB.XReadGroupBlock", "Group.ReadBlock"} {
		methodRules[name] = waits.except("a group must be there", groupMissing)
	}
	methodArguments["DB.XReadGroupBlock"] = []any{nil, "group", "consumer", GroupReadOptions{}, []StreamAt{{"key", AtNew}}}
	methodArguments["Group.ReadBlock"] = []any{nil, "consumer", GroupReadOptions{}}
}

// addAt adds an entry with one field to a stream.
func addAt(t testing.TB, db DB, key string, ms uint64) {
	t.Helper()
	_, err := db.Stream(key).AddWith(XAddOptions{ID: ExactID(StreamID{Ms: ms})}, Pair{"n", fmt.Sprint(ms)})
	require.NoError(t, err)
}

func mkGroup(t testing.TB, db DB, key, group string) {
	t.Helper()
	require.NoError(t, db.Stream(key).Group(group).CreateWith(AfterID(StreamID{}), GroupOptions{MkStream: true}))
}

// read is wait for XREAD of streams from a position.
func (c *crowd) read(ctx context.Context, db DB, count int, streams ...StreamAt) {
	c.wait(func() (string, error) {
		got, err := db.XReadBlock(ctx, count, streams...)
		var b strings.Builder
		for _, s := range got {
			fmt.Fprintf(&b, "%s:", s.Key)
			for _, e := range s.Entries {
				fmt.Fprintf(&b, " %v", e.ID)
			}
		}
		return b.String(), err
	})
}

// deliver is wait for XREADGROUP of group g.
func (c *crowd) deliver(ctx context.Context, db DB, consumer string, o GroupReadOptions, keys ...string) {
	c.wait(func() (string, error) {
		var streams []StreamAt
		for _, key := range keys {
			streams = append(streams, StreamAt{key, AtNew})
		}
		got, err := db.XReadGroupBlock(ctx, "g", consumer, o, streams...)
		var b strings.Builder
		for _, s := range got {
			fmt.Fprintf(&b, "%s:", s.Key)
			for _, d := range s.Deliveries {
				fmt.Fprintf(&b, " %v", d.ID)
			}
		}
		return b.String(), err
	})
}

func TestReadBlock(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		addAt(t, db, "s", 1)
		c.read(ctx, db, 0, StreamAt{"s", AtEnd})
		c.read(ctx, db, 0, StreamAt{"s", AfterID(StreamID{})})
		c.read(ctx, db, 1, StreamAt{"none", AtEnd}, StreamAt{"s", AtEnd})
		c.read(ctx, db, 0, StreamAt{"s", AfterID(StreamID{Ms: 2})})
		require.Equal(t, []got{{1, "s: 1-0", nil}}, c.results())
		addAt(t, db, "s", 2)
		require.Equal(t, []got{{0, "s: 2-0", nil}, {2, "s: 2-0", nil}}, c.results())
		require.NoError(t, s.Update(func(tx *Tx) error {
			addAt(t, tx.DB(0), "s", 3)
			addAt(t, tx.DB(0), "s", 4)
			return nil
		}))
		require.Equal(t, []got{{3, "s: 3-0 4-0", nil}}, c.results())
	})
}

func TestReadBlockOfWhatIsPutThere(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		for name, put := range map[string]func(db DB) error{
			"rename": func(db DB) error { return db.Rename("src", "dst") },
			"copy":   func(db DB) error { _, err := db.Copy("src", "dst"); return err },
			"swapdb": func(db DB) error { addAt(t, s.DB(1), "dst", 5); return s.SwapDB(0, 1) },
			"move": func(db DB) error {
				addAt(t, s.DB(1), "dst", 5)
				_, err := s.DB(1).Move("dst", 0)
				return err
			},
			"whole": func(DB) error {
				return s.Update(func(tx *Tx) error {
					if err := tx.FlushAll(); err != nil {
						return err
					}
					addAt(t, tx.DB(0), "dst", 5)
					return nil
				})
			},
		} {
			c = crowd{}
			require.NoError(t, s.FlushAll())
			db := s.DB(0)
			c.read(ctx, db, 0, StreamAt{"dst", AtEnd})
			addAt(t, db, "src", 5)
			_, err := db.String("dst").SetNX("another type")
			require.NoError(t, err)
			_, err = db.Del("dst")
			require.NoError(t, err)
			require.Empty(t, c.results(), name)
			require.NoError(t, put(db), name)
			require.Equal(t, []got{{0, "dst: 5-0", nil}}, c.results(), name)
		}
	})
}

func TestReadGroupBlock(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		mkGroup(t, db, "s", "g")
		mkGroup(t, db, "t", "g")
		c.deliver(ctx, db, "one", GroupReadOptions{Count: 1}, "s")
		c.deliver(ctx, db, "two", GroupReadOptions{}, "t", "s")
		c.deliver(ctx, db, "three", GroupReadOptions{}, "s")
		c.deliver(ctx, db, "four", GroupReadOptions{NoAck: true}, "s", "s")
		require.NoError(t, s.Update(func(tx *Tx) error {
			for ms := range uint64(3) {
				addAt(t, tx.DB(0), "s", ms+1)
			}
			return nil
		}))
		require.Equal(t, []got{{0, "s: 1-0", nil}, {1, "s: 2-0 3-0", nil}}, c.results())
		addAt(t, db, "t", 1)
		addAt(t, db, "s", 4)
		addAt(t, db, "s", 5)
		require.Equal(t, []got{{2, "s: 4-0", nil}, {3, "s: 5-0", nil}}, c.results())
		p, err := db.Stream("s").Group("g").Pending()
		require.NoError(t, err)
		require.Equal(t, 4, p.Count, "what was read with NOACK is not pending")
	})
}

// A wait for a group ends with it.
func TestReadGroupBlockEnds(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(s *Store) error
		want error
	}{
		"del":      {func(s *Store) error { _, err := s.Del("s"); return err }, ErrNoStream},
		"set":      {func(s *Store) error { return s.String("s").Set("x") }, ErrNoStream},
		"rename":   {func(s *Store) error { return s.Rename("s", "other") }, ErrNoStream},
		"move":     {func(s *Store) error { _, err := s.Move("s", 1); return err }, ErrNoStream},
		"flushdb":  {func(s *Store) error { return s.FlushDB() }, ErrNoStream},
		"flushall": {func(s *Store) error { return s.FlushAll() }, ErrNoStream},
		"swapdb":   {func(s *Store) error { return s.SwapDB(0, 1) }, ErrNoStream},
		"transaction": {func(s *Store) error {
			return s.Update(func(tx *Tx) error { _, err := tx.Del("s"); return err })
		}, ErrNoStream},
		"whole": {func(s *Store) error { return s.Update(func(tx *Tx) error { return tx.FlushDB() }) }, ErrNoStream},
		"expire": {func(s *Store) error {
			_, err := s.Expire("s", time.Second)
			time.Sleep(2 * time.Second)
			return err
		}, ErrNoStream},
		"destroy": {func(s *Store) error { _, err := s.Stream("s").Group("g").Destroy(); return err }, ErrNoGroup},
		"another stream": {func(s *Store) error {
			if _, err := s.Stream("t").Add("f", "v"); err != nil {
				return err
			}
			return s.Rename("t", "s")
		}, ErrNoGroup},
		"close": {func(s *Store) error { return s.Close() }, ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
				var c crowd
				mkGroup(t, s.DB(0), "s", "g")
				c.deliver(ctx, s.DB(0), "one", GroupReadOptions{}, "s")
				c.deliver(ctx, s.DB(0), "two", GroupReadOptions{Claim: time.Hour}, "s")
				require.NoError(t, test.end(s))
				results := c.results()
				require.Len(t, results, 2)
				for _, r := range results {
					require.ErrorIs(t, r.err, test.want)
				}
			})
		})
	}
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) { // and not where the group is moved back
		var c crowd
		mkGroup(t, s.DB(0), "s", "g")
		addAt(t, s.DB(0), "s", 1)
		g := s.Stream("s").Group("g")
		require.NoError(t, g.SetID(AtEnd))
		c.deliver(ctx, s.DB(0), "one", GroupReadOptions{}, "s")
		require.NoError(t, g.SetID(AfterID(StreamID{})))
		require.Equal(t, []got{{0, "s: 1-0", nil}}, c.results())
	})
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) { // and goes on with another of its name
		var c crowd
		mkGroup(t, s.DB(0), "s", "g")
		c.deliver(ctx, s.DB(0), "one", GroupReadOptions{}, "s")
		require.NoError(t, s.Update(func(tx *Tx) error {
			if _, err := tx.Del("s"); err != nil {
				return err
			}
			mkGroup(t, tx.DB(0), "s", "g")
			addAt(t, tx.DB(0), "s", 7)
			return nil
		}))
		require.Equal(t, []got{{0, "s: 7-0", nil}}, c.results())
	})
}

func TestReadBlockMistakes(t *testing.T) {
	s := newTest(t)
	db := s.DB(0)
	mkGroup(t, db, "s", "g")
	require.NoError(t, db.String("text").Set("x"))
	var none context.Context
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := db.XReadBlock(none, 0, StreamAt{"s", AtEnd})
	require.ErrorIs(t, err, ErrNoContext)
	_, err = db.Stream("s").Group("g").ReadBlock(none, "c", GroupReadOptions{})
	require.ErrorIs(t, err, ErrNoContext)
	addAt(t, db, "s", 1)
	_, err = db.Stream("s").Group("g").ReadBlock(ctx, "c", GroupReadOptions{})
	require.Equal(t, context.Canceled, err, "a context that has ended takes nothing")
	for _, test := range []struct {
		want    error
		streams []StreamAt
	}{
		{ErrInvalidOption, nil},
		{ErrInvalidOption, []StreamAt{{"s", AtNew}}},
		{ErrWrongType, []StreamAt{{"none", AtEnd}, {"text", AtEnd}}},
	} {
		_, err := db.XReadBlock(t.Context(), 0, test.streams...)
		require.ErrorIs(t, err, test.want)
	}
	for _, test := range []struct {
		want    error
		streams []StreamAt
	}{
		{ErrInvalidOption, nil},
		{ErrInvalidOption, []StreamAt{{"s", AtEnd}}},
		{ErrWrongType, []StreamAt{{"text", AtNew}}},
		{ErrNoGroup, []StreamAt{{"s", AtNew}, {"none", AtNew}}},
	} {
		_, err := db.XReadGroupBlock(t.Context(), "g", "c", GroupReadOptions{}, test.streams...)
		require.ErrorIs(t, err, test.want)
	}
	p, err := db.Stream("s").Group("g").Pending()
	require.NoError(t, err)
	require.Zero(t, p.Count)

	snap := s.Snapshot()
	defer snap.Close()
	_, err = snap.XReadBlock(t.Context(), 0, StreamAt{"s", AtEnd})
	require.Equal(t, ErrNotFound, err)
	require.NoError(t, s.View(func(tx *Tx) error {
		_, err := tx.XReadBlock(t.Context(), 0, StreamAt{"s", AtEnd})
		require.Equal(t, ErrNotFound, err)
		got, err := tx.XReadBlock(t.Context(), 0, StreamAt{"s", AfterID(StreamID{})})
		require.Len(t, got, 1)
		return err
	}))
	noWaiters(t, s)
}

// With CLAIM a wait ends when what is pending has become old enough, to the millisecond, also
// what became pending after it had begun.
func TestReadBlockClaims(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		g := db.Stream("s").Group("g")
		mkGroup(t, db, "s", "g")
		addAt(t, db, "s", 1)
		_, err := g.Read("dead", GroupReadOptions{})
		require.NoError(t, err)
		c.deliver(ctx, db, "slow", GroupReadOptions{}, "s")
		c.deliver(ctx, db, "quick", GroupReadOptions{Claim: time.Second}, "s")
		time.Sleep(999 * time.Millisecond)
		require.Empty(t, c.results())
		time.Sleep(time.Millisecond)
		require.Equal(t, []got{{1, "s: 1-0", nil}}, c.results())

		c.deliver(ctx, db, "other", GroupReadOptions{Claim: 10 * time.Second}, "s")
		time.Sleep(5 * time.Second)
		addAt(t, db, "s", 2) // for slow
		_, err = g.Ack(StreamID{Ms: 1})
		require.NoError(t, err)
		time.Sleep(10*time.Second - time.Millisecond)
		require.Equal(t, []got{{0, "s: 2-0", nil}}, c.results())
		time.Sleep(time.Millisecond)
		require.Equal(t, []got{{2, "s: 2-0", nil}}, c.results())
	})
}

func TestReadBlockClaimsOnManualClock(t *testing.T) {
	clock := NewManualClock(time.UnixMilli(1_000_000))
	s := newTest(t, WithClock(clock))
	g := s.Stream("s").Group("g")
	mkGroup(t, s.DB(0), "s", "g")
	addAt(t, s.DB(0), "s", 1)
	_, err := g.Read("dead", GroupReadOptions{})
	require.NoError(t, err)
	queued := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		list, err := g.ReadBlock(told{t.Context(), queued}, "alive", GroupReadOptions{Claim: time.Minute})
		if err != nil || len(list) != 1 || list[0].Idle != time.Minute {
			t.Errorf("%v, %v", list, err)
		}
	})
	<-queued
	clock.Advance(time.Minute)
	wg.Wait()
	require.Empty(t, clock.alarms)
}

// Who gives up takes nothing and leaves nothing.
func TestReadBlockLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTest(t)
		db := s.DB(0)
		mkGroup(t, db, "s", "g")
		const entries, readers = 300, 20
		seen := make(chan StreamID, entries)
		var wg sync.WaitGroup
		for i := range readers {
			wg.Go(func() {
				for {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%3)*time.Millisecond)
					list, err := db.Stream("s").Group("g").ReadBlock(ctx, fmt.Sprint(i), GroupReadOptions{Count: 1, NoAck: true})
					cancel()
					for _, d := range list {
						seen <- d.ID
					}
					if err != nil && err != context.DeadlineExceeded {
						t.Error(err)
					}
					if len(seen) == entries {
						return
					}
				}
			})
		}
		for ms := range uint64(entries) {
			addAt(t, db, "s", ms+1)
			if ms%7 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		wg.Wait()
		require.Len(t, seen, entries)
		got := map[StreamID]bool{}
		for range entries {
			got[<-seen] = true
		}
		require.Len(t, got, entries)
		noWaiters(t, s)
	})
}

// Who has found nothing and then has to wait for its turn gets what has come meanwhile.
func TestReadBlockMeetsHeldKey(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.Serial(ctx, []Key{{Name: "s"}}, func(tx *Tx) error {
				time.Sleep(time.Second)
				addAt(t, tx.DB(0), "s", 1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		c.read(ctx, db, 0, StreamAt{"s", AfterID(StreamID{})})
		require.Empty(t, c.results())
		wg.Wait()
		require.Equal(t, []got{{0, "s: 1-0", nil}}, c.results())
	})
}

// What a read with Claim keeps to find old entries quickly is counted, also if it finds none.
func TestReadClaimIsCounted(t *testing.T) {
	s := newTest(t, WithShards(1))
	mkGroup(t, s.DB(0), "s", "g")
	g := s.Stream("s").Group("g")
	for ms := range uint64(100) {
		addAt(t, s.DB(0), "s", ms+1)
	}
	_, err := g.Read("c", GroupReadOptions{})
	require.NoError(t, err)
	list, err := g.Read("d", GroupReadOptions{Claim: time.Hour})
	require.NoError(t, err)
	require.Empty(t, list)
	check(t, s)
	_, err = s.Stream("s").Trim(MaxLen(10)) // and what was deleted leaves it
	require.NoError(t, err)
	for range 2 {
		list, err = g.Read("d", GroupReadOptions{Count: 1, Claim: AnyIdle})
		require.NoError(t, err)
		require.Len(t, list, 1)
		check(t, s)
	}
	_, err = g.Destroy()
	require.NoError(t, err)
	check(t, s)
}

// What nobody can wait for serves nobody: an acknowledgement does not look at who waits.
func TestAckSignalsNobody(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		mkGroup(t, db, "s", "g")
		g := db.Stream("s").Group("g")
		c.read(ctx, db, 0, StreamAt{"s", AfterID(StreamID{Ms: 100})})
		c.deliver(ctx, db, "one", GroupReadOptions{Claim: time.Minute}, "s")
		addAt(t, db, "s", 1)
		c.deliver(ctx, db, "one", GroupReadOptions{Claim: time.Minute}, "s")
		require.Equal(t, []got{{1, "s: 1-0", nil}}, c.results())
		before := s.signals.Load()
		for _, err := range []error{
			second(g.Ack(StreamID{Ms: 7})), second(g.ReadHistory("one", StreamID{}, 0)),
			second(g.CreateConsumer("two")), second(db.Stream("s").Trim(MaxLen(5))), second(db.Stream("s").Del(StreamID{Ms: 9})),
		} {
			require.NoError(t, err)
		}
		require.Equal(t, before, s.signals.Load())
		_, err := g.Nack(NackSilent, StreamID{Ms: 1}) // but this does
		require.NoError(t, err)
		require.Equal(t, []got{{2, "s: 1-0", nil}}, c.results())
		c.deliver(ctx, db, "one", GroupReadOptions{Claim: time.Minute}, "s")
		_, err = g.ClaimJustID("two", 0, ClaimOptions{Idle: time.Hour}, StreamID{Ms: 1})
		require.NoError(t, err)
		require.Equal(t, []got{{3, "s: 1-0", nil}}, c.results())
		addAt(t, db, "s", 101)
		require.Equal(t, []got{{0, "s: 101-0", nil}}, c.results())
	})
}

func second[T any](_ T, err error) error { return err }

// A transaction serves in the order in which it has added, as Redis does.
func TestReadBlockOrderOfTransaction(t *testing.T) {
	bubble(t, func(t *testing.T, s *Store, ctx context.Context) {
		var c crowd
		db := s.DB(0)
		addAt(t, db, "b", 1) // which is no new key then
		for _, whole := range []bool{false, true} {
			c = crowd{}
			_, err := s.Del("a")
			require.NoError(t, err)
			c.read(ctx, db, 0, StreamAt{"a", AtEnd}, StreamAt{"b", AtEnd})
			require.NoError(t, s.Update(func(tx *Tx) error {
				if whole {
					if err := tx.DB(5).FlushDB(); err != nil {
						return err
					}
				}
				if _, err := tx.Stream("b").Add("n", "b"); err != nil {
					return err
				}
				_, err := tx.Stream("a").Add("n", "a")
				return err
			}))
			results := c.results()
			require.Len(t, results, 1)
			require.Regexp(t, "^b:", results[0].text, "%v", whole)
		}
	})
}
