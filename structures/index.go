package structures

import "sync/atomic"

// The index is extendible hashing (Fagin, Nievergelt, Pippenger, Strong, 1979)
// in a tree: a leaf is a small open-addressing page of words that covers one
// prefix of the hashes, a directory finds the leaf by the next bits of the hash.
// It departs from the paper in that a directory stops at dirMax entries and then
// gets children, so that no write ever doubles more than one small directory.
//
// A word is the tag, the first tagBits of the hash, and the address of a
// record; 0 is an empty place. Leaves split by their tags alone, so that
// growing reads no record, and an address that moves is one atomic store.
const (
	tagBits  = 28
	addrBits = 64 - tagBits
	addrMask = 1<<addrBits - 1
	tagMask  = ^uint64(addrMask)

	dirMaxBits = 8
	leafMin    = 8
	homeBits   = 9
	leafMax    = 1 << homeBits
)

// leafSizes are the sizes of a leaf in words: allocation classes of the
// runtime, at most a third to a half apart, but for the last: it is as empty at first
// as two leaves after a split.
var leafSizes = [...]int{8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, leafMax}

// node is a leaf or a directory. What says which, and its depth, never change
// once it is published.
type node struct {
	// What a reader without a lock needs comes first, in one line of the cache.
	//
	// directory: the words of each kid that is a leaf of leafMax words; a root that is
	// such a leaf: its own
	pages []atomic.Pointer[leafPage]
	bits  uint8 // directory: its entries are chosen by so many bits, never 0
	depth uint8 // how many bits of the tag everything below shares
	kids  []atomic.Pointer[node]

	owner  uint64
	used   int
	words  []atomic.Uint64
	stamps []atomic.Uint32 // beside the words, in tables that track access
	page   *leafPage       // what words is a slice of, if it has leafMax words
}

// leafPage is the words of a leaf of the usual size. A directory points to it, so
// that most lookups don't touch the leaf itself.
type leafPage [leafMax]atomic.Uint64

const nodeOverhead = 128

func (n *node) bytes() int {
	return nodeOverhead + 16*len(n.kids) + 8*len(n.words) + 4*len(n.stamps)
}

// setKid makes kid the entry i of a directory.
func (n *node) setKid(i int, kid *node) {
	n.kids[i].Store(kid)
	n.pages[i].Store(kid.page)
}

// kid returns the place in a directory for h.
func (n *node) kid(h uint64) int { return int(h << n.depth >> (64 - n.bits)) }

// leaf returns the leaf that covers h.
func (t *Table) leaf(h uint64) *node {
	n := t.root.Load()
	for n != nil && n.bits != 0 {
		n = n.kids[n.kid(h)].Load()
	}
	return n
}

// page returns the words of the leaf that covers h, nil if it is not a leaf of the
// usual size right below the root, or the root.
func (t *Table) page(h uint64) *leafPage {
	root := t.root.Load()
	if root == nil {
		return nil
	}
	at := h >> (64 - root.bits) // the root's depth is 0
	if at >= uint64(len(root.pages)) {
		return nil
	}
	return root.pages[at].Load()
}

// pageBelow returns the words of the leaf that covers h, nil if it is not a leaf of the
// usual size one directory below where page finds it: in a table of a million records.
func (t *Table) pageBelow(h uint64) *leafPage {
	n := t.root.Load()
	if n == nil || n.bits == 0 {
		return nil
	}
	if n = n.kids[n.kid(h)].Load(); n.bits == 0 {
		return nil
	}
	return n.pages[n.kid(h)].Load()
}

func (t *Table) newLeaf(depth uint8, size int) *node {
	n := &node{owner: t.owner, depth: depth}
	n.makeWords(size)
	if t.cfg.Track {
		n.stamps = make([]atomic.Uint32, size)
	}
	t.used += n.bytes()
	t.leaves[depth]++
	t.widest = max(t.widest, size)
	return n
}

func (n *node) makeWords(size int) {
	if size == leafMax {
		n.page = new(leafPage)
		n.words = n.page[:]
		if n.depth == 0 {
			n.pages = make([]atomic.Pointer[leafPage], 1)
			n.pages[0].Store(n.page)
		}
		return
	}
	n.words = make([]atomic.Uint64, size)
}

// dropLeaf takes a leaf that was replaced out of the counts.
func (t *Table) dropLeaf(n *node) {
	t.used -= n.bytes()
	t.leaves[n.depth]--
	if n.owner != t.owner {
		t.shared--
	}
}

// extent returns the depth of the deepest leaf and a size that no leaf exceeds.
func (t *Table) extent() (depth uint8, size int) {
	if n := t.root.Load(); n.bits == 0 {
		return 0, len(n.words)
	}
	for depth = tagBits; t.leaves[depth] == 0; depth-- {
	}
	return depth, t.widest
}

func (t *Table) newDir(depth, bits uint8) *node {
	n := &node{owner: t.owner, depth: depth, bits: bits}
	n.makeKids(1 << bits)
	t.used += n.bytes()
	return n
}

func (n *node) makeKids(size int) {
	n.kids = make([]atomic.Pointer[node], size)
	n.pages = make([]atomic.Pointer[leafPage], size)
}

// leafSize returns the smallest size of a leaf with n words. Only a leaf whose
// tags all agree is larger than leafMax.
func leafSize(n int) int {
	for _, size := range leafSizes {
		if size >= n {
			return size
		}
	}
	size := leafMax
	for size < n {
		size *= 2
	}
	return size
}

// slack returns the size in words that lets a leaf of used words grow a little
// before it has to be made anew.
func slack(used int) int { return leafSize(used*10/7 + 1) }

// ownLeaf returns the leaf of h for writing. The path to it is copied where
// it is shared with a clone.
func (t *Table) ownLeaf(h uint64) *node {
	if n := t.leaf(h); n == nil || n.owner == t.owner {
		return n
	}
	var parent *node
	n := t.root.Load()
	for {
		if n.owner != t.owner {
			n = t.copyNode(n)
			t.replace(parent, h, n)
		}
		if n.bits == 0 {
			return n
		}
		parent, n = n, n.kids[n.kid(h)].Load()
	}
}

func (t *Table) copyNode(n *node) *node {
	c := &node{owner: t.owner, depth: n.depth, bits: n.bits, used: n.used}
	if n.bits != 0 {
		c.makeKids(len(n.kids))
		for i := range n.kids {
			c.setKid(i, n.kids[i].Load())
		}
	} else {
		t.shared--
		c.makeWords(len(n.words))
		for i := range n.words {
			c.words[i].Store(n.words[i].Load())
		}
		if n.stamps != nil {
			c.stamps = make([]atomic.Uint32, len(n.stamps))
			for i := range n.stamps {
				c.stamps[i].Store(n.stamps[i].Load())
			}
		}
	}
	t.copied += c.bytes()
	t.shape++
	return c
}

// replace puts n where h leads, below parent or as the root: in every entry
// that shares with h the prefix that n covers.
func (t *Table) replace(parent *node, h uint64, n *node) {
	if parent == nil {
		t.root.Store(n)
		return
	}
	span := 1 << (parent.depth + parent.bits - n.depth)
	from := parent.kid(h) &^ (span - 1)
	for i := from; i < from+span; i++ {
		parent.setKid(i, n)
	}
}

// parents returns the directories above the leaf of h, from the root down.
func (t *Table) parents(h uint64, path []*node) []*node {
	for n := t.root.Load(); n.bits != 0; n = n.kids[n.kid(h)].Load() {
		path = append(path, n)
	}
	return path
}

func top(path []*node) *node {
	if len(path) == 0 {
		return nil
	}
	return path[len(path)-1]
}

// roomFor returns the leaf of h, owned and with room for one more word.
func (t *Table) roomFor(h uint64) *node {
	if t.root.Load() == nil {
		t.root.Store(t.newLeaf(0, leafMin))
	}
	for {
		n := t.ownLeaf(h)
		if !n.full() {
			return n
		}
		t.shape++
		var buf [4]*node
		path := t.parents(h, buf[:0])
		if len(n.words) < t.cfg.LeafMax || n.depth == tagBits {
			t.resize(top(path), h, n, leafSize(len(n.words)+1))
		} else {
			t.split(path, h, n)
		}
	}
}

// resize replaces leaf n by one of another size.
func (t *Table) resize(parent *node, h uint64, n *node, size int) {
	c := t.newLeaf(n.depth, size)
	c.take(n, 0, 0)
	t.dropLeaf(n)
	t.replace(parent, h, c)
}

// take puts the words of from into n whose tag is want under mask.
func (n *node) take(from *node, mask, want uint64) {
	for i := range from.words {
		if w := from.words[i].Load(); w != 0 && w&mask == want {
			n.put(w, from.stamp(i))
		}
	}
}

// split replaces leaf n, the last on path, by two that share one bit more.
// Until both are in place, readers find every word in one leaf or the other.
func (t *Table) split(path []*node, h uint64, n *node) {
	bit := uint64(1) << (63 - n.depth)
	a := t.newLeaf(n.depth+1, len(n.words))
	a.take(n, bit, 0)
	b := t.newLeaf(n.depth+1, len(n.words))
	b.take(n, bit, bit)
	t.dropLeaf(n)

	parent := top(path)
	switch {
	case parent == nil || parent.bits == dirMaxBits && parent.depth+dirMaxBits == n.depth:
		dir := t.newDir(n.depth, 1)
		dir.setKid(0, a)
		dir.setKid(1, b)
		t.replace(parent, h, dir)
		return
	case parent.depth+parent.bits == n.depth:
		wide := t.newDir(parent.depth, parent.bits+1)
		for i := range wide.kids {
			wide.setKid(i, parent.kids[i/2].Load())
		}
		t.used -= parent.bytes()
		t.replace(top(path[:len(path)-1]), h, wide)
		parent = wide
	}
	t.replace(parent, h&^bit, a)
	t.replace(parent, h|bit, b)
}

// shrink joins leaf n, which has just lost a word, with its neighbour, or makes
// it smaller, where little is left in it.
func (t *Table) shrink(h uint64, n *node) {
	if n.used*5 > len(n.words) || len(n.words) == leafMin && n.depth == 0 {
		return
	}
	var buf [4]*node
	path := t.parents(h, buf[:0])
	parent := top(path)
	if parent != nil {
		bit := uint64(1) << (64 - n.depth)
		twin := parent.kids[parent.kid(h^bit)].Load()
		if twin.bits == 0 && twin.depth == n.depth && n.used+twin.used <= t.cfg.LeafMax*3/8 {
			t.shape++
			c := t.newLeaf(n.depth-1, slack(n.used+twin.used))
			c.take(n, 0, 0)
			c.take(twin, 0, 0)
			t.dropLeaf(n)
			t.dropLeaf(twin)
			t.replace(parent, h, c)
			t.contract(path, h)
			return
		}
	}
	if size := slack(n.used); size < len(n.words) {
		t.shape++
		t.resize(parent, h, n, size)
	}
}

// contract halves the last directory of path while no leaf needs its last bit,
// and so on up the path.
func (t *Table) contract(path []*node, h uint64) {
	for len(path) > 0 {
		dir := top(path)
		path = path[:len(path)-1]
		for i := 0; i < len(dir.kids); i += 2 {
			if dir.kids[i].Load() != dir.kids[i+1].Load() {
				return
			}
		}
		t.used -= dir.bytes()
		if dir.bits == 1 {
			t.replace(top(path), h, dir.kids[0].Load())
			continue
		}
		half := t.newDir(dir.depth, dir.bits-1)
		for i := range half.kids {
			half.setKid(i, dir.kids[2*i].Load())
		}
		t.replace(top(path), h, half)
		path = append(path, half)
	}
}
