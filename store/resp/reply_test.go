package resp

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/alcovedb/alcove/store/command"
	"github.com/stretchr/testify/require"
)

// TestReplyAnswers compares the bytes of every type with a real server's, and reads them.
func TestReplyAnswers(t *testing.T) {
	answers := recorded(t)
	for name, reply := range replyCases {
		for proto := 2; proto <= 3; proto++ {
			want := answers[fmt.Sprintf("RESP%d, %s", proto, name)]
			require.NotEmpty(t, want, name)
			got, err := NewReplyReader(strings.NewReader(want)).Next()
			require.NoError(t, err, name)
			switch {
			case name == "push" && proto == 2: // a real server refuses
				continue
			case name == "push":
				want, _, _ = strings.Cut(want, "$40")
			case name == "attrib" && proto == 3:
				_, want, _ = strings.Cut(want, ":90\r\n")
			}
			require.Equal(t, want, string(AppendReply(nil, proto, reply)), name)
			require.Equal(t, asRead(reply, proto), got, name)
		}
	}
}

// asRead is r as it comes out of a ReplyReader.
func asRead(r command.Reply, proto int) command.Reply {
	bulk := command.Reply{Kind: command.Bulk, Str: r.Str}
	var elems []command.Reply
	for _, e := range r.Elems {
		if e.Kind == command.None {
			e.Kind = command.Null
		}
		elems = append(elems, asRead(e, proto))
	}
	r.Elems = elems
	switch {
	case r.Kind == command.NullArray && proto == 3:
		r.Kind = command.Null
	case proto == 3:
	case r.Kind == command.Set, r.Kind == command.Map, r.Kind == command.Push:
		r.Kind = command.Array
	case r.Kind == command.Double:
		bulk.Str = fmt.Sprintf("%.17g", r.Float)
		bulk.Str = strings.TrimPrefix(strings.ToLower(bulk.Str), "+")
		return bulk
	case r.Kind == command.Bool:
		r.Kind = command.Integer
	case r.Kind == command.BigNumber, r.Kind == command.Verbatim:
		return bulk
	}
	return r
}

func randomDouble(rng *rand.Rand) float64 {
	switch rng.IntN(6) {
	case 0:
		return math.Inf(rng.IntN(2)*2 - 1)
	case 1:
		return float64(rng.IntN(2000)-1000) / float64(int(1)<<rng.IntN(12))
	case 2:
		return math.Pow(10, float64(rng.IntN(50)-20))
	case 3:
		return math.Copysign(0, float64(rng.IntN(2))-0.5)
	}
	for {
		if f := math.Float64frombits(rng.Uint64()); !math.IsNaN(f) {
			return f
		}
	}
}

// randomReply is one that can be read back.
func randomReply(rng *rand.Rand, depth int) command.Reply {
	r := command.Reply{Kind: 1 + command.Kind(rng.IntN(int(command.Push)))}
	switch r.Kind {
	case command.Simple, command.Error:
		r.Str = "ERR " + strconv.FormatUint(rng.Uint64(), 36)
	case command.Integer:
		r.Int = int64(rng.Uint64()) >> rng.IntN(64)
	case command.Bulk, command.Verbatim:
		r.Str = randomText(rng, []int{0, rng.IntN(20), rng.IntN(2 * refSize)}[rng.IntN(3)])
	case command.Array, command.Set, command.Map, command.Push:
		for n := rng.IntN(5) &^ 1; depth > 0 && n > 0; n-- {
			e := randomReply(rng, depth-1)
			if rng.IntN(20) == 0 {
				e = command.Reply{}
			}
			r.Elems = append(r.Elems, e)
		}
	case command.Double:
		r.Float = randomDouble(rng)
	case command.Bool:
		r.Int = int64(rng.IntN(2))
	case command.BigNumber:
		r.Str = strconv.FormatInt(int64(rng.Uint64()), 10) + "000"
	}
	return r
}

// TestRepliesRoundTrip writes random replies by a Writer, to a connection and to a buffer,
// and reads them.
func TestRepliesRoundTrip(t *testing.T) {
	rng := seededRand(t)
	client, server := testPipe(t)
	var buffer bytes.Buffer
	toConn, toBuffer := NewWriter(server), NewWriter(&buffer)
	fromConn := NewReplyReader(iotest.HalfReader(client))
	for range 3000 {
		proto := 2 + rng.IntN(2)
		toConn.Proto, toBuffer.Proto = proto, proto
		var want []command.Reply
		var wire []byte
		for range 1 + rng.IntN(3) {
			r := randomReply(rng, 3)
			want = append(want, asRead(r, proto))
			toConn.Reply(r)
			toBuffer.Reply(r)
			wire = AppendReply(wire, proto, r)
		}
		require.Equal(t, len(wire), toConn.Buffered())
		require.Equal(t, len(wire), toBuffer.Buffered())
		require.NoError(t, toConn.Flush())
		require.NoError(t, toBuffer.Flush())
		require.Zero(t, toConn.Buffered())
		require.True(t, bytes.Equal(wire, buffer.Bytes()))
		buffer.Reset()
		for _, r := range want {
			got, err := fromConn.Next()
			require.NoError(t, err)
			require.Equal(t, r, got)
		}
	}
}

func TestAppendReply(t *testing.T) {
	str := func(kind command.Kind, s string) command.Reply { return command.Reply{Kind: kind, Str: s} }
	for _, c := range []struct {
		reply        command.Reply
		resp2, resp3 string
	}{
		{command.Reply{}, "", ""},
		{str(command.Simple, "a\r\nb\n"), "+a  b \r\n", "+a  b \r\n"},
		{str(command.Error, "ERR a\r\nb\r\n\n"), "-ERR a  b\r\n", "-ERR a  b\r\n"},
		{str(command.Error, "\n"), "-\r\n", "-\r\n"},
		{str(command.NullArray, ""), "*-1\r\n", "_\r\n"},
		{command.Reply{Kind: command.Double, Float: math.NaN()}, "$3\r\nnan\r\n", ",nan\r\n"},
		{command.Reply{Kind: command.Double, Float: math.Inf(-1)}, "$4\r\n-inf\r\n", ",-inf\r\n"},
		{command.Reply{Kind: command.Double, Float: math.Inf(1)}, "$3\r\ninf\r\n", ",inf\r\n"},
		{command.Reply{Kind: command.Double, Float: 0.1}, "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"},
		{
			command.Reply{Kind: command.Double, Float: 13.36138933897018433, Str: "13.36138933897018433"},
			"$20\r\n13.36138933897018433\r\n", ",13.36138933897018433\r\n",
		},
		{
			command.Reply{Kind: command.Map, Elems: []command.Reply{str(command.Bulk, "k"), {}, number(1)}},
			"*2\r\n$1\r\nk\r\n$-1\r\n", "%1\r\n$1\r\nk\r\n_\r\n",
		},
		{command.Reply{Kind: command.Kind(200)}, "", ""},
	} {
		require.Equal(t, c.resp2, string(AppendReply(nil, 2, c.reply)))
		require.Equal(t, c.resp3, string(AppendReply(nil, 3, c.reply)))
		require.Equal(t, "x"+c.resp2, string(AppendReply([]byte("x"), 0, c.reply)))
	}
}

func TestReplyReaderRefuses(t *testing.T) {
	for _, wire := range []string{
		"\r\n", "\n", "x\r\n", "?1\r\n", "+OK\n", ":\r\n", ":1.5\r\n", ":01\r\n", "$-2\r\n", "$x\r\n", "$1\r\nab\r\n", "$1\r\na\n\r",
		"*-2\r\n", "*1\r\n*x\r\n", "%-1\r\n", "~-1\r\n", ">-1\r\n", "_x\r\n", "#x\r\n", "#\r\n", ",\r\n", ",x\r\n", ",0x1\r\n", ",infinity\r\n",
		"(\r\n", "(-\r\n", "(1a\r\n", "=3\r\ntxt\r\n", "=4\r\ntxt;\r\n", "!-1\r\n", "$9223372036854775807\r\n", "*9223372036854775807\r\n",
		"|x\r\n", "$?\r\n", strings.Repeat("*1\r\n", 10000),
	} {
		r := NewReplyReader(strings.NewReader(wire))
		_, err := r.Next()
		require.Equal(t, ErrReply, err, "%.20q", wire)
		_, err = r.Next()
		require.Equal(t, ErrReply, err, "%.20q", wire)
	}
	_, err := NewReplyReader(strings.NewReader("")).Next()
	require.Equal(t, io.EOF, err)
	long := strings.Repeat("x", 10000) // more than a bufio.Reader has
	reply, err := NewReplyReader(strings.NewReader("+" + long + "\r\n")).Next()
	require.NoError(t, err)
	require.Equal(t, command.Reply{Kind: command.Simple, Str: long}, reply)
	_, err = NewReplyReader(strings.NewReader("+" + long)).Next()
	require.Equal(t, io.ErrUnexpectedEOF, err)
}

// TestReplyReaderTruncated ends the source at every byte.
func TestReplyReaderTruncated(t *testing.T) {
	const wire = "|1\r\n+a\r\n:1\r\n*2\r\n%1\r\n$1\r\nk\r\n!3\r\nERR\r\n>1\r\n,1\r\n"
	for end := 1; end < len(wire); end++ {
		_, err := NewReplyReader(strings.NewReader(wire[:end])).Next()
		require.Equal(t, io.ErrUnexpectedEOF, err, "at %d", end)
	}
	r := NewReplyReader(strings.NewReader(wire))
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
}

func TestReplyReaderClaims(t *testing.T) {
	for _, wire := range []string{"*2147483647\r\n:1\r\n", "$2147483647\r\nabc", "%2147483647\r\n$1\r\n", "|1000000000\r\n"} {
		n := allocated(func() {
			_, err := NewReplyReader(strings.NewReader(wire)).Next()
			require.Equal(t, io.ErrUnexpectedEOF, err)
		})
		require.Less(t, n, uint64(64<<10), wire)
	}
}

// FuzzReplyReader reads garbage; what can be read is written and read once more.
func FuzzReplyReader(f *testing.F) {
	for _, reply := range replyCases {
		f.Add(AppendReply(nil, 2, reply))
		f.Add(AppendReply(nil, 3, reply))
	}
	f.Add([]byte("|1\r\n+a\r\n:1\r\n*1\r\n=7\r\nmkd:abc\r\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		reply, err := NewReplyReader(bytes.NewReader(wire)).Next()
		other, otherErr := NewReplyReader(iotest.OneByteReader(bytes.NewReader(wire))).Next()
		require.Equal(t, err, otherErr)
		text := AppendReply(nil, 3, reply)
		require.Equal(t, string(text), string(AppendReply(nil, 3, other)))
		if err != nil {
			return
		}
		again, err := NewReplyReader(bytes.NewReader(text)).Next()
		require.NoError(t, err)
		require.Equal(t, string(text), string(AppendReply(nil, 3, again)))
	})
}

// TestWriterByReference wants large strings not to be copied on their way to a connection,
// nor to change what is sent.
func TestWriterByReference(t *testing.T) {
	client, server := testPipe(t)
	w := NewWriter(server)
	value := strings.Repeat("v", 1<<20)
	reply := command.Reply{Kind: command.Bulk, Str: value}
	n := allocated(func() {
		for range 100 {
			w.Reply(reply)
		}
		require.NoError(t, w.Flush())
	})
	require.Less(t, n, uint64(128<<10)) // a chunk, and the references
	require.Equal(t, 100*(len(value)+len("$1048576\r\n\r\n")), server.unread())
	for range 100 {
		got := make([]byte, len(value)+len("$1048576\r\n\r\n"))
		_, err := io.ReadFull(client, got)
		require.NoError(t, err)
		require.Equal(t, "$1048576\r\n"+value+"\r\n", string(got))
	}
	server.Close()
	w.Reply(reply)
	require.Error(t, w.Flush())
	require.Zero(t, w.Buffered())
}

func ExampleAppendReply() {
	reply := command.Reply{Kind: command.Map, Elems: []command.Reply{
		{Kind: command.Bulk, Str: "score"}, {Kind: command.Double, Float: 2.5},
	}}
	fmt.Printf("%q\n", AppendReply(nil, 2, reply))
	fmt.Printf("%q\n", AppendReply(nil, 3, reply))
	// Output:
	// "*2\r\n$5\r\nscore\r\n$3\r\n2.5\r\n"
	// "%1\r\n$5\r\nscore\r\n,2.5\r\n"
}
