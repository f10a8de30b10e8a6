package peer

import (
	"cmp"
	"slices"
	"sync"
)

func init() {
	add(Peer{Name: "mutex-slice", Kind: Floor, About: "a slice of entries for each stream in a built-in map, behind one `sync.Mutex`; an ID is one number, a reading a struct that keeps the strings it is given"},
		func(Config) *mutexSlices { return &mutexSlices{m: map[string][]entryAt{}} })
}

type mutexSlices struct {
	mu sync.Mutex
	m  map[string][]entryAt
}

type entryAt struct {
	ms           int
	sensor, temp string
}

func (*mutexSlices) Close() {}

func (m *mutexSlices) XAdd(key string, ms int, sensor, temp string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.m[key]
	if ms == 0 {
		ms = 1
		if len(list) > 0 {
			ms = list[len(list)-1].ms + 1
		}
	}
	m.m[key] = append(list, entryAt{ms, sensor, temp})
}

func (m *mutexSlices) XRange(key string, ms, n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.m[key]
	from, _ := slices.BinarySearchFunc(list, ms, func(e entryAt, ms int) int { return cmp.Compare(e.ms, ms) })
	return len(slices.Clone(list[from:min(from+n, len(list))]))
}
