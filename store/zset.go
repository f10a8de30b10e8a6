package store

import (
	"cmp"
	"context"
	"iter"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// ZSet is a handle of a sorted set: members, each with a score, in the order of the
// scores and, where these are equal, of the members as bytes.
type ZSet struct {
	db  DB
	key string
}

// Key returns the key of the handle.
func (z ZSet) Key() string { return z.key }

// Scored is a member of a sorted set with its score: any float64 but NaN. A score of
// -0 becomes 0.
type Scored struct {
	Member string
	Score  float64
}

// compareScored is the order of a sorted set.
func compareScored(a, b Scored) int {
	return cmp.Or(cmp.Compare(a.Score, b.Score), strings.Compare(a.Member, b.Member))
}

// OptionalScore is a score that may be missing.
type OptionalScore struct {
	Score float64
	Found bool
}

// ZAddOptions are the options of [ZSet.AddWith]. The zero value is a plain ZADD.
type ZAddOptions struct {
	If      Condition // compares the new score with the old one; a new member passes GT and LT
	Changed bool      // count members whose score has changed, too: CH
}

// Redis's limits for its encoding of small sorted sets.
const (
	zsetListpackEntries = 128
	zsetListpackValue   = 64
)

// open begins a write of the sorted set and returns it. wrong is what is wrong with the
// arguments.
func (z ZSet) open(w *write, op string, wrong error) (*structures.ZSet, error) {
	if err := w.begin(z.db, op, z.key); err != nil {
		return nil, err
	}
	if wrong != nil {
		return nil, w.fail(wrong)
	}
	return open(w, KindZSet, structures.NewZSet)
}

// read returns the sorted set for reading, in view where it is packed. The caller
// releases locked. wrong is what is wrong with the arguments.
func (z ZSet) read(op string, view *structures.ZSet, wrong error) (v *structures.ZSet, locked *shard, err error) {
	if wrong != nil {
		return nil, nil, mistake(op, z.key, cmp.Or(z.db.check(), wrong))
	}
	rec, _, locked, err := z.db.loadKind(op, z.key, KindZSet)
	if err != nil {
		return nil, locked, err
	}
	return view.Of(&rec), locked, nil
}

// Add gives members their scores and returns how many of them are new.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a score is
// NaN and [ErrTooLarge] if a member is longer than [MaxStringLen].
//
// The complexity is O(m log n), m the number of members given and n that of the set.
// Redis: [ZADD].
//
// [ZADD]: https://redis.io/docs/latest/commands/zadd/
func (z ZSet) Add(members ...Scored) (int, error) { return z.AddWith(ZAddOptions{}, members...) }

// AddWith is Add with the options of ZADD: a condition for each member, and whether
// those are counted, too, whose score has changed.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if a score is
// NaN, [ErrTooLarge] if a member is longer than [MaxStringLen] and [ErrInvalidOption]
// for a condition that there is not.
//
// The complexity is O(m log n), m the number of members given and n that of the set.
// Redis: [ZADD].
//
// [ZADD]: https://redis.io/docs/latest/commands/zadd/
func (z ZSet) AddWith(o ZAddOptions, members ...Scored) (int, error) {
	return z.add("ZADD", wrongAdd(o.If, members), o, members)
}

// add is AddWith, also for other commands. wrong is what is wrong with the arguments.
func (z ZSet) add(op string, wrong error, o ZAddOptions, members []Scored) (int, error) {
	var w write
	defer w.end()
	v, err := z.open(&w, op, wrong)
	if err != nil {
		return 0, err
	}
	added, changed, large := 0, 0, false
	for _, m := range members {
		old, found := v.Score(m.Member)
		if !o.If.allowsScore(old, m.Score, found) || found && old == m.Score {
			continue
		}
		v.Set(m.Member, m.Score)
		if changed++; !found {
			added++
			large = large || zsetLarge(v.Len(), len(m.Member))
		}
	}
	if changed > 0 {
		w.save(KindZSet, v, large)
		w.event(NotifyZSet, "zadd")
	}
	if o.Changed {
		return changed, nil
	}
	return added, nil
}

// wrongAdd returns what is wrong with the arguments of ZADD.
func wrongAdd(cond Condition, members []Scored) error {
	if cond > IfPresentAndLess {
		return ErrInvalidOption
	}
	for i := range members {
		switch {
		case math.IsNaN(members[i].Score):
			return ErrNotFloat
		case len(members[i].Member) > MaxStringLen:
			return ErrTooLarge
		}
	}
	return nil
}

// allowsScore says whether a member may get a score under the condition. found says whether
// it has one, which is old.
func (c Condition) allowsScore(old, score float64, found bool) bool {
	switch c {
	case IfAbsent:
		return !found
	case IfPresent:
		return found
	case IfGreater:
		return !found || score > old
	case IfLess:
		return !found || score < old
	case IfPresentAndGreater:
		return found && score > old
	case IfPresentAndLess:
		return found && score < old
	}
	return true
}

// zsetLarge says whether Redis changes to its encoding of large sorted sets when one of
// n members gets one of a length.
func zsetLarge(n, length int) bool { return n > zsetListpackEntries || length > zsetListpackValue }

// IncrBy adds delta to the score of a member and returns the sum. A new member starts
// from 0.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if delta is
// NaN, [ErrNaN] if the sum is, as that of two opposite infinities, and [ErrTooLarge] if
// the member is longer than [MaxStringLen].
//
// The complexity is O(log n), n the number of members. Redis: [ZINCRBY].
//
// [ZINCRBY]: https://redis.io/docs/latest/commands/zincrby/
func (z ZSet) IncrBy(delta float64, member string) (float64, error) {
	score, _, err := z.incr("ZINCRBY", delta, member, Always)
	return score, err
}

// AddIncr is IncrBy under a condition, which compares the sum with the old score: ZADD
// with INCR. It returns the sum, or false where the condition does not hold; then
// nothing has changed.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if delta is
// NaN, [ErrNaN] if the sum is, [ErrTooLarge] if the member is longer than
// [MaxStringLen] and [ErrInvalidOption] for a condition that there is not.
//
// The complexity is O(log n), n the number of members. Redis: [ZADD].
//
// [ZADD]: https://redis.io/docs/latest/commands/zadd/
func (z ZSet) AddIncr(delta float64, member string, cond Condition) (score float64, done bool, err error) {
	return z.incr("ZADD", delta, member, cond)
}

func (z ZSet) incr(op string, delta float64, member string, cond Condition) (score float64, done bool, err error) {
	var w write
	defer w.end()
	v, err := z.open(&w, op, wrongAdd(cond, []Scored{{member, delta}}))
	if err != nil {
		return 0, false, err
	}
	old, found := v.Score(member)
	if found && cond == IfAbsent { // the sum does not matter
		return 0, false, nil
	}
	score = old + delta + 0
	switch {
	case math.IsNaN(score):
		return 0, false, w.fail(ErrNaN)
	case !cond.allowsScore(old, score, found):
		return 0, false, nil
	case !found || score != old:
		added := v.Set(member, score)
		w.save(KindZSet, v, added && zsetLarge(v.Len(), len(member)))
		w.event(NotifyZSet, "zincr")
	}
	return score, true, nil
}

// Card returns the number of members, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [ZCARD].
//
// [ZCARD]: https://redis.io/docs/latest/commands/zcard/
func (z ZSet) Card() (int, error) {
	var view structures.ZSet
	v, locked, err := z.read("ZCARD", &view, nil)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	return v.Len(), nil
}

// Score returns the score of a member. A missing one is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [ZSCORE].
//
// [ZSCORE]: https://redis.io/docs/latest/commands/zscore/
func (z ZSet) Score(member string) (float64, error) {
	var view structures.ZSet
	v, locked, err := z.read("ZSCORE", &view, nil)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	score, found := v.Score(member)
	if !found {
		return 0, ErrNotFound
	}
	return score, nil
}

// MScore returns the scores of members, as of one moment.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m), m the number of members given. Redis: [ZMSCORE].
//
// [ZMSCORE]: https://redis.io/docs/latest/commands/zmscore/
func (z ZSet) MScore(members ...string) ([]OptionalScore, error) {
	var view structures.ZSet
	v, locked, err := z.read("ZMSCORE", &view, nil)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	scores := make([]OptionalScore, len(members))
	for i, member := range members {
		scores[i].Score, scores[i].Found = v.Score(member)
	}
	return scores, nil
}

// Rank returns the rank of a member, which counts from 0, the lowest score. A missing
// member is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZRANK].
//
// [ZRANK]: https://redis.io/docs/latest/commands/zrank/
func (z ZSet) Rank(member string) (int, error) {
	rank, _, err := z.rank("ZRANK", member, false)
	return rank, err
}

// RankWithScore is Rank with the score.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZRANK].
//
// [ZRANK]: https://redis.io/docs/latest/commands/zrank/
func (z ZSet) RankWithScore(member string) (int, float64, error) {
	return z.rank("ZRANK", member, false)
}

// RevRank returns the rank of a member, which counts from 0, the highest score. A
// missing member is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZREVRANK].
//
// [ZREVRANK]: https://redis.io/docs/latest/commands/zrevrank/
func (z ZSet) RevRank(member string) (int, error) {
	rank, _, err := z.rank("ZREVRANK", member, true)
	return rank, err
}

// RevRankWithScore is RevRank with the score.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZREVRANK].
//
// [ZREVRANK]: https://redis.io/docs/latest/commands/zrevrank/
func (z ZSet) RevRankWithScore(member string) (int, float64, error) {
	return z.rank("ZREVRANK", member, true)
}

func (z ZSet) rank(op, member string, reverse bool) (int, float64, error) {
	var view structures.ZSet
	v, locked, err := z.read(op, &view, nil)
	defer locked.release()
	if err != nil {
		return 0, 0, err
	}
	rank, score, found := v.Rank(member)
	switch {
	case !found:
		return 0, 0, ErrNotFound
	case reverse:
		rank = v.Len() - 1 - rank
	}
	return rank, score, nil
}

// Rem removes members and returns how many there were.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(m log n), m the number of members given and n that of the set.
// Redis: [ZREM].
//
// [ZREM]: https://redis.io/docs/latest/commands/zrem/
func (z ZSet) Rem(members ...string) (int, error) {
	var w write
	defer w.end()
	v, err := z.open(&w, "ZREM", nil)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, member := range members {
		if v.Remove(member) {
			n++
		}
	}
	if n > 0 {
		w.event(NotifyZSet, "zrem")
		w.save(KindZSet, v, false)
	}
	return n, nil
}

// PopMin removes the member with the lowest score and returns it. A missing key is
// [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZPOPMIN].
//
// [ZPOPMIN]: https://redis.io/docs/latest/commands/zpopmin/
func (z ZSet) PopMin() (Scored, error) { return onlyScored(z.pop("ZPOPMIN", 1, false)) }

// PopMax removes the member with the highest score and returns it. A missing key is
// [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(log n), n the number of members. Redis: [ZPOPMAX].
//
// [ZPOPMAX]: https://redis.io/docs/latest/commands/zpopmax/
func (z ZSet) PopMax() (Scored, error) { return onlyScored(z.pop("ZPOPMAX", 1, true)) }

func onlyScored(list []Scored, err error) (Scored, error) {
	switch {
	case err != nil:
		return Scored{}, err
	case len(list) == 0:
		return Scored{}, ErrNotFound
	}
	return list[0], nil
}

// PopMinN removes up to count members with the lowest scores and returns them, the
// lowest first. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if
// count is negative.
//
// The complexity is O(log n + m), n the number of members and m of those removed.
// Redis: [ZPOPMIN].
//
// [ZPOPMIN]: https://redis.io/docs/latest/commands/zpopmin/
func (z ZSet) PopMinN(count int) ([]Scored, error) { return z.pop("ZPOPMIN", count, false) }

// PopMaxN removes up to count members with the highest scores and returns them, the
// highest first. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if
// count is negative.
//
// The complexity is O(log n + m), n the number of members and m of those removed.
// Redis: [ZPOPMAX].
//
// [ZPOPMAX]: https://redis.io/docs/latest/commands/zpopmax/
func (z ZSet) PopMaxN(count int) ([]Scored, error) { return z.pop("ZPOPMAX", count, true) }

func (z ZSet) pop(op string, count int, highest bool) ([]Scored, error) {
	var w write
	defer w.end()
	var wrong error
	if count < 0 {
		wrong = ErrOutOfRange
	}
	v, err := z.open(&w, op, wrong)
	if err != nil {
		return nil, err
	}
	return w.popScored(v, count, highest), nil
}

// popScored removes up to count members from one end of a sorted set that open has
// returned.
func (w *write) popScored(v *structures.ZSet, count int, highest bool) []Scored {
	from, to := 0, min(count, v.Len())
	if to == 0 {
		return nil
	}
	if highest {
		from, to = v.Len()-to, v.Len()
	}
	popped := scoredIn(v, from, to, highest) // read before the blob changes
	v.RemoveRange(from, to)
	if highest {
		w.event(NotifyZSet, "zpopmax")
	} else {
		w.event(NotifyZSet, "zpopmin")
	}
	w.save(KindZSet, v, false)
	return popped
}

// ZMPopMin removes up to count members with the lowest scores from the first of keys
// that has any, and returns that key and them, the lowest first. Where none has any it
// returns nothing.
//
// It returns [ErrWrongType] if a key before it holds another type, [ErrOutOfRange] if
// count is not positive and [ErrInvalidOption] if there are no keys.
//
// The complexity is O(k + log n + m), k the number of keys, n of the members and m of
// those removed. Redis: [ZMPOP].
//
// [ZMPOP]: https://redis.io/docs/latest/commands/zmpop/
func (db DB) ZMPopMin(count int, keys ...string) (key string, popped []Scored, err error) {
	return db.zmpop(count, keys, false)
}

// ZMPopMax removes up to count members with the highest scores from the first of keys
// that has any, and returns that key and them, the highest first. Where none has any it
// returns nothing.
//
// It returns [ErrWrongType] if a key before it holds another type, [ErrOutOfRange] if
// count is not positive and [ErrInvalidOption] if there are no keys.
//
// The complexity is O(k + log n + m), k the number of keys, n of the members and m of
// those removed. Redis: [ZMPOP].
//
// [ZMPOP]: https://redis.io/docs/latest/commands/zmpop/
func (db DB) ZMPopMax(count int, keys ...string) (key string, popped []Scored, err error) {
	return db.zmpop(count, keys, true)
}

func (db DB) zmpop(count int, keys []string, highest bool) (string, []Scored, error) {
	const op = "ZMPOP"
	var b batch
	defer b.end()
	if err := b.begin(db, op, keys...); err != nil {
		return "", nil, err
	}
	switch {
	case count <= 0:
		return "", nil, mistake(op, "", ErrOutOfRange)
	case len(keys) == 0:
		return "", nil, mistake(op, "", ErrInvalidOption)
	}
	for _, key := range keys {
		w := b.key(db, key)
		if popped, err := w.popScoredN(count, highest); err != nil {
			return "", nil, err
		} else if len(popped) > 0 {
			return key, popped, nil
		}
	}
	return "", nil, nil
}

// popScoredN is popScored of the sorted set at the key, if there is one.
func (w *write) popScoredN(count int, highest bool) ([]Scored, error) {
	if !w.found() {
		return nil, nil
	}
	v, err := open(w, KindZSet, structures.NewZSet)
	if err != nil {
		return nil, err
	}
	return w.popScored(v, count, highest), nil
}

// BPopMin removes the member with the lowest score and returns it. Of a missing key it waits
// for one: who came first is served first, by whoever adds it, before anybody else sees
// it. If the key then holds another type, it waits on.
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context and
// [ErrWrongType] if the key holds another type now.
//
// Unlike Redis 7.0, it is served, too, by a command that stores a sorted set over a value
// of another type.
//
// The complexity is O(log n), n the number of members. Redis: [BZPOPMIN].
//
// [BZPOPMIN]: https://redis.io/docs/latest/commands/bzpopmin/
func (z ZSet) BPopMin(ctx context.Context) (Scored, error) {
	_, m, err := z.db.BZPopMin(ctx, z.key)
	return m, err
}

// BPopMax removes the member with the highest score and returns it. Of a missing key it waits
// for one: who came first is served first, by whoever adds it, before anybody else sees
// it. If the key then holds another type, it waits on.
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context and
// [ErrWrongType] if the key holds another type now.
//
// Unlike Redis 7.0, it is served, too, by a command that stores a sorted set over a value
// of another type.
//
// The complexity is O(log n), n the number of members. Redis: [BZPOPMAX].
//
// [BZPOPMAX]: https://redis.io/docs/latest/commands/bzpopmax/
func (z ZSet) BPopMax(ctx context.Context) (Scored, error) {
	_, m, err := z.db.BZPopMax(ctx, z.key)
	return m, err
}

// BZPopMin removes the member with the lowest score from the first sorted set of keys that
// is there, and returns that key and the member. If none is there, it waits, at each key
// behind those who came before, until one of them is; see [ZSet.BPopMin].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrInvalidOption] if there are no keys, and [ErrWrongType] if it comes to a key of
// another type before it waits.
//
// The complexity is O(k + log n), k the number of keys and n that of the members.
// Redis: [BZPOPMIN].
//
// [BZPOPMIN]: https://redis.io/docs/latest/commands/bzpopmin/
func (db DB) BZPopMin(ctx context.Context, keys ...string) (key string, m Scored, err error) {
	key, popped, err := db.blockPopScored(ctx, "BZPOPMIN", 1, false, keys)
	if err != nil {
		return "", Scored{}, err
	}
	return key, popped[0], nil
}

// BZPopMax removes the member with the highest score from the first sorted set of keys that
// is there, and returns that key and the member. If none is there, it waits, at each key
// behind those who came before, until one of them is; see [ZSet.BPopMax].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrInvalidOption] if there are no keys, and [ErrWrongType] if it comes to a key of
// another type before it waits.
//
// The complexity is O(k + log n), k the number of keys and n that of the members.
// Redis: [BZPOPMAX].
//
// [BZPOPMAX]: https://redis.io/docs/latest/commands/bzpopmax/
func (db DB) BZPopMax(ctx context.Context, keys ...string) (key string, m Scored, err error) {
	key, popped, err := db.blockPopScored(ctx, "BZPOPMAX", 1, true, keys)
	if err != nil {
		return "", Scored{}, err
	}
	return key, popped[0], nil
}

// BZMPopMin removes up to count members with the lowest scores from the first sorted set
// of keys that is there, and returns that key and them, the lowest first. If none is there,
// it waits, at each key behind those who came before, until one of them is; see
// [ZSet.BPopMin].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrOutOfRange] if count is not positive, [ErrInvalidOption] if there are no keys, and
// [ErrWrongType] if it comes to a key of another type before it waits.
//
// The complexity is O(k + log n + m), k the number of keys, n of the members and m of
// those removed. Redis: [BZMPOP].
//
// [BZMPOP]: https://redis.io/docs/latest/commands/bzmpop/
func (db DB) BZMPopMin(ctx context.Context, count int, keys ...string) (key string, popped []Scored, err error) {
	return db.blockPopScored(ctx, "BZMPOP", count, false, keys)
}

// BZMPopMax removes up to count members with the highest scores from the first sorted set
// of keys that is there, and returns that key and them, the highest first. If none is there,
// it waits, at each key behind those who came before, until one of them is; see
// [ZSet.BPopMax].
//
// It returns the error of ctx when that ends, and then it has removed nothing,
// [ErrClosed] when the store is closed, [ErrNoContext] for a nil context,
// [ErrOutOfRange] if count is not positive, [ErrInvalidOption] if there are no keys, and
// [ErrWrongType] if it comes to a key of another type before it waits.
//
// The complexity is O(k + log n + m), k the number of keys, n of the members and m of
// those removed. Redis: [BZMPOP].
//
// [BZMPOP]: https://redis.io/docs/latest/commands/bzmpop/
func (db DB) BZMPopMax(ctx context.Context, count int, keys ...string) (key string, popped []Scored, err error) {
	return db.blockPopScored(ctx, "BZMPOP", count, true, keys)
}

func (db DB) blockPopScored(ctx context.Context, op string, count int, highest bool, keys []string) (string, []Scored, error) {
	a, err := db.block(ctx, demand{op: op, kind: KindZSet, count: count, highest: highest}, keys...)
	return a.key, a.scored, err
}

// RandMember returns one of the members, each with the same probability. A missing key
// is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) expected. Redis: [ZRANDMEMBER].
//
// [ZRANDMEMBER]: https://redis.io/docs/latest/commands/zrandmember/
func (z ZSet) RandMember() (string, error) {
	m, err := onlyScored(z.random(1))
	return m.Member, err
}

// RandMembers returns up to count different members, or, if count is negative, -count
// of which some may be the same, in no order. A missing key has none. Unlike Redis, it
// refuses a result that would fill the memory.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if the
// result would take more than 512 MB.
//
// The complexity is O(m), m the absolute count, or, for more than a third of them,
// O(n), n the number of members. Redis: [ZRANDMEMBER].
//
// [ZRANDMEMBER]: https://redis.io/docs/latest/commands/zrandmember/
func (z ZSet) RandMembers(count int) ([]string, error) {
	list, err := z.random(count)
	if list == nil {
		return nil, err
	}
	members := make([]string, len(list))
	for i := range list {
		members[i] = list[i].Member
	}
	return members, nil
}

// RandMembersWithScores is RandMembers with the scores.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if the
// result would take more than 512 MB.
//
// The complexity is O(m), m the absolute count, or, for more than a third of them,
// O(n), n the number of members. Redis: [ZRANDMEMBER].
//
// [ZRANDMEMBER]: https://redis.io/docs/latest/commands/zrandmember/
func (z ZSet) RandMembersWithScores(count int) ([]Scored, error) { return z.random(count) }

func (z ZSet) random(count int) ([]Scored, error) {
	const op, scoredSize = "ZRANDMEMBER", 24
	var view structures.ZSet
	v, locked, err := z.read(op, &view, nil)
	defer locked.release()
	switch c := z.db.chance(); {
	case err != nil:
		return nil, err
	case v.Len() == 0 || count == 0:
		return nil, nil
	case count < -MaxStringLen/scoredSize:
		return nil, mistake(op, z.key, ErrOutOfRange)
	case c != nil:
		return drawn(c, ranked(v), count), nil
	case count < 0 || count == 1:
		list := make([]Scored, max(count, -count))
		for i := range list {
			list[i].Member, list[i].Score = v.Random(rand.Uint64N)
		}
		return list, nil
	}
	return sampleScored(v, count), nil
}

// sampleScored returns up to count different members.
func sampleScored(v *structures.ZSet, count int) []Scored {
	n := v.Len()
	list := make([]Scored, 0, min(count, n))
	if count > n/3 { // as many of the rest as are still wanted (Knuth's algorithm S)
		left := n
		v.Walk(0, n, false, func(member string, score float64) bool {
			if rand.IntN(left) < count-len(list) {
				list = append(list, Scored{member, score})
			}
			left--
			return true
		})
		return list
	}
	seen := make(map[string]bool, count)
	for len(list) < count { // two in three are new
		member, score := v.Random(rand.Uint64N)
		if !seen[member] {
			seen[member] = true
			list = append(list, Scored{member, score})
		}
	}
	return list
}

// Scan returns some of the members and the cursor to go on with; the first call and the
// last have cursor 0. A member that is there from the first call to the last is
// returned exactly once, whatever is written meanwhile, unless the key is deleted and
// made again. A small sorted set comes as a whole.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidCursor] for a
// cursor that Scan did not return and [ErrInvalidOption] if Count is negative or a Type
// is given.
//
// The complexity is O(Count) each call. Redis: [ZSCAN].
//
// [ZSCAN]: https://redis.io/docs/latest/commands/zscan/
func (z ZSet) Scan(cursor uint64, o ScanOptions) (members []Scored, next uint64, err error) {
	next, err = z.scan(cursor, o, func(member string, score float64) {
		members = append(members, Scored{member, score})
	})
	return members, next, err
}

// ScanNoScores is Scan without the scores: Valkey's ZSCAN with NOSCORES.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidCursor] for a
// cursor that ScanNoScores did not return and [ErrInvalidOption] if Count is negative or a
// Type is given.
//
// The complexity is O(Count) each call. Redis: [ZSCAN].
//
// [ZSCAN]: https://redis.io/docs/latest/commands/zscan/
func (z ZSet) ScanNoScores(cursor uint64, o ScanOptions) (members []string, next uint64, err error) {
	next, err = z.scan(cursor, o, func(member string, _ float64) { members = append(members, member) })
	return members, next, err
}

func (z ZSet) scan(cursor uint64, o ScanOptions, found func(member string, score float64)) (next uint64, err error) {
	var wrong error
	switch {
	case cursor > structures.MaxCursor:
		wrong = ErrInvalidCursor
	case o.Count < 0 || o.Type != KindNone:
		wrong = ErrInvalidOption
	case o.Count == 0:
		o.Count = 10
	}
	var view structures.ZSet
	v, locked, err := z.read("ZSCAN", &view, wrong)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	at := v.Scan(uint32(cursor), o.Count, func(member string, score float64) {
		if o.Match == "" || matches(o.Match, member) {
			found(member, score)
		}
	})
	return uint64(at), nil
}

// All returns an iterator over the members and their scores in order, as of now. The
// body of a loop over it may write the store. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1), and O(n) for the loop, n the number of members. The first
// writes after it copy what they touch. Redis: [ZRANGE].
//
// [ZRANGE]: https://redis.io/docs/latest/commands/zrange/
func (z ZSet) All() (iter.Seq2[string, float64], error) {
	const op = "ZRANGE"
	view := new(structures.ZSet)
	v, locked, err := z.read(op, view, nil)
	locked.release()
	if err != nil {
		return func(func(string, float64) bool) {}, err
	}
	if locked != nil { // it is large: Clone is a write
		if v, err = z.clone(op); err != nil {
			return nil, err
		}
	}
	return func(yield func(string, float64) bool) { v.Walk(0, v.Len(), false, yield) }, nil
}

// clone returns the sorted set as of now.
func (z ZSet) clone(op string) (*structures.ZSet, error) {
	var w write
	defer w.end()
	if err := w.inspect(z.db, op, z.key); err != nil {
		return nil, err
	}
	if err := w.want(KindZSet); err != nil {
		return nil, err
	}
	if w.found() && w.ref.Record.Object() != nil {
		return w.cloneObject().(*structures.ZSet), nil
	}
	return new(structures.ZSet).Of(&w.ref.Record), nil
}

// putScored stores members, all of them different, in place of whatever the key held;
// none removes it. It returns how many there are.
func (w *write) putScored(members []Scored) int {
	v := openAnew(w, KindZSet, structures.NewZSet)
	large := false
	for _, m := range members {
		v.Set(m.Member, m.Score)
		large = large || zsetLarge(v.Len(), len(m.Member))
	}
	if w.saveOver(KindZSet, v, large) {
		w.eventOfOp(NotifyZSet)
	}
	return v.Len()
}

func zsetFingerprint(r *structures.Record, _ int64) (sum uint64) {
	var view structures.ZSet
	v := view.Of(r)
	v.Walk(0, v.Len(), false, func(member string, score float64) bool {
		sum = mix(sum, mix(xxhash.Sum64String(member), math.Float64bits(score)))
		return true
	})
	return sum
}
