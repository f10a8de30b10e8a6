package pubsub

import "context"

// A ticket is the place of a publisher with a context in the line for room in a queue of the
// policy Block. It is taken under the locks under which others put in without waiting, so
// that the order is the same; the wait is without any lock. As long as there is a line,
// nothing comes in but from it.
//
// Who receives from the ring puts the first ticket's element in. With a channel nobody
// notices that: there the first ticket's owner sends, and waits for that at the channel.
// Nobody closes the channel meanwhile, who sends does that then.
//
// A queue with merge has no line: what waits in it could not be folded in its order.
type ticket[T any] struct {
	m          T
	prev, next *ticket[T]
	wake       chan struct{} // has a token when the owner should look
	done       bool          // it is no longer in line
	taken      bool
}

// offerOrQueue is offer, but where the policy is Block and there is no room, it returns a
// ticket.
func (q *Queue[T]) offerOrQueue(m *T) (outcome, *ticket[T]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.policy != Block || q.closed || q.merge != nil {
		return q.offerLocked(m), nil
	}
	if q.first == nil && q.put(m) {
		q.delivered++
		return taken, nil
	}
	t := &ticket[T]{m: *m, prev: q.last, wake: make(chan struct{}, 1)}
	if q.last == nil {
		q.first = t
	} else {
		q.last.next = t
	}
	q.last = t
	q.promote()
	return left, t
}

// leave takes t, which is in line, out of it.
func (q *Queue[T]) leave(t *ticket[T], in bool) {
	if t.prev == nil {
		q.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	if t.done, t.taken = true, in; in {
		q.delivered++
	} else {
		q.dropped++
	}
}

// admit puts the elements of those in line into the ring, as far as there is room.
func (q *Queue[T]) admit() {
	for t := q.first; t != nil && q.put(&t.m); t = q.first {
		q.leave(t, true)
		t.rouse()
	}
}

// promote has the first in line send to the channel, if there is one.
func (q *Queue[T]) promote() {
	if q.ch != nil && q.first != nil {
		q.first.rouse()
	}
}

// dismiss ends the line, but for who is sending.
func (q *Queue[T]) dismiss() {
	t := q.first
	if q.sending {
		t = t.next
	}
	for t != nil {
		next := t.next
		q.leave(t, false)
		t.rouse()
		t = next
	}
}

func (t *ticket[T]) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// wait waits until the element of t is in, the queue has ended, or the context; then it
// returns its error. It says whether the element is in.
func (q *Queue[T]) wait(ctx context.Context, t *ticket[T]) (in bool, err error) {
	select {
	case <-t.wake:
	case <-ctx.Done():
		if q.withdraw(t) {
			return true, nil
		}
		return false, ctx.Err()
	}
	q.mu.Lock()
	if t.done {
		q.mu.Unlock()
		return t.taken, nil
	}
	q.sending = true // there is a channel, and t is the first
	q.mu.Unlock()
	defer func() { q.sent(t, in) }() // also where ctx panics
	select {
	case q.ch <- t.m:
		in = true
	case <-q.end:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return in, err
}

// sent takes the ticket of who was at the channel out of line.
func (q *Queue[T]) sent(t *ticket[T], in bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sending = false
	q.leave(t, in)
	if !q.closed {
		q.promote()
		return
	}
	if q.discard {
		q.clear() // maybe it came after that
	}
	close(q.ch)
}

// withdraw takes t out of line, if it is still there. It says whether the element is in.
func (q *Queue[T]) withdraw(t *ticket[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !t.done {
		q.leave(t, false)
		q.promote()
	}
	return t.taken
}
