package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store/rdb"
)

// DUMP and RESTORE against Redis. A random RESTORE takes a payload of either side: what Redis
// has made of a value goes into both, or what we have.

func init() {
	for text, err := range map[string]error{
		"BUSYKEY":                    ErrBusyKey,
		"ERR DUMP payload version":   ErrPayloadVersion,
		"ERR Bad data format":        ErrBadPayload,
		"ERR Invalid TTL value":      ErrInvalidExpire,
		"ERR Invalid IDLETIME value": ErrOutOfRange,
		"ERR Invalid FREQ value":     ErrOutOfRange,
	} {
		redisErrors = append(redisErrors, struct {
			text string
			err  error
		}{text, err})
	}
	differs = append(differs,
		differ{name: "DUMP", weight: 4, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
			payload, err := db.Dump(a[0])
			if err != nil {
				return nil, err
			}
			return comparablePayload(string(payload))
		}, fold: func(r reply) (any, error) {
			if r == nil {
				return nil, ErrNotFound
			}
			return comparablePayload(r.(string))
		}},
		differ{name: "RESTORE", weight: 8, gen: genRestore, call: callRestore},
	)
}

func init() {
	five, list := quoted(sealed("\x00\xc0\x05", 10)), quoted(sealed("\x12\x01\x01\x01a", 10))
	set, zset := quoted(sealed("\x02\x02\x01a\xc0\x05", 10)), quoted(sealed("\x03\x02\x01a\x031.5\x01b\xfe", 1))
	hash := quoted(sealed("\x09\x0e\x02\x01f\x01\x00v\x01g\x02\x00ab\xff", 2))
	lines := `DUMP none | SET k 5 | DUMP k | RESTORE k 0 x | RESTORE k 0 five | RESTORE k 0 x REPLACE | RESTORE k 0 "" REPLACE |
		RESTORE k 0 five REPLACE | INCR k | RESTORE k -1 x REPLACE | RESTORE k -1 x | RESTORE n -1 x | RESTORE k 0 list REPLACE |
		RESTORE k 0 hash REPLACE | HGET k g | DUMP k | RESTORE k 0 set REPLACE | SADD k b | DUMP k | RESTORE k 0 zset REPLACE |
		ZADD k 2 c | DUMP k | RESTORE k 1000000 five REPLACE | PTTL k | RESTORE k 0 five REPLACE | PTTL k |
		RESTORE k 4102444800000 five ABSTTL REPLACE | PEXPIRETIME k | RESTORE k 1 five ABSTTL REPLACE | EXISTS k |
		RESTORE k 1 five ABSTTL | EXISTS k | RESTORE k -1 five ABSTTL | RESTORE k 0 five ABSTTL IDLETIME 5 |
		RESTORE k 0 five REPLACE FREQ 5 | RESTORE k 0 five IDLETIME -1 | RESTORE k 0 five FREQ 256 REPLACE |
		RESTORE k 0 five IDLETIME 1 FREQ 1 | HSET h f v | RESTORE h 0 five | RESTORE h 0 five REPLACE | GET h | SET p v PXAT 1 |
		RESTORE p 0 five | RESTORE "" 0 list | DUMP "" | LPUSH "" b | DUMP "" | SELECT db:1 | RESTORE k 0 list | LRANGE k 0 -1`
	for name, payload := range map[string]string{"five": five, "list": list, "set": set, "zset": zset, "hash": hash} {
		lines = strings.ReplaceAll(lines, " "+name+" ", " "+payload+" ")
	}
	edges = append(edges, struct{ name, lines string }{"dump", lines})
	deliberate = append(deliberate, dumpDeliberate...)
}

// restores returns what Restore says to a payload, and Exists behind it.
func restores(payload []byte) func(t *testing.T, db DB) (any, error) {
	return func(_ *testing.T, db DB) (any, error) {
		if err := db.Restore("k", payload); err != nil {
			return nil, err
		}
		return db.Exists("k")
	}
}

var dumpDeliberate = slices.Clip([]struct {
	why   string
	lines []string
	redis reply
	ours  func(t *testing.T, db DB) (any, error)
	want  any
}{
	{
		why: "the version and the checksum are no part of a value", lines: []string{"RESTORE k 0 " + quoted(sealed("\x00\x05abc", 10))},
		redis: "OK", ours: restores(sealed("\x00\x05abc", 10)), want: ErrBadPayload,
	},
	{
		why: "what Redis 7.2 and 7.4 write is taken, too", lines: []string{"RESTORE k 0 " + quoted(sealed("\x00\x01a", 12))},
		redis: redisError("ERR DUMP payload version or checksum are wrong"), ours: restores(sealed("\x00\x01a", 12)), want: 1,
	},
	{
		why: "a score is a number", lines: []string{"RESTORE k 0 " + quoted(sealed("\x03\x01\x01a\x031.x", 10))},
		redis: "OK", ours: restores(sealed("\x03\x01\x01a\x031.x", 10)), want: ErrBadPayload,
	},
	{
		why:   "payloads are always checked as with sanitize-dump-payload",
		lines: []string{"RESTORE k 0 " + quoted(sealed("\x10\x0f\x0f\x00\x00\x00\x04\x00\x01\x01\x01\x01\x01\x01\x01\x01\xff", 10))},
		redis: "OK", want: ErrBadPayload,
		ours: restores(sealed("\x10\x0f\x0f\x00\x00\x00\x04\x00\x01\x01\x01\x01\x01\x01\x01\x01\xff", 10)),
	},
	{
		why:   "who only looks at a HyperLogLog does not change its encoding",
		lines: []string{`SET k "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"`, "PFCOUNT k", "OBJECT ENCODING k"}, redis: "raw",
		ours: func(_ *testing.T, db DB) (any, error) {
			if err := db.String("k").Set("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff"); err != nil {
				return nil, err
			}
			if _, err := db.HLL("k").Count(); err != nil {
				return nil, err
			}
			return db.ObjectEncoding("k")
		}, want: "embstr",
	},
})

// quoted returns a payload as a line of edges has it.
func quoted(payload []byte) string {
	return strings.ReplaceAll(strconv.Quote(string(payload)), "|", `\x7c`)
}

// comparablePayload returns what must be the same in payloads of both sides: the form, and the value,
// where it has an order also that. Where a list is divided depends on where it was written, and
// the times in a stream are of two clocks.
func comparablePayload(payload string) (any, error) {
	v, err := rdb.Decode([]byte(payload))
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case rdb.Set:
		if !v.Compact {
			slices.Sort(v.Members)
		}
	case rdb.Hash: // which is small for longer there than here
		slices.SortFunc(v.Fields, func(a, b rdb.Field) int { return cmp.Compare(a.Name, b.Name) })
	case *rdb.Stream:
		for i := range v.Groups {
			g := &v.Groups[i]
			for j := range g.Pending {
				g.Pending[j].Time = 0
			}
			for j := range g.Consumers {
				g.Consumers[j].Seen, g.Consumers[j].Active = 0, 0
			}
		}
	}
	return [2]any{payload[0], v}, nil
}

func genRestore(w *twin) []string {
	args := []string{w.key(), "0", w.payload()}
	switch w.rng.IntN(6) {
	case 0:
		args[1] = w.millis()
	case 1:
		args[1] = w.milli()
		args = append(args, "ABSTTL")
	}
	if w.rng.IntN(3) > 0 {
		args = append(args, "REPLACE")
	}
	switch w.rng.IntN(12) {
	case 0:
		args = append(args, "IDLETIME", pick(w, []string{"0", "1000", "-1"}))
	case 1:
		args = append(args, "FREQ", pick(w, []string{"0", "255", "256", "-1"}))
	}
	return args
}

// payload returns one of a random key, or none.
func (w *twin) payload() string {
	key, payload := w.key(), ""
	if w.c != nil && w.ev == nil && w.tx == nil && w.rng.IntN(2) == 0 {
		payload, _ = w.c.do(w.t, "DUMP", key).(string) // as of the last comparison
	} else if b, err := w.db().Dump(key); err == nil {
		payload = string(b)
	}
	if v, _ := rdb.Decode([]byte(payload)); payload == "" || shortHLL(v) || w.rng.IntN(8) == 0 {
		return pick(w, []string{"", "x", "\x00\x01x\n\x00........", string(sealed("\x07", 10)), string(sealed("\x00\x01x", 99))})
	}
	return payload
}

// shortHLL says whether a value is a HyperLogLog whose encoding Redis changes when it is only
// looked at.
func shortHLL(v rdb.Value) bool {
	s, ok := v.(rdb.String)
	return ok && len(s) <= embstrMax && strings.HasPrefix(string(s), "HYLL")
}

// sealed returns the payload of a version with a body.
func sealed(body string, version uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(body), version)
	return binary.LittleEndian.AppendUint64(b, rdb.Checksum(b))
}

func callRestore(_ *twin, db DB, a []string) (any, error) {
	n, err := strconv.ParseInt(a[1], 10, 64)
	if err != nil {
		return nil, errInexpressible
	}
	o := RestoreOptions{}
	absolute := false
	for i := 3; i < len(a); i++ {
		switch a[i] {
		case "REPLACE":
			o.Replace = true
		case "ABSTTL":
			absolute = true
		case "IDLETIME":
			i++
			seconds, err := durationOf(a[i], time.Second)
			if err != nil {
				return nil, err
			}
			o.IdleTime = seconds
		case "FREQ":
			i++
			freq, err := strconv.Atoi(a[i])
			if err != nil {
				return nil, errInexpressible
			}
			o.Freq = &freq
		}
	}
	switch {
	case n == 0:
	case absolute:
		o.Expiry = ExpireAt(time.UnixMilli(n))
	default:
		d, err := durationOf(a[1], time.Millisecond)
		if err != nil {
			return nil, err
		}
		o.Expiry = ExpireIn(d)
	}
	if o == (RestoreOptions{}) {
		return result("OK", db.Restore(a[0], []byte(a[2])))
	}
	return result("OK", db.RestoreWith(a[0], []byte(a[2]), o))
}

// restorable returns values around the limits of Redis's encodings, by commands that make them
// at "k", and says of which the payloads are equal byte for byte.
func restorable() (list []restorableValue) {
	add := func(bytes bool, name string, args ...string) {
		list = append(list, restorableValue{bytes, name, args})
	}
	for _, s := range []string{
		"", "0", "-0", "127", "128", "-128", "-129", "32767", "32768", "-32769", "2147483647", "2147483648", "-2147483648",
		"-2147483649", "9223372036854775807", "-9223372036854775808", "99999999999", "-9999999999", "01", "1.5",
		strings.Repeat("a", 20), strings.Repeat("a", 21), strings.Repeat("ab", 22), strings.Repeat("abc", 15) + "d",
		strings.Repeat("x", 63), strings.Repeat("x", 64), "abcdefghijklmnopqrstuvwxyz", strings.Repeat("x", 16383),
		strings.Repeat("0123456789abcdefghijklmnop", 800), strings.Repeat("\x00", 300),
	} {
		add(true, "SET", s)
		add(true, "RPUSH", s, "1", s)
		add(len(s) <= hashSmallText, "HSET", "f", s, s, "v")
		add(true, "SADD", s)
		add(true, "ZADD", "1", s, "-1", "other")
		add(true, "XADD", "1-1", "f", s, s, "v")
	}
	for _, score := range []string{
		"0", "-0", "1", "-1", "127", "128", "4095", "4096", "-4097", "1.5", "0.1", "1e17", "1e18", "4611686018427387904",
		"9223372036854775807", "1e20", "-1e300", "5e-324", "1e-5", "0.0001", "inf", "-inf", "3.141592653589793", "123456789012.5",
	} {
		add(true, "ZADD", score, "m")
	}
	for _, n := range []int{1, 2, 15, 127, 128, 129, 512, 513, 2000} {
		numbers, texts, scored := make([]string, n), make([]string, n), make([]string, 0, 2*n)
		for i := range n {
			numbers[i], texts[i] = strconv.Itoa(i*i*i*7-n), fmt.Sprintf("element %d", i%97)
			scored = append(scored, strconv.Itoa(n-i), "m"+strconv.Itoa(i))
		}
		add(true, "RPUSH", numbers...)
		add(true, "RPUSH", texts...)
		add(n <= 1, "LPUSH", texts...)
		add(n <= 512, "SADD", numbers...)
		add(n == 1, "SADD", texts[:min(n, 97)]...)
		add(n <= 15, "HSET", scored...)
		add(true, "ZADD", scored...)
	}
	for _, n := range []int{8100, 8170, 8176, 8177, 8180, 8184, 8192, 8200, 20000} { // around a node
		add(true, "RPUSH", strings.Repeat("y", n), "a", "b", strings.Repeat("z", n-10), strings.Repeat("w", 100))
	}
	return list
}

type restorableValue struct {
	bytes bool
	name  string
	args  []string
}

// TestRedisDumps moves values around the limits of encodings from Redis to us and back: the
// payloads are equal, and what either makes of the other's is the same.
func TestRedisDumps(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.reset()
	for _, v := range restorable() {
		w.run(true, "DEL", "k", "theirs", "ours")
		w.run(true, v.name, append([]string{"k"}, v.args...)...)
		w.compare()
		ours, err := w.db().Dump("k")
		if err != nil {
			t.Fatal(err)
		}
		real := w.c.do(t, "DUMP", "k").(string)
		if v.bytes && string(ours) != real {
			t.Errorf("%s %s:\n    alcove: %q\n    Redis:  %q", v.name, shortAll(v.args), short(string(ours)), short(real))
		}
		w.run(true, "DUMP", "k")
		w.run(true, "RESTORE", "theirs", "0", real)
		w.run(true, "RESTORE", "ours", "0", string(ours))
		w.run(true, "DUMP", "theirs")
		w.run(true, "DUMP", "ours")
		w.state()
		w.compare()
	}
	w.close()
}

// damaged are payloads that are wrong in one way, and those that are not: with Redis's
// sanitize-dump-payload, both sides take the same.
func damaged() map[string]string {
	lp := func(elements string, n int) string { // a listpack
		size := 6 + len(elements) + 1
		return string(byte(size)) + "\x00\x00\x00" + string(byte(n)) + "\x00" + elements + "\xff"
	}
	text := func(s string) string { return string(byte(len(s))) + s }
	return map[string]string{
		"nothing": "", "no type": "\x3f", "a module": "\x07\x00", "a string that is too short": "\x00\x1fabc",
		"a string of a length that is not there": "\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff",
		"an unknown length":                      "\x00\x82", "an unknown encoding": "\x00\xc4",
		"an integer":          "\x00\xc1\x01\x02",
		"a compressed string": "\x00\xc3\x04\x05\x00a\x40\x00", "too long compressed": "\x00\xc3\x04\x06\x00a\x40\x00",
		"compressed, from before the start": "\x00\xc3\x04\x05\x00a\x40\x01",
		"a list without elements":           "\x01\x00", "a list": "\x01\x01\x01a", "a list that is too short": "\x01\x02\x01a",
		"a set without members": "\x02\x00", "a set": "\x02\x02\x01a\x01b", "a set with one twice": "\x02\x02\x01a\x01a",
		"a set with an integer twice": "\x02\x02\xc0\x01\x011",
		"a hash":                      "\x04\x01\x01f\x01v", "a hash with a field twice": "\x04\x02\x01f\x01v\x01f\x01w", "a hash without a value": "\x04\x01\x01f",
		"an old sorted set": "\x03\x02\x01a\x031.5\x01b\xfe", "an old sorted set with a NaN": "\x03\x01\x01a\xfd",
		"a sorted set": "\x05\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x3f", "a sorted set with a NaN": "\x05\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x7f",
		"a member twice":                               "\x05\x02\x01a\x00\x00\x00\x00\x00\x00\xf8\x3f\x01a\x00\x00\x00\x00\x00\x00\xf8\x3f",
		"an intset":                                    "\x0b" + text("\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x02\x00"),
		"an intset out of order":                       "\x0b" + text("\x02\x00\x00\x00\x02\x00\x00\x00\x02\x00\x01\x00"),
		"an intset of another length":                  "\x0b" + text("\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00"),
		"an intset of three bytes":                     "\x0b" + text("\x03\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00"),
		"an empty intset":                              "\x0b" + text("\x02\x00\x00\x00\x00\x00\x00\x00"),
		"a packed hash":                                "\x10" + text(lp("\x81f\x02\x01\x01", 2)),
		"a packed hash with a field twice":             "\x10" + text(lp("\x81f\x02\x01\x01\x81f\x02\x01\x01", 4)),
		"a packed hash with half a field":              "\x10" + text(lp("\x81f\x02\x01\x01\x81g\x02", 3)),
		"an empty packed hash":                         "\x10" + text(lp("", 0)),
		"a listpack with a wrong way back":             "\x10" + text(lp("\x81f\x03\x01\x01", 2)),
		"a listpack of another number":                 "\x10" + text(lp("\x81f\x02\x01\x01", 4)),
		"a listpack with a string that ends behind it": "\x10" + text(lp("\x8ff\x02\x01\x01", 2)),
		"a listpack with an unknown encoding":          "\x10" + text(lp("\xf5\x01\x01\x01", 2)),
		"a packed sorted set":                          "\x11" + text(lp("\x81m\x02\x831.5\x04", 2)),
		"a packed sorted set with a member twice":      "\x11" + text(lp("\x81m\x02\x01\x01\x81m\x02\x02\x01", 4)),
		"a list with a plain node":                     "\x12\x01\x01\x03abc", "a list with a node of no kind": "\x12\x01\x03\x03abc",
		"a list with a packed node":             "\x12\x01\x02" + text(lp("\x81f\x02\x01\x01", 2)),
		"a list with an empty node":             "\x12\x01\x02" + text(lp("", 0)),
		"a list with an empty node and another": "\x12\x02\x02" + text(lp("", 0)) + "\x01\x01a",
		"a stream without entries":              "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x00",
		"a group twice":                         "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x02\x01g\x00\x00\x00\x00\x00\x01g\x00\x00\x00\x00\x00",
		"a group":                               "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x01\x01g\x00\x00\x00\x00\x00",
		"pending to nobody": "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x01\x01g\x00\x00\x00\x01" +
			strings.Repeat("\x01", 16) + strings.Repeat("\x00", 8) + "\x01\x00",
		"not pending, but to somebody": "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x01\x01g\x00\x00\x00\x00\x01\x01c" +
			strings.Repeat("\x00", 8) + "\x01" + strings.Repeat("\x01", 16),
		"a consumer twice": "\x13\x00\x00\x05\x01\x00\x00\x00\x00\x07\x01\x01g\x00\x00\x00\x00\x02\x01c" +
			strings.Repeat("\x00", 8) + "\x00\x01c" + strings.Repeat("\x00", 8) + "\x00",
		"a stream whose node has no ID": "\x13\x01\x01a\x00",
		"a set as a listpack":           "\x14" + text(lp("\x81f\x02\x01\x01", 2)),
		// The forms of older versions: ziplists and a zipmap.
		"a ziplist":                      "\x0a" + text(ziplist("\x00\x01a", "\x03\xfe\x80")),
		"a ziplist, one wrong way back":  "\x0a" + text(ziplist("\x00\x01a", "\x04\xfe\x80")),
		"an empty ziplist":               "\x0a" + text(ziplist()),
		"a ziplist of all integers":      "\x0a" + text(ziplist("\x00\xf1", "\x02\xfd", "\x02\xfe\x80", "\x03\xc0\x00\x80", "\x04\xf0\x00\x00\x80", "\x05\xd0\x00\x00\x00\x80", "\x06\xe0\x00\x00\x00\x00\x00\x00\x00\x80")),
		"an unknown encoding in it":      "\x0a" + text(ziplist("\x00\xc1\x00")),
		"a hash that is a ziplist":       "\x0d" + text(ziplist("\x00\x01f", "\x03\x01v")),
		"with a field twice":             "\x0d" + text(ziplist("\x00\x01f", "\x03\x01v", "\x03\x01f", "\x03\x01v")),
		"a sorted set that is a ziplist": "\x0c" + text(ziplist("\x00\x01m", "\x03\x031.5")),
		"a quicklist of ziplists":        "\x0e\x02" + text(ziplist("\x00\x01a")) + text(ziplist("\x00\x01b", "\x03\xf6")),
		"with an empty one":              "\x0e\x02" + text(ziplist("\x00\x01a")) + text(ziplist()),
		"a zipmap":                       "\x09" + text("\x02\x01f\x01\x00v\x01g\x02\x03ab...\xff"),
		"a zipmap with a field twice":    "\x09" + text("\x02\x01f\x01\x00v\x01f\x02\x00ab\xff"),
		"a zipmap of another number":     "\x09" + text("\x03\x01f\x01\x00v\xff"),
		"an empty zipmap":                "\x09" + text("\x00\xff"),
	}
}

// ziplist returns one of encoded elements.
func ziplist(elements ...string) string {
	tail, size := 10, 10
	for i, e := range elements {
		if size += len(e); i < len(elements)-1 {
			tail += len(e)
		}
	}
	return string(byte(size+1)) + "\x00\x00\x00" + string(byte(tail)) + "\x00\x00\x00" + string(byte(len(elements))) + "\x00" +
		strings.Join(elements, "") + "\xff"
}

func TestRedisDamagedPayloads(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.reset()
	w.c.do(t, "CONFIG", "SET", "sanitize-dump-payload", "yes")
	defer w.c.do(t, "CONFIG", "SET", "sanitize-dump-payload", "no")
	taken := 0
	for name, body := range damaged() {
		w.run(true, "DEL", "k")
		w.run(false, "RESTORE", "k", "0", string(sealed(body, 10)))
		w.run(false, "DUMP", "k")
		w.state()
		n, err := w.db().Exists("k")
		if err != nil {
			t.Fatal(err)
		}
		taken += n
		t.Log(name, n)
		w.compare()
	}
	if taken < 20 {
		t.Errorf("only %d were taken", taken)
	}
	w.close()
}
