package store

import (
	"math/bits"
	"slices"
)

// The longest common subsequence, as Redis's LCS command finds it.
//
// Write L(i, j) for the length of the longest common subsequence of a[:i] and
// b[:j]. Redis fills the whole table of L, four bytes a cell, and walks back from
// the end: over equal bytes diagonally, else to L(i-1, j) if that is the larger
// neighbour, else to L(i, j-1). Several answers can be longest, and this walk
// decides which one is given, so we have to take the same one.
//
// Along a row, L grows by 0 or 1 a cell, so a bit a cell holds it all, and one
// row follows from the one above by a few operations on whole words: with M the
// positions of a[i] in b, and V set where L does not grow,
//
//	V' = (V + (V & M)) | (V &^ M)
//
// (M. Crochemore et al., "A fast and practical bit-vector algorithm for the
// longest common subsequence problem", Information Processing Letters 80, 2001;
// the words here are chained by the carry of the sum.) The same bits guide the
// walk: where bytes differ, L(i, j) is the larger of the two neighbours, so
// L grows between j-1 and j exactly if L(i-1, j) is the larger one.

// lcsMaxCells is the most cells that Redis's table may have: four bytes each,
// together no more than proto-max-bulk-len, by default 512 MiB.
const lcsMaxCells = 512 << 20 / 4

// An LCSRange is a part of a string, from the byte at Start to the byte at End,
// both included, as Redis counts.
type LCSRange struct {
	Start, End int
}

// An LCSMatch is a piece of a longest common subsequence that is contiguous in
// both strings: the range A of the first one equals the range B of the second.
type LCSMatch struct {
	A, B LCSRange
	Len  int // number of bytes, the same in both
}

// lcsFits reports whether Redis would work on strings this long. The functions
// below don't check it; memory and time are the caller's to bound.
func lcsFits(a, b string) bool {
	return uint64(len(a))+1 <= lcsMaxCells/(uint64(len(b))+1)
}

// lcs returns a longest common subsequence of a and b. The complexity is
// O(n·m/64) time and n·m bits, n and m the lengths.
func lcs(a, b string) string {
	matches, n := lcsMatches(a, b, 0)
	buf := make([]byte, 0, n)
	for _, m := range slices.Backward(matches) {
		buf = append(buf, a[m.A.Start:m.A.End+1]...)
	}
	return string(buf)
}

// lcsLen returns len(lcs(a, b)) in as much time, with memory only for the shorter
// string: 32 times its length at most.
func lcsLen(a, b string) int {
	if len(a) < len(b) {
		a, b = b, a
	}
	masks := lcsMasks(a, b)
	row := newLCSRow(len(b))
	for i := range len(a) {
		row.step(row, masks[a[i]])
	}
	return row.len()
}

// lcsMatches returns the contiguous pieces of lcs(a, b) that are at least minLen
// long, the last one first, and the length of the whole.
func lcsMatches(a, b string, minLen int) ([]LCSMatch, int) {
	if a == "" || b == "" {
		return nil, 0
	}
	var matches []LCSMatch
	rows := lcsRows(a, b)
	width := len(rows) / len(a)
	for i, j := len(a), len(b); i > 0 && j > 0; {
		n := commonSuffix(a[:i], b[:j])
		if n >= max(minLen, 1) {
			matches = append(matches, LCSMatch{LCSRange{i - n, i - 1}, LCSRange{j - n, j - 1}, n})
		}
		switch {
		case n > 0:
			i, j = i-n, j-n
		case lcsRow(rows[(i-1)*width:]).grows(j - 1):
			i--
		default:
			j--
		}
	}
	return matches, lcsRow(rows[len(rows)-width:]).len()
}

// commonSuffix returns the number of bytes in which a and b agree at the end.
func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// An lcsRow is a row of the table: the bit for j is clear if L(i, j+1) is one
// more than L(i, j), and set if they are equal or j is beyond the end.
type lcsRow []uint64

// newLCSRow returns the row above the first one, all zeros in terms of L.
func newLCSRow(n int) lcsRow {
	row := make(lcsRow, (n+63)/64)
	for k := range row {
		row[k] = ^uint64(0)
	}
	return row
}

// lcsRows returns the rows of the table for a and b, one after the other.
func lcsRows(a, b string) []uint64 {
	masks := lcsMasks(a, b)
	above := newLCSRow(len(b))
	rows := make([]uint64, len(a)*len(above))
	for i := range len(a) {
		row := lcsRow(rows[i*len(above):][:len(above)])
		row.step(above, masks[a[i]])
		above = row
	}
	return rows
}

// step sets row to the row that follows above, which may be row itself, for a
// byte found in b at the positions in mask.
func (row lcsRow) step(above lcsRow, mask []uint64) {
	var carry uint64
	for k, v := range above {
		both := v & mask[k]
		var sum uint64
		sum, carry = bits.Add64(v, both, carry)
		row[k] = sum | v&^both
	}
}

// grows reports whether L(i, j+1) is more than L(i, j) in this row.
func (row lcsRow) grows(j int) bool {
	return row[j/64]>>(j%64)&1 == 0
}

// len returns the last L of the row.
func (row lcsRow) len() int {
	n := 0
	for _, v := range row {
		n += bits.OnesCount64(^v)
	}
	return n
}

// lcsMasks returns, for each byte that is in a, where it is in b. Bytes that only
// b has get no mask: a short a must not cost 256 times the length of b.
func lcsMasks(a, b string) *[256][]uint64 {
	masks := new([256][]uint64)
	for i := range len(a) {
		if masks[a[i]] == nil {
			masks[a[i]] = make([]uint64, (len(b)+63)/64)
		}
	}
	for j := range len(b) {
		if mask := masks[b[j]]; mask != nil {
			mask[j/64] |= 1 << (j % 64)
		}
	}
	return masks
}

// LCS returns the longest common subsequence of the values at the handle's key and
// at other. A missing key counts as empty.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrTooLarge]
// if the product of the lengths is over 2^27.
//
// The complexity is O(n*m), n and m the lengths. Redis: [LCS].
//
// [LCS]: https://redis.io/docs/latest/commands/lcs/
func (s String) LCS(other string) (string, error) {
	a, b, err := s.lcsTexts(other)
	if err != nil {
		return "", err
	}
	return lcs(a, b), nil
}

// LCSLen returns the length of the longest common subsequence of the values at the
// handle's key and at other: LCS with LEN. A missing key counts as empty.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrTooLarge]
// if the product of the lengths is over 2^27.
//
// The complexity is O(n*m), n and m the lengths. Redis: [LCS].
//
// [LCS]: https://redis.io/docs/latest/commands/lcs/
func (s String) LCSLen(other string) (int, error) {
	a, b, err := s.lcsTexts(other)
	if err != nil {
		return 0, err
	}
	return lcsLen(a, b), nil
}

// LCSIdx returns where the longest common subsequence of the values at the handle's
// key and at other lies in both, the last match first, and its length: LCS with IDX
// and WITHMATCHLEN. Matches shorter than minLen are left out. A missing key counts as
// empty.
//
// It returns [ErrWrongType] if one of the keys holds another type and [ErrTooLarge]
// if the product of the lengths is over 2^27.
//
// The complexity is O(n*m), n and m the lengths. Redis: [LCS].
//
// [LCS]: https://redis.io/docs/latest/commands/lcs/
func (s String) LCSIdx(other string, minLen int) ([]LCSMatch, int, error) {
	a, b, err := s.lcsTexts(other)
	if err != nil {
		return nil, 0, err
	}
	matches, n := lcsMatches(a, b, minLen)
	return matches, n, nil
}

// lcsTexts returns the strings at two keys as of one moment, if their product is
// within Redis's limit.
func (s String) lcsTexts(other string) (a, b string, err error) {
	values, err := s.db.texts("LCS", true, s.key, other)
	if err != nil {
		return "", "", err
	}
	a, b = values[0].Value, values[1].Value
	if !lcsFits(a, b) {
		return "", "", mistake("LCS", s.key, ErrTooLarge)
	}
	return a, b, nil
}
