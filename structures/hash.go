package structures

import (
	"encoding/binary"
	"strings"
)

// Hash is fields with their values, each with or without a deadline. While it is small
// it is packed, a blob that is empty or
//
//	fields   1 byte: how many (7 bits), hashTimed
//	earliest 8 bytes little endian, if hashTimed: the first of the deadlines
//	items    field, value and, if hashTimed, deadline: 8 bytes little endian, or none
//
// so that a hash without deadlines pays nothing for them. Then it is a [Table] of its
// own, in which a field is a key and has its record's deadline. It never goes back.
//
// A deadline of 0 is none. The hash knows no clock: a field is there until Purge has
// removed it. What a packed hash returns after it was changed is good until the next
// change.
type Hash struct {
	cfg   *TableConfig
	table *Table // nil while it is packed
	blob  string
	own   bool // blob lies in buf
	// The next blob is made in spare, so that the last one outlives it.
	buf, spare []byte
}

const hashTimed = 0x80

// NewHash returns an empty hash.
func NewHash(cfg *TableConfig) *Hash { return &Hash{cfg: cfg} }

// Of returns the hash that rec holds: its object, or h as a view of its blob. A view
// may only be read. The complexity is O(1).
func (h *Hash) Of(rec *Record) *Hash {
	o, blob := rec.packed()
	if o != nil {
		return o.(*Hash)
	}
	h.blob = blob
	return h
}

// Unpack makes h the hash that blob was made of. The complexity is O(1).
func (h *Hash) Unpack(blob string) { h.table, h.blob, h.own = nil, blob, false }

// Blob returns the hash as a blob that is good until the next change, and false if it is
// too large for one. The complexity is O(1).
func (h *Hash) Blob() (blob []byte, packed bool) {
	if h.table != nil {
		return nil, false
	}
	if !h.own {
		h.buf, h.own = append(h.buf[:0], h.blob...), true
		h.blob = piece(h.buf)
	}
	return h.buf, true
}

// Len returns the number of fields. The complexity is O(1).
func (h *Hash) Len() int {
	switch {
	case h.table != nil:
		return h.table.Len()
	case h.blob == "":
		return 0
	}
	return int(h.blob[0] &^ hashTimed)
}

// Size returns the logical size in bytes. The complexity is O(1).
func (h *Hash) Size() int {
	if h.table != nil {
		return h.table.Size()
	}
	return len(h.blob)
}

// Allocated returns the bytes that are held. The complexity is O(1).
func (h *Hash) Allocated() int {
	if h.table != nil {
		return h.table.Used()
	}
	return len(h.blob)
}

// Clone returns an independent copy, a *Hash. It counts as a write.
// The complexity is O(1).
func (h *Hash) Clone() Object {
	if h.table != nil {
		c := h.table.Clone()
		c.seq = &c.own
		return &Hash{cfg: h.cfg, table: c}
	}
	return &Hash{cfg: h.cfg, blob: strings.Clone(h.blob)}
}

// Earliest returns a time before which no field is overdue, 0 if no field has a
// deadline. The complexity is O(1).
func (h *Hash) Earliest() int64 {
	if h.table != nil {
		return h.table.Earliest()
	}
	return hashEarliest(h.blob)
}

// hashEarliest is Earliest of a packed hash.
func hashEarliest(blob string) int64 {
	if blob == "" || blob[0]&hashTimed == 0 {
		return 0
	}
	return int64(le64(blob[1:]))
}

// Get returns the value of field. The complexity is O(1).
func (h *Hash) Get(field string) (value string, ok bool) {
	value, _, ok = h.Look(field)
	return value, ok
}

// Look returns the value of field and its deadline. The complexity is O(1).
func (h *Hash) Look(field string) (value string, deadline int64, ok bool) {
	if h.table == nil {
		p, found := h.find(field)
		return p.value, p.deadline, found
	}
	r := h.table.Find(h.cfg.Hash(field), field)
	if !r.Found {
		return "", 0, false
	}
	return r.Record.Value(), r.Record.Deadline(), true
}

// Load is Look of a large hash without a lock. hash is the field's. Where the outcome is
// unclear, the caller looks again under the lock. A large hash has a sequence number of
// its own, so that it is read in the same way in every table that shares it.
// The complexity is O(1).
func (h *Hash) Load(hash uint64, field string) (value string, deadline int64, o Outcome) {
	seq := h.table.seq.Load()
	if seq&1 != 0 {
		return "", 0, Unclear
	}
	if value, _, deadline, o = h.table.LoadText(seq, hash, field); o != Unclear {
		return value, deadline, o
	}
	value, _, _, deadline, o = h.table.LoadValue(seq, hash, field)
	return value, deadline, o
}

// LoadField is Look in a blob. The complexity is O(1).
func LoadField(blob, field string) (value string, deadline int64, o Outcome) {
	timed := isTimed(blob)
	rest := blob[min(len(blob), hashHead(timed)):]
	for rest != "" { // find, without where it is
		var name, at string
		name, rest = nextItem(rest)
		value, rest = nextItem(rest)
		if timed {
			at, rest = nextItem(rest)
		}
		if name != field {
			continue
		}
		if at != "" {
			deadline = int64(le64(at))
		}
		return value, deadline, Found
	}
	return "", 0, Missing
}

// Set gives field a value and a deadline, and says whether it is new.
// The complexity is O(1) amortised.
func (h *Hash) Set(field, value string, deadline int64) (added bool) {
	if h.table != nil {
		return h.put(field, value, deadline)
	}
	p, found := h.find(field)
	n := h.Len()
	if !found {
		n++
	}
	if 2*n > h.cfg.PackedItems || max(len(field), len(value)) > packedItemMax {
		h.grow()
		return h.put(field, value, deadline)
	}
	timed := isTimed(h.blob)
	if deadline != 0 && !timed {
		h.recode(true, 0, &hashPair{field: field, value: value, deadline: deadline})
	} else {
		h.begin(h.blob[:p.from])
		h.add(field, value, deadline, timed)
		h.end(h.blob[p.to:], n, timed)
	}
	if len(h.blob) > packedMax {
		h.grow()
	}
	return !found
}

// Delete removes field and says whether it was there. The complexity is O(1) amortised.
func (h *Hash) Delete(field string) bool {
	if h.table != nil {
		r := h.table.Find(h.cfg.Hash(field), field)
		if r.Found {
			h.table.Delete(&r, field)
			return true
		}
		return false
	}
	p, found := h.find(field)
	if found {
		h.begin(h.blob[:p.from])
		h.end(h.blob[p.to:], h.Len()-1, isTimed(h.blob))
	}
	return found
}

// Purge removes fields whose deadline is not later than now and returns how many: about
// budget of them at most. It calls visit with each, unless that is nil; the string is good
// until visit returns. The complexity is O(n log m), n the number of fields removed, m that of
// fields with a deadline.
func (h *Hash) Purge(now int64, budget int, visit func(field string)) (removed int) {
	if h.table == nil {
		return h.purgePacked(now, visit)
	}
	for looks := budget; removed < budget; {
		rec, found := h.table.Overdue(now, &looks)
		if !found {
			break
		}
		if visit != nil {
			visit(rec.Key())
		}
		h.Delete(rec.Key())
		removed++
	}
	return removed
}

func (h *Hash) purgePacked(now int64, visit func(field string)) (removed int) {
	if at := h.Earliest(); at == 0 || at > now {
		return 0
	}
	if visit != nil {
		h.All(func(field, _ string, deadline int64) bool {
			if deadline != 0 && deadline <= now {
				visit(field)
			}
			return true
		})
	}
	n := h.Len()
	h.recode(true, now, nil)
	return n - h.Len()
}

// Live says whether a field is there whose deadline is later than now, or that has none.
// The complexity is O(1), O(n) where fields are overdue.
func (h *Hash) Live(now int64) (live bool) {
	at := h.Earliest()
	if at == 0 || at > now || h.table != nil && h.table.Volatile() < h.Len() {
		return h.Len() > 0
	}
	h.All(func(_, _ string, deadline int64) bool {
		live = deadline == 0 || deadline > now
		return !live
	})
	return live
}

// All calls visit with every field until it returns false. visit must not write.
// The complexity is O(n).
func (h *Hash) All(visit func(field, value string, deadline int64) bool) {
	if h.table != nil {
		h.table.All(func(r Record) bool { return visit(r.Key(), r.Value(), r.Deadline()) })
		return
	}
	for w := h.pairs(); w.next(); {
		if !visit(w.field, w.value, w.deadline) {
			return
		}
	}
}

// Scan is [Table.Scan] over the fields. A packed hash is visited at once, from the
// cursor on: cursors mean the same in both forms. The complexity is O(count).
func (h *Hash) Scan(cursor uint32, count int, visit func(field, value string)) uint32 {
	if h.table != nil {
		return h.table.Scan(cursor, count, func(r Record) { visit(r.Key(), r.Value()) })
	}
	for w := h.pairs(); w.next(); {
		if cursor == 0 || uint32(h.cfg.Hash(w.field)>>addrBits) >= cursor {
			visit(w.field, w.value)
		}
	}
	return 0
}

// Random returns a field, each with the same probability; random(n) returns a uniform
// number below n. The hash must not be empty. The complexity is O(1) expected.
func (h *Hash) Random(random func(n uint64) uint64) (field, value string) {
	if h.table != nil {
		rec, _ := h.table.Random(random)
		return rec.Key(), rec.Value()
	}
	w := h.pairs()
	for skip := random(uint64(h.Len())); w.next() && skip > 0; skip-- {
	}
	return w.field, w.value
}

// put is Set of a large hash.
func (h *Hash) put(field, value string, deadline int64) (added bool) {
	r := h.table.Find(h.cfg.Hash(field), field)
	added = !r.Found
	h.table.Put(&r, field, Entry{Text: value, Deadline: deadline})
	return added
}

// grow makes a packed hash large.
func (h *Hash) grow() {
	large := Hash{cfg: h.cfg, table: newTable(h.cfg)}
	large.table.seq = &large.table.own
	for w := h.pairs(); w.next(); {
		large.put(w.field, w.value, w.deadline)
	}
	*h = large
}

// hashPair is a field of a packed hash and where it lies in the blob.
type hashPair struct {
	field, value string
	deadline     int64
	from, to     int
}

// hashPairs goes through a blob; next makes it the first pair, then the ones after it.
type hashPairs struct {
	hashPair
	rest  string
	timed bool
}

func (h *Hash) pairs() hashPairs {
	w := hashPairs{timed: isTimed(h.blob)}
	w.to = min(len(h.blob), hashHead(w.timed))
	w.rest = h.blob[w.to:]
	return w
}

func (w *hashPairs) next() bool {
	if w.rest == "" {
		return false
	}
	left := len(w.rest)
	w.field, w.rest = nextItem(w.rest)
	w.value, w.rest = nextItem(w.rest)
	if w.timed {
		var at string
		at, w.rest = nextItem(w.rest)
		if w.deadline = 0; at != "" {
			w.deadline = int64(le64(at))
		}
	}
	w.from, w.to = w.to, w.to+left-len(w.rest)
	return true
}

// find returns field in a packed hash, or where it would go.
func (h *Hash) find(field string) (p hashPair, found bool) {
	w := h.pairs()
	for w.next() {
		if w.field == field {
			return w.hashPair, true
		}
	}
	return hashPair{from: len(h.blob), to: len(h.blob)}, false
}

func isTimed(blob string) bool { return blob != "" && blob[0]&hashTimed != 0 }

// hashHead is how many bytes lie before the items.
func hashHead(timed bool) int {
	if timed {
		return 1 + deadlineLen
	}
	return 1
}

// begin begins the next blob with a part of the last one.
func (h *Hash) begin(head string) {
	h.spare = append(h.spare[:0], head...)
	if head == "" {
		h.spare = append(h.spare, 0)
	}
}

// add goes on with a field.
func (h *Hash) add(field, value string, deadline int64, timed bool) {
	b := appendItem(appendItem(h.spare, field), value)
	switch {
	case timed && deadline != 0:
		b = binary.LittleEndian.AppendUint64(append(b, deadlineLen), uint64(deadline))
	case timed:
		b = append(b, 0)
	}
	h.spare = b
}

// end ends the next blob, which has n fields, and makes it the hash's.
func (h *Hash) end(tail string, n int, timed bool) {
	next := append(h.spare, tail...)
	if n == 0 {
		next, timed = next[:0], false
	} else {
		next[0] = byte(n)
	}
	if timed {
		next[0] |= hashTimed
	}
	h.buf, h.spare = next, h.buf
	h.blob, h.own = piece(next), true
	if !timed {
		return
	}
	earliest := int64(0)
	for w := h.pairs(); w.next(); {
		if w.deadline != 0 && (earliest == 0 || w.deadline < earliest) {
			earliest = w.deadline
		}
	}
	binary.LittleEndian.PutUint64(next[1:], uint64(earliest))
	if earliest == 0 {
		h.recode(false, 0, nil)
	}
}

// recode writes a packed hash anew, with or without deadlines: without the fields that
// are overdue at now, and with set, if it is not nil.
func (h *Hash) recode(timed bool, now int64, set *hashPair) {
	n := 0
	h.spare = append(h.spare[:0], make([]byte, hashHead(timed))...)
	for w := h.pairs(); w.next(); {
		if w.deadline != 0 && w.deadline <= now || set != nil && w.field == set.field {
			continue
		}
		h.add(w.field, w.value, w.deadline, timed)
		n++
	}
	if set != nil {
		h.add(set.field, set.value, set.deadline, timed)
		n++
	}
	h.end("", n, timed)
}
