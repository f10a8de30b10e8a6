package chart

import (
	"fmt"
	"image/color"
)

// Theme is the background a chart is drawn for.
type Theme int

// The themes.
const (
	Light Theme = iota
	Dark
)

// ink holds the colours of a theme.
type ink struct {
	paper, text, muted, faint color.RGBA // faint: the "not measured" marks
	grid, minor               color.RGBA
	band, ours                color.RGBA // behind and of the highlighted label
	series                    []color.RGBA
}

// The series' colours keep the hues of Okabe and Ito, strongest contrast
// first, each with at least 3:1 to the paper.
var inks = map[Theme]ink{
	Light: {
		paper: rgb(0xffffff), text: rgb(0x1f2328), muted: rgb(0x59636e), faint: rgb(0x6e7781),
		grid: veil(0x00, 0x22), minor: veil(0x00, 0x0f), band: rgb(0xe6f1fb), ours: rgb(0x0b5394),
		series: []color.RGBA{
			rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xb8578d),
			rgb(0x24292f), rgb(0xa87400), rgb(0x3c94cf),
		},
	},
	Dark: {
		paper: rgb(0x0d1117), text: rgb(0xe6edf3), muted: rgb(0x9aa4af), faint: rgb(0x848d97),
		grid: veil(0xff, 0x2a), minor: veil(0xff, 0x12), band: rgb(0x13283d), ours: rgb(0x8ccbff),
		series: []color.RGBA{
			rgb(0x56b4e9), rgb(0xff8a4c), rgb(0x2fd0a0), rgb(0xe59bc8),
			rgb(0xe6edf3), rgb(0xe69f00), rgb(0xf0e442),
		},
	},
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}
}

// veil is a transparent grey, for the lines that also cross the band.
func veil(v, alpha uint8) color.RGBA {
	v = min(v, alpha) // as premultiplied
	return color.RGBA{R: v, G: v, B: v, A: alpha}
}

func (t Theme) ink() (ink, error) {
	k, ok := inks[t]
	if !ok {
		return ink{}, fmt.Errorf("chart: unknown theme %d", int(t))
	}
	return k, nil
}

// color returns the colour of the i-th series. Where they come round again the
// first is left out: among lines it is ours alone.
func (k ink) color(i int) color.RGBA {
	if n := len(k.series); i >= n {
		i = 1 + (i-n)%(n-1)
	}
	return k.series[i]
}
