package structures

import "sync/atomic"

// bucketLen is how many words make a line of the cache. The search for a word
// begins where a line does, so that one line of memory answers most of them.
const bucketLen = 8

// home returns the place in a leaf where the search for h begins. It depends on
// the last bits of the tag, which tell the words of a leaf apart.
func (n *node) home(h uint64) int {
	return int(h>>addrBits&(leafMax-1)) * len(n.words) >> homeBits &^ (bucketLen - 1)
}

// bucket returns the words among which the search for h begins.
func (p *leafPage) bucket(h uint64) *[bucketLen]atomic.Uint64 {
	at := h >> addrBits & (leafMax - bucketLen)
	return (*[bucketLen]atomic.Uint64)(p[at:])
}

// first returns the address in a word of the bucket that has a tag, 0 if there is none
// or the tag is 0. absent says that there is none behind the bucket either.
// All words of the bucket are looked at without a branch, since which of them it is
// can't be predicted, and a processor that guesses wrong waits for the memory
// before it goes on: under exclusive or with the tag, the word that has it is the
// smallest, and what is left of it is the address.
func first(b *[bucketLen]atomic.Uint64, tag uint64) (addr uint64, absent bool) {
	last := b[7].Load()
	addr = min(
		min(min(b[0].Load()^tag, b[1].Load()^tag), min(b[2].Load()^tag, b[3].Load()^tag)),
		min(min(b[4].Load()^tag, b[5].Load()^tag), min(b[6].Load()^tag, last^tag)))
	if addr > addrMask {
		return 0, last == 0
	}
	return addr, false
}

// bucket returns the words among which the search for h begins, nil if they don't lie
// together.
func (t *Table) bucket(h uint64) *[bucketLen]atomic.Uint64 {
	words := t.page(h)
	if words == nil {
		if words = t.pageBelow(h); words == nil {
			return t.smallBucket(h)
		}
	}
	return words.bucket(h)
}

// smallBucket is bucket for a leaf that is smaller than usual, as it is where there are
// few records.
func (t *Table) smallBucket(h uint64) *[bucketLen]atomic.Uint64 {
	n := t.leaf(h)
	if n == nil {
		return nil
	}
	if at := n.home(h); at+bucketLen <= len(n.words) {
		return (*[bucketLen]atomic.Uint64)(n.words[at:])
	}
	return nil
}

// probe is first for all the words of the leaf that covers h.
func (t *Table) probe(h uint64) (addr uint64, absent bool) {
	n := t.leaf(h)
	if n == nil {
		return 0, true
	}
	i := n.home(h)
	for range n.words {
		switch w := n.words[i].Load(); {
		case w == 0:
			return 0, true
		case (w^h)&tagMask == 0:
			return w & addrMask, false
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return 0, true
}

// find returns where in its home bucket the word w is, -1 if it is not there. absent
// says that it is not behind the bucket either.
func (p *leafPage) find(w uint64) (i int, absent bool) {
	at := int(w >> addrBits & (leafMax - bucketLen))
	b := p.bucket(w)
	for i := range b {
		if b[i].Load() == w {
			return at + i, false
		}
	}
	return -1, b[bucketLen-1].Load() == 0
}

// full says whether one more word would slow the search of the leaf.
func (n *node) full() bool { return n.used+1 > len(n.words)*13/16 }

// place returns where in its home bucket the word w is. It must be there.
func (p *leafPage) place(w uint64) int {
	i := int(w >> addrBits & (leafMax - bucketLen))
	for p[i].Load() != w {
		i++
	}
	return i
}

// put places a word in a leaf that has room.
func (n *node) put(w uint64, stamp uint32) int {
	i := n.home(w)
	for n.words[i].Load() != 0 {
		if i++; i == len(n.words) {
			i = 0
		}
	}
	if n.stamps != nil {
		n.stamps[i].Store(stamp)
	}
	n.words[i].Store(w)
	n.used++
	return i
}

// remove empties place i of a leaf and moves back what had to step over it.
func (n *node) remove(i int, seq *Seq) {
	n.used--
	size := len(n.words)
	next := func(i int) int {
		if i++; i == size {
			i = 0
		}
		return i
	}
	if n.words[next(i)].Load() == 0 {
		n.words[i].Store(0) // one word: nobody can see a state between
		return
	}
	seq.Enter()
	for j := next(i); ; j = next(j) {
		w := n.words[j].Load()
		if w == 0 {
			break
		}
		// w may fill the hole unless its home lies behind it, in (i, j].
		if home := n.home(w); (j-home+size)%size >= (j-i+size)%size {
			if n.stamps != nil {
				n.stamps[i].Store(n.stamps[j].Load())
			}
			n.words[i].Store(w)
			i = j
		}
	}
	n.words[i].Store(0)
	seq.Leave()
}

// stamp returns the access stamp of place i.
func (n *node) stamp(i int) uint32 {
	if n.stamps == nil {
		return 0
	}
	return n.stamps[i].Load()
}

// touch replaces the access stamp of place i. It is not written when it stays
// the same, so that readers of one hot key don't fight for its line.
func (n *node) touch(i int, stamp func(old uint32) uint32) {
	old := n.stamps[i].Load()
	if s := stamp(old); s != old {
		n.stamps[i].CompareAndSwap(old, s)
	}
}
