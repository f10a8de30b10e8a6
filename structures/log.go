package structures

import "sync/atomic"

// The log is a set of chunks into which records are appended. A chunk whose
// records are all dead is dropped; when too much of the log is dead, opening a new
// chunk first moves what lives in one or two of the emptiest old ones. A dropped
// chunk is never written again, so the strings into it stay what they were, and the
// collector takes it with the last of them.
const (
	offsetBits = 14
	offsetMask = 1<<offsetBits - 1
	chunkMax   = 1 << offsetBits
	chunkMin   = 512

	// A new chunk compacts where more than garbageShare/garbageOf of the log is dead:
	// the smaller that is, the more records move at a write.
	garbageShare = 2
	garbageOf    = 5

	frozenShare = 0.25 // up to which a chunk is moved that a frozen clone has

	victims      = 64 // how many chunks are looked at for an empty one
	chunkRecords = 4  // how many records like the first a chunk has room for

	// A delete compacts where more than 1/reliefShare of reliefMin or more is dead.
	reliefShare = 2
	reliefMin   = 4 * chunkMax
)

// chunkRef is a chunk's place in the table. Only p and size may be read without
// the lock; they belong together if no chunk was dropped meanwhile.
type chunkRef struct {
	p    atomic.Pointer[byte] // the first byte
	size atomic.Int32         // its capacity; only the table's owner writes behind used
	used int32                // bytes written
	live int32                // bytes of records that the index points to
	// While p is nil, the next free place; otherwise the table's gen when it was opened.
	next uint32
}

const chunkPageBytes = vectorPage*24 + 8

// bytes returns the chunk, nil where it is gone.
func (r *chunkRef) bytes() []byte {
	p := r.p.Load()
	if p == nil {
		return nil
	}
	return chunkAt(p, int(r.size.Load()))
}

// locate returns the chunk that a word points to from the record on, nil where
// the chunk is gone.
func (t *Table) locate(w uint64) []byte {
	ref := t.chunks.At(int(w & addrMask >> offsetBits))
	if ref == nil {
		return nil
	}
	b, at := ref.bytes(), int(w&offsetMask)
	if at >= len(b) {
		return nil
	}
	return b[at:]
}

// ensure makes room for a record of n bytes at the tail.
func (t *Table) ensure(n int) {
	if t.tail != 0 && t.tailUsed+n <= len(t.tailBuf) {
		return
	}
	t.shape++
	t.seal()
	for range 2 {
		if (t.logUsed-t.logLive)*garbageOf <= t.logUsed*garbageShare {
			break
		}
		id := t.victim()
		if id == 0 {
			break
		}
		t.move(id)
	}
	t.room(n)
}

// room makes room at the tail without compaction.
func (t *Table) room(n int) {
	if t.tail != 0 && t.tailUsed+n <= len(t.tailBuf) {
		return
	}
	t.seal()
	size, most := chunkMin, t.logUsed/4
	if t.cloned { // it may not write much
		most = min(most, t.opened)
	}
	for size < t.cfg.ChunkMax && size < max(most, chunkRecords*n) {
		size *= 2
	}
	t.openChunk(max(n, min(size, t.cfg.ChunkMax)))
}

// openChunk makes a new tail of size bytes.
func (t *Table) openChunk(size int) {
	id := t.freeChunk
	if id == 0 {
		id = uint32(max(1, t.chunks.Len())) // 0 is no chunk, so that no address is 0
	}
	pages := t.chunks.Pages()
	ref := t.chunks.Mut(int(id), t.owner)
	t.used += (t.chunks.Pages() - pages) * chunkPageBytes
	t.freeChunk, ref.next = ref.next, t.gen
	buf := make([]byte, size)
	ref.used, ref.live = 0, 0
	ref.size.Store(int32(size))
	ref.p.Store(&buf[0])
	t.tail, t.tailBuf, t.tailUsed = id, buf, 0
	t.used += size
	t.opened += size
}

// seal ends the tail.
func (t *Table) seal() {
	if t.tail == 0 {
		return
	}
	id := t.tail
	t.logUsed += len(t.tailBuf) - t.tailUsed // what is left of it is wasted
	t.tail, t.tailBuf, t.tailUsed = 0, nil, 0
	if t.chunks.At(int(id)).live == 0 {
		t.drop(id)
	}
}

// kill counts the record of n bytes at the address in w as dead.
func (t *Table) kill(w uint64, n int) {
	id := uint32(w & addrMask >> offsetBits)
	ref := t.chunks.Mut(int(id), t.owner)
	ref.live -= int32(n)
	t.logLive -= n
	if ref.live == 0 && id != t.tail {
		t.drop(id)
	}
}

// drop gives up a chunk. Its number may come back, so readers without a lock
// must notice.
func (t *Table) drop(id uint32) {
	ref := t.chunks.Mut(int(id), t.owner)
	t.seq.Enter()
	ref.p.Store(nil)
	t.seq.Leave()
	t.logUsed -= int(ref.size.Load())
	t.used -= int(ref.size.Load())
	ref.next, t.freeChunk = t.freeChunk, id
}

// relieve moves a chunk where most of the log is dead, so that a table that only
// shrinks gives its memory back.
func (t *Table) relieve() {
	if t.logUsed < reliefMin || (t.logUsed-t.logLive)*reliefShare <= t.logUsed {
		return
	}
	if t.frozen() && t.n%(victims/8) != 0 {
		return // there may be little to find for long
	}
	if id := t.victim(); id != 0 {
		t.shape++
		t.move(id)
	}
}

// frozen says whether clones are kept that only wait to be dropped.
func (t *Table) frozen() bool { return t.cfg.Frozen != nil && t.cfg.Frozen.Load() != 0 }

// victim returns the chunk with the smallest share of live bytes among the next
// ones in turn, 0 if moving none of them would free a quarter of it. A chunk that a
// frozen clone has, too, would not be freed: its records would only be there twice. It
// is moved where there are few, so that an endless sequence of clones can't make a log
// of chunks with a record each.
func (t *Table) victim() uint32 {
	n := t.chunks.Len()
	best, share, frozen := uint32(0), 0.75, t.frozen()
	for range min(victims, n-1) {
		if t.hand++; int(t.hand) >= n {
			t.hand = 1
		}
		ref := t.chunks.At(int(t.hand))
		if ref.p.Load() == nil || t.hand == t.tail {
			continue
		}
		s := float64(ref.live) / float64(ref.size.Load())
		if frozen && ref.next != t.gen && s > frozenShare {
			continue
		}
		if s < share {
			best, share = t.hand, s
		}
	}
	return best
}

// moveBatch is how many records are looked up together, so that the processor waits
// for the memory of all of them at once.
const moveBatch = 16

// move appends the live records of a chunk anew and drops it. Readers find a
// record in either place until the chunk is gone.
func (t *Table) move(id uint32) {
	type candidate struct {
		rec        []byte
		hash, word uint64
		page       *leafPage // nil if it is not known to be the table's alone
	}
	var buf [moveBatch]candidate
	ref := t.chunks.At(int(id))
	p, b := ref.p.Load(), ref.bytes()[:ref.used]
	for at := 0; at < len(b) && t.chunks.At(int(id)).p.Load() == p; {
		batch := buf[:0]
		for at < len(b) && len(batch) < moveBatch {
			h, ok := t.parse(b[at:])
			if !ok {
				panic("structures: a chunk holds no whole record")
			}
			c := candidate{rec: b[at : at+h.end], word: uint64(id)<<offsetBits | uint64(at)}
			if key, ok := t.keyOf(c.rec, h); ok {
				c.hash = t.cfg.Hash(key)
				c.word |= c.hash & tagMask
				if t.shared == 0 { // otherwise the first to move would copy the leaf of the next
					c.page = t.page(c.hash)
				}
				batch = append(batch, c)
			}
			at += h.end
		}
		for i := range batch {
			if c := &batch[i]; c.page != nil {
				c.page.bucket(c.hash)[0].Load() // nothing waits for it yet
			}
		}
		for i := range batch {
			c := &batch[i]
			words, i := t.wordAt(c.hash, c.word, c.page)
			if words == nil {
				continue // dead
			}
			t.room(len(c.rec))
			addr := t.appendRecord(len(c.rec))
			copy(t.tailBuf[t.tailUsed-len(c.rec):], c.rec)
			words[i].Store(c.word&tagMask | addr)
			t.kill(c.word, len(c.rec))
		}
	}
	if ref := t.chunks.At(int(id)); ref.live == 0 && ref.p.Load() == p {
		t.drop(id) // it was a clone's tail, and empty
	}
}

// keyOf returns the key of the record b. It reports false where that is gone with
// its slot, which is then free, or somebody else's.
func (t *Table) keyOf(b []byte, h head) (string, bool) {
	if h.meta&flagBigKey == 0 {
		return piece(b[h.key:h.val]), true
	}
	rec := Record{raw: piece(b), key: uint32(h.key), val: uint32(h.val)}
	s := t.slotAt(rec.slotID())
	if s == nil {
		return "", false
	}
	return s.key, true
}

// wordAt returns where the word is, in words that may be written, or nil if it
// is nowhere. p is the page of its hash, if it has one and no clone has it, too.
func (t *Table) wordAt(hash, word uint64, p *leafPage) ([]atomic.Uint64, int) {
	t.touched++
	if p != nil {
		switch i, absent := p.find(word); {
		case i >= 0:
			return p[:], i
		case absent:
			return nil, 0
		}
	}
	n := t.leaf(hash)
	if n == nil {
		return nil, 0
	}
	for i, left := n.home(hash), len(n.words); left > 0; left-- {
		switch n.words[i].Load() {
		case 0:
			return nil, 0
		case word:
			return t.ownLeaf(hash).words, i
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return nil, 0
}

// appendRecord claims n bytes at the tail and returns their address.
func (t *Table) appendRecord(n int) uint64 {
	addr := uint64(t.tail)<<offsetBits | uint64(t.tailUsed)
	ref := t.chunks.Mut(int(t.tail), t.owner)
	t.tailUsed += n
	ref.used = int32(t.tailUsed)
	ref.live += int32(n)
	t.logUsed += n
	t.logLive += n
	return addr
}
