package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/redistest"
	"github.com/alcovedb/alcove/store/resp"
)

// fill puts values of all types into a Redis, each twice: small, and large with a deadline. It
// returns their keys.
func fill(t *testing.T, rdb redis.UniversalClient) (keys []string) {
	t.Helper()
	ctx := context.Background()
	const large = 1000
	_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, n := range []int{3, large} {
			key := func(kind string) string {
				k := fmt.Sprintf("%s:%d", kind, n)
				keys = append(keys, k)
				return k
			}
			str, number, bin, list := key("string"), key("number"), key("binary"), key("list")
			hash, set, ints, zset := key("hash"), key("set"), key("ints"), key("zset")
			geo, hll, bitmap, stream := key("geo"), key("hll"), key("bitmap"), key("stream")
			p.Set(ctx, str, strings.Repeat("text ", n), 0)
			p.Set(ctx, number, n, 0)
			p.Set(ctx, bin, "\x00\xff\r\n", 0)
			p.SetBit(ctx, bitmap, int64(10*n), 1)
			p.XGroupCreateMkStream(ctx, stream, "group", "0")
			for i := range n {
				p.RPush(ctx, list, fmt.Sprint("element ", i), i)
				p.HSet(ctx, hash, fmt.Sprint("field ", i), i)
				p.SAdd(ctx, set, fmt.Sprint("member ", i))
				p.SAdd(ctx, ints, i*i)
				p.ZAdd(ctx, zset, redis.Z{Score: float64(i) / 3, Member: fmt.Sprint("member ", i)})
				p.GeoAdd(ctx, geo, &redis.GeoLocation{Name: fmt.Sprint(i), Longitude: float64(i % 180), Latitude: 45})
				p.PFAdd(ctx, hll, i)
				p.XAdd(ctx, &redis.XAddArgs{Stream: stream, ID: fmt.Sprintf("%d-%d", 1+i/7, i), Values: []any{"n", i, "also", "this"}})
			}
			p.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "group", Consumer: "one", Streams: []string{stream, ">"}, Count: 2, Block: -1})
			p.XAck(ctx, stream, "group", "1-0")
			p.XDel(ctx, stream, "1-2")
			if n == large {
				for i, k := range keys[len(keys)/2:] {
					p.Expire(ctx, k, time.Hour+time.Duration(i)*time.Second)
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	return keys
}

// contents returns what is at the keys, by the commands of their types, and the deadlines.
func contents(t *testing.T, rdb redis.UniversalClient, keys []string) map[string][]any {
	t.Helper()
	all := make(map[string][]any)
	for _, key := range keys {
		ask := func(name string, more ...any) any {
			reply, err := rdb.Do(context.Background(), append([]any{name, key}, more...)...).Result()
			require.NoError(t, err, "%s %s", name, key)
			return reply
		}
		all[key] = []any{ask("TYPE"), ask("PEXPIRETIME")}
		switch all[key][0] {
		case "string":
			all[key] = append(all[key], ask("GET"))
		case "list":
			all[key] = append(all[key], ask("LRANGE", 0, -1))
		case "hash":
			all[key] = append(all[key], ask("HGETALL"))
		case "set":
			members := rdb.SMembers(context.Background(), key).Val()
			slices.Sort(members)
			all[key] = append(all[key], members)
		case "zset":
			all[key] = append(all[key], ask("ZRANGE", 0, -1, "WITHSCORES"))
		case "stream":
			full := rdb.XInfoStreamFull(context.Background(), key, 0).Val()
			full.RadixTreeKeys, full.RadixTreeNodes = 0, 0 // how it is kept, not what
			all[key] = append(all[key], full)
		default:
			require.Fail(t, "no such type", "%v", all[key])
		}
	}
	return all
}

// destinations runs a test of what moves from a store to an empty fake, redis-server and
// cluster.
func destinations(t *testing.T, test func(t *testing.T, s *store.Store, from, to redis.UniversalClient)) {
	t.Helper()
	everywhere(t, func(t *testing.T, to redis.UniversalClient) {
		s := store.New()
		defer s.Close()
		srv := resp.NewServer(s)
		defer srv.Close()
		from := embedded(srv)
		defer from.Close()
		test(t, s, from, to)
	})
}

func TestMove(t *testing.T) {
	destinations(t, func(t *testing.T, s *store.Store, from, to redis.UniversalClient) {
		keys := fill(t, from)
		want := contents(t, from, keys)
		sn := s.Snapshot()
		defer sn.Close()
		for range 2 { // what is there is fine
			n, err := move(context.Background(), sn, to)
			require.NoError(t, err)
			require.Equal(t, len(keys), n)
			got := contents(t, to, keys)
			for _, key := range keys {
				require.Equal(t, want[key], got[key], key)
			}
		}
		n, err := to.DBSize(context.Background()).Result()
		require.NoError(t, err)
		require.EqualValues(t, len(keys), n)
	})
}

// What is another value there, or the same with another deadline, stays as it is.
func TestMoveReplacesNothing(t *testing.T) {
	ctx := context.Background()
	for name, change := range map[string]func(to redis.UniversalClient) error{
		"value":        func(to redis.UniversalClient) error { return to.HSet(ctx, "k", "n", 2).Err() },
		"type":         func(to redis.UniversalClient) error { return to.Set(ctx, "k", 1, time.Hour).Err() },
		"deadline":     func(to redis.UniversalClient) error { return to.ExpireGT(ctx, "k", 2*time.Hour).Err() },
		"no deadline":  func(to redis.UniversalClient) error { return to.Persist(ctx, "k").Err() },
		"new deadline": func(to redis.UniversalClient) error { return to.Expire(ctx, "other", time.Hour).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			destinations(t, func(t *testing.T, s *store.Store, from, to redis.UniversalClient) {
				for _, key := range []string{"k", "other"} {
					require.NoError(t, from.HSet(ctx, key, "n", 1).Err())
				}
				require.NoError(t, from.Expire(ctx, "k", time.Hour).Err())
				sn := s.Snapshot()
				defer sn.Close()
				_, err := move(ctx, sn, to)
				require.NoError(t, err)
				require.NoError(t, change(to))
				want := contents(t, to, []string{"k", "other"})
				_, err = move(ctx, sn, to)
				require.ErrorIs(t, err, errOccupied)
				if name != "new deadline" {
					require.ErrorContains(t, err, `"k"`)
				}
				require.Equal(t, want, contents(t, to, []string{"k", "other"}))
			})
		})
	}
}

// Batches are complete, also the last.
func TestMoveMany(t *testing.T) {
	destinations(t, func(t *testing.T, s *store.Store, _, to redis.UniversalClient) {
		const keys = 3*moveBatch + 1
		for i := range keys {
			require.NoError(t, s.String(fmt.Sprint(i)).Set("value"))
		}
		sn := s.Snapshot()
		defer sn.Close()
		n, err := move(context.Background(), sn, to)
		require.NoError(t, err)
		require.Equal(t, keys, n)
		size, err := to.DBSize(context.Background()).Result()
		require.NoError(t, err)
		require.EqualValues(t, keys, size)
	})
}

// A key that expires on the way is not there, and is not missed.
func TestMoveExpired(t *testing.T) {
	inBubbles(t, func(t *testing.T, to redis.UniversalClient) {
		s := store.New()
		defer s.Close()
		require.NoError(t, s.String("short").SetEX("a", time.Second))
		require.NoError(t, s.String("long").SetEX("b", time.Second+time.Millisecond))
		sn := s.Snapshot()
		defer sn.Close()
		time.Sleep(time.Second)
		n, err := move(context.Background(), sn, to)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		keys, err := to.Keys(context.Background(), "*").Result()
		require.NoError(t, err)
		require.Equal(t, []string{"long"}, keys)
	})
}

// A key that somebody removes is missed, whether it has a deadline or not.
func TestMoveLost(t *testing.T) {
	for name, expiry := range map[string]time.Duration{"with a deadline": time.Hour, "without": store.NoTTL} {
		t.Run(name, func(t *testing.T) {
			inBubbles(t, func(t *testing.T, to redis.UniversalClient) {
				s := store.New()
				defer s.Close()
				require.NoError(t, s.String("k").Set("v"))
				if expiry != store.NoTTL {
					_, err := s.Expire("k", expiry)
					require.NoError(t, err)
				}
				sn := s.Snapshot()
				defer sn.Close()
				onEveryNode(to, &meanwhile{
					after: "restore", pipeline: true,
					do: func() { to.Del(context.Background(), "k") },
				})
				_, err := move(context.Background(), sn, to)
				require.EqualError(t, err, `"k": not the same there`)
				require.ErrorIs(t, err, errDiffers)
			})
		})
	}
}

// A move goes on where a connection was lost in the middle of it, or is done again where the
// server had no place for a while.
func TestMoveAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := context.Background(), redistest.Run(t)
		to := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}, Dialer: r.Dialer()})
		defer to.Close()
		s := store.New()
		defer s.Close()
		const keys = 3 * moveBatch
		deadline := time.Now().Add(time.Hour)
		for i := range keys {
			require.NoError(t, s.String(fmt.Sprint(i)).SetEX("value", time.Hour))
		}
		sn := s.Snapshot()
		defer sn.Close()

		lost := r.Fail(redistest.Fault{Command: "restore", Key: "42", Close: true, Late: true, Times: 1})
		full := r.Fail(redistest.Fault{Command: "restore", Key: "77", Error: "OOM command not allowed when used memory > 'maxmemory'."})
		_, err := move(ctx, sn, to)
		require.EqualError(t, err, `"77": OOM command not allowed when used memory > 'maxmemory'.`)
		full.Remove()
		n, err := move(ctx, sn, to)
		require.NoError(t, err)
		require.Equal(t, keys, n)
		require.Equal(t, 1, lost.Fired())
		want := make(redistest.Data)
		for i := range keys { // time has passed before go-redis tried again
			want[fmt.Sprint(i)] = redistest.Expires("value", time.Until(deadline))
		}
		r.Equal(t, want)
	})
}

// What a Redis does not take is an error that names the key: the fields of a hash have
// deadlines since 7.4.
func TestMoveRefused(t *testing.T) {
	destinations(t, func(t *testing.T, s *store.Store, from, to redis.UniversalClient) {
		ctx := context.Background()
		require.NoError(t, from.HSet(ctx, "h", "a", 1, "b", 2).Err())
		require.NoError(t, from.HExpire(ctx, "h", time.Hour, "a").Err())
		sn := s.Snapshot()
		defer sn.Close()
		_, err := move(ctx, sn, to)
		if strings.Contains(t.Name(), "fake") {
			require.NoError(t, err)
			require.Equal(t, from.HPExpireTime(ctx, "h", "a", "b").Val(), to.HPExpireTime(ctx, "h", "a", "b").Val())
			return
		}
		require.EqualError(t, err, `"h": ERR DUMP payload version or checksum are wrong: it needs a newer server`)
	})
}

// What Redis 7.0 had no place for in a stream is an error, wherever it should move.
func TestMoveStreams(t *testing.T) {
	for want, change := range map[string]func(s store.Stream, id store.StreamID) error{
		`"s": ` + errDiffers.Error(): func(s store.Stream, _ store.StreamID) error {
			return s.CfgSet(store.StreamConfig{IDMPDuration: time.Minute, IDMPMaxSize: 10})
		},
		`"s": ` + store.ErrNotDumpable.Error(): func(s store.Stream, id store.StreamID) error {
			_, err := s.Group("g").Nack(store.NackSilent, id)
			return err
		},
	} {
		t.Run(want, func(t *testing.T) {
			inBubbles(t, func(t *testing.T, to redis.UniversalClient) {
				s := store.New()
				defer s.Close()
				stream := s.Stream("s")
				id, err := stream.Add("f", "v")
				require.NoError(t, err)
				require.NoError(t, stream.Group("g").Create(store.ReadPos{}))
				_, err = stream.Group("g").Read("one", store.GroupReadOptions{})
				require.NoError(t, err)
				require.NoError(t, change(stream, id))
				sn := s.Snapshot()
				defer sn.Close()
				_, err = move(context.Background(), sn, to)
				require.ErrorContains(t, err, want)
			})
		})
	}
}

func TestMoveDatabases(t *testing.T) {
	inBubbles(t, func(t *testing.T, to redis.UniversalClient) {
		s := store.New()
		defer s.Close()
		require.NoError(t, s.DB(3).String("k").Set("v"))
		sn := s.Snapshot()
		defer sn.Close()
		_, err := move(context.Background(), sn, to)
		require.EqualError(t, err, "database 3 is not empty, and a cluster has only database 0")
		require.NoError(t, sn.Close())
		_, err = move(context.Background(), sn, to)
		require.ErrorIs(t, err, store.ErrClosed)
	})
}

func TestMoveCancelled(t *testing.T) {
	inBubbles(t, func(t *testing.T, to redis.UniversalClient) {
		s := store.New()
		defer s.Close()
		require.NoError(t, s.String("k").Set("v"))
		sn := s.Snapshot()
		defer sn.Close()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := move(ctx, sn, to)
		require.ErrorIs(t, err, context.Canceled)
	})
}
