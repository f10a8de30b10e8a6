package resp

import (
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/command"
)

// TestWriterChunks writes replies of all sizes, which leave in chunks that are used again, and
// reads them at all times: what comes is what AppendReply makes of them.
func TestWriterChunks(t *testing.T) {
	rng := seededRand(t)
	for range 20 {
		client, server := testPipe(t)
		w := NewWriter(server)
		var want []byte
		read := func() {
			got := make([]byte, 1+rng.IntN(2*bigChunk))
			n, err := client.Read(got)
			require.NoError(t, err)
			require.Equal(t, string(want[:n]), string(got[:n]))
			want = want[n:]
		}
		for range 2000 {
			size := []int{rng.IntN(8), rng.IntN(200), rng.IntN(2000), rng.IntN(3 * refSize)}[min(rng.IntN(20), 3)]
			reply := command.Reply{Kind: command.Bulk, Str: randomText(rng, size)}
			w.Reply(reply)
			want = AppendReply(want, 2, reply)
			if rng.IntN(100) == 0 {
				require.NoError(t, w.Flush())
				require.Zero(t, w.Buffered())
			}
			if server.unread() > 0 && rng.IntN(30) == 0 {
				read()
			}
		}
		require.NoError(t, w.Flush())
		for len(want) > 0 {
			read()
		}
	}
}

// TestWriterGoesToAChunk writes many replies of one size: whatever that is, they are gathered in
// a big chunk, and not in what append makes anew after every Flush.
func TestWriterGoesToAChunk(t *testing.T) {
	for _, size := range []int{10, 400, 450, 700, 1500, 3000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			client, server := testPipe(t)
			w := NewWriter(server)
			reply := command.Reply{Kind: command.Bulk, Str: strings.Repeat("v", size)}
			for range 3 {
				for w.Buffered() < flushSize {
					w.Reply(reply)
				}
				require.Equal(t, bigChunk, cap(w.b))
				n := w.Buffered()
				require.NoError(t, w.Flush())
				_, err := io.ReadFull(client, make([]byte, n))
				require.NoError(t, err)
			}
		})
	}
}

// TestWriterChunkToReader has a reader that waits with little room: the rest of a chunk waits.
func TestWriterChunkToReader(t *testing.T) {
	client, server := testPipe(t)
	w := NewWriter(server)
	var want []byte
	for range 200 {
		reply := command.Reply{Kind: command.Bulk, Str: "a value"}
		w.Reply(reply)
		want = AppendReply(want, 2, reply)
	}
	require.Equal(t, bigChunk, cap(w.b))
	var got []byte
	read := make(chan error)
	go func() {
		var err error
		for size := 7; err == nil && len(got) < len(want); size = 100 {
			room := make([]byte, size)
			n := 0
			n, err = client.Read(room)
			got = append(got, room[:n]...)
		}
		read <- err
	}()
	require.NoError(t, w.Flush())
	require.NoError(t, <-read)
	require.Equal(t, string(want), string(got))
}
