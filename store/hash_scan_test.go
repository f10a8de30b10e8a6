package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/structures"
)

// A small hash has cursors, too: those that it would have if it were large.
func TestHashScanFrom(t *testing.T) {
	s := newTest(t)
	h := s.Hash("h")
	_, err := h.Set("a", "1", Pair{"b", "2"})
	require.NoError(t, err)
	for _, cursor := range []uint64{1, 100, structures.MaxCursor} {
		_, next, err := h.Scan(cursor, ScanOptions{})
		require.NoError(t, err)
		require.Zero(t, next)
	}
}
