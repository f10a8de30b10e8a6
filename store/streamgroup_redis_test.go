package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Consumer groups against Redis. Idle times are compared by classes, see idleClass.

func init() {
	differs = append(differs,
		differ{name: "XGROUP", weight: 8, gen: genXGroup, call: callXGroup},
		differ{name: "XREADGROUP", weight: 8, gen: genXReadGroup, call: callXReadGroup, fold: foldList},
		differ{name: "XACK", weight: 4, gen: func(w *twin) []string {
			return append([]string{w.key(), w.group()}, genXIDs(w)[1:]...)
		}, call: func(_ *twin, db DB, a []string) (any, error) {
			ids, err := streamIDsOf(a[2:])
			if err != nil {
				return nil, err
			}
			return count(db.Stream(a[0]).Group(a[1]).Ack(ids...))
		}},
		differ{name: "XPENDING", weight: 4, gen: genXPending, call: callXPending, fold: foldXPending},
		differ{name: "XCLAIM", weight: 5, gen: genXClaim, call: callXClaim, fold: foldList},
		differ{name: "XAUTOCLAIM", weight: 4, gen: genXAutoClaim, call: callXAutoClaim},
	)
}

func (w *twin) group() string    { return pick(w, []string{"g", "g", "g", "h", ""}) }
func (w *twin) consumer() string { return pick(w, []string{"alice", "bob", "carol", ""}) }

// idle is a least idle time, between those that claims give.
func (w *twin) idle() string {
	return pick(w, []string{"0", "0", "-5", "500000", "5500000", "1000000000"})
}

func genXGroup(w *twin) []string {
	key, group := w.key(), w.group()
	at := pick(w, []string{"$", "0", w.streamID()})
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		args := []string{"CREATE", key, group, at}
		if w.rng.IntN(3) == 0 {
			args = append(args, "MKSTREAM")
		}
		if w.rng.IntN(4) == 0 {
			args = append(args, "ENTRIESREAD", w.count(-2, 12))
		}
		return args
	case 3:
		args := []string{"SETID", key, group, at}
		if w.rng.IntN(2) == 0 {
			args = append(args, "ENTRIESREAD", w.count(-2, 12))
		}
		return args
	case 4:
		if w.rng.IntN(4) == 0 {
			return []string{"DESTROY", key, group}
		}
		return []string{"CREATECONSUMER", key, group, w.consumer()}
	case 5:
		return []string{"DELCONSUMER", key, group, w.consumer()}
	}
	return []string{"CREATE", key, "g", "0", "MKSTREAM"}
}

func groupPos(text string, setID bool) (ReadPos, error) {
	switch {
	case text == "$", setID && text == "+":
		if text == "+" {
			return AfterID(MaxStreamID), nil
		}
		return AtEnd, nil
	case setID && text == "-":
		return ReadPos{}, nil
	}
	id, err := ParseStreamID(text)
	return AfterID(id), err
}

func callXGroup(_ *twin, db DB, a []string) (any, error) {
	g := db.Stream(a[1]).Group(a[2])
	switch a[0] {
	case "CREATECONSUMER":
		return yes(g.CreateConsumer(a[3]))
	case "DELCONSUMER":
		return count(g.DelConsumer(a[3]))
	case "DESTROY":
		return yes(g.Destroy())
	}
	var o GroupOptions
	for i := 4; i < len(a); i++ {
		if a[i] == "MKSTREAM" {
			o.MkStream = true
			continue
		}
		i++
		n, err := intOf(a[i])
		if err != nil {
			return nil, err
		}
		read := int64(n)
		o.EntriesRead = &read
	}
	pos, err := groupPos(a[3], a[0] == "SETID")
	if err != nil {
		return nil, err
	}
	if a[0] == "SETID" {
		return result("OK", g.SetIDWith(pos, o))
	}
	return result("OK", g.CreateWith(pos, o))
}

func genXReadGroup(w *twin) []string {
	args := []string{"GROUP", w.group(), w.consumer()}
	if w.rng.IntN(2) == 0 {
		args = append(args, "COUNT", w.count(-1, 4))
	}
	if w.rng.IntN(4) == 0 {
		args = append(args, "NOACK")
	}
	keys := genKey(w)
	if w.rng.IntN(5) == 0 {
		keys = genKeys(w)
	}
	args = append(append(args, "STREAMS"), keys...)
	for range keys {
		switch w.rng.IntN(8) {
		case 0:
			args = append(args, w.streamID())
		case 1:
			args = append(args, pick(w, []string{"0", "0", "$"}))
		default:
			args = append(args, ">")
		}
	}
	return args
}

func deliveriesReply(list []Delivery) any {
	out := []any{}
	for _, d := range list {
		if d.Deleted {
			out = append(out, []any{d.ID.String(), nil})
		} else {
			out = append(out, entryReply(d.Entry))
		}
	}
	return out
}

func callXReadGroup(_ *twin, db DB, a []string) (any, error) {
	group, consumer := a[1], a[2]
	var o GroupReadOptions
	i := 3
	for ; a[i] != "STREAMS"; i++ {
		if a[i] == "NOACK" {
			o.NoAck = true
			continue
		}
		n, err := intOf(a[i+1])
		if err != nil {
			return nil, err
		}
		if i++; a[i-1] == "COUNT" {
			o.Count = n
		} else {
			o.Claim = max(time.Duration(n)*time.Millisecond, 1)
		}
	}
	streams, err := streamsOf(a[i+1:])
	if err != nil {
		return nil, err
	}
	got, err := db.XReadGroup(group, consumer, o, streams...)
	list := []any{}
	for _, s := range got {
		deliveries := deliveriesReply(s.Deliveries)
		if o.Claim > 0 {
			for i, d := range s.Deliveries {
				deliveries.([]any)[i] = append(entryReply(d.Entry).([]any), idleClass(d.Idle.Milliseconds()), d.Deliveries)
			}
		}
		list = append(list, []any{s.Key, deliveries})
	}
	return result(any(list), err)
}

func genXPending(w *twin) []string {
	args := []string{w.key(), w.group()}
	if w.rng.IntN(3) == 0 {
		return args
	}
	if w.rng.IntN(3) == 0 {
		args = append(args, "IDLE", w.idle())
	}
	args = append(args, w.streamBound(), w.streamBound(), w.count(-1, 6))
	if w.rng.IntN(2) == 0 {
		args = append(args, w.consumer())
	}
	return args
}

func callXPending(_ *twin, db DB, a []string) (any, error) {
	g := db.Stream(a[0]).Group(a[1])
	if len(a) == 2 {
		sum, err := g.Pending()
		if err != nil {
			return nil, err
		}
		if sum.Count == 0 {
			return []any{int64(0), nil, nil, nil}, nil
		}
		consumers := []any{}
		for _, c := range sum.Consumers {
			consumers = append(consumers, []any{c.Name, strconv.Itoa(c.Count)})
		}
		return []any{int64(sum.Count), sum.Low.String(), sum.High.String(), consumers}, nil
	}
	var o PendingOptions
	if a[2] == "IDLE" {
		n, err := intOf(a[3])
		if err != nil {
			return nil, err
		}
		o.MinIdle, a = time.Duration(max(n, 0))*time.Millisecond, a[2:]
	}
	r, err := ParseIDRange(a[2], a[3])
	if err != nil {
		return nil, err
	}
	n, err := intOf(a[4])
	if err != nil {
		return nil, err
	}
	if len(a) > 5 {
		o.Consumer = &a[5]
	}
	list, err := g.PendingRange(r.Count(n), o)
	out := []any{}
	for _, p := range list {
		out = append(out, []any{p.ID.String(), p.Consumer, idleClass(p.Idle.Milliseconds()), p.Deliveries})
	}
	return result(any(out), err)
}

func foldXPending(r reply) (any, error) {
	list, _ := r.([]any)
	for i := range list {
		if p, ok := list[i].([]any); ok && len(p) == 4 {
			if idle, ok := p[2].(int64); ok && idle >= 0 {
				p[2] = idleClass(idle)
			}
		}
	}
	return foldList(r)
}

func genXClaim(w *twin) []string {
	args := append([]string{w.key(), w.group(), w.consumer(), w.idle()}, genXIDs(w)[1:]...)
	for _, option := range [][]string{
		{"IDLE", pick(w, []string{"0", "-5", "1000000", "6000000"})},
		{"TIME", pick(w, []string{"0", "-5", "5000", "9000000000000"})},
		{"RETRYCOUNT", w.count(-2, 9)},
		{"FORCE"},
		{"JUSTID"},
		{"LASTID", fmt.Sprintf("%d-%d", w.rng.IntN(9), w.rng.IntN(4))},
	} {
		if w.rng.IntN(5) == 0 {
			args = append(args, option...)
		}
	}
	return args
}

func callXClaim(_ *twin, db DB, a []string) (any, error) {
	g, consumer := db.Stream(a[0]).Group(a[1]), a[2]
	minIdle, err := intOf(a[3])
	if err != nil {
		return nil, err
	}
	minIdle = max(minIdle, 0) // as Redis does; here a negative one is a mistake
	var o ClaimOptions
	justID, i := false, 4
	for ; i < len(a) && !strings.Contains(" IDLE TIME RETRYCOUNT FORCE JUSTID LASTID ", " "+a[i]+" "); i++ {
	}
	ids, err := streamIDsOf(a[4:i])
	if err != nil {
		return nil, err
	}
	for ; i < len(a); i++ {
		switch a[i] {
		case "FORCE":
			o.Force = true
			continue
		case "JUSTID":
			justID = true
			continue
		case "LASTID":
			if o.LastID, err = ParseStreamID(a[i+1]); err != nil {
				return nil, err
			}
			i++
			continue
		}
		n, err := intOf(a[i+1])
		if err != nil {
			return nil, err
		}
		switch a[i] {
		case "IDLE":
			o.Idle, o.Time = time.Duration(n)*time.Millisecond, time.Time{}
			if n <= 0 {
				o.Idle = 0
			}
		case "TIME":
			if o.Idle, o.Time = 0, time.UnixMilli(int64(n)); n < 0 {
				o.Time = time.UnixMilli(db.s.now()) // as in Redis
			}
		case "RETRYCOUNT":
			o.RetryCount = nil
			if count := int64(n); count >= 0 {
				o.RetryCount = &count
			}
		}
		i++
	}
	if justID {
		ids, err := g.ClaimJustID(consumer, time.Duration(minIdle)*time.Millisecond, o, ids...)
		return result(idsReply(ids), err)
	}
	entries, err := g.ClaimWith(consumer, time.Duration(minIdle)*time.Millisecond, o, ids...)
	return result(entriesReply(entries), err)
}

func genXAutoClaim(w *twin) []string {
	start := w.oddID()
	if w.rng.IntN(2) == 0 {
		start = pick(w, []string{"0", "-", "(1-1"})
	}
	args := []string{w.key(), w.group(), w.consumer(), w.idle(), start}
	if w.rng.IntN(2) == 0 {
		args = append(args, "COUNT", w.count(0, 4))
	}
	if w.rng.IntN(3) == 0 {
		args = append(args, "JUSTID")
	}
	return args
}

func callXAutoClaim(_ *twin, db DB, a []string) (any, error) {
	g, n, justID := db.Stream(a[0]).Group(a[1]), 100, false
	minIdle, err := intOf(a[3])
	if err != nil {
		return nil, err
	}
	minIdle = max(minIdle, 0) // as Redis does; here a negative one is a mistake
	r, err := ParseIDRange(a[4], "+")
	if err != nil {
		return nil, err
	}
	start, _, err := r.bounds()
	if err != nil {
		return nil, mistake("XAUTOCLAIM", "", err)
	}
	for i := 5; i < len(a); i++ {
		if a[i] == "JUSTID" {
			justID = true
			continue
		}
		if i++; n == 100 {
			if n, err = intOf(a[i]); err != nil {
				return nil, err
			}
		}
	}
	idle := time.Duration(minIdle) * time.Millisecond
	if justID {
		got, err := g.AutoClaimJustID(a[2], idle, start, n)
		return result(any([]any{got.Next.String(), idsReply(got.IDs), idsReply(got.Deleted)}), err)
	}
	got, err := g.AutoClaim(a[2], idle, start, n)
	return result(any([]any{got.Next.String(), entriesReply(got.Entries), idsReply(got.Deleted)}), err)
}
