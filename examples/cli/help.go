package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/alcovedb/alcove/store/command"
)

const about = `Redis's commands, over a store in this process.
To get help about them type:
      "help @<group>" to get the commands of a group
      "help <command>" for a command
      "history" for what was typed, "!!" and "!<number>" to run it again
      "clear" for an empty screen
      "quit" to exit
`

// help returns the text of HELP with what follows it.
func (p *prompt) help(ctx context.Context, args []string) string {
	if len(args) == 0 {
		return about
	}
	var b strings.Builder
	b.WriteString("\n")
	group, byGroup := strings.CutPrefix(strings.ToLower(args[0]), "@")
	for _, cmd := range command.Commands() {
		if byGroup && cmd.Group == group {
			p.describe(ctx, &b, cmd, false)
		}
	}
	if cmd := command.Lookup(args); !byGroup && cmd != nil {
		p.describe(ctx, &b, cmd, true)
		for _, sub := range cmd.Subs {
			p.describe(ctx, &b, sub, false)
		}
	}
	return b.String()
}

// describe writes what the table of commands says of one of them.
func (p *prompt) describe(ctx context.Context, b *strings.Builder, cmd *command.Command, group bool) {
	name := cmd.FullName()
	syntax := strings.ToUpper(strings.ReplaceAll(name, "|", " "))
	// The session may be in a transaction, where it would be queued.
	if r, err := command.Do(ctx, p.docs, "COMMAND", "DOCS", name); err == nil && len(r.Elems) == 2 {
		syntax += arguments(field(r.Elems[1], "arguments"), " ", " ")
	}
	fmt.Fprintf(b, "  %s\n  summary: %s\n  since: %s\n", syntax, cmd.Summary, cmd.Since)
	if group {
		fmt.Fprintf(b, "  group: %s\n", cmd.Group)
	}
	b.WriteString("\n")
}

// field returns the value of a field of a map.
func field(r command.Reply, name string) command.Reply {
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if r.Elems[i].Str == name {
			return r.Elems[i+1]
		}
	}
	return command.Reply{}
}

// arguments returns how a list of arguments is written, with first before it and between.
func arguments(list command.Reply, first, between string) string {
	var b strings.Builder
	for i, arg := range list.Elems {
		if i == 0 {
			b.WriteString(first)
		} else {
			b.WriteString(between)
		}
		b.WriteString(argument(arg))
	}
	return b.String()
}

// argument returns how an argument is written.
func argument(arg command.Reply) string {
	text, parts := field(arg, "name").Str, field(arg, "arguments")
	switch field(arg, "type").Str {
	case "pure-token":
		text = ""
	case "block":
		text = arguments(parts, "", " ")
	case "oneof":
		text = arguments(parts, "", "|")
	}
	flags := map[string]bool{}
	for _, flag := range field(arg, "flags").Elems {
		flags[flag.Str] = true
	}
	token := field(arg, "token")
	word := cmp.Or(token.Str, `""`)
	switch {
	case flags["multiple_token"]:
		text += " [" + word + " " + text + " ...]"
	case flags["multiple"]:
		text += " [" + text + " ...]"
	}
	if token.Kind == command.Bulk {
		text = strings.TrimSuffix(word+" "+text, " ")
	}
	if flags["optional"] {
		text = "[" + text + "]"
	}
	return text
}
