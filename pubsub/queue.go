package pubsub

import (
	"errors"
	"sync"
)

// Policy is what a [Queue] does with an element for which it has no room.
type Policy uint8

const (
	// CloseSlow closes the queue with [ErrSlowConsumer], as Redis does with a client.
	CloseSlow Policy = iota
	// DropOldest pushes the oldest element out.
	DropOldest
	// DropNewest leaves the element out.
	DropNewest
	// Block has the publisher wait if it has a context, and else leaves the element out.
	Block
)

// String returns the name of the policy.
func (p Policy) String() string {
	switch p {
	case DropOldest:
		return "drop oldest"
	case DropNewest:
		return "drop newest"
	case Block:
		return "block"
	}
	return "close slow"
}

var (
	// ErrSlowConsumer is what a queue of the policy CloseSlow ends with.
	ErrSlowConsumer = errors.New("pubsub: the buffer is full: the consumer is too slow")
	// ErrClosed is returned by Receive after Close(nil).
	ErrClosed = errors.New("pubsub: closed")
)

// MaxLimit is the largest limit that a queue can have.
const MaxLimit = 1 << 20

// firstRing is how many elements the first ring of a queue has; the next ones have twice
// as many each.
const firstRing = 4

// A Queue is a first-in, first-out buffer for a limited number of elements, which those who
// put in need not wait for: see [Policy]. It begins as a ring that grows as elements come,
// so that an idle queue takes no more than itself; the first call of C turns it into a
// channel. Make one with [NewQueue]. All methods may be called by any number of goroutines.
//
// The lock is the last that anybody takes, and nobody waits while holding it.
type Queue[T any] struct {
	mu      sync.Mutex
	policy  Policy
	closed  bool // nothing comes in
	discard bool // nothing is received, either
	sending bool // the first ticket's owner is at ch, without the lock

	limit, head, n int32
	peak           int32 // the largest n since the ring was empty
	waiting        int32 // who receives from the ring and found nothing
	ring           []T
	ch             chan T     // in the place of the ring; set once
	tail           *T         // with merge: was left out, and is newer than what is in the ring
	first, last    *ticket[T] // who waits for room
	delivered      uint64
	dropped        uint64

	wake  chan struct{} // has a token when one of those who wait should look again
	end   chan struct{} // with Block and ch: closed when the queue is
	merge func(lost, next T) T
	err   error
}

// NewQueue returns a queue for limit elements, 1 to [MaxLimit]: what is outside of that
// counts as the nearest. Without merge, what finds no room is lost. With merge, it is folded
// into the element that follows it, as merge(lost, next); as long as none follows it can be
// received by itself. merge is called under the lock of the queue. A queue with merge can't
// become a channel.
func NewQueue[T any](limit int, policy Policy, merge func(lost, next T) T) *Queue[T] {
	q := new(Queue[T])
	q.init(limit, policy, merge)
	return q
}

func (q *Queue[T]) init(limit int, policy Policy, merge func(lost, next T) T) {
	q.limit, q.policy, q.merge = int32(min(max(limit, 1), MaxLimit)), policy, merge
}

// outcome is what became of an element.
type outcome uint8

const (
	taken outcome = iota
	left          // out, or the queue has ended
	ended         // with this, the queue has
)

// Offer puts m in, or does what the policy says; it never waits. It returns false if m was
// left out, or put aside to be folded into the next.
func (q *Queue[T]) Offer(m T) bool { return q.offer(&m) == taken }

func (q *Queue[T]) offer(m *T) outcome {
	q.mu.Lock()
	out := q.offerLocked(m) // a defer would take as long as the rest
	q.mu.Unlock()
	return out
}

func (q *Queue[T]) offerLocked(m *T) outcome {
	switch {
	case q.closed:
		return left
	case q.first == nil && q.put(m):
		q.delivered++
		return taken
	}
	switch q.policy {
	case DropOldest:
		q.pushOut(m)
		return taken
	case DropNewest, Block:
		q.leaveOut(m)
		return left
	default:
		q.dropped++
		q.close(ErrSlowConsumer)
		return ended
	}
}

// put puts m in if there is room.
func (q *Queue[T]) put(m *T) bool {
	if q.ch != nil {
		if len(q.ch) == cap(q.ch) {
			return false
		}
		q.ch <- *m // does not wait: nobody else sends
		return true
	}
	if q.n == q.limit {
		return false
	}
	q.push(m)
	if q.tail != nil {
		last := &q.ring[q.index(q.n-1)]
		*last = q.fold(*q.tail, *last)
		q.tail = nil
	}
	if q.waiting > 0 {
		q.rouse()
	}
	return true
}

// pushOut puts m in the place of the oldest element of a full queue.
func (q *Queue[T]) pushOut(m *T) {
	q.delivered++
	if q.ch == nil {
		lost := q.pop()
		q.push(m)
		if q.merge == nil {
			q.lose()
		} else {
			q.ring[q.head] = q.fold(lost, q.ring[q.head])
		}
		return
	}
	select {
	case <-q.ch:
		q.lose()
	default: // whoever receives was quicker
	}
	q.put(m) // there is room: only who holds the lock sends
}

// leaveOut does not put m in, but aside if it can be folded into the next.
func (q *Queue[T]) leaveOut(m *T) {
	if q.merge == nil {
		q.dropped++
		return
	}
	tail := *m
	if q.tail != nil {
		tail = q.fold(*q.tail, tail)
	}
	q.delivered++
	q.tail = &tail
}

// fold returns next with what was lost before it.
func (q *Queue[T]) fold(lost, next T) T {
	q.lose()
	return q.merge(lost, next)
}

// lose counts an element that had been put in.
func (q *Queue[T]) lose() {
	q.delivered--
	q.dropped++
}

// push puts m into the ring, which has fewer than limit elements.
func (q *Queue[T]) push(m *T) {
	if int(q.n) == len(q.ring) {
		q.grow()
	}
	q.ring[q.index(q.n)] = *m
	q.n++
	q.peak = max(q.peak, q.n)
}

func (q *Queue[T]) grow() {
	ring := make([]T, min(max(2*len(q.ring), firstRing), int(q.limit)))
	copy(ring[copy(ring, q.ring[q.head:]):], q.ring[:q.head])
	q.ring, q.head = ring, 0
}

// index returns where the i-th element is.
func (q *Queue[T]) index(i int32) int {
	at := int(q.head + i)
	if at >= len(q.ring) {
		at -= len(q.ring)
	}
	return at
}

// pop takes the oldest element of the ring. Where a ring was needed that is much smaller, it
// is given back: so much for the burst long ago.
func (q *Queue[T]) pop() T {
	var zero T
	m := q.ring[q.head]
	q.ring[q.head] = zero
	q.head = int32(q.index(1))
	if q.n--; q.n == 0 {
		if len(q.ring) > 4*firstRing && int(q.peak) <= len(q.ring)/4 {
			q.ring, q.head = nil, 0
		}
		q.peak = 0
	}
	return m
}

// Close ends the queue. With an error, what is in it can still be received, and then comes
// the error. With nil, all that is in it is forgotten and receiving ends at once; that can
// also follow after an error, which then stays what the queue has ended with.
func (q *Queue[T]) Close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.close(err)
	}
	if err == nil && !q.discard {
		q.discard = true
		q.clear()
	}
}

// close ends the queue, but leaves what is in it.
func (q *Queue[T]) close(err error) {
	q.closed, q.err = true, err
	q.dismiss()
	if q.end != nil {
		close(q.end)
	}
	if q.ch != nil && !q.sending { // who is sending closes it
		close(q.ch)
	}
	q.rouse()
}

// clear forgets what is in the queue.
func (q *Queue[T]) clear() {
	q.ring, q.head, q.n, q.tail = nil, 0, 0, nil
	for q.ch != nil {
		select {
		case _, ok := <-q.ch:
			if ok {
				continue
			}
		default:
		}
		return
	}
}

// Err returns what the queue was closed with, nil if it was not, or with nil.
func (q *Queue[T]) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

// Over returns why nothing can come in any more, nil if something can.
func (q *Queue[T]) Over() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		return nil
	}
	return q.why()
}

// Stats are counts of elements.
type Stats struct {
	Delivered uint64 // put in and not pushed out again, received or not
	Dropped   uint64 // left out or pushed out, for want of room
	Buffered  int    // in the queue now
}

// Stats returns the counts.
func (q *Queue[T]) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Stats{Delivered: q.delivered, Dropped: q.dropped, Buffered: int(q.n) + len(q.ch)}
	if q.tail != nil {
		s.Buffered++
	}
	return s
}

// Discard takes out, unreceived, the elements that match. match is called under the lock of
// the queue. What is in a channel stays; a hub, at whose queues somebody may wait for room,
// does not discard.
func (q *Queue[T]) Discard(match func(T) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tail != nil && match(*q.tail) {
		q.tail = nil
		q.delivered--
	}
	for range q.n {
		if m := q.pop(); match(m) {
			q.delivered--
		} else {
			q.push(&m)
		}
	}
}
