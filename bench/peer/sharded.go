package peer

import "time"

func init() {
	add(Peer{Name: "sharded", Kind: Map, About: "256 shards of `sync.RWMutex` and map, keeps the strings it is given"},
		func(Config) *sharded { return newSharded(func(s string) string { return s }) })
}

// sharded is what many programs write for themselves. A deadline hides a key, no more.
type sharded struct {
	strings shards[*entry]
	shardedNested
}

type entry struct {
	value    string
	deadline int64 // in nanoseconds, 0 if there is none
}

func newSharded(own func(string) string) *sharded {
	return &sharded{shardedNested: shardedNested{own: own}}
}

func (*sharded) Close() {}
func newEntry() *entry  { return &entry{value: "0"} }

func (s *sharded) Get(key string) (string, bool) {
	shard := s.strings.of(key)
	shard.RLock()
	defer shard.RUnlock()
	e := shard.m[key]
	if e == nil || e.deadline != 0 && e.deadline <= time.Now().UnixNano() {
		return "", false
	}
	return e.value, true
}

func (s *sharded) Set(key, value string) { s.set(key, value, 0) }

func (s *sharded) SetTTL(key, value string, ttl time.Duration) {
	s.set(key, value, time.Now().Add(ttl).UnixNano())
}

func (s *sharded) set(key, value string, deadline int64) {
	value = s.own(value)
	shard := s.strings.of(key)
	shard.Lock()
	defer shard.Unlock()
	*shard.at(key, s.own, newEntry) = entry{value, deadline}
}

func (s *sharded) Incr(key string) (n int64) {
	shard := s.strings.of(key)
	shard.Lock()
	defer shard.Unlock()
	e := shard.at(key, s.own, newEntry)
	n, e.value = next(e.value, true)
	return n
}
