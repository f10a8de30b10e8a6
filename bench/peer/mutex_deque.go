package peer

import "sync"

func init() {
	add(Peer{Name: "mutex-deque", Kind: Structure, Module: "github.com/gammazero/deque", About: "as `deque`, behind one `sync.Mutex`"},
		func(Config) *mutexDeques { return &mutexDeques{d: deques{}} })
}

type mutexDeques struct {
	mu sync.Mutex
	d  deques
}

func (*mutexDeques) Close() {}

func (m *mutexDeques) RPush(key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.d.RPush(key, value)
}

func (m *mutexDeques) LPop(key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.d.LPop(key)
}
