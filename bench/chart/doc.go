// Package chart draws the charts of the benchmark report as SVG.
//
// There are three kinds: [Dots] (dot plots, for figures that span decades),
// [Bars] (bars from zero, for figures whose size is to be compared by eye)
// and [Lines] (log-log lines, for figures that grow with a size). Each comes
// for a [Light] and for a [Dark] background, with the background painted, so
// that it can be read wherever it is shown.
//
// A series is told apart by its shape, dash or hatching as well as by its
// colour; the colours are those of Okabe and Ito, shifted in lightness where
// the background asks for contrast. The same input gives the same bytes.
//
// A figure that was not measured is nil (or, for lines, left out) and is
// marked as such in the chart. A figure that cannot be drawn, such as NaN, an
// infinity, a negative one, or zero on a log axis, is an error which names it:
// a broken measurement must not pass for a missing one.
package chart
