package workload

import "github.com/alcovedb/alcove/bench/peer"

const smallHash = 100 // fields

// hashes are many of a hundred fields and one of a million.
var hashes = &Group{
	Name: "hashes", Title: "Hashes",
	About: "A field a key: hashes of 100 fields each, and all again in one large hash. Fields of 16 bytes that exist, evenly drawn, values of 32.",
	Keys:  million, Value: 32,
	Fits: peer.Can[peer.Hashes],
	Need: func(keys, value int) uint64 { return uint64(keys) * 1000 },
	Ops: []Op{
		op("get100", "HGet, 100 fields", hashGet(smallHash)),
		op("get", "HGet, one large hash", hashGet(0)),
		op("set100", "HSet, 100 fields", hashSet(smallHash)),
		op("set", "HSet, one large hash", hashSet(0)),
	},
	fill: func(r *run) {
		filling(r, func(p peer.Hashes) {
			for i := range r.Keys {
				field := keyAt(i)
				p.HSet(bigKey, field, valueOf(field, 32))
				field = keyAt(i % smallHash)
				p.HSet(keyAt(i/smallHash), field, valueOf(field, 32))
			}
		})
	},
}

// bigKey is the key of the one large hash, list, set or sorted set.
const bigKey = "big"

// fieldsOf returns the keys to ask for hashes of n fields each, and their fields; 0 is
// for the one that has them all.
func fieldsOf(r *run, n int, purpose string, d func(int) func() int) (keys, fields *accesses) {
	if n == 0 {
		return nil, r.keep("all"+purpose, func() *accesses { return newAccesses(r.Keys, r.group.Value, d) })
	}
	keys = r.keep("keys"+purpose, func() *accesses { return newAccesses(r.Keys/n, 0, d) })
	fields = r.keep("fields"+purpose, func() *accesses {
		return newAccesses(r.Keys, r.group.Value, func(int) func() int { return d(n) })
	})
	return keys, fields
}

func hashGet(n int) func(r *run, p peer.Hashes) func(int) {
	return func(r *run, p peer.Hashes) func(int) {
		keys, fields := fieldsOf(r, n, "read", uniform)
		return func(i int) {
			key, field := bigKey, fields.key(i)
			if keys != nil {
				key = keys.key(i)
			}
			value, found := p.HGet(key, field)
			r.check(field, value, found)
		}
	}
}

func hashSet(n int) func(r *run, p peer.Hashes) func(int) {
	return func(r *run, p peer.Hashes) func(int) {
		keys, fields := fieldsOf(r, n, "written", other)
		return func(i int) {
			field, value := fields.pair(i)
			if keys != nil {
				p.HSet(keys.key(i), field, value)
			} else {
				p.HSet(bigKey, field, value)
			}
		}
	}
}
