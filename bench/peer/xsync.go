package peer

import "github.com/puzpuzpuz/xsync/v4"

func init() {
	add(Peer{Name: "xsync", Kind: Map, Module: "github.com/puzpuzpuz/xsync/v4", About: "`xsync.Map`; hashes and sets are Maps in a Map, of 2.5 KB or more each"},
		func(Config) xsyncMap {
			return xsyncMap{xsync.NewMap[string, string](), newXsyncNested[string](), newXsyncNested[struct{}](), newXsyncNested[float64]()}
		})
}

type xsyncMap struct {
	strings *xsync.Map[string, string]
	hashes  xsyncNested[string]
	sets    xsyncNested[struct{}]
	scores  xsyncNested[float64]
}

func (xsyncMap) Close() {}

func (x xsyncMap) Get(key string) (string, bool) { return x.strings.Load(key) }
func (x xsyncMap) Set(key, value string)         { x.strings.Store(key, value) }

func (x xsyncMap) Incr(key string) (n int64) {
	x.strings.Compute(key, func(text string, found bool) (string, xsync.ComputeOp) {
		n, text = next(text, found)
		return text, xsync.UpdateOp
	})
	return n
}

func (x xsyncMap) SIsMember(key, member string) bool         { return second(x.sets.get(key, member)) }
func (x xsyncMap) HGet(key, field string) (string, bool)     { return x.hashes.get(key, field) }
func (x xsyncMap) HSet(key, field, value string)             { x.hashes.put(key, field, value) }
func (x xsyncMap) SAdd(key, member string)                   { x.sets.put(key, member, struct{}{}) }
func (x xsyncMap) ZAdd(key, member string, score float64)    { x.scores.put(key, member, score) }
func (x xsyncMap) ZScore(key, member string) (float64, bool) { return x.scores.get(key, member) }

type xsyncNested[V any] struct {
	m *xsync.Map[string, *xsync.Map[string, V]]
}

func newXsyncNested[V any]() xsyncNested[V] {
	return xsyncNested[V]{xsync.NewMap[string, *xsync.Map[string, V]]()}
}

func (x xsyncNested[V]) get(key, field string) (value V, found bool) {
	if inner, _ := x.m.Load(key); inner != nil {
		value, found = inner.Load(field)
	}
	return value, found
}

func (x xsyncNested[V]) put(key, field string, value V) {
	inner, _ := x.m.LoadOrCompute(key, func() (*xsync.Map[string, V], bool) { return xsync.NewMap[string, V](), false })
	inner.Store(field, value)
}
