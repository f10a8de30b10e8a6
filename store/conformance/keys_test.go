package conformance

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// keyspace is three keys in each of two databases; empty is missing.
type keyspace [2][3]string

func (st keyspace) with(db, key int, value string) keyspace {
	st[db][key] = value
	return st
}

func (st keyspace) names(db int) []string {
	names := []string{}
	for i, v := range st[db] {
		if v != "" {
			names = append(names, name(i))
		}
	}
	return names
}

// readable is a database of a store or of a snapshot.
type readable interface {
	MGet(keys ...string) ([]store.Optional, error)
	Keys(pattern string) ([]string, error)
}

// readAll reads the keys of a database in two ways that must agree.
func readAll(db readable) (values [3]string, err error) {
	found, err := db.MGet(name(0), name(1), name(2))
	if err != nil {
		return values, err
	}
	keys, err := db.Keys("*")
	for i, v := range found {
		values[i] = v.Value
		if v.Found != slices.Contains(keys, name(i)) {
			err = errors.Join(err, errors.New("MGET and KEYS of one moment differ"))
		}
	}
	return values, err
}

// keyModel is the model of the commands on keys, on several at once and on databases.
// Their values are strings, short or long.
func keyModel() *model[keyspace] {
	on := func(s *store.Store, a args) store.DB { return s.DB(a.db) }
	both := func(a args) []string { return []string{name(a.key), name(a.dst), name(a.key)} }
	exists := func(st keyspace, a args, key int) int { return min(1, len(st[a.db][key])) }
	put := func(st keyspace, a args, from string) keyspace { return st.with(a.db, a.dst, from) }
	whole := says(func(st keyspace, _ args) (keyspace, any) { return st, st })
	snapshot := func(take func(s *store.Store) (db func(n int) store.DB, done func() error)) func(*store.Store, args) (any, error) {
		return func(s *store.Store, _ args) (any, error) {
			db, done := take(s)
			return later(func() (any, error) {
				zero, err := readAll(db(0))
				one, err2 := readAll(db(1))
				return keyspace{zero, one}, errors.Join(err, err2, done())
			}), nil
		}
	}
	return &model[keyspace]{
		rounds: 200, equal: same[keyspace],
		newStore: func(sh shape) *store.Store { // to go through many shards takes a while
			return store.New(store.WithShards(16 * sh.shards * sh.shards))
		},
		draw: func(r *rand.Rand, large bool) args {
			key := r.IntN(3)
			return args{db: r.IntN(2), key: key, dst: (key + 1 + r.IntN(2)) % 3, value: text(r, large)}
		},
		commands: []command[keyspace]{
			{"GET", func(s *store.Store, a args) (any, error) {
				return on(s, a).String(name(a.key)).Get()
			}, says(func(st keyspace, a args) (keyspace, any) {
				if st[a.db][a.key] == "" {
					return st, store.ErrNotFound
				}
				return st, st[a.db][a.key]
			})},
			{"SET", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).String(name(a.key)).Set(a.value)
			}, says(func(st keyspace, a args) (keyspace, any) { return st.with(a.db, a.key, a.value), nil })},
			{"MSET", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).MSet(store.Pair{Key: name(a.key), Value: a.value}, store.Pair{Key: name(a.dst), Value: a.value})
			}, says(func(st keyspace, a args) (keyspace, any) {
				return put(st.with(a.db, a.key, a.value), a, a.value), nil
			})},
			{"MSETNX", func(s *store.Store, a args) (any, error) {
				return on(s, a).MSetNX(store.Pair{Key: name(a.key), Value: a.value}, store.Pair{Key: name(a.dst), Value: a.value})
			}, says(func(st keyspace, a args) (keyspace, any) {
				if st[a.db][a.key] != "" || st[a.db][a.dst] != "" {
					return st, false
				}
				return put(st.with(a.db, a.key, a.value), a, a.value), true
			})},
			{"MGET", func(s *store.Store, a args) (any, error) {
				found, err := on(s, a).MGet(name(0), name(1), name(2))
				var values [3]string
				for i, v := range found {
					values[i] = v.Value
				}
				return values, err
			}, says(func(st keyspace, a args) (keyspace, any) { return st, st[a.db] })},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return on(s, a).Del(both(a)...)
			}, says(func(st keyspace, a args) (keyspace, any) {
				n := exists(st, a, a.key) + exists(st, a, a.dst)
				return put(st.with(a.db, a.key, ""), a, ""), n
			})},
			{"EXISTS", func(s *store.Store, a args) (any, error) {
				return on(s, a).Exists(both(a)...)
			}, says(func(st keyspace, a args) (keyspace, any) {
				return st, 2*exists(st, a, a.key) + exists(st, a, a.dst)
			})},
			{"RENAME", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Rename(name(a.key), name(a.dst))
			}, says(func(st keyspace, a args) (keyspace, any) {
				if st[a.db][a.key] == "" {
					return st, store.ErrNotFound
				}
				return put(st, a, st[a.db][a.key]).with(a.db, a.key, ""), nil
			})},
			{"COPY", func(s *store.Store, a args) (any, error) {
				return on(s, a).Copy(name(a.key), name(a.dst))
			}, says(func(st keyspace, a args) (keyspace, any) {
				done := st[a.db][a.key] != "" && st[a.db][a.dst] == ""
				return put(st, a, cmp.Or(st[a.db][a.dst], st[a.db][a.key])), done
			})},
			{"MOVE", func(s *store.Store, a args) (any, error) {
				return on(s, a).Move(name(a.key), 1-a.db)
			}, says(func(st keyspace, a args) (keyspace, any) {
				if st[a.db][a.key] == "" || st[1-a.db][a.key] != "" {
					return st, false
				}
				return st.with(1-a.db, a.key, st[a.db][a.key]).with(a.db, a.key, ""), true
			})},
			{"SWAPDB", func(s *store.Store, _ args) (any, error) {
				return nil, s.SwapDB(0, 1)
			}, says(func(st keyspace, _ args) (keyspace, any) { return keyspace{st[1], st[0]}, nil })},
			{"FLUSHDB", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).FlushDB()
			}, says(func(st keyspace, a args) (keyspace, any) { st[a.db] = [3]string{}; return st, nil })},
			{"DBSIZE", func(s *store.Store, a args) (any, error) {
				return on(s, a).DBSize()
			}, says(func(st keyspace, a args) (keyspace, any) { return st, len(st.names(a.db)) })},
			{"KEYS", func(s *store.Store, a args) (any, error) {
				keys, err := on(s, a).Keys("*")
				slices.Sort(keys)
				return keys, err
			}, says(func(st keyspace, a args) (keyspace, any) { return st, st.names(a.db) })},
			{"a snapshot", snapshot(func(s *store.Store) (func(int) store.DB, func() error) {
				sn := s.Snapshot()
				return sn.DB, sn.Close
			}), whole},
			{"a fork", snapshot(func(s *store.Store) (func(int) store.DB, func() error) {
				f := s.Fork()
				return f.DB, f.Close
			}), whole},
		},
	}
}

// TestSwapIsAtomic: a value gets to its place by a SWAPDB of the whole database, so whoever
// has read a value from one key finds one at least as new at every other.
func TestSwapIsAtomic(t *testing.T) {
	s := store.New(store.WithShards(1024))
	defer s.Close()
	const keys = 8
	fill := func(n int) error {
		var pairs []store.Pair
		for i := range keys {
			pairs = append(pairs, store.Pair{Key: name(i), Value: strconv.Itoa(n)})
		}
		return errors.Join(s.DB(1).MSet(pairs...), s.SwapDB(0, 1))
	}
	require.NoError(t, fill(0))
	var reader sync.WaitGroup
	var ended atomic.Bool
	reader.Go(func() {
		last := 0
		for round := 0; !ended.Load(); round++ {
			text, err := s.String(name(round * 5 % keys)).Get()
			n, wrong := strconv.Atoi(text)
			if err = errors.Join(err, wrong); err != nil || n < last {
				t.Errorf("after %d, %d: %v", last, n, err)
				return
			}
			last = n
		}
	})
	for n := range rounds(4000) {
		require.NoError(t, fill(n+1))
	}
	ended.Store(true)
	reader.Wait()
}
