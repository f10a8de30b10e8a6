package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func newGame(t *testing.T) *game {
	t.Helper()
	s := store.New()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &game{s: s}
}

// fill makes a board of players and points.
func fill(t *testing.T, b board, points map[string]float64) {
	t.Helper()
	for player, n := range points {
		_, err := b.s.ZSet(b.key).Add(store.Scored{Member: player, Score: n})
		require.NoError(t, err)
	}
}

func TestPages(t *testing.T) {
	b := newGame(t).board("b")
	lines, err := b.page(1, 3)
	require.NoError(t, err)
	require.Empty(t, lines)

	fill(t, b, map[string]float64{"a": 50, "b": 40, "c": 40, "d": 40, "e": 40, "f": 10, "g": 10})
	for n, want := range [][]line{
		1: {{1, "a", 50}, {2, "e", 40}, {2, "d", 40}},
		2: {{2, "c", 40}, {2, "b", 40}, {6, "g", 10}}, // it begins within those of one place
		3: {{6, "f", 10}},
		4: nil,
	} {
		if n == 0 {
			continue
		}
		lines, err := b.page(n, 3)
		require.NoError(t, err)
		require.Equal(t, want, lines, "page %d", n)
	}
}

func TestAround(t *testing.T) {
	b := newGame(t).board("b")
	_, err := b.around("a", 2)
	require.Equal(t, store.ErrNotFound, err)

	fill(t, b, map[string]float64{"a": 50, "b": 40, "c": 40, "d": 30, "e": 20})
	for player, want := range map[string][]line{
		"a": {{1, "a", 50}, {2, "c", 40}},
		"c": {{1, "a", 50}, {2, "c", 40}, {2, "b", 40}},
		"b": {{2, "c", 40}, {2, "b", 40}, {4, "d", 30}},
		"e": {{4, "d", 30}, {5, "e", 20}},
	} {
		lines, err := b.around(player, 1)
		require.NoError(t, err)
		require.Equal(t, want, lines, "around %s", player)
	}
	all, err := b.around("d", 100)
	require.NoError(t, err)
	require.Len(t, all, 5)
	_, err = b.around("nobody", 1)
	require.Equal(t, store.ErrNotFound, err)
}

func TestAddUp(t *testing.T) {
	g := newGame(t)
	fill(t, g.board(dayKey(0)), map[string]float64{"a": 1, "b": 2})
	fill(t, g.board(dayKey(3)), map[string]float64{"b": 20, "c": 30})
	fill(t, g.board(dayKey(6)), map[string]float64{"b": 200})
	for range 2 { // again it is the same
		require.NoError(t, g.addUp())
		week, err := g.board(weekKey).page(1, 9)
		require.NoError(t, err)
		require.Equal(t, []line{{1, "b", 222}, {2, "c", 30}, {3, "a", 1}}, week)
		active, err := g.board(activeKey).page(1, 9)
		require.NoError(t, err)
		require.Equal(t, []line{{1, "b", 3}, {2, "c", 1}, {2, "a", 1}}, active)
	}
}

// No point is lost, and the boards are the same in however many goroutines.
func TestPlay(t *testing.T) {
	var first uint64
	for _, workers := range []int{1, 3, 16} {
		g := newGame(t)
		for day := range days {
			require.NoError(t, g.play(context.Background(), day, options{players: 10, games: 100, workers: workers, seed: 7}))
		}
		require.NoError(t, g.addUp())
		sum, err := g.s.Fingerprint()
		require.NoError(t, err)
		if workers == 1 {
			first = sum
		}
		require.Equal(t, first, sum, "%d goroutines", workers)
		cheat, err := g.s.ZSet(weekKey).Score(cheater)
		require.NoError(t, err)
		require.EqualValues(t, 1e6, cheat)
	}
}

// A ban in the middle of the games: nothing of the player is left, nor comes back, and who
// looks sees it on all boards or on none.
func TestBanWhilePlaying(t *testing.T) {
	g := newGame(t)
	var wg sync.WaitGroup
	refused := make([]int, 4)
	for w := range refused {
		wg.Go(func() {
			for i := range 500 {
				switch err := g.score(i%days, cheater, 1); err {
				case nil:
				case errBanned:
					refused[w]++
				default:
					t.Error(err)
				}
				if err := g.score(i%days, "honest "+strconv.Itoa(w), 1); err != nil {
					t.Error(err)
				}
				if w == 0 && i == 100 {
					if err := g.ban(cheater); err != nil {
						t.Error(err)
					}
				}
				on := 0
				err := g.s.View(func(tx *store.Tx) error {
					on = 0
					for _, key := range append(dayKeys(), weekKey, activeKey) {
						if _, err := tx.ZSet(key).Score(cheater); err == nil {
							on++
						}
					}
					banned, err := tx.Set(bannedKey).IsMember(cheater)
					if err == nil && banned && on > 0 {
						err = errors.New("a banned player is on a board")
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 399, refused[0], "all after the ban")
	require.NoError(t, g.addUp())
	week, err := g.board(weekKey).page(1, 9)
	require.NoError(t, err)
	require.Equal(t, []line{{1, "honest 3", 500}, {1, "honest 2", 500}, {1, "honest 1", 500}, {1, "honest 0", 500}}, week)
}

func TestPlayStops(t *testing.T) {
	g := newGame(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("interrupted")
	cancel(cause)
	require.ErrorIs(t, g.play(ctx, 0, options{players: 3, games: 1e6, workers: 2}), cause)

	require.NoError(t, g.s.String(dayKey(1)).Set("not a board"))
	require.ErrorIs(t, g.play(context.Background(), 1, options{players: 3, games: 10, workers: 2}), store.ErrWrongType)
	require.ErrorIs(t, g.addUp(), store.ErrWrongType)
	require.ErrorIs(t, g.ban(cheater), store.ErrWrongType)
	banned, err := g.s.Set(bannedKey).Card()
	require.NoError(t, err)
	require.Zero(t, banned, "a ban that fails is none")
	_, err = g.board(dayKey(1)).page(1, 5)
	require.ErrorIs(t, err, store.ErrWrongType)
}

// What it prints is the same every time.
func TestRun(t *testing.T) {
	const want = `
the top of monday
    1. Jo             2300
    2. Pia            1850
    2. Ivo            1850
    2. Dan            1850
    5. Tess           1800

the top of the week
    1. Mallory     1000000
    2. Otto          10150
    3. Pia           10100

and without Mallory
    1. Otto          10150
    2. Pia           10100
    3. Ben            9550

page 2 of the week
    5. Finn           8100
    7. Ivo            7750
    8. Quinn          7350
    9. Jo             7000
   10. Nia            5950

around Kim
    2. Pia           10100
    3. Ben            9550
    4. Kim            9400  <
    5. Rosa           8100
    5. Finn           8100

how many have played on
    7 days: 2
    6 days: 5
    5 days: 4
    4 days: 7
    3 days: 2
    2 days: 0
    1 day: 0
`
	for _, workers := range []string{"8", "8", "3"} {
		var out bytes.Buffer
		require.NoError(t, run(context.Background(), []string{"-workers", workers}, &out, io.Discard))
		_, boards, _ := bytes.Cut(out.Bytes(), []byte("\n"))
		require.Equal(t, want, string(boards))
	}

	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-players", "45", "-games", "0", "-about", "Ada 2", "-page", "9"}, &out, io.Discard))
	require.Contains(t, out.String(), "Ada 2 is not on the board")
	require.Equal(t, "Eve 3", nameOf(44))
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-players", "0"},
		{"-workers", "0"},
		{"-games", "-1"},
		{"-page", "0"},
		{"-players", "many"},
		{"surplus"},
	} {
		require.Error(t, run(context.Background(), args, io.Discard, io.Discard), args)
	}
	var usage bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-about")
	require.Error(t, run(context.Background(), nil, failing{}, io.Discard))

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, run(ctx, nil, io.Discard, io.Discard), context.Canceled)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
