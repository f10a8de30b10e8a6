// Package rdb has the form in which Redis's DUMP and RESTORE move a value: that of an RDB
// file, with a version and a checksum behind it. It takes what any Redis up to 7.4 has
// written, and writes what Redis 7.0 writes with its default configuration, so that the two
// are equal byte for byte where the order of the elements is given.
//
// Nothing in a payload is trusted: a length allocates nothing before the bytes are there, and
// each part is checked to its end, as Redis does with sanitize-dump-payload, and beyond that:
// the numbers of elements, the order of a stream's entries, scores.
//
// It is for Alcove's own use, without a promise of compatibility.
//
// Sources: rdb.c, listpack.c, ziplist.c, zipmap.c, intset.c, quicklist.c, t_stream.c, lzf_c.c
// and cluster.c of Redis 7.0, and rdb.c of 7.2 and 7.4 for what these have added.
package rdb

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
)

// What is wrong with a payload.
var (
	// ErrVersion says that a payload is too short, was written by a later Redis or is
	// damaged.
	ErrVersion = errors.New("rdb: payload version or checksum are wrong")
	// ErrFormat says that what a payload says makes no value.
	ErrFormat = errors.New("rdb: bad data format")
)

// The versions of RDB.
const (
	version    = 10 // of Redis 7.0
	version72  = 11 // sets as listpacks, the times at which consumers were active
	version74  = 12 // deadlines of the fields of hashes
	footerLen  = 2 + 8
	listpackOK = 1 << 30 // as long as Redis lets a listpack become
	maxText    = 512 << 20
)

// The types of values in RDB, by the numbers that stand there.
const (
	typeString         = 0
	typeList           = 1
	typeSet            = 2
	typeZSet           = 3
	typeHash           = 4
	typeZSet2          = 5
	typeHashZipmap     = 9
	typeListZiplist    = 10
	typeSetIntset      = 11
	typeZSetZiplist    = 12
	typeHashZiplist    = 13
	typeListQuicklist  = 14
	typeStream         = 15
	typeHashListpack   = 16
	typeZSetListpack   = 17
	typeListQuicklist2 = 18
	typeStream2        = 19
	typeSetListpack    = 20 // from here on version72
	typeStream3        = 21
	typeHashTimedOld   = 22 // from here on version74; these two are of its release candidates
	typeHashPackedOld  = 23
	typeHashTimed      = 24
	typeHashPacked     = 25
)

// Value is a value as a payload has it: a [String], [List], [Set], [Hash], [ZSet] or *[Stream].
type Value interface {
	encode(e *encoder)
}

// String is a string.
type String string

// List is a list.
type List []string

// Set is a set. The members are different, and so are fields and members elsewhere.
type Set struct {
	Members []string
	// Compact is Redis's encoding for small values. Of a payload it says that the value
	// came in it, and for one that it shall be written so if possible.
	Compact bool
}

// Hash is a hash.
type Hash struct {
	Fields  []Field
	Compact bool // as of [Set]
}

// Field is a field of a hash.
type Field struct {
	Name, Value string
	Deadline    int64 // in milliseconds since 1970, 0 if there is none
}

// ZSet is a sorted set, of a payload in the order that it has there. For one the members come
// in their order.
type ZSet struct {
	Members []Member
	Compact bool // as of [Set]
}

// Member is a member of a sorted set.
type Member struct {
	Name  string
	Score float64
}

// The checksum is CRC-64/REDIS: Jones's polynomial, reflected, which begins with 0 and not,
// as those of the library do, with all ones.
var crcTable = crc64.MakeTable(0x95ac9329ac4bc9b5)

// Checksum returns the checksum of what stands before it in a payload: CRC-64/REDIS.
func Checksum(b []byte) uint64 { return ^crc64.Update(^uint64(0), crcTable, b) }

// Encode returns the payload of a value: of version 10, which Redis 7.0 takes, and for a hash
// of whose fields one has a deadline of version 12, for which it needs 7.4.
func Encode(v Value) []byte {
	e := newEncoder()
	defer e.free()
	v.encode(e)
	return seal(e.b, e.version)
}

// seal appends a version and the checksum.
func seal(b []byte, version int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(version))
	return binary.LittleEndian.AppendUint64(b, Checksum(b))
}

// Decode returns the value of a payload, which has nothing of the payload's memory. The error
// is [ErrVersion] or [ErrFormat].
func Decode(payload []byte) (Value, error) {
	if !sealed(payload) {
		return nil, ErrVersion
	}
	body := payload[:len(payload)-footerLen]
	d := decoder{b: body}
	v := d.value(int(binary.LittleEndian.Uint16(payload[len(body):])))
	if d.bad { // what comes behind a value does not matter to Redis
		return nil, ErrFormat
	}
	return v, nil
}
