package chart

import (
	"errors"
	"fmt"
	"math"
)

// The sizes common to all charts, in px.
const (
	margin    = 20
	tickRoom  = 20 // under a panel
	nameRoom  = 18 // for the name of the x axis
	rowGap    = 22 // between rows of panels
	keyHeight = 20
	minPanel  = 90
)

// key is an entry of the legend.
type key struct {
	name string
	draw func(s *sheet, b box) // the sample, into b
}

// head is what stands above a panel.
type head struct{ title, sub string }

// frame is what all kinds of chart share: everything around the panels.
type frame struct {
	title, note    string
	xLabel, yLabel string
	keys           []key
	heads          []head // one a panel
	columns        int
	left, gap      float64 // px before the first panel, and between two
	plotHeight     float64
	sample         float64 // px of a legend's sample
}

// plan is where a frame's parts are.
type plan struct {
	ink
	frame
	titles, notes []string
	keyBoxes      []box
	cells         []cell
	height        float64
}

// cell is a panel's place.
type cell struct {
	box
	title, sub []string
	headY      float64
	column     int
}

const keyGap = 7

func (k ink) titlePen() pen { return pen{17, true, k.text} }
func (k ink) headPen() pen  { return pen{12.5, true, k.text} }
func (k ink) textPen() pen  { return pen{12, false, k.text} }
func (k ink) tickPen() pen  { return pen{11, false, k.muted} }
func (k ink) smallPen() pen { return pen{10, false, k.faint} }
func (k ink) notePen() pen  { return pen{11, false, k.muted} }

// plan lays the frame out.
func (f frame) plan(k ink) (*plan, error) {
	if f.columns <= 0 {
		f.columns = 3
	}
	f.columns = min(f.columns, len(f.heads))
	n := float64(f.columns)
	w := math.Floor((width - margin - f.left - margin - f.gap*(n-1)) / n)
	if w < minPanel {
		return nil, fmt.Errorf("chart: the labels leave panels of %.0f px: shorten them or lower Columns", w)
	}
	if err := f.checkRoom(k); err != nil {
		return nil, err
	}
	p := &plan{ink: k, frame: f}
	p.titles = k.titlePen().wrap(f.title, width-2*margin)
	y := float64(margin-4) + 23*float64(len(p.titles))
	y = p.placeKeys(y + 4)
	for i := 0; i < len(f.heads); i += f.columns {
		y = p.placeRow(i, min(i+f.columns, len(f.heads)), y, w)
	}
	y -= rowGap - 12
	p.notes = k.notePen().wrap(f.note, width-2*margin)
	p.height = math.Ceil(y + 15*float64(len(p.notes)) + margin - 6)
	return p, nil
}

// checkRoom reports a text which is not wrapped and has no room in one line.
func (f frame) checkRoom(k ink) error {
	const line = width - 2*margin
	for _, e := range f.keys {
		if f.sample+keyGap+k.textPen().room(e.name) > line {
			return fmt.Errorf("chart: %q is too long for the legend", e.name)
		}
	}
	if k.notePen().room(f.xLabel) > line {
		return fmt.Errorf("chart: %q is too long for the x axis", f.xLabel)
	}
	if k.notePen().room(f.yLabel) > f.plotHeight+tickRoom {
		return fmt.Errorf("chart: %q is too long for the y axis", f.yLabel)
	}
	return nil
}

// placeKeys lays the legend out from y on and returns where it ends.
func (p *plan) placeKeys(y float64) float64 {
	if len(p.keys) == 0 {
		return y + 6
	}
	x := float64(margin)
	for _, k := range p.keys {
		w := p.sample + keyGap + p.textPen().room(k.name)
		if x > margin && x+w > width-margin {
			x, y = margin, y+keyHeight
		}
		p.keyBoxes = append(p.keyBoxes, box{x, y, p.sample, keyHeight})
		x += w + 14
	}
	return y + keyHeight + 12
}

// placeRow lays the panels from..to out, side by side from y on.
func (p *plan) placeRow(from, to int, y, w float64) float64 {
	titles, subs := 0, 0
	for i := from; i < to; i++ {
		c := cell{headY: y, column: i - from}
		c.x = margin + p.left + float64(c.column)*(w+p.gap)
		c.title = p.headPen().wrap(p.heads[i].title, w)
		c.sub = p.smallPen().wrap(p.heads[i].sub, w)
		titles, subs = max(titles, len(c.title)), max(subs, len(c.sub))
		p.cells = append(p.cells, c)
	}
	top := y + 17*float64(titles) + 13*float64(subs) + 5
	for i := from; i < to; i++ {
		c := &p.cells[i]
		c.y, c.w, c.h = top, w, p.plotHeight
	}
	y = top + p.plotHeight + tickRoom + rowGap
	if p.xLabel != "" {
		y += nameRoom
	}
	return y
}

// draw returns a sheet with everything but the panels' insides.
func (p *plan) draw() *sheet {
	s := newSheet(p.ink, p.height)
	for i, l := range p.titles {
		s.write(margin, margin+6+23*float64(i), l, p.titlePen(), start)
	}
	for i, k := range p.keys {
		b := p.keyBoxes[i]
		k.draw(s, b)
		s.write(b.x+p.sample+keyGap, b.y+b.h/2, k.name, p.textPen(), start)
	}
	for i, l := range p.notes {
		s.write(margin, p.height-margin+2-15*float64(len(p.notes)-1-i), l, p.notePen(), start)
	}
	for i, c := range p.cells {
		y := c.headY + 8
		for _, l := range c.title {
			s.write(c.x, y, l, p.headPen(), start)
			y += 17
		}
		for j, l := range c.sub {
			s.write(c.x, y-2+13*float64(j), l, p.smallPen(), start)
		}
		if c.column == 0 {
			p.drawNames(s, c, p.cells[min(i+p.columns, len(p.cells))-1])
		}
	}
	return s
}

// drawNames names the axes of the panels from first to last.
func (p *plan) drawNames(s *sheet, first, last cell) {
	if p.xLabel != "" {
		x := (first.x + last.x + last.w) / 2
		x = max(x, margin+p.notePen().room(p.xLabel)/2)
		s.write(x, first.y+first.h+tickRoom+nameRoom/2+1, p.xLabel, p.notePen(), middle)
	}
	if p.yLabel != "" {
		s.writeUp(margin+5, first.y+first.h/2, p.yLabel, p.notePen())
	}
}

// drawX draws the grid and the tick labels of an x axis.
func (s *sheet) drawX(c cell, a axis) {
	p := s.tickPen()
	room := func(l string) float64 { return p.room(l) + 8 }
	major, minor := a.ticks(c.w, room)
	for _, v := range minor {
		x := c.x + a.norm(v)*c.w
		s.line(x, c.y, x, c.y+c.h, 1, s.ink.minor)
	}
	for _, t := range major {
		x := c.x + a.norm(t.at)*c.w
		s.line(x, c.y, x, c.y+c.h, 1, s.grid)
		if t.label == "" {
			continue
		}
		x = c.x + within(x-c.x, room(t.label)/2, c.w)
		s.write(x, c.y+c.h+11, t.label, p, middle)
	}
}

// checkTexts reports a text that XML could not hold.
func checkTexts(texts ...string) error {
	for _, t := range texts {
		for _, r := range t {
			if r < ' ' || r == 0x7f || r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF' {
				return fmt.Errorf("chart: text %q holds a character that cannot be written", t)
			}
		}
	}
	return nil
}

var errNothing = errors.New("chart: nothing was measured")
