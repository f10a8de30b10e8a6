package main

import (
	"fmt"
	"io"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

// printer prints boards until there is an error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

// lines prints a piece of a board, in which about is marked.
func (p *printer) lines(title string, lines []line, err error, about string) {
	if p.err == nil {
		p.err = err
	}
	p.line("\n%s", title)
	for _, l := range lines {
		mark := ""
		if l.player == about {
			mark = "  <"
		}
		p.line("%5d. %-10s %8.0f%s", l.place, l.player, l.points, mark)
	}
}

func (p *printer) board(title string, b board, n, size int) {
	lines, err := b.page(n, size)
	p.lines(title, lines, err, "")
}

// around prints a player's place among k neighbours on either side.
func (p *printer) around(player string, b board, k int) {
	lines, err := b.around(player, k)
	if err == store.ErrNotFound {
		p.line("\n%s is not on the board", player)
		return
	}
	p.lines("around "+player, lines, err, player)
}

// active prints how many have played on how many days.
func (p *printer) active(g *game) {
	p.line("\nhow many have played on")
	for n := days; n > 0; n-- {
		players, err := g.s.ZSet(activeKey).Count(store.ByScore(float64(n), float64(n)))
		if p.err == nil {
			p.err = err
		}
		p.line("    %s: %d", console.Count(n, "day"), players)
	}
}
