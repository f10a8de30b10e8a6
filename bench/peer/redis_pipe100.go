package peer

import "time"

func init() {
	add(Peer{Name: "redis-pipe100", Kind: Server, Server: true, Module: "github.com/redis/go-redis/v9", About: "as `redis`, but 100 commands a round trip"},
		func(c Config) *session { return dial(c).session() })
}

func (s *session) Worker() Worker { return s.session() }

func (s *session) Get(key string) (string, bool) { return s.later(s.pipe.Get(ctx, key), s.value) }
func (s *session) Set(key, value string)         { s.SetTTL(key, value, 0) }
func (s *session) Incr(key string) int64         { return int64(s.count(s.pipe.Incr(ctx, key), 1)) }
func (s *session) SetTTL(key, value string, ttl time.Duration) {
	s.queue(s.pipe.Set(ctx, key, value, ttl), 0)
}

func (s *session) HSet(key, field, value string) { s.queue(s.pipe.HSet(ctx, key, field, value), 0) }
func (s *session) HGet(key, field string) (string, bool) {
	return s.later(s.pipe.HGet(ctx, key, field), s.value)
}

func (s *session) RPush(key, value string)        { s.queue(s.pipe.RPush(ctx, key, value), 1) }
func (s *session) LPop(key string) (string, bool) { return s.later(s.pipe.LPop(ctx, key), 0) }
func (s *session) LIndex(key string, i int) (string, bool) {
	return s.later(s.pipe.LIndex(ctx, key, int64(i)), 0)
}

func (s *session) LRange(key string, from, to int) int {
	return s.count(s.pipe.LRange(ctx, key, int64(from), int64(to)), to-from+1)
}

func (s *session) LInsert(key, before, value string) {
	s.queue(s.pipe.LInsertBefore(ctx, key, before, value), 1)
}

func (s *session) SAdd(key, member string) { s.queue(s.pipe.SAdd(ctx, key, member), 0) }
func (s *session) SInter(a, b string) int  { return s.count(s.pipe.SInter(ctx, a, b), 1) }
func (s *session) SIsMember(key, member string) bool {
	s.queue(s.pipe.SIsMember(ctx, key, member), 1)
	return true
}

func (s *session) ZAdd(key, member string, score float64) {
	s.queue(zadd(s.pipe, key, member, score), 0)
}

func (s *session) ZScore(key, member string) (float64, bool) {
	s.queue(s.pipe.ZScore(ctx, key, member), 0)
	return 1, true
}

func (s *session) ZRank(key, member string) (int, bool) {
	return s.count(s.pipe.ZRank(ctx, key, member), 0), true
}

func (s *session) ZRange(key string, from float64, n int) int {
	return s.count(zrange(s.pipe, key, from, n), n)
}
