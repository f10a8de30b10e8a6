package chart

import "math"

// axis maps figures to 0..1.
type axis struct {
	lo, hi float64
	log    bool
	unit   string
}

// norm returns where v lies, kept within the axis.
func (a axis) norm(v float64) float64 {
	if a.log {
		if v <= a.lo {
			return 0
		}
		return min(1, math.Log(v/a.lo)/math.Log(a.hi/a.lo))
	}
	return max(0, min(1, (v-a.lo)/(a.hi-a.lo)))
}

// logAxis spans lo..hi with a margin, from one 1-2-5 step to another, so that
// there are at least two ticks.
func logAxis(lo, hi float64, unit string) axis {
	return axis{lo: floor125(lo / 1.15), hi: ceil125(hi * 1.15), log: true, unit: unit}
}

// linearAxis spans 0..hi on width px and leaves room px beyond hi.
func linearAxis(hi, width, room float64, unit string) axis {
	if hi == 0 {
		hi = 1
	}
	return axis{hi: hi * width / max(width-room, width/4), unit: unit}
}

// tick is a grid line; only those with a label are named.
type tick struct {
	at    float64
	label string
}

// ticks returns the grid lines for an axis of length px on which a label may
// take up to room px.
func (a axis) ticks(length float64, room func(label string) float64) (major []tick, minor []float64) {
	if a.log {
		major, minor = a.logTicks()
	} else {
		major = a.linearTicks(length)
	}
	thin(a, major, length, room)
	return major, minor
}

func (a axis) logTicks() (major []tick, minor []float64) {
	var tens, all []tick
	from, to := int(math.Floor(math.Log10(a.lo))), int(math.Ceil(math.Log10(a.hi)))
	for k := from; k <= to; k++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow10(k)
			if v < a.lo*(1-1e-9) || v > a.hi*(1+1e-9) {
				continue
			}
			all = append(all, tick{v, format(v, a.unit)})
			if m == 1 {
				tens = append(tens, all[len(all)-1])
			} else {
				minor = append(minor, v)
			}
		}
	}
	if len(tens) < 2 {
		return all, nil
	}
	return tens, minor
}

func (a axis) linearTicks(length float64) []tick {
	n := max(2, min(7, math.Floor(length/48)))
	by := ceil125(a.hi / n * (1 - 1e-9))
	var out []tick
	for i := 0.0; i*by <= a.hi*(1+1e-9); i++ {
		out = append(out, tick{i * by, formatAs(i*by, a.hi, a.unit)})
	}
	return out
}

// thin drops every label that would touch the one before it.
func thin(a axis, ticks []tick, length float64, room func(string) float64) {
	for every := 1; every <= len(ticks); every++ {
		end, fits := math.Inf(-1), true
		for i := 0; i < len(ticks); i += every {
			half := room(ticks[i].label) / 2
			x := within(a.norm(ticks[i].at)*length, half, length)
			fits = fits && x-half >= end
			end = x + half
		}
		if !fits {
			continue
		}
		for i := range ticks {
			if i%every != 0 {
				ticks[i].label = ""
			}
		}
		return
	}
}

// within moves x so that half px on either side of it stay on the axis, or
// nearly so, lest a label meet that of the next panel.
func within(x, half, length float64) float64 {
	const over = 12
	return max(half-over, min(length-half+over, x))
}

// floor125 returns the greatest 1, 2 or 5 times a power of ten up to v.
func floor125(v float64) float64 {
	k := int(math.Floor(math.Log10(v)))
	best := math.Pow10(k - 1)
	for _, e := range []int{k - 1, k, k + 1} {
		for _, m := range []float64{1, 2, 5} {
			if s := m * math.Pow10(e); s <= v*(1+1e-9) {
				best = s
			}
		}
	}
	return best
}

// ceil125 returns the least 1, 2 or 5 times a power of ten from v on.
func ceil125(v float64) float64 {
	k := int(math.Floor(math.Log10(v)))
	for _, e := range []int{k - 1, k, k + 1} {
		for _, m := range []float64{1, 2, 5} {
			if s := m * math.Pow10(e); s >= v*(1-1e-9) {
				return s
			}
		}
	}
	return math.Pow10(k + 2)
}
