package peer

import (
	"strconv"

	"github.com/redis/go-redis/v9"
)

func xadd(c redis.Cmdable, key string, ms int, sensor, temp string) *redis.StringCmd {
	return c.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: idText(ms), Values: reading(sensor, temp)})
}

func xrange(c redis.Cmdable, key string, ms, n int) *redis.XMessageSliceCmd {
	return c.XRangeN(ctx, key, strconv.Itoa(ms), "+", int64(n))
}

func (r direct) XAdd(key string, ms int, sensor, temp string) {
	must(xadd(r.c, key, ms, sensor, temp).Err())
}

func (r direct) XRange(key string, ms, n int) int { return len(answer(xrange(r.c, key, ms, n))) }

func (r direct) XGroupCreate(key, group string) {
	must(r.c.XGroupCreate(ctx, key, group, "0").Err())
}

func (r direct) XReadGroup(key, group string) bool {
	streams, found := reply(r.c.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: "worker", Streams: []string{key, ">"}, Count: 1, Block: -1,
	}))
	if !found {
		return false
	}
	one(int(answer(r.c.XAck(ctx, key, group, streams[0].Messages[0].ID))))
	return true
}

func (s *session) XAdd(key string, ms int, sensor, temp string) {
	s.queue(xadd(s.pipe, key, ms, sensor, temp), 0)
}

func (s *session) XRange(key string, ms, n int) int {
	return s.count(xrange(s.pipe, key, ms, n), n)
}
