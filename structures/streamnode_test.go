package structures

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamNodes wants to see of a stream what it was made of, and to make it anew from that.
func TestStreamNodes(t *testing.T) {
	s := NewStream()
	for i := range 250 {
		s.Add(StreamID{uint64(i + 1), 0}, []string{"f", "v", "g", []string{"a", "b"}[i%2]})
	}
	s.Add(StreamID{1000, 0}, []string{"other", "w"})
	require.True(t, s.Delete(StreamID{1, 0}))
	require.True(t, s.Delete(StreamID{150, 0}))

	clone := s.Clone().(*Stream)
	made, n := NewStream(), 0
	var deleted []StreamID
	s.EachNode(func(node StreamNode) bool {
		require.Equal(t, []string{"f", "g"}, node.Fields())
		require.Equal(t, StreamID{uint64(100*n + 1), 0}, node.ID())
		made.EndNode()
		for i := range node.Len() {
			e, gone := node.Entry(i)
			if made.Add(e.ID, e.AppendTo(nil)); gone {
				deleted = append(deleted, e.ID)
			}
		}
		n++
		return true
	})
	require.Equal(t, 3, n)
	require.Equal(t, []StreamID{{1, 0}, {150, 0}}, deleted)
	for _, id := range deleted {
		require.True(t, made.Delete(id))
	}
	require.NoError(t, made.check())
	require.Equal(t, s.Len(), made.Len())
	require.Equal(t, s.FirstID(), made.FirstID())

	// A node that is ended takes no more, also in a clone, and what it was cloned from does.
	clone.EndNode()
	clone.Add(StreamID{2000, 0}, []string{"f", "v"})
	s.Add(StreamID{2000, 0}, []string{"f", "v"})
	count := func(s *Stream) (n int) {
		s.EachNode(func(StreamNode) bool { n++; return true })
		return n
	}
	require.Equal(t, 4, count(clone))
	require.Equal(t, 3, count(s))
	NewStream().EndNode()
	require.Zero(t, count(NewStream()))
}
