package conformance

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	lang "github.com/alcovedb/alcove/store/command"
)

// What can be compared, and how: commands whose effect depends on chance, or on the time, are
// not sent at all, nor those that are said to be different; of replies without an order of
// their own, the elements are sorted.

func hasWord(words []string, keyword string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, keyword) })
}

// begins says whether the first key has a name that begins so.
func begins(words []string, kind string) bool {
	return len(words) > 1 && strings.HasPrefix(words[1], kind)
}

// incomparable says which commands are not sent.
func incomparable(words []string) bool {
	cmd := lang.Lookup(words)
	if cmd == nil || cmd.Arity > 0 && len(words) != cmd.Arity || len(words) < -cmd.Arity {
		return false
	}
	has := func(keyword string) bool { return hasWord(words, keyword) }
	if fuzzWaits(words) { // it would end within the run
		if d := fuzzTimeout(words); d >= 0.1 && d < 900 {
			return true
		}
	}
	if has("aggregate") && has("count") || has("bypolygon") || has("noscores") || has("novalues") { // newer forms
		return true
	}
	if endsSoon(cmd.FullName(), words) || incomparableKeys(cmd.FullName(), words, has) {
		return true
	}
	switch name := cmd.FullName(); name {
	case "client|list":
		return has("type") && len(words) > 4
	case "config|get", "config|set":
		return has("*") || slices.ContainsFunc(words[2:], func(word string) bool { return strings.ContainsAny(word, "*?[") })
	case "debug":
		return has("sleep") && words[len(words)-1] != "0" || !has("sleep") && !has("digest-value") && !has("nothing") && !has("protocol") && !has("error") || has("verbatim")
	case "replicaof", "slaveof":
		return len(words) != 3 || !has("no") || !has("one")
	case "migrate":
		return len(words) != 6 || words[3] != "nothing"
	case "auth", "hello", "client|pause", "client|kill", "client|reply":
		return slices.ContainsFunc(words, func(word string) bool { _, err := strconv.Atoi(word); return err == nil && len(word) > 1 })
	case "command", "command|docs", "command|info":
		return len(words) != 3 || words[2] != "nope"
	case "command|list": // Redis has some that are not here
		return len(words) != 5 || strings.Contains(words[4], "*") && words[4] != "xau*" && words[4] != "config|*" || !has("pattern") && !has("transaction") && !has("module")
	case "latency|histogram", "acl|cat": // there are newer commands
		return len(words) != 3 || words[2] != "nope" && (name != "acl|cat" || words[2] != "geo" && words[2] != "transaction")
	}
	return false
}

// incomparableKeys are those of keys.
func incomparableKeys(name string, words []string, has func(string) bool) bool {
	switch name {
	case "xread", "xreadgroup", "xadd", "xclaim", "xautoclaim":
		if n, err := strconv.Atoi(words[min(4, len(words)-1)]); name[1] != 'r' && name != "xadd" && err == nil && n > 0 && n < 1e6 {
			return true
		}
		return slices.ContainsFunc(words, func(word string) bool { return word == "*" }) || name == "xread" && has("+") || has("IDLE")
	case "xinfo|stream":
		return len(words) > 5
	case "sort", "sort_ro": // what is no list has no order of its own
		if has("BY") && has("ALPHA") { // what is equal has no order
			return true
		}
		return !begins(words, "l") && (!begins(words, "Z") && !begins(words, "t") || has("BY"))
	case "sscan", "hscan", "zscan": // tables come in parts
		return !has("1000") || words[2] != "0" || countsTwice(words)
	case "scan":
		return words[1] != "0" || !has("1000") || countsTwice(words)
	case "zadd": // members of y have all the same score
		return begins(words, "y") && slices.ContainsFunc(words[2:], func(word string) bool {
			f, err := strconv.ParseFloat(word, 64)
			return err == nil && f != 0 || strings.EqualFold(word, "incr")
		})
	case "zincrby", "zunionstore", "zinterstore", "zdiffstore", "zrangestore":
		return begins(words, "y") || has("BYLEX")
	case "zrange": // of members whose scores differ
		return has("BYLEX")
	case "zrank", "zrevrank": // newer forms
		return len(words) > 3
	case "bitcount":
		return len(words) == 3
	case "zlexcount", "zrangebylex", "zrevrangebylex", "zremrangebylex":
		return !begins(words, "y")
	case "pfadd", "pfcount", "pfmerge": // for Redis sees damage only where it happens to look
		return slices.ContainsFunc(words[1:], func(word string) bool { return name != "pfadd" && !strings.HasPrefix(word, "p") }) || !begins(words, "p")
	case "append", "setrange", "setbit", "bitfield", "bitop":
		return slices.ContainsFunc(words, func(word string) bool { return len(word) > 1 && word[0] == 'p' })
	case "wait": // for replicas that there are not
		return words[1] != "0"
	case "spop":
		return len(words) < 3 || len(words[2]) < 6
	case "xpending":
		return has("IDLE") && !has("0")
	case "hincrbyfloat": // long sums make a table
		return len(words[3]) > 3 && strings.Contains(strings.ToLower(words[3]), "e")
	}
	return false
}

// endsSoon says whether a key would pass away within the run, which is not at the same command on
// both sides.
func endsSoon(name string, words []string) bool {
	soon := func(word string, least int) bool {
		n, err := strconv.Atoi(word)
		return err == nil && n > 0 && n < least
	}
	switch name {
	case "setex", "expire":
		return soon(words[2], 10*fuzzSeconds)
	case "psetex", "pexpire", "restore":
		return soon(words[2], 10*fuzzMillis)
	case "set", "getex":
		for i := range words[:len(words)-1] {
			if strings.EqualFold(words[i], "ex") && soon(words[i+1], 10*fuzzSeconds) || strings.EqualFold(words[i], "px") && soon(words[i+1], 10*fuzzMillis) {
				return true
			}
		}
	}
	return false
}

// countsTwice says whether there is a second COUNT, which is the one that counts.
func countsTwice(words []string) bool {
	n := 0
	for _, word := range words {
		if strings.EqualFold(word, "count") {
			n++
		}
	}
	return n > 1
}

// canonical brings the reply to a command into the form in which it is compared.
func (c *fuzzClient) canonical(words []string, r wire) wire {
	if r.kind == '-' || r.kind == closedWire || r.is("QUEUED") {
		return r
	}
	if strings.EqualFold(words[0], "exec") && len(r.elems) == len(c.queued) {
		elems := slices.Clone(r.elems)
		for i := range elems {
			elems[i] = c.canonical(c.queued[i], elems[i])
		}
		r.elems = elems
		return r
	}
	cmd := lang.Lookup(words)
	if cmd == nil {
		return r
	}
	switch name := cmd.FullName(); name {
	case "smembers", "sunion", "sinter", "sdiff", "keys", "scan", "sscan", "acl|cat", "spop", "command|list", "pubsub|channels", "pubsub|shardchannels",
		"config|get", "unsubscribe", "punsubscribe", "sunsubscribe":
		if strings.HasSuffix(name, "unsubscribe") {
			if len(words) == 1 && len(r.elems) == 3 && !r.elems[1].null {
				r.elems = slices.Clone(r.elems)
				r.elems[1] = r.elems[1].only()
			}
			return r
		}
		if name == "config|get" && r.kind == '*' {
			r = r.byTwo()
		}
		return r.inAnyOrder()
	case "zscan": // of what SORT has made a table, which shows large scores in another way
		if begins(words, "Z") {
			return r.shape()
		}
	case "hgetall", "hkeys", "hvals", "hscan":
		if begins(words, "H") {
			if name == "hgetall" && r.kind != '$' {
				r = r.byTwo()
			}
			return r.inAnyOrder()
		}
	case "sort", "sort_ro": // texts are in any order that agree up to a NUL
		if r.kind == '*' && hasWord(words, "ALPHA") {
			r.elems = slices.Clone(r.elems)
			for i := range r.elems {
				r.elems[i].text, _, _ = strings.Cut(r.elems[i].text, "\x00")
			}
			return r
		}
	case "object|encoding": // which SORT changes
		if strings.HasPrefix(words[2], "Z") {
			return r.shape()
		}
	case "object|refcount": // a copy of a small number is its own
		return wire{kind: r.kind, text: strconv.FormatInt(min(r.integer(), 1), 10)}
	case "object|idletime": // a clock's
		return r.only()
	case "ttl":
		return r.fromNow(fuzzSeconds, time.Now().Unix())
	case "pttl":
		return r.fromNow(fuzzMillis, time.Now().UnixMilli())
	case "expiretime":
		if n := r.integer(); n > 0 && n < 4e9 { // from now on
			return r.inSteps(fuzzSeconds, time.Now().Unix())
		}
	case "pexpiretime":
		if n := r.integer(); n > 0 && n < 4e12 {
			return r.inSteps(fuzzMillis, time.Now().UnixMilli())
		}
	case "srandmember", "hrandfield", "zrandmember", "randomkey":
		return r.shape()
	case "xadd":
		if hasWord(words, "*") {
			return r.only()
		}
	case "time", "lolwut", "dump", "client|id", "client|info", "client|list", "client|getredir", "lastsave", "memory|usage", "memory|stats", "memory|doctor",
		"memory|malloc-stats", "info", "latency|doctor", "acl|genpass", "hello", "role", "command|count", "slowlog|get":
		return r.only()
	case "acl|log":
		return wire{kind: r.kind, text: strconv.Itoa(len(r.elems))}
	case "acl|getuser", "acl|list": // Redis has the commands in the order of a table
		return r.wordsInAnyOrder()
	case "client|trackinginfo":
		r = r.shape()
	case "xpending":
		if len(words) > 3 {
			for _, e := range r.elems {
				if len(e.elems) > 2 {
					e.elems[2] = e.elems[2].only()
				}
			}
		}
	case "xinfo|consumers":
		for _, e := range r.elems {
			e.hide("idle")
		}
	case "xinfo|stream":
		r.hideTimes()
	}
	return r.withoutMinusZero()
}

// The steps in which times are compared, in seconds and in milliseconds: what is given to commands
// is a fifth of a step and more above one.
const fuzzSeconds, fuzzMillis = 1000, 1_000_000

// inSteps rounds how much later than now a time is.
func (w wire) inSteps(step int, now int64) wire {
	n := w.integer()
	if n > 0 {
		n = (n - now + int64(step)/2) / int64(step)
	}
	return wire{kind: w.kind, text: strconv.FormatInt(n, 10)}
}

// fromNow rounds how long is left, up to a time that was given as such, if it is beyond those
// that are given to commands as what is left: other times would be halfway between two steps
// at some moment, which may be that between the sides.
func (w wire) fromNow(step int, now int64) wire {
	if n := w.integer(); n > 2e6*int64(step) && n < 1e10*int64(step) {
		return wire{kind: w.kind, text: strconv.FormatInt(n+now, 10)}.inSteps(step, 0)
	}
	return w.inSteps(step, 0)
}

// wordsInAnyOrder sorts the words of texts.
func (w wire) wordsInAnyOrder() wire {
	w.elems = slices.Clone(w.elems)
	for i := range w.elems {
		w.elems[i] = w.elems[i].wordsInAnyOrder()
	}
	if strings.Contains(w.text, " ") {
		list := strings.Fields(w.text)
		slices.Sort(list)
		w.text = strings.Join(list, " ")
	}
	return w
}

// hideTimes hides what depends on the time in XINFO STREAM.
func (w wire) hideTimes() {
	for i, e := range w.elems {
		e.hide("seen-time")
		if i > 0 && (w.elems[i-1].text == "pel" || w.elems[i-1].text == "pending") {
			for _, entry := range e.elems {
				if at := len(entry.elems) - 2; at > 0 { // id, [consumer,] time, count
					entry.elems[at] = entry.elems[at].only()
				}
			}
		}
		e.hideTimes()
	}
}

// withoutMinusZero turns scores of -0, which package store does not keep, into 0.
func (w wire) withoutMinusZero() wire {
	for i := range w.elems {
		w.elems[i] = w.elems[i].withoutMinusZero()
	}
	if (w.kind == '$' || w.kind == ',') && w.text == "-0" {
		w.text = "0"
	}
	return w
}

var clientNumber = regexp.MustCompile(`\bid=\d+`)

// withoutIDs hides the numbers of clients in what a monitor shows.
func withoutIDs(r wire) wire {
	if r.kind == '+' {
		r.text = clientNumber.ReplaceAllString(r.text, "id=")
		r.text = shownNumber.ReplaceAllString(r.text, `${1}"?"`)
	}
	return r
}

// shownNumber is the number of a client in a command that a monitor shows.
var shownNumber = regexp.MustCompile(`(?i)("client" "(?:kill|unblock|list)" (?:"id" )?)"\d+"`)
