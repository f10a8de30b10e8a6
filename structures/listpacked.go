package structures

import (
	"slices"
	"strings"
)

// This is the packed form of a list.

// Unpack makes the list what the blob says; "" is empty.
func (l *List) Unpack(blob string) {
	l.blob, l.changed, l.n, l.size = blob, false, 0, 0
	if blob != "" {
		l.n, l.size = int(blob[0]), len(blob)-1
	}
	if l.big {
		l.big, l.head, l.tail = false, nil, nil
		l.tree = listTree{owner: l.tree.owner, pageLen: l.tree.pageLen}
	}
}

// Blob returns the list as a blob that is good until the next change, and false if it
// is too large for one. A big list fits again when it is a quarter of what is.
func (l *List) Blob() (blob []byte, packed bool) {
	switch {
	case !l.big:
		l.change()
		l.buf[0] = byte(l.n)
		return l.buf, true
	case l.n > l.cfg.PackedItems/4 || l.size > packedMax/4:
		return nil, false
	}
	fits := true
	l.Walk(0, false, func(_ int, s string) bool {
		fits = len(s) <= packedItemMax
		return fits
	})
	if !fits {
		return nil, false
	}
	blob = append(make([]byte, 0, 1+l.size), byte(l.n))
	l.Walk(0, false, func(_ int, s string) bool {
		blob = appendItem(blob, s)
		return true
	})
	return blob, true
}

// packed returns the blob for a moment: what was changed is good until the next
// change.
func (l *List) packed() string {
	if l.changed {
		return piece(l.buf)
	}
	return l.blob
}

// items returns the items of the blob for a moment.
func (l *List) items() string {
	if blob := l.packed(); blob != "" {
		return blob[1:]
	}
	return ""
}

// keep returns an item that items had as a string for ever.
func (l *List) keep(s string) string {
	if l.changed {
		return strings.Clone(s)
	}
	return s
}

// change makes buf what the blob is.
func (l *List) change() {
	if l.changed {
		return
	}
	l.buf = append(l.buf[:0], l.blob...)
	if len(l.buf) == 0 {
		l.buf = append(l.buf, 0)
	}
	l.changed = true
}

// offset returns where item i is in buf, or would be.
func (l *List) offset(i int) int {
	if i == l.n {
		return 1 + l.size
	}
	rest := l.items()
	for ; i > 0; i-- {
		_, rest = nextItem(rest)
	}
	return 1 + l.size - len(rest)
}

// put puts item s into the packed list at off, in the place of the items in so many
// bytes. It reports false where the list becomes big.
func (l *List) put(off, old int, s string) bool {
	full := old == 0 && l.n >= min(l.cfg.PackedItems, 0xff)
	if full || len(s) > packedItemMax || 1+l.size-old+itemSize(s) > packedMax {
		l.grow()
		return false
	}
	l.change()
	var item [packedItemMax + 1]byte
	l.buf = slices.Replace(l.buf, off, off+old, appendItem(item[:0], s)...)
	l.size = len(l.buf) - 1
	return true
}

// cut takes the items in the bytes from off to end out of the packed list.
func (l *List) cut(off, end int) {
	l.change()
	l.buf = slices.Delete(l.buf, off, end)
	l.size = len(l.buf) - 1
}

// grow makes a packed list big.
func (l *List) grow() {
	rest := l.items()
	l.big = true
	for range l.n {
		var s string
		s, rest = nextItem(rest)
		if l.tail == nil || !l.tail.push(s) {
			l.append(s)
		}
	}
	l.blob, l.buf, l.changed = "", nil, false
}

func (l *List) walkPacked(i, step int, visit func(i int, s string) bool) {
	var places [0x100]uint16
	items := l.items()
	rest := items
	for k := range l.n {
		places[k] = uint16(len(items) - len(rest))
		_, rest = nextItem(rest)
	}
	for ; i >= 0 && i < l.n; i += step {
		s, _ := nextItem(items[places[i]:])
		if !visit(i, l.keep(s)) {
			return
		}
	}
}

// removePacked is Remove of at most so many.
func (l *List) removePacked(s string, most int, back bool) int {
	var places [0x100]uint16 // in buf, of those to remove
	found := 0
	items := l.items()
	for rest := items; rest != ""; {
		at := 1 + len(items) - len(rest)
		var item string
		if item, rest = nextItem(rest); item == s {
			places[found] = uint16(at)
			found++
		}
	}
	remove := places[:min(found, most)]
	if back {
		remove = places[found-len(remove) : found]
	}
	for i := len(remove) - 1; i >= 0; i-- {
		at := int(remove[i])
		l.cut(at, at+itemSize(s))
	}
	l.n -= len(remove)
	return len(remove)
}
