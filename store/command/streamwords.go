package command

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/alcovedb/alcove/store"
)

// This file has what the commands of streams share: IDs, ranges and how a stream is shortened.

var (
	errStreamID      = failed("ERR Invalid stream ID specified as stream command argument")
	errIntervalStart = failed("ERR invalid start ID for the interval")
	errIntervalEnd   = failed("ERR invalid end ID for the interval")
)

// parseUint reads a number as Redis's string2ull does: with what C's strtoull lets through,
// such as a sign or spaces before it, and up to a NUL.
func parseUint(text string) (uint64, bool) {
	if n, ok := parseInt(text); ok {
		return uint64(n), n >= 0
	}
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	minus := strings.HasPrefix(text, "-")
	if minus || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if minus {
		n = -n
	}
	return n, err == nil
}

// streamID reads an ID (streamGenericParseIDOrReply in t_stream.c). seq is what it has without
// a second number; loose takes - and +, too, and with auto the second number may be *, of which
// any says that it is.
func streamID(word string, seq uint64, loose, auto bool) (id store.StreamID, any, ok bool) {
	const most = 127
	if len(word) > most {
		return id, false, false
	}
	switch word = cString(word); {
	case word == "-" && loose:
		return store.MinStreamID, false, true
	case word == "+" && loose:
		return store.MaxStreamID, false, true
	case word == "-" || word == "+":
		return id, false, false
	}
	ms, rest, whole := strings.Cut(word, "-")
	if id.Ms, ok = parseUint(ms); !ok {
		return store.StreamID{}, false, false
	}
	switch {
	case !whole:
		id.Seq = seq
	case auto && rest == "*":
		any = true
	default:
		if id.Seq, ok = parseUint(rest); !ok {
			return store.StreamID{}, false, false
		}
	}
	return id, any, true
}

// id reads the word at i as an ID.
func (c *call) id(i int) (store.StreamID, *Reply) {
	id, _, ok := streamID(c.args[i], 0, false, false)
	if !ok {
		return id, &errStreamID
	}
	return id, nil
}

// ids reads the words from i on, up to end, as IDs.
func (c *call) ids(i, end int) (list []store.StreamID, bad *Reply) {
	for ; i < end; i++ {
		id, bad := c.id(i)
		if bad != nil {
			return nil, bad
		}
		list = append(list, id)
	}
	return list, nil
}

// bound reads the word at i as the bound of a range (streamParseIntervalIDOrReply).
func (c *call) bound(i int, seq uint64) (id store.StreamID, excluded bool, bad *Reply) {
	word := c.args[i]
	if excluded = len(word) > 1 && word[0] == '('; excluded {
		word = word[1:]
	}
	id, _, ok := streamID(word, seq, !excluded, false)
	if !ok {
		return id, excluded, &errStreamID
	}
	return id, excluded, nil
}

// from reads the word at i as where a range begins.
func (c *call) from(i int) (store.StreamID, *Reply) {
	id, excluded, bad := c.bound(i, 0)
	switch {
	case bad != nil || !excluded:
		return id, bad
	case id == store.MaxStreamID:
		return id, &errIntervalStart
	case id.Seq == math.MaxUint64:
		return store.StreamID{Ms: id.Ms + 1}, nil
	}
	id.Seq++
	return id, nil
}

// to reads the word at i as where a range ends.
func (c *call) to(i int) (store.StreamID, *Reply) {
	id, excluded, bad := c.bound(i, math.MaxUint64)
	switch {
	case bad != nil || !excluded:
		return id, bad
	case id == store.MinStreamID:
		return id, &errIntervalEnd
	case id.Seq == 0:
		return store.StreamID{Ms: id.Ms - 1, Seq: math.MaxUint64}, nil
	}
	id.Seq--
	return id, nil
}

// interval reads the words at low and at high as a range.
func (c *call) interval(low, high int) (r store.IDRange, bad *Reply) {
	from, bad := c.from(low)
	if bad != nil {
		return r, bad
	}
	to, bad := c.to(high)
	if bad != nil {
		return r, bad
	}
	return store.ByID(from, to), nil
}

// millis is that many milliseconds, at most the longest duration.
func millis(n int64) time.Duration {
	return time.Duration(min(max(n, 0), longest)) * time.Millisecond
}

func idReply(id store.StreamID) Reply { return bulk(id.String()) }

func idReplies(ids []store.StreamID) Reply {
	r := array()
	for _, id := range ids {
		r.Elems = append(r.Elems, idReply(id))
	}
	return r
}

func fieldReplies(fields []store.Pair) Reply {
	r := Reply{Kind: Array, Elems: make([]Reply, 0, 2*len(fields))}
	for _, f := range fields {
		r.Elems = append(r.Elems, bulk(f.Key), bulk(f.Value))
	}
	return r
}

func entryReply(e store.Entry) Reply { return array(idReply(e.ID), fieldReplies(e.Fields)) }

func entryReplies(list []store.Entry) Reply {
	r := array()
	for _, e := range list {
		r.Elems = append(r.Elems, entryReply(e))
	}
	return r
}

// noGroup is the reply where there is no such stream or group.
func noGroup(key, group string) Reply {
	return failedf("NOGROUP No such key '%s' or consumer group '%s'", key, group)
}

// noConsumerGroup is the reply of XGROUP and XINFO where there is a stream, but no such group.
func noConsumerGroup(key, group string) Reply {
	return failedf("NOGROUP No such consumer group '%s' for key name '%s'", group, key)
}

// groupFailure is failure where a missing group has been asked for.
func groupFailure(err error, missing Reply) Reply {
	if errors.Is(err, store.ErrNoGroup) {
		return missing
	}
	return failure(err)
}

// afterGroup is the reply to words that are wrong where Redis looks at the key and the group
// before it looks at them: missing, if one of these is not there.
func (c *call) afterGroup(key, group string, missing Reply, bad *Reply) Reply {
	has, err := c.hasGroup(key, group)
	switch {
	case err != nil:
		return failure(err)
	case !has:
		return missing
	}
	return *bad
}

func (c *call) hasGroup(key, group string) (bool, error) {
	_, err := c.db.Stream(key).Group(group).InfoConsumers()
	switch {
	case err == store.ErrNotFound || errors.Is(err, store.ErrNoGroup):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

var (
	errTrimTwice    = failed("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
	errMaxLenBelow0 = failed("ERR The MAXLEN argument must be >= 0.")
	errLimitBelow   = failed("ERR The LIMIT argument must be >= 0.")
	errLimitAlone   = failed("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
	errNoStrategy   = failed("ERR syntax error, XTRIM must be called with a trimming strategy")
	errLimitExact   = failed("ERR syntax error, LIMIT cannot be used without the special ~ option")
)

var refWords = map[string]store.Refs{"keepref": store.KeepRefs, "delref": store.DelRefs, "acked": store.OnlyAcked}

// addTrim are the options of XADD and XTRIM.
type addTrim struct {
	trim       store.StreamTrim
	given      bool // MAXLEN or MINID
	approx     bool
	limit      int64
	limited    bool
	refs       bool
	noMkStream bool
	id         store.NewStreamID
	zero       bool // the ID is 0-0
	next       int  // the place behind the ID
}

// addTrim reads the words of XADD or XTRIM (streamParseAddOrTrimArgsOrReply).
func (c *call) addTrim(xadd bool) (o addTrim, bad *Reply) {
	refs := store.KeepRefs
	i := 2
	for ; i < len(c.args); i++ {
		more := len(c.args) - 1 - i
		word := lower(c.args[i])
		kind, isRefs := refWords[word]
		switch {
		case xadd && word == "*":
			o.next = i + 1
		case (word == "maxlen" || word == "minid") && more > 0:
			if o.given {
				return o, &errTrimTwice
			}
			if i, bad = c.strategy(&o, word, i, more); bad != nil {
				return o, bad
			}
		case word == "limit" && more > 0:
			i++
			if o.limit, bad = c.int(i); bad != nil {
				return o, bad
			}
			if o.limited = true; o.limit < 0 {
				return o, &errLimitBelow
			}
		case xadd && word == "nomkstream":
			o.noMkStream = true
		case isRefs && !o.refs:
			o.refs, refs = true, kind
		case xadd:
			id, any, ok := streamID(c.args[i], 0, false, true)
			if !ok {
				return o, &errStreamID
			}
			o.zero = !any && id == store.MinStreamID
			if o.id = store.ExactID(id); any {
				o.id = store.NextIn(id.Ms)
			}
			o.next = i + 1
		default:
			return o, &errSyntax
		}
		if o.next != 0 {
			break
		}
	}
	bad = o.finish(xadd, refs)
	return o, bad
}

// finish puts together what was read, and says what is wrong with it.
func (o *addTrim) finish(xadd bool, refs store.Refs) *Reply {
	switch {
	case o.limit != 0 && !o.given:
		return &errLimitAlone
	case !xadd && !o.given:
		return &errNoStrategy
	case o.limited && !o.approx:
		return &errLimitExact
	}
	if o.approx {
		if o.trim = o.trim.Approx(); o.limited {
			o.trim = o.trim.Limit(clamp(o.limit))
		}
	}
	if o.given {
		o.trim = o.trim.Refs(refs)
	}
	return nil
}

// strategy reads MAXLEN or MINID, which stands at i, and returns the place of its last word.
func (c *call) strategy(o *addTrim, word string, i, more int) (last int, bad *Reply) {
	if next := c.args[i+1]; more >= 2 && (next == "~" || next == "=") {
		o.approx = next == "~"
		i++
	}
	i++
	o.given = true
	if word == "minid" {
		id, bad := c.id(i)
		o.trim = store.MinID(id)
		return i, bad
	}
	n, bad := c.int(i)
	if bad == nil && n < 0 {
		bad = &errMaxLenBelow0
	}
	o.trim = store.MaxLen(clamp(n))
	return i, bad
}
