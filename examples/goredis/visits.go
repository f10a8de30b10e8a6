package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	group  = "counters"
	batch  = 100                // visits that a counter takes at a time
	idle   = time.Minute        // then one that has not counted them is taken for dead
	dayTTL = 8 * 24 * time.Hour // after a day's last visit
)

// Visits is a queue of visits and what they add up to, day by day. A step here is about
// several keys, so that they must be in one slot of a cluster: all begin with the tag.
type visits struct {
	rdb redis.UniversalClient
	tag string // in braces
}

func (v visits) queueKey() string         { return v.tag + ":queue" }                     // Stream: code, day
func (v visits) dayKey(day string) string { return v.tag + ":day:" + day }                // ZSet: codes by visits
func (v visits) topKey(days int) string   { return v.tag + ":top:" + strconv.Itoa(days) } // ZSet, too

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// init makes the queue.
func (v visits) init(ctx context.Context) error {
	err := v.rdb.XGroupCreateMkStream(ctx, v.queueKey(), group, "0").Err()
	if redis.HasErrorPrefix(err, "BUSYGROUP") { // it is there
		return nil
	}
	return err
}

// add puts a visit into the queue.
func (v visits) add(ctx context.Context, code string) error {
	return v.rdb.XAdd(ctx, &redis.XAddArgs{
		Stream: v.queueKey(),
		Values: []any{"code", code, "day", dayOf(time.Now())},
	}).Err()
}

// count has one of the counters count some of the visits in the queue, and returns how many.
// If there are none it waits for the first, but not longer than wait. Counting them and taking
// them out of the queue is one step, so that what a counter had taken when it died is counted
// by another, and once. (One that was slow for longer than idle, and goes on, counts it again.)
func (v visits) count(ctx context.Context, counter string, wait time.Duration) (int, error) {
	taken, err := v.take(ctx, counter, wait)
	if err != nil || len(taken) == 0 {
		return 0, err
	}
	_, err = v.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		ids := make([]string, len(taken))
		for i, visit := range taken {
			ids[i] = visit.ID
			code, _ := visit.Values["code"].(string)
			day, _ := visit.Values["day"].(string)
			p.ZIncrBy(ctx, v.dayKey(day), 1, code)
			p.Expire(ctx, v.dayKey(day), dayTTL)
		}
		p.XAck(ctx, v.queueKey(), group, ids...)
		p.XDel(ctx, v.queueKey(), ids...)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(taken), nil
}

// take takes visits: those that another counter has had for too long, or else new ones.
func (v visits) take(ctx context.Context, counter string, wait time.Duration) ([]redis.XMessage, error) {
	left, _, err := v.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: v.queueKey(), Group: group, Consumer: counter, MinIdle: idle, Start: "0", Count: batch,
	}).Result()
	if err != nil || len(left) > 0 {
		return left, err
	}
	streams, err := v.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Streams: []string{v.queueKey(), ">"}, Group: group, Consumer: counter, Count: batch, Block: wait,
	}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return streams[0].Messages, nil
}

// top returns the n links with the most visits today and in the days before, days in all.
func (v visits) top(ctx context.Context, n, days int) ([]redis.Z, error) {
	key := v.topKey(days)
	keys := make([]string, days)
	for i := range keys {
		keys[i] = v.dayKey(dayOf(time.Now().AddDate(0, 0, -i)))
	}
	var top *redis.ZSliceCmd
	_, err := v.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.ZUnionStore(ctx, key, &redis.ZStore{Keys: keys})
		p.Expire(ctx, key, time.Minute)
		top = p.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: key, Start: 0, Stop: n - 1, Rev: true})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return top.Val(), nil
}
