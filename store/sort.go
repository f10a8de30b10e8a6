package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/alcovedb/alcove/structures"
)

// SortOptions are the options of [DB.Sort]. The zero value sorts numbers, the smallest
// first.
//
// A pattern names one key an element: its first * stands for the element. What follows
// a -> is the field of a hash at that key, otherwise the key holds a string.
type SortOptions struct {
	// By is the pattern of what is compared in the place of the elements. One without
	// a star leaves them in their order.
	By string
	// Get are patterns of what is returned for each element, "#" for the element
	// itself. Without them it is that.
	Get []string
	// Offset and Count are LIMIT: how many to leave out, and how many to return. A
	// Count of 0, or below, is all of them.
	Offset, Count int
	Desc          bool // the largest first; where By leaves the order, lists and sorted sets backwards
	Alpha         bool // compare bytes, not numbers
}

// Sort returns the elements of the list, set or sorted set at key in the order of
// numbers, or what the options say, as of one moment. Of several Get patterns the
// results come one behind the other for each element; what is missing is not found. A
// missing key has no elements. It stands for SORT_RO, too.
//
// It returns [ErrWrongType] if the key holds a string or a hash and [ErrNotFloat] if
// something to compare is not a number.
//
// Unlike Redis, it compares with Alpha by bytes in every locale, and leaves the encoding
// of a sorted set as it is.
//
// The complexity is O(n log n), n the number of elements. Redis: [SORT], [SORT_RO].
//
// [SORT]: https://redis.io/docs/latest/commands/sort/
// [SORT_RO]: https://redis.io/docs/latest/commands/sort_ro/
func (db DB) Sort(key string, o SortOptions) ([]Optional, error) {
	if db.tx() != nil {
		results, direct, err := db.sortTx(key, nil, o)
		if direct || err != nil {
			return results, err
		}
	}
	from := db
	db, err := db.whole("SORT")
	if err != nil {
		return nil, err
	}
	var missed []string
	sn := db.s.instant()
	s := sorting{SortOptions: o, now: sn.now, find: func(key string) (structures.Record, bool) {
		rec, found := sn.find(db.n, key)
		if !found && from.s.tellsMisses() {
			missed = append(missed, key)
		}
		return rec, found
	}}
	results, err := s.run(key)
	sn.release()
	for _, key := range missed {
		from.miss(key)
	}
	return results, mistake("SORT", key, cmp.Or(db.check(), err))
}

// SortStore stores in a list at dst what Sort returns, in one step, and returns how
// many elements that has. What was at dst is gone, also if the result is empty. What
// is missing is stored as an empty string.
//
// It returns [ErrWrongType] if the key holds a string or a hash and [ErrNotFloat] if
// something to compare is not a number; nothing has changed then.
//
// The complexity is O(n log n), n the number of elements, beside O(shards).
// Redis: [SORT].
//
// [SORT]: https://redis.io/docs/latest/commands/sort/
func (db DB) SortStore(key, dst string, o SortOptions) (int, error) {
	if db.tx() != nil {
		results, direct, err := db.sortTx(key, &dst, o)
		if direct || err != nil {
			return len(results), err
		}
	}
	db, err := db.wholeForWrite("SORT")
	if err != nil {
		return 0, err
	}
	if len(dst) > MaxStringLen {
		return 0, mistake("SORT", dst, ErrTooLarge)
	}
	unlock, err := db.s.lockAll("SORT") // which keys the patterns name is seen only now
	if err != nil {
		return 0, err
	}
	defer unlock()
	w := write{db: db}
	s := sorting{SortOptions: o, now: w.nano() / int64(time.Millisecond), stores: true}
	db.s.freezeAll() // again: see batch.enter
	s.find = func(key string) (structures.Record, bool) {
		sh, h := db.s.hash(key)
		rec, found := sh.find(db, h, key, &s.now, true)
		if !found {
			sh.miss(db.n, key)
		}
		return rec, found
	}
	results, err := s.run(key)
	if err != nil {
		return 0, mistake("SORT", key, err)
	}
	sh, h := db.s.hash(dst)
	w.join(db, sh, h, "SORT", dst)
	w.putSorted(results)
	return len(results), nil
}

// sortTx is Sort, or with dst SortStore, in a transaction that reads key by key. It reports
// false for one that has a copy of the store.
func (db DB) sortTx(key string, dst *string, o SortOptions) (results []Optional, direct bool, err error) {
	keys := []string{key}
	if dst != nil {
		keys = append(keys, *dst)
	}
	var b batch
	defer b.end()
	if err := b.beginTx(db, "SORT", keys, dst != nil); err != nil || b.run == nil {
		return nil, false, err
	}
	s := sorting{SortOptions: o, now: db.now(), stores: dst != nil}
	s.find = func(key string) (structures.Record, bool) { return b.find(db, key) }
	results, err = s.run(key)
	if err := b.failed(); err != nil {
		return nil, true, err
	}
	if err == nil && dst != nil {
		w := b.key(db, *dst)
		w.putSorted(results)
	}
	if err != nil {
		return nil, true, mistake("SORT", key, err)
	}
	return results, true, nil
}

// putSorted makes the key of w a list of results.
func (w *write) putSorted(results []Optional) {
	list := openAnew(w, KindList, structures.NewList)
	for _, r := range results {
		list.PushBack(r.Value)
	}
	w.grows(KindList) // of who waits some may want more than it had
	if w.saveOver(KindList, list, false) {
		w.event(NotifyList, "sortstore")
	}
}

// sorting is one SORT: find looks a key up at its moment.
type sorting struct {
	SortOptions
	now    int64
	stores bool
	find   func(key string) (structures.Record, bool)
}

// weighed is an element with what it is compared by.
type weighed struct {
	element string
	number  float64
	text    Optional
}

func (s *sorting) run(key string) ([]Optional, error) {
	rec, found := s.find(key)
	if !found {
		return nil, nil
	}
	elements, err := elementsOf(&rec)
	if err != nil {
		return nil, err
	}
	inOrder := s.By != "" && !strings.Contains(s.By, "*")
	if inOrder && s.stores && kindOf(&rec) == KindSet {
		inOrder, s.By, s.Alpha = false, "", true // Redis wants an order that can be told
	}
	switch {
	case !inOrder:
		if elements, err = s.sort(elements); err != nil {
			return nil, err
		}
	case s.Desc && kindOf(&rec) != KindSet:
		slices.Reverse(elements)
	}
	return s.results(s.limit(elements)), nil
}

// elementsOf returns the elements of a record in their order.
func elementsOf(rec *structures.Record) (elements []string, err error) {
	switch kindOf(rec) {
	case KindList:
		var view structures.List
		v := view.Of(rec)
		elements = make([]string, 0, v.Len())
		v.Walk(0, false, func(_ int, s string) bool { elements = append(elements, s); return true })
	case KindSet:
		var view structures.Set
		elements = view.Of(rec).Members()
	case KindZSet:
		var view structures.ZSet
		v := view.Of(rec)
		elements = make([]string, 0, v.Len())
		v.Walk(0, v.Len(), false, func(member string, _ float64) bool { elements = append(elements, member); return true })
	default:
		return nil, ErrWrongType
	}
	return elements, nil
}

// sort returns the elements sorted.
func (s *sorting) sort(elements []string) ([]string, error) {
	var err error
	all := make([]weighed, len(elements))
	for i, element := range elements {
		all[i].element = element
		text := Optional{Value: element, Found: true}
		if s.By != "" {
			text = s.lookup(s.By, element)
		}
		switch {
		case s.Alpha:
			all[i].text = text
		case text.Found:
			number, ok := sortNumber(text.Value)
			if !ok {
				err = ErrNotFloat // after all the keys have been looked up, as in Redis
			}
			all[i].number = number
		}
	}
	if err != nil {
		return nil, err
	}
	compare := compareNumbers
	if s.Alpha {
		compare = compareTexts
	}
	slices.SortStableFunc(all, func(a, b weighed) int {
		if s.Desc {
			return compare(b, a)
		}
		return compare(a, b)
	})
	for i := range all {
		elements[i] = all[i].element
	}
	return elements, nil
}

// sortNumber reads a number as SORT does: C's strtod takes spaces before it, nothing
// for 0, and a zero byte for the end.
func sortNumber(text string) (float64, bool) {
	text, _, _ = strings.Cut(text, "\x00")
	if text == "" {
		return 0, true
	}
	return parseFloat(strings.TrimLeft(text, " \t\n\v\f\r"))
}

func compareNumbers(a, b weighed) int {
	return cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.element, b.element))
}

// compareTexts has what is missing come first.
func compareTexts(a, b weighed) int {
	switch {
	case a.text.Found && b.text.Found:
		return strings.Compare(a.text.Value, b.text.Value)
	case a.text.Found:
		return 1
	case b.text.Found:
		return -1
	}
	return 0
}

// limit returns the elements that Offset and Count leave.
func (s *sorting) limit(elements []string) []string {
	from := min(max(s.Offset, 0), len(elements))
	elements = elements[from:]
	if s.Count > 0 && s.Count < len(elements) {
		elements = elements[:s.Count]
	}
	return elements
}

// results returns what there is to get for the elements.
func (s *sorting) results(elements []string) []Optional {
	gets := s.Get
	if len(gets) == 0 {
		gets = []string{"#"}
	}
	results := make([]Optional, 0, len(elements)*len(gets))
	for _, element := range elements {
		for _, pattern := range gets {
			results = append(results, s.lookup(pattern, element))
		}
	}
	return results
}

// lookup returns what a pattern names for an element.
func (s *sorting) lookup(pattern, element string) Optional {
	if pattern == "#" {
		return Optional{Value: element, Found: true}
	}
	before, after, ok := strings.Cut(pattern, "*")
	if !ok {
		return Optional{}
	}
	after, field, ofHash := strings.Cut(after, "->")
	if ofHash && field == "" {
		after, ofHash = after+"->", false // an arrow to nothing is part of the key
	}
	rec, found := s.find(before + element + after)
	switch {
	case !found:
	case ofHash && kindOf(&rec) == KindHash:
		var view structures.Hash
		value, deadline, ok := view.Of(&rec).Look(field)
		if ok && (deadline == 0 || deadline > s.now) {
			return Optional{Value: value, Found: true}
		}
	case !ofHash && kindOf(&rec) == KindString:
		return Optional{Value: textOf(&rec), Found: true}
	}
	return Optional{}
}
