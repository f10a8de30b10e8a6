package structures

import (
	"fmt"
	"slices"
)

// Set is a set of strings. While it is small it is packed, its items in the order in
// which they came; then it is a [Table] with the members as keys and nothing as
// values, and stays one.
//
// What a method returns stays valid for ever. Reading from a packed set that was
// changed copies it first, so read before you change. Sets that are used together must
// have the same configuration.
type Set struct {
	cfg     *TableConfig
	blob    string // the packed form, unless it was changed
	next    []byte // the packed form after a change
	changed bool
	table   *Table // the big form, nil while the set is packed
}

const setBytes = 72 // of a Set itself

// NewSet returns an empty set.
func NewSet(cfg *TableConfig) *Set { return &Set{cfg: cfg} }

// Of returns the set in a record for reading: its object, or s as a view of its blob.
// The zero Record has an empty one. It allocates nothing.
func (s *Set) Of(rec *Record) *Set {
	o, blob := rec.packed()
	if big, ok := o.(*Set); ok {
		return big
	}
	s.Unpack(blob)
	return s
}

// Unpack makes s the set in a blob. The complexity is O(1).
func (s *Set) Unpack(blob string) { s.blob, s.changed, s.table = blob, false, nil }

// Blob returns the set as a blob that is good until the next change, and false if it
// is not packed. The complexity is O(1).
func (s *Set) Blob() (blob []byte, packed bool) {
	if s.table != nil {
		return nil, false
	}
	s.own()
	return s.next, true
}

// own moves the packed form to where it can be changed.
func (s *Set) own() {
	if !s.changed {
		s.next, s.changed = append(s.next[:0], s.blob...), true
	}
}

// packed returns the packed form for reading.
func (s *Set) packed() string {
	if s.changed {
		return string(s.next)
	}
	return s.blob
}

// Len returns the number of members. The complexity is O(1).
func (s *Set) Len() int {
	switch {
	case s.table != nil:
		return s.table.Len()
	case s.changed:
		return countItems(s.next)
	}
	return countItems(s.blob)
}

// Size returns the logical size in bytes. The complexity is O(1).
func (s *Set) Size() int {
	switch {
	case s.table != nil:
		return s.table.Size()
	case s.changed:
		return len(s.next)
	}
	return len(s.blob)
}

// Allocated returns the bytes that the set holds. The complexity is O(1).
func (s *Set) Allocated() int {
	if s.table != nil {
		return setBytes + s.table.Used()
	}
	return setBytes + cap(s.next)
}

// Clone returns an independent copy, a *Set. It counts as a write. The complexity is
// O(1).
func (s *Set) Clone() Object {
	c := &Set{cfg: s.cfg}
	if s.table != nil {
		c.table = s.table.Clone()
	} else {
		c.blob = s.packed()
	}
	return c
}

// IsMember says whether member is in the set. The complexity is O(1).
func (s *Set) IsMember(member string) bool {
	if s.table != nil {
		return s.table.has(s.cfg.Hash(member), member)
	}
	from, _, _ := s.find(member)
	return from >= 0
}

// Add adds member and says whether it is new. The complexity is O(1) amortised.
func (s *Set) Add(member string) bool {
	if s.table == nil {
		from, _, n := s.find(member)
		if from >= 0 {
			return false
		}
		s.own()
		if n < s.cfg.PackedItems && len(member) <= packedItemMax && len(s.next)+1+len(member) <= packedMax {
			s.next = appendItem(s.next, member)
			return true
		}
		s.grow()
	}
	return s.put(member)
}

// put is Add to the big form.
func (s *Set) put(member string) bool {
	r := s.table.Find(s.cfg.Hash(member), member)
	if r.Found {
		return false
	}
	s.table.Put(&r, member, Entry{})
	return true
}

// grow makes the big form of a set that is packed.
func (s *Set) grow() {
	items := s.packed()
	s.Unpack("")
	s.next = nil
	s.table = newTable(s.cfg)
	for items != "" {
		var member string
		member, items = nextItem(items)
		s.put(member)
	}
}

// Rem removes member and says whether it was there. The complexity is O(1) amortised.
func (s *Set) Rem(member string) bool {
	if s.table != nil {
		r := s.table.Find(s.cfg.Hash(member), member)
		if !r.Found {
			return false
		}
		s.table.Delete(&r, member)
		return true
	}
	from, to, _ := s.find(member)
	if from < 0 {
		return false
	}
	s.own()
	s.next = slices.Delete(s.next, from, to)
	return true
}

// find returns where the item of a member lies in the packed form, from -1 if it is
// none, and how many items there are before it.
func (s *Set) find(member string) (from, to, before int) {
	if s.changed {
		return findItem(s.next, member)
	}
	return findItem(s.blob, member)
}

func findItem[T string | []byte](blob T, want string) (from, to, before int) {
	for rest := blob; len(rest) > 0; before++ {
		from = len(blob) - len(rest)
		var item T
		item, rest = nextItem(rest)
		if string(item) == want {
			return from, len(blob) - len(rest), before
		}
	}
	return -1, -1, before
}

func countItems[T string | []byte](blob T) (n int) {
	for len(blob) > 0 {
		_, blob = nextItem(blob)
		n++
	}
	return n
}

// All calls visit with every member until it returns false. visit must not write. The
// complexity is O(n).
func (s *Set) All(visit func(member string) bool) {
	if s.table != nil {
		s.table.words(func(w uint64) bool { return visit(s.table.keyAt(w)) })
		return
	}
	for rest := s.packed(); rest != ""; {
		var member string
		if member, rest = nextItem(rest); !visit(member) {
			return
		}
	}
}

// Members returns all members. The complexity is O(n).
func (s *Set) Members() []string {
	members := make([]string, 0, s.Len())
	s.All(func(member string) bool {
		members = append(members, member)
		return true
	})
	return members
}

// Scan calls visit with about count members from cursor on and returns the cursor to
// go on from, 0 at the end; those of a packed set come all at once. A member that is
// there from the first call to the last is visited at least once, whatever is written
// between the calls, and exactly once if the set is not emptied meanwhile. visit must
// not write. The complexity is O(count).
func (s *Set) Scan(cursor uint32, count int, visit func(member string)) (next uint32) {
	if s.table != nil {
		return s.table.Scan(cursor, count, func(r Record) { visit(r.Key()) })
	}
	s.All(func(member string) bool {
		visit(member)
		return true
	})
	return 0
}

// Random returns a member, each with the same probability; ok is false if there is
// none. random(n) returns a uniform number below n. The complexity is O(1) expected.
func (s *Set) Random(random func(n uint64) uint64) (member string, ok bool) {
	if s.table != nil {
		rec, ok := s.table.Random(random)
		if !ok {
			return "", false
		}
		return rec.Key(), true
	}
	n := s.Len()
	if n == 0 {
		return "", false
	}
	rest := s.packed()
	for skip := random(uint64(n)); ; skip-- {
		member, rest = nextItem(rest)
		if skip == 0 {
			return member, true
		}
	}
}

// sampleShare is the share of a set above which a sample of it is drawn from a list of
// all: Redis's SRANDMEMBER_SUB_STRATEGY_MUL.
const sampleShare = 3

// Sample returns count different members, each such choice with the same probability,
// or all if there are no more. random(n) returns a uniform number below n. The
// complexity is O(count) expected.
func (s *Set) Sample(count int, random func(n uint64) uint64) []string {
	n := s.Len()
	if count <= 0 || n == 0 {
		return nil
	}
	if s.table == nil || count > n/sampleShare {
		members := s.Members()
		if count >= n {
			return members
		}
		for i := range count {
			j := i + int(random(uint64(n-i)))
			members[i], members[j] = members[j], members[i]
		}
		return members[:count]
	}
	members := make([]string, 0, count)
	drawn := make(map[string]struct{}, count)
	for len(members) < count {
		member, _ := s.Random(random)
		if _, again := drawn[member]; !again {
			drawn[member] = struct{}{}
			members = append(members, member)
		}
	}
	return members
}

// Check returns the first thing in the set that contradicts another. It is for tests.
func (s *Set) Check() error {
	if s.table != nil {
		return s.table.Check()
	}
	seen := map[string]bool{}
	for rest := s.packed(); rest != ""; {
		var item string
		item, rest = nextItem(rest)
		if seen[item] || len(item) > packedItemMax {
			return fmt.Errorf("structures: item %.80q is too long, or twice there", item)
		}
		seen[item] = true
	}
	if n := len(seen); n > s.cfg.PackedItems || s.Size() > packedMax {
		return fmt.Errorf("structures: %d items in %d bytes are packed", n, s.Size())
	}
	return nil
}
