package workload

import (
	"strconv"

	"github.com/alcovedb/alcove/bench/peer"
)

const longList = 100_000

var lists = &Group{
	Name: "lists", Title: "Lists",
	About: "Elements of 16 bytes. The middle is that of a list of as many as there are keys. LInsert searches for its place from the head, and an LPop with it keeps the list as long as it is.",
	Keys:  longList,
	Fits:  peer.Can[peer.Queues],
	Need:  func(keys, value int) uint64 { return uint64(keys)*2000 + valueBytes },
	Ops: []Op{
		op("push-pop", "RPush and LPop, 1,000 elements", func(r *run, p peer.Queues) func(int) {
			a := r.uniform()
			return func(i int) {
				p.RPush("queue", a.key(i))
				value, found := p.LPop("queue")
				r.count(found && (len(value) == keyLen || value == peer.Later))
			}
		}),
		op("index", "LIndex in the middle", func(r *run, p peer.Lists) func(int) {
			return func(i int) {
				value, found := p.LIndex("list", r.Keys/2+i%100)
				r.count(found && (len(value) == keyLen || value == peer.Later))
			}
		}),
		op("range100", "LRange of 100 in the middle", func(r *run, p peer.Lists) func(int) {
			return func(i int) {
				from := r.Keys/2 + i%100
				r.count(p.LRange("list", from, from+99) == 100)
			}
		}),
		op("insert", "LInsert in the middle, with an LPop", func(r *run, p peer.Lists) func(int) {
			a, pivot := r.uniform(), keyAt(r.Keys/2)
			return func(i int) {
				p.LInsert("list", pivot, a.key(i))
				_, found := p.LPop("list")
				r.count(found)
			}
		}),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Queues) {
			for i := range 1000 {
				p.RPush("queue", keyAt(i))
			}
			if _, ok := p.(peer.Lists); ok {
				for i := range r.Keys {
					p.RPush("list", keyAt(i))
				}
			}
		})
	},
}

const jobSize = 64

// jobs come and go at the ends of one queue, whoever works there.
var jobs = &Group{
	Name: "jobs", Title: "A queue of jobs",
	About: "Every goroutine pushes a job of 64 bytes and pops one, all at one queue that holds 100 jobs. The job is a new string each time, which is one allocation.",
	Keys:  100,
	Fits:  peer.Can[peer.Queues],
	Need:  func(keys, value int) uint64 { return valueBytes },
	Ops: []Op{op("push-pop", "RPush and LPop", func(r *run, p peer.Queues) func(int) {
		var job [jobSize]byte
		return func(i int) {
			p.RPush("jobs", string(strconv.AppendInt(job[:jobSize-20], int64(i)|1<<62, 10)))
			value, found := p.LPop("jobs")
			r.count(found && (len(value) > jobSize-20 || value == peer.Later))
		}
	})},
	fill: func(r *run) {
		filling(r, func(p peer.Queues) {
			for range r.Keys {
				p.RPush("jobs", valueOf("job............:", jobSize))
			}
		})
	},
}
