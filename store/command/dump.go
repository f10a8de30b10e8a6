package command

import (
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

// DUMP and RESTORE.

func runDump(c *call) Reply {
	payload, err := c.db.Dump(c.args[1])
	return textOr(string(payload), err)
}

// runRestore is restoreCommand in cluster.c: of all that may be wrong, it finds that of the
// options first, then that the key is there, then that of the TTL, and the payload's last.
func runRestore(c *call) Reply {
	o, absolute, bad := c.restoreOptions()
	if bad != nil {
		return *bad
	}
	ttl, isInt := parseInt(c.args[2])
	if !isInt || ttl < 0 {
		return c.badTTL(isInt, o.Replace)
	}
	if o.Expiry, bad = c.restoreExpiry(ttl, absolute); bad != nil {
		return *bad
	}
	return okOr(c.db.RestoreWith(c.args[1], []byte(c.args[3]), o))
}

// restoreOptions reads the options of RESTORE.
func (c *call) restoreOptions() (o store.RestoreOptions, absolute bool, bad *Reply) {
	var idle, freq bool
	for i := 4; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		switch {
		case c.is(i, "replace"):
			o.Replace = true
		case c.is(i, "absttl"):
			absolute = true
		case c.is(i, "idletime") && more && !freq:
			i++
			n, bad := c.int(i)
			switch {
			case bad != nil:
				return o, false, bad
			case n < 0:
				return o, false, &errIdleTime
			}
			idle, o.IdleTime = true, time.Duration(min(n, math.MaxInt64/int64(time.Second)))*time.Second
		case c.is(i, "freq") && more && !idle:
			i++
			n, bad := c.int(i)
			switch {
			case bad != nil:
				return o, false, bad
			case n < 0 || n > math.MaxUint8:
				return o, false, &errFreq
			}
			often := int(n)
			freq, o.Freq = true, &often
		default:
			return o, false, &errSyntax
		}
	}
	return o, absolute, nil
}

var (
	errIdleTime       = failed("ERR Invalid IDLETIME value, must be >= 0")
	errFreq           = failed("ERR Invalid FREQ value, must be >= 0 and <= 255")
	errPayloadVersion = failed("ERR DUMP payload version or checksum are wrong")
	errBusyKey        = failed("BUSYKEY Target key name already exists.")
	errRestoreTTL     = failed("ERR Invalid TTL value, must be >= 0")
)

// badTTL is the reply to a TTL that is none.
func (c *call) badTTL(isInt, replace bool) Reply {
	if !replace {
		switch kind, err := kindOf(c.db, c.args[1]); {
		case err != nil:
			return failure(err)
		case kind != store.KindNone:
			return errBusyKey
		}
	}
	if !isInt {
		return errNotInteger
	}
	return errRestoreTTL
}

// restoreExpiry is a deadline in ms milliseconds, or, absolute, at that time; 0 is none.
func (c *call) restoreExpiry(ms int64, absolute bool) (e store.Expiry, bad *Reply) {
	switch {
	case ms == 0:
		return e, nil
	case absolute:
		return store.ExpireAt(time.UnixMilli(ms)), nil
	case ms <= longest:
		return store.ExpireIn(time.Duration(ms) * time.Millisecond), nil
	}
	now, bad := c.now()
	if now > math.MaxInt64-ms { // an overflow, which Redis takes for the past
		return store.ExpireAt(time.UnixMilli(1)), bad
	}
	return store.ExpireAt(time.UnixMilli(now + ms)), bad
}
