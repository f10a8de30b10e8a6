package command

import (
	"errors"

	"github.com/alcovedb/alcove/store"
)

// The subcommands of XGROUP have the key before the group.

func (c *call) xgroup() store.Group { return c.db.Stream(c.args[2]).Group(c.args[3]) }

var (
	errGroupNoKey  = failed("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")
	errEntriesRead = failed("ERR value for ENTRIESREAD must be positive or -1")
)

// xgroupFailure is failure of the subcommands of XGROUP.
func (c *call) xgroupFailure(err error) Reply {
	switch {
	case err == store.ErrNotFound:
		return errGroupNoKey
	case errors.Is(err, store.ErrNoGroup):
		return noConsumerGroup(c.args[2], c.args[3])
	}
	return failure(err)
}

// groupWords reads the options of XGROUP CREATE and SETID, and then where the group begins.
// late is what is wrong, but only if key and group are as they have to be.
func (c *call) groupWords(create bool, most int, strict bool) (pos store.ReadPos, o store.GroupOptions, bad, late *Reply) {
	for i := 5; i < len(c.args); i++ {
		switch {
		case create && c.is(i, "mkstream"):
			o.MkStream = true
		case c.is(i, "entriesread") && i+1 < len(c.args):
			i++
			n, bad := c.int(i)
			switch {
			case bad != nil:
				return pos, o, bad, nil
			case n < store.Unknown:
				return pos, o, &errEntriesRead, nil
			}
			o.EntriesRead = &n
		default:
			r := c.subSyntax()
			return pos, o, &r, nil
		}
	}
	if len(c.args) > most {
		r := c.subSyntax()
		return pos, o, nil, &r
	}
	if c.args[4] == "$" {
		return store.AtEnd, o, nil, nil
	}
	id, _, ok := streamID(c.args[4], 0, !strict, false)
	if !ok {
		late = &errStreamID
	}
	return store.AfterID(id), o, nil, late
}

func runXGroupCreate(c *call) Reply {
	const most = 8
	pos, o, bad, late := c.groupWords(true, most, true)
	switch {
	case bad != nil:
		return *bad
	case late != nil && o.MkStream:
		return c.afterWritten(c.args[2], store.KindStream, *late, late)
	case late != nil:
		return c.afterWritten(c.args[2], store.KindStream, errGroupNoKey, late)
	}
	if err := c.xgroup().CreateWith(pos, o); err != nil {
		return c.xgroupFailure(err)
	}
	return ok
}

func runXGroupSetID(c *call) Reply {
	const most = 7
	pos, o, bad, late := c.groupWords(false, most, false)
	switch {
	case bad != nil:
		return *bad
	case late != nil:
		missing := c.xgroupFailure(store.ErrNoGroup)
		if r := c.afterWritten(c.args[2], store.KindStream, errGroupNoKey, &missing); r.Str != missing.Str {
			return r
		}
		return c.afterGroup(c.args[2], c.args[3], missing, late)
	}
	if err := c.xgroup().SetIDWith(pos, o); err != nil {
		return c.xgroupFailure(err)
	}
	return ok
}

func runXGroupDestroy(c *call) Reply {
	done, err := c.xgroup().Destroy()
	if err != nil {
		return c.xgroupFailure(err)
	}
	return yesOr(done, nil)
}

func runXGroupCreateConsumer(c *call) Reply {
	fresh, err := c.xgroup().CreateConsumer(c.args[4])
	if err != nil {
		return c.xgroupFailure(err)
	}
	return yesOr(fresh, nil)
}

func runXGroupDelConsumer(c *call) Reply {
	n, err := c.xgroup().DelConsumer(c.args[4])
	if err != nil {
		return c.xgroupFailure(err)
	}
	return integer(int64(n))
}

func runXGroupHelp(c *call) Reply {
	return c.help(`CREATE <key> <groupname> <id|$> [option]
    Create a new consumer group. Options are:
    * MKSTREAM
      Create the empty stream if it does not exist.
    * ENTRIESREAD entries_read
      Set the group's entries_read counter (internal use).
CREATECONSUMER <key> <groupname> <consumer>
    Create a new consumer in the specified group.
DELCONSUMER <key> <groupname> <consumer>
    Remove the specified consumer.
DESTROY <key> <groupname>
    Remove the specified group.
SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]
    Set the current group ID and entries_read counter.
`)
}
