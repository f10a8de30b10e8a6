package workload

import (
	"strconv"
	"sync"

	"github.com/alcovedb/alcove/bench/peer"
)

const smallStream = 1000 // entries of a small stream

// streams are a large one, and small ones.
var streams = &Group{
	Name: "streams", Title: "Streams",
	About: "Entries of two small fields, a sensor's number and a temperature: small streams of 1,000, and a large one of as many as there are keys. What is added comes to a hundred small ones in turn, until each has 1,000 and others follow, or to the large one, and stays there. Every goroutine is the consumer of a group of its own, at the large one.",
	Keys:  million,
	Fits:  peer.Can[peer.Streams],
	Need:  func(keys, value int) uint64 { return uint64(keys) * 1000 },
	Ops: []Op{
		op("range1k", "XRange of 100, small", func(r *run, p peer.Logs) func(int) {
			keys := smallKeys(r)
			return func(i int) { r.count(p.XRange(keys[i%len(keys)], rangeFrom(i, smallStream), 100) == 100) }
		}),
		op("range", "XRange of 100, large", func(r *run, p peer.Logs) func(int) {
			return func(i int) { r.count(p.XRange(bigKey, rangeFrom(i, r.Keys), 100) == 100) }
		}),
		op("group", "XReadGroup of one new entry, and XAck", streamGroup),
		op("add1k", "XAdd, small", streamAdd),
		op("add", "XAdd, large", func(r *run, p peer.Streams) func(int) {
			add := readings(p)
			return func(i int) { add(bigKey, i) }
		}),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Streams) {
			for i := range r.Keys {
				p.XAdd(bigKey, i+1, sensorAt(i), tempAt(i))
			}
			for _, key := range smallKeys(r) {
				for i := range smallStream {
					p.XAdd(key, i+1, sensorAt(i), tempAt(i))
				}
			}
		})
	},
}

func sensorAt(i int) string { return strconv.Itoa(1000 + i%1000) }
func tempAt(i int) string   { return strconv.FormatFloat(10+float64(i%100)/10, 'f', 1, 64) }

// rangeFrom returns the ID of an entry of n behind which there are a hundred, never one
// near the last.
func rangeFrom(i, n int) int { return 1 + int(uint64(i)*0x9e3779b97f4a7c15>>32)%(n-100) }

// texts are readings, made once.
var texts = sync.OnceValue(func() (list [1000][2]string) {
	for i := range list {
		list[i] = [2]string{sensorAt(i), tempAt(i)}
	}
	return list
})

// readings returns what adds a reading.
func readings(p peer.Streams) func(key string, i int) {
	list := texts()
	return func(key string, i int) {
		text := &list[i%len(list)]
		p.XAdd(key, 0, text[0], text[1])
	}
}

// streamAdd fills new streams, a hundred at a time.
func streamAdd(r *run, p peer.Streams) func(int) {
	var keys [100]string
	add, n := readings(p), 0
	return func(i int) {
		if n%(len(keys)*smallStream) == 0 {
			for j := range keys {
				keys[j] = "new" + strconv.Itoa(int(r.calls.Add(1)))
			}
		}
		add(keys[n%len(keys)], i)
		n++
	}
}

// streamGroup reads from the stream's start, and begins again with another group when it
// has come to the end.
func streamGroup(r *run, p peer.Groups) func(int) {
	var group string
	begin := func() {
		group = "group" + strconv.Itoa(int(r.calls.Add(1)))
		p.XGroupCreate(bigKey, group)
	}
	begin()
	return func(int) {
		if !p.XReadGroup(bigKey, group) {
			begin()
			r.count(p.XReadGroup(bigKey, group))
		}
	}
}
