package store

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fullLCS is the model: the table of lengths as in any textbook, and Redis's
// rules for the way back, one cell at a time.
func fullLCS(a, b string) (text string, matches []LCSMatch) {
	table := make([][]int, len(a)+1)
	table[0] = make([]int, len(b)+1)
	for i := range len(a) {
		table[i+1] = make([]int, len(b)+1)
		for j := range len(b) {
			if a[i] == b[j] {
				table[i+1][j+1] = table[i][j] + 1
			} else {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			}
		}
	}
	inMatch := false
	for i, j := len(a), len(b); i > 0 && j > 0; {
		switch {
		case a[i-1] == b[j-1]:
			i, j = i-1, j-1
			text = a[i:i+1] + text
			if !inMatch {
				matches = append(matches, LCSMatch{LCSRange{i, i}, LCSRange{j, j}, 0})
			}
			m := &matches[len(matches)-1]
			m.A.Start, m.B.Start, m.Len = i, j, m.Len+1
			inMatch = true
			continue
		case table[i-1][j] > table[i][j-1]:
			i--
		default:
			j--
		}
		inMatch = false
	}
	return text, matches
}

func TestLCS(t *testing.T) {
	for _, test := range []struct{ a, b, want string }{
		{"ohmytext", "mynewtext", "mytext"}, // the example in Redis's manual
		{"", "", ""},
		{"", "abc", ""},
		{"abc", "", ""},
		{"a", "a", "a"},
		{"a", "b", ""},
		{"abc", "abc", "abc"},
		{"abc", "cba", "c"},
		{"ab", "ba", "b"},
		{"abcbdab", "bdcaba", "bdab"},
		{"\x00\xff\x00", "\xff\x00\x00", "\xff\x00"},
		{strings.Repeat("ab", 100), strings.Repeat("b", 150), strings.Repeat("b", 100)},
	} {
		if got := lcs(test.a, test.b); got != test.want {
			t.Errorf("lcs(%q, %q) = %q, want %q", test.a, test.b, got, test.want)
		}
		if got := lcsLen(test.a, test.b); got != len(test.want) {
			t.Errorf("lcsLen(%q, %q) = %d, want %d", test.a, test.b, got, len(test.want))
		}
	}
}

func TestLCSMatches(t *testing.T) {
	text := LCSMatch{LCSRange{4, 7}, LCSRange{5, 8}, 4}
	my := LCSMatch{LCSRange{2, 3}, LCSRange{0, 1}, 2}
	for _, test := range []struct {
		minLen int
		want   []LCSMatch
	}{
		{-1, []LCSMatch{text, my}},
		{0, []LCSMatch{text, my}},
		{2, []LCSMatch{text, my}},
		{3, []LCSMatch{text}},
		{5, nil},
	} {
		got, n := lcsMatches("ohmytext", "mynewtext", test.minLen)
		if !slices.Equal(got, test.want) || n != 6 {
			t.Errorf("lcsMatches(%d) = %v, %d, want %v, 6", test.minLen, got, n, test.want)
		}
	}
}

func TestLCSFits(t *testing.T) {
	side := strings.Repeat("a", 11584) // the largest square, by trial with 7.0.15
	if !lcsFits(side, side) || lcsFits(side, side+"a") {
		t.Error("the limit is not where Redis has it")
	}
	if !lcsFits("", "") || !lcsFits("", side) {
		t.Error("empty strings don't fit")
	}
}

// randomPair returns two strings of one small alphabet, so that much is in common,
// often longer than a word of bits.
func randomPair(r *rand.Rand, maxLen int) (a, b string) {
	letters := 1 + r.IntN(6)
	random := func() string {
		s := make([]byte, r.IntN(maxLen+1))
		for i := range s {
			s[i] = "ab\x00\xffxy"[r.IntN(letters)]
		}
		return string(s)
	}
	return random(), random()
}

// checkLCS compares all three functions with the model.
func checkLCS(t *testing.T, a, b string, minLen int) {
	t.Helper()
	text, matches := fullLCS(a, b)
	matches = slices.DeleteFunc(matches, func(m LCSMatch) bool { return m.Len < minLen })
	if got := lcs(a, b); got != text {
		t.Fatalf("lcs(%q, %q) = %q, want %q", a, b, got, text)
	}
	if got := lcsLen(a, b); got != len(text) {
		t.Fatalf("lcsLen(%q, %q) = %d, want %d", a, b, got, len(text))
	}
	got, n := lcsMatches(a, b, minLen)
	if !slices.Equal(got, matches) || n != len(text) {
		t.Fatalf("lcsMatches(%q, %q, %d) = %v, %d, want %v, %d", a, b, minLen, got, n, matches, len(text))
	}
}

func TestLCSModel(t *testing.T) {
	r := seededRand(t)
	for i := range 3000 {
		a, b := randomPair(r, 8+i%200)
		checkLCS(t, a, b, r.IntN(5)-1)
	}
}

func FuzzLCS(f *testing.F) {
	f.Add("ohmytext", "mynewtext", 4)
	f.Add(strings.Repeat("ab", 64), strings.Repeat("aab", 43), 0)
	f.Fuzz(func(t *testing.T, a, b string, minLen int) {
		checkLCS(t, a[:min(len(a), 300)], b[:min(len(b), 300)], minLen)
	})
}

// lcsReply is the answer to LCS a b IDX WITHMATCHLEN that these matches make.
func lcsReply(matches []LCSMatch, n int) reply {
	list := []any{}
	for _, m := range matches {
		pair := func(r LCSRange) any { return []any{int64(r.Start), int64(r.End)} }
		list = append(list, []any{pair(m.A), pair(m.B), int64(m.Len)})
	}
	return []any{"matches", list, "len", int64(n)}
}

func TestLCSRedis(t *testing.T) {
	c := dialRedis(t)
	r := seededRand(t)
	for i := range 1500 {
		a, b := randomPair(r, 4+i%300)
		minLen := r.IntN(6) - 1
		c.do(t, "MSET", "a", a, "b", b)
		if got, want := reply(lcs(a, b)), c.do(t, "LCS", "a", "b"); got != want {
			t.Fatalf("lcs(%q, %q) = %q, Redis says %q", a, b, got, want)
		}
		if got, want := reply(int64(lcsLen(a, b))), c.do(t, "LCS", "a", "b", "LEN"); got != want {
			t.Fatalf("lcsLen(%q, %q) = %v, Redis says %v", a, b, got, want)
		}
		got := lcsReply(lcsMatches(a, b, minLen))
		want := c.do(t, "LCS", "a", "b", "IDX", "MINMATCHLEN", strconv.Itoa(minLen), "WITHMATCHLEN")
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("lcsMatches(%q, %q, %d) = %v, Redis says %v", a, b, minLen, got, want)
		}
	}
}

// TestLCSFitsRedis asks for the limit itself, at its cheapest: long and short.
func TestLCSFitsRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("Redis fills half a gigabyte for this")
	}
	c := dialRedis(t)
	a := strings.Repeat("a", 11584)
	for _, b := range []string{a, a + "a", a + "aa", a[:1]} {
		c.do(t, "MSET", "a", a, "b", b)
		_, refused := c.do(t, "LCS", "a", "b", "LEN").(redisError)
		if fits := lcsFits(a, b); fits == refused {
			t.Errorf("lcsFits(%d, %d bytes) = %v; refused by Redis: %v", len(a), len(b), fits, refused)
		}
	}
}

func BenchmarkLCS(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	s := make([]byte, 2000)
	for i := range s {
		s[i] = "acgt"[r.IntN(4)]
	}
	x, y := string(s[:1000]), string(s[1000:])
	b.Run("Len", func(b *testing.B) {
		for b.Loop() {
			lcsLen(x, y)
		}
	})
	b.Run("Text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lcs(x, y)
		}
	})
}
