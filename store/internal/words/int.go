package words

import "math"

// maxInt is the length of the longest int64, "-9223372036854775808".
const maxInt = 20

// Int returns the integer that s spells in the only form that Redis takes for one (string2ll in
// util.c): no plus sign, no leading zeros or spaces, no "-0", within int64.
func Int[T ~string | ~[]byte](s T) (int64, bool) {
	if len(s) == 0 || len(s) > maxInt {
		return 0, false
	}
	i := 0
	if s[0] == '-' {
		i = 1
	}
	if i == len(s) || s[i] == '0' {
		return 0, len(s) == 1 && s[0] == '0'
	}
	var n uint64 // 20 digits may wrap around, but then the length says so
	digits := len(s) - i
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	neg := s[0] == '-'
	switch {
	case digits == maxInt, neg && n > -math.MinInt64, !neg && n > math.MaxInt64:
		return 0, false
	case neg:
		return -int64(n), true
	default:
		return int64(n), true
	}
}
