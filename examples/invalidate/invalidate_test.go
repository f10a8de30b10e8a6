package main

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	for _, args := range [][]string{
		{"-writes", "20000", "-products", "50"},
		{"-writes", "20000", "-products", "500", "-seed", "7"},
		{"-writes", "20000", "-products", "50", "-buffer", "1"},
		{"-writes", "0", "-products", "1"},
	} {
		var out bytes.Buffer
		require.NoError(t, run(args, &out, io.Discard), "%q", args)
		require.Contains(t, out.String(), "both are what the store holds")
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-products", "0"}, {"-writes", "-1"}, {"-buffer", "0"}, {"-writes", "x"}, {"more"},
	} {
		require.Error(t, run(args, io.Discard, io.Discard), "%q", args)
	}
	require.NoError(t, run([]string{"-h"}, io.Discard, io.Discard))
}

func TestWriterThatFails(t *testing.T) {
	require.ErrorIs(t, run([]string{"-writes", "10", "-products", "2"}, full{}, io.Discard), errFull)
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
