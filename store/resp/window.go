package resp

import (
	"io"
	"strings"
	"sync"
)

const (
	smallWindow = 1 << 10  // what an idle reader keeps
	bigWindow   = 16 << 10 // what it reads into while there is much to read
)

// bigWindows are for readers with much to read.
var bigWindows = sync.Pool{New: func() any { return new([bigWindow]byte) }}

// more reads from the source, once.
func (r *Reader) more() error {
	if err := r.later; err != nil {
		r.later = nil
		return r.ended(err)
	}
	if r.OnWait != nil {
		if err := r.OnWait(); err != nil {
			return err
		}
	}
	if src, ok := r.src.(builderReader); ok && r.pos == r.end && r.bulk > smallArg && r.skip == 0 {
		_, err := src.readInto(&r.large, int(r.bulk)-r.large.Len())
		return r.ended(err)
	}
	r.makeRoom()
	for range maxEmptyReads {
		n, err := r.src.Read(r.window[r.end:])
		r.end += n
		r.full = r.end == len(r.window)
		switch {
		case n > 0:
			r.later = err
			return nil
		case err != nil:
			return r.ended(err)
		}
	}
	return io.ErrNoProgress
}

// A builderReader can bring bytes straight to a string.
type builderReader interface {
	// readInto is Read to the end of b, of n bytes at most.
	readInto(b *strings.Builder, n int) (int, error)
	// waiting returns how many bytes there are to be read.
	waiting() int
}

// makeRoom gives the window room behind end.
func (r *Reader) makeRoom() {
	switch {
	case r.pos == r.end:
		r.pos, r.end = 0, 0
		r.setWindow(r.full)
	case r.end < len(r.window):
	case r.pos > 0:
		r.end = copy(r.window, r.window[r.pos:r.end])
		r.pos = 0
	default: // of a line, or of a small argument
		longer := make([]byte, 2*len(r.window))
		r.end = copy(longer, r.window[:r.end])
		r.putBack()
		r.window = longer
	}
}

// setWindow gives an empty window the size that what is to come may need.
func (r *Reader) setWindow(big bool) {
	switch {
	case big && len(r.window) != bigWindow:
		r.putBack()
		r.window = bigWindows.Get().(*[bigWindow]byte)[:]
	case !big && len(r.window) != smallWindow:
		r.putBack()
		if r.small == nil {
			r.small = make([]byte, smallWindow)
		}
		r.window = r.small
	}
}

// putBack gives a big window to the next who needs one.
func (r *Reader) putBack() {
	if len(r.window) == bigWindow {
		bigWindows.Put((*[bigWindow]byte)(r.window))
	}
	r.window = nil
}

// ended says what an error of the source means here.
func (r *Reader) ended(err error) error {
	if err == io.EOF && (r.missing > 0 || r.pos < r.end) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// grow makes room for n bytes more in b, and for some of the left ones that are announced:
// for as many as have come, or a few. In the end b has no more room than it needs, which
// Builder.Grow would give it: a store may keep the string.
func grow(b *strings.Builder, n, left int) {
	if b.Cap()-b.Len() >= n {
		return
	}
	text := b.String()
	b.Reset()
	b.Grow(len(text) + min(left, max(n, len(text), firstBulk)))
	b.WriteString(text)
}
