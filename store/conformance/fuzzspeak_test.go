package conformance

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store"
	lang "github.com/alcovedb/alcove/store/command"
)

// A fuzzSpeaker makes random commands. It looks into the store in memory, so that most of them
// are about keys that are there.
type fuzzSpeaker struct {
	rnd      *rand.Rand
	w        *fuzzWorld
	table    *fuzzTable
	names    []string
	payloads []string // of DUMP
	db       int      // where the commands are for
	words    []string
	large    bool              // hashes are some that are tables in Redis, whose order is by chance
	kind     string            // of the first key of any kind
	same     map[string]string // the keys of a scene
	behind   []string          // see behindhand
	ids      int               // the last entry of a stream
}

func newFuzzSpeaker(w *fuzzWorld, rnd *rand.Rand, table *fuzzTable) *fuzzSpeaker {
	g := &fuzzSpeaker{rnd: rnd, w: w, table: table, names: slices.Sorted(maps.Keys(fuzzGrammars)), ids: 10}
	for _, line := range []string{"set r hello", "set r 12", "rpush r a b 1", "sadd r a b", "sadd r 1 2", "zadd r 1 a 2.5 b", "hset r a 1 b x"} {
		w.ask(w.control[0], "del", "r")
		w.ask(w.control[0], strings.Fields(line)...)
		g.payloads = append(g.payloads, w.ask(w.control[0], "dump", "r").text)
	}
	w.ask(w.control[0], "del", "r")
	return g
}

func pick[T any](rnd *rand.Rand, list []T) T { return list[rnd.IntN(len(list))] }

// kindOf says what keys of a kind are.
func kindOf(kind string) store.Kind {
	switch kind {
	case "l":
		return store.KindList
	case "t":
		return store.KindSet
	case "z", "Z", "y", "g":
		return store.KindZSet
	case "h", "H":
		return store.KindHash
	case "x":
		return store.KindStream
	}
	return store.KindString
}

func (g *fuzzSpeaker) has(key string) bool {
	kind, err := g.w.store.DB(g.db).Type(key)
	return err == nil && kind == kindOf(key[:1])
}

func (g *fuzzSpeaker) key(kind string) string {
	switch {
	case kind == "none", kind != "y" && !g.large && g.rnd.IntN(40) == 0:
		return "none"
	case kind == "r":
		return "r" + strconv.Itoa(1+g.rnd.IntN(2))
	case g.large && (kind == "h" || kind == "z"):
		kind = strings.ToUpper(kind)
	case kind == "any" && g.kind != "" && g.rnd.IntN(8) > 0:
		kind = g.kind
	case kind == "any", kind != "y" && g.rnd.IntN(40) == 0:
		kind = pick(g.rnd, []string{"s", "n", "b", "l", "t", "z", "h", "x", "g"})
		g.kind = kind
	}
	n := g.rnd.IntN(3)
	for range 3 {
		key := kind + strconv.Itoa(1+n)
		if g.has(key) {
			return key
		}
		n = (n + 1) % 3
	}
	return kind + strconv.Itoa(1+n)
}

// closing returns the place of the bracket that ends the group before which the words begin.
func closing(words []string) int {
	depth := 1
	for i, word := range words {
		switch word {
		case "(", "{", "+{":
			depth++
		case ")", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	panic("a group does not end: " + strings.Join(words, " "))
}

// alternatives splits words at the bars that stand in no group.
func alternatives(words []string) (ways [][]string) {
	depth, from := 0, 0
	for i, word := range words {
		switch word {
		case "(", "{", "+{":
			depth++
		case ")", "}":
			depth--
		case "|":
			if depth == 0 {
				ways, from = append(ways, words[from:i]), i+1
			}
		}
	}
	return append(ways, words[from:])
}

// say makes words of a grammar.
func (g *fuzzSpeaker) say(words []string) {
	if ways := alternatives(words); len(ways) > 1 {
		words = pick(g.rnd, ways)
	}
	for i := 0; i < len(words); i++ {
		switch word := words[i]; word {
		case "(", "{", "+{":
			end := i + 1 + closing(words[i+1:])
			n := 1
			switch {
			case word == "{":
				n = g.rnd.IntN(4)
			case word == "+{":
				n = 1 + g.rnd.IntN(3)
			}
			for range n {
				g.say(words[i+1 : end])
			}
			i = end
		case "-":
		default:
			g.word(word)
		}
	}
}

func (g *fuzzSpeaker) word(word string) {
	add := func(words ...string) { g.words = append(g.words, words...) }
	// Far away, hardly ever the same, and so that what is left after a while is rounded alike on
	// both sides, which are not asked at the same time: see inSteps.
	number := func(step int, odd ...string) {
		if g.rnd.IntN(4) == 0 {
			add(pick(g.rnd, odd))
			return
		}
		add(strconv.Itoa((10+g.rnd.IntN(1e9/step))*step + step/5 + g.rnd.IntN(step/5)))
	}
	at := func(from int64, odd ...string) {
		if g.rnd.IntN(4) == 0 {
			add(pick(g.rnd, odd))
			return
		}
		add(strconv.FormatInt(from+g.rnd.Int64N(10), 10))
	}
	head, kind, _ := strings.Cut(word, ":")
	switch {
	case head == "key":
		add(g.key(kind))
	case head == "same":
		if g.same[kind] == "" {
			g.same[kind] = g.key(kind)
		}
		add(g.same[kind])
	case head == "nkeys":
		n := 1 + g.rnd.IntN(3)
		add(strconv.Itoa(n))
		for range n {
			add(g.key(kind))
		}
	case word == "rel":
		number(fuzzSeconds, "0", "-1", "9223372036854775")
	case word == "relms":
		number(fuzzMillis, "0", "-1", "9223372036854775807")
	case word == "at":
		at(5_000_000_000, "1", "-1", "0")
	case word == "later": // for a key that has passed away stays for a while, where Redis counts it
		at(5_000_000_000_000, "0", "-1")
	case word == "atms":
		at(5_000_000_000_000, "1", "-1", "0")
	case word == "hval" && g.large:
		add(pick(g.rnd, fuzzWords["Hval"]))
	case word == "trim":
		add(strings.Fields(pick(g.rnd, fuzzWords[word]))...)
	case word == "xid" && g.rnd.IntN(6) > 0:
		g.ids++
		add(strconv.Itoa(g.ids) + pick(g.rnd, []string{"-0", "-*", "-1", ""}))
	case word == "xid":
		add(pick(g.rnd, fuzzWords["id"]))
	case word == "id" && g.rnd.IntN(2) == 0:
		add(strconv.Itoa(max(g.ids-g.rnd.IntN(5), 0)) + pick(g.rnd, []string{"-0", "-1"}))
	case word == "payload":
		add(pick(g.rnd, g.payloads))
	case word == "client":
		add("<" + string(rune('a'+g.rnd.IntN(fuzzClients))) + ">")
	case fuzzWords[word] != nil:
		add(pick(g.rnd, fuzzWords[word]))
	default:
		add(word)
	}
}

// line makes a command of a grammar that begins with its name.
func (g *fuzzSpeaker) line(text string) []string {
	g.words, g.kind, g.large = nil, "", false
	g.say(strings.Fields(text))
	return g.words
}

// notQueued are commands that are not sent in a transaction: what they do there is compared elsewhere.
var notQueued = strings.Fields("auth hello client|pause client|unblock client|kill subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe sort sort_ro " +
	"config|resetstat script|debug xgroup|setid")

// fuzzGoal is how often every command is to be met with success within so many commands.
const fuzzGoal, fuzzWithin = 1000, 850_000

// behindhand finds the commands that have not been met as often as they should have by now:
// these come more often, and so do the scenes that have them.
func (g *fuzzSpeaker) behindhand() {
	g.behind = g.behind[:0]
	for name, row := range g.table.rows {
		if fuzzUnsaid[name] == "" && row.success*fuzzWithin < g.table.commands*fuzzGoal {
			g.behind = append(g.behind, name)
		}
	}
	slices.Sort(g.behind)
}

// behindScene returns a scene with a command that is behind.
func (g *fuzzSpeaker) behindScene() (scene string, ok bool) {
	if len(g.behind) == 0 {
		return "", false
	}
	words := " " + strings.ToUpper(strings.ReplaceAll(pick(g.rnd, g.behind), "|", " "))
	var scenes []string
	for _, scene := range fuzzScenes {
		if strings.Contains(scene, words) {
			scenes = append(scenes, scene)
		}
	}
	if scenes == nil {
		return "", false
	}
	return pick(g.rnd, scenes), true
}

// command makes a command, and what makes its keys if they are missing. Those that have been
// met less than others come more often.
func (g *fuzzSpeaker) command(multi bool) (before, words []string) {
	for {
		name := pick(g.rnd, g.names)
		behind := len(g.behind) > 0 && g.rnd.IntN(4) == 0
		if behind {
			name = pick(g.rnd, g.behind)
		}
		if _, ok := fuzzGrammars[name]; !ok { // it is met in scenes
			continue
		}
		for range g.rnd.IntN(3) {
			if other := pick(g.rnd, g.names); g.table.rows[other].success < g.table.rows[name].success {
				name = other
			}
		}
		cmd := lang.Lookup(strings.Split(name, "|"))
		switch {
		case multi && slices.Contains(notQueued, name), !multi && (name == "exec" || name == "discard") && g.rnd.IntN(4) > 0:
			continue
		case behind:
		case fuzzRare[name] > 0 && g.rnd.IntN(fuzzRare[name]) > 0, len(cmd.Keys) == 0 && g.rnd.IntN(14) < 12:
			continue
		}
		g.words, g.kind, g.large = strings.Split(name, "|"), "", g.rnd.IntN(8) == 0
		head := len(g.words)
		g.say(strings.Fields(fuzzGrammars[name]))
		if g.rnd.IntN(20) == 0 && len(g.words) > head {
			g.spoil(head)
		}
		words = g.words
		if incomparable(words) {
			continue
		}
		if places, ok := cmd.KeyPlaces(words); ok && len(places) > 0 && g.rnd.IntN(6) > 0 {
			if key := words[places[0]]; len(key) == 2 && fuzzFill[key[:1]] != nil && !g.has(key) {
				before = g.line(strings.ReplaceAll(pick(g.rnd, fuzzFill[key[:1]]), "key:"+key[:1], key))
			}
		}
		return before, words
	}
}

var fuzzOdd = []string{
	"NX", "EX", "GET", "BYLEX", "FOO", "0x10", "01", "+1", " 1", "1 ", "1e2", "99999999999999999999", "STREAMS", "STOREDIST", "KEYS", ">", "$", "*",
	"", "0", "1", "2", "-1", "10", "1.5", "x", "9223372036854775807", "-9223372036854775808", "1e400", "nan", "inf",
	"-inf", "(1", "[a", "-", "+", "list", "set", "z", "none", "LEFT", "RIGHT", "MIN", "MAX", "COUNT", "LIMIT", "WITHSCORES",
	"REV", "BYSCORE", "WEIGHTS", "AGGREGATE", "STORE", "ANY", "ASC", "FROMMEMBER", "BYRADIUS", "km", "a\x00b",
}

// spoil changes a word behind the name.
func (g *fuzzSpeaker) spoil(head int) {
	i := head + g.rnd.IntN(len(g.words)-head)
	word := pick(g.rnd, fuzzOdd)
	if strings.Contains(word, "\x00") && (g.words[0] == "sadd" || g.words[0] == "zadd") { // SORT ALPHA has no order for them
		word = "a"
	}
	switch g.rnd.IntN(7) {
	case 0:
		g.words = slices.Delete(g.words, i, i+1)
	case 1:
		g.words = slices.Insert(g.words, i, word)
	case 2:
		g.words = append(g.words, word)
	case 3:
		g.words = append(g.words, g.words[i:]...)
	case 4:
		j := head + g.rnd.IntN(len(g.words)-head)
		g.words[i], g.words[j] = g.words[j], g.words[i]
	default:
		g.words[i] = word
	}
}
