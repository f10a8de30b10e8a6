package command

import "github.com/alcovedb/alcove/store"

// This file has the commands that make one sorted set of several.

// zcombine is what ZUNION and its like are asked for.
type zcombine struct {
	keys   []string
	o      store.CombineOptions
	scores bool
}

// others returns the handle of the first key, and the other keys.
func (z *zcombine) others(c *call) (store.ZSet, []string) { return c.db.ZSet(z.keys[0]), z.keys[1:] }

// combineKeys reads the number of keys at i and the keys behind it. next is the place behind
// these.
func (c *call) combineKeys(i int) (keys []string, next int, bad *Reply) {
	n, bad := c.int(i)
	switch {
	case bad != nil:
		return nil, 0, bad
	case n < 1:
		r := failedf("ERR at least 1 input key is needed for '%s' command", c.cmd.FullName())
		return nil, 0, &r
	case n > int64(len(c.args)-i-1):
		return nil, 0, &errSyntax
	}
	next = i + 1 + int(n)
	return c.args[i+1 : next], next, nil
}

// combine reads the words of ZUNION and its like from the number of keys on, which is at i:
// with WEIGHTS and AGGREGATE if sums says so, and with WITHSCORES where nothing is stored.
func (c *call) combine(i int, sums, stores bool) (z zcombine, bad *Reply) {
	keys, next, bad := c.combineKeys(i)
	if bad != nil {
		return z, bad
	}
	z.keys = keys
	for i = next; i < len(c.args) && bad == nil; i++ {
		left := len(c.args) - i
		switch {
		case sums && left > len(keys) && c.is(i, "weights"):
			z.o.Weights, bad = c.weights(i+1, len(keys))
			i += len(keys)
		case sums && left >= 2 && c.is(i, "aggregate"):
			i++
			z.o.Aggregate, bad = c.aggregate(i)
		case !stores && c.is(i, "withscores"):
			z.scores = true
		default:
			bad = &errSyntax
		}
	}
	if bad != nil {
		r := c.afterSets(keys, bad)
		return z, &r
	}
	return z, nil
}

func (c *call) weights(i, n int) (list []float64, bad *Reply) {
	for ; n > 0; i, n = i+1, n-1 {
		f, ok := parseFloat(c.args[i])
		if !ok {
			return nil, &errWeight
		}
		list = append(list, f)
	}
	return list, nil
}

func (c *call) aggregate(i int) (store.Aggregate, *Reply) {
	switch {
	case c.is(i, "sum"):
		return store.AggregateSum, nil
	case c.is(i, "min"):
		return store.AggregateMin, nil
	case c.is(i, "max"):
		return store.AggregateMax, nil
	case c.is(i, "count"): // since 8.8
		return store.AggregateCount, nil
	}
	return 0, &errSyntax
}

// afterSets is the reply to options that are wrong, at which Redis looks after the keys.
func (c *call) afterSets(keys []string, bad *Reply) Reply {
	for _, key := range keys {
		switch kind, err := c.db.Type(key); {
		case err != nil:
			return failure(err)
		case kind != store.KindNone && kind != store.KindZSet && kind != store.KindSet:
			return errWrongType
		}
	}
	return *bad
}

func runZUnion(c *call) Reply {
	z, bad := c.combine(1, true, false)
	if bad != nil {
		return *bad
	}
	set, others := z.others(c)
	list, err := set.UnionWith(z.o, others...)
	return c.scoredOr(list, z.scores, err)
}

func runZInter(c *call) Reply {
	z, bad := c.combine(1, true, false)
	if bad != nil {
		return *bad
	}
	set, others := z.others(c)
	list, err := set.InterWith(z.o, others...)
	return c.scoredOr(list, z.scores, err)
}

func runZDiff(c *call) Reply {
	z, bad := c.combine(1, false, false)
	if bad != nil {
		return *bad
	}
	set, others := z.others(c)
	list, err := set.DiffWithScores(others...)
	return c.scoredOr(list, z.scores, err)
}

func runZUnionStore(c *call) Reply {
	z, bad := c.combine(2, true, true)
	if bad != nil {
		return *bad
	}
	return countOr(c.db.ZSet(c.args[1]).UnionStoreWith(z.o, z.keys...))
}

func runZInterStore(c *call) Reply {
	z, bad := c.combine(2, true, true)
	if bad != nil {
		return *bad
	}
	return countOr(c.db.ZSet(c.args[1]).InterStoreWith(z.o, z.keys...))
}

func runZDiffStore(c *call) Reply {
	z, bad := c.combine(2, false, true)
	if bad != nil {
		return *bad
	}
	return countOr(c.db.ZSet(c.args[1]).DiffStore(z.keys...))
}

func runZInterCard(c *call) Reply {
	keys, next, bad := c.combineKeys(1)
	if bad != nil {
		return *bad
	}
	limit, bad := c.limit(next)
	if bad != nil {
		return c.afterSets(keys, bad)
	}
	return countOr(c.db.ZSet(keys[0]).InterCard(limit, keys[1:]...))
}
