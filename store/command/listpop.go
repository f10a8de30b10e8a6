package command

import (
	"context"
	"errors"

	"github.com/alcovedb/alcove/store"
)

// This file has the commands that take elements out of lists.

func runLPop(c *call) Reply { return c.popList(store.List.LPop, store.List.LPopN) }
func runRPop(c *call) Reply { return c.popList(store.List.RPop, store.List.RPopN) }

func (c *call) popList(one func(store.List) (string, error), many func(store.List, int) ([]string, error)) Reply {
	list := c.db.List(c.args[1])
	switch len(c.args) {
	case 2:
		return textOr(one(list))
	case 3:
	default:
		return wrongArity(c.cmd)
	}
	n, bad := c.atLeast(2, 0, &errNotPositive)
	if bad != nil {
		return *bad
	}
	if n == 0 { // only here an empty result does not mean that there is no list
		if _, err := c.db.ObjectEncoding(c.args[1]); errors.Is(err, store.ErrNotFound) {
			return noList // and nobody hears of a missing key, as they would of Len
		}
		if n, err := list.Len(); err != nil || n > 0 {
			return textsOr(nil, err)
		}
		return noList
	}
	values, err := many(list, n)
	if err == nil && len(values) == 0 {
		return noList
	}
	return textsOr(values, err)
}

// side reads the word at i as an end of a list.
func (c *call) side(i int) (store.Side, *Reply) {
	switch {
	case c.is(i, "left"):
		return store.Left, nil
	case c.is(i, "right"):
		return store.Right, nil
	}
	return 0, &errSyntax
}

// sides reads the words at 3 and 4 as the ends that elements are moved from and to.
func (c *call) sides() (from, to store.Side, bad *Reply) {
	if from, bad = c.side(3); bad == nil {
		to, bad = c.side(4)
	}
	return from, to, bad
}

func runLMove(c *call) Reply {
	from, to, bad := c.sides()
	if bad != nil {
		return *bad
	}
	return textOr(c.db.List(c.args[1]).LMove(c.args[2], from, to))
}

func runRPopLPush(c *call) Reply { return textOr(c.db.List(c.args[1]).RPopLPush(c.args[2])) }

func runBLMove(c *call) Reply {
	from, to, bad := c.sides()
	if bad != nil {
		return *bad
	}
	return c.blockMove(5, func(ctx context.Context) (string, error) {
		return c.db.List(c.args[1]).BLMove(ctx, c.args[2], from, to)
	})
}

func runBRPopLPush(c *call) Reply {
	return c.blockMove(3, func(ctx context.Context) (string, error) {
		return c.db.List(c.args[1]).BRPopLPush(ctx, c.args[2])
	})
}

// blockMove waits for an element, for no longer than the word at i says.
func (c *call) blockMove(i int, move func(context.Context) (string, error)) Reply {
	timeout, bad := c.timeout(i)
	if bad != nil {
		return *bad
	}
	value := ""
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		value, err = move(ctx)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing && c.tx != nil: // who does not wait gets another null in RESP2
		return null
	case nothing:
		return noList
	}
	return bulk(value)
}

// moveOptions reads the options of LMOVEM from the word at i on.
func (c *call) moveOptions(i int) (o store.MoveOptions, bad *Reply) {
	switch len(c.args) - i {
	case 0:
		return o, nil
	case 3:
	default:
		return o, &errSyntax
	}
	switch {
	case c.is(i, "exactly"):
		o.Exactly = true
	case !c.is(i, "count"):
		return o, &errSyntax
	}
	if o.Count, bad = c.atLeast(i+1, 1, &errPopCount); bad != nil {
		return o, bad
	}
	switch {
	case c.is(i+2, "obo"):
		o.OneByOne = true
	case !c.is(i+2, "bulk"):
		return o, &errSyntax
	}
	return o, nil
}

func runLMoveM(c *call) Reply {
	from, to, bad := c.sides()
	if bad != nil {
		return *bad
	}
	o, bad := c.moveOptions(5)
	if bad != nil {
		return *bad
	}
	values, err := c.db.List(c.args[1]).LMoveM(c.args[2], from, to, o)
	if err == nil && len(values) == 0 {
		return noList
	}
	return textsOr(values, err)
}

func runBLMoveM(c *call) Reply {
	from, to, bad := c.sides()
	if bad != nil {
		return *bad
	}
	timeout, bad := c.timeout(5)
	if bad != nil {
		return *bad
	}
	o, bad := c.moveOptions(6)
	if bad != nil {
		return *bad
	}
	var values []string
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		values, err = c.db.List(c.args[1]).BLMoveM(ctx, c.args[2], from, to, o)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return texts(values)
}

func runBLPop(c *call) Reply { return c.blockPop(store.DB.BLPop) }
func runBRPop(c *call) Reply { return c.blockPop(store.DB.BRPop) }

func (c *call) blockPop(pop func(store.DB, context.Context, ...string) (key, value string, err error)) Reply {
	last := len(c.args) - 1
	timeout, bad := c.timeout(last)
	if bad != nil {
		return *bad
	}
	key, value := "", ""
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		key, value, err = pop(c.db, ctx, c.args[1:last]...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return array(bulk(key), bulk(value))
}

var (
	errNumKeys  = failed("ERR numkeys should be greater than 0")
	errPopCount = failed("ERR count should be greater than 0")
)

// popFrom reads the words of LMPOP and ZMPOP from their number of keys on, which is at i: the
// keys, whether the first of the two ends that there are was named, and how many elements.
func (c *call) popFrom(i int, one, other string) (keys []string, first bool, count int, bad *Reply) {
	n, bad := c.atLeast(i, 1, &errNumKeys)
	switch {
	case bad != nil:
		return nil, false, 0, bad
	case n >= len(c.args)-i-1:
		return nil, false, 0, &errSyntax
	}
	keys = c.args[i+1 : i+1+n]
	i += 1 + n
	if first = c.is(i, one); !first && !c.is(i, other) {
		return nil, false, 0, &errSyntax
	}
	switch i++; {
	case i == len(c.args):
		return keys, first, 1, nil
	case !c.is(i, "count") || i+1 == len(c.args):
		return nil, false, 0, &errSyntax
	}
	if count, bad = c.atLeast(i+1, 1, &errPopCount); bad == nil && i+2 < len(c.args) {
		bad = &errSyntax
	}
	return keys, first, count, bad
}

func runLMPop(c *call) Reply {
	keys, left, count, bad := c.popFrom(1, "left", "right")
	if bad != nil {
		return *bad
	}
	return popped(c.db.LMPop(popSide(left), count, keys...))
}

func runBLMPop(c *call) Reply {
	keys, left, count, bad := c.popFrom(2, "left", "right")
	if bad != nil {
		return *bad
	}
	timeout, bad := c.timeout(1)
	if bad != nil {
		return *bad
	}
	key, values := "", []string(nil)
	nothing, bad := c.block(timeout, func(ctx context.Context) (err error) {
		key, values, err = c.db.BLMPop(ctx, popSide(left), count, keys...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return popped(key, values, nil)
}

func popSide(left bool) store.Side {
	if left {
		return store.Left
	}
	return store.Right
}

func popped(key string, values []string, err error) Reply {
	switch {
	case err != nil:
		return failure(err)
	case len(values) == 0:
		return noList
	}
	return array(bulk(key), texts(values))
}
