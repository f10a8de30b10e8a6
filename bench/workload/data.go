package workload

import (
	"math/rand/v2"
	"unsafe"
)

const (
	keyLen  = 16
	million = 1_000_000
	// valueBytes bounds the values that writes take from; there are fewer values than
	// keys where they are large, and still many times what a processor caches.
	valueBytes = 256 << 20
)

// appendKey appends key i. No two keys are the same, and nothing in their order helps a
// table.
func appendKey(dst []byte, i int) []byte {
	const digits = "0123456789abcdef"
	x := uint64(i) + 1 // splitmix64's finalizer, a bijection
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[x>>shift&15])
	}
	return dst
}

func keyAt(i int) string { return string(appendKey(nil, i)) }

// appendValue appends the value of a key: as often the key as fits.
func appendValue(dst []byte, key string, size int) []byte {
	for end := len(dst) + size; len(dst) < end; {
		dst = append(dst, key...)
	}
	return dst
}

func valueOf(key string, size int) string {
	return string(appendValue(make([]byte, 0, size), key, size))
}

// valid reports whether value is the one of key. It reads the value's end, as a caller
// would.
func valid(key, value string, size int) bool {
	return len(value) == size && value[size-keyLen:] == key
}

// accesses are keys in the order in which a workload asks for them, with values for
// those that it writes. They are made in advance, so that the harness costs a sequential
// read, and lie in two pieces without pointers, so that it costs a collector nothing.
// They are not the strings that a peer keeps: those of a program seldom are.
type accesses struct {
	n, values int // how many there are of each; both are powers of two
	size      int // of a value
	keyText   []byte
	valueText []byte
}

// A draw returns a generator of numbers below n.
type draw func(n int) func() int

func uniform(n int) func() int {
	r := rand.New(rand.NewPCG(1, 2))
	return func() int { return r.IntN(n) }
}

// other is uniform in another order.
func other(n int) func() int {
	r := rand.New(rand.NewPCG(5, 6))
	return func() int { return r.IntN(n) }
}

func zipf(n int) func() int {
	z := rand.NewZipf(rand.New(rand.NewPCG(3, 4)), 1.01, 1, uint64(n-1))
	return func() int { return int(z.Uint64()) }
}

// newAccesses returns accesses to n keys of which each has a value of size bytes.
func newAccesses(n, size int, d draw) *accesses {
	count := 1 << 10
	for count < n {
		count <<= 1
	}
	a := &accesses{n: count, values: count, size: size}
	for a.values*size > valueBytes {
		a.values >>= 1
	}
	a.keyText = make([]byte, 0, a.n*keyLen)
	a.valueText = make([]byte, 0, a.values*size)
	next := d(n)
	for i := range a.n {
		a.keyText = appendKey(a.keyText, next())
		if i < a.values {
			a.valueText = appendValue(a.valueText, a.key(i), size)
		}
	}
	return a
}

func piece(text []byte, i, size int) string {
	if size == 0 {
		return ""
	}
	return unsafe.String(&text[i*size], size)
}

// key returns the key of access i, pair that and its value, for i from 0 on without end.
func (a *accesses) key(i int) string { return piece(a.keyText, i&(a.n-1), keyLen) }

func (a *accesses) pair(i int) (key, value string) {
	i &= a.values - 1
	return piece(a.keyText, i, keyLen), piece(a.valueText, i, a.size)
}
