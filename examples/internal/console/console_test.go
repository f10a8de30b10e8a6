package console

import (
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgress(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, io.Discard, Progress(f), "a file is no terminal")
	require.NoError(t, f.Close())
	require.Equal(t, io.Discard, Progress(f))
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files", -1: "-1 files"} {
		require.Equal(t, want, Count(n, "file"))
	}
}

func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		done := make(chan struct{})
		time.AfterFunc(250*time.Millisecond, func() { close(done) })
		start := time.Now()
		Report(&out, done, func() string { return time.Since(start).String() })
		require.Equal(t, "\r0s\r100ms\r200ms\r250ms\n", out.String())
	})
}
