package peer

import (
	"strings"

	"github.com/redis/go-redis/v9"
)

func zadd(c redis.Cmdable, key, member string, score float64) *redis.IntCmd {
	return c.ZAdd(ctx, key, redis.Z{Member: member, Score: score})
}

func zrange(c redis.Cmdable, key string, from float64, n int) *redis.ZSliceCmd {
	return c.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
		Key: key, Start: from, Stop: "+inf", ByScore: true, Count: int64(n),
	})
}

type result[T any] interface{ Result() (T, error) }

func answer[T any](r result[T]) T { return must1(r.Result()) }

func reply[T any](r result[T]) (T, bool) {
	value, err := r.Result()
	return found(value, err, redis.Nil)
}

// right says whether an answer is as large as wanted; such a string must end in its
// key, or field.
func right(cmd redis.Cmder, want int) bool {
	if cmd.Err() != nil {
		return false
	}
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		v := cmd.Val()
		return want == 0 || len(v) == want && strings.HasSuffix(v, cmd.Args()[len(cmd.Args())-1].(string))
	case *redis.StringSliceCmd:
		return len(cmd.Val()) >= want
	case *redis.ZSliceCmd:
		return len(cmd.Val()) >= want
	case *redis.XMessageSliceCmd:
		return len(cmd.Val()) >= want
	case *redis.IntCmd:
		return cmd.Val() >= int64(want)
	case *redis.BoolCmd:
		return cmd.Val()
	}
	return true
}
