package rdb

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// decoder reads a value. Once something is wrong it reads zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) fail() { d.b, d.bad = nil, true }

// take returns the next n bytes.
func (d *decoder) take(n uint64) []byte {
	if uint64(len(d.b)) < n {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// fixed returns the next n bytes, zeros if there are fewer.
func (d *decoder) fixed(n int) []byte {
	if b := d.take(uint64(n)); b != nil {
		return b
	}
	return make([]byte, n)
}

func (d *decoder) byte() byte { return d.fixed(1)[0] }

// millis reads a time.
func (d *decoder) millis() int64 { return int64(binary.LittleEndian.Uint64(d.fixed(8))) }

// lenOr reads a number, or which special encoding of a string comes.
func (d *decoder) lenOr() (n uint64, special bool) {
	head := d.byte()
	switch {
	case head < 0x40:
		return uint64(head), false
	case head < 0x80:
		return uint64(head&0x3f)<<8 | uint64(d.byte()), false
	case head == 0x80:
		return uint64(binary.BigEndian.Uint32(d.fixed(4))), false
	case head == 0x81:
		return binary.BigEndian.Uint64(d.fixed(8)), false
	case head >= 0xc0:
		return uint64(head & 0x3f), true
	}
	d.fail()
	return 0, false
}

// len reads a number. As Redis, it takes a special encoding for one, too.
func (d *decoder) len() uint64 {
	n, _ := d.lenOr()
	return n
}

// blob reads a string of so many bytes at most, which may lie in the payload. What is longer is
// not even decompressed.
func (d *decoder) blob(most uint64) []byte {
	n, special := d.lenOr()
	switch {
	case !special && n <= most:
		return d.take(n)
	case !special, n > 3:
		d.fail()
		return nil
	case n < 3:
		return strconv.AppendInt(nil, littleInt(d.fixed(1<<n)), 10)
	}
	small, size := d.len(), d.len()
	in, out, ok := d.take(small), []byte(nil), false
	if size <= most {
		out, ok = decompress(in, size)
	}
	if !ok {
		d.fail()
		return nil
	}
	return out
}

// text reads a string, which is no longer than Redis lets one become.
func (d *decoder) text() string { return string(d.blob(maxText)) }

// count reads a number of elements, of which there is at least one.
func (d *decoder) count() uint64 {
	n := d.len()
	if n == 0 {
		d.fail()
	}
	return n
}

// each calls read n times, or until something is wrong.
func (d *decoder) each(n uint64, read func()) {
	for ; n > 0 && !d.bad; n-- {
		read()
	}
}

// value reads a value of a payload that says that it is of a version.
func (d *decoder) value(made int) Value {
	t := int(d.byte())
	if t >= typeSetListpack && made < version72 || t >= typeHashTimedOld && made < version74 {
		d.fail()
		return nil
	}
	switch t {
	case typeString:
		return String(d.text())
	case typeList, typeListZiplist, typeListQuicklist, typeListQuicklist2:
		return d.list(t)
	case typeSet, typeSetIntset, typeSetListpack:
		return d.set(t)
	case typeZSet, typeZSet2, typeZSetZiplist, typeZSetListpack:
		return d.zset(t)
	case typeHash, typeHashZipmap, typeHashZiplist, typeHashListpack, typeHashPackedOld, typeHashPacked:
		return d.hash(t)
	case typeHashTimedOld, typeHashTimed:
		return d.timedHash(t)
	case typeStream, typeStream2, typeStream3:
		return d.stream(t)
	}
	d.fail()
	return nil
}

// packed reads a blob of elements, a number of which come together.
func (d *decoder) packed(together int, read func(b []byte) (elements, bool)) elements {
	p, ok := read(d.blob(listpackOK))
	if !ok || p.n == 0 || p.n%together != 0 {
		d.fail()
		return elements{}
	}
	return p
}

func (d *decoder) list(t int) (l List) {
	add := func(p elements) {
		l = slices.Grow(l, p.n)
		for p.n > 0 {
			l = append(l, p.text())
		}
	}
	switch t {
	case typeList:
		d.each(d.count(), func() { l = append(l, d.text()) })
	case typeListZiplist:
		add(d.packed(1, readZiplist))
	default:
		const plain, packed = 1, 2
		d.each(d.count(), func() {
			container, read := uint64(packed), readZiplist
			if t == typeListQuicklist2 {
				container, read = d.len(), readListpack
			}
			most := uint64(listpackOK)
			if container == plain {
				most = maxText
			}
			b := d.blob(most)
			switch {
			case len(b) == 0:
				d.fail()
			case container == plain:
				l = append(l, string(b))
			case container == packed:
				p, ok := read(b)
				if !ok {
					d.fail()
					return
				}
				add(p)
			default:
				d.fail()
			}
		})
		if len(l) == 0 {
			d.fail()
		}
	}
	return l
}

// unique tells strings apart that came before.
type unique map[string]struct{}

func (u unique) add(s string) bool {
	n := len(u)
	u[s] = struct{}{}
	return len(u) > n
}

func (d *decoder) set(t int) (s Set) {
	switch t {
	case typeSetIntset:
		list, ok := readIntset(d.blob(listpackOK))
		if !ok {
			d.fail()
		}
		for _, n := range list {
			s.Members = append(s.Members, strconv.FormatInt(n, 10))
		}
		s.Compact = true
	case typeSetListpack: // which is not the small encoding of Redis 7.0
		seen := unique{}
		for p := d.packed(1, readListpack); p.n > 0; {
			d.addMember(&s, p.text(), seen)
		}
	default:
		seen := unique{}
		d.each(d.count(), func() { d.addMember(&s, d.text(), seen) })
	}
	return s
}

func (d *decoder) addMember(s *Set, m string, seen unique) {
	if !seen.add(m) {
		d.fail()
	}
	s.Members = append(s.Members, m)
}

func (d *decoder) zset(t int) (z ZSet) {
	seen := unique{}
	add := func(name string, score float64) {
		if !seen.add(name) || math.IsNaN(score) {
			d.fail()
		}
		z.Members = append(z.Members, Member{name, score})
	}
	switch t {
	case typeZSet:
		d.each(d.count(), func() { add(d.text(), d.scoreText()) })
	case typeZSet2:
		d.each(d.count(), func() { add(d.text(), math.Float64frombits(uint64(d.millis()))) })
	default:
		read := readListpack
		if t == typeZSetZiplist {
			read = readZiplist
		}
		for p := d.packed(2, read); p.n > 0; {
			add(p.text(), d.parseScore(p.text()))
		}
		z.Compact = true
	}
	return z
}

// scoreText reads a score that is a text.
func (d *decoder) scoreText() float64 {
	switch n := d.byte(); n {
	case 253:
		return math.NaN()
	case 254:
		return math.Inf(1)
	case 255:
		return math.Inf(-1)
	default:
		return d.parseScore(string(d.take(uint64(n))))
	}
}

func (d *decoder) parseScore(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		d.fail()
	}
	return f
}

func (d *decoder) hash(t int) (h Hash) {
	seen := unique{}
	add := func(f Field) {
		if !seen.add(f.Name) || f.Deadline < 0 {
			d.fail()
		}
		h.Fields = append(h.Fields, f)
	}
	read, together := readListpack, 2
	switch t {
	case typeHash:
		d.each(d.count(), func() { add(Field{Name: d.text(), Value: d.text()}) })
		return h
	case typeHashZipmap:
		read = readZipmap
	case typeHashZiplist:
		read = readZiplist
	case typeHashPacked:
		d.millis() // the earliest deadline, of no use
		together = 3
	case typeHashPackedOld:
		together = 3
	}
	for p := d.packed(together, read); p.n > 0; {
		f := Field{Name: p.text(), Value: p.text()}
		if together == 3 {
			f.Deadline = p.int()
		}
		if add(f); p.bad {
			d.fail()
			break
		}
	}
	h.Compact = t != typeHashZipmap
	return h
}

// timedHash reads a hash whose fields may have deadlines, relative to the earliest one.
func (d *decoder) timedHash(t int) (h Hash) {
	first := int64(0)
	if t == typeHashTimed {
		first = d.millis() - 1
	}
	seen := unique{}
	d.each(d.count(), func() {
		f := Field{}
		if at := d.len(); at != 0 {
			f.Deadline = int64(at + uint64(first))
			if f.Deadline <= 0 {
				d.fail()
			}
		}
		f.Name, f.Value = d.text(), d.text()
		if !seen.add(f.Name) {
			d.fail()
		}
		h.Fields = append(h.Fields, f)
	})
	return h
}
