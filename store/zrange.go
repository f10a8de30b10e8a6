package store

import (
	"math"

	"github.com/alcovedb/alcove/structures"
)

// ZRange selects members of a sorted set: [ByRank], [ByScore], [ByLex], and what its
// methods make of these. Both bounds belong to the range, and the low one comes first,
// also with [ZRange.Rev].
type ZRange struct {
	by               rangeBy
	start, stop      int
	min, max         float64
	lexMin, lexMax   string
	exclMin, exclMax bool
	rev, limited     bool
	offset, count    int
}

type rangeBy uint8

const (
	byRank rangeBy = iota
	byScore
	byLex
)

// The bounds of [ByLex] below and above every member.
const (
	LexMin = ""
	LexMax = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
)

// ByRank selects the members from rank start to rank stop. Ranks count from 0, the
// lowest score, with Rev from the highest; a negative one counts from the end.
func ByRank(start, stop int) ZRange { return ZRange{start: start, stop: stop} }

// ByScore selects the members with a score from low to high: math.Inf for no bound.
func ByScore(low, high float64) ZRange { return ZRange{by: byScore, min: low, max: high} }

// ByLex selects the members from low to high, as bytes, of a sorted set whose scores are
// all equal: [LexMin] and [LexMax] for no bound. Where they are not, only those members
// are looked at that have the lowest score; Redis does not say which.
func ByLex(low, high string) ZRange { return ZRange{by: byLex, lexMin: low, lexMax: high} }

// Rev turns the order round, from the highest.
func (r ZRange) Rev() ZRange {
	r.rev = true
	return r
}

// ExclMin takes the low bound itself out of the range.
func (r ZRange) ExclMin() ZRange {
	r.exclMin = true
	return r
}

// ExclMax takes the high bound itself out of the range.
func (r ZRange) ExclMax() ZRange {
	r.exclMax = true
	return r
}

// Limit leaves out the first offset members, in the order of the range, and all behind
// the next count. A negative count is no limit; a negative offset leaves nothing.
func (r ZRange) Limit(offset, count int) ZRange {
	r.limited, r.offset, r.count = true, offset, count
	return r
}

// check returns what is wrong with a range, for a command that knows limits or not.
func (r *ZRange) check(limits bool) error {
	switch {
	case math.IsNaN(r.min) || math.IsNaN(r.max):
		return ErrNotFloat
	case r.limited && (r.by == byRank || !limits), r.by == byRank && (r.exclMin || r.exclMax):
		return ErrInvalidOption
	}
	return nil
}

// ranks returns the ranks [from, to) of the members of v that r selects.
func (r *ZRange) ranks(v *structures.ZSet) (from, to int) {
	n := v.Len()
	switch r.by {
	case byRank:
		return r.clamp(n)
	case byScore:
		from, to = v.RankOfScore(r.min, r.exclMin), v.RankOfScore(r.max, !r.exclMax)
	case byLex:
		to = n
		switch {
		case r.lexMin == LexMax:
			from = n
		case r.lexMin != LexMin || r.exclMin:
			from = v.RankOfMember(r.lexMin, r.exclMin)
		}
		if r.lexMax != LexMax {
			to = v.RankOfMember(r.lexMax, !r.exclMax)
		}
	}
	if from >= to {
		return 0, 0
	}
	return r.cut(from, to)
}

// clamp returns the ranks that ByRank selects of n.
func (r *ZRange) clamp(n int) (from, to int) {
	start, stop := r.start, r.stop
	if start < 0 {
		start = max(start+n, 0)
	}
	if stop < 0 {
		stop += n
	}
	stop = min(stop, n-1)
	switch {
	case start > stop:
		return 0, 0
	case r.rev:
		return n - 1 - stop, n - start
	}
	return start, stop + 1
}

// cut applies the limit to a range that is not empty.
func (r *ZRange) cut(from, to int) (int, int) {
	if !r.limited {
		return from, to
	}
	n := to - from
	if r.offset < 0 || r.offset >= n {
		return 0, 0
	}
	n -= r.offset
	if r.count >= 0 {
		n = min(n, r.count)
	}
	if r.rev {
		to -= r.offset
		return to - n, to
	}
	from += r.offset
	return from, from + n
}

// op returns the name of a command that there is once for each way to select.
func (r *ZRange) op(rank, score, lex string) string {
	return [...]string{byRank: rank, byScore: score, byLex: lex}[r.by]
}

// Range returns the members that r selects, in order. A missing key has none. It
// stands for ZRANGE, ZREVRANGE, ZRANGEBYSCORE, ZREVRANGEBYSCORE, ZRANGEBYLEX and
// ZREVRANGEBYLEX.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a bound is
// NaN, and [ErrInvalidOption] if r is a ByRank with a limit or an excluded
// bound.
//
// The complexity is O(log n + m), n the number of members and m that of the result.
// Redis: [ZRANGE], [ZREVRANGE], [ZRANGEBYSCORE], [ZREVRANGEBYSCORE], [ZRANGEBYLEX],
// [ZREVRANGEBYLEX].
//
// [ZRANGE]: https://redis.io/docs/latest/commands/zrange/
// [ZREVRANGE]: https://redis.io/docs/latest/commands/zrevrange/
// [ZRANGEBYSCORE]: https://redis.io/docs/latest/commands/zrangebyscore/
// [ZREVRANGEBYSCORE]: https://redis.io/docs/latest/commands/zrevrangebyscore/
// [ZRANGEBYLEX]: https://redis.io/docs/latest/commands/zrangebylex/
// [ZREVRANGEBYLEX]: https://redis.io/docs/latest/commands/zrevrangebylex/
func (z ZSet) Range(r ZRange) ([]string, error) {
	var view structures.ZSet
	v, locked, err := z.read("ZRANGE", &view, r.check(true))
	defer locked.release()
	if err != nil {
		return nil, err
	}
	from, to := r.ranks(v)
	if from == to {
		return nil, nil
	}
	members := make([]string, 0, to-from)
	v.Walk(from, to, r.rev, func(member string, _ float64) bool {
		members = append(members, member)
		return true
	})
	return members, nil
}

// RangeWithScores is Range with the scores.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a bound is
// NaN, and [ErrInvalidOption] if r is a ByRank with a limit or an excluded
// bound.
//
// The complexity is O(log n + m), n the number of members and m that of the result.
// Redis: [ZRANGE].
//
// [ZRANGE]: https://redis.io/docs/latest/commands/zrange/
func (z ZSet) RangeWithScores(r ZRange) ([]Scored, error) {
	var view structures.ZSet
	v, locked, err := z.read("ZRANGE", &view, r.check(true))
	defer locked.release()
	if err != nil {
		return nil, err
	}
	from, to := r.ranks(v)
	return scoredIn(v, from, to, r.rev), nil
}

// scoredIn returns the members of ranks [from, to).
func scoredIn(v *structures.ZSet, from, to int, reverse bool) []Scored {
	if from == to {
		return nil
	}
	list := make([]Scored, 0, to-from)
	v.Walk(from, to, reverse, func(member string, score float64) bool {
		list = append(list, Scored{member, score})
		return true
	})
	return list
}

// RangeStore stores the members of the sorted set at src that r selects, with their
// scores, in place of whatever the key held, and returns how many there are. Without
// any, the key is removed.
//
// It returns [ErrWrongType] if src holds another type, [ErrNotFloat] if a bound is NaN,
// and [ErrInvalidOption] if r is a ByRank with a limit or an excluded bound.
//
// The complexity is O(log n + m log m), n the number of members at src and m that of
// the result. Redis: [ZRANGESTORE].
//
// [ZRANGESTORE]: https://redis.io/docs/latest/commands/zrangestore/
func (z ZSet) RangeStore(src string, r ZRange) (int, error) {
	const op = "ZRANGESTORE"
	var b batch
	defer b.end()
	if err := b.begin(z.db, op, z.key, src); err != nil {
		return 0, err
	}
	if err := r.check(true); err != nil {
		return 0, mistake(op, z.key, err)
	}
	w := b.source(z.db, src)
	if err := w.want(KindZSet); err != nil {
		return 0, err
	}
	var view structures.ZSet
	v := view.Of(&w.ref.Record)
	from, to := r.ranks(v)
	result := scoredIn(v, from, to, false)
	w = b.key(z.db, z.key)
	return w.putScored(result), nil
}

// Count returns how many members r selects. Its order does not matter. It stands for
// ZCOUNT and ZLEXCOUNT. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a bound is
// NaN, and [ErrInvalidOption] if r has a limit, or is a ByRank with an excluded
// bound.
//
// The complexity is O(log n), n the number of members. Redis: [ZCOUNT], [ZLEXCOUNT].
//
// [ZCOUNT]: https://redis.io/docs/latest/commands/zcount/
// [ZLEXCOUNT]: https://redis.io/docs/latest/commands/zlexcount/
func (z ZSet) Count(r ZRange) (int, error) {
	var view structures.ZSet
	v, locked, err := z.read(r.op("ZCOUNT", "ZCOUNT", "ZLEXCOUNT"), &view, r.check(false))
	defer locked.release()
	if err != nil {
		return 0, err
	}
	from, to := r.ranks(v)
	return to - from, nil
}

// RemRange removes the members that r selects and returns how many there were. It
// stands for ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a bound is
// NaN, and [ErrInvalidOption] if r has a limit, or is a ByRank with an excluded
// bound.
//
// The complexity is O(log n + m), n the number of members and m of those removed.
// Redis: [ZREMRANGEBYRANK], [ZREMRANGEBYSCORE], [ZREMRANGEBYLEX].
//
// [ZREMRANGEBYRANK]: https://redis.io/docs/latest/commands/zremrangebyrank/
// [ZREMRANGEBYSCORE]: https://redis.io/docs/latest/commands/zremrangebyscore/
// [ZREMRANGEBYLEX]: https://redis.io/docs/latest/commands/zremrangebylex/
func (z ZSet) RemRange(r ZRange) (int, error) {
	var w write
	defer w.end()
	v, err := z.open(&w, r.op("ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX"), r.check(false))
	if err != nil {
		return 0, err
	}
	from, to := r.ranks(v)
	if from < to {
		v.RemoveRange(from, to)
		w.eventOfOp(NotifyZSet)
		w.save(KindZSet, v, false)
	}
	return to - from, nil
}
