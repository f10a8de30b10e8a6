package command

import (
	"context"
	"errors"
	"time"

	"github.com/alcovedb/alcove/store"
)

var (
	errGroupOption  = failed("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
	errNoAckOption  = failed("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
	errGroupMissing = failed("ERR Missing GROUP option for XREADGROUP")
	errDollar       = failed("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
	errGreater      = failed("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
	errUnbalanced   = failed("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
)

// reading are the words of XREAD and XREADGROUP.
type reading struct {
	grouped         bool
	blocks          bool
	timeout         time.Duration
	o               store.GroupReadOptions
	hasGroup        bool
	group, consumer string
	streams         []store.StreamAt
}

func runXRead(c *call) Reply {
	r, bad := c.reading(false)
	if bad != nil {
		return *bad
	}
	if !r.blocks {
		list, err := c.db.XRead(r.o.Count, r.streams...)
		if err != nil {
			return failure(err)
		}
		return c.streamReplies(list)
	}
	var list []store.StreamEntries
	nothing, bad := c.block(r.timeout, func(ctx context.Context) (err error) {
		list, err = c.db.XReadBlock(ctx, r.o.Count, r.streams...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return c.streamReplies(list)
}

func (c *call) streamReplies(list []store.StreamEntries) Reply {
	keys, values := make([]string, len(list)), make([]Reply, len(list))
	for i, s := range list {
		keys[i], values[i] = s.Key, entryReplies(s.Entries)
	}
	return c.byStream(keys, values)
}

// byStream is what streams gave: in RESP3 a map.
func (c *call) byStream(keys []string, values []Reply) Reply {
	if len(keys) == 0 {
		return noList
	}
	r := array()
	if c.resp3() {
		r = pairs()
	}
	for i, key := range keys {
		if c.resp3() {
			r.Elems = append(r.Elems, bulk(key), values[i])
		} else {
			r.Elems = append(r.Elems, array(bulk(key), values[i]))
		}
	}
	return r
}

func runXReadGroup(c *call) Reply {
	r, bad := c.reading(true)
	if bad != nil {
		return *bad
	}
	list, err := c.db.XReadGroup(r.group, r.consumer, r.o, r.streams...)
	if err != nil {
		return r.failure(err)
	}
	if len(list) > 0 || !r.blocks {
		return c.deliveryReplies(&r, list)
	}
	nothing, bad := c.block(r.timeout, func(ctx context.Context) (err error) {
		list, err = c.db.XReadGroupBlock(ctx, r.group, r.consumer, r.o, r.streams...)
		return err
	})
	switch {
	case bad != nil:
		return *bad
	case nothing:
		return noList
	}
	return c.deliveryReplies(&r, list)
}

// failure is failure where the error says which group is missing.
func (r *reading) failure(err error) Reply {
	var in *store.OpError
	if errors.Is(err, store.ErrNoGroup) && errors.As(err, &in) {
		return r.noGroup(in.Key)
	}
	return failure(err)
}

func (r *reading) noGroup(key string) Reply {
	return failedf("NOGROUP No such key '%s' or consumer group '%s' in XREADGROUP with GROUP option",
		key, r.group)
}

func (c *call) deliveryReplies(r *reading, list []store.StreamDeliveries) Reply {
	keys, values := make([]string, len(list)), make([]Reply, len(list))
	for i, s := range list {
		keys[i], values[i] = s.Key, array()
		for _, d := range s.Deliveries {
			entry := entryReply(d.Entry)
			if d.Deleted {
				entry.Elems[1] = noList
			}
			if r.o.Claim > 0 {
				entry.Elems = append(entry.Elems, c.idle(d.Idle), integer(d.Deliveries))
			}
			values[i].Elems = append(values[i].Elems, entry)
		}
	}
	return c.byStream(keys, values)
}

// idle is for how long something has been pending: what was given back, since 1970.
func (c *call) idle(d time.Duration) Reply {
	if now, err := c.db.Time(); err == nil && d.Milliseconds() >= longest {
		return integer(now.UnixMilli())
	}
	return integer(d.Milliseconds())
}

// reading reads the words of XREAD and XREADGROUP (xreadCommand in t_stream.c).
func (c *call) reading(grouped bool) (r reading, bad *Reply) {
	r.grouped = grouped
	first := 0
	for i := 1; i < len(c.args) && first == 0; i++ {
		more := len(c.args) - i - 1
		switch {
		case more > 0 && c.is(i, "block") && c.script != nil:
			r := failedf("ERR %s command is not allowed with BLOCK option from scripts", c.args[0])
			bad = &r
		case more > 0 && c.is(i, "block"):
			i++
			r.blocks = true
			r.timeout, bad = c.milliseconds(i)
		case more > 0 && c.is(i, "count"):
			i++
			r.o.Count, bad = c.index(i)
			r.o.Count = max(r.o.Count, 0)
		case more > 0 && c.is(i, "streams"):
			first = i + 1
			bad = c.balanced(first)
		case more > 1 && c.is(i, "group"):
			if !grouped {
				return r, &errGroupOption
			}
			r.hasGroup, r.group, r.consumer = true, c.args[i+1], c.args[i+2]
			i += 2
		case c.is(i, "noack"):
			if !grouped {
				return r, &errNoAckOption
			}
			r.o.NoAck = true
		case grouped && more > 0 && c.is(i, "claim"): // since 8.4
			i++
			bad = c.claimIdle(&r.o, i)
		default:
			return r, &errSyntax
		}
		if bad != nil {
			return r, bad
		}
	}
	switch {
	case first == 0:
		return r, &errSyntax
	case grouped && !r.hasGroup:
		return r, &errGroupMissing
	}
	return r, c.positions(&r, first)
}

// claimIdle reads the word at i as for how long something has to be pending.
func (c *call) claimIdle(o *store.GroupReadOptions, i int) *Reply {
	n, bad := c.int(i)
	switch {
	case bad != nil:
		return bad
	case n < 0:
		return &errNotPositive
	}
	if o.Claim = millis(n); n == 0 {
		o.Claim = store.AnyIdle
	}
	return nil
}

// balanced says what is wrong with the number of the words from i on.
func (c *call) balanced(i int) *Reply {
	if (len(c.args)-i)%2 == 0 {
		return nil
	}
	return &errUnbalanced
}

// positions reads the words from first on as streams, and then from where these are read.
func (c *call) positions(r *reading, first int) *Reply {
	n := (len(c.args) - first) / 2
	for i := range n {
		at := store.StreamAt{Key: c.args[first+i]}
		word := c.args[first+n+i]
		id, _, isID := streamID(word, 0, false, false)
		var bad *Reply
		switch word = cString(word); {
		case word == "$" && r.grouped:
			bad = &errDollar
		case word == "$":
			at.Pos = store.AtEnd
		case word == ">" && !r.grouped:
			bad = &errGreater
		case word == ">", r.grouped && id == store.MaxStreamID:
			at.Pos = store.AtNew
		case word == "+" && !r.grouped: // since 7.4
			at.Pos = store.AtLast
		case !isID:
			bad = &errStreamID
		default:
			at.Pos = store.AfterID(id)
		}
		r.streams = append(r.streams, at)
		if bad != nil {
			return c.afterStreams(r, bad)
		}
	}
	return nil
}

// afterStreams is the reply to a position that is wrong, after a look at the streams up to it.
func (c *call) afterStreams(r *reading, bad *Reply) *Reply {
	for _, at := range r.streams {
		missing := Reply{}
		if r.grouped {
			missing = r.noGroup(at.Key)
		}
		reply := c.afterKey(at.Key, store.KindStream, missing, &silent)
		if r.grouped && reply.Kind != Error {
			reply = c.afterGroup(at.Key, r.group, missing, &silent)
		}
		if reply.Kind == Error {
			return &reply
		}
	}
	return bad
}
