package structures

import (
	"math"
	"strings"
)

// rankTree holds pairs of a score and a member in their order and knows the rank of
// each: a B+tree whose inner nodes count what is below each child. Scores are compared
// as numbers, so that -0 is 0, and members with equal scores as bytes.
//
// The items lie in the leaves, packed: the collector finds two pointers in one, and a
// member costs its bytes and eleven more at the usual fill. Nodes belong to an owner
// and are shared with clones until they are written. A full node is split on the way
// down, and one that is nearly empty joins a neighbour on the way up.
type rankTree struct {
	owner uint64
	root  *rankNode // nil while empty
	n     int
	bytes int // of the members
	held  int // allocated bytes
}

const (
	rankMin  = rankFan / 4     // a node of fewer items looks for a neighbour to join
	rankJoin = rankFan * 3 / 4 // what both may have together
)

// clone returns an independent copy. It counts as a write.
// The complexity is O(1).
func (t *rankTree) clone() rankTree {
	c := *t
	c.owner, t.owner = newOwner(), newOwner()
	return c
}

func (t *rankTree) newNode(inner bool) *rankNode {
	n := &rankNode{owner: t.owner}
	if inner {
		n.inner = new(rankInner)
	}
	t.held += n.allocated()
	return n
}

// own returns n, or a copy of it that may be written.
func (t *rankTree) own(n *rankNode) *rankNode {
	if n.owner == t.owner {
		return n
	}
	t.held -= n.allocated()
	c := new(rankNode)
	*c = *n
	c.owner = t.owner
	c.text = c.text[:len(c.text):len(c.text)] // whoever has n may append to it
	c.long = append([]string(nil), c.long...)
	if n.inner != nil {
		c.inner = new(rankInner)
		*c.inner = *n.inner
	}
	t.held += c.allocated()
	return c
}

// ownKid returns child i of n, which may be written, so that it may be written, too.
func (t *rankTree) ownKid(n *rankNode, i int) *rankNode {
	kid := t.own(n.inner.kids[i])
	n.inner.kids[i] = kid
	return kid
}

// insert adds an item that is not there. A member of rankLong bytes or more is kept.
// The complexity is O(log n).
func (t *rankTree) insert(score float64, member string) {
	if t.root == nil {
		t.root = t.newNode(false)
	}
	t.root = t.own(t.root)
	if t.root.n == rankFan {
		old := t.root
		t.root = t.newNode(true)
		t.root.insertKid(0, old, math.Inf(-1), "")
		t.split(t.root, 0, score, member)
	}
	n := t.root
	for n.inner != nil {
		i := n.kidOf(score, member)
		kid := t.ownKid(n, i)
		if kid.n == rankFan {
			t.split(n, i, score, member)
			i = n.kidOf(score, member)
			kid = n.inner.kids[i]
		}
		n.inner.counts[i]++
		n = kid
	}
	was := cap(n.text)
	n.put(n.search(score, member, false), score, member)
	t.held += cap(n.text) - was + longBytes(len(member))
	t.n++
	t.bytes += len(member)
}

// longBytes returns what a member takes that does not lie in a leaf, as far as nobody
// else has counted it.
func longBytes(n int) int {
	if n < rankLong || n > MaxInline {
		return 0
	}
	return n
}

// kidOf returns the child that has, or would have, an item.
func (n *rankNode) kidOf(score float64, member string) int {
	return max(0, n.search(score, member, true)-1)
}

// split splits child i of n, which is full and may be written, to make room for an
// item. Where that comes behind everything, as in a tree that grows in order, the
// child stays full.
func (t *rankTree) split(n *rankNode, i int, score float64, member string) {
	kid := n.inner.kids[i]
	right := t.newNode(kid.inner != nil)
	t.held -= kid.allocated() + right.allocated()
	switch {
	case kid.inner != nil:
		const half = rankFan / 2
		score, member = kid.scores[half], kid.inner.members[half]
		kid.copyKids(half, right)
		kid.dropKids(half)
		right.unbound()
	case i == int(n.n)-1 && kid.search(score, member, false) == rankFan:
		member = separator(kid.scores[rankFan-1], kid.member(rankFan-1), score, member)
	default:
		const half = rankFan / 2
		score = kid.scores[half]
		member = separator(kid.scores[half-1], kid.member(half-1), score, kid.member(half))
		kid.copyItems(half, right)
		kid.cut(half, rankFan-half)
		if kid.dead > 0 {
			kid.rewrite(0)
		}
	}
	t.held += kid.allocated() + right.allocated()
	n.inner.counts[i] = kid.count()
	n.insertKid(i+1, right, score, member)
}

// separator returns the shortest member that, with the score of the second of two
// neighbours, is above the first and not above the second.
func separator(score1 float64, member1 string, score2 float64, member2 string) string {
	if score1 != score2 {
		return ""
	}
	i := 0
	for i < len(member1) && member1[i] == member2[i] {
		i++
	}
	return strings.Clone(member2[:i+1])
}

// remove takes the items of ranks [from, to) away.
// The complexity is O(log n + to-from).
func (t *rankTree) remove(from, to int) {
	for from < to {
		t.root = t.own(t.root)
		to -= t.removeSome(t.root, from, to-from)
		for t.root.inner != nil && t.root.n == 1 {
			t.held -= t.root.allocated()
			t.root = t.root.inner.kids[0]
		}
		if t.root.n == 0 {
			t.root, t.held = nil, 0
		}
	}
}

// removeSome takes at least one and at most k items from a rank on away, all of one
// leaf below n, and returns how many.
func (t *rankTree) removeSome(n *rankNode, rank, k int) int {
	if n.inner == nil {
		k = min(k, int(n.n)-rank)
		was := cap(n.text)
		for j := rank; j < rank+k; j++ {
			t.held -= longBytes(len(n.member(j)))
		}
		t.bytes -= n.cut(rank, k)
		t.held += cap(n.text) - was
		t.n -= k
		return k
	}
	i := 0
	for rank >= n.inner.counts[i] {
		rank -= n.inner.counts[i]
		i++
	}
	kid := t.ownKid(n, i)
	k = t.removeSome(kid, rank, k)
	n.inner.counts[i] -= k
	t.mend(n, i)
	return k
}

// mend drops child i of n if it is empty and joins it with a neighbour if it is nearly
// so. Between neighbours that are more than half full it stays as it is.
func (t *rankTree) mend(n *rankNode, i int) {
	kid := n.inner.kids[i]
	switch {
	case kid.n == 0:
		t.held -= kid.allocated()
		n.removeKid(i)
	case kid.n >= rankMin:
	case i > 0 && n.inner.kids[i-1].n+kid.n <= rankJoin:
		t.join(n, i-1)
	case i+1 < int(n.n) && n.inner.kids[i+1].n+kid.n <= rankJoin:
		t.join(n, i)
	}
}

// join moves what child i+1 of n has to child i.
func (t *rankTree) join(n *rankNode, i int) {
	left, right := t.ownKid(n, i), n.inner.kids[i+1]
	t.held -= left.allocated() + right.allocated()
	if at := left.n; left.inner == nil {
		right.copyItems(0, left)
	} else {
		right.copyKids(0, left)
		left.scores[at], left.inner.members[at] = n.scores[i+1], n.inner.members[i+1]
	}
	t.held += left.allocated()
	n.inner.counts[i] += n.inner.counts[i+1]
	n.removeKid(i + 1)
}

// before returns how many items are below another, or, with after, not above it.
// The complexity is O(log n).
func (t *rankTree) before(score float64, member string, after bool) int {
	n, rank := t.root, 0
	if n == nil {
		return 0
	}
	for n.inner != nil {
		i := n.kidOf(score, member)
		rank += n.skipped(i)
		n = n.inner.kids[i]
	}
	return rank + n.search(score, member, after)
}

// rank returns the rank of an item that is there. The complexity is O(log n).
func (t *rankTree) rank(score float64, member string) int {
	n, rank := t.root, 0
	for n.inner != nil {
		i := n.kidOf(score, member)
		rank += n.skipped(i)
		n = n.inner.kids[i]
	}
	return rank + n.placeOf(score, member)
}

// skipped returns the number of items before child i.
func (n *rankNode) skipped(i int) (sum int) {
	for _, k := range n.inner.counts[:i] {
		sum += k
	}
	return sum
}

// ascend calls visit with the items of ranks [from, to) below n until it returns false,
// and says whether it never did.
func (n *rankNode) ascend(from, to int, visit func(member string, score float64) bool) bool {
	if n.inner == nil {
		for i := from; i < to; i++ {
			if !visit(n.member(i), n.scores[i]) {
				return false
			}
		}
		return true
	}
	for i := 0; to > 0; i++ {
		count := n.inner.counts[i]
		if from < count && !n.inner.kids[i].ascend(max(from, 0), min(to, count), visit) {
			return false
		}
		from -= count
		to -= count
	}
	return true
}

// descend is ascend from the other end.
func (n *rankNode) descend(from, to int, visit func(member string, score float64) bool) bool {
	if n.inner == nil {
		for i := to - 1; i >= from; i-- {
			if !visit(n.member(i), n.scores[i]) {
				return false
			}
		}
		return true
	}
	first := n.count()
	for i := int(n.n) - 1; i >= 0 && from < first; i-- {
		count := n.inner.counts[i]
		if first -= count; to > first && !n.inner.kids[i].descend(max(from-first, 0), min(to-first, count), visit) {
			return false
		}
	}
	return true
}
