package rdb

import (
	"encoding/binary"
	"slices"
)

// Stream is a stream. It has the nodes that it has in Redis, since what a trim that need not be
// exact removes is whole nodes.
type Stream struct {
	Nodes        []StreamNode
	LastID       StreamID // the highest that an entry was given
	FirstID      StreamID // of the first entry, zero if there is none
	MaxDeletedID StreamID
	EntriesAdded uint64
	Groups       []StreamGroup
	// Estimate says that the payload is older than Redis 7: how many entries its groups
	// have read is not in it.
	Estimate bool
}

// StreamID is the ID of an entry.
type StreamID struct{ Ms, Seq uint64 }

func (id StreamID) less(other StreamID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// StreamNode is a listpack of entries. Those whose fields are these have them from here.
type StreamNode struct {
	ID      StreamID // of the first one, also if it was deleted
	Fields  []string
	Entries []StreamEntry
}

// StreamEntry is an entry, or what is left of one.
type StreamEntry struct {
	ID      StreamID
	Pairs   []string // fields and values in turn
	Deleted bool
}

// StreamGroup is a consumer group.
type StreamGroup struct {
	Name        string
	LastID      StreamID
	EntriesRead int64
	Pending     []StreamPending // by ID
	Consumers   []StreamConsumer
}

// StreamPending is an entry that is pending.
type StreamPending struct {
	ID       StreamID
	Time     int64 // of the last delivery, in milliseconds since 1970
	Count    uint64
	Consumer int // its place among the consumers
}

// StreamConsumer is a consumer of a group. Its times are in milliseconds since 1970.
type StreamConsumer struct {
	Name         string
	Seen, Active int64
}

// The flags of an entry.
const (
	entryDeleted    = 1
	entrySameFields = 2
)

func (s *Stream) encode(e *encoder) {
	e.typ(typeStream2)
	e.len(uint64(len(s.Nodes)))
	live := uint64(0)
	for i := range s.Nodes {
		node := &s.Nodes[i]
		live += node.live()
		e.blob(appendID(nil, node.ID))
		node.pack(&e.pack)
		e.blob(e.pack.bytes())
	}
	e.len(live)
	for _, id := range []StreamID{s.LastID, s.FirstID, s.MaxDeletedID} {
		e.id(id)
	}
	e.len(s.EntriesAdded)
	e.len(uint64(len(s.Groups)))
	for i := range s.Groups {
		s.Groups[i].encode(e)
	}
}

// id appends an ID as two numbers.
func (e *encoder) id(id StreamID) {
	e.len(id.Ms)
	e.len(id.Seq)
}

// appendID appends an ID as it is a key of Redis's radix trees.
func appendID(b []byte, id StreamID) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, id.Ms), id.Seq)
}

func (n *StreamNode) live() (live uint64) {
	for i := range n.Entries {
		if !n.Entries[i].Deleted {
			live++
		}
	}
	return live
}

// pack makes the listpack of a node: how many entries there are, how many were deleted, the
// fields and a zero; and of each entry the flags, its ID less the node's, the fields if they
// are others, the values and how many elements that is.
func (n *StreamNode) pack(l *listpack) {
	l.reset()
	live := n.live()
	l.addInt(int64(live))
	l.addInt(int64(len(n.Entries)) - int64(live))
	l.addInt(int64(len(n.Fields)))
	for _, f := range n.Fields {
		l.add(f)
	}
	l.addInt(0)
	for i := range n.Entries {
		n.packEntry(l, &n.Entries[i])
	}
}

func (n *StreamNode) packEntry(l *listpack, e *StreamEntry) {
	flags, step, size := int64(0), 1, int64(len(e.Pairs))+4
	if n.sameFields(e) {
		flags, step, size = entrySameFields, 2, int64(len(n.Fields))+3
	}
	if e.Deleted {
		flags |= entryDeleted
	}
	l.addInt(flags)
	l.addInt(int64(e.ID.Ms - n.ID.Ms))
	l.addInt(int64(e.ID.Seq - n.ID.Seq))
	if step == 1 {
		l.addInt(int64(len(e.Pairs) / 2))
	}
	for i := step - 1; i < len(e.Pairs); i += step {
		l.add(e.Pairs[i])
	}
	l.addInt(size)
}

func (n *StreamNode) sameFields(e *StreamEntry) bool {
	if len(e.Pairs) != 2*len(n.Fields) {
		return false
	}
	for i, f := range n.Fields {
		if e.Pairs[2*i] != f {
			return false
		}
	}
	return true
}

func (g *StreamGroup) encode(e *encoder) {
	e.text(g.Name)
	e.id(g.LastID)
	e.len(uint64(g.EntriesRead))
	e.len(uint64(len(g.Pending)))
	own := make([][]byte, len(g.Consumers)) // the IDs of each
	for i := range g.Pending {
		p := &g.Pending[i]
		e.b = appendID(e.b, p.ID)
		e.millis(p.Time)
		e.len(p.Count)
		own[p.Consumer] = appendID(own[p.Consumer], p.ID)
	}
	e.len(uint64(len(g.Consumers)))
	for i := range g.Consumers {
		c := &g.Consumers[i]
		e.text(c.Name)
		e.millis(c.Seen)
		e.len(uint64(len(own[i])) / idLen)
		e.b = append(e.b, own[i]...)
	}
}

const idLen = 16

func (d *decoder) stream(t int) *Stream {
	s := new(Stream)
	live := uint64(0)
	d.each(d.len(), func() {
		node := d.node()
		s.Nodes = append(s.Nodes, node)
		live += node.live()
	})
	n := d.len()
	s.LastID = d.id()
	if t == typeStream {
		s.EntriesAdded, s.Estimate = n, true
		s.FirstID = s.first()
	} else {
		s.FirstID, s.MaxDeletedID, s.EntriesAdded = d.id(), d.id(), d.len()
	}
	if n != live || !s.ordered() {
		d.fail()
	}
	names := unique{}
	d.each(d.len(), func() {
		g := d.group(t)
		if !names.add(g.Name) {
			d.fail()
		}
		s.Groups = append(s.Groups, g)
	})
	return s
}

// first returns the ID of the first entry that was not deleted.
func (s *Stream) first() StreamID {
	for i := range s.Nodes {
		for j := range s.Nodes[i].Entries {
			if e := &s.Nodes[i].Entries[j]; !e.Deleted {
				return e.ID
			}
		}
	}
	return StreamID{}
}

// ordered says whether the IDs ascend, from above 0-0 to the last one. Those of deleted entries
// need not, since XSETID may have set a lower one; such entries are taken out.
func (s *Stream) ordered() bool {
	var last, live StreamID
	misplaced := false
	for i := range s.Nodes {
		for j := range s.Nodes[i].Entries {
			e := &s.Nodes[i].Entries[j]
			misplaced = misplaced || !last.less(e.ID)
			last = e.ID
			if e.Deleted {
				continue
			}
			if !live.less(e.ID) {
				return false
			}
			live = e.ID
		}
	}
	if misplaced || s.LastID.less(last) {
		s.dropMisplaced()
	}
	return !s.LastID.less(live)
}

// dropMisplaced takes out the deleted entries whose IDs are not between those around them.
func (s *Stream) dropMisplaced() {
	next, end := s.LastID, true // what comes must be below next, or at the end not above it
	for i := range slices.Backward(s.Nodes) {
		n := &s.Nodes[i]
		slices.Reverse(n.Entries)
		n.Entries = slices.DeleteFunc(n.Entries, func(e StreamEntry) bool {
			if e.Deleted && !e.ID.less(next) && (!end || e.ID != next) {
				return true
			}
			next, end = e.ID, false
			return false
		})
		slices.Reverse(n.Entries)
	}
	last := StreamID{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Entries = slices.DeleteFunc(n.Entries, func(e StreamEntry) bool {
			if e.Deleted && !last.less(e.ID) {
				return true
			}
			last = e.ID
			return false
		})
	}
}

func (d *decoder) id() StreamID { return StreamID{d.len(), d.len()} }

// rawID reads an ID as appendID writes it.
func (d *decoder) rawID() StreamID { return idOf(d.fixed(idLen)) }

func idOf(b []byte) StreamID {
	return StreamID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// node reads a node with its ID.
func (d *decoder) node() (n StreamNode) {
	id := d.blob(idLen)
	p, ok := readListpack(d.blob(listpackOK))
	if !ok || len(id) != idLen {
		d.fail()
		return n
	}
	n.ID = idOf(id)
	live, deleted, fields := p.int(), p.int(), p.int()
	n.Fields = p.texts(fields)
	if p.int() != 0 || live < 0 || deleted < 0 || live+deleted < 0 {
		p.bad = true
	}
	for i := live + deleted; i > 0 && !p.bad; i-- {
		n.Entries = append(n.Entries, p.entry(&n))
	}
	if p.bad || p.n > 0 {
		d.fail()
	}
	return n
}

const maxFields = 1 << 32 // more than there can be

// entry returns the next entry of a node.
func (p *elements) entry(n *StreamNode) (e StreamEntry) {
	flags := p.int()
	e.Deleted = flags&entryDeleted != 0
	e.ID = StreamID{n.ID.Ms + uint64(p.int()), n.ID.Seq + uint64(p.int())}
	if flags&entrySameFields == 0 {
		fields := p.int()
		e.Pairs = p.texts(min(fields, maxFields) * 2) // fields and values in turn
		p.bad = p.bad || fields < 1 || p.int() != 2*fields+4
		return e
	}
	values := p.texts(int64(len(n.Fields)))
	if p.int() != int64(len(n.Fields))+3 || len(values) < len(n.Fields) || len(values) == 0 {
		p.bad = true
		return e
	}
	e.Pairs = make([]string, 0, 2*len(values))
	for i, f := range n.Fields {
		e.Pairs = append(e.Pairs, f, values[i])
	}
	return e
}

// group reads a consumer group. Each pending entry is that of one consumer.
func (d *decoder) group(t int) (g StreamGroup) {
	g.Name, g.LastID = d.text(), d.id()
	if t != typeStream {
		g.EntriesRead = int64(d.len())
	}
	const nobody = -1
	d.each(d.len(), func() {
		p := StreamPending{ID: d.rawID(), Time: d.millis(), Count: d.len(), Consumer: nobody}
		if n := len(g.Pending); n > 0 && !g.Pending[n-1].ID.less(p.ID) {
			d.fail()
		}
		g.Pending = append(g.Pending, p)
	})
	names, owned := unique{}, 0
	d.each(d.len(), func() {
		c := StreamConsumer{Name: d.text(), Seen: d.millis()}
		if c.Active = c.Seen; t == typeStream3 {
			c.Active = d.millis()
		}
		if !names.add(c.Name) {
			d.fail()
		}
		d.each(d.len(), func() {
			i, found := slices.BinarySearchFunc(g.Pending, d.rawID(), func(p StreamPending, id StreamID) int {
				switch {
				case p.ID.less(id):
					return -1
				case id.less(p.ID):
					return 1
				}
				return 0
			})
			if !found || g.Pending[i].Consumer != nobody {
				d.fail()
				return
			}
			g.Pending[i].Consumer = len(g.Consumers)
			owned++
		})
		g.Consumers = append(g.Consumers, c)
	})
	if owned != len(g.Pending) {
		d.fail()
	}
	return g
}
