package pubsub

import "context"

// take returns the oldest element, if there is one.
func (q *Queue[T]) take() (m T, ok bool) {
	switch {
	case q.n > 0:
		m = q.pop()
		q.admit()
	case q.tail != nil:
		m, q.tail = *q.tail, nil
	default:
		return m, false
	}
	return m, true
}

// rouse has one of those who wait for an element look again.
func (q *Queue[T]) rouse() {
	if q.waiting > 0 {
		select {
		case q.wake <- struct{}{}:
		default: // somebody is about to
		}
	}
}

// Receive takes the oldest element, and waits for one if there is none. It returns the error
// of ctx when that ends; one that has ended takes nothing. After the end of the queue and
// what is left in it, it returns what the queue was closed with, [ErrClosed] if that was nil.
func (q *Queue[T]) Receive(ctx context.Context) (m T, err error) {
	if err := ctx.Err(); err != nil {
		return m, err
	}
	q.mu.Lock()
	for {
		var ok bool
		switch m, ok = q.take(); {
		case ok:
			if q.n > 0 || q.tail != nil {
				q.rouse() // the token stood for all that came
			}
			q.mu.Unlock()
			return m, nil
		case q.ch != nil:
			ch := q.ch
			q.rouse()
			q.mu.Unlock()
			return q.receive(ctx, ch)
		case q.closed:
			err := q.why()
			q.rouse()
			q.mu.Unlock()
			return m, err
		}
		if err := q.await(ctx); err != nil {
			return m, err
		}
	}
}

// await waits until there may be an element in the ring. The lock is held before, and after
// unless the context has ended.
func (q *Queue[T]) await(ctx context.Context) error {
	if q.wake == nil {
		q.wake = make(chan struct{}, 1)
	}
	wake := q.wake
	q.waiting++
	q.mu.Unlock()
	var err error
	select {
	case <-wake:
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	if q.waiting--; err != nil {
		q.mu.Unlock()
	}
	return err
}

// receive is Receive from the channel.
func (q *Queue[T]) receive(ctx context.Context, ch <-chan T) (m T, err error) {
	select {
	case m, ok := <-ch:
		if ok {
			return m, nil
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		return m, q.why()
	case <-ctx.Done():
		return m, ctx.Err()
	}
}

// why returns what Receive returns after the end.
func (q *Queue[T]) why() error {
	if q.err == nil {
		return ErrClosed
	}
	return q.err
}

// C returns a channel of the elements, which is closed when the queue ends. With the first
// call it takes the place of the ring, with room for as many elements as the limit says.
// Receive still works beside it.
func (q *Queue[T]) C() <-chan T {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ch != nil || q.merge != nil {
		return q.ch
	}
	size := q.limit
	if q.closed {
		size = q.n
	}
	ch := make(chan T, size)
	for q.n > 0 {
		ch <- q.pop()
	}
	q.ring, q.ch = nil, ch
	if q.policy == Block {
		q.end = make(chan struct{})
	}
	if q.closed {
		close(ch)
	}
	q.promote()
	q.rouse()
	return ch
}
