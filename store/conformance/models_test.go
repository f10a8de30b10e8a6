package conformance

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/alcovedb/alcove/store"
)

func TestStrings(t *testing.T)   { stringModel().check(t) }
func TestHashes(t *testing.T)    { hashModel().check(t) }
func TestLists(t *testing.T)     { listModel().check(t) }
func TestSets(t *testing.T)      { setModel().check(t) }
func TestZSets(t *testing.T)     { zsetModel().check(t) }
func TestHLLs(t *testing.T)      { hllModel().check(t) }
func TestKeys(t *testing.T)      { keyModel().check(t) }
func TestDeadlines(t *testing.T) { deadlineModel().check(t) }

// drawKeys draws one of two keys, and another for what needs two.
func drawKeys(r *rand.Rand, large bool) args {
	key := r.IntN(2)
	return args{key: key, dst: 1 - key, items: few(r, large), value: text(r, large), n: r.IntN(9)}
}

// stringModel is the model of strings and counters. Its state is the value; empty is
// missing.
func stringModel() *model[string] {
	on := func(s *store.Store, a args) store.String { return s.String(name(a.key)) }
	orMissing := func(st string) any {
		if st == "" {
			return store.ErrNotFound
		}
		return st
	}
	replace := func(_ string, a args) (string, any) { return a.value, nil }
	return &model[string]{
		rounds: 400, equal: same[string], alone: true,
		draw: func(r *rand.Rand, large bool) args {
			a := drawKeys(r, large)
			if r.IntN(2) == 0 {
				a.value = strconv.Itoa(r.IntN(1000)) // a counter
			}
			return a
		},
		commands: []command[string]{
			{"GET", func(s *store.Store, a args) (any, error) {
				return on(s, a).Get()
			}, says(func(st string, _ args) (string, any) { return st, orMissing(st) })},
			{"SET", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Set(a.value)
			}, says(replace)},
			{"SET of bytes", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).SetBytes([]byte(a.value))
			}, says(replace)},
			{"SETNX", func(s *store.Store, a args) (any, error) {
				return on(s, a).SetNX(a.value)
			}, says(func(st string, a args) (string, any) { return cmp.Or(st, a.value), st == "" })},
			{"GETSET", func(s *store.Store, a args) (any, error) {
				return on(s, a).GetSet(a.value)
			}, says(func(st string, a args) (string, any) { return a.value, orMissing(st) })},
			{"GETDEL", func(s *store.Store, a args) (any, error) {
				return on(s, a).GetDel()
			}, says(func(st string, _ args) (string, any) { return "", orMissing(st) })},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return s.Del(name(a.key))
			}, says(func(st string, _ args) (string, any) { return "", min(1, len(st)) })},
			{"APPEND", func(s *store.Store, a args) (any, error) {
				return on(s, a).Append("+" + a.value)
			}, says(func(st string, a args) (string, any) { return st + "+" + a.value, len(st) + 1 + len(a.value) })},
			{"SETRANGE", func(s *store.Store, a args) (any, error) {
				return on(s, a).SetRange(2, a.value)
			}, says(func(st string, a args) (string, any) {
				b := make([]byte, max(len(st), 2+len(a.value)))
				copy(b, st)
				copy(b[2:], a.value)
				return string(b), len(b)
			})},
			{"STRLEN", func(s *store.Store, a args) (any, error) {
				return on(s, a).StrLen()
			}, says(func(st string, _ args) (string, any) { return st, len(st) })},
			{"INCR", func(s *store.Store, a args) (any, error) {
				return on(s, a).Incr()
			}, says(func(st string, _ args) (string, any) {
				n, err := strconv.Atoi(cmp.Or(st, "0"))
				if err != nil || st != "" && strconv.Itoa(n) != st {
					return st, store.ErrNotInteger
				}
				return strconv.Itoa(n + 1), n + 1
			})},
		},
	}
}

type fields = map[string]string

// hashModel is the model of hashes. The field n is for HINCRBY.
func hashModel() *model[fields] {
	on := func(s *store.Store, a args) store.Hash { return s.Hash(name(a.key)) }
	with := func(st fields, change func(fields)) fields {
		st = maps.Clone(st)
		if st == nil {
			st = fields{}
		}
		change(st)
		return st
	}
	set := func(st fields, a args, names ...string) (fields, int) {
		added := 0
		return with(st, func(h fields) {
			for _, f := range names {
				if _, ok := h[f]; !ok {
					added++
				}
				h[f] = a.value
			}
		}), added
	}
	del := func(st fields, a args) (fields, any) {
		n := 0
		return with(st, func(h fields) {
			for _, f := range append([]string{"n"}, a.items...) {
				if _, ok := h[f]; ok {
					n++
					delete(h, f)
				}
			}
		}), n
	}
	pairs := func(a args) (p []store.Pair) {
		for _, f := range a.items {
			p = append(p, store.Pair{Key: f, Value: a.value})
		}
		return p
	}
	return &model[fields]{
		rounds: 250, equal: maps.Equal[fields, fields], alone: true, draw: drawKeys,
		commands: []command[fields]{
			{"HSET", func(s *store.Store, a args) (any, error) {
				p := pairs(a)
				return on(s, a).Set(p[0].Key, p[0].Value, p[1:]...)
			}, says(func(st fields, a args) (fields, any) { st, n := set(st, a, a.items...); return st, n })},
			{"HSETNX", func(s *store.Store, a args) (any, error) {
				return on(s, a).SetNX(a.items[0], a.value)
			}, says(func(st fields, a args) (fields, any) {
				if _, ok := st[a.items[0]]; ok {
					return st, false
				}
				st, _ = set(st, a, a.items[0])
				return st, true
			})},
			{"HGET", func(s *store.Store, a args) (any, error) {
				return on(s, a).Get(a.items[0])
			}, says(func(st fields, a args) (fields, any) {
				if v, ok := st[a.items[0]]; ok {
					return st, v
				}
				return st, store.ErrNotFound
			})},
			{"HMGET", func(s *store.Store, a args) (any, error) {
				return on(s, a).MGet(a.items...)
			}, says(func(st fields, a args) (fields, any) {
				var values []store.Optional
				for _, f := range a.items {
					v, ok := st[f]
					values = append(values, store.Optional{Value: v, Found: ok})
				}
				return st, values
			})},
			{"HGETALL", func(s *store.Store, a args) (any, error) {
				return on(s, a).GetAll()
			}, says(func(st fields, _ args) (fields, any) { return st, st })},
			{"HGETALL of All", func(s *store.Store, a args) (any, error) {
				seq, err := on(s, a).All()
				return later(func() (any, error) {
					if err != nil {
						return nil, err
					}
					return maps.Collect(seq), nil
				}), err
			}, says(func(st fields, _ args) (fields, any) { return st, st })},
			{"HLEN", func(s *store.Store, a args) (any, error) {
				return on(s, a).Len()
			}, says(func(st fields, _ args) (fields, any) { return st, len(st) })},
			{"HDEL", func(s *store.Store, a args) (any, error) {
				return on(s, a).Del(append([]string{"n"}, a.items...)...)
			}, says(del)},
			{"HINCRBY", func(s *store.Store, a args) (any, error) {
				return on(s, a).IncrBy("n", int64(a.n))
			}, says(func(st fields, a args) (fields, any) {
				n, _ := strconv.Atoi(st["n"])
				return with(st, func(h fields) { h["n"] = strconv.Itoa(n + a.n) }), n + a.n
			})},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return s.Del(name(a.key))
			}, says(func(st fields, _ args) (fields, any) { return nil, min(1, len(st)) })},
		},
	}
}

// two is the elements or members at two keys.
type two [2][]string

func (st two) with(i int, items []string) two {
	st[i] = items
	return st
}

func (st two) equal(other two) bool {
	return slices.Equal(st[0], other[0]) && slices.Equal(st[1], other[1])
}

// listModel is the model of two lists, between which elements move.
func listModel() *model[two] {
	on := func(s *store.Store, a args) store.List { return s.List(name(a.key)) }
	pop := func(items []string, front bool) (string, []string) {
		if front {
			return items[0], items[1:]
		}
		return items[len(items)-1], items[:len(items)-1]
	}
	reversed := func(items []string) []string {
		items = slices.Clone(items)
		slices.Reverse(items)
		return items
	}
	popStep := func(front bool) func(two, args, string) (two, bool) {
		return says(func(st two, a args) (two, any) {
			if len(st[a.key]) == 0 {
				return st, store.ErrNotFound
			}
			x, rest := pop(st[a.key], front)
			return st.with(a.key, rest), x
		})
	}
	move := func(fromFront, toFront bool) func(two, args, string) (two, bool) {
		return says(func(st two, a args) (two, any) {
			if len(st[a.key]) == 0 {
				return st, store.ErrNotFound
			}
			x, rest := pop(st[a.key], fromFront)
			st = st.with(a.key, rest)
			if toFront {
				return st.with(a.dst, slices.Concat([]string{x}, st[a.dst])), x
			}
			return st.with(a.dst, slices.Concat(st[a.dst], []string{x})), x
		})
	}
	return &model[two]{
		rounds: 250, equal: two.equal,
		draw: func(r *rand.Rand, large bool) args {
			a := drawKeys(r, large)
			if r.IntN(8) == 0 {
				a.dst = a.key
			}
			for i := range a.items {
				a.items[i] = text(r, large)
			}
			return a
		},
		commands: []command[two]{
			{"RPUSH", func(s *store.Store, a args) (any, error) {
				return on(s, a).RPush(a.items...)
			}, says(func(st two, a args) (two, any) {
				st = st.with(a.key, slices.Concat(st[a.key], a.items))
				return st, len(st[a.key])
			})},
			{"LPUSH", func(s *store.Store, a args) (any, error) {
				return on(s, a).LPush(a.items...)
			}, says(func(st two, a args) (two, any) {
				st = st.with(a.key, slices.Concat(reversed(a.items), st[a.key]))
				return st, len(st[a.key])
			})},
			{"LPOP", func(s *store.Store, a args) (any, error) { return on(s, a).LPop() }, popStep(true)},
			{"RPOP", func(s *store.Store, a args) (any, error) { return on(s, a).RPop() }, popStep(false)},
			{"LMOVE LEFT RIGHT", func(s *store.Store, a args) (any, error) {
				return on(s, a).LMove(name(a.dst), store.Left, store.Right)
			}, move(true, false)},
			{"RPOPLPUSH", func(s *store.Store, a args) (any, error) {
				return on(s, a).RPopLPush(name(a.dst))
			}, move(false, true)},
			{"LRANGE", func(s *store.Store, a args) (any, error) {
				return on(s, a).Range(0, -1)
			}, says(func(st two, a args) (two, any) { return st, st[a.key] })},
			{"LRANGE of All", func(s *store.Store, a args) (any, error) {
				seq, err := on(s, a).All()
				return later(func() (any, error) {
					if err != nil {
						return nil, err
					}
					return slices.Collect(seq), nil
				}), err
			}, says(func(st two, a args) (two, any) { return st, st[a.key] })},
			{"LTRIM", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Trim(0, a.n)
			}, says(func(st two, a args) (two, any) {
				return st.with(a.key, st[a.key][:min(a.n+1, len(st[a.key]))]), nil
			})},
			{"LSET", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Set(0, a.value)
			}, says(func(st two, a args) (two, any) {
				if len(st[a.key]) == 0 {
					return st, store.ErrNotFound
				}
				return st.with(a.key, slices.Concat([]string{a.value}, st[a.key][1:])), nil
			})},
		},
	}
}

// hllModel is the model of HyperLogLogs: of as few elements as there are here, they are
// exact. Its state is the elements of two, sorted.
func hllModel() *model[two] {
	on := func(s *store.Store, a args) store.HLL { return s.HLL(name(a.key)) }
	add := func(items []string, more ...string) []string {
		items = slices.Concat(items, more)
		slices.Sort(items)
		return slices.Compact(items)
	}
	return &model[two]{
		rounds: 150, equal: two.equal, draw: drawKeys,
		commands: []command[two]{
			{"PFADD", func(s *store.Store, a args) (any, error) {
				return on(s, a).Add(a.items...)
			}, says(func(st two, a args) (two, any) {
				after := add(st[a.key], a.items...)
				return st.with(a.key, after), len(after) > len(st[a.key])
			})},
			{"PFCOUNT", func(s *store.Store, a args) (any, error) {
				return on(s, a).Count()
			}, says(func(st two, a args) (two, any) { return st, len(st[a.key]) })},
			{"PFCOUNT of two", func(s *store.Store, a args) (any, error) {
				return on(s, a).Count(name(a.dst))
			}, says(func(st two, a args) (two, any) { return st, len(add(st[a.key], st[a.dst]...)) })},
			{"PFMERGE", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Merge(name(a.dst))
			}, says(func(st two, a args) (two, any) { return st.with(a.key, add(st[a.key], st[a.dst]...)), nil })},
		},
	}
}

// setModel is the model of two sets, between which members move. Its state is sorted.
func setModel() *model[two] {
	on := func(s *store.Store, a args) store.Set { return s.Set(name(a.key)) }
	add := func(items []string, more ...string) []string {
		items = slices.Concat(items, more)
		slices.Sort(items)
		return slices.Compact(items)
	}
	without := func(items []string, gone ...string) []string {
		return slices.DeleteFunc(slices.Clone(items), func(m string) bool { return slices.Contains(gone, m) })
	}
	sorted := func(items []string, err error) (any, error) {
		slices.Sort(items)
		return items, err
	}
	return &model[two]{
		rounds: 250, equal: two.equal,
		draw: func(r *rand.Rand, large bool) args {
			a := drawKeys(r, large)
			if large && r.IntN(6) == 0 {
				a.items = []string{string(make([]byte, 100))}
			}
			return a
		},
		commands: []command[two]{
			{"SADD", func(s *store.Store, a args) (any, error) {
				return on(s, a).Add(a.items...)
			}, says(func(st two, a args) (two, any) {
				after := add(st[a.key], a.items...)
				return st.with(a.key, after), len(after) - len(st[a.key])
			})},
			{"SREM", func(s *store.Store, a args) (any, error) {
				return on(s, a).Rem(a.items...)
			}, says(func(st two, a args) (two, any) {
				after := without(st[a.key], a.items...)
				return st.with(a.key, after), len(st[a.key]) - len(after)
			})},
			{"SISMEMBER", func(s *store.Store, a args) (any, error) {
				return on(s, a).IsMember(a.items[0])
			}, says(func(st two, a args) (two, any) { return st, slices.Contains(st[a.key], a.items[0]) })},
			{"SCARD", func(s *store.Store, a args) (any, error) {
				return on(s, a).Card()
			}, says(func(st two, a args) (two, any) { return st, len(st[a.key]) })},
			{"SMEMBERS", func(s *store.Store, a args) (any, error) {
				return sorted(on(s, a).Members())
			}, says(func(st two, a args) (two, any) { return st, st[a.key] })},
			{"SPOP", func(s *store.Store, a args) (any, error) {
				return on(s, a).Pop()
			}, func(st two, a args, said string) (two, bool) {
				if len(st[a.key]) == 0 {
					return st, said == store.ErrNotFound.Error()
				}
				return st.with(a.key, without(st[a.key], said)), slices.Contains(st[a.key], said)
			}},
			{"SMOVE", func(s *store.Store, a args) (any, error) {
				return on(s, a).Move(name(a.dst), a.items[0])
			}, says(func(st two, a args) (two, any) {
				if !slices.Contains(st[a.key], a.items[0]) {
					return st, false
				}
				st = st.with(a.key, without(st[a.key], a.items[0]))
				return st.with(a.dst, add(st[a.dst], a.items[0])), true
			})},
			{"SUNION", func(s *store.Store, a args) (any, error) {
				return sorted(on(s, a).Union(name(a.dst)))
			}, says(func(st two, a args) (two, any) { return st, add(st[a.key], st[a.dst]...) })},
			{"SUNIONSTORE", func(s *store.Store, a args) (any, error) {
				return on(s, a).UnionStore(name(a.key), name(a.dst))
			}, says(func(st two, a args) (two, any) {
				all := add(st[a.key], st[a.dst]...)
				return st.with(a.key, all), len(all)
			})},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return s.Del(name(a.key))
			}, says(func(st two, a args) (two, any) { return st.with(a.key, nil), min(1, len(st[a.key])) })},
		},
	}
}

// scores is a sorted set, in its order.
type scores = []store.Scored

// zsetModel is the model of sorted sets.
func zsetModel() *model[scores] {
	on := func(s *store.Store, a args) store.ZSet { return s.ZSet(name(a.key)) }
	at := func(st scores, member string) int {
		return slices.IndexFunc(st, func(m store.Scored) bool { return m.Member == member })
	}
	without := func(st scores, members ...string) scores {
		return slices.DeleteFunc(slices.Clone(st), func(m store.Scored) bool { return slices.Contains(members, m.Member) })
	}
	with := func(st scores, n int, members ...string) scores {
		st = without(st, members...)
		for _, m := range members {
			st = append(st, store.Scored{Member: m, Score: float64(n)})
		}
		slices.SortFunc(st, func(x, y store.Scored) int {
			return cmp.Or(cmp.Compare(x.Score, y.Score), cmp.Compare(x.Member, y.Member))
		})
		return st
	}
	return &model[scores]{
		rounds: 250, equal: slices.Equal[scores], alone: true, draw: drawKeys,
		commands: []command[scores]{
			{"ZADD", func(s *store.Store, a args) (any, error) {
				var members scores
				for _, m := range a.items {
					members = append(members, store.Scored{Member: m, Score: float64(a.n)})
				}
				return on(s, a).Add(members...)
			}, says(func(st scores, a args) (scores, any) {
				after := with(st, a.n, a.items...)
				return after, len(after) - len(st)
			})},
			{"ZREM", func(s *store.Store, a args) (any, error) {
				return on(s, a).Rem(a.items...)
			}, says(func(st scores, a args) (scores, any) {
				after := without(st, a.items...)
				return after, len(st) - len(after)
			})},
			{"ZSCORE", func(s *store.Store, a args) (any, error) {
				return on(s, a).Score(a.items[0])
			}, says(func(st scores, a args) (scores, any) {
				if i := at(st, a.items[0]); i >= 0 {
					return st, st[i].Score
				}
				return st, store.ErrNotFound
			})},
			{"ZINCRBY", func(s *store.Store, a args) (any, error) {
				return on(s, a).IncrBy(float64(a.n), a.items[0])
			}, says(func(st scores, a args) (scores, any) {
				n := a.n
				if i := at(st, a.items[0]); i >= 0 {
					n += int(st[i].Score)
				}
				return with(st, n, a.items[0]), float64(n)
			})},
			{"ZPOPMIN", func(s *store.Store, a args) (any, error) {
				return on(s, a).PopMin()
			}, says(func(st scores, _ args) (scores, any) {
				if len(st) == 0 {
					return st, store.ErrNotFound
				}
				return st[1:], st[0]
			})},
			{"ZCARD", func(s *store.Store, a args) (any, error) {
				return on(s, a).Card()
			}, says(func(st scores, _ args) (scores, any) { return st, len(st) })},
			{"ZRANK", func(s *store.Store, a args) (any, error) {
				return on(s, a).Rank(a.items[0])
			}, says(func(st scores, a args) (scores, any) {
				if i := at(st, a.items[0]); i >= 0 {
					return st, i
				}
				return st, store.ErrNotFound
			})},
			{"ZRANGE", func(s *store.Store, a args) (any, error) {
				return on(s, a).RangeWithScores(store.ByRank(0, -1))
			}, says(func(st scores, _ args) (scores, any) { return st, st })},
			{"DEL", func(s *store.Store, a args) (any, error) {
				return s.Del(name(a.key))
			}, says(func(st scores, _ args) (scores, any) { return nil, min(1, len(st)) })},
		},
	}
}

// timed is a value with a deadline, 0 for none, and what the clock shows, in
// milliseconds. Empty is missing.
type timed struct {
	value         string
	deadline, now int
}

// deadlineModel is the model of one key with a deadline, and of the clock. Deadlines are
// given as times: a time to live counts from some moment of the call, not from that at
// which all of it happens.
func deadlineModel() *model[timed] {
	clocks := make(chan *store.ManualClock, 1) // of the store that was made last
	on := func(s *store.Store, a args) store.String { return s.String(name(a.key)) }
	at := func(a args) time.Time { return time.UnixMilli(int64(a.n)) }
	// live is the state without what has expired.
	live := func(st timed) timed {
		if st.deadline != 0 && st.deadline <= st.now {
			st.value, st.deadline = "", 0
		}
		return st
	}
	orMissing := func(st timed) any {
		if st.value == "" {
			return store.ErrNotFound
		}
		return st.value
	}
	return &model[timed]{
		rounds: 400, start: timed{now: 1}, equal: same[timed],
		draw: func(r *rand.Rand, large bool) args { return args{value: text(r, large), n: 1 + r.IntN(14)} },
		newStore: func(sh shape) *store.Store {
			c := store.NewManualClock(time.UnixMilli(1))
			select {
			case <-clocks:
			default:
			}
			clocks <- c
			return store.New(store.WithShards(sh.shards), store.WithClock(c))
		},
		commands: []command[timed]{
			{"the clock", func(*store.Store, args) (any, error) {
				c := <-clocks
				clocks <- c
				c.Advance(time.Millisecond)
				return nil, nil
			}, says(func(st timed, _ args) (timed, any) { st.now++; return live(st), nil })},
			{"SET PXAT", func(s *store.Store, a args) (any, error) {
				r, err := on(s, a).SetWith(a.value, store.SetOptions{Expiry: store.ExpireAt(at(a))})
				return r.Set, err
			}, says(func(st timed, a args) (timed, any) { return live(timed{a.value, a.n, st.now}), true })},
			{"SET", func(s *store.Store, a args) (any, error) {
				return nil, on(s, a).Set(a.value)
			}, says(func(st timed, a args) (timed, any) { return timed{a.value, 0, st.now}, nil })},
			{"PEXPIREAT", func(s *store.Store, a args) (any, error) {
				return s.ExpireAt(name(a.key), at(a))
			}, says(func(st timed, a args) (timed, any) {
				if st = live(st); st.value == "" {
					return st, false
				}
				st.deadline = a.n
				return live(st), true
			})},
			{"PERSIST", func(s *store.Store, a args) (any, error) {
				return s.Persist(name(a.key))
			}, says(func(st timed, _ args) (timed, any) {
				st = live(st)
				had := st.deadline != 0
				st.deadline = 0
				return st, had
			})},
			{"GET", func(s *store.Store, a args) (any, error) {
				return on(s, a).Get()
			}, says(func(st timed, _ args) (timed, any) { st = live(st); return st, orMissing(st) })},
			{"GETDEL", func(s *store.Store, a args) (any, error) {
				return on(s, a).GetDel()
			}, says(func(st timed, _ args) (timed, any) { return timed{now: st.now}, orMissing(live(st)) })},
			{"PEXPIRETIME", func(s *store.Store, a args) (any, error) {
				at, err := s.ExpireTime(name(a.key))
				if err != nil || at.IsZero() {
					return 0, err
				}
				return at.UnixMilli(), nil
			}, says(func(st timed, _ args) (timed, any) {
				if st = live(st); st.value == "" {
					return st, store.ErrNotFound
				}
				if st.deadline == 0 {
					return st, 0
				}
				return st, st.deadline
			})},
			{"a snapshot", func(s *store.Store, a args) (any, error) {
				sn := s.Snapshot()
				return later(func() (any, error) {
					defer sn.Close()
					return sn.String(name(a.key)).Get()
				}), nil
			}, says(func(st timed, _ args) (timed, any) { st = live(st); return st, orMissing(st) })},
			{"DBSIZE", func(s *store.Store, _ args) (any, error) {
				return s.DBSize()
			}, says(func(st timed, _ args) (timed, any) { st = live(st); return st, min(1, len(st.value)) })},
		},
	}
}
