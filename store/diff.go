package store

import (
	"cmp"
	"slices"

	"github.com/alcovedb/alcove/structures"
)

// Difference is a key that two snapshots differ in.
type Difference struct {
	DB   int
	Key  string
	A, B Kind // what either has there; KindNone is nothing
}

// Diff returns the keys whose types, values or deadlines are not the same in two snapshots,
// by database and key: of one store, of forks, or of different stores. Whether an encoding
// is another does not matter.
//
// It returns [ErrClosed] if one of them is closed.
//
// The complexity is O(n log n), n the number of keys and the bytes of their values.
func Diff(a, b *Snapshot) ([]Difference, error) {
	for _, sn := range []*Snapshot{a, b} {
		if sn == nil {
			return nil, ErrClosed
		}
		if err := sn.check(); err != nil {
			return nil, err
		}
	}
	x, y := a.s.instant(), b.s.instant() // of the snapshots, which stand still
	defer x.release()
	defer y.release()
	var list []Difference
	for n := range Databases {
		x.all(n, func(r *structures.Record) bool {
			other, found := y.find(n, r.Key())
			switch {
			case !found:
				list = append(list, Difference{n, r.Key(), kindOf(r), KindNone})
			case kindOf(r) != kindOf(&other) || r.Deadline() != other.Deadline() ||
				fingerprint(r, x.now) != fingerprint(&other, y.now):
				list = append(list, Difference{n, r.Key(), kindOf(r), kindOf(&other)})
			}
			return true
		})
		y.all(n, func(r *structures.Record) bool {
			if _, found := x.find(n, r.Key()); !found {
				list = append(list, Difference{n, r.Key(), KindNone, kindOf(r)})
			}
			return true
		})
	}
	slices.SortFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.DB, b.DB), cmp.Compare(a.Key, b.Key))
	})
	for _, sn := range []*Snapshot{a, b} {
		if err := sn.check(); err != nil { // meanwhile
			return nil, err
		}
	}
	return list, nil
}
