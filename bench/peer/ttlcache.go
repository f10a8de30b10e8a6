package peer

import (
	"runtime"
	"time"

	"github.com/jellydator/ttlcache/v3"
)

func init() {
	add(Peer{Name: "ttlcache", Kind: Cache, Module: "github.com/jellydator/ttlcache/v3", About: "`WithTTL` and `Start`, if there is a TTL; `WithDisableTouchOnHit`"}, newTTLCache)
}

type ttlCache struct {
	c       *ttlcache.Cache[string, string]
	stopped chan struct{}
}

func newTTLCache(c Config) ttlCache {
	t := ttlCache{stopped: make(chan struct{})}
	t.c = ttlcache.New(ttlcache.WithTTL[string, string](c.TTL), ttlcache.WithDisableTouchOnHit[string, string]())
	if c.TTL == 0 {
		close(t.stopped)
		return t
	}
	go func() { defer close(t.stopped); t.c.Start() }()
	return t
}

func (t ttlCache) Get(key string) (string, bool) {
	item := t.c.Get(key)
	if item == nil {
		return "", false
	}
	return item.Value(), true
}

func (t ttlCache) Set(key, value string)                       { t.c.Set(key, value, ttlcache.DefaultTTL) }
func (t ttlCache) SetTTL(key, value string, ttl time.Duration) { t.c.Set(key, value, ttl) }

// Left counts what was not removed yet, which Len does not.
func (t ttlCache) Left() int {
	m := t.c.Metrics()
	return int(m.Insertions - m.Evictions)
}

// Close tries until it is heard: Stop does nothing before Start has begun.
func (t ttlCache) Close() {
	for {
		t.c.Stop()
		select {
		case <-t.stopped:
			return
		default:
			runtime.Gosched()
		}
	}
}
