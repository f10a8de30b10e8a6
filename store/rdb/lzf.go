package rdb

import "sync"

// LZF is the compression of RDB: literal runs, and copies of what was up to 8 KiB before.
//
//	000LLLLL                      the next L+1 bytes
//	LLLooooo oooooooo             L+2 bytes, from o+1 bytes before
//	111ooooo LLLLLLLL oooooooo    L+9 bytes
//
// The compressor finds what LibLZF's does in the form that Redis builds (lzf_c.c with a hash of
// 16 bits and VERY_FAST), so that payloads are equal; it differs in how it forgets the last
// string: the places in its table count on, and what is before base is of another.
const (
	lzfBits    = 16
	lzfRun     = 1 << 5
	lzfOffset  = 1 << 13
	lzfLongest = 1<<8 + 1<<3
)

type lzf struct {
	base  int64
	table [1 << lzfBits]int64
	out   []byte
}

var lzfPool = sync.Pool{New: func() any { return new(lzf) }}

// at returns the slot of the three bytes at place i.
func (z *lzf) at(in string, i int) *int64 {
	h := uint32(in[i])<<16 | uint32(in[i+1])<<8 | uint32(in[i+2])
	return &z.table[(h>>(24-lzfBits)-h*5)&(1<<lzfBits-1)]
}

// compress returns in compressed, in memory that is good until the next call, or nil if it
// would take more than most bytes.
func (z *lzf) compress(in string, most int) []byte {
	defer func() { z.base += int64(len(in)) + 1 }()
	if cap(z.out) < most+lzfRun+4 {
		z.out = make([]byte, most+lzfRun+4)
	}
	out, op, lit := z.out[:cap(z.out)], 1, 0 // a run has begun
	ip := 0
	for ip < len(in)-2 {
		slot := z.at(in, ip)
		ref := int(*slot - z.base)
		*slot = z.base + int64(ip)
		if ref <= 0 || ip-ref > lzfOffset || in[ref:ref+3] != in[ip:ip+3] {
			if op >= most {
				return nil
			}
			out[op] = in[ip]
			op, ip, lit = op+1, ip+1, lit+1
			if lit == lzfRun {
				out[op-lit-1] = lzfRun - 1
				op, lit = op+1, 0
			}
			continue
		}
		out[op-lit-1] = byte(lit - 1)
		if lit == 0 {
			op--
		}
		if op+4 >= most {
			return nil
		}
		n := lzfMatch(in, ref, ip)
		op = lzfCopy(out, op, ip-ref-1, n-2) + 1
		lit = 0
		if ip += n; ip >= len(in)-2 {
			break
		}
		*z.at(in, ip-2) = z.base + int64(ip-2)
		*z.at(in, ip-1) = z.base + int64(ip-1)
	}
	return z.rest(in, ip, op, lit, most)
}

// lzfMatch returns how many bytes at ref are as at ip, which are three at least. LibLZF looks
// at the first 16 behind these without counting, and so takes some at the end of in that it
// would otherwise leave.
func lzfMatch(in string, ref, ip int) int {
	most := min(len(in)-ip-2, lzfLongest)
	n := 3
	if most > 16 {
		for ; n <= 18; n++ {
			if in[ref+n] != in[ip+n] {
				return n
			}
		}
	}
	for n < most && in[ref+n] == in[ip+n] {
		n++
	}
	return n
}

// lzfCopy writes a copy, whose length is two more than n.
func lzfCopy(out []byte, op, offset, n int) int {
	if n < 7 {
		out[op] = byte(offset>>8 + n<<5)
		op++
	} else {
		out[op] = byte(offset>>8 + 7<<5)
		out[op+1] = byte(n - 7)
		op += 2
	}
	out[op] = byte(offset)
	return op + 1
}

// rest writes what is left as literal bytes.
func (z *lzf) rest(in string, ip, op, lit, most int) []byte {
	if op+3 > most {
		return nil
	}
	out := z.out[:cap(z.out)]
	for ; ip < len(in); ip++ {
		out[op] = in[ip]
		op, lit = op+1, lit+1
		if lit == lzfRun {
			out[op-lit-1] = lzfRun - 1
			op, lit = op+1, 0
		}
	}
	out[op-lit-1] = byte(lit - 1)
	if lit == 0 {
		op--
	}
	return out[:op]
}

// lzfLen returns how many bytes in says that it makes, of which each copy takes three at most.
func lzfLen(in []byte) (n uint64) {
	for i := 0; i < len(in); {
		head := int(in[i])
		switch size := head >> 5; {
		case head < lzfRun:
			n, i = n+uint64(head)+1, i+head+2
		case size < 7:
			n, i = n+uint64(size)+2, i+2
		default:
			if i+1 < len(in) {
				size += int(in[i+1])
			}
			n, i = n+uint64(size)+2, i+3
		}
	}
	return n
}

// decompress returns n bytes that were compressed, or false if that is not what in is.
func decompress(in []byte, n uint64) (out []byte, ok bool) {
	if lzfLen(in) != n {
		return nil, false
	}
	out = make([]byte, 0, n)
	for len(in) > 0 {
		head := int(in[0])
		in = in[1:]
		if head < lzfRun {
			if len(in) <= head || uint64(len(out)+head) >= n {
				return nil, false
			}
			out, in = append(out, in[:head+1]...), in[head+1:]
			continue
		}
		size := head >> 5
		if size == 7 && len(in) > 0 {
			size, in = size+int(in[0]), in[1:]
		}
		if len(in) == 0 {
			return nil, false
		}
		from := len(out) - (head&(lzfRun-1)<<8 | int(in[0])) - 1
		in = in[1:]
		if size += 2; from < 0 || uint64(len(out)+size) > n {
			return nil, false
		}
		for from+size > len(out) { // it copies what it writes
			part := len(out) - from
			out, from, size = append(out, out[from:]...), from+part, size-part
		}
		out = append(out, out[from:from+size]...)
	}
	return out, uint64(len(out)) == n
}
