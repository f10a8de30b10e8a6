package store

import (
	"slices"

	"github.com/alcovedb/alcove/structures"
)

// pinned returns the bytes that only open snapshots hold. It locks one shard after the
// other, for reading.
func (s *Store) pinned() int {
	s.snapLock.Lock()
	snaps := slices.Clone(s.snaps)
	s.snapLock.Unlock()
	if len(snaps) == 0 {
		return 0
	}
	p := structures.NewPins()
	for i := range s.shards {
		s.shards[i].pin(p, snaps)
	}
	for i := range s.shards {
		s.shards[i].unpin(p, snaps)
	}
	return p.Bytes()
}

// pin adds what snapshots hold of a shard.
func (sh *shard) pin(p *structures.Pins, snaps []*instant) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	for _, sn := range snaps {
		frozen := sn.roots[sh.index].Load()
		if frozen == nil {
			continue // nobody has written the shard since
		}
		for _, f := range frozen.tables {
			if f == nil {
				continue
			}
			var live *structures.Table
			for n := range Databases { // SWAPDB may have moved it
				if t := sh.table(n); t != nil && t.CloneOf(f) {
					live = t
				}
			}
			p.Frozen(f, live)
		}
	}
}

// unpin takes off what the shard has of that, under other keys.
func (sh *shard) unpin(p *structures.Pins, snaps []*instant) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	for n := range Databases {
		if live := sh.table(n); live != nil {
			p.Live(live, oldest(live, sh.index, snaps))
		}
	}
}

// oldest returns the first clone of a table in snapshots, which are sorted by time.
func oldest(live *structures.Table, index int, snaps []*instant) *structures.Table {
	for _, sn := range snaps {
		for n, roots := 0, sn.roots[index].Load(); roots != nil && n < Databases; n++ {
			if t := roots.tables[n]; t != nil && live.CloneOf(t) {
				return t
			}
		}
	}
	return nil
}
