package peer

import "sync"

func init() {
	add(Peer{Name: "syncmap", Kind: Map, About: "`sync.Map`"}, func(Config) *syncMap { return new(syncMap) })
}

type syncMap struct{ m sync.Map }

func (*syncMap) Close() {}

func (s *syncMap) Get(key string) (string, bool) {
	value, found := s.m.Load(key)
	if !found {
		return "", false
	}
	return value.(string), true
}

func (s *syncMap) Set(key, value string) { s.m.Store(key, value) }

func (s *syncMap) Incr(key string) int64 {
	old, _ := s.m.LoadOrStore(key, "0")
	for {
		n, text := next(old.(string), true)
		if s.m.CompareAndSwap(key, old, text) {
			return n
		}
		old, _ = s.m.Load(key)
	}
}
