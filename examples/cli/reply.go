package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// asSent returns a reply as it comes to a client: RESP2 has fewer types.
func asSent(r command.Reply, proto int) command.Reply {
	if proto == 3 {
		return r
	}
	sent, err := resp.NewReplyReader(bytes.NewReader(resp.AppendReply(nil, proto, r))).Next()
	if err != nil {
		return r
	}
	return sent
}

// isText says whether the reply to a command is a text for people, which redis-cli prints as
// it is.
func isText(args []string) bool {
	words := strings.ToLower(strings.Join(args[:min(2, len(args))], " "))
	switch words {
	case "memory malloc-stats", "memory doctor", "cluster nodes", "cluster info", "client list", "client info",
		"latency graph", "latency doctor":
		return true
	}
	word, _, _ := strings.Cut(words, " ")
	return word == "info" || word == "lolwut"
}

// number returns the digits of a double as the protocol has them.
func number(r command.Reply) string {
	return strings.Trim(string(resp.AppendReply(nil, 3, r)), ",\r\n")
}

// raw returns a reply without types, as redis-cli prints it where nobody looks.
func raw(r command.Reply) string {
	switch r.Kind {
	case command.Null, command.NullArray:
		return ""
	case command.Error:
		return r.Str + "\n"
	case command.Integer:
		return strconv.FormatInt(r.Int, 10)
	case command.Double:
		return number(r)
	case command.Bool:
		return truth(r)
	case command.Array, command.Set, command.Push, command.Map:
		var b strings.Builder
		for i, e := range r.Elems {
			switch {
			case i == 0:
			case r.Kind == command.Map && i%2 == 1:
				b.WriteByte(' ')
			default:
				b.WriteByte('\n')
			}
			b.WriteString(raw(e))
		}
		return b.String()
	}
	return r.Str
}

func truth(r command.Reply) string {
	if r.Int != 0 {
		return "(true)"
	}
	return "(false)"
}

// typed returns a reply with its types, as redis-cli prints it on a terminal. Indent stands
// before the lines of what is in it, but for the first.
func typed(r command.Reply, indent string) string {
	switch r.Kind {
	case command.Error:
		return "(error) " + r.Str + "\n"
	case command.Integer:
		return fmt.Sprintf("(integer) %d\n", r.Int)
	case command.Double:
		return "(double) " + number(r) + "\n"
	case command.Bool:
		return truth(r) + "\n"
	case command.Bulk:
		return quote(r.Str) + "\n"
	case command.Null, command.NullArray:
		return "(nil)\n"
	case command.Array, command.Set, command.Push, command.Map:
		return elements(r, indent)
	}
	return r.Str + "\n"
}

// empty is what stands for a reply without elements, mark what stands behind a number.
var (
	empty = map[command.Kind]string{command.Array: "array", command.Set: "set", command.Push: "push", command.Map: "hash"}
	mark  = map[command.Kind]string{command.Array: ")", command.Set: "~", command.Push: ")", command.Map: "#"}
)

func elements(r command.Reply, indent string) string {
	each := 1
	if r.Kind == command.Map {
		each = 2
	}
	n := len(r.Elems) / each
	if n == 0 {
		return "(empty " + empty[r.Kind] + ")\n"
	}
	width := len(strconv.Itoa(n))
	inner := indent + strings.Repeat(" ", width+2)
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(indent)
		}
		fmt.Fprintf(&b, "%*d%s ", width, i+1, mark[r.Kind])
		text := typed(r.Elems[i*each], inner)
		if each == 2 {
			text = strings.TrimSuffix(text, "\n") + " => "
			value := typed(r.Elems[i*each+1], inner)
			if len(r.Elems[i*each+1].Elems) > 0 && strings.Count(value, "\n") > 1 {
				text += "\n" + inner
			}
			text += value
		}
		b.WriteString(text)
	}
	return b.String()
}

// quote is sdscatrepr of Redis's sds.c: what is not printable in ASCII is escaped.
func quote(text string) string {
	b := []byte{'"'}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ' && c <= '~':
			b = append(b, c)
		case strings.IndexByte("\n\r\t\a\b", c) >= 0:
			b = append(b, '\\', "nrtab"[strings.IndexByte("\n\r\t\a\b", c)])
		default:
			b = fmt.Appendf(b, "\\x%02x", c)
		}
	}
	return string(append(b, '"'))
}

// invalidation tells which keys a client that tracks must forget, all if there is no list.
func invalidation(keys command.Reply) string {
	var names []string
	for _, key := range keys.Elems {
		names = append(names, "'"+key.Str+"'")
	}
	return "-> invalidate: " + strings.Join(names, ", ") + "\n"
}
