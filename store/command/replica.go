package command

import (
	"context"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
)

// MIGRATE, REPLICAOF, WAIT and WAITAOF: what there is to say of other servers.

// migrateKeys returns the places of the keys of MIGRATE (migrateGetKeys in db.c).
func migrateKeys(args []string) (places []int) {
	skip := map[string]int{"auth": 1, "auth2": 2}
	for i := 6; i < len(args)-1; i += 1 + skip[lower(cString(args[i]))] {
		if !same(args[i], "keys") {
			continue
		}
		if args[3] != "" { // one or the other
			return nil
		}
		for i++; i < len(args); i++ {
			places = append(places, i)
		}
		return places
	}
	return []int{3}
}

func runMigrate(c *call) Reply {
	keys := c.args[3:4]
	for i := 6; i < len(c.args); i++ {
		left := len(c.args) - 1 - i
		switch {
		case c.is(i, "copy"), c.is(i, "replace"):
		case c.is(i, "auth") && left >= 1:
			i++
		case c.is(i, "auth2") && left >= 2:
			i += 2
		case !c.is(i, "keys"):
			return errSyntax
		case keys[0] != "":
			return failed("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
		default:
			keys = c.args[i+1:]
			i = len(c.args)
		}
	}
	for _, i := range []int{5, 4} {
		if _, bad := c.int(i); bad != nil {
			return *bad
		}
	}
	switch n, err := c.db.Exists(keys...); {
	case err != nil:
		return failure(err)
	case n == 0:
		return simple("NOKEY")
	}
	return failed("ERR MIGRATE is not supported: there is no network here. DUMP gives a value, RESTORE takes it")
}

// runReplicaOf makes the server what it is, or says that it can't be a replica (replicaofCommand in
// replication.c).
func runReplicaOf(c *call) Reply {
	if c.clustered() {
		return errClusterReplica
	}
	if c.is(1, "no") && c.is(2, "one") {
		return ok
	}
	if port, isInt := parseInt(c.args[2]); !isInt || port < 0 || port > 65535 {
		return failed("ERR Invalid master port")
	}
	return failedf("ERR %s is not supported: there is no network here, but for NO ONE", upper(c.cmd.Name))
}

func runWait(c *call) Reply {
	n, bad := c.int(1)
	if bad != nil {
		return *bad
	}
	timeout, bad := c.milliseconds(2)
	if bad != nil {
		return *bad
	}
	return c.waitForReplicas(n > 0, timeout, integer(0))
}

func runWaitAOF(c *call) Reply {
	local, bad := c.int(1)
	switch {
	case bad != nil:
		return *bad
	case local < 0 || local > 1:
		return failed("ERR value is out of range, value must between 0 and 1")
	}
	n, bad := c.int(2)
	switch {
	case bad != nil:
		return *bad
	case n < 0:
		return errNotPositive
	}
	timeout, bad := c.milliseconds(3)
	switch {
	case bad != nil:
		return *bad
	case local > 0:
		return failed("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
	}
	return c.waitForReplicas(n > 0, timeout, array(integer(0), integer(0)))
}

// waitForReplicas waits, where somebody wants replicas: there are none, and so r is the reply.
func (c *call) waitForReplicas(wanted bool, timeout time.Duration, r Reply) Reply {
	if !wanted || c.tx != nil {
		return r
	}
	_, bad := c.block(timeout, func(ctx context.Context) error {
		if c.tx != nil { // of a client that has hung up
			return store.ErrNotFound
		}
		hook.WaitOf(ctx).Begin()
		<-ctx.Done()
		hook.WaitOf(ctx).End()
		return ctx.Err()
	})
	if bad != nil {
		return *bad
	}
	return r
}

// milliseconds reads the word at i as the milliseconds that a command waits at most, 0 for
// ever (getTimeoutFromObjectOrReply in timeout.c).
func (c *call) milliseconds(i int) (time.Duration, *Reply) {
	n, ok := parseInt(c.args[i])
	switch {
	case !ok:
		return 0, &errTimeoutInt
	case n < 0:
		return 0, &errTimeoutBelow0
	}
	return millis(n), nil
}
