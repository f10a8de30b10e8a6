package main

import (
	"fmt"
	"io"

	"github.com/alcovedb/alcove/store"
)

// A report prints what the site has counted. After the first error it prints nothing more.
type report struct {
	w    io.Writer
	site *site
	err  error
}

func (r *report) printf(format string, args ...any) {
	if r.err == nil {
		_, r.err = fmt.Fprintf(r.w, format, args...)
	}
}

// must notes an error of the store.
func (r *report) must(err error) {
	if r.err == nil {
		r.err = err
	}
}

// row prints an exact answer, that of the bitmaps, which must be the same, and that of the
// HyperLogLogs.
func (r *report) row(what string, exact int, bitmap int64, hll int) {
	if r.err == nil && bitmap != int64(exact) {
		r.err = fmt.Errorf("%s: the bitmaps say %d, but they were %d", what, bitmap, exact)
	}
	off := "-"
	if exact > 0 {
		off = fmt.Sprintf("%+.2f%%", 100*float64(hll-exact)/float64(exact))
	}
	r.printf("%-22s %9d %9d %9d %9s\n", what, exact, bitmap, hll, off)
}

func (r *report) head(what string) {
	r.printf("%-22s %9s %9s %9s %9s\n", what, "exact", "bitmap", "hll", "off by")
}

// daily prints the active users of each day.
func (r *report) daily() {
	r.head("daily active users")
	for day, users := range r.site.exact {
		bitmap, err := r.site.s.Bitmap(bitmapKey(day)).Count()
		r.must(err)
		hll, err := r.site.s.HLL(hllKey(day)).Count()
		r.must(err)
		r.row(fmt.Sprintf("day %d", day+1), len(users), bitmap, hll)
	}
}

// together prints how many different users there were in all the days.
func (r *report) together() {
	r.printf("\n")
	r.head("unique visitors")
	s, exact := r.site.s, r.site.union()
	_, err := s.Bitmap("all:users").Op(store.BitOr, r.site.keys(bitmapKey, 0)...)
	r.must(err)
	bitmap, err := s.Bitmap("all:users").Count()
	r.must(err)
	counted, err := s.HLL(hllKey(0)).Count(r.site.keys(hllKey, 1)...)
	r.must(err)
	r.row("counted together", exact, bitmap, counted)
	r.must(s.HLL("all:visitors").Merge(r.site.keys(hllKey, 0)...))
	merged, err := s.HLL("all:visitors").Count()
	r.must(err)
	r.row("merged", exact, bitmap, merged)
}

// again prints how many of those who came on the first day came again.
func (r *report) again() {
	r.printf("\n")
	r.head("came again after day 1")
	s := r.site.s
	first, err := s.HLL(hllKey(0)).Count()
	r.must(err)
	for day := 1; day < r.site.o.days; day++ {
		_, err := s.Bitmap("again:users").Op(store.BitAnd, bitmapKey(0), bitmapKey(day))
		r.must(err)
		bitmap, err := s.Bitmap("again:users").Count()
		r.must(err)
		then, err := s.HLL(hllKey(day)).Count()
		r.must(err)
		either, err := s.HLL(hllKey(0)).Count(hllKey(day))
		r.must(err)
		exact := r.site.both(0, day)
		r.row(fmt.Sprintf("on day %d, %.0f%%", day+1, 100*float64(exact)/float64(max(1, len(r.site.exact[0])))),
			exact, bitmap, first+then-either)
	}
}

// memory prints what a day takes.
func (r *report) memory() {
	bitmap, err := r.site.s.String(bitmapKey(0)).StrLen()
	r.must(err)
	hll, err := r.site.s.String(hllKey(0)).StrLen()
	r.must(err)
	r.printf("\nday 1 takes %d bytes as a bitmap and %d as a HyperLogLog\n", bitmap, hll)
}
