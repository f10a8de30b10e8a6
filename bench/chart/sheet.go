package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// width is the width of every chart in px: what a page shows unscaled.
const width = 900

// The families after the first have its metrics; sans-serif is the last resort.
const families = `Liberation Sans, Arimo, Arial, Helvetica, sans-serif`

var fonts = font.NewCache(liberation.Collection())

// box is a rectangle in px, y growing downwards.
type box struct{ x, y, w, h float64 }

// pen is how a text is written.
type pen struct {
	size  float64
	bold  bool
	color color.RGBA
}

func (p pen) face() font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if p.bold {
		f.Weight = stdfont.WeightBold
	}
	return fonts.Lookup(f, font.Length(p.size))
}

// room returns the px to keep free for str, for a fallback font is wider, most
// of all in bold.
func (p pen) room(str string) float64 {
	f := p.face()
	w := f.Width(str).Points()
	if p.bold {
		return w * 1.24
	}
	return w * 1.16
}

// wrap breaks str between words into lines of up to w px.
func (p pen) wrap(str string, w float64) []string {
	var lines []string
	for _, word := range strings.Fields(str) {
		last := len(lines) - 1
		if last >= 0 && p.room(lines[last]+" "+word) <= w {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	end    anchor = "end"
)

// sheet is what a chart is drawn on.
type sheet struct {
	ink
	canvas  draw.Canvas
	svg     *vgsvg.Canvas
	height  float64
	anchors []anchor // of the texts, in the order drawn
}

func newSheet(k ink, height float64) *sheet {
	svg := vgsvg.New(width, vg.Length(height))
	s := &sheet{ink: k, canvas: draw.New(svg), svg: svg, height: height}
	s.fill(box{0, 0, width, height}, k.paper)
	return s
}

func (s *sheet) at(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(s.height - y)}
}

func (s *sheet) fill(b box, c color.RGBA) {
	s.canvas.FillPolygon(c, []vg.Point{
		s.at(b.x, b.y), s.at(b.x+b.w, b.y), s.at(b.x+b.w, b.y+b.h), s.at(b.x, b.y+b.h),
	})
}

func (s *sheet) line(x0, y0, x1, y1, w float64, c color.RGBA, dash ...vg.Length) {
	s.path([]vg.Point{s.at(x0, y0), s.at(x1, y1)}, w, c, dash)
}

func (s *sheet) path(pts []vg.Point, w float64, c color.RGBA, dash []vg.Length) {
	s.canvas.StrokeLines(draw.LineStyle{Color: c, Width: vg.Length(w), Dashes: dash}, pts)
}

// write puts str at x with its middle at y.
func (s *sheet) write(x, y float64, str string, p pen, a anchor) {
	s.canvas.SetColor(p.color)
	s.canvas.FillString(p.face(), s.at(x, y+p.size*0.35), str)
	s.anchors = append(s.anchors, a)
}

// writeUp is write with the text turned to read upwards.
func (s *sheet) writeUp(x, y float64, str string, p pen) {
	s.canvas.Push()
	s.canvas.Translate(s.at(x+p.size*0.35, y))
	s.canvas.Rotate(1.5707963267948966)
	s.canvas.SetColor(p.color)
	s.canvas.FillString(p.face(), vg.Point{}, str)
	s.canvas.Pop()
	s.anchors = append(s.anchors, middle)
}

// bytes returns the document. The backend has no anchored text, no fallback
// fonts and sizes in pt, so these are added here: anchored, a text stays in
// place with whatever font it is shown.
func (s *sheet) bytes(title string) ([]byte, error) {
	var raw, out bytes.Buffer
	if _, err := s.svg.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("chart: writing the SVG: %w", err)
	}
	_, body, ok := strings.Cut(raw.String(), "<g transform")
	texts := strings.Split(body, "<text ")
	if !ok || len(texts) != len(s.anchors)+1 {
		return nil, fmt.Errorf("chart: unexpected SVG of the backend: %d texts for %d", len(texts)-1, len(s.anchors))
	}
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%g" viewBox="0 0 %[1]d %[2]g" `+
		`font-family="%s" role="img">`+"\n<title>", width, s.height, families)
	if err := xml.EscapeText(&out, []byte(title)); err != nil {
		return nil, fmt.Errorf("chart: writing the title: %w", err)
	}
	out.WriteString("</title>\n<g transform" + texts[0])
	// The family is named once, on the root.
	plain := strings.NewReplacer("\n\tstyle=\"font-family:Liberation Sans;font-variant:normal;", " style=\"",
		"font-weight:normal;", "", "font-style:normal;", "")
	for i, t := range texts[1:] {
		tag, rest, _ := strings.Cut(t, ">")
		fmt.Fprintf(&out, `<text text-anchor="%s" %s>%s`, s.anchors[i], plain.Replace(tag), rest)
	}
	return out.Bytes(), nil
}
