package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// scales of units: a figure is shown in the largest that leaves a digit before the point.
var (
	timeScale   = []scale{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {0, "ns"}}
	memoryScale = []scale{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {0, "B"}}
)

type scale struct {
	from float64
	unit string
}

func scaled(v float64, scales []scale) string {
	for _, s := range scales {
		if v >= s.from {
			return digits(v/max(s.from, 1)) + " " + s.unit
		}
	}
	return digits(v)
}

// digits returns three significant digits of v, or all before the point.
func digits(v float64) string {
	decimals := 0
	if v > 0 && v < 99.95 {
		decimals = min(2-int(math.Floor(math.Log10(v))), 3)
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 && strings.Trim(text, "0.") == "" {
		return "0"
	}
	return text
}

func byteCount(v float64) string { return scaled(v, memoryScale) }

// amount returns v in its unit: that of a Go benchmark, or one that ends in ns or %.
func amount(v float64, unit string) string {
	unit, _, _ = strings.Cut(unit, "/")
	switch {
	case unit == "ns" || strings.HasSuffix(unit, "-ns"):
		return scaled(v, timeScale)
	case unit == "B":
		return byteCount(v)
	case strings.HasSuffix(unit, "%"):
		return strconv.FormatFloat(v, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// thousands returns n with a comma between thousands.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// factor returns a ratio: two digits, or all before the point.
func factor(ratio float64) string {
	switch {
	case ratio >= 9.95:
		return fmt.Sprintf("%.0fx", ratio)
	case ratio >= 0.995:
		return fmt.Sprintf("%.1fx", ratio)
	}
	if ratio >= 0.0995 {
		return fmt.Sprintf("%.2fx", ratio)
	}
	return fmt.Sprintf("%.2gx", ratio)
}
