package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	lang "github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

const (
	fuzzClients   = 5
	fuzzDatabases = 3 // that are compared
	fuzzPatience  = 10 * time.Second
)

// A fuzzStep is a line of a script: what a client sends, or a wait.
type fuzzStep struct {
	who   int // the client, or -1 for a wait of words[0]
	words []string
	// more says that the next step goes to the same client without waiting for the reply.
	more bool
	// hangs says that the client may have to wait, whatever the command.
	hangs bool
}

// A fuzzEnd is a connection to one of the sides.
type fuzzEnd struct {
	conn net.Conn
	r    *bufio.Reader
	id   string // its number there
}

// A fuzzClient is a client of both sides.
type fuzzClient struct {
	ends    [2]*fuzzEnd // of redis-server and of the store in memory
	db      int
	resp3   bool
	multi   bool
	queued  [][]string
	subs    [3]map[string]bool // channels, patterns, shard channels
	off     bool               // CLIENT REPLY OFF
	skip    bool
	monitor bool
	tracked bool // it has had CLIENT TRACKING ON
	watched map[string]bool
	unsure  bool     // one side alone may have seen a change of what is watched, see unsureChange
	blocked []string // the command that it waits in
	probing string   // the type of the key of the next command, see fuzzTable
}

// A fuzzWorld has a redis-server and a store in memory, and clients of both.
type fuzzWorld struct {
	t       testing.TB
	socket  string
	plant   func(*resp.Server) // a difference, for tests of the fuzzer
	store   *store.Store
	srv     *resp.Server
	control [2]*fuzzEnd
	clients [fuzzClients]*fuzzClient
	table   *fuzzTable // nil while a script is made smaller
	swaps   bool       // what is sent has a SWAPDB
	paused  time.Time  // when the last CLIENT PAUSE ends
	buf     []byte
}

var fuzzSides = [2]string{"Redis", " ours"}

// errFuzz is a difference.
type errFuzz struct{ text string }

func (e errFuzz) Error() string { return e.text }

func differ(format string, args ...any) error { return errFuzz{fmt.Sprintf(format, args...)} }

func (w *fuzzWorld) dial(side int) *fuzzEnd {
	var conn net.Conn
	var err error
	if side == 0 {
		conn, err = net.Dial("unix", w.socket)
	} else {
		conn, err = w.srv.Dial(context.Background(), "", "")
	}
	require.NoError(w.t, err)
	return &fuzzEnd{conn: conn, r: bufio.NewReaderSize(conn, 1<<16)}
}

// ask sends a command on a connection and returns the reply.
func (w *fuzzWorld) ask(end *fuzzEnd, words ...string) wire {
	require.NoError(w.t, end.conn.SetDeadline(time.Now().Add(fuzzPatience)))
	_, err := end.conn.Write(resp.AppendCommand(nil, words...))
	require.NoError(w.t, err)
	r, err := readWire(end.r)
	require.NoError(w.t, err, "%q", words)
	return r
}

// reset begins anew, with nothing on either side.
func (w *fuzzWorld) reset() {
	w.close()
	w.clients = [fuzzClients]*fuzzClient{}
	w.store = store.New(store.WithTracking(store.TrackIdleTime)) // as Redis does
	w.srv = resp.NewServer(w.store)
	if w.plant != nil {
		w.plant(w.srv)
	}
	for side := range w.control {
		w.control[side] = w.dial(side)
	}
	// Lower case, so that a monitor knows them.
	for _, line := range []string{
		"client unpause", "client kill type normal", "client kill type pubsub", "flushall", "acl log reset",
		"config set notify-keyspace-events  slowlog-max-len 128 maxmemory-samples 5 slowlog-log-slower-than -1", "slowlog reset",
		"config resetstat", "latency reset", "debug set-active-expire 1", "script flush", "function flush",
	} {
		for side := range w.control {
			if r := w.ask(w.control[side], strings.Split(line, " ")...); r.isError() {
				w.t.Fatalf("%s: %s: %v", fuzzSides[side], line, r)
			}
		}
	}
	for _, end := range w.control {
		for _, user := range w.ask(end, "acl", "users").texts() {
			if user != "default" {
				w.ask(end, "acl", "deluser", user)
			}
		}
	}
	for i := range w.clients {
		w.connect(i)
	}
}

// connect gives a client new connections.
func (w *fuzzWorld) connect(i int) {
	c := &fuzzClient{watched: map[string]bool{}}
	for k := range c.subs {
		c.subs[k] = map[string]bool{}
	}
	for side := range c.ends {
		if old := w.clients[i]; old != nil {
			_ = old.ends[side].conn.Close()
		}
		c.ends[side] = w.dial(side)
		c.ends[side].id = w.ask(c.ends[side], "client", "id").text
	}
	w.clients[i] = c
}

func (w *fuzzWorld) close() {
	if w.srv == nil {
		return
	}
	for _, c := range w.clients {
		if c != nil {
			_ = c.ends[0].conn.Close()
			_ = c.ends[1].conn.Close()
		}
	}
	for _, end := range w.control {
		if end != nil {
			_ = end.conn.Close()
		}
	}
	require.NoError(w.t, w.srv.Close())
	require.NoError(w.t, w.store.Close())
	w.srv = nil
}

// play runs a script, and says what was different.
func (w *fuzzWorld) play(script []fuzzStep) error {
	for i := 0; i < len(script); i++ {
		step := script[i]
		if step.who < 0 {
			d, err := time.ParseDuration(step.words[0])
			require.NoError(w.t, err)
			time.Sleep(d)
			continue
		}
		if pausesAll(step.words) {
			continue
		}
		batch := []fuzzStep{step}
		for i+1 < len(script) && script[i].more && script[i+1].who == step.who && !w.mayWait(script[i]) && !notPiped[rowOf(script[i+1].words)] {
			if i++; !pausesAll(script[i].words) {
				batch = append(batch, script[i])
			}
		}
		if err := w.send(step.who, batch); err != nil {
			return err
		}
	}
	return nil
}

// rowOf returns the name of a command's row, or nothing.
func rowOf(words []string) string {
	if cmd := lang.Lookup(words); cmd != nil {
		return cmd.FullName()
	}
	return ""
}

// mayWait says whether what follows a command can't go along with it.
func (w *fuzzWorld) mayWait(s fuzzStep) bool {
	return s.hangs || fuzzWaits(s.words)
}

// send sends commands of a client, and compares the replies.
func (w *fuzzWorld) send(who int, batch []fuzzStep) error {
	c := w.clients[who]
	if c.blocked != nil || !w.allowed(c, batch[0].words) {
		return nil
	}
	w.swaps = swaps(c, batch)
	deadline := time.Now().Add(fuzzPatience)
	for side, end := range c.ends {
		w.buf = w.buf[:0]
		for _, s := range batch {
			w.buf = resp.AppendCommand(w.buf, w.fill(side, s.words)...)
		}
		if err := end.conn.SetDeadline(deadline); err != nil {
			return err
		}
		_, _ = end.conn.Write(w.buf) // a connection that has ended shows when it is read
	}
	for _, s := range batch {
		if w.mayWait(s) && !c.multi {
			if !s.hangs { // it is not the pause that it would wait for
				w.outlast()
			}
			waits, err := w.settle(c, s.words)
			if err != nil {
				return err
			}
			if waits {
				c.blocked = s.words
				break
			}
		}
		closed, err := w.reply(who, s.words)
		if err != nil && w.others(who, batch) == errUnserved { // of which this may come
			return errUnserved
		}
		if err != nil {
			return err
		}
		if closed {
			w.connect(who)
			break
		}
	}
	return w.others(who, batch)
}

// fill puts in what is another word on each side.
func (w *fuzzWorld) fill(side int, words []string) []string {
	var filled []string
	for i, word := range words {
		if len(word) == 3 && word[0] == '<' && word[2] == '>' && word[1] >= 'a' && word[1] < 'a'+fuzzClients {
			if filled == nil {
				filled = append(filled, words...)
			}
			filled[i] = w.clients[word[1]-'a'].ends[side].id
		}
	}
	if filled != nil {
		return filled
	}
	return words
}

// read reads what comes next on a side.
func (w *fuzzWorld) read(end *fuzzEnd) wire {
	r, err := readWire(end.r)
	switch {
	case err == nil:
		return r
	case errors.Is(err, os.ErrDeadlineExceeded):
		return wire{kind: silentWire}
	case err == io.EOF, errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), strings.Contains(err.Error(), "reset by peer"):
		return wire{kind: closedWire}
	}
	return wire{kind: silentWire, text: err.Error()}
}

// allowed says whether a command can be compared as things are: a few can't, of keys that are
// missing or of another type.
func (w *fuzzWorld) allowed(c *fuzzClient, words []string) bool {
	cmd := lang.Lookup(words)
	if cmd == nil || c.multi {
		return true
	}
	switch cmd.FullName() {
	case "client|unblock": // redis-server ends if a pause holds the client up
		for _, other := range w.clients {
			if other.blocked != nil && !fuzzWaits(other.blocked) {
				return false
			}
		}
		w.outlast()
	case "client|tracking": // once: a redis-server remembers what was read before an OFF
		if hasWord(words, "ON") {
			if c.tracked {
				return false
			}
			c.tracked = true
		}
	case "xgroup|setid": // it serves those who wait only here
		for _, other := range w.clients {
			if other.blocked != nil && strings.EqualFold(other.blocked[0], "xreadgroup") {
				return false
			}
		}
	case "watch": // of a missing key, or a stream: see COMMANDS.md of package command
		for _, key := range words[1:] {
			kind, _ := w.store.DB(c.db).Type(key)
			if n, _ := w.store.DB(c.db).Exists(key); n == 0 || kind == store.KindStream {
				return false
			}
		}
	case "sort", "sort_ro": // it changes the encoding of a sorted set there, and sets have no order
		for _, key := range words[1:] {
			kind, _ := w.store.DB(c.db).Type(key)
			if kind == store.KindZSet && !strings.HasPrefix(key, "Z") || kind == store.KindSet && !strings.HasPrefix(key, "t") {
				return false
			}
		}
		// A redis-server fails if the last number that it has read was out of range, see
		// COMMANDS.md of package command: now it is not.
		for side := range w.control {
			w.ask(w.control[side], "xrange", "none", "x", "+")
		}
	}
	return true
}

// pausesAll says whether nobody, and not the fuzzer either, could go on after a command: one
// that a word has been taken from.
func pausesAll(words []string) bool {
	if len(words) < 3 || !strings.EqualFold(words[0], "client") || !strings.EqualFold(words[1], "pause") || hasWord(words, "write") {
		return false
	}
	n, err := strconv.Atoi(words[2])
	return err == nil && n > 100
}
