package store

import "github.com/alcovedb/alcove/structures"

// Del removes entries and returns how many there were. To groups they stay pending. The
// stream stays, also without entries.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m log n), m the number of IDs given and n of entries. Redis: [XDEL].
//
// [XDEL]: https://redis.io/docs/latest/commands/xdel/
func (s Stream) Del(ids ...StreamID) (int, error) {
	removed, err := s.remove("XDEL", KeepRefs, ids)
	n := 0
	for _, r := range removed {
		if r == EntryDeleted {
			n++
		}
	}
	return n, err
}

// DelEx removes entries as refs says and returns what became of each. A missing key has
// none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrInvalidOption] for [Refs]
// that there are not.
//
// The complexity is O(m (log n + g)), m the number of IDs given, n of entries and g of
// groups. Redis: [XDELEX].
//
// [XDELEX]: https://redis.io/docs/latest/commands/xdelex/
func (s Stream) DelEx(refs Refs, ids ...StreamID) ([]Removal, error) {
	return s.remove("XDELEX", refs, ids)
}

func (s Stream) remove(op string, refs Refs, ids []StreamID) ([]Removal, error) {
	var w write
	defer w.end()
	v, err := s.begin(&w, op, wrongRefs(refs))
	if err != nil {
		return nil, err
	}
	removed := make([]Removal, len(ids))
	if v != nil {
		v = w.openStream()
	}
	changed, deleted := false, false
	for i, id := range ids {
		removed[i] = EntryMissing
		if v == nil {
			continue
		}
		if refs == OnlyAcked && v.Referenced(structures.StreamID(id)) {
			removed[i] = EntryReferenced
			continue
		}
		if refs == DelRefs && v.DropRefs(structures.StreamID(id)) {
			changed = true
		}
		if v.Delete(structures.StreamID(id)) {
			removed[i], changed, deleted = EntryDeleted, true, true
		}
	}
	if changed {
		w.changed()
	}
	if deleted {
		w.event(NotifyStream, "xdel")
	}
	return removed, nil
}

// wrongRefs returns what is wrong with the arguments of XDELEX and XACKDEL.
func wrongRefs(refs Refs) error {
	if refs > OnlyAcked {
		return ErrInvalidOption
	}
	return nil
}

// Trim shortens the stream from its oldest entries on and returns how many it removed. A
// missing key has none.
//
// It returns [ErrWrongType] if the key holds another type, [ErrOutOfRange] if a number of
// entries is negative and [ErrInvalidOption] if [StreamTrim.Limit] comes without
// [StreamTrim.Approx], or t is the zero value.
//
// The complexity is O(m), m the number of entries removed. Redis: [XTRIM].
//
// [XTRIM]: https://redis.io/docs/latest/commands/xtrim/
func (s Stream) Trim(t StreamTrim) (int, error) {
	var w write
	defer w.end()
	wrong := t.check()
	if wrong == nil && t.by == noTrim {
		wrong = ErrInvalidOption
	}
	v, err := s.begin(&w, "XTRIM", wrong)
	if err != nil || v == nil {
		return 0, err
	}
	n := t.trim(w.openStream())
	if n > 0 {
		w.changed()
		w.event(NotifyStream, "xtrim")
	}
	return n, nil
}

// trim shortens v and returns how many entries it removed.
func (t *StreamTrim) trim(v *structures.Stream) int {
	if t.by == noTrim {
		return 0
	}
	limit := t.limit
	if t.approx && !t.limited {
		limit = defaultTrimLimit
	}
	return v.Trim(structures.StreamTrim{
		ByID: t.by == byMinID, MaxLen: t.maxLen, MinID: structures.StreamID(t.minID),
		Approx: t.approx, Limit: limit, Refs: structures.StreamRefs(t.refs),
	})
}
