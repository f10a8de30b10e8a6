package workload

import (
	"strconv"

	"github.com/alcovedb/alcove/bench/peer"
)

const leaderboard = 1000 // members of a small sorted set

// zsets are a large one, and enough small ones that they don't all lie in a cache.
var zsets = &Group{
	Name: "zsets", Title: "Sorted sets",
	About: "Members of 16 bytes: 100 sorted sets of 1,000, and one of a million. What is added comes to empty ones of up to 1,000, or to the one of a million.",
	Keys:  million,
	Fits:  peer.Can[peer.Scores],
	Need:  func(keys, value int) uint64 { return uint64(keys) * 1000 },
	Ops: []Op{
		zsetAdd("add1k", "ZAdd of a new member, 1k", leaderboard), zsetAdd("add1M", "ZAdd of a new member, 1M", 0),
		zsetOp("update1k", "ZAdd of a new score, 1k", true, zsetUpdate), zsetOp("update1M", "the same, 1M", false, zsetUpdate),
		zsetOp("score1k", "ZScore, 1k", true, zsetScore), zsetOp("score1M", "ZScore, 1M", false, zsetScore),
		zsetOp("rank1k", "ZRank, 1k", true, zsetRank), zsetOp("rank1M", "ZRank, 1M", false, zsetRank),
		zsetOp("range1k", "ZRange of 100 by score, 1k", true, zsetRange), zsetOp("range1M", "the same, 1M", false, zsetRange),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Scores) {
			for i := range r.Keys {
				p.ZAdd(bigKey, keyAt(i), scoreAt(i))
			}
			for i, key := range leaderboards(r) {
				for j := range leaderboard {
					p.ZAdd(key, keyAt(j), scoreAt(i*leaderboard+j))
				}
			}
		})
	},
}

// leaderboards returns the keys of the small sorted sets, which have a tenth of all members.
func leaderboards(r *run) []string {
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
		if !small {
			a := r.uniform()
			return func(i int) { do(r, p, bigKey, a.key(i), i) }
		}
		a := r.keep("small", func() *accesses {
			return newAccesses(r.Keys, 0, func(int) func() int { return uniform(leaderboard) })
		})
		keys := leaderboards(r)
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
		var buf []byte
		return func(int) {
			i := int(r.calls.Add(1))
			key := bigKey
			if size > 0 {
				key = "new" + strconv.Itoa(i/size)
			}
			buf = appendKey(buf[:0], r.Keys+i)
			p.ZAdd(key, string(buf), scoreAt(i))
		}
	})
}
