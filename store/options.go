package store

import "math/bits"

// Option sets something of a new store. Every option takes every argument:
// what makes no sense is brought to the nearest thing that does.
type Option func(*options)

type options struct {
	shardBits         int
	clock             clock
	tracking          Tracking
	notify            Notify
	leafMax, chunkMax int // tests make tables tiny
	packedItems       int // and packed values
}

const (
	defaultShardBits = 8
	maxShardBits     = 12
)

// WithShards sets how many shards the keyspace has, each with a lock of its
// own: n is rounded up to a power of two between 1 and 4096. The default is 256.
// Each costs about 200 bytes; many cores that write want many.
func WithShards(n int) Option {
	return func(o *options) {
		o.shardBits = min(bits.Len(uint(max(n, 1)-1)), maxShardBits)
	}
}

// WithClock makes the store live by c instead of the time package. A nil c
// changes nothing.
func WithClock(c *ManualClock) Option {
	return func(o *options) {
		if c != nil {
			o.clock = c
		}
	}
}

// Tracking says what a store remembers of the accesses to its keys.
type Tracking uint8

// What can be tracked. Redis tracks one or the other by its maxmemory-policy.
const (
	NoTracking     Tracking = iota // nothing: reads write nowhere
	TrackIdleTime                  // when a key was last used: DB.ObjectIdleTime
	TrackFrequency                 // how often a key is used: DB.ObjectFreq
)

// WithTracking makes the store remember the accesses to its keys, at 4 bytes
// and one clock reading an access. The default is NoTracking; a number that is none
// of the three changes nothing.
func WithTracking(t Tracking) Option {
	return func(o *options) {
		if t <= TrackFrequency {
			o.tracking = t
		}
	}
}
