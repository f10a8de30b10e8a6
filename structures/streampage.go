package structures

import (
	"encoding/binary"
	"slices"
)

// A streamPage has the entries that Redis would keep in one node of its radix tree: a
// block of bytes without pointers that is only ever appended to.
//
//	head     how many fields (uvarint), and their names, each as an item of a blob
//	entries  one behind the other
//	slots    from the end down: 2 bytes for each entry, where it begins behind the head
//
// Two bytes are enough: what is in a page before its last entry would be at most
// streamNodeBytes in Redis, which is never less than a third of what it is here.
//
// An entry whose fields are those of the head leaves them out, as in Redis:
//
//	flags    1 byte: streamOwnFields; the rest is the number of its ID, or streamLongSeq
//	ms       uvarint: the time of its ID, less that of the page
//	seq      uvarint, if streamLongSeq: the number of its ID
//	fields   how many (uvarint), if streamOwnFields
//	items    the values, or fields and values in turn
//
// where, in the same millisecond as the page's ID, its number is less that one's. An
// entry that was deleted is marked beside the block; its bytes stay as long as the page.
type streamPage struct {
	owner  uint64
	base   StreamID // of the first entry
	buf    []byte
	used   int // bytes of head and entries
	lost   int // of these, those of deleted entries
	redis  int // bytes that the node would have in Redis
	head   int32
	fields int32 // in the head
	n      int32 // entries, also deleted ones
	gone   int32 // deleted entries
	cut    int32 // entries that cutTo has taken off
	shared bool  // somebody else has the block
	dead   [2]uint64
}

const (
	// A new node begins where these would be exceeded, as by Redis's defaults of
	// stream-node-max-bytes and stream-node-max-entries.
	streamNodeBytes   = 4096
	streamNodeEntries = 100

	streamOwnFields = 1
	streamLongSeq   = 127
	streamSlotLen   = 2

	streamPageOverhead = 112 + 50 // the struct and its share of the tree
)

// newStreamPage returns a page without entries whose head has the fields of an entry.
// The page before it, if any, tells how long it will be.
func newStreamPage(owner uint64, id StreamID, pairs []string, prev *streamPage) *streamPage {
	head := uvarintLen(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		head += itemSize(pairs[i])
	}
	most := 0
	if prev != nil {
		most = min(prev.used+int(prev.n)*streamSlotLen, 2*streamNodeBytes)
	}
	p := &streamPage{owner: owner, base: id, head: int32(head), used: head, fields: int32(len(pairs) / 2)}
	p.buf = streamBlock(max(most, head))
	b := binary.AppendUvarint(p.buf[:0], uint64(len(pairs)/2))
	p.redis = listpackEmpty + 3*listpackInt(0) + listpackInt(int64(p.fields))
	for i := 0; i < len(pairs); i += 2 {
		b = appendItem(b, pairs[i])
		p.redis += listpackString(pairs[i])
	}
	return p
}

// streamBlock returns a block of at least n bytes, up to what the runtime allocates for
// that.
func streamBlock(n int) []byte {
	b := slices.Grow([]byte(nil), n)
	return b[:cap(b)]
}

// full says whether Redis would begin a new node for an entry of so many bytes.
func (p *streamPage) full(bytes int) bool {
	return p.redis+bytes >= streamNodeBytes || p.n+p.cut >= streamNodeEntries
}

// pairsBytes returns how many bytes the fields and values of an entry have.
func pairsBytes(pairs []string) (n int) {
	for _, p := range pairs {
		n += len(p)
	}
	return n
}

func (p *streamPage) allocated() int { return streamPageOverhead + len(p.buf) }

// size is the logical size.
func (p *streamPage) size() int { return p.used - p.lost }

func (p *streamPage) live() int { return int(p.n - p.gone) }

func (p *streamPage) isDead(i int) bool { return p.dead[i>>6]>>(i&63)&1 != 0 }

// kill marks entry i as deleted and returns how long it is.
func (p *streamPage) kill(i int) int {
	p.dead[i>>6] |= 1 << (i & 63)
	p.gone++
	n := p.end(i) - p.start(i)
	p.lost += n
	return n
}

// cutTo takes entries off the end that do not come before id, which is about to be added:
// they were deleted, and the stream's last ID was set back behind them. The first entry
// comes before it.
func (p *streamPage) cutTo(id StreamID) {
	for !p.lastID().less(id) {
		i := int(p.n) - 1
		n := p.used - p.start(i)
		p.used, p.lost = p.used-n, p.lost-n
		p.n, p.gone, p.cut = p.n-1, p.gone-1, p.cut+1
		p.dead[i>>6] &^= 1 << (i & 63)
		p.shared = true // with who has read what was there
	}
}

// clone returns a copy for owner. It shares the block, which the first to append leaves.
func (p *streamPage) clone(owner uint64) *streamPage {
	c := *p
	c.owner, c.shared = owner, true
	return &c
}

// resize moves the page to a block of at least n bytes.
func (p *streamPage) resize(n int) {
	old, slots := p.buf, int(p.n)*streamSlotLen
	p.buf, p.shared = streamBlock(n), false
	copy(p.buf, old[:p.used])
	copy(p.buf[len(p.buf)-slots:], old[len(old)-slots:])
}

// seal gives back what the block has too much.
func (p *streamPage) seal() {
	need := p.used + int(p.n)*streamSlotLen
	if !p.shared && len(p.buf)-need > need/8 {
		p.resize(need)
	}
}

func (p *streamPage) start(i int) int {
	at := len(p.buf) - (i+1)*streamSlotLen
	return int(p.head) + int(binary.LittleEndian.Uint16(p.buf[at:]))
}

func (p *streamPage) end(i int) int {
	if i+1 == int(p.n) {
		return p.used
	}
	return p.start(i + 1)
}

// add appends an entry and returns its length. The page is not full.
func (p *streamPage) add(id StreamID, pairs []string) int {
	same := p.sameFields(pairs)
	flags, ms, seq := byte(0), id.Ms-p.base.Ms, id.Seq
	if ms == 0 {
		seq -= p.base.Seq
	}
	need := 1 + uvarint64Len(ms)
	switch {
	case seq < streamLongSeq:
		flags = byte(seq << 1)
	default:
		flags = streamLongSeq << 1
		need += uvarint64Len(seq)
	}
	p.redis += listpackInt(int64(ms)) + listpackInt(int64(id.Seq-p.base.Seq)) + listpackInt(0)
	step := 2
	if same {
		p.redis += listpackInt(int64(p.fields) + 3)
	} else {
		step, flags = 1, flags|streamOwnFields
		n := len(pairs) / 2
		need += uvarintLen(n)
		p.redis += listpackInt(int64(n)) + listpackInt(int64(len(pairs))+4)
	}
	for i := step - 1; i < len(pairs); i += step {
		need += itemSize(pairs[i])
		p.redis += listpackString(pairs[i])
	}
	if slots := (int(p.n) + 1) * streamSlotLen; p.shared || p.used+need+slots > len(p.buf) {
		p.resize(max(p.used+need+slots, p.roomier()))
	}
	p.write(id, pairs, flags, ms, seq, step)
	return need
}

// roomier returns how long the block should be that takes the place of one that is full,
// or shared.
func (p *streamPage) roomier() int {
	if p.shared {
		return len(p.buf)
	}
	return len(p.buf) * 3 / 2
}

// write writes an entry for which there is room.
func (p *streamPage) write(id StreamID, pairs []string, flags byte, ms, seq uint64, step int) {
	binary.LittleEndian.PutUint16(p.buf[len(p.buf)-(int(p.n)+1)*streamSlotLen:], uint16(p.used-int(p.head)))
	b := append(p.buf[:p.used], flags)
	b = binary.AppendUvarint(b, ms)
	if seq >= streamLongSeq {
		b = binary.AppendUvarint(b, seq)
	}
	if flags&streamOwnFields != 0 {
		b = binary.AppendUvarint(b, uint64(len(pairs)/2))
	}
	for i := step - 1; i < len(pairs); i += step {
		b = appendItem(b, pairs[i])
	}
	p.used = len(b)
	p.n++
}

// sameFields says whether the fields of an entry are those of the head.
func (p *streamPage) sameFields(pairs []string) bool {
	if len(pairs) != 2*int(p.fields) {
		return false
	}
	rest := p.buf[uvarintLen(int(p.fields)):p.head]
	for i := 0; i < len(pairs); i += 2 {
		var name []byte
		name, rest = nextItem(rest)
		if string(name) != pairs[i] {
			return false
		}
	}
	return true
}

// id returns the ID of entry i, and where the rest of it begins.
func (p *streamPage) id(i int) (id StreamID, at int) {
	at = p.start(i)
	seq := uint64(p.buf[at] >> 1)
	ms, n := binary.Uvarint(p.buf[at+1:])
	if at += 1 + n; seq == streamLongSeq {
		seq, n = binary.Uvarint(p.buf[at:])
		at += n
	}
	if ms == 0 {
		seq += p.base.Seq
	}
	return StreamID{p.base.Ms + ms, seq}, at
}

// find returns the place of an entry, or of the first one behind id.
func (p *streamPage) find(id StreamID) (i int, found bool) {
	lo, hi := 0, int(p.n)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if at, _ := p.id(mid); at.less(id) {
			lo = mid + 1
		} else {
			hi = mid
			found = found || at == id
		}
	}
	return lo, found
}

// lastID returns the ID of the last entry, also of a deleted one.
func (p *streamPage) lastID() StreamID {
	id, _ := p.id(int(p.n) - 1)
	return id
}

// entry returns entry i.
func (p *streamPage) entry(i int) StreamEntry {
	id, at := p.id(i)
	e := StreamEntry{ID: id, n: int(p.fields)}
	body := p.buf[at:p.end(i)]
	if p.buf[p.start(i)]&streamOwnFields == 0 {
		e.fields = piece(p.buf[uvarintLen(int(p.fields)):p.head])
	} else {
		n, size := binary.Uvarint(body)
		e.n, e.own, body = int(n), true, body[size:]
	}
	e.body = piece(body)
	return e
}

// ascend calls visit with the entries from one ID to another and says whether to go on
// with the next page.
func (p *streamPage) ascend(from, to StreamID, visit func(e StreamEntry) bool) bool {
	i := 0
	if p.base.less(from) {
		i, _ = p.find(from)
	}
	for ; i < int(p.n); i++ {
		if p.isDead(i) {
			continue
		}
		if e := p.entry(i); to.less(e.ID) || !visit(e) {
			return false
		}
	}
	return !to.less(p.base)
}

// descend is ascend from the other end.
func (p *streamPage) descend(from, to StreamID, visit func(e StreamEntry) bool) bool {
	i := int(p.n) - 1
	if to.less(p.lastID()) {
		at, found := p.find(to)
		if i = at; !found {
			i--
		}
	}
	for ; i >= 0; i-- {
		if p.isDead(i) {
			continue
		}
		if e := p.entry(i); e.ID.less(from) || !visit(e) {
			return false
		}
	}
	return true
}

// StreamEntry is an entry of a stream. Its strings are pieces of a page, which never
// change.
type StreamEntry struct {
	ID     StreamID
	fields string // items, unless own
	body   string // items: values, or if own fields and values in turn
	n      int
	own    bool
}

// Len returns the number of pairs.
func (e StreamEntry) Len() int { return e.n }

// All calls visit with the pairs in their order until it returns false. It allocates
// nothing.
func (e StreamEntry) All(visit func(field, value string) bool) {
	fields, body := e.fields, e.body
	var field, value string
	for range e.n {
		if e.own {
			field, body = nextItem(body)
		} else {
			field, fields = nextItem(fields)
		}
		value, body = nextItem(body)
		if !visit(field, value) {
			return
		}
	}
}

// AppendTo appends the fields and values in turn to dst.
func (e StreamEntry) AppendTo(dst []string) []string {
	dst = slices.Grow(dst, 2*e.n)
	e.All(func(field, value string) bool {
		dst = append(dst, field, value)
		return true
	})
	return dst
}
