package redistest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

// Equal checks that database 0 holds what want says, and nothing else. Otherwise it fails the test
// t, which goes on: the message shows what differs, then what all databases hold, as [Redis.Dump]
// does, both only for the first keys if there are many.
func (r *Redis) Equal(t testing.TB, want Data) {
	t.Helper()
	r.compare(t, want, true)
}

// Holds is Equal for the keys of want alone: what other keys there are does not matter.
func (r *Redis) Holds(t testing.TB, want Data) {
	t.Helper()
	r.compare(t, want, false)
}

// compare is Equal if want is all that there may be.
func (r *Redis) compare(t testing.TB, want Data, whole bool) {
	t.Helper()
	if err := r.unreachable(); err != nil {
		t.Errorf("%v", err)
		return
	}
	sn := r.store.Snapshot()
	defer sn.Close()
	keys := slices.Collect(maps.Keys(want))
	if whole {
		there, err := sn.Keys("*")
		if err != nil {
			t.Errorf("%v", r.why(err))
			return
		}
		keys = append(keys, there...)
	}
	slices.Sort(keys)
	slack := r.slack(sn.Time())
	var diff strings.Builder
	differ := 0
	for _, key := range slices.Compact(keys) {
		w, err := contentOf(want[key])
		if err != nil {
			t.Errorf("redistest: key %q: %v", key, err)
			return
		}
		got, err := contentIn(sn.DB(0), key)
		if err != nil {
			t.Errorf("%v", r.why(fmt.Errorf("key %q: %w", key, err)))
			return
		}
		if w.holds(got, slack) {
			continue
		}
		if differ++; differ <= mostKeys {
			w.writeDiff(&diff, key, got)
		}
	}
	if differ > mostKeys {
		fmt.Fprintf(&diff, "... and %d more keys differ\n", differ-mostKeys)
	}
	if differ > 0 {
		t.Errorf("redistest: database 0 is not as expected (- expected, + there):\n%s\nThere is:\n%s", diff.String(), dump(sn, mostKeys))
	}
}

// why is an error as it is shown, or what to do about it, if that is known.
func (r *Redis) why(err error) error {
	if r.ended.Load() {
		return r.over()
	}
	return fmt.Errorf("redistest: %w", err)
}

// slack is how much less time a key may have to live than is expected: what the clock has gone
// on by itself, where nobody knows when.
func (r *Redis) slack(now time.Time) time.Duration {
	if r.bubble != "" || !r.set.start.IsZero() {
		return 0
	}
	return now.Sub(r.since) - time.Duration(r.advanced.Load())
}

// holds says whether what is there is as w.
func (w *content) holds(got content, slack time.Duration) bool {
	lines := got.lines
	if w.noIDs {
		lines = got.bare
	}
	if w.kind != got.kind || !slices.Equal(w.lines, lines) {
		return false
	}
	switch {
	case !w.timed:
		return true
	case w.ttl == store.NoTTL || got.ttl == store.NoTTL:
		return w.ttl == got.ttl
	}
	const rounding = time.Millisecond
	return got.ttl <= w.ttl+rounding && got.ttl >= w.ttl-slack-rounding
}

// writeDiff shows how what is at key differs from w.
func (w *content) writeDiff(b *strings.Builder, key string, got content) {
	if w.noIDs && w.kind == got.kind {
		got.lines = got.bare
	}
	want := *w
	if !w.timed {
		want.ttl, got.ttl = store.NoTTL, store.NoTTL
	}
	// Of many lines only those that differ are worth a look, with one before them.
	same := 0
	for w.kind == got.kind && same < min(len(w.lines), len(got.lines)) && w.lines[same] == got.lines[same] {
		same++
	}
	for _, side := range []struct {
		sign string
		c    content
	}{{"-", want}, {"+", got}} {
		if side.c.kind == "none" {
			fmt.Fprintf(b, "%s %s is not there\n", side.sign, quoteKey(key))
			continue
		}
		skip := 0
		if len(side.c.lines) > fewLines && same > 1 {
			skip = same - 1
		}
		for line := range strings.Lines(show(key, side.c, skip)) {
			b.WriteString(side.sign + " " + line)
		}
	}
}

// quote is a text as it is shown.
func quote(s string) string { return strconv.Quote(s) }
