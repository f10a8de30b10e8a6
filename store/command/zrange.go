package command

import (
	"strings"

	"github.com/alcovedb/alcove/store"
)

// This file has the commands of sorted sets that take a range.

// rangeBy is what a range is of.
type rangeBy uint8

const (
	anyBy rangeBy = iota // the words say it
	byRank
	byScore
	byLex
)

// bounds reads the words at low and high as a range.
func (c *call) bounds(by rangeBy, low, high int) (r store.ZRange, bad *Reply) {
	switch by {
	case byScore:
		return c.scores(low, high)
	case byLex:
		return c.names(low, high)
	}
	start, bad := c.index(low)
	if bad != nil {
		return r, bad
	}
	stop, bad := c.index(high)
	return store.ByRank(start, stop), bad
}

func (c *call) scores(low, high int) (r store.ZRange, bad *Reply) {
	from, exclFrom, okFrom := scoreBound(c.args[low])
	to, exclTo, okTo := scoreBound(c.args[high])
	if !okFrom || !okTo {
		return r, &errScoreRange
	}
	r = store.ByScore(from, to)
	if exclFrom {
		r = r.ExclMin()
	}
	if exclTo {
		r = r.ExclMax()
	}
	return r, nil
}

// scoreBound reads an end of a range of scores as C's strtod does where Redis leaves all to it
// (zslParseRange): after spaces, up to a NUL, nothing for 0, and what is too large for infinity.
func scoreBound(text string) (score float64, excl, ok bool) {
	text, excl = strings.CutPrefix(text, "(")
	if text = cString(text); text == "" {
		return 0, excl, true
	}
	score, err := store.ParseFloat(strings.TrimLeft(text, " \t\n\v\f\r"))
	return score, excl, err != store.ErrNotFloat
}

func (c *call) names(low, high int) (r store.ZRange, bad *Reply) {
	from, exclFrom, okFrom := nameBound(c.args[low])
	to, exclTo, okTo := nameBound(c.args[high])
	if !okFrom || !okTo {
		return r, &errLexRange
	}
	r = store.ByLex(from, to)
	if exclFrom {
		r = r.ExclMin()
	}
	if exclTo || c.args[high][0] == '-' { // nothing is below all, also not the empty member
		r = r.ExclMax()
	}
	return r, nil
}

// nameBound reads an end of a range of names (zslParseLexRangeItem).
func nameBound(text string) (name string, excl, ok bool) {
	if text == "" {
		return "", false, false
	}
	switch text[0] {
	case '[', '(':
		return text[1:], text[0] == '(', true
	case '-':
		return store.LexMin, false, len(text) == 1 || text[1] == 0
	case '+':
		return store.LexMax, false, len(text) == 1 || text[1] == 0
	}
	return "", false, false
}

// zrange is what ZRANGE and its like are asked for: the words from the place of the key on.
type zrange struct {
	r      store.ZRange
	scores bool
}

// zrange reads the words of a range of the sorted set whose key is at i. by and rev say what
// they need not: by is anyBy where they do. stores leaves out WITHSCORES.
func (c *call) zrange(i int, by rangeBy, rev, stores bool) (z zrange, bad *Reply) {
	auto, low, high := by == anyBy, i+1, i+2
	offset, count := 0, -1
	for i += 3; i < len(c.args); i++ {
		switch {
		case !stores && c.is(i, "withscores"):
			z.scores = true
		case c.is(i, "limit") && i+2 < len(c.args):
			if offset, count, bad = c.indexes(i + 1); bad != nil {
				return z, bad
			}
			i += 2
		case auto && !rev && c.is(i, "rev"):
			rev = true
		case auto && by == anyBy && c.is(i, "bylex"):
			by = byLex
		case auto && by == anyBy && c.is(i, "byscore"):
			by = byScore
		default:
			return z, &errSyntax
		}
	}
	switch {
	case count != -1 && by != byScore && by != byLex:
		return z, &errRankLimit
	case z.scores && by == byLex:
		return z, &errLexScores
	}
	if rev && (by == byScore || by == byLex) {
		low, high = high, low
	}
	if z.r, bad = c.bounds(by, low, high); bad != nil {
		return z, bad
	}
	if rev {
		z.r = z.r.Rev()
	}
	if by == byScore || by == byLex {
		z.r = z.r.Limit(offset, count)
	}
	return z, nil
}

func runZRange(c *call) Reply           { return c.members(anyBy, false) }
func runZRevRange(c *call) Reply        { return c.members(byRank, true) }
func runZRangeByScore(c *call) Reply    { return c.members(byScore, false) }
func runZRevRangeByScore(c *call) Reply { return c.members(byScore, true) }
func runZRangeByLex(c *call) Reply      { return c.members(byLex, false) }
func runZRevRangeByLex(c *call) Reply   { return c.members(byLex, true) }

func (c *call) members(by rangeBy, rev bool) Reply {
	z, bad := c.zrange(1, by, rev, false)
	if bad != nil {
		return *bad
	}
	if !z.scores {
		return textsOr(c.db.ZSet(c.args[1]).Range(z.r))
	}
	list, err := c.db.ZSet(c.args[1]).RangeWithScores(z.r)
	return c.scoredOr(list, true, err)
}

func runZRangeStore(c *call) Reply {
	z, bad := c.zrange(2, anyBy, false, true)
	if bad != nil {
		return *bad
	}
	return countOr(c.db.ZSet(c.args[1]).RangeStore(c.args[2], z.r))
}

func runZCount(c *call) Reply    { return c.inRange(byScore, store.ZSet.Count) }
func runZLexCount(c *call) Reply { return c.inRange(byLex, store.ZSet.Count) }

func runZRemRangeByRank(c *call) Reply  { return c.inRange(byRank, store.ZSet.RemRange) }
func runZRemRangeByScore(c *call) Reply { return c.inRange(byScore, store.ZSet.RemRange) }
func runZRemRangeByLex(c *call) Reply   { return c.inRange(byLex, store.ZSet.RemRange) }

func (c *call) inRange(by rangeBy, do func(store.ZSet, store.ZRange) (int, error)) Reply {
	r, bad := c.bounds(by, 2, 3)
	if bad != nil {
		return *bad
	}
	return countOr(do(c.db.ZSet(c.args[1]), r))
}
