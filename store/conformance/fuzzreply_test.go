package conformance

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A wire is a reply as it was sent, to the byte: what a Reader of package resp makes of it is
// part of what is checked, so it is read here anew.
type wire struct {
	kind  byte // as sent; missing is nothing
	text  string
	null  bool // $-1 and *-1
	elems []wire
}

const (
	closedWire = 'c' // the connection ended instead
	silentWire = 's' // nothing came
)

// readWire reads a reply.
func readWire(r *bufio.Reader) (w wire, err error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull { // a long line of MONITOR
		head := slices.Clone(line)
		line, err = r.ReadBytes('\n')
		line = append(head, line...)
	}
	if err != nil {
		return w, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return w, fmt.Errorf("not a line: %q", line)
	}
	w.kind = line[0]
	text := line[1 : len(line)-2]
	if strings.IndexByte("$=!*~>%", w.kind) < 0 {
		w.text = string(text)
		return w, nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return w, fmt.Errorf("not a length: %q", line)
	}
	if n < 0 {
		w.null = true
		return w, nil
	}
	if strings.IndexByte("$=!", w.kind) >= 0 {
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return w, err
		}
		if b[n] != '\r' || b[n+1] != '\n' {
			return w, fmt.Errorf("%q does not end", b)
		}
		w.text = string(b[:n])
		return w, nil
	}
	if w.kind == '%' {
		n *= 2
	}
	for range n {
		e, err := readWire(r)
		if err != nil {
			return w, err
		}
		w.elems = append(w.elems, e)
	}
	return w, nil
}

func (w wire) isError() bool { return w.kind == '-' }

// is says whether it is that simple string.
func (w wire) is(text string) bool { return w.kind == '+' && w.text == text }

func (w wire) equal(v wire) bool {
	return w.kind == v.kind && w.text == v.text && w.null == v.null && slices.EqualFunc(w.elems, v.elems, wire.equal)
}

func (w wire) String() string {
	switch {
	case w.kind == closedWire:
		return "(the connection is closed)"
	case w.kind == silentWire:
		return "(no reply) " + w.text
	case w.kind == 0:
		return "(nothing)"
	case w.null:
		return string(w.kind) + "-1"
	case strings.IndexByte("*~>%", w.kind) >= 0:
		list := make([]string, len(w.elems))
		for i, e := range w.elems {
			list[i] = e.String()
		}
		return string(w.kind) + "[" + strings.Join(list, " ") + "]"
	case w.kind == '$':
		return strconv.Quote(w.text)
	}
	return string(w.kind) + w.text
}

// integer returns the number that a reply is, 0 for others.
func (w wire) integer() int64 {
	n, _ := strconv.ParseInt(w.text, 10, 64)
	return n
}

// texts returns the texts of the elements.
func (w wire) texts() (list []string) {
	for _, e := range w.elems {
		list = append(list, e.text)
	}
	return list
}

// shape is what is left of a reply whose content comes from chance.
func (w wire) shape() wire {
	v := wire{kind: w.kind, null: w.null}
	for _, e := range w.elems {
		v.elems = append(v.elems, e.shape())
	}
	return v
}

// only is a reply of which nothing but the type is compared.
func (w wire) only() wire { return wire{kind: w.kind, null: w.null} }

// inAnyOrder sorts the elements, also those of elements.
func (w wire) inAnyOrder() wire {
	w.elems = slices.Clone(w.elems)
	for i := range w.elems {
		w.elems[i] = w.elems[i].inAnyOrder()
	}
	slices.SortFunc(w.elems, func(a, b wire) int { return strings.Compare(a.String(), b.String()) })
	return w
}

// byTwo makes pairs of elements.
func (w wire) byTwo() wire {
	var twos []wire
	for i := 0; i+1 < len(w.elems); i += 2 {
		twos = append(twos, wire{kind: '*', elems: w.elems[i : i+2]})
	}
	w.elems = twos
	return w
}

// hide hides the value of a field of a map, and of its like in RESP2.
func (w wire) hide(name string) {
	for i := 0; i+1 < len(w.elems); i += 2 {
		if w.elems[i].text == name {
			w.elems[i+1] = w.elems[i+1].only()
		}
	}
}
