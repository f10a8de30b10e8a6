package bench

import (
	"errors"
	"hash/maphash"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/puzpuzpuz/xsync/v4"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// peer is one way of keeping strings by key. Its methods may be called by any
// number of goroutines, except for the built-in map's.
type peer interface {
	Get(key string) (string, bool)
	Set(key, value string)
	Delete(key string)
	Close()
}

// ttlPeer is a peer that can give a key a deadline.
type ttlPeer interface {
	peer
	SetTTL(key, value string, d time.Duration)
}

// counter is a peer that can add to an integer in text.
type counter interface {
	peer
	Incr(key string) int64
}

// contender is a peer that can be made.
type contender struct {
	name   string
	single bool // for one goroutine only
	make   func() peer
}

var contenders = []contender{
	{name: "alcove", make: func() peer { return alcove{store.New()} }},
	{name: "sharded", make: func() peer { return newSharded(false) }},
	{name: "copying", make: func() peer { return newSharded(true) }},
	{name: "syncmap", make: func() peer { return &syncMap{} }},
	{name: "xsync", make: func() peer { return xsyncMap{xsync.NewMap[string, string]()} }},
	{name: "map", single: true, make: func() peer { return builtin{} }},
}

// against returns the contenders with these names.
func against(names ...string) []contender {
	var some []contender
	for _, name := range names {
		for _, c := range contenders {
			if c.name == name {
				some = append(some, c)
			}
		}
	}
	return some
}

// each runs a benchmark for each contender that can take part.
func each(b *testing.B, some []contender, run func(b *testing.B, c contender)) {
	for _, c := range some {
		b.Run("peer="+c.name, func(b *testing.B) {
			if c.single && runtime.GOMAXPROCS(0) > 1 {
				b.Skip("for one goroutine only")
			}
			run(b, c)
		})
	}
}

type alcove struct{ s *store.Store }

func (a alcove) Get(key string) (string, bool) {
	v, err := a.s.String(key).Get()
	return v, err == nil
}

func (a alcove) Set(key, value string) { must(a.s.String(key).Set(value)) }

func (a alcove) SetTTL(key, value string, d time.Duration) { must(a.s.String(key).SetEX(value, d)) }

func (a alcove) Incr(key string) int64 {
	n, err := a.s.String(key).Incr()
	must(err)
	return n
}

func (a alcove) Delete(key string) {
	_, err := a.s.Del(key)
	must(err)
}

func (a alcove) Close() { must(a.s.Close()) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// sharded is what many programs write for themselves.
type sharded struct {
	seed   maphash.Seed
	copies bool
	shards [256]struct {
		mu sync.RWMutex
		m  map[string]*entry
		_  [32]byte // a line of its own
	}
}

type entry struct {
	value    string
	deadline int64
}

func newSharded(copies bool) *sharded {
	s := &sharded{seed: maphash.MakeSeed(), copies: copies}
	for i := range s.shards {
		s.shards[i].m = make(map[string]*entry)
	}
	return s
}

func (s *sharded) Get(key string) (string, bool) {
	sh := &s.shards[maphash.String(s.seed, key)>>56]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	e := sh.m[key]
	if e == nil || e.deadline != 0 && e.deadline <= time.Now().UnixMilli() {
		return "", false
	}
	return e.value, true
}

func (s *sharded) Set(key, value string) { s.set(key, value, 0) }

func (s *sharded) SetTTL(key, value string, d time.Duration) {
	s.set(key, value, time.Now().Add(d).UnixMilli())
}

func (s *sharded) set(key, value string, deadline int64) {
	if s.copies {
		value = strings.Clone(value)
	}
	sh := &s.shards[maphash.String(s.seed, key)>>56]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if e := sh.m[key]; e != nil {
		e.value, e.deadline = value, deadline
		return
	}
	if s.copies {
		key = strings.Clone(key)
	}
	sh.m[key] = &entry{value: value, deadline: deadline}
}

func (s *sharded) Incr(key string) int64 {
	sh := &s.shards[maphash.String(s.seed, key)>>56]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.m[key]
	if e == nil {
		e = &entry{value: "0"}
		if s.copies {
			key = strings.Clone(key)
		}
		sh.m[key] = e
	}
	n, err := strconv.ParseInt(e.value, 10, 64)
	must(err)
	e.value = strconv.FormatInt(n+1, 10)
	return n + 1
}

func (s *sharded) Delete(key string) {
	sh := &s.shards[maphash.String(s.seed, key)>>56]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.m, key)
}

func (s *sharded) Close() {}

type syncMap struct{ m sync.Map }

func (s *syncMap) Get(key string) (string, bool) {
	v, ok := s.m.Load(key)
	if !ok {
		return "", false
	}
	return v.(string), true
}

func (s *syncMap) Set(key, value string) { s.m.Store(key, value) }
func (s *syncMap) Delete(key string)     { s.m.Delete(key) }
func (s *syncMap) Close()                {}

type xsyncMap struct{ m *xsync.Map[string, string] }

func (x xsyncMap) Get(key string) (string, bool) { return x.m.Load(key) }
func (x xsyncMap) Set(key, value string)         { x.m.Store(key, value) }
func (x xsyncMap) Delete(key string)             { x.m.Delete(key) }
func (x xsyncMap) Close()                        {}

func (x xsyncMap) Incr(key string) int64 {
	v, _ := x.m.Compute(key, func(old string, loaded bool) (string, xsync.ComputeOp) {
		n := int64(0)
		if loaded {
			var err error
			n, err = strconv.ParseInt(old, 10, 64)
			must(err)
		}
		return strconv.FormatInt(n+1, 10), xsync.UpdateOp
	})
	n, err := strconv.ParseInt(v, 10, 64)
	must(err)
	return n
}

type builtin map[string]string

func (m builtin) Get(key string) (string, bool) {
	v, ok := m[key]
	return v, ok
}

func (m builtin) Set(key, value string) { m[key] = value }
func (m builtin) Delete(key string)     { delete(m, key) }
func (m builtin) Close()                {}

func TestPeersAgree(t *testing.T) {
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) {
			p := c.make()
			defer p.Close()
			for _, step := range []struct {
				do         string
				key, value string
				found      bool
			}{
				{do: "get", key: "a"},
				{do: "set", key: "a", value: "1"},
				{do: "get", key: "a", value: "1", found: true},
				{do: "get", key: "b"},
				{do: "set", key: "a", value: "2"},
				{do: "set", key: "", value: ""},
				{do: "get", key: "a", value: "2", found: true},
				{do: "get", key: "", found: true},
				{do: "delete", key: "a"},
				{do: "delete", key: "b"},
				{do: "get", key: "a"},
				{do: "get", key: "", found: true},
				{do: "set", key: "a", value: "3"},
				{do: "get", key: "a", value: "3", found: true},
			} {
				switch step.do {
				case "set":
					p.Set(step.key, step.value)
				case "delete":
					p.Delete(step.key)
				default:
					value, found := p.Get(step.key)
					require.Equal(t, step.found, found, step)
					require.Equal(t, step.value, value, step)
				}
			}
			if p, ok := p.(ttlPeer); ok {
				p.SetTTL("ttl", "v", time.Hour)
				value, found := p.Get("ttl")
				require.True(t, found)
				require.Equal(t, "v", value)
			}
			if p, ok := p.(counter); ok {
				require.Equal(t, int64(1), p.Incr("n"))
				require.Equal(t, int64(2), p.Incr("n"))
				value, _ := p.Get("n")
				require.Equal(t, "2", value)
			}
		})
	}
}

// TestDataset checks what the benchmarks rely on: the keys differ, and the
// value of a key can be told from it.
func TestDataset(t *testing.T) {
	seen := make(map[string]bool)
	for i := range 10000 {
		key := keyAt(i)
		require.Len(t, key, keyLen)
		require.False(t, seen[key])
		seen[key] = true
	}
	d := newDataset(1000, uniform)
	for i, key := range d.keys {
		require.True(t, seen[key])
		require.NoError(t, verify(key, d.values[i], true))
	}
	require.Error(t, verify(d.keys[0], "", false))
}

var errWrong = errors.New("bench: a peer returned a wrong value")

// verify says whether value is the one of key. It reads the value, as a caller
// would.
func verify(key, value string, found bool) error {
	if !found || len(value) != valueLen || value[valueLen-keyLen:] != key {
		return errWrong
	}
	return nil
}
