package peer

// shardedNested is the part of sharded whose values are maps.
type shardedNested struct {
	own    func(string) string // of each string that is kept
	hashes shards[map[string]string]
	sets   shards[map[string]struct{}]
	scores shards[map[string]float64]
}

func load[V any](s *shards[map[string]V], key, field string) (V, bool) {
	shard := s.of(key)
	shard.RLock()
	defer shard.RUnlock()
	value, found := shard.m[key][field]
	return value, found
}

func save[V any](s *shards[map[string]V], own func(string) string, key, field string, value V) {
	field = own(field)
	shard := s.of(key)
	shard.Lock()
	defer shard.Unlock()
	shard.at(key, own, func() map[string]V { return make(map[string]V) })[field] = value
}

func (s *shardedNested) HGet(key, field string) (string, bool) { return load(&s.hashes, key, field) }

func (s *shardedNested) HSet(key, field, value string) {
	save(&s.hashes, s.own, key, field, s.own(value))
}

func (s *shardedNested) SAdd(key, member string) { save(&s.sets, s.own, key, member, struct{}{}) }

func (s *shardedNested) SIsMember(key, member string) bool { return second(load(&s.sets, key, member)) }

// SInter locks in the order of the shards, and a shard once, lest it deadlocks.
func (s *shardedNested) SInter(a, b string) int {
	i, j := index(a), index(b)
	s.sets[min(i, j)].RLock()
	defer s.sets[min(i, j)].RUnlock()
	if i != j {
		s.sets[max(i, j)].RLock()
		defer s.sets[max(i, j)].RUnlock()
	}
	return len(inter(s.sets[i].m[a], s.sets[j].m[b]))
}

func (s *shardedNested) ZAdd(key, member string, score float64) {
	save(&s.scores, s.own, key, member, score)
}

func (s *shardedNested) ZScore(key, member string) (float64, bool) {
	return load(&s.scores, key, member)
}
