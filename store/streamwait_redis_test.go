package store

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRedisReadsRandom is TestRedisBlocks with readers of streams and groups, and transactions.
// No stream becomes empty again where somebody waits: Redis answers with no entries then, and
// a store waits on. Nobody reads a stream twice: Redis looks at one of the positions only.
func TestRedisReadsRandom(t *testing.T) {
	rng := seededRand(t)
	for range rounds(8) {
		p := newWaitPair(t, rng, [][]Option{nil, {WithShards(1), tiny}}[rng.IntN(2)]...)
		w := p.w
		key := func() string { return string(rune('a' + rng.IntN(3))) }
		group := func() string { return []string{"g", "h"}[rng.IntN(2)] }
		next := 0
		var hist []string
		line := func() []string {
			switch rng.IntN(22) {
			case 0:
				return []string{"DEL", key()}
			case 1:
				return []string{"XGROUP", "DESTROY", key(), group()}
			case 2, 3, 4, 5:
				return []string{"XGROUP", "CREATE", key(), group(), []string{"0", "$"}[rng.IntN(2)], "MKSTREAM"}
			case 6:
				return []string{"XTRIM", key(), "MAXLEN", strconv.Itoa(1 + rng.IntN(4))}
			case 8:
				return []string{"RENAME", key(), key()}
			case 9:
				return []string{"COPY", key(), key(), "REPLACE"}
			case 11:
				return []string{"XACK", key(), group(), fmt.Sprintf("%d-1", rng.IntN(1+next))}
			case 12:
				return []string{"XAUTOCLAIM", key(), group(), "zed", "0", "0"}
			case 13:
				return []string{"XCLAIM", key(), group(), "zed", "0", fmt.Sprintf("%d-1", rng.IntN(1+next)), "FORCE", "LASTID", fmt.Sprintf("%d-1", rng.IntN(1+next))}
			case 14:
				return []string{"XREADGROUP", "GROUP", group(), "zed", "COUNT", "1", "STREAMS", key(), ">"}
			default:
				next++
				a := []string{"XADD", key()}
				if rng.IntN(8) == 0 {
					a = append(a, "MAXLEN", strconv.Itoa(1+rng.IntN(2)))
				}
				return append(a, fmt.Sprintf("%d-1", next), "f", "v")
			}
		}
		for range 60 {
			who := strconv.Itoa(rng.IntN(7))
			var args []string
			if c := p.conns[who]; rng.IntN(2) == 0 && (c == nil || c.real == nil) {
				ks, n := []string{}, 1+rng.IntN(3)
				for len(ks) < n {
					if k := key(); !strings.Contains(strings.Join(ks, ""), k) {
						ks = append(ks, k)
					}
				}
				if rng.IntN(2) == 0 {
					args = []string{"XREAD", "COUNT", strconv.Itoa(1 + rng.IntN(3)), "BLOCK", "0", "STREAMS"}
					args = append(args, ks...)
					for range n {
						args = append(args, []string{"$", "$", "0", fmt.Sprintf("%d-1", next), fmt.Sprintf("%d-1", next+2)}[rng.IntN(5)])
					}
				} else {
					args = []string{"XREADGROUP", "GROUP", group(), "c" + who, "COUNT", strconv.Itoa(1 + rng.IntN(3)), "BLOCK", "0"}
					if rng.IntN(4) == 0 {
						args = append(args, "NOACK")
					}
					args = append(append(args, "STREAMS"), ks...)
					for range n {
						if rng.IntN(10) == 0 {
							args = append(args, fmt.Sprintf("%d-1", next+5))
						} else {
							args = append(args, ">")
						}
					}
				}
				hist = append(hist, who+"> "+strings.Join(args, " "))
				p.wait(t, who, args)
			} else if rng.IntN(5) == 0 {
				// a transaction
				var lines [][]string
				for range 1 + rng.IntN(4) {
					lines = append(lines, line())
				}
				hist = append(hist, fmt.Sprint("MULTI ", lines))
				runMulti(t, w, lines)
			} else {
				args = line()
				hist = append(hist, strings.Join(args, " "))
				w.run(false, args[0], args[1:]...)
				w.compare()
			}
			p.compare(t, strings.Join(hist[max(0, len(hist)-30):], "\n"))
		}
		w.state()
		w.compare()
		p.close(t)
		noWaiters(t, w.s)
		w.close()
	}
}

// runMulti does lines as one transaction in both worlds.
func runMulti(t *testing.T, w *twin, lines [][]string) {
	w.c.do(t, "MULTI")
	for _, l := range lines {
		st := step{args: l[1:], d: &differ{name: l[0]}}
		w.c.do(t, w.redisArgs(&st)...)
	}
	w.c.do(t, "EXEC")
	require.NoError(t, w.s.Update(func(tx *Tx) error {
		for _, l := range lines {
			_, _ = differByName(l[0]).call(w, tx.DB(0), l[1:])
		}
		return nil
	}))
}
