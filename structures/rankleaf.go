package structures

import (
	"math"
	"slices"
)

const (
	// rankFan is how many items a leaf, or children an inner node, has at most. With
	// it a node is 1 KiB, an allocation class of the runtime.
	rankFan = 86

	rankNodeBytes  = 1024
	rankInnerBytes = 3072

	// rankLong is the size of an item whose member lies apart, because it is as long
	// or longer.
	rankLong = 255
)

// rankNode is a node of a RankTree. In a leaf, scores has the items' scores, at and
// size say where in text their members are, and in a text nothing is ever overwritten:
// what was read from it stays valid. In an inner node, scores has the scores of the
// children's low bounds.
type rankNode struct {
	owner  uint64
	n      int32      // items or children
	dead   int32      // bytes of text that no item uses
	inner  *rankInner // nil in a leaf
	text   []byte
	long   []string // members of rankLong bytes and more; "" is a free place
	scores [rankFan]float64
	at     [rankFan]uint16 // in text, or in long
	size   [rankFan]uint8
}

// rankInner is what an inner node has more. Everything below child i is at or above
// its low bound, the pair of scores[i] and members[i], and everything before it is
// below. That of the first child is below everything.
type rankInner struct {
	kids    [rankFan]*rankNode
	counts  [rankFan]int // items below
	members [rankFan]string
}

// member returns the member of an item of a leaf.
func (n *rankNode) member(i int) string {
	at := int(n.at[i])
	if n.size[i] == rankLong {
		return n.long[at]
	}
	return piece(n.text[at : at+int(n.size[i])])
}

// search returns how many of the items are below an item, or, with after, not above
// it. Of the children it is how many have their low bounds there.
func (n *rankNode) search(score float64, member string, after bool) int {
	lo, hi := n.searchScore(score), int(n.n)
	if member == "" && !after {
		return lo
	}
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if n.scores[m] == score && n.memberBefore(m, member, after) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// searchScore returns how many of the scores are below one. It looks at one in each line
// of the cache, then at those of a line: a binary search would wait for one line after
// the other, where the processor can fetch all these together.
func (n *rankNode) searchScore(score float64) int {
	const line = 8
	scores := n.scores[:n.n]
	i := line
	for i < len(scores) && scores[i] < score {
		i += line
	}
	for i -= line; i < len(scores) && scores[i] < score; i++ {
	}
	return i
}

// memberBefore says whether the member of item or bound i is below another, or with
// after not above it.
func (n *rankNode) memberBefore(i int, member string, after bool) bool {
	own := ""
	if n.inner != nil {
		own = n.inner.members[i]
	} else {
		own = n.member(i)
	}
	return own < member || after && own == member
}

// placeOf returns the place in a leaf of an item that is in it. Where no other has its
// score, the members need not be looked at.
func (n *rankNode) placeOf(score float64, member string) int {
	i := n.searchScore(score)
	if i+1 < int(n.n) && n.scores[i+1] == score {
		return n.search(score, member, false)
	}
	return i
}

// put makes item i of a leaf, which is not full.
func (n *rankNode) put(i int, score float64, member string) {
	if len(member) < rankLong && len(n.text)+len(member) > cap(n.text) {
		n.rewrite(len(member))
	}
	end := int(n.n)
	copy(n.scores[i+1:end+1], n.scores[i:end])
	copy(n.at[i+1:end+1], n.at[i:end])
	copy(n.size[i+1:end+1], n.size[i:end])
	n.n++
	n.scores[i] = score
	if len(member) < rankLong {
		n.at[i], n.size[i] = uint16(len(n.text)), uint8(len(member))
		n.text = append(n.text, member...)
		return
	}
	place := slices.Index(n.long, "")
	if place < 0 {
		place = len(n.long)
		n.long = append(n.long, "")
	}
	n.long[place] = member
	n.at[i], n.size[i] = uint16(place), rankLong
}

// rewrite copies the members to a text that has room for more bytes.
func (n *rankNode) rewrite(more int) {
	live := len(n.text) - int(n.dead)
	text := slices.Grow([]byte(nil), live+more+live/4)
	for i := range int(n.n) {
		if n.size[i] != rankLong {
			member := n.member(i)
			n.at[i] = uint16(len(text))
			text = append(text, member...)
		}
	}
	n.text, n.dead = text, 0
}

// cut removes k items of a leaf from i on and returns the bytes of their members.
func (n *rankNode) cut(i, k int) (size int) {
	for j := i; j < i+k; j++ {
		if n.size[j] == rankLong {
			size += len(n.long[n.at[j]])
			n.long[n.at[j]] = ""
			continue
		}
		size += int(n.size[j])
		n.dead += int32(n.size[j])
	}
	copy(n.scores[i:n.n], n.scores[i+k:n.n])
	copy(n.at[i:n.n], n.at[i+k:n.n])
	copy(n.size[i:n.n], n.size[i+k:n.n])
	n.n -= int32(k)
	if int(n.dead)*2 > len(n.text) {
		n.rewrite(0)
	}
	return size
}

// copyItems appends the items of a leaf from i on to another.
func (n *rankNode) copyItems(i int, to *rankNode) {
	need := 0
	for _, size := range n.size[i:n.n] {
		if size != rankLong {
			need += int(size)
		}
	}
	if len(to.text)+need > cap(to.text) {
		to.rewrite(need)
	}
	for j := i; j < int(n.n); j++ {
		to.put(int(to.n), n.scores[j], n.member(j))
	}
}

// copyKids appends the children from i on to another inner node.
func (n *rankNode) copyKids(i int, to *rankNode) {
	at, end := int(to.n), int(n.n)
	copy(to.scores[at:], n.scores[i:end])
	copy(to.inner.kids[at:], n.inner.kids[i:end])
	copy(to.inner.counts[at:], n.inner.counts[i:end])
	copy(to.inner.members[at:], n.inner.members[i:end])
	to.n += int32(end - i)
}

// dropKids takes the children from i on away.
func (n *rankNode) dropKids(i int) {
	clear(n.inner.kids[i:n.n])
	clear(n.inner.members[i:n.n])
	n.n = int32(i)
}

// insertKid makes kid child i of an inner node, which is not full.
func (n *rankNode) insertKid(i int, kid *rankNode, score float64, member string) {
	in, end := n.inner, int(n.n)
	copy(n.scores[i+1:end+1], n.scores[i:end])
	copy(in.kids[i+1:end+1], in.kids[i:end])
	copy(in.counts[i+1:end+1], in.counts[i:end])
	copy(in.members[i+1:end+1], in.members[i:end])
	n.scores[i], in.kids[i], in.counts[i], in.members[i] = score, kid, kid.count(), member
	n.n++
}

// removeKid takes child i away.
func (n *rankNode) removeKid(i int) {
	in, end := n.inner, int(n.n)
	copy(n.scores[i:end], n.scores[i+1:end])
	copy(in.kids[i:end], in.kids[i+1:end])
	copy(in.counts[i:end], in.counts[i+1:end])
	copy(in.members[i:end], in.members[i+1:end])
	in.kids[end-1], in.members[end-1] = nil, ""
	if n.n--; i == 0 {
		n.unbound()
	}
}

// unbound gives the first child the bound that it shall have.
func (n *rankNode) unbound() { n.scores[0], n.inner.members[0] = math.Inf(-1), "" }

// count returns the number of items in and below a node.
func (n *rankNode) count() int {
	if n.inner == nil {
		return int(n.n)
	}
	sum := 0
	for _, k := range n.inner.counts[:n.n] {
		sum += k
	}
	return sum
}

// allocated returns the bytes that a node takes, without its children.
func (n *rankNode) allocated() int {
	size := rankNodeBytes + cap(n.text)
	if n.inner != nil {
		size += rankInnerBytes
	}
	return size
}
