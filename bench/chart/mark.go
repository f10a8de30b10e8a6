package chart

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// diamond is the shape gonum has not.
type diamond struct{}

// DrawGlyph implements [draw.GlyphDrawer].
func (diamond) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius * 1.2
	var p vg.Path
	p.Move(vg.Point{X: pt.X - r, Y: pt.Y})
	p.Line(vg.Point{X: pt.X, Y: pt.Y + r})
	p.Line(vg.Point{X: pt.X + r, Y: pt.Y})
	p.Line(vg.Point{X: pt.X, Y: pt.Y - r})
	p.Close()
	c.Fill(p)
}

// The shapes are used filled first, then hollow.
var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, diamond{}}

// The dashes are as many as the shapes with their hollow twins, which share
// no factor with the count of colours: looks repeat only after the product.
var dashes = [][]vg.Length{
	nil,
	{7, 3},
	{2, 2.5},
	{9, 3, 2, 3},
	{4, 2},
	{13, 4},
	{7, 2, 2, 2, 2, 2},
	{1.5, 4},
}

func dash(i int) []vg.Length { return dashes[i%len(dashes)] }

// mark draws the marker of the i-th series with a rim in the paper's colour,
// which keeps markers that overlap apart.
func (s *sheet) mark(x, y, r float64, i int) {
	g := shapes[i%len(shapes)]
	s.glyph(g, x, y, r+1.1, s.paper)
	s.glyph(g, x, y, r, s.color(i))
	if i/len(shapes)%2 == 1 {
		s.glyph(g, x, y, r-1.6, s.paper)
	}
}

func (s *sheet) glyph(g draw.GlyphDrawer, x, y, r float64, c color.RGBA) {
	s.canvas.DrawGlyph(draw.GlyphStyle{Color: c, Radius: vg.Length(r), Shape: g}, s.at(x, y))
}

// bar draws a bar of the i-th series: filled, then striped ever differently.
func (s *sheet) bar(b box, i int) {
	if b.w <= 0 {
		return
	}
	s.fill(b, s.color(i))
	switch i % 4 {
	case 1:
		s.hatch(b, b.h)
	case 2:
		in := box{b.x + 1.5, b.y + 1.5, max(0, b.w-3), b.h - 3}
		s.fill(in, s.paper)
	case 3:
		s.hatch(b, -b.h)
	}
}

// hatch draws stripes in the paper's colour which lean by lean px.
func (s *sheet) hatch(b box, lean float64) {
	for x := b.x - b.h + 3; x < b.x+b.w; x += 8 {
		x0, x1 := x, x+b.h
		// The ends that stick out of the bar are cut off.
		l, r := max(x0, b.x), min(x1, b.x+b.w)
		y0, y1 := b.y+b.h-(l-x0), b.y+b.h-(r-x0)
		if lean < 0 {
			y0, y1 = b.y+(l-x0), b.y+(r-x0)
		}
		if r > l {
			s.line(l, y0, r, y1, 1.5, s.paper)
		}
	}
}

// whisker draws an interval from x0 to x1 at y.
func (s *sheet) whisker(x0, x1, y float64, c color.RGBA) {
	s.line(x0, y, x1, y, 1.3, c)
	s.line(x0, y-2.5, x0, y+2.5, 1.3, c)
	s.line(x1, y-2.5, x1, y+2.5, 1.3, c)
}

// whiskerUp draws an interval from y0 to y1 at x.
func (s *sheet) whiskerUp(x, y0, y1 float64, c color.RGBA) {
	s.line(x, y0, x, y1, 1.1, c)
	s.line(x-2.5, y0, x+2.5, y0, 1.1, c)
	s.line(x-2.5, y1, x+2.5, y1, 1.1, c)
}
