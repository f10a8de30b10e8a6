package structures

import "unsafe"

// piece returns b as a string without copying it. It is sound because the
// bytes of a chunk that lie before its write position never change, and the
// string keeps the chunk alive; and for a packed value that is being changed,
// because nobody outside sees the string, and it is dropped before b is written
// again. This file is the only one with unsafe in it.
func piece(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// chunkAt returns the chunk of n bytes that begins at p. It is sound because p
// and n are taken from one slice, and stored together.
func chunkAt(p *byte, n int) []byte { return unsafe.Slice(p, n) }

// dataOf returns where the bytes of s lie, to tell memory apart, not to read it.
func dataOf(s string) *byte { return unsafe.StringData(s) }

// sizeOf returns the bytes of a value without what it points to.
func sizeOf[T any](p *T) int { return int(unsafe.Sizeof(*p)) }
