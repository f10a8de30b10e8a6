package command

import (
	"context"
	"math"
	"strings"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
	"github.com/alcovedb/alcove/store/internal/words"
)

// call is one command that runs.
type call struct {
	ctx  context.Context // ends with the session, and with a wait that is unblocked
	s    *Session
	db   store.DB  // where it runs: in EXEC and in scripts that of the transaction
	tx   *store.Tx // the transaction, nil outside of one
	cmd  *Command
	args []string // with the name

	script *ScriptCall // whose command it is, nil if it is none's
	shown  bool        // monitors have been told of it
}

// resp3 says whether the client speaks RESP3, where some replies have another form.
func (c *call) resp3() bool {
	if c.script != nil {
		return c.script.proto == 3
	}
	return c.s.proto == 3
}

// rest returns the words from place i on, none if there are none.
func (c *call) rest(i int) []string {
	if i >= len(c.args) {
		return nil
	}
	return c.args[i:]
}

// is says whether the word at i is a keyword, whatever its case.
func (c *call) is(i int, keyword string) bool { return same(c.args[i], keyword) }

// Replies that have no parts.
var (
	ok     = Reply{Kind: Simple, Str: "OK"}
	null   = Reply{Kind: Null}
	noList = Reply{Kind: NullArray}
	silent = Reply{}
)

func bulk(text string) Reply     { return Reply{Kind: Bulk, Str: text} }
func simple(text string) Reply   { return Reply{Kind: Simple, Str: text} }
func integer(n int64) Reply      { return Reply{Kind: Integer, Int: n} }
func verbatim(text string) Reply { return Reply{Kind: Verbatim, Str: text} }
func double(f float64) Reply     { return Reply{Kind: Double, Float: f} }
func array(elems ...Reply) Reply { return Reply{Kind: Array, Elems: elems} }
func pairs(elems ...Reply) Reply { return Reply{Kind: Map, Elems: elems} }

// The replies of results with their error.

func okOr(err error) Reply {
	if err != nil {
		return failure(err)
	}
	return ok
}

func intOr(n int64, err error) Reply {
	if err != nil {
		return failure(err)
	}
	return integer(n)
}

func countOr(n int, err error) Reply { return intOr(int64(n), err) }

func yesOr(yes bool, err error) Reply {
	if yes {
		return intOr(1, err)
	}
	return intOr(0, err)
}

// textOr is a bulk string, or null where there is none.
func textOr(text string, err error) Reply {
	switch err {
	case nil:
		return bulk(text)
	case store.ErrNotFound:
		return null
	}
	return failure(err)
}

// doubleOr is a number, or null where there is none.
func doubleOr(f float64, err error) Reply {
	switch err {
	case nil:
		return double(f)
	case store.ErrNotFound:
		return null
	}
	return failure(err)
}

func textsOr(list []string, err error) Reply {
	if err != nil {
		return failure(err)
	}
	return texts(list)
}

// texts is an array of bulk strings.
func texts(list []string) Reply {
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, text := range list {
		r.Elems[i] = bulk(text)
	}
	return r
}

// textSetOr is textsOr for what RESP3 has as a set.
func textSetOr(list []string, err error) Reply {
	r := textsOr(list, err)
	if err == nil {
		r.Kind = Set
	}
	return r
}

// optional is a bulk string or null.
func optional(o store.Optional) Reply {
	if !o.Found {
		return null
	}
	return bulk(o.Value)
}

func optionalsOr(list []store.Optional, err error) Reply {
	if err != nil {
		return failure(err)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, o := range list {
		r.Elems[i] = optional(o)
	}
	return r
}

// parseInt reads an integer.
func parseInt(text string) (int64, bool) { return words.Int(text) }

// int reads the word at i as an integer.
func (c *call) int(i int) (int64, *Reply) {
	n, ok := parseInt(c.args[i])
	if !ok {
		return 0, &errNotInteger
	}
	return n, nil
}

// count reads the word at i as a number from least to most; text is what is said of any other.
func (c *call) count(i int, least, most int64, text string) (int, *Reply) {
	n, bad := c.int(i)
	if bad != nil {
		return 0, bad
	}
	if n < least || n > min(most, math.MaxInt) {
		r := failed(text)
		return 0, &r
	}
	return int(n), nil
}

// float reads the word at i as a number that is not NaN.
func (c *call) float(i int) (float64, *Reply) {
	f, ok := parseFloat(c.args[i])
	if !ok {
		return 0, &errNotFloat
	}
	return f, nil
}

// parseFloat reads a number as C's strtod does where Redis uses it: all of the text, without
// space before it, and not NaN.
func parseFloat(text string) (float64, bool) {
	f, err := store.ParseFloat(text)
	return f, err == nil
}

// clamp is n as an int, on machines of 32 bits the nearest one.
func clamp(n int64) int { return int(max(math.MinInt, min(n, math.MaxInt))) }

// index reads the word at i as an integer that is a place, or a number, of elements.
func (c *call) index(i int) (int, *Reply) {
	n, bad := c.int(i)
	return clamp(n), bad
}

// atLeast reads the word at i as an integer that is not below least; bad is what is said of
// all other words (getRangeLongFromObjectOrReply in object.c, with a text).
func (c *call) atLeast(i int, least int64, bad *Reply) (int, *Reply) {
	n, ok := parseInt(c.args[i])
	if !ok || n < least {
		return 0, bad
	}
	return clamp(n), nil
}

// afterKey is the reply to words that are wrong where Redis looks at the key before it looks
// at them: missing, if there is no key.
func (c *call) afterKey(key string, kind store.Kind, missing Reply, bad *Reply) Reply {
	is, err := c.db.Type(key)
	return afterKind(is, err, kind, missing, bad)
}

// afterWritten is afterKey of a key that Redis looks at in order to write it: that it is missing
// is told to nobody.
func (c *call) afterWritten(key string, kind store.Kind, missing Reply, bad *Reply) Reply {
	is, err := kindOf(c.db, key)
	return afterKind(is, err, kind, missing, bad)
}

// kindOf is DB.Type without telling that the key is missing.
func kindOf(db store.DB, key string) (store.Kind, error) {
	kind, err := hook.Kind(db, key)
	return kind.(store.Kind), err
}

func afterKind(is store.Kind, err error, kind store.Kind, missing Reply, bad *Reply) Reply {
	switch {
	case err != nil:
		return failure(err)
	case is == store.KindNone:
		return missing
	case is != kind:
		return errWrongType
	}
	return *bad
}

// signed reads the word at i as an integer that can be turned into its negative.
func (c *call) signed(i int) (int, *Reply) {
	n, bad := c.int(i)
	if bad == nil && n == math.MinInt64 {
		bad = &errSignedRange
	}
	return clamp(n), bad
}

var errSignedRange = failed("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")

// cString is text as C sees it, which takes a zero byte for the end.
func cString(text string) string {
	text, _, _ = strings.Cut(text, "\x00")
	return text
}

// same is C's strcasecmp: only the letters of ASCII have a case.
func same(word, keyword string) bool {
	word = cString(word)
	if len(word) != len(keyword) {
		return false
	}
	for i := range len(word) {
		if small(word[i]) != small(keyword[i]) {
			return false
		}
	}
	return true
}

func small(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// smallInt reads the word at i as an int of C (getIntFromObjectOrReply in object.c).
func (c *call) smallInt(i int) (int, *Reply) {
	n, bad := c.int(i)
	if bad == nil && n != int64(int32(n)) {
		r := failed("ERR value is out of range, value must between -2147483648 and 2147483647")
		bad = &r
	}
	return int(int32(n)), bad
}

// help is the reply of a HELP: the lines of a text, with what is said of all of them.
func (c *call) help(lines string) Reply {
	r := array(simple(upper(c.cmd.parent.Name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"))
	for line := range strings.Lines(lines + "HELP\n    Prints this help.\n") {
		r.Elems = append(r.Elems, simple(strings.TrimSuffix(line, "\n")))
	}
	return r
}

// pairsOf takes words in twos: names and values.
func pairsOf(words []string) []store.Pair {
	list := make([]store.Pair, 0, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		list = append(list, store.Pair{Key: words[i], Value: words[i+1]})
	}
	return list
}
