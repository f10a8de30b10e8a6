package resp

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// inputLimit is how much of a client's input waits before its writes do. Those of a server
// never wait, so that two ends that both write can't wait for each other.
const inputLimit = 1 << 20

// errOutputLimit ends a connection whose client reads too slowly.
var errOutputLimit = errors.New("resp: the client's output buffer is over its limit")

// An outputLimit closes the connection of a client that reads too slowly: at once when hard
// bytes wait, and after a time with soft bytes or more. 0 is no limit. It is Redis's
// client-output-buffer-limit, but for the time, which is exact here.
type outputLimit struct {
	hard, soft int
	over       time.Duration
}

// A half is one direction of a connection in memory: what one end has written and the other
// has not yet read. Where a reader waits already, what is written goes straight to where it
// wants it; else it waits in pieces.
type half struct {
	mu      sync.Mutex
	changed sync.Cond
	waiters int // at changed

	queue queue // what waits to be read
	limit int   // from which size writers wait; 0: they never do

	slot    target // of the reader that waits for something
	slotted bool   // there is one
	writing bool   // a writer waits with the rest of what it writes

	ended bool  // nothing more is written: the end comes after size bytes
	shut  bool  // by the writer's Close, not only by CloseWrite
	deaf  bool  // nothing more is read
	cause error // why, if not by the reader's Close

	gone func() // called, without the lock, when it is ended or deaf

	readBy, writeBy alarm
	ringRead        func()
	ringWrite       func()

	out      outputLimit
	overSoft alarm // set while size is over out.soft
	ringSoft func()
	overflow func() // called when out is passed, without the lock
}

func newHalf(limit int) *half {
	h := &half{limit: limit}
	h.changed.L = &h.mu
	h.ringRead = func() { h.ring(&h.readBy, h.ringRead) }
	h.ringWrite = func() { h.ring(&h.writeBy, h.ringWrite) }
	h.ringSoft = func() { h.ring(&h.overSoft, h.ringSoft) }
	return h
}

// wait waits for a change.
func (h *half) wait() {
	h.waiters++
	h.changed.Wait()
}

// wake has all who wait look again.
func (h *half) wake() {
	if h.waiters > 0 {
		h.waiters = 0
		h.changed.Broadcast()
	}
}

// read fills t with what there is, and waits if there is nothing.
func (h *half) read(t target) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := false // the slot
	defer func() {
		if mine {
			h.slot, h.slotted = target{}, false
		}
	}()
	h.readBy.due()
	for {
		switch {
		case mine && h.slot.got > 0:
			return h.slot.got, nil
		case h.deaf && h.cause != nil:
			return 0, h.cause
		case h.deaf:
			return 0, net.ErrClosed
		case h.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		case t.room() == 0:
			return 0, nil
		case h.queue.size > 0:
			h.take(&t)
			return t.got, nil
		case h.ended:
			return 0, io.EOF
		case !h.slotted:
			h.slot, h.slotted, mine = t, true, true
		}
		h.wait()
	}
}

// take moves bytes that wait to t.
func (h *half) take(t *target) {
	before := h.queue.size
	h.queue.take(t)
	if h.queue.size < h.out.soft {
		h.overSoft.at = time.Time{}
	}
	if before >= h.limit/2 && h.queue.size < h.limit/2 { // not for every byte of room
		h.wake()
	}
}

// write writes b whole, or until it can't.
func (h *half) write(b []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := false // writing
	for {
		if err = h.unwritable(); err != nil {
			break
		}
		if mine || !h.writing {
			n += h.put(b[n:])
			if h.overLimit() {
				err = errOutputLimit
			}
			if n == len(b) || err != nil {
				break
			}
			h.writing, mine = true, true
		}
		h.wait()
	}
	if mine {
		h.writing = false // and whatever ended the wait has woken the next
	}
	return n, err
}

// writeRefs writes b with the strings in it. It is for halves without a limit.
func (h *half) writeRefs(b []byte, refs []ref) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.unwritable(); err != nil {
		return err
	}
	start := 0
	for _, r := range refs {
		h.putPiece(piece{buf: b[start:r.at:r.at]})
		h.putPiece(piece{text: r.text})
		start = r.at
	}
	if len(refs) == 0 && cap(b) == bigChunk {
		h.putChunk(b)
	} else {
		h.putPiece(piece{buf: b[start:]})
	}
	if h.overLimit() {
		return errOutputLimit
	}
	return nil
}

// unwritable says why nothing can be written.
func (h *half) unwritable() error {
	switch {
	case h.shut:
		return net.ErrClosed
	case h.ended, h.deaf:
		return io.ErrClosedPipe
	case h.writeBy.due():
		return os.ErrDeadlineExceeded
	}
	return nil
}

// put takes bytes of b, as many as may wait.
func (h *half) put(b []byte) int {
	n := 0
	if h.slotted && h.queue.size == 0 {
		n = h.slot.put(b)
	}
	rest := b[n:]
	if h.limit > 0 {
		rest = rest[:min(len(rest), max(h.limit-h.queue.size, 0))]
	}
	h.queue.add(rest)
	h.wake()
	return n + len(rest)
}

// putPiece takes p, which becomes the half's own.
func (h *half) putPiece(p piece) {
	if h.slotted && h.queue.size == 0 {
		if p.buf != nil {
			p.buf = p.buf[h.slot.put(p.buf):]
		} else {
			p.text = p.text[h.slot.putString(p.text):]
		}
	}
	h.queue.addPiece(p)
	h.wake()
}

// putChunk takes b, a big chunk.
func (h *half) putChunk(b []byte) {
	n := 0
	if h.slotted && h.queue.size == 0 {
		n = h.slot.put(b)
	}
	if n == len(b) {
		bigChunks.Put((*[bigChunk]byte)(b[:bigChunk]))
	} else {
		h.queue.addChunk(b, n)
	}
	h.wake()
}

// overLimit looks at the output limit after bytes came.
func (h *half) overLimit() bool {
	switch {
	case h.out.hard > 0 && h.queue.size >= h.out.hard:
		return true
	case h.out.soft > 0 && h.queue.size >= h.out.soft && h.overSoft.at.IsZero():
		h.overSoft.in(h.out.over, h.ringSoft)
	}
	return h.overSoft.passed
}

// ring is what the timer of a does.
func (h *half) ring(a *alarm, again func()) {
	h.mu.Lock()
	came := a.rang(again)
	if came {
		h.wake()
	}
	h.mu.Unlock()
	if came && a == &h.overSoft {
		h.overflow()
	}
}

// end ends what is written. With shut, writers see that their end is closed.
func (h *half) end(shut bool) {
	h.mu.Lock()
	h.shut = h.shut || shut
	h.ended = true
	if shut {
		h.writeBy.stop()
	}
	h.left()
}

// left tells those who wait that an end has left, and unlocks.
func (h *half) left() {
	h.wake()
	gone := h.gone
	h.mu.Unlock()
	if gone != nil {
		gone()
	}
}

// deafen ends what is read, for a cause if it is not the reader's wish, and drops what waits.
func (h *half) deafen(cause error) {
	h.mu.Lock()
	if !h.deaf {
		h.deaf, h.cause = true, cause
	}
	h.discard()
	h.readBy.stop()
	h.left()
}

// discard drops what waits.
func (h *half) discard() {
	h.queue = queue{}
	h.overSoft.stop()
}

// readUntil sets the reader's deadline.
func (h *half) readUntil(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deaf {
		return net.ErrClosed
	}
	if h.readBy.set(t, h.ringRead); h.readBy.passed {
		h.wake()
	}
	return nil
}

// writeUntil sets the writer's deadline.
func (h *half) writeUntil(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut {
		return net.ErrClosed
	}
	if h.writeBy.set(t, h.ringWrite); h.writeBy.passed {
		h.wake()
	}
	return nil
}
