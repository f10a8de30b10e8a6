package store

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"
)

// collected says whether the collector comes to do something, of which done tells.
func collected(done func() bool) bool {
	for range 100 {
		runtime.GC()
		if done() {
			return true
		}
		runtime.Gosched() // cleanups run in goroutines of their own
	}
	return false
}

// TestForkReleasesItsStore: a fork, and a fork of a snapshot, keep nothing of the store but
// what they share with it, also where they have not written it yet.
func TestForkReleasesItsStore(t *testing.T) {
	const n = 2000
	make := func() (f, g *Store, s weak.Pointer[Store], shards weak.Pointer[shard]) {
		one := New()
		fillKinds(t, one.DB(0), n)
		_, err := one.Hash("h2").Del("none") // opened to be changed, and not changed
		require.NoError(t, err)
		sn := one.Snapshot()
		f, g = one.Fork(), sn.Fork()
		require.NoError(t, sn.Close())
		_, err = one.Hash("h2").Set("m1", "another") // a writer since
		require.NoError(t, err)
		return f, g, weak.Make(one), weak.Make(&one.shards[0])
	}
	f, g, s, shards := make()
	require.True(t, collected(func() bool { return s.Value() == nil && shards.Value() == nil }))
	for _, one := range []*Store{f, g} {
		value, err := one.Hash("h2").Get("m1")
		require.NoError(t, err)
		require.Equal(t, "v2", value)
		for _, of := range []func() error{
			func() error { _, err := one.Hash("h2").Del("m1"); return err },
			func() error { _, err := one.Set("u2").Rem("m1"); return err },
			func() error { _, err := one.ZSet("z2").Rem("m1"); return err },
		} {
			require.NoError(t, of())
		}
		_, err = one.Hash("h2").Get("m1")
		require.True(t, err == ErrNotFound)
		check(t, one)
		require.NoError(t, one.Close())
	}
}

// TestSnapshotReadsWithoutLock: strings, and fields of hashes of either form, are read in
// stores, in snapshots and in forks while somebody else has the locks of the shards.
func TestSnapshotReadsWithoutLock(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 300)
	sn := s.Snapshot()
	defer sn.Close()
	for name, db := range map[string]DB{"store": s.database, "snapshot": sn.database, "fork": newFork(t, s).database, "fork of snapshot": newFork(t, sn).database} {
		read := func() {
			for _, key := range []string{"h1", "h2"} {
				value, err := db.Hash(key).Get("m1")
				if err != nil || value != "v"+key[1:] {
					t.Errorf("%s: %s is %q, %v", name, key, value, err)
				}
				if _, err := db.Hash(key).Get("none"); err != ErrNotFound {
					t.Errorf("%s: %v", name, err)
				}
			}
			for i, size := range []int{3, 300} {
				if value, err := db.String("s" + strconv.Itoa(i+1)).Get(); err != nil || len(value) != size {
					t.Errorf("%s: %q, %v", name, value, err)
				}
			}
		}
		read() // the first of each shard may take it
		for i := range db.s.shards {
			db.s.shards[i].mu.Lock()
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			read()
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: a read waits for a lock", name)
		}
		for i := range db.s.shards {
			db.s.shards[i].mu.Unlock()
		}
		<-done
	}
}

// heapBytes returns what is in use after a collection.
func heapBytes() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// pins is one way to make a store hold memory for a snapshot alone.
type pins struct {
	fill, write func(s *Store) error
	least       int // bytes that the old values take
}

func pinsOf(n int) map[string]pins {
	each := func(do func(i int, at string) error) func(s *Store) error {
		return func(*Store) error {
			for i := range n {
				if err := do(i, strconv.Itoa(i)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	of := func(do func(s *Store, i int, at string) error) func(s *Store) error {
		return func(s *Store) error { return each(func(i int, at string) error { return do(s, i, at) })(s) }
	}
	set := func(size int) func(fill string) func(s *Store) error {
		return func(fill string) func(s *Store) error {
			return of(func(s *Store, _ int, at string) error { return s.String(at).Set(strings.Repeat(fill, size)) })
		}
	}
	hash := of(func(s *Store, i int, at string) error {
		_, err := s.Hash("h").Set(at, strings.Repeat(strconv.Itoa(s.Stats().Keys+i%10), 100))
		return err
	})
	flush := func(s *Store) error { return s.FlushAll() }
	return map[string]pins{
		"small strings": {set(200)("a"), set(200)("b"), n * 200},
		"large strings": {set(2000)("a"), set(2000)("b"), n * 2000},
		"flush":         {set(200)("a"), flush, n * 200},
		"hash":          {hash, hash, n * 100},
		"hash gone":     {hash, flush, n * 100},
		"set": {
			of(func(s *Store, _ int, at string) error { _, err := s.Set("u").Add("member:" + at); return err }),
			of(func(s *Store, _ int, at string) error { _, err := s.Set("u").Rem("member:" + at); return err }), n * 12,
		},
		"zset": {
			of(func(s *Store, i int, at string) error {
				_, err := s.ZSet("z").Add(Scored{"member:" + at, float64(i)})
				return err
			}),
			of(func(s *Store, _ int, at string) error { _, err := s.ZSet("z").IncrBy(1, "member:"+at); return err }), n * 24,
		},
		"list": {
			of(func(s *Store, _ int, at string) error { _, err := s.List("l").RPush("element:" + at); return err }),
			of(func(s *Store, i int, at string) error { return s.List("l").Set(i, "changed:"+at) }), n * 12,
		},
		"bytes": {
			func(s *Store) error { _, err := s.String("b").SetRange(500*n, "end"); return err },
			of(func(s *Store, i int, _ string) error { _, err := s.String("b").SetRange(500*i, "x"); return err }), 0,
		},
	}
}

// TestPinned: Pinned is what the heap holds for snapshots alone, for every kind of value,
// and 0 without them.
func TestPinned(t *testing.T) {
	n := rounds(20_000)
	for name, c := range pinsOf(n) {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, WithShards(4))
			require.NoError(t, c.fill(s))
			if name == "bytes" {
				require.NoError(t, c.write(s))
				c.least = 400 * n
			}
			require.Zero(t, s.Stats().Pinned)
			sn, second := s.Snapshot(), s.Snapshot()
			require.NotZero(t, printOf(t, sn)+printOf(t, second)) // all is frozen, and the frame is there
			frame := s.Stats().Pinned
			require.Less(t, frame, 1<<13, "nothing is written")
			require.NoError(t, c.write(s))
			third := s.Snapshot() // has what lives
			used, pinned, with := s.Stats().Used, s.Stats().Pinned, heapBytes()
			require.NoError(t, third.Close())
			require.NoError(t, sn.Close())
			require.InDelta(t, pinned, s.Stats().Pinned, 1<<13, "the second holds the same")
			require.NoError(t, second.Close())
			require.Zero(t, s.Stats().Pinned)
			require.Equal(t, used, s.Stats().Used)
			held := with - heapBytes()
			require.Greater(t, pinned, c.least)
			require.InEpsilon(t, held, pinned, 0.2, "held %d, pinned %d", held, pinned)
			runtime.KeepAlive(sn)
		})
	}
}

// TestPinnedOfMovedValues: what a snapshot shares with a value that is now at another key,
// or has another deadline, or is in another database, is not pinned.
func TestPinnedOfMovedValues(t *testing.T) {
	n := max(alone(20_000), 2_000)
	for name, move := range map[string]func(s *Store) error{
		"rename":   func(s *Store) error { return s.Rename("k", "another") },
		"deadline": func(s *Store) error { _, err := s.Expire("k", time.Hour); return err },
		"move":     func(s *Store) error { _, err := s.Move("k", 5); return err },
		"swap":     func(s *Store) error { return s.SwapDB(0, 7) },
		"copy": func(s *Store) error {
			if _, err := s.Copy("k", "copy"); err != nil {
				return err
			}
			_, err := s.Del("k")
			return err
		},
	} {
		for kind, fill := range map[string]func(s *Store, at string) error{
			"hash": func(s *Store, at string) error { _, err := s.Hash("k").Set(at, strings.Repeat("v", 50)); return err },
			"set":  func(s *Store, at string) error { _, err := s.Set("k").Add("member" + at); return err },
			"zset": func(s *Store, at string) error { _, err := s.ZSet("k").Add(Scored{"member" + at, 1}); return err },
			"list": func(s *Store, at string) error { _, err := s.List("k").RPush("member" + at); return err },
			"text": func(s *Store, at string) error {
				if at == "1" {
					return s.String("k").Set(strings.Repeat("text", n))
				}
				return nil
			},
			"bytes": func(s *Store, at string) error { _, err := s.String("k").Append("bytes" + at); return err },
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				s := newTest(t)
				for i := range n {
					if err := fill(s, strconv.Itoa(i)); err != nil {
						t.Fatal(err)
					}
				}
				used := s.Stats().Used
				sn := s.Snapshot()
				defer sn.Close()
				sum := printOf(t, sn)
				frame := s.Stats().Pinned
				require.NoError(t, move(s))
				require.Less(t, s.Stats().Pinned-frame, used/20+5000)
				require.Equal(t, sum, printOf(t, sn))
				require.NoError(t, s.FlushAll())
				require.Greater(t, s.Stats().Pinned-frame, used*3/4)
			})
		}
	}
}

// TestSnapshotDropped: one that is forgotten without Close goes away, but not before the
// last handle and iterator that came from it.
func TestSnapshotDropped(t *testing.T) {
	s := newTest(t, WithShards(8))
	fillKinds(t, s.DB(0), 2000)
	open := func() int {
		s.snapLock.Lock()
		defer s.snapLock.Unlock()
		return len(s.snaps)
	}
	h := s.Snapshot().Hash("h2")
	fields, err := s.Snapshot().Hash("h2").All()
	require.NoError(t, err)
	keys, err := s.Snapshot().All()
	require.NoError(t, err)
	require.False(t, collected(func() bool { return open() < 2 }), "a handle and an iterator need theirs")
	require.NoError(t, s.FlushAll())
	require.NotZero(t, s.Stats().Pinned)
	n, err := h.Len()
	require.NoError(t, err)
	require.Equal(t, 2000, n)
	for range fields {
		n--
	}
	require.Zero(t, n)
	for range keys {
		n++
	}
	require.Equal(t, len(kindKeys), n)
	runtime.KeepAlive(h)
	runtime.KeepAlive(keys)
	require.True(t, collected(func() bool { return open() == 0 }))
	require.Zero(t, s.Stats().Pinned)
}

// TestSnapshotChunksStay: what a snapshot shares is not moved to save memory, as that would
// take twice the memory; when it is closed, garbage goes as ever.
func TestSnapshotChunksStay(t *testing.T) {
	n := alone(50_000)
	for name, set := range map[string]func(s *Store, at, value string) error{
		"strings": func(s *Store, at, value string) error { return s.String(at).Set(value) },
		"fields":  func(s *Store, at, value string) error { _, err := s.Hash("h").Set(at, value); return err },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, WithShards(2))
			r := rand.New(rand.NewPCG(1, 2))
			write := func(n int, at func(i int) int) {
				for i := range n {
					if err := set(s, strconv.Itoa(at(i)), strings.Repeat("v", 100)); err != nil {
						t.Fatal(err)
					}
				}
			}
			anywhere := func(int) int { return r.IntN(n) }
			write(n, func(i int) int { return i })
			used := s.Stats().Used
			sn := s.Snapshot()
			_, err := sn.Keys("*")
			require.NoError(t, err)
			write(n, anywhere)
			require.Less(t, s.Stats().Pinned, used/4)
			require.NoError(t, sn.Close())
			write(n, anywhere)
			require.Less(t, s.Stats().Used, 2*used)
		})
	}
}
