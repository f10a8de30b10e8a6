package workload

import (
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
)

// inUse returns the bytes that are live in the process, or in use in the server.
func (r *run) inUse() int {
	if remote, ok := r.instance.(peer.Remote); ok {
		return remote.Memory()
	}
	runtime.GC()
	runtime.GC() // frees what the first one only finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// openEmpty makes the peer and returns what was in use without it.
func (r *run) openEmpty(ttl time.Duration) int {
	before := r.inUse()
	r.open(ttl)
	if _, remote := r.instance.(peer.Remote); remote {
		return r.inUse()
	}
	return before
}

// memory is what an entry takes, its data included.
var memory = &Group{
	Name: "memory", Title: "Memory",
	About: "Bytes an entry, data included: of the live heap, or of the used_memory of a server; what a program must leave free for its collector is not in it. " +
		"Keys, fields, members and elements have 16 bytes, values 32; scores are fractions. An entry of a stream has two fields, of four bytes each.",
	Keys: million, Value: 32, Once: true,
	Fits: func(p *peer.Peer) bool { return !peer.Can[peer.Pipelined](p) }, // which keep what others keep
	tables: tables(Table{"Strings", []Column{
		{"string", "strings", "B/entry", 0},
		{"string, overwritten three times", "overwritten", "B/entry", 0},
		{"string with a TTL", "ttl", "B/entry", 0},
		{"string with a TTL, overwritten three times", "ttl-overwritten", "B/entry", 0},
	}}, Table{"Structures", []Column{
		{"field of a hash of 10", "hash10", "B/entry", 0},
		{"member of a sorted set of 10", "zset10", "B/entry", 0},
		{"element of one list", "list", "B/entry", 0},
		{"member of one set", "set", "B/entry", 0},
		{"member of one sorted set", "zset", "B/entry", 0},
		{"entry of one stream", "stream", "B/entry", 0},
	}}),
	Need: func(keys, value int) uint64 { return uint64(keys) * 1000 },
	Ops: []Op{
		entries("strings", 1, func(r *run, p peer.Strings, i int) { setString(p, keyAt(i)) }),
		entries("overwritten", 4, func(r *run, p peer.Strings, i int) {
			setString(p, keyAt(scatter(i, r.Keys)))
		}),
		entries("ttl", 1, func(r *run, p peer.Volatile, i int) { setVolatile(p, keyAt(i)) }),
		entries("ttl-overwritten", 4, func(r *run, p peer.Volatile, i int) {
			setVolatile(p, keyAt(scatter(i, r.Keys)))
		}),
		entries("hash10", 1, func(r *run, p peer.Hashes, i int) {
			p.HSet(keyAt(i/10), "field:"+strconv.Itoa(i%10), "value:"+strconv.Itoa(i%10000))
		}),
		entries("zset10", 1, func(r *run, p peer.Scores, i int) {
			p.ZAdd(keyAt(i/10), "member:"+strconv.Itoa(i%1000), scoreAt(i))
		}),
		entries("list", 1, func(r *run, p peer.Queues, i int) { p.RPush(bigKey, keyAt(i)) }),
		entries("set", 1, func(r *run, p peer.Sets, i int) { p.SAdd(bigKey, keyAt(i)) }),
		entries("zset", 1, func(r *run, p peer.Scores, i int) {
			p.ZAdd(bigKey, keyAt(i), scoreAt(i))
		}),
		entries("stream", 1, func(r *run, p peer.Streams, i int) {
			p.XAdd(bigKey, i+1, sensorAt(i), tempAt(i))
		}),
	},
	run: func(r *run) {
		for _, op := range r.group.Ops {
			if op.Fits(r.peer) {
				op.start(r, nil)
			}
		}
	},
}

// entries returns an operation that fills a new peer with as many entries as there are
// keys, each added so many times, and prints what one takes.
func entries[I any](name string, times int, add func(r *run, p I, i int)) Op {
	ttl := time.Duration(0)
	if strings.HasPrefix(name, "ttl") {
		ttl = time.Hour
	}
	return Op{Name: name, Fits: peer.Can[I], start: func(r *run, _ any) func(int) {
		before := r.openEmpty(ttl)
		defer r.close()
		filling(r, func(p I) {
			for i := range r.Keys * times {
				add(r, p, i)
			}
		})
		r.print(name, 1, r.Keys, Value{float64(r.inUse()-before) / float64(r.Keys), "B/entry"})
		return nil
	}}
}

func setString(p peer.Strings, key string)    { p.Set(key, valueOf(key, 32)) }
func setVolatile(p peer.Volatile, key string) { p.SetTTL(key, valueOf(key, 32), time.Hour) }

// scatter returns the numbers below n in order, then again and again in other orders.
func scatter(i, n int) int {
	strides := []uint64{1, 7_368_787, 15_485_863, 32_452_843}
	return int(uint64(i%n) * strides[i/n%len(strides)] % uint64(n))
}
