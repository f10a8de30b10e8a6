package resp

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/store/internal/words"
)

// Redis's limits, of server.h.
const (
	maxLine       = 64 << 10      // PROTO_INLINE_MAX_SIZE, for the lines of lengths, too
	maxArgs       = math.MaxInt32 // of a command
	maxBulk       = 512 << 20     // proto-max-bulk-len's default
	maxEarlyArgs  = 10            // before AUTH
	maxEarlyBulk  = 16384
	maxEmptyReads = 100 // of the source, one after another; as in bufio
)

// Sizes of the reader's own.
const (
	// smallArg is the largest argument that shares a string with others. It is below
	// the size from which a store keeps the strings that it is given.
	smallArg = smallWindow / 2

	// sharedArgs bounds the string that arguments share.
	sharedArgs = 16 << 10

	// firstBulk is what is allocated for a large argument before it has come.
	firstBulk = 16 << 10

	// What is used again for the next command: for so many arguments, and so many bytes.
	keptArgs = 256
	keptText = 4 << 10
)

// ProtocolError is a client's breach of the protocol. It is answered by its text behind
// "ERR Protocol error: ", and by closing the connection.
type ProtocolError string

// Error returns the text of the error reply, without its code.
func (e ProtocolError) Error() string { return "Protocol error: " + string(e) }

const (
	errManyArgs     = ProtocolError("invalid multibulk length")
	errArgsLine     = ProtocolError("too big mbulk count string")
	errEarlyArgs    = ProtocolError("unauthenticated multibulk length")
	errBulk         = ProtocolError("invalid bulk length")
	errBulkLine     = ProtocolError("too big bulk count string")
	errEarlyBulk    = ProtocolError("unauthenticated bulk length")
	errInline       = ProtocolError("too big inline request")
	errInlineQuotes = ProtocolError("unbalanced quotes in request")
)

// A Reader reads commands: arrays of bulk strings, or lines. It takes memory for what has
// come, never for what a length announces. Make one with [NewReader].
type Reader struct {
	// MaxBulk is the longest argument, Redis's proto-max-bulk-len; 0 is 512 MiB.
	MaxBulk int64

	// Unauthenticated is set while the client has to authenticate: a command may have
	// 10 arguments then, of 16 KiB each.
	Unauthenticated bool

	// OnWait, if it is not nil, is called each time before the source is read: when all
	// that has come is answered, and the replies should leave. Its error ends Next.
	OnWait func() error

	src      io.Reader
	window   []byte // window[pos:end] has come and was not looked at
	small    []byte // the window while there is little to read
	pos, end int
	seen     int   // so many bytes behind pos have no end of the line
	full     bool  // the last read filled the window
	later    error // came with bytes, and is returned behind them

	missing int             // arguments of the command that are still to come
	bulk    int64           // the length of the next one; -1: that comes first
	large   strings.Builder // the beginning of it, if it is large
	skip    int             // the line end behind it

	args []string
	text []byte  // the arguments behind args, together
	cuts []int32 // where they end in text
	err  error   // a ProtocolError; nothing is read any more
}

// NewReader returns a Reader that reads from src.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, bulk: -1} }

// Next returns the next command: its name and arguments, one at least. The slice is valid
// until the next call, the strings stay. It returns a [ProtocolError], then and from then on,
// if the client broke the protocol, io.EOF at the end of the source, io.ErrUnexpectedEOF if
// that comes within a command, and other errors of the source as they are: after a passed
// deadline, Next goes on where it was.
func (r *Reader) Next() ([]string, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.missing == 0 {
		r.forget()
	}
	for {
		whole, err := r.parse()
		switch {
		case err != nil:
			r.err = err
			return nil, err
		case whole && len(r.args) > 0:
			return r.args, nil
		case whole: // an empty line, or an array of nothing
			continue
		}
		if err := r.more(); err != nil {
			return nil, err
		}
	}
}

// Buffered returns how many bytes have been read and belong to no command yet.
func (r *Reader) Buffered() int { return r.end - r.pos + r.large.Len() }

// forget drops the last command.
func (r *Reader) forget() {
	clear(r.args)
	r.args, r.text, r.cuts = r.args[:0], r.text[:0], r.cuts[:0]
	if cap(r.args) > keptArgs {
		r.args = nil
	}
	if cap(r.cuts) > 2*keptArgs {
		r.cuts = nil
	}
	if cap(r.text) > keptText {
		r.text = nil
	}
}

// parse takes what it can from the window and reports whether a command ended there.
func (r *Reader) parse() (bool, error) {
	if r.missing == 0 {
		if r.pos == r.end {
			return false, nil
		}
		if r.window[r.pos] != '*' {
			return r.inline()
		}
		if r.usual() {
			return true, nil
		}
		if ok, err := r.count(); !ok || err != nil {
			return false, err
		}
	}
	for r.missing > 0 {
		if ok, err := r.argument(); !ok || err != nil {
			return false, err
		}
		r.missing--
	}
	r.share()
	return true, nil
}

// usual takes a whole command of small arguments, as most are, in one go: of any other it takes
// nothing. The arguments are pieces of one string, in which their lengths are, too.
func (r *Reader) usual() bool {
	if r.Unauthenticated || r.MaxBulk > 0 && r.MaxBulk < smallArg {
		return false
	}
	b := r.window[r.pos:r.end]
	n, at := shortNumber(b, '*')
	if n <= 0 {
		return false
	}
	for ; n > 0; n-- {
		start, end := at, 0
		if at+4 <= len(b) && b[at] == '$' && b[at+1]-'0' <= 9 && b[at+2] == '\r' { // most have one digit
			start += 4
			end = start + int(b[at+1]-'0')
		} else {
			size, head := shortNumber(b[at:], '$')
			start += head
			end = start + int(size)
		}
		if start == at || end-start > smallArg || end+2 > len(b) {
			r.cuts = r.cuts[:0]
			return false
		}
		r.cuts = append(r.cuts, int32(start), int32(end))
		at = end + 2
	}
	all := string(b[:at])
	r.args = slices.Grow(r.args, len(r.cuts)/2)
	for i := 0; i < len(r.cuts); i += 2 {
		r.args = append(r.args, all[r.cuts[i]:r.cuts[i+1]])
	}
	r.cuts = r.cuts[:0]
	r.pos += at
	r.seen = 0 // of a line that had not come whole before
	return true
}

// line returns the line at pos, up to a byte, and takes it and the n bytes behind the line's
// end. As in Redis, which looks for a line's end as in a C string, there is none behind a NUL.
func (r *Reader) line(end byte, n int, tooLong ProtocolError) (line []byte, ok bool, err error) {
	b := r.window[r.pos:r.end]
	i := bytes.IndexByte(b[r.seen:], end)
	head := b[r.seen:]
	if i >= 0 {
		head = head[:i]
	}
	if nul := bytes.IndexByte(head, 0); nul >= 0 {
		i, head = -1, head[:nul]
	}
	r.seen += len(head)
	switch {
	case r.seen > maxLine || i < 0 && len(b) > maxLine:
		return nil, false, tooLong
	case i < 0 || r.seen+n >= len(b):
		return nil, false, nil
	}
	line = b[:r.seen]
	r.pos += r.seen + 1 + n
	r.seen = 0
	return line, true, nil
}

// number takes a line of a kind's byte and a number, or returns what else the line is.
func (r *Reader) number(kind byte, tooLong ProtocolError) (n int64, line []byte, ok bool, err error) {
	if n, size := shortNumber(r.window[r.pos:r.end], kind); size > 0 {
		r.pos += size
		r.seen = 0
		return n, nil, true, nil
	}
	line, ok, err = r.line('\r', 1, tooLong)
	if ok && len(line) > 0 && line[0] == kind {
		if n, is := words.Int(line[1:]); is {
			return n, nil, true, nil
		}
	}
	return 0, line, ok, err
}

// count takes the number of arguments.
func (r *Reader) count() (bool, error) {
	n, wrong, ok, err := r.number('*', errArgsLine)
	switch {
	case !ok || err != nil:
		return false, err
	case wrong != nil || n > maxArgs:
		return false, errManyArgs
	case n > maxEarlyArgs && r.Unauthenticated:
		return false, errEarlyArgs
	}
	r.missing = int(max(n, 0))
	return true, nil
}

// argument takes the next argument if all of it has come.
func (r *Reader) argument() (bool, error) {
	if r.bulk < 0 {
		if ok, err := r.length(); !ok || err != nil {
			return false, err
		}
	}
	b := r.window[r.pos:r.end]
	whole := r.large.Len() == 0 && int64(len(b)) >= r.bulk+2 // Redis doesn't look at these two
	switch {
	case r.skip > 0: // of a large one
		if len(b) < r.skip {
			return false, nil
		}
		r.pos += r.skip
		r.skip = 0
	case whole && r.bulk <= smallArg:
		r.addSmall(b[:r.bulk])
		r.pos += int(r.bulk) + 2
	case whole:
		r.share()
		r.args = append(r.args, string(b[:r.bulk]))
		r.pos += int(r.bulk) + 2
	case r.bulk <= smallArg:
		return false, nil
	default:
		return r.takeLarge(b)
	}
	r.bulk = -1
	return true, nil
}

// takeLarge takes what has come, b, of an argument that gets a string by itself.
func (r *Reader) takeLarge(b []byte) (bool, error) {
	r.share()
	left := int(r.bulk) - r.large.Len()
	b = b[:min(left, len(b))]
	came := len(b)
	if src, ok := r.src.(builderReader); ok {
		came = min(left, came+src.waiting())
	}
	grow(&r.large, came, left)
	r.large.Write(b)
	r.pos += len(b)
	if len(b) < left {
		return false, nil
	}
	r.args = append(r.args, r.large.String())
	r.large.Reset()
	r.skip = 2
	return r.argument()
}

// length takes the length of the next argument.
func (r *Reader) length() (bool, error) {
	n, wrong, ok, err := r.number('$', errBulkLine)
	if !ok || err != nil {
		return false, err
	}
	limit := r.MaxBulk
	if limit == 0 {
		limit = maxBulk
	}
	switch {
	case wrong != nil && (len(wrong) == 0 || wrong[0] != '$'):
		return false, noDollar(wrong)
	case wrong != nil || n < 0 || n > limit || n > math.MaxInt-2:
		return false, errBulk
	case n > maxEarlyBulk && r.Unauthenticated:
		return false, errEarlyBulk
	}
	r.bulk = n
	return true, nil
}

// noDollar is the error of a line that should begin with a dollar. An error can't have the
// end of a line: there is a space for it.
func noDollar(line []byte) ProtocolError {
	got := " "
	if len(line) > 0 && line[0] != '\n' {
		got = string(line[:1])
	}
	return ProtocolError("expected '$', got '" + got + "'")
}

// inline takes a command that is a line.
func (r *Reader) inline() (bool, error) {
	line, ok, err := r.line('\n', 0, errInline)
	if !ok || err != nil {
		return false, err
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if r.text, r.cuts, ok = words.Append(r.text, r.cuts, line); !ok {
		return false, errInlineQuotes
	}
	r.share()
	return true, nil
}

func (r *Reader) addSmall(arg []byte) {
	r.text = append(r.text, arg...)
	r.cuts = append(r.cuts, int32(len(r.text)))
	if len(r.text) >= sharedArgs {
		r.share()
	}
}

// share turns text into arguments, pieces of one string.
func (r *Reader) share() {
	if len(r.cuts) == 0 {
		return
	}
	all, start := string(r.text), int32(0)
	r.args = slices.Grow(r.args, len(r.cuts))
	for _, end := range r.cuts {
		r.args = append(r.args, all[start:end])
		start = end
	}
	r.text, r.cuts = r.text[:0], r.cuts[:0]
}
