package store

import (
	"context"
	"iter"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// List is a handle of a list: strings in an order, quick to write at both ends.
type List struct {
	db  DB
	key string
}

// Side is an end of a list.
type Side uint8

// The ends of a list. The left one is its head.
const (
	Left Side = iota
	Right
)

// Place is where [List.Insert] puts an element: before or after another.
type Place uint8

// The places of [List.Insert].
const (
	Before Place = iota
	After
)

// PosOptions are the options of [List.PosWith]. The zero value finds every element.
type PosOptions struct {
	// Rank is the match to begin with: 1 is the first, -1 the last, and below 0 the
	// search goes from the end to the start. 0 is 1.
	Rank int
	// Count is how many matches to find. 0 is all of them.
	Count int
	// MaxLen is how many elements to look at. 0 is all of them.
	MaxLen int
}

// List returns a handle of the list at key, whether there is one or not. It allocates
// nothing.
func (db DB) List(key string) List { return List{db: db, key: key} }

// Key returns the key of the handle.
func (l List) Key() string { return l.key }

// Len returns the number of elements, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [LLEN].
//
// [LLEN]: https://redis.io/docs/latest/commands/llen/
func (l List) Len() (int, error) {
	rec, _, locked, err := l.db.loadKind("LLEN", l.key, KindList)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	var view structures.List
	return view.Of(&rec).Len(), nil
}

// Index returns the element at index i; a negative one counts from the end. A missing
// key, or an index without an element, is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the length of the list. Redis: [LINDEX].
//
// [LINDEX]: https://redis.io/docs/latest/commands/lindex/
func (l List) Index(i int) (string, error) {
	rec, _, locked, err := l.db.loadKind("LINDEX", l.key, KindList)
	defer locked.release()
	if err != nil {
		return "", err
	}
	var view structures.List
	v := view.Of(&rec)
	if i, ok := place(i, v.Len()); ok {
		return v.At(i), nil
	}
	return "", ErrNotFound
}

// place returns the position that index i means in a list of n elements, and whether
// there is one.
func place(i, n int) (int, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

// Range returns the elements from start to stop, both included; a negative index counts
// from the end. What lies outside of the list is left out, so a missing key gives an
// empty result.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n + m), n the length of the list and m of the result.
// Redis: [LRANGE].
//
// [LRANGE]: https://redis.io/docs/latest/commands/lrange/
func (l List) Range(start, stop int) ([]string, error) {
	rec, _, locked, err := l.db.loadKind("LRANGE", l.key, KindList)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	var view structures.List
	v := view.Of(&rec)
	from, to, ok := indexRange(start, stop, v.Len())
	if !ok {
		return nil, nil
	}
	return slice(v, from, to), nil
}

// indexRange turns Redis's inclusive, possibly negative indexes into the half-open range
// of the n elements that they mean. It reports false for an empty one.
func indexRange(start, stop, n int) (from, to int, ok bool) {
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	if start > stop || start >= n {
		return 0, 0, false
	}
	return start, min(stop, n-1) + 1, true
}

// slice returns the elements in [from, to).
func slice(v *structures.List, from, to int) []string {
	values := make([]string, 0, to-from)
	v.Walk(from, false, func(_ int, s string) bool {
		values = append(values, s)
		return len(values) < to-from
	})
	return values
}

// All returns the elements from the first to the last, as of now: writes that come
// later, also those of the loop, don't change what it sees. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) here and O(n) for the loop, n the length of the list.
// Redis: [LRANGE].
//
// [LRANGE]: https://redis.io/docs/latest/commands/lrange/
func (l List) All() (iter.Seq[string], error) {
	v, err := l.frozen()
	if err != nil {
		return func(func(string) bool) {}, err
	}
	return func(yield func(string) bool) {
		v.Walk(0, false, func(_ int, s string) bool { return yield(s) })
	}, nil
}

// frozen returns the list as of now, which nobody writes.
func (l List) frozen() (*structures.List, error) {
	rec, found, locked, err := l.db.loadKind("LRANGE", l.key, KindList)
	big := locked != nil
	locked.release()
	v := new(structures.List)
	if err != nil || !found {
		return v, err
	}
	if !big {
		return v.Of(&rec), nil
	}
	var w write // a clone counts as a write
	defer w.end()
	if err := w.inspect(l.db, "LRANGE", l.key); err != nil {
		return nil, err
	}
	if err := w.want(KindList); err != nil || !w.found() {
		return v, err
	}
	if w.ref.Record.Object() != nil {
		return w.cloneObject().(*structures.List), nil
	}
	return v.Of(&w.ref.Record), nil
}

// LPush adds values before the first element, one after the other, so that the last of
// them becomes the first element, and returns the length of the list. A missing key
// becomes a list. Without values nothing changes.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a value
// is longer than [MaxStringLen].
//
// The complexity is O(1) for each value. Redis: [LPUSH].
//
// [LPUSH]: https://redis.io/docs/latest/commands/lpush/
func (l List) LPush(values ...string) (int, error) { return l.push("LPUSH", Left, false, values) }

// RPush adds values behind the last element and returns the length of the list. A
// missing key becomes a list. Without values nothing changes.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a value
// is longer than [MaxStringLen].
//
// The complexity is O(1) for each value. Redis: [RPUSH].
//
// [RPUSH]: https://redis.io/docs/latest/commands/rpush/
func (l List) RPush(values ...string) (int, error) { return l.push("RPUSH", Right, false, values) }

// LPushX is LPush if the key is there. Otherwise it does nothing and returns 0.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a value
// is longer than [MaxStringLen].
//
// The complexity is O(1) for each value. Redis: [LPUSHX].
//
// [LPUSHX]: https://redis.io/docs/latest/commands/lpushx/
func (l List) LPushX(values ...string) (int, error) { return l.push("LPUSHX", Left, true, values) }

// RPushX is RPush if the key is there. Otherwise it does nothing and returns 0.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a value
// is longer than [MaxStringLen].
//
// The complexity is O(1) for each value. Redis: [RPUSHX].
//
// [RPUSHX]: https://redis.io/docs/latest/commands/rpushx/
func (l List) RPushX(values ...string) (int, error) { return l.push("RPUSHX", Right, true, values) }

func (l List) push(op string, to Side, present bool, values []string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(l.db, op, l.key); err != nil {
		return 0, err
	}
	for _, s := range values {
		if len(s) > MaxStringLen {
			return 0, w.fail(ErrTooLarge)
		}
	}
	v, err := open(&w, KindList, structures.NewList)
	if err != nil || present && !w.found() {
		return 0, err
	}
	if len(values) > 0 {
		for _, s := range values {
			pushTo(v, to, s)
		}
		w.saveLonger(v)
		w.event(NotifyList, to.pushed())
	}
	return v.Len(), nil
}

// pushed and popped are the names of notifications.
func (s Side) pushed() string {
	if s == Left {
		return "lpush"
	}
	return "rpush"
}

func (s Side) popped() string {
	if s == Left {
		return "lpop"
	}
	return "rpop"
}

func pushTo(v *structures.List, to Side, s string) {
	if to == Left {
		v.PushFront(s)
	} else {
		v.PushBack(s)
	}
}

// saveList is save for lists, of which Redis 7.0 knows one encoding.
func (w *write) saveList(v *structures.List) { w.save(KindList, v, false) }

// saveLonger is saveList of one that has grown, which somebody may wait for.
func (w *write) saveLonger(v *structures.List) {
	w.grows(KindList)
	w.saveList(v)
}

// LPop removes the first element and returns it. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [LPOP].
//
// [LPOP]: https://redis.io/docs/latest/commands/lpop/
func (l List) LPop() (string, error) { return l.pop("LPOP", Left) }

// RPop removes the last element and returns it. A missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [RPOP].
//
// [RPOP]: https://redis.io/docs/latest/commands/rpop/
func (l List) RPop() (string, error) { return l.pop("RPOP", Right) }

func (l List) pop(op string, from Side) (string, error) {
	var w write
	defer w.end()
	if err := w.begin(l.db, op, l.key); err != nil {
		return "", err
	}
	v, err := w.openList()
	if err != nil {
		return "", err
	}
	s := popFrom(v, from)
	w.event(NotifyList, from.popped())
	w.saveList(v)
	return s, nil
}

// openList is open for a command that needs the list to be there.
func (w *write) openList() (*structures.List, error) {
	v, err := open(w, KindList, structures.NewList)
	if err == nil && !w.found() {
		err = ErrNotFound
	}
	return v, err
}

func popFrom(v *structures.List, from Side) string {
	if from == Left {
		return v.PopFront()
	}
	return v.PopBack()
}

// LPopN removes the first count elements, or as many as there are, and returns them. A
// missing key has none.
//
// It returns [ErrOutOfRange] if count is negative and [ErrWrongType] if the key
// holds another type.
//
// The complexity is O(count). Redis: [LPOP].
//
// [LPOP]: https://redis.io/docs/latest/commands/lpop/
func (l List) LPopN(count int) ([]string, error) { return l.popN("LPOP", Left, count) }

// RPopN removes the last count elements, or as many as there are, and returns them,
// the last one first. A missing key has none.
//
// It returns [ErrOutOfRange] if count is negative and [ErrWrongType] if the key
// holds another type.
//
// The complexity is O(count). Redis: [RPOP].
//
// [RPOP]: https://redis.io/docs/latest/commands/rpop/
func (l List) RPopN(count int) ([]string, error) { return l.popN("RPOP", Right, count) }

func (l List) popN(op string, from Side, count int) ([]string, error) {
	var w write
	defer w.end()
	if err := w.begin(l.db, op, l.key); err != nil {
		return nil, err
	}
	if count < 0 {
		return nil, w.fail(ErrOutOfRange)
	}
	return w.popN(from, count)
}

// popN removes up to count elements from an end of the list, if there is one, and
// returns them as they come.
func (w *write) popN(from Side, count int) ([]string, error) {
	v, err := open(w, KindList, structures.NewList)
	if err != nil {
		return nil, err
	}
	if count = min(count, v.Len()); count == 0 {
		return nil, nil
	}
	values := takeN(v, from, count)
	w.event(NotifyList, from.popped())
	w.saveList(v)
	return values, nil
}

// takeN removes n elements, which are there, from an end and returns them as they come.
func takeN(v *structures.List, from Side, n int) []string {
	switch {
	case n == 1:
		return []string{popFrom(v, from)}
	case from == Left:
		values := slice(v, 0, n)
		v.DropFront(n)
		return values
	default:
		values := slice(v, v.Len()-n, v.Len())
		slices.Reverse(values)
		v.DropBack(n)
		return values
	}
}

// LMPop removes up to count elements from one end of the first list of keys that is
// there, and returns its key and the elements as they come. If none is there, there are
// no elements.
//
// It returns [ErrOutOfRange] if count is not above 0, [ErrInvalidOption] if from is no
// [Side] or there are no keys, and [ErrWrongType] if it comes to a key of another type.
//
// The complexity is O(n + count), n the number of keys. Redis: [LMPOP].
//
// [LMPOP]: https://redis.io/docs/latest/commands/lmpop/
func (db DB) LMPop(from Side, count int, keys ...string) (key string, values []string, err error) {
	var b batch
	defer b.end()
	if err := b.begin(db, "LMPOP", keys...); err != nil {
		return "", nil, err
	}
	switch {
	case count <= 0:
		return "", nil, mistake("LMPOP", "", ErrOutOfRange)
	case from > Right || len(keys) == 0:
		return "", nil, mistake("LMPOP", "", ErrInvalidOption)
	}
	for _, key := range keys {
		w := b.key(db, key)
		values, err := w.popN(from, count)
		if err != nil {
			return "", nil, err
		}
		if len(values) > 0 {
			return key, values, nil
		}
	}
	return "", nil, nil
}

// BLPop removes the first element and returns it. Of a missing key it waits for one: who
// came first is served first, by whoever puts it there, before anybody else sees it. If
// the key then holds another type, it waits on.
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context and
// [ErrWrongType] if the key holds another type now.
//
// Unlike Redis 7.0, it is served, too, by a list that SORT stores over a value of another
// type.
//
// The complexity is O(1). Redis: [BLPOP].
//
// [BLPOP]: https://redis.io/docs/latest/commands/blpop/
func (l List) BLPop(ctx context.Context) (string, error) {
	return l.blockPop(ctx, "BLPOP", Left)
}

// BRPop removes the last element and returns it. Of a missing key it waits for one, as
// [List.BLPop] does.
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context and
// [ErrWrongType] if the key holds another type now.
//
// The complexity is O(1). Redis: [BRPOP].
//
// [BRPOP]: https://redis.io/docs/latest/commands/brpop/
func (l List) BRPop(ctx context.Context) (string, error) {
	return l.blockPop(ctx, "BRPOP", Right)
}

func (l List) blockPop(ctx context.Context, op string, from Side) (string, error) {
	_, value, err := l.db.blockPop(ctx, op, from, []string{l.key})
	return value, err
}

// BLPop removes the first element of the first list of keys that is there, and returns
// its key and the element. If none is there, it waits, at each key behind those who came
// before, until one of them is; see [List.BLPop].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrInvalidOption] if there are no keys, and [ErrWrongType] if it comes to a key of
// another type before it waits.
//
// The complexity is O(n), n the number of keys. Redis: [BLPOP].
//
// [BLPOP]: https://redis.io/docs/latest/commands/blpop/
func (db DB) BLPop(ctx context.Context, keys ...string) (key, value string, err error) {
	return db.blockPop(ctx, "BLPOP", Left, keys)
}

// BRPop removes the last element of the first list of keys that is there, and returns
// its key and the element. If none is there, it waits, at each key behind those who came
// before, until one of them is; see [List.BLPop].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrInvalidOption] if there are no keys, and [ErrWrongType] if it comes to a key of
// another type before it waits.
//
// The complexity is O(n), n the number of keys. Redis: [BRPOP].
//
// [BRPOP]: https://redis.io/docs/latest/commands/brpop/
func (db DB) BRPop(ctx context.Context, keys ...string) (key, value string, err error) {
	return db.blockPop(ctx, "BRPOP", Right, keys)
}

func (db DB) blockPop(ctx context.Context, op string, from Side, keys []string) (key, value string, err error) {
	a, err := db.block(ctx, demand{op: op, kind: KindList, from: from, count: 1}, keys...)
	if err != nil {
		return "", "", err
	}
	return a.key, a.values[0], nil
}

// BLMPop removes up to count elements from one end of the first list of keys that is
// there, and returns its key and the elements as they come. If none is there, it waits,
// at each key behind those who came before, until one of them is; see [List.BLPop].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrOutOfRange] if count is not above 0, [ErrInvalidOption] if from is no [Side] or
// there are no keys, and [ErrWrongType] if it comes to a key of another type before it
// waits.
//
// The complexity is O(n + count), n the number of keys. Redis: [BLMPOP].
//
// [BLMPOP]: https://redis.io/docs/latest/commands/blmpop/
func (db DB) BLMPop(ctx context.Context, from Side, count int, keys ...string) (key string, values []string, err error) {
	a, err := db.block(ctx, demand{op: "BLMPOP", kind: KindList, from: from, count: count}, keys...)
	return a.key, a.values, err
}

// Set replaces the element at index i; a negative one counts from the end. A missing
// key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type, [ErrIndex] if there is no
// such element and [ErrTooLarge] if value is longer than [MaxStringLen].
//
// The complexity is O(log n), n the length of the list. Redis: [LSET].
//
// [LSET]: https://redis.io/docs/latest/commands/lset/
func (l List) Set(i int, value string) error {
	var w write
	defer w.end()
	if err := w.begin(l.db, "LSET", l.key); err != nil {
		return err
	}
	v, err := w.openList()
	if err != nil {
		return err
	}
	i, ok := place(i, v.Len())
	switch {
	case !ok:
		return w.fail(ErrIndex)
	case len(value) > MaxStringLen:
		return w.fail(ErrTooLarge)
	}
	v.Set(i, value)
	w.event(NotifyList, "lset")
	w.saveList(v)
	return nil
}

// Insert puts value before or after the first element that equals pivot, and returns the
// length of the list. If there is none, that is [ErrNotFound] and nothing changes. Of a
// missing key it returns 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidOption] if at is
// no [Place] and [ErrTooLarge] if value is longer than [MaxStringLen].
//
// Unlike in Redis, a missing pivot is an error and not -1.
//
// The complexity is O(n), n the elements up to pivot. Redis: [LINSERT].
//
// [LINSERT]: https://redis.io/docs/latest/commands/linsert/
func (l List) Insert(at Place, pivot, value string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(l.db, "LINSERT", l.key); err != nil {
		return 0, err
	}
	switch {
	case at > After:
		return 0, w.fail(ErrInvalidOption)
	case len(value) > MaxStringLen:
		return 0, w.fail(ErrTooLarge)
	}
	v, err := open(&w, KindList, structures.NewList)
	if err != nil || !w.found() {
		return 0, err
	}
	found := find(v, pivot, 1, 1, 0)
	if len(found) == 0 {
		return 0, ErrNotFound
	}
	v.Insert(found[0]+int(at), value)
	w.event(NotifyList, "linsert")
	w.saveLonger(v)
	return v.Len(), nil
}

// Rem removes elements that equal value and returns how many: with a count above 0 the
// first count of them, below 0 the last -count, and with 0 all. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the length of the list. Redis: [LREM].
//
// [LREM]: https://redis.io/docs/latest/commands/lrem/
func (l List) Rem(count int, value string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(l.db, "LREM", l.key); err != nil {
		return 0, err
	}
	v, err := open(&w, KindList, structures.NewList)
	if err != nil {
		return 0, err
	}
	n := v.Remove(value, count)
	if n > 0 {
		w.event(NotifyList, "lrem")
		w.saveList(v)
	}
	return n, nil
}

// Trim removes all elements but those from start to stop, both included; a negative
// index counts from the end. If none is left, the key is gone.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the elements removed, and much less for many.
// Redis: [LTRIM].
//
// [LTRIM]: https://redis.io/docs/latest/commands/ltrim/
func (l List) Trim(start, stop int) error {
	var w write
	defer w.end()
	if err := w.begin(l.db, "LTRIM", l.key); err != nil {
		return err
	}
	v, err := open(&w, KindList, structures.NewList)
	if err != nil || !w.found() {
		return err
	}
	n := v.Len()
	from, to, ok := indexRange(start, stop, n)
	w.event(NotifyList, "ltrim") // as in Redis, also if nothing is removed
	switch {
	case !ok:
		w.del()
	case to-from < n:
		v.DropBack(n - to)
		v.DropFront(from)
		w.saveList(v)
	}
	return nil
}

// Pos returns the index of the first element that equals value. If there is none, or
// the key is missing, that is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the length of the list. Redis: [LPOS].
//
// [LPOS]: https://redis.io/docs/latest/commands/lpos/
func (l List) Pos(value string) (int, error) {
	places, err := l.PosWith(value, PosOptions{Count: 1})
	switch {
	case err != nil:
		return 0, err
	case len(places) == 0:
		return 0, ErrNotFound
	}
	return places[0], nil
}

// PosWith returns the indexes of the elements that equal value, in the order in which
// the search finds them. A missing key has none.
//
// It returns [ErrOutOfRange] if Count or MaxLen is negative and [ErrWrongType] if the
// key holds another type.
//
// The complexity is O(n), n the length of the list or MaxLen. Redis: [LPOS].
//
// [LPOS]: https://redis.io/docs/latest/commands/lpos/
func (l List) PosWith(value string, o PosOptions) ([]int, error) {
	err := l.db.check()
	if err == nil && (o.Count < 0 || o.MaxLen < 0) {
		err = ErrOutOfRange
	}
	if err != nil {
		return nil, mistake("LPOS", l.key, err)
	}
	rec, _, locked, err := l.db.loadKind("LPOS", l.key, KindList)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	if o.Rank == 0 {
		o.Rank = 1
	}
	var view structures.List
	return find(view.Of(&rec), value, o.Rank, o.Count, o.MaxLen), nil
}

// find returns the positions of elements that equal s, as PosOptions say.
func find(v *structures.List, s string, rank, count, maxLen int) (places []int) {
	from, back := 0, rank < 0
	skip := uint(rank)
	if back {
		from, skip = v.Len()-1, -skip // also of the smallest int
	}
	if maxLen == 0 {
		maxLen = math.MaxInt
	}
	v.Walk(from, back, func(i int, e string) bool {
		if e == s {
			if skip--; skip == 0 {
				places = append(places, i)
				skip = 1
			}
		}
		maxLen--
		return maxLen > 0 && (count == 0 || len(places) < count)
	})
	return places
}

// listFingerprint hashes the elements and their order.
func listFingerprint(r *structures.Record, _ int64) uint64 {
	var view structures.List
	v := view.Of(r)
	sum := uint64(v.Len())
	v.Walk(0, false, func(_ int, s string) bool {
		sum = mix(sum, xxhash.Sum64String(s))
		return true
	})
	return sum
}
