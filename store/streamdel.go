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
	changed := false
	for i, id := range ids {
		removed[i] = EntryMissing
		if v == nil {
			continue
		}
		switch _, found := v.Get(structures.StreamID(id)); {
		case refs == OnlyAcked && referenced(v, id):
			removed[i] = EntryReferenced
			continue
		case refs == DelRefs && dropRefs(v, id):
			changed = true
			fallthrough
		default:
			if found {
				deleteEntry(v, id)
				removed[i], changed = EntryDeleted, true
			}
		}
	}
	if changed {
		w.changed()
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

// deleteEntry removes an entry and notes that it has been there.
func deleteEntry(v *structures.Stream, id StreamID) {
	if v.Delete(structures.StreamID(id)) && StreamID(v.MaxDeleted()).Less(id) {
		v.SetMaxDeleted(structures.StreamID(id))
	}
}

// referenced says whether a group has not delivered the entry yet, or waits for its
// acknowledgment.
func referenced(v *structures.Stream, id StreamID) bool {
	for _, name := range v.GroupNames() {
		g := v.Group(name)
		if StreamID(g.Last).Less(id) {
			return true
		}
		if _, pending := g.Get(structures.StreamID(id)); pending {
			return true
		}
	}
	return false
}

// dropRefs makes an entry pending to no group, and says whether it was to any.
func dropRefs(v *structures.Stream, id StreamID) (was bool) {
	for _, name := range v.GroupNames() {
		was = v.Group(name).Remove(structures.StreamID(id)) || was
	}
	return was
}

// Trim shortens the stream from its oldest entries on and returns how many it removed. A
// missing key has none.
//
// It returns [ErrWrongType] if the key holds another type, [ErrOutOfRange] if a number of
// entries is negative and [ErrInvalidOption] if [StreamTrim.Limit] comes without
// [StreamTrim.Approx], or t is the zero value.
//
// Unlike in Redis, a page of entries that Approx removes or leaves is one of Alcove's.
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
	n := trimStream(w.openStream(), &t)
	if n > 0 {
		w.changed()
	}
	return n, nil
}

// trimStream shortens v as t says and returns how many entries it removed.
func trimStream(v *structures.Stream, t *StreamTrim) int {
	if t.by == noTrim {
		return 0
	}
	var old []StreamID
	left := v.Len()
	v.Walk(structures.StreamID(MinStreamID), structures.StreamID(MaxStreamID), false,
		func(id structures.StreamID, _ []structures.StreamField) bool {
			if t.by == byMaxLen && left <= t.maxLen || t.by == byMinID && !StreamID(id).Less(t.minID) {
				return false
			}
			if t.refs != OnlyAcked || !referenced(v, StreamID(id)) {
				old = append(old, StreamID(id))
				left--
			}
			return true
		})
	for _, id := range old {
		if t.refs == DelRefs {
			dropRefs(v, id)
		}
		v.Delete(structures.StreamID(id))
	}
	return len(old)
}
