package command

import (
	"context"

	"github.com/alcovedb/alcove/store"
)

// This file has the commands that take members out of sorted sets.

func runZPopMin(c *call) Reply { return c.zpop(store.ZSet.PopMinN) }
func runZPopMax(c *call) Reply { return c.zpop(store.ZSet.PopMaxN) }

func (c *call) zpop(pop func(store.ZSet, int) ([]store.Scored, error)) Reply {
	z := c.db.ZSet(c.args[1])
	switch len(c.args) {
	case 2:
		list, err := pop(z, 1)
		if err != nil || len(list) == 0 {
			return textsOr(nil, err)
		}
		return array(bulk(list[0].Member), double(list[0].Score)) // flat in RESP3, too
	case 3:
	default:
		return errSyntax
	}
	n, bad := c.atLeast(2, 0, &errNotPositive)
	if bad != nil {
		return *bad
	}
	list, err := pop(z, n)
	return c.scoredOr(list, true, err)
}

func runBZPopMin(c *call) Reply { return c.blockZPop(store.DB.BZPopMin) }
func runBZPopMax(c *call) Reply { return c.blockZPop(store.DB.BZPopMax) }

func (c *call) blockZPop(pop func(store.DB, context.Context, ...string) (string, store.Scored, error)) Reply {
	last := len(c.args) - 1
	timeout, bad := c.timeout(last)
	if bad != nil {
		return *bad
	}
	key, m := "", store.Scored{}
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		key, m, err = pop(c.db, ctx, c.args[1:last]...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return array(bulk(key), bulk(m.Member), double(m.Score))
}

func runZMPop(c *call) Reply {
	keys, lowest, count, bad := c.popFrom(1, "min", "max")
	if bad != nil {
		return *bad
	}
	pop := c.db.ZMPopMax
	if lowest {
		pop = c.db.ZMPopMin
	}
	return poppedScored(pop(count, keys...))
}

func runBZMPop(c *call) Reply {
	keys, lowest, count, bad := c.popFrom(2, "min", "max")
	if bad != nil {
		return *bad
	}
	timeout, bad := c.timeout(1)
	if bad != nil {
		return *bad
	}
	pop := store.DB.BZMPopMax
	if lowest {
		pop = store.DB.BZMPopMin
	}
	key, list := "", []store.Scored(nil)
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		key, list, err = pop(c.db, ctx, count, keys...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return poppedScored(key, list, nil)
}

func poppedScored(key string, list []store.Scored, err error) Reply {
	switch {
	case err != nil:
		return failure(err)
	case len(list) == 0:
		return noList
	}
	return array(bulk(key), nested(list))
}
