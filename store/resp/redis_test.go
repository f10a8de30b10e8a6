package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/internal/redisserver"
)

// What a real redis-server answered to the bytes of requestCases, lateCases and replyCases
// is in testdata/redis.txt, one a line: the name of the case and the answer as a Go string.
//
//	ALCOVE_WRITE=1 go test ./store/resp -run TestRedisAnswers
//
// asks one again and writes the file anew.
const redisFile = "testdata/redis.txt"

// startRedis runs a redis-server until the end of a test, which is skipped if there is none, and
// returns what dials it.
func startRedis(t testing.TB) (dial func() *net.UnixConn) {
	t.Helper()
	socket, stop, err := redisserver.Start("--enable-debug-command", "yes")
	redisserver.Require(t, err)
	t.Cleanup(stop)
	connect := func() (*net.UnixConn, error) {
		return net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if c, err := connect(); err == nil {
			c.Close()
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
	return func() *net.UnixConn {
		c, err := connect()
		require.NoError(t, err)
		c.SetDeadline(time.Now().Add(30 * time.Second))
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// halfCloser is a connection that can end what it writes.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// ask sends bytes and returns all that comes back.
func ask(t testing.TB, c halfCloser, request string) string {
	t.Helper()
	io.WriteString(c, request) // a server that does not like it may close before the end
	c.CloseWrite()
	answer, err := io.ReadAll(c)
	if !errors.Is(err, syscall.ECONNRESET) { // it closed without reading all
		require.NoError(t, err)
	}
	c.Close()
	return string(answer)
}

// A testServer answers the few commands that requestCases have.
type testServer struct {
	noAuth bool
	pieces func(r io.Reader) io.Reader // if not nil: how what comes is cut
}

func (s testServer) serve(c *conn) {
	var src io.Reader = c
	if s.pieces != nil {
		src = s.pieces(c)
	}
	r, w := NewReader(src), NewWriter(c)
	r.Unauthenticated, r.OnWait = s.noAuth, w.Flush
	for {
		args, err := r.Next()
		if wrong, ok := err.(ProtocolError); ok {
			w.Reply(command.Reply{Kind: command.Error, Str: "ERR " + wrong.Error()})
		}
		if err != nil {
			w.Flush()
			c.Close()
			return
		}
		w.Reply(s.reply(args))
	}
}

func (s testServer) reply(args []string) command.Reply {
	keys := command.Reply{Kind: command.Array}
	switch name := strings.ToUpper(args[0]); {
	case s.noAuth:
		return command.Reply{Kind: command.Error, Str: "NOAUTH Authentication required."}
	case name == "PING":
		return command.Reply{Kind: command.Simple, Str: "PONG"}
	case name == "ECHO":
		return command.Reply{Kind: command.Bulk, Str: args[1]}
	case name == "COMMAND": // GETKEYS DEL: the arguments behind it
		for _, arg := range args[3:] {
			keys.Elems = append(keys.Elems, command.Reply{Kind: command.Bulk, Str: arg})
		}
		return keys
	}
	return command.Reply{Kind: command.Error, Str: fmt.Sprintf("ERR unknown command '%.128s', with args beginning with: ", args[0])}
}

// ask has a testServer answer bytes.
func (s testServer) ask(t testing.TB, request string) string {
	client, server := testPipe(t)
	go s.serve(server)
	return ask(t, client, request)
}

// requestCases are requests, right ones and wrong ones. None depends on how the bytes are cut.
func requestCases() map[string]string {
	const ping = "*1\r\n$4\r\nPING\r\n"
	keys := "COMMAND GETKEYS DEL "
	cases := map[string]string{
		"array": ping + ping, "no line ends are checked": "*1\rx$4\ryPINGzz" + ping,
		"two": "*2\r\n$4\r\nECHO\r\n$5\r\na\r\nbc\r\n", "empty argument": "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
		"empty command": "*1\r\n$0\r\n\r\n" + ping, "nothing": "*0\r\n" + ping, "less than nothing": "*-7\r\n" + ping,
		"least": "*-9223372036854775808\r\n" + ping, "less than least": "*-9223372036854775809\r\n" + ping,
		"claims": "*2147483647\r\n$536870912\r\nabc", "too many": "*2147483648\r\n" + ping, "overflow": "*9223372036854775808\r\n" + ping,
		"overflow of uint64": "*18446744073709551617\r\n", "no number": "*\r\n" + ping, "letter": "*1a\r\n" + ping,
		"leading 0": "*01\r\n", "plus": "*+1\r\n", "minus 0": "*-0\r\n" + ping, "minus": "*-\r\n", "space": "* 1\r\n",
		"no dollar": "*1\r\nx\r\n" + ping, "line for a dollar": "*1\r\n\r\n" + ping, "newline for a dollar": "*1\r\n\n\r\n",
		"byte for a dollar": "*1\r\n\xff\r\n", "array for a dollar": "*1\r\n*1\r\n", "no dollar and no end": "*1\r\nx" + ping[:2],
		"negative length": "*1\r\n$-1\r\n", "too long": "*1\r\n$536870913\r\n", "length of a letter": "*1\r\n$x\r\n", "length of nothing": "*1\r\n$\r\n",
		"length with a 0": "*1\r\n$04\r\nPING\r\n", "one and then wrong": ping + "*x\r\n" + ping, "wrong in the second": "*2\r\n$4\r\nECHO\r\n$-2\r\n",
		"long lengths": "*" + strings.Repeat("1", maxLine), "long lengths of one": "*1\r\n$" + strings.Repeat("1", maxLine),
		"longest length":  "*" + strings.Repeat("0", maxLine-1) + "\r\n",
		"NUL in a length": "*1\x00\r\n" + ping, "NUL before a length": "*1\r\n\x00$4\r\nPING\r\n",
		"large":  "*2\r\n$4\r\nECHO\r\n$20000\r\n" + strings.Repeat("0123456789", 2000) + "\r\n" + ping,
		"middle": "*2\r\n$4\r\nECHO\r\n$700\r\n" + strings.Repeat("0123456", 100) + "\r\n" + ping,
		"mixed": "*7\r\n$7\r\nCOMMAND\r\n$7\r\nGETKEYS\r\n$3\r\nDEL\r\n$1\r\na\r\n$3000\r\n" + strings.Repeat("xyz", 1000) +
			"\r\n$0\r\n\r\n$1\r\nb\r\n" + ping,
		"many": "*93\r\n$7\r\nCOMMAND\r\n$7\r\nGETKEYS\r\n$3\r\nDEL\r\n" + strings.Repeat("$200\r\n"+strings.Repeat("k", 200)+"\r\n", 90),

		"line": "PING\r\n", "unix line": "PING\nPING\n", "empty lines": "\r\n\n   \r\nPING\r\n", "spaces": " \t\v\f PING  \r\n",
		"carriage returns": "PING\r\r\n" + keys + "a\rb\r\n", "two spaces only between": keys + "a\vb\fc d\n",
		"quotes": keys + "\"a b\" 'c d' e\"f\" g'h' \"\" ''\r\n", "escapes": keys + `"\n\r\t\b\a\\\"\x41\xfF\x4g\q\x" '\n\'\\' a\nb` + "\r\n",
		"quoted name": "\"PING\"\r\n", "empty name": "\"\"\r\nPING\r\n", "bytes": keys + "\xff\xa0\x85\x01 \x80\r\n",
		"open quote": "ECHO \"a\r\nPING\r\n", "open single quote": "ECHO 'a\r\n", "text behind a quote": "ECHO \"a\"b\r\n",
		"text behind a single quote": "ECHO 'a'b\r\n", "quote behind a quote": "ECHO \"a\"\"b\"\r\n", "tab behind a quote": keys + "\"a\"\t'b'\v\r\n",
		"backslash at the end": "ECHO \"a\\\r\n", "backslash and quote at the end": "ECHO \"a\\\"\r\n", "half a number": keys + `"\x4" a` + "\r\n",
		"NUL in a line": "ECHO a\x00b\r\nPING\r\n", "long line": strings.Repeat("a", maxLine+1),
		"longest line": strings.Repeat("a", maxLine-1) + "\r\nPING\r\n", "line and array": "PING\r\n" + ping + "PING\r\n",
		"star in a line": " *1\r\n$4\r\nPING\r\n", "no end": "PING", "garbage": "\x16\x03\x01\x02\n\xfe\xff\r\n", "NUL": "\x00\r\nPING\r\n",
	}
	return cases
}

// lateCases are requests before AUTH.
var lateCases = map[string]string{
	"10 arguments": "*10\r\n$3\r\nDEL\r\n" + strings.Repeat("$1\r\na\r\n", 9),
	"11 arguments": "*11\r\n$3\r\nDEL\r\n" + strings.Repeat("$1\r\na\r\n", 10),
	"too many":     "*2147483648\r\n",
	"16384 bytes":  "*2\r\n$3\r\nDEL\r\n$16384\r\n" + strings.Repeat("a", 16384) + "\r\n",
	"16385 bytes":  "*2\r\n$3\r\nDEL\r\n$16385\r\n" + strings.Repeat("a", 16385) + "\r\n",
	"too long":     "*1\r\n$536870913\r\n",
	"line":         "DEL 1 2 3 4 5 6 7 8 9 10 11 12\r\n",
}

// replyCases are the types of DEBUG PROTOCOL, and ZSCORE of some scores.
var replyCases = map[string]command.Reply{
	"string":   {Kind: command.Bulk, Str: "Hello World"},
	"integer":  {Kind: command.Integer, Int: 12345},
	"double":   {Kind: command.Double, Float: 3.141},
	"null":     {Kind: command.Null},
	"array":    {Kind: command.Array, Elems: integers(0, 1, 2)},
	"set":      {Kind: command.Set, Elems: integers(0, 1, 2)},
	"map":      {Kind: command.Map, Elems: []command.Reply{number(0), truth(0), number(1), truth(1), number(2), truth(0)}},
	"verbatim": {Kind: command.Verbatim, Str: "This is a verbatim\nstring"},
	"true":     truth(1),
	"false":    truth(0),
	"bignum":   {Kind: command.BigNumber, Str: "1234567999999999999999999999999999999"},
	"attrib":   {Kind: command.Bulk, Str: "Some real reply following the attribute"},
	"push":     {Kind: command.Push, Elems: []command.Reply{{Kind: command.Bulk, Str: "server-cpu-usage"}, number(42)}},
}

func number(n int64) command.Reply { return command.Reply{Kind: command.Integer, Int: n} }
func truth(n int64) command.Reply  { return command.Reply{Kind: command.Bool, Int: n} }

func integers(all ...int64) (elems []command.Reply) {
	for _, n := range all {
		elems = append(elems, number(n))
	}
	return elems
}

// recorded returns what redisFile has.
func recorded(t testing.TB) map[string]string {
	text, err := os.ReadFile(redisFile)
	require.NoError(t, err)
	answers := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, quoted, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if strings.HasPrefix(line, "#") || !ok {
			continue
		}
		answers[name], err = strconv.Unquote(quoted)
		require.NoError(t, err, line)
	}
	return answers
}

// TestRedisAnswers asks a real server what redisFile should have.
func TestRedisAnswers(t *testing.T) {
	dial := startRedis(t)
	got := map[string]string{}
	for name, request := range requestCases() {
		got["request, "+name] = ask(t, dial(), request)
	}
	for name := range replyCases {
		for _, proto := range []string{"2", "3"} {
			hello := ask(t, dial(), "HELLO "+proto+"\r\n")
			answer := ask(t, dial(), "HELLO "+proto+"\r\nDEBUG PROTOCOL "+name+"\r\n")
			got["RESP"+proto+", "+name] = answer[len(hello):] // but for an id of as many digits
		}
	}
	require.Equal(t, "+OK\r\n", ask(t, dial(), "CONFIG SET requirepass x\r\n"))
	for name, request := range lateCases {
		got["before AUTH, "+name] = ask(t, dial(), request)
	}
	if os.Getenv("ALCOVE_WRITE") != "" {
		writeAnswers(t, got)
	}
	require.Equal(t, recorded(t), got)
}

func writeAnswers(t *testing.T, answers map[string]string) {
	var b strings.Builder
	b.WriteString("# Answers of redis-server 7.0.15, recorded by TestRedisAnswers: see redis_test.go.\n")
	for _, name := range sortedKeys(answers) {
		fmt.Fprintf(&b, "%s: %q\n", name, answers[name])
	}
	require.NoError(t, os.WriteFile(redisFile, []byte(b.String()), 0o644))
}

// TestRedisLines asks a real server how it splits random lines.
func TestRedisLines(t *testing.T) {
	dial := startRedis(t)
	c := dial()
	replies := NewReplyReader(bufio.NewReader(c))
	rng := seededRand(t)
	pieces := []string{
		"a", "b", " ", "\"", "'", "\\", "x", "4", "F", "n", "\t", "\v", "\f", "\xff", "\\\"", "\\'", "\" ", "' ", "\\x41", "\r",
	}
	split := 0
	for range 3000 {
		line := ""
		for range rng.IntN(12) {
			line += pieces[rng.IntN(len(pieces))]
		}
		_, err := io.WriteString(c, "COMMAND GETKEYS DEL a "+line+"\n")
		require.NoError(t, err)
		reply, err := replies.Next()
		require.NoError(t, err)
		args, err := SplitArgs(line)
		if err != nil {
			require.Equal(t, "ERR Protocol error: unbalanced quotes in request", reply.Str, "%q", line)
			c = dial()
			replies = NewReplyReader(c)
			continue
		}
		got := []string{}
		for _, e := range reply.Elems[1:] {
			got = append(got, e.Str)
		}
		require.Equal(t, got, append([]string{}, args...), "%q", line)
		split++
	}
	require.Greater(t, split, 1000)
}

// TestRedisDoubles asks a real server how it writes random numbers.
func TestRedisDoubles(t *testing.T) {
	dial := startRedis(t)
	for _, proto := range []int{2, 3} {
		c := dial()
		r := bufio.NewReader(c)
		rng := seededRand(t)
		fmt.Fprintf(c, "HELLO %d\r\nECHO end\r\n", proto)
		for line := ""; line != "end\r\n"; {
			line, _ = r.ReadString('\n')
		}
		for range 2000 {
			f := randomDouble(rng)
			// After a long member the set is no listpack, where the sign of 0 gets lost.
			fmt.Fprintf(c, "DEL z\r\nZADD z 1 %080d %v m\r\nZSCORE z m\r\n", 0, f)
			want := ":1\r\n:2\r\n" + string(AppendReply(nil, proto, command.Reply{Kind: command.Double, Float: f}))
			got := ""
			for range strings.Count(want, "\n") {
				line, err := r.ReadString('\n')
				require.NoError(t, err)
				got += line
			}
			require.Equal(t, want[4:], got[4:], "%v", f) // but for DEL's
		}
	}
}
