package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fillKinds makes a small and a large value of every kind, "s1" to "h2".
func fillKinds(t testing.TB, db DB, n int) {
	t.Helper()
	must := func(err error) {
		if err != nil { // require.NoError costs more than the command
			require.NoError(t, err)
		}
	}
	for i, size := range []int{3, n} {
		at := strconv.Itoa(i + 1)
		must(db.String("s" + at).Set(strings.Repeat("7", size)))
		_, err := db.String("b"+at).SetRange(10*size, "end") // changes in place
		must(err)
		_, err = db.HLL("p" + at).Add(hllElements("x", min(size*size, 4000))...) // 4000 are many enough for all registers to be written out
		must(err)
		_, err = db.HLL("p" + at).Count() // is kept from now on
		must(err)
		for j := range size {
			member := "m" + strconv.Itoa(j)
			_, err := db.Hash("h"+at).Set(member, "v"+at)
			must(err)
			_, err = db.List("l" + at).RPush(member)
			must(err)
			_, err = db.Set("u" + at).Add(member)
			must(err)
			_, err = db.ZSet("z" + at).Add(Scored{member, float64(j)})
			must(err)
			_, err = db.Stream("x"+at).AddWith(XAddOptions{ID: ExactID(StreamID{uint64(j + 1), 0})}, Pair{member, "v" + at})
			must(err)
		}
		g := db.Stream("x" + at).Group("g")
		must(g.Create(AfterID(MinStreamID)))
		_, err = g.Read("alice", GroupReadOptions{Count: 1 + size/2})
		must(err)
	}
}

// largeKind is the size of fillKinds for a test of one goroutine that looks at all of it again
// and again: under the race detector it is only larger than what a record holds.
func largeKind() int {
	if raceEnabled {
		return 60
	}
	return 300
}

var kindKeys = []string{"s1", "s2", "b1", "b2", "h1", "h2", "l1", "l2", "u1", "u2", "z1", "z2", "p1", "p2", "x1", "x2"}

// keysOfKinds returns a missing key and those of all kinds, or the second of each where the test
// must be quick: what one goroutine does is nothing to the race detector.
func keysOfKinds() (keys []string) {
	for i, key := range append([]string{"none"}, kindKeys...) {
		if i%2 == 0 || !testing.Short() && !raceEnabled {
			keys = append(keys, key)
		}
	}
	return keys
}

func newFork(t testing.TB, of interface{ Fork(...Option) *Store }, opts ...Option) *Store {
	t.Helper()
	f := of.Fork(opts...)
	t.Cleanup(func() {
		check(t, f)
		require.NoError(t, f.Close())
	})
	return f
}

// printed is what has a fingerprint: a store or a snapshot.
type printed interface {
	Fingerprint(keys ...string) (uint64, error)
}

func printOf(t testing.TB, s printed) uint64 {
	t.Helper()
	sum, err := s.Fingerprint()
	require.NoError(t, err)
	return sum
}

// scribble changes something at a random key, and now and then all.
func scribble(s *Store, r *rand.Rand, n int) error {
	key, member := kindKeys[r.IntN(len(kindKeys))], "m"+strconv.Itoa(r.IntN(2*n))
	var err error
	switch r.IntN(40) {
	case 0:
		_, err = s.Del(key)
		return err
	case 1:
		if other := kindKeys[r.IntN(len(kindKeys))]; other != key {
			_, err = s.CopyWith(key, other, CopyOptions{Replace: true})
		}
		return err
	case 2:
		_, err = s.Expire(key, time.Hour+time.Duration(r.IntN(1000))*time.Second)
		return err
	}
	switch kind, _ := s.Type(key); kind {
	case KindHash:
		if r.IntN(2) == 0 {
			_, err = s.Hash(key).Del(member)
		} else {
			_, err = s.Hash(key).Set(member, strconv.Itoa(r.IntN(100)))
		}
	case KindList:
		if r.IntN(2) == 0 {
			_, err = s.List(key).LPush(member)
		} else if _, err = s.List(key).RPop(); err == ErrNotFound {
			err = nil
		}
	case KindSet:
		if r.IntN(2) == 0 {
			_, err = s.Set(key).Rem(member)
		} else {
			_, err = s.Set(key).Add(member)
		}
	case KindZSet:
		_, err = s.ZSet(key).Add(Scored{member, r.Float64()})
	case KindStream:
		err = scribbleStream(s.Stream(key), r, n, member)
	case KindNone:
		_, err = s.Hash(key).Set(member, "anew")
	default:
		if at := r.IntN(20 * n); r.IntN(2) == 0 {
			_, err = s.Bitmap(key).SetBit(int64(at), r.IntN(2) == 0)
		} else {
			_, err = s.String(key).SetRange(at, "x")
		}
	}
	if errors.Is(err, ErrWrongType) { // another goroutine has put another type there
		return nil
	}
	return err
}

func scribbleStream(s Stream, r *rand.Rand, n int, member string) (err error) {
	g, id := s.Group("g"), StreamID{uint64(r.IntN(n)), 0}
	switch r.IntN(6) {
	case 0:
		_, err = s.Add(member, "new", Pair{"g", member})
	case 1:
		_, err = s.Del(id)
	case 2:
		_, err = g.Read("alice", GroupReadOptions{Count: 3})
	case 3:
		_, err = g.Ack(id)
	case 4:
		_, err = g.Claim(member, 0, id)
	case 5:
		_, err = s.Trim(MaxLen(n / 2))
	}
	return err
}

// TestForkGoesItsOwnWay: whatever is written to one of a store and its forks, and the
// forks of these, is in none of the others, nor in a snapshot.
func TestForkGoesItsOwnWay(t *testing.T) {
	for name, opts := range map[string][]Option{"normal": nil, "tiny": {WithShards(2), tiny}} {
		t.Run(name, func(t *testing.T) {
			const n = 300
			r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
			s := newTest(t, opts...)
			fillKinds(t, s.DB(0), n)
			fillKinds(t, s.DB(3), 5)
			stores, prints := []*Store{s}, []uint64{printOf(t, s)}
			type frozen struct {
				sn  *Snapshot
				sum uint64
			}
			var snaps []frozen
			for range alone(400) {
				i := r.IntN(len(stores))
				switch c := r.IntN(20); {
				case c == 0 && len(stores) < 6:
					f := newFork(t, stores[i])
					stores, prints = append(stores, f), append(prints, printOf(t, f))
					require.Equal(t, prints[i], prints[len(prints)-1])
				case c == 1 && len(snaps) < 4:
					snaps = append(snaps, frozen{stores[i].Snapshot(), prints[i]})
				case c == 2 && len(snaps) > 0:
					require.NoError(t, snaps[0].sn.Close())
					snaps = snaps[1:]
				default:
					for range 20 {
						require.NoError(t, scribble(stores[i], r, n))
					}
					prints[i] = printOf(t, stores[i])
				}
				for j, other := range stores {
					require.Equal(t, prints[j], printOf(t, other), "store %d after a write to %d", j, i)
				}
				for j, f := range snaps {
					require.Equal(t, f.sum, printOf(t, f.sn), "snapshot %d after a write to %d", j, i)
				}
			}
			for _, f := range snaps {
				require.NoError(t, f.sn.Close())
			}
		})
	}
}

// TestForksAtOnce writes a store and its forks at once, and reads them, and a snapshot of
// each, without a lock where there is none. It is for the race detector; and what a reader
// sees must be what its own store's writers wrote.
func TestForksAtOnce(t *testing.T) {
	const fields = 2000
	s := newTest(t)
	for i := range fields {
		_, err := s.Hash("h").Set(strconv.Itoa(i), "0/0")
		require.NoError(t, err)
	}
	fillKinds(t, s.DB(0), 300)
	stores := []*Store{s, newFork(t, s), newFork(t, s)}
	var snaps []*Snapshot
	for _, one := range stores {
		snaps = append(snaps, one.Snapshot())
	}
	want := printOf(t, snaps[0])
	read := func(id, round int) error {
		which := id % len(stores)
		value, err := stores[which].Hash("h").Get(strconv.Itoa(round * 7 % fields))
		if err != nil {
			return err
		}
		if value != "0/0" && !strings.HasPrefix(value, strconv.Itoa(which)+"/") {
			return fmt.Errorf("store %d reads %q", which, value)
		}
		if value, err = snaps[which].Hash("h").Get(strconv.Itoa(round * 11 % fields)); err != nil || value != "0/0" {
			return fmt.Errorf("snapshot %d reads %q, %v", which, value, err)
		}
		if round%500 == 0 {
			if got, err := snaps[which].Fingerprint(); err != nil || got != want {
				return fmt.Errorf("snapshot %d has changed: %v", which, err)
			}
			if st := stores[which].Stats(); st.Pinned < 0 || st.Pinned > 1<<28 {
				return fmt.Errorf("store %d pins %d bytes", which, st.Pinned)
			}
		}
		return nil
	}
	write := func(id, round int) error {
		which := id % len(stores)
		if round%4 == 0 {
			return scribble(stores[which], rand.New(rand.NewPCG(uint64(id), uint64(round))), 300)
		}
		_, err := stores[which].Hash("h").Set(strconv.Itoa(round*13%fields), strconv.Itoa(which)+"/"+strconv.Itoa(round))
		return err
	}
	together(t, 3, 6, read, write, rounds(20_000))
	for _, sn := range snaps {
		require.NoError(t, sn.Close())
	}
}

// TestSnapshotMethods calls every method on a snapshot and on a fork of it: what changes
// the fork must be ErrReadOnly on the snapshot, and what does not returns the same.
func TestSnapshotMethods(t *testing.T) {
	random := []string{"RandomKey", "RandField", "RandFields", "RandFieldsWithValues", "RandMember", "RandMembers", "RandMembersWithScores"}
	writes := map[string]bool{}
	for _, key := range keysOfKinds() {
		s := newTest(t, WithTracking(TrackIdleTime), WithShards(8))
		fillKinds(t, s.DB(0), largeKind())
		_, err := s.Expire("s1", time.Hour)
		require.NoError(t, err)
		sn := s.Snapshot()
		before := printOf(t, sn)
		require.Equal(t, printOf(t, s), before)
		eachMethod(nil, sn.database, key, func(name string, method reflect.Value) {
			f := newFork(t, sn, WithClock(NewManualClock(sn.Time())))
			want, wantErr := invoke(t, methodOf(f.database, key, name), name, key)
			got, err := invoke(t, method, name, key)
			if printOf(t, f) != before {
				writes[name] = true
				requireOutcome(t, ErrReadOnly, err, name+" "+key)
			}
			require.Equal(t, before, printOf(t, sn), "%s of %s has changed the snapshot", name, key)
			_, short, _ := strings.Cut(name, ".")
			if isReadOnly(err) || slices.Contains(random, short) {
				return
			}
			if wantErr == context.Canceled { // it has waited, which nobody does on a snapshot
				wantErr = ErrNotFound
			}
			require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err), "%s of %s", name, key)
			for i := range want {
				require.Equal(t, fmt.Sprint(want[i]), fmt.Sprint(got[i]), "%s of %s", name, key)
			}
		})
		require.NoError(t, sn.Close())
		eachMethod(nil, sn.database, key, func(name string, method reflect.Value) {
			_, err := invoke(t, method, name, key)
			require.True(t, err == ErrClosed, "%s of a closed snapshot: %v", name, err)
		})
	}
	require.True(t, writes["Hash.Set"] && writes["DB.FlushDB"] && writes["List.LPop"])
}

func isReadOnly(err error) bool {
	op, ok := err.(*OpError)
	return ok && op.Err == ErrReadOnly
}

// TestSnapshotIsOfOneMoment: a snapshot of which one key is read late is still as of the
// moment when it was taken, while all keys are written together.
func TestSnapshotIsOfOneMoment(t *testing.T) {
	s := newTest(t)
	keys := []string{"a", "b", "c", "d"}
	set := func(round int) error {
		var pairs []Pair
		for _, key := range keys {
			pairs = append(pairs, Pair{key, strconv.Itoa(round)})
		}
		return s.MSet(pairs...)
	}
	require.NoError(t, set(0))
	read := func(int, int) error {
		sn := s.Snapshot()
		defer sn.Close()
		first := ""
		for i, key := range keys {
			value, err := sn.String(key).Get()
			if err != nil {
				return err
			}
			if i == 0 {
				first = value
			} else if value != first {
				return fmt.Errorf("%s is of %s, the first key of %s", key, value, first)
			}
			runtime.Gosched()
		}
		return nil
	}
	together(t, 2, 1, read, func(_, round int) error { return set(round) }, rounds(20_000))
}

// TestSnapshotTime: the time of a snapshot stands still.
func TestSnapshotTime(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	require.NoError(t, s.String("gone").SetEX("v", time.Second))
	require.NoError(t, s.String("k").SetEX("v", time.Minute))
	clock.Advance(2 * time.Second)
	sn := s.Snapshot()
	defer sn.Close()
	f := newFork(t, s)
	own := NewManualClock(clock.Now())
	g := newFork(t, s, WithClock(own))
	clock.Advance(time.Hour)

	require.Equal(t, time.Unix(1_700_000_002, 0), sn.Time())
	left, err := sn.TTL("k")
	require.NoError(t, err)
	require.Equal(t, 58*time.Second, left)
	n, err := sn.DBSize()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for _, one := range []*Store{s, f} {
		n, err = one.DBSize()
		require.NoError(t, err)
		require.Zero(t, n, "a fork has its store's clock")
	}
	n, err = g.DBSize()
	require.NoError(t, err)
	require.Equal(t, 1, n, "or its own")
	own.Advance(time.Hour)
	require.Equal(t, uint64(1), g.Stats().Expired)
}

// TestForkOfClosed: what is made of a closed store, or snapshot, or of a zero one, is closed.
func TestForkOfClosed(t *testing.T) {
	s := New()
	require.NoError(t, s.String("k").Set("v"))
	sn := s.Snapshot()
	require.NoError(t, s.Close())
	_, err := s.Fork().Exists("k")
	require.True(t, err == ErrClosed)
	_, err = s.Snapshot().Exists("k")
	require.True(t, err == ErrClosed)
	value, err := sn.String("k").Get()
	require.NoError(t, err, "a snapshot outlives its store")
	require.Equal(t, "v", value)
	require.NoError(t, sn.Close())
	require.NoError(t, sn.Close())
	_, err = sn.Fork().Exists("k")
	require.True(t, err == ErrClosed)
	require.Empty(t, s.snaps)

	var zero Store
	for _, f := range []*Store{zero.Fork(), new(Snapshot).Fork()} {
		_, err = f.Exists("k")
		require.True(t, err == ErrClosed)
		require.NoError(t, f.Close())
	}
	for _, sn := range []*Snapshot{zero.Snapshot(), new(Snapshot)} {
		_, err = sn.DB(1).Exists("k")
		require.True(t, err == ErrClosed)
		_, err = sn.Fingerprint()
		require.True(t, err == ErrClosed)
		require.True(t, sn.Time().IsZero())
		require.NoError(t, sn.Close())
	}
}

// TestSnapshotWithoutKeys: what is called without keys has no key to name.
func TestSnapshotWithoutKeys(t *testing.T) {
	sn := newTest(t).Snapshot()
	defer sn.Close()
	_, err := sn.Del()
	requireOutcome(t, ErrReadOnly, err, "DEL")
	requireOutcome(t, ErrReadOnly, sn.MSet(), "MSET")
	_, err = sn.MSetNX()
	requireOutcome(t, ErrReadOnly, err, "MSETNX")
	requireOutcome(t, ErrInvalidDB, sn.DB(99).String("k").Set("v"), "SET")
}

// TestSnapshotClosedWhileRead: a read of a snapshot that is closed meanwhile finds what is
// there or says that it is closed.
func TestSnapshotClosedWhileRead(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 300)
	n := len(kindKeys)
	for range rounds(400) {
		sn := s.Snapshot()
		var wg sync.WaitGroup
		start := make(chan struct{})
		for id := range 4 {
			wg.Go(func() {
				<-start
				for i := range 20 {
					key := kindKeys[(id+i)%n]
					kind, err := sn.Type(key)
					if err == nil && kind == KindNone {
						t.Errorf("%s is not there", key)
					}
					if keys, err := sn.Keys("*"); err == nil && len(keys) != n {
						t.Errorf("%d keys of %d", len(keys), n)
					}
					if size, err := sn.DBSize(); err == nil && size != n {
						t.Errorf("%d keys of %d", size, n)
					}
					if _, err := sn.String("s1").Get(); err != nil && err != ErrClosed {
						t.Errorf("s1: %v", err)
					}
				}
			})
		}
		close(start)
		runtime.Gosched()
		require.NoError(t, sn.Close())
		wg.Wait()
	}
}

// TestForkTracking: accesses to a snapshot or a fork are not those of the store.
func TestForkTracking(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock), WithTracking(TrackIdleTime))
	require.NoError(t, s.String("k").Set("v"))
	sn := s.Snapshot()
	defer sn.Close()
	f := newFork(t, s)
	clock.Advance(100 * time.Second)
	for _, one := range []DB{sn.database, f.database} {
		_, err := one.String("k").Get()
		require.NoError(t, err)
	}
	idle, err := s.ObjectIdleTime("k")
	require.NoError(t, err)
	require.Equal(t, 100*time.Second, idle)
	_, err = s.String("k").Get()
	require.NoError(t, err)
	idle, err = s.ObjectIdleTime("k")
	require.NoError(t, err)
	require.Zero(t, idle)
	idle, err = sn.ObjectIdleTime("k")
	require.NoError(t, err)
	require.Zero(t, idle)
}

// TestForkForEachSubtest is what forks are for: one store is prepared, and each of many
// parallel tests has its own.
func TestForkForEachSubtest(t *testing.T) {
	keys := alone(100_000)
	fixture := newTest(t)
	for i := range keys {
		if err := fixture.String("key:" + strconv.Itoa(i)).Set(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	want := printOf(t, fixture)
	t.Run("forks", func(t *testing.T) {
		for i := range 50 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				s := fixture.Fork()
				defer s.Close()
				for j := range 100 {
					n, err := s.String("key:" + strconv.Itoa((i*1000+j)%keys)).IncrBy(int64(i))
					require.NoError(t, err)
					require.EqualValues(t, (i*1000+j)%keys+i, n)
				}
				n, err := s.DBSize()
				require.NoError(t, err)
				require.Equal(t, keys, n)
			})
		}
	})
	require.Equal(t, want, printOf(t, fixture))
}

// TestSnapshotMemory: a closed snapshot gives back what it alone held, and a fork does not
// keep its store.
func TestSnapshotMemory(t *testing.T) {
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	s := newTest(t)
	const keys, size = 20_000, 500
	set := func(s *Store, fill string) {
		for i := range keys {
			require.NoError(t, s.String(strconv.Itoa(i)).Set(strings.Repeat(fill, size)))
		}
	}
	set(s, "a")
	before := heap()
	sn := s.Snapshot()
	set(s, "b")
	require.Greater(t, heap()-before, keys*size, "the snapshot holds the old values")
	require.NoError(t, sn.Close())
	require.Less(t, heap()-before, keys*size/4)

	f := s.Fork()
	var wg sync.WaitGroup
	wg.Go(func() { set(s, "c") })
	wg.Go(func() { set(f, "d") })
	wg.Wait()
	require.Greater(t, heap()-before, keys*size)
	require.NoError(t, f.Close())
	f = nil
	require.Less(t, heap()-before, keys*size/4)
}

// TestDiff: a difference is what was written between two snapshots, in forks too.
func TestDiff(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 300)
	fillKinds(t, s.DB(2), 3)
	before := s.Snapshot()
	defer before.Close()
	f := newFork(t, s)
	none, err := Diff(before, before)
	require.NoError(t, err)
	require.Empty(t, none)

	_, err = f.Del("s1")
	require.NoError(t, err)
	require.NoError(t, f.String("l1").Set("now a string"))
	_, err = f.Expire("h1", time.Hour)
	require.NoError(t, err)
	_, err = f.ZSet("z2").Add(Scored{"m7", 7.5})
	require.NoError(t, err)
	require.NoError(t, f.List("l2").Set(0, "m0")) // as it was
	require.NoError(t, f.DB(2).String("a").Set("new"))
	after := f.Snapshot()
	defer after.Close()
	got, err := Diff(before, after)
	require.NoError(t, err)
	require.Equal(t, []Difference{
		{0, "h1", KindHash, KindHash},
		{0, "l1", KindList, KindString},
		{0, "s1", KindString, KindNone},
		{0, "z2", KindZSet, KindZSet},
		{2, "a", KindNone, KindString},
	}, got)

	closed := s.Snapshot()
	require.NoError(t, closed.Close())
	_, err = Diff(closed, before)
	require.True(t, err == ErrClosed)
	_, err = Diff(before, closed)
	require.True(t, err == ErrClosed)
}

// TestAllKeys: the body of a loop over the keys may write them, and flush them all.
func TestAllKeys(t *testing.T) {
	s := newTest(t)
	want := map[string]bool{}
	for i := range 1000 {
		require.NoError(t, s.String(strconv.Itoa(i)).Set("v"))
		want[strconv.Itoa(i)] = true
	}
	keys, err := s.All()
	require.NoError(t, err)
	for range 2 {
		seen := map[string]bool{}
		for key := range keys {
			require.False(t, seen[key])
			seen[key] = true
			require.NoError(t, s.String(key+"/new").Set("v"))
			if len(seen) == 500 {
				require.NoError(t, s.FlushDB())
			}
		}
		require.Equal(t, want, seen)
		for key := range keys { // a second loop is of its own moment, and may end early
			require.Contains(t, key, "/new")
			break
		}
		require.NoError(t, s.FlushDB())
		for key := range want {
			require.NoError(t, s.String(key).Set("v"))
		}
	}
}

// TestSnapshotClosedInHalf closes snapshots while they are read with commands on several keys,
// and forked: there is all of it, or an error.
func TestSnapshotClosedInHalf(t *testing.T) {
	s := newTest(t, WithShards(16))
	var keys []string
	for i := range 64 {
		keys = append(keys, strconv.Itoa(i))
		require.NoError(t, s.String(keys[i]).Set("v"))
	}
	for i := range rounds(1000) {
		sn := s.Snapshot()
		var wg sync.WaitGroup
		wg.Go(func() { _ = sn.Close() })
		if i%2 == 0 {
			n, err := sn.Exists(keys...)
			require.True(t, err == nil && n == len(keys) || errors.Is(err, ErrClosed), "%d, %v", n, err)
		} else {
			f := sn.Fork()
			n, err := f.DBSize()
			require.True(t, err == nil && n == len(keys) || errors.Is(err, ErrClosed), "%d, %v", n, err)
			require.NoError(t, f.Close())
		}
		wg.Wait()
	}
	_, err := Diff(nil, new(Snapshot))
	require.Equal(t, ErrClosed, err)
}
