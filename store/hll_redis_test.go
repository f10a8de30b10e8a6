package store

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

func init() {
	redisErrors = slices.Insert(redisErrors, 0, struct {
		text string
		err  error
	}{"WRONGTYPE Key is not a valid HyperLogLog string value.", ErrNotHLL}, struct {
		text string
		err  error
	}{"INVALIDOBJ", ErrCorruptHLL})
	differs = append(differs,
		differ{name: "PFADD", weight: 6, gen: genPFAdd, call: func(_ *twin, db DB, a []string) (any, error) {
			return yes(db.HLL(a[0]).Add(a[1:]...))
		}},
		differ{name: "PFCOUNT", weight: 3, gen: func(w *twin) []string {
			if w.rng.IntN(3) == 0 {
				return genKeys(w)
			}
			return genKey(w)
		}, call: func(_ *twin, db DB, a []string) (any, error) {
			return count(db.HLL(a[0]).Count(a[1:]...))
		}, fold: func(r reply) (any, error) {
			if n, isInt := r.(int64); isInt {
				return min(n, math.MaxInt), nil // where an int has 32 bits
			}
			return plain(r)
		}},
		differ{name: "PFMERGE", weight: 3, gen: genKeys, call: func(_ *twin, db DB, a []string) (any, error) {
			return result("OK", db.HLL(a[0]).Merge(a[1:]...))
		}},
	)
	edges = append(edges, struct{ name, lines string }{"hll", `
		PFCOUNT none | PFCOUNT none none | PFADD k | GET k | OBJECT ENCODING k | PFCOUNT k | PFADD k | PFADD k a | PFADD k a | GET k |
		PFCOUNT k | PFADD k a b c "" | PFADD k "" "\x00" "\xff" | PFCOUNT k | PFADD k ~1000 | PFCOUNT k k | PFMERGE k | PFCOUNT k |
		PFMERGE new | PFCOUNT new | PFMERGE new k none | PFCOUNT new k none | PFMERGE new new new | PFADD "" x | PFCOUNT "" k |
		SET s abc | PFADD s | PFADD s a | PFCOUNT s | PFCOUNT k s | PFCOUNT s k | PFMERGE s k | PFMERGE k s | PFMERGE none2 s |
		HSET h f v | PFADD h a | PFADD h | PFCOUNT h | PFCOUNT k h | PFMERGE h k | PFMERGE k h | PFMERGE none2 h | EXISTS none2 |
		SET n 1234567890123456789 | PFADD n | PFCOUNT n | SET t HYLL | PFADD t | SET t "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" |
		SETRANGE t 5 abc | PFCOUNT t | PFADD t | PFMERGE t | PFMERGE k t | PFCOUNT t k | SETRANGE t 15 "\x80" | PFCOUNT t |
		SETRANGE t 4 "\x00" | PFCOUNT t | PFADD t a | SETRANGE t 12303 "\x00" | PFCOUNT t |
		PFADD t a | PFCOUNT t | PFADD t a b | GET t | PFMERGE k t | PFCOUNT k | GET k | PFMERGE t k | PFADD k a | SETRANGE t 12304 x | PFADD t a |
		SET t "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff" | PFADD t | PFCOUNT t | SETRANGE t 4 "\xff" | PFCOUNT t |
		SET t "HYLL\x01abc\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff and then all the rest" | PFCOUNT t k | PFMERGE t |
		SET t "hYLL\x01abc\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff" | PFADD t | SETEX e 1000 v | PFADD e a | SET e "HYLL\x01abc\x01\x02\x03\x04\x05\x06\x07\x08\x7f\xff" EX 1000 |
		SETRANGE e 14 "\x01" | PFCOUNT e | SETRANGE e 15 "\x80" | PFCOUNT e | PFADD z a b c | EXPIRE z 1000 | PFADD z d e f | PFCOUNT z | PFMERGE z k | COPY z y | PFADD y more |
		COPY z z DB db:1 | RENAME z y | PFADD y a | MOVE y db:1 | APPEND k "\x00" | PFCOUNT k | SET p v PXAT 1 | PFADD p a | PFCOUNT p`})
	deliberate = append(deliberate, []struct {
		why   string
		lines []string
		redis reply
		ours  func(t *testing.T, db DB) (any, error)
		want  any
	}{
		{
			why:   "a damaged HyperLogLog is not changed",
			lines: []string{"PFADD k a", `APPEND k "\x00"`, "PFADD k b"}, redis: int64(1),
			ours: func(t *testing.T, db DB) (any, error) {
				_, err := db.HLL("k").Add("a")
				require.NoError(t, err)
				_, err = db.String("k").Append("\x00")
				require.NoError(t, err)
				return db.HLL("k").Add("b")
			}, want: ErrCorruptHLL,
		},
		{
			why: "a PFCOUNT that only reads leaves the encoding, as nothing depends on it",
			lines: []string{
				`SET k "HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xff"`, "PFCOUNT k", "OBJECT ENCODING k",
			}, redis: "raw",
			ours: func(t *testing.T, db DB) (any, error) {
				require.NoError(t, db.String("k").Set("HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xff"))
				n, err := db.HLL("k").Count()
				require.NoError(t, err)
				require.Equal(t, 7, n)
				return db.ObjectEncoding("k")
			}, want: "embstr",
		},
		{
			why: "and so does a PFADD that changes nothing",
			lines: []string{
				`SET k "HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xff"`, "PFADD k", "OBJECT ENCODING k",
			}, redis: "raw",
			ours: func(t *testing.T, db DB) (any, error) {
				require.NoError(t, db.String("k").Set("HYLL\x01\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x7f\xff"))
				changed, err := db.HLL("k").Add()
				require.NoError(t, err)
				require.False(t, changed)
				return db.ObjectEncoding("k")
			}, want: "embstr",
		},
	}...)
}

// genPFAdd gives a few elements, sometimes many, of a few or of any. Where the registers are damaged
// Redis answers, and changes, depending on where: see deliberate.
func genPFAdd(w *twin) []string {
	args := []string{w.key()}
	if text, err := w.db().String(args[0]).Get(); err == nil && damagedHLL(text) {
		return args
	}
	n := w.rng.IntN(6)
	if w.rng.IntN(8) == 0 {
		n = w.rng.IntN(1500)
	}
	for range n {
		if w.rng.IntN(4) == 0 {
			args = append(args, w.value())
			continue
		}
		args = append(args, strconv.Itoa(w.rng.IntN(20_000)))
	}
	return args
}

// damagedHLL says whether text has the header of a HyperLogLog and not its registers.
func damagedHLL(text string) bool {
	v := structures.HLLText(text)
	return v.Form() != structures.NoHLL && !v.Valid()
}

// randomSparse returns a sparse HyperLogLog of runs as no elements would leave them: with
// many neighbours, and often about as long as one may become.
func randomSparse(rng *rand.Rand) string {
	v := []byte("HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80")
	values, most := 1+rng.IntN(4), 2950+rng.IntN(60)
	for left := 1 << 14; left > 0; {
		n := 1 + rng.IntN(4)
		switch c := rng.IntN(12); {
		case len(v) > most-2 && left > 4: // the rest is one run
			n = left
			v = append(v, 0x40|byte((n-1)>>8), byte(n-1))
		case c == 0:
			n = min(left, 1+rng.IntN(64))
			v = append(v, byte(n-1))
		case c == 1:
			n = min(left, 1+rng.IntN(300))
			v = append(v, 0x40|byte((n-1)>>8), byte(n-1))
		default:
			n = min(left, n)
			v = append(v, 0x80|byte(rng.IntN(values))<<2|byte(n-1))
		}
		left -= n
	}
	return string(v)
}

// TestRedisHLL is TestRedisRandom with HyperLogLogs alone, and what may damage them.
func TestRedisHLL(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	total := 4000
	if testing.Short() || raceEnabled {
		total = 600
	}
	names := strings.Fields("PFADD PFADD PFADD PFADD PFADD PFADD PFCOUNT PFCOUNT PFCOUNT PFMERGE PFMERGE COPY RENAME")
	for n := range total {
		if n%200 == 0 {
			w.reset([][]Option{nil, {WithShards(1), tiny}}[n/200%2]...)
		}
		d := differByName(pick(w, names))
		args := d.gen(w)
		if rng.IntN(20) == 0 {
			d, args = differByName("SETRANGE"), []string{w.key(), strconv.Itoa(rng.IntN(60)), pick(w, []string{"\x00", "\x7f", "\x80", "\xff", "\x01"})}
		}
		if rng.IntN(15) == 0 {
			d, args = differByName("SET"), []string{w.key(), randomSparse(rng)}
		}
		if rng.IntN(20) == 0 { // as it comes from elsewhere
			if text, err := w.db().String(w.key()).Get(); err == nil && len(text) > embstrMax {
				d, args = differByName("SET"), []string{w.key(), text}
			}
		}
		w.run(false, d.name, args...)
		if n%shownSteps == shownSteps-1 {
			w.state()
			w.compare()
		}
	}
	w.close()
}

// TestRedisHLLDamage gives Redis and the store HyperLogLogs that something has happened to.
func TestRedisHLLDamage(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	total := 1000
	if testing.Short() || raceEnabled {
		total = 300
	}
	w.reset()
	damaged, fine := 0, 0
	for n := range total {
		text := damage(rng, randomSparse(rng))
		v := structures.HLLText(text)
		if v.Form() != structures.NoHLL && !v.Valid() {
			damaged++
			if structures.HLLText(text + "\x00").Valid() {
				continue // Redis reads the zero that it keeps behind each string
			}
		} else if v.Valid() {
			fine++
			w.run(false, "SET", "k", text)
			w.run(false, "PFADD", "k", strconv.Itoa(n), strconv.Itoa(n+1))
			w.run(false, "PFCOUNT", "k")
			w.run(false, "GET", "k")
		}
		w.run(false, "SET", "k", text)
		w.run(false, "APPEND", "k", "") // raw
		w.run(false, "PFADD", "k")
		w.run(false, "PFCOUNT", "k", "k")
		w.run(false, "PFMERGE", "new", "k")
		w.run(false, "PFCOUNT", "k")
		w.run(false, "PFMERGE", "k")
		w.run(false, "PFCOUNT", "new")
		if damagedHLL(text) {
			before, err := w.s.Fingerprint()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.s.HLL("k").Add("a", "b", "c"); classOf(err) != ErrCorruptHLL {
				t.Fatalf("PFADD to %q: %v", text, err)
			}
			if after, _ := w.s.Fingerprint(); after != before {
				t.Fatalf("PFADD to %q has changed something", text)
			}
		}
		w.run(false, "DEL", "new")
		if n%shownSteps == 0 {
			w.state()
			w.compare()
		}
	}
	w.compare()
	if damaged == 0 || fine == 0 {
		t.Errorf("%d were damaged, and %d fine", damaged, fine)
	}
	w.close()
}

// damage changes, cuts or lengthens v, or leaves it.
func damage(rng *rand.Rand, v string) string {
	b := []byte(v)
	for range rng.IntN(3) {
		if len(b) == 0 {
			break
		}
		i := rng.IntN(len(b))
		if rng.IntN(2) == 0 {
			i = rng.IntN(min(20, len(b)))
		}
		switch rng.IntN(6) {
		case 0:
			b[i] ^= 1 << rng.IntN(8)
		case 1:
			b[i] = byte(rng.IntN(256))
		case 2:
			b = b[:len(b)-1-rng.IntN(min(3, len(b)))]
		case 3:
			b = b[:i]
		case 4:
			b = append(b, byte(rng.IntN(256)))
		case 5:
			b = slices.Insert(b, i, byte(rng.IntN(256)))
		}
	}
	return string(b)
}
