package store

import (
	"cmp"
	"context"
	"time"
)

// ConsumeOptions are the options of [Stream.ConsumeWith]. The zero value is the default.
type ConsumeOptions struct {
	// Idle is for how long an entry may be pending to a consumer, this one included, before
	// it is handled once more: longer than handling one ever takes. 0 or less is a minute.
	Idle time.Duration
}

// Consume handles the entries of the stream as a consumer of a group, one after the other,
// until ctx ends: first those that were pending to the consumer already, from a life before
// this, then what is new and what has been pending to anybody for a minute. An entry for
// which handle returns nil is acknowledged. Another error is not looked at: the entry stays
// pending, and is handled once more after a minute, by whoever is there; however many such
// entries there are, every second one is new. So each entry of the group is handled at least
// once, as long as there is a consumer. What handle has given back by [Group.Nack] may come
// again at once.
//
// handle is called without a lock and may use the store. When ctx ends it is not called
// again, and what it is at is acknowledged. If it panics, so does Consume, and the entry stays
// pending. A consumer's name is for one Consume at a time.
//
// It returns the error of ctx, [ErrNoContext] without a context, [ErrNoClosure] without a handle,
// [ErrNoGroup] if there is no such stream or group, or no longer, [ErrNoStream] if the stream
// was removed meanwhile, [ErrClosed] when the store is closed and [ErrWrongType] if the key
// holds another type. In a transaction, where nobody waits, it returns [ErrNotFound] when all
// is handled.
//
// The complexity is O(log n) for each entry, n the number of pending ones.
// Redis: [XREADGROUP], [XACK].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
// [XACK]: https://redis.io/docs/latest/commands/xack/
func (s Stream) Consume(ctx context.Context, group, consumer string, handle func(Entry) error) error {
	if handle == nil {
		return s.ConsumeWith(ctx, group, consumer, ConsumeOptions{}, nil)
	}
	return s.ConsumeWith(ctx, group, consumer, ConsumeOptions{}, func(d Delivery) error { return handle(d.Entry) })
}

// ConsumeWith is Consume with options. handle learns how often the entry was delivered
// before, so that it can put aside one that always fails.
//
// It returns the same errors as Consume.
//
// The complexity is O(log n) for each entry, n the number of pending ones.
// Redis: [XREADGROUP], [XACK].
//
// [XREADGROUP]: https://redis.io/docs/latest/commands/xreadgroup/
// [XACK]: https://redis.io/docs/latest/commands/xack/
func (s Stream) ConsumeWith(ctx context.Context, group, consumer string, o ConsumeOptions, handle func(Delivery) error) error {
	const op = "XREADGROUP"
	if err := mayWait(ctx, op); err != nil {
		return err
	}
	if handle == nil {
		return mistake(op, s.key, ErrNoClosure)
	}
	if o.Idle <= 0 {
		o.Idle = time.Minute
	}
	g := s.Group(group)
	for last := (StreamID{}); ctx.Err() == nil; {
		list, err := g.ReadHistory(consumer, last, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		last = list[0].ID
		if err := g.handle(list[0], handle); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		list, err := g.ReadBlock(ctx, consumer, GroupReadOptions{Count: 1, Claim: o.Idle})
		if err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if list[0].Deliveries > 0 { // what comes again and again is not to keep off what is new
			fresh, err := g.Read(consumer, GroupReadOptions{Count: 1})
			if err != nil {
				return err
			}
			list = append(list, fresh...)
		}
		for _, d := range list {
			if ctx.Err() != nil {
				break // it comes first in the consumer's next life
			}
			if err := g.handle(d, handle); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// handle handles an entry, and acknowledges it if that went well, or if it was deleted
// meanwhile.
func (g Group) handle(d Delivery, handle func(Delivery) error) error {
	if !d.Deleted && handle(d) != nil {
		return nil
	}
	_, err := g.Ack(d.ID)
	return err
}
