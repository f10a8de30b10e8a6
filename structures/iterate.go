package structures

import "slices"

// Iteration goes by tags, in which the tree is ordered: a cursor is a bound in
// the space of tags, so whatever splits, joins or moves between two calls, each
// tag is visited once.

// MaxCursor is the largest cursor that Scan returns.
const MaxCursor = 1<<tagBits - 1

// Scan calls visit with the records from cursor on, in the order of their
// tags, at least count of them unless the end comes first: records that share a
// tag are visited together. It returns the cursor to go on from, 0 at the end.
//
// A record that is there from the first call to the last is visited exactly
// once, whatever is written between the calls; visit must not write.
// The complexity is O(count).
func (t *Table) Scan(cursor uint32, count int, visit func(Record)) uint32 {
	var buf [leafMax]uint64
	at := uint64(cursor)
	for at <= MaxCursor {
		n := t.leaf(at << addrBits)
		if n == nil {
			return 0
		}
		words := buf[:0]
		for i := range n.words {
			if w := n.words[i].Load(); w != 0 && w>>addrBits >= at {
				words = append(words, w)
			}
		}
		slices.Sort(words)
		for i, w := range words {
			if count <= 0 && (i == 0 || words[i-1]>>addrBits != w>>addrBits) {
				return uint32(w >> addrBits)
			}
			visit(t.wordRecord(w))
			count--
		}
		at = n.after(at)
		if count <= 0 && at <= MaxCursor {
			return uint32(at)
		}
	}
	return 0
}

// after returns the first tag behind the range that leaf n, which covers tag,
// covers.
func (n *node) after(tag uint64) uint64 {
	span := uint64(1) << (tagBits - n.depth)
	return tag&^(span-1) + span
}

// All calls visit with every record until it returns false. visit must not
// write. The complexity is O(n).
func (t *Table) All(visit func(Record) bool) {
	t.words(func(w uint64) bool { return visit(t.wordRecord(w)) })
}

// words calls visit with every word of the index until it returns false, and says
// whether it came to the end.
func (t *Table) words(visit func(w uint64) bool) bool {
	for tag := uint64(0); tag <= MaxCursor; {
		n := t.leaf(tag << addrBits)
		if n == nil {
			return true
		}
		for i := range n.words {
			if w := n.words[i].Load(); w != 0 && !visit(w) {
				return false
			}
		}
		tag = n.after(tag)
	}
	return true
}

// Random returns a record, each with the same probability. random(n) returns a
// uniform number below n. The complexity is O(1) expected.
//
// A leaf is found by a uniform tag and accepted with a probability that makes
// up for its share of the tags, then a place in it is drawn; what is empty is
// drawn again. Where hashes are so uneven that this would take long, the record
// is counted off instead.
func (t *Table) Random(random func(n uint64) uint64) (rec Record, ok bool) {
	if t.n == 0 {
		return rec, false
	}
	depth, size := t.extent()
	for range 256 {
		n := t.leaf(random(1<<tagBits) << addrBits)
		if random(1<<(depth-n.depth)) != 0 {
			continue
		}
		if i := random(uint64(size)); i < uint64(len(n.words)) {
			if w := n.words[i].Load(); w != 0 {
				return t.wordRecord(w), true
			}
		}
	}
	skip := random(uint64(t.n))
	t.All(func(r Record) bool {
		rec = r
		skip--
		return skip != ^uint64(0)
	})
	return rec, true
}
