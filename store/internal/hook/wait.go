package hook

import (
	"context"
	"sync/atomic"
)

// Wait is how a command that may wait gets on. The context of the call has it, and package
// store keeps it up to date at the moment something happens, under the locks of what is waited
// for: whoever was served by a command waits no longer when that returns, also if it has not
// woken yet. It is decided once, and for one of two: the wait is over, or it was ended from
// outside by Unblock. None, nil, is one that nobody asks about.
type Wait struct{ state atomic.Uint32 }

const (
	waitNotYet uint32 = iota
	waits
	waitOver
	waitUnblocked
)

type waitKey struct{}

// WithWait returns ctx with w in it.
func WithWait(ctx context.Context, w *Wait) context.Context {
	return context.WithValue(ctx, waitKey{}, w)
}

// WaitOf returns what ctx has, nil if that is nothing or ctx is nil.
func WaitOf(ctx context.Context) *Wait {
	if ctx == nil {
		return nil
	}
	w, _ := ctx.Value(waitKey{}).(*Wait)
	return w
}

// Begin says that the command waits from now on, if it did not before.
func (w *Wait) Begin() {
	if w != nil {
		w.state.CompareAndSwap(waitNotYet, waits)
	}
}

// Began says whether the command has waited.
func (w *Wait) Began() bool { return w != nil && w.state.Load() != waitNotYet }

// Waits says whether the command waits.
func (w *Wait) Waits() bool { return w != nil && w.state.Load() == waits }

// End says that the command has got something, or gives up, and reports whether it may: not
// after Unblock.
func (w *Wait) End() bool {
	return w == nil || w.state.CompareAndSwap(waits, waitOver) || w.state.Load() != waitUnblocked
}

// Unblock ends the wait, and reports whether there was one: nothing is taken for it then. Who
// calls it then ends the context.
func (w *Wait) Unblock() bool { return w != nil && w.state.CompareAndSwap(waits, waitUnblocked) }
