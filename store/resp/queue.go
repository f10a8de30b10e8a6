package resp

import (
	"strings"
	"sync"
)

const (
	smallChunk = 1 << 10 // an idle queue keeps one at most
	bigChunk   = 32 << 10
	keptPieces = 32
)

// A queue is bytes that wait to be read, first in, first out. What is added is copied once,
// or, if it comes as a piece, not at all.
type queue struct {
	pieces    []piece // pieces[head:] wait
	head, off int     // off bytes of the first one are read
	size      int     // bytes that wait
	spare     []byte  // a small chunk, for the next piece
}

// A piece is bytes that wait: in a buffer of the queue's own, behind whose length there may be
// room for more, or in a string that is not copied.
type piece struct {
	buf   []byte
	chunk bool // buf is one, and can be used again
	text  string
}

func (p *piece) len() int { return len(p.buf) + len(p.text) }

// A target is where a reader wants bytes: in p, or behind what text has, n at most.
type target struct {
	p    []byte
	text *strings.Builder
	n    int
	got  int
}

func (t *target) room() int {
	if t.text != nil {
		return t.n - t.got
	}
	return len(t.p) - t.got
}

func (t *target) put(b []byte) int {
	b = b[:min(len(b), t.room())]
	if t.text != nil {
		grow(t.text, len(b), t.room())
		t.text.Write(b)
	} else {
		copy(t.p[t.got:], b)
	}
	t.got += len(b)
	return len(b)
}

func (t *target) putString(s string) int {
	s = s[:min(len(s), t.room())]
	if t.text != nil {
		grow(t.text, len(s), t.room())
		t.text.WriteString(s)
	} else {
		copy(t.p[t.got:], s)
	}
	t.got += len(s)
	return len(s)
}

// take moves bytes to t, as many as there are and it has room for.
func (q *queue) take(t *target) {
	if t.text != nil {
		grow(t.text, min(t.room(), q.size), t.room())
	}
	for t.room() > 0 && q.size > 0 {
		p := &q.pieces[q.head]
		n := 0
		if p.buf != nil {
			n = t.put(p.buf[q.off:])
		} else {
			n = t.putString(p.text[q.off:])
		}
		q.size -= n
		if q.off += n; q.off == p.len() {
			q.drop()
		}
	}
}

// drop frees the first piece.
func (q *queue) drop() {
	switch p := &q.pieces[q.head]; {
	case p.chunk && cap(p.buf) == bigChunk:
		bigChunks.Put((*[bigChunk]byte)(p.buf[:bigChunk]))
	case p.chunk:
		q.spare = p.buf[:0]
	}
	q.pieces[q.head] = piece{}
	q.head++
	q.off = 0
	switch waiting := len(q.pieces) - q.head; {
	case waiting == 0 && cap(q.pieces) > keptPieces:
		q.pieces, q.head = nil, 0
	case waiting == 0, q.head >= keptPieces && q.head > waiting:
		n := copy(q.pieces, q.pieces[q.head:])
		clear(q.pieces[n:])
		q.pieces, q.head = q.pieces[:n], 0
	}
}

// add takes a copy of b.
func (q *queue) add(b []byte) {
	q.size += len(b)
	for len(b) > 0 {
		buf := q.tail(len(b))
		n := min(len(b), cap(*buf)-len(*buf))
		*buf = append(*buf, b[:n]...)
		b = b[n:]
	}
}

// addPiece takes p as it is.
func (q *queue) addPiece(p piece) {
	if n := p.len(); n > 0 {
		q.pieces = append(q.pieces, p)
		q.size += n
	}
}

// addChunk takes a big chunk of which n bytes are read: none, unless nothing else waits.
func (q *queue) addChunk(b []byte, n int) {
	q.pieces = append(q.pieces, piece{buf: b, chunk: true})
	q.off += n
	q.size += len(b) - n
}

// tail returns the buffer to append to, which has room; n bytes are to come.
func (q *queue) tail(n int) *[]byte {
	if len(q.pieces) > q.head {
		if last := &q.pieces[len(q.pieces)-1].buf; len(*last) < cap(*last) {
			return last
		}
	}
	var buf []byte
	switch {
	case n > smallChunk || len(q.pieces) > q.head: // there is more, so there may be yet more
		buf = bigChunks.Get().(*[bigChunk]byte)[:0]
	case q.spare != nil:
		buf, q.spare = q.spare, nil
	default:
		buf = make([]byte, 0, smallChunk)
	}
	q.pieces = append(q.pieces, piece{buf: buf, chunk: true})
	return &q.pieces[len(q.pieces)-1].buf
}

// bigChunks are for queues in which much waits.
var bigChunks = sync.Pool{New: func() any { return new([bigChunk]byte) }}
