package resp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// cacheClient is a client that keeps what it has read until it is told that it has changed,
// over one connection.
type cacheClient struct {
	conn  net.Conn
	r     *ReplyReader
	cache map[string]string
	hits  int
	told  int
}

func dialCache(t testing.TB, srv *Server, mode ...string) *cacheClient {
	conn, err := srv.Dial(context.Background(), "", "")
	require.NoError(t, err)
	c := &cacheClient{conn: conn, r: NewReplyReader(conn), cache: map[string]string{}}
	for _, words := range [][]string{{"HELLO", "3"}, append([]string{"CLIENT", "TRACKING", "ON"}, mode...)} {
		r, err := c.do(words...)
		require.NoError(t, err)
		require.NotEqual(t, command.Error, r.Kind, r.Str)
	}
	return c
}

// do runs a command; what comes before its reply is heard.
func (c *cacheClient) do(words ...string) (command.Reply, error) {
	if _, err := c.conn.Write(AppendCommand(nil, words...)); err != nil {
		return command.Reply{}, err
	}
	for {
		r, err := c.r.Next()
		if err != nil || r.Kind != command.Push {
			return r, err
		}
		c.told++
		if keys := r.Elems[1]; keys.Kind == command.Null {
			clear(c.cache)
		} else {
			for _, key := range keys.Elems {
				delete(c.cache, key.Str)
			}
		}
	}
}

const missing = "(none)"

func textOf(r command.Reply) string {
	if r.Kind == command.Null {
		return missing
	}
	return r.Str
}

// get returns a value from the cache, or reads it.
func (c *cacheClient) get(way int, key string) error {
	if _, found := c.cache[key]; found {
		c.hits++
		return nil
	}
	switch way {
	case 0:
		r, err := c.do("GET", key)
		c.cache[key] = textOf(r)
		return err
	case 1:
		r, err := c.do("MGET", key, key+"2")
		if err == nil {
			c.cache[key], c.cache[key+"2"] = textOf(r.Elems[0]), textOf(r.Elems[1])
		}
		return err
	}
	for _, words := range [][]string{{"MULTI"}, {"PTTL", key}, {"GET", key}} {
		if _, err := c.do(words...); err != nil {
			return err
		}
	}
	r, err := c.do("EXEC")
	if err == nil {
		c.cache[key] = textOf(r.Elems[1])
	}
	return err
}

// stale returns the keys of which the cache has another value than the store, when all has been
// heard that was told so far.
func (c *cacheClient) stale(t *testing.T, s *store.Store) (keys []string) {
	_, err := c.do("PING")
	require.NoError(t, err)
	for key, have := range c.cache {
		value, err := s.String(key).Get()
		if err == store.ErrNotFound {
			value = missing
		}
		if value != have {
			keys = append(keys, key)
		}
	}
	return keys
}

// cacheRound is a time in which goroutines take steps, each its own.
type cacheRound struct {
	stop   chan struct{}
	all    sync.WaitGroup
	failed atomic.Value
}

func (c *cacheRound) run(step func(r *rand.Rand) error) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	c.all.Go(func() {
		for {
			select {
			case <-c.stop:
				return
			default:
			}
			if err := step(r); err != nil {
				c.failed.Store(err)
				return
			}
		}
	})
}

// TestTrackingIsNeverStale has clients that cache, in every mode, while others write: other
// clients, the typed API, time, and they themselves. When all is told, all that is still in a
// cache is what the store holds.
func TestTrackingIsNeverStale(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	modes := [][]string{nil, nil, {"BCAST"}, {"BCAST", "PREFIX", "k1", "PREFIX", "k2", "PREFIX", "k3"}, {"NOLOOP"}, {"OPTOUT"}}
	clients := make([]*cacheClient, len(modes))
	for i, mode := range modes {
		clients[i] = dialCache(t, srv, mode...)
	}
	w := dialCache(t, srv)
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	for range rounds {
		round := cacheRound{stop: make(chan struct{})}
		time.AfterFunc(30*time.Millisecond, func() { close(round.stop) })
		for i, c := range clients {
			round.run(func(r *rand.Rand) error { return c.step(r, len(modes[i]) > 1) })
		}
		round.run(func(r *rand.Rand) error { return w.write(r) })
		round.run(func(r *rand.Rand) error { return writeTyped(s, r) })
		round.all.Wait()
		if err := round.failed.Load(); err != nil {
			t.Fatal(err)
		}
		for i, c := range clients {
			// Some keys are about to expire, which is told when they are removed.
			old := c.stale(t, s)
			for late := time.Now().Add(10 * time.Second); len(old) > 0 && time.Now().Before(late); old = c.stale(t, s) {
				time.Sleep(time.Millisecond)
			}
			require.Empty(t, old, "client %d (%v)", i, modes[i])
		}
	}
	hits, told := 0, 0
	for _, c := range clients {
		hits, told = hits+c.hits, told+c.told
	}
	require.Positive(t, hits)
	require.Positive(t, told)
	t.Logf("%d hits, %d messages", hits, told)
}

const cacheKeys = 8

func cacheKey(r *rand.Rand) string { return fmt.Sprint("k", 1+r.IntN(cacheKeys)) }

// step is what a client does that caches: all keys, or those of three prefixes.
func (c *cacheClient) step(r *rand.Rand, few bool) error {
	key, way := cacheKey(r), r.IntN(3)
	if few {
		key, way = fmt.Sprint("k", 1+r.IntN(3)), way&2
	}
	if r.IntN(20) > 0 {
		return c.get(way, key)
	}
	delete(c.cache, key)
	_, err := c.do("SET", key, fmt.Sprint("own", r.Uint32()))
	return err
}

func (c *cacheClient) write(r *rand.Rand) (err error) {
	time.Sleep(time.Duration(r.IntN(50)) * time.Microsecond)
	key, value := cacheKey(r), fmt.Sprint("v", r.Uint32())
	words := []string{"SET", key, value}
	switch r.IntN(9) {
	case 0:
		words = []string{"DEL", key}
	case 1:
		words = []string{"MSET", key, value, key + "2", value}
	case 2:
		words = append(words, "PX", "2")
	case 3:
		words = []string{"RENAME", key, cacheKey(r)}
	case 4:
		for _, words := range [][]string{{"MULTI"}, {"SET", key, value}, {"APPEND", key + "2", "x"}} {
			if _, err := c.do(words...); err != nil {
				return err
			}
		}
		words = []string{"EXEC"}
	case 5:
		if r.IntN(20) == 0 {
			words = []string{"FLUSHALL"}
		}
	case 6:
		if r.IntN(20) == 0 {
			words = []string{"SWAPDB", "0", "1"}
		}
	}
	_, err = c.do(words...)
	return err
}

func writeTyped(s *store.Store, r *rand.Rand) error {
	time.Sleep(time.Duration(r.IntN(50)) * time.Microsecond)
	key, value := cacheKey(r), fmt.Sprint("t", r.Uint32())
	switch r.IntN(4) {
	case 0:
		return s.Update(func(tx *store.Tx) error { return tx.String(key).Set(value) })
	case 1:
		_, err := s.Del(key)
		return err
	}
	return s.String(key).Set(value)
}

// TestTrackingOfTwoProtocols has a client change its protocol while it is told of keys: it never
// takes that for a reply.
func TestTrackingOfTwoProtocols(t *testing.T) {
	s := store.New()
	defer s.Close()
	srv := NewServer(s)
	defer srv.Close()
	c := dialCache(t, srv, "BCAST")
	round := cacheRound{stop: make(chan struct{})}
	round.run(func(*rand.Rand) error { return s.String("k").Set("v") })
	// With one processor, whoever writes may have no turn for long.
	for i := 0; i < 2000 || c.told == 0 && i < 1_000_000; i++ {
		for _, words := range [][]string{{"HELLO", strconv.Itoa(2 + i%2)}, {"PING"}} {
			r, err := c.do(words...)
			require.NoError(t, err)
			if words[0] == "PING" {
				require.Equal(t, "PONG", r.Str)
			} else {
				require.Greater(t, len(r.Elems), 10)
			}
		}
	}
	close(round.stop)
	round.all.Wait()
	require.NotZero(t, c.told)
}
