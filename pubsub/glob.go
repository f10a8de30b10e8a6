package pubsub

// A pattern is a sequence of elements, each of which is a star or takes exactly
// one byte. So the bytes between two stars form a segment of fixed width, and
// once a segment has matched at its leftmost place, a place further right leaves
// less room to all that follows and can't turn a mismatch into a match. Hence
// one point of return, the last star met, is enough; Redis, whose matcher calls
// itself at each star, needs a flag shared by all levels to get the same bound.

// Match reports whether the whole of s matches the glob pattern, byte by byte
// as Redis 7.0.15 does it, oddities included.
//
// A '*' takes any number of bytes, '?' takes one, and '[...]' takes one byte of
// the class, or one outside of it if the class begins with '^'. A backslash
// makes the next byte literal, in a class too; as the last byte of the pattern
// it stands for itself. What may surprise:
//
//   - An empty s matches the empty pattern only, not "*". (KEYS and SCAN read
//     the pattern "*" as no pattern at all, and so do list the empty key; that
//     is up to their callers of Match.)
//   - The first ']' always ends a class: "[]" matches nothing, "[^]" any byte.
//   - A class that isn't closed runs to the end of the pattern.
//   - A range is any three bytes x-y, be they in either order, and even if y is
//     ']' or a backslash. An escaped byte begins no range.
//   - The bounds of a range compare as signed bytes, the way C's char does on
//     x86, so that 0xff sorts before 'a'.
//
// It never allocates. The complexity is O(p*n), p and n the lengths of pattern
// and s, and O(p+n) with one star at the end or none. The semantics are those
// of stringmatchlen in Redis's util.c, case-sensitive.
func Match(pattern, s string) bool {
	if s == "" {
		return pattern == ""
	}
	p, i := 0, 0
	star, from := -1, 0 // the offset past the last star, and where in s it now ends
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				p++
				if p == len(pattern) {
					return true
				}
				star, from = p, i
				continue
			}
			if next, ok := matchByte(pattern, p, s[i]); ok {
				p, i = next, i+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++ // let the star take one byte more
		p, i = star, from
	}
	// No return to the star from here: it would leave even fewer bytes to the rest.
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches c against the element at pattern[p], which is not a star.
// If it matches, next is the offset past the element.
func matchByte(pattern string, p int, c byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		return matchClass(pattern, p+1, c)
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	return p + 1, pattern[p] == c
}

// matchClass matches c against the class whose first byte after the '[' is at
// pattern[p], if the pattern goes on so far. Either way next is the offset past
// the class.
func matchClass(pattern string, p int, c byte) (next int, ok bool) {
	negated := p < len(pattern) && pattern[p] == '^'
	if negated {
		p++
	}
	for p < len(pattern) && pattern[p] != ']' {
		left := len(pattern) - p
		switch {
		case left >= 2 && pattern[p] == '\\':
			ok = ok || pattern[p+1] == c
			p += 2
		case left >= 3 && pattern[p+1] == '-':
			ok = ok || inRange(c, pattern[p], pattern[p+2])
			p += 3
		default:
			ok = ok || pattern[p] == c
			p++
		}
	}
	if p < len(pattern) {
		p++ // the ']'
	}
	return p, ok != negated
}

// inRange reports whether c lies between the bounds x and y, which come in
// either order. They are signed, see Match.
func inRange(c, x, y byte) bool {
	lo, hi := min(int8(x), int8(y)), max(int8(x), int8(y))
	return lo <= int8(c) && int8(c) <= hi
}
