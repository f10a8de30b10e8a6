package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

func TestRun(t *testing.T) {
	var out, again bytes.Buffer
	require.NoError(t, run([]string{"-users", "20000", "-days", "3"}, &out, io.Discard))
	require.NoError(t, run([]string{"-users", "20000", "-days", "3"}, &again, io.Discard))
	require.Equal(t, out.String(), again.String(), "the same users come again")

	rows := regexp.MustCompile(`(?m)^(day|counted|merged|on day).*? +(\d+) +(\d+) +(\d+) +\S+%$`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, rows, 3+2+2, "%s", out.String())
	for _, row := range rows {
		exact, _ := strconv.Atoi(row[2])
		hll, _ := strconv.Atoi(row[4])
		require.Equal(t, row[2], row[3], "bitmaps are exact: %s", row[0])
		require.Positive(t, exact)
		limit := 0.03
		if row[1] == "on day" {
			limit = 0.15 // the error of the union, of which this is a part
		}
		require.Less(t, math.Abs(float64(hll)/float64(exact)-1), limit, row[0])
	}
}

// Of few visitors there is nothing to estimate.
func TestFew(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-users", "50", "-days", "4", "-seed", "7"}, &out, io.Discard))
	rows := regexp.MustCompile(`(?m) +(\d+) +(\d+) +(\d+) +(\S+%|-)$`).FindAllStringSubmatch(out.String(), -1)
	require.Len(t, rows, 4+2+3)
	for _, row := range rows {
		require.Equal(t, row[1], row[2], row[0])
		require.Equal(t, row[1], row[3], row[0])
	}
}

// The report sees what is wrong.
func TestReportFinds(t *testing.T) {
	s := store.New()
	defer s.Close()
	st := newSite(s, options{users: 10, days: 2})
	require.NoError(t, st.open())
	_, err := s.Bitmap(bitmapKey(1)).SetBit(100, true)
	require.NoError(t, err)
	r := &report{w: io.Discard, site: st}
	r.daily()
	require.EqualError(t, r.err, fmt.Sprintf("day 2: the bitmaps say %d, but they were %d", len(st.exact[1])+1, len(st.exact[1])))
}

func TestErrors(t *testing.T) {
	s := store.New()
	require.NoError(t, s.Close())
	st := newSite(s, options{users: 100, days: 2})
	require.Equal(t, store.ErrClosed, st.open())
	st.exact = make([]map[int]bool, 2)
	r := &report{w: io.Discard, site: st}
	r.together()
	r.again()
	require.Equal(t, store.ErrClosed, r.err)

	require.Equal(t, errFull, run([]string{"-users", "10"}, full{}, io.Discard))
	require.NoError(t, run([]string{"-h"}, io.Discard, io.Discard))
	for _, args := range [][]string{{"-users", "0"}, {"-days", "1"}, {"more"}, {"-users", "x"}} {
		err := run(args, io.Discard, io.Discard)
		require.Error(t, err)
		require.NotErrorIs(t, err, flag.ErrHelp)
	}
}

var errFull = errors.New("the disk is full")

// full is a writer that fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
