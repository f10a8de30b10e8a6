package conformance

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

func TestStreams(t *testing.T) { streamModel().check(t) }

// TestBlockingStreams checks streams with readers that wait, alone and for a consumer group,
// whose contexts end, with groups that go, and transactions that add.
func TestBlockingStreams(t *testing.T) { blockingStreamModel().check(t) }

// stream is what a stream with a group is; the zero value is missing.
type stream struct {
	there   bool
	last    store.StreamID
	entries []store.Entry
	group   *group
}

type group struct {
	read    store.StreamID
	pending []store.PendingEntry // by ID
}

// streams are two of them. A state shares what it has with those before it.
type streams [2]stream

// noon is what the clock of these streams always shows, so that the IDs that they choose are
// known. Those that callers choose are of that millisecond or of the next.
const noon = 5

var everything = store.ByID(store.MinStreamID, store.MaxStreamID)

func (st streams) with(i int, v stream) streams {
	st[i] = v
	return st
}

func (st streams) equal(other streams) bool {
	for i, v := range st {
		w := other[i]
		if v.there != w.there || v.last != w.last || (v.group == nil) != (w.group == nil) ||
			!slices.EqualFunc(v.entries, w.entries, func(e, f store.Entry) bool {
				return e.ID == f.ID && slices.Equal(e.Fields, f.Fields)
			}) {
			return false
		}
		if v.group != nil && (v.group.read != w.group.read || !slices.Equal(v.group.pending, w.group.pending)) {
			return false
		}
	}
	return true
}

// idOf is an ID that the arguments choose, and perhaps that of an entry.
func idOf(a args) store.StreamID {
	return store.StreamID{Ms: noon + uint64(a.n%2), Seq: uint64(a.n / 2)}
}

// idsOf are that and those behind it.
func idsOf(a args) (ids []store.StreamID) {
	for i := range uint64(4) {
		ids = append(ids, store.StreamID{Ms: idOf(a).Ms, Seq: idOf(a).Seq + i})
	}
	return ids
}

func fieldsOf(a args) (pairs []store.Pair) {
	for _, f := range a.items {
		pairs = append(pairs, store.Pair{Key: f, Value: a.value})
	}
	return pairs
}

// behind returns up to n entries behind an ID.
func (v stream) behind(id store.StreamID, n int) []store.Entry {
	i := slices.IndexFunc(v.entries, func(e store.Entry) bool { return id.Less(e.ID) })
	if i < 0 {
		return nil
	}
	return v.entries[i:min(i+n, len(v.entries))]
}

func (v stream) find(id store.StreamID) (e store.Entry, found bool) {
	i := slices.IndexFunc(v.entries, func(e store.Entry) bool { return e.ID == id })
	if i < 0 {
		return e, false
	}
	return v.entries[i], true
}

// add appends an entry, with the next ID if id is zero.
func (v stream) add(a args, id store.StreamID) (stream, any) {
	if id == store.MinStreamID {
		if id.Ms = noon; !v.last.Less(id) {
			id = store.StreamID{Ms: v.last.Ms, Seq: v.last.Seq + 1}
		}
	}
	if !v.last.Less(id) {
		return v, store.ErrStreamIDOrder
	}
	v.there, v.last = true, id
	v.entries = append(slices.Clip(v.entries), store.Entry{ID: id, Fields: fieldsOf(a)})
	return v, id
}

// trim removes all but the last n entries.
func (v stream) trim(n int) (stream, int) {
	gone := max(0, len(v.entries)-n)
	v.entries = v.entries[gone:]
	return v, gone
}

// put makes an entry pending, whether it was or not.
func (g group) put(p store.PendingEntry) group {
	g = g.drop(p.ID)
	i, _ := slices.BinarySearchFunc(g.pending, p, func(p, q store.PendingEntry) int { return p.ID.Compare(q.ID) })
	g.pending = slices.Insert(slices.Clone(g.pending), i, p)
	return g
}

func (g group) drop(ids ...store.StreamID) group {
	g.pending = slices.DeleteFunc(slices.Clone(g.pending), func(p store.PendingEntry) bool { return slices.Contains(ids, p.ID) })
	return g
}

func (v stream) grouped(g group) stream {
	v.group = &g
	return v
}

// deliver gives a consumer what is new to the group.
func (v stream) deliver(consumer string, n int, noAck bool) (stream, []store.Delivery) {
	var list []store.Delivery
	g := *v.group
	for _, e := range v.behind(g.read, n) {
		if g.read = e.ID; !noAck {
			g = g.put(store.PendingEntry{ID: e.ID, Consumer: consumer, Deliveries: 1})
		}
		list = append(list, store.Delivery{Entry: e})
	}
	return v.grouped(g), list
}

// again gives a consumer what is pending to it behind an ID.
func (v stream) again(consumer string, id store.StreamID, n int) (stream, []store.Delivery) {
	var list []store.Delivery
	g := *v.group
	for _, p := range v.group.pending {
		if p.Consumer != consumer || !id.Less(p.ID) || len(list) == n {
			continue
		}
		e, found := v.find(p.ID)
		if e.ID = p.ID; found {
			g = g.put(store.PendingEntry{ID: p.ID, Consumer: consumer, Deliveries: p.Deliveries + 1})
		}
		list = append(list, store.Delivery{Entry: e, Deliveries: p.Deliveries, Deleted: !found})
	}
	return v.grouped(g), list
}

// claim gives a consumer what is pending to anybody.
func (v stream) claim(consumer string, ids ...store.StreamID) (stream, []store.Entry) {
	var list []store.Entry
	g := *v.group
	for _, id := range ids {
		i := slices.IndexFunc(g.pending, func(p store.PendingEntry) bool { return p.ID == id })
		if i < 0 {
			continue
		}
		e, found := v.find(id)
		if !found {
			g = g.drop(id)
			continue
		}
		g = g.put(store.PendingEntry{ID: id, Consumer: consumer, Deliveries: g.pending[i].Deliveries + 1})
		list = append(list, e)
	}
	return v.grouped(g), list
}

// onGroup is the step of what needs the group of a stream.
func onGroup(missing any, step func(v stream, a args) (stream, any)) func(streams, args, string) (streams, bool) {
	return says(func(st streams, a args) (streams, any) {
		if st[a.key].group == nil {
			return st, missing
		}
		v, said := step(st[a.key], a)
		return st.with(a.key, v), said
	})
}

// onStream is the step of what a stream is enough for, also where there is none.
func onStream(step func(v stream, a args) (stream, any)) func(streams, args, string) (streams, bool) {
	return says(func(st streams, a args) (streams, any) {
		v, said := step(st[a.key], a)
		return st.with(a.key, v), said
	})
}

// reading makes a step of one that changes nothing.
func reading(read func(v stream, a args) any) func(streams, args, string) (streams, bool) {
	return onStream(func(v stream, a args) (stream, any) { return v, read(v, a) })
}

// consumer is who reads: one of two.
func consumer(a args) string { return name(a.n % 2) }

// count is how many entries are read at most.
func count(a args) int { return 1 + a.n%4 }

// streamModel is the model of two streams, each with a group at most.
func streamModel() *model[streams] {
	return &model[streams]{
		rounds: 200, equal: streams.equal,
		start: streams{stream{there: true}.grouped(group{}), stream{there: true}.grouped(group{})},
		draw: func(r *rand.Rand, large bool) args {
			a := drawKeys(r, large)
			a.n = r.IntN(20)
			return a
		},
		newStore: func(sh shape) *store.Store {
			s := store.New(store.WithShards(sh.shards), store.WithClock(store.NewManualClock(time.UnixMilli(noon))))
			for key := range 2 {
				if err := s.Stream(name(key)).Group("g").CreateWith(store.ReadPos{}, store.GroupOptions{MkStream: true}); err != nil {
					panic(err)
				}
			}
			return s
		},
		// Few that end what others wait for.
		commands: slices.Concat(slices.Repeat(slices.Concat(entryCommands(), groupCommands()), 4), endCommands()),
	}
}

func streamOf(s *store.Store, a args) store.Stream { return s.Stream(name(a.key)) }

func groupOf(s *store.Store, a args) store.Group { return streamOf(s, a).Group("g") }

func bothAt(a args, pos store.ReadPos) []store.StreamAt {
	return []store.StreamAt{{Key: name(a.key), Pos: pos}, {Key: name(a.dst), Pos: pos}}
}

// entryCommands are those that groups have nothing to do with.
func entryCommands() []command[streams] {
	return []command[streams]{
		{"XADD", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).AddWith(store.XAddOptions{}, fieldsOf(a)...)
		}, onStream(func(v stream, a args) (stream, any) { return v.add(a, store.MinStreamID) })},
		{"XADD of an ID", func(s *store.Store, a args) (any, error) {
			id, err := streamOf(s, a).AddWith(store.XAddOptions{ID: store.ExactID(idOf(a))}, fieldsOf(a)...)
			return id, err
		}, onStream(func(v stream, a args) (stream, any) { return v.add(a, idOf(a)) })},
		{"XADD MAXLEN", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).AddWith(store.XAddOptions{Trim: store.MaxLen(3)}, fieldsOf(a)...)
		}, onStream(func(v stream, a args) (stream, any) {
			v, id := v.add(a, store.MinStreamID)
			v, _ = v.trim(3)
			return v, id
		})},
		{"XLEN", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).Len()
		}, reading(func(v stream, _ args) any { return len(v.entries) })},
		{"XRANGE", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).Range(everything)
		}, reading(func(v stream, _ args) any { return v.entries })},
		{"XREVRANGE COUNT", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).Range(everything.Rev().Count(2))
		}, reading(func(v stream, _ args) any {
			v, _ = v.trim(2)
			v.entries = slices.Clone(v.entries)
			slices.Reverse(v.entries)
			return v.entries
		})},
		{"XRANGE of All", func(s *store.Store, a args) (any, error) {
			seq, err := streamOf(s, a).All()
			return later(func() (any, error) {
				if err != nil {
					return nil, err
				}
				return slices.Collect(seq), nil
			}), err
		}, reading(func(v stream, _ args) any { return v.entries })},
		{"XRANGE of a fork that goes its own way", func(s *store.Store, a args) (any, error) {
			f := s.Fork()
			return later(func() (any, error) {
				defer f.Close()
				entries, err := streamOf(f, a).Range(everything)
				_, err2 := groupOf(f, a).Read("fork", store.GroupReadOptions{})
				_, err3 := streamOf(f, a).Add("f", a.value)
				if errors.Is(err2, store.ErrNoGroup) {
					err2 = nil
				}
				return entries, errors.Join(err, err2, err3)
			}), nil
		}, reading(func(v stream, _ args) any { return v.entries })},
		{"XREAD", func(s *store.Store, a args) (any, error) {
			return s.XRead(count(a), bothAt(a, store.AfterID(idOf(a)))...)
		}, says(func(st streams, a args) (streams, any) { return st, st.readBoth(a) })},
		{"XDEL", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).Del(idsOf(a)...)
		}, onStream(func(v stream, a args) (stream, any) {
			n := len(v.entries)
			v.entries = slices.DeleteFunc(slices.Clone(v.entries), func(e store.Entry) bool { return slices.Contains(idsOf(a), e.ID) })
			return v, n - len(v.entries)
		})},
		{"XTRIM", func(s *store.Store, a args) (any, error) {
			return streamOf(s, a).Trim(store.MaxLen(count(a)))
		}, onStream(func(v stream, a args) (stream, any) { return anyOf(v.trim(count(a))) })},
	}
}

func anyOf[T any](v stream, said T) (stream, any) { return v, said }

// readBoth is what XREAD of both streams says.
func (st streams) readBoth(a args) []store.StreamEntries {
	var got []store.StreamEntries
	for _, key := range []int{a.key, a.dst} {
		if list := st[key].behind(idOf(a), count(a)); len(list) > 0 {
			got = append(got, store.StreamEntries{Key: name(key), Entries: list})
		}
	}
	return got
}

// deliverBoth is XREADGROUP of both streams.
func (st streams) deliverBoth(a args, keys ...int) (streams, []store.StreamDeliveries) {
	var got []store.StreamDeliveries
	for _, key := range keys {
		v, list := st[key].deliver(consumer(a), count(a), false)
		if st[key] = v; len(list) > 0 {
			got = append(got, store.StreamDeliveries{Key: name(key), Deliveries: list})
		}
	}
	return st, got
}

// groupCommands are the commands of groups.
func groupCommands() []command[streams] {
	return []command[streams]{
		{"XGROUP CREATE", func(s *store.Store, a args) (any, error) {
			return nil, groupOf(s, a).CreateWith(store.AfterID(store.StreamID{}), store.GroupOptions{MkStream: true})
		}, onStream(func(v stream, _ args) (stream, any) {
			if v.group != nil {
				return v, store.ErrBusyGroup
			}
			v.there = true
			return v.grouped(group{}), nil
		})},
		{"XGROUP SETID", func(s *store.Store, a args) (any, error) {
			err := groupOf(s, a).SetID(store.AfterID(idOf(a)))
			if err == store.ErrNotFound { // there is no stream
				err = store.ErrNoGroup
			}
			return nil, err
		}, onGroup(store.ErrNoGroup, func(v stream, a args) (stream, any) {
			g := *v.group
			g.read = idOf(a)
			return v.grouped(g), nil
		})},
		{"XREADGROUP", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).Read(consumer(a), store.GroupReadOptions{Count: count(a)})
		}, onGroup(store.ErrNoGroup, func(v stream, a args) (stream, any) {
			return anyOf(v.deliver(consumer(a), count(a), false))
		})},
		{"XREADGROUP NOACK", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).Read(consumer(a), store.GroupReadOptions{Count: count(a), NoAck: true})
		}, onGroup(store.ErrNoGroup, func(v stream, a args) (stream, any) {
			return anyOf(v.deliver(consumer(a), count(a), true))
		})},
		{"XREADGROUP of both", func(s *store.Store, a args) (any, error) {
			return s.XReadGroup("g", consumer(a), store.GroupReadOptions{Count: count(a)}, bothAt(a, store.AtNew)...)
		}, says(func(st streams, a args) (streams, any) {
			if st[0].group == nil || st[1].group == nil {
				return st, store.ErrNoGroup
			}
			return anyBoth(st.deliverBoth(a, a.key, a.dst))
		})},
		{"XREADGROUP of what is pending", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).ReadHistory(consumer(a), store.MinStreamID, count(a))
		}, onGroup(store.ErrNoGroup, func(v stream, a args) (stream, any) {
			return anyOf(v.again(consumer(a), store.MinStreamID, count(a)))
		})},
		{"XACK", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).Ack(idsOf(a)...)
		}, onGroup(0, func(v stream, a args) (stream, any) {
			g := v.group.drop(idsOf(a)...)
			return v.grouped(g), len(v.group.pending) - len(g.pending)
		})},
		{"XCLAIM", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).Claim(consumer(a), 0, idsOf(a)...)
		}, onGroup(store.ErrNoGroup, func(v stream, a args) (stream, any) {
			return anyOf(v.claim(consumer(a), idsOf(a)...))
		})},
		{"XPENDING", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).PendingRange(everything, store.PendingOptions{})
		}, onGroup(store.ErrNoGroup, func(v stream, _ args) (stream, any) { return v, v.group.pending })},
	}
}

// endCommands remove a stream or a group.
func endCommands() []command[streams] {
	return []command[streams]{
		{"DEL", func(s *store.Store, a args) (any, error) {
			return s.Del(name(a.key))
		}, onStream(func(v stream, _ args) (stream, any) {
			if v.there {
				return stream{}, 1
			}
			return v, 0
		})},
		{"XGROUP DESTROY", func(s *store.Store, a args) (any, error) {
			return groupOf(s, a).Destroy()
		}, onStream(func(v stream, _ args) (stream, any) {
			had := v.group != nil
			if v.group = nil; !v.there {
				return v, store.ErrNotFound
			}
			return v, had
		})},
	}
}

func anyBoth[T any](st streams, said T) (streams, any) { return st, said }

// blockingStreamModel is streamModel with commands that wait, and with transactions. There
// it is always noon, too, as nobody claims by time.
func blockingStreamModel() *model[streams] {
	m := streamModel()
	m.rounds, m.bubble = 120, true
	canceled := context.Canceled.Error()
	// fresh says whether one of keys has what nobody in its group has got.
	fresh := func(s *store.Store, keys ...int) bool {
		sn := s.Snapshot()
		defer sn.Close()
		return slices.ContainsFunc(keys, func(key int) bool {
			groups, err := sn.Stream(name(key)).InfoGroups()
			last, _ := sn.Stream(name(key)).Range(everything.Rev().Count(1))
			return err != nil || len(groups) == 0 || len(last) > 0 && groups[0].LastDelivered.Less(last[0].ID)
		})
	}
	add := func(st streams, a args) (streams, any) {
		var ids [2]any
		for i, key := range []int{a.key, a.dst} {
			st[key], ids[i] = st[key].add(a, store.MinStreamID)
		}
		return st, ids
	}
	update := func(s *store.Store, a args, before func(tx *store.Tx) error, after error) (any, error) {
		var ids [2]store.StreamID
		err := s.Update(func(tx *store.Tx) error {
			err := before(tx)
			for i, key := range []int{a.key, a.dst} {
				var wrong error
				ids[i], wrong = tx.Stream(name(key)).AddWith(store.XAddOptions{}, fieldsOf(a)...)
				err = errors.Join(err, wrong)
			}
			return errors.Join(err, after)
		})
		return ids, err
	}
	m.commands = append(m.commands, slices.Repeat([]command[streams]{
		{"XREAD BLOCK", func(s *store.Store, a args) (any, error) {
			something := func() bool {
				got, err := s.XRead(1, store.StreamAt{Key: name(a.key), Pos: store.AfterID(idOf(a))})
				return err != nil || len(got) > 0
			}
			return patiently(a, something, func(ctx context.Context) (any, error) {
				return s.XReadBlock(ctx, count(a), store.StreamAt{Key: name(a.key), Pos: store.AfterID(idOf(a))})
			})
		}, func(st streams, a args, said string) (streams, bool) {
			list := st[a.key].behind(idOf(a), count(a))
			if len(list) == 0 || said == canceled {
				return st, len(list) == 0 && said == canceled
			}
			return st, said == render([]store.StreamEntries{{Key: name(a.key), Entries: list}}, nil)
		}},
		{"XREADGROUP BLOCK", func(s *store.Store, a args) (any, error) {
			return patiently(a, func() bool { return fresh(s, a.key) }, func(ctx context.Context) (any, error) {
				return groupOf(s, a).ReadBlock(ctx, consumer(a), store.GroupReadOptions{Count: count(a)})
			})
		}, func(st streams, a args, said string) (streams, bool) {
			if st[a.key].group == nil {
				return st, said == store.ErrNoGroup.Error() || said == store.ErrNoStream.Error() && !st[a.key].there
			}
			v, list := st[a.key].deliver(consumer(a), count(a), false)
			if len(list) == 0 || said == canceled {
				return st, len(list) == 0 && said == canceled
			}
			return st.with(a.key, v), said == render(list, nil)
		}},
		{"XREADGROUP BLOCK of both", func(s *store.Store, a args) (any, error) {
			return patiently(a, func() bool { return fresh(s, a.key, a.dst) }, func(ctx context.Context) (any, error) {
				return s.XReadGroupBlock(ctx, "g", consumer(a), store.GroupReadOptions{Count: count(a)},
					store.StreamAt{Key: name(a.key), Pos: store.AtNew}, store.StreamAt{Key: name(a.dst), Pos: store.AtNew})
			})
		}, func(st streams, a args, said string) (streams, bool) {
			for _, v := range st {
				if v.group == nil {
					return st, said == store.ErrNoGroup.Error() || said == store.ErrNoStream.Error() && !v.there
				}
			}
			after, got := st.deliverBoth(a, a.key, a.dst)
			if len(got) == 0 || said == canceled {
				return st, len(got) == 0 && said == canceled
			}
			if said == render(got, nil) {
				return after, true
			}
			for _, g := range got { // who waits gets of one stream
				if key := int(g.Key[0] - 'a'); said == render([]store.StreamDeliveries{g}, nil) {
					return st.with(key, after[key]), true
				}
			}
			return st, false
		}},
		{"Update", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(*store.Tx) error { return nil }, nil)
		}, says(add)},
		{"Update of a copy", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(tx *store.Tx) error { _, err := tx.DBSize(); return err }, nil)
		}, says(add)},
		{"Update that fails", func(s *store.Store, a args) (any, error) {
			return update(s, a, func(*store.Tx) error { return nil }, errAbort)
		}, func(st streams, _ args, said string) (streams, bool) { return st, said == errAbort.Error() }},
		{"Serial", func(s *store.Store, a args) (any, error) { // who waits comes meanwhile
			var id store.StreamID
			err := s.Serial(context.Background(), []store.Key{{Name: name(a.key)}}, func(tx *store.Tx) (err error) {
				time.Sleep(time.Millisecond)
				id, err = tx.Stream(name(a.key)).AddWith(store.XAddOptions{}, fieldsOf(a)...)
				return err
			})
			return id, err
		}, onStream(func(v stream, a args) (stream, any) { return v.add(a, store.MinStreamID) })},
	}, 3)...)
	return m
}
