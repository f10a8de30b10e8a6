package store

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomBytes(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var bitSink int64

// BenchmarkBitCount counts 1 MiB: by hand, as a string that never changes, as one that was
// changed in place, and as one that is nearly all hole.
func BenchmarkBitCount(b *testing.B) {
	const n = 1 << 20
	data := randomBytes(n)
	s := newTest(b)
	require.NoError(b, s.String("text").SetBytes(data))
	require.NoError(b, s.String("base").SetBytes(data))
	_, err := s.Bitmap("base").SetBit(0, data[0] < 0x80) // which changes it
	require.NoError(b, err)
	for i := 0; i < n; i += 4096 {
		_, err := s.String("pages").SetRange(i, string(data[i:i+4096]))
		require.NoError(b, err)
	}
	_, err = s.Bitmap("hole").SetBit(n*8-1, true)
	require.NoError(b, err)
	b.Run("bare loop", func(b *testing.B) {
		b.SetBytes(n)
		b.ReportAllocs()
		for b.Loop() {
			sum := 0
			for i := 0; i < len(data); i += 8 {
				sum += bits.OnesCount64(binary.LittleEndian.Uint64(data[i:]))
			}
			bitSink = int64(sum)
		}
	})
	for _, key := range []string{"text", "base", "pages", "hole"} {
		b.Run(key, func(b *testing.B) {
			b.SetBytes(n)
			b.ReportAllocs()
			for b.Loop() {
				bitSink, err = s.Bitmap(key).Count()
			}
			require.NoError(b, err)
		})
	}
}

func BenchmarkSetBit(b *testing.B) {
	for _, size := range []int64{100, 1000, 1 << 20, MaxStringLen} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			s := newTest(b)
			m := s.Bitmap("k")
			_, err := m.SetBit(size*8-1, true)
			require.NoError(b, err)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				_, err = m.SetBit(i*641%(min(size, 1<<20)*8), i&1 == 0)
			}
			require.NoError(b, err)
		})
	}
}

func BenchmarkGetBit(b *testing.B) {
	for _, size := range []int64{100, 1 << 20} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			s := newTest(b)
			m := s.Bitmap("k")
			_, err := m.SetBit(size*8-1, true)
			require.NoError(b, err)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				_, err = m.GetBit(i * 641 % (size * 8))
			}
			require.NoError(b, err)
		})
	}
}

func BenchmarkBitOp(b *testing.B) {
	const n = 1 << 20
	s := newTest(b)
	require.NoError(b, s.String("x").SetBytes(randomBytes(n)))
	require.NoError(b, s.String("y").SetBytes(randomBytes(n+1)))
	for _, key := range []string{"hole", "hole2"} {
		_, err := s.Bitmap(key).SetBit(maxBits-1, true)
		require.NoError(b, err)
	}
	run := func(name string, op BitOp, size int64, keys ...string) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Bitmap("d").Op(op, keys...)
				require.NoError(b, err)
			}
		})
	}
	run("AND", BitAnd, n, "x", "y")
	run("OR", BitOr, n, "x", "y")
	run("NOT", BitNot, n, "x")
	run("ONE", BitOne, n, "x", "y")
	run("512 MB of hole", BitOr, MaxStringLen, "hole", "hole2")
}

func BenchmarkBitField(b *testing.B) {
	for _, size := range []int64{100, 1 << 20} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			s := newTest(b)
			m := s.Bitmap("k")
			_, err := m.SetBit(size*8-1, true)
			require.NoError(b, err)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				_, err = m.Field(Unsigned(12).Nth(i%(size/2)).IncrBy(1), Signed(20).At(i*31%(size*4)).Set(-i).Overflow(OverflowSat))
			}
			require.NoError(b, err)
		})
	}
}
