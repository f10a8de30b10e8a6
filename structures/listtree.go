package structures

import "slices"

// listTree is a sequence of pages that is counted by elements: a tree whose nodes
// know how many are below each child. It takes O(log n) to find an element and to
// exchange the page that has it. Nodes are written by the owner whose number they
// carry and copied by everybody else; pages never change while they are in a tree.
//
// It is a B+tree with one departure: a node is joined with a neighbour when both
// fit into three quarters of one, and may else have as little as one child, since
// queues work at the ends, where a stricter rule would only move children about.
type listTree struct {
	owner   uint64
	root    *listNode
	nodes   int
	held    int // bytes that the pages take
	pageLen int // bytes of a page
}

type listNode struct {
	owner  uint64
	n      int   // elements
	counts []int // of each child
	kids   []*listNode
	pages  []*listPage // the children of a leaf
}

const (
	listFan       = 32
	listSpare     = 8 // children that a node may have for a moment beyond listFan
	listNodeBytes = 112 + (listFan+listSpare)*16
)

func (t *listTree) len() int {
	if t.root == nil {
		return 0
	}
	return t.root.n
}

func (t *listTree) allocated() int { return t.held + t.nodes*listNodeBytes }

// find returns the page that has element i, and its place in there.
func (t *listTree) find(i int) (p *listPage, j int) {
	n := t.root
	for {
		at, rest := n.find(i)
		if n.kids == nil {
			return n.pages[at], rest
		}
		n, i = n.kids[at], rest
	}
}

// find returns the child that has element i, and its place in there. Behind the
// last element it is a child that is not there.
func (n *listNode) find(i int) (at, rest int) {
	for at < len(n.counts) && i >= n.counts[at] {
		i -= n.counts[at]
		at++
	}
	return at, i
}

// take removes the page that has element i and returns it.
func (t *listTree) take(i int) *listPage {
	p, _ := t.find(i)
	t.splice(i, true)
	return p
}

// rewrite puts what fill builds in the place of the page that has element i. need is
// how many bytes its elements need.
func (t *listTree) rewrite(i, need int, fill func(b *listBuilder, p *listPage, j int)) {
	var b listBuilder
	b.begin(t.owner, need, t.pageLen)
	p, j := t.find(i)
	fill(&b, p, j)
	t.splice(i, true, b.pages...)
}

// splice puts pages before the one that has element i, or behind the last one if i is
// the length; drop takes that one out.
func (t *listTree) splice(i int, drop bool, pages ...*listPage) {
	if t.root == nil {
		t.root = t.newNode(true)
	}
	root, right := t.spliceNode(t.root, i, drop, pages)
	if right != nil {
		left := root
		root = t.newNode(false)
		root.insert(0, left)
		root.insert(1, right)
	}
	for len(root.kids) == 1 {
		root = root.kids[0]
		t.nodes--
	}
	if t.root = root; root.n == 0 {
		t.root = nil
		t.nodes--
	}
}

// spliceNode is splice below n. It returns what n is now, and what it was split off.
func (t *listTree) spliceNode(n *listNode, i int, drop bool, pages []*listPage) (self, right *listNode) {
	n = t.own(n)
	at, rest := n.find(i)
	if n.kids == nil {
		t.spliceLeaf(n, at, drop, pages)
	} else {
		if at == len(n.kids) {
			at--
			rest += n.counts[at]
		}
		kid, more := t.spliceNode(n.kids[at], rest, drop, pages)
		n.kids[at], n.counts[at] = kid, kid.n
		if more != nil {
			n.insert(at+1, more)
		}
		if kid.n == 0 {
			n.remove(at)
			t.nodes--
		}
		t.joinNodes(n, at)
		t.joinNodes(n, at-1)
	}
	n.n = 0
	for _, c := range n.counts {
		n.n += c
	}
	if len(n.counts) > listFan {
		right = t.split(n, at)
	}
	return n, right
}

// spliceLeaf is splice in a leaf, at child at.
func (t *listTree) spliceLeaf(n *listNode, at int, drop bool, pages []*listPage) {
	if drop {
		t.held -= n.pages[at].allocated()
		n.remove(at)
	}
	for i, p := range pages {
		t.held += p.allocated()
		n.pages = slices.Insert(n.pages, at+i, p)
		n.counts = slices.Insert(n.counts, at+i, p.len())
	}
	t.joinPages(n, at+len(pages)-1)
	t.joinPages(n, at-1)
}

// joinPages makes one page of child at and the next if they are there and small.
func (t *listTree) joinPages(n *listNode, at int) {
	if at < 0 || at+1 >= len(n.pages) {
		return
	}
	a, b := n.pages[at], n.pages[at+1]
	need := a.need() + b.need()
	if need > t.pageLen*3/4 || len(a.refs)+len(b.refs) > listPageRefs {
		return
	}
	p := newListPage(t.owner, need, false)
	p.appendAll(a)
	p.appendAll(b)
	t.held += p.allocated() - a.allocated() - b.allocated()
	n.remove(at + 1)
	n.pages[at], n.counts[at] = p, p.len()
}

// joinNodes makes one node of child at and the next if they are there and small.
func (t *listTree) joinNodes(n *listNode, at int) {
	if at < 0 || at+1 >= len(n.kids) || len(n.kids[at].counts)+len(n.kids[at+1].counts) > listFan*3/4 {
		return
	}
	a, b := t.own(n.kids[at]), n.kids[at+1]
	a.counts = append(a.counts, b.counts...)
	a.kids = append(a.kids, b.kids...)
	a.pages = append(a.pages, b.pages...)
	a.n += b.n
	n.remove(at + 1)
	n.kids[at], n.counts[at] = a, a.n
	t.nodes--
}

// split takes children off the end of a node that has too many. at is where the last
// change was: a tree that grows at an end gets full nodes.
func (t *listTree) split(n *listNode, at int) *listNode {
	cut := len(n.counts) / 2
	switch {
	case at >= len(n.counts)-2:
		cut = listFan
	case at == 0:
		cut = len(n.counts) - listFan
	}
	right := t.newNode(n.kids == nil)
	right.counts = append(right.counts, n.counts[cut:]...)
	if n.kids == nil {
		right.pages = append(right.pages, n.pages[cut:]...)
		clear(n.pages[cut:])
		n.pages = n.pages[:cut]
	} else {
		right.kids = append(right.kids, n.kids[cut:]...)
		clear(n.kids[cut:])
		n.kids = n.kids[:cut]
	}
	n.counts = n.counts[:cut]
	for _, c := range right.counts {
		right.n += c
	}
	n.n -= right.n
	return right
}

func (t *listTree) newNode(leaf bool) *listNode {
	t.nodes++
	n := &listNode{owner: t.owner, counts: make([]int, 0, listFan+listSpare)}
	if leaf {
		n.pages = make([]*listPage, 0, listFan+listSpare)
	} else {
		n.kids = make([]*listNode, 0, listFan+listSpare)
	}
	return n
}

// own returns n for the owner of the tree to write: itself, or a copy.
func (t *listTree) own(n *listNode) *listNode {
	if n.owner == t.owner {
		return n
	}
	c := t.newNode(n.kids == nil)
	t.nodes-- // it takes the place of n
	c.n = n.n
	c.counts = append(c.counts, n.counts...)
	c.kids = append(c.kids, n.kids...)
	c.pages = append(c.pages, n.pages...)
	return c
}

// insert puts a child into an inner node.
func (n *listNode) insert(at int, kid *listNode) {
	n.kids = slices.Insert(n.kids, at, kid)
	n.counts = slices.Insert(n.counts, at, kid.n)
	n.n += kid.n
}

// remove takes a child out.
func (n *listNode) remove(at int) {
	n.counts = slices.Delete(n.counts, at, at+1)
	if n.kids == nil {
		n.pages = slices.Delete(n.pages, at, at+1)
	} else {
		n.kids = slices.Delete(n.kids, at, at+1)
	}
}
