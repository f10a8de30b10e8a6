package workload

import (
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// stringsOf returns the group of strings whose values have size bytes.
func stringsOf(name string, size int, title string, ops ...Op) *Group {
	return &Group{
		Name: name, Title: title,
		About: "Keys of 16 bytes that exist; every value that is read is checked.",
		Keys:  million, Value: size, Ops: ops, Fits: peer.Can[peer.Strings],
		Need: func(keys, value int) uint64 {
			return uint64(keys)*uint64(2*(value+150)) + 2*valueBytes
		},
		fill: func(r *run) {
			filling(r, func(p peer.Strings) {
				for i := range r.Keys {
					key := keyAt(i)
					p.Set(key, valueOf(key, size))
				}
			})
		},
	}
}

var (
	getUniform = op("get", "Get, keys evenly drawn", func(r *run, p peer.Strings) func(int) {
		return getting(r, p, r.uniform())
	})
	getZipf = op("get-zipf", "Get, keys drawn by Zipf's law (1.01)", func(r *run, p peer.Strings) func(int) {
		return getting(r, p, r.zipf())
	})
	getHot = op("get-hot", "Get of one key by all", func(r *run, p peer.Strings) func(int) {
		key := r.hot(p)
		return func(int) {
			value, found := p.Get(key)
			r.check(key, value, found)
		}
	})
	set   = op("set", "Set of an existing key", mixing(0))
	mix90 = op("mix90", "90 Get to 10 Set", mixing(90))
	mix50 = op("mix50", "50 Get to 50 Set", mixing(50))
)

// hot returns a key that p has not forgotten.
func (r *run) hot(p peer.Strings) string {
	a := r.uniform()
	for i := range a.n {
		if _, found := p.Get(a.key(i)); found {
			return a.key(i)
		}
	}
	panic("bench: " + r.peer.Name + " has no key left")
}

func getting(r *run, p peer.Strings, a *accesses) func(int) {
	return func(i int) {
		key := a.key(i)
		value, found := p.Get(key)
		r.check(key, value, found)
	}
}

func mixing(reads int) func(r *run, p peer.Strings) func(int) {
	return func(r *run, p peer.Strings) func(int) {
		a, b := r.uniform(), r.writes()
		return func(i int) {
			if i*61%100 < reads {
				key := a.key(i)
				value, found := p.Get(key)
				r.check(key, value, found)
			} else {
				p.Set(b.pair(i))
			}
		}
	}
}

// volatile strings have deadlines that nobody reaches here.
var volatile = &Group{
	Name: "ttl", Title: "Strings with a time to live",
	About: "Values of 32 bytes, each key with a deadline about an hour ahead; one TTL for all where a peer has no other.",
	Keys:  million, Value: 32, TTL: time.Hour,
	Fits: peer.Can[peer.Volatile],
	Need: func(keys, value int) uint64 { return uint64(keys) * 500 },
	Ops: []Op{
		op("get", "Get", func(r *run, p peer.Volatile) func(int) { return getting(r, p, r.uniform()) }),
		op("set", "Set of an existing key with a new deadline", func(r *run, p peer.Volatile) func(int) {
			a := r.writes()
			return func(i int) {
				key, value := a.pair(i)
				p.SetTTL(key, value, time.Hour+time.Duration(i&(1<<20-1))*time.Millisecond)
			}
		}),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Volatile) {
			for i := range r.Keys {
				key := keyAt(i)
				p.SetTTL(key, valueOf(key, 32), time.Hour)
			}
		})
	},
}

var counters = &Group{
	Name: "counters", Title: "Counters",
	About: "Keys of 16 bytes, evenly drawn.",
	Keys:  million,
	Fits:  peer.Can[peer.Counters],
	Need:  func(keys, value int) uint64 { return uint64(keys) * 400 },
	Ops: []Op{
		op("incr", "Incr", func(r *run, p peer.Counters) func(int) {
			a := r.writes()
			return func(i int) { r.count(p.Incr(a.key(i)) > 0) }
		}),
		op("incr-hot", "Incr of one key by all", func(r *run, p peer.Counters) func(int) {
			key := r.writes().key(0)
			return func(int) { r.count(p.Incr(key) > 0) }
		}),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Counters) {
			for i := range r.Keys {
				p.Incr(keyAt(i))
			}
		})
	},
}
