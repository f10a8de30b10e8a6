package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// Clients that wait for each other are played by sessions in a bubble, where it shows when all
// of them wait, and by connections to a redis-server, which says how many clients it blocks. A
// line of a play is a client and its command; a dot in the place of the command is the wait for
// its reply. What all clients have got after each line must be the same.
var plays = map[string]string{
	"first come": `
		A BLPOP k 0
		B BLPOP k 0
		C RPUSH k 1
		C RPUSH k 2
		C LLEN k`,
	"many at once": `
		A BLPOP k 0
		B BRPOP k 0
		C RPUSH k 1 2 3
		C LRANGE k 0 -1`,
	"several keys": `
		A BLPOP k1 k2 0
		B BLPOP k2 k1 0
		C RPUSH k2 x
		C RPUSH k2 y
		C RPUSH k1 z
		C LLEN k1`,
	"the same key twice": `
		A BLPOP k k 0
		C RPUSH k 1 2
		C LLEN k`,
	"in a transaction": `
		A BLPOP k 0
		C MULTI
		C RPUSH k 1
		C LPOP k
		C EXEC
		C MULTI
		C RPUSH k 2
		C RPUSH k 3
		C BLPOP k 0
		C EXEC
		C LLEN k`,
	"another type": `
		A BLPOP k 0
		C SADD k x
		C SREM k x
		C RPUSH k 1
		C LLEN k`,
	"moves": `
		A BLMOVE a b LEFT RIGHT 0
		B BLPOP b 0
		C RPUSH a 1
		C LLEN a
		C LLEN b
		A BRPOPLPUSH a b 0
		C LPUSH a 2 3
		C LRANGE a 0 -1
		C LRANGE b 0 -1`,
	"in a circle": `
		A BLMOVE a b LEFT LEFT 0
		B BLMOVE b a LEFT LEFT 0
		C RPUSH a 1
		C LRANGE a 0 -1
		C LRANGE b 0 -1`,
	"moves to another type": `
		A BLMOVE a s LEFT LEFT 0
		B BRPOPLPUSH a s 0
		C SADD s x
		C RPUSH a 1
		C LRANGE a 0 -1`,
	"several elements": `
		A BLMPOP 0 2 k1 k2 LEFT COUNT 2
		B BLMPOP 0 1 k2 RIGHT COUNT 10
		C RPUSH k2 1 2 3 4
		C LLEN k2`,
	"what puts into lists": `
		A BLPOP k 0
		C RPUSH src 1 2 3
		C LMOVE src k LEFT LEFT
		A BLPOP k 0
		C RPOPLPUSH src k
		A BLPOP k 0
		C LPUSHX k 1
		C LPUSH k 2
		C LLEN k`,
	"sorted sets": `
		A BZPOPMIN z 0
		B BZPOPMAX z 0
		C ZADD z 1 a 2 b 3 c
		C ZRANGE z 0 -1
		A BZMPOP 0 2 none z MIN COUNT 2
		B BZMPOP 0 1 y MAX
		C ZADD y 1 a 2 b
		C ZRANGE y 0 -1`,
	"waits for members": `
		A BZMPOP 0 2 z1 z2 MAX COUNT 2
		B BZPOPMIN z2 z1 0
		C ZADD z1 1 a 2 b 3 c
		C ZRANGE z1 0 -1
		A BZPOPMIN z 0
		C ZADD z XX 1 a
		C ZINCRBY z 5 a`,
	"what puts into sorted sets": `
		C ZADD src 1 a 2 b
		C SADD set x
		A BZPOPMIN z 0
		C ZUNIONSTORE z 1 src
		C ZCARD z
		A BZPOPMIN y 0
		C ZRANGESTORE y src 0 0
		A BZPOPMIN y 0
		C ZINTERSTORE y 1 set
		A BZPOPMIN y 0
		C ZDIFFSTORE y 1 src
		A BZPOPMIN p 0
		C GEOADD p 13.361389 38.115556 Palermo
		C GEOADD q 13.361389 38.115556 Palermo
		A BZPOPMIN p 0
		C GEOSEARCHSTORE p q FROMLONLAT 13 38 BYRADIUS 100 km
		A BZPOPMIN p 0
		C GEORADIUS q 13 38 100 km STORE p`,
	"a set in the place of a sorted set": `
		A BZPOPMIN k 0
		C SADD k x
		C SREM k x
		C RPUSH k x
		C LPOP k
		C ZADD k 1 x`,
	"a stream that is named twice": `
		C XADD s 5-1 f v
		C XDEL s 5-1
		A XREAD BLOCK 0 STREAMS s s $ 1
		B XREAD BLOCK 0 STREAMS s s 1 $
		C XSETID s 2-1
		C XADD s 3-1 f v
		C XADD s 6-1 f v`,
	"time": `
		A BLPOP k 0.01
		A .
		A BLMOVE k l LEFT LEFT 0.01
		A .
		A BRPOPLPUSH k l 0.01
		A .
		A BLMPOP 0.01 1 k LEFT
		A .
		A BZPOPMIN k 0.01
		A .
		A BZMPOP 0.01 1 k MIN
		A .
		C RPUSH k 1
		C LLEN k`,
	"clients that are let go": `
		A BLPOP k 0
		B BLMOVE k l LEFT LEFT 0
		C CLIENT UNBLOCK <A>
		C CLIENT UNBLOCK <B> ERROR
		A BZPOPMIN z 0
		B BLMPOP 0 1 k LEFT
		C CLIENT UNBLOCK <A> ERROR
		C CLIENT UNBLOCK <B> TIMEOUT
		A BZMPOP 0 1 z MIN
		B BRPOPLPUSH k l 0
		C CLIENT UNBLOCK <A> TIMEOUT
		C CLIENT UNBLOCK <B>
		A XREAD BLOCK 0 STREAMS s $
		B BRPOP k 0
		C CLIENT UNBLOCK <A>
		C CLIENT UNBLOCK <B> ERROR
		C XGROUP CREATE s g $ MKSTREAM
		A XREADGROUP GROUP g c BLOCK 0 STREAMS s >
		B BZPOPMAX z 0
		C CLIENT UNBLOCK <A> ERROR
		C CLIENT UNBLOCK <B>
		C CLIENT UNBLOCK <A>
		C RPUSH k 1
		C LLEN k`,
	"keys that come otherwise": `
		C RPUSH src 1 2 3
		A BLPOP k 0
		B BRPOP k 0
		C RENAME src k
		C EXISTS k
		A BLPOP k 0
		C RPUSH src 1 2
		C COPY src k
		C LRANGE k 0 -1
		C DEL k
		A BLPOP k 0
		C SORT src STORE k
		C LRANGE k 0 -1
		C DEL k
		C SELECT 1
		C RPUSH k moved
		A BLPOP k 0
		C MOVE k 0
		C RPUSH k swapped
		A BLPOP k 0
		C SWAPDB 0 1
		C SELECT 0
		C RPUSH k 9`,
	"sorted sets that come otherwise": `
		C ZADD src 1 a 2 b
		A BZPOPMIN z 0
		B BZMPOP 0 1 z MAX COUNT 5
		C RENAME src z
		C EXISTS z
		A BZPOPMIN z 0
		C ZADD src 1 a
		C COPY src z
		C EXISTS z`,
	"the order of several keys": `
		A BLPOP a b c 0
		B BLMPOP 0 3 c b a RIGHT COUNT 2
		C MULTI
		C RPUSH c 1
		C RPUSH b 2
		C RPUSH a 3 4
		C EXEC
		C EXISTS a b c
		A BZPOPMAX y z 0
		B BZPOPMIN z y 0
		C MULTI
		C ZADD z 1 m 2 n
		C ZADD y 3 o
		C EXEC
		C EXISTS y z`,
	"a key that comes and goes in a transaction": `
		A BLPOP k 0
		B BLPOP k 0
		C MULTI
		C RPUSH k 1
		C DEL k
		C EXEC
		C MULTI
		C RPUSH k 1
		C DEL k
		C SADD k x
		C EXEC
		C DEL k
		C MULTI
		C RPUSH k 1 2 3
		C LTRIM k 2 -1
		C EXEC
		C FLUSHALL
		C RPUSH k 5`,
	"where nobody waits": `
		C MULTI
		C BLPOP k 0
		C BRPOP k l 0
		C BLMOVE k l LEFT RIGHT 0
		C BRPOPLPUSH k l 0
		C BLMPOP 0 2 k l LEFT
		C BZPOPMIN z 0
		C BZPOPMAX z 0
		C BZMPOP 0 1 z MIN
		C XREAD BLOCK 0 STREAMS s $
		C XADD s 1-1 f v
		C XGROUP CREATE s g 0
		C XREADGROUP GROUP g c BLOCK 0 STREAMS s >
		C XREADGROUP GROUP g c BLOCK 0 STREAMS s >
		C RPUSH k 1 2 3
		C BLPOP k 0
		C BLMOVE k l LEFT RIGHT 0
		C ZADD z 1 m
		C BZPOPMIN z 0
		C EXEC`,
	"time, and the next": `
		A BLPOP k 0.01
		B BLPOP k 0
		A .
		C RPUSH k 1
		C LLEN k`,
}

// player plays one side.
type player interface {
	send(client string, words []string)
	settle() // until nobody is busy
	reply(client string) (Reply, bool)
	await(client string) Reply
	id(client string) string
}

// perform returns what the clients got after each line.
func perform(t *testing.T, p player, text string) (lines []string) {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.TrimSpace(line)
		client, rest, _ := strings.Cut(line, " ")
		if rest == "." {
			lines = append(lines, fmt.Sprintf("%s %s %v", line, client, p.await(client)))
			continue
		}
		for _, other := range []string{"A", "B"} {
			if strings.Contains(rest, "<"+other+">") {
				rest = strings.ReplaceAll(rest, "<"+other+">", p.id(other))
			}
		}
		p.send(client, wordsOf(t, rest))
		p.settle()
		for _, client := range []string{"A", "B", "C"} {
			if r, ok := p.reply(client); ok {
				line += fmt.Sprintf(" [%s %v]", client, r)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// bubble plays with sessions, in a bubble.
type bubble struct {
	srv      *Server
	proto    int
	sessions map[string]*Session
	replies  map[string]chan Reply
}

func (b *bubble) send(client string, words []string) {
	if b.sessions[client] == nil {
		b.sessions[client] = b.srv.NewSession(nil)
		b.sessions[client].proto = b.proto
		b.replies[client] = make(chan Reply, 1)
	}
	go func() { b.replies[client] <- b.sessions[client].Do(context.Background(), words) }()
}

func (b *bubble) id(client string) string { return strconv.FormatInt(b.sessions[client].ID(), 10) }

func (b *bubble) settle() { synctest.Wait() }

func (b *bubble) normal(r Reply) Reply {
	if b.proto == 2 {
		return asRESP2(r)
	}
	return asRESP3(r)
}

func (b *bubble) reply(client string) (Reply, bool) {
	select {
	case r := <-b.replies[client]:
		return b.normal(r), true
	default:
		return Reply{}, false
	}
}

func (b *bubble) await(client string) Reply { return b.normal(<-b.replies[client]) }

// redisPlay plays with a redis-server.
type redisPlay struct {
	t       *testing.T
	socket  string
	proto   int
	control *redisClient
	clients map[string]*redisClient
	replies map[string]chan Reply
	open    map[string]bool // a reply has to come yet
	got     map[string]Reply
	ids     map[string]string
}

func (p *redisPlay) send(client string, words []string) {
	c := p.clients[client]
	if c == nil {
		c = dialRedis(p.t, p.socket)
		p.clients[client], p.replies[client] = c, make(chan Reply, 1)
		c.do(p.t, "HELLO", strconv.Itoa(p.proto))
		p.ids[client] = strconv.FormatInt(c.do(p.t, "CLIENT", "ID").Int, 10)
	}
	p.open[client] = true
	go func() {
		r, err := c.exchange(words)
		if err != nil {
			r = failed(err.Error())
		}
		p.replies[client] <- r
	}()
}

func (p *redisPlay) id(client string) string { return p.ids[client] }

func (p *redisPlay) settle() {
	for {
		busy := 0
		for client, open := range p.open {
			if !open {
				continue
			}
			select {
			case r := <-p.replies[client]:
				p.got[client], p.open[client] = r, false
			default:
				busy++
			}
		}
		info := p.control.do(p.t, "INFO", "clients").Str
		if strings.Contains(info, fmt.Sprintf("blocked_clients:%d\r\n", busy)) {
			return
		}
	}
}

func (p *redisPlay) normal(r Reply) Reply {
	if p.proto == 2 {
		return asRESP2(r)
	}
	return asRESP3(r)
}

func (p *redisPlay) reply(client string) (Reply, bool) {
	r, ok := p.got[client]
	delete(p.got, client)
	return p.normal(r), ok
}

func (p *redisPlay) await(client string) Reply {
	r := <-p.replies[client]
	p.open[client] = false
	return p.normal(r)
}

func TestPlays(t *testing.T) {
	socket := startRedis(t, "--hz", "500")
	control := dialRedis(t, socket)
	for name, text := range plays {
		for _, proto := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, proto), func(t *testing.T) {
				control.do(t, "FLUSHALL")
				p := &redisPlay{
					t: t, socket: socket, proto: proto, control: control, clients: map[string]*redisClient{},
					replies: map[string]chan Reply{}, open: map[string]bool{}, got: map[string]Reply{}, ids: map[string]string{},
				}
				want := perform(t, p, text)
				for _, c := range p.clients {
					require.NoError(t, c.conn.Close())
				}
				for client, open := range p.open { // those that are cut off
					if open {
						<-p.replies[client]
					}
				}
				var got []string
				synctest.Test(t, func(t *testing.T) {
					s := store.New()
					b := &bubble{srv: NewServer(s), proto: proto, sessions: map[string]*Session{}, replies: map[string]chan Reply{}}
					got = perform(t, b, text)
					require.NoError(t, b.srv.Close()) // and nobody waits any more
					require.NoError(t, s.Close())
				})
				require.Equal(t, want, got)
			})
		}
	}
}

// What waits ends with its session, and as CLIENT UNBLOCK says.
func TestBlockEnds(t *testing.T) {
	waits := []string{
		"BLPOP k 0", "BRPOP k 0", "BLMOVE k l LEFT LEFT 0", "BRPOPLPUSH k l 0", "BLMPOP 0 1 k LEFT",
		"BLMOVEM k l LEFT LEFT 0", "BZPOPMIN k 0", "BZPOPMAX k 0", "BZMPOP 0 1 k MIN",
	}
	for _, line := range waits {
		synctest.Test(t, func(t *testing.T) {
			s := store.New()
			defer s.Close()
			srv := NewServer(s)
			defer srv.Close()
			for cause, want := range map[error]Reply{errUnblocked: unblocked, errUnblockedSilent: noList, context.Canceled: noList} {
				session := srv.NewSession(nil)
				ctx, cancel := context.WithCancelCause(context.Background())
				done := make(chan Reply, 1)
				go func() { done <- session.Do(ctx, wordsOf(t, line)) }()
				synctest.Wait()
				cancel(cause)
				require.Equal(t, want, <-done, "%s: %v", line, cause)
			}
			session := srv.NewSession(nil)
			done := make(chan Reply, 1)
			go func() { done <- session.Do(context.Background(), wordsOf(t, line)) }()
			synctest.Wait()
			require.NoError(t, session.Close())
			require.Equal(t, silent, <-done, line)
			require.Equal(t, integer(1), say(srv.NewSession(nil), "RPUSH k x"), "nobody took it")
		})
	}
}

// The time of what waits is that of the store.
func TestBlockClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := store.NewManualClock(time.Unix(1, 0))
		s := store.New(store.WithClock(clock))
		defer s.Close()
		srv := NewServer(s)
		defer srv.Close()
		done := make(chan Reply, 1)
		go func() { done <- srv.NewSession(nil).Do(context.Background(), []string{"BLPOP", "k", "1e9"}) }()
		synctest.Wait()
		clock.Advance(1e9*time.Second - time.Millisecond)
		synctest.Wait()
		require.Empty(t, done)
		clock.Advance(time.Millisecond)
		require.Equal(t, noList, <-done)
	})
}
