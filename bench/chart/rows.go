package chart

import (
	"errors"
	"fmt"
	"slices"
)

// Dots is a chart of horizontal dot plots. Its panels stand side by side in a
// grid and share the rows.
type Dots struct {
	Title, Note string
	// Rows are the names of what is compared, from top to bottom. The one
	// that is Highlight, if any, stands out.
	Rows      []string
	Highlight string
	// Series are what is told apart within a row: each has a colour and a
	// shape of its own. If there is one, its name may be empty.
	Series []string
	// XLabel names the axis, with the unit.
	XLabel string
	Log    bool
	// Unit is that of the figures: "ns", "µs", "ms", "s" and "B" are scaled
	// for the reader, and any other is written after the number.
	Unit string
	// Columns is how many panels stand in a row; 0 means three.
	Columns int
	// OwnScale gives every panel an axis of its own. Without it panels can
	// be compared with each other.
	OwnScale bool
	Panels   []DotPanel
}

// DotPanel is one plot of [Dots] or [Bars].
type DotPanel struct {
	Title string
	// Values holds the figures by series and row, nil where not measured.
	Values [][]*Point
}

// Bars is a chart of horizontal bars from zero, grouped by series, with the
// figure written at the end of each. Log must be false.
type Bars Dots

// rowKind is what sets dots and bars apart.
type rowKind struct {
	rowHeight   float64
	sampleWidth float64
	room        func(p pen) float64 // to the right of the greatest figure
	sample      func(s *sheet, b box, series int)
	row         func(s *sheet, r rowPlot)
}

// rowPlot is one row of one panel.
type rowPlot struct {
	box
	axis   axis
	series []string
	points []*Point // by series
}

// x returns where v lies.
func (r rowPlot) x(v float64) float64 { return r.box.x + r.axis.norm(v)*r.w }

// SVG draws the chart.
func (d Dots) SVG(t Theme) ([]byte, error) {
	n := float64(len(d.Series))
	return d.svg(t, rowKind{
		rowHeight:   max(20, 8+dotApart*n),
		sampleWidth: 12,
		room:        func(pen) float64 { return 14 },
		sample: func(s *sheet, b box, i int) {
			s.mark(b.x+b.w/2, b.y+b.h/2, dotRadius, i)
		},
		row: drawDots,
	})
}

// SVG draws the chart.
func (b Bars) SVG(t Theme) ([]byte, error) {
	if b.Log {
		return nil, errors.New("chart: bars have no log axis: their length is the figure")
	}
	d := Dots(b)
	n := float64(len(d.Series))
	return d.svg(t, rowKind{
		rowHeight:   9 + barHeight*n,
		sampleWidth: 30,
		room:        d.labelRoom,
		sample: func(s *sheet, b box, i int) {
			s.bar(box{b.x, b.y + b.h/2 - 5, b.w, 10}, i)
		},
		row: drawBars,
	})
}

// labelRoom returns the px of the longest label of a bar.
func (d Dots) labelRoom(p pen) float64 {
	var w float64
	d.each(func(_, _, _ int, v *Point) {
		if v != nil {
			w = max(w, p.room(format(v.Y, d.Unit)))
		}
	})
	return w + 2*labelGap
}

// each calls f for every figure.
func (d Dots) each(f func(panel, series, row int, v *Point)) {
	for i, p := range d.Panels {
		for j, s := range p.Values {
			for k, v := range s {
				f(i, j, k, v)
			}
		}
	}
}

func (d Dots) svg(t Theme, kind rowKind) ([]byte, error) {
	k, err := t.ink()
	if err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	p, err := d.frame(k, kind).plan(k)
	if err != nil {
		return nil, err
	}
	s := p.draw()
	axes := d.axes(p.cells[0].w, kind.room(k.smallPen()))
	if i := slices.Index(d.Rows, d.Highlight); i >= 0 {
		for from := 0; from < len(p.cells); from += p.columns {
			last := p.cells[min(from+p.columns, len(p.cells))-1]
			y := last.y + float64(i)*kind.rowHeight
			s.fill(box{margin - 6, y, last.x + last.w + 6 - (margin - 6), kind.rowHeight}, k.band)
		}
	}
	for i, c := range p.cells {
		s.drawX(c, axes[i])
		d.drawPanel(s, i, c, axes[i], kind)
	}
	return s.bytes(d.Title)
}

// frame returns what goes around the panels.
func (d Dots) frame(k ink, kind rowKind) frame {
	f := frame{
		title: d.Title, note: d.Note, xLabel: d.XLabel,
		columns: d.Columns, gap: 26, sample: kind.sampleWidth,
		plotHeight: kind.rowHeight * float64(len(d.Rows)),
	}
	for _, r := range d.Rows {
		f.left = max(f.left, d.rowPen(k, r).room(r)+10)
	}
	for i, name := range d.Series {
		if name != "" {
			f.keys = append(f.keys, key{name, func(s *sheet, b box) { kind.sample(s, b, i) }})
		}
	}
	for _, p := range d.Panels {
		f.heads = append(f.heads, head{title: p.Title})
	}
	return f
}

func (d Dots) rowPen(k ink, row string) pen {
	p := k.textPen()
	if row == d.Highlight {
		p.bold, p.color = true, k.ours
	}
	return p
}

// axes returns the axis of each panel, w px wide.
func (d Dots) axes(w, room float64) []axis {
	all, own := newReach(), make([]reach, len(d.Panels))
	for i := range own {
		own[i] = newReach()
	}
	d.each(func(panel, _, _ int, v *Point) {
		if v != nil {
			all.add(*v)
			own[panel].add(*v)
		}
	})
	axes := make([]axis, len(d.Panels))
	for i, r := range own {
		if !d.OwnScale || r.empty() {
			r = all
		}
		if d.Log {
			axes[i] = logAxis(r.lo, r.hi, d.Unit)
		} else {
			axes[i] = linearAxis(r.hi, w, room, d.Unit)
		}
	}
	return axes
}

func (d Dots) drawPanel(s *sheet, panel int, c cell, a axis, kind rowKind) {
	for i, name := range d.Rows {
		b := box{c.x, c.y + float64(i)*kind.rowHeight, c.w, kind.rowHeight}
		if c.column == 0 {
			s.write(c.x-10, b.y+b.h/2, name, d.rowPen(s.ink, name), end)
		}
		r := rowPlot{box: b, axis: a, series: d.Series}
		for j := range d.Series {
			r.points = append(r.points, d.Panels[panel].Values[j][i])
		}
		kind.row(s, r)
	}
}

// check reports the first thing that cannot be drawn.
func (d Dots) check() error {
	switch {
	case len(d.Rows) == 0:
		return errors.New("chart: no rows")
	case len(d.Series) == 0:
		return errors.New("chart: no series")
	case len(d.Panels) == 0:
		return errors.New("chart: no panels")
	}
	texts := slices.Concat([]string{d.Title, d.Note, d.XLabel, d.Unit}, d.Rows, d.Series)
	measured := false
	for _, p := range d.Panels {
		texts = append(texts, p.Title)
		if len(p.Values) != len(d.Series) {
			return fmt.Errorf("chart: panel %q has figures of %d series, not %d", p.Title, len(p.Values), len(d.Series))
		}
		for i, vs := range p.Values {
			if len(vs) != len(d.Rows) {
				return fmt.Errorf("chart: panel %q, series %q has %d figures for %d rows",
					p.Title, d.Series[i], len(vs), len(d.Rows))
			}
			for j, v := range vs {
				if v == nil {
					continue
				}
				measured = true
				if err := v.check(d.Log); err != nil {
					return fmt.Errorf("chart: panel %q, series %q, row %q: %w", p.Title, d.Series[i], d.Rows[j], err)
				}
			}
		}
	}
	if !measured {
		return errNothing
	}
	return checkTexts(texts...)
}
