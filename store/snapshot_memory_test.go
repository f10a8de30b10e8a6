package store

import (
	"runtime"
	"strconv"
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
