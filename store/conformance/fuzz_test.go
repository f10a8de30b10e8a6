package conformance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/resp"
)

// Random commands go to a store in memory and to a redis-server, and all replies must be the
// same, to the byte, but for the order where Redis promises none, and for what depends on
// chance and on the time. Several clients take turns, in RESP2 and RESP3, in several databases,
// with pipelines, transactions, waits and messages; now and then all keys are compared.
//
//	go test -run 'TestFuzz$' -commands 1000000 -seed 7 -v
//	go test -run 'TestFuzz$' -for 1m
//
// A difference is made as small as it can be. Its script is printed, and
//
//	go test -run TestFuzzScript -script file
//
// plays it again.

var (
	commandsFlag = flag.Int("commands", 0, "run TestFuzz until so many `commands` have been compared")
	forFlag      = flag.Duration("for", 0, "run TestFuzz so `long`, and demand that every command has been met with success")
	scriptFlag   = flag.String("script", "", "play the script in the `file` in TestFuzzScript")
)

const (
	fuzzRound   = 6000 // commands between two beginnings
	fuzzCompare = 1500 // commands between two comparisons of all keys
)

// newFuzzWorld returns a world with a redis-server of its own, whose configuration it changes.
func newFuzzWorld(t testing.TB, plant func(*resp.Server)) *fuzzWorld {
	t.Helper()
	socket, input, err := startRedis()
	mustHaveRedis(t, err)
	w := &fuzzWorld{t: t, socket: socket, plant: plant}
	t.Cleanup(func() {
		w.close()
		require.NoError(t, input.Close())
	})
	return w
}

func TestFuzz(t *testing.T) {
	seed, limit := *seedFlag, *forFlag
	switch {
	case seed == 0 && limit == 0 && *commandsFlag == 0:
		seed, limit = 1, 3*time.Second
	case seed == 0:
		seed = uint64(time.Now().UnixNano())
	}
	w := newFuzzWorld(t, nil)
	table := newFuzzTable()
	began := time.Now()
	for round := uint64(0); *commandsFlag > 0 && table.commands < *commandsFlag || *commandsFlag == 0 && time.Since(began) < limit; round++ {
		if script, err := w.fuzz(rand.New(rand.NewPCG(seed, round)), table); err != nil {
			t.Errorf("-seed %d, round %d: after %d commands: %v", seed, round, table.commands, err)
			w.table = nil
			w.report(script, err)
			return
		}
	}
	missing := table.print(t)
	t.Logf("-seed %d: %d commands a second", seed, int(float64(table.commands)/time.Since(began).Seconds()))
	if *commandsFlag > 0 || *forFlag > 0 {
		require.Empty(t, missing, "commands that were never met with success")
		require.Greater(t, table.share(), 60.0, "of a hundred commands that meet an existing key of the right type with success")
	}
}

// fuzz plays a round of random commands. It returns what it has played.
func (w *fuzzWorld) fuzz(rnd *rand.Rand, table *fuzzTable) (script []fuzzStep, err error) {
	w.reset()
	w.table = table
	g := newFuzzSpeaker(w, rnd, table)
	end, compare := table.commands+fuzzRound, table.commands+fuzzCompare
	for table.commands < end {
		steps := w.turn(g)
		script = append(script, steps...)
		if err := w.play(steps); err == errUnserved {
			table.ended++
			return nil, nil
		} else if err != nil {
			return script, err
		}
		if table.commands >= compare {
			compare += fuzzCompare
			if err := w.compare(); err != nil {
				return script, err
			}
		}
	}
	return script, w.compare()
}

// turn makes the next steps.
func (w *fuzzWorld) turn(g *fuzzSpeaker) []fuzzStep {
	var idle, waiting, fresh []int
	for i, c := range w.clients {
		switch {
		case c.blocked != nil:
			waiting = append(waiting, i)
			continue
		case !c.multi:
			fresh = append(fresh, i)
		}
		idle = append(idle, i)
	}
	g.rnd.Shuffle(len(fresh), func(i, j int) { fresh[i], fresh[j] = fresh[j], fresh[i] })
	if len(waiting) > 0 && len(fresh) > 0 && (len(waiting) > 1 || g.rnd.IntN(20) == 0) {
		words := []string{"CLIENT", "UNBLOCK", "<" + string(rune('a'+pick(g.rnd, waiting))) + ">"}
		return []fuzzStep{{who: fresh[0], words: append(words, pick(g.rnd, [][]string{nil, {"TIMEOUT"}, {"ERROR"}})...)}}
	}
	g.behindhand()
	who := pick(g.rnd, idle)
	if n, _ := w.store.DB(w.clients[who].db).DBSize(); n < 25 && !w.clients[who].multi {
		return g.fills(who)
	}
	if len(fresh) >= 3 && g.rnd.IntN(6) == 0 {
		if scene, ok := g.behindScene(); ok {
			return g.scene(scene, fresh)
		}
		return g.scene(pick(g.rnd, pick(g.rnd, [][]string{fuzzScenes, fuzzScenes, rareScenes})), fresh)
	}
	return g.batch(who, len(idle) >= 4)
}

// compare compares the databases.
func (w *fuzzWorld) compare() error {
	both := func(words ...string) (theirs, ours wire) {
		c := &fuzzClient{}
		return c.canonical(words, w.ask(w.control[0], words...)), c.canonical(words, w.ask(w.control[1], words...))
	}
	defer both("select", "0")
	for n := range fuzzDatabases {
		both("select", strconv.Itoa(n))
		keys, ours := both("KEYS", "*")
		if !keys.equal(ours) {
			return differ("the keys of database %d\nRedis: %v\n ours: %v", n, keys, ours)
		}
		for _, key := range keys.texts() {
			for _, words := range [][]string{{"TYPE", key}, {"DEBUG", "DIGEST-VALUE", key}, {"OBJECT", "ENCODING", key}, {"PEXPIRETIME", key}, {"XINFO", "STREAM", key, "FULL"}} {
				theirs, ours := both(words...)
				if words[1] == "DIGEST-VALUE" && !theirs.equal(ours) { // it has -0
					a, b := both("ZRANGE", key, "0", "-1", "WITHSCORES")
					if a.kind == '*' && a.equal(b) {
						continue
					}
				}
				if !theirs.equal(ours) {
					return differ("database %d, %q\nRedis: %v\n ours: %v", n, words, theirs, ours)
				}
			}
		}
	}
	return nil
}

// report makes a script that found a difference small, and prints it.
func (w *fuzzWorld) report(script []fuzzStep, err error) {
	w.t.Logf("making %d steps fewer ...", len(script))
	small, smallErr := w.shrink(script)
	if smallErr == nil {
		small, smallErr = script, err
		w.t.Log("it did not come again: the whole script follows")
	}
	file, fileErr := os.CreateTemp("", "fuzz*.txt")
	require.NoError(w.t, fileErr)
	_, fileErr = file.WriteString(formatScript(small))
	require.NoError(w.t, fileErr)
	require.NoError(w.t, file.Close())
	text := formatScript(small)
	if len(text) > 10_000 {
		text = "...\n" + text[len(text)-10_000:]
	}
	w.t.Errorf("%v\n\nafter\n\n%s\nto play it again: go test ./store/conformance -run TestFuzzScript -script %s", smallErr, text, file.Name())
}

func TestFuzzScript(t *testing.T) {
	if *scriptFlag == "" {
		t.Skip("no -script")
	}
	text, err := os.ReadFile(*scriptFlag)
	require.NoError(t, err)
	script, err := parseScript(string(text))
	require.NoError(t, err)
	w := newFuzzWorld(t, nil)
	if err := w.replay(script); err != nil {
		t.Error(err)
		return
	}
	fmt.Println("no difference")
}
