package command

import (
	"fmt"
	"runtime/debug"

	"github.com/alcovedb/alcove/store"
)

// errNoStore is what Do says of commands that mean the whole store, where it has a part only.
var errNoStore = failed("ERR this command is for the whole store, which Do does not have in a transaction or on a snapshot")

// flushOption reads the one option of FLUSHALL and FLUSHDB, which means nothing here.
func (c *call) flushOption() *Reply {
	if len(c.args) > 2 || len(c.args) == 2 && !c.is(1, "sync") && !c.is(1, "async") {
		return &errSyntax
	}
	return nil
}

func runFlushDB(c *call) Reply {
	if bad := c.flushOption(); bad != nil {
		return *bad
	}
	c.s.flushed = true
	return okOr(c.db.FlushDB())
}

func runFlushAll(c *call) Reply {
	if bad := c.flushOption(); bad != nil {
		return *bad
	}
	c.s.flushed = true
	switch {
	case c.tx != nil:
		return okOr(c.tx.FlushAll())
	case c.s.srv.store == nil:
		return errNoStore
	}
	return okOr(c.s.srv.store.FlushAll())
}

func runSwapDB(c *call) Reply {
	if c.clustered() {
		return errClusterSwapDB
	}
	a, isInt := parseInt(c.args[1])
	if !isInt || a != int64(int32(a)) {
		return failed("ERR invalid first DB index")
	}
	b, isInt := parseInt(c.args[2])
	switch {
	case !isInt || b != int64(int32(b)):
		return failed("ERR invalid second DB index")
	case a < 0 || b < 0 || a >= store.Databases || b >= store.Databases:
		return errInvalidDB
	case c.tx != nil:
		return okOr(c.tx.SwapDB(int(a), int(b)))
	case c.s.srv.store == nil:
		return errNoStore
	}
	return okOr(c.s.srv.store.SwapDB(int(a), int(b)))
}

func runDBSize(c *call) Reply { return countOr(c.db.DBSize()) }

func runTime(c *call) Reply {
	t, err := c.db.Time()
	if err != nil {
		return failure(err)
	}
	return array(bulk(itoa(t.Unix())), bulk(itoa(int64(t.Nanosecond()/1000))))
}

func runLastSave(c *call) Reply { return integer(c.s.srv.since.Unix()) }
func runRole(*call) Reply       { return array(bulk("master"), integer(0), array()) }

func runLolwut(c *call) Reply {
	if len(c.args) > 2 && c.is(1, "version") {
		if _, bad := c.int(2); bad != nil {
			return *bad
		}
	}
	return verbatim("Redis ver. " + RedisVersion + "\n")
}

func runMemoryUsage(c *call) Reply {
	for i := 3; i < len(c.args); i += 2 {
		if !c.is(i, "samples") || i+1 == len(c.args) {
			return errSyntax
		}
		n, bad := c.int(i + 1)
		if bad != nil {
			return *bad
		}
		if n < 0 {
			return errSyntax
		}
	}
	n, err := c.db.MemoryUsage(c.args[2])
	if err == store.ErrNotFound {
		return null
	}
	return countOr(n, err)
}

func runMemoryDoctor(*call) Reply {
	return verbatim("Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in " +
		"these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be " +
		"back to our programming as soon as I finished rebooting.\n")
}

func runMemoryMallocStats(*call) Reply {
	return verbatim("Stats not supported for the current allocator")
}

func runMemoryPurge(*call) Reply {
	debug.FreeOSMemory()
	return ok
}

func runMemoryStats(c *call) Reply {
	st := c.figures()
	each := 0
	if st.Keys > 0 {
		each = st.Used / st.Keys
	}
	return pairs(bulk("peak.allocated"), number(st.Used), bulk("total.allocated"), number(st.Used),
		bulk("startup.allocated"), integer(0), bulk("replication.backlog"), integer(0), bulk("clients.slaves"), integer(0),
		bulk("clients.normal"), integer(0), bulk("cluster.links"), integer(0), bulk("aof.buffer"), integer(0),
		bulk("lua.caches"), integer(0), bulk("functions.caches"), integer(0),
		bulk("overhead.total"), number(st.Used-st.Memory), bulk("keys.count"), number(st.Keys),
		bulk("keys.bytes-per-key"), number(each), bulk("dataset.bytes"), number(st.Memory),
		bulk("dataset.percentage"), double(share(st.Memory, st.Used)), bulk("peak.percentage"), double(100))
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// describeValue is DEBUG OBJECT.
func (c *call) describeValue(key string) Reply {
	encoding, err := c.db.ObjectEncoding(key)
	if err != nil {
		return failure(err)
	}
	size, _ := c.db.MemoryUsage(key)
	idle, _ := c.db.ObjectIdleTime(key)
	at := c.clock().Add(-idle).Unix() & (1<<24 - 1)
	return simple(fmt.Sprintf("Value at:0x0 refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d",
		encoding, size, at, seconds(idle)))
}

// runModule is what a redis-server says whose enable-module-command is no, as at its start.
func runModule(*call) Reply {
	return failed("ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run " +
		"it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.")
}
