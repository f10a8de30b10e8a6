package peer

import "strconv"

// What several adapters have in common.

func lookup[V any](m map[string]V, key string) (V, bool) {
	value, found := m[key]
	return value, found
}

// second is for look-ups of which only the boolean is wanted.
func second[V any](_ V, ok bool) bool { return ok }

// nested is a map of maps.
type nested[V any] map[string]map[string]V

func (n nested[V]) put(key, field string, value V) {
	inner := n[key]
	if inner == nil {
		inner = make(map[string]V)
		n[key] = inner
	}
	inner[field] = value
}

// inter returns what both sets hold.
func inter(a, b map[string]struct{}) (both []string) {
	if len(a) > len(b) {
		a, b = b, a
	}
	both = make([]string, 0, len(a))
	for member := range a {
		if _, found := b[member]; found {
			both = append(both, member)
		}
	}
	return both
}

// pair is a member of a sorted set.
type pair struct {
	score  float64
	member string
}

func (p pair) less(q pair) bool {
	return p.score < q.score || p.score == q.score && p.member < q.member
}

// next counts one up from an integer in text, or from 0 if there is none.
func next(text string, found bool) (int64, string) {
	if !found {
		text = "0"
	}
	n := must1(strconv.ParseInt(text, 10, 64)) + 1
	return n, strconv.FormatInt(n, 10)
}
