package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Keyspace notifications beside a real redis-server: after every command, all that it has
// sent and what we have sent must be the same, in the same order.

// recorded is what recordEvents hears.
type recorded struct{ sub *Subscription }

// recordEvents records the notifications of a store from now on, "channel payload" each.
func recordEvents(t testing.TB, s *Store, flags string) *recorded {
	t.Helper()
	sub := s.SubscribeWith(SubscribeOptions{Buffer: 1 << 20})
	require.NoError(t, sub.PSubscribe("__*"))
	n, err := ParseNotify(flags)
	require.NoError(t, err)
	require.NoError(t, s.SetNotifications(n))
	return &recorded{sub: sub}
}

// take returns what was recorded since the last take.
func (r *recorded) take() (list []string) {
	for range r.sub.Stats().Buffered {
		list = append(list, r.next(context.Background()))
	}
	return list
}

func (r *recorded) next(ctx context.Context) string {
	m, err := r.sub.Receive(ctx)
	if err != nil {
		return err.Error()
	}
	return m.Channel + " " + m.Payload
}

// wait returns the next n that are recorded.
func (r *recorded) wait(t testing.TB, n int) (list []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(list) < n && ctx.Err() == nil {
		list = append(list, r.next(ctx))
	}
	require.NoError(t, ctx.Err(), "only %q", list)
	return list
}

// eventFlags are all that Redis 7.0.15 knows.
const eventFlags = "KEAnm"

// eventClasses are flags by which any two classes of events can be told apart.
var eventClasses = []string{eventFlags, "Kglhxn", "KE$lzxm", "Kshzx", "KEtnm"}

// eventPair is where the notifications of a twin come in.
type eventPair struct {
	ours   *recorded
	real   *redisConn // that has subscribed to those of both databases
	marker string     // a channel that says that there are no more of a command
	flags  string     // which there are in the next store
	differ map[string]bool
}

// listen makes the twin compare the notifications of every command.
func (w *twin) listen() {
	w.t.Helper()
	w.ev = &eventPair{
		real: dialRedis(w.t), marker: "marker of " + w.dbs[0], flags: eventFlags, differ: map[string]bool{},
	}
	for _, n := range w.dbs {
		w.ev.real.do(w.t, "PSUBSCRIBE", "__key*@"+n+"__:*")
	}
	w.ev.real.do(w.t, "SUBSCRIBE", w.ev.marker)
}

// record begins to hear a new store.
func (w *twin) record() {
	if w.ev != nil {
		require.Equal(w.t, "OK", w.c.do(w.t, "CONFIG", "SET", "notify-keyspace-events", w.ev.flags))
		w.c.do(w.t, "PUBLISH", w.ev.marker, "")
		w.events() // of what was before
		w.ev.ours = recordEvents(w.t, w.s, w.ev.flags)
	}
}

// writeStep sends Redis a step, and then what lets it come across all that is overdue, as
// nothing is here, ever; and the markers.
func (e *eventPair) writeStep(b *bytes.Buffer, st *step, args []string) {
	if st.d.first != nil {
		writeRedis(b, st.d.first)
		writeRedis(b, []string{"PUBLISH", e.marker, ""})
	}
	writeRedis(b, args)
	writeRedis(b, []string{"SCAN", "0", "COUNT", "10000"})
	writeRedis(b, []string{"PUBLISH", e.marker, ""})
}

// readStep reads the replies to a step and returns that of its command, and its notifications.
func (w *twin) readStep(st *step) (r reply, events []string) {
	w.t.Helper()
	if w.ev == nil {
		if st.d.first != nil {
			w.read()
		}
		return w.read(), nil
	}
	if st.d.first != nil {
		w.read()
		w.read()
		w.events()
	}
	r = w.read()
	w.read()
	w.read()
	return r, w.events()
}

var eventChannel = regexp.MustCompile(`@\d+__:`)

// events returns the notifications of Redis up to the next marker.
func (w *twin) events() (list []string) {
	w.t.Helper()
	for {
		require.NoError(w.t, w.ev.real.conn.SetDeadline(time.Now().Add(30*time.Second)))
		r, err := w.ev.real.read()
		require.NoError(w.t, err)
		m := r.([]any)
		if m[0] == "message" {
			return list
		}
		channel := m[2].(string)
		at := eventChannel.FindStringIndex(channel)
		n := slices.Index(w.dbs[:], channel[at[0]+1:at[1]-len("__:")])
		text := fmt.Sprintf("%s@%d__:%s %s", channel[:at[0]], n, channel[at[1]:], m[3])
		list = append(list, text)
	}
}

// compareEvents compares the notifications of a step. A command that differs is told once.
func (w *twin) compareEvents(st *step, real []string) {
	w.t.Helper()
	if w.ev == nil || w.ev.differ[st.d.name] {
		return
	}
	if st.ours.err == ErrStreamID { // that was seen before the store was asked
		return
	}
	if st.d.name == "SORT" { // sets are in no order
		slices.Sort(st.events)
		slices.Sort(real)
	}
	if slices.Equal(st.events, real) || slices.Equal(onceMissed(st.events), real) {
		return
	}
	w.ev.differ[st.d.name] = true
	w.t.Errorf("%v\n    alcove: %v\n    Redis:  %v\nnotifications of alcove:\n        %s\nand of Redis:\n        %s",
		st, st.ours, st.real, shortAll(st.events), shortAll(real))
}

// onceMissed leaves out that a key is missing where that was told before, as some calls of
// differs read it several times.
func onceMissed(list []string) (once []string) {
	for i, text := range list {
		if i < 2 || text != list[i-2] || !strings.Contains(text, missed) {
			once = append(once, text)
		}
	}
	return once
}

func shortAll(list []string) string {
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = short(text)
	}
	return strings.Join(texts, "\n        ")
}

// TestRedisEvents is TestRedisRandom for notifications.
func TestRedisEvents(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	w.listen()
	sets := [][]Option{nil, {WithShards(1), tiny}, {WithShards(4), WithTracking(TrackFrequency), tiny}}
	total, sequence := 40_000, 500
	if testing.Short() || raceEnabled {
		total = 6_000
	}
	lots := randomLots()
	for n := range total {
		if n%sequence == 0 {
			w.ev.flags = eventClasses[n/sequence%len(eventClasses)]
			w.reset(sets[n/sequence%len(sets)]...)
		}
		d := pick(w, lots)
		w.run(false, d.name, d.gen(w)...)
		if n%shownSteps == shownSteps-1 {
			w.compare()
		}
	}
	w.runRest()
	w.close()
}

// How the commands of a transaction are done here.
const (
	inUpdate = iota
	inSerial
	inView     // what writes is left out
	inVain     // rolled back
	inSecond   // run of an Update
	inThird    // run
	inLast     // run, with the whole store
	inCopy     // of the store, from the start
	inCopySoon // from the middle on
	inDeclared // a Serial with its keys
	waysToTransact
)

// runOf is the run of an Update that counts, where it is not the first.
var runOf = map[int]int{inSecond: 2, inThird: 3, inLast: lastRun}

// declared are the keys of a Serial.
func declared() (keys []Key) {
	for n := range 2 {
		for _, key := range someKeys {
			keys = append(keys, Key{DB: n, Name: key})
		}
	}
	return keys
}

var errVain = errors.New("roll back")

// transact does some random commands in a transaction, and in MULTI and EXEC.
func (w *twin) transact(how int, lots []*differ) {
	var steps []step
	cur := w.cur
	fn := func(tx *Tx) error {
		w.tx, w.cur, steps = tx, cur, nil
		defer func() { w.tx = nil }()
		n := 1 + w.rng.IntN(6)
		for i := range n {
			if how == inCopy && i == 0 || how == inCopySoon && i == n/2 {
				_, err := tx.DBSize()
				require.NoError(w.t, err)
			}
			d := pick(w, lots)
			switch {
			case d.first != nil, how == inView && d.name == "PFCOUNT": // which writes in Redis
				continue
			case how == inDeclared && d.name == "SORT": // it reads keys that it makes up
				continue
			}
			// What gen looks at is not the transaction's.
			heard := tx.run.sh.log
			tx.run.sh.log = nil
			args := d.gen(w)
			tx.run.sh.log = heard
			st, ok := w.do(d, false, args)
			if ok && st.ours.err != ErrReadOnly && st.ours.err != ErrStreamID && st.ours.err != ErrUndeclared {
				steps = append(steps, st)
			}
		}
		if how == inVain {
			return errVain
		}
		if r := tx.run; r.number < runOf[how] {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.fail(ErrConflict)
		}
		return nil
	}
	w.ev.ours.take()
	var err error
	switch how {
	case inSerial:
		err = w.s.Serial(w.t.Context(), nil, fn)
	case inDeclared:
		err = w.s.Serial(w.t.Context(), declared(), fn)
	case inView:
		err = w.s.View(fn)
	default:
		err = w.s.Update(fn)
	}
	ours := w.ev.ours.take()
	if how == inVain {
		require.Equal(w.t, errVain, err)
		require.Empty(w.t, ours, "it was rolled back")
		w.cur = cur
		return
	}
	require.NoError(w.t, err)
	w.compareTx(steps, ours)
}

// compareTx has Redis do steps in a transaction, and compares.
func (w *twin) compareTx(steps []step, ours []string) {
	var b bytes.Buffer
	writeRedis(&b, []string{"MULTI"})
	for i := range steps {
		writeRedis(&b, w.redisArgs(&steps[i]))
		writeRedis(&b, []string{"SCAN", "0", "COUNT", "10000"})
	}
	writeRedis(&b, []string{"EXEC"})
	writeRedis(&b, []string{"PUBLISH", w.ev.marker, ""})
	_, err := w.c.conn.Write(b.Bytes())
	require.NoError(w.t, err)
	for range 1 + 2*len(steps) {
		w.read() // QUEUED
	}
	replies := w.read().([]any)
	w.read()
	real := w.events()
	for i := range steps {
		st := &steps[i]
		st.real = outcomeOf(st.d, replies[2*i])
		w.done = append(w.done, *st)
		if !st.ours.equal(st.real) {
			w.t.Fatalf("alcove and Redis differ, in the last of these lines:\n%s", w.history())
		}
	}
	if !slices.Equal(onceMissed(ours), onceMissed(real)) {
		w.t.Fatalf("the notifications of these lines differ:\n%salcove:\n        %s\nRedis:\n        %s",
			w.history(), shortAll(ours), shortAll(real))
	}
	w.done = nil
}

// TestRedisEventsOfTransactions wants of closures what MULTI and EXEC send, in every way in which
// they are run.
func TestRedisEventsOfTransactions(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.listen()
	lots := randomLots()
	for n := range alone(4000) {
		if n%100 == 0 {
			w.reset([][]Option{nil, {WithShards(1), tiny}}[n/100%2]...)
		}
		w.transact(w.rng.IntN(waysToTransact), lots)
		if n%20 == 0 {
			w.ev.ours.take()
			w.state()
			w.compare()
		}
	}
	w.close()
}

// TestRedisEventsOfEdges does the scripts of TestRedisEdges once more.
func TestRedisEventsOfEdges(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.listen()
	for _, flags := range eventClasses {
		w.ev.flags = flags
		for _, test := range edges {
			t.Run(flags+" "+test.name, func(t *testing.T) {
				defer func(back testing.TB) { w.t = back }(w.t)
				w.t = t
				w.reset()
				for line := range strings.SplitSeq(test.lines, "|") {
					args := fieldsOf(t, line)
					w.run(false, args[0], args[1:]...)
				}
				w.compare()
			})
		}
	}
	w.close()
}

// TestRedisEventsOfExpiry waits for deadlines on both sides.
func TestRedisEventsOfExpiry(t *testing.T) {
	w := newTwin(t, seededRand(t))
	w.listen()
	w.reset()
	lines := `SET a v PX 30 | PSETEX b 30 v | HSET h f v | PEXPIRE h 30 | RPUSH l 1 2 | PEXPIRE l 40 | SELECT db:1 | SET a w PX 30 | SET keep v`
	var ours, real []string
	for line := range strings.SplitSeq(lines, "|") {
		args := fieldsOf(t, line)
		st, ok := w.do(differByName(args[0]), false, args[1:])
		require.True(t, ok)
		ours = append(ours, st.events...)
		_, err := w.c.roundTrip(w.redisArgs(&st)...)
		require.NoError(t, err)
	}
	expired := func(list []string) (n int) {
		for _, text := range list {
			if strings.HasPrefix(text, "__keyevent") && strings.Contains(text, ":expired ") {
				n++
			}
		}
		return n
	}
	for expired(ours) < 5 {
		ours = append(ours, w.ev.ours.wait(t, 2)...) // one of each channel
	}
	for expired(real) < 5 {
		for _, n := range w.dbs { // which makes Redis come across what is overdue
			w.c.do(t, "SELECT", n)
			w.c.do(t, "SCAN", "0", "COUNT", "1000")
		}
		w.c.do(t, "PUBLISH", w.ev.marker, "")
		real = append(real, w.events()...)
	}
	slices.Sort(ours) // what expires at the same time is in no order
	slices.Sort(real)
	require.Equal(t, real, ours)
	w.close()
}
