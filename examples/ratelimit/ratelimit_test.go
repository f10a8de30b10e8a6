package main

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func TestRun(t *testing.T) {
	for range 3 { // whoever comes first
		var out strings.Builder
		require.NoError(t, run(nil, &out, io.Discard))
		require.Equal(t, `5 calls a second; what gets through:

   after  calls  fixed  sliding  bucket
      0s      1      1        1       1
   900ms     20      4        4       5
      1s     20      5        1       1
    1.5s     20      0        0       2
      2s     20      5        5       3
  1h0m0s     20      5        5       5

an hour later: 0 keys
`, out.String())
	}
}

// world is a store on a clock that stands still.
func world(t *testing.T) (*store.Store, *store.ManualClock) {
	t.Helper()
	clock := store.NewManualClock(time.Unix(1_700_000_000, 0))
	s := store.New(store.WithClock(clock))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, clock
}

// Each limiter does what a few lines of Go over all calls so far say.
func TestAgainstModels(t *testing.T) {
	const limit, window = 4, time.Second
	s, clock := world(t)
	start := clock.Now()
	models := []struct {
		name  string
		l     limiter
		allow func(now time.Duration, before []time.Duration) bool
	}{
		{
			"fixed", FixedWindow{s.DB(0), limit, window}, func(now time.Duration, before []time.Duration) bool {
				n, began := 0, -window
				for _, at := range before {
					if at >= began+window {
						n, began = 0, at
					}
					n++
				}
				return n < limit || now >= began+window
			},
		},
		{
			"sliding", SlidingWindow{s, limit, window}, func(now time.Duration, before []time.Duration) bool {
				n := 0
				for _, at := range before {
					if at > now-window {
						n++
					}
				}
				return n < limit
			},
		},
		{
			"bucket", TokenBucket{s, limit, window / limit}, func(now time.Duration, before []time.Duration) bool {
				tokens, last := limit, time.Duration(0)
				for _, at := range append(before[:len(before):len(before)], now) {
					tick := at / (window / limit)
					tokens, last = min(limit, tokens+int(tick-last))-1, tick
				}
				return tokens >= 0
			},
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	passed := make([][]time.Duration, len(models))
	for range 2000 {
		step := time.Duration(random.IntN(300)) * time.Millisecond
		switch random.IntN(20) {
		case 0:
			step = 5 * time.Second
		case 1, 2, 3, 4, 5, 6:
			step = 0
		}
		clock.Advance(step)
		now := clock.Now()
		for i, m := range models {
			want := m.allow(now.Sub(start), passed[i])
			got, err := m.l.Allow(now, "key")
			require.NoError(t, err)
			require.Equal(t, want, got, "%s after %v, which let through at %v", m.name, now.Sub(start), passed[i])
			if got {
				passed[i] = append(passed[i], now.Sub(start))
			}
		}
	}
	for i, m := range models {
		require.Greater(t, len(passed[i]), 500, m.name)
		require.Less(t, len(passed[i]), 1900, m.name)
	}
}

// What is not a limiter's comes out as an error.
func TestBrokenKeys(t *testing.T) {
	s, clock := world(t)
	_, err := s.List("fixed:alice").RPush("x")
	require.NoError(t, err)
	require.NoError(t, s.String("sliding:alice").Set("x"))
	require.NoError(t, s.String("bucket:alice:tick").Set("x"))
	for _, l := range []limiter{
		FixedWindow{s.DB(0), 1, time.Second}, SlidingWindow{s, 1, time.Second}, TokenBucket{s, 1, time.Second},
	} {
		ok, err := l.Allow(clock.Now(), "alice")
		require.Error(t, err)
		require.False(t, ok)
		_, err = callers(l, clock.Now(), 3)
		require.Error(t, err)
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string]string{
		"from 1 to 1000, not 0":    "-limit 0",
		"-1 callers":               "-callers -1",
		`"more" is not a flag`:     "more",
		"provided but not defined": "-what",
	} {
		var out strings.Builder
		require.ErrorContains(t, run(strings.Fields(args), &out, io.Discard), want)
		require.Empty(t, out.String())
	}
	var usage strings.Builder
	require.NoError(t, run([]string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-callers")
}
