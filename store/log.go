package store

import (
	"cmp"
	"maps"
	"slices"
)

// log is what was noted and is not yet queued. It belongs to who has locked its shard.
type log struct {
	notify  Notify // what is sent; 0: no notifications are noted
	changes bool   // changes are noted
	list    []notice
	changed []change
}

// change is a [Change] before its commit.
type change struct {
	at uint64
	Change
	was Kind  // before it
	due int64 // the deadline of what has expired, as far as it is known
}

// empty says whether there is nothing in a log, which may be nil.
func (l *log) empty() bool { return l == nil || len(l.list) == 0 && len(l.changed) == 0 }

// take adds what another log has, which may be nil, and leaves it empty.
func (l *log) take(from *log) {
	if from.empty() {
		return
	}
	l.notify |= from.notify
	l.list = append(l.list, from.list...)
	l.changed = append(l.changed, from.changed...)
	from.clear()
}

func (l *log) clear() {
	l.list, l.changed = emptied(l.list), emptied(l.changed)
}

// emptied returns list without elements, and none that has room for very many.
func emptied[T any](list []T) []T {
	if cap(list) > keptNotes {
		return nil
	}
	clear(list)
	return list[:0]
}

// keptNotes is up to how many elements' memory is kept for the next.
const keptNotes = 1024

// due keeps the deadline of what was removed last.
func (l *log) due(deadline int64) {
	if l.changes && len(l.changed) > 0 {
		l.changed[len(l.changed)-1].due = deadline
	}
}

// sort brings what comes from several shards into the order in which it was noted.
func (l *log) sort() {
	slices.SortStableFunc(l.list, func(a, b notice) int { return cmp.Compare(a.at, b.at) })
	slices.SortStableFunc(l.changed, func(a, b change) int { return cmp.Compare(a.at, b.at) })
}

// size returns how many notifications there are in a log, which may be nil.
func (l *log) size() int {
	if l == nil {
		return 0
	}
	return len(l.list)
}

// drop forgets the notifications from place i on.
func (l *log) drop(i int) {
	if i < l.size() {
		l.list = slices.Delete(l.list, i, len(l.list))
	}
}

// before puts the notifications from place i on before all others of their commit.
func (l *log) before(i int) {
	for ; i < l.size(); i++ {
		l.list[i].at = 0
	}
}

// fold leaves of the changes of each key the last one, as of those of a transaction.
func (l *log) fold() {
	type place struct {
		n   int
		key string
	}
	l.sort()
	last, kept := map[place]int{}, l.changed[:0]
	for _, c := range l.changed {
		at := place{c.DB, c.Key}
		switch i, seen := last[at]; {
		case c.Reason == Flushed || c.Reason == Swapped:
			maps.DeleteFunc(last, func(p place, _ int) bool { return p.n == c.DB }) // other keys come
		case seen:
			c.was = kept[i].was
			kept[i].Reason = superseded
			fallthrough
		default:
			last[at] = len(kept)
		}
		kept = append(kept, c)
	}
	l.changed = slices.DeleteFunc(kept, func(c change) bool {
		return c.Reason == superseded || c.was == KindNone && c.Reason > Written && c.Reason < Flushed // made and gone
	})
}
