package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alcovedb/alcove/store"
)

func runDebug(c *call) Reply {
	words := len(c.args)
	switch name := lower(c.args[1]); {
	case name == "help" && words == 2:
		d := *c
		d.cmd = &Command{parent: c.cmd}
		return d.help(debugHelp)
	case name == "object" && words == 3:
		return c.describeValue(c.args[2])
	case name == "sleep" && words == 3:
		return c.sleep()
	case name == "digest" && words == 2:
		return c.digest()
	case name == "digest-value" && words >= 2:
		return c.digestValues()
	case name == "protocol" && words == 3:
		return c.sample()
	case name == "error" && words == 3:
		return failed(oneLine.Replace(c.args[2]))
	case name == "populate" && words >= 3 && words <= 5:
		return c.populate()
	case name == "structsize" && words == 2:
		return simple("bits:" + strconv.Itoa(strconv.IntSize))
	case name == "reload" && words >= 2, name == "change-repl-id" && words == 2, name == "loadaof" && words == 2:
		return ok
	case name == "quicklist-packed-threshold" && words == 3:
		if n, isSize := memory(c.args[2]); !isSize || n > 1<<32-1<<20 { // quicklistisSetPackedThreshold in quicklist.c
			return failed("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
		}
		return ok
	case name == "replicate" && words >= 3:
		return ok
	case words == 3 && acceptedDebug[name]:
		return ok
	case name == "replybuffer" && words == 4:
		return ok
	}
	return c.subSyntax()
}

// acceptedDebug are subcommands of one argument that mean nothing here.
var acceptedDebug = map[string]bool{
	"set-active-expire": true, "set-disable-deny-scripts": true, "set-skip-checksum-validation": true, "pause-cron": true,
	"log": true, "leak": true, "drop-cluster-packet-filter": true, "aof-flush-sleep": true,
	"stringmatch-len": false,
}

// sleep waits; unlike Redis, other clients go on.
func (c *call) sleep() Reply {
	f, _ := strconv.ParseFloat(c.args[2], 64) // 0 if it is none, as C's strtod
	if f > 0 && f < 1e9 && c.tx == nil {
		ctx, cancel := c.s.srv.timeout(c.ctx, time.Duration(f*float64(time.Second)))
		defer cancel()
		<-ctx.Done()
	}
	return ok
}

// sample is DEBUG PROTOCOL, a reply of a type.
func (c *call) sample() Reply {
	three := []Reply{integer(0), integer(1), integer(2)}
	switch lower(c.args[2]) {
	case "string":
		return bulk("Hello World")
	case "integer":
		return integer(12345)
	case "double":
		return double(3.141)
	case "null":
		return null
	case "array":
		return array(three...)
	case "set":
		return Reply{Kind: Set, Elems: three}
	case "map":
		return pairs(integer(0), Reply{Kind: Bool}, integer(1), Reply{Kind: Bool, Int: 1}, integer(2), Reply{Kind: Bool})
	case "bignum":
		return Reply{Kind: BigNumber, Str: "1234567999999999999999999999999999999"}
	case "verbatim":
		return verbatim("This is a verbatim\nstring")
	case "true":
		return Reply{Kind: Bool, Int: 1}
	case "false":
		return Reply{Kind: Bool}
	case "attrib":
		return bulk("Some real reply following the attribute")
	case "push":
		if c.resp3() {
			return Reply{Kind: Several, Elems: []Reply{
				push(bulk("server-cpu-usage"), integer(42)), bulk("Some real reply following the push reply"),
			}}
		}
		return failed("ERR RESP2 is not supported by this command")
	}
	return failed("ERR Wrong protocol type name. Please use one of the following: " +
		"string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
}

func (c *call) populate() Reply {
	count, isInt := parseInt(c.args[2])
	if !isInt || count < 0 {
		return errNotPositive
	}
	prefix, size := "key", 0
	if len(c.args) > 3 {
		prefix = c.args[3]
	}
	if len(c.args) > 4 {
		n, isInt := parseInt(c.args[4])
		if !isInt || n < 0 || n > store.MaxStringLen {
			return errNotPositive
		}
		size = int(n)
	}
	for i := range count {
		if err := c.ctx.Err(); err != nil {
			return failure(err)
		}
		key, value := fmt.Sprintf("%s:%d", prefix, i), fmt.Sprintf("value:%d", i)
		if n, err := c.db.Exists(key); err != nil || n > 0 {
			continue
		}
		if size > 0 {
			value = (value + strings.Repeat("\x00", size))[:size]
		}
		if err := c.db.MSet(pair(key, value)); err != nil {
			return failure(err)
		}
	}
	return ok
}
