package structures

import (
	"encoding/binary"
	"math"
	"slices"
)

// A packed sorted set is a blob: the number of members in a byte, then an item for
// each, in order, which is the length of the score in a byte, the score (packedScore)
// and the member.

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
	if i := int64(score); -most <= score && score <= most && float64(i) == score {
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
