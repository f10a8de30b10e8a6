package store

import (
	"github.com/alcovedb/alcove/structures"
)

// ScanOptions are the options of [DB.Scan]. The zero value is a plain SCAN.
type ScanOptions struct {
	Match string // a glob pattern, as that of [DB.Keys]; empty matches all
	Count int    // about how many keys to look at; 0 is 10
	Type  Kind   // only keys of this kind; KindNone is all
}

// A cursor is the shard and the place in its table.
const scanShift = 28

// Scan returns some of the keys and the cursor to go on with; the first call and the
// last have cursor 0. A key that is there from the first call to the last is returned
// exactly once, whatever is written meanwhile; one that comes or goes may be returned,
// at most once unless it is deleted and made again.
//
// It returns [ErrInvalidCursor] for a cursor that can't be one of Scan's and
// [ErrInvalidOption] if Count is negative.
//
// The complexity is O(Count) each call. Redis: [SCAN].
//
// [SCAN]: https://redis.io/docs/latest/commands/scan/
func (db DB) Scan(cursor uint64, o ScanOptions) (keys []string, next uint64, err error) {
	db, err = db.whole("SCAN")
	if err != nil {
		return nil, 0, err
	}
	shards := uint64(len(db.s.shards))
	switch {
	case cursor>>scanShift >= shards:
		return nil, 0, mistake("SCAN", "", ErrInvalidCursor)
	case o.Count < 0 || o.Type > KindStream:
		return nil, 0, mistake("SCAN", "", ErrInvalidOption)
	case o.Count == 0:
		o.Count = 10
	}
	left := o.Count
	at := uint32(cursor & structures.MaxCursor)
	for i := cursor >> scanShift; i < shards; i++ {
		at = db.scanShard(&db.s.shards[i], at, &left, func(r *structures.Record) {
			key := r.Key()
			if (o.Type == KindNone || kindOf(r) == o.Type) && (o.Match == "" || matches(o.Match, key)) {
				keys = append(keys, key)
			}
		})
		if at != 0 {
			return keys, i<<scanShift | uint64(at), nil
		}
		if left <= 0 && i+1 < shards {
			return keys, (i + 1) << scanShift, nil
		}
	}
	return keys, 0, db.check()
}

// scanShard visits about *left records of a shard from a place on, counts them off,
// and returns the next place, 0 at the end.
func (db DB) scanShard(sh *shard, at uint32, left *int, visit func(*structures.Record)) (next uint32) {
	sh.read(db, func(t *structures.Table) {
		next = t.Scan(at, *left, func(r structures.Record) {
			*left--
			if !db.s.gone(t, &r) {
				visit(&r)
			}
		})
	})
	return next
}

// purge removes what is overdue in the database, so that it can be counted.
func (db DB) purge() {
	now := int64(0)
	for i := range db.s.shards {
		sh := &db.s.shards[i]
		due := int64(0)
		sh.read(db, func(t *structures.Table) { due = t.Earliest() })
		if due == 0 {
			continue
		}
		if now == 0 {
			now = db.s.now()
		}
		if due <= now {
			db.purgeShard(sh, now)
		}
	}
}
