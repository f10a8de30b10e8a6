package structures

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamTrimRefs has pages of 100 entries, as small ones are.
func TestStreamTrimRefs(t *testing.T) {
	fill := func(acked ...int) *Stream {
		s := NewStream()
		for i := range 300 {
			s.Add(StreamID{1, uint64(i)}, []string{"f", "v"})
		}
		g := s.CreateGroup("g", StreamID{}, 0)
		c := g.CreateConsumer("c", 0)
		for i := range 250 { // the last 50 are not delivered
			id := StreamID{1, uint64(i)}
			s.Deliver(g, id)
			g.Put(StreamPending{ID: id, Consumer: c})
		}
		for _, page := range acked {
			for i := range 100 {
				g.Ack(StreamID{1, uint64(100*page + i)})
			}
		}
		return s
	}
	for name, test := range map[string]struct {
		s                *Stream
		trim             StreamTrim
		removed, pending int
	}{
		"keep":                  {fill(), StreamTrim{MaxLen: 150, Approx: true}, 100, 250},
		"drop":                  {fill(), StreamTrim{MaxLen: 150, Approx: true, Refs: DropRefs}, 100, 150},
		"drop, exact":           {fill(), StreamTrim{MaxLen: 150, Refs: DropRefs}, 150, 100},
		"drop, limit":           {fill(), StreamTrim{Approx: true, Refs: DropRefs, Limit: 199}, 100, 150},
		"acked, none":           {fill(), StreamTrim{Refs: AckedOnly}, 0, 250},
		"acked, first page":     {fill(0), StreamTrim{Refs: AckedOnly}, 100, 150},
		"acked, second page":    {fill(1), StreamTrim{MaxLen: 100, Approx: true, Refs: AckedOnly}, 100, 150},
		"acked, not delivered":  {fill(0, 1, 2), StreamTrim{Refs: AckedOnly}, 250, 0},
		"acked, whole pages":    {fill(0, 1, 2), StreamTrim{Approx: true, Refs: AckedOnly}, 200, 0},
		"acked, up to a length": {fill(0), StreamTrim{MaxLen: 260, Refs: AckedOnly}, 40, 150},
		"by ID":                 {fill(0), StreamTrim{ByID: true, MinID: StreamID{1, 150}, Refs: AckedOnly}, 100, 150},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.removed, test.s.Trim(test.trim))
			require.Equal(t, 300-test.removed, test.s.Len())
			require.Equal(t, test.pending, test.s.Group("g").Len())
			require.NoError(t, test.s.check())
		})
	}
}

func TestStreamReferences(t *testing.T) {
	s := NewStream()
	id := StreamID{2, 0}
	s.Add(id, []string{"f", "v"})
	require.False(t, s.Referenced(id))
	g := s.CreateGroup("g", StreamID{1, 0}, 0)
	require.True(t, s.Referenced(id)) // not delivered yet
	s.Deliver(g, id)
	require.False(t, s.Referenced(id))
	g.Put(StreamPending{ID: id})
	s.CreateGroup("h", id, 1).Put(StreamPending{ID: id})
	require.True(t, s.Referenced(id))
	require.True(t, s.DropRefs(id))
	require.False(t, s.DropRefs(id))
	require.False(t, s.Referenced(id))
	require.Zero(t, s.Group("h").Len())
}

// TestStreamStaleConsumer uses a consumer that is gone, and whose number another has.
func TestStreamStaleConsumer(t *testing.T) {
	s := NewStream()
	g := s.CreateGroup("g", StreamID{}, 0)
	old := g.CreateConsumer("old", 1)
	g.Put(StreamPending{ID: StreamID{1, 1}, Consumer: old})
	n, ok := g.DeleteConsumer("old")
	require.True(t, ok)
	require.Equal(t, 1, n)
	for range 2 {
		g.Seen(old, 9)
		g.Active(old, 9)
		g.Put(StreamPending{ID: StreamID{1, 1}, Consumer: old})
		p, ok := g.Pending(StreamID{1, 1})
		require.True(t, ok)
		require.Nil(t, p.Consumer)
		g.RangeConsumer(old, StreamID{}, MaxStreamID, func(StreamPending) bool {
			t.Fatal("pending for a consumer that is gone")
			return false
		})
		g.CreateConsumer("new", 2)
	}
	require.Equal(t, int64(2), g.Consumer("new").SeenTime())
	require.Nil(t, g.CreateConsumer("new", 3))
	_, ok = g.DeleteConsumer("old")
	require.False(t, ok)
	require.NoError(t, s.check())
}

func TestStreamRangeConsumer(t *testing.T) {
	s := NewStream()
	g := s.CreateGroup("g", StreamID{}, 0)
	a, b := g.CreateConsumer("a", 0), g.CreateConsumer("b", 0)
	for i := range 100 {
		if i > 0 {
			s.Add(StreamID{1, uint64(i)}, []string{"k", "v"})
		}
		g.Put(StreamPending{ID: StreamID{1, uint64(i)}, Time: int64(-i), Count: 1, Consumer: []*StreamConsumer{a, b, nil}[i%3]})
	}
	var got []uint64
	g.RangeConsumer(b, StreamID{1, 5}, StreamID{1, 14}, func(p StreamPending) bool {
		require.Equal(t, "b", p.Consumer.Name())
		got = append(got, p.ID.Seq)
		return true
	})
	require.Equal(t, []uint64{7, 10, 13}, got)
	first, _ := g.FirstPending()
	last, _ := g.LastPending()
	require.Equal(t, StreamID{1, 0}, first.ID)
	require.Equal(t, StreamID{1, 99}, last.ID)
	s.ByTime(g, func(p StreamPending) bool {
		require.Equal(t, StreamID{1, 99}, p.ID)
		return false
	})
}

// TestStreamByTimeOfDeleted: what was deleted leaves the index by time when it is met, and
// is there once more if an entry of its ID is.
func TestStreamByTimeOfDeleted(t *testing.T) {
	s := NewStream()
	g := s.CreateGroup("g", StreamID{}, 0)
	c := g.CreateConsumer("c", 0)
	for i := range uint64(100) {
		s.Add(StreamID{1, i + 1}, []string{"k", "v"})
		g.Put(StreamPending{ID: StreamID{1, i + 1}, Time: int64(i), Count: 1, Consumer: c})
	}
	first := func() (seq uint64) {
		s.ByTime(g, func(p StreamPending) bool {
			seq = p.ID.Seq
			return false
		})
		require.NoError(t, s.check())
		return seq
	}
	require.True(t, s.ByTime(g, func(StreamPending) bool { return false }))
	s.Trim(StreamTrim{MaxLen: 50})
	require.EqualValues(t, 51, first())
	require.Equal(t, 50, g.times.Len(), "what was met is not met again")
	require.False(t, s.ByTime(g, func(StreamPending) bool { return false }))
	require.True(t, g.Ack(StreamID{1, 1}))
	g.Put(StreamPending{ID: StreamID{1, 2}, Time: 1, Count: 2, Consumer: c})
	g.Put(StreamPending{ID: StreamID{1, 3}, Time: 3, Count: 2, Consumer: c})
	require.EqualValues(t, 51, first())
	s.Trim(StreamTrim{MaxLen: 0})
	require.Zero(t, first())
	require.Equal(t, 99, g.Len())
	s.SetLastID(StreamID{1, 6})
	s.Add(StreamID{1, 7}, []string{"k", "v"})
	g = s.ChangeGroup("g")
	require.EqualValues(t, 7, first())
	require.True(t, s.DestroyGroup("g"))
	require.NoError(t, s.check())
}

// TestStreamClonesAtOnce writes a stream and its clones at the same time, each under
// what would be a lock of its own.
func TestStreamClonesAtOnce(t *testing.T) {
	s := sensorStream(5000)
	g := s.CreateGroup("g", StreamID{}, 0)
	for i := range 2000 {
		name := strconv.Itoa(i % 5)
		c := g.Consumer(name)
		if c == nil {
			c = g.CreateConsumer(name, 0)
		}
		g.Put(StreamPending{ID: sensorID(i), Consumer: c})
	}
	var work sync.WaitGroup
	for k := range 6 {
		c, read := s.Clone().(*Stream), s.Clone().(*Stream)
		if k%2 == 0 {
			s = s.Clone().(*Stream) // what s was is given up
		}
		work.Go(func() {
			n := 0
			c.Range(StreamID{}, MaxStreamID, k%3 == 0, func(e StreamEntry) bool {
				e.All(func(_, value string) bool { n += len(value); return true })
				return true
			})
			g := c.ChangeGroup("g")
			for i := range 2000 {
				c.Add(StreamID{sensorStart * 2, uint64(i)}, []string{"k", strconv.Itoa(k)})
				g.Ack(sensorID(i))
				g.Put(StreamPending{ID: StreamID{sensorStart * 2, uint64(i)}, Consumer: g.Consumer(strconv.Itoa(k % 5))})
				c.Delete(sensorID(i * 2))
			}
			c.ByTime(g, func(StreamPending) bool { return false })
		})
		g := s.ChangeGroup("g")
		for i := range 100 {
			g.Ack(sensorID(k*100 + i))
			s.Delete(sensorID(k*100 + i))
		}
		work.Go(func() {
			for i := range 2000 {
				if _, ok := read.Group("g").Pending(sensorID(i)); ok != (i >= k*100) {
					t.Error("what is pending has changed", k, i)
				}
			}
		})
		work.Wait()
		require.NoError(t, c.check())
		require.Equal(t, 2000, c.Group("g").Len())
	}
	require.NoError(t, s.check())
	require.Equal(t, 5000-600, s.Len())
}

// TestStreamCloneOfManyPending bounds what the first write after a clone copies.
func TestStreamCloneOfManyPending(t *testing.T) {
	s := NewStream()
	g := s.CreateGroup("g", StreamID{}, 0)
	c := g.CreateConsumer("c", 0)
	for i := range 100_000 {
		g.Put(StreamPending{ID: sensorID(i), Consumer: c})
	}
	allocs := testing.AllocsPerRun(100, func() {
		s = s.Clone().(*Stream)
		s.ChangeGroup("g").Ack(sensorID(50_000))
		s.ChangeGroup("g").Put(StreamPending{ID: sensorID(50_000), Consumer: c})
	})
	require.Less(t, allocs, 60.0)
}

// BenchmarkStreamGroup is a read and an acknowledgement each.
func BenchmarkStreamGroup(b *testing.B) {
	for _, pending := range []int{0, 1_000_000} {
		b.Run(fmt.Sprintf("pending=%d", pending), func(b *testing.B) {
			b.ReportAllocs()
			s := sensorStream(1)
			g := s.CreateGroup("g", StreamID{}, 0)
			c := g.CreateConsumer("c", 0)
			i := 0
			for ; i < pending; i++ {
				g.Put(StreamPending{ID: sensorID(i), Consumer: c})
			}
			for b.Loop() {
				s.Deliver(g, sensorID(i))
				g.Put(StreamPending{ID: sensorID(i), Time: 1, Count: 1, Consumer: c})
				g.Ack(sensorID(i - pending))
				i++
			}
		})
	}
}
