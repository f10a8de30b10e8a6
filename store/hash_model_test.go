package store

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The deadlines of fields, which the Redis that the tests run beside does not have yet:
// hashes against maps, with one time for all.

type hashModelField struct {
	value    string
	deadline int64
}

type hashModelValue struct {
	fields   map[string]hashModelField
	deadline int64
}

type hashTester struct {
	t     *testing.T
	r     *rand.Rand
	s     *Store
	clock *ManualClock
	now   int64 // nanoseconds
	m     map[string]*hashModelValue
	log   []string
}

func (x *hashTester) ms() int64 { return x.now / int64(time.Millisecond) }

// live drops what is overdue.
func (x *hashTester) live() {
	for key, v := range x.m {
		maps.DeleteFunc(v.fields, func(_ string, f hashModelField) bool {
			return f.deadline != 0 && f.deadline <= x.ms()
		})
		if len(v.fields) == 0 || v.deadline != 0 && v.deadline <= x.ms() {
			delete(x.m, key)
		}
	}
}

func (x *hashTester) key() string { return "key:" + strconv.Itoa(x.r.IntN(6)) }

func (x *hashTester) field() string {
	n := x.r.IntN(24)
	if n == 0 && x.r.IntN(20) == 0 {
		return strings.Repeat("long", 20)
	}
	return strconv.Itoa(n)
}

func (x *hashTester) fields() (fields []string) {
	for range x.r.IntN(4) {
		fields = append(fields, x.field())
	}
	return fields
}

func (x *hashTester) pairs() (pairs []Pair) {
	for range 1 + x.r.IntN(4) {
		value := strconv.Itoa(x.r.IntN(1000))
		if x.r.IntN(60) == 0 {
			value = strings.Repeat(value, 50+x.r.IntN(500))
		}
		pairs = append(pairs, Pair{Key: x.field(), Value: value})
	}
	return pairs
}

// ttl returns a time to live, and its deadline.
func (x *hashTester) ttl() (d time.Duration, at int64) {
	d = time.Duration(x.r.Int64N(int64(3 * time.Second)))
	if x.r.IntN(10) == 0 {
		d = time.Duration(x.r.Int64N(int64(3 * time.Millisecond)))
	}
	return d, int64(math.Ceil(float64(x.now%1e9+int64(d))/1e6)) + x.now/1e9*1000
}

// expiry returns an Expiry and the deadline that it gives.
func (x *hashTester) expiry() (e Expiry, at int64, err error) {
	d, in := x.ttl()
	switch x.r.IntN(6) {
	case 0, 1:
		if d == 0 {
			return ExpireIn(d), 0, ErrInvalidExpire
		}
		return ExpireIn(d), in, nil
	case 2:
		t := time.Unix(0, x.now).Add(d - time.Second).Truncate(time.Millisecond)
		return ExpireAt(t), t.UnixMilli(), nil
	case 3:
		return KeepTTL, 0, nil
	case 4:
		return Persist, 0, nil
	}
	return Expiry{}, 0, nil
}

// value returns the hash at key, made if it is missing.
func (x *hashTester) value(key string) *hashModelValue {
	if x.m[key] == nil {
		x.m[key] = &hashModelValue{fields: map[string]hashModelField{}}
	}
	return x.m[key]
}

func (x *hashTester) look(key string, fields []string) []Optional {
	values := make([]Optional, len(fields))
	for i, f := range fields {
		if v, ok := x.value(key).fields[f]; ok {
			values[i] = Optional{Value: v.value, Found: true}
		}
	}
	return values
}

// same compares what the store did with what it should have done.
func (x *hashTester) same(what string, got any, err error, want any, wantErr error) {
	x.t.Helper()
	if fmt.Sprint(got) == fmt.Sprint(want) && classOf(err) == wantErr {
		return
	}
	for _, line := range x.log[max(0, len(x.log)-20):] {
		x.t.Log(line)
	}
	x.t.Fatalf("%s at %d:\n got %.300v, %v\nwant %.300v, %v", what, x.ms(), got, err, want, wantErr)
}

// hashSteps are random commands on one hash; each changes the model, too.
var hashSteps = []struct {
	name string
	run  func(x *hashTester, key string, h Hash)
}{
	{"HSET", func(x *hashTester, key string, h Hash) {
		pairs, added := x.pairs(), 0
		for _, p := range pairs {
			if _, ok := x.value(key).fields[p.Key]; !ok {
				added++
			}
			x.value(key).fields[p.Key] = hashModelField{value: p.Value}
		}
		n, err := h.Set(pairs[0].Key, pairs[0].Value, pairs[1:]...)
		x.same("HSET", n, err, added, nil)
	}},
	{"HMSET", func(x *hashTester, key string, h Hash) {
		pairs := x.pairs()
		for _, p := range pairs {
			x.value(key).fields[p.Key] = hashModelField{value: p.Value}
		}
		x.same("HMSET", nil, h.MSet(pairs...), nil, nil)
	}},
	{"HSETNX", func(x *hashTester, key string, h Hash) {
		p := x.pairs()[0]
		_, ok := x.value(key).fields[p.Key]
		if !ok {
			x.value(key).fields[p.Key] = hashModelField{value: p.Value}
		}
		set, err := h.SetNX(p.Key, p.Value)
		x.same("HSETNX", set, err, !ok, nil)
	}},
	{"HINCRBY", func(x *hashTester, key string, h Hash) {
		f := x.field()
		v := x.value(key).fields[f]
		old, ok := int64(0), true
		if v.value != "" {
			old, ok = parseInt(v.value)
		}
		sum, err := h.IncrBy(f, 7)
		if !ok {
			x.same("HINCRBY", sum, err, 0, ErrNotInteger)
			return
		}
		v.value = strconv.FormatInt(old+7, 10)
		x.value(key).fields[f] = v
		x.same("HINCRBY", sum, err, old+7, nil)
	}},
	{"HDEL", func(x *hashTester, key string, h Hash) {
		fields, n := x.fields(), 0
		for _, f := range fields {
			if _, ok := x.value(key).fields[f]; ok {
				n++
			}
			delete(x.value(key).fields, f)
		}
		got, err := h.Del(fields...)
		x.same("HDEL", got, err, n, nil)
	}},
	{"HGETDEL", func(x *hashTester, key string, h Hash) {
		fields, want := x.fields(), []Optional{}
		for _, f := range fields {
			want = append(want, x.look(key, []string{f})...)
			delete(x.value(key).fields, f)
		}
		got, err := h.GetDel(fields...)
		x.same("HGETDEL", got, err, want, nil)
	}},
	{"HGETEX", func(x *hashTester, key string, h Hash) {
		e, at, wantErr := x.expiry()
		fields := x.fields()
		want := x.look(key, fields)
		got, err := h.GetEx(e, fields...)
		if wantErr != nil {
			x.same("HGETEX", got, err, []Optional(nil), wantErr)
			return
		}
		x.same("HGETEX", got, err, want, nil)
		if e == (Expiry{}) || e == KeepTTL {
			return
		}
		for i, f := range fields {
			if want[i].Found {
				x.value(key).fields[f] = hashModelField{value: want[i].Value, deadline: at}
			}
		}
	}},
	{"HSETEX", stepSetEX},
	{"HEXPIRE", func(x *hashTester, key string, h Hash) {
		fields, cond := x.fields(), Condition(x.r.IntN(int(IfPresentAndLess)+1))
		d, at := x.ttl()
		if x.r.IntN(8) == 0 {
			d, at = 0, x.ms()
		}
		got, err := h.Expire(d, cond, fields...)
		x.same(fmt.Sprintf("HEXPIRE %v %d", d, cond), got, err, x.expire(key, at, cond, fields), nil)
	}},
	{"HEXPIREAT", func(x *hashTester, key string, h Hash) {
		fields, cond := x.fields(), Condition(x.r.IntN(int(IfPresentAndLess)+1))
		at := x.ms() + x.r.Int64N(4000) - 1000
		if x.r.IntN(20) == 0 {
			at = 0
		}
		got, err := h.ExpireAt(time.UnixMilli(at), cond, fields...)
		x.same(fmt.Sprintf("HEXPIREAT %d %d", at, cond), got, err, x.expire(key, at, cond, fields), nil)
	}},
	{"HPERSIST", func(x *hashTester, key string, h Hash) {
		fields, want := x.fields(), []FieldStatus{}
		for _, f := range fields {
			v, ok := x.value(key).fields[f]
			switch {
			case !ok:
				want = append(want, FieldMissing)
			case v.deadline == 0:
				want = append(want, FieldNoTTL)
			default:
				want = append(want, FieldChanged)
				x.value(key).fields[f] = hashModelField{value: v.value}
			}
		}
		got, err := h.Persist(fields...)
		x.same("HPERSIST", got, err, want, nil)
	}},
	{"EXPIRE", func(x *hashTester, key string, h Hash) {
		d, at := x.ttl()
		_, there := x.m[key]
		ok, err := h.db.Expire(key, d+time.Second)
		x.same("EXPIRE", ok, err, there, nil)
		if there {
			x.m[key].deadline = at + 1000
		}
	}},
	{"PERSIST", func(x *hashTester, key string, h Hash) {
		want := x.m[key] != nil && x.m[key].deadline != 0
		ok, err := h.db.Persist(key)
		x.same("PERSIST", ok, err, want, nil)
		if want {
			x.m[key].deadline = 0
		}
	}},
	{"COPY", func(x *hashTester, key string, h Hash) {
		dst, v := x.key(), x.m[key]
		if dst == key {
			return
		}
		ok, err := h.db.CopyWith(key, dst, CopyOptions{Replace: true})
		x.same("COPY", ok, err, v != nil, nil)
		if v != nil {
			x.m[dst] = &hashModelValue{fields: maps.Clone(v.fields), deadline: v.deadline}
		}
	}},
	{"RENAME", func(x *hashTester, key string, h Hash) {
		dst, v := x.key(), x.m[key]
		if v == nil || dst == key {
			return
		}
		x.same("RENAME", nil, h.db.Rename(key, dst), nil, nil)
		delete(x.m, key)
		x.m[dst] = v
	}},
	{"DEL", func(x *hashTester, key string, h Hash) {
		if x.r.IntN(8) > 0 {
			return
		}
		_, err := h.db.Del(key)
		x.same("DEL", nil, err, nil, nil)
		delete(x.m, key)
	}},
}

func stepSetEX(x *hashTester, key string, h Hash) {
	e, at, wantErr := x.expiry()
	pairs, cond := x.pairs(), Condition(x.r.IntN(3))
	ok, err := h.SetEX(cond, e, pairs...)
	if wantErr != nil {
		x.same("HSETEX", ok, err, false, wantErr)
		return
	}
	want := true
	for _, p := range pairs {
		_, there := x.value(key).fields[p.Key]
		want = want && (cond == Always || there == (cond == IfPresent))
	}
	x.same(fmt.Sprintf("HSETEX %d %v", cond, e), ok, err, want, nil)
	if !want {
		return
	}
	for _, p := range pairs {
		f := hashModelField{value: p.Value, deadline: at}
		if e == KeepTTL {
			f.deadline = x.value(key).fields[p.Key].deadline
		}
		x.value(key).fields[p.Key] = f
	}
}

// expire is HEXPIRE in the model.
func (x *hashTester) expire(key string, at int64, cond Condition, fields []string) []FieldStatus {
	results := []FieldStatus{}
	for _, f := range fields {
		v, ok := x.value(key).fields[f]
		none := v.deadline == 0
		holds := map[Condition]bool{
			Always: true, IfAbsent: none, IfPresent: !none,
			IfGreater: !none && at > v.deadline, IfPresentAndGreater: !none && at > v.deadline,
			IfLess: none || at < v.deadline, IfPresentAndLess: !none && at < v.deadline,
		}
		switch {
		case !ok:
			results = append(results, FieldMissing)
		case !holds[cond]:
			results = append(results, FieldUnchanged)
		case at <= x.ms():
			results = append(results, FieldDeleted)
			delete(x.value(key).fields, f)
		default:
			results = append(results, FieldChanged)
			x.value(key).fields[f] = hashModelField{value: v.value, deadline: at}
		}
	}
	return results
}

// whole compares all hashes.
func (x *hashTester) whole(db DB) {
	x.t.Helper()
	x.live()
	keys, err := db.Keys("*")
	slices.Sort(keys)
	x.same("KEYS", keys, err, slices.Sorted(maps.Keys(x.m)), nil)
	size, err := db.DBSize()
	x.same("DBSIZE", size, err, len(x.m), nil)
	for key, v := range x.m {
		h := db.Hash(key)
		n, err := h.Len()
		x.same("HLEN", n, err, len(v.fields), nil)
		want := map[string]string{}
		for f, mf := range v.fields {
			want[f] = mf.value
			at, err := h.ExpireTime(f)
			wantAt := time.Time{}
			if mf.deadline != 0 {
				wantAt = time.UnixMilli(mf.deadline)
			}
			x.same("HEXPIRETIME", at, err, []FieldDeadline{{wantAt, true}}, nil)
			left, err := h.TTL(f)
			wantLeft := NoTTL
			if mf.deadline != 0 {
				wantLeft = time.Duration(mf.deadline*int64(time.Millisecond) - x.now).Truncate(time.Millisecond)
			}
			x.same("HTTL", left, err, []FieldTTL{{wantLeft, true}}, nil)
		}
		all, err := h.GetAll()
		x.same("HGETALL", all, err, want, nil)
		seq, err := h.All()
		x.same("HGETALL", maps.Collect(seq), err, want, nil)
		at, err := db.ExpireTime(key)
		wantAt := time.Time{}
		if v.deadline != 0 {
			wantAt = time.UnixMilli(v.deadline)
		}
		x.same("EXPIRETIME", at, err, wantAt, nil)
	}
}

// glance looks at one hash in one way, while the others may be overdue.
func (x *hashTester) glance(db DB, key string) {
	v, h := x.m[key], db.Hash(key)
	fields := 0
	if v != nil {
		fields = len(v.fields)
	}
	there := min(fields, 1)
	switch f := x.field(); x.r.IntN(11) {
	case 0:
		n, err := h.Len()
		x.same("HLEN", n, err, fields, nil)
	case 1:
		keys, err := h.Keys()
		x.same("HKEYS", len(keys), err, fields, nil)
	case 2:
		_, err := h.RandField()
		x.same("HRANDFIELD", err == nil, nil, fields > 0, nil)
	case 3:
		pairs, _, err := h.Scan(0, ScanOptions{Count: 1000})
		x.same("HSCAN", len(pairs), err, fields, nil)
	case 4:
		n, err := db.Exists(key)
		x.same("EXISTS", n, err, there, nil)
	case 5:
		kind, err := db.Type(key)
		x.same("TYPE", kind != KindNone, err, fields > 0, nil)
	case 6:
		keys, err := db.Keys(key)
		x.same("KEYS", len(keys), err, there, nil)
	case 7:
		_, err := db.String(key).Get()
		want := ErrNotFound
		if fields > 0 {
			want = ErrWrongType
		}
		x.same("GET", "", err, "", want)
	case 8:
		_, err := db.Fingerprint(key)
		x.same("DEBUG DIGEST", err == nil, nil, fields > 0, nil)
	case 9:
		keys, _, err := db.Scan(0, ScanOptions{Count: 1 << 20, Match: key})
		x.same("SCAN", len(keys), err, there, nil)
	default:
		values, err := h.MGet(f)
		want := []Optional{{}}
		if v != nil {
			want = x.look(key, []string{f})
		}
		x.same("HMGET", values, err, want, nil)
	}
}

func TestHashEqualsModel(t *testing.T) {
	for name, opts := range optionSets() {
		for _, lazy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, lazy %v", name, lazy), func(t *testing.T) {
				n := alone(5_000)
				if name == "4096 shards" {
					n /= 10
				}
				runHashModel(t, opts, lazy, n)
			})
		}
	}
}

// runHashModel does n random commands. If lazy, what is overdue is often not removed
// before somebody comes by.
func runHashModel(t *testing.T, opts []Option, lazy bool, n int) {
	start := time.Unix(1_700_000_000, 123_456_789)
	clock := NewManualClock(start)
	s := newTest(t, append(slices.Clone(opts), WithClock(clock))...)
	x := &hashTester{t: t, r: seededRand(t), s: s, clock: clock, now: start.UnixNano(), m: map[string]*hashModelValue{}}
	db := s.DB(2)
	for i := range n {
		if x.r.IntN(4) == 0 {
			d := time.Duration(x.r.Int64N(int64(400 * time.Millisecond)))
			x.now += int64(d)
			if lazy && x.r.IntN(4) > 0 {
				clock.set(clock.nano() + int64(d))
			} else {
				clock.Advance(d)
			}
		}
		x.live()
		key := x.key()
		x.glance(db, x.key())
		step := hashSteps[x.r.IntN(len(hashSteps))]
		before := "nothing"
		if v := x.m[key]; v != nil {
			before = fmt.Sprintf("%.200v until %d", v.fields, v.deadline)
		}
		x.log = append(x.log, fmt.Sprintf("%d: %s %s, which was %s", x.ms(), step.name, key, before))
		step.run(x, key, db.Hash(key))
		x.live()
		if x.r.IntN(40) == 0 {
			x.whole(db)
		}
		if i%(n/10+1) == 0 {
			x.sameFingerprint(db)
			check(t, s)
		}
	}
	x.whole(db)
	_, err := s.Del("nothing")
	require.NoError(t, err)
	clock.Advance(time.Hour)
	x.now += int64(time.Hour)
	x.whole(db)
	keys := slices.Collect(maps.Keys(x.m))
	_, err = db.Del(keys...)
	require.NoError(t, err)
	require.Zero(t, s.Stats().Memory)
	require.Zero(t, s.Stats().Volatile)
}

// sameFingerprint makes the same hashes in another way.
func (x *hashTester) sameFingerprint(db DB) {
	x.live()
	clock := NewManualClock(time.Unix(0, x.now))
	other := newTest(x.t, WithClock(clock), WithShards(1), tiny).DB(2)
	for key, v := range x.m {
		h := other.Hash(key)
		for _, f := range slices.Backward(slices.Sorted(maps.Keys(v.fields))) {
			_, err := h.Set(f, v.fields[f].value)
			require.NoError(x.t, err)
			if at := v.fields[f].deadline; at != 0 {
				_, err := h.ExpireAt(time.UnixMilli(at), Always, f)
				require.NoError(x.t, err)
			}
		}
		if v.deadline != 0 {
			_, err := other.ExpireAt(key, time.UnixMilli(v.deadline))
			require.NoError(x.t, err)
		}
	}
	a, err := db.Fingerprint()
	require.NoError(x.t, err)
	b, err := other.Fingerprint()
	require.NoError(x.t, err)
	require.Equal(x.t, a, b, "the fingerprint of the same content")
}
