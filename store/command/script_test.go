package command

import (
	"context"
	"encoding/binary"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/rdb"
)

// newScripts returns a server with an engine, and some sessions.
func newScripts(t testing.TB, n int, opts ...Option) (*store.Store, *Server, []*Session) {
	t.Helper()
	s := store.New()
	srv := NewServer(s, append(opts, WithScriptEngine(tinyLua{}))...)
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.NoError(t, s.Close())
	})
	list := make([]*Session, n)
	for i := range list {
		list[i] = srv.NewSession(nil)
	}
	return s, srv, list
}

func tell(s *Session, words ...string) Reply { return s.Do(context.Background(), words) }

const (
	noWrites = "#!lua flags=no-writes\n"
	libA     = "#!lua name=a\nredis.register_function('f', function(keys, args) return redis.call('SET', keys[1], args[1]) end)\n" +
		"redis.register_function{function_name='G', callback=function(keys, args) return redis.call('GET', keys[1]) end, " +
		"flags={'no-writes', 'allow-stale'}, description='gets'}"
	libB = "#!LUA Name=\"b\"\n\nredis.register_function('h', function(keys, args) redis.call('SET', keys[1], 'x'); " +
		"return redis.call('LPUSH', keys[1], 'y') end)"
)

// scriptLinesOfRedis are run on both sides, in RESP2 and RESP3. A line that is one word is a
// remark.
var scriptLinesOfRedis = [][]string{
	{"numbers of keys"},
	{"EVAL", "return 1", "x"},
	{"EVAL", "return 1", "1"},
	{"EVAL", "return 1", "-1"},
	{"EVAL", "return 1", "9223372036854775808"},
	{"EVAL", "return 1", "0"},
	{"EVAL", "return KEYS", "2", "a", "b", "c"},
	{"EVAL", "return ARGV", "1", "a", "b", "c"},
	{"EVAL", "return 1"},
	{"EVAL", "return 'x'", "0", "y"},

	{"call and pcall"},
	{"EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "k", "v"},
	{"EVAL", "return redis.call('GET', KEYS[1])", "1", "k"},
	{"EVAL", "return redis.call('GET', 'none')", "0"},
	{"EVAL", "return redis.call('LPUSH', 'k', 'a')", "0"},
	{"EVAL", "return redis.pcall('LPUSH', 'k', 'a')", "0"},
	{"EVAL", "redis.call('SET', 'a', '1')\nredis.pcall('LPUSH', 'a', 'x')\nredis.call('INCR', 'a')\nredis.call('LPUSH', 'a', 'x')\nredis.call('INCR', 'a')", "0"},
	{"GET", "a"},
	{"EVAL", "return redis.call('LPOS', 'none', 'a')", "0"},
	{"EVAL", "return redis.call('LPOP', 'none', '2')", "0"},
	{"EVAL", "return redis.call('foo')", "0"},
	{"EVAL", "return redis.pcall('foo', 'bar')", "0"},
	{"EVAL", "return redis.pcall('get')", "0"},
	{"EVAL", "return redis.pcall('object')", "0"},
	{"EVAL", "return redis.pcall('object', 'foo')", "0"},
	{"EVAL", "return redis.pcall('object', 'foo', 'bar')", "0"},
	{"EVAL", "return redis.pcall('object', 'encoding')", "0"},
	{"EVAL", "return redis.pcall('config')", "0"},
	{"EVAL", "return redis.pcall('config', 'get', 'hz')", "0"},
	{"EVAL", "return redis.pcall('multi')", "0"},
	{"EVAL", "return redis.call('multi')", "0"},
	{"EVAL", "return redis.pcall('eval', 'return 1', '0')", "0"},
	{"EVAL", "return redis.pcall('blpop', 'none', '0')", "0"},
	{"EVAL", "return redis.pcall('blmpop', '0', '1', 'none', 'left')", "0"},
	{"EVAL", "return redis.pcall('subscribe', 'c')", "0"},
	{"EVAL", "return redis.pcall('client', 'id')", "0"},
	{"EVAL", "return redis.pcall('wait', '0', '0')", "0"},
	{"EVAL", "return redis.pcall('select', '77')", "0"},
	{"EVAL", "return redis.pcall('publish', 'c', 'm')", "0"},
	{"EVAL", "return redis.pcall('ping')", "0"},
	{"EVAL", "return redis.pcall('xread', 'block', '0', 'streams', 'x', '0')", "0"},
	{"EVAL", "return redis.call('XReadGroup', 'group', 'g', 'c', 'block', 'x', 'streams', 'x', '>')", "0"},
	{"EVAL", "return redis.pcall('xread', 'count', 'x', 'block', '0', 'streams', 'x', '0')", "0"},
	{"EVAL", "return redis.call()", "0"},
	{"EVAL", "error('boom')", "0"},
	{"EVAL", "redis.call('SELECT', '3'); return redis.call('SET', 'in3', 'v')", "0"},
	{"EXISTS", "in3"},
	{"EVAL", "return redis.call('TIME', 'x')", "0"},
	{"EVAL", "", "0"},

	{"types of replies"},
	{"HSET", "h", "f", "v"},
	{"ZADD", "z", "1.5", "m"},
	{"SADD", "s", "e"},
	{"EVAL", "return redis.call('HGETALL', 'h')", "0"},
	{"EVAL", "redis.setresp(3); return redis.call('HGETALL', 'h')", "0"},
	{"EVAL", "return redis.call('ZSCORE', 'z', 'm')", "0"},
	{"EVAL", "redis.setresp(3); return redis.call('ZSCORE', 'z', 'm')", "0"},
	{"EVAL", "return redis.call('ZRANGE', 'z', '0', '-1', 'WITHSCORES')", "0"},
	{"EVAL", "redis.setresp(3); return redis.call('ZRANGE', 'z', '0', '-1', 'WITHSCORES')", "0"},
	{"EVAL", "return redis.call('SMEMBERS', 's')", "0"},
	{"EVAL", "redis.setresp(3); return redis.call('SMEMBERS', 's')", "0"},
	{"EVAL", "return redis.call('ZADD', 'z', 'INCR', '1', 'm')", "0"},
	{"EVAL", "return redis.call('GEOPOS', 'z', 'none')", "0"},
	{"EVAL", "redis.setresp(3); redis.setresp(2); return redis.call('SMEMBERS', 's')", "0"},
	{"EVAL", "redis.setresp(4)", "0"},
	{"EVAL", "return redis.call('LOLWUT', 'VERSION', '1')", "0"},

	{"first lines"},
	{"EVAL", "#!lua\nreturn redis.call('SET', 'k', 'v')", "0"},
	{"EVAL", noWrites + "return redis.call('GET', 'k')", "0"},
	{"EVAL", noWrites + "return redis.call('SET', 'k', 'v')", "0"},
	{"EVAL", noWrites + "return redis.pcall('SET', 'k', 'v')", "0"},
	{"EVAL", "#!lua flags=allow-oom,no-writes flags=allow-stale,no-cluster,allow-cross-slot-keys\nreturn redis.pcall('SET', 'k', 'v')", "0"},
	{"EVAL", "#!lua  \tflags=\nreturn 1", "0"},
	{"EVAL", "#!lua flags=foo\nreturn 1", "0"},
	{"EVAL", "#!lua flags=no-writes,\nreturn 1", "0"},
	{"EVAL", "#!lua flags=No-Writes\nreturn 1", "0"},
	{"EVAL", "#!lua name=x\nreturn 1", "0"},
	{"EVAL", "#!lua FLAGS=no-writes\nreturn 1", "0"},
	{"EVAL", "#!js\nreturn 1", "0"},
	{"EVAL", "#!Lua\nreturn 1", "0"},
	{"EVAL", "#! lua\nreturn 1", "0"},
	{"EVAL", "#!\nreturn 1", "0"},
	{"EVAL", "#!lua", "0"},
	{"EVAL", "#!lua\x00\nreturn 1", "0"},
	{"EVAL", "#!\"lu\\x61\" flags=no-writes\r\nreturn 1", "0"},
	{"EVAL", "#!lua \"flags=no-writes\nreturn 1", "0"},
	{"EVAL", " #!lua\nreturn 1", "x"},

	{"scripts that read"},
	{"EVAL_RO", "return redis.call('GET', 'k')", "0"},
	{"EVAL_RO", "return redis.call('SET', 'k', 'v')", "0"},
	{"EVAL_RO", "return redis.pcall('SET', 'k', 'v')", "0"},
	{"EVAL_RO", "#!lua\nreturn redis.call('GET', 'k')", "0"},
	{"EVAL_RO", noWrites + "return redis.call('GET', 'k')", "0"},
	{"EVAL_RO", "return redis.call('PUBLISH', 'c', 'm')", "0"},
	{"EVAL_RO", "return redis.call('PFCOUNT', 'k')", "0"},
	{"EVAL_RO", "return redis.call('SORT', 'k')", "0"},

	{"digests"},
	{"SCRIPT", "FLUSH"},
	{"EVALSHA", "abc", "x"},
	{"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "x"},
	{"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"},
	{"SCRIPT", "EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "x"},
	{"EVAL", "return 1", "0"},
	{"SCRIPT", "EXISTS", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "x", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"},
	{"EVALSHA", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0"},
	{"EVALSHA_RO", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"},
	{"SCRIPT", "LOAD", "return redis.call('SET', 'k', 'v')"},
	{"EVALSHA_RO", "d8f2fad9f8e86a53d2a6ebd960b33c4972cacc37", "0"},
	{"SCRIPT", "LOAD", "#!js\nreturn 1"},
	{"SCRIPT", "LOAD"},
	{"SCRIPT", "EXISTS"},
	{"SCRIPT", "FLUSH", "x"},
	{"SCRIPT", "FLUSH", "SYNC", "x"},
	{"SCRIPT", "FLUSH", "async"},
	{"SCRIPT", "FLUSH", "SYNC"},
	{"SCRIPT", "KILL"},
	{"SCRIPT", "KILL", "x"},
	{"SCRIPT", "DEBUG", "NO"},
	{"SCRIPT", "DEBUG", "x"},
	{"SCRIPT", "FOO"},
	{"SCRIPT"},
	{"SCRIPT", "HELP"},

	{"in a transaction"},
	{"MULTI"},
	{"EVAL", "return redis.call('INCR', 'n')", "0"},
	{"EVAL", "redis.call('INCR', 'n'); return redis.call('LPUSH', 'n', 'x')", "0"},
	{"EVAL", "return 1", "x"},
	{"EVALSHA", "abc", "0"},
	{"GET", "n"},
	{"EXEC"},
	{"WATCH", "n"},
	{"EVAL", "return redis.call('INCR', 'n')", "0"},
	{"MULTI"},
	{"PING"},
	{"EXEC"},

	{"libraries"},
	{"FUNCTION", "LOAD", "x"},
	{"FUNCTION", "LOAD", "REPLACE"},
	{"FUNCTION", "LOAD", "foo", "x"},
	{"FUNCTION", "LOAD"},
	{"FUNCTION", "LOAD", "#!lua"},
	{"FUNCTION", "LOAD", "#!lua\n"},
	{"FUNCTION", "LOAD", "#!lua name=a name=b\n"},
	{"FUNCTION", "LOAD", "#!lua name=a foo\n"},
	{"FUNCTION", "LOAD", "#!lua name=a na\n"},
	{"FUNCTION", "LOAD", "#!lua name=x y=\"a b\"\n"},
	{"FUNCTION", "LOAD", "#!lua name=a-b\n"},
	{"FUNCTION", "LOAD", "#!lua name=\n"},
	{"FUNCTION", "LOAD", "#!lua name=a\n"},
	{"FUNCTION", "LOAD", "#!js name=a\n"},
	{"FUNCTION", "LOAD", "#!js name=a-b\n"},
	{"FUNCTION", "LOAD", "#!lua name=\"a\n"},
	{"FUNCTION", "LOAD", "#!lua\tname=x\x00y\n"},
	{"FUNCTION", "LOAD", libA},
	{"FUNCTION", "LOAD", libA},
	{"FUNCTION", "LIST", "WITHCODE"},
	{"FUNCTION", "LOAD", libB},
	{"FUNCTION", "LOAD", strings.Replace(libB, "'h'", "'F'", 1)},
	{"FUNCTION", "LOAD", "REPLACE", strings.Replace(libB, "'h'", "'g'", 1)},
	{"FUNCTION", "LOAD", "replace", "Replace", libB},
	{"FUNCTION", "LOAD", strings.Replace(libA, "'f'", "'G'", 1)},
	{"FUNCTION", "LOAD", "REPLACE", strings.Replace(libA, "'f'", "'f-g'", 1)},
	{"FUNCTION", "LOAD", "REPLACE", strings.Replace(libA, "'f'", "'G'", 1)},
	{"FUNCTION", "LOAD", "REPLACE", strings.Replace(libA, "no-writes", "foo", 1)},
	{"FUNCTION", "LIST"},
	{"FUNCTION", "LIST", "LIBRARYNAME", "A*", "WITHCODE"},
	{"FUNCTION", "LIST", "libraryname", "[a-b]"},
	{"FUNCTION", "LIST", "LIBRARYNAME", "c"},
	{"FUNCTION", "LIST", "LIBRARYNAME"},
	{"FUNCTION", "LIST", "LIBRARYNAME", "x", "LIBRARYNAME", "y"},
	{"FUNCTION", "LIST", "withcode", "withcode"},
	{"FUNCTION", "LIST", "foo"},
	{"FUNCTION", "STATS"},
	{"FUNCTION", "STATS", "x"},
	{"FCALL", "f", "1", "k", "w"},
	{"FCALL", "F", "1", "k", "w"},
	{"FCALL", "g", "1", "k"},
	{"FCALL_RO", "g", "1", "k"},
	{"FCALL_RO", "f", "1", "k", "v"},
	{"FCALL", "h", "1", "k"},
	{"GET", "k"},
	{"FCALL", "nope", "x"},
	{"FCALL_RO", "nope", "0"},
	{"FCALL", "f", "x"},
	{"FCALL", "f", "1"},
	{"FCALL", "f", "-1"},
	{"FCALL", "f"},
	{"MULTI"},
	{"FCALL", "f", "1", "k", "z"},
	{"FCALL", "nope", "1", "k", "z"},
	{"FUNCTION", "DELETE", "a"},
	{"EXEC"},
	{"FCALL", "f", "1", "k", "w"},
	{"FUNCTION", "DELETE", "a"},
	{"FUNCTION", "DELETE", "B"},
	{"FUNCTION", "DELETE"},
	{"FUNCTION", "DUMP"},
	{"FUNCTION", "DUMP", "x"},
	{"FUNCTION", "KILL"},
	{"FUNCTION", "FLUSH", "x"},
	{"FUNCTION", "FLUSH", "sync", "x"},
	{"FUNCTION", "FLUSH", "ASYNC"},
	{"FUNCTION", "LIST"},
	{"FUNCTION", "DUMP"},
	{"FUNCTION", "FOO"},
	{"FUNCTION"},
	{"FUNCTION", "HELP"},

	{"payloads"},
	{"FUNCTION", "RESTORE"},
	{"FUNCTION", "RESTORE", "x"},
	{"FUNCTION", "RESTORE", "x", "y"},
	{"FUNCTION", "RESTORE", "x", "y", "z"},
	{"FUNCTION", "RESTORE", librariesOf("\x00\x01a")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5\x05ab")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5\xc0\x05")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5\xc3\x01\x02a")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5\x03foo")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6\x01a")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6\x01a\x03LUA")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6\x01a\x03LUA\x00")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6\x01a\x03LUA\x01")},
	{"FUNCTION", "RESTORE", librariesOf("\xf6" + short("old") + short("LUA") + "\x00" + short("redis.register_function('o', function(keys, args) return 1 end)"))},
	{"FUNCTION", "RESTORE", librariesOf("")},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libA) + "\xf5" + short(libA))},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libA) + "\xf5" + short(strings.Replace(libB, "'h'", "'f'", 1)))},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libA) + "\x00")},
	{"FUNCTION", "LIST", "WITHCODE"},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libA)), "flush"},
	{"FUNCTION", "LIST", "WITHCODE"},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libA)), "append"},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(libB+"\n-- "+strings.Repeat("x", 100)))},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(strings.Replace(libB, "'h'", "'f'", 1))), "REPLACE"},
	{"FUNCTION", "RESTORE", librariesOf("\xf5" + short(strings.Replace(libB, "'h'", "'i'", 1))), "REPLACE"},
	{"FUNCTION", "LIST", "LIBRARYNAME", "b", "WITHCODE"},
	{"FUNCTION", "DELETE", "a"},
	{"FUNCTION", "DUMP"},
	{"FUNCTION", "RESTORE", librariesOf(""), "FLUSH"},
	{"FUNCTION", "LIST"},
}

// librariesOf is the payload of libraries that stand in it so.
func librariesOf(body string) string {
	b := append([]byte(body), 10, 0)
	return string(binary.LittleEndian.AppendUint64(b, rdb.Checksum(b)))
}

// short is a string as a payload has it.
func short(text string) string {
	if len(text) < 64 {
		return string(rune(len(text))) + text
	}
	return string([]byte{0x40 | byte(len(text)>>8), byte(len(text))}) + text
}

func TestScriptsBesideRedis(t *testing.T) {
	socket := startRedis(t)
	for _, proto := range []int{2, 3} {
		t.Run(strconv.Itoa(proto), func(t *testing.T) {
			_, _, list := newScripts(t, 1)
			c, s := dialRedis(t, socket), list[0]
			for _, line := range [][]string{{"FLUSHALL"}, {"SCRIPT", "FLUSH"}, {"FUNCTION", "FLUSH"}, {"HELLO", strconv.Itoa(proto)}} {
				c.do(t, line...)
				tell(s, line...)
			}
			for _, words := range scriptLinesOfRedis {
				want, got := c.do(t, words...), tell(s, words...)
				if proto == 2 {
					want, got = asRESP2(want), asRESP2(got)
				} else {
					want, got = asRESP3(want), asRESP3(got)
				}
				if want, got = inAnyOrder(want), inAnyOrder(got); !reflect.DeepEqual(want, got) {
					t.Errorf("%q\nRedis: %v\n ours: %v", words, want, got)
				}
			}
		})
	}
}

// TestScriptTexts has what only an engine can be asked: the texts around its own.
func TestScriptTexts(t *testing.T) {
	_, _, list := newScripts(t, 1)
	s := list[0]
	require.Equal(t, failed("ERR Error compiling script (new function): user_script:2: not in this Lua: foo bar"), tell(s, "EVAL", "#!lua\nfoo bar", "0"))
	require.Equal(t, failed("ERR Error compiling function: user_function:2: not in this Lua"), tell(s, "FUNCTION", "LOAD", "#!lua name=a\nfoo bar"))
	require.Equal(t, failed("ERR Function Q already exists"), tell(s, "FUNCTION", "LOAD", "#!lua name=case\n"+
		"redis.register_function('q', function(keys, args) return 1 end)\nredis.register_function('Q', function(keys, args) return 2 end)"),
		"Redis takes both, and can't remove them")
	require.Equal(t, failed("ERR there is no debugger of scripts"), tell(s, "SCRIPT", "DEBUG", "YES"))
}

func TestNoScriptEngine(t *testing.T) {
	_, list := newSessions(t, 1)
	for _, line := range []string{
		"EVAL x 0", "EVAL_RO x 0", "EVALSHA x 0", "SCRIPT LOAD x", "FCALL f 0", "FCALL_RO f 0",
	} {
		require.Equal(t, errNoEngine, say(list[0], line), line)
	}
	require.Contains(t, errNoEngine.Str, "WithScriptEngine")
	require.Equal(t, errNoEngine, tell(list[0], "FUNCTION", "LOAD", libA))
	require.Equal(t, errNoEngine, tell(list[0], "FUNCTION", "RESTORE", librariesOf("\xf5"+short(libA))))
	require.Equal(t, array(), say(list[0], "FUNCTION LIST"))
	require.Equal(t, ok, say(list[0], "SCRIPT FLUSH"))
	require.Equal(t, array(integer(0)), say(list[0], "SCRIPT EXISTS x"))
	require.Equal(t, ok, tell(list[0], "FUNCTION", "RESTORE", say(list[0], "FUNCTION DUMP").Str))
	require.Equal(t, errNotBusy, say(list[0], "SCRIPT KILL"))
	_, err := Do(t.Context(), store.New().DB(0), "EVAL", "return 1", "0")
	require.ErrorContains(t, err, "WithScriptEngine")
}
