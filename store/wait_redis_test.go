package store

import (
	"context"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Blocking commands beside a real redis-server: who is served, with what, and who waits on.

// waitPair is a twin with connections that may wait.
type waitPair struct {
	w     *twin
	conns map[string]*waitConn
}

// waitConn is a connection in both worlds. While it waits, real is where Redis's reply
// will come and ours that of the store.
type waitConn struct {
	c      *redisConn
	id     string
	db     int
	real   chan reply
	ours   chan outcome
	cancel func()
}

// conn returns the connection of a name.
func (p *waitPair) conn(t *testing.T, who string) *waitConn {
	c := p.conns[who]
	if c == nil {
		c = &waitConn{c: dialRedis(t), cancel: func() {}}
		c.id = strconv.FormatInt(c.c.do(t, "CLIENT", "ID").(int64), 10)
		require.Equal(t, "OK", c.c.do(t, "SELECT", p.w.dbs[0]))
		p.conns[who] = c
	}
	return c
}

// wait has a connection do a blocking command, and returns when both worlds have answered
// or wait.
func (p *waitPair) wait(t *testing.T, who string, args []string) {
	c := p.conn(t, who)
	require.Nil(t, c.real, "connection %s waits", who)
	if args[0] == "SELECT" {
		c.db = databaseOf(args[1])
		require.Equal(t, "OK", c.c.do(t, "SELECT", p.w.dbs[c.db]))
		return
	}
	c.real, c.ours = make(chan reply, 1), make(chan outcome, 1)
	go func() {
		r, err := c.c.roundTrip(args...)
		if err != nil {
			r = err
		}
		c.real <- r
	}()
	for len(c.real) == 0 && !p.blocked(t, c) {
		time.Sleep(100 * time.Microsecond) // until the server has read it
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.cancel = cancel
	queued := make(chan struct{})
	go func() { c.ours <- blockingCall(told{ctx, queued}, p.w.s.DB(c.db), args) }()
	for len(c.ours) == 0 {
		select {
		case <-queued:
			return
		case <-time.After(time.Millisecond): // it may have answered at once
		}
	}
}

// blocked says whether a connection waits in Redis.
func (p *waitPair) blocked(t *testing.T, c *waitConn) bool {
	info := p.w.c.do(t, "CLIENT", "LIST", "ID", c.id).(string)
	_, flags, _ := strings.Cut(info, " flags=")
	flags, _, _ = strings.Cut(flags, " ")
	return strings.Contains(flags, "b")
}

// newWaitPair returns a pair of worlds that are empty.
func newWaitPair(t *testing.T, rng *rand.Rand, opts ...Option) *waitPair {
	w := newTwin(t, rng)
	w.listen()
	w.reset(opts...)
	return &waitPair{w: w, conns: map[string]*waitConn{}}
}

// compare wants the same connections to have been answered in both worlds, and so, and the
// same notifications of what they have done.
func (p *waitPair) compare(t *testing.T, line string) {
	t.Helper()
	waiting := 0
	for who, c := range p.conns {
		switch {
		case c.real == nil:
		case len(c.real) == 0 && p.blocked(t, c):
			waiting++
		default:
			real, ours := waitOutcome(<-c.real), outcome{}
			select {
			case ours = <-c.ours:
			case <-time.After(10 * time.Second):
				t.Fatalf("connection %s waits, and got %v from Redis, after %s", who, real, line)
			}
			c.cancel()
			c.real, c.ours = nil, nil
			if ours.err != real.err || !reflect.DeepEqual(ours.value, real.value) {
				t.Fatalf("connection %s got %v, and from Redis %v, after %s", who, ours, real, line)
			}
		}
	}
	require.Equal(t, waiting, queuedWaiters(p.w.s), "who waits after %s", line)
	p.w.c.do(t, "PUBLISH", p.w.ev.marker, "")
	require.Equal(t, p.w.events(), p.w.ev.ours.take(), "notifications after %s", line)
}

// close ends all waits.
func (p *waitPair) close(t *testing.T) {
	for _, c := range p.conns {
		c.cancel()
		if c.real != nil {
			require.Equal(t, context.Canceled, (<-c.ours).err)
			c.c.conn.Close()
			<-c.real
		}
	}
}

// queuedWaiters returns how many wait.
func queuedWaiters(s *Store) int {
	unlock := s.rlockAll()
	defer unlock()
	all := map[*waiter]bool{}
	for i := range s.shards {
		if in := s.shards[i].waiting; in != nil {
			for _, q := range in.queues {
				for _, q := range append(slices.Collect(maps.Values(q.groups)), q) {
					for n := q.first; n != nil; n = n.next {
						all[n.waiter] = true
					}
				}
			}
		}
	}
	return len(all)
}

// waitOutcome is outcomeOf for blocking commands.
func waitOutcome(r reply) outcome {
	if text, failed := r.(redisError); failed && strings.HasPrefix(string(text), "ERR count should be greater than 0") {
		return outcome{err: ErrOutOfRange}
	}
	if text, failed := r.(redisError); failed && strings.HasPrefix(string(text), "NOGROUP") {
		return outcome{err: ErrNoGroup}
	}
	if text, failed := r.(redisError); failed && strings.HasPrefix(string(text), "UNBLOCKED") {
		return outcome{err: ErrNoStream}
	}
	return outcomeOf(&differ{}, r)
}

// blockingCall does a command line, with a timeout of 0, by the typed API.
func blockingCall(ctx context.Context, db DB, args []string) outcome {
	value, err := blockingReply(ctx, db, args)
	return outcome{value, classOf(err)}
}

func blockingReply(ctx context.Context, db DB, args []string) (any, error) {
	side := map[string]Side{"LEFT": Left, "RIGHT": Right}
	one := func(key string, m Scored, err error) (any, error) {
		return result([]any{key, m.Member, formatFloat(m.Score)}, err)
	}
	keys := args[1 : len(args)-1]
	switch args[0] {
	case "XREAD", "XREADGROUP":
		return blockingRead(ctx, db, args)
	case "BLPOP":
		key, v, err := db.BLPop(ctx, keys...)
		if len(keys) == 1 {
			key = keys[0]
		}
		return result([]any{key, v}, err)
	case "BRPOP":
		key, v, err := db.BRPop(ctx, keys...)
		return result([]any{key, v}, err)
	case "BRPOPLPUSH":
		return result(db.List(args[1]).BRPopLPush(ctx, args[2]))
	case "BLMOVE":
		return result(db.List(args[1]).BLMove(ctx, args[2], side[args[3]], side[args[4]]))
	case "BZPOPMIN":
		return one(db.BZPopMin(ctx, keys...))
	case "BZPOPMAX":
		return one(db.BZPopMax(ctx, keys...))
	}
	n, _ := strconv.Atoi(args[2])
	keys, args = args[3:3+n], append([]string{args[0]}, args[3+n:]...)
	count := 1
	if len(args) > 2 {
		count, _ = strconv.Atoi(args[3])
	}
	if args[0] == "BLMPOP" {
		key, values, err := db.BLMPop(ctx, side[args[1]], count, keys...)
		return result([]any{key, listOf(values)}, err)
	}
	pop := db.BZMPopMin
	if args[1] == "MAX" {
		pop = db.BZMPopMax
	}
	key, popped, err := pop(ctx, count, keys...)
	list := []any{}
	for _, m := range popped {
		list = append(list, []any{m.Member, formatFloat(m.Score)})
	}
	return result([]any{key, list}, err)
}

// blockingRead is XREAD [COUNT n] BLOCK 0 STREAMS ..., or XREADGROUP GROUP g c [COUNT n] [NOACK]
// BLOCK 0 STREAMS ....
func blockingRead(ctx context.Context, db DB, args []string) (any, error) {
	at := slices.Index(args, "STREAMS")
	o := GroupReadOptions{NoAck: slices.Contains(args[:at], "NOACK")}
	if i := slices.Index(args[:at], "COUNT"); i > 0 {
		o.Count, _ = strconv.Atoi(args[i+1])
	}
	names := args[at+1:]
	var streams []StreamAt
	for i, key := range names[:len(names)/2] {
		pos := map[string]ReadPos{"$": AtEnd, ">": AtNew}
		p, known := pos[names[len(names)/2+i]]
		if !known {
			id, err := ParseStreamID(names[len(names)/2+i])
			if err != nil {
				return nil, err
			}
			p = AfterID(id)
		}
		streams = append(streams, StreamAt{key, p})
	}
	list := []any{}
	reply := func(key string, entries []Entry) {
		all := []any{}
		for _, e := range entries {
			fields := []any{}
			for _, f := range e.Fields {
				fields = append(fields, f.Key, f.Value)
			}
			all = append(all, []any{e.ID.String(), fields})
		}
		list = append(list, []any{key, all})
	}
	if args[0] == "XREAD" {
		got, err := db.XReadBlock(ctx, o.Count, streams...)
		for _, s := range got {
			reply(s.Key, s.Entries)
		}
		return result[any](list, err)
	}
	got, err := db.XReadGroupBlock(ctx, args[2], args[3], o, streams...)
	for _, s := range got {
		var entries []Entry
		for _, d := range s.Deliveries {
			entries = append(entries, d.Entry)
		}
		reply(s.Key, entries)
	}
	return result[any](list, err)
}

// waitScripts go to a Redis and to a store. A line of "n> command" is that of connection n,
// which may have to wait; the others are the connection that never waits, whose database
// is db:0 at first, as everybody's.
var waitScripts = []struct{ about, lines string }{
	{"pops", `1> BLPOP a b 0 | 2> BLPOP b a 0 | RPUSH b 1 | RPUSH a 2 3 | LRANGE a 0 -1 | 1> BLPOP a 0 | 1> BRPOP c a 0 |
		2> BLPOP a a 0 | RPUSH a 1 2 3 | 3> BRPOP a 0 | LRANGE a 0 -1`},
	{"no keys to pop", `SET a x | RPUSH b 1 | 1> BLPOP a b 0 | 1> BRPOP b a 0 | 1> BLPOP b a 0 | 1> BLMPOP 0 2 a b LEFT COUNT 2 |
		1> BLMPOP 0 1 c LEFT COUNT 0 | 1> BZMPOP 0 1 c MIN COUNT -1 | 1> BZPOPMIN a 0 | 1> BLMOVE a b LEFT LEFT 0 | 1> BRPOPLPUSH b a 0`},
	{"mpop", `1> BLMPOP 0 2 a b RIGHT COUNT 2 | 2> BLMPOP 0 1 a LEFT | RPUSH a 1 2 3 4 | LRANGE a 0 -1 |
		1> BZMPOP 0 2 y z MAX COUNT 2 | 2> BZMPOP 0 1 z MIN | ZADD z 1 a 2 b 3 c 4 d | 3> BZPOPMAX z 0 | TYPE z`},
	{"zset", `1> BZPOPMIN z y 0 | 2> BZPOPMAX z 0 | ZADD z 1 a 2 b 3 c | ZADD y 1 q | 1> BZPOPMIN z 0 | 1> BZPOPMAX x y 0 | TYPE y`},
	{"two kinds", `1> BLPOP a 0 | 2> BZPOPMIN a 0 | ZADD a 1 m 2 n | DEL a | RPUSH a 1 2 | LRANGE a 0 -1`},
	{"move", `1> BLMOVE a b LEFT RIGHT 0 | 2> BRPOPLPUSH b c 0 | 3> BLPOP c 0 | RPUSH a 1 2 | LRANGE a 0 -1 | EXISTS b c |
		1> BLMOVE a c RIGHT LEFT 0 | LRANGE c 0 -1`},
	{"move what is there", `RPUSH a 1 | 1> BLPOP b 0 | 2> BLMOVE a b LEFT RIGHT 0 | EXISTS a b | RPUSH a 2 | 1> BLMOVE b a LEFT LEFT 0 |
		LMOVE a b LEFT RIGHT | LRANGE a 0 -1 | EXISTS b`},
	{"rotate", `1> BLMOVE a a LEFT RIGHT 0 | 2> BLMOVE a a LEFT RIGHT 0 | 3> BLPOP a 0 | RPUSH a 1 2 3 | LRANGE a 0 -1 | DEL a |
		1> BRPOPLPUSH a a 0 | 2> BRPOPLPUSH a a 0 | RPUSH a 1 | LRANGE a 0 -1`},
	{"circle", `1> BLMOVE a b LEFT RIGHT 0 | 2> BLMOVE b a LEFT RIGHT 0 | 3> BLMOVE a b LEFT RIGHT 0 | RPUSH a 1 2 | LRANGE a 0 -1 | LRANGE b 0 -1`},
	{"rounds", `1> BLMOVE a b LEFT RIGHT 0 | 2> BLMOVE a c LEFT RIGHT 0 | 3> BLPOP c b 0 | 4> BLPOP b c 0 | RPUSH a 1 2 | EXISTS a b c`},
	{"move to a string", `SET s x | 1> BLMOVE a s LEFT RIGHT 0 | 2> BLMOVE a s LEFT RIGHT 0 | 3> BLPOP a 0 | RPUSH a 1 | EXISTS a |
		1> BLMOVE a s LEFT LEFT 0 | RPUSH a 2 | LRANGE a 0 -1 | 1> BLMOVE a s LEFT LEFT 0 | LRANGE a 0 -1 | GET s`},
	{"another type first", `1> BLPOP a 0 | SET a x | APPEND a y | DEL a | ZADD a 1 m | DEL a | LPUSH a 1 2 | LRANGE a 0 -1`},
	{"set over", `1> BLPOP a 0 | SET a x | SET a y | GETSET a z | RPUSH b 1 2 | RENAME b a | LRANGE a 0 -1`},
	{"del", `1> BLPOP a 0 | DEL a | UNLINK a | RPUSH a 1 | EXISTS a`},
	{"rename", `RPUSH s 1 2 | 1> BLPOP a 0 | 2> BZPOPMIN a 0 | RENAME s a | LRANGE a 0 -1 | DEL a | ZADD s 1 m 2 n | RENAME s a | TYPE a`},
	{"rename away", `1> BLPOP a 0 | SET a x | RENAME a b | RPUSH s 1 | RENAME s a | EXISTS a s b`},
	{"rename into a chain", `RPUSH s 1 2 | 1> BLMOVE a b LEFT RIGHT 0 | 2> BLPOP b 0 | RENAME s a | LRANGE a 0 -1 | EXISTS b`},
	{"renamenx", `RPUSH s 1 2 | 1> BLPOP a 0 | RENAMENX s a | LRANGE a 0 -1 | RPUSH t 1 | 1> BLPOP b 0 | SET b x | RENAMENX t b | DEL b | RENAMENX t b | EXISTS b`},
	{"copy", `RPUSH s 1 2 | 1> BLPOP a 0 | COPY s a | LRANGE a 0 -1 | LRANGE s 0 -1 | DEL a | 1> BLPOP a 0 | SET a x | COPY s a | COPY s a REPLACE | LRANGE a 0 -1`},
	{"copy to a database", `RPUSH s 1 2 | 1> SELECT db:1 | 1> BLPOP a 0 | 2> BLPOP a 0 | COPY s a DB db:1 | RPUSH a 9 | EXISTS a`},
	{"move a key", `RPUSH a 1 2 | 1> SELECT db:1 | 1> BLPOP a 0 | MOVE a db:1 | EXISTS a | SELECT db:1 | LRANGE a 0 -1`},
	{"sort", `RPUSH s 2 1 | 1> BLPOP a 0 | 2> BLMOVE a b LEFT LEFT 0 | 3> BLPOP b 0 | SORT s STORE a | EXISTS a b`},
	{"zstores", `ZADD s 1 m 2 n | 1> BZPOPMIN a 0 | ZUNIONSTORE a 1 s | TYPE a | DEL a | 1> BZPOPMIN a 0 | ZRANGESTORE a s 0 -1 | TYPE a |
		DEL a | 1> BZPOPMAX a 0 | ZINTERSTORE a 2 s s | DEL a | 1> BZPOPMIN a 0 | ZDIFFSTORE a 2 s none | TYPE a | DEL a | 1> BZPOPMIN a 0 | ZINCRBY a 5 m`},
	{"swapdb", `1> BLPOP a 0 | 2> SELECT db:1 | 2> BLPOP a 0 | 3> BZPOPMIN z 0 | SWAPDB db:0 db:1 | SELECT db:1 | RPUSH b 1 | ZADD z 1 m | SWAPDB db:0 db:1 |
		RPUSH a 1 2 | SWAPDB db:1 db:0 | LRANGE a 0 -1 | SELECT db:0 | RPUSH a 3`},
	{"swapdb into a chain", `1> BLMOVE a b LEFT RIGHT 0 | 2> BLPOP b 0 | SELECT db:1 | RPUSH a 1 2 | SWAPDB db:0 db:1 | SELECT db:0 | LRANGE a 0 -1 | EXISTS b`},
	{"swapdb to other types", `1> BLPOP a 0 | 2> BZPOPMIN a 0 | 3> BLPOP b 0 | SELECT db:1 | SET a x | ZADD b 1 m | SWAPDB db:0 db:1 |
		SELECT db:0 | DEL a b | RPUSH a 1 | RPUSH b 2 | ZADD a 1 m | EXISTS a b`},
	{"read", `1> XREAD BLOCK 0 STREAMS s $ | 2> XREAD COUNT 1 BLOCK 0 STREAMS t s 0 0 | 3> XREAD BLOCK 0 STREAMS s 5 | XADD s 1-1 a 1 | 1> XREAD BLOCK 0 STREAMS s t $ 0 |
		2> XREAD BLOCK 0 STREAMS s 0 | XADD t 1-1 b 2 | XADD s 6-1 c 3 | 1> XREAD BLOCK 0 STREAMS s 6-0 | XLEN s`},
	{"read what comes otherwise", `XADD x 5-1 a 1 | 1> XREAD BLOCK 0 STREAMS s 0 | SET s x | DEL s | RENAME x s | 1> XREAD BLOCK 0 STREAMS y $ | COPY s y | 1> XREAD BLOCK 0 STREAMS s $ |
		DEL s | XADD s 4-1 a 1 | XADD s 6-1 a 1 | 1> SELECT db:1 | 1> XREAD BLOCK 0 STREAMS s 0 | MOVE s db:1 | 1> XREAD BLOCK 0 STREAMS z 0 | XADD z 1-1 a 1 | SWAPDB db:0 db:1`},
	{"read of another type", `SET s x | 1> XREAD BLOCK 0 STREAMS s $ | 1> XREADGROUP GROUP g c BLOCK 0 STREAMS s > | 1> XREADGROUP GROUP g c BLOCK 0 STREAMS none >`},
	{"group", `XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one COUNT 1 BLOCK 0 STREAMS s > | 2> XREADGROUP GROUP g two BLOCK 0 STREAMS s > | 3> XREAD BLOCK 0 STREAMS s 0 |
		XINFO CONSUMERS s g | XADD s 1-1 a 1 | XADD s 2-1 a 1 | 1> XREADGROUP GROUP g one NOACK BLOCK 0 STREAMS s > | XADD s 3-1 a 1 | XPENDING s g | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s 0`},
	{"group of two streams", `XGROUP CREATE s g 0 MKSTREAM | XGROUP CREATE t g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s t > > | 2> XREADGROUP GROUP g two BLOCK 0 STREAMS t s > > |
		XADD t 1-1 a 1 | XADD s 1-1 a 1 | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s t > 0 | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s t > > | DEL t`},
	{"two groups", `XGROUP CREATE s g 0 MKSTREAM | XGROUP CREATE s h $ | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | 2> XREADGROUP GROUP h one BLOCK 0 STREAMS s > | 3> XREADGROUP GROUP g two BLOCK 0 STREAMS s > |
		XADD s 1-1 a 1 | XGROUP DESTROY s g | XADD s 2-1 a 1`},
	{"group ends", `XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | 2> XREAD BLOCK 0 STREAMS s 0 | XGROUP DESTROY s g | XGROUP CREATE s g 0 |
		1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | DEL s | XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | SET s x | DEL s |
		XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | RENAME s t | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS t > | XADD u 1-1 a 1 | RENAME u t |
		XGROUP CREATE t g $ | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS t > | PEXPIREAT t 1 | XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | SWAPDB db:0 db:1 |
		XGROUP CREATE s g 0 MKSTREAM | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | FLUSHDB`},
	{"group moved", `XGROUP CREATE s g 0 MKSTREAM | XADD s 1-1 a 1 | XADD s 2-1 a 1 | XGROUP SETID s g $ | 1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | XGROUP SETID s g $ | XADD s 3-1 a 1 | XSETID s 9-1 |
		1> XREADGROUP GROUP g one BLOCK 0 STREAMS s > | XGROUP DELCONSUMER s g one | XADD s 10-1 a 1 | XDEL s 10-1 | XTRIM s MAXLEN 0`},
	{"flush", `1> BLPOP a 0 | SET a x | FLUSHDB | RPUSH a 1 | EXISTS a`},
	{"linsert and lset", `1> BLPOP a 0 | LPUSHX a 1 | RPUSHX a 1 | LINSERT a BEFORE x y | EXISTS a | LPUSH a 1 2 | LSET a 0 z | LRANGE a 0 -1`},
	{"expired", `1> BLPOP a 0 | SET a x PXAT 1 | RPUSH b 1 | PEXPIREAT b 1 | RENAMENX b a | RPUSH a 1 2 | PEXPIREAT a 1 | RPUSH a 3 | LRANGE a 0 -1`},
}

func TestRedisBlocks(t *testing.T) {
	rng := seededRand(t)
	for _, script := range waitScripts {
		t.Run(script.about, func(t *testing.T) {
			p := newWaitPair(t, rng)
			w := p.w
			for line := range strings.SplitSeq(script.lines, "|") {
				if who, command, waits := strings.Cut(line, ">"); waits {
					p.wait(t, strings.TrimSpace(who), fieldsOf(t, command))
				} else {
					args := fieldsOf(t, line)
					w.run(false, args[0], args[1:]...)
					w.compare()
				}
				p.compare(t, line)
			}
			w.state()
			w.compare()
			p.close(t)
			noWaiters(t, w.s)
			w.close()
		})
	}
}

// TestRedisBlocksRandom is TestRedisBlocks with lines that nobody has thought of: a few
// connections that pop and move between a few lists, and wait.
func TestRedisBlocksRandom(t *testing.T) {
	rng := seededRand(t)
	for range rounds(12) {
		p := newWaitPair(t, rng)
		w := p.w
		key := func() string { return string(rune('a' + rng.IntN(4))) }
		side := func() string { return []string{"LEFT", "RIGHT"}[rng.IntN(2)] }
		for i := range 60 {
			who := strconv.Itoa(rng.IntN(6))
			var args []string
			if c := p.conns[who]; rng.IntN(2) == 0 && (c == nil || c.real == nil) {
				switch rng.IntN(5) {
				case 0:
					args = []string{"BLPOP", key(), key(), "0"}
				case 1:
					args = []string{"BRPOPLPUSH", key(), key(), "0"}
				case 2:
					args = []string{"BLMPOP", "0", "2", key(), key(), side(), "COUNT", "2"}
				default:
					args = []string{"BLMOVE", key(), key(), side(), side(), "0"}
				}
				p.wait(t, who, args)
			} else {
				switch rng.IntN(6) {
				case 0:
					args = []string{"LMOVE", key(), key(), side(), side()}
				case 1:
					args = []string{"DEL", key()}
				case 2:
					args = []string{"LPOP", key()}
				default:
					args = []string{"RPUSH", key(), strconv.Itoa(i), strconv.Itoa(-i)}[:3+rng.IntN(2)]
				}
				w.run(false, args[0], args[1:]...)
				w.compare()
			}
			p.compare(t, strings.Join(args, " "))
		}
		w.state()
		w.compare()
		p.close(t)
		noWaiters(t, w.s)
		w.close()
	}
}
