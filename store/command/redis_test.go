package command

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/redisserver"
)

// The scripts in testdata are run by a session and by a real redis-server, in RESP2 and in
// RESP3, and every reply must be the same, to the byte. A line of a script is a command as
// redis-cli takes it; before it may stand
//
//	~   elements in any order (of an array, or of the arrays in it)
//	?   only the type of the reply is compared
//	@   times in milliseconds may differ by a second: the two have run it one after the other
//	!   nothing is compared
//	#   nothing is run: it is a remark
//
// Each script begins on empty databases.

// redisClient is a connection to a real redis-server.
type redisClient struct {
	conn net.Conn
	r    *bufio.Reader
}

// startRedis runs a redis-server until the end of a test, which is skipped if there is none.
func startRedis(t testing.TB, args ...string) (socket string) {
	t.Helper()
	socket, stop, err := redisserver.Start(args...)
	redisserver.Require(t, err)
	t.Cleanup(stop)
	return socket
}

// dialRedis connects to a server that may just be starting.
func dialRedis(t testing.TB, socket string) *redisClient {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for began := time.Now(); ; <-poll.C {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &redisClient{conn: conn, r: bufio.NewReader(conn)}
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

// do sends a command and returns the reply.
func (c *redisClient) do(t testing.TB, args ...string) Reply {
	t.Helper()
	r, err := c.exchange(args)
	require.NoError(t, err, "%q", args)
	return r
}

func (c *redisClient) exchange(args []string) (r Reply, err error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if err = c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return r, err
	}
	if _, err = c.conn.Write(b.Bytes()); err != nil {
		return r, err
	}
	return c.read()
}

// read reads a reply.
func (c *redisClient) read() (r Reply, err error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return r, err
	}
	mark, rest := line[0], strings.TrimSuffix(line[1:], "\r\n")
	n, _ := strconv.Atoi(rest)
	switch mark {
	case '+':
		return Reply{Kind: Simple, Str: rest}, nil
	case '-':
		return Reply{Kind: Error, Str: rest}, nil
	case ':':
		i, err := strconv.ParseInt(rest, 10, 64)
		return Reply{Kind: Integer, Int: i}, err
	case ',':
		f, err := strconv.ParseFloat(rest, 64)
		return Reply{Kind: Double, Float: f, Str: rest}, err
	case '#':
		return Reply{Kind: Bool, Int: int64(strings.Count(rest, "t"))}, nil
	case '(':
		return Reply{Kind: BigNumber, Str: rest}, nil
	case '_':
		return null, nil
	case '$', '=':
		if n < 0 {
			return null, nil
		}
		text := make([]byte, n+2)
		if _, err := io.ReadFull(c.r, text); err != nil {
			return r, err
		}
		if mark == '=' {
			return verbatim(string(text[4:n])), nil
		}
		return bulk(string(text[:n])), nil
	}
	if n < 0 {
		return noList, nil
	}
	r.Kind = map[byte]Kind{'*': Array, '%': Map, '~': Set, '>': Push}[mark]
	if r.Kind == Map {
		n *= 2
	}
	for range n {
		e, err := c.read()
		if err != nil {
			return r, err
		}
		r.Elems = append(r.Elems, e)
	}
	return r, nil
}

// asRESP2 returns what a reply is in RESP2.
func asRESP2(r Reply) Reply {
	elems := make([]Reply, len(r.Elems))
	for i, e := range r.Elems {
		elems[i] = asRESP2(e)
	}
	if r.Elems = elems; len(elems) == 0 {
		r.Elems = nil
	}
	switch r.Kind {
	case Map, Set, Push:
		r.Kind = Array
	case Double:
		return bulk(cmp.Or(r.Str, formatDouble(r.Float)))
	case Bool:
		return integer(r.Int)
	case BigNumber, Verbatim:
		return bulk(r.Str)
	}
	return r
}

// formatDouble is a number as Redis sends it in RESP2 (%.17g).
func formatDouble(f float64) string {
	text := strconv.FormatFloat(f, 'g', 17, 64)
	text = strings.TrimPrefix(text, "+")
	return strings.ToLower(text)
}

// asRESP3 returns what a reply is in RESP3.
func asRESP3(r Reply) Reply {
	elems := make([]Reply, len(r.Elems))
	for i, e := range r.Elems {
		elems[i] = asRESP3(e)
	}
	if r.Elems = elems; len(elems) == 0 {
		r.Elems = nil
	}
	switch r.Kind {
	case NullArray:
		return null
	case Double:
		r = Reply{Kind: Double, Str: cmp.Or(r.Str, formatDouble(r.Float))} // what is sent
	}
	return r
}

// inAnyOrder sorts the elements of arrays.
func inAnyOrder(r Reply) Reply {
	for i := range r.Elems {
		r.Elems[i] = inAnyOrder(r.Elems[i])
	}
	if r.Kind == Array || r.Kind == Set {
		slices.SortFunc(r.Elems, func(a, b Reply) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return r
}

// wordsOf splits a line as redis-cli does, as far as the scripts need it.
func wordsOf(t testing.TB, line string) (words []string) {
	t.Helper()
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		require.NoError(t, err, line)
		word, err := strconv.Unquote(quoted)
		require.NoError(t, err, line)
		words, line = append(words, word), line[len(quoted):]
	}
	return words
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	socket := startRedis(t, "--hz", "500", "--enable-debug-command", "yes")
	for _, file := range files {
		for _, proto := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/%d", strings.TrimSuffix(filepath.Base(file), ".txt"), proto), func(t *testing.T) {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				runScript(t, dialRedis(t, socket), string(text), proto)
			})
		}
	}
	t.Run("arity", func(t *testing.T) { wrongNumbers(t, socket) })
	t.Run("newer", TestNewer)
	t.Run("newer mistakes", TestNewerMistakes)
	t.Run("rows", requireRows)
}

// runScript runs a script on both sides.
func runScript(t *testing.T, c *redisClient, script string, proto int) {
	s := store.New(store.WithTracking(store.TrackIdleTime), store.WithShards(16)) // the first as Redis does
	defer s.Close()
	srv := NewServer(s, WithScriptEngine(tinyLua{}))
	defer srv.Close()
	var sent []Reply // to the sink
	session := srv.NewSession(func(r Reply) { sent = append(sent, r) })
	defer session.Close()
	session.proto = proto
	c.do(t, "FLUSHALL")
	c.do(t, "HELLO", strconv.Itoa(proto))
	var queued [][]string
	for i, line := range strings.Split(script, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		how := line[0]
		if strings.IndexByte("~?!@", how) >= 0 {
			line = line[1:]
		}
		words := wordsOf(t, line)
		want, got := c.do(t, words...), session.Do(context.Background(), words)
		if noteRow(words, want, proto); how == '?' || how == '!' {
			noteUncompared(words, want, proto)
		}
		if queue := queueOf(words, want, &queued); len(queue) == len(want.Elems) {
			for i := range queue {
				noteRow(queue[i], want.Elems[i], proto)
			}
		}
		if got.Kind == None && len(sent) == 1 {
			got, sent = sent[0], nil
		}
		if session.proto == 2 { // also by a command
			want, got = asRESP2(want), asRESP2(got)
		} else {
			want, got = asRESP3(want), asRESP3(got)
		}
		switch how {
		case '~':
			want, got = inAnyOrder(want), inAnyOrder(got)
		case '@':
			sameTimes(want, got)
		case '?':
			want, got = Reply{Kind: want.Kind}, Reply{Kind: got.Kind}
		case '!':
			continue
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("line %d: %s\nRedis: %v\n ours: %v", i+1, line, want, got)
		}
	}
}

// sameTimes makes the times in got those in want where they are near.
func sameTimes(want, got Reply) {
	for i := range min(len(want.Elems), len(got.Elems)) {
		w, g := &want.Elems[i], &got.Elems[i]
		if w.Kind == Integer && g.Kind == Integer && w.Int > 1e12 && max(w.Int-g.Int, g.Int-w.Int) <= 1000 {
			g.Int = w.Int
		}
		sameTimes(*w, *g)
	}
}

// TestRows compares the table with COMMAND INFO.
func TestRows(t *testing.T) {
	c := dialRedis(t, startRedis(t))
	c.do(t, "HELLO", "3")
	for _, cmd := range Commands() {
		t.Run(cmd.Name, func(t *testing.T) {
			compareRow(t, c, cmd)
			for _, sub := range cmd.Subs {
				compareRow(t, c, sub)
			}
		})
	}
}

// newerRows are the commands that 7.0.15 does not have.
var newerRows = map[string]bool{
	"client|no-touch": true, "client|setinfo": true,
	"blmovem": true, "lmovem": true, "sdiffcard": true, "sunioncard": true,
	"delex": true, "hexpire": true, "hexpireat": true, "hexpiretime": true, "hgetdel": true,
	"hgetex": true, "hpersist": true, "hpexpire": true, "hpexpireat": true, "hpexpiretime": true, "hpttl": true, "hsetex": true,
	"httl": true, "delifeq": true, "digest": true, "increx": true, "msetex": true, "waitaof": true,
	"xackdel": true, "xcfgset": true, "xdelex": true, "xnack": true,
}

// newerArity are the commands that have got options since 7.0.15, which had none.
var newerArity = map[string]bool{"zrank": true, "zrevrank": true}

func compareRow(t *testing.T, c *redisClient, cmd *Command) {
	name := cmd.FullName()
	info := c.do(t, "COMMAND", "INFO", name).Elems[0]
	if info.Kind == Null || info.Kind == NullArray {
		require.True(t, newerRows[name], "Redis does not know %s", name)
		return
	}
	if !newerArity[name] {
		require.Equal(t, int64(cmd.Arity), info.Elems[1].Int, name)
	}
	require.ElementsMatch(t, cmd.Flags.Names(), listOf(info.Elems[2]), name)
	var categories []string
	for _, category := range cmd.Categories() {
		categories = append(categories, "@"+category)
	}
	require.ElementsMatch(t, categories, listOf(info.Elems[6]), name)
	require.ElementsMatch(t, strings.Fields(cmd.Tips), listOf(info.Elems[7]), name)
	require.Len(t, info.Elems[8].Elems, len(cmd.Keys), name)
	for i, k := range cmd.Keys {
		require.ElementsMatch(t, strings.Fields(k.Flags), listOf(field(info.Elems[8].Elems[i], "flags")), name)
	}
	require.NotEmpty(t, cmd.Summary, "%s: Summary", name)
	require.True(t, cmd.run != nil || cmd.Subs != nil, "%s: run", name)
}

// field returns the value of a field of a map.
func field(r Reply, name string) Reply {
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if r.Elems[i].Str == name {
			return r.Elems[i+1]
		}
	}
	return Reply{}
}

func listOf(r Reply) (list []string) {
	for _, e := range r.Elems {
		list = append(list, e.Str)
	}
	return list
}
