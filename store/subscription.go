package store

import "github.com/alcovedb/alcove/pubsub"

// Message is what a [Subscription] gets:
//
//	type Message struct {
//		Channel string
//		Pattern string // that matched; only of a PatternMessage
//		Payload string
//		Kind    MessageKind // how it came
//	}
type Message = pubsub.Message

// MessageKind says what brought a [Message]: the subscription to its channel, to a pattern or
// to its sharded channel. Its String is the name that Redis has for it.
type MessageKind = pubsub.MessageKind

const (
	// ChannelMessage came by a subscription to its channel: Redis's message.
	ChannelMessage = pubsub.ChannelMessage
	// PatternMessage came by a subscription to a pattern: Redis's pmessage.
	PatternMessage = pubsub.PatternMessage
	// ShardMessage came by a subscription to its sharded channel: Redis's smessage.
	ShardMessage = pubsub.ShardMessage
)

// Policy says what a subscription does with a message for which its buffer has no room.
// Whoever publishes never waits for it, but for [Block] with [Store.PublishContext]. A value
// that is none of these is [CloseSlow]. It is a number with a String.
type Policy = pubsub.Policy

const (
	// CloseSlow ends the subscription with [ErrSlowConsumer], as Redis does. What is in its
	// buffer can still be received.
	CloseSlow = pubsub.CloseSlow
	// DropOldest drops the oldest message of the buffer.
	DropOldest = pubsub.DropOldest
	// DropNewest drops the message.
	DropNewest = pubsub.DropNewest
	// Block has [Store.PublishContext] wait for room, one subscription after the other: a full
	// one holds up all who publish so to the same subscriptions. All other messages, also those
	// of [Tx.Publish] and keyspace notifications, are dropped where there is no room.
	Block = pubsub.Block
)

// DefaultBuffer is for how many messages a subscription has room by default.
const DefaultBuffer = 1024

// SubscribeOptions are the options of [Store.SubscribeWith]; the zero value is what
// [Store.Subscribe] takes.
type SubscribeOptions struct {
	Buffer int    // for how many messages there is room, 1<<20 at most; 0 or less: [DefaultBuffer]
	Policy Policy // what to do where there is none
}

// SubscriptionStats are the counts of a [Subscription]. A message that came by several
// subscriptions, such as a channel and a pattern, counts for each.
type SubscriptionStats struct {
	Delivered uint64 // messages put into the buffer and not pushed out again, received or not
	Dropped   uint64 // messages that found no room, or were pushed out
	Buffered  int    // messages in the buffer now
}

// Subscription gets messages of channels and patterns, into a buffer from which they are
// taken by [Subscription.Receive], [Subscription.Handle] or a range over [Subscription.C]. It
// ends with its Close, when its store is closed, or when it is too slow for its [Policy].
// Close it when it is no longer needed: until then the store keeps it.
//
// What one publisher sends comes in that order, and the messages of a channel come in the
// same order to all its subscriptions. All methods may be called by any number of goroutines;
// several that receive share the messages. The zero Subscription, and a nil one, have ended.
type Subscription struct {
	sub *pubsub.Subscriber
	err error // where sub is nil: what it has ended with from the start
}

// Subscribe returns a new subscription to channels; there may be none yet, or none at all.
// In a closed store it has ended with [ErrClosed], and with [ErrTooLarge] if the name of a
// channel is longer than [MaxStringLen]. Its buffer has room for [DefaultBuffer] messages, and
// if that is full it ends with [ErrSlowConsumer]: see [Store.SubscribeWith].
//
// The complexity is O(n), n the number of channels. Redis: [SUBSCRIBE].
//
// [SUBSCRIBE]: https://redis.io/docs/latest/commands/subscribe/
func (s *Store) Subscribe(channels ...string) *Subscription {
	return s.subscribe("SUBSCRIBE", SubscribeOptions{}, ChannelMessage, channels)
}

// SubscribeWith is [Store.Subscribe] with options. Patterns and sharded channels can be added
// by the methods of the subscription.
//
// The complexity is O(n), n the number of channels. Redis: [SUBSCRIBE].
//
// [SUBSCRIBE]: https://redis.io/docs/latest/commands/subscribe/
func (s *Store) SubscribeWith(o SubscribeOptions, channels ...string) *Subscription {
	return s.subscribe("SUBSCRIBE", o, ChannelMessage, channels)
}

// PSubscribe is [Store.Subscribe] to the channels that match patterns, those of KEYS. As in
// Redis, no pattern but the empty one matches the channel of the empty name.
//
// The complexity is O(n), n the number of patterns. Redis: [PSUBSCRIBE].
//
// [PSUBSCRIBE]: https://redis.io/docs/latest/commands/psubscribe/
func (s *Store) PSubscribe(patterns ...string) *Subscription {
	return s.subscribe("PSUBSCRIBE", SubscribeOptions{}, PatternMessage, patterns)
}

// SSubscribe is [Store.Subscribe] to sharded channels: see [Store.SPublish].
//
// The complexity is O(n), n the number of channels. Redis: [SSUBSCRIBE].
//
// [SSUBSCRIBE]: https://redis.io/docs/latest/commands/ssubscribe/
func (s *Store) SSubscribe(channels ...string) *Subscription {
	return s.subscribe("SSUBSCRIBE", SubscribeOptions{}, ShardMessage, channels)
}

func (s *Store) subscribe(op string, o SubscribeOptions, kind MessageKind, names []string) *Subscription {
	if err := s.check(); err != nil {
		return &Subscription{err: err}
	}
	if err := checkNames(op, names); err != nil {
		return &Subscription{err: err}
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	sub := &Subscription{sub: s.hub.NewSubscriber(o.Buffer, o.Policy)}
	_ = sub.sub.Subscribe(kind, names...) // if it has ended, Receive says so
	return sub
}

// checkNames returns what is wrong with the names of channels or with patterns.
func checkNames(op string, names []string) error {
	for _, name := range names {
		if len(name) > MaxStringLen {
			return mistake(op, name, ErrTooLarge)
		}
	}
	return nil
}

// ended returns what a subscription without a subscriber has ended with, nil if it has one.
func (sub *Subscription) ended() error {
	switch {
	case sub == nil:
		return ErrClosed
	case sub.sub != nil:
		return nil
	case sub.err != nil:
		return sub.err
	}
	return ErrClosed
}

// endOf is what err is called in this package.
func endOf(err error) error {
	switch err {
	case pubsub.ErrSlowConsumer:
		return ErrSlowConsumer
	case pubsub.ErrClosed:
		return ErrClosed
	}
	return err
}

// Subscribe adds channels. One that the subscription has already counts once.
//
// It returns [ErrTooLarge] if a name is longer than [MaxStringLen], and adds none then; or
// what the subscription has ended with, if it has. Unlike in Redis, messages may come between two
// of the channels.
//
// The complexity is O(n), n the number of channels given. Redis: [SUBSCRIBE].
//
// [SUBSCRIBE]: https://redis.io/docs/latest/commands/subscribe/
func (sub *Subscription) Subscribe(channels ...string) error {
	return sub.add("SUBSCRIBE", ChannelMessage, channels)
}

// PSubscribe adds patterns, as [Subscription.Subscribe] adds channels. A message comes once
// for the channel itself, and then once for each pattern that matches it. Unlike in Redis, the
// patterns have an order, that in which they came to have a subscriber.
//
// The complexity is O(n), n the number of patterns given. Redis: [PSUBSCRIBE].
//
// [PSUBSCRIBE]: https://redis.io/docs/latest/commands/psubscribe/
func (sub *Subscription) PSubscribe(patterns ...string) error {
	return sub.add("PSUBSCRIBE", PatternMessage, patterns)
}

// SSubscribe adds sharded channels, as [Subscription.Subscribe] adds channels.
//
// The complexity is O(n), n the number of channels given. Redis: [SSUBSCRIBE].
//
// [SSUBSCRIBE]: https://redis.io/docs/latest/commands/ssubscribe/
func (sub *Subscription) SSubscribe(channels ...string) error {
	return sub.add("SSUBSCRIBE", ShardMessage, channels)
}

func (sub *Subscription) add(op string, kind MessageKind, names []string) error {
	if err := sub.ended(); err != nil {
		return err
	}
	if err := checkNames(op, names); err != nil {
		return err
	}
	return endOf(sub.sub.Subscribe(kind, names...))
}

// Unsubscribe removes channels, all of them if none is given. One that the subscription does
// not have is none. What has come before can still be received, and the subscription goes on,
// even without a channel. It returns what the subscription has ended with, if it has.
//
// The complexity is O(n) amortized, n the number of channels removed. Redis: [UNSUBSCRIBE].
//
// [UNSUBSCRIBE]: https://redis.io/docs/latest/commands/unsubscribe/
func (sub *Subscription) Unsubscribe(channels ...string) error {
	return sub.remove(ChannelMessage, channels)
}

// PUnsubscribe removes patterns, as [Subscription.Unsubscribe] removes channels.
//
// The complexity is O(n) amortized, n the number of patterns removed. Redis: [PUNSUBSCRIBE].
//
// [PUNSUBSCRIBE]: https://redis.io/docs/latest/commands/punsubscribe/
func (sub *Subscription) PUnsubscribe(patterns ...string) error {
	return sub.remove(PatternMessage, patterns)
}

// SUnsubscribe removes sharded channels, as [Subscription.Unsubscribe] removes channels.
//
// The complexity is O(n) amortized, n the number of channels removed. Redis: [SUNSUBSCRIBE].
//
// [SUNSUBSCRIBE]: https://redis.io/docs/latest/commands/sunsubscribe/
func (sub *Subscription) SUnsubscribe(channels ...string) error {
	return sub.remove(ShardMessage, channels)
}

func (sub *Subscription) remove(kind MessageKind, names []string) error {
	if err := sub.ended(); err != nil {
		return err
	}
	return endOf(sub.sub.Unsubscribe(kind, names...))
}

// Channels returns the channels that the subscription has, sorted. The complexity is
// O(n log n), n the number of channels.
func (sub *Subscription) Channels() []string { return sub.names(ChannelMessage) }

// Patterns returns the patterns that the subscription has, sorted. The complexity is
// O(n log n), n the number of patterns.
func (sub *Subscription) Patterns() []string { return sub.names(PatternMessage) }

// ShardChannels returns the sharded channels that the subscription has, sorted. The complexity
// is O(n log n), n the number of channels.
func (sub *Subscription) ShardChannels() []string { return sub.names(ShardMessage) }

func (sub *Subscription) names(kind MessageKind) []string {
	if sub.ended() != nil {
		return nil
	}
	return sub.sub.Subscriptions(kind)
}
