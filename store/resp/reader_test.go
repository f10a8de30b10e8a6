package resp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/internal/words"
)

// seededRand returns a source of random numbers whose seed is logged, which shows if the
// test fails; ALCOVE_SEED repeats that run.
func seededRand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("ALCOVE_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("ALCOVE_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// cutter brings what r does in random pieces.
type cutter struct {
	r   io.Reader
	rng *rand.Rand
}

func (c cutter) Read(p []byte) (int, error) {
	n := 1 + c.rng.IntN(8)
	if c.rng.IntN(4) == 0 {
		n = 1 + c.rng.IntN(5000)
	}
	return c.r.Read(p[:min(n, len(p))])
}

// ways are ways in which bytes can come.
func ways(t testing.TB) map[string]func(r io.Reader) io.Reader {
	rng := seededRand(t)
	return map[string]func(r io.Reader) io.Reader{
		"pipe":     nil,
		"whole":    func(r io.Reader) io.Reader { return struct{ io.Reader }{r} },
		"bytewise": iotest.OneByteReader,
		"pieces":   func(r io.Reader) io.Reader { return cutter{r, rng} },
		"with EOF": iotest.DataErrReader,
	}
}

// TestReaderAnswers compares the answers to right and wrong bytes with those of a real server.
func TestReaderAnswers(t *testing.T) {
	answers := recorded(t)
	for way, pieces := range ways(t) {
		t.Run(way, func(t *testing.T) {
			for name, request := range requestCases() {
				require.Equal(t, answers["request, "+name], testServer{pieces: pieces}.ask(t, request), name)
			}
			for name, request := range lateCases {
				s := testServer{noAuth: true, pieces: pieces}
				require.Equal(t, answers["before AUTH, "+name], s.ask(t, request), name)
			}
		})
	}
}

// readAll returns all commands and the error behind them.
func readAll(r *Reader) (commands [][]string, err error) {
	for {
		args, err := r.Next()
		if err != nil {
			again, errAgain := r.Next()
			if _, ok := err.(ProtocolError); ok && (again != nil || errAgain != err) {
				panic("a Reader goes on after an error")
			}
			return commands, err
		}
		commands = append(commands, slices.Clone(args))
	}
}

// randomCommand has arguments of all the sizes that matter.
func randomCommand(rng *rand.Rand) []string {
	args := make([]string, 1+rng.IntN(6))
	if rng.IntN(20) == 0 {
		args = make([]string, 100)
	}
	for i := range args {
		sizes := []int{rng.IntN(10), rng.IntN(100), smallArg + rng.IntN(3) - 1, rng.IntN(3000), bigWindow + rng.IntN(9) - 4, rng.IntN(100000)}
		args[i] = randomText(rng, sizes[min(rng.IntN(40), len(sizes)-1)*rng.IntN(2)])
	}
	return args
}

func randomText(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range min(n, 50) {
		b[i] = "\r\n$*ab\x00\xff"[rng.IntN(8)]
	}
	for done := 50; done < n; done *= 2 {
		copy(b[done:], b[:done])
	}
	return string(b)
}

func TestReaderCommands(t *testing.T) {
	rng := seededRand(t)
	for way, pieces := range ways(t) {
		if pieces == nil {
			continue
		}
		t.Run(way, func(t *testing.T) {
			var want [][]string
			var wire []byte
			for range 30 {
				args := randomCommand(rng)
				want = append(want, args)
				wire = AppendCommand(wire, args...)
			}
			got, err := readAll(NewReader(pieces(bytes.NewReader(wire))))
			require.Equal(t, io.EOF, err)
			require.True(t, slices.EqualFunc(want, got, slices.Equal))
		})
	}
}

// TestReaderTruncated ends the source at every byte.
func TestReaderTruncated(t *testing.T) {
	large := strings.Repeat("x", 600)
	wire := []byte("*1\r\n$4\r\nPING\r\nECHO \"a b\"\r\n")
	wire = AppendCommand(wire, "SET", "k", large)
	whole := map[int]bool{0: true, 14: true, 26: true, len(wire): true}
	for end := range len(wire) + 1 {
		want := io.ErrUnexpectedEOF
		if whole[end] {
			want = io.EOF
		}
		for _, src := range []io.Reader{bytes.NewReader(wire[:end]), iotest.OneByteReader(bytes.NewReader(wire[:end]))} {
			got, err := readAll(NewReader(src))
			require.Equal(t, want, err, "at %d", end)
			require.LessOrEqual(t, len(got), 3)
		}
	}
}

// TestReaderClaims announces much and sends little.
func TestReaderClaims(t *testing.T) {
	for _, wire := range []string{
		"*2147483647\r\n$1\r\na\r\n",
		"*1\r\n$536870912\r\nabc",
		"*1\r\n$536870912\r\n",
		"*2147483647\r\n$536870912\r\n" + strings.Repeat("x", 5000),
	} {
		for _, src := range []io.Reader{strings.NewReader(wire), iotest.OneByteReader(strings.NewReader(wire))} {
			r := NewReader(src)
			n := allocated(func() {
				_, err := r.Next()
				require.Equal(t, io.ErrUnexpectedEOF, err)
			})
			require.Less(t, n, uint64(64<<10), "%.20q", wire)
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestReaderGoesOn has the source fail for a while at every byte.
func TestReaderGoesOn(t *testing.T) {
	var wire []byte
	var want [][]string
	for _, args := range [][]string{{"SET", "k", strings.Repeat("x", 1500)}, {"PING"}} {
		wire = AppendCommand(wire, args...)
		want = append(want, args)
	}
	r := NewReader(&tired{wire: append(wire, "PING\r\n"...)})
	var got [][]string
	failed := 0
	for {
		args, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			failed++
			continue
		}
		got = append(got, slices.Clone(args))
	}
	require.Equal(t, append(want, []string{"PING"}), got)
	require.Equal(t, len(wire)+6, failed)
}

// tired is a reader that fails before every byte.
type tired struct {
	wire []byte
	up   bool
}

func (r *tired) Read(p []byte) (int, error) {
	if r.up = !r.up; r.up {
		if len(r.wire) == 0 {
			return 0, io.EOF
		}
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p[:1], r.wire)
	r.wire = r.wire[n:]
	return n, nil
}

// TestReaderDeadline goes on after a deadline within a large argument, over a connection.
func TestReaderDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := testPipe(t)
		wire := AppendCommand(nil, "SET", "k", strings.Repeat("v", 100000))
		r := NewReader(server)
		waits := 0
		r.OnWait = func() error { waits++; return nil }
		for _, part := range [][]byte{wire[:10], wire[10:40], wire[40:5000], wire[5000 : len(wire)-1]} {
			client.Write(part)
			server.SetReadDeadline(time.Now().Add(time.Second))
			_, err := r.Next()
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		require.Equal(t, 1, r.Buffered(), "the first of the two bytes behind it")
		server.SetReadDeadline(time.Time{})
		client.Write(wire[len(wire)-1:])
		args, err := r.Next()
		require.NoError(t, err)
		require.Len(t, args, 3)
		require.Len(t, args[2], 100000)
		require.Positive(t, waits)

		r.OnWait = func() error { return io.ErrNoProgress }
		_, err = r.Next()
		require.Equal(t, io.ErrNoProgress, err)
	})
}

func TestReaderNoProgress(t *testing.T) {
	_, err := NewReader(iotest.ErrReader(nil)).Next() // 0 bytes, no error
	require.Equal(t, io.ErrNoProgress, err)
	wrong := errors.New("wrong")
	_, err = NewReader(iotest.ErrReader(wrong)).Next()
	require.Equal(t, wrong, err)
}

// TestReaderLongLines has lines whose length is the limit, and one byte more. A real server
// takes the latter if it happens to read it whole.
func TestReaderLongLines(t *testing.T) {
	for way, pieces := range ways(t) {
		if pieces == nil {
			continue
		}
		for _, c := range []struct {
			n    int
			want error
		}{{maxLine, io.EOF}, {maxLine + 1, errInline}} {
			_, err := readAll(NewReader(pieces(strings.NewReader(strings.Repeat("a", c.n) + "\n"))))
			require.Equal(t, c.want, err, way)
		}
		for wire, want := range map[string]error{
			"*" + strings.Repeat("0", maxLine-1):       errManyArgs,
			"*" + strings.Repeat("0", maxLine):         errArgsLine,
			"*1\r\n$" + strings.Repeat("0", maxLine-1): errBulk,
			"*1\r\n$" + strings.Repeat("0", maxLine):   errBulkLine,
		} {
			_, err := readAll(NewReader(pieces(strings.NewReader(wire + "\r\n"))))
			require.Equal(t, want, err, way)
		}
	}
}

// TestReaderLaterError has bytes come with an error.
func TestReaderLaterError(t *testing.T) {
	r := NewReader(&withError{})
	args, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, []string{"PING"}, args)
	_, err = r.Next()
	require.Equal(t, io.ErrClosedPipe, err)
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
}

type withError struct{ done bool }

func (r *withError) Read(p []byte) (int, error) {
	if r.done {
		return 0, io.EOF
	}
	r.done = true
	return copy(p, "PING\r\n"), io.ErrClosedPipe
}

// TestReaderForgets wants nothing of a command to be kept while the next is waited for, and
// no string to be shared by too many arguments.
func TestReaderForgets(t *testing.T) {
	var wire []byte
	wire = AppendCommand(wire, slices.Repeat([]string{strings.Repeat("x", 300)}, 200)...)
	wire = AppendCommand(wire, slices.Repeat([]string{"x"}, 1000)...)
	r := NewReader(bytes.NewReader(wire))
	args, err := r.Next()
	require.NoError(t, err)
	require.Len(t, args, 200)
	require.LessOrEqual(t, cap(r.text), 2*sharedArgs)
	_, err = r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.Equal(t, io.EOF, err)
	require.Empty(t, strings.Join(args, ""))
	require.LessOrEqual(t, cap(r.args), keptArgs)
	require.LessOrEqual(t, cap(r.cuts), keptArgs)
	require.LessOrEqual(t, cap(r.text), keptText)
}

func TestReaderMaxBulk(t *testing.T) {
	r := NewReader(strings.NewReader("*1\r\n$10\r\n0123456789\r\n*1\r\n$11\r\n"))
	r.MaxBulk = 10
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.Equal(t, errBulk, err)
}

// TestReaderKeeps wants small arguments in one string, and large ones each in its own, so
// that no store keeps more than it was given.
func TestReaderKeeps(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, too")
	}
	for _, c := range []struct {
		args   []string
		allocs float64
	}{
		{[]string{"PING"}, 1},
		{[]string{"SET", "key", "value"}, 1},
		{[]string{"MSET", "a", "b", "c", "d", "e", "f", strings.Repeat("g", smallArg), "h"}, 1},
		{[]string{"SET", "key", strings.Repeat("x", smallArg+1)}, 2},
		{[]string{"SET", "key", strings.Repeat("x", 10*bigWindow)}, 2},
	} {
		wire := AppendCommand(nil, c.args...)
		client, server := testPipe(t)
		r := NewReader(server)
		got := testing.AllocsPerRun(100, func() {
			client.Write(wire)
			r.Next()
		})
		require.Equal(t, c.allocs, got, "%.20q", c.args)
	}
}

// TestGrow wants no more than a little over twice what has come, and in the end nothing over.
func TestGrow(t *testing.T) {
	rng := seededRand(t)
	for range 100 {
		size := rng.IntN(200000)
		var b strings.Builder
		for b.Len() < size {
			n := min(1+rng.IntN(3000), size-b.Len())
			grow(&b, n, size-b.Len())
			b.WriteString(strings.Repeat("x", n))
			require.LessOrEqual(t, b.Cap(), 2*b.Len()+firstBulk)
		}
		require.Equal(t, strings.Repeat("x", size), b.String())
		require.LessOrEqual(t, b.Cap()-b.Len(), size/4+64, "the allocator's rounding")
	}
}

// FuzzReader reads the same whole and in pieces, and nothing that is not there.
func FuzzReader(f *testing.F) {
	for _, request := range requestCases() {
		f.Add([]byte(request), uint64(1))
	}
	f.Fuzz(func(t *testing.T, wire []byte, seed uint64) {
		want, wantErr := readAll(NewReader(bytes.NewReader(wire)))
		got, gotErr := readAll(NewReader(cutter{bytes.NewReader(wire), rand.New(rand.NewPCG(seed, 0))}))
		require.Equal(t, want, got)
		require.Equal(t, wantErr, gotErr)
		var again []byte
		size := 0
		for _, args := range want {
			again = AppendCommand(again, args...)
			for _, arg := range args {
				size += len(arg)
			}
		}
		require.LessOrEqual(t, size, len(wire))
		got, gotErr = readAll(NewReader(bytes.NewReader(again)))
		require.Equal(t, want, got)
		require.Equal(t, io.EOF, gotErr)
	})
}

func TestParseInt(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "7": "7", "-7": "-7", "9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"": "", "-": "", "-0": "", "00": "", "+1": "", " 1": "", "1 ": "", "0x1": "", "9223372036854775808": "", "-9223372036854775809": "",
		"18446744073709551616": "", "99999999999999999999": "", "1e3": "",
	} {
		n, ok := words.Int([]byte(text))
		got := ""
		if ok {
			got = fmt.Sprint(n)
		}
		require.Equal(t, want, got, "%q", text)
	}
}

func ExampleReader() {
	r := NewReader(strings.NewReader("*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\nSET key \"two words\"\r\n*1\r\nPING\r\n"))
	for {
		args, err := r.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", args)
	}
	// Output:
	// ["ECHO" "hello"]
	// ["SET" "key" "two words"]
	// Protocol error: expected '$', got 'P'
}

func ExampleSplitArgs() {
	args, err := SplitArgs(`SET mykey "Hello,\nRedis!" EX 10`)
	fmt.Printf("%q %v\n", args, err)
	_, err = SplitArgs(`SET mykey "Hello`)
	fmt.Println(err)
	// Output:
	// ["SET" "mykey" "Hello,\nRedis!" "EX" "10"] <nil>
	// resp: unbalanced quotes
}

// TestReaderCuts reads commands that come in three parts, cut at every two bytes: what was seen
// of a part must not be taken for some of what follows.
func TestReaderCuts(t *testing.T) {
	wire := AppendCommand(AppendCommand(AppendCommand(nil, "PING"), "ECHO", "0123456789"), "GET", "k")
	wire = append(wire, "ECHO b\r\n"...)
	for second := range len(wire) {
		for first := range second {
			r := NewReader(io.MultiReader(bytes.NewReader(wire[:first]), bytes.NewReader(wire[first:second]), bytes.NewReader(wire[second:])))
			for _, want := range [][]string{{"PING"}, {"ECHO", "0123456789"}, {"GET", "k"}, {"ECHO", "b"}} {
				got, err := r.Next()
				require.NoError(t, err, "cut at %d and %d", first, second)
				require.Equal(t, want, got, "cut at %d and %d", first, second)
			}
		}
	}
}
