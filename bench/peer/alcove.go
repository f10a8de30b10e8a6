package peer

import (
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
)

func init() {
	add(Peer{Name: "alcove", Kind: Ours, About: "`store.New()`, one value for all workloads"},
		func(Config) alcove { return alcove{store.New()} })
}

type alcove struct{ s *store.Store }

func (a alcove) Get(key string) (string, bool) { return hit(a.s.String(key).Get()) }
func (a alcove) Set(key, value string)         { must(a.s.String(key).Set(value)) }
func (a alcove) Incr(key string) int64         { return must1(a.s.String(key).Incr()) }
func (a alcove) Left() int                     { return a.s.Stats().Keys }
func (a alcove) Close()                        { must(a.s.Close()) }

func (a alcove) SetTTL(key, value string, ttl time.Duration) {
	must(a.s.String(key).SetEX(value, ttl))
}

func (a alcove) HGet(key, field string) (string, bool) { return hit(a.s.Hash(key).Get(field)) }
func (a alcove) HSet(key, field, value string)         { must1(a.s.Hash(key).Set(field, value)) }

func (a alcove) RPush(key, value string)                 { must1(a.s.List(key).RPush(value)) }
func (a alcove) LPop(key string) (string, bool)          { return hit(a.s.List(key).LPop()) }
func (a alcove) LIndex(key string, i int) (string, bool) { return hit(a.s.List(key).Index(i)) }
func (a alcove) LRange(key string, from, to int) int {
	return len(must1(a.s.List(key).Range(from, to)))
}

func (a alcove) LInsert(key, before, value string) {
	must1(a.s.List(key).Insert(store.Before, before, value))
}
func (a alcove) SAdd(key, member string)           { must1(a.s.Set(key).Add(member)) }
func (a alcove) SIsMember(key, member string) bool { return must1(a.s.Set(key).IsMember(member)) }
func (a alcove) SInter(x, y string) int            { return len(must1(a.s.Set(x).Inter(y))) }

func (a alcove) ZAdd(key, member string, score float64) {
	must1(a.s.ZSet(key).Add(store.Scored{Member: member, Score: score}))
}

func (a alcove) ZScore(key, member string) (float64, bool) { return hit(a.s.ZSet(key).Score(member)) }

func (a alcove) ZRank(key, member string) (int, bool) { return hit(a.s.ZSet(key).Rank(member)) }

func (a alcove) ZRange(key string, from float64, n int) int {
	return len(must1(a.s.ZSet(key).RangeWithScores(store.ByScore(from, math.Inf(1)).Limit(0, n))))
}

func hit[T any](v T, err error) (T, bool) { return found(v, err, store.ErrNotFound) }
