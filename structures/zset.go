package structures

import (
	"encoding/binary"
	"math"
	"strings"
)

// ZSet is a sorted set: members, each with a score, in the order of the scores and,
// where these are equal, of the members as bytes. Ranks count from 0, the lowest.
// A score is any float64 but NaN, and -0 becomes 0.
//
// While it is small it is packed (zpacked.go). A large one is a table from member to
// score beside a tree in the order of ranks. It never becomes packed again.
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
const zsetOverhead = 144

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
	score += 0 // -0 becomes 0
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
