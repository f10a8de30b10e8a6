package structures

import (
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
)

// TableConfig is what tables of one kind, or all values of one store, have in common.
// It must not change once a table uses it.
type TableConfig struct {
	// Hash hashes a key; the first bits choose its place. It must be seeded:
	// whoever can choose keys with equal hashes can make the table slow.
	Hash func(key string) uint64
	// Seq, if set, lets Load read without a lock.
	Seq *Seq
	// Versions keeps a version in each record.
	Versions bool
	// Track keeps an access stamp beside each word.
	Track bool
	// LeafMax and ChunkMax bound the size of a leaf in words and of a chunk in
	// bytes. 0 means the largest; tests make them tiny.
	LeafMax, ChunkMax int
	// Hashes is the set of kinds, as bits, whose values are each a [Hash]: a record of
	// such a kind has the deadlines of its fields, too. See [Table.Due].
	Hashes uint32
	// Frozen, if set, counts the clones, of whatever table, that are only read and will be
	// dropped: while there are some, what they share is not moved to save memory.
	Frozen *atomic.Int64
	// PackedItems bounds the items of a packed value. 0 means the usual bound; tests
	// make it small.
	PackedItems int
}

// WithDefaults returns the configuration with the usual bounds in the place of zeros.
func (c TableConfig) WithDefaults() *TableConfig {
	if c.PackedItems == 0 {
		c.PackedItems = packedItems
	}
	if c.LeafMax == 0 {
		c.LeafMax = leafMax
	}
	if c.ChunkMax == 0 {
		c.ChunkMax = chunkMax
	}
	return &c
}

// Table is a hash table from strings to small records: an index of words over
// an append-only log. The collector finds no pointer in either. Beside the log,
// a slot table holds what is large or changes in place.
//
// Reading needs the shared lock of the table's owner, everything else the
// exclusive one; only Load needs none.
type Table struct {
	// What a reader without a lock needs comes first, in one line of the cache.
	root   atomic.Pointer[node]
	chunks Vector[chunkRef]
	seq    *Seq
	fixed  uint8 // bytes of a short header without a deadline
	own    Seq   // what seq points to where it is not the owner's

	cfg   *TableConfig
	line  uint64 // the same for all clones of one table
	owner uint64
	n     int

	forked  bool          // from a table that has another lock
	stamper atomic.Uint64 // the owner, of a forked one

	slots  Vector[slotRef]
	leaves [tagBits + 1]int32 // how many at each depth
	shared int                // how many of them a clone may have, too
	widest int                // the size of the largest leaf there ever was

	tail      uint32
	tailBuf   []byte
	tailUsed  int
	fetched   byte // keeps Ready's reads from being left out
	freeChunk uint32
	freeSlot  uint32
	hand      uint32 // where the search for an empty chunk goes on
	gen       uint32 // counts the clones: a chunk of another one may be theirs, too

	logUsed, logLive int // bytes of the log that are taken, and those of them that are live
	opened           int // bytes of chunks that were opened
	cloned           bool
	size             int // logical bytes
	used             int // allocated bytes

	deadlines deadlines

	shape   uint64 // moves whenever a Ref may have become stale
	touched int    // records and words looked at by compaction and growth
	copied  int    // bytes copied because a clone shared them
}

// NewTable returns an empty table.
func NewTable(c TableConfig) *Table { return newTable(c.WithDefaults()) }

// newTable returns an empty table that shares its configuration with others.
func newTable(c *TableConfig) *Table {
	t := &Table{cfg: c, seq: c.Seq, fixed: shortHead, owner: newOwner(), used: tableOverhead}
	t.line = t.owner
	if c.Versions {
		t.fixed += versionLen
	}
	return t
}

const tableOverhead = 400

// Len returns the number of records.
func (t *Table) Len() int { return t.n }

// Size returns the logical size in bytes: the sum of Record.Size.
func (t *Table) Size() int { return t.size }

// Used returns the bytes allocated for what the table can reach.
func (t *Table) Used() int { return t.used }

// Clone returns an independent copy in O(1): both share everything until they
// write it. It counts as a write to t.
func (t *Table) Clone() *Table {
	c := &Table{
		cfg: t.cfg, seq: t.seq, fixed: t.fixed, line: t.line, owner: newOwner(), n: t.n, leaves: t.leaves, widest: t.widest,
		freeChunk: t.freeChunk, freeSlot: t.freeSlot, hand: t.hand,
		logUsed: t.logUsed, logLive: t.logLive, size: t.size, used: t.used,
	}
	t.gen++
	c.gen = t.gen
	c.root.Store(t.root.Load()) // the tail stays t's: the clone opens its own
	t.chunks.share(&c.chunks)
	t.slots.share(&c.slots)
	t.deadlines.share(&c.deadlines)
	c.cloned = true
	c.logUsed += len(t.tailBuf) - t.tailUsed
	t.owner = newOwner()
	t.stamper.Store(t.owner)
	t.shared = 0
	for _, n := range t.leaves {
		t.shared += int(n)
	}
	c.shared = t.shared
	return c
}

// Fork is Clone for another owner with a lock of its own: what the copy is read and
// written under is cfg's. It counts as a write to t.
func (t *Table) Fork(cfg *TableConfig) *Table {
	c := t.Clone()
	c.cfg, c.seq = cfg, cfg.Seq
	c.setForked(true)
	return c
}

func (t *Table) setForked(forked bool) {
	t.forked = forked
	t.stamper.Store(t.owner)
}

// Follow makes t, a fork that nobody reads yet, take the place of a table of its owner, nil for
// an empty one: leaves that it shares are not those of another owner then.
func (t *Table) Follow(old *Table) { t.setForked(old != nil && old.forked) }

// stamps says whether accesses to a leaf are stamped: those of a fork are not in a leaf that
// is still its origin's, too.
func (t *Table) stamps(n *node) bool {
	return n.stamps != nil && (!t.forked || n.owner == t.stamper.Load())
}

// Ref is where a key is, or would go, in a table.
type Ref struct {
	words  []atomic.Uint64 // of the leaf where the key was found
	at     int
	hash   uint64
	shape  uint64
	Record Record
	Found  bool
}

// Find looks key up under the lock. h is its hash.
// The complexity is O(1).
func (t *Table) Find(h uint64, key string) (r Ref) {
	t.Seek(&r, h, key)
	return r
}

// Ready fetches the memory where the next record will lie, before a Seek of its key:
// the processor then waits for both at once. It is a write.
func (t *Table) Ready() {
	const line = 64
	if at := t.tailUsed; at+line < len(t.tailBuf) {
		t.fetched = t.tailBuf[at] + t.tailBuf[at+line]
	}
}

// Seek is Find into r.
func (t *Table) Seek(r *Ref, h uint64, key string) {
	r.hash, r.shape, r.Found = h, t.shape, false
	if p := t.page(h); p != nil {
		addr, absent := first(p.bucket(h), h&tagMask)
		if absent {
			return
		}
		if addr != 0 {
			if t.recordAt(&r.Record, addr, key) {
				r.words, r.at, r.Found = p[:], p.place(h&tagMask|addr), true
				return
			}
		}
	}
	n := t.leaf(h)
	if n == nil {
		return
	}
	tag := h >> addrBits
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == tag {
			if t.recordAt(&r.Record, w, key) {
				r.words, r.at, r.Found = n.words, i, true
				return
			}
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
}

// recordAt makes rec the record at the address in w, if it is key's.
func (t *Table) recordAt(rec *Record, w uint64, key string) bool {
	b := t.locate(w)
	h, ok := t.parse(b)
	if !ok {
		panic("structures: a word points to no record")
	}
	if h.meta&(flagBigKey|flagSlot) == 0 {
		if string(b[h.key:h.val]) != key {
			return false
		}
		*rec = t.record(b, h, nil)
		return true
	}
	r := t.record(b, h, nil)
	r.slot = t.slotAt(r.slotID())
	if r.Key() != key {
		return false
	}
	*rec = r
	return true
}

func (t *Table) record(b []byte, h head, s *slot) Record {
	return Record{raw: piece(b[:h.end]), key: uint32(h.key), val: uint32(h.val), versions: t.cfg.Versions, slot: s}
}

// wordRecord returns the record that w points to.
func (t *Table) wordRecord(w uint64) Record {
	b := t.locate(w)
	h, ok := t.parse(b)
	if !ok {
		panic("structures: a word points to no record")
	}
	rec := t.record(b, h, nil)
	if h.meta&flagSlot != 0 {
		rec.slot = t.slotAt(rec.slotID())
	}
	return rec
}

// Load looks key up without a lock. seq is what the table's Seq said before
// the caller found the table; it must have been even. Where ok is false a writer
// came in between, and the caller looks again under the lock. The version and
// the object of what it returns may be read under the lock only.
// The complexity is O(1).
func (t *Table) Load(seq, h uint64, key string, stamp func(old uint32) uint32) (rec Record, found, ok bool) {
	n := t.leaf(h)
	if n == nil {
		return rec, false, t.seq.Load() == seq
	}
	tag := h >> addrBits
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == tag {
			b := t.loadBytes(seq, w)
			if b == nil {
				return rec, false, false
			}
			rec, found, ok = t.loadRecord(seq, b, key)
			if found && stamp != nil && t.stamps(n) {
				n.touch(i, stamp)
			}
			if found || !ok {
				return rec, found, ok
			}
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return Record{}, false, t.seq.Load() == seq
}

// loadBytes is locate for readers without a lock: nil where a writer came in
// between. The word was of the moment of seq and the chunk is the one it means if
// nothing has moved since, and the bytes themselves never change.
func (t *Table) loadBytes(seq, w uint64) []byte {
	ref := t.chunks.At(int(w & addrMask >> offsetBits))
	if ref == nil {
		return nil
	}
	p, size, at := ref.p.Load(), int(ref.size.Load()), int(w&offsetMask)
	if p == nil || t.seq.Load() != seq || at >= size {
		return nil // before they are used together, p and size must be known to belong so
	}
	return chunkAt(p, size)[at:]
}

// loadRecord is recordAt for Load.
func (t *Table) loadRecord(seq uint64, b []byte, key string) (rec Record, found, ok bool) {
	h, ok := t.parse(b)
	if !ok {
		return rec, false, false
	}
	if h.meta&flagSlot == 0 {
		if string(b[h.key:h.val]) != key {
			return rec, false, true
		}
		return t.record(b, h, nil), true, true
	}
	rec = t.record(b, h, nil)
	rec.slot = t.slotAt(rec.slotID())
	if rec.slot == nil || t.seq.Load() != seq {
		return rec, false, false
	}
	return rec, rec.Key() == key, true
}

// Outcome is what a reader without a lock knows of a key.
type Outcome uint8

// The outcomes of LoadText.
const (
	Unclear Outcome = iota // Load knows
	Missing
	Found
)

// LoadText is Load for what is read most: the string of a short key. It knows nothing
// else, and leaves the access stamp alone. A deadline of 0 is none. The complexity is
// O(1).
//
// It is one function, and short, so that a processor that waits for the memory of
// one call can begin with the next.
func (t *Table) LoadText(seq, h uint64, key string) (value string, kind uint8, deadline int64, o Outcome) {
	addr, absent := uint64(0), false
	if b := t.bucket(h); b != nil {
		addr, absent = first(b, h&tagMask)
	}
	if addr == 0 && !absent {
		addr, absent = t.probe(h)
	}
	if addr == 0 {
		if !absent || t.seq.Load() != seq {
			return "", 0, 0, Unclear
		}
		return "", 0, 0, Missing
	}
	ref := t.chunks.At(int(addr >> offsetBits))
	if ref == nil {
		return "", 0, 0, Unclear
	}
	p, size, at := ref.p.Load(), int(ref.size.Load()), int(addr&offsetMask)
	if p == nil || t.seq.Load() != seq || at >= size {
		return "", 0, 0, Unclear
	}
	r := chunkAt(p, size)[at:]
	if len(r) <= shortHead {
		return "", 0, 0, Unclear
	}
	meta, klen, vlen := r[0], int(r[1]), int(r[2])
	from := int(t.fixed)
	if vlen >= 0x80 { // the second byte of a length up to MaxInline
		vlen = vlen&0x7f | int(r[3])<<7
		from++
	}
	if meta&flagDeadline != 0 {
		from += deadlineLen
	}
	// The value's place follows from the length that the key should have, not from
	// the one in the record: so its line is on the way before the header has come.
	to := from + len(key)
	if meta&flagBigKey != 0 || klen != len(key) || klen >= 0x80 || to+vlen > len(r) {
		return "", 0, 0, Unclear
	}
	if string(r[from:to]) != key {
		return "", 0, 0, Unclear
	}
	if meta&flagDeadline != 0 {
		deadline = int64(binary.LittleEndian.Uint64(r[from-deadlineLen:]))
	}
	if meta&flagSlot != 0 {
		value, o = t.loadSlotText(seq, r[to:])
		return value, meta & kindMask, deadline, o
	}
	return piece(r[to : to+vlen]), meta & kindMask, deadline, Found
}

// loadSlotText returns the text of the slot whose number b begins with, if it has no
// object.
func (t *Table) loadSlotText(seq uint64, b []byte) (text string, o Outcome) {
	if len(b) < slotLen {
		return "", Unclear
	}
	s := t.slotAt(binary.LittleEndian.Uint32(b))
	if s == nil || t.seq.Load() != seq || s.object != nil {
		return "", Unclear
	}
	return s.text, Found
}

// LoadValue is Load for the value of a key that is not long, and leaves the access stamp
// alone: a text or an object, which itself may be read under the lock only, unless it
// says otherwise. It is Found or Unclear. The complexity is O(1).
func (t *Table) LoadValue(seq, h uint64, key string) (text string, o Object, kind uint8, deadline int64, out Outcome) {
	n := t.leaf(h)
	if n == nil {
		return "", nil, 0, 0, Unclear
	}
	tag := h >> addrBits
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == tag {
			b := t.loadBytes(seq, w)
			head, ok := t.parse(b)
			if !ok || head.meta&flagBigKey != 0 {
				break
			}
			if string(b[head.key:head.val]) == key {
				return t.loadValue(seq, b, head)
			}
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return "", nil, 0, 0, Unclear
}

// loadValue takes the record b apart.
func (t *Table) loadValue(seq uint64, b []byte, h head) (text string, o Object, kind uint8, deadline int64, out Outcome) {
	kind = h.meta & kindMask
	if h.meta&flagDeadline != 0 {
		deadline = int64(binary.LittleEndian.Uint64(b[h.key-deadlineLen:]))
	}
	if h.meta&flagSlot == 0 {
		return piece(b[h.val:h.end]), nil, kind, deadline, Found
	}
	s := t.slotAt(binary.LittleEndian.Uint32(b[h.val:]))
	if s == nil || t.seq.Load() != seq {
		return "", nil, 0, 0, Unclear
	}
	return s.text, s.object, kind, deadline, Found
}

// Touch replaces the access stamp of a record that r has found, if nothing has moved
// since.
func (t *Table) Touch(r *Ref, stamp func(old uint32) uint32) {
	if r.Found && t.cfg.Track && r.shape == t.shape {
		if n := t.leaf(r.hash); t.stamps(n) {
			n.touch(r.at, stamp)
		}
	}
}

// Stamp returns the access stamp of a record that r has found, 0 in a table
// that does not track access, or if something has moved since.
func (t *Table) Stamp(r *Ref) uint32 {
	if !r.Found || r.shape != t.shape {
		return 0
	}
	return t.leaf(r.hash).stamp(r.at)
}

// Entry is what a key gets by Put. Only one of Text, Bytes and Object is set.
type Entry struct {
	Kind     uint8
	Version  uint64
	Deadline int64 // 0 is none
	Text     string
	Bytes    []byte // copied
	Object   Object
	Stamp    uint32 // the access stamp of a new record
}

func (e *Entry) len() int { return max(len(e.Text), len(e.Bytes)) }

// Put stores e under the key of r, in the place of what was there, and makes r
// point to it. The complexity is O(1) amortised; a write that opens a chunk moves
// at most two old ones.
func (t *Table) Put(r *Ref, key string, e Entry) {
	t.put(r, key, &e, makeSlot(key, &e, t.owner))
}

// makeSlot returns the slot of an entry that does not fit into a record, nil if it does.
func makeSlot(key string, e *Entry, owner uint64) *slot {
	if e.Object == nil && e.len() <= MaxInline && len(key) <= MaxInline {
		return nil
	}
	s := &slot{text: e.Text, object: e.Object, owner: owner, version: e.Version}
	switch {
	case len(e.Bytes) > 0:
		s.text = string(e.Bytes)
	case len(e.Text) <= MaxInline:
		s.text = strings.Clone(e.Text) // don't keep what it is a piece of
	}
	if len(key) > MaxInline {
		s.key = key
	}
	if e.Object != nil {
		s.count()
	}
	return s
}

// put stores an entry whose value is in e, or in s where that is set.
func (t *Table) put(r *Ref, key string, e *Entry, s *slot) {
	meta, klen, vlen := e.shape(key, s)
	n := t.cfg.recordLen(meta, klen, vlen)
	t.ensure(n)
	t.refind(r, key)
	if s != nil && r.Found && r.Record.slot != nil && r.Record.raw[0] == meta && r.Record.Deadline() == e.Deadline {
		t.swapSlot(r, s)
		return
	}

	var id uint32
	if s != nil {
		id = t.newSlot(s)
	}
	addr := t.appendRecord(n)
	b := t.tailBuf[t.tailUsed-n : t.tailUsed]
	h := t.cfg.encode(b, meta, key[:klen], e, id)
	t.publish(r, addr, t.record(b, h, s), e.Stamp)
}

// publish makes the index point to rec, which lies at addr, and forgets what r
// pointed to.
func (t *Table) publish(r *Ref, addr uint64, rec Record, stamp uint32) {
	word := r.hash&tagMask | addr
	oldDeadline := int64(0)
	if r.Found {
		if t.shared > 0 {
			r.words = t.ownLeaf(r.hash).words
		}
		old := r.words[r.at].Load()
		oldDeadline = t.Due(&r.Record)
		r.words[r.at].Store(word)
		t.forget(&r.Record, old)
	} else {
		n := t.roomFor(r.hash)
		r.words, r.at, r.Found = n.words, n.put(word, stamp), true
		t.n++
	}
	r.Record, r.shape = rec, t.shape
	t.size += rec.Size()
	t.deadlineMoved(r.hash, oldDeadline, t.Due(&rec))
}

// forget takes a record that no word points to any more out of the counts.
func (t *Table) forget(rec *Record, w uint64) {
	t.size -= rec.Size()
	if rec.slot != nil {
		t.freeSlotAt(rec.slotID())
	}
	t.kill(w, len(rec.raw))
}

// swapSlot replaces what a slot holds: the record stays as it is.
func (t *Table) swapSlot(r *Ref, s *slot) {
	t.size -= r.Record.Size()
	due := t.Due(&r.Record)
	t.setSlot(t.slots.Mut(int(r.Record.slotID()), t.owner), s)
	r.Record.slot = s
	t.size += r.Record.Size()
	t.deadlineMoved(r.hash, due, t.Due(&r.Record))
}

// refind looks the key of r up again if something has moved since.
func (t *Table) refind(r *Ref, key string) {
	if r.shape != t.shape {
		t.Seek(r, r.hash, key)
	}
}

// Restamp gives the record that r has found another version and deadline. Its
// value stays. The complexity is O(1) amortised.
func (t *Table) Restamp(r *Ref, key string, version uint64, deadline int64) {
	e := Entry{Kind: r.Record.Kind(), Version: version, Deadline: deadline}
	old := r.Record.slot
	if old == nil {
		e.Text = r.Record.Value()
		t.put(r, key, &e, nil)
		return
	}
	s := *old
	s.version = version
	t.put(r, key, &e, &s)
}

// Mutate returns the object of the record that r has found, for writing in
// place; an object that a clone has too is cloned first. Mutated must follow.
// The complexity is O(1).
func (t *Table) Mutate(r *Ref) Object {
	s := r.Record.slot
	if s.owner != t.owner {
		c := *s
		c.object, c.owner = cloneShared(s.object), t.owner
		c.count() // a clone may hold less
		t.size += c.size - s.size
		t.setSlot(t.slots.Mut(int(r.Record.slotID()), t.owner), &c)
		r.Record.slot = &c
		s = &c
	}
	return s.object
}

// cloning guards the clones of objects that several tables have, each under a lock of its
// own.
var cloning sync.Mutex

func cloneShared(o Object) Object {
	cloning.Lock()
	defer cloning.Unlock()
	return o.Clone()
}

// Mutated counts the size of an object anew after it was written, and gives
// its record a version. The complexity is O(1), O(log n) where the record is due at
// another time now.
func (t *Table) Mutated(r *Ref, version uint64) {
	due := t.Due(&r.Record)
	t.recount(r.Record.slot)
	r.Record.slot.version = version
	t.deadlineMoved(r.hash, due, t.Due(&r.Record))
}

func (t *Table) recount(s *slot) {
	t.size -= s.size
	t.used -= s.held
	s.count()
	t.size += s.size
	t.used += s.held
}

// CloneObject returns a clone of the object of the record that r has found.
// The complexity is O(1).
func (t *Table) CloneObject(r *Ref) Object {
	c := t.Mutate(r).Clone()
	t.recount(r.Record.slot) // what was cloned may hold another amount, too
	return c
}

// Delete removes the record that r has found. The complexity is O(1) amortised.
func (t *Table) Delete(r *Ref, key string) {
	t.refind(r, key)
	if !r.Found {
		return
	}
	n := t.ownLeaf(r.hash)
	w := n.words[r.at].Load()
	due := t.Due(&r.Record)
	n.remove(r.at, t.seq)
	t.n--
	t.shape++
	t.forget(&r.Record, w)
	t.shrink(r.hash, n)
	r.Found, r.Record = false, Record{}
	t.deadlineMoved(r.hash, due, 0)
	if t.n == 0 && len(t.tailBuf) > chunkMin {
		t.seal()
	}
	t.relieve()
}
