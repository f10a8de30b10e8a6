package workload

import (
	"slices"
	"strconv"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// growth is what an operation costs where there are a thousand to ten million of them.
var growth = &Group{
	tables: growthTables,
	Name:   "growth", Title: "What size costs",
	About: "The same operations on 1,000 to 10,000,000 keys, fields, members or elements of 16 bytes, evenly drawn; in Redis to 1,000,000.",
	Keys:  10 * million, Value: 32, Once: true,
	// One of each kind: a chart with more lines could not be read.
	Fits: func(p *peer.Peer) bool {
		return slices.Contains([]string{"alcove", "map", "slice", "sharded", "xsync", "btree", "deque", "redis"}, p.Name)
	},
	Need: func(keys, value int) uint64 { return uint64(keys) * 500 },
	Ops: []Op{
		op("get", "Get", func(r *run, p peer.Strings) func(int) { return getting(r, p, r.size()) }),
		op("setex", "Set with a TTL", func(r *run, p peer.Volatile) func(int) {
			a := r.written()
			return func(i int) {
				key, value := a.pair(i)
				p.SetTTL(key, value, time.Hour)
			}
		}),
		op("set", "Set of an existing key", func(r *run, p peer.Strings) func(int) {
			a := r.written()
			return func(i int) { p.Set(a.pair(i)) }
		}),
		op("hget", "HGet", func(r *run, p peer.Hashes) func(int) {
			a := r.size()
			return func(i int) {
				field := a.key(i)
				value, found := p.HGet(bigKey, field)
				r.check(field, value, found)
			}
		}),
		op("hset", "HSet of an existing field", func(r *run, p peer.Hashes) func(int) {
			a := r.written()
			return func(i int) {
				field, value := a.pair(i)
				p.HSet(bigKey, field, value)
			}
		}),
		op("sismember", "SIsMember", func(r *run, p peer.Sets) func(int) {
			a := r.size()
			return func(i int) { r.count(p.SIsMember(bigKey, a.key(i))) }
		}),
		op("sadd", "SAdd of a member that is there", func(r *run, p peer.Sets) func(int) {
			a := r.written()
			return func(i int) { p.SAdd(bigKey, a.key(i)) }
		}),
		op("zadd", "ZAdd of a new score", func(r *run, p peer.Scores) func(int) {
			a := r.written()
			return func(i int) { p.ZAdd(bigKey, a.key(i), scoreAt(i)) }
		}),
		op("zscore", "ZScore", func(r *run, p peer.Scores) func(int) {
			a := r.size()
			return func(i int) {
				_, found := p.ZScore(bigKey, a.key(i))
				r.count(found)
			}
		}),
		op("zrank", "ZRank", func(r *run, p peer.Ranks) func(int) {
			a := r.size()
			return func(i int) {
				_, found := p.ZRank(bigKey, a.key(i))
				r.count(found)
			}
		}),
		op("zrange", "ZRange of 100 by score", func(r *run, p peer.Ranks) func(int) {
			return func(i int) { r.count(p.ZRange(bigKey, scoreAt(i)/2, 100) == 100) }
		}),
		op("push-pop", "RPush and LPop", func(r *run, p peer.Lists) func(int) {
			value := keyAt(0)
			return func(int) {
				p.RPush(bigKey, value)
				_, found := p.LPop(bigKey)
				r.count(found)
			}
		}),
		op("lindex", "LIndex, evenly drawn", func(r *run, p peer.Lists) func(int) {
			return func(i int) {
				_, found := p.LIndex(bigKey, int(scoreAt(i)/million*float64(r.now)))
				r.count(found)
			}
		}),
	},
	run: func(r *run) {
		grow(r, func(p peer.Strings, i int) { setString(p, keyAt(i)) }, "get", "set", "setex")
		grow(r, func(p peer.Hashes, i int) {
			field := keyAt(i)
			p.HSet(bigKey, field, valueOf(field, 32))
		}, "hget", "hset")
		grow(r, func(p peer.Sets, i int) { p.SAdd(bigKey, keyAt(i)) }, "sismember", "sadd")
		grow(r, func(p peer.Scores, i int) { p.ZAdd(bigKey, keyAt(i), scoreAt(i)) }, "zadd", "zscore", "zrank", "zrange")
		grow(r, func(p peer.Lists, i int) { p.RPush(bigKey, keyAt(i)) }, "push-pop", "lindex")
	},
}

// growthTables returns a table for each operation, with the sizes across.
func growthTables(g *Group) []Table {
	var list []Table
	for _, op := range g.Ops {
		t := Table{Title: op.About}
		for n := 1000; n <= g.Keys; n *= 10 {
			t.Columns = append(t.Columns, Column{strconv.Itoa(n), op.Name + atSize(n), "ns/op", 0})
		}
		list = append(list, t)
	}
	return list
}

func atSize(n int) string { return "/n=" + strconv.Itoa(n) }

// size returns accesses to all that are there now.
func (r *run) size() *accesses {
	return r.keep("read", func() *accesses { return newAccesses(r.now, 32, uniform) })
}

// written is size for writes, see writes.
func (r *run) written() *accesses {
	return r.keep("written", func() *accesses { return newAccesses(r.now, 32, other) })
}

// grow fills a peer step by step and times the operations at each. A server takes part
// to a million, and one at a time, as it takes so long.
func grow[I any](r *run, add func(p I, i int), names ...string) {
	if !peer.Can[I](r.peer) {
		return
	}
	r.open(0)
	defer r.close()
	most := r.Keys
	if _, remote := r.instance.(peer.Remote); remote {
		most = min(most, million)
	}
	for from, n := 0, 1000; n <= most; from, n = n, n*10 {
		filling(r, func(p I) {
			for i := from; i < n; i++ {
				add(p, i)
			}
		})
		r.now = n
		clear(r.lists)
		for range r.Passes {
			for _, op := range r.group.Ops {
				for _, name := range names {
					if op.Name == name && op.Fits(r.peer) {
						op.Name += atSize(n)
						r.time(op, 1)
					}
				}
			}
		}
	}
}
