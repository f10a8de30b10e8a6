package resp

import (
	"bufio"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/internal/words"
)

// ErrReply is returned by [ReplyReader] for bytes that are no reply.
var ErrReply = errors.New("resp: not a reply")

// maxDepth bounds how deep replies may be nested.
const maxDepth = 512

// A ReplyReader reads replies, of RESP2 and RESP3, as a client does. It takes memory for what
// has come, never for what a length announces. Make one with [NewReplyReader].
type ReplyReader struct {
	src *bufio.Reader
	err error
}

// NewReplyReader returns a ReplyReader that reads from src.
func NewReplyReader(src io.Reader) *ReplyReader {
	return &ReplyReader{src: bufio.NewReader(src)}
}

// Next returns the next reply. Attributes of RESP3 are read and dropped, and of a verbatim
// string its format. It returns [ErrReply] if the bytes are no reply, io.EOF at the end of
// the source, io.ErrUnexpectedEOF if that comes within a reply, and other errors as the
// source has them. After any error it returns that one again.
func (r *ReplyReader) Next() (command.Reply, error) {
	if r.err != nil {
		return command.Reply{}, r.err
	}
	reply, err := r.read(0)
	if err != nil {
		r.err = err
		return command.Reply{}, err
	}
	return reply, nil
}

// read reads a reply that is nested depth deep.
func (r *ReplyReader) read(depth int) (command.Reply, error) {
	for {
		kind, line, err := r.line(depth > 0)
		switch {
		case err != nil:
			return command.Reply{}, err
		case kind == '|': // attributes
			if _, err := r.elems(line, 2, depth); err != nil {
				return command.Reply{}, inside(err)
			}
			depth = max(depth, 1) // a reply follows
			continue
		}
		reply, err := r.body(kind, line, depth)
		return reply, inside(err)
	}
}

// line reads the first line of a reply: its kind and what follows, which is valid until
// more is read.
func (r *ReplyReader) line(within bool) (byte, []byte, error) {
	text, err := r.src.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		head := slices.Clone(text)
		text, err = r.src.ReadBytes('\n')
		text = append(head, text...)
	}
	switch {
	case err != nil:
		if within || len(text) > 0 {
			err = inside(err)
		}
		return 0, nil, err
	case len(text) < 3 || text[len(text)-2] != '\r':
		return 0, nil, ErrReply
	}
	return text[0], text[1 : len(text)-2], nil
}

// inside says what an error means within a reply.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// body reads the reply that a line of the kind begins.
func (r *ReplyReader) body(kind byte, line []byte, depth int) (reply command.Reply, err error) {
	ok := true
	switch kind {
	case '+':
		reply = command.Reply{Kind: command.Simple, Str: string(line)}
	case '-':
		reply = command.Reply{Kind: command.Error, Str: string(line)}
	case ':':
		reply.Kind = command.Integer
		reply.Int, ok = words.Int(line)
	case '_':
		reply.Kind, ok = command.Null, len(line) == 0
	case '#':
		reply.Kind, ok = command.Bool, true
		switch string(line) {
		case "t":
			reply.Int = 1
		case "f":
		default:
			ok = false
		}
	case ',':
		reply.Kind = command.Double
		reply.Float, ok = parseDouble(string(line))
	case '(':
		reply = command.Reply{Kind: command.BigNumber, Str: string(line)}
		digits := strings.TrimPrefix(reply.Str, "-")
		ok = digits != "" && strings.Trim(digits, "0123456789") == ""
	case '$', '!', '=':
		return r.text(kind, line)
	default:
		return r.aggregate(kind, line, depth)
	}
	if !ok {
		return command.Reply{}, ErrReply
	}
	return reply, nil
}

// parseDouble returns the number that line spells as Redis does.
func parseDouble(line string) (float64, bool) {
	switch line {
	case "inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	case "nan":
		return math.NaN(), true
	}
	if strings.Trim(line, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(line, 64)
	return f, err == nil
}

// text reads a string whose length is in line.
func (r *ReplyReader) text(kind byte, line []byte) (command.Reply, error) {
	if kind == '$' && string(line) == "-1" {
		return command.Reply{Kind: command.Null}, nil
	}
	n, ok := words.Int(line)
	if !ok || n < 0 || n > math.MaxInt-2 {
		return command.Reply{}, ErrReply
	}
	var b strings.Builder
	for b.Len() < int(n) {
		left := int(n) - b.Len()
		part, err := r.src.Peek(min(left, max(r.src.Buffered(), 1)))
		if err != nil {
			return command.Reply{}, err
		}
		grow(&b, len(part), left)
		b.Write(part)
		r.src.Discard(len(part)) // it is there
	}
	for _, want := range []byte("\r\n") {
		if c, err := r.src.ReadByte(); err != nil {
			return command.Reply{}, err
		} else if c != want {
			return command.Reply{}, ErrReply
		}
	}
	s := b.String()
	switch {
	case kind == '!':
		return command.Reply{Kind: command.Error, Str: s}, nil
	case kind == '$':
		return command.Reply{Kind: command.Bulk, Str: s}, nil
	case len(s) < 4 || s[3] != ':':
		return command.Reply{}, ErrReply
	}
	return command.Reply{Kind: command.Verbatim, Str: s[4:]}, nil
}

// aggregate reads the elements of a reply, the number of which is in line.
func (r *ReplyReader) aggregate(kind byte, line []byte, depth int) (command.Reply, error) {
	reply, each := command.Reply{}, 1
	switch kind {
	case '*':
		if string(line) == "-1" {
			return command.Reply{Kind: command.NullArray}, nil
		}
		reply.Kind = command.Array
	case '~':
		reply.Kind = command.Set
	case '>':
		reply.Kind = command.Push
	case '%':
		reply.Kind, each = command.Map, 2
	default:
		return command.Reply{}, ErrReply
	}
	elems, err := r.elems(line, each, depth)
	reply.Elems = elems
	return reply, err
}

func (r *ReplyReader) elems(line []byte, each, depth int) ([]command.Reply, error) {
	n, ok := words.Int(line)
	if !ok || n < 0 || n > math.MaxInt64/2 || depth >= maxDepth {
		return nil, ErrReply
	}
	var elems []command.Reply
	for range n * int64(each) {
		elem, err := r.read(depth + 1)
		if err != nil {
			return nil, err
		}
		elems = append(elems, elem)
	}
	return elems, nil
}
