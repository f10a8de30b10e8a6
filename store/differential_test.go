package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The same command lines go to a real redis-server and, by way of the table
// differs, to the typed API, and must do the same to both: every reply, every
// error and, every few lines, the whole state (keys, types, values, encodings,
// deadlines of two databases) is compared. The lines are random in TestRedisRandom
// and picked by hand in TestRedisEdges. A database is written db:0 or db:1 and
// stands for one that the connection owns in the server.

// A differ is a Redis command in both worlds.
type differ struct {
	name   string
	weight int // how often TestRedisRandom takes it

	// gen makes the arguments of a random call.
	gen func(w *twin) []string
	// call does the same by the typed API. Its result has the form of Redis's
	// reply, or is one of the types below where that can't be compared.
	call func(w *twin, db DB, args []string) (any, error)
	// fold brings Redis's reply, which is no error, into the form of call's result.
	// Without it a nil is ErrNotFound, and all else stays.
	fold func(r reply) (any, error)
	// first is sent to Redis before the command.
	first []string
	// errors says what Redis's errors, by their beginnings, are called here where
	// redisErrors has another name.
	errors map[string]error
}

type (
	moment int64 // a deadline in ms; one that was set relative to now is not exact
	ttl    int64 // a time to live in ms, never exact
)

// errInexpressible says that the typed API has no way to say the command.
var errInexpressible = errors.New("the typed API can't express this")

// farAway divides the deadlines that the tests set relative to now, below, from
// the absolute ones: it is the year 2099.
const farAway moment = 4070908800000

// slack is how many ms two worlds may differ in what depends on the time of day.
const slack = 30000

var differs = []differ{
	{name: "APPEND", weight: 4, gen: genKeyValue, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.String(a[0]).Append(a[1]))
	}},
	{name: "DECR", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.String(a[0]).Decr())
	}},
	{name: "DECRBY", weight: 2, gen: genKeyInt, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.ParseInt(a[1], 10, 64)
		if err != nil {
			return nil, errInexpressible
		}
		return result(db.String(a[0]).DecrBy(n))
	}},
	{name: "GET", weight: 3, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		buf, err := db.String(a[0]).AppendTo([]byte("x"))
		text, err2 := db.String(a[0]).Get()
		if string(buf) != "x"+text || (err == nil) != (err2 == nil) {
			return nil, fmt.Errorf("AppendTo %.80q, %v; Get %.80q, %w", buf, err, text, err2)
		}
		return result(text, err2)
	}},
	{name: "GETDEL", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.String(a[0]).GetDel())
	}},
	{name: "GETEX", weight: 4, gen: genGetEx, call: func(_ *twin, db DB, a []string) (any, error) {
		o, err := setOptions(a[1:])
		if err != nil {
			return nil, err
		}
		return result(db.String(a[0]).GetEx(o.Expiry))
	}},
	{name: "GETRANGE", weight: 3, gen: genKeyRange, call: callGetRange},
	{name: "SUBSTR", weight: 1, gen: genKeyRange, call: callGetRange},
	{name: "GETSET", weight: 2, gen: genKeyValue, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.String(a[0]).GetSet(a[1]))
	}},
	{name: "INCR", weight: 3, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.String(a[0]).Incr())
	}},
	{name: "INCRBY", weight: 3, gen: genKeyInt, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.ParseInt(a[1], 10, 64)
		if err != nil {
			return nil, errInexpressible
		}
		return result(db.String(a[0]).IncrBy(n))
	}},
	{name: "INCRBYFLOAT", weight: 4, gen: genKeyFloat, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.ParseFloat(a[1], 64)
		if err != nil || formatFloat(n) != a[1] {
			return nil, errInexpressible
		}
		return result(db.String(a[0]).IncrByFloat(n))
	}, fold: func(r reply) (any, error) {
		n, _ := strconv.ParseFloat(r.(string), 64) // infinity if it is out of range
		return n, nil
	}},
	{name: "LCS", weight: 3, gen: genLCS, call: callLCS, fold: func(r reply) (any, error) { return r, nil }},
	{name: "MGET", weight: 2, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		values, err := db.MGet(a...)
		list := make([]any, len(values))
		for i, v := range values {
			if v.Found {
				list[i] = v.Value
			}
		}
		return result(list, err)
	}},
	{name: "MSET", weight: 2, gen: genPairs, call: func(_ *twin, db DB, a []string) (any, error) {
		return result("OK", db.MSet(pairsOf(a)...))
	}},
	{name: "MSETNX", weight: 2, gen: genPairs, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.MSetNX(pairsOf(a)...))
	}},
	{name: "SET", weight: 12, gen: genSet, call: callSet},
	{name: "SETEX", weight: 2, gen: func(w *twin) []string {
		return []string{w.key(), w.seconds(), w.value()}
	}, call: callSetEx(time.Second)},
	{name: "PSETEX", weight: 2, gen: func(w *twin) []string {
		return []string{w.key(), w.millis(), w.value()}
	}, call: callSetEx(time.Millisecond)},
	{name: "SETNX", weight: 2, gen: genKeyValue, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.String(a[0]).SetNX(a[1]))
	}},
	{name: "SETRANGE", weight: 4, gen: genSetRange, call: func(_ *twin, db DB, a []string) (any, error) {
		offset, err := strconv.Atoi(a[1])
		if err != nil {
			return nil, errInexpressible
		}
		return count(db.String(a[0]).SetRange(offset, a[2]))
	}},
	{name: "STRLEN", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.String(a[0]).StrLen())
	}},

	{name: "COPY", weight: 4, gen: genCopy, call: callCopy},
	{name: "DEL", weight: 3, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Del(a...))
	}},
	{name: "UNLINK", weight: 1, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Unlink(a...))
	}},
	{name: "EXISTS", weight: 2, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Exists(a...))
	}},
	{name: "TOUCH", weight: 1, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Touch(a...))
	}},
	{name: "EXPIRE", weight: 3, gen: func(w *twin) []string {
		return append([]string{w.key(), w.seconds()}, w.condition()...)
	}, call: callExpire(time.Second)},
	{name: "PEXPIRE", weight: 3, gen: func(w *twin) []string {
		return append([]string{w.key(), w.millis()}, w.condition()...)
	}, call: callExpire(time.Millisecond)},
	{name: "EXPIREAT", weight: 4, gen: func(w *twin) []string {
		return append([]string{w.key(), w.second()}, w.condition()...)
	}, call: callExpireAt(func(n int64) time.Time { return time.Unix(n, 0) })},
	{name: "PEXPIREAT", weight: 4, gen: func(w *twin) []string {
		return append([]string{w.key(), w.milli()}, w.condition()...)
	}, call: callExpireAt(time.UnixMilli)},
	{name: "EXPIRETIME", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		at, err := db.ExpireTime(a[0])
		if at.IsZero() {
			return result(int64(-1), err)
		}
		return moment((at.UnixMilli() + 500) / 1000 * 1000), err
	}, fold: foldTime(func(n int64) any { return moment(n * 1000) })},
	{name: "PEXPIRETIME", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		at, err := db.ExpireTime(a[0])
		if at.IsZero() {
			return result(int64(-1), err)
		}
		return moment(at.UnixMilli()), err
	}, fold: foldTime(func(n int64) any { return moment(n) })},
	{name: "TTL", weight: 1, gen: genKey, call: callTTL, fold: foldTime(func(n int64) any { return ttlOf(n * 1000) })},
	{name: "PTTL", weight: 1, gen: genKey, call: callTTL, fold: foldTime(func(n int64) any { return ttlOf(n) })},
	{name: "PERSIST", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.Persist(a[0]))
	}},
	{
		name: "KEYS", weight: 1, gen: func(w *twin) []string { return []string{pick(w, patterns)} },
		call: func(_ *twin, db DB, a []string) (any, error) {
			keys, err := db.Keys(a[0])
			slices.Sort(keys)
			return listOf(keys), err
		}, fold: func(r reply) (any, error) { return sorted(r), nil },
	},
	{
		name: "MOVE", weight: 3, gen: func(w *twin) []string { return []string{w.key(), w.database()} },
		call: func(_ *twin, db DB, a []string) (any, error) { return yes(db.Move(a[0], databaseOf(a[1]))) },
	},
	{
		name: "OBJECT", weight: 1, gen: func(w *twin) []string { return []string{"ENCODING", w.key()} },
		call: func(_ *twin, db DB, a []string) (any, error) { return result(db.ObjectEncoding(a[1])) },
		fold: plain,
	},
	{name: "RANDOMKEY", weight: 1, gen: genNothing, call: func(_ *twin, db DB, _ []string) (any, error) {
		key, err := db.RandomKey()
		if err != nil {
			return nil, err
		}
		return count(db.Exists(key))
	}, fold: func(r reply) (any, error) {
		_, err := plain(r)
		return result(int64(1), err)
	}},
	{name: "RENAME", weight: 3, gen: genTwoKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return result("OK", db.Rename(a[0], a[1]))
	}},
	{name: "RENAMENX", weight: 3, gen: genTwoKeys, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.RenameNX(a[0], a[1]))
	}},
	{name: "SCAN", weight: 1, gen: genScan, call: callScan, fold: func(r reply) (any, error) {
		page := r.([]any)
		if page[0] != "0" {
			return nil, fmt.Errorf("cursor %q: one SCAN was not all", page[0])
		}
		return slices.Compact(sorted(page[1])), nil
	}},
	{name: "TYPE", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		kind, err := db.Type(a[0])
		return result(kind.String(), err)
	}},
	// Redis counts overdue keys until it comes across them, which SCAN makes it do.
	{
		name: "DBSIZE", weight: 1, gen: genNothing, first: []string{"SCAN", "0", "COUNT", "1000"},
		call: func(_ *twin, db DB, _ []string) (any, error) { return count(db.DBSize()) },
	},
	{name: "FLUSHDB", gen: genNothing, weight: 1, call: func(_ *twin, db DB, _ []string) (any, error) {
		return result("OK", db.FlushDB())
	}},
	{
		name: "SWAPDB", weight: 1, gen: func(w *twin) []string { return []string{w.database(), w.database()} },
		call: func(w *twin, _ DB, a []string) (any, error) {
			swap := w.s.SwapDB
			if w.tx != nil {
				swap = w.tx.SwapDB
			}
			return result("OK", swap(databaseOf(a[0]), databaseOf(a[1])))
		},
	},
	{
		name: "SELECT", weight: 3, gen: func(w *twin) []string { return []string{fmt.Sprintf("db:%d", w.rng.IntN(2))} },
		call: func(w *twin, _ DB, a []string) (any, error) {
			w.cur = databaseOf(a[0])
			return "OK", nil
		},
	},
}

func differByName(name string) *differ {
	i := slices.IndexFunc(differs, func(d differ) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	return &differs[i]
}

// Results of typed methods in the form of replies.

func result[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

func count(n int, err error) (any, error) { return result(int64(n), err) }

func yes(ok bool, err error) (any, error) {
	if ok {
		return result(int64(1), err)
	}
	return result(int64(0), err)
}

func listOf(keys []string) []any {
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = key
	}
	return list
}

func sorted(r reply) []any {
	list := slices.Clone(r.([]any))
	slices.SortFunc(list, func(x, y any) int { return cmp.Compare(x.(string), y.(string)) })
	return list
}

func plain(r reply) (any, error) {
	if r == nil {
		return nil, ErrNotFound
	}
	return r, nil
}

func foldTime(form func(int64) any) func(r reply) (any, error) {
	return func(r reply) (any, error) {
		switch n := r.(int64); n {
		case -2:
			return nil, ErrNotFound
		case -1:
			return n, nil
		default:
			return form(n), nil
		}
	}
}

// ttlOf returns a time to live as far as a time.Duration goes, 292 years.
func ttlOf(ms int64) ttl { return ttl(min(ms, time.Duration(math.MaxInt64).Milliseconds())) }

// Calls that have to read their arguments.

func pairsOf(args []string) (pairs []Pair) {
	for i := 0; i < len(args); i += 2 {
		pairs = append(pairs, Pair{Key: args[i], Value: args[i+1]})
	}
	return pairs
}

func databaseOf(arg string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "db:"))
	if err != nil {
		panic(err)
	}
	return n
}

func callGetRange(_ *twin, db DB, a []string) (any, error) {
	start, err1 := strconv.Atoi(a[1])
	end, err2 := strconv.Atoi(a[2])
	if err1 != nil || err2 != nil {
		return nil, errInexpressible
	}
	return result(db.String(a[0]).GetRange(start, end))
}

func durationOf(text string, unit time.Duration) (time.Duration, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(math.MaxInt64/unit) || n < int64(math.MinInt64/unit) {
		return 0, errInexpressible
	}
	return time.Duration(n) * unit, nil
}

// setOptions reads the options of SET and GETEX.
func setOptions(args []string) (o SetOptions, err error) {
	for i := 0; i < len(args) && err == nil; i++ {
		arg, next := args[i], ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch arg {
		case "NX":
			o.If = IfAbsent
		case "XX":
			o.If = IfPresent
		case "IFEQ", "IFNE", "IFDEQ", "IFDNE":
			o.If, o.Match = conditions[arg], next
			i++
		case "GET":
			o.Get = true
		case "KEEPTTL":
			o.Expiry = KeepTTL
		case "PERSIST":
			o.Expiry = Persist
		default:
			o.Expiry, err = expiryOf(arg, next)
			i++
		}
	}
	return o, err
}

func expiryOf(option, arg string) (e Expiry, err error) {
	var d time.Duration
	var n int64
	switch option {
	case "EX":
		d, err = durationOf(arg, time.Second)
		return ExpireIn(d), err
	case "PX":
		d, err = durationOf(arg, time.Millisecond)
		return ExpireIn(d), err
	case "EXAT":
		n, err = strconv.ParseInt(arg, 10, 64)
		return ExpireAt(time.Unix(n, 0)), err
	case "PXAT":
		n, err = strconv.ParseInt(arg, 10, 64)
		return ExpireAt(time.UnixMilli(n)), err
	}
	return e, errInexpressible
}

func callSet(w *twin, db DB, a []string) (any, error) {
	s := db.String(a[0])
	if len(a) == 2 {
		if w.rng.IntN(2) == 0 {
			buf := []byte(a[1])
			err := s.SetBytes(buf)
			clear(buf) // it is the caller's
			return result("OK", err)
		}
		return result("OK", s.Set(a[1]))
	}
	o, err := setOptions(a[2:])
	if err != nil {
		return nil, err
	}
	_, missing := db.ObjectEncoding(a[0]) // as it is no read
	r, err := s.SetWith(a[1], o)
	switch {
	case err != nil:
		return nil, err
	case o.If <= IfPresent && r.Set != (o.If == Always || (o.If == IfPresent) == (missing == nil)):
		return nil, fmt.Errorf("SetWith says Set %v", r.Set)
	case !o.Get && r.Old != Optional{}:
		return nil, fmt.Errorf("SetWith says Old %.80q unasked", r.Old.Value)
	case o.Get && !r.Old.Found, !o.Get && !r.Set:
		return nil, ErrNotFound
	case o.Get:
		return r.Old.Value, nil
	}
	return "OK", nil
}

func callSetEx(unit time.Duration) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		d, err := durationOf(a[1], unit)
		if err != nil {
			return nil, err
		}
		return result("OK", db.String(a[0]).SetEX(a[2], d))
	}
}

func callLCS(_ *twin, db DB, a []string) (any, error) {
	s := db.String(a[0])
	switch {
	case len(a) == 2:
		return result(s.LCS(a[1]))
	case a[2] == "LEN":
		return count(s.LCSLen(a[1]))
	}
	if len(a) != 6 || a[2] != "IDX" || a[3] != "WITHMATCHLEN" || a[4] != "MINMATCHLEN" {
		return nil, errInexpressible
	}
	minLen, err := strconv.Atoi(a[5])
	if err != nil {
		return nil, errInexpressible
	}
	matches, n, err := s.LCSIdx(a[1], minLen)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(matches))
	for i, m := range matches {
		list[i] = []any{
			[]any{int64(m.A.Start), int64(m.A.End)},
			[]any{int64(m.B.Start), int64(m.B.End)},
			int64(m.Len),
		}
	}
	return []any{"matches", list, "len", int64(n)}, nil
}

func callCopy(_ *twin, db DB, a []string) (any, error) {
	var o CopyOptions
	for i := 2; i < len(a); i++ {
		switch a[i] {
		case "REPLACE":
			o.Replace = true
		case "DB":
			i++
			n := databaseOf(a[i])
			o.DB = &n
		}
	}
	if len(a) == 2 {
		return yes(db.Copy(a[0], a[1]))
	}
	return yes(db.CopyWith(a[0], a[1], o))
}

var conditions = map[string]Condition{
	"NX": IfAbsent, "XX": IfPresent, "GT": IfGreater, "LT": IfLess,
	"XX GT": IfPresentAndGreater, "XX LT": IfPresentAndLess,
	"IFEQ": IfEqual, "IFNE": IfNotEqual, "IFDEQ": IfDigestEqual, "IFDNE": IfDigestNotEqual,
}

func conditionOf(args []string) ([]Condition, error) {
	if len(args) == 0 {
		return nil, nil
	}
	cond, ok := conditions[strings.Join(args, " ")]
	if !ok {
		return nil, errInexpressible
	}
	return []Condition{cond}, nil
}

func callExpire(unit time.Duration) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		d, err1 := durationOf(a[1], unit)
		cond, err2 := conditionOf(a[2:])
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return yes(db.Expire(a[0], d, cond...))
	}
}

func callExpireAt(form func(int64) time.Time) func(*twin, DB, []string) (any, error) {
	return func(_ *twin, db DB, a []string) (any, error) {
		n, err1 := strconv.ParseInt(a[1], 10, 64)
		cond, err2 := conditionOf(a[2:])
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return yes(db.ExpireAt(a[0], form(n), cond...))
	}
}

func callTTL(_ *twin, db DB, a []string) (any, error) {
	d, err := db.TTL(a[0])
	if d == NoTTL {
		return result(int64(-1), err)
	}
	return result(ttl(d.Milliseconds()), err)
}

// callScan goes through a whole iteration, in steps of its own.
func callScan(w *twin, db DB, a []string) (any, error) {
	var o ScanOptions
	cursor, err := strconv.ParseUint(a[0], 10, 64)
	for i := 1; i+1 < len(a); i += 2 {
		switch a[i] {
		case "MATCH":
			o.Match = a[i+1]
		case "COUNT":
			o.Count, err = strconv.Atoi(a[i+1])
		case "TYPE":
			o.Type = KindNone
			for k := range kinds {
				if kinds[k].name == a[i+1] {
					o.Type = Kind(k)
				}
			}
		}
	}
	if err != nil {
		return nil, errInexpressible
	}
	keys := []string{}
	for range 100_000 {
		if o.Count > 0 {
			o.Count = 1 + w.rng.IntN(20)
		}
		var page []string
		if page, cursor, err = db.Scan(cursor, o); err != nil {
			return nil, err
		}
		if keys = append(keys, page...); cursor == 0 {
			slices.Sort(keys)
			return listOf(keys), nil
		}
	}
	return nil, errors.New("SCAN does not end")
}

// Arguments of random calls.

var (
	someKeys = []string{
		"", "a", "b", "key:1", "key:2", "*[x]?\\", "\x00\xff\r\n", strings.Repeat("long", 100),
	}
	patterns = []string{
		"*", "?", "key:*", "[ab]", "[^a]", "k*1", "*1", "", "\\**", "*[*", "a", "long*long", "\x00?\r*", "??", "[a-", "\\",
	}
	oddValues = []string{
		"", "0", "-0", "+1", " 1", "1 ", "01", "-", "1.0", "3.14", "-0.1", "1e5", "1e-5", "0x10", "inf", "-inf", "nan",
		"1e4900", "1e5000", "1e-4000", ".5", "5.", "abc", "abcabc", "bca", "\x00", "\xff\xfe", "1\x00", "OK",
		"9223372036854775807", "9223372036854775806", "9223372036854775808", "-9223372036854775808", "-9223372036854775807",
		"-9223372036854775809", "18446744073709551616", "0.1", "0.2", "10000000000000000000000000000000",
	}
	lengths   = []int{1, 10, 19, 20, 21, 43, 44, 45, 46, 64, 200, 1023, 1024, 1025, 5000}
	oddInts   = []int64{0, 1, -1, 10, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1, 1 << 31, -1 << 31}
	oddFloats = []float64{
		0, 1, -1, 0.1, -0.1, 0.2, 1.5, 1e17, 3e-5, 1e-17, 1e-18, 1e300, -1e300,
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
	}
	oddPlaces = []int{0, 1, -1, 5, -5, 44, 45, 1000, 1024, -1024, 6000, -6000, math.MaxInt, math.MinInt, math.MaxInt32, math.MinInt32}
)

func pick[T any](w *twin, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *twin) key() string { return pick(w, someKeys) }

func (w *twin) value() string {
	switch w.rng.IntN(6) {
	case 0, 1:
		return strconv.Itoa(w.rng.IntN(400) - 200)
	case 2:
		return formatFloat(float64(w.rng.IntN(1e6)-5e5) / 1000)
	case 3:
		n := pick(w, lengths)
		if n > 200 && w.rng.IntN(4) > 0 {
			n = 30
		}
		buf := make([]byte, n)
		for i, alphabet := 0, pick(w, []int{2, 10, 256}); i < n; i++ {
			buf[i] = byte('0' + w.rng.IntN(alphabet))
		}
		return string(buf)
	}
	return pick(w, oddValues)
}

func (w *twin) place() string {
	if w.rng.IntN(3) == 0 {
		return strconv.Itoa(pick(w, oddPlaces))
	}
	return strconv.Itoa(w.rng.IntN(60) - 30)
}

func (w *twin) condition() []string {
	return strings.Fields(pick(w, []string{"", "", "NX", "XX", "GT", "LT", "XX GT", "XX LT"}))
}

func (w *twin) database() string {
	if w.rng.IntN(30) == 0 {
		return pick(w, []string{"db:-1", "db:99999"})
	}
	return fmt.Sprintf("db:%d", w.rng.IntN(2))
}

// seconds returns a time to live. No two are so close that it matters when exactly
// one of them began.
func (w *twin) seconds() string {
	if w.rng.IntN(15) == 0 {
		return pick(w, []string{"0", "-1", "-1000000"})
	}
	w.ttls++
	return strconv.FormatInt(1_000_000+w.ttls*7919%100_003*100, 10)
}

func (w *twin) millis() string {
	if w.rng.IntN(15) == 0 {
		return pick(w, []string{"0", "-1", "-9000000000000"})
	}
	s := w.seconds()
	if len(s) < 7 || s[0] == '-' {
		return s
	}
	return s + "000"
}

// second returns a deadline.
func (w *twin) second() string {
	switch w.rng.IntN(8) {
	case 0:
		return pick(w, []string{"0", "-1", "1", "1000000000"})
	case 1:
		return strconv.FormatInt(pick(w, []int64{math.MaxInt64/1000 - 1, math.MaxInt64/1000 + 1, math.MinInt64/1000 - 1}), 10)
	}
	return strconv.FormatInt(4102444800+w.rng.Int64N(4), 10)
}

func (w *twin) milli() string {
	if w.rng.IntN(8) == 0 {
		return pick(w, []string{"0", "-1", "1", "1000000000000", "-9000000000000000000"})
	}
	return strconv.FormatInt(4102444800000+w.rng.Int64N(4), 10)
}

// expiry returns what EX, PX, EXAT or PXAT take, with the name.
func (w *twin) expiry() []string {
	switch w.rng.IntN(4) {
	case 0:
		return []string{"EX", w.seconds()}
	case 1:
		return []string{"PX", w.millis()}
	case 2:
		return []string{"EXAT", w.second()}
	}
	return []string{"PXAT", w.milli()}
}

func genNothing(*twin) []string       { return nil }
func genKey(w *twin) []string         { return []string{w.key()} }
func genTwoKeys(w *twin) []string     { return []string{w.key(), w.key()} }
func genKeyValue(w *twin) []string    { return []string{w.key(), w.value()} }
func genKeyRange(w *twin) []string    { return []string{w.key(), w.place(), w.place()} }
func genKeyFloat(w *twin) []string    { return []string{w.key(), formatFloat(pick(w, oddFloats))} }
func genKeys(w *twin) (args []string) { return w.repeat(genKey) }
func genPairs(w *twin) []string       { return w.repeat(genKeyValue) }

func (w *twin) repeat(gen func(w *twin) []string) (args []string) {
	for range 1 + w.rng.IntN(3) {
		args = append(args, gen(w)...)
	}
	return args
}

func genKeyInt(w *twin) []string {
	if w.rng.IntN(3) == 0 {
		return []string{w.key(), strconv.Itoa(w.rng.IntN(200) - 100)}
	}
	return []string{w.key(), strconv.FormatInt(pick(w, oddInts), 10)}
}

func genSetRange(w *twin) []string {
	offset := w.rng.IntN(60)
	switch w.rng.IntN(12) {
	case 0:
		offset = pick(w, []int{-1, math.MinInt, math.MaxInt, MaxStringLen, MaxStringLen + 1, math.MaxInt32})
	case 1:
		offset = 900 + w.rng.IntN(5000)
	}
	value := w.value()
	if offset == MaxStringLen && value == "" {
		value = "x"
	}
	return []string{w.key(), strconv.Itoa(offset), value}
}

func genSet(w *twin) []string {
	args := []string{w.key(), w.value()}
	if w.rng.IntN(3) == 0 {
		return args
	}
	var options [][]string
	if w.rng.IntN(2) == 0 {
		options = append(options, []string{pick(w, []string{"NX", "XX"})})
	}
	if w.rng.IntN(3) == 0 {
		options = append(options, []string{"GET"})
	}
	switch w.rng.IntN(4) {
	case 0:
		options = append(options, []string{"KEEPTTL"})
	case 1, 2:
		options = append(options, w.expiry())
	}
	w.rng.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
	return append(args, slices.Concat(options...)...)
}

func genGetEx(w *twin) []string {
	switch w.rng.IntN(5) {
	case 0:
		return []string{w.key()}
	case 1:
		return []string{w.key(), "PERSIST"}
	}
	return append([]string{w.key()}, w.expiry()...)
}

func genCopy(w *twin) []string {
	args := genTwoKeys(w)
	if w.rng.IntN(2) == 0 {
		args = append(args, "DB", w.database())
	}
	if w.rng.IntN(2) == 0 {
		args = append(args, "REPLACE")
	}
	return args
}

func genScan(w *twin) []string {
	args := []string{"0", "COUNT", "1000"}
	if w.rng.IntN(2) == 0 {
		args = append(args, "MATCH", cmp.Or(pick(w, patterns), "*"))
	}
	if w.rng.IntN(2) == 0 {
		args = append(args, "TYPE", pick(w, []string{"string", "hash", "list"}))
	}
	return args
}

func genLCS(w *twin) []string {
	args := genTwoKeys(w)
	for range 20 { // long ones cost Redis tens of milliseconds
		a, _ := w.db().String(args[0]).StrLen()
		b, _ := w.db().String(args[1]).StrLen()
		if a*b < 20_000 {
			break
		}
		args = genTwoKeys(w)
	}
	switch w.rng.IntN(3) {
	case 0:
		args = append(args, "LEN")
	case 1:
		args = append(args, "IDX", "WITHMATCHLEN", "MINMATCHLEN", strconv.Itoa(w.rng.IntN(8)-2))
	}
	return args
}

// twin is a redis-server and a store that are told the same.
type twin struct {
	t   testing.TB
	rng *rand.Rand
	c   *redisConn
	dbs [2]string // the numbers of db:0 and db:1 in the server
	s   *Store
	cur int

	pending []step // done here, not yet there
	done    []step // the last ones
	ttls    int64
	ran     map[string]int
	ev      *eventPair // nil: notifications are not compared
	tx      *Tx        // that commands are part of, nil if they are not

	// XSETID may go back. Then no exact trim is by ID, as 7.0.15 ends one at an entry above it,
	// also at a deleted one.
	goesBack bool
}

// step is a command line and what came of it.
type step struct {
	d          *differ
	db         int
	args       []string
	quiet      bool // part of a comparison of states
	ours, real outcome
	events     []string // that were sent here
}

type outcome struct {
	value any
	err   error
}

const shownSteps = 20

func newTwin(t testing.TB, rng *rand.Rand) *twin {
	c, other := dialRedis(t), dialRedis(t)
	w := &twin{t: t, rng: rng, c: c, ran: make(map[string]int)}
	for i, conn := range []*redisConn{c, other} {
		_, info, _ := strings.Cut(conn.do(t, "CLIENT", "INFO").(string), " db=")
		w.dbs[i], _, _ = strings.Cut(info, " ")
	}
	return w
}

// reset gives both worlds a fresh start.
func (w *twin) reset(opts ...Option) {
	for _, n := range []int{1, 0} {
		for _, args := range [][]string{{"SELECT", w.dbs[n]}, {"FLUSHDB"}} {
			if got := w.c.do(w.t, args...); got != "OK" {
				w.t.Fatalf("%q: %v", args, got)
			}
		}
	}
	w.close()
	w.s, w.cur, w.pending, w.done = New(opts...), 0, nil, nil
	w.goesBack = w.rng.IntN(2) == 0
	w.record()
}

// close ends the store after a last look at it.
func (w *twin) close() {
	if w.s == nil {
		return
	}
	check(w.t, w.s)
	if err := w.s.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.s = nil
}

func (w *twin) db() DB {
	if w.tx != nil {
		return w.tx.DB(w.cur)
	}
	return w.s.DB(w.cur)
}

// run does a command line in the store; compare follows with Redis.
func (w *twin) run(quiet bool, name string, args ...string) {
	w.t.Helper()
	d := differByName(name)
	if d == nil {
		w.t.Fatalf("no row for %s", name)
	}
	if st, ok := w.do(d, quiet, args); ok {
		w.pending = append(w.pending, st)
	}
}

// do does a command line in the store, if that is possible.
func (w *twin) do(d *differ, quiet bool, args []string) (st step, ok bool) {
	w.t.Helper()
	st = step{d: d, db: w.cur, args: args, quiet: quiet}
	if w.ev != nil {
		w.ev.ours.take() // what gen has looked at
	}
	value, err := d.call(w, w.db(), args)
	if w.ev != nil {
		st.events = w.ev.ours.take()
	}
	if errors.Is(err, errInexpressible) {
		if strconv.IntSize == 64 {
			w.t.Fatalf("%v: %v", st, err)
		}
		return st, false
	}
	st.ours = outcome{value, classOf(err)}
	if !quiet {
		w.ran[d.name]++
	}
	return st, true
}

// stateOf is the command that shows the whole of an aggregate, with what comes behind
// the key, or with <key> where that comes later.
var stateOf = map[Kind][]string{}

func stateArgs(k Kind, key string) []string {
	args := slices.Clone(stateOf[k][1:])
	if i := slices.Index(args, "<key>"); i >= 0 {
		args[i] = key
		return args
	}
	return append([]string{key}, args...)
}

// state looks at everything.
func (w *twin) state() {
	w.t.Helper()
	back := w.cur
	for _, n := range []int{1 - back, back} {
		w.run(true, "SELECT", fmt.Sprintf("db:%d", n))
		w.run(true, "KEYS", "*")
		w.run(true, "DBSIZE")
		keys, err := w.db().Keys("*")
		if err != nil {
			w.t.Fatal(err)
		}
		slices.Sort(keys)
		for _, key := range keys {
			w.run(true, "TYPE", key)
			w.run(true, "GET", key)
			w.run(true, "OBJECT", "ENCODING", key)
			w.run(true, "PEXPIRETIME", key)
			if kind, err := w.db().Type(key); err == nil && stateOf[kind] != nil {
				w.run(true, stateOf[kind][0], stateArgs(kind, key)...)
			}
		}
	}
}

// compare has Redis do what is pending, and compares.
func (w *twin) compare() {
	w.t.Helper()
	var b bytes.Buffer
	for i := range w.pending {
		st := &w.pending[i]
		if w.ev != nil {
			w.ev.writeStep(&b, st, w.redisArgs(st))
			continue
		}
		if st.d.first != nil {
			writeRedis(&b, st.d.first)
		}
		writeRedis(&b, w.redisArgs(st))
	}
	if err := w.c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.c.conn.Write(b.Bytes()); err != nil {
		w.t.Fatal(err)
	}
	pending := w.pending
	w.pending = w.pending[:0]
	for _, st := range pending {
		r, events := w.readStep(&st)
		st.real = outcomeOf(st.d, r)
		w.done = append(w.done, st)
		if !st.ours.equal(st.real) {
			w.t.Fatalf("alcove and Redis differ, in the last of these lines:\n%s", w.history())
		}
		w.compareEvents(&st, events)
		if st.quiet {
			w.done = w.done[:len(w.done)-1]
		}
	}
	if more := len(w.done) - shownSteps; more > 0 {
		w.done = slices.Delete(w.done, 0, more)
	}
}

func (w *twin) read() reply {
	r, err := w.c.read()
	if err != nil {
		w.t.Fatalf("%v, after\n%s", err, w.history())
	}
	return r
}

func (w *twin) history() string {
	var b strings.Builder
	for _, st := range w.done[max(0, len(w.done)-shownSteps-1):] {
		fmt.Fprintf(&b, "%v\n    alcove: %v\n    Redis:  %v\n", st, st.ours, st.real)
	}
	return b.String()
}

// redisArgs returns the line as the server must get it.
func (w *twin) redisArgs(st *step) []string {
	args := []string{st.d.name}
	for _, arg := range st.args {
		if n, ok := strings.CutPrefix(arg, "db:"); ok {
			arg = n
			if i := databaseOf(n); i == 0 || i == 1 {
				arg = w.dbs[i]
			}
		}
		args = append(args, arg)
	}
	return args
}

func writeRedis(b *bytes.Buffer, args []string) {
	fmt.Fprintf(b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(b, "$%d\r\n%s\r\n", len(arg), arg)
	}
}

func (st step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "db:%d> %s", st.db, st.d.name)
	for _, arg := range st.args {
		fmt.Fprintf(&b, " %s", short(arg))
	}
	return b.String()
}

func (o outcome) String() string {
	if o.err != nil {
		return o.err.Error()
	}
	return short(o.value)
}

func short(v any) string {
	text := fmt.Sprintf("%#v", v)
	if len(text) > 200 {
		return fmt.Sprintf("%s... (%d)", text[:200], len(text))
	}
	return text
}

func (o outcome) equal(p outcome) bool {
	if o.err != nil || p.err != nil {
		return o.err == p.err
	}
	switch x := o.value.(type) {
	case moment:
		y, ok := p.value.(moment)
		return ok && (x == y || x < farAway && y < farAway && x-y <= slack && y-x <= slack)
	case ttl:
		y, ok := p.value.(ttl)
		return ok && x-y <= slack && y-x <= slack
	case placesInOrder:
		return x.equal(p.value)
	}
	return reflect.DeepEqual(o.value, p.value)
}

// redisErrors says what Redis's errors are called here.
var redisErrors = []struct {
	text string
	err  error
}{
	{"WRONGTYPE", ErrWrongType},
	{"ERR The specified keys must contain string values", ErrWrongType},
	{"ERR value is not an integer or out of range", ErrNotInteger},
	{"ERR value is not a valid float", ErrNotFloat},
	{"ERR increment or decrement would overflow", ErrOverflow},
	{"ERR decrement would overflow", ErrOverflow},
	{"ERR increment would produce NaN or Infinity", ErrNaN},
	{"ERR offset is out of range", ErrOffset},
	{"ERR string exceeds maximum allowed size", ErrTooLarge},
	{"ERR Insufficient memory, transient memory for LCS", ErrTooLarge},
	{"ERR invalid expire time", ErrInvalidExpire},
	{"ERR syntax error", ErrInvalidOption},
	{"ERR invalid cursor", ErrInvalidCursor},
	{"ERR source and destination objects are the same", ErrSameKey},
	{"ERR no such key", ErrNotFound},
	{"ERR DB index is out of range", ErrInvalidDB},
	{"ERR value is out of range, must be positive", ErrInvalidDB},
}

func outcomeOf(d *differ, r reply) (o outcome) {
	text, failed := r.(redisError)
	switch {
	case failed:
		for start, err := range d.errors {
			if strings.HasPrefix(string(text), start) {
				return outcome{err: err}
			}
		}
		for _, e := range redisErrors {
			if strings.HasPrefix(string(text), e.text) {
				return outcome{err: e.err}
			}
		}
		o.err = errors.New(string(text))
	case d.fold != nil:
		o.value, o.err = d.fold(r)
	default:
		o.value, o.err = plain(r)
	}
	return o
}

// classOf returns the sentinel of an error, if it came in the form that the package
// doc promises.
func classOf(err error) error {
	var mistake *OpError
	if errors.As(err, &mistake) && err == error(mistake) && mistake.Op != "" {
		return mistake.Err
	}
	return err
}

// randomLots has every differ as often as its weight says.
func randomLots() (lots []*differ) {
	for i := range differs {
		n := differs[i].weight * 4
		if differs[i].name == "FLUSHDB" {
			n = 1
		}
		for range n {
			lots = append(lots, &differs[i])
		}
	}
	return lots
}

// runRest runs the commands that chance has left out.
func (w *twin) runRest() {
	for i := range differs {
		if d := &differs[i]; w.ran[d.name] == 0 {
			w.run(false, d.name, d.gen(w)...)
		}
	}
	w.compare()
}

func TestRedisRandom(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	total, sequence := 200_000, 2_000
	if testing.Short() || raceEnabled {
		total = 20_000
	}
	sets := [][]Option{
		nil,
		{WithShards(1), tiny},
		{WithShards(4), tiny},
		{WithShards(2), WithTracking(TrackIdleTime)},
		{WithShards(16), WithTracking(TrackFrequency), tiny},
	}
	lots := randomLots()
	for n := 0; n < total; n++ {
		if n%sequence == 0 {
			w.reset(sets[n/sequence%len(sets)]...)
		}
		d := pick(w, lots)
		w.run(false, d.name, d.gen(w)...)
		if n%shownSteps == shownSteps-1 {
			w.state()
			w.compare()
		}
	}
	w.runRest()
	w.close()
}

// edges are lines picked by hand; an argument in quotes is a Go string, and ~n
// stands for n times "x". Each script starts with nothing.
var edges = []struct{ name, lines string }{
	{"append", `
		APPEND k "" | APPEND k "" | APPEND k 1 | INCR k | APPEND k "" | APPEND k 2 | INCR k | APPEND n 12 | APPEND "" "" |
		APPEND "\x00" "\xff\x00" | APPEND "\x00" ~44 | APPEND long ~1024 | APPEND long x | APPEND long ~5000 | INCR long |
		STRLEN long | GETRANGE long 1020 1030 | HSET h f v | APPEND h "" | APPEND h x | SETEX t 1000 a | APPEND t b |
		INCRBYFLOAT f 1.5 | APPEND f 0`},
	{"integers", `
		INCR k | SET k "" | INCR k | SET k " 1" | INCR k | SET k "1 " | INCR k | SET k 01 | INCR k | SET k -0 | INCR k |
		SET k +1 | INCR k | SET k - | DECR k | SET k 0 | DECR k | DECR k | SET k "1\x00" | INCR k | SET k 1.0 | DECR k |
		SET k 9223372036854775807 | INCR k | DECR k | INCR k | INCRBY k 1 | INCRBY k -9223372036854775808 | DECRBY k 1 |
		SET k -9223372036854775808 | DECR k | DECRBY k 1 | DECRBY k -1 | INCRBY k -9223372036854775808 | INCRBY k 0 |
		SET k 9223372036854775808 | INCR k | SET k -9223372036854775809 | INCR k | SET k 18446744073709551617 | INCR k |
		DECRBY none -9223372036854775808 | DECRBY none 9223372036854775807 | INCRBY none2 -9223372036854775808 |
		SET k 0 | DECRBY k -9223372036854775808 | SET k a | DECRBY k -9223372036854775808 | HSET h f v |
		DECRBY h -9223372036854775808 | DECRBY h 1 | INCR h | INCRBY h 0 | DECR h | INCR "" | DECR "\x00\xff" | SET k ~1025 |
		INCR k | SETEX t 1000 7 | INCR t | INCRBY t 5 | SETRANGE r 0 12 | INCR r | SET k 00 | INCR k | SET k "1\n" | INCR k`},
	{"floats", `
		INCRBYFLOAT k 0.1 | INCRBYFLOAT k 0.2 | INCRBYFLOAT k -0.3 | INCRBYFLOAT k 5 | INCR k | SET k 5 | INCRBYFLOAT k 0 |
		INCRBYFLOAT k NaN | INCRBYFLOAT k +Inf | INCRBYFLOAT k -Inf | INCRBYFLOAT none NaN | INCRBYFLOAT none +Inf |
		SET k inf | INCRBYFLOAT k 1 | INCRBYFLOAT k -Inf | SET k nan | INCRBYFLOAT k 1 | SET k "" | INCRBYFLOAT k 1 |
		SET k " 1" | INCRBYFLOAT k 1 | SET k "1 " | INCRBYFLOAT k 1 | SET k +1 | INCRBYFLOAT k 1 | SET k 0x1p4 |
		INCRBYFLOAT k 1 | SET k 1e4932 | INCRBYFLOAT k 1 | SET k 1.1e4932 | INCRBYFLOAT k 0 | SET k 1e4933 | INCRBYFLOAT k 1 |
		SET k -1e308 | INCRBYFLOAT k 0 | INCRBYFLOAT k -1 | SET k 1e-4000 | INCRBYFLOAT k 0 | SET k .5 | INCRBYFLOAT k 0.5 |
		SET k -0 | INCRBYFLOAT k 0 | SET k ~45 | INCRBYFLOAT k 1 | SET k ~2000 | INCRBYFLOAT k 1 | HSET h f v |
		INCRBYFLOAT h 1 | INCRBYFLOAT h NaN | SETEX t 1000 1.5 | INCRBYFLOAT t 1 | INCRBYFLOAT "" 3 | SET k 17 |
		INCRBYFLOAT k 100000000000000000000 | COPY k copy | RENAME k other`},
	{"ranges", `
		GETRANGE none 0 -1 | SET k Hello | GETRANGE k 0 -1 | GETRANGE k -9223372036854775808 9223372036854775807 |
		GETRANGE k -9223372036854775808 -9223372036854775808 | GETRANGE k 9223372036854775807 -9223372036854775808 |
		GETRANGE k 9223372036854775807 9223372036854775807 | GETRANGE k -9223372036854775808 -1 | GETRANGE k 0 0 |
		GETRANGE k -1 -1 | GETRANGE k -1 0 | GETRANGE k 3 2 | GETRANGE k -100 -50 | GETRANGE k -50 -100 | GETRANGE k -100 0 |
		GETRANGE k 5 5 | GETRANGE k 4 5 | GETRANGE k -5 -5 | GETRANGE k -6 -6 | GETRANGE k -6 -5 | SUBSTR k -3 -2 |
		SUBSTR none 0 0 | SET e "" | GETRANGE e 0 -1 | GETRANGE e 0 0 | GETRANGE e -1 -1 | SUBSTR e 1 0 | HSET h f v |
		GETRANGE h 0 -1 | GETRANGE h 5 1 | SUBSTR h 0 0 | SET n 12345 | GETRANGE n 1 2 | SETRANGE b 2000 "\x00\xff" |
		GETRANGE b 1999 -1 | GETRANGE b -9223372036854775808 0 | GETRANGE b 2002 9223372036854775807 | STRLEN b | STRLEN n |
		STRLEN h | STRLEN none | STRLEN e | STRLEN ""`},
	{"setrange", `
		SETRANGE k 0 "" | SETRANGE k 9223372036854775807 "" | SETRANGE k -1 "" | SETRANGE k -1 x | SETRANGE k 3 x |
		SETRANGE k -9223372036854775808 x | SETRANGE k 9223372036854775807 x | SETRANGE k 536870912 x |
		SETRANGE k 536870911 xy | SETRANGE none 536870912 x | SETRANGE none 9223372036854775807 x | SETRANGE none 4294967296 x |
		SETRANGE k 536870912 "" | SETRANGE k 1 "" | SETRANGE "" 0 a | SETRANGE "" 1 b | SET n 12345 | SETRANGE n 0 9 |
		INCR n | SETRANGE n 0 "" | HSET h f v | SETRANGE h 0 "" | SETRANGE h -1 x | SETRANGE h 0 x | SETRANGE h 536870912 x |
		SETEX t 1000 ab | SETRANGE t 5 c | SETRANGE big 1022 xx | SETRANGE big2 1023 xx | SETRANGE big 1024 x |
		SETRANGE big 0 "\x00\x01" | SET o abc | SETRANGE o 5000 z | SETRANGE o 0 ~5001 | SETRANGE o 100 y`},
	{"set", `
		SET k v EX 0 | SET k v EX -1 | SET k v PX 0 | SET k v PX -1 | SET k v EXAT 0 | SET k v EXAT -1 | SET k v PXAT 0 |
		SET k v PXAT -9223372036854775808 | SET k v EXAT 9223372036854775807 | SET k v EXAT -9223372036854775808 |
		SET k v EXAT 9223372036854776 | SET k v EXAT 9223372036854775 | SET k v PXAT 9223372036854775807 | GET k |
		SET k w KEEPTTL XX | SET k w PXAT 9223372036854775806 | SET k v XX GET`},
	{"set conditions", `
		SET k v XX | SET k v XX GET | SET k v NX GET | SET k w NX GET | SET k w NX | SET k w XX GET | SET k x KEEPTTL |
		SET k y PXAT 4102444800000 | SET k z KEEPTTL | SET k z KEEPTTL GET XX | SET k z NX EX 1000 | SET k z XX PX 1000000 |
		SET k z | SET n z KEEPTTL | SET k z PXAT 1 | GET k | SET k z EXAT 1 GET | SET k z NX PXAT 1 | SET k z | SET k z XX EXAT 1 |
		GET k | HSET h f v | SET h x GET | SET h x NX GET | SET h x XX GET | SET h x GET EX 0 | SET h x NX | SET h x XX |
		HSET i f v | SET i x EX 1000 | SET "" "" | SET "" "" GET | SET "\x00" "\x00" GET | SET k ~5000 | SET k a GET |
		SET k 12345678901234567890 | SET k 1234567890123456789 | SET k ~44 | SET k ~45`},
	{"setex", `
		SETEX k 0 v | SETEX k -1 v | PSETEX k 0 v | PSETEX k -5 v | SET k v | SETEX k 0 w | PSETEX k 0 w | SETEX k 1000 w |
		PSETEX k 1000000 x | SETEX k 2000000000 y | PSETEX k 2000000000000 z | HSET h f v | SETEX h 0 x | SETEX h 1000 x |
		SETEX "" 1000 "" | SETNX k a | SETNX n a | SETNX n b | HSET h2 f v | SETNX h2 x | SETNX "" x | SET p v PXAT 1 |
		SETNX p w | SETNX k2 ~5000`},
	{"get", `
		GET k | GETDEL k | GETEX k | GETSET k v | GETSET k w | GETDEL k | GETDEL k | HSET h f v | GET h | GETDEL h | GETSET h x |
		GETEX h | GETEX h PERSIST | GETEX h EX 0 | GETEX none EX 0 | GETEX none EX 5 | SET k v | GETEX k EX 0 | GETEX k PX -1 |
		GETEX k EXAT 0 | GETEX k PXAT -1 | GETEX k EXAT 9223372036854775807 | GETEX k | GETEX k PERSIST | GETEX k EX 1000 |
		GETEX k | GETEX k PERSIST | GETEX k PX 1000000 | GETEX k PXAT 4102444800001 | GETEX k EXAT 4102444800 |
		GETEX k PXAT 9223372036854775807 | GETEX k PXAT 1 | GET k | SET k 5 | GETEX k EXAT 1 | GETEX k | SET t v EX 1000 |
		GETSET t w | SET "" x | GET "" | GETDEL "" | SET "\xff\x00" ~5000 | GET "\xff\x00" | GETDEL "\xff\x00"`},
	{"several", `
		MGET k | MGET "" k k | HSET h f v | SET k v | MGET h k none k "" | MSET a 1 a 2 | MSET h x k "" | MSETNX a 3 new 4 |
		MSETNX new 1 new 2 | MSETNX new2 1 new 2 | MSETNX x 1 y 2 | SET p v PXAT 1 | MSETNX p 1 | SET t v EX 1000 | MSET t w |
		MSET "" ~5000 | HSET g f v | MSETNX g 1 z 2 | DEL a a | DEL none | DEL "" none k | UNLINK x y x | EXISTS t t none h |
		TOUCH t t none | HSET g f v | EXISTS g | TOUCH g | DEL g g | UNLINK "" | EXISTS "" ""`},
	{"lcs", `
		LCS a b | LCS a b LEN | LCS a b IDX WITHMATCHLEN MINMATCHLEN 0 | SET a ohmytext | SET b mynewtext | LCS a b |
		LCS a b LEN | LCS a b IDX WITHMATCHLEN MINMATCHLEN 0 | LCS a b IDX WITHMATCHLEN MINMATCHLEN 4 |
		LCS a b IDX WITHMATCHLEN MINMATCHLEN -9223372036854775808 | LCS a b IDX WITHMATCHLEN MINMATCHLEN 9223372036854775807 |
		LCS a a | LCS a none | LCS none a LEN | LCS none a IDX WITHMATCHLEN MINMATCHLEN 0 | HSET h f v | LCS a h | LCS h a LEN |
		LCS h none IDX WITHMATCHLEN MINMATCHLEN 0 | SET n 1234 | INCRBY m 9234 | LCS n m | SET "" "\x00\xff\x00" |
		LCS "" "" | SETRANGE big 1500 xyz | LCS big "" LEN | LCS big a | SETRANGE b1 20000 x | LCS b1 b1 LEN`},
	{"expire", `
		EXPIRE none 10 | EXPIRE none -1 | SET k v | EXPIRE k 1000 XX | EXPIRE k 1000 GT | EXPIRE k 2000 LT | EXPIRE k 1000 NX |
		EXPIRE k 9000000 NX | EXPIRE k 1000 GT | EXPIRE k 9000000 GT | EXPIRE k 100 LT | EXPIRE k 5000 XX GT | EXPIRE k 50 XX LT |
		EXPIRE k 4000 XX LT | PERSIST k | EXPIRE k 5000 XX GT | EXPIRE k 50 XX LT | EXPIRE k 2000000000 | PEXPIRE k 2000000000000 |
		EXPIRE k 0 GT | EXPIRE k 0 NX | EXPIRE k 0 LT | EXPIRE k 1000 | SET k v | EXPIRE k 0 GT | EXPIRE k 0 XX | EXPIRE k 0 NX |
		SET k v | EXPIRE k -9000000000 | SET k v | PEXPIRE k 0 | SET k v | PEXPIRE k -1 | SET k v | PEXPIRE k -9000000000000 LT |
		HSET h f v | EXPIRE h 1000 | TTL h | PTTL h | PERSIST h | PERSIST h | TTL h | EXPIRE h -1 | TTL h | PTTL none |
		EXPIRETIME none | PEXPIRETIME none | PERSIST none | SET "" v | EXPIRE "" 1000 | TTL "" | PERSIST "" | EXPIRETIME "" |
		SETRANGE big 2000 x | EXPIRE big 1000 | PERSIST big | EXPIRE big -1`},
	{"expireat", `
		EXPIREAT none 1 | SET k v | EXPIREAT k 4102444800 | EXPIREAT k 4102444800 GT | EXPIREAT k 4102444800 LT |
		EXPIREAT k 4102444801 GT | EXPIREAT k 4102444801 XX GT | EXPIREAT k 4102444800 XX LT | EXPIREAT k 4102444800 NX |
		PEXPIREAT k 4102444800001 GT | PEXPIREAT k 4102444800000 LT | EXPIRETIME k | PEXPIREAT k 4102444800499 | EXPIRETIME k |
		PEXPIREAT k 4102444800500 | EXPIRETIME k | PEXPIRETIME k | TTL k | PTTL k | EXPIREAT k 9223372036854775807 |
		EXPIREAT k -9223372036854775808 | EXPIREAT k 9223372036854776 | EXPIREAT k -9223372036854776 | EXPIREAT none 9223372036854776 |
		EXPIREAT k 9223372036854775 | PEXPIRETIME k | PEXPIREAT k 9223372036854775807 GT | PEXPIREAT k 9223372036854775806 LT |
		PEXPIREAT k 0 GT | PEXPIREAT k 0 NX | PEXPIREAT k 0 | SET k v | PEXPIREAT k -1 | SET k v | EXPIREAT k 0 GT | EXPIREAT k 0 LT |
		SET k v EX 1000 | EXPIREAT k -5 LT | SET k v | PEXPIREAT k -9223372036854775808 | SET k v | EXPIREAT k -9223372036854775 |
		SET k v | EXPIREAT k 1 | TTL k | HSET h f v | EXPIREAT h 4102444800 | PEXPIREAT h 4102444800001 | EXPIREAT h 1`},
	{"rename", `
		RENAME none none | RENAME none k | RENAMENX none k | RENAMENX none none | SET k v PXAT 4102444800000 | RENAME k k |
		RENAMENX k k | RENAME k b | SET k w | RENAMENX k b | RENAME k b | SET k w EX 1000 | RENAMENX k new | RENAME new "" |
		RENAME "" "\x00" | HSET h f v | RENAME h b | RENAMENX b h | RENAME h h | SET p v PXAT 1 | RENAME p x | SET p v PXAT 1 |
		RENAMENX h p | APPEND raw 1 | APPEND raw 2 | RENAME raw raw2 | SETRANGE big 3000 x | RENAME big big2 | APPEND big2 y |
		RENAME big2 raw2 | RENAME big2 big2`},
	{"copy", `
		COPY none none | COPY none k | COPY none k REPLACE | COPY none k DB db:1 | SET k v PXAT 4102444800000 | COPY k k |
		COPY k k REPLACE | COPY k k DB db:0 | COPY k k DB db:1 | COPY k k DB db:1 | COPY k k DB db:1 REPLACE | COPY k b |
		SET b x | COPY k b | COPY k b REPLACE | COPY k z DB db:-1 | COPY k z DB db:99999 | COPY none none DB db:-1 |
		HSET h f v | COPY h b | COPY h b REPLACE | COPY b h2 DB db:1 | APPEND raw 1 | APPEND raw 2 | COPY raw raw2 |
		SETRANGE big 3000 x | COPY big big2 | APPEND big y | APPEND big2 zz | COPY big big DB db:1 | SETRANGE big 0 new |
		SELECT db:1 | STRLEN big | COPY k k DB db:0 REPLACE | SET p v PXAT 1 | COPY p x | COPY big p | COPY "" x | SET "" a | COPY "" y`},
	{"move", `
		MOVE none db:1 | MOVE none db:0 | MOVE k db:-1 | MOVE k db:99999 | SET k v PXAT 4102444800000 | MOVE k db:0 | MOVE k db:1 |
		MOVE k db:1 | SET k w | MOVE k db:1 | SELECT db:1 | MOVE k db:0 | MOVE k db:1 | MOVE k db:-1 | DEL k | SELECT db:0 |
		HSET h f v | MOVE h db:1 | SETRANGE big 2000 x | MOVE big db:1 | SET p v PXAT 1 | MOVE p db:1 | SET "" v | MOVE "" db:1 |
		SELECT db:1 | SET p v PXAT 1 | SELECT db:0 | SET p new | MOVE p db:1`},
	{"keyspace", `
		DBSIZE | RANDOMKEY | KEYS * | SCAN 0 COUNT 1000 | SWAPDB db:0 db:0 | SWAPDB db:0 db:1 | FLUSHDB | SET k v | RANDOMKEY |
		SET p v PXAT 1 | DBSIZE | RANDOMKEY | KEYS p | EXISTS p | TYPE p | OBJECT ENCODING p | SWAPDB db:0 db:1 | GET k |
		SELECT db:1 | GET k | SWAPDB db:-1 db:0 | SWAPDB db:0 db:99999 | SWAPDB db:1 db:0 | SELECT db:0 | HSET h f v | TYPE h |
		TYPE none | TYPE k | TYPE "" | OBJECT ENCODING none | OBJECT ENCODING k | KEYS "" | SET "" x | KEYS "" | KEYS * | KEYS ? |
		KEYS ?* | KEYS ** | KEYS [k | KEYS [^h] | KEYS [a-z] | KEYS [z-a] | KEYS "\\k" | KEYS "\\" | KEYS "k\\" | SET "\x00\n" v |
		KEYS "?\n" | KEYS "[\x00]*" | SCAN 0 COUNT 1000 MATCH k | SCAN 0 COUNT 1000 TYPE hash |
		SCAN 0 COUNT 1000 TYPE string MATCH * | SCAN 0 COUNT 1000 TYPE list | SCAN 0 COUNT -1 | FLUSHDB | KEYS * | DBSIZE |
		SCAN 0 COUNT 1000 | EXISTS k`},
}

// fieldsOf takes a line of edges apart.
func fieldsOf(t testing.TB, line string) (args []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		quoted, err := strconv.QuotedPrefix(line)
		if err == nil {
			arg, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatal(err)
			}
			args, line = append(args, arg), line[len(quoted):]
			continue
		}
		arg, rest, _ := strings.Cut(line, " ")
		if n, err := strconv.Atoi(strings.TrimPrefix(arg, "~")); err == nil && arg[0] == '~' {
			arg = strings.Repeat("x", n)
		}
		args, line = append(args, arg), rest
	}
	return args
}

func TestRedisEdges(t *testing.T) {
	rng := seededRand(t)
	named := make(map[string]bool)
	for _, test := range edges {
		lines := strings.Split(test.lines, "|")
		for _, line := range lines {
			named[fieldsOf(t, line)[0]] = true
		}
		t.Run(test.name, func(t *testing.T) {
			w := newTwin(t, rng)
			w.reset()
			for i, line := range lines {
				args := fieldsOf(t, line)
				w.run(false, args[0], args[1:]...)
				// To look at all keys is most of the time, and nothing to the race detector.
				if !raceEnabled || i%8 == 7 || i == len(lines)-1 {
					w.state()
					w.compare()
				}
			}
			w.close()
		})
	}
	for _, d := range differs {
		if !named[d.name] {
			t.Errorf("%s has no line", d.name)
		}
	}
}

// TestRedisHugeKeys gives every command keys that are longer than a record holds.
func TestRedisHugeKeys(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.reset()
	short := someKeys
	defer func() { someKeys = short }()
	someKeys = nil
	for _, n := range []int{1023, 1024, 1025, 70_000} {
		someKeys = append(someKeys, strings.Repeat("k", n))
	}
	for range alone(60) {
		for i := range differs {
			w.run(false, differs[i].name, differs[i].gen(w)...)
		}
		w.state()
		w.compare()
	}
	w.close()
}

// deliberate are the differences that shall stay, and why.
var deliberate = []struct {
	why   string
	lines []string // the last one is what differs
	redis reply
	ours  func(t *testing.T, db DB) (any, error) // nil: the typed API can't express it
	want  any                                    // a result or an error
}{
	{
		why: "exactness: an overdue key is not there, nor does it count", lines: []string{"SET k v PXAT 1", "DBSIZE"}, redis: int64(1),
		ours: func(_ *testing.T, db DB) (any, error) {
			if _, err := db.String("k").SetWith("v", SetOptions{Expiry: ExpireAt(time.UnixMilli(1))}); err != nil {
				return nil, err
			}
			return db.DBSize()
		}, want: 0,
	},
	{
		why: "a time.Duration goes no further than 292 years", lines: []string{"SET k v", "EXPIRE k 9223372036854775"},
		redis: redisError("ERR invalid expire time in 'expire' command"),
	},
	{
		why: "and so does TTL, for a later deadline", lines: []string{"SET k v", "EXPIREAT k 9223372036854774", "EXPIRETIME k"},
		redis: int64(9223372036854774), ours: func(_ *testing.T, db DB) (any, error) {
			if _, err := db.String("k").SetWith("v", SetOptions{Expiry: ExpireAt(time.Unix(9223372036854774, 0))}); err != nil {
				return nil, err
			}
			return db.TTL("k")
		}, want: time.Duration(math.MaxInt64).Truncate(time.Millisecond),
	},
	{
		why: "a Condition is one", lines: []string{"SET k v NX XX"}, redis: redisError("ERR syntax error"),
	},
	{
		why: "a Condition is one, or a pair that means something", lines: []string{"EXPIRE k 5 GT LT"},
		redis: redisError("ERR GT and LT options at the same time are not compatible"),
		ours:  func(_ *testing.T, db DB) (any, error) { return db.Expire("k", 5, IfGreater, IfLess) }, want: ErrInvalidOption,
	},
	{
		why: "an Expiry is one", lines: []string{"SET k v EX 5 KEEPTTL"}, redis: redisError("ERR syntax error"),
	},
	{
		why: "an Expiry of GETEX may be KeepTTL: nothing changes", lines: []string{"SET k v", "GETEX k KEEPTTL"},
		redis: redisError("ERR syntax error"), ours: func(_ *testing.T, db DB) (any, error) { return db.String("k").GetEx(KeepTTL) }, want: ErrNotFound,
	},
	{
		why: "an Expiry of SET may be Persist: the default", lines: []string{"SET k v PERSIST"},
		redis: redisError("ERR syntax error"), ours: func(_ *testing.T, db DB) (any, error) {
			r, err := db.String("k").SetWith("v", SetOptions{Expiry: Persist})
			return r.Set, err
		}, want: true,
	},
	{
		why: "numbers come as Go's int and float64, not as text", lines: []string{"INCRBY k 01"},
		redis: redisError("ERR value is not an integer or out of range"),
	},
	{
		why: "a wrong type is always ErrWrongType", lines: []string{"HSET h f v", "LCS h k"},
		redis: redisError("ERR The specified keys must contain string values"),
		ours: func(t *testing.T, db DB) (any, error) {
			plant(t, db, "h", 0)
			return db.String("h").LCS("k")
		}, want: ErrWrongType,
	},
	{
		why: "Count 0 is the default", lines: []string{"SCAN 0 COUNT 0"}, redis: redisError("ERR syntax error"),
		ours: func(_ *testing.T, db DB) (any, error) {
			_, next, err := db.Scan(0, ScanOptions{})
			return next, err
		}, want: uint64(0),
	},
	{
		why: "an empty Match is none", lines: []string{"SET k v", `SCAN 0 MATCH ""`}, redis: []any{"0", []any{}},
		ours: func(_ *testing.T, db DB) (any, error) {
			if err := db.String("k").Set("v"); err != nil {
				return nil, err
			}
			keys, _, err := db.Scan(0, ScanOptions{Count: 1000})
			return strings.Join(keys, " "), err
		}, want: "k",
	},
	{
		why: "a cursor that Scan did not return is a mistake", lines: []string{"SCAN 18446744073709551615"},
		redis: []any{"0", []any{}}, ours: func(_ *testing.T, db DB) (any, error) {
			_, _, err := db.Scan(math.MaxUint64, ScanOptions{})
			return nil, err
		}, want: ErrInvalidCursor,
	},
	{
		why: "a Kind is one of those that there are", lines: []string{"SCAN 0 TYPE nonsense"}, redis: []any{"0", []any{}},
		ours: func(_ *testing.T, db DB) (any, error) {
			_, _, err := db.Scan(0, ScanOptions{Type: KindStream + 1})
			return nil, err
		}, want: ErrInvalidOption,
	},
}

func TestRedisDeliberate(t *testing.T) {
	c := dialRedis(t)
	for _, test := range deliberate {
		t.Run(test.why, func(t *testing.T) {
			c.do(t, "FLUSHDB")
			var got reply
			for _, line := range test.lines {
				got = c.do(t, fieldsOf(t, line)...)
			}
			if !reflect.DeepEqual(got, test.redis) {
				t.Errorf("Redis: %#v, not %#v", got, test.redis)
			}
			if test.ours == nil {
				return
			}
			ours, err := test.ours(t, newTest(t).DB(0))
			want, failure := test.want.(error)
			if failure && classOf(err) != want || !failure && (err != nil || ours != test.want) {
				t.Errorf("alcove: %v, %v, not %v", ours, err, test.want)
			}
		})
	}
}
