package chart

import (
	"slices"
	"strings"
)

const (
	dotRadius = 4
	dotApart  = 7 // between the series of a row, downwards
	barHeight = 12
	labelGap  = 5
)

const missing = "not measured"

// drawDots draws a row of dots, the series a little apart so that equal
// figures do not hide each other.
func drawDots(s *sheet, r rowPlot) {
	mid := r.y + r.h/2
	taken := []float64{r.box.x, r.box.x + r.w}
	var absent []string
	for i, p := range r.points {
		if p == nil {
			absent = append(absent, r.series[i])
			continue
		}
		x, y := r.x(p.Y), mid+r.offset(i, dotApart)
		lo, hi := p.span()
		x0, x1 := r.x(lo), r.x(hi)
		if x1-x > dotRadius || x-x0 > dotRadius {
			s.whisker(x0, x1, y, s.color(i))
		}
		taken = append(taken, x0-dotRadius, x, x1+dotRadius)
	}
	from := r.box.x
	if len(absent) > 0 {
		note := r.drawMissing(s, absent, taken)
		s.line(from, mid, note.x, mid, 1, s.grid, 1, 3)
		from = note.x + note.w
	}
	s.line(from, mid, r.box.x+r.w, mid, 1, s.grid, 1, 3)
	// Over all the whiskers of the row.
	for i, p := range r.points {
		if p != nil {
			s.mark(r.x(p.Y), mid+r.offset(i, dotApart), dotRadius, i)
		}
	}
}

// offset returns how far below the row's middle the i-th series is.
func (r rowPlot) offset(i int, apart float64) float64 {
	return (float64(i) - float64(len(r.points)-1)/2) * apart
}

// drawMissing names the series without a figure where the row is emptiest, and
// returns the place taken.
func (r rowPlot) drawMissing(s *sheet, absent []string, taken []float64) box {
	slices.Sort(taken)
	var x, free float64
	for i := 1; i < len(taken); i++ {
		if w := taken[i] - taken[i-1]; w > free {
			x, free = (taken[i]+taken[i-1])/2, w
		}
	}
	p := s.smallPen()
	text := missing
	if len(absent) < len(r.points) {
		text = strings.Join(absent, ", ") + ": " + missing
		if p.room(text) > free-8 {
			text = missing
		}
	}
	s.write(x, r.y+r.h/2, text, p, middle)
	w := p.room(text) + 6
	return box{x - w/2, r.y, w, r.h}
}

// drawBars draws a row's group of bars.
func drawBars(s *sheet, r rowPlot) {
	mid, p := r.y+r.h/2, s.smallPen()
	for i, v := range r.points {
		y := mid + r.offset(i, barHeight)
		if v == nil {
			s.write(r.box.x+labelGap, y, missing, p, start)
			continue
		}
		x := r.x(v.Y)
		s.bar(box{r.box.x, y - barHeight/2 + 1, x - r.box.x, barHeight - 2}, i)
		if lo, hi := v.span(); r.x(hi)-r.x(lo) > 2 {
			s.whisker(r.x(lo), r.x(hi), y, s.text)
			x = r.x(hi)
		}
		s.write(x+labelGap, y, format(v.Y, r.axis.unit), pen{p.size, false, s.text}, start)
	}
	// The zero the bars stand on.
	s.line(r.box.x, r.y, r.box.x, r.y+r.h, 1.2, s.muted)
}
