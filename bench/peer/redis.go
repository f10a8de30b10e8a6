package peer

import "time"

func init() {
	add(Peer{Name: "redis", Kind: Server, Server: true, Module: "github.com/redis/go-redis/v9", About: "go-redis on a Unix socket, one command a round trip"},
		func(c Config) direct { return direct{dial(c)} })
}

type direct struct{ redisServer }

func (r direct) Get(key string) (string, bool) { return reply(r.c.Get(ctx, key)) }
func (r direct) Set(key, value string)         { r.SetTTL(key, value, 0) }
func (r direct) Incr(key string) int64         { return answer(r.c.Incr(ctx, key)) }
func (r direct) SetTTL(key, value string, ttl time.Duration) {
	must(r.c.Set(ctx, key, value, ttl).Err())
}

func (r direct) HSet(key, field, value string)         { must(r.c.HSet(ctx, key, field, value).Err()) }
func (r direct) HGet(key, field string) (string, bool) { return reply(r.c.HGet(ctx, key, field)) }

func (r direct) RPush(key, value string)        { must(r.c.RPush(ctx, key, value).Err()) }
func (r direct) LPop(key string) (string, bool) { return reply(r.c.LPop(ctx, key)) }
func (r direct) LIndex(key string, i int) (string, bool) {
	return reply(r.c.LIndex(ctx, key, int64(i)))
}

func (r direct) LRange(key string, from, to int) int {
	return len(answer(r.c.LRange(ctx, key, int64(from), int64(to))))
}

func (r direct) LInsert(key, before, value string) {
	must(r.c.LInsertBefore(ctx, key, before, value).Err())
}

func (r direct) SAdd(key, member string)           { must(r.c.SAdd(ctx, key, member).Err()) }
func (r direct) SIsMember(key, member string) bool { return answer(r.c.SIsMember(ctx, key, member)) }
func (r direct) SInter(a, b string) int            { return len(answer(r.c.SInter(ctx, a, b))) }

func (r direct) ZAdd(key, member string, score float64) { must(zadd(r.c, key, member, score).Err()) }

func (r direct) ZScore(key, member string) (float64, bool) {
	return reply(r.c.ZScore(ctx, key, member))
}

func (r direct) ZRank(key, member string) (int, bool) {
	rank, found := reply(r.c.ZRank(ctx, key, member))
	return int(rank), found
}

func (r direct) ZRange(key string, from float64, n int) int {
	return len(answer(zrange(r.c, key, from, n)))
}
