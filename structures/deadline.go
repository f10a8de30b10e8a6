package structures

// deadlines is a 4-ary heap of the deadlines in a table. It keeps one promise:
// every record that is due some time has an entry under its tag that is not later.
// So an extended deadline costs nothing: its entry comes up early and is put
// back. Entries of records that are gone are stale until they come up; when they
// are the majority, a second heap is filled from the table, a few records a
// write, and takes the place of the first.
type deadlines struct {
	live int // records that are due some time
	heap heap
	next heap // being filled, if filling
	// Tags below cursor have their entries in next.
	filling bool
	cursor  uint32
}

type due struct {
	at  int64
	tag uint32
}

const (
	heapArity    = 4
	fillStep     = 8  // records a write while a new heap is filled
	staleAllowed = 64 // stale entries that never matter

	duePageBytes = vectorPage*16 + 8
)

// heap is a d-ary min-heap (Johnson, 1975) in a copy-on-write vector.
type heap struct{ v Vector[due] }

func (h *heap) push(d due, owner uint64) {
	i := h.v.Len()
	h.v.Mut(i, owner)
	for i > 0 {
		up := (i - 1) / heapArity
		p := *h.v.At(up)
		if p.at <= d.at {
			break
		}
		*h.v.Mut(i, owner) = p
		i = up
	}
	*h.v.Mut(i, owner) = d
}

// fix puts d in the place of the first entry.
func (h *heap) fix(d due, owner uint64) {
	n := h.v.Len()
	i := 0
	for {
		first := heapArity*i + 1
		if first >= n {
			break
		}
		least := first
		at := h.v.At(first).at
		for c := first + 1; c < min(first+heapArity, n); c++ {
			if a := h.v.At(c).at; a < at {
				least, at = c, a
			}
		}
		if d.at <= at {
			break
		}
		*h.v.Mut(i, owner) = *h.v.At(least)
		i = least
	}
	*h.v.Mut(i, owner) = d
}

// pop removes the first entry.
func (h *heap) pop(owner uint64) {
	n := h.v.Len() - 1
	d := *h.v.At(n)
	h.v.Truncate(n, owner)
	if n > 0 {
		h.fix(d, owner)
	}
}

func (d *deadlines) share(c *deadlines) {
	c.live, c.filling, c.cursor = d.live, d.filling, d.cursor
	d.heap.v.share(&c.heap.v)
	d.next.v.share(&c.next.v)
}

func (d *deadlines) pages() int { return d.heap.v.Pages() + d.next.v.Pages() }

// Due returns when there is something to remove of a record: its deadline or, where its
// value is a Hash, a time before which no field is overdue, if that is earlier. 0 is
// never. The complexity is O(1).
func (t *Table) Due(r *Record) int64 { return t.cfg.Due(r) }

// Due is [Table.Due] of a record that a table with the configuration could have.
func (c *TableConfig) Due(r *Record) int64 {
	at, inside := r.Deadline(), int64(0)
	switch {
	case r.slot != nil && r.slot.object != nil:
		inside = r.slot.due
	case c.Hashes>>r.Kind()&1 != 0:
		inside = hashEarliest(r.Value())
	}
	if at == 0 || inside != 0 && inside < at {
		return inside
	}
	return at
}

// Volatile returns the number of records that are due some time.
func (t *Table) Volatile() int { return t.deadlines.live }

// Earliest returns a time before which no record is due, 0 if none ever is.
// The complexity is O(1).
func (t *Table) Earliest() int64 {
	if t.deadlines.heap.v.Len() == 0 {
		return 0
	}
	return t.deadlines.heap.v.At(0).at
}

// deadlineMoved keeps the promise after the record with hash h, which was due at old,
// is due at now, where 0 is never.
func (t *Table) deadlineMoved(h uint64, old, now int64) {
	if old|now == 0 && !t.deadlines.filling {
		return
	}
	d := &t.deadlines
	pages := d.pages()
	if old != 0 {
		d.live--
	}
	if now != 0 {
		d.live++
		if old == 0 || now < old {
			e := due{at: now, tag: uint32(h >> addrBits)}
			d.heap.push(e, t.owner)
			if d.filling && e.tag < d.cursor {
				d.next.push(e, t.owner)
			}
		}
	}
	t.tidy()
	t.used += (d.pages() - pages) * duePageBytes
}

// tidy goes on filling a new heap, or begins to.
func (t *Table) tidy() {
	d := &t.deadlines
	switch {
	case d.live == 0:
		d.heap.v.Reset()
		d.next.v.Reset()
		d.filling = false
		return
	case !d.filling && d.heap.v.Len() <= 2*d.live+staleAllowed:
		return
	case !d.filling:
		d.filling, d.cursor = true, 0
	}
	d.cursor = t.Scan(d.cursor, fillStep, func(r Record) {
		if at := t.Due(&r); at != 0 {
			d.next.push(due{at: at, tag: uint32(t.cfg.Hash(r.Key()) >> addrBits)}, t.owner)
		}
	})
	if d.cursor == 0 {
		d.next.v.share(&d.heap.v)
		d.next.v.Reset()
		d.filling = false
	}
}

// Overdue returns the next record that is due not later than now, if there is one. It
// takes the entries that it looks at off budget and stops where that is 0. The caller
// deletes what it gets, or purges its value. The complexity is O(budget log n).
func (t *Table) Overdue(now int64, budget *int) (rec Record, found bool) {
	d := &t.deadlines
	pages := d.pages()
	defer func() { t.used += (d.pages() - pages) * duePageBytes }()
	for *budget > 0 && d.heap.v.Len() > 0 && d.heap.v.At(0).at <= now {
		*budget--
		tag := d.heap.v.At(0).tag
		rec, later := t.overdueAt(tag, now)
		switch {
		case later < 0:
			return rec, true
		case later > 0:
			d.heap.fix(due{at: later, tag: tag}, t.owner)
		default:
			d.heap.pop(t.owner)
		}
	}
	return rec, false
}

// overdueAt looks through the records with tag. later is -1 where it returns
// one that is due, otherwise when the first of them is, or 0.
func (t *Table) overdueAt(tag uint32, now int64) (rec Record, later int64) {
	h := uint64(tag) << addrBits
	n := t.leaf(h)
	if n == nil {
		return rec, 0
	}
	for i, left := n.home(h), len(n.words); left > 0; left-- {
		w := n.words[i].Load()
		if w == 0 {
			break
		}
		if w>>addrBits == uint64(tag) {
			r := t.wordRecord(w)
			switch at := t.Due(&r); {
			case at == 0:
			case at <= now:
				return r, -1
			case later == 0 || at < later:
				later = at
			}
		}
		if i++; i == len(n.words) {
			i = 0
		}
	}
	return rec, later
}
