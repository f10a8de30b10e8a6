package store

import "context"

// How messages are taken from a Subscription.

// Receive returns the next message, and waits for one.
//
// It returns the error of ctx when that ends, [ErrNoContext] without a context,
// [ErrSlowConsumer] if the subscription was too slow, and [ErrClosed] after its Close or that
// of the store. After Close it does so at once, else when there is no message left. A context that has
// ended takes none. The complexity is O(1).
func (sub *Subscription) Receive(ctx context.Context) (Message, error) {
	if ctx == nil {
		return Message{}, mistake("SUBSCRIBE", "", ErrNoContext)
	}
	if err := sub.ended(); err != nil {
		return Message{}, err
	}
	m, err := sub.sub.Receive(ctx)
	return m, endOf(err)
}

// Handle calls fn with one message after the other, on the goroutine of its caller and
// without a lock, so that fn may do anything, such as publish or Close the subscription.
// Several goroutines may share the work.
//
// It returns the error of fn as soon as that returns one, that of ctx when it ends,
// [ErrSlowConsumer], or [ErrClosed] if the store was closed; nil after Close of the
// subscription. Without a context it returns [ErrNoContext], without fn [ErrNoClosure]. A
// panic of fn goes through; the subscription stays as it is. The complexity is O(1) a message.
func (sub *Subscription) Handle(ctx context.Context, fn func(Message) error) error {
	if fn == nil {
		return mistake("SUBSCRIBE", "", ErrNoClosure)
	}
	for {
		m, err := sub.Receive(ctx)
		switch {
		case err == ErrClosed:
			return sub.Err()
		case err != nil:
			return err
		}
		if err := fn(m); err != nil {
			return err
		}
	}
}

// closedMessages is the channel of a subscription that has ended from the start.
var closedMessages = func() chan Message {
	c := make(chan Message)
	close(c)
	return c
}()

// C returns a channel of the messages, for a range or a select. It is closed when the
// subscription ends, after what is left unless that was its Close; then Err says why. The
// first call makes the channel, with all the room that the buffer may take. The complexity is
// O(n), n that of the buffer, and then O(1).
func (sub *Subscription) C() <-chan Message {
	if sub.ended() != nil {
		return closedMessages
	}
	return sub.sub.C()
}

// Err returns what the subscription has ended with: [ErrSlowConsumer], [ErrClosed] if that
// was with its store, nil if it has not ended, or by its Close. The complexity is O(1).
func (sub *Subscription) Err() error {
	if err := sub.ended(); err != nil {
		return err
	}
	return endOf(sub.sub.Err())
}

// Stats returns the counts. The complexity is O(1).
func (sub *Subscription) Stats() SubscriptionStats {
	if sub.ended() != nil {
		return SubscriptionStats{}
	}
	return SubscriptionStats(sub.sub.Stats())
}

// Close ends the subscription: whoever receives stops, and what is left of its messages is
// forgotten. It is idempotent and returns nil; the error is there so that a Subscription is an
// io.Closer. The complexity is O(n), n the number of its channels and patterns.
func (sub *Subscription) Close() error {
	if sub.ended() == nil {
		sub.sub.Close(nil)
	}
	return nil
}
