package peer

import (
	"hash/maphash"
	"sync"
)

// shards is a map behind 256 locks.
type shards[V any] [256]shard[V]

type shard[V any] struct {
	sync.RWMutex
	m map[string]V
	_ [32]byte // a cache line of its own
}

var seed = maphash.MakeSeed()

func index(key string) int { return int(maphash.String(seed, key) >> 56) }

func (s *shards[V]) of(key string) *shard[V] { return &s[index(key)] }

// at returns the value of key, a new one if there is none. The shard is locked.
func (s *shard[V]) at(key string, own func(string) string, create func() V) V {
	value, found := s.m[key]
	if !found {
		if s.m == nil {
			s.m = make(map[string]V)
		}
		value = create()
		s.m[own(key)] = value
	}
	return value
}
