package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The files testdata/*.golden are what redis-cli 7.0.15 prints. With one and a redis-server,
//
//	ALCOVE_WRITE=1 go test ./examples/cli
//
// writes them anew. FAKETTY in its environment makes redis-cli print as on a terminal.

const testdata = "testdata"

// read returns a file of testdata.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, name))
	require.NoError(t, err)
	return string(text)
}

// golden returns what redis-cli printed, from a file, or anew from redis-cli by fresh.
func golden(t *testing.T, name string, fresh func(ask func(in string, args ...string) string) string) string {
	t.Helper()
	if os.Getenv("ALCOVE_WRITE") == "" {
		return read(t, name)
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "r.sock")
	server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--enable-debug-command", "yes")
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}, 10*time.Second, time.Millisecond)
	text := fresh(func(in string, args ...string) string {
		cli := exec.Command("redis-cli", append([]string{"-s", socket}, args...)...)
		cli.Stdin = strings.NewReader(in)
		if !slices.Contains(args, "--raw") {
			cli.Env = append(os.Environ(), "FAKETTY=1")
		}
		out, err := cli.Output()
		require.NoError(t, err)
		return string(out)
	})
	require.NoError(t, os.WriteFile(filepath.Join(testdata, name), []byte(text), 0o644))
	return text
}

// play returns what the program prints for lines.
func play(t *testing.T, in string, terminal, typed bool, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(args, strings.NewReader(in), &out, io.Discard, terminal, typed))
	return out.String()
}

// Every reply is printed as redis-cli prints it: on a terminal, elsewhere and in RESP3.
func TestSession(t *testing.T) {
	for _, c := range []struct {
		name        string
		theirs, our []string
	}{
		{"typed", nil, []string{"-no-raw"}},
		{"raw", []string{"--raw"}, nil},
		{"resp3", []string{"-3"}, []string{"-no-raw", "-3"}},
		{"resp3-raw", []string{"-3", "--raw"}, []string{"-3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := read(t, "session.txt")
			want := golden(t, "session-"+c.name+".golden", func(ask func(string, ...string) string) string {
				return ask(lines, c.theirs...)
			})
			require.Equal(t, want, play(t, lines, false, false, c.our...))
		})
	}
}

// INFO's figures are those of the moment; KEYS has no order.
var (
	figures = regexp.MustCompile(`(?m)^[^#\r\n].*(?:\r\n|\z)`)
	section = regexp.MustCompile(`# (Server|Clients|Memory|Stats|Replication|CPU|Keyspace)\r\n`)
)

// comparable returns of the output of a line what is the same each time.
func comparable(line, out string) string {
	switch {
	case line == "info":
		return strings.Join(section.FindAllString(figures.ReplaceAllString(out, ""), -1), "")
	case strings.HasPrefix(line, "KEYS"):
		names := regexp.MustCompile(`".*"`).FindAllString(out, -1)
		slices.Sort(names)
		if names != nil {
			return strings.Join(names, " ")
		}
	}
	return out
}

// A short session at the prompt, line by line.
func TestTranscript(t *testing.T) {
	text := read(t, "transcript.txt")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	want := strings.Split(golden(t, "transcript.golden", func(ask func(string, ...string) string) string {
		var b strings.Builder
		for _, line := range lines {
			b.WriteString("> " + line + "\n" + comparable(line, ask(line+"\n")))
			if b.String()[b.Len()-1] != '\n' {
				b.WriteByte('\n')
			}
		}
		return b.String()
	}), "> ")[1:]
	out := strings.Split(play(t, text, true, true), "alcove> ")[1:]
	require.Len(t, want, len(lines))
	require.Len(t, out, len(lines))
	for i, line := range lines {
		require.Equal(t, want[i], line+"\n"+strings.TrimSuffix(comparable(line, out[i]), "\n")+strings.Repeat("\n", min(1, len(out[i]))), line)
	}
}

// A pipe has no prompt.
func TestPipe(t *testing.T) {
	require.Equal(t, "PONG\n", play(t, "PING\n", false, false))
	require.Equal(t, "PONG\n", play(t, "PING", false, false), "the last line needs no end")
	require.Equal(t, "PONG\n", play(t, "PING\r\n", false, true))
	require.Empty(t, play(t, "", false, false))
	require.Equal(t, "OK\nv\n", play(t, "SET k v\nGET k\n", false, true, "-raw"))
}

// The prompt shows the database, and whether there is a transaction.
func TestPrompt(t *testing.T) {
	for lines, want := range map[string]string{
		"SELECT 3\nSELECT 0\n":                        "alcove> OK\nalcove[3]> OK\nalcove> \n",
		"SELECT 99\n":                                 "alcove> (error) ERR DB index is out of range\nalcove> \n",
		"MULTI\nSELECT 1\nEXEC\n":                     "alcove> OK\nalcove(TX)> QUEUED\nalcove[1](TX)> 1) OK\nalcove[1]> \n",
		"MULTI\nSELECT 1\nDISCARD\n":                  "alcove> OK\nalcove(TX)> QUEUED\nalcove[1](TX)> OK\nalcove> \n",
		"SELECT 2\nMULTI\nRESET\n":                    "alcove> OK\nalcove[2]> OK\nalcove[2](TX)> RESET\nalcove> \n",
		"EXEC\n":                                      "alcove> (error) ERR EXEC without MULTI\nalcove> \n",
		"WATCH k\nSET k v\nMULTI\nSELECT 1\nEXEC\n\n": "alcove> OK\nalcove> OK\nalcove> OK\nalcove(TX)> QUEUED\nalcove[1](TX)> (nil)\nalcove> alcove> \n",
	} {
		require.Equal(t, want, play(t, lines, true, true), lines)
	}
	require.Equal(t, "alcove[5]> ", strings.SplitAfter(play(t, "", true, true, "-n", "5"), "> ")[0])
}

// What the prompt knows itself.
func TestWords(t *testing.T) {
	require.Equal(t, "PONG\nOK\n    1  ping\n    2  set k v\n    3  history\nset k v\nOK\nping\nPONG\nThere is no such line.\nThere is no such line.\n",
		play(t, "ping\nset k v\nhistory\n!2\n! 1\n!9\n!x\nexit\nping\n", false, false))
	require.Equal(t, "PONG\nping\nPONG\n", play(t, "ping\n!!\nquit\n", false, false))
	require.Equal(t, "\x1b[H\x1b[2J", play(t, "clear\n", false, true))
	require.Contains(t, play(t, "help\n?\n", false, true), `"help @<group>"`)

	require.Equal(t, `
  SET key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]
  summary: Sets the string at a key.
  since: 1.0.0
  group: string

`, regexp.MustCompile(`summary: .*`).ReplaceAllString(play(t, "HELP set\n", false, true), "summary: Sets the string at a key."))
	require.Equal(t, "\n", play(t, "help nosuch\n", false, true))
	require.Contains(t, play(t, "help acl\n", false, true), "  ACL LOG [count|RESET]\n")
	require.Contains(t, play(t, "help acl log\n", false, true), "  ACL LOG [count|RESET]\n")
	require.Contains(t, play(t, "help migrate\n", false, true), ` key|"" destination-db `)
	require.Contains(t, play(t, "help bitfield\n", false, true), " [GET encoding offset|[OVERFLOW ")
	require.Contains(t, play(t, "help sort\n", false, true), " [GET pattern [GET pattern ...]] ")
	lists := play(t, "help @list\n", false, true)
	require.Contains(t, lists, "\n  LPUSH key element [element ...]\n  summary: ")
	require.NotContains(t, lists, "SADD")
	require.Regexp(t, `(?s)^OK\n\n  GET key\n.*\n\(empty array\)\n$`, play(t, "multi\nhelp get\nexec\n", false, true), "help is not of the transaction")
}

// Messages are printed when they come.
func TestMessages(t *testing.T) {
	out := play(t, "subscribe news\npublish news hello\nunsubscribe\n", false, true, "-3")
	require.Contains(t, out, "1) \"subscribe\"\n2) \"news\"\n3) (integer) 1\n")
	require.Contains(t, out, "1) \"message\"\n2) \"news\"\n3) \"hello\"\n")
	require.Contains(t, out, "(integer) 1\n")
	require.Contains(t, play(t, "subscribe news\n", false, false), "subscribe\nnews\n1\n")
	require.Contains(t, play(t, "subscribe news\nget k\n", false, true), "(error) ERR Can't execute 'get'")
}

func TestSlow(t *testing.T) {
	require.Regexp(t, `^\(nil\)\n\(0\.[5-9]\ds\)\n$`, play(t, "blpop nosuch 0.5\n", false, true))
}

func TestErrors(t *testing.T) {
	require.NoError(t, run([]string{"-h"}, strings.NewReader(""), io.Discard, io.Discard, false, false))
	for _, args := range [][]string{{"-n", "16"}, {"-n", "-1"}, {"-n", "x"}, {"get", "k"}, {"-raw", "-no-raw"}} {
		err := run(args, strings.NewReader(""), io.Discard, io.Discard, false, false)
		require.Error(t, err, args)
		require.NotErrorIs(t, err, flag.ErrHelp)
	}
	require.Equal(t, errFull, run(nil, strings.NewReader("9 ping\nping\n"), full{}, io.Discard, false, false))
	require.Equal(t, errFull, run(nil, strings.NewReader("ping"), full{}, io.Discard, true, true))
	require.Equal(t, errFull, run(nil, strings.NewReader("help\nexit\n"), full{}, io.Discard, true, true))
	require.Equal(t, errFull, run(nil, &broken{}, io.Discard, io.Discard, false, false))
}

var errFull = errors.New("the disk is full")

// full is a writer that fails, broken a reader.
type (
	full   struct{}
	broken struct{}
)

func (full) Write([]byte) (int, error)   { return 0, errFull }
func (*broken) Read([]byte) (int, error) { return 0, errFull }
