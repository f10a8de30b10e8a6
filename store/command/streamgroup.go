package command

import (
	"time"

	"github.com/alcovedb/alcove/store"
)

// The commands of consumer groups. In which order they look at their words, and when at the
// key and the group, is that of t_stream.c.

func (c *call) group() store.Group { return c.stream().Group(c.args[2]) }

// noGroup is the reply where the group of the command is not there.
func (c *call) noGroup() Reply { return noGroup(c.args[1], c.args[2]) }

func runXAck(c *call) Reply {
	ids, bad := c.ids(3, len(c.args))
	if bad != nil {
		return c.afterGroup(c.args[1], c.args[2], integer(0), bad)
	}
	return countOr(c.group().Ack(ids...))
}

func runXAckDel(c *call) Reply {
	refs, ids, bad := c.refsAndIDs(3)
	if bad != nil {
		return *bad
	}
	return removalsOr(c.group().AckDel(refs, ids...))
}

var nackModes = map[string]store.NackMode{"silent": store.NackSilent, "fail": store.NackFail, "fatal": store.NackFatal}

var errRetryCount = failed("ERR Invalid RETRYCOUNT option argument for XNACK")

func runXNack(c *call) Reply {
	mode, known := nackModes[lower(c.args[3])]
	if !known || !c.is(4, "ids") {
		return errSyntax
	}
	from, to, bad := c.idPlaces(5)
	if bad != nil {
		return *bad
	}
	o := store.NackOptions{Mode: mode}
	for i := to; i < len(c.args); i++ {
		switch {
		case c.is(i, "force"):
			o.Force = true
		case c.is(i, "retrycount") && i+1 < len(c.args):
			i++
			n, bad := c.int(i)
			if bad != nil || n < 0 {
				return errRetryCount
			}
			o.RetryCount = &n
		default:
			return errSyntax
		}
	}
	ids, bad := c.ids(from, to)
	if bad != nil {
		return *bad
	}
	n, err := c.group().NackWith(o, ids...)
	if err != nil {
		return groupFailure(err, c.noGroup())
	}
	return integer(int64(n))
}

func runXPending(c *call) Reply {
	if len(c.args) == 3 {
		return c.pendingSummary()
	}
	if len(c.args) < 6 || len(c.args) > 9 {
		return errSyntax
	}
	i, idle := 3, int64(0)
	if c.is(3, "idle") {
		var bad *Reply
		if idle, bad = c.int(4); bad != nil {
			return *bad
		}
		if i = 5; len(c.args) < 8 {
			return errSyntax
		}
	}
	count, bad := c.int(i + 2)
	if bad != nil {
		return *bad
	}
	r, bad := c.interval(i, i+1)
	if bad != nil {
		return *bad
	}
	o := store.PendingOptions{MinIdle: millis(idle)}
	if i+3 < len(c.args) {
		o.Consumer = &c.args[i+3]
	}
	list, err := c.group().PendingRange(r.Count(clamp(count)), o)
	if err != nil {
		return groupFailure(err, c.noGroup())
	}
	reply := array()
	for _, e := range list {
		reply.Elems = append(reply.Elems,
			array(idReply(e.ID), bulk(e.Consumer), integer(e.Idle.Milliseconds()), integer(e.Deliveries)))
	}
	return reply
}

func (c *call) pendingSummary() Reply {
	sum, err := c.group().Pending()
	switch {
	case err != nil:
		return groupFailure(err, c.noGroup())
	case sum.Count == 0:
		return array(integer(0), null, null, noList)
	}
	consumers := array()
	for _, p := range sum.Consumers {
		consumers.Elems = append(consumers.Elems, texts([]string{p.Name, itoa(int64(p.Count))}))
	}
	return array(integer(int64(sum.Count)), idReply(sum.Low), idReply(sum.High), consumers)
}

var (
	errClaimIdle  = failed("ERR Invalid IDLE option argument for XCLAIM")
	errClaimTime  = failed("ERR Invalid TIME option argument for XCLAIM")
	errClaimCount = failed("ERR Invalid RETRYCOUNT option argument for XCLAIM")
)

// claim are the words of XCLAIM.
type claim struct {
	minIdle time.Duration
	ids     []store.StreamID
	o       store.ClaimOptions
	justID  bool
}

func runXClaim(c *call) Reply {
	k, bad := c.claim()
	if bad != nil {
		return c.afterGroup(c.args[1], c.args[2], c.noGroup(), bad)
	}
	if k.justID {
		ids, err := c.group().ClaimJustID(c.args[3], k.minIdle, k.o, k.ids...)
		if err != nil {
			return groupFailure(err, c.noGroup())
		}
		return idReplies(ids)
	}
	list, err := c.group().ClaimWith(c.args[3], k.minIdle, k.o, k.ids...)
	if err != nil {
		return groupFailure(err, c.noGroup())
	}
	return entryReplies(list)
}

func (c *call) claim() (k claim, bad *Reply) {
	n, isInt := parseInt(c.args[4])
	if !isInt {
		r := failedf("ERR Invalid min-idle-time argument for XCLAIM")
		return k, &r
	}
	k.minIdle = millis(n)
	i := 5
	for ; i < len(c.args); i++ { // what is no ID may be an option
		id, bad := c.id(i)
		if bad != nil {
			break
		}
		k.ids = append(k.ids, id)
	}
	for ; i < len(c.args) && bad == nil; i++ {
		more := i+1 < len(c.args)
		switch {
		case c.is(i, "force"):
			k.o.Force = true
		case c.is(i, "justid"):
			k.justID = true
		case more && c.is(i, "idle"):
			i++
			bad = c.claimTime(&k.o, i, true, &errClaimIdle)
		case more && c.is(i, "time"):
			i++
			bad = c.claimTime(&k.o, i, false, &errClaimTime)
		case more && c.is(i, "retrycount"):
			i++
			n, isInt := parseInt(c.args[i])
			if k.o.RetryCount = nil; !isInt {
				bad = &errClaimCount
			} else if n >= 0 {
				k.o.RetryCount = &n
			}
		case more && c.is(i, "lastid"):
			i++
			k.o.LastID, bad = c.id(i)
		default:
			r := failedf("ERR Unrecognized XCLAIM option '%s'", c.args[i])
			bad = &r
		}
	}
	return k, bad
}

// claimTime reads the word at i as when what is claimed counts as delivered, or as how long ago
// that was. The last one counts; one that makes no sense is now.
func (c *call) claimTime(o *store.ClaimOptions, i int, ago bool, wrong *Reply) *Reply {
	ms, isInt := parseInt(c.args[i])
	if !isInt {
		return wrong
	}
	now, err := c.db.Time()
	if err != nil {
		r := failure(err)
		return &r
	}
	if ago {
		ms = now.UnixMilli() - ms
	}
	if o.Time = (time.Time{}); ms >= 0 && ms <= now.UnixMilli() {
		o.Time = time.UnixMilli(ms)
	}
	return nil
}

func runXAutoClaim(c *call) Reply {
	idle, start, count, justID, bad := c.autoClaimWords()
	if bad != nil {
		_, _ = c.db.Type(c.args[1]) // Redis has looked for the key before, which is told if it is missing
		return *bad
	}
	if justID {
		got, err := c.group().AutoClaimJustID(c.args[3], millis(idle), start, count)
		if err != nil {
			return groupFailure(err, c.noGroup())
		}
		return array(idReply(got.Next), idReplies(got.IDs), idReplies(got.Deleted))
	}
	got, err := c.group().AutoClaim(c.args[3], millis(idle), start, count)
	if err != nil {
		return groupFailure(err, c.noGroup())
	}
	return array(idReply(got.Next), entryReplies(got.Entries), idReplies(got.Deleted))
}

// autoClaimWords reads the words of XAUTOCLAIM behind the consumer's.
func (c *call) autoClaimWords() (idle int64, start store.StreamID, count int, justID bool, bad *Reply) {
	idle, isInt := parseInt(c.args[4])
	if !isInt {
		r := failedf("ERR Invalid min-idle-time argument for XAUTOCLAIM")
		return 0, start, 0, false, &r
	}
	if start, bad = c.from(5); bad != nil {
		return 0, start, 0, false, bad
	}
	count = 100
	for i := 6; i < len(c.args); i++ {
		switch {
		case i+1 < len(c.args) && c.is(i, "count"):
			i++
			const most = (1<<63 - 1) / 16
			if count, bad = c.count(i, 1, most, errCountAbove0.Str); bad != nil {
				return 0, start, 0, false, &errCountAbove0
			}
		case c.is(i, "justid"):
			justID = true
		default:
			return 0, start, 0, false, &errSyntax
		}
	}
	return idle, start, count, justID, nil
}
