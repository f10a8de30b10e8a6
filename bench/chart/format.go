package chart

import (
	"math"
	"strconv"
)

// step is one size of a unit: figures from size on are written in it.
type step struct {
	size float64
	name string
}

var (
	times = []step{{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}}
	sizes = []step{{1, "B"}, {1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {1e12, "TB"}}
	plain = []step{{1, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}}
)

// scale returns the steps of a unit and how many of the lowest step it is.
func scale(unit string) (steps []step, factor float64) {
	switch unit {
	case "ns":
		return times, 1
	case "us", "µs":
		return times, 1e3
	case "ms":
		return times, 1e6
	case "s":
		return times, 1e9
	case "B":
		return sizes, 1
	}
	return plain, 1
}

// format writes v, given in unit, with three significant digits for a reader:
// 1500 "ns" is "1.5 µs", 10000 "elements" is "10k".
func format(v float64, unit string) string { return formatAs(v, v, unit) }

// formatAs writes v in the step that suits ref, so that the ticks of a linear
// axis share one.
func formatAs(v, ref float64, unit string) string {
	if v == 0 {
		return "0"
	}
	steps, factor := scale(unit)
	// Rounded before the step is chosen: 999.9 ns is 1 µs, not 1000 ns.
	ref = round3(ref * factor)
	s := steps[0]
	for _, t := range steps[1:] {
		if ref >= t.size {
			s = t
		}
	}
	n := strconv.FormatFloat(round3(v*factor/s.size), 'f', -1, 64)
	if steps[0].name != "" {
		return n + " " + s.name
	}
	if unit == "" || unit == "elements" {
		return n + s.name
	}
	return n + s.name + " " + unit
}

// round3 rounds to three significant digits.
func round3(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	if err != nil || math.IsInf(r, 0) {
		return v
	}
	return r
}
