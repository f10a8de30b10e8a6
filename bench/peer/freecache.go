package peer

import (
	"time"

	"github.com/coocood/freecache"
)

func init() {
	add(Peer{Name: "freecache", Kind: Cache, Lossy: true, Module: "github.com/coocood/freecache", About: "sized for the keys and a quarter more, as it can't grow; TTLs of whole seconds; the garbage collector is left as it is"}, newFreeCache)
}

type freeCache struct{ c *freecache.Cache }

func newFreeCache(c Config) freeCache {
	entry := 24 + 16 + max(c.Value, 1)                          // header, key, value
	size := c.Keys * entry * 5 / 4                              // segments fill unevenly
	return freeCache{freecache.NewCache(max(size, 4096*entry))} // it refuses entries of 1/1024 of it
}

func (f freeCache) Get(key string) (string, bool) {
	value, err := f.c.Get(raw(key))
	value, found := found(value, err, freecache.ErrNotFound)
	return text(value), found
}

func (f freeCache) Set(key, value string) { must(f.c.Set(raw(key), raw(value), 0)) }
func (f freeCache) Close()                {}

// SetTTL rounds up: 0 seconds would be for ever.
func (f freeCache) SetTTL(key, value string, ttl time.Duration) {
	must(f.c.Set(raw(key), raw(value), int((ttl+time.Second-1)/time.Second)))
}

func (f freeCache) Incr(key string) (n int64) {
	_, _, err := f.c.Update(raw(key), func(value []byte, found bool) ([]byte, bool, int) {
		var digits string
		n, digits = next(text(value), found)
		return raw(digits), true, 0
	})
	must(err)
	return n
}
