package command

import (
	"math"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/pubsub"
)

func runCommand(c *call) Reply {
	r := array()
	for _, cmd := range Commands() {
		r.Elems = append(r.Elems, cmd.info())
	}
	return r
}

func runCommandCount(*call) Reply { return integer(int64(len(byName))) }

func runCommandInfo(c *call) Reply {
	if len(c.args) == 2 {
		return runCommand(c)
	}
	r := array()
	for _, name := range c.rest(2) {
		if cmd := aclLookup(name); cmd != nil {
			r.Elems = append(r.Elems, cmd.info())
		} else {
			r.Elems = append(r.Elems, null)
		}
	}
	return r
}

// setOf is a set of texts, with a mark before each.
func setOf(mark string, list []string) Reply {
	r := Reply{Kind: Set}
	for _, text := range list {
		r.Elems = append(r.Elems, simple(mark+text))
	}
	return r
}

// info is what COMMAND INFO says.
func (cmd *Command) info() Reply {
	tips, specs, subs := Reply{Kind: Set}, Reply{Kind: Set}, Reply{Kind: Set}
	for _, tip := range strings.Fields(cmd.Tips) {
		tips.Elems = append(tips.Elems, bulk(tip))
	}
	for i := range cmd.Keys {
		specs.Elems = append(specs.Elems, cmd.Keys[i].info())
	}
	for _, sub := range cmd.Subs {
		subs.Elems = append(subs.Elems, sub.info())
	}
	if cmd.Subs != nil {
		subs.Kind = Array // as 7.0.15 has it
	}
	first, last, step := cmd.legacyRange()
	return array(bulk(cmd.FullName()), integer(int64(cmd.Arity)), setOf("", cmd.Flags.Names()),
		integer(first), integer(last), integer(step), setOf("@", cmd.Categories()), tips, specs, subs)
}

// legacyRange is the one range that has been said of keys before there were specs of them
// (populateCommandLegacyRangeSpec in server.c).
func (cmd *Command) legacyRange() (first, last, step int64) {
	if len(cmd.Keys) == 1 && cmd.Keys[0].isRange() {
		k := &cmd.Keys[0]
		if last = int64(k.Last); last >= 0 {
			last += int64(k.Index)
		}
		return int64(k.Index), last, int64(k.Step)
	}
	first = math.MaxInt64
	before := 0
	for i := range cmd.Keys {
		k := &cmd.Keys[i]
		if !k.isRange() || k.Step != 1 || before != 0 && before != k.Index-1 {
			continue
		}
		first = min(first, int64(k.Index))
		end := int64(k.Last)
		if end >= 0 {
			end += int64(k.Index)
		}
		if uint64(end) > uint64(last) {
			last = end
		}
		before = int(last)
	}
	if first == math.MaxInt64 {
		return 0, 0, 0
	}
	return first, last, 1
}

func (k *KeySpec) isRange() bool { return k.Index > 0 && !k.Numbered }

func typed(kind string, spec ...Reply) Reply {
	return pairs(bulk("type"), bulk(kind), bulk("spec"), pairs(spec...))
}

func number(n int) Reply { return integer(int64(n)) }

func (k *KeySpec) info() Reply {
	begin, find := typed("unknown"), typed("unknown")
	switch {
	case k.Keyword != "":
		begin = typed("keyword", bulk("keyword"), bulk(k.Keyword), bulk("startfrom"), number(k.From))
	case k.Index > 0:
		begin = typed("index", bulk("index"), number(k.Index))
	}
	switch {
	case k.Numbered:
		find = typed("keynum", bulk("keynumidx"), number(k.NumAt), bulk("firstkey"), number(k.First), bulk("keystep"), number(k.Step))
	case k.Index > 0 || k.Keyword != "":
		find = typed("range", bulk("lastkey"), number(k.Last), bulk("keystep"), number(k.Step), bulk("limit"), number(k.Limit))
	}
	return pairs(bulk("flags"), setOf("", strings.Fields(k.Flags)), bulk("begin_search"), begin, bulk("find_keys"), find)
}

func runCommandDocs(c *call) Reply {
	r := pairs()
	if len(c.args) == 2 {
		for _, cmd := range Commands() {
			r.Elems = append(r.Elems, bulk(cmd.Name), cmd.docs())
		}
	}
	for _, name := range c.rest(2) {
		if cmd := aclLookup(name); cmd != nil {
			r.Elems = append(r.Elems, bulk(cmd.FullName()), cmd.docs())
		}
	}
	return r
}

func runCommandList(c *call) Reply {
	keep := func(*Command) bool { return true }
	switch {
	case len(c.args) == 5 && c.is(2, "filterby"):
		arg := c.args[4]
		switch lower(c.args[3]) {
		case "module":
			keep = func(*Command) bool { return false }
		case "aclcat":
			keep = func(cmd *Command) bool { return slices.Contains(cmd.Categories(), lower(arg)) }
		case "pattern":
			keep = func(cmd *Command) bool { return pubsub.Match(lower(arg), cmd.FullName()) }
		default:
			return errSyntax
		}
	case len(c.args) != 2:
		return errSyntax
	}
	r := array()
	for cmd := range everyCommand() {
		if keep(cmd) {
			r.Elems = append(r.Elems, bulk(cmd.FullName()))
		}
	}
	return r
}

// hasKeys says whether a command may have keys (doesCommandHaveKeys in db.c).
func (cmd *Command) hasKeys() bool {
	return cmd.keys != nil || slices.ContainsFunc(cmd.Keys, func(k KeySpec) bool { return !strings.Contains(k.Flags, "not_key") })
}

// keysIn returns the keys in the words from 2 on, which are those of a command.
func (c *call) keysIn() ([]keyUse, *Reply) {
	words := c.rest(2)
	cmd := Lookup(words)
	refuse := func(text string) ([]keyUse, *Reply) { r := failed(text); return nil, &r }
	switch {
	case cmd == nil || cmd.Subs != nil && len(words) > 1:
		return refuse("ERR Invalid command specified")
	case !cmd.hasKeys():
		return refuse("ERR The command has no key arguments")
	case !cmd.takes(len(words)):
		return refuse("ERR Invalid number of arguments specified for command")
	}
	if places, ok := cmd.KeyPlaces(words); (!ok || len(places) == 0) && cmd.Flags&NoMandatoryKeys == 0 {
		return refuse("ERR Invalid arguments specified for command")
	}
	return cmd.keyUses(words), nil
}

func runCommandGetKeys(c *call) Reply {
	uses, bad := c.keysIn()
	if bad != nil {
		return *bad
	}
	r := array()
	for _, use := range uses {
		r.Elems = append(r.Elems, bulk(c.args[2+use.place]))
	}
	return r
}

func runCommandGetKeysAndFlags(c *call) Reply {
	uses, bad := c.keysIn()
	if bad != nil {
		return *bad
	}
	r := array()
	for _, use := range uses {
		r.Elems = append(r.Elems, array(bulk(c.args[2+use.place]), setOf("", strings.Fields(use.flags))))
	}
	return r
}
