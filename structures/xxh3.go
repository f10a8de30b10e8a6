package structures

import (
	"encoding/binary"
	"math/bits"
)

// XXH3-64 with seed 0 and the default secret: the digest that Redis's DIGEST gives a
// string. Source: doc/xxhash_spec.md of github.com/Cyan4973/xxHash, whose names the
// constants keep. It is not XXH64, the function of github.com/cespare/xxhash.
//
// A short input is mixed at once, in a way of its own for every class of lengths. A long
// one goes through eight accumulators: in stripes of 64 bytes, each with the secret from 8
// bytes further on, and after the 16 stripes of a block the accumulators are scrambled. The
// last 64 bytes are a stripe of their own and may overlap the one before.

const (
	prime32x1 = 0x9E3779B1
	prime32x2 = 0x85EBCA77
	prime32x3 = 0xC2B2AE3D
	prime64x1 = 0x9E3779B185EBCA87
	prime64x2 = 0xC2B2AE3D27D4EB4F
	prime64x3 = 0x165667B19E3779F9
	prime64x4 = 0x85EBCA77C2B2AE63
	prime64x5 = 0x27D4EB2F165667C5
	primeMX1  = 0x165667919E3779F9
	primeMX2  = 0x9FB21C651E98DF25

	digestShort  = 240 // the longest input that is mixed at once
	digestStripe = 64
	digestBlock  = 16 * digestStripe
)

// digestSecret is XXH3's default secret, a part of FARSH's.
var digestSecret = [...]byte{
	0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
	0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
	0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
	0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
	0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
	0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
	0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
	0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
	0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
	0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
	0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
	0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
}

// Digest returns the XXH3-64 of s. The complexity is O(n) where n = len(s).
func Digest(s string) uint64 {
	var buf [digestBlock]byte
	if len(s) <= digestShort {
		return digestOfShort(buf[:copy(buf[:], s)])
	}
	d := newDigester()
	off := 0
	for ; len(s)-off > digestBlock; off += digestBlock {
		copy(buf[:], s[off:])
		d.block(&buf)
	}
	rest := buf[:copy(buf[:], s[off:])]
	var last [digestStripe]byte
	copy(last[:], s[len(s)-digestStripe:])
	return d.sum(rest, &last, len(s))
}

// Digest returns the XXH3-64 of the whole, without a copy of it. The complexity is O(n)
// where n = b.Len().
func (b *Bytes) Digest() uint64 {
	var buf [digestBlock]byte
	if b.n <= digestShort {
		b.ReadAt(buf[:b.n], 0)
		return digestOfShort(buf[:b.n])
	}
	d := newDigester()
	off := 0
	for ; b.n-off > digestBlock; off += digestBlock {
		b.ReadAt(buf[:], off)
		d.block(&buf)
	}
	rest := buf[:b.n-off]
	b.ReadAt(rest, off)
	var last [digestStripe]byte
	b.ReadAt(last[:], b.n-digestStripe)
	return d.sum(rest, &last, b.n)
}

// digester is the accumulators of a long input.
type digester [8]uint64

func newDigester() digester {
	return digester{prime32x3, prime64x1, prime64x2, prime64x3, prime64x4, prime32x2, prime64x5, prime32x1}
}

// block takes a whole block in, behind which more follows.
func (d *digester) block(p *[digestBlock]byte) {
	d.stripes(p[:])
	for i := range d {
		d[i] = (d[i] ^ d[i]>>47 ^ secret64(len(digestSecret)-digestStripe+8*i)) * prime32x1
	}
}

// stripes takes the whole stripes of p in, which begins a block.
func (d *digester) stripes(p []byte) {
	for i := 0; len(p) >= digestStripe; i++ {
		d.stripe((*[digestStripe]byte)(p), (*[digestStripe]byte)(digestSecret[8*i:]))
		p = p[digestStripe:]
	}
}

func (d *digester) stripe(p, secret *[digestStripe]byte) {
	for i := range d {
		data := binary.LittleEndian.Uint64(p[8*i:])
		key := data ^ binary.LittleEndian.Uint64(secret[8*i:])
		d[i^1] += data
		d[i] += key & 0xffffffff * (key >> 32)
	}
}

// sum takes in what is left, 1 to digestBlock bytes, and the last stripe of all n, and
// returns the digest.
func (d *digester) sum(rest []byte, last *[digestStripe]byte, n int) uint64 {
	d.stripes(rest[:(len(rest)-1)/digestStripe*digestStripe])
	d.stripe(last, (*[digestStripe]byte)(digestSecret[len(digestSecret)-digestStripe-7:]))
	sum := uint64(n) * prime64x1
	for i := 0; i < len(d); i += 2 {
		sum += foldedProduct(d[i]^secret64(11+8*i), d[i+1]^secret64(19+8*i))
	}
	return avalanche(sum)
}

// digestOfShort returns the digest of up to digestShort bytes.
func digestOfShort(p []byte) uint64 {
	n := uint64(len(p))
	switch {
	case n == 0:
		return avalanche64(secret64(56) ^ secret64(64))
	case n <= 3:
		mixed := uint64(p[0])<<16 | uint64(p[n>>1])<<24 | uint64(p[n-1]) | n<<8
		return avalanche64(mixed ^ (secret64(0)^secret64(0)>>32)&0xffffffff)
	case n <= 8:
		first, last := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[n-4:])
		h := uint64(last) + uint64(first)<<32 ^ secret64(8) ^ secret64(16)
		h ^= bits.RotateLeft64(h, 49) ^ bits.RotateLeft64(h, 24)
		h *= primeMX2
		h ^= h>>35 + n
		h *= primeMX2
		return h ^ h>>28
	case n <= 16:
		low := binary.LittleEndian.Uint64(p) ^ secret64(24) ^ secret64(32)
		high := binary.LittleEndian.Uint64(p[n-8:]) ^ secret64(40) ^ secret64(48)
		return avalanche(n + bits.ReverseBytes64(low) + high + foldedProduct(low, high))
	case n <= 128:
		sum := n * prime64x1
		for i := int(n-1) / 32; i >= 0; i-- { // pairs, from the middle to the ends
			sum += mix(p[16*i:], 32*i) + mix(p[int(n)-16*(i+1):], 32*i+16)
		}
		return avalanche(sum)
	}
	sum := n * prime64x1
	for i := range 8 {
		sum += mix(p[16*i:], 16*i)
	}
	sum = avalanche(sum) + mix(p[n-16:], 136-17)
	for i := 8; i < int(n)/16; i++ {
		sum += mix(p[16*i:], 16*(i-8)+3)
	}
	return avalanche(sum)
}

// secret64 returns the 8 bytes of the secret at i.
func secret64(i int) uint64 { return binary.LittleEndian.Uint64(digestSecret[i:]) }

// mix mixes 16 bytes with those of the secret at i.
func mix(p []byte, i int) uint64 {
	return foldedProduct(binary.LittleEndian.Uint64(p)^secret64(i), binary.LittleEndian.Uint64(p[8:])^secret64(i+8))
}

// foldedProduct returns the two halves of a product, one over the other.
func foldedProduct(x, y uint64) uint64 {
	high, low := bits.Mul64(x, y)
	return high ^ low
}

// avalanche is the last step of XXH3, avalanche64 that of XXH64.
func avalanche(h uint64) uint64 {
	h = (h ^ h>>37) * primeMX1
	return h ^ h>>32
}

func avalanche64(h uint64) uint64 {
	h = (h ^ h>>33) * prime64x2
	h = (h ^ h>>29) * prime64x3
	return h ^ h>>32
}
