package command

import (
	"errors"
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

// SET and the others that take a deadline or a condition.

// errExpireTime is the reply to a time to live, or a deadline, that can't be one.
func (c *call) errExpireTime() *Reply {
	r := failedf("ERR invalid expire time in '%s' command", c.cmd.FullName())
	return &r
}

// deadline is where in the words a deadline stands, and how it is said.
type deadline struct {
	at       int // the place of the number; 0: there is none
	seconds  bool
	absolute bool
}

// deadlines are the options that set one.
var deadlines = map[string]deadline{
	"ex": {seconds: true}, "px": {}, "exat": {seconds: true, absolute: true}, "pxat": {absolute: true},
}

// deadlineOption says whether the word at i is an option that sets a deadline, with a word
// behind it, and may stand beside what was there before: only the same option again.
func (c *call) deadlineOption(i int, before deadline) (deadline, bool) {
	d, is := deadlines[lower(cString(c.args[i]))]
	if !is || i+1 >= len(c.args) {
		return before, false
	}
	d.at = i + 1
	again := before.at == 0 || before.seconds == d.seconds && before.absolute == d.absolute
	return d, again
}

// longest is how many milliseconds a time.Duration can express.
const longest = math.MaxInt64 / int64(time.Millisecond)

// expiry reads the number of d (getExpireMillisecondsOrReply in t_string.c).
func (c *call) expiry(d deadline) (e store.Expiry, bad *Reply) {
	n, bad := c.int(d.at)
	switch {
	case bad != nil:
		return e, bad
	case n <= 0 || d.seconds && n > math.MaxInt64/1000:
		return e, c.errExpireTime()
	case d.seconds:
		n *= 1000
	}
	if d.absolute {
		return store.ExpireAt(time.UnixMilli(n)), nil
	}
	if n <= longest {
		return store.ExpireIn(time.Duration(n) * time.Millisecond), nil
	}
	now, bad := c.now()
	if bad != nil {
		return e, bad
	}
	if n > math.MaxInt64-now {
		return e, c.errExpireTime()
	}
	return store.ExpireAt(time.UnixMilli(now + n)), nil
}

// now returns the time in milliseconds.
func (c *call) now() (int64, *Reply) {
	t, err := c.db.Time()
	if err != nil {
		r := failure(err)
		return 0, &r
	}
	return t.UnixMilli(), nil
}

// comparisons are the options that compare the value, with a word behind them.
var comparisons = map[string]store.Condition{
	"ifeq": store.IfEqual, "ifne": store.IfNotEqual,
	"ifdeq": store.IfDigestEqual, "ifdne": store.IfDigestNotEqual,
}

// setWords are the options of SET, and of those that have some of them.
type setWords struct {
	store.SetOptions
	deadline
	keep bool
}

// condition reads the word at i as a condition, and returns the place of its last word; false
// if it is none, or not one beside those before.
func (o *setWords) condition(c *call, i int, compare bool) (last int, ok bool) {
	cond := store.Always
	switch {
	case c.is(i, "nx"):
		cond = store.IfAbsent
	case c.is(i, "xx"):
		cond = store.IfPresent
	case compare && i+1 < len(c.args):
		cond = comparisons[lower(cString(c.args[i]))]
	}
	if cond == store.Always || o.If != store.Always && o.If != cond {
		return i, false
	}
	o.If = cond
	if cond >= store.IfEqual {
		i++
		o.Match = c.args[i]
	}
	return i, true
}

// keepTTL reads the word at i as KEEPTTL.
func (o *setWords) keepTTL(c *call, i int) bool {
	if !c.is(i, "keepttl") || o.at != 0 {
		return false
	}
	o.keep = true
	return true
}

// read reads the words from i on.
func (o *setWords) read(c *call, i int, one bool) *Reply {
	for ; i < len(c.args); i++ {
		if last, ok := o.condition(c, i, one); ok {
			i = last
			continue
		}
		if one && c.is(i, "get") {
			o.Get = true
			continue
		}
		if o.keepTTL(c, i) {
			continue
		}
		d, ok := c.deadlineOption(i, o.deadline)
		if !ok || o.keep {
			return &errSyntax
		}
		o.deadline = d
		i++
	}
	switch {
	case o.keep:
		o.Expiry = store.KeepTTL
	case o.at != 0:
		e, bad := c.expiry(o.deadline)
		o.Expiry = e
		return bad
	}
	return nil
}

func runSet(c *call) Reply {
	s := c.db.String(c.args[1])
	if len(c.args) == 3 {
		return okOr(s.Set(c.args[2]))
	}
	var o setWords
	if bad := o.read(c, 3, true); bad != nil {
		return *bad
	}
	r, err := s.SetWith(c.args[2], o.SetOptions)
	switch {
	case err != nil:
		return failure(err)
	case o.Get:
		return optional(r.Old)
	case !r.Set:
		return null
	}
	return ok
}

func runSetNX(c *call) Reply { return yesOr(c.db.String(c.args[1]).SetNX(c.args[2])) }

func runGetSet(c *call) Reply { return textOr(c.db.String(c.args[1]).GetSet(c.args[2])) }

func runSetEX(c *call) Reply { return c.setEX(true) }

func runPSetEX(c *call) Reply { return c.setEX(false) }

func (c *call) setEX(seconds bool) Reply {
	e, bad := c.expiry(deadline{at: 2, seconds: seconds})
	if bad != nil {
		return *bad
	}
	_, err := c.db.String(c.args[1]).SetWith(c.args[3], store.SetOptions{Expiry: e})
	return okOr(err)
}

func runGetEx(c *call) Reply {
	s, e := c.db.String(c.args[1]), store.Expiry{}
	var d deadline
	for i := 2; i < len(c.args); i++ {
		if c.is(i, "persist") && d.at == 0 {
			e = store.Persist
			continue
		}
		next, ok := c.deadlineOption(i, d)
		if !ok || e == store.Persist {
			return errSyntax
		}
		d = next
		i++
	}
	if d.at != 0 {
		var bad *Reply
		if e, bad = c.expiry(d); bad != nil { // Redis looks at the key first
			return c.afterKey(c.args[1], store.KindString, null, bad)
		}
	}
	return textOr(s.GetEx(e))
}

func runMSetEX(c *call) Reply {
	n, ok := parseInt(c.args[1])
	if !ok || n < 1 || n > math.MaxInt32 {
		return failed("ERR invalid numkeys value")
	}
	if n > int64(len(c.args)-2)/2 {
		return failed("ERR wrong number of key-value pairs")
	}
	end := 2 + int(n)*2
	var o setWords
	if bad := o.read(c, end, false); bad != nil {
		return *bad
	}
	pairs, bad := c.textPairs(2, end)
	if bad != nil {
		return *bad
	}
	return yesOr(c.db.MSetEX(o.If, o.Expiry, pairs...))
}

func runDelIfEq(c *call) Reply { return yesOr(c.db.String(c.args[1]).DelIfEq(c.args[2])) }

var (
	errDelExType = failed("ERR Key should be of string type if conditions are specified")
	errDelExCond = failed("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
)

func runDelEx(c *call) Reply {
	s, bad := c.db.String(c.args[1]), errDelExCond
	switch len(c.args) {
	case 2:
		return yesOr(s.DelEx(store.Always, ""))
	case 4:
	default:
		return wrongArity(c.cmd)
	}
	if cond := comparisons[lower(cString(c.args[2]))]; cond != store.Always {
		yes, err := s.DelEx(cond, c.args[3])
		switch {
		case err == nil:
			return yesOr(yes, nil)
		case errors.Is(err, store.ErrWrongType):
			return errDelExType
		}
		bad = failure(err)
	}
	r := c.afterWritten(c.args[1], store.KindString, integer(0), &bad)
	if r.Str == errWrongType.Str {
		return errDelExType
	}
	return r
}
