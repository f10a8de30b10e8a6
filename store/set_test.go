package store

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	handleMakers["Set"] = func(db DB, key string) any { return db.Set(key) }
	noCommands["DB.Set"] = "it makes a handle"
	noCommands["Set.Key"] = "it reads the handle"
	overwrites := sizeOf.except("what is stored overwrites any type", anyType)
	maps.Copy(methodRules, map[string]rule{
		"Set.Add":        create,
		"Set.All":        sizeOf,
		"Set.Card":       sizeOf,
		"Set.Diff":       sizeOf,
		"Set.DiffCard":   sizeOf,
		"Set.DiffStore":  overwrites,
		"Set.Inter":      sizeOf,
		"Set.InterCard":  sizeOf,
		"Set.InterStore": overwrites,
		"Set.IsMember":   sizeOf,
		"Set.MIsMember": sizeOf.except("it says no of each member",
			func(r *rule) { r.zero = false }),
		"Set.Members":         sizeOf,
		"Set.Move":            sizeOf,
		"Set.Pop":             lookup,
		"Set.PopN":            sizeOf,
		"Set.RandMember":      lookup,
		"Set.RandMembers":     sizeOf,
		"Set.Rem":             sizeOf,
		"Set.Scan":            sizeOf,
		"Set.Union":           sizeOf,
		"Set.UnionCard":       sizeOf,
		"Set.UnionCardApprox": sizeOf,
		"Set.UnionStore":      overwrites,
	})
	for _, name := range []string{"Set.DiffStore", "Set.InterStore", "Set.UnionStore"} {
		methodArguments[name] = []any{[]string{"another"}}
	}

	stateOf[KindSet] = []string{"SMEMBERS"}
	redisErrors = slices.Insert(redisErrors, 0, struct {
		text string
		err  error
	}{"ERR value is out of range, value must between", ErrOutOfRange}, struct {
		text string
		err  error
	}{"ERR LIMIT can't be negative", ErrOutOfRange})
	differs = append(differs, setDiffers...)
	for _, name := range []string{"SUNIONCARD", "SDIFFCARD"} {
		newer = append(newer, differ{name: name, call: func(_ *twin, db DB, a []string) (any, error) { return callSetCard(db, name, a) }})
	}
	edges = append(edges, setEdges...)
	deliberate = append(deliberate, setDeliberate...)
}

var setDiffers = []differ{
	{name: "SADD", weight: 12, gen: genSAdd, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).Add(a[1:]...))
	}},
	{name: "SREM", weight: 6, gen: genSRem, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).Rem(a[1:]...))
	}},
	{name: "SCARD", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).Card())
	}},
	{name: "SISMEMBER", weight: 2, gen: genKeyMember, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.Set(a[0]).IsMember(a[1]))
	}},
	{name: "SMISMEMBER", weight: 1, gen: genSRem, call: func(_ *twin, db DB, a []string) (any, error) {
		is, err := db.Set(a[0]).MIsMember(a[1:]...)
		list := make([]any, len(is))
		for i := range is {
			list[i], _ = yes(is[i], nil)
		}
		return result(list, err)
	}},
	{name: "SMEMBERS", weight: 1, gen: genKey, call: callSMembers, fold: foldSorted},
	{name: "SMOVE", weight: 5, gen: func(w *twin) []string {
		return []string{w.key(), w.key(), w.member()}
	}, call: func(_ *twin, db DB, a []string) (any, error) { return yes(db.Set(a[0]).Move(a[1], a[2])) }},
	{
		name: "SPOP", weight: 2, gen: genSPop, call: callSPop, fold: foldSorted,
		errors: map[string]error{"ERR value is out of range, must be positive": ErrOutOfRange},
	},
	{name: "SRANDMEMBER", weight: 2, gen: genSRandMember, call: callSRandMember, fold: func(r reply) (any, error) {
		if list, ok := r.([]any); ok {
			return int64(len(list)), nil
		}
		_, err := plain(r)
		return result(int64(1), err)
	}},
	{name: "SSCAN", weight: 1, gen: genSScan, call: callSScan, fold: func(r reply) (any, error) {
		page := r.([]any)
		if page[0] != "0" {
			return nil, fmt.Errorf("cursor %q: one SSCAN was not all", page[0])
		}
		return slices.Compact(sorted(page[1])), nil
	}},
	{name: "SINTER", weight: 2, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return sortedList(db.Set(a[0]).Inter(a[1:]...))
	}, fold: foldSorted},
	{name: "SUNION", weight: 2, gen: genManyKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return sortedList(db.Set(a[0]).Union(a[1:]...))
	}, fold: foldSorted},
	{name: "SDIFF", weight: 2, gen: genManyKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return sortedList(db.Set(a[0]).Diff(a[1:]...))
	}, fold: foldSorted},
	{name: "SINTERCARD", weight: 2, gen: genSInterCard, call: callSInterCard},
	{name: "SINTERSTORE", weight: 2, gen: genStore, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).InterStore(a[1:]...))
	}},
	{name: "SUNIONSTORE", weight: 2, gen: genStore, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).UnionStore(a[1:]...))
	}},
	{name: "SDIFFSTORE", weight: 4, gen: genStore, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Set(a[0]).DiffStore(a[1:]...))
	}},
}

func foldSorted(r reply) (any, error) {
	if _, ok := r.([]any); ok {
		return sorted(r), nil
	}
	return plain(r)
}

func sortedList(members []string, err error) (any, error) {
	members = slices.Clone(members)
	slices.Sort(members)
	return result(listOf(members), err)
}

// callSMembers wants the methods that return all members to agree.
func callSMembers(_ *twin, db DB, a []string) (any, error) {
	members, err := db.Set(a[0]).Members()
	seq, err2 := db.Set(a[0]).All()
	if classOf(err) != classOf(err2) {
		return nil, fmt.Errorf("Members: %w, All: %w", err, err2)
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(members)
	if again := slices.Sorted(seq); !slices.Equal(members, again) {
		return nil, fmt.Errorf("Members %q, All %q", members, again)
	}
	return listOf(members), nil
}

func callSPop(_ *twin, db DB, a []string) (any, error) {
	if len(a) == 1 {
		return result(db.Set(a[0]).Pop())
	}
	n, err := strconv.Atoi(a[1])
	if err != nil {
		return nil, errInexpressible
	}
	return sortedList(db.Set(a[0]).PopN(n))
}

// callSRandMember returns how many members came, and looks at them.
func callSRandMember(_ *twin, db DB, a []string) (any, error) {
	s := db.Set(a[0])
	var members []string
	n := 1
	var err error
	if len(a) == 1 {
		members = make([]string, 1)
		members[0], err = s.RandMember()
	} else {
		if n, err = strconv.Atoi(a[1]); err != nil {
			return nil, errInexpressible
		}
		members, err = s.RandMembers(n)
	}
	if err != nil {
		return nil, err
	}
	for _, member := range members {
		if is, err := s.IsMember(member); !is || err != nil {
			return nil, fmt.Errorf("%q is no member: %w", member, err)
		}
	}
	different := slices.Compact(slices.Sorted(slices.Values(members)))
	if n > 0 && len(different) != len(members) {
		return nil, fmt.Errorf("a member is twice in %q", members)
	}
	return int64(len(members)), nil
}

// callSScan goes through a whole iteration, in steps of its own.
func callSScan(w *twin, db DB, a []string) (any, error) {
	var o ScanOptions
	var err error
	for i := 2; i+1 < len(a); i += 2 {
		if a[i] == "MATCH" {
			o.Match = a[i+1]
		} else if o.Count, err = strconv.Atoi(a[i+1]); err != nil {
			return nil, errInexpressible
		}
	}
	members, cursor := []string{}, uint64(0)
	for range 100_000 {
		if o.Count > 0 {
			o.Count = 1 + w.rng.IntN(20)
		}
		var page []string
		if page, cursor, err = db.Set(a[0]).Scan(cursor, o); err != nil {
			return nil, err
		}
		if members = append(members, page...); cursor == 0 {
			slices.Sort(members)
			return listOf(members), nil
		}
	}
	return nil, errors.New("SSCAN does not end")
}

func callSInterCard(_ *twin, db DB, a []string) (any, error) { return callSetCard(db, "SINTERCARD", a) }

func callSetCard(db DB, name string, a []string) (any, error) {
	n, err := strconv.Atoi(a[0])
	if err != nil || n < 1 || n > len(a)-1 {
		return nil, errInexpressible
	}
	limit, rest := 0, a[1+n:]
	if i := slices.Index(rest, "LIMIT"); i >= 0 {
		if limit, err = strconv.Atoi(rest[i+1]); err != nil {
			return nil, errInexpressible
		}
	}
	set := db.Set(a[1])
	if slices.Contains(rest, "APPROX") {
		return count(set.UnionCardApprox(limit, a[2:1+n]...))
	}
	card := map[string]func(int, ...string) (int, error){
		"SINTERCARD": set.InterCard, "SUNIONCARD": set.UnionCard, "SDIFFCARD": set.DiffCard,
	}
	return count(card[name](limit, a[2:1+n]...))
}

// member returns one of few members, most of them integers.
func (w *twin) member() string {
	switch w.rng.IntN(12) {
	case 0:
		return pick(w, oddValues)
	case 1:
		return w.value()
	}
	return strconv.Itoa(w.rng.IntN(40))
}

func genKeyMember(w *twin) []string { return []string{w.key(), w.member()} }
func genStore(w *twin) []string     { return append(genKey(w), genManyKeys(w)...) }

// genManyKeys returns keys, sometimes more than the algebra asks one by one.
func genManyKeys(w *twin) []string {
	if w.rng.IntN(4) > 0 {
		return genKeys(w)
	}
	return slices.Concat(genKeys(w), genKeys(w), genKeys(w))
}

// genSAdd adds a few members, a row of integers, or more than an intset holds.
func genSAdd(w *twin) []string {
	args := genKeyMember(w)
	switch w.rng.IntN(20) {
	case 0:
		from := w.rng.IntN(1000)
		for i := range pick(w, []int{100, 450, 512, 513, 600}) {
			args = append(args, strconv.Itoa(from+i))
		}
	case 1, 2, 3:
		for range w.rng.IntN(12) {
			args = append(args, strconv.Itoa(w.rng.IntN(40)))
		}
	default:
		for range w.rng.IntN(4) {
			args = append(args, w.member())
		}
	}
	return args
}

func genSRem(w *twin) []string {
	args := genKeyMember(w)
	for range w.rng.IntN(10) {
		args = append(args, w.member())
	}
	if w.rng.IntN(6) == 0 { // down to the integers, or to nothing
		members, _ := w.db().Set(args[0]).Members()
		slices.Sort(members)
		for _, member := range members {
			if _, isInt := parseInt(member); !isInt || w.rng.IntN(10) == 0 {
				args = append(args, member)
			}
		}
	}
	return args
}

var oddCounts = []int64{0, -1, math.MinInt64, math.MaxInt64, math.MinInt64 + 1, math.MaxInt32, math.MinInt32}

// genSPop pops what can't differ: nothing, or all.
func genSPop(w *twin) []string {
	key := w.key()
	n, _ := w.db().Set(key).Card()
	switch w.rng.IntN(4) {
	case 0:
		if n <= 1 {
			return []string{key}
		}
	case 1:
		if at := pick(w, oddCounts); at <= 0 || at > 1000 {
			return []string{key, strconv.FormatInt(at, 10)}
		}
	}
	if n > 8 && w.rng.IntN(4) > 0 {
		n = 0
	}
	return []string{key, strconv.Itoa(n)}
}

func genSRandMember(w *twin) []string {
	key := w.key()
	switch w.rng.IntN(4) {
	case 0:
		return []string{key}
	case 1:
		if n := pick(w, oddCounts); n > math.MinInt32 || n == math.MinInt64 { // Redis would try the others
			return []string{key, strconv.FormatInt(n, 10)}
		}
	}
	return []string{key, strconv.Itoa(w.rng.IntN(60) - 30)}
}

func genSScan(w *twin) []string {
	args := []string{w.key(), "0", "COUNT", "100000"}
	if w.rng.IntN(2) == 0 {
		args = append(args, "MATCH", pick(w, []string{"*", "1*", "[13]", "?", "-*", "*[*", "\\", "key:*"}))
	}
	return args
}

func genSInterCard(w *twin) []string {
	keys := genKeys(w)
	args := append([]string{strconv.Itoa(len(keys))}, keys...)
	if w.rng.IntN(2) == 0 {
		args = append(args, "LIMIT", strconv.FormatInt(pick(w, []int64{0, 1, 2, 5, -1, math.MinInt64, math.MaxInt64}), 10))
	}
	return args
}

// ints returns the integers from a to b for a line of edges.
func ints(a, b int) string {
	list := make([]string, 0, b-a+1)
	for i := a; i <= b; i++ {
		list = append(list, strconv.Itoa(i))
	}
	return strings.Join(list, " ")
}

var setEdges = []struct{ name, lines string }{
	{"sets", `
		SADD k 1 2 3 | SADD k 1 | SADD k 3 4 4 5 | SCARD k | SCARD none | SISMEMBER k 1 | SISMEMBER k 01 | SISMEMBER none x |
		SMISMEMBER k 1 9 1 "" | SMISMEMBER none a b | SMEMBERS k | SMEMBERS none | SREM k 9 | SREM k 1 1 2 | SREM none a |
		SREM k 3 4 5 | TYPE k | SADD k "" | SISMEMBER k "" | SMEMBERS k | SREM k "" | SADD "" "" | SADD b "\x00\xff\r\n" ~64 ~65 |
		SISMEMBER b "\x00\xff\r\n" | SISMEMBER b ~65 | SREM b ~64 | SADD b ~1024 ~1025 ~5000 | SMEMBERS b | SREM b ~1025 |
		SET s x | SADD s a | SREM s a | SCARD s | SISMEMBER s a | SMISMEMBER s a | SMEMBERS s | SADD t a | GET t | APPEND t x |
		INCR t | STRLEN t | EXPIRE t 1000 | SADD t b | SREM t a | PERSIST t | SADD p a | PEXPIREAT p 1 | SADD p b | SMEMBERS p |
		SADD c 1 2 | COPY c d | SADD c 3 | SMEMBERS d | RENAME c e | MOVE e db:1 | SELECT db:1 | SMEMBERS e | SET e x | SADD e a`},
	{"sets' encodings", `
		SADD k 1 | SADD k a | SREM k a | SADD k 2 | COPY k k2 | SADD i 9223372036854775807 -9223372036854775808 |
		SADD i 9223372036854775808 | SADD j -0 | SADD l 01 | SADD m " 1" | SADD n +1 | SADD o "" | SADD p 1 2 x |
		SADD q ` + ints(1, 512) + ` | SADD q 512 | SADD q 513 | SREM q 513 512 511 | SADD r ` + ints(1, 513) + ` |
		SADD s 1 2 3 | SMOVE s t 1 | SADD u a | SMOVE u s a | SREM s a | SADD v a | SMOVE v w a | SMOVE s w 2 |
		SUNIONSTORE x q q | SUNIONSTORE x s | SINTERSTORE x q r | SDIFFSTORE x q r | SDIFFSTORE x r q | SUNIONSTORE x k |
		SADD y a 1 2 3 4 5 6 7 8 | SREM y a | SPOP y 0 | SDIFFSTORE z y s | SINTERSTORE z y | SUNIONSTORE y y`},
	// Algorithm 2 of SDIFFSTORE remembers what was in the first set.
	{"set difference", `
		SADD a a 1 2 3 4 5 6 7 8 9 10 | SADD b a | SADD c b | SDIFFSTORE x a b | SDIFFSTORE x a b c | SDIFFSTORE x a b c c |
		SDIFFSTORE x a b c c c c c c c | SDIFFSTORE x a none none none b | SDIFFSTORE x a a | SDIFFSTORE x none a |
		SDIFFSTORE a a b b b b b b | SMEMBERS a | SADD big ` + ints(1, 600) + ` | SADD d ` + ints(20, 600) + ` |
		SDIFFSTORE x big d | SDIFFSTORE x big d d d d d d | SADD e 1 | SADD f 2 | SDIFFSTORE x big e e e e e e d |
		SADD m 1 2 3 | SDIFFSTORE m m e e e e e | SDIFF big e e e e e e d | SDIFF a b c c c c c c c | SDIFF none | SDIFF a none |
		SET s x | SDIFF a s | SDIFF s a | SDIFFSTORE x s | SDIFFSTORE s a b | SDIFFSTORE s none | SDIFF none s | SDIFFSTORE x none s`},
	{"set algebra", `
		SADD a 1 2 3 4 | SADD b 3 4 5 | SADD c x 3 | SINTER a b | SINTER a b c | SINTER a | SINTER a none | SINTER none a | SINTER none |
		SUNION a b c | SUNION a none | SUNION none | SUNION a a | SDIFF a b | SDIFF a a | SUNION a b c a b c none | SINTER a a a |
		SINTERSTORE d a b | SUNIONSTORE d a c | SINTERSTORE d a none | TYPE d | SINTERSTORE none none | SUNIONSTORE a a b |
		SINTERSTORE a a b | SMEMBERS a | SET s x | SINTER s | SINTER a s | SINTER s a | SINTER none s | SUNION a s | SUNION none s |
		SINTERSTORE e a s | SUNIONSTORE e s | SINTERSTORE s a b | TYPE s | SET s x EX 1000 | SUNIONSTORE s a | PTTL s | SET s x |
		SUNIONSTORE s none | EXISTS s | SADD t 1 | EXPIRE t 1000 | SUNIONSTORE t t | TTL t | SINTERCARD 1 a | SINTERCARD 2 a b |
		SINTERCARD 2 a b LIMIT 1 | SINTERCARD 2 a b LIMIT 0 | SINTERCARD 2 a b LIMIT 9223372036854775807 | SINTERCARD 2 a none |
		SINTERCARD 2 a b LIMIT -1 | SET s x | SINTERCARD 1 s | SINTERCARD 2 a s LIMIT -1 | SINTERCARD 2 none s | SINTERCARD 2 none s LIMIT 1 |
		SADD big ` + ints(1, 300) + ` | SADD big2 ` + ints(200, 600) + ` | SINTER big big2 a | SUNION big big2 a | SDIFF big big2 a |
		SINTERCARD 2 big big2 LIMIT 50 | SINTERCARD 2 big big2 | SUNION a b c big big2 none t`},
	{"set moves", `
		SMOVE none none x | SADD a 1 2 | SMOVE a a 1 | SMOVE a a 9 | SMOVE a b 9 | EXISTS b | SMOVE a b 1 | SMOVE a b 1 | SMOVE a b 2 |
		EXISTS a | SMOVE a b 1 | SET s x | SMOVE s b 1 | SMOVE b s 1 | SMOVE b s 9 | SMOVE none s 1 | SMOVE s s x | SADD c 1 |
		SMOVE b c 1 | SMOVE b c 2 | EXISTS b | SADD d ~65 | EXPIRE d 1000 | SMOVE d e ~65 | TTL e | SADD f x y | EXPIRE f 1000 |
		SMOVE c f 1 | TTL f | SADD g "" | SMOVE g "" ""`},
	{"set pops", `
		SPOP none | SPOP none 5 | SPOP none 0 | SPOP none -1 | SADD k 1 | SPOP k | EXISTS k | SADD k 1 2 3 | SPOP k 0 | SPOP k -1 |
		SPOP k -9223372036854775808 | SPOP k 3 | EXISTS k | SADD k a b | SPOP k 9223372036854775807 | SET s x | SPOP s | SPOP s 0 |
		SPOP s -1 | SPOP s 1 | SRANDMEMBER none | SRANDMEMBER none 5 | SRANDMEMBER none -5 | SRANDMEMBER none -9223372036854775808 |
		SRANDMEMBER s | SRANDMEMBER s 0 | SRANDMEMBER s -1 | SRANDMEMBER s -9223372036854775808 | SRANDMEMBER none -9223372036854775807 |
		SADD k 1 2 3 | SRANDMEMBER k | SRANDMEMBER k 0 | SRANDMEMBER k 2 | SRANDMEMBER k 3 | SRANDMEMBER k 9223372036854775807 |
		SRANDMEMBER k -7 | SRANDMEMBER k -9223372036854775808 | SADD e a | EXPIRE e 1000 | SPOP e 1 | TTL e`},
	{"set scans", `
		SSCAN none 0 | SSCAN none 0 COUNT 5 | SADD k 1 2 30 | SSCAN k 0 | SSCAN k 0 MATCH 3* | SSCAN k 0 MATCH * COUNT 1 |
		SSCAN k 0 COUNT -1 | SSCAN k 0 COUNT 9223372036854775807 | SADD k "" a | SSCAN k 0 MATCH ? | SET s x | SSCAN s 0 |
		SSCAN s 0 COUNT -1 | SADD b ` + ints(1, 400) + ` | SSCAN b 0 COUNT 100000 | SSCAN b 0 COUNT 100000 MATCH 1?`},
}

var setDeliberate = []struct {
	why   string
	lines []string
	redis reply
	ours  func(t *testing.T, db DB) (any, error)
	want  any
}{
	{
		why: "a cursor that SSCAN did not return is a mistake", lines: []string{"SADD k 1", "SSCAN k 18446744073709551615"},
		redis: []any{"0", []any{"1"}}, ours: func(_ *testing.T, db DB) (any, error) {
			_, _, err := db.Set("k").Scan(math.MaxUint64, ScanOptions{})
			return nil, err
		}, want: ErrInvalidCursor,
	},
	{
		why: "options of SSCAN are looked at for a missing key, too", lines: []string{"SSCAN none 0 COUNT -1"},
		redis: []any{"0", []any{}}, ours: func(_ *testing.T, db DB) (any, error) {
			_, _, err := db.Set("none").Scan(0, ScanOptions{Count: -1})
			return nil, err
		}, want: ErrInvalidOption,
	},
	{
		why: "no sources are a mistake", lines: []string{"SUNIONSTORE k"},
		redis: redisError("ERR wrong number of arguments for 'sunionstore' command"),
		ours:  func(_ *testing.T, db DB) (any, error) { return db.Set("k").UnionStore() }, want: ErrInvalidOption,
	},
	{
		why: "nothing to add is nothing added", lines: []string{"SADD k"},
		redis: redisError("ERR wrong number of arguments for 'sadd' command"),
		ours:  func(_ *testing.T, db DB) (any, error) { return db.Set("k").Add() }, want: 0,
	},
}

// TestSetPopStartsAnew: where a fifth is left or less, SPOP makes a new set of that.
func TestSetPopStartsAnew(t *testing.T) {
	c := dialRedis(t)
	for _, n := range []int{5, 6, 12, 100, 600} {
		for left := 1; left < min(n, 140); left++ {
			s := newTest(t).Set("k")
			args := []string{"a"}
			for i := range n {
				args = append(args, strconv.Itoa(i))
			}
			_, err := s.Add(args...)
			require.NoError(t, err)
			_, err = s.Rem("a")
			require.NoError(t, err)
			popped, err := s.PopN(n - left)
			require.NoError(t, err)
			require.Len(t, popped, n-left)
			encoding, err := s.db.ObjectEncoding("k")
			require.NoError(t, err)

			c.do(t, "DEL", "k")
			c.do(t, append([]string{"SADD", "k"}, args...)...)
			c.do(t, "SREM", "k", "a")
			c.do(t, "SPOP", "k", strconv.Itoa(n-left))
			require.Equal(t, c.do(t, "OBJECT", "ENCODING", "k"), reply(encoding), "%d of %d left", left, n)
		}
	}
}

func TestSetTerms(t *testing.T) {
	s := newTest(t)
	set := s.Set("tags")
	require.Equal(t, "tags", set.Key())
	n, err := set.Add("go", "redis", "go")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	is, err := set.MIsMember("go", "c", "redis")
	require.NoError(t, err)
	require.Equal(t, []bool{true, false, true}, is)
	members, err := set.Members()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"go", "redis"}, members)

	for name, test := range map[string]struct {
		do   func() error
		want error
	}{
		"Add of nothing":   {func() error { _, err := s.Set("none").Add(); return err }, nil},
		"PopN -1":          {func() error { _, err := set.PopN(-1); return err }, ErrOutOfRange},
		"PopN min":         {func() error { _, err := set.PopN(math.MinInt); return err }, ErrOutOfRange},
		"RandMembers min":  {func() error { _, err := set.RandMembers(math.MinInt); return err }, ErrOutOfRange},
		"RandMembers -max": {func() error { _, err := set.RandMembers(-math.MaxInt); return err }, ErrOutOfRange},
		"RandMembers most": {func() error { _, err := set.RandMembers(-maxDraws - 1); return err }, ErrOutOfRange},
		"InterCard -1":     {func() error { _, err := set.InterCard(-1); return err }, ErrOutOfRange},
		"UnionCard -1":     {func() error { _, err := set.UnionCard(-1); return err }, ErrOutOfRange},
		"UnionCardApprox":  {func() error { _, err := set.UnionCardApprox(-1, "none"); return err }, ErrOutOfRange},
		"DiffCard -1":      {func() error { _, err := set.DiffCard(math.MinInt, "none"); return err }, ErrOutOfRange},
		"Scan Type":        {func() error { _, _, err := set.Scan(0, ScanOptions{Type: KindSet}); return err }, ErrInvalidOption},
		"Scan Count":       {func() error { _, _, err := set.Scan(0, ScanOptions{Count: -1}); return err }, ErrInvalidOption},
		"Scan cursor":      {func() error { _, _, err := set.Scan(1<<28, ScanOptions{}); return err }, ErrInvalidCursor},
		"InterStore":       {func() error { _, err := set.InterStore(); return err }, ErrInvalidOption},
	} {
		before, err := s.Fingerprint()
		require.NoError(t, err)
		requireOutcome(t, test.want, test.do(), name)
		after, err := s.Fingerprint()
		require.NoError(t, err)
		require.Equal(t, before, after, "%s has changed something", name)
	}
	for _, n := range []int{math.MaxInt, 3, 2} {
		members, err := set.RandMembers(n)
		require.NoError(t, err)
		require.Len(t, members, 2)
	}
	popped, err := set.PopN(math.MaxInt)
	require.NoError(t, err)
	require.Len(t, popped, 2)
	kind, err := s.Type("tags")
	require.NoError(t, err)
	require.Equal(t, KindNone, kind)
}

// A key that another command makes of a set has its wrong type for the others.
func TestSetWrongTypeOfOther(t *testing.T) {
	s := newTest(t)
	_, err := s.Set("set").Add("a")
	require.NoError(t, err)
	require.NoError(t, s.String("string").Set("x"))
	before, err := s.Fingerprint()
	require.NoError(t, err)
	for name, do := range map[string]func() error{
		"Inter":      func() error { _, err := s.Set("set").Inter("string"); return err },
		"InterCard":  func() error { _, err := s.Set("none").InterCard(0, "string"); return err },
		"UnionCard":  func() error { _, err := s.Set("set").UnionCard(1, "string"); return err },
		"Approx":     func() error { _, err := s.Set("set").UnionCardApprox(0, "string"); return err },
		"DiffCard":   func() error { _, err := s.Set("none").DiffCard(1, "string"); return err },
		"Union":      func() error { _, err := s.Set("set").Union("set", "string"); return err },
		"Diff":       func() error { _, err := s.Set("set").Diff("string"); return err },
		"InterStore": func() error { _, err := s.Set("set").InterStore("string"); return err },
		"UnionStore": func() error { _, err := s.Set("set").UnionStore("set", "string"); return err },
		"DiffStore":  func() error { _, err := s.Set("new").DiffStore("none", "string"); return err },
		"Move":       func() error { _, err := s.Set("set").Move("string", "a"); return err },
	} {
		requireOutcome(t, ErrWrongType, do(), name)
	}
	after, err := s.Fingerprint()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// The count is that of a HyperLogLog which got the same members, and a limit bounds it.
func TestSetUnionCardApprox(t *testing.T) {
	s := newTest(t)
	for i, n := range []int{0, 1, 10, 300, 5_000, 60_000} {
		for j := range n {
			member := strconv.Itoa(i*1000 + j)
			_, err := s.Set("a" + strconv.Itoa(j%3)).Add(member)
			require.NoError(t, err)
			_, err = s.HLL("hll").Add(member)
			require.NoError(t, err)
		}
		want, err := s.HLL("hll").Count()
		require.NoError(t, err)
		got, err := s.Set("a0").UnionCardApprox(0, "a1", "a2", "none", "a0")
		require.NoError(t, err)
		require.EqualValues(t, want, got)
		exact, err := s.Set("a0").UnionCard(0, "a1", "a2")
		require.NoError(t, err)
		require.InEpsilon(t, exact+1, got+1, 0.04)
		for _, limit := range []int{1, 100, int(want), int(want) + 1, math.MaxInt} {
			n, err := s.Set("a0").UnionCardApprox(limit, "a1", "a2")
			require.NoError(t, err)
			if limit == 0 {
				limit = math.MaxInt
			}
			require.Equal(t, min(limit, int(want)), n, "limit %d", limit)
		}
	}
}

// setTester compares the sets of a store with maps.
type setTester struct {
	t    testing.TB
	r    *rand.Rand
	s    *Store
	m    map[string]map[string]bool
	kept []Pair
}

func (x *setTester) key() string { return "key:" + strconv.Itoa(x.r.IntN(6)) }

func (x *setTester) member() string {
	switch n := x.r.IntN(60); {
	case n == 0:
		return ""
	case n == 1:
		return strings.Repeat("long", 300)
	case n < 5:
		return strings.Repeat("m", 60+n)
	default:
		return strconv.Itoa(x.r.IntN([]int{10, 200}[x.r.IntN(2)]))
	}
}

func (x *setTester) members() (members []string) {
	for range x.r.IntN([]int{4, 4, 100}[x.r.IntN(3)]) {
		members = append(members, x.member())
	}
	return members
}

// add adds members to the model.
func (x *setTester) add(key string, members ...string) (n int) {
	for _, member := range members {
		if !x.m[key][member] {
			if x.m[key] == nil {
				x.m[key] = map[string]bool{}
			}
			x.m[key][member] = true
			n++
		}
	}
	return n
}

func (x *setTester) rem(key string, members ...string) (n int) {
	for _, member := range members {
		if x.m[key][member] {
			delete(x.m[key], member)
			n++
		}
	}
	if len(x.m[key]) == 0 {
		delete(x.m, key)
	}
	return n
}

// algebra returns what SINTER, SUNION or SDIFF of the model is.
func (x *setTester) algebra(op int, keys []string) map[string]bool {
	out := maps.Clone(x.m[keys[0]])
	if out == nil {
		out = map[string]bool{}
	}
	for _, key := range keys[1:] {
		switch op {
		case 0:
			maps.DeleteFunc(out, func(member string, _ bool) bool { return !x.m[key][member] })
		case 1:
			maps.Copy(out, x.m[key])
		case 2:
			maps.DeleteFunc(out, func(member string, _ bool) bool { return x.m[key][member] })
		}
	}
	return out
}

// taken wants members to be n different ones of the set at key.
func (x *setTester) taken(key string, members []string, n int) {
	require.Len(x.t, members, n)
	require.Len(x.t, slices.Compact(slices.Sorted(slices.Values(members))), n)
	for _, member := range members {
		require.True(x.t, x.m[key][member])
	}
}

func (x *setTester) step() {
	t, key, other := x.t, x.key(), x.key()
	set := x.s.Set(key)
	switch x.r.IntN(12) {
	case 0, 1, 2:
		members := x.members()
		n, err := set.Add(members...)
		require.NoError(t, err)
		require.Equal(t, x.add(key, members...), n)
	case 3, 4:
		members := x.members()
		n, err := set.Rem(members...)
		require.NoError(t, err)
		require.Equal(t, x.rem(key, members...), n)
	case 5:
		member := x.member()
		moved, err := set.Move(other, member)
		require.NoError(t, err)
		require.Equal(t, x.m[key][member], moved)
		if moved {
			x.rem(key, member)
			x.add(other, member)
		}
	case 6:
		member, err := set.Pop()
		require.Equal(t, len(x.m[key]) == 0, err == ErrNotFound)
		if err == nil {
			x.kept = append(x.kept, Pair{member, strings.Clone(member)})
			require.Equal(t, 1, x.rem(key, member))
		}
	case 7:
		n := x.r.IntN(20)
		popped, err := set.PopN(n)
		require.NoError(t, err)
		x.taken(key, popped, min(n, len(x.m[key])))
		x.rem(key, popped...)
	case 8:
		n := x.r.IntN(20)
		members, err := set.RandMembers(n)
		require.NoError(t, err)
		x.taken(key, members, min(n, len(x.m[key])))
		members, err = set.RandMembers(-n)
		require.NoError(t, err)
		for _, member := range members {
			require.True(t, x.m[key][member])
			x.kept = append(x.kept, Pair{member, strings.Clone(member)})
		}
	case 9, 10:
		x.combine(key, other)
	case 11:
		copied, err := x.s.CopyWith(key, other, CopyOptions{Replace: true})
		require.Equal(t, err == nil, key != other)
		if copied {
			x.m[other] = maps.Clone(x.m[key])
		}
	}
}

func (x *setTester) combine(key, other string) {
	op := x.r.IntN(3)
	keys := []string{key, other}
	for range x.r.IntN(5) {
		keys = append(keys, x.key())
	}
	set, dst := x.s.Set(key), x.s.Set(x.key())
	want := x.algebra(op, keys)
	got, err := []func(...string) ([]string, error){set.Inter, set.Union, set.Diff}[op](keys[1:]...)
	require.NoError(x.t, err)
	slices.Sort(got)
	require.Equal(x.t, append([]string{}, slices.Sorted(maps.Keys(want))...), append([]string{}, got...))
	limit := x.r.IntN(5)
	n, err := []func(int, ...string) (int, error){set.InterCard, set.UnionCard, set.DiffCard}[op](limit, keys[1:]...)
	require.NoError(x.t, err)
	if limit > 0 {
		require.Equal(x.t, min(limit, len(want)), n)
	} else {
		require.Equal(x.t, len(want), n)
	}
	if x.r.IntN(2) == 0 {
		n, err := []func(...string) (int, error){dst.InterStore, dst.UnionStore, dst.DiffStore}[op](keys...)
		require.NoError(x.t, err)
		require.Equal(x.t, len(want), n)
		if x.m[dst.key] = want; n == 0 {
			delete(x.m, dst.key)
		}
	}
}

func (x *setTester) whole() {
	t := x.t
	n, err := x.s.DBSize()
	require.NoError(t, err)
	require.Equal(t, len(x.m), n)
	for key, m := range x.m {
		seq, err := x.s.Set(key).All()
		require.NoError(t, err)
		require.Equal(t, slices.Sorted(maps.Keys(m)), slices.Sorted(seq))
		n, err := x.s.Set(key).Card()
		require.NoError(t, err)
		require.Equal(t, len(m), n)
		for range 5 {
			member := x.member()
			is, err := x.s.Set(key).IsMember(member)
			require.NoError(t, err)
			require.Equal(t, m[member], is)
		}
	}
}

func TestSetModel(t *testing.T) {
	for name, opts := range optionSets() {
		t.Run(name, func(t *testing.T) {
			s := newTest(t, opts...)
			x := &setTester{t: t, r: seededRand(t), s: s, m: map[string]map[string]bool{}}
			for i := range rounds(3000) {
				x.step()
				if i%100 == 0 {
					x.whole()
					check(t, s)
				}
			}
			x.whole()
			x.sameFingerprint()
			for _, p := range x.kept {
				require.Equal(t, p.Value, p.Key, "a string that was read has changed")
			}
			for key, m := range x.m {
				n, err := s.Set(key).Rem(slices.Collect(maps.Keys(m))...)
				require.NoError(t, err)
				require.Equal(t, len(m), n)
			}
			require.Zero(t, s.Stats().Memory)
		})
	}
}

// sameFingerprint makes the same sets in another order and form.
func (x *setTester) sameFingerprint() {
	other := newTest(x.t, WithShards(2), tiny)
	for key, m := range x.m {
		for _, member := range slices.Backward(slices.Sorted(maps.Keys(m))) {
			_, err := other.Set(key).Add(member)
			require.NoError(x.t, err)
		}
	}
	a, err := x.s.Fingerprint()
	require.NoError(x.t, err)
	b, err := other.Fingerprint()
	require.NoError(x.t, err)
	require.Equal(x.t, a, b)
}

// A loop over All sees one moment, holds no lock, and its body may write the set.
func TestSetAllWhileWriting(t *testing.T) {
	for _, n := range []int{0, 3, 2000} {
		s := newTest(t, WithShards(1))
		set := s.Set("k")
		want := []string{}
		for i := range n {
			want = append(want, strconv.Itoa(i))
		}
		_, err := set.Add(want...)
		require.NoError(t, err)
		seq, err := set.All()
		require.NoError(t, err)
		for range 2 {
			got := []string{}
			for member := range seq {
				got = append(got, member)
				_, err := set.Rem(member)
				require.NoError(t, err)
				_, err = set.Add("new" + member)
				require.NoError(t, err)
			}
			slices.Sort(got)
			slices.Sort(want)
			require.Equal(t, want, got)
		}
		for range seq {
			break
		}
	}
}

// SCAN's guarantee while the set grows from the packed form and shrinks again.
func TestSetScanUnderWriters(t *testing.T) {
	s := newTest(t, tiny)
	set := s.Set("k")
	r := seededRand(t)
	for _, stable := range []int{2, 5, 100} {
		_, err := s.Del("k")
		require.NoError(t, err)
		for i := range stable {
			_, err := set.Add("stable" + strconv.Itoa(i))
			require.NoError(t, err)
		}
		for range 10 {
			seen := map[string]int{}
			for cursor, more := uint64(0), true; more; more = cursor != 0 {
				var page []string
				page, cursor, err = set.Scan(cursor, ScanOptions{Count: 1 + r.IntN(9)})
				require.NoError(t, err)
				for _, member := range page {
					seen[member]++
				}
				for range 30 {
					member := strconv.Itoa(r.IntN(300))
					if r.IntN(2) == 0 {
						_, err = set.Add(member)
					} else {
						_, err = set.Rem(member)
					}
					require.NoError(t, err)
				}
			}
			for i := range stable {
				require.Equal(t, 1, seen["stable"+strconv.Itoa(i)])
			}
		}
	}
}

// TestSetConserves: members move between sets from several goroutines, and at every
// moment each is in exactly one.
func TestSetConserves(t *testing.T) {
	for _, members := range []int{20, 300} {
		s := newTest(t, WithShards(4))
		keys := []string{"a", "b", "c", "d"}
		for i := range members {
			_, err := s.Set(keys[i%len(keys)]).Add(strconv.Itoa(i))
			require.NoError(t, err)
		}
		var movers, readers sync.WaitGroup
		stop := make(chan struct{})
		for range 3 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					union, err := s.Set("a").Union("b", "c", "d")
					if err != nil || len(union) != members {
						t.Errorf("%d members in all, %v", len(union), err)
						return
					}
					if _, err := s.Set("a").All(); err != nil { // a clone, so that writers copy
						t.Error(err)
					}
					if common, err := s.Set("a").InterCard(0, "b"); common != 0 || err != nil {
						t.Errorf("%d members in two sets, %v", common, err)
						return
					}
				}
			})
		}
		for w := range 3 {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			movers.Go(func() {
				for range rounds(3000) {
					from, to := keys[r.IntN(4)], keys[r.IntN(4)]
					if _, err := s.Set(from).Move(to, strconv.Itoa(r.IntN(members))); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		movers.Wait()
		close(stop)
		readers.Wait()
	}
}

// A set with a deadline keeps it where Redis does.
func TestSetKeepsDeadline(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	set := s.Set("k")
	for i := range 100 {
		_, err := set.Add("a"+strconv.Itoa(i), strconv.Itoa(i))
		require.NoError(t, err)
	}
	_, err := s.Expire("k", time.Minute)
	require.NoError(t, err)
	_, err = set.PopN(190)
	require.NoError(t, err)
	_, err = set.Add("x")
	require.NoError(t, err)
	_, err = set.Pop()
	require.NoError(t, err)
	left, err := s.TTL("k")
	require.NoError(t, err)
	require.Equal(t, time.Minute, left)
	clock.Advance(time.Minute)
	n, err := set.Card()
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestSetReadsAllocateNothing(t *testing.T) {
	s := newTest(t)
	for _, n := range []int{10, 10_000} {
		set := s.Set("k")
		for i := range n {
			_, err := set.Add(strconv.Itoa(i))
			require.NoError(t, err)
		}
		require.Zero(t, testing.AllocsPerRun(100, func() {
			set.IsMember("5")
			set.IsMember("none")
			set.Card()
			set.RandMember()
		}), "reads of %d members", n)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			set.Add("5")
			set.Rem("none")
		}), "writes that change nothing, of %d members", n)
	}
	small := s.Set("small")
	small.Add("a", "b")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		small.Add("c")
		small.Rem("c")
	}), "writes of a small set")
}

// benchmarkSet returns a set of n members of 16 bytes, and them.
func benchmarkSet(b *testing.B, s *Store, key string, from, n int) (Set, []string) {
	b.Helper()
	set, members := s.Set(key), make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf("member%010d", from+i)
	}
	if _, err := set.Add(members...); err != nil {
		b.Fatal(err)
	}
	return set, members
}

func BenchmarkSetIsMember(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := New()
			defer s.Close()
			set, members := benchmarkSet(b, s, "k", 0, n)
			r := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				if is, _ := set.IsMember(members[r.IntN(n)]); !is {
					b.Fatal("no member")
				}
			}
		})
	}
}

func BenchmarkSetAddRem(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := New()
			defer s.Close()
			set, members := benchmarkSet(b, s, "k", 0, n)
			r := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				member := members[r.IntN(n)]
				set.Rem(member)
				set.Add(member)
			}
		})
	}
}

func BenchmarkSetRandMember(b *testing.B) {
	for _, n := range []int{10, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := New()
			defer s.Close()
			set, _ := benchmarkSet(b, s, "k", 0, n)
			b.ReportAllocs()
			for b.Loop() {
				set.RandMember()
			}
		})
	}
}

func BenchmarkSetPop(b *testing.B) {
	s := New()
	defer s.Close()
	set, _ := benchmarkSet(b, s, "k", 0, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		member, _ := set.Pop()
		set.Add(member)
	}
}

// BenchmarkSetMemory is what a member of 16 bytes takes in a set of a million.
func BenchmarkSetMemory(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		s := New()
		benchmarkSet(b, s, "k", 0, n)
		b.ReportMetric(float64(s.UsedMemory())/n, "B/member")
		s.Close()
	}
}

// BenchmarkSetInterOfMaps is what BenchmarkSetAlgebra/inter does, of built-in maps.
func BenchmarkSetInterOfMaps(b *testing.B) {
	x, y := map[string]struct{}{}, map[string]struct{}{}
	for i := range 10_000 {
		x[fmt.Sprintf("member%010d", i)] = struct{}{}
		y[fmt.Sprintf("member%010d", 5000+i)] = struct{}{}
	}
	b.ReportAllocs()
	for b.Loop() {
		var common []string
		for member := range x {
			if _, both := y[member]; both {
				common = append(common, member)
			}
		}
		if len(common) != 5000 {
			b.Fatal(len(common))
		}
	}
}

// BenchmarkSetAlgebra is of two sets of 10,000, with half of the members in common.
func BenchmarkSetAlgebra(b *testing.B) {
	s := New()
	defer s.Close()
	set, _ := benchmarkSet(b, s, "a", 0, 10_000)
	benchmarkSet(b, s, "b", 5000, 10_000)
	for _, op := range []struct {
		name string
		run  func(...string) ([]string, error)
		want int
	}{{"inter", set.Inter, 5000}, {"union", set.Union, 15_000}, {"diff", set.Diff, 5000}} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if members, _ := op.run("b"); len(members) != op.want {
					b.Fatal(len(members))
				}
			}
		})
	}
	dst := s.Set("dst")
	for _, op := range []struct {
		name string
		run  func(...string) (int, error)
	}{{"interstore", dst.InterStore}, {"unionstore", dst.UnionStore}, {"diffstore", dst.DiffStore}} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				op.run("a", "b")
			}
		})
	}
}
