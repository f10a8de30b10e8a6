package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/resp"
)

// replay plays a script from the beginning, and compares what it leaves.
func (w *fuzzWorld) replay(script []fuzzStep) error {
	w.reset()
	if err := w.play(script); err == errUnserved {
		return nil
	} else if err != nil {
		return err
	}
	return w.compare()
}

// shrink makes a script that shows a difference as small as it can: it leaves out chunks, then
// steps, then words. It returns nil if there is no difference when the script is played.
func (w *fuzzWorld) shrink(script []fuzzStep) (small []fuzzStep, err error) {
	until := time.Now().Add(time.Minute)
	differs := func(candidate []fuzzStep) bool {
		if time.Now().After(until) {
			return false
		}
		found := w.replay(candidate)
		if found != nil {
			script, err = candidate, found
		}
		return found != nil
	}
	if !differs(script) {
		return nil, nil
	}
	for n := 2; len(script) > 1; { // chunks of script/n
		size := (len(script) + n - 1) / n
		shorter := false
		for from := 0; from < len(script); {
			if differs(slices.Delete(slices.Clone(script), from, min(from+size, len(script)))) {
				shorter = true // and the next chunk is at from
				continue
			}
			from += size
		}
		if size == 1 && !shorter {
			break
		}
		n = min(2*n, max(len(script), 1))
	}
	for i := len(script) - 1; i >= 0; i-- {
		for _, change := range []func(*fuzzStep){
			func(s *fuzzStep) { s.more = false },
			func(s *fuzzStep) { s.who = min(s.who, 0) },
		} {
			candidate := slices.Clone(script)
			if change(&candidate[i]); candidate[i].more != script[i].more || candidate[i].who != script[i].who {
				differs(candidate)
			}
		}
		for j := len(script[i].words) - 1; j > 0; j-- {
			candidate := slices.Clone(script)
			candidate[i].words = slices.Delete(slices.Clone(script[i].words), j, j+1)
			differs(candidate)
		}
	}
	return script, err
}

// A line of a script is a client, a to e, with + behind it if the next line goes along in a
// pipeline, and with ! if it may wait; and its words, as redis-cli takes them. A line that
// begins with @ is a wait.

func formatScript(script []fuzzStep) string {
	var text strings.Builder
	for _, s := range script {
		if s.who < 0 {
			fmt.Fprintf(&text, "@ %s\n", s.words[0])
			continue
		}
		text.WriteByte(byte('a' + s.who))
		if s.hangs {
			text.WriteByte('!')
		}
		if s.more {
			text.WriteByte('+')
		}
		for _, word := range s.words {
			if quoted := strconv.Quote(word); word == "" || strings.ContainsAny(word, " '") || quoted != `"`+word+`"` {
				word = quotedBytes(word)
			}
			text.WriteString(" " + word)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// quotedBytes quotes a word as SplitArgs of package resp takes it.
func quotedBytes(word string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(word) {
		switch c := word[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

func parseScript(text string) (script []fuzzStep, err error) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		actor, rest, _ := strings.Cut(line, " ")
		words, err := resp.SplitArgs(rest)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		step := fuzzStep{who: int(actor[0]) - 'a', words: words, more: strings.Contains(actor, "+"), hangs: strings.Contains(actor, "!")}
		if actor == "@" {
			step = fuzzStep{who: -1, words: words}
		}
		if step.who >= fuzzClients || len(words) == 0 {
			return nil, fmt.Errorf("not a line of a script: %s", line)
		}
		script = append(script, step)
	}
	return script, nil
}

func TestFuzzScriptFormat(t *testing.T) {
	script := []fuzzStep{
		{who: 0, words: []string{"SET", "a b", "\x00\xff\"\\'"}, more: true},
		{who: -1, words: []string{"15ms"}},
		{who: 4, words: []string{"ECHO", ""}, hangs: true},
	}
	parsed, err := parseScript(formatScript(script))
	require.NoError(t, err)
	require.Equal(t, script, parsed)
}

// The fuzzer finds a difference that was put there, and makes it small.
func TestFuzzFinds(t *testing.T) {
	for name, plant := range map[string]resp.Fault{
		"reply":       {Command: "getrange", Error: "ERR value is not an integer or out of range", Late: true},
		"transaction": {Command: "exec", Error: "EXECABORT Transaction discarded because of previous errors."},
		"connection":  {Command: "zadd", Close: true, Skip: 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFuzzWorld(t, func(srv *resp.Server) { srv.Inject(plant) })
			table := newFuzzTable()
			var script []fuzzStep
			var err error
			for err == nil && table.commands < 20_000 {
				script, err = w.fuzz(seeded(t), table)
			}
			require.Error(t, err)
			w.table = nil
			small, err := w.shrink(script)
			require.Error(t, err)
			text := formatScript(small)
			require.LessOrEqual(t, len(small), 3+3*plant.Skip, text)
			require.Contains(t, strings.ToLower(text), plant.Command)
		})
	}
}
