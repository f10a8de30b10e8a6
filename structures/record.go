package structures

import (
	"encoding/binary"
	"math/bits"
)

// A record lies in a chunk as
//
//	meta     1 byte: kind (5 bits), flags (3 bits)
//	key      uvarint length
//	value    uvarint length
//	version  6 bytes little endian, in tables that keep versions
//	deadline 8 bytes little endian, if flagDeadline
//	key, value
//
// With flagSlot the value is the 4-byte number of a slot, which holds the value
// (flagBig) or, with flagBigKey, the key, too.
const (
	kindMask     = 0x1f
	flagDeadline = 0x20
	flagSlot     = 0x40
	flagBigKey   = 0x80

	shortHead   = 3 // kind and two lengths below 128
	versionLen  = 6
	deadlineLen = 8
	slotLen     = 4

	// MaxKind is the largest kind that a record can carry.
	MaxKind = kindMask
	// MaxInline is the length in bytes up to which a key or a string lies in
	// the record itself; a longer one is kept by reference.
	MaxInline = 1024
)

// Object is a value that does not lie in a record: it changes in place, under
// the lock of its table's owner.
type Object interface {
	// Size returns the logical size in bytes: what the elements take,
	// without slack.
	Size() int
	// Allocated returns the bytes that it really holds.
	Allocated() int
	// Clone returns an independent copy in O(1). It counts as a write.
	Clone() Object
}

// slot holds what a record only refers to. Its key, text and object never
// change once it is published; version does, under the lock.
type slot struct {
	key     string
	text    string
	object  Object
	owner   uint64 // who may write object in place
	version uint64
	size    int   // object.Size() when it was last counted
	held    int   // object.Allocated(), then
	due     int64 // object.Earliest(), if it is a Hash, then
}

// bytes is the logical size of what the slot holds.
func (s *slot) bytes() int { return len(s.key) + len(s.text) + s.size }

// allocated is what that takes in memory.
func (s *slot) allocated() int { return slotOverhead + len(s.key) + len(s.text) + s.held }

// count counts the object anew.
func (s *slot) count() {
	s.size, s.held = s.object.Size(), s.object.Allocated()
	if h, ok := s.object.(*Hash); ok {
		s.due = h.Earliest()
	}
}

// Record is a key with its value, as it was when it was read. What its methods
// return stays valid for ever, except that an Object may change under its
// table's lock. The zero Record belongs to no key.
type Record struct {
	raw      string // the whole record
	key, val uint32 // where they begin in raw
	versions bool
	slot     *slot
}

// Kind returns what the record was put with.
func (r *Record) Kind() uint8 { return r.raw[0] & kindMask }

// Key returns the key.
func (r *Record) Key() string {
	if r.raw[0]&flagBigKey != 0 {
		return r.slot.key
	}
	return r.raw[r.key:r.val]
}

// Value returns the value as text. It is empty for an object.
func (r *Record) Value() string {
	if r.raw[0]&flagSlot != 0 {
		return r.slot.text
	}
	return r.raw[r.val:]
}

// Object returns the value if it is an object, otherwise nil.
func (r *Record) Object() Object {
	if r.slot == nil {
		return nil
	}
	return r.slot.object
}

// packed returns the object of the record or, where it has none, its value as a blob.
// The zero Record has an empty one.
func (r *Record) packed() (o Object, blob string) {
	if r.raw == "" {
		return nil, ""
	}
	return r.Object(), r.Value()
}

// Deadline returns the deadline, 0 if there is none.
func (r *Record) Deadline() int64 {
	if r.raw[0]&flagDeadline == 0 {
		return 0
	}
	return int64(le64(r.raw[r.key-deadlineLen:]))
}

// Version returns the version of the last change, 0 in a table without.
func (r *Record) Version() uint64 {
	switch {
	case !r.versions:
		return 0
	case r.slot != nil:
		return r.slot.version
	}
	at := r.key - versionLen
	if r.raw[0]&flagDeadline != 0 {
		at -= deadlineLen
	}
	b := r.raw[at:]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40
}

// recordOverhead is what a record costs beside its own bytes and its slot: an
// index word at the usual fill.
const recordOverhead = 12

// Size returns the logical size in bytes of the record with all it refers to.
func (r *Record) Size() int {
	n := len(r.raw) + recordOverhead
	if r.slot != nil {
		n += slotOverhead + r.slot.bytes()
	}
	return n
}

func (r *Record) slotID() uint32 {
	v := r.raw[r.val:]
	return uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16 | uint32(v[3])<<24
}

func le64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// head is the parsed header of a record.
type head struct {
	meta     byte
	key, val int // offsets from the start of the record
	end      int
}

// parse reads the header at the start of b. It reports false where b can't be a
// whole record.
func (t *Table) parse(b []byte) (h head, ok bool) {
	if len(b) < shortHead {
		return h, false
	}
	h.meta = b[0]
	klen, vlen := uint64(b[1]), uint64(b[2])
	h.key = int(t.fixed)
	if klen|vlen >= 0x80 {
		var n, m int
		klen, n = binary.Uvarint(b[1:])
		if n <= 0 {
			return h, false
		}
		vlen, m = binary.Uvarint(b[1+n:])
		if m <= 0 || klen > MaxInline || vlen > MaxInline {
			return h, false
		}
		h.key += 1 + n + m - shortHead
	}
	if h.meta&flagDeadline != 0 {
		h.key += deadlineLen
	}
	h.val = h.key + int(klen)
	h.end = h.val + int(vlen)
	return h, h.end <= len(b)
}

// appendHead appends the header of a record to b.
func appendHead(b []byte, meta byte, klen, vlen int, versions bool, version uint64, deadline int64) []byte {
	b = append(b, meta)
	b = binary.AppendUvarint(b, uint64(klen))
	b = binary.AppendUvarint(b, uint64(vlen))
	if versions {
		b = append(b, byte(version), byte(version>>8), byte(version>>16), byte(version>>24), byte(version>>32), byte(version>>40))
	}
	if meta&flagDeadline != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(deadline))
	}
	return b
}

// shape returns what the header of a record of e says; s is its slot, if it has one.
func (e *Entry) shape(key string, s *slot) (meta uint8, klen, vlen int) {
	meta, klen, vlen = e.Kind, len(key), e.len()
	if e.Deadline != 0 {
		meta |= flagDeadline
	}
	if s != nil {
		meta |= flagSlot
		vlen = slotLen
		if s.key != "" {
			meta |= flagBigKey
			klen = 0
		}
	}
	return meta, klen, vlen
}

// recordLen returns the length of a record.
func (c *TableConfig) recordLen(meta uint8, klen, vlen int) int {
	n := 1 + uvarintLen(klen) + uvarintLen(vlen) + klen + vlen
	if c.Versions {
		n += versionLen
	}
	if meta&flagDeadline != 0 {
		n += deadlineLen
	}
	return n
}

func uvarintLen(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 }

// encode fills b, which has just the length, with a record. key is what lies in the record
// itself, and id the number of its slot, if it has one.
func (c *TableConfig) encode(b []byte, meta uint8, key string, e *Entry, id uint32) head {
	vlen := slotLen
	if meta&flagSlot == 0 {
		vlen = e.len()
	}
	h := head{meta: meta, end: len(b)}
	h.key = len(appendHead(b[:0], meta, len(key), vlen, c.Versions, e.Version, e.Deadline))
	h.val = h.key + copy(b[h.key:], key)
	switch v := b[h.val:]; {
	case meta&flagSlot != 0:
		binary.LittleEndian.PutUint32(v, id)
	case len(e.Bytes) > 0:
		copy(v, e.Bytes)
	default:
		copy(v, e.Text)
	}
	return h
}

// Arena makes records that lie in no table, for values that are changed before a table has
// them. Their memory is never used again, so what was read from them stays valid.
type Arena struct {
	buf []byte
}

const arenaChunk = 2 << 10

// Record returns a record of e under key as tables with the configuration c would have it.
// The complexity is O(n), n the bytes copied.
func (a *Arena) Record(c *TableConfig, key string, e Entry) Record {
	s := makeSlot(key, &e, 0)
	meta, klen, vlen := e.shape(key, s)
	n := c.recordLen(meta, klen, vlen)
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(arenaChunk, n))
	}
	from := len(a.buf)
	a.buf = a.buf[:from+n]
	b := a.buf[from:]
	h := c.encode(b, meta, key[:klen], &e, 0)
	return Record{raw: piece(b), key: uint32(h.key), val: uint32(h.val), versions: c.Versions, slot: s}
}

// Mutated counts the object of a record of an [Arena] anew after it was written.
// The complexity is O(1).
func (r *Record) Mutated() { r.slot.count() }
