package command

import (
	"errors"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// multi is a transaction that is being put together.
type multi struct {
	queued []call
	keys   []store.Key
	whole  bool // not all keys are known
	failed bool
	n      int // the database at its end
}

// writes says whether one of the commands does.
func (m *multi) writes() bool {
	if m != nil {
		for i := range m.queued {
			if q := &m.queued[i]; q.s.writes(q.cmd, q.args) {
				return true
			}
		}
	}
	return false
}

// atOnce says whether a command is not queued.
func atOnce(cmd *Command) bool {
	switch cmd.Name {
	case "exec", "discard", "multi", "watch", "quit", "reset":
		return cmd.parent == nil
	}
	return false
}

// queue adds a command.
func (m *multi) queue(s *Session, cmd *Command, args []string) Reply {
	if m.failed { // nothing of it will run
		return simple("QUEUED")
	}
	places, ok := cmd.KeyPlaces(args)
	if cmd.more != nil {
		places = append(places, cmd.more(args)...)
	}
	if m.whole = m.whole || cmd.Whole || !ok; !m.whole {
		for _, i := range places {
			m.keys = append(m.keys, store.Key{DB: m.n, Name: args[i]})
		}
	}
	if cmd.Name == "select" {
		if n, ok := parseInt(args[1]); ok && n >= 0 && n < store.Databases {
			m.n = int(n)
		}
	}
	m.queued = append(m.queued, call{s: s, cmd: cmd, args: slices.Clone(args)})
	return simple("QUEUED")
}

// exec runs what was queued, unless a watched key has changed.
func (m *multi) exec(c *call) Reply {
	s := c.s
	keys := m.keys
	if m.whole {
		keys = nil
	} else if len(keys) == 0 { // nothing that touches a key
		keys = []store.Key{{DB: s.n}}
	}
	r := Reply{Kind: Array, Elems: make([]Reply, 0, len(m.queued))}
	early := m.remember()
	proto := s.proto
	err := s.srv.store.Serial(c.ctx, keys, func(tx *store.Tx) error {
		for i := range m.queued {
			q := &m.queued[i]
			q.ctx, q.tx, q.db = c.ctx, tx, tx.DB(s.n)
			if u := s.user.Load(); s.fixed == nil && !u.mayAll() { // any more: it was queued before
				if d := u.denies(q.cmd, q.args); d.why != allowed {
					d.user = u.name
					s.srv.acl.log(q, d)
					r.Elems = append(r.Elems, d.later())
					continue
				}
			}
			ended := s.ended.Load()
			elem := q.run()
			if ended || elem.Kind == None || s.replies == repliesOff {
				elem = Reply{Kind: Several} // not even a null
			}
			r.Elems = append(r.Elems, elem)
			if s.proto != proto {
				r.speak(proto, s.proto)
			}
		}
		return nil
	}, s.watches...)
	switch {
	case errors.Is(err, store.ErrConflict):
		s.srv.tracker.forget(s, early)
		return noList
	case err != nil:
		s.srv.tracker.forget(s, early)
		if s.ctx.Err() != nil {
			return silent // the session has ended, and nobody is told any more
		}
		return failure(err)
	}
	return r
}

// speak notes, of a reply that HELLO in a transaction is a part of, that what is before it is in
// another version of the protocol than itself and what comes.
func (r *Reply) speak(before, now int) {
	r.Proto = uint8(before)
	r.Elems[len(r.Elems)-1].Proto = uint8(now)
}

// unwatch forgets the watched keys.
func (s *Session) unwatch() { s.watches, s.watched = nil, nil }

func init() { register(transactionCommands) }

var transactionCommands = []*Command{
	{
		Name: "multi", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Since: "1.2.0", Group: "transactions",
		Summary: "Begins a transaction.", run: runMulti,
	},
	{
		Name: "exec", Arity: 1, Flags: NoScript | Loading | Stale | SkipSlowlog, Since: "1.2.0", Group: "transactions",
		Summary: "Runs the commands of a transaction.", run: runExec,
	},
	{
		Name: "discard", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Since: "2.0.0", Group: "transactions",
		Summary: "Forgets the commands of a transaction.", run: runDiscard,
	},
	{
		Name: "watch", Arity: -2, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Since: "2.2.0", Group: "transactions",
		Keys:    []KeySpec{span(1, -1, 1, "RO")},
		Summary: "Makes the next transaction run only if keys have not changed until then.", run: runWatch,
	},
	{
		Name: "unwatch", Arity: 1, Flags: NoScript | Loading | Stale | Fast | AllowBusy, Since: "2.2.0", Group: "transactions",
		Summary: "Forgets the watched keys.", run: runUnwatch,
	},
}

func runMulti(c *call) Reply {
	if c.s.multi != nil {
		return errNestedMulti
	}
	c.s.multi = &multi{n: c.s.n}
	return ok
}

func runExec(c *call) Reply {
	m := c.s.multi
	if m == nil {
		return errExecNoMulti
	}
	defer c.s.unwatch()
	c.s.multi = nil
	switch {
	case c.clustered() && m.crossesSlots(&c.s.slots):
		return errCrossSlot
	case m.failed:
		return errExecAbort
	}
	return m.exec(c)
}

func runDiscard(c *call) Reply {
	if c.s.multi == nil {
		return errDiscardMulti
	}
	c.s.multi = nil
	c.s.unwatch()
	return ok
}

func runWatch(c *call) Reply {
	if c.s.multi != nil {
		return errWatchInMulti
	}
	s := c.s
	if s.watched == nil {
		s.watched = map[store.Key]struct{}{}
	}
	var names []string
	for _, name := range c.rest(1) {
		if _, before := s.watched[store.Key{DB: s.n, Name: name}]; !before { // what it was then counts
			name = strings.Clone(name)
			s.watched[store.Key{DB: s.n, Name: name}] = struct{}{}
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		s.watches = append(s.watches, c.db.Watch(names...))
	}
	return ok
}

func runUnwatch(c *call) Reply {
	c.s.unwatch()
	return ok
}
