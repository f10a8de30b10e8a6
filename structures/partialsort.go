package structures

import (
	"math/bits"
	"slices"
)

// partialSort puts the elements from first to last into their places, as if all were
// sorted; the others may stay out of order. It takes the steps of Redis's pqsort.c, so that
// elements that compare equal end up where they do there: J. L. Bentley and M. D. McIlroy,
// "Engineering a Sort Function", 1993, without the parts that nobody wants. Unlike there,
// an input made to take quadratic time is sorted by another algorithm.
func partialSort[T any](list []T, compare func(a, b *T) int, first, last int) {
	p := partialSorter[T]{compare: compare, rounds: 4 * bits.Len(uint(len(list)))}
	p.sort(list, first, last)
}

type partialSorter[T any] struct {
	compare func(a, b *T) int
	rounds  int // how deep it may still go
}

func (p *partialSorter[T]) sort(a []T, first, last int) {
	for rounds := p.rounds; ; rounds-- {
		n := len(a)
		switch {
		case n < 7:
			p.insert(a)
			return
		case rounds <= 0:
			slices.SortFunc(a, func(x, y T) int { return p.compare(&x, &y) })
			return
		}
		below, above := p.split(a)
		if below > 1 && first < below {
			q := partialSorter[T]{p.compare, rounds - 1}
			q.sort(a[:below], first, last)
		}
		if above <= 1 || last < n-above {
			return
		}
		a, first, last = a[n-above:], first-(n-above), last-(n-above)
	}
}

// insert sorts a few elements.
func (p *partialSorter[T]) insert(a []T) {
	for i := 1; i < len(a); i++ {
		for j := i; j > 0 && p.compare(&a[j-1], &a[j]) > 0; j-- {
			a[j-1], a[j] = a[j], a[j-1]
		}
	}
}

// split puts elements below a pivot before it and elements above behind, those equal to it
// between them, and returns how many there are of each.
func (p *partialSorter[T]) split(a []T) (below, above int) {
	n := len(a)
	m := p.pivot(a)
	a[0], a[m] = a[m], a[0]
	// Equal ones gather at both ends: [0, pa) and (pd, n).
	pa, pb, pc, pd := 1, 1, n-1, n-1
	for {
		for ; pb <= pc; pb++ {
			c := p.compare(&a[pb], &a[0])
			if c > 0 {
				break
			}
			if c == 0 {
				a[pa], a[pb] = a[pb], a[pa]
				pa++
			}
		}
		for ; pb <= pc; pc-- {
			c := p.compare(&a[pc], &a[0])
			if c < 0 {
				break
			}
			if c == 0 {
				a[pc], a[pd] = a[pd], a[pc]
				pd--
			}
		}
		if pb > pc {
			break
		}
		a[pb], a[pc] = a[pc], a[pb]
		pb++
		pc--
	}
	below, above = pb-pa, pd-pc
	exchange(a, 0, pb, min(pa, below))
	exchange(a, pb, n, min(above, n-1-pd))
	return below, above
}

// exchange swaps r elements from i on with those before end.
func exchange[T any](a []T, i, end, r int) {
	for k := range r {
		a[i+k], a[end-r+k] = a[end-r+k], a[i+k]
	}
}

// pivot returns the index of an element that is likely in the middle.
func (p *partialSorter[T]) pivot(a []T) int {
	n := len(a)
	l, m, r := 0, n/2, n-1
	if n == 7 {
		return m
	}
	if n > 40 {
		d := n / 8
		l, m, r = p.median(a, l, l+d, l+2*d), p.median(a, m-d, m, m+d), p.median(a, r-2*d, r-d, r)
	}
	return p.median(a, l, m, r)
}

func (p *partialSorter[T]) median(a []T, i, j, k int) int {
	less := func(x, y int) bool { return p.compare(&a[x], &a[y]) < 0 }
	if less(i, j) {
		switch {
		case less(j, k):
			return j
		case less(i, k):
			return k
		}
		return i
	}
	switch {
	case less(k, j):
		return j
	case less(i, k):
		return i
	}
	return k
}
