package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

// rounds is n, or less of it where the test must be quick.
func rounds(n int) int {
	if testing.Short() || raceEnabled {
		return n / 4
	}
	return n
}

// alone is rounds for what one goroutine does, in which the race detector finds nothing.
func alone(n int) int {
	if raceEnabled {
		return n / 20
	}
	return rounds(n)
}

// together runs writers to their end, and readers again and again until the writers
// have ended; a reader gets a number of its own and the round. The first complaint
// ends all. What takes a minute is a deadlock.
func together(t testing.TB, readers, writers int, read, write func(id, round int) error, n int) {
	t.Helper()
	var failed atomic.Pointer[error]
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	run := func(wg *sync.WaitGroup, id int, until func(round int) bool, f func(id, round int) error) {
		wg.Go(func() {
			for round := 0; !until(round) && failed.Load() == nil; round++ {
				if err := f(id, round); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
				if round%8 == 0 {
					runtime.Gosched() // who was woken by a lock needs a core
				}
			}
		})
	}
	for id := range writers {
		run(&writing, id, func(round int) bool { return round == n }, write)
	}
	for id := range readers {
		run(&reading, id, func(round int) bool {
			select {
			case <-stop:
				return round > 0
			default:
				return false
			}
		}, read)
	}
	ended := make(chan struct{})
	go func() {
		writing.Wait()
		close(stop)
		reading.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		buf := make([]byte, 1<<20)
		t.Fatalf("deadlock:\n%s", buf[:runtime.Stack(buf, true)])
	}
	if err := failed.Load(); err != nil {
		t.Fatal(*err)
	}
}

// keysIn returns n keys with a prefix that lie in the same shard, or each in another.
func keysIn(s *Store, prefix string, n int, same bool) (keys []string) {
	used := map[*shard]bool{}
	for i := 0; len(keys) < n; i++ {
		key := prefix + strconv.Itoa(i)
		sh, _ := s.hash(key)
		if len(keys) == 0 || used[sh] == same {
			used[sh] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// counted returns a value that tells its key and a number, with a tail that may take
// it out of the log.
func counted(key string, n int, r *rand.Rand) string {
	tail := r.IntN(30)
	if r.IntN(20) == 0 {
		tail = 1000 + r.IntN(100)
	}
	return fmt.Sprintf("%s=%d=%s", key, n, strings.Repeat("x", tail))
}

// countOf returns the number in a value, or why it is no value of key.
func countOf(key, value string) (int, error) {
	parts := strings.Split(value, "=")
	if len(parts) != 3 || parts[0] != key || strings.Trim(parts[2], "x") != "" {
		return 0, fmt.Errorf("%.60q is no value of %s", value, key)
	}
	return strconv.Atoi(parts[1])
}

func TestLockFreeReads(t *testing.T) {
	for name, opts := range map[string][]Option{
		"tiny":    {WithShards(1), tiny},
		"default": {WithShards(1)},
		"tracked": {WithShards(1), tiny, WithTracking(TrackFrequency)},
	} {
		t.Run(name, func(t *testing.T) { lockFreeReads(t, newTest(t, opts...)) })
	}
}

func lockFreeReads(t *testing.T, s *Store) {
	const writers, readers, keys = 2, 3, 24
	key := func(writer, i int) string { return fmt.Sprintf("w%d:%d", writer, i) }
	stable := func(i int) bool { return i%3 == 0 } // never deleted
	next := [writers][keys]int{}
	for w := range writers {
		for i := range keys {
			require.NoError(t, s.String(key(w, i)).Set(key(w, i)+"=0="))
		}
	}
	type seen struct{ value, clone string }
	var kept [readers][]seen
	var last [readers][writers][keys]int
	r := seededRand(t)
	rs := [readers + writers]*rand.Rand{}
	for i := range rs {
		rs[i] = rand.New(rand.NewPCG(r.Uint64(), 0))
	}
	read := func(id, _ int) error {
		r := rs[id]
		w, i := r.IntN(writers), r.IntN(keys)
		value, err := s.String(key(w, i)).Get()
		if err == ErrNotFound && !stable(i) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key(w, i), err)
		}
		n, err := countOf(key(w, i), value)
		if err != nil {
			return err
		}
		if n < last[id][w][i] {
			return fmt.Errorf("%s went back from %d to %d", key(w, i), last[id][w][i], n)
		}
		last[id][w][i] = n
		if r.IntN(50) == 0 && len(kept[id]) < 5000 {
			kept[id] = append(kept[id], seen{value, strings.Clone(value)})
		}
		return nil
	}
	write := func(w, round int) (err error) {
		r := rs[readers+w]
		i := r.IntN(keys)
		str := s.String(key(w, i))
		next[w][i]++
		switch op := r.IntN(12); {
		case op < 6:
			err = str.Set(counted(str.key, next[w][i], r))
		case op < 8 && !stable(i):
			_, err = s.Del(str.key)
		case op < 9 && stable(i):
			_, err = str.Append("x")
		case op < 10:
			_, err = s.Expire(str.key, time.Hour)
		default: // other keys come and go, so that pages split and join
			for j := range 20 {
				noise := s.String(fmt.Sprintf("noise%d:%d", w, j))
				if round/50%2 == 0 {
					err = noise.Set("n")
				} else {
					_, err = s.Del(noise.key)
				}
			}
		}
		return err
	}
	together(t, readers, writers, read, write, rounds(40_000))
	for id := range kept {
		for _, k := range kept[id] {
			require.Equal(t, k.clone, k.value, "a string that was read has changed")
		}
	}
}

// Deleting a word moves those behind it, and a place for a large value goes from key
// to key: as fast as it can be done, in the few words of one page.
func TestLockFreeReadsOfOnePage(t *testing.T) {
	s := newTest(t, WithShards(1), func(o *options) { o.leafMax = 8 })
	const stable, comes = 2, 4
	var keys, values [stable + comes]string
	for i := range keys {
		keys[i] = fmt.Sprintf("key %d", i)
		values[i] = strings.Repeat(keys[i], 300) // kept by reference
	}
	for i := range stable {
		require.NoError(t, s.String(keys[i]).Set("stable"))
	}
	read := func(_, round int) error {
		for i, key := range keys {
			got, err := s.String(key).Get()
			switch {
			case i < stable && (err != nil || got != "stable"):
				return fmt.Errorf("%s, which is always there: %.20q, %w", key, got, err)
			case i >= stable && err == nil && got != values[i]:
				return fmt.Errorf("%s holds %.20q", key, got)
			}
		}
		return nil
	}
	write := func(_, round int) error {
		for n := range 8 {
			a, b := stable+(round+n)%comes, stable+(round+n/3+1)%comes
			if err := s.String(keys[a]).Set(values[a]); err != nil {
				return err
			}
			if _, err := s.Del(keys[b]); err != nil {
				return err
			}
		}
		return nil
	}
	together(t, 1, 1, read, write, rounds(100_000))
}

func TestBatchIsAtomic(t *testing.T) {
	seenAtOnce(t, func(s *Store, pairs []Pair) error { return s.MSet(pairs...) })
}

func TestCommitIsAtomic(t *testing.T) {
	seenAtOnce(t, func(s *Store, pairs []Pair) error {
		return s.Update(func(tx *Tx) error { return tx.MSet(pairs...) })
	})
}

func seenAtOnce(t *testing.T, set func(s *Store, pairs []Pair) error) {
	for _, same := range []bool{false, true} {
		t.Run(fmt.Sprintf("same shard %v", same), func(t *testing.T) {
			s := newTest(t, WithShards(8), tiny)
			keys := keysIn(s, "k", 3, same)
			if same { // a long batch gives readers time to see half of it
				keys = keysIn(s, "k", 48, same)
			}
			pairs := func(n int) (p []Pair) {
				for _, key := range keys {
					p = append(p, Pair{key, strconv.Itoa(n)})
				}
				return p
			}
			require.NoError(t, set(s, pairs(0)))
			read := func(id, round int) error {
				if id == 0 {
					values, err := s.MGet(keys...)
					for _, v := range values {
						if v != values[0] {
							return fmt.Errorf("MGET saw %v", values)
						}
					}
					return err
				}
				// Each Get must be at least as new as the one before it.
				last, order := 0, []int{0, 1, len(keys) - 1}
				if round%2 == 0 {
					order = []int{len(keys) - 1, 1, 0}
				}
				for _, i := range order {
					text, err := s.String(keys[i]).Get()
					if err != nil {
						return err
					}
					n, err := strconv.Atoi(text)
					if err != nil || n < last {
						return fmt.Errorf("after %d of one key, %d of another: %w", last, n, err)
					}
					last = n
				}
				return nil
			}
			write := func(_, round int) error { return set(s, pairs(round+1)) }
			together(t, 3, 1, read, write, rounds(180_000/len(keys)))
		})
	}
}

// A key that is renamed is never in neither place.
func TestRenameIsAtomic(t *testing.T) {
	for _, same := range []bool{false, true} {
		t.Run(fmt.Sprintf("same shard %v", same), func(t *testing.T) {
			s := newTest(t, WithShards(64), tiny)
			const all = 16
			keys := keysIn(s, "k", all, same)
			var hop atomic.Int64 // the rename that comes next: keys[hop] to keys[hop+1]
			require.NoError(t, s.String(keys[0]).Set("token"))
			// Renames only go forward, so who misses the key where it was finds it in
			// one of the places behind, unless it has gone on meanwhile.
			read := func(_, _ int) error {
				before := hop.Load()
				from := int(before) % all
				for i := range 2 {
					_, err := s.String(keys[(from+i)%all]).Get()
					if err == nil {
						return nil
					}
					if err != ErrNotFound {
						return err
					}
				}
				if hop.Load() == before {
					return fmt.Errorf("the key is neither at %d nor behind it", from)
				}
				return nil
			}
			write := func(_, round int) error {
				if err := s.Rename(keys[round%all], keys[(round+1)%all]); err != nil {
					return err
				}
				hop.Add(1)
				return nil
			}
			together(t, 2, 1, read, write, rounds(80_000))
		})
	}
}

func TestSnapshotIsOneMoment(t *testing.T) {
	for _, same := range []bool{false, true} {
		t.Run(fmt.Sprintf("same shard %v", same), func(t *testing.T) {
			snapshotIsOneMoment(t, same)
		})
	}
}

func snapshotIsOneMoment(t *testing.T, same bool) {
	s := newTest(t, WithShards(8), tiny)
	k := keysIn(s, "k", 7, same)
	state := [2][]Pair{
		{{k[0], "a"}, {k[1], "b"}},
		{{k[0], "b"}, {k[1], "a"}},
	}
	const edge = 4096 // of two pages of a large string
	_, err := s.String(k[2]).SetRange(2*edge, "end")
	require.NoError(t, err)
	require.NoError(t, s.String(k[3]).Set("token"))
	whole := s.DB(1)
	for _, key := range []string{k[0], k[1]} {
		require.NoError(t, whole.String(key).Set("same"))
	}
	legal := map[uint64]bool{}
	for i := range 2 {
		require.NoError(t, s.MSet(state[i]...))
		f, err := s.Fingerprint(k[0], k[1])
		require.NoError(t, err)
		legal[f] = true
	}
	large := map[uint64]bool{}
	for _, fill := range []string{"a", "b"} {
		_, err := s.String(k[2]).SetRange(edge-10, strings.Repeat(fill, 20))
		require.NoError(t, err)
		f, err := s.Fingerprint(k[2])
		require.NoError(t, err)
		large[f] = true
	}
	read := func(id, round int) error {
		switch (id + round) % 3 {
		case 0:
			if f, err := s.Fingerprint(k[0], k[1]); err != nil || !legal[f] {
				return fmt.Errorf("a state that never was, %w", err)
			}
		case 1:
			if f, err := s.Fingerprint(k[2]); err != nil || !large[f] {
				return fmt.Errorf("half a write, %w", err)
			}
		default:
			keys, err := s.Keys("*")
			if err != nil {
				return err
			}
			n := map[string]int{}
			for _, key := range keys {
				n[key]++
			}
			if n[k[3]]+n[k[4]] != 1 || n[k[5]] != n[k[6]] || n[k[0]] != 1 || n[k[1]] != 1 {
				return fmt.Errorf("KEYS saw %v", keys)
			}
		}
		return nil
	}
	write := func(id, round int) (err error) {
		switch id {
		case 0:
			return s.MSet(state[round%2]...)
		case 1:
			_, err = s.String(k[2]).SetRange(edge-10, strings.Repeat(string(rune('a'+round%2)), 20))
		case 2:
			return s.Rename(k[3+round%2], k[4-round%2])
		default:
			if round%2 == 0 {
				_, err = s.MSetNX(Pair{k[5], "x"}, Pair{k[6], "x"})
			} else {
				_, err = s.Del(k[5], k[6])
			}
		}
		return err
	}
	together(t, 2, 4, read, write, rounds(8_000))
}

// A writer that has its lock when a snapshot is taken is part of the snapshot, so
// whoever comes after it waits for what the writer writes, even without a lock.
func TestSnapshotOrder(t *testing.T) {
	for _, before := range []string{"", "before"} {
		t.Run(fmt.Sprintf("value %q", before), func(t *testing.T) { snapshotOrder(t, before) })
	}
}

func snapshotOrder(t *testing.T, before string) {
	s := newTest(t, WithShards(8))
	keys := keysIn(s, "k", 2, false)
	if before != "" { // otherwise there is no table yet
		require.NoError(t, s.String(keys[0]).Set(before))
	}
	var w write
	require.NoError(t, w.begin(s.DB(0), "SET", keys[0]))
	sn := s.instant()
	require.NoError(t, s.String(keys[1]).Set("after the snapshot"))
	got := make(chan string)
	go func() {
		value, err := s.String(keys[0]).Get()
		got <- fmt.Sprint(value, err)
	}()
	select {
	case value := <-got:
		t.Errorf("GET did not wait: %s", value)
		go func() { got <- value }()
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, w.set("v", 0, false))
	w.end()
	require.Equal(t, "v<nil>", <-got)
	var held []string
	sn.all(0, func(r *structures.Record) bool { held = append(held, r.Key()); return true })
	sn.release()
	require.Equal(t, keys[:1], held)
}

// A command on several keys that waits for its locks while a snapshot is taken comes after
// it with all of them, also where somebody else has frozen one of the shards before.
func TestSnapshotBeforeABatch(t *testing.T) {
	s := newTest(t, WithShards(8))
	keys := keysIn(s, "k", 2, false)
	low, _ := s.hash(keys[0])
	high, _ := s.hash(keys[1])
	if low.index > high.index {
		keys[0], keys[1], low, high = keys[1], keys[0], high, low
	}
	other := ""
	for i := 0; other == ""; i++ {
		if sh, _ := s.hash("o" + strconv.Itoa(i)); sh == high {
			other = "o" + strconv.Itoa(i)
		}
	}
	require.NoError(t, s.MSet(Pair{keys[0], "before"}, Pair{keys[1], "before"}))
	low.mu.RLock()
	done := make(chan error)
	go func() { done <- s.MSet(Pair{keys[0], "after"}, Pair{keys[1], "after"}) }()
	for low.mu.TryRLock() { // it fails once somebody waits for the lock
		low.mu.RUnlock()
		runtime.Gosched()
	}
	sn := s.Snapshot()
	defer sn.Close()
	require.NoError(t, s.String(other).Set("x"))
	low.mu.RUnlock()
	require.NoError(t, <-done)
	for _, key := range keys {
		value, err := sn.String(key).Get()
		require.NoError(t, err)
		require.Equal(t, "before", value)
	}
}

func TestScanUnderWriters(t *testing.T) {
	for name, opts := range map[string][]Option{
		"tiny":    {WithShards(2), tiny},
		"default": {WithShards(4)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, opts...)
			const stable = 2000
			for i := range stable {
				require.NoError(t, s.String(fmt.Sprintf("stable:%d", i)).Set("0"))
			}
			read := func(id, round int) error {
				r := rand.New(rand.NewPCG(uint64(id), uint64(round)))
				seen := map[string]int{}
				cursor := uint64(0)
				for {
					keys, next, err := s.Scan(cursor, ScanOptions{Match: "stable:*", Count: 1 + r.IntN(200)})
					if err != nil {
						return err
					}
					for _, key := range keys {
						seen[key]++
					}
					runtime.Gosched()
					if next == 0 {
						break
					}
					if next <= cursor {
						return fmt.Errorf("cursor %d after %d", next, cursor)
					}
					cursor = next
				}
				for i := range stable {
					if n := seen[fmt.Sprintf("stable:%d", i)]; n != 1 {
						return fmt.Errorf("stable:%d came %d times", i, n)
					}
				}
				return nil
			}
			write := func(id, round int) (err error) {
				switch round % 5 {
				case 0: // the records of stable keys move
					return s.String(fmt.Sprintf("stable:%d", round%stable)).Set(strconv.Itoa(round))
				case 1, 2: // pages fill and split, then empty and join
					return s.String(fmt.Sprintf("w%d:%d", id, round%5000)).Set("x")
				default:
					_, err = s.Del(fmt.Sprintf("w%d:%d", id, (round*7)%5000))
				}
				return err
			}
			together(t, 2, 2, read, write, rounds(40_000))
		})
	}
}

// A million keys, one pass, two writers that never rest.
func TestScanOfAMillion(t *testing.T) {
	n := alone(1_000_000) // most of it is to fill the store
	s := newTest(t)
	for i := range n {
		if err := s.String("stable:" + strconv.Itoa(i)).Set("0"); err != nil {
			t.Fatal(err)
		}
	}
	var writers sync.WaitGroup
	stop := make(chan struct{})
	for id := range 2 {
		writers.Go(func() {
			for i := id; ; i += 2 {
				select {
				case <-stop:
					return
				default:
				}
				come, gone := fmt.Sprintf("w:%d", i), fmt.Sprintf("w:%d", i-1000)
				_, err := s.Del(gone)
				err = errors.Join(err, s.String(come).Set("x"), s.String("stable:"+strconv.FormatInt(int64(i)*7919%int64(n), 10)).Set("1"))
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	seen := make([]bool, n)
	found := 0
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		keys, next, err := s.Scan(cursor, ScanOptions{Match: "stable:*", Count: 1000})
		require.NoError(t, err)
		for _, key := range keys {
			i, err := strconv.Atoi(key[len("stable:"):])
			require.NoError(t, err)
			require.False(t, seen[i], "%s came twice", key)
			seen[i] = true
			found++
		}
		cursor = next
	}
	close(stop)
	writers.Wait()
	require.Equal(t, n, found)
}

func TestFlushAndSwap(t *testing.T) {
	s := newTest(t, WithShards(8), tiny)
	keys := keysIn(s, "k", 4, false)
	fill := func(db DB, value string) error {
		var pairs []Pair
		for _, key := range keys {
			pairs = append(pairs, Pair{key, value})
		}
		return db.MSet(pairs...)
	}
	require.NoError(t, fill(s.DB(0), "zero"))
	require.NoError(t, fill(s.DB(1), "one"))
	read := func(id, round int) error {
		n := (id + round) % 3
		values, err := s.DB(n).MGet(keys...)
		if err != nil {
			return err
		}
		for _, v := range values {
			if v != values[0] {
				return fmt.Errorf("database %d was half there: %v", n, values)
			}
		}
		if n == 2 {
			size, err := s.DB(n).DBSize()
			if err != nil || size != 0 && size != len(keys) {
				return fmt.Errorf("DBSIZE %d, %w", size, err)
			}
			listed, err := s.DB(n).Keys("*")
			if err != nil || len(listed) != 0 && len(listed) != len(keys) {
				return fmt.Errorf("KEYS %v, %w", listed, err)
			}
			return nil
		}
		value, err := s.DB(n).String(keys[0]).Get()
		if err != nil || value != "zero" && value != "one" {
			return fmt.Errorf("GET %q, %w", value, err)
		}
		return nil
	}
	write := func(id, round int) error {
		if id == 0 {
			return s.SwapDB(0, 1)
		}
		if round%2 == 0 {
			return fill(s.DB(2), "two")
		}
		return s.DB(2).FlushDB()
	}
	together(t, 2, 2, read, write, rounds(8_000))
}

// The replies of increments from many goroutines are all the sums, each once.
func TestIncrementsAreConserved(t *testing.T) {
	s := newTest(t, WithShards(2), tiny)
	const goroutines, keys = 8, 3
	n := rounds(4_000)
	var lock sync.Mutex
	got := [keys]map[int64]bool{{}, {}, {}}
	write := func(id, round int) error {
		k := round % keys
		sum, err := s.String(strconv.Itoa(k)).Incr()
		lock.Lock()
		defer lock.Unlock()
		if err != nil || got[k][sum] {
			return fmt.Errorf("INCR said %d twice, %w", sum, err)
		}
		got[k][sum] = true
		return nil
	}
	together(t, 0, goroutines, nil, write, n)
	total := 0
	for k := range keys {
		text, err := s.String(strconv.Itoa(k)).Get()
		require.NoError(t, err)
		sum, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.Len(t, got[k], sum)
		total += sum
	}
	require.Equal(t, goroutines*n, total)
}

// Commands on several keys in any order, and on the whole store, end.
func TestNoDeadlock(t *testing.T) {
	s := newTest(t, WithShards(4), tiny)
	other := 1
	write := func(id, round int) (err error) {
		a, b := strconv.Itoa((id+round)%6), strconv.Itoa((id+3*round+1)%6)
		switch (id + round) % 12 {
		case 0:
			err = s.Rename(a, b)
		case 1:
			_, err = s.CopyWith(a, b, CopyOptions{DB: &other, Replace: true})
		case 2:
			_, err = s.DB(1).Move(a, 0)
		case 3:
			err = s.MSet(Pair{a, "x"}, Pair{b, "y"})
		case 4:
			_, err = s.RenameNX(b, a)
		case 5:
			err = s.SwapDB(0, 1)
		case 6:
			_, err = s.DBSize()
		case 7:
			_, err = s.Keys("*")
		case 8:
			_, err = s.Expire(a, time.Millisecond)
		case 9:
			_, err = s.Del(b, a)
		case 10:
			_, err = s.String(a).LCS(b)
		default:
			if round%100 == 0 {
				return s.FlushAll()
			}
			_, err = s.MGet(b, a, b)
		}
		if err == ErrNotFound || err != nil && strings.HasPrefix(err.Error(), ErrSameKey.Error()) {
			return nil
		}
		return err
	}
	together(t, 0, 8, nil, write, rounds(4_000))
}

// What a snapshot shares is written on; chunks move while leaves are still shared.
func TestWritesAfterASnapshot(t *testing.T) {
	s := newTest(t, WithShards(4))
	n := rounds(20_000)
	for i := range n {
		require.NoError(t, s.String("k"+strconv.Itoa(i)).Set("a value of some length"))
	}
	for round := range 3 {
		for i := 0; i < n; i += 3 {
			require.NoError(t, s.String("k"+strconv.Itoa(i)).Set("another value of some length"))
		}
		before, err := s.Fingerprint()
		require.NoError(t, err)
		sn := s.instant()
		for i := 1; i < n; i += 2 {
			require.NoError(t, s.String("k"+strconv.Itoa(i)).Set("yet another value "+strconv.Itoa(round)))
		}
		for i := range n {
			_, err := s.String("k" + strconv.Itoa(i)).Get()
			require.NoError(t, err, "k%d", i)
		}
		sum := uint64(0)
		for db := range Databases {
			sum = mix(sum, sn.fingerprint(db))
		}
		require.Equal(t, before, sum, "the snapshot has changed")
		sn.release()
	}
}

// The expirer skips a shard that is busy, but waits for one that always is.
func TestExpirerIsNotStarved(t *testing.T) {
	s := newTest(t, WithShards(1))
	sh := &s.shards[0]
	sh.mu.RLock()
	for range expireSkips {
		_, ok := s.expireShard(0)
		require.False(t, ok)
	}
	ran := make(chan bool)
	go func() {
		_, ok := s.expireShard(0)
		ran <- ok
	}()
	for sh.mu.TryRLock() { // until it waits, and lets nobody in before it
		sh.mu.RUnlock()
		select {
		case <-ran:
			t.Fatal("it has not waited")
		case <-time.After(time.Millisecond):
		}
	}
	sh.mu.RUnlock()
	require.True(t, <-ran)
}
