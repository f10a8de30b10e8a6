package chart

import (
	"fmt"
	"math"
)

// Point is one figure Y with its confidence interval from Lo to Hi. Where the
// interval is unknown, both are Y, or both are left zero. X is for lines only.
type Point struct{ X, Y, Lo, Hi float64 }

// Figures outside of these bounds are no measurements.
const least, most = 1e-12, 1e18

// span returns the interval, which is Y alone if unknown.
func (p Point) span() (lo, hi float64) {
	if p.Lo == 0 && p.Hi == 0 {
		return p.Y, p.Y
	}
	return p.Lo, p.Hi
}

// check reports why the point cannot be drawn.
func (p Point) check(log bool) error {
	if err := checkFigure(p.Y, log); err != nil {
		return err
	}
	lo, hi := p.span()
	if err := checkFigure(hi, log); err != nil {
		return fmt.Errorf("interval %g to %g: %w", lo, hi, err)
	}
	// A Lo below zero is left be: noise can bring it there.
	if !(lo <= p.Y && p.Y <= hi) || math.IsInf(lo, 0) {
		return fmt.Errorf("interval %g to %g does not hold the figure %g", lo, hi, p.Y)
	}
	return nil
}

func checkFigure(v float64, log bool) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("figure %g is not finite", v)
	case v < 0:
		return fmt.Errorf("figure %g is negative", v)
	case log && v == 0:
		return fmt.Errorf("figure 0 cannot be on a log axis")
	case v > most || v != 0 && v < least:
		return fmt.Errorf("figure %g is out of range", v)
	}
	return nil
}

// reach is the range some points take.
type reach struct{ lo, hi float64 }

func newReach() reach { return reach{math.Inf(1), 0} }

func (r *reach) add(p Point) {
	lo, hi := p.span()
	// The foot of a very wide interval is cut off rather than given decades.
	r.lo = min(r.lo, max(lo, p.Y/10))
	r.hi = max(r.hi, hi)
}

func (r reach) empty() bool { return r.hi < r.lo }
