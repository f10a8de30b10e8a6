package command

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

const docsFile = "docs.txt"

// oTerms are what is kept of a complexity: what its letters mean is on the command's page.
var oTerms = regexp.MustCompile(`^O\((?:[^()]|\([^()]*\))*\)(?: ?\+ ?O\((?:[^()]|\([^()]*\))*\))*`)

// writeArguments writes arguments in the form that argumentParser reads.
func writeArguments(b *strings.Builder, list Reply) {
	for i, a := range list.Elems {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(field(a, "name").Str)
		if kind := field(a, "type").Str; kind != "string" {
			b.WriteString("|" + strings.TrimPrefix(kind, "pure-"))
		}
		flags := listOf(field(a, "flags"))
		for _, flag := range []struct{ mark, name string }{{"?", "optional"}, {"*", "multiple"}, {"+", "multiple_token"}} {
			if slices.Contains(flags, flag.name) {
				b.WriteString(flag.mark)
			}
		}
		if spec := field(a, "key_spec_index"); spec.Kind == Integer {
			fmt.Fprintf(b, "@%d", spec.Int)
		}
		for _, f := range []struct{ mark, name string }{{"^", "since"}, {"!", "deprecated_since"}, {"=", "token"}} {
			if value := field(a, f.name); value.Kind == Bulk {
				b.WriteString(f.mark + value.Str)
			}
		}
		if parts := field(a, "arguments"); parts.Kind == Array {
			b.WriteByte('(')
			writeArguments(b, parts)
			b.WriteByte(')')
		}
	}
}

// docsLines adds the line of a command, and of its subcommands.
func docsLines(lines map[string]string, name string, r Reply) {
	var arguments strings.Builder
	writeArguments(&arguments, field(r, "arguments"))
	lines[name] = strings.Join([]string{
		name, oTerms.FindString(field(r, "complexity").Str), strings.Join(listOf(field(r, "doc_flags")), " "),
		field(r, "deprecated_since").Str, field(r, "replaced_by").Str, arguments.String(),
	}, "\t")
	subs := field(r, "subcommands")
	for i := 0; i+1 < len(subs.Elems); i += 2 {
		docsLines(lines, subs.Elems[i].Str, subs.Elems[i+1])
	}
}

// The lines of docs.txt are what redis-server says. After a new row,
//
//	ALCOVE_WRITE=1 go test ./store/command -run TestDocs
//
// writes the file anew; the lines of commands that 7.0.15 does not have stay as they are.
func TestDocs(t *testing.T) {
	c := dialRedis(t, startRedis(t))
	c.do(t, "HELLO", "3")
	lines := map[string]string{}
	all := c.do(t, "COMMAND", "DOCS")
	for i := 0; i+1 < len(all.Elems); i += 2 {
		if byName[all.Elems[i].Str] != nil {
			docsLines(lines, all.Elems[i].Str, all.Elems[i+1])
		}
	}
	old, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	for line := range strings.Lines(string(old)) {
		if name, _, _ := strings.Cut(line, "\t"); newerRows[name] || newerArity[name] {
			lines[name] = strings.TrimSuffix(line, "\n")
		}
	}
	for name := range lines {
		require.NotNil(t, aclLookup(name), name)
	}
	var want strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		want.WriteString(lines[name] + "\n")
	}
	if os.Getenv("ALCOVE_WRITE") != "" {
		require.NoError(t, os.WriteFile(docsFile, []byte(want.String()), 0o644))
	}
	require.Equal(t, want.String(), string(old))
}

// commandSession is a session, and a connection to Redis that it is compared with.
func commandSession(t *testing.T, proto int) (ours func(words ...string) Reply, theirs func(words ...string) Reply) {
	c := dialRedis(t, startRedis(t))
	s := store.New()
	t.Cleanup(func() { s.Close() })
	session := NewServer(s).NewSession(nil)
	t.Cleanup(func() { session.Close() })
	normal := asRESP3
	if proto == 2 {
		normal = asRESP2
	}
	ours = func(words ...string) Reply { return normal(session.Do(context.Background(), words)) }
	theirs = func(words ...string) Reply { return normal(c.do(t, words...)) }
	hello := []string{"HELLO", fmt.Sprint(proto)}
	ours(hello...)
	theirs(hello...)
	return ours, theirs
}

// withoutField drops fields of a map, and of the maps in it.
func withoutField(r Reply, drop func(name string, value Reply) bool) Reply {
	var elems []Reply
	for i := 0; i < len(r.Elems); i++ {
		if i+1 < len(r.Elems) && r.Elems[i].Kind == Bulk && drop(r.Elems[i].Str, r.Elems[i+1]) {
			i++
			continue
		}
		elems = append(elems, withoutField(r.Elems[i], drop))
	}
	r.Elems = elems
	return r
}

// asSets makes a set of the pairs of each map, for their order means nothing.
func asSets(r Reply) Reply {
	elems := make([]Reply, len(r.Elems))
	for i, e := range r.Elems {
		elems[i] = asSets(e)
	}
	r.Elems = elems
	if r.Kind == Map {
		r.Kind, r.Elems = Set, nil
		for i := 0; i+1 < len(elems); i += 2 {
			r.Elems = append(r.Elems, array(elems[i], elems[i+1]))
		}
	}
	return r
}

// documented are the names of the commands that both have.
func documented() (names []string) {
	for cmd := range everyCommand() {
		if !newerRows[cmd.FullName()] && cmd.parent == nil {
			names = append(names, cmd.FullName())
		}
	}
	return names
}

// TestCommandDocs compares what COMMAND DOCS and INFO say, but for what differs on purpose.
func TestCommandDocs(t *testing.T) {
	for _, proto := range []int{2, 3} {
		ours, theirs := commandSession(t, proto)
		differs := func(name string, value Reply) bool {
			return name == "summary" || name == "history" || name == "notes" || newerRows[name] ||
				name == "complexity" && oTerms.FindString(value.Str) == ""
		}
		shortened := func(r Reply) Reply {
			r = withoutField(r, differs)
			var walk func(r *Reply)
			walk = func(r *Reply) {
				for i := range r.Elems {
					if i > 0 && r.Elems[i-1].Str == "complexity" {
						r.Elems[i].Str = oTerms.FindString(r.Elems[i].Str)
					}
					walk(&r.Elems[i])
				}
			}
			walk(&r)
			return inAnyOrder(asSets(r))
		}
		for _, name := range documented() {
			if newerArity[name] {
				continue
			}
			require.Equal(t, fmt.Sprint(shortened(theirs("COMMAND", "DOCS", name))), fmt.Sprint(shortened(ours("COMMAND", "DOCS", name))), name)
			want, got := theirs("COMMAND", "INFO", name), ours("COMMAND", "INFO", name)
			for _, r := range []*Reply{&want, &got} {
				r.Elems[0].Elems[9].Elems = slices.DeleteFunc(r.Elems[0].Elems[9].Elems, func(sub Reply) bool {
					return newerRows[sub.Elems[0].Str]
				})
			}
			require.Equal(t, fmt.Sprint(shortened(want)), fmt.Sprint(shortened(got)), name)
		}
	}
}

// TestCommandDocsNewer wants arguments of the commands that 7.0.15 does not have, too.
func TestCommandDocsNewer(t *testing.T) {
	for cmd := range everyCommand() {
		d, found := allDocs()[cmd.FullName()]
		require.True(t, found, "%s has no line in %s", cmd.FullName(), docsFile)
		if !newerRows[cmd.FullName()] {
			continue
		}
		require.NotEmpty(t, d.arguments, cmd.FullName())
		p := argumentParser{text: d.arguments}
		list := p.list()
		require.Empty(t, p.text, cmd.FullName())
		var b strings.Builder
		writeArguments(&b, list)
		require.Equal(t, d.arguments, b.String())
	}
}

// keyWords are what TestGetKeys makes commands of, beside the names of keys.
var keyWords = []string{
	"0", "1", "2", "3", "-1", "x", "9", "GET", "STORE", "STOREDIST", "STREAMS", "KEYS", "BY", "COUNT", "FROMMEMBER",
	"BLOCK", "GROUP", "LIMIT", "", "#", "*", "SET", "LEFT", "WITHSCORES", "AUTH", "EX", "usage", "9223372036854775807",
	"1x", " 2", "+1", "01", "1.5", "4294967297", "-4294967295", "99999999999999999999", "OVERFLOW", "WRAP", "u8",
}

// TestGetKeys asks both for the keys in the same words, of each command.
func TestGetKeys(t *testing.T) {
	ours, theirs := commandSession(t, 2)
	rnd := rand.New(rand.NewPCG(3, 4))
	for cmd := range everyCommand() {
		if newerRows[cmd.FullName()] || newerArity[cmd.FullName()] {
			continue
		}
		for range 30 {
			words := strings.Split(cmd.FullName(), "|")
			for range rnd.IntN(9) {
				if rnd.IntN(2) == 0 {
					words = append(words, keyWords[rnd.IntN(len(keyWords))])
				} else {
					words = append(words, string('a'+rune(rnd.IntN(26))))
				}
			}
			for _, sub := range []string{"GETKEYS", "GETKEYSANDFLAGS"} {
				line := append([]string{"COMMAND", sub}, words...)
				want, got := theirs(line...), ours(line...)
				for _, r := range []*Reply{&want, &got} { // the flags are a set
					for i := range r.Elems {
						r.Elems[i] = inAnyOrder(r.Elems[i])
					}
				}
				if !reflect.DeepEqual(want, got) {
					t.Errorf("%q\nRedis: %v\n ours: %v", line, want, got)
				}
			}
		}
	}
}

// TestCommandList compares the names that a filter leaves.
func TestCommandList(t *testing.T) {
	ours, theirs := commandSession(t, 3)
	known := map[string]bool{}
	for cmd := range everyCommand() {
		known[cmd.FullName()] = true
	}
	both := func(words ...string) {
		want, got := theirs(words...), ours(words...)
		want.Elems = slices.DeleteFunc(want.Elems, func(e Reply) bool { return !known[e.Str] && e.Kind == Bulk })
		got.Elems = slices.DeleteFunc(got.Elems, func(e Reply) bool { return newerRows[e.Str] })
		if len(got.Elems) == 0 {
			got.Elems, want.Elems = nil, slices.Clip(want.Elems)
		}
		if len(want.Elems) == 0 {
			want.Elems = nil
		}
		require.Equal(t, inAnyOrder(want), inAnyOrder(got), "%q", words)
	}
	both("COMMAND", "LIST")
	for _, category := range append(slices.Clone(categoryNames), "", "nosuch", "@read", "READ", "all") {
		both("COMMAND", "LIST", "FILTERBY", "ACLCAT", category)
	}
	for _, pattern := range []string{"*", "x*", "X*", "", "config|*", "*get*", "ge[st]", "[", "a\x00*", "*|*", "\\x*", "client"} {
		both("COMMAND", "LIST", "FILTERBY", "PATTERN", pattern)
	}
	for _, line := range []string{
		"FILTERBY", "FILTERBY MODULE", "FILTERBY MODULE x", "filterby nosuch x", "FILTERBY PATTERN a b", "x", "FILTERBY ACLCAT",
	} {
		both(append([]string{"COMMAND", "LIST"}, strings.Fields(line)...)...)
	}
	for _, line := range []string{
		"COMMAND x", "COMMAND COUNT x", "COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS", "COMMAND INFO nosuch get config|get config|nosuch",
		"COMMAND DOCS nosuch config|nosuch", "COMMAND DOCS nosuch", "COMMAND INFO GET", "COMMAND INFO client|", "COMMAND HELP", "COMMAND HELP x",
		"COMMAND GETKEYS nosuch", "COMMAND GETKEYS config get x", "COMMAND GETKEYS memory usage k", "COMMAND GETKEYS memory",
	} {
		words := strings.Fields(line)
		require.Equal(t, inAnyOrder(theirs(words...)), inAnyOrder(ours(words...)), line)
	}
}
