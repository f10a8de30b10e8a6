package chart

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// ours is the line that stands out.
const ours = "alcove"

// Lines is a chart of log-log lines, in a grid of panels which share the axes.
// A line looks the same in all panels.
type Lines struct {
	Title, Note    string
	XLabel, YLabel string
	// XUnit and Unit are those of X and Y, as in [Dots]; "elements" is not
	// written.
	XUnit, Unit string
	// Columns is how many panels stand in a row; 0 means three.
	Columns int
	Panels  []LinePanel
}

// LinePanel is one plot of [Lines].
type LinePanel struct {
	Title  string
	Series []Line
}

// Line is a named line. The one named "alcove" stands out. A line with no
// points, or which only other panels have, is noted as not measured.
type Line struct {
	Name   string
	Points []Point
}

const linesHeight = 230

// SVG draws the chart.
func (l Lines) SVG(t Theme) ([]byte, error) {
	k, err := t.ink()
	if err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	names := l.names()
	xa, ya := l.axes()
	p, err := l.frame(k, names, ya).plan(k)
	if err != nil {
		return nil, err
	}
	s := p.draw()
	for i, c := range p.cells {
		s.drawX(c, xa)
		s.drawY(c, ya)
		// The first name, which is ours, is drawn last: on top.
		for n := len(names) - 1; n >= 0; n-- {
			if pts := l.Panels[i].points(names[n]); len(pts) > 0 {
				s.drawLine(c, xa, ya, pts, n, names[n] == ours)
			}
		}
	}
	return s.bytes(l.Title)
}

// names returns the lines' names, ours first, the rest as they come.
func (l Lines) names() []string {
	var out []string
	for _, p := range l.Panels {
		for _, s := range p.Series {
			if !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		return cmp.Compare(rank(a), rank(b))
	})
	return out
}

func rank(name string) int {
	if name == ours {
		return 0
	}
	return 1
}

// points returns the points of a line from left to right.
func (p LinePanel) points(name string) []Point {
	for _, s := range p.Series {
		if s.Name == name {
			return slices.SortedStableFunc(slices.Values(s.Points), func(a, b Point) int {
				return cmp.Compare(a.X, b.X)
			})
		}
	}
	return nil
}

// frame returns what goes around the panels.
func (l Lines) frame(k ink, names []string, y axis) frame {
	f := frame{
		title: l.Title, note: l.Note, xLabel: l.XLabel, yLabel: l.YLabel,
		columns: l.Columns, gap: 24, sample: 32, plotHeight: linesHeight,
	}
	major, _ := y.ticks(linesHeight, func(string) float64 { return tickHeight })
	for _, t := range major {
		f.left = max(f.left, k.tickPen().room(t.label)+10)
	}
	if l.YLabel != "" {
		f.left += 18
	}
	for i, n := range names {
		p := key{n, func(s *sheet, b box) {
			y := b.y + b.h/2
			s.path([]vg.Point{s.at(b.x, y), s.at(b.x+b.w, y)}, lineWidth(n == ours), s.color(i), dash(i))
			s.mark(b.x+b.w/2, y, 3.6, i)
		}}
		f.keys = append(f.keys, p)
	}
	for _, p := range l.Panels {
		h := head{title: p.Title}
		var absent []string
		for _, n := range names {
			if len(p.points(n)) == 0 {
				absent = append(absent, n)
			}
		}
		if len(absent) > 0 {
			h.sub = missing + ": " + strings.Join(absent, ", ")
		}
		f.heads = append(f.heads, h)
	}
	return f
}

// axes returns the axes all panels share.
func (l Lines) axes() (x, y axis) {
	xs, ys := newReach(), newReach()
	for _, p := range l.Panels {
		for _, s := range p.Series {
			for _, v := range s.Points {
				xs.add(Point{Y: v.X})
				ys.add(v)
			}
		}
	}
	// Sizes are round: the axis ends a little beyond them.
	return axis{lo: xs.lo / 1.4, hi: xs.hi * 1.4, log: true, unit: l.XUnit}, logAxis(ys.lo, ys.hi, l.Unit)
}

const tickHeight = 16

// drawY draws the grid and the tick labels of a y axis.
func (s *sheet) drawY(c cell, a axis) {
	major, minor := a.ticks(c.h, func(string) float64 { return tickHeight })
	for _, v := range minor {
		y := c.y + c.h - a.norm(v)*c.h
		s.line(c.x, y, c.x+c.w, y, 1, s.ink.minor)
	}
	for _, t := range major {
		y := c.y + c.h - a.norm(t.at)*c.h
		s.line(c.x, y, c.x+c.w, y, 1, s.grid)
		if c.column == 0 && t.label != "" {
			s.write(c.x-8, y, t.label, s.tickPen(), end)
		}
	}
}

func lineWidth(thick bool) float64 {
	if thick {
		return 3
	}
	return 1.6
}

// drawLine draws the n-th line with its intervals and markers.
func (s *sheet) drawLine(c cell, xa, ya axis, pts []Point, n int, thick bool) {
	y := func(v float64) float64 { return c.y + c.h - ya.norm(v)*c.h }
	radius := 3.3
	if thick {
		radius = 4
	}
	var path []vg.Point
	for _, p := range pts {
		x := c.x + xa.norm(p.X)*c.w
		path = append(path, s.at(x, y(p.Y)))
		lo, hi := p.span()
		if y(p.Y)-y(hi) > radius || y(lo)-y(p.Y) > radius {
			s.whiskerUp(x, y(lo), y(hi), s.color(n))
		}
	}
	if thick {
		s.path(path, lineWidth(true)+2.5, s.paper, nil)
	}
	s.path(path, lineWidth(thick), s.color(n), dash(n))
	for _, p := range pts {
		s.mark(c.x+xa.norm(p.X)*c.w, y(p.Y), radius, n)
	}
}

// check reports the first thing that cannot be drawn.
func (l Lines) check() error {
	if len(l.Panels) == 0 {
		return errors.New("chart: no panels")
	}
	texts := []string{l.Title, l.Note, l.XLabel, l.YLabel, l.XUnit, l.Unit}
	measured := false
	for _, p := range l.Panels {
		texts = append(texts, p.Title)
		seen := map[string]bool{}
		for _, s := range p.Series {
			if s.Name == "" || seen[s.Name] {
				return fmt.Errorf("chart: panel %q: line %q has no name of its own", p.Title, s.Name)
			}
			seen[s.Name] = true
			texts = append(texts, s.Name)
			for _, v := range s.Points {
				measured = true
				if err := errors.Join(checkFigure(v.X, true), v.check(true)); err != nil {
					return fmt.Errorf("chart: panel %q, line %q, x %g: %w", p.Title, s.Name, v.X, err)
				}
			}
		}
	}
	if !measured {
		return errNothing
	}
	return checkTexts(texts...)
}
