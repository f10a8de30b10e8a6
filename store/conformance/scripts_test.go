package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"
	"github.com/stretchr/testify/require"

	lang "github.com/alcovedb/alcove/store/command"
)

// Scripts of clients: the redis-server runs them in Lua. The store has no interpreter, so there
// a script is looked up by its source and runs as what is written here beside it.

type knownScripts map[string]func(c *lang.ScriptCall) lang.Reply

func (k knownScripts) Name() string { return "LUA" }

func (k knownScripts) Load(context.Context, string, func(lang.Function) error) error {
	return errors.New("no libraries")
}

func (k knownScripts) Compile(src string) (lang.Script, error) {
	if run := k[src]; run != nil {
		return knownScript(run), nil
	}
	return nil, fmt.Errorf("user_script:1: unknown: %s", src)
}

type knownScript func(c *lang.ScriptCall) lang.Reply

func (s knownScript) Run(c *lang.ScriptCall) lang.Reply { return s(c) }

const (
	addTwice = `redis.call('INCRBY', KEYS[1], ARGV[1]) return redis.call('INCRBY', KEYS[1], ARGV[1])`
	refuse   = `return redis.error_reply('MINE not today')`

	// of rueidislock
	freeLock   = `if redis.call("GET",KEYS[1]) == ARGV[1] then return redis.call("DEL",KEYS[1]) end;return 0`
	extendLock = `if redis.call("GET",KEYS[1]) == ARGV[1] then local r = redis.call("PEXPIREAT",KEYS[1],ARGV[2]);redis.call("GET",KEYS[1]);return r end;return 0`
	takeLock   = `local r = redis.call("SET",KEYS[1],ARGV[1],"NX","PXAT",ARGV[2]);redis.call("GET",KEYS[1]);return r`
	forceLock  = `local r = redis.call("SET",KEYS[1],ARGV[1],"PXAT",ARGV[2]);redis.call("GET",KEYS[1]);return r`
)

var scriptsOfClients = knownScripts{
	addTwice: func(c *lang.ScriptCall) lang.Reply {
		c.Call([]string{"INCRBY", c.Keys[0], c.Args[0]})
		return c.Call([]string{"INCRBY", c.Keys[0], c.Args[0]})
	},
	refuse: func(*lang.ScriptCall) lang.Reply {
		return lang.Reply{Kind: lang.Error, Str: "MINE not today"}
	},
	freeLock: func(c *lang.ScriptCall) lang.Reply {
		return ifHeld(c, func() lang.Reply { return c.Call([]string{"DEL", c.Keys[0]}) })
	},
	extendLock: func(c *lang.ScriptCall) lang.Reply {
		return ifHeld(c, func() lang.Reply {
			defer c.Call([]string{"GET", c.Keys[0]})
			return c.Call([]string{"PEXPIREAT", c.Keys[0], c.Args[1]})
		})
	},
	takeLock: func(c *lang.ScriptCall) lang.Reply {
		defer c.Call([]string{"GET", c.Keys[0]})
		return c.Call([]string{"SET", c.Keys[0], c.Args[0], "NX", "PXAT", c.Args[1]})
	},
	forceLock: func(c *lang.ScriptCall) lang.Reply {
		defer c.Call([]string{"GET", c.Keys[0]})
		return c.Call([]string{"SET", c.Keys[0], c.Args[0], "PXAT", c.Args[1]})
	},
}

// ifHeld runs what is for the holder of a lock.
func ifHeld(c *lang.ScriptCall, f func() lang.Reply) lang.Reply {
	if held := c.Call([]string{"GET", c.Keys[0]}); held.Str != c.Args[0] {
		return lang.Reply{Kind: lang.Integer}
	}
	return f()
}

// TestScripts has the helpers that clients have for scripts: by the digest first, and with the
// source if the server says NOSCRIPT.
func TestScripts(t *testing.T) {
	const mine = "MINE not today"
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		flush := func() { require.Equal(t, "+OK", on.raw(t, "SCRIPT", "FLUSH")) }
		flush()
		c := goredis.NewClient(on.goRedis(3))
		defer c.Close()
		script := goredis.NewScript(addTwice)
		for i := range 3 {
			n, err := script.Run(ctx, c, []string{"go-redis"}, 2).Int()
			require.NoError(t, err)
			require.Equal(t, 4*(i+1), n)
		}
		require.Equal(t, []bool{true}, script.Exists(ctx, c).Val())
		flush()
		require.Equal(t, []bool{false}, script.Exists(ctx, c).Val())
		require.EqualError(t, c.EvalSha(ctx, script.Hash(), []string{"k"}, 1).Err(), "NOSCRIPT No matching script. Please use EVAL.")
		require.Equal(t, script.Hash(), script.Load(ctx, c).Val())
		require.ErrorContains(t, goredis.NewScript(refuse).Run(ctx, c, nil).Err(), mine)
		_, err := c.TxPipelined(ctx, func(p goredis.Pipeliner) error {
			script.EvalSha(ctx, p, []string{"go-redis"}, 1)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "14", c.Get(ctx, "go-redis").Val())

		flush()
		pool := on.redigo()
		defer pool.Close()
		conn := pool.Get()
		ofRedigo := redis.NewScript(1, addTwice)
		_, err = redis.Int(conn.Do("EVALSHA", ofRedigo.Hash(), 1, "k", 1))
		require.EqualError(t, err, "NOSCRIPT No matching script. Please use EVAL.")
		for i := range 3 {
			n, err := redis.Int(ofRedigo.Do(conn, "redigo", 2))
			require.NoError(t, err)
			require.Equal(t, 4*(i+1), n)
		}
		require.NoError(t, ofRedigo.SendHash(conn, "redigo", 1))
		require.NoError(t, ofRedigo.Send(conn, "redigo", 1))
		require.NoError(t, conn.Flush())
		for _, want := range []int{14, 16} {
			n, err := redis.Int(conn.Receive())
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		_, err = redis.NewScript(0, refuse).Do(conn)
		require.ErrorContains(t, err, mine)
		require.NoError(t, conn.Close())

		flush()
		client, err := rueidis.NewClient(on.rueidis())
		require.NoError(t, err)
		defer client.Close()
		lua := rueidis.NewLuaScript(addTwice)
		for i := range 3 {
			n, err := lua.Exec(ctx, client, []string{"rueidis"}, []string{"2"}).AsInt64()
			require.NoError(t, err)
			require.EqualValues(t, 4*(i+1), n)
		}
		require.ErrorContains(t, rueidis.NewLuaScript(refuse).Exec(ctx, client, nil, nil).Error(), mine)

		flush()
		one, err := radix.Dialer{NetDialer: on.dial}.Dial(ctx, "tcp", "localhost:6379")
		require.NoError(t, err)
		defer one.Close()
		for i := range 3 {
			var n int
			require.NoError(t, one.Do(ctx, radix.NewEvalScript(addTwice).Cmd(&n, []string{"radix"}, "2")))
			require.Equal(t, 4*(i+1), n)
		}
		require.ErrorContains(t, one.Do(ctx, radix.NewEvalScript(refuse).Cmd(nil, nil)), mine)
	})
}

// TestRueidisLock has the locks of rueidislock: who waits hears by client-side caching that a
// lock is free.
func TestRueidisLock(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		locker := func() rueidislock.Locker {
			l, err := rueidislock.NewLocker(rueidislock.LockerOption{
				ClientOption: on.rueidis(), KeyMajority: 1, NoLoopTracking: true, KeyValidity: time.Minute, TryNextAfter: 10 * time.Second,
			})
			require.NoError(t, err)
			return l
		}
		a, b := locker(), locker()
		defer a.Close()
		defer b.Close()
		held, free, err := a.WithContext(ctx, "lock")
		require.NoError(t, err)
		_, _, err = b.TryWithContext(ctx, "lock")
		require.ErrorIs(t, err, rueidislock.ErrNotLocked)
		got := make(chan error)
		go func() {
			_, free, err := b.WithContext(ctx, "lock")
			if err == nil {
				free()
			}
			got <- err
		}()
		free()
		require.NoError(t, <-got)
		require.Error(t, held.Err())

		var running sync.WaitGroup
		var inside sync.Mutex
		for i := range 6 {
			l := []rueidislock.Locker{a, b}[i%2]
			running.Go(func() {
				for range 5 {
					_, free, err := l.WithContext(ctx, "lock")
					require.NoError(t, err)
					require.True(t, inside.TryLock())
					inside.Unlock()
					free()
				}
			})
		}
		running.Wait()

		// Who takes it by force ends what the holder does.
		held, free, err = a.WithContext(ctx, "lock")
		require.NoError(t, err)
		_, freeB, err := b.ForceWithContext(ctx, "lock")
		require.NoError(t, err)
		<-held.Done()
		free()
		freeB()
		eventually(t, func() bool { return strings.HasPrefix(on.raw(t, "DBSIZE"), ":0") })
	})
}
