package command

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// COMMANDS.md says which commands there are. It is made of the table of commands, of the list
// of those of Redis 7.2 in testdata, of the Go methods that package store's COMMANDS.md names,
// and of the reasons below. After a change to any of these,
//
//	ALCOVE_WRITE=1 go test ./store/command -run TestCommandsPage
//
// writes it anew.

const commandsPage = "COMMANDS.md"

// absentReasons are why commands are not there. A name with a star is that of all that begin so.
var absentReasons = []struct{ since, names, why string }{
	{"", "pfdebug pfselftest", "they test the server from within; here the package's tests do"},
	{"", "bgrewriteaof bgsave save", "nothing is written to disk"},
	{"", "shutdown", "the program ends it: Close"},
	{"", "failover psync replconf sync", "there are no replicas"},
	{"", "restore-asking cluster|myshardid", "there is no cluster"},
	{"8.2.0", "cluster|slot-stats", "there is no cluster"},
	{"8.4.0", "cluster|migration", "there is no cluster"},
	{"8.10.0", "backup", "nothing is written to disk"},
	{"8.0.0", "json.* ft.* ts.* bf.* cf.* cms.* topk.* tdigest.*", "documents, search, time series and sketches are products of their own"},
	{"Valkey 8.0", "client|capa script|show", "they are about redirections and scripts that an engine keeps"},
}

// remarks are what there is to say of commands that are there.
var remarks = map[string]string{
	"migrate":             "a clear error: there is no network",
	"wait":                "answers for zero replicas",
	"waitaof":             "answers for zero replicas, and no file",
	"cluster":             "answers that there is no cluster, or with WithClusterRules as the only node of one, whose slots stay",
	"asking":              "as CLUSTER",
	"readonly":            "as CLUSTER",
	"readwrite":           "as CLUSTER",
	"config|rewrite":      "answers that there is no file",
	"acl|load":            "answers that there is no file",
	"acl|save":            "answers that there is no file",
	"lastsave":            "when the server began",
	"module|load":         "answers that it is not allowed",
	"module|loadex":       "answers that it is not allowed",
	"module|unload":       "answers that it is not allowed",
	"replicaof":           "NO ONE; for others a clear error: there is no network",
	"slaveof":             "NO ONE; for others a clear error: there is no network",
	"role":                "a master without replicas",
	"object|refcount":     "1, or that of a shared integer",
	"memory|malloc-stats": "answers that there are none",
	"eval":                "by a ScriptEngine",
	"evalsha":             "by a ScriptEngine",
	"eval_ro":             "by a ScriptEngine",
	"evalsha_ro":          "by a ScriptEngine",
	"fcall":               "by a ScriptEngine",
	"fcall_ro":            "by a ScriptEngine",
	"script":              "by a ScriptEngine",
	"function":            "by a ScriptEngine",
}

// dataGroups are the groups whose commands are about data.
var dataGroups = []string{
	"string", "bitmap", "hyperloglog", "hash", "list", "set", "sorted-set", "geo", "stream", "generic", "pubsub", "transactions",
}

// pageGroups are all groups, in the order of the page.
var pageGroups = append(slices.Clone(dataGroups), "connection", "server", "scripting", "cluster")

// A listed command stands in a list of Redis's.
type listed struct{ group, name, since, why string }

// redis72 returns the commands of Redis 7.2.
func redis72(t *testing.T) (list []listed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "redis72.tsv"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			list = append(list, listed{group: f[0], name: f[1], since: f[2]})
		}
	}
	return list
}

var (
	storeRow    = regexp.MustCompile(`(?m)^\| \[([A-Z _]+)\]\([^)]*\) \| (.*?) \| ([0-9.]+) \|`)
	storeMethod = regexp.MustCompile(`\[[^]]+\]\([^)]+\)`)
)

// storeCommands returns what package store's COMMANDS.md says: the links to the methods of a
// command, and the commands that it does not have.
func storeCommands(t *testing.T) (methods map[string]string, absent []listed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", commandsPage))
	require.NoError(t, err)
	methods = map[string]string{}
	group := ""
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		group, _, _ = strings.Cut(part, "\n")
		for _, row := range storeRow.FindAllStringSubmatch(part, -1) {
			name := strings.ToLower(strings.ReplaceAll(row[1], " ", "|"))
			if why, missing := strings.CutPrefix(row[2], "– "); missing {
				absent = append(absent, listed{group, name, row[3], why})
			} else {
				methods[name] = strings.Join(storeMethod.FindAllString(row[2], -1), ", ")
			}
		}
	}
	require.NotEmpty(t, methods)
	methods["debug"] = methods["debug|digest"] // its subcommands have no rows
	delete(methods, "debug|digest")
	return methods, absent
}

// absentCommands returns those that are not there, and complaints about such as have no reason.
func absentCommands(t *testing.T, list, more []listed) (rows []listed, complaints []string) {
	used := map[string]bool{}
	reason := func(name string) string {
		for _, r := range absentReasons {
			for _, pattern := range strings.Fields(r.names) {
				prefix, isPrefix := strings.CutSuffix(pattern, "*")
				if name == pattern || isPrefix && strings.HasPrefix(name, prefix) {
					used[r.names] = true
					return r.why
				}
			}
		}
		return ""
	}
	known := map[string]bool{}
	for _, c := range list {
		known[c.name] = true
		if aclLookup(c.name) != nil {
			continue
		}
		if c.why = reason(c.name); c.why == "" {
			complaints = append(complaints, c.name+" has neither a row nor a reason")
		}
		rows = append(rows, c)
	}
	for _, c := range more { // what package store lists, and does not have
		if !known[c.name] && aclLookup(c.name) == nil {
			rows = append(rows, c)
		}
	}
	for _, r := range absentReasons {
		if r.since == "" && !used[r.names] {
			complaints = append(complaints, "nobody needs the reason of "+r.names)
		}
		for _, name := range strings.Fields(r.names) {
			switch {
			case aclLookup(name) != nil:
				complaints = append(complaints, name+" has a row and a reason")
			case r.since != "":
				rows = append(rows, listed{"", name, r.since, r.why})
			}
		}
	}
	return rows, complaints
}

// link returns the name of a command with the address of its page, where it has one.
func link(name, since string) string {
	shown := strings.ToUpper(strings.ReplaceAll(name, "|", " "))
	if strings.Contains(name, "*") || strings.HasPrefix(since, "Valkey") {
		return shown
	}
	site := "https://redis.io/docs/latest/commands/"
	if name == "delifeq" {
		site = "https://valkey.io/commands/"
	}
	return "[" + shown + "](" + site + strings.ReplaceAll(name, "|", "-") + "/)"
}

// rowsOf returns the rows of a group, each followed by those of its subcommands.
func rowsOf(group string) (rows []*Command) {
	for _, cmd := range Commands() {
		if cmd.Group == group {
			rows = append(rows, cmd)
			subs := slices.Clone(cmd.Subs)
			slices.SortFunc(subs, func(a, b *Command) int { return cmp.Compare(a.Name, b.Name) })
			rows = append(rows, subs...)
		}
	}
	return rows
}

// page returns the text of COMMANDS.md.
func page(methods map[string]string, absent []listed) string {
	var b strings.Builder
	commands, subs, newer := 0, 0, 0
	for cmd := range everyCommand() {
		switch {
		case cmd.parent != nil:
			subs++
		default:
			commands++
		}
		if newerRows[cmd.FullName()] {
			newer++
		}
	}
	fmt.Fprintf(&b, `<!-- Written by TestCommandsPage; do not edit. -->

# Commands

The Redis face, packages [command](https://pkg.go.dev/github.com/alcovedb/alcove/store/command) and
[resp](https://pkg.go.dev/github.com/alcovedb/alcove/store/resp), has %d commands and %d subcommands. Of the 192
commands on data that Redis 7.2 has, pub/sub and transactions included, two are [absent](#absent). %d rows came
after Redis 7.0.15, whose replies and errors all others have to the letter, but for what
[differs on purpose](#what-differs-on-purpose).

Arity counts the words of a command with its name; a negative one says that there may be more. Flags are those of
COMMAND INFO. The Go method is that of package store which does the same with types; where it is empty, there is
none, or the command is about the client or the server.
`, commands, subs, newer)
	for _, group := range pageGroups {
		fmt.Fprintf(&b, "\n## %s\n\n| Command | Arity | Flags | Since Redis | Go method | Remark |\n| --- | --- | --- | --- | --- | --- |\n", group)
		for _, cmd := range rowsOf(group) {
			name := cmd.FullName()
			since := cmd.Since
			if name == "delifeq" {
				since = "Valkey " + since
			}
			fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s |\n", link(name, cmd.Since), cmd.Arity, strings.Join(cmd.Flags.Names(), " "),
				since, methods[name], remarks[name])
		}
	}
	b.WriteString("\n## Absent\n\n| Command | Since Redis | Why |\n| --- | --- | --- |\n")
	for _, c := range absent {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", link(c.name, c.since), c.since, c.why)
	}
	b.WriteString("\n## What differs on purpose\n\n| Command | What | Why |\n| --- | --- | --- |\n")
	for _, d := range differences {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", d.commands, d.what, d.why)
	}
	return b.String()
}

// TestCommandsPage wants COMMANDS.md to be what the table says.
func TestCommandsPage(t *testing.T) {
	methods, more := storeCommands(t)
	absent, complaints := absentCommands(t, redis72(t), more)
	require.Empty(t, complaints)
	for name := range remarks {
		require.NotNil(t, aclLookup(name), name)
	}
	for name := range methods {
		require.NotNil(t, aclLookup(name), "package store has %s, and the table has not", name)
	}
	for cmd := range everyCommand() {
		require.Contains(t, pageGroups, cmd.Group, cmd.FullName())
	}
	want := page(methods, absent)
	if os.Getenv("ALCOVE_WRITE") != "" {
		require.NoError(t, os.WriteFile(commandsPage, []byte(want), 0o644))
	}
	got, err := os.ReadFile(commandsPage)
	require.NoError(t, err)
	require.True(t, want == string(got), "ALCOVE_WRITE=1 go test ./store/command -run TestCommandsPage writes %s anew", commandsPage)
}

// TestDataCommands wants all of Redis 7.2's commands on data but the two that test the server.
func TestDataCommands(t *testing.T) {
	var absent []string
	n := 0
	for _, c := range redis72(t) {
		if !slices.Contains(dataGroups, c.group) {
			continue
		}
		if !strings.Contains(c.name, "|") {
			n++
		}
		cmd := aclLookup(c.name)
		if cmd == nil || cmd.run == nil && cmd.Subs == nil {
			absent = append(absent, c.name)
			continue
		}
		require.Equal(t, c.group, cmd.Group, c.name)
		require.Equal(t, c.since, cmd.Since, c.name)
	}
	require.Equal(t, 192, n)
	require.Equal(t, []string{"pfdebug", "pfselftest"}, absent)
}
