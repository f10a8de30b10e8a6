package conformance

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	lang "github.com/alcovedb/alcove/store/command"
)

// Which replies belong to which command, and what they say of the state of a client.

// monitorLine is what a MONITOR shows: all but the time and the address are compared, and what
// the fuzzer asks itself, in lower case, is left out.
var monitorLine = regexp.MustCompile(`^\d+\.\d+ \[(\d+) [^\]]*\] (.*)$`)

// next reads the replies of both sides to a command of a client, and the messages that came before.
func (w *fuzzWorld) next(c *fuzzClient) (messages [2][]wire, replies [2]wire) {
	for side, end := range c.ends {
		for {
			r := w.read(end)
			if !c.message(r) {
				replies[side] = r
				break
			}
			if m := monitorLine.FindStringSubmatch(r.text); r.kind == '+' && m != nil {
				if strings.HasPrefix(m[2], `"client" "list"`) || strings.HasPrefix(m[2], `"client" "id"`) {
					continue
				}
				r.text = m[1] + " " + m[2]
			}
			messages[side] = append(messages[side], withoutIDs(r))
		}
	}
	for _, list := range messages { // Redis has patterns in the order of a table
		for i := 0; i < len(list); i++ {
			from := i
			for i+1 < len(list) && samePublished(list[from], list[i+1]) {
				i++
			}
			slices.SortFunc(list[from:i+1], func(a, b wire) int { return strings.Compare(a.String(), b.String()) })
		}
	}
	return messages, replies
}

// samePublished says whether two messages to patterns may be one that was published.
func samePublished(a, b wire) bool {
	return len(a.elems) == 4 && len(b.elems) == 4 && slices.EqualFunc(a.elems[2:], b.elems[2:], wire.equal)
}

// message says whether something comes out of turn.
func (c *fuzzClient) message(r wire) bool {
	if r.kind == '+' && c.monitor && monitorLine.MatchString(r.text) {
		return true
	}
	if r.kind != '>' && (r.kind != '*' || c.resp3 || len(r.elems) < 3 || r.elems[0].kind != '$') || len(r.elems) == 0 {
		return false
	}
	switch r.elems[0].text {
	case "message", "pmessage", "smessage":
		return true
	case "invalidate", "tracking-redir-broken":
		return r.kind == '>'
	}
	return false
}

// reply reads and compares the replies to a command.
func (w *fuzzWorld) reply(who int, words []string) (closed bool, err error) {
	c := w.clients[who]
	if c.silences(words) {
		return false, nil
	}
	left := c.replies(words)
	for first := true; left > 0; left, first = left-1, false {
		messages, replies := w.next(c)
		if !slices.EqualFunc(messages[0], messages[1], wire.equal) {
			return false, differ("messages to client %c, before the reply to %q\nRedis: %v\n ours: %v", 'a'+who, words, messages[0], messages[1])
		}
		theirs, ours := c.canonical(words, replies[0]), c.canonical(words, replies[1])
		switch {
		case !theirs.equal(ours) && (noEntries(words, theirs) || c.unsure && rowOf(words) == "exec" && theirs.null != ours.null):
			return false, errUnserved
		case !theirs.equal(ours):
			return false, differ("client %c, %q\nRedis: %.3000v\n ours: %.3000v", 'a'+who, words, theirs, ours)
		case theirs.kind == silentWire:
			return false, differ("client %c, %q\nno reply on either side %s", 'a'+who, words, theirs.text)
		case theirs.kind == closedWire:
			return true, nil
		case first && theirs.isError():
			left = 1
		}
		if w.table != nil {
			w.table.note(c, words, replies[0])
		}
		if theirs.is("OK") && !c.multi {
			w.notePause(words)
		}
		queued := c.queued
		c.note(words, replies[0])
		w.noteUnsure(words, replies[0], queued)
	}
	return false, nil
}

// replies returns how many replies a command has, unless the first is an error.
func (c *fuzzClient) replies(words []string) int {
	if c.multi {
		return 1
	}
	name := strings.ToLower(words[0])
	kind := slices.Index(fuzzUnsubscribes, name)
	switch {
	case kind < 0 && !slices.Contains(fuzzSubscribes, name):
		return 1
	case len(words) > 1:
		return len(words) - 1
	case kind < 0: // a mistake
		return 1
	}
	return max(1, len(c.subs[kind]))
}

var (
	fuzzSubscribes   = []string{"subscribe", "psubscribe", "ssubscribe"}
	fuzzUnsubscribes = []string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

// subscribed returns how many channels and patterns the client listens to.
func (c *fuzzClient) subscribed() int {
	return len(c.subs[0]) + len(c.subs[1]) + len(c.subs[2])
}

// note keeps in mind what a reply says of the client's state.
func (c *fuzzClient) note(words []string, r wire) {
	if r.is("QUEUED") && c.multi {
		c.queued = append(c.queued, words)
		return
	}
	name := strings.ToLower(words[0])
	if len(r.elems) == 3 && (r.kind == '>' || r.kind == '*') {
		if kind := slices.Index(fuzzSubscribes, r.elems[0].text); kind >= 0 {
			c.subs[kind][r.elems[1].text] = true
		} else if kind := slices.Index(fuzzUnsubscribes, r.elems[0].text); kind >= 0 {
			delete(c.subs[kind], r.elems[1].text)
		}
	}
	switch {
	case r.isError() && (name != "exec" || len(words) > 1):
	case name == "multi":
		c.multi = true
	case name == "exec" || name == "discard":
		queued := c.queued
		c.multi, c.queued, c.unsure = false, nil, false
		clear(c.watched)
		for i := range min(len(queued), len(r.elems)) {
			c.note(queued[i], r.elems[i])
		}
	case name == "watch":
		for _, key := range words[1:] {
			c.watched[key] = true
		}
	case name == "unwatch":
		clear(c.watched)
		c.unsure = false
	case name == "select":
		c.db, _ = strconv.Atoi(words[1])
	case name == "hello" && len(words) > 1:
		c.resp3 = words[1] == "3"
	case name == "monitor":
		c.monitor = true
	case name == "reset":
		c.db, c.resp3, c.multi, c.queued, c.monitor, c.unsure = 0, false, false, nil, false, false
		clear(c.watched)
		for i := range c.subs {
			clear(c.subs[i])
		}
	}
}

// noteUnsure keeps in mind whose watched keys a command may have changed on one side alone.
func (w *fuzzWorld) noteUnsure(words []string, r wire, queued [][]string) {
	if rowOf(words) == "exec" && len(r.elems) == len(queued) {
		for i := range queued {
			w.noteUnsure(queued[i], r.elems[i], nil)
		}
		return
	}
	if !unsureChange(words, r) {
		return
	}
	for _, c := range w.clients {
		c.unsure = c.unsure || c.watched[words[1]]
	}
}

// unsureChange says whether a command may be a change of its key on one side alone, see WATCH in
// COMMANDS.md of package command.
func unsureChange(words []string, r wire) bool {
	if r.isError() || r.is("QUEUED") {
		return false
	}
	switch rowOf(words) {
	case "ltrim": // it may take nothing away
		start, _ := strconv.Atoi(words[2])
		stop, _ := strconv.Atoi(words[3])
		return start <= 0 && stop >= -1
	case "setbit":
		return r.text == words[3]
	case "bitfield":
		return hasWord(words, "SET") || hasWord(words, "INCRBY")
	}
	return false
}

// silences says whether a command has no reply, as CLIENT REPLY has said.
func (c *fuzzClient) silences(words []string) bool {
	if c.skip {
		c.skip = false
		return true
	}
	if len(words) == 3 && strings.EqualFold(words[0], "client") && strings.EqualFold(words[1], "reply") && !c.multi && (c.resp3 || c.subscribed() == 0) {
		switch strings.ToLower(words[2]) {
		case "off":
			c.off = true
		case "skip":
			c.skip = !c.off
			return true
		case "on":
			c.off = false
		}
	}
	return c.off
}

// fuzzWaits says whether a command may have to wait for others.
func fuzzWaits(words []string) bool {
	cmd := lang.Lookup(words)
	return cmd != nil && (cmd.Flags&lang.Blocking != 0 || cmd.Name == "wait")
}

// fuzzTimeout returns the time that a command would wait for, in seconds, 0 if without an end.
func fuzzTimeout(words []string) float64 {
	word, unit := words[len(words)-1], 1.0
	switch name := strings.ToLower(words[0]); name {
	case "blmpop", "bzmpop":
		word = words[min(1, len(words)-1)]
	case "xread", "xreadgroup":
		word = "1000000000" // it does not wait
		for i := range words[:len(words)-1] {
			if strings.EqualFold(words[i], "block") {
				word = words[i+1]
			}
		}
		unit = 1000
	case "wait":
		unit = 1000
	}
	f, _ := strconv.ParseFloat(word, 64)
	return f / unit
}

// fuzzShort says whether a command waits so short that its reply is at hand.
func fuzzShort(words []string) bool {
	d := fuzzTimeout(words)
	return d > 0 && d < 0.1
}

// fuzzKills says whether a command may end other clients.
func fuzzKills(words []string) bool {
	return len(words) > 1 && (strings.EqualFold(words[0], "client") && strings.EqualFold(words[1], "kill") || strings.EqualFold(words[0], "acl"))
}
