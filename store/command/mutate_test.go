package command

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// The lines of scripts, with words taken out, put in, doubled and exchanged at random, must
// have the replies of a real redis-server, too: so mistakes meet that nobody thought of.

// mutated are the scripts that it is done to.
var mutated = []string{"bitmap", "geo", "hashes", "hll", "key", "lists", "sets", "streams", "string", "zsets"}

// mutants are words to put in, beside those of the scripts.
var mutants = []string{
	"", "0", "1", "2", "-1", "10", "1.5", "x", "9223372036854775807", "-9223372036854775808", "1e400", "nan", "inf",
	"-inf", "(1", "[a", "-", "+", "list", "set", "z", "none", "LEFT", "RIGHT", "MIN", "MAX", "COUNT", "LIMIT", "WITHSCORES",
	"REV", "BYSCORE", "WEIGHTS", "AGGREGATE", "STORE", "ANY", "ASC", "FROMMEMBER", "BYRADIUS", "km", "a\x00b",
}

// endsSoon says whether the third word is a time that may be over before the test is.
func endsSoon(words []string) bool {
	n, isInt := parseInt(append(words, "", "", "")[2])
	return isInt && n > 0 && n < 1000
}

// unlike are commands whose replies are not those of Redis, for they come from chance or from
// the table of a value. Sorted sets whose scores differ have no range of names.
func unlike(words []string) bool {
	name := lower(words[0])
	for _, word := range words {
		if strings.Contains(lower(word), "bylex") {
			return true
		}
	}
	if newerForm(name, words) {
		return true
	}
	switch name {
	case "migrate", "wait", "randomkey", "scan", "dump", "restore": // no network, chance, the order of a table
		return true
	case "expiretime", "pexpiretime", "ttl", "pttl": // of what was set by the time of day
		return true
	case "psetex", "msetex", "pexpire", "getex": // which may be over for one side, and not for the other
		return true
	case "expire": // of which LT and GT depend on it
		return endsSoon(words) || slices.ContainsFunc(words, func(word string) bool { return same(word, "lt") || same(word, "gt") })
	case "sort", "sort_ro": // sets have no order; and it changes the encoding of a sorted set
		return true
	case "setex":
		return endsSoon(words)
	case "set": // what has passed away is counted for a while
		return len(words) > 3
	case "object":
		return len(words) > 1 && (same(words[1], "idletime") || same(words[1], "freq"))
	}
	if unlikeByTime(name, words) {
		return true
	}
	return slices.Contains([]string{"hrandfield", "hscan", "spop", "srandmember", "zrandmember", "sscan", "zscan", "zlexcount", "keys"}, name) ||
		strings.HasSuffix(name, "bylex")
}

// unlikeByTime says whether the reply of a command of streams depends on the time, or is that
// of a newer Redis.
func unlikeByTime(name string, words []string) bool {
	switch name {
	case "xadd":
		return slices.ContainsFunc(words, func(word string) bool { return strings.HasSuffix(word, "*") })
	case "xread": // where 7.0.15 does not know it
		return slices.Contains(words, "+")
	case "xclaim", "xautoclaim":
		n, _ := parseInt(words[min(4, len(words)-1)])
		return n > 0 && n < 1e6
	case "xpending":
		return len(words) > 3
	case "xinfo":
		return !slices.ContainsFunc(words, func(word string) bool { return same(word, "groups") || same(word, "help") }) &&
			len(words) > 3
	}
	return false
}

// newerForm says whether a command has words that it has got since 7.0.15.
func newerForm(name string, words []string) bool {
	for i, word := range words {
		switch {
		case same(word, "bypolygon"), same(word, "noscores"), same(word, "novalues"):
			return true
		case same(word, "aggregate") && i+1 < len(words) && same(words[i+1], "count"):
			return true
		}
	}
	switch name {
	case "bitcount":
		return len(words) == 3
	case "zrank", "zrevrank":
		return len(words) > 3
	}
	return false
}

// scriptLines returns the commands of a script.
func scriptLines(t testing.TB, name string) (list [][]string) {
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	require.NoError(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimLeft(strings.TrimSpace(line), "~?!"); line != "" && line[0] != '#' {
			list = append(list, wordsOf(t, line))
		}
	}
	return list
}

// mutate changes the words of a command, all but its name.
func mutate(rnd *rand.Rand, words, other []string) []string {
	words = slices.Clone(words)
	for n := 1 + rnd.IntN(2); n > 0 && len(words) > 1; n-- {
		i := 1 + rnd.IntN(len(words)-1)
		word := mutants[rnd.IntN(len(mutants))]
		if len(other) > 1 && rnd.IntN(2) == 0 {
			word = other[1+rnd.IntN(len(other)-1)]
		}
		switch rnd.IntN(6) {
		case 0:
			words = slices.Delete(words, i, i+1)
		case 1:
			words = slices.Insert(words, i, word)
		case 2:
			words = append(words, word)
		case 3:
			words = append(words, words[i:]...)
		default:
			words[i] = word
		}
	}
	return words
}

func TestMutatedScripts(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	c := dialRedis(t, startRedis(t))
	for _, name := range mutated {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			lines := scriptLines(t, name)
			for range rounds {
				runMutated(t, c, rnd, lines)
			}
		})
	}
}

// withoutMinusZero turns scores of -0, which package store does not keep, into 0.
func withoutMinusZero(r Reply) Reply {
	for i := range r.Elems {
		r.Elems[i] = withoutMinusZero(r.Elems[i])
	}
	if (r.Kind == Bulk || r.Kind == Double) && r.Str == "-0" {
		r.Str = "0"
	}
	return r
}

func runMutated(t *testing.T, c *redisClient, rnd *rand.Rand, lines [][]string) {
	s := store.New(store.WithShards(16))
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	session := srv.NewSession(nil)
	c.do(t, "FLUSHALL")
	proto := 2 + rnd.IntN(2)
	session.proto = proto
	c.do(t, "HELLO", []string{2: "2", 3: "3"}[proto])
	normal := asRESP2
	if proto == 3 {
		normal = asRESP3
	}
	both := func(words []string) {
		want, got := normal(c.do(t, words...)), normal(session.Do(context.Background(), words))
		if strings.HasPrefix(words[0], "S") { // sets have no order
			want, got = inAnyOrder(want), inAnyOrder(got)
		}
		want, got = withoutMinusZero(want), withoutMinusZero(got)
		require.True(t, reflect.DeepEqual(want, got), "%q\nRedis: %v\n ours: %v", words, want, got)
	}
	for i, words := range lines {
		cmd := Lookup(words)
		if cmd == nil || unlike(words) || cmd.Group == "transactions" {
			continue
		}
		if cmd.Flags&Blocking == 0 {
			both(words)
		}
		for range 4 {
			changed := mutate(rnd, words, lines[(i+rnd.IntN(9))%len(lines)])
			if unlike(changed) {
				continue
			}
			if cmd.Flags&Blocking == 0 {
				both(changed)
				continue
			}
			both([]string{"MULTI"}) // where nobody waits
			both(changed)
			both([]string{"EXEC"})
		}
	}
}
