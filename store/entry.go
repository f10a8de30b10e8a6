package store

import (
	"github.com/alcovedb/alcove/structures"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values. KindNone is the kind of a key that is not there.
const (
	KindNone Kind = iota
	KindString
	KindList
	KindSet
	KindZSet
	KindHash
	KindStream
)

// kinds is what the store has to know of a kind beside its commands.
var kinds = [...]struct {
	name string
	// The encodings of an aggregate, by the sticky bit in its record's kind.
	encodings [2]string
	// fingerprint hashes a value of the kind as of now, independent of its form.
	fingerprint func(r *structures.Record, now int64) uint64
}{
	KindNone:   {name: "none"},
	KindString: {name: "string", fingerprint: stringFingerprint},
	KindList:   {name: "list", encodings: [2]string{"quicklist", "quicklist"}, fingerprint: listFingerprint},
	KindSet:    {name: "set", encodings: [2]string{"intset", "hashtable"}, fingerprint: setFingerprint},
	KindZSet:   {name: "zset", encodings: [2]string{"listpack", "skiplist"}, fingerprint: zsetFingerprint},
	KindHash:   {name: "hash", encodings: [2]string{"listpack", "hashtable"}, fingerprint: hashFingerprint},
	KindStream: {name: "stream", encodings: [2]string{"stream", "stream"}, fingerprint: streamFingerprint},
}

// String returns the name that Redis's TYPE gives the kind.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return "unknown"
}

// A record's kind is the type of the value and how its encoding came about,
// which OBJECT ENCODING shows and nothing else depends on.
const (
	encodingBits = 2
	encodingMask = 1<<encodingBits - 1

	encNatural = 0 // as Redis chooses for the text: int, embstr or raw
	encText    = 1 // never int: what INCRBYFLOAT leaves
	encRaw     = 2 // changed in place: raw

	// The aggregates': what Redis uses while a value is small, and what it never
	// comes back from once it was large.
	encSmall = 0
	encLarge = 1
)

func recordKind(k Kind, encoding uint8) uint8 { return uint8(k)<<encodingBits | encoding }

// hashKinds are the kinds of records that hold a hash, as bits.
const hashKinds = (1<<(encodingMask+1) - 1) << (KindHash << encodingBits)

func kindOf(r *structures.Record) Kind { return Kind(r.Kind() >> encodingBits) }

// kind returns the kind of what the key holds.
func (w *write) kind() Kind {
	if !w.ref.Found {
		return KindNone
	}
	return kindOf(&w.ref.Record)
}

// embstrMax is the length up to which Redis keeps a string in its object
// (OBJ_ENCODING_EMBSTR_SIZE_LIMIT).
const embstrMax = 44

// encodingOf returns the name of the encoding that Redis 7.0 would have chosen.
func encodingOf(r *structures.Record) string {
	encoding := r.Kind() & encodingMask
	if k := kindOf(r); k != KindString {
		return kinds[k].encodings[encoding&1]
	}
	if encoding == encRaw || r.Object() != nil {
		return "raw"
	}
	text := r.Value()
	if encoding == encNatural {
		if _, ok := parseInt(text); ok {
			return "int"
		}
	}
	if len(text) <= embstrMax {
		return "embstr"
	}
	return "raw"
}

// textOf returns a string value. The shard must be locked if it is an object.
func textOf(r *structures.Record) string {
	if b, ok := r.Object().(*structures.Bytes); ok {
		return b.String()
	}
	return r.Value()
}
