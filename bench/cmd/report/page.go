package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/workload"
)

// render writes the pages and charts of all samples in dir.
func render(dir string) error {
	var all []*results
	var errs []error
	for _, g := range workload.Groups {
		res, err := readResults(dir, g)
		errs = append(errs, err) // a file that can't be read is no reason to lose the others
		if res == nil {
			continue
		}
		all = append(all, res)
		errs = append(errs, writeCharts(dir, res), replaceFile(filepath.Join(dir, g.Name+".md"), res.page()))
	}
	if len(all) == 0 {
		return errors.Join(append(errs, fmt.Errorf("there are no samples in %s", dir))...)
	}
	return errors.Join(append(errs, replaceFile(filepath.Join(dir, "README.md"), index(all)))...)
}

// page returns a group's page in Markdown.
func (res *results) page() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s\n\n%s\n\n", res.group.Title, res.group.About, res.conditions())
	for _, d := range res.drawings() {
		fmt.Fprint(&b, picture(res.group.Name+d.suffix, d.title))
	}
	for _, t := range res.group.Tables(res.Settings.Cores) {
		res.table(&b, t)
	}
	fmt.Fprint(&b, legend)
	for _, p := range res.peers() {
		if why := res.Failed[p.Name]; why != "" {
			fmt.Fprintf(&b, "- %s failed: %s\n", p.Name, why)
		}
	}
	if res.Absent != "" {
		fmt.Fprintf(&b, "- There was no Redis: %s\n", res.Absent)
	}
	for _, note := range res.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	fmt.Fprintf(&b, "\nThe samples, for benchstat: [%s.txt](%[1]s.txt). [All results](README.md).\n", res.group.Name)
	return b.Bytes()
}

const legend = `- A figure is the median, with its 95% confidence interval where there are six samples or more. Behind the peers' it
  says how many times Alcove's that is: above 1 Alcove took less. "~" is for a difference that is not resolved
  (Mann-Whitney, 5%). "–": the peer has no such operation, or is for one goroutine.
- A time on several cores is that of the run divided by the operations of all cores. Redis has a core of its own when
  its client has one. A sample begins behind a collection and mostly ends before the next one, so what the collector
  does later with a peer's memory and garbage is not in it, but on the collector's page.
`

// conditions says in a paragraph how the figures came about.
func (res *results) conditions() string {
	var b strings.Builder
	if res.Short {
		b.WriteString("**A short run, not for quoting.** ")
	}
	s := res.Settings
	fmt.Fprintf(&b, "%s keys; up to %s of a figure", thousands(s.Keys), plural(res.most(), "sample"))
	switch {
	case res.Rounds > 1:
		b.WriteString(", each in a process of its own, the peers in turn")
	case res.most() > 1:
		b.WriteString(", one after the other in one process")
	}
	fmt.Fprintf(&b, ". `%s`, %s, on %d cores of %s with %s, %s/%s, %s", res.Command, res.Date,
		res.CPUs, res.CPU, byteCount(float64(res.Memory)), res.OS, res.Arch, res.Go)
	if res.Commit != "" {
		fmt.Fprintf(&b, ", commit %s", res.Commit)
	}
	var versions []string
	for _, p := range res.peers() {
		if v := res.Versions[p.Name]; v != "" {
			versions = append(versions, p.Name+" "+v)
		}
	}
	if res.Redis != "" {
		versions = append(versions, "redis-server "+res.Redis)
	}
	if len(versions) > 0 {
		fmt.Fprintf(&b, ". Versions: %s", strings.Join(versions, ", "))
	}
	return b.String() + "."
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// table writes a table; a column without any figure is left out.
func (res *results) table(b *bytes.Buffer, t workload.Table) {
	columns := slices.Clone(t.Columns)
	columns = slices.DeleteFunc(columns, func(c workload.Column) bool { return !res.any(c) })
	if len(columns) == 0 {
		return
	}
	if t.Title != "" {
		fmt.Fprintf(b, "## %s\n\n", t.Title)
	}
	fmt.Fprint(b, "| |")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.Title)
	}
	fmt.Fprintf(b, "\n| --- |%s\n", strings.Repeat(" ---: |", len(columns)))
	for _, p := range res.peers() {
		var row strings.Builder
		some := false
		for _, c := range columns {
			text, found := res.cell(p, c)
			some = some || found || text != "–"
			fmt.Fprintf(&row, " %s |", text)
		}
		if name := p.Name; some {
			if p.Kind == peer.Ours {
				name = "**" + name + "**"
			}
			fmt.Fprintf(b, "| %s |%s\n", name, row.String())
		}
	}
	fmt.Fprintln(b)
}

func (res *results) any(c workload.Column) bool {
	return slices.ContainsFunc(res.peers(), func(p *peer.Peer) bool {
		_, found := res.value(p.Name, c)
		return found
	})
}

// cell returns the text of a figure, and whether there is one.
func (res *results) cell(p *peer.Peer, c workload.Column) (string, bool) {
	v, found := res.value(p.Name, c)
	switch {
	case !found && !res.group.Has(p, c):
		return "–", false
	case !found && res.Failed[p.Name] != "":
		return "failed", false
	case !found && p.Server && res.Absent != "":
		return "no Redis", false
	case !found:
		return "–", false
	}
	text := amount(v.Center, c.Unit)
	if v.n >= 6 && v.Center > 0 && c.Unit != "allocs/op" {
		text += fmt.Sprintf(" ±%.0f%%", 100*max(v.Hi-v.Center, v.Center-v.Lo)/v.Center)
	}
	if hit, lossy := res.hit(p, c); lossy && hit < 99.95 && c.Unit != "allocs/op" {
		text += fmt.Sprintf(" (%.1f%% found)", hit)
		if hit < leastHits {
			v.ratio = 0
		}
	}
	if p.Kind != peer.Ours && v.ratio > 0 && comparable(c.Unit) {
		tilde := ""
		if v.doubtful {
			tilde = "~"
		}
		text += " · " + tilde + factor(v.ratio)
	}
	return text, true
}

// leastHits is how many of a lossy peer's reads must have found something, in percent,
// for a comparison: a miss is not a fast hit.
const leastHits = 99

// comparable says whether less of a unit is better, and a ratio makes sense.
func comparable(unit string) bool {
	return unit != "removed-%" && unit != "collections" && unit != "allocs/op" && unit != "empty-gc-ns"
}

// hit returns how many of a lossy peer's reads have found something, in percent.
func (res *results) hit(p *peer.Peer, c workload.Column) (float64, bool) {
	c.Unit = "hit-%"
	v, found := res.value(p.Name, c)
	return v.Center, found
}

// picture shows a chart on a light or a dark page.
func picture(name, title string) string {
	return fmt.Sprintf(`<picture>
  <source media="(prefers-color-scheme: dark)" srcset="%s-dark.svg">
  <img alt="%s" src="%[1]s-light.svg">
</picture>

`, name, title)
}

// index returns the page that leads to the others.
func index(all []*results) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "# Results\n\nWritten by `go run ./bench/cmd/report`; do not edit. Each page says on what machine and how it was measured.\n\n")
	for _, res := range all {
		fmt.Fprintf(&b, "- [%s](%s.md): %s, %s\n", res.group.Title, res.group.Name, thousands(res.Settings.Keys)+" keys", res.Date)
	}
	fmt.Fprint(&b, "\n## The peers\n\n| | | |\n| --- | --- | --- |\n")
	for _, p := range peer.All() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Name, p.Kind, p.About)
	}
	return b.Bytes()
}
