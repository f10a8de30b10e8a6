package command

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/internal/hook"
)

// timeout reads the word at i as the seconds that a command waits at most, 0 for ever
// (getTimeoutFromObjectOrReply in timeout.c).
func (c *call) timeout(i int) (time.Duration, *Reply) {
	f, err := store.ParseFloat(c.args[i])
	ms := math.Ceil(f * 1000)
	switch {
	case err == store.ErrNotFloat:
		return 0, &errTimeout
	case ms < 0 || ms >= math.MaxInt64: // by an overflow
		return 0, &errTimeoutBelow0
	case err != nil: // less than a float64 can tell from 0
		ms = 1
	}
	return millis(int64(ms)), nil // at most 292 years, where Redis knows longer times
}

// block calls wait, which waits until its context ends, for at most timeout, 0 for ever. What
// it returns then becomes what Redis says of a wait that was ended: nothing came, or an error
// where CLIENT UNBLOCK has asked for one.
func (c *call) block(timeout time.Duration, wait func(ctx context.Context) error) (nothing bool, r *Reply) {
	ctx, stop := context.WithCancelCause(c.ctx)
	defer stop(nil)
	b := &blocked{stop: stop}
	if c.tx == nil {
		if c.s.fixed == nil {
			c.show(c.s.srv.nano())
			c.shown = true // also to those who begin to listen while it waits
		}
		c.s.beforeWait()
		c.s.startWait()
		ctx = hook.WithWait(ctx, &b.wait)
		c.s.block(b)
		if timeout > 0 {
			limited, cancel := c.s.srv.timeout(ctx, timeout)
			defer cancel()
			ctx = limited
		}
	}
	var err error
	if c.tx == nil && c.s.mayLeave(func() { b.end(errGone) }) {
		if err = c.once(wait); err == store.ErrNotFound {
			stop(errGone)
		}
	} else if err = wait(ctx); c.tx == nil && err == context.DeadlineExceeded && !b.wait.Began() {
		err = c.once(wait) // the time was over before it had looked
	}
	var by error
	if c.tx == nil {
		c.s.mayLeave(nil)
		by = c.s.block(nil)
	}
	switch cause := cmp.Or(by, context.Cause(ctx)); {
	case err == nil:
		return false, nil
	case cause == errUnblocked:
		return false, &unblocked
	case cause == errSessionClosed: // nobody is told any more
		return false, &silent
	case by != nil:
		return true, nil
	case cause == errGone:
		c.s.ended.Store(true)
		return false, &silent
	case err == store.ErrNotFound: // in a transaction nobody waits
		return true, nil
	case !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		bad := failure(err)
		return false, &bad
	}
	return true, nil
}

// timeout returns a context that ends after d by the clock of the store.
func (srv *Server) timeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if srv.store == nil { // that of Do in a transaction
		return context.WithTimeout(ctx, d)
	}
	return srv.store.Timeout(ctx, d)
}
