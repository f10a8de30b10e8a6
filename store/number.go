package store

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store/internal/words"
)

// Redis reads numbers with three parsers of its own or of the C library, and
// each takes other spellings than strconv. This file holds the same three:
//
//	parseInt         integers: only the canonical decimal form
//	parseFloat       scores: what strtod takes, as a float64
//	parseLongDouble  INCRBYFLOAT: what strtold takes, as an x87 long double
//
// The last is emulated with math/big, whose Float has the same 64-bit mantissa
// and rounding but an unlimited exponent, so the limits are checked by hand.

const (
	// maxLongDoubleText is one less than MAX_LONG_DOUBLE_CHARS, 5*1024 in
	// Redis's util.h; 7.0.15 takes 5119 bytes and refuses 5120. It also bounds
	// the work that a hostile text can cause.
	maxLongDoubleText = 5119

	// The x87 extended format: 64 bits of mantissa, finite values below
	// 2^16384, and 2^-16445 as the smallest one (Intel SDM, volume 1, 4.2.2).
	longDoublePrec   = 64
	longDoubleMaxExp = 16384
	longDoubleMinExp = -16445

	// The same limits in decimal digits before the point: no finite value has
	// more than 4933 (1.18e4932), and one that starts more than 4950 places
	// after the point is less than half of the smallest, 3.6e-4951.
	longDoubleMaxDigits = 4933
	longDoubleMinDigits = -4950

	// longDoubleDecimals is the precision of Redis's "%.17Lf".
	longDoubleDecimals = 17

	// maxFloatDigits is the most digits to trust strconv with: it puts the point
	// of an integer of more than 800 wrong (Go 1.26: 801 nines and e-801 is 0.1).
	// The midpoint of two float64s has at most 768, so that of the digits after
	// these only "is one of them not 0" matters.
	maxFloatDigits = 800

	// maxExponent caps a written exponent far above what a text's digits could
	// bring back into range, and far below where sums of the two overflow.
	maxExponent = 1 << 40
)

// parseInt returns the integer that s spells in the only form that Redis takes
// for one: no plus sign, no leading zeros or spaces, no "-0", within int64.
func parseInt[T ~string | ~[]byte](s T) (int64, bool) { return words.Int(s) }

// addInt64 returns a+b, and false if the sum does not fit.
func addInt64(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// incrFloat returns the sum of two texts as Redis's INCRBYFLOAT writes it: to 17
// decimals, without trailing zeros. It returns ErrNotFloat if either text is
// not a number, and ErrNaN if the sum is not finite.
func incrFloat(current, delta string) (sum string, err error) {
	b, ok := parseLongDouble(delta)
	if !ok {
		return "", ErrNotFloat
	}
	return incrLongDouble(current, b)
}

// incrLongDouble is incrFloat for a number that was read.
func incrLongDouble(current string, delta *big.Float) (sum string, err error) {
	a, ok := parseLongDouble(current)
	switch {
	case !ok:
		return "", ErrNotFloat
	case a.IsInf() || delta.IsInf(): // and big.Float panics on inf-inf
		return "", ErrNaN
	}
	a.Add(a, delta)
	if a.MantExp(nil) > longDoubleMaxExp {
		return "", ErrNaN
	}
	return formatLongDouble(a), nil
}

// formatFloat returns the shortest text without an exponent that reads back as
// f, as clients send a float64 to INCRBYFLOAT.
func formatFloat(f float64) string {
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// ParseFloat returns the number that a text spells for Redis, by the rules of C's strtod: it
// may be hexadecimal or an infinity, but not NaN, and has no space before or behind it. A text
// that is no number is [ErrNotFloat]; of one that is too large, or too near to 0, for a float64
// it is [ErrOutOfRange], beside the infinity or the 0.
//
// The complexity is O(n), n the length of the text.
func ParseFloat(text string) (float64, error) {
	n, ok := scanNumeral(text)
	if !ok {
		return 0, ErrNotFloat
	}
	// strconv wants a 'p' in hex numbers, and cuts large exponents short even if
	// a long mantissa would make up for them (golang.org/issue/42436).
	if !n.inf && (n.hex || len(text) > maxFloatDigits) {
		text = n.compact()
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 && !n.isZero() {
		return f, ErrOutOfRange
	}
	return f, nil
}

// parseFloat is ParseFloat where Redis refuses what is out of range, too.
func parseFloat(s string) (float64, bool) {
	f, err := ParseFloat(s)
	if err != nil {
		return 0, false
	}
	return f, true
}

// parseLongDouble returns the x87 long double that s spells under strtold's
// rules, less what Redis refuses, as in parseFloat, and long texts. A value
// below the normal range keeps more bits than the x87 would: whatever is added
// to it, the difference is too small to be among the decimals of the sum.
func parseLongDouble(s string) (*big.Float, bool) {
	if len(s) > maxLongDoubleText {
		return nil, false
	}
	n, ok := scanNumeral(s)
	if !ok {
		return nil, false
	}
	x := new(big.Float).SetPrec(longDoublePrec)
	if n.inf {
		return x.SetInf(n.neg), true
	}
	digits, exp := n.integer()
	if digits == "" {
		return x, true
	}
	if lead := int64(len(digits)) + exp; !n.hex && (lead > longDoubleMaxDigits || lead < longDoubleMinDigits) {
		return nil, false
	}
	if n.hex && (exp > longDoubleMaxExp || exp < longDoubleMinExp-4*maxLongDoubleText) {
		return nil, false
	}
	if !setExact(x, digits, n.hex, int(exp)) {
		return nil, false
	}
	if n.neg {
		x.Neg(x)
	}
	return x, true
}

// setExact sets x to digits × 10^exp, or × 2^exp if they are hexadecimal,
// rounded once. (big.Float.Parse rounds more than once, and so misses ties.)
// It returns false where strtold would report an overflow, or an underflow to 0.
func setExact(x *big.Float, digits string, hex bool, exp int) bool {
	base := 10
	if hex {
		base = 16
	}
	mant, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return false
	}
	scale := new(big.Int)
	if !hex {
		scale.Exp(big.NewInt(10), big.NewInt(int64(max(exp, -exp))), nil)
	}
	switch {
	case hex || exp == 0:
		x.SetInt(mant)
	case exp > 0:
		x.SetInt(mant.Mul(mant, scale))
	default:
		x.Quo(new(big.Float).SetInt(mant), new(big.Float).SetInt(scale))
	}
	rounded := x.Acc()
	if hex {
		x.SetMantExp(x, exp)
	}
	switch e := x.MantExp(nil); { // x is in [2^(e-1), 2^e)
	case e > longDoubleMaxExp:
		return false
	case e == longDoubleMinExp: // exactly half of the smallest rounds to even, 0
		return x.MinPrec() > 1 || rounded == big.Below
	default:
		return e > longDoubleMinExp
	}
}

// formatLongDouble writes x as Redis's ld2string does for people to read.
func formatLongDouble(x *big.Float) string {
	// Below 2^-58 all 17 decimals are 0; Text would take milliseconds to find
	// that out of the thousands of digits of a number near the low limit.
	if x.MantExp(nil) <= -58 {
		return "0"
	}
	s := x.Text('f', longDoubleDecimals)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// A numeral is the text of a floating-point number taken apart: whole and frac
// are the digits before and after the point, exp the written exponent, of 10 or,
// in a hexadecimal numeral, of 2.
type numeral struct {
	neg, inf, hex bool
	whole, frac   string
	exp           int64
}

// scanNumeral takes s apart by the grammar of C's strtod, which must cover all
// of s: decimal or hexadecimal, exponent optional in both, or an infinity.
func scanNumeral(s string) (n numeral, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n.neg = s[0] == '-'
		s = s[1:]
	}
	if strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity") {
		n.inf = true
		return n, true
	}
	if len(s) > 2 && s[0] == '0' && lower(s[1]) == 'x' {
		n.hex = true
		s = s[2:]
	}
	n.whole, s = cutDigits(s, n.hex)
	if s != "" && s[0] == '.' {
		n.frac, s = cutDigits(s[1:], n.hex)
	}
	if n.whole == "" && n.frac == "" {
		return n, false
	}
	if s == "" {
		return n, true
	}
	n.exp, ok = scanExponent(s, n.hex)
	return n, ok
}

// scanExponent reads the exponent of a numeral, from its letter to its end.
func scanExponent(s string, hex bool) (exp int64, ok bool) {
	letter := byte('e')
	if hex {
		letter = 'p'
	}
	if lower(s[0]) != letter {
		return 0, false
	}
	s = s[1:]
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	digits, rest := cutDigits(s, false)
	if digits == "" || rest != "" {
		return 0, false
	}
	for i := range len(digits) {
		exp = min(exp*10+int64(digits[i]-'0'), maxExponent)
	}
	if neg {
		exp = -exp
	}
	return exp, true
}

// cutDigits cuts the digits that s begins with from the rest.
func cutDigits(s string, hex bool) (digits, rest string) {
	i := 0
	for i < len(s) && (s[i]-'0' <= 9 || hex && lower(s[i])-'a' <= 5) {
		i++
	}
	return s[:i], s[i:]
}

// lower returns the small form of an ASCII letter.
func lower(c byte) byte { return c | 0x20 }

// isZero reports whether all digits of n are 0.
func (n numeral) isZero() bool {
	return strings.Trim(n.whole, "0") == "" && strings.Trim(n.frac, "0") == ""
}

// integer returns n's digits without its point and without zeros at either end,
// and the exponent that goes with them. Zero has no digits.
func (n numeral) integer() (digits string, exp int64) {
	perDigit := int64(1)
	if n.hex {
		perDigit = 4
	}
	digits = strings.TrimLeft(n.whole+n.frac, "0")
	all := len(digits)
	digits = strings.TrimRight(digits, "0")
	return digits, n.exp + perDigit*int64(all-len(digits)-len(n.frac))
}

// compact returns a short text of the same float64 as n, in strconv's grammar.
func (n numeral) compact() string {
	digits, exp := n.integer()
	if digits == "" {
		digits, exp = "0", 0
	}
	perDigit, prefix, letter := int64(1), "", "e"
	if n.hex {
		perDigit, prefix, letter = 4, "0x", "p"
	}
	if n.neg {
		prefix = "-" + prefix
	}
	if more := len(digits) - maxFloatDigits; more > 0 {
		digits = digits[:maxFloatDigits-1] + "1" // of those dropped, the last is not 0
		exp += perDigit * int64(more)
	}
	return prefix + digits + letter + strconv.FormatInt(exp, 10)
}
