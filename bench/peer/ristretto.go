package peer

import (
	"time"

	"github.com/dgraph-io/ristretto/v2"
)

func init() {
	add(Peer{Name: "ristretto", Kind: Cache, Lossy: true, Module: "github.com/dgraph-io/ristretto/v2", About: "`MaxCost` of twice the keys at 1 each, 10 counters for each key, `BufferItems` 64; drops a new key while its buffer is full, so filling it waits now and then; expires in steps of 5 s"}, newRistretto)
}

type ristrettoCache struct {
	c *ristretto.Cache[string, string]
}

func newRistretto(c Config) ristrettoCache {
	keys := int64(max(c.Keys, 1))
	return ristrettoCache{must1(ristretto.NewCache(&ristretto.Config[string, string]{
		NumCounters:        10 * keys,
		MaxCost:            2 * keys,
		BufferItems:        64,
		IgnoreInternalCost: true, // the cost is a number of keys, not of bytes
	}))}
}

func (r ristrettoCache) Get(key string) (string, bool) { return r.c.Get(key) }
func (r ristrettoCache) Set(key, value string)         { r.c.Set(key, value, 1) }
func (r ristrettoCache) Settle()                       { r.c.Wait() }
func (r ristrettoCache) Left() int                     { return int(r.c.MaxCost() - r.c.RemainingCost()) }
func (r ristrettoCache) Close()                        { r.c.Close() }

func (r ristrettoCache) Filler() Worker { return &ristrettoFiller{ristrettoCache: r} }

// ristrettoFiller waits before the buffer is full, lest keys are dropped.
type ristrettoFiller struct {
	ristrettoCache
	n int
}

func (r *ristrettoFiller) Flush()                { r.Settle() }
func (r *ristrettoFiller) Set(key, value string) { r.SetTTL(key, value, 0) }

func (r *ristrettoFiller) SetTTL(key, value string, ttl time.Duration) {
	if r.n++; r.n%1000 == 0 {
		r.Settle()
	}
	r.ristrettoCache.SetTTL(key, value, ttl)
}

func (r ristrettoCache) SetTTL(key, value string, ttl time.Duration) {
	r.c.SetWithTTL(key, value, 1, ttl)
}
