package store

import (
	"math"
	"slices"

	"github.com/alcovedb/alcove/structures"
)

// Aggregate says what becomes of the scores of a member that is in several sorted sets.
type Aggregate uint8

// The aggregates of [CombineOptions]. The sum of two opposite infinities is 0.
const (
	AggregateSum Aggregate = iota
	AggregateMin
	AggregateMax
	AggregateCount // how many have it, or the sum of their weights; Redis 8.8
)

// CombineOptions are the options of unions and intersections of sorted sets. The zero
// value adds the scores up.
type CombineOptions struct {
	Weights   []float64 // factors of the scores, one a key; none is 1 for all
	Aggregate Aggregate
}

// check returns what is wrong with the options for n keys.
func (o *CombineOptions) check(n int) error {
	if n == 0 || len(o.Weights) != 0 && len(o.Weights) != n || o.Aggregate > AggregateCount {
		return ErrInvalidOption
	}
	if slices.ContainsFunc(o.Weights, math.IsNaN) {
		return ErrNotFloat
	}
	return nil
}

// add returns two scores of a member as one.
func (a Aggregate) add(x, y float64) float64 {
	switch {
	case a == AggregateMin && y < x, a == AggregateMax && y > x:
		return y
	case a == AggregateMin, a == AggregateMax:
		return x
	}
	return number(x + y)
}

// weighted returns what a score counts in a sum, of an input with a weight.
func (a Aggregate) weighted(score, weight float64) float64 {
	if a == AggregateCount {
		return weight
	}
	return score * weight
}

// number returns 0 in place of what is no number, as Redis does.
func number(score float64) float64 {
	if math.IsNaN(score) {
		return 0
	}
	return score
}

// zinput is one of the values that a command combines: a sorted set, or a set, whose
// members have the score 1. It is the only thing that knows which.
type zinput struct {
	view    structures.ZSet
	zset    *structures.ZSet
	setView structures.Set
	set     *structures.Set // in the place of zset
	weight  float64
}

// of makes in the value of a record; the zero Record is empty.
func (in *zinput) of(rec *structures.Record, found bool) error {
	if !found {
		in.zset = &in.view
		return nil
	}
	switch kindOf(rec) {
	case KindZSet:
		in.zset = in.view.Of(rec)
		return nil
	case KindSet:
		in.set = in.setView.Of(rec)
		return nil
	default:
		return ErrWrongType
	}
}

func (in *zinput) len() int {
	if in.set != nil {
		return in.set.Len()
	}
	return in.zset.Len()
}

func (in *zinput) score(member string) (float64, bool) {
	if in.set != nil {
		return 1, in.set.IsMember(member)
	}
	return in.zset.Score(member)
}

func (in *zinput) walk(visit func(member string, score float64) bool) {
	if in.set != nil {
		in.set.All(func(member string) bool { return visit(member, 1) })
		return
	}
	in.zset.Walk(0, in.zset.Len(), false, visit)
}

// combiner makes the members of the result, different ones in any order.
type combiner func(inputs []zinput, o *CombineOptions) []Scored

// bySize puts the smallest input first. Redis does so, too, and the order in which
// floats are added up shows in their sum.
func bySize(inputs []zinput) []*zinput {
	sorted := make([]*zinput, len(inputs))
	for i := range inputs {
		sorted[i] = &inputs[i]
	}
	slices.SortStableFunc(sorted, func(a, b *zinput) int { return a.len() - b.len() })
	return sorted
}

func union(inputs []zinput, o *CombineOptions) (list []Scored) {
	at := map[string]int{}
	for _, in := range bySize(inputs) {
		in.walk(func(member string, score float64) bool {
			score = number(o.Aggregate.weighted(score, in.weight))
			i, found := at[member]
			if found {
				list[i].Score = o.Aggregate.add(list[i].Score, score)
			} else {
				at[member] = len(list)
				list = append(list, Scored{member, score})
			}
			return true
		})
	}
	return list
}

func inter(inputs []zinput, o *CombineOptions) (list []Scored) {
	sorted := bySize(inputs)
	eachCommon(sorted, func(member string, score float64) bool {
		sum := number(o.Aggregate.weighted(score, sorted[0].weight))
		for _, in := range sorted[1:] {
			score, _ := in.score(member)
			sum = o.Aggregate.add(sum, o.Aggregate.weighted(score, in.weight))
		}
		list = append(list, Scored{member, sum})
		return true
	})
	return list
}

// eachCommon calls visit with the members that all inputs have, and their scores in
// the first, until it returns false.
func eachCommon(sorted []*zinput, visit func(member string, score float64) bool) {
	sorted[0].walk(func(member string, score float64) bool {
		for _, in := range sorted[1:] {
			if _, found := in.score(member); !found {
				return true
			}
		}
		return visit(member, score)
	})
}

func diff(inputs []zinput, _ *CombineOptions) (list []Scored) {
	inputs[0].walk(func(member string, score float64) bool {
		for i := range inputs[1:] {
			if _, found := inputs[1+i].score(member); found {
				return true
			}
		}
		list = append(list, Scored{member, score})
		return true
	})
	return list
}

// inputs looks keys up in a batch that is locked, each by find. As in Redis their types
// are looked at before the options.
func (o *CombineOptions) inputs(op string, keys []string, find func(key string) (structures.Record, bool)) ([]zinput, error) {
	list := make([]zinput, len(keys))
	for i, key := range keys {
		rec, found := find(key)
		if err := list[i].of(&rec, found); err != nil {
			return nil, mistake(op, key, err)
		}
	}
	if err := o.check(len(keys)); err != nil {
		return nil, mistake(op, "", err)
	}
	for i := range list {
		list[i].weight = 1
		if len(o.Weights) > 0 {
			list[i].weight = o.Weights[i]
		}
	}
	return list, nil
}

// inOrder sorts a result, whose scores are then those of a sorted set.
func inOrder(list []Scored) []Scored {
	for i := range list {
		list[i].Score += 0 // -0 becomes 0
	}
	slices.SortFunc(list, compareScored)
	return list
}

// combine returns what a command makes of the handle's key and others, in order.
func (z ZSet) combine(op string, make combiner, o CombineOptions, others []string) ([]Scored, error) {
	keys := append([]string{z.key}, others...)
	var b batch
	defer b.end()
	if err := b.beginRead(z.db, op, keys...); err != nil {
		return nil, err
	}
	inputs, err := o.inputs(op, keys, func(key string) (structures.Record, bool) { return b.find(z.db, key) })
	if err != nil {
		return nil, err
	}
	return inOrder(make(inputs, &o)), nil
}

// combineStore stores what a command makes of keys.
func (z ZSet) combineStore(op string, make combiner, o CombineOptions, keys []string) (int, error) {
	var b batch
	defer b.end()
	if err := b.begin(z.db, op, append([]string{z.key}, keys...)...); err != nil {
		return 0, err
	}
	inputs, err := o.inputs(op, keys, func(key string) (structures.Record, bool) {
		w := b.source(z.db, key)
		return w.ref.Record, w.found()
	})
	if err != nil {
		return 0, err
	}
	list := inOrder(make(inputs, &o))
	w := b.key(z.db, z.key)
	return w.putScored(list), nil
}

// members returns a list without its scores.
func members(list []Scored, err error) ([]string, error) {
	if len(list) == 0 {
		return nil, err
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Member
	}
	return names, nil
}

// Union returns every member of this sorted set and the others, in the order of the sums of their
// scores. A missing key is empty.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n log n), n the sum of their sizes.
// Redis: [ZUNION].
//
// [ZUNION]: https://redis.io/docs/latest/commands/zunion/
func (z ZSet) Union(others ...string) ([]string, error) {
	return members(z.combine("ZUNION", union, CombineOptions{}, others))
}

// UnionWith is Union with the scores, and with options: weights, the first of this sorted
// set, and another aggregate than the sum.
//
// It returns [ErrWrongType] if one of the keys holds another type,
// [ErrInvalidOption] if the weights are not as many as the keys, and [ErrNotFloat] if one
// is NaN.
//
// The complexity is O(n log n), n the sum of their sizes.
// Redis: [ZUNION].
//
// [ZUNION]: https://redis.io/docs/latest/commands/zunion/
func (z ZSet) UnionWith(o CombineOptions, others ...string) ([]Scored, error) {
	return z.combine("ZUNION", union, o, others)
}

// UnionStore stores the union of the sorted sets at keys in place of whatever the
// key held, and returns how many members it has. Without any, the key is removed.
//
// It returns [ErrWrongType] if one of keys holds another type and
// [ErrInvalidOption] if there are no keys.
//
// The complexity is O(n log n), n the sum of their sizes.
// Redis: [ZUNIONSTORE].
//
// [ZUNIONSTORE]: https://redis.io/docs/latest/commands/zunionstore/
func (z ZSet) UnionStore(keys ...string) (int, error) {
	return z.combineStore("ZUNIONSTORE", union, CombineOptions{}, keys)
}

// UnionStoreWith is UnionStore with options: weights, and another aggregate than the sum.
//
// It returns [ErrWrongType] if one of keys holds another type,
// [ErrInvalidOption] if the weights are not as many as keys, or there are no keys, and
// [ErrNotFloat] if a weight is NaN.
//
// The complexity is O(n log n), n the sum of their sizes.
// Redis: [ZUNIONSTORE].
//
// [ZUNIONSTORE]: https://redis.io/docs/latest/commands/zunionstore/
func (z ZSet) UnionStoreWith(o CombineOptions, keys ...string) (int, error) {
	return z.combineStore("ZUNIONSTORE", union, o, keys)
}

// Inter returns the members that this sorted set and all others have, in the order of the sums of their
// scores. A missing key is empty.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n k + m log m), n the size of the smallest of k
// sorted sets and m that of the result.
// Redis: [ZINTER].
//
// [ZINTER]: https://redis.io/docs/latest/commands/zinter/
func (z ZSet) Inter(others ...string) ([]string, error) {
	return members(z.combine("ZINTER", inter, CombineOptions{}, others))
}

// InterWith is Inter with the scores, and with options: weights, the first of this sorted
// set, and another aggregate than the sum.
//
// It returns [ErrWrongType] if one of the keys holds another type,
// [ErrInvalidOption] if the weights are not as many as the keys, and [ErrNotFloat] if one
// is NaN.
//
// The complexity is O(n k + m log m), n the size of the smallest of k
// sorted sets and m that of the result.
// Redis: [ZINTER].
//
// [ZINTER]: https://redis.io/docs/latest/commands/zinter/
func (z ZSet) InterWith(o CombineOptions, others ...string) ([]Scored, error) {
	return z.combine("ZINTER", inter, o, others)
}

// InterStore stores the intersection of the sorted sets at keys in place of whatever the
// key held, and returns how many members it has. Without any, the key is removed.
//
// It returns [ErrWrongType] if one of keys holds another type and
// [ErrInvalidOption] if there are no keys.
//
// The complexity is O(n k + m log m), n the size of the smallest of k
// sorted sets and m that of the result.
// Redis: [ZINTERSTORE].
//
// [ZINTERSTORE]: https://redis.io/docs/latest/commands/zinterstore/
func (z ZSet) InterStore(keys ...string) (int, error) {
	return z.combineStore("ZINTERSTORE", inter, CombineOptions{}, keys)
}

// InterStoreWith is InterStore with options: weights, and another aggregate than the sum.
//
// It returns [ErrWrongType] if one of keys holds another type,
// [ErrInvalidOption] if the weights are not as many as keys, or there are no keys, and
// [ErrNotFloat] if a weight is NaN.
//
// The complexity is O(n k + m log m), n the size of the smallest of k
// sorted sets and m that of the result.
// Redis: [ZINTERSTORE].
//
// [ZINTERSTORE]: https://redis.io/docs/latest/commands/zinterstore/
func (z ZSet) InterStoreWith(o CombineOptions, keys ...string) (int, error) {
	return z.combineStore("ZINTERSTORE", inter, o, keys)
}

// InterCard returns how many members this sorted set and all others have in common, but
// no more than limit if that is not 0.
//
// It returns [ErrWrongType] if one of the keys holds another type and
// [ErrOutOfRange] if limit is negative.
//
// The complexity is O(n k), n the size of the smallest of k sorted sets.
// Redis: [ZINTERCARD].
//
// [ZINTERCARD]: https://redis.io/docs/latest/commands/zintercard/
func (z ZSet) InterCard(limit int, others ...string) (int, error) {
	const op = "ZINTERCARD"
	keys := append([]string{z.key}, others...)
	var b batch
	defer b.end()
	if err := b.beginRead(z.db, op, keys...); err != nil {
		return 0, err
	}
	var o CombineOptions
	inputs, err := o.inputs(op, keys, func(key string) (structures.Record, bool) { return b.find(z.db, key) })
	if err != nil {
		return 0, err
	}
	if limit < 0 {
		return 0, mistake(op, z.key, ErrOutOfRange)
	}
	n := 0
	eachCommon(bySize(inputs), func(string, float64) bool {
		n++
		return n != limit
	})
	return n, nil
}

// Diff returns the members of this sorted set that none of the others has, in order. A
// missing key is empty.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n k + m log m), n the size of this sorted set, k the number of
// the others and m the size of the result.
// Redis: [ZDIFF].
//
// [ZDIFF]: https://redis.io/docs/latest/commands/zdiff/
func (z ZSet) Diff(others ...string) ([]string, error) {
	return members(z.DiffWithScores(others...))
}

// DiffWithScores is Diff with the scores.
//
// It returns [ErrWrongType] if one of the keys holds another type.
//
// The complexity is O(n k + m log m), n the size of this sorted set, k the number of
// the others and m the size of the result.
// Redis: [ZDIFF].
//
// [ZDIFF]: https://redis.io/docs/latest/commands/zdiff/
func (z ZSet) DiffWithScores(others ...string) ([]Scored, error) {
	return z.combine("ZDIFF", diff, CombineOptions{}, others)
}

// DiffStore stores the members of the first of keys that none of the others has, with
// their scores, in place of whatever the key held, and returns how many there are.
// Without any, the key is removed.
//
// It returns [ErrWrongType] if one of keys holds another type and
// [ErrInvalidOption] if there are no keys.
//
// The complexity is O(n k + m log m), n the size of the first sorted set, k the number of
// the others and m the size of the result.
// Redis: [ZDIFFSTORE].
//
// [ZDIFFSTORE]: https://redis.io/docs/latest/commands/zdiffstore/
func (z ZSet) DiffStore(keys ...string) (int, error) {
	return z.combineStore("ZDIFFSTORE", diff, CombineOptions{}, keys)
}
