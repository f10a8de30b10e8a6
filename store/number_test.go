package store

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// intTexts are numbers at the limits, and spellings that are not canonical.
var intTexts = []string{
	"0", "1", "-1", "10", "9", "42",
	"9223372036854775807", "9223372036854775808", "9223372036854775809", "9999999999999999999",
	"-9223372036854775808", "-9223372036854775809", "-9999999999999999999",
	"18446744073709551615", "18446744073709551616", "18446744073709551617",
	"99999999999999999999", "-99999999999999999999", "100000000000000000000",
	"", "-", "+", "+1", "--1", "-0", "00", "01", "-01", "0x10", "1e3", "1.0", "1_000",
	" 1", "1 ", "1\n", "1\x00", "\x00", "a", "1a", "/", ":", "-:", "٣", "1\xff",
	strings.Repeat("1", 1000), strings.Repeat("0", 20), "00000000000000000001",
}

// modelInt is parseInt's model: what strconv reads, if it is written the way
// strconv would write it.
func modelInt(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}

func checkParseInt(t *testing.T, s string) {
	t.Helper()
	want, wantOK := modelInt(s)
	if n, ok := parseInt(s); n != want || ok != wantOK {
		t.Errorf("parseInt(%q) = %d, %v, want %d, %v", s, n, ok, want, wantOK)
	}
	if n, ok := parseInt([]byte(s)); n != want || ok != wantOK {
		t.Errorf("parseInt([]byte(%q)) = %d, %v, want %d, %v", s, n, ok, want, wantOK)
	}
}

func TestParseInt(t *testing.T) {
	for _, s := range intTexts {
		checkParseInt(t, s)
	}
	r := seededRand(t)
	for range 10000 {
		checkParseInt(t, strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10))
		checkParseInt(t, mutate(r, strconv.FormatUint(r.Uint64(), 10)))
	}
}

func TestParseIntAllocs(t *testing.T) {
	text := []byte("-9223372036854775808")
	if n := testing.AllocsPerRun(100, func() { parseInt(text) }); n != 0 {
		t.Errorf("parseInt allocates %v times", n)
	}
}

func FuzzParseInt(f *testing.F) {
	for _, s := range intTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkParseInt(t, s) })
}

func TestAddInt64(t *testing.T) {
	r := seededRand(t)
	edges := []int64{0, 1, -1, 2, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1, 1 << 62, -1 << 62}
	for range 100 {
		edges = append(edges, int64(r.Uint64())>>r.IntN(64))
	}
	for _, a := range edges {
		for _, b := range edges {
			want := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
			sum, ok := addInt64(a, b)
			if ok != want.IsInt64() || ok && sum != want.Int64() {
				t.Errorf("addInt64(%d, %d) = %d, %v, want %v", a, b, sum, ok, want)
			}
		}
	}
}

func TestIncrByRedis(t *testing.T) {
	c := dialRedis(t)
	for _, current := range intTexts {
		for _, delta := range []string{"0", "1", "-1", "9223372036854775807", "-9223372036854775808"} {
			c.do(t, "SET", "k", current)
			_, refused := c.do(t, "INCRBY", "k", delta).(redisError)
			a, ok := parseInt(current)
			if ok {
				b, _ := parseInt(delta)
				_, ok = addInt64(a, b)
			}
			if ok == refused {
				t.Errorf("%q + %q: ok = %v; refused by Redis: %v", current, delta, ok, refused)
			}
		}
		c.do(t, "SET", "k", "0")
		n, ok := parseInt(current)
		if got := c.do(t, "INCRBY", "k", current); ok != (got == n) {
			t.Errorf("parseInt(%q) = %d, %v, Redis says %v", current, n, ok, got)
		}
	}
}

// floatTexts are spellings that C and Go disagree on, and numbers at the limits
// of float64 and of the x87 long double.
var floatTexts = []string{
	"0", "-0", "+0", "1", "-1", "+5", "00012", "1e5", "1E+5", "1e-5", ".5", "5.", "-.5", "3.14159265358979323846",
	"", ".", "+", "-", "+-1", "--1", "e5", "1e", "1e+", "1e-", "1e5x", "1.2.3", "1e1.5", "1,5", "1_000", "0x_1p0",
	" 1", "1 ", "\t1", "1\n", "1\x00", "\x00", "\x001", "٣", "1\xff", "1f", "1L", "1d5", "1p4", "0b11", "0o17", "0x1e5",
	"inf", "INF", "-inf", "+Inf", "infinity", "-Infinity", "infin", "infinityx", "1inf", "--inf", "ınf", "inf ", "in",
	"nan", "NaN", "-nan", "nan(1)", "NAN()",
	"0x", "0X", "0x.", "-0x", "0xg", "0x1p", "0x1p+", "0x1pf", "0x10", "-0X1F", "0x1.8", "0x.8", "0x8.", "0X1P4", "0x1p-4", "0x1.8p+1", "0x0", "0x0p99999",
	"1e308", "1e309", "1.7976931348623157e308", "1.7976931348623159e308", "1.797693134862315807e308", "1e400", "-1e400",
	"5e-324", "4.9e-324", "2.5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2e-324", "-2e-324", "1e-400",
	"0x1p1023", "0x1p1024", "0x1.fffffffffffffp1023", "0x1.fffffffffffff7p1023", "0x1.fffffffffffff8p1023",
	"0x1p-1074", "0x1p-1075", "0x1.0000000000001p-1075", "0x1p-1076", "-0x1p-1075",
	"1e4931", "1e4932", "1.18973149535723176502e4932", "1.18973149535723176508e4932", "1.18973149535723176509e4932", "1.19e4932", "1e4933", "-1e4933", "1e5000",
	"0x1p16383", "0x1p16384", "0x1.fffffffffffffffep16383", "0x1.fffffffffffffffefp16383", "0x1.ffffffffffffffffp16383", "-0x1p16384",
	"1e-4932", "1e-4949", "1e-4950", "3.6e-4951", "1.8e-4951", "1.83e-4951", "1e-4951", "1e-4952", "1e-5000",
	"0x1p-16445", "0x1p-16446", "0x1.8p-16446", "0x1.00000000000000000001p-16446", "0x0.ffffffffffffffffffffp-16445", "0x1p-16447",
	"1.8225997659412373012642029668097099081995254078467e-4951", "1.8225997659412373012642029668097099081995254078468e-4951",
	"0e99999", "0e-99999", "0e9999999999999999999999", "1e999999999", "1e-999999999", "1e9999999999999999999999", "0x1p9999999999999999999999", "0x1p-9999999999999999999999",
	"18446744073709551615", "18446744073709551616", "18446744073709551617", "36893488147419103233", "36893488147419103235", "36893488147419103235.0000000000000000000000000000000001",
	"0.1", "0.2", "1e-17", "5e-18", "4.9999999999999999999e-18", "15e-18", "1.5e-17", "-5e-18", "1e-18", "1e17", "1e20",
	"0." + strings.Repeat("0", 300) + "1", strings.Repeat("1", 255), strings.Repeat("1", 256),
	strings.Repeat("0", 5118) + "1", strings.Repeat("0", 5119) + "1", strings.Repeat("9", 4932), strings.Repeat("9", 4933), strings.Repeat("9", 5119),
	"0." + strings.Repeat("0", 5000) + "1e5001", "." + strings.Repeat("9", 5118), strings.Repeat("9", 5000) + "e-5000", "0x" + strings.Repeat("f", 5117), "0x." + strings.Repeat("f", 5116),
	strings.Repeat("1", 100000), "0." + strings.Repeat("0", 100000) + "1e100001", strings.Repeat("7", 100000) + "e-100000", "0x" + strings.Repeat("0", 20000) + "1" + strings.Repeat("0", 20000) + "p-80000",
	"0x." + strings.Repeat("0", 20000) + "1p80004", "-" + strings.Repeat("0", 1000), strings.Repeat("0", 1000) + "x",
}

// randomFloatText returns what may be a number: of any size, with more digits
// than fit, exactly between two long doubles or float64s, or broken.
func randomFloatText(r *rand.Rand) string {
	digits := func(max int, set string) string {
		b := make([]byte, r.IntN(max+1))
		for i := range b {
			b[i] = set[r.IntN(len(set))]
		}
		return string(b)
	}
	sign := []string{"", "", "-", "+"}[r.IntN(4)]
	switch r.IntN(9) {
	case 0:
		return floatTexts[r.IntN(len(floatTexts))]
	case 1: // decimal, no exponent
		return sign + digits(25, "0123456789") + "." + digits(25, "0123456789")
	case 2: // decimal, near the limits or near 1
		exp := []int{0, 0, 20, -20, 308, -308, -324, 4930, -4930, -4950}[r.IntN(10)] + r.IntN(41) - 20
		return sign + digits(22, "0123456789") + "." + digits(22, "09") + "e" + strconv.Itoa(exp)
	case 3: // hexadecimal
		exp := []int{0, 0, 1023, -1074, 16383, -16445}[r.IntN(6)] + r.IntN(141) - 70
		return sign + "0x" + digits(20, "0123456789abcdefABCDEF") + "." + digits(20, "0f") + "p" + strconv.Itoa(exp)
	case 4: // as clients write a float64
		f := math.Float64frombits(r.Uint64())
		return strconv.FormatFloat(f, "feg"[r.IntN(3)], -1, 64)
	case 5: // prices, counters
		return sign + strconv.Itoa(r.IntN(100000)) + "." + strconv.Itoa(r.IntN(1000))
	case 6: // just between two neighbours, or a little above
		bits := []int{53, 64}[r.IntN(2)]
		odd := new(big.Int).SetUint64(r.Uint64()>>(64-bits) | 1<<(bits-1))
		odd.Lsh(odd, 1).Add(odd, big.NewInt(1))
		x := new(big.Float).SetInt(odd)
		x.SetMantExp(x, r.IntN(300)-200)
		return sign + x.Text('f', 200) + []string{"", "1", "000001", "0"}[r.IntN(4)]
	case 7:
		return mutate(r, randomFloatText(r))
	default: // small against the last decimal
		return sign + digits(3, "0123456789") + "." + strings.Repeat("0", 10+r.IntN(10)) + digits(6, "0459")
	}
}

// mutate drops, replaces or inserts a character of s.
func mutate(r *rand.Rand, s string) string {
	i := r.IntN(len(s) + 1)
	const set = "0019.+-eEpPxX_ \x00infa"
	c := string(set[r.IntN(len(set))])
	switch j := min(i+1, len(s)); r.IntN(3) {
	case 0:
		return s[:i] + s[j:]
	case 1:
		return s[:i] + c + s[j:]
	default:
		return s[:i] + c + s[i:]
	}
}

func TestParseFloat(t *testing.T) {
	for _, test := range []struct {
		s    string
		want float64
	}{
		{"1e5", 1e5},
		{".5", 0.5},
		{"5.", 5},
		{"+5", 5},
		{"-0x1F", -31},
		{"0x1.8", 1.5},
		{"0x.8p1", 1},
		{"0x1e5", 485},
		{"0x1p-1074", 5e-324},
		{"4.9e-324", 5e-324},
		{"iNf", math.Inf(1)},
		{"-infinity", math.Inf(-1)},
		{"0e99999", 0},
		{"0." + strings.Repeat("0", 100000) + "1e100001", 1},
		{strings.Repeat("7", 100000) + "e-100000", 0.7777777777777778},
		{"0x" + strings.Repeat("0", 5000) + "1" + strings.Repeat("0", 5000) + "p-20000", 1},
	} {
		if got, ok := parseFloat(test.s); got != test.want || !ok {
			t.Errorf("parseFloat(%.40q) = %v, %v, want %v", test.s, got, ok, test.want)
		}
	}
	if f, ok := parseFloat("-0"); !ok || !math.Signbit(f) {
		t.Errorf("parseFloat(-0) = %v, %v", f, ok)
	}
	for _, s := range []string{"", "nan", "1_0", " 1", "1 ", "1\x00", "0x", "0x1p", "1e", ".", "1e400", "1e-400", "0x1p-1075"} {
		if got, ok := parseFloat(s); got != 0 || ok {
			t.Errorf("parseFloat(%q) = %v, %v, want false", s, got, ok)
		}
	}
}

func TestFormatFloat(t *testing.T) {
	for _, test := range []struct {
		f    float64
		want string
	}{
		{0.1, "0.1"},
		{1e21, "1000000000000000000000"},
		{-1e-7, "-0.0000001"},
		{math.Copysign(0, -1), "-0"},
		{math.Inf(1), "+Inf"},
		{math.NaN(), "NaN"},
	} {
		if got := formatFloat(test.f); got != test.want {
			t.Errorf("formatFloat(%g) = %q, want %q", test.f, got, test.want)
		}
	}
	r := seededRand(t)
	for range 2000 {
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) {
			continue
		}
		if got, ok := parseFloat(formatFloat(f)); got != f || !ok {
			t.Errorf("parseFloat(formatFloat(%g)) = %g, %v", f, got, ok)
		}
		if _, ok := parseLongDouble(formatFloat(f)); !ok {
			t.Errorf("formatFloat(%g) is no long double", f)
		}
	}
}

func TestIncrFloat(t *testing.T) {
	for _, test := range []struct {
		current, delta, want string
		err                  error
	}{
		{"10.50", "0.1", "10.6", nil}, // the examples in Redis's manual
		{"10.6", "-5", "5.6", nil},
		{"5.0e3", "2.0e2", "5200", nil},
		{"0.1", "0.2", "0.3", nil},
		{"1", "-1", "0", nil},
		{"-0", "-0", "0", nil},
		{"0", "-1e-18", "0", nil},
		{"0", "1e-17", "0.00000000000000001", nil},
		{"0", "5e-18", "0", nil},                    // the nearest long double is below
		{"0", "15e-18", "0.00000000000000002", nil}, // and here above
		{"0", "-6e-18", "-0.00000000000000001", nil},
		{"18446744073709551615", "1", "18446744073709551616", nil},
		{"18446744073709551616", "1", "18446744073709551616", nil}, // a tie, to even
		{"18446744073709551616", "3", "18446744073709551620", nil},
		{"0x10", "0x1p-1", "16.5", nil},
		{"9007199254740993", "0", "9007199254740993", nil}, // no float64
		{"1e4932", "9e4931", "", ErrNaN},
		{"inf", "1", "", ErrNaN},
		{"-inf", "inf", "", ErrNaN},
		{"inf", "nan", "", ErrNotFloat},
		{"", "1", "", ErrNotFloat},
		{"1", "", "", ErrNotFloat},
		{"1", "1e5000", "", ErrNotFloat},
		{"1", "1e-5000", "", ErrNotFloat},
		{"1", formatFloat(math.NaN()), "", ErrNotFloat},
		{"1", formatFloat(math.Inf(-1)), "", ErrNaN},
		{strings.Repeat("0", 5119), "1", "1", nil},
		{strings.Repeat("0", 5120), "1", "", ErrNotFloat},
	} {
		got, err := incrFloat(test.current, test.delta)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("incrFloat(%.40q, %.40q) = %q, %v, want %q, %v",
				test.current, test.delta, got, err, test.want, test.err)
		}
	}
}

// TestIncrFloatHostile bounds the time for the worst texts of each kind.
func TestIncrFloatHostile(t *testing.T) {
	nines := strings.Repeat("9", maxLongDoubleText-6)
	for _, s := range []string{
		"1e999999999", "1e-999999999", "0x1p999999999", strings.Repeat("1", 1<<20), strings.Repeat("0", 1<<20),
		nines + "e-9999", nines + "e-180", "." + nines[1:] + "e4932", "0x" + strings.Repeat("f", 5110) + "p-1",
	} {
		start := time.Now()
		for range 10 {
			_, _ = incrFloat(s, "0x1p-16445")
			_, _ = incrFloat(s, s)
			_, _ = parseFloat(s)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%.20q...: %v", s, d/10)
		}
	}
}

var plainDecimal = regexp.MustCompile(`^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]{0,16}[1-9])$`)

// checkIncrFloat checks what holds for any two texts.
func checkIncrFloat(t *testing.T, a, b string) {
	t.Helper()
	sum, err := incrFloat(a, b)
	if swapped, err2 := incrFloat(b, a); swapped != sum || !errors.Is(err2, err) {
		t.Fatalf("%.80q + %.80q = %q, %v, but swapped %q, %v", a, b, sum, err, swapped, err2)
	}
	if err != nil {
		if sum != "" || !errors.Is(err, ErrNotFloat) && !errors.Is(err, ErrNaN) {
			t.Fatalf("%.80q + %.80q = %q, %v", a, b, sum, err)
		}
		return
	}
	if !plainDecimal.MatchString(sum) {
		t.Fatalf("%.80q + %.80q = %q, not in plain form", a, b, sum)
	}
	// Printing loses less than half a unit of the last place of the larger of
	// text and mantissa, so what is printed reads back as the same text.
	if again, err := incrFloat(sum, "0"); again != sum || err != nil {
		t.Fatalf("%.80q + 0 = %q, %v", sum, again, err)
	}
	n, okN := parseInt(a)
	m, okM := parseInt(b)
	if exact, ok := addInt64(n, m); okN && okM && ok && sum != strconv.FormatInt(exact, 10) {
		t.Fatalf("%d + %d = %q, want %d", n, m, sum, exact)
	}
}

func TestIncrFloatProperties(t *testing.T) {
	r := seededRand(t)
	for range alone(10_000) {
		checkIncrFloat(t, randomFloatText(r), randomFloatText(r))
		checkIncrFloat(t, strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10), strconv.Itoa(r.IntN(1e6)))
	}
}

// fuzzFloatTexts are those of floatTexts that are short: with the others, the
// fuzzer spends nearly all its time on making them smaller.
func fuzzFloatTexts() []string {
	long := func(s string) bool { return len(s) > 400 }
	return slices.DeleteFunc(slices.Clone(floatTexts), long)
}

func FuzzIncrFloat(f *testing.F) {
	texts := fuzzFloatTexts()
	for i, s := range texts {
		f.Add(s, texts[(i+7)%len(texts)])
	}
	f.Fuzz(checkIncrFloat)
}

// checkParseFloat checks parseFloat against strconv where that reads the same
// language, and against parseLongDouble where that has the range.
func checkParseFloat(t *testing.T, s string) {
	t.Helper()
	f, ok := parseFloat(s)
	if !ok {
		if f != 0 {
			t.Fatalf("parseFloat(%.80q) = %v, false", s, f)
		}
	} else if math.IsNaN(f) {
		t.Fatalf("parseFloat(%.80q) is NaN", s)
	} else if back, ok := parseFloat(formatFloat(f)); !ok || back != f {
		t.Fatalf("parseFloat(%.80q) = %v, which reads back as %v, %v", s, f, back, ok)
	}
	if want, err := strconv.ParseFloat(s, 64); err == nil && len(s) < maxFloatDigits &&
		want != 0 && !math.IsNaN(want) && !strings.Contains(s, "_") && (!ok || f != want) {
		t.Fatalf("parseFloat(%.80q) = %v, %v, strconv says %v", s, f, ok, want)
	}
	if x, okX := parseLongDouble(s); ok && len(s) <= maxLongDoubleText {
		if !okX {
			t.Fatalf("%.80q is a float64, but no long double", s)
		}
		// Rounding twice may be off by a unit, no more.
		g, _ := x.Float64()
		if f != g && f != math.Nextafter(g, math.Inf(1)) && f != math.Nextafter(g, math.Inf(-1)) {
			t.Fatalf("parseFloat(%.80q) = %v, parseLongDouble says %v", s, f, g)
		}
	}
}

func TestParseFloatProperties(t *testing.T) {
	r := seededRand(t)
	for _, s := range floatTexts {
		checkParseFloat(t, s)
	}
	for range 10000 {
		checkParseFloat(t, randomFloatText(r))
	}
}

func FuzzParseFloat(f *testing.F) {
	for _, s := range fuzzFloatTexts() {
		f.Add(s)
	}
	f.Fuzz(checkParseFloat)
}

// checkIncrFloatRedis compares one sum with INCRBYFLOAT's.
func checkIncrFloatRedis(t *testing.T, c *redisConn, current, delta string) {
	t.Helper()
	c.do(t, "SET", "k", current)
	want := c.do(t, "INCRBYFLOAT", "k", delta)
	var got reply
	switch sum, err := incrFloat(current, delta); {
	case errors.Is(err, ErrNotFloat):
		got = redisError("ERR value is not a valid float")
	case errors.Is(err, ErrNaN):
		got = redisError("ERR increment would produce NaN or Infinity")
	default:
		got = sum
	}
	if got != want {
		t.Errorf("incrFloat(%.300q, %.300q) = %.300q, Redis says %.300q", current, delta, got, want)
	}
}

func TestIncrFloatRedis(t *testing.T) {
	c := dialRedis(t)
	for _, s := range floatTexts {
		for _, other := range []string{"0", "1", "-1e18", "0.1", "0x1p16383", "-0x1p-16445", "-inf", s} {
			checkIncrFloatRedis(t, c, s, other)
			checkIncrFloatRedis(t, c, other, s)
		}
	}
	r := seededRand(t)
	for range 6000 {
		checkIncrFloatRedis(t, c, randomFloatText(r), randomFloatText(r))
	}
}

func TestParseFloatRedis(t *testing.T) {
	c := dialRedis(t)
	r := seededRand(t)
	texts := floatTexts
	for range 6000 {
		texts = append(texts, randomFloatText(r))
	}
	for _, s := range texts {
		c.do(t, "DEL", "k")
		want := c.do(t, "ZADD", "k", "0", "other", s, "member") // first, s might be an option
		got := reply(redisError("ERR value is not a valid float"))
		if f, ok := parseFloat(s); ok {
			got = f
			if text, isText := c.do(t, "ZSCORE", "k", "member").(string); isText {
				want, _ = strconv.ParseFloat(text, 64) // 17 digits: it reads back
			}
		}
		if got != want { // but 0 is -0: a small sorted set forgets that sign
			t.Errorf("parseFloat(%.300q) = %v, Redis says %v", s, got, want)
		}
	}
}

func BenchmarkIncrFloat(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = incrFloat("10.50", "0.1")
	}
}

func BenchmarkParseFloat(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		parseFloat("1234.5678")
	}
}

func BenchmarkParseInt(b *testing.B) {
	for b.Loop() {
		parseInt("-1234567890123")
	}
}

// What is out of range is told from what is no number.
func TestParseFloatRange(t *testing.T) {
	for text, want := range map[string]struct {
		f   float64
		err error
	}{
		"1.5": {1.5, nil}, "0x10": {16, nil}, "-inf": {math.Inf(-1), nil}, "0e-999": {0, nil},
		"1e400": {math.Inf(1), ErrOutOfRange}, "-1e400": {math.Inf(-1), ErrOutOfRange},
		"1e-400": {0, ErrOutOfRange}, "0x1p-2000": {0, ErrOutOfRange},
		"": {0, ErrNotFloat}, "nan": {0, ErrNotFloat}, " 1": {0, ErrNotFloat}, "1_0": {0, ErrNotFloat},
	} {
		f, err := ParseFloat(text)
		if f != want.f || err != want.err {
			t.Errorf("ParseFloat(%q) = %v, %v, want %v, %v", text, f, err, want.f, want.err)
		}
	}
}
