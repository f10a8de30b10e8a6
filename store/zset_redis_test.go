package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Sorted sets against Redis.

func init() {
	stateOf[KindZSet] = []string{"ZRANGE", "0", "-1", "WITHSCORES"}
	for text, err := range map[string]error{
		"ERR resulting score is not a number":    ErrNaN,
		"ERR min or max is not a float":          ErrNotFloat,
		"ERR weight value is not a float":        ErrNotFloat,
		"ERR count should be greater than 0":     ErrOutOfRange,
		"ERR LIMIT can't be negative":            ErrOutOfRange,
		"ERR at least 1 input key is needed for": ErrInvalidOption,
	} {
		redisErrors = append(redisErrors, struct {
			text string
			err  error
		}{text, err})
	}
	differs = append(differs,
		differ{name: "ZADD", weight: 14, gen: genZAdd, call: callZAdd, fold: foldScores},
		differ{name: "ZINCRBY", weight: 4, gen: func(w *twin) []string {
			return []string{w.key(), w.score(), w.zmember()}
		}, call: func(_ *twin, db DB, a []string) (any, error) {
			score, err := db.ZSet(a[0]).IncrBy(scoreArg(a[1]), a[2])
			return result(scoreText(score), err)
		}, fold: foldScores},
		differ{name: "ZCARD", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
			return count(db.ZSet(a[0]).Card())
		}},
		differ{name: "ZSCORE", weight: 2, gen: genZKeyMember, call: func(_ *twin, db DB, a []string) (any, error) {
			score, err := db.ZSet(a[0]).Score(a[1])
			return result(scoreText(score), err)
		}, fold: foldScores},
		differ{name: "ZMSCORE", weight: 2, gen: genKeyMembers, call: callZMScore, fold: foldScores},
		differ{name: "ZRANK", weight: 2, gen: genZKeyMember, call: func(_ *twin, db DB, a []string) (any, error) {
			rank, score, err := db.ZSet(a[0]).RankWithScore(a[1])
			if has, err2 := db.ZSet(a[0]).Score(a[1]); err == nil && (err2 != nil || has != score) {
				return nil, fmt.Errorf("the score is %v, %v, not %v", has, err2, score)
			}
			return count(rank, err)
		}},
		differ{name: "ZREVRANK", weight: 2, gen: genZKeyMember, call: func(_ *twin, db DB, a []string) (any, error) {
			return count(db.ZSet(a[0]).RevRank(a[1]))
		}},
		differ{name: "ZREM", weight: 4, gen: genKeyMembers, call: func(_ *twin, db DB, a []string) (any, error) {
			return count(db.ZSet(a[0]).Rem(a[1:]...))
		}},
		differ{name: "ZPOPMIN", weight: 2, gen: genZPop, call: callZPop(ZSet.PopMin, ZSet.PopMinN), fold: foldScores},
		differ{name: "ZPOPMAX", weight: 2, gen: genZPop, call: callZPop(ZSet.PopMax, ZSet.PopMaxN), fold: foldScores},
		differ{name: "ZMPOP", weight: 2, gen: genZMPop, call: callZMPop, fold: foldScores},
		differ{name: "ZRANDMEMBER", weight: 2, gen: genZRandMember, call: callZRandMember, fold: foldCount},
		differ{name: "ZSCAN", weight: 2, gen: genZScan, call: callZScan, fold: foldZScan},
	)
	for _, name := range []string{
		"ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANGEBYLEX", "ZREVRANGEBYLEX",
		"ZCOUNT", "ZLEXCOUNT", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX", "ZRANGESTORE",
	} {
		weight := 2
		if strings.HasPrefix(name, "ZREM") {
			weight = 1
		}
		differs = append(differs, differ{
			name: name, weight: weight, gen: func(w *twin) []string { return genZRange(w, name) },
			call: func(w *twin, db DB, a []string) (any, error) { return callZRange(w, db, name, a) }, fold: foldScores,
		})
	}
	for _, name := range []string{"ZUNION", "ZINTER", "ZDIFF", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE", "ZINTERCARD"} {
		differs = append(differs, differ{
			name: name, weight: 2, gen: func(w *twin) []string { return genCombine(w, name) },
			call: func(w *twin, db DB, a []string) (any, error) { return callCombine(w, db, name, a) }, fold: foldScores,
		})
	}
	for i := range differs {
		if call := differs[i].call; strings.HasPrefix(differs[i].name, "Z") {
			differs[i].call = func(w *twin, db DB, a []string) (any, error) {
				r, err := call(w, db, a)
				return unsigned(r), err
			}
		}
	}
}

// unsigned takes the sign off what reads as the score -0, which Redis keeps in large
// sorted sets. A member may be one, too.
func unsigned(r any) any {
	switch r := r.(type) {
	case string:
		if r == "-0" {
			return "0"
		}
	case []any:
		for i := range r {
			r[i] = unsigned(r[i])
		}
	}
	return r
}

// scoreText writes a score as Redis's replies do.
func scoreText(score float64) string {
	if math.IsInf(score, 0) {
		return strings.ToLower(strings.TrimPrefix(fmt.Sprint(score), "+"))
	}
	return strconv.FormatFloat(score, 'g', 17, 64)
}

func scoreArg(text string) float64 {
	score, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return score
}

// foldScores takes the sign of 0 away: here it has none.
func foldScores(r reply) (any, error) { return plain(unsigned(r)) }

func foldCount(r reply) (any, error) {
	if list, ok := r.([]any); ok {
		return int64(len(list)), nil
	}
	_, err := plain(r)
	return result(int64(1), err)
}

// flat is a list of members with their scores, as in replies.
func flat(list []Scored, err error) (any, error) {
	flat := []any{}
	for _, m := range list {
		flat = append(flat, m.Member, scoreText(m.Score))
	}
	return result(any(flat), err)
}

// pairsOfScored is flat for the replies that have a list for each member.
func pairsOfScored(list []Scored) []any {
	pairs := []any{}
	for _, m := range list {
		pairs = append(pairs, []any{m.Member, scoreText(m.Score)})
	}
	return pairs
}

var oddMembers = []string{
	"", "a", "ab", "abc", "b", "\x00", "\xff", "\xff\xff", "1", "-1", "007", "9223372036854775807", strings.Repeat("m", 63),
	strings.Repeat("m", 64), strings.Repeat("m", 65), strings.Repeat("m", 300), strings.Repeat("m", 1200), "[x", "(y",
}

func (w *twin) zmember() string {
	if w.rng.IntN(3) == 0 {
		m := pick(w, oddMembers)
		if len(m) > 64 && w.rng.IntN(4) > 0 {
			m = "short"
		}
		return m
	}
	return "m" + strconv.Itoa(w.rng.IntN(30))
}

var oddNumbers = []string{
	"0", "-0", "1", "-1", "0.1", "0.2", "-0.3", "3.5", "127", "128", "-129", "1e17", "123456789012345678", "1e300", "-1e300",
	"9007199254740993", "1.7976931348623157e308", "5e-324", "inf", "-inf",
}

func (w *twin) score() string {
	switch w.rng.IntN(4) {
	case 0:
		if w.rng.IntN(20) == 0 {
			return "nan"
		}
		return pick(w, oddNumbers)
	case 1:
		return "1" // so that members decide
	}
	return strconv.Itoa(w.rng.IntN(10))
}

func genZKeyMember(w *twin) []string { return []string{w.key(), w.zmember()} }

func genKeyMembers(w *twin) []string {
	return append([]string{w.key()}, w.repeat(func(w *twin) []string { return []string{w.zmember()} })...)
}

func genZAdd(w *twin) []string {
	args := []string{w.key()}
	if w.rng.IntN(2) == 0 {
		args = append(args, strings.Fields(pick(w, []string{"NX", "XX", "GT", "LT", "XX GT", "XX LT"}))...)
	}
	if w.rng.IntN(3) == 0 {
		args = append(args, "CH")
	}
	if w.rng.IntN(5) == 0 {
		return append(args, "INCR", w.score(), w.zmember())
	}
	if w.rng.IntN(25) == 0 { // to the border of the encodings
		for i := range 120 + w.rng.IntN(12) {
			args = append(args, strconv.Itoa(i%7), "m"+strconv.Itoa(i))
		}
		return args
	}
	same := w.rng.IntN(3) == 0 // for ranges by member
	for range 1 + w.rng.IntN(5) {
		score := "1"
		if !same {
			score = w.score()
		}
		args = append(args, score, w.zmember())
	}
	return args
}

func callZAdd(w *twin, db DB, a []string) (any, error) {
	var o ZAddOptions
	var flags []string
	incr, z := false, db.ZSet(a[0])
	for a = a[1:]; ; a = a[1:] {
		switch a[0] {
		case "CH":
			o.Changed = true
			continue
		case "INCR":
			incr = true
			continue
		case "NX", "XX", "GT", "LT":
			flags = append(flags, a[0])
			continue
		}
		break
	}
	if len(flags) > 0 {
		o.If = conditions[strings.Join(flags, " ")]
	}
	if incr {
		score, done, err := z.AddIncr(scoreArg(a[0]), a[1], o.If)
		if err == nil && !done {
			err = ErrNotFound // a nil
		}
		return result(scoreText(score), err)
	}
	var members []Scored
	for ; len(a) > 0; a = a[2:] {
		members = append(members, Scored{a[1], scoreArg(a[0])})
	}
	if (o == ZAddOptions{}) {
		return count(z.Add(members...))
	}
	return count(z.AddWith(o, members...))
}

func callZMScore(_ *twin, db DB, a []string) (any, error) {
	scores, err := db.ZSet(a[0]).MScore(a[1:]...)
	list := make([]any, len(scores))
	for i, s := range scores {
		if s.Found {
			list[i] = scoreText(s.Score)
		}
	}
	return result(list, err)
}

func (w *twin) someCount() string {
	if w.rng.IntN(8) == 0 {
		return pick(w, []string{"0", "-1", "1000", "9223372036854775807", "-20"})
	}
	return strconv.Itoa(1 + w.rng.IntN(6))
}

func genZPop(w *twin) []string {
	if w.rng.IntN(2) == 0 {
		return []string{w.key()}
	}
	return []string{w.key(), w.someCount()}
}

func callZPop(one func(ZSet) (Scored, error), some func(ZSet, int) ([]Scored, error)) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		z := db.ZSet(a[0])
		if len(a) == 1 {
			m, err := one(z)
			if err == ErrNotFound {
				return []any{}, nil
			}
			return flat([]Scored{m}, err)
		}
		n, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		list, err := some(z, n)
		if n < 0 && errors.Is(err, ErrOutOfRange) {
			err = mistake("ZPOP", a[0], ErrInvalidDB) // Redis has one text for both
		}
		return flat(list, err)
	}
}

func genZMPop(w *twin) []string {
	keys := genKeys(w)
	args := append([]string{strconv.Itoa(len(keys))}, keys...)
	args = append(args, pick(w, []string{"MIN", "MAX"}))
	if w.rng.IntN(2) == 0 {
		args = append(args, "COUNT", w.someCount())
	}
	return args
}

func callZMPop(_ *twin, db DB, a []string) (any, error) {
	n := scoreArg(a[0])
	keys, a := a[1:1+int(n)], a[1+int(n):]
	pop, many := db.ZMPopMin, 1
	if a[0] == "MAX" {
		pop = db.ZMPopMax
	}
	if len(a) > 1 {
		var err error
		if many, err = strconv.Atoi(a[2]); err != nil {
			return nil, errInexpressible
		}
	}
	key, list, err := pop(many, keys...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound // a nil
	}
	return result([]any{key, pairsOfScored(list)}, err)
}

func genZRandMember(w *twin) []string {
	switch w.rng.IntN(3) {
	case 0:
		return []string{w.key()}
	case 1:
		return []string{w.key(), strconv.Itoa(w.rng.IntN(40) - 20), "WITHSCORES"} // Redis takes no huge one here
	}
	return []string{w.key(), w.someCount()}
}

// callZRandMember compares how many there are, and looks at them itself.
func callZRandMember(_ *twin, db DB, a []string) (any, error) {
	z := db.ZSet(a[0])
	if len(a) == 1 {
		m, err := z.RandMember()
		if err != nil {
			return nil, err
		}
		_, err = z.Score(m)
		return int64(1), err
	}
	n, err := strconv.Atoi(a[1])
	if err != nil {
		return nil, errInexpressible
	}
	if len(a) == 2 {
		list, err := z.RandMembers(n)
		return count(len(list), err)
	}
	list, err := z.RandMembersWithScores(n)
	seen := map[string]bool{}
	for _, m := range list {
		if score, err := z.Score(m.Member); err != nil || score != m.Score || n > 0 && seen[m.Member] {
			return nil, fmt.Errorf("%v: %v, %w", m, score, err)
		}
		seen[m.Member] = true
	}
	return count(2*len(list), err)
}

func genZScan(w *twin) []string {
	args := []string{w.key(), "0", "COUNT", "1000"}
	if w.rng.IntN(2) == 0 {
		args = append(args, "MATCH", pick(w, []string{"m*", "*1*", "?", "*", "[ab]*", "\x00", "m1"}))
	}
	return args
}

// callZScan goes through a whole iteration, in steps of its own.
func callZScan(w *twin, db DB, a []string) (any, error) {
	var o ScanOptions
	if len(a) > 4 {
		o.Match = a[5]
	}
	var all []Scored
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		o.Count = 1 + w.rng.IntN(20)
		some, next, err := db.ZSet(a[0]).Scan(cursor, o)
		if err != nil {
			return nil, err
		}
		all, cursor = append(all, some...), next
	}
	slices.SortFunc(all, func(x, y Scored) int { return strings.Compare(x.Member, y.Member) })
	return flat(all, nil)
}

func foldZScan(r reply) (any, error) {
	page := r.([]any)
	if page[0] != "0" {
		return nil, fmt.Errorf("cursor %q: one ZSCAN was not all", page[0])
	}
	var all []Scored
	for list := page[1].([]any); len(list) > 0; list = list[2:] {
		all = append(all, Scored{list[0].(string), scoreArg(list[1].(string)) + 0})
	}
	slices.SortFunc(all, func(x, y Scored) int { return strings.Compare(x.Member, y.Member) })
	list, err := flat(all, nil)
	return unsigned(list), err
}

// Ranges.

// zrangeForm says what the arguments of a range command are: by what it selects, and
// whether the high bound comes first. In ZRANGE the options say so.
func zrangeForm(name string, options []string) (by rangeBy, rev bool) {
	has := func(word string) bool { return strings.Contains(name, word) || slices.Contains(options, word) }
	switch {
	case has("LEX"), has("BYLEX"):
		by = byLex
	case has("SCORE") && !strings.HasSuffix(name, "RANGE"), has("BYSCORE"), name == "ZCOUNT":
		by = byScore
	}
	return by, has("REV")
}

func genZRange(w *twin, name string) (args []string) {
	var options []string
	switch name {
	case "ZRANGE", "ZRANGESTORE":
		options = strings.Fields(pick(w, []string{"", "", "BYSCORE", "BYLEX"}))
		if w.rng.IntN(3) == 0 {
			options = append(options, "REV")
		}
	}
	by, rev := zrangeForm(name, options)
	args = append(args, w.key())
	if name == "ZRANGESTORE" {
		args = append(args, w.key())
	}
	var low, high string
	switch {
	case by == byLex && !w.oneScore(args[len(args)-1]):
		low, high = "-", "+" // all else is left open
	case by == byRank:
		low, high, rev = w.place(), w.place(), false
	case by == byScore:
		low, high = w.scoreBound(), w.scoreBound()
	case by == byLex:
		low, high = w.lexBound("-"), w.lexBound("+")
	}
	if rev {
		low, high = high, low
	}
	args = append(append(args, low, high), options...)
	if strings.HasPrefix(name, "ZREM") || strings.Contains(name, "COUNT") {
		return args
	}
	switch {
	case by != byRank && w.rng.IntN(3) == 0:
		args = append(args, "LIMIT", strconv.Itoa(w.rng.IntN(6)-1), strconv.Itoa(w.rng.IntN(10)-2))
	case w.rng.IntN(40) == 0 && (name == "ZRANGE" || name == "ZRANGESTORE"):
		args = append(args, "LIMIT", strconv.Itoa(w.rng.IntN(6)-1), strconv.Itoa(w.rng.IntN(10))) // -1 would be none in Redis
	}
	if by != byLex && name != "ZRANGESTORE" && w.rng.IntN(2) == 0 {
		args = append(args, "WITHSCORES")
	}
	return args
}

// oneScore says whether all members at key have the same score.
func (w *twin) oneScore(key string) bool {
	all, _ := w.db().ZSet(key).RangeWithScores(ByRank(0, -1))
	return len(all) == 0 || all[0].Score == all[len(all)-1].Score
}

func (w *twin) scoreBound() string {
	excl := pick(w, []string{"", "", "("})
	if w.rng.IntN(3) == 0 {
		return excl + pick(w, []string{"-inf", "inf", "+inf", "0", "-0", "nan"})
	}
	return excl + w.score()
}

func (w *twin) lexBound(open string) string {
	switch w.rng.IntN(5) {
	case 0, 1:
		return open
	case 2:
		return "(" + w.zmember()
	}
	return "[" + w.zmember()
}

// zrangeOf reads the bounds and options of a range command.
func zrangeOf(name string, a []string) (r ZRange, scores bool, err error) {
	by, rev := zrangeForm(name, a[2:])
	low, high := a[0], a[1]
	if rev && by != byRank {
		low, high = high, low
	}
	exclMin, exclMax := strings.HasPrefix(low, "("), strings.HasPrefix(high, "(")
	switch by {
	case byRank:
		start, err1 := strconv.Atoi(low)
		stop, err2 := strconv.Atoi(high)
		if r = ByRank(start, stop); err1 != nil || err2 != nil {
			return r, false, errInexpressible
		}
	case byScore:
		r = ByScore(scoreArg(strings.TrimPrefix(low, "(")), scoreArg(strings.TrimPrefix(high, "(")))
	case byLex:
		if exclMax = exclMax || high == "-"; exclMax && high == "-" {
			high = "(" // below the empty member, too
		}
		r = ByLex(lexArg(low), lexArg(high))
	}
	if exclMin {
		r = r.ExclMin()
	}
	if exclMax {
		r = r.ExclMax()
	}
	if rev {
		r = r.Rev()
	}
	if at := slices.Index(a, "LIMIT"); at >= 0 {
		offset, err1 := strconv.Atoi(a[at+1])
		n, err2 := strconv.Atoi(a[at+2])
		if err1 != nil || err2 != nil {
			return r, false, errInexpressible
		}
		r = r.Limit(offset, n)
	}
	return r, slices.Contains(a, "WITHSCORES"), nil
}

func lexArg(arg string) string {
	switch arg {
	case "-":
		return LexMin
	case "+":
		return LexMax
	}
	return arg[1:]
}

func callZRange(_ *twin, db DB, name string, a []string) (any, error) {
	z, src := db.ZSet(a[0]), ""
	if name == "ZRANGESTORE" {
		src, a = a[1], a[1:]
	}
	r, scores, err := zrangeOf(name, a[1:])
	switch {
	case err != nil:
		return nil, err
	case name == "ZRANGESTORE":
		return count(z.RangeStore(src, r))
	case strings.HasPrefix(name, "ZREM"):
		return count(z.RemRange(r))
	case strings.HasSuffix(name, "COUNT"):
		return count(z.Count(r))
	case scores:
		return flat(z.RangeWithScores(r))
	}
	list, err := z.Range(r)
	return result(any(listOf(list)), err)
}

// Combinations.

func genCombine(w *twin, name string) (args []string) {
	if strings.HasSuffix(name, "STORE") {
		args = append(args, w.key())
	}
	keys := genKeys(w)
	args = append(append(args, strconv.Itoa(len(keys))), keys...)
	switch {
	case name == "ZINTERCARD":
		if w.rng.IntN(2) == 0 {
			args = append(args, "LIMIT", strconv.Itoa(w.rng.IntN(5)-1))
		}
		return args
	case !strings.HasPrefix(name, "ZDIFF"):
		if w.rng.IntN(3) == 0 {
			args = append(args, "WEIGHTS")
			for range keys {
				args = append(args, w.score())
			}
		}
		if w.rng.IntN(2) == 0 {
			args = append(args, "AGGREGATE", pick(w, []string{"SUM", "MIN", "MAX"}))
		}
	}
	if !strings.HasSuffix(name, "STORE") && w.rng.IntN(2) == 0 {
		args = append(args, "WITHSCORES")
	}
	return args
}

func callCombine(_ *twin, db DB, name string, a []string) (any, error) {
	dst := ""
	if strings.HasSuffix(name, "STORE") {
		dst, a = a[0], a[1:]
	}
	n, err := strconv.Atoi(a[0])
	if err != nil {
		return nil, errInexpressible
	}
	keys, options := a[1:1+n], a[1+n:]
	var o CombineOptions
	limit, scores := 0, false
	for len(options) > 0 {
		switch options[0] {
		case "WEIGHTS":
			for _, text := range options[1 : 1+n] {
				o.Weights = append(o.Weights, scoreArg(text))
			}
			options = options[n:]
		case "AGGREGATE":
			o.Aggregate = map[string]Aggregate{
				"SUM": AggregateSum, "MIN": AggregateMin, "MAX": AggregateMax, "COUNT": AggregateCount,
			}[options[1]]
			options = options[1:]
		case "LIMIT":
			if limit, err = strconv.Atoi(options[1]); err != nil {
				return nil, errInexpressible
			}
			options = options[1:]
		case "WITHSCORES":
			scores = true
		}
		options = options[1:]
	}
	z := db.ZSet(dst)
	switch name {
	case "ZUNIONSTORE":
		return count(z.UnionStoreWith(o, keys...))
	case "ZINTERSTORE":
		return count(z.InterStoreWith(o, keys...))
	case "ZDIFFSTORE":
		return count(z.DiffStore(keys...))
	}
	z, keys = db.ZSet(keys[0]), keys[1:]
	var list []Scored
	switch name {
	case "ZUNION":
		list, err = z.UnionWith(o, keys...)
	case "ZINTER":
		list, err = z.InterWith(o, keys...)
	case "ZDIFF":
		list, err = z.DiffWithScores(keys...)
	case "ZINTERCARD":
		return count(z.InterCard(limit, keys...))
	}
	if scores {
		return flat(list, err)
	}
	names, err := members(list, err)
	return result(any(listOf(names)), err)
}

func init() {
	edges = append(edges, []struct{ name, lines string }{
		{"zset add", `
			ZADD z 1 a | ZADD z NX 2 a 3 b | ZADD z XX 2 a 3 c | ZADD z GT 1 a | ZADD z GT CH 3 a 1 d | ZADD z LT CH 2 a 9 e |
			ZADD z XX GT CH 5 a 5 x | ZADD z XX LT CH 1 a 1 x | ZADD z CH 1 a 2 a 3 a | ZADD z INCR 5 a | ZADD z NX INCR 5 a |
			ZADD z NX INCR nan a | ZADD none XX INCR 5 a | ZADD none XX 5 a | ZADD z GT INCR -1 a | ZADD z LT INCR -1 a |
			ZADD z GT INCR 0 a | ZADD z LT INCR 5 new | ZADD z nan a | ZADD z 1 y nan z | ZADD none nan a | ZADD z inf i | ZADD z -inf j |
			ZADD z INCR -inf i | ZADD z INCR inf j | ZINCRBY z -inf i | ZINCRBY z inf i | ZINCRBY z inf j | ZINCRBY z nan a |
			ZADD z NX INCR -inf i | ZADD z GT INCR -inf i | ZADD z -0 n | ZSCORE z n | ZADD z 0 n | ZADD z CH -0 n | ZINCRBY z -0 n |
			ZINCRBY z 0.1 n | ZINCRBY z 0.2 n | ZINCRBY fresh -0 a | ZADD z 1 "" | ZSCORE z "" | HSET h f v | ZADD h 1 a |
			ZADD h nan a | ZADD h XX 1 a | ZINCRBY h 1 a | ZINCRBY h nan a | ZADD z 9007199254740993 big | ZSCORE z big |
			ZADD z 1e300 e | ZADD z 5e-324 e | ZSCORE z e | ZADD l 1 ~64 | ZADD l 1 ~65 | ZREM l ~65 | ZADD m XX 1 ~65 |
			ZADD v 1 a 2 ~300 3 ~1200 | ZSCORE v ~1200 | ZREM v ~300 ~1200 | ZADD "" 1 a | ZCARD ""`},
		{"zset read", `
			ZCARD none | ZSCORE none a | ZRANK none a | ZREVRANK none a | ZMSCORE none a b | ZADD z 1 a 2 b 2 c | ZCARD z |
			ZSCORE z a | ZSCORE z x | ZRANK z c | ZREVRANK z c | ZRANK z x | ZREVRANK z x | ZMSCORE z a x c a | HSET h f v |
			ZCARD h | ZSCORE h a | ZRANK h a | ZREVRANK h a | ZMSCORE h a | ZRANDMEMBER none | ZRANDMEMBER none 5 |
			ZRANDMEMBER none -5 | ZRANDMEMBER z | ZRANDMEMBER z 0 | ZRANDMEMBER z 2 | ZRANDMEMBER z 5 WITHSCORES |
			ZRANDMEMBER z -10 WITHSCORES | ZRANDMEMBER z 9223372036854775807 | ZRANDMEMBER h | ZRANDMEMBER h 3 | ZRANDMEMBER h 0 |
			ZSCAN none 0 | ZSCAN h 0 | ZSCAN z 0 | ZSCAN z 0 COUNT 1 MATCH [ab]`},
		{"zset remove", `
			ZREM none a | ZADD z 1 a 2 b 3 c 4 d | ZREM z a a x | ZREM z b c d | ZCARD z | ZADD z 1 a 2 b 3 c 4 d 5 e |
			ZPOPMIN z | ZPOPMAX z | ZPOPMIN z 0 | ZPOPMAX z 2 | ZPOPMIN z 9223372036854775807 | ZPOPMIN none | ZPOPMAX none 5 |
			ZPOPMIN none -1 | ZPOPMAX z -9223372036854775808 | HSET h f v | ZPOPMIN h | ZPOPMAX h 0 | ZREM h a |
			ZMPOP 2 none z MIN | ZADD y 1 a 2 b | ZMPOP 3 none z y MAX | ZMPOP 1 y MIN COUNT 5 | ZMPOP 1 y MIN | ZMPOP 2 none h MIN |
			ZMPOP 1 y MIN COUNT 0 | ZADD y 1 a | ZMPOP 2 y h MAX COUNT -1 | ZMPOP 2 y h MAX COUNT 9223372036854775807`},
		{"zset ranges", `
			ZADD z 1 a 2 b 2 c 3 d inf e -inf f | ZRANGE z 0 -1 WITHSCORES | ZRANGE z 0 -1 REV | ZRANGE z -2 -1 REV | ZRANGE z 1 0 |
			ZRANGE z -100 -7 | ZRANGE z -7 -6 | ZRANGE z 5 100 | ZRANGE z 6 6 | ZRANGE z -9223372036854775808 9223372036854775807 |
			ZRANGE z 9223372036854775807 -9223372036854775808 REV | ZREVRANGE z 0 1 WITHSCORES | ZREVRANGE z -1 -1 |
			ZRANGE z 1 2 BYSCORE | ZRANGE z (1 2 BYSCORE WITHSCORES | ZRANGE z 3 (2 BYSCORE REV | ZRANGE z -inf inf BYSCORE |
			ZRANGE z (-inf (inf BYSCORE | ZRANGE z inf inf BYSCORE | ZRANGE z (inf inf BYSCORE | ZRANGE z nan 1 BYSCORE |
			ZRANGE z -inf inf BYSCORE LIMIT 1 2 | ZRANGE z inf -inf BYSCORE REV LIMIT 1 2 | ZRANGE z -inf inf BYSCORE LIMIT -1 2 |
			ZRANGE z -inf inf BYSCORE LIMIT 2 -1 | ZRANGE z -inf inf BYSCORE LIMIT 0 0 | ZRANGE z -inf inf BYSCORE LIMIT 9 9 |
			ZRANGE z 0 1 LIMIT 0 1 | ZRANGEBYSCORE z -0 2 | ZRANGEBYSCORE z 1 2 LIMIT 1 1 WITHSCORES | ZREVRANGEBYSCORE z 2 (1 |
			ZCOUNT z 1 2 | ZCOUNT z (1 (3 | ZCOUNT z 3 1 | ZCOUNT z -inf +inf | ZCOUNT none 1 2 | ZCOUNT z nan 1 | HSET h f v |
			ZRANGE h 0 -1 | ZRANGE h nan 1 BYSCORE | ZCOUNT h 0 1 | ZLEXCOUNT h - + | ZREMRANGEBYRANK h 0 1 | ZRANGESTORE d h 0 -1 |
			ZRANGESTORE h z 1 2 | ZRANGESTORE h none 0 -1 | ZRANGESTORE d z 3 (1 BYSCORE REV LIMIT 0 1 | ZRANGESTORE z z 1 3 |
			ZRANGESTORE d z 5 9 | ZREMRANGEBYSCORE z (1 (2 | ZREMRANGEBYSCORE z 2 2 | ZREMRANGEBYRANK z -1 -1 | ZREMRANGEBYRANK z 0 -1 |
			ZREMRANGEBYRANK none 0 -1 | ZREMRANGEBYSCORE none 0 1`},
		{"zset lex", `
			ZADD z 0 "" 0 a 0 ab 0 b 0 "\x00" 0 "\xff" 0 "\xff\xff" | ZRANGE z - + BYLEX | ZRANGE z + - BYLEX | ZRANGE z + - BYLEX REV |
			ZRANGEBYLEX z [a [b | ZRANGEBYLEX z (a (b | ZRANGEBYLEX z "[" "[" | ZRANGEBYLEX z "(" "[a" | ZRANGEBYLEX z - - |
			ZRANGEBYLEX z + + | ZRANGEBYLEX z - "(" | ZRANGEBYLEX z "[\xff" + | ZRANGEBYLEX z "(\xff\xff" + | ZREVRANGEBYLEX z [b [a |
			ZREVRANGEBYLEX z + - LIMIT 1 2 | ZRANGEBYLEX z [b [a | ZLEXCOUNT z - + | ZLEXCOUNT z [a (b | ZLEXCOUNT none - + |
			ZRANGESTORE d z [a + BYLEX LIMIT 1 -1 | ZREMRANGEBYLEX z [a (b | ZREMRANGEBYLEX z - + | ZREMRANGEBYLEX none - +`},
		{"zset combine", `
			ZADD a 1 x 2 y 3 z | ZADD b 10 y 20 z 30 w | ZUNION 2 a b | ZUNION 2 a b WITHSCORES | ZINTER 2 a b WITHSCORES | ZINTER 1 a |
			ZDIFF 2 a b WITHSCORES | ZDIFF 3 a b none | ZDIFF 2 a a | ZDIFF 2 none a | ZINTER 2 a none | ZUNION 2 none a | ZUNION 1 none |
			ZUNION 2 a b WEIGHTS 2 -1 WITHSCORES | ZUNION 2 a b AGGREGATE MIN WITHSCORES | ZINTER 2 a b AGGREGATE MAX WITHSCORES |
			ZUNION 2 a a WEIGHTS 1 2 WITHSCORES | ZINTER 2 a a WEIGHTS 1 2 WITHSCORES | ZUNION 2 a b WEIGHTS nan 1 | ZINTERCARD 2 a b |
			ZINTERCARD 2 a b LIMIT 1 | ZINTERCARD 2 a b LIMIT 0 | ZINTERCARD 2 a b LIMIT -1 | ZINTERCARD 2 a none | HSET h f v | ZUNION 2 a h |
			ZINTER 2 none h | ZDIFF 2 none h | ZINTERCARD 2 a h | ZUNIONSTORE d 2 a h | ZUNIONSTORE h 2 a b | ZINTERSTORE a 2 a b |
			ZDIFFSTORE b 2 b a | ZDIFFSTORE b 2 a a | ZADD i inf x | ZADD j -inf x | ZADD o 0 x |
			ZINTER 1 o WEIGHTS -1 WITHSCORES | ZUNION 2 o none WEIGHTS -1 1 AGGREGATE MAX WITHSCORES | ZUNIONSTORE s 2 i j | ZINTERSTORE s 2 i j |
			ZUNION 2 i j WEIGHTS 0 1 WITHSCORES | ZINTER 2 i j WEIGHTS 0 0 WITHSCORES | ZINTER 2 i j WEIGHTS 1 0 AGGREGATE MIN WITHSCORES |
			ZINTER 2 j i WEIGHTS 0 1 AGGREGATE MAX WITHSCORES | ZUNIONSTORE s 2 none none | ZADD t 1 a | EXPIRE t 1000 | ZUNIONSTORE t 1 i |
			ZADD l 1 ~65 | ZUNIONSTORE l 1 i | ZADD l 1 ~65 | ZDIFFSTORE l2 1 l | ZADD f1 0.1 m | ZADD f2 0.2 m 1 n | ZADD f3 0.3 m 1 n 2 o |
			ZUNION 3 f3 f2 f1 WITHSCORES | ZINTER 3 f3 f1 f2 WITHSCORES | COPY f3 f4 | RENAME f4 f5 | ZADD f5 5 p | ZUNION 2 f3 f5`},
	}...)
	deliberate = append(deliberate, []struct {
		why   string
		lines []string
		redis reply
		ours  func(t *testing.T, db DB) (any, error)
		want  any
	}{
		{
			why: "a score of -0 is 0, in large sorted sets, too", lines: []string{"ZADD z 1 ~65 -0 a", "ZSCORE z a"}, redis: "-0",
			ours: func(_ *testing.T, db DB) (any, error) {
				if _, err := db.ZSet("z").Add(Scored{strings.Repeat("x", 65), 1}, Scored{"a", math.Copysign(0, -1)}); err != nil {
					return nil, err
				}
				score, err := db.ZSet("z").Score("a")
				return math.Signbit(score), err
			}, want: false,
		},
		{
			why: "random members without end are too many", lines: []string{"ZADD z 1 a", "ZRANDMEMBER z -9223372036854775808"},
			redis: redisError("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"),
			ours: func(_ *testing.T, db DB) (any, error) {
				if _, err := db.ZSet("z").Add(Scored{"a", 1}); err != nil {
					return nil, err
				}
				return db.ZSet("z").RandMembers(math.MinInt)
			}, want: ErrOutOfRange,
		},
	}...)
}
