package workload

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/redisserver"
)

// socket starts a Redis for the test; "" where there is none.
func socket(t *testing.T) string {
	server, err := redisserver.Start("")
	if errors.Is(err, redisserver.ErrNotInstalled) && os.Getenv("ALCOVE_REDIS") != "required" {
		return ""
	}
	require.NoError(t, err)
	t.Cleanup(func() { server.Stop() })
	return server.Socket()
}

var line = regexp.MustCompile(`^Benchmark([A-Z][a-z0-9-]+)/op=([A-Za-z0-9.-]+)(/n=\d+)?/peer=([a-z0-9-]+)-(\d+)\t\d+(\t[0-9.e+-]+ [a-z0-9%./-]+|\t[0-9.e+-]+ (B|allocs)/(op|entry))+$`)

// TestGroups runs every group with every peer, on few keys: an answer that is wrong
// panics. Every column of the report that a peer can have gets its figure.
func TestGroups(t *testing.T) {
	redis := socket(t)
	for _, g := range Groups {
		t.Run(g.Name, func(t *testing.T) {
			for _, p := range peer.All() {
				if !g.Fits(p) || p.Server && redis == "" || testing.Short() && p.Server {
					continue
				}
				t.Run(p.Name, func(t *testing.T) {
					if g == expiry {
						t.Parallel() // they wait, and count no cores
					}
					var out bytes.Buffer
					s := Settings{Keys: min(g.Keys, 2000), Cores: []int{1, 2}, Time: time.Millisecond / 4, Passes: 1, Socket: redis}
					g.Run(p, s, &out)
					seen := map[[2]string]bool{}
					for text := range strings.Lines(out.String()) {
						text = strings.TrimSuffix(text, "\n")
						require.Regexp(t, line, text)
						m := line.FindStringSubmatch(text)
						require.Equal(t, g.Name, strings.ToLower(m[1]))
						require.Equal(t, p.Name, m[4])
						for _, field := range strings.Split(text, "\t")[2:] {
							_, unit, _ := strings.Cut(field, " ")
							seen[[2]string{m[2] + m[3], unit}] = true
						}
					}
					require.NotEmpty(t, seen)
					for _, table := range g.Tables(s.Cores) {
						for _, c := range table.Columns {
							delete(seen, [2]string{c.Op, c.Unit})
						}
					}
					for left := range seen {
						require.Contains(t, []string{"B/op", "allocs/op", "cpu-ns/op", "hit-%", "collections"}, left[1], "no table shows %v", left)
					}
				})
			}
		})
	}
}

// TestColumns: each column of the report can be had from some peer.
func TestColumns(t *testing.T) {
	for _, g := range Groups {
		require.NotNil(t, g.Need, g.Name)
		require.True(t, slices.ContainsFunc(peer.All(), func(p *peer.Peer) bool { return p.Kind == peer.Ours && g.Fits(p) }), g.Name)
		for _, table := range g.Tables([]int{1, 2}) {
			require.NotEmpty(t, table.Columns)
			for _, c := range table.Columns {
				require.NotEmpty(t, c.Title)
				require.NotEmpty(t, c.Op)
			}
		}
	}
}

// liar returns wrong answers.
type liar struct{ value string }

func (l liar) Get(string) (string, bool) { return l.value, l.value != "" }
func (liar) Set(string, string)          {}

// TestCheck: a wrong answer, or a miss of a peer that must not miss, ends the run.
func TestCheck(t *testing.T) {
	key := keyAt(1)
	for _, c := range []struct {
		name, value string
		lossy       bool
		panics      string
	}{
		{"the right value", valueOf(key, 32), false, ""},
		{"another key's value", valueOf(keyAt(2), 32), false, "wrong value"},
		{"a shorter value", valueOf(key, 16), false, "wrong value"},
		{"a miss", "", false, "lost the key"},
		{"a miss that may be", "", true, ""},
		{"another key's value from a lossy peer", valueOf(keyAt(2), 32), true, "wrong value"},
		{"a later answer", peer.Later, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &run{group: &Group{Value: 32}, peer: &peer.Peer{Name: "liar", Lossy: c.lossy}}
			a := newAccesses(1, 32, func(int) func() int { return func() int { return 1 } })
			do := getting(r, liar{c.value}, a)
			if c.panics == "" {
				do(0)
				require.Equal(t, c.lossy, r.misses.Load() == 1)
				return
			}
			defer func() { require.Contains(t, recover(), c.panics) }()
			do(0)
		})
	}
}

func TestAccesses(t *testing.T) {
	const n = 1000
	known := map[string]bool{}
	for i := range n {
		key := keyAt(i)
		require.Len(t, key, keyLen)
		require.False(t, known[key])
		known[key] = true
	}
	for name, d := range map[string]draw{"uniform": uniform, "zipf": zipf} {
		a := newAccesses(n, 48, d)
		met := map[string]bool{}
		for i := range 2 * a.n {
			key, value := a.pair(i)
			require.True(t, known[key])
			require.True(t, valid(key, value, 48))
			require.Equal(t, key, a.key(i))
			met[key] = true
		}
		require.Greater(t, len(met), n/20, name)
	}
	large := newAccesses(1<<12, 1<<20, uniform)
	require.Len(t, large.valueText, valueBytes)
	key, value := large.pair(1<<12 - 1)
	require.True(t, valid(key, value, 1<<20))
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := range 10000 {
		h.add(time.Duration(i + 1))
	}
	for q, want := range map[float64]float64{0.5: 5000, 0.99: 9900, 0.9999: 9999} {
		got := float64(h.quantile(q))
		require.GreaterOrEqual(t, got, want, q)
		require.LessOrEqual(t, got, want*1.08, q)
	}
}

func TestScatter(t *testing.T) {
	const n = 1000
	for round := range 4 {
		seen := map[int]bool{}
		for i := range n {
			seen[scatter(round*n+i, n)] = true
		}
		require.Len(t, seen, n)
	}
}
