package peer

import (
	"time"

	"github.com/patrickmn/go-cache"
)

func init() {
	add(Peer{Name: "go-cache", Kind: Cache, Module: "github.com/patrickmn/go-cache", About: "swept every second if there is a TTL"}, newGoCache)
}

type goCache struct{ c *cache.Cache }

func newGoCache(c Config) *goCache {
	if c.TTL == 0 {
		return &goCache{cache.New(cache.NoExpiration, 0)}
	}
	return &goCache{cache.New(c.TTL, time.Second)}
}

func (g *goCache) Get(key string) (string, bool) {
	value, found := g.c.Get(key)
	if !found {
		return "", false
	}
	return value.(string), true
}

func (g *goCache) Set(key, value string)                       { g.c.SetDefault(key, value) }
func (g *goCache) SetTTL(key, value string, ttl time.Duration) { g.c.Set(key, value, ttl) }
func (g *goCache) Left() int                                   { return g.c.ItemCount() }

// Close lets go of the cache: a finalizer is all that stops its sweeper.
func (g *goCache) Close() { g.c = nil }
