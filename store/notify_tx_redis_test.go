package store

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRedisEventsOfTransactions does random commands, a few at a time, by EXEC in Redis and
// in the transactions that there are here, and wants the same notifications. Only when a key
// expires that nobody touches any more may come earlier here.
func TestRedisEventsOfTransactions(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	w.listen()
	var lots []*differ
	for _, d := range randomLots() {
		switch d.name {
		case "SELECT", "SWAPDB", "FLUSHDB": // which a connection does, or nobody hears
		default:
			if d.first == nil {
				lots = append(lots, d)
			}
		}
	}
	total, sequence := 2_400, 60
	if testing.Short() || raceEnabled {
		total = 600
	}
	for n := range total {
		if n%sequence == 0 {
			w.ev.flags = []string{eventFlags, "KAn"}[n/sequence%2]
			w.reset([][]Option{nil, {WithShards(1), tiny}}[n/sequence/2%2]...)
		}
		var lines []*step
		for range 1 + rng.IntN(6) {
			d := pick(w, lots)
			lines = append(lines, &step{d: d, args: d.gen(w)})
		}
		w.transact(n, lines)
	}
	w.close()
}

// transact does lines as one transaction, the nth, in both worlds.
func (w *twin) transact(n int, lines []*step) {
	w.t.Helper()
	var b bytes.Buffer
	writeRedis(&b, []string{"MULTI"})
	for _, st := range lines {
		writeRedis(&b, w.redisArgs(st))
	}
	writeRedis(&b, []string{"EXEC"})
	writeRedis(&b, []string{"SCAN", "0", "COUNT", "10000"})
	writeRedis(&b, []string{"PUBLISH", w.ev.marker, ""})
	_, err := w.c.conn.Write(b.Bytes())
	require.NoError(w.t, err)
	var replies []reply
	for range len(lines) + 4 {
		replies = append(replies, w.read())
	}
	require.IsType(w.t, []any{}, replies[len(lines)+1], "%v", lines)
	real := w.events()

	w.ev.ours.take() // what gen has looked at
	body := func(tx *Tx) error {
		if n%3 == 1 { // it reads all keys, and goes on in a copy of the store
			if _, err := tx.DBSize(); err != nil {
				return err
			}
		}
		for _, st := range lines {
			value, err := st.d.call(w, tx.DB(0), st.args)
			st.ours = outcome{value, classOf(err)}
		}
		require.Empty(w.t, w.ev.ours.take(), "before the commit of %v", lines)
		return nil
	}
	require.NoError(w.t, w.s.Update(body))
	for i, st := range lines {
		st.real = outcomeOf(st.d, replies[len(lines)+1].([]any)[i])
		require.True(w.t, st.ours.equal(st.real), "%v of %v: %v, and from Redis %v", st, lines, st.ours, st.real)
	}
	ours := w.ev.ours.take()
	if slices.Equal(ours, real) {
		return
	}
	if !slices.ContainsFunc(real, func(text string) bool { return strings.HasSuffix(text, "expired") || strings.Contains(text, ":expired ") }) ||
		!slices.Equal(byKey(ours), byKey(real)) {
		w.t.Fatalf("the notifications of\n%v\ndiffer:\nalcove: %s\nRedis:  %s", lines, shortAll(ours), shortAll(real))
	}
}

// byKey returns those notifications that go to the channels of keys, of each key together.
func byKey(list []string) (sorted []string) {
	for _, text := range list {
		if strings.HasPrefix(text, "__keyspace") {
			sorted = append(sorted, text)
		}
	}
	slices.SortStableFunc(sorted, func(a, b string) int {
		return strings.Compare(a[:strings.LastIndex(a, " ")], b[:strings.LastIndex(b, " ")])
	})
	return sorted
}
