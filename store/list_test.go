package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
		"List.LMoveM":    sizeOf,
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
	methodArguments["List.LMoveM"] = []any{"another", Left, Right, MoveOptions{}}
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
		"ERR COUNT can't be negative": ErrOutOfRange, "ERR MAXLEN can't be negative": ErrOutOfRange,
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
		"ERR count should be greater than 0": ErrOutOfRange,
	}},
}

var (
	sides   = map[string]Side{"LEFT": Left, "RIGHT": Right}
	noCount = map[string]error{"ERR value is out of range, must be positive": ErrOutOfRange}
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

// TestListEqualsSlice does random commands on a few lists and on slices.
func TestListEqualsSlice(t *testing.T) {
	for name, opts := range optionSets() {
		if name == "4096 shards" {
			continue // as the default
		}
		t.Run(name, func(t *testing.T) {
			x := &listTester{r: seededRand(t), s: newTest(t, opts...), m: map[string][]string{}, t: t}
			for i := range rounds(6_000) {
				x.step()
				if i%500 == 499 {
					check(t, x.s)
				}
			}
			for _, p := range x.kept {
				require.Equal(t, p.Value, p.Key, "a string that was read has changed")
			}
			for key := range x.m {
				x.drain(key)
			}
			require.Zero(t, x.s.Stats().Memory)
		})
	}
}

type listTester struct {
	t    *testing.T
	r    *rand.Rand
	s    *Store
	m    map[string][]string
	kept []Pair // a value that was read, and a copy of it
}

func (x *listTester) text() string {
	switch x.r.IntN(20) {
	case 0:
		return strings.Repeat("x", 60+x.r.IntN(10))
	case 1:
		return strings.Repeat("y", 1020+x.r.IntN(10))
	}
	return strconv.Itoa(x.r.IntN(12))
}

func (x *listTester) same(want, got any, err error) {
	x.t.Helper()
	require.NoError(x.t, err)
	require.Equal(x.t, want, got)
}

// step does one command on both sides, and compares the list.
func (x *listTester) step() {
	r := x.r
	key := "list:" + strconv.Itoa(r.IntN(4))
	l, m := x.s.List(key), x.m[key]
	s := x.text()
	switch r.IntN(11) {
	case 0, 1:
		n, err := l.RPush(s, s+"!")
		m = append(m, s, s+"!")
		x.same(len(m), n, err)
	case 2:
		n, err := l.LPush(s, s+"!")
		m = slices.Insert(m, 0, s+"!", s)
		x.same(len(m), n, err)
	case 3:
		m = x.pop(l, m)
	case 4:
		n, err := l.Insert(After, s, "new")
		switch at := slices.Index(m, s); {
		case len(m) == 0:
			x.same(0, n, err)
		case at < 0:
			require.True(x.t, err == ErrNotFound)
		default:
			m = slices.Insert(m, at+1, "new")
			x.same(len(m), n, err)
		}
	case 5:
		if len(m) > 0 {
			at := r.IntN(len(m))
			m[at] = s
			x.same(nil, nil, l.Set(at-len(m)*r.IntN(2), s))
		}
	case 6:
		m = x.remove(l, m, s, r.IntN(7)-3)
	case 7:
		x.move(key, "list:"+strconv.Itoa(r.IntN(4)))
		m = x.m[key]
	case 8:
		if r.IntN(8) > 0 {
			break
		}
		from := r.IntN(len(m) + 1)
		to := from + r.IntN(len(m)-from+1)
		m = slices.Clone(m[from:to])
		if to > from {
			x.same(nil, nil, l.Trim(from, to-1))
		} else {
			x.same(nil, nil, l.Trim(from+1, from))
		}
	case 9:
		all, err := l.All()
		require.NoError(x.t, err)
		before := slices.Clone(m)
		for e := range all { // whose body writes
			require.Equal(x.t, before[0], e)
			before = before[1:]
			m = append(m, "later")
			_, err := l.RPush("later")
			require.NoError(x.t, err)
			if len(m)%3 == 0 {
				m = m[1:]
				_, err := l.LPop()
				require.NoError(x.t, err)
			}
			if r.IntN(10) == 0 {
				break
			}
		}
	default:
		x.look(l, m, s)
	}
	x.m[key] = m
	got, err := l.Range(0, -1)
	require.NoError(x.t, err)
	require.True(x.t, slices.Equal(m, got), "%q, not %q", got, m)
	if len(x.kept) < 3000 {
		for _, s := range got[:min(len(got), 3)] {
			x.kept = append(x.kept, Pair{s, strings.Clone(s)})
		}
	}
}

func (x *listTester) pop(l List, m []string) []string {
	if len(m) == 0 {
		_, err := l.LPop()
		require.True(x.t, err == ErrNotFound)
		return m
	}
	n := x.r.IntN(min(len(m)+3, 9))
	most := min(n, len(m))
	switch x.r.IntN(4) {
	case 0:
		s, err := l.LPop()
		x.same(m[0], s, err)
		return m[1:]
	case 1:
		s, err := l.RPop()
		x.same(m[len(m)-1], s, err)
		return m[:len(m)-1]
	case 2:
		values, err := l.LPopN(n)
		require.NoError(x.t, err)
		require.True(x.t, slices.Equal(m[:most], values))
		return m[most:]
	default:
		key, values, err := x.s.LMPop(Right, n+1, "none", l.Key())
		require.NoError(x.t, err)
		most = min(n+1, len(m))
		slices.Reverse(values)
		require.True(x.t, key == l.Key() && slices.Equal(m[len(m)-most:], values))
		return m[:len(m)-most]
	}
}

func (x *listTester) remove(l List, m []string, s string, count int) []string {
	n, err := l.Rem(count, s)
	removed := 0
	if count < 0 {
		slices.Reverse(m)
	}
	m = slices.DeleteFunc(m, func(e string) bool {
		if e != s || count != 0 && removed == max(count, -count) {
			return false
		}
		removed++
		return true
	})
	if count < 0 {
		slices.Reverse(m)
	}
	x.same(removed, n, err)
	return m
}

func (x *listTester) move(key, dst string) {
	from, to := Side(x.r.IntN(2)), Side(x.r.IntN(2))
	s, err := x.s.List(key).LMove(dst, from, to)
	m := x.m[key]
	if len(m) == 0 {
		require.True(x.t, err == ErrNotFound)
		return
	}
	at := 0
	if from == Right {
		at = len(m) - 1
	}
	x.same(m[at], s, err)
	x.m[key] = slices.Delete(m, at, at+1)
	at = 0
	if to == Right {
		at = len(x.m[dst])
	}
	x.m[dst] = slices.Insert(x.m[dst], at, s)
}

func (x *listTester) look(l List, m []string, s string) {
	n, err := l.Len()
	x.same(len(m), n, err)
	places, err := l.PosWith(s, PosOptions{Rank: -1})
	var want []int
	for i := len(m) - 1; i >= 0; i-- {
		if m[i] == s {
			want = append(want, i)
		}
	}
	x.same(want, places, err)
	if len(m) > 0 {
		at := x.r.IntN(len(m))
		s, err := l.Index(at - len(m))
		x.same(m[at], s, err)
	}
}

// drain pops a list until its key is gone.
func (x *listTester) drain(key string) {
	for {
		if _, err := x.s.List(key).RPop(); err != nil {
			require.True(x.t, err == ErrNotFound)
			break
		}
	}
	n, err := x.s.Exists(key)
	x.same(0, n, err)
}

func TestListMistakes(t *testing.T) {
	s := newTest(t)
	l := s.List("l")
	_, err := l.RPush("a", "b", "c")
	require.NoError(t, err)
	before, err := s.Fingerprint()
	require.NoError(t, err)
	for name, call := range map[string]func() error{
		"LPOP":  func() error { _, err := l.LPopN(-1); return err },
		"RPOP":  func() error { _, err := l.RPopN(math.MinInt); return err },
		"LMPOP": func() error { _, _, err := s.LMPop(Left, 0, "l"); return err },
		"LPOS":  func() error { _, err := l.PosWith("a", PosOptions{MaxLen: -1}); return err },
	} {
		requireOutcome(t, ErrOutOfRange, call(), name)
	}
	_, err = l.Insert(After+1, "a", "x")
	requireOutcome(t, ErrInvalidOption, err, "LINSERT")
	_, err = l.LMove("x", Right+1, Left)
	requireOutcome(t, ErrInvalidOption, err, "LMOVE")
	_, err = l.LMove("x", Left, Right+1)
	requireOutcome(t, ErrInvalidOption, err, "LMOVE")
	_, _, err = s.LMPop(Right+1, 1, "l")
	requireOutcome(t, ErrInvalidOption, err, "LMPOP")
	_, err = l.PosWith("a", PosOptions{Count: math.MinInt})
	requireOutcome(t, ErrOutOfRange, err, "LPOS")
	requireOutcome(t, ErrIndex, l.Set(3, "x"), "LSET")
	requireOutcome(t, ErrIndex, l.Set(math.MinInt, "x"), "LSET")
	n, err := l.Insert(Before, "nobody", "x")
	require.True(t, n == 0 && err == ErrNotFound)

	places, err := l.PosWith("a", PosOptions{Rank: math.MinInt, Count: math.MaxInt, MaxLen: math.MaxInt})
	require.True(t, err == nil && places == nil)
	n, err = l.RPush()
	require.True(t, err == nil && n == 3, "no values")
	_, _, err = s.LMPop(Left, 1)
	requireOutcome(t, ErrInvalidOption, err, "LMPOP without keys")
	after, err := s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after, "nothing has changed")

	n, err = s.List("none").RPush()
	require.True(t, err == nil && n == 0)
	exists, err := s.Exists("none")
	require.True(t, err == nil && exists == 0)
}

func TestListTooLarge(t *testing.T) {
	if testing.Short() || strconv.IntSize == 32 {
		t.Skip("it takes several values of 512 MB: not with -short, nor on a 32-bit system")
	}
	s := newTest(t)
	l := s.List("l")
	_, err := l.RPush("a")
	require.NoError(t, err)
	huge := string(make([]byte, MaxStringLen+1))
	_, err = l.RPush("b", huge)
	requireOutcome(t, ErrTooLarge, err, "RPUSH")
	_, err = l.LPushX(huge)
	requireOutcome(t, ErrTooLarge, err, "LPUSHX")
	_, err = l.Insert(After, "a", huge)
	requireOutcome(t, ErrTooLarge, err, "LINSERT")
	requireOutcome(t, ErrTooLarge, l.Set(0, huge), "LSET")
	n, err := l.RPush(huge[:MaxStringLen])
	require.True(t, err == nil && n == 2)
	values, err := l.Range(0, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, values)
}

// Elements that are moved about by many are neither lost nor doubled, and a reader
// never sees a list that is not sorted as it was written.
func TestListsUnderLoad(t *testing.T) {
	for name, opts := range map[string][]Option{"default": nil, "one tiny page": {WithShards(1), tiny}} {
		t.Run(name, func(t *testing.T) { listsUnderLoad(t, newTest(t, opts...)) })
	}
}

func listsUnderLoad(t *testing.T, s *Store) {
	const workers, each = 4, 2000
	var writers, readers sync.WaitGroup
	seen := make([]map[string]int, workers)
	for i := range workers {
		seen[i] = map[string]int{}
		writers.Go(func() {
			queue, mine := s.List("queue"), s.List(fmt.Sprint("worker:", i))
			for n := range each {
				if _, err := queue.RPush(fmt.Sprintf("%d:%06d", i, n)); err != nil {
					t.Error(err)
				}
				job, err := queue.LMove(mine.Key(), Left, Right)
				if err != nil {
					t.Error(err) // there is at least as much as was pushed
				}
				if n%3 == 0 {
					removed, err := mine.Rem(-1, job)
					if err != nil || removed != 1 {
						t.Errorf("Rem %q: %d, %v", job, removed, err)
					}
					seen[i][job]++
				}
			}
		})
	}
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				all, err := s.List("worker:1").All()
				if err != nil {
					t.Error(err)
				}
				last := map[string]string{}
				for job := range all {
					from, _, _ := strings.Cut(job, ":")
					if job <= last[from] {
						t.Errorf("%q after %q", job, last[from])
					}
					last[from] = job
				}
				runtime.Gosched()
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	total := map[string]int{}
	for i := range workers {
		for job, n := range seen[i] {
			total[job] += n
		}
		rest, err := s.List(fmt.Sprint("worker:", i)).Range(0, -1)
		require.NoError(t, err)
		for _, job := range rest {
			total[job]++
		}
	}
	require.Len(t, total, workers*each)
	for job, n := range total {
		require.Equal(t, 1, n, job)
	}
}

// Memory falls with the elements, and to what it was.
func TestListMemory(t *testing.T) {
	s := newTest(t)
	l := s.List("l")
	const n = 50_000
	for range n {
		_, err := l.RPush("0123456789abcdef")
		require.NoError(t, err)
	}
	full, err := s.MemoryUsage("l")
	require.NoError(t, err)
	require.InDelta(t, n*17, full, 200)
	used := s.UsedMemory()
	for left := n; left > 0; left -= n / 10 {
		_, err := l.LPopN(n / 10)
		require.NoError(t, err)
		now := s.UsedMemory()
		require.Less(t, now, used-n/10*16)
		used = now
	}
	require.Zero(t, s.Stats().Memory)
	require.Less(t, used, 20_000)
}

func TestListExpires(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	for _, n := range []int{1, 1000} {
		l := s.List(strconv.Itoa(n))
		for range n {
			_, err := l.RPush("x")
			require.NoError(t, err)
		}
		_, err := s.Expire(l.Key(), time.Second)
		require.NoError(t, err)
		_, err = l.LMove("other", Left, Right) // and the rest keeps its deadline
		require.NoError(t, err)
	}
	clock.Advance(time.Second)
	for _, n := range []int{1, 1000} {
		length, err := s.List(strconv.Itoa(n)).Len()
		require.True(t, err == nil && length == 0)
	}
	length, err := s.List("other").Len()
	require.True(t, err == nil && length == 2)
}

func TestListAllocs(t *testing.T) {
	s := newTest(t, WithShards(1))
	for i := range 5000 { // so that the table has chunks of the usual size
		require.NoError(t, s.String("string:"+strconv.Itoa(i)).Set("0123456789abcdef"))
	}
	values := []string{"0123456789abcdef"}
	for _, n := range []int{0, 10, 10_000} {
		l := s.List(strconv.Itoa(n))
		for range n {
			_, err := l.RPush(values...)
			require.NoError(t, err)
		}
		require.Zero(t, testing.AllocsPerRun(5000, func() {
			if _, err := l.RPush(values...); err != nil {
				t.Error(err)
			}
			if _, err := l.LPop(); err != nil {
				t.Error(err)
			}
		}), "RPush and LPop, %d elements", n)
		_, err := l.RPush(values...)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if got, err := l.Index(n / 2); err != nil || got != values[0] {
				t.Error(got, err)
			}
			if got, err := l.Len(); err != nil || got != n+1 {
				t.Error(got, err)
			}
		}), "Index and Len, %d elements", n)
	}
}

func listOfSize(b *testing.B, n int) List {
	s := New()
	b.Cleanup(func() { s.Close() })
	l := s.List("list")
	for i := range n {
		if _, err := l.RPush(fmt.Sprintf("element%09d", i)); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

func BenchmarkList(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		l := listOfSize(b, n)
		b.Run(fmt.Sprintf("RPush+LPop/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.RPush("0123456789abcdef")
				l.LPop()
			}
		})
		b.Run(fmt.Sprintf("LMove/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.LMove(l.Key(), Left, Right)
			}
		})
		r := rand.New(rand.NewPCG(1, 2))
		b.Run(fmt.Sprintf("Index/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Index(r.IntN(n))
			}
		})
		b.Run(fmt.Sprintf("Range100/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Range(n/2, n/2+99)
			}
		})
		b.Run(fmt.Sprintf("Set/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Set(r.IntN(n), "0123456789abcdef")
			}
		})
	}
	b.Run("memory/1000000", func(b *testing.B) {
		l := listOfSize(b, 1_000_000)
		for b.Loop() {
		}
		b.ReportMetric(float64(l.db.s.UsedMemory())/1e6, "B/element")
	})
}

// A write to a big list counts as an access, as one to a small list does.
func TestListIdleTime(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock), WithTracking(TrackIdleTime))
	for _, n := range []int{1, 1000} {
		l := s.List(strconv.Itoa(n))
		for range n {
			_, err := l.RPush("x")
			require.NoError(t, err)
		}
		clock.Advance(10 * time.Second)
		idle, err := s.ObjectIdleTime(l.Key())
		require.True(t, err == nil && idle == 10*time.Second, "%v, %v", idle, err)
		_, err = l.LPush("x")
		require.NoError(t, err)
		idle, err = s.ObjectIdleTime(l.Key())
		require.True(t, err == nil && idle == 0, "%v, %v", idle, err)
	}
}
