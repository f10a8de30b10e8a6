package structures

import (
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// xxhBuffer is the input of testdata/xxh3.txt.
func xxhBuffer(n int) string {
	b := make([]byte, n)
	for i, x := 0, uint64(2654435761); i < n; i++ {
		b[i] = byte(x >> 56)
		x *= 11400714785074694797
	}
	return string(b)
}

func TestDigestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/xxh3.txt")
	require.NoError(t, err)
	buf := xxhBuffer(5000)
	single, folded := 0, 0
	for line := range strings.Lines(string(text)) {
		var from, to int
		var want uint64
		if n, _ := fmt.Sscanf(line, "%d %d %x\n", &from, &to, &want); n == 3 {
			got := uint64(0)
			for n := from; n <= to; n++ {
				got = bits.RotateLeft64(got, 5) ^ Digest(buf[:n])
			}
			require.Equal(t, want, got, "%d to %d", from, to)
			folded++
		} else if n, _ := fmt.Sscanf(line, "%d %x\n", &from, &want); n == 2 {
			require.Equal(t, want, Digest(buf[:from]), "%d bytes", from)
			single++
		} else {
			require.True(t, strings.HasPrefix(line, "#"), line)
		}
	}
	require.Equal(t, 14, single)
	require.Equal(t, 12, folded)
}

// A string that changes in place has the digest of its text, and equals that alone.
func TestBytesDigest(t *testing.T) {
	r := rng(t)
	for _, n := range []int{0, 1, 8, 16, 128, 240, 241, 1024, 1025, bytesPageLen, bytesPageLen + 1, 3*bytesPageLen - 1} {
		m := &bytesModel{b: NewBytes(randomText(r, n))}
		m.m = []byte(m.b.String())
		for range 40 {
			text := string(m.m)
			require.Equal(t, Digest(text), m.b.Digest(), "%d bytes", len(text))
			require.True(t, m.b.Equal(text))
			require.False(t, m.b.Equal(text+"x"))
			if text != "" {
				i := r.IntN(len(text))
				require.False(t, m.b.Equal(text[:i]+string(text[i]+1)+text[i+1:]), "byte %d of %d", i, len(text))
				require.False(t, m.b.Equal(text[1:]))
			}
			if m.step(r); len(m.m) > 10*bytesPageLen {
				break
			}
		}
	}
}

func TestDigestAllocatesNothing(t *testing.T) {
	text := xxhBuffer(5000)
	b := NewBytes(text)
	b.WriteAt(4500, "x")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		Digest(text[:100])
		Digest(text)
		b.Digest()
		b.Equal(text)
	}))
}

func FuzzDigest(f *testing.F) {
	for _, n := range []int{0, 3, 16, 17, 128, 129, 240, 241, 1025, 5000} {
		f.Add(xxhBuffer(n), 1)
	}
	f.Fuzz(func(t *testing.T, s string, at int) {
		b := NewBytes(s)
		if s != "" {
			at = int(uint(at) % uint(len(s)))
			b.WriteAt(at, s[at:at+1]) // what it was, in a page of its own
		}
		if !b.Equal(s) || b.Digest() != Digest(s) {
			t.Errorf("a digest of %x is not %x", Digest(s), b.Digest())
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	for _, n := range []int{8, 100, 1000, 1 << 20} {
		text := xxhBuffer(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for range b.N {
				Digest(text)
			}
		})
	}
}
