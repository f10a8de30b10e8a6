package txn

// Key names a key of a store: its database, its hash, the shard that follows from the
// hash, and its name.
type Key struct {
	Shard int
	Hash  uint64
	DB    int
	Name  string
}

// Entry is a key that a transaction has seen, with the version that it had, 0 where there
// was none, and whatever the transaction knows of it.
type Entry[V any] struct {
	Key
	Version uint64
	Value   V
}

// Set is the keys that a transaction has seen, in the order in which it has. The zero Set
// is empty.
type Set[V any] struct {
	list  []Entry[V]
	index map[id]int // of a set that is not small
}

type id struct {
	hash uint64
	db   int
	name string
}

// smallSet is up to how many keys are looked through instead of looked up.
const smallSet = 12

// Len returns the number of keys. The complexity is O(1).
func (s *Set[V]) Len() int { return len(s.list) }

// At returns the key at place i. The pointer is good until the next Add.
// The complexity is O(1).
func (s *Set[V]) At(i int) *Entry[V] { return &s.list[i] }

// Find returns the place of a key, -1 if it is not in the set. The complexity is O(1).
func (s *Set[V]) Find(hash uint64, db int, name string) int {
	if s.index != nil {
		if i, ok := s.index[id{hash, db, name}]; ok {
			return i
		}
		return -1
	}
	for i := range s.list {
		if e := &s.list[i]; e.Hash == hash && e.DB == db && e.Name == name {
			return i
		}
	}
	return -1
}

// Add appends a key that is not in the set, and returns its entry.
// The complexity is O(1) amortised.
func (s *Set[V]) Add(shard int, hash uint64, db int, name string) *Entry[V] {
	var zero Entry[V]
	s.list = append(s.list, zero)
	n := len(s.list)
	e := &s.list[n-1]
	e.Shard, e.Hash, e.DB, e.Name = shard, hash, db, name
	switch {
	case s.index != nil:
		s.index[id{hash, db, name}] = n - 1
	case n > smallSet:
		s.index = make(map[id]int, 2*n)
		for i := range s.list {
			e := &s.list[i]
			s.index[id{e.Hash, e.DB, e.Name}] = i
		}
	}
	return e
}

// Drop removes the key that was added last. The complexity is O(1).
func (s *Set[V]) Drop() {
	last := len(s.list) - 1
	e := &s.list[last]
	delete(s.index, id{e.Hash, e.DB, e.Name})
	var zero Entry[V]
	s.list, s.list[last] = s.list[:last], zero
}

// Reset makes the set empty and forgets what was in it. The complexity is O(n).
func (s *Set[V]) Reset() {
	const keep = 64 // entries whose memory the next transaction has again
	s.index = nil
	if cap(s.list) > keep {
		s.list = nil
		return
	}
	clear(s.list)
	s.list = s.list[:0]
}
