package peer

import (
	"time"

	"github.com/maypok86/otter/v2"
)

func init() {
	add(Peer{Name: "otter", Kind: Cache, Module: "github.com/maypok86/otter/v2", About: "`MaximumSize` of twice the keys; `ExpiryWriting` of the TTL, if there is one, and `SetExpiresAfter` for others"}, newOtter)
}

type otterCache struct {
	c   *otter.Cache[string, string]
	ttl time.Duration
}

func newOtter(c Config) otterCache {
	o := otter.Options[string, string]{MaximumSize: 2 * max(c.Keys, 1)}
	if c.TTL > 0 {
		o.ExpiryCalculator = otter.ExpiryWriting[string, string](c.TTL)
	}
	return otterCache{otter.Must(&o), c.TTL}
}

func (o otterCache) Get(key string) (string, bool) { return o.c.GetIfPresent(key) }
func (o otterCache) Set(key, value string)         { o.c.Set(key, value) }
func (o otterCache) Left() int                     { return o.c.EstimatedSize() }
func (o otterCache) Close()                        { o.c.StopAllGoroutines() }

func (o otterCache) SetTTL(key, value string, ttl time.Duration) {
	o.c.Set(key, value)
	if ttl != o.ttl {
		o.c.SetExpiresAfter(key, ttl)
	}
}

func (o otterCache) Incr(key string) (n int64) {
	o.c.Compute(key, func(text string, found bool) (string, otter.ComputeOp) {
		n, text = next(text, found)
		return text, otter.WriteOp
	})
	return n
}
