package structures

import "encoding/binary"

// A small hash, list, set or sorted set is packed: one blob, which lies in the
// record of its key, costs the collector nothing and is cloned by being there. It is
// a row of items, each behind its length as a uvarint. A blob never changes: a
// write makes the next one.
const (
	packedMax     = MaxInline // bytes of a blob, so that it fits into a record
	packedItemMax = 64        // bytes of an item
	packedItems   = 64        // items
)

// nextItem returns the first item of a blob and what comes behind it. The blob must
// not be empty.
func nextItem[T string | []byte](blob T) (item, rest T) {
	n, size := uint64(blob[0]), 1
	if n >= 0x80 {
		n, size = 0, 0
		for shift := 0; ; shift += 7 {
			b := blob[size]
			size++
			n |= uint64(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
	}
	return blob[size : size+int(n)], blob[size+int(n):]
}

// appendItem appends an item to a blob.
func appendItem[T string | []byte](blob []byte, item T) []byte {
	return append(binary.AppendUvarint(blob, uint64(len(item))), item...)
}
