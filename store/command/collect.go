package command

import (
	"strconv"

	"github.com/alcovedb/alcove/store"
)

// This file has what the commands of sets and of sorted sets share.

var (
	errInvalidCursor = failed("ERR invalid cursor")
	errLimitBelow0   = failed("ERR LIMIT can't be negative")
)

// cursor reads the word at i as C's strtoul does where Redis uses it for cursors: with a sign
// in front, and up to a NUL, if need be; no text at all is 0 (parseScanCursorOrReply in db.c).
func (c *call) cursor(i int) (uint64, *Reply) {
	digits := cString(c.args[i])
	if digits == "" {
		return 0, nil
	}
	minus := digits[0] == '-'
	if minus || digits[0] == '+' {
		digits = digits[1:]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	switch {
	case err != nil:
		return 0, &errInvalidCursor
	case minus:
		n = -n
	}
	return n, nil
}

// scan is what SSCAN and its like are asked for: the elements of the value at a key.
type scan struct {
	cursor  uint64
	o       store.ScanOptions
	nothing bool // only the empty element matches
}

// scanned is the reply of scans that have come to an end, and have found nothing.
func scanned(next uint64, elems Reply) Reply {
	return array(bulk(strconv.FormatUint(next, 10)), elems)
}

// scan reads the words of a scan of a key that holds a value of a kind. Where these are wrong,
// it returns the reply.
func (c *call) scan(kind store.Kind) (s scan, r *Reply) {
	at, bad := c.cursor(2)
	if bad != nil {
		return s, bad
	}
	const mostCursor = 1<<28 - 1 // of those that the scans of values return
	s.cursor = min(at, mostCursor)
	for i := 3; i < len(c.args) && bad == nil; i += 2 {
		switch {
		case i+1 == len(c.args):
			bad = &errSyntax
		case c.is(i, "match"):
			s.o.Match = c.args[i+1]
			s.nothing = s.o.Match == ""
		case c.is(i, "count"):
			if s.o.Count, bad = c.index(i + 1); bad == nil && s.o.Count < 1 {
				bad = &errSyntax
			}
		default:
			bad = &errSyntax
		}
	}
	if bad != nil {
		r := c.afterKey(c.args[1], kind, scanned(0, array()), bad)
		return s, &r
	}
	return s, nil
}

// lets says whether the empty pattern, which package store takes for none, matches.
func (s *scan) lets(elem string) bool { return !s.nothing || elem == "" }

// limit reads the words from i on as the LIMIT of a command that counts, or none.
func (c *call) limit(i int) (limit int, bad *Reply) {
	for ; i < len(c.args) && bad == nil; i += 2 {
		if i+1 == len(c.args) || !c.is(i, "limit") {
			return 0, &errSyntax
		}
		limit, bad = c.atLeast(i+1, 0, &errLimitBelow0)
	}
	return limit, bad
}
