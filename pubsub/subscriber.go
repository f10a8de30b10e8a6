package pubsub

import (
	"context"
	"slices"
	"sync"
)

// A Subscriber gets the messages of channels and patterns into a [Queue] of its own. Make one
// with [Hub.NewSubscriber]. All methods may be called by any number of goroutines.
type Subscriber struct {
	queue Queue[Message]
	hub   *Hub

	mu    sync.Mutex // guards links; taken before any lock of the hub
	links [kinds]links

	prev, next *Subscriber // guarded by the hub's lock
}

// links are a subscriber's subscriptions of one kind: mostly there is one.
type links struct {
	one  *link
	more map[string]*link
}

func (ls *links) get(name string) *link {
	if ls.one != nil && ls.one.topic.name == name {
		return ls.one
	}
	return ls.more[name]
}

func (ls *links) add(l *link) {
	if ls.one == nil {
		ls.one = l
		return
	}
	if ls.more == nil {
		ls.more = map[string]*link{}
	}
	ls.more[l.topic.name] = l
}

func (ls *links) remove(l *link) {
	if ls.one == l {
		ls.one = nil
	} else {
		delete(ls.more, l.topic.name)
	}
}

// names returns the names, sorted.
func (ls *links) names() []string {
	if ls.one == nil && len(ls.more) == 0 {
		return nil
	}
	names := make([]string, 0, 1+len(ls.more))
	if ls.one != nil {
		names = append(names, ls.one.topic.name)
	}
	for name := range ls.more {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Subscribe adds subscriptions of a kind: to channels, patterns or sharded channels. One that
// is there already stays. It returns what the subscriber has ended with, if it has.
func (s *Subscriber) Subscribe(kind MessageKind, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.queue.over(); err != nil {
		return err
	}
	for _, name := range names {
		if s.links[kind].get(name) == nil {
			s.links[kind].add(s.hub.join(kind, name, s))
		}
	}
	return nil
}

// Unsubscribe ends subscriptions of a kind, all of them without a name. What has come by them
// can still be received. It returns what the subscriber has ended with, if it has.
func (s *Subscriber) Unsubscribe(kind MessageKind, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.queue.over(); err != nil {
		return err
	}
	if len(names) == 0 {
		s.leaveAll(kind)
	}
	for _, name := range names {
		if l := s.links[kind].get(name); l != nil {
			s.links[kind].remove(l)
			s.hub.leave(kind, l)
		}
	}
	return nil
}

func (s *Subscriber) leaveAll(kind MessageKind) {
	ls := &s.links[kind]
	if ls.one != nil {
		s.hub.leave(kind, ls.one)
	}
	for _, l := range ls.more {
		s.hub.leave(kind, l)
	}
	*ls = links{}
}

// Subscriptions returns the channels, patterns or sharded channels subscribed to, sorted.
func (s *Subscriber) Subscriptions(kind MessageKind) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[kind].names()
}

// Receive is [Queue.Receive].
func (s *Subscriber) Receive(ctx context.Context) (Message, error) { return s.queue.Receive(ctx) }

// C is [Queue.C].
func (s *Subscriber) C() <-chan Message { return s.queue.C() }

// Err is [Queue.Err].
func (s *Subscriber) Err() error { return s.queue.Err() }

// Stats is [Queue.Stats].
func (s *Subscriber) Stats() Stats { return s.queue.Stats() }

// Close is [Queue.Close], and takes the subscriber out of the hub.
func (s *Subscriber) Close(err error) {
	s.queue.Close(err)
	s.remove()
}

// remove takes a subscriber whose queue has ended out of the hub.
func (s *Subscriber) remove() {
	s.mu.Lock()
	for kind := range s.links {
		s.leaveAll(MessageKind(kind))
	}
	s.mu.Unlock()
	s.hub.forget(s)
}
