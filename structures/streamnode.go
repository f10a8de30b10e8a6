package structures

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// What follows counts what a Redis stream would take, see listpack.c and rax.c: where
// its nodes end decides what XTRIM removes, and XINFO STREAM tells their number.

// listpackEmpty is the length of a listpack without elements.
const listpackEmpty = 6 + 1

// listpackInt returns the bytes of an integer in a listpack.
func listpackInt(v int64) int {
	switch {
	case v >= 0 && v <= 127:
		return 2
	case v >= -1<<12 && v < 1<<12:
		return 3
	case v >= -1<<15 && v < 1<<15:
		return 4
	case v >= -1<<23 && v < 1<<23:
		return 5
	case v >= -1<<31 && v < 1<<31:
		return 6
	}
	return 10
}

// listpackString returns the bytes of a string in a listpack, which keeps as an integer
// what looks like one.
func listpackString(s string) int {
	if v, ok := listpackNumber(s); ok {
		return listpackInt(v)
	}
	n := len(s)
	switch {
	case n < 64:
		n++
	case n < 4096:
		n += 2
	default:
		n += 5
	}
	switch { // the length for the way back
	case n <= 127:
		return n + 1
	case n < 1<<14-1:
		return n + 2
	case n < 1<<21-1:
		return n + 3
	case n < 1<<28-1:
		return n + 4
	}
	return n + 5
}

// listpackNumber returns the number that s is in the only form in which Redis prints it.
func listpackNumber(s string) (v int64, ok bool) {
	if s == "" || len(s) > 20 || s[0] > '9' || s[0] < '0' && s[0] != '-' {
		return 0, false
	}
	if s[0] == '0' {
		return 0, len(s) == 1
	}
	if s[0] == '-' && (len(s) == 1 || s[1] == '0') {
		return 0, false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

// Nodes returns how many nodes the stream has, and how many nodes the radix tree has
// that Redis would keep them in. The complexity is O(n), n the first of them.
func (s *Stream) Nodes() (keys, radix int) {
	var c radixCounter
	s.eachPage(func(p *streamPage) bool {
		c.add(p.base)
		return true
	})
	return c.keys, c.done()
}

// eachPage calls visit with the pages in their order until it returns false.
func (s *Stream) eachPage(visit func(p *streamPage) bool) {
	more := true
	if s.tree != nil {
		s.tree.Ascend(func(r streamRef) bool {
			more = visit(r.page)
			return more
		})
	}
	if more && s.tail != nil {
		visit(s.tail)
	}
}

const radixKeyLen = 16

// radixCounter counts the nodes of a radix tree whose keys are added in their order:
// a leaf for each key, a node wherever keys part, and one for the bytes between two of
// these, or between one and the root, if there are any. A byte on which keys part is in
// the node above.
type radixCounter struct {
	keys  int
	nodes int
	prev  [radixKeyLen]byte
	open  [radixKeyLen]int // where the path to prev parts, from the root down
	depth int
}

func (c *radixCounter) add(id StreamID) {
	var key [radixKeyLen]byte
	binary.BigEndian.PutUint64(key[:], id.Ms)
	binary.BigEndian.PutUint64(key[8:], id.Seq)
	if c.keys > 0 {
		common := 0
		for key[common] == c.prev[common] {
			common++
		}
		c.fork(common)
	}
	c.keys++
	c.prev = key
}

// fork adds the path from the last key up to where the next one parts from it.
func (c *radixCounter) fork(common int) {
	below := radixKeyLen
	for c.depth > 0 && c.open[c.depth-1] > common {
		c.depth--
		c.nodes += 1 + between(c.open[c.depth], below)
		below = c.open[c.depth]
	}
	c.nodes += 1 + between(common, below)
	if c.depth == 0 || c.open[c.depth-1] < common {
		c.open[c.depth] = common
		c.depth++
	}
}

// between returns the nodes for the bytes between a node at one depth and one below.
func between(parent, child int) int { return min(1, child-parent-1) }

// done returns the number of nodes in all.
func (c *radixCounter) done() int {
	if c.keys == 0 {
		return 1
	}
	below := radixKeyLen
	for ; c.depth > 0; c.depth-- {
		c.nodes += 1 + between(c.open[c.depth-1], below)
		below = c.open[c.depth-1]
	}
	return c.nodes + 1 + min(1, below)
}

// uvarint64Len is uvarintLen of any number.
func uvarint64Len(n uint64) int { return (bits.Len64(n|1) + 6) / 7 }

// StreamNode is a page of a stream as a node of a Redis stream: also with the entries that
// were deleted since it was begun. It is good until the next write.
type StreamNode struct{ page *streamPage }

// EachNode calls visit with the nodes in their order until it returns false. visit must not
// write. The complexity is O(n).
func (s *Stream) EachNode(visit func(n StreamNode) bool) {
	s.eachPage(func(p *streamPage) bool { return visit(StreamNode{p}) })
}

// ID returns the ID of the first entry, also if it was deleted.
func (n StreamNode) ID() StreamID { return n.page.base }

// Len returns the number of entries, with those that were deleted.
func (n StreamNode) Len() int { return int(n.page.n) }

// Fields returns the fields that entries share.
func (n StreamNode) Fields() []string {
	p := n.page
	list, rest := make([]string, p.fields), piece(p.buf[uvarintLen(int(p.fields)):p.head])
	for i := range list {
		list[i], rest = nextItem(rest)
	}
	return list
}

// Entry returns entry i and whether it was deleted.
func (n StreamNode) Entry(i int) (e StreamEntry, deleted bool) {
	return n.page.entry(i), n.page.isDead(i)
}

// EndNode makes the next entry begin a node, as one of a stream that comes from elsewhere
// may end before it is full.
func (s *Stream) EndNode() {
	if s.tail != nil {
		s.tail = s.ownPage(s.tail)
		s.tail.cut = streamNodeEntries
	}
}
