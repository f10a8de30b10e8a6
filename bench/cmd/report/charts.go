package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/alcovedb/alcove/bench/chart"
	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/workload"
)

// drawing is a chart and the name of its files, after that of its group.
type drawing struct {
	suffix, title string
	chart         interface {
		SVG(chart.Theme) ([]byte, error)
	}
}

// drawings returns the charts of a group, none if nobody could be measured.
func (res *results) drawings() []drawing {
	if len(res.samples) == 0 {
		return nil
	}
	tables := res.group.Tables(res.Settings.Cores)
	switch first := tables[0].Columns[0]; {
	case res.group.Name == "growth":
		return []drawing{{"", res.group.Title, res.lines(tables)}}
	case first.Unit == "ns/op":
		d := res.dots(panelPerOp(tables), "time of an operation, logarithmic", "ns")
		d.Log = true
		return []drawing{{"", res.group.Title, d}}
	}
	var list []drawing
	for _, t := range tables {
		var d chart.Dots
		name, title := fmt.Sprint("-", len(list)+1), res.group.Title+": "+t.Title
		if t.Columns[0].Unit == "B/entry" {
			d = res.dots(panelPerColumn(t), "bytes an entry", "B")
			d.Title = title
			list = append(list, drawing{name, title, chart.Bars(d)})
			continue
		}
		// Quantiles, and times of the collector.
		d = res.dots([]panel{{"", nil, t.Columns}}, "time, logarithmic", "ns")
		d.Title, d.Log, d.Columns = title, true, 1
		list = append(list, drawing{name, title, d})
	}
	return list
}

// panel is what a plot shows: a column for each series.
type panel struct {
	title   string
	series  []string
	columns []workload.Column
}

func panelPerColumn(t workload.Table) []panel {
	var list []panel
	for _, c := range t.Columns {
		list = append(list, panel{c.Title, []string{""}, []workload.Column{c}})
	}
	return list
}

// panelPerOp makes a panel of what the tables have for one operation.
func panelPerOp(tables []workload.Table) []panel {
	var list []panel
	for i, c := range tables[0].Columns {
		one := panel{title: c.Title}
		for _, t := range tables {
			if t.Columns[i].Unit == c.Unit {
				one.series = append(one.series, t.Title)
				one.columns = append(one.columns, t.Columns[i])
			}
		}
		list = append(list, one)
	}
	return list
}

// dots returns a chart of peers down and panels across. Figures of another unit than the
// first one's stay out.
func (res *results) dots(panels []panel, label, unit string) chart.Dots {
	d := chart.Dots{
		Title: res.group.Title, Note: res.note(), Highlight: oursName,
		XLabel: label, Unit: unit, OwnScale: unit == "B",
	}
	var took []string
	for _, p := range res.peers() {
		for _, one := range panels {
			if res.some(p.Name, one.columns) {
				took = append(took, p.Name)
				break
			}
		}
	}
	d.Rows = took
	for _, one := range panels {
		shown := chart.DotPanel{Title: one.title}
		series := one.series
		for _, c := range one.columns {
			if !scalesAs(c.Unit, unit) {
				continue
			}
			if one.series == nil {
				series = append(series, c.Title)
			}
			row := make([]*chart.Point, len(took))
			for j, name := range took {
				row[j] = res.point(name, c)
			}
			shown.Values = append(shown.Values, row)
		}
		d.Series = series
		d.Panels = append(d.Panels, shown)
	}
	return d
}

func scalesAs(unit, base string) bool {
	switch base {
	case "ns":
		return unit == "ns/op" || strings.HasSuffix(unit, "-ns") && unit != "empty-gc-ns"
	}
	return unit == base+"/entry"
}

func (res *results) some(name string, columns []workload.Column) bool {
	for _, c := range columns {
		if _, found := res.value(name, c); found {
			return true
		}
	}
	return false
}

// point returns a figure for a chart, nil if there is none.
func (res *results) point(name string, c workload.Column) *chart.Point {
	v, found := res.value(name, c)
	if !found || v.Center <= 0 && !strings.HasPrefix(c.Unit, "B/") { // a logarithmic axis has no zero
		return nil
	}
	if p := peer.Named(name); p.Lossy {
		if hit, known := res.hit(p, c); known && hit < leastHits {
			return nil
		}
	}
	p := chart.Point{Y: v.Center, Lo: v.Center, Hi: v.Center}
	if v.n >= 6 {
		p.Lo, p.Hi = v.Lo, v.Hi
	}
	return &p
}

// lines returns the chart of a group whose tables have sizes across.
func (res *results) lines(tables []workload.Table) chart.Lines {
	l := chart.Lines{
		Title: res.group.Title, Note: res.note(), XLabel: "how many there are", YLabel: "time of an operation",
		XUnit: "elements", Unit: "ns",
	}
	for _, t := range tables {
		p := chart.LinePanel{Title: t.Title}
		for _, one := range res.peers() {
			line := chart.Line{Name: one.Name}
			for _, c := range t.Columns {
				if point := res.point(one.Name, c); point != nil {
					fmt.Sscan(c.Title, &point.X)
					line.Points = append(line.Points, *point)
				}
			}
			if len(line.Points) > 0 {
				p.Series = append(p.Series, line)
			}
		}
		if len(p.Series) > 0 {
			l.Panels = append(l.Panels, p)
		}
	}
	return l
}

// note is the small print of a chart.
func (res *results) note() string {
	note := fmt.Sprintf("%s keys, %d cores of %s, %s, %s", thousands(res.Settings.Keys), res.CPUs, res.CPU, res.Go, res.Date)
	if n := res.most(); n >= 6 {
		note += fmt.Sprintf("; medians of %d with 95%% confidence", n)
	}
	if res.Short {
		note += "; a short run"
	}
	return note
}

// writeCharts writes the charts of a group for light and for dark pages.
func writeCharts(dir string, res *results) error {
	var errs []error
	for _, d := range res.drawings() {
		for theme, name := range map[chart.Theme]string{chart.Light: "light", chart.Dark: "dark"} {
			svg, err := d.chart.SVG(theme)
			if err == nil {
				err = replaceFile(filepath.Join(dir, res.group.Name+d.suffix+"-"+name+".svg"), svg)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
