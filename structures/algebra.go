package structures

import (
	"slices"
	"sync/atomic"
)

// The algebra of sets. Members go through it in batches, those of a table as words of
// its index: in two tables with one hash a member has the same tag, so that no member
// of one is hashed to be found in the other, and only one whose tag the other has, too,
// is read from the log. A table is in the order of its tags, so the leaves that a batch
// is looked up in are few.

// A batch is some members of a set.
type batch struct {
	from  *Table
	words []uint64 // in the index of from
	items []string // or, of a packed set, themselves
}

func (b *batch) len() int { return len(b.words) + len(b.items) }

// batches calls visit with batch after batch until all members were in one, or visit
// returns false. visit may change the batch.
func (s *Set) batches(visit func(b *batch) bool) {
	if s.table == nil {
		var b batch
		for rest := s.packed(); rest != ""; {
			var item string
			item, rest = nextItem(rest)
			b.items = append(b.items, item)
		}
		visit(&b)
		return
	}
	var buf [leafMax]uint64
	b := batch{from: s.table}
	for tag := uint64(0); tag <= MaxCursor; {
		n := s.table.leaf(tag << addrBits)
		if n == nil {
			return
		}
		for words := n.words; len(words) > 0; {
			some := words[:min(len(words), leafMax)]
			words = words[len(some):]
			used := 0
			for i := range some {
				buf[used&(leafMax-1)] = some[i].Load()
				if buf[used&(leafMax-1)] != 0 {
					used++
				}
			}
			b.words = buf[:used]
			if !visit(&b) {
				return
			}
		}
		tag = n.after(tag)
	}
}

// keep drops the members that s has, or those that it has not.
func (b *batch) keep(s *Set, having bool) {
	b.items = slices.DeleteFunc(b.items, func(item string) bool { return s.IsMember(item) != having })
	if len(b.words) == 0 {
		return
	}
	if s.table == nil {
		b.words = slices.DeleteFunc(b.words, func(w uint64) bool { return s.IsMember(b.from.keyAt(w)) != having })
		return
	}
	b.words = s.table.sift(b.from, b.words, having)
}

// sift returns the words of from whose keys t has, or those of the others. It needs the
// place of words.
func (t *Table) sift(from *Table, words []uint64, having bool) []uint64 {
	kept := 0
	for _, w := range words {
		if t.twin(w, from) == having {
			words[kept] = w
			kept++
		}
	}
	return words[:kept]
}

// twin says whether t has the key that the word w of another table points to.
func (t *Table) twin(w uint64, from *Table) bool {
	p := t.page(w)
	if p == nil {
		return t.has(w, from.keyAt(w))
	}
	tag := w & tagMask
	for at, left := int(uint8(w>>addrBits)&^(bucketLen-1)), leafMax/bucketLen; left > 0; left-- {
		b := (*[bucketLen]atomic.Uint64)(p[at:])
		last := b[7].Load()
		addr := min(
			min(min(b[0].Load()^tag, b[1].Load()^tag), min(b[2].Load()^tag, b[3].Load()^tag)),
			min(min(b[4].Load()^tag, b[5].Load()^tag), min(b[6].Load()^tag, last^tag)))
		if addr <= addrMask {
			key := from.keyAt(w)
			return t.keyAt(addr) == key || t.has(w, key)
		}
		if last == 0 {
			return false
		}
		at = (at + bucketLen) & (leafMax - 1)
	}
	return false
}

// has says whether the table has a key with hash h.
func (t *Table) has(h uint64, key string) bool {
	n := t.leaf(h)
	if n == nil {
		return false
	}
	tag := h >> addrBits
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == tag && t.keyAt(w) == key {
			return true
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return false
}

// keyAt returns the key of the record at the address in w.
func (t *Table) keyAt(w uint64) string {
	b := t.locate(w)
	if at := int(t.fixed); b[0]&^kindMask == 0 && b[1]|b[2] < 0x80 {
		return piece(b[at : at+int(b[1])])
	}
	rec := t.wordRecord(w)
	return rec.Key()
}

// wordsAtFirst bounds how long a list of words is made before it is needed.
const wordsAtFirst = 1 << 14

// pick returns the members that sift leaves of the batches, behind those that it gets.
// What is taken from a table is listed as words at first, which have no pointers, so
// that the list of strings is made once and as long as it will be.
func (s *Set) pick(members []string, sift func(b *batch)) []string {
	var words []uint64
	if s.table != nil {
		words = make([]uint64, 0, min(s.table.Len(), wordsAtFirst))
	}
	s.batches(func(b *batch) bool {
		sift(b)
		members = append(members, b.items...)
		words = append(words, b.words...)
		return true
	})
	members = slices.Grow(members, len(words))
	for _, w := range words {
		members = append(members, s.table.keyAt(w))
	}
	return members
}

// InterSets returns the members that all the sets have. The complexity is O(n*k), n
// the number of members in the smallest of the k sets.
func InterSets(sets []*Set) []string {
	first, rest := bySize(sets)
	return first.pick(nil, func(b *batch) { b.keepAll(rest, true) })
}

// InterCard returns how many members InterSets would return, at most limit. The
// complexity is that of InterSets.
func InterCard(sets []*Set, limit int) (n int) {
	first, rest := bySize(sets)
	first.batches(func(b *batch) bool {
		b.keepAll(rest, true)
		n += b.len()
		return n < limit
	})
	return min(n, limit)
}

// keepAll is keep for several sets.
func (b *batch) keepAll(sets []*Set, having bool) {
	for _, s := range sets {
		b.keep(s, having)
	}
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
			members = s.pick(members, func(b *batch) { b.keepAll(sets[:i], false) })
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
		return first.pick(nil, func(b *batch) { b.keepAll(rest, false) })
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
