package pubsub_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alcovedb/alcove/pubsub"
	"github.com/stretchr/testify/require"
)

// matchCases are seeds of the fuzzer and checked against a real Redis too.
var matchCases = []struct {
	pattern, s string
	want       bool
}{
	// Literals.
	{"", "", true},
	{"", "a", false},
	{"a", "", false},
	{"a", "a", true},
	{"a", "b", false},
	{"a", "A", false},
	{"a", "ab", false},
	{"ab", "a", false},
	{"\xff\x00", "\xff\x00", true},

	// One byte, not one rune.
	{"?", "", false},
	{"?", "a", true},
	{"?", "ab", false},
	{"?", "\xff", true},
	{"?", "\x00", true},
	{"?", "é", false},
	{"??", "é", true},
	{"??", "a", false},

	// Stars. An empty string meets the empty pattern only.
	{"*", "", false},
	{"**", "", false},
	{"*", "a", true},
	{"*", "\x00\xff", true},
	{"**", "a", true},
	{"a*", "a", true},
	{"a**", "a", true},
	{"a*", "abc", true},
	{"a*", "ba", false},
	{"*a", "a", true},
	{"**a", "a", true},
	{"*a", "aba", true},
	{"*a", "ab", false},
	{"*a*", "a", true},
	{"*a*", "bab", true},
	{"*a*", "bbb", false},
	{"a*c", "ac", true},
	{"a*c", "abcbc", true},
	{"a*c", "abcb", false},
	{"*ab*cd*", "xabxabcxcdx", true},
	{"*ab*cd*", "xcdxabx", false},
	{"*aab", "aaaab", true},
	{"*?", "a", true},
	{"*?", "", false},
	{"?*", "a", true},
	{"*??", "a", false},
	{"a*?", "a", false},
	{"a*[", "a", false},
	{"*[ab]?", "xab", true},

	// Classes.
	{"[abc]", "b", true},
	{"[abc]", "d", false},
	{"[abc]", "", false},
	{"[abc]", "ab", false},
	{"[^abc]", "d", true},
	{"[^abc]", "b", false},
	{"[^abc]", "", false},
	{"[^^]", "^", false},
	{"[^^]", "a", true},
	{"[a^]", "^", true},
	{"[*]", "*", true},
	{"[*]", "a", false},
	{"[?]", "a", false},
	{"[[]", "[", true},
	{"[abc]*[xyz]", "a--z", true},
	{"h[ae]llo", "hello", true},
	{"h[^e]llo", "hello", false},
	{"[\xff]", "\xff", true},

	// The first ']' ends the class.
	{"[]", "a", false},
	{"[]", "]", false},
	{"[]a]", "a", false},
	{"[]a]", "]", false},
	{"[^]", "a", true},
	{"[^]", "]", true},
	{"[^]a]", "xa]", true},
	{"]", "]", true},

	// Ranges.
	{"[a-c]", "b", true},
	{"[a-c]", "a", true},
	{"[a-c]", "c", true},
	{"[a-c]", "d", false},
	{"[a-c]", "-", false},
	{"[c-a]", "b", true},
	{"[^c-a]", "b", false},
	{"[a-cx-z]", "y", true},
	{"[a-c-e]", "d", false},
	{"[a-c-e]", "-", true},
	{"[-a]", "-", true},
	{"[a-]", "-", false},
	{"[a-]", "^", true},
	{"[a-]]", "_", true},
	{"[a-]]", "_]", false},
	{"[--a]", "A", true},
	{"[a-\\c]", "^", true},
	{"[a-\\c]", "c", true},
	{"[a-\\c]", "b", false},
	{"[\\a-c]", "b", false},
	{"[\\a-c]", "-", true},

	// The bounds are signed bytes.
	{"[a-\xff]", "b", false},
	{"[a-\xff]", "A", true},
	{"[a-\xff]", "\x00", true},
	{"[a-\xff]", "\xff", true},
	{"[a-\xff]", "\xfe", false},
	{"[\x80-\xff]", "\xc0", true},
	{"[\x80-\xff]", "a", false},
	{"[\x80-\x7f]", "a", true},

	// Unterminated classes.
	{"[", "[", false},
	{"[", "", false},
	{"[^", "a", true},
	{"[^", "ab", false},
	{"[a", "a", true},
	{"[a", "b", false},
	{"[^a", "b", true},
	{"[^a", "a", false},
	{"[a-", "a", true},
	{"[a-", "-", true},
	{"[a-c", "b", true},
	{"[a*", "a", true},
	{"[a*", "*", true},
	{"[a*", "ab", false},
	{"*[", "a", false},
	{"*[^", "ab", true},
	{"[\\", "\\", true},
	{"[\\]", "]", true},
	{"[\\]", "\\", false},
	{"[a\\", "\\", true},

	// Escapes.
	{"\\*", "*", true},
	{"\\*", "a", false},
	{"\\?", "?", true},
	{"\\[a]", "[a]", true},
	{"\\[a]", "a", false},
	{"\\a", "a", true},
	{"\\a", "\\a", false},
	{"\\\\", "\\", true},
	{"[\\]]", "]", true},
	{"[\\^a]", "^", true},
	{"[\\-a]", "-", true},
	{"[\\\\]", "\\", true},
	{"\\", "\\", true},
	{"\\", "", false},
	{"a\\", "a\\", true},
	{"a\\", "a", false},
	{"*\\", "a\\", true},
	{"a\\*", "a", false},
	{"a\\**", "a*", true},
}

func TestMatch(t *testing.T) {
	for _, tc := range matchCases {
		if got := pubsub.Match(tc.pattern, tc.s); got != tc.want {
			t.Errorf("Match(%q, %q) = %v, want %v", tc.pattern, tc.s, got, tc.want)
		}
		if got := modelMatch(tc.pattern, tc.s); got != tc.want {
			t.Errorf("the model says %v for (%q, %q), want %v", got, tc.pattern, tc.s, tc.want)
		}
	}
}

// If Match went back to other stars than the last, the cases with 200 of them
// would run into the test binary's time limit.
func TestMatchManyStars(t *testing.T) {
	as := strings.Repeat("a", 20_000)
	stars := strings.Repeat("a*", 200)
	require.False(t, pubsub.Match(stars+"b", as))
	require.True(t, pubsub.Match(stars+"b", as+"b"))
	require.False(t, pubsub.Match(strings.Repeat("*?", 200)+"*b", as))
	require.False(t, pubsub.Match(strings.Repeat("*[a-c]", 200)+"*[^a", as))
	require.False(t, pubsub.Match("*"+as[:1000]+"b", as))
	require.True(t, pubsub.Match(strings.Repeat("*", 20_000), as))
	require.False(t, pubsub.Match(strings.Repeat("*", 20_000)+"b", as))
}

func TestMatchAllocatesNothing(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, tc := range matchCases {
			pubsub.Match(tc.pattern, tc.s)
		}
	}))
}

// PUBSUB CHANNELS shows the bare matcher: unlike KEYS it has no short cut for "*".
func TestMatchCasesAgainstRedis(t *testing.T) {
	names := map[string]bool{}
	for _, tc := range matchCases {
		names[tc.s] = true
	}
	r := newRedisGlob(t, slices.Collect(maps.Keys(names)))
	for _, tc := range matchCases {
		if !portable(tc.pattern) {
			continue
		}
		if got := slices.Contains(r.channels(tc.pattern), tc.s); got != tc.want {
			t.Errorf("Redis says %v for (%q, %q), want %v", got, tc.pattern, tc.s, tc.want)
		}
	}
}

func TestMatchAgainstRedis(t *testing.T) {
	rnd := newRand(t)
	names := map[string]bool{"": true}
	for len(names) < 200 {
		names[randString(rnd, 6)] = true
	}
	all := slices.Sorted(maps.Keys(names))
	r := newRedisGlob(t, all)

	matches := 0
	for n := range 6000 {
		pattern := randString(rnd, 8)
		if n%2 == 0 {
			pattern = blur(rnd, all[rnd.IntN(len(all))])
		}
		// Five stars at most: an older Redis takes exponential time.
		if strings.Count(pattern, "*") > 5 || !portable(pattern) {
			continue
		}
		var want []string // nil if empty, as slices.Sorted has it
		for _, s := range all {
			if pubsub.Match(pattern, s) {
				want = append(want, s)
			}
		}
		matches += len(want)
		require.Equal(t, want, r.channels(pattern), "PUBSUB CHANNELS %q", pattern)
		if pattern == "*" {
			want = all // KEYS asks the matcher nothing
		}
		require.Equal(t, want, r.keys(pattern), "KEYS %q", pattern)
	}
	require.NotZero(t, matches)
}

// A subscriber of "*" hears every channel but the one with the empty name.
func TestMatchEmptyChannelAgainstRedis(t *testing.T) {
	socket := startRedis(t)
	dialRedis(t, socket).do("PSUBSCRIBE", "*")
	c := dialRedis(t, socket)
	require.Equal(t, int64(0), c.do("PUBLISH", "", "m"))
	require.Equal(t, int64(1), c.do("PUBLISH", "a", "m"))
}

// redisGlob is a Redis that holds the same names as keys and as channels.
type redisGlob struct{ c *redisConn }

func newRedisGlob(t *testing.T, names []string) redisGlob {
	t.Helper()
	socket := startRedis(t)
	c, sub := dialRedis(t, socket), dialRedis(t, socket)
	for _, s := range names {
		c.do("SET", s, "")
		sub.do("SUBSCRIBE", s)
	}
	return redisGlob{c}
}

func (r redisGlob) keys(pattern string) []string {
	return slices.Sorted(slices.Values(r.c.strings("KEYS", pattern)))
}

func (r redisGlob) channels(pattern string) []string {
	return slices.Sorted(slices.Values(r.c.strings("PUBSUB", "CHANNELS", pattern)))
}

// portable reports whether the local Redis reads the pattern as one on x86 does:
// where C's char is unsigned, a range with a byte above 0x7f means another set.
func portable(pattern string) bool {
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "386" {
		return true
	}
	return strings.IndexFunc(pattern, func(r rune) bool { return r >= 0x80 }) < 0
}

const alphabet = "abc-[]^*?\\\xff"

func randString(rnd *rand.Rand, maxLen int) string {
	b := make([]byte, rnd.IntN(maxLen+1))
	for i := range b {
		b[i] = alphabet[rnd.IntN(len(alphabet))]
	}
	return string(b)
}

// blur turns s into a pattern that is likely to match it.
func blur(rnd *rand.Rand, s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch rnd.IntN(6) {
		case 0:
			b.WriteByte('?')
		case 1:
			b.WriteByte('*')
		case 2:
			b.WriteString("[" + randString(rnd, 2) + string([]byte{c}) + randString(rnd, 2) + "]")
		case 3:
			b.WriteString("\\" + string([]byte{c}))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// newRand is seeded by ALCOVE_SEED, or else at random; a failing test shows its seed.
func newRand(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if env := os.Getenv("ALCOVE_SEED"); env != "" {
		var err error
		seed, err = strconv.ParseUint(env, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ALCOVE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// modelMatch is the matcher at its plainest: it tries all that a star can take,
// and spells out each class as the set of its bytes.
func modelMatch(pattern, s string) bool {
	if s == "" {
		return pattern == ""
	}
	if pattern == "" {
		return false
	}
	if pattern[0] == '*' {
		rest := pattern[1:]
		if rest == "" {
			return true
		}
		for i := range len(s) {
			if modelMatch(rest, s[i:]) {
				return true
			}
		}
		return false
	}
	set, rest := modelElement(pattern)
	if !set[s[0]] {
		return false
	}
	if len(s) == 1 { // stars are free only after something else took the last byte
		rest = strings.TrimLeft(rest, "*")
	}
	return modelMatch(rest, s[1:])
}

// modelElement returns the bytes that the first element of the pattern takes,
// and the pattern behind it.
func modelElement(pattern string) (set [256]bool, rest string) {
	first, rest := pattern[0], pattern[1:]
	switch {
	case first == '?':
		for b := range set {
			set[b] = true
		}
		return set, rest
	case first == '[':
		return modelClass(rest)
	case first == '\\' && rest != "":
		first, rest = rest[0], rest[1:]
	}
	set[first] = true
	return set, rest
}

func modelClass(class string) (set [256]bool, rest string) {
	class, negated := strings.CutPrefix(class, "^")
	for class != "" {
		switch {
		case class[0] == '\\' && len(class) > 1:
			set[class[1]] = true
			class = class[2:]
		case class[0] == ']':
			rest, class = class[1:], ""
		case len(class) > 2 && class[1] == '-':
			lo, hi := int(int8(class[0])), int(int8(class[2]))
			for b := min(lo, hi); b <= max(lo, hi); b++ {
				set[byte(b)] = true
			}
			class = class[3:]
		default:
			set[class[0]] = true
			class = class[1:]
		}
	}
	for b := range set {
		set[b] = set[b] != negated
	}
	return set, rest
}

func FuzzMatch(f *testing.F) {
	for _, tc := range matchCases {
		f.Add(tc.pattern, tc.s)
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		got := pubsub.Match(pattern, s)
		// The model takes exponential time.
		if len(pattern) > 40 || len(s) > 20 || strings.Count(pattern, "*") > 6 {
			return
		}
		if want := modelMatch(pattern, s); got != want {
			t.Fatalf("Match(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	const key = "session:eu-west-1:user:0000123456:cart"
	for _, bc := range []struct{ name, pattern, s string }{
		{"All", "*", key},
		{"Literal", key, key},
		{"Prefix", "session:*", key},
		{"PrefixMiss", "user:*", key},
		{"Suffix", "*:cart", key},
		{"Infix", "*:user:*:cart", key},
		{"Class", "session:[a-z][a-z]-*", key},
		{"ManyStars", strings.Repeat("a*", 20) + "b", strings.Repeat("a", 1000)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pubsub.Match(bc.pattern, bc.s)
			}
		})
	}
}
