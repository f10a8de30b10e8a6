package store

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	fold := func(r reply) (any, error) {
		if list, ok := r.([]any); ok && len(list) == 0 {
			return nil, nil
		}
		return r, nil
	}
	counts := map[string]error{"ERR count": ErrOutOfRange}
	newer = append(newer, differ{name: "LMOVEM", call: func(_ *twin, db DB, a []string) (any, error) {
		return callMoveM(a, db.List(a[0]).LMoveM)
	}, fold: fold, errors: counts}, differ{name: "BLMOVEM", call: func(_ *twin, db DB, a []string) (any, error) {
		a = slices.Delete(slices.Clone(a), 4, 5) // the timeout, which has passed
		r, err := callMoveM(a, func(dst string, from, to Side, o MoveOptions) ([]string, error) {
			return db.List(a[0]).BLMoveM(newImpatient(), dst, from, to, o)
		})
		if err == context.Canceled {
			return nil, nil
		}
		return r, err
	}, fold: fold, errors: counts})
}

// callMoveM does what the arguments of LMOVEM say.
func callMoveM(a []string, move func(dst string, from, to Side, o MoveOptions) ([]string, error)) (any, error) {
	side := func(s string) Side {
		if side, ok := sides[s]; ok {
			return side
		}
		return Right + 1
	}
	var o MoveOptions
	if len(a) > 4 {
		n, err := strconv.Atoi(a[5])
		if err != nil || n == 0 {
			return nil, errInexpressible
		}
		o = MoveOptions{Count: n, Exactly: a[4] == "EXACTLY", OneByOne: a[6] == "OBO"}
	}
	values, err := move(a[1], side(a[2]), side(a[3]), o)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	return listOf(values), nil
}

// modelMove is LMOVEM of slices, one element at a time as its page tells it. It returns the
// two lists and what was moved in the order of the second one; key says they are one list.
func modelMove(src, dst []string, same bool, from, to Side, o MoveOptions) (newSrc, newDst, moved []string) {
	n := o.Count
	if n == 0 {
		n = 1
	}
	if o.Exactly && len(src) < n || len(src) == 0 {
		return src, dst, nil
	}
	n = min(n, len(src))
	var taken []string // as they come
	rest := slices.Clone(src)
	for range n {
		if from == Left {
			taken, rest = append(taken, rest[0]), rest[1:]
		} else {
			taken, rest = append(taken, rest[len(rest)-1]), rest[:len(rest)-1]
		}
	}
	if same {
		dst = rest
	}
	if o.OneByOne {
		for _, s := range taken {
			if to == Left {
				moved = append([]string{s}, moved...)
			} else {
				moved = append(moved, s)
			}
		}
	} else if moved = slices.Clone(taken); from == Right {
		slices.Reverse(moved) // their order in the list
	}
	if to == Left {
		dst = slices.Concat(moved, dst)
	} else {
		dst = slices.Concat(dst, moved)
	}
	if same {
		return dst, dst, moved
	}
	return rest, dst, moved
}

// listMoves does random moves between lists, in a store and in a model.
type listMoves struct {
	t     testing.TB
	s     *Store
	model map[string][]string
	next  int
}

func (x *listMoves) push(key string, n int, long bool) {
	var values []string
	for range n {
		x.next++
		v := strconv.Itoa(x.next)
		if long {
			v = strings.Repeat(v+" ", 20)
		}
		values = append(values, v)
	}
	_, err := x.s.List(key).RPush(values...)
	require.NoError(x.t, err)
	x.model[key] = append(slices.Clone(x.model[key]), values...)
}

func (x *listMoves) move(blocking bool, src, dst string, from, to Side, o MoveOptions) {
	move := x.s.List(src).LMoveM
	if blocking {
		move = func(dst string, from, to Side, o MoveOptions) ([]string, error) {
			values, err := x.s.List(src).BLMoveM(newImpatient(), dst, from, to, o)
			if err == context.Canceled {
				err = nil
			}
			return values, err
		}
	}
	got, err := move(dst, from, to, o)
	require.NoError(x.t, err)
	var want []string
	x.model[src], x.model[dst], want = modelMove(x.model[src], x.model[dst], src == dst, from, to, o)
	what := fmt.Sprintf("%s to %s, %d %d %+v", src, dst, from, to, o)
	require.Equal(x.t, fmt.Sprint(want), fmt.Sprint(got), what)
	for _, key := range []string{src, dst} {
		list, err := x.s.List(key).Range(0, -1)
		require.NoError(x.t, err)
		require.Equal(x.t, fmt.Sprint(x.model[key]), fmt.Sprint(list), "%s: %s", key, what)
		n, err := x.s.Exists(key)
		require.NoError(x.t, err)
		require.Equal(x.t, len(list) > 0, n == 1, "%s: %s", key, what)
	}
}

func TestListMovesEqualModel(t *testing.T) {
	for name, opts := range map[string][]Option{
		"default": nil, "one shard": {WithShards(1)}, "tiny": {WithShards(2), tiny},
	} {
		t.Run(name, func(t *testing.T) {
			r := seededRand(t)
			x := &listMoves{t: t, s: newTest(t, opts...), model: map[string][]string{}}
			keys := []string{"a", "b", "c"}
			for range rounds(4_000) {
				src, dst := keys[r.IntN(3)], keys[r.IntN(3)]
				if len(x.model["a"])+len(x.model["b"])+len(x.model["c"]) < 100 && r.IntN(3) == 0 {
					x.push(src, []int{1, 5, 60}[r.IntN(3)], r.IntN(3) == 0)
				}
				if r.IntN(40) == 0 {
					_, err := x.s.Del(src)
					require.NoError(t, err)
					delete(x.model, src)
				}
				x.move(r.IntN(2) == 0, src, dst, Side(r.IntN(2)), Side(r.IntN(2)), MoveOptions{
					Count: []int{0, 1, 2, 7, 50, len(x.model[src]), math.MaxInt}[r.IntN(7)], Exactly: r.IntN(3) == 0, OneByOne: r.IntN(2) == 0,
				})
			}
			noWaiters(t, x.s)
		})
	}
}

func FuzzListMove(f *testing.F) {
	f.Add([]byte{0x00, 0x21, 0x43, 0xff, 0x10, 0x88, 0x07})
	f.Fuzz(func(t *testing.T, ops []byte) {
		x := &listMoves{t: t, s: New(WithShards(2), tiny), model: map[string][]string{}}
		defer x.s.Close()
		keys := []string{"a", "b"}
		for len(ops) >= 2 {
			op, arg := ops[0], int(ops[1])
			ops = ops[2:]
			src, dst := keys[op&1], keys[op>>1&1]
			if op&0x80 != 0 && len(x.model[src]) < 300 {
				x.push(src, arg&63, arg&64 != 0)
				continue
			}
			x.move(op&4 != 0, src, dst, Side(op>>3&1), Side(op>>4&1), MoveOptions{
				Count: arg, Exactly: op&0x20 != 0, OneByOne: op&0x40 != 0,
			})
		}
		noWaiters(t, x.s)
	})
}

func TestListMoveMErrors(t *testing.T) {
	s := newTest(t)
	l := s.List("l")
	push(t, s.DB(0), "l", "1", "2", "3")
	require.NoError(t, s.String("text").Set("x"))
	before, err := s.Fingerprint()
	require.NoError(t, err)
	for name, test := range map[string]struct {
		key, dst string
		from, to Side
		o        MoveOptions
		want     error
	}{
		"count":              {"l", "d", Left, Left, MoveOptions{Count: -1}, ErrOutOfRange},
		"least count":        {"l", "d", Left, Left, MoveOptions{Count: math.MinInt, Exactly: true}, ErrOutOfRange},
		"from":               {"l", "d", Right + 1, Left, MoveOptions{}, ErrInvalidOption},
		"to":                 {"l", "d", Left, 255, MoveOptions{}, ErrInvalidOption},
		"source":             {"text", "l", Left, Left, MoveOptions{}, ErrWrongType},
		"source and too few": {"text", "l", Left, Left, MoveOptions{Count: 9, Exactly: true}, ErrWrongType},
		"destination":        {"l", "text", Left, Left, MoveOptions{Count: 2}, ErrWrongType},
		"not enough for it":  {"l", "text", Left, Left, MoveOptions{Count: 4, Exactly: true}, nil},
		"nothing for it":     {"none", "text", Left, Left, MoveOptions{Count: 4}, nil},
		"both":               {"text", "text", Left, Left, MoveOptions{}, ErrWrongType},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := s.List(test.key).LMoveM(test.dst, test.from, test.to, test.o)
			require.Empty(t, values)
			if requireOutcome(t, test.want, err, "LMOVEM"); test.want != nil {
				values, err = s.List(test.key).BLMoveM(t.Context(), test.dst, test.from, test.to, test.o)
				require.Empty(t, values)
				requireOutcome(t, test.want, err, "BLMOVEM")
			}
			after, err := s.Fingerprint()
			require.NoError(t, err)
			require.Equal(t, before, after, "it has changed something")
		})
	}
	var none context.Context
	_, err = l.BLMoveM(none, "d", Left, Left, MoveOptions{})
	requireOutcome(t, ErrNoContext, err, "BLMOVEM")
	noWaiters(t, s)
}

// The list that is turned keeps its deadline, also where all of it is taken; one that is
// made has none.
func TestListMoveMDeadline(t *testing.T) {
	s := newTest(t, WithClock(NewManualClock(time.Unix(1_700_000_000, 0))))
	push(t, s.DB(0), "l", "1", "2", "3")
	_, err := s.Expire("l", time.Hour)
	require.NoError(t, err)
	for _, n := range []int{2, 3, 9} {
		_, err := s.List("l").LMoveM("l", Left, Right, MoveOptions{Count: n})
		require.NoError(t, err)
		left, err := s.TTL("l")
		require.NoError(t, err)
		require.Equal(t, time.Hour, left, "%d of 3", n)
	}
	_, err = s.List("l").LMoveM("m", Left, Right, MoveOptions{Count: 3})
	require.NoError(t, err)
	left, err := s.TTL("m")
	require.NoError(t, err)
	require.Equal(t, NoTTL, left)
}

// What LMoveM returns stays as it is, whatever becomes of the lists.
func TestListMoveMValuesStay(t *testing.T) {
	for _, long := range []bool{false, true} {
		s := newTest(t)
		x := &listMoves{t: t, s: s, model: map[string][]string{}}
		x.push("a", 20, long)
		want := slices.Clone(x.model["a"])
		got, err := s.List("a").LMoveM("a", Left, Right, MoveOptions{Count: 20})
		require.NoError(t, err)
		for range 50 {
			_, err := s.List("a").LMoveM("b", Left, Left, MoveOptions{Count: 7, OneByOne: true})
			require.NoError(t, err)
			_, err = s.List("b").LMoveM("a", Right, Left, MoveOptions{Count: 3})
			require.NoError(t, err)
			_, err = s.List("a").RPush("other", "others")
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
	}
}

// lMoveM is LMOVEM as a script for a Redis that does not have it.
const lMoveM = `
	local want, have = tonumber(ARGV[4]), redis.call('LLEN', KEYS[1])
	if have == 0 or ARGV[3] == 'EXACTLY' and have < want then return false end
	local pop = ARGV[1] == 'LEFT' and 'LPOP' or 'RPOP'
	if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('LLEN', KEYS[2]) end
	local taken, moved = {}, {}
	local ttl = redis.call('PEXPIRETIME', KEYS[1])
	for i = 1, math.min(want, have) do taken[i] = redis.call(pop, KEYS[1]) end
	local turn = ARGV[1] == 'RIGHT'
	if ARGV[5] == 'OBO' then turn = ARGV[2] == 'LEFT' end
	for i = 1, #taken do moved[i] = turn and taken[#taken + 1 - i] or taken[i] end
	for i = 1, #taken do
		if ARGV[2] == 'LEFT' then redis.call('LPUSH', KEYS[2], moved[#moved + 1 - i])
		else redis.call('RPUSH', KEYS[2], moved[i]) end
	end
	if KEYS[1] == KEYS[2] and ttl > 0 then redis.call('PEXPIREAT', KEYS[1], ttl) end
	return moved`

// TestRedisListMoves compares LMoveM with a Redis in which a script is LMOVEM, among the
// other commands on lists.
func TestRedisListMoves(t *testing.T) {
	rng := seededRand(t)
	w := newTwin(t, rng)
	w.reset()
	defer w.close()
	row := differ{name: "EVAL", call: func(_ *twin, db DB, a []string) (any, error) {
		args := append(slices.Clone(a[2:4]), a[4:6]...)
		return callMoveM(append(args, a[6:]...), db.List(a[2]).LMoveM)
	}, fold: func(r reply) (any, error) { return r, nil }, errors: map[string]error{
		"ERR WRONGTYPE": ErrWrongType, "WRONGTYPE": ErrWrongType,
	}}
	for range rounds(8_000) {
		if rng.IntN(2) == 0 {
			d := listDiffers[rng.IntN(len(listDiffers))]
			w.run(false, d.name, d.gen(w)...)
		} else {
			args := []string{lMoveM, "2", w.key(), w.key(), w.side(), w.side()}
			args = append(args, pick(w, []string{"COUNT", "EXACTLY"}), strconv.Itoa(1+rng.IntN(6)), pick(w, []string{"OBO", "BULK"}))
			value, err := row.call(w, w.db(), args)
			w.pending = append(w.pending, step{d: &row, db: w.cur, args: args, ours: outcome{value, classOf(err)}})
		}
		w.compare()
	}
	w.state()
	w.compare()
}

func BenchmarkListMoveM(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := New()
			defer s.Close()
			l := s.List("k")
			r := rand.New(rand.NewPCG(1, 2))
			for range 10_000 {
				l.RPush(strconv.FormatUint(r.Uint64(), 36))
			}
			b.ReportAllocs()
			for b.Loop() {
				l.LMoveM(l.Key(), Left, Right, MoveOptions{Count: n})
			}
		})
	}
}
