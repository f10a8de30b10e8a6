package store

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// silentWrites are the methods that change something and send no notification, and why.
var silentWrites = map[string]string{
	"DB.FlushDB":     "as FLUSHDB",
	"Store.FlushAll": "as FLUSHALL",
	"Stream.CfgSet":  "as XCFGSET",
}

// TestEveryWriteIsTold calls every method with every kind of key: what has changed something
// has sent a notification, and what has sent one of a missing key has sent no second one.
func TestEveryWriteIsTold(t *testing.T) {
	base := newTest(t, WithShards(1))
	fillKinds(t, base.DB(0), 60)
	print, silent, told := printOf(t, base), map[string]bool{}, 0
	for i, key := range append([]string{"none"}, kindKeys...) {
		if i%2 == 0 && i > 0 {
			continue // the large ones
		}
		var names []string
		eachMethod(base, base.DB(0), key, func(name string, _ reflect.Value) { names = append(names, name) })
		for _, name := range names {
			s := newFork(t, base)
			heard := recordEvents(t, s, "KAn")
			eachMethod(s, s.DB(0), key, func(other string, method reflect.Value) {
				if other == name {
					_, _ = invoke(t, method, name, key)
				}
			})
			if print == printOf(t, s) {
				continue
			}
			if told++; len(heard.take()) == 0 {
				if silentWrites[name] == "" {
					t.Errorf("%s of %s has changed something and said nothing", name, key)
				}
				silent[name] = true
			}
		}
	}
	require.Greater(t, told, 100)
	for name := range silentWrites {
		require.True(t, silent[name], "%s says something, or changes nothing", name)
	}
}

// missTwice are the methods that look a key up more than once, as Redis does.
var missTwice = map[string]bool{"DB.XRead": true, "DB.XReadBlock": true}

// TestEveryMissIsTold wants what reads a missing key to say so once, and nothing else.
func TestEveryMissIsTold(t *testing.T) {
	told := 0
	for name := range methodRules {
		s, keys := newTest(t, WithShards(1)), 1
		heard := recordEvents(t, s, "Km")
		eachMethod(s, s.DB(0), "key", func(other string, method reflect.Value) {
			if other != name {
				return
			}
			if typ := method.Type(); typ.IsVariadic() && typ.In(typ.NumIn()-1) == reflect.TypeFor[[]string]() {
				keys = 2 // invoke gives it the key of the handle once more
			}
			_, _ = invoke(t, method, name, "key")
		})
		got := map[string]int{}
		for _, text := range heard.take() {
			got[text]++
		}
		told += len(got)
		for text, n := range got {
			require.True(t, n <= keys || missTwice[name], "%s: %s comes %d times", name, text, n)
		}
	}
	require.Greater(t, told, 60)
}

// ComparedCommands returns the commands whose notifications are compared with Redis's, or with
// what its source says, and those that need not be.
func ComparedCommands(t *testing.T) []string {
	names := map[string]bool{}
	for _, d := range differs {
		names[d.name] = true
	}
	for _, script := range waitScripts {
		for line := range strings.SplitSeq(script.lines, "|") {
			if _, command, waits := strings.Cut(line, ">"); waits {
				line = command
			}
			names[fieldsOf(t, line)[0]] = true
		}
	}
	for _, cases := range newerCases(t, "testdata/newer/events/*.txt") {
		for _, c := range cases {
			for _, line := range c.lines {
				names[fieldsOf(t, line.command)[0]] = true
			}
		}
	}
	for _, name := range newerReads {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
