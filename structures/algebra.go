package structures

import (
	"slices"
	"sync/atomic"
)

// The algebra of sets. Members go through it in batches, those of a table as words of
// its index: in two tables with one hash a member has the same tag, so that no member
// of one is hashed to be found in the other, and only one whose tag the other has,
// too, is read from the log. A table is in the order of its tags, so the leaves that a
// batch is looked up in are few.

// batchMax is how many members a batch has at most.
const batchMax = 256

// A batch is some members of a set, and how to come to the next ones. It lies on the
// stack, where writing it needs no barriers.
type batch struct {
	n     int
	from  *Table // nil: of a packed set
	words [batchMax]uint64
	texts [batchMax]string // once they are read
	read  bool

	own, theirs view // of from, and of the table asked last

	tag   uint64          // of the next leaf
	depth uint8           // of this one
	left  []atomic.Uint64 // of this one
	rest  string          // of a packed set
}

// begin makes next begin with the first members of s.
func (b *batch) begin(s *Set) {
	b.from, b.tag, b.left = s.table, 0, nil
	if s.table == nil {
		b.rest = s.packed()
	}
}

// next fetches some members and says whether there are any. The batch may be changed
// before the next ones are fetched.
func (b *batch) next() bool {
	b.n, b.read = 0, b.from == nil
	if b.from == nil {
		for ; b.n < batchMax && b.rest != ""; b.n++ {
			b.texts[b.n], b.rest = nextItem(b.rest)
		}
		return b.n > 0
	}
	for b.n == 0 {
		if len(b.left) == 0 && !b.nextLeaf() {
			return false
		}
		some := b.left[:min(len(b.left), batchMax)]
		b.left = b.left[len(some):]
		for i := range some {
			w := some[i].Load()
			b.words[b.n&(batchMax-1)] = w
			b.n += one(w)
		}
	}
	return true
}

func (b *batch) nextLeaf() bool {
	n := b.from.leaf(b.tag << addrBits)
	if n == nil || b.tag > MaxCursor {
		return false
	}
	b.left, b.tag, b.depth = n.words, n.after(b.tag), n.depth
	return true
}

// one returns 0 for 0 and 1 for all else, without a branch.
func one(w uint64) int { return int((w | -w) >> 63) }

// text returns member i.
func (b *batch) text(i int) string {
	if b.read {
		return b.texts[i]
	}
	return b.from.keyAt(b.words[i])
}

// list returns the members.
func (b *batch) list() []string {
	if !b.read {
		b.own.of(b.from)
		for i, w := range b.words[:b.n] {
			b.texts[i] = b.own.keyAt(w)
		}
		b.read = true
	}
	return b.texts[:b.n]
}

// keep drops the members that one of the sets has not or, if not having, has.
func (b *batch) keep(sets []*Set, having bool) {
	for _, s := range sets {
		if b.n > 0 && b.from != nil && s.table != nil {
			b.sift(s.table, having)
			continue
		}
		kept := 0
		for i := range b.n {
			if s.IsMember(b.text(i)) == having {
				b.move(i, kept)
				kept++
			}
		}
		b.n = kept
	}
}

// move copies member i to a place before it.
func (b *batch) move(i, to int) {
	b.words[to] = b.words[i]
	if b.read {
		b.texts[to] = b.texts[i]
	}
}

// sift is keep of words for a table. It looks for tags first and compares keys then,
// with few branches between that can't be predicted: a processor that waits for the
// memory of one key has the next ones on their way.
func (b *batch) sift(t *Table, having bool) {
	if having {
		b.siftIn(t)
		return
	}
	var twins [batchMax]uint64
	for i, w := range b.words[:b.n] {
		twins[i] = t.sameTag(w)
	}
	n := 0
	for i, twin := range twins[:b.n] {
		if twin == 0 || !t.isAt(twin, b.text(i)) {
			b.move(i, n)
			n++
		}
	}
	b.n = n
}

// siftIn keeps the members that the table has. They are read then.
func (b *batch) siftIn(t *Table) {
	var twins [batchMax]uint64
	n := b.pair(t, &twins)
	b.n = 0
	if n == 0 {
		return
	}
	b.own.of(b.from)
	b.theirs.of(t)
	for i, twin := range twins[:n] {
		key := b.texts[i]
		if !b.read {
			key = b.own.keyAt(b.words[i])
		}
		if b.theirs.keyAt(twin) == key || t.isAt(twin, key) {
			b.words[b.n], b.texts[b.n] = b.words[i], key
			b.n++
		}
	}
	b.read = true
}

// pair drops the members whose tag no word of the table has. It returns how many are
// left and the words that have their tags.
func (b *batch) pair(t *Table, twins *[batchMax]uint64) (n int) {
	var page *leafPage
	if leaf := t.leaf(b.words[0]); leaf != nil && leaf.depth <= b.depth {
		page = leaf.page // it covers all the words
	}
	for i, w := range b.words[:b.n] {
		tag, addr, absent := w&tagMask, uint64(0), false
		if page != nil {
			addr, absent = first(page.bucket(w), tag)
		}
		if addr == 0 && (!absent || tag == 0) {
			addr = t.sameTag(w) & addrMask
		}
		twins[n&(batchMax-1)] = tag | addr
		b.move(i, n)
		n += one(addr)
	}
	return n
}

// isAt says whether the table has a key whose tag is that of w, a word of the table. It
// is nearly always w's own; where it is not, another word may have the tag, too.
func (t *Table) isAt(w uint64, key string) bool {
	return t.keyAt(w) == key || t.search(w, func(w uint64) bool { return t.keyAt(w) == key }) != 0
}

// sameTag returns a word of t that has the tag of h, 0 if there is none.
func (t *Table) sameTag(h uint64) uint64 {
	p, tag := t.page(h), h&tagMask
	if p == nil || tag == 0 {
		return t.search(h, func(uint64) bool { return true })
	}
	for i := range uint64(leafMax / bucketLen) {
		addr, absent := first(p.bucket(h+i*bucketLen<<addrBits), tag)
		if addr != 0 {
			return tag | addr
		}
		if absent {
			break
		}
	}
	return 0
}

// has says whether the table has a key with hash h.
func (t *Table) has(h uint64, key string) bool {
	w := t.sameTag(h)
	return w != 0 && t.isAt(w, key)
}

// search returns the first word with the tag of h that is right, 0 if there is none.
func (t *Table) search(h uint64, right func(w uint64) bool) uint64 {
	n := t.leaf(h)
	if n == nil {
		return 0
	}
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == h>>addrBits && right(w) {
			return w
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return 0
}

// keyAt returns the key of the record at the address in w.
func (t *Table) keyAt(w uint64) string {
	ref := t.chunks.At(int(w & addrMask >> offsetBits))
	chunk, at := ref.bytes(), int(w&offsetMask)
	if head := chunk[at:]; len(head) >= shortHead && head[0]&^kindMask == 0 && head[1]|head[2] < 0x80 {
		at = int(t.fixed)
		return piece(head[at : at+int(head[1])])
	}
	rec := t.wordRecord(w)
	return rec.Key()
}

// A view is where the first chunks of a table are, for who reads many keys: finding
// them takes as long as reading a key.
type view struct {
	t      *Table
	chunks [viewChunks][]byte
}

const viewChunks = 64

// of makes it the view of t, which is not written meanwhile.
func (v *view) of(t *Table) {
	if v.t == t {
		return
	}
	v.t = t
	for i := range min(t.chunks.Len(), viewChunks) {
		v.chunks[i] = t.chunks.At(i).bytes()
	}
}

// keyAt returns the key of the record at the address in w.
func (v *view) keyAt(w uint64) string {
	if id, at := w&addrMask>>offsetBits, int(w&offsetMask); id < viewChunks {
		if head := v.chunks[id][at:]; len(head) >= shortHead && head[0]&^kindMask == 0 && head[1]|head[2] < 0x80 {
			at = int(v.t.fixed)
			return piece(head[at : at+int(head[1])])
		}
	}
	return v.t.keyAt(w)
}

// pick returns the members that sets have, or have not, behind those that it gets. How
// many they will be follows from how many there were so far.
func (s *Set) pick(members []string, sets []*Set, having bool) []string {
	var b batch
	before, seen, all := len(members), 0, s.Len()
	for b.begin(s); b.next(); {
		seen += b.n
		b.keep(sets, having)
		if n := len(members) + b.n; n > cap(members) {
			share := float64(n-before) / float64(seen)
			members = slices.Grow(members, b.n+int(share*float64(all-seen)*1.1))
		}
		members = append(members, b.list()...)
	}
	return members
}

// InterSets returns the members that all the sets have. The complexity is O(n*k), n
// the number of members in the smallest of the k sets.
func InterSets(sets []*Set) []string {
	first, rest := bySize(sets)
	return first.pick(nil, rest, true)
}

// bySize returns the smallest of the sets, and the others in the order of their sizes.
func bySize(sets []*Set) (smallest *Set, rest []*Set) {
	if len(sets) == 0 {
		return new(Set), nil
	}
	sets = slices.Clone(sets)
	slices.SortFunc(sets, func(a, b *Set) int { return a.Len() - b.Len() })
	return sets[0], sets[1:]
}

// fewSets is up to how many sets are asked for each member. Of more, a map is made
// where that is less work.
const fewSets = 4

// UnionSets returns the members that one of the sets has, each once. The complexity is
// O(n), n the number of members in all the sets.
func UnionSets(sets []*Set) (members []string) {
	if len(sets) <= fewSets {
		for i, s := range sets {
			members = s.pick(members, sets[:i], false)
		}
		return members
	}
	seen := map[string]struct{}{}
	for _, s := range sets {
		s.All(func(member string) bool {
			if n := len(seen); add(seen, member) > n {
				members = append(members, member)
			}
			return true
		})
	}
	return members
}

// DiffSets returns the members of the first set that no other one has. The complexity
// is O(n), n the number of members in all the sets.
func DiffSets(sets []*Set) (members []string) {
	if len(sets) == 0 {
		return nil
	}
	first, rest := sets[0], sets[1:]
	others := 0
	for _, s := range rest {
		others += s.Len()
	}
	if len(rest) <= fewSets || int64(first.Len())*int64(len(rest)) <= int64(others)*fewSets {
		return first.pick(nil, rest, false)
	}
	gone := map[string]struct{}{}
	for _, s := range rest {
		s.All(func(member string) bool { return add(gone, member) > 0 })
	}
	first.All(func(member string) bool {
		if _, is := gone[member]; !is {
			members = append(members, member)
		}
		return true
	})
	return members
}

// add adds a member to a built-in set and returns how many it has then.
func add(set map[string]struct{}, member string) int {
	set[member] = struct{}{}
	return len(set)
}
