package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type drawer interface {
	SVG(t Theme) ([]byte, error)
}

func at(y float64) *Point { return &Point{Y: y, Lo: y * 0.8, Hi: y * 1.3} }

func testDots() Dots {
	return Dots{
		Title: "Time <of> one & all", Note: "some machine, 2 cores",
		Rows: []string{"alcove", "map", "a \"quoted\" peer"}, Highlight: "alcove",
		Series: []string{"1 core", "2 cores"}, XLabel: "ns an operation", Log: true, Unit: "ns",
		Panels: []DotPanel{
			{Title: "Get", Values: [][]*Point{{at(60), at(20), nil}, {at(40), at(15), at(50000)}}},
			{Title: "Set", Values: [][]*Point{{nil, at(20), at(1)}, {nil, {Y: 15}, at(50000)}}},
		},
	}
}

func testBars() Bars {
	b := Bars(testDots())
	b.Log = false
	return b
}

func testLines() Lines {
	return Lines{
		Title: "Sorted sets", Note: "some machine", XLabel: "elements", YLabel: "time", XUnit: "elements", Unit: "ns",
		Columns: 2,
		Panels: []LinePanel{
			{Title: "Insert", Series: []Line{
				{Name: "btree", Points: []Point{{X: 1e6, Y: 900}, {X: 1e3, Y: 200, Lo: -1, Hi: 4000}}},
				{Name: "alcove", Points: []Point{{X: 1e3, Y: 100}, {X: 1e6, Y: 300}}},
			}},
			{Title: "Rank", Series: []Line{{Name: "alcove", Points: []Point{{X: 1e4, Y: 50}}}}},
		},
	}
}

// words are the texts a chart must show.
func words(t *testing.T, svg []byte) string {
	t.Helper()
	var out strings.Builder
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		require.NoError(t, err)
		if c, ok := tok.(xml.CharData); ok {
			out.Write(c)
			out.WriteByte('\n')
		}
	}
}

func TestSVG(t *testing.T) {
	linear := testDots()
	linear.Log, linear.OwnScale, linear.Columns = false, true, 1
	one := testDots()
	one.Series, one.Panels = []string{""}, []DotPanel{{Values: [][]*Point{{nil, at(41), at(42)}}}}
	zero := testBars()
	zero.Panels = []DotPanel{{Title: "0", Values: [][]*Point{{{}, {}, nil}, {nil, {}, {}}}}}
	rows := []string{"alcove", "map", "a \"quoted\" peer", missing, "Time <of> one & all", "some machine"}
	for _, c := range []struct {
		name  string
		chart drawer
		want  []string
	}{
		{"dots", testDots(), append(rows, "Get", "Set", "1 core", "2 cores", "100 ns", "10 µs", "ns an operation")},
		{"linear dots", linear, append(rows, "Get", "Set", "60 µs")},
		{"one series", one, append(rows, "50 ns")},
		{"bars", testBars(), append(rows, "Get", "Set", "40 ns", "50 µs")},
		{"zero bars", zero, append(rows, "0")},
		{"lines", testLines(), []string{
			"Sorted sets", "some machine", "Insert", "Rank", "alcove", "btree", "10k", "1M",
			"100 ns", "1 µs", "elements", "time", missing + ": btree",
		}},
	} {
		for _, theme := range []Theme{Light, Dark} {
			t.Run(fmt.Sprint(c.name, theme), func(t *testing.T) {
				svg, err := c.chart.SVG(theme)
				require.NoError(t, err)
				again, err := c.chart.SVG(theme)
				require.NoError(t, err)
				require.Equal(t, svg, again)
				require.NotContains(t, string(svg), "NaN")
				require.NotContains(t, string(svg), "Inf")
				require.Contains(t, string(svg), "sans-serif")
				require.Contains(t, string(svg), `width="900"`)
				got := words(t, svg)
				for _, w := range c.want {
					require.Contains(t, got, w)
				}
			})
		}
	}
}

func TestThemes(t *testing.T) {
	light, err := testDots().SVG(Light)
	require.NoError(t, err)
	require.Contains(t, strings.ToLower(string(light)), "fill:#ffffff")
	dark, err := testDots().SVG(Dark)
	require.NoError(t, err)
	require.Contains(t, strings.ToLower(string(dark)), "fill:#0d1117")
	require.Contains(t, strings.ToLower(string(dark)), "fill:#e6edf3")
	for _, c := range []drawer{testDots(), testBars(), testLines()} {
		_, err = c.SVG(7)
		require.ErrorContains(t, err, "unknown theme 7")
	}
}

// luminance is that of WCAG.
func luminance(c color.RGBA) float64 {
	lin := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

func contrast(a, b color.RGBA) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func TestContrast(t *testing.T) {
	for theme, k := range inks {
		for i, c := range k.series {
			require.GreaterOrEqual(t, contrast(c, k.paper), 3.0, "theme %d, series %d", theme, i)
		}
		for _, c := range []color.RGBA{k.text, k.muted, k.faint} {
			require.GreaterOrEqual(t, contrast(c, k.paper), 4.5, "theme %d, %v", theme, c)
		}
		for _, c := range []color.RGBA{k.text, k.ours} {
			require.GreaterOrEqual(t, contrast(c, k.band), 4.5, "theme %d, %v", theme, c)
		}
	}
}

func TestDotErrors(t *testing.T) {
	long := strings.Repeat("long ", 60)
	set := func(p Point) func(*Dots) {
		return func(d *Dots) { d.Panels[1].Values[1][1] = &p }
	}
	for _, c := range []struct {
		name string
		edit func(*Dots)
		want string
	}{
		{"rows", func(d *Dots) { d.Rows = nil }, "no rows"},
		{"series", func(d *Dots) { d.Series = nil }, "no series"},
		{"panels", func(d *Dots) { d.Panels = nil }, "no panels"},
		{"too few series", func(d *Dots) { d.Panels[0].Values = nil }, `panel "Get" has figures of 0 series, not 2`},
		{"too few figures", func(d *Dots) { d.Panels[0].Values[1] = []*Point{nil} }, `series "2 cores" has 1 figures for 3 rows`},
		{"nothing", func(d *Dots) {
			d.Panels = []DotPanel{{Values: [][]*Point{make([]*Point, 3), make([]*Point, 3)}}}
		}, "nothing was measured"},
		{"NaN", set(Point{Y: math.NaN()}), `panel "Set", series "2 cores", row "map": figure NaN is not finite`},
		{"Inf", set(Point{Y: math.Inf(1)}), "not finite"},
		{"negative", set(Point{Y: -3}), "figure -3 is negative"},
		{"zero", set(Point{}), "cannot be on a log axis"},
		{"huge", set(Point{Y: 1e200}), "out of range"},
		{"NaN interval", set(Point{Y: 3, Lo: math.NaN(), Hi: 4}), "does not hold the figure 3"},
		{"Inf interval", set(Point{Y: 3, Lo: 2, Hi: math.Inf(1)}), "not finite"},
		{"-Inf interval", set(Point{Y: 3, Lo: math.Inf(-1), Hi: 4}), "does not hold"},
		{"interval beside", set(Point{Y: 3, Lo: 4, Hi: 5}), "interval 4 to 5 does not hold the figure 3"},
		{"control character", func(d *Dots) { d.Rows[0] = "a\x00" }, "cannot be written"},
		{"invalid UTF-8", func(d *Dots) { d.Title = "a\xff" }, "cannot be written"},
		{"long row", func(d *Dots) { d.Rows[0] = long }, "shorten them or lower Columns"},
		{"long series", func(d *Dots) { d.Series[0] = long }, "too long for the legend"},
		{"long axis", func(d *Dots) { d.XLabel = long }, "too long for the x axis"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := testDots()
			c.edit(&d)
			_, err := d.SVG(Light)
			require.ErrorContains(t, err, c.want)
		})
	}
	b := testBars()
	b.Log = true
	_, err := b.SVG(Light)
	require.ErrorContains(t, err, "no log axis")
}

func TestLineErrors(t *testing.T) {
	first := func(p Point) func(*Lines) {
		return func(l *Lines) { l.Panels[0].Series[0].Points[0] = p }
	}
	for _, c := range []struct {
		name string
		edit func(*Lines)
		want string
	}{
		{"panels", func(l *Lines) { l.Panels = nil }, "no panels"},
		{"nothing", func(l *Lines) { l.Panels = []LinePanel{{}} }, "nothing was measured"},
		{"name", func(l *Lines) { l.Panels[0].Series[0].Name = "" }, "no name of its own"},
		{"twice", func(l *Lines) { l.Panels[0].Series[0].Name = "alcove" }, `line "alcove" has no name of its own`},
		{"x", first(Point{X: 0, Y: 1}), `panel "Insert", line "btree", x 0: figure 0 cannot be on a log axis`},
		{"y", first(Point{X: 1, Y: math.NaN()}), "figure NaN is not finite"},
		{"long axis", func(l *Lines) { l.YLabel = strings.Repeat("long ", 20) }, "too long for the y axis"},
		{"control character", func(l *Lines) { l.Panels[0].Title = "\n" }, "cannot be written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testLines()
			c.edit(&l)
			_, err := l.SVG(Dark)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOursOnTop(t *testing.T) {
	require.Equal(t, []string{"alcove", "btree"}, testLines().names())
	svg, err := testLines().SVG(Light)
	require.NoError(t, err)
	// The panels' insides come after all of their titles.
	_, body, _ := strings.Cut(string(svg), ">Rank<")
	thin, thick := strings.Index(body, "stroke-width:1.6"), strings.Index(body, "stroke-width:3\"")
	require.Positive(t, thin)
	require.Greater(t, thick, thin)
}
