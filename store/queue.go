package store

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Queues of waiters: see wait.go. Whatever is here belongs to the lock of the shard.

// node is a waiter's place in a queue.
type node struct {
	waiter     *waiter
	queue      *queue
	prev, next *node // these and queued are the shard's
	queued     bool
}

// awaited is what somebody waits for: a value of a kind at a key of database n.
type awaited struct {
	key  string
	n    int
	kind Kind
}

// queue is who waits for it, the first to come first. Some may be claimed.
type queue struct {
	awaited
	sh          *shard
	first, last *node
	ready       bool // it is in the shard's list
	least       int  // with fewer elements there is nobody to serve

	// Who reads a stream for a consumer group waits in a queue of the group's.
	group  string
	of     *queue
	groups map[string]*queue
	idle   time.Duration // the least that one of them claims after, 0 if none does
}

// waiting is who waits in a shard.
type waiting struct {
	queues  map[awaited]*queue
	moving  map[string]moves // who waits at a key to move what it gets
	targets map[*shard]int   // and to which shards
	ready   []signal         // what was put since the shard was locked
}

// signal says that there is something in a queue's key. at is its place among all signals.
type signal struct {
	awaited
	at uint64
}

// queue returns who waits for something, nil if nobody does.
func (sh *shard) queue(what awaited) *queue {
	if sh.waiting == nil {
		return nil
	}
	return sh.waiting.queues[what]
}

func (sh *shard) needQueue(what awaited) *queue {
	if sh.waiting == nil {
		sh.waiting = &waiting{queues: map[awaited]*queue{}}
	}
	q := sh.waiting.queues[what]
	if q == nil {
		q = &queue{awaited: what, sh: sh, least: math.MaxInt}
		sh.waiting.queues[what] = q
	}
	return q
}

// needGroup returns the queue of who reads the stream for a group.
func (q *queue) needGroup(group string) *queue {
	g := q.groups[group]
	if g == nil {
		g = &queue{awaited: q.awaited, sh: q.sh, group: group, of: q}
		if q.groups == nil {
			q.groups = map[string]*queue{}
		}
		q.groups[group] = g
	}
	return g
}

// push adds a waiter at the end.
func (q *queue) push(wt *waiter, n *node) {
	n.waiter, n.queue, n.queued, n.prev = wt, q, true, q.last
	if q.last == nil {
		q.first = n
	} else {
		q.last.next = n
	}
	q.last = n
	q.least = min(q.least, wt.demand.least())
	if r := wt.read; r != nil && r.o.Claim > 0 && (q.idle == 0 || r.o.Claim < q.idle) {
		q.idle = r.o.Claim
	}
	if wt.moves {
		q.countMove(wt, 1)
	}
}

// remove takes a node out of its queue, if it is still there. Nobody leaves an empty queue.
func (n *node) remove() {
	if !n.queued {
		return
	}
	q := n.queue
	if n.prev == nil {
		q.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.queued, n.prev, n.next = false, nil, nil
	if n.waiter.moves {
		q.countMove(n.waiter, -1)
	}
	q.dropEmpty()
}

func (q *queue) dropEmpty() {
	switch {
	case q.first != nil || len(q.groups) > 0:
	case q.of != nil:
		delete(q.of.groups, q.group)
		q.of.dropEmpty()
	default:
		delete(q.sh.waiting.queues, q.awaited)
		if len(q.sh.waiting.queues) == 0 {
			q.sh.waiting = nil
		}
	}
}

// countMove counts who waits in q to move what it gets.
func (q *queue) countMove(wt *waiter, by int) {
	in := q.sh.waiting
	if in.moving == nil {
		in.moving, in.targets = map[string]moves{}, map[*shard]int{}
	}
	target, _ := wt.s.hash(wt.dst)
	to := in.moving[q.key]
	if to == nil {
		to = moves{}
		in.moving[q.key] = to
	}
	if to[wt.dst] += by; to[wt.dst] == 0 {
		delete(to, wt.dst)
	}
	if len(to) == 0 {
		delete(in.moving, q.key)
	}
	if in.targets[target] += by; in.targets[target] == 0 {
		delete(in.targets, target)
	}
}

// claim takes the first waiter out that nobody has claimed and who is content with n
// elements, from at on, and returns the place behind it. If there is none, it returns nil
// and with how many fewer of those that it met would have been.
func (q *queue) claim(at *node, n int, fewest *int) (wt *waiter, next *node) {
	for ; at != nil; at = next {
		next = at.next
		if least := at.waiter.demand.least(); least > n {
			*fewest = min(*fewest, least)
			continue
		}
		at.remove()
		if at.waiter.claim() {
			return at.waiter, next
		}
	}
	return nil, nil
}

// signal adds a queue to what serve has to look at.
func (s *Store) signal(q *queue) {
	if !q.ready {
		q.ready = true
		in := q.sh.waiting
		in.ready = append(in.ready, signal{q.awaited, s.signals.Add(1)})
	}
}

// signalAll signals what somebody waits for and may have come with other tables of some
// databases. All shards are locked.
func (s *Store) signalAll(swapped func(n int) bool) {
	var queues []*queue
	for i := range s.shards {
		sh := &s.shards[i]
		if sh.waiting == nil {
			continue
		}
		for what, q := range sh.waiting.queues {
			if swapped(what.n) {
				queues = append(queues, q)
			}
		}
	}
	slices.SortFunc(queues, func(x, y *queue) int { // Redis has no order here
		return cmp.Or(cmp.Compare(x.n, y.n), cmp.Compare(x.key, y.key))
	})
	for _, q := range queues {
		s.signal(q)
	}
}
