package main

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func openFleet(t *testing.T, drivers int) *fleet {
	t.Helper()
	s := store.New()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	f := newFleet(s, 7)
	require.NoError(t, f.open(drivers))
	return f
}

// The output is the same in every run.
func TestRun(t *testing.T) {
	var first string
	for range 3 {
		var out bytes.Buffer
		require.NoError(t, run([]string{"-seed", "1"}, &out, io.Discard))
		require.Contains(t, out.String(), "on a screen of 4 by 3 km: 26, at the airport: 16\n")
		require.Contains(t, out.String(), "8 passengers at once: 8 got a driver, no two the same; 0 got none\n")
		if first == "" {
			first = out.String()
		}
		require.Equal(t, first, out.String())
	}
	var out bytes.Buffer
	require.NoError(t, run([]string{"-drivers", "1", "-passengers", "20"}, &out, io.Discard))
	require.Contains(t, out.String(), "got none\n")
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-drivers", "0"}, {"-passengers", "-1"}, {"x"}, {"-what"}, {"-seed", "-1"}} {
		require.Error(t, run(args, io.Discard, io.Discard), "%v", args)
	}
	require.NoError(t, run([]string{"-h"}, io.Discard, io.Discard))
}

// The nearest driver is the one that a look at all of them finds.
func TestTakeTheNearest(t *testing.T) {
	f := openFleet(t, 300)
	all, err := f.free().Search(store.ByRadius(center, 20000, store.Kilometers))
	require.NoError(t, err)
	require.Len(t, all, 300)
	nearest := store.GeoResult{Dist: math.Inf(1)}
	for _, d := range all {
		if d.Dist < nearest.Dist {
			nearest = d
		}
	}
	name, km, err := f.take(station)
	require.NoError(t, err)
	require.Equal(t, nearest.Member, name)
	require.Equal(t, nearest.Dist, km)

	require.Equal(t, store.ErrNotFound, f.towards(name, station), "who is busy is not among the free")
	require.NoError(t, f.leave(name, airport[0]))
	require.EqualError(t, f.leave(name, airport[0]), name+" has no passenger")
	at, err := f.free().Pos(name)
	require.NoError(t, err)
	require.InDelta(t, airport[0].Lat, at[0].Point.Lat, 1e-5)
}

// Many who ask at the same time get different drivers, and none if there are too few.
func TestRushHour(t *testing.T) {
	f := openFleet(t, 20)
	near, err := f.free().Search(store.ByRadius(center, reach, store.Kilometers))
	require.NoError(t, err)
	taken, nobody, err := f.rushHour(30)
	require.NoError(t, err)
	require.Len(t, taken, len(near))
	require.Equal(t, 30-len(near), nobody)
	for _, d := range near {
		require.Contains(t, taken, d.Member)
	}
	free, err := f.s.ZSet(freeKey).Card()
	require.NoError(t, err)
	busy, err := f.s.ZSet(busyKey).Card()
	require.NoError(t, err)
	require.Equal(t, [2]int{20 - len(near), len(near)}, [2]int{free, busy})
}

func TestQueue(t *testing.T) {
	f := openFleet(t, 50)
	for range 30 {
		require.NoError(t, f.towards("driver:3", station))
	}
	before, km, err := f.queue("driver:3")
	require.NoError(t, err)
	require.Zero(t, before)
	require.Less(t, km, 0.001)
	_, _, err = f.queue("nobody")
	require.Equal(t, store.ErrNotFound, err)
}
