package conformance

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"github.com/valkey-io/valkey-go"

	"github.com/alcovedb/alcove/store"
)

// A cachingClient is a client that keeps what it has read, whatever its library is.
type cachingClient struct {
	get   func(ctx context.Context, key string) (value string, hit bool, err error)
	gets  func(ctx context.Context, keys ...string) (hits int, err error)
	do    func(ctx context.Context, words ...string) error
	close func()
}

type cachingDial func(ctx context.Context, address string) (net.Conn, error)

// cachingClients make clients as they come by default, or in broadcast mode.
var cachingClients = map[string]func(t testing.TB, dial cachingDial, tracking ...string) cachingClient{
	"rueidis":   newRueidisCache,
	"valkey-go": newValkeyCache,
}

const cachingTTL = time.Minute

func newRueidisCache(t testing.TB, dial cachingDial, tracking ...string) cachingClient {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:           []string{"localhost:6379"},
		ClientTrackingOptions: tracking,
		DialCtxFn: func(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, address)
		},
	})
	require.NoError(t, err)
	return cachingClient{
		get: func(ctx context.Context, key string) (string, bool, error) {
			r := c.DoCache(ctx, c.B().Get().Key(key).Cache(), cachingTTL)
			value, err := r.ToString()
			if rueidis.IsRedisNil(err) {
				value, err = cachedNone, nil
			}
			return value, r.IsCacheHit(), err
		},
		gets: func(ctx context.Context, keys ...string) (hits int, err error) {
			var list []rueidis.CacheableTTL
			for _, key := range keys {
				list = append(list, rueidis.CT(c.B().Get().Key(key).Cache(), cachingTTL))
			}
			for _, r := range c.DoMultiCache(ctx, list...) {
				if r.IsCacheHit() {
					hits++
				}
				if _, err := r.ToString(); err != nil && !rueidis.IsRedisNil(err) {
					return hits, err
				}
			}
			return hits, nil
		},
		do: func(ctx context.Context, words ...string) error {
			if len(words) == 1 {
				return c.Do(ctx, c.B().Arbitrary(words...).Build()).Error()
			}
			return c.Do(ctx, c.B().Arbitrary(words[0]).Keys(words[1]).Args(words[2:]...).Build()).Error()
		},
		close: c.Close,
	}
}

func newValkeyCache(t testing.TB, dial cachingDial, tracking ...string) cachingClient {
	c, err := valkey.NewClient(valkey.ClientOption{
		InitAddress:           []string{"localhost:6379"},
		ClientTrackingOptions: tracking,
		DialCtxFn: func(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, address)
		},
	})
	require.NoError(t, err)
	return cachingClient{
		get: func(ctx context.Context, key string) (string, bool, error) {
			r := c.DoCache(ctx, c.B().Get().Key(key).Cache(), cachingTTL)
			value, err := r.ToString()
			if valkey.IsValkeyNil(err) {
				value, err = cachedNone, nil
			}
			return value, r.IsCacheHit(), err
		},
		gets: func(ctx context.Context, keys ...string) (hits int, err error) {
			var list []valkey.CacheableTTL
			for _, key := range keys {
				list = append(list, valkey.CT(c.B().Get().Key(key).Cache(), cachingTTL))
			}
			for _, r := range c.DoMultiCache(ctx, list...) {
				if r.IsCacheHit() {
					hits++
				}
				if _, err := r.ToString(); err != nil && !valkey.IsValkeyNil(err) {
					return hits, err
				}
			}
			return hits, nil
		},
		do: func(ctx context.Context, words ...string) error {
			if len(words) == 1 {
				return c.Do(ctx, c.B().Arbitrary(words...).Build()).Error()
			}
			return c.Do(ctx, c.B().Arbitrary(words[0]).Keys(words[1]).Args(words[2:]...).Build()).Error()
		},
		close: c.Close,
	}
}

const cachedNone = "(none)"

// beside is who reads and writes the keys without a cache: a typed caller, or a client of the
// redis-server.
type beside struct {
	on  side
	get func(key string) string
	set func(key, value string)
}

func besideOf(t *testing.T, on side) beside {
	if on.srv != nil {
		db := on.srv.Commands().Store()
		return beside{
			on: on,
			get: func(key string) string {
				value, err := db.String(key).Get()
				if err == store.ErrNotFound {
					value, err = cachedNone, nil
				}
				require.NoError(t, err)
				return value
			},
			set: func(key, value string) {
				require.NoError(t, db.Update(func(tx *store.Tx) error { return tx.String(key).Set(value) }))
			},
		}
	}
	return beside{
		on: on,
		get: func(key string) string {
			if on.raw(t, "EXISTS", key) == ":0" {
				return cachedNone
			}
			return strings.TrimPrefix(on.raw(t, "EVAL", "return {ok=redis.call('GET',KEYS[1])}", "1", key), "+")
		},
		set: func(key, value string) { require.Equal(t, "+OK", on.raw(t, "SET", key, value)) },
	}
}

// withCaching runs a scenario with each library.
func withCaching(t *testing.T, scenario func(t *testing.T, s beside, connect func(tracking ...string) cachingClient)) {
	for name, connect := range cachingClients {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, on side) {
				var open []cachingClient
				scenario(t, besideOf(t, on), func(tracking ...string) cachingClient {
					c := connect(t, func(ctx context.Context, address string) (net.Conn, error) {
						return on.dial(ctx, "tcp", address)
					}, tracking...)
					open = append(open, c)
					return c
				})
				for _, c := range open {
					c.close()
				}
			})
		})
	}
}

// TestClientSideCache counts the hits of clients, as others change what they have read.
func TestClientSideCache(t *testing.T) {
	modes := map[string][]string{"default": nil, "broadcast": {"PREFIX", "k", "BCAST"}, "optout": {"OPTOUT"}}
	for mode, tracking := range modes {
		t.Run(mode, func(t *testing.T) {
			withCaching(t, func(t *testing.T, s beside, connect func(tracking ...string) cachingClient) {
				ctx := t.Context()
				a, b := connect(tracking...), connect(tracking...)
				// A client hears of changes on another connection than that of the next command.
				getKey := func(key, want string, wantHit bool) {
					t.Helper()
					for began := time.Now(); ; time.Sleep(time.Millisecond) {
						value, hit, err := a.get(ctx, key)
						require.NoError(t, err)
						if value == want && hit == wantHit {
							return
						}
						require.True(t, hit && !wantHit && time.Since(began) < 5*time.Second, "%s %v, want %s %v", value, hit, want, wantHit)
					}
				}
				get := func(want string, wantHit bool) { t.Helper(); getKey("k", want, wantHit) }
				get(cachedNone, false)
				get(cachedNone, true)
				s.set("k", "1")
				get("1", false)
				get("1", true)
				require.NoError(t, b.do(ctx, "SET", "k", "2"))
				get("2", false)
				get("2", true)
				require.NoError(t, a.do(ctx, "SET", "k", "3"))
				get("3", false)
				require.NoError(t, b.do(ctx, "SET", "k2", "x"))
				get("3", true)
				require.NoError(t, b.do(ctx, "FLUSHALL"))
				get(cachedNone, false)
				s.set("k", "4")
				get("4", false)
				require.NoError(t, b.do(ctx, "PEXPIRE", "k", "30000"))
				get("4", false)
				get("4", true)
				if s.on.bubble {
					time.Sleep(30 * time.Second)
				} else {
					require.NoError(t, b.do(ctx, "PEXPIRE", "k", "1"))
					eventually(t, func() bool { return s.get("k") == cachedNone })
				}
				get(cachedNone, false)

				hits, err := a.gets(ctx, "k", "k1", "k2", "k3")
				require.NoError(t, err)
				require.LessOrEqual(t, hits, 1) // k was removed when it was read, or is now
				require.NoError(t, b.do(ctx, "MSET", "k1", "1", "k3", "1"))
				getKey("k1", "1", false)
				getKey("k3", "1", false)
				hits, err = a.gets(ctx, "k", "k1", "k2", "k3")
				require.NoError(t, err)
				require.GreaterOrEqual(t, hits, 3)
			})
		})
	}
}

// TestClientSideCacheIsNeverStale has many goroutines read through caches, and others write.
func TestClientSideCacheIsNeverStale(t *testing.T) {
	withCaching(t, func(t *testing.T, s beside, connect func(tracking ...string) cachingClient) {
		ctx := t.Context()
		clients := []cachingClient{connect(), connect(), connect("BCAST")}
		key := func(r *rand.Rand) string { return fmt.Sprint("k", r.IntN(6)) }
		var hits atomic.Int64
		for round := range 8 {
			var all sync.WaitGroup
			for i := range 6 {
				r := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				all.Go(func() {
					for range 150 {
						_, hit, err := clients[i%len(clients)].get(ctx, key(r))
						require.NoError(t, err)
						if hit {
							hits.Add(1)
						}
					}
				})
			}
			for i := range 2 {
				r := rand.New(rand.NewPCG(uint64(round), uint64(100+i)))
				all.Go(func() {
					for range 60 {
						k, v := key(r), fmt.Sprint(r.Uint32())
						if i == 0 {
							s.set(k, v)
						} else {
							require.NoError(t, clients[r.IntN(len(clients))].do(ctx, "SET", k, v))
						}
						time.Sleep(10 * time.Microsecond)
					}
				})
			}
			all.Wait()
			for _, c := range clients {
				for i := range 6 {
					k := fmt.Sprint("k", i)
					want := s.get(k)
					for began := time.Now(); ; time.Sleep(time.Millisecond) {
						got, hit, err := c.get(ctx, k)
						require.NoError(t, err)
						if got == want {
							break
						}
						require.True(t, hit && time.Since(began) < 5*time.Second, "%s, want %s", got, want)
					}
				}
			}
		}
		require.Positive(t, hits.Load())
	})
}
