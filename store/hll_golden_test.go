package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hllGolden are what TestHLLGolden does to the key "k": an action a line, add, count or merge.
var hllGolden = []struct{ name, script string }{
	{"empty", "add x 0"},
	{"one", "add x 1"},
	{"ten", "add x 10"},
	{"ten-counted", "add x 10 | count"},
	{"hundred", "add x 50 | count | add x 100 | count | add x 100"},
	{"sparse-last", "add x 1671"},
	{"dense-first", "add x 1672"},
	{"dense-by-register", "add y 4 | add big 1"},
	{"dense-counted", "add x 20000 | count"},
	{"dense-million", "add x 1000000 | count"},
	{"merged-sparse", "add x 300 | merge y 200 | merge z 100"},
	{"merged-promoted", "add x 900 | count | merge y 900"},
	{"merged-dense", "add x 900 | count | merge y 9000 | count"},
	{"merged-into-dense", "add x 9000 | count | merge y 900"},
	{"merged-new", "merge y 40 | count"},
}

// hllBig are elements whose registers are too great for a sparse HyperLogLog.
var hllBig = []string{"big:3244251397"} // 35

// hllElements are the first n elements of a name.
func hllElements(name string, n int) []string {
	if name == "big" {
		return hllBig[:n]
	}
	elements := make([]string, n)
	for i := range elements {
		elements[i] = name + ":" + strconv.Itoa(i)
	}
	return elements
}

// TestHLLGolden wants the bytes and the counts that a redis-server 7.0.15 has left in
// testdata/hll, where it says how.
func TestHLLGolden(t *testing.T) {
	var counts strings.Builder
	for _, test := range hllGolden {
		s := newTest(t)
		value, n := playHLL(t, test.script, func(args ...string) reply {
			r, err := differByName(args[0]).call(&twin{s: s}, s.DB(0), args[1:])
			require.NoError(t, err)
			return r
		})
		file := filepath.Join("testdata", "hll", test.name+".hll")
		if os.Getenv("ALCOVE_WRITE") != "" {
			c := dialRedis(t)
			require.Contains(t, c.do(t, "INFO", "server"), "redis_version:7.0.15")
			c.do(t, "FLUSHDB")
			real, n := playHLL(t, test.script, func(args ...string) reply { return c.do(t, args...) })
			require.NoError(t, os.WriteFile(file, []byte(real), 0o644))
			fmt.Fprintln(&counts, test.name, n)
			continue
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, string(want) == value, "%s: the value is another than in Redis", test.name)
		fmt.Fprintln(&counts, test.name, n)

		// And back: the value of Redis goes on here.
		require.NoError(t, s.String("real").Set(string(want)))
		got, err := s.HLL("real").Count()
		require.NoError(t, err)
		require.EqualValues(t, n, got, test.name)
		changed, err := s.HLL("real").Add(hllElements("x", 10)...)
		require.NoError(t, err)
		again, err := s.HLL("k").Add(hllElements("x", 10)...)
		require.NoError(t, err)
		require.Equal(t, again, changed)
		one, err := s.String("real").Get()
		require.NoError(t, err)
		other, err := s.String("k").Get()
		require.NoError(t, err)
		require.True(t, one == other, "%s: after more of both", test.name)
	}
	file := filepath.Join("testdata", "hll", "counts.txt")
	if os.Getenv("ALCOVE_WRITE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(counts.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), counts.String())
}

// playHLL does a script of hllGolden, and returns the value and, after that, the count.
func playHLL(t testing.TB, script string, do func(args ...string) reply) (value string, n reply) {
	for action := range strings.SplitSeq(script, "|") {
		switch args := strings.Fields(action); args[0] {
		case "count":
			do("PFCOUNT", "k")
		default:
			n, err := strconv.Atoi(args[2])
			require.NoError(t, err)
			key := "k"
			if args[0] == "merge" {
				key = args[1]
			}
			do("PFADD", key)
			for chunk := range slices.Chunk(hllElements(args[1], n), 1000) {
				do(append([]string{"PFADD", key}, chunk...)...)
			}
			if args[0] == "merge" {
				do("PFMERGE", "k", key)
			}
		}
	}
	return do("GET", "k").(string), do("PFCOUNT", "k")
}
