package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Streams against Redis: what reads and writes entries. Groups are in
// streamgroup_redis_test.go. The IDs that make random lines are few, so that they meet.

func init() {
	stateOf[KindStream] = []string{"XINFO", "STREAM", "<key>", "FULL", "COUNT", "0"}
	for text, err := range map[string]error{
		"ERR Invalid stream ID":                                    ErrStreamID,
		"ERR invalid start ID":                                     ErrStreamID,
		"ERR invalid end ID":                                       ErrStreamID,
		"ERR The ID specified in XADD must be":                     ErrStreamIDZero,
		"ERR The ID specified in XADD is equal or smaller":         ErrStreamIDOrder,
		"ERR The ID specified in XSETID is smaller":                ErrStreamIDOrder,
		"ERR The stream has exhausted":                             ErrStreamFull,
		"NOGROUP":                                                  ErrNoGroup,
		"BUSYGROUP":                                                ErrBusyGroup,
		"ERR The XGROUP subcommand requires the key":               ErrNotFound,
		"ERR value for ENTRIESREAD":                                ErrOutOfRange,
		"ERR entries_added must be positive":                       ErrOutOfRange,
		"ERR The entries_added specified in XSETID":                ErrOutOfRange,
		"ERR COUNT must be > 0":                                    ErrOutOfRange,
		"ERR The MAXLEN argument":                                  ErrOutOfRange,
		"ERR The LIMIT argument":                                   ErrOutOfRange,
		"ERR The $ ID is meaningless in the context of XREADGROUP": ErrInvalidOption,
		"ERR The > ID can be specified only":                       ErrInvalidOption,
	} {
		redisErrors = append(redisErrors, struct {
			text string
			err  error
		}{text, err})
	}
	differs = append(differs,
		differ{name: "XADD", weight: 14, gen: genXAdd, call: callXAdd},
		differ{name: "XLEN", weight: 1, gen: genKey, call: func(_ *twin, db DB, a []string) (any, error) {
			return count(db.Stream(a[0]).Len())
		}},
		differ{name: "XRANGE", weight: 3, gen: genXRange, call: func(_ *twin, db DB, a []string) (any, error) {
			return callXRange(db, a[0], a[1], a[2], a[3:], false)
		}, fold: foldList},
		differ{name: "XREVRANGE", weight: 3, gen: genXRange, call: func(_ *twin, db DB, a []string) (any, error) {
			return callXRange(db, a[0], a[2], a[1], a[3:], true)
		}, fold: foldList},
		differ{name: "XDEL", weight: 4, gen: genXIDs, call: func(_ *twin, db DB, a []string) (any, error) {
			ids, err := streamIDsOf(a[1:])
			if err != nil {
				return nil, err
			}
			return count(db.Stream(a[0]).Del(ids...))
		}},
		differ{name: "XTRIM", weight: 3, gen: func(w *twin) []string {
			return append([]string{w.key()}, w.trim()...)
		}, call: func(_ *twin, db DB, a []string) (any, error) {
			var o XAddOptions
			if _, err := xaddOptions(a[1:], &o); err != nil {
				return nil, err
			}
			return count(db.Stream(a[0]).Trim(o.Trim))
		}},
		differ{name: "XSETID", weight: 3, gen: genXSetID, call: callXSetID},
		differ{name: "XREAD", weight: 4, gen: genXRead, call: callXRead, fold: foldList},
		differ{name: "XINFO", weight: 4, gen: genXInfo, call: callXInfo, fold: foldXInfo},
	)
}

// foldList is for replies that are lists, where none is an empty one.
func foldList(r reply) (any, error) {
	if r == nil {
		return []any{}, nil
	}
	return r, nil
}

// oddID is an ID, or not.
func (w *twin) oddID() string {
	if w.rng.IntN(15) == 0 {
		return pick(w, []string{
			"0-0", "0", "18446744073709551615-18446744073709551615", "18446744073709551616-0", "-", "+", "x", "1-", "-1", "1-x",
			"", "1-1-1", strings.Repeat("1", 127), strings.Repeat("0", 128), "007-03",
		})
	}
	return w.streamID()
}

// streamID is an ID. Others than oddID's are for commands that look for the key first.
func (w *twin) streamID() string {
	switch w.rng.IntN(12) {
	case 0:
		return pick(w, []string{"0-0", "0", "0-1", "18446744073709551615-0", "18446744073709551615-18446744073709551614"})
	case 1, 2:
		return strconv.Itoa(1 + w.rng.IntN(9))
	}
	return fmt.Sprintf("%d-%d", 1+w.rng.IntN(9), w.rng.IntN(4))
}

func (w *twin) streamBound() string {
	switch w.rng.IntN(6) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		return "(" + w.oddID()
	}
	return w.oddID()
}

func (w *twin) count(from, to int) string { return strconv.Itoa(from + w.rng.IntN(to-from)) }

func (w *twin) trim() []string {
	args := []string{"MAXLEN", w.count(-1, 20)}
	if !w.goesBack && w.rng.IntN(3) == 0 {
		args = []string{"MINID", w.oddID()}
	}
	switch w.rng.IntN(8) {
	case 0:
		return []string{args[0], "=", args[1]}
	case 1: // where all pages go, or none
		return []string{"MAXLEN", "~", pick(w, []string{"0", "100000", "-1"})}
	case 2:
		return []string{"MINID", "~", "0-1", "LIMIT", w.count(-1, 5)}
	case 3:
		return append(args, "LIMIT", w.count(-1, 5))
	}
	return args
}

func genXAdd(w *twin) []string {
	args := []string{w.key()}
	if w.rng.IntN(5) == 0 {
		args = append(args, "NOMKSTREAM")
	}
	if w.rng.IntN(5) == 0 {
		args = append(args, w.trim()...)
	}
	switch w.rng.IntN(4) {
	case 0:
		args = append(args, w.count(1, 12)+"-*")
	case 1: // so that it mostly succeeds
		info, _ := w.db().Stream(args[0]).Info()
		if info.LastID.Ms > 1000 {
			args = append(args, w.oddID())
		} else {
			args = append(args, fmt.Sprintf("%d-%d", info.LastID.Ms+uint64(w.rng.IntN(2)), info.LastID.Seq+1))
		}
	default:
		args = append(args, w.oddID())
	}
	for range 1 + w.rng.IntN(3) {
		args = append(args, pick(w, []string{"f", "g", "", "other"}), w.value())
	}
	return args
}

func genXRange(w *twin) []string {
	args := []string{w.key(), w.streamBound(), w.streamBound()}
	if w.rng.IntN(3) == 0 {
		args = append(args, "COUNT", w.count(-1, 5))
	}
	return args
}

func genXIDs(w *twin) []string {
	return append([]string{w.key()}, w.repeat(func(w *twin) []string { return []string{w.streamID()} })...)
}

func genXSetID(w *twin) []string {
	args := []string{w.key(), w.oddID()}
	info, err := w.db().Stream(args[0]).Info()
	if id, mistake := ParseStreamID(args[1]); err == nil && mistake == nil && id.Less(info.LastID) && !w.goesBack {
		args[1] = info.LastID.String()
	}
	if w.rng.IntN(2) == 0 {
		args = append(args, "ENTRIESADDED", w.count(-1, 12))
	}
	if w.rng.IntN(3) == 0 {
		args = append(args, "MAXDELETEDID", w.streamID())
	}
	return args
}

func genXRead(w *twin) (args []string) {
	if w.rng.IntN(3) == 0 {
		args = []string{"COUNT", w.count(-1, 5)}
	}
	keys := genKeys(w)
	args = append(append(args, "STREAMS"), keys...)
	for range keys {
		if w.rng.IntN(6) == 0 {
			args = append(args, pick(w, []string{"$", ">"}))
		} else {
			args = append(args, w.streamID())
		}
	}
	return args
}

func genXInfo(w *twin) []string {
	switch w.rng.IntN(5) {
	case 0:
		return []string{"STREAM", w.key()}
	case 1:
		return []string{"STREAM", w.key(), "FULL"}
	case 2:
		return []string{"STREAM", w.key(), "FULL", "COUNT", w.count(-1, 4)}
	case 3:
		return []string{"GROUPS", w.key()}
	}
	return []string{"CONSUMERS", w.key(), w.group()}
}

// Arguments as the typed API has them.

func streamIDsOf(args []string) (ids []StreamID, err error) {
	for _, arg := range args {
		id, err := ParseStreamID(arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func intOf(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errInexpressible
	}
	return n, nil
}

var refsOf = map[string]Refs{"KEEPREF": KeepRefs, "DELREF": DelRefs, "ACKED": OnlyAcked}

// xaddOptions reads the options of XADD and XTRIM, up to the ID.
func xaddOptions(args []string, o *XAddOptions) (rest []string, err error) {
	var refs Refs
	defer func() {
		if o.Trim.by != noTrim {
			o.Trim = o.Trim.Refs(refs)
		}
	}()
	for len(args) > 0 {
		given, isRefs := refsOf[args[0]]
		switch {
		case isRefs:
			refs, args = given, args[1:]
		case args[0] == "NOMKSTREAM":
			o.NoMkStream, args = true, args[1:]
		case args[0] == "MAXLEN" || args[0] == "MINID":
			by, approx := args[0], args[1] == "~"
			if args = args[1:]; approx || args[0] == "=" {
				args = args[1:]
			}
			if by == "MAXLEN" {
				n, err := intOf(args[0])
				if err != nil {
					return nil, err
				}
				o.Trim = MaxLen(n)
			} else {
				id, err := ParseStreamID(args[0])
				if err != nil {
					return nil, err
				}
				o.Trim = MinID(id)
			}
			if args = args[1:]; approx {
				o.Trim = o.Trim.Approx()
			}
		case args[0] == "LIMIT":
			n, err := intOf(args[1])
			if err != nil {
				return nil, err
			}
			o.Trim, args = o.Trim.Limit(n), args[2:]
		default:
			return args, nil
		}
	}
	return nil, nil
}

func callXAdd(_ *twin, db DB, a []string) (any, error) {
	var o XAddOptions
	rest, err := xaddOptions(a[1:], &o)
	if err != nil {
		return nil, err
	}
	if err := o.Trim.check(); err == ErrOutOfRange { // which comes before the ID
		return nil, mistake("XADD", a[0], err)
	}
	if o.ID, err = ParseNewStreamID(rest[0]); err != nil {
		return nil, err
	}
	id, err := db.Stream(a[0]).AddWith(o, pairsOf(rest[1:])...)
	return result(id.String(), err)
}

func callXRange(db DB, key, low, high string, options []string, reverse bool) (any, error) {
	r, err := ParseIDRange(low, high)
	if err != nil {
		return nil, err
	}
	if len(options) == 2 {
		n, err := intOf(options[1])
		if err != nil {
			return nil, err
		}
		r = r.Count(n)
	}
	if reverse {
		r = r.Rev()
	}
	entries, err := db.Stream(key).Range(r)
	return result(entriesReply(entries), err)
}

func callXSetID(_ *twin, db DB, a []string) (any, error) {
	id, err := ParseStreamID(a[1])
	if err != nil {
		return nil, err
	}
	var o SetIDOptions
	for i := 2; i+1 < len(a); i += 2 {
		switch a[i] {
		case "ENTRIESADDED":
			n, err := intOf(a[i+1])
			if err != nil {
				return nil, err
			}
			added := int64(n)
			o.EntriesAdded = &added
		case "MAXDELETEDID":
			if o.MaxDeletedID, err = ParseStreamID(a[i+1]); err != nil {
				return nil, err
			}
		}
	}
	return result("OK", db.Stream(a[0]).SetIDWith(id, o))
}

// streamsOf reads what comes behind STREAMS.
func streamsOf(args []string) (list []StreamAt, err error) {
	n := len(args) / 2
	for i := range n {
		at := StreamAt{Key: args[i]}
		switch text := args[n+i]; text {
		case "$":
			at.Pos = AtEnd
		case "+":
			at.Pos = AtLast
		case ">":
			at.Pos = AtNew
		default:
			id, err := ParseStreamID(text)
			if err != nil {
				return nil, err
			}
			at.Pos = AfterID(id)
		}
		list = append(list, at)
	}
	return list, nil
}

func callXRead(_ *twin, db DB, a []string) (any, error) {
	n, err := 0, error(nil)
	if a[0] == "COUNT" {
		if n, err = intOf(a[1]); err != nil {
			return nil, err
		}
		a = a[2:]
	}
	streams, err := streamsOf(a[1:])
	if err != nil {
		return nil, err
	}
	got, err := db.XRead(n, streams...)
	list := []any{}
	for _, s := range got {
		list = append(list, []any{s.Key, entriesReply(s.Entries)})
	}
	return result(any(list), err)
}

// Replies.

func entryReply(e Entry) any {
	fields := []any{}
	for _, p := range e.Fields {
		fields = append(fields, p.Key, p.Value)
	}
	return []any{e.ID.String(), fields}
}

func entriesReply(entries []Entry) any {
	list := []any{}
	for _, e := range entries {
		list = append(list, entryReply(e))
	}
	return list
}

func idsReply(ids []StreamID) any {
	list := []any{}
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}

func knownInt(n int64, known bool) any {
	if !known {
		return nil
	}
	return n
}

// idleClass tells idle times apart that a test has made different: those of the last
// quarter of an hour, and those of each further 1000 seconds.
func idleClass(ms int64) int64 {
	if ms < 0 {
		return ms // given back
	}
	return min(ms, 1_000_000_000) / 1_000_000
}

func callXInfo(w *twin, db DB, a []string) (any, error) {
	s := db.Stream(a[1])
	switch {
	case a[0] == "STREAM" && len(a) == 2:
		info, err := s.Info()
		if err != nil {
			return nil, err
		}
		return append(infoReply(info), "groups", int64(info.Groups), "first-entry", edgeReply(info.First), "last-entry", edgeReply(info.Last)), nil
	case a[0] == "STREAM":
		n, err := 10, error(nil)
		if len(a) == 5 {
			if n, err = intOf(a[4]); err != nil {
				return nil, err
			}
		}
		full, err := s.InfoFull(n)
		if err != nil {
			return nil, err
		}
		return fullReply(full, w.s.clock.nano()/int64(time.Millisecond)), nil
	case a[0] == "GROUPS":
		groups, err := s.InfoGroups()
		list := []any{}
		for _, g := range groups {
			list = append(list, []any{
				"name", g.Name, "consumers", int64(g.Consumers), "pending", int64(g.Pending),
				"last-delivered-id", g.LastDelivered.String(), "entries-read", knownInt(g.EntriesRead, g.EntriesRead != Unknown), "lag", knownInt(g.Lag, g.LagKnown),
			})
		}
		return result(any(list), err)
	case a[0] == "CONSUMERS":
		consumers, err := s.Group(a[2]).InfoConsumers()
		list := []any{}
		for _, c := range consumers {
			list = append(list, []any{"name", c.Name, "pending", int64(c.Pending), "idle", idleClass(c.Idle.Milliseconds())})
		}
		return result(any(list), err)
	}
	return nil, errInexpressible
}

func infoReply(i StreamInfo) []any {
	return []any{
		"length", int64(i.Len),
		"last-generated-id", i.LastID.String(), "max-deleted-entry-id", i.MaxDeletedID.String(),
		"entries-added", i.EntriesAdded, "recorded-first-entry-id", i.FirstID.String(),
	}
}

func edgeReply(e Entry) any {
	if e.ID == MinStreamID {
		return nil
	}
	return entryReply(e)
}

func fullReply(full StreamInfoFull, now int64) any {
	groups := []any{}
	for _, g := range full.GroupList {
		pel := []any{}
		for _, p := range g.PEL {
			pel = append(pel, []any{p.ID.String(), p.Consumer, idleClass(now - p.Delivered.UnixMilli()), p.Deliveries})
		}
		consumers := []any{}
		for _, c := range g.ConsumerList {
			own := []any{}
			for _, p := range c.PEL {
				own = append(own, []any{p.ID.String(), idleClass(now - p.Delivered.UnixMilli()), p.Deliveries})
			}
			consumers = append(consumers, []any{
				"name", c.Name, "seen-time", idleClass(now - c.Seen.UnixMilli()), "pel-count", int64(c.Pending), "pel", any(own),
			})
		}
		groups = append(groups, []any{
			"name", g.Name, "last-delivered-id", g.LastDelivered.String(), "entries-read", knownInt(g.EntriesRead, g.EntriesRead != Unknown),
			"lag", knownInt(g.Lag, g.LagKnown), "pel-count", int64(g.Pending), "pel", any(pel), "consumers", any(consumers),
		})
	}
	return append(infoReply(full.StreamInfo), "entries", entriesReply(full.Entries), "groups", any(groups))
}

// foldXInfo leaves out what only Redis has, and brings times into classes.
func foldXInfo(r reply) (any, error) {
	list, ok := r.([]any)
	if !ok {
		return plain(r)
	}
	return foldInfo(list, time.Now().UnixMilli()), nil
}

func foldInfo(list []any, now int64) any {
	out := []any{}
	for i := 0; i < len(list); i++ {
		name, _ := list[i].(string)
		var next any
		if i+1 < len(list) {
			next = list[i+1]
		}
		_, number := next.(int64)
		switch {
		// Redis keeps a node without entries where the last one of a page was deleted before
		// the others were trimmed.
		case strings.HasPrefix(name, "radix-tree-") && number:
			i++
			continue
		case name == "idle" && number && i == 4:
			out = append(out, name, idleClass(next.(int64)))
			i++
			continue
		case name == "seen-time" && number && i == 2:
			out = append(out, name, idleClass(now-next.(int64)))
			i++
			continue
		case (name == "pel" || name == "pending") && i > 4 && !number:
			out = append(out, "pel", foldPEL(next.([]any), now))
			i++
			continue
		case name == "entries" || name == "first-entry" || name == "last-entry" || name == "name":
			out = append(out, name, next)
			i++
			continue
		}
		if sub, ok := list[i].([]any); ok {
			out = append(out, foldInfo(sub, now))
			continue
		}
		out = append(out, list[i])
	}
	return out
}

func foldPEL(list []any, now int64) any {
	out := []any{}
	for _, e := range list {
		e := slices.Clone(e.([]any))
		e[len(e)-2] = idleClass(now - e[len(e)-2].(int64))
		out = append(out, e)
	}
	return out
}

// TestRedisStreams is TestRedisRandom with streams alone, at few keys, so that they grow
// old.
func TestRedisStreams(t *testing.T) {
	w := newTwin(t, seededRand(t))
	short := someKeys
	defer func() { someKeys = short }()
	someKeys = []string{"a", "b", "c"}
	var lots []*differ
	for i := range differs {
		if d := &differs[i]; strings.HasPrefix(d.name, "X") || d.name == "COPY" || d.name == "RENAME" || d.name == "DEL" {
			for range d.weight * 10 {
				lots = append(lots, d)
			}
		}
	}
	total := 10_000
	if testing.Short() || raceEnabled {
		total = 4_000
	}
	for n := range total {
		if n%400 == 0 {
			w.reset([][]Option{nil, {WithShards(1), tiny}}[n/400%2]...)
		}
		d := pick(w, lots)
		if (d.name == "DEL" || d.name == "RENAME") && w.rng.IntN(8) > 0 {
			continue
		}
		w.run(false, d.name, d.gen(w)...)
		if n%10 == 9 {
			w.state()
			w.compare()
		}
	}
	w.close()
}

func init() {
	edges = append(edges, []struct{ name, lines string }{
		{"xadd", `
			XADD s 0-0 f v | XADD s 0 f v | XADD s 0-1 f v | XADD s 0-1 f v | XADD s 0-* f v | XADD s 5 f v | XADD s 5 f v |
			XADD s 5-* g w | XADD s 4-* f v | XADD s 4-9 f v | XADD s 7-* a 1 a 2 "" "" | XADD s 1- f v | XADD s -1 f v |
			XADD s "" f v | XADD s - f v | XADD s + f v | XADD s *-1 f v | XADD s 18446744073709551616 f v | XADD s 1-18446744073709551616 f v |
			XADD s 18446744073709551615-18446744073709551614 f v | XADD s 18446744073709551615-* f v |
			XADD s 18446744073709551615-18446744073709551615 f v | XADD s 18446744073709551615-* f v | XLEN s | XLEN none |
			XADD none NOMKSTREAM 1-1 f v | XADD n NOMKSTREAM 0-0 f v | XADD n 1-1 f v | XADD n NOMKSTREAM 1-2 f v |
			HSET h f v | XADD h 0-0 f v | XADD h 1-1 f v | XADD h NOMKSTREAM 1-1 f v | XLEN h | XADD long 1-1 ~200 ~5000 f v |
			XADD "" 1-1 "" "" | XADD "\x00" 1-1 "\xff\x00" "\r\n" | XRANGE "\x00" - + | SET k v PXAT 1 | XADD k 1-1 f v | TYPE s |
			EXPIRE n 1000 | XADD n 3-3 f v | PERSIST n | DEL s | XADD s 1-1 f v`},
		{"xadd trims", `
			XADD s MAXLEN 2 1-1 f v | XADD s MAXLEN 2 1-2 f v | XADD s MAXLEN = 2 1-3 f v | XADD s MAXLEN 0 1-4 f v | XLEN s | TYPE s |
			XADD s MAXLEN -1 1-5 f v | XADD s MAXLEN 5 LIMIT 1 1-5 f v | XADD s MAXLEN ~ 0 LIMIT -1 1-5 f v | XADD s MAXLEN ~ 100 LIMIT 5 1-5 f v |
			XADD s MINID 1-6 1-6 f v | XADD s MINID 9 1-7 f v | XADD s MINID x 1-8 f v | XADD s MINID ~ 9 1-8 f v | XADD s 1-9 f v |
			XTRIM s MAXLEN 1 | XTRIM s MAXLEN 1 | XTRIM s MINID 5 | XTRIM s MAXLEN ~ 0 | XTRIM none MAXLEN 0 | XTRIM s MAXLEN 0 LIMIT 1 |
			XTRIM s MINID - | XTRIM s MAXLEN -5 | HSET h f v | XTRIM h MAXLEN 0 | XADD t 1-1 f v | XTRIM t MAXLEN 0 | XLEN t | TYPE t |
			XADD t 1-1 f v | XADD t 1-2 f v | XDEL t 1-2 | XLEN t | XINFO STREAM t | OBJECT ENCODING t | RENAME t u | COPY u v | XADD u 2-2 f v |
			XLEN v | MOVE v db:1 | SELECT db:1 | XADD v 1-9 f v | XRANGE v - +`},
		{"xrange", `
			XADD s 1-1 f a | XADD s 1-2 f b | XADD s 2-0 f c | XADD s 2-5 f d | XADD s 9-9 f e | XRANGE s - + | XREVRANGE s + - | XRANGE s 1 1 |
			XRANGE s 1-2 2 | XRANGE s (1-1 (2-5 | XREVRANGE s (2-5 (1-1 | XRANGE s (1 + | XRANGE s - (2 | XRANGE s 2-1 2-4 | XRANGE s + - |
			XREVRANGE s - + | XRANGE s 0-0 0-0 | XRANGE s - + COUNT 2 | XREVRANGE s + - COUNT 2 | XRANGE s - + COUNT 0 | XRANGE s - + COUNT -1 |
			XRANGE s (18446744073709551615-18446744073709551615 + | XRANGE s (18446744073709551615 + | XRANGE s - (0-0 | XRANGE s - (0 |
			XRANGE s (- + | XRANGE s - (+ | XRANGE s ( + | XRANGE s x + | XRANGE s - x | XRANGE s 1-x + | XRANGE s "" + | XRANGE none - + |
			XRANGE none x + | XREVRANGE none + - | HSET h f v | XRANGE h - + | XREVRANGE h + - | XRANGE h x + | XDEL s 2-0 9-9 9-9 | XRANGE s - + |
			XREVRANGE s + - COUNT 1 | XDEL s 1-1 1-2 2-5 | XRANGE s - + | XDEL none 1-1 | XDEL h 1-1`},
		{"xsetid back", `
			XADD s 1-0 f a | XADD s 9-0 f b | XADD s 9-1 f b | XDEL s 9-0 9-1 | XSETID s 5-0 | XADD s 6-0 f c | XADD s 7-1 f d | XREAD STREAMS s 6-0 | XRANGE s 6-0 6-0 |
			XRANGE s 6-1 + | XREVRANGE s 6-5 - | XDEL s 6-0 | XRANGE s - + | XDEL s 7-1 1-0 | XSETID s 0-5 | XADD s 0-9 f e | XRANGE s 0-9 0-9 | XDEL s 0-9 | XLEN s`},
		{"xread", `
			XADD a 1-1 f a | XADD a 1-2 f b | XADD b 5-0 f c | XREAD STREAMS a 0 | XREAD STREAMS a b 0 0 | XREAD STREAMS a b 1-1 5-0 |
			XREAD COUNT 1 STREAMS a b 0 0 | XREAD COUNT 0 STREAMS a 0 | XREAD COUNT -1 STREAMS a 0 | XREAD STREAMS a $ | XREAD STREAMS a b $ 0 |
			XREAD STREAMS none 0 | XREAD STREAMS none a 0 0 | XREAD STREAMS a > | XREAD STREAMS a x | XREAD STREAMS a a 0 1-1 |
			XREAD STREAMS a 18446744073709551615-18446744073709551615 | XREAD STREAMS a 1 | HSET h f v | XREAD STREAMS h 0 | XREAD STREAMS a h 0 0 |
			XDEL a 1-2 | XREAD STREAMS a 1-1 | XREAD STREAMS a 0`},
		{"xsetid", `
			XSETID none 1-1 | XADD s 1-1 f v | XADD s 3-3 f v | XSETID s 3-2 | XSETID s 0 | XSETID s 3-3 | XSETID s 5-5 | XADD s 5-5 f v | XADD s 5-* f v |
			XSETID s 9-9 ENTRIESADDED 2 | XSETID s 9-9 ENTRIESADDED -1 | XSETID s 9-9 ENTRIESADDED 100 | XSETID s 9-9 MAXDELETEDID 9-9 |
			XSETID s 9-9 MAXDELETEDID 10-0 | XSETID s 9-9 MAXDELETEDID 0-0 | XSETID s 9-9 ENTRIESADDED 7 MAXDELETEDID 2-2 | XINFO STREAM s |
			XSETID s x | HSET h f v | XSETID h 1-1 | XTRIM s MAXLEN 0 | XSETID s 1-1 | XSETID s 0-0 ENTRIESADDED 0 | XADD s 0-1 f v |
			XSETID s 18446744073709551615-18446744073709551615 | XADD s 18446744073709551615-* f v | XINFO STREAM none | XINFO STREAM h |
			XINFO STREAM s FULL | XINFO STREAM s FULL COUNT 0 | XINFO STREAM s FULL COUNT -1 | XINFO GROUPS s | XINFO GROUPS none | XINFO GROUPS h`},
		{"xgroup", `
			XGROUP CREATE none g 0 | XGROUP CREATE s g 0 MKSTREAM | XLEN s | XGROUP CREATE s g 0 | XGROUP CREATE s g $ MKSTREAM | XGROUP CREATE s h $ ENTRIESREAD -2 |
			XGROUP CREATE s h $ ENTRIESREAD -1 | XGROUP CREATE s i 5-5 ENTRIESREAD 3 | XGROUP CREATE s x - | XGROUP CREATE s x + | XGROUP CREATE s x x |
			XADD s 1-1 f a | XADD s 1-2 f b | XADD s 2-0 f c | XGROUP SETID s g 1-1 | XINFO GROUPS s | XGROUP SETID s g $ | XINFO GROUPS s |
			XGROUP SETID s g 1-2 ENTRIESREAD 2 | XINFO GROUPS s | XGROUP SETID s g - | XGROUP SETID s g + | XREADGROUP GROUP g c STREAMS s > |
			XGROUP SETID s none 0 | XGROUP SETID none g 0 | XGROUP CREATECONSUMER s g alice | XGROUP CREATECONSUMER s g alice | XGROUP CREATECONSUMER s none c |
			XGROUP CREATECONSUMER none g c | XGROUP CREATECONSUMER s g "" | XINFO CONSUMERS s g | XINFO CONSUMERS s none | XINFO CONSUMERS none g |
			XGROUP SETID s g 0 | XREADGROUP GROUP g alice STREAMS s > | XGROUP DELCONSUMER s g alice | XGROUP DELCONSUMER s g alice | XPENDING s g |
			XGROUP DELCONSUMER s none c | XGROUP DELCONSUMER none g c | XGROUP DESTROY s none | XGROUP DESTROY none g | XGROUP DESTROY s i | XGROUP DESTROY s i |
			HSET k f v | XGROUP CREATE k g 0 | XGROUP CREATE k g 0 MKSTREAM | XGROUP DESTROY k g | XGROUP SETID k g 0 | XINFO CONSUMERS k g |
			XGROUP CREATE s "" 0 | XREADGROUP GROUP "" "" STREAMS s > | XINFO STREAM s FULL | DEL s | XGROUP CREATE s g 0`},
		{"xreadgroup", `
			XREADGROUP GROUP g c STREAMS none > | XGROUP CREATE s g 0 MKSTREAM | XREADGROUP GROUP g c STREAMS s > | XINFO CONSUMERS s g | XADD s 1-1 f a |
			XADD s 1-2 f b | XADD s 2-0 f c | XREADGROUP GROUP none c STREAMS s > | XREADGROUP GROUP g c COUNT 1 STREAMS s > | XREADGROUP GROUP g c STREAMS s 0 |
			XREADGROUP GROUP g d STREAMS s 0 | XINFO CONSUMERS s g | XREADGROUP GROUP g d NOACK COUNT 1 STREAMS s > | XPENDING s g | XREADGROUP GROUP g d STREAMS s > |
			XREADGROUP GROUP g d STREAMS s > | XPENDING s g | XDEL s 1-1 | XREADGROUP GROUP g c STREAMS s 0 | XREADGROUP GROUP g c STREAMS s 1-1 |
			XREADGROUP GROUP g c COUNT 0 STREAMS s 0 | XREADGROUP GROUP g c STREAMS s $ | XREADGROUP GROUP g c STREAMS s x | XGROUP CREATE t g 0 MKSTREAM |
			XADD t 5-5 f v | XREADGROUP GROUP g c STREAMS s t > > | XREADGROUP GROUP g c STREAMS s t 0 0 | XREADGROUP GROUP g c STREAMS t none > > |
			XGROUP SETID s g 0 | XREADGROUP GROUP g e STREAMS s > | XPENDING s g | XINFO STREAM s FULL | XACK s g 1-2 | XACK s g 1-2 9-9 2-0 | XACK s none 1-1 |
			XACK none g 1-1 | XACK s g x | HSET h f v | XACK h g 1-1 | XREADGROUP GROUP g c STREAMS h > | XREADGROUP GROUP g c STREAMS s h > > | XTRIM s MAXLEN 0 |
			XSETID s 50-0 | XREADGROUP GROUP g c STREAMS s > | XREADGROUP GROUP g f STREAMS s 0`},
		{"xpending", `
			XPENDING none g | XADD s 1-1 f a | XGROUP CREATE s g 0 | XPENDING s g | XPENDING s none | XADD s 1-2 f b | XADD s 2-0 f c | XREADGROUP GROUP g c COUNT 2 STREAMS s > |
			XREADGROUP GROUP g d STREAMS s > | XPENDING s g | XPENDING s g - + 10 | XPENDING s g - + 0 | XPENDING s g - + -1 | XPENDING s g - + 1 | XPENDING s g (1-1 + 10 |
			XPENDING s g - + 10 c | XPENDING s g - + 10 nobody | XPENDING s g IDLE 0 - + 10 | XPENDING s g IDLE -5 - + 10 | XPENDING s g IDLE 1000000 - + 10 c |
			XPENDING s g 1 1 10 | XPENDING s g x + 10 | XPENDING s g + - 10 | XPENDING s g (18446744073709551615-18446744073709551615 + 10 | XPENDING none g - + 10 |
			HSET h f v | XPENDING h g | XPENDING h g - + 10 | XDEL s 1-1 | XPENDING s g - + 10`},
		{"xclaim", `
			XCLAIM none g c 0 1-1 | XADD s 1-1 f a | XADD s 1-2 f b | XADD s 2-0 f c | XCLAIM s g c 0 1-1 | XGROUP CREATE s g 0 | XCLAIM s g c 0 1-1 | XINFO CONSUMERS s g |
			XREADGROUP GROUP g c COUNT 2 STREAMS s > | XCLAIM s g d 0 1-1 9-9 | XCLAIM s g d 1000000 1-2 | XCLAIM s g d -5 1-2 | XCLAIM s g c 0 1-2 JUSTID |
			XCLAIM s g c 0 1-1 IDLE 5500000 | XPENDING s g IDLE 5000000 - + 10 | XCLAIM s g d 5000000 1-1 IDLE -5 | XCLAIM s g d 0 1-1 TIME 1000 | XPENDING s g - + 10 |
			XCLAIM s g d 0 1-1 TIME -1 | XCLAIM s g d 0 1-1 TIME 9000000000000 | XCLAIM s g d 0 1-1 RETRYCOUNT 7 | XCLAIM s g d 0 1-1 RETRYCOUNT 0 JUSTID |
			XCLAIM s g d 0 1-1 RETRYCOUNT -3 | XCLAIM s g d 0 2-0 | XCLAIM s g d 0 2-0 FORCE | XCLAIM s g d 0 9-9 FORCE | XPENDING s g - + 10 | XCLAIM s g d 0 1-1 LASTID 7-7 |
			XCLAIM s g d 0 1-1 LASTID 3-3 | XINFO GROUPS s | XDEL s 1-1 | XCLAIM s g e 0 1-1 | XCLAIM s g e 0 1-1 FORCE | XPENDING s g - + 10 |
			HSET h f v | XCLAIM h g c 0 1-1 | XINFO STREAM s FULL`},
		{"xautoclaim", `
			XAUTOCLAIM none g c 0 0 | XADD s 1-1 f a | XADD s 1-2 f b | XADD s 2-0 f c | XADD s 2-1 f d | XGROUP CREATE s g 0 | XAUTOCLAIM s g c 0 0 | XINFO CONSUMERS s g |
			XREADGROUP GROUP g c STREAMS s > | XAUTOCLAIM s g d 0 0 COUNT 1 | XAUTOCLAIM s g d 0 1-2 COUNT 2 | XAUTOCLAIM s g d 0 2-1 | XAUTOCLAIM s g e 1000000 - |
			XAUTOCLAIM s g d 0 - COUNT 0 | XAUTOCLAIM s g d 0 - COUNT -1 | XAUTOCLAIM s g d -9 (1-1 JUSTID | XAUTOCLAIM s g d 0 x | XPENDING s g - + 10 | XDEL s 1-2 2-1 |
			XAUTOCLAIM s g e 0 - COUNT 2 | XAUTOCLAIM s g e 0 - | XPENDING s g - + 10 | XAUTOCLAIM s g c 0 + | XAUTOCLAIM s g c 0 (18446744073709551615-18446744073709551615 |
			HSET h f v | XAUTOCLAIM h g c 0 0 | XINFO STREAM s FULL`},
	}...)
}

func init() {
	deliberate = append(deliberate, []struct {
		why   string
		lines []string
		redis reply
		ours  func(t *testing.T, db DB) (any, error)
		want  any
	}{
		{
			why: "the numbers of an ID are digits alone", lines: []string{"XADD s +1-1 f v"}, redis: "1-1",
			ours: func(_ *testing.T, _ DB) (any, error) { return ParseNewStreamID("+1-1") }, want: ErrStreamID,
		},
		{
			why:   "a trim by ID takes what is below it, also behind a deleted entry above it",
			lines: []string{"XADD s 2-0 f v", "XADD s 9-0 f v", "XDEL s 9-0", "XSETID s 4-0", "XADD s 5-0 f v", "XADD s 6-0 f v", "XTRIM s MINID 6"}, redis: int64(1),
			ours: func(t *testing.T, db DB) (any, error) {
				s := db.Stream("s")
				addIDs(t, s, "2-0", "9-0")
				if _, err := s.Del(StreamID{9, 0}); err != nil {
					return nil, err
				}
				if err := s.SetID(StreamID{4, 0}); err != nil {
					return nil, err
				}
				addIDs(t, s, "5-0", "6-0")
				return s.Trim(MinID(StreamID{6, 0}))
			}, want: 2,
		},
		{
			why: "a full millisecond is full, not too large", lines: []string{"XADD s 5-18446744073709551615 f v", "XADD s 5-* f v"},
			redis: redisError("ERR Elements are too large to be stored"),
			ours: func(t *testing.T, db DB) (any, error) {
				addIDs(t, db.Stream("s"), "5-18446744073709551615")
				return db.Stream("s").AddWith(XAddOptions{ID: NextIn(5)}, Pair{"f", "v"})
			}, want: ErrStreamIDOrder,
		},
		{
			why: "the last ID there is is no other word for >",
			lines: []string{
				"XADD s 1-1 f v", "XGROUP CREATE s g 0",
				"XREADGROUP GROUP g c STREAMS s 18446744073709551615-18446744073709551615",
			},
			redis: []any{[]any{"s", []any{[]any{"1-1", []any{"f", "v"}}}}},
			ours: func(t *testing.T, db DB) (any, error) {
				addIDs(t, db.Stream("s"), "1-1")
				g := db.Stream("s").Group("g")
				if err := g.Create(AfterID(MinStreamID)); err != nil {
					return nil, err
				}
				got, err := g.ReadHistory("c", MaxStreamID, 0)
				return len(got), err
			}, want: 0,
		},
	}...)
}
