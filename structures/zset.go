package structures

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// ZSet is a sorted set: members, each with a score, in the order of the scores and,
// where these are equal, of the members as bytes. Ranks count from 0, the lowest.
// A score is any float64 but NaN; -0 and 0 are equal, and kept as they are.
//
// While it is small it is packed: the number of members in a byte, then an item for
// each, in order, which is the length of the score in a byte, the score (packedScore)
// and the member. A large one is a table from member to score beside a tree in the
// order of ranks. It never becomes packed again.
type ZSet struct {
	cfg  *TableConfig
	blob string // packed: what the last change made, or Unpack got

	buf  [2][]byte // a change reads the blob in one and writes the next in the other
	last int       // the one with the blob
	own  bool      // the blob is in buf

	members *Table // nil while packed
	tree    rankTree
	value   [8]byte // a score on its way into the table
}

// zsetOverhead is what a large sorted set allocates beside its table and tree.
const zsetOverhead = 192

// NewZSet returns an empty sorted set.
func NewZSet(cfg *TableConfig) *ZSet { return &ZSet{cfg: cfg} }

// Of returns the sorted set in a record: its object, or z as the record's blob says. The
// zero Record has an empty one. It is for reading.
func (z *ZSet) Of(rec *Record) *ZSet {
	o, blob := rec.packed()
	if o != nil {
		return o.(*ZSet)
	}
	z.Unpack(blob)
	return z
}

// Unpack makes z what the blob says; "" is empty. The complexity is O(1).
func (z *ZSet) Unpack(blob string) {
	if z.blob, z.own = blob, false; z.members != nil {
		z.members, z.tree = nil, rankTree{}
	}
}

// Blob returns z as a blob that is good until the next change, and false if it is too
// large for one. The complexity is O(1).
func (z *ZSet) Blob() (blob []byte, packed bool) {
	switch {
	case z.members != nil:
		return nil, false
	case z.own:
		return z.buf[z.last], true
	}
	return []byte(z.blob), true
}

// Len returns the number of members. The complexity is O(1).
func (z *ZSet) Len() int {
	switch {
	case z.members != nil:
		return z.tree.n
	case z.blob == "":
		return 0
	}
	return int(z.blob[0])
}

// Size returns the logical size in bytes: the records of the table, and a score, a
// member and where that is for each item of the tree. The complexity is O(1).
func (z *ZSet) Size() int {
	if z.members == nil {
		return len(z.blob)
	}
	return z.members.Size() + z.tree.bytes + 11*z.tree.n
}

// Allocated returns the bytes that are held, also where a clone shares them.
// The complexity is O(1).
func (z *ZSet) Allocated() int {
	if z.members == nil {
		return len(z.blob)
	}
	return zsetOverhead + z.members.Used() + z.tree.held
}

// Clone returns an independent copy, a *ZSet. It counts as a write.
// The complexity is O(1).
func (z *ZSet) Clone() Object {
	if z.members == nil {
		return &ZSet{cfg: z.cfg, blob: strings.Clone(z.blob)}
	}
	return &ZSet{cfg: z.cfg, members: z.members.Clone(), tree: z.tree.clone()}
}

// Score returns the score of a member. The complexity is O(1).
func (z *ZSet) Score(member string) (score float64, ok bool) {
	if z.members == nil {
		_, _, score, ok = z.find(member)
		return score, ok
	}
	ref := z.members.Find(z.cfg.Hash(member), member)
	if !ref.Found {
		return 0, false
	}
	return scoreOf(&ref.Record), true
}

func scoreOf(rec *Record) float64 { return math.Float64frombits(le64(rec.Value())) }

// Set gives a member a score and says whether it is new. A member of more than
// MaxInline bytes is kept. The complexity is O(log n).
func (z *ZSet) Set(member string, score float64) (added bool) {
	if z.members == nil {
		if added, ok := z.setPacked(member, score); ok {
			return added
		}
		z.grow()
	}
	if n := len(member); rankLong <= n && n <= MaxInline {
		member = strings.Clone(member) // don't keep what it is a piece of
	}
	ref := z.members.Find(z.cfg.Hash(member), member)
	added = !ref.Found
	if ref.Found {
		at := z.tree.rank(scoreOf(&ref.Record), member)
		z.tree.remove(at, at+1)
	}
	z.store(&ref, member, score)
	return added
}

// store puts a member that is not in the tree there and in the table.
func (z *ZSet) store(ref *Ref, member string, score float64) {
	binary.LittleEndian.PutUint64(z.value[:], math.Float64bits(score))
	z.members.Put(ref, member, Entry{Bytes: z.value[:]})
	z.tree.insert(score, member)
}

// grow makes a packed sorted set a large one.
func (z *ZSet) grow() {
	blob := z.blob
	z.members, z.tree, z.blob, z.own = newTable(z.cfg), rankTree{owner: newOwner()}, "", false
	for rest := items(blob); rest != ""; {
		var member string
		var score float64
		member, score, rest = nextPair(rest)
		ref := z.members.Find(z.cfg.Hash(member), member)
		z.store(&ref, member, score)
	}
	z.buf = [2][]byte{}
}

// Remove takes a member away and says whether it was there.
// The complexity is O(log n).
func (z *ZSet) Remove(member string) bool {
	if z.members == nil {
		from, to, _, ok := z.find(member)
		if ok {
			z.cut(from, to, 1)
		}
		return ok
	}
	ref := z.members.Find(z.cfg.Hash(member), member)
	if !ref.Found {
		return false
	}
	at := z.tree.rank(scoreOf(&ref.Record), member)
	z.members.Delete(&ref, member)
	z.tree.remove(at, at+1)
	return true
}

// RemoveRange takes the members of ranks [from, to) away, which are there.
// The complexity is O(log n + to-from).
func (z *ZSet) RemoveRange(from, to int) {
	switch {
	case from >= to:
	case z.members == nil:
		z.cut(z.offset(from), z.offset(to), to-from)
	default:
		z.tree.root.ascend(from, to, func(member string, _ float64) bool {
			ref := z.members.Find(z.cfg.Hash(member), member)
			z.members.Delete(&ref, member)
			return true
		})
		z.tree.remove(from, to)
	}
}

// Rank returns the rank and the score of a member. The complexity is O(log n).
func (z *ZSet) Rank(member string) (rank int, score float64, ok bool) {
	if z.members == nil {
		for rest := items(z.blob); rest != ""; rank++ {
			var m string
			if m, score, rest = nextPair(rest); m == member {
				return rank, score, true
			}
		}
		return 0, 0, false
	}
	if score, ok = z.Score(member); !ok {
		return 0, 0, false
	}
	return z.tree.rank(score, member), score, true
}

// RankOfScore returns how many members have a score below another, or, with after, not
// above it. The complexity is O(log n).
func (z *ZSet) RankOfScore(score float64, after bool) int {
	if after {
		if math.IsInf(score, 1) {
			return z.Len()
		}
		score = math.Nextafter(score, math.Inf(1))
	}
	return z.before(score, "", false)
}

// RankOfMember returns how many members are below another, or, with after, not above
// it, where all scores are equal. Where they are not, it counts all members as if
// those whose score is not the lowest were above. The complexity is O(log n).
func (z *ZSet) RankOfMember(member string, after bool) (rank int) {
	z.Walk(0, min(1, z.Len()), false, func(_ string, lowest float64) bool {
		rank = z.before(lowest, member, after)
		return false
	})
	return rank
}

func (z *ZSet) before(score float64, member string, after bool) (rank int) {
	if z.members != nil {
		return z.tree.before(score, member, after)
	}
	for rest := items(z.blob); rest != ""; rank++ {
		var m string
		var s float64
		if m, s, rest = nextPair(rest); s > score || s == score && (m > member || m == member && !after) {
			break
		}
	}
	return rank
}

// Walk calls visit with the members of ranks [from, to), which are there, until it
// returns false. It must not write. The complexity is O(log n + to-from).
func (z *ZSet) Walk(from, to int, reverse bool, visit func(member string, score float64) bool) {
	switch {
	case from >= to:
	case z.members == nil && reverse:
		z.walkBack(from, to, visit)
	case z.members == nil:
		rest := z.blob[z.offset(from):]
		for goOn := true; from < to && goOn; from++ {
			var member string
			var score float64
			member, score, rest = nextPair(rest)
			goOn = visit(member, score)
		}
	case reverse:
		z.tree.root.descend(from, to, visit)
	default:
		z.tree.root.ascend(from, to, visit)
	}
}

// walkBack is Walk in reverse over a blob, which can only be read forwards.
func (z *ZSet) walkBack(from, to int, visit func(member string, score float64) bool) {
	var buf [packedItems]string
	read := buf[:0]
	rest, item := z.blob[z.offset(from):], ""
	for range to - from {
		item, rest = nextItem(rest)
		read = append(read, item)
	}
	for _, item := range slices.Backward(read) {
		if member, score := pairOf(item); !visit(member, score) {
			return
		}
	}
}

// Scan calls visit as [Table.Scan] does, and returns the next cursor. A packed sorted
// set is visited as a whole. The complexity is O(count).
func (z *ZSet) Scan(cursor uint32, count int, visit func(member string, score float64)) uint32 {
	if z.members != nil {
		return z.members.Scan(cursor, count, func(rec Record) { visit(rec.Key(), scoreOf(&rec)) })
	}
	z.Walk(0, z.Len(), false, func(member string, score float64) bool {
		visit(member, score)
		return true
	})
	return 0
}

// Random returns a member, each with the same probability, of a sorted set that is not
// empty. random(n) returns a uniform number below n. The complexity is O(1) expected.
func (z *ZSet) Random(random func(n uint64) uint64) (member string, score float64) {
	if z.members != nil {
		rec, _ := z.members.Random(random)
		return rec.Key(), scoreOf(&rec)
	}
	at := int(random(uint64(z.Len())))
	member, score, _ = nextPair(z.blob[z.offset(at):])
	return member, score
}

// items returns the items of a blob.
func items(blob string) string {
	if blob == "" {
		return ""
	}
	return blob[1:]
}

// nextPair returns the first member and score of items, and what comes behind them.
func nextPair(items string) (member string, score float64, rest string) {
	item, rest := nextItem(items)
	member, score = pairOf(item)
	return member, score, rest
}

func pairOf(item string) (member string, score float64) {
	n := int(item[0])
	if n == 8 {
		return item[9:], math.Float64frombits(le64(item[1:]))
	}
	bits := uint64(0)
	for i := n; i > 0; i-- {
		bits = bits<<8 | uint64(item[i])
	}
	unused := 64 - 8*n
	return item[1+n:], float64(int64(bits<<unused) >> unused)
}

// packedScore returns the bits of a score and how many bytes of them are kept: the low
// ones of an integer, without those that repeat its sign, or all eight of a float.
func packedScore(score float64) (bits uint64, n int) {
	const most = 1 << 53
	if i := int64(score); -most <= score && score <= most && float64(i) == score && (i != 0 || !math.Signbit(score)) {
		for n = 0; i<<(64-8*n)>>(64-8*n) != i; n++ {
		}
		return uint64(i), n
	}
	return math.Float64bits(score), 8
}

// appendPair appends an item to a blob.
func appendPair(blob []byte, member string, score float64) []byte {
	bits, n := packedScore(score)
	blob = binary.AppendUvarint(blob, uint64(1+n+len(member)))
	blob = append(blob, byte(n))
	for range n {
		blob = append(blob, byte(bits))
		bits >>= 8
	}
	return append(blob, member...)
}

// find returns where the item of a member begins and ends in the blob, and its score.
func (z *ZSet) find(member string) (from, to int, score float64, ok bool) {
	for rest := items(z.blob); rest != ""; {
		from := len(z.blob) - len(rest)
		var m string
		if m, score, rest = nextPair(rest); m == member {
			return from, len(z.blob) - len(rest), score, true
		}
	}
	return 0, 0, 0, false
}

// offset returns where the item of a rank begins in the blob, which is not empty.
func (z *ZSet) offset(rank int) int {
	rest := z.blob[1:]
	for range rank {
		_, rest = nextItem(rest)
	}
	return len(z.blob) - len(rest)
}

// setPacked is Set in a blob. It reports false, and changes nothing, where the next blob
// would be too large.
func (z *ZSet) setPacked(member string, score float64) (added, ok bool) {
	if len(member) > packedItemMax {
		return false, false
	}
	from, to, _, found := z.find(member)
	n := z.Len()
	if !found {
		n++
	}
	if n > min(z.cfg.PackedItems, math.MaxUint8) {
		return false, false
	}
	at := max(1, len(z.blob)-len(z.itemsAfter(score, member)))
	next := append(z.buf[1-z.last][:0], byte(n))
	old := z.blob
	switch {
	case !found && old == "":
		next = appendPair(next, member, score)
	case !found:
		next = append(appendPair(append(next, old[1:at]...), member, score), old[at:]...)
	case at <= from:
		next = appendPair(append(next, old[1:at]...), member, score)
		next = append(append(next, old[at:from]...), old[to:]...)
	default:
		next = append(append(next, old[1:from]...), old[to:at]...)
		next = append(appendPair(next, member, score), old[at:]...)
	}
	if len(next) > packedMax {
		return false, false
	}
	z.keep(next)
	return !found, true
}

// itemsAfter returns the items that are not below another.
func (z *ZSet) itemsAfter(score float64, member string) string {
	for rest := items(z.blob); rest != ""; {
		m, s, next := nextPair(rest)
		if s > score || s == score && m >= member {
			return rest
		}
		rest = next
	}
	return ""
}

// cut removes n items, which lie in [from, to) of the blob.
func (z *ZSet) cut(from, to, n int) {
	next := append(z.buf[1-z.last][:0], z.blob[0]-byte(n))
	z.keep(append(append(next, z.blob[1:from]...), z.blob[to:]...))
}

// keep makes next, which lies in the buffer without the blob, the blob.
func (z *ZSet) keep(next []byte) {
	z.last = 1 - z.last
	z.buf[z.last], z.blob, z.own = next, piece(next), true
	if next[0] == 0 {
		z.blob = ""
	}
}
