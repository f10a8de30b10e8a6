package structures

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomText(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// bytesModel is a Bytes and the slice that it should equal.
type bytesModel struct {
	b *Bytes
	m []byte
}

func (m *bytesModel) clone() *bytesModel {
	return &bytesModel{b: m.b.Clone().(*Bytes), m: append([]byte(nil), m.m...)}
}

func (m *bytesModel) write(off int, s string) {
	m.b.WriteAt(off, s)
	if s == "" {
		return
	}
	if grow := off + len(s) - len(m.m); grow > 0 {
		m.m = append(m.m, make([]byte, grow)...)
	}
	copy(m.m[off:], s)
}

// step does one random write on both sides.
func (m *bytesModel) step(r *rand.Rand) {
	n := r.IntN(20)
	if r.IntN(5) == 0 {
		n = r.IntN(3 * bytesPageLen)
	}
	s := randomText(r, n)
	switch r.IntN(8) {
	case 0, 1:
		m.b.Append(s)
		m.m = append(m.m, s...)
	case 2:
		m.write(len(m.m)+r.IntN(5*bytesPageLen), s)
	case 3: // at the border of a page
		m.write(max(0, r.IntN(len(m.m)/bytesPageLen+1)*bytesPageLen-r.IntN(3)), s)
	default:
		m.write(r.IntN(len(m.m)+1), s)
	}
}

func (m *bytesModel) check(t testing.TB, r *rand.Rand) {
	t.Helper()
	require.Equal(t, len(m.m), m.b.Len())
	require.Equal(t, len(m.m), m.b.Size())
	require.True(t, string(m.m) == m.b.String(), "the whole differs")
	held := 0
	for i := range m.b.pages.Len() {
		if p := m.b.pages.At(i); p != nil && p.b != nil {
			held++
		}
	}
	require.Equal(t, len(m.b.base)+held*bytesPageLen, m.b.Allocated())
	for range 20 {
		to := r.IntN(len(m.m) + 1)
		from := r.IntN(to + 1)
		require.True(t, string(m.m[from:to]) == m.b.Slice(from, to), "[%d, %d) differs", from, to)
		if from < len(m.m) {
			require.Equal(t, m.m[from], m.b.At(from))
		}
		buf := []byte(strings.Repeat("?", to-from+3)) // it may reach behind the end
		n := m.b.ReadAt(buf, from)
		require.Equal(t, min(len(buf), len(m.m)-from), n)
		require.True(t, string(m.m[from:from+n]) == string(buf[:n]), "from %d differs", from)
		require.Equal(t, strings.Repeat("?", len(buf)-n), string(buf[n:]))
	}
}

func TestBytesEqualsModel(t *testing.T) {
	for _, base := range []int{0, 1, bytesPageLen - 1, bytesPageLen, 10*bytesPageLen + 17} {
		r := rng(t)
		s := randomText(r, base)
		all := []*bytesModel{{b: NewBytes(s), m: []byte(s)}}
		for range max(alone(500), 100) {
			m := all[r.IntN(len(all))]
			if r.IntN(20) == 0 {
				c := m.clone()
				if len(all) < 6 {
					all = append(all, c)
				} else {
					all[r.IntN(len(all))] = c
				}
			}
			m.step(r)
			if r.IntN(20) == 0 {
				m.check(t, r)
			}
		}
		for _, m := range all {
			m.check(t, r)
		}
	}
}

func TestBytesStringsNeverChange(t *testing.T) {
	r := rng(t)
	base := randomText(r, 3*bytesPageLen+5)
	m := &bytesModel{b: NewBytes(base), m: []byte(base)}
	type kept struct{ got, want string }
	all := []kept{{base, strings.Clone(base)}}
	for range 200 {
		to := r.IntN(m.b.Len() + 1)
		from := r.IntN(to + 1)
		part, whole := m.b.Slice(from, to), m.b.String()
		all = append(all, kept{part, strings.Clone(part)}, kept{whole, strings.Clone(whole)})
		if r.IntN(10) == 0 {
			m.clone().step(r)
		}
		m.write(r.IntN(m.b.Len()+1), randomText(r, r.IntN(100)))
	}
	for i, k := range all {
		require.True(t, k.want == k.got, "string %d", i)
	}
}

func TestBytesSparse(t *testing.T) {
	const last = 512<<20 - 1
	b := NewBytes("head")
	b.WriteAt(last, "x")
	require.Equal(t, last+1, b.Size())
	require.LessOrEqual(t, b.Allocated(), len("head")+bytesPageLen)
	require.Equal(t, "head\x00\x00", b.Slice(0, 6))
	require.Equal(t, "\x00x", b.Slice(last-1, last+1))
	require.Equal(t, byte(0), b.At(last/2))

	b.WriteAt(last/2, "yy")
	require.LessOrEqual(t, b.Allocated(), len("head")+3*bytesPageLen)
	require.Equal(t, "\x00yy\x00", b.Slice(last/2-1, last/2+3))
	b.WriteAt(1<<30, "")
	require.Equal(t, last+1, b.Len())
}

// A write copies what it touches, however large the whole is.
func TestBytesWriteIsBounded(t *testing.T) {
	const n = 64 << 20
	b := NewBytes(strings.Repeat("b", n))
	c := b.Clone().(*Bytes)
	b.WriteAt(n/2, "x")
	b.Append("y")
	require.Equal(t, n+2*bytesPageLen, b.Allocated())
	require.Equal(t, n, c.Allocated())
	require.Equal(t, "bxb", b.Slice(n/2-1, n/2+2))
	require.Equal(t, "bbb", c.Slice(n/2-1, n/2+2))

	allocs := testing.AllocsPerRun(100, func() { b.WriteAt(n/2, "z") })
	require.Zero(t, allocs, "allocations of a write to a page that is owned")
	small := NewBytes("a string")
	small.Append(" and more")
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() { _ = small.String() }))
}
