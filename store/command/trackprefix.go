package command

import (
	"slices"
	"strings"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// prefix is one of which clients are told in the mode BCAST.
type prefix struct {
	text     string
	sessions map[*Session]struct{}
}

// prefix returns the place of a prefix, and whether it is there.
func (t *tracker) prefix(text string) (at int, found bool) {
	return slices.BinarySearchFunc(t.prefixes, text, func(p prefix, text string) int { return strings.Compare(p.text, text) })
}

// broadcast tells of a step who want to know of prefixes.
func (t *tracker) broadcast(by any, list []hook.Change) {
	keys := make([]string, 0, len(list))
	for _, c := range list {
		if !c.All {
			keys = append(keys, c.Key)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i := range t.prefixes {
		p := &t.prefixes[i]
		from, _ := slices.BinarySearch(keys, p.text)
		to := from
		for to < len(keys) && strings.HasPrefix(keys[to], p.text) {
			to++
		}
		if from == to {
			continue
		}
		for s := range p.sessions {
			if s != by || !s.noloop {
				t.send(s, by, invalidation{keys: keys[from:to:to]})
			}
		}
	}
}
