package resp

import (
	"io"
	"strconv"

	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/internal/words"
)

// Sizes of the writer's own.
const (
	keptOutput = 1 << 10 // what an idle writer keeps at most

	// refSize is the length from which a string is not copied on its way to a connection
	// in memory.
	refSize = 4 << 10
)

// AppendReply appends r to b as it is in the protocol proto, 2 or 3, and returns b. Where an
// element of r is None, there is a null; an odd last element of a Map is left out. A Double
// that has a Str is written as that: Redis has other digits for a few.
func AppendReply(b []byte, proto int, r command.Reply) []byte {
	e := encoder{b: b, resp3: proto >= 3}
	e.reply(&r)
	return e.b
}

// AppendCommand appends a command to b as clients send it, and returns b.
func AppendCommand(b []byte, args ...string) []byte {
	e := encoder{b: b}
	e.line('*', int64(len(args)))
	for _, arg := range args {
		e.bulk(arg)
	}
	return e.b
}

// A Writer writes replies. Make one with [NewWriter]. Its methods are not for several
// goroutines at a time.
type Writer struct {
	// Proto is the version of the protocol, 2 or 3. It can be changed at any time.
	Proto int

	encoder
	dst   io.Writer
	refs  refWriter // dst, if it is one
	small []byte    // b while little waits
}

// A ref is a string that belongs before b[at:] of what an encoder wrote.
type ref struct {
	at   int
	text string
}

// A refWriter can send strings without copying them first.
type refWriter interface {
	// writeRefs writes b with the strings in it. Both become its own, and where b has the
	// capacity of a big chunk, it is one.
	writeRefs(b []byte, refs []ref) error
}

// NewWriter returns a Writer that writes to dst, in RESP2 at first.
func NewWriter(dst io.Writer) *Writer {
	w := &Writer{Proto: 2, dst: dst}
	w.refs, w.byRef = dst.(refWriter)
	return w
}

// Reply writes r as [AppendReply] does. It leaves at the next Flush.
func (w *Writer) Reply(r command.Reply) {
	if w.byRef && len(w.b) > keptOutput/2 && cap(w.b) < bigChunk {
		if w.small = nil; cap(w.b) <= keptOutput {
			w.small = w.b[:0]
		}
		w.b = append(bigChunks.Get().(*[bigChunk]byte)[:0], w.b...)
	}
	w.resp3 = w.Proto >= 3
	w.reply(&r)
}

// Buffered returns how many bytes wait for Flush.
func (w *Writer) Buffered() int { return len(w.b) + w.held }

// Flush sends what Reply has written. After an error nothing is left of it.
func (w *Writer) Flush() error {
	if len(w.b) == 0 {
		return nil // and no strings, which have a length before them
	}
	if len(w.strings) > 0 || w.byRef && cap(w.b) > keptOutput {
		err := w.refs.writeRefs(w.b, w.strings)
		w.b, w.small, w.strings, w.held = w.small, nil, nil, 0
		return err
	}
	_, err := w.dst.Write(w.b)
	if w.b = w.b[:0]; cap(w.b) > bigWindow {
		w.b = nil
	}
	return err
}

// An encoder appends replies to b.
type encoder struct {
	b     []byte
	resp3 bool

	byRef   bool // long strings go to strings
	strings []ref
	held    int // bytes that went there
}

func (e *encoder) reply(r *command.Reply) {
	if r.Proto != 0 {
		e.replyIn(r)
		return
	}
	switch r.Kind {
	case command.Simple:
		e.status('+', r.Str)
	case command.Error:
		e.status('-', r.Str)
	case command.Integer:
		e.line(':', r.Int)
	case command.Bulk:
		e.bulk(r.Str)
	case command.Null:
		e.null("$-1\r\n")
	case command.NullArray:
		e.null("*-1\r\n")
	case command.Array, command.Set, command.Map, command.Push:
		e.aggregate(r)
	case command.Several:
		for i := range r.Elems {
			e.reply(&r.Elems[i])
		}
	case command.Double:
		e.double(r)
	case command.Bool:
		e.bool(r.Int != 0)
	case command.BigNumber:
		e.textOr('(', r.Str)
	case command.Verbatim:
		if e.resp3 {
			e.line('=', int64(len("txt:")+len(r.Str)))
			e.b = append(e.b, "txt:"...)
			e.text(r.Str)
		} else {
			e.bulk(r.Str)
		}
	}
}

// replyIn is reply for one in a version of the protocol of its own.
func (e *encoder) replyIn(r *command.Reply) {
	was, same := e.resp3, *r
	e.resp3, same.Proto = r.Proto >= 3, 0
	e.reply(&same)
	e.resp3 = was
}

// status writes a line that s is the text of. Redis has spaces in the place of line ends
// there, and none at the end of an error.
func (e *encoder) status(kind byte, s string) {
	for kind == '-' && len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	e.b = append(e.b, kind)
	start := len(e.b)
	e.b = append(e.b, s...)
	for i, c := range e.b[start:] {
		if c == '\r' || c == '\n' {
			e.b[start+i] = ' '
		}
	}
	e.b = append(e.b, '\r', '\n')
}

func (e *encoder) line(kind byte, n int64) {
	e.b = append(e.b, kind)
	e.b = strconv.AppendInt(e.b, n, 10)
	e.b = append(e.b, '\r', '\n')
}

func (e *encoder) bulk(s string) {
	e.line('$', int64(len(s)))
	e.text(s)
}

// text writes the body of a bulk string.
func (e *encoder) text(s string) {
	if e.byRef && len(s) >= refSize {
		e.strings = append(e.strings, ref{at: len(e.b), text: s})
		e.held += len(s)
	} else {
		e.b = append(e.b, s...)
	}
	e.b = append(e.b, '\r', '\n')
}

func (e *encoder) null(resp2 string) {
	if e.resp3 {
		resp2 = "_\r\n"
	}
	e.b = append(e.b, resp2...)
}

func (e *encoder) aggregate(r *command.Reply) {
	elems := r.Elems
	if r.Kind == command.Map {
		elems = elems[:len(elems)&^1]
	}
	kind, n := byte('*'), len(elems)
	if e.resp3 {
		switch r.Kind {
		case command.Map:
			kind, n = '%', n/2
		case command.Set:
			kind = '~'
		case command.Push:
			kind = '>'
		}
	}
	e.line(kind, int64(n))
	for i := range elems {
		if elems[i].Kind == command.None {
			e.null("$-1\r\n")
			continue
		}
		e.reply(&elems[i])
	}
}

// double writes what C's %.17g does.
func (e *encoder) double(r *command.Reply) {
	if r.Str != "" {
		e.textOr(',', r.Str)
		return
	}
	var room [32]byte
	digits := words.AppendDouble(room[:0], r.Float)
	if e.resp3 {
		e.b = append(e.b, ',')
	} else {
		e.line('$', int64(len(digits)))
	}
	e.b = append(e.b, digits...)
	e.b = append(e.b, '\r', '\n')
}

// textOr writes s as a line of RESP3's kind, or as a bulk string.
func (e *encoder) textOr(kind byte, s string) {
	if e.resp3 {
		e.status(kind, s)
	} else {
		e.bulk(s)
	}
}

func (e *encoder) bool(is bool) {
	switch {
	case e.resp3 && is:
		e.b = append(e.b, "#t\r\n"...)
	case e.resp3:
		e.b = append(e.b, "#f\r\n"...)
	case is:
		e.b = append(e.b, ":1\r\n"...)
	default:
		e.b = append(e.b, ":0\r\n"...)
	}
}
