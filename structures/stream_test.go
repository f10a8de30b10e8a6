package structures

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// streamModel is a stream as a slice.
type streamModel struct {
	entries       []streamModelEntry
	last, deleted StreamID
	added         uint64
	groups        map[string]*groupModel
}

type streamModelEntry struct {
	id    StreamID
	pairs []string
}

type groupModel struct {
	last      StreamID
	pending   map[StreamID]modelPending
	consumers map[string][2]int64
}

type modelPending struct {
	time, count int64
	consumer    string
}

func newStreamModel() *streamModel { return &streamModel{groups: map[string]*groupModel{}} }

func (m *streamModel) clone() *streamModel {
	c := *m
	c.entries = slices.Clone(m.entries)
	c.groups = map[string]*groupModel{}
	for name, g := range m.groups {
		d := &groupModel{last: g.last, pending: map[StreamID]modelPending{}, consumers: map[string][2]int64{}}
		for id, p := range g.pending {
			d.pending[id] = p
		}
		for name, c := range g.consumers {
			d.consumers[name] = c
		}
		c.groups[name] = d
	}
	return &c
}

func (m *streamModel) find(id StreamID) (int, bool) {
	return slices.BinarySearchFunc(m.entries, id, func(e streamModelEntry, id StreamID) int { return e.id.Compare(id) })
}

func (m *streamModel) referenced(id StreamID) bool {
	for _, g := range m.groups {
		if _, ok := g.pending[id]; ok || g.last.less(id) {
			return true
		}
	}
	return false
}

// pair is a stream and its model.
type streamPair struct {
	s *Stream
	m *streamModel
}

func collect(s *Stream, from, to StreamID, back bool) (entries []streamModelEntry) {
	s.Range(from, to, back, func(e StreamEntry) bool {
		entries = append(entries, streamModelEntry{e.ID, e.AppendTo([]string{})})
		return true
	})
	return entries
}

func (p streamPair) check(t testing.TB) {
	t.Helper()
	s, m := p.s, p.m
	require.NoError(t, s.check())
	require.Equal(t, len(m.entries), s.Len())
	require.Equal(t, m.last, s.LastID())
	require.Equal(t, m.deleted, s.MaxDeletedID())
	require.Equal(t, m.added, s.EntriesAdded())
	got := collect(s, StreamID{}, MaxStreamID, false)
	require.Len(t, got, len(m.entries))
	for i := range got {
		require.Equal(t, m.entries[i], got[i])
	}
	var first StreamID
	if len(m.entries) > 0 {
		first = m.entries[0].id
	}
	require.Equal(t, first, s.FirstID())
	require.Equal(t, len(m.groups), s.Groups())
	for name, g := range m.groups {
		p.checkGroup(t, name, g)
	}
}

func (p streamPair) checkGroup(t testing.TB, name string, m *groupModel) {
	g := p.s.Group(name)
	require.NotNil(t, g)
	require.Equal(t, m.last, g.LastID())
	require.Equal(t, len(m.pending), g.Len())
	prev, n := StreamID{}, 0
	g.RangePending(StreamID{}, MaxStreamID, func(got StreamPending) bool {
		require.True(t, n == 0 || prev.less(got.ID))
		prev = got.ID
		n++
		want, ok := m.pending[got.ID]
		require.True(t, ok)
		require.Equal(t, want.time, got.Time)
		require.Equal(t, want.count, got.Count)
		if want.consumer == "" {
			require.Nil(t, got.Consumer)
		} else {
			require.Equal(t, want.consumer, got.Consumer.Name())
		}
		return true
	})
	require.Equal(t, len(m.pending), n)
	require.Equal(t, len(m.consumers), g.Consumers())
	names := []string{}
	g.EachConsumer(func(c *StreamConsumer) bool {
		names = append(names, c.Name())
		require.Equal(t, m.consumers[c.Name()], [2]int64{c.SeenTime(), c.ActiveTime()})
		n := 0
		for id, p := range m.pending {
			if p.consumer == c.Name() {
				n++
				require.True(t, c.ids.Has(id))
			}
		}
		require.Equal(t, n, c.Len())
		return true
	})
	require.True(t, slices.IsSorted(names))
}

// play runs operations that the bytes choose against a stream and its model, with
// clones, which must stay what they were.
func play(t testing.TB, ops []byte) {
	pairs := []streamPair{{NewStream(), newStreamModel()}}
	next := func() int {
		if len(ops) == 0 {
			return 0
		}
		b := ops[0]
		ops = ops[1:]
		return int(b)
	}
	for steps := 0; len(ops) > 0; steps++ {
		p := &pairs[next()%len(pairs)]
		p.step(t, next)
		if op := next(); op < 12 {
			if len(pairs) == 4 {
				pairs[op%4].check(t)
				pairs = slices.Delete(pairs, op%4, op%4+1)
			}
			p = &pairs[op%len(pairs)]
			pairs = append(pairs, streamPair{p.s.Clone().(*Stream), p.m.clone()})
		}
		if steps%64 == 0 {
			for _, p := range pairs {
				p.check(t)
			}
		}
	}
	for _, p := range pairs {
		p.check(t)
		p.empty(t)
	}
}

// empty removes everything, after which nothing is held.
func (p *streamPair) empty(t testing.TB) {
	p.s.Trim(StreamTrim{ByID: true, MinID: MaxStreamID})
	for name := range p.m.groups {
		require.True(t, p.s.DestroyGroup(name))
	}
	require.Zero(t, p.s.Size())
	require.Equal(t, NewStream().Allocated(), p.s.Allocated())
}

var streamFields = [][]string{{"temp"}, {"temp", "hum"}, {"hum", "temp"}, {"", "x", "y"}, {}}

func (p *streamPair) randomID(a, b int) StreamID {
	if n := len(p.m.entries); n > 0 && a%8 > 0 {
		return p.m.entries[(a<<8|b)%n].id
	}
	return StreamID{uint64(a), uint64(b)}
}

func (p *streamPair) step(t testing.TB, next func() int) {
	s, m := p.s, p.m
	switch op := next() % 16; {
	case op < 6:
		for range next()%16 + 1 {
			p.add(next)
		}
	case op == 6:
		id := p.randomID(next(), next())
		i, found := m.find(id)
		e, got := s.Get(id)
		require.Equal(t, found, got)
		if found {
			require.Equal(t, m.entries[i].pairs, e.AppendTo([]string{}))
		}
		require.Equal(t, found, s.Delete(id))
		if found {
			m.entries = slices.Delete(slices.Clone(m.entries), i, i+1)
			if m.deleted.less(id) {
				m.deleted = id
			}
		}
	case op == 7:
		p.ranges(t, next)
	case op == 8:
		p.trim(t, next)
	case op == 9:
		name := strconv.Itoa(next() % 5)
		if _, ok := m.groups[name]; ok == (s.CreateGroup(name, StreamID{}, 0) != nil) {
			t.Fatal("a group was created, or not")
		} else if !ok {
			m.groups[name] = &groupModel{pending: map[StreamID]modelPending{}, consumers: map[string][2]int64{}}
		}
		if next()%8 == 0 {
			delete(m.groups, name)
			require.True(t, s.DestroyGroup(name))
		}
	default:
		p.group(t, next)
	}
}

func (p *streamPair) add(next func() int) {
	s, m := p.s, p.m
	id := m.last
	switch a := next(); a % 8 {
	case 0:
		id.Ms, id.Seq = id.Ms+uint64(a)+1, 0
	case 1:
		id.Ms, id.Seq = id.Ms+uint64(a)<<32, uint64(a)<<17
	case 2:
		id.Seq += uint64(a) << 8
	}
	id, _ = id.Next()
	fields := streamFields[max(0, next()%32-27)]
	pairs := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		v := strconv.Itoa(next() * next())
		if n := next(); n < 4 {
			v = fmt.Sprint(v, string(make([]byte, n*n*300)))
		}
		pairs = append(pairs, f, v)
	}
	s.Add(id, pairs)
	m.entries = append(slices.Clip(m.entries), streamModelEntry{id, pairs})
	m.last = id
	m.added++
}

func (p *streamPair) ranges(t testing.TB, next func() int) {
	s, m := p.s, p.m
	from, to := p.randomID(next(), next()), p.randomID(next(), next())
	if next()%2 == 0 {
		from, _ = from.Next()
	}
	lo, _ := m.find(from)
	hi, found := m.find(to)
	if found {
		hi++
	}
	want := m.entries[min(lo, hi):hi]
	if to.less(from) {
		want = nil
	}
	require.Equal(t, len(want), len(collect(s, from, to, false)))
	back := collect(s, from, to, true)
	slices.Reverse(back)
	require.Len(t, back, len(want))
	for i := range back {
		require.Equal(t, want[i].id, back[i].id)
	}
}

func (p *streamPair) trim(t testing.TB, next func() int) {
	s, m := p.s, p.m
	c := StreamTrim{MaxLen: len(m.entries) - next()%32, Refs: StreamRefs(next() % 3)}
	c.MaxLen = max(c.MaxLen, 0)
	if c.ByID = next()%2 == 0; c.ByID {
		if len(m.entries) == 0 {
			return
		}
		c.MinID = m.entries[min(next()%32, len(m.entries)-1)].id
	}
	if c.Refs == AckedOnly { // then it matters where pages end, see TestStreamTrimRefs
		c.MaxLen, c.MinID = 0, MaxStreamID
	}
	var keep []streamModelEntry
	removed := 0
	for i, e := range m.entries {
		if c.ByID && !e.id.less(c.MinID) || !c.ByID && len(m.entries)-removed <= c.MaxLen {
			keep = append(keep, m.entries[i:]...)
			break
		}
		if c.Refs == AckedOnly && m.referenced(e.id) {
			keep = append(keep, e)
			continue
		}
		if c.Refs == DropRefs {
			for _, g := range m.groups {
				delete(g.pending, e.id)
			}
		}
		removed++
	}
	require.Equal(t, removed, s.Trim(c))
	m.entries = keep
}

func (p *streamPair) group(t testing.TB, next func() int) {
	s, m := p.s, p.m
	name, who := strconv.Itoa(next()%5), "c"+strconv.Itoa(next()%7)
	g, mg := s.ChangeGroup(name), m.groups[name]
	require.Equal(t, mg == nil, g == nil)
	if g == nil {
		return
	}
	c := g.Consumer(who)
	_, has := mg.consumers[who]
	require.Equal(t, has, c != nil)
	switch next() % 6 {
	case 0:
		if next()%4 > 0 {
			return
		}
		n, ok := g.DeleteConsumer(who)
		require.Equal(t, has, ok)
		delete(mg.consumers, who)
		for id, p := range mg.pending {
			if p.consumer == who {
				delete(mg.pending, id)
				n--
			}
		}
		require.Zero(t, n)
	case 1:
		for range next() % 8 {
			id := p.randomID(next(), next())
			_, ok := mg.pending[id]
			require.Equal(t, ok, g.Ack(id))
			delete(mg.pending, id)
		}
	case 2:
		last := StreamID{}
		time := int64(math.MinInt64)
		n := 0
		s.ByTime(g, func(p StreamPending) bool {
			require.True(t, time < p.Time || time == p.Time && last.less(p.ID))
			time, last = p.Time, p.ID
			n++
			return true
		})
		for _, e := range m.entries {
			if _, ok := mg.pending[e.id]; ok {
				n--
			}
		}
		require.Zero(t, n, "what is pending and not deleted")
	default:
		if c == nil {
			c = g.CreateConsumer(who, 7)
			mg.consumers[who] = [2]int64{7, NeverActive}
		}
		if at := int64(next()); at%2 == 0 {
			g.Seen(c, at)
			g.Active(c, at+1)
			mg.consumers[who] = [2]int64{at, at + 1}
		}
		for range next() % 16 {
			id, at := p.randomID(next(), next()), int64(next())
			put, mp := StreamPending{ID: id, Time: at, Count: at, Consumer: c}, modelPending{at, at, who}
			if at%16 == 0 {
				put.Consumer, mp.consumer = nil, ""
			}
			g.Put(put)
			mg.pending[id] = mp
			s.Deliver(g, id)
			if mg.last.less(id) {
				mg.last = id
			}
		}
	}
}

func TestStreamModel(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 6))
		ops := make([]byte, 8000)
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { play(t, ops) })
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte("\x00\x01\x0f\x01\x02\x03\x04\x05\x06\x07\x08\x00\x08\x03"))
	r := rand.New(rand.NewPCG(1, 1))
	ops := make([]byte, 1000)
	for i := range ops {
		ops[i] = byte(r.Uint32())
	}
	f.Add(ops)
	f.Fuzz(func(t *testing.T, ops []byte) { play(t, ops[:min(len(ops), 1000)]) })
}

// TestStreamGoesBack adds an entry below one that was deleted and is still in the page.
func TestStreamGoesBack(t *testing.T) {
	s := NewStream()
	for _, ms := range []uint64{1, 5, 9} {
		s.Add(StreamID{ms, 0}, []string{"f", "v"})
	}
	require.True(t, s.Delete(StreamID{9, 0}))
	s.SetLastID(StreamID{6, 0})
	s.Add(StreamID{7, 0}, []string{"f", "v"})
	require.NoError(t, s.check())
	require.True(t, s.Has(StreamID{7, 0}))
	require.False(t, s.Has(StreamID{9, 0}))
	var ms []uint64
	s.Range(StreamID{6, 0}, MaxStreamID, false, func(e StreamEntry) bool {
		ms = append(ms, e.ID.Ms)
		return true
	})
	require.Equal(t, []uint64{7}, ms)
	require.True(t, s.Delete(StreamID{7, 0}))
	require.Equal(t, 2, s.Len())
}
