package rdb

import "encoding/binary"

// A ziplist is what came before listpacks, up to Redis 6.2; a zipmap is what came before that
// for hashes, up to 2.4; an intset is a set of integers. All are only read but the intset.

// readZiplist returns the elements of a ziplist, or false if it is none:
//
//	4 bytes    the length of the whole
//	4 bytes    where the last element is
//	2 bytes    the number of elements, 65535 if that is no matter
//	elements   the length of the one before, an encoding and the data
//	0xff
func readZiplist(b []byte) (p elements, ok bool) {
	const head = 4 + 4 + 2
	if len(b) < head+1 || binary.LittleEndian.Uint32(b) != uint32(len(b)) || b[len(b)-1] != 0xff {
		return p, false
	}
	last, want := binary.LittleEndian.Uint32(b[4:]), int(binary.LittleEndian.Uint16(b[8:]))
	if last > uint32(len(b)-1) {
		return p, false
	}
	p = elements{rest: b[head : len(b)-1], step: ziplistStep}
	at, before := head, 0
	for ; at < len(b)-1; p.n++ {
		rest := b[at : len(b)-1]
		if prev, n := backOf(rest); n == 0 || prev != uint32(before) {
			return p, false
		}
		_, size := ziplistStep(rest)
		if size == 0 {
			return p, false
		}
		before, at = size, at+size
	}
	if p.n > 0 && int(last) != at-before {
		return p, false
	}
	return p, want == 1<<16-1 || want == p.n
}

// ziplistStep returns the first element of a ziplist, whose length before is right, and its
// length, 0 if it is none.
func ziplistStep(b []byte) (element, int) {
	_, n := backOf(b)
	e, size := ziplistElement(b[n:])
	if size == 0 {
		return e, 0
	}
	return e, n + size
}

// backOf returns the length of the element before, and how many bytes say it, 0 if none do.
func backOf(b []byte) (prev uint32, n int) {
	switch {
	case b[0] < 0xfe:
		return uint32(b[0]), 1
	case b[0] == 0xfe && len(b) > 5:
		return binary.LittleEndian.Uint32(b[1:]), 5
	}
	return 0, 0
}

// ziplistElement is listpackElement of a ziplist.
func ziplistElement(b []byte) (e element, n int) {
	if len(b) == 0 {
		return e, 0
	}
	head, size, width := b[0], 0, 0
	switch {
	case head < 0x40:
		n, size = 1, int(head)
	case head < 0x80:
		if len(b) < 2 {
			return e, 0
		}
		n, size = 2, int(head&0x3f)<<8|int(b[1])
	case head < 0xc0:
		if len(b) < 5 || binary.BigEndian.Uint32(b[1:]) > uint32(len(b)) {
			return e, 0
		}
		n, size = 5, int(binary.BigEndian.Uint32(b[1:]))
	case head == 0xc0:
		width = 2
	case head == 0xd0:
		width = 4
	case head == 0xe0:
		width = 8
	case head == 0xf0:
		width = 3
	case head == 0xfe:
		width = 1
	case head > 0xf0 && head < 0xfe:
		return element{n: int64(head&0xf) - 1, isInt: true}, 1
	default:
		return e, 0
	}
	switch {
	case width > 0 && len(b) > width:
		return element{n: littleInt(b[1 : 1+width]), isInt: true}, 1 + width
	case width > 0 || len(b)-n < size || size > maxText:
		return e, 0
	}
	return element{text: b[n : n+size]}, n + size
}

// readZipmap returns fields and values in turn of a zipmap, or false if it is none or empty:
//
//	1 byte    the number of fields, 254 or more if that is no matter
//	fields    a length, the field, a length, a byte that says how many bytes behind the value
//	          are not used, the value, and these
//	0xff
func readZipmap(b []byte) (p elements, ok bool) {
	if len(b) < 2 || b[len(b)-1] != 0xff {
		return p, false
	}
	want := int(b[0])
	value := true
	p = elements{rest: b[1 : len(b)-1], step: func(b []byte) (element, int) {
		value = !value
		return zipmapElement(b, value)
	}}
	for rest := p.rest; len(rest) > 0; p.n++ {
		_, size := zipmapElement(rest, p.n%2 == 1)
		if size == 0 {
			return p, false
		}
		rest = rest[size:]
	}
	return p, p.n > 0 && p.n%2 == 0 && (want >= 254 || want == p.n/2)
}

// zipmapElement returns the first field or value, and how many bytes it takes, 0 if it is
// none.
func zipmapElement(b []byte, value bool) (e element, size int) {
	length, n := zipmapLen(b)
	free := 0
	if n > 0 && value {
		if len(b) == n {
			return e, 0
		}
		free, n = int(b[n]), n+1
	}
	if n == 0 || length > maxText || uint64(len(b)-n) < uint64(length)+uint64(free) {
		return e, 0
	}
	end := n + int(length)
	return element{text: b[n:end]}, end + free
}

// zipmapLen returns a length and how many bytes say it, 0 if none do.
func zipmapLen(b []byte) (size uint32, n int) {
	switch {
	case len(b) == 0 || b[0] == 0xff:
		return 0, 0
	case b[0] < 254:
		return uint32(b[0]), 1
	case len(b) >= 5:
		return binary.LittleEndian.Uint32(b[1:]), 5
	}
	return 0, 0
}

// readIntset returns the members of an intset, or false if it is none or empty:
//
//	4 bytes     how many bytes a member has: 2, 4 or 8
//	4 bytes     the number of members
//	members     in ascending order
func readIntset(b []byte) (list []int64, ok bool) {
	if len(b) < 8 {
		return nil, false
	}
	width, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if width != 2 && width != 4 && width != 8 || n == 0 || uint64(n)*uint64(width) != uint64(len(b)-8) {
		return nil, false
	}
	list = make([]int64, n)
	for i := range list {
		at := 8 + i*int(width)
		list[i] = littleInt(b[at : at+int(width)])
		if i > 0 && list[i] <= list[i-1] {
			return nil, false
		}
	}
	return list, true
}

// appendIntset appends the intset of members, which are in ascending order.
func appendIntset(b []byte, members []int64) []byte {
	width := 2
	for _, m := range []int64{members[0], members[len(members)-1]} {
		switch {
		case m < -1<<31 || m >= 1<<31:
			width = 8
		case m < -1<<15 || m >= 1<<15:
			width = max(width, 4)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(members)))
	for _, m := range members {
		for i := range width {
			b = append(b, byte(m>>(8*i)))
		}
	}
	return b
}
