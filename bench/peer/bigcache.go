package peer

import (
	"context"
	"math"
	"time"

	"github.com/allegro/bigcache/v3"
)

func init() {
	add(Peer{Name: "bigcache", Kind: Cache, Module: "github.com/allegro/bigcache/v3", About: "`DefaultConfig` with room for the keys and an eighth more; one TTL for all, swept every second; what is overwritten takes room until its TTL"}, newBigCache)
}

type bigCache struct{ c *bigcache.BigCache }

func newBigCache(c Config) bigCache {
	config := bigcache.DefaultConfig(c.TTL)
	if c.TTL == 0 {
		config.LifeWindow, config.CleanWindow = math.MaxInt64, 0
	}
	config.MaxEntriesInWindow = c.Keys + c.Keys/8  // shards fill unevenly
	config.MaxEntrySize = 8 + 8 + 2 + 16 + c.Value // time, hash, length of the key, key
	config.Verbose = false
	return bigCache{must1(bigcache.New(context.Background(), config))}
}

func (b bigCache) Get(key string) (string, bool) {
	value, err := b.c.Get(key)
	value, found := found(value, err, bigcache.ErrEntryNotFound)
	return text(value), found
}

func (b bigCache) Set(key, value string)                     { must(b.c.Set(key, raw(value))) }
func (b bigCache) SetTTL(key, value string, _ time.Duration) { b.Set(key, value) }
func (b bigCache) Close()                                    { must(b.c.Close()) }
