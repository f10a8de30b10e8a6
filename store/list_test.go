package store

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

func init() {
	handleMakers["List"] = func(db DB, key string) any { return db.List(key) }
	noCommands["DB.List"] = "it makes a handle"
	noCommands["List.Key"] = "it reads the handle"
	for name, r := range map[string]rule{
		"List.All":       sizeOf.except("it returns an iterator", func(r *rule) { r.zero = false }),
		"List.Index":     lookup,
		"List.Insert":    sizeOf,
		"List.LMove":     lookup,
		"List.LPop":      lookup,
		"List.LPopN":     sizeOf,
		"List.LPush":     create,
		"List.LPushX":    sizeOf,
		"List.Len":       sizeOf,
		"List.Pos":       lookup,
		"List.PosWith":   sizeOf,
		"List.RPop":      lookup,
		"List.RPopLPush": lookup,
		"List.RPopN":     sizeOf,
		"List.RPush":     create,
		"List.RPushX":    sizeOf,
		"List.Range":     sizeOf,
		"List.Rem":       sizeOf,
		"List.Set":       lookup,
		"List.Trim":      sizeOf,
		"DB.LMPop":       sizeOf,
	} {
		methodRules[name] = r
	}
	methodArguments["List.Insert"] = []any{After, "pivot", "value"}
	methodArguments["List.LMove"] = []any{"another", Left, Right}
	methodArguments["List.PosWith"] = []any{"value", PosOptions{}}
	methodArguments["DB.LMPop"] = []any{Left, 1, []string{"key"}}

	stateOf[KindList] = []string{"LRANGE", "0", "-1"}
	differs = append(differs, listDiffers...)
	edges = append(edges, listEdges...)
}

// The same command lines to a real Redis: see TestRedisRandom and TestRedisEdges.

var listDiffers = []differ{
	{name: "LPUSH", weight: 8, gen: genPush, call: callPush(List.LPush)},
	{name: "RPUSH", weight: 12, gen: genPush, call: callPush(List.RPush)},
	{name: "LPUSHX", weight: 2, gen: genPush, call: callPush(List.LPushX)},
	{name: "RPUSHX", weight: 2, gen: genPush, call: callPush(List.RPushX)},
	{name: "LPOP", weight: 3, gen: genPop, call: callPop(List.LPop, List.LPopN), fold: foldNone, errors: noCount},
	{name: "RPOP", weight: 3, gen: genPop, call: callPop(List.RPop, List.RPopN), fold: foldNone, errors: noCount},
	{name: "LLEN", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.List(a[0]).Len())
	}},
	{name: "LINDEX", weight: 2, gen: func(w *twin) []string {
		return []string{w.key(), w.place()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		i, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		return result(db.List(a[0]).Index(i))
	}},
	{name: "LRANGE", weight: 4, gen: genKeyRange, call: func(_ *twin, db DB, a []string) (any, error) {
		start, stop, err := placesOf(a[1], a[2])
		if err != nil {
			return nil, err
		}
		values, err := db.List(a[0]).Range(start, stop)
		if err == nil && start == 0 && stop == -1 {
			all, err := db.List(a[0]).All()
			if err != nil || !slices.Equal(values, slices.Collect(all)) {
				return nil, fmt.Errorf("All is not Range(0, -1): %w", err)
			}
		}
		return result(listOf(values), err)
	}},
	{name: "LSET", weight: 4, gen: func(w *twin) []string {
		return []string{w.key(), w.place(), w.element()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		i, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		return result("OK", db.List(a[0]).Set(i, a[2]))
	}, errors: map[string]error{"ERR index out of range": ErrIndex}},
	{name: "LINSERT", weight: 5, gen: func(w *twin) []string {
		return []string{w.key(), pick(w, []string{"BEFORE", "AFTER"}), w.element(), w.element()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.List(a[0]).Insert(map[string]Place{"BEFORE": Before, "AFTER": After}[a[1]], a[2], a[3]))
	}, fold: func(r reply) (any, error) {
		if r == int64(-1) {
			return nil, ErrNotFound
		}
		return r, nil
	}},
	{name: "LREM", weight: 3, gen: func(w *twin) []string {
		return []string{w.key(), w.place(), w.element()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		return count(db.List(a[0]).Rem(n, a[2]))
	}},
	{name: "LTRIM", weight: 2, gen: func(w *twin) []string {
		if w.rng.IntN(2) == 0 {
			return genKeyRange(w)
		}
		return []string{w.key(), strconv.Itoa(w.rng.IntN(3)), strconv.Itoa(-1 - w.rng.IntN(3))}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		start, stop, err := placesOf(a[1], a[2])
		if err != nil {
			return nil, err
		}
		return result("OK", db.List(a[0]).Trim(start, stop))
	}},
	{name: "LPOS", weight: 4, gen: genPos, call: callPos, fold: foldNone, errors: map[string]error{
		"ERR COUNT can't be negative": ErrInvalidOption, "ERR MAXLEN can't be negative": ErrInvalidOption,
	}},
	{name: "LMOVE", weight: 4, gen: func(w *twin) []string {
		return append(genTwoKeys(w), w.side(), w.side())
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.List(a[0]).LMove(a[1], sides[a[2]], sides[a[3]]))
	}},
	{name: "RPOPLPUSH", weight: 2, gen: genTwoKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.List(a[0]).RPopLPush(a[1]))
	}},
	{name: "LMPOP", weight: 3, gen: genMPop, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return nil, errInexpressible
		}
		most := 1
		if i := n + 2; i < len(a) {
			if most, err = strconv.Atoi(a[i+1]); err != nil {
				return nil, errInexpressible
			}
		}
		key, values, err := db.LMPop(sides[a[n+1]], most, a[1:n+1]...)
		if err != nil || len(values) == 0 {
			return nil, err
		}
		return []any{key, listOf(values)}, nil
	}, fold: func(r reply) (any, error) { return r, nil }, errors: map[string]error{
		"ERR count should be greater than 0": ErrInvalidOption,
	}},
}

var (
	sides   = map[string]Side{"LEFT": Left, "RIGHT": Right}
	noCount = map[string]error{"ERR value is out of range, must be positive": ErrInvalidOption}
)

// noList stands for a missing list among the results.
type noList struct{}

// foldNone tells a missing element from a missing list nowhere: the typed API has an
// error for one and an empty result for the other.
func foldNone(r reply) (any, error) {
	if list, ok := r.([]any); r == nil || ok && len(list) == 0 {
		return noList{}, nil
	}
	return r, nil
}

func (w *twin) side() string { return pick(w, []string{"LEFT", "RIGHT"}) }

// element returns a value that other calls are likely to return, too.
func (w *twin) element() string {
	if w.rng.IntN(3) > 0 {
		return pick(w, []string{"", "a", "b", "c", "7", strings.Repeat("x", 65), strings.Repeat("y", 1025)})
	}
	return w.value()
}

func genPush(w *twin) []string {
	args := []string{w.key()}
	n := 1 + w.rng.IntN(5)
	if w.rng.IntN(20) == 0 {
		n = 80
	}
	for range n {
		args = append(args, w.element())
	}
	return args
}

func genPop(w *twin) []string {
	switch w.rng.IntN(10) {
	case 0:
		return []string{w.key(), strconv.Itoa(pick(w, oddPlaces))}
	case 1, 2, 3:
		return []string{w.key(), strconv.Itoa(w.rng.IntN(20))}
	}
	return genKey(w)
}

func genPos(w *twin) []string {
	args := []string{w.key(), w.element()}
	if w.rng.IntN(2) == 0 {
		args = append(args, "RANK", strconv.Itoa(pick(w, []int{1, -1, 2, -2, 3, -5, 100, math.MaxInt, math.MinInt + 1})))
	}
	if w.rng.IntN(2) == 0 {
		args = append(args, "COUNT", strconv.Itoa(pick(w, []int{0, 1, 2, 5, 1000, -1, math.MinInt, math.MaxInt})))
	}
	if w.rng.IntN(3) == 0 {
		args = append(args, "MAXLEN", strconv.Itoa(pick(w, []int{0, 1, 2, 5, 1000, -1, math.MinInt, math.MaxInt})))
	}
	return args
}

func genMPop(w *twin) []string {
	keys := genKeys(w)
	args := append([]string{strconv.Itoa(len(keys))}, keys...)
	args = append(args, w.side())
	if w.rng.IntN(2) == 0 {
		args = append(args, "COUNT", strconv.Itoa(pick(w, []int{1, 2, 3, 10, 1000, 0, -1, math.MaxInt, math.MinInt})))
	}
	return args
}

func placesOf(a, b string) (x, y int, err error) {
	x, err1 := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil {
		return 0, 0, errInexpressible
	}
	return x, y, nil
}

func callPush(push func(List, ...string) (int, error)) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) { return count(push(db.List(a[0]), a[1:]...)) }
}

func callPop(pop func(List) (string, error), popN func(List, int) ([]string, error)) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		if len(a) == 1 {
			s, err := pop(db.List(a[0]))
			if err == ErrNotFound {
				return noList{}, nil
			}
			return result(s, err)
		}
		n, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		values, err := popN(db.List(a[0]), n)
		if err == nil && len(values) == 0 {
			return noList{}, nil
		}
		return result(listOf(values), err)
	}
}

func callPos(_ *twin, db DB, a []string) (any, error) {
	var o PosOptions
	counted := false
	for i := 2; i < len(a); i += 2 {
		n, err := strconv.Atoi(a[i+1])
		if err != nil {
			return nil, errInexpressible
		}
		switch a[i] {
		case "RANK":
			o.Rank = n
		case "COUNT":
			o.Count, counted = n, true
		case "MAXLEN":
			o.MaxLen = n
		}
	}
	l := db.List(a[0])
	if len(a) == 2 {
		i, err := l.Pos(a[1])
		if err == ErrNotFound {
			return noList{}, nil
		}
		return count(i, err)
	}
	if !counted {
		o.Count = 1
	}
	places, err := l.PosWith(a[1], o)
	if err != nil || len(places) == 0 {
		return result(noList{}, err)
	}
	if !counted {
		return int64(places[0]), nil
	}
	list := make([]any, len(places))
	for i, at := range places {
		list[i] = int64(at)
	}
	return list, nil
}

var listEdges = []struct{ name, lines string }{
	{"lists", `
		LPUSH l a | LPUSH l b c | RPUSH l "" d | LPUSHX l e | RPUSHX l f | LPUSHX none a | RPUSHX none a b | LLEN l | LLEN none |
		LRANGE l 0 -1 | LRANGE none 0 -1 | LINDEX l 0 | LINDEX l -1 | LINDEX l 7 | LINDEX l -8 | LINDEX none 0 |
		LINDEX l 9223372036854775807 | LINDEX l -9223372036854775808 | LRANGE l -9223372036854775808 9223372036854775807 |
		LRANGE l 9223372036854775807 -9223372036854775808 | LRANGE l -100 -50 | LRANGE l -50 -100 | LRANGE l 0 -100 |
		LRANGE l 3 2 | LRANGE l 6 6 | LRANGE l 7 7 | LRANGE l -1 0 | LRANGE l -3 -2 | OBJECT ENCODING l | HSET h f v | SET s v |
		LPUSH h a | RPUSH s a | LPUSHX h a | RPUSHX s a | LLEN h | LRANGE s 0 -1 | LINDEX h 0 | GET l | INCR l | APPEND l x |
		SETRANGE l 0 "" | GETEX l | STRLEN l | RPUSH big ~1025 | RPUSH big ~1024 ~65 ~64 | LINDEX big -4 | OBJECT ENCODING big |
		COPY big copy | RPUSH copy x | LPOP big | RENAME copy big | MOVE big db:1 | EXPIRE l 1000 | RPUSH l x | PERSIST l |
		LPUSH "" "" | LPUSH "\x00" "\xff\x00" | LRANGE "\x00" 0 -1 | SET l now | LPUSH l a`},
	{"list pops", `
		LPOP l | RPOP l | LPOP l 0 | LPOP l 5 | RPOP l -1 | LPOP l -9223372036854775808 | RPUSH l a b c d e f | LPOP l | RPOP l |
		LPOP l 0 | LPOP l 2 | RPOP l 0 | RPOP l 9223372036854775807 | LLEN l | EXPIRE l 10 | RPUSH l a | LPOP l | LPOP l | TYPE l |
		RPUSH l a b c | RPOP l 2 | RPOP l 2 | HSET h f v | LPOP h | RPOP h | LPOP h 0 | LPOP h -1 | RPOP h 5 |
		RPUSH x ~2000 a ~3000 | RPOP x | RPOP x | RPOP x | RPUSH e "" "" | RPOP e | LPOP e | LPOP e | EXISTS e`},
	{"list edits", `
		LSET l 0 a | RPUSH l a b c | LSET l 0 A | LSET l -1 C | LSET l 3 x | LSET l -4 x | LSET l 9223372036854775807 x |
		LSET l -9223372036854775808 x | LSET l 1 "" | LSET l 1 ~2000 | LSET l 1 b | LRANGE l 0 -1 | LINSERT none BEFORE a b |
		LINSERT l BEFORE none x | LINSERT l AFTER none x | LINSERT l BEFORE A first | LINSERT l AFTER C last | LINSERT l AFTER b b |
		LINSERT l BEFORE b ~1025 | LRANGE l 0 -1 | HSET h f v | LSET h 0 a | LSET h 100 a | LINSERT h BEFORE a b | LREM h 0 a |
		LTRIM h 0 -1 | LREM none 0 a | RPUSH r a b a c a d a | LREM r 1 a | LREM r -1 a | LREM r 0 none | LREM r 0 a | LREM r 5 b |
		LREM r -9223372036854775808 c | LREM r 9223372036854775807 d | EXISTS r | LTRIM none 0 -1 | RPUSH t 1 2 3 4 5 6 7 | LTRIM t 0 -1 |
		LTRIM t 1 -2 | LTRIM t -4 100 | LTRIM t -100 2 | LTRIM t 0 -9223372036854775808 | EXISTS t | RPUSH t 1 2 3 |
		LTRIM t 9223372036854775807 9223372036854775807 | EXISTS t | RPUSH t 1 2 3 | EXPIRE t 1000 | LTRIM t -9223372036854775808 9223372036854775807 |
		LTRIM t 2 1 | EXISTS t | RPUSH t a | LTRIM t 1 1 | EXISTS t`},
	{"list positions", `
		LPOS l a | LPOS l a COUNT 0 | RPUSH l a b c 1 2 3 c c | LPOS l c | LPOS l none | LPOS l none COUNT 0 | LPOS l c RANK 2 |
		LPOS l c RANK -1 | LPOS l c RANK -1 COUNT 2 | LPOS l c COUNT 0 | LPOS l c RANK 4 | LPOS l c RANK -4 COUNT 0 |
		LPOS l c RANK 9223372036854775807 | LPOS l c RANK -9223372036854775807 COUNT 0 | LPOS l c MAXLEN 2 | LPOS l c MAXLEN 3 |
		LPOS l c COUNT 0 MAXLEN 7 | LPOS l c RANK -1 MAXLEN 1 | LPOS l c RANK -1 COUNT 0 MAXLEN 2 | LPOS l c COUNT -1 | LPOS l c MAXLEN -1 |
		LPOS l c COUNT -9223372036854775808 | LPOS l c MAXLEN 9223372036854775807 COUNT 9223372036854775807 | HSET h f v | LPOS h a |
		LPOS h a COUNT 0 | LPOS none c MAXLEN 0 RANK -1`},
	{"list moves", `
		LMOVE a b LEFT LEFT | RPOPLPUSH a b | HSET h f v | LMOVE a h LEFT LEFT | LMOVE h a LEFT LEFT | LMOVE h h LEFT RIGHT |
		RPUSH a 1 2 3 4 | LMOVE a h LEFT RIGHT | RPOPLPUSH a h | RPOPLPUSH h a | LMOVE a b LEFT LEFT | LMOVE a b LEFT RIGHT |
		LMOVE a b RIGHT LEFT | LMOVE a b RIGHT RIGHT | EXISTS a | LMOVE a b LEFT LEFT | LMOVE b b LEFT RIGHT | LMOVE b b RIGHT LEFT |
		LMOVE b b LEFT LEFT | RPOPLPUSH b b | EXPIRE b 1000 | RPUSH one x | EXPIRE one 1000 | LMOVE one one LEFT RIGHT | RPOPLPUSH one one |
		TTL one | LMOVE one b LEFT RIGHT | EXISTS one | RPUSH big ~2000 ~65 | LMOVE big b RIGHT LEFT | LMOVE big b LEFT RIGHT |
		LMPOP 1 none LEFT | LMPOP 2 none b LEFT | LMPOP 2 none b RIGHT COUNT 2 | LMPOP 2 b b LEFT COUNT 9223372036854775807 |
		LMPOP 1 b LEFT COUNT 0 | LMPOP 1 b LEFT COUNT -1 | LMPOP 2 none h LEFT | RPUSH c x y | LMPOP 2 c h RIGHT | LMPOP 2 h c LEFT |
		LMPOP 3 none h c LEFT COUNT 0 | LMPOP 3 none c none LEFT COUNT 5 | EXISTS c | RPUSH "" a | LMPOP 2 "" "" LEFT`},
}
