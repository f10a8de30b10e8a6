package store

import "context"

// Publish sends a message to the subscribers of a channel and to those of patterns that it
// matches, and returns how many times it was taken: a subscription that has the channel and
// a pattern that matches it takes it twice. It never waits: a subscription whose buffer is
// full does with it what its [Policy] says. Keys and channels have nothing to do with each other, and
// nor have databases and channels.
//
// It returns [ErrTooLarge] if the channel or the payload is longer than [MaxStringLen].
// Unlike Redis, it does not count a subscription that did not take the message, as its
// buffer was full.
//
// The complexity is O(s + p), s the number of times it is taken and p of all patterns.
// Redis: [PUBLISH].
//
// [PUBLISH]: https://redis.io/docs/latest/commands/publish/
func (s *Store) Publish(channel, payload string) (int, error) {
	if err := s.checkMessage("PUBLISH", channel, payload); err != nil {
		return 0, err
	}
	return s.hub.Publish(channel, payload), nil
}

// PublishContext is [Store.Publish] that waits for subscriptions of the policy [Block] which
// have no room. Of one channel, the messages of all who publish with a context come in the
// order in which they were published; what is published without a context is dropped while
// somebody waits there. It waits for one subscription after the other: all of them can be as
// slow as the slowest. Whoever receives from such a subscription does not publish to it so,
// since that could wait for itself.
//
// It returns the error of ctx when that ends, and how many times the message was taken all
// the same; one that has ended sends nothing. It returns [ErrNoContext] without a context,
// and [ErrTooLarge] as Publish does. A subscription that ends does not take the message.
//
// The complexity is O(s + p), as that of Publish. Redis: [PUBLISH].
//
// [PUBLISH]: https://redis.io/docs/latest/commands/publish/
func (s *Store) PublishContext(ctx context.Context, channel, payload string) (int, error) {
	const op = "PUBLISH"
	if err := s.checkMessage(op, channel, payload); err != nil {
		return 0, err
	}
	if ctx == nil {
		return 0, mistake(op, "", ErrNoContext)
	}
	return s.hub.PublishContext(ctx, channel, payload)
}

// SPublish is [Store.Publish] to a sharded channel. Sharded channels are others than those
// of the same names, and no pattern matches them. Unlike in Redis there is no cluster in which that
// would help.
//
// It returns [ErrTooLarge] as Publish does.
//
// The complexity is O(s), s the number of subscribers. Redis: [SPUBLISH].
//
// [SPUBLISH]: https://redis.io/docs/latest/commands/spublish/
func (s *Store) SPublish(channel, payload string) (int, error) {
	if err := s.checkMessage("SPUBLISH", channel, payload); err != nil {
		return 0, err
	}
	return s.hub.SPublish(channel, payload), nil
}

// SPublishContext is [Store.SPublish] that waits as [Store.PublishContext] does, and has its
// errors.
//
// The complexity is O(s), s the number of subscribers. Redis: [SPUBLISH].
//
// [SPUBLISH]: https://redis.io/docs/latest/commands/spublish/
func (s *Store) SPublishContext(ctx context.Context, channel, payload string) (int, error) {
	const op = "SPUBLISH"
	if err := s.checkMessage(op, channel, payload); err != nil {
		return 0, err
	}
	if ctx == nil {
		return 0, mistake(op, "", ErrNoContext)
	}
	return s.hub.SPublishContext(ctx, channel, payload)
}

// checkMessage returns why something can't be published.
func (s *Store) checkMessage(op, channel, payload string) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(channel) > MaxStringLen || len(payload) > MaxStringLen {
		return mistake(op, channel, ErrTooLarge)
	}
	return nil
}

// PubSubChannels returns the channels that have subscribers and match any of the patterns,
// or all of them without a pattern, sorted. As in Redis, no pattern but the empty one matches
// the channel of the empty name. Subscriptions to patterns do not count, nor do sharded
// channels.
//
// The complexity is O(n + m log m), n the number of channels and m of those returned, and a
// pattern's length for each. Redis: [PUBSUB CHANNELS].
//
// [PUBSUB CHANNELS]: https://redis.io/docs/latest/commands/pubsub-channels/
func (s *Store) PubSubChannels(patterns ...string) ([]string, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.hub.Channels(patterns...), nil
}

// PubSubNumSub returns how many subscribers each of the channels has, without those of
// patterns. A channel without any has 0.
//
// The complexity is O(n), n the number of channels given. Redis: [PUBSUB NUMSUB].
//
// [PUBSUB NUMSUB]: https://redis.io/docs/latest/commands/pubsub-numsub/
func (s *Store) PubSubNumSub(channels ...string) ([]int, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.hub.NumSub(channels...), nil
}

// PubSubNumPat returns how many different patterns have subscribers.
//
// The complexity is O(1). Redis: [PUBSUB NUMPAT].
//
// [PUBSUB NUMPAT]: https://redis.io/docs/latest/commands/pubsub-numpat/
func (s *Store) PubSubNumPat() (int, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	return s.hub.NumPat(), nil
}

// PubSubShardChannels is [Store.PubSubChannels] of the sharded channels.
//
// The complexity is O(n + m log m), n the number of channels and m of those returned, and a
// pattern's length for each. Redis: [PUBSUB SHARDCHANNELS].
//
// [PUBSUB SHARDCHANNELS]: https://redis.io/docs/latest/commands/pubsub-shardchannels/
func (s *Store) PubSubShardChannels(patterns ...string) ([]string, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.hub.ShardChannels(patterns...), nil
}

// PubSubShardNumSub is [Store.PubSubNumSub] of sharded channels.
//
// The complexity is O(n), n the number of channels given. Redis: [PUBSUB SHARDNUMSUB].
//
// [PUBSUB SHARDNUMSUB]: https://redis.io/docs/latest/commands/pubsub-shardnumsub/
func (s *Store) PubSubShardNumSub(channels ...string) ([]int, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.hub.ShardNumSub(channels...), nil
}
