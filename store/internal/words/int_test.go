package words

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestInt beside strconv: the same numbers, in the one way in which strconv writes them.
func TestInt(t *testing.T) {
	texts := []string{
		"", "-", "+1", "-0", "00", "01", "-01", "1 ", " 1", "1a", "0x1", "1_0", "1.0", "\x00", "1\x00", "٣",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "18446744073709551617", "-18446744073709551617",
		"99999999999999999999", "-9999999999999999999", "10000000000000000000", "36893488147419103233", strings.Repeat("1", 1000),
	}
	for n := int64(1); n < math.MaxInt64/7; n *= 7 {
		for _, n := range []int64{n, -n, n - 1, math.MaxInt64 - n, math.MinInt64 + n} {
			texts = append(texts, strconv.FormatInt(n, 10), "0"+strconv.FormatInt(n, 10), strconv.FormatInt(n, 10)+"0")
		}
	}
	for _, text := range texts {
		want, err := strconv.ParseInt(text, 10, 64)
		canonical := err == nil && strconv.FormatInt(want, 10) == text
		if !canonical {
			want = 0
		}
		if n, ok := Int(text); n != want || ok != canonical {
			t.Errorf("Int(%q) = %d, %v, want %d, %v", text, n, ok, want, canonical)
		}
		if n, ok := Int([]byte(text)); n != want || ok != canonical {
			t.Errorf("Int([]byte(%q)) = %d, %v, want %d, %v", text, n, ok, want, canonical)
		}
	}
	long := strings.Repeat("1", 1<<20)
	for _, text := range []string{"-1234567890123", long, "no number"} {
		if n := testing.AllocsPerRun(100, func() { Int(text) }); n != 0 {
			t.Errorf("Int(%.20q) allocates %v times", text, n)
		}
	}
}
