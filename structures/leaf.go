package structures

// home returns the place in a leaf where the search for h begins. It depends on
// the last bits of the tag, which tell the words of a leaf apart.
func (n *node) home(h uint64) int {
	return int(uint8(h>>addrBits)) * len(n.words) >> homeBits
}

// full says whether one more word would slow the search of the leaf.
func (n *node) full() bool { return n.used+1 > len(n.words)*13/16 }

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
