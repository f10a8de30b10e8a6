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
	index map[Key]int // of a set that is not small
}

// smallSet is up to how many keys are looked through instead of looked up.
const smallSet = 12

// Len returns the number of keys. The complexity is O(1).
func (s *Set[V]) Len() int { return len(s.list) }

// At returns the key at place i. The pointer is good until the next Add.
// The complexity is O(1).
func (s *Set[V]) At(i int) *Entry[V] { return &s.list[i] }

// Find returns the place of k, -1 if it is not in the set. The complexity is O(1).
func (s *Set[V]) Find(k *Key) int {
	if s.index != nil {
		if i, ok := s.index[*k]; ok {
			return i
		}
		return -1
	}
	for i := range s.list {
		if e := &s.list[i]; e.Hash == k.Hash && e.DB == k.DB && e.Name == k.Name {
			return i
		}
	}
	return -1
}

// Add appends an entry, whose key is not in the set, and returns its place.
// The complexity is O(1) amortised.
func (s *Set[V]) Add(e Entry[V]) int {
	s.list = append(s.list, e)
	switch n := len(s.list); {
	case s.index != nil:
		s.index[e.Key] = n - 1
	case n > smallSet:
		s.index = make(map[Key]int, 2*n)
		for i := range s.list {
			s.index[s.list[i].Key] = i
		}
	}
	return len(s.list) - 1
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
