package resp

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// What a real redis-server sent back in the sessions of testdata/sessions.txt is below each
// session there. Every line of a session goes out with a line end of the protocol, all at once,
// and then the client ends what it writes.
//
//	ALCOVE_WRITE=1 go test ./store/resp -run TestRedisSessions
//
// asks one again and writes the file anew.
const sessionsFile = "testdata/sessions.txt"

// testSession is what a client sends, and gets.
type testSession struct{ name, request, answer string }

func testSessions(t testing.TB) (note string, list []testSession) {
	text, err := os.ReadFile(sessionsFile)
	require.NoError(t, err)
	parts := strings.Split(string(text), "\n== ")
	for _, part := range parts[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		request, answer, ok := strings.Cut(rest, "--\n")
		require.True(t, ok, name)
		list = append(list, testSession{
			name:    name,
			request: strings.ReplaceAll(unescape(t, request), "\n", "\r\n"),
			answer:  strings.TrimSpace(answer),
		})
	}
	return parts[0], list
}

// unescape has \x as a Go string has it.
func unescape(t testing.TB, text string) string {
	return regexp.MustCompile(`\\(x[0-9a-f]{2}|r|\d{3})`).ReplaceAllStringFunc(text, func(code string) string {
		var c byte
		if code == `\r` {
			return "\r"
		}
		_, err := fmt.Sscanf(code, `\x%02x`, &c)
		require.NoError(t, err, code)
		return string([]byte{c})
	})
}

// masked is what a server sent, with a line of the file for each line, without the numbers of
// the client and the time of MONITOR.
func masked(answer string) string {
	for _, mask := range []struct{ what, by string }{
		{`(\$2\r\nid\r\n):\d+`, "${1}:N"},
		{`(?m)^\+\d+\.\d+ \[0 [^\]]*\]`, "+T [0 A]"},
	} {
		answer = regexp.MustCompile(mask.what).ReplaceAllString(answer, mask.by)
	}
	return strings.ReplaceAll(strings.TrimSuffix(fmt.Sprintf("%q", answer)[1:], `"`), `\r\n`, "\n")
}

func TestSessions(t *testing.T) {
	_, list := testSessions(t)
	require.NotEmpty(t, list)
	for _, test := range list {
		t.Run(test.name, func(t *testing.T) {
			for _, in := range []string{"memory", "memory, in pieces", "socket"} {
				s := store.New()
				defer s.Close()
				srv := NewServer(s)
				defer srv.Close()
				var end halfCloser
				switch in {
				case "socket":
					end = overSocket(t, srv)
				case "memory, in pieces":
					end = pieces{dialTest(t, srv).Conn.(halfCloser)}
				default:
					end = dialTest(t, srv).Conn.(halfCloser)
				}
				require.Equal(t, test.answer, strings.TrimSpace(masked(ask(t, end, test.request))), in)
			}
		})
	}
}

// TestRedisSessions asks a real server what sessionsFile should have.
func TestRedisSessions(t *testing.T) {
	dial := startRedis(t)
	note, list := testSessions(t)
	var b strings.Builder
	b.WriteString(note)
	for _, test := range list {
		const anew = "AUTH p\r\nCLIENT UNPAUSE\r\nFLUSHALL\r\nCONFIG SET requirepass \"\" proto-max-bulk-len 512mb\r\n"
		for !strings.HasSuffix(ask(t, dial(), anew), "+OK\r\n+OK\r\n+OK\r\n") {
			time.Sleep(time.Millisecond) // while all clients are paused
		}
		got := strings.TrimSpace(masked(ask(t, dial(), test.request)))
		fmt.Fprintf(&b, "\n== %s\n%s--\n%s\n", test.name, strings.ReplaceAll(escape(test.request), "\r\n", "\n"), got)
		if os.Getenv("ALCOVE_WRITE") == "" {
			require.Equal(t, test.answer, got, test.name)
		}
	}
	if os.Getenv("ALCOVE_WRITE") != "" {
		require.NoError(t, os.WriteFile(sessionsFile, []byte(b.String()), 0o644))
	}
}

// escape undoes unescape.
func escape(text string) string {
	return regexp.MustCompile(`\r?[^\r\n\x20-\x7e]`).ReplaceAllStringFunc(text, func(c string) string {
		if c[0] == '\r' {
			return `\r` + escape(c[1:])
		}
		return fmt.Sprintf(`\x%02x`, c[0])
	})
}
