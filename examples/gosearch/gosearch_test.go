package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// folder writes files, name by text, and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func smallFolder(t *testing.T) string {
	return folder(t, map[string]string{
		"a.go":       "package a\n\nvar Reader, Closer = 1, Reader\n",
		"b/b.go":     "package b\n\nvar Reader int // Closer\n",
		"c.go":       "this is } not Go \x00\xff \"",
		"readme.txt": "Reader Closer",
	})
}

func TestIndex(t *testing.T) {
	s := store.New()
	defer s.Close()
	ix := &index{s: s}
	require.NoError(t, ix.build(context.Background(), smallFolder(t), io.Discard))

	files, err := s.Set(identKey("Reader")).Members()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a.go", filepath.Join("b", "b.go")}, files)
	uses, err := s.ZSet(useKey).Score("Reader")
	require.NoError(t, err)
	require.Equal(t, 3.0, uses)
	about, err := s.Hash(fileKey("a.go")).GetAll()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"size": "42", "lines": "3", "idents": "3", "uses": "4"}, about)
	big, err := s.List(largestKey).Range(0, -1)
	require.NoError(t, err)
	require.Equal(t, []string{"a.go", filepath.Join("b", "b.go"), "c.go"}, big)
}

func TestRun(t *testing.T) {
	dir := smallFolder(t)
	for name, test := range map[string]struct {
		args  []string
		wants []string
	}{
		"summary": {nil, []string{"3 files", "operations in", "used most: Reader (3)", "largest: a.go (42 bytes)", "hash", "zset"}},
		"one":     {[]string{"Reader"}, []string{"Reader: in 2 files, used 3 times", "2 files with all", "a.go"}},
		"both":    {[]string{"Reader", "Closer"}, []string{"Closer: in 1 file, used 1 time\n", "1 file with all", "  a.go"}},
		"unknown": {[]string{"Reader", "nobody"}, []string{"nobody: in 0 files, used 0 times", "0 files with all"}},
		"few":     {[]string{"-n", "1", "Reader"}, []string{"... and 1 more"}},
		"none":    {[]string{"-n", "-1", "Reader"}, []string{"... and 2 more"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, progress bytes.Buffer
			require.NoError(t, run(context.Background(), append([]string{"-dir", dir}, test.args...), &out, io.Discard, &progress))
			for _, want := range test.wants {
				require.Contains(t, out.String(), want)
			}
			require.Contains(t, progress.String(), "3 of 3 files")
		})
	}
}

func TestMistakes(t *testing.T) {
	ctx := context.Background()
	empty := t.TempDir()
	err := run(ctx, []string{"-dir", filepath.Join(empty, "missing")}, io.Discard, io.Discard, io.Discard)
	require.ErrorIs(t, err, os.ErrNotExist)
	err = run(ctx, []string{"-dir", empty}, io.Discard, io.Discard, io.Discard)
	require.ErrorContains(t, err, "no Go files in "+empty)
	path := filepath.Join(smallFolder(t), "a.go")
	err = run(ctx, []string{"-dir", path}, io.Discard, io.Discard, io.Discard)
	require.ErrorContains(t, err, path+" is not a folder")
	require.Error(t, run(ctx, []string{"-n", "x"}, io.Discard, io.Discard, io.Discard))
	require.NoError(t, run(ctx, []string{"-h"}, io.Discard, io.Discard, io.Discard))
}

func TestInterrupt(t *testing.T) {
	dir := smallFolder(t)
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	var out strings.Builder
	require.ErrorIs(t, run(ctx, []string{"-dir", dir}, &out, io.Discard, io.Discard), cause)
	require.Empty(t, out.String())

	// In the middle: who prints the progress gives the signal.
	ctx, cancel = context.WithCancelCause(context.Background())
	s := store.New()
	defer s.Close()
	ix := &index{s: s}
	err := ix.build(ctx, dir, writerFunc(func(p []byte) (int, error) { cancel(cause); return len(p), nil }))
	if err != nil { // it may have been too late
		require.ErrorIs(t, err, cause)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
