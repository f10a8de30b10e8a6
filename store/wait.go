package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/alcovedb/alcove/store/internal/hook"
)

// This is how commands wait: BLPOP and the like. Whoever finds nothing queues at each of
// its keys, under the locks of all their shards, so that no write comes in between. A
// write that puts a value where somebody waits, or more elements into it, notes that, and
// serves before it unlocks: nobody else ever sees what a waiter gets. BLMOVE puts in its
// turn, for which the writer holds the locks of wherever that may lead.

// demand is what a blocking command wants of the first of its keys that has elements.
type demand struct {
	op       string
	kind     Kind
	count    int  // how many elements at most
	exactly  bool // and at least
	from     Side // of a list
	highest  bool // of a sorted set
	moves    bool // to the end to of the list at dst
	to       Side
	oneByOne bool
	dst      string
	read     *reading // of streams, in the place of all that
}

// least is of how many elements something can be taken.
func (d *demand) least() int {
	if d.exactly {
		return d.count
	}
	return 1
}

// answer is what a blocking command got.
type answer struct {
	key    string
	values []string
	scored []Scored
	read   *readAnswer
	err    error
}

// waiter is one command that waits.
type waiter struct {
	demand
	s       *Store
	claimed atomic.Bool // by who serves it, or by itself when it gives up: who sets it
	asked   *hook.Wait  // who else may end the wait, nil if nobody does
	done    chan answer // takes one, so that who serves never waits
	nodes   []node      // one a key
	one     [1]node     // mostly all of them
}

// block does what d says with the first of keys that has elements, and waits for one if
// none has. Every blocking method comes through here.
func (db DB) block(ctx context.Context, d demand, keys ...string) (answer, error) {
	key := ""
	if len(keys) == 1 {
		key = keys[0]
	}
	switch err := cmp.Or(db.checkWrite(), d.wrong(ctx, keys)); {
	case err != nil:
		return answer{}, mistake(d.op, key, err)
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	}
	a, wt, err := db.takeOrQueue(ctx, &d, keys)
	if wt == nil || err != nil {
		return a, err
	}
	a = wt.wait(ctx, nil)
	return a, a.err
}

// errAlarm is what an alarm ends a wait with.
var errAlarm = errors.New("store: alarm")

// wait returns what the waiter gets, or why its wait has ended.
func (wt *waiter) wait(ctx context.Context, alarm <-chan struct{}) (a answer) {
	select {
	case a = <-wt.done:
		if len(wt.nodes) == 1 {
			return a // who served has removed the node
		}
	case <-ctx.Done():
		a = wt.giveUp(ctx.Err())
	case <-wt.s.ended:
		a = wt.giveUp(ErrClosed)
	case <-alarm:
		a = wt.rest()
	}
	wt.leave()
	return a
}

// wrong returns what is wrong with the arguments.
func (d *demand) wrong(ctx context.Context, keys []string) error {
	switch {
	case ctx == nil:
		return ErrNoContext
	case d.count <= 0:
		return ErrOutOfRange
	case d.from > Right || d.to > Right || len(keys) == 0:
		return ErrInvalidOption
	}
	return nil
}

// takeOrQueue returns what there is, or who waits for it.
func (db DB) takeOrQueue(ctx context.Context, d *demand, keys []string) (answer, *waiter, error) {
	all := keys
	if d.moves {
		all = append(slices.Clip(keys), d.dst)
	}
	b := batch{ctx: ctx}
	defer b.end()
	if err := b.begin(db, d.op, all...); err != nil {
		return answer{}, nil, err
	}
	for _, key := range keys {
		if a, found, err := b.take(db, key, d); found || err != nil {
			return a, nil, err
		}
	}
	if db.tx() != nil {
		return answer{}, nil, ErrNotFound // nobody waits in a transaction
	}
	return answer{}, b.enqueue(db, d, keys), nil
}

// take does what d says with one of the locked keys, and says whether there is anything.
func (b *batch) take(db DB, key string, d *demand) (a answer, found bool, err error) {
	a.key = key
	w := b.key(db, key)
	switch {
	case d.moves:
		a.values, err = b.move(db, key, d)
	case d.kind == KindList:
		a.values, err = w.popN(d.from, d.count)
	default:
		a.scored, err = w.popScoredN(d.count, d.highest)
	}
	if err != nil || a.values == nil && a.scored == nil {
		return answer{}, false, err
	}
	return a, true, nil
}

// enqueue makes a waiter and puts it last in the queues of keys, whose shards are locked,
// and that of its destination.
func (b *batch) enqueue(db DB, d *demand, keys []string) *waiter {
	wt := &waiter{demand: *d, s: db.s.Store, asked: hook.WaitOf(b.ctx), done: make(chan answer, 1)}
	wt.asked.Begin()
	if wt.nodes = wt.one[:]; len(keys) > 1 {
		wt.nodes = make([]node, len(keys))
	}
	for i, key := range keys {
		sh, _ := db.s.hash(key)
		q := sh.needQueue(awaited{key: key, n: db.n, kind: d.kind})
		if d.read != nil && d.read.grouped {
			q = q.needGroup(d.read.group)
		}
		q.push(wt, &wt.nodes[i])
	}
	return wt
}

// giveUp ends the wait with err, or with what somebody was quicker to give.
func (wt *waiter) giveUp(err error) answer {
	if wt.claim() {
		return answer{err: err}
	}
	return <-wt.done
}

// rest ends the wait for now with errAlarm, or with what somebody was quicker to give.
func (wt *waiter) rest() answer {
	if wt.claimed.CompareAndSwap(false, true) {
		return answer{err: errAlarm}
	}
	return <-wt.done
}

// claim says whether who calls it ends the wait, and nobody has before. Who does then is to
// answer; a wait that was ended from outside gets its answer here.
func (wt *waiter) claim() bool {
	switch {
	case !wt.claimed.CompareAndSwap(false, true):
		return false
	case wt.asked.End():
		return true
	}
	wt.done <- answer{err: context.Canceled}
	return false
}

// leave removes a claimed waiter from the queues that it is still in.
func (wt *waiter) leave() {
	for i := range wt.nodes {
		n := &wt.nodes[i]
		sh := n.queue.sh
		sh.mu.Lock()
		n.remove()
		sh.mu.Unlock()
	}
}

// signal notes that a value of kind k, or more of it, is about to be put under the key, if
// somebody waits for it: serve follows before the shard is unlocked. From here on readers
// without a lock wait for that.
func (w *write) signal(k Kind) {
	what := awaited{key: w.key, n: w.db.n, kind: k}
	if q := w.sh.queue(what); q != nil {
		w.together()
		w.db.s.signal(q)
	}
	if w.sh.derived != nil && w.sh.derived.put != nil {
		w.sh.derived.put.note(what)
	}
}

// signalStream notes that the stream at the key, if there is one, goes. What changes it in
// place says so with grows, where that may be what somebody waits for: not XACK, which
// would look at all of them for nothing.
func (w *write) signalStream() {
	if w.found() && kindOf(&w.ref.Record) == KindStream {
		w.grows(KindStream)
	}
}

// fills says whether putting something of a record kind under the key may be what somebody
// waits for.
func (w *write) fills(kind uint8) bool {
	k := Kind(kind >> encodingBits)
	return (k == KindList || k == KindZSet || k == KindStream) && (!w.ref.Found || kindOf(&w.ref.Record) != k)
}

// grows notes that elements come to the list, or something to the stream, under the key,
// which somebody may wait for, too.
func (w *write) grows(k Kind) {
	if w.run != nil {
		w.run.fill(w.at)
	} else {
		w.signal(k)
	}
}

// filled is what has been put into a transaction's copy of the store and somebody may wait
// for, in order.
type filled struct {
	mu   sync.Mutex
	list []awaited
}

func (f *filled) note(what awaited) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.list, what) {
		f.list = append(f.list, what)
	}
}

// signalFilled signals what a copy that comes into the place of the store has been filled
// with: in its order, and then what else there may be. All shards are locked.
func (s *Store) signalFilled(f *filled) {
	for _, what := range f.list {
		sh, _ := s.hash(what.key)
		if q := sh.queue(what); q != nil {
			s.signal(q)
		}
	}
	s.signalAll(func(int) bool { return true })
}

// serve gives those who wait what was put since shards were locked, for writing and with
// all that widen says; their sequences are odd. It goes on as long as what a waiter moves
// is waited for, in Redis's order: by rounds, in each what the last one has put.
func (s *Store) serve(shards []*shard) {
	for {
		var round []signal
		for _, sh := range shards {
			if sh.waiting != nil {
				round = append(round, sh.waiting.ready...)
				sh.waiting.ready = sh.waiting.ready[:0]
			}
		}
		if len(round) == 0 {
			return
		}
		slices.SortFunc(round, func(x, y signal) int { return cmp.Compare(x.at, y.at) })
		for _, r := range round {
			s.serveKey(r.awaited)
		}
	}
}

// serveShard is serve for one shard.
func (s *Store) serveShard(sh *shard) {
	if sh.waiting != nil {
		s.serve([]*shard{sh})
	}
}

// serveAll is serve for all shards, which are locked.
func (s *Store) serveAll() {
	var shards []*shard
	for i := range s.shards {
		if sh := &s.shards[i]; sh.waiting != nil {
			shards = append(shards, sh)
		}
	}
	s.serve(shards)
}

// serveKey serves those who wait for one thing, in their order, as far as there is enough
// of it for them.
func (s *Store) serveKey(what awaited) {
	sh, _ := s.hash(what.key)
	db := s.DB(what.n)
	q := sh.queue(what)
	if q == nil {
		return
	}
	q.ready = false
	if what.kind == KindStream {
		s.serveStream(q)
		return
	}
	for at, least := q.first, math.MaxInt; at != nil; {
		b := batch{s: s}
		w := b.key(db, what.key)
		if !w.found() || kindOf(&w.ref.Record) != what.kind {
			return
		}
		n := 1
		if what.kind == KindList {
			n, _ = w.listLen()
		}
		if n < q.least {
			return
		}
		var wt *waiter
		if wt, at = q.claim(at, n, &least); wt == nil {
			q.least = least
			return
		}
		b.op = wt.op
		a, _, err := b.take(db, what.key, &wt.demand)
		a.err = err // BLMOVE to another type: the element stays, for the next
		wt.done <- a
	}
}
