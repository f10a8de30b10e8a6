package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// output runs the program in a bubble.
func output(t *testing.T, args ...string) (text string) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), args, &out, io.Discard))
		text = out.String()
	})
	return text
}

func TestStreaming(t *testing.T) {
	for _, args := range []string{"", "-entries 20 -consumers 2 -dies 1", "-entries 5000 -consumers 8 -dies 3 -idle 1h"} {
		t.Run(args, func(t *testing.T) {
			text := output(t, strings.Fields(args)...)
			require.Contains(t, text, "alarms: ")
			require.NotContains(t, text, " 1 more than once")
			groups := regexp.MustCompile(`(?m)^(alarms|archive): (\d+) of (\d+) readings handled, 0 more than once; 0 pending$`)
			found := groups.FindAllStringSubmatch(text, -1)
			require.Len(t, found, 2, text)
			for _, g := range found {
				require.Equal(t, g[3], g[2])
			}
			require.Regexp(t, `watcher 1 died with reading \d+-\d+ in its hands; after \S+ watcher [2-8] took it over`, text)
		})
	}
	text := output(t, "-dies", "0", "-consumers", "1")
	require.Contains(t, text, "nobody died\n500 of 1000 readings are still in the stream\n")
	require.Contains(t, output(t, "-entries", "5"), "nobody died\n5 of 5")
}

// What the dead consumer held waits for as long as the flag says.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.NoError(t, run(t.Context(), strings.Fields("-idle 1h"), io.Discard, io.Discard))
		require.Equal(t, time.Hour, time.Since(start).Truncate(time.Second))
	})
}

// An interrupt ends all, and says so.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var out bytes.Buffer
		require.Equal(t, context.DeadlineExceeded, run(ctx, strings.Fields("-idle 1h"), &out, io.Discard))
		require.Empty(t, out.String())
	})
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-entries 0":           "0 readings are none",
		"-consumers 1":         "1 consumers are too few: somebody has to be left",
		"-consumers 0 -dies 0": "0 consumers are too few: somebody has to be left",
		"-dies -1":             "-1 is not the number of an entry",
		"-idle 0s":             "no entry can be handled in 0s",
		"-nothing":             "flag provided but not defined: -nothing",
		"more":                 `"more" is not a flag`,
	} {
		require.EqualError(t, run(t.Context(), strings.Fields(args), io.Discard, io.Discard), want)
	}
	var usage bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-consumers")
}

// A reading that is no number is never acknowledged, so that somebody can look at it.
func TestBadReading(t *testing.T) {
	s := store.New()
	defer s.Close()
	p := newPlant(s, options{entries: 1})
	require.Error(t, p.handle(alarms, "one", store.Entry{Fields: []store.Pair{{Key: "degrees", Value: "hot"}}}))
	require.Equal(t, 1, p.left[alarms])
	require.NoError(t, p.handle(alarms, "one", store.Entry{Fields: []store.Pair{{Key: "degrees", Value: fmt.Sprint(limit)}}}))
	require.Equal(t, 1, p.raised)
}
