package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChecksum(t *testing.T) {
	// The check value in Redis's crc64.c.
	require.Equal(t, uint64(0xe9c6d914c4b8d9ca), Checksum([]byte("123456789")))
	require.Zero(t, Checksum(nil))
}

// randomText returns a string of a kind that is kept in a way of its own.
func randomText(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10)
	case 1:
		return strconv.Itoa(r.IntN(300) - 150)
	case 2:
		return strings.Repeat(strconv.Itoa(r.IntN(100)), r.IntN(200))
	case 3:
		return strings.Repeat("x", []int{0, 20, 21, 63, 64, 4095, 4096, 8190, 16384, 70000}[r.IntN(10)])
	}
	b := make([]byte, r.IntN(100))
	for i, alphabet := 0, 1+r.IntN(256); i < len(b); i++ {
		b[i] = byte(r.IntN(alphabet))
	}
	return string(b)
}

func randomTexts(r *rand.Rand) (list []string) {
	seen := unique{}
	for n := 1 + r.IntN(40); len(list) < n; {
		if s := randomText(r); seen.add(s) {
			list = append(list, s)
		}
	}
	return list
}

// randomValue returns a value as Decode would return it.
func randomValue(r *rand.Rand) Value {
	switch texts := randomTexts(r); r.IntN(9) {
	case 0:
		return String(texts[0])
	case 1, 2:
		return List(texts)
	case 3:
		return Set{Members: texts}
	case 4:
		s := Set{Compact: true}
		for at, i := int64(math.MinInt64)>>r.IntN(64), 0; i < len(texts); i++ {
			s.Members = append(s.Members, strconv.FormatInt(at, 10))
			at += 1 + r.Int64N(1<<r.IntN(40))
		}
		return s
	case 5, 6:
		h := Hash{Compact: r.IntN(2) == 0}
		timed, first := r.IntN(2) == 0, int64(0)
		for _, s := range texts {
			f := Field{Name: s, Value: randomText(r)}
			if timed {
				first += r.Int64N(1 << 45)
				f.Deadline = first
			}
			timed = timed && r.IntN(8) > 0
			h.Fields = append(h.Fields, f)
		}
		return h
	case 7:
		z := ZSet{Compact: r.IntN(2) == 0}
		for i, s := range texts {
			z.Members = append(z.Members, Member{s, []float64{float64(i), r.NormFloat64(), math.Inf(1 - 2*r.IntN(2)), r.Float64() * 1e300}[r.IntN(4)]})
		}
		return z
	}
	return randomStream(r)
}

func randomStream(r *rand.Rand) *Stream {
	s, id := &Stream{}, StreamID{r.Uint64() >> (2 + r.IntN(60)), r.Uint64() >> r.IntN(60)}
	for range r.IntN(4) {
		node := StreamNode{Fields: randomTexts(r)[:1]}
		for range 1 + r.IntN(20) {
			id = StreamID{id.Ms + r.Uint64N(3)*r.Uint64N(1<<20) + 1, r.Uint64() >> r.IntN(60)}
			e := StreamEntry{ID: id, Deleted: r.IntN(4) == 0}
			if e.Pairs = []string{node.Fields[0], randomText(r)}; r.IntN(3) == 0 {
				e.Pairs = append(e.Pairs, randomText(r), randomText(r))
			}
			node.Entries = append(node.Entries, e)
		}
		node.ID = node.Entries[0].ID
		s.Nodes = append(s.Nodes, node)
	}
	s.LastID, s.FirstID, s.EntriesAdded = id, s.first(), r.Uint64()
	for _, name := range randomTexts(r)[:1] {
		g := StreamGroup{Name: name, LastID: id, EntriesRead: r.Int64N(100) - 1}
		for _, name := range randomTexts(r) {
			seen := r.Int64()
			g.Consumers = append(g.Consumers, StreamConsumer{name, seen, seen})
		}
		for i := range r.IntN(10) {
			g.Pending = append(g.Pending, StreamPending{StreamID{uint64(i), 7}, r.Int64(), r.Uint64(), r.IntN(len(g.Consumers))})
		}
		s.Groups = append(s.Groups, g)
	}
	return s
}

// reversed turns the order around in which a large sorted set is written.
func reversed(v Value) Value {
	z, ok := v.(ZSet)
	if !ok || z.Compact {
		return v
	}
	members := make([]Member, len(z.Members))
	for i, m := range z.Members {
		members[len(members)-1-i] = m
	}
	return ZSet{Members: members}
}

func TestRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 1200 {
		v := randomValue(r)
		payload := Encode(v)
		got, err := Decode(payload)
		require.NoError(t, err)
		if got = reversed(got); !reflect.DeepEqual(v, got) {
			t.Fatalf("%#v\nbecame\n%#v", v, got)
		}
	}
}

// TestVersions wants of every payload the version that it needs, and no more.
func TestVersions(t *testing.T) {
	for _, test := range []struct {
		v    Value
		want byte
	}{
		{String("a"), 10},
		{Hash{Fields: []Field{{"f", "v", 0}}}, 10},
		{Hash{Fields: []Field{{"f", "v", 1}}}, 12},
		{Hash{Fields: []Field{{"f", "v", 1}}, Compact: true}, 12},
		{randomStream(rand.New(rand.NewPCG(1, 1))), 10},
	} {
		payload := Encode(test.v)
		require.Equal(t, test.want, payload[len(payload)-10])
		payload = seal(payload[:len(payload)-10], int(test.want)-1)
		_, err := Decode(payload)
		if test.want == 12 {
			require.Equal(t, ErrFormat, err, "that version does not have the type")
		} else {
			require.NoError(t, err)
		}
		_, err = Decode(seal(payload[:len(payload)-10], 13))
		require.Equal(t, ErrVersion, err)
	}
}

// TestDamage changes each byte, and cuts at each: nothing panics, and with a right checksum
// what is taken makes a value that can be written.
func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 80 {
		payload := Encode(randomValue(r))
		for range 20 {
			i := r.IntN(min(len(payload)-10, 300))
			_, err := Decode(payload[:i])
			require.Error(t, err)
			b := append([]byte(nil), payload...)
			b[i] ^= 1 << r.IntN(8)
			_, err = Decode(b)
			require.Equal(t, ErrVersion, err, "the checksum is that of another")
			requireStable(t, seal(b[:len(b)-10], 12))
			requireStable(t, seal(b[:min(i, len(b)-10)], 12))
		}
	}
}

// requireStable wants of a payload an error, or a value that stays what it is.
func requireStable(t testing.TB, payload []byte) {
	v, err := Decode(payload)
	if err != nil {
		return
	}
	again, err := Decode(Encode(v))
	require.NoError(t, err, "%#v", v)
	if s, ok := again.(*Stream); ok {
		was := v.(*Stream)
		s.Estimate = was.Estimate
		for i := range s.Groups { // which version 10 does not have
			for j := range s.Groups[i].Consumers {
				s.Groups[i].Consumers[j].Active = was.Groups[i].Consumers[j].Active
			}
		}
	}
	for _, v := range []Value{v, again} {
		if h, ok := v.(Hash); ok { // by deadlines, where it is small
			slices.SortFunc(h.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	if again = reversed(again); !reflect.DeepEqual(v, again) {
		t.Fatalf("%#v became %#v", v, again)
	}
}

// TestClaims gives payloads that claim more than they have: that costs no memory.
func TestClaims(t *testing.T) {
	huge := "\x81\x00\x00\x00\x10\x00\x00\x00\x00" // 64 GiB
	for _, body := range []string{
		"\x00" + huge, "\x01" + huge, "\x02" + huge, "\x03" + huge, "\x04" + huge, "\x05" + huge, "\x12" + huge, "\x13" + huge,
		"\x13\x00\x00\x00\x00\x00\x00\x00\x00\x00" + huge, "\x13\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01g\x00\x00\x00" + huge,
		"\x00\xc3\x04" + huge + "a\x40\x00b", "\x00\xc3" + huge + "\x04", "\x18aaaaaaaa" + huge, "\x0b\x08\x02\x00\x00\x00\xff\xff\xff\xff",
		"\x10\x07\x07\x00\x00\x00\xfe\xff\xff",
		"\x13\x01\x10aaaaaaaaaaaaaaaa\x12\x12\x00\x00\x00\xff\xff\xf3\xff\xff\xff\x7f\x05\x00\x01\x00\x01\xff",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(seal([]byte(body), 12))
		runtime.ReadMemStats(&after)
		require.Equal(t, ErrFormat, err, "%q", body)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "%q", body)
	}
}

// TestTooLong gives strings that are as long as they say, which is too long: these are not
// even decompressed.
func TestTooLong(t *testing.T) {
	small := append([]byte{0, 'a'}, bytes.Repeat([]byte{0xe0, 0xff, 0}, maxText/lzfLongest+1)...)
	text := func(b []byte) []byte {
		b = binary.BigEndian.AppendUint32(append(b, 0xc3, 0x80), uint32(len(small)))
		b = binary.BigEndian.AppendUint32(append(b, 0x80), uint32(lzfLen(small)))
		return append(b, small...)
	}
	for _, payload := range [][]byte{
		seal(text([]byte{typeString}), version),
		seal(text([]byte{typeList, 1}), version),
		seal(text([]byte{typeListQuicklist2, 1, 1}), version),
		seal(text([]byte{typeStream, 1}), version),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(payload)
		runtime.ReadMemStats(&after)
		require.Equal(t, ErrFormat, err)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	}
}

// TestDecompressAllocatesOnce: what is made at once is what the bytes make, not what is claimed.
func TestDecompressAllocatesOnce(t *testing.T) {
	in := append([]byte{0, 'a'}, bytes.Repeat([]byte{0xe0, 0xff, 0}, 1000)...)
	n := lzfLen(in)
	require.Equal(t, uint64(1+1000*lzfLongest), n)
	require.Equal(t, 1., testing.AllocsPerRun(10, func() {
		out, ok := decompress(in, n)
		if !ok || len(out) != int(n) {
			t.Fatal(len(out))
		}
	}))
	require.Zero(t, testing.AllocsPerRun(10, func() {
		if _, ok := decompress(in, n+1); ok {
			t.Fatal("so much is not in it")
		}
	}))
}

func TestScoreText(t *testing.T) {
	// As C's printf has them, but for whole numbers.
	for f, want := range map[float64]string{
		0.1: "0.10000000000000001", 1.5: "1.5", 1e17: "100000000000000000", 1e16 + 2: "10000000000000002", 1e-5: "1.0000000000000001e-05",
		0.0001: "0.0001", -1e300: "-1.0000000000000001e+300", 5e-324: "4.9406564584124654e-324", 123456789012.5: "123456789012.5",
		1e22: "1e+22", 100.25: "100.25", math.Inf(1): "inf", math.Inf(-1): "-inf",
	} {
		require.Equal(t, want, scoreText(f))
	}
}

func TestInteger(t *testing.T) {
	for _, s := range []string{"", "-", "-0", "+1", "01", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809", "00", "1_0", "x"} {
		_, ok := integer(s)
		require.False(t, ok, "%q", s)
	}
	for _, n := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		got, ok := integer(strconv.FormatInt(n, 10))
		require.True(t, ok)
		require.Equal(t, n, got)
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		payload := Encode(randomValue(r))
		f.Add(payload[:len(payload)-10], uint16(payload[len(payload)-10]))
	}
	for _, body := range []string{
		"\x0a\x0e\x0e\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01", "\x09\x0f\x02\x01f\x01\x00v\x01g\x02\x03ab...\xff",
		"\xf5\x05#!a\nb\xf6\x01a\x03LUA\x01\x04text\x04code", "\xf5\xc3\x04\x0a\x01ab", "\xf6\x01a\x01b\x00\xc0\x05",
		"\x0f\x00\x00\x05\x01\x01\x01g\x00\x00\x00\x00", "\x16\x01\x05\x01f\x01v", "\x15\x00\x00\x05\x01\x00\x00\x00\x00\x07\x00",
	} {
		f.Add([]byte(body), uint16(12))
	}
	f.Fuzz(func(t *testing.T, body []byte, version uint16) {
		payload := seal(body[:len(body):len(body)], int(version))
		requireStable(t, payload)
		var sources []string
		err := DecodeLibraries(payload, func(source string) error {
			sources = append(sources, source)
			return nil
		})
		if err == nil {
			require.Equal(t, sources, sourcesOf(t, EncodeLibraries(sources)))
		}
	})
}

func sourcesOf(t testing.TB, payload []byte) (sources []string) {
	require.NoError(t, DecodeLibraries(payload, func(source string) error {
		sources = append(sources, source)
		return nil
	}))
	return sources
}

// TestLibraries has the payload of Redis 7.0.15 for a library, and what is none.
func TestLibraries(t *testing.T) {
	const source = "#!lua name=z\nredis.register_function('zz', function(keys, args) return 1 end)"
	const payload = "\xf5@M" + source + "\n\x00hVw\xcfD.\x969"
	require.Equal(t, payload, string(EncodeLibraries([]string{source})))
	require.Equal(t, []string{source}, sourcesOf(t, []byte(payload)))
	require.Empty(t, sourcesOf(t, EncodeLibraries(nil)))
	many := []string{"a", "5", strings.Repeat("long ", 100)}
	require.Equal(t, many, sourcesOf(t, EncodeLibraries(many)))

	add := func(string) error { return nil }
	require.Equal(t, ErrVersion, DecodeLibraries([]byte(payload[:len(payload)-1]), add))
	require.Equal(t, ErrVersion, DecodeLibraries(nil, add))
	require.EqualError(t, DecodeLibraries(seal([]byte("\x00\x01a"), 10), add), "given type is not a function")
	bad := errors.New("of the caller")
	require.Equal(t, bad, DecodeLibraries([]byte(payload), func(string) error { return bad }))
}

func FuzzLZF(f *testing.F) {
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Add("110000001101011111001111111011")
	f.Add(strings.Repeat("0123456789abcdef", 700) + strings.Repeat("x", 9000) + "0123456789abcdef")
	z := new(lzf)
	f.Fuzz(func(t *testing.T, s string) {
		if small := z.compress(s, len(s)-4); small != nil {
			require.LessOrEqual(t, len(small), len(s)-4)
			got, ok := decompress(small, uint64(len(s)))
			require.True(t, ok)
			require.Equal(t, s, string(got))
		}
		out, ok := decompress([]byte(s), uint64(len(s)))
		require.True(t, !ok || len(out) == len(s))
	})
}

func BenchmarkEncode(b *testing.B) {
	h := Hash{}
	for i := range 1000 {
		h.Fields = append(h.Fields, Field{Name: "field:" + strconv.Itoa(i), Value: strings.Repeat("value ", 5)})
	}
	for name, v := range map[string]Value{"string": String(strings.Repeat("0123456789", 10)), "hash 1000": h} {
		payload := Encode(v)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Encode(v)
			}
		})
		b.Run("decode "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMisplaced decodes streams in which XSETID has set an ID below that of an entry that was
// deleted. The payloads are those of Redis 7.0.15, of
//
//	XADD s 4-0 a 1, XADD s 6-0 a 1, XDEL s 6-0, XSETID s 5-0, DUMP s,
//	XADD s 5-1 a 1, XADD s 6-0 a 1, DUMP s
func TestMisplaced(t *testing.T) {
	ids := func(payload string) (live, deleted []StreamID) {
		v, err := Decode([]byte(payload))
		require.NoError(t, err)
		for _, n := range v.(*Stream).Nodes {
			for _, e := range n.Entries {
				if e.Deleted {
					deleted = append(deleted, e.ID)
				} else {
					live = append(live, e.ID)
				}
			}
		}
		requireStable(t, []byte(payload))
		return live, deleted
	}
	live, deleted := ids("\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00&&\x00\x00\x00\x0f\x00\x01\x01\x01\x01\x01" +
		"\x01\x81a\x02\x00\x01\x02\x01\x00\x01\x00\x01\x01\x01\x04\x01\x03\x01\x02\x01\x00\x01\x01\x01\x04\x01\xff\x01\x05\x00\x04\x00" +
		"\x06\x00\x02\x00\n\x00\x10Nj\xd7\x17I\x95/")
	require.Equal(t, []StreamID{{4, 0}}, live)
	require.Empty(t, deleted)
	live, deleted = ids("\x13\x01\x10\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\xc3/:\a:\x00\x00\x00\x19\x00\x03\x01@\x00\a" +
		"\x81a\x02\x00\x01\x02\x01\x00 \x01\x04\x01\x01\x04\x01\x03`\x0b@\t\x00\x02 \x05@\x00@\t@\x1f \t\x01\x01\xff\x03\x06\x00" +
		"\x04\x00\x06\x00\x04\x00\n\x00_\x82\x1c3x04\xb3")
	require.Equal(t, []StreamID{{4, 0}, {5, 1}, {6, 0}}, live)
	require.Empty(t, deleted)
}
