package store_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// COMMANDS.md says which Go method is which Redis command. It is made of two
// things: the doc comments of the methods, which name their commands, and the
// checklist of Redis's commands below. After a change to either,
//
//	ALCOVE_WRITE=1 go test ./store -run TestCommandsTable
//
// writes it anew.

const commandsFile = "COMMANDS.md"

// A commandFamily is one of the groups on redis.io. A family is added with its
// first method.
type commandFamily struct {
	name     string
	commands []redisCommand
}

// A redisCommand is a row of the table. One that has no method has a reason.
type redisCommand struct {
	name, since string // since which version of Redis
	absent      string
}

// checklist is Redis 7.2, as COMMAND DOCS lists it, and what came since, up to 8.10.
var checklist = []commandFamily{
	{"string", []redisCommand{
		{"APPEND", "2.0.0", ""},
		{"DECR", "1.0.0", ""},
		{"DECRBY", "1.0.0", ""},
		{"DELEX", "8.4.0", ""},
		{"DIGEST", "8.4.0", ""},
		{"GET", "1.0.0", ""},
		{"GETDEL", "6.2.0", ""},
		{"GETEX", "6.2.0", ""},
		{"GETRANGE", "2.4.0", ""},
		{"GETSET", "1.0.0", ""},
		{"INCR", "1.0.0", ""},
		{"INCRBY", "1.0.0", ""},
		{"INCRBYFLOAT", "2.6.0", ""},
		{"INCREX", "8.8.0", ""},
		{"LCS", "7.0.0", ""},
		{"MGET", "1.0.0", ""},
		{"MSET", "1.0.1", ""},
		{"MSETEX", "8.4.0", ""},
		{"MSETNX", "1.0.1", ""},
		{"PSETEX", "2.6.0", ""},
		{"SET", "1.0.0", ""},
		{"SETEX", "2.0.0", ""},
		{"SETNX", "1.0.0", ""},
		{"SETRANGE", "2.2.0", ""},
		{"STRLEN", "2.2.0", ""},
		{"SUBSTR", "1.0.0", ""},
	}},
	{"bitmap", []redisCommand{
		{"BITCOUNT", "2.6.0", ""},
		{"BITFIELD", "3.2.0", ""},
		{"BITFIELD_RO", "6.0.0", ""},
		{"BITOP", "2.6.0", ""},
		{"BITPOS", "2.8.7", ""},
		{"GETBIT", "2.2.0", ""},
		{"SETBIT", "2.2.0", ""},
	}},
	{"hyperloglog", []redisCommand{
		{"PFADD", "2.8.9", ""},
		{"PFCOUNT", "2.8.9", ""},
		{"PFDEBUG", "2.8.9", "GET returns the whole representation"},
		{"PFMERGE", "2.8.9", ""},
		{"PFSELFTEST", "2.8.9", "it tests the server; here the package's tests do"},
	}},
	{"hash", []redisCommand{
		{"HDEL", "2.0.0", ""},
		{"HEXISTS", "2.0.0", ""},
		{"HEXPIRE", "7.4.0", ""},
		{"HEXPIREAT", "7.4.0", ""},
		{"HEXPIRETIME", "7.4.0", ""},
		{"HGET", "2.0.0", ""},
		{"HGETALL", "2.0.0", ""},
		{"HGETDEL", "8.0.0", ""},
		{"HGETEX", "8.0.0", ""},
		{"HINCRBY", "2.0.0", ""},
		{"HINCRBYFLOAT", "2.6.0", ""},
		{"HKEYS", "2.0.0", ""},
		{"HLEN", "2.0.0", ""},
		{"HMGET", "2.0.0", ""},
		{"HMSET", "2.0.0", ""},
		{"HPERSIST", "7.4.0", ""},
		{"HPEXPIRE", "7.4.0", ""},
		{"HPEXPIREAT", "7.4.0", ""},
		{"HPEXPIRETIME", "7.4.0", ""},
		{"HPTTL", "7.4.0", ""},
		{"HRANDFIELD", "6.2.0", ""},
		{"HSCAN", "2.8.0", ""},
		{"HSET", "2.0.0", ""},
		{"HSETEX", "8.0.0", ""},
		{"HSETNX", "2.0.0", ""},
		{"HSTRLEN", "3.2.0", ""},
		{"HTTL", "7.4.0", ""},
		{"HVALS", "2.0.0", ""},
		{"HIMPORT PREPARE", "8.10.0", noFieldsets},
		{"HIMPORT SET", "8.10.0", noFieldsets},
		{"HIMPORT DISCARD", "8.10.0", noFieldsets},
		{"HIMPORT DISCARDALL", "8.10.0", noFieldsets},
	}},
	{"set", []redisCommand{
		{"SADD", "1.0.0", ""},
		{"SCARD", "1.0.0", ""},
		{"SDIFF", "1.0.0", ""},
		{"SDIFFCARD", "8.10.0", ""},
		{"SDIFFSTORE", "1.0.0", ""},
		{"SINTER", "1.0.0", ""},
		{"SINTERCARD", "7.0.0", ""},
		{"SINTERSTORE", "1.0.0", ""},
		{"SISMEMBER", "1.0.0", ""},
		{"SMEMBERS", "1.0.0", ""},
		{"SMISMEMBER", "6.2.0", ""},
		{"SMOVE", "1.0.0", ""},
		{"SPOP", "1.0.0", ""},
		{"SRANDMEMBER", "1.0.0", ""},
		{"SREM", "1.0.0", ""},
		{"SSCAN", "2.8.0", ""},
		{"SUNION", "1.0.0", ""},
		{"SUNIONCARD", "8.10.0", ""},
		{"SUNIONSTORE", "1.0.0", ""},
	}},
	{"list", []redisCommand{
		{"BLMOVE", "6.2.0", ""},
		{"BLMOVEM", "8.10.0", ""},
		{"BLMPOP", "7.0.0", ""},
		{"BLPOP", "2.0.0", ""},
		{"BRPOP", "2.0.0", ""},
		{"BRPOPLPUSH", "2.2.0", ""},
		{"LINDEX", "1.0.0", ""},
		{"LINSERT", "2.2.0", ""},
		{"LLEN", "1.0.0", ""},
		{"LMOVE", "6.2.0", ""},
		{"LMOVEM", "8.10.0", ""},
		{"LMPOP", "7.0.0", ""},
		{"LPOP", "1.0.0", ""},
		{"LPOS", "6.0.6", ""},
		{"LPUSH", "1.0.0", ""},
		{"LPUSHX", "2.2.0", ""},
		{"LRANGE", "1.0.0", ""},
		{"LREM", "1.0.0", ""},
		{"LSET", "1.0.0", ""},
		{"LTRIM", "1.0.0", ""},
		{"RPOP", "1.0.0", ""},
		{"RPOPLPUSH", "1.2.0", ""},
		{"RPUSH", "1.0.0", ""},
		{"RPUSHX", "2.2.0", ""},
	}},
	{"sorted-set", []redisCommand{
		{"BZMPOP", "7.0.0", ""},
		{"BZPOPMAX", "5.0.0", ""},
		{"BZPOPMIN", "5.0.0", ""},
		{"ZADD", "1.2.0", ""},
		{"ZCARD", "1.2.0", ""},
		{"ZCOUNT", "2.0.0", ""},
		{"ZDIFF", "6.2.0", ""},
		{"ZDIFFSTORE", "6.2.0", ""},
		{"ZINCRBY", "1.2.0", ""},
		{"ZINTER", "6.2.0", ""},
		{"ZINTERCARD", "7.0.0", ""},
		{"ZINTERSTORE", "2.0.0", ""},
		{"ZLEXCOUNT", "2.8.9", ""},
		{"ZMPOP", "7.0.0", ""},
		{"ZMSCORE", "6.2.0", ""},
		{"ZPOPMAX", "5.0.0", ""},
		{"ZPOPMIN", "5.0.0", ""},
		{"ZRANDMEMBER", "6.2.0", ""},
		{"ZRANGE", "1.2.0", ""},
		{"ZRANGEBYLEX", "2.8.9", ""},
		{"ZRANGEBYSCORE", "1.0.5", ""},
		{"ZRANGESTORE", "6.2.0", ""},
		{"ZRANK", "2.0.0", ""},
		{"ZREM", "1.2.0", ""},
		{"ZREMRANGEBYLEX", "2.8.9", ""},
		{"ZREMRANGEBYRANK", "2.0.0", ""},
		{"ZREMRANGEBYSCORE", "1.2.0", ""},
		{"ZREVRANGE", "1.2.0", ""},
		{"ZREVRANGEBYLEX", "2.8.9", ""},
		{"ZREVRANGEBYSCORE", "2.2.0", ""},
		{"ZREVRANK", "2.0.0", ""},
		{"ZSCAN", "2.8.0", ""},
		{"ZSCORE", "1.2.0", ""},
		{"ZUNION", "6.2.0", ""},
		{"ZUNIONSTORE", "2.0.0", ""},
	}},
	{"geo", []redisCommand{
		{"GEOADD", "3.2.0", ""},
		{"GEODIST", "3.2.0", ""},
		{"GEOHASH", "3.2.0", ""},
		{"GEOPOS", "3.2.0", ""},
		{"GEORADIUS", "3.2.0", ""},
		{"GEORADIUSBYMEMBER", "3.2.0", ""},
		{"GEORADIUSBYMEMBER_RO", "3.2.10", ""},
		{"GEORADIUS_RO", "3.2.10", ""},
		{"GEOSEARCH", "6.2.0", ""},
		{"GEOSEARCHSTORE", "6.2.0", ""},
	}},
	{"stream", []redisCommand{
		{"XACK", "5.0.0", ""},
		{"XACKDEL", "8.2.0", ""},
		{"XADD", "5.0.0", ""},
		{"XAUTOCLAIM", "6.2.0", ""},
		{"XCFGSET", "8.6.0", ""},
		{"XCLAIM", "5.0.0", ""},
		{"XDEL", "5.0.0", ""},
		{"XDELEX", "8.2.0", ""},
		{"XGROUP CREATE", "5.0.0", ""},
		{"XGROUP CREATECONSUMER", "6.2.0", ""},
		{"XGROUP DELCONSUMER", "5.0.0", ""},
		{"XGROUP DESTROY", "5.0.0", ""},
		{"XGROUP HELP", "5.0.0", "in package command: a text for people at a terminal"},
		{"XGROUP SETID", "5.0.0", ""},
		{"XIDMPRECORD", "8.8.0", "entries have no idempotent IDs"},
		{"XINFO CONSUMERS", "5.0.0", ""},
		{"XINFO GROUPS", "5.0.0", ""},
		{"XINFO HELP", "5.0.0", "in package command: a text for people at a terminal"},
		{"XINFO STREAM", "5.0.0", ""},
		{"XLEN", "5.0.0", ""},
		{"XNACK", "8.8.0", ""},
		{"XPENDING", "5.0.0", ""},
		{"XRANGE", "5.0.0", ""},
		{"XREAD", "5.0.0", ""},
		{"XREADGROUP", "5.0.0", ""},
		{"XREVRANGE", "5.0.0", ""},
		{"XSETID", "5.0.0", ""},
		{"XTRIM", "5.0.0", ""},
	}},
	{"generic", []redisCommand{
		{"COPY", "6.2.0", ""},
		{"DEL", "1.0.0", ""},
		{"DUMP", "2.6.0", ""},
		{"EXISTS", "1.0.0", ""},
		{"EXPIRE", "1.0.0", ""},
		{"EXPIREAT", "1.2.0", ""},
		{"EXPIRETIME", "7.0.0", ""},
		{"KEYS", "1.0.0", ""},
		{"MIGRATE", "2.6.0", "in package command: an error that says that the library opens no connection"},
		{"MOVE", "1.0.0", ""},
		{"OBJECT ENCODING", "2.2.3", ""},
		{"OBJECT FREQ", "4.0.0", ""},
		{"OBJECT HELP", "6.2.0", "in package command: a text for people at a terminal"},
		{"OBJECT IDLETIME", "2.2.3", ""},
		{"OBJECT REFCOUNT", "2.2.3", "in package command: the collector keeps no reference counts"},
		{"PERSIST", "2.2.0", ""},
		{"PEXPIRE", "2.6.0", ""},
		{"PEXPIREAT", "2.6.0", ""},
		{"PEXPIRETIME", "7.0.0", ""},
		{"PTTL", "2.6.0", ""},
		{"RANDOMKEY", "1.0.0", ""},
		{"RENAME", "1.0.0", ""},
		{"RENAMENX", "1.0.0", ""},
		{"RESTORE", "2.6.0", ""},
		{"SCAN", "2.8.0", ""},
		{"SORT", "1.0.0", ""},
		{"SORT_RO", "7.0.0", ""},
		{"TOUCH", "3.2.1", ""},
		{"TTL", "1.0.0", ""},
		{"TYPE", "1.0.0", ""},
		{"UNLINK", "4.0.0", ""},
		{"WAIT", "3.0.0", "in package command: it answers for zero replicas"},
		{"WAITAOF", "7.2.0", "in package command: it answers for zero replicas"},
	}},
	{"pubsub", []redisCommand{
		{"PSUBSCRIBE", "2.0.0", ""},
		{"PUBLISH", "2.0.0", ""},
		{"PUBSUB CHANNELS", "2.8.0", ""},
		{"PUBSUB NUMPAT", "2.8.0", ""},
		{"PUBSUB NUMSUB", "2.8.0", ""},
		{"PUBSUB SHARDCHANNELS", "7.0.0", ""},
		{"PUBSUB SHARDNUMSUB", "7.0.0", ""},
		{"PUNSUBSCRIBE", "2.0.0", ""},
		{"SPUBLISH", "7.0.0", ""},
		{"SSUBSCRIBE", "7.0.0", ""},
		{"SUBSCRIBE", "2.0.0", ""},
		{"SUNSUBSCRIBE", "7.0.0", ""},
		{"UNSUBSCRIBE", "2.0.0", ""},
	}},
	{"transactions", []redisCommand{
		{"DISCARD", "2.0.0", "a closure that returns an error is rolled back"},
		{"EXEC", "1.2.0", ""},
		{"MULTI", "1.2.0", ""},
		{"UNWATCH", "2.2.0", "a Watch that is not used is forgotten"},
		{"WATCH", "2.2.0", ""},
	}},
	{"server", []redisCommand{
		{"DBSIZE", "1.0.0", ""},
		{"DEBUG DIGEST", "1.0.0", ""},
		{"FLUSHALL", "1.0.0", ""},
		{"FLUSHDB", "1.0.0", ""},
		{"MEMORY USAGE", "4.0.0", ""},
		{"SWAPDB", "4.0.0", ""},
		{"TIME", "2.6.0", ""},
		{"HOTKEYS GET", "8.6.0", noHotKeys},
		{"HOTKEYS RESET", "8.6.0", noHotKeys},
		{"HOTKEYS START", "8.6.0", noHotKeys},
		{"HOTKEYS STOP", "8.6.0", noHotKeys},
	}},
	{"array", absentSince("8.8.0", "there are no arrays: a list has an index, a hash has gaps",
		"ARCOUNT", "ARDEL", "ARDELRANGE", "ARGET", "ARGETRANGE", "ARGREP", "ARINFO", "ARINSERT", "ARLASTITEMS", "ARLEN",
		"ARMGET", "ARMSET", "ARNEXT", "AROP", "ARRING", "ARSCAN", "ARSEEK", "ARSET")},
	{"vector set", append(absentSince("8.0.0", noVectors,
		"VADD", "VCARD", "VDIM", "VEMB", "VGETATTR", "VINFO", "VISMEMBER", "VLINKS", "VRANDMEMBER", "VREM", "VSETATTR", "VSIM"),
		redisCommand{"VRANGE", "8.4.0", noVectors})},
}

// Why several commands are not there.
const (
	noVectors   = "there are no vectors: their search is a library of its own"
	noFieldsets = "it saves a client to send the names of fields; here nothing is sent"
	noHotKeys   = "OBJECT FREQ says how often one key is used"
)

// absentSince are commands that came with one version and are not there, for one reason.
func absentSince(since, why string, names ...string) (rows []redisCommand) {
	for _, name := range names {
		rows = append(rows, redisCommand{name, since, why})
	}
	return rows
}

// absentOptions are the options of commands that are there, or are coming, which no method
// has.
var absentOptions = []struct{ command, option, since, why string }{
	{"FLUSHALL", "ASYNC, SYNC", "4.0.0", "the collector frees what was there, beside all else"},
	{"FLUSHDB", "ASYNC, SYNC", "4.0.0", "as FLUSHALL"},
	{"MEMORY USAGE", "SAMPLES", "4.0.0", "the size of a value is kept, not estimated"},
	{"XADD", "IDMP, IDMPAUTO", "8.6.0", "a retry over a network adds an entry twice; here nothing is retried"},
	{"XREAD", "MAXCOUNT, MAXSIZE", "8.10.0", "they bound a reply over all streams; COUNT bounds it for each"},
	{"XREADGROUP", "MAXCOUNT, MAXSIZE", "8.10.0", "as XREAD"},
}

// laterFamilies are those of Redis that have no method yet, unless they are in the checklist.
var laterFamilies = []string{"bitmap", "hyperloglog", "geo", "stream", "pubsub", "scripting", "connection"}

// TestCommandsTable wants COMMANDS.md to be what the source says.
func TestCommandsTable(t *testing.T) {
	tree, err := parseTree(os.DirFS(".."), housePasses)
	require.NoError(t, err)
	methods := commandMethods(tree)
	require.Empty(t, checkCommands(checklist, methods))
	want := commandsTable(checklist, methods, readCoverage(t))
	if os.Getenv("ALCOVE_WRITE") != "" {
		require.NoError(t, os.WriteFile(commandsFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(commandsFile)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "ALCOVE_WRITE=1 go test ./store -run TestCommandsTable writes %s anew", commandsFile)
}

// commandMethods returns the methods of package store, as Type.Method, by the
// Redis commands that their doc comments name.
func commandMethods(tree *sourceTree) map[string][]string {
	commands := map[string][]string{}
	methods := tree.methods()
	for _, typ := range slices.Sorted(maps.Keys(methods)) {
		for _, d := range methods[typ] {
			for _, command := range commandsOf(d.Doc.Text()) {
				commands[command] = append(commands[command], typ+"."+d.Name.Name)
			}
		}
	}
	return commands
}

// commandsOf returns the Redis commands that a doc comment names.
func commandsOf(text string) []string {
	var commands []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		part := redisPart.FindStringSubmatch(strings.Join(strings.Fields(paragraph), " "))
		if part == nil {
			continue
		}
		for _, name := range redisName.FindAllStringSubmatch(part[1], -1) {
			commands = append(commands, name[1])
		}
	}
	return commands
}

// checkCommands says which commands are listed without a method and a reason,
// twice, or with both, and which have a method and are not listed.
func checkCommands(list []commandFamily, methods map[string][]string) []string {
	var complaints []string
	listed := map[string]bool{}
	for _, family := range list {
		for _, c := range family.commands {
			switch n := len(methods[c.name]); {
			case listed[c.name]:
				complaints = append(complaints, c.name+" is listed twice")
			case n == 0 && c.absent == "":
				complaints = append(complaints, c.name+" has neither a method nor a reason")
			case n > 0 && c.absent != "":
				complaints = append(complaints, c.name+" has a method and needs no reason")
			}
			listed[c.name] = true
		}
	}
	for _, command := range slices.Sorted(maps.Keys(methods)) {
		if !listed[command] {
			complaints = append(complaints, command+" is not in the checklist: "+strings.Join(methods[command], ", "))
		}
	}
	return complaints
}

// commandsTable returns the text of COMMANDS.md.
func commandsTable(list []commandFamily, methods map[string][]string, c *coverage) string {
	const page = "https://pkg.go.dev/" + modulePath + "/store#"
	var b strings.Builder
	later := slices.DeleteFunc(slices.Clone(laterFamilies), func(name string) bool {
		return slices.ContainsFunc(list, func(f commandFamily) bool { return f.name == name })
	})
	b.WriteString("<!-- Written by TestCommandsTable; do not edit. -->\n\n# Redis commands and Go methods\n\n" +
		"The commands of Redis 7.2 and those that came since, up to 8.10; a dash is what Alcove does not have, with the reason.\n" +
		"[Options](#options-that-are-not-there) that it does not have are at the end. Methods of `DB` are methods of `Store`,\n" +
		"too: a store is its database 0. Of the server's commands, only those on keys are methods. Families that have no\n" +
		"method yet: " + strings.Join(later, ", ") + ". All commands as words, with Redis's replies, are in package\n" +
		"[command](command/COMMANDS.md).\n")
	for _, family := range list {
		fmt.Fprintf(&b, "\n## %s\n\n| Command | Go method | Since Redis | Test | Benchmark |\n| --- | --- | --- | --- | --- |\n", family.name)
		for _, command := range family.commands {
			link := pageOf(command.name)
			var cells []string
			for _, m := range methods[command.name] {
				cells = append(cells, fmt.Sprintf("[%s](%s%s)", m, page, m))
			}
			tests, benchmark := c.testsOf(command, methods[command.name]), benchmarkOf(command.name)
			if len(cells) == 0 {
				cells, tests, benchmark = []string{"– " + command.absent}, "–", "–"
			}
			fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s |\n",
				command.name, link, strings.Join(cells, ", "), command.since, tests, benchmark)
		}
	}
	b.WriteString("\n## Options that are not there\n\n| Command | Option | Since Redis | Why |\n| --- | --- | --- | --- |\n")
	for _, o := range absentOptions {
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s |\n", o.command, pageOf(o.command), o.option, o.since, o.why)
	}
	return b.String()
}

// pageOf returns the address of a command's page.
func pageOf(command string) string {
	name, _ := strings.CutSuffix(command, " DIGEST") // DEBUG has one page
	return redisDocs + strings.ToLower(strings.ReplaceAll(name, " ", "-")) + "/"
}

func TestCommandsComplain(t *testing.T) {
	methods := map[string][]string{"GET": {"String.Get"}, "GETEX": {"String.GetEx"}, "COPY": {"DB.Copy", "DB.CopyWith"}}
	list := []commandFamily{
		{"string", []redisCommand{{"GET", "1.0.0", ""}, {"GETEX", "6.2.0", "later"}, {"SET", "1.0.0", ""}, {"LCS", "7.0.0", "later"}}},
		{"generic", []redisCommand{{"GET", "1.0.0", ""}}},
	}
	require.Equal(t, []string{
		"GETEX has a method and needs no reason",
		"SET has neither a method nor a reason",
		"GET is listed twice",
		"COPY is not in the checklist: DB.Copy, DB.CopyWith",
	}, checkCommands(list, methods))

	require.Equal(t, []string{"SETEX", "OBJECT HELP"}, commandsOf("It is O(1). Redis: [SETEX],\n[OBJECT HELP].\n\n[SETEX]: https://redis.io/\n"))
	require.Empty(t, commandsOf("SetEX returns [ErrClosed]. Redis: none.\n"))

	c := &coverage{redis: map[string]bool{"GET": true}}
	require.Empty(t, c.testsOf(redisCommand{name: "COPY"}, methods["COPY"]))
	require.Empty(t, c.testsOf(redisCommand{name: "GET", since: "8.10.0"}, methods["GET"]))
	require.Empty(t, benchmarkOf("NOTHING"))
	table := commandsTable(list, methods, c)
	require.Contains(t, commandsTable([]commandFamily{{name: "geo"}, {name: "stream"}}, nil, c), "method yet: bitmap, hyperloglog, pubsub, scripting, connection. All")
	require.Contains(t, table, "| [XREADGROUP]("+redisDocs+"xreadgroup/) | MAXCOUNT, MAXSIZE | 8.10.0 | as XREAD |\n")
	require.Contains(t, table, "| [GET]("+redisDocs+"get/) | [String.Get](https://pkg.go.dev/"+modulePath+"/store#String.Get) | 1.0.0 | TestRedisRandom | bench.BenchmarkStrings |\n")
	require.Contains(t, table, "| [LCS]("+redisDocs+"lcs/) | – later | 7.0.0 | – | – |\n")
}
