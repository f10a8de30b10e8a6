package store

import (
	"math"
	"slices"

	"github.com/alcovedb/alcove/structures"
)

// A transaction whose time stands still may have keys that expire meanwhile for everybody
// else. This has been told when it commits, and what it tells must follow from there.

// amend makes what a run has noted follow from what the store holds at its commit, for which
// everything is locked: a key that was there for the run, and is there no more, is new if the
// run leaves it, and has not been removed by it.
func (r *run) amend(l *log) {
	if r.frozen == 0 || l.empty() || r.private != nil && (!r.holdsAll() || r.swapped()) {
		return // nothing can have expired, or keys are elsewhere now
	}
	seen := map[Key]bool{}
	list := make([]notice, 0, len(l.list))
	for _, e := range l.list {
		k := Key{DB: e.n, Name: e.key}
		if e.class == 0 || e.class == NotifyMiss || seen[k] {
			list = append(list, e)
			continue
		}
		seen[k] = true
		if e.class == NotifyNew || r.s.holdsKey(k) {
			list = append(list, e)
			continue
		}
		if e.class == NotifyGeneric && e.name == "del" || e.class == NotifyExpired {
			continue
		}
		if l.notify&NotifyNew != 0 {
			list = append(list, notice{at: e.at, class: NotifyNew, n: e.n, key: e.key, name: "new"})
		}
		list = append(list, e)
	}
	l.list = list
	l.changed = slices.DeleteFunc(l.changed, func(c change) bool {
		return (c.Reason == Deleted || c.Reason == Renamed) && !r.s.holdsKey(Key{DB: c.DB, Name: c.Key})
	})
	for i := range l.changed {
		if c := &l.changed[i]; r.holdsAll() && c.Reason < Flushed {
			sh, _ := r.s.hash(c.Key)
			c.Version = sh.nextVersion() // after that of the expiry
		}
	}
}

// swapped says whether databases have changed places in the copy of the store.
func (r *run) swapped() bool {
	for n := range r.private.swaps {
		if r.private.swaps[n].Load() != 0 {
			return true
		}
	}
	return false
}

// settle removes from the copy of the store what has expired while its time stood still. Where
// the expirer has removed it from the store already, that has been told.
func (r *run) settle() {
	now := r.s.now()
	for i := range r.base {
		sh := &r.private.shards[i]
		if sh.version.Load() == r.base[i] {
			continue // it does not come into the store
		}
		for n := range Databases {
			if t := sh.table(n); t != nil {
				r.settleTable(sh, t, n, now)
			}
		}
	}
}

func (r *run) settleTable(sh *shard, t *structures.Table, n int, now int64) {
	for looks := math.MaxInt; ; {
		rec, found := t.Overdue(now, &looks)
		if !found {
			return
		}
		noted := sh.log
		if r.toldOf(n, &rec, sh.cfg.Hash(rec.Key())) {
			sh.log = nil
		}
		r.private.DB(n).purgeRecord(sh, t, &rec, now, math.MaxInt)
		sh.log = noted
	}
}

// toldOf says whether a record of the copy is as it was in the store, and there no more.
func (r *run) toldOf(n int, rec *structures.Record, h uint64) bool {
	sh, _ := r.s.hash(rec.Key())
	if rec.Version() > r.base[sh.index] || r.swapped() {
		return false // it is the transaction's, or can't be told
	}
	live := sh.table(n)
	if live == nil {
		return true
	}
	ref := live.Find(h, rec.Key())
	return !ref.Found || ref.Record.Version() != rec.Version()
}

// holdsKey says whether a key is in its table, which is locked, overdue or not.
func (s *Store) holdsKey(k Key) bool {
	sh, h := s.hash(k.Name)
	t := sh.table(k.DB)
	return t != nil && t.Find(h, k.Name).Found
}
