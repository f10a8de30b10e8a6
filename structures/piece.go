package structures

import "unsafe"

// piece returns b as a string without copying it. It is sound because the
// bytes of a chunk that lie before its write position never change, and the
// string keeps the chunk alive. It is the only use of unsafe in the library.
func piece(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
