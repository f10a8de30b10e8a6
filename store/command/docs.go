package command

import (
	_ "embed"
	"strings"
	"sync"
)

// docsText has a line for each command and subcommand: name, complexity, flags, since when it
// is deprecated, what replaces it, arguments; with tabs between. Those of 7.0.15 are as it has
// them; TestDocs writes their lines, and takes over the others.
//
//go:embed docs.txt
var docsText string

// docs are the facts about a command that only COMMAND DOCS tells.
type docs struct {
	complexity, flags, deprecated, replacedBy string
	arguments                                 string
}

// allDocs returns the docs by the full names of commands.
var allDocs = sync.OnceValue(func() map[string]docs {
	all := map[string]docs{}
	for line := range strings.Lines(docsText) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) == 6 {
			all[f[0]] = docs{complexity: f[1], flags: f[2], deprecated: f[3], replacedBy: f[4], arguments: f[5]}
		}
	}
	return all
})

// docs is what COMMAND DOCS says (addReplyCommandDocs in server.c). Its history is left out.
func (cmd *Command) docs() Reply {
	r := pairs(bulk("summary"), bulk(cmd.Summary), bulk("since"), bulk(cmd.Since), bulk("group"), bulk(cmd.Group))
	add := func(name string, value Reply) { r.Elems = append(r.Elems, bulk(name), value) }
	d := allDocs()[cmd.FullName()]
	if d.complexity != "" {
		add("complexity", bulk(d.complexity))
	}
	if d.flags != "" {
		add("doc_flags", setOf("", strings.Fields(d.flags)))
	}
	if d.deprecated != "" {
		add("deprecated_since", bulk(d.deprecated))
	}
	if d.replacedBy != "" {
		add("replaced_by", bulk(d.replacedBy))
	}
	if d.arguments != "" {
		p := argumentParser{text: d.arguments}
		add("arguments", p.list())
	}
	if cmd.Subs != nil {
		subs := pairs()
		for _, sub := range cmd.Subs {
			subs.Elems = append(subs.Elems, bulk(sub.FullName()), sub.docs())
		}
		add("subcommands", subs)
	}
	return r
}

// An argumentParser reads arguments as docs.txt has them, with spaces between. One is its
// name and, where they are not what most arguments have,
//
//	|type      which is string otherwise; token is pure-token
//	?          it is optional
//	*          it may be there several times
//	+          so may its token
//	@1         the number of the key spec that it is of
//	^1.2.3     since when it is there
//	!1.2.3     since when it is deprecated
//	=TOKEN     what comes before it
//	(...)      the arguments that it is made of
//
// in this order.
type argumentParser struct {
	text string
}

// list reads arguments up to the end, or to a closing parenthesis.
func (p *argumentParser) list() Reply {
	r := array()
	for p.text != "" && p.text[0] != ')' {
		r.Elems = append(r.Elems, p.argument())
		p.text = strings.TrimLeft(p.text, " ")
	}
	return r
}

// word takes what comes before any of some marks.
func (p *argumentParser) word(marks string) string {
	n := strings.IndexAny(p.text, marks)
	if n < 0 {
		n = len(p.text)
	}
	word := p.text[:n]
	p.text = p.text[n:]
	return word
}

// after takes what follows a mark, and says whether that is there.
func (p *argumentParser) after(mark, marks string) (string, bool) {
	rest, found := strings.CutPrefix(p.text, mark)
	if !found {
		return "", false
	}
	p.text = rest
	return p.word(marks), true
}

func (p *argumentParser) argument() Reply {
	const marks = "|?*+@^!=() "
	r := pairs(bulk("name"), bulk(p.word(marks)))
	add := func(name string, value Reply) { r.Elems = append(r.Elems, bulk(name), value) }
	kind, found := p.after("|", marks)
	switch {
	case !found:
		kind = "string"
	case kind == "token":
		kind = "pure-token"
	}
	add("type", bulk(kind))
	var flags []string
	for _, flag := range []struct{ mark, name string }{{"?", "optional"}, {"*", "multiple"}, {"+", "multiple_token"}} {
		if _, found := p.after(flag.mark, marks); found {
			flags = append(flags, flag.name)
		}
	}
	spec, isKey := p.after("@", marks)
	since, hasSince := p.after("^", marks)
	deprecated, isDeprecated := p.after("!", marks)
	token, hasToken := p.after("=", "() ")
	if n, ok := parseInt(spec); isKey && ok {
		add("key_spec_index", integer(n))
	}
	if hasToken {
		add("token", bulk(token))
	}
	if hasSince {
		add("since", bulk(since))
	}
	if isDeprecated {
		add("deprecated_since", bulk(deprecated))
	}
	if flags != nil {
		add("flags", setOf("", flags))
	}
	if rest, found := strings.CutPrefix(p.text, "("); found {
		p.text = rest
		add("arguments", p.list())
		p.text = strings.TrimPrefix(p.text, ")")
	}
	return r
}
