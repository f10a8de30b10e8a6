package peer

import (
	"time"

	"github.com/alicebob/miniredis/v2"
)

func init() {
	add(Peer{Name: "miniredis", Kind: Database, Module: "github.com/alicebob/miniredis/v2", About: "direct calls, no listener; its time passes by `FastForward` only; tells an empty field and a score of 0 from none by no means"},
		func(Config) miniRedis { return miniRedis{miniredis.NewMiniRedis()} })
}

type miniRedis struct{ m *miniredis.Miniredis }

func miss[T any](value T, err error) (T, bool) { return found(value, err, miniredis.ErrKeyNotFound) }

func (m miniRedis) Close() { m.m.Close() }

func (m miniRedis) Get(key string) (string, bool) { return miss(m.m.Get(key)) }
func (m miniRedis) Set(key, value string)         { must(m.m.Set(key, value)) }
func (m miniRedis) Incr(key string) int64         { return int64(must1(m.m.Incr(key, 1))) }

func (m miniRedis) SetTTL(key, value string, ttl time.Duration) {
	m.Set(key, value)
	m.m.SetTTL(key, ttl)
}

func (m miniRedis) HGet(key, field string) (string, bool) {
	value := m.m.HGet(key, field)
	return value, value != ""
}

func (m miniRedis) HSet(key, field, value string) { m.m.HSet(key, field, value) }

func (m miniRedis) RPush(key, value string)        { must1(m.m.RPush(key, value)) }
func (m miniRedis) LPop(key string) (string, bool) { return miss(m.m.Lpop(key)) }

func (m miniRedis) SAdd(key, member string) { must1(m.m.SAdd(key, member)) }

func (m miniRedis) SIsMember(key, member string) bool {
	is, _ := miss(m.m.SIsMember(key, member))
	return is
}

func (m miniRedis) ZAdd(key, member string, score float64) { must1(m.m.ZAdd(key, score, member)) }

func (m miniRedis) ZScore(key, member string) (float64, bool) {
	score, ok := miss(m.m.ZScore(key, member))
	return score, ok && score != 0
}

func (m miniRedis) XAdd(key string, ms int, sensor, temp string) {
	must1(m.m.XAdd(key, idText(ms), reading(sensor, temp)))
}
