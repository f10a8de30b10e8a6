package structures

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loadTest is a table that one goroutine writes and many read without a lock.
// Each write to a key has a number, which the value carries; what a delete
// leaves is in done.
type loadTest struct {
	mu    sync.RWMutex
	t     *Table
	keys  []string
	begun []atomic.Int64 // by key: the number of the last write that began
	done  []atomic.Int64 // and of the last that ended; negative if it was a delete

	free, locked atomic.Int64 // lookups without a lock, and with one
}

// loadText is the value that write n gives to key: sometimes too long for a
// record.
func loadText(key string, n int64) string {
	pad := int(n * 7 % 60)
	if n%5 == 0 {
		pad = MaxInline + 100
	}
	return strconv.FormatInt(n, 10) + "|" + key + "|" + strings.Repeat("v", pad)
}

// get looks key up as a store does.
func (l *loadTest) get(key string) (text string, found bool) {
	h := l.t.cfg.Hash(key)
	if seq := l.t.cfg.Seq.Load(); seq&1 == 0 {
		// Half of the lookups, not to take turns with the writer.
		if rand.IntN(2) == 0 {
			if text, _, _, o := l.t.LoadText(seq, h, key); o != Unclear {
				l.free.Add(1)
				return text, o == Found
			}
		}
		if rec, found, ok := l.t.Load(seq, h, key, nil); ok {
			l.free.Add(1)
			if !found {
				return "", false
			}
			return rec.Value(), true
		}
	}
	l.locked.Add(1)
	l.mu.RLock()
	defer l.mu.RUnlock()
	ref := l.t.Find(h, key)
	if !ref.Found {
		return "", false
	}
	return ref.Record.Value(), true
}

// read looks a key up until something is wrong or stop says so. An exact reader
// also compares with what the writer says. That orders the two and could hide a
// data race, so not every reader does.
func (l *loadTest) read(t *testing.T, r *rand.Rand, exact bool, stop *atomic.Bool) {
	last := make([]int64, len(l.keys))
	for lookups := 0; !stop.Load(); lookups++ {
		if lookups%8 == 0 {
			runtime.Gosched() // or the readers take turns and the writer has none
		}
		i := r.IntN(len(l.keys))
		var before, after int64
		if exact {
			before = l.done[i].Load()
		}
		text, found := l.get(l.keys[i])
		if exact {
			after = l.begun[i].Load()
		}
		n := int64(0)
		if found {
			number, _, _ := strings.Cut(text, "|")
			n, _ = strconv.ParseInt(number, 10, 64)
			if text != loadText(l.keys[i], n) {
				t.Errorf("key %.20q has the value %.60q", l.keys[i], text)
				return
			}
			if n < last[i] {
				t.Errorf("key %.20q is at %d after %d", l.keys[i], n, last[i])
				return
			}
			last[i] = n
		}
		if !exact {
			continue
		}
		if found && (n < max(before, -before) || n > after) {
			t.Errorf("key %.20q is at %d, outside %d to %d", l.keys[i], n, before, after)
			return
		}
		if after == max(before, -before) && found != (before > 0) { // nobody wrote it meanwhile
			t.Errorf("key %.20q is found: %t, but was left at %d", l.keys[i], found, before)
			return
		}
	}
}

// write does one write. The share of deletes goes up and down, so that leaves
// split and join.
func (l *loadTest) write(r *rand.Rand, writes int) {
	deletes := 20
	if writes/500%2 == 1 {
		deletes = 70
	}
	i := r.IntN(len(l.keys))
	key := l.keys[i]
	h := l.t.cfg.Hash(key)
	n := l.begun[i].Load()
	op := r.IntN(100)
	if op >= 10 {
		n++
		l.begun[i].Store(n)
	}
	l.mu.Lock()
	ref := l.t.Find(h, key)
	switch {
	case op < 1:
		l.t.Clone() // from now on all is copied before it is written
	case op < 10:
		if ref.Found {
			l.t.Restamp(&ref, key, uint64(n), int64(r.IntN(3)))
		}
	case op < 10+deletes:
		l.t.Delete(&ref, key)
	default:
		l.t.Put(&ref, key, Entry{Version: uint64(n), Text: loadText(key, n)})
	}
	l.mu.Unlock()
	if op >= 10 {
		if op < 10+deletes {
			n = -n
		}
		l.done[i].Store(n)
	}
}

func newLoadTest() *loadTest {
	cfg := TableConfig{Hash: seeded, Seq: new(Seq), Versions: true, LeafMax: 8, ChunkMax: 256}
	l := &loadTest{t: NewTable(cfg)}
	for i := range 60 {
		key := "key:" + strconv.Itoa(i)
		if i%20 == 0 {
			key = strings.Repeat("long", 300) + strconv.Itoa(i)
		}
		l.keys = append(l.keys, key)
	}
	l.begun = make([]atomic.Int64, len(l.keys))
	l.done = make([]atomic.Int64, len(l.keys))
	return l
}

// Load returns nothing that was not there at some moment while it ran.
func TestTableLoadNeedsNoLock(t *testing.T) {
	l := newLoadTest()
	d := 3 * time.Second
	if testing.Short() {
		d = 300 * time.Millisecond
	}
	r := rng(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 4 {
		r := rand.New(rand.NewPCG(r.Uint64(), 0))
		wg.Go(func() {
			defer stop.Store(true)
			l.read(t, r, i%2 == 0, &stop)
		})
	}
	writes := 0
	for end := time.Now().Add(d); !stop.Load() && time.Now().Before(end); writes++ {
		l.write(r, writes)
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d writes, %d lookups without a lock, %d with", writes, l.free.Load(), l.locked.Load())
	require.Positive(t, l.free.Load())
	require.NoError(t, l.t.Check())
}

// staleWord is a word that a reader may hold, with what it led to.
type staleWord struct {
	leaf *node
	at   int
	word uint64
	rec  Record
	p    *byte // where the record begins
}

func (l *loadTest) words() (all []staleWord) {
	for tag := uint64(0); tag <= MaxCursor; {
		n := l.t.leaf(tag << addrBits)
		if n == nil {
			break
		}
		for i := range n.words {
			if w := n.words[i].Load(); w != 0 {
				b := l.t.locate(w)
				all = append(all, staleWord{n, i, w, l.t.wordRecord(w), &b[0]})
			}
		}
		tag = n.after(tag)
	}
	return all
}

// While the Seq stands still, a word that a reader has got leads to the same
// chunk or to none, a slot to the same key's or to none, and no word changes its
// place in a leaf; once it has moved, Load trusts nothing. In a race this would
// fail too rarely to be seen.
func TestTableSeqMovesBeforeANumberComesBack(t *testing.T) {
	l := newLoadTest()
	r := rng(t)
	still := 0
	var seq uint64
	var held []staleWord
	n := max(alone(10_000), 2_000)
	for writes := range n {
		if now := l.t.cfg.Seq.Load(); now != seq || writes%20 == 0 {
			require.Zero(t, now&1, "a writer has not left")
			seq, held = now, l.words()
		}
		l.write(r, writes)
		if l.t.cfg.Seq.Load() != seq {
			key := l.keys[r.IntN(len(l.keys))]
			_, found, ok := l.t.Load(seq, l.t.cfg.Hash(key), key, nil)
			require.False(t, ok, "Load trusts what it read, found %t", found)
			for _, key := range []string{key, "absent"} {
				_, _, _, o := l.t.LoadText(seq, l.t.cfg.Hash(key), key)
				require.Equal(t, Unclear, o, "LoadText trusts what it read")
			}
			continue
		}
		still++
		for _, s := range held {
			b := l.t.locate(s.word)
			if b == nil {
				continue
			}
			require.Same(t, s.p, &b[0], "another chunk has the number")
			require.True(t, strings.HasPrefix(string(b), s.rec.raw), "a record has changed")
			if s.rec.slot != nil {
				if now := l.t.slotAt(s.rec.slotID()); now != nil {
					key := s.rec.Key()
					require.Equal(t, s.rec.slot.key, now.key, "another record has the slot")
					require.Contains(t, now.text, "|"+key+"|", "another record has the slot")
				}
			}
			for i := range s.leaf.words {
				require.True(t, i == s.at || s.leaf.words[i].Load() != s.word, "a word has moved")
			}
		}
	}
	require.Positive(t, still)
	t.Logf("the sequence number stood still in %d of %d writes", still, n)
}

// TestLoadText: of a short key LoadText knows all but objects, whatever the size of the
// table, of its leaves and of the value.
func TestLoadText(t *testing.T) {
	for _, versions := range []bool{false, true} {
		tb := NewTable(TableConfig{Hash: seeded, Versions: versions, Seq: new(Seq)})
		long := strings.Repeat("k", 127)
		tags := map[uint64]int{} // of two keys with one tag it may not know the second
		for i := range alone(20000) {
			key := strconv.Itoa(i)
			if i == 77 {
				key = long
			}
			e := Entry{Kind: uint8(i % 3), Text: strings.Repeat("v", i*7%(MaxInline+200))}
			if i%4 == 0 {
				e.Deadline = int64(i + 1)
			}
			ref := tb.Find(seeded(key), key)
			tb.Put(&ref, key, e)
			tags[seeded(key)>>addrBits]++
			if i&(i-1) != 0 && i%997 != 0 {
				continue
			}
			for j := range i + 1 {
				key, e := strconv.Itoa(j), Entry{Kind: uint8(j % 3), Text: strings.Repeat("v", j*7%(MaxInline+200))}
				if j == 77 {
					key = long
				}
				if j%4 == 0 {
					e.Deadline = int64(j + 1)
				}
				text, kind, deadline, o := tb.LoadText(tb.seq.Load(), seeded(key), key)
				if tags[seeded(key)>>addrBits] > 1 {
					continue
				}
				require.Equal(t, Found, o, "%d of %d", j, i+1)
				require.Equal(t, e, Entry{Kind: kind, Text: text, Deadline: deadline})
			}
			text, _, _, o := tb.LoadText(tb.seq.Load(), seeded("absent"), "absent")
			require.Equal(t, Missing, o)
			require.Empty(t, text)
		}
	}
}
