package structures

import "slices"

// InterCard returns how many members InterSets would return, at most limit. The
// complexity is that of InterSets.
func InterCard(sets []*Set, limit int) int {
	first, rest := bySize(sets)
	return first.countIn(rest, true, limit)
}

// UnionCard returns how many members UnionSets would return, at most limit, and looks at no
// more than it takes to say so. The complexity is O(n), n the number of members in all the
// sets.
func UnionCard(sets []*Set, limit int) (n int) {
	sets = slices.Clone(sets)
	slices.SortFunc(sets, func(a, b *Set) int { return b.Len() - a.Len() })
	switch {
	case len(sets) == 0:
		return 0
	case len(sets) > fewSets && sets[0].Len() < limit:
		seen := map[string]struct{}{}
		for _, s := range sets {
			s.All(func(member string) bool { return len(seen) < limit && add(seen, member) < limit })
		}
		return len(seen)
	}
	n = sets[0].Len()
	for i := 1; i < len(sets) && n < limit; i++ {
		n += sets[i].countIn(sets[:i], false, limit-n)
	}
	return min(n, limit)
}

// UnionCardApprox is UnionCard by a HyperLogLog, and so with a standard error of 0.81%. It
// keeps 16 KiB, however many members there are.
func UnionCardApprox(sets []*Set, limit int) int {
	var m HLLRegisters
	estimate := func() int { return int(min(m.Estimate(), uint64(limit))) }
	n, changed := 0, false // as it was last estimated, and whether that is stale
	left := limit          // so many more members can't reach it
	for _, s := range sets {
		s.All(func(member string) bool {
			i, value := hllPlace(member)
			changed = changed || value > m[i]
			m[i] = max(m[i], value)
			if left--; left > 0 || !changed {
				return true
			}
			n, changed = estimate(), false
			left = limit - n
			return left > 0
		})
		if n == limit {
			return limit
		}
	}
	return estimate()
}

// DiffCard returns how many members DiffSets would return, at most limit, and looks at no
// more than it takes to say so. The complexity is O(n*k), n the number of members in the
// first of the k sets.
func DiffCard(sets []*Set, limit int) int {
	if len(sets) == 0 {
		return 0
	}
	return sets[0].countIn(sets[1:], false, limit)
}

// countIn returns how many members sets have, or have not, at most limit.
func (s *Set) countIn(sets []*Set, having bool, limit int) (n int) {
	var b batch
	for b.begin(s); n < limit && b.next(); n += b.n {
		b.keep(sets, having)
	}
	return min(n, limit)
}
