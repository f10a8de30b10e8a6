package store

import (
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

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/pubsub"
)

// model is a store as simple as can be: maps, and one time for all.
type model struct {
	now int64 // nanoseconds
	dbs [Databases]map[string]modelValue
}

type modelValue struct {
	kind     Kind
	text     string
	fields   map[string]string // of a hash; never written again
	encoding uint8
	deadline int64 // milliseconds, 0 is none
}

func (m *model) ms() int64 { return m.now / int64(time.Millisecond) }

// live drops what is overdue.
func (m *model) live() {
	for _, db := range m.dbs {
		for key, v := range db {
			if v.deadline != 0 && v.deadline <= m.ms() {
				delete(db, key)
			}
		}
	}
}

// in returns the deadline that is d from now.
func (m *model) in(d time.Duration) int64 {
	return int64(math.Ceil(float64(m.now%1e9+int64(d))/1e6)) + m.now/1e9*1000
}

func (v modelValue) name() string {
	switch {
	case v.kind != KindString:
		return kinds[v.kind].encodings[v.encoding]
	case v.encoding == encRaw:
		return "raw"
	case v.encoding == encNatural && isCanonical(v.text):
		return "int"
	case len(v.text) <= 44:
		return "embstr"
	}
	return "raw"
}

func isCanonical(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == text
}

// tester compares a store with its model, command by command.
type tester struct {
	t     testing.TB
	r     *rand.Rand
	s     *Store
	clock *ManualClock
	m     *model
	kept  []Pair // a value that was read, and a copy of it
	log   []string
}

func (x *tester) text() string {
	r := x.r
	switch r.IntN(14) {
	case 0:
		return ""
	case 1, 2, 3:
		return strconv.Itoa(r.IntN(200) - 100)
	case 4:
		return []string{"9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "+1", "-0", "1e3", "3.5", "inf", "nan"}[r.IntN(10)]
	case 5:
		return strings.Repeat("z", 1020+r.IntN(10))
	case 6:
		return strings.Repeat("big", 1000+r.IntN(2000))
	case 7:
		return "a\x00b\xff\r\n" + strconv.Itoa(r.IntN(10))
	}
	return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(60))
}

func (x *tester) key() string {
	switch n := x.r.IntN(40); n {
	case 0:
		return ""
	case 1:
		return strings.Repeat("long key ", 200)
	case 2:
		return "\x00\xff*[?]"
	default:
		return "key:" + strconv.Itoa(n)
	}
}

func (x *tester) ttl() time.Duration {
	switch x.r.IntN(12) {
	case 0:
		return 0
	case 1:
		return -time.Duration(x.r.IntN(1e9))
	}
	return time.Duration(x.r.Int64N(int64(20 * time.Second)))
}

// done is what a command returned.
type done struct {
	value any
	err   error
}

func out(value any, err error) done { return done{value, err} }

// same compares what the store did with what it should have done. A mistake must
// come as an OpError, an expected outcome bare.
func (x *tester) same(what string, got, want done) {
	x.t.Helper()
	ok := reflect.DeepEqual(got.value, want.value) && errors.Is(got.err, want.err)
	if want.err == nil || want.err == ErrNotFound {
		ok = ok && got.err == want.err
	} else if op := (*OpError)(nil); !errors.As(got.err, &op) || op.Op == "" {
		ok = false
	}
	if ok {
		return
	}
	for _, line := range x.log[max(0, len(x.log)-30):] {
		x.t.Log(line)
	}
	x.t.Fatalf("%s:\n got %.300v, %v\nwant %.300v, %v", what, got.value, got.err, want.value, want.err)
}

func TestModel(t *testing.T) {
	for name, opts := range optionSets() {
		for _, lazy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, lazy %v", name, lazy), func(t *testing.T) {
				n := alone(6_000)
				if name == "4096 shards" {
					n /= 10
				}
				runModel(t, opts, lazy, n)
			})
		}
	}
}

// runModel does n random commands. If lazy, what is overdue is often not removed
// before somebody comes by.
func runModel(t *testing.T, opts []Option, lazy bool, n int) {
	start := time.Unix(1_700_000_000, 123_456_789)
	clock := NewManualClock(start)
	s := newTest(t, append(slices.Clone(opts), WithClock(clock))...)
	x := &tester{t: t, r: seededRand(t), s: s, clock: clock, m: &model{now: start.UnixNano()}}
	for i := range x.m.dbs {
		x.m.dbs[i] = map[string]modelValue{}
	}
	for i := range n {
		x.step(lazy)
		if i%(n/8+1) == n/8 {
			x.whole()
			check(t, s)
		}
	}
	x.whole()
	for _, p := range x.kept {
		require.Equal(t, p.Value, p.Key, "a string that was read has changed")
	}
	x.sameFingerprint()
	for n := range Databases { // and by single keys, as FlushAll would drop the tables
		keys, err := s.DB(n).Keys("*")
		require.NoError(t, err)
		for _, key := range keys {
			_, err := s.DB(n).Del(key)
			require.NoError(t, err)
		}
		size, err := s.DB(n).DBSize()
		require.NoError(t, err)
		require.Zero(t, size)
	}
	require.Zero(t, s.Stats().Memory)
	require.Zero(t, s.Stats().Volatile)
}

// step does one command.
func (x *tester) step(lazy bool) {
	r := x.r
	if r.IntN(15) == 0 {
		d := time.Duration(r.Int64N(int64(3 * time.Second)))
		x.m.now += int64(d)
		if lazy && r.IntN(4) > 0 {
			x.clock.set(x.clock.nano() + int64(d))
		} else {
			x.clock.Advance(d)
		}
		x.m.live()
	}
	n := []int{0, 0, 0, 1, 15}[r.IntN(5)]
	c := &call{tester: x, db: x.s.DB(n), n: n, m: x.m.dbs[n], key: x.key()}
	c.str = c.db.String(c.key)
	c.old, c.found = c.m[c.key]
	commands := stringCommands
	if r.IntN(3) == 0 {
		commands = genericCommands
	}
	command := commands[r.IntN(len(commands))]
	x.log = append(x.log, fmt.Sprintf("%s in %d of %.20q, which is %.40q %d until %d", command.name, n, c.key, c.old.text, c.old.kind, c.old.deadline))
	got, want := command.run(c)
	x.same(fmt.Sprintf("%s %.20q (%d bytes)", command.name, c.key, len(c.key)), got, want)
	if text, ok := got.value.(string); ok && len(x.kept) < 2000 {
		x.kept = append(x.kept, Pair{text, strings.Clone(text)})
	}
	if r.IntN(100) == 0 {
		c.setField()
	}
	v, found := c.m[c.key]
	kind, err := c.db.Type(c.key)
	x.same("TYPE", out(kind, err), out(v.kind, nil))
	encoding, err := c.db.ObjectEncoding(c.key)
	if found {
		x.same("OBJECT ENCODING after "+command.name, out(encoding, err), out(v.name(), nil))
		at, err := c.db.ExpireTime(c.key)
		wantAt := time.Time{}
		if v.deadline != 0 {
			wantAt = time.UnixMilli(v.deadline)
		}
		x.same("EXPIRETIME after "+command.name, out(at, err), out(wantAt, nil))
	} else {
		x.same("OBJECT ENCODING", out(encoding, err), out("", ErrNotFound))
	}
}

// setField sets a field of a hash, so that not all keys hold strings.
func (c *call) setField() {
	v, found := c.m[c.key]
	field, value := strconv.Itoa(c.r.IntN(9)), c.text()
	_, err := c.db.Hash(c.key).Set(field, value)
	if found && v.kind != KindHash {
		c.same("HSET", out(nil, err), out(nil, ErrWrongType))
		return
	}
	c.same("HSET", out(nil, err), out(nil, nil))
	fields := map[string]string{field: value}
	for f, old := range v.fields {
		if f != field {
			fields[f] = old
		}
	}
	if v.kind, v.fields = KindHash, fields; len(value) > hashSmallText {
		v.encoding = encLarge
	}
	c.m[c.key] = v
}

// whole compares all databases.
func (x *tester) whole() {
	x.t.Helper()
	for n := range Databases {
		db := x.s.DB(n)
		size, err := db.DBSize()
		x.same("DBSIZE", out(size, err), out(len(x.m.dbs[n]), nil))
		for key, v := range x.m.dbs[n] {
			text, err := db.String(key).Get()
			if v.kind != KindString {
				x.same("GET", out(text, err), out("", ErrWrongType))
				all, err := db.Hash(key).GetAll()
				x.same("HGETALL", out(all, err), out(v.fields, nil))
				continue
			}
			x.same("GET of all", out(text, err), out(v.text, nil))
		}
	}
}

// sameFingerprint makes a store with the model's content in another way.
func (x *tester) sameFingerprint() {
	other := newTest(x.t, WithClock(x.clock), WithShards(2), tiny)
	for n := range Databases {
		for key, v := range x.m.dbs[n] {
			db := other.DB(n)
			for field, value := range v.fields {
				_, err := db.Hash(key).Set(field, value)
				require.NoError(x.t, err)
			}
			for i := 0; v.kind == KindString && i < 2; i++ { // in halves
				_, err := db.String(key).Append(v.text[i*(len(v.text)/2) : len(v.text)/2+i*((len(v.text)+1)/2)])
				require.NoError(x.t, err)
			}
			if v.deadline != 0 {
				_, err := db.ExpireAt(key, time.UnixMilli(v.deadline))
				require.NoError(x.t, err)
			}
			a, err := db.Fingerprint(key)
			require.NoError(x.t, err)
			b, err := x.s.DB(n).Fingerprint(key)
			require.NoError(x.t, err)
			require.Equal(x.t, a, b)
		}
	}
	a, err := x.s.Fingerprint()
	require.NoError(x.t, err)
	b, err := other.Fingerprint()
	require.NoError(x.t, err)
	require.Equal(x.t, a, b, "the fingerprint of the same content")
	require.NoError(x.t, other.String("one more").Set(""))
	b, err = other.Fingerprint()
	require.NoError(x.t, err)
	require.NotEqual(x.t, a, b)
}

// call is one command on one key, in the store and in the model.
type call struct {
	*tester
	db    DB
	n     int
	m     map[string]modelValue
	key   string
	str   String
	old   modelValue
	found bool
}

type command struct {
	name string
	run  func(c *call) (got, want done)
}

// put stores a string in the model as SET does; a deadline in the past deletes.
func (c *call) put(key, text string, encoding uint8, deadline int64) {
	if deadline != 0 && deadline <= c.tester.m.ms() {
		delete(c.m, key)
		return
	}
	c.m[key] = modelValue{kind: KindString, text: text, encoding: encoding, deadline: deadline}
}

func (c *call) wrong() bool { return c.found && c.old.kind != KindString }

// lookup is what a command that needs the string returns without it.
func (c *call) lookup() error {
	switch {
	case !c.found:
		return ErrNotFound
	case c.old.kind != KindString:
		return ErrWrongType
	}
	return nil
}

// expiry returns a random Expiry and the deadline that it makes of the old one.
func (c *call) expiry() (e Expiry, deadline int64, err error) {
	switch c.r.IntN(6) {
	case 0:
		d := c.ttl()
		if d <= 0 {
			return ExpireIn(d), 0, ErrInvalidExpire
		}
		return ExpireIn(d), c.tester.m.in(d), nil
	case 1:
		at := time.Unix(0, c.tester.m.now).Add(c.ttl()).Truncate(time.Millisecond)
		return ExpireAt(at), at.UnixMilli(), nil
	case 2:
		return ExpireAt(time.Unix(0, 0)), 0, ErrInvalidExpire
	case 3:
		return KeepTTL, c.old.deadline, nil
	case 4:
		return Persist, 0, nil
	}
	return Expiry{}, 0, nil
}

var stringCommands = []command{
	{"GET", func(c *call) (got, want done) {
		err := c.lookup()
		text := ""
		if err == nil {
			text = c.old.text
		}
		return out(c.str.Get()), out(text, err)
	}},
	{"GET to", func(c *call) (got, want done) {
		b, gotErr := c.str.AppendTo([]byte("x"))
		err, text := c.lookup(), "x"
		if err == nil {
			text += c.old.text
		}
		return out(string(b), gotErr), out(text, err)
	}},
	{"SET", func(c *call) (got, want done) {
		text := c.text()
		c.put(c.key, text, encNatural, 0)
		if c.r.IntN(2) == 0 {
			b := []byte(text)
			err := c.str.SetBytes(b)
			clear(b)
			return out(nil, err), out(nil, nil)
		}
		return out(nil, c.str.Set(text)), out(nil, nil)
	}},
	{"SET with", runSetWith},
	{"SETNX", func(c *call) (got, want done) {
		text := c.text()
		if !c.found {
			c.put(c.key, text, encNatural, 0)
		}
		return out(c.str.SetNX(text)), out(!c.found, nil)
	}},
	{"SETEX", func(c *call) (got, want done) {
		text, d := c.text(), c.ttl()
		if d <= 0 {
			return out(nil, c.str.SetEX(text, d)), out(nil, ErrInvalidExpire)
		}
		c.put(c.key, text, encNatural, c.tester.m.in(d))
		return out(nil, c.str.SetEX(text, d)), out(nil, nil)
	}},
	{"GETSET", func(c *call) (got, want done) {
		text, err := c.text(), c.lookup()
		if err != ErrWrongType {
			c.put(c.key, text, encNatural, 0)
			return out(c.str.GetSet(text)), out(c.old.text, err)
		}
		return out(c.str.GetSet(text)), out("", err)
	}},
	{"GETDEL", func(c *call) (got, want done) {
		err := c.lookup()
		if err != nil {
			return out(c.str.GetDel()), out("", err)
		}
		delete(c.m, c.key)
		return out(c.str.GetDel()), out(c.old.text, nil)
	}},
	{"GETEX", func(c *call) (got, want done) {
		e, deadline, bad := c.expiry()
		err := c.lookup()
		switch {
		case err != nil:
			return out(c.str.GetEx(e)), out("", err)
		case bad != nil:
			return out(c.str.GetEx(e)), out("", bad)
		case e != Expiry{}:
			c.put(c.key, c.old.text, c.old.encoding, deadline)
		}
		return out(c.str.GetEx(e)), out(c.old.text, nil)
	}},
	{"STRLEN", func(c *call) (got, want done) {
		if c.wrong() {
			return out(c.str.StrLen()), out(0, ErrWrongType)
		}
		return out(c.str.StrLen()), out(len(c.old.text), nil)
	}},
	{"GETRANGE", func(c *call) (got, want done) {
		from, to := c.r.IntN(80)-40, c.r.IntN(80)-40
		if c.r.IntN(10) == 0 {
			to = []int{math.MaxInt, math.MinInt, 5000}[c.r.IntN(3)]
		}
		if c.wrong() {
			return out(c.str.GetRange(from, to)), out("", ErrWrongType)
		}
		return out(c.str.GetRange(from, to)), out(modelRange(c.old.text, from, to), nil)
	}},
	{"SETRANGE", runSetRange},
	{"APPEND", func(c *call) (got, want done) {
		text := c.text()
		switch {
		case c.wrong():
			return out(c.str.Append(text)), out(0, ErrWrongType)
		case !c.found:
			c.put(c.key, text, encNatural, 0)
		default:
			c.put(c.key, c.old.text+text, encRaw, c.old.deadline)
		}
		return out(c.str.Append(text)), out(len(c.old.text)+len(text), nil)
	}},
	{"INCRBY", runIncr},
	{"INCRBYFLOAT", func(c *call) (got, want done) {
		n := float64(c.r.IntN(100)-50) / 8
		old := "0"
		if c.found {
			old = c.old.text
		}
		if c.wrong() {
			return out(c.str.IncrByFloat(n)), out(0.0, ErrWrongType)
		}
		f, err := strconv.ParseFloat(old, 64)
		special := strings.ContainsAny(old, "fx_n") // number_test.go knows them, and what float64 rounds
		if special || err != nil || math.Abs(f) > 1e6 || f*8 != math.Trunc(f*8) {
			c.found = false
			delete(c.m, c.key)
			_, err := c.db.Del(c.key)
			return out(nil, err), out(nil, nil)
		}
		sum := f + n
		text := strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(sum, 'f', 17, 64), "0"), ".")
		if text == "-0" {
			text = "0"
		}
		c.put(c.key, text, encText, c.old.deadline)
		return out(c.str.IncrByFloat(n)), out(sum, nil)
	}},
	{"LCS", func(c *call) (got, want done) {
		key := c.tester.key()
		other, ok := c.m[key]
		if c.wrong() || ok && other.kind != KindString {
			return out(c.str.LCSLen(key)), out(0, ErrWrongType)
		}
		if len(c.old.text)*len(other.text) > 1<<16 {
			return done{}, done{}
		}
		return out(c.str.LCSLen(key)), out(naiveLCS(c.old.text, other.text), nil)
	}},
	{"MGET", func(c *call) (got, want done) {
		var values []Optional
		keys := c.keys()
		for _, key := range keys {
			v := c.m[key]
			if v.kind != KindString {
				v.text = ""
			}
			values = append(values, Optional{v.text, v.kind == KindString})
		}
		return out(c.db.MGet(keys...)), out(values, nil)
	}},
	{"MSET", func(c *call) (got, want done) {
		pairs := c.pairs()
		for _, p := range pairs {
			c.put(p.Key, p.Value, encNatural, 0)
		}
		return out(nil, c.db.MSet(pairs...)), out(nil, nil)
	}},
	{"MSETNX", func(c *call) (got, want done) {
		pairs := c.pairs()
		none := true
		for _, p := range pairs {
			_, found := c.m[p.Key]
			none = none && !found
		}
		if none {
			for _, p := range pairs {
				c.put(p.Key, p.Value, encNatural, 0)
			}
		}
		return out(c.db.MSetNX(pairs...)), out(none, nil)
	}},
}

func (c *call) keys() []string {
	keys := make([]string, 1+c.r.IntN(5))
	for i := range keys {
		keys[i] = c.tester.key()
	}
	return keys
}

func (c *call) pairs() []Pair {
	var pairs []Pair
	for _, key := range c.keys() {
		pairs = append(pairs, Pair{key, c.text()})
	}
	return pairs
}

func runSetWith(c *call) (got, want done) {
	e, deadline, bad := c.expiry()
	o := SetOptions{If: Condition(c.r.IntN(4)), Expiry: e, Get: c.r.IntN(2) == 0}
	holds := o.If == Always || (o.If == IfPresent) == c.found
	compares := c.r.IntN(2) == 0
	if compares {
		o.If, o.Match, holds = c.comparison()
	}
	text := c.text()
	do := func() done { return out(c.str.SetWith(text, o)) }
	none := SetResult{}
	switch {
	case o.If > IfPresent && o.If < IfEqual:
		return do(), out(none, ErrInvalidOption)
	case bad != nil:
		return do(), out(none, bad)
	case (o.Get || compares) && c.wrong():
		return do(), out(none, ErrWrongType)
	}
	want.value = SetResult{}
	r := SetResult{}
	if o.Get && c.found {
		r.Old = Optional{c.old.text, true}
	}
	if holds {
		r.Set = true
		c.put(c.key, text, encNatural, deadline)
	}
	return do(), out(r, nil)
}

func runSetRange(c *call) (got, want done) {
	offset, text := c.r.IntN(100)-5, c.text()
	if c.r.IntN(10) == 0 {
		offset = 4090 + c.r.IntN(10)
	}
	do := func() done { return out(c.str.SetRange(offset, text)) }
	n := len(c.old.text)
	switch {
	case offset < 0:
		return do(), out(0, ErrOffset)
	case c.wrong():
		return do(), out(0, ErrWrongType)
	case text == "":
		return do(), out(n, nil)
	}
	b := make([]byte, max(n, offset+len(text)))
	copy(b, c.old.text)
	copy(b[offset:], text)
	c.put(c.key, string(b), encRaw, c.old.deadline)
	return do(), out(len(b), nil)
}

func runIncr(c *call) (got, want done) {
	n := int64(c.r.IntN(50) - 25)
	if c.r.IntN(10) == 0 {
		n = []int64{math.MaxInt64, math.MinInt64, math.MinInt64 + 1}[c.r.IntN(3)]
	}
	do, decr := func() done { return out(c.str.IncrBy(n)) }, false
	switch c.r.IntN(4) {
	case 0:
		n, do = 1, func() done { return out(c.str.Incr()) }
	case 1:
		n, decr, do = 1, true, func() done { return out(c.str.Decr()) }
	case 2:
		decr, do = true, func() done { return out(c.str.DecrBy(n)) }
	}
	old := int64(0)
	switch {
	case decr && n == math.MinInt64: // Redis refuses it before it looks at the key
		return do(), out(int64(0), ErrOverflow)
	case c.wrong():
		return do(), out(int64(0), ErrWrongType)
	case c.found && !isCanonical(c.old.text):
		return do(), out(int64(0), ErrNotInteger)
	case c.found:
		old, _ = strconv.ParseInt(c.old.text, 10, 64)
	}
	by := n
	if decr {
		by = -n
	}
	sum := old + by
	if by > 0 && sum < old || by < 0 && sum > old {
		return do(), out(int64(0), ErrOverflow)
	}
	c.put(c.key, strconv.FormatInt(sum, 10), encNatural, c.old.deadline)
	return do(), out(sum, nil)
}

// modelRange is GETRANGE as Redis's getrangeCommand reads its indexes.
func modelRange(text string, from, to int) string {
	if from < 0 && to < 0 && from > to {
		return ""
	}
	place := func(i int) int {
		if i < 0 {
			return max(i+len(text), 0)
		}
		return i
	}
	var b []byte
	for i := range len(text) {
		if i >= place(from) && i <= place(to) {
			b = append(b, text[i])
		}
	}
	return string(b)
}

func naiveLCS(a, b string) int {
	row := make([]int, len(b)+1)
	for i := range len(a) {
		diagonal := 0
		for j := range len(b) {
			up := row[j+1]
			if a[i] == b[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = up
		}
	}
	return row[len(b)]
}

var genericCommands = []command{
	{"DEL", func(c *call) (got, want done) {
		keys, n := c.keys(), 0
		for _, key := range keys {
			if _, found := c.m[key]; found {
				n++
			}
			delete(c.m, key)
		}
		if c.r.IntN(2) == 0 {
			return out(c.db.Unlink(keys...)), out(n, nil)
		}
		return out(c.db.Del(keys...)), out(n, nil)
	}},
	{"EXISTS", func(c *call) (got, want done) {
		keys, n := c.keys(), 0
		for _, key := range keys {
			if _, found := c.m[key]; found {
				n++
			}
		}
		if c.r.IntN(2) == 0 {
			return out(c.db.Touch(keys...)), out(n, nil)
		}
		return out(c.db.Exists(keys...)), out(n, nil)
	}},
	{"EXPIRE", runExpire},
	{"EXPIRE again", runExpire},
	{"PERSIST", func(c *call) (got, want done) {
		if c.found {
			v := c.old
			v.deadline = 0
			c.m[c.key] = v
		}
		return out(c.db.Persist(c.key)), out(c.old.deadline != 0, nil)
	}},
	{"TTL", func(c *call) (got, want done) {
		switch {
		case !c.found:
			return out(c.db.TTL(c.key)), out(time.Duration(0), ErrNotFound)
		case c.old.deadline == 0:
			return out(c.db.TTL(c.key)), out(NoTTL, nil)
		}
		left := time.UnixMilli(c.old.deadline).Sub(time.Unix(0, c.tester.m.now))
		return out(c.db.TTL(c.key)), out(left.Truncate(time.Millisecond), nil)
	}},
	{"RENAME", func(c *call) (got, want done) { return c.transfer("RENAME", c.n) }},
	{"RENAMENX", func(c *call) (got, want done) { return c.transfer("RENAMENX", c.n) }},
	{"MOVE", func(c *call) (got, want done) { return c.transfer("MOVE", []int{0, 1, 15, 16, -1}[c.r.IntN(5)]) }},
	{"COPY", func(c *call) (got, want done) { return c.transfer("COPY", []int{0, 1, 15, 99}[c.r.IntN(4)]) }},
	{"COPY REPLACE", func(c *call) (got, want done) { return c.transfer("COPY REPLACE", []int{0, 1, 15}[c.r.IntN(3)]) }},
	{"KEYS", func(c *call) (got, want done) {
		pattern := []string{"*", "key:*", "key:1?", "[^k]*", "", "\x00*", "key:3"}[c.r.IntN(7)]
		keys, err := c.db.Keys(pattern)
		slices.Sort(keys)
		return out(keys, err), out(c.matching(pattern), nil)
	}},
	{"SCAN", func(c *call) (got, want done) {
		o := ScanOptions{Count: c.r.IntN(30), Type: []Kind{KindNone, KindString}[c.r.IntN(2)]}
		if c.r.IntN(2) == 0 {
			o.Match = "key:*"
		}
		var keys []string
		for cursor := uint64(0); ; {
			some, next, err := c.db.Scan(cursor, o)
			keys = append(keys, some...)
			if err != nil || next == 0 {
				slices.Sort(keys)
				pattern := o.Match
				if pattern == "" {
					pattern = "*"
				}
				all := c.matching(pattern)
				if o.Type != KindNone {
					all = slices.DeleteFunc(all, func(key string) bool { return c.m[key].kind != o.Type })
				}
				if len(all) == 0 {
					all = nil
				}
				return out(keys, err), out(all, nil)
			}
			cursor = next
		}
	}},
	{"RANDOMKEY", func(c *call) (got, want done) {
		key, err := c.db.RandomKey()
		if _, found := c.m[key]; found && err == nil {
			return out(key, nil), out(key, nil)
		}
		if len(c.m) == 0 {
			return out(key, err), out("", ErrNotFound)
		}
		return out(key, err), out("one of the keys", nil)
	}},
	{"DBSIZE", func(c *call) (got, want done) { return out(c.db.DBSize()), out(len(c.m), nil) }},
	{"FLUSHDB", func(c *call) (got, want done) {
		if c.r.IntN(10) > 0 {
			return done{}, done{}
		}
		clear(c.m)
		return out(nil, c.db.FlushDB()), out(nil, nil)
	}},
	{"FLUSHALL", func(c *call) (got, want done) {
		if c.r.IntN(40) > 0 {
			return done{}, done{}
		}
		for _, m := range c.tester.m.dbs {
			clear(m)
		}
		return out(nil, c.s.FlushAll()), out(nil, nil)
	}},
	{"SWAPDB", func(c *call) (got, want done) {
		a, b := []int{0, 1, 15}[c.r.IntN(3)], []int{0, 1, 15, 16}[c.r.IntN(4)]
		if b == 16 {
			return out(nil, c.s.SwapDB(a, b)), out(nil, ErrInvalidDB)
		}
		dbs := &c.tester.m.dbs
		dbs[a], dbs[b] = dbs[b], dbs[a]
		c.m = dbs[c.n]
		return out(nil, c.s.SwapDB(a, b)), out(nil, nil)
	}},
}

func (c *call) matching(pattern string) (keys []string) {
	for key := range c.m {
		if pattern == "*" || pubsub.Match(pattern, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func runExpire(c *call) (got, want done) {
	d := c.ttl()
	at := time.Unix(0, c.tester.m.now).Add(d).Truncate(time.Millisecond)
	absolute := c.r.IntN(2) == 0
	var cond []Condition
	if c.r.IntN(2) == 0 {
		cond = append(cond, Condition(c.r.IntN(8)))
	}
	if c.r.IntN(20) == 0 {
		cond = []Condition{IfAbsent, IfLess}
	}
	do := func() done {
		if absolute {
			return out(c.db.ExpireAt(c.key, at, cond...))
		}
		return out(c.db.Expire(c.key, d, cond...))
	}
	if len(cond) > 1 || len(cond) == 1 && cond[0] > IfPresentAndLess {
		return do(), out(false, ErrInvalidOption)
	}
	deadline := at.UnixMilli()
	if !absolute {
		deadline = c.tester.m.in(d)
		if d <= 0 {
			deadline = (c.tester.m.now + int64(d)) / 1e6
		}
	}
	old, holds := c.old.deadline, true
	if len(cond) == 1 {
		switch has := old != 0; cond[0] {
		case IfAbsent:
			holds = !has
		case IfPresent:
			holds = has
		case IfGreater, IfPresentAndGreater:
			holds = has && deadline > old
		case IfLess:
			holds = !has || deadline < old
		case IfPresentAndLess:
			holds = has && deadline < old
		}
	}
	if !c.found || !holds {
		return do(), out(false, nil)
	}
	v := c.old
	v.deadline = deadline
	c.m[c.key] = v
	if deadline <= c.tester.m.ms() {
		delete(c.m, c.key)
	}
	return do(), out(true, nil)
}

// transfer is RENAME, MOVE and COPY.
func (c *call) transfer(op string, to int) (got, want done) {
	dst := c.tester.key()
	var do func() done
	switch op {
	case "RENAME":
		do = func() done { return out(true, c.db.Rename(c.key, dst)) }
	case "RENAMENX":
		do = func() done { return out(c.db.RenameNX(c.key, dst)) }
	case "MOVE":
		dst = c.key
		do = func() done { return out(c.db.Move(c.key, to)) }
	default:
		o := CopyOptions{DB: &to, Replace: op != "COPY"}
		if to == c.n && c.r.IntN(2) == 0 {
			o.DB = nil
		}
		do = func() done {
			if !o.Replace && o.DB == nil {
				return out(c.db.Copy(c.key, dst))
			}
			return out(c.db.CopyWith(c.key, dst, o))
		}
	}
	rename := op == "RENAME" || op == "RENAMENX"
	same := dst == c.key && to == c.n
	switch {
	case to < 0 || to >= Databases:
		return do(), out(false, ErrInvalidDB)
	case same && !rename:
		return do(), out(false, ErrSameKey)
	case !c.found && rename:
		return do(), out(op == "RENAME", ErrNotFound)
	case !c.found:
		return do(), out(false, nil)
	case same:
		return do(), out(op == "RENAME", nil)
	}
	target := c.tester.m.dbs[to]
	if _, there := target[dst]; there && op != "RENAME" && op != "COPY REPLACE" {
		return do(), out(false, nil)
	}
	if rename || op == "MOVE" {
		delete(c.m, c.key)
	}
	target[dst] = c.old
	return do(), out(true, nil)
}

// RENAME removes a key before it writes another, which may lie elsewhere then.
func TestRenameTracked(t *testing.T) {
	for n := 2; n < 100; n++ {
		s := newTest(t, WithShards(1), WithTracking(TrackFrequency))
		for i := range n {
			require.NoError(t, s.String(strconv.Itoa(i)).Set("v"))
		}
		for i := range n - 1 {
			require.NoError(t, s.Rename(strconv.Itoa(i), strconv.Itoa(n-1)))
		}
	}
}
