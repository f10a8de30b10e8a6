package store

import (
	"github.com/alcovedb/alcove/store/rdb"
	"github.com/alcovedb/alcove/structures"
)

// What a payload of a stream has: its nodes with what was deleted in them, and its groups.

// neutralStream returns a stream as a payload has it.
func neutralStream(v *structures.Stream) (*rdb.Stream, error) {
	s := &rdb.Stream{
		LastID: rdb.StreamID(v.LastID()), FirstID: rdb.StreamID(v.FirstID()),
		MaxDeletedID: rdb.StreamID(v.MaxDeletedID()), EntriesAdded: v.EntriesAdded(),
	}
	v.EachNode(func(n structures.StreamNode) bool {
		node := rdb.StreamNode{ID: rdb.StreamID(n.ID()), Fields: n.Fields()}
		node.Entries = make([]rdb.StreamEntry, n.Len())
		for i := range node.Entries {
			e, deleted := n.Entry(i)
			node.Entries[i] = rdb.StreamEntry{ID: rdb.StreamID(e.ID), Pairs: e.AppendTo(nil), Deleted: deleted}
		}
		s.Nodes = append(s.Nodes, node)
		return true
	})
	orphans := false
	v.EachGroup(func(g *structures.StreamGroup) bool {
		group, ok := neutralGroup(g)
		s.Groups = append(s.Groups, group)
		orphans = orphans || !ok
		return true
	})
	if orphans {
		return nil, ErrNotDumpable
	}
	return s, nil
}

// neutralGroup reports false if something is pending to nobody.
func neutralGroup(g *structures.StreamGroup) (group rdb.StreamGroup, ok bool) {
	group = rdb.StreamGroup{Name: g.Name(), LastID: rdb.StreamID(g.LastID()), EntriesRead: g.EntriesRead()}
	places := make(map[string]int, g.Consumers())
	g.EachConsumer(func(c *structures.StreamConsumer) bool {
		places[c.Name()] = len(group.Consumers)
		group.Consumers = append(group.Consumers, rdb.StreamConsumer{Name: c.Name(), Seen: c.SeenTime(), Active: c.ActiveTime()})
		return true
	})
	ok = true
	g.RangePending(structures.StreamID{}, structures.MaxStreamID, func(p structures.StreamPending) bool {
		if ok = p.Consumer != nil; !ok {
			return false
		}
		group.Pending = append(group.Pending, rdb.StreamPending{
			ID: rdb.StreamID(p.ID), Time: p.Time, Count: uint64(p.Count), Consumer: places[p.Consumer.Name()],
		})
		return true
	})
	return group, ok
}

// streamOf returns the stream that a payload has.
func streamOf(s *rdb.Stream) *structures.Stream {
	v := structures.NewStream()
	var deleted []structures.StreamID
	for i := range s.Nodes {
		v.EndNode()
		for j := range s.Nodes[i].Entries {
			e := &s.Nodes[i].Entries[j]
			v.Add(structures.StreamID(e.ID), e.Pairs)
			if e.Deleted {
				deleted = append(deleted, structures.StreamID(e.ID))
			}
		}
	}
	for _, id := range deleted {
		v.Delete(id)
	}
	v.SetLastID(structures.StreamID(s.LastID))
	v.SetMaxDeletedID(structures.StreamID(s.MaxDeletedID))
	v.SetEntriesAdded(s.EntriesAdded)
	for i := range s.Groups {
		addGroup(v, &s.Groups[i], s.Estimate)
	}
	return v
}

// addGroup adds a group. With estimate, how much it has read is what its position tells.
func addGroup(v *structures.Stream, group *rdb.StreamGroup, estimate bool) {
	read := group.EntriesRead
	if estimate {
		read = v.Distance(structures.StreamID(group.LastID))
	}
	g := v.CreateGroup(group.Name, structures.StreamID(group.LastID), read)
	consumers := make([]*structures.StreamConsumer, len(group.Consumers))
	for i, c := range group.Consumers {
		consumers[i] = g.CreateConsumer(c.Name, c.Seen)
		g.Active(consumers[i], c.Active)
	}
	for _, p := range group.Pending {
		g.Put(structures.StreamPending{
			ID: structures.StreamID(p.ID), Time: p.Time, Count: int64(p.Count), Consumer: consumers[p.Consumer],
		})
	}
}
