package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	lang "github.com/alcovedb/alcove/store/command"
)

// fuzzUnsaid are the rows of the table of commands that no run meets with success, with the reason.
var fuzzUnsaid = map[string]string{}

func init() {
	for why, list := range map[string]string{
		"redis-server 7.0.15 does not have it": "client|no-touch client|setinfo waitaof delex delifeq digest increx msetex sdiffcard sunioncard blmovem lmovem " +
			"hexpire hexpireat hexpiretime hgetdel hgetex hpersist hpexpire hpexpireat hpexpiretime hpttl hsetex httl " +
			"xackdel xcfgset xdelex xnack",
		"there is no script engine, so that it is an error": "eval eval_ro evalsha evalsha_ro fcall fcall_ro function|delete function|dump function|load " +
			"function|restore function|stats script|load",
		"no script runs, so that it is an error":  "script|kill function|kill",
		"without a cluster it is an error":        "asking readonly readwrite",
		"there is no file":                        "acl|load acl|save config|rewrite",
		"it is not allowed":                       "module|load module|loadex module|unload",
		"there are no samples, which is an error": "latency|graph",
	} {
		for name := range strings.FieldsSeq(list) {
			fuzzUnsaid[name] = why
		}
	}
	for _, cmd := range lang.Commands() {
		if cmd.Name == "cluster" {
			for _, sub := range cmd.Subs {
				fuzzUnsaid[sub.FullName()] = "without a cluster it is an error"
			}
		}
	}
}

// fuzzRows returns the names of all commands, and of the subcommands of those that have some.
func fuzzRows() (names []string) {
	for _, cmd := range lang.Commands() {
		if cmd.Subs == nil {
			names = append(names, cmd.FullName())
		}
		for _, sub := range cmd.Subs {
			names = append(names, sub.FullName())
		}
	}
	slices.Sort(names)
	return names
}

// A fuzzRow counts the replies to a command.
type fuzzRow struct{ success, failure int }

// A fuzzTable counts what a run has met.
type fuzzTable struct {
	rows     map[string]*fuzzRow
	commands int
	ended    int // rounds, before their end, see errUnserved
	// Some commands come behind a TYPE of their first key, in lower case: of these it is known
	// whether they met an existing key of the right type.
	probes, probed, right int
	keyless, absent       int
}

func newFuzzTable() *fuzzTable {
	table := &fuzzTable{rows: map[string]*fuzzRow{}}
	for _, name := range fuzzRows() {
		table.rows[name] = &fuzzRow{}
	}
	return table
}

// note counts a reply.
func (table *fuzzTable) note(c *fuzzClient, words []string, r wire) {
	if r.is("QUEUED") && c.multi {
		return
	}
	table.commands++
	if cmd := lang.Lookup(words); cmd != nil && table.rows[cmd.FullName()] != nil {
		if row := table.rows[cmd.FullName()]; r.isError() {
			row.failure++
		} else {
			row.success++
		}
	}
	table.probe(c, words, r)
	if strings.EqualFold(words[0], "exec") && len(r.elems) == len(c.queued) {
		within := &fuzzClient{}
		for i, queued := range c.queued {
			table.note(within, queued, r.elems[i])
		}
	}
}

// probe looks whether a command met an existing key of the right type.
func (table *fuzzTable) probe(c *fuzzClient, words []string, r wire) {
	switch {
	case words[0] == "type":
		table.probes++
		c.probing = r.text
		return
	case words[0] == "echo": // instead of a TYPE, for a command without keys
		table.probes++
		c.probing = "no key"
		return
	case c.probing != "":
		table.probed++
		switch {
		case c.probing == "no key":
			table.keyless++
		case c.probing == "none":
			table.absent++
		case !r.isError():
			table.right++
		}
	}
	c.probing = ""
}

// share returns how many commands of a hundred succeed on an existing key of the right type.
func (table *fuzzTable) share() float64 {
	return 100 * float64(table.right) / float64(max(table.probed, 1))
}

// print prints how often each row was met, and returns those that were not, with success.
func (table *fuzzTable) print(t testing.TB) (missing []string) {
	var text strings.Builder
	least, which := 1<<62, ""
	for _, name := range slices.Sorted(maps.Keys(table.rows)) {
		row := table.rows[name]
		fmt.Fprintf(&text, "\n%-30s %8d %8d", name, row.success, row.failure)
		if why := fuzzUnsaid[name]; why != "" {
			fmt.Fprintf(&text, "  %s", why)
			continue
		}
		if row.success < least {
			least, which = row.success, name
		}
		if row.success == 0 {
			missing = append(missing, name)
		}
	}
	t.Logf("%d commands; of %d that were looked at, %.1f%% met an existing key of the right type with success, "+
		"%d had no key, of %d it was missing; %d rounds ended before their time; the least is %d, of %s%-30s %8s %8s%s",
		table.commands, table.probed, table.share(), table.keyless, table.absent, table.ended, least, which, "\n\ncommand", "success", "error", text.String())
	return missing
}
