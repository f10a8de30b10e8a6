package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/btree"

	"github.com/alcovedb/alcove/store"
)

// A sorted set beside what a program would use instead: a map from member to score and
// a tree of both, in order.

type zsetPeer interface {
	Add(member string, score float64)
	// Range returns 100 members from a score on.
	Range(from float64) []store.Scored
}

type alcoveZSet struct{ z store.ZSet }

func (a alcoveZSet) Add(member string, score float64) {
	_, err := a.z.Add(store.Scored{Member: member, Score: score})
	must(err)
}

func (a alcoveZSet) Range(from float64) []store.Scored {
	list, err := a.z.RangeWithScores(store.ByScore(from, math.Inf(1)).Limit(0, 100))
	must(err)
	return list
}

type treeAndMap struct {
	scores map[string]float64
	tree   *btree.BTreeG[store.Scored]
}

func newTreeAndMap() treeAndMap {
	less := func(a, b store.Scored) bool {
		return a.Score < b.Score || a.Score == b.Score && strings.Compare(a.Member, b.Member) < 0
	}
	return treeAndMap{map[string]float64{}, btree.NewBTreeGOptions(less, btree.Options{NoLocks: true})}
}

func (t treeAndMap) Add(member string, score float64) {
	if old, found := t.scores[member]; found {
		t.tree.Delete(store.Scored{Member: member, Score: old})
	}
	t.scores[member] = score
	t.tree.Set(store.Scored{Member: member, Score: score})
}

func (t treeAndMap) Range(from float64) []store.Scored {
	list := make([]store.Scored, 0, 100)
	t.tree.Ascend(store.Scored{Score: from}, func(item store.Scored) bool {
		list = append(list, item)
		return len(list) < 100
	})
	return list
}

func zsetPeers() map[string]func() zsetPeer {
	return map[string]func() zsetPeer{
		"alcove": func() zsetPeer { return alcoveZSet{store.New().ZSet("z")} },
		"btree":  func() zsetPeer { return newTreeAndMap() },
	}
}

func zsetMember(i int) string { return string(appendKey(nil, i)) }

// fillZSet gives n members of keyLen bytes random scores, each with bytes of its own.
func fillZSet(p zsetPeer, n int) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		p.Add(zsetMember(i), r.Float64()*1e6)
	}
}

// BenchmarkZSet does what a leaderboard of a million does.
func BenchmarkZSet(b *testing.B) {
	n := keys(million)
	for name, makePeer := range zsetPeers() {
		p := makePeer()
		fillZSet(p, n)
		members := make([]string, 1<<16)
		r := rand.New(rand.NewPCG(2, 2))
		for i := range members {
			members[i] = zsetMember(r.IntN(n))
		}
		b.Run("update/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Add(members[i&(1<<16-1)], r.Float64()*1e6)
			}
		})
		b.Run("range100/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Range(r.Float64() * 9e5)
			}
		})
		b.Run("add/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := n; b.Loop(); i++ {
				p.Add(zsetMember(i), r.Float64()*1e6)
			}
		})
	}
}

// BenchmarkZSetFill fills sorted sets; the figures are for a member, the time a forced
// collection takes with it is for all.
func BenchmarkZSetFill(b *testing.B) {
	n := keys(million)
	for name, makePeer := range zsetPeers() {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				forget()
				before := liveBytes()
				p := makePeer()
				fillZSet(p, n)
				took, _ := collect()
				b.ReportMetric(float64(liveBytes()-before)/float64(n), "B/member")
				b.ReportMetric(float64(took.Microseconds())/1000, "gc-ms")
				p.Range(0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/member")
		})
	}
}

// BenchmarkZSetRank shows what the size of a sorted set costs.
func BenchmarkZSetRank(b *testing.B) {
	for _, n := range []int{10_000, million} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := zsetPeers()["alcove"]().(alcoveZSet)
			fillZSet(p, n)
			r := rand.New(rand.NewPCG(2, 2))
			members := make([]string, 1<<16)
			for i := range members {
				members[i] = zsetMember(r.IntN(n))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_, err := p.z.Rank(members[i&(1<<16-1)])
				must(err)
			}
		})
	}
}

// BenchmarkZSetSmall reports what a sorted set of ten members of ten bytes takes, its key
// of 16 included: made by one Add or by ten, which leaves garbage, with scores that are
// integers of up to three bytes or fractions of eight. Redis 7.0.15 takes 282 and 343.
func BenchmarkZSetSmall(b *testing.B) {
	const n = 100_000
	for _, c := range []struct {
		name  string
		adds  int
		scale float64
	}{{"once/integers", 1, 1}, {"once/fractions", 1, 8}, {"each/integers", 10, 1}, {"each/fractions", 10, 8}} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				forget()
				before := liveBytes()
				s := store.New()
				for i := range n {
					z := s.ZSet(zsetMember(i))
					members := make([]store.Scored, 10)
					for j := range members {
						members[j] = store.Scored{
							Member: fmt.Sprintf("member:%03d", (i+j*7)%1000),
							Score:  float64(i*31+j*17) / c.scale,
						}
					}
					for some := range slices.Chunk(members, 10/c.adds) {
						_, err := z.Add(some...)
						must(err)
					}
				}
				took, _ := collect()
				b.ReportMetric(float64(liveBytes()-before)/n, "B/zset")
				b.ReportMetric(float64(took.Microseconds())/1000, "gc-ms")
				runtime.KeepAlive(s)
			}
		})
	}
}
