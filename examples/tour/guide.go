package main

import (
	"fmt"
	"io"

	"github.com/alcovedb/alcove/store"
)

// A guide tells a reader what a section does. After the first error it says
// nothing more, so that a section looks at err once, at its end.
type guide struct {
	w   io.Writer
	err error
}

// say prints a line of explanation.
func (g *guide) say(format string, args ...any) {
	if g.err == nil {
		_, g.err = fmt.Fprintf(g.w, "# "+format+"\n", args...)
	}
}

// did prints a call that returns nothing but an error.
func (g *guide) did(call string, err error) { g.got(call, "OK", err) }

// text prints a call and the string that it returned.
func (g *guide) text(call, value string, err error) { g.got(call, fmt.Sprintf("%q", value), err) }

// got prints a call and what it returned. That there is nothing is an answer, too.
func (g *guide) got(call string, value any, err error) {
	if g.err != nil {
		return
	}
	if err == store.ErrNotFound {
		value, err = "ErrNotFound", nil
	}
	if g.err = err; err == nil {
		_, g.err = fmt.Fprintf(g.w, "  %-54s %v\n", call, value)
	}
}

// number prints a call and the number that it returned, to a tenth.
func (g *guide) number(call string, n float64, err error) { g.got(call, fmt.Sprintf("%.1f", n), err) }

// places prints a call and the places that it returned with their distances.
func (g *guide) places(call string, found []store.GeoResult, err error) {
	list := make([]string, len(found))
	for i, f := range found {
		list[i] = fmt.Sprintf("%s %.1f", f.Member, f.Dist)
	}
	g.got(call, list, err)
}
