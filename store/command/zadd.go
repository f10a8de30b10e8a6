package command

import (
	"errors"
	"math"
	"strconv"

	"github.com/alcovedb/alcove/store"
)

// This file has the commands of sorted sets that have no ranges.

func runZCard(c *call) Reply  { return countOr(c.db.ZSet(c.args[1]).Card()) }
func runZRem(c *call) Reply   { return countOr(c.db.ZSet(c.args[1]).Rem(c.rest(2)...)) }
func runZScore(c *call) Reply { return doubleOr(c.db.ZSet(c.args[1]).Score(c.args[2])) }

func runZRank(c *call) Reply    { return c.rank(store.ZSet.RankWithScore) }
func runZRevRank(c *call) Reply { return c.rank(store.ZSet.RevRankWithScore) }

// rank is ZRANK and ZREVRANK, with the WITHSCORE of 7.2 (zrankGenericCommand in t_zset.c).
func (c *call) rank(of func(z store.ZSet, member string) (int, float64, error)) Reply {
	scored := len(c.args) > 3
	switch {
	case len(c.args) > 4:
		return wrongArity(c.cmd)
	case scored && !c.is(3, "withscore"):
		return errSyntax
	}
	rank, score, err := of(c.db.ZSet(c.args[1]), c.args[2])
	switch {
	case err == store.ErrNotFound && scored:
		return noList
	case err == store.ErrNotFound:
		return null
	case err == nil && scored:
		return array(integer(int64(rank)), double(score))
	}
	return countOr(rank, err)
}

func runZMScore(c *call) Reply {
	list, err := c.db.ZSet(c.args[1]).MScore(c.rest(2)...)
	if err != nil {
		return failure(err)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, score := range list {
		r.Elems[i] = null
		if score.Found {
			r.Elems[i] = double(score.Score)
		}
	}
	return r
}

// scoredOr is members, with their scores if scores says so: in RESP3 each with its own in an
// array of two.
func (c *call) scoredOr(list []store.Scored, scores bool, err error) Reply {
	if err != nil {
		return failure(err)
	}
	if scores && c.resp3() {
		return nested(list)
	}
	r := Reply{Kind: Array, Elems: make([]Reply, 0, 2*len(list))}
	for _, m := range list {
		r.Elems = append(r.Elems, bulk(m.Member))
		if scores {
			r.Elems = append(r.Elems, double(m.Score))
		}
	}
	return r
}

// nested is members with their scores, each in an array of two.
func nested(list []store.Scored) Reply {
	r := Reply{Kind: Array, Elems: make([]Reply, len(list))}
	for i, m := range list {
		r.Elems[i] = array(bulk(m.Member), double(m.Score))
	}
	return r
}

var (
	errNXAndXX    = failed("ERR XX and NX options at the same time are not compatible")
	errGTAndLT    = failed("ERR GT, LT, and/or NX options at the same time are not compatible")
	errIncrOnce   = failed("ERR INCR option supports a single increment-element pair")
	errScoreNaN   = failed("ERR resulting score is not a number (NaN)")
	errWeight     = failed("ERR weight value is not a float")
	errScoreRange = failed("ERR min or max is not a float")
	errLexRange   = failed("ERR min or max not valid string range item")
	errRankLimit  = failed("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
	errLexScores  = failed("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
)

// zaddOptions are the options of ZADD, and the place of the first score.
type zaddOptions struct {
	nx, xx, gt, lt, ch, incr bool
	next                     int
}

func (c *call) zaddOptions(from int) (o zaddOptions) {
	for o.next = from; o.next < len(c.args); o.next++ {
		switch i := o.next; {
		case c.is(i, "nx"):
			o.nx = true
		case c.is(i, "xx"):
			o.xx = true
		case c.is(i, "gt"):
			o.gt = true
		case c.is(i, "lt"):
			o.lt = true
		case c.is(i, "ch"):
			o.ch = true
		case c.is(i, "incr"):
			o.incr = true
		default:
			return o
		}
	}
	return o
}

// condition returns what the options want of a member.
func (o *zaddOptions) condition() store.Condition {
	switch {
	case o.nx:
		return store.IfAbsent
	case o.xx && o.gt:
		return store.IfPresentAndGreater
	case o.xx && o.lt:
		return store.IfPresentAndLess
	case o.xx:
		return store.IfPresent
	case o.gt:
		return store.IfGreater
	case o.lt:
		return store.IfLess
	}
	return store.Always
}

func runZAdd(c *call) Reply { return c.zadd(c.zaddOptions(2)) }

// runZIncrBy takes the options of ZADD, too, as Redis does, which all leave too few words.
func runZIncrBy(c *call) Reply {
	o := c.zaddOptions(2)
	o.incr = true
	return c.zadd(o)
}

func (c *call) zadd(o zaddOptions) Reply {
	words := c.rest(o.next)
	switch {
	case len(words)%2 != 0 || len(words) == 0:
		return errSyntax
	case o.nx && o.xx:
		return errNXAndXX
	case o.gt && (o.nx || o.lt) || o.lt && o.nx:
		return errGTAndLT
	case o.incr && len(words) > 2:
		return errIncrOnce
	}
	members := make([]store.Scored, len(words)/2)
	for i := range members {
		score, bad := c.float(o.next + 2*i)
		if bad != nil {
			return *bad
		}
		members[i] = store.Scored{Member: words[2*i+1], Score: score}
	}
	z := c.db.ZSet(c.args[1])
	if !o.incr {
		return countOr(z.AddWith(store.ZAddOptions{If: o.condition(), Changed: o.ch}, members...))
	}
	sum, done, err := z.AddIncr(members[0].Score, members[0].Member, o.condition())
	switch {
	case errors.Is(err, store.ErrNaN):
		return errScoreNaN
	case err == nil && !done:
		return null
	}
	return doubleOr(sum, err)
}

func runZRandMember(c *call) Reply {
	z := c.db.ZSet(c.args[1])
	if len(c.args) == 2 {
		return textOr(z.RandMember())
	}
	n, bad := c.signed(2)
	switch {
	case bad != nil:
		return *bad
	case len(c.args) > 4 || len(c.args) == 4 && !c.is(3, "withscores"):
		return errSyntax
	case len(c.args) == 3:
		return textsOr(z.RandMembers(n))
	case n < -math.MaxInt/2 || n > math.MaxInt/2:
		return errOutOfRange
	}
	list, err := z.RandMembersWithScores(n)
	return c.scoredOr(list, true, err)
}

func runZScan(c *call) Reply {
	c, noScores := c.without("noscores")
	s, r := c.scan(store.KindZSet)
	if r != nil {
		return *r
	}
	list, next, err := c.db.ZSet(c.args[1]).Scan(s.cursor, s.o)
	if err != nil {
		return failure(err)
	}
	elems := array()
	for _, m := range list {
		if s.lets(m.Member) {
			if elems.Elems = append(elems.Elems, bulk(m.Member)); !noScores {
				elems.Elems = append(elems.Elems, bulk(c.scoreText(m.Score)))
			}
		}
	}
	return scanned(next, elems)
}

// scoreText is a score as ZSCAN writes it, a string in RESP3, too: by %.17g, but that of a
// packed sorted set, where Redis keeps whole numbers as such (double2ll in util.c), in digits.
func (c *call) scoreText(f float64) string {
	const shown, kept = 1e17, math.MaxInt64 / 2
	if size := math.Abs(f); size >= shown && size <= kept {
		if encoding, _ := c.db.ObjectEncoding(c.args[1]); encoding == "listpack" {
			return strconv.FormatInt(int64(f), 10)
		}
	}
	return doubleText(f)
}
