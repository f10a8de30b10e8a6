package store

import (
	"iter"
	"math"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// Set is a handle of a set: different strings in no order.
type Set struct {
	db  DB
	key string
}

// Set returns a handle of the set at key, whether there is one or not. It allocates
// nothing.
func (db DB) Set(key string) Set { return Set{db: db, key: key} }

// Key returns the key of the handle.
func (s Set) Key() string { return s.key }

// intsetMax is how many integers Redis keeps in an intset (set-max-intset-entries).
const intsetMax = 512

// largeSet says whether Redis makes a hashtable of a set when members come into it, n
// in all then: where one of them is no integer, or they are more than an intset holds.
func largeSet(n int, members ...string) bool {
	if n > intsetMax {
		return true
	}
	for _, member := range members {
		if _, isInt := parseInt(member); !isInt {
			return true
		}
	}
	return false
}

// setFingerprint does not depend on the order of the members.
func setFingerprint(r *structures.Record, _ int64) (sum uint64) {
	var view structures.Set
	view.Of(r).All(func(member string) bool {
		sum += xxhash.Sum64String(member)
		return true
	})
	return sum
}

// Add adds members and returns how many of them are new. A missing key counts as an
// empty set.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a
// member is longer than [MaxStringLen].
//
// The complexity is O(n), n the number of members given. Redis: [SADD].
//
// [SADD]: https://redis.io/docs/latest/commands/sadd/
func (s Set) Add(members ...string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SADD", s.key); err != nil {
		return 0, err
	}
	for _, member := range members {
		if len(member) > MaxStringLen {
			return 0, w.fail(ErrTooLarge)
		}
	}
	v, err := open(&w, KindSet, structures.NewSet)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, member := range members {
		if v.Add(member) {
			n++
		}
	}
	if n > 0 {
		w.save(KindSet, v, largeSet(v.Len(), members...))
		w.event(NotifySet, "sadd")
	}
	return n, nil
}

// Rem removes members and returns how many of them were there. With the last one the
// key goes.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of members given. Redis: [SREM].
//
// [SREM]: https://redis.io/docs/latest/commands/srem/
func (s Set) Rem(members ...string) (int, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SREM", s.key); err != nil {
		return 0, err
	}
	v, err := open(&w, KindSet, structures.NewSet)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, member := range members {
		if v.Rem(member) {
			n++
		}
	}
	if n > 0 {
		w.event(NotifySet, "srem")
		w.save(KindSet, v, false)
	}
	return n, nil
}

// Move moves member to the set at dst in one step and says whether it was here. If
// both are the same set, nothing changes.
//
// It returns [ErrWrongType] if the key or dst holds another type. Where the key is
// missing, dst isn't looked at, as in Redis.
//
// The complexity is O(1). Redis: [SMOVE].
//
// [SMOVE]: https://redis.io/docs/latest/commands/smove/
func (s Set) Move(dst, member string) (bool, error) {
	var b batch
	defer b.end()
	if err := b.begin(s.db, "SMOVE", s.key, dst); err != nil {
		return false, err
	}
	src, to := b.key(s.db, s.key), b.key(s.db, dst)
	if !src.found() {
		return false, nil
	}
	if err := src.want(KindSet); err != nil {
		return false, err
	}
	if err := to.want(KindSet); err != nil {
		return false, err
	}
	var view structures.Set
	if is := view.Of(&src.ref.Record).IsMember(member); !is || dst == s.key {
		return is, nil
	}
	v, err := open(&src, KindSet, structures.NewSet)
	if err != nil {
		return false, err
	}
	v.Rem(member)
	src.event(NotifySet, "srem")
	src.save(KindSet, v, false)
	to = b.key(s.db, dst) // where it was may have moved
	if v, err = open(&to, KindSet, structures.NewSet); err != nil {
		return false, err
	}
	if v.Add(member) {
		to.save(KindSet, v, largeSet(v.Len(), member))
		to.event(NotifySet, "sadd")
	}
	return true, nil
}

// Card returns the number of members, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [SCARD].
//
// [SCARD]: https://redis.io/docs/latest/commands/scard/
func (s Set) Card() (int, error) {
	rec, _, locked, err := s.db.loadKind("SCARD", s.key, KindSet)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	var view structures.Set
	return view.Of(&rec).Len(), nil
}

// IsMember says whether member is in the set; of a missing key it is not.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [SISMEMBER].
//
// [SISMEMBER]: https://redis.io/docs/latest/commands/sismember/
func (s Set) IsMember(member string) (bool, error) {
	rec, _, locked, err := s.db.loadKind("SISMEMBER", s.key, KindSet)
	defer locked.release()
	if err != nil {
		return false, err
	}
	var view structures.Set
	return view.Of(&rec).IsMember(member), nil
}

// MIsMember says of each of members whether it is in the set; of a missing key none
// is.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of members given. Redis: [SMISMEMBER].
//
// [SMISMEMBER]: https://redis.io/docs/latest/commands/smismember/
func (s Set) MIsMember(members ...string) ([]bool, error) {
	rec, _, locked, err := s.db.loadKind("SMISMEMBER", s.key, KindSet)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	var view structures.Set
	v, is := view.Of(&rec), make([]bool, len(members))
	for i, member := range members {
		is[i] = v.IsMember(member)
	}
	return is, nil
}

// Members returns all members in no order, none of a missing key. See [Set.All] and
// [Set.Scan] for a set that is large.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of members. Redis: [SMEMBERS].
//
// [SMEMBERS]: https://redis.io/docs/latest/commands/smembers/
func (s Set) Members() ([]string, error) {
	rec, _, locked, err := s.db.loadKind("SMEMBERS", s.key, KindSet)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	var view structures.Set
	return view.Of(&rec).Members(), nil
}

// All returns an iterator over the members, in no order, as of one moment. The loop's
// body may write, the set too: it sees nothing of that. A missing key has no members.
//
// It returns [ErrWrongType] if the key holds another type. The loop itself can't fail.
//
// The complexity is O(1), and O(n) for the loop, n the number of members.
// Redis: [SMEMBERS].
//
// [SMEMBERS]: https://redis.io/docs/latest/commands/smembers/
func (s Set) All() (iter.Seq[string], error) {
	v, err := s.frozen("SMEMBERS")
	if err != nil {
		return func(func(string) bool) {}, err
	}
	return func(yield func(member string) bool) { v.All(yield) }, nil
}

// frozen returns the set as it is now, for reading without a lock. A packed one never
// changes, of a big one it is a clone, for which the shard must be locked.
func (s Set) frozen(op string) (*structures.Set, error) {
	rec, _, locked, err := s.db.loadKind(op, s.key, KindSet)
	locked.release()
	if err != nil || rec.Object() == nil {
		return new(structures.Set).Of(&rec), err
	}
	var w write
	defer w.end()
	if err := w.inspect(s.db, op, s.key); err != nil {
		return nil, err
	}
	if err := w.want(KindSet); err != nil {
		return nil, err
	}
	if !w.found() || w.ref.Record.Object() == nil { // meanwhile
		return new(structures.Set).Of(&w.ref.Record), nil
	}
	return w.cloneObject().(*structures.Set), nil
}

// Scan returns some of the members and the cursor to go on with; the first call and
// the last have cursor 0. A member that is there from the first call to the last is
// returned exactly once, whatever is written meanwhile, unless the key is deleted and
// made again; one that comes or goes may be returned. A small set comes as a whole.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidCursor] for a
// cursor that Scan did not return and [ErrInvalidOption] if Count is negative or a
// Type is given.
//
// The complexity is O(Count) each call. Redis: [SSCAN].
//
// [SSCAN]: https://redis.io/docs/latest/commands/sscan/
func (s Set) Scan(cursor uint64, o ScanOptions) (members []string, next uint64, err error) {
	const op = "SSCAN"
	rec, _, locked, err := s.db.loadKind(op, s.key, KindSet)
	defer locked.release()
	switch {
	case err != nil:
		return nil, 0, err
	case cursor > structures.MaxCursor:
		return nil, 0, mistake(op, s.key, ErrInvalidCursor)
	case o.Count < 0 || o.Type != KindNone:
		return nil, 0, mistake(op, s.key, ErrInvalidOption)
	case o.Count == 0:
		o.Count = 10
	}
	var view structures.Set
	at := view.Of(&rec).Scan(uint32(cursor), o.Count, func(member string) {
		if o.Match == "" || matches(o.Match, member) {
			members = append(members, member)
		}
	})
	return members, uint64(at), nil
}

// RandMember returns one of the members, each with the same probability. A missing key
// is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) expected. Redis: [SRANDMEMBER].
//
// [SRANDMEMBER]: https://redis.io/docs/latest/commands/srandmember/
func (s Set) RandMember() (string, error) {
	rec, found, locked, err := s.db.loadKind("SRANDMEMBER", s.key, KindSet)
	defer locked.release()
	if err != nil {
		return "", err
	}
	if !found {
		return "", ErrNotFound
	}
	var view structures.Set
	v := view.Of(&rec)
	if c := s.db.chance(); c != nil {
		return drawn(c, alphabetic(v.Members()), -1)[0], nil
	}
	member, _ := v.Random(rand.Uint64N)
	return member, nil
}

// RandMembers returns count different members, each choice of them with the same
// probability, or all if there are no more. If count is negative, it returns -count
// members that are drawn one by one, so that some may come again. Of a missing key
// there are none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if a list
// of -count strings would take more than 512 MB.
//
// The complexity is O(n) expected, n the number of members returned.
// Redis: [SRANDMEMBER].
//
// [SRANDMEMBER]: https://redis.io/docs/latest/commands/srandmember/
func (s Set) RandMembers(count int) ([]string, error) {
	const op = "SRANDMEMBER"
	if count == math.MinInt {
		err := s.db.check()
		if err == nil {
			err = ErrOutOfRange
		}
		return nil, mistake(op, s.key, err)
	}
	rec, found, locked, err := s.db.loadKind(op, s.key, KindSet)
	defer locked.release()
	if err != nil || !found {
		return nil, err
	}
	var view structures.Set
	v := view.Of(&rec)
	switch c := s.db.chance(); {
	case -count > maxDraws:
		return nil, mistake(op, s.key, ErrOutOfRange)
	case c != nil:
		return drawn(c, alphabetic(v.Members()), count), nil
	case count >= 0:
		return v.Sample(count, rand.Uint64N), nil
	}
	members := make([]string, -count)
	for i := range members {
		members[i], _ = v.Random(rand.Uint64N)
	}
	return members, nil
}

// maxDraws is how many random elements can be asked for with a negative count: a list
// of that many strings takes MaxStringLen bytes.
const maxDraws = MaxStringLen / 16

// Pop removes one of the members, each with the same probability, and returns it. A
// missing key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) expected. Redis: [SPOP].
//
// [SPOP]: https://redis.io/docs/latest/commands/spop/
func (s Set) Pop() (string, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SPOP", s.key); err != nil {
		return "", err
	}
	v, err := open(&w, KindSet, structures.NewSet)
	if err != nil {
		return "", err
	}
	member, ok := v.Random(rand.Uint64N)
	if !ok {
		return "", ErrNotFound
	}
	if c := s.db.chance(); c != nil {
		member = drawn(c, alphabetic(v.Members()), -1)[0]
	}
	v.Rem(member)
	w.event(NotifySet, "spop")
	w.save(KindSet, v, false)
	return member, nil
}

// PopN removes count different members, each choice of them with the same probability,
// or all if there are no more, and returns them. Of a missing key there are none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if count
// is negative.
//
// The complexity is O(n) expected, n the number of members returned. Redis: [SPOP].
//
// [SPOP]: https://redis.io/docs/latest/commands/spop/
func (s Set) PopN(count int) ([]string, error) {
	var w write
	defer w.end()
	if err := w.begin(s.db, "SPOP", s.key); err != nil {
		return nil, err
	}
	if count < 0 {
		return nil, w.fail(ErrOutOfRange)
	}
	v, err := open(&w, KindSet, structures.NewSet)
	if err != nil {
		return nil, err
	}
	var popped []string
	if c := s.db.chance(); c != nil {
		popped = drawn(c, alphabetic(v.Members()), count)
	} else {
		popped = v.Sample(count, rand.Uint64N)
	}
	if len(popped) == 0 {
		return nil, nil
	}
	w.event(NotifySet, "spop")
	left := v.Len() - len(popped)
	if left == 0 {
		w.del()
		return popped, nil
	}
	for _, member := range popped {
		v.Rem(member)
	}
	if left > count/popAnew {
		w.save(KindSet, v, false)
	} else {
		w.saveAnew(KindSet, v, largeSet(left, v.Members()...))
	}
	return popped, nil
}

// popAnew: where a fifth of what it pops, or less, is left, Redis makes a new set of
// that (SPOP_MOVE_STRATEGY_MUL).
const popAnew = 5

// Inter returns the members that this set and all the others have, as of one moment
// and in no order. A missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n*k), n the number of members in the smallest of the k sets.
// Redis: [SINTER].
//
// [SINTER]: https://redis.io/docs/latest/commands/sinter/
func (s Set) Inter(others ...string) ([]string, error) {
	return s.combine("SINTER", others, structures.InterSets)
}

// Union returns the members that this set or one of the others has, each once, as of
// one moment and in no order. A missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n), n the number of members in all the sets. Redis: [SUNION].
//
// [SUNION]: https://redis.io/docs/latest/commands/sunion/
func (s Set) Union(others ...string) ([]string, error) {
	return s.combine("SUNION", others, structures.UnionSets)
}

// Diff returns the members of this set that none of the others has, as of one moment
// and in no order. A missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n), n the number of members in all the sets. Redis: [SDIFF].
//
// [SDIFF]: https://redis.io/docs/latest/commands/sdiff/
func (s Set) Diff(others ...string) ([]string, error) {
	return s.combine("SDIFF", others, structures.DiffSets)
}

// combine returns what an operation makes of this set and others.
func (s Set) combine(op string, others []string, algebra func([]*structures.Set) []string) ([]string, error) {
	var b batch
	defer b.end()
	keys := s.with(others)
	if err := b.beginRead(s.db, op, keys...); err != nil {
		return nil, err
	}
	sets, err := b.sets(s.db, keys)
	if err != nil {
		return nil, err
	}
	return algebra(sets), nil
}

// with returns the key of the handle and others.
func (s Set) with(others []string) []string { return append([]string{s.key}, others...) }

// sets returns the sets at some keys of the batch for reading. What is missing is
// empty.
func (b *batch) sets(db DB, keys []string) ([]*structures.Set, error) {
	views, sets := make([]structures.Set, len(keys)), make([]*structures.Set, len(keys))
	for i, key := range keys {
		rec, found := b.find(db, key)
		if found && kindOf(&rec) != KindSet {
			return nil, mistake(b.op, key, ErrWrongType)
		}
		sets[i] = views[i].Of(&rec)
	}
	return sets, nil
}

// InterCard returns how many members this set and all the others have in common, as of
// one moment. It counts no further than limit; 0 is no limit. A missing key counts as
// an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrOutOfRange]
// if limit is negative.
//
// The complexity is O(n*k), n the number of members in the smallest of the k sets.
// Redis: [SINTERCARD].
//
// [SINTERCARD]: https://redis.io/docs/latest/commands/sintercard/
func (s Set) InterCard(limit int, others ...string) (int, error) {
	return s.card("SINTERCARD", limit, others, structures.InterCard)
}

// UnionCard returns how many members this set and the others have together, each counted
// once, as of one moment. It counts no further than limit; 0 is no limit. A missing key
// counts as an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrOutOfRange]
// if limit is negative.
//
// The complexity is O(n), n the number of members in all the sets.
// Redis: [SUNIONCARD].
//
// [SUNIONCARD]: https://redis.io/docs/latest/commands/sunioncard/
func (s Set) UnionCard(limit int, others ...string) (int, error) {
	return s.card("SUNIONCARD", limit, others, structures.UnionCard)
}

// UnionCardApprox is UnionCard by a HyperLogLog: with a standard error of 0.81%, and without
// memory for the members that were counted. The result is that of [HLL.Count] after all of
// them were added to one.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrOutOfRange]
// if limit is negative.
//
// The complexity is O(n), n the number of members in all the sets.
// Redis: [SUNIONCARD].
//
// [SUNIONCARD]: https://redis.io/docs/latest/commands/sunioncard/
func (s Set) UnionCardApprox(limit int, others ...string) (int, error) {
	return s.card("SUNIONCARD", limit, others, structures.UnionCardApprox)
}

// DiffCard returns how many members of this set none of the others has, as of one moment.
// It counts no further than limit; 0 is no limit. A missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrOutOfRange]
// if limit is negative.
//
// The complexity is O(n*k), n the number of members in this one of the k sets.
// Redis: [SDIFFCARD].
//
// [SDIFFCARD]: https://redis.io/docs/latest/commands/sdiffcard/
func (s Set) DiffCard(limit int, others ...string) (int, error) {
	return s.card("SDIFFCARD", limit, others, structures.DiffCard)
}

// card returns how many members an operation makes of this set and others.
func (s Set) card(op string, limit int, others []string, count func([]*structures.Set, int) int) (int, error) {
	var b batch
	defer b.end()
	keys := s.with(others)
	if err := b.beginRead(s.db, op, keys...); err != nil {
		return 0, err
	}
	if limit < 0 {
		return 0, mistake(b.op, s.key, ErrOutOfRange)
	}
	sets, err := b.sets(s.db, keys)
	if err != nil {
		return 0, err
	}
	if limit == 0 {
		limit = math.MaxInt
	}
	return count(sets, limit), nil
}

// InterStore makes this the set of the members that all the sets at keys have, in one
// step, and returns how many they are. What the key held before, of any type, and its
// deadline are gone; without a member there is no key. It may be one of keys. A
// missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of keys holds another type and [ErrInvalidOption]
// if there are none.
//
// The complexity is O(n*k), n the number of members in the smallest of the k sets.
// Redis: [SINTERSTORE].
//
// [SINTERSTORE]: https://redis.io/docs/latest/commands/sinterstore/
func (s Set) InterStore(keys ...string) (int, error) {
	return s.store("SINTERSTORE", keys, structures.InterSets)
}

// UnionStore makes this the set of the members that one of the sets at keys has, in
// one step, and returns how many they are. What the key held before, of any type, and
// its deadline are gone; without a member there is no key. It may be one of keys. A
// missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of keys holds another type and [ErrInvalidOption]
// if there are none.
//
// The complexity is O(n), n the number of members in all the sets.
// Redis: [SUNIONSTORE].
//
// [SUNIONSTORE]: https://redis.io/docs/latest/commands/sunionstore/
func (s Set) UnionStore(keys ...string) (int, error) {
	return s.store("SUNIONSTORE", keys, structures.UnionSets)
}

// DiffStore makes this the set of the members of the set at the first of keys that
// none of the others has, in one step, and returns how many they are. What the key
// held before, of any type, and its deadline are gone; without a member there is no
// key. It may be one of keys. A missing key counts as an empty set.
//
// It returns [ErrWrongType] if one of keys holds another type and [ErrInvalidOption]
// if there are none.
//
// The complexity is O(n), n the number of members in all the sets.
// Redis: [SDIFFSTORE].
//
// [SDIFFSTORE]: https://redis.io/docs/latest/commands/sdiffstore/
func (s Set) DiffStore(keys ...string) (int, error) {
	return s.store("SDIFFSTORE", keys, structures.DiffSets)
}

// store makes what an operation makes of the sets at keys the set of the handle.
func (s Set) store(op string, keys []string, algebra func([]*structures.Set) []string) (int, error) {
	var b batch
	defer b.end()
	if err := b.begin(s.db, op, s.with(keys)...); err != nil {
		return 0, err
	}
	if len(keys) == 0 {
		return 0, mistake(op, s.key, ErrInvalidOption)
	}
	sets, err := b.sets(s.db, keys)
	if err != nil {
		return 0, err
	}
	members := algebra(sets)
	large := largeSet(len(members), members...)
	if op == "SDIFFSTORE" && startsFull(sets) {
		large = largeSet(sets[0].Len(), sets[0].Members()...)
	}
	w := b.key(s.db, s.key)
	v := openAnew(&w, KindSet, structures.NewSet)
	for _, member := range members {
		v.Add(member)
	}
	if w.saveOver(KindSet, v, large) {
		w.eventOfOp(NotifySet)
	}
	return len(members), nil
}

// startsFull says whether Redis puts the whole first set into the difference and then
// takes the others' members out, so that the encoding is the one which the first
// needs: its algorithm 2, for a first set that is large beside the others.
func startsFull(sets []*structures.Set) bool {
	n, one, two := int64(sets[0].Len()), int64(0), int64(0)
	for _, set := range sets {
		if m := int64(set.Len()); m > 0 {
			one, two = one+n, two+m
		}
	}
	return one/2 > two
}
