package command

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/store"
)

// A session's subscription is a store.Subscription, from which one goroutine brings messages
// to the session's sink; there is none while the session has no channel. What goes to the sink
// goes through a queue, so that the sink is called by one goroutine at a time, in order, and
// under no lock but that.

// messageBuffer is how many messages wait for the goroutine at most. It takes memory as they
// come; how much a client may be behind is up to who sends them on.
const messageBuffer = 1 << 20

// subscriptions are those of a session.
type subscriptions struct {
	some atomic.Bool // there is a subscription

	sending sync.Mutex // held by who calls the sink; taken before lock
	lock    sync.Mutex // guards what follows, and keeps replies and messages in order
	sub     *store.Subscription
	names   [3]map[string]struct{} // channels, patterns and sharded channels
	queue   []Reply
	handled uint64        // messages that have left sub
	turn    chan struct{} // closed when handled has grown, if somebody waits
	ended   chan struct{} // closed when nobody takes messages from sub any more
}

// count returns what SUBSCRIBE and the like say of a session: its channels and patterns, or
// its sharded channels.
func (u *subscriptions) count(kind store.MessageKind) int64 {
	if kind == store.ShardMessage {
		return int64(len(u.names[store.ShardMessage]))
	}
	return int64(len(u.names[store.ChannelMessage]) + len(u.names[store.PatternMessage]))
}

// counts returns how many channels, patterns and sharded channels a session has.
func (u *subscriptions) counts() (channels, patterns, sharded int) {
	u.lock.Lock()
	defer u.lock.Unlock()
	return len(u.names[store.ChannelMessage]), len(u.names[store.PatternMessage]), len(u.names[store.ShardMessage])
}

// subscribed says whether the session has any subscription.
func (s *Session) subscribed() bool {
	if !s.subs.some.Load() {
		return false
	}
	s.subs.lock.Lock()
	defer s.subs.lock.Unlock()
	return s.subs.count(store.ChannelMessage)+s.subs.count(store.ShardMessage) > 0
}

// The first words of replies, by kinds.
var (
	subscribeWords   = [3]string{"subscribe", "psubscribe", "ssubscribe"}
	unsubscribeWords = [3]string{"unsubscribe", "punsubscribe", "sunsubscribe"}
)

func push(elems ...Reply) Reply { return Reply{Kind: Push, Elems: elems} }

// subscribe adds names. The reply to each goes to the sink, or is returned where the caller
// wants them, as EXEC does.
func (s *Session) subscribe(kind store.MessageKind, names []string, wanted bool) Reply {
	s.settle() // what has come before is in the sink before the replies are
	u := &s.subs
	u.lock.Lock()
	first := u.sub == nil
	if first {
		s.listen()
	}
	replies := answers{wanted: wanted}
	for _, name := range names {
		if _, found := u.names[kind][name]; !found {
			if err := addTo(u.sub, kind, name); err != nil {
				replies.add(u, failure(err))
				break
			}
			if u.names[kind] == nil {
				u.names[kind] = map[string]struct{}{}
			}
			u.names[kind][strings.Clone(name)] = struct{}{}
		}
		replies.add(u, push(bulk(subscribeWords[kind]), bulk(name), integer(u.count(kind))))
	}
	u.lock.Unlock()
	if first {
		s.limitOutput()
	}
	s.flush()
	return replies.reply()
}

// answers are the replies to one command, which go to the sink if they are not wanted.
type answers struct {
	wanted bool
	list   []Reply
}

func (a *answers) add(u *subscriptions, r Reply) {
	if a.wanted {
		a.list = append(a.list, r)
	} else {
		u.queue = append(u.queue, r)
	}
}

func (a *answers) reply() Reply {
	switch len(a.list) {
	case 0:
		return silent
	case 1:
		return a.list[0]
	}
	return Reply{Kind: Several, Elems: a.list}
}

// unsubscribe removes names, all of a kind if there are none. What has come before is in the
// sink before the replies are.
func (s *Session) unsubscribe(kind store.MessageKind, names []string, wanted bool) Reply {
	u := &s.subs
	u.lock.Lock()
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(u.names[kind]))
	}
	if u.sub != nil {
		for _, name := range names {
			_ = removeFrom(u.sub, kind, name) // if it has ended, the session does, too
		}
	}
	u.lock.Unlock()
	s.settle()

	u.lock.Lock()
	replies := answers{wanted: wanted}
	add := func(name Reply) {
		replies.add(u, push(bulk(unsubscribeWords[kind]), name, integer(u.count(kind))))
	}
	for _, name := range names {
		if delete(u.names[kind], name); len(u.names[kind]) == 0 {
			u.names[kind] = nil // a map never shrinks
		}
		add(bulk(name))
	}
	if len(names) == 0 {
		add(null)
	}
	idle := u.sub
	if u.count(store.ChannelMessage)+u.count(store.ShardMessage) > 0 {
		idle = nil
	} else {
		u.sub = nil
		u.some.Store(false)
	}
	u.lock.Unlock()
	if idle != nil {
		_ = idle.Close() // and with it the goroutine
		s.limitOutput()
	}
	s.flush()
	return replies.reply()
}

// endSubscriptions ends all of them without a word, as RESET does.
func (s *Session) endSubscriptions() {
	u := &s.subs
	u.lock.Lock()
	sub := u.sub
	u.sub, u.names = nil, [3]map[string]struct{}{}
	u.some.Store(false)
	u.lock.Unlock()
	_ = sub.Close()
}

// listen makes the subscription, and the goroutine that brings its messages to the sink. The
// caller has the lock.
func (s *Session) listen() {
	u := &s.subs
	sub := s.srv.store.SubscribeWith(store.SubscribeOptions{Buffer: messageBuffer})
	ended := make(chan struct{})
	u.sub, u.ended, u.handled = sub, ended, 0
	u.some.Store(true)
	done := s.srv.listener()
	go func() {
		defer done()
		defer close(ended)
		for {
			m, err := sub.Receive(s.ctx)
			if err != nil {
				break
			}
			u.lock.Lock()
			if u.sub == sub {
				u.queue = append(u.queue, messageReply(m))
			}
			u.lock.Unlock()
			s.flush()
			u.lock.Lock()
			if u.sub == sub {
				u.handled++
			}
			if u.turn != nil {
				close(u.turn)
				u.turn = nil
			}
			u.lock.Unlock()
		}
		_ = sub.Close()
		if sub.Err() != nil { // too slow, or the store is closed: Redis ends the connection
			_ = s.Close()
		}
	}()
}

func messageReply(m store.Message) Reply {
	if m.Kind == store.PatternMessage {
		return push(bulk("pmessage"), bulk(m.Pattern), bulk(m.Channel), bulk(m.Payload))
	}
	return push(bulk(m.Kind.String()), bulk(m.Channel), bulk(m.Payload))
}

// flush brings what is in the queue to the sink.
func (s *Session) flush() {
	u := &s.subs
	u.sending.Lock()
	defer u.sending.Unlock()
	u.lock.Lock()
	list := u.queue
	u.queue = nil
	u.lock.Unlock()
	for _, r := range list {
		s.push(r)
	}
}

// settle waits until the messages that have come so far are in the sink, which does not wait,
// so that a command's reply comes behind the messages that it has caused, as in Redis.
func (s *Session) settle() {
	u := &s.subs
	if !u.some.Load() {
		return
	}
	u.lock.Lock()
	sub, ended := u.sub, u.ended
	if sub == nil {
		u.lock.Unlock()
		return
	}
	for want := sub.Stats().Delivered; u.sub == sub && u.handled < want; {
		if u.turn == nil {
			u.turn = make(chan struct{})
		}
		turn := u.turn
		u.lock.Unlock()
		select {
		case <-turn:
		case <-ended:
			return
		}
		u.lock.Lock()
	}
	u.lock.Unlock()
}

func addTo(sub *store.Subscription, kind store.MessageKind, name string) error {
	switch kind {
	case store.PatternMessage:
		return sub.PSubscribe(name)
	case store.ShardMessage:
		return sub.SSubscribe(name)
	}
	return sub.Subscribe(name)
}

func removeFrom(sub *store.Subscription, kind store.MessageKind, name string) error {
	switch kind {
	case store.PatternMessage:
		return sub.PUnsubscribe(name)
	case store.ShardMessage:
		return sub.SUnsubscribe(name)
	}
	return sub.Unsubscribe(name)
}
