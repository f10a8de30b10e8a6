package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Commands that came after Redis 7.0.15 have no server here to ask. The replies that are
// expected stand in testdata/newer, a file a family, in redis-cli's notation:
//
//	# IFEQ sets only what is equal. Source: https://redis.io/docs/latest/commands/set/
//	> SET k v
//	OK
//	> SET k w IFEQ x
//	(nil)
//
// A comment begins a new case on an empty database and names the source of what follows it.
// A reply of "?" is any that is no error. Arguments are quoted as in Go. An error needs no
// more than its beginning.

// newer are the commands, or forms of commands of differs, that Redis 7.0.15 does not have.
// A name is as in differs; a row here comes first.
var newer []differ

func newerByName(name string) *differ {
	for i := range newer {
		if newer[i].name == name {
			return &newer[i]
		}
	}
	return differByName(name)
}

// A newerCase is a comment with the lines below it.
type newerCase struct {
	why   string
	lines []newerLine
}

type newerLine struct {
	at      int // the line number
	command string
	reply   []string
}

// readNewer takes a file apart.
func readNewer(text string) (cases []newerCase, err error) {
	for i, line := range strings.Split(text, "\n") {
		last := len(cases) - 1
		switch {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "# ") && last >= 0 && len(cases[last].lines) == 0:
			cases[last].why += " " + line[2:]
		case strings.HasPrefix(line, "# "):
			cases = append(cases, newerCase{why: line[2:]})
		case last < 0:
			return nil, fmt.Errorf("line %d: no comment before it", i+1)
		case strings.HasPrefix(line, "> "):
			cases[last].lines = append(cases[last].lines, newerLine{at: i + 1, command: line[2:]})
		case len(cases[last].lines) == 0:
			return nil, fmt.Errorf("line %d: a reply to nothing", i+1)
		default:
			l := &cases[last].lines[len(cases[last].lines)-1]
			l.reply = append(l.reply, line)
		}
	}
	for _, c := range cases {
		if !strings.Contains(c.why, "Source: ") {
			return nil, fmt.Errorf("%q names no source", c.why)
		}
	}
	return cases, nil
}

// parseReply reads what redis-cli prints for a reply.
func parseReply(lines []string) (reply, error) {
	r, rest, err := parseReplyAt(lines, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%q behind the reply", rest[0])
	}
	return r, err
}

// parseReplyAt reads one reply, whose lines are indented by so many bytes but for the first.
func parseReplyAt(lines []string, indent int) (r reply, rest []string, err error) {
	if len(lines) == 0 || len(lines[0]) < indent {
		return nil, nil, errors.New("a reply is missing")
	}
	line := lines[0][indent:]
	number, _, numbered := strings.Cut(line, ") ")
	if n, err := strconv.Atoi(strings.TrimSpace(number)); err == nil && numbered && n == 1 {
		return parseList(lines, indent)
	}
	rest = lines[1:]
	switch {
	case line == "(nil)":
		return nil, rest, nil
	case line == "(empty array)":
		return []any{}, rest, nil
	case strings.HasPrefix(line, "(integer) "):
		n, err := strconv.ParseInt(line[len("(integer) "):], 10, 64)
		return n, rest, err
	case strings.HasPrefix(line, "(error) "):
		return redisError(line[len("(error) "):]), rest, nil
	case strings.HasPrefix(line, `"`):
		s, err := strconv.Unquote(line)
		return s, rest, err
	}
	return line, rest, nil
}

// parseList reads "1) ..." and what belongs to it.
func parseList(lines []string, indent int) (reply, []string, error) {
	list := []any{}
	for len(lines) > 0 {
		mark, _, numbered := strings.Cut(lines[0][min(indent, len(lines[0])):], ") ")
		if n, err := strconv.Atoi(strings.TrimSpace(mark)); !numbered || err != nil || n != len(list)+1 {
			break
		}
		item, rest, err := parseReplyAt(lines, indent+len(mark)+2)
		if err != nil {
			return nil, nil, err
		}
		list, lines = append(list, item), rest
	}
	return list, lines, nil
}

// newerCases reads files.
func newerCases(t *testing.T, pattern string) map[string][]newerCase {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	files := map[string][]newerCase{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files[name], err = readNewer(string(text))
		require.NoError(t, err, name)
	}
	return files
}

// replay does what files say and wants the replies that are in them. It returns the names of
// the commands.
func replay(t *testing.T, pattern string) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for name, cases := range newerCases(t, pattern) {
		for _, c := range cases {
			t.Run(filepath.Base(name)+"/"+c.why, func(t *testing.T) {
				w := &twin{t: t, rng: seededRand(t), s: newTest(t)}
				for _, line := range c.lines {
					where := fmt.Sprintf("%s:%d: %s", name, line.at, line.command)
					args := fieldsOf(t, line.command)
					d := newerByName(args[0])
					require.NotNil(t, d, where)
					used[d.name] = true
					value, err := d.call(w, w.db(), args[1:])
					got := outcome{value, classOf(err)}
					if len(line.reply) == 1 && line.reply[0] == "?" {
						require.NoError(t, err, where)
						continue
					}
					r, err := parseReply(line.reply)
					require.NoError(t, err, where)
					if want := outcomeOf(d, r); !got.equal(want) {
						t.Errorf("%s\n got %v\nwant %v", where, got, want)
					}
				}
			})
		}
	}
	return used
}

func TestNewerCommands(t *testing.T) {
	used := replay(t, "testdata/newer/*.txt")
	for _, d := range newer {
		if !used[d.name] {
			t.Errorf("%s is in no file", d.name)
		}
	}
}

func TestNewerNotation(t *testing.T) {
	r, err := parseReply(strings.Split("1) (integer) 1\n2) 1) \"a\\n\"\n   2) (nil)\n3) (empty array)\n4) OK\n5) (error) ERR no", "\n"))
	require.NoError(t, err)
	require.Equal(t, []any{int64(1), []any{"a\n", nil}, []any{}, "OK", redisError("ERR no")}, r)
	for _, text := range []string{"", "OK\nOK", `"`, "(integer) x", "1) OK\n3) OK"} {
		_, err := parseReply(strings.Split(text, "\n"))
		if text == "" {
			continue
		}
		require.Error(t, err, text)
	}
	for _, text := range []string{"> GET k", "# why\n> GET k", "# Source: x\nOK"} {
		_, err := readNewer(text)
		require.Error(t, err, text)
	}
}
