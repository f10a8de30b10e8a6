package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// These are what people do with Redis, each written as one would with go-redis.

// A calendar tells the time of a use, which may be far ahead of the servers' outside a bubble.
type calendar struct {
	on    side
	c     *redis.Client
	ahead time.Duration
}

func (a *calendar) now() time.Time { return time.Now().Add(a.ahead) }

// pass lets d pass, after which the keys are due. Outside a bubble nobody waits for that: they
// end at once.
func (a *calendar) pass(t *testing.T, d time.Duration, due ...string) {
	t.Helper()
	if a.on.bubble {
		time.Sleep(d)
	} else {
		ctx := context.Background()
		a.ahead += d
		for _, key := range due {
			left := a.c.PTTL(ctx, key).Val()
			require.True(t, left > d-10*time.Second && left <= d, "%s is due in %v", key, left)
			require.True(t, a.c.PExpire(ctx, key, time.Millisecond).Val())
		}
		if len(due) > 0 {
			eventually(t, func() bool { return a.c.Exists(ctx, due...).Val() == 0 })
		}
	}
}

// TestUseSessions keeps sessions that end when nobody comes for a while.
func TestUseSessions(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		const idle = 30 * time.Minute
		calendar := calendar{on: on, c: c}
		type session struct {
			User   string `redis:"user"`
			Visits int    `redis:"visits"`
			Admin  bool   `redis:"admin"`
		}
		begin := func(id string, s session) {
			_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, "session:"+id, s)
				p.PExpire(ctx, "session:"+id, idle)
				p.SAdd(ctx, "sessions:"+s.User, id)
				return nil
			})
			require.NoError(t, err)
		}
		visit := func(id string) (s session, there bool) {
			pipe := c.TxPipeline()
			alive := pipe.PExpire(ctx, "session:"+id, idle)
			visits := pipe.HIncrBy(ctx, "session:"+id, "visits", 1)
			all := pipe.HGetAll(ctx, "session:"+id)
			_, err := pipe.Exec(ctx)
			require.NoError(t, err)
			if !alive.Val() { // it was made by the visit
				require.EqualValues(t, 1, visits.Val())
				require.NoError(t, c.Del(ctx, "session:"+id).Err())
				return s, false
			}
			require.NoError(t, all.Scan(&s))
			return s, true
		}
		begin("a", session{User: "ann", Admin: true})
		begin("b", session{User: "ann"})
		s, there := visit("a")
		require.True(t, there)
		require.Equal(t, session{"ann", 1, true}, s)
		if on.bubble {
			for range 5 { // who comes often enough stays
				calendar.pass(t, idle-time.Second)
				s, there = visit("a")
				require.True(t, there)
			}
			require.Equal(t, 6, s.Visits)
		}
		calendar.pass(t, idle, "session:a", "session:b")
		for _, id := range []string{"a", "b", "never"} {
			_, there = visit(id)
			require.False(t, there)
		}

		// Out of all sessions of a user at once.
		begin("c", session{User: "ann"})
		ids := c.SMembers(ctx, "sessions:ann").Val()
		slices.Sort(ids)
		require.Equal(t, []string{"a", "b", "c"}, ids)
		keys := []string{"sessions:ann"}
		for _, id := range ids {
			keys = append(keys, "session:"+id)
		}
		require.EqualValues(t, 2, c.Unlink(ctx, keys...).Val())
		require.Zero(t, c.DBSize(ctx).Val())
	})
}

// TestUseRateLimits counts in a window that is fixed, and in one that slides.
func TestUseRateLimits(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		const limit = 5
		const window = time.Minute
		calendar := calendar{on: on, c: c}
		fixed := func(key string) bool {
			pipe := c.TxPipeline()
			pipe.SetNX(ctx, key, 0, window)
			n := pipe.Incr(ctx, key)
			_, err := pipe.Exec(ctx)
			require.NoError(t, err)
			return n.Val() <= limit
		}
		sliding := func(key string) bool {
			now := calendar.now()
			var passed bool
			require.NoError(t, c.Watch(ctx, func(tx *redis.Tx) error {
				from := fmt.Sprint(now.Add(-window).UnixMicro())
				n, err := tx.ZCount(ctx, key, "("+from, "+inf").Result()
				if err != nil || n >= limit {
					passed = false
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.ZRemRangeByScore(ctx, key, "-inf", from)
					p.ZAdd(ctx, key, redis.Z{Score: float64(now.UnixMicro()), Member: fmt.Sprint(now.UnixMicro(), "-", n)})
					p.PExpire(ctx, key, window)
					return nil
				})
				passed = err == nil
				return err
			}, key))
			return passed
		}
		for name, allows := range map[string]func(string) bool{"fixed": fixed, "sliding": sliding} {
			passed := 0
			for range 2 * limit {
				if allows(name) {
					passed++
				}
			}
			require.Equal(t, limit, passed, name)
			require.True(t, allows("other of "+name))
			calendar.pass(t, window, name, "other of "+name)
			require.True(t, allows(name), name)
			calendar.pass(t, window, name)
		}
		require.Zero(t, c.DBSize(ctx).Val())
	})
}

// TestUseLeaderboard has a game's scores, with places, neighbours and a week's sum.
func TestUseLeaderboard(t *testing.T) {
	withGoRedis(t, func(t *testing.T, _ side, c *redis.Client) {
		ctx := context.Background()
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range 100 {
				p.ZIncrBy(ctx, "monday", float64(i), fmt.Sprintf("player%02d", i))
				p.ZIncrBy(ctx, "tuesday", float64(100-i), fmt.Sprintf("player%02d", i))
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []redis.Z{{Score: 99, Member: "player99"}, {Score: 98, Member: "player98"}}, c.ZRevRangeWithScores(ctx, "monday", 0, 1).Val())
		require.EqualValues(t, 49, c.ZRevRank(ctx, "monday", "player50").Val())
		require.Equal(t, []string{"player52", "player51", "player50", "player49", "player48"}, c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "monday", Start: 47, Stop: 51, Rev: true}).Val())
		require.Equal(t, redis.Nil, c.ZRevRank(ctx, "monday", "nobody").Err())

		// A new score counts if it is better.
		require.EqualValues(t, 1, c.ZAddArgs(ctx, "monday", redis.ZAddArgs{GT: true, Ch: true, Members: []redis.Z{{Score: 150, Member: "player07"}}}).Val())
		require.EqualValues(t, 0, c.ZAddArgs(ctx, "monday", redis.ZAddArgs{GT: true, Ch: true, Members: []redis.Z{{Score: 140, Member: "player07"}}}).Val())
		require.Equal(t, "player07", c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "monday", Start: 0, Stop: 0, Rev: true}).Val()[0])

		require.EqualValues(t, 100, c.ZUnionStore(ctx, "week", &redis.ZStore{Keys: []string{"monday", "tuesday"}, Weights: []float64{1, 2}}).Val())
		require.InDelta(t, 150+2*93, c.ZScore(ctx, "week", "player07").Val(), 0)
		require.InDelta(t, 50+2*50, c.ZScore(ctx, "week", "player50").Val(), 0)
		require.EqualValues(t, 90, c.ZRemRangeByRank(ctx, "week", 0, -11).Val())
		require.EqualValues(t, 10, c.ZCard(ctx, "week").Val())
		require.Equal(t, []string{"player07", "player00", "player01"}, c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "week", Start: 0, Stop: 2, Rev: true}).Val())
	})
}

// TestUseStreams has workers of a group that share a stream. One dies with entries in its hands,
// which the others take over.
func TestUseStreams(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		const jobs = 60
		const idle = time.Minute
		require.NoError(t, c.XGroupCreateMkStream(ctx, "jobs", "workers", "0").Err())
		_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range jobs {
				p.XAdd(ctx, &redis.XAddArgs{Stream: "jobs", MaxLen: 1000, Approx: true, Values: []any{"n", i}})
			}
			return nil
		})
		require.NoError(t, err)
		read := func(worker string) []redis.XMessage {
			streams, err := c.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: "workers", Consumer: worker, Streams: []string{"jobs", ">"}, Count: 4, Block: 10 * time.Millisecond,
			}).Result()
			if errors.Is(err, redis.Nil) {
				return nil
			}
			require.NoError(t, err)
			return streams[0].Messages
		}
		hands := read("dies")
		require.Len(t, hands, 4)
		if on.bubble {
			time.Sleep(idle)
		}
		for _, m := range hands {
			if !on.bubble { // as if it had passed
				require.NoError(t, c.Do(ctx, "XCLAIM", "jobs", "workers", "dies", 0, m.ID, "IDLE", idle.Milliseconds(), "JUSTID").Err())
			}
		}

		var lock sync.Mutex
		done := map[any]int{}
		var running sync.WaitGroup
		for i := range 3 {
			running.Go(func() {
				worker := fmt.Sprint("worker", i)
				work := func(messages []redis.XMessage) {
					for _, m := range messages {
						lock.Lock()
						done[m.Values["n"]]++
						lock.Unlock()
						require.EqualValues(t, 1, c.XAck(ctx, "jobs", "workers", m.ID).Val())
					}
				}
				for {
					messages := read(worker)
					if messages == nil {
						break
					}
					work(messages)
				}
				claimed, next, err := c.XAutoClaim(ctx, &redis.XAutoClaimArgs{
					Stream: "jobs", Group: "workers", Consumer: worker, MinIdle: idle, Start: "0", Count: 10,
				}).Result()
				require.NoError(t, err)
				require.Equal(t, "0-0", next)
				work(claimed)
			})
		}
		running.Wait()
		require.Len(t, done, jobs)
		for n, times := range done {
			require.Equal(t, 1, times, "%v", n)
		}
		require.Zero(t, c.XPending(ctx, "jobs", "workers").Val().Count)
		group := c.XInfoGroups(ctx, "jobs").Val()[0]
		require.EqualValues(t, jobs, group.EntriesRead)
		require.Zero(t, group.Lag)
	})
}

// TestUseLocks has locks that end by themselves, and that only their owners give back.
func TestUseLocks(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		const lease = time.Minute
		calendar := calendar{on: on, c: c}
		take := func(owner string, lease time.Duration) bool {
			ok, err := c.SetNX(ctx, "lock", owner, lease).Result()
			require.NoError(t, err)
			return ok
		}
		give := func(owner string) (mine bool) {
			for {
				err := c.Watch(ctx, func(tx *redis.Tx) error {
					holder, err := tx.Get(ctx, "lock").Result()
					if mine = holder == owner; !mine {
						return nil
					}
					require.NoError(t, err)
					_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Del(ctx, "lock").Err() })
					return err
				}, "lock")
				if !errors.Is(err, redis.TxFailedErr) {
					require.NoError(t, err)
					return mine
				}
			}
		}
		require.True(t, take("a", lease))
		calendar.pass(t, lease, "lock")
		require.True(t, take("b", time.Hour)) // a was too slow
		require.False(t, give("a"))
		require.False(t, take("a", time.Hour))
		require.True(t, give("b"))
		require.False(t, give("b"))

		var running sync.WaitGroup
		var inside, together, n atomic.Int32 // of who has the lock
		for i := range 8 {
			running.Go(func() {
				owner := fmt.Sprint("owner", i)
				for range 5 {
					for !take(owner, time.Hour) {
						time.Sleep(time.Millisecond)
					}
					together.Add(inside.Add(1) - 1)
					n.Add(1)
					inside.Add(-1)
					require.True(t, give(owner))
				}
			})
		}
		running.Wait()
		require.Zero(t, together.Load())
		require.EqualValues(t, 40, n.Load())
	})
}

// TestUseQueues has a queue whose workers keep what they do in a list of their own, and jobs
// that are due later.
func TestUseQueues(t *testing.T) {
	withGoRedis(t, func(t *testing.T, on side, c *redis.Client) {
		ctx := context.Background()
		const jobs = 50
		var running sync.WaitGroup
		for i := range 3 {
			running.Go(func() {
				mine := fmt.Sprint("doing:", i)
				for {
					job, err := c.BLMove(ctx, "queue", mine, "RIGHT", "LEFT", 0).Result()
					require.NoError(t, err)
					_, err = c.TxPipelined(ctx, func(p redis.Pipeliner) error {
						p.LRem(ctx, mine, 1, job)
						if job != "stop" {
							p.RPush(ctx, "done", job)
						}
						return nil
					})
					require.NoError(t, err)
					if job == "stop" {
						return
					}
				}
			})
		}
		var want []string
		for i := range jobs {
			job := fmt.Sprint("job", i)
			want = append(want, job)
			require.NoError(t, c.LPush(ctx, "queue", job).Err())
		}
		const delay = time.Hour
		calendar := calendar{on: on, c: c}
		require.NoError(t, c.ZAdd(ctx, "later", redis.Z{Score: float64(calendar.now().Add(delay).UnixMilli()), Member: "late"}).Err())
		due := func() (n int64) {
			now := fmt.Sprint(calendar.now().UnixMilli())
			for _, job := range c.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "later", Start: "-inf", Stop: now, ByScore: true, Count: 10}).Val() {
				if c.ZRem(ctx, "later", job).Val() == 1 { // nobody else has taken it
					n += min(c.LPush(ctx, "queue", job).Val(), 1)
				}
			}
			return n
		}
		require.Zero(t, due())
		calendar.pass(t, delay)
		require.EqualValues(t, 1, due())
		require.Zero(t, due())
		require.NoError(t, c.LPush(ctx, "queue", "stop", "stop", "stop").Err())
		running.Wait()
		require.ElementsMatch(t, append(want, "late"), c.LRange(ctx, "done", 0, -1).Val())
		keys := c.Keys(ctx, "*").Val()
		require.Equal(t, "done", strings.Join(keys, " "))
	})
}
