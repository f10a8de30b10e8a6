package workload

import (
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/bench/peer"
)

const leaderboard = 1000 // members of a small sorted set

// zsets are a large one, and enough small ones that they don't all lie in a cache.
var zsets = &Group{
	Name: "zsets", Title: "Sorted sets",
	About: "Members of 16 bytes: small sorted sets of 1,000, and a large one of as many as there are keys. What is added comes to empty ones of up to 1,000, or to the large one, last, and stays there. The maps keep scores in no order, which is less work.",
	Keys:  million,
	Fits:  peer.Can[peer.Scores],
	Need:  func(keys, value int) uint64 { return uint64(keys) * 1000 },
	Ops: []Op{
		zsetOp("update1k", "ZAdd of a new score, small", true, zsetUpdate), zsetOp("update", "ZAdd of a new score, large", false, zsetUpdate),
		zsetOp("score1k", "ZScore, small", true, zsetScore), zsetOp("score", "ZScore, large", false, zsetScore),
		zsetOp("rank1k", "ZRank, small", true, zsetRank), zsetOp("rank", "ZRank, large", false, zsetRank),
		zsetOp("range1k", "ZRange of 100 by score, small", true, zsetRange), zsetOp("range", "ZRange of 100 by score, large", false, zsetRange),
		zsetAdd("add1k", "ZAdd of a new member, small", leaderboard), zsetAdd("add", "ZAdd of a new member, large", 0),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Scores) {
			for i := range r.Keys {
				p.ZAdd(bigKey, keyAt(i), scoreAt(i))
			}
			for i, key := range smallKeys(r) {
				for j := range leaderboard {
					p.ZAdd(key, keyAt(j), scoreAt(i*leaderboard+j))
				}
			}
		})
	},
}

// smallKeys returns the keys of the small sorted sets or streams, which have a tenth as many
// members or entries as the large one.
func smallKeys(r *run) []string {
	keys := make([]string, max(10, r.Keys/leaderboard/10))
	for i := range keys {
		keys[i] = "small" + strconv.Itoa(i)
	}
	return keys
}

// scoreAt returns the i-th of evenly spread scores up to 1,000,000, which come in no
// order and are never 0, as some peers say for a member that is not there.
func scoreAt(i int) float64 {
	return float64(uint64(i)*0x9e3779b97f4a7c15>>11+1) / (1 << 53) * million
}

// zsetOp returns an operation on a random small sorted set, or on the large one.
func zsetOp[I any](name, about string, small bool, do func(r *run, p I, key, member string, i int)) Op {
	return op(name, about, func(r *run, p I) func(int) {
		draw, all := uniform, r.uniform
		if strings.HasPrefix(name, "update") {
			draw, all = other, r.writes
		}
		if !small {
			a := all()
			return func(i int) { do(r, p, bigKey, a.key(i), i) }
		}
		a := r.keep(name, func() *accesses {
			return newAccesses(r.Keys, 0, func(int) func() int { return draw(leaderboard) })
		})
		keys := smallKeys(r)
		return func(i int) { do(r, p, keys[i%len(keys)], a.key(i), i) }
	})
}

func zsetUpdate(_ *run, p peer.Scores, key, member string, i int) { p.ZAdd(key, member, scoreAt(i)) }

func zsetScore(r *run, p peer.Scores, key, member string, _ int) {
	_, found := p.ZScore(key, member)
	r.count(found)
}

func zsetRank(r *run, p peer.Ranks, key, member string, _ int) {
	_, found := p.ZRank(key, member)
	r.count(found)
}

func zsetRange(r *run, p peer.Ranks, key, _ string, i int) {
	r.count(p.ZRange(key, scoreAt(i)/2, 100) == 100)
}

// zsetAdd fills sorted sets of up to size members, one after the other, or adds to the
// large one.
func zsetAdd(name, about string, size int) Op {
	return op(name, about, func(r *run, p peer.Scores) func(int) {
		n := int(r.calls.Add(1)) * 100 * million // goroutines add other members
		var buf []byte
		return func(int) {
			n++
			key := bigKey
			if size > 0 {
				key = "new" + strconv.Itoa(n/size)
			}
			buf = appendKey(buf[:0], n)
			p.ZAdd(key, string(buf), scoreAt(n))
		}
	})
}
