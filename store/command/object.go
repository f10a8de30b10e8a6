package command

import (
	"errors"
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

func runObjectEncoding(c *call) Reply { return textOr(c.db.ObjectEncoding(c.args[2])) }

var (
	errNoFrequency = failed("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
	errNoIdleTime  = failed("ERR idle time is not tracked: make the store with store.WithTracking(store.TrackIdleTime)")
)

func runObjectFreq(c *call) Reply {
	n, err := c.db.ObjectFreq(c.args[2])
	switch {
	case err == store.ErrNotFound:
		return null
	case errors.Is(err, store.ErrNotTracked):
		return errNoFrequency
	}
	return countOr(n, err)
}

func runObjectIdleTime(c *call) Reply {
	idle, err := c.db.ObjectIdleTime(c.args[2])
	switch {
	case err == store.ErrNotFound:
		return null
	case errors.Is(err, store.ErrNotTracked):
		return errNoIdleTime
	}
	return intOr(int64(idle/time.Second), err)
}

// sharedIntegers is how many small numbers Redis keeps once for all keys, whose references it
// does not count (OBJ_SHARED_INTEGERS and OBJ_SHARED_REFCOUNT in server.h).
const sharedIntegers = 10000

func runObjectRefCount(c *call) Reply {
	encoding, err := c.db.ObjectEncoding(c.args[2])
	switch {
	case err == store.ErrNotFound:
		return null
	case err != nil:
		return failure(err)
	case encoding != "int":
		return integer(1)
	}
	text, err := c.db.String(c.args[2]).Get()
	if n, ok := parseInt(text); err == nil && ok && n >= 0 && n < sharedIntegers {
		return integer(math.MaxInt32)
	}
	return integer(1)
}

func runObjectHelp(c *call) Reply {
	return c.help(`ENCODING <key>
    Return the kind of internal representation used in order to store the value
    associated with a <key>.
FREQ <key>
    Return the access frequency index of the <key>. The returned integer is
    proportional to the logarithm of the recent access frequency of the key.
IDLETIME <key>
    Return the idle time of the <key>, that is the approximated number of
    seconds elapsed since the last access to the key.
REFCOUNT <key>
    Return the number of references of the value associated with the specified
    <key>.
`)
}
