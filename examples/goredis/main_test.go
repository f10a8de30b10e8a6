package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const (
	wantMorning = `1 leads to https://go.dev
2 leads to https://pkg.go.dev
3 leads to https://redis.io
ann: no more than 3 links in 1h0m0s; so it is ben's
4 leads to https://valkey.io
ann: no more than 3 links in 1h0m0s; so it is ben's
5 leads to https://example.com

the top of the week
    1. https://go.dev                   100
    2. https://pkg.go.dev                50
    3. https://redis.io                  25
`
	wantMoved     = "\n13 keys moved\n"
	wantAfternoon = `
ben edits 1: the link is somebody else's
ann, who has left: no such session, or it has expired

the top of the week
    1. https://go.dev/blog              200
    2. https://pkg.go.dev               100
    3. https://redis.io                  50
`
)

// It prints the same wherever it runs, also if it moves half-way.
func TestRun(t *testing.T) {
	prints := func(t *testing.T, want string, args ...string) {
		t.Helper()
		var out strings.Builder
		require.NoError(t, run(context.Background(), args, &out, io.Discard))
		require.Equal(t, want, out.String())
	}
	t.Run("memory", func(t *testing.T) { prints(t, wantMorning+wantAfternoon) })
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { prints(t, wantMorning+wantAfternoon) })
	})
	for name, start := range map[string]func() (string, error){"redis": redisServer, "cluster": cluster} {
		t.Run(name, func(t *testing.T) {
			rdb, addrs := server(t, start), started(t, start)
			prints(t, wantMorning+wantAfternoon, "-redis", addrs)
			for _, flag := range []string{"-redis", "-move"} {
				err := run(context.Background(), []string{flag, addrs}, io.Discard, io.Discard)
				require.ErrorContains(t, err, "there are ")
			}
			flush(t, rdb)
			one, _, _ := strings.Cut(addrs, ",")
			for args, want := range map[[2]string]string{
				{"cluster", one}:           "one node of a cluster",
				{"redis", one + "," + one}: "those of a cluster",
			} {
				for _, flag := range []string{"-redis", "-move"} {
					if args[0] == name {
						err := run(context.Background(), []string{flag, args[1]}, io.Discard, io.Discard)
						require.ErrorContains(t, err, want)
					}
				}
			}
			prints(t, wantMorning+wantMoved+wantAfternoon, "-move", addrs)
		})
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-visits", "-1"},
		{"-visits", "many"},
		{"-redis", "a:1", "-move", "b:2"},
		{"-redis", ""},
		{"-move", "127.0.0.1:6379,"},
		{"surplus"},
	} {
		require.Error(t, run(context.Background(), args, io.Discard, io.Discard), args)
	}
	var usage bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-h"}, io.Discard, &usage))
	require.Contains(t, usage.String(), "-move")
	require.Error(t, run(context.Background(), nil, failing{}, io.Discard))

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, run(ctx, nil, io.Discard, io.Discard), context.Canceled)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }
