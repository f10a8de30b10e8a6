package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func init() {
	handleMakers["Hash"] = func(db DB, key string) any { return db.Hash(key) }
	noCommands["DB.Hash"] = "it makes a handle"
	noCommands["Hash.Key"] = "it reads the handle"
	const perField = "it says of every field that it is missing"
	said := sizeOf.except(perField, func(r *rule) { r.zero = false })
	maps.Copy(methodRules, map[string]rule{
		"Hash.Get":                  lookup,
		"Hash.RandField":            lookup,
		"Hash.MGet":                 said,
		"Hash.GetAll":               sizeOf.except("an empty map is not nil", func(r *rule) { r.zero = false }),
		"Hash.All":                  sizeOf,
		"Hash.Keys":                 sizeOf,
		"Hash.Vals":                 sizeOf,
		"Hash.Len":                  sizeOf,
		"Hash.StrLen":               sizeOf,
		"Hash.Exists":               sizeOf,
		"Hash.Del":                  sizeOf,
		"Hash.Scan":                 sizeOf,
		"Hash.ScanNoValues":         sizeOf,
		"Hash.RandFields":           sizeOf,
		"Hash.RandFieldsWithValues": sizeOf,
		"Hash.Set":                  create,
		"Hash.MSet":                 create,
		"Hash.SetNX":                create,
		"Hash.SetEX":                create,
		"Hash.IncrBy":               create,
		"Hash.IncrByFloat":          create,
		"Hash.IncrByDecimal":        create,
		"Hash.Expire":               said,
		"Hash.ExpireAt":             said,
		"Hash.Persist":              said,
		"Hash.TTL":                  said,
		"Hash.ExpireTime":           said,
		"Hash.GetDel":               said,
		"Hash.GetEx":                said,
	})

	stateOf[KindHash] = []string{"HGETALL"}
	redisErrors = append(redisErrors, []struct {
		text string
		err  error
	}{
		{"ERR hash value is not an integer", ErrNotInteger},
		{"ERR hash value is not a float", ErrNotFloat},
		{"ERR value is NaN or Infinity", ErrNaN},
		{"ERR value is out of range", ErrOutOfRange},
	}...)
	differs = append(differs, hashDiffers...)
	deliberate = append(deliberate, []struct {
		why   string
		lines []string
		redis reply
		ours  func(t *testing.T, db DB) (any, error)
		want  any
	}{
		{
			why: "options are looked at for a missing hash, too", lines: []string{"HSCAN none 0 COUNT -1"},
			redis: []any{"0", []any{}}, ours: func(_ *testing.T, db DB) (any, error) {
				_, _, err := db.Hash("none").Scan(0, ScanOptions{Count: -1})
				return nil, err
			}, want: ErrInvalidOption,
		},
		{
			why: "no pairs are nothing to do", lines: []string{"HMSET h"},
			redis: redisError("ERR wrong number of arguments for 'hmset' command"),
			ours:  func(_ *testing.T, db DB) (any, error) { return true, db.Hash("h").MSet() }, want: true,
		},
	}...)
	edges = append(edges, hashEdges...)
}

// Hashes beside a real Redis.

var someFields = []string{
	"", "f", "g", "h", "i", "j", "1", "field", "\x00\xff\r\n", strings.Repeat("f", 64), strings.Repeat("f", 65),
}

func (w *twin) field() string {
	if w.rng.IntN(3) == 0 {
		return strconv.Itoa(w.rng.IntN(40))
	}
	return someFields[w.rng.IntN(len(someFields))]
}

func genKeyField(w *twin) []string { return []string{w.key(), w.field()} }

func genKeyFields(w *twin) []string {
	return append([]string{w.key()}, w.repeat(func(w *twin) []string { return []string{w.field()} })...)
}

func genKeyFieldValue(w *twin) []string { return []string{w.key(), w.field(), w.hashValue()} }

// hashValue returns a value that is mostly short, so that hashes stay small for a while.
func (w *twin) hashValue() string {
	v := w.value()
	if len(v) > hashSmallText && w.rng.IntN(8) > 0 {
		return v[:w.rng.IntN(hashSmallText+1)]
	}
	return v
}

func genHSet(w *twin) []string {
	args := []string{w.key()}
	n := 1 + w.rng.IntN(4)
	if w.rng.IntN(20) == 0 {
		n = pick(w, []int{25, 33, 64, 505, 511, 512, 513})
	}
	for i := range n {
		field := w.field()
		if n > 4 {
			field = strconv.Itoa(i)
		}
		args = append(args, field, w.hashValue())
	}
	return args
}

func genHRandField(w *twin) []string {
	args := []string{w.key()}
	switch w.rng.IntN(4) {
	case 0:
		return args
	case 1:
		args = append(args, strconv.Itoa(w.rng.IntN(200)))
	case 2:
		args = append(args, strconv.Itoa(-w.rng.IntN(200)))
	default:
		args = append(args, pick(w, []string{"0", "1", "-1", "9223372036854775", "-9223372036854775808"}))
	}
	if w.rng.IntN(2) == 0 {
		args = append(args, "WITHVALUES")
	}
	return args
}

func genHScan(w *twin) []string {
	args := []string{w.key(), "0", "COUNT", "1000"}
	if w.rng.IntN(2) == 0 {
		args = append(args, "MATCH", pick(w, []string{"*", "?", "1*", "[a-h]", "f*", "*\xff*", "nothing"}))
	}
	return args
}

var hashDiffers = []differ{
	{name: "HSET", weight: 10, gen: genHSet, call: func(_ *twin, db DB, a []string) (any, error) {
		pairs := pairsOf(a[1:])
		return count(db.Hash(a[0]).Set(pairs[0].Key, pairs[0].Value, pairs[1:]...))
	}},
	{name: "HMSET", weight: 2, gen: genHSet, call: func(_ *twin, db DB, a []string) (any, error) {
		return result("OK", db.Hash(a[0]).MSet(pairsOf(a[1:])...))
	}},
	{name: "HSETNX", weight: 2, gen: genKeyFieldValue, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.Hash(a[0]).SetNX(a[1], a[2]))
	}},
	{name: "HDEL", weight: 4, gen: genKeyFields, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Hash(a[0]).Del(a[1:]...))
	}},
	{name: "HGET", weight: 2, gen: genKeyField, call: func(_ *twin, db DB, a []string) (any, error) {
		return result(db.Hash(a[0]).Get(a[1]))
	}},
	{name: "HMGET", weight: 2, gen: genKeyFields, call: func(_ *twin, db DB, a []string) (any, error) {
		values, err := db.Hash(a[0]).MGet(a[1:]...)
		return result(optionals(values), err)
	}},
	{name: "HEXISTS", weight: 2, gen: genKeyField, call: func(_ *twin, db DB, a []string) (any, error) {
		return yes(db.Hash(a[0]).Exists(a[1]))
	}},
	{name: "HSTRLEN", weight: 2, gen: genKeyField, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Hash(a[0]).StrLen(a[1]))
	}},
	{name: "HLEN", weight: 2, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		return count(db.Hash(a[0]).Len())
	}},
	{name: "HKEYS", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		fields, err := db.Hash(a[0]).Keys()
		return result(sorted(listOf(fields)), err)
	}, fold: func(r reply) (any, error) { return sorted(r), nil }},
	{name: "HVALS", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
		values, err := db.Hash(a[0]).Vals()
		return result(sorted(listOf(values)), err)
	}, fold: func(r reply) (any, error) { return sorted(r), nil }},
	{name: "HGETALL", weight: 1, gen: genKey, call: callHGetAll, fold: func(r reply) (any, error) { return sortedPairs(r), nil }},
	{name: "HINCRBY", weight: 4, gen: func(w *twin) []string {
		return slices.Insert(genKeyInt(w), 1, w.field())
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.ParseInt(a[2], 10, 64)
		if err != nil {
			return nil, errInexpressible
		}
		return result(db.Hash(a[0]).IncrBy(a[1], n))
	}},
	{name: "HINCRBYFLOAT", weight: 4, gen: func(w *twin) []string {
		return slices.Insert(genKeyFloat(w), 1, w.field())
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		n, err := strconv.ParseFloat(a[2], 64)
		if err != nil || formatFloat(n) != a[2] {
			return nil, errInexpressible
		}
		return result(db.Hash(a[0]).IncrByFloat(a[1], n))
	}, fold: func(r reply) (any, error) {
		n, _ := strconv.ParseFloat(r.(string), 64)
		return n, nil
	}},
	{name: "HRANDFIELD", weight: 3, gen: genHRandField, call: callHRandField, fold: func(r reply) (any, error) {
		if list, ok := r.([]any); ok {
			return int64(len(list)), nil
		}
		_, err := plain(r)
		return result(int64(1), err)
	}},
	{name: "HSCAN", weight: 2, gen: genHScan, call: callHScan, fold: func(r reply) (any, error) {
		page := r.([]any)
		if page[0] != "0" {
			return nil, fmt.Errorf("cursor %q: one HSCAN was not all", page[0])
		}
		return sortedPairs(page[1]), nil
	}},
}

func optionals(values []Optional) []any {
	list := make([]any, len(values))
	for i, v := range values {
		if v.Found {
			list[i] = v.Value
		}
	}
	return list
}

// sortedPairs sorts fields with their values behind them; a field that Redis has found
// twice while its table grows comes once.
func sortedPairs(r reply) []any {
	flat, m := r.([]any), map[string]any{}
	for i := 0; i+1 < len(flat); i += 2 {
		m[flat[i].(string)] = flat[i+1]
	}
	list := make([]any, 0, len(flat))
	for _, field := range slices.Sorted(maps.Keys(m)) {
		list = append(list, field, m[field])
	}
	return list
}

func flatten(pairs []Pair) []any {
	flat := []any{}
	for _, p := range pairs {
		flat = append(flat, p.Key, p.Value)
	}
	return flat
}

// callHGetAll looks at the hash in every way that there is.
func callHGetAll(_ *twin, db DB, a []string) (any, error) {
	h := db.Hash(a[0])
	all, err := h.GetAll()
	seq, err2 := h.All()
	if (err == nil) != (err2 == nil) {
		return nil, fmt.Errorf("GetAll %w, All %w", err, err2)
	}
	if err != nil {
		return nil, err
	}
	if seen := maps.Collect(seq); !maps.Equal(all, seen) {
		return nil, fmt.Errorf("GetAll %.80q, All %.80q", all, seen)
	}
	if n, err := h.Len(); err != nil || n != len(all) {
		return nil, fmt.Errorf("%d fields, %w, GetAll %.80q", n, err, all)
	}
	flat := []any{}
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if v, err := h.Get(field); err != nil || v != all[field] {
			return nil, fmt.Errorf("Get(%q) %q, %w; GetAll %.80q", field, v, err, all)
		}
		flat = append(flat, field, all[field])
	}
	return flat, nil
}

func callHRandField(_ *twin, db DB, a []string) (any, error) {
	h := db.Hash(a[0])
	if len(a) == 1 {
		field, err := h.RandField()
		if err != nil {
			return nil, err
		}
		return yes(h.Exists(field))
	}
	n, err := strconv.Atoi(a[1])
	if err != nil {
		return nil, errInexpressible
	}
	fields, err := h.RandFields(n)
	pairs, err2 := h.RandFieldsWithValues(n)
	if (err == nil) != (err2 == nil) || len(fields) != len(pairs) {
		return nil, fmt.Errorf("RandFields %d, %w; with values %d, %w", len(fields), err, len(pairs), err2)
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, p := range pairs {
		v, err := h.Get(p.Key)
		there, err2 := h.Exists(fields[i])
		if err := errors.Join(err, err2); err != nil || v != p.Value || !there {
			return nil, fmt.Errorf("%q, %q are no fields: %w", p, fields[i], err)
		}
		if n > 0 && seen[p.Key] {
			return nil, fmt.Errorf("field %q comes twice", p.Key)
		}
		seen[p.Key] = true
	}
	if len(a) == 3 {
		return int64(2 * len(pairs)), nil
	}
	return int64(len(pairs)), nil
}

// callHScan goes through a whole iteration, in steps of its own.
func callHScan(w *twin, db DB, a []string) (any, error) {
	h := db.Hash(a[0])
	o := ScanOptions{}
	if len(a) > 4 {
		o.Match = a[5]
	}
	flat, fields := []any{}, []any{}
	for _, values := range []bool{false, true} {
		for cursor, more := uint64(0), true; more; more = cursor != 0 {
			o.Count = 1 + w.rng.IntN(20)
			var err error
			if !values {
				var page []string
				page, cursor, err = h.ScanNoValues(cursor, o)
				fields = append(fields, listOf(page)...)
			} else {
				var page []Pair
				page, cursor, err = h.Scan(cursor, o)
				flat = append(flat, flatten(page)...)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if len(fields)*2 != len(flat) {
		return nil, fmt.Errorf("%d fields, with values %d", len(fields), len(flat)/2)
	}
	if n := len(flat); n != len(sortedPairs(flat)) {
		return nil, errors.New("a field comes twice")
	}
	return sortedPairs(flat), nil
}

var hashEdges = []struct{ name, lines string }{
	{"hashes", `
		HSET h f v | HSET h f w | HSET h f 1 g 2 g 3 | HGET h g | HGET h none | HGET none f | HMGET h f none g f | HMGET none a b |
		HSET h "" "" | HGET h "" | HSTRLEN h "" | HSET "" "\x00" "\xff" | HGETALL "" | HKEYS h | HVALS h | HLEN h | HLEN none |
		HKEYS none | HVALS none | HGETALL none | HEXISTS h f | HEXISTS h x | HEXISTS none f | HSTRLEN h f | HSTRLEN none f |
		HSETNX h f x | HSETNX h new x | HSETNX other f v | HDEL h f f g | HDEL h none | HDEL none f | HDEL h "" new | TYPE h |
		EXISTS h | HMSET m a 1 b 2 a 3 | HGETALL m | HDEL m a b | EXISTS m | SET s v | HSET s f v | HGET s f | HMGET s f |
		HGETALL s | HLEN s | HDEL s f | HINCRBY s f 1 | HINCRBYFLOAT s f 1 | HRANDFIELD s | HRANDFIELD s 1 | HSCAN s 0 |
		HSETNX s f v | HMSET s f v | HEXISTS s f | HSTRLEN s f | HKEYS s | HVALS s | HSET t f v | EXPIREAT t 4102444800 |
		HSET t g w | HINCRBY t n 1 | HDEL t g | PEXPIRETIME t | COPY t u | HSET u x y | HGETALL t | RENAME u v | HGETALL v |
		MOVE v db:1 | SELECT db:1 | HGETALL v`},
	{"hash encodings", `
		HSET h f ~64 | OBJECT ENCODING h | HSET h f ~65 | OBJECT ENCODING h | HSET h f 1 | OBJECT ENCODING h | HDEL h f |
		HSET h f 1 | OBJECT ENCODING h | HSET h ~65 1 | OBJECT ENCODING h | HSET g ~64 ~64 | HSETNX g ~64 ~65 |
		OBJECT ENCODING g | HSETNX g x ~65 | OBJECT ENCODING g | COPY g g2 | OBJECT ENCODING g2 | RENAME g2 g3 |
		HINCRBY i ~65 1 | OBJECT ENCODING i | HINCRBYFLOAT j ~65 1 | OBJECT ENCODING j | HSET k f ~1025 g ~5000 | HGETALL k |
		HDEL k f g | HSET l a ~1024 | HSET l a ~2 | HSET ~1500 f ~64 | HSET ~1500 g ~64 | HDEL ~1500 f | HGETALL ~1500`},
	{"hash integers", `
		HINCRBY h f 1 | HINCRBY h f -5 | HINCRBY h f 9223372036854775807 | HINCRBY h f 9223372036854775807 |
		HINCRBY h m -9223372036854775808 | HINCRBY h m -1 | HINCRBY h m 0 | HSET h s x | HINCRBY h s 1 | HSET h s " 1" |
		HINCRBY h s 1 | HSET h s 01 | HINCRBY h s 1 | HSET h s -0 | HINCRBY h s 1 | HSET h s "" | HINCRBY h s 1 |
		HSET h s 9223372036854775808 | HINCRBY h s 1 | HSET h s 1.0 | HINCRBY h s 1 | HINCRBY h "" 0 | HGETALL h`},
	{"hash floats", `
		HINCRBYFLOAT h f 0.1 | HINCRBYFLOAT h f 0.2 | HINCRBYFLOAT h f -0.3 | HINCRBYFLOAT h f NaN | HINCRBYFLOAT h f +Inf |
		HINCRBYFLOAT none f NaN | HINCRBYFLOAT none f +Inf | HSET h s x | HINCRBYFLOAT h s 1 | HSET h s "" | HINCRBYFLOAT h s 1 |
		HSET h s " 1" | HINCRBYFLOAT h s 1 | HSET h s "1 " | HINCRBYFLOAT h s 1 | HSET h s inf | HINCRBYFLOAT h s 1 |
		HINCRBYFLOAT h s -Inf | HSET h s nan | HINCRBYFLOAT h s 1 | HSET h s 1e4932 | HINCRBYFLOAT h s 1 | HSET h s 0x10 |
		HINCRBYFLOAT h s 1 | HSET h s 5 | HINCRBYFLOAT h s 0 | HINCRBY h s 1 | HSET h s 1e-4000 | HINCRBYFLOAT h s 0 |
		SET str v | HINCRBYFLOAT str f +Inf | HINCRBYFLOAT str f NaN`},
	{"hash random", `
		HRANDFIELD none | HRANDFIELD none 5 | HRANDFIELD none -5 WITHVALUES | HRANDFIELD none -9223372036854775808 | HSET h a 1 b 2 c 3 |
		HRANDFIELD h | HRANDFIELD h 0 | HRANDFIELD h 2 | HRANDFIELD h 3 WITHVALUES | HRANDFIELD h 10 | HRANDFIELD h -10 |
		HRANDFIELD h -10 WITHVALUES | HRANDFIELD h 9223372036854775807 | HRANDFIELD h -9223372036854775808 |
		HRANDFIELD h -9223372036854775808 WITHVALUES | SET s v | HRANDFIELD s -9223372036854775808 | HSCAN h 0 COUNT 5 |
		HSCAN none 0 COUNT 5 | HSCAN h 0 COUNT 5 MATCH [ab] | HSCAN h 0 COUNT 5 MATCH ?`},
}
