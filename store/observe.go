package store

import (
	"slices"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// What package command needs to tell its clients that what they have cached has changed: to
// hear of changes before the command that makes them returns, and to know for which client
// they were made.

func init() {
	hook.Observe = func(s any, o hook.Observer) func() { return s.(*Store).observe(o) }
	hook.As = func(s any, n int, by any) any {
		return DB{s: &scope{Store: s.(*Store), by: by}, n: n}
	}
	hook.Radius = func(q any) any {
		query := q.(GeoQuery)
		query.radius = true
		return query
	}
	hook.Kind = func(db any, key string) (any, error) { return db.(DB).kind(key) }
	hook.Claim = func(tx, by any) { tx.(*Tx).claim(by) }
}

// observer is a hook.Observer, with room for the changes of a step.
type observer struct {
	hook.Observer
	room []hook.Change
}

// observe makes o hear of all changes from now on, until stop is called.
func (s *Store) observe(o hook.Observer) (stop func()) {
	of := &observer{Observer: o}
	s.setObservers(func(list []*observer) []*observer { return append(list, of) })
	return func() {
		s.setObservers(func(list []*observer) []*observer {
			return slices.DeleteFunc(list, func(o *observer) bool { return o == of })
		})
	}
}

func (s *Store) setObservers(change func([]*observer) []*observer) {
	s.lockShards()
	defer s.unlockShards()
	e := s.events
	e.turn.Lock()
	defer e.turn.Unlock()
	e.observers = change(slices.Clone(e.observers))
	e.countFed()
	s.hear()
}

// countFed counts who wants changes.
func (e *events) countFed() { e.fed.Store(int32(len(e.feeds) + len(e.observers))) }

// hear takes a commit that has changes.
func (o *observer) hear(c *commit) {
	o.room = o.room[:0]
	for i := range c.changed {
		ch := &c.changed[i]
		o.room = append(o.room, hook.Change{Key: ch.Key, All: ch.Reason == Flushed || ch.Reason == Swapped})
	}
	o.Heard(c.by, o.room)
	o.room = emptied(o.room)
}
