package store

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func init() {
	redisErrors = slices.Insert(redisErrors, 0, []struct {
		text string
		err  error
	}{
		{"ERR bit offset is not an integer or out of range", ErrBitOffset},
		{"ERR BITOP ", ErrInvalidOption}, // "... must be called with ..."
		{"ERR Invalid bitfield type", ErrBitWidth},
	}...)
	differs = append(differs, bitmapDiffers...)
	edges = append(edges, bitmapEdges...)
	deliberate = append(deliberate, bitmapDeliberate...)
}

var bitmapDiffers = []differ{
	{name: "SETBIT", weight: 6, gen: func(w *twin) []string {
		return []string{w.key(), w.bitOffset(), w.bit()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		offset, err := strconv.ParseInt(a[1], 10, 64)
		if err != nil || a[2] != "0" && a[2] != "1" {
			return nil, errInexpressible
		}
		return yes(db.Bitmap(a[0]).SetBit(offset, a[2] == "1"))
	}},
	{name: "GETBIT", weight: 2, gen: func(w *twin) []string {
		return []string{w.key(), w.bitOffset()}
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		offset, err := strconv.ParseInt(a[1], 10, 64)
		if err != nil {
			return nil, errInexpressible
		}
		return yes(db.Bitmap(a[0]).GetBit(offset))
	}},
	{name: "BITCOUNT", weight: 3, gen: func(w *twin) []string {
		return append([]string{w.key()}, w.bitRange()...)
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		r, err := bitRangeOf(a[1:])
		if err != nil {
			return nil, err
		}
		return result(db.Bitmap(a[0]).Count(r...))
	}},
	{name: "BITPOS", weight: 4, gen: func(w *twin) []string {
		args := []string{w.key(), w.bit()}
		if w.rng.IntN(4) == 0 {
			return append(args, w.bitPlace())
		}
		return append(args, w.bitRange()...)
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		r, err := bitRangeOf(a[2:])
		if err != nil || a[1] != "0" && a[1] != "1" {
			return nil, errInexpressible
		}
		return result(db.Bitmap(a[0]).Pos(a[1] == "1", r...))
	}, fold: func(r reply) (any, error) {
		if r == int64(-1) {
			return nil, ErrNotFound
		}
		return r, nil
	}},
	{name: "BITFIELD", weight: 8, gen: genBitField, call: callBitField},
	{name: "BITFIELD_RO", weight: 2, gen: func(w *twin) []string {
		args := []string{w.key()}
		for range w.rng.IntN(4) {
			args = append(args, "GET", w.bitType(), w.fieldOffset())
		}
		return args
	}, call: func(_ *twin, db DB, a []string) (any, error) {
		var fields []BitField
		for i := 1; i < len(a); i += 3 {
			f, err := bitFieldOf(a[i+1], a[i+2])
			if err != nil {
				return nil, err
			}
			fields = append(fields, f)
		}
		values, err := db.Bitmap(a[0]).FieldRO(fields...)
		list := make([]any, len(values))
		for i, n := range values {
			list[i] = n
		}
		return result(list, err)
	}},
	{name: "BITOP", weight: 4, gen: genBitOp, call: func(_ *twin, db DB, a []string) (any, error) {
		op, ok := bitOps[a[0]]
		if !ok {
			return nil, errInexpressible
		}
		return count(db.Bitmap(a[1]).Op(op, a[2:]...))
	}},
}

var bitOps = map[string]BitOp{
	"AND": BitAnd, "OR": BitOr, "XOR": BitXor, "NOT": BitNot,
	"DIFF": BitDiff, "DIFF1": BitDiff1, "ANDOR": BitAndOr, "ONE": BitOne,
}

func bitRangeOf(args []string) ([]BitRange, error) {
	var n [2]int64
	for i := range min(2, len(args)) {
		var err error
		if n[i], err = strconv.ParseInt(args[i], 10, 64); err != nil {
			return nil, errInexpressible
		}
	}
	switch {
	case len(args) == 0:
		return nil, nil
	case len(args) == 1:
		return []BitRange{FromByte(n[0])}, nil
	case len(args) == 2 || args[2] == "BYTE":
		return []BitRange{ByByte(n[0], n[1])}, nil
	case args[2] == "BIT":
		return []BitRange{ByBit(n[0], n[1])}, nil
	}
	return nil, errInexpressible
}

func (w *twin) bit() string { return pick(w, []string{"0", "1"}) }

func (w *twin) bitOffset() string {
	switch w.rng.IntN(20) {
	case 0:
		return pick(w, []string{"-1", "4294967296", "9223372036854775807", "-9223372036854775808"})
	case 1:
		return strconv.Itoa(w.rng.IntN(6000 * 8))
	case 2:
		return pick(w, []string{"8191", "8192", "32767", "32768"})
	}
	return strconv.Itoa(w.rng.IntN(60 * 8))
}

func (w *twin) bitPlace() string {
	if w.rng.IntN(3) == 0 {
		return strconv.Itoa(w.rng.IntN(600) - 300)
	}
	return w.place()
}

func (w *twin) bitRange() []string {
	switch w.rng.IntN(4) {
	case 0:
		return nil
	case 1:
		return []string{w.place(), w.place()}
	}
	return []string{w.bitPlace(), w.bitPlace(), pick(w, []string{"BYTE", "BIT", "BIT"})}
}

func genBitOp(w *twin) []string {
	op := pick(w, []string{"AND", "OR", "XOR", "NOT"})
	args := []string{op, w.key(), w.key()}
	if op != "NOT" || w.rng.IntN(10) == 0 {
		args = append(args, w.repeat(genKey)[1:]...)
	}
	return args
}

// bitmapDeliberate are the differences that shall stay.
var bitmapDeliberate = []struct {
	why   string
	lines []string
	redis reply
	ours  func(t *testing.T, db DB) (any, error)
	want  any
}{
	{
		why: "a bit is a bool", lines: []string{"SETBIT k 0 2"},
		redis: redisError("ERR bit is not an integer or out of range"),
	},
	{
		why: "a bit to be found, too", lines: []string{"BITPOS k 2"},
		redis: redisError("ERR The bit argument must be 1 or 0."),
	},
	{
		why: "BITFIELD_RO takes fields, which can only be read", lines: []string{"BITFIELD_RO k SET u8 0 1"},
		redis: redisError("ERR BITFIELD_RO only supports the GET subcommand"),
	},
	{
		why: "a place whose offset overflows is out of range", lines: []string{"BITFIELD k GET i64 #4611686018427387904"},
		redis: []any{int64(0)}, ours: func(_ *testing.T, db DB) (any, error) {
			return db.Bitmap("k").Field(Signed(64).Nth(1 << 62).Get())
		}, want: ErrBitOffset,
	},
	{
		why: "nor does one come back from below", lines: []string{"BITFIELD k GET i64 #-4611686018427387904"},
		redis: []any{int64(0)}, ours: func(_ *testing.T, db DB) (any, error) {
			return db.Bitmap("k").Field(Signed(64).Nth(-1 << 62).Get())
		}, want: ErrBitOffset,
	},
	{
		why: "a range may lack its end: Valkey 8 has that", lines: []string{"SET k foobar", "BITCOUNT k 1"},
		redis: redisError("ERR syntax error"), ours: func(_ *testing.T, db DB) (any, error) {
			if err := db.String("k").Set("foobar"); err != nil {
				return nil, err
			}
			return db.Bitmap("k").Count(FromByte(1))
		}, want: int64(22),
	},
	{
		why: "a search may begin at a bit, too, and lack its end", lines: []string{`SET k "\xff"`, "BITPOS k 0 3 BIT"},
		redis: redisError("ERR value is not an integer or out of range"), ours: func(_ *testing.T, db DB) (any, error) {
			if err := db.String("k").Set("\xff"); err != nil {
				return nil, err
			}
			return db.Bitmap("k").Pos(false, FromBit(3))
		}, want: int64(8),
	},
}

var bitmapEdges = []struct{ name, lines string }{
	{"bitfield", `
		BITFIELD k | BITFIELD k GET u8 0 | BITFIELD k OVERFLOW SAT | BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 GET u4 #1 |
		BITFIELD k INCRBY u8 0 1 | BITFIELD k SET i5 100 -1 INCRBY i5 100 1 GET u4 0 | BITFIELD k GET u63 9999 GET i64 4294967295 |
		BITFIELD none GET u8 0 GET i8 #5 | BITFIELD none INCRBY u8 0 0 | BITFIELD f OVERFLOW FAIL SET u8 0 256 | BITFIELD f2 OVERFLOW FAIL INCRBY u8 16 256 |
		BITFIELD c INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1 | BITFIELD c INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1 |
		BITFIELD c INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1 | BITFIELD c INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1 |
		BITFIELD c OVERFLOW FAIL INCRBY u2 102 1 OVERFLOW WRAP INCRBY u2 102 1 INCRBY u2 102 -1 |
		BITFIELD c OVERFLOW SAT SET u8 0 -1 GET u8 0 | BITFIELD c OVERFLOW FAIL SET u8 0 -1 | BITFIELD c OVERFLOW WRAP SET u8 0 -2 GET u8 0 |
		BITFIELD c OVERFLOW SAT INCRBY u8 0 -9223372036854775808 GET u8 0 | BITFIELD c OVERFLOW SAT SET i8 0 -129 SET i8 0 128 GET i8 0 |
		BITFIELD c SET i64 3 9223372036854775807 INCRBY i64 3 1 OVERFLOW SAT INCRBY i64 3 -1 | BITFIELD c OVERFLOW SAT SET i64 3 9223372036854775807 INCRBY i64 3 1 |
		BITFIELD c OVERFLOW FAIL INCRBY i64 3 1 INCRBY i64 3 -1 INCRBY i64 3 1 | BITFIELD c SET u63 1 9223372036854775807 INCRBY u63 1 1 GET u63 1 |
		BITFIELD c OVERFLOW SAT SET u63 1 9223372036854775807 INCRBY u63 1 9223372036854775807 OVERFLOW FAIL INCRBY u63 1 1 INCRBY u63 1 -9223372036854775808 |
		BITFIELD c SET u1 0 3 GET u1 0 SET i1 0 1 GET i1 0 INCRBY i1 0 1 OVERFLOW SAT INCRBY i1 0 1 INCRBY i1 0 -5 |
		BITFIELD c OVERFLOW SAT SET i27 237 -9223372036854775808 GET i27 237 SET i27 237 -9223372036787666946 GET i27 237 |
		BITFIELD c OVERFLOW SAT SET i27 237 -9223372036787666945 GET i27 237 SET i27 237 -9223372036787666944 GET i27 237 SET i63 1 -9223372036854775808 GET i63 1 |
		BITFIELD c OVERFLOW SAT SET i63 1 -4611686018427387905 GET i63 1 SET i63 1 -4611686018427387904 GET i63 1 SET i64 0 -9223372036854775808 GET i64 0 |
		BITFIELD b SET u64 0 1 | BITFIELD b SET u0 0 1 | BITFIELD b SET i65 0 1 | BITFIELD b GET i-1 0 | BITFIELD b GET u8 -1 |
		BITFIELD b GET u8 4294967296 | BITFIELD b GET u8 #536870912 | BITFIELD b GET u8 #536870911 | BITFIELD b GET u0 -1 | BITFIELD b GET u8 -1 SET u64 0 1 |
		BITFIELD b SET u8 0 1 SET u8 -1 1 | HSET h f v | BITFIELD h GET u8 0 | BITFIELD h SET u8 0 1 | BITFIELD h SET u64 0 1 | BITFIELD h |
		SET n 12345 | BITFIELD n GET u8 0 | INCR n | BITFIELD n SET u8 0 49 | OBJECT ENCODING n | BITFIELD n SET u8 0 50 | INCR n |
		SETEX t 1000 a | BITFIELD t INCRBY u8 0 1 | BITFIELD big SET u32 #300 7 GET u32 #300 | BITFIELD big SET u16 32760 65535 | BITFIELD big SET i7 60000 -3 GET i7 60000 |
		SET l ~5000 | BITFIELD l GET i64 39990 INCRBY u9 39990 5 | BITFIELD l SET u8 0 120 | COPY l m | BITFIELD l INCRBY u8 #4095 1 INCRBY u16 32760 1 | BITFIELD "" SET u8 #0 1`},
	{"bitfield_ro", `
		BITFIELD_RO k | BITFIELD_RO k GET u8 0 | SET k foobar | BITFIELD_RO k GET u8 0 GET i8 #5 GET u8 #6 GET i64 1 GET u63 40 GET i3 47 |
		BITFIELD_RO k GET u64 0 | BITFIELD_RO k GET i8 -1 | BITFIELD_RO k GET i8 4294967296 | BITFIELD_RO k GET i64 4294967295 |
		HSET h f v | BITFIELD_RO h | BITFIELD_RO h GET u8 0 | BITFIELD_RO h GET u0 0 | SET l ~5000 | BITFIELD_RO l GET u16 #2499 GET u16 39999 |
		SETBIT s 60000 1 | BITFIELD_RO s GET i2 60000 GET u40 59990 GET i1 60000 GET u8 #2000`},
	{"setbit", `
		SETBIT k 7 1 | SETBIT k 7 0 | SETBIT k 0 1 | GETBIT k 0 | GETBIT k 7 | GETBIT k 100 | GETBIT none 0 | GETBIT k -1 |
		GETBIT k 4294967295 | GETBIT k 4294967296 | GETBIT none -1 | SETBIT k -1 1 | SETBIT k 4294967296 1 |
		SETBIT k 9223372036854775807 0 | SETBIT k -9223372036854775808 0 | SETBIT none 4294967296 1 | SETBIT z 0 0 |
		SETBIT z2 100 0 | SETBIT z3 8191 0 | SETBIT z4 8192 0 | SETBIT z4 8192 0 | SETBIT z4 8191 1 | SETBIT z5 50000 0 |
		SETBIT z5 40000 1 | SETBIT z5 100 1 | HSET h f v | SETBIT h 0 1 | SETBIT h -1 1 | GETBIT h 0 | GETBIT h -1 |
		SET n 12345 | SETBIT n 3 1 | INCR n | GETBIT n 3 | SETBIT n 3 1 | INCR n | SETBIT n 39 1 | SET e "" | SETBIT e 0 0 |
		SET s 1 | SETBIT s 2 1 | SET s ~44 | SETBIT s 0 0 | SET s ~45 | SETBIT s 0 0 | SET f ~3 | SETBIT f 1 1 | SETEX t 1000 a |
		SETBIT t 6 1 | SETBIT t 60000 1 | SETBIT "" 8 1 | SET big ~1024 | SETBIT big 8191 1 | SETBIT big 8192 0 |
		SET l ~5000 | GETBIT l 39999 | GETBIT l 39998 | GETBIT l 40000 | SETBIT l 39999 1 | SETBIT l 3 1 | SETBIT l 45000 1 |
		COPY l c | SETBIT l 0 1 | SETBIT c 1 0 | INCRBYFLOAT x 1.5 | SETBIT x 0 0 | APPEND k a | SETBIT k 3 1`},
	{"bitcount", `
		BITCOUNT none | BITCOUNT none 0 -1 | BITCOUNT none 0 -1 BIT | SET k foobar | BITCOUNT k | BITCOUNT k 0 0 | BITCOUNT k 1 1 |
		BITCOUNT k 1 1 BYTE | BITCOUNT k 5 30 BIT | BITCOUNT k 0 -1 BIT | BITCOUNT k -1 -1 BIT | BITCOUNT k -2 -1 |
		BITCOUNT k 3 2 | BITCOUNT k -2 -3 | BITCOUNT k -20 -30 | BITCOUNT k -30 -20 | BITCOUNT k -100 100 | BITCOUNT k 6 6 |
		BITCOUNT k 48 48 BIT | BITCOUNT k 47 47 BIT | BITCOUNT k -48 -48 BIT | BITCOUNT k -49 -49 BIT | BITCOUNT k -49 -50 BIT |
		BITCOUNT k 0 9223372036854775807 BIT | BITCOUNT k -9223372036854775808 9223372036854775807 BIT |
		BITCOUNT k 9223372036854775807 9223372036854775807 | BITCOUNT k -9223372036854775808 -9223372036854775808 |
		BITCOUNT k 1 2 BIT | BITCOUNT k 7 8 BIT | BITCOUNT k 8 15 BIT | BITCOUNT k 9 14 BIT | BITCOUNT k 2 2 BIT |
		SET e "" | BITCOUNT e | BITCOUNT e 0 -1 | BITCOUNT e 0 0 BIT | HSET h f v | BITCOUNT h | BITCOUNT h 0 -1 |
		SET n 255 | BITCOUNT n | SETBIT b 70000 1 | BITCOUNT b | SETBIT b 1 1 | SETBIT b 33000 1 | BITCOUNT b | BITCOUNT b 0 4096 |
		BITCOUNT b 1 70000 BIT | BITCOUNT b 2 69999 BIT | BITCOUNT b 33000 33000 BIT | SET l ~5000 | BITCOUNT l | BITCOUNT l 13 4999 |
		BITCOUNT l 13 39991 BIT | BITCOUNT l 100 200 BIT | APPEND l ~99 | BITCOUNT l | BITCOUNT l 4000 -1 | BITCOUNT ""`},
	{"bitpos", `
		BITPOS none 0 | BITPOS none 1 | BITPOS none 0 5 | BITPOS none 0 5 6 | BITPOS none 1 0 -1 BIT | SET k "\xff\xf0\x00" |
		BITPOS k 0 | BITPOS k 1 | BITPOS k 1 2 | BITPOS k 0 2 | BITPOS k 0 0 0 | BITPOS k 0 0 1 | BITPOS k 0 0 11 BIT |
		BITPOS k 0 0 12 BIT | BITPOS k 1 12 -1 BIT | BITPOS k 1 11 -1 BIT | BITPOS k 1 -100 -200 | BITPOS k 1 -200 -100 |
		BITPOS k 1 -1 -1 | BITPOS k 0 -1 -1 | BITPOS k 0 3 | BITPOS k 0 3 3 | BITPOS k 0 24 24 BIT | BITPOS k 0 23 23 BIT |
		BITPOS k 1 3 2 | BITPOS k 0 3 2 | BITPOS k 0 9223372036854775807 | BITPOS k 0 -9223372036854775808 |
		BITPOS k 0 -9223372036854775808 9223372036854775807 BIT | BITPOS k 0 0 -1 BYTE |
		SET o "\xff\xff\xff" | BITPOS o 0 | BITPOS o 0 0 | BITPOS o 0 1 | BITPOS o 0 3 | BITPOS o 0 -1 | BITPOS o 0 0 -1 |
		BITPOS o 0 0 -1 BIT | BITPOS o 0 5 10 BIT | BITPOS o 1 5 10 BIT | BITPOS o 1 23 23 BIT | BITPOS o 1 24 24 BIT |
		SET z "\x00\x00\x00" | BITPOS z 1 | BITPOS z 1 0 | BITPOS z 1 0 -1 | BITPOS z 0 | BITPOS z 0 2 | BITPOS z 1 3 |
		SET e "" | BITPOS e 0 | BITPOS e 1 | BITPOS e 0 0 | BITPOS e 0 0 -1 | BITPOS e 0 0 0 BIT | HSET h f v | BITPOS h 0 |
		BITPOS h 1 0 -1 | SETBIT b 70000 1 | BITPOS b 1 | BITPOS b 0 | BITPOS b 1 8751 | BITPOS b 1 70001 -1 BIT |
		BITPOS b 0 8750 | BITPOS b 1 0 69999 BIT | BITPOS b 1 69998 70000 BIT | SET l ~5000 | BITPOS l 1 17 | BITPOS l 0 39999 -1 BIT |
		BITPOS "" 0`},
	{"bitop", `
		BITOP AND d none | BITOP NOT d none | BITOP OR none none none | SET a abc | SET b "\xff\x0f\x00\xf0\xff" | BITOP AND d a b |
		BITOP OR d a b | BITOP XOR d a b | BITOP NOT d a | BITOP AND d a | BITOP OR d a | BITOP XOR d a | BITOP XOR d a a |
		BITOP AND d a none | BITOP OR d a none | BITOP XOR d none a | BITOP NOT d a b | BITOP NOT a a | BITOP NOT a a |
		BITOP AND a a b | HSET h f v | BITOP AND d a h | BITOP NOT d h | BITOP NOT h a | SET d v EX 1000 | BITOP OR d a |
		SET d v EX 1000 | BITOP OR d none | HSET h f v | BITOP OR h none | SET e "" | BITOP OR d e | BITOP OR d e none | BITOP NOT d e |
		SET n 12345 | BITOP OR d n | INCR d | BITOP OR n n n | SETBIT s 70000 1 | SETBIT s2 33333 1 | BITOP OR d s s2 | BITOP AND d s s2 |
		BITOP XOR d s s2 a | BITOP NOT d s | BITOP NOT d d | BITOP AND d d s | SET l ~5000 | BITOP AND d l s | BITOP OR d l s a |
		BITOP XOR s l s | BITOP OR x ~1 | SET ~1 ~1024 | BITOP OR x ~1 | BITOP OR x ~1 s | SETRANGE p 4095 "\xff" | BITOP OR x p | BITOP NOT x p |
		SETRANGE p 4096 "\xff" | BITOP NOT x p | BITOP XOR x p p | BITOP AND x p a | BITOP OR "" a | BITOP OR "" "" "" none`},
}

// bitFieldOf reads a type and an offset of BITFIELD.
func bitFieldOf(typ, offset string) (f BitField, err error) {
	width, err := strconv.Atoi(typ[1:])
	t := Unsigned(width)
	if typ[0] == 'i' {
		t = Signed(width)
	}
	place, nth := strings.CutPrefix(offset, "#")
	n, err2 := strconv.ParseInt(place, 10, 64)
	switch {
	case err != nil || err2 != nil:
		return f, errInexpressible
	case nth:
		return t.Nth(n), nil
	}
	return t.At(n), nil
}

// callBitField reads a line of BITFIELD, whose OVERFLOW holds for what follows it.
func callBitField(_ *twin, db DB, a []string) (any, error) {
	var ops []FieldOp
	how := OverflowWrap
	for rest := a[1:]; len(rest) > 0; {
		if rest[0] == "OVERFLOW" {
			how = map[string]Overflow{"WRAP": OverflowWrap, "SAT": OverflowSat, "FAIL": OverflowFail}[rest[1]]
			rest = rest[2:]
			continue
		}
		f, err := bitFieldOf(rest[1], rest[2])
		if err != nil {
			return nil, err
		}
		if rest[0] == "GET" {
			ops, rest = append(ops, f.Get()), rest[3:]
			continue
		}
		n, err := strconv.ParseInt(rest[3], 10, 64)
		if err != nil {
			return nil, errInexpressible
		}
		o := f.Set(n)
		if rest[0] == "INCRBY" {
			o = f.IncrBy(n)
		}
		ops, rest = append(ops, o.Overflow(how)), rest[4:]
	}
	results, err := db.Bitmap(a[0]).Field(ops...)
	list := make([]any, len(results))
	for i, r := range results {
		if !r.Failed {
			list[i] = r.Value
		}
	}
	return result(list, err)
}

func (w *twin) bitType() string {
	if w.rng.IntN(40) == 0 {
		return pick(w, []string{"u0", "i0", "u64", "i65", "i-1", "u-1", "u9999"})
	}
	if w.rng.IntN(3) == 0 {
		return pick(w, []string{"u1", "i1", "u8", "i8", "u63", "i64", "i63"})
	}
	sign := pick(w, []string{"u", "i"})
	return sign + strconv.Itoa(1+w.rng.IntN(63))
}

func (w *twin) fieldOffset() string {
	switch w.rng.IntN(60) {
	case 0: // Redis takes offsets whose fields end behind 512 MB
		return pick(w, []string{"-1", "4294967296", "9223372036854775807", "#-1", "#4294967296", "-9223372036854775808"})
	case 1:
		return strconv.Itoa(w.rng.IntN(6000 * 8))
	}
	if w.rng.IntN(2) == 0 {
		return "#" + strconv.Itoa(w.rng.IntN(10))
	}
	return strconv.Itoa(w.rng.IntN(300))
}

func (w *twin) fieldNumber() string {
	if w.rng.IntN(3) == 0 {
		return strconv.FormatInt(pick(w, oddInts), 10)
	}
	n := w.rng.Int64() >> w.rng.IntN(63)
	if w.rng.IntN(2) == 0 {
		n = -n
	}
	return strconv.FormatInt(n, 10)
}

func genBitField(w *twin) []string {
	args := []string{w.key()}
	for range w.rng.IntN(6) {
		switch w.rng.IntN(5) {
		case 0:
			args = append(args, "OVERFLOW", pick(w, []string{"WRAP", "SAT", "FAIL"}))
		case 1:
			args = append(args, "GET", w.bitType(), w.fieldOffset())
		case 2:
			args = append(args, "SET", w.bitType(), w.fieldOffset(), w.fieldNumber())
		default:
			args = append(args, "INCRBY", w.bitType(), w.fieldOffset(), w.fieldNumber())
		}
	}
	return args
}
