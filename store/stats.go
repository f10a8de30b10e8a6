package store

import (
	"cmp"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// Stats is what a store counts of itself.
type Stats struct {
	Keys     int    // in all databases
	Volatile int    // keys that have a deadline, or are hashes with fields that have one
	Memory   int    // logical bytes: the sum of MEMORY USAGE over all keys
	Used     int    // bytes allocated for what the store holds
	Pinned   int    // bytes that only open snapshots of it hold, outside Used
	Expired  uint64 // keys that have reached their deadline since New

	Databases [Databases]DatabaseStats
}

// DatabaseStats is what is counted of one database: see [Stats].
type DatabaseStats struct{ Keys, Volatile int }

// Stats returns what the store counts of itself. A key that is overdue counts
// until the expirer has removed it.
//
// Pinned is what was written or removed since a snapshot was taken and is there for it
// alone, counted once however many snapshots hold it: chunks, pages and values. Running
// loops over [DB.All] are snapshots, too; those over the elements of one large value are
// not counted, nor is what strings that were read keep, nor the frame of a snapshot. It is
// 0 when all of them are closed. A fork has its own figures: what it shares with its store
// is in Used of both, and in Pinned of neither; what its store has given up since is no
// longer in the store's Used, only in the fork's. What a snapshot holds for a fork, too,
// counts as pinned.
//
// The complexity is O(shards), and, while there are snapshots, O(n), n the pages written
// since and the pages of large values written; nobody waits longer than a shard takes.
func (s *Store) Stats() Stats {
	st := s.count()
	st.Pinned = s.pinned()
	return st
}

// count is Stats without Pinned.
func (s *Store) count() Stats {
	st := Stats{Expired: s.expired.Load()}
	unlock := s.rlockAll()
	defer unlock()
	for i := range s.shards {
		for n := range Databases {
			if t := s.shards[i].table(n); t != nil {
				st.Databases[n].Keys += t.Len()
				st.Databases[n].Volatile += t.Volatile()
				st.Memory += t.Size()
				st.Used += t.Used()
			}
		}
	}
	for _, db := range st.Databases {
		st.Keys += db.Keys
		st.Volatile += db.Volatile
	}
	return st
}

// UsedMemory returns the bytes allocated for what the store holds: chunks,
// pages and objects that the live tables reach. The complexity is O(shards).
func (s *Store) UsedMemory() int { return s.count().Used }

// MemoryUsage returns the logical bytes of key and its value: what it takes
// without slack and garbage. A missing key is [ErrNotFound]; there are no other
// errors but [ErrClosed].
//
// The complexity is O(1). Redis: [MEMORY USAGE].
//
// [MEMORY USAGE]: https://redis.io/docs/latest/commands/memory-usage/
func (db DB) MemoryUsage(key string) (int, error) {
	n := 0
	err := db.peek("MEMORY USAGE", key, func(r *structures.Record, _ uint32) { n = r.Size() })
	return n, err
}

// Fingerprint returns a 64-bit hash of the contents of keys, types and values
// without their deadlines, or without arguments of the whole database with its
// deadlines. The deadlines of a hash's fields are part of its value. It is the same in every process and for every encoding of a value.
// A missing key is [ErrNotFound].
//
// Unlike Redis's digests it is XXH64, which is fast and no defence against
// someone who wants two values to look the same.
//
// The complexity is O(n), n the bytes hashed. Redis: [DEBUG DIGEST].
//
// [DEBUG DIGEST]: https://redis.io/docs/latest/commands/debug/
func (db DB) Fingerprint(keys ...string) (uint64, error) {
	db, err := db.whole("DEBUG DIGEST")
	if err != nil {
		return 0, err
	}
	sn := db.s.instant()
	defer sn.release()
	if len(keys) == 0 {
		sum := sn.fingerprint(db.n)
		return sum, db.check()
	}
	sum := uint64(0)
	for _, key := range keys {
		rec, found := sn.find(db.n, key)
		if !found {
			return 0, cmp.Or(db.check(), ErrNotFound)
		}
		sum = mix(sum, fingerprint(&rec, sn.now))
	}
	return sum, nil
}

// Fingerprint is DB.Fingerprint; without arguments it is of all databases.
//
// The complexity is O(n), n the bytes hashed. Redis: [DEBUG DIGEST].
//
// [DEBUG DIGEST]: https://redis.io/docs/latest/commands/debug/
func (s *Store) Fingerprint(keys ...string) (uint64, error) {
	if len(keys) > 0 {
		return s.database.Fingerprint(keys...)
	}
	if err := s.check(); err != nil {
		return 0, err
	}
	sn := s.instant()
	defer sn.release()
	sum := uint64(0)
	for n := range Databases {
		sum = mix(sum, sn.fingerprint(n))
	}
	return sum, s.check()
}

// fingerprint adds up the hashes of all keys of a database, whose order is
// different in every process.
func (sn *instant) fingerprint(n int) (sum uint64) {
	sn.all(n, func(r *structures.Record) bool {
		h := xxhash.Sum64String(r.Key())
		sum += mix(mix(h, fingerprint(r, sn.now)), uint64(r.Deadline()))
		return true
	})
	return sum
}

// fingerprint hashes the type and value of a record as of now.
func fingerprint(r *structures.Record, now int64) uint64 {
	k := kindOf(r)
	return mix(uint64(k), kinds[k].fingerprint(r, now))
}

// stringFingerprint makes no copy of what may be half a gigabyte of hole.
func stringFingerprint(r *structures.Record, _ int64) uint64 {
	b, ok := r.Object().(*structures.Bytes)
	if !ok {
		return xxhash.Sum64String(r.Value())
	}
	var d xxhash.Digest
	d.Reset()
	b.Each(func(text string, page []byte) {
		_, _ = d.WriteString(text)
		_, _ = d.Write(page)
	})
	return d.Sum64()
}

// mix returns a hash of two hashes that depends on their order.
func mix(a, b uint64) uint64 {
	var buf [16]byte
	binary.LittleEndian.PutUint64(buf[:], a)
	binary.LittleEndian.PutUint64(buf[8:], b)
	return xxhash.Sum64(buf[:])
}
