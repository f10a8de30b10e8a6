package command

import (
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

// The commands on the deadlines of keys.

func runExpire(c *call) Reply { return c.expire(true, false) }

func runPExpire(c *call) Reply { return c.expire(false, false) }

func runExpireAt(c *call) Reply { return c.expire(true, true) }

func runPExpireAt(c *call) Reply { return c.expire(false, true) }

// expire sets a deadline (expireGenericCommand in expire.c).
func (c *call) expire(seconds, absolute bool) Reply {
	cond, bad := c.expireCondition()
	if bad != nil {
		return *bad
	}
	n, bad := c.int(2)
	if bad != nil {
		return *bad
	}
	if seconds {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return *c.errExpireTime()
		}
		n *= 1000
	}
	if !absolute {
		if n <= longest && n >= -longest {
			return yesOr(c.db.Expire(c.args[1], time.Duration(n)*time.Millisecond, cond))
		}
		now, bad := c.now()
		switch {
		case bad != nil:
			return *bad
		case n > math.MaxInt64-now:
			return *c.errExpireTime()
		}
		n += now
	}
	return yesOr(c.db.ExpireAt(c.args[1], time.UnixMilli(n), cond))
}

// expireCondition reads the options of EXPIRE.
func (c *call) expireCondition() (store.Condition, *Reply) {
	var nx, xx, gt, lt bool
	for i := 3; i < len(c.args); i++ {
		switch {
		case c.is(i, "nx"):
			nx = true
		case c.is(i, "xx"):
			xx = true
		case c.is(i, "gt"):
			gt = true
		case c.is(i, "lt"):
			lt = true
		default:
			r := failedf("ERR Unsupported option %s", c.args[i])
			return 0, &r
		}
	}
	switch {
	case nx && (xx || gt || lt):
		r := failed("ERR NX and XX, GT or LT options at the same time are not compatible")
		return 0, &r
	case gt && lt:
		r := failed("ERR GT and LT options at the same time are not compatible")
		return 0, &r
	case nx:
		return store.IfAbsent, nil
	case xx && gt:
		return store.IfPresentAndGreater, nil
	case xx && lt:
		return store.IfPresentAndLess, nil
	case xx:
		return store.IfPresent, nil
	case gt:
		return store.IfGreater, nil
	case lt:
		return store.IfLess, nil
	}
	return store.Always, nil
}

func runPersist(c *call) Reply { return yesOr(c.db.Persist(c.args[1])) }

func runTTL(c *call) Reply { return toSeconds(c.ttl()) }

func runPTTL(c *call) Reply { return c.ttl() }

func runExpireTime(c *call) Reply { return toSeconds(c.expireTime()) }

func runPExpireTime(c *call) Reply { return c.expireTime() }

// What TTL and its relatives answer for a key that has no deadline, or is not there.
const (
	noDeadline = -1
	noKey      = -2
)

// toSeconds rounds a reply of milliseconds as Redis does.
func toSeconds(r Reply) Reply {
	if r.Kind == Integer && r.Int >= 0 {
		r.Int = int64((uint64(r.Int) + 500) / 1000)
	}
	return r
}

// ttl is the reply of PTTL.
func (c *call) ttl() Reply {
	left, err := c.db.TTL(c.args[1])
	switch {
	case err == store.ErrNotFound:
		return integer(noKey)
	case err != nil:
		return failure(err)
	case left == store.NoTTL:
		return integer(noDeadline)
	case left.Milliseconds() < longest:
		return integer(left.Milliseconds())
	}
	r := c.expireTime() // it is more than a duration can express
	now, bad := c.now()
	if bad != nil {
		return *bad
	}
	if r.Kind == Integer && r.Int >= 0 {
		r.Int = max(r.Int-now, 0)
	}
	return r
}

// expireTime is the reply of PEXPIRETIME.
func (c *call) expireTime() Reply {
	at, err := c.db.ExpireTime(c.args[1])
	switch {
	case err == store.ErrNotFound:
		return integer(noKey)
	case err != nil:
		return failure(err)
	case at.IsZero():
		return integer(noDeadline)
	}
	return integer(at.UnixMilli())
}
