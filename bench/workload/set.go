package workload

import (
	"strconv"

	"github.com/alcovedb/alcove/bench/peer"
)

const intersected = 10_000

var sets = &Group{
	Name: "sets", Title: "Sets",
	About: "Members of 16 bytes. What is added comes to a set that is empty at first. Sets of 10,000 of which half are in both are intersected, and what comes out is a slice.",
	Keys:  million,
	Fits:  peer.Can[peer.Sets],
	Need:  func(keys, value int) uint64 { return uint64(keys) * 800 },
	Ops: []Op{
		op("ismember", "SIsMember, one large set", func(r *run, p peer.Sets) func(int) {
			a := r.uniform()
			return func(i int) { r.count(p.SIsMember(bigKey, a.key(i))) }
		}),
		op("inter", "SInter of 10,000 and 10,000", func(r *run, p peer.Algebra) func(int) {
			_, later := p.(peer.Pipelined)
			return func(int) { r.count(p.SInter("a", "b") == intersected/2 || later) }
		}),
		op("add", "SAdd of a new member", func(r *run, p peer.Sets) func(int) {
			key := "new" + strconv.Itoa(int(r.calls.Add(1)))
			n := int(r.calls.Load()) * 100 * million // goroutines add other members
			var buf []byte
			return func(int) {
				n++
				buf = appendKey(buf[:0], n)
				p.SAdd(key, string(buf))
			}
		}),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Sets) {
			for i := range r.Keys {
				p.SAdd(bigKey, keyAt(i))
			}
			for i := range intersected {
				p.SAdd("a", keyAt(i))
				p.SAdd("b", keyAt(i+intersected/2))
			}
		})
	},
}
