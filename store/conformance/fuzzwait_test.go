package conformance

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	lang "github.com/alcovedb/alcove/store/command"
)

// Who waits, and for how long.

// errUnserved ends a round: redis-server has served another client, or none, as it does where SORT
// or ZUNIONSTORE and their like store over a value of another type, see COMMANDS.md of package
// command.
var errUnserved = errors.New("a client that redis-server serves in another way")

// noEntries says whether a reply to XREAD or XREADGROUP has a stream without entries: redis-server
// answers so where XGROUP DESTROY or an XADD that trims wakes who waits, if the stream had some.
func noEntries(words []string, r wire) bool {
	if words == nil || rowOf(words) != "xread" && rowOf(words) != "xreadgroup" || len(r.elems) == 0 {
		return false
	}
	stream := r // in RESP3
	if r.kind == '*' {
		stream = r.elems[0]
	}
	return len(stream.elems) == 2 && stream.elems[1].kind == '*' && len(stream.elems[1].elems) == 0
}

// woken reads the reply of redis-server to a client that waits here, and says whether it is
// known to be woken only there.
func (w *fuzzWorld) woken(c *fuzzClient) bool {
	end := c.ends[0]
	if err := end.conn.SetDeadline(time.Now().Add(fuzzPatience)); err != nil {
		return false
	}
	for {
		if r := w.read(end); !c.message(r) {
			return noEntries(c.blocked, r)
		}
	}
}

// stores says whether one of the commands may do that.
func stores(batch []fuzzStep) bool {
	return slices.ContainsFunc(batch, func(s fuzzStep) bool {
		name := strings.ToLower(s.words[0])
		return name == "exec" || name == "sort" || strings.HasPrefix(name, "georadius") || strings.HasSuffix(name, "store")
	})
}

// swaps says whether one of the commands, or of those that are queued, is SWAPDB.
func swaps(c *fuzzClient, batch []fuzzStep) bool {
	return slices.ContainsFunc(batch, func(s fuzzStep) bool { return strings.EqualFold(s.words[0], "swapdb") }) ||
		slices.ContainsFunc(c.queued, func(words []string) bool { return strings.EqualFold(words[0], "swapdb") })
}

// byChance says whether a SWAPDB serves whom of the clients, and with what, by chance:
// redis-server takes the keys that are there then in the order of a table.
func (w *fuzzWorld) byChance() bool {
	waiting, keys := 0, 0
	for _, c := range w.clients {
		if c.blocked != nil {
			places, _ := lang.Lookup(c.blocked).KeyPlaces(c.blocked)
			waiting, keys = waiting+1, max(keys, len(places))
		}
	}
	return w.swaps && (waiting > 1 || keys > 1)
}

// A fuzzLook says how long the sides may differ in who waits: for a time, and for some looks,
// since a machine that stands still lets time pass in which nothing happens.
type fuzzLook struct {
	until time.Time
	left  int
}

// look begins to look: what is known to differ need not be looked at long.
func (w *fuzzWorld) look() *fuzzLook {
	patience := fuzzPatience / 5
	if w.table == nil {
		patience = fuzzPatience / 100
	}
	return &fuzzLook{until: time.Now().Add(patience), left: 20}
}

// over says, after a look at both sides, whether it was the last.
func (l *fuzzLook) over() bool {
	l.left--
	return l.left <= 0 && time.Now().After(l.until)
}

// others looks at the clients that are not those who have just spoken: some wait no more, some
// may have been ended.
func (w *fuzzWorld) others(who int, batch []fuzzStep) error {
	var kills bool
	for _, s := range batch {
		kills = kills || fuzzKills(s.words) || len(s.words) == 1 && strings.EqualFold(s.words[0], "exec")
	}
	var list []int
	for i, c := range w.clients {
		if c.blocked != nil || kills && i != who {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nil
	}
	chance, served := w.byChance(), 0
	for look := w.look(); ; {
		var states [2]map[string]string
		for side := range states {
			states[side] = w.states(side)
		}
		agree := true
		for _, i := range list {
			agree = agree && states[0][w.clients[i].ends[0].id] == states[1][w.clients[i].ends[1].id]
		}
		if !agree && !look.over() {
			continue
		}
		for _, i := range list {
			theirs, ours := states[0][w.clients[i].ends[0].id], states[1][w.clients[i].ends[1].id]
			if theirs == "waits" && ours == "lives" && stores(batch) || theirs == "lives" && ours == "waits" && w.woken(w.clients[i]) {
				return errUnserved
			}
			err := w.after(i, theirs, ours)
			if theirs == "lives" {
				served++
			}
			switch {
			case chance && (err != nil || served > 1):
				return errUnserved
			case err != nil:
				return err
			}
		}
		return nil
	}
}

// after goes on with a client that another one may have served, or ended.
func (w *fuzzWorld) after(i int, theirs, ours string) error {
	c := w.clients[i]
	words := c.blocked
	if theirs != ours {
		return differ("client %c, in %q\nRedis: %s\n ours: %s", 'a'+i, words, theirs, ours)
	}
	switch {
	case theirs == "waits", theirs == "lives" && words == nil:
		return nil
	case words == nil: // it was ended
		words = []string{"nothing"}
	}
	c.blocked = nil
	for _, end := range c.ends {
		if err := end.conn.SetDeadline(time.Now().Add(fuzzPatience)); err != nil {
			return err
		}
	}
	closed, err := w.reply(i, words)
	if closed {
		w.connect(i)
	}
	return err
}

// states says of each client of a side, by its number, whether it waits.
func (w *fuzzWorld) states(side int) map[string]string {
	states := map[string]string{}
	for line := range strings.SplitSeq(w.ask(w.control[side], "client", "list").text, "\n") {
		var id, state string
		for field := range strings.SplitSeq(line, " ") {
			name, value, _ := strings.Cut(field, "=")
			switch name {
			case "id":
				id = value
			case "flags":
				if state = "lives"; strings.Contains(value, "b") {
					state = "waits"
				}
			}
		}
		states[id] = state
	}
	return states
}

// settle waits until a command that may wait has its reply, or is known to wait for others.
func (w *fuzzWorld) settle(c *fuzzClient, words []string) (waits bool, err error) {
	short := fuzzShort(words)
	for look := w.look(); ; {
		var state [2]string
		for side, end := range c.ends {
			if err := end.conn.SetReadDeadline(time.Now().Add(50 * time.Microsecond)); err != nil {
				return false, err
			}
			if _, err := end.r.Peek(1); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
				state[side] = "reply"
				continue
			}
			state[side] = w.states(side)[end.id]
		}
		again := time.Now().Add(fuzzPatience)
		for _, end := range c.ends {
			if err := end.conn.SetDeadline(again); err != nil {
				return false, err
			}
		}
		switch {
		case state[0] == "reply" && state[1] == "reply", short && state[0] != "lives" && state[1] != "lives":
			return false, nil
		case state[0] == "waits" && state[1] == "waits":
			return true, nil
		case look.over():
			return false, differ("%q\nRedis: %s\n ours: %s", words, state[0], state[1])
		}
	}
}

// notePause keeps in mind when a pause ends, of which a command has had the reply.
func (w *fuzzWorld) notePause(words []string) {
	switch rowOf(words) {
	case "client|pause":
		n, _ := strconv.Atoi(words[2])
		if end := time.Now().Add(time.Duration(min(n, 100)) * time.Millisecond); end.After(w.paused) {
			w.paused = end
		}
	case "client|unpause":
		w.paused = time.Now()
	}
}

// outlast waits until no pause holds commands up any more: those of several clients go on in
// any order, and redis-server needs a turn to let them.
func (w *fuzzWorld) outlast() {
	left := time.Until(w.paused.Add(5 * time.Millisecond))
	if left <= 0 {
		return
	}
	time.Sleep(left)
	for side := range w.control {
		w.ask(w.control[side], "client", "id")
		w.ask(w.control[side], "client", "id")
	}
}
