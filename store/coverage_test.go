package store_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// What tests and what measures each command, for COMMANDS.md. The tests are found in
// the source: the command is among those that TestRedisRandom takes, or a test calls
// its method. The benchmarks stand here.

// benchmarks are the benchmarks of commands; the other cells need a reason.
var benchmarks = map[string]string{
	"GET": "bench.BenchmarkStrings", "SET": "bench.BenchmarkStrings", "INCR": "bench.BenchmarkCounters", "INCREX": "BenchmarkIncrEx",
	"SETEX": "bench.BenchmarkTTL", "PSETEX": "bench.BenchmarkTTL",
	"DIGEST": "structures.BenchmarkDigest", "LCS": "BenchmarkLCS", "INCRBYFLOAT": "BenchmarkIncrFloat",
	"HGET": "bench.BenchmarkHashes", "HSET": "bench.BenchmarkHashes", "HINCRBY": "BenchmarkHashIncrBy",
	"HGETALL": "BenchmarkHashGetAll",
	"LPUSH":   "BenchmarkList", "RPUSH": "bench.BenchmarkLists", "LPOP": "bench.BenchmarkLists", "RPOP": "BenchmarkList",
	"LRANGE": "bench.BenchmarkLists",
	"BLPOP":  "BenchmarkBlock", "BLMOVE": "BenchmarkBlock",
	"LINDEX": "bench.BenchmarkLists", "LINSERT": "bench.BenchmarkLists", "LMOVEM": "BenchmarkListMoveM",
	"SADD": "BenchmarkSetAddRem", "SREM": "BenchmarkSetAddRem", "SISMEMBER": "BenchmarkSetIsMember",
	"SRANDMEMBER": "BenchmarkSetRandMember", "SPOP": "BenchmarkSetPop",
	"SINTER": "BenchmarkSetAlgebra", "SUNION": "BenchmarkSetAlgebra", "SDIFF": "BenchmarkSetAlgebra",
	"ZADD": "BenchmarkZSetAddRem", "ZREM": "BenchmarkZSetAddRem", "ZSCORE": "BenchmarkZSetScore",
	"ZRANK": "BenchmarkZSetRank", "ZINCRBY": "BenchmarkZSetIncrBy", "ZRANGE": "BenchmarkZSetRange100",
	"ZPOPMIN": "BenchmarkZSetPopMin", "ZINTER": "BenchmarkZSetInter",
	"SETBIT": "BenchmarkSetBit", "GETBIT": "BenchmarkGetBit", "BITCOUNT": "BenchmarkBitCount", "BITOP": "BenchmarkBitOp",
	"BITFIELD": "BenchmarkBitField",
	"PFADD":    "BenchmarkHLLAdd", "PFCOUNT": "BenchmarkHLLCount", "PFMERGE": "BenchmarkHLLMerge",
	"GEOADD": "BenchmarkGeoAdd", "GEODIST": "BenchmarkGeoDist", "GEOSEARCH": "BenchmarkGeoSearch",
	"XADD": "bench.BenchmarkStreams", "XRANGE": "bench.BenchmarkStreams", "XREADGROUP": "bench.BenchmarkStreams", "XACK": "bench.BenchmarkStreams",
	"SCAN": "bench.BenchmarkScan", "KEYS": "pubsub.BenchmarkMatch", "SORT": "BenchmarkSort",
	"DUMP": "BenchmarkDump", "RESTORE": "BenchmarkDump",
	"PUBLISH": "pubsub.BenchmarkPublish", "PSUBSCRIBE": "pubsub.BenchmarkPublishPatterns",
	"MULTI": "BenchmarkTransactions", "EXEC": "BenchmarkTransactions",
}

// tested are the tests of commands that are not in the tables, where others call them, too.
var tested = []struct{ commands, test string }{
	{"BLMOVE|BLMPOP|BLPOP|BRPOP|BRPOPLPUSH|BZMPOP|BZPOPMAX|BZPOPMIN", "TestRedisBlocks"},
	{"MULTI|EXEC", "TestClosuresAreCommands"},
	{"S?PUBLISH|PUBSUB .*|[PS]?(UN)?SUBSCRIBE", "TestRedisPubSub"},
	{"WATCH", "TestWatch"},
	{"DEBUG DIGEST", "TestRollback"},
	{"SORT_RO", "TestRedisRandom"},
}

// unmeasured says why the others have none; the first that matches counts.
var unmeasured = []struct{ commands, why string }{
	{"INCRBY|DECR|DECRBY", "as INCR"},
	{"STRLEN|GETRANGE|SUBSTR", "as GET"},
	{"MGET|MSET|MSETNX", "as GET and SET, each key"},
	{"MSETEX", "as SET, each key"},
	{"GETDEL|GETEX|GETSET|SETNX|APPEND|SETRANGE|DELEX", "as SET"},
	{"BITPOS", "as BITCOUNT"},
	{"BITFIELD_RO", "as GETBIT, each field"},
	{"HEXISTS|HSTRLEN|HMGET|HP?TTL|HP?EXPIRETIME|HRANDFIELD", "as HGET"},
	{"HKEYS|HVALS|HSCAN|HLEN", "less than HGETALL"},
	{"H.*", "as HSET"},
	{"LPUSHX|RPUSHX|LMOVE|LMPOP|RPOPLPUSH", "as LPUSH and RPOP"},
	{"BRPOP|BLMPOP|BZ.*", "as BLPOP"},
	{"BRPOPLPUSH|BLMOVEM", "as BLMOVE"},
	{"LLEN|LPOS", "as LINDEX, each element"},
	{"LSET|LREM|LTRIM", "as LINSERT"},
	{"SMISMEMBER|SCARD", "as SISMEMBER"},
	{"SMOVE", "as SREM and SADD"},
	{"SMEMBERS|SSCAN", "as SUNION of one"},
	{"S.*STORE|S(INTER|UNION|DIFF)CARD", "as SINTER, SUNION and SDIFF"},
	{"ZCARD|ZMSCORE", "as ZSCORE"},
	{"ZREVRANK|ZCOUNT|ZLEXCOUNT", "as ZRANK"},
	{"Z(REV)?RANGE.*|ZSCAN|ZRANDMEMBER", "as ZRANGE"},
	{"ZREMRANGE.*|ZPOPMAX|ZMPOP", "as ZPOPMIN"},
	{"Z(UNION|INTER|DIFF).*", "as ZINTER"},
	{"GEOPOS|GEOHASH", "as GEODIST"},
	{"GEORADIUS.*|GEOSEARCHSTORE", "as GEOSEARCH"},
	{"XREVRANGE|XREAD|XLEN", "as XRANGE"},
	{"XCLAIM|XAUTOCLAIM|XNACK|XACKDEL|XPENDING", "as XREADGROUP and XACK"},
	{"XDEL|XDELEX|XTRIM|XSETID|XCFGSET", "as XADD"},
	{"XGROUP .*|XINFO .*", "seldom called"},
	{"SORT_RO", "as SORT"},
	{"TYPE|P?TTL|P?EXPIRETIME|EXISTS|TOUCH|OBJECT .*|MEMORY USAGE|RANDOMKEY", "one lookup, as GET"},
	{"DEL|UNLINK|P?EXPIRE(AT)?|PERSIST|COPY|MOVE|RENAME(NX)?", "one write a key, as SET"},
	{"DBSIZE|FLUSHDB|FLUSHALL|SWAPDB", "a few words a shard"},
	{"TIME", "one look at the clock"},
	{"WATCH", "one lookup a key, as GET"},
	{"DEBUG DIGEST", "for tests"},
	{"SPUBLISH", "as PUBLISH"},
	{"PUBSUB .*|[PS]?(UN)?SUBSCRIBE", "seldom called"},
}

// benchmarkOf returns a command's cell, "" if nothing says why it has none.
func benchmarkOf(command string) string {
	if name := benchmarks[command]; name != "" {
		return name
	}
	for _, u := range unmeasured {
		if matches(u.commands, command) {
			return "– " + u.why
		}
	}
	return ""
}

func matches(commands, command string) bool {
	return regexp.MustCompile("^(" + commands + ")$").MatchString(command)
}

// coverage is what the tests of the packages call and name.
type coverage struct {
	redis      map[string]bool                // commands that TestRedisRandom takes
	newer      map[string]bool                // that TestNewerCommands takes
	calls      map[string]map[string][]string // tests by file and by method that they call
	benchmarks map[string]bool
	tests      map[string]bool
}

func readCoverage(t *testing.T) *coverage {
	t.Helper()
	c := &coverage{redis: map[string]bool{}, newer: map[string]bool{}, calls: map[string]map[string][]string{}, benchmarks: map[string]bool{}, tests: map[string]bool{}}
	texts, err := filepath.Glob("testdata/newer/*.txt")
	require.NoError(t, err)
	for _, name := range texts {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, line := range regexp.MustCompile(`(?m)^> (\S+)`).FindAllStringSubmatch(string(text), -1) {
			c.newer[line[1]] = true
		}
	}
	for prefix, dir := range map[string]string{
		"": ".", "structures.": "../structures", "pubsub.": "../pubsub", "bench.": "../bench",
	} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		require.NoError(t, err)
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			c.read(prefix, filepath.Base(name), f)
		}
	}
	return c
}

func (c *coverage) read(prefix, file string, f *ast.File) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		switch {
		case ok && strings.HasPrefix(fn.Name.Name, "Benchmark"):
			c.benchmarks[prefix+fn.Name.Name] = true
		case prefix != "" || f.Name.Name != "store":
		case ok && strings.HasPrefix(fn.Name.Name, "Test"):
			c.tests[fn.Name.Name] = true
			c.readTest(file, fn)
		case !ok || fn.Name.Name == "init":
			c.readDiffers(d)
		}
	}
}

// readTest notes the methods that a test calls.
func (c *coverage) readTest(file string, fn *ast.FuncDecl) {
	if c.calls[file] == nil {
		c.calls[file] = map[string][]string{}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			tests := c.calls[file][s.Sel.Name]
			if !slices.Contains(tests, fn.Name.Name) {
				c.calls[file][s.Sel.Name] = append(tests, fn.Name.Name)
			}
		}
		return true
	})
}

// readDiffers notes the names of commands in the tables that TestRedisRandom takes.
func (c *coverage) readDiffers(d ast.Node) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "name" {
				c.literal(n.Value)
			}
		case *ast.RangeStmt: // for _, name := range []string{...}
			if list, ok := n.X.(*ast.CompositeLit); ok {
				for _, e := range list.Elts {
					c.literal(e)
				}
			}
		}
		return true
	})
}

func (c *coverage) literal(e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if text, err := strconv.Unquote(lit.Value); err == nil {
			c.redis[text] = true
		}
	}
}

// testsOf returns a command's cell, "" if nothing tests it. Those that are newer than the
// real Redis of TestRedisRandom can't be there.
func (c *coverage) testsOf(command redisCommand, methods []string) string {
	first, _, _ := strings.Cut(command.name, " ")
	switch newer := command.since >= "7.2"; {
	case newer && c.newer[first]:
		return "TestNewerCommands"
	case !newer && (c.redis[command.name] || c.redis[first]):
		return "TestRedisRandom"
	}
	for _, t := range tested {
		if matches(t.commands, command.name) {
			return t.test
		}
	}
	var tests []string
	for _, m := range methods {
		typ, method, _ := strings.Cut(m, ".")
		for file, calls := range c.calls {
			// Types have methods of the same names; a type's tests are in its files.
			own := strings.HasPrefix(file, strings.ToLower(typ)) || strings.HasPrefix(file, "wait")
			if own || typ == "DB" || typ == "Store" {
				tests = append(tests, calls[method]...)
			}
		}
	}
	slices.Sort(tests)
	tests = slices.Compact(tests)
	return strings.Join(tests[:min(2, len(tests))], ", ")
}

func TestEveryCommandIsCovered(t *testing.T) {
	tree, err := parseTree(os.DirFS(".."), housePasses)
	require.NoError(t, err)
	c, methods := readCoverage(t), commandMethods(tree)
	var complaints []string
	used := map[string]bool{}
	for _, family := range checklist {
		for _, command := range family.commands {
			if len(methods[command.name]) == 0 {
				continue
			}
			if c.testsOf(command, methods[command.name]) == "" {
				complaints = append(complaints, command.name+" has no test")
			}
			switch cell := benchmarkOf(command.name); {
			case cell == "":
				complaints = append(complaints, command.name+" has neither a benchmark nor a reason")
			case !strings.HasPrefix(cell, "– ") && !c.benchmarks[cell]:
				complaints = append(complaints, fmt.Sprintf("%s: there is no %s", command.name, cell))
			}
			used[command.name] = true
		}
	}
	for _, test := range tested {
		if !c.tests[test.test] {
			complaints = append(complaints, "there is no "+test.test)
		}
	}
	for command := range benchmarks {
		if !used[command] {
			complaints = append(complaints, command+" has a benchmark and no method")
		}
	}
	require.Empty(t, complaints)
}

// notCompared are the commands whose notifications are compared with nothing, and why.
var notCompared = map[string]string{
	"DEBUG DIGEST": "it is no read",
	"EXEC":         "TestRedisEventsOfTransactions has closures for it",
	"FLUSHALL":     "the server has the databases of other tests; it is FLUSHDB of all",
	"MEMORY USAGE": "it is no read",
	"MULTI":        "TestRedisEventsOfTransactions has closures for it",
	"SORT_RO":      "it is SORT without STORE",
	"TIME":         "it reads no key",
	"WATCH":        "it is no read",
}

// TestEveryCommandIsHeard wants the notifications of every command to be compared with Redis's.
func TestEveryCommandIsHeard(t *testing.T) {
	tree, err := parseTree(os.DirFS(".."), housePasses)
	require.NoError(t, err)
	methods, compared := commandMethods(tree), store.ComparedCommands(t)
	for _, family := range checklist {
		for _, command := range family.commands {
			if family.name == "pubsub" {
				continue // no keys
			}
			name, _, _ := strings.Cut(command.name, " ")
			switch heard, reason := slices.Contains(compared, name), notCompared[command.name]; {
			case len(methods[command.name]) == 0:
			case !heard && reason == "":
				t.Errorf("%s is not compared", command.name)
			case heard && reason != "":
				t.Errorf("%s is compared", command.name)
			}
		}
	}
}
